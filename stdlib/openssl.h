/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL as Tulip sees it: opaque types, one table of its functions, and the objects of `_ssl`.
 *
 * Tulip is built without OpenSSL's headers and starts without its libraries: they are opened when
 * `_ssl` is imported, and the table hangs on the Stdlib. OpenSSL never sees a descriptor. A
 * connection reads and writes two pieces of memory (MemoryBio), and whoever owns it carries the
 * bytes; so no call of OpenSSL blocks, and all of them are made with the baton held.
 *
 * Each object counts as one reference of what it holds in OpenSSL, and keeps the function that
 * gives it back, since at the end of the program objects outlive the table.
 *
 * Read next: stdlib/ssl_module.c, ssl_context.c, ssl_connection.c, ssl_memory.c; stdlib/ssl.tul.
 */
#ifndef TULIP_STDLIB_OPENSSL_H
#define TULIP_STDLIB_OPENSSL_H

#include "stdlib/stdlib.h"

typedef struct bio_st BIO;
typedef struct x509_st X509;
typedef struct x509_store_st X509_STORE;
typedef struct X509_VERIFY_PARAM_st X509_VERIFY_PARAM;
typedef struct asn1_object_st ASN1_OBJECT;
typedef struct dh_st DH;
typedef struct stack_st Stack;
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_cipher_st SSL_CIPHER;
typedef struct ssl_session_st SSL_SESSION;

typedef int (*PasswordCallback)(char *out, int room, int writing, void *context);
typedef int (*AlpnCallback)(SSL *ssl, const unsigned char **out, unsigned char *size,
                            const unsigned char *offered, unsigned offered_size, void *context);
typedef int (*HelloCallback)(SSL *ssl, int *alert, void *context);
typedef void (*KeylogCallback)(const SSL *ssl, const char *line);

typedef struct OpenSsl {
#define OPENSSL(LIBRARY, RETURNS, NAME, PARAMETERS) RETURNS(*NAME) PARAMETERS;
#include "stdlib/openssl.def"
#undef OPENSSL
} OpenSsl;

/* The numbers that OpenSSL's headers give names to. */
enum {
    BIO_EOF_RETURN = 130, /* BIO_ctrl: what reading an empty memory gives */
    BIO_RETRY_FLAGS = 0x0f,
    CTRL_SET_DH = 3,
    CTRL_MODE = 33,
    CTRL_SESSION_STATISTICS = 20, /* … 31, one number each */
    CTRL_HOST_NAME = 55,
    CTRL_GROUPS_LIST = 92,
    CTRL_SET_MIN_VERSION = 123,
    CTRL_SET_MAX_VERSION = 124,
    CTRL_GET_MIN_VERSION = 130,
    CTRL_GET_MAX_VERSION = 131,
    MODE_MOVING_WRITE_BUFFER = 2,
    MODE_AUTO_RETRY = 4,
    MODE_RELEASE_BUFFERS = 16,
    VERIFY_PEER = 1,
    VERIFY_FAIL_IF_NO_PEER_CERT = 2,
    VERIFY_POST_HANDSHAKE = 8,
    FILETYPE_PEM = 1,
};
typedef enum SslError {
    SSL_OK = 0,
    SSL_FAILED = 1,
    SSL_WANT_READ = 2,
    SSL_WANT_WRITE = 3,
    SSL_SYSTEM = 5,
    SSL_ZERO_RETURN = 6,
    SSL_AT_EOF = 8,
    SSL_WANT_HELLO = 11
} SslError;

/* MemoryBIO: bytes on their way to or from a connection. */
typedef struct MemoryBio {
    Object header;
    BIO *bio;
    int (*release)(BIO *);
    const OpenSsl *ssl;
    bool ended; /* write_eof was called */
} MemoryBio;

/* _SSLContext: what connections have in common. */
typedef struct SslContext {
    Object header;
    SSL_CTX *ctx;
    void (*release)(SSL_CTX *);
    const OpenSsl *ssl;
    Value sni_callback;  /* None: there is none */
    Value keylog;        /* the name of the file, or None */
    unsigned char *alpn; /* protocols, each after its length; malloc'd */
    size_t alpn_size;
    int protocol;
    unsigned host_flags;
    bool check_hostname, post_handshake;
} SslContext;

/* SSLSession: what allows a connection to be taken up again. */
typedef struct SslSession {
    Object header;
    SSL_SESSION *session;
    void (*release)(SSL_SESSION *);
    const OpenSsl *ssl;
    Value context;
} SslSession;

/* _SSLSocket: one connection between two MemoryBios. */
typedef struct SslConnection {
    Object header;
    SSL *connection;
    void (*release)(SSL *);
    const OpenSsl *ssl;
    Value context, owner;  /* the SSLContext; the SSLObject or SSLSocket, or None */
    Value server_hostname; /* str or None */
    Thread *running;       /* in do_handshake: whose */
    Value hello_name;      /* the name the client asked for, while `hello` is HELLO_ASKED */
    int hello;             /* HELLO_… */
    int alert;             /* with HELLO_ANSWERED: what refuses the name; -1: nothing */
    bool server_side;
} SslConnection;

enum { HELLO_NONE, HELLO_ASKED, HELLO_ANSWERED };

#define MEMORY_BIO(v)     ((MemoryBio *)(uintptr_t)(v))
#define SSL_CONTEXT(v)    ((SslContext *)(uintptr_t)(v))
#define SSL_SESSION_OF(v) ((SslSession *)(uintptr_t)(v))
#define SSL_CONNECTION(v) ((SslConnection *)(uintptr_t)(v))

/* The table, once `_ssl` is imported. */
static inline const OpenSsl *openssl_of(const Thread *t) { return stdlib_of(t)->ssl; }
/* Open the libraries and fill the table; false: ImportError raised. */
bool openssl_open(Thread *t) MUST_CHECK;
/* The handle of libssl, or NULL. */
void *openssl_library(void);

/* Raise what OpenSSL's error queue says, as ssl.SSLError. [place] is the line of CPython's
 * module _ssl that its messages end in. Returns VALUE_ERROR. */
Value openssl_fail(Thread *t, int place);
/* Raise SSLError(code, message with the place), or SSLError(message) when [code] is negative. */
Value openssl_fail_with(Thread *t, int code, const char *message, int place);
/* Raise the error of a call on [c] that returned [result]. */
Value openssl_fail_connection(Thread *t, const SslConnection *c, int result, int place);

/* A certificate's DER bytes; [x] stays the caller's. */
Value certificate_bytes(Thread *t, const OpenSsl *ssl, X509 *x) MUST_CHECK;
/* (name, protocol, bits), or None for NULL. */
Value cipher_tuple(Thread *t, const OpenSsl *ssl, const SSL_CIPHER *cipher);

extern const NativeClass ssl_memory_class, ssl_context_class, ssl_connection_class,
    ssl_session_class;

#endif
