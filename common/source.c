/* SPDX-License-Identifier: MIT */
/* Source texts: the normalised copy and the table of line starts.
 *
 * Both are made in one pass each with memchr, so even a text of many megabytes is ready at once;
 * an offset is then turned into a line by binary search.
 */
#include "common/source.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"

/* Copies the text without byte order mark and carriage returns; gives the new size. */
static size_t normalise(char *to, const char *from, size_t size) {
    if (size >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0) from += 3, size -= 3;
    if (!memchr(from, '\r', size)) {
        memcpy(to, from, size);
        return size;
    }
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        if (from[i] != '\r') {
            to[n++] = from[i];
        } else {
            to[n++] = '\n';
            if (i + 1 < size && from[i + 1] == '\n') i++;
        }
    }
    return n;
}

static void index_lines(Source *source) {
    uint32_t count = 1;
    const char *end = source->text + source->size;
    for (const char *p = source->text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++)
        count++;
    source->line_starts = memory_alloc((count + 1) * sizeof *source->line_starts);
    source->line_starts[0] = 0;
    uint32_t line = 1;
    for (const char *p = source->text; (p = memchr(p, '\n', (size_t)(end - p))) != NULL; p++) {
        source->line_starts[line++] = (uint32_t)(p + 1 - source->text);
    }
    source->line_starts[count] = (uint32_t)source->size;
    source->line_count = count;
}

Source *source_new(const char *name, const char *text, size_t size) {
    if (size >= UINT32_MAX) memory_exhausted(size);
    Source *source = memory_alloc(sizeof *source);
    size_t name_size = strlen(name) + 1;
    source->name = memcpy(memory_alloc(name_size), name, name_size);
    source->text = memory_alloc(size + 1);
    source->notices = NULL;
    source->out_of_scope = false;
    source->size = size ? normalise(source->text, text, size) : 0;
    source->text[source->size] = '\0';
    index_lines(source);
    return source;
}

void source_free(Source *source) {
    if (!source) return;
    free(source->name);
    free(source->text);
    free(source->line_starts);
    free(source);
}

uint32_t source_line(const Source *source, size_t offset) {
    uint32_t low = 0, high = source->line_count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (source->line_starts[middle] <= offset) low = middle;
        else high = middle;
    }
    return low + 1;
}

size_t source_offset(const Source *source, uint32_t line, uint32_t column) {
    if (line < 1 || line > source->line_count) return source->size;
    size_t offset = (size_t)source->line_starts[line - 1] + column;
    return offset < source->size ? offset : source->size;
}

uint32_t source_column(const Source *source, uint32_t line, uint32_t column) {
    size_t length;
    const char *text = source_line_text(source, line, &length);
    const char *end = text + (column < length ? column : length);
    uint32_t count = column > length ? (uint32_t)(column - length) : 0;
    while (text < end) {
        uint32_t cp;
        int used = utf8_decode(text, end, &cp);
        text += used ? used : 1;
        count++;
    }
    return count;
}

const char *source_line_text(const Source *source, uint32_t line, size_t *length) {
    *length = 0;
    if (line < 1 || line > source->line_count) return "";
    size_t start = source->line_starts[line - 1], end = source->line_starts[line];
    if (end > start && source->text[end - 1] == '\n') end--;
    *length = end - start;
    return source->text + start;
}

Span source_span(const Source *source, size_t start, size_t end) {
    Span span;
    span.line = source_line(source, start);
    span.column = (uint32_t)(start - source->line_starts[span.line - 1]);
    span.end_line = source_line(source, end);
    span.end_column = (uint32_t)(end - source->line_starts[span.end_line - 1]);
    return span;
}
