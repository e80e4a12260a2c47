/* SPDX-License-Identifier: MIT */
/*
 * Lists: a growing array of Values. This file is the array and its operators; the methods are in
 * vm/list_methods.c.
 *
 * Any call back into Tulip code may change the list, so its items and size are read again after
 * each. A Value that leaves the list is shown to the collector (heap_forget); one that moves within
 * it is not.
 *
 * Invariant: size <= capacity; items is NULL when capacity is 0.
 * Read next: vm/list_methods.c, vm/sort.c, vm/list_iterators.c, vm/sequence.c.
 */
#include "vm/list.h"

#include "vm/container.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/sequence.h"
#include "vm/str.h"

/* ---- the array ---- */

static bool set_capacity(Thread *t, List *list, size_t capacity) {
    Value *items = NULL;
    if (capacity <= SIZE_MAX / 32) {
        items = heap_realloc(&t->vm->heap, list->items, list->capacity * sizeof(Value),
                             capacity * sizeof(Value));
    }
    if (!items) return raise_memory_error(t);
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool list_reserve(Thread *t, List *list, size_t size) {
    if (size <= list->capacity) return true;
    return set_capacity(t, list, list->capacity == 0 ? size : size + (size >> 2) + 4);
}

List *list_new(Thread *t, size_t capacity) {
    List *list = heap_allocate_small(&t->vm->heap, sizeof(List), OBJ_LIST, BUILTIN_CLASS(t, LIST));
    list->size = list->capacity = 0;
    list->items = NULL;
    if (capacity && !set_capacity(t, list, capacity)) exception_take(t); /* grows when used */
    return list;
}

List *list_from(Thread *t, const Value *items, size_t count) {
    List *list = list_new(t, 0);
    if (count == 0) return list;
    if (!set_capacity(t, list, count)) return NULL;
    memcpy(list->items, items, count * sizeof(Value));
    list->size = count;
    return list;
}

bool list_append(Thread *t, List *list, Value v) {
    if (UNLIKELY(list->size == list->capacity)) {
        size_t capacity = list->capacity + (list->capacity >> 1) + 4;
        if (!set_capacity(t, list, capacity)) return false;
    }
    list->items[list->size++] = v;
    return true;
}

void list_clear(Thread *t, List *list) {
    Heap *heap = &t->vm->heap;
    for (size_t i = 0; heap->marking && i < list->size; i++) heap_forget(heap, list->items[i]);
    if (list->items) heap_release(heap, list->items, list->capacity * sizeof(Value));
    list->items = NULL;
    list->size = list->capacity = 0;
}

bool list_replace(Thread *t, List *list, size_t start, size_t stop, const Value *items, size_t n) {
    Heap *heap = &t->vm->heap;
    size_t old = stop - start, tail = list->size - stop, size = list->size - old + n;
    if (size == 0) {
        if (old) list_clear(t, list);
        return true;
    }
    if (!list_reserve(t, list, size)) return false;
    heap_settle(heap, list);
    for (size_t i = start; heap->marking && i < stop; i++) heap_forget(heap, list->items[i]);
    if (n != old && tail) {
        memmove(list->items + start + n, list->items + stop, tail * sizeof(Value));
    }
    if (n) memcpy(list->items + start, items, n * sizeof(Value));
    list->size = size;
    if (list->capacity > 64 && size < list->capacity / 4) return set_capacity(t, list, size * 2);
    return true;
}

Value list_remove_at(Thread *t, List *list, size_t i) {
    Value v = list->items[i];
    heap_forget(&t->vm->heap, v);
    list->size--;
    memmove(list->items + i, list->items + i + 1, (list->size - i) * sizeof(Value));
    return v;
}

/* ---- from other containers ---- */

static bool append_visitor(Thread *t, Value item, void *context) {
    return list_append(t, context, item);
}

static bool extend_by(Thread *t, List *list, const Value *items, size_t n) {
    if (n == 0) return true;
    bool itself = items == list->items;
    if (!list_reserve(t, list, list->size + n)) return false;
    memcpy(list->items + list->size, itself ? list->items : items, n * sizeof(Value));
    list->size += n;
    return true;
}

static bool extend_by_range(Thread *t, List *list, RangeIterator *it) {
    if (!list_reserve(t, list, list->size + it->left)) return false;
    for (; it->left; it->left--, it->next += it->step) list->items[list->size++] = fixnum(it->next);
    return true;
}

static bool extend_by_keys(Thread *t, List *list, const Dict *d) {
    uint32_t position = 0;
    Value key, v;
    if (!list_reserve(t, list, list->size + d->used)) return false;
    while (dict_next(d, &position, &key, &v)) list->items[list->size++] = key;
    return true;
}

static bool extend_by_members(Thread *t, List *list, const Set *s) {
    uint32_t position = 0;
    Value key;
    if (!list_reserve(t, list, list->size + s->used)) return false;
    while (set_next(s, &position, &key)) list->items[list->size++] = key;
    return true;
}

/* Items of a built-in container without its iterator. [*done]: it was one. */
static bool extend_fast(Thread *t, List *list, Value from, bool *done) {
    *done = is_object(from);
    if (!*done) return true;
    Object *o = object_of(from);
    if (object_class(o)->slots.iter != t->vm->classes[object_kind(o)]->slots.iter) {
        *done = false;
        return true;
    }
    switch (object_kind(o)) {
    case OBJ_LIST: return extend_by(t, list, LIST(from)->items, LIST(from)->size);
    case OBJ_TUPLE: return extend_by(t, list, TUPLE(from)->items, TUPLE(from)->size);
    case OBJ_DICT: return extend_by_keys(t, list, DICT(from));
    case OBJ_SET:
    case OBJ_FROZENSET: return extend_by_members(t, list, SET(from));
    case OBJ_RANGE_ITERATOR: return extend_by_range(t, list, (RangeIterator *)o);
    case OBJ_RANGE: {
        Value it = object_class(o)->slots.iter(t, from);
        if (is_kind(it, OBJ_RANGE_ITERATOR))
            return extend_by_range(t, list, (RangeIterator *)object_of(it));
        break;
    }
    default: break;
    }
    *done = false;
    return true;
}

bool list_extend(Thread *t, List *list, Value iterable) {
    bool done;
    if (!extend_fast(t, list, iterable, &done)) return false;
    if (done) return true;
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(list);
    roots[1] = value_iter(t, iterable);
    bool ok = roots[1] != VALUE_ERROR;
    if (ok && (class_of(t->vm, iterable)->flags & CLASS_HEAP)) {
        roots[2] = iterable;
        ok = value_ask_length_hint(t, iterable, 0) >= 0;
    }
    ok = ok && value_for_each(t, roots[1], append_visitor, list);
    pop_roots(t, roots);
    return ok;
}

List *list_from_iterable(Thread *t, Value iterable) {
    List *list = list_new(t, 0);
    return list_extend(t, list, iterable) ? list : NULL;
}

/* ---- construction and text ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    if (cls == BUILTIN_CLASS(t, LIST)) return object_value(list_new(t, 0));
    return object_value(object_new(t, cls, 0));
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    bool own_new = class_of(t->vm, self)->slots.construct != construct;
    if (own_new && kwnames) argc -= (int)kwnames->size;
    if (!arguments_at_most(t, "list", 1, argc, own_new ? NULL : kwnames)) return false;
    if (argc == 1 && args[0] == self) {
        list_clear(t, LIST(self));
        return true;
    }
    list_clear(t, LIST(self));
    return argc == 0 || list_extend(t, LIST(self), args[0]);
}

static Value repr(Thread *t, Value self) {
    bool seen;
    if (LIST(self)->size == 0) return object_value(str_from(t, "[]"));
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "[...]"));
    Buffer out = {.fallible = true};
    buffer_putc(&out, '[');
    bool ok = sequence_repr_into(t, self, &out);
    repr_leave(t, self);
    buffer_putc(&out, ']');
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_LIST)) return VALUE_NOTIMPLEMENTED;
    return sequence_compare(t, a, b, op);
}

static int64_t length(Thread *t, Value self) {
    (void)t;
    return (int64_t)LIST(self)->size;
}

/* ---- items and slices ---- */

static Value getitem_slice(Thread *t, List *list, Slice *slice) {
    int64_t start, stop, step;
    if (!slice_unpack(t, slice, &start, &stop, &step)) return VALUE_ERROR;
    int64_t count = slice_adjust((int64_t)list->size, &start, &stop, step);
    List *part = step == 1 ? list_from(t, list->items + start, (size_t)count) : list_new(t, 0);
    if (!part) return VALUE_ERROR;
    if (step != 1 && count) {
        if (!list_reserve(t, part, (size_t)count)) return VALUE_ERROR;
        for (int64_t i = 0; i < count; i++) part->items[i] = list->items[start + i * step];
        part->size = (size_t)count;
    }
    return object_value(part);
}

/* [key] as a position of the list as it is after asking key for its __index__. */
static bool position(Thread *t, List *list, Value key, const char *what, int64_t *i) {
    if (!is_fixnum(key) && class_of(t->vm, key)->slots.index && !is_int(key)) {
        key = value_index(t, key);
        if (key == VALUE_ERROR) return false;
    }
    return index_in(t, key, (int64_t)list->size, what, i);
}

static Value getitem(Thread *t, Value self, Value key) {
    int64_t i;
    if (is_kind(key, OBJ_SLICE)) return getitem_slice(t, LIST(self), SLICE(key));
    if (!position(t, LIST(self), key, "list", &i)) return VALUE_ERROR;
    return LIST(self)->items[i];
}

static bool delete_slice(Thread *t, List *list, int64_t start, int64_t step, int64_t count) {
    Heap *heap = &t->vm->heap;
    if (count == 0) return true;
    if (step < 0) {
        start += (count - 1) * step;
        step = -step;
    }
    if (step == 1) return list_replace(t, list, (size_t)start, (size_t)(start + count), NULL, 0);
    size_t to = (size_t)start, next = (size_t)start;
    for (size_t from = to; from < list->size; from++) {
        if (from == next && count > 0) {
            heap_forget(heap, list->items[from]);
            next += (size_t)step;
            count--;
        } else list->items[to++] = list->items[from];
    }
    list->size = to;
    return true;
}

/* The items of [v] as a list or tuple that is not [list] itself. */
static Value items_to_assign(Thread *t, List *list, Value v, const char *error) {
    Class *cls = class_of(t->vm, v);
    if (v == object_value(list)) {
        List *copy = list_from(t, list->items, list->size);
        return copy ? object_value(copy) : VALUE_ERROR;
    }
    if (is_kind(v, OBJ_LIST) || is_kind(v, OBJ_TUPLE)) return v;
    if (!cls->slots.iter && !cls->slots.getitem) return raise_error(t, EXC_TypeError, "%s", error);
    List *items = list_from_iterable(t, v);
    return items ? object_value(items) : VALUE_ERROR;
}

static bool assign_extended(Thread *t, List *list, int64_t start, int64_t step, int64_t count,
                            Value from) {
    size_t n;
    const Value *items = sequence_items(from, &n);
    if ((int64_t)n != count) {
        raise_error(t, EXC_ValueError,
                    "attempt to assign sequence of size %zu to extended slice of size %lld", n,
                    (long long)count);
        return false;
    }
    for (int64_t i = 0; i < count; i++) {
        heap_set(&t->vm->heap, &list->items[start + i * step], items[i]);
    }
    return true;
}

static bool setitem_slice(Thread *t, List *list, Slice *slice, Value v) {
    int64_t start, stop, step;
    size_t n;
    if (!slice_unpack(t, slice, &start, &stop, &step)) return false;
    if (v == VALUE_UNSET) {
        int64_t count = slice_adjust((int64_t)list->size, &start, &stop, step);
        return delete_slice(t, list, start, step, count);
    }
    Value from = items_to_assign(t, list, v,
                                 step == 1 ? "can only assign an iterable"
                                           : "must assign iterable to extended slice");
    if (from == VALUE_ERROR) return false;
    int64_t count = slice_adjust((int64_t)list->size, &start, &stop, step);
    if (step != 1) return assign_extended(t, list, start, step, count, from);
    const Value *items = sequence_items(from, &n);
    return list_replace(t, list, (size_t)start, (size_t)(start + count), items, n);
}

static bool setitem(Thread *t, Value self, Value key, Value v) {
    int64_t i;
    List *list = LIST(self);
    if (is_kind(key, OBJ_SLICE)) return setitem_slice(t, list, SLICE(key), v);
    if (!position(t, list, key, "list assignment", &i)) return false;
    if (v == VALUE_UNSET) list_remove_at(t, list, (size_t)i);
    else heap_set(&t->vm->heap, &list->items[i], v);
    return true;
}

/* ---- + and * ---- */

static Value add(Thread *t, Value a, Value b) {
    if (!is_kind(a, OBJ_LIST)) return VALUE_NOTIMPLEMENTED;
    if (!is_kind(b, OBJ_LIST)) return sequence_bad_concat(t, b, "list");
    List *sum = list_new(t, 0), *x = LIST(a), *y = LIST(b);
    bool ok = list_reserve(t, sum, x->size + y->size) && extend_by(t, sum, x->items, x->size) &&
              extend_by(t, sum, y->items, y->size);
    return ok ? object_value(sum) : VALUE_ERROR;
}

static Value inplace_add(Thread *t, Value a, Value b) {
    return list_extend(t, LIST(a), b) ? a : VALUE_ERROR;
}

/* Make [list] hold its [size] items [n] times (n > 0). */
static bool repeat(Thread *t, List *list, size_t size, size_t n) {
    size_t total = size * n;
    if (size == 0) return true;
    if (total > list->capacity && !set_capacity(t, list, total)) return false;
    if (size == 1) {
        for (size_t i = 1; i < total; i++) list->items[i] = list->items[0];
    } else {
        for (size_t i = size; i < total; i++) list->items[i] = list->items[i - size];
    }
    list->size = total;
    return true;
}

static Value multiply(Thread *t, Value a, Value b) {
    Value self = is_kind(a, OBJ_LIST) ? a : b, count = self == a ? b : a;
    int64_t n;
    if (!sequence_repeat_count(t, count, LIST(self)->size, &n)) return VALUE_ERROR;
    List *source = LIST(self), *product = list_new(t, 0);
    size_t size = source->size;
    if (n == 0 || size == 0) return object_value(product);
    if (!set_capacity(t, product, size * (size_t)n)) return VALUE_ERROR;
    memcpy(product->items, source->items, size * sizeof(Value));
    return repeat(t, product, size, (size_t)n) ? object_value(product) : VALUE_ERROR;
}

static Value inplace_multiply(Thread *t, Value a, Value b) {
    int64_t n;
    if (!sequence_repeat_count(t, b, LIST(a)->size, &n)) return VALUE_ERROR;
    if (n == 0) list_clear(t, LIST(a));
    else if (!repeat(t, LIST(a), LIST(a)->size, (size_t)n)) return VALUE_ERROR;
    return a;
}

static const Slots slots = {
    .repr = repr,
    .compare = compare,
    .length = length,
    .getitem = getitem,
    .setitem = setitem,
    .contains = sequence_contains,
    .iter = list_iter,
    .binary[BINARY_ADD] = add,
    .inplace[BINARY_ADD] = inplace_add,
    .binary[BINARY_MUL] = multiply,
    .inplace[BINARY_MUL] = inplace_multiply,
    .construct = construct,
    .init = init,
};

static const NativeClass list_class = {
    .kind = OBJ_LIST,
    .slots = &slots,
    .methods = list_methods,
    .doc = "list() -> new empty list\nlist(iterable) -> new list of the items of iterable",
    .flags = CLASS_BASE_ALLOWED | CLASS_JOINS,
};

/* Complete the class list. */
void list_init(Thread *t) { native_class_init(t, &list_class); }
