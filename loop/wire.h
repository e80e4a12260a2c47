/* SPDX-License-Identifier: MIT */
/*
 * Wires: which connections have both ends inside this program, and what is on its way in them.
 *
 * Under the virtual clock, time may jump only when nothing is in flight between two ends that the
 * program holds itself, and runs at real pace while somebody waits for a foreign peer. Whoever does
 * I/O on sockets therefore says here what it has done, by descriptor: listening, connecting,
 * accepting, bytes sent and received, ends closed. Ends are matched by their addresses (of unix
 * sockets: by the order of connecting). A descriptor that nobody has spoken of is foreign.
 *
 * A socket for datagrams belongs to the program when it is bound here and has last sent to another
 * such socket of the program; it counts datagrams, and one that the system lost is given up after
 * a while. Descriptors that are copies of each other share their wire.
 *
 * In flight towards a descriptor are bytes sent and not received, an end or reset not yet seen, and
 * for a listener connections not accepted. It matters to whoever waits for that descriptor only:
 * a loop or thread for which something is in flight does not park, and who sends wakes the
 * receiver. So when all threads are parked, nothing is in flight towards anybody who would take it.
 *
 * With the real clock all of this does nothing. Everything here needs the baton.
 * Read next: loop/wire.c, loop/run.c (wait).
 */
#ifndef TULIP_LOOP_WIRE_H
#define TULIP_LOOP_WIRE_H

#include <poll.h>
#include <sys/socket.h>

#include "loop/loop.h"

/* [fd] listens. After listen(). */
void wire_listen(Thread *t, int fd);
/* [fd] connects to [to]. After connect() has returned 0 or EINPROGRESS. */
void wire_connect(Thread *t, int fd, const struct sockaddr *to);
/* [listener] has accepted [fd]. */
void wire_accept(Thread *t, int listener, int fd);
/* socketpair() or pipe() has made [a] and [b]. */
void wire_pair(Thread *t, int a, int b);
/* [size] bytes were taken by send() or write(). */
void wire_sent(Thread *t, int fd, size_t size);
/* recv() or read() gave [size] bytes; 0: the end was seen, or an error that ends the connection. */
void wire_received(Thread *t, int fd, size_t size);
/* shutdown() of the sending half. */
void wire_shutdown(Thread *t, int fd);
/* From now on others may use the socket behind [fd] without telling (it was copied): it and its
 * other end are foreign. */
void wire_forget(Thread *t, int fd);
/* [copy] is another descriptor for what is behind [fd]. */
void wire_copy(Thread *t, int fd, int copy);
/* [fd], a socket for datagrams, has got a local address; or has been connected to [to]. */
void wire_bind(Thread *t, int fd);
void wire_aim(Thread *t, int fd, const struct sockaddr *to);
/* The same as wire_sent, for a datagram to [to]; NULL: to where the socket is connected. */
void wire_sent_to(Thread *t, int fd, size_t size, const struct sockaddr *to);
/* Datagrams on their way to [fd] that should have come long ago: they were lost. */
void wire_give_up(LoopState *state, int fd);
/* [fd] is about to be closed. */
void wire_close(Thread *t, int fd);

typedef enum WireState { WIRE_QUIET, WIRE_IN_FLIGHT, WIRE_FOREIGN } WireState;

/* What a wait for [events] (POLLIN, POLLOUT) on [fd] is for. */
WireState wire_state(const LoopState *state, int fd, int events);

/* For a blocking call: wait, without the baton, until some of [count] descriptors are ready, or
 * [deadline] (clock_monotonic; CLOCK_NEVER: none) has passed. How many are, errors and hang-ups
 * among them, with their revents set; 0: too late; -1: a signal's handler raised. [what] is shown
 * in reports. [fds] must not lie in the heap. */
int wire_wait(Thread *t, Value what, struct pollfd *fds, size_t count, int64_t deadline) MUST_CHECK;

/* Release all, with LoopState. */
void wire_release(LoopState *state);

#endif
