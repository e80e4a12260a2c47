/* SPDX-License-Identifier: MIT */
/*
 * The report of a deadlock: which task or thread waits where for what, and who waits for each other
 * in a circle.
 *
 * Either a loop finds that nothing can happen to its tasks any more, or the last of several threads
 * that waits finds that nobody is left to end its wait; loops whose callbacks wait so cannot go on
 * either, and their tasks are drawn, too.
 *
 * Read next: loop/tree.c (the drawing), loop/circles.c, loop/run.c (when a deadlock is found).
 */
#include "loop/tree.h"
#include "vm/exception.h"
#include "vm/probe.h"
#include "vm/str.h"

static void put_tasks(Thread *t, const Loop *loop, Buffer *out) {
    uint64_t count = loop->object->tasks;
    buffer_puts(out, "nothing is ready, no timer runs and nothing from outside can come, but ");
    if (count == 0) {
        buffer_puts(out, "the loop waits for a future that nobody has finished");
        Origin origin = {VALUE_NONE, VALUE_NONE, 0};
        if (is_future(loop->until)) origin = future_origin(FUTURE(loop->until));
        Buffer place = {0};
        if (origin_place(&origin, &place)) buffer_printf(out, ", made at %s", place.data);
        buffer_free(&place);
        return;
    }
    buffer_printf(out, "%llu task%s:", (unsigned long long)count, count == 1 ? " waits" : "s wait");
    tree_put_tasks(t, loop, 2, out);
}

static void put_threads(Thread *t, Buffer *out) {
    buffer_printf(out, "%u thread%s:", t->vm->thread_count,
                  t->vm->thread_count == 1 ? " waits" : "s wait");
    tree_put_threads(t, 2, out);
}

/* The tasks of loops that stand in a callback. */
static void put_held_loops(Thread *t, Buffer *out) {
    for (const Loop *loop = loop_state(t)->loops; loop; loop = loop->next) {
        if (!loop->object || !loop->object->tasks || !loop->thread) continue;
        uint64_t count = loop->object->tasks;
        buffer_printf(out, "\nand %llu task%s of the loop that ", (unsigned long long)count,
                      count == 1 ? "" : "s");
        thread_name_into(t, loop->thread, out);
        buffer_puts(out, " runs:");
        tree_put_tasks(t, loop, 2, out);
    }
}

/* While it is drawn, t waits as it did: it has the baton only to say so. */
static void pretend_to_wait(Thread *t, int kind, Value what) {
    t->wait_kind = kind;
    t->wait_on = what;
    t->wait_deadline = CLOCK_NEVER;
}

static bool raise_deadlock(Thread *t, Buffer *text) {
    pretend_to_wait(t, WAIT_NOTHING, VALUE_NONE);
    Value message = object_value(str_from_buffer(t, text));
    Value exception = exception_new(t, loop_state(t)->deadlock, &message, 1);
    if (exception != VALUE_ERROR) raise_value(t, exception);
    return false;
}

void deadlock_of_threads(Thread *t, Value what) {
    PROBE(t, DEADLOCK, fixnum(0), VALUE_UNSET);
    pretend_to_wait(t, WAIT_FOR_OBJECT, what);
    Buffer out = {0};
    buffer_puts(&out, "nothing runs, no timer is set and nothing from outside can come, but ");
    put_threads(t, &out);
    put_held_loops(t, &out);
    circles_put(t, &out);
    raise_deadlock(t, &out);
}

bool deadlock_raise(Thread *t, Loop *loop) {
    PROBE(t, DEADLOCK, fixnum((int64_t)loop->object->tasks), VALUE_UNSET);
    pretend_to_wait(t, WAIT_LOOP, VALUE_NONE);
    Buffer out = {0};
    put_tasks(t, loop, &out);
    if (!thread_is_alone(t)) {
        buffer_puts(&out, "\nand ");
        put_threads(t, &out);
    }
    circles_put(t, &out);
    return raise_deadlock(t, &out);
}
