/* SPDX-License-Identifier: MIT */
/*
 * The report of a deadlock: which task or thread waits where for what.
 *
 * A line per task: the coroutines from the task inwards with their lines, then what the innermost
 * one waits for. A line per thread: where it stands, what it waits for, and who holds that.
 *
 * Read next: loop/run.c (when a deadlock is found).
 */
#include "loop/loop.h"
#include "vm/exception.h"
#include "vm/probe.h"
#include "vm/str.h"

#define TASKS_SHOWN 20
#define LINKS_SHOWN 8

static void put_frame(Buffer *out, Generator *g) {
    const Code *code = frame_code(&g->frame);
    int line =
        g->state == GEN_CREATED ? (int)code->first_line : code_line(code, frame_pc(&g->frame));
    buffer_printf(out, "%s() at %s:%d", STR(g->frame.function->qualname)->data,
                  code->filename->data, line);
}

static void put_chain(Buffer *out, Value coroutine) {
    int shown = 0;
    while (is_generator_kind(coroutine)) {
        Value next = generator_awaiting(GENERATOR(coroutine));
        bool last = !is_generator_kind(next);
        if (shown < LINKS_SHOWN || last) {
            buffer_puts(out, shown ? " → " : " ");
            put_frame(out, GENERATOR(coroutine));
        } else if (shown == LINKS_SHOWN) {
            buffer_puts(out, " → …");
        }
        shown++;
        coroutine = next;
    }
}

static void put_awaited(Thread *t, Buffer *out, Value awaited) {
    if (awaited == VALUE_NONE) {
        buffer_puts(out, "nothing");
    } else if (is_kind(awaited, OBJ_TASK)) {
        probe_render(t->vm, awaited, 60, out);
    } else if (is_native_coroutine(awaited)) {
        buffer_printf(out, "%s()", NATIVE_COROUTINE(awaited)->kind->qualname);
    } else if (is_future(awaited)) {
        buffer_puts(out, "a future that nobody has finished");
    } else {
        probe_render(t->vm, awaited, 60, out);
    }
}

static void put_task(Thread *t, Buffer *out, Task *task) {
    buffer_puts(out, "\n  ");
    probe_render(t->vm, object_value(task), 60, out);
    buffer_putc(out, ':');
    Value coroutine = task->coroutine;
    if (is_native_coroutine(coroutine)) {
        buffer_printf(out, " %s()", NATIVE_COROUTINE(coroutine)->kind->qualname);
    }
    put_chain(out, coroutine);
    buffer_puts(out, "\n      waits for ");
    put_awaited(t, out, task->waiting_on);
}

static void draw(Thread *t, Loop *loop, Buffer *out) {
    uint64_t count = loop->object->tasks;
    buffer_puts(out, "nothing is ready, no timer runs and nothing from outside can come, but ");
    if (count == 0) {
        buffer_puts(out, "the loop waits for a future that nobody has finished");
        return;
    }
    buffer_printf(out, "%llu task%s:", (unsigned long long)count, count == 1 ? " waits" : "s wait");
    uint64_t shown = 0;
    for (Task *task = loop->object->first_task; task; task = task->next_task) {
        if (shown++ == TASKS_SHOWN) {
            buffer_printf(out, "\n  … and %llu more", (unsigned long long)(count - TASKS_SHOWN));
            break;
        }
        put_task(t, out, task);
    }
}

/* ---- threads ---- */

static void put_thread_name(Thread *t, Buffer *out, const Thread *thread) {
    Value name = VALUE_UNSET;
    if (is_kind(thread->object, OBJ_OBJECT))
        name = instance_get(t, object_of(thread->object), str_from(t, "_name"));
    if (is_str(name)) buffer_puts(out, STR(name)->data);
    else if (thread == t->vm->main_thread) buffer_puts(out, "MainThread");
    else buffer_printf(out, "thread %llu", (unsigned long long)thread->number);
}

/* The innermost function of the program itself, not of the library. */
static void put_thread_place(Buffer *out, const Thread *thread) {
    Frame *frame = thread->frame;
    while (frame && frame->caller && frame_code(frame)->filename->data[0] == '<')
        frame = frame->caller;
    if (!frame) return;
    const Code *code = frame_code(frame);
    buffer_printf(out, " at %s:%d", code->filename->data, code_line(code, frame_pc(frame)));
}

static const char *const wait_texts[] = {
    [WAIT_NOTHING] = "nothing",       [WAIT_TIME] = "a moment",
    [WAIT_FOR_OBJECT] = "something",  [WAIT_LOOP] = "its event loop",
    [WAIT_OUTSIDE] = "the outside",
};

static void put_holder(Thread *t, Buffer *out, Value what) {
    if (!t->vm->hooks.lock_owner) return;
    uint64_t owner = t->vm->hooks.lock_owner(t, what);
    if (!owner) return;
    buffer_puts(out, " held by ");
    for (const Thread *thread = t->vm->threads; thread; thread = thread->next) {
        if (thread->number != owner) continue;
        put_thread_name(t, out, thread);
        return;
    }
    buffer_puts(out, "a thread that has ended");
}

static void put_thread(Thread *t, Buffer *out, const Thread *thread, int kind, Value what) {
    buffer_puts(out, "\n  ");
    put_thread_name(t, out, thread);
    put_thread_place(out, thread);
    buffer_puts(out, "\n      waits for ");
    if (what != VALUE_NONE) probe_render(t->vm, what, 60, out);
    else buffer_puts(out, wait_texts[kind]);
    if (kind == WAIT_FOR_OBJECT) put_holder(t, out, what);
}

static void put_threads(Thread *t, Buffer *out, int kind, Value what) {
    buffer_printf(out, "%u thread%s:", t->vm->thread_count,
                  t->vm->thread_count == 1 ? " waits" : "s wait");
    put_thread(t, out, t, kind, what);
    for (Thread *thread = t->vm->threads; thread; thread = thread->next) {
        if (thread != t) put_thread(t, out, thread, thread->wait_kind, thread->wait_on);
    }
}

static bool raise_deadlock(Thread *t, Buffer *text) {
    Value message = object_value(str_from_buffer(t, text));
    Value exception = exception_new(t, loop_state(t)->deadlock, &message, 1);
    if (exception != VALUE_ERROR) raise_value(t, exception);
    return false;
}

void deadlock_of_threads(Thread *t, Value what) {
    PROBE(t, DEADLOCK, fixnum(0), VALUE_UNSET);
    Buffer out = {0};
    buffer_puts(&out, "nothing runs, no timer is set and nothing from outside can come, but ");
    put_threads(t, &out, WAIT_FOR_OBJECT, what);
    raise_deadlock(t, &out);
}

bool deadlock_raise(Thread *t, Loop *loop) {
    PROBE(t, DEADLOCK, fixnum((int64_t)loop->object->tasks), VALUE_UNSET);
    Buffer out = {0};
    draw(t, loop, &out);
    if (!thread_is_alone(t)) {
        buffer_puts(&out, "\nand ");
        put_threads(t, &out, WAIT_LOOP, VALUE_NONE);
    }
    return raise_deadlock(t, &out);
}
