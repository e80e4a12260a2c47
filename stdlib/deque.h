/* SPDX-License-Identifier: MIT */
/*
 * collections.deque: a ring buffer of Values that grows and shrinks at both ends in constant time.
 *
 * Item i is at position (head + i) modulo capacity; the capacity is a power of two or 0. [version]
 * changes with every change of length, which is how iterators notice. Read next: stdlib/deque.c
 * (the buffer), stdlib/deque_class.c (methods).
 */
#ifndef TULIP_STDLIB_DEQUE_H
#define TULIP_STDLIB_DEQUE_H

#include "stdlib/stdlib.h"

typedef struct Deque {
    Object header;
    Value *items;
    size_t capacity, head, size;
    int64_t maxlen; /* -1: no bound */
    uint64_t version;
} Deque;

#define DEQUE(v) ((Deque *)(uintptr_t)(v))

static inline Value *deque_at(const Deque *d, size_t i) {
    return &d->items[(d->head + i) & (d->capacity - 1)];
}

/* A new deque of class [cls], empty. */
Deque *deque_new(Thread *t, Class *cls, int64_t maxlen);
/* Add at an end; with a bound, what is too much goes at the other end. False: MemoryError. */
bool deque_append(Thread *t, Deque *d, Value v) MUST_CHECK;
bool deque_append_left(Thread *t, Deque *d, Value v) MUST_CHECK;
/* Remove at an end; the deque is not empty. */
Value deque_take(Thread *t, Deque *d);
Value deque_take_left(Thread *t, Deque *d);
/* Insert before item [i], remove item [i]. */
bool deque_insert(Thread *t, Deque *d, size_t i, Value v) MUST_CHECK;
Value deque_remove_at(Thread *t, Deque *d, size_t i);
/* n steps to the right; negative: to the left. */
void deque_rotate(Deque *d, int64_t n);
void deque_clear(Thread *t, Deque *d);
/* Add the items of any iterable at the right (or left) end. */
bool deque_extend(Thread *t, Deque *d, Value iterable, bool left) MUST_CHECK;
/* A deque with the same items and bound; the class of [like]. */
Deque *deque_copy(Thread *t, Deque *like);

#endif
