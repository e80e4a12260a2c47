/* SPDX-License-Identifier: MIT */
/* Filling and printing diagnostics.
 *
 * What is printed follows CPython 3.11: the line loses its indentation, the carets stand under the
 * first line of the piece only, and a line that is too long for a terminal is cut around the carets
 * (with "..." where something is missing), so that a file in one line of megabytes stays readable.
 */
#include "common/diagnostic.h"

#include <stdio.h>
#include <string.h>

#include "common/utf8.h"

/* Code points shown of a long line, and those kept before the carets. */
enum { SHOWN = 160, BEFORE = 60 };

void diagnostic_vset(Diagnostic *error, const Source *source, const char *kind, Span span,
                     const char *format, va_list arguments) {
    error->kind = kind;
    error->source = source;
    error->file = source->name;
    error->incomplete = false;
    vsnprintf(error->message, sizeof error->message, format, arguments);
    size_t size = strlen(error->message);
    error->message[utf8_valid(error->message, size)] = '\0';
    error->line = span.line;
    error->column = source_column(source, span.line, span.column);
    error->end_line = span.end_line;
    error->end_column = source_column(source, span.end_line, span.end_column);
}

void diagnostic_set(Diagnostic *error, const Source *source, const char *kind, Span span,
                    const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vset(error, source, kind, span, format, arguments);
    va_end(arguments);
}

void diagnostic_begin(Diagnostic *error, const char *where) {
    size_t size = strlen(where), room = sizeof error->message;
    if (!strncmp(error->message, where, size) || size + 3 > room) return;
    size_t rest = strlen(error->message);
    if (rest > room - size - 3) rest = room - size - 3;
    memmove(error->message + size + 2, error->message, rest);
    memcpy(error->message, where, size);
    memcpy(error->message + size, ": ", 2);
    error->message[size + 2 + rest] = '\0';
    error->message[utf8_valid(error->message, size + 2 + rest)] = '\0';
}

/* Appends [count] code points of the line from [*p] on; bytes that are no UTF-8 become U+FFFD and
 * control characters blanks. Advances [*p]. */
static void put_points(Buffer *out, const char **p, const char *end, uint32_t count) {
    while (count-- && *p < end) {
        uint32_t cp;
        int used = utf8_decode(*p, end, &cp);
        if (!used) cp = 0xFFFD, used = 1;
        buffer_put_utf8(out, cp < 0x20 || cp == 0x7F ? ' ' : cp);
        *p += used;
    }
}

static void skip_points(const char **p, const char *end, uint32_t count) {
    while (count-- && *p < end) {
        uint32_t cp;
        int used = utf8_decode(*p, end, &cp);
        *p += used ? used : 1;
    }
}

void diagnostic_render_text(Buffer *out, const Diagnostic *error) {
    if (!error->source || error->line < 1 || error->line > error->source->line_count) return;
    size_t length;
    const char *p = source_line_text(error->source, error->line, &length), *end = p + length;
    while (end > p && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\f')) end--;
    uint32_t skipped = 0;
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\f')) p++, skipped++;
    uint32_t total = source_column(error->source, error->line, (uint32_t)length);
    uint32_t first = error->column > skipped ? error->column - skipped : 0;
    uint32_t last = error->end_line > error->line ? total : error->end_column;
    last = last > skipped ? last - skipped : 0;
    if (last <= first) last = first + 1;

    uint32_t cut = 0;
    buffer_puts(out, "    ");
    if (total - skipped > SHOWN && first > BEFORE) {
        cut = first - BEFORE;
        skip_points(&p, end, cut);
        buffer_puts(out, "...");
    }
    put_points(out, &p, end, SHOWN);
    if (p < end) buffer_puts(out, "...");
    buffer_puts(out, "\n    ");
    if (cut) buffer_puts(out, "   ");
    for (uint32_t i = cut; i < first; i++) buffer_putc(out, ' ');
    for (uint32_t i = first; i < last && i - cut < SHOWN; i++) buffer_putc(out, '^');
    buffer_putc(out, '\n');
}

void diagnostic_render(Buffer *out, const Diagnostic *error) {
    buffer_printf(out, "  File \"%s\", line %u\n", error->file, error->line);
    diagnostic_render_text(out, error);
    buffer_printf(out, "%s: %s\n", error->kind, error->message);
}
