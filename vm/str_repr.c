/* SPDX-License-Identifier: MIT */
/*
 * repr of text and bytes: which quotes, which escapes.
 *
 * Single quotes, unless the text has some and no double ones. A backslash escapes itself, the
 * quote, and \t \n \r; what does not print becomes \xhh, \uhhhh or \Uhhhhhhhh, by the size of the
 * code point. Read next: vm/str_class.c.
 */
#include <string.h>

#include "vm/str.h"
#include "vm/unicode.h"

static char choose_quote(const char *data, size_t size) {
    return memchr(data, '\'', size) && !memchr(data, '"', size) ? '"' : '\'';
}

/* The escape of one ASCII character, if it has one of its own. */
static bool put_short_escape(Buffer *out, char c, char quote) {
    char letter = c == '\n'                 ? 'n'
                  : c == '\t'               ? 't'
                  : c == '\r'               ? 'r'
                  : c == '\\' || c == quote ? c
                                            : 0;
    if (!letter) return false;
    buffer_putc(out, '\\');
    buffer_putc(out, letter);
    return true;
}

/* How many bytes from [p] on stand for themselves. */
static size_t plain_run(const char *p, const char *end, char quote) {
    const char *start = p;
    while (p < end && *p >= 0x20 && *p < 0x7F && *p != quote && *p != '\\') p++;
    return (size_t)(p - start);
}

static void repr_text(Buffer *out, const Str *str, bool ascii) {
    char quote = choose_quote(str->data, str->size);
    buffer_putc(out, quote);
    for (const char *p = str->data, *end = p + str->size; p < end;) {
        size_t run = plain_run(p, end, quote);
        buffer_append(out, p, run);
        p += run;
        if (p == end) break;
        const char *at = p;
        uint32_t c = str_next(&p);
        if (c < 0x80 && put_short_escape(out, (char)c, quote)) continue;
        if (!ascii && c >= 0x80 && unicode_is_printable(c))
            buffer_append(out, at, (size_t)(p - at));
        else buffer_put_escape(out, c);
    }
    buffer_putc(out, quote);
}

void str_repr_into(Buffer *out, const Str *str) { repr_text(out, str, false); }
void str_ascii_into(Buffer *out, const Str *str) { repr_text(out, str, true); }

void bytes_repr_into(Buffer *out, const uint8_t *data, size_t size, bool quote_always) {
    const char *p = (const char *)data, *end = p + size;
    char quote = size ? choose_quote(p, size) : '\'';
    char escaped = quote_always ? '\'' : quote;
    buffer_putc(out, 'b');
    buffer_putc(out, quote);
    while (p < end) {
        size_t run = plain_run(p, end, escaped);
        buffer_append(out, p, run);
        p += run;
        if (p == end) break;
        char c = *p++;
        if (!put_short_escape(out, c, escaped)) buffer_put_escape(out, (uint8_t)c);
    }
    buffer_putc(out, quote);
}
