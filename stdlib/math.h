/* SPDX-License-Identifier: MIT */
/* The parts of the module math: functions of floats (math.c, math_gamma.c), of integers
 * (math_integer.c), of many numbers (math_many.c). */
#ifndef TULIP_STDLIB_MATH_H
#define TULIP_STDLIB_MATH_H

#include "vm/native.h"

Value math_factorial(Thread *t, Value *args);
Value math_gcd(Thread *t, Value *args);
Value math_lcm(Thread *t, Value *args);
Value math_comb(Thread *t, Value *args);
Value math_perm(Thread *t, Value *args);
Value math_isqrt(Thread *t, Value *args);
Value math_fsum(Thread *t, Value *args);
Value math_prod(Thread *t, Value *args);
Value math_hypot(Thread *t, Value *args);
Value math_dist(Thread *t, Value *args);

/* Gamma and the logarithm of its absolute value (stdlib/math_gamma.c); [x] is no pole. */
double math_gamma_of(double x);
double math_log_gamma_of(double x);

#endif
