/* SPDX-License-Identifier: MIT */
/*
 * OpenSSL's libraries opened, and its errors as exceptions.
 *
 * An error is described here by numbers and texts, and made by the function error() of
 * stdlib/_ssl_errors.tul, where the exception classes are. Read next: stdlib/openssl.h.
 */
#include "stdlib/openssl.h"

#include <stdlib.h>

#include "common/memory.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- the libraries ---- */

static bool find_functions(void *crypto, void *ssl, OpenSsl *table) {
    struct {
        const char *name;
        void *library, *slot;
    } rows[] = {
#define OPENSSL(LIBRARY, RETURNS, NAME, PARAMETERS) {#NAME, LIBRARY, &table->NAME},
#include "stdlib/openssl.def"
#undef OPENSSL
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!library_function(rows[i].library, rows[i].name, rows[i].slot)) return false;
    }
    return true;
}

void *openssl_library(void) {
    static const char *const names[] = {"libssl.so.3", "libssl.3.dylib", NULL};
    return library_open(names);
}

bool openssl_open(Thread *t) {
    static const char *const crypto_names[] = {"libcrypto.so.3", "libcrypto.3.dylib", NULL};
    Stdlib *lib = stdlib_of(t);
    if (lib->ssl) return true;
    void *crypto = library_open(crypto_names);
    void *ssl = crypto ? openssl_library() : NULL;
    OpenSsl *table = memory_alloc(sizeof *table);
    if (ssl && find_functions(crypto, ssl, table)) {
        lib->ssl = table;
        return true;
    }
    free(table);
    raise_error(t, EXC_ImportError,
                "ssl needs OpenSSL 3 (libssl.so.3, libcrypto.so.3); on Debian it is the package "
                "libssl3");
    return false;
}

/* ---- errors ---- */

/* raise _ssl_errors.error(kind, code, library, reason, text, place, verify code, verify text) */
static Value fail(Thread *t, int kind, int64_t code, unsigned long error, const char *text,
                  int place, long verify_code, Value verify_text) {
    bool of_system = error >> 31 & 1;
    Value *args = push_roots(t, 9);
    args[7] = verify_text;
    args[0] = fixnum(kind);
    args[1] = fixnum(code);
    args[2] = fixnum(of_system ? 2 : (int64_t)(error >> 23 & 0xff));
    args[3] = fixnum((int64_t)(error & 0x7fffff));
    args[4] = text ? object_value(str_from(t, text)) : VALUE_NONE;
    args[5] = fixnum(place);
    args[6] = fixnum(verify_code);
    args[8] = t->vm->hooks.import_module(t, str_intern(t->vm, "_ssl_errors", 11));
    if (args[8] == VALUE_ERROR) return VALUE_ERROR;
    args[8] = value_getattr(t, args[8], str_intern(t->vm, "error", 5));
    Value made = args[8] == VALUE_ERROR ? VALUE_ERROR : call_value(t, args[8], args, 8);
    pop_roots(t, args);
    return made == VALUE_ERROR ? VALUE_ERROR : raise_value(t, made);
}

Value openssl_fail(Thread *t, int place) {
    const OpenSsl *ssl = openssl_of(t);
    unsigned long error = ssl->ERR_peek_last_error();
    const char *text = error ? ssl->ERR_reason_error_string(error) : "unknown error";
    ssl->ERR_clear_error();
    return fail(t, SSL_FAILED, (int64_t)(error & 0x7fffff), error, text, place, 0, VALUE_NONE);
}

Value openssl_fail_with(Thread *t, int code, const char *message, int place) {
    openssl_of(t)->ERR_clear_error();
    return fail(t, SSL_FAILED, code, 0, message, place, 0, VALUE_NONE);
}

/* Why the peer's certificate was refused. */
static Value refusal(Thread *t, const SslConnection *c, long code) {
    Str *text;
    if (code == 62)
        text = str_format(t, "Hostname mismatch, certificate is not valid for '%S'.",
                          c->server_hostname);
    else if (code == 64)
        text = str_format(t, "IP address mismatch, certificate is not valid for '%S'.",
                          c->server_hostname);
    else text = str_from(t, c->ssl->X509_verify_cert_error_string(code));
    return text ? object_value(text) : VALUE_NONE;
}

enum { REASON_VERIFY_FAILED = 134, LIBRARY_SSL = 20 };

Value openssl_fail_connection(Thread *t, const SslConnection *c, int result, int place) {
    const OpenSsl *ssl = c->ssl;
    int kind = ssl->SSL_get_error(c->connection, result);
    unsigned long error = ssl->ERR_peek_last_error();
    ssl->ERR_clear_error();
    switch (kind) {
    case SSL_ZERO_RETURN:
        return fail(t, kind, kind, 0, "TLS/SSL connection has been closed (EOF)", place, 0,
                    VALUE_NONE);
    case SSL_WANT_READ:
        return fail(t, kind, kind, 0, "The operation did not complete (read)", place, 0,
                    VALUE_NONE);
    case SSL_WANT_WRITE:
        return fail(t, kind, kind, 0, "The operation did not complete (write)", place, 0,
                    VALUE_NONE);
    default: break;
    }
    bool of_ssl = (error >> 23 & 0xff) == LIBRARY_SSL;
    unsigned long reason = error & 0x7fffff;
    if (kind == SSL_SYSTEM && !error && result)
        return fail(t, kind, kind, 0, "Some I/O error occurred", place, 0, VALUE_NONE);
    if (kind == SSL_SYSTEM && !error)
        return fail(t, SSL_AT_EOF, SSL_AT_EOF, 0, "EOF occurred in violation of protocol", place, 0,
                    VALUE_NONE);
    const char *text =
        error ? ssl->ERR_reason_error_string(error) : "A failure in the SSL library occurred";
    if (!of_ssl || reason != REASON_VERIFY_FAILED)
        return fail(t, SSL_FAILED, SSL_FAILED, error, text, place, 0, VALUE_NONE);
    long code = ssl->SSL_get_verify_result(c->connection);
    return fail(t, SSL_FAILED, SSL_FAILED, error, text, place, code, refusal(t, c, code));
}
