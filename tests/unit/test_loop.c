/* SPDX-License-Identifier: MIT */
/*
 * The event loop on libuv, as far as Tulip programs of one thread cannot show it: another OS thread
 * wakes it, and the libuv handles are all closed when it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "loop/loop.h"
#include "vm/container.h"

static Vm *vm;
static Thread *t;

static int set_up(void **state) {
    (void)state;
    vm = vm_new();
    t = vm->main_thread;
    loop_install(t, false);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    loop_shutdown(t);
    loop_release(vm);
    vm_free(vm);
    return 0;
}

/* A timer far in the future keeps [loop] waiting in poll. */
static void wait_long(Loop *loop) {
    Value callback = object_value(BUILTIN_CLASS(t, LIST));
    int64_t minute = 60ll * 1000 * 1000 * 1000;
    handle_new_timer(t, loop, loop_now(loop) + minute, 60.0, callback, VALUE_NONE, VALUE_NONE);
}

/* Runs on a thread of its own: stop the loop once it waits. */
static void stop_from_outside(void *argument) {
    Loop *loop = argument;
    volatile bool *waiting = &loop->polling;
    while (!*waiting) uv_sleep(1);
    loop->stopping = true;
    loop_wake(loop);
}

static void another_thread_wakes_it(void **state) {
    (void)state;
    Value *roots = push_roots(t, 1), self = roots[0] = loop_new(t, BUILTIN_CLASS(t, LOOP));
    Loop *loop = loop_open(t, self);
    assert_non_null(loop);
    wait_long(loop);
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, stop_from_outside, loop), 0);
    uint64_t begin = uv_hrtime();
    assert_true(loop_run_forever(t, self));
    uv_thread_join(&thread);
    assert_true(uv_hrtime() - begin < 30ull * 1000 * 1000 * 1000);
    assert_true(loop_close(t, loop));
    pop_roots(t, roots);
}

static void a_closed_loop_refuses(void **state) {
    (void)state;
    Value *roots = push_roots(t, 1), self = roots[0] = loop_new(t, BUILTIN_CLASS(t, LOOP));
    Loop *loop = loop_open(t, self);
    assert_true(loop_close(t, loop));
    assert_null(loop_open(t, self));
    assert_true(exception_matches(t, EXC_RuntimeError));
    exception_take(t);
    pop_roots(t, roots);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_thread_wakes_it),
        cmocka_unit_test(a_closed_loop_refuses),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
