/* SPDX-License-Identifier: MIT */
/*
 * Life of loops and of what they share: made, marked, closed, freed.
 *
 * The malloc'd Loop outlives the heap object until libuv has closed its handles, which takes a turn
 * of uv_run; loop_close gives it that turn, so that uv_loop_close() == 0 holds whenever a Loop is
 * freed.
 *
 * Read next: loop/run.c.
 */
#include "loop/loop.h"
#include "loop/report.h"

#include "common/memory.h"
#include "loop/stream.h"
#include "loop/watch.h"
#include "loop/wire.h"
#include "vm/made.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

/* ---- roots ---- */

static void shade(Heap *heap, Value v) {
    if (v) heap_shade(heap, v);
}

static void shade_loop(Heap *heap, const Loop *loop) {
    for (size_t i = 0; i < loop->ready.count; i++) {
        const ReadyEntry *entry = ready_at(&loop->ready, i);
        heap_shade(heap, entry->what);
        heap_shade(heap, entry->arg);
    }
    for (size_t i = 0; i < loop->timers.count; i++) heap_shade(heap, loop->timers.timers[i].what);
    if (!loop->object) return;
    shade(heap, loop->exception_handler);
    shade(heap, loop->task_factory);
    shade(heap, loop->default_executor);
    shade(heap, loop->slow_callback_duration);
    if (loop->held_at.code) heap_shade_object(heap, &loop->held_at.code->header);
    shade(heap, loop->until);
    for (int i = 0; loop->signal_handle_count && i < LOOP_SIGNAL_COUNT; i++) {
        shade(heap, loop->signal_handles[i]);
    }
}

static void shade_roots(Heap *heap, void *context) {
    const LoopState *state = context;
    for (const Loop *loop = state->loops; loop; loop = loop->next) shade_loop(heap, loop);
    for (const Thread *t = state->vm->threads; t; t = t->next) {
        shade(heap, t->running_loop);
        shade(heap, t->event_loop);
    }
    for (size_t i = 0; i < state->dropped_count; i++) {
        heap_shade(heap, state->dropped[i].v);
        if (state->dropped[i].place.code)
            heap_shade_object(heap, &state->dropped[i].place.code->header);
    }
    for (int i = 0; i < state->told_count; i++)
        heap_shade_object(heap, &state->told[i].code->header);
    blocked_shade(heap, state);
    for (int i = 0; i < LOOP_SIGNAL_COUNT; i++) shade(heap, state->signal_handlers[i]);
    heap_shade_object(heap, &state->timer_handle->header);
    heap_shade_object(heap, &state->deadlock->header);
    shade(heap, state->policy);
    shade(heap, state->prompt_loop);
}

/* ---- hooks ---- */

bool loop_check_thread(Thread *t, Loop *loop) {
    if (LIKELY(!loop->thread || loop->thread == t)) return true;
    if (!loop->debug) {
        report_unheard(t, loop);
        return true;
    }
    raise_error(t, EXC_RuntimeError,
                "Non-thread-safe operation invoked on an event loop other than the current one");
    return false;
}

static bool call_soon(Thread *t, Value loop, Value callback, Value arg, Value context) {
    if (LIKELY(is_kind(loop, OBJ_LOOP))) {
        Loop *inner = loop_of(loop);
        if (UNLIKELY(!inner || inner->closed)) {
            if (inner && inner->over) return true;
            raise_error(t, EXC_RuntimeError, "Event loop is closed");
            return false;
        }
        if (UNLIKELY(inner->custom)) return custom_call_soon(t, loop, callback, arg, context);
        if (UNLIKELY(inner->thread && inner->thread != t)) {
            Value *roots = push_roots(t, 4);
            roots[0] = loop;
            roots[1] = callback;
            roots[2] = arg;
            roots[3] = context;
            if (!loop_check_thread(t, inner)) return false;
            pop_roots(t, roots);
            if (!(inner = loop_of(loop)) || inner->closed) return true; /* meanwhile */
        }
        if (UNLIKELY(context != VALUE_NONE)) {
            callback = handle_new(t, loop, callback, handle_arguments(t, arg), context);
            arg = VALUE_UNSET;
        }
        ready_push(&inner->ready, callback, arg);
        return true;
    }
    return custom_call_soon(t, loop, callback, arg, context);
}

static bool sleep_start(Thread *t, Value sleeper, double seconds) {
    Value loop = FUTURE(sleeper)->loop;
    if (!is_kind(loop, OBJ_LOOP) || UNLIKELY(loop_of(loop)->custom))
        return custom_sleep_start(t, sleeper, seconds);
    Loop *inner = loop_of(loop);
    int64_t deadline = loop_now(inner) + clock_from_seconds(seconds);
    timers_push(&inner->timers, deadline, sleeper);
    heap_set(&t->vm->heap, &NATIVE_COROUTINE(sleeper)->payload, fixnum(deadline)); /* for reports */
    return true;
}

static void sleep_stop(Thread *t, Value sleeper) {
    Value loop = FUTURE(sleeper)->loop;
    if (!is_kind(loop, OBJ_LOOP) || (loop_of(loop) && loop_of(loop)->custom))
        custom_sleep_stop(t, sleeper);
    else if (loop_of(loop)) loop_of(loop)->timers.cancelled++;
}

/* ---- which loop ---- */

Value loop_get_running(Thread *t) { return t->running_loop ? t->running_loop : VALUE_NONE; }

Value loop_get_current(Thread *t) {
    if (t->running_loop) return t->running_loop;
    return t == t->vm->main_thread ? loop_state(t)->prompt_loop : VALUE_NONE;
}

/* threading.current_thread().name */
static Value no_current_loop(Thread *t) {
    Value name = object_value(str_from(t, t == t->vm->main_thread ? "MainThread" : "Thread"));
    if (t->object && t->object != VALUE_NONE) name = value_getattr(t, t->object, NAME_OF(t, name));
    if (name == VALUE_ERROR) return VALUE_ERROR;
    return raise_error(t, EXC_RuntimeError, "There is no current event loop in thread %R.", name);
}

Value loop_get_event_loop(Thread *t) {
    if (t->running_loop) return t->running_loop;
    Value policy = loop_state(t)->policy;
    if (UNLIKELY(policy != VALUE_NONE))
        return call_method(t, policy, NAME_OF(t, get_event_loop), NULL, 0);
    if (!t->event_loop && !t->event_loop_set && t == t->vm->main_thread) {
        Value loop = loop_new(t, BUILTIN_CLASS(t, LOOP));
        if (loop == VALUE_ERROR) return VALUE_ERROR;
        t->event_loop = loop;
        t->event_loop_set = true;
    }
    return t->event_loop ? t->event_loop : no_current_loop(t);
}

Value loop_raise_errno(Thread *t, int code) {
    Value *args = push_roots(t, 2);
    args[0] = fixnum(code);
    args[1] = object_value(str_from(t, strerror(code)));
    Value error = exception_new(t, EXCEPTION_CLASS(t, OSError), args, 2);
    pop_roots(t, args);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

/* ---- life ---- */

/* The thread that runs [loop] notes where coroutines are made, or does so as before. */
static void track_origins(Loop *loop, bool track) {
    if (track == loop->tracks) return;
    if (track) loop->outer_depth = loop->thread->origin_depth;
    loop->thread->origin_depth = track ? MADE_DEPTH : loop->outer_depth;
    loop->tracks = track;
}

void loop_set_debug(Loop *loop, bool debug) {
    loop->debug = loop->object->debug = debug;
    if (loop->thread) track_origins(loop, debug);
}

void loop_enter(Thread *t, Loop *loop, const Value *running) {
    loop->thread = t;
    loop->running = running;
    t->running_loop = object_value(loop->object);
    if (UNLIKELY(loop->debug)) track_origins(loop, true);
}

void loop_leave(Thread *t, Loop *loop) {
    track_origins(loop, false);
    loop->thread = NULL;
    loop->running = NULL;
    t->running_loop = VALUE_ERROR;
}

int64_t loop_now(const Loop *loop) { return clock_monotonic(&loop->state->vm->clock); }

/* The module warnings, when somebody has imported it: only then a warning can be seen. Or 0. */
static Value warnings_of(Thread *t) {
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "warnings", 8));
    return is_kind(module, OBJ_MODULE) ? module : VALUE_ERROR;
}

/* A ResourceWarning that nobody closed [self]. */
static void warn_unclosed(Thread *t, Value self) {
    Value *roots = push_roots(t, 6), module = warnings_of(t);
    roots[5] = self;
    Str *text = module ? str_format(t, "unclosed event loop %R", self) : NULL;
    if (text) {
        roots[0] = object_value(text);
        roots[1] = object_value(EXCEPTION_CLASS(t, ResourceWarning));
        roots[2] = fixnum(1);
        roots[3] = self;
        module = call_method(t, module, str_intern(t->vm, "warn", 4), roots, 4);
    }
    if (module == VALUE_ERROR && t->exception != VALUE_UNSET)
        exception_report_unraisable(t, "Exception ignored in", self);
    pop_roots(t, roots);
}

/* It is being collected, and nobody closed it (hook). */
static void on_unclosed(Thread *t, Value self) {
    Loop *loop = loop_of(self);
    EVENT_LOOP(self)->open = false;
    if (!loop || loop->closed) return;
    warn_unclosed(t, self);
    if (!loop->thread && !loop_close(t, loop)) exception_take(t);
}

Value loop_new(Thread *t, Class *cls) {
    Loop *loop = calloc(1, sizeof *loop);
    if (!loop) memory_exhausted(sizeof *loop);
    EventLoop *object = object_new(t, cls, 0);
    object->current_task = VALUE_NONE;
    object->first_task = object->last_task = NULL;
    object->loop = loop;
    loop->object = object;
    const char *debug = getenv("PYTHONASYNCIODEBUG");
    loop->debug = object->debug = t->vm->dev_mode || (debug && *debug);
    object->open = true;
    if (warnings_of(t)) heap_register_finalizable(&t->vm->heap, &object->header);
    loop->custom = cls != BUILTIN_CLASS(t, LOOP);
    loop->state = loop_state(t);
    loop->next = loop->state->loops;
    loop->state->loops = loop;
    loop->exception_handler = loop->task_factory = VALUE_NONE;
    loop->default_executor = loop->until = VALUE_NONE;
    loop->slow_callback_duration = float_new(t, 0.1);
    loop->slow = CLOCK_SECOND / 10;
    for (int i = 0; i < LOOP_SIGNAL_COUNT; i++) loop->signal_handles[i] = VALUE_UNSET;
    return object_value(object);
}

Loop *loop_open(Thread *t, Value self) {
    Loop *loop = loop_of(self);
    if (loop && !loop->closed) return loop;
    raise_error(t, EXC_RuntimeError, "Event loop is closed");
    return NULL;
}

Loop *loop_to_call(Thread *t, Value self) {
    Loop *loop = loop_of(self);
    return loop && loop->over ? loop : loop_open(t, self);
}

static void stop_uv(Loop *loop) {
    if (!loop->uv_started) return;
    watch_close_all(loop);
    uv_close((uv_handle_t *)&loop->timer, NULL);
    uv_close((uv_handle_t *)&loop->wakeup, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int open = uv_loop_close(&loop->uv);
    assert(open == 0);
    (void)open;
    loop->uv_started = false;
}

static void unlink_tasks(Thread *t, EventLoop *object) {
    Task *task = object->first_task;
    while (task) {
        Task *next = task->next_task;
        heap_forget(&t->vm->heap, object_value(task));
        task->next_task = task->previous_task = NULL;
        task->future.flags &= (uint16_t)~TASK_LISTED;
        task = next;
    }
    object->first_task = object->last_task = NULL;
    object->tasks = 0;
}

static void release_queues(Loop *loop) {
    ready_free(&loop->ready);
    timers_free(&loop->timers);
}

/* Connections that are still open end here, with a note. */
static void close_connections(Thread *t, Loop *loop) {
    uint32_t count = stream_abandon_all(t, loop);
    if (!count || loop->state->interrupted) return;
    Buffer note = {0};
    buffer_printf(&note, "tulip: note: the event loop was closed with %u connection%s open\n",
                  count, count == 1 ? "" : "s");
    report_text(t, note.data, note.size);
    buffer_free(&note);
}

/* The signals that it handled get their defaults back. */
static void give_back_signals(Thread *t, Loop *loop) {
    for (int i = 0; loop->signal_handle_count && i < LOOP_SIGNAL_COUNT; i++) {
        if (loop->signal_handles[i] == VALUE_UNSET) continue;
        heap_set(&t->vm->heap, &loop->signal_handles[i], VALUE_UNSET);
        loop->signal_handle_count--;
        if (loop->state->signals_installed) signals_set_handler(t, i, VALUE_UNSET);
    }
}

bool loop_close(Thread *t, Loop *loop) {
    if (loop->thread) {
        raise_error(t, EXC_RuntimeError, "Cannot close a running event loop");
        return false;
    }
    if (loop->closed) return true;
    bool ok = report_lost_errors_of(t, loop);
    if (!loop->state->interrupted) report_pending_tasks(t, loop);
    close_connections(t, loop);
    loop->closed = true;
    loop->object->open = false;
    for (size_t i = 0; i < loop->ready.count; i++) {
        heap_forget(&t->vm->heap, ready_at(&loop->ready, i)->what);
        heap_forget(&t->vm->heap, ready_at(&loop->ready, i)->arg);
    }
    for (size_t i = 0; i < loop->timers.count; i++) {
        heap_forget(&t->vm->heap, loop->timers.timers[i].what);
    }
    release_queues(loop);
    unlink_tasks(t, loop->object);
    give_back_signals(t, loop);
    stop_uv(loop);
    PROBE(t, LOOP_CLOSED, VALUE_UNSET, VALUE_UNSET);
    return executor_drop(t, loop) && ok;
}

static void free_loop(Loop *loop) {
    Loop **link = &loop->state->loops;
    while (*link != loop) link = &(*link)->next;
    *link = loop->next;
    release_queues(loop);
    stop_uv(loop);
    free(loop->read_buffer);
    free(loop);
}

static void trace_loop(Heap *heap, Object *self) {
    EventLoop *object = (EventLoop *)self;
    heap_shade(heap, object->current_task);
    if (object->first_task) heap_shade_object(heap, &object->first_task->future.header);
    if (object->loop) watch_shade(heap, object->loop);
}

static void finalize_loop(Heap *heap, Object *self) {
    (void)heap;
    EventLoop *object = (EventLoop *)self;
    if (!object->loop) return;
    object->loop->object = NULL;
    free_loop(object->loop);
    object->loop = NULL;
}

/* tulip.Deadlock */
static Class *deadlock_class(Thread *t) {
    return exception_class_new(t, "Deadlock", "tulip",
                               "Tasks wait, and nothing can ever wake them.",
                               EXCEPTION_CLASS(t, BaseException));
}

void loop_install(Thread *t, bool virtual_time) {
    LoopState *state = calloc(1, sizeof *state);
    if (!state) memory_exhausted(sizeof *state);
    state->vm = t->vm;
    state->policy = state->prompt_loop = VALUE_NONE;
    t->vm->clock.is_virtual = virtual_time;
    t->vm->loop_state = state;
    signals_install(state);
    loop_class_install(t);
    BUILTIN_CLASS(t, LOOP)->trace = trace_loop;
    BUILTIN_CLASS(t, LOOP)->finalize = finalize_loop;
    handle_install(t, state);
    state->deadlock = deadlock_class(t);
    heap_add_marker(&t->vm->heap, shade_roots, state);
    VmHooks *hooks = &t->vm->hooks;
    hooks->call_soon = call_soon;
    hooks->event_loop = loop_get_event_loop;
    hooks->running_loop = loop_get_running;
    hooks->unclosed_loop = on_unclosed;
    hooks->sleep_start = sleep_start;
    hooks->sleep_stop = sleep_stop;
    hooks->lost_error = report_lost_error;
    hooks->signal = signals_deliver;
    hooks->deadlock = deadlock_of_threads;
    hooks->simulate_signal = signals_simulate;
    hooks->signals_may_come = signals_may_come;
    hooks->unused_result = report_dropped;
    hooks->misused = report_misused;
    hooks->never_awaited = report_collected;
    hooks->watch = blocked_look;
}

uint64_t loop_lost_errors(const Vm *vm) {
    const LoopState *state = vm->loop_state;
    return state ? state->lost_errors : 0;
}

uint64_t loop_error_reports(const Vm *vm) {
    const LoopState *state = vm->loop_state;
    return state ? state->errors : 0;
}

void loop_shutdown(Thread *t) {
    LoopState *state = loop_state(t);
    if (!state) return;
    if (!report_pass_end(t) || !report_lost_errors_of(t, NULL)) exception_take(t);
    for (Loop *loop = state->loops; loop; loop = loop->next) {
        if (!loop->object || loop->thread) continue;
        bool was_closed = loop->closed;
        if (!was_closed) warn_unclosed(t, object_value(loop->object));
        if (!loop_close(t, loop)) exception_take(t);
        loop->over = !was_closed;
    }
    if (!state->interrupted) report_all_unstarted(t);
    report_outside(t);
}

void loop_release(Vm *vm) {
    LoopState *state = vm->loop_state;
    if (!state) return;
    signals_restore(state);
    blocked_release(state);
    while (state->loops) {
        if (state->loops->object) state->loops->object->loop = NULL;
        free_loop(state->loops);
    }
    wire_release(state);
    children_release(state);
    free(state->dropped);
    free(state);
    vm->loop_state = NULL;
}
