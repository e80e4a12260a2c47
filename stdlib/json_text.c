/* SPDX-License-Identifier: MIT */
/*
 * JSON strings, both ways.
 *
 * Reading: a string without escapes is a piece of the text and is copied once. Writing: stretches
 * that need no escape are appended as they are. Lone surrogates pass in both directions; the two
 * halves of a pair are joined only when both are written as escapes.
 *
 * Read next: stdlib/json_decode.c, stdlib/json_encode.c.
 */
#include <string.h>

#include "stdlib/json_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- reading ---- */

Value json_raise(JsonScan *scan, const char *message, const char *at) {
    Thread *t = scan->t;
    Value *roots = push_roots(t, 4);
    roots[0] = object_value(str_from(t, message));
    roots[1] = object_value(scan->text);
    roots[2] = fixnum((int64_t)str_index_at(scan->text, (size_t)(at - scan->text->data)));
    Value module = t->vm->hooks.import_module(t, str_intern(t->vm, "json.decoder", 12));
    if (module != VALUE_ERROR)
        roots[3] = value_getattr(t, module, str_intern(t->vm, "JSONDecodeError", 15));
    Value error = VALUE_ERROR;
    if (module != VALUE_ERROR && roots[3] != VALUE_ERROR) error = call_value(t, roots[3], roots, 3);
    pop_roots(t, roots);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

void json_forget_keys(JsonScan *scan) { memset(scan->keys, 0, sizeof scan->keys); }

/* Four hexadecimal digits at [p], or -1. */
static int32_t hex4(const char *p, const char *end) {
    uint32_t unit = 0;
    if (end - p < 4) return -1;
    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c >= '0' && c <= '9') unit = unit << 4 | (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f') unit = unit << 4 | (uint32_t)((c | 32) - 87);
        else return -1;
    }
    return (int32_t)unit;
}

/* The escape whose backslash is at [*p]: appended, [*p] behind it. [begin]: the opening quote. */
static bool scan_escape(JsonScan *scan, const char **p, const char *begin) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = *p, *end = scan->end;
    if (at + 1 >= end) return json_raise(scan, "Unterminated string starting at", begin), false;
    char c = at[1];
    const char *letter = c ? strchr(letters, c) : NULL;
    if (letter) {
        buffer_putc(&scan->scratch, meanings[letter - letters]);
        *p = at + 2;
        return true;
    }
    if (c != 'u') return json_raise(scan, "Invalid \\escape", at), false;
    int32_t unit = hex4(at + 2, end);
    if (unit < 0) return json_raise(scan, "Invalid \\uXXXX escape", at + 1), false;
    at += 6;
    if (unit >= 0xD800 && unit < 0xDC00 && end - at >= 2 && at[0] == '\\' && at[1] == 'u') {
        int32_t low = hex4(at + 2, end);
        if (low < 0) return json_raise(scan, "Invalid \\uXXXX escape", at + 1), false;
        if (low >= 0xDC00 && low < 0xE000) {
            unit = 0x10000 + ((unit - 0xD800) << 10 | (low - 0xDC00));
            at += 6;
        }
    }
    buffer_put_utf8(&scan->scratch, (uint32_t)unit);
    *p = at;
    return true;
}

/* The first byte from [p] on that ends a plain stretch: a quote, a backslash, a control character,
 * or [end]. [*high] gathers whether a byte beyond ASCII was passed. */
static const char *plain_end(const char *p, const char *end, uint64_t *high) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    while (end - p >= 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        uint64_t stops =
            ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((word - ones * 0x20) & ~word);
        if (stops & tops) break;
        *high |= word & tops;
        p += 8;
    }
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\' || c < 0x20) break;
        *high |= c & 0x80;
    }
    return p;
}

/* The str of [size] bytes; a key may be one of those met before. */
static Str *make_string(JsonScan *scan, const char *data, size_t size, bool ascii, bool key) {
    Str **known = NULL;
    if (key && size && size <= 32) {
        uint32_t hash = (uint32_t)size;
        for (size_t i = 0; i < size; i++) hash = hash * 31 + (unsigned char)data[i];
        known = &scan->keys[(hash ^ hash >> 8) % JSON_KEY_CACHE];
        if (*known && (*known)->size == size && !memcmp((*known)->data, data, size)) return *known;
    }
    Str *s = ascii ? str_new_ascii(scan->t, data, size) : str_new(scan->t, data, size);
    if (known) *known = s;
    return s;
}

Str *json_scan_string(JsonScan *scan, const char **p, bool key) {
    const char *begin = *p - 1, *from = *p;
    uint64_t high = 0;
    const char *at = plain_end(from, scan->end, &high);
    if (at < scan->end && *at == '"') {
        *p = at + 1;
        return make_string(scan, from, (size_t)(at - from), !high, key);
    }
    scan->scratch.size = 0;
    for (;;) {
        buffer_append(&scan->scratch, from, (size_t)(at - from));
        if (at >= scan->end)
            return json_raise(scan, "Unterminated string starting at", begin), NULL;
        if (*at == '"') break;
        if (*at == '\\') {
            if (!scan_escape(scan, &at, begin)) return NULL;
        } else if (scan->strict) {
            return json_raise(scan, "Invalid control character at", at), NULL;
        } else {
            buffer_putc(&scan->scratch, *at++);
        }
        from = at;
        at = plain_end(from, scan->end, &high);
    }
    *p = at + 1;
    return str_new(scan->t, scan->scratch.data, scan->scratch.size);
}

Value json_scanstring(Thread *t, Value *args) {
    int64_t at;
    int strict;
    if (!arg_int64(t, args[1], &at) || (strict = value_truth(t, args[2])) < 0) return VALUE_ERROR;
    if (!is_str(args[0]))
        return raise_error(t, EXC_TypeError, "first argument must be a string, not %T", args[0]);
    Str *text = STR(args[0]);
    if (at < 0 || (size_t)at > text->length)
        return raise_error(t, EXC_ValueError, "end is out of bounds");
    JsonScan scan = {.t = t, .text = text, .end = text->data + text->size, .strict = strict};
    const char *p = text->data + str_byte_offset(text, (size_t)at);
    Str *result = json_scan_string(&scan, &p, false);
    buffer_free(&scan.scratch);
    if (!result) return VALUE_ERROR;
    Value pair[] = {object_value(result),
                    fixnum((int64_t)str_index_at(text, (size_t)(p - text->data)))};
    return object_value(tuple_from(t, pair, 2));
}

/* ---- writing ---- */

/* \uXXXX at [p]; where it ends. */
static char *put_unit(char *p, uint32_t unit) {
    static const char digits[] = "0123456789abcdef";
    p[0] = '\\', p[1] = 'u';
    for (int i = 0; i < 4; i++) p[2 + i] = digits[unit >> (12 - 4 * i) & 15];
    return p + 6;
}

/* The escapes of the characters beyond ASCII from [p] on; where they end. */
static const char *put_beyond(Buffer *out, const char *p, const char *end) {
    enum { MANY = 64 };
    while (p < end && *p & 0x80) {
        char *room = buffer_reserve(out, MANY * 12), *to = room;
        for (int i = 0; i < MANY && p < end && *p & 0x80; i++) {
            uint32_t c = str_next(&p);
            if (c >= 0x10000) {
                to = put_unit(to, 0xD800 | (c - 0x10000) >> 10);
                c = 0xDC00 | (c & 0x3FF);
            }
            to = put_unit(to, c);
        }
        out->size += (size_t)(to - room);
    }
    return p;
}

/* The escape of the ASCII character at [*p], which moves behind it. */
static void put_escape(Buffer *out, const char **p) {
    static const char special[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    uint32_t c = str_next(p);
    const char *letter = c && c < 0x80 ? strchr(special, (int)c) : NULL;
    if (letter) {
        buffer_putc(out, '\\');
        buffer_putc(out, letters[letter - special]);
    } else {
        char *room = buffer_reserve(out, 6);
        out->size += (size_t)(put_unit(room, c) - room);
    }
}

/* The first byte from [p] on that needs an escape in ASCII text: as plain_end, and also DEL and
 * all bytes beyond. */
static const char *ascii_end(const char *p, const char *end) {
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        uint64_t stops = word | (word + ones) | ((quote - ones) & ~quote) |
                         ((slash - ones) & ~slash) | (word - ones * 0x20);
        if (stops & tops) break;
    }
    while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\') p++;
    return p;
}

void json_put_string(Buffer *out, const Str *text, bool ascii) {
    const char *p = text->data, *end = p + text->size;
    buffer_putc(out, '"');
    while (p < end) {
        uint64_t high = 0;
        const char *stop = ascii ? ascii_end(p, end) : plain_end(p, end, &high);
        buffer_append(out, p, (size_t)(stop - p));
        p = stop;
        if (p < end && *p & 0x80) p = put_beyond(out, p, end);
        else if (p < end) put_escape(out, &p);
    }
    buffer_putc(out, '"');
}

static Value encode(Thread *t, Value v, bool ascii) {
    if (!is_str(v))
        return raise_error(t, EXC_TypeError, "first argument must be a string, not %T", v);
    Buffer out = {.fallible = true};
    json_put_string(&out, STR(v), ascii);
    return object_value(str_from_buffer(t, &out));
}

Value json_encode_ascii(Thread *t, Value *args) { return encode(t, args[0], true); }
Value json_encode_text(Thread *t, Value *args) { return encode(t, args[0], false); }
