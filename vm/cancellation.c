/* SPDX-License-Identifier: MIT */
/*
 * The memory of cancellations. A CancelledError comes out of an `await` that has nothing to do with
 * it, so its traceback says where the task was, not why it had to end. Every cancel() of a task
 * therefore notes who asked (a task, a thread, a callback of the loop, a signal), the line of the
 * program that did, and the moment; the CancelledError that is thrown in takes the note with it,
 * and whoever prints it as uncaught, or draws the tasks, shows it.
 *
 * The note is a tuple (by, code, pc, nanoseconds); `by` is the name of a task (a str, or a fixnum n
 * for Task-n) or words. The error keeps it in `value`, which its class does not use.
 *
 * Read next: vm/task.c (task_cancel), vm/traceback.c.
 */
#include "vm/cancellation.h"

#include <signal.h>
#include <string.h>

#include "vm/container.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/place.h"
#include "vm/str.h"

enum { BY, CODE, PC, MOMENT, FIELDS };

/* The innermost level of the program, but not beyond the callback that the loop has called.
 */
static Place place_in_callback(const Thread *t) {
    for (const Frame *f = t->frame; f && f != t->callback_base; f = f->caller) {
        if (!code_is_library(frame_code(f))) return (Place){frame_code(f), frame_pc(f)};
    }
    return (Place){0};
}

static Value callback_name(Thread *t) {
    if (!t->frame || t->frame == t->callback_base)
        return object_value(str_from(t, "a callback of the loop"));
    const char *name = frame_code(t->frame)->qualname->data;
    return object_value(str_format(t, "%s(), a callback of the loop", name));
}

/* The task that runs in [t]; NULL: none does. [*in_loop]: a loop runs. */
static const Task *running_task(const Thread *t, bool *in_loop) {
    Value loop = t->running_loop;
    *in_loop = loop && is_kind(loop, OBJ_LOOP);
    if (!*in_loop || !is_kind(EVENT_LOOP(loop)->current_task, OBJ_TASK)) return NULL;
    return TASK(EVENT_LOOP(loop)->current_task);
}

static Value who(Thread *t, Place *place) {
    bool in_loop;
    const Task *task = running_task(t, &in_loop);
    *place = place_in_program(t);
    if (t->delivering == SIGINT) return object_value(str_from(t, "Ctrl-C"));
    if (t->delivering)
        return object_value(str_format(t, "the handler of signal %d", t->delivering));
    if (task) return task->name;
    if (!in_loop)
        return object_value(str_from(t, t == t->vm->main_thread ? "the main program" : "a thread"));
    *place = place_in_callback(t);
    return callback_name(t);
}

static Value note(Thread *t, Value by, Value code, Value pc) {
    Value fields[FIELDS] = {by, code, pc, fixnum(clock_monotonic(&t->vm->clock))};
    return object_value(tuple_from(t, fields, FIELDS));
}

Value cancellation_note(Thread *t) {
    Place place;
    Value by = who(t, &place);
    return note(t, by, place.code ? object_value(place.code) : VALUE_NONE, fixnum(place.pc));
}

Value cancellation_note_of(Thread *t, const char *words, Value code, Value pc) {
    return note(t, object_value(str_from(t, words)), code, pc);
}

void cancellation_mark(Thread *t, Value exception, Value origin) {
    Exception *e = EXCEPTION(exception);
    if (e->value == VALUE_NONE) heap_set(&t->vm->heap, &e->value, origin);
}

Value cancellation_of(const Thread *t, Value exception) {
    if (!is_cancelled_error(t, exception)) return VALUE_NONE;
    Value origin = EXCEPTION(exception)->value;
    bool is_note = is_kind(origin, OBJ_TUPLE) && TUPLE(origin)->size == FIELDS &&
                   is_fixnum(TUPLE(origin)->items[MOMENT]);
    return is_note ? origin : VALUE_NONE;
}

void cancellation_text(const Thread *t, Value origin, Buffer *out) {
    const Value *fields = TUPLE(origin)->items;
    if (is_fixnum(fields[BY])) buffer_printf(out, "by Task-%lld", (long long)fixnum_of(fields[BY]));
    else if (is_str(fields[BY])) buffer_printf(out, "by %s", STR(fields[BY])->data);
    if (is_kind(fields[CODE], OBJ_CODE)) {
        const Code *code = (const Code *)object_of(fields[CODE]);
        buffer_printf(out, " at %s:%d", code->filename->data,
                      code_line(code, (uint32_t)fixnum_of(fields[PC])));
    }
    int64_t since = clock_monotonic(&t->vm->clock) - fixnum_of(fields[MOMENT]);
    if (since >= CLOCK_SECOND / 1000) buffer_printf(out, ", %.3g s ago", clock_to_seconds(since));
}
