/* SPDX-License-Identifier: MIT */
/*
 * The report of a deadlock: which task or thread waits where for what, and who waits for each other
 * in a circle.
 *
 * A circle is found by following who must act: from a task to the task it awaits or that holds the
 * lock it wants, from a thread to the one that it joins or that holds its lock.
 *
 * Read next: loop/tree.c (the drawing), loop/run.c (when a deadlock is found).
 */
#include <stdlib.h>

#include "loop/tree.h"
#include "vm/exception.h"
#include "vm/probe.h"
#include "vm/str.h"

enum {
    STEPS = 100,   /* the longest circle that is looked for */
    STARTS = 1000, /* how many tasks it is looked for from */
    CIRCLES_SHOWN = 5,
};

/* ---- circles ---- */

/* Tasks and thread numbers that stand in a circle. */
typedef struct Circle {
    Value nodes[STEPS];
    int count;
} Circle;

static void wait_of_node(Thread *t, Value node, Wait *out) {
    if (is_fixnum(node)) {
        const Thread *thread = thread_numbered(t->vm, (uint64_t)fixnum_of(node));
        if (thread) wait_of_thread(t, thread, out);
        else *out = (Wait){.holder = VALUE_NONE};
    } else {
        wait_of_task(t, TASK(node), out);
    }
}

/* Follow who must act from [start]. True: it leads back there. */
static bool find_circle(Thread *t, Value start, Circle *circle) {
    Value node = start;
    for (circle->count = 0; circle->count < STEPS;) {
        circle->nodes[circle->count++] = node;
        Wait wait;
        wait_of_node(t, node, &wait);
        bool goes_on = wait.waiting && wait.holder != VALUE_NONE;
        node = wait.holder;
        wait_free(&wait);
        if (!goes_on) return false;
        if (node == start) return true;
        if (!is_fixnum(node) && FUTURE(node)->state != FUTURE_PENDING) return false;
    }
    return false;
}

static void put_node(Thread *t, Value node, Buffer *out) {
    if (!is_fixnum(node)) probe_render(t->vm, node, 60, out);
    else thread_name_into(t, thread_numbered(t->vm, (uint64_t)fixnum_of(node)), out);
}

/* What [node] itself calls the thing that it holds. */
static void put_held(Thread *t, Value node, Value held, Buffer *out) {
    const Thread *thread =
        is_fixnum(node) ? thread_numbered(t->vm, (uint64_t)fixnum_of(node)) : NULL;
    NameScope scope = thread ? scope_of_thread(thread) : scope_of_task(TASK(node));
    put_thing(t, &scope, held, out);
}

/* "Task-1 holds Lock a and waits for Lock b; …" */
static void put_circle(Thread *t, const Circle *circle, Buffer *out) {
    buffer_puts(out, "\na circle: ");
    Wait before;
    wait_of_node(t, circle->nodes[circle->count - 1], &before);
    for (int i = 0; i < circle->count; i++) {
        if (i) buffer_puts(out, "; ");
        put_node(t, circle->nodes[i], out);
        if (before.holds) {
            buffer_puts(out, " holds ");
            put_held(t, circle->nodes[i], before.what, out);
            buffer_puts(out, " and");
        }
        wait_free(&before);
        wait_of_node(t, circle->nodes[i], &before);
        buffer_printf(out, " waits for %s%s", before.name.data,
                      circle->count == 1 ? " itself" : "");
    }
    wait_free(&before);
}

/* The circles that were shown. */
typedef struct Shown {
    Circle circles[CIRCLES_SHOWN];
    int count;
} Shown;

static bool is_shown(const Shown *shown, Value node) {
    for (int i = 0; i < shown->count; i++) {
        for (int j = 0; j < shown->circles[i].count; j++) {
            if (shown->circles[i].nodes[j] == node) return true;
        }
    }
    return false;
}

static void look_for_circle(Thread *t, Value start, Shown *shown, Buffer *out) {
    if (shown->count == CIRCLES_SHOWN || is_shown(shown, start)) return;
    if (!find_circle(t, start, &shown->circles[shown->count])) return;
    put_circle(t, &shown->circles[shown->count++], out);
}

static void put_circles(Thread *t, const Loop *loop, Buffer *out) {
    Shown *shown = calloc(1, sizeof *shown);
    if (!shown) return;
    int starts = 0;
    Task *task = loop ? loop->object->first_task : NULL;
    for (; task && starts < STARTS; task = task->next_task, starts++)
        look_for_circle(t, object_value(task), shown, out);
    for (uint64_t number = 1; number <= t->vm->threads_made && starts < STARTS;
         number++, starts++) {
        if (thread_numbered(t->vm, number)) look_for_circle(t, fixnum((int64_t)number), shown, out);
    }
    free(shown);
}

/* ---- the report ---- */

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
    put_circles(t, NULL, &out);
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
    put_circles(t, loop, &out);
    return raise_deadlock(t, &out);
}
