/* SPDX-License-Identifier: MIT */
/*
 * The timers of a loop: one heap ordered by (deadline, sequence number), behind one libuv timer.
 *
 * Four children to a node keep the heap shallow and its comparisons in one cache line. Timers with
 * equal deadlines fire in the order in which they were set. A cancelled timer stays until it
 * reaches the top or until half of the heap is cancelled, then all such are dropped at once.
 *
 * Read next: loop/run.c.
 */
#ifndef TULIP_LOOP_TIMERS_H
#define TULIP_LOOP_TIMERS_H

#include "vm/value.h"

typedef struct Timer {
    int64_t deadline; /* nanoseconds of the loop's clock */
    uint64_t sequence;
    Value what; /* a sleeper or a Handle */
} Timer;

typedef struct TimerHeap {
    Timer *timers;
    size_t count, capacity;
    uint64_t next_sequence;
    size_t cancelled; /* how many in the heap are known to be cancelled */
} TimerHeap;

/* Add [what] at [deadline]. */
void timers_push(TimerHeap *heap, int64_t deadline, Value what);
/* The earliest; the heap is not empty. */
static inline const Timer *timers_first(const TimerHeap *heap) { return &heap->timers[0]; }
/* Remove and give the earliest; the heap is not empty. */
Timer timers_pop(TimerHeap *heap);
/* Remove all for which [is_dead] says so, keeping the order of the others. */
void timers_drop(TimerHeap *heap, bool (*is_dead)(Value what));
/* Release the memory; the heap is empty afterwards. */
void timers_free(TimerHeap *heap);

#endif
