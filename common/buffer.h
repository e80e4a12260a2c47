/* SPDX-License-Identifier: MIT */
/* Growable byte buffer.
 *
 * A zero-initialised Buffer is empty and valid. Once `data` is non-NULL it is always terminated
 * by a NUL that `size` does not count, so it can be handed to C functions that want a string; the
 * contents may themselves hold NUL bytes. Running out of memory ends the program in one place
 * (memory_exhausted in memory.c), so no caller has to check. Where a program's own data decides the
 * size, the owner makes the buffer `fallible` instead: when it cannot grow beyond 1 MiB it is
 * `failed`, drops what does not fit, and whoever takes its contents must look (str_from_buffer
 * does, and raises MemoryError).
 *
 * Read next: common/utf8.h, common/memory.h.
 */
#ifndef TULIP_COMMON_BUFFER_H
#define TULIP_COMMON_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Buffer {
    char *data;
    size_t size, capacity;
    bool fallible, failed;
} Buffer;

/* Appends [n] bytes. */
void buffer_append(Buffer *buffer, const void *bytes, size_t n);

/* Appends the NUL-terminated [text]. */
void buffer_puts(Buffer *buffer, const char *text);

/* Appends one byte. */
void buffer_putc(Buffer *buffer, char byte);

/* Appends what printf would print. */
void buffer_printf(Buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(1, 2)));

/* As buffer_printf, with the arguments in [arguments]. */
void buffer_vprintf(Buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0), nonnull(1, 2)));

/* Appends [codepoint] encoded as UTF-8; lone surrogates are written as three bytes. */
void buffer_put_utf8(Buffer *buffer, uint32_t codepoint);

/* Appends the escape of [codepoint]: \xhh, \uhhhh or \Uhhhhhhhh, the shortest that holds it. */
void buffer_put_escape(Buffer *buffer, uint32_t codepoint);

/* Makes room for [n] more bytes and returns where they go; the caller writes them and adds to size
 * what it has written (buffer_reserve itself leaves size alone, but that of a failed buffer may
 * shrink to make the room). */
char *buffer_reserve(Buffer *buffer, size_t n);

/* Releases the memory and makes the buffer empty again. */
void buffer_free(Buffer *buffer);

#endif
