/* SPDX-License-Identifier: MIT */
/*
 * What the methods shared by str, bytes and bytearray stand on, and those that search: find, index,
 * count, startswith, endswith, replace.
 *
 * A method first reads all its arguments (an __index__ may run Tulip code and, say, resize a
 * bytearray), and only then takes the Chars of self. Read next: vm/chars_split.c, vm/chars_pad.c,
 * vm/chars_case.c.
 */
#define _GNU_SOURCE /* memmem, memrchr */
#include "vm/chars.h"

#include <string.h>

#include "vm/container.h"
#include "vm/ops.h"

/* ---- operands ---- */

bool bytes_like(Value v, const uint8_t **data, size_t *size) {
    if (!is_kind(v, OBJ_BYTES) && !is_kind(v, OBJ_BYTEARRAY)) return false;
    Chars chars = chars_of(v);
    *data = (const uint8_t *)chars.data;
    *size = chars.size;
    return true;
}

bool chars_operand(Thread *t, Value self, Value v, const char *wanted, Chars *out) {
    bool ok = is_str(self) ? is_str(v) : is_kind(v, OBJ_BYTES) || is_kind(v, OBJ_BYTEARRAY);
    if (ok) *out = chars_of(v);
    else if (is_str(self)) raise_error(t, EXC_TypeError, wanted, v);
    else raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", v);
    return ok;
}

size_t chars_length(Value v) { return is_str(v) ? STR(v)->length : chars_of(v).size; }

Value chars_new(Thread *t, Value like, const char *data, size_t size) {
    switch (object_kind(object_of(like))) {
    case OBJ_STR:
        return object_value(str_is_ascii(STR(like)) ? str_new_ascii(t, data, size)
                                                    : str_new(t, data, size));
    case OBJ_BYTES: return object_value(bytes_new(t, data, size));
    default: return object_value(bytearray_new(t, data, size));
    }
}

Value chars_allocate(Thread *t, Value like, size_t size, size_t length, char **data) {
    if (!str_memory_fits(t, size)) return VALUE_ERROR;
    switch (object_kind(object_of(like))) {
    case OBJ_STR: {
        Str *s = str_allocate(t, size, length);
        *data = s->data;
        return object_value(s);
    }
    case OBJ_BYTES: {
        Bytes *b = bytes_allocate(t, size);
        *data = (char *)b->data;
        return object_value(b);
    }
    default: {
        Bytearray *b = bytearray_new(t, NULL, size);
        *data = b->data ? (char *)b->data : (char *)""; /* nothing is copied there */
        return object_value(b);
    }
    }
}

Value chars_same(Thread *t, Value self) {
    ObjectKind kind = object_kind(object_of(self));
    if (kind != OBJ_BYTEARRAY && object_class(object_of(self)) == t->vm->classes[kind]) return self;
    Chars all = chars_of(self);
    return chars_new(t, self, all.data, all.size);
}

Value chars_new_arguments(Thread *t, Value *args) {
    Tuple *tuple = tuple_new(t, 1);
    tuple->items[0] = chars_same(t, args[0]);
    return object_value(tuple);
}

bool chars_name_argument(Thread *t, Value v, const char *what, const char **out) {
    *out = NULL;
    if (v == VALUE_UNSET) return true;
    if (!is_str(v)) {
        raise_error(t, EXC_TypeError, "%s must be str, not %N", what, v);
        return false;
    }
    if (strlen(STR(v)->data) != STR(v)->size) {
        raise_error(t, EXC_ValueError, "embedded null character");
        return false;
    }
    *out = STR(v)->data;
    return true;
}

/* A start or end argument, counted from the end when negative, clamped to 0 … length (or beyond:
 * the caller looks). */
static bool slice_index(Thread *t, Value v, int64_t length, int64_t absent, int64_t *out) {
    *out = absent;
    if (v == VALUE_NONE) return true;
    if (!is_int(v) && !class_of(t->vm, v)->slots.index) {
        raise_error(t, EXC_TypeError,
                    "slice indices must be integers or None or have an __index__ method");
        return false;
    }
    if (!arg_clamped(t, v, out)) return false;
    if (*out < 0) *out += length;
    if (*out < 0) *out = 0;
    return true;
}

bool chars_bounds(Thread *t, Value self, Value start, Value end, Bounds *out) {
    int64_t length = (int64_t)chars_length(self), from, to;
    if (!slice_index(t, start, length, 0, &from) || !slice_index(t, end, length, length, &to))
        return false;
    length = (int64_t)chars_length(self); /* __index__ may have changed a bytearray */
    if (to > length) to = length;
    out->inside = from <= to;
    if (!out->inside) from = to;
    out->from = is_str(self) ? str_byte_offset(STR(self), (size_t)from) : (size_t)from;
    out->to = is_str(self) ? str_byte_offset(STR(self), (size_t)to) : (size_t)to;
    return true;
}

/* ---- searching ---- */

size_t chars_find(Chars text, Chars needle) {
    if (needle.size == 0) return 0;
    if (needle.size > text.size) return CHARS_ABSENT;
    const char *found = needle.size == 1 ? memchr(text.data, needle.data[0], text.size)
                                         : memmem(text.data, text.size, needle.data, needle.size);
    return found ? (size_t)(found - text.data) : CHARS_ABSENT;
}

size_t chars_find_last(Chars text, Chars needle) {
    if (needle.size == 0) return text.size;
    if (needle.size > text.size) return CHARS_ABSENT;
    size_t left = text.size - needle.size + 1; /* how many places are still to be tried */
    while (left) {
        const char *found = memrchr(text.data, needle.data[0], left);
        if (!found) return CHARS_ABSENT;
        if (!memcmp(found, needle.data, needle.size)) return (size_t)(found - text.data);
        left = (size_t)(found - text.data);
    }
    return CHARS_ABSENT;
}

/* What is searched for: like chars_operand, and an int is a byte for bytes, kept in [byte]. */
static bool search_operand(Thread *t, Value self, Value v, char *byte, Chars *out) {
    if (is_str(self) || is_kind(v, OBJ_BYTES) || is_kind(v, OBJ_BYTEARRAY)) {
        return chars_operand(t, self, v, "must be str, not %T", out);
    }
    if (!is_int(v) && !class_of(t->vm, v)->slots.index) {
        raise_error(t, EXC_TypeError, "argument should be integer or bytes-like object, not '%T'",
                    v);
        return false;
    }
    int64_t number;
    if (!arg_clamped(t, v, &number)) return false;
    if (number < 0 || number > 255) {
        raise_error(t, EXC_ValueError, "byte must be in range(0, 256)");
        return false;
    }
    *byte = (char)number;
    *out = (Chars){byte, 1};
    return true;
}

/* The arguments of a search in args[0]: what for, and in which part of it. */
static bool search_arguments(Thread *t, Value *args, char *byte, Chars *needle, Bounds *in) {
    if (!chars_bounds(t, args[0], args[2], args[3], in)) return false;
    if (!search_operand(t, args[0], args[1], byte, needle)) return false;
    size_t size = chars_of(args[0]).size; /* that __index__ may have shrunk a bytearray as well */
    if (in->to > size) in->to = size;
    if (in->from > size) in->from = size;
    return true;
}

static Value find_in(Thread *t, Value *args, bool last, bool must) {
    Chars needle;
    Bounds in;
    char byte;
    if (!search_arguments(t, args, &byte, &needle, &in)) return VALUE_ERROR;
    Chars part = {chars_of(args[0]).data + in.from, in.to - in.from};
    size_t at = !in.inside ? CHARS_ABSENT
                : last     ? chars_find_last(part, needle)
                           : chars_find(part, needle);
    if (at == CHARS_ABSENT) {
        if (!must) return fixnum(-1);
        return raise_error(t, EXC_ValueError,
                           is_str(args[0]) ? "substring not found" : "subsection not found");
    }
    at += in.from;
    return fixnum((int64_t)(is_str(args[0]) ? str_index_at(STR(args[0]), at) : at));
}

Value chars_method_find(Thread *t, Value *args) { return find_in(t, args, false, false); }
Value chars_method_rfind(Thread *t, Value *args) { return find_in(t, args, true, false); }
Value chars_method_index(Thread *t, Value *args) { return find_in(t, args, false, true); }
Value chars_method_rindex(Thread *t, Value *args) { return find_in(t, args, true, true); }

/* Occurrences of a needle that is not empty, at most [limit]. */
static size_t count_occurrences(Chars text, Chars needle, size_t limit) {
    size_t count = 0;
    while (count < limit) {
        size_t at = chars_find(text, needle);
        if (at == CHARS_ABSENT) break;
        count++;
        text.data += at + needle.size;
        text.size -= at + needle.size;
    }
    return count;
}

/* How many characters [part] of [self] has. */
static size_t part_length(Value self, Chars part) {
    if (!is_str(self) || str_is_ascii(STR(self))) return part.size;
    size_t count = 0;
    for (size_t i = 0; i < part.size; i++) count += ((uint8_t)part.data[i] & 0xC0) != 0x80;
    return count;
}

Value chars_method_count(Thread *t, Value *args) {
    Chars needle;
    Bounds in;
    char byte;
    if (!search_arguments(t, args, &byte, &needle, &in)) return VALUE_ERROR;
    if (!in.inside) return fixnum(0);
    Chars part = {chars_of(args[0]).data + in.from, in.to - in.from};
    if (needle.size == 0) return fixnum((int64_t)part_length(args[0], part) + 1);
    return fixnum((int64_t)count_occurrences(part, needle, SIZE_MAX));
}

/* ---- prefixes and suffixes ---- */

static bool begins(Chars text, Chars prefix) {
    return prefix.size <= text.size && !memcmp(text.data, prefix.data, prefix.size);
}

static bool ends(Chars text, Chars suffix) {
    return suffix.size <= text.size &&
           !memcmp(text.data + text.size - suffix.size, suffix.data, suffix.size);
}

typedef bool (*Edge)(Chars text, Chars edge);

static Value matches_edge(Thread *t, Value *args, const char *name, Edge matches) {
    Value self = args[0], edge = args[1];
    Bounds in;
    Chars one;
    if (!chars_bounds(t, self, args[2], args[3], &in)) return VALUE_ERROR;
    Chars part = {chars_of(self).data + in.from, in.to - in.from};
    if (is_kind(edge, OBJ_TUPLE)) {
        char wanted[64] = "tuple for ";
        strcat(strcat(wanted, name), " must only contain str, not %T");
        for (size_t i = 0; i < TUPLE(edge)->size; i++) {
            if (!chars_operand(t, self, TUPLE(edge)->items[i], wanted, &one)) return VALUE_ERROR;
            if (in.inside && matches(part, one)) return VALUE_TRUE;
        }
        return VALUE_FALSE;
    }
    bool fits =
        is_str(self) ? is_str(edge) : is_kind(edge, OBJ_BYTES) || is_kind(edge, OBJ_BYTEARRAY);
    if (!fits) {
        const char *kind = is_str(self) ? "str" : "bytes";
        return raise_error(t, EXC_TypeError, "%s first arg must be %s or a tuple of %s, not %T",
                           name, kind, kind, edge);
    }
    return bool_value(in.inside && matches(part, chars_of(edge)));
}

Value chars_method_startswith(Thread *t, Value *args) {
    return matches_edge(t, args, "startswith", begins);
}
Value chars_method_endswith(Thread *t, Value *args) {
    return matches_edge(t, args, "endswith", ends);
}

Value chars_method_removeprefix(Thread *t, Value *args) {
    Chars prefix, text = chars_of(args[0]);
    if (!chars_operand(t, args[0], args[1], "removeprefix() argument must be str, not %N", &prefix))
        return VALUE_ERROR;
    if (!prefix.size || !begins(text, prefix)) return chars_same(t, args[0]);
    return chars_new(t, args[0], text.data + prefix.size, text.size - prefix.size);
}

Value chars_method_removesuffix(Thread *t, Value *args) {
    Chars suffix, text = chars_of(args[0]);
    if (!chars_operand(t, args[0], args[1], "removesuffix() argument must be str, not %N", &suffix))
        return VALUE_ERROR;
    if (!suffix.size || !ends(text, suffix)) return chars_same(t, args[0]);
    return chars_new(t, args[0], text.data, text.size - suffix.size);
}

/* ---- replacing ---- */

/* [new] before each of the first [count] characters, the end counting as one. */
static Value interleave(Thread *t, Value self, Value new, size_t count) {
    Chars text = chars_of(self), piece = chars_of(new);
    char *out;
    if (piece.size && count > (PTRDIFF_MAX - text.size) / piece.size)
        return raise_with(t, EXC_MemoryError, VALUE_UNSET);
    Value result = chars_allocate(t, self, text.size + count * piece.size,
                                  chars_length(self) + count * chars_length(new), &out);
    if (!result) return VALUE_ERROR;
    const char *p = text.data, *end = text.data + text.size;
    for (size_t i = 0; i < count; i++) {
        out = (char *)memcpy(out, piece.data, piece.size) + piece.size;
        if (p == end) break;
        const char *next = p + 1;
        while (is_str(self) && next < end && ((uint8_t)*next & 0xC0) == 0x80) next++;
        while (p < next) *out++ = *p++;
    }
    memcpy(out, p, (size_t)(end - p));
    return result;
}

Value chars_method_replace(Thread *t, Value *args) {
    Value self = args[0];
    Chars old, new;
    int64_t limit;
    if (!arg_int64(t, args[3], &limit)) return VALUE_ERROR;
    if (!chars_operand(t, self, args[1], "replace() argument 1 must be str, not %N", &old))
        return VALUE_ERROR;
    if (!chars_operand(t, self, args[2], "replace() argument 2 must be str, not %N", &new))
        return VALUE_ERROR;
    size_t most = limit < 0 ? SIZE_MAX : (size_t)limit;
    Chars text = chars_of(self);
    if (old.size == 0) {
        size_t places = chars_length(self) + 1;
        return interleave(t, self, args[2], places < most ? places : most);
    }
    size_t count = count_occurrences(text, old, most);
    if (count == 0) return chars_same(t, self);
    if (new.size > old.size && count > (PTRDIFF_MAX - text.size) / (new.size - old.size)) {
        return raise_with(t, EXC_MemoryError, VALUE_UNSET);
    }
    char *out;
    Value result = chars_allocate(
        t, self, text.size - count * old.size + count * new.size,
        chars_length(self) - count * chars_length(args[1]) + count * chars_length(args[2]), &out);
    if (!result) return VALUE_ERROR;
    while (count--) {
        size_t at = chars_find(text, old);
        out = (char *)memcpy(out, text.data, at) + at;
        out = (char *)memcpy(out, new.data, new.size) + new.size;
        text.data += at + old.size;
        text.size -= at + old.size;
    }
    memcpy(out, text.data, text.size);
    return result;
}
