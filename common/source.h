/* SPDX-License-Identifier: MIT */
/* A source text and the way back from an offset to a line and a column.
 *
 * The text is copied once, with a byte order mark removed and every line ending (CRLF, CR) made a
 * single '\n', and is followed by a NUL sentinel that `size` does not count. It is checked for
 * UTF-8 and NUL bytes by the lexer, which can point at them, not here.
 *
 * A Span names a piece of it the way CPython's ast does: lines from 1, columns from 0 in bytes of
 * the UTF-8 text, the end exclusive. source_column turns a byte column into code points for
 * people.
 *
 * Read next: common/diagnostic.h.
 */
#ifndef TULIP_COMMON_SOURCE_H
#define TULIP_COMMON_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Span {
    uint32_t line, column;         /* 1-based; 0-based, in bytes */
    uint32_t end_line, end_column; /* the first position after the piece */
} Span;

typedef struct NoticeList NoticeList;

typedef struct Source {
    char *name;            /* as given: a path, "<string>", "<stdin>" */
    char *text;            /* normalised copy, text[size] == '\0' */
    size_t size;           /* at most UINT32_MAX - 1: longer files are refused by the reader */
    uint32_t *line_starts; /* offset of each line's first byte; line_starts[line_count] == size */
    uint32_t line_count;   /* at least 1 */
    NoticeList *notices;   /* borrowed: where warnings are noted (common/notice.h); NULL: nowhere */
    bool out_of_scope;     /* what is left out of the language raises when it is reached */
} Source;

/* Copies [size] bytes of [text] under [name]. */
Source *source_new(const char *name, const char *text, size_t size);

/* Releases it. */
void source_free(Source *source);

/* The line (from 1) that holds the byte at [offset]. */
uint32_t source_line(const Source *source, size_t offset);

/* The offset of byte [column] of [line]; never behind the end of the text. */
size_t source_offset(const Source *source, uint32_t line, uint32_t column);

/* Byte [column] of [line] in code points; bytes that are no UTF-8 count as one each. */
uint32_t source_column(const Source *source, uint32_t line, uint32_t column);

/* The text of [line] without its '\n', not NUL-terminated; its length goes to [length]. A line that
 * does not exist is empty. */
const char *source_line_text(const Source *source, uint32_t line, size_t *length);

/* The span of the bytes from [start] to [end]. */
Span source_span(const Source *source, size_t start, size_t end);

#endif
