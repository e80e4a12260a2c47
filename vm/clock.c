/* SPDX-License-Identifier: MIT */
/*
 * The real clock and the virtual one.
 *
 * Read next: vm/clock.h.
 */
#include "vm/clock.h"

#include <math.h>
#include <time.h>

static int64_t system_time(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return now.tv_sec * CLOCK_SECOND + now.tv_nsec;
}

int64_t clock_real(void) { return system_time(CLOCK_MONOTONIC); }

int64_t clock_monotonic(const Clock *clock) {
    return clock->is_virtual ? clock->elapsed : clock_real();
}

int64_t clock_wall(const Clock *clock) {
    return clock->is_virtual ? CLOCK_VIRTUAL_EPOCH + clock->elapsed : system_time(CLOCK_REALTIME);
}

int64_t clock_from_seconds(double seconds) {
    double ns = seconds * 1e9;
    if (isnan(ns)) return 0;
    if (ns >= 4e18) return INT64_C(4000000000000000000);
    if (ns < -4e18) return -INT64_C(4000000000000000000);
    int64_t rounded = llround(ns);
    return rounded == 0 && ns > 0 ? 1 : rounded; /* who waits for the rest of a time gets there */
}
