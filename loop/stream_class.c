/* SPDX-License-Identifier: MIT */
/*
 * The class of streams, _SelectorTransport: arguments in, answers out.
 *
 * Programs meet its subclass _SelectorSocketTransport (stdlib/asyncio/_socket_transport.tul), which
 * only adds how one is set up.
 *
 * Read next: loop/stream.c.
 */
#include <stdlib.h>

#include "loop/stream.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

#define DEFAULT_HIGH (64 * 1024)

static Value done(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }

/* ---- writing ---- */

static Value write_data(Thread *t, Value *args) { return done(stream_write(t, args[0], args[1])); }

static Value writelines(Thread *t, Value *args) {
    Value joined =
        call_method(t, object_value(t->vm->empty_bytes), str_intern(t->vm, "join", 4), &args[1], 1);
    if (joined == VALUE_ERROR) return VALUE_ERROR;
    args[1] = joined;
    return call_method(t, args[0], NAME_OF(t, write), &args[1], 1);
}

static Value write_eof(Thread *t, Value *args) { return done(stream_write_eof(t, args[0])); }

static Value can_write_eof(Thread *t, Value *args) {
    (void)t, (void)args;
    return VALUE_TRUE;
}

static Value get_size(Thread *t, Value *args) {
    (void)t;
    return fixnum((int64_t)stream_buffered(STREAM(args[0])));
}

static Value get_limits(Thread *t, Value *args) {
    const Stream *stream = STREAM(args[0]);
    Value pair[2] = {fixnum((int64_t)stream->low), fixnum((int64_t)stream->high)};
    return object_value(tuple_from(t, pair, 2));
}

/* args: self, high, low */
static Value set_limits(Thread *t, Value *args) {
    int64_t high = DEFAULT_HIGH, low = 0;
    if (args[2] != VALUE_NONE && !arg_int64(t, args[2], &low)) return VALUE_ERROR;
    if (args[1] != VALUE_NONE) {
        if (!arg_int64(t, args[1], &high)) return VALUE_ERROR;
    } else if (args[2] != VALUE_NONE) {
        high = 4 * low;
    }
    if (args[2] == VALUE_NONE) low = high >> 2;
    if (high < low || low < 0) {
        return raise_error(t, EXC_ValueError, "high (%lld) must be >= low (%lld) must be >= 0",
                           (long long)high, (long long)low);
    }
    STREAM(args[0])->high = (size_t)high;
    STREAM(args[0])->low = (size_t)low;
    return done(stream_maybe_pause(t, args[0]));
}

/* ---- reading ---- */

static Value pause_reading(Thread *t, Value *args) {
    Stream *stream = STREAM(args[0]);
    if (stream->closing || stream->paused) return VALUE_NONE;
    stream->paused = true;
    stream_stop_reading(t, stream);
    return VALUE_NONE;
}

static Value resume_reading(Thread *t, Value *args) {
    Stream *stream = STREAM(args[0]);
    if (stream->closing || !stream->paused) return VALUE_NONE;
    stream->paused = false;
    return done(stream_start_reading(t, args[0]));
}

static Value is_reading(Thread *t, Value *args) {
    (void)t;
    return bool_value(!STREAM(args[0])->closing && !STREAM(args[0])->paused);
}

static Value start_reading(Thread *t, Value *args) {
    return done(stream_start_reading(t, args[0]));
}

/* ---- the end ---- */

static Value close_stream(Thread *t, Value *args) { return done(stream_close(t, args[0])); }

static Value abort_stream(Thread *t, Value *args) {
    return done(stream_force_close(t, args[0], VALUE_NONE));
}

static Value is_closing(Thread *t, Value *args) {
    (void)t;
    return bool_value(STREAM(args[0])->closing);
}

static Value force_close(Thread *t, Value *args) {
    return done(stream_force_close(t, args[0], args[1]));
}

static Value fatal_error(Thread *t, Value *args) {
    Str *message;
    if (!arg_str(t, args[2], "_fatal_error() argument 2", &message)) return VALUE_ERROR;
    if (!is_kind(args[1], OBJ_EXCEPTION))
        return raise_error(t, EXC_TypeError, "an exception is expected, not '%T'", args[1]);
    return done(stream_fatal(t, args[0], args[1], message->data));
}

static Value call_connection_lost(Thread *t, Value *args) {
    return done(stream_lose(t, args[0], args[1]));
}

/* ---- protocol and extra info ---- */

static Value get_protocol(Thread *t, Value *args) {
    (void)t;
    return STREAM(args[0])->protocol;
}

static Value set_protocol(Thread *t, Value *args) {
    Value get = value_getattr_or_unset(t, args[1], NAME_OF(t, get_buffer));
    if (get == VALUE_ERROR) return VALUE_ERROR;
    Stream *stream = STREAM(args[0]);
    heap_set(&t->vm->heap, &stream->protocol, args[1]);
    stream->buffered = get != VALUE_UNSET;
    stream->connected = true;
    return VALUE_NONE;
}

static Value get_extra_info(Thread *t, Value *args) {
    Value v = dict_get(t, DICT(STREAM(args[0])->extra), args[1]);
    return v == VALUE_UNSET ? args[2] : v;
}

/* ---- the object ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Stream *stream = object_new(t, cls, 0);
    stream->loop = stream->protocol = stream->sock = stream->server = VALUE_NONE;
    stream->empty_waiter = VALUE_NONE;
    stream->extra = VALUE_NONE;
    stream->extra = object_value(dict_new(t));
    stream->high = DEFAULT_HIGH;
    stream->low = DEFAULT_HIGH / 4;
    stream->fd = -1;
    stream->closing = true; /* until it is opened */
    stream->lost = 1;
    return object_value(stream);
}

/* args: self, loop, sock, fd, extra, server. What the constructor of the subclass calls. */
static Value open_stream(Thread *t, Value *args) {
    Stream *stream = STREAM(args[0]);
    int64_t fd;
    if (!arg_int32(t, args[3], &fd)) return VALUE_ERROR;
    if (!is_kind(args[1], OBJ_LOOP) || !is_kind(args[4], OBJ_DICT))
        return raise_error(t, EXC_TypeError, "a loop and a dict are expected");
    if (stream->loop != VALUE_NONE || stream->sock != VALUE_NONE)
        return raise_error(t, EXC_RuntimeError, "the transport is open");
    stream->closing = false;
    stream->lost = 0;
    Heap *heap = &t->vm->heap;
    heap_set(heap, &stream->loop, args[1]);
    heap_set(heap, &stream->sock, args[2]);
    heap_set(heap, &stream->extra, args[4]);
    heap_set(heap, &stream->server, args[5]);
    stream->fd = (int)fd;
    PROBE(t, HANDLE_OPENED, args[0], fixnum(fd));
    return VALUE_NONE;
}

static void trace(Heap *heap, Object *self) {
    Stream *stream = (Stream *)self;
    heap_shade(heap, stream->loop);
    heap_shade(heap, stream->protocol);
    heap_shade(heap, stream->sock);
    heap_shade(heap, stream->server);
    heap_shade(heap, stream->extra);
    heap_shade(heap, stream->empty_waiter);
}

static void finalize(Heap *heap, Object *self) {
    (void)heap;
    free(((Stream *)self)->out);
}

static bool is_polling(const Stream *stream, WatchSide side) {
    return watch_get(loop_of(stream->loop), stream->fd, side) != VALUE_UNSET;
}

static Value repr(Thread *t, Value self) {
    const Stream *stream = STREAM(self);
    Buffer out = {0};
    buffer_printf(&out, "<%s", object_class(&stream->header)->name->data);
    if (stream->sock == VALUE_NONE) buffer_puts(&out, " closed");
    else if (stream->closing) buffer_puts(&out, " closing");
    buffer_printf(&out, " fd=%d", stream->fd);
    if (stream->loop != VALUE_NONE && !loop_of(stream->loop)->closed) {
        buffer_printf(&out, " read=%s", is_polling(stream, WATCH_READ) ? "polling" : "idle");
        buffer_printf(&out, " write=<%s, bufsize=%zu>",
                      is_polling(stream, WATCH_WRITE) ? "polling" : "idle",
                      stream_buffered(stream));
    }
    buffer_putc(&out, '>');
    return object_value(str_from_buffer(t, &out));
}

#define VALUE_FIELD(NAME)                                                                          \
    static Value get_##NAME(Thread *t, Value self) {                                               \
        (void)t;                                                                                   \
        return STREAM(self)->NAME;                                                                 \
    }                                                                                              \
    static bool set_##NAME(Thread *t, Value self, Value v) {                                       \
        heap_set(&t->vm->heap, &STREAM(self)->NAME, v == VALUE_UNSET ? VALUE_NONE : v);            \
        return true;                                                                               \
    }

VALUE_FIELD(empty_waiter)
VALUE_FIELD(server)

static Value get_loop(Thread *t, Value self) {
    (void)t;
    return STREAM(self)->loop;
}

static Value get_sock(Thread *t, Value self) {
    (void)t;
    return STREAM(self)->sock;
}

static Value get_fd(Thread *t, Value self) {
    (void)t;
    return fixnum(STREAM(self)->fd);
}

static Value get_extra(Thread *t, Value self) {
    (void)t;
    return STREAM(self)->extra;
}

static Value get_lost(Thread *t, Value self) {
    (void)t;
    return fixnum(STREAM(self)->lost);
}

static Value get_ended(Thread *t, Value self) {
    (void)t;
    return bool_value(STREAM(self)->ended);
}

static Value get_closing(Thread *t, Value self) {
    (void)t;
    return bool_value(STREAM(self)->closing);
}

static Value get_paused(Thread *t, Value self) {
    (void)t;
    return bool_value(STREAM(self)->protocol_paused);
}

static Value get_own_protocol(Thread *t, Value self) {
    (void)t;
    return STREAM(self)->protocol;
}

static const Slots slots = {.repr = repr, .construct = construct};

static const NativeDef methods[] = {
    {"write", write_data, "(self, data)", "Send bytes; what the system does not take is buffered."},
    {"writelines", writelines, "(self, list_of_data)", "Send the pieces of an iterable."},
    {"write_eof", write_eof, "(self)", "Close the sending half after what is buffered."},
    {"can_write_eof", can_write_eof, "(self)", "True."},
    {"get_write_buffer_size", get_size, "(self)", "How many bytes wait to be sent."},
    {"get_write_buffer_limits", get_limits, "(self)", "The pair (low, high), in bytes."},
    {"set_write_buffer_limits", set_limits, "(self, high=None, low=None)",
     "pause_writing() is called above high bytes, resume_writing() when low are left."},
    {"pause_reading", pause_reading, "(self)", "Call data_received() no more."},
    {"resume_reading", resume_reading, "(self)", "Undo pause_reading()."},
    {"is_reading", is_reading, "(self)", "Is it open and not paused?"},
    {"close", close_stream, "(self)", "Close after what is buffered has been sent."},
    {"abort", abort_stream, "(self)", "Close at once; what is buffered is lost."},
    {"is_closing", is_closing, "(self)", "Is it closed, or about to be?"},
    {"get_protocol", get_protocol, "(self)", "The protocol that is told what happens."},
    {"set_protocol", set_protocol, "(self, protocol)", "Tell another protocol from now on."},
    {"get_extra_info", get_extra_info, "(self, name, default=None)",
     "'peername', 'sockname', 'socket' …, or default."},
    {"_open", open_stream, "(self, loop, sock, fd, extra, server, /)", "Become the socket's."},
    {"_start_reading", start_reading, "(self)", "Wait for input, unless it is closing."},
    {"_force_close", force_close, "(self, exc)", "Lose the connection because of exc."},
    {"_fatal_error", fatal_error, "(self, exc, message='Fatal error on transport')",
     "Report exc, unless it is an OSError, and lose the connection."},
    {"_call_connection_lost", call_connection_lost, "(self, exc)",
     "Tell the protocol and close the socket."},
    {0},
};

static const FieldDef fields[] = {
    {"_loop", get_loop, NULL, "The loop, None when closed."},
    {"_sock", get_sock, NULL, "The socket, None when closed."},
    {"_sock_fd", get_fd, NULL, "The socket's descriptor."},
    {"_protocol", get_own_protocol, NULL, "The protocol, None when closed."},
    {"_server", get_server, set_server, "The server that accepted it, or None."},
    {"_extra", get_extra, NULL, "What get_extra_info() knows."},
    {"_conn_lost", get_lost, NULL, "Not 0 when the connection is lost."},
    {"_eof", get_ended, NULL, "Was write_eof() called?"},
    {"_protocol_paused", get_paused, NULL, "Was pause_writing() called last?"},
    {"_closing", get_closing, NULL, "Is it closed, or about to be?"},
    {"_empty_waiter", get_empty_waiter, set_empty_waiter,
     "A future that is done when everything is sent, or None."},
    {0},
};

void stream_class_install(Thread *t) {
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_STREAM,
                             .slots = &slots,
                             .methods = methods,
                             .fields = fields,
                             .doc = "The transport of a connected socket.",
                             .size = sizeof(Stream),
                             .trace = trace,
                             .finalize = finalize,
                         });
    BUILTIN_CLASS(t, STREAM)->instance_size = sizeof(Stream);
    BUILTIN_CLASS(t, STREAM)->module = object_value(str_from(t, "asyncio.selector_events"));
}
