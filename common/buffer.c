/* SPDX-License-Identifier: MIT */
/* The growable byte buffer.
 *
 * Its capacity doubles, so appending byte by byte costs linear time; one byte more than was asked
 * for is always there for the NUL. The contract is in common/buffer.h.
 */
#include "common/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"

enum { FALLIBLE_FROM = 1 << 20 };

/* Makes room for [n] more bytes; false when a fallible buffer has none. */
static bool grow(Buffer *buffer, size_t n) {
    if (n >= SIZE_MAX / 2 - buffer->size) memory_exhausted(n);
    size_t needed = buffer->size + n + 1;
    size_t capacity = buffer->capacity ? buffer->capacity * 2 : 64;
    if (capacity < needed) capacity = needed;
    if (buffer->fallible && capacity > FALLIBLE_FROM) {
        char *data = buffer->failed ? NULL : realloc(buffer->data, capacity);
        if (!data && !buffer->failed) data = realloc(buffer->data, capacity = needed);
        buffer->failed = !data;
        if (!data) return false;
        buffer->data = data;
    } else {
        buffer->data = memory_realloc(buffer->data, capacity);
    }
    buffer->capacity = capacity;
    buffer->data[buffer->size] = '\0';
    return true;
}

static inline bool has_room(const Buffer *buffer, size_t n) {
    return n < buffer->capacity - buffer->size;
}

char *buffer_reserve(Buffer *buffer, size_t n) {
    if (!has_room(buffer, n) && !grow(buffer, n)) {
        if (n >= buffer->capacity) memory_exhausted(n);
        buffer->size = buffer->capacity - n - 1;
    }
    return buffer->data + buffer->size;
}

void buffer_append(Buffer *buffer, const void *bytes, size_t n) {
    if (!has_room(buffer, n) && !grow(buffer, n)) return;
    char *end = buffer->data + buffer->size;
    if (n) memcpy(end, bytes, n);
    end[n] = '\0';
    buffer->size += n;
}

void buffer_puts(Buffer *buffer, const char *text) { buffer_append(buffer, text, strlen(text)); }

void buffer_putc(Buffer *buffer, char byte) { buffer_append(buffer, &byte, 1); }

void buffer_vprintf(Buffer *buffer, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n < 0) return;
    vsnprintf(buffer_reserve(buffer, (size_t)n), (size_t)n + 1, format, arguments);
    buffer->size += (size_t)n;
}

void buffer_printf(Buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
}

void buffer_put_utf8(Buffer *buffer, uint32_t codepoint) {
    char bytes[4];
    buffer_append(buffer, bytes, (size_t)utf8_encode(codepoint, bytes));
}

void buffer_put_escape(Buffer *buffer, uint32_t codepoint) {
    int digits = codepoint < 0x100 ? 2 : codepoint < 0x10000 ? 4 : 8;
    char text[10] = {'\\', digits == 2 ? 'x' : digits == 4 ? 'u' : 'U'};
    for (char *p = text + 1 + digits; p > text + 1; p--, codepoint >>= 4)
        *p = "0123456789abcdef"[codepoint & 15];
    buffer_append(buffer, text, (size_t)digits + 2);
}

void buffer_free(Buffer *buffer) {
    free(buffer->data);
    *buffer = (Buffer){0};
}
