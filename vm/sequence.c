/* SPDX-License-Identifier: MIT */
/*
 * Lists and tuples: the operations that only look at the items.
 *
 * Comparing, searching and rendering call back into Tulip code, which may change a list under our
 * feet. So the items are fetched anew (sequence_items) after each call back, and those in use wait
 * in roots.
 *
 * Read next: vm/list.c, vm/tuple.c.
 */
#include "vm/sequence.h"

#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* Items that are equal or not without running code: 1, 0; -1 when they must be asked. */
static inline int equal_fast(Value a, Value b) {
    if (a == b) return 1;
    if (both_fixnums(a, b)) return 0;
    return -1;
}

/* Walk to the first pair that differs: 1 found (left in roots[2], roots[3]), 0 none, -1 raised. */
static int first_difference(Thread *t, Value *roots) {
    for (size_t i = 0;; i++) {
        size_t na, nb;
        const Value *a = sequence_items(roots[0], &na), *b = sequence_items(roots[1], &nb);
        if (i >= na || i >= nb) return 0;
        roots[2] = a[i];
        roots[3] = b[i];
        int equal = equal_fast(a[i], b[i]);
        if (equal < 0) equal = value_equal(t, a[i], b[i]);
        if (equal < 0) return -1;
        if (equal) continue;
        sequence_items(roots[0], &na); /* comparing may have changed the lists */
        sequence_items(roots[1], &nb);
        return i < na && i < nb;
    }
}

Value sequence_compare(Thread *t, Value a, Value b, CompareOp op) {
    size_t na, nb;
    sequence_items(a, &na);
    sequence_items(b, &nb);
    if (na != nb && (op == COMPARE_EQ || op == COMPARE_NE)) return bool_value(op == COMPARE_NE);
    Value *roots = push_roots(t, 4);
    roots[0] = a;
    roots[1] = b;
    int differs = first_difference(t, roots);
    Value result = VALUE_ERROR;
    if (differs == 0) {
        sequence_items(a, &na);
        sequence_items(b, &nb);
        result = bool_value(order_satisfies((na > nb) - (na < nb), op));
    } else if (differs > 0) {
        if (op == COMPARE_EQ || op == COMPARE_NE) result = bool_value(op == COMPARE_NE);
        else result = value_compare(t, op, roots[2], roots[3]);
    }
    pop_roots(t, roots);
    return result;
}

int64_t sequence_find(Thread *t, Value seq, Value v, size_t start, size_t stop) {
    Value *roots = push_roots(t, 3);
    roots[0] = seq;
    roots[1] = v;
    int64_t found = -1;
    for (size_t i = start; found == -1 && i < stop; i++) {
        size_t n;
        const Value *items = sequence_items(seq, &n);
        if (i >= n) break;
        int equal = equal_fast(items[i], v);
        if (equal < 0) {
            roots[2] = items[i];
            equal = value_equal(t, items[i], v);
        }
        if (equal) found = equal < 0 ? -2 : (int64_t)i;
    }
    pop_roots(t, roots);
    return found;
}

int sequence_contains(Thread *t, Value seq, Value v) {
    int64_t found = sequence_find(t, seq, v, 0, SIZE_MAX);
    return found == -2 ? -1 : found >= 0;
}

Value sequence_count(Thread *t, Value seq, Value v) {
    int64_t n = 0, at = -1;
    while ((at = sequence_find(t, seq, v, (size_t)(at + 1), SIZE_MAX)) >= 0) n++;
    return at == -2 ? VALUE_ERROR : fixnum(n);
}

bool sequence_repr_into(Thread *t, Value seq, Buffer *out) {
    for (size_t i = 0;; i++) {
        size_t n;
        const Value *items = sequence_items(seq, &n);
        if (i >= n) return true;
        if (i > 0) buffer_append(out, ", ", 2);
        if (!value_repr_into(t, items[i], out)) return false;
    }
}

/* One bound of index(): any object with __index__, clamped, negative from the end. */
static bool range_bound(Thread *t, Value v, size_t length, size_t *out) {
    int64_t i;
    if (is_fixnum(v)) i = fixnum_of(v);
    else if (!is_int(v) && !class_of(t->vm, v)->slots.index) {
        raise_error(t, EXC_TypeError, "slice indices must be integers or have an __index__ method");
        return false;
    } else if (!arg_clamped(t, v, &i)) return false;
    if (i < 0) i += (int64_t)length;
    *out = i < 0 ? 0 : (size_t)i;
    return true;
}

bool sequence_range(Thread *t, Value start, Value stop, size_t length, size_t *from, size_t *to) {
    *from = 0;
    *to = SIZE_MAX;
    if (start != VALUE_UNSET && !range_bound(t, start, length, from)) return false;
    return stop == VALUE_UNSET || range_bound(t, stop, length, to);
}

bool sequence_repeat_count(Thread *t, Value count, size_t size, int64_t *n) {
    if (!is_int(count) && !class_of(t->vm, count)->slots.index) {
        raise_error(t, EXC_TypeError, "can't multiply sequence by non-int of type '%T'", count);
        return false;
    }
    Value index = value_index(t, count);
    if (index == VALUE_ERROR) return false;
    if (!int_to_int64(index, n)) {
        raise_error(t, EXC_OverflowError, "cannot fit '%T' into an index-sized integer", count);
        return false;
    }
    if (*n < 0) *n = 0;
    size_t total;
    if (__builtin_mul_overflow(size, (size_t)*n, &total) || total > SIZE_MAX / 32) {
        raise_memory_error(t);
        return false;
    }
    return true;
}

Value sequence_bad_concat(Thread *t, Value other, const char *kind) {
    return raise_error(t, EXC_TypeError, "can only concatenate %s (not \"%T\") to %s", kind, other,
                       kind);
}

bool arguments_at_most(Thread *t, const char *name, int max, int argc, Tuple *kwnames) {
    if (kwnames && kwnames->size) {
        raise_error(t, EXC_TypeError, "%s() takes no keyword arguments", name);
        return false;
    }
    if (argc <= max) return true;
    raise_error(t, EXC_TypeError, "%s expected at most %d argument%s, got %d", name, max,
                max == 1 ? "" : "s", argc);
    return false;
}

bool raise_memory_error(Thread *t) {
    raise_with(t, EXC_MemoryError, VALUE_UNSET);
    return false;
}
