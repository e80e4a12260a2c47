/* SPDX-License-Identifier: MIT */
/*
 * The names of encodings and error handlers, and encoding.
 *
 * A str is UTF-8 already, so the common cases are copies: UTF-8 without lone surrogates, and ASCII
 * in any codec that contains it. Everything else goes code point by code point; what a codec cannot
 * express is gathered into a run and given to the error handler, as CPython does, so that messages
 * name the same range.
 *
 * Read next: vm/codec_decode.c.
 */
#include "vm/codec.h"

#include <ctype.h>
#include <stdio.h>

#include "common/unicode_name.h"
#include "common/utf8.h"

typedef struct CodecAlias {
    const char *name; /* lower case, - for every separator */
    Codec codec;
} CodecAlias;

static const CodecAlias aliases[] = {
    {"utf-8", CODEC_UTF_8},
    {"utf8", CODEC_UTF_8},
    {"u8", CODEC_UTF_8},
    {"utf", CODEC_UTF_8},
    {"cp65001", CODEC_UTF_8},
    {"utf-8-sig", CODEC_UTF_8_SIG},
    {"utf8-sig", CODEC_UTF_8_SIG},
    {"ascii", CODEC_ASCII},
    {"us-ascii", CODEC_ASCII},
    {"646", CODEC_ASCII},
    {"ansi-x3.4-1968", CODEC_ASCII},
    {"latin-1", CODEC_LATIN_1},
    {"latin1", CODEC_LATIN_1},
    {"latin", CODEC_LATIN_1},
    {"l1", CODEC_LATIN_1},
    {"iso-8859-1", CODEC_LATIN_1},
    {"iso8859-1", CODEC_LATIN_1},
    {"8859", CODEC_LATIN_1},
    {"cp819", CODEC_LATIN_1},
    {"utf-16", CODEC_UTF_16},
    {"utf16", CODEC_UTF_16},
    {"u16", CODEC_UTF_16},
    {"utf-16-le", CODEC_UTF_16_LE},
    {"utf-16le", CODEC_UTF_16_LE},
    {"utf-16-be", CODEC_UTF_16_BE},
    {"utf-16be", CODEC_UTF_16_BE},
    {"utf-32", CODEC_UTF_32},
    {"utf32", CODEC_UTF_32},
    {"u32", CODEC_UTF_32},
    {"utf-32-le", CODEC_UTF_32_LE},
    {"utf-32le", CODEC_UTF_32_LE},
    {"utf-32-be", CODEC_UTF_32_BE},
    {"utf-32be", CODEC_UTF_32_BE},
    {"unicode-escape", CODEC_UNICODE_ESCAPE},
    {"unicodeescape", CODEC_UNICODE_ESCAPE},
    {"raw-unicode-escape", CODEC_RAW_UNICODE_ESCAPE},
    {"rawunicodeescape", CODEC_RAW_UNICODE_ESCAPE},
};

static const char *const names[CODEC_CHARMAP + 1] = {
    "utf-8",     "utf-8",  "ascii",     "latin-1",   "utf-16",        "utf-16-le",
    "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "unicodeescape", "rawunicodeescape",
    "charmap",
};

static const char *const handlers[ERRORS_UNKNOWN] = {
    "strict",          "ignore",        "replace",     "backslashreplace", "xmlcharrefreplace",
    "surrogateescape", "surrogatepass", "namereplace",
};

/* ---- names ---- */

bool codec_known(const char *name, Codec *out) {
    *out = CODEC_UTF_8;
    if (!name) return true;
    char plain[32];
    size_t n = 0;
    for (const char *p = name; *p && n < sizeof plain - 1; p++) {
        plain[n++] = *p == '_' || *p == ' ' ? '-' : (char)tolower((unsigned char)*p);
    }
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (!strcmp(aliases[i].name, plain)) {
            *out = aliases[i].codec;
            return true;
        }
    }
    int number = charmap_find(plain);
    if (number >= 0) *out = (Codec)(CODEC_CHARMAP + number);
    return number >= 0;
}

Value codec_raise_unknown(Thread *t, const char *name) {
    return raise_error(t, EXC_LookupError, "unknown encoding: %s", name);
}

const char *codec_name(Codec codec) { return names[codec < CODEC_CHARMAP ? codec : CODEC_CHARMAP]; }

ErrorHandler codec_errors(const char *name) {
    if (!name) return ERRORS_STRICT;
    ErrorHandler handler = ERRORS_STRICT;
    while (handler < ERRORS_UNKNOWN && strcmp(handlers[handler], name)) handler++;
    return handler;
}

Value codec_raise_handler(Thread *t, const char *errors) {
    return raise_error(t, EXC_LookupError, "unknown error handler name '%s'", errors);
}

/* ---- encoding ---- */

typedef struct Encoder {
    Thread *t;
    Str *text;
    Codec codec;
    const char *errors;
    ErrorHandler handler;
    Buffer out;
    uint16_t table[128]; /* of a charmap */
} Encoder;

static bool is_surrogate(uint32_t c) { return c >= 0xD800 && c < 0xE000; }

static bool can_encode(const Encoder *e, uint32_t c) {
    switch (e->codec) {
    case CODEC_ASCII: return c < 0x80;
    case CODEC_LATIN_1: return c < 0x100;
    default:
        if (e->codec >= CODEC_CHARMAP) return charmap_byte(e->table, c) >= 0;
        return !is_surrogate(c);
    }
}

static const char *refusal(Codec codec) {
    switch (codec) {
    case CODEC_ASCII: return "ordinal not in range(128)";
    case CODEC_LATIN_1: return "ordinal not in range(256)";
    default:
        return codec >= CODEC_CHARMAP ? "character maps to <undefined>" : "surrogates not allowed";
    }
}

/* Number of bytes of a code unit. */
static int unit_size(Codec codec) {
    if (codec >= CODEC_CHARMAP) return 1;
    if (codec >= CODEC_UTF_32) return 4;
    return codec >= CODEC_UTF_16 ? 2 : 1;
}

static void put_unit(Buffer *out, Codec codec, uint32_t unit) {
    int size = unit_size(codec);
    bool big = codec == CODEC_UTF_16_BE || codec == CODEC_UTF_32_BE;
    for (int i = 0; i < size; i++) buffer_putc(out, (char)(unit >> 8 * (big ? size - 1 - i : i)));
}

/* [c] in [codec]; the caller has made sure that it fits or passes a surrogate on purpose. */
static void put_point(Buffer *out, Codec codec, uint32_t c) {
    if (codec <= CODEC_UTF_8_SIG) {
        buffer_put_utf8(out, c);
    } else if (unit_size(codec) == 2 && c >= 0x10000) {
        put_unit(out, codec, 0xD800 + ((c - 0x10000) >> 10));
        put_unit(out, codec, 0xDC00 + ((c - 0x10000) & 0x3FF));
    } else {
        put_unit(out, codec, c);
    }
}

static void put_text(Buffer *out, Codec codec, const char *ascii) {
    for (; *ascii; ascii++) put_point(out, codec, (uint8_t)*ascii);
}

static void put_escaped(Buffer *out, Codec codec, uint32_t c) {
    Buffer text = {0};
    buffer_put_escape(&text, c);
    put_text(out, codec, text.data);
    buffer_free(&text);
}

/* \\N{name}, or another escape for what has no name. */
static void put_named(Buffer *out, Codec codec, uint32_t c) {
    char name[UNICODE_NAME_SIZE];
    if (!unicode_name_of(c, name)) {
        put_escaped(out, codec, c);
        return;
    }
    put_text(out, codec, "\\N{");
    put_text(out, codec, name);
    put_text(out, codec, "}");
}

/* What the handler puts for [c]; false: it has nothing to offer, the error stands. */
static bool put_replacement(Buffer *out, Codec codec, ErrorHandler handler, uint32_t c) {
    char text[16];
    switch (handler) {
    case ERRORS_IGNORE: return true;
    case ERRORS_REPLACE: put_text(out, codec, "?"); return true;
    case ERRORS_BACKSLASHREPLACE: put_escaped(out, codec, c); return true;
    case ERRORS_NAMEREPLACE: put_named(out, codec, c); return true;
    case ERRORS_XMLCHARREFREPLACE:
        snprintf(text, sizeof text, "&#%u;", c);
        put_text(out, codec, text);
        return true;
    case ERRORS_SURROGATEESCAPE:
        if (c < 0xDC80 || c > 0xDCFF || unit_size(codec) > 1) return false;
        buffer_putc(out, (char)(c - 0xDC00));
        return true;
    case ERRORS_SURROGATEPASS:
        if (!is_surrogate(c) || codec == CODEC_ASCII || codec == CODEC_LATIN_1) return false;
        put_point(out, codec, c);
        return true;
    default: return false;
    }
}

/* Put [text], a handler's replacement; false: the codec cannot express it. */
static bool put_str(Encoder *e, const Str *text) {
    for (const char *p = text->data, *end = p + text->size; p < end;) {
        uint32_t c = str_next(&p);
        if (!can_encode(e, c)) return false;
        if (e->codec >= CODEC_CHARMAP) c = (uint32_t)charmap_byte(e->table, c);
        put_point(&e->out, e->codec, c);
    }
    return true;
}

/* Let a registered handler deal with the code points [start, stop); *index is where to go on. */
static bool ask_handler(Encoder *e, size_t start, size_t stop, size_t *index) {
    Thread *t = e->t;
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(e->text);
    unicode_raise_encode(t, codec_name(e->codec), e->text, start, stop, refusal(e->codec));
    roots[1] = exception_take(t);
    bool ok = codec_call_handler(t, e->errors, roots[1], e->text->length, &roots[2], index);
    if (ok && is_str(roots[2])) {
        ok = put_str(e, STR(roots[2]));
        if (!ok) raise_value(t, roots[1]);
    } else if (ok) {
        buffer_append(&e->out, BYTES(roots[2])->data, BYTES(roots[2])->size);
    }
    pop_roots(t, roots);
    return ok;
}

/* Handle the run that begins at [*p], code point number *index; moves both behind it. False:
 * raised. */
static bool encode_run(Encoder *e, const char **p, size_t *index) {
    const char *end = e->text->data + e->text->size, *next = *p;
    size_t start = *index, stop = start;
    while (next < end) {
        const char *at = next;
        if (can_encode(e, str_next(&next))) {
            next = at;
            break;
        }
        stop++;
        if (unit_size(e->codec) > 1) break;
    }
    if (e->handler == ERRORS_UNKNOWN) {
        if (!ask_handler(e, start, stop, index)) return false;
        *p = e->text->data + str_byte_offset(e->text, *index);
        return true;
    }
    for (size_t i = start; *p < next; i++) {
        if (!put_replacement(&e->out, e->codec, e->handler, str_next(p))) {
            unicode_raise_encode(e->t, codec_name(e->codec), e->text,
                                 e->handler == ERRORS_STRICT ? start : i, stop, refusal(e->codec));
            return false;
        }
    }
    *index = stop;
    return true;
}

static bool encode_points(Encoder *e) {
    size_t index = 0;
    for (const char *p = e->text->data; p < e->text->data + e->text->size;) {
        const char *at = p;
        uint32_t c = str_next(&p);
        int byte = e->codec >= CODEC_CHARMAP ? charmap_byte(e->table, c) : 0;
        if (byte > 0 || !c || (e->codec < CODEC_CHARMAP && can_encode(e, c))) {
            put_point(&e->out, e->codec, byte ? (uint32_t)byte : c);
            index++;
            continue;
        }
        p = at;
        if (!encode_run(e, &p, &index)) return false;
    }
    return true;
}

Bytes *codec_encode(Thread *t, Str *text, const char *encoding, const char *errors) {
    Codec codec;
    if (!codec_known(encoding, &codec)) return codec_encode_registered(t, text, encoding, errors);
    if (codec == CODEC_UNICODE_ESCAPE || codec == CODEC_RAW_UNICODE_ESCAPE) {
        Buffer out = {0};
        codec_encode_escapes(&out, text, codec == CODEC_RAW_UNICODE_ESCAPE);
        Bytes *escaped = bytes_new(t, out.data ? out.data : "", out.size);
        buffer_free(&out);
        return escaped;
    }
    bool plain = unit_size(codec) == 1 && codec != CODEC_UTF_8_SIG && str_is_ascii(text);
    if (plain || (codec == CODEC_UTF_8 && utf8_valid(text->data, text->size) == text->size)) {
        return bytes_new(t, text->data, text->size);
    }
    Encoder e = {
        .t = t, .text = text, .codec = codec, .errors = errors, .handler = codec_errors(errors)};
    if (codec >= CODEC_CHARMAP) charmap_read((int)(codec - CODEC_CHARMAP), e.table);
    if (codec == CODEC_UTF_8_SIG || codec == CODEC_UTF_16 || codec == CODEC_UTF_32)
        put_point(&e.out, codec, 0xFEFF);
    Bytes *bytes =
        encode_points(&e) ? bytes_new(t, e.out.data ? e.out.data : "", e.out.size) : NULL;
    buffer_free(&e.out);
    return bytes;
}
