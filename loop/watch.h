/* SPDX-License-Identifier: MIT */
/*
 * Watches: what a loop does when a descriptor becomes readable or writable.
 *
 * A watch is a uv_poll_t in malloc'd memory, at most one per descriptor and loop, found by the
 * number of the descriptor. Its two sides hold what is put into the ready queue: a Handle of
 * add_reader / add_writer, or a Stream. libuv's callback does nothing but that, so no Tulip code
 * runs inside uv_run. As long as the descriptor is ready and a side is set, every pass appends it
 * again, as in CPython's selector loop.
 *
 * Invariants: a watch with a side set has its uv_poll_t started, and only then counts as an I/O
 * handle of the loop; one without is closed, and freed in its close callback. A stream stops its
 * watch before it closes its descriptor.
 *
 * Read next: loop/watch.c, loop/wire.h (what a watch means for virtual time), loop/stream.h.
 */
#ifndef TULIP_LOOP_WATCH_H
#define TULIP_LOOP_WATCH_H

#include "loop/loop.h"

typedef enum WatchSide { WATCH_READ, WATCH_WRITE } WatchSide;

/* Append [what] to the ready queue whenever [fd] is ready on [side], from the next pass on; a
 * Handle that was there is cancelled. False: OSError raised (fd cannot be polled). */
bool watch_set(Thread *t, Loop *loop, int fd, WatchSide side, Value what) MUST_CHECK;
/* Not any more; a Handle is cancelled, so that it does not run even if it is in the ready queue.
 * False: nothing was there. */
bool watch_clear(Thread *t, Loop *loop, int fd, WatchSide side);
/* What is there, or VALUE_UNSET. */
Value watch_get(const Loop *loop, int fd, WatchSide side);
/* The stream that [fd] belongs to, or VALUE_UNSET. */
Value watch_owner(const Loop *loop, int fd);
/* What it waits for: POLLIN, POLLOUT. */
int watch_events(const Watch *watch);
/* Close all; the turn of uv_run that frees them follows. */
void watch_close_all(Loop *loop);
/* Shade what they hold. */
void watch_shade(Heap *heap, const Loop *loop);
/* Add add_reader, remove_reader … to EventLoop, when _asyncio is imported. */
void watch_methods_install(Thread *t);

#endif
