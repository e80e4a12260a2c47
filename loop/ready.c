/* SPDX-License-Identifier: MIT */
/*
 * Growth of the ready queue. Everything else is inline in loop/ready.h, because it is on the path
 * of every task switch.
 *
 * Read next: loop/run.c.
 */
#include "loop/ready.h"

#include "common/memory.h"

#define FIRST_CAPACITY 64

void ready_grow(ReadyQueue *queue) {
    size_t capacity = queue->capacity ? queue->capacity * 2 : FIRST_CAPACITY;
    ReadyEntry *entries = malloc(capacity * sizeof *entries);
    if (!entries) memory_exhausted(capacity * sizeof *entries);
    for (size_t i = 0; i < queue->count; i++) entries[i] = *ready_at(queue, i);
    free(queue->entries);
    queue->entries = entries;
    queue->capacity = capacity;
    queue->head = 0;
}

void ready_free(ReadyQueue *queue) {
    free(queue->entries);
    *queue = (ReadyQueue){0};
}
