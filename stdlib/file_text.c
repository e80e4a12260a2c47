/* SPDX-License-Identifier: MIT */
/*
 * Text of files: what is written is encoded and gets the file's line ends, what is read is decoded
 * and its line ends become '\n' where the file says so.
 *
 * A text file keeps no decoder state: bytes are read up to the end of a character or a line and
 * decoded at once. UTF-8 and ASCII are done here, other encodings by str.encode and bytes.decode.
 * The callers have made sure that the file is open and may be read or written.
 *
 * Read next: stdlib/file_core.c (buffers).
 */
#include <string.h>

#include "common/utf8.h"
#include "stdlib/file.h"
#include "vm/bytes.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- text to bytes ---- */

/* Is there a lone surrogate, which UTF-8 refuses? */
static bool has_surrogate(const Str *text) {
    return !str_is_ascii(text) && utf8_valid(text->data, text->size) != text->size;
}

bool text_write(Thread *t, File *file, const char *data, size_t size) {
    if (file->write_newline == VALUE_NONE) return core_write(t, file->core, data, size);
    const Str *newline = STR(file->write_newline);
    for (size_t i = 0; i < size;) {
        const char *end = memchr(data + i, '\n', size - i);
        size_t n = end ? (size_t)(end - data) - i : size - i;
        if (!core_write(t, file->core, data + i, n)) return false;
        if (end && !core_write(t, file->core, newline->data, newline->size)) return false;
        i += n + (end != NULL);
    }
    return true;
}

static bool write_encoded(Thread *t, File *file, Str *text) {
    Value *roots = push_roots(t, 4);
    roots[0] = object_value(file);
    roots[1] = object_value(text);
    roots[2] = file->encoding;
    roots[3] = file->errors;
    Value encoded = call_method(t, roots[1], str_intern(t->vm, "encode", 6), roots + 2, 2);
    roots[1] = encoded;
    bool ok = encoded != VALUE_ERROR && is_kind(encoded, OBJ_BYTES) &&
              text_write(t, file, (const char *)BYTES(encoded)->data, BYTES(encoded)->size);
    pop_roots(t, roots);
    return ok;
}

bool text_write_str(Thread *t, File *file, Str *text) {
    if (file->utf8 ? has_surrogate(text) : !str_is_ascii(text)) return write_encoded(t, file, text);
    return text_write(t, file, text->data, text->size);
}

/* ---- bytes to text ---- */

/* '\r\n' and '\r' become '\n'. */
static void translate_newlines(Buffer *text) {
    if (!text->size || !memchr(text->data, '\r', text->size)) return;
    size_t to = 0;
    for (size_t i = 0; i < text->size; i++) {
        char c = text->data[i];
        if (c == '\r') {
            if (i + 1 < text->size && text->data[i + 1] == '\n') i++;
            c = '\n';
        }
        text->data[to++] = c;
    }
    text->size = to;
}

Str *text_decode(Thread *t, File *file, Buffer *raw) {
    if (file->translate_in) translate_newlines(raw);
    size_t size = raw->size;
    bool plain = size == 0 || (file->utf8 ? utf8_valid(raw->data, size) == size
                                          : utf8_is_ascii(raw->data, size));
    if (plain) return str_from_buffer(t, raw);
    Value *roots = push_roots(t, 4);
    roots[0] = object_value(file);
    roots[1] = object_value(bytes_new(t, raw->data, size));
    roots[2] = file->encoding;
    roots[3] = file->errors;
    buffer_free(raw);
    Value text = call_method(t, roots[1], str_intern(t->vm, "decode", 6), roots + 2, 2);
    pop_roots(t, roots);
    return text == VALUE_ERROR ? NULL : STR(text);
}

/* The next byte without taking it: -1 at the end, -2 raised. */
static int peek(Thread *t, FileCore *core) {
    if (core->in_start == core->in_end) {
        int64_t got = core_fill(t, core);
        if (got <= 0) return got < 0 ? -2 : -1;
    }
    return (unsigned char)core->in[core->in_start];
}

static int character_size(const File *file, int lead) {
    if (lead < 0xC0 || !file->utf8) return 1;
    return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* One character's bytes to [raw]: 1, 0 at the end, -1 raised. */
static int read_character(Thread *t, File *file, Buffer *raw) {
    FileCore *core = file->core;
    int c = peek(t, core);
    if (c < 0) return c + 1;
    int n = character_size(file, c);
    do {
        buffer_putc(raw, (char)c);
        core->in_start++;
        if (--n <= 0) break;
        c = peek(t, core);
    } while (c >= 0x80 && c < 0xC0);
    if (raw->data[raw->size - 1] == '\r' && file->translate_in) {
        int next = peek(t, core);
        if (next == -2) return -1;
        if (next == '\n') core->in_start++;
        raw->data[raw->size - 1] = '\n';
    }
    return c == -2 ? -1 : 1;
}

Str *text_read(Thread *t, File *file, int64_t count) {
    Buffer raw = {0};
    for (int64_t i = 0; i < count; i++) {
        int got = read_character(t, file, &raw);
        if (got < 0) {
            buffer_free(&raw);
            return NULL;
        }
        if (!got) break;
    }
    return text_decode(t, file, &raw);
}

/* The next line when all of it is in the read buffer and it needs no decoding; NULL: take the long
 * way. */
static Str *buffered_line(Thread *t, const File *file) {
    FileCore *core = file->core;
    const char *start = core->in + core->in_start;
    size_t there = core->in_end - core->in_start;
    const char *end = there ? memchr(start, '\n', there) : NULL;
    if (!end) return NULL;
    size_t size = (size_t)(end - start) + 1;
    if (!utf8_is_ascii(start, size) || (file->lone_cr && memchr(start, '\r', size))) return NULL;
    core->in_start += size;
    return str_new_ascii(t, start, size);
}

Str *text_read_line(Thread *t, File *file, int64_t limit) {
    Str *line = limit < 0 ? buffered_line(t, file) : NULL;
    if (line) return line;
    Buffer raw = {0};
    if (core_read_line(t, file->core, file->lone_cr, limit, &raw))
        return text_decode(t, file, &raw);
    buffer_free(&raw);
    return NULL;
}
