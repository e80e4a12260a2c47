/* SPDX-License-Identifier: MIT */
/*
 * The representation of text, seen from C: code points and their offsets, hashing, interning,
 * comparison, quoting, and the format mini-language against a table of CPython's results.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/vm_fixture.h"
#include "vm/number.h"
#include "vm/str.h"
#include "vm/unicode.h"

static void assert_text(const Str *s, const char *expected) {
    assert_non_null(s);
    assert_int_equal(s->size, strlen(expected));
    assert_memory_equal(s->data, expected, s->size + 1);
}

/* ---- code points ---- */

static void lengths(void **state) {
    (void)state;
    assert_int_equal(str_from(t, "")->length, 0);
    assert_int_equal(str_from(t, "abc")->length, 3);
    assert_int_equal(str_from(t, "é€😀")->length, 3);
    assert_true(str_is_ascii(str_from(t, "abc")));
    assert_false(str_is_ascii(str_from(t, "é")));
    assert_ptr_equal(str_from(t, "a"), str_of_codepoint(t, 'a'));
}

/* A text long enough for marks: the i-th code point takes 1 + i % 4 bytes. */
static void indexing_long_text(void **state) {
    (void)state;
    static const uint32_t points[] = {'a', 0xE9, 0x20AC, 0x1F600};
    enum { COUNT = 1000 };
    Buffer text = {0};
    size_t offsets[COUNT + 1];
    for (int i = 0; i < COUNT; i++) {
        offsets[i] = text.size;
        buffer_put_utf8(&text, points[i % 4]);
    }
    offsets[COUNT] = text.size;
    Str *s = str_from_buffer(t, &text);
    assert_int_equal(s->length, COUNT);
    for (size_t i = COUNT + 1; i-- > 0;) {
        assert_int_equal(str_byte_offset(s, i), offsets[i]);
        assert_int_equal(str_index_at(s, offsets[i]), i);
        if (i < COUNT) assert_int_equal(str_codepoint_at(s, i), points[i % 4]);
    }
    Str *part = str_slice(t, s, 998, 2);
    assert_text(part, "€😀");
    assert_int_equal(part->length, 2);
}

static void stepping(void **state) {
    (void)state;
    Str *s = str_from(t, "a€");
    const char *p = s->data;
    assert_int_equal(str_next(&p), 'a');
    assert_int_equal(str_next(&p), 0x20AC);
    assert_ptr_equal(p, s->data + s->size);
    assert_int_equal(str_previous(&p), 0x20AC);
    assert_int_equal(str_previous(&p), 'a');
    assert_ptr_equal(p, s->data);
}

/* ---- hashing, interning, comparing ---- */

/* CPython's hashes of these texts with PYTHONHASHSEED=0. */
static void hashes(void **state) {
    (void)state;
    assert_true(str_hash(vm, str_from(t, "abc")) == (uint64_t)INT64_C(-4594863902769663758));
    assert_true(str_hash(vm, str_from(t, "a longer string for hashing")) ==
                (uint64_t)INT64_C(-8592321104499599528));
    assert_true(str_hash(vm, str_from(t, "")) == 0);
}

static void interning(void **state) {
    (void)state;
    Str *a = str_intern(vm, "interned text", 13);
    assert_ptr_equal(a, str_intern(vm, "interned text", 13));
    Str *copy = str_from(t, "interned text");
    assert_ptr_not_equal(a, copy);
    assert_ptr_equal(a, str_intern_value(vm, copy));
    Str *fresh = str_from(t, "not seen before");
    assert_ptr_equal(fresh, str_intern_value(vm, fresh));
    assert_ptr_equal(fresh, str_intern(vm, "not seen before", 15));
    for (int i = 0; i < 10000; i++) {
        char name[16];
        int size = snprintf(name, sizeof name, "name%d", i);
        assert_ptr_equal(str_intern(vm, name, (size_t)size), str_intern(vm, name, (size_t)size));
    }
    assert_ptr_equal(a, str_intern(vm, "interned text", 13));
}

static void comparison(void **state) {
    (void)state;
    assert_true(str_equal(str_from(t, "ab"), str_from(t, "ab")));
    assert_false(str_equal(str_from(t, "ab"), str_from(t, "ac")));
    assert_true(str_compare(str_from(t, "ab"), str_from(t, "abc")) < 0);
    assert_true(str_compare(str_from(t, "\xEF\xBF\xBF"), str_from(t, "\xF0\x90\x80\x80")) < 0);
    assert_int_equal(str_compare(str_from(t, "é"), str_from(t, "é")), 0);
}

/* ---- building ---- */

static void building(void **state) {
    (void)state;
    Value items[] = {object_value(str_from(t, "ä")), object_value(str_from(t, "b")),
                     object_value(str_from(t, ""))};
    Str *joined = str_join(t, str_from(t, ", "), items, 3);
    assert_text(joined, "ä, b, ");
    assert_int_equal(joined->length, 6);
    assert_text(str_concat(t, joined, joined), "ä, b, ä, b, ");
    assert_text(str_format(t, "%s|%d|%zu|%c|%%|%02x|%lld", "x", -5, (size_t)7, 'c', 10, 1LL << 40),
                "x|-5|7|c|%|0a|1099511627776");
}

static void quoting(void **state) {
    (void)state;
    static const struct {
        const char *text, *repr, *ascii;
    } cases[] = {
        {"abc", "'abc'", "'abc'"},
        {"it's", "\"it's\"", "\"it's\""},
        {"'\"", "'\\'\"'", "'\\'\"'"},
        {"\n\t\r\\\x7f", "'\\n\\t\\r\\\\\\x7f'", "'\\n\\t\\r\\\\\\x7f'"},
        {"é€😀", "'é€😀'", "'\\xe9\\u20ac\\U0001f600'"},
        {"\xC2\xA0\xC2\xAD\xE2\x80\x8B", "'\\xa0\\xad\\u200b'", "'\\xa0\\xad\\u200b'"},
        {"\xED\xA0\x80", "'\\ud800'", "'\\ud800'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Buffer out = {0};
        str_repr_into(&out, str_from(t, cases[i].text));
        assert_string_equal(out.data, cases[i].repr);
        buffer_free(&out);
        str_ascii_into(&out, str_from(t, cases[i].text));
        assert_string_equal(out.data, cases[i].ascii);
        buffer_free(&out);
    }
}

static void properties(void **state) {
    (void)state;
    uint32_t out[3];
    assert_int_equal(unicode_to_upper(0xDF, out), 2);
    assert_true(out[0] == 'S' && out[1] == 'S');
    assert_int_equal(unicode_to_lower(0x130, out), 2);
    assert_int_equal(unicode_to_title(0x1C6, out), 1);
    assert_int_equal(out[0], 0x1C5);
    assert_int_equal(unicode_decimal_value(0x665), 5);
    assert_int_equal(unicode_decimal_value('x'), -1);
    assert_true(unicode_is_numeric(0x4E94) && !unicode_is_digit(0x4E94));
    assert_true(unicode_is_digit(0xB2) && !unicode_is_decimal(0xB2));
    assert_true(unicode_is_xid_start(0x17F) && !unicode_is_xid_start('1') &&
                unicode_is_xid_continue('1'));
}

/* ---- the format mini-language ---- */

static void format_ints(void **state) {
    (void)state;
    static const struct {
        const char *value, *spec, *text;
    } cases[] = {
#define INT_CASE(VALUE, SPEC, TEXT) {VALUE, SPEC, TEXT},
#define FLOAT_CASE(VALUE, SPEC, TEXT)
#include "tests/unit/format_cases.def"
#undef INT_CASE
#undef FLOAT_CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Value v = int_parse(t, cases[i].value, strlen(cases[i].value), 10);
        Str *text = format_int(t, v, str_from(t, cases[i].spec));
        if (!cases[i].text) assert_null(text);
        else assert_text(text, cases[i].text);
        t->exception = VALUE_UNSET;
    }
}

static void format_floats(void **state) {
    (void)state;
    static const struct {
        double value;
        const char *spec, *text;
    } cases[] = {
#define INT_CASE(VALUE, SPEC, TEXT)
#define FLOAT_CASE(VALUE, SPEC, TEXT) {VALUE, SPEC, TEXT},
#include "tests/unit/format_cases.def"
#undef INT_CASE
#undef FLOAT_CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Str *text = format_float(t, float_new(t, cases[i].value), str_from(t, cases[i].spec));
        if (!cases[i].text) assert_null(text);
        else assert_text(text, cases[i].text);
        t->exception = VALUE_UNSET;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths),       cmocka_unit_test(indexing_long_text),
        cmocka_unit_test(stepping),      cmocka_unit_test(hashes),
        cmocka_unit_test(interning),     cmocka_unit_test(comparison),
        cmocka_unit_test(building),      cmocka_unit_test(quoting),
        cmocka_unit_test(properties),    cmocka_unit_test(format_ints),
        cmocka_unit_test(format_floats),
    };
    return cmocka_run_group_tests(tests, start_vm, stop_vm);
}
