/* SPDX-License-Identifier: MIT */
/*
 * Streams: the transports of connected sockets, native where every message passes.
 *
 * A stream reads when its loop's watch says that the descriptor is readable, and hands what came to
 * the protocol in the same entry of the ready queue; it writes at once what the system takes, keeps
 * the rest and goes on when the descriptor is writable. Order, number of passes, messages and error
 * handling are those of CPython's selector transports. The socket object owns the descriptor; the
 * stream closes it when connection_lost() has been called.
 *
 *     open ── close() ─→ closing (what is buffered is still written) ─→ lost ─→ closed
 *       └──── abort(), error, end of the peer ─────────────────────────↗
 *
 * Invariants: [lost] counts from when connection_lost() was queued; from then on nothing is read or
 * written. The watch of a stream roots it while it reads or has something to write. Once the
 * socket is closed [loop] is None, and [fd] is but a number to show.
 * Read next: loop/stream.c (input and output), loop/stream_class.c (its class),
 * stdlib/asyncio/_socket_transport.tul (how one is made).
 */
#ifndef TULIP_LOOP_STREAM_H
#define TULIP_LOOP_STREAM_H

#include "loop/watch.h"

#define STREAM_READ_SIZE (256 * 1024) /* the most that is read at once */

typedef struct Stream {
    Object header;
    Value loop, protocol, sock, server; /* VALUE_NONE when it is closed */
    Value extra;                        /* the dict of get_extra_info() */
    Value empty_waiter;                 /* a future that sendfile() waits for, or VALUE_NONE */
    uint8_t *out; /* written, not yet taken by the system: [out_start, out_end) */
    size_t out_start, out_end, out_capacity;
    size_t high, low; /* of the write buffer: pause_writing(), resume_writing() */
    int fd;
    uint32_t lost;
    bool closing, ended, paused, protocol_paused;
    bool connected; /* connection_made() has been or will be called, so connection_lost() is due */
    bool buffered;  /* the protocol has get_buffer() */
} Stream;

#define STREAM(v) ((Stream *)(uintptr_t)(v))

/* ---- loop/stream.c ---- */

/* The loop's watch found the descriptor ready. False: an exception leaves the loop. */
bool stream_ready(Thread *t, Value self, int64_t side) MUST_CHECK;
/* transport.write(): bytes or bytearray. False: raised. */
bool stream_write(Thread *t, Value self, Value data) MUST_CHECK;
/* From now on reads; not when it is closing. False: raised. */
bool stream_start_reading(Thread *t, Value self) MUST_CHECK;
void stream_stop_reading(Thread *t, Stream *stream);
/* transport.close() and write_eof(). False: raised. */
bool stream_close(Thread *t, Value self) MUST_CHECK;
bool stream_write_eof(Thread *t, Value self) MUST_CHECK;
/* It is lost because of [exception] (VALUE_NONE: somebody wanted it so); what is buffered is
 * dropped. False: raised. */
bool stream_force_close(Thread *t, Value self, Value exception) MUST_CHECK;
/* The same after telling the loop's exception handler, unless it is an OSError. */
bool stream_fatal(Thread *t, Value self, Value exception, const char *message) MUST_CHECK;
/* Tell the protocol and close the socket: the entry that stream_force_close queued. False: the
 * protocol raised. */
bool stream_lose(Thread *t, Value self, Value exception) MUST_CHECK;
/* The loop is closed: so are the sockets of its streams, and nobody is told, nor of errors. How
 * many there were. */
uint32_t stream_abandon_all(Thread *t, Loop *loop);
static inline size_t stream_buffered(const Stream *stream) {
    return stream->out_end - stream->out_start;
}
/* pause_writing(), if there is more than the limit. False: an exception leaves. */
bool stream_maybe_pause(Thread *t, Value self) MUST_CHECK;

/* ---- loop/stream_class.c ---- */

/* The class _SelectorTransport, when its module is imported. */
void stream_class_install(Thread *t);

#endif
