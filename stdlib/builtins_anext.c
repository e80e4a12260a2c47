/* SPDX-License-Identifier: MIT */
/*
 * anext(): the awaitable of the next item of an asynchronous iterator. With a default it is wrapped
 * in an object that turns StopAsyncIteration into the default.
 *
 * Read next: vm/async_generator.c.
 */
#include "stdlib/builtins.h"
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/execute.h"
#include "vm/generator.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct AnextDefault {
    Object header;
    Value awaitable; /* of __anext__ */
    Value delegate;  /* what awaiting it delegates to, or VALUE_UNSET until asked for */
    Value otherwise; /* the default */
} AnextDefault;

static AnextDefault *anext_of(Value v) { return (AnextDefault *)object_of(v); }

static void trace(Heap *heap, Object *o) {
    AnextDefault *a = (AnextDefault *)o;
    heap_shade(heap, a->awaitable);
    heap_shade(heap, a->delegate);
    heap_shade(heap, a->otherwise);
}

static bool find_delegate(Thread *t, Value self) {
    if (anext_of(self)->delegate != VALUE_UNSET) return true;
    Value delegate = get_awaitable(t, anext_of(self)->awaitable, 0);
    if (delegate == VALUE_ERROR) return false;
    heap_set(&t->vm->heap, &anext_of(self)->delegate, delegate);
    return true;
}

/* What a step of the delegate gave, with StopAsyncIteration made into the default. */
static Value convert(Thread *t, Value self, Value result) {
    if (result != VALUE_ERROR || !exception_matches(t, EXC_StopAsyncIteration)) return result;
    exception_take(t);
    t->done_value = anext_of(self)->otherwise;
    return VALUE_DONE;
}

static Value step(Thread *t, Value self, Value v) {
    if (!find_delegate(t, self)) return VALUE_ERROR;
    Value delegate = anext_of(self)->delegate;
    bool generator = is_generator_kind(delegate);
    return convert(t, self,
                   generator ? generator_send(t, GENERATOR(delegate), v)
                             : send_to_iterator(t, delegate, v));
}

static Value item_or_stop(Thread *t, Value result) {
    return result == VALUE_DONE ? raise_stop_iteration(t) : result;
}

static Value next(Thread *t, Value self) { return step(t, self, VALUE_NONE); }

static Value itself(Thread *t, Value self) {
    (void)t;
    return self;
}

static Value method_send(Thread *t, Value *args) {
    return item_or_stop(t, step(t, args[0], args[1]));
}

/* throw(), close(): the delegate's method of that name. */
static Value forward(Thread *t, Value *args, NameId name, int argc) {
    if (!find_delegate(t, args[0])) return VALUE_ERROR;
    Value result = call_method(t, anext_of(args[0])->delegate, t->vm->names[name], args + 1, argc);
    return item_or_stop(t, convert(t, args[0], result));
}

static Value method_throw(Thread *t, Value *args) {
    int argc = args[3] != VALUE_UNSET ? 3 : args[2] != VALUE_UNSET ? 2 : 1;
    return forward(t, args, NAME_throw, argc);
}
static Value method_close(Thread *t, Value *args) { return forward(t, args, NAME_close, 0); }

static const Slots slots = {.await = itself, .iter = itself, .next = next};
static const NativeDef methods[] = {
    {"send", method_send, "(self, value, /)", NULL},
    {"throw", method_throw, "(self, typ, val=?, tb=?, /)", NULL},
    {"close", method_close, "(self, /)", NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass anext_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "anext_awaitable",
    .slots = &slots,
    .methods = methods,
    .size = sizeof(AnextDefault),
    .trace = trace,
};

static Value builtin_anext(Thread *t, Value *args) {
    Class *cls = class_of(t->vm, args[0]);
    if (!cls->slots.anext)
        return raise_error(t, EXC_TypeError, "'%T' object is not an async iterator", args[0]);
    Value awaitable = cls->slots.anext(t, args[0]);
    if (awaitable == VALUE_ERROR || args[1] == VALUE_UNSET) return awaitable;
    args[0] = awaitable;
    AnextDefault *a =
        object_new(t, stdlib_class(t, CLASS_ANEXT, NULL, &anext_class, "builtins", NULL), 0);
    a->awaitable = args[0];
    a->delegate = VALUE_UNSET;
    a->otherwise = args[1];
    return object_value(a);
}

const NativeDef builtins_anext_functions[] = {
    {"anext", builtin_anext, "(aiterator, default=?, /)", "async anext(aiterator[, default])"},
    {NULL, NULL, NULL, NULL},
};
