/* SPDX-License-Identifier: MIT */
/*
 * _http.Parser: the bytes of a connection in, messages out.
 *
 * feed() returns what the bytes complete, in order:
 *
 *     Message     a head; if it is `complete`, its body is all there and nothing follows
 *     bytes       more of the body of the last message
 *     None        the end of that message
 *
 * When something is wrong, `error` becomes (status, text), what was right before is still
 * returned, and all further bytes are ignored; so are those behind a message that ends its
 * connection. llhttp is stopped at the end of each message, so that each head can be scanned first.
 *
 * Read next: stdlib/http_scan.c, stdlib/http_message.c.
 */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "stdlib/http_native.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/str.h"

enum { LINE_LIMIT = 8190, FIELD_LIMIT = 8190, FIELDS_LIMIT = 100, HEAD_LIMIT = 65536 };

/* ---- what llhttp tells ---- */

static HttpParser *parser_of(llhttp_t *llhttp) { return llhttp->data; }

static bool has_no_body(int status) { return status / 100 == 1 || status == 204 || status == 304; }

static int on_headers_complete(llhttp_t *llhttp) {
    HttpParser *p = parser_of(llhttp);
    HttpMessage *message = p->message;
    message->keep_alive = llhttp_should_keep_alive(llhttp) && llhttp->method != HTTP_CONNECT;
    message->chunked = llhttp->flags & F_CHUNKED;
    if (llhttp->flags & F_CONTENT_LENGTH) message->length = (int64_t)llhttp->content_length;
    llhttp->upgrade = 0; /* nothing but HTTP/1 is spoken here: the request is answered in it */
    if (p->is_request || !(p->skip_body || has_no_body(message->status))) return 0;
    llhttp->flags |= F_SKIPBODY;
    p->switched = message->status == 101;
    message->keep_alive = message->status != 101 && llhttp_should_keep_alive(llhttp);
    return 1;
}

static int on_body(llhttp_t *llhttp, const char *data, size_t size) {
    buffer_append(&parser_of(llhttp)->body, data, size);
    return 0;
}

static int on_message_complete(llhttp_t *llhttp) {
    HttpParser *p = parser_of(llhttp);
    p->state = p->message->keep_alive ? HTTP_IN_HEAD : HTTP_DONE;
    p->message->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* ---- giving out ---- */

static void fail(Thread *t, HttpParser *p, int status, const char *text) {
    Value pair[2] = {fixnum(status), object_value(str_from(t, text))};
    heap_set(&t->vm->heap, &p->error, object_value(tuple_from(t, pair, 2)));
    p->state = HTTP_DONE;
}

static bool give(Thread *t, HttpParser *p, Value v) { return list_append(t, p->events, v); }

static Value take_body(Thread *t, HttpParser *p) {
    Bytes *bytes = p->body.size ? bytes_new(t, p->body.data, p->body.size) : t->vm->empty_bytes;
    p->body.size = 0;
    if (p->body.capacity > 65536) buffer_free(&p->body);
    return object_value(bytes);
}

/* Give out what is new of the message under way. False: MemoryError. */
static bool flush(Thread *t, HttpParser *p) {
    HttpMessage *message = p->message;
    if (!message) return true;
    if (!p->given) {
        p->given = true;
        heap_set(&t->vm->heap, &message->body, take_body(t, p));
    } else {
        if (p->body.size && !give(t, p, take_body(t, p))) return false;
        if (message->complete && !give(t, p, VALUE_NONE)) return false;
    }
    if (message->complete) {
        heap_forget(&t->vm->heap, object_value(message));
        p->message = NULL;
    }
    return true;
}

/* ---- taking in ---- */

static void execute(Thread *t, HttpParser *p, const char *data, size_t size, size_t *used) {
    llhttp_errno_t code = llhttp_execute(&p->llhttp, data, size);
    *used = size;
    if (code == HPE_OK) return;
    if (code == HPE_PAUSED) {
        *used = (size_t)(llhttp_get_error_pos(&p->llhttp) - data);
        llhttp_resume(&p->llhttp);
        return;
    }
    fail(t, p, 400, llhttp_get_error_reason(&p->llhttp));
}

/* A whole head. False: MemoryError. */
static bool take_head(Thread *t, HttpParser *p, const char *data, size_t size) {
    HttpHead head = {.fields = memory_alloc(p->limits.fields * sizeof(HttpField))};
    http_scan_head(data, size, p->is_request, &p->limits, &head);
    HttpMessage *message =
        head.error ? NULL : http_message_new(t, data, size, &head, p->is_request);
    free(head.fields);
    if (!message) {
        fail(t, p, head.error, head.problem);
        return true;
    }
    p->message = message;
    p->given = false;
    p->state = HTTP_IN_BODY;
    p->chunks = (HttpChunks){0};
    size_t used;
    execute(t, p, data, size, &used);
    if (p->error != VALUE_NONE) {
        p->message = NULL;
        return true;
    }
    if (!give(t, p, object_value(message))) return false;
    return !message->complete || flush(t, p);
}

/* [*at] moves behind what was understood. False: MemoryError. */
static bool take_body_bytes(Thread *t, HttpParser *p, const char *data, size_t size, size_t *at) {
    size_t wanted = size - *at, used;
    const char *problem = NULL;
    if (p->message->chunked)
        problem = http_scan_chunks(&p->chunks, data + *at, wanted, p->limits.head, &wanted);
    if (problem) {
        fail(t, p, 400, problem);
        return true;
    }
    execute(t, p, data + *at, wanted, &used);
    *at += used;
    if (p->error == VALUE_NONE && p->message->chunked &&
        (p->chunks.state == CHUNK_END) != p->message->complete) {
        fail(t, p, 400, "Bad chunks");
        return true;
    }
    return !p->message->complete || flush(t, p);
}

/* A head, if it is whole; [*at] moves behind it. [*more]: it is not. False: MemoryError. */
static bool take_head_bytes(Thread *t, HttpParser *p, const char *data, size_t size, size_t *at,
                            bool *more) {
    while (size - *at >= 2 && data[*at] == '\r' && data[*at + 1] == '\n') *at += 2;
    size_t from = p->scanned;
    p->scanned = 0;
    size_t head = http_head_size(data + *at, size - *at, from < size - *at ? from : 0);
    if (head && head <= p->limits.head) {
        bool ok = take_head(t, p, data + *at, head);
        *at += head;
        return ok;
    }
    HttpHead beginning = {0};
    if (size > *at)
        http_scan_beginning(data + *at, head ? head : size - *at, p->is_request, &p->limits,
                            &beginning);
    if (beginning.error) {
        fail(t, p, beginning.error, beginning.problem);
        return true;
    }
    *more = true;
    p->scanned = size - *at > 3 ? size - *at - 3 : 0;
    return true;
}

static bool take_all(Thread *t, HttpParser *p, const char *data, size_t size, size_t *at) {
    bool more = false, ok = true;
    while (ok && *at < size && !more && p->state != HTTP_DONE) {
        if (p->state == HTTP_IN_BODY) ok = take_body_bytes(t, p, data, size, at);
        else ok = take_head_bytes(t, p, data, size, at, &more);
    }
    return ok && flush(t, p);
}

/* Keep what is left of [data], the beginning of a head, for the next time. */
static void keep(HttpParser *p, Buffer *joined, const char *data, size_t size) {
    if (p->state == HTTP_DONE && !p->switched) size = 0;
    if (joined->data && size) {
        memmove(joined->data, data, size);
        joined->size = size;
        p->pending = *joined;
        return;
    }
    if (size) buffer_append(&p->pending, data, size);
    buffer_free(joined);
}

static Value feed(Thread *t, Value *args) {
    HttpParser *p = HTTP_PARSER(args[0]);
    const uint8_t *bytes;
    size_t size, at = 0;
    if (!arg_bytes(t, args[1], &bytes, &size)) return VALUE_ERROR;
    const char *data = (const char *)bytes;
    List *events = p->events = list_new(t, 1);
    Buffer joined = p->pending;
    p->pending = (Buffer){0};
    if (joined.size) {
        buffer_append(&joined, data, size);
        data = joined.data;
        size = joined.size;
    }
    bool ok = take_all(t, p, data, size, &at);
    keep(p, &joined, data + at, size - at);
    p->events = NULL;
    return ok ? object_value(events) : VALUE_ERROR;
}

static Value feed_eof(Thread *t, Value *args) {
    HttpParser *p = HTTP_PARSER(args[0]);
    List *events = p->events = list_new(t, 1);
    bool ok = true;
    if (p->state == HTTP_IN_BODY) {
        llhttp_errno_t code = llhttp_finish(&p->llhttp);
        if (code == HPE_PAUSED) llhttp_resume(&p->llhttp);
        if (p->message->complete) ok = flush(t, p);
        else fail(t, p, 400, "The connection was closed in the middle of a body");
    } else if (p->state == HTTP_IN_HEAD && p->pending.size) {
        fail(t, p, 400, "The connection was closed in the middle of a head");
    }
    p->state = HTTP_DONE;
    p->events = NULL;
    return ok ? object_value(events) : VALUE_ERROR;
}

static Value rest(Thread *t, Value *args) {
    HttpParser *p = HTTP_PARSER(args[0]);
    if (p->state != HTTP_DONE || !p->pending.size) return object_value(t->vm->empty_bytes);
    Bytes *bytes = bytes_new(t, p->pending.data, p->pending.size);
    buffer_free(&p->pending);
    return object_value(bytes);
}

/* ---- the object ---- */

static bool limit(Thread *t, Value v, uint32_t *out) {
    int64_t n;
    if (!arg_int64(t, v, &n)) return false;
    if (n < 1 || n > (1 << 30)) {
        raise_error(t, EXC_ValueError, "a limit must be from 1 to 2**30");
        return false;
    }
    *out = (uint32_t)n;
    return true;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *v = push_roots(t, 5);
    if (!bind_raw(t, "Parser",
                  "(response=False, max_line_size=8190, max_field_size=8190, max_headers=100, "
                  "max_head_size=65536)",
                  v, args, argc, kwnames))
        return VALUE_ERROR;
    HttpLimits limits = {LINE_LIMIT, FIELDS_LIMIT, FIELD_LIMIT, HEAD_LIMIT};
    if (!limit(t, v[1], &limits.line) || !limit(t, v[2], &limits.field) ||
        !limit(t, v[3], &limits.fields) || !limit(t, v[4], &limits.head))
        return VALUE_ERROR;
    if (limits.fields > 65536) limits.fields = 65536;
    HttpParser *p = object_new(t, cls, 0);
    p->error = VALUE_NONE;
    p->is_request = v[0] != VALUE_TRUE;
    p->limits = limits;
    llhttp_init(&p->llhttp, p->is_request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    p->llhttp.data = p;
    return object_value(p);
}

static void trace(Heap *heap, Object *self) {
    HttpParser *p = (HttpParser *)self;
    if (p->message) heap_shade(heap, object_value(p->message));
    heap_shade(heap, p->error);
}

static void finalize(Heap *heap, Object *self) {
    HttpParser *p = (HttpParser *)self;
    (void)heap;
    buffer_free(&p->pending);
    buffer_free(&p->body);
}

static Value get_error(Thread *t, Value self) {
    (void)t;
    return HTTP_PARSER(self)->error;
}

/* Is it between two messages, with nothing of the next one seen? */
static Value get_idle(Thread *t, Value self) {
    const HttpParser *p = HTTP_PARSER(self);
    (void)t;
    return bool_value(p->state != HTTP_IN_BODY && !p->pending.size);
}

static Value get_closed(Thread *t, Value self) {
    (void)t;
    return bool_value(HTTP_PARSER(self)->state == HTTP_DONE);
}

static Value get_skip_body(Thread *t, Value self) {
    (void)t;
    return bool_value(HTTP_PARSER(self)->skip_body);
}

static bool set_skip_body(Thread *t, Value self, Value v) {
    (void)t;
    HTTP_PARSER(self)->skip_body = v == VALUE_TRUE;
    return true;
}

static const NativeDef methods[] = {
    {"feed", feed, "(self, data, /)",
     "Take bytes; returns the list of what they complete: Message, bytes of its body, None at its "
     "end."},
    {"feed_eof", feed_eof, "(self)", "No more bytes will come; returns as feed()."},
    {"rest", rest, "(self)", "The bytes that came behind a response 101; they are given once."},
    {0},
};
static const FieldDef fields[] = {
    {"error", get_error, NULL, "What is wrong: (status, text), or None."},
    {"idle", get_idle, NULL, "Whether it is between two messages."},
    {"closed", get_closed, NULL, "Whether all further bytes are ignored."},
    {"skip_body", get_skip_body, set_skip_body, "The next responses answer HEAD: without a body."},
    {0},
};
static const Slots slots = {.construct = construct};
const NativeClass http_parser_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "Parser",
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "Takes one direction of an HTTP/1 connection apart.",
    .size = sizeof(HttpParser),
    .trace = trace,
    .finalize = finalize,
};
