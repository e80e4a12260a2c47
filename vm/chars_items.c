/* SPDX-License-Identifier: MIT */
/*
 * What the slots of str, bytes and bytearray share: indices, slices, comparison, iterators,
 * constructor arguments. Read next: vm/str_class.c, vm/bytes.c, vm/bytearray.c.
 */
#include "vm/chars.h"
#include "vm/container.h"
#include "vm/ops.h"

/* ---- indices ---- */

static bool raise_key(Thread *t, Value self, Value key) {
    if (is_str(self))
        raise_error(t, EXC_TypeError, "string indices must be integers, not '%T'", key);
    else {
        const char *kind = is_kind(self, OBJ_BYTES) ? "byte" : "bytearray";
        raise_error(t, EXC_TypeError, "%s indices must be integers or slices, not %T", kind, key);
    }
    return false;
}

static bool raise_range(Thread *t, Value self) {
    const char *kind = is_str(self) ? "string " : is_kind(self, OBJ_BYTES) ? "" : "bytearray ";
    raise_error(t, EXC_IndexError, "%sindex out of range", kind);
    return false;
}

bool chars_index(Thread *t, Value self, Value key, size_t *out) {
    int64_t index;
    if (is_fixnum(key)) {
        index = fixnum_of(key);
    } else {
        if (!is_int(key) && !class_of(t->vm, key)->slots.index) return raise_key(t, self, key);
        if (!arg_clamped(t, key, &index)) return false;
        if (index == INT64_MAX || index == INT64_MIN) {
            raise_error(t, EXC_IndexError, "cannot fit '%T' into an index-sized integer", key);
            return false;
        }
    }
    int64_t length = (int64_t)chars_length(self);
    if (index < 0) index += length;
    if (index < 0 || index >= length) return raise_range(t, self);
    *out = (size_t)index;
    return true;
}

/* ---- slices ---- */

/* Characters at a distance of at most this are walked to, farther ones looked up. */
enum { WALK = 32 };

static Value slice_points(Thread *t, Str *s, int64_t start, int64_t step, int64_t count) {
    Buffer out = {0};
    const char *p = s->data + str_byte_offset(s, (size_t)start);
    bool near = step >= -WALK && step <= WALK;
    for (int64_t i = 0; i < count; i++) {
        if (i && !near) p = s->data + str_byte_offset(s, (size_t)(start + i * step));
        for (int64_t n = i && near && step > 0 ? step : 0; n; n--) str_next(&p);
        for (int64_t n = i && near && step < 0 ? -step : 0; n; n--) str_previous(&p);
        const char *end = p;
        str_next(&end);
        buffer_append(&out, p, (size_t)(end - p));
    }
    return object_value(str_from_buffer(t, &out));
}

Value chars_slice(Thread *t, Value self, Slice *slice) {
    int64_t start, stop, step, count;
    if (!slice_bounds(t, slice, (int64_t)chars_length(self), &start, &stop, &step, &count))
        return VALUE_ERROR;
    bool text = is_str(self);
    int64_t last = start + (count - 1) * step, length = (int64_t)chars_length(self);
    if (start >= length || last >= length) count = 0; /* __index__ has shrunk a bytearray */
    if (count <= 0) return chars_new(t, self, "", 0);
    if (step == 1) {
        if (count == (int64_t)chars_length(self)) return chars_same(t, self);
        if (text) return object_value(str_slice(t, STR(self), (size_t)start, (size_t)count));
        return chars_new(t, self, chars_of(self).data + start, (size_t)count);
    }
    if (text && !str_is_ascii(STR(self))) return slice_points(t, STR(self), start, step, count);
    char *out;
    Value part = chars_allocate(t, self, (size_t)count, (size_t)count, &out);
    Chars chars = chars_of(self);
    for (int64_t i = 0; part && i < count; i++) out[i] = chars.data[start + i * step];
    return part;
}

/* ---- comparison ---- */

Value chars_compare(Value a, Value b, CompareOp op) {
    Chars x = chars_of(a), y = chars_of(b);
    if ((op == COMPARE_EQ || op == COMPARE_NE) && x.size != y.size)
        return bool_value(op == COMPARE_NE);
    int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);
    if (!order) order = (x.size > y.size) - (x.size < y.size);
    return bool_value(order_satisfies(order, op));
}

/* ---- operators ---- */

Value chars_multiply(Thread *t, Value a, Value b, bool (*owns)(Value v)) {
    bool left = owns(a);
    return chars_repeat(t, left ? a : b, left ? b : a);
}

/* ---- iterators ---- */

Value chars_iterator(Thread *t, Value self, ObjectKind kind) {
    SequenceIterator *it =
        heap_allocate_small(&t->vm->heap, sizeof(SequenceIterator), kind, t->vm->classes[kind]);
    it->over = self;
    it->index = 0;
    return object_value(it);
}

/* ---- constructors ---- */

static int parameter_named(Str *keyword, const char *source) {
    const char *const names[] = {source, "encoding", "errors"};
    for (int i = 0; i < 3; i++) {
        if (!strcmp(keyword->data, names[i])) return i;
    }
    return -1;
}

bool chars_bind_constructor(Thread *t, const char *name, const char *source, const Value *args,
                            int argc, Tuple *kwnames, Value out[3]) {
    out[0] = out[1] = out[2] = VALUE_UNSET;
    if (argc > 3) {
        raise_error(t, EXC_TypeError, "%s() takes at most 3 %sarguments (%d given)", name,
                    kwnames && (int)kwnames->size == argc ? "keyword " : "", argc);
        return false;
    }
    int positional = argc - (kwnames ? (int)kwnames->size : 0);
    for (int i = 0; i < positional; i++) out[i] = args[i];
    for (int i = positional; i < argc; i++) {
        Value keyword = kwnames->items[i - positional];
        int at = parameter_named(STR(keyword), source);
        if (at < 0) {
            raise_error(t, EXC_TypeError, "'%S' is an invalid keyword argument for %s()", keyword,
                        name);
            return false;
        }
        if (out[at] != VALUE_UNSET) {
            raise_error(t, EXC_TypeError,
                        "argument for %s() given by name ('%S') and position (%d)", name, keyword,
                        at + 1);
            return false;
        }
        out[at] = args[i];
    }
    return true;
}
