/* SPDX-License-Identifier: MIT */
/*
 * The table of character names (common/unicode_name.h): both directions, for every character.
 */
#include "common/unicode_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void expect_found(const char *name, uint32_t code_point) {
    uint32_t found = 0;
    assert_true(unicode_name_find(name, strlen(name), &found));
    assert_int_equal(found, code_point);
}

static void expect_missing(const char *name) {
    uint32_t found;
    assert_false(unicode_name_find(name, strlen(name), &found));
}

static void every_name_finds_its_character(void **state) {
    (void)state;
    char name[UNICODE_NAME_SIZE];
    size_t named = 0;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        size_t n = unicode_name_of(c, name);
        if (!n) continue;
        assert_int_equal(n, strlen(name));
        expect_found(name, c);
        named++;
    }
    assert_true(named > 140000);
}

static void names_are_those_of_the_database(void **state) {
    (void)state;
    char name[UNICODE_NAME_SIZE];
    unicode_name_of(' ', name);
    assert_string_equal(name, "SPACE");
    unicode_name_of(0x1F337, name);
    assert_string_equal(name, "TULIP");
    unicode_name_of(0x4E00, name);
    assert_string_equal(name, "CJK UNIFIED IDEOGRAPH-4E00");
    unicode_name_of(0xAC01, name);
    assert_string_equal(name, "HANGUL SYLLABLE GAG");
    assert_int_equal(unicode_name_of('\n', name), 0);
    assert_int_equal(unicode_name_of(0xE000, name), 0);
    assert_int_equal(unicode_name_of(0x10FFFF, name), 0);
}

static void aliases_and_any_case_are_found(void **state) {
    (void)state;
    expect_found("LINE FEED", '\n');
    expect_found("alert", '\a');
    expect_found("Latin Small Letter E With Acute", 0xE9);
    expect_found("cjk compatibility ideograph-f900", 0xF900);
}

static void what_is_no_name_is_not_found(void **state) {
    (void)state;
    expect_missing("");
    expect_missing("TULIPS");
    expect_missing(" SPACE");
    expect_missing("hangul syllable ga");
    expect_missing("HANGUL SYLLABLE GAX");
    expect_missing("CJK UNIFIED IDEOGRAPH-0041");
    expect_missing("CJK UNIFIED IDEOGRAPH-4e00");
    char longest[1000];
    memset(longest, 'A', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    expect_missing(longest);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_finds_its_character),
        cmocka_unit_test(names_are_those_of_the_database),
        cmocka_unit_test(aliases_and_any_case_are_found),
        cmocka_unit_test(what_is_no_name_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
