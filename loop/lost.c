/* SPDX-License-Identifier: MIT */
/*
 * Errors that nobody retrieved, and tasks that nobody finished.
 *
 * A lost error is reported once, at the earliest of: the end of the pass, when the task was dropped
 * by an expression statement and nobody waits for it; the closing of its loop; its collection; the
 * exit. Retrieved means: by result(), exception() or an await, or delivered by gather, wait_for or
 * a TaskGroup. It goes through the loop's exception handler, with the keys that asyncio gives it; a
 * handler of the program's own counts as having seen it.
 *
 * Read next: vm/finalize.c (collection), loop/report.c (the end of a pass).
 */
#include "loop/report.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

/* A handler of the program's own counts as observing: the exit status stays. */
static bool has_custom_handler(Value loop) {
    return is_kind(loop, OBJ_LOOP) ? loop_of(loop) && loop_of(loop)->exception_handler != VALUE_NONE
                                   : loop != VALUE_NONE;
}

static void put_making(Thread *t, const Task *task, Buffer *out) {
    if (!is_kind(task->made.code, OBJ_CODE)) return;
    buffer_puts(out, "  the task was made here:\n");
    report_place(t, (Place){(Code *)object_of(task->made.code), task->made.pc}, out);
}

/* Tell the handler of [loop] about [v]; the default one writes a report that ends with [fix]. */
static bool tell(Thread *t, Value v, Value loop, ReportKind kind, Dict *context, const char *fix) {
    bool custom = is_kind(loop, OBJ_LOOP) && loop_of(loop) && loop_of(loop)->custom;
    if (custom || has_custom_handler(loop)) return report_to_loop(t, loop, context);
    if (loop_state(t)->actions[kind] == REPORT_IGNORE) return true;
    if (report_logged(t, context)) {
        report_count(t, kind);
        return true;
    }
    Buffer out = {0};
    if (!report_begin(t, kind, &out)) return true;
    report_put_context(t, context, &out);
    if (is_kind(v, OBJ_TASK) && !(FUTURE(v)->flags & FUTURE_NOTED)) put_making(t, TASK(v), &out);
    buffer_puts(&out, fix);
    report_end(t, kind, &out);
    return true;
}

void report_lost_error(Thread *t, Value v) {
    Future *future = FUTURE(v);
    if (!future->failed || future->observed || (future->flags & FUTURE_REPORTED)) return;
    future->flags |= FUTURE_REPORTED;
    future->observed = true;
    if (!has_custom_handler(future->loop)) loop_state(t)->lost_errors++;
    PROBE(t, EXCEPTION_LOST, future->result, v);
    Value *roots = push_roots(t, 2);
    roots[0] = v;
    Dict *context = dict_new(t);
    roots[1] = object_value(context);
    Str *message = str_format(t, "%s exception was never retrieved",
                              object_class(&future->header)->name->data);
    dict_set_str(t, context, NAME_OF(t, message), object_value(message));
    dict_set_str(t, context, NAME_OF(t, exception), future->result);
    dict_set_str(t, context, NAME_OF(t, future), v);
    if (future->flags & FUTURE_NOTED) report_add_stack(t, context, object_of(v));
    const char *fix = is_kind(v, OBJ_TASK)
                          ? "  fix: keep the task and `await` it, or ask it for its exception()\n"
                          : "  fix: `await` the future, or ask it for its exception()\n";
    if (!tell(t, v, future->loop, REPORT_LOST_ERROR, context, fix))
        exception_report_unraisable(t, NULL, v);
    pop_roots(t, roots);
}

void report_lost_outside_loops(Thread *t, Value text, Value exception, Place made) {
    loop_state(t)->lost_errors++;
    PROBE(t, EXCEPTION_LOST, exception, text);
    Buffer out = {0};
    if (!report_begin(t, REPORT_LOST_ERROR, &out)) return;
    buffer_printf(&out, "Future exception was never retrieved\nfuture: %s\n", STR(text)->data);
    exception_print(t, exception, &out);
    if (made.code) buffer_puts(&out, "  the job was handed over here:\n");
    report_place(t, made, &out);
    buffer_puts(&out, "  fix: ask the future for its result() or exception()\n");
    report_end(t, REPORT_LOST_ERROR, &out);
}

bool report_lost_errors_of(Thread *t, const Loop *loop) {
    Heap *heap = &t->vm->heap;
    for (size_t i = 0; i < heap->finalizable_count; i++) {
        Object *object = heap->finalizable[i];
        ObjectKind kind = object_kind(object);
        if (kind != OBJ_FUTURE && kind != OBJ_TASK) continue;
        Future *future = (Future *)object;
        if (loop && future->loop != object_value(loop->object)) continue;
        report_lost_error(t, object_value(object));
        if (t->exception != VALUE_UNSET) return false;
    }
    return true;
}

/* The coroutine of a task that never ran: the task is reported, that is enough. */
static void hide_unstarted(const Task *task) {
    if (coroutine_is_unstarted(task->coroutine))
        object_of(task->coroutine)->bits |= OBJECT_FINALIZED;
}

void report_pending_tasks(Thread *t, Loop *loop) {
    static const char fix[] = "  fix: `await` the task, or cancel() it and `await` its end\n";
    Value *roots = push_roots(t, 2);
    for (Task *task = loop->object->first_task; task; task = task->next_task) {
        if (task->future.flags & (FUTURE_QUIET | FUTURE_REPORTED)) continue;
        if (task->future.state != FUTURE_PENDING) continue;
        task->future.flags |= FUTURE_REPORTED;
        roots[0] = object_value(task);
        Dict *context = dict_new(t);
        roots[1] = object_value(context);
        dict_set_str(t, context, NAME_OF(t, message),
                     object_value(str_from(t, "Task was destroyed but it is pending!")));
        dict_set_str(t, context, NAME_OF(t, task), object_value(task));
        if (task->future.flags & FUTURE_NOTED) report_add_stack(t, context, &task->future.header);
        hide_unstarted(task);
        if (!tell(t, object_value(task), object_value(loop->object), REPORT_PENDING_TASK, context,
                  fix))
            exception_take(t);
    }
    pop_roots(t, roots);
}
