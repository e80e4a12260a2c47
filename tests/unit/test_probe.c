/* SPDX-License-Identifier: MIT */
/*
 * How the probe renders values: without running any code of the program, and cut where a line of
 * --trace has no room, never in the middle of a code point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/vm_fixture.h"
#include "vm/class.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/probe.h"
#include "vm/str.h"

static void assert_rendered(Value v, size_t limit, const char *expected) {
    Buffer out = {0};
    probe_render(vm, v, limit, &out);
    buffer_putc(&out, '\0');
    assert_string_equal(out.data, expected);
    buffer_free(&out);
}

static Value text(const char *s) { return object_value(str_from(t, s)); }

static void constants(void **state) {
    (void)state;
    assert_rendered(VALUE_UNSET, 60, "-");
    assert_rendered(VALUE_ERROR, 60, "-");
    assert_rendered(VALUE_NONE, 60, "None");
    assert_rendered(VALUE_TRUE, 60, "True");
    assert_rendered(VALUE_FALSE, 60, "False");
    assert_rendered(VALUE_ELLIPSIS, 60, "Ellipsis");
    assert_rendered(VALUE_NOTIMPLEMENTED, 60, "NotImplemented");
    assert_rendered(fixnum(-12), 60, "-12");
    assert_rendered(float_new(t, 1.5), 60, "1.5");
    assert_rendered(object_value(BUILTIN_CLASS(t, INT)), 60, "int");
}

static void texts(void **state) {
    (void)state;
    assert_rendered(text("abcdef"), 8, "'abcdef'");
    assert_rendered(text("abcdefg"), 8, "'abcdefg…");
    assert_rendered(text("abcdefg"), 9, "'abcdefg'");
    assert_rendered(text("abcdefg"), 1, "'abcdefg…");
    assert_rendered(text("abcdef€"), 8, "'abcdef…");
    assert_rendered(text("abcdef€"), 9, "'abcdef…");
    assert_rendered(text("abcdef€"), 10, "'abcdef€…");
    assert_rendered(text("abcdef€"), 11, "'abcdef€'");
}

static void containers(void **state) {
    (void)state;
    Value items[] = {fixnum(1), text("b"), VALUE_NONE, fixnum(44), fixnum(5)};
    assert_rendered(object_value(list_from(t, items, 0)), 60, "[]");
    assert_rendered(object_value(list_from(t, items, 5)), 60, "[1, 'b', None, 44, 5]");
    assert_rendered(object_value(list_from(t, items, 5)), 8, "[1, 'b', …]");
    assert_rendered(object_value(list_from(t, items, 5)), 9, "[1, 'b', None, …]");
    assert_rendered(object_value(tuple_from(t, items, 1)), 60, "(1,)");
    assert_rendered(object_value(tuple_from(t, items, 2)), 60, "(1, 'b')");
    Value long_text[] = {text("abcdefghijklmnop")};
    assert_rendered(object_value(list_from(t, long_text, 1)), 40, "['abcdefghi…]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants),
        cmocka_unit_test(texts),
        cmocka_unit_test(containers),
    };
    return cmocka_run_group_tests(tests, start_vm, stop_vm);
}
