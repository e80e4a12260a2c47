/* SPDX-License-Identifier: MIT */
/*
 * The encodings unicode_escape, which writes text as the inside of a Python literal, and
 * raw_unicode_escape, which knows only \u and \U.
 *
 * Bytes that are no escape stand for the characters of Latin-1. Errors name the escape up to where
 * it went wrong, as CPython's do. Read next: vm/codec_decode.c; lexer/string.c does the same for
 * literals, with a lexer's errors.
 */
#include <stdio.h>

#include "common/unicode_name.h"
#include "vm/codec.h"

/* ---- encoding ---- */

static void put_escaped(Buffer *out, uint32_t c) {
    static const char named[] = "\\\\\tt\nn\rr";
    for (const char *p = named; *p; p += 2) {
        if ((uint32_t)*p != c) continue;
        buffer_putc(out, '\\');
        buffer_putc(out, p[1]);
        return;
    }
    if (c >= 0x20 && c < 0x7F) buffer_putc(out, (char)c);
    else buffer_put_escape(out, c);
}

void codec_encode_escapes(Buffer *out, const Str *text, bool raw) {
    const char *end = text->data + text->size;
    for (const char *p = text->data; p < end;) {
        uint32_t c = str_next(&p);
        if (!raw) put_escaped(out, c);
        else if (c < 0x100) buffer_putc(out, (char)c);
        else buffer_put_escape(out, c);
    }
}

/* ---- decoding ---- */

/* One escape: what it stands for, how long it is, and what is wrong with it. */
typedef struct Escape {
    size_t size;
    uint32_t point;
    bool nothing; /* it stands for no character */
    const char *reason;
} Escape;

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* [count] hexadecimal digits behind the two bytes at [p]. */
static Escape read_hex(const uint8_t *p, size_t left, int count) {
    Escape e = {.size = 2};
    for (; e.size < left && count && hex_value(p[e.size]) >= 0; e.size++, count--)
        e.point = e.point << 4 | (uint32_t)hex_value(p[e.size]);
    if (count) {
        e.reason = p[1] == 'x'   ? "truncated \\xXX escape"
                   : p[1] == 'u' ? "truncated \\uXXXX escape"
                                 : "truncated \\UXXXXXXXX escape";
    } else if (e.point > 0x10FFFF) {
        e.reason = "illegal Unicode character";
    }
    return e;
}

static Escape read_octal(const uint8_t *p, size_t left) {
    Escape e = {.size = 1};
    for (; e.size < left && e.size < 4 && p[e.size] >= '0' && p[e.size] <= '7'; e.size++)
        e.point = e.point << 3 | (uint32_t)(p[e.size] - '0');
    return e;
}

static Escape read_name(const uint8_t *p, size_t left) {
    Escape e = {.size = 2, .reason = "malformed \\N character escape"};
    if (left < 3 || p[2] != '{') return e;
    const uint8_t *close = memchr(p, '}', left);
    e.size = close ? (size_t)(close - p) : left;
    if (!close || e.size == 3) return e;
    bool known = unicode_name_find((const char *)p + 3, e.size - 3, &e.point);
    e.size++;
    e.reason = known ? NULL : "unknown Unicode character name";
    return e;
}

static Escape read_escape(const uint8_t *p, size_t left) {
    static const char letters[] = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v";
    if (left == 1) return (Escape){.size = 1, .reason = "\\ at end of string"};
    switch (p[1]) {
    case '\n': return (Escape){.size = 2, .nothing = true};
    case 'x': return read_hex(p, left, 2);
    case 'u': return read_hex(p, left, 4);
    case 'U': return read_hex(p, left, 8);
    case 'N': return read_name(p, left);
    default: break;
    }
    if (p[1] >= '0' && p[1] <= '7') return read_octal(p, left);
    for (const char *letter = letters; *letter; letter += 2) {
        if ((uint8_t)*letter == p[1]) return (Escape){.size = 2, .point = (uint8_t)letter[1]};
    }
    return (Escape){.size = 1, .point = '\\'}; /* unknown: the backslash stays */
}

/* In raw text: \u and \U; two backslashes stay two and begin nothing. */
static Escape read_raw(Decoder *d, const uint8_t *p, size_t left) {
    if (left > 1 && (p[1] == 'u' || p[1] == 'U')) {
        Escape e = read_hex(p, left, p[1] == 'u' ? 4 : 8);
        if (e.reason && e.point > 0x10FFFF) e.reason = "\\Uxxxxxxxx out of range";
        return e;
    }
    bool pair = left > 1 && p[1] == '\\';
    if (pair) buffer_putc(&d->out, '\\');
    return (Escape){.size = 1u + pair, .point = '\\'};
}

bool codec_decode_escapes(Decoder *d) {
    bool raw = d->codec == CODEC_RAW_UNICODE_ESCAPE;
    for (size_t at = 0; at < d->size;) {
        const uint8_t *p = d->data + at;
        Escape e = {.size = 1, .point = *p};
        if (*p == '\\') e = raw ? read_raw(d, p, d->size - at) : read_escape(p, d->size - at);
        if (e.reason) e.size = decoder_handle(d, at, e.size, e.reason);
        else if (!e.nothing) buffer_put_utf8(&d->out, e.point);
        if (!e.size) return false;
        at += e.size;
    }
    return true;
}
