/* SPDX-License-Identifier: MIT */
/*
 * Reading a regular expression token by token, and saying why one is none.
 *
 * Failures carry CPython's words and positions; a position is where the reader stands, less the
 * length of what was just read, so the order in which tokens are read is part of the behaviour. The
 * reader looks one token ahead, and a pattern that ends in a backslash fails as soon as that is
 * seen. Read next: stdlib/regex_parse.c.
 */
#include "stdlib/regex_reader.h"
#include "vm/container.h"
#include "vm/str.h"

bool regex_begin(RegexReader *r) {
    const Regex *regex = r->regex;
    r->escaped = false;
    if (r->at >= regex->size) {
        r->token = REGEX_END;
        return true;
    }
    r->token = regex->text[r->at];
    if (r->token != '\\') return true;
    if (r->at + 1 < regex->size) {
        r->token = regex->text[r->at + 1];
        r->escaped = true;
        return true;
    }
    buffer_puts(&r->regex->message, "bad escape (end of pattern)");
    r->regex->position = (int64_t)regex->size - 1;
    return false;
}

bool regex_advance(RegexReader *r) {
    if (r->token != REGEX_END) r->at += r->escaped ? 2 : 1;
    return regex_begin(r);
}

bool regex_seek(RegexReader *r, size_t at) {
    r->at = at;
    return regex_begin(r);
}

int regex_skip(RegexReader *r, uint32_t c) {
    if (!regex_at(r, c)) return 0;
    return regex_advance(r) ? 1 : -1;
}

static bool fail_list(RegexReader *r, size_t offset, const char *format, va_list arguments) {
    Regex *regex = r->regex;
    Buffer text = {0};
    if (!str_format_into(r->t, &text, format, arguments)) exception_take(r->t);
    if (regex->is_text) {
        buffer_append(&regex->message, text.data, text.size);
    } else {
        const char *p = text.data, *end = p + text.size;
        while (p < end) {
            uint32_t c = str_next(&p);
            if (c < 0x80) buffer_putc(&regex->message, (char)c);
            else buffer_printf(&regex->message, "\\x%02x", c);
        }
    }
    buffer_free(&text);
    regex->position = (int64_t)r->at - (int64_t)offset;
    return false;
}

bool regex_fail(RegexReader *r, size_t offset, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail_list(r, offset, format, arguments);
    va_end(arguments);
    return false;
}

void regex_warn(RegexReader *r, bool future, const char *format, ...) {
    Buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    if (!str_format_into(r->t, &text, format, arguments)) exception_take(r->t);
    va_end(arguments);
    if (!r->regex->warnings) r->regex->warnings = list_new(r->t, 2);
    Tuple *pair = tuple_new(r->t, 2);
    pair->items[0] = object_value(str_from_buffer(r->t, &text));
    pair->items[1] = bool_value(future);
    list_append(r->t, r->regex->warnings, object_value(pair));
}

Str *regex_excerpt(RegexReader *r, size_t from, size_t to) {
    Buffer text = {0};
    for (size_t i = from; i < to; i++) buffer_put_utf8(&text, r->regex->text[i]);
    return str_from_buffer(r->t, &text);
}

Str *regex_read_until(RegexReader *r, uint32_t terminator, const char *what) {
    size_t start = r->at;
    while (!regex_at(r, terminator)) {
        size_t length = r->at - start;
        if (r->token == REGEX_END) {
            if (length) regex_fail(r, length, "missing %c, unterminated name", (int)terminator);
            else regex_fail(r, 0, "missing %s", what);
            return NULL;
        }
        if (!regex_advance(r)) return NULL;
    }
    size_t end = r->at;
    if (!regex_advance(r)) return NULL;
    if (end > start) return regex_excerpt(r, start, end);
    regex_fail(r, 1, "missing %s", what);
    return NULL;
}
