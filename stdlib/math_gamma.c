/* SPDX-License-Identifier: MIT */
/*
 * The gamma function by Lanczos' approximation, as a quotient of two polynomials (Boost's
 * lanczos13m53): with these coefficients results have the same bits as CPython's, which the C
 * library's need not have.
 *
 * gamma(x) = sum(x) / e^y * y^(x - 1/2) with y = x + g - 1/2. Rounding y loses bits that the power
 * would magnify, so what it lost is computed apart and put back. For negative x the reflection
 * formula is used.
 */
#include <math.h>

#include "stdlib/math.h"

enum { TERMS = 13, EXACT_FACTORIALS = 23 };

static const double g = 6.024680040776729583740234375, g_minus_half = 5.524680040776729583740234375;
static const double log_pi = 1.144729885849400174143427351353058711647;

static const double numerator[TERMS] = {23531376880.410759688572007674451636754734846804940,
                                        42919803642.649098768957899047001988850926355848959,
                                        35711959237.355668049440185451547166705960488635843,
                                        17921034426.037209699919755754458931112671403265390,
                                        6039542586.3520280050642916443072979210699388420708,
                                        1439720407.3117216736632230727949123939715485786372,
                                        248874557.86205415651146038641322942321632125127801,
                                        31426415.585400194380614231628318205362874684987640,
                                        2876370.6289353724412254090516208496135991145378768,
                                        186056.26539522349504029498971604569928220784236328,
                                        8071.6720023658162106380029022722506138218516325024,
                                        210.82427775157934587250973392071336271166969580291,
                                        2.5066282746310002701649081771338373386264310793408};
/* x (x + 1) … (x + 11) */
static const double denominator[TERMS] = {
    0.0,       39916800.0, 120543840.0, 150917976.0, 105258076.0, 45995730.0, 13339535.0,
    2637558.0, 357423.0,   32670.0,     1925.0,      66.0,        1.0};

/* From the highest power down for small x, in 1/x for large x, so that nothing overflows. */
static double lanczos_sum(double x) {
    double above = 0.0, below = 0.0;
    if (x < 5.0) {
        for (int i = TERMS - 1; i >= 0; i--) {
            above = above * x + numerator[i];
            below = below * x + denominator[i];
        }
    } else {
        for (int i = 0; i < TERMS; i++) {
            above = above / x + numerator[i];
            below = below / x + denominator[i];
        }
    }
    return above / below;
}

/* sin(pi x), exact in its zeros. */
static double sin_pi(double x) {
    double y = fmod(fabs(x), 2.0), r;
    switch ((int)round(2.0 * y)) {
    case 0: r = sin(M_PI * y); break;
    case 1: r = cos(M_PI * (y - 0.5)); break;
    case 2: r = sin(M_PI * (1.0 - y)); break;
    case 3: r = -cos(M_PI * (y - 1.5)); break;
    default: r = sin(M_PI * (y - 2.0)); break;
    }
    return copysign(1.0, x) * r;
}

static double factorial(int n) {
    double product = 1.0;
    for (int i = 2; i <= n; i++) product *= i;
    return product;
}

double math_gamma_of(double x) {
    if (!isfinite(x)) return x;
    if (x == floor(x) && x > 0 && x <= EXACT_FACTORIALS) return factorial((int)x - 1);
    double size = fabs(x);
    if (size < 1e-20) return 1.0 / x;
    if (size > 200.0) return x < 0 ? 0.0 / sin_pi(x) : HUGE_VAL;
    double y = size + g_minus_half, lost;
    if (size > g_minus_half) lost = (y - size) - g_minus_half;
    else lost = (y - g_minus_half) - size;
    lost = lost * g / y;
    double r;
    if (x < 0) {
        r = -M_PI / sin_pi(size) / size * exp(y) / lanczos_sum(size);
        r -= lost * r;
        if (size < 140.0) return r / pow(y, size - 0.5);
        double root = pow(y, size / 2.0 - 0.25);
        return r / root / root;
    }
    r = lanczos_sum(size) / exp(y);
    r += lost * r;
    if (size < 140.0) return r * pow(y, size - 0.5);
    double root = pow(y, size / 2.0 - 0.25);
    return r * root * root;
}

double math_log_gamma_of(double x) {
    if (!isfinite(x)) return isnan(x) ? x : HUGE_VAL;
    if (x == 1.0 || x == 2.0) return 0.0;
    double size = fabs(x);
    if (size < 1e-20) return -log(size);
    double r = log(lanczos_sum(size)) - g;
    r += (size - 0.5) * (log(size + g - 0.5) - 1);
    if (x < 0) r = log_pi - log(fabs(sin_pi(size))) - log(size) - r;
    return r;
}
