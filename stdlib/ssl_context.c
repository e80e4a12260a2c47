/* SPDX-License-Identifier: MIT */
/*
 * _ssl._SSLContext: what connections have in common: versions, certificates, what is trusted.
 *
 * ssl.SSLContext (stdlib/ssl.tul) derives from it and adds what needs no C. Callbacks of OpenSSL
 * never run Tulip code: a password is asked for before it is needed a second time, and a server
 * name stops the handshake until the program has answered (stdlib/ssl_connection.c).
 *
 * Read next: stdlib/ssl_connection.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stdlib/openssl.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

enum {
    PROTOCOL_TLS = 2,
    PROTOCOL_TLS1 = 3,
    PROTOCOL_TLS1_2 = 5,
    PROTOCOL_CLIENT = 16,
    PROTOCOL_SERVER = 17,
    NEVER_CHECK_SUBJECT = 0x20,
    NO_PARTIAL_WILDCARDS = 4,
    TRUSTED_FIRST = 0x8000
};
/* What every context begins with, on top of OpenSSL's own: ALL, IGNORE_UNEXPECTED_EOF,
 * NO_COMPRESSION, CIPHER_SERVER_PREFERENCE, NO_SSLv3. */
#define FIRST_OPTIONS ((uint64_t)0x80000050 | 0x80 | 0x20000 | 0x400000 | 0x2000000)

/* ---- callbacks of OpenSSL ---- */

/* The server's choice among the protocols a client offers. */
static int choose_protocol(SSL *connection, const unsigned char **out, unsigned char *size,
                           const unsigned char *offered, unsigned offered_size, void *context) {
    const SslContext *c = context;
    (void)connection;
    int chosen = c->ssl->SSL_select_next_proto((unsigned char **)out, size, c->alpn,
                                               (unsigned)c->alpn_size, offered, offered_size);
    return chosen == 1 ? 0 : 3;
}

/* The name in a server_name extension of [size] bytes, as a str or None. */
static Value extension_name(Thread *t, const unsigned char *data, size_t size) {
    if (size < 5 || data[2] != 0) return VALUE_NONE;
    size_t length = (size_t)data[3] << 8 | data[4];
    if (length > size - 5 || memchr(data + 5, 0, length)) return VALUE_NONE;
    for (size_t i = 0; i < length; i++) {
        if (data[5 + i] & 0x80) return VALUE_NONE;
    }
    return object_value(str_new(t, (const char *)data + 5, length));
}

enum { HELLO_SUCCESS = 1, HELLO_ERROR = 0, HELLO_RETRY = -1, EXTENSION_SERVER_NAME = 0 };

/* A client has said hello: stop until the context's sni_callback was called. */
static int on_hello(SSL *connection, int *alert, void *context) {
    const OpenSsl *ssl = ((SslContext *)context)->ssl;
    SslConnection *c = ssl->SSL_get_ex_data(connection, 0);
    if (c->hello == HELLO_ANSWERED) {
        if (c->alert < 0) return HELLO_SUCCESS;
        *alert = c->alert;
        return HELLO_ERROR;
    }
    if (((SslContext *)context)->sni_callback == VALUE_NONE) return HELLO_SUCCESS;
    const unsigned char *data;
    size_t size;
    Value name = VALUE_NONE;
    if (ssl->SSL_client_hello_get0_ext(connection, EXTENSION_SERVER_NAME, &data, &size) == 1)
        name = extension_name(c->running, data, size);
    heap_set(&c->running->vm->heap, &c->hello_name, name);
    c->hello = HELLO_ASKED;
    return HELLO_RETRY;
}

/* One line of secrets, for the file that keylog_filename names. OpenSSL gives nothing but the
 * connection, so the function that leads back from it is looked up again. */
static void on_key(const SSL *connection, const char *line) {
    void *(*get)(const SSL *, int);
    if (!library_function(openssl_library(), "SSL_get_ex_data", &get)) return;
    const SslConnection *c = get(connection, 0);
    Value name = SSL_CONTEXT(c->context)->keylog;
    FILE *file = name == VALUE_NONE ? NULL : fopen((const char *)BYTES(name)->data, "a");
    if (!file) return;
    fprintf(file, "%s\n", line);
    fclose(file);
}

/* ---- construction ---- */

static const void *method_of(const OpenSsl *ssl, int protocol) {
    if (protocol == PROTOCOL_CLIENT) return ssl->TLS_client_method();
    return protocol == PROTOCOL_SERVER ? ssl->TLS_server_method() : ssl->TLS_method();
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    const OpenSsl *ssl = openssl_of(t);
    int64_t protocol;
    if (argc != 1 || kwnames)
        return raise_error(t, EXC_TypeError, "_SSLContext() takes exactly one argument (%d given)",
                           argc);
    if (!arg_int32(t, args[0], &protocol)) return VALUE_ERROR;
    if (!(protocol >= PROTOCOL_TLS && protocol <= PROTOCOL_TLS1_2) && protocol != PROTOCOL_CLIENT &&
        protocol != PROTOCOL_SERVER)
        return raise_error(t, EXC_ValueError, "invalid or unsupported protocol version %d",
                           (int)protocol);
    SslContext *c = object_new(t, cls, 0);
    c->ssl = ssl;
    c->release = ssl->SSL_CTX_free;
    c->sni_callback = c->keylog = VALUE_NONE;
    c->protocol = (int)protocol;
    c->host_flags = NO_PARTIAL_WILDCARDS;
    c->ctx = ssl->SSL_CTX_new(method_of(ssl, c->protocol));
    if (!c->ctx) return openssl_fail(t, 3104);
    c->check_hostname = protocol == PROTOCOL_CLIENT;
    ssl->SSL_CTX_set_verify(
        c->ctx, c->check_hostname ? VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT : 0, NULL);
    ssl->SSL_CTX_set_options(c->ctx, FIRST_OPTIONS);
    ssl->SSL_CTX_ctrl(c->ctx, CTRL_MODE, MODE_RELEASE_BUFFERS, NULL);
    ssl->SSL_CTX_set_session_id_context(c->ctx, (const unsigned char *)"Tulip", 5);
    ssl->X509_VERIFY_PARAM_set_flags(ssl->SSL_CTX_get0_param(c->ctx), TRUSTED_FIRST);
    ssl->X509_VERIFY_PARAM_set_hostflags(ssl->SSL_CTX_get0_param(c->ctx), c->host_flags);
    if (protocol >= PROTOCOL_TLS1 && protocol <= PROTOCOL_TLS1_2) {
        long version = 0x301 + (long)protocol - PROTOCOL_TLS1;
        ssl->SSL_CTX_ctrl(c->ctx, CTRL_SET_MIN_VERSION, version, NULL);
        ssl->SSL_CTX_ctrl(c->ctx, CTRL_SET_MAX_VERSION, version, NULL);
    }
    ssl->ERR_clear_error();
    return object_value(c);
}

/* ---- certificates of our own ---- */

typedef struct Password {
    const char *text;
    size_t size;
    bool asked;
} Password;

static int give_password(char *out, int room, int writing, void *context) {
    Password *p = context;
    (void)writing;
    p->asked = true;
    if (!p->text || p->size > (size_t)room) return -1;
    memcpy(out, p->text, p->size);
    return (int)p->size;
}

static bool load_chain(SslContext *c, const char *certificates, const char *key) {
    return c->ssl->SSL_CTX_use_certificate_chain_file(c->ctx, certificates) == 1 &&
           c->ssl->SSL_CTX_use_PrivateKey_file(c->ctx, key, FILETYPE_PEM) == 1 &&
           c->ssl->SSL_CTX_check_private_key(c->ctx) == 1;
}

/* args: self, certfile, keyfile, password (bytes, or None: False is returned when one is needed).
 */
static Value load_cert_chain(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    Value *roots = push_roots(t, 2);
    const char *certificates, *key;
    if (!arg_path(t, args[1], &roots[0], &certificates)) return VALUE_ERROR;
    roots[1] = roots[0];
    key = certificates;
    if (args[2] != VALUE_NONE && !arg_path(t, args[2], &roots[1], &key)) return VALUE_ERROR;
    Password password = {0};
    if (args[3] != VALUE_NONE) {
        password.text = (const char *)BYTES(args[3])->data;
        password.size = BYTES(args[3])->size;
    }
    c->ssl->SSL_CTX_set_default_passwd_cb(c->ctx, give_password);
    c->ssl->SSL_CTX_set_default_passwd_cb_userdata(c->ctx, &password);
    errno = 0;
    bool loaded = load_chain(c, certificates, key);
    int code = errno;
    c->ssl->SSL_CTX_set_default_passwd_cb(c->ctx, NULL);
    c->ssl->SSL_CTX_set_default_passwd_cb_userdata(c->ctx, NULL);
    if (loaded) return VALUE_TRUE;
    if (password.asked && !password.text) {
        c->ssl->ERR_clear_error();
        return VALUE_FALSE;
    }
    if (code && !password.asked) {
        c->ssl->ERR_clear_error();
        return raise_os_error(t, code, VALUE_UNSET);
    }
    return openssl_fail(t, 3895);
}

/* ---- certificates to trust ---- */

static Value load_verify_files(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    Value *roots = push_roots(t, 2);
    const char *file = NULL, *folder = NULL;
    if (args[1] != VALUE_NONE && !arg_path(t, args[1], &roots[0], &file)) return VALUE_ERROR;
    if (args[2] != VALUE_NONE && !arg_path(t, args[2], &roots[1], &folder)) return VALUE_ERROR;
    errno = 0;
    if (c->ssl->SSL_CTX_load_verify_locations(c->ctx, file, folder) == 1) return VALUE_NONE;
    int code = errno;
    if (!code) return openssl_fail(t, 4113);
    c->ssl->ERR_clear_error();
    return raise_os_error(t, code, VALUE_UNSET);
}

enum { REASON_NO_START_LINE = 108, REASON_NOT_ENOUGH_DATA = 142, REASON_PRESENT = 101 };

/* args: self, data (bytes), whether it is PEM. */
static Value load_verify_data(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    const OpenSsl *ssl = c->ssl;
    bool pem = args[2] == VALUE_TRUE;
    Bytes *data = BYTES(args[1]);
    if (data->size > INT32_MAX)
        return raise_error(t, EXC_OverflowError, "Certificate data is too long.");
    X509_STORE *store = ssl->SSL_CTX_get_cert_store(c->ctx);
    BIO *bio = ssl->BIO_new_mem_buf(data->data, (int)data->size);
    int loaded = 0;
    bool ok = bio != NULL;
    while (ok) {
        X509 *x =
            pem ? ssl->PEM_read_bio_X509(bio, NULL, NULL, NULL) : ssl->d2i_X509_bio(bio, NULL);
        if (!x) break;
        ok = ssl->X509_STORE_add_cert(store, x) == 1;
        if (!ok && (ssl->ERR_peek_last_error() & 0x7fffff) == REASON_PRESENT) {
            ssl->ERR_clear_error();
            ok = true;
        }
        ssl->X509_free(x);
        if (ok) loaded++;
    }
    if (bio) ssl->BIO_free(bio);
    unsigned long reason = ssl->ERR_peek_last_error() & 0x7fffff;
    if (ok && !loaded)
        return openssl_fail_with(t, 0,
                                 pem ? "no start line: cadata does not contain a certificate"
                                     : "not enough data: cadata does not contain a certificate",
                                 3989);
    bool at_end = !ssl->ERR_peek_last_error() ||
                  reason == (pem ? REASON_NO_START_LINE : REASON_NOT_ENOUGH_DATA);
    if (!ok || !at_end) return openssl_fail(t, 4011);
    ssl->ERR_clear_error();
    return VALUE_NONE;
}

static Value set_default_verify_paths(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    if (c->ssl->SSL_CTX_set_default_verify_paths(c->ctx) != 1) return openssl_fail(t, 4226);
    c->ssl->ERR_clear_error();
    return VALUE_NONE;
}

/* [(DER bytes, whether it may sign others)] of what is trusted, and how many revocation lists. */
static Value trusted(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    const OpenSsl *ssl = c->ssl;
    Value *roots = push_roots(t, 3);
    Stack *objects = ssl->X509_STORE_get0_objects(ssl->SSL_CTX_get_cert_store(c->ctx));
    List *list = list_new(t, 0);
    roots[0] = object_value(list);
    int lists = 0;
    for (int i = 0; i < ssl->OPENSSL_sk_num(objects); i++) {
        const void *object = ssl->OPENSSL_sk_value(objects, i);
        int type = ssl->X509_OBJECT_get_type(object);
        if (type == 2) lists++;
        if (type != 1) continue;
        X509 *x = ssl->X509_OBJECT_get0_X509(object);
        roots[1] = certificate_bytes(t, ssl, x);
        if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
        roots[2] = bool_value(ssl->X509_check_ca(x) != 0);
        roots[1] = object_value(tuple_from(t, roots + 1, 2));
        if (!list_append(t, list, roots[1])) return VALUE_ERROR;
    }
    roots[1] = fixnum(lists);
    return object_value(tuple_from(t, roots, 2));
}

/* ---- ciphers, groups, protocols ---- */

static Value set_ciphers(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    Str *text;
    if (!arg_str(t, args[1], "set_ciphers() argument", &text)) return VALUE_ERROR;
    text = str_terminated(t, text);
    if (c->ssl->SSL_CTX_set_cipher_list(c->ctx, text->data)) return VALUE_NONE;
    return openssl_fail_with(t, -1, "No cipher can be selected.", 0);
}

static void put(Thread *t, Dict *dict, const char *key, Value v) {
    dict_set_str(t, dict, str_intern(t->vm, key, strlen(key)), v);
}

static Value name_of(Thread *t, const OpenSsl *ssl, int nid, bool is_short) {
    const char *name = !nid ? NULL : is_short ? ssl->OBJ_nid2sn(nid) : ssl->OBJ_nid2ln(nid);
    return name ? object_value(str_from(t, name)) : VALUE_NONE;
}

static Value cipher_dict(Thread *t, const OpenSsl *ssl, const SSL_CIPHER *cipher) {
    char text[512];
    int bits = 0, all = 0;
    Dict *dict = dict_new(t);
    if (!ssl->SSL_CIPHER_description(cipher, text, sizeof text)) text[0] = 0;
    text[strcspn(text, "\r\n")] = 0;
    bits = ssl->SSL_CIPHER_get_bits(cipher, &all);
    put(t, dict, "id", fixnum(ssl->SSL_CIPHER_get_id(cipher)));
    put(t, dict, "name", object_value(str_from(t, ssl->SSL_CIPHER_get_name(cipher))));
    put(t, dict, "protocol", object_value(str_from(t, ssl->SSL_CIPHER_get_version(cipher))));
    put(t, dict, "description", object_value(str_from(t, text)));
    put(t, dict, "strength_bits", fixnum(bits));
    put(t, dict, "alg_bits", fixnum(all));
    put(t, dict, "aead", bool_value(ssl->SSL_CIPHER_is_aead(cipher) != 0));
    put(t, dict, "symmetric", name_of(t, ssl, ssl->SSL_CIPHER_get_cipher_nid(cipher), false));
    put(t, dict, "digest", name_of(t, ssl, ssl->SSL_CIPHER_get_digest_nid(cipher), false));
    put(t, dict, "kea", name_of(t, ssl, ssl->SSL_CIPHER_get_kx_nid(cipher), false));
    put(t, dict, "auth", name_of(t, ssl, ssl->SSL_CIPHER_get_auth_nid(cipher), false));
    return object_value(dict);
}

static Value get_ciphers(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    SSL *probe = c->ssl->SSL_new(c->ctx);
    if (!probe) return openssl_fail(t, 3390);
    Value *roots = push_roots(t, 1);
    Stack *ciphers = c->ssl->SSL_get_ciphers(probe);
    int count = ciphers ? c->ssl->OPENSSL_sk_num(ciphers) : 0;
    List *list = list_new(t, (size_t)(count > 0 ? count : 0));
    roots[0] = object_value(list);
    bool ok = true;
    for (int i = 0; ok && i < count; i++)
        ok = list_append(t, list, cipher_dict(t, c->ssl, c->ssl->OPENSSL_sk_value(ciphers, i)));
    c->ssl->SSL_free(probe);
    return ok ? object_value(list) : VALUE_ERROR;
}

static Value set_ecdh_curve(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    Value *roots = push_roots(t, 1);
    const char *name;
    if (!arg_path(t, args[1], &roots[0], &name)) return VALUE_ERROR;
    if (c->ssl->SSL_CTX_ctrl(c->ctx, CTRL_GROUPS_LIST, 0, (void *)name) > 0) return VALUE_NONE;
    c->ssl->ERR_clear_error();
    return raise_error(t, EXC_ValueError, "unknown elliptic curve name %R", args[1]);
}

/* args: self, the text of a file of Diffie-Hellman parameters, bytes. */
static Value load_dh_data(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    BIO *bio = c->ssl->BIO_new_mem_buf(BYTES(args[1])->data, (int)BYTES(args[1])->size);
    DH *parameters = bio ? c->ssl->PEM_read_bio_DHparams(bio, NULL, NULL, NULL) : NULL;
    if (bio) c->ssl->BIO_free(bio);
    if (!parameters) return openssl_fail(t, 4340);
    bool ok = c->ssl->SSL_CTX_ctrl(c->ctx, CTRL_SET_DH, 0, parameters) == 1;
    c->ssl->DH_free(parameters);
    return ok ? VALUE_NONE : openssl_fail(t, 4345);
}

/* args: self, names of protocols as bytes, each after a byte with its length. */
static Value set_alpn(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    Bytes *wire = BYTES(args[1]);
    if (wire->size > UINT16_MAX)
        return raise_error(t, EXC_OverflowError, "protocols longer than %u bytes", UINT16_MAX);
    size_t before = c->alpn ? c->alpn_size + 1 : 0;
    c->alpn = heap_realloc(&t->vm->heap, c->alpn, before, wire->size + 1);
    c->alpn_size = wire->size;
    memcpy(c->alpn, wire->data, wire->size + 1);
    if (c->ssl->SSL_CTX_set_alpn_protos(c->ctx, c->alpn, (unsigned)wire->size))
        return openssl_fail(t, 3440);
    c->ssl->SSL_CTX_set_alpn_select_cb(c->ctx, choose_protocol, c);
    return VALUE_NONE;
}

static Value session_stats(Thread *t, Value *args) {
    static const char *const names[] = {
        "number", "connect",     "connect_good",       "connect_renegotiate",
        "accept", "accept_good", "accept_renegotiate", "hits",
        "misses", "timeouts",    "cache_full"};
    /* the numbers of SSL_CTX_ctrl, from CTRL_SESSION_STATISTICS on */
    static const int offsets[] = {0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11};
    SslContext *c = SSL_CONTEXT(args[0]);
    Dict *dict = dict_new(t);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put(t, dict, names[i],
            fixnum(c->ssl->SSL_CTX_ctrl(c->ctx, CTRL_SESSION_STATISTICS + offsets[i], 0, NULL)));
    return object_value(dict);
}

/* ---- fields ---- */

static Value get_options(Thread *t, Value self) {
    (void)t;
    return fixnum((int64_t)SSL_CONTEXT(self)->ssl->SSL_CTX_get_options(SSL_CONTEXT(self)->ctx));
}
static bool set_options(Thread *t, Value self, Value v) {
    SslContext *c = SSL_CONTEXT(self);
    int64_t wanted;
    if (!arg_int64(t, v, &wanted)) return false;
    uint64_t now = c->ssl->SSL_CTX_get_options(c->ctx), next = (uint64_t)wanted;
    c->ssl->SSL_CTX_clear_options(c->ctx, now & ~next);
    c->ssl->SSL_CTX_set_options(c->ctx, next & ~now);
    return true;
}

static Value get_verify_mode(Thread *t, Value self) {
    (void)t;
    int mode = SSL_CONTEXT(self)->ssl->SSL_CTX_get_verify_mode(SSL_CONTEXT(self)->ctx);
    return fixnum(!(mode & VERIFY_PEER) ? 0 : mode & VERIFY_FAIL_IF_NO_PEER_CERT ? 2 : 1);
}
static bool set_verify_mode(Thread *t, Value self, Value v) {
    static const int modes[] = {0, VERIFY_PEER, VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT};
    SslContext *c = SSL_CONTEXT(self);
    int64_t n;
    if (!arg_int32(t, v, &n)) return false;
    if (n < 0 || n > 2) {
        raise_error(t, EXC_ValueError, "invalid value for verify_mode");
        return false;
    }
    if (!n && c->check_hostname) {
        raise_error(t, EXC_ValueError,
                    "Cannot set verify_mode to CERT_NONE when check_hostname is enabled.");
        return false;
    }
    c->ssl->SSL_CTX_set_verify(c->ctx, modes[n], NULL);
    return true;
}

static Value get_check_hostname(Thread *t, Value self) {
    return (void)t, bool_value(SSL_CONTEXT(self)->check_hostname);
}
static bool set_check_hostname(Thread *t, Value self, Value v) {
    int truth = value_truth(t, v);
    if (truth < 0) return false;
    if (truth && get_verify_mode(t, self) == fixnum(0) && !set_verify_mode(t, self, fixnum(2)))
        return false;
    SSL_CONTEXT(self)->check_hostname = truth;
    return true;
}

static Value get_verify_flags(Thread *t, Value self) {
    SslContext *c = SSL_CONTEXT(self);
    (void)t;
    return fixnum((int64_t)c->ssl->X509_VERIFY_PARAM_get_flags(c->ssl->SSL_CTX_get0_param(c->ctx)));
}
static bool set_verify_flags(Thread *t, Value self, Value v) {
    SslContext *c = SSL_CONTEXT(self);
    int64_t n;
    if (!arg_int64(t, v, &n)) return false;
    X509_VERIFY_PARAM *param = c->ssl->SSL_CTX_get0_param(c->ctx);
    unsigned long now = c->ssl->X509_VERIFY_PARAM_get_flags(param), next = (unsigned long)n;
    c->ssl->X509_VERIFY_PARAM_clear_flags(param, now & ~next);
    c->ssl->X509_VERIFY_PARAM_set_flags(param, next & ~now);
    return true;
}

static Value get_host_flags(Thread *t, Value self) {
    return (void)t, fixnum(SSL_CONTEXT(self)->host_flags);
}
static bool set_host_flags(Thread *t, Value self, Value v) {
    SslContext *c = SSL_CONTEXT(self);
    int64_t n;
    if (!arg_int32(t, v, &n)) return false;
    c->host_flags = (unsigned)n;
    c->ssl->X509_VERIFY_PARAM_set_hostflags(c->ssl->SSL_CTX_get0_param(c->ctx), c->host_flags);
    return true;
}

enum { VERSION_LOWEST = -2, VERSION_HIGHEST = -1, VERSION_SSL3 = 0x300, VERSION_TLS1_3 = 0x304 };

/* A context for one version only: its bounds are not shown. */
static bool of_one_version(const SslContext *c) {
    return c->protocol >= PROTOCOL_TLS1 && c->protocol <= PROTOCOL_TLS1_2;
}

static Value get_minimum(Thread *t, Value self) {
    SslContext *c = SSL_CONTEXT(self);
    (void)t;
    long v = c->ssl->SSL_CTX_ctrl(c->ctx, CTRL_GET_MIN_VERSION, 0, NULL);
    return fixnum(v && !of_one_version(c) ? v : VERSION_LOWEST);
}
static Value get_maximum(Thread *t, Value self) {
    SslContext *c = SSL_CONTEXT(self);
    (void)t;
    long v = c->ssl->SSL_CTX_ctrl(c->ctx, CTRL_GET_MAX_VERSION, 0, NULL);
    return fixnum(v && !of_one_version(c) ? v : VERSION_HIGHEST);
}

/* [highest]: the bound is the upper one. */
static bool set_version(Thread *t, Value self, Value v, bool highest) {
    SslContext *c = SSL_CONTEXT(self);
    int64_t n;
    if (!arg_int32(t, v, &n)) return false;
    if (of_one_version(c)) {
        raise_error(t, EXC_ValueError,
                    "The context's protocol doesn't support modification of highest and lowest "
                    "version.");
        return false;
    }
    if (n != VERSION_LOWEST && n != VERSION_HIGHEST && (n < VERSION_SSL3 || n > VERSION_TLS1_3)) {
        raise_error(t, EXC_ValueError, "Unsupported TLS/SSL version 0x%x", (unsigned)n);
        return false;
    }
    long version = (long)n;
    if (n == VERSION_LOWEST) version = highest ? 0x301 : 0;
    if (n == VERSION_HIGHEST) version = highest ? 0 : VERSION_TLS1_3;
    if (c->ssl->SSL_CTX_ctrl(c->ctx, highest ? CTRL_SET_MAX_VERSION : CTRL_SET_MIN_VERSION, version,
                             NULL))
        return true;
    c->ssl->ERR_clear_error();
    raise_error(t, EXC_ValueError, "Unsupported protocol version 0x%x", (unsigned)version);
    return false;
}
static bool set_minimum(Thread *t, Value self, Value v) { return set_version(t, self, v, false); }
static bool set_maximum(Thread *t, Value self, Value v) { return set_version(t, self, v, true); }

static Value get_protocol(Thread *t, Value self) {
    return (void)t, fixnum(SSL_CONTEXT(self)->protocol);
}
static Value get_security_level(Thread *t, Value self) {
    SslContext *c = SSL_CONTEXT(self);
    return (void)t, fixnum(c->ssl->SSL_CTX_get_security_level(c->ctx));
}

static Value get_num_tickets(Thread *t, Value self) {
    SslContext *c = SSL_CONTEXT(self);
    return (void)t, fixnum((int64_t)c->ssl->SSL_CTX_get_num_tickets(c->ctx));
}
static bool set_num_tickets(Thread *t, Value self, Value v) {
    SslContext *c = SSL_CONTEXT(self);
    int64_t n;
    if (!arg_int32(t, v, &n)) return false;
    if (n < 0) raise_error(t, EXC_ValueError, "value must be non-negative");
    else if (c->protocol != PROTOCOL_SERVER)
        raise_error(t, EXC_ValueError, "SSLContext is not a server context.");
    else if (c->ssl->SSL_CTX_set_num_tickets(c->ctx, (size_t)n) == 1) return true;
    else raise_error(t, EXC_ValueError, "failed to set num tickets.");
    return false;
}

static Value get_post_handshake(Thread *t, Value self) {
    return (void)t, bool_value(SSL_CONTEXT(self)->post_handshake);
}
static bool set_post_handshake(Thread *t, Value self, Value v) {
    SslContext *c = SSL_CONTEXT(self);
    int truth = value_truth(t, v);
    if (truth < 0) return false;
    c->post_handshake = truth;
    c->ssl->SSL_CTX_set_post_handshake_auth(c->ctx, truth);
    return true;
}

static Value get_sni(Thread *t, Value self) { return (void)t, SSL_CONTEXT(self)->sni_callback; }
static bool set_sni(Thread *t, Value self, Value v) {
    SslContext *c = SSL_CONTEXT(self);
    if (c->protocol == PROTOCOL_CLIENT) {
        raise_error(t, EXC_ValueError, "sni_callback cannot be set on TLS_CLIENT context");
        return false;
    }
    if (v != VALUE_NONE && !value_is_callable(t, v)) {
        raise_error(t, EXC_TypeError, "not a callable object");
        return false;
    }
    heap_set(&t->vm->heap, &c->sni_callback, v);
    c->ssl->SSL_CTX_set_client_hello_cb(c->ctx, v == VALUE_NONE ? NULL : on_hello, c);
    return true;
}

/* args: self, the name of a file as bytes, or None. */
static Value set_keylog(Thread *t, Value *args) {
    SslContext *c = SSL_CONTEXT(args[0]);
    heap_set(&t->vm->heap, &c->keylog, args[1]);
    c->ssl->SSL_CTX_set_keylog_callback(c->ctx, args[1] == VALUE_NONE ? NULL : on_key);
    return VALUE_NONE;
}

/* ---- the class ---- */

static void trace(Heap *heap, Object *self) {
    heap_shade(heap, ((SslContext *)self)->sni_callback);
    heap_shade(heap, ((SslContext *)self)->keylog);
}
static void finalize(Heap *heap, Object *self) {
    SslContext *c = (SslContext *)self;
    if (c->ctx) c->release(c->ctx);
    if (c->alpn) heap_release(heap, c->alpn, c->alpn_size + 1);
}

static const NativeDef methods[] = {
    {"_load_cert_chain", load_cert_chain, "(self, certfile, keyfile, password, /)",
     "Load our certificate; False: the key needs a password."},
    {"_load_verify_files", load_verify_files, "(self, cafile, capath, /)",
     "Trust certificates in files."},
    {"_load_verify_data", load_verify_data, "(self, data, pem, /)", "Trust certificates in bytes."},
    {"_set_alpn_protocols", set_alpn, "(self, protos, /)",
     "Offer protocols, or choose among them."},
    {"_load_dh_data", load_dh_data, "(self, data, /)", "Use parameters of Diffie-Hellman."},
    {"_set_keylog", set_keylog, "(self, filename, /)", "Write the secrets to a file."},
    {"_trusted", trusted, "(self, /)", "The certificates that are trusted."},
    {"set_default_verify_paths", set_default_verify_paths, "(self, /)",
     "Trust what the system trusts."},
    {"set_ciphers", set_ciphers, "(self, cipherlist, /)", "Which ciphers may be used."},
    {"get_ciphers", get_ciphers, "(self, /)", "The ciphers that may be used, a dict each."},
    {"set_ecdh_curve", set_ecdh_curve, "(self, name, /)", "The curve for the exchange of keys."},
    {"session_stats", session_stats, "(self, /)", "How many connections there were of each kind."},
    {0},
};
static const FieldDef fields[] = {
    {"options", get_options, set_options, "Bits of OP_…"},
    {"verify_mode", get_verify_mode, set_verify_mode, "CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED."},
    {"verify_flags", get_verify_flags, set_verify_flags, "Bits of VERIFY_…"},
    {"check_hostname", get_check_hostname, set_check_hostname,
     "Whether the peer's certificate must name the host."},
    {"minimum_version", get_minimum, set_minimum, "The lowest version to speak."},
    {"maximum_version", get_maximum, set_maximum, "The highest version to speak."},
    {"protocol", get_protocol, NULL, "What the context was made with."},
    {"num_tickets", get_num_tickets, set_num_tickets, "Tickets a server sends (TLS 1.3)."},
    {"security_level", get_security_level, NULL, "OpenSSL's security level."},
    {"post_handshake_auth", get_post_handshake, set_post_handshake,
     "Whether a client may be asked for its certificate later."},
    {"sni_callback", get_sni, set_sni, "Called with the name a client asks for."},
    {"_host_flags", get_host_flags, set_host_flags, "How names are compared."},
    {0},
};
static const Slots slots = {.construct = construct};
const NativeClass ssl_context_class = {.kind = OBJ_NATIVE_DATA,
                                       .name = "_SSLContext",
                                       .slots = &slots,
                                       .methods = methods,
                                       .fields = fields,
                                       .doc = "What connections have in common.",
                                       .size = sizeof(SslContext),
                                       .flags = CLASS_BASE_ALLOWED | CLASS_HAS_ATTRIBUTES,
                                       .trace = trace,
                                       .finalize = finalize};
