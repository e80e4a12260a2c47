/* SPDX-License-Identifier: MIT */
/*
 * The heap and its collector, seen from C: what is reachable stays and is intact, what is not goes,
 * the write barrier holds while a cycle is under way, finalisers run in order, and the accounts
 * return to where they were.
 *
 * Probes are objects of a native class whose finalize hook counts: `gone[n]` says that probe n was
 * freed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vm/container.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { PROBES = 4096, NOTHING = -1 };

typedef struct ProbeObject {
    Object header;
    Value number; /* fixnum: which one */
    Value next;   /* another object, or VALUE_NONE */
    Value check;  /* fixnum: ~number */
} ProbeObject;

static Vm *vm;
static Thread *t;
static Heap *heap;
static Class *probe_class;
static int gone[PROBES];
static Value *bottom; /* roots of the test end here */

#define PROBE_OBJECT(v) ((ProbeObject *)(uintptr_t)(v))

static void probe_trace(Heap *h, Object *o) {
    heap_shade(h, ((ProbeObject *)o)->number);
    heap_shade(h, ((ProbeObject *)o)->next);
}

static void probe_finalize(Heap *h, Object *o) {
    (void)h;
    gone[fixnum_of(((ProbeObject *)o)->number)]++;
}

static int start_vm(void **state) {
    (void)state;
    vm = vm_new();
    t = vm->main_thread;
    heap = &vm->heap;
    heap->stress = 0;
    static const NativeClass def = {.kind = OBJ_NATIVE_DATA,
                                    .name = "Probe",
                                    .size = sizeof(ProbeObject),
                                    .trace = probe_trace,
                                    .finalize = probe_finalize};
    probe_class = native_class_new(t, &def, "test", NULL);
    dict_set_str(t, vm->builtins->dict, probe_class->name, object_value(probe_class));
    bottom = t->registers_top;
    return 0;
}

static int stop_vm(void **state) {
    (void)state;
    vm_free(vm);
    return 0;
}

/* Every test begins with no roots of its own and no dead objects. */
static int settle(void **state) {
    (void)state;
    t->registers_top = bottom;
    heap_collect(t);
    memset(gone, 0, sizeof gone);
    return 0;
}

static Value probe_new(int number, Value next) {
    ProbeObject *p = heap_allocate(heap, sizeof *p, OBJ_NATIVE_DATA, probe_class);
    p->number = fixnum(number);
    p->next = next;
    p->check = fixnum(~number);
    return object_value(p);
}

static void assert_intact(Value v, int number) {
    assert_true(is_kind(v, OBJ_NATIVE_DATA));
    assert_true(PROBE_OBJECT(v)->number == fixnum(number));
    assert_true(PROBE_OBJECT(v)->check == fixnum(~number));
    assert_int_equal(gone[number], 0);
}

static int count_gone(int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
        assert_in_range(gone[i], 0, 1); /* nothing is freed twice */
        count += gone[i];
    }
    return count;
}

static size_t allocated(void) { return heap->object_bytes + heap->buffer_bytes; }

/* ---- allocation ---- */

static void size_classes(void **state) {
    (void)state;
    enum { EACH = 40, SIZES = 70 };
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(list_new(t, 0));
    for (int size = 0; size < SIZES; size++) {
        for (int n = 0; n < EACH; n++) {
            Tuple *tuple = tuple_new(t, (size_t)size);
            assert_int_equal((uintptr_t)tuple % 8, 0);
            for (int i = 0; i < size; i++) tuple->items[i] = fixnum(size * 1000 + n);
            list_append(t, LIST(roots[0]), object_value(tuple));
        }
    }
    heap_collect(t);
    for (int k = 0; k < SIZES * EACH; k++) { /* neighbours have not overwritten each other */
        Tuple *tuple = TUPLE(LIST(roots[0])->items[k]);
        if (k >= EACH) assert_int_equal(tuple->size, k / EACH);
        for (size_t i = 0; i < tuple->size; i++) {
            assert_true(tuple->items[i] == fixnum(k / EACH * 1000 + k % EACH));
        }
    }
}

static void fresh_objects_are_zero(void **state) {
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t size = sizeof(Object); size <= 1024; size += 8) {
            char *p =
                heap_allocate(heap, size, OBJ_RANGE_ITERATOR, BUILTIN_CLASS(t, RANGE_ITERATOR));
            for (size_t i = sizeof(Object); i < size; i++) assert_int_equal(p[i], 0);
            memset(p + sizeof(Object), 0x5a, size - sizeof(Object));
        }
        heap_collect(t);
    }
}

static void large_objects(void **state) {
    (void)state;
    Value *roots = push_roots(t, 2);
    size_t before = allocated();
    roots[0] = object_value(tuple_new(t, 100000));
    TUPLE(roots[0])->items[99999] = probe_new(1, VALUE_NONE);
    roots[1] = probe_new(2, object_value(tuple_new(t, 50000)));
    assert_true(object_of(roots[0])->bits & OBJECT_LARGE);
    assert_true(allocated() >= before + 150000 * sizeof(Value));
    heap_collect(t);
    assert_intact(TUPLE(roots[0])->items[99999], 1);
    assert_int_equal(TUPLE(PROBE_OBJECT(roots[1])->next)->size, 50000);
    roots[0] = roots[1] = VALUE_UNSET;
    heap_collect(t);
    assert_int_equal(count_gone(0, 3), 2);
    assert_true(allocated() < before + 65536 * 4);
}

/* ---- what lives and what dies ---- */

static void unreachable_objects_go(void **state) {
    (void)state;
    for (int i = 0; i < 1000; i++) probe_new(i, VALUE_NONE);
    heap_collect(t);
    assert_int_equal(count_gone(0, 1000), 1000);
}

static void reachable_objects_stay(void **state) {
    (void)state;
    Value *roots = push_roots(t, 1);
    roots[0] = VALUE_NONE;
    for (int i = 0; i < 1000; i++) {
        roots[0] = probe_new(i, roots[0]);
        probe_new(1000 + i, roots[0]); /* refers to a live one, is dead itself */
    }
    for (int round = 0; round < 3; round++) heap_collect(t);
    assert_int_equal(count_gone(0, 1000), 0);
    assert_int_equal(count_gone(1000, 2000), 1000);
    Value v = roots[0];
    for (int i = 999; i >= 0; i--, v = PROBE_OBJECT(v)->next) assert_intact(v, i);
    assert_true(v == VALUE_NONE);
}

static void through_containers(void **state) {
    (void)state;
    Value *roots = push_roots(t, 4);
    roots[0] = object_value(list_new(t, 0));
    Dict *dict = dict_new(t);
    Set *set = set_new(t, false);
    list_append(t, LIST(roots[0]), object_value(dict));
    list_append(t, LIST(roots[0]), object_value(set));
    assert_true(dict_set(t, dict, probe_new(0, VALUE_NONE), probe_new(1, VALUE_NONE)));
    assert_true(set_add(t, set, probe_new(2, VALUE_NONE)));
    Value pair[] = {probe_new(3, VALUE_NONE), probe_new(4, VALUE_NONE)};
    list_append(t, LIST(roots[0]), object_value(tuple_from(t, pair, 2)));
    list_append(t, LIST(roots[0]), slice_new(t, probe_new(5, VALUE_NONE), VALUE_NONE, VALUE_NONE));
    heap_collect(t);
    assert_int_equal(count_gone(0, 6), 0);
    assert_true(dict_get(t, dict, pair[0]) == VALUE_UNSET);
    roots[0] = VALUE_UNSET;
    heap_collect(t);
    assert_int_equal(count_gone(0, 6), 6);
}

static void cycles_of_references(void **state) {
    (void)state;
    Value a = probe_new(0, VALUE_NONE), b = probe_new(1, a), itself = probe_new(2, VALUE_NONE);
    PROBE_OBJECT(a)->next = b;
    PROBE_OBJECT(itself)->next = itself;
    Value *roots = push_roots(t, 1);
    roots[0] = a;
    heap_collect(t);
    assert_int_equal(count_gone(0, 3), 1);
    assert_int_equal(gone[2], 1);
    roots[0] = VALUE_UNSET;
    heap_collect(t);
    assert_int_equal(count_gone(0, 3), 3);
}

/* Tracing has its own stack: the C stack does not grow with the depth of a structure. */
static void deep_structure(void **state) {
    (void)state;
    Value *roots = push_roots(t, 1);
    Value v = probe_new(0, VALUE_NONE);
    for (int i = 0; i < 500000; i++) v = object_value(tuple_from(t, &v, 1));
    roots[0] = v;
    heap_collect(t);
    for (v = roots[0]; is_kind(v, OBJ_TUPLE);) v = TUPLE(v)->items[0];
    assert_intact(v, 0);
}

/* ---- a cycle under way ---- */

static void begin_cycle(void) {
    heap_collect(t);
    heap->cycle_at = 0;
    for (int i = 0; i < 100000 && !heap->marking; i++) heap_step(t);
    assert_true(heap->marking);
}

static void end_cycle(void) {
    uint64_t cycle = heap->cycles;
    for (int i = 0; i < 100000 && heap->marking; i++) heap_step(t);
    assert_false(heap->marking);
    for (int i = 0; i < 100000 && (heap->unswept_classes || heap->large_unswept); i++) heap_step(t);
    assert_int_equal(heap->cycles, cycle);
}

/* A reference is taken from an object not traced yet and put where nobody looks again: into a new
 * object. */
static void moved_during_marking(void **state) {
    (void)state;
    Value *roots = push_roots(t, 2);
    roots[0] = probe_new(0, probe_new(1, probe_new(2, VALUE_NONE)));
    begin_cycle();
    Value taken = PROBE_OBJECT(roots[0])->next;
    heap_set(heap, &PROBE_OBJECT(roots[0])->next, VALUE_NONE);
    roots[1] = probe_new(3, taken);
    end_cycle();
    assert_int_equal(count_gone(0, 4), 0);
    assert_intact(PROBE_OBJECT(roots[1])->next, 1);
    assert_intact(PROBE_OBJECT(PROBE_OBJECT(roots[1])->next)->next, 2);
    heap_collect(t);
    assert_int_equal(count_gone(0, 4), 0);
}

static void moved_out_of_containers(void **state) {
    (void)state;
    Value *roots = push_roots(t, 3);
    List *list = list_new(t, 0);
    roots[0] = object_value(list);
    for (int i = 0; i < 10; i++) list_append(t, list, probe_new(i, VALUE_NONE));
    Dict *dict = dict_new(t);
    roots[1] = object_value(dict);
    for (int i = 0; i < 10; i++)
        assert_true(dict_set(t, dict, fixnum(i), probe_new(10 + i, VALUE_NONE)));
    begin_cycle();
    List *kept = list_new(t, 0);
    roots[2] = object_value(kept);
    for (int i = 0; i < 10; i++) {
        list_append(t, kept, list->items[i]);
        heap_set(heap, &list->items[i], VALUE_NONE);
        list_append(t, kept, dict_get(t, dict, fixnum(i)));
        assert_int_equal(dict_delete(t, dict, fixnum(i)), 1);
    }
    end_cycle();
    assert_int_equal(count_gone(0, 20), 0);
    for (int i = 0; i < 10; i++) {
        assert_intact(kept->items[2 * i], i);
        assert_intact(kept->items[2 * i + 1], 10 + i);
    }
    dict_clear(t, dict);
}

static void born_during_marking(void **state) {
    (void)state;
    Value *roots = push_roots(t, 1);
    begin_cycle();
    roots[0] = probe_new(0, VALUE_NONE);
    probe_new(1, VALUE_NONE);
    end_cycle();
    assert_intact(roots[0], 0);
    assert_int_equal(gone[1], 0); /* dead already, but born marked: it goes with the next cycle */
    heap_collect(t);
    assert_intact(roots[0], 0);
    assert_int_equal(gone[1], 1);
}

static uint32_t random_state = 12345;
static int random_below(int n) {
    random_state = random_state * 1664525 + 1013904223;
    return (int)((random_state >> 8) % (uint32_t)n);
}

/* Nodes in a list whose `next` is rewired at random while cycles run: what can be reached stays,
 * the rest goes. */
static void random_mutation(void **state) {
    (void)state;
    enum { NODES = 2000, SLOTS = 300 };
    Value *roots = push_roots(t, 2);
    List *slots = list_new(t, 0);
    roots[0] = object_value(slots);
    int made = 0;
    for (int i = 0; i < SLOTS; i++) list_append(t, slots, probe_new(made++, VALUE_NONE));
    while (made < NODES) {
        begin_cycle();
        for (int steps = random_below(60); steps > 0; steps--) {
            Value *from = &slots->items[random_below(SLOTS)],
                  *to = &slots->items[random_below(SLOTS)];
            Value moved = *from;
            switch (random_below(4)) {
            case 0: /* push a new node on top */
                if (made < NODES) heap_set(heap, from, probe_new(made++, moved));
                break;
            case 1: /* pop one */
                if (PROBE_OBJECT(moved)->next != VALUE_NONE)
                    heap_set(heap, from, PROBE_OBJECT(moved)->next);
                break;
            case 2: /* move a tail */
                roots[1] = PROBE_OBJECT(moved)->next;
                heap_set(heap, &PROBE_OBJECT(moved)->next, VALUE_NONE);
                if (roots[1] != VALUE_NONE) heap_set(heap, to, roots[1]);
                break;
            default: heap_step(t);
            }
        }
        end_cycle();
        for (int i = 0; i < SLOTS; i++) {
            for (Value v = slots->items[i]; v != VALUE_NONE; v = PROBE_OBJECT(v)->next) {
                assert_intact(v, (int)fixnum_of(PROBE_OBJECT(v)->number));
            }
        }
    }
    roots[1] = VALUE_UNSET;
    heap_collect(t);
    bool seen[NODES] = {false};
    for (int i = 0; i < SLOTS; i++) {
        for (Value v = slots->items[i]; v != VALUE_NONE; v = PROBE_OBJECT(v)->next) {
            seen[fixnum_of(PROBE_OBJECT(v)->number)] = true;
        }
    }
    for (int i = 0; i < NODES; i++) assert_int_equal(gone[i], !seen[i]);
}

/* ---- finalisers ---- */

static int finalised[16], finalised_count;
static Value resurrected;

static Value record_del(Thread *thread, Value *args) {
    Value number = value_getattr(thread, args[0], str_intern(vm, "number", 6));
    assert_true(is_fixnum(number));
    finalised[finalised_count++] = (int)fixnum_of(number);
    if (resurrected == VALUE_UNSET) resurrected = args[0];
    return VALUE_NONE;
}

static void mark_resurrected(Heap *h, void *context) { heap_shade(h, *(Value *)context); }

/* A class in Tulip's sense, whose __del__ is record_del. */
static Class *class_with_del(void) {
    static const NativeDef def = {"__del__", record_del, "(self, /)", ""};
    Value *roots = push_roots(t, 3);
    Dict *ns = dict_new(t);
    roots[0] = object_value(ns);
    Value del = roots[1] = native_new(t, &def, VALUE_UNSET, NULL);
    ((Native *)object_of(del))->owner = BUILTIN_CLASS(t, OBJECT);
    dict_set_str(t, ns, NAME_OF(t, __del__), del);
    Value object = object_value(BUILTIN_CLASS(t, OBJECT));
    Tuple *bases = tuple_from(t, &object, 1);
    roots[2] = object_value(bases);
    Class *cls =
        class_create(t, BUILTIN_CLASS(t, CLASS), str_from(t, "Dying"), bases, ns, NULL, NULL, 1);
    assert_non_null(cls);
    return cls;
}

static Value dying_new(Class *cls, int number) {
    Value v = call_value(t, object_value(cls), NULL, 0);
    assert_true(v != VALUE_ERROR);
    assert_true(instance_set(t, object_of(v), str_intern(vm, "number", 6), fixnum(number)));
    return v;
}

static void finalisers(void **state) {
    (void)state;
    Value *roots = push_roots(t, 4);
    Class *cls = class_with_del();
    roots[0] = object_value(cls);
    resurrected = VALUE_NONE;
    finalised_count = 0;
    roots[1] = dying_new(cls, 0);
    for (int i = 1; i < 6; i++) dying_new(cls, i);
    heap_collect(t);
    assert_int_equal(finalised_count, 5);
    for (int i = 0; i < 5; i++) assert_int_equal(finalised[i], i + 1); /* in order of creation */
    roots[1] = VALUE_UNSET;
    heap_collect(t);
    assert_int_equal(finalised_count, 6);
    assert_int_equal(finalised[5], 0);
    heap_collect(t);
    assert_int_equal(finalised_count, 6); /* once each */
}

static void resurrection(void **state) {
    (void)state;
    Value *roots = push_roots(t, 2);
    Class *cls = class_with_del();
    roots[0] = object_value(cls);
    resurrected = VALUE_UNSET;
    heap_add_marker(heap, mark_resurrected, &resurrected);
    finalised_count = 0;
    dying_new(cls, 7);
    heap_collect(t);
    assert_int_equal(finalised_count, 1);
    assert_true(is_kind(resurrected, OBJ_OBJECT));
    heap_collect(t);
    Value number = value_getattr(t, resurrected, str_intern(vm, "number", 6));
    assert_true(number == fixnum(7));
    resurrected = VALUE_NONE;
    heap_collect(t);
    assert_int_equal(finalised_count, 1);
}

/* ---- pace, stress, accounts ---- */

/* A program that makes nothing but garbage stays small: safepoints collect in time. */
static void garbage_is_bounded(void **state) {
    (void)state;
    size_t before = allocated(), most = 0;
    uint64_t cycles = heap->cycles;
    for (int i = 0; i < 200000; i++) {
        tuple_new(t, 100);
        list_new(t, 100);
        assert_true(thread_poll(t));
        if (allocated() > most) most = allocated();
    }
    assert_true(heap->cycles > cycles + 3);
    assert_true(most < before + ((size_t)80 << 20)); /* of 300 MB */
}

static void stress_mode(void **state) {
    (void)state;
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(list_new(t, 0));
    heap->stress = 3;
    t->poll |= POLL_COLLECT;
    uint64_t cycles = heap->cycles;
    for (int i = 0; i < 60; i++) {
        list_append(t, LIST(roots[0]), probe_new(i, roots[1]));
        roots[1] = LIST(roots[0])->items[i];
        probe_new(100 + i, VALUE_NONE);
        assert_true(thread_poll(t));
    }
    assert_int_equal(heap->cycles - cycles, 20);
    assert_in_range(count_gone(100, 160), 55, 60);
    for (int i = 0; i < 60; i++) assert_intact(LIST(roots[0])->items[i], i);
    heap->stress = 0;
    t->poll &= ~POLL_COLLECT;
}

static void fill_and_drop(void) {
    Value *roots = push_roots(t, 1);
    Dict *dict = dict_new(t);
    roots[0] = object_value(dict);
    for (int i = 0; i < 20000; i++) {
        assert_true(dict_set(t, dict, fixnum(i), object_value(tuple_new(t, (size_t)i % 90))));
    }
    Set *set = set_new(t, false);
    for (int i = 0; i < 20000; i++) assert_true(set_add(t, set, float_new(t, i * 1e200)));
    pop_roots(t, roots);
    heap_collect(t);
}

static void accounts_return(void **state) {
    (void)state;
    fill_and_drop();
    size_t objects = heap->object_bytes, buffers = heap->buffer_bytes;
    for (int round = 0; round < 4; round++) {
        fill_and_drop();
        assert_int_equal(heap->object_bytes, objects);
        assert_int_equal(heap->buffer_bytes, buffers);
    }
}

static void buffers_are_accounted(void **state) {
    (void)state;
    size_t before = heap->buffer_bytes;
    void *p = heap_realloc(heap, NULL, 0, 1000);
    assert_int_equal(heap->buffer_bytes, before + 1000);
    p = heap_realloc(heap, p, 1000, 200);
    assert_int_equal(heap->buffer_bytes, before + 200);
    heap_release(heap, p, 200);
    assert_int_equal(heap->buffer_bytes, before);
    heap_release(heap, NULL, 0);
    assert_int_equal(heap->buffer_bytes, before);
#ifndef __SANITIZE_ADDRESS__ /* which ends the program instead */
    assert_null(heap_realloc(heap, NULL, 0, (size_t)1 << 60));
    assert_int_equal(heap->buffer_bytes, before);
#endif
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, settle)
    const struct CMUnitTest tests[] = {
        TEST(size_classes),
        TEST(fresh_objects_are_zero),
        TEST(large_objects),
        TEST(unreachable_objects_go),
        TEST(reachable_objects_stay),
        TEST(through_containers),
        TEST(cycles_of_references),
        TEST(deep_structure),
        TEST(moved_during_marking),
        TEST(moved_out_of_containers),
        TEST(born_during_marking),
        TEST(random_mutation),
        TEST(finalisers),
        TEST(resurrection),
        TEST(garbage_is_bounded),
        TEST(stress_mode),
        TEST(accounts_return),
        TEST(buffers_are_accounted),
    };
    return cmocka_run_group_tests(tests, start_vm, stop_vm);
}
