/* SPDX-License-Identifier: MIT */
/*
 * Queues of waiting threads: joining at either end, leaving, waking the first, and the wait itself.
 *
 * A signal, or the end of the wait, takes the waiter out of the queue before anything is raised.
 *
 * Read next: stdlib/wait_queue.h.
 */
#include "stdlib/wait_queue.h"

#include <math.h>

#include "vm/native.h"

void wait_queue_join(WaitQueue *queue, Waiter *waiter, Thread *t, bool first) {
    waiter->thread = t;
    waiter->woken = false;
    waiter->next = first ? queue->first : NULL;
    if (first || !queue->first) queue->first = waiter;
    else queue->last->next = waiter;
    if (!waiter->next) queue->last = waiter;
}

void wait_queue_leave(WaitQueue *queue, Waiter *waiter) {
    Waiter **link = &queue->first, *before = NULL;
    while (*link && *link != waiter) {
        before = *link;
        link = &before->next;
    }
    if (!*link) return;
    *link = waiter->next;
    if (queue->last == waiter) queue->last = before;
}

void wait_queue_wake(WaitQueue *queue, int64_t n) {
    for (; n > 0 && queue->first; n--) {
        Waiter *waiter = queue->first;
        queue->first = waiter->next;
        if (!queue->first) queue->last = NULL;
        waiter->woken = true;
        thread_unpark(waiter->thread);
    }
}

int64_t wait_queue_length(const WaitQueue *queue) {
    int64_t n = 0;
    for (const Waiter *waiter = queue->first; waiter; waiter = waiter->next) n++;
    return n;
}

int wait_queue_wait(Thread *t, WaitQueue *queue, Waiter *waiter, int64_t deadline, Value what) {
    while (!waiter->woken) {
        ParkResult result = thread_park(t, deadline, WAIT_FOR_OBJECT, what);
        if (waiter->woken) break;
        if (result == PARK_SIGNAL && thread_poll(t)) continue;
        wait_queue_leave(queue, waiter);
        if (result == PARK_TIMED_OUT) return 0;
        if (result == PARK_DEADLOCK) t->vm->hooks.deadlock(t, what);
        if (result != PARK_WOKEN) return -1;
        wait_queue_join(queue, waiter, t, true);
    }
    return 1;
}

bool timeout_fits(Thread *t, double seconds) {
    if (seconds <= THREAD_TIMEOUT_MAX) return true;
    raise_error(t, EXC_OverflowError,
                seconds < (double)INT64_MAX / CLOCK_SECOND
                    ? "timeout value is too large"
                    : "timestamp too large to convert to C _PyTime_t");
    return false;
}

bool deadline_read(Thread *t, Value timeout, int64_t *deadline) {
    *deadline = CLOCK_NEVER;
    if (timeout == VALUE_NONE) return true;
    double seconds;
    if (!arg_double(t, timeout, &seconds)) return false;
    if (isnan(seconds)) {
        raise_error(t, EXC_ValueError, "Invalid value NaN (not a number)");
        return false;
    }
    if (!timeout_fits(t, seconds)) return false;
    *deadline = seconds <= 0 ? 0 : clock_monotonic(&t->vm->clock) + clock_from_seconds(seconds);
    return true;
}
