/* SPDX-License-Identifier: MIT */
/*
 * Floats: boxing, arithmetic where Python differs from C, comparison with ints, rounding, hashing.
 *
 * Python's % and // round towards minus infinity, hash(2.0) == hash(2), and comparing a float with
 * an int is exact however large the int is; the rest is the machine's IEEE arithmetic.
 *
 * Read next: vm/float_text.c (text), vm/float_class.c (the class float).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm/exception.h"
#include "vm/number.h"
#include "vm/str.h"

#define MODULUS_BITS  61
#define MODULUS       (((uint64_t)1 << MODULUS_BITS) - 1)
#define HASH_INFINITY 314159

Value float_new(Thread *t, double d) {
    Value v;
    if (LIKELY(flonum_try(d, &v))) return v;
    Float *boxed =
        heap_allocate_small(&t->vm->heap, sizeof *boxed, OBJ_FLOAT, BUILTIN_CLASS(t, FLOAT));
    boxed->value = d;
    return object_value(boxed);
}

double float_mod(double a, double b) {
    double rest = fmod(a, b);
    if (rest == 0.0) return copysign(0.0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

double float_floordiv(double a, double b) {
    double rest = fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0.0 && (rest < 0) != (b < 0)) quotient -= 1.0;
    if (quotient == 0.0) return copysign(0.0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

Value float_power(Thread *t, double a, double b) {
    if (a == 0.0 && b < 0) {
        return isinf(b) ? float_new(t, HUGE_VAL)
                        : raise_error(t, EXC_ZeroDivisionError,
                                      "0.0 cannot be raised to a negative power");
    }
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b)) {
        return raise_error(t, EXC_ValueError,
                           "negative number cannot be raised to a fractional power "
                           "(complex numbers are not part of Tulip)");
    }
    double result = pow(a, b);
    if (isinf(result) && isfinite(a) && isfinite(b)) {
        Value args[2] = {fixnum(ERANGE),
                         object_value(str_from(t, "Numerical result out of range"))};
        Value exception = exception_new(t, EXCEPTION_CLASS(t, OverflowError), args, 2);
        return exception == VALUE_ERROR ? VALUE_ERROR : raise_value(t, exception);
    }
    return float_new(t, result);
}

int number_compare(Value a, Value b) {
    double d = float_of(b);
    if (isnan(d)) return 2;
    if (is_float(a)) {
        double c = float_of(a);
        return isnan(c) ? 2 : (c > d) - (c < d);
    }
    int order = int_compare_double(a, d);
    return (order > 0) - (order < 0);
}

int64_t float_hash(double d) {
    if (isinf(d)) return d > 0 ? HASH_INFINITY : -HASH_INFINITY;
    if (isnan(d)) return 0;
    int exponent;
    double rest = frexp(fabs(d), &exponent);
    uint64_t hash = 0;
    while (rest != 0.0) {
        hash = ((hash << 28) & MODULUS) | hash >> (MODULUS_BITS - 28);
        rest *= 268435456.0; /* 2**28 */
        exponent -= 28;
        uint64_t digit = (uint64_t)rest;
        rest -= (double)digit;
        hash += digit;
        if (hash >= MODULUS) hash -= MODULUS;
    }
    exponent = exponent >= 0 ? exponent % MODULUS_BITS
                             : MODULUS_BITS - 1 - ((-1 - exponent) % MODULUS_BITS);
    if (exponent) hash = ((hash << exponent) & MODULUS) | hash >> (MODULUS_BITS - exponent);
    int64_t result = d < 0 ? -(int64_t)hash : (int64_t)hash;
    return result == -1 ? -2 : result;
}

/* Rounding to tens and above: |d| as an integer, to a multiple of 10**power. */
static double round_to_tens(Thread *t, double d, int power) {
    double whole = trunc(fabs(d));
    bool fraction = whole != fabs(d);
    mpz_t unit, quotient, rest;
    mpz_inits(unit, quotient, rest, NULL);
    mpz_ui_pow_ui(unit, 10, (unsigned long)power);
    mpz_set_d(quotient, whole);
    mpz_fdiv_qr(quotient, rest, quotient, unit);
    mpz_mul_2exp(rest, rest, 1);
    int order = mpz_cmp(rest, unit);
    if (order > 0 || (order == 0 && (fraction || mpz_odd_p(quotient)))) {
        mpz_add_ui(quotient, quotient, 1);
    }
    mpz_mul(quotient, quotient, unit);
    bool overflow;
    double result = int_to_double(t, int_from_mpz(t, quotient), &overflow);
    mpz_clears(unit, quotient, rest, NULL);
    return copysign(overflow ? INFINITY : result, d);
}

Value float_round(Thread *t, double d, int64_t digits) {
    if (!isfinite(d) || digits > 323) return float_new(t, d);
    if (digits < -308) return float_new(t, copysign(0.0, d));
    double result;
    if (digits < 0) {
        result = round_to_tens(t, d, (int)-digits);
    } else {
        char text[700];
        snprintf(text, sizeof text, "%.*f", (int)digits, d);
        result = strtod(text, NULL);
    }
    if (isinf(result)) {
        return raise_error(t, EXC_OverflowError, "rounded value too large to represent");
    }
    return float_new(t, result);
}

bool float_ratio(Thread *t, double d, Value *numerator, Value *denominator) {
    if (isinf(d)) {
        raise_error(t, EXC_OverflowError, "cannot convert Infinity to integer ratio");
        return false;
    }
    if (isnan(d)) {
        raise_error(t, EXC_ValueError, "cannot convert NaN to integer ratio");
        return false;
    }
    int exponent;
    double mantissa = frexp(d, &exponent);
    while (mantissa != floor(mantissa)) {
        mantissa *= 2.0;
        exponent--;
    }
    mpz_t z;
    mpz_init_set_d(z, mantissa);
    if (exponent > 0) mpz_mul_2exp(z, z, (mp_bitcnt_t)exponent);
    *numerator = int_from_mpz(t, z);
    mpz_set_ui(z, 1);
    if (exponent < 0) mpz_mul_2exp(z, z, (mp_bitcnt_t)-exponent);
    *denominator = int_from_mpz(t, z);
    mpz_clear(z);
    return true;
}
