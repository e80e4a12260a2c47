/* SPDX-License-Identifier: MIT */
/*
 * The class _socket.socket: making, connecting, options, names, modes; and waiting.
 *
 * accept and connect know no flag like MSG_DONTWAIT. So a socket whose calls may wait is put into
 * the system's non-blocking mode for the moment of the call, and its mode is otherwise what CPython
 * leaves: blocking only when there is no timeout.
 *
 * Read next: stdlib/socket_io.c.
 */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <unistd.h>

#include "loop/wire.h"
#include "stdlib/socket_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"
#include "vm/probe.h"

static Value os_error(Thread *t) { return raise_os_error(t, errno, VALUE_UNSET); }
static Value outcome(Thread *t, int result) { return result < 0 ? os_error(t) : VALUE_NONE; }

/* ---- waiting ---- */

int64_t socket_deadline(Thread *t, const Socket *socket) {
    if (socket->timeout <= 0) return CLOCK_NEVER;
    return clock_monotonic(&t->vm->clock) + socket->timeout;
}

bool socket_wait(Thread *t, Value self, short events, int64_t deadline) {
    struct pollfd one = {.fd = SOCKET(self)->fd, .events = events};
    int ready = wire_wait(t, self, &one, 1, deadline);
    if (ready < 0) return false;
    if (SOCKET(self)->fd != one.fd) return raise_os_error(t, EBADF, VALUE_UNSET), false;
    if (ready == 0) raise_error(t, EXC_TimeoutError, "timed out");
    return ready > 0;
}

bool socket_again(Thread *t, Value self, short events, int64_t deadline) {
    if (errno == EINTR) return thread_poll(t);
    if ((errno != EAGAIN && errno != EWOULDBLOCK) || SOCKET(self)->timeout == 0)
        return os_error(t), false;
    return socket_wait(t, self, events, deadline);
}

bool socket_again_with(Thread *t, Value self, short events, int64_t deadline, int flags) {
    if ((flags & MSG_DONTWAIT) && SOCKET(self)->timeout < 0 && errno != EINTR)
        return os_error(t), false;
    return socket_again(t, self, events, deadline);
}

/* The descriptor's mode: 0 or O_NONBLOCK is [mode]; the one it had before, -1: it is none. */
static int set_mode(int fd, int mode) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -1;
    if ((flags & O_NONBLOCK) != mode) fcntl(fd, F_SETFL, flags ^ O_NONBLOCK);
    return flags & O_NONBLOCK;
}

/* ---- timeouts ---- */

/* Seconds or None into nanoseconds, -1 for None. */
static bool read_timeout(Thread *t, Value v, int64_t *out) {
    double seconds;
    *out = -1;
    if (v == VALUE_NONE) return true;
    if (!is_int(v) && !is_float(v) && !class_of(t->vm, v)->slots.index) {
        raise_error(t, EXC_TypeError, "'%T' object cannot be interpreted as an integer", v);
        return false;
    }
    if (!arg_double(t, v, &seconds)) return false;
    if (isnan(seconds)) raise_error(t, EXC_ValueError, "Invalid value NaN (not a number)");
    else if (seconds < 0) raise_error(t, EXC_ValueError, "Timeout value out of range");
    else if (seconds > 9.2e9)
        raise_error(t, EXC_OverflowError, "timestamp too large to convert to C _PyTime_t");
    else *out = clock_from_seconds(seconds);
    return seconds >= 0 && seconds <= 9.2e9;
}

static Value timeout_value(Thread *t, int64_t timeout) {
    return timeout < 0 ? VALUE_NONE : float_new(t, clock_to_seconds(timeout));
}

static Value set_timeout(Thread *t, Value self, int64_t timeout) {
    SOCKET(self)->timeout = timeout;
    if (set_mode(SOCKET(self)->fd, timeout < 0 ? 0 : O_NONBLOCK) < 0) return os_error(t);
    return VALUE_NONE;
}

static Value settimeout(Thread *t, Value *args) {
    int64_t timeout;
    return read_timeout(t, args[1], &timeout) ? set_timeout(t, args[0], timeout) : VALUE_ERROR;
}

static Value gettimeout(Thread *t, Value *args) {
    return timeout_value(t, SOCKET(args[0])->timeout);
}

static Value setblocking(Thread *t, Value *args) {
    int64_t flag;
    if (!arg_int32(t, args[1], &flag)) return VALUE_ERROR;
    return set_timeout(t, args[0], flag ? -1 : 0);
}

static Value getblocking(Thread *t, Value *args) {
    (void)t;
    return bool_value(SOCKET(args[0])->timeout != 0);
}

static Value getdefaulttimeout(Thread *t, Value *args) {
    (void)args;
    return timeout_value(t, stdlib_of(t)->socket_timeout);
}

static Value setdefaulttimeout(Thread *t, Value *args) {
    int64_t timeout;
    if (!read_timeout(t, args[0], &timeout)) return VALUE_ERROR;
    stdlib_of(t)->socket_timeout = timeout;
    return VALUE_NONE;
}

/* ---- making ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Socket *s = object_new(t, cls, 0);
    s->fd = -1;
    s->family = AF_INET;
    s->type = SOCK_STREAM;
    s->timeout = -1;
    return object_value(s);
}

/* [fd] becomes that of [s], which takes the default timeout. */
static void adopt(Thread *t, Socket *s, int fd, int family, int type, int protocol) {
    s->fd = fd;
    s->family = family;
    s->protocol = protocol;
    s->type = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
    s->timeout = type & SOCK_NONBLOCK ? 0 : stdlib_of(t)->socket_timeout;
    if (s->timeout >= 0) set_mode(fd, O_NONBLOCK);
}

static bool option_of(int fd, int name, int *out) {
    socklen_t size = sizeof *out;
    return getsockopt(fd, SOL_SOCKET, name, out, &size) == 0;
}

/* What the system knows of a descriptor, where [numbers] (family, type, protocol) are not given. */
static bool describe(Thread *t, int fd, int64_t *numbers) {
    static const int options[] = {SO_DOMAIN, SO_TYPE, SO_PROTOCOL};
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (fd < 0) return raise_error(t, EXC_ValueError, "negative file descriptor"), false;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0 &&
        (numbers[0] < 0 || errno == EBADF || errno == ENOTSOCK))
        return os_error(t), false;
    for (int i = 0; i < 3; i++) {
        int found;
        if (numbers[i] >= 0) continue;
        if (!option_of(fd, options[i], &found)) return os_error(t), false;
        numbers[i] = found;
    }
    return true;
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 4);
    int64_t numbers[3], fd;
    if (!bind_raw(t, "socket", "(family=-1, type=-1, proto=-1, fileno=None)", out, args, argc,
                  kwnames))
        return false;
    for (int i = 0; i < 3; i++) {
        if (!arg_int32(t, out[i], &numbers[i])) return false;
    }
    Socket *s = SOCKET(self);
    if (out[3] != VALUE_NONE) {
        if (is_float(out[3]))
            return raise_error(t, EXC_TypeError, "integer argument expected, got float"), false;
        if (!arg_int32(t, out[3], &fd) || !describe(t, (int)fd, numbers)) return false;
    } else {
        static const int defaults[] = {AF_INET, SOCK_STREAM, 0};
        for (int i = 0; i < 3; i++) {
            if (numbers[i] == -1) numbers[i] = defaults[i];
        }
        fd = socket((int)numbers[0], (int)numbers[1] | SOCK_CLOEXEC, (int)numbers[2]);
        if (fd < 0) return os_error(t), false;
    }
    pop_roots(t, out);
    if (s->fd >= 0 && s->fd != fd) {
        wire_close(t, s->fd);
        close(s->fd);
    }
    adopt(t, s, (int)fd, (int)numbers[0], (int)numbers[1], (int)numbers[2]);
    return true;
}

static void finalize(Heap *heap, Object *self) {
    int fd = ((Socket *)self)->fd;
    if (fd < 0) return;
    if (heap->vm->loop_state) wire_close(heap->vm->main_thread, fd);
    close(fd);
}

static Value repr(Thread *t, Value self) {
    const Socket *s = SOCKET(self);
    Str *text = str_format(t, "<socket object, fd=%d, family=%d, type=%d, proto=%d>", s->fd,
                           s->family, s->type, s->protocol);
    return text ? object_value(text) : VALUE_ERROR;
}

/* A new _socket.socket around [fd]. */
static Value around(Thread *t, int fd, int family, int type, int protocol) {
    Value v = construct(t, stdlib_of(t)->classes[CLASS_SOCKET], NULL, 0, NULL);
    adopt(t, SOCKET(v), fd, family, type, protocol);
    return v;
}

static Value make_pair(Thread *t, Value *args) {
    int64_t family = AF_UNIX, type, protocol;
    if (args[0] != VALUE_NONE && !arg_int32(t, args[0], &family)) return VALUE_ERROR;
    if (!arg_int32(t, args[1], &type) || !arg_int32(t, args[2], &protocol)) return VALUE_ERROR;
    int fds[2];
    if (socketpair((int)family, (int)type | SOCK_CLOEXEC, (int)protocol, fds) != 0)
        return os_error(t);
    wire_pair(t, fds[0], fds[1]);
    Value *items = push_roots(t, 2);
    for (int i = 0; i < 2; i++) items[i] = around(t, fds[i], (int)family, (int)type, (int)protocol);
    Value pair = object_value(tuple_from(t, items, 2));
    pop_roots(t, items);
    return pair;
}

/* ---- life ---- */

static Value method_close(Thread *t, Value *args) {
    int fd = SOCKET(args[0])->fd;
    SOCKET(args[0])->fd = -1;
    wire_close(t, fd);
    if (fd >= 0) PROBE(t, HANDLE_CLOSED, fixnum(fd), VALUE_UNSET);
    if (fd < 0 || close(fd) == 0 || errno == ECONNRESET || errno == EINTR) return VALUE_NONE;
    return os_error(t);
}

static Value method_detach(Thread *t, Value *args) {
    (void)t;
    int fd = SOCKET(args[0])->fd;
    SOCKET(args[0])->fd = -1;
    return fixnum(fd);
}

static Value method_fileno(Thread *t, Value *args) {
    (void)t;
    return fixnum(SOCKET(args[0])->fd);
}

static Value method_shutdown(Thread *t, Value *args) {
    int64_t how;
    if (!arg_int32(t, args[1], &how)) return VALUE_ERROR;
    if (shutdown(SOCKET(args[0])->fd, (int)how)) return os_error(t);
    if (how != SHUT_RD) wire_shutdown(t, SOCKET(args[0])->fd);
    if (how != SHUT_WR) wire_received(t, SOCKET(args[0])->fd, 0);
    return VALUE_NONE;
}

static Value method_listen(Thread *t, Value *args) {
    int64_t backlog;
    if (!arg_int32(t, args[1], &backlog)) return VALUE_ERROR;
    if (listen(SOCKET(args[0])->fd, backlog < 0 ? 0 : (int)backlog)) return os_error(t);
    wire_listen(t, SOCKET(args[0])->fd);
    return VALUE_NONE;
}

/* ---- connecting ---- */

static int accept_now(int fd, struct sockaddr_storage *address, socklen_t *size) {
    *size = sizeof *address;
    int mode = set_mode(fd, O_NONBLOCK);
    int made = accept4(fd, (struct sockaddr *)address, size, SOCK_CLOEXEC);
    int error = errno;
    if (mode >= 0) set_mode(fd, mode);
    errno = error;
    return made;
}

static Value method_accept(Thread *t, Value *args) {
    int64_t deadline = socket_deadline(t, SOCKET(args[0]));
    struct sockaddr_storage address;
    socklen_t size;
    int fd;
    while ((fd = accept_now(SOCKET(args[0])->fd, &address, &size)) < 0) {
        if (!socket_again(t, args[0], POLLIN, deadline)) return VALUE_ERROR;
    }
    wire_accept(t, SOCKET(args[0])->fd, fd);
    Value *items = push_roots(t, 2);
    items[0] = fixnum(fd);
    items[1] = address_value(t, &address, size);
    if (items[1] == VALUE_ERROR) return close(fd), VALUE_ERROR;
    return object_value(tuple_from(t, items, 2));
}

static Value method_bind(Thread *t, Value *args) {
    struct sockaddr_storage address;
    socklen_t size;
    if (!address_from(t, SOCKET(args[0])->family, &args[1], "bind", &address, &size))
        return VALUE_ERROR;
    const Socket *s = SOCKET(args[0]);
    if (bind(s->fd, (struct sockaddr *)&address, size)) return os_error(t);
    if (s->type == SOCK_DGRAM) wire_bind(t, s->fd);
    return VALUE_NONE;
}

/* connect(2) that comes back at once; 0 or errno. */
static int connect_now(int fd, const struct sockaddr_storage *address, socklen_t size) {
    int mode = set_mode(fd, O_NONBLOCK);
    int error = connect(fd, (const struct sockaddr *)address, size) ? errno : 0;
    if (mode >= 0) set_mode(fd, mode);
    return error;
}

/* connect(2) that may take long: of a Unix socket whose server's queue is full, which cannot be
 * polled. */
static int connect_outside(Thread *t, int fd, const struct sockaddr_storage *address,
                           socklen_t size) {
    thread_leave(t);
    int error = connect(fd, (const struct sockaddr *)address, size) ? errno : 0;
    thread_return(t);
    return error;
}

/* Connect, and wait for the outcome as far as the socket waits: [*error] is errno, or 0. False:
 * raised. */
static bool connect_to(Thread *t, Value self, const struct sockaddr_storage *address,
                       socklen_t size, int *error) {
    Socket *s = SOCKET(self);
    int64_t deadline = socket_deadline(t, s);
    *error = connect_now(s->fd, address, size);
    if ((*error == 0 || *error == EINPROGRESS) && s->type == SOCK_STREAM)
        wire_connect(t, s->fd, (const struct sockaddr *)address);
    if (*error == 0 && s->type == SOCK_DGRAM) wire_aim(t, s->fd, (const struct sockaddr *)address);
    if (s->timeout == 0) return true;
    while (*error == EAGAIN && s->timeout < 0) {
        *error = connect_outside(t, s->fd, address, size);
        if (*error == EINTR && !thread_poll(t)) return false;
        if (*error == EINTR) *error = EAGAIN;
    }
    if (*error != EINPROGRESS && *error != EINTR) return true;
    if (!socket_wait(t, self, POLLOUT, deadline)) {
        if (s->fd < 0 || !exception_matches(t, EXC_TimeoutError)) return false;
        *error = EWOULDBLOCK;
        return false;
    }
    /* a second connect(2) gives the outcome, too, and leaves the socket as a blocking one does */
    if (s->timeout < 0) *error = connect_now(s->fd, address, size);
    else if (!option_of(s->fd, SO_ERROR, error)) *error = errno;
    if (*error == EISCONN) *error = 0;
    return true;
}

static Value method_connect(Thread *t, Value *args) {
    struct sockaddr_storage address;
    socklen_t size;
    int error = 0;
    if (!address_from(t, SOCKET(args[0])->family, &args[1], "connect", &address, &size) ||
        !connect_to(t, args[0], &address, size, &error))
        return VALUE_ERROR;
    return error ? raise_os_error(t, error, VALUE_UNSET) : VALUE_NONE;
}

static Value method_connect_ex(Thread *t, Value *args) {
    struct sockaddr_storage address;
    socklen_t size;
    int error = 0;
    if (!address_from(t, SOCKET(args[0])->family, &args[1], "connect_ex", &address, &size))
        return VALUE_ERROR;
    if (!connect_to(t, args[0], &address, size, &error)) {
        if (error != EWOULDBLOCK) return VALUE_ERROR;
        exception_take(t);
    }
    return fixnum(error);
}

/* ---- names and options ---- */

static Value name_by(Thread *t, Value self, int (*call)(int, struct sockaddr *, socklen_t *)) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    if (call(SOCKET(self)->fd, (struct sockaddr *)&address, &size) != 0) return os_error(t);
    return address_value(t, &address, size);
}

static int own_name(int fd, struct sockaddr *address, socklen_t *size) {
    return getsockname(fd, address, size);
}
static int peer_name(int fd, struct sockaddr *address, socklen_t *size) {
    return getpeername(fd, address, size);
}

static Value method_getsockname(Thread *t, Value *args) { return name_by(t, args[0], own_name); }
static Value method_getpeername(Thread *t, Value *args) { return name_by(t, args[0], peer_name); }

static Value method_getsockopt(Thread *t, Value *args) {
    int64_t level, name, room;
    if (!arg_int32(t, args[1], &level) || !arg_int32(t, args[2], &name) ||
        !arg_int32(t, args[3], &room))
        return VALUE_ERROR;
    int number = 0, fd = SOCKET(args[0])->fd;
    socklen_t size = sizeof number;
    if (room == 0)
        return getsockopt(fd, (int)level, (int)name, &number, &size) ? os_error(t) : fixnum(number);
    char data[1024];
    if (room < 0 || room > (int64_t)sizeof data)
        return raise_error(t, EXC_OSError, "getsockopt buflen out of range");
    size = (socklen_t)room;
    if (getsockopt(fd, (int)level, (int)name, data, &size)) return os_error(t);
    return object_value(bytes_new(t, data, size));
}

/* args: self, level, name, value, length or unset */
static Value method_setsockopt(Thread *t, Value *args) {
    int64_t level, name, number, length;
    if (!arg_int32(t, args[1], &level) || !arg_int32(t, args[2], &name)) return VALUE_ERROR;
    int fd = SOCKET(args[0])->fd;
    if (args[4] != VALUE_UNSET) {
        if (args[3] != VALUE_NONE)
            return raise_error(t, EXC_TypeError, "setsockopt() argument 3 must be None, not %T",
                               args[3]);
        if (!arg_int32(t, args[4], &length)) return VALUE_ERROR;
        return outcome(t, setsockopt(fd, (int)level, (int)name, NULL, (socklen_t)length));
    }
    if (is_int(args[3])) {
        if (!arg_int32(t, args[3], &number)) return VALUE_ERROR;
        int value = (int)number;
        return outcome(t, setsockopt(fd, (int)level, (int)name, &value, sizeof value));
    }
    const uint8_t *data;
    size_t size;
    if (!bytes_like(args[3], &data, &size))
        return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", args[3]);
    return outcome(t, setsockopt(fd, (int)level, (int)name, data, (socklen_t)size));
}

/* ---- the class ---- */

static Value get_family(Thread *t, Value self) { return (void)t, fixnum(SOCKET(self)->family); }
static Value get_type(Thread *t, Value self) { return (void)t, fixnum(SOCKET(self)->type); }
static Value get_proto(Thread *t, Value self) { return (void)t, fixnum(SOCKET(self)->protocol); }
static Value get_timeout(Thread *t, Value self) { return timeout_value(t, SOCKET(self)->timeout); }

static const NativeDef methods[] = {
    {"_accept", method_accept, "(self, /)", "(descriptor, address) of a new connection."},
    {"bind", method_bind, "(self, address, /)", "Give the socket a local address."},
    {"close", method_close, "(self, /)", "Close the socket."},
    {"connect", method_connect, "(self, address, /)", "Connect to a remote address."},
    {"connect_ex", method_connect_ex, "(self, address, /)",
     "The same; gives errno instead of raising OSError, 0 when it worked."},
    {"detach", method_detach, "(self, /)",
     "Give up the descriptor without closing it, and give its number."},
    {"fileno", method_fileno, "(self, /)", "The descriptor; -1: closed."},
    {"getblocking", getblocking, "(self, /)", "May its calls wait?"},
    {"getpeername", method_getpeername, "(self, /)", "The address of the other end."},
    {"getsockname", method_getsockname, "(self, /)", "Its own address."},
    {"getsockopt", method_getsockopt, "(self, level, option, buflen=0, /)",
     "An option of the socket: an int, or with buflen bytes."},
    {"gettimeout", gettimeout, "(self, /)", "How long its calls wait, in seconds; None: for ever."},
    {"listen", method_listen, "(self, backlog=128, /)",
     "Let others connect; up to backlog may wait to be accepted."},
    {"recv", socket_recv, "(self, bufsize, flags=0, /)",
     "Receive at most bufsize bytes; b'': the other end has closed."},
    {"recv_into", socket_recv_into, "(self, buffer, nbytes=0, flags=0)",
     "Receive into a bytearray; gives how many bytes."},
    {"recvfrom", socket_recvfrom, "(self, bufsize, flags=0, /)", "(bytes, address of the sender)."},
    {"recvfrom_into", socket_recvfrom_into, "(self, buffer, nbytes=0, flags=0)",
     "Receive into a bytearray; (how many bytes, address of the sender)."},
    {"recvmsg", socket_recvmsg, "(self, bufsize, ancbufsize=0, flags=0, /)",
     "(bytes, [(level, type, data), ...] of ancillary data, flags, address of the sender)."},
    {"recvmsg_into", socket_recvmsg_into, "(self, buffers, ancbufsize=0, flags=0, /)",
     "The same into bytearrays, one after the other; how many bytes instead of them."},
    {"send", socket_send, "(self, data, flags=0, /)", "Send; gives how many bytes were taken."},
    {"sendall", socket_sendall, "(self, data, flags=0, /)", "Send all of data."},
    {"sendmsg", socket_sendmsg, "(self, buffers, ancdata=(), flags=0, address=None, /)",
     "Send the bytes of all buffers and (level, type, data) of ancillary data; how many bytes\n"
     "were taken."},
    {"sendto", socket_sendto, "(self, data, flags_or_address=?, address=?, /)",
     "Send a datagram to an address; flags may stand before it."},
    {"setblocking", setblocking, "(self, flag, /)", "True: calls wait. False: they never do."},
    {"setsockopt", method_setsockopt, "(self, level, option, value, optlen=?, /)",
     "Set an option to an int, to bytes, or to None with a length."},
    {"settimeout", settimeout, "(self, timeout, /)",
     "How long calls wait, in seconds; None: for ever, 0: not at all."},
    {"shutdown", method_shutdown, "(self, how, /)", "End receiving, sending or both."},
    {0},
};

static const FieldDef fields[] = {{"family", get_family, NULL, "The family of addresses."},
                                  {"type", get_type, NULL, "The kind of socket."},
                                  {"proto", get_proto, NULL, "The protocol."},
                                  {"timeout", get_timeout, NULL, "What gettimeout() gives."},
                                  {0}};

static const Slots slots = {.construct = construct, .init = init, .repr = repr};
static const NativeClass socket_class = {.kind = OBJ_NATIVE_DATA,
                                         .name = "socket",
                                         .slots = &slots,
                                         .methods = methods,
                                         .fields = fields,
                                         .doc = "A socket of the system.",
                                         .size = sizeof(Socket),
                                         .flags = CLASS_BASE_ALLOWED,
                                         .finalize = finalize};

/* ---- the module ---- */

static Value module_close(Thread *t, Value *args) {
    int64_t fd;
    if (!arg_int32(t, args[0], &fd)) return VALUE_ERROR;
    wire_close(t, (int)fd);
    return close((int)fd) < 0 && errno != ECONNRESET ? os_error(t) : VALUE_NONE;
}

static Value module_dup(Thread *t, Value *args) {
    int64_t fd;
    if (!arg_int32(t, args[0], &fd)) return VALUE_ERROR;
    int copy = fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return os_error(t);
    wire_copy(t, (int)fd, copy);
    return fixnum(copy);
}

static const NativeDef functions[] = {
    {"close", module_close, "(fd, /)", "Close a socket's descriptor."},
    {"dup", module_dup, "(fd, /)", "Another descriptor for the same socket."},
    {"socketpair", make_pair, "(family=None, type=1, proto=0, /)",
     "Two sockets that are connected with each other."},
    {"CMSG_LEN", socket_cmsg_len, "(length, /)",
     "The length of an item of ancillary data with so many bytes, without padding behind it."},
    {"CMSG_SPACE", socket_cmsg_space, "(length, /)", "The same with padding."},
    {"getdefaulttimeout", getdefaulttimeout, "()", "The timeout of new sockets; None: none."},
    {"setdefaulttimeout", setdefaulttimeout, "(timeout, /)", "Set the timeout of new sockets."},
    {0},
};

static bool add_functions(Thread *t, Module *module, const NativeDef *def) {
    for (; def->name; def++)
        module_set(t, module, def->name, native_new(t, def, object_value(module), "_socket"));
    return true;
}

/* For reports (hook). */
static int descriptor_of(Thread *t, Value v) {
    return is_stdlib_instance(t, v, CLASS_SOCKET) ? SOCKET(v)->fd : -1;
}

static bool module_init(Thread *t, Module *module) {
    Stdlib *lib = stdlib_of(t);
    lib->socket_timeout = -1;
    t->vm->hooks.descriptor = descriptor_of;
    Class *cls = stdlib_class(t, CLASS_SOCKET, module, &socket_class, "_socket", NULL);
    module_set(t, module, "SocketType", object_value(cls));
    Class *os = EXCEPTION_CLASS(t, OSError);
    module_set(t, module, "error", object_value(os));
    module_set(t, module, "timeout", object_value(EXCEPTION_CLASS(t, TimeoutError)));
    socket_constants_install(t, module);
    return stdlib_error_class(t, CLASS_GAI_ERROR, module, "gaierror", "socket", os) &&
           stdlib_error_class(t, CLASS_HOST_ERROR, module, "herror", "socket", os) &&
           add_functions(t, module, socket_resolve_functions);
}

const NativeModule _socket_module = {.name = "_socket",
                                     .doc = "Sockets of the system; see socket.",
                                     .functions = functions,
                                     .init = module_init};
