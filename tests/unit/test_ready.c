/* SPDX-License-Identifier: MIT */
/*
 * The ready queue is first in, first out, across growth and wrap-around.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loop/ready.h"

static void gives_entries_in_order(void **state) {
    (void)state;
    ReadyQueue queue = {0};
    for (int i = 0; i < 1000; i++) ready_push(&queue, fixnum(i), fixnum(-i));
    for (int i = 0; i < 1000; i++) {
        ReadyEntry entry = ready_pop(&queue);
        assert_int_equal(fixnum_of(entry.what), i);
        assert_int_equal(fixnum_of(entry.arg), -i);
    }
    assert_int_equal(queue.count, 0);
    ready_free(&queue);
}

static void survives_wrap_around_and_growth(void **state) {
    (void)state;
    ReadyQueue queue = {0};
    int64_t pushed = 0, popped = 0;
    for (int round = 1; round < 200; round++) {
        for (int i = 0; i < round; i++) ready_push(&queue, fixnum(pushed++), VALUE_UNSET);
        for (int i = 0; i < round / 2; i++) {
            assert_int_equal(fixnum_of(ready_pop(&queue).what), popped++);
        }
    }
    for (size_t i = 0; i < queue.count; i++) {
        assert_int_equal(fixnum_of(ready_at(&queue, i)->what), popped + (int64_t)i);
    }
    while (queue.count) assert_int_equal(fixnum_of(ready_pop(&queue).what), popped++);
    assert_int_equal(pushed, popped);
    ready_free(&queue);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_entries_in_order),
        cmocka_unit_test(survives_wrap_around_and_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
