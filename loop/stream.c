/* SPDX-License-Identifier: MIT */
/*
 * Input, output and end of streams.
 *
 * Everything that calls the protocol may run anything: the stream may be closed when the call
 * returns, so state is looked at again after each. Values that are used across calls are in roots.
 *
 * Read next: loop/stream.h for the states, loop/stream_class.c.
 */
#include "loop/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/memory.h"
#include "loop/wire.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

static bool would_block(int error) {
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* The Loop of a stream that is not lost; it may be closed. */
static Loop *loop_behind(const Stream *stream) {
    return stream->loop == VALUE_NONE ? NULL : loop_of(stream->loop);
}

/* An exception that no handler may swallow. */
static bool leaves_loop(const Thread *t) {
    return exception_matches(t, EXC_SystemExit) || exception_matches(t, EXC_KeyboardInterrupt);
}

/* ---- errors ---- */

static bool tell_handler(Thread *t, Value self, Value exception, const char *message) {
    Stream *stream = STREAM(self);
    if (stream->loop == VALUE_NONE) return true;
    Value *roots = push_roots(t, 3);
    Dict *context = dict_new(t);
    roots[0] = object_value(context);
    roots[1] = self;
    roots[2] = exception;
    dict_set_str(t, context, NAME_OF(t, message), object_value(str_from(t, message)));
    dict_set_str(t, context, NAME_OF(t, exception), exception);
    dict_set_str(t, context, NAME_OF(t, transport), self);
    dict_set_str(t, context, NAME_OF(t, protocol), stream->protocol);
    bool ok = report_to_loop(t, stream->loop, context);
    pop_roots(t, roots);
    return ok;
}

bool stream_fatal(Thread *t, Value self, Value exception, const char *message) {
    PROBE(t, IO_FAILED, self, exception);
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    roots[1] = exception;
    bool is_os_error =
        class_is_subclass(object_class(object_of(exception)), EXCEPTION_CLASS(t, OSError));
    bool ok = (is_os_error || tell_handler(t, self, exception, message)) &&
              stream_force_close(t, self, exception);
    pop_roots(t, roots);
    return ok;
}

/* The exception being raised ends the stream. */
static bool fail(Thread *t, Value self, const char *message) {
    if (leaves_loop(t)) return false;
    return stream_fatal(t, self, exception_take(t), message);
}

static bool fail_errno(Thread *t, Value self, int code, const char *message) {
    wire_received(t, STREAM(self)->fd, 0);
    loop_raise_errno(t, code);
    return fail(t, self, message);
}

/* ---- the end ---- */

static void forget_output(Stream *stream) { stream->out_start = stream->out_end = 0; }

static void stop_writing(Thread *t, Stream *stream) {
    Loop *loop = loop_behind(stream);
    if (loop) watch_clear(t, loop, stream->fd, WATCH_WRITE);
}

/* loop.call_soon(self._call_connection_lost, exception) */
static bool queue_loss(Thread *t, Value self, Value exception) {
    Value *roots = push_roots(t, 3);
    roots[0] = self;
    roots[1] = exception;
    Loop *loop = loop_open(t, STREAM(self)->loop);
    roots[2] =
        loop ? value_getattr(t, self, str_intern(t->vm, "_call_connection_lost", 21)) : VALUE_ERROR;
    if (roots[2] != VALUE_ERROR) {
        Value args = handle_arguments(t, exception);
        Value handle = handle_new(t, STREAM(self)->loop, roots[2], args, VALUE_NONE);
        ready_push(&loop->ready, handle, VALUE_UNSET);
    }
    bool ok = roots[2] != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}

void stream_stop_reading(Thread *t, Stream *stream) {
    Loop *loop = loop_behind(stream);
    if (loop) watch_clear(t, loop, stream->fd, WATCH_READ);
}

bool stream_close(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    if (stream->closing) return true;
    stream->closing = true;
    stream_stop_reading(t, stream);
    if (stream_buffered(stream)) return true;
    stream->lost++;
    stop_writing(t, stream);
    return queue_loss(t, self, VALUE_NONE);
}

bool stream_force_close(Thread *t, Value self, Value exception) {
    Stream *stream = STREAM(self);
    if (stream->lost) return true;
    if (stream_buffered(stream)) {
        forget_output(stream);
        stop_writing(t, stream);
    }
    if (!stream->closing) {
        stream->closing = true;
        stream_stop_reading(t, stream);
    }
    stream->lost++;
    return queue_loss(t, self, exception);
}

static void set_none(Thread *t, Value *slot) { heap_set(&t->vm->heap, slot, VALUE_NONE); }

/* Close the socket and let go of everything. */
static bool release(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    Value *roots = push_roots(t, 2);
    roots[0] = stream->sock;
    roots[1] = stream->server;
    stream_stop_reading(t, stream);
    stop_writing(t, stream);
    wire_close(t, stream->fd);
    set_none(t, &stream->sock);
    set_none(t, &stream->protocol);
    set_none(t, &stream->loop);
    set_none(t, &stream->server);
    bool ok = roots[0] == VALUE_NONE ||
              call_method(t, roots[0], NAME_OF(t, close), NULL, 0) != VALUE_ERROR;
    if (ok && roots[1] != VALUE_NONE)
        ok = call_method(t, roots[1], NAME_OF(t, _detach), NULL, 0) != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}

bool stream_lose(Thread *t, Value self, Value exception) {
    Stream *stream = STREAM(self);
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    bool ok = true;
    if (stream->connected && stream->protocol != VALUE_NONE) {
        ok = call_method(t, stream->protocol, NAME_OF(t, connection_lost), &exception, 1) !=
             VALUE_ERROR;
    }
    if (!ok) roots[1] = exception_take(t);
    bool released = release(t, self);
    if (!ok && released) raise_value(t, roots[1]);
    pop_roots(t, roots);
    return ok && released;
}

uint32_t stream_abandon_all(Thread *t, Loop *loop) {
    uint32_t count = 0;
    Value *roots = push_roots(t, 1);
    for (size_t fd = 0; fd < loop->watch_capacity; fd++) {
        roots[0] = watch_owner(loop, (int)fd);
        if (roots[0] == VALUE_UNSET) continue;
        Stream *stream = STREAM(roots[0]);
        stream->closing = true;
        stream->lost++;
        forget_output(stream);
        if (!release(t, roots[0])) exception_take(t);
        count++;
    }
    pop_roots(t, roots);
    return count;
}

/* ---- reading ---- */

bool stream_start_reading(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    if (stream->closing || stream->loop == VALUE_NONE) return true;
    Loop *loop = loop_open(t, stream->loop);
    return loop && watch_set(t, loop, stream->fd, WATCH_READ, self);
}

/* The peer has sent everything: keep open if the protocol says so. */
static bool end_of_input(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    wire_received(t, stream->fd, 0);
    Value keep = call_method(t, stream->protocol, NAME_OF(t, eof_received), NULL, 0);
    int kept = keep == VALUE_ERROR ? -1 : value_truth(t, keep);
    if (kept < 0) return fail(t, self, "Fatal error: protocol.eof_received() call failed.");
    if (!kept) return stream_close(t, self);
    stream_stop_reading(t, stream);
    return true;
}

/* Into the loop's buffer; -1: errno. */
static ssize_t receive(Loop *loop, const Stream *stream) {
    if (!loop->read_buffer) {
        loop->read_buffer = malloc(STREAM_READ_SIZE);
        if (!loop->read_buffer) memory_exhausted(STREAM_READ_SIZE);
    }
    return recv(stream->fd, loop->read_buffer, STREAM_READ_SIZE, 0);
}

static const char read_failed[] = "Fatal read error on socket transport";

static bool read_data(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    Loop *loop = loop_of(stream->loop);
    ssize_t n = receive(loop, stream);
    if (n < 0) return would_block(errno) || fail_errno(t, self, errno, read_failed);
    if (n == 0) return end_of_input(t, self);
    wire_received(t, stream->fd, (size_t)n);
    Value data = object_value(bytes_new(t, loop->read_buffer, (size_t)n));
    if (LIKELY(call_method(t, stream->protocol, NAME_OF(t, data_received), &data, 1) !=
               VALUE_ERROR))
        return true;
    return fail(t, self, "Fatal error: protocol.data_received() call failed.");
}

/* The memory of protocol.get_buffer(-1), which must not be empty. */
static Value get_buffer(Thread *t, Value self, Value *keep) {
    Value hint = fixnum(-1);
    *keep = call_method(t, STREAM(self)->protocol, NAME_OF(t, get_buffer), &hint, 1);
    if (*keep == VALUE_ERROR) return VALUE_ERROR;
    int64_t size = value_length(t, *keep);
    if (size < 0) return VALUE_ERROR;
    if (!size) return raise_error(t, EXC_RuntimeError, "get_buffer() returned an empty buffer");
    return *keep;
}

/* Receive into [buffer], an object with recv_into's blessing: a bytearray at once, others through
 * the socket. -1: errno, -2: raised. */
static ssize_t receive_into(Thread *t, Value self, Value buffer) {
    Stream *stream = STREAM(self);
    if (is_kind(buffer, OBJ_BYTEARRAY))
        return recv(stream->fd, BYTEARRAY(buffer)->data, BYTEARRAY(buffer)->size, 0);
    int64_t n;
    Value v = call_method(t, stream->sock, str_intern(t->vm, "recv_into", 9), &buffer, 1);
    if (v != VALUE_ERROR && arg_int64(t, v, &n)) return (ssize_t)n;
    if (exception_matches(t, EXC_BlockingIOError) || exception_matches(t, EXC_InterruptedError)) {
        exception_take(t);
        errno = EAGAIN;
        return -1;
    }
    return -2;
}

static bool read_buffered(Thread *t, Value self) {
    Value *roots = push_roots(t, 1);
    Value buffer = get_buffer(t, self, roots);
    if (buffer == VALUE_ERROR)
        return fail(t, self, "Fatal error: protocol.get_buffer() call failed.");
    ssize_t n = receive_into(t, self, buffer);
    pop_roots(t, roots);
    if (n == -2) return fail(t, self, read_failed);
    if (n < 0) return would_block(errno) || fail_errno(t, self, errno, read_failed);
    if (n == 0) return end_of_input(t, self);
    Stream *stream = STREAM(self);
    wire_received(t, stream->fd, (size_t)n);
    Value size = fixnum(n);
    if (call_method(t, stream->protocol, NAME_OF(t, buffer_updated), &size, 1) != VALUE_ERROR)
        return true;
    return fail(t, self, "Fatal error: protocol.buffer_updated() call failed.");
}

/* ---- writing ---- */

static const char write_failed[] = "Fatal write error on socket transport";

static void keep_output(Stream *stream, const uint8_t *data, size_t size) {
    if (stream->out_start && stream->out_end + size > stream->out_capacity) {
        memmove(stream->out, stream->out + stream->out_start, stream_buffered(stream));
        stream->out_end -= stream->out_start;
        stream->out_start = 0;
    }
    if (stream->out_end + size > stream->out_capacity) {
        size_t capacity = stream->out_capacity ? stream->out_capacity : 4096;
        while (capacity < stream->out_end + size) capacity *= 2;
        stream->out = realloc(stream->out, capacity);
        if (!stream->out) memory_exhausted(capacity);
        stream->out_capacity = capacity;
    }
    memcpy(stream->out + stream->out_end, data, size);
    stream->out_end += size;
}

/* protocol.pause_writing() and resume_writing() must not end the stream. */
static bool call_protocol(Thread *t, Value self, Str *name, const char *message) {
    if (call_method(t, STREAM(self)->protocol, name, NULL, 0) != VALUE_ERROR) return true;
    if (leaves_loop(t)) return false;
    return tell_handler(t, self, exception_take(t), message);
}

bool stream_maybe_pause(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    if (stream->protocol_paused || stream_buffered(stream) <= stream->high) return true;
    stream->protocol_paused = true;
    PROBE(t, IO_PAUSED, self, VALUE_UNSET);
    return call_protocol(t, self, NAME_OF(t, pause_writing), "protocol.pause_writing() failed");
}

static bool maybe_resume(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    if (!stream->protocol_paused || stream_buffered(stream) > stream->low) return true;
    stream->protocol_paused = false;
    PROBE(t, IO_RESUMED, self, VALUE_UNSET);
    return call_protocol(t, self, NAME_OF(t, resume_writing), "protocol.resume_writing() failed");
}

/* Give [size] bytes to the system: how many it took, -1: errno. */
static ssize_t push_out(Thread *t, Stream *stream, const uint8_t *data, size_t size) {
    ssize_t n = send(stream->fd, data, size, MSG_NOSIGNAL);
    if (n > 0) wire_sent(t, stream->fd, (size_t)n);
    if (n < 0 && would_block(errno)) return 0;
    return n;
}

static bool may_write(Thread *t, Value self, Value data) {
    const Stream *stream = STREAM(self);
    if (!is_bytes_like(data)) {
        raise_error(t, EXC_TypeError, "data argument must be a bytes-like object, not %R",
                    object_value(class_of(t->vm, data)->name));
        return false;
    }
    if (stream->ended)
        return raise_error(t, EXC_RuntimeError, "Cannot call write() after write_eof()"), false;
    if (stream->empty_waiter != VALUE_NONE)
        return raise_error(t, EXC_RuntimeError, "unable to write; sendfile is in progress"), false;
    return true;
}

bool stream_write(Thread *t, Value self, Value data) {
    if (!may_write(t, self, data)) return false;
    Stream *stream = STREAM(self);
    Chars bytes = chars_of(data);
    if (!bytes.size) return true;
    if (stream->lost) {
        stream->lost++;
        return true;
    }
    const uint8_t *from = (const uint8_t *)bytes.data;
    size_t size = bytes.size;
    if (!stream_buffered(stream)) {
        ssize_t n = push_out(t, stream, from, size);
        if (n < 0) return fail_errno(t, self, errno, write_failed);
        from += n;
        size -= (size_t)n;
        if (!size) return true;
        Loop *loop = loop_open(t, stream->loop);
        if (!loop || !watch_set(t, loop, stream->fd, WATCH_WRITE, self)) return false;
    }
    keep_output(stream, from, size);
    return stream_maybe_pause(t, self);
}

/* Everything has been written. */
static bool output_is_out(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    stop_writing(t, stream);
    free(stream->out);
    stream->out = NULL;
    stream->out_start = stream->out_end = stream->out_capacity = 0;
    if (is_future(stream->empty_waiter) && FUTURE(stream->empty_waiter)->state == FUTURE_PENDING &&
        !future_set_result(t, FUTURE(stream->empty_waiter), VALUE_NONE))
        return false;
    if (stream->closing) return stream_lose(t, self, VALUE_NONE);
    if (!stream->ended) return true;
    shutdown(stream->fd, SHUT_WR);
    wire_shutdown(t, stream->fd);
    return true;
}

static bool flush(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    if (stream_buffered(stream)) {
        ssize_t n = push_out(t, stream, stream->out + stream->out_start, stream_buffered(stream));
        if (n < 0) {
            int code = errno;
            stop_writing(t, stream);
            forget_output(stream);
            return fail_errno(t, self, code, write_failed);
        }
        stream->out_start += (size_t)n;
    }
    if (!maybe_resume(t, self)) return false;
    return stream_buffered(stream) || stream->lost || output_is_out(t, self);
}

bool stream_write_eof(Thread *t, Value self) {
    Stream *stream = STREAM(self);
    if (stream->closing || stream->ended) return true;
    stream->ended = true;
    if (stream_buffered(stream)) return true;
    if (shutdown(stream->fd, SHUT_WR)) {
        loop_raise_errno(t, errno);
        return false;
    }
    wire_shutdown(t, stream->fd);
    return true;
}

bool stream_ready(Thread *t, Value self, int64_t side) {
    const Stream *stream = STREAM(self);
    if (stream->lost || stream->loop == VALUE_NONE) return true;
    Loop *loop = loop_of(stream->loop);
    if (watch_get(loop, stream->fd, (WatchSide)side) != self) return true; /* stopped meanwhile */
    bool ok = side == WATCH_WRITE ? flush(t, self)
              : stream->buffered  ? read_buffered(t, self)
                                  : read_data(t, self);
    return ok || callback_failed(
                     t, stream->loop == VALUE_NONE ? object_value(loop->object) : stream->loop,
                     self, VALUE_UNSET);
}
