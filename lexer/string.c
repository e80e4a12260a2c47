/* SPDX-License-Identifier: MIT */
/* String and bytes literals: prefixes, quotes and escapes.
 *
 * A str may hold lone surrogates ('\ud800'), so escapes are written in the tolerant UTF-8 of
 * common/utf8.h. An unknown escape keeps its backslash, as in Python.
 */
#include <ctype.h>
#include <string.h>

#include "common/notice.h"
#include "common/utf8.h"
#include "lexer/scan.h"

/* The text being decoded and where the result goes; it never grows, so one allocation is enough
 * (\N{...} with a name of three letters gives at most three bytes more than an escape can shrink
 * to). */
typedef struct Decoder {
    Lexer *lexer;
    const char *p, *end;
    char *out;
    const char *literal; /* where the literal begins, for messages */
    const char *start;   /* the same with its prefix and quotes */
    bool bytes;
    bool noted; /* the first doubtful escape has been */
} Decoder;

/* The span of the literal, whose lines the lexer has not passed yet. */
static Span literal_span(Decoder *d, const char *from, const char *to) {
    const char *text = d->lexer->source->text;
    return source_span(d->lexer->source, (size_t)(from - text), (size_t)(to - text));
}

static bool escape_error(Decoder *d, const char *escape, const char *end, const char *what) {
    size_t base = (size_t)(escape - d->literal);
    return lexer_fail(
        d->lexer, "SyntaxError", literal_span(d, escape, end),
        "(unicode error) 'unicodeescape' codec can't decode bytes in position %zu-%zu: %s", base,
        base + (size_t)(end - escape) - 1, what);
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Reads [count] hexadecimal digits; the cursor stops at the first that is none. */
static bool read_hex(Decoder *d, int count, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < count; i++, d->p++) {
        int digit = d->p < d->end ? hex_value(*d->p) : -1;
        if (digit < 0) return false;
        *value = *value << 4 | (uint32_t)digit;
    }
    return true;
}

static void put(Decoder *d, uint32_t cp) {
    if (d->bytes) *d->out++ = (char)cp;
    else d->out += utf8_encode(cp, d->out);
}

/* \x, \u and \U, whose letter has been read. */
static bool decode_hex(Decoder *d, const char *escape, char letter) {
    int count = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
    uint32_t value;
    if (!read_hex(d, count, &value)) {
        if (d->bytes) {
            return lexer_fail(d->lexer, "SyntaxError", literal_span(d, escape, d->p),
                              "(value error) invalid \\x escape at position %zu",
                              (size_t)(escape - d->literal));
        }
        const char *what = letter == 'x'   ? "truncated \\xXX escape"
                           : letter == 'u' ? "truncated \\uXXXX escape"
                                           : "truncated \\UXXXXXXXX escape";
        return escape_error(d, escape, d->p, what);
    }
    if (value > 0x10FFFF) return escape_error(d, escape, d->p, "illegal Unicode character");
    put(d, value);
    return true;
}

/* \N{name}, whose letter has been read. */
static bool decode_named(Decoder *d, const char *escape) {
    const char *close =
        d->p < d->end && *d->p == '{' ? memchr(d->p, '}', (size_t)(d->end - d->p)) : NULL;
    if (!close || close == d->p + 1) {
        return escape_error(d, escape, close ? close + 1 : d->p, "malformed \\N character escape");
    }
    uint32_t cp = 0;
    if (!lexer_unicode_name) {
        return escape_error(d, escape, close + 1, "there is no table of character names");
    }
    if (!lexer_unicode_name(d->p + 1, (size_t)(close - d->p - 1), &cp)) {
        return escape_error(d, escape, close + 1, "unknown Unicode character name");
    }
    d->p = close + 1;
    put(d, cp);
    return true;
}

/* One warning for a literal is enough. The escape reaches from [escape] to the cursor. */
static void note_escape(Decoder *d, const char *escape, const char *sort) {
    if (d->noted) return;
    d->noted = true;
    const char *end = d->p;
    while ((*end & 0xC0) == 0x80) end++;
    notice_add(d->lexer->source, NOTICE_ESCAPE, literal_span(d, d->start, d->lexer->cursor),
               "invalid %sescape sequence '%.*s'", sort, (int)(end - escape), escape);
}

static void decode_octal(Decoder *d, char first) {
    const char *escape = d->p - 2;
    uint32_t value = (uint32_t)(first - '0');
    for (int i = 0; i < 2 && d->p < d->end && *d->p >= '0' && *d->p <= '7'; i++) {
        value = value << 3 | (uint32_t)(*d->p++ - '0');
    }
    if (value > 0xFF) note_escape(d, escape, "octal ");
    put(d, d->bytes ? value & 0xFF : value);
}

/* Decodes one escape; the cursor is behind the backslash. */
static bool decode_escape(Decoder *d) {
    const char *escape = d->p - 1;
    char letter = *d->p++;
    switch (letter) {
    case '\n': return true;
    case '\\':
    case '\'':
    case '"': *d->out++ = letter; return true;
    case 'a': *d->out++ = '\a'; return true;
    case 'b': *d->out++ = '\b'; return true;
    case 'f': *d->out++ = '\f'; return true;
    case 'n': *d->out++ = '\n'; return true;
    case 'r': *d->out++ = '\r'; return true;
    case 't': *d->out++ = '\t'; return true;
    case 'v': *d->out++ = '\v'; return true;
    case 'x': return decode_hex(d, escape, letter);
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7': decode_octal(d, letter); return true;
    case 'u':
    case 'U':
        if (!d->bytes) return decode_hex(d, escape, letter);
        break;
    case 'N':
        if (!d->bytes) return decode_named(d, escape);
        break;
    }
    note_escape(d, escape, "");
    *d->out++ = '\\';
    *d->out++ = letter;
    return true;
}

/* Decodes from [start] to [end] into the token. */
static bool decode(Decoder *d, Token *token, const char *start, const char *end, bool raw,
                   bool braces) {
    char *text = arena_alloc(d->lexer->arena, (size_t)(end - start) + 4);
    d->p = start;
    d->end = end;
    d->out = text;
    while (d->p < d->end) {
        char c = *d->p++;
        if (c == '\\' && !raw && d->p < d->end) {
            if (!decode_escape(d)) return false;
            continue;
        }
        if (braces && (c == '{' || c == '}') && d->p < d->end && *d->p == c) d->p++;
        *d->out++ = c;
    }
    *d->out = '\0';
    token->text = text;
    token->size = (size_t)(d->out - text);
    return true;
}

bool lexer_finish_string(Lexer *lexer, Token *token, const char *start) {
    bool raw = false, bytes = false;
    const char *p = start;
    for (; *p != '\'' && *p != '"'; p++) {
        raw |= *p == 'r' || *p == 'R';
        bytes |= *p == 'b' || *p == 'B';
    }
    const char *end = lexer->cursor;
    size_t quotes = end - p >= 6 && p[0] == p[1] && p[1] == p[2] ? 3 : 1;
    p += quotes;
    end -= quotes;
    Decoder d = {.lexer = lexer, .literal = p, .start = start, .bytes = bytes};
    if (bytes && !utf8_is_ascii(p, (size_t)(end - p))) {
        return lexer_fail(lexer, "SyntaxError", literal_span(&d, start, lexer->cursor),
                          "bytes can only contain ASCII literal characters");
    }
    if (!decode(&d, token, p, end, raw, false)) return false;
    lexer_finish(lexer, token, bytes ? TK_BYTES : TK_STRING, start);
    return true;
}

bool lexer_decode_text(Lexer *lexer, Token *token, const char *start, const char *end, bool raw,
                       bool braces) {
    Decoder d = {.lexer = lexer, .literal = start, .start = start};
    return decode(&d, token, start, end, raw, braces);
}
