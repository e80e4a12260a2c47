/* SPDX-License-Identifier: MIT */
/*
 * _random: the generator under the module random, the Mersenne Twister MT19937 of Matsumoto and
 * Nishimura, seeded from integers of any size as CPython does, so that equal seeds give equal
 * numbers.
 *
 * The state is 624 words. 624 outputs are made at a time; [index] is the next one.
 * Read next: stdlib/random.tul (distributions), stdlib/sha512.c (seeds that are texts).
 */
#include <gmp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/memory.h"
#include "stdlib/sha512.h"
#include "stdlib/stdlib.h"
#include "vm/draw.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { STATE_WORDS = 624, SHIFT_WORDS = 397 };

typedef struct RandomState {
    Object header;
    uint32_t state[STATE_WORDS];
    int index; /* STATE_WORDS: make the next 624 first */
} RandomState;

#define RANDOM(v) ((RandomState *)(uintptr_t)(v))

/* ---- the generator ---- */

static uint32_t twist(uint32_t high, uint32_t low) {
    uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return (y >> 1) ^ ((y & 1) ? 0x9908b0dfu : 0);
}

static void refill(RandomState *r) {
    uint32_t *s = r->state;
    for (int i = 0; i < STATE_WORDS; i++) {
        s[i] = s[(i + SHIFT_WORDS) % STATE_WORDS] ^ twist(s[i], s[(i + 1) % STATE_WORDS]);
    }
    r->index = 0;
}

static uint32_t next_word(RandomState *r) {
    if (r->index >= STATE_WORDS) refill(r);
    uint32_t y = r->state[r->index++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

static void seed_word(RandomState *r, uint32_t seed) {
    r->state[0] = seed;
    for (uint32_t i = 1; i < STATE_WORDS; i++) {
        uint32_t previous = r->state[i - 1];
        r->state[i] = 1812433253u * (previous ^ (previous >> 30)) + i;
    }
    r->index = STATE_WORDS;
}

/* One step of seeding from a key: state[i] from its predecessor. */
static void stir(uint32_t *s, uint32_t *i, uint32_t factor, uint32_t plus) {
    s[*i] = (s[*i] ^ ((s[*i - 1] ^ (s[*i - 1] >> 30)) * factor)) + plus;
    if (++*i == STATE_WORDS) {
        s[0] = s[STATE_WORDS - 1];
        *i = 1;
    }
}

static void seed_words(RandomState *r, const uint32_t *key, size_t count) {
    seed_word(r, 19650218u);
    uint32_t i = 1;
    size_t j = 0;
    for (size_t k = count > STATE_WORDS ? count : STATE_WORDS; k; k--) {
        stir(r->state, &i, 1664525u, key[j] + (uint32_t)j);
        if (++j == count) j = 0;
    }
    for (uint32_t k = STATE_WORDS - 1; k; k--) stir(r->state, &i, 1566083941u, -i);
    r->state[0] = 0x80000000u;
}

/* ---- seeding ---- */

static void seed_mpz(RandomState *r, mpz_t z) {
    size_t count = 0;
    mpz_abs(z, z);
    uint32_t *key = memory_alloc((mpz_sizeinbase(z, 2) + 63) / 32 * sizeof *key);
    mpz_export(key, &count, -1, sizeof *key, 0, 0, z);
    if (!count) key[count++] = 0;
    seed_words(r, key, count);
    free(key);
}

static void seed_from_system(Thread *t, RandomState *r) {
    uint32_t key[STATE_WORDS];
    if (t->vm->seeded) { /* the run's seed decides this, too */
        for (int i = 0; i < STATE_WORDS; i++) key[i] = (uint32_t)draw_next(&t->vm->random);
        seed_words(r, key, STATE_WORDS);
        return;
    }
    if (getrandom(key, sizeof key, 0) == sizeof key) {
        seed_words(r, key, STATE_WORDS);
        return;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    key[0] = (uint32_t)now.tv_nsec;
    key[1] = (uint32_t)now.tv_sec;
    seed_words(r, key, 2);
}

static bool seed(Thread *t, RandomState *r, Value v) {
    if (v == VALUE_NONE) {
        seed_from_system(t, r);
        return true;
    }
    mpz_t z;
    if (is_int(v)) {
        mpz_init(z);
        int_to_mpz(v, z);
    } else {
        int64_t hash;
        if (!value_hash(t, v, &hash)) return false;
        mpz_init_set_ui(z, (unsigned long)hash);
    }
    seed_mpz(r, z);
    mpz_clear(z);
    return true;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    RandomState *r = object_new(t, cls, 0);
    seed_word(r, 5489u);
    return object_value(r);
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 1);
    bool ok = bind_raw(t, "Random", "(seed=None)", out, args, argc, kwnames) &&
              seed(t, RANDOM(self), out[0]);
    pop_roots(t, out);
    return ok;
}

static Value method_seed(Thread *t, Value *args) {
    return seed(t, RANDOM(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- numbers ---- */

static double next_double(RandomState *r) {
    uint32_t a = next_word(r) >> 5, b = next_word(r) >> 6;
    return (a * 67108864.0 + b) * (1.0 / 9007199254740992.0);
}

static Value method_random(Thread *t, Value *args) {
    return float_new(t, next_double(RANDOM(args[0])));
}

/* k random bits; whole words from the lowest on, the last one cut. */
static Value random_bits(Thread *t, RandomState *r, uint64_t k) {
    if (k <= 32) return k ? fixnum(next_word(r) >> (32 - k)) : fixnum(0);
    size_t words = (size_t)((k - 1) / 32 + 1);
    uint32_t *digits = memory_alloc(words * sizeof *digits);
    for (size_t i = 0; i < words; i++, k -= 32) {
        digits[i] = next_word(r);
        if (k < 32) digits[i] >>= 32 - k;
    }
    mpz_t z;
    mpz_init(z);
    mpz_import(z, words, -1, sizeof *digits, 0, 0, digits);
    free(digits);
    Value v = int_from_mpz(t, z);
    mpz_clear(z);
    return v;
}

static Value method_getrandbits(Thread *t, Value *args) {
    int64_t k;
    if (!arg_int64(t, args[1], &k)) return VALUE_ERROR;
    if (k < 0) return raise_error(t, EXC_ValueError, "number of bits must be non-negative");
    if (k > INT32_MAX)
        return raise_error(t, EXC_OverflowError, "Python int too large to convert to C int");
    return random_bits(t, RANDOM(args[0]), (uint64_t)k);
}

/* An int below n > 0, each equally likely: as many bits as n has, again while that is n or more. */
static Value method_below(Thread *t, Value *args) {
    Value n = args[1];
    if (!is_int(n)) return raise_error(t, EXC_TypeError, "an int is expected, not %T", n);
    if (int_sign(n) <= 0) return fixnum(0);
    uint64_t k = int_bit_length(n);
    for (;;) {
        Value r = random_bits(t, RANDOM(args[0]), k);
        if (int_compare(r, n) < 0) return r;
    }
}

/* ---- the state as a value ---- */

static Value method_getstate(Thread *t, Value *args) {
    RandomState *r = RANDOM(args[0]);
    Tuple *state = tuple_new(t, STATE_WORDS + 1);
    for (int i = 0; i < STATE_WORDS; i++) state->items[i] = fixnum(r->state[i]);
    state->items[STATE_WORDS] = fixnum(r->index);
    return object_value(state);
}

static Value method_setstate(Thread *t, Value *args) {
    if (!is_kind(args[1], OBJ_TUPLE))
        return raise_error(t, EXC_TypeError, "state vector must be a tuple");
    Tuple *state = TUPLE(args[1]);
    if (state->size != STATE_WORDS + 1)
        return raise_error(t, EXC_ValueError, "state vector is the wrong size");
    RandomState new = {0};
    for (int i = 0; i <= STATE_WORDS; i++) {
        int64_t word;
        if (!arg_int64(t, state->items[i], &word)) return VALUE_ERROR;
        if (i < STATE_WORDS) new.state[i] = (uint32_t)word;
        else if (word < 0 || word > STATE_WORDS)
            return raise_error(t, EXC_ValueError, "invalid state");
        else new.index = (int)word;
    }
    RandomState *r = RANDOM(args[0]);
    memcpy(r->state, new.state, sizeof r->state);
    r->index = new.index;
    return VALUE_NONE;
}

static const NativeDef methods[] = {
    {"seed", method_seed, "(self, n=None, /)", "Begin the sequence that belongs to n; None: any."},
    {"random", method_random, "(self, /)", "The next float in [0, 1)."},
    {"getrandbits", method_getrandbits, "(self, k, /)", "An int of k random bits."},
    {"_randbelow", method_below, "(self, n, /)", "An int in [0, n)."},
    {"getstate", method_getstate, "(self, /)", "The state as a tuple."},
    {"setstate", method_setstate, "(self, state, /)", "Go back to a state."},
    {0},
};
static const Slots slots = {.construct = construct, .init = init};
static const NativeClass random_class = {.kind = OBJ_NATIVE_DATA,
                                         .name = "Random",
                                         .slots = &slots,
                                         .methods = methods,
                                         .doc = "Random() -> a generator of random numbers.",
                                         .size = sizeof(RandomState),
                                         .flags = CLASS_BASE_ALLOWED};

/* ---- the module ---- */

static Value digest(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    uint8_t out[64];
    if (!bytes_like(args[0], &data, &size))
        return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", args[0]);
    sha512(data, size, out);
    return object_value(bytes_new(t, out, sizeof out));
}

static Value system_bits(Thread *t, Value *args) {
    t->vm->outside |= OUTSIDE_RANDOM;
    int64_t size;
    if (!arg_int64(t, args[0], &size)) return VALUE_ERROR;
    if (size < 0) return raise_error(t, EXC_ValueError, "negative argument not allowed");
    if (!str_memory_fits(t, (size_t)size)) return VALUE_ERROR;
    Bytes *bytes = bytes_allocate(t, (size_t)size);
    for (size_t done = 0; done < (size_t)size;) {
        ssize_t n = getrandom(bytes->data + done, (size_t)size - done, 0);
        if (n > 0) done += (size_t)n;
    }
    return object_value(bytes);
}

static const NativeDef functions[] = {
    {"_sha512", digest, "(data, /)", "The SHA-512 digest of data."},
    {"_urandom", system_bits, "(size, /)", "size random bytes of the system."},
    {0},
};

static bool module_init(Thread *t, Module *m) {
    module_class(t, m, &random_class, "_random", NULL);
    return true;
}

const NativeModule _random_module = {.name = "_random",
                                     .doc = "The generator under random.",
                                     .functions = functions,
                                     .init = module_init};
