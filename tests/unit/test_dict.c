/* SPDX-License-Identifier: MIT */
/*
 * The dict's table, seen from C: order, gaps and their compaction, the index beyond eight entries,
 * equal hashes, and the layout number that inline caches of globals rely on. What scripts see of
 * dicts is in tests/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/vm_fixture.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/str.h"

static Value get(Dict *d, int64_t key) { return dict_get(t, d, fixnum(key)); }
static void set(Dict *d, int64_t key, int64_t v) {
    assert_true(dict_set(t, d, fixnum(key), fixnum(v)));
}
static int drop(Dict *d, int64_t key) { return dict_delete(t, d, fixnum(key)); }

/* Every entry can be found where it lies, and nothing else is there. */
static void check(Dict *d) {
    uint32_t live = 0;
    for (uint32_t i = 0; i < d->count; i++) {
        if (d->entries[i].key == VALUE_UNSET) continue;
        live++;
        assert_true(dict_get(t, d, d->entries[i].key) == d->entries[i].value);
        assert_true(i >= d->first);
    }
    assert_int_equal(live, d->used);
    assert_true(d->count <= d->capacity);
    if (!d->index) return;
    uint32_t entered = 0;
    for (uint32_t i = 0; i < 1u << d->index_bits; i++) entered += d->index[i] >= 0;
    assert_int_equal(entered, d->used);
}

static void empty(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    uint32_t position = 0;
    Value k, v;
    assert_true(get(d, 1) == VALUE_UNSET);
    assert_int_equal(drop(d, 1), 0);
    assert_false(dict_next(d, &position, &k, &v));
    assert_int_equal(d->capacity, 0);
}

static void keeps_insertion_order(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    for (int i = 0; i < 1000; i++) set(d, (i * 7919) % 1000, i);
    set(d, 7919 % 1000, -1); /* a new value keeps the old place */
    uint32_t position = 0;
    Value k, v;
    for (int i = 0; dict_next(d, &position, &k, &v); i++) {
        assert_int_equal(fixnum_of(k), (i * 7919) % 1000);
        assert_int_equal(fixnum_of(v), i == 1 ? -1 : i);
    }
    assert_int_equal(d->used, 1000);
    check(d);
}

static void deleted_keys_are_gone(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    for (int i = 0; i < 100; i++) set(d, i, i);
    for (int i = 0; i < 100; i += 2) assert_int_equal(drop(d, i), 1);
    for (int i = 0; i < 100; i++) assert_true((get(d, i) == VALUE_UNSET) == (i % 2 == 0));
    assert_int_equal(drop(d, 2), 0);
    assert_int_equal(d->first, 1);
    check(d);
    set(d, 0, 7); /* comes last now */
    uint32_t position = 0;
    Value k = 0, v = 0;
    while (dict_next(d, &position, &k, &v)) {}
    assert_int_equal(fixnum_of(k), 0);
}

static void random_operations_agree_with_an_array(void **state) {
    (void)state;
    enum { KEYS = 300 };
    int64_t model[KEYS];
    memset(model, -1, sizeof model);
    Dict *d = dict_new(t);
    unsigned seed = 12345;
    for (int i = 0; i < 50000; i++) {
        seed = seed * 1103515245 + 12345;
        int key = (int)(seed >> 16) % KEYS;
        if (seed & 0x1000) {
            assert_int_equal(drop(d, key * 1024), model[key] >= 0);
            model[key] = -1;
        } else {
            set(d, key * 1024, i);
            model[key] = i;
        }
        if (i % 997 == 0) check(d);
    }
    for (int key = 0; key < KEYS; key++) {
        assert_true(get(d, key * 1024) == (model[key] < 0 ? VALUE_UNSET : fixnum(model[key])));
    }
    assert_true(d->capacity <= 1024);
}

static void gaps_are_squeezed_out_when_full(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    for (int i = 0; i < 8; i++) set(d, i, i);
    assert_int_equal(d->capacity, 8);
    for (int i = 1; i < 7; i++) drop(d, i);
    assert_int_equal(d->count, 8);
    set(d, 100, 100);
    assert_int_equal(d->capacity, 8);
    assert_int_equal(d->count, 3);
    check(d);
}

static void stacks_and_queues_do_not_grow(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    for (int i = 0; i < 20; i++) set(d, i, i);
    for (int i = 20; i < 20000; i++) { /* last in, first out */
        set(d, i, i);
        drop(d, i);
    }
    assert_int_equal(d->used, 20);
    for (int i = 20; i < 20000; i++) { /* first in, first out */
        set(d, i, i);
        drop(d, i - 20);
    }
    assert_true(d->capacity <= 64);
    assert_int_equal(d->used, 20);
    check(d);
}

static void emptied_dict_starts_over(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    for (int i = 0; i < 50; i++) set(d, i, i);
    for (int i = 0; i < 50; i++) drop(d, (i * 7) % 50);
    assert_int_equal(d->used, 0);
    assert_int_equal(d->first, d->count); /* nothing but gaps */
    set(d, 5, 5);
    check(d);
    dict_clear(t, d);
    assert_int_equal(d->capacity, 0);
    set(d, 6, 6);
    check(d);
}

static void equal_hashes_are_told_apart(void **state) {
    (void)state;
    const int64_t modulus = ((int64_t)1 << 61) - 1; /* ints this far apart hash alike */
    Dict *d = dict_new(t);
    for (int i = 2; i < 40; i++) {
        set(d, i, i);
        set(d, i + modulus, -i);
        set(d, i - modulus, i * 100);
    }
    for (int i = 2; i < 40; i++) {
        assert_true(get(d, i) == fixnum(i));
        assert_true(get(d, i + modulus) == fixnum(-i));
    }
    for (int i = 2; i < 40; i++) assert_int_equal(drop(d, i), 1);
    for (int i = 2; i < 40; i++) assert_true(get(d, i + modulus) == fixnum(-i));
    check(d);
}

static void numbers_of_equal_value_are_one_key(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    set(d, 1, 10);
    assert_true(dict_get(t, d, float_new(t, 1.0)) == fixnum(10));
    assert_true(dict_get(t, d, VALUE_TRUE) == fixnum(10));
    assert_true(dict_set(t, d, VALUE_TRUE, fixnum(11)));
    assert_int_equal(d->used, 1);
    assert_true(d->entries[0].key == fixnum(1));
    assert_true(get(d, 1) == fixnum(11));
    assert_true(dict_get(t, d, float_new(t, 1.5)) == VALUE_UNSET);
}

static void strings_are_found_by_text(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    char name[16];
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "name%d", i);
        dict_set_str(t, d, str_from(t, name), fixnum(i));
    }
    for (int i = 0; i < 200; i++) {
        int n = snprintf(name, sizeof name, "name%d", i);
        Str *same = str_from(t, name), *interned = str_intern(vm, name, (size_t)n);
        assert_true(dict_get_str(t, d, same) == fixnum(i));
        assert_true(dict_get(t, d, object_value(same)) == fixnum(i));
        assert_true(dict_get_str(t, d, interned) == fixnum(i));
        assert_int_equal(dict_find_str(t, d, interned), i);
    }
    assert_true(dict_delete_str(t, d, str_from(t, "name7")));
    assert_false(dict_delete_str(t, d, str_from(t, "name7")));
    assert_int_equal(dict_find_str(t, d, str_from(t, "name7")), -1);
    check(d);
}

static void layout_follows_the_keys(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    set(d, 1, 1);
    assert_int_equal(d->layout, 0); /* nobody watches */
    dict_watch(vm, d);
    uint32_t layout = d->layout;
    assert_true(layout != 0);
    dict_watch(vm, d);
    assert_int_equal(d->layout, layout);
    set(d, 1, 2);
    assert_int_equal(d->layout, layout); /* a new value moves nothing */
    set(d, 2, 2);
    assert_true(d->layout != layout);
    layout = d->layout;
    drop(d, 3);
    assert_int_equal(d->layout, layout); /* nor does a key that is not there */
    drop(d, 1);
    assert_true(d->layout != layout);
    layout = d->layout;
    for (int i = 10; i < 18; i++) set(d, i, i);
    assert_true(d->layout != layout);
    layout = d->layout;
    dict_clear(t, d);
    assert_true(d->layout != layout && d->layout != 0);
}

static void copies_are_dense(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    for (int i = 0; i < 100; i++) set(d, i, i);
    for (int i = 0; i < 100; i += 3) drop(d, i);
    Dict *copy = dict_copy(t, d);
    assert_int_equal(copy->used, d->used);
    assert_int_equal(copy->count, copy->used);
    check(copy);
    set(copy, 1, -1);
    assert_true(get(d, 1) == fixnum(1));
    Dict *sum = dict_new(t);
    set(sum, 2, -2);
    assert_true(dict_update(t, sum, object_value(d)));
    assert_true(get(sum, 2) == fixnum(2));
    assert_int_equal(sum->used, d->used);
    check(sum);
}

static void unhashable_keys_raise(void **state) {
    (void)state;
    Dict *d = dict_new(t);
    Value list = object_value(list_new(t, 0));
    assert_true(dict_get(t, d, list) == VALUE_ERROR);
    assert_true(exception_matches(t, EXC_TypeError));
    exception_take(t);
    assert_false(dict_set(t, d, list, fixnum(1)));
    exception_take(t);
    assert_int_equal(dict_delete(t, d, list), -1);
    exception_take(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty),
        cmocka_unit_test(keeps_insertion_order),
        cmocka_unit_test(deleted_keys_are_gone),
        cmocka_unit_test(random_operations_agree_with_an_array),
        cmocka_unit_test(gaps_are_squeezed_out_when_full),
        cmocka_unit_test(stacks_and_queues_do_not_grow),
        cmocka_unit_test(emptied_dict_starts_over),
        cmocka_unit_test(equal_hashes_are_told_apart),
        cmocka_unit_test(numbers_of_equal_value_are_one_key),
        cmocka_unit_test(strings_are_found_by_text),
        cmocka_unit_test(layout_follows_the_keys),
        cmocka_unit_test(copies_are_dense),
        cmocka_unit_test(unhashable_keys_raise),
    };
    return cmocka_run_group_tests_name("dict", tests, start_vm, stop_vm);
}
