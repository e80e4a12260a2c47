/* SPDX-License-Identifier: MIT */
/*
 * The open-addressing index that dicts and sets put beside their entries once they have more than
 * eight.
 *
 * A slot holds the number of an entry, or -1. Probing is linear from a slot that multiplicative
 * hashing picks (int hashes are the ints themselves and need the mixing), and the table is at most
 * half full. Removing an entry moves its followers back, so there are no tombstones: an index says
 * exactly which entries live, and popping and pushing at the end for ever never makes it worse.
 *
 * Read next: vm/dict.c, vm/set.c.
 */
#ifndef TULIP_VM_HASH_INDEX_H
#define TULIP_VM_HASH_INDEX_H

#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

#define TABLE_UNINDEXED   8          /* entries that are searched without an index */
#define TABLE_MAX_ENTRIES (1u << 30) /* entry numbers are int32_t */
#define TABLE_ABSENT      (-1)
#define TABLE_RAISED      (-2)

/* What comparing a key with an entry of the same hash came to. */
typedef enum KeyMatch { KEY_DIFFERS, KEY_MATCHES, KEY_TABLE_CHANGED, KEY_RAISED } KeyMatch;

/* Where the search for [hash] begins. */
static inline uint32_t index_home(uint64_t hash, uint8_t bits) {
    return (uint32_t)((hash * 0x9E3779B97F4A7C15u) >> (64 - bits));
}

/* Enter number [n]; there is room. */
static inline void index_put(int32_t *index, uint8_t bits, uint64_t hash, uint32_t n) {
    uint32_t mask = (1u << bits) - 1, slot = index_home(hash, bits);
    while (index[slot] >= 0) slot = (slot + 1) & mask;
    index[slot] = (int32_t)n;
}

/* Take number [n] out. The hash of entry i is found [i] * [stride] bytes behind [hashes]. */
static inline void index_remove(int32_t *index, uint8_t bits, uint32_t n, const void *hashes,
                                size_t stride) {
#define HASH_OF(i) (*(const uint64_t *)((const char *)hashes + stride * (uint32_t)(i)))
    uint32_t mask = (1u << bits) - 1, hole = index_home(HASH_OF(n), bits);
    while (index[hole] != (int32_t)n) hole = (hole + 1) & mask;
    for (uint32_t slot = (hole + 1) & mask; index[slot] >= 0; slot = (slot + 1) & mask) {
        uint32_t home = index_home(HASH_OF(index[slot]), bits);
        if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
        index[hole] = index[slot];
        hole = slot;
    }
    index[hole] = -1;
#undef HASH_OF
}

/* How many entries a table of [used] live ones, all of its [capacity] taken, should have room for
 * next: the same again (after squeezing out the deleted ones) or a power of two more. */
static inline uint64_t table_next_capacity(uint32_t used, uint64_t capacity) {
    uint64_t wanted = (uint64_t)used + used / 2 + 1;
    if (capacity < 4) capacity = 4;
    while (capacity < wanted) capacity *= 2;
    return capacity;
}

/* Bits of the index for a power-of-two capacity: twice as many slots. 0: no index. */
static inline uint8_t index_bits_for(uint64_t capacity) {
    return capacity <= TABLE_UNINDEXED ? 0 : (uint8_t)(__builtin_ctzll(capacity) + 1);
}

static inline bool is_exact_str(const Thread *t, Value v) {
    return is_kind(v, OBJ_STR) && object_class(object_of(v)) == BUILTIN_CLASS(t, STR);
}

/* hash(key), with short ways for ints and strs. False: raised. */
static inline MUST_CHECK bool key_hash(Thread *t, Value key, uint64_t *hash) {
    const int64_t modulus = ((int64_t)1 << 61) - 1;
    if (is_fixnum(key)) {
        int64_t i = fixnum_of(key);
        *hash = LIKELY(i > -modulus && i < modulus && i != -1) ? (uint64_t)i : int_hash(key);
        return true;
    }
    if (is_exact_str(t, key)) {
        Str *s = STR(key);
        *hash = LIKELY(s->hash != 0) ? s->hash : str_hash(t->vm, s);
        return true;
    }
    int64_t h;
    if (!value_hash(t, key, &h)) return false;
    *hash = (uint64_t)h;
    return true;
}

/* Two different Values of one hash: can they be told apart without running code? Then [*equal]
 * says. */
static inline bool keys_compare_fast(const Thread *t, Value a, Value b, bool *equal) {
    if (both_fixnums(a, b)) {
        *equal = false;
        return true;
    }
    if (is_exact_str(t, a) && is_exact_str(t, b)) {
        *equal = str_equal(STR(a), STR(b));
        return true;
    }
    return false;
}

#endif
