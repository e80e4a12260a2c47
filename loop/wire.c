/* SPDX-License-Identifier: MIT */
/*
 * The register of connections inside the program, and waiting for one descriptor.
 *
 * A table of Wires by descriptor. Two ends that know each other are peers; one that is closed
 * leaves the table but lives on until its peer is closed too, since its last bytes and its end may
 * still be on the way. A connecting end stands in its listener's queue until it is accepted.
 *
 * Read next: loop/wire.h for what is promised.
 */
#include "loop/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "common/memory.h"
#include "loop/watch.h"
#include "vm/outside.h"
#include "vm/probe.h"

#define FLIGHT_POLLS 100 /* milliseconds spent on bytes in flight before doubt wins */

typedef union Address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
} Address;

struct Wire {
    int fd;
    int copies;                            /* further descriptors in the table for it */
    bool listens, closed, ended, end_seen; /* ended: nothing more is sent */
    bool datagrams, packets; /* SOCK_DGRAM; not a stream: messages are counted, not bytes */
    bool bound, abroad;      /* of datagrams: by address; it last sent to a stranger */
    uint64_t sent, received; /* of a bound one, sent is what others have sent to it */
    Wire *peer;              /* NULL: foreign, or not accepted yet */
    Wire *listener;          /* of an end that is not accepted yet */
    Wire *first, *last;      /* of a listener: ends not accepted yet, by [next] */
    Wire *next;
    Address local, remote; /* remote: of datagrams, where it is connected to */
};

/* A thread parked in wire_wait. */
struct WireWaiter {
    Thread *thread;
    const struct pollfd *fds;
    size_t count;
    WireWaiter *next;
};

static bool is_off(const Thread *t) { return !t->vm->clock.is_virtual; }

static Wire *find(const LoopState *state, int fd) {
    return fd >= 0 && (size_t)fd < state->wire_capacity ? state->wires[fd] : NULL;
}

static void make_room(LoopState *state, int fd) {
    size_t capacity = state->wire_capacity ? state->wire_capacity : 64;
    while (capacity <= (size_t)fd) capacity *= 2;
    if (capacity == state->wire_capacity) return;
    state->wires = realloc(state->wires, capacity * sizeof *state->wires);
    if (!state->wires) memory_exhausted(capacity * sizeof *state->wires);
    memset(state->wires + state->wire_capacity, 0,
           (capacity - state->wire_capacity) * sizeof *state->wires);
    state->wire_capacity = capacity;
}

static int type_of(int fd) {
    int type = SOCK_STREAM;
    socklen_t size = sizeof type;
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size);
    return type;
}

static Wire *wire_new(Thread *t, int fd) {
    wire_close(t, fd);
    LoopState *state = loop_state(t);
    make_room(state, fd);
    Wire *wire = calloc(1, sizeof *wire);
    if (!wire) memory_exhausted(sizeof *wire);
    wire->fd = fd;
    socklen_t size = sizeof wire->local;
    if (getsockname(fd, &wire->local.any, &size)) wire->local.any.sa_family = AF_UNSPEC;
    wire->datagrams = type_of(fd) == SOCK_DGRAM;
    wire->packets = type_of(fd) != SOCK_STREAM;
    state->wires[fd] = wire;
    return wire;
}

/* ---- who waits ---- */

static bool watches_one(const Loop *loop, int fd) {
    return (size_t)fd < loop->watch_capacity && loop->watches[fd];
}

/* Does [loop] watch one of the descriptors of [wire]? */
static bool watches(const LoopState *state, const Loop *loop, const Wire *wire) {
    if (!wire->copies) return watches_one(loop, wire->fd);
    for (size_t fd = 0; fd < state->wire_capacity; fd++) {
        if (state->wires[fd] == wire && watches_one(loop, (int)fd)) return true;
    }
    return false;
}

/* Something is on its way to [wire]: whoever waits for it looks again. */
static void wake(LoopState *state, Wire *wire) {
    if (wire->closed) return;
    for (WireWaiter *waiter = state->wire_waiters; waiter; waiter = waiter->next) {
        for (size_t i = 0; i < waiter->count; i++) {
            if (find(state, waiter->fds[i].fd) == wire) thread_unpark(waiter->thread);
        }
    }
    for (Loop *loop = state->loops; loop; loop = loop->next) {
        if (loop->parked && watches(state, loop, wire)) loop_wake(loop);
    }
}

/* ---- addresses ---- */

static uint16_t port_of(const Address *a) {
    if (a->any.sa_family == AF_INET) return a->in.sin_port;
    return a->any.sa_family == AF_INET6 ? a->in6.sin6_port : 0;
}

/* The four bytes of an IPv4 address, also of one that is mapped into IPv6; NULL: it is none. */
static const uint8_t *ipv4_of(const Address *a) {
    if (a->any.sa_family == AF_INET) return (const uint8_t *)&a->in.sin_addr;
    if (a->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return a->in6.sin6_addr.s6_addr + 12;
    return NULL;
}

static bool same_host(const Address *a, const Address *b) {
    const uint8_t *x = ipv4_of(a), *y = ipv4_of(b);
    if (x && y) return !memcmp(x, y, 4);
    if (x || y || a->any.sa_family != AF_INET6 || b->any.sa_family != AF_INET6) return false;
    return !memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, 16);
}

static bool is_any_host(const Address *a) {
    if (a->any.sa_family == AF_INET) return a->in.sin_addr.s_addr == INADDR_ANY;
    return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

static bool same_address(const Address *a, const Address *b) {
    if (a->any.sa_family == AF_UNIX || b->any.sa_family == AF_UNIX)
        return a->any.sa_family == b->any.sa_family &&
               !memcmp(a->un.sun_path, b->un.sun_path, sizeof a->un.sun_path);
    return port_of(a) && port_of(a) == port_of(b) && same_host(a, b);
}

/* Does a connection from [from] to [to] reach [listener]? One to a host of our own comes from that
 * same host. */
static bool reaches(const Wire *listener, const Address *from, const Address *to) {
    if (same_address(&listener->local, to)) return true;
    return port_of(to) && port_of(to) == port_of(&listener->local) &&
           is_any_host(&listener->local) && (same_host(from, to) || is_any_host(to));
}

/* ---- connecting ---- */

void wire_listen(Thread *t, int fd) {
    PROBE(t, IO_LISTENS, fixnum(fd), VALUE_UNSET);
    if (is_off(t)) return;
    const Wire *known = find(loop_state(t), fd);
    if (known && known->listens) return;
    wire_new(t, fd)->listens = true;
}

static void copy_address(Address *out, const struct sockaddr *from) {
    memset(out, 0, sizeof *out);
    switch (from->sa_family) {
    case AF_INET: memcpy(&out->in, from, sizeof out->in); break;
    case AF_INET6: memcpy(&out->in6, from, sizeof out->in6); break;
    case AF_UNIX: memcpy(&out->un, from, sizeof out->un); break;
    default: break;
    }
}

void wire_connect(Thread *t, int fd, const struct sockaddr *to) {
    PROBE(t, IO_CONNECTS, fixnum(fd), VALUE_UNSET);
    if (is_off(t)) return;
    LoopState *state = loop_state(t);
    Address target;
    copy_address(&target, to);
    Wire *wire = wire_new(t, fd);
    for (size_t i = 0; i < state->wire_capacity; i++) {
        Wire *listener = state->wires[i];
        if (!listener || !listener->listens || !reaches(listener, &wire->local, &target)) continue;
        wire->listener = listener;
        if (listener->last) listener->last->next = wire;
        else listener->first = wire;
        listener->last = wire;
        wake(state, listener);
        return;
    }
}

static void unlink_pending(Wire *wire) {
    Wire *listener = wire->listener, *before = NULL;
    for (Wire *at = listener->first; at != wire; at = at->next) before = at;
    if (before) before->next = wire->next;
    else listener->first = wire->next;
    if (listener->last == wire) listener->last = before;
    wire->next = wire->listener = NULL;
}

void wire_accept(Thread *t, int listener_fd, int fd) {
    PROBE(t, IO_ACCEPTED, fixnum(listener_fd), fixnum(fd));
    if (is_off(t)) return;
    Wire *listener = find(loop_state(t), listener_fd), *wire = wire_new(t, fd);
    if (!listener) return;
    Address remote = {0};
    socklen_t size = sizeof remote;
    getpeername(fd, &remote.any, &size);
    for (Wire *at = listener->first; at; at = at->next) {
        if (remote.any.sa_family != AF_UNIX && !same_address(&at->local, &remote)) continue;
        unlink_pending(at);
        at->peer = wire;
        wire->peer = at;
        return;
    }
}

void wire_pair(Thread *t, int a, int b) {
    if (is_off(t)) return;
    Wire *first = wire_new(t, a), *second = wire_new(t, b);
    first->peer = second;
    second->peer = first;
}

/* The descriptor [fd] no longer stands for [wire]. True: others still do. */
static bool leave_to_copies(LoopState *state, Wire *wire, int fd) {
    if (!wire->copies) return false;
    state->wires[fd] = NULL;
    wire->copies--;
    for (size_t other = 0; wire->fd == fd && other < state->wire_capacity; other++) {
        if (state->wires[other] == wire) wire->fd = (int)other;
    }
    return true;
}

void wire_copy(Thread *t, int fd, int copy) {
    LoopState *state = loop_state(t);
    wire_close(t, copy);
    Wire *wire = find(state, fd);
    if (!wire) return;
    make_room(state, copy);
    state->wires[copy] = wire;
    wire->copies++;
}

void wire_forget(Thread *t, int fd) {
    Wire *wire = find(loop_state(t), fd);
    if (!wire) return;
    while (leave_to_copies(loop_state(t), wire, fd)) fd = wire->fd;
    Wire *peer = wire->peer;
    if (peer) peer->peer = wire->peer = NULL;
    if (peer && peer->closed) free(peer);
    else if (peer) wake(loop_state(t), peer);
    wire_close(t, fd);
}

/* ---- datagrams ---- */

void wire_bind(Thread *t, int fd) {
    if (is_off(t)) return;
    wire_new(t, fd)->bound = true;
}

void wire_aim(Thread *t, int fd, const struct sockaddr *to) {
    if (is_off(t)) return;
    Wire *wire = find(loop_state(t), fd);
    if (wire && wire->peer) return;
    if (!wire) wire = wire_new(t, fd);
    socklen_t size = sizeof wire->local;
    getsockname(fd, &wire->local.any, &size);
    wire->bound = true;
    copy_address(&wire->remote, to);
}

static bool is_loopback(const Address *a) {
    const uint8_t *ipv4 = ipv4_of(a);
    if (ipv4) return ipv4[0] == 127;
    return a->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

/* The socket for datagrams inside the program that gets what [from] sends to [to]; NULL: none. */
static Wire *receiver_of(const LoopState *state, const Wire *from, const Address *to) {
    for (size_t i = 0; i < state->wire_capacity; i++) {
        Wire *wire = state->wires[i];
        if (!wire || !wire->bound) continue;
        if (reaches(wire, &from->local, to)) return wire;
        if (port_of(to) && port_of(to) == port_of(&wire->local) && is_any_host(&wire->local) &&
            is_loopback(to))
            return wire;
    }
    return NULL;
}

/* [wire] has sent a datagram to [to]. */
static void datagram_sent(LoopState *state, Wire *wire, const Address *to) {
    Wire *receiver = receiver_of(state, wire, to);
    wire->abroad = !receiver;
    if (!receiver) return;
    receiver->sent++;
    wake(state, receiver);
}

void wire_sent_to(Thread *t, int fd, size_t size, const struct sockaddr *to) {
    Wire *wire = is_off(t) ? NULL : find(loop_state(t), fd);
    if (is_off(t) || (wire && !wire->bound) || (!wire && type_of(fd) != SOCK_DGRAM) ||
        (!wire && !to)) {
        wire_sent(t, fd, size);
        return;
    }
    PROBE(t, IO_WRITE, fixnum(fd), fixnum((int64_t)size));
    if (!wire) {
        wire = wire_new(t, fd); /* the system has just given it an address */
        wire->bound = true;
    }
    Address target = wire->remote;
    if (to) copy_address(&target, to);
    datagram_sent(loop_state(t), wire, &target);
}

void wire_give_up(LoopState *state, int fd) {
    Wire *wire = find(state, fd);
    if (!wire || !wire->datagrams) return;
    if (wire->bound) wire->received = wire->sent;
    else if (wire->peer) wire->received = wire->peer->sent;
}

/* ---- what has been done ---- */

void wire_sent(Thread *t, int fd, size_t size) {
    PROBE(t, IO_WRITE, fixnum(fd), fixnum((int64_t)size));
    if (is_off(t)) return;
    Wire *wire = find(loop_state(t), fd);
    if (!wire) return;
    wire->sent += wire->packets ? 1 : size;
    if (wire->peer) wake(loop_state(t), wire->peer);
}

void wire_received(Thread *t, int fd, size_t size) {
    if (size) PROBE(t, IO_READ, fixnum(fd), fixnum((int64_t)size));
    else PROBE(t, IO_READ_END, fixnum(fd), VALUE_UNSET);
    if (is_off(t)) return;
    Wire *wire = find(loop_state(t), fd);
    if (!wire) return;
    wire->received += wire->packets ? 1 : size;
    if (!size && !wire->datagrams) wire->end_seen = true;
    if (wire->peer) wake(loop_state(t), wire->peer);
}

void wire_shutdown(Thread *t, int fd) {
    PROBE(t, IO_WRITE_END, fixnum(fd), VALUE_UNSET);
    if (is_off(t)) return;
    Wire *wire = find(loop_state(t), fd);
    if (!wire) return;
    wire->ended = true;
    if (wire->peer) wake(loop_state(t), wire->peer);
}

/* A listener goes: those who stand in its queue are reset. */
static void forget_pending(LoopState *state, Wire *listener) {
    while (listener->first) {
        Wire *wire = listener->first;
        unlink_pending(wire);
        if (wire->closed) free(wire);
        else wake(state, wire);
    }
}

void wire_close(Thread *t, int fd) {
    LoopState *state = loop_state(t);
    Wire *wire = find(state, fd);
    if (!wire || leave_to_copies(state, wire, fd)) return;
    wake(state, wire);
    state->wires[fd] = NULL;
    wire->closed = wire->ended = true;
    if (wire->listens) forget_pending(state, wire);
    if (wire->listener) return; /* freed when it is accepted and that end closes, too */
    if (wire->peer && !wire->peer->closed) {
        wake(state, wire->peer);
        return;
    }
    free(wire->peer);
    free(wire);
}

void wire_release(LoopState *state) {
    for (size_t i = 0; i < state->wire_capacity; i++) {
        Wire *wire = state->wires[i];
        if (!wire || leave_to_copies(state, wire, (int)i)) continue;
        state->wires[i] = NULL;
        while (wire->first) {
            Wire *pending = wire->first;
            unlink_pending(pending);
            if (pending->closed) free(pending);
        }
        if (wire->listener) unlink_pending(wire);
        if (wire->peer && wire->peer->closed) free(wire->peer);
        else if (wire->peer) wire->peer->peer = NULL;
        free(wire);
    }
    free(state->wires);
    state->wires = NULL;
    state->wire_capacity = 0;
}

/* ---- asking ---- */

static bool is_coming(const Wire *wire) {
    if (wire->listens) return wire->first != NULL;
    if (wire->bound) return wire->sent > wire->received;
    const Wire *peer = wire->peer;
    if (!peer || wire->end_seen) return false;
    return peer->sent > wire->received || (peer->ended && !wire->datagrams);
}

WireState wire_state(const LoopState *state, int fd, int events) {
    const Wire *wire = find(state, fd);
    if (!wire) return WIRE_FOREIGN;
    if ((events & POLLIN) && is_coming(wire)) return WIRE_IN_FLIGHT;
    if (wire->bound) return wire->abroad ? WIRE_FOREIGN : WIRE_QUIET;
    return wire->listens || wire->peer || wire->listener ? WIRE_QUIET : WIRE_FOREIGN;
}

/* What all of [fds] are for, taken together. */
static WireState state_of_all(const Thread *t, const struct pollfd *fds, size_t count) {
    WireState worst = WIRE_QUIET;
    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd < 0) continue;
        WireState state = wire_state(loop_state(t), fds[i].fd, fds[i].events);
        if (state > worst) worst = state;
    }
    return worst;
}

/* Does one of [fds] hear strangers, as listeners and sockets for datagrams do? */
static bool some_listen(const Thread *t, const struct pollfd *fds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const Wire *wire = find(loop_state(t), fds[i].fd);
        if (wire && (wire->listens || wire->bound)) return true;
    }
    return false;
}

/* ---- waiting ---- */

/* In the system, while others run: how many are ready, 0 the time is over, -1 raised. */
static int wait_outside(Thread *t, struct pollfd *fds, size_t count, int64_t deadline) {
    int64_t left = CLOCK_NEVER;
    if (deadline != CLOCK_NEVER) left = deadline - clock_monotonic(&t->vm->clock);
    return thread_wait_fds(t, fds, count, left > 0 ? left : 0);
}

/* Parked, until another end does something. A stranger may come to a listener at any time; to the
 * others only if we are wrong about them. */
static ParkResult wait_inside(Thread *t, Value what, const struct pollfd *fds, size_t count,
                              int64_t deadline) {
    WireWaiter waiter = {t, fds, count, loop_state(t)->wire_waiters};
    loop_state(t)->wire_waiters = &waiter;
    t->hears_outside = some_listen(t, fds, count) ? HEARS_ALWAYS : HEARS_AT_LAST;
    ParkResult result = thread_park(t, deadline, WAIT_OUTSIDE, what);
    t->hears_outside = HEARS_NOTHING;
    WireWaiter **link = &loop_state(t)->wire_waiters;
    while (*link != &waiter) link = &(*link)->next;
    *link = waiter.next;
    return result;
}

static bool is_over(const Thread *t, int64_t deadline) {
    return deadline != CLOCK_NEVER && clock_monotonic(&t->vm->clock) >= deadline;
}

/* All other ends are ours: [*flights] counts the looks at what should come at once. How many are
 * ready, 0: look again, -1: nobody inside can act any more. */
static int look_inside(Thread *t, Value what, struct pollfd *fds, size_t count, int64_t deadline,
                       int *flights) {
    int ready = poll(fds, count, 0);
    if (ready > 0) return ready;
    if (is_over(t, deadline)) return 0;
    if (state_of_all(t, fds, count) == WIRE_IN_FLIGHT && (*flights)++ < FLIGHT_POLLS) {
        ready = poll(fds, count, 1);
        return ready > 0 ? ready : 0;
    }
    for (size_t i = 0; *flights > FLIGHT_POLLS && i < count; i++)
        wire_give_up(loop_state(t), fds[i].fd);
    ParkResult result = wait_inside(t, what, fds, count, deadline);
    return result == PARK_ALONE || result == PARK_DEADLOCK ? -1 : 0;
}

int wire_wait(Thread *t, Value what, struct pollfd *fds, size_t count, int64_t deadline) {
    int flights = 0;
    for (;;) {
        bool inside = !is_off(t) && state_of_all(t, fds, count) != WIRE_FOREIGN;
        int ready = inside ? look_inside(t, what, fds, count, deadline, &flights) : -1;
        if (ready < 0) {
            t->vm->outside |= OUTSIDE_PEERS;
            t->wait_on = what;
            ready = wait_outside(t, fds, count, deadline);
            t->wait_on = VALUE_NONE;
        }
        if (ready != 0) return ready;
        if (!thread_poll(t)) return -1;
        if (is_over(t, deadline)) return 0;
    }
}
