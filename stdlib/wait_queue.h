/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait for one thing, first come, first served.
 *
 * A Waiter lives on the C stack of the thread that waits. Waking takes it out of the queue and
 * notes that it was woken, so nothing is lost when that happens before the thread is parked: a
 * condition's waiter queues up first and gives its lock back then, which may run anything.
 *
 * Only the holder of the baton touches queues. Read next: vm/baton.h, stdlib/lock.c.
 */
#ifndef TULIP_STDLIB_WAIT_QUEUE_H
#define TULIP_STDLIB_WAIT_QUEUE_H

#include "vm/baton.h"

typedef struct Waiter {
    Thread *thread;
    bool woken;
    struct Waiter *next;
} Waiter;

typedef struct WaitQueue {
    Waiter *first, *last;
} WaitQueue;

/* [waiter] of thread t is the last in the queue, or the [first]. */
void wait_queue_join(WaitQueue *queue, Waiter *waiter, Thread *t, bool first);
/* Out of it again; no effect when it has been woken. */
void wait_queue_leave(WaitQueue *queue, Waiter *waiter);
/* Wake the first [n]. */
void wait_queue_wake(WaitQueue *queue, int64_t n);
/* How many wait. */
int64_t wait_queue_length(const WaitQueue *queue);
/* Wait until somebody wakes [waiter], which is in the queue, or [deadline]. [what] is shown in
 * reports. 1: woken, 0: too late, -1: raised; it is out of the queue then. */
int wait_queue_wait(Thread *t, WaitQueue *queue, Waiter *waiter, int64_t deadline,
                    Value what) MUST_CHECK;

/* The longest timeout, in seconds: CPython's. */
#define THREAD_TIMEOUT_MAX 9223372036.0
/* Whether locks can wait that long; OverflowError raised. */
bool timeout_fits(Thread *t, double seconds);
/* The deadline that a timeout in seconds from now means: None is CLOCK_NEVER; 0 and less is 0, "do
 * not wait". False: raised. */
bool deadline_read(Thread *t, Value timeout, int64_t *deadline) MUST_CHECK;

#endif
