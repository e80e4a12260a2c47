/* SPDX-License-Identifier: MIT */
/*
 * The iteration protocol: iter(), next(), and the two iterators that any object can have, over
 * __getitem__ and over a callable with a sentinel.
 *
 * A `next` slot returns VALUE_DONE at the end, with the iterator's return value in t->done_value;
 * StopIteration objects are only made where a program can see them. Read next: vm/generator.c,
 * stdlib/builtins_iterators.c.
 */
#include "vm/iterate.h"

#include "vm/container.h"
#include "vm/exception.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

static Value sequence_iterator_new(Thread *t, Value over) {
    SequenceIterator *it = heap_allocate_small(&t->vm->heap, sizeof *it, OBJ_SEQUENCE_ITERATOR,
                                               BUILTIN_CLASS(t, SEQUENCE_ITERATOR));
    it->over = over;
    it->index = 0;
    return object_value(it);
}

Value value_iter(Thread *t, Value v) {
    Class *cls = class_of(t->vm, v);
    if (LIKELY(cls->slots.iter != NULL)) {
        Value iterator = cls->slots.iter(t, v);
        if (iterator == VALUE_ERROR || class_of(t->vm, iterator)->slots.next) return iterator;
        return raise_error(t, EXC_TypeError, "iter() returned non-iterator of type '%T'", iterator);
    }
    bool refused = class_lookup(t, cls, NAME_OF(t, __iter__)) == VALUE_NONE;
    if (!refused && cls->slots.getitem && !is_kind(v, OBJ_DICT)) return sequence_iterator_new(t, v);
    return raise_error(t, EXC_TypeError, "'%T' object is not iterable", v);
}

Value value_next(Thread *t, Value iterator) {
    Class *cls = class_of(t->vm, iterator);
    if (LIKELY(cls->slots.next != NULL)) return cls->slots.next(t, iterator);
    return raise_error(t, EXC_TypeError, "'%T' object is not an iterator", iterator);
}

int64_t value_length_hint(Thread *t, Value v, int64_t guess) {
    if (!is_object(v)) return guess;
    switch (object_kind(object_of(v))) {
    case OBJ_LIST: return (int64_t)LIST(v)->size;
    case OBJ_TUPLE: return (int64_t)TUPLE(v)->size;
    case OBJ_DICT: return DICT(v)->used;
    case OBJ_SET:
    case OBJ_FROZENSET: return SET(v)->used;
    case OBJ_STR: return (int64_t)STR(v)->length;
    case OBJ_BYTES: return (int64_t)BYTES(v)->size;
    case OBJ_RANGE_ITERATOR: return (int64_t)((RangeIterator *)object_of(v))->left;
    default: break;
    }
    (void)t;
    return guess;
}

bool value_for_each(Thread *t, Value iterable, ItemVisitor visit, void *context) {
    Value *roots = push_roots(t, 2);
    roots[0] = value_iter(t, iterable);
    bool ok = roots[0] != VALUE_ERROR;
    while (ok) {
        roots[1] = value_next(t, roots[0]);
        if (roots[1] == VALUE_DONE) break;
        ok = roots[1] != VALUE_ERROR && visit(t, roots[1], context) && thread_poll(t);
    }
    pop_roots(t, roots);
    return ok;
}

/* ---- over __getitem__ ---- */

static Value iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

/* IndexError and StopIteration from __getitem__ are the end. */
static Value sequence_next(Thread *t, Value self) {
    SequenceIterator *it = (SequenceIterator *)object_of(self);
    if (it->over == VALUE_UNSET) return iter_done(t);
    Value *roots = push_roots(t, 1);
    roots[0] = self;
    Value item = value_getitem(t, it->over, fixnum((int64_t)it->index));
    pop_roots(t, roots);
    if (item != VALUE_ERROR) {
        it->index++;
        return item;
    }
    if (!exception_matches(t, EXC_IndexError) && !exception_matches(t, EXC_StopIteration))
        return VALUE_ERROR;
    exception_take(t);
    heap_set(&t->vm->heap, &it->over, VALUE_UNSET);
    return iter_done(t);
}

static void sequence_trace(Heap *heap, Object *self) {
    heap_shade(heap, ((SequenceIterator *)self)->over);
}

static const Slots sequence_slots = {.iter = iter_self, .next = sequence_next};
static const NativeClass sequence_class = {
    .kind = OBJ_SEQUENCE_ITERATOR, .slots = &sequence_slots, .trace = sequence_trace};

/* ---- over a callable ---- */

static Value callable_next(Thread *t, Value self) {
    CallableIterator *it = (CallableIterator *)object_of(self);
    if (it->callable == VALUE_UNSET) return iter_done(t);
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    roots[1] = call_value(t, it->callable, NULL, 0);
    Value item = roots[1];
    int end = item == VALUE_ERROR ? -1 : value_equal(t, it->sentinel, item);
    pop_roots(t, roots);
    if (end == 0) return item;
    if (end < 0 && !exception_matches(t, EXC_StopIteration)) return VALUE_ERROR;
    if (end < 0) exception_take(t);
    heap_set(&t->vm->heap, &it->callable, VALUE_UNSET);
    heap_set(&t->vm->heap, &it->sentinel, VALUE_UNSET);
    return iter_done(t);
}

static const Slots callable_slots = {.iter = iter_self, .next = callable_next};
static const NativeClass callable_class = {
    .kind = OBJ_CALLABLE_ITERATOR, .slots = &callable_slots, .trace = trace_all_values};

/* Complete the iterators that any object can have. */
void iterate_init(Thread *t) {
    native_class_init(t, &sequence_class);
    native_class_init(t, &callable_class);
}
