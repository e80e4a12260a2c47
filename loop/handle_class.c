/* SPDX-License-Identifier: MIT */
/*
 * The classes asyncio.Handle and asyncio.TimerHandle, as programs see them: they may be made and
 * derived from by loops that programs write, whose loop is any object.
 *
 * In debug mode a handle knows the stack in which it was made, and a cancelled one keeps the text
 * of what it would have called.
 *
 * Read next: loop/handle.c (making and running them).
 */
#include "loop/loop.h"
#include "vm/container.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/made.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static void trace(Heap *heap, Object *self) {
    Handle *handle = (Handle *)self;
    Value values[] = {handle->callback, handle->args, handle->context,
                      handle->loop,     handle->when, handle->text};
    for (int i = 0; i < 6; i++) heap_shade(heap, values[i]);
}

/* ---- construction ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Handle *handle = object_new(t, cls, 0);
    handle->callback = handle->args = handle->context = VALUE_NONE;
    handle->loop = handle->when = handle->text = VALUE_NONE;
    handle->is_timer = class_is_subclass(cls, loop_state(t)->timer_handle);
    return object_value(handle);
}

/* Is [loop] in debug mode? 1, 0; -1 raised. */
static int in_debug_mode(Thread *t, Value loop) {
    if (is_kind(loop, OBJ_LOOP)) return EVENT_LOOP(loop)->debug;
    Value v = call_method(t, loop, str_intern(t->vm, "get_debug", 9), NULL, 0);
    return v == VALUE_ERROR ? -1 : value_truth(t, v);
}

/* [values]: callback, args, loop, context; all and [self] are rooted. */
static bool fill(Thread *t, Value self, Value *values) {
    int debug = in_debug_mode(t, values[2]);
    if (debug < 0) return false;
    if (!is_kind(values[1], OBJ_TUPLE)) {
        Tuple *args = tuple_from_iterable(t, values[1]);
        if (!args) return false;
        values[1] = object_value(args);
    }
    Heap *heap = &t->vm->heap;
    Handle *handle = HANDLE(self);
    heap_set(heap, &handle->callback, values[0]);
    heap_set(heap, &handle->args, values[1]);
    heap_set(heap, &handle->loop, values[2]);
    Value context = values[3] == VALUE_UNSET ? VALUE_NONE : values[3];
    heap_set(heap, &handle->context, context_for_later(t, context));
    handle->cancelled = handle->scheduled = false;
    if (debug && !handle->noted) made_note(t, &handle->header, MADE_DEPTH);
    handle->noted = debug;
    return true;
}

/* Handle(callback, args, loop, context=None) */
static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    static const char *const names[] = {"callback", "args", "loop", "context", NULL};
    Value *roots = push_roots(t, 5);
    roots[4] = self;
    bool ok = bind_names(t, "Handle.__init__", names, 3, roots, args, argc, kwnames) &&
              fill(t, self, roots);
    pop_roots(t, roots);
    return ok;
}

/* TimerHandle(when, callback, args, loop, context=None) */
static bool init_timer(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    static const char *const names[] = {"when", "callback", "args", "loop", "context", NULL};
    Value *roots = push_roots(t, 6);
    roots[5] = self;
    bool ok = bind_names(t, "TimerHandle.__init__", names, 4, roots, args, argc, kwnames) &&
              fill(t, self, roots + 1);
    if (ok) heap_set(&t->vm->heap, &HANDLE(self)->when, roots[0]);
    pop_roots(t, roots);
    return ok;
}

/* ---- methods ---- */

static Value call_repr(Thread *t, Value self) {
    Str *text = value_repr(t, self);
    return text ? object_value(text) : VALUE_ERROR;
}

static Value cancel(Thread *t, Value *args) {
    Handle *handle = HANDLE(args[0]);
    if (handle->cancelled) return VALUE_NONE;
    int debug = in_debug_mode(t, handle->loop);
    if (debug < 0) return VALUE_ERROR;
    if (debug) {
        handle->cancelled = true;
        Value text = call_repr(t, args[0]);
        if (text == VALUE_ERROR) return VALUE_ERROR;
        heap_set(&t->vm->heap, &handle->text, text);
        handle->cancelled = false;
    }
    handle_cancel(t, handle);
    return VALUE_NONE;
}

/* A loop that is none of ours wants to hear of it. */
static Value cancel_timer(Thread *t, Value *args) {
    Handle *handle = HANDLE(args[0]);
    if (!handle->cancelled && !is_kind(handle->loop, OBJ_LOOP)) {
        Str *name = str_intern(t->vm, "_timer_handle_cancelled", 23);
        if (call_method(t, handle->loop, name, args, 1) == VALUE_ERROR) return VALUE_ERROR;
    }
    return cancel(t, args);
}

static Value cancelled(Thread *t, Value *args) {
    (void)t;
    return bool_value(HANDLE(args[0])->cancelled);
}

static Value when(Thread *t, Value *args) {
    (void)t;
    return HANDLE(args[0])->when;
}

static Value run(Thread *t, Value *args) {
    return handle_run(t, HANDLE(args[0])) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- slots ---- */

static bool put_text(Thread *t, Value self, Buffer *out) {
    Handle *handle = HANDLE(self);
    buffer_printf(out, "<%s", object_class(&handle->header)->name->data);
    if (handle->cancelled) buffer_puts(out, " cancelled");
    if (handle->is_timer) {
        Str *text = value_repr(t, handle->when);
        if (!text) return false;
        buffer_printf(out, " when=%s", text->data);
    }
    if (handle->callback != VALUE_NONE) {
        buffer_putc(out, ' ');
        if (!handle_text(t, self, VALUE_UNSET, out)) return false;
    }
    if (handle->noted) made_text(&t->vm->heap, &handle->header, out);
    buffer_putc(out, '>');
    return true;
}

static Value repr(Thread *t, Value self) {
    if (HANDLE(self)->text != VALUE_NONE) return HANDLE(self)->text;
    Buffer out = {0};
    Value *root = push_roots(t, 1);
    *root = self;
    bool ok = put_text(t, self, &out);
    pop_roots(t, root);
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

/* Timers are equal when they would do the same at the same time. */
static int same_timer(Thread *t, Value a, Value b) {
    Handle *x = HANDLE(a), *y = HANDLE(b);
    int same = value_equal(t, x->when, y->when);
    if (same > 0) same = value_equal(t, x->callback, y->callback);
    if (same > 0) same = value_equal(t, x->args, y->args);
    return same > 0 ? x->cancelled == y->cancelled : same;
}

/* Their order is that of the moments at which they are due. */
static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_HANDLE) || !HANDLE(b)->is_timer) return VALUE_NOTIMPLEMENTED;
    if (op != COMPARE_EQ && op != COMPARE_NE && op != COMPARE_LE && op != COMPARE_GE)
        return value_compare(t, op, HANDLE(a)->when, HANDLE(b)->when);
    if (op == COMPARE_LE || op == COMPARE_GE) {
        CompareOp strict = op == COMPARE_LE ? COMPARE_LT : COMPARE_GT;
        Value v = value_compare(t, strict, HANDLE(a)->when, HANDLE(b)->when);
        int truth = v == VALUE_ERROR ? -1 : value_truth(t, v);
        if (truth) return truth < 0 ? VALUE_ERROR : VALUE_TRUE;
    }
    int same = same_timer(t, a, b);
    if (same < 0) return VALUE_ERROR;
    return bool_value(same == (op != COMPARE_NE));
}

static bool hash(Thread *t, Value self, int64_t *out) {
    return value_hash(t, HANDLE(self)->when, out);
}

/* ---- fields ---- */

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

/* A handle that was made in an empty context has none yet: one is made. */
static Value get_context(Thread *t, Value self) {
    Handle *handle = HANDLE(self);
    if (handle->context == VALUE_NONE) heap_set(&t->vm->heap, &handle->context, context_new(t));
    return handle->context;
}

static Value get_source_traceback(Thread *t, Value self) {
    if (!HANDLE(self)->noted) return VALUE_NONE;
    Value *root = push_roots(t, 1);
    *root = self;
    Value summary = made_summary(t, object_of(self));
    pop_roots(t, root);
    return summary;
}

static Value get_when(Thread *t, Value self) {
    (void)t;
    return HANDLE(self)->when;
}

static Value get_scheduled(Thread *t, Value self) {
    (void)t;
    return bool_value(HANDLE(self)->scheduled);
}

static bool set_scheduled(Thread *t, Value self, Value v) {
    int truth = v == VALUE_UNSET ? 0 : value_truth(t, v);
    if (truth >= 0) HANDLE(self)->scheduled = truth;
    return truth >= 0;
}

/* ---- the classes ---- */

static const Slots slots = {.repr = repr, .construct = construct, .init = init};
static const Slots timer_slots = {.compare = compare, .hash = hash, .init = init_timer};

static const NativeDef methods[] = {
    {"cancel", cancel, "(self, /)", "The callback will not be called."},
    {"cancelled", cancelled, "(self, /)", "Was it cancelled?"},
    {"_run", run, "(self, /)", "Call the callback; its errors go to the loop's exception handler."},
    {0},
};

static const NativeDef timer_methods[] = {
    {"cancel", cancel_timer, "(self, /)", "The callback will not be called."},
    {"when", when, "(self, /)", "The loop.time() at which it is due."},
    {0},
};

static const FieldDef fields[] = {
    {"_callback", get_callback, NULL, "What will be called."},
    {"_args", get_args, NULL, "With which arguments."},
    {"_cancelled", get_cancelled, NULL, "Was it cancelled?"},
    {"_loop", get_loop, NULL, "The loop that will call it."},
    {"_context", get_context, NULL, "The context in which it will be called."},
    {"_source_traceback", get_source_traceback, NULL,
     "In debug mode the stack in which it was made, else None."},
    {0},
};

static const FieldDef timer_fields[] = {
    {"_when", get_when, NULL, "The loop.time() at which it is due."},
    {"_scheduled", get_scheduled, set_scheduled, "Is it among the timers of its loop?"},
    {0},
};

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
    handle->instance_size = sizeof(Handle);
    handle->module = object_value(str_from(t, "asyncio.events"));
    state->timer_handle = native_class_new(t,
                                           &(NativeClass){
                                               .kind = OBJ_HANDLE,
                                               .name = "TimerHandle",
                                               .slots = &timer_slots,
                                               .methods = timer_methods,
                                               .fields = timer_fields,
                                               .doc = "A callback that waits for its time.",
                                               .trace = trace,
                                           },
                                           "asyncio.events", handle);
}
