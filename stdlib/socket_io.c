/* SPDX-License-Identifier: MIT */
/*
 * Bytes in and out of sockets: recv, send and their variants.
 *
 * Each tries its system call with MSG_DONTWAIT, whatever the socket's own mode, and waits with
 * socket_again when there is nothing to do yet. Between two tries other threads run, so a buffer is
 * looked at anew every time.
 *
 * Read next: stdlib/socket_native.h.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "loop/wire.h"
#include "stdlib/socket_native.h"
#include "vm/bytes.h"
#include "vm/clock.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { ON_STACK = 16384 };

/* ---- receiving ---- */

/* [n] of at most [size] bytes came. */
static ssize_t note_received(Thread *t, Value self, ssize_t n, size_t size, int flags) {
    if (size && !(flags & (MSG_PEEK | MSG_ERRQUEUE))) wire_received(t, SOCKET(self)->fd, (size_t)n);
    return n;
}

/* The call failed. */
static ssize_t note_broken(Thread *t, Value self) {
    if (exception_matches(t, EXC_ConnectionResetError)) wire_received(t, SOCKET(self)->fd, 0);
    return -1;
}

/* One datagram, or what there is of a stream, into [data]; with [address] whom it came from.
 * -1: raised. Both must be the caller's own memory, since other threads may run. */
static ssize_t receive(Thread *t, Value self, void *data, size_t size, int flags,
                       struct sockaddr_storage *address, socklen_t *address_size) {
    int64_t deadline = socket_deadline(t, SOCKET(self));
    for (;;) {
        if (address) *address_size = sizeof *address;
        ssize_t n = recvfrom(SOCKET(self)->fd, data, size, flags | MSG_DONTWAIT,
                             (struct sockaddr *)address, address_size);
        if (n >= 0) return note_received(t, self, n, size, flags);
        if (!socket_again_with(t, self, POLLIN, deadline, flags)) return note_broken(t, self);
    }
}

static bool read_flags(Thread *t, Value v, int *flags) {
    int64_t number;
    if (!arg_int32(t, v, &number)) return false;
    *flags = (int)number;
    return true;
}

/* (data, address) */
static Value with_address(Thread *t, Value data, const struct sockaddr_storage *address,
                          socklen_t size) {
    Value *items = push_roots(t, 2);
    items[0] = data;
    items[1] = address_value(t, address, size);
    if (items[1] == VALUE_ERROR) return VALUE_ERROR;
    Value pair = object_value(tuple_from(t, items, 2));
    pop_roots(t, items);
    return pair;
}

/* args: self, bufsize, flags */
static Value receive_bytes(Thread *t, Value *args, const char *call, bool addressed) {
    int64_t size;
    int flags;
    if (!arg_int64(t, args[1], &size) || !read_flags(t, args[2], &flags)) return VALUE_ERROR;
    if (size < 0) return raise_error(t, EXC_ValueError, "negative buffersize in %s", call);
    if (!str_memory_fits(t, (size_t)size)) return VALUE_ERROR;
    char small[ON_STACK], *data = size <= ON_STACK ? small : malloc((size_t)size);
    if (!data) return raise_error(t, EXC_MemoryError, "");
    struct sockaddr_storage address;
    socklen_t address_size = 0;
    ssize_t n = receive(t, args[0], data, (size_t)size, flags, addressed ? &address : NULL,
                        addressed ? &address_size : NULL);
    Value v = n < 0 ? VALUE_ERROR : object_value(bytes_new(t, data, (size_t)n));
    if (data != small) free(data);
    if (v == VALUE_ERROR || !addressed) return v;
    return with_address(t, v, &address, address_size);
}

Value socket_recv(Thread *t, Value *args) { return receive_bytes(t, args, "recv", false); }
Value socket_recvfrom(Thread *t, Value *args) { return receive_bytes(t, args, "recvfrom", true); }

/* args: self, buffer, nbytes, flags. How much of the bytearray is to be filled; false: raised. */
static bool read_into(Thread *t, Value *args, const char *call, const char *too_small,
                      int64_t *size, int *flags) {
    if (!is_kind(args[1], OBJ_BYTEARRAY)) {
        raise_error(t, EXC_TypeError,
                    "%s() argument 1 must be read-write bytes-like object, not %T", call, args[1]);
        return false;
    }
    if (!arg_int64(t, args[2], size) || !read_flags(t, args[3], flags)) return false;
    int64_t room = (int64_t)BYTEARRAY(args[1])->size;
    if (*size < 0) raise_error(t, EXC_ValueError, "negative buffersize in %s", call);
    else if (*size > room) raise_error(t, EXC_ValueError, "%s", too_small);
    else if (*size == 0) *size = room;
    return *size >= 0 && *size <= room;
}

/* Straight into the bytearray when something is there already; else, as it may change while we
 * wait, by way of memory of our own. */
static ssize_t receive_into(Thread *t, Value *args, size_t size, int flags,
                            struct sockaddr_storage *address, socklen_t *address_size) {
    Bytearray *buffer = BYTEARRAY(args[1]);
    ssize_t n = recvfrom(SOCKET(args[0])->fd, buffer->data, size, flags | MSG_DONTWAIT,
                         (struct sockaddr *)address, address_size);
    if (n >= 0) return note_received(t, args[0], n, size, flags);
    char *data = malloc(size + 1);
    if (!data) return raise_error(t, EXC_MemoryError, ""), -1;
    n = receive(t, args[0], data, size, flags, address, address_size);
    if (n > 0) memcpy(buffer->data, data, (size_t)n < buffer->size ? (size_t)n : buffer->size);
    free(data);
    return n;
}

Value socket_recv_into(Thread *t, Value *args) {
    int64_t size;
    int flags;
    if (!read_into(t, args, "recv_into", "buffer too small for requested bytes", &size, &flags))
        return VALUE_ERROR;
    if (size == 0) return fixnum(0);
    ssize_t n = receive_into(t, args, (size_t)size, flags, NULL, NULL);
    return n < 0 ? VALUE_ERROR : fixnum(n);
}

Value socket_recvfrom_into(Thread *t, Value *args) {
    int64_t size;
    int flags;
    struct sockaddr_storage address;
    socklen_t address_size = sizeof address;
    if (!read_into(t, args, "recvfrom_into", "nbytes is greater than the length of the buffer",
                   &size, &flags))
        return VALUE_ERROR;
    ssize_t n = receive_into(t, args, (size_t)size, flags, &address, &address_size);
    return n < 0 ? VALUE_ERROR : with_address(t, fixnum(n), &address, address_size);
}

/* ---- sending ---- */

static bool data_argument(Thread *t, Value v, const uint8_t **data, size_t *size) {
    if (bytes_like(v, data, size)) return true;
    raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", v);
    return false;
}

/* One try after the other, from [offset] of the bytes [v] on; how many were taken, -1 raised. */
static ssize_t transmit(Thread *t, Value self, Value v, size_t offset, int flags, int64_t deadline,
                        const struct sockaddr_storage *address, socklen_t address_size) {
    for (;;) {
        const uint8_t *data;
        size_t size;
        bytes_like(v, &data, &size);
        if (offset > size) offset = size;
        ssize_t n = sendto(SOCKET(self)->fd, data + offset, size - offset,
                           flags | MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)address,
                           address_size);
        if (n >= 0) wire_sent_to(t, SOCKET(self)->fd, (size_t)n, (const struct sockaddr *)address);
        if (n >= 0) return n;
        if (!socket_again_with(t, self, POLLOUT, deadline, flags)) return -1;
    }
}

/* args: self, data, flags */
Value socket_send(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    int flags;
    if (!data_argument(t, args[1], &data, &size) || !read_flags(t, args[2], &flags))
        return VALUE_ERROR;
    int64_t deadline = socket_deadline(t, SOCKET(args[0]));
    ssize_t n = transmit(t, args[0], args[1], 0, flags, deadline, NULL, 0);
    return n < 0 ? VALUE_ERROR : fixnum(n);
}

/* args: self, data, flags */
Value socket_sendall(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    int flags;
    if (!data_argument(t, args[1], &data, &size) || !read_flags(t, args[2], &flags))
        return VALUE_ERROR;
    int64_t deadline = socket_deadline(t, SOCKET(args[0]));
    size_t done = 0;
    do {
        ssize_t n = transmit(t, args[0], args[1], done, flags, deadline, NULL, 0);
        if (n < 0 || !thread_poll(t)) return VALUE_ERROR;
        done += (size_t)n;
        bytes_like(args[1], &data, &size);
    } while (done < size);
    return VALUE_NONE;
}

/* args: self, data, flags or address, address or unset */
Value socket_sendto(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    int flags = 0;
    struct sockaddr_storage address;
    socklen_t address_size;
    bool with_flags = args[3] != VALUE_UNSET;
    if (args[2] == VALUE_UNSET)
        return raise_error(t, EXC_TypeError, "sendto() takes 2 or 3 arguments (1 given)");
    if (!data_argument(t, args[1], &data, &size)) return VALUE_ERROR;
    if (with_flags && !read_flags(t, args[2], &flags)) return VALUE_ERROR;
    if (!address_from(t, SOCKET(args[0])->family, &args[with_flags ? 3 : 2], "sendto", &address,
                      &address_size))
        return VALUE_ERROR;
    int64_t deadline = socket_deadline(t, SOCKET(args[0]));
    ssize_t n = transmit(t, args[0], args[1], 0, flags, deadline, &address, address_size);
    return n < 0 ? VALUE_ERROR : fixnum(n);
}
