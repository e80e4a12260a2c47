/* SPDX-License-Identifier: MIT */
/*
 * math for many numbers at once: exact sums, products, distances.
 *
 * fsum keeps the sum as floats that do not overlap (each the exact rounding error of those above
 * it), so nothing is lost until the one rounding at the end. hypot and dist add the scaled squares
 * with more bits than a float has, which rounds correctly in all but the rarest cases.
 */
#include "stdlib/math.h"

#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"

/* ---- fsum ---- */

typedef struct Partials {
    double *parts; /* increasing in size, none overlapping */
    size_t count, capacity;
    double special; /* sum of infinities and NaNs */
    bool has_special, has_infinity;
} Partials;

static void add_part(Partials *p, double part) {
    if (p->count == p->capacity) {
        p->capacity = p->capacity ? p->capacity * 2 : 32;
        p->parts = memory_realloc(p->parts, p->capacity * sizeof *p->parts);
    }
    p->parts[p->count++] = part;
}

/* Add [x] without losing a bit; false: the sum leaves the range of floats. */
static bool add_exactly(Partials *p, double x) {
    size_t kept = 0, count = p->count;
    for (size_t i = 0; i < count; i++) {
        double y = p->parts[i];
        if (fabs(x) < fabs(y)) {
            double swap = x;
            x = y;
            y = swap;
        }
        double sum = x + y, error = y - (sum - x);
        if (error != 0.0) p->parts[kept++] = error;
        x = sum;
    }
    p->count = kept;
    if (x == 0.0) return true;
    if (!isfinite(x)) return false;
    add_part(p, x);
    return true;
}

static bool add_item(Thread *t, Value item, void *context) {
    Partials *p = context;
    double x;
    if (!arg_double(t, item, &x)) return false;
    if (isfinite(x)) {
        if (add_exactly(p, x)) return true;
        raise_error(t, EXC_OverflowError, "intermediate overflow in fsum");
        return false;
    }
    if (isinf(x)) p->has_infinity = true;
    p->has_special = true;
    p->special += x;
    return true;
}

/* The parts rounded once. What remains after the largest decides a tie between two floats. */
static double round_parts(const Partials *p) {
    size_t n = p->count;
    if (!n) return 0.0;
    double high = p->parts[--n], low = 0.0;
    while (n > 0) {
        double x = high, y = p->parts[--n];
        high = x + y;
        low = y - (high - x);
        if (low != 0.0) break;
    }
    if (n > 0 && ((low < 0.0 && p->parts[n - 1] < 0.0) || (low > 0.0 && p->parts[n - 1] > 0.0))) {
        double twice = low * 2.0, x = high + twice;
        if (twice == x - high) high = x;
    }
    return high;
}

Value math_fsum(Thread *t, Value *args) {
    Partials p = {0};
    Value result = VALUE_ERROR;
    if (value_for_each(t, args[0], add_item, &p)) {
        if (!p.has_special) result = float_new(t, round_parts(&p));
        else if (isnan(p.special) && p.has_infinity)
            raise_error(t, EXC_ValueError, "-inf + inf in fsum");
        else result = float_new(t, p.special);
    }
    free(p.parts);
    return result;
}

/* ---- prod ---- */

static bool multiply_item(Thread *t, Value item, void *context) {
    Value *product = context;
    Value v = value_binary(t, BINARY_MUL, *product, item);
    if (v == VALUE_ERROR) return false;
    *product = v;
    return true;
}

Value math_prod(Thread *t, Value *args) {
    return value_for_each(t, args[0], multiply_item, &args[1]) ? args[1] : VALUE_ERROR;
}

/* ---- distances ---- */

static double norm(const double *x, size_t n) {
    double largest = 0.0;
    bool nan = false;
    for (size_t i = 0; i < n; i++) {
        if (isinf(x[i])) return INFINITY;
        if (isnan(x[i])) nan = true;
        if (fabs(x[i]) > largest) largest = fabs(x[i]);
    }
    if (nan) return NAN;
    if (largest == 0.0 || n == 1) return largest;
    int exponent;
    frexp(largest, &exponent);
    long double sum = 0.0L;
    for (size_t i = 0; i < n; i++) {
        long double scaled = ldexpl(x[i], -exponent);
        sum += scaled * scaled;
    }
    return (double)ldexpl(sqrtl(sum), exponent);
}

/* The items of a tuple as floats in malloc'd memory; NULL raised. */
static double *doubles(Thread *t, Tuple *items) {
    double *x = memory_alloc((items->size + 1) * sizeof *x);
    for (size_t i = 0; i < items->size; i++) {
        if (arg_double(t, items->items[i], &x[i])) continue;
        free(x);
        return NULL;
    }
    return x;
}

Value math_hypot(Thread *t, Value *args) {
    Tuple *items = TUPLE(args[0]);
    double *x = doubles(t, items);
    if (!x) return VALUE_ERROR;
    double length = norm(x, items->size);
    free(x);
    return float_new(t, length);
}

Value math_dist(Thread *t, Value *args) {
    for (int i = 0; i < 2; i++) {
        if (is_kind(args[i], OBJ_TUPLE)) continue;
        Tuple *items = tuple_from_iterable(t, args[i]);
        if (!items) return VALUE_ERROR;
        args[i] = object_value(items);
    }
    size_t n = TUPLE(args[0])->size;
    if (n != TUPLE(args[1])->size) {
        return raise_error(t, EXC_ValueError,
                           "both points must have the same number of dimensions");
    }
    double *p = doubles(t, TUPLE(args[0])), *q = p ? doubles(t, TUPLE(args[1])) : NULL;
    double length = 0.0;
    if (q) {
        for (size_t i = 0; i < n; i++) p[i] -= q[i];
        length = norm(p, n);
    }
    bool ok = q != NULL;
    free(p);
    free(q);
    return ok ? float_new(t, length) : VALUE_ERROR;
}
