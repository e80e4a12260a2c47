/* SPDX-License-Identifier: MIT */
/*
 * _blake2: BLAKE2b and BLAKE2s (RFC 7693) with all their parameters, which OpenSSL's do not have:
 * digests of any size, keys, salts, and the fields of tree hashing.
 *
 * Both are one algorithm with words of 64 and 32 bits. The state holds 64-bit words for both; the
 * round functions are written once and instantiated for each width.
 */
#include <string.h>

#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Blake {
    Object header;
    bool wide; /* BLAKE2b */
    bool last_node;
    uint8_t digest_size;
    uint8_t buffered;
    uint8_t buffer[128];
    uint64_t h[8], counted[2];
} Blake;

#define BLAKE(v) ((Blake *)(uintptr_t)(v))

static const uint64_t start64[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                    0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                    0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
/* The words of a block that each round takes, in order. */
static const uint8_t schedule[10][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                         {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                         {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                         {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                         {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                         {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                         {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                         {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                         {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                         {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};
/* The four columns and four diagonals of the 4 × 4 state. */
static const uint8_t lanes[8][4] = {{0, 4, 8, 12},  {1, 5, 9, 13},  {2, 6, 10, 14}, {3, 7, 11, 15},
                                    {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13},  {3, 4, 9, 14}};

static size_t block_of(const Blake *b) { return b->wide ? 128 : 64; }

/* One compression, for words of WORD with rotations R1 … R4. */
#define COMPRESS(NAME, WORD, ROUNDS, R1, R2, R3, R4)                                               \
    static WORD NAME##_rotate(WORD x, int n) { return x >> n | x << (8 * sizeof(WORD) - n); }      \
    static void NAME(Blake *b, const uint8_t *block, bool last) {                                  \
        WORD m[16], v[16];                                                                         \
        memcpy(m, block, sizeof m);                                                                \
        for (int i = 0; i < 8; i++) {                                                              \
            v[i] = (WORD)b->h[i];                                                                  \
            v[i + 8] = (WORD)(sizeof(WORD) == 8 ? start64[i] : start64[i] >> 32);                  \
        }                                                                                          \
        v[12] ^= (WORD)b->counted[0];                                                              \
        v[13] ^= (WORD)(sizeof(WORD) == 8 ? b->counted[1] : b->counted[0] >> 32);                  \
        if (last) v[14] = ~v[14];                                                                  \
        if (last && b->last_node) v[15] = ~v[15];                                                  \
        for (int round = 0; round < ROUNDS; round++) {                                             \
            const uint8_t *s = schedule[round % 10];                                               \
            for (int i = 0; i < 8; i++) {                                                          \
                WORD *a = &v[lanes[i][0]], *x = &v[lanes[i][1]];                                   \
                WORD *y = &v[lanes[i][2]], *d = &v[lanes[i][3]];                                   \
                *a += *x + m[s[2 * i]];                                                            \
                *d = NAME##_rotate(*d ^ *a, R1);                                                   \
                *y += *d;                                                                          \
                *x = NAME##_rotate(*x ^ *y, R2);                                                   \
                *a += *x + m[s[2 * i + 1]];                                                        \
                *d = NAME##_rotate(*d ^ *a, R3);                                                   \
                *y += *d;                                                                          \
                *x = NAME##_rotate(*x ^ *y, R4);                                                   \
            }                                                                                      \
        }                                                                                          \
        for (int i = 0; i < 8; i++) b->h[i] = (WORD)(b->h[i] ^ v[i] ^ v[i + 8]);                   \
    }
COMPRESS(compress64, uint64_t, 12, 32, 24, 16, 63)
COMPRESS(compress32, uint32_t, 10, 16, 12, 8, 7)

static void compress(Blake *b, const uint8_t *block, size_t size, bool last) {
    b->counted[0] += size;
    if (b->counted[0] < size) b->counted[1]++;
    if (b->wide) compress64(b, block, last);
    else compress32(b, block, last);
}

static void add(Blake *b, const uint8_t *data, size_t size) {
    size_t block = block_of(b);
    while (size) {
        if (b->buffered == block) {
            compress(b, b->buffer, block, false);
            b->buffered = 0;
        }
        size_t n = block - b->buffered < size ? block - b->buffered : size;
        memcpy(b->buffer + b->buffered, data, n);
        b->buffered = (uint8_t)(b->buffered + n);
        data += n;
        size -= n;
    }
}

/* The digest of what was added to a copy of the state. */
static void finish(const Blake *from, uint8_t *out) {
    Blake b = *from;
    uint8_t words[64];
    size_t width = b.wide ? 8 : 4;
    memset(b.buffer + b.buffered, 0, block_of(&b) - b.buffered);
    compress(&b, b.buffer, b.buffered, true);
    for (size_t i = 0; i < 8; i++) memcpy(words + width * i, &b.h[i], width);
    memcpy(out, words, b.digest_size);
}

/* ---- the classes ---- */

static bool add_value(Thread *t, Blake *b, Value v) {
    const uint8_t *data;
    size_t size;
    if (is_str(v))
        return raise_error(t, EXC_TypeError, "Strings must be encoded before hashing"), false;
    if (!bytes_like(v, &data, &size))
        return raise_error(t, EXC_TypeError, "object supporting the buffer API required"), false;
    add(b, data, size);
    return true;
}

/* A number argument from [least] to [most]; [what] is the error's message. */
static bool number(Thread *t, Value v, int64_t least, uint64_t most, const char *what,
                   uint64_t *out) {
    v = value_index(t, v);
    if (v == VALUE_ERROR) return false;
    bool fits = int_sign(v) >= 0 && int_bit_length(v) <= 64;
    if (fits) {
        mpz_t z;
        mpz_init(z);
        int_to_mpz(v, z);
        *out = mpz_get_ui(z);
        mpz_clear(z);
        fits = *out >= (uint64_t)least && *out <= most;
    }
    if (!fits) raise_error(t, EXC_ValueError, "%s", what);
    return fits;
}

static bool short_bytes(Thread *t, Value v, size_t most, const char *name, uint8_t *out,
                        size_t *size) {
    const uint8_t *data;
    if (!arg_bytes(t, v, &data, size)) return false;
    if (*size > most) {
        raise_error(t, EXC_ValueError, "maximum %s length is %zu bytes", name, most);
        return false;
    }
    memcpy(out, data, *size);
    return true;
}

enum {
    ARG_DATA,
    ARG_SIZE,
    ARG_KEY,
    ARG_SALT,
    ARG_PERSON,
    ARG_FANOUT,
    ARG_DEPTH,
    ARG_LEAF,
    ARG_OFFSET,
    ARG_NODE_DEPTH,
    ARG_INNER,
    ARG_LAST,
    ARG_SECURITY,
    ARG_COUNT
};

/* The parameter block, whose words are mixed into the start of the state. */
static bool parameters(Thread *t, Blake *b, const Value *args, uint8_t block[64], uint8_t key[128],
                       size_t *key_size) {
    size_t most = b->wide ? 64 : 32, size, half = b->wide ? 16 : 8;
    uint64_t n[7];
    const char *message = b->wide ? "digest_size must be between 1 and 64 bytes"
                                  : "digest_size must be between 1 and 32 bytes";
    if (!number(t, args[ARG_SIZE], 1, most, message, &n[0]) ||
        !number(t, args[ARG_FANOUT], 0, 255, "fanout must be between 0 and 255", &n[1]) ||
        !number(t, args[ARG_DEPTH], 1, 255, "depth must be between 1 and 255", &n[2]) ||
        !number(t, args[ARG_LEAF], 0, UINT32_MAX, "leaf_size is too large", &n[3]) ||
        !number(t, args[ARG_OFFSET], 0, b->wide ? UINT64_MAX : (UINT64_C(1) << 48) - 1,
                "node_offset is too large", &n[4]) ||
        !number(t, args[ARG_NODE_DEPTH], 0, 255, "node_depth must be between 0 and 255", &n[5]) ||
        !number(t, args[ARG_INNER], 0, most,
                b->wide ? "inner_size must be between 0 and is 64"
                        : "inner_size must be between 0 and is 32",
                &n[6]) ||
        !short_bytes(t, args[ARG_KEY], most, "key", key, key_size) ||
        !short_bytes(t, args[ARG_SALT], half, "salt", block + (b->wide ? 32 : 16), &size) ||
        !short_bytes(t, args[ARG_PERSON], half, "person", block + (b->wide ? 48 : 24), &size))
        return false;
    uint32_t leaf = (uint32_t)n[3];
    b->digest_size = block[0] = (uint8_t)n[0];
    block[1] = (uint8_t)*key_size;
    block[2] = (uint8_t)n[1];
    block[3] = (uint8_t)n[2];
    memcpy(block + 4, &leaf, 4);
    memcpy(block + 8, &n[4], b->wide ? 8 : 6);
    block[b->wide ? 16 : 14] = (uint8_t)n[5];
    block[b->wide ? 17 : 15] = (uint8_t)n[6];
    return true;
}

static bool start(Thread *t, Blake *b, const Value *args) {
    uint8_t block[64] = {0}, key[128] = {0};
    size_t key_size;
    int last = value_truth(t, args[ARG_LAST]);
    if (last < 0 || !parameters(t, b, args, block, key, &key_size)) return false;
    b->last_node = last;
    for (int i = 0; i < 8; i++) {
        uint64_t wide;
        uint32_t narrow;
        memcpy(&wide, block + 8 * i, 8);
        memcpy(&narrow, block + 4 * i, 4);
        b->h[i] = b->wide ? start64[i] ^ wide : (start64[i] >> 32) ^ narrow;
    }
    if (key_size) add(b, key, block_of(b));
    return add_value(t, b, args[ARG_DATA]);
}

static Value make(Thread *t, Class *cls, bool wide, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, ARG_COUNT + 1), result = VALUE_ERROR;
    bool ok = bind_raw(t, wide ? "blake2b" : "blake2s",
                       wide ? "(data=?, /, *, digest_size=64, key=?, salt=?, person=?, fanout=1, "
                              "depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, "
                              "last_node=False, usedforsecurity=True)"
                            : "(data=?, /, *, digest_size=32, key=?, salt=?, person=?, fanout=1, "
                              "depth=1, leaf_size=0, node_offset=0, node_depth=0, inner_size=0, "
                              "last_node=False, usedforsecurity=True)",
                       out, args, argc, kwnames);
    for (int i = 0; ok && i < ARG_COUNT; i++) {
        if (out[i] == VALUE_UNSET) out[i] = object_value(t->vm->empty_bytes);
    }
    if (ok) {
        Blake *b = object_new(t, cls, 0);
        out[ARG_COUNT] = object_value(b);
        b->wide = wide;
        if (start(t, b, out)) result = object_value(b);
    }
    pop_roots(t, out);
    return result;
}

static Value construct_b(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    return make(t, cls, true, args, argc, kwnames);
}
static Value construct_s(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    return make(t, cls, false, args, argc, kwnames);
}

static Value update(Thread *t, Value *args) {
    return add_value(t, BLAKE(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value digest(Thread *t, Value *args) {
    uint8_t out[64];
    finish(BLAKE(args[0]), out);
    return object_value(bytes_new(t, out, BLAKE(args[0])->digest_size));
}

static Value hexdigest(Thread *t, Value *args) {
    return call_method(t, digest(t, args), str_intern(t->vm, "hex", 3), NULL, 0);
}

static Value copy(Thread *t, Value *args) {
    Blake *b = object_new(t, object_class(object_of(args[0])), 0);
    memcpy(&b->header + 1, &BLAKE(args[0])->header + 1, sizeof *b - sizeof b->header);
    return object_value(b);
}

static Value get_name(Thread *t, Value self) {
    return object_value(str_intern(t->vm, BLAKE(self)->wide ? "blake2b" : "blake2s", 7));
}
static Value get_digest_size(Thread *t, Value self) {
    return (void)t, fixnum(BLAKE(self)->digest_size);
}
static Value get_block_size(Thread *t, Value self) {
    return (void)t, fixnum((int64_t)block_of(BLAKE(self)));
}

static const NativeDef methods[] = {
    {"update", update, "(self, data, /)", "Add bytes."},
    {"digest", digest, "(self, /)", "The digest of what was added, as bytes."},
    {"hexdigest", hexdigest, "(self, /)", "The digest as hexadecimal digits."},
    {"copy", copy, "(self, /)", "Another one in the same state."},
    {0},
};
static const FieldDef fields[] = {
    {"name", get_name, NULL, "blake2b or blake2s."},
    {"digest_size", get_digest_size, NULL, "Bytes of the digest."},
    {"block_size", get_block_size, NULL, "Bytes the algorithm takes at a time."},
    {0},
};
static const Slots slots_b = {.construct = construct_b}, slots_s = {.construct = construct_s};
static const NativeClass classes[] = {
    {.kind = OBJ_NATIVE_DATA,
     .name = "blake2b",
     .slots = &slots_b,
     .methods = methods,
     .fields = fields,
     .doc = "BLAKE2b, for machines with words of 64 bits.",
     .size = sizeof(Blake)},
    {.kind = OBJ_NATIVE_DATA,
     .name = "blake2s",
     .slots = &slots_s,
     .methods = methods,
     .fields = fields,
     .doc = "BLAKE2s, for smaller machines.",
     .size = sizeof(Blake)},
};

static bool init(Thread *t, Module *m) {
    static const struct {
        const char *name;
        int value;
    } limits[2][4] = {
        {{"SALT_SIZE", 16}, {"PERSON_SIZE", 16}, {"MAX_KEY_SIZE", 64}, {"MAX_DIGEST_SIZE", 64}},
        {{"SALT_SIZE", 8}, {"PERSON_SIZE", 8}, {"MAX_KEY_SIZE", 32}, {"MAX_DIGEST_SIZE", 32}}};
    for (int i = 0; i < 2; i++) {
        Class *cls = module_class(t, m, &classes[i], "_blake2", NULL);
        for (int k = 0; k < 4; k++)
            dict_set_str(t, cls->dict,
                         str_intern(t->vm, limits[i][k].name, strlen(limits[i][k].name)),
                         fixnum(limits[i][k].value));
    }
    return true;
}

const NativeModule _blake2_module = {.name = "_blake2", .doc = "BLAKE2.", .init = init};
