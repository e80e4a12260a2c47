/* SPDX-License-Identifier: MIT */
/*
 * Decoding bytes into text.
 *
 * Every codec is a function that looks at the bytes from an offset on and either gives a code point
 * or says what is wrong: how many bytes are to blame and why, as CPython says it. One loop drives
 * them and applies the error handler. Valid UTF-8 and ASCII, nearly everything, is copied without
 * that loop.
 *
 * Read next: vm/codec.c, vm/unicode_error.c.
 */
#include <stdio.h>

#include "common/utf8.h"
#include "common/memory.h"
#include "vm/codec.h"

#include <stdlib.h>

#include "common/arena.h"

/* What a decoder found at an offset: [size] bytes that are [point], or in error for [reason]. */
typedef struct Step {
    size_t size;
    uint32_t point;
    const char *reason; /* NULL: no error */
} Step;

static Step fault(size_t size, const char *reason) { return (Step){size, 0, reason}; }

/* ---- UTF-8 ---- */

/* The range of the second byte after lead byte [b]. */
static bool second_fits(uint8_t b, uint8_t second) {
    uint8_t low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
    uint8_t high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

static Step step_utf8(const uint8_t *p, size_t left) {
    uint32_t point;
    int used = utf8_decode((const char *)p, (const char *)p + left, &point);
    if (used) return (Step){(size_t)used, point, NULL};
    if (p[0] < 0xC2 || p[0] > 0xF4) return fault(1, "invalid start byte");
    size_t wanted = p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4, i = 1;
    for (; i < wanted && i < left; i++) {
        bool fits = i == 1 ? second_fits(p[0], p[1]) : (p[i] & 0xC0) == 0x80;
        if (!fits) return fault(i, "invalid continuation byte");
    }
    return fault(i, "unexpected end of data");
}

/* ---- fixed widths ---- */

static uint32_t unit_at(const uint8_t *p, int size, bool big) {
    uint32_t unit = 0;
    for (int i = 0; i < size; i++) unit |= (uint32_t)p[i] << 8 * (big ? size - 1 - i : i);
    return unit;
}

static Step step_utf16(const uint8_t *p, size_t left, bool big) {
    if (left < 2) return fault(left, "truncated data");
    uint32_t unit = unit_at(p, 2, big);
    if (unit < 0xD800 || unit > 0xDFFF) return (Step){2, unit, NULL};
    if (unit > 0xDBFF) return fault(2, "illegal encoding");
    if (left < 4) return fault(left, "unexpected end of data");
    uint32_t low = unit_at(p + 2, 2, big);
    if (low < 0xDC00 || low > 0xDFFF) return fault(2, "illegal UTF-16 surrogate");
    return (Step){4, 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00), NULL};
}

static Step step_utf32(const uint8_t *p, size_t left, bool big) {
    if (left < 4) return fault(left, "truncated data");
    uint32_t unit = unit_at(p, 4, big);
    if (unit > 0x10FFFF) return fault(4, "code point not in range(0x110000)");
    if (unit >= 0xD800 && unit < 0xE000) {
        return fault(4, "code point in surrogate code point range(0xd800, 0xe000)");
    }
    return (Step){4, unit, NULL};
}

static Step step(Codec codec, const uint8_t *p, size_t left) {
    switch (codec) {
    case CODEC_ASCII:
        return p[0] < 0x80 ? (Step){1, p[0], NULL} : fault(1, "ordinal not in range(128)");
    case CODEC_LATIN_1: return (Step){1, p[0], NULL};
    case CODEC_UTF_16_LE: return step_utf16(p, left, false);
    case CODEC_UTF_16_BE: return step_utf16(p, left, true);
    case CODEC_UTF_32_LE: return step_utf32(p, left, false);
    case CODEC_UTF_32_BE: return step_utf32(p, left, true);
    default: return step_utf8(p, left);
    }
}

static Step step_charmap(const Decoder *d, uint8_t byte) {
    uint32_t point = byte < 0x80 ? byte : d->table[byte - 0x80];
    if (point == CHARMAP_NOTHING) return fault(1, "character maps to <undefined>");
    return (Step){1, point, NULL};
}

/* ---- the loop ---- */

/* A surrogate that the codec refused, for surrogatepass: its size in bytes, 0 if it is none. */
static size_t surrogate_at(const Decoder *d, size_t at, uint32_t *point) {
    const uint8_t *p = d->data + at;
    size_t left = d->size - at;
    int used = 0;
    if (d->codec <= CODEC_UTF_8_SIG) {
        used = utf8_decode_wtf8((const char *)p, (const char *)p + left, point);
    } else if (d->codec == CODEC_UTF_16_LE || d->codec == CODEC_UTF_16_BE) {
        if (left >= 2) *point = unit_at(p, used = 2, d->codec == CODEC_UTF_16_BE);
    } else if (d->codec == CODEC_UTF_32_LE || d->codec == CODEC_UTF_32_BE) {
        if (left >= 4) *point = unit_at(p, used = 4, d->codec == CODEC_UTF_32_BE);
    }
    return used && *point >= 0xD800 && *point < 0xE000 ? (size_t)used : 0;
}

/* Let a registered handler deal with the bytes: how far to go on from [at]. Asked again when it
 * does not move. */
static size_t ask_handler(Decoder *d, size_t at, size_t size, const char *reason) {
    Thread *t = d->t;
    size_t position = at;
    while (position == at) {
        Value *roots = push_roots(t, 2);
        unicode_raise_decode(t, d->name, d->data, d->size, at, at + size, reason);
        roots[0] = exception_take(t);
        bool ok = codec_call_handler(t, d->errors, roots[0], d->size, &roots[1], &position);
        if (ok && !is_str(roots[1])) {
            raise_error(t, EXC_TypeError, "decoding error handler must return (str, int) tuple");
            ok = false;
        }
        if (ok) buffer_append(&d->out, STR(roots[1])->data, STR(roots[1])->size);
        pop_roots(t, roots);
        if (!ok) return 0;
    }
    return position - at;
}

size_t decoder_handle(Decoder *d, size_t at, size_t size, const char *reason) {
    uint32_t point = 0;
    size_t used;
    switch (d->handler) {
    case ERRORS_IGNORE: return size;
    case ERRORS_REPLACE: buffer_put_utf8(&d->out, 0xFFFD); return size;
    case ERRORS_BACKSLASHREPLACE:
        for (size_t i = 0; i < size; i++) buffer_put_escape(&d->out, d->data[at + i]);
        return size;
    case ERRORS_SURROGATEESCAPE:
        for (used = 0; used < size && d->data[at + used] >= 0x80; used++) {
            buffer_put_utf8(&d->out, 0xDC00u + d->data[at + used]);
        }
        if (used) return used;
        break;
    case ERRORS_SURROGATEPASS:
        used = surrogate_at(d, at, &point);
        if (!used) break;
        buffer_put_utf8(&d->out, point);
        return used;
    case ERRORS_UNKNOWN: return ask_handler(d, at, size, reason);
    case ERRORS_NAMEREPLACE:
    case ERRORS_XMLCHARREFREPLACE:
        raise_error(d->t, EXC_TypeError,
                    "don't know how to handle UnicodeDecodeError in error callback");
        return 0;
    default: break;
    }
    unicode_raise_decode(d->t, d->name, d->data, d->size, at, at + size, reason);
    return 0;
}

static bool decode_all(Decoder *d, size_t at) {
    while (at < d->size) {
        if (d->codec <= CODEC_UTF_8_SIG) {
            size_t good = utf8_valid((const char *)d->data + at, d->size - at);
            buffer_append(&d->out, d->data + at, good);
            at += good;
            if (at == d->size) break;
        }
        Step next = d->codec >= CODEC_CHARMAP ? step_charmap(d, d->data[at])
                                              : step(d->codec, d->data + at, d->size - at);
        if (next.reason) next.size = decoder_handle(d, at, next.size, next.reason);
        else buffer_put_utf8(&d->out, next.point);
        if (!next.size) return false;
        at += next.size;
    }
    return true;
}

/* Settle the byte order by a mark at the beginning; gives how many bytes it takes. */
static size_t read_mark(Decoder *d) {
    bool wide = d->codec == CODEC_UTF_32;
    int size = wide ? 4 : 2;
    if (d->codec == CODEC_UTF_8_SIG)
        return d->size >= 3 && !memcmp(d->data, "\xEF\xBB\xBF", 3) ? 3 : 0;
    if (d->codec != CODEC_UTF_16 && !wide) return 0;
    Codec little = wide ? CODEC_UTF_32_LE : CODEC_UTF_16_LE;
    bool big = d->size >= (size_t)size && unit_at(d->data, size, true) == 0xFEFF;
    bool marked = big || (d->size >= (size_t)size && unit_at(d->data, size, false) == 0xFEFF);
    d->codec = little + big;
    d->name = codec_name(d->codec);
    return marked ? (size_t)size : 0;
}

Str *codec_decode(Thread *t, const uint8_t *data, size_t size, const char *encoding,
                  const char *errors) {
    Codec codec;
    if (size == 0) return str_new(t, "", 0);
    if (!codec_known(encoding, &codec))
        return codec_decode_registered(t, data, size, encoding, errors);
    const char *text = (const char *)data;
    if ((codec <= CODEC_LATIN_1 || codec >= CODEC_CHARMAP) && utf8_is_ascii(text, size))
        return str_new_ascii(t, text, size);
    if (codec == CODEC_UTF_8 && utf8_valid(text, size) == size) return str_new(t, text, size);
    Decoder d = {.t = t,
                 .data = data,
                 .size = size,
                 .codec = codec,
                 .name = codec_name(codec),
                 .errors = errors,
                 .handler = codec_errors(errors),
                 .out.fallible = true};
    uint8_t *copy = NULL; /* a registered handler may change what is decoded */
    if (d.handler == ERRORS_UNKNOWN) {
        copy = memory_alloc(size);
        d.data = memcpy(copy, data, size);
    }
    if (codec >= CODEC_CHARMAP) charmap_read((int)(codec - CODEC_CHARMAP), d.table);
    bool escapes = codec == CODEC_UNICODE_ESCAPE || codec == CODEC_RAW_UNICODE_ESCAPE;
    bool ok = escapes ? codec_decode_escapes(&d) : decode_all(&d, read_mark(&d));
    free(copy);
    if (ok) return str_from_buffer(t, &d.out);
    buffer_free(&d.out);
    return NULL;
}
