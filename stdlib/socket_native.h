/* SPDX-License-Identifier: MIT */
/*
 * _socket: sockets of the system as objects. What programs import is stdlib/socket.tul, on top.
 *
 * A Socket is a descriptor and how long its calls may wait. No call waits in the system: each is
 * tried, and when it would have to wait, the thread waits in thread_wait_fds. After that the socket
 * may have been closed by another thread; socket_wait says so.
 *
 * Files: socket_class.c (making, options, names), socket_io.c (bytes in and out),
 * socket_message.c (with ancillary data),
 * socket_address.c (addresses as values), socket_resolve.c (names to addresses),
 * socket_constants.c. Read next: vm/outside.h.
 */
#ifndef TULIP_STDLIB_SOCKET_NATIVE_H
#define TULIP_STDLIB_SOCKET_NATIVE_H

#include <sys/socket.h>

#include "stdlib/stdlib.h"

typedef struct Socket {
    Object header;
    int fd; /* -1: closed */
    int family, type, protocol;
    int64_t timeout; /* nanoseconds; -1: calls wait as long as it takes, 0: they never wait */
} Socket;

#define SOCKET(v) ((Socket *)(uintptr_t)(v))

/* ---- socket_class.c ---- */

/* The moment until which a call that begins now may wait (CLOCK_NEVER: no limit). */
int64_t socket_deadline(Thread *t, const Socket *socket);
/* Wait until [self] can be read or written ([events] of poll). False: raised, among others that it
 * took too long or that the socket was closed meanwhile. */
bool socket_wait(Thread *t, Value self, short events, int64_t deadline) MUST_CHECK;
/* After a system call on [self] that failed with errno: wait if that helps, and true: try again.
 * False: raised. */
bool socket_again(Thread *t, Value self, short events, int64_t deadline) MUST_CHECK;
/* The same, for a call with [flags]: with MSG_DONTWAIT a blocking socket does not wait, either. */
bool socket_again_with(Thread *t, Value self, short events, int64_t deadline, int flags) MUST_CHECK;

/* ---- socket_io.c ---- */

Value socket_recv(Thread *t, Value *args);
Value socket_recv_into(Thread *t, Value *args);
Value socket_recvfrom(Thread *t, Value *args);
Value socket_recvfrom_into(Thread *t, Value *args);
Value socket_send(Thread *t, Value *args);
Value socket_sendall(Thread *t, Value *args);
Value socket_sendto(Thread *t, Value *args);

/* ---- socket_message.c ---- */

Value socket_sendmsg(Thread *t, Value *args);
Value socket_recvmsg(Thread *t, Value *args);
Value socket_recvmsg_into(Thread *t, Value *args);
Value socket_cmsg_len(Thread *t, Value *args);
Value socket_cmsg_space(Thread *t, Value *args);

/* ---- socket_address.c ---- */

/* An address of the system; [size] is what getsockname and the like say. */
Value address_value(Thread *t, const struct sockaddr_storage *address, socklen_t size) MUST_CHECK;
/* The address [*v] (rooted) for a socket of [family], for the method [call]; a host name is
 * looked up, which lets other threads run. False: raised. */
bool address_from(Thread *t, int family, Value *v, const char *call,
                  struct sockaddr_storage *address, socklen_t *size) MUST_CHECK;
/* A host's name: str or bytes; [*v] (rooted) keeps the text alive. NULL: raised. */
const char *host_text(Thread *t, Value *v) MUST_CHECK;
/* The address of [host] ("": any, "<broadcast>") of [family] (AF_UNSPEC: whichever comes first). */
bool host_resolve(Thread *t, const char *host, int family, struct sockaddr_storage *address,
                  socklen_t *size) MUST_CHECK;
/* The text of a numeric address, without its port. */
Value address_host(Thread *t, const struct sockaddr *address, socklen_t size) MUST_CHECK;

/* ---- socket_resolve.c ---- */

/* socket.gaierror([code], its text); returns VALUE_ERROR. */
Value raise_gaierror(Thread *t, int code);
extern const NativeDef socket_resolve_functions[];

/* ---- socket_constants.c ---- */

void socket_constants_install(Thread *t, Module *module);

#endif
