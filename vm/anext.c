/* SPDX-License-Identifier: MIT */
/*
 * The built-in anext(): the awaitable that gives the next item of an async iterator, or a default
 * at its end.
 *
 * Without a default it is what __anext__() returns. With one, an object of kind OBJ_ANEXT_AWAITABLE
 * drives that and turns StopAsyncIteration into a normal end. Its [iterator] is found when it is
 * first resumed.
 *
 * Read next: vm/async_generator.c.
 */
#include "vm/execute.h"
#include "vm/generator_methods.h"

typedef struct AnextAwaitable {
    Object header;
    Value wrapped, fallback; /* what __anext__() returned, and the default */
    Value iterator;          /* what is resumed; VALUE_UNSET: not known yet */
} AnextAwaitable;

#define ANEXT_AWAITABLE(v) ((AnextAwaitable *)(uintptr_t)(v))

Value async_next(Thread *t, Value iterator, Value fallback) {
    Class *cls = class_of(t->vm, iterator);
    if (!cls->slots.anext)
        return raise_error(t, EXC_TypeError, "'%T' object is not an async iterator", iterator);
    Value wrapped = cls->slots.anext(t, iterator);
    if (wrapped == VALUE_ERROR || fallback == VALUE_UNSET) return wrapped;
    AnextAwaitable *a = heap_allocate(&t->vm->heap, sizeof *a, OBJ_ANEXT_AWAITABLE,
                                      BUILTIN_CLASS(t, ANEXT_AWAITABLE));
    a->wrapped = wrapped;
    a->fallback = fallback;
    a->iterator = VALUE_UNSET;
    return object_value(a);
}

/* What [self] resumes: a generator or coroutine itself, or the iterator of another awaitable. */
static Value iterator_of(Thread *t, Value self) {
    AnextAwaitable *a = ANEXT_AWAITABLE(self);
    if (a->iterator != VALUE_UNSET) return a->iterator;
    Value it = is_generator_kind(a->wrapped) ? a->wrapped : get_awaitable(t, a->wrapped, 0);
    if (is_future(it)) it = future_iterator(t, it);
    if (it != VALUE_ERROR) heap_set(&t->vm->heap, &a->iterator, it);
    return it;
}

/* The end of the async iterator is this awaitable's result. */
static Value or_fallback(Thread *t, Value self, Value v) {
    if (v != VALUE_ERROR || !exception_matches(t, EXC_StopAsyncIteration)) return v;
    exception_take(t);
    t->done_value = ANEXT_AWAITABLE(self)->fallback;
    return VALUE_DONE;
}

static Value stop_or_value(Thread *t, Value v) {
    return v == VALUE_DONE ? raise_stop_iteration(t) : v;
}

static Value anext_next(Thread *t, Value self) {
    Value it = iterator_of(t, self);
    if (it == VALUE_ERROR) return it;
    Value v =
        is_generator_kind(it) ? generator_send(t, GENERATOR(it), VALUE_NONE) : value_next(t, it);
    return or_fallback(t, self, v);
}

static Value method_send(Thread *t, Value *args) {
    Value it = iterator_of(t, args[0]);
    if (it == VALUE_ERROR) return it;
    Value v = is_generator_kind(it) ? generator_send(t, GENERATOR(it), args[1])
                                    : call_method(t, it, NAME_OF(t, send), args + 1, 1);
    return stop_or_value(t, or_fallback(t, args[0], v));
}

static Value method_throw(Thread *t, Value *args) {
    Value it = iterator_of(t, args[0]);
    if (it == VALUE_ERROR) return it;
    int argc = args[3] != VALUE_UNSET ? 3 : args[2] != VALUE_UNSET ? 2 : 1;
    Value v = is_generator_kind(it) ? generator_throw_arguments(t, GENERATOR(it), args)
                                    : call_method(t, it, NAME_OF(t, throw), args + 1, argc);
    return stop_or_value(t, or_fallback(t, args[0], v));
}

static Value method_close(Thread *t, Value *args) {
    Value it = iterator_of(t, args[0]);
    if (it == VALUE_ERROR) return it;
    if (is_generator_kind(it)) return generator_close(t, GENERATOR(it)) ? VALUE_NONE : VALUE_ERROR;
    return call_method(t, it, NAME_OF(t, close), NULL, 0);
}

static Value itself(Thread *t, Value self) {
    (void)t;
    return self;
}

static void anext_trace(Heap *heap, Object *o) {
    AnextAwaitable *a = (AnextAwaitable *)o;
    heap_shade(heap, a->wrapped);
    heap_shade(heap, a->fallback);
    heap_shade(heap, a->iterator);
}

/* Complete the class anext_awaitable. */
void anext_init(Thread *t) {
    static const NativeDef methods[] = {
        {"send", method_send, "(self, value, /)", "Go on with the step."},
        {"throw", method_throw, "(self, type, value=?, traceback=?, /)",
         "Raise the exception in what is awaited."},
        {"close", method_close, "(self, /)", "Close what is awaited."},
        {NULL, NULL, NULL, NULL},
    };
    static const Slots slots = {.iter = itself, .next = anext_next, .await = itself};
    native_class_init(t, &(NativeClass){.kind = OBJ_ANEXT_AWAITABLE,
                                        .slots = &slots,
                                        .methods = methods,
                                        .trace = anext_trace});
}
