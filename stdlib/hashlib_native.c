/* SPDX-License-Identifier: MIT */
/*
 * _hashlib: message digests, on OpenSSL's libcrypto.
 *
 * The library is opened when a program first asks for a digest, so that Tulip starts and runs
 * without it; the few functions used are declared here and looked up by name into one table, which
 * hangs on the Stdlib. Read next: stdlib/hashlib.tul.
 */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct evp_md Md;
typedef struct evp_md_ctx MdContext;

/* What is used of libcrypto. */
typedef struct Crypto {
    MdContext *(*EVP_MD_CTX_new)(void);
    void (*EVP_MD_CTX_free)(MdContext *);
    int (*EVP_MD_CTX_copy_ex)(MdContext *, const MdContext *);
    const Md *(*EVP_get_digestbyname)(const char *);
    int (*EVP_DigestInit_ex)(MdContext *, const Md *, void *);
    int (*EVP_DigestUpdate)(MdContext *, const void *, size_t);
    int (*EVP_DigestFinal_ex)(MdContext *, unsigned char *, unsigned int *);
    int (*EVP_DigestFinalXOF)(MdContext *, unsigned char *, size_t);
    int (*EVP_MD_get_size)(const Md *);
    int (*EVP_MD_get_block_size)(const Md *);
    int (*PKCS5_PBKDF2_HMAC)(const char *, int, const unsigned char *, int, int, const Md *, int,
                             unsigned char *);
    int (*EVP_PBE_scrypt)(const char *, size_t, const unsigned char *, size_t, uint64_t, uint64_t,
                          uint64_t, uint64_t, unsigned char *, size_t);
} Crypto;

typedef struct Hash {
    Object header;
    Value name;
    MdContext *context;
    const Crypto *crypto;
    void (*free_context)(MdContext *); /* of a hash that outlives the table, at the end */
    const Md *md;
    bool extendable; /* its digest has any length */
} Hash;

#define HASH(v) ((Hash *)(uintptr_t)(v))

/* ---- the library ---- */

#define FIND(NAME) library_function(library, #NAME, &crypto->NAME)

static bool find_functions(void *library, Crypto *crypto) {
    return FIND(EVP_MD_CTX_new) && FIND(EVP_MD_CTX_free) && FIND(EVP_MD_CTX_copy_ex) &&
           FIND(EVP_get_digestbyname) && FIND(EVP_DigestInit_ex) && FIND(EVP_DigestUpdate) &&
           FIND(EVP_DigestFinal_ex) && FIND(EVP_DigestFinalXOF) && FIND(EVP_MD_get_size) &&
           FIND(EVP_MD_get_block_size) && FIND(PKCS5_PBKDF2_HMAC) && FIND(EVP_PBE_scrypt);
}

/* The table, made when first asked for; NULL: ImportError raised. */
static const Crypto *crypto_of(Thread *t) {
    Stdlib *lib = stdlib_of(t);
    if (lib->crypto) return lib->crypto;
    static const char *const names[] = {"libcrypto.so.3", "libcrypto.so", "libcrypto.dylib", NULL};
    void *library = library_open(names);
    Crypto *crypto = memory_alloc(sizeof *crypto);
    if (library && find_functions(library, crypto)) return lib->crypto = crypto;
    free(crypto);
    raise_error(t, EXC_ImportError,
                "hashlib needs OpenSSL 3 (libcrypto.so.3); on Debian it is the package libssl3");
    return NULL;
}

/* ---- digests by name ---- */

/* OpenSSL's name for ours. */
static const char *library_name(const char *name) {
    static const char *const pairs[][2] = {
        {"sha3_224", "sha3-224"},     {"sha3_256", "sha3-256"},    {"sha3_384", "sha3-384"},
        {"sha3_512", "sha3-512"},     {"shake_128", "shake128"},   {"shake_256", "shake256"},
        {"sha512_224", "sha512-224"}, {"sha512_256", "sha512-256"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        if (!strcmp(name, pairs[i][0])) return pairs[i][1];
    }
    return name;
}

static Value unsupported(Thread *t, Value name) {
    return raise_error(t, EXC_ValueError, "unsupported hash type %S", name);
}

static const Md *digest_named(Thread *t, const Crypto *crypto, Value name) {
    Str *text;
    if (!arg_str(t, name, "new() argument 'name'", &text)) return NULL;
    Buffer lower = {0};
    for (size_t i = 0; i < text->size; i++) {
        char c = text->data[i];
        buffer_putc(&lower, c >= 'A' && c <= 'Z' ? (char)(c | 32) : c);
    }
    const Md *md = crypto->EVP_get_digestbyname(library_name(lower.data ? lower.data : ""));
    buffer_free(&lower);
    if (!md) unsupported(t, name);
    return md;
}

static bool update_with(Thread *t, Hash *hash, Value v) {
    const uint8_t *data;
    size_t size;
    if (is_str(v)) {
        raise_error(t, EXC_TypeError, "Strings must be encoded before hashing");
        return false;
    }
    if (!bytes_like(v, &data, &size)) {
        raise_error(t, EXC_TypeError, "object supporting the buffer API required");
        return false;
    }
    return hash->crypto->EVP_DigestUpdate(hash->context, data, size);
}

static Value hash_new(Thread *t, Value *args) {
    const Crypto *crypto = crypto_of(t);
    const Md *md = crypto ? digest_named(t, crypto, args[0]) : NULL;
    if (!md) return VALUE_ERROR;
    Hash *hash = object_new(t, stdlib_of(t)->classes[CLASS_HASH], 0);
    args[2] = object_value(hash);
    hash->name = args[0];
    hash->crypto = crypto;
    hash->md = md;
    hash->extendable = !strncmp(STR(args[0])->data, "shake", 5);
    hash->free_context = crypto->EVP_MD_CTX_free;
    hash->context = crypto->EVP_MD_CTX_new();
    if (!hash->context || !crypto->EVP_DigestInit_ex(hash->context, md, NULL))
        return unsupported(t, args[0]);
    if (args[1] != VALUE_NONE && !update_with(t, hash, args[1])) return VALUE_ERROR;
    return object_value(hash);
}

/* ---- methods ---- */

static Value hash_update(Thread *t, Value *args) {
    return update_with(t, HASH(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value hash_copy(Thread *t, Value *args) {
    Hash *from = HASH(args[0]);
    Hash *hash = object_new(t, object_class(object_of(args[0])), 0);
    hash->name = from->name;
    hash->crypto = from->crypto;
    hash->md = from->md;
    hash->extendable = from->extendable;
    hash->free_context = from->free_context;
    hash->context = from->crypto->EVP_MD_CTX_new();
    if (!hash->context || !from->crypto->EVP_MD_CTX_copy_ex(hash->context, from->context))
        return raise_error(t, EXC_ValueError, "could not copy the digest");
    return object_value(hash);
}

/* The digest so far; the hash can go on. [length]: of an extendable one. */
static Value digest_of(Thread *t, Hash *hash, Value length) {
    int64_t size = hash->crypto->EVP_MD_get_size(hash->md);
    if (hash->extendable) {
        if (length == VALUE_UNSET)
            return raise_error(t, EXC_TypeError,
                               "digest() missing required argument 'length' (pos 1)");
        if (!arg_int64(t, length, &size)) return VALUE_ERROR;
        if (size < 0) return raise_error(t, EXC_ValueError, "value must be positive");
        if (size >= 1 << 29) return raise_error(t, EXC_ValueError, "length is too large");
    } else if (length != VALUE_UNSET) {
        return raise_error(t, EXC_TypeError, "HASH.digest() takes no arguments (1 given)");
    }
    Bytes *out = bytes_allocate(t, (size_t)size);
    MdContext *context = hash->crypto->EVP_MD_CTX_new();
    bool ok = context && hash->crypto->EVP_MD_CTX_copy_ex(context, hash->context);
    if (ok && hash->extendable)
        ok = !size || hash->crypto->EVP_DigestFinalXOF(context, out->data, (size_t)size);
    else if (ok) ok = hash->crypto->EVP_DigestFinal_ex(context, out->data, NULL);
    hash->crypto->EVP_MD_CTX_free(context);
    return ok ? object_value(out) : raise_error(t, EXC_ValueError, "the digest failed");
}

static Value hash_digest(Thread *t, Value *args) { return digest_of(t, HASH(args[0]), args[1]); }

static Value hash_hexdigest(Thread *t, Value *args) {
    Value digest = digest_of(t, HASH(args[0]), args[1]);
    if (digest == VALUE_ERROR) return VALUE_ERROR;
    return call_method(t, digest, str_intern(t->vm, "hex", 3), NULL, 0);
}

static Value hash_repr(Thread *t, Value self) {
    Hash *hash = HASH(self);
    Str *text = str_format(t, "<%S _hashlib.HASH%s object @ 0x%x>", hash->name,
                           hash->extendable ? "XOF" : "", (unsigned)value_id(t->vm, self));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value get_name(Thread *t, Value self) { return (void)t, HASH(self)->name; }
static Value get_digest_size(Thread *t, Value self) {
    Hash *hash = HASH(self);
    (void)t;
    return fixnum(hash->extendable ? 0 : hash->crypto->EVP_MD_get_size(hash->md));
}
static Value get_block_size(Thread *t, Value self) {
    return (void)t, fixnum(HASH(self)->crypto->EVP_MD_get_block_size(HASH(self)->md));
}

static const NativeDef methods[] = {
    {"update", hash_update, "(self, data, /)", "Add bytes."},
    {"digest", hash_digest, "(self, length=?)", "The digest of what was added, as bytes."},
    {"hexdigest", hash_hexdigest, "(self, length=?)", "The digest as hexadecimal digits."},
    {"copy", hash_copy, "(self, /)", "Another one in the same state."},
    {0},
};
static const FieldDef fields[] = {
    {"name", get_name, NULL, "What new() would be called with."},
    {"digest_size", get_digest_size, NULL, "Bytes of the digest."},
    {"block_size", get_block_size, NULL, "Bytes the algorithm takes at a time."},
    {0},
};

static void trace(Heap *heap, Object *self) { heap_shade(heap, ((Hash *)self)->name); }
static void finalize(Heap *heap, Object *self) {
    Hash *hash = (Hash *)self;
    (void)heap;
    if (hash->context) hash->free_context(hash->context);
}

static Value refuse(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls, (void)args, (void)argc, (void)kwnames;
    return raise_error(t, EXC_TypeError, "cannot create '_hashlib.HASH' instances");
}

static const Slots slots = {.construct = refuse, .repr = hash_repr};
static const NativeClass hash_class = {.kind = OBJ_NATIVE_DATA,
                                       .name = "HASH",
                                       .slots = &slots,
                                       .methods = methods,
                                       .fields = fields,
                                       .doc = "A digest that is being computed.",
                                       .size = sizeof(Hash),
                                       .trace = trace,
                                       .finalize = finalize};

/* ---- keys from passwords ---- */

static bool secret(Thread *t, Value v, const uint8_t **data, size_t *size) {
    if (!arg_bytes(t, v, data, size)) return false;
    if (*size <= INT32_MAX) return true;
    raise_error(t, EXC_OverflowError, "password is too long.");
    return false;
}

/* args: hash name, password, salt, iterations, dklen. */
static Value pbkdf2_hmac(Thread *t, Value *args) {
    const Crypto *crypto = crypto_of(t);
    const Md *md = crypto ? digest_named(t, crypto, args[0]) : NULL;
    const uint8_t *password, *salt;
    size_t password_size, salt_size;
    int64_t iterations, length;
    if (!md || !secret(t, args[1], &password, &password_size) ||
        !secret(t, args[2], &salt, &salt_size) || !arg_int64(t, args[3], &iterations))
        return VALUE_ERROR;
    length = crypto->EVP_MD_get_size(md);
    if (args[4] != VALUE_NONE && !arg_int64(t, args[4], &length)) return VALUE_ERROR;
    if (iterations < 1)
        return raise_error(t, EXC_ValueError, "iteration value must be greater than 0.");
    if (length < 1) return raise_error(t, EXC_ValueError, "key length must be greater than 0.");
    if (length > INT32_MAX || iterations > INT32_MAX)
        return raise_error(t, EXC_OverflowError, "iteration value is too great.");
    if (!str_memory_fits(t, (size_t)length)) return VALUE_ERROR;
    Bytes *key = bytes_allocate(t, (size_t)length);
    if (!crypto->PKCS5_PBKDF2_HMAC((const char *)password, (int)password_size, salt, (int)salt_size,
                                   (int)iterations, md, (int)length, key->data))
        return raise_error(t, EXC_ValueError, "the derivation failed");
    return object_value(key);
}

/* args: password, salt, n, r, p, maxmem, dklen. */
static Value scrypt(Thread *t, Value *args) {
    const Crypto *crypto = crypto_of(t);
    const uint8_t *password, *salt;
    size_t password_size, salt_size;
    int64_t n[5];
    if (!crypto || !secret(t, args[0], &password, &password_size) ||
        !secret(t, args[1], &salt, &salt_size))
        return VALUE_ERROR;
    for (int i = 0; i < 5; i++) {
        if (!arg_int64(t, args[i + 2], &n[i])) return VALUE_ERROR;
        if (n[i] < 0 || (i == 4 && n[i] < 1) || n[i] > INT32_MAX)
            return raise_error(t, EXC_ValueError,
                               "Invalid parameter combination for n, r, p, "
                               "maxmem.");
    }
    if (n[0] < 2 || (n[0] & (n[0] - 1)))
        return raise_error(t, EXC_ValueError, "n must be a power of 2.");
    Bytes *key = bytes_allocate(t, (size_t)n[4]);
    if (!crypto->EVP_PBE_scrypt((const char *)password, password_size, salt, salt_size,
                                (uint64_t)n[0], (uint64_t)n[1], (uint64_t)n[2], (uint64_t)n[3],
                                key->data, (size_t)n[4]))
        return raise_error(t, EXC_ValueError, "Invalid parameter combination for n, r, p, maxmem.");
    return object_value(key);
}

static const NativeDef functions[] = {
    {"new", hash_new, "(name, string=None, _hash=None, /)", "A digest by its name."},
    {"pbkdf2_hmac", pbkdf2_hmac, "(hash_name, password, salt, iterations, dklen=None)",
     "A key from a password, by many rounds of HMAC."},
    {"scrypt", scrypt, "(password, *, salt, n, r, p, maxmem=0, dklen=64)",
     "A key from a password, by much memory."},
    {0},
};

static bool init(Thread *t, Module *m) {
    stdlib_class(t, CLASS_HASH, m, &hash_class, "_hashlib", NULL);
    return true;
}

const NativeModule _hashlib_module = {
    .name = "_hashlib", .doc = "Message digests.", .functions = functions, .init = init};
