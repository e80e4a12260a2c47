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
    if (cls->slots.getitem && !is_kind(v, OBJ_DICT)) return sequence_iterator_new(t, v);
    return raise_error(t, EXC_TypeError, "'%T' object is not iterable", v);
}

Value value_next(Thread *t, Value iterator) {
    Class *cls = class_of(t->vm, iterator);
    if (LIKELY(cls->slots.next != NULL)) return cls->slots.next(t, iterator);
    return raise_error(t, EXC_TypeError, "'%T' object is not an iterator", iterator);
}

/* What __length_hint__ has given, as a number. */
static int64_t checked_hint(Thread *t, Value hint, int64_t guess) {
    int64_t n;
    if (hint == VALUE_ERROR && exception_matches(t, EXC_TypeError)) {
        exception_take(t);
        return guess;
    }
    if (hint == VALUE_ERROR) return -1;
    if (hint == VALUE_NOTIMPLEMENTED) return guess;
    if (!is_int(hint)) {
        raise_error(t, EXC_TypeError, "__length_hint__ must be an integer, not %T", hint);
        return -1;
    }
    if (!arg_int64(t, hint, &n)) return -1;
    if (n < 0) raise_error(t, EXC_ValueError, "__length_hint__() should return >= 0");
    return n < 0 ? -1 : n;
}

int64_t value_ask_length_hint(Thread *t, Value v, int64_t guess) {
    Value *roots = push_roots(t, 1);
    roots[0] = v;
    int64_t n = -1;
    if (class_of(t->vm, v)->slots.length) {
        n = value_length(t, v);
        if (n >= 0 || !exception_matches(t, EXC_TypeError)) {
            pop_roots(t, roots);
            return n;
        }
        exception_take(t);
    }
    Value method = lookup_special(t, v, NAME_OF(t, __length_hint__));
    if (method == VALUE_UNSET) n = guess;
    else if (method != VALUE_ERROR) n = checked_hint(t, call_value(t, method, NULL, 0), guess);
    pop_roots(t, roots);
    return n;
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

/* ---- state, for pickle and copy ---- */

Value iterator_maker(Thread *t, const char *name) {
    Value key = object_value(str_intern(t->vm, name, strlen(name)));
    Value maker = dict_get(t, t->vm->builtins->dict, key);
    return maker == VALUE_UNSET ? raise_error(t, EXC_AttributeError, "%s", name) : maker;
}

Value iterator_reduced(Thread *t, Value maker, Tuple *arguments, Value state) {
    Value items[] = {maker, object_value(arguments), state};
    return object_value(tuple_from(t, items, state == VALUE_UNSET ? 2 : 3));
}

/* The same with one argument. */
static Value reduced_over(Thread *t, Value maker, Value over, Value state) {
    return iterator_reduced(t, maker, tuple_from(t, &over, 1), state);
}

Value iterator_reduced_rest(Thread *t, Value rest) {
    Value *roots = push_roots(t, 2);
    roots[0] = rest;
    roots[1] = iterator_maker(t, "iter");
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    List *items = list_from_iterable(t, rest);
    pop_roots(t, roots);
    return items ? reduced_over(t, roots[1], object_value(items), VALUE_UNSET) : VALUE_ERROR;
}

/* What an exhausted iterator of this kind is made from again. */
static Value empty_of(Thread *t, ObjectKind kind) {
    bool list = kind == OBJ_LIST_ITERATOR || kind == OBJ_LIST_REVERSE_ITERATOR;
    if (list) return object_value(list_new(t, 0));
    return object_value(kind == OBJ_STR_ITERATOR ? (void *)t->vm->empty_str : t->vm->empty_tuple);
}

Value sequence_iterator_reduce(Thread *t, Value *args) {
    SequenceIterator *it = SEQUENCE_ITERATOR(args[0]);
    ObjectKind kind = object_kind(&it->header);
    bool backwards = kind == OBJ_LIST_REVERSE_ITERATOR;
    Value maker = iterator_maker(t, backwards && it->over != VALUE_UNSET ? "reversed" : "iter");
    if (maker == VALUE_ERROR) return VALUE_ERROR;
    if (it->over == VALUE_UNSET) return reduced_over(t, maker, empty_of(t, kind), VALUE_UNSET);
    int64_t index = (int64_t)it->index - backwards;
    if (kind == OBJ_STR_ITERATOR) index = (int64_t)str_index_at(STR(it->over), it->index);
    return reduced_over(t, maker, it->over, fixnum(index));
}

/* How long the sequence is, as far as an index may go. */
static int64_t sequence_limit(const SequenceIterator *it) {
    switch (object_kind(object_of(it->over))) {
    case OBJ_LIST: return (int64_t)LIST(it->over)->size;
    case OBJ_TUPLE: return (int64_t)TUPLE(it->over)->size;
    case OBJ_STR: return (int64_t)STR(it->over)->length;
    case OBJ_BYTES: return (int64_t)BYTES(it->over)->size;
    case OBJ_BYTEARRAY: return (int64_t)((Bytearray *)object_of(it->over))->size;
    default: return FIXNUM_MAX;
    }
}

Value sequence_iterator_setstate(Thread *t, Value *args) {
    SequenceIterator *it = SEQUENCE_ITERATOR(args[0]);
    ObjectKind kind = object_kind(&it->header);
    int64_t index;
    if (!is_int(args[1])) return raise_error(t, EXC_TypeError, "an integer is required");
    if (!arg_int64(t, args[1], &index)) return VALUE_ERROR;
    if (it->over == VALUE_UNSET) return VALUE_NONE;
    int64_t limit = kind == OBJ_SEQUENCE_ITERATOR ? FIXNUM_MAX : sequence_limit(it);
    if (kind == OBJ_LIST_REVERSE_ITERATOR && index < limit) index++;
    if (index < 0) index = 0;
    if (index > limit) index = limit;
    it->index =
        kind == OBJ_STR_ITERATOR ? str_byte_offset(STR(it->over), (size_t)index) : (size_t)index;
    return VALUE_NONE;
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

/* How many items are to come, when the sequence says its length. */
static Value sequence_length_hint(Thread *t, Value *args) {
    SequenceIterator *it = SEQUENCE_ITERATOR(args[0]);
    if (it->over == VALUE_UNSET) return fixnum(0);
    if (!class_of(t->vm, it->over)->slots.length) return VALUE_NOTIMPLEMENTED;
    int64_t length = value_length(t, it->over);
    if (length < 0) return VALUE_ERROR;
    return fixnum(length > (int64_t)it->index ? length - (int64_t)it->index : 0);
}

static void sequence_trace(Heap *heap, Object *self) {
    heap_shade(heap, ((SequenceIterator *)self)->over);
}

static const NativeDef sequence_methods[] = {
    {"__length_hint__", sequence_length_hint, "(self, /)", "How many items are to come."},
    SEQUENCE_ITERATOR_STATE,
    {0},
};
static const Slots sequence_slots = {.iter = iter_self, .next = sequence_next};
static const NativeClass sequence_class = {
    .kind = OBJ_SEQUENCE_ITERATOR,
    .slots = &sequence_slots,
    .methods = sequence_methods,
    .trace = sequence_trace,
};

/* ---- over a callable ---- */

static Value callable_next(Thread *t, Value self) {
    CallableIterator *it = (CallableIterator *)object_of(self);
    if (it->callable == VALUE_UNSET) return iter_done(t);
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    roots[1] = call_value(t, it->callable, NULL, 0);
    Value item = roots[1];
    if (item != VALUE_ERROR && it->callable == VALUE_UNSET) { /* the call has come to the end */
        pop_roots(t, roots);
        return iter_done(t);
    }
    int end = item == VALUE_ERROR ? -1 : value_equal(t, it->sentinel, item);
    pop_roots(t, roots);
    if (end == 0) return item;
    if (end < 0 && !exception_matches(t, EXC_StopIteration)) return VALUE_ERROR;
    if (end < 0) exception_take(t);
    heap_set(&t->vm->heap, &it->callable, VALUE_UNSET);
    heap_set(&t->vm->heap, &it->sentinel, VALUE_UNSET);
    return iter_done(t);
}

static Value callable_reduce(Thread *t, Value *args) {
    CallableIterator *it = (CallableIterator *)object_of(args[0]);
    Value maker = iterator_maker(t, "iter");
    if (maker == VALUE_ERROR) return VALUE_ERROR;
    Value over[] = {it->callable, it->sentinel}, empty = object_value(t->vm->empty_tuple);
    bool over_now = it->callable == VALUE_UNSET;
    return iterator_reduced(t, maker, over_now ? tuple_from(t, &empty, 1) : tuple_from(t, over, 2),
                            VALUE_UNSET);
}

static const NativeDef callable_methods[] = {
    {"__reduce__", callable_reduce, "(self, /)", "State for pickle and copy."},
    {0},
};
static const Slots callable_slots = {.iter = iter_self, .next = callable_next};
static const NativeClass callable_class = {
    .kind = OBJ_CALLABLE_ITERATOR,
    .slots = &callable_slots,
    .methods = callable_methods,
    .trace = trace_all_values,
};

/* Complete the iterators that any object can have. */
void iterate_init(Thread *t) {
    native_class_init(t, &sequence_class);
    native_class_init(t, &callable_class);
}
