/* SPDX-License-Identifier: MIT */
/*
 * The buffer of a file in memory. A position behind the end is filled up with zeros when something
 * is written there. Read next: stdlib/io_native.c.
 */
#include "stdlib/io_native.h"
#include "vm/str.h"

#include <string.h>

#include "common/utf8.h"

static size_t character_size(const char *p) {
    unsigned char c = (unsigned char)*p;
    return c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* Bytes of the next [chars] characters from [at] on, or of what is left. */
static size_t bytes_of_characters(const MemoryFile *file, size_t at, size_t chars) {
    size_t end = at;
    while (chars-- && end < file->data.size) end += character_size(file->data.data + end);
    return end - at;
}

/* Put [size] bytes where [removed] bytes at [at] were. */
static void splice(Buffer *data, size_t at, size_t removed, const char *bytes, size_t size) {
    size_t tail = data->size - at - removed;
    if (size > removed) buffer_reserve(data, size - removed);
    if (tail) memmove(data->data + at + size, data->data + at + removed, tail);
    if (size) memcpy(data->data + at, bytes, size);
    data->size = at + size + tail;
    if (data->data) data->data[data->size] = '\0';
}

/* Is there memory for [size] bytes behind those that are there? */
static bool can_grow(Thread *t, const Buffer *data, size_t size) {
    if (size < data->capacity - data->size) return true;
    size_t needed = data->size + size, doubled = data->capacity * 2;
    return str_memory_fits(t, needed > doubled ? needed : doubled);
}

bool memory_write(Thread *t, MemoryFile *file, const char *data, size_t size, size_t chars) {
    if (!size) return true;
    size_t gap = file->at > file->data.size ? file->at - file->data.size : 0;
    if (!can_grow(t, &file->data, gap + size)) return false;
    if (file->at < file->data.size) {
        size_t removed =
            file->text ? bytes_of_characters(file, file->at, chars) : file->data.size - file->at;
        if (!file->text && removed > size) removed = size;
        splice(&file->data, file->at, removed, data, size);
    } else {
        if (gap) memset(buffer_reserve(&file->data, gap), 0, gap);
        file->data.size += gap;
        buffer_append(&file->data, data, size);
    }
    file->at += size;
    file->at_char += chars;
    return true;
}

/* Where the line at [start], of at most [left] bytes, ends; NULL: nowhere. */
static const char *line_end(const MemoryFile *file, const char *start, size_t left) {
    const char *newline = memchr(start, '\n', left);
    if (file->universal) {
        const char *cr = memchr(start, '\r', newline ? (size_t)(newline - start) : left);
        if (cr) return cr + 1 == newline ? newline + 1 : cr + 1;
        return newline ? newline + 1 : NULL;
    }
    if (!file->text || file->end[0] != '\r') return newline ? newline + 1 : NULL;
    size_t size = strlen(file->end);
    for (const char *p = start; (p = memchr(p, '\r', left - (size_t)(p - start))); p++) {
        if (left - (size_t)(p - start) >= size && !memcmp(p, file->end, size)) return p + size;
    }
    return NULL;
}

size_t memory_span(const MemoryFile *file, int64_t limit, bool line) {
    if (file->at >= file->data.size) return 0;
    size_t left = file->data.size - file->at;
    if (line) {
        const char *start = file->data.data + file->at;
        const char *end = line_end(file, start, left);
        if (end) left = (size_t)(end - start);
    }
    if (limit < 0) return left;
    size_t cut = file->text ? bytes_of_characters(file, file->at, (size_t)limit) : (size_t)limit;
    return cut < left ? cut : left;
}

void memory_advance(MemoryFile *file, size_t size) {
    if (file->text) file->at_char += utf8_length(file->data.data + file->at, size);
    file->at += size;
}

void memory_seek(MemoryFile *file, size_t unit) {
    file->at_char = unit;
    file->at = unit;
    if (!file->text) return;
    size_t length = memory_length(file);
    file->at =
        unit >= length ? file->data.size + (unit - length) : bytes_of_characters(file, 0, unit);
}

size_t memory_length(const MemoryFile *file) {
    if (!file->text || !file->data.size) return file->data.size;
    return utf8_length(file->data.data, file->data.size);
}
