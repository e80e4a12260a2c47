/* SPDX-License-Identifier: MIT */
/*
 * Instructions of pickles whose argument is a line of text: protocol 0, and GLOBAL and INST of the
 * others.
 *
 * A line may hold anything, so each is checked before it is taken for a number or a name. Read
 * next: stdlib/pickle_load.c.
 */
#include <stdio.h>
#include <string.h>

#include "common/utf8.h"
#include "stdlib/pickle_native.h"
#include "vm/bytes.h"
#include "vm/codec.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/str.h"

/* ---- numbers ---- */

/* The int that a line says, which need not be text at all. */
static Value parse_line(Thread *t, const char *line, size_t size, int base) {
    if (utf8_is_ascii(line, size)) return int_parse(t, line, size, base);
    return raise_error(t, EXC_ValueError, "invalid literal for int() with base %d: %R", base,
                       object_value(bytes_new(t, line, size)));
}

bool unpickle_int_line(Thread *t, Unpickler *u) {
    size_t size;
    const char *line = (const char *)unpickle_read_line(t, u, &size);
    if (!line) return false;
    if (size == 2 && line[0] == '0' && (line[1] == '0' || line[1] == '1'))
        return unpickle_push_made(t, u, bool_value(line[1] == '1'));
    Value v = parse_line(t, line, size, 0);
    if (v == VALUE_ERROR && exception_matches(t, EXC_ValueError)) {
        exception_take(t);
        return raise_error(t, EXC_ValueError, "could not convert string to int"), false;
    }
    return unpickle_push_made(t, u, v);
}

bool unpickle_long_line(Thread *t, Unpickler *u) {
    size_t size;
    const char *line = (const char *)unpickle_read_line(t, u, &size);
    if (!line) return false;
    if (size && line[size - 1] == 'L') size--;
    return unpickle_push_made(t, u, parse_line(t, line, size, 0));
}

bool unpickle_float_line(Thread *t, Unpickler *u) {
    size_t size;
    double d;
    const char *line = (const char *)unpickle_read_line(t, u, &size);
    if (!line) return false;
    if (float_parse(line, size, &d)) return unpickle_push_made(t, u, float_new(t, d));
    raise_error(t, EXC_ValueError, "could not convert string to float: %R",
                object_value(bytes_new(t, line, size)));
    return false;
}

/* ---- texts ---- */

/* A line of protocol 0 text: Latin-1 with \u escapes. */
bool unpickle_unicode_line(Thread *t, Unpickler *u) {
    size_t size;
    const uint8_t *line = unpickle_read_line(t, u, &size);
    if (!line) return false;
    Buffer text = {0};
    for (size_t i = 0; i < size; i++) {
        int digits = line[i] != '\\' || i + 1 >= size ? 0
                     : line[i + 1] == 'u'             ? 4
                     : line[i + 1] == 'U'             ? 8
                                                      : 0;
        uint32_t c = line[i];
        if (digits && i + 1 + (size_t)digits < size) {
            char hex[9] = {0};
            unsigned value;
            int used = 0;
            memcpy(hex, line + i + 2, (size_t)digits);
            if (sscanf(hex, "%8x%n", &value, &used) == 1 && used == digits && value <= 0x10FFFF) {
                c = value;
                i += 1 + (size_t)digits;
            }
        }
        buffer_put_utf8(&text, c);
    }
    return unpickle_push_made(t, u, object_value(str_from_buffer(t, &text)));
}

/* What a bytes literal with these characters between its quotes means. */
static void put_unescaped(Buffer *out, const char *p, const char *end) {
    static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
    while (p < end) {
        const char *letter;
        unsigned value;
        int used = 0;
        char digits[4] = {0};
        if (*p != '\\' || p + 1 >= end) {
            buffer_putc(out, *p++);
        } else if (p[1] && (letter = strchr(letters, p[1]))) {
            buffer_putc(out, meanings[letter - letters]);
            p += 2;
        } else if (p[1] == 'x' && end - p >= 4 && memcpy(digits, p + 2, 2) &&
                   sscanf(digits, "%2x%n", &value, &used) == 1 && used == 2) {
            buffer_putc(out, (char)value);
            p += 4;
        } else if (memcpy(digits, p + 1, (size_t)(end - p - 1 < 3 ? end - p - 1 : 3)) &&
                   sscanf(digits, "%3o%n", &value, &used) == 1) {
            buffer_putc(out, (char)value);
            p += 1 + used;
        } else {
            buffer_putc(out, *p++);
        }
    }
}

bool unpickle_string_line(Thread *t, Unpickler *u) {
    size_t size;
    const char *line = (const char *)unpickle_read_line(t, u, &size);
    if (!line) return false;
    if (size < 2 || line[0] != line[size - 1] || (line[0] != '"' && line[0] != '\'')) {
        pickle_raise(t, UNPICKLING_ERROR, "the STRING opcode argument must be quoted");
        return false;
    }
    Buffer bytes = {0};
    put_unescaped(&bytes, line + 1, line + size - 1);
    bool ok = unpickle_push_old_string(t, u, (uint8_t *)(bytes.data ? bytes.data : ""), bytes.size);
    buffer_free(&bytes);
    return ok;
}

/* ---- the memo ---- */

/* The number in a line. */
static Value line_number(Thread *t, Unpickler *u) {
    size_t size;
    const char *line = (const char *)unpickle_read_line(t, u, &size);
    return line ? parse_line(t, line, size, 10) : VALUE_ERROR;
}

bool unpickle_get_line(Thread *t, Unpickler *u) {
    Value index = line_number(t, u);
    return index != VALUE_ERROR && unpickle_memo_get(t, u, index);
}

bool unpickle_put_line(Thread *t, Unpickler *u) {
    Value index = line_number(t, u);
    if (index == VALUE_ERROR) return false;
    if (is_fixnum(index) && fixnum_of(index) >= 0)
        return unpickle_memo_put(t, u, (uint64_t)fixnum_of(index));
    raise_error(t, EXC_ValueError, "negative PUT argument");
    return false;
}

/* ---- objects ---- */

static Value line_text(Thread *t, Unpickler *u) {
    size_t size;
    const uint8_t *line = unpickle_read_line(t, u, &size);
    if (!line) return VALUE_ERROR;
    Str *text = codec_decode(t, line, size, "utf-8", "strict");
    return text ? object_value(text) : VALUE_ERROR;
}

/* Two lines, a module and a name in it: the object is pushed. */
bool unpickle_global_lines(Thread *t, Unpickler *u) {
    Value *roots = push_roots(t, 2);
    roots[0] = line_text(t, u);
    if (roots[0] == VALUE_ERROR) return false;
    roots[1] = line_text(t, u);
    bool ok = roots[1] != VALUE_ERROR && unpickle_global(t, u, roots[0], roots[1]);
    pop_roots(t, roots);
    return ok;
}

bool unpickle_inst_lines(Thread *t, Unpickler *u) {
    if (!unpickle_global_lines(t, u)) return false;
    Value *roots = push_roots(t, 1);
    roots[0] = unpickle_pop(t, u);
    int64_t mark = roots[0] == VALUE_ERROR ? -1 : unpickle_pop_mark(t, u);
    bool ok = mark >= 0 && unpickle_instance(t, u, (size_t)mark, roots[0]);
    pop_roots(t, roots);
    return ok;
}

bool unpickle_persid_line(Thread *t, Unpickler *u) {
    size_t size;
    const char *line = (const char *)unpickle_read_line(t, u, &size);
    if (!line) return false;
    Str *text = str_new(t, line, utf8_valid(line, size));
    if (!str_is_ascii(text) || text->size != size) {
        pickle_raise(t, UNPICKLING_ERROR, "persistent IDs in protocol 0 must be ASCII strings");
        return false;
    }
    return unpickle_push_persistent(t, u, object_value(text));
}
