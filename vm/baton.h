/* SPDX-License-Identifier: MIT */
/*
 * The baton: of all threads of a vm, the one that holds it runs Tulip code.
 *
 * Every Thread is an OS thread of its own with its own stacks. What they share, which is the whole
 * heap, is touched only by the holder of the baton. It goes from hand to hand, first come, first
 * served: at a safepoint after a time slice, and whenever the holder waits. A thread waits in one
 * of two ways:
 *
 *     parked   for something inside the program: a lock, a join, a moment. Another thread wakes it
 *              (thread_unpark), or its deadline passes.
 *     outside  for the rest of the world, in a system call (thread_leave … thread_return).
 *
 * So whoever gives the baton away with nobody in line knows the state of the whole program: if all
 * others are parked, virtual time jumps to the first deadline; and if there is none, nothing can
 * ever happen again, which is a deadlock and is said to the main thread. A parked thread for which
 * the system may have something (hears_outside) is then told to look for it there instead.
 *
 * Everything that a native holds across thread_park, thread_leave and thread_poll must be rooted,
 * as across a call of Tulip code: other threads run meanwhile, and may collect.
 *
 * Read next: vm/baton.c, stdlib/thread_native.c (locks).
 */
#ifndef TULIP_VM_BATON_H
#define TULIP_VM_BATON_H

#include "vm/clock.h"
#include "vm/thread.h"

typedef enum ParkResult {
    PARK_WOKEN,     /* by thread_unpark */
    PARK_TIMED_OUT, /* the deadline passed */
    PARK_SIGNAL,    /* a signal waits for the next safepoint (main thread only) */
    PARK_DEADLOCK,  /* every thread is parked for ever (main thread only) */
    PARK_ALONE,     /* the next to act is the outside (only with t->hears_outside) */
} ParkResult;

/* May the system have something for a parked thread? */
typedef enum HearsOutside {
    HEARS_NOTHING,
    HEARS_ALWAYS,  /* strangers may call on it whenever the program waits for the outside */
    HEARS_AT_LAST, /* it looks there only before everybody would wait for ever */
} HearsOutside;

/* What a park waits for; for reports only. */
typedef enum WaitKind {
    WAIT_NOTHING,
    WAIT_TIME,
    WAIT_FOR_OBJECT, /* a lock, an event, the end of a thread … */
    WAIT_LOOP,
    WAIT_OUTSIDE,
} WaitKind;

/* Make the vm's baton, held by its first thread. */
void baton_new(Vm *vm);
/* The first thread keeps it for ever from now on: the program ends. Threads that are still alive
 * never run again. True: there are none. */
bool baton_close(Vm *vm);
/* Release it, after baton_close said that no other thread is alive. */
void baton_free(Vm *vm);

/* Run [body](thread, argument) on a new OS thread, first when its turn comes. [made] comes from
 * thread_new and is freed when body returns. False: the system has no thread left, [made] is freed,
 * nothing raised. */
bool thread_start(Thread *t, Thread *made, void (*body)(Thread *t, void *argument),
                  void *argument) MUST_CHECK;

/* Wait, without the baton, until somebody unparks t or [deadline] (clock_monotonic; CLOCK_NEVER:
 * none). [what] (VALUE_NONE: nothing to show) and [kind] are for reports. */
ParkResult thread_park(Thread *t, int64_t deadline, WaitKind kind, Value what);
/* Let a parked thread go on when its turn comes; no effect on others. */
void thread_unpark(Thread *other);
/* Wait until [deadline]; signals are handled meanwhile. False: a handler raised. */
bool thread_sleep_until(Thread *t, int64_t deadline) MUST_CHECK;

/* Around a system call that may block: others run meanwhile. Nothing of the heap may be touched in
 * between. */
void thread_leave(Thread *t);
void thread_return(Thread *t);

/* At a safepoint that saw POLL_SWITCH: let the others have their turn. */
void thread_pass(Thread *t);

/* The longest time that a thread runs while others are in line, in seconds. */
double baton_slice(const Vm *vm);
void baton_set_slice(Vm *vm, double seconds);
/* The C stack of new threads, in bytes. 0: the default. */
size_t baton_stack_size(const Vm *vm);
void baton_set_stack_size(Vm *vm, size_t size);
/* From now on the next in line is drawn, and slices differ: [seed] decides. */
void baton_seed(Vm *vm, uint64_t seed);

/* Is this the only thread? */
static inline bool thread_is_alone(const Thread *t) { return t->vm->thread_count == 1; }

#endif
