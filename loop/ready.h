/* SPDX-License-Identifier: MIT */
/*
 * The ready queue: what the loop runs next, first in, first out.
 *
 * A ring buffer of pairs: what to call and with what. A pass runs the entries that were there when
 * it began, so entries queued meanwhile wait for the next pass. The memory is the loop's own
 * (malloc), so libuv callbacks may append, too.
 *
 * Invariants: capacity is a power of two or 0; the entries are at positions head … head + count -
 * 1, modulo capacity. Read next: loop/run.c (the pass).
 */
#ifndef TULIP_LOOP_READY_H
#define TULIP_LOOP_READY_H

#include <stdlib.h>

#include "vm/value.h"

typedef struct ReadyEntry {
    Value what; /* a Task (step it), a Handle (run it), a sleeper (finish it), or a callable */
    Value arg;  /* its argument, or VALUE_UNSET */
} ReadyEntry;

typedef struct ReadyQueue {
    ReadyEntry *entries;
    size_t capacity, head, count;
} ReadyQueue;

/* Double the room. Ends the program when memory is out. */
void ready_grow(ReadyQueue *queue);
/* Release the memory; the queue is empty afterwards. */
void ready_free(ReadyQueue *queue);

static inline void ready_push(ReadyQueue *queue, Value what, Value arg) {
    if (UNLIKELY(queue->count == queue->capacity)) ready_grow(queue);
    queue->entries[(queue->head + queue->count++) & (queue->capacity - 1)] =
        (ReadyEntry){what, arg};
}

/* The first entry, removed. The queue is not empty. */
static inline ReadyEntry ready_pop(ReadyQueue *queue) {
    ReadyEntry entry = queue->entries[queue->head];
    queue->head = (queue->head + 1) & (queue->capacity - 1);
    queue->count--;
    return entry;
}

/* Entry [i], counted from the first. */
static inline ReadyEntry *ready_at(const ReadyQueue *queue, size_t i) {
    return &queue->entries[(queue->head + i) & (queue->capacity - 1)];
}

#endif
