/* SPDX-License-Identifier: MIT */
/*
 * The shared methods that take text apart or put it together: split, rsplit, splitlines, partition,
 * strip, join. Nothing here runs Tulip code except join, which first gathers its items in a tuple.
 * Read next: vm/chars_pad.c.
 */
#define _GNU_SOURCE
#include "vm/chars.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/unicode.h"

/* Is the ASCII character or byte [c] white space? For text the separators 0x1c … 0x1f are. */
static bool is_space_byte(uint8_t c, bool text) {
    return c == ' ' || (c >= 9 && c <= 13) || (text && c >= 0x1C && c <= 0x1F);
}

/* Is the character at [*p] white space? Moves behind it. */
static bool space_forward(Value self, const char **p) {
    uint8_t c = (uint8_t) * *p;
    bool text = is_str(self);
    if (text && c >= 0x80) return unicode_is_space(str_next(p));
    ++*p;
    return is_space_byte(c, text);
}

/* The same for the character before [*p]. */
static bool space_backward(Value self, const char **p) {
    uint8_t c = (uint8_t)(*p)[-1];
    bool text = is_str(self);
    if (text && c >= 0x80) return unicode_is_space(str_previous(p));
    --*p;
    return is_space_byte(c, text);
}

static bool add_piece(Thread *t, List *list, Value like, const char *from, const char *to) {
    return list_append(t, list, chars_new(t, like, from, (size_t)(to - from)));
}

/* ---- split ---- */

static bool split_spaces(Thread *t, List *list, Value self, size_t most) {
    Chars text = chars_of(self);
    const char *p = text.data, *end = p + text.size;
    for (;;) {
        const char *start = p;
        while (p < end && space_forward(self, &p)) start = p;
        if (start == end) return true;
        if (list->size == most) return add_piece(t, list, self, start, end);
        const char *stop = start;
        p = start;
        while (p < end && !space_forward(self, &p)) stop = p;
        if (!add_piece(t, list, self, start, stop)) return false;
    }
}

static bool rsplit_spaces(Thread *t, List *list, Value self, size_t most) {
    Chars text = chars_of(self);
    const char *begin = text.data, *p = begin + text.size;
    for (;;) {
        const char *stop = p;
        while (p > begin && space_backward(self, &p)) stop = p;
        if (stop == begin) return true;
        if (list->size == most) return add_piece(t, list, self, begin, stop);
        const char *start = stop;
        p = stop;
        while (p > begin && !space_backward(self, &p)) start = p;
        if (!add_piece(t, list, self, start, stop)) return false;
    }
}

static bool split_at(Thread *t, List *list, Value self, Chars sep, size_t most) {
    Chars text = chars_of(self);
    while (most--) {
        size_t at = chars_find(text, sep);
        if (at == CHARS_ABSENT) break;
        if (!add_piece(t, list, self, text.data, text.data + at)) return false;
        text.data += at + sep.size;
        text.size -= at + sep.size;
    }
    return add_piece(t, list, self, text.data, text.data + text.size);
}

static bool rsplit_at(Thread *t, List *list, Value self, Chars sep, size_t most) {
    Chars text = chars_of(self);
    while (most--) {
        size_t at = chars_find_last(text, sep);
        if (at == CHARS_ABSENT) break;
        if (!add_piece(t, list, self, text.data + at + sep.size, text.data + text.size))
            return false;
        text.size = at;
    }
    return add_piece(t, list, self, text.data, text.data + text.size);
}

static void reverse(List *list) {
    for (size_t i = 0, j = list->size; i + 1 < j--; i++) {
        Value kept = list->items[i];
        list->items[i] = list->items[j];
        list->items[j] = kept;
    }
}

static Value split(Thread *t, Value *args, bool right) {
    Value self = args[0];
    int64_t limit;
    Chars sep;
    if (!arg_int64(t, args[2], &limit)) return VALUE_ERROR;
    size_t most = limit < 0 ? SIZE_MAX : (size_t)limit;
    List *list = list_new(t, 4);
    bool ok;
    if (args[1] == VALUE_NONE) {
        ok = right ? rsplit_spaces(t, list, self, most) : split_spaces(t, list, self, most);
    } else {
        if (!chars_operand(t, self, args[1], "must be str or None, not %T", &sep))
            return VALUE_ERROR;
        if (!sep.size) return raise_error(t, EXC_ValueError, "empty separator");
        ok = right ? rsplit_at(t, list, self, sep, most) : split_at(t, list, self, sep, most);
    }
    if (!ok) return VALUE_ERROR;
    if (right) reverse(list);
    return object_value(list);
}

Value chars_method_split(Thread *t, Value *args) { return split(t, args, false); }
Value chars_method_rsplit(Thread *t, Value *args) { return split(t, args, true); }

/* Does a line break begin at [p]? Its size in bytes, 0 if not. */
static size_t line_break(Value self, const char *p, const char *end) {
    if (*p == '\r') return p + 1 < end && p[1] == '\n' ? 2 : 1;
    if (!is_str(self)) return *p == '\n';
    const char *next = p;
    return unicode_is_line_break(str_next(&next)) ? (size_t)(next - p) : 0;
}

Value chars_method_splitlines(Thread *t, Value *args) {
    Value self = args[0];
    int64_t keep;
    if (!arg_clamped(t, args[1], &keep)) return VALUE_ERROR;
    List *list = list_new(t, 4);
    Chars text = chars_of(self);
    const char *start = text.data, *end = text.data + text.size;
    for (const char *p = start; p < end;) {
        size_t size = line_break(self, p, end);
        if (!size) {
            if (is_str(self)) str_next(&p);
            else p++;
            continue;
        }
        if (!add_piece(t, list, self, start, keep ? p + size : p)) return VALUE_ERROR;
        start = p += size;
    }
    if (start < end && !add_piece(t, list, self, start, end)) return VALUE_ERROR;
    return object_value(list);
}

/* ---- partition ---- */

static Value partition(Thread *t, Value *args, bool last) {
    Value self = args[0];
    Chars sep, text = chars_of(self);
    if (!chars_operand(t, self, args[1], "must be str, not %T", &sep)) return VALUE_ERROR;
    if (!sep.size) return raise_error(t, EXC_ValueError, "empty separator");
    size_t at = last ? chars_find_last(text, sep) : chars_find(text, sep);
    Tuple *parts = tuple_new(t, 3);
    if (at == CHARS_ABSENT) {
        for (int i = 0; i < 3; i++) parts->items[i] = chars_new(t, self, "", 0);
        parts->items[last ? 2 : 0] = chars_same(t, self);
    } else {
        parts->items[0] = chars_new(t, self, text.data, at);
        bool mutable = is_kind(self, OBJ_BYTEARRAY);
        parts->items[1] = mutable ? chars_new(t, self, sep.data, sep.size) : chars_same(t, args[1]);
        parts->items[2] = chars_new(t, self, text.data + at + sep.size, text.size - at - sep.size);
    }
    return object_value(parts);
}

Value chars_method_partition(Thread *t, Value *args) { return partition(t, args, false); }
Value chars_method_rpartition(Thread *t, Value *args) { return partition(t, args, true); }

/* ---- strip ---- */

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

static bool contains_point(Chars set, uint32_t c) {
    for (const char *p = set.data, *end = p + set.size; p < end;) {
        if (str_next(&p) == c) return true;
    }
    return false;
}

/* Is the character at [*p] (before it when [back]) to be stripped? Moves past it. */
static bool strips(Value self, const Chars *set, const char **p, bool back) {
    if (!set) return back ? space_backward(self, p) : space_forward(self, p);
    if (is_str(self)) return contains_point(*set, back ? str_previous(p) : str_next(p));
    char c = back ? *--*p : *(*p)++;
    return memchr(set->data, c, set->size) != NULL;
}

static Value strip(Thread *t, Value *args, int sides, const char *wanted) {
    Value self = args[0];
    Chars chars, *set = NULL, text = chars_of(self);
    if (args[1] != VALUE_NONE) {
        if (!chars_operand(t, self, args[1], wanted, &chars)) return VALUE_ERROR;
        set = &chars;
    }
    const char *start = text.data, *end = start + text.size;
    for (const char *p = start; (sides & STRIP_LEFT) && p < end && strips(self, set, &p, false);)
        start = p;
    for (const char *p = end; (sides & STRIP_RIGHT) && p > start && strips(self, set, &p, true);)
        end = p;
    if ((size_t)(end - start) == text.size) return chars_same(t, self);
    return chars_new(t, self, start, (size_t)(end - start));
}

Value chars_method_strip(Thread *t, Value *args) {
    return strip(t, args, STRIP_LEFT | STRIP_RIGHT, "strip arg must be None or str");
}
Value chars_method_lstrip(Thread *t, Value *args) {
    return strip(t, args, STRIP_LEFT, "lstrip arg must be None or str");
}
Value chars_method_rstrip(Thread *t, Value *args) {
    return strip(t, args, STRIP_RIGHT, "rstrip arg must be None or str");
}

/* ---- join ---- */

static Value join_bytes(Thread *t, Value self, const Value *items, size_t count) {
    Chars separator = chars_of(self);
    size_t size = count ? separator.size * (count - 1) : 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_kind(items[i], OBJ_BYTES) && !is_kind(items[i], OBJ_BYTEARRAY)) {
            return raise_error(t, EXC_TypeError,
                               "sequence item %zd: expected a bytes-like object, %T found", i,
                               items[i]);
        }
        size += chars_of(items[i]).size;
    }
    char *out;
    Value joined = chars_allocate(t, self, size, size, &out);
    for (size_t i = 0; joined && i < count; i++) {
        Chars item = chars_of(items[i]);
        if (i) out = (char *)memcpy(out, separator.data, separator.size) + separator.size;
        out = (char *)memcpy(out, item.data, item.size) + item.size;
    }
    return joined;
}

Value chars_method_join(Thread *t, Value *args) {
    Value items = args[1];
    bool sequence = is_kind(items, OBJ_LIST) || is_kind(items, OBJ_TUPLE);
    if (!sequence || object_class(object_of(items))->flags & CLASS_HEAP) {
        args[1] = value_iter(t, items);
        if (args[1] == VALUE_ERROR) {
            if (!exception_matches(t, EXC_TypeError)) return VALUE_ERROR;
            exception_take(t);
            return raise_error(t, EXC_TypeError, "can only join an iterable");
        }
        Tuple *gathered = tuple_from_iterable(t, args[1]);
        if (!gathered) return VALUE_ERROR;
        items = args[1] = object_value(gathered);
    }
    bool listed = is_kind(items, OBJ_LIST);
    const Value *at = listed ? LIST(items)->items : TUPLE(items)->items;
    size_t count = listed ? LIST(items)->size : TUPLE(items)->size;
    if (!is_str(args[0])) return join_bytes(t, args[0], at, count);
    Str *joined = str_join(t, STR(args[0]), at, count);
    return joined ? object_value(joined) : VALUE_ERROR;
}
