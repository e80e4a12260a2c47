/* SPDX-License-Identifier: MIT */
/*
 * Waiting for descriptors without the baton. See vm/outside.h.
 *
 * On the virtual clock a wait takes the time that it takes: for a thread that is alone it is added
 * here, otherwise vm/baton.c lets the clock run while nobody else can.
 */
#define _GNU_SOURCE /* ppoll */
#include "vm/outside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>

enum { LOOK_NANOSECONDS = 1000 }; /* of virtual time */

/* Sleep until a descriptor is ready, [nanoseconds] are over or a signal arrives. */
static int sleep_outside(Thread *t, struct pollfd *fds, nfds_t count, int64_t nanoseconds) {
    struct timespec time = {nanoseconds / CLOCK_SECOND, nanoseconds % CLOCK_SECOND};
    struct timespec *limit = nanoseconds == CLOCK_NEVER ? NULL : &time;
    if (t != t->vm->main_thread) return ppoll(fds, count, limit, NULL);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int ready = 0;
    if (!(thread_poll_bits(t) & POLL_SIGNAL)) ready = ppoll(fds, count, limit, &before);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return ready;
}

/* The same without the baton. How long it took is added to a virtual clock. */
static void leave_and_sleep(Thread *t, struct pollfd *fds, nfds_t count, int64_t nanoseconds) {
    bool alone = thread_is_alone(t);
    int64_t began = clock_real();
    thread_leave(t);
    sleep_outside(t, fds, count, nanoseconds);
    thread_return(t);
    if (!alone || !t->vm->clock.is_virtual) return;
    int64_t took = clock_real() - began;
    t->vm->clock.elapsed += took < nanoseconds ? took : nanoseconds;
}

/* The time is over on the system's clock: then it is on the virtual one. */
static int end_wait(Thread *t, int64_t deadline) {
    Clock *clock = &t->vm->clock;
    if (clock->is_virtual && clock->elapsed < deadline) clock->elapsed = deadline;
    return 0;
}

/* Looking takes a moment, so that a program that looks until a deadline gets there. */
static int look_in_vain(Thread *t) {
    if (t->vm->clock.is_virtual) t->vm->clock.elapsed += LOOK_NANOSECONDS;
    return 0;
}

int thread_wait_fds(Thread *t, struct pollfd *fds, nfds_t count, int64_t nanoseconds) {
    int64_t until = nanoseconds == CLOCK_NEVER ? CLOCK_NEVER : clock_real() + nanoseconds;
    int64_t now = t->vm->clock.elapsed;
    for (;;) {
        int ready = poll(fds, count, 0);
        if (ready > 0) return ready;
        if (nanoseconds == 0) return look_in_vain(t);
        int64_t left = until == CLOCK_NEVER ? CLOCK_NEVER : until - clock_real();
        if (left <= 0) return end_wait(t, now + nanoseconds);
        leave_and_sleep(t, fds, count, left);
        if (!thread_poll(t)) return -1;
    }
}

bool thread_wait_fd(Thread *t, int fd, short events) {
    struct pollfd one = {.fd = fd, .events = events};
    if (fd < 0 || poll(&one, 1, 0) > 0) return true;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || (flags & O_NONBLOCK)) return true;
    return thread_wait_fds(t, &one, 1, CLOCK_NEVER) >= 0;
}

size_t thread_write_size(const Thread *t, int fd, size_t size) {
    struct stat status;
    if (size <= PIPE_BUF || thread_is_alone(t)) return size;
    return fstat(fd, &status) != 0 || S_ISREG(status.st_mode) ? size : PIPE_BUF;
}
