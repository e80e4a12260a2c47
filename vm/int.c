/* SPDX-License-Identifier: MIT */
/*
 * Integers: their two representations and their arithmetic.
 *
 * A fixnum is the value itself; everything outside 63 bits is a BigInt holding a GMP integer.
 * Results are always normalised, so that equal plain ints have one representation; only instances
 * of subclasses of int keep a small value in a BigInt. GMP works on operands through an IntView,
 * which makes a fixnum look like a one-limb mpz without allocating.
 *
 * GMP ends the program when it cannot allocate, so every operation whose result may be huge (shift,
 * power, product) is bounded first by reserve_bits(), which raises MemoryError instead.
 *
 * Read next: vm/int_text.c (digits), vm/int_class.c (the class int).
 */
#include <math.h>
#include <stdlib.h>

#include "vm/container.h"
#include "vm/number.h"

#define MASK61              (((uint64_t)1 << 61) - 1)
#define LARGEST_RESULT_BITS ((uint64_t)1 << 36)
#define PROBED_RESULT_BITS  ((uint64_t)1 << 23) /* 1 MiB */

/* Makes any int readable by GMP. */
typedef struct IntView {
    mpz_t small;
    mp_limb_t limb;
} IntView;

static int64_t small_of(Value v) { return is_fixnum(v) ? fixnum_of(v) : v == VALUE_TRUE; }

static bool is_small(Value v) { return is_fixnum(v) || is_bool(v); }

static mpz_srcptr view(Value v, IntView *out) {
    if (!is_small(v)) return ((BigInt *)(uintptr_t)v)->value;
    int64_t i = small_of(v);
    out->limb = i < 0 ? -(uint64_t)i : (uint64_t)i;
    return mpz_roinit_n(out->small, &out->limb, i < 0 ? -1 : i > 0);
}

/* ---- making ints ---- */

static bool mpz_to_int64(const mpz_t z, int64_t *out) {
    size_t limbs = mpz_size(z);
    if (limbs > 1) return false;
    uint64_t magnitude = limbs ? mpz_getlimbn(z, 0) : 0;
    if (mpz_sgn(z) < 0) {
        if (magnitude > (uint64_t)1 << 63) return false;
        *out = (int64_t)-magnitude;
        return true;
    }
    if (magnitude > INT64_MAX) return false;
    *out = (int64_t)magnitude;
    return true;
}

/* The int of [z], whose limbs it takes: [z] is dead afterwards. */
static Value take(Thread *t, mpz_t z) {
    int64_t small;
    if (mpz_to_int64(z, &small) && fixnum_fits(small)) {
        mpz_clear(z);
        return fixnum(small);
    }
    BigInt *big = heap_allocate_small(&t->vm->heap, sizeof *big, OBJ_INT, BUILTIN_CLASS(t, INT));
    big->value[0] = z[0];
    return object_value(big);
}

Value int_from_int64(Thread *t, int64_t i) {
    if (fixnum_fits(i)) return fixnum(i);
    mpz_t z;
    mpz_init_set_si(z, i);
    return take(t, z);
}

Value int_from_uint64(Thread *t, uint64_t i) {
    if (i <= (uint64_t)FIXNUM_MAX) return fixnum((int64_t)i);
    mpz_t z;
    mpz_init_set_ui(z, i);
    return take(t, z);
}

Value int_from_double(Thread *t, double d) {
    if (isnan(d)) return raise_error(t, EXC_ValueError, "cannot convert float NaN to integer");
    if (isinf(d))
        return raise_error(t, EXC_OverflowError, "cannot convert float infinity to integer");
    if (fabs(d) < 4e18) return int_from_int64(t, (int64_t)d);
    mpz_t z;
    mpz_init_set_d(z, d);
    return take(t, z);
}

Value int_from_mpz(Thread *t, const mpz_t z) {
    mpz_t copy;
    mpz_init_set(copy, z);
    return take(t, copy);
}

/* ---- reading ints ---- */

bool int_to_int64(Value v, int64_t *out) {
    if (is_small(v)) {
        *out = small_of(v);
        return true;
    }
    return mpz_to_int64(((BigInt *)(uintptr_t)v)->value, out);
}

void int_to_mpz(Value v, mpz_t out) {
    IntView a;
    mpz_set(out, view(v, &a));
}

int int_sign(Value v) {
    IntView a;
    return mpz_sgn(view(v, &a));
}

int int_compare(Value a, Value b) {
    if (is_small(a) && is_small(b)) {
        int64_t x = small_of(a), y = small_of(b);
        return (x > y) - (x < y);
    }
    IntView va, vb;
    return mpz_cmp(view(a, &va), view(b, &vb));
}

uint64_t int_hash(Value v) {
    IntView a;
    mpz_srcptr z = view(v, &a);
    int64_t rest = (int64_t)mpz_tdiv_ui(z, MASK61);
    if (mpz_sgn(z) < 0) rest = -rest;
    return (uint64_t)(rest == -1 ? -2 : rest);
}

/* |z| * 2^exponent rounded half to even; [sticky]: a little more than that. Infinity when too
 * large. */
static double scaled_double(const mpz_t z, long exponent, bool sticky) {
    long bits = (long)mpz_sizeinbase(z, 2);
    long precision = 53;
    if (bits + exponent < -1021) precision = 53 - (-1021 - (bits + exponent));
    if (precision < 0) return 0.0;
    long drop = bits - precision;
    if (drop <= 0) return ldexp(fabs(mpz_get_d(z)), (int)exponent);
    if (bits + exponent > 1024) return INFINITY;
    mpz_t top;
    mpz_init(top);
    mpz_tdiv_q_2exp(top, z, (mp_bitcnt_t)drop);
    uint64_t mantissa = mpz_size(top) ? mpz_getlimbn(top, 0) : 0;
    mpz_clear(top);
    mpz_t magnitude;
    mpz_roinit_n(magnitude, mpz_limbs_read(z), (mp_size_t)mpz_size(z));
    bool half = mpz_tstbit(magnitude, (mp_bitcnt_t)drop - 1);
    bool rest = sticky || (long)mpz_scan1(magnitude, 0) < drop - 1;
    if (half && (rest || (mantissa & 1))) mantissa++;
    return ldexp((double)mantissa, (int)(drop + exponent));
}

double int_to_double(Thread *t, Value v, bool *overflow) {
    (void)t;
    *overflow = false;
    if (is_small(v)) return (double)small_of(v);
    mpz_srcptr z = ((BigInt *)(uintptr_t)v)->value;
    if (mpz_sgn(z) == 0) return 0.0;
    double d = scaled_double(z, 0, false);
    *overflow = isinf(d);
    return mpz_sgn(z) < 0 ? -d : d;
}

/* ---- arithmetic ---- */

/* Is there memory for a result of [bits] bits? Raises MemoryError otherwise. */
static bool reserve_bits(Thread *t, uint64_t bits) {
    if (LIKELY(bits < PROBED_RESULT_BITS)) return true;
    void *probe = bits <= LARGEST_RESULT_BITS ? malloc(bits / 8 * 2) : NULL;
    if (!probe) {
        raise_with(t, EXC_MemoryError, VALUE_UNSET);
        return false;
    }
    free(probe);
    return true;
}

static uint64_t bits_of(mpz_srcptr z) { return mpz_sgn(z) ? mpz_sizeinbase(z, 2) : 0; }

/* a / b correctly rounded. */
static Value true_divide(Thread *t, Value a, Value b) {
    IntView va, vb;
    mpz_srcptr x = view(a, &va), y = view(b, &vb);
    if (mpz_sgn(y) == 0) return raise_error(t, EXC_ZeroDivisionError, "division by zero");
    if (mpz_sgn(x) == 0) return float_new(t, mpz_sgn(y) < 0 ? -0.0 : 0.0);
    bool negative = (mpz_sgn(x) < 0) != (mpz_sgn(y) < 0);
    if (bits_of(x) <= 53 && bits_of(y) <= 53) return float_new(t, mpz_get_d(x) / mpz_get_d(y));
    long shift = 66 - ((long)bits_of(x) - (long)bits_of(y));
    mpz_t scaled, quotient, rest;
    mpz_inits(scaled, quotient, rest, NULL);
    mpz_mul_2exp(scaled, shift > 0 ? x : y, (mp_bitcnt_t)labs(shift));
    mpz_tdiv_qr(quotient, rest, shift > 0 ? scaled : x, shift > 0 ? y : scaled);
    double d = scaled_double(quotient, -shift, mpz_sgn(rest) != 0);
    mpz_clears(scaled, quotient, rest, NULL);
    if (isinf(d)) {
        return raise_error(t, EXC_OverflowError, "integer division result too large for a float");
    }
    return float_new(t, negative ? -d : d);
}

static Value big_power(Thread *t, mpz_srcptr base, Value exponent) {
    int64_t n;
    bool tiny = mpz_cmpabs_ui(base, 1) <= 0;
    if (!int_to_int64(exponent, &n)) {
        if (!tiny) return raise_with(t, EXC_MemoryError, VALUE_UNSET);
        IntView e;
        n = mpz_even_p(view(exponent, &e)) ? 2 : 3;
    }
    if (!tiny) {
        uint64_t bits;
        if (__builtin_mul_overflow(bits_of(base), (uint64_t)n, &bits)) bits = UINT64_MAX;
        if (!reserve_bits(t, bits)) return VALUE_ERROR;
    }
    mpz_t result;
    mpz_init(result);
    mpz_pow_ui(result, base, (unsigned long)n);
    return take(t, result);
}

static Value power(Thread *t, Value a, Value b) {
    if (int_sign(b) < 0) {
        bool overflow_a, overflow_b;
        double x = int_to_double(t, a, &overflow_a), y = int_to_double(t, b, &overflow_b);
        if (overflow_a || overflow_b) {
            return raise_error(t, EXC_OverflowError, "int too large to convert to float");
        }
        if (x == 0.0) {
            return raise_error(t, EXC_ZeroDivisionError,
                               "0.0 cannot be raised to a negative power");
        }
        return float_new(t, pow(x, y));
    }
    if (is_small(a) && is_small(b)) {
        int64_t base = small_of(a), result = 1;
        uint64_t n = (uint64_t)small_of(b);
        while (n) {
            if ((n & 1) && __builtin_mul_overflow(result, base, &result)) goto big;
            n >>= 1;
            if (n && __builtin_mul_overflow(base, base, &base)) goto big;
        }
        return int_from_int64(t, result);
    }
big:;
    IntView va;
    return big_power(t, view(a, &va), b);
}

static Value shift_left(Thread *t, Value a, Value b) {
    if (int_sign(b) < 0) return raise_error(t, EXC_ValueError, "negative shift count");
    if (int_sign(a) == 0) return fixnum(0);
    int64_t count;
    if (!int_to_int64(b, &count)) {
        if (int_bit_length(b) <= 68) return raise_with(t, EXC_MemoryError, VALUE_UNSET);
        return raise_error(t, EXC_OverflowError, "too many digits in integer");
    }
    if (is_small(a) && count < 62) {
        int64_t i = small_of(a), shifted = (int64_t)((uint64_t)i << count);
        if (shifted >> count == i) return int_from_int64(t, shifted);
    }
    IntView va;
    mpz_srcptr x = view(a, &va);
    if (!reserve_bits(t, bits_of(x) + (uint64_t)count)) return VALUE_ERROR;
    mpz_t result;
    mpz_init(result);
    mpz_mul_2exp(result, x, (mp_bitcnt_t)count);
    return take(t, result);
}

static Value shift_right(Thread *t, Value a, Value b) {
    if (int_sign(b) < 0) return raise_error(t, EXC_ValueError, "negative shift count");
    int64_t count;
    if (!int_to_int64(b, &count)) return fixnum(int_sign(a) < 0 ? -1 : 0);
    if (is_small(a)) return int_from_int64(t, small_of(a) >> (count > 63 ? 63 : count));
    IntView va;
    mpz_t result;
    mpz_init(result);
    mpz_fdiv_q_2exp(result, view(a, &va), (mp_bitcnt_t)count);
    return take(t, result);
}

static Value pair(Thread *t, Value a, Value b) {
    return object_value(tuple_from(t, (Value[]){a, b}, 2));
}

/* Floor division, modulo and both; the divisor is not 0. */
static Value big_divide(Thread *t, BinaryOp op, mpz_srcptr x, mpz_srcptr y) {
    mpz_t quotient, rest;
    mpz_inits(quotient, rest, NULL);
    if (op == BINARY_FLOORDIV) {
        mpz_fdiv_q(quotient, x, y);
    } else if (op == BINARY_MOD) {
        mpz_fdiv_r(rest, x, y);
    } else {
        mpz_fdiv_qr(quotient, rest, x, y);
    }
    Value q = take(t, quotient), r = take(t, rest);
    return op == BINARY_FLOORDIV ? q : op == BINARY_MOD ? r : pair(t, q, r);
}

static Value big_binary(Thread *t, BinaryOp op, Value a, Value b) {
    IntView va, vb;
    mpz_srcptr x = view(a, &va), y = view(b, &vb);
    if (op == BINARY_FLOORDIV || op == BINARY_MOD || op == BINARY_DIVMOD) {
        return big_divide(t, op, x, y);
    }
    if (op == BINARY_MUL && !reserve_bits(t, bits_of(x) + bits_of(y))) return VALUE_ERROR;
    mpz_t result;
    mpz_init(result);
    switch (op) {
    case BINARY_ADD: mpz_add(result, x, y); break;
    case BINARY_SUB: mpz_sub(result, x, y); break;
    case BINARY_MUL: mpz_mul(result, x, y); break;
    case BINARY_AND: mpz_and(result, x, y); break;
    case BINARY_OR: mpz_ior(result, x, y); break;
    case BINARY_XOR: mpz_xor(result, x, y); break;
    default: mpz_clear(result); return VALUE_NOTIMPLEMENTED;
    }
    return take(t, result);
}

/* Both operands are small and, for divisions, the divisor is not 0. VALUE_UNSET: does not fit 64
 * bits. */
static Value small_binary(Thread *t, BinaryOp op, int64_t x, int64_t y) {
    int64_t result;
    switch (op) {
    case BINARY_ADD:
        if (__builtin_add_overflow(x, y, &result)) return VALUE_UNSET;
        break;
    case BINARY_SUB:
        if (__builtin_sub_overflow(x, y, &result)) return VALUE_UNSET;
        break;
    case BINARY_MUL:
        if (__builtin_mul_overflow(x, y, &result)) return VALUE_UNSET;
        break;
    case BINARY_FLOORDIV: result = x / y - (x % y != 0 && (x < 0) != (y < 0)); break;
    case BINARY_MOD:
        result = x % y;
        if (result && (result < 0) != (y < 0)) result += y;
        break;
    case BINARY_AND: result = x & y; break;
    case BINARY_OR: result = x | y; break;
    case BINARY_XOR: result = x ^ y; break;
    case BINARY_DIVMOD:
        return pair(t, small_binary(t, BINARY_FLOORDIV, x, y), small_binary(t, BINARY_MOD, x, y));
    default: return VALUE_UNSET;
    }
    return int_from_int64(t, result);
}

Value int_binary(Thread *t, BinaryOp op, Value a, Value b) {
    switch (op) {
    case BINARY_TRUEDIV: return true_divide(t, a, b);
    case BINARY_POW: return power(t, a, b);
    case BINARY_LSHIFT: return shift_left(t, a, b);
    case BINARY_RSHIFT: return shift_right(t, a, b);
    case BINARY_FLOORDIV:
    case BINARY_MOD:
    case BINARY_DIVMOD:
        if (int_sign(b) == 0) {
            return raise_error(t, EXC_ZeroDivisionError,
                               op == BINARY_MOD ? "integer modulo by zero"
                                                : "integer division or modulo by zero");
        }
        break;
    case BINARY_MATMUL: return VALUE_NOTIMPLEMENTED;
    default: break;
    }
    if (is_small(a) && is_small(b)) {
        Value result = small_binary(t, op, small_of(a), small_of(b));
        if (result != VALUE_UNSET) return result;
    }
    return big_binary(t, op, a, b);
}

Value int_negate(Thread *t, Value v) { return int_binary(t, BINARY_SUB, fixnum(0), v); }

/* base^exponent mod modulus: the sign of the result is the modulus's. */
Value int_power_mod(Thread *t, Value base, Value exponent, Value modulus) {
    IntView va, vb, vm;
    mpz_srcptr x = view(base, &va), e = view(exponent, &vb), m = view(modulus, &vm);
    if (mpz_sgn(m) == 0) return raise_error(t, EXC_ValueError, "pow() 3rd argument cannot be 0");
    mpz_t result;
    mpz_init(result);
    if (mpz_sgn(e) < 0) {
        if (!mpz_invert(result, x, m)) {
            mpz_clear(result);
            return raise_error(t, EXC_ValueError, "base is not invertible for the given modulus");
        }
        mpz_t positive;
        mpz_init(positive);
        mpz_neg(positive, e);
        mpz_powm(result, result, positive, m);
        mpz_clear(positive);
    } else {
        mpz_powm(result, x, e, m);
    }
    if (mpz_sgn(m) < 0 && mpz_sgn(result) > 0) mpz_add(result, result, m);
    return take(t, result);
}

Value int_round(Thread *t, Value v, Value digits) {
    int64_t n;
    if (!int_to_int64(digits, &n)) n = int_sign(digits) < 0 ? -INT64_MAX : 0;
    if (n >= 0) return int_binary(t, BINARY_ADD, v, fixnum(0));
    IntView va;
    mpz_srcptr x = view(v, &va);
    if (-(uint64_t)n > mpz_sizeinbase(x, 10) + 1) return fixnum(0);
    mpz_t unit, quotient, rest;
    mpz_inits(unit, quotient, rest, NULL);
    mpz_ui_pow_ui(unit, 10, (unsigned long)-n);
    mpz_fdiv_qr(quotient, rest, x, unit);
    mpz_mul_2exp(rest, rest, 1);
    int order = mpz_cmp(rest, unit);
    if (order > 0 || (order == 0 && mpz_odd_p(quotient))) mpz_add_ui(quotient, quotient, 1);
    mpz_mul(quotient, quotient, unit);
    mpz_clears(unit, rest, NULL);
    return take(t, quotient);
}

uint64_t int_bit_length(Value v) {
    IntView a;
    return bits_of(view(v, &a));
}

uint64_t int_bit_count(Value v) {
    IntView a;
    mpz_srcptr z = view(v, &a);
    mpz_t magnitude;
    mpz_roinit_n(magnitude, mpz_limbs_read(z), (mp_size_t)mpz_size(z));
    return mpz_popcount(magnitude);
}

Value int_subclass_new(Thread *t, Class *cls, Value v) {
    BigInt *big = object_new(t, cls, 0);
    IntView a;
    mpz_init_set(big->value, view(v, &a));
    return object_value(big);
}

int int_compare_double(Value v, double d) {
    IntView a;
    mpz_srcptr z = view(v, &a);
    if (isinf(d)) return d > 0 ? -1 : 1;
    return mpz_cmp_d(z, d);
}
