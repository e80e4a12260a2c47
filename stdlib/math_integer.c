/* SPDX-License-Identifier: MIT */
/*
 * math for integers of any size, on GMP. What would not fit into memory is refused before GMP is
 * asked, because GMP ends the program when it cannot have memory.
 *
 * Read next: stdlib/math_many.c.
 */
#include "stdlib/math.h"

#include "vm/number.h"
#include "vm/ops.h"

enum { LARGEST_FACTORIAL = 100000000 };

/* An argument as an integer Value; VALUE_ERROR raised. */
static Value integer(Thread *t, Value v) { return value_index(t, v); }

static Value take(Thread *t, mpz_t z) {
    Value v = int_from_mpz(t, z);
    mpz_clear(z);
    return v;
}

Value math_factorial(Thread *t, Value *args) {
    Value n = integer(t, args[0]);
    int64_t count;
    if (n == VALUE_ERROR) return VALUE_ERROR;
    if (int_sign(n) < 0)
        return raise_error(t, EXC_ValueError, "factorial() not defined for negative values");
    if (!int_to_int64(n, &count)) {
        return raise_error(t, EXC_OverflowError, "factorial() argument should not exceed %lld",
                           (long long)INT64_MAX);
    }
    if (count > LARGEST_FACTORIAL) return raise_error(t, EXC_MemoryError, "");
    mpz_t z;
    mpz_init(z);
    mpz_fac_ui(z, (unsigned long)count);
    return take(t, z);
}

Value math_isqrt(Thread *t, Value *args) {
    Value n = integer(t, args[0]);
    if (n == VALUE_ERROR) return VALUE_ERROR;
    if (int_sign(n) < 0)
        return raise_error(t, EXC_ValueError, "isqrt() argument must be nonnegative");
    mpz_t z;
    mpz_init(z);
    int_to_mpz(n, z);
    mpz_sqrt(z, z);
    return take(t, z);
}

/* Fold all arguments with [combine], beginning with [start]. */
static Value fold(Thread *t, Tuple *numbers, long start,
                  void (*combine)(mpz_t, const mpz_t, const mpz_t)) {
    mpz_t total, item;
    mpz_init_set_si(total, start);
    mpz_init(item);
    bool ok = true;
    for (size_t i = 0; ok && i < numbers->size; i++) {
        Value v = integer(t, numbers->items[i]);
        ok = v != VALUE_ERROR;
        if (!ok) break;
        int_to_mpz(v, item);
        combine(total, total, item);
    }
    mpz_clear(item);
    if (ok) return take(t, total);
    mpz_clear(total);
    return VALUE_ERROR;
}

static void gcd_of(mpz_t r, const mpz_t a, const mpz_t b) { mpz_gcd(r, a, b); }
static void lcm_of(mpz_t r, const mpz_t a, const mpz_t b) { mpz_lcm(r, a, b); }

Value math_gcd(Thread *t, Value *args) { return fold(t, TUPLE(args[0]), 0, gcd_of); }
Value math_lcm(Thread *t, Value *args) { return fold(t, TUPLE(args[0]), 1, lcm_of); }

/* n and k of comb and perm: both integers, not negative. */
static bool n_and_k(Thread *t, Value *args) {
    args[0] = integer(t, args[0]);
    if (args[0] == VALUE_ERROR) return false;
    args[1] = integer(t, args[1]);
    if (args[1] == VALUE_ERROR) return false;
    for (int i = 0; i < 2; i++) {
        if (int_sign(args[i]) >= 0) continue;
        raise_error(t, EXC_ValueError, "%c must be a non-negative integer", i ? 'k' : 'n');
        return false;
    }
    return true;
}

Value math_comb(Thread *t, Value *args) {
    if (!n_and_k(t, args)) return VALUE_ERROR;
    if (int_compare(args[1], args[0]) > 0) return fixnum(0);
    mpz_t n, rest;
    mpz_init(n);
    mpz_init(rest);
    int_to_mpz(args[0], n);
    int_to_mpz(args[1], rest);
    mpz_t other;
    mpz_init(other);
    mpz_sub(other, n, rest);
    if (mpz_cmp(other, rest) < 0) mpz_set(rest, other);
    mpz_clear(other);
    bool fits = mpz_fits_ulong_p(rest);
    unsigned long k = mpz_get_ui(rest);
    mpz_clear(rest);
    if (!fits || (double)k * (double)mpz_sizeinbase(n, 2) > 8e9) {
        mpz_clear(n);
        if (fits) return raise_error(t, EXC_MemoryError, "");
        return raise_error(t, EXC_OverflowError, "min(n - k, k) must not exceed %lld",
                           (long long)INT64_MAX);
    }
    mpz_bin_ui(n, n, k);
    return take(t, n);
}

Value math_perm(Thread *t, Value *args) {
    if (args[1] == VALUE_NONE) return math_factorial(t, args);
    if (!n_and_k(t, args)) return VALUE_ERROR;
    if (int_compare(args[1], args[0]) > 0) return fixnum(0);
    int64_t k;
    if (!int_to_int64(args[1], &k)) {
        return raise_error(t, EXC_OverflowError, "k must not exceed %lld", (long long)INT64_MAX);
    }
    if ((double)k * (double)int_bit_length(args[0]) > 8e9)
        return raise_error(t, EXC_MemoryError, "");
    mpz_t n, product;
    mpz_init(n);
    mpz_init_set_ui(product, 1);
    int_to_mpz(args[0], n);
    for (; k > 0; k--) {
        mpz_mul(product, product, n);
        mpz_sub_ui(n, n, 1);
    }
    mpz_clear(n);
    return take(t, product);
}
