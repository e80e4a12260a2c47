/* SPDX-License-Identifier: MIT */
/*
 * Handles: callbacks that call_soon, call_later and call_at have accepted, and that can be
 * cancelled.
 *
 * Tasks and futures do not make any: only callers who receive one do. A cancelled timer leaves the
 * heap later (see loop/timers.h).
 *
 * Read next: loop/run.c.
 */
#include "loop/loop.h"
#include "vm/container.h"
#include "vm/context.h"
#include "vm/exception.h"
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
    handle->when = 0;
    handle->cancelled = handle->is_timer = handle->scheduled = false;
    return handle;
}

Value handle_new(Thread *t, Value loop, Value callback, Value args, Value context) {
    return object_value(make(t, BUILTIN_CLASS(t, HANDLE), loop, callback, args, context));
}

Value handle_arguments(Thread *t, Value arg) {
    return arg == VALUE_UNSET ? VALUE_NONE : object_value(tuple_from(t, &arg, 1));
}

Value handle_new_timer(Thread *t, Loop *loop, int64_t deadline, double when, Value callback,
                       Value args, Value context) {
    Handle *handle =
        make(t, loop->state->timer_handle, object_value(loop->object), callback, args, context);
    handle->is_timer = handle->scheduled = true;
    handle->when = when;
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

void handle_cancel(Thread *t, Handle *handle) {
    if (handle->cancelled) return;
    handle->cancelled = true;
    if (handle->scheduled) {
        Loop *loop = loop_of(handle->loop);
        if (loop) loop->timers.cancelled++;
    }
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
    bool ok = report_to_loop(t, loop, context);
    pop_roots(t, roots);
    return ok;
}

/* ---- the classes ---- */

static void trace(Heap *heap, Object *self) {
    Handle *handle = (Handle *)self;
    heap_shade(heap, handle->callback);
    heap_shade(heap, handle->args);
    heap_shade(heap, handle->context);
    heap_shade(heap, handle->loop);
}

static Value cancel(Thread *t, Value *args) {
    handle_cancel(t, HANDLE(args[0]));
    return VALUE_NONE;
}

static Value cancelled(Thread *t, Value *args) {
    (void)t;
    return bool_value(HANDLE(args[0])->cancelled);
}

static Value when(Thread *t, Value *args) { return float_new(t, HANDLE(args[0])->when); }

static Value repr(Thread *t, Value self) {
    Handle *handle = HANDLE(self);
    Buffer out = {0};
    buffer_printf(&out, "<%s", object_class(&handle->header)->name->data);
    if (handle->cancelled) buffer_puts(&out, " cancelled");
    if (handle->is_timer) {
        buffer_puts(&out, " when=");
        float_repr_into(&out, handle->when);
    }
    if (handle->callback != VALUE_NONE) {
        buffer_putc(&out, ' ');
        if (!handle_text(t, self, VALUE_UNSET, &out)) {
            buffer_free(&out);
            return VALUE_ERROR;
        }
    }
    buffer_putc(&out, '>');
    return object_value(str_from_buffer(t, &out));
}

/* Timers are ordered by when they are due. */
static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    (void)t;
    if (op == COMPARE_EQ) return bool_value(a == b);
    if (op == COMPARE_NE) return bool_value(a != b);
    if (!is_kind(a, OBJ_HANDLE) || !is_kind(b, OBJ_HANDLE)) return VALUE_NOTIMPLEMENTED;
    if (!HANDLE(a)->is_timer || !HANDLE(b)->is_timer) return VALUE_NOTIMPLEMENTED;
    double x = HANDLE(a)->when, y = HANDLE(b)->when;
    switch (op) {
    case COMPARE_LT: return bool_value(x < y);
    case COMPARE_LE: return bool_value(x <= y);
    case COMPARE_GT: return bool_value(x > y);
    default: return bool_value(x >= y);
    }
}

static bool hash(Thread *t, Value self, int64_t *out) {
    *out = (int64_t)value_id(t->vm, self);
    return true;
}

static Value get_callback(Thread *t, Value self) {
    (void)t;
    return HANDLE(self)->callback;
}

static Value get_args(Thread *t, Value self) {
    Value args = HANDLE(self)->args;
    return args == VALUE_NONE && !HANDLE(self)->cancelled ? object_value(t->vm->empty_tuple) : args;
}

static Value get_cancelled(Thread *t, Value self) {
    (void)t;
    return bool_value(HANDLE(self)->cancelled);
}

static Value get_loop(Thread *t, Value self) {
    (void)t;
    return HANDLE(self)->loop;
}

static const Slots slots = {.repr = repr, .compare = compare, .hash = hash};

static const NativeDef methods[] = {
    {"cancel", cancel, "(self, /)", "The callback will not be called."},
    {"cancelled", cancelled, "(self, /)", "Was it cancelled?"},
    {0},
};

static const NativeDef timer_methods[] = {
    {"when", when, "(self, /)", "The loop.time() at which it is due."},
    {0},
};

static const FieldDef fields[] = {
    {"_callback", get_callback, NULL, "What will be called."},
    {"_args", get_args, NULL, "With which arguments."},
    {"_cancelled", get_cancelled, NULL, "Was it cancelled?"},
    {"_loop", get_loop, NULL, "The loop that will call it."},
    {0},
};

/* Make the classes Handle and TimerHandle. */
void handle_install(Thread *t, LoopState *state) {
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_HANDLE,
                             .slots = &slots,
                             .methods = methods,
                             .fields = fields,
                             .doc = "A callback that the loop has accepted.",
                             .trace = trace,
                         });
    Class *handle = BUILTIN_CLASS(t, HANDLE);
    handle->module = object_value(str_from(t, "asyncio.events"));
    state->timer_handle = native_class_new(t,
                                           &(NativeClass){
                                               .kind = OBJ_HANDLE,
                                               .name = "TimerHandle",
                                               .methods = timer_methods,
                                               .doc = "A callback that waits for its time.",
                                               .trace = trace,
                                           },
                                           "asyncio.events", handle);
}
