/* SPDX-License-Identifier: MIT */
/* Text. UTF-8 with an ASCII fast path; code-point indexing through lazily built marks. See
 * vm/str.c. */
#ifndef TULIP_VM_STR_H
#define TULIP_VM_STR_H

#include "common/buffer.h"
#include "vm/thread.h"

/* A new str of [size] bytes of valid UTF-8 (surrogates allowed). */
Str *str_new(Thread *t, const char *utf8, size_t size);
Str *str_from(Thread *t, const char *text); /* NUL-terminated */
/* Takes the bytes, frees the buffer. NULL, MemoryError raised, only when the buffer is fallible. */
Str *str_from_buffer(Thread *t, Buffer *buffer);
Str *str_format(Thread *t, const char *format, ...); /* the formats of raise_error; NULL raised */
Str *str_of_codepoint(Thread *t, uint32_t codepoint);
/* The one interned Str with this text; attribute names are interned. */
Str *str_intern(Vm *vm, const char *utf8, size_t size);
Str *str_intern_value(Vm *vm, Str *str);
uint64_t str_hash(const Vm *vm, Str *str);
bool str_equal(const Str *a, const Str *b);
int str_compare(const Str *a, const Str *b); /* by code point: <0, 0, >0 */
/* a + b; NULL: MemoryError. Appending to a long str costs what is appended: vm/str_grow.c. */
Str *str_concat(Thread *t, const Str *a, const Str *b);
Str *str_join(Thread *t, const Str *separator, const Value *items,
              size_t count) MUST_CHECK;                           /* items must be str: TypeError */
Str *str_slice(Thread *t, Str *str, size_t start, size_t length); /* code points */
size_t str_byte_offset(Str *str, size_t index);
uint32_t str_codepoint_at(Str *str, size_t index);
static inline bool str_is_ascii(const Str *s) { return s->size == s->length; }
/* Append repr(str) (quotes and escapes as Python chooses) to a buffer. */
void str_repr_into(Buffer *out, const Str *str);
/* % formatting; str.format; the format mini-language (vm/format.c). */
Str *str_percent(Thread *t, Str *format, Value args) MUST_CHECK;
Str *format_int(Thread *t, Value v, Str *spec) MUST_CHECK;
Str *format_float(Thread *t, Value v, Str *spec) MUST_CHECK;
Str *format_str(Thread *t, Str *v, Str *spec) MUST_CHECK;
/* sip13 of bytes with the vm's key; 0 only for none. Numbers do not use it. */
uint64_t hash_bytes(const Vm *vm, const void *data, size_t size);

Bytes *bytes_new(Thread *t, const void *data, size_t size);
/* A Bytes whose [size] bytes the caller fills in at once. */
Bytes *bytes_allocate(Thread *t, size_t size);
Bytearray *bytearray_new(Thread *t, const void *data, size_t size);

/* A plain str whose [size] bytes, [length] code points, the caller fills in at once; NUL-terminated
 * already. */
Str *str_allocate(Thread *t, size_t size, size_t length);
/* str_new when the caller knows that every byte is ASCII. */
Str *str_new_ascii(Thread *t, const char *text, size_t size);
/* An instance of [cls] (str or a subclass) with [text]'s characters; [text] itself when it is one
 * already. */
Str *str_of_class(Thread *t, Class *cls, Str *text);
/* The index of the code point that begins at byte [offset]. */
size_t str_index_at(Str *str, size_t offset);
/* Is an object with [size] more bytes to be had? Raises MemoryError otherwise. For sizes a program
 * chooses. */
bool str_memory_fits(Thread *t, size_t size) MUST_CHECK;
/* Did all of it fit, and is there room for an object with the same bytes? Raises MemoryError
 * otherwise; true for a buffer that is not fallible. */
bool buffer_fits(Thread *t, const Buffer *buffer) MUST_CHECK;
/* Did it hold all so far? For loops that make garbage with every item. False: raised. */
static inline MUST_CHECK bool buffer_holds(Thread *t, const Buffer *buffer) {
    return LIKELY(!buffer->failed) || buffer_fits(t, buffer);
}
/* What raise_error's formats give, appended; false when rendering a value raised. */
bool str_format_into(Thread *t, Buffer *out, const char *format, va_list arguments) MUST_CHECK;
/* Append ascii(str): as str_repr_into, with everything beyond ASCII escaped. */
void str_ascii_into(Buffer *out, const Str *str);
/* Append repr(bytes) of [size] bytes; [quote_always] as bytearray wants it: a ' is escaped even
 * between ". */
void bytes_repr_into(Buffer *out, const uint8_t *data, size_t size, bool quote_always);
/* The bytes of a bytes or bytearray; false (nothing raised) for any other value. */
bool bytes_like(Value v, const uint8_t **data, size_t *size);
/* bytes % args; the result is of [format]'s class (bytes or bytearray). */
Value bytes_percent(Thread *t, Value format, Value args) MUST_CHECK;
/* [s], or a copy of it if its bytes are not followed by a NUL. */
Str *str_terminated(Thread *t, Str *s);
/* Give back what a dead str owns outside its cell. */
void str_release(Heap *heap, Str *s);
/* Is there nothing of the kind? */
static inline bool str_owns_nothing(const Str *s) { return !s->marks && s->data == s->own_text; }
/* Release the table of interned strings (the strings are the heap's). */
void str_intern_free(Vm *vm);

/* The code point at [*p], which moves behind it. The text must be valid and not at its end. */
static inline uint32_t str_next(const char **p) {
    const uint8_t *b = (const uint8_t *)*p;
    if (LIKELY(b[0] < 0x80)) {
        *p += 1;
        return b[0];
    }
    if (b[0] < 0xE0) {
        *p += 2;
        return (uint32_t)(b[0] & 0x1F) << 6 | (b[1] & 0x3F);
    }
    if (b[0] < 0xF0) {
        *p += 3;
        return (uint32_t)(b[0] & 0x0F) << 12 | (uint32_t)(b[1] & 0x3F) << 6 | (b[2] & 0x3F);
    }
    *p += 4;
    return (uint32_t)(b[0] & 0x07) << 18 | (uint32_t)(b[1] & 0x3F) << 12 |
           (uint32_t)(b[2] & 0x3F) << 6 | (b[3] & 0x3F);
}
/* The code point that ends at [*p], which moves to its first byte. The text must not be at its
 * beginning. */
static inline uint32_t str_previous(const char **p) {
    const char *q = *p - 1;
    while (((uint8_t)*q & 0xC0) == 0x80) q--;
    *p = q;
    return str_next(&q);
}

#endif
