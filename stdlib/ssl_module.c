/* SPDX-License-Identifier: MIT */
/*
 * _ssl: what the module ssl needs of OpenSSL.
 *
 * Read next: stdlib/ssl_context.c, stdlib/ssl.tul.
 */
#include <limits.h>

#include "stdlib/openssl.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

/* args: num. */
static Value rand_bytes(Thread *t, Value *args) {
    const OpenSsl *ssl = openssl_of(t);
    int64_t size;
    if (!arg_int32(t, args[0], &size)) return VALUE_ERROR;
    if (size < 0) return raise_error(t, EXC_ValueError, "num must be positive");
    if (!str_memory_fits(t, (size_t)size)) return VALUE_ERROR;
    Bytes *out = bytes_allocate(t, (size_t)size);
    if (ssl->RAND_bytes(out->data, (int)size) == 1) return object_value(out);
    return openssl_fail(t, 5180);
}

/* args: str or bytes, entropy. */
static Value rand_add(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    double entropy;
    if (is_str(args[0])) {
        data = (const uint8_t *)STR(args[0])->data;
        size = STR(args[0])->size;
    } else if (!arg_bytes(t, args[0], &data, &size)) {
        return VALUE_ERROR;
    }
    if (!arg_double(t, args[1], &entropy)) return VALUE_ERROR;
    for (; size; size -= size > INT_MAX ? INT_MAX : size)
        openssl_of(t)->RAND_add(data, size > INT_MAX ? INT_MAX : (int)size, entropy);
    return VALUE_NONE;
}

static Value rand_status(Thread *t, Value *args) {
    (void)args;
    return bool_value(openssl_of(t)->RAND_status() == 1);
}

/* (number, short name, long name, dotted numbers) of a registered object. */
static Value object_tuple(Thread *t, const ASN1_OBJECT *object) {
    const OpenSsl *ssl = openssl_of(t);
    char dotted[256];
    int nid = ssl->OBJ_obj2nid(object);
    const char *brief = nid ? ssl->OBJ_nid2sn(nid) : NULL,
               *full = nid ? ssl->OBJ_nid2ln(nid) : NULL;
    Value *roots = push_roots(t, 4);
    roots[0] = fixnum(nid);
    roots[1] = brief ? object_value(str_from(t, brief)) : VALUE_NONE;
    roots[2] = full ? object_value(str_from(t, full)) : VALUE_NONE;
    roots[3] = ssl->OBJ_obj2txt(dotted, sizeof dotted, object, 1) > 0
                   ? object_value(str_from(t, dotted))
                   : VALUE_NONE;
    Value v = object_value(tuple_from(t, roots, 4));
    pop_roots(t, roots);
    return v;
}

/* args: txt, name: whether names are understood beside dotted numbers. */
static Value txt2obj(Thread *t, Value *args) {
    const OpenSsl *ssl = openssl_of(t);
    Str *text;
    if (!arg_str(t, args[0], "txt2obj() argument 'txt'", &text)) return VALUE_ERROR;
    int names = value_truth(t, args[1]);
    if (names < 0) return VALUE_ERROR;
    text = str_terminated(t, text);
    ASN1_OBJECT *object = ssl->OBJ_txt2obj(text->data, !names);
    ssl->ERR_clear_error();
    if (!object) return raise_error(t, EXC_ValueError, "unknown object '%S'", args[0]);
    Value v = object_tuple(t, object);
    ssl->ASN1_OBJECT_free(object);
    return v;
}

/* args: the number. */
static Value nid2obj(Thread *t, Value *args) {
    const OpenSsl *ssl = openssl_of(t);
    int64_t nid;
    if (!arg_int32(t, args[0], &nid)) return VALUE_ERROR;
    if (nid < 0) return raise_error(t, EXC_ValueError, "NID must be positive");
    ASN1_OBJECT *object = nid ? ssl->OBJ_nid2obj((int)nid) : NULL;
    ssl->ERR_clear_error();
    if (!object) return raise_error(t, EXC_ValueError, "unknown NID %d", (int)nid);
    return object_tuple(t, object);
}

/* (variable, file, variable, folder): where OpenSSL looks for what is to be trusted. */
static Value default_verify_paths(Thread *t, Value *args) {
    const OpenSsl *ssl = openssl_of(t);
    Value *roots = push_roots(t, 4);
    (void)args;
    roots[0] = object_value(str_from(t, ssl->X509_get_default_cert_file_env()));
    roots[1] = system_text(t, ssl->X509_get_default_cert_file());
    roots[2] = object_value(str_from(t, ssl->X509_get_default_cert_dir_env()));
    roots[3] = system_text(t, ssl->X509_get_default_cert_dir());
    if (roots[1] == VALUE_ERROR || roots[3] == VALUE_ERROR) return VALUE_ERROR;
    return object_value(tuple_from(t, roots, 4));
}

static const NativeDef functions[] = {
    {"RAND_bytes", rand_bytes, "(num, /)", "num random bytes that nobody can foretell."},
    {"RAND_add", rand_add, "(string, entropy, /)", "Mix string into the source of randomness."},
    {"RAND_status", rand_status, "()", "Whether there was enough to begin with."},
    {"txt2obj", txt2obj, "(txt, name=False)", "(nid, short name, long name, oid) of an object."},
    {"nid2obj", nid2obj, "(nid, /)", "The same, by OpenSSL's number."},
    {"get_default_verify_paths", default_verify_paths, "()", "Where trusted certificates are."},
    {0},
};

static bool init(Thread *t, Module *m) {
    if (!openssl_open(t)) return false;
    stdlib_class(t, CLASS_MEMORY_BIO, m, &ssl_memory_class, "_ssl", NULL);
    stdlib_class(t, CLASS_SSL_CONTEXT, m, &ssl_context_class, "_ssl", NULL);
    stdlib_class(t, CLASS_SSL_CONNECTION, m, &ssl_connection_class, "_ssl", NULL);
    stdlib_class(t, CLASS_SSL_SESSION, m, &ssl_session_class, "_ssl", NULL);
    module_set(t, m, "OPENSSL_VERSION",
               object_value(str_from(t, openssl_of(t)->OpenSSL_version(0))));
    module_set(t, m, "OPENSSL_VERSION_NUMBER",
               fixnum((int64_t)openssl_of(t)->OpenSSL_version_num()));
    return true;
}

const NativeModule _ssl_module = {.name = "_ssl",
                                  .doc = "OpenSSL, as far as the module ssl needs it.",
                                  .functions = functions,
                                  .init = init};
