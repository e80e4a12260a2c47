/* SPDX-License-Identifier: MIT */
/*
 * The timer heap fires by deadline, then in the order of setting, also after cancelled timers were
 * dropped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/timers.h"

static void fires_by_deadline(void **state) {
    (void)state;
    TimerHeap heap = {0};
    int64_t deadlines[] = {50, 10, 40, 20, 30, 5, 45, 15};
    for (int i = 0; i < 8; i++) timers_push(&heap, deadlines[i], fixnum(deadlines[i]));
    int64_t previous = 0;
    for (int i = 0; i < 8; i++) {
        Timer timer = timers_pop(&heap);
        assert_true(timer.deadline > previous);
        assert_int_equal(fixnum_of(timer.what), timer.deadline);
        previous = timer.deadline;
    }
    assert_int_equal(heap.count, 0);
    timers_free(&heap);
}

static void equal_deadlines_fire_in_order_of_setting(void **state) {
    (void)state;
    TimerHeap heap = {0};
    for (int i = 0; i < 1000; i++) timers_push(&heap, i % 3, fixnum(i));
    int64_t last[3] = {-1, -1, -1};
    for (int i = 0; i < 1000; i++) {
        Timer timer = timers_pop(&heap);
        assert_true(fixnum_of(timer.what) > last[timer.deadline]);
        last[timer.deadline] = fixnum_of(timer.what);
    }
    timers_free(&heap);
}

static bool is_odd(Value what) { return fixnum_of(what) & 1; }

static void dropping_keeps_the_order(void **state) {
    (void)state;
    TimerHeap heap = {0};
    srand(7);
    for (int i = 0; i < 5000; i++) timers_push(&heap, rand() % 100, fixnum(i));
    timers_drop(&heap, is_odd);
    assert_int_equal(heap.count, 2500);
    Timer previous = timers_pop(&heap);
    while (heap.count) {
        Timer timer = timers_pop(&heap);
        assert_false(is_odd(timer.what));
        assert_true(previous.deadline < timer.deadline ||
                    (previous.deadline == timer.deadline && previous.sequence < timer.sequence));
        previous = timer;
    }
    timers_free(&heap);
}

static void pushes_and_pops_mix(void **state) {
    (void)state;
    TimerHeap heap = {0};
    int64_t now = 0;
    srand(3);
    for (int i = 0; i < 20000; i++) {
        if (heap.count && rand() % 3 == 0) {
            Timer timer = timers_pop(&heap);
            assert_true(timer.deadline >= now);
            now = timer.deadline;
        } else {
            timers_push(&heap, now + rand() % 1000, fixnum(i));
        }
    }
    timers_free(&heap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fires_by_deadline),
        cmocka_unit_test(equal_deadlines_fire_in_order_of_setting),
        cmocka_unit_test(dropping_keeps_the_order),
        cmocka_unit_test(pushes_and_pops_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
