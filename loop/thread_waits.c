/* SPDX-License-Identifier: MIT */
/*
 * What a thread waits for, in words, and who must act.
 *
 * The baton knows why a thread gave it away and which object it waits for. Where the library stands
 * in between (Queue.get waits for a condition), its frame says it better.
 *
 * Read next: loop/jobs.c (results), loop/waits.c (the same for tasks).
 */
#include "loop/tree.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/probe.h"
#include "vm/str.h"

/* What stands between the program and the wait: calls of the library's classes. */
static const struct {
    const char *qualname, *kind, *text;
} rows[] = {
    {"Queue.get", "queue", "an item of "}, {"SimpleQueue.get", "queue", "an item of "},
    {"Queue.put", "queue", "room in "},    {"Queue.join", "queue", "the end of the work on "},
    {"Barrier.wait", "barrier", ""},       {"Condition.wait", "condition", "a notification of "},
    {"_Crew.work", "job", "a job"},
};

/* The row of the function of the library that the program called; the outermost. */
static int row_of(const Thread *thread, const Frame **frame) {
    int found = -1;
    for (const Frame *f = thread->frame; f; f = f->caller) {
        const Code *code = frame_code(f);
        if (!code_is_library(code) || !strcmp(code->qualname->data, "_Job.run")) return found;
        for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
            if (strcmp(rows[i].qualname, code->qualname->data) != 0) continue;
            found = i;
            *frame = f;
        }
    }
    return found;
}

static void show_thing(Thread *t, const Thread *thread, Value v, Wait *out) {
    NameScope scope = scope_of_thread(thread);
    out->what = v;
    put_thing(t, &scope, v, &out->name);
    buffer_append(&out->text, out->name.data, out->name.size);
}

static void put_place(Buffer *out, const char *before, const Origin *origin) {
    Buffer place = {0};
    if (origin && origin_place(origin, &place)) buffer_printf(out, "%s%s", before, place.data);
    buffer_free(&place);
}

/* A lock: where it was made, who holds it since when. */
static void put_lock(Thread *t, Value lock, Wait *out) {
    LockFacts facts;
    if (!t->vm->hooks.lock_facts || !t->vm->hooks.lock_facts(t, lock, &facts)) return;
    out->kind = "lock";
    put_place(&out->text, ", made at ", facts.made);
    if (!facts.owner) return;
    const Thread *owner = thread_numbered(t->vm, facts.owner);
    buffer_puts(&out->text, ", held by ");
    if (owner) thread_name_into(t, owner, &out->text);
    else buffer_puts(&out->text, "a thread that has ended");
    put_place(&out->text, " since ", facts.taken);
    out->holds = true;
    if (owner) out->holder = fixnum((int64_t)owner->number);
}

static void put_object(Thread *t, const Thread *thread, Value what, Wait *out) {
    const Frame *frame = NULL;
    int row = row_of(thread, &frame);
    const Thread *joined = thread_of_object(t->vm, what);
    if (joined) {
        out->kind = "thread";
        out->what = what;
        out->holder = fixnum((int64_t)joined->number);
        thread_name_into(t, joined, &out->name);
        buffer_printf(&out->text, "the end of %s", out->name.data);
    } else if (row >= 0) {
        out->kind = rows[row].kind;
        buffer_puts(&out->text, rows[row].text);
        Value self = frame_variable(frame, "self");
        if (is_object(self) && strcmp(rows[row].kind, "job") != 0) show_thing(t, thread, self, out);
        Value unfinished = attribute_of(t, self, "unfinished_tasks");
        if (!strcmp(rows[row].qualname, "Queue.join") && is_fixnum(unfinished))
            put_missing(fixnum_of(unfinished), &out->text);
    } else {
        out->kind = "object";
        show_thing(t, thread, what, out);
        put_lock(t, what, out);
        if (!t->vm->hooks.descriptor) return;
        put_peer_address(t->vm->hooks.descriptor(t, what), " with ", &out->detail);
    }
}

/* The child process that the thread waits for. */
static bool put_process(Thread *t, const Thread *thread, Wait *out) {
    const Frame *f = library_frame(thread, "Popen._wait");
    if (!f) f = library_frame(thread, "Popen.communicate");
    Value child = f ? frame_variable(f, "self") : VALUE_UNSET;
    Value pid = attribute_of(t, child, "pid");
    if (!is_fixnum(pid)) return false;
    out->kind = "process";
    out->what = child;
    buffer_puts(&out->text, "the end of ");
    put_child(t, pid, &out->text);
    return true;
}

/* The future in whose result() the thread is: it waits for a job. */
static bool put_result(Thread *t, const Thread *thread, Wait *out) {
    const Frame *f = library_frame(thread, "Future.result");
    if (!f) f = library_frame(thread, "Future.exception");
    Value future = f ? frame_variable(f, "self") : VALUE_UNSET;
    if (!is_object(future)) return false;
    out->kind = "job";
    out->what = future;
    put_job(t, future, out);
    return true;
}

static void put_limit(Thread *t, const Thread *thread, Buffer *out) {
    if (thread->wait_deadline == CLOCK_NEVER || thread->wait_kind != WAIT_FOR_OBJECT) return;
    double left = clock_to_seconds(thread->wait_deadline - clock_monotonic(&t->vm->clock));
    buffer_printf(out, ", at most %.3g s more", left > 0 ? left : 0);
}

static bool in_idle_loop(const Thread *thread) {
    Value loop = thread->running_loop;
    return loop && is_kind(loop, OBJ_LOOP) && loop_of(loop) && loop_of(loop)->idle;
}

/* Who runs a loop waits for the task that ends run_until_complete(). */
static void needs_task_of_loop(const Thread *thread, Wait *out) {
    Value loop = thread->running_loop;
    if (!loop || !is_kind(loop, OBJ_LOOP) || !loop_of(loop)) return;
    if (is_kind(loop_of(loop)->until, OBJ_TASK)) wait_needs(out, loop_of(loop)->until);
}

void wait_of_thread(Thread *t, const Thread *thread, Wait *out) {
    *out = (Wait){.what = VALUE_NONE, .holder = VALUE_NONE, .kind = "nothing"};
    int kind = thread->wait_kind;
    if (kind == WAIT_NOTHING && in_idle_loop(thread)) kind = WAIT_LOOP;
    out->waiting = kind != WAIT_NOTHING;
    switch (kind) {
    case WAIT_NOTHING: buffer_puts(&out->text, thread == t ? "runs" : "is ready to go on"); return;
    case WAIT_TIME: {
        double left = clock_to_seconds(thread->wait_deadline - clock_monotonic(&t->vm->clock));
        out->kind = "timer";
        buffer_puts(&out->text, "a moment");
        buffer_printf(&out->detail, ", %.3g s more", left > 0 ? left : 0);
        return;
    }
    case WAIT_LOOP:
        out->kind = "loop";
        buffer_puts(&out->text, "its event loop");
        needs_task_of_loop(thread, out);
        return;
    case WAIT_OUTSIDE:
        out->kind = "system";
        if (thread->wait_on != VALUE_NONE) break;
        if (put_process(t, thread, out)) return;
        if (crew_of_manager(thread) != VALUE_UNSET) {
            buffer_puts(&out->text, "the processes of its pool");
            return;
        }
        buffer_puts(&out->text, "the system");
        return;
    default: break;
    }
    if (thread->wait_on == VALUE_NONE) buffer_puts(&out->text, "something");
    else if (!put_result(t, thread, out)) put_object(t, thread, thread->wait_on, out);
    put_limit(t, thread, &out->detail);
    if (out->holder != VALUE_NONE && !out->acting_count) wait_needs(out, out->holder);
}
