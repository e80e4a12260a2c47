/* SPDX-License-Identifier: MIT */
/*
 * Handles: callbacks that call_soon, call_later and call_at have accepted, and that can be
 * cancelled.
 *
 * Tasks and futures do not make any: only callers who receive one do. A cancelled timer leaves the
 * heap later (see loop/timers.h).
 *
 * Read next: loop/handle_class.c, loop/run.c.
 */
#include "loop/report.h"
#include "vm/container.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/made.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

static Handle *make(Thread *t, Class *cls, Value loop, Value callback, Value args, Value context) {
    Handle *handle = heap_allocate_small(&t->vm->heap, sizeof *handle, OBJ_HANDLE, cls);
    handle->callback = callback;
    handle->args = args != VALUE_NONE && TUPLE(args)->size ? args : VALUE_NONE;
    handle->context = context_for_later(t, context);
    handle->loop = loop;
    handle->when = handle->text = VALUE_NONE;
    handle->cancelled = handle->is_timer = handle->scheduled = handle->noted = false;
    return handle;
}

/* In debug mode: note the stack, where the caller asked for it. */
static void note_stack(Thread *t, const Loop *loop, Value v) {
    if (LIKELY(!loop->debug)) return;
    made_note(t, object_of(v), MADE_DEPTH);
    HANDLE(v)->noted = true;
}

Value handle_new(Thread *t, Value loop, Value callback, Value args, Value context) {
    return object_value(make(t, BUILTIN_CLASS(t, HANDLE), loop, callback, args, context));
}

Value handle_new_noted(Thread *t, Loop *loop, Value callback, Value args, Value context) {
    Value handle = handle_new(t, object_value(loop->object), callback, args, context);
    note_stack(t, loop, handle);
    return handle;
}

Value handle_arguments(Thread *t, Value arg) {
    return arg == VALUE_UNSET ? VALUE_NONE : object_value(tuple_from(t, &arg, 1));
}

Value handle_new_timer(Thread *t, Loop *loop, int64_t deadline, double when, Value callback,
                       Value args, Value context) {
    Handle *handle =
        make(t, loop->state->timer_handle, object_value(loop->object), callback, args, context);
    handle->is_timer = handle->scheduled = true;
    handle->when = float_new(t, when);
    note_stack(t, loop, object_value(handle));
    timers_push(&loop->timers, deadline, object_value(handle));
    PROBE(t, TIMER_ARMED, callback, float_new(t, clock_to_seconds(deadline - loop_now(loop))));
    return object_value(handle);
}

bool timer_is_dead(Value what) {
    if (is_kind(what, OBJ_HANDLE)) return HANDLE(what)->cancelled;
    const Future *future = FUTURE(what);
    return future->state != FUTURE_PENDING || (future->flags & FUTURE_CLOSED);
}

/* context.run(callback, *args) */
static Value run_in_context(Thread *t, Handle *handle, const Value *args, size_t argc) {
    Value *roots = push_roots(t, (int)argc + 2);
    roots[0] = value_getattr(t, handle->context, NAME_OF(t, run));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[1] = handle->callback;
    for (size_t i = 0; i < argc; i++) roots[2 + i] = args[i];
    Value v = call_value(t, roots[0], roots + 1, (int)argc + 1);
    pop_roots(t, roots);
    return v;
}

bool handle_run(Thread *t, Handle *handle) {
    if (handle->cancelled) return true;
    size_t argc = handle->args == VALUE_NONE ? 0 : TUPLE(handle->args)->size;
    const Value *args = argc ? TUPLE(handle->args)->items : NULL;
    PROBE(t, CALLBACK_RUN, handle->callback, handle->args);
    Value v = handle->context == VALUE_NONE ? call_value(t, handle->callback, args, (int)argc)
                                            : run_in_context(t, handle, args, argc);
    if (UNLIKELY(v == VALUE_ERROR))
        return callback_failed(t, handle->loop, object_value(handle), VALUE_UNSET);
    if (UNLIKELY(is_object(v)))
        report_callback_result(t, handle->is_timer ? "call_later()" : "call_soon()", v);
    return true;
}

void handle_timer_cancelled(Value loop) {
    Loop *inner = is_kind(loop, OBJ_LOOP) ? loop_of(loop) : NULL;
    if (inner) inner->timers.cancelled++;
}

void handle_cancel(Thread *t, Handle *handle) {
    if (handle->cancelled) return;
    handle->cancelled = true;
    if (handle->scheduled) handle_timer_cancelled(handle->loop);
    heap_set(&t->vm->heap, &handle->callback, VALUE_NONE);
    heap_set(&t->vm->heap, &handle->args, VALUE_NONE);
}

bool handle_text(Thread *t, Value what, Value arg, Buffer *out) {
    if (!is_kind(what, OBJ_HANDLE)) return callback_text(t, what, &arg, arg != VALUE_UNSET, out);
    Handle *handle = HANDLE(what);
    size_t argc = handle->args == VALUE_NONE ? 0 : TUPLE(handle->args)->size;
    return callback_text(t, handle->callback, argc ? TUPLE(handle->args)->items : NULL, argc, out);
}

bool callback_failed(Thread *t, Value loop, Value what, Value arg) {
    if (exception_matches(t, EXC_SystemExit) || exception_matches(t, EXC_KeyboardInterrupt))
        return false;
    if (class_is_subclass(object_class(object_of(t->exception)), loop_state(t)->deadlock))
        return false;
    Value *roots = push_roots(t, 4);
    roots[0] = exception_take(t);
    roots[1] = what;
    if (!is_kind(what, OBJ_HANDLE)) {
        roots[1] = handle_new(t, loop, what, handle_arguments(t, arg), VALUE_NONE);
    }
    Buffer message = {0};
    buffer_puts(&message, "Exception in callback ");
    if (!handle_text(t, what, arg, &message)) {
        exception_take(t);
        buffer_puts(&message, "?");
    }
    Dict *context = dict_new(t);
    roots[2] = object_value(context);
    dict_set_str(t, context, NAME_OF(t, message), object_value(str_from_buffer(t, &message)));
    dict_set_str(t, context, NAME_OF(t, exception), roots[0]);
    dict_set_str(t, context, NAME_OF(t, handle), roots[1]);
    if (HANDLE(roots[1])->noted) report_add_stack(t, context, object_of(roots[1]));
    bool ok = report_to_loop(t, loop, context);
    pop_roots(t, roots);
    return ok;
}
