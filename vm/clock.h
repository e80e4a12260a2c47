/* SPDX-License-Identifier: MIT */
/*
 * The clock that everything with a notion of time asks: loops, waiting threads, time.time().
 *
 * The real clock is the system's. The virtual one stands still while code runs and jumps when
 * everybody waits, so a program of three seconds takes three milliseconds and always prints the
 * same. It starts at a fixed moment (CLOCK_VIRTUAL_EPOCH, UTC).
 *
 * Only the thread that holds the baton moves the virtual clock, or whoever finds that nobody can.
 * Read next: vm/baton.c (who waits, who jumps), stdlib/time.c.
 */
#ifndef TULIP_VM_CLOCK_H
#define TULIP_VM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define CLOCK_SECOND        INT64_C(1000000000)
#define CLOCK_NEVER         INT64_MAX
#define CLOCK_VIRTUAL_EPOCH (INT64_C(1420070400) * CLOCK_SECOND) /* 2015-01-01 00:00:00 UTC */

typedef struct Clock {
    bool is_virtual;
    int64_t elapsed; /* virtual: nanoseconds since the start */
} Clock;

/* Nanoseconds of the system's clock that only grows, whatever clock the program sees. */
int64_t clock_real(void);
/* Nanoseconds that only grow; the virtual clock starts at 0. */
int64_t clock_monotonic(const Clock *clock);
/* Nanoseconds since 1970. */
int64_t clock_wall(const Clock *clock);
/* Seconds to nanoseconds, rounded, but never from more than 0 to 0; clamped to about 120 years.
 * What is no number is no time at all. */
int64_t clock_from_seconds(double seconds);
static inline double clock_to_seconds(int64_t ns) { return (double)ns / 1e9; }

#endif
