/* SPDX-License-Identifier: MIT */
/*
 * _select: waiting for any of several descriptors. select(), poll() and epoll() are made of it in
 * stdlib/select.tul; epoll has a set of the system behind it.
 *
 * Read next: vm/outside.h.
 */
#define _GNU_SOURCE /* POLLRDHUP, POLLMSG */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "loop/wire.h"
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/outside.h"

/* Pairs of descriptor and events into [fds]. */
static bool read_pairs(Thread *t, const List *pairs, struct pollfd *fds) {
    for (size_t i = 0; i + 1 < pairs->size; i += 2) {
        int64_t fd, events;
        if (!arg_int32(t, pairs->items[i], &fd) || !arg_int32(t, pairs->items[i + 1], &events))
            return false;
        fds[i / 2] = (struct pollfd){.fd = (int)fd, .events = (short)(uint16_t)events};
    }
    return true;
}

/* (descriptor, what happened) for those that are ready. */
static Value ready_list(Thread *t, const struct pollfd *fds, size_t count) {
    Value *roots = push_roots(t, 1);
    List *list = list_new(t, 0);
    roots[0] = object_value(list);
    for (size_t i = 0; i < count; i++) {
        if (!fds[i].revents) continue;
        Value pair[] = {fixnum(fds[i].fd), fixnum((uint16_t)fds[i].revents)};
        if (!list_append(t, list, object_value(tuple_from(t, pair, 2)))) return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return roots[0];
}

/* How many are ready after [limit] nanoseconds; -1 raised. */
static int wait_until(Thread *t, struct pollfd *fds, size_t count, int64_t limit) {
    if (limit == 0) return thread_wait_fds(t, fds, count, 0);
    int64_t now = clock_monotonic(&t->vm->clock);
    return wire_wait(t, VALUE_NONE, fds, count, limit == CLOCK_NEVER ? limit : now + limit);
}

/* args: [descriptor, events, …], seconds or None */
static Value wait_for_any(Thread *t, Value *args) {
    if (!is_kind(args[0], OBJ_LIST))
        return raise_error(t, EXC_TypeError, "wait() argument 1 must be list, not %T", args[0]);
    int64_t limit = CLOCK_NEVER;
    double seconds;
    if (args[1] != VALUE_NONE) {
        if (!arg_double(t, args[1], &seconds)) return VALUE_ERROR;
        limit = seconds > 0 ? clock_from_seconds(seconds) : 0;
    }
    size_t count = LIST(args[0])->size / 2;
    struct pollfd *fds = calloc(count + 1, sizeof *fds);
    if (!fds) return raise_error(t, EXC_MemoryError, "");
    Value v = VALUE_ERROR;
    if (read_pairs(t, LIST(args[0]), fds) && wait_until(t, fds, count, limit) >= 0)
        v = ready_list(t, fds, count);
    free(fds);
    return v;
}

/* ---- epoll ---- */

static Value outcome(Thread *t, int result) {
    return result < 0 ? raise_os_error(t, errno, VALUE_UNSET) : fixnum(result);
}

static Value set_create(Thread *t, Value *args) {
    (void)args;
    return outcome(t, epoll_create1(EPOLL_CLOEXEC));
}

/* args: set, operation, descriptor, events */
static Value set_control(Thread *t, Value *args) {
    int64_t set, operation, fd, events;
    if (!arg_int32(t, args[0], &set) || !arg_int32(t, args[1], &operation) ||
        !arg_int32(t, args[2], &fd) || !arg_int64(t, args[3], &events))
        return VALUE_ERROR;
    struct epoll_event event = {.events = (uint32_t)events, .data.fd = (int)fd};
    return outcome(t, epoll_ctl((int)set, (int)operation, (int)fd, &event));
}

static Value event_list(Thread *t, const struct epoll_event *events, int count) {
    Value *roots = push_roots(t, 1);
    List *list = list_new(t, 0);
    roots[0] = object_value(list);
    for (int i = 0; i < count; i++) {
        Value pair[] = {fixnum(events[i].data.fd), fixnum((int64_t)events[i].events)};
        if (!list_append(t, list, object_value(tuple_from(t, pair, 2)))) return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return roots[0];
}

/* args: set, how many at most, seconds or None. The set itself can be waited for, and is asked
 * when something is in it. */
static Value set_wait(Thread *t, Value *args) {
    int64_t set, most, deadline = CLOCK_NEVER;
    double seconds = -1;
    if (!arg_int32(t, args[0], &set) || !arg_int32(t, args[1], &most)) return VALUE_ERROR;
    if (args[2] != VALUE_NONE && !arg_double(t, args[2], &seconds)) return VALUE_ERROR;
    if (seconds >= 0 && seconds < 9e9)
        deadline = clock_monotonic(&t->vm->clock) + clock_from_seconds(seconds);
    if (most > 65536) most = 65536;
    struct epoll_event *events = malloc((size_t)most * sizeof *events);
    if (!events) return raise_error(t, EXC_MemoryError, "");
    Value v = VALUE_ERROR;
    for (;;) {
        int count = epoll_wait((int)set, events, (int)most, 0);
        if (count < 0 && errno != EINTR) {
            v = outcome(t, count);
            break;
        }
        struct pollfd one = {.fd = (int)set, .events = POLLIN};
        bool done = count > 0 || seconds == 0;
        int ready = done ? 0 : wire_wait(t, VALUE_NONE, &one, 1, deadline);
        if (ready < 0) break;
        if (done || ready == 0) {
            v = event_list(t, events, count > 0 ? count : 0);
            break;
        }
    }
    free(events);
    return v;
}

static const NativeDef functions[] = {
    {"epoll_create", set_create, "()", "A descriptor for a set of descriptors."},
    {"epoll_control", set_control, "(set, operation, fd, events, /)",
     "Add (1), take out (2) or change (3) a descriptor of the set."},
    {"epoll_wait", set_wait, "(set, most, seconds=None, /)",
     "A list of (fd, events) of what is ready in the set."},
    {"wait", wait_for_any, "(pairs, seconds=None, /)",
     "Wait until one of the descriptors in [fd, events, fd, events, ...] is ready; a list of (fd,\n"
     "events) of those that are."},
    {0},
};

static const IntConstant constants[] = {
    INT_CONSTANT(POLLIN),       INT_CONSTANT(POLLPRI),        INT_CONSTANT(POLLOUT),
    INT_CONSTANT(POLLERR),      INT_CONSTANT(POLLHUP),        INT_CONSTANT(POLLNVAL),
    INT_CONSTANT(POLLRDNORM),   INT_CONSTANT(POLLRDBAND),     INT_CONSTANT(POLLWRNORM),
    INT_CONSTANT(POLLWRBAND),   INT_CONSTANT(POLLMSG),        INT_CONSTANT(POLLRDHUP),
    INT_CONSTANT(EPOLLIN),      INT_CONSTANT(EPOLLOUT),       INT_CONSTANT(EPOLLPRI),
    INT_CONSTANT(EPOLLERR),     INT_CONSTANT(EPOLLHUP),       INT_CONSTANT(EPOLLRDHUP),
    INT_CONSTANT(EPOLLONESHOT), INT_CONSTANT(EPOLLEXCLUSIVE), INT_CONSTANT(EPOLLRDNORM),
    INT_CONSTANT(EPOLLRDBAND),  INT_CONSTANT(EPOLLWRNORM),    INT_CONSTANT(EPOLLWRBAND),
    INT_CONSTANT(EPOLLMSG),     INT_CONSTANT(EPOLL_CLOEXEC),
};

static bool init(Thread *t, Module *module) {
    module_set_constants(t, module, constants, sizeof constants / sizeof *constants);
    module_set(t, module, "EPOLLET", fixnum((int64_t)(uint32_t)EPOLLET));
    module_set(t, module, "PIPE_BUF", fixnum(4096));
    return true;
}

const NativeModule _select_module = {.name = "_select",
                                     .doc = "Waiting for descriptors; see select.",
                                     .functions = functions,
                                     .init = init};
