/* SPDX-License-Identifier: MIT */
/*
 * The module math: functions of floats, on the C library's.
 *
 * C answers what has no answer with a NaN and what is too large with an infinity; Python raises
 * ValueError "math domain error" and OverflowError "math range error" instead, unless the argument
 * was such a value already.
 *
 * Read next: stdlib/math_integer.c, stdlib/math_many.c.
 */
#include "stdlib/math.h"

#include <math.h>
#include <string.h>

#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value domain_error(Thread *t) { return raise_error(t, EXC_ValueError, "math domain error"); }
static Value range_error(Thread *t) {
    return raise_error(t, EXC_OverflowError, "math range error");
}

/* [r] computed from [x]: an infinity out of a finite argument is an overflow, or a pole of the
 * function. */
static Value checked(Thread *t, double x, double r, bool overflows) {
    if (isnan(r) && !isnan(x)) return domain_error(t);
    if (isinf(r) && isfinite(x)) return overflows ? range_error(t) : domain_error(t);
    return float_new(t, r);
}

#define UNARY(NAME, FUNCTION, OVERFLOWS)                                                           \
    static Value math_##NAME(Thread *t, Value *args) {                                             \
        double x;                                                                                  \
        if (!arg_double(t, args[0], &x)) return VALUE_ERROR;                                       \
        return checked(t, x, FUNCTION(x), OVERFLOWS);                                              \
    }

UNARY(acos, acos, false)
UNARY(acosh, acosh, false)
UNARY(asin, asin, false)
UNARY(asinh, asinh, false)
UNARY(atan, atan, false)
UNARY(atanh, atanh, false)
UNARY(cbrt, cbrt, false)
UNARY(cos, cos, false)
UNARY(cosh, cosh, true)
UNARY(erf, erf, false)
UNARY(erfc, erfc, false)
UNARY(exp, exp, true)
UNARY(exp2, exp2, true)
UNARY(expm1, expm1, true)
UNARY(fabs, fabs, false)
UNARY(log1p, log1p, false)
UNARY(sin, sin, false)
UNARY(sinh, sinh, true)
UNARY(sqrt, sqrt, false)
UNARY(tan, tan, false)
UNARY(tanh, tanh, false)

static Value math_gamma(Thread *t, Value *args) {
    double x;
    if (!arg_double(t, args[0], &x)) return VALUE_ERROR;
    if (x == -INFINITY || (isfinite(x) && x <= 0 && x == floor(x))) return domain_error(t);
    return checked(t, x, math_gamma_of(x), true);
}

static Value math_lgamma(Thread *t, Value *args) {
    double x;
    if (!arg_double(t, args[0], &x)) return VALUE_ERROR;
    if (isfinite(x) && x <= 0 && x == floor(x)) return domain_error(t);
    return checked(t, x, math_log_gamma_of(x), true);
}

/* ---- logarithms, also of integers too large for a float ---- */

static double logarithm(double x, int base) {
    return base == 2 ? log2(x) : base == 10 ? log10(x) : log(x);
}

static bool log_of(Thread *t, Value v, int base, double *out) {
    if (!is_int(v) && !is_float(v) && class_of(t->vm, v)->slots.index &&
        !class_of(t->vm, v)->slots.to_float) {
        v = value_index(t, v);
        if (v == VALUE_ERROR) return false;
    }
    if (!is_int(v)) {
        double x;
        if (!arg_double(t, v, &x)) return false;
        *out = logarithm(x, base);
        if (!(isnan(*out) && !isnan(x)) && !(isinf(*out) && isfinite(x))) return true;
        domain_error(t);
        return false;
    }
    if (int_sign(v) <= 0) {
        domain_error(t);
        return false;
    }
    bool overflow;
    double x = int_to_double(t, v, &overflow);
    if (!overflow) {
        *out = logarithm(x, base);
        return true;
    }
    mpz_t z;
    mpz_init(z);
    int_to_mpz(v, z);
    long exponent;
    x = mpz_get_d_2exp(&exponent, z);
    mpz_clear(z);
    *out = logarithm(x, base) + logarithm(2.0, base) * (double)exponent;
    return true;
}

static Value math_log(Thread *t, Value *args) {
    double x, base;
    if (!log_of(t, args[0], 0, &x)) return VALUE_ERROR;
    if (args[1] == VALUE_UNSET) return float_new(t, x);
    if (!log_of(t, args[1], 0, &base)) return VALUE_ERROR;
    if (base == 0.0) return raise_error(t, EXC_ZeroDivisionError, "float division by zero");
    return float_new(t, x / base);
}

static Value math_log2(Thread *t, Value *args) {
    double x;
    return log_of(t, args[0], 2, &x) ? float_new(t, x) : VALUE_ERROR;
}

static Value math_log10(Thread *t, Value *args) {
    double x;
    return log_of(t, args[0], 10, &x) ? float_new(t, x) : VALUE_ERROR;
}

/* ---- two arguments ---- */

static bool two(Thread *t, Value *args, double *x, double *y) {
    return arg_double(t, args[0], x) && arg_double(t, args[1], y);
}

static Value math_atan2(Thread *t, Value *args) {
    double y, x;
    return two(t, args, &y, &x) ? float_new(t, atan2(y, x)) : VALUE_ERROR;
}

static Value math_copysign(Thread *t, Value *args) {
    double x, y;
    return two(t, args, &x, &y) ? float_new(t, copysign(x, y)) : VALUE_ERROR;
}

static Value math_fmod(Thread *t, Value *args) {
    double x, y;
    if (!two(t, args, &x, &y)) return VALUE_ERROR;
    if (isinf(y) && isfinite(x)) return float_new(t, x);
    double r = fmod(x, y);
    if (isnan(r) && !isnan(x) && !isnan(y)) return domain_error(t);
    return float_new(t, r);
}

static Value math_remainder(Thread *t, Value *args) {
    double x, y;
    if (!two(t, args, &x, &y)) return VALUE_ERROR;
    double r = remainder(x, y);
    if (isnan(r) && !isnan(x) && !isnan(y)) return domain_error(t);
    return float_new(t, r);
}

static Value math_pow(Thread *t, Value *args) {
    double x, y;
    if (!two(t, args, &x, &y)) return VALUE_ERROR;
    double r = pow(x, y);
    if (isfinite(x) && isfinite(y)) {
        if (isnan(r)) return domain_error(t);
        if (isinf(r)) return x == 0.0 ? domain_error(t) : range_error(t);
    }
    return float_new(t, r);
}

static Value math_ldexp(Thread *t, Value *args) {
    double x;
    int64_t exponent;
    if (!arg_double(t, args[0], &x)) return VALUE_ERROR;
    if (!is_int(args[1]))
        return raise_error(t, EXC_TypeError, "Expected an int as second argument to ldexp.");
    if (!arg_clamped(t, args[1], &exponent)) return VALUE_ERROR;
    if (x == 0.0 || !isfinite(x)) return float_new(t, x);
    int e = exponent > 100000 ? 100000 : exponent < -100000 ? -100000 : (int)exponent;
    double r = ldexp(x, e);
    return isinf(r) ? range_error(t) : float_new(t, r);
}

static Value math_nextafter(Thread *t, Value *args) {
    double x, y;
    return two(t, args, &x, &y) ? float_new(t, nextafter(x, y)) : VALUE_ERROR;
}

static Value math_isclose(Thread *t, Value *args) {
    double a, b, relative, absolute;
    relative = 1e-09;
    absolute = 0.0;
    if (!two(t, args, &a, &b)) return VALUE_ERROR;
    if (args[2] != VALUE_UNSET && !arg_double(t, args[2], &relative)) return VALUE_ERROR;
    if (args[3] != VALUE_UNSET && !arg_double(t, args[3], &absolute)) return VALUE_ERROR;
    if (relative < 0.0 || absolute < 0.0)
        return raise_error(t, EXC_ValueError, "tolerances must be non-negative");
    if (a == b) return VALUE_TRUE;
    if (isinf(a) || isinf(b)) return VALUE_FALSE;
    double difference = fabs(b - a);
    return bool_value(difference <= fabs(relative * b) || difference <= fabs(relative * a) ||
                      difference <= absolute);
}

/* ---- parts of a float ---- */

static Value pair(Thread *t, Value a, Value b) {
    Value items[] = {a, b};
    return object_value(tuple_from(t, items, 2));
}

static Value math_frexp(Thread *t, Value *args) {
    double x;
    int exponent = 0;
    if (!arg_double(t, args[0], &x)) return VALUE_ERROR;
    if (isfinite(x)) x = frexp(x, &exponent);
    return pair(t, float_new(t, x), fixnum(exponent));
}

static Value math_modf(Thread *t, Value *args) {
    double x, whole;
    if (!arg_double(t, args[0], &x)) return VALUE_ERROR;
    double fraction = modf(x, &whole);
    return pair(t, float_new(t, fraction), float_new(t, whole));
}

static Value math_ulp(Thread *t, Value *args) {
    double x;
    if (!arg_double(t, args[0], &x)) return VALUE_ERROR;
    x = fabs(x);
    if (!isfinite(x)) return float_new(t, x);
    double next = nextafter(x, INFINITY);
    return float_new(t, isinf(next) ? x - nextafter(x, -INFINITY) : next - x);
}

#define CLASSIFY(NAME)                                                                             \
    static Value math_##NAME(Thread *t, Value *args) {                                             \
        double x;                                                                                  \
        return arg_double(t, args[0], &x) ? bool_value(NAME(x)) : VALUE_ERROR;                     \
    }
CLASSIFY(isnan)
CLASSIFY(isinf)
CLASSIFY(isfinite)

static Value math_degrees(Thread *t, Value *args) {
    double x;
    return arg_double(t, args[0], &x) ? float_new(t, x * (180.0 / M_PI)) : VALUE_ERROR;
}
static Value math_radians(Thread *t, Value *args) {
    double x;
    return arg_double(t, args[0], &x) ? float_new(t, x * (M_PI / 180.0)) : VALUE_ERROR;
}

/* ---- to integers ---- */

/* floor and ceil: the class's own method first; without one, of the float. */
static Value rounded(Thread *t, Value v, NameId method, double (*function)(double)) {
    Class *cls = class_of(t->vm, v);
    if (is_fixnum(v) || cls == BUILTIN_CLASS(t, INT)) return v;
    if (cls != BUILTIN_CLASS(t, FLOAT)) {
        Value own = lookup_special(t, v, t->vm->names[method]);
        if (own == VALUE_ERROR) return VALUE_ERROR;
        if (own != VALUE_UNSET) return call_value(t, own, NULL, 0);
    }
    double x;
    return arg_double(t, v, &x) ? int_from_double(t, function(x)) : VALUE_ERROR;
}

static Value math_floor(Thread *t, Value *args) {
    return rounded(t, args[0], NAME___floor__, floor);
}
static Value math_ceil(Thread *t, Value *args) { return rounded(t, args[0], NAME___ceil__, ceil); }

static Value math_trunc(Thread *t, Value *args) {
    Class *cls = class_of(t->vm, args[0]);
    if (is_fixnum(args[0]) || cls == BUILTIN_CLASS(t, INT)) return args[0];
    if (cls == BUILTIN_CLASS(t, FLOAT)) return int_from_double(t, float_of(args[0]));
    Value own = lookup_special(t, args[0], NAME_OF(t, __trunc__));
    if (own == VALUE_ERROR) return VALUE_ERROR;
    if (own == VALUE_UNSET)
        return raise_error(t, EXC_TypeError, "type %T doesn't define __trunc__ method", args[0]);
    return call_value(t, own, NULL, 0);
}

#define ONE(NAME, DOC)                                                                             \
    { #NAME, math_##NAME, "(x, /)", DOC }

static const NativeDef functions[] = {
    ONE(acos, "Arc cosine in radians."),
    ONE(acosh, "Inverse hyperbolic cosine."),
    ONE(asin, "Arc sine in radians."),
    ONE(asinh, "Inverse hyperbolic sine."),
    ONE(atan, "Arc tangent in radians."),
    ONE(atanh, "Inverse hyperbolic tangent."),
    ONE(cbrt, "Cube root."),
    ONE(ceil, "The smallest integer not below x."),
    ONE(cos, "Cosine of x radians."),
    ONE(cosh, "Hyperbolic cosine."),
    ONE(degrees, "Radians to degrees."),
    ONE(erf, "Error function."),
    ONE(erfc, "1 - erf(x)."),
    ONE(exp, "e to the power of x."),
    ONE(exp2, "2 to the power of x."),
    ONE(expm1, "exp(x) - 1, exact for small x."),
    ONE(fabs, "Absolute value as a float."),
    ONE(factorial, "1 * 2 * … * x."),
    ONE(floor, "The largest integer not above x."),
    ONE(frexp, "Mantissa and exponent: x == m * 2**e."),
    ONE(gamma, "Gamma function."),
    ONE(isfinite, "Neither infinite nor NaN."),
    ONE(isinf, "Positive or negative infinity."),
    ONE(isnan, "Not a number."),
    {"isqrt", math_isqrt, "(n, /)", "The integer part of the square root of n."},
    ONE(lgamma, "Logarithm of the absolute value of gamma(x)."),
    {"log", math_log, "(x, base=?, /)", "Logarithm, natural unless a base is given."},
    ONE(log10, "Logarithm with base 10."),
    ONE(log1p, "log(1 + x), exact for small x."),
    ONE(log2, "Logarithm with base 2."),
    ONE(modf, "Fractional and whole part."),
    ONE(radians, "Degrees to radians."),
    ONE(sin, "Sine of x radians."),
    ONE(sinh, "Hyperbolic sine."),
    ONE(sqrt, "Square root."),
    ONE(tan, "Tangent of x radians."),
    ONE(tanh, "Hyperbolic tangent."),
    ONE(trunc, "x without its fraction, by its __trunc__."),
    ONE(ulp, "The value of the last bit of x."),
    {"atan2", math_atan2, "(y, x, /)", "Angle of the point (x, y)."},
    {"comb", math_comb, "(n, k, /)", "Ways to choose k of n without order."},
    {"copysign", math_copysign, "(x, y, /)", "x with the sign of y."},
    {"dist", math_dist, "(p, q, /)", "Distance of two points."},
    {"fmod", math_fmod, "(x, y, /)", "Remainder with the sign of x."},
    {"fsum", math_fsum, "(seq, /)", "Exact sum of floats."},
    {"gcd", math_gcd, "(*integers)", "Greatest common divisor."},
    {"hypot", math_hypot, "(*coordinates)", "Distance of a point from the origin."},
    {"isclose", math_isclose, "(a, b, *, rel_tol=?, abs_tol=?)",
     "Whether two floats are near each other."},
    {"lcm", math_lcm, "(*integers)", "Least common multiple."},
    {"ldexp", math_ldexp, "(x, i, /)", "x * 2**i."},
    {"nextafter", math_nextafter, "(x, y, /)", "The next float after x towards y."},
    {"perm", math_perm, "(n, k=None, /)", "Ways to choose k of n with order."},
    {"pow", math_pow, "(x, y, /)", "x to the power of y as floats."},
    {"prod", math_prod, "(iterable, /, *, start=1)", "Product of all items."},
    {"remainder", math_remainder, "(x, y, /)", "The IEEE 754 remainder."},
    {0},
};

static bool init(Thread *t, Module *m) {
    module_set(t, m, "pi", float_new(t, M_PI));
    module_set(t, m, "e", float_new(t, M_E));
    module_set(t, m, "tau", float_new(t, 2 * M_PI));
    module_set(t, m, "inf", float_new(t, INFINITY));
    module_set(t, m, "nan", float_new(t, NAN));
    return true;
}

const NativeModule math_module = {
    .name = "math", .doc = "Functions of numbers.", .functions = functions, .init = init};
