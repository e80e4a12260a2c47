/* SPDX-License-Identifier: MIT */
/* What lists and tuples have in common, and argument checks that the container constructors share.
 * See vm/sequence.c. */
#ifndef TULIP_VM_SEQUENCE_H
#define TULIP_VM_SEQUENCE_H

#include "vm/thread.h"

/* The items of a list or tuple as they are now, and how many. */
static inline const Value *sequence_items(Value v, size_t *count) {
    if (is_kind(v, OBJ_TUPLE)) {
        *count = TUPLE(v)->size;
        return TUPLE(v)->items;
    }
    *count = LIST(v)->size;
    return LIST(v)->items;
}

/* a op b item by item, as Python orders sequences; both of one kind. */
Value sequence_compare(Thread *t, Value a, Value b, CompareOp op) MUST_CHECK;
/* Index of the first item equal to [v] in [start, stop): -1 when there is none, -2 raised. */
int64_t sequence_find(Thread *t, Value seq, Value v, size_t start, size_t stop) MUST_CHECK;
/* 1, 0, -1: the contains slot of both. */
int sequence_contains(Thread *t, Value seq, Value v) MUST_CHECK;
/* seq.count(v) */
Value sequence_count(Thread *t, Value seq, Value v) MUST_CHECK;
/* Append the reprs of the items, separated by ", ". */
bool sequence_repr_into(Thread *t, Value seq, Buffer *out) MUST_CHECK;
/* The optional start and stop of index(value, start, stop), clamped to [length]. */
bool sequence_range(Thread *t, Value start, Value stop, size_t length, size_t *from,
                    size_t *to) MUST_CHECK;
/* The count in seq * count, where seq has [size] items: its value (negative: 0). */
bool sequence_repeat_count(Thread *t, Value count, size_t size, int64_t *n) MUST_CHECK;
/* Raises for a concatenation with an operand of the wrong kind. */
Value sequence_bad_concat(Thread *t, Value other, const char *kind) MUST_CHECK;
/* A constructor's raw arguments: at most [max] positional ones, no keywords. */
bool arguments_at_most(Thread *t, const char *name, int max, int argc, Tuple *kwnames) MUST_CHECK;
/* MemoryError; returns false. */
bool raise_memory_error(Thread *t);

#endif
