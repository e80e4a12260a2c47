/* SPDX-License-Identifier: MIT */
/*
 * StringIO and BytesIO: files in memory. One buffer of bytes; a StringIO holds UTF-8 and also
 * counts characters, because its positions are in characters. Read next: stdlib/io_memory.c (the
 * buffer), stdlib/io_native.c (the classes).
 */
#ifndef TULIP_STDLIB_IO_NATIVE_H
#define TULIP_STDLIB_IO_NATIVE_H

#include "common/buffer.h"
#include "stdlib/stdlib.h"

typedef struct MemoryFile {
    Object header;
    Buffer data;
    size_t at;      /* position in bytes; may lie behind the end */
    size_t at_char; /* StringIO: the same in characters */
    bool text, closed;
    bool translate; /* StringIO(newline=None): '\r\n' and '\r' are written as '\n' */
    bool universal; /* StringIO(newline=''): a line ends at '\n', '\r' or '\r\n' */
    char end[3];    /* what '\n' is written as, and where lines end: "\n", "\r" or "\r\n" */
    Value newline;
} MemoryFile;

#define MEMORY_FILE(v) ((MemoryFile *)(uintptr_t)(v))

/* Write [size] bytes ([chars] characters) at the position and move behind them. False: raised, and
 * the file is as it was. */
bool memory_write(Thread *t, MemoryFile *file, const char *data, size_t size, size_t chars);
/* How many bytes up to [limit] units (characters or bytes; negative: all) lie behind the position;
 * with [line] at most to the end of the line. */
size_t memory_span(const MemoryFile *file, int64_t limit, bool line);
/* Move the position [size] bytes on. */
void memory_advance(MemoryFile *file, size_t size);
/* Move the position to [unit] characters or bytes from the beginning; behind the end it stays in
 * bytes. */
void memory_seek(MemoryFile *file, size_t unit);
/* Length in characters or bytes. */
size_t memory_length(const MemoryFile *file);

#endif
