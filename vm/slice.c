/* SPDX-License-Identifier: MIT */
/*
 * Slices, and what sequences do with subscripts: slice_bounds clamps a slice to a length, index_in
 * checks an index.
 *
 * The fields of a slice are any objects; only when a sequence is subscripted are they asked for
 * __index__. That may run Tulip code, so a sequence looks at its length after slice_ints.
 */
#include "vm/container.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/sequence.h"
#include "vm/str.h"

Value slice_new(Thread *t, Value start, Value stop, Value step) {
    Slice *s = heap_allocate_small(&t->vm->heap, sizeof(Slice), OBJ_SLICE, BUILTIN_CLASS(t, SLICE));
    s->start = start;
    s->stop = stop;
    s->step = step;
    return object_value(s);
}

static bool has_index(Thread *t, Value v) { return is_int(v) || class_of(t->vm, v)->slots.index; }

/* [v] as an int64, clamped; None gives [none]. */
static bool slice_int(Thread *t, Value v, int64_t none, int64_t *out) {
    if (v == VALUE_NONE) *out = none;
    else if (is_fixnum(v)) *out = fixnum_of(v);
    else if (!has_index(t, v)) {
        raise_error(t, EXC_TypeError,
                    "slice indices must be integers or None or have an __index__ method");
        return false;
    } else {
        Value i = value_index(t, v);
        if (i == VALUE_ERROR) return false;
        if (!int_to_int64(i, out)) *out = int_sign(i) < 0 ? INT64_MIN : INT64_MAX;
    }
    return true;
}

/* The three fields as numbers; what is left out is as far away as can be. */
static bool slice_ints(Thread *t, Slice *s, int64_t *start, int64_t *stop, int64_t *step) {
    if (!slice_int(t, s->step, 1, step)) return false;
    if (*step == 0) {
        raise_error(t, EXC_ValueError, "slice step cannot be zero");
        return false;
    }
    if (*step == INT64_MIN) *step = -INT64_MAX;
    return slice_int(t, s->start, *step < 0 ? INT64_MAX : 0, start) &&
           slice_int(t, s->stop, *step < 0 ? INT64_MIN : INT64_MAX, stop);
}

/* One bound: counted from the end when negative, then clamped to [low, high]. */
static int64_t clamp(int64_t bound, int64_t length, int64_t low, int64_t high) {
    if (bound < 0) bound = bound < -length ? low : bound + length;
    if (bound < low) return low;
    return bound > high ? high : bound;
}

static int64_t count_of(int64_t start, int64_t stop, int64_t step) {
    if (step > 0) return start < stop ? (stop - start - 1) / step + 1 : 0;
    return stop < start ? (start - stop - 1) / -step + 1 : 0;
}

bool slice_unpack(Thread *t, Slice *slice, int64_t *start, int64_t *stop, int64_t *step) {
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(slice);
    bool ok = slice_ints(t, slice, start, stop, step);
    pop_roots(t, roots);
    return ok;
}

int64_t slice_adjust(int64_t length, int64_t *start, int64_t *stop, int64_t step) {
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    *start = clamp(*start, length, low, high);
    *stop = clamp(*stop, length, low, high);
    return count_of(*start, *stop, step);
}

bool slice_bounds(Thread *t, Slice *slice, int64_t length, int64_t *start, int64_t *stop,
                  int64_t *step, int64_t *count) {
    if (!slice_unpack(t, slice, start, stop, step)) return false;
    *count = slice_adjust(length, start, stop, *step);
    return true;
}

bool index_in(Thread *t, Value index, int64_t length, const char *what, int64_t *out) {
    int64_t i;
    if (LIKELY(is_fixnum(index))) i = fixnum_of(index);
    else if (!has_index(t, index)) {
        size_t word = strcspn(what, " ");
        char kind[32];
        if (word >= sizeof kind) word = sizeof kind - 1;
        memcpy(kind, what, word);
        kind[word] = 0;
        raise_error(t, EXC_TypeError, "%s indices must be integers or slices, not %T", kind, index);
        return false;
    } else {
        Value v = value_index(t, index);
        if (v == VALUE_ERROR) return false;
        if (!int_to_int64(v, &i)) {
            raise_error(t, EXC_IndexError, "cannot fit '%T' into an index-sized integer", index);
            return false;
        }
    }
    *out = i < 0 ? i + length : i;
    if (*out >= 0 && *out < length) return true;
    raise_error(t, EXC_IndexError, "%s index out of range", what);
    return false;
}

/* ---- the class ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    if (!arguments_at_most(t, "slice", 3, argc, kwnames)) return VALUE_ERROR;
    if (argc == 0)
        return raise_error(t, EXC_TypeError, "slice expected at least 1 argument, got 0");
    if (argc == 1) return slice_new(t, VALUE_NONE, args[0], VALUE_NONE);
    return slice_new(t, args[0], args[1], argc == 3 ? args[2] : VALUE_NONE);
}

static Value repr(Thread *t, Value self) {
    Slice *s = SLICE(self);
    Str *text = str_format(t, "slice(%R, %R, %R)", s->start, s->stop, s->step);
    return text ? object_value(text) : VALUE_ERROR;
}

static Value fields(Thread *t, Value slice) {
    return object_value(tuple_from(t, &SLICE(slice)->start, 3));
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_SLICE)) return VALUE_NOTIMPLEMENTED;
    Value *roots = push_roots(t, 2);
    roots[0] = fields(t, a);
    roots[1] = fields(t, b);
    Value result = sequence_compare(t, roots[0], roots[1], op);
    pop_roots(t, roots);
    return result;
}

/* A field as an int of any size; None gives [none]. */
static Value exact_field(Thread *t, Value v, Value none) {
    if (v == VALUE_NONE) return none;
    if (has_index(t, v)) return value_index(t, v);
    return raise_error(t, EXC_TypeError,
                       "slice indices must be integers or None or have an __index__ method");
}

/* clamp() for ints of any size. */
static Value exact_clamp(Thread *t, Value bound, Value length, Value low, Value high) {
    if (int_sign(bound) < 0) bound = int_binary(t, BINARY_ADD, bound, length);
    if (int_compare(bound, low) < 0) return low;
    return int_compare(bound, high) > 0 ? high : bound;
}

/* Start, stop (None stays) and step, of any size, to rooted places. */
static bool exact_fields(Thread *t, Slice *s, Value *out) {
    out[2] = exact_field(t, s->step, fixnum(1));
    if (out[2] == VALUE_ERROR) return false;
    if (int_sign(out[2]) == 0) {
        raise_error(t, EXC_ValueError, "slice step cannot be zero");
        return false;
    }
    out[0] = exact_field(t, s->start, VALUE_NONE);
    if (out[0] == VALUE_ERROR) return false;
    out[1] = exact_field(t, s->stop, VALUE_NONE);
    return out[1] != VALUE_ERROR;
}

/* slice.indices(length): the bounds as Python would use them. */
static Value method_indices(Thread *t, Value *args) {
    Value *roots = push_roots(t, 4), length = roots[3] = value_index(t, args[1]);
    bool ok = length != VALUE_ERROR;
    if (ok && int_sign(length) < 0) {
        raise_error(t, EXC_ValueError, "length should not be negative");
        ok = false;
    }
    ok = ok && exact_fields(t, SLICE(args[0]), roots);
    pop_roots(t, roots);
    if (!ok) return VALUE_ERROR;
    bool down = int_sign(roots[2]) < 0;
    Value low = down ? fixnum(-1) : fixnum(0);
    Value high = down ? int_binary(t, BINARY_SUB, length, fixnum(1)) : length;
    Value bounds[] = {
        roots[0] == VALUE_NONE ? (down ? high : low) : exact_clamp(t, roots[0], length, low, high),
        roots[1] == VALUE_NONE ? (down ? low : high) : exact_clamp(t, roots[1], length, low, high),
        roots[2]};
    return object_value(tuple_from(t, bounds, 3));
}

static Value get_start(Thread *t, Value self) {
    (void)t;
    return SLICE(self)->start;
}
static Value get_stop(Thread *t, Value self) {
    (void)t;
    return SLICE(self)->stop;
}
static Value get_step(Thread *t, Value self) {
    (void)t;
    return SLICE(self)->step;
}

static Value method_reduce(Thread *t, Value *args) {
    Value pair[] = {object_value(class_of(t->vm, args[0])), fields(t, args[0])};
    return object_value(tuple_from(t, pair, 2));
}

static const NativeDef methods[] = {
    {"__reduce__", method_reduce, "(self, /)",
     "The class and the arguments that make an equal one."},
    {"indices", method_indices, "(self, length, /)",
     "The tuple (start, stop, step) of this slice for a sequence of that length."},
    {0},
};
static const FieldDef slice_fields[] = {
    {"start", get_start, NULL, "First index, or None."},
    {"stop", get_stop, NULL, "Index before which it ends, or None."},
    {"step", get_step, NULL, "Distance, or None."},
    {0},
};
static const Slots slots = {.repr = repr, .compare = compare, .construct = construct};
static const NativeClass slice_class = {
    .kind = OBJ_SLICE,
    .slots = &slots,
    .methods = methods,
    .fields = slice_fields,
    .doc =
        "slice(stop)\nslice(start, stop[, step])\nWhat x[start:stop:step] passes to __getitem__.",
};

/* Complete the class slice. */
void slice_init(Thread *t) { native_class_init(t, &slice_class); }
