/* SPDX-License-Identifier: MIT */
/*
 * sendmsg and recvmsg: bytes from and into several buffers at once, with ancillary data beside
 * them, such as descriptors that are passed to another process.
 *
 * Between two tries other threads run, so everything is copied into memory of our own: what is to
 * be sent before the first try, what came into the caller's buffers after the last. A descriptor
 * that was sent may be used by its receiver without telling: its wire is forgotten.
 *
 * Read next: stdlib/socket_io.c, which has the calls without ancillary data.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "loop/wire.h"
#include "stdlib/socket_native.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* Its bytes and its ancillary data, both malloc'ed; one buffer is all the system sees. */
typedef struct Message {
    struct msghdr header;
    struct iovec part;
    struct sockaddr_storage address;
} Message;

static void message_free(Message *m) {
    free(m->part.iov_base);
    free(m->header.msg_control);
}

/* Room for [size] bytes and [extra] of ancillary data. */
static bool message_init(Thread *t, Message *m, size_t size, size_t extra) {
    memset(m, 0, sizeof *m);
    if (!str_memory_fits(t, size) || !str_memory_fits(t, extra)) return false;
    m->part = (struct iovec){malloc(size + 1), size};
    m->header.msg_iov = &m->part;
    m->header.msg_iovlen = 1;
    if (extra) m->header.msg_control = calloc(1, extra);
    m->header.msg_controllen = extra;
    if (m->part.iov_base && (!extra || m->header.msg_control)) return true;
    message_free(m);
    return raise_error(t, EXC_MemoryError, ""), false;
}

static bool read_flags(Thread *t, Value v, int *flags) {
    int64_t number;
    if (!arg_int32(t, v, &number)) return false;
    *flags = (int)number;
    return true;
}

/* [v] as a tuple; [words] say that it must be iterable. */
static Tuple *items_of(Thread *t, Value v, const char *words) {
    Tuple *items = tuple_from_iterable(t, v);
    if (items || !exception_matches(t, EXC_TypeError)) return items;
    exception_take(t);
    return raise_error(t, EXC_TypeError, "%s", words), NULL;
}

/* ---- sending ---- */

/* The bytes of all [parts], one after the other; false: one is none, raised. */
static bool sum_of_parts(Thread *t, const Tuple *parts, size_t *sum) {
    *sum = 0;
    for (size_t i = 0; i < parts->size; i++) {
        const uint8_t *data;
        size_t size;
        if (!bytes_like(parts->items[i], &data, &size)) {
            raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'",
                        parts->items[i]);
            return false;
        }
        *sum += size;
    }
    return true;
}

/* One (level, type, data) of what goes beside the bytes. */
static bool read_extra(Thread *t, Value v, int64_t *level, int64_t *type, const uint8_t **data,
                       size_t *size) {
    if (!is_kind(v, OBJ_TUPLE) && !is_kind(v, OBJ_LIST)) {
        raise_error(t, EXC_TypeError,
                    "[sendmsg() ancillary data items] argument must be sequence of length 3, "
                    "not %T",
                    v);
        return false;
    }
    Tuple *row = tuple_from_iterable(t, v);
    if (!row) return false;
    Value *root = push_roots(t, 1);
    *root = object_value(row);
    if (row->size != 3) {
        raise_error(t, EXC_TypeError,
                    "[sendmsg() ancillary data items] argument must be sequence of length 3, "
                    "not %zu",
                    row->size);
        return false;
    }
    if (!arg_int32(t, row->items[0], level) || !arg_int32(t, row->items[1], type)) return false;
    pop_roots(t, root);
    if (bytes_like(row->items[2], data, size)) return true;
    raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", row->items[2]);
    return false;
}

/* How much room the ancillary data [rows] take. */
static bool sum_of_extras(Thread *t, const Tuple *rows, size_t *sum) {
    *sum = 0;
    for (size_t i = 0; i < rows->size; i++) {
        int64_t level, type;
        const uint8_t *data;
        size_t size;
        if (!read_extra(t, rows->items[i], &level, &type, &data, &size)) return false;
        *sum += CMSG_SPACE(size);
    }
    return true;
}

static void forget_sent(Thread *t, const uint8_t *data, size_t size) {
    for (size_t at = 0; at + sizeof(int) <= size; at += sizeof(int)) {
        int fd;
        memcpy(&fd, data + at, sizeof fd);
        wire_forget(t, fd);
    }
}

/* [parts] into the memory that was made for them. */
static void fill_parts(Message *m, const Tuple *parts) {
    char *at = m->part.iov_base;
    size_t left = m->part.iov_len;
    for (size_t i = 0; i < parts->size; i++) {
        const uint8_t *data;
        size_t size;
        bytes_like(parts->items[i], &data, &size);
        if (size > left) size = left; /* a bytearray that has grown since it was measured */
        if (size) memcpy(at, data, size);
        at += size;
        left -= size;
    }
}

/* The same with [rows]. */
static bool fill_extras(Thread *t, Message *m, const Tuple *rows) {
    struct cmsghdr *head = rows->size ? CMSG_FIRSTHDR(&m->header) : NULL;
    size_t left = m->header.msg_controllen;
    for (size_t i = 0; head && i < rows->size; i++, head = CMSG_NXTHDR(&m->header, head)) {
        int64_t level, type;
        const uint8_t *data;
        size_t size;
        if (!read_extra(t, rows->items[i], &level, &type, &data, &size)) return false;
        if (CMSG_SPACE(size) > left)
            return raise_error(t, EXC_RuntimeError, "unexpected size change"), false;
        left -= CMSG_SPACE(size);
        head->cmsg_level = (int)level;
        head->cmsg_type = (int)type;
        head->cmsg_len = CMSG_LEN(size);
        if (size) memcpy(CMSG_DATA(head), data, size);
        if (level == SOL_SOCKET && type == SCM_RIGHTS) forget_sent(t, data, size);
    }
    return true;
}

static Value transmit(Thread *t, Value self, Message *m, int flags) {
    int64_t deadline = socket_deadline(t, SOCKET(self));
    for (;;) {
        ssize_t n = sendmsg(SOCKET(self)->fd, &m->header, flags | MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            wire_sent_to(t, SOCKET(self)->fd, (size_t)n, m->header.msg_name);
            return fixnum(n);
        }
        if (!socket_again_with(t, self, POLLOUT, deadline, flags)) return VALUE_ERROR;
    }
}

/* args: self, buffers, ancdata, flags, address */
Value socket_sendmsg(Thread *t, Value *args) {
    int flags;
    size_t size, extra;
    socklen_t address_size = 0;
    struct sockaddr_storage address;
    Tuple *parts = items_of(t, args[1], "sendmsg() argument 1 must be an iterable");
    if (!parts) return VALUE_ERROR;
    args[1] = object_value(parts);
    Tuple *rows = items_of(t, args[2], "sendmsg() argument 2 must be an iterable");
    if (!rows) return VALUE_ERROR;
    args[2] = object_value(rows);
    if (!read_flags(t, args[3], &flags)) return VALUE_ERROR;
    if (args[4] != VALUE_NONE &&
        !address_from(t, SOCKET(args[0])->family, &args[4], "sendmsg", &address, &address_size))
        return VALUE_ERROR;
    Message m;
    if (!sum_of_parts(t, parts, &size) || !sum_of_extras(t, rows, &extra) ||
        !message_init(t, &m, size, extra))
        return VALUE_ERROR;
    if (address_size) {
        m.address = address;
        m.header.msg_name = &m.address;
        m.header.msg_namelen = address_size;
    }
    fill_parts(&m, parts);
    Value v = fill_extras(t, &m, rows) ? transmit(t, args[0], &m, flags) : VALUE_ERROR;
    message_free(&m);
    return v;
}

/* ---- receiving ---- */

static ssize_t receive(Thread *t, Value self, Message *m, int flags) {
    int64_t deadline = socket_deadline(t, SOCKET(self));
    size_t extra = m->header.msg_controllen;
    m->header.msg_name = &m->address;
    for (;;) {
        m->header.msg_namelen = sizeof m->address;
        m->header.msg_controllen = extra;
        ssize_t n = recvmsg(SOCKET(self)->fd, &m->header, flags | MSG_DONTWAIT);
        if (n >= 0) {
            if (m->part.iov_len && !(flags & (MSG_PEEK | MSG_ERRQUEUE)))
                wire_received(t, SOCKET(self)->fd, (size_t)n);
            return n;
        }
        if (socket_again_with(t, self, POLLIN, deadline, flags)) continue;
        if (exception_matches(t, EXC_ConnectionResetError)) wire_received(t, SOCKET(self)->fd, 0);
        return -1;
    }
}

/* How many bytes of [head] are there, though it may promise more than the buffer held. */
static size_t extra_size(const struct msghdr *header, const struct cmsghdr *head) {
    const char *data = (const char *)CMSG_DATA(head);
    size_t end = header->msg_controllen;
    size_t begin = (size_t)(data - (const char *)header->msg_control);
    size_t room = end > begin ? end - begin : 0;
    size_t size = head->cmsg_len > CMSG_LEN(0) ? head->cmsg_len - CMSG_LEN(0) : 0;
    return size < room ? size : room;
}

/* [(level, type, data), …] */
static Value extra_list(Thread *t, struct msghdr *header) {
    Value *roots = push_roots(t, 4);
    List *list = list_new(t, 0);
    roots[0] = object_value(list);
    struct cmsghdr *head = header->msg_controllen ? CMSG_FIRSTHDR(header) : NULL;
    for (; head; head = CMSG_NXTHDR(header, head)) {
        roots[1] = fixnum(head->cmsg_level);
        roots[2] = fixnum(head->cmsg_type);
        roots[3] = object_value(bytes_new(t, CMSG_DATA(head), extra_size(header, head)));
        if (!list_append(t, list, object_value(tuple_from(t, roots + 1, 3)))) return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return roots[0];
}

/* (what came, ancillary data, flags, address) */
static Value received(Thread *t, Message *m, Value what) {
    Value *items = push_roots(t, 4);
    items[0] = what;
    items[1] = extra_list(t, &m->header);
    if (items[1] == VALUE_ERROR) return VALUE_ERROR;
    items[2] = fixnum(m->header.msg_flags);
    items[3] = address_value(t, &m->address, m->header.msg_namelen);
    if (items[3] == VALUE_ERROR) return VALUE_ERROR;
    Value v = object_value(tuple_from(t, items, 4));
    pop_roots(t, items);
    return v;
}

static bool read_room(Thread *t, Value v, int64_t *room) {
    if (!arg_int64(t, v, room)) return false;
    if (*room >= 0 && *room <= INT_MAX) return true;
    raise_error(t, EXC_ValueError, "invalid ancillary data buffer length");
    return false;
}

/* args: self, bufsize, ancbufsize, flags */
Value socket_recvmsg(Thread *t, Value *args) {
    int64_t size, room;
    int flags;
    if (!arg_int64(t, args[1], &size)) return VALUE_ERROR;
    if (size < 0) return raise_error(t, EXC_ValueError, "negative buffer size in recvmsg()");
    if (!read_room(t, args[2], &room) || !read_flags(t, args[3], &flags)) return VALUE_ERROR;
    Message m;
    if (!message_init(t, &m, (size_t)size, (size_t)room)) return VALUE_ERROR;
    ssize_t n = receive(t, args[0], &m, flags);
    Value v = VALUE_ERROR;
    if (n >= 0) {
        if (n > size) n = (ssize_t)size; /* MSG_TRUNC tells the length that was */
        v = received(t, &m, object_value(bytes_new(t, m.part.iov_base, (size_t)n)));
    }
    message_free(&m);
    return v;
}

/* The room in all of [buffers], which must be bytearrays. */
static bool room_of(Thread *t, const Tuple *buffers, size_t *room) {
    *room = 0;
    for (size_t i = 0; i < buffers->size; i++) {
        Value v = buffers->items[i];
        if (!is_kind(v, OBJ_BYTEARRAY)) {
            raise_error(t, EXC_TypeError,
                        "recvmsg_into() argument 1 must be an iterable of single-segment "
                        "read-write buffers, not %T",
                        v);
            return false;
        }
        *room += BYTEARRAY(v)->size;
    }
    return true;
}

static void scatter(const Tuple *buffers, const char *data, size_t size) {
    for (size_t i = 0; i < buffers->size && size; i++) {
        Bytearray *buffer = BYTEARRAY(buffers->items[i]);
        size_t part = buffer->size < size ? buffer->size : size;
        if (part) memcpy(buffer->data, data, part);
        data += part;
        size -= part;
    }
}

/* args: self, buffers, ancbufsize, flags */
Value socket_recvmsg_into(Thread *t, Value *args) {
    int64_t room;
    size_t size;
    int flags;
    Tuple *buffers = items_of(t, args[1], "recvmsg_into() argument 1 must be an iterable");
    if (!buffers) return VALUE_ERROR;
    args[1] = object_value(buffers);
    if (!read_room(t, args[2], &room) || !read_flags(t, args[3], &flags) ||
        !room_of(t, buffers, &size))
        return VALUE_ERROR;
    Message m;
    if (!message_init(t, &m, size, (size_t)room)) return VALUE_ERROR;
    ssize_t n = receive(t, args[0], &m, flags);
    Value v = VALUE_ERROR;
    if (n >= 0) {
        scatter(buffers, m.part.iov_base, (size_t)n < size ? (size_t)n : size);
        v = received(t, &m, fixnum(n));
    }
    message_free(&m);
    return v;
}

/* ---- sizes ---- */

static Value extra_length(Thread *t, Value v, const char *words, bool padded) {
    int64_t size;
    if (!arg_int64(t, v, &size)) return VALUE_ERROR;
    if (size < 0 || size > INT_MAX - (int64_t)(padded ? CMSG_SPACE(1) : CMSG_LEN(0)))
        return raise_error(t, EXC_OverflowError, "%s", words);
    return fixnum((int64_t)(padded ? CMSG_SPACE((size_t)size) : CMSG_LEN((size_t)size)));
}

Value socket_cmsg_len(Thread *t, Value *args) {
    return extra_length(t, args[0], "CMSG_LEN() argument out of range", false);
}

Value socket_cmsg_space(Thread *t, Value *args) {
    return extra_length(t, args[0], "CMSG_SPACE() argument out of range", true);
}
