/* SPDX-License-Identifier: MIT */
/* What bytes and bytearray share beyond vm/chars.h: operators, methods and construction; the kind
 * of self decides the kind of results. Implemented in vm/bytes_methods.c. */
#ifndef TULIP_VM_BYTES_H
#define TULIP_VM_BYTES_H

#include "vm/chars.h"

#define BYTEARRAY(v) ((Bytearray *)(uintptr_t)(v))

static inline bool is_bytes_like(Value v) {
    return is_kind(v, OBJ_BYTES) || is_kind(v, OBJ_BYTEARRAY);
}

/* Slots of both. */
Value bytes_add(Thread *t, Value a, Value b);
Value bytes_multiply(Thread *t, Value a, Value b);
Value bytes_modulo(Thread *t, Value a, Value b);
Value bytes_compare(Thread *t, Value a, Value b, CompareOp op);
Value bytes_getitem(Thread *t, Value self, Value key);
int bytes_contains(Thread *t, Value self, Value item);
int64_t bytes_length(Thread *t, Value self);

/* Methods of both. */
Value bytes_method_decode(Thread *t, Value *args);
Value bytes_method_hex(Thread *t, Value *args);
Value bytes_method_fromhex(Thread *t, Value *args);
Value bytes_method_translate(Thread *t, Value *args);
Value bytes_method_maketrans(Thread *t, Value *args);

#define BYTES_METHODS                                                                              \
    {"decode", bytes_method_decode, "(self, encoding=?, errors=?)",                                \
     "Return the text they encode. errors: 'strict', 'ignore', 'replace', 'backslashreplace', "    \
     "'surrogateescape'."},                                                                        \
        {"hex", bytes_method_hex, "(self, sep=?, bytes_per_sep=1)",                                \
         "Return two hexadecimal digits for each byte, with sep between groups of bytes_per_sep "  \
         "(from the right)."},                                                                     \
        {"@@fromhex", bytes_method_fromhex, "(cls, string, /)",                                    \
         "Make it from hexadecimal digits; spaces are skipped."},                                  \
        {"translate", bytes_method_translate, "(self, table, /, delete=?)",                        \
         "Return a copy without the bytes in delete and the others replaced by table[byte] "       \
         "(None: themselves)."},                                                                   \
    {                                                                                              \
        "@maketrans", bytes_method_maketrans, "(frm, to, /)",                                      \
            "Return a table for translate that maps frm's bytes to to's."                          \
    }

/* The bytes that [source] stands for as the constructor of [kind] ("bytes", "bytearray") takes it:
 * an int, bytes, an iterable of ints. Appended to [out]; false: raised, [out] still the caller's.
 * May run Tulip code. */
bool bytes_gather(Thread *t, Value source, const char *kind, Buffer *out) MUST_CHECK;
/* Items of an iterable as bytes; [range_error] is the ValueError's message. */
bool bytes_gather_items(Thread *t, Value iterable, const char *range_error, Buffer *out) MUST_CHECK;
/* The whole constructor call into [out]. */
bool bytes_gather_call(Thread *t, const char *kind, const Value *args, int argc, Tuple *kwnames,
                       Buffer *out) MUST_CHECK;
/* An int argument 0 … 255; false raises ValueError with [message]. */
bool bytes_byte(Thread *t, Value v, const char *message, uint8_t *out) MUST_CHECK;

/* Fill in an iterator class of this family. */
void bytes_iterator_init(Thread *t, ObjectKind kind);

#endif
