/* SPDX-License-Identifier: MIT */
/*
 * Ranges: start, stop and step are ints of any size; items are computed.
 *
 * When all three are fixnums everything is done in int64 (63-bit bounds leave room for the
 * differences); otherwise with int_binary, which never runs Tulip code. Iteration likewise:
 * RangeIterator and LongRangeIterator.
 *
 * Read next: vm/int.c.
 */
#include "vm/container.h"
#include "vm/iterate.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/sequence.h"
#include "vm/str.h"

static bool is_small(const Range *r) {
    return is_fixnum(r->start) && is_fixnum(r->stop) && is_fixnum(r->step);
}

static Value range_new(Thread *t, Value start, Value stop, Value step) {
    Range *r = heap_allocate_small(&t->vm->heap, sizeof(Range), OBJ_RANGE, BUILTIN_CLASS(t, RANGE));
    r->start = start;
    r->stop = stop;
    r->step = step;
    return object_value(r);
}

/* ---- lengths ---- */

static int64_t small_length(int64_t start, int64_t stop, int64_t step) {
    if (step > 0) return start < stop ? (stop - start - 1) / step + 1 : 0;
    return stop < start ? (start - stop - 1) / -step + 1 : 0;
}

/* a op b for ints whose operation cannot fail. */
static Value compute(Thread *t, BinaryOp op, Value a, Value b) {
    Value v = int_binary(t, op, a, b);
    assert(v != VALUE_ERROR);
    return v;
}

/* The number of items, as an int. */
static Value range_length(Thread *t, const Range *r) {
    if (is_small(r)) {
        return int_from_int64(
            t, small_length(fixnum_of(r->start), fixnum_of(r->stop), fixnum_of(r->step)));
    }
    bool up = int_sign(r->step) > 0;
    Value low = up ? r->start : r->stop, high = up ? r->stop : r->start;
    if (int_compare(low, high) >= 0) return fixnum(0);
    Value distance = compute(t, BINARY_SUB, compute(t, BINARY_SUB, high, low), fixnum(1));
    Value step = up ? r->step : compute(t, BINARY_SUB, fixnum(0), r->step);
    return compute(t, BINARY_ADD, compute(t, BINARY_FLOORDIV, distance, step), fixnum(1));
}

/* start + i * step */
static Value item_at(Thread *t, const Range *r, Value i) {
    return compute(t, BINARY_ADD, r->start, compute(t, BINARY_MUL, i, r->step));
}

/* ---- construction ---- */

/* An argument as an exact int. */
static Value exact_int(Thread *t, Value v) {
    if (is_fixnum(v)) return v;
    if (!is_int(v)) {
        v = value_index(t, v);
        if (v == VALUE_ERROR) return v;
    }
    return int_binary(t, BINARY_ADD, v, fixnum(0));
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    if (!arguments_at_most(t, "range", 3, argc, kwnames)) return VALUE_ERROR;
    if (argc == 0)
        return raise_error(t, EXC_TypeError, "range expected at least 1 argument, got 0");
    Value *roots = push_roots(t, 3), start = fixnum(0), stop, step = fixnum(1);
    bool ok = true;
    for (int i = 0; ok && i < argc; i++) {
        roots[i] = exact_int(t, args[i]);
        ok = roots[i] != VALUE_ERROR;
    }
    stop = roots[argc > 1];
    if (argc > 1) start = roots[0];
    if (argc > 2) step = roots[2];
    pop_roots(t, roots);
    if (!ok) return VALUE_ERROR;
    if (step == fixnum(0)) return raise_error(t, EXC_ValueError, "range() arg 3 must not be zero");
    return range_new(t, start, stop, step);
}

/* ---- slots ---- */

static Value repr(Thread *t, Value self) {
    Range *r = RANGE(self);
    Str *text = r->step == fixnum(1)
                    ? str_format(t, "range(%R, %R)", r->start, r->stop)
                    : str_format(t, "range(%R, %R, %R)", r->start, r->stop, r->step);
    return text ? object_value(text) : VALUE_ERROR;
}

static int64_t length(Thread *t, Value self) {
    int64_t n;
    if (int_to_int64(range_length(t, RANGE(self)), &n)) return n;
    raise_error(t, EXC_OverflowError, "Python int too large to convert to C ssize_t");
    return -1;
}

static int truth(Thread *t, Value self) { return range_length(t, RANGE(self)) != fixnum(0); }

/* A range is compared and hashed as (length, first item or None, step or None). */
static Value identity(Thread *t, const Range *r) {
    Value n = range_length(t, r);
    Value parts[] = {n, n == fixnum(0) ? VALUE_NONE : r->start,
                     n == fixnum(0) || n == fixnum(1) ? VALUE_NONE : r->step};
    return object_value(tuple_from(t, parts, 3));
}

static bool hash(Thread *t, Value self, int64_t *out) {
    return value_hash(t, identity(t, RANGE(self)), out);
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_RANGE) || (op != COMPARE_EQ && op != COMPARE_NE))
        return VALUE_NOTIMPLEMENTED;
    return sequence_compare(t, identity(t, RANGE(a)), identity(t, RANGE(b)), op);
}

/* A field of a slice as an exact int. */
static Value slice_int(Thread *t, Value v) {
    if (is_int(v) || class_of(t->vm, v)->slots.index) return exact_int(t, v);
    return raise_error(t, EXC_TypeError,
                       "slice indices must be integers or None or have an __index__ method");
}

/* One bound of a slice, negative counted from the end, clamped to [low, high]; [none] when it is
 * None. */
static Value slice_bound(Thread *t, Value v, Value none, Value length, Value low, Value high) {
    if (v == VALUE_NONE) return none;
    v = slice_int(t, v);
    if (v == VALUE_ERROR) return v;
    if (int_sign(v) < 0) v = compute(t, BINARY_ADD, v, length);
    if (int_compare(v, low) < 0) return low;
    return int_compare(v, high) > 0 ? high : v;
}

/* The range that a slice of [r] selects; v: four roots. */
static Value slice_range(Thread *t, Range *r, Slice *slice, Value *v) {
    Value length = v[0] = range_length(t, r);
    Value step = v[1] = slice->step == VALUE_NONE ? fixnum(1) : slice_int(t, slice->step);
    if (step == VALUE_ERROR) return VALUE_ERROR;
    if (step == fixnum(0)) return raise_error(t, EXC_ValueError, "slice step cannot be zero");
    bool down = int_sign(step) < 0;
    Value low = fixnum(down ? -1 : 0);
    Value high = v[2] = down ? compute(t, BINARY_SUB, length, fixnum(1)) : length;
    Value start = v[3] = slice_bound(t, slice->start, down ? high : low, length, low, high);
    if (start == VALUE_ERROR) return VALUE_ERROR;
    Value stop = slice_bound(t, slice->stop, down ? low : high, length, low, high);
    if (stop == VALUE_ERROR) return VALUE_ERROR;
    return range_new(t, item_at(t, r, start), item_at(t, r, stop),
                     compute(t, BINARY_MUL, r->step, step));
}

static Value getitem_slice(Thread *t, Range *r, Slice *slice) {
    Value *roots = push_roots(t, 6);
    roots[4] = object_value(r);
    roots[5] = object_value(slice);
    Value part = slice_range(t, r, slice, roots);
    pop_roots(t, roots);
    return part;
}

static Value getitem(Thread *t, Value self, Value key) {
    Range *r = RANGE(self);
    if (is_kind(key, OBJ_SLICE)) return getitem_slice(t, r, SLICE(key));
    if (!is_int(key) && !class_of(t->vm, key)->slots.index) {
        return raise_error(t, EXC_TypeError, "range indices must be integers or slices, not %T",
                           key);
    }
    Value i = exact_int(t, key);
    if (i == VALUE_ERROR) return i;
    Value n = range_length(t, r);
    if (int_sign(i) < 0) i = compute(t, BINARY_ADD, i, n);
    if (int_sign(i) < 0 || int_compare(i, n) >= 0) {
        return raise_error(t, EXC_IndexError, "range object index out of range");
    }
    return item_at(t, r, i);
}

/* Is the int [v] an item? Then [*index] is its place. */
static bool find_int(Thread *t, const Range *r, Value v, Value *index) {
    bool up = int_sign(r->step) > 0;
    if (up ? int_compare(v, r->start) < 0 || int_compare(v, r->stop) >= 0
           : int_compare(v, r->start) > 0 || int_compare(v, r->stop) <= 0) {
        return false;
    }
    Value distance = compute(t, BINARY_SUB, v, r->start);
    if (compute(t, BINARY_MOD, distance, r->step) != fixnum(0)) return false;
    *index = compute(t, BINARY_FLOORDIV, distance, r->step);
    return true;
}

static bool is_plain_int(const Thread *t, Value v) {
    return is_fixnum(v) || is_bool(v) || class_of(t->vm, v) == BUILTIN_CLASS(t, INT);
}

/* What a search by comparing with every item has met. */
typedef struct RangeSearch {
    Value wanted;
    int64_t position, found; /* of the first match, -1 */
    int64_t count;
    bool first_only;
} RangeSearch;

static bool compare_item(Thread *t, Value item, void *context) {
    RangeSearch *s = context;
    int equal = value_equal(t, item, s->wanted);
    if (equal > 0 && s->count++ == 0) s->found = s->position;
    s->position++;
    return equal == 0 || (equal > 0 && !s->first_only);
}

/* Compare [v], which is no plain int, with the items. False: raised. */
static bool search(Thread *t, Value self, Value v, bool first_only, RangeSearch *s) {
    *s = (RangeSearch){.wanted = v, .found = -1, .first_only = first_only};
    return value_for_each(t, self, compare_item, s) || (first_only && s->count > 0);
}

static int contains(Thread *t, Value self, Value v) {
    Value index;
    RangeSearch s;
    if (is_plain_int(t, v)) return find_int(t, RANGE(self), v, &index);
    return search(t, self, v, true, &s) ? s.count > 0 : -1;
}

/* ---- iteration ---- */

static Value iterator_new(Thread *t, int64_t start, int64_t step, int64_t length) {
    RangeIterator *it = heap_allocate_small(&t->vm->heap, sizeof(RangeIterator), OBJ_RANGE_ITERATOR,
                                            BUILTIN_CLASS(t, RANGE_ITERATOR));
    it->next = start;
    it->step = step;
    it->left = it->length = (uint64_t)length;
    return object_value(it);
}

static Value long_iterator_new(Thread *t, Value start, Value step, Value length) {
    LongRangeIterator *it =
        heap_allocate_small(&t->vm->heap, sizeof(LongRangeIterator), OBJ_LONGRANGE_ITERATOR,
                            BUILTIN_CLASS(t, LONGRANGE_ITERATOR));
    it->next = start;
    it->step = step;
    it->left = length;
    return object_value(it);
}

static Value iter(Thread *t, Value self) {
    Range *r = RANGE(self);
    if (!is_small(r)) return long_iterator_new(t, r->start, r->step, range_length(t, r));
    int64_t start = fixnum_of(r->start), stop = fixnum_of(r->stop), step = fixnum_of(r->step);
    return iterator_new(t, start, step, small_length(start, stop, step));
}

static Value method_reversed(Thread *t, Value *args) {
    Range *r = RANGE(args[0]);
    Value n = range_length(t, r);
    Value last = item_at(t, r, compute(t, BINARY_SUB, n, fixnum(1)));
    Value step = compute(t, BINARY_SUB, fixnum(0), r->step);
    bool small = is_fixnum(n) && is_fixnum(last) && is_fixnum(step) && is_fixnum(r->start);
    if (!small) return long_iterator_new(t, last, step, n);
    return iterator_new(t, fixnum_of(last), fixnum_of(step), fixnum_of(n));
}

static Value iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

static Value next(Thread *t, Value self) {
    RangeIterator *it = (RangeIterator *)object_of(self);
    if (it->left == 0) return iter_done(t);
    it->left--;
    Value v = fixnum(it->next);
    it->next += it->step;
    return v;
}

static Value next_long(Thread *t, Value self) {
    Heap *heap = &t->vm->heap;
    LongRangeIterator *it = (LongRangeIterator *)object_of(self);
    if (it->left == fixnum(0)) return iter_done(t);
    Value v = it->next;
    heap_set(heap, &it->left, compute(t, BINARY_SUB, it->left, fixnum(1)));
    heap_set(heap, &it->next, compute(t, BINARY_ADD, it->next, it->step));
    return v;
}

static Value length_hint(Thread *t, Value *args) {
    return int_from_uint64(t, ((RangeIterator *)object_of(args[0]))->left);
}
static Value length_hint_long(Thread *t, Value *args) {
    (void)t;
    return ((LongRangeIterator *)object_of(args[0]))->left;
}

/* iter(the range of [length] items from [start] on), at item [index]. */
static Value reduced(Thread *t, Value start, Value step, Value length, Value index) {
    Value stop = compute(t, BINARY_ADD, start, compute(t, BINARY_MUL, length, step));
    Value over = range_new(t, start, stop, step), maker = iterator_maker(t, "iter");
    return maker == VALUE_ERROR ? maker
                                : iterator_reduced(t, maker, tuple_from(t, &over, 1), index);
}

static Value reduce(Thread *t, Value *args) {
    RangeIterator *it = (RangeIterator *)object_of(args[0]);
    int64_t index = (int64_t)(it->length - it->left);
    return reduced(t, int_from_int64(t, it->next - index * it->step), int_from_int64(t, it->step),
                   int_from_uint64(t, it->length), int_from_int64(t, index));
}
static Value reduce_long(Thread *t, Value *args) {
    LongRangeIterator *it = (LongRangeIterator *)object_of(args[0]);
    return reduced(t, it->next, it->step, it->left, fixnum(0));
}

static Value setstate(Thread *t, Value *args) {
    RangeIterator *it = (RangeIterator *)object_of(args[0]);
    int64_t n;
    if (!arg_int64(t, args[1], &n)) return VALUE_ERROR;
    uint64_t skip = n < 0 ? 0 : (uint64_t)n < it->left ? (uint64_t)n : it->left;
    it->next += (int64_t)skip * it->step;
    it->left -= skip;
    return VALUE_NONE;
}

static Value setstate_long(Thread *t, Value *args) {
    Heap *heap = &t->vm->heap;
    LongRangeIterator *it = (LongRangeIterator *)object_of(args[0]);
    if (!is_int(args[1]))
        return raise_error(t, EXC_TypeError, "state must be an int, not %T", args[1]);
    Value skip = exact_int(t, args[1]);
    if (int_sign(skip) < 0) skip = fixnum(0);
    if (int_compare(skip, it->left) > 0) skip = it->left;
    heap_set(heap, &it->next,
             compute(t, BINARY_ADD, it->next, compute(t, BINARY_MUL, skip, it->step)));
    heap_set(heap, &it->left, compute(t, BINARY_SUB, it->left, skip));
    return VALUE_NONE;
}

static void trace_long(Heap *heap, Object *self) {
    LongRangeIterator *it = (LongRangeIterator *)self;
    heap_shade(heap, it->next);
    heap_shade(heap, it->step);
    heap_shade(heap, it->left);
}

/* ---- methods and fields ---- */

static Value method_count(Thread *t, Value *args) {
    Value index;
    RangeSearch s;
    if (is_plain_int(t, args[1])) return fixnum(find_int(t, RANGE(args[0]), args[1], &index));
    return search(t, args[0], args[1], false, &s) ? fixnum(s.count) : VALUE_ERROR;
}

static Value method_index(Thread *t, Value *args) {
    Value index;
    RangeSearch s;
    if (is_plain_int(t, args[1])) {
        if (find_int(t, RANGE(args[0]), args[1], &index)) return index;
        return raise_error(t, EXC_ValueError, "%R is not in range", args[1]);
    }
    if (!search(t, args[0], args[1], true, &s)) return VALUE_ERROR;
    if (s.count) return int_from_int64(t, s.found);
    return raise_error(t, EXC_ValueError, "sequence.index(x): x not in sequence");
}

static Value method_reduce(Thread *t, Value *args) {
    Range *r = RANGE(args[0]);
    Value bounds[] = {r->start, r->stop, r->step};
    Value made[] = {object_value(BUILTIN_CLASS(t, RANGE)), object_value(tuple_from(t, bounds, 3))};
    return object_value(tuple_from(t, made, 2));
}

static Value get_start(Thread *t, Value self) {
    (void)t;
    return RANGE(self)->start;
}
static Value get_stop(Thread *t, Value self) {
    (void)t;
    return RANGE(self)->stop;
}
static Value get_step(Thread *t, Value self) {
    (void)t;
    return RANGE(self)->step;
}

static const NativeDef methods[] = {
    {"count", method_count, "(self, value, /)", "How many items equal value."},
    {"index", method_index, "(self, value, /)",
     "The index of value; ValueError when it is not there."},
    {"__reversed__", method_reversed, "(self, /)", "An iterator over the items, last first."},
    {"__reduce__", method_reduce, "(self, /)", "State for pickle and copy."},
    {0},
};
static const FieldDef range_fields[] = {
    {"start", get_start, NULL, "The first item, if there is one."},
    {"stop", get_stop, NULL, "Where it ends, exclusive."},
    {"step", get_step, NULL, "The distance of the items."},
    {0},
};
static const Slots range_slots = {
    .repr = repr,
    .hash = hash,
    .compare = compare,
    .truth = truth,
    .length = length,
    .getitem = getitem,
    .contains = contains,
    .iter = iter,
    .construct = construct,
};
static const NativeClass range_class = {
    .kind = OBJ_RANGE,
    .slots = &range_slots,
    .methods = methods,
    .fields = range_fields,
    .doc =
        "range(stop)\nrange(start, stop[, step])\nThe ints from start to stop (exclusive) by step.",
};

static const NativeDef iterator_methods[] = {
    {"__length_hint__", length_hint, "(self, /)", "How many items are to come."},
    {"__reduce__", reduce, "(self, /)", "State for pickle and copy."},
    {"__setstate__", setstate, "(self, state, /)", "Skip items."},
    {0},
};
static const Slots iterator_slots = {.iter = iter_self, .next = next};
static const NativeClass iterator_class = {
    .kind = OBJ_RANGE_ITERATOR, .slots = &iterator_slots, .methods = iterator_methods};

static const NativeDef long_methods[] = {
    {"__length_hint__", length_hint_long, "(self, /)", "How many items are to come."},
    {"__reduce__", reduce_long, "(self, /)", "State for pickle and copy."},
    {"__setstate__", setstate_long, "(self, state, /)", "Skip items."},
    {0},
};
static const Slots long_slots = {.iter = iter_self, .next = next_long};
static const NativeClass long_class = {.kind = OBJ_LONGRANGE_ITERATOR,
                                       .slots = &long_slots,
                                       .methods = long_methods,
                                       .trace = trace_long};

/* Complete the class range and its iterators. */
void range_init(Thread *t) {
    native_class_init(t, &range_class);
    native_class_init(t, &iterator_class);
    native_class_init(t, &long_class);
}
