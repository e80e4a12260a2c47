/* SPDX-License-Identifier: MIT */
/*
 * The timer heap: sift up, sift down, rebuild.
 *
 * Read next: loop/timers.h for what is promised.
 */
#include "loop/timers.h"

#include <stdlib.h>

#include "common/memory.h"

#define CHILDREN       4
#define FIRST_CAPACITY 16

static inline bool is_before(const Timer *a, const Timer *b) {
    return a->deadline < b->deadline || (a->deadline == b->deadline && a->sequence < b->sequence);
}

static void sift_up(TimerHeap *heap, size_t at, Timer timer) {
    while (at > 0) {
        size_t parent = (at - 1) / CHILDREN;
        if (!is_before(&timer, &heap->timers[parent])) break;
        heap->timers[at] = heap->timers[parent];
        at = parent;
    }
    heap->timers[at] = timer;
}

/* The earliest child of [at], or count when it has none. */
static size_t earliest_child(const TimerHeap *heap, size_t at) {
    size_t first = at * CHILDREN + 1;
    if (first >= heap->count) return heap->count;
    size_t end = first + CHILDREN < heap->count ? first + CHILDREN : heap->count;
    size_t best = first;
    for (size_t child = first + 1; child < end; child++) {
        if (is_before(&heap->timers[child], &heap->timers[best])) best = child;
    }
    return best;
}

static void sift_down(TimerHeap *heap, size_t at, Timer timer) {
    for (;;) {
        size_t child = earliest_child(heap, at);
        if (child == heap->count || !is_before(&heap->timers[child], &timer)) break;
        heap->timers[at] = heap->timers[child];
        at = child;
    }
    heap->timers[at] = timer;
}

void timers_push(TimerHeap *heap, int64_t deadline, Value what) {
    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : FIRST_CAPACITY;
        heap->timers = realloc(heap->timers, heap->capacity * sizeof *heap->timers);
        if (!heap->timers) memory_exhausted(heap->capacity * sizeof *heap->timers);
    }
    heap->count++;
    sift_up(heap, heap->count - 1, (Timer){deadline, heap->next_sequence++, what});
}

Timer timers_pop(TimerHeap *heap) {
    Timer first = heap->timers[0];
    Timer last = heap->timers[--heap->count];
    if (heap->count) sift_down(heap, 0, last);
    return first;
}

void timers_drop(TimerHeap *heap, bool (*is_dead)(Value what)) {
    size_t kept = 0;
    for (size_t i = 0; i < heap->count; i++) {
        if (!is_dead(heap->timers[i].what)) heap->timers[kept++] = heap->timers[i];
    }
    heap->count = kept;
    heap->cancelled = 0;
    for (size_t i = kept / CHILDREN + 1; i-- > 0;) {
        if (i < kept) sift_down(heap, i, heap->timers[i]);
    }
}

void timers_free(TimerHeap *heap) {
    free(heap->timers);
    heap->timers = NULL;
    heap->count = heap->capacity = heap->cancelled = 0;
}
