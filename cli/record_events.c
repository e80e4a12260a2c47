/* SPDX-License-Identifier: MIT */
/*
 * The listener that records: what each event of the probe does to lanes, spans, arrows and marks.
 *
 * A task becomes ready when its wake-up is queued (CALLBACK_QUEUED with a task as the callback);
 * who runs at that moment is who woke it. When nobody does, because a callback of the loop is at
 * work, the *cause* is asked: the finished task or job that the callback was handed. A thread is
 * ready when it was woken, or when somebody else runs though it did not wait.
 *
 * As every listener, it runs no Tulip code.
 *
 * Read next: vm/probe.def, cli/record_words.c.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/record.h"
#include "common/memory.h"
#include "vm/clock.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/str.h"

enum { LATE = 2000000 }; /* ns: a timer that is seen later than that was due before */

/* ---- lanes ---- */

static uint32_t lane_in(const LaneMap *map, uint64_t key) {
    const LaneEntry *entry = lane_map_find(map, key);
    return entry ? entry->lane : NOWHERE;
}

static Lane *lane(Record *r, uint32_t index) { return &r->lanes.items[index]; }

static void name_thread(Record *r, Thread *t, const Thread *of, uint32_t index) {
    Buffer name = {0}, work = {0};
    if (of == t->vm->main_thread) buffer_puts(&name, "main program");
    else thread_name_into(t, of, &name);
    lane(r, index)->name = text_take(r, &name);
    if (of != t->vm->main_thread && put_thread_work(t, of, &work) && !lane(r, index)->work)
        lane(r, index)->work = text_number(r, work.data, work.size);
    buffer_free(&work);
}

static uint32_t lane_of_thread(Record *r, Thread *t, uint64_t number) {
    uint32_t index = lane_in(&r->threads, number);
    if (index != NOWHERE) return index;
    index = lane_add(r, LANE_THREAD, NOWHERE);
    lane(r, index)->thread = number;
    lane_map_set(&r->threads, number, index, r->now);
    const Thread *of = thread_numbered(t->vm, number);
    if (of) name_thread(r, t, of, index);
    return index;
}

/* The lane of the loop that runs in a thread. */
static uint32_t lane_of_loop(Record *r, const Thread *t) {
    return t->running_loop != VALUE_ERROR ? lane_in(&r->loops, t->number) : NOWHERE;
}

static uint32_t lane_of_task(Record *r, Value task) {
    return is_kind(task, OBJ_TASK) ? lane_in(&r->tasks, task) : NOWHERE;
}

/* Who acts: the running task, else the loop, else the thread. */
static uint32_t lane_of_actor(Record *r, Thread *t) {
    uint32_t index = lane_of_task(r, probe_actor(t));
    if (index == NOWHERE) index = lane_of_loop(r, t);
    return index != NOWHERE ? index : lane_of_thread(r, t, t->number);
}

/* ---- tasks ---- */

static void on_task_created(Record *r, Thread *t, const ProbeEvent *e) {
    uint32_t actor = lane_of_actor(r, t), loop = lane_of_loop(r, t);
    uint32_t index =
        lane_add(r, LANE_TASK, loop != NOWHERE ? loop : lane_of_thread(r, t, t->number));
    lane_map_set(&r->tasks, e->subject, index, r->now);
    lane(r, index)->name = words_value(r, "", e->subject);
    lane(r, index)->work = words_value(r, "", e->object);
    lane(r, index)->made = words_event(r, t, e, true);
    lane(r, index)->chain = words_task_chain(r, TASK(e->subject));
    span_open(r, index, SPAN_READY, words(r, "ready to begin"))->chain = lane(r, index)->chain;
    arrow_add(r, ARROW_CREATE, actor, r->now, index, lane(r, index)->made);
}

/* What a step is given: the outcome of the future that woke it, or the exception thrown in. */
static uint32_t given_words(Record *r, Value why) {
    if (is_kind(why, OBJ_EXCEPTION)) return words_value(r, "raises ", why);
    if (!is_future(why)) return 0;
    const Future *future = FUTURE(why);
    if (future->state == FUTURE_CANCELLED) return words(r, "raises CancelledError()");
    if (future->state != FUTURE_FINISHED || !future->result) return 0;
    return words_value(r, future->failed ? "raises " : "", future->result);
}

static void on_task_step(Record *r, Thread *t, uint32_t index) {
    uint32_t chain = lane(r, index)->chain, given = lane(r, index)->value;
    uint32_t loop = lane_of_loop(r, t);
    if (loop != NOWHERE) lane(r, index)->parent = loop;
    r->cause.key = 0;
    LaneSpan *span = span_open(r, index, SPAN_RUN, 0);
    span->chain = chain;
    span->given = given;
    lane(r, index)->value = 0;
}

static void on_task_pause(Record *r, uint32_t index, Value task) {
    uint32_t last = lane(r, index)->open, chain = words_task_chain(r, TASK(task));
    lane(r, index)->chain = chain;
    if (last != NOWHERE) {
        LaneSpan *span = &r->spans.items[last];
        span->text = chain; /* from its chain it went on to here */
    }
    span_open(r, index, SPAN_READY, words(r, "goes on in the next pass"))->chain = chain;
}

/* When a sleeper's timer is due (its loop notes the deadline in the payload); 0: it is none. */
static int64_t due_of(const Record *r, Value awaited) {
    if (!is_native_coroutine(awaited)) return 0;
    const NativeCoroutine *c = NATIVE_COROUTINE(awaited);
    bool timed = c->future.flags & FUTURE_TIMED && is_fixnum(c->payload);
    return timed && is_kind(c->future.loop, OBJ_LOOP) ? fixnum_of(c->payload) - r->start : 0;
}

static void on_task_parked(Record *r, Thread *t, uint32_t index, const ProbeEvent *e) {
    uint32_t kind, text = words_task_wait(r, t, TASK(e->subject), e->object, &kind);
    uint32_t chain = lane(r, index)->chain;
    LaneSpan *span = span_open(r, index, SPAN_PARKED, text);
    span->chain = chain;
    span->wait = kind;
    lane(r, index)->due = due_of(r, e->object);
    span->given = words_value(r, "", e->object);
}

static void on_task_done(Record *r, uint32_t index, const ProbeEvent *e) {
    bool raised =
        is_kind(e->object, OBJ_EXCEPTION) && TASK(e->subject)->future.state == FUTURE_PENDING;
    Lane *l = lane(r, index);
    uint32_t outcome = words_value(r, raised ? "raised " : "returned ", e->object);
    l->outcome = outcome;
    l->ended = true;
    l->name = words_value(r, "", e->subject);
    span_close(r, index);
    mark_add(r, MARK_DONE, index, outcome);
    lane_map_set(&r->tasks, e->subject, index, r->now);
    r->resolved = outcome;
    r->resolved_key = e->subject;
}

static void on_task_cancel(Record *r, Thread *t, uint32_t index, const ProbeEvent *e) {
    lane(r, index)->woken_by_cancel = true;
    arrow_add(r, ARROW_CANCEL, lane_of_actor(r, t), r->now, index, words_event(r, t, e, true));
}

static void on_task_event(Record *r, Thread *t, const ProbeEvent *e) {
    uint32_t index = lane_of_task(r, e->subject);
    if (e->id == PROBE_TASK_CREATED) {
        on_task_created(r, t, e);
        return;
    }
    if (index == NOWHERE) return;
    switch (e->id) {
    case PROBE_TASK_WOKEN: lane(r, index)->value = given_words(r, e->object); break;
    case PROBE_TASK_STEP_BEGIN: on_task_step(r, t, index); break;
    case PROBE_TASK_STEP_END: on_task_pause(r, index, e->subject); break;
    case PROBE_TASK_PARKED: on_task_parked(r, t, index, e); break;
    case PROBE_TASK_DONE: on_task_done(r, index, e); break;
    default: on_task_cancel(r, t, index, e); break;
    }
}

/* ---- futures and callbacks ---- */

static void on_resolved(Record *r, Thread *t, const ProbeEvent *e) {
    if (is_kind(e->subject, OBJ_TASK)) return;
    bool by_loop = lane_of_loop(r, t) != NOWHERE && probe_actor(t) == VALUE_NONE;
    r->resolved = words_event(r, t, e, !by_loop);
    r->resolved_key = e->subject;
}

/* Is it the timer of the sleeper [future] that wakes, and nobody else? */
static bool is_timer(Thread *t, Value future) {
    return is_native_coroutine(future) && (FUTURE(future)->flags & FUTURE_TIMED) &&
           FUTURE(future)->state == FUTURE_FINISHED && probe_actor(t) == VALUE_NONE;
}

/* Why a task that waited for [future] is woken. */
static uint32_t wake_words(Record *r, Thread *t, Value future, bool timer) {
    if (timer) return words(r, "its timer was due");
    if (r->resolved_key == future) return r->resolved;
    Buffer out = {0};
    buffer_puts(&out, "what it waits for is there\t");
    if (probe_actor(t) != VALUE_NONE) probe_place(t, &out);
    return text_take(r, &out);
}

/* The loop was held while the timer was due: since then the task has been ready. */
static void note_lateness(Record *r, uint32_t index, uint32_t waited) {
    int64_t due = lane(r, index)->due;
    if (due <= 0 || r->now.time - due < LATE || waited == NOWHERE) return;
    r->spans.items[lane(r, index)->open].begin.time = due;
    if (r->spans.items[waited].begin.time < due) r->spans.items[waited].end.time = due;
}

/* A task is woken by [future]: it is ready from now on. */
static void on_wakeup(Record *r, Thread *t, uint32_t index, Value future) {
    bool timer = is_timer(t, future), by_task = lane_of_task(r, probe_actor(t)) != NOWHERE;
    uint32_t from = lane_of_task(r, future), waited = lane(r, index)->open;
    Moment at = r->now;
    if (from == NOWHERE && !by_task && r->cause.key == t->number) {
        from = r->cause.lane;
        at = r->cause.at;
    }
    if (from == NOWHERE) from = lane_of_actor(r, t);
    uint32_t why = wake_words(r, t, future, timer);
    if (!lane(r, index)->woken_by_cancel && !timer) arrow_add(r, ARROW_WAKE, from, at, index, why);
    lane(r, index)->woken_by_cancel = false;
    span_open(r, index, SPAN_READY, why)->chain = lane(r, index)->chain;
    if (timer) note_lateness(r, index, waited);
}

static void on_queued(Record *r, Thread *t, const ProbeEvent *e) {
    uint32_t index = lane_of_task(r, e->subject);
    if (index != NOWHERE && !lane(r, index)->ended) on_wakeup(r, t, index, e->object);
}

/* What a callback was handed tells what it goes back to. */
static const LaneEntry *cause_in(const Record *r, Value v) {
    if (!is_object(v)) return NULL;
    if (is_kind(v, OBJ_TASK)) return lane_map_find(&r->tasks, v);
    return lane_map_find(&r->jobs, v);
}

static void on_callback(Record *r, Thread *t, const ProbeEvent *e) {
    uint32_t loop = lane_of_loop(r, t);
    r->cause.key = 0;
    const LaneEntry *cause = cause_in(r, e->object);
    if (!cause && is_kind(e->object, OBJ_TUPLE)) {
        const Tuple *args = TUPLE(e->object);
        for (size_t i = 0; !cause && i < args->size; i++) cause = cause_in(r, args->items[i]);
    }
    if (cause) r->cause = (LaneEntry){t->number, cause->lane, cause->at};
    mark_add(r, MARK_CALLBACK, loop, words_value(r, "callback ", e->subject));
}

/* ---- the loop ---- */

static void on_loop_started(Record *r, Thread *t) {
    uint32_t index = lane_in(&r->loops, t->number);
    if (index == NOWHERE) {
        index = lane_add(r, LANE_LOOP, lane_of_thread(r, t, t->number));
        lane(r, index)->thread = t->number;
        lane(r, index)->name = words(r, "event loop");
        lane_map_set(&r->loops, t->number, index, r->now);
    }
}

/* The thread of a loop that has waited runs again. */
static void loop_goes_on(Record *r, Thread *t, uint32_t index) {
    uint32_t open = lane(r, index)->open;
    if (open == NOWHERE || r->spans.items[open].kind != SPAN_RUN)
        span_open(r, index, SPAN_RUN, 0)->chain = words_thread_chain(r, t);
}

static const char *pass_words(const ProbeEvent *e, char *text, size_t size) {
    snprintf(text, size, "pass %lld, %lld ready", (long long)fixnum_of(e->subject),
             (long long)fixnum_of(e->object));
    return text;
}

static void on_loop_event(Record *r, Thread *t, const ProbeEvent *e) {
    char text[60];
    if (e->id == PROBE_LOOP_STARTED) on_loop_started(r, t);
    uint32_t index = lane_in(&r->loops, t->number);
    if (index == NOWHERE) return;
    r->cause.key = 0;
    switch (e->id) {
    case PROBE_LOOP_PASS:
        loop_goes_on(r, t, lane_of_thread(r, t, t->number));
        span_open(r, index, SPAN_PASS, words(r, pass_words(e, text, sizeof text)));
        break;
    case PROBE_LOOP_WAIT:
        span_open(r, index, SPAN_IDLE,
                  isinf(float_of(e->subject)) ? words(r, "no timer is set")
                                              : words_event(r, t, e, false));
        span_open(r, lane_of_thread(r, t, t->number), SPAN_PARKED, words(r, "its event loop"))
            ->wait = words(r, "loop");
        break;
    case PROBE_LOOP_STOPPED: span_close(r, index); break;
    default: break;
    }
}

/* The line that a safepoint found the loop held at, as a chain of one level. */
static uint32_t held_words(Record *r, const Thread *t) {
    const Loop *loop = is_kind(t->running_loop, OBJ_LOOP) ? loop_of(t->running_loop) : NULL;
    if (!loop || !loop->held_at.code) return 0;
    const Code *code = loop->held_at.code;
    Buffer out = {0};
    buffer_printf(&out, "%s\t%s\t%d", code->qualname->data, code->filename->data,
                  code_line(code, loop->held_at.pc));
    return text_take(r, &out);
}

/* The loop was held: lay a span over the last step of the task that did it, and over the loop. */
static void on_blocked(Record *r, Thread *t, const ProbeEvent *e) {
    double seconds = is_float(e->object) ? float_of(e->object) : 0;
    uint32_t index = lane_of_task(r, e->subject), loop = lane_of_loop(r, t);
    uint32_t text = words_event(r, t, e, false), where = held_words(r, t);
    Moment begin = r->now, end = r->now;
    begin.time -= clock_from_seconds(seconds);
    if (begin.time < 0) begin.time = 0;
    for (size_t n = r->spans.count; index != NOWHERE && n-- > 0;) {
        const LaneSpan *step = &r->spans.items[n];
        if (step->lane != index || step->kind != SPAN_RUN) continue;
        begin = step->begin;
        end = step->end;
        break;
    }
    for (int i = 0; i < 2; i++) {
        uint32_t over = i ? loop : index;
        if (over == NOWHERE) continue;
        uint32_t held = span_over(r, over, SPAN_BLOCKING, text, begin); /* may move the spans */
        r->spans.items[held].end = end;
        r->spans.items[held].chain = where;
    }
}

/* ---- threads ---- */

static void on_thread_runs(Record *r, Thread *t) {
    uint32_t index = lane_of_thread(r, t, t->number);
    if (r->running != NOWHERE && r->running != index) {
        const Lane *other = lane(r, r->running);
        uint32_t open = other->open;
        if (!other->ended && open != NOWHERE && r->spans.items[open].kind == SPAN_RUN)
            span_open(r, r->running, SPAN_READY, words(r, "its slice is over: others run"));
    }
    r->running = index;
    name_thread(r, t, t, index);
    span_open(r, index, SPAN_RUN, 0)->chain = words_thread_chain(r, t);
}

static void on_thread_started(Record *r, Thread *t, const ProbeEvent *e) {
    uint32_t actor = lane_of_actor(r, t);
    uint32_t index = lane_of_thread(r, t, (uint64_t)fixnum_of(e->subject));
    lane(r, index)->made = words_event(r, t, e, true);
    span_open(r, index, SPAN_READY, words(r, "ready to begin"));
    arrow_add(r, ARROW_CREATE, actor, r->now, index, lane(r, index)->made);
}

static void on_thread_parked(Record *r, Thread *t) {
    uint32_t index = lane_of_thread(r, t, t->number);
    Wait wait;
    wait_of_thread(t, t, &wait);
    uint32_t kind = words(r, wait.kind), chain = words_thread_chain(r, t);
    LaneSpan *span = span_open(r, index, SPAN_PARKED, words_wait(r, &wait));
    span->chain = chain;
    span->wait = kind;
}

static void on_thread_woken(Record *r, Thread *t, const ProbeEvent *e) {
    uint32_t index = lane_in(&r->threads, (uint64_t)fixnum_of(e->subject));
    if (index == NOWHERE) return;
    uint32_t text = words_event(r, t, e, true);
    arrow_add(r, ARROW_WAKE, lane_of_actor(r, t), r->now, index, text);
    span_open(r, index, SPAN_READY, text);
}

static void on_thread_event(Record *r, Thread *t, const ProbeEvent *e) {
    uint32_t index = lane_of_thread(r, t, (uint64_t)fixnum_of(e->subject));
    switch (e->id) {
    case PROBE_THREAD_STARTED: on_thread_started(r, t, e); break;
    case PROBE_THREAD_RUNS: on_thread_runs(r, t); break;
    case PROBE_THREAD_PARKED: on_thread_parked(r, t); break;
    case PROBE_THREAD_WOKEN: on_thread_woken(r, t, e); break;
    case PROBE_THREAD_LEFT:
        span_open(r, index, SPAN_OUTSIDE, words(r, "in the system"))->chain =
            words_thread_chain(r, t);
        break;
    default:
        name_thread(r, t, t, index);
        lane(r, index)->ended = true;
        span_close(r, index);
    }
}

/* Whose job it is: the thread's, or that of the process which a process pool names beside the
 * future. */
static uint32_t lane_of_job(Record *r, Thread *t, const ProbeEvent *e, Value *future) {
    *future = e->object;
    if (!is_kind(e->object, OBJ_TUPLE)) return lane_of_thread(r, t, t->number);
    *future = TUPLE(e->object)->items[0];
    return lane_in(&r->processes, (uint64_t)fixnum_of(TUPLE(e->object)->items[1]));
}

static void job_begins(Record *r, uint32_t index, uint32_t text, const LaneEntry *from) {
    if (from) arrow_add(r, ARROW_JOB, from->lane, from->at, index, text);
    if (lane(r, index)->kind == LANE_PROCESS) span_open(r, index, SPAN_OUTSIDE, text);
    uint32_t job = span_over(r, index, SPAN_JOB, text, r->now);
    lane(r, index)->job = job;
}

static void job_ends(Record *r, uint32_t index) {
    if (lane(r, index)->job != NOWHERE) r->spans.items[lane(r, index)->job].end = r->now;
    lane(r, index)->job = NOWHERE;
    if (lane(r, index)->kind == LANE_PROCESS)
        span_open(r, index, SPAN_PARKED, words(r, "the next job"))->wait = words(r, "object");
}

static void on_job(Record *r, Thread *t, const ProbeEvent *e) {
    Value future;
    uint32_t index = lane_of_job(r, t, e, &future);
    if (!is_object(future) || index == NOWHERE) return;
    if (e->id == PROBE_JOB_QUEUED) {
        lane_map_set(&r->jobs, future, lane_of_actor(r, t), r->now);
    } else if (e->id == PROBE_JOB_BEGUN) {
        job_begins(r, index, words_value(r, "", e->subject), lane_map_find(&r->jobs, future));
    } else {
        job_ends(r, index);
        if (lane_map_find(&r->jobs, future)) lane_map_set(&r->jobs, future, index, r->now);
    }
}

/* ---- child processes ---- */

/* The name of a program without its folder. */
static uint32_t program_words(Record *r, Value path) {
    if (!is_str(path)) return words_value(r, "", path);
    const char *slash = strrchr(STR(path)->data, '/');
    return words(r, slash && slash[1] ? slash + 1 : STR(path)->data);
}

static void on_process(Record *r, Thread *t, const ProbeEvent *e) {
    uint64_t number = (uint64_t)fixnum_of(e->subject);
    if (e->id == PROBE_PROCESS_STARTED) {
        uint32_t actor = lane_of_actor(r, t), index = lane_add(r, LANE_PROCESS, NOWHERE);
        Buffer name = {0};
        buffer_printf(&name, "process %llu", (unsigned long long)number);
        lane(r, index)->name = text_take(r, &name);
        lane(r, index)->work = program_words(r, e->object);
        lane(r, index)->made = words_event(r, t, e, true);
        lane_map_set(&r->processes, number, index, r->now);
        span_open(r, index, SPAN_OUTSIDE, words(r, "a process of its own"));
        arrow_add(r, ARROW_CREATE, actor, r->now, index, lane(r, index)->made);
        return;
    }
    uint32_t index = lane_in(&r->processes, number);
    if (index == NOWHERE || lane(r, index)->ended) return;
    uint32_t outcome = words_value(r, "ended with ", e->object);
    lane(r, index)->outcome = outcome;
    lane(r, index)->ended = true;
    span_close(r, index);
    mark_add(r, MARK_DONE, index, outcome);
}

/* ---- moments ---- */

static bool is_everyday(const Record *r, Value exception) {
    const char *name = object_class(object_of(exception))->name->data;
    (void)r;
    return !strcmp(name, "StopIteration") || !strcmp(name, "StopAsyncIteration") ||
           !strcmp(name, "GeneratorExit");
}

static void on_moment(Record *r, Thread *t, const ProbeEvent *e, MarkKind kind) {
    uint32_t index = lane_of_actor(r, t);
    mark_add(r, kind, index, words_event(r, t, e, probe_event_is_act(e->id)));
}

static void dispatch(Record *r, Thread *t, const ProbeEvent *e) {
    switch (e->id) {
    case PROBE_TASK_CREATED:
    case PROBE_TASK_STEP_BEGIN:
    case PROBE_TASK_STEP_END:
    case PROBE_TASK_PARKED:
    case PROBE_TASK_WOKEN:
    case PROBE_TASK_DONE:
    case PROBE_TASK_CANCEL: on_task_event(r, t, e); break;
    case PROBE_FUTURE_RESOLVED:
    case PROBE_FUTURE_FAILED:
    case PROBE_FUTURE_CANCELLED: on_resolved(r, t, e); break;
    case PROBE_CALLBACK_QUEUED: on_queued(r, t, e); break;
    case PROBE_CALLBACK_RUN: on_callback(r, t, e); break;
    case PROBE_LOOP_STARTED:
    case PROBE_LOOP_PASS:
    case PROBE_LOOP_WAIT:
    case PROBE_LOOP_STOPPED: on_loop_event(r, t, e); break;
    case PROBE_LOOP_BLOCKED: on_blocked(r, t, e); break;
    case PROBE_THREAD_STARTED:
    case PROBE_THREAD_RUNS:
    case PROBE_THREAD_PARKED:
    case PROBE_THREAD_WOKEN:
    case PROBE_THREAD_LEFT:
    case PROBE_THREAD_ENDED: on_thread_event(r, t, e); break;
    case PROBE_JOB_QUEUED:
    case PROBE_JOB_BEGUN:
    case PROBE_JOB_DONE: on_job(r, t, e); break;
    case PROBE_PROCESS_STARTED:
    case PROBE_PROCESS_ENDED: on_process(r, t, e); break;
    case PROBE_TIMER_ARMED: on_moment(r, t, e, MARK_SET); break;
    case PROBE_TIMER_FIRED: on_moment(r, t, e, MARK_TIMER); break;
    case PROBE_SIGNAL: on_moment(r, t, e, MARK_SIGNAL); break;
    case PROBE_DEADLOCK: break;
    case PROBE_EXCEPTION_RAISED:
        if (is_everyday(r, e->subject)) break;
        /* fall through */
    case PROBE_EXCEPTION_LOST: on_moment(r, t, e, MARK_ERROR); break;
    case PROBE_EXCEPTION_HANDLER:
    case PROBE_EXCEPTION_CAUGHT:
    case PROBE_LOOP_CLOSED: break;
    default: on_moment(r, t, e, MARK_IO); break;
    }
}

/* Nothing will ever happen again; until the exception says so, everybody waits. */
static void on_deadlock(Record *r, Thread *t, const ProbeEvent *e) {
    r->stuck = true;
    r->running = lane_of_thread(r, t, t->number);
    LaneSpan *span = span_open(r, r->running, SPAN_PARKED, words(r, "what never comes"));
    span->wait = words(r, "object");
    on_moment(r, t, e, MARK_DEADLOCK);
}

static void on_event(void *context, Thread *t, const ProbeEvent *e) {
    Record *r = context;
    if (e->number > r->limit) {
        r->dropped++;
        return;
    }
    r->now = (Moment){clock_monotonic(&r->vm->clock) - r->start, (uint32_t)e->number};
    if (r->stuck) span_open(r, r->running, SPAN_RUN, 0);
    r->stuck = false;
    if (e->id == PROBE_DEADLOCK) on_deadlock(r, t, e);
    else dispatch(r, t, e);
}

/* ---- beginning and end ---- */

static void on_end(void *context) {
    Record *r = context;
    if (!r->dropped) {
        r->now.time = clock_monotonic(&r->vm->clock) - r->start;
        r->now.number++;
    }
    for (uint32_t i = 0; i < r->lanes.count; i++) {
        if (lane(r, i)->job != NOWHERE) r->spans.items[lane(r, i)->job].end = r->now;
        if (lane(r, i)->open != NOWHERE) span_close(r, i);
    }
    r->write(r);
    record_free(r);
}

void record_start(Vm *vm, uint64_t limit, void (*write)(Record *), const void *options) {
    Record *r = memory_alloc_zeroed(sizeof *r);
    r->vm = vm;
    r->start = clock_monotonic(&vm->clock);
    r->limit = limit < UINT32_MAX ? limit : UINT32_MAX - 1;
    r->write = write;
    r->options = options;
    words(r, "");
    r->running = lane_of_thread(r, vm->main_thread, vm->main_thread->number);
    span_open(r, r->running, SPAN_RUN, 0);
    r->listener = (ProbeListener){on_event, on_end, r, NULL};
    probe_add(vm, &r->listener);
}
