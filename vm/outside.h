/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors without the baton, so that a blocking call blocks one thread only.
 *
 * A descriptor that is ready costs one poll(2) and the baton stays where it is; so what a program
 * sends to itself is read in an order that does not depend on the machine. Otherwise the thread
 * goes outside until the system has something. The answer "ready" is given with the baton held: no
 * other thread of the program can take the data between it and the read that follows.
 *
 * A signal that arrives while the main thread waits is handled at once, and the wait goes on
 * unless the handler raised. There is no gap in which one could be missed: signals are blocked from
 * the last look at the poll word until ppoll(2) sleeps.
 *
 * Read next: vm/baton.h, stdlib/file_core.c (a user).
 */
#ifndef TULIP_VM_OUTSIDE_H
#define TULIP_VM_OUTSIDE_H

#include <poll.h>

#include "vm/baton.h"

/* Wait until one of [count] descriptors is ready, for [nanoseconds] at most (CLOCK_NEVER: without
 * end; 0: only look). How many are, 0 when the time is over, -1 raised. [fds] must not lie in the
 * heap; everything else as across a call of Tulip code. */
int thread_wait_fds(Thread *t, struct pollfd *fds, nfds_t count, int64_t nanoseconds) MUST_CHECK;

/* Before read(2) or write(2) on [fd], for [events] POLLIN or POLLOUT: wait until it will not block.
 * A descriptor in non-blocking mode is not waited for. False: raised. */
bool thread_wait_fd(Thread *t, int fd, short events) MUST_CHECK;

/* How many of [size] bytes may be written to [fd] at once, after thread_wait_fd: more could block
 * all threads, when there are others. */
size_t thread_write_size(const Thread *t, int fd, size_t size);

#endif
