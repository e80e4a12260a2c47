/* SPDX-License-Identifier: MIT */
/*
 * Tuples: their items lie in the object itself; the empty tuple exists once.
 *
 * The hash is CPython's (a variant of xxHash), so that hashes of tuples of numbers are the same.
 * Read next: vm/sequence.c (comparing, searching), vm/list_iterators.c.
 */
#include "vm/container.h"
#include "vm/generic_alias.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/sequence.h"
#include "vm/str.h"

enum { SMALL_TUPLE = 4 };

Tuple *tuple_new(Thread *t, size_t size) {
    if (size == 0 && t->vm->empty_tuple) return t->vm->empty_tuple;
    size_t bytes = sizeof(Tuple) + size * sizeof(Value);
    Class *cls = BUILTIN_CLASS(t, TUPLE);
    Tuple *tuple = bytes <= HEAP_LARGEST_CELL
                       ? heap_allocate_small(&t->vm->heap, bytes, OBJ_TUPLE, cls)
                       : heap_allocate(&t->vm->heap, bytes, OBJ_TUPLE, cls);
    tuple->size = size;
    for (size_t i = 0; i < size; i++) tuple->items[i] = VALUE_NONE;
    return tuple;
}

Tuple *tuple_from(Thread *t, const Value *items, size_t count) {
    if (count - 1 < SMALL_TUPLE) { /* the most frequent */
        Tuple *tuple = heap_allocate_small(&t->vm->heap, sizeof(Tuple) + count * sizeof(Value),
                                           OBJ_TUPLE, BUILTIN_CLASS(t, TUPLE));
        tuple->size = count;
        for (size_t i = 0; i < count; i++) tuple->items[i] = items[i];
        return tuple;
    }
    Tuple *tuple = tuple_new(t, count);
    if (count) memcpy(tuple->items, items, count * sizeof(Value));
    return tuple;
}

Tuple *tuple_from_iterable(Thread *t, Value iterable) {
    if (is_kind(iterable, OBJ_TUPLE)) {
        Class *cls = object_class(object_of(iterable));
        if (cls == BUILTIN_CLASS(t, TUPLE)) return TUPLE(iterable);
    }
    List *items = list_from_iterable(t, iterable);
    return items ? tuple_from(t, items->items, items->size) : NULL;
}

/* ---- slots ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    bool exact = cls == BUILTIN_CLASS(t, TUPLE);
    if (!keywords_left_to_init(t, "tuple", cls, &argc, kwnames) ||
        !arguments_at_most(t, "tuple", 1, argc, NULL))
        return VALUE_ERROR;
    Tuple *items = argc ? tuple_from_iterable(t, args[0]) : tuple_new(t, 0);
    if (!items) return VALUE_ERROR;
    if (exact) return object_value(items);
    Tuple *tuple = object_new(t, cls, items->size * sizeof(Value));
    tuple->size = items->size;
    memcpy(tuple->items, items->items, items->size * sizeof(Value));
    return object_value(tuple);
}

static Value repr(Thread *t, Value self) {
    bool seen;
    size_t size = TUPLE(self)->size;
    if (size == 0) return object_value(str_from(t, "()"));
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "(...)"));
    Buffer out = {.fallible = true};
    buffer_putc(&out, '(');
    bool ok = sequence_repr_into(t, self, &out);
    repr_leave(t, self);
    buffer_puts(&out, size == 1 ? ",)" : ")");
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

static bool hash(Thread *t, Value self, int64_t *out) {
    const uint64_t prime1 = 11400714785074694791u, prime2 = 14029467366897019727u,
                   prime5 = 2870177450012600261u;
    Tuple *tuple = TUPLE(self);
    uint64_t acc = prime5;
    if (!enter_native(t, " while hashing a tuple")) return false;
    for (size_t i = 0; i < tuple->size; i++) {
        int64_t lane;
        if (!value_hash(t, tuple->items[i], &lane)) {
            leave_native(t);
            return false;
        }
        acc += (uint64_t)lane * prime2;
        acc = (acc << 31) | (acc >> 33);
        acc *= prime1;
    }
    leave_native(t);
    acc += tuple->size ^ (prime5 ^ 3527539u);
    *out = acc == UINT64_MAX ? 1546275796 : (int64_t)acc;
    return true;
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_TUPLE)) return VALUE_NOTIMPLEMENTED;
    return sequence_compare(t, a, b, op);
}

static int64_t length(Thread *t, Value self) {
    (void)t;
    return (int64_t)TUPLE(self)->size;
}

static Value getitem_slice(Thread *t, Tuple *tuple, Slice *slice) {
    int64_t start, stop, step, count;
    if (!slice_bounds(t, slice, (int64_t)tuple->size, &start, &stop, &step, &count)) {
        return VALUE_ERROR;
    }
    bool whole = step == 1 && count == (int64_t)tuple->size;
    if (whole && object_class(&tuple->header) == BUILTIN_CLASS(t, TUPLE))
        return object_value(tuple);
    if (step == 1) return object_value(tuple_from(t, tuple->items + start, (size_t)count));
    Tuple *part = tuple_new(t, (size_t)count);
    for (int64_t i = 0; i < count; i++) part->items[i] = tuple->items[start + i * step];
    return object_value(part);
}

static Value getitem(Thread *t, Value self, Value key) {
    int64_t i;
    if (is_kind(key, OBJ_SLICE)) return getitem_slice(t, TUPLE(self), SLICE(key));
    if (!index_in(t, key, (int64_t)TUPLE(self)->size, "tuple", &i)) return VALUE_ERROR;
    return TUPLE(self)->items[i];
}

static Value add(Thread *t, Value a, Value b) {
    if (!is_kind(a, OBJ_TUPLE)) return VALUE_NOTIMPLEMENTED;
    if (!is_kind(b, OBJ_TUPLE)) return sequence_bad_concat(t, b, "tuple");
    Tuple *x = TUPLE(a), *y = TUPLE(b);
    Class *plain = BUILTIN_CLASS(t, TUPLE);
    if (x->size == 0 && object_class(&y->header) == plain) return b;
    if (y->size == 0 && object_class(&x->header) == plain) return a;
    Tuple *sum = tuple_new(t, x->size + y->size);
    memcpy(sum->items, x->items, x->size * sizeof(Value));
    memcpy(sum->items + x->size, y->items, y->size * sizeof(Value));
    return object_value(sum);
}

static Value multiply(Thread *t, Value a, Value b) {
    Value self = is_kind(a, OBJ_TUPLE) ? a : b, count = self == a ? b : a;
    Tuple *tuple = TUPLE(self);
    int64_t n;
    if (!sequence_repeat_count(t, count, tuple->size, &n)) return VALUE_ERROR;
    if (n == 1 && object_class(&tuple->header) == BUILTIN_CLASS(t, TUPLE)) return self;
    if (!str_memory_fits(t, tuple->size * (size_t)n * sizeof(Value))) return VALUE_ERROR;
    Tuple *product = tuple_new(t, tuple->size * (size_t)n);
    for (int64_t i = 0; tuple->size && i < n; i++) {
        memcpy(product->items + (size_t)i * tuple->size, tuple->items, tuple->size * sizeof(Value));
    }
    return object_value(product);
}

/* ---- methods ---- */

static Value method_count(Thread *t, Value *args) { return sequence_count(t, args[0], args[1]); }

static Value method_index(Thread *t, Value *args) {
    size_t from, to;
    if (!sequence_range(t, args[2], args[3], TUPLE(args[0])->size, &from, &to)) return VALUE_ERROR;
    int64_t i = sequence_find(t, args[0], args[1], from, to);
    if (i == -1) return raise_error(t, EXC_ValueError, "tuple.index(x): x not in tuple");
    return i < 0 ? VALUE_ERROR : fixnum(i);
}

static Value method_getnewargs(Thread *t, Value *args) {
    Tuple *self = TUPLE(args[0]);
    args[0] = object_value(tuple_from(t, self->items, self->size));
    return object_value(tuple_from(t, args, 1));
}

static Value iter(Thread *t, Value self) {
    SequenceIterator *it =
        heap_allocate_small(&t->vm->heap, sizeof(SequenceIterator), OBJ_TUPLE_ITERATOR,
                            BUILTIN_CLASS(t, TUPLE_ITERATOR));
    it->over = self;
    it->index = 0;
    return object_value(it);
}

static const NativeDef methods[] = {
    {"count", method_count, "(self, value, /)", "How many items equal value."},
    {"index", method_index, "(self, value, start=0, stop=?, /)",
     "The first index of value; ValueError when it is not there."},
    {"__getnewargs__", method_getnewargs, "(self, /)", "What copying passes to __new__."},
    {"@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",
     "tuple[int, ...] and the like, for annotations."},
    {0},
};

static const Slots slots = {
    .repr = repr,
    .hash = hash,
    .compare = compare,
    .length = length,
    .getitem = getitem,
    .contains = sequence_contains,
    .iter = iter,
    .binary[BINARY_ADD] = add,
    .binary[BINARY_MUL] = multiply,
    .construct = construct,
};

static const NativeClass tuple_class = {
    .kind = OBJ_TUPLE,
    .slots = &slots,
    .methods = methods,
    .doc = "tuple() -> the empty tuple\ntuple(iterable) -> a tuple of the items of iterable",
    .flags = CLASS_BASE_ALLOWED | CLASS_JOINS,
};

/* Complete the class tuple; its iterator is in vm/list_iterators.c. */
void tuple_init(Thread *t) { native_class_init(t, &tuple_class); }
