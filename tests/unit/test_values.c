/* SPDX-License-Identifier: MIT */
/*
 * The tagging of Values, seen from C: every kind of Value is told from every other, and what goes
 * in comes out. Fixnums up to their bounds, floats by exponent (flonum or box), the constants,
 * pointers.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/vm_fixture.h"
#include "vm/number.h"
#include "vm/str.h"

static uint64_t bits_of(double d) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* ---- fixnums ---- */

static void fixnum_round_trip(int64_t i) {
    Value v = fixnum(i);
    assert_true(is_fixnum(v) && !is_flonum(v) && !is_object(v) && !is_bool(v));
    assert_true(is_int(v) && !is_float(v) && !is_str(v));
    assert_true(fixnum_of(v) == i);
    assert_true(fixnum_fits(i));
    assert_true(int_from_int64(t, i) == v);
}

static void fixnums(void **state) {
    (void)state;
    int64_t samples[] = {0,
                         1,
                         -1,
                         2,
                         -2,
                         255,
                         -256,
                         INT32_MAX,
                         INT32_MIN,
                         FIXNUM_MAX,
                         FIXNUM_MIN,
                         FIXNUM_MAX - 1,
                         FIXNUM_MIN + 1};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) fixnum_round_trip(samples[i]);
    for (int shift = 0; shift < 62; shift++) {
        fixnum_round_trip((int64_t)1 << shift);
        fixnum_round_trip(-((int64_t)1 << shift));
    }
    assert_true(both_fixnums(fixnum(3), fixnum(-3)));
    assert_false(both_fixnums(fixnum(3), VALUE_NONE));
    assert_false(both_fixnums(FLONUM_ZERO, fixnum(3)));
    assert_true((int64_t)fixnum(-5) < (int64_t)fixnum(3)); /* the loop compares tagged values */
}

static void beyond_fixnums(void **state) {
    (void)state;
    int64_t samples[] = {FIXNUM_MAX + 1, FIXNUM_MIN - 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        assert_false(fixnum_fits(samples[i]));
        Value v = int_from_int64(t, samples[i]);
        int64_t back = 0;
        assert_true(is_object(v) && is_kind(v, OBJ_INT) && is_int(v));
        assert_true(int_to_int64(v, &back));
        assert_true(back == samples[i]);
    }
    int64_t none;
    assert_false(int_to_int64(int_from_uint64(t, UINT64_MAX), &none));
}

static void normalised_results(void **state) {
    (void)state;
    Value big = int_binary(t, BINARY_ADD, fixnum(FIXNUM_MAX), fixnum(1));
    assert_true(is_kind(big, OBJ_INT));
    assert_true(int_binary(t, BINARY_SUB, big, fixnum(1)) == fixnum(FIXNUM_MAX));
    Value low = int_negate(t, big);
    assert_true(low == fixnum(FIXNUM_MIN));
    assert_true(int_compare(low, big) < 0);
    assert_true(is_kind(int_negate(t, low), OBJ_INT));
}

/* ---- floats ---- */

/* [flonum]: must it do without a box? */
static void float_round_trip(uint64_t bits, bool flonum) {
    Value v = float_new(t, double_of(bits)), tried = VALUE_UNSET;
    assert_true(is_float(v) && !is_int(v) && !is_fixnum(v));
    assert_int_equal(is_flonum(v), flonum);
    assert_int_equal(flonum_try(double_of(bits), &tried), flonum);
    assert_true(bits_of(float_of(v)) == bits);
    if (flonum) assert_true(tried == v && !is_object(v));
    else assert_true(is_kind(v, OBJ_FLOAT));
}

static void flonums(void **state) {
    (void)state;
    double samples[] = {0.0,   1.0,   -1.0, 0.1,           -0.1, 3.141592653589793,
                        1e-50, -1e50, 1e77, 123456789.125, 0.5,  2.0};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        float_round_trip(bits_of(samples[i]), true);
}

static void boxed_floats(void **state) {
    (void)state;
    double samples[] = {
        -0.0,   INFINITY, -INFINITY, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308,
        1e-100, 1e100};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        float_round_trip(bits_of(samples[i]), false);
    assert_true(signbit(float_of(float_new(t, -0.0))));
    assert_true(float_of(float_new(t, -0.0)) == float_of(FLONUM_ZERO));
}

static void not_a_number(void **state) {
    (void)state;
    Value v = float_new(t, NAN);
    assert_true(is_kind(v, OBJ_FLOAT));
    assert_true(isnan(float_of(v)));
}

/* Every exponent with several fractions: flonums are 2^-256 (exclusive, its place is 0.0's) to
 * 2^256. */
static void every_exponent(void **state) {
    (void)state;
    uint64_t fractions[] = {0, 1, 0x8000000000000, 0xfffffffffffff, 0x5555555555555};
    for (uint64_t exponent = 0; exponent < 0x7ff; exponent++) {
        for (int sign = 0; sign < 2; sign++) {
            for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
                uint64_t bits = (uint64_t)sign << 63 | exponent << 52 | fractions[i];
                bool flonum =
                    exponent >= 767 && exponent < 767 + 512 && bits != (uint64_t)767 << 52;
                float_round_trip(bits, flonum || bits == 0);
            }
        }
    }
}

/* ---- the rest ---- */

static void constants(void **state) {
    (void)state;
    Value all[] = {VALUE_UNSET,          VALUE_NONE, VALUE_FALSE,  VALUE_TRUE, VALUE_ELLIPSIS,
                   VALUE_NOTIMPLEMENTED, VALUE_DONE, VALUE_PARKED, VALUE_ITEM};
    size_t count = sizeof all / sizeof *all;
    for (size_t i = 0; i < count; i++) {
        assert_false(is_fixnum(all[i]) || is_flonum(all[i]) || is_object(all[i]));
        assert_int_equal(is_bool(all[i]), all[i] == VALUE_TRUE || all[i] == VALUE_FALSE);
        assert_int_equal(is_int(all[i]), is_bool(all[i]));
        for (size_t j = 0; j < i; j++) assert_true(all[i] != all[j]);
    }
    assert_true(bool_value(true) == VALUE_TRUE && bool_value(false) == VALUE_FALSE);
    assert_true((VALUE_TRUE ^ 8) == VALUE_FALSE);
    assert_int_equal(VALUE_ERROR, 0);
}

static void pointers(void **state) {
    (void)state;
    Str *s = str_from(t, "pointer");
    Value v = object_value(s);
    assert_true(is_object(v) && !is_fixnum(v) && !is_flonum(v) && !is_bool(v));
    assert_true(object_of(v) == &s->header && STR(v) == s);
    assert_true(is_str(v) && is_kind(v, OBJ_STR) && !is_kind(v, OBJ_LIST));
    assert_true(class_of(vm, v) == BUILTIN_CLASS(t, STR));
    assert_true(object_class(&s->header) == BUILTIN_CLASS(t, STR));
}

static void classes_of_immediates(void **state) {
    (void)state;
    assert_true(class_of(vm, fixnum(7)) == BUILTIN_CLASS(t, INT));
    assert_true(class_of(vm, FLONUM_ZERO) == BUILTIN_CLASS(t, FLOAT));
    assert_true(class_of(vm, VALUE_TRUE) == BUILTIN_CLASS(t, BOOL));
    assert_true(class_of(vm, VALUE_NONE) == BUILTIN_CLASS(t, NONE));
    assert_true(class_is_subclass(BUILTIN_CLASS(t, BOOL), BUILTIN_CLASS(t, INT)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fixnums),
        cmocka_unit_test(beyond_fixnums),
        cmocka_unit_test(normalised_results),
        cmocka_unit_test(flonums),
        cmocka_unit_test(boxed_floats),
        cmocka_unit_test(not_a_number),
        cmocka_unit_test(every_exponent),
        cmocka_unit_test(constants),
        cmocka_unit_test(pointers),
        cmocka_unit_test(classes_of_immediates),
    };
    return cmocka_run_group_tests(tests, start_vm, stop_vm);
}
