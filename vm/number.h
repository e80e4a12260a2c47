/* SPDX-License-Identifier: MIT */
/*
 * Integers of any size and floats.
 *
 * A Value that is_int may be a fixnum, a bool, or a BigInt (GMP); the functions here take all three
 * and return the smallest form, so a BigInt of class int is always outside the fixnum range. Sizes
 * of results are bounded before GMP is asked, because GMP ends the process when memory is out.
 *
 * Read next: vm/int.c, vm/int_text.c, vm/float.c, vm/float_text.c.
 */
#ifndef TULIP_VM_NUMBER_H
#define TULIP_VM_NUMBER_H

#include <gmp.h>

#include "common/buffer.h"
#include "vm/thread.h"

/* Outside the fixnum range, or an instance of a subclass of int (any value). */
typedef struct BigInt {
    Object header;
    mpz_t value;
} BigInt;

Value int_from_int64(Thread *t, int64_t i);
Value int_from_uint64(Thread *t, uint64_t i);
Value int_from_double(Thread *t, double d) MUST_CHECK; /* truncates; raises for inf and nan */
Value int_from_mpz(Thread *t, const mpz_t z);          /* normalises to a fixnum when it fits */
/* Digits in [base] (2..36, 0: by prefix), underscores allowed as in literals; ValueError as int()
 * raises. */
Value int_parse(Thread *t, const char *text, size_t size, int base) MUST_CHECK;
/* [v] (is_int) as int64: false when it does not fit. */
bool int_to_int64(Value v, int64_t *out);
/* [v] (is_int) into an initialised mpz. */
void int_to_mpz(Value v, mpz_t out);
double int_to_double(Thread *t, Value v, bool *overflow);
int int_sign(Value v);
int int_compare(Value a, Value b);
uint64_t int_hash(Value v); /* CPython's: modulo 2^61-1, sign kept; as int64 */
/* The digit limit applies to base 10. */
bool int_to_text(Thread *t, Value v, int base, Buffer *out) MUST_CHECK;
/* Arithmetic on is_int operands (results normalised); division by zero raises. */
Value int_binary(Thread *t, BinaryOp op, Value a, Value b) MUST_CHECK;
Value int_negate(Thread *t, Value v) MUST_CHECK;
/* pow(base, exponent, modulus); raises ValueError. */
Value int_power_mod(Thread *t, Value base, Value exponent, Value modulus) MUST_CHECK;
/* round(v, digits): to a power of ten, half to even. */
Value int_round(Thread *t, Value v, Value digits) MUST_CHECK;
uint64_t int_bit_length(Value v);
uint64_t int_bit_count(Value v);
/* An instance of [cls], a subclass of int, with the value of [v]. */
Value int_subclass_new(Thread *t, Class *cls, Value v);
/* Exact: <0, 0, >0; [d] is not a NaN. */
int int_compare_double(Value v, double d);
/* What int(text) does: digits of any script, white space around. [shown] is what the error message
 * shows. */
Value int_from_text(Thread *t, const char *text, size_t size, int base, Value shown) MUST_CHECK;
/* [text] with decimal digits of any script made ASCII and white space around it removed; any other
 * non-ASCII character becomes '?'. */
void number_text_to_ascii(const char *text, size_t size, Buffer *out);

Value float_new(Thread *t, double d); /* flonum or boxed */
/* What the __float__ of [v], which has one, gives: a plain float, or TypeError. */
Value float_from_slot(Thread *t, Value v);
static inline double float_of(Value v) { /* is_float(v) */
    return is_flonum(v) ? flonum_of(v) : ((Float *)(uintptr_t)v)->value;
}
/* Shortest text that reads back as d, as repr(float). */
void float_repr_into(Buffer *out, double d);
int64_t float_hash(double d);
/* Python's % and // for floats; the divisor is not 0. */
double float_mod(double a, double b);
double float_floordiv(double a, double b);
/* round(d, digits): half to even on the decimal representation; raises OverflowError. */
Value float_round(Thread *t, double d, int64_t digits) MUST_CHECK;
/* d as an exact fraction: numerator, denominator as ints. Raises for infinities and NaN. */
bool float_ratio(Thread *t, double d, Value *numerator, Value *denominator) MUST_CHECK;
/* Exact order of an int or float [a] and float [b]: -1, 0, 1, or 2 when a NaN is involved. */
int number_compare(Value a, Value b);
/* a ** b for floats; raises ZeroDivisionError, OverflowError, ValueError (a complex result). */
Value float_power(Thread *t, double a, double b) MUST_CHECK;
/* Text as float.hex() writes it, and back; false when malformed. */
void float_hex_into(Buffer *out, double d);
bool float_parse_hex(const char *text, size_t size, double *out);
/* Text as float() accepts it; false when malformed. */
bool float_parse(const char *text, size_t size, double *out);

#endif
