/* SPDX-License-Identifier: MIT */
/*
 * File objects: what open() returns and what sys.stdin, stdout and stderr are.
 *
 * A FileCore is a descriptor with a read buffer and a write buffer; a File is a text or binary
 * object around one. `f.buffer` is a second File around the same core, so bytes written through
 * either keep their order. Text is UTF-8 (other encodings go through str.encode and bytes.decode);
 * all reading works on bytes and decodes at the end.
 *
 * Read next: stdlib/file_core.c (the buffers), stdlib/file_text.c (the text), stdlib/file.c (the
 * classes).
 */
#ifndef TULIP_STDLIB_FILE_H
#define TULIP_STDLIB_FILE_H

#include "common/buffer.h"
#include "stdlib/stdlib.h"

typedef struct FileCore {
    int fd;
    int references; /* Files around it */
    bool owned;     /* close() closes the descriptor */
    bool readable, writable, appending;
    bool closed;
    bool line_buffered; /* flush when a written text holds a newline */
    bool unbuffered;
    Buffer out;       /* written, not yet given to the system */
    size_t out_start; /* the first byte of it that is still to be given */
    char *in;         /* read ahead */
    size_t in_start, in_end;
    struct FileCore *next, **link; /* all that are not released, from Stdlib.files */
} FileCore;

typedef struct File {
    Object header;
    FileCore *core; /* NULL once detached by the end of the object */
    bool text;
    bool utf8;         /* [encoding] is a name of UTF-8 */
    bool translate_in; /* \r\n and \r read as \n */
    bool lone_cr;      /* \r ends a line by itself (newline None and '') */
    Value name, mode, encoding, errors, newline; /* newline: the str given to open, or None */
    Value write_newline;                         /* what \n is written as, or None: as it is */
    Value buffer; /* the binary File of a text File, once asked for */
} File;

#define FILE_OF(v) ((File *)(uintptr_t)(v))

/* ---- the core; each function raises OSError, and KeyboardInterrupt out of an interrupted wait
 * ---- */

FileCore *core_new(Thread *t, int fd, bool readable, bool writable, bool owned);
void core_release(FileCore *core);
/* The program ends: give the system what files that nobody closed still hold. */
void files_write_out(Vm *vm);
/* The list of open files ends before they do. */
void files_forget(Stdlib *lib);
bool core_write(Thread *t, FileCore *core, const char *data, size_t size) MUST_CHECK;
bool core_flush(Thread *t, FileCore *core) MUST_CHECK;
/* Read more into the (empty) read buffer: bytes there now, 0 at the end of the file, -1 raised. */
int64_t core_fill(Thread *t, FileCore *core) MUST_CHECK;
/* Append up to [limit] bytes (-1: all there are) to [out]; false raised. */
bool core_read(Thread *t, FileCore *core, int64_t limit, Buffer *out) MUST_CHECK;
/* Append a line and its end; [lone_cr]: '\r' ends one as well. At most [limit] bytes unless -1. */
bool core_read_line(Thread *t, FileCore *core, bool lone_cr, int64_t limit, Buffer *out) MUST_CHECK;
/* Flush and close; the descriptor is closed even when the flush fails. */
bool core_close(Thread *t, FileCore *core) MUST_CHECK;
/* Forget what was read ahead and move; the new position, or -1 raised. */
int64_t core_seek(Thread *t, FileCore *core, int64_t offset, int whence) MUST_CHECK;
int64_t core_tell(Thread *t, FileCore *core) MUST_CHECK;

/* ---- text, of a file that may be read or written (stdlib/file_text.c) ---- */

/* Write what needs no encoding, '\n' as the file's line end. */
bool text_write(Thread *t, File *file, const char *data, size_t size) MUST_CHECK;
/* Write a str in the file's encoding. */
bool text_write_str(Thread *t, File *file, Str *text) MUST_CHECK;
/* The str that the bytes in [raw] (which is freed) stand for; NULL: raised. */
Str *text_decode(Thread *t, File *file, Buffer *raw) MUST_CHECK;
/* Up to [count] characters, fewer only at the end of the file; NULL: raised. */
Str *text_read(Thread *t, File *file, int64_t count) MUST_CHECK;
/* A line of at most [limit] bytes (-1: any number) with its end; "" at the end; NULL: raised. */
Str *text_read_line(Thread *t, File *file, int64_t limit) MUST_CHECK;

/* ---- for print(), input() and sys ---- */

/* The File behind [v] when it is one of the native classes, or NULL. */
File *file_of(const Thread *t, Value v);
/* Write a str as f.write(text) does. */
bool file_write_str(Thread *t, File *file, Str *text) MUST_CHECK;
/* Is [name] one of the usual spellings of UTF-8? */
bool file_is_utf8(const Str *name);
bool file_flush(Thread *t, File *file) MUST_CHECK;
/* readline() of a text file: a line with its '\n', "" at the end, NULL raised. */
Str *file_read_line(Thread *t, File *file) MUST_CHECK;
/* open(path or descriptor, mode, buffering, encoding, errors, newline, closefd, opener). [args] are
 * these eight. */
Value file_open(Thread *t, Value *args) MUST_CHECK;
/* A text File around a standard descriptor; None when it is closed. */
Value file_standard(Thread *t, int fd, const char *name, bool writable);
/* io.UnsupportedOperation, both OSError and ValueError; NULL raised. */
Class *file_unsupported_class(Thread *t) MUST_CHECK;
/* Raise it. */
Value file_raise_unsupported(Thread *t, const char *message);
/* Make the file classes (once). */
void file_classes_init(Thread *t, Module *module);

#endif
