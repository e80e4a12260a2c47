/* SPDX-License-Identifier: MIT */
/*
 * deque as a class: its operators, methods and iterators, with CPython's messages.
 *
 * Comparing items may run code that changes the deque, so loops that compare look at [version]
 * after every item. Read next: stdlib/collections_native.c.
 */
#include "stdlib/deque_class.h"

#include <string.h>

#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/sequence.h"
#include "vm/str.h"

/* ---- making ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return object_value(deque_new(t, cls, -1));
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 2);
    int64_t maxlen = -1;
    bool ok = bind_raw(t, "deque", "(iterable=?, maxlen=None)", out, args, argc, kwnames);
    if (ok && out[1] != VALUE_NONE) {
        if (!is_int(out[1])) {
            raise_error(t, EXC_TypeError, "an integer is required");
            ok = false;
        } else {
            ok = arg_int64(t, out[1], &maxlen);
            if (ok && maxlen < 0) {
                raise_error(t, EXC_ValueError, "maxlen must be non-negative");
                ok = false;
            }
        }
    }
    if (ok) {
        DEQUE(self)->maxlen = maxlen;
        deque_clear(t, DEQUE(self));
        ok = out[0] == VALUE_UNSET || deque_extend(t, DEQUE(self), out[0], false);
    }
    pop_roots(t, out);
    return ok;
}

static bool is_deque(Thread *t, Value v) { return is_stdlib_instance(t, v, CLASS_DEQUE); }

/* ---- slots ---- */

static Value repr(Thread *t, Value self) {
    bool seen;
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "[...]"));
    Deque *d = DEQUE(self);
    Value *roots = push_roots(t, 1);
    List *list = list_new(t, d->size);
    roots[0] = object_value(list);
    for (size_t i = 0; i < d->size; i++) list_append(t, list, *deque_at(d, i));
    Value name = object_value(object_class(&d->header)->name);
    Str *text = d->maxlen < 0
                    ? str_format(t, "%S(%R)", name, roots[0])
                    : str_format(t, "%S(%R, maxlen=%lld)", name, roots[0], (long long)d->maxlen);
    pop_roots(t, roots);
    repr_leave(t, self);
    return text ? object_value(text) : VALUE_ERROR;
}

static int64_t length(Thread *t, Value self) {
    (void)t;
    return (int64_t)DEQUE(self)->size;
}

/* Position of the first item equal to [v] in [start, stop): -1 none, -2 raised; [on_change] when
 * comparing has changed the deque. */
static int64_t search(Thread *t, Deque *d, Value v, size_t start, size_t stop,
                      ExceptionId on_change) {
    uint64_t version = d->version;
    for (size_t i = start; i < stop && i < d->size; i++) {
        int same = value_equal(t, *deque_at(d, i), v);
        if (same < 0) return -2;
        if (d->version != version) {
            raise_error(t, on_change, "deque mutated during iteration");
            return -2;
        }
        if (same) return (int64_t)i;
    }
    return -1;
}

static int64_t find(Thread *t, Deque *d, Value v, size_t start, size_t stop) {
    return search(t, d, v, start, stop, EXC_RuntimeError);
}

static int contains(Thread *t, Value self, Value item) {
    int64_t at = find(t, DEQUE(self), item, 0, SIZE_MAX);
    return at == -2 ? -1 : at >= 0;
}

static bool item_index(Thread *t, Value self, Value key, size_t *out) {
    int64_t i;
    if (!is_int(key) && !class_of(t->vm, key)->slots.index) {
        raise_error(t, EXC_TypeError, "sequence index must be integer, not '%T'", key);
        return false;
    }
    if (!arg_clamped(t, key, &i)) return false;
    int64_t size = (int64_t)DEQUE(self)->size;
    if (i < 0 && i > INT64_MIN) i += size;
    if (i >= 0 && i < size) {
        *out = (size_t)i;
        return true;
    }
    raise_error(t, EXC_IndexError, "deque index out of range");
    return false;
}

static Value getitem(Thread *t, Value self, Value key) {
    size_t i;
    return item_index(t, self, key, &i) ? *deque_at(DEQUE(self), i) : VALUE_ERROR;
}

static bool setitem(Thread *t, Value self, Value key, Value v) {
    size_t i;
    if (!item_index(t, self, key, &i)) return false;
    if (v == VALUE_UNSET) deque_remove_at(t, DEQUE(self), i);
    else heap_set(&t->vm->heap, deque_at(DEQUE(self), i), v);
    return true;
}

static Value as_list(Thread *t, Value self) {
    Deque *d = DEQUE(self);
    List *list = list_new(t, d->size);
    for (size_t i = 0; i < d->size; i++) list_append(t, list, *deque_at(d, i));
    return object_value(list);
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_deque(t, a) || !is_deque(t, b)) return VALUE_NOTIMPLEMENTED;
    Value *roots = push_roots(t, 2);
    roots[0] = as_list(t, a);
    roots[1] = as_list(t, b);
    Value v = value_compare(t, op, roots[0], roots[1]);
    pop_roots(t, roots);
    return v;
}

/* A copy as copy() makes it: a subclass is called. In *[root]; NULL raised. */
static Deque *copy_rooted(Thread *t, Value deque, Value *root) {
    Deque *d = DEQUE(deque);
    Class *cls = object_class(&d->header);
    if (cls == stdlib_of(t)->classes[CLASS_DEQUE]) {
        Deque *copy = deque_copy(t, d);
        *root = copy ? object_value(copy) : VALUE_UNSET;
        return copy;
    }
    Value args[] = {deque, fixnum(d->maxlen)};
    *root = call_value(t, object_value(cls), args, d->maxlen < 0 ? 1 : 2);
    if (*root == VALUE_ERROR) return NULL;
    if (is_deque(t, *root)) return DEQUE(*root);
    raise_error(t, EXC_TypeError, "%S() must return a deque, not %T", object_value(cls->name),
                *root);
    return NULL;
}

static Value add(Thread *t, Value a, Value b) {
    if (!is_deque(t, a)) return VALUE_NOTIMPLEMENTED;
    if (!is_deque(t, b))
        return raise_error(t, EXC_TypeError, "can only concatenate deque (not \"%T\") to deque", b);
    Value *roots = push_roots(t, 1);
    Deque *sum = copy_rooted(t, a, roots);
    bool ok = sum && deque_extend(t, sum, b, false);
    pop_roots(t, roots);
    return ok ? object_value(sum) : VALUE_ERROR;
}

static Value add_in_place(Thread *t, Value a, Value b) {
    return deque_extend(t, DEQUE(a), b, false) ? a : VALUE_ERROR;
}

/* [d] := its items [n] times. */
static bool repeat(Thread *t, Deque *d, int64_t n) {
    if (n <= 0) {
        deque_clear(t, d);
        return true;
    }
    size_t size = d->size;
    if (size && (uint64_t)n > (d->maxlen >= 0 ? UINT64_MAX : ((uint64_t)1 << 40) / size)) {
        raise_error(t, EXC_MemoryError, "");
        return false;
    }
    if (!size) return true;
    List *items = LIST(as_list(t, object_value(d)));
    for (int64_t round = 1; round < n; round++) {
        for (size_t i = 0; i < size; i++) {
            if (!deque_append(t, d, items->items[i])) return false;
        }
        if (d->maxlen == 0) break;
    }
    return true;
}

static Value multiply(Thread *t, Value a, Value b) {
    Value deque = is_deque(t, a) ? a : b, count = deque == a ? b : a;
    int64_t n;
    if (!sequence_repeat_count(t, count, DEQUE(deque)->size, &n)) return VALUE_ERROR;
    Value *roots = push_roots(t, 1);
    Deque *d = copy_rooted(t, deque, roots);
    bool ok = d && repeat(t, d, n);
    pop_roots(t, roots);
    return ok ? object_value(d) : VALUE_ERROR;
}

static Value multiply_in_place(Thread *t, Value a, Value b) {
    int64_t n;
    if (!sequence_repeat_count(t, b, DEQUE(a)->size, &n)) return VALUE_ERROR;
    return repeat(t, DEQUE(a), n) ? a : VALUE_ERROR;
}

/* ---- iterators ---- */

typedef struct DequeIterator {
    Object header;
    Value deque; /* VALUE_UNSET when exhausted */
    Value index; /* of the next item; backwards: one more */
    Value version;
} DequeIterator;

static Value iterator_new(Thread *t, Value deque, bool backwards) {
    Class *cls =
        stdlib_of(t)->classes[backwards ? CLASS_DEQUE_REVERSE_ITERATOR : CLASS_DEQUE_ITERATOR];
    DequeIterator *it = object_new(t, cls, 0);
    it->deque = deque;
    it->index = fixnum(backwards ? (int64_t)DEQUE(deque)->size : 0);
    it->version = fixnum((int64_t)DEQUE(deque)->version);
    return object_value(it);
}

/* (class, (deque, how many items have been given)) */
static Value iterator_reduce(Thread *t, Value *args) {
    DequeIterator *it = (DequeIterator *)object_of(args[0]);
    Class *cls = object_class(&it->header);
    Value over = it->deque;
    int64_t given = 0;
    if (over == VALUE_UNSET) {
        over = object_value(deque_new(t, stdlib_of(t)->classes[CLASS_DEQUE], -1));
    } else {
        bool backwards = cls == stdlib_of(t)->classes[CLASS_DEQUE_REVERSE_ITERATOR];
        int64_t index = fixnum_of(it->index);
        given = backwards ? (int64_t)DEQUE(over)->size - index : index;
    }
    Value from[] = {over, fixnum(given)};
    Value made[] = {object_value(cls), object_value(tuple_from(t, from, 2))};
    return object_value(tuple_from(t, made, 2));
}

static Value iterator_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    int64_t given = 0;
    if (argc < 1 || argc > 2 || kwnames) {
        return raise_error(t, EXC_TypeError, "function takes at %s argument%s (%d given)",
                           argc < 1 ? "least 1" : "most 2", argc < 1 ? "" : "s", argc);
    }
    if (!is_deque(t, args[0])) {
        return raise_error(t, EXC_TypeError, "argument 1 must be collections.deque, not %T",
                           args[0]);
    }
    if (argc == 2 && !arg_clamped(t, args[1], &given)) return VALUE_ERROR;
    int64_t size = (int64_t)DEQUE(args[0])->size;
    given = given < 0 ? 0 : given > size ? size : given;
    bool backwards = cls == stdlib_of(t)->classes[CLASS_DEQUE_REVERSE_ITERATOR];
    Value it = iterator_new(t, args[0], backwards);
    ((DequeIterator *)object_of(it))->index = fixnum(backwards ? size - given : given);
    return it;
}

static Value iter(Thread *t, Value self) { return iterator_new(t, self, false); }
static Value method_reversed(Thread *t, Value *args) { return iterator_new(t, args[0], true); }

static Value iterator_next(Thread *t, Value self) {
    DequeIterator *it = (DequeIterator *)object_of(self);
    if (it->deque == VALUE_UNSET) return iter_done(t);
    Deque *d = DEQUE(it->deque);
    bool backwards =
        object_class(&it->header) == stdlib_of(t)->classes[CLASS_DEQUE_REVERSE_ITERATOR];
    if (fixnum_of(it->version) != (int64_t)d->version) {
        heap_set(&t->vm->heap, &it->deque, VALUE_UNSET);
        return raise_error(t, EXC_RuntimeError, "deque mutated during iteration");
    }
    int64_t index = fixnum_of(it->index);
    if (backwards ? index == 0 : index == (int64_t)d->size) {
        heap_set(&t->vm->heap, &it->deque, VALUE_UNSET);
        return iter_done(t);
    }
    it->index = fixnum(backwards ? index - 1 : index + 1);
    return *deque_at(d, (size_t)(backwards ? index - 1 : index));
}

static Value iterator_length_hint(Thread *t, Value *args) {
    DequeIterator *it = (DequeIterator *)object_of(args[0]);
    (void)t;
    if (it->deque == VALUE_UNSET) return fixnum(0);
    int64_t index = fixnum_of(it->index);
    bool backwards =
        object_class(&it->header) == stdlib_of(t)->classes[CLASS_DEQUE_REVERSE_ITERATOR];
    return fixnum(backwards ? index : (int64_t)DEQUE(it->deque)->size - index);
}

/* ---- methods ---- */

static Value method_append(Thread *t, Value *args) {
    return deque_append(t, DEQUE(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}
static Value method_appendleft(Thread *t, Value *args) {
    return deque_append_left(t, DEQUE(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}
static Value method_extend(Thread *t, Value *args) {
    return deque_extend(t, DEQUE(args[0]), args[1], false) ? VALUE_NONE : VALUE_ERROR;
}
static Value method_extendleft(Thread *t, Value *args) {
    return deque_extend(t, DEQUE(args[0]), args[1], true) ? VALUE_NONE : VALUE_ERROR;
}
static Value method_pop(Thread *t, Value *args) {
    Deque *d = DEQUE(args[0]);
    return d->size ? deque_take(t, d) : raise_error(t, EXC_IndexError, "pop from an empty deque");
}
static Value method_popleft(Thread *t, Value *args) {
    Deque *d = DEQUE(args[0]);
    return d->size ? deque_take_left(t, d)
                   : raise_error(t, EXC_IndexError, "pop from an empty deque");
}
static Value method_clear(Thread *t, Value *args) {
    deque_clear(t, DEQUE(args[0]));
    return VALUE_NONE;
}
static Value method_copy(Thread *t, Value *args) {
    Value *root = push_roots(t, 1);
    Deque *d = copy_rooted(t, args[0], root);
    pop_roots(t, root);
    return d ? object_value(d) : VALUE_ERROR;
}
static Value method_rotate(Thread *t, Value *args) {
    int64_t n;
    if (!arg_clamped(t, args[1], &n)) return VALUE_ERROR;
    deque_rotate(DEQUE(args[0]), n);
    return VALUE_NONE;
}
static Value method_reverse(Thread *t, Value *args) {
    (void)t;
    Deque *d = DEQUE(args[0]);
    for (size_t i = 0; i < d->size / 2; i++) {
        Value *a = deque_at(d, i), *b = deque_at(d, d->size - 1 - i), swap = *a;
        *a = *b;
        *b = swap;
    }
    return VALUE_NONE;
}

static Value method_count(Thread *t, Value *args) {
    Deque *d = DEQUE(args[0]);
    int64_t count = 0;
    for (int64_t at = -1;;) {
        at = find(t, d, args[1], (size_t)(at + 1), SIZE_MAX);
        if (at == -2) return VALUE_ERROR;
        if (at < 0) return fixnum(count);
        count++;
    }
}

static Value method_remove(Thread *t, Value *args) {
    int64_t at = search(t, DEQUE(args[0]), args[1], 0, SIZE_MAX, EXC_IndexError);
    if (at == -2) return VALUE_ERROR;
    if (at < 0) return raise_error(t, EXC_ValueError, "%R is not in deque", args[1]);
    deque_remove_at(t, DEQUE(args[0]), (size_t)at);
    return VALUE_NONE;
}

static size_t clamp(int64_t i, size_t size) {
    if (i < 0) i += (int64_t)size;
    return i < 0 ? 0 : (uint64_t)i > size ? size : (size_t)i;
}

static bool index_bound(Thread *t, Value v, int64_t *out) {
    if (v == VALUE_UNSET) return true;
    if (is_int(v) || class_of(t->vm, v)->slots.index) return arg_clamped(t, v, out);
    raise_error(t, EXC_TypeError, "slice indices must be integers or have an __index__ method");
    return false;
}

static Value method_index(Thread *t, Value *args) {
    Deque *d = DEQUE(args[0]);
    int64_t start = 0, stop = INT64_MAX;
    if (!index_bound(t, args[2], &start) || !index_bound(t, args[3], &stop)) return VALUE_ERROR;
    int64_t at = find(t, d, args[1], clamp(start, d->size), clamp(stop, d->size));
    if (at == -2) return VALUE_ERROR;
    return at >= 0 ? fixnum(at) : raise_error(t, EXC_ValueError, "%R is not in deque", args[1]);
}

static Value method_insert(Thread *t, Value *args) {
    Deque *d = DEQUE(args[0]);
    int64_t i;
    if (!arg_clamped(t, args[1], &i)) return VALUE_ERROR;
    if (d->maxlen >= 0 && d->size >= (size_t)d->maxlen) {
        return raise_error(t, EXC_IndexError, "deque already at its maximum size");
    }
    return deque_insert(t, d, clamp(i, d->size), args[2]) ? VALUE_NONE : VALUE_ERROR;
}

static Value get_maxlen(Thread *t, Value self) {
    int64_t maxlen = DEQUE(self)->maxlen;
    return maxlen < 0 ? VALUE_NONE : int_from_int64(t, maxlen);
}

/* (class, () or ((), maxlen), state, iterator over the items) */
static Value method_reduce(Thread *t, Value *args) {
    int64_t maxlen = DEQUE(args[0])->maxlen;
    Value *roots = push_roots(t, 2);
    roots[0] = call_method(t, args[0], NAME_OF(t, __getstate__), NULL, 0);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[1] = value_iter(t, args[0]);
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    Value from[] = {object_value(t->vm->empty_tuple), int_from_int64(t, maxlen)};
    Tuple *arguments = maxlen < 0 ? t->vm->empty_tuple : tuple_from(t, from, 2);
    Value made[] = {object_value(class_of(t->vm, args[0])), object_value(arguments), roots[0],
                    roots[1]};
    return object_value(tuple_from(t, made, 4));
}

/* ---- tables ---- */

static const NativeDef methods[] = {
    {"append", method_append, "(self, object, /)", "Add at the right end."},
    {"appendleft", method_appendleft, "(self, object, /)", "Add at the left end."},
    {"clear", method_clear, "(self, /)", "Remove all items."},
    {"__reduce__", method_reduce, "(self, /)", "State for pickle and copy."},
    {"copy", method_copy, "(self, /)", "A shallow copy."},
    {"__copy__", method_copy, "(self, /)", "A shallow copy."},
    {"count", method_count, "(self, value, /)", "How many items equal value."},
    {"extend", method_extend, "(self, iterable, /)", "Add all items at the right end."},
    {"extendleft", method_extendleft, "(self, iterable, /)",
     "Add all items at the left end, one after the other."},
    {"index", method_index, "(self, value, start=?, stop=?, /)",
     "Position of the first item equal to value."},
    {"insert", method_insert, "(self, index, object, /)",
     "Put object before the element at index."},
    {"pop", method_pop, "(self, /)", "Remove and return the last item."},
    {"popleft", method_popleft, "(self, /)", "Remove and return the first item."},
    {"remove", method_remove, "(self, value, /)", "Remove the first item equal to value."},
    {"reverse", method_reverse, "(self, /)", "Reverse in place."},
    {"rotate", method_rotate, "(self, n=1, /)", "Move n items from the right end to the left one."},
    {"__reversed__", method_reversed, "(self, /)", "The items from right to left."},
    {"@@__class_getitem__", class_getitem_self, "(cls, item, /)", "deque[...] is deque."},
    {0},
};
static const FieldDef fields[] = {
    {"maxlen", get_maxlen, NULL, "The bound, or None."},
    {0},
};
static const Slots slots = {
    .construct = construct,
    .init = init,
    .repr = repr,
    .length = length,
    .contains = contains,
    .getitem = getitem,
    .setitem = setitem,
    .compare = compare,
    .iter = iter,
    .binary[BINARY_ADD] = add,
    .binary[BINARY_MUL] = multiply,
    .inplace[BINARY_ADD] = add_in_place,
    .inplace[BINARY_MUL] = multiply_in_place,
};

static void trace(Heap *heap, Object *self) {
    Deque *d = (Deque *)self;
    for (size_t i = 0; i < d->size; i++) heap_shade(heap, *deque_at(d, i));
}
static void finalize(Heap *heap, Object *self) {
    Deque *d = (Deque *)self;
    heap_release(heap, d->items, d->capacity * sizeof(Value));
}

static const NativeClass deque_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "deque",
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "deque([iterable[, maxlen]]) -> a list that is fast at both ends",
    .size = sizeof(Deque),
    .flags = CLASS_BASE_ALLOWED | CLASS_JOINS,
    .trace = trace,
    .finalize = finalize};

static const NativeDef iterator_methods[] = {
    {"__length_hint__", iterator_length_hint, "(self, /)", "How many items are to come."},
    {"__reduce__", iterator_reduce, "(self, /)", "State for pickle and copy."},
    {0},
};
static const Slots iterator_slots = {
    .iter = stdlib_iter_self, .next = iterator_next, .construct = iterator_construct};
static const NativeClass iterator_class = {.kind = OBJ_NATIVE_DATA,
                                           .name = "_deque_iterator",
                                           .slots = &iterator_slots,
                                           .methods = iterator_methods,
                                           .size = sizeof(DequeIterator),
                                           .trace = stdlib_trace_values};
static const NativeClass reverse_iterator_class = {.kind = OBJ_NATIVE_DATA,
                                                   .name = "_deque_reverse_iterator",
                                                   .slots = &iterator_slots,
                                                   .methods = iterator_methods,
                                                   .size = sizeof(DequeIterator),
                                                   .trace = stdlib_trace_values};

void deque_class_init(Thread *t, Module *m) {
    stdlib_class(t, CLASS_DEQUE, m, &deque_class, "collections", NULL);
    stdlib_class(t, CLASS_DEQUE_ITERATOR, m, &iterator_class, "_collections", NULL);
    stdlib_class(t, CLASS_DEQUE_REVERSE_ITERATOR, m, &reverse_iterator_class, "_collections", NULL);
}
