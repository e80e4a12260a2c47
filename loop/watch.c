/* SPDX-License-Identifier: MIT */
/*
 * Watches on descriptors: uv_poll_t handles that fill the ready queue.
 *
 * Read next: loop/watch.h for what is promised, loop/watch_methods.c (add_reader).
 */
#include "loop/watch.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "common/memory.h"
#include "vm/exception.h"
#include "vm/str.h"

#define FIRST_CAPACITY 64

struct Watch {
    uv_poll_t poll;
    Loop *loop;
    int fd;
    Value sides[2]; /* by WatchSide: a Handle, a Stream, or VALUE_UNSET */
    int events;     /* what the uv_poll_t is started for: UV_READABLE, UV_WRITABLE */
};

static const int uv_events[2] = {UV_READABLE, UV_WRITABLE};

static Watch *find(const Loop *loop, int fd) {
    return fd >= 0 && (size_t)fd < loop->watch_capacity ? loop->watches[fd] : NULL;
}

/* ---- libuv's side ---- */

static void start(Watch *watch);

static void append(Watch *watch, WatchSide side) {
    if (watch->sides[side] == VALUE_UNSET) return;
    bool is_stream = is_kind(watch->sides[side], OBJ_STREAM);
    ready_push(&watch->loop->ready, watch->sides[side], is_stream ? fixnum(side) : VALUE_UNSET);
}

/* An error makes both sides ready: whoever reads or writes then sees it. libuv has stopped the
 * handle. */
static void on_poll(uv_poll_t *poll, int status, int events) {
    Watch *watch = poll->data;
    if (status < 0) events = UV_READABLE | UV_WRITABLE;
    if (events & (UV_READABLE | UV_DISCONNECT)) append(watch, WATCH_READ);
    if (events & UV_WRITABLE) append(watch, WATCH_WRITE);
    if (status < 0) start(watch);
}

static void on_close(uv_handle_t *handle) { free(handle->data); }

static void start(Watch *watch) { uv_poll_start(&watch->poll, watch->events, on_poll); }

/* ---- life ---- */

static void make_room(Loop *loop, int fd) {
    size_t capacity = loop->watch_capacity ? loop->watch_capacity : FIRST_CAPACITY;
    while (capacity <= (size_t)fd) capacity *= 2;
    if (capacity == loop->watch_capacity) return;
    loop->watches = realloc(loop->watches, capacity * sizeof *loop->watches);
    if (!loop->watches) memory_exhausted(capacity * sizeof *loop->watches);
    memset(loop->watches + loop->watch_capacity, 0,
           (capacity - loop->watch_capacity) * sizeof *loop->watches);
    loop->watch_capacity = capacity;
}

/* uv_poll_init makes the descriptor non-blocking; whose it is shall not notice. */
static int init_poll(Loop *loop, Watch *watch) {
    int flags = fcntl(watch->fd, F_GETFL);
    int error = uv_poll_init(&loop->uv, &watch->poll, watch->fd);
    if (!error && flags >= 0 && !(flags & O_NONBLOCK)) fcntl(watch->fd, F_SETFL, flags);
    return error;
}

/* A watch without sides; NULL: raised. */
static Watch *open_watch(Thread *t, Loop *loop, int fd) {
    loop_start_uv(loop);
    make_room(loop, fd);
    Watch *watch = calloc(1, sizeof *watch);
    if (!watch) memory_exhausted(sizeof *watch);
    watch->loop = loop;
    watch->fd = fd;
    watch->sides[WATCH_READ] = watch->sides[WATCH_WRITE] = VALUE_UNSET;
    int error = init_poll(loop, watch);
    if (error) {
        free(watch);
        loop_raise_errno(t, -error);
        return NULL;
    }
    watch->poll.data = watch;
    loop->watches[fd] = watch;
    return watch;
}

static void close_watch(Watch *watch) {
    if (watch->events) watch->loop->io_handles--;
    watch->loop->watches[watch->fd] = NULL;
    uv_close((uv_handle_t *)&watch->poll, on_close);
}

/* Let libuv look for what the sides want. */
static void renew(Watch *watch) {
    int events = 0;
    for (int side = 0; side < 2; side++) {
        if (watch->sides[side] != VALUE_UNSET) events |= uv_events[side];
    }
    if (events == watch->events) return;
    if (!events) {
        close_watch(watch);
        return;
    }
    if (!watch->events) watch->loop->io_handles++;
    watch->events = events;
    start(watch);
}

/* ---- the sides ---- */

static void drop(Thread *t, Watch *watch, WatchSide side) {
    Value old = watch->sides[side];
    watch->sides[side] = VALUE_UNSET;
    heap_forget(&t->vm->heap, old);
    if (is_kind(old, OBJ_HANDLE)) handle_cancel(t, HANDLE(old));
}

bool watch_set(Thread *t, Loop *loop, int fd, WatchSide side, Value what) {
    Watch *watch = find(loop, fd);
    if (!watch) watch = open_watch(t, loop, fd);
    if (!watch) return false;
    if (watch->sides[side] != VALUE_UNSET) drop(t, watch, side);
    watch->sides[side] = what;
    renew(watch);
    loop_wake(loop);
    return true;
}

bool watch_clear(Thread *t, Loop *loop, int fd, WatchSide side) {
    Watch *watch = find(loop, fd);
    if (!watch || watch->sides[side] == VALUE_UNSET) return false;
    drop(t, watch, side);
    renew(watch);
    return true;
}

Value watch_get(const Loop *loop, int fd, WatchSide side) {
    const Watch *watch = find(loop, fd);
    return watch ? watch->sides[side] : VALUE_UNSET;
}

int watch_events(const Watch *watch) {
    return (watch->events & UV_READABLE ? POLLIN : 0) | (watch->events & UV_WRITABLE ? POLLOUT : 0);
}

Value watch_owner(const Loop *loop, int fd) {
    for (int side = 0; side < 2; side++) {
        Value v = watch_get(loop, fd, side);
        if (v != VALUE_UNSET && is_kind(v, OBJ_STREAM)) return v;
    }
    return VALUE_UNSET;
}

void watch_close_all(Loop *loop) {
    for (size_t fd = 0; fd < loop->watch_capacity; fd++) {
        if (loop->watches[fd]) close_watch(loop->watches[fd]);
    }
    free(loop->watches);
    loop->watches = NULL;
    loop->watch_capacity = 0;
}

void watch_shade(Heap *heap, const Loop *loop) {
    for (size_t fd = 0; fd < loop->watch_capacity; fd++) {
        if (!loop->watches[fd]) continue;
        heap_shade(heap, loop->watches[fd]->sides[WATCH_READ]);
        heap_shade(heap, loop->watches[fd]->sides[WATCH_WRITE]);
    }
}
