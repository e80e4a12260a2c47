/* SPDX-License-Identifier: MIT */
/*
 * Chars: the bytes of a str, bytes or bytearray, and the methods the three share.
 *
 * UTF-8 is self-synchronising, so searching, splitting and replacing text is searching, splitting
 * and replacing bytes; only positions (code points or bytes), white space and the classes of
 * results differ. The natives below therefore serve all three classes: args[0] says which. Their
 * rows are in chars_methods.def.
 *
 * A Chars points into its object: it is valid as long as the object is rooted and, for a bytearray,
 * not resized. Read next: vm/chars.c.
 */
#ifndef TULIP_VM_CHARS_H
#define TULIP_VM_CHARS_H

#include "vm/native.h"
#include "vm/str.h"

typedef struct Chars {
    const char *data;
    size_t size;
} Chars;

#define CHARS_ABSENT SIZE_MAX

/* The bytes of a str, bytes or bytearray. */
static inline Chars chars_of(Value v) {
    switch (object_kind(object_of(v))) {
    case OBJ_STR: return (Chars){STR(v)->data, STR(v)->size};
    case OBJ_BYTES: return (Chars){(const char *)BYTES(v)->data, BYTES(v)->size};
    default: {
        Bytearray *b = (Bytearray *)(uintptr_t)v;
        return (Chars){b->data ? (const char *)b->data : "", b->size};
    }
    }
}

/* [v] as an operand of [self]'s methods: a str for a str, bytes or bytearray otherwise. False
 * raises TypeError with [wanted] for strs ("%T" in it is v's class) and "a bytes-like object is
 * required" for the others. */
bool chars_operand(Thread *t, Value self, Value v, const char *wanted, Chars *out) MUST_CHECK;

/* Offset of the first, the last occurrence of [needle], CHARS_ABSENT when there is none. */
size_t chars_find(Chars text, Chars needle);
size_t chars_find_last(Chars text, Chars needle);

/* A new object of the plain class of [like]'s kind with these bytes. */
Value chars_new(Thread *t, Value like, const char *data, size_t size);
/* The same with [size] bytes ([length] code points if a str) to be filled in at *data; MemoryError
 * when refused. */
Value chars_allocate(Thread *t, Value like, size_t size, size_t length, char **data) MUST_CHECK;
/* [self] itself when it is an immutable object of its plain class, else a plain copy. */
Value chars_same(Thread *t, Value self);
/* __getnewargs__ of the immutable ones: a tuple of a plain copy. */
Value chars_new_arguments(Thread *t, Value *args);
/* How many characters: code points of a str, bytes otherwise. */
size_t chars_length(Value v);

/* A piece between [start] and [end] arguments (None: open), in bytes. [inside] is false when start
 * lies behind end. */
typedef struct Bounds {
    size_t from, to;
    bool inside;
} Bounds;
bool chars_bounds(Thread *t, Value self, Value start, Value end, Bounds *out) MUST_CHECK;

/* self * count. */
Value chars_repeat(Thread *t, Value self, Value count) MUST_CHECK;
/* An int key as an index into [self]; false raises IndexError, or TypeError for other keys, in the
 * class's words. */
bool chars_index(Thread *t, Value self, Value key, size_t *out) MUST_CHECK;
/* self[start:stop:step] */
Value chars_slice(Thread *t, Value self, Slice *slice) MUST_CHECK;
/* self < other and so on, by bytes; both are text or both bytes-like. */
Value chars_compare(Value a, Value b, CompareOp op);
/* The operator *, for either order of operands; [owns] tells which operand is the text. */
Value chars_multiply(Thread *t, Value a, Value b, bool (*owns)(Value v)) MUST_CHECK;
/* iter(self): an iterator of [kind]. */
Value chars_iterator(Thread *t, Value self, ObjectKind kind);

/* An optional name argument (VALUE_UNSET: not given, NULL): an encoding or error handler; [what]
 * begins the message. */
bool chars_name_argument(Thread *t, Value v, const char *what, const char **out) MUST_CHECK;

/* The constructors' arguments (source, encoding, errors) from a raw call, VALUE_UNSET where not
 * given. [name] is the class's, [source] the first parameter's name. False raises TypeError. */
bool chars_bind_constructor(Thread *t, const char *name, const char *source, const Value *args,
                            int argc, Tuple *kwnames, Value out[3]) MUST_CHECK;

/* The natives. */
#define METHOD(NAME, FUNCTION, SIGNATURE, DOC) Value FUNCTION(Thread *t, Value *args);
#include "vm/chars_methods.def"
#undef METHOD

#endif
