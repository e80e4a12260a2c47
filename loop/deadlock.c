/* SPDX-License-Identifier: MIT */
/*
 * The report of a deadlock: which task waits where for what.
 *
 * A line per task: the coroutines from the task inwards with their lines, then what the innermost
 * one waits for.
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

bool deadlock_raise(Thread *t, Loop *loop) {
    PROBE(t, DEADLOCK, fixnum((int64_t)loop->object->tasks), VALUE_UNSET);
    Buffer out = {0};
    draw(t, loop, &out);
    Value message = object_value(str_from_buffer(t, &out));
    Value exception = exception_new(t, loop->state->deadlock, &message, 1);
    if (exception != VALUE_ERROR) raise_value(t, exception);
    return false;
}
