/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the module _thread share: locks and locals are classes of their own files.
 *
 * Read next: stdlib/lock.c, stdlib/thread_native.c.
 */
#ifndef TULIP_STDLIB_THREAD_H
#define TULIP_STDLIB_THREAD_H

#include "stdlib/stdlib.h"
#include "stdlib/wait_queue.h"
#include "vm/origin.h"

/* _thread.lock and _thread.RLock. */
typedef struct Lock {
    Object header;
    WaitQueue queue;
    uint64_t owner;     /* the number of the thread that took it; 0: it is free */
    int64_t count;      /* RLock: how often its owner took it */
    Origin made, taken; /* for reports */
} Lock;

#define LOCK(v) ((Lock *)(uintptr_t)(v))

/* A lock that nobody holds. */
Value lock_new(Thread *t);
/* Take [lock], waiting until [deadline] (CLOCK_NEVER: as long as it takes). 1: taken, 0: too late,
 * -1: raised. [lock] must be rooted. */
int lock_take(Thread *t, Lock *lock, int64_t deadline) MUST_CHECK;
/* Free it, and let the first that waits try. */
void lock_free(Lock *lock);

/* Make the classes of _thread and put them into [module]: lock and RLock; _Event, _Semaphore and
 * _Condition; _local. */
void lock_install(Thread *t, Module *module);
void thread_signals_install(Thread *t, Module *module);
void local_install(Thread *t, Module *module);

#endif
