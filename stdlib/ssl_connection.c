/* SPDX-License-Identifier: MIT */
/*
 * _ssl._SSLSocket: one connection, between the MemoryBIO it reads and the one it writes.
 *
 * Every call does what can be done with the bytes at hand; SSLWantReadError says that more must
 * come. Read next: stdlib/ssl.tul.
 */
#include <arpa/inet.h>
#include <limits.h>
#include <string.h>

#include "stdlib/openssl.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

/* The line of CPython's module _ssl that the messages of each call end in. */
enum {
    PLACE_SERVER = 788,
    PLACE_CLIENT = 795,
    PLACE_HANDSHAKE = 992,
    PLACE_WRITE = 2393,
    PLACE_READ = 2546,
    PLACE_SHUTDOWN = 2672
};
enum { PROTOCOL_CLIENT = 16, PROTOCOL_SERVER = 17, ALERT_HANDSHAKE = 40, ALERT_INTERNAL = 80 };

Value certificate_bytes(Thread *t, const OpenSsl *ssl, X509 *x) {
    unsigned char *der = NULL;
    int size = ssl->i2d_X509(x, &der);
    if (size < 0) return openssl_fail(t, 1650);
    Value bytes = object_value(bytes_new(t, der, (size_t)size));
    ssl->CRYPTO_free(der, "", 0);
    return bytes;
}

Value cipher_tuple(Thread *t, const OpenSsl *ssl, const SSL_CIPHER *cipher) {
    if (!cipher) return VALUE_NONE;
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(str_from(t, ssl->SSL_CIPHER_get_name(cipher)));
    roots[1] = object_value(str_from(t, ssl->SSL_CIPHER_get_version(cipher)));
    roots[2] = fixnum(ssl->SSL_CIPHER_get_bits(cipher, NULL));
    Value v = object_value(tuple_from(t, roots, 3));
    pop_roots(t, roots);
    return v;
}

/* ---- construction ---- */

/* Which name the peer's certificate must carry. [name] is NUL-terminated. */
static bool expect_host(Thread *t, SslConnection *c, const char *name, size_t size) {
    const OpenSsl *ssl = c->ssl;
    unsigned char address[16];
    X509_VERIFY_PARAM *param = ssl->SSL_get0_param(c->connection);
    bool v4 = inet_pton(AF_INET, name, address) == 1;
    bool is_address = v4 || inet_pton(AF_INET6, name, address) == 1;
    if (!is_address && !ssl->SSL_ctrl(c->connection, CTRL_HOST_NAME, 0, (void *)name))
        return openssl_fail(t, 830), false;
    if (!SSL_CONTEXT(c->context)->check_hostname) return true;
    int ok = is_address ? ssl->X509_VERIFY_PARAM_set1_ip(param, address, v4 ? 4 : 16)
                        : ssl->X509_VERIFY_PARAM_set1_host(param, name, size);
    if (!ok) openssl_fail(t, 850);
    return ok;
}

static void prepare_post_handshake(SslConnection *c) {
    const OpenSsl *ssl = c->ssl;
    if (!SSL_CONTEXT(c->context)->post_handshake) return;
    if (!c->server_side) {
        ssl->SSL_set_post_handshake_auth(c->connection, 1);
        return;
    }
    int mode = ssl->SSL_get_verify_mode(c->connection);
    if (mode & VERIFY_PEER) ssl->SSL_set_verify(c->connection, mode | VERIFY_POST_HANDSHAKE, NULL);
}

static bool right_side(Thread *t, const SslContext *context, bool server_side) {
    if (server_side && context->protocol == PROTOCOL_CLIENT)
        openssl_fail_with(t, 0, "Cannot create a server socket with a PROTOCOL_TLS_CLIENT context",
                          PLACE_SERVER);
    else if (!server_side && context->protocol == PROTOCOL_SERVER)
        openssl_fail_with(t, 0, "Cannot create a client socket with a PROTOCOL_TLS_SERVER context",
                          PLACE_CLIENT);
    else return true;
    return false;
}

/* args: context, incoming, outgoing, server_side, server_hostname (ASCII str or None), owner. */
static Value connection_new(Thread *t, Value *args) {
    static const char *const names[] = {"incoming", "outgoing"};
    for (int i = 0; i < 2; i++) {
        if (!is_stdlib_instance(t, args[i + 1], CLASS_MEMORY_BIO))
            return raise_error(t, EXC_TypeError,
                               "_wrap_bio() argument '%s' must be _ssl.MemoryBIO, not %T", names[i],
                               args[i + 1]);
    }
    SslContext *context = SSL_CONTEXT(args[0]);
    const OpenSsl *ssl = context->ssl;
    bool server_side = args[3] == VALUE_TRUE;
    if (!right_side(t, context, server_side)) return VALUE_ERROR;
    Value *roots = push_roots(t, 1);
    SslConnection *c = object_new(t, stdlib_of(t)->classes[CLASS_SSL_CONNECTION], 0);
    roots[0] = object_value(c);
    c->ssl = ssl;
    c->release = ssl->SSL_free;
    c->context = args[0];
    c->owner = args[5];
    c->server_hostname = args[4];
    c->hello_name = VALUE_NONE;
    c->server_side = server_side;
    ssl->ERR_clear_error();
    c->connection = ssl->SSL_new(context->ctx);
    if (!c->connection) return openssl_fail(t, 816);
    ssl->SSL_set_ex_data(c->connection, 0, c);
    BIO *in = MEMORY_BIO(args[1])->bio, *out = MEMORY_BIO(args[2])->bio;
    ssl->BIO_up_ref(in);
    ssl->BIO_up_ref(out);
    ssl->SSL_set_bio(c->connection, in, out);
    ssl->SSL_ctrl(c->connection, CTRL_MODE, MODE_MOVING_WRITE_BUFFER | MODE_AUTO_RETRY, NULL);
    prepare_post_handshake(c);
    if (args[4] != VALUE_NONE) {
        Str *name = str_terminated(t, STR(args[4]));
        if (!expect_host(t, c, name->data, name->size)) return VALUE_ERROR;
    }
    if (server_side) ssl->SSL_set_accept_state(c->connection);
    else ssl->SSL_set_connect_state(c->connection);
    return object_value(c);
}

/* ---- the handshake ---- */

/* What the sni_callback's result, or the exception it raised, means for the client. */
static int alert_of(Thread *t, Value result, Value callback) {
    if (result == VALUE_ERROR) {
        exception_report_unraisable(t, "Exception ignored in: ", callback);
        return ALERT_HANDSHAKE;
    }
    if (result == VALUE_NONE) return -1;
    int64_t alert;
    if (arg_int32(t, result, &alert)) return (int)(alert & 0xff);
    exception_report_unraisable(t, "Exception ignored in: ", result);
    return ALERT_INTERNAL;
}

/* Ask the context's sni_callback about the name the client wants. */
static void answer_hello(Thread *t, SslConnection *c) {
    Value *roots = push_roots(t, 5);
    roots[0] = c->owner;
    roots[1] = c->hello_name;
    roots[2] = roots[4] = c->context;
    roots[3] = SSL_CONTEXT(c->context)->sni_callback;
    c->alert = alert_of(t, call_value(t, roots[3], roots, 3), roots[3]);
    c->hello = HELLO_ANSWERED;
    if (c->alert >= 0 && c->context != roots[4]) {
        c->ssl->SSL_set_SSL_CTX(c->connection, SSL_CONTEXT(roots[4])->ctx);
        heap_set(&t->vm->heap, &c->context, roots[4]);
    }
    pop_roots(t, roots);
}

static Value do_handshake(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    for (;;) {
        c->ssl->ERR_clear_error();
        c->running = t;
        int result = c->ssl->SSL_do_handshake(c->connection);
        c->running = NULL;
        if (result == 1) return VALUE_NONE;
        if (c->hello != HELLO_ASKED) return openssl_fail_connection(t, c, result, PLACE_HANDSHAKE);
        answer_hello(t, c);
    }
}

/* Reading and writing shake hands first when nobody did; a name the client asks for then finds the
 * callback in do_handshake. */
static bool ready(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    if (!c->server_side || SSL_CONTEXT(c->context)->sni_callback == VALUE_NONE ||
        c->ssl->SSL_is_init_finished(c->connection) || c->hello == HELLO_ANSWERED)
        return true;
    return do_handshake(t, args) != VALUE_ERROR;
}

/* ---- reading and writing ---- */

enum { RECEIVED_SHUTDOWN = 2 };

static Value connection_read(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    int64_t size;
    if (!arg_int32(t, args[1], &size)) return VALUE_ERROR;
    if (size < 0) return raise_error(t, EXC_ValueError, "size should not be negative");
    if (!size) return object_value(t->vm->empty_bytes);
    if (!ready(t, args)) return VALUE_ERROR;
    Buffer out = {0};
    size_t count = 0;
    c->ssl->ERR_clear_error();
    c->running = t;
    int result = c->ssl->SSL_read_ex(c->connection, buffer_reserve(&out, (size_t)size),
                                     (size_t)size, &count);
    c->running = NULL;
    Value v = result ? object_value(bytes_new(t, out.data, count)) : VALUE_ERROR;
    buffer_free(&out);
    if (result) return v;
    if (c->ssl->SSL_get_error(c->connection, result) == SSL_ZERO_RETURN &&
        c->ssl->SSL_get_shutdown(c->connection) == RECEIVED_SHUTDOWN)
        return object_value(t->vm->empty_bytes);
    return openssl_fail_connection(t, c, result, PLACE_READ);
}

static Value connection_write(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    const uint8_t *data;
    size_t size, count = 0;
    if (!arg_bytes(t, args[1], &data, &size) || !ready(t, args)) return VALUE_ERROR;
    if (!arg_bytes(t, args[1], &data, &size)) return VALUE_ERROR;
    if (size > INT_MAX)
        return raise_error(t, EXC_OverflowError, "string longer than %d bytes", INT_MAX);
    c->ssl->ERR_clear_error();
    c->running = t;
    int result = c->ssl->SSL_write_ex(c->connection, data, size, &count);
    c->running = NULL;
    if (result) return fixnum((int64_t)count);
    return openssl_fail_connection(t, c, result, PLACE_WRITE);
}

static Value connection_shutdown(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    c->ssl->ERR_clear_error();
    int result = c->ssl->SSL_shutdown(c->connection);
    if (!result) result = c->ssl->SSL_shutdown(c->connection);
    if (result >= 0) return VALUE_NONE;
    return openssl_fail_connection(t, c, result, PLACE_SHUTDOWN);
}

static Value verify_post_handshake(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    c->ssl->ERR_clear_error();
    if (c->ssl->SSL_verify_client_post_handshake(c->connection) == 1) return VALUE_NONE;
    return openssl_fail(t, 2770);
}

/* ---- what is known of it ---- */

static Value peer_certificate(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    if (!c->ssl->SSL_is_init_finished(c->connection))
        return raise_error(t, EXC_ValueError, "handshake not done yet");
    X509 *x = c->ssl->SSL_get1_peer_certificate(c->connection);
    if (!x) return VALUE_NONE;
    Value v = certificate_bytes(t, c->ssl, x);
    c->ssl->X509_free(x);
    return v;
}

static Value connection_cipher(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    return cipher_tuple(t, c->ssl, c->ssl->SSL_get_current_cipher(c->connection));
}

static Value shared_ciphers(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    Stack *ciphers = c->ssl->SSL_get_ciphers(c->connection);
    if (!ciphers) return VALUE_NONE;
    Value *roots = push_roots(t, 1);
    int count = c->ssl->OPENSSL_sk_num(ciphers);
    List *list = list_new(t, (size_t)count);
    roots[0] = object_value(list);
    for (int i = 0; i < count; i++) {
        if (!list_append(t, list, cipher_tuple(t, c->ssl, c->ssl->OPENSSL_sk_value(ciphers, i))))
            return VALUE_ERROR;
    }
    return object_value(list);
}

static Value connection_version(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    if (!c->ssl->SSL_is_init_finished(c->connection)) return VALUE_NONE;
    return object_value(str_from(t, c->ssl->SSL_get_version(c->connection)));
}

static Value selected_alpn(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    const unsigned char *name;
    unsigned size;
    c->ssl->SSL_get0_alpn_selected(c->connection, &name, &size);
    return name ? object_value(str_new(t, (const char *)name, size)) : VALUE_NONE;
}

static Value connection_pending(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    (void)t;
    return fixnum(c->ssl->SSL_pending(c->connection));
}

/* The bytes that bind something to this very connection (tls-unique), or None. */
static Value finished_bytes(Thread *t, Value *args) {
    SslConnection *c = SSL_CONNECTION(args[0]);
    unsigned char out[128];
    bool own = (c->ssl->SSL_session_reused(c->connection) != 0) != !c->server_side;
    size_t size = own ? c->ssl->SSL_get_finished(c->connection, out, sizeof out)
                      : c->ssl->SSL_get_peer_finished(c->connection, out, sizeof out);
    return size ? object_value(bytes_new(t, out, size)) : VALUE_NONE;
}

/* ---- sessions and other fields ---- */

static Value get_session(Thread *t, Value self) {
    SslConnection *c = SSL_CONNECTION(self);
    SSL_SESSION *session = c->ssl->SSL_get1_session(c->connection);
    if (!session) return VALUE_NONE;
    SslSession *s = object_new(t, stdlib_of(t)->classes[CLASS_SSL_SESSION], 0);
    s->session = session;
    s->release = c->ssl->SSL_SESSION_free;
    s->ssl = c->ssl;
    s->context = c->context;
    return object_value(s);
}

static bool set_session(Thread *t, Value self, Value v) {
    SslConnection *c = SSL_CONNECTION(self);
    const char *refused = NULL;
    if (!is_stdlib_instance(t, v, CLASS_SSL_SESSION)) {
        raise_error(t, EXC_TypeError, "Value is not a SSLSession.");
        return false;
    }
    if (SSL_SESSION_OF(v)->context != c->context)
        refused = "Session refers to a different SSLContext.";
    else if (c->server_side) refused = "Cannot set session for server-side SSLSocket.";
    else if (c->ssl->SSL_is_init_finished(c->connection))
        refused = "Cannot set session after handshake.";
    if (refused) {
        raise_error(t, EXC_ValueError, "%s", refused);
        return false;
    }
    if (c->ssl->SSL_set_session(c->connection, SSL_SESSION_OF(v)->session)) return true;
    openssl_fail(t, 2900);
    return false;
}

static Value get_reused(Thread *t, Value self) {
    SslConnection *c = SSL_CONNECTION(self);
    return (void)t, bool_value(c->ssl->SSL_session_reused(c->connection) != 0);
}

static Value get_context(Thread *t, Value self) { return (void)t, SSL_CONNECTION(self)->context; }
static bool set_context(Thread *t, Value self, Value v) {
    SslConnection *c = SSL_CONNECTION(self);
    if (!is_stdlib_instance(t, v, CLASS_SSL_CONTEXT)) {
        raise_error(t, EXC_TypeError, "The value must be a SSLContext");
        return false;
    }
    heap_set(&t->vm->heap, &c->context, v);
    c->ssl->SSL_set_SSL_CTX(c->connection, SSL_CONTEXT(v)->ctx);
    return true;
}

static Value get_owner(Thread *t, Value self) { return (void)t, SSL_CONNECTION(self)->owner; }
static Value get_server_side(Thread *t, Value self) {
    return (void)t, bool_value(SSL_CONNECTION(self)->server_side);
}
static Value get_server_hostname(Thread *t, Value self) {
    return (void)t, SSL_CONNECTION(self)->server_hostname;
}
static Value get_finished(Thread *t, Value self) {
    SslConnection *c = SSL_CONNECTION(self);
    return (void)t, bool_value(c->ssl->SSL_is_init_finished(c->connection) != 0);
}

static void trace(Heap *heap, Object *self) {
    SslConnection *c = (SslConnection *)self;
    heap_shade(heap, c->context);
    heap_shade(heap, c->owner);
    heap_shade(heap, c->server_hostname);
    heap_shade(heap, c->hello_name);
}
static void finalize(Heap *heap, Object *self) {
    SslConnection *c = (SslConnection *)self;
    (void)heap;
    if (c->connection) c->release(c->connection);
}

static const NativeDef methods[] = {
    {"do_handshake", do_handshake, "(self, /)", "Shake hands, as far as the bytes go."},
    {"read", connection_read, "(self, size, /)", "Up to size bytes; none: the peer has ended."},
    {"write", connection_write, "(self, b, /)", "Send bytes; returns how many."},
    {"shutdown", connection_shutdown, "(self, /)", "Tell the peer that this is the end."},
    {"verify_client_post_handshake", verify_post_handshake, "(self, /)",
     "Ask the client for its certificate."},
    {"peer_certificate", peer_certificate, "(self, /)", "The peer's certificate: DER, or None."},
    {"cipher", connection_cipher, "(self, /)", "(name, protocol, bits) of what is used."},
    {"shared_ciphers", shared_ciphers, "(self, /)", "The ciphers that both sides know."},
    {"version", connection_version, "(self, /)", "The protocol in use, or None."},
    {"selected_alpn_protocol", selected_alpn, "(self, /)", "The protocol agreed on, or None."},
    {"pending", connection_pending, "(self, /)", "How many bytes can be read at once."},
    {"finished_bytes", finished_bytes, "(self, /)", "What binds something to this connection."},
    {0},
};
static const FieldDef fields[] = {
    {"session", get_session, set_session, "What allows it to be taken up again."},
    {"session_reused", get_reused, NULL, "Whether it took up another one."},
    {"context", get_context, set_context, "Its SSLContext."},
    {"owner", get_owner, NULL, "The SSLObject or SSLSocket it belongs to."},
    {"server_side", get_server_side, NULL, "Whether it is the server's end."},
    {"server_hostname", get_server_hostname, NULL, "The name the server must have, or None."},
    {"finished", get_finished, NULL, "Whether the handshake is over."},
    {0},
};

/* args as connection_new's: its one caller is ssl.tul. */
static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    if (argc != 6 || kwnames || !is_stdlib_instance(t, args[0], CLASS_SSL_CONTEXT) ||
        !(args[4] == VALUE_NONE || is_str(args[4])))
        return raise_error(t, EXC_TypeError, "cannot create '_ssl._SSLSocket' instances");
    Value *roots = push_roots(t, 6);
    memcpy(roots, args, 6 * sizeof *args);
    return connection_new(t, roots);
}

static const Slots slots = {.construct = construct};
const NativeClass ssl_connection_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "_SSLSocket",
                                          .slots = &slots,
                                          .methods = methods,
                                          .fields = fields,
                                          .doc = "One connection.",
                                          .size = sizeof(SslConnection),
                                          .trace = trace,
                                          .finalize = finalize};
