/* SPDX-License-Identifier: MIT */
/*
 * _ssl.MemoryBIO: bytes on their way to or from a connection; and _ssl.SSLSession.
 *
 * Read next: stdlib/ssl_connection.c.
 */
#include <limits.h>
#include <string.h>

#include "stdlib/openssl.h"
#include "vm/bytes.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- MemoryBIO ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    const OpenSsl *ssl = openssl_of(t);
    (void)args;
    if (argc || kwnames) {
        if (cls == stdlib_of(t)->classes[CLASS_MEMORY_BIO])
            return raise_error(t, EXC_TypeError, "MemoryBIO() takes no %s arguments",
                               argc ? "positional" : "keyword");
    }
    MemoryBio *m = object_new(t, cls, 0);
    m->ssl = ssl;
    m->release = ssl->BIO_free;
    m->bio = ssl->BIO_new(ssl->BIO_s_mem());
    if (!m->bio) return openssl_fail(t, 0);
    ssl->BIO_ctrl(m->bio, BIO_EOF_RETURN, -1, NULL);
    return object_value(m);
}

static Value memory_read(Thread *t, Value *args) {
    MemoryBio *m = MEMORY_BIO(args[0]);
    int64_t wanted;
    if (!arg_int32(t, args[1], &wanted)) return VALUE_ERROR;
    size_t pending = m->ssl->BIO_ctrl_pending(m->bio);
    if (pending > INT_MAX) pending = INT_MAX;
    if (wanted < 0 || (size_t)wanted > pending) wanted = (int64_t)pending;
    Bytes *out = bytes_allocate(t, (size_t)wanted);
    if (!wanted) return object_value(out);
    if (m->ssl->BIO_read(m->bio, out->data, (int)wanted) != wanted) return openssl_fail(t, 4793);
    return object_value(out);
}

static Value memory_write(Thread *t, Value *args) {
    MemoryBio *m = MEMORY_BIO(args[0]);
    const uint8_t *data;
    size_t size;
    if (!arg_bytes(t, args[1], &data, &size)) return VALUE_ERROR;
    if (size > INT_MAX)
        return raise_error(t, EXC_OverflowError, "string longer than %d bytes", INT_MAX);
    if (m->ended) return openssl_fail_with(t, -1, "cannot write() after write_eof()", 0);
    int written = size ? m->ssl->BIO_write(m->bio, data, (int)size) : 0;
    return written < 0 ? openssl_fail(t, 4830) : fixnum(written);
}

static Value memory_end(Thread *t, Value *args) {
    MemoryBio *m = MEMORY_BIO(args[0]);
    (void)t;
    m->ended = true;
    m->ssl->BIO_clear_flags(m->bio, BIO_RETRY_FLAGS);
    m->ssl->BIO_ctrl(m->bio, BIO_EOF_RETURN, 0, NULL);
    return VALUE_NONE;
}

static Value get_pending(Thread *t, Value self) {
    MemoryBio *m = MEMORY_BIO(self);
    (void)t;
    return fixnum((int64_t)m->ssl->BIO_ctrl_pending(m->bio));
}

static Value get_eof(Thread *t, Value self) {
    MemoryBio *m = MEMORY_BIO(self);
    (void)t;
    return bool_value(m->ended && !m->ssl->BIO_ctrl_pending(m->bio));
}

static void finalize_memory(Heap *heap, Object *self) {
    MemoryBio *m = (MemoryBio *)self;
    (void)heap;
    if (m->bio) m->release(m->bio);
}

static const NativeDef memory_methods[] = {
    {"read", memory_read, "(self, size=-1, /)", "Up to size bytes, all when it is negative."},
    {"write", memory_write, "(self, b, /)", "Add bytes; returns how many."},
    {"write_eof", memory_end, "(self, /)", "What is in it now is the last: then comes the end."},
    {0},
};
static const FieldDef memory_fields[] = {
    {"pending", get_pending, NULL, "How many bytes are in it."},
    {"eof", get_eof, NULL, "Whether it is empty for good."},
    {0},
};
static const Slots memory_slots = {.construct = construct};
const NativeClass ssl_memory_class = {.kind = OBJ_NATIVE_DATA,
                                      .name = "MemoryBIO",
                                      .slots = &memory_slots,
                                      .methods = memory_methods,
                                      .fields = memory_fields,
                                      .doc = "Bytes between a connection and whoever carries them.",
                                      .size = sizeof(MemoryBio),
                                      .finalize = finalize_memory};

/* ---- SSLSession ---- */

/* Sessions are equal when their names are. */
static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_stdlib_instance(t, a, CLASS_SSL_SESSION) ||
        !is_stdlib_instance(t, b, CLASS_SSL_SESSION) || (op != COMPARE_EQ && op != COMPARE_NE))
        return VALUE_NOTIMPLEMENTED;
    SslSession *x = SSL_SESSION_OF(a), *y = SSL_SESSION_OF(b);
    unsigned x_size, y_size;
    const unsigned char *x_id = x->ssl->SSL_SESSION_get_id(x->session, &x_size);
    const unsigned char *y_id = y->ssl->SSL_SESSION_get_id(y->session, &y_size);
    bool equal = x_size == y_size && !memcmp(x_id, y_id, x_size);
    return bool_value(equal == (op == COMPARE_EQ));
}

static bool hash(Thread *t, Value self, int64_t *out) {
    SslSession *s = SSL_SESSION_OF(self);
    unsigned size;
    const unsigned char *id = s->ssl->SSL_SESSION_get_id(s->session, &size);
    *out = (int64_t)(hash_bytes(t->vm, id, size) >> 1);
    return true;
}

static Value get_id(Thread *t, Value self) {
    SslSession *s = SSL_SESSION_OF(self);
    unsigned size;
    const unsigned char *id = s->ssl->SSL_SESSION_get_id(s->session, &size);
    return object_value(bytes_new(t, id, size));
}
static Value get_time(Thread *t, Value self) {
    return (void)t,
           fixnum(SSL_SESSION_OF(self)->ssl->SSL_SESSION_get_time(SSL_SESSION_OF(self)->session));
}
static Value get_timeout(Thread *t, Value self) {
    return (void)t, fixnum(SSL_SESSION_OF(self)->ssl->SSL_SESSION_get_timeout(
                        SSL_SESSION_OF(self)->session));
}
static Value get_has_ticket(Thread *t, Value self) {
    SslSession *s = SSL_SESSION_OF(self);
    return (void)t, bool_value(s->ssl->SSL_SESSION_has_ticket(s->session));
}
static Value get_hint(Thread *t, Value self) {
    SslSession *s = SSL_SESSION_OF(self);
    return (void)t, fixnum((int64_t)s->ssl->SSL_SESSION_get_ticket_lifetime_hint(s->session));
}

static Value refuse(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls, (void)args, (void)argc, (void)kwnames;
    return raise_error(t, EXC_TypeError, "cannot create '_ssl.SSLSession' instances");
}

static void trace_session(Heap *heap, Object *self) {
    heap_shade(heap, ((SslSession *)self)->context);
}
static void finalize_session(Heap *heap, Object *self) {
    SslSession *s = (SslSession *)self;
    (void)heap;
    if (s->session) s->release(s->session);
}

static const FieldDef session_fields[] = {
    {"id", get_id, NULL, "Its name, bytes."},
    {"time", get_time, NULL, "When it began, seconds since 1970."},
    {"timeout", get_timeout, NULL, "How long it may be taken up, seconds."},
    {"has_ticket", get_has_ticket, NULL, "Whether the server gave a ticket."},
    {"ticket_lifetime_hint", get_hint, NULL, "How long the ticket lives, seconds."},
    {0},
};
static const Slots session_slots = {.construct = refuse, .compare = compare, .hash = hash};
const NativeClass ssl_session_class = {.kind = OBJ_NATIVE_DATA,
                                       .name = "SSLSession",
                                       .slots = &session_slots,
                                       .fields = session_fields,
                                       .doc = "A connection that can be taken up again.",
                                       .size = sizeof(SslSession),
                                       .trace = trace_session,
                                       .finalize = finalize_session};
