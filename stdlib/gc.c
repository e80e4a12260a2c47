/* SPDX-License-Identifier: MIT */
/*
 * gc: the collector as a program sees it.
 *
 * Tulip's collector traces; there are no reference counts and no generations. collect() is always a
 * full collection and finalises what it found before it returns; disable() keeps the collector from
 * starting by itself. Read next: vm/heap.h.
 */
#include <string.h>

#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/str.h"

/* gc.callbacks as it is now, in roots[0]; false: the program has put something else there. */
static bool find_callbacks(Thread *t, Value *roots) {
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "gc", 2));
    if (!is_kind(module, OBJ_MODULE)) return false;
    roots[0] =
        dict_get_str(t, ((Module *)object_of(module))->dict, str_intern(t->vm, "callbacks", 9));
    return is_kind(roots[0], OBJ_LIST) && LIST(roots[0])->size;
}

static void set_number(Thread *t, Dict *dict, const char *name, int64_t n) {
    dict_set_str(t, dict, str_intern(t->vm, name, strlen(name)), fixnum(n));
}

/* Tell gc.callbacks that a collection starts or stops. What they raise is only reported. */
static void tell_callbacks(Thread *t, const char *phase, int64_t generation, int64_t collected) {
    Value *roots = push_roots(t, 4);
    if (!find_callbacks(t, roots)) {
        pop_roots(t, roots);
        return;
    }
    roots[1] = object_value(str_from(t, phase));
    Dict *info = dict_new(t);
    roots[2] = object_value(info);
    set_number(t, info, "generation", generation);
    set_number(t, info, "collected", collected);
    set_number(t, info, "uncollectable", 0);
    for (size_t i = 0; i < LIST(roots[0])->size; i++) {
        roots[3] = LIST(roots[0])->items[i];
        if (call_value(t, roots[3], roots + 1, 2) == VALUE_ERROR)
            exception_report_unraisable(t, "Exception ignored in", roots[3]);
    }
    pop_roots(t, roots);
}

static Value collect(Thread *t, Value *args) {
    int64_t generation;
    if (!arg_int64(t, args[0], &generation)) return VALUE_ERROR;
    if (generation < 0 || generation > 2)
        return raise_error(t, EXC_ValueError, "invalid generation");
    Heap *heap = &t->vm->heap;
    tell_callbacks(t, "start", generation, 0);
    size_t before = heap->finalizable_count;
    heap_collect(t);
    size_t after = heap->finalizable_count;
    int64_t collected = before > after ? (int64_t)(before - after) : 0;
    tell_callbacks(t, "stop", generation, collected);
    return fixnum(collected);
}

static Value enable(Thread *t, Value *args) {
    (void)args;
    heap_set_paused(&t->vm->heap, false);
    return VALUE_NONE;
}

static Value disable(Thread *t, Value *args) {
    (void)args;
    heap_set_paused(&t->vm->heap, true);
    return VALUE_NONE;
}

static Value isenabled(Thread *t, Value *args) {
    (void)args;
    return bool_value(!t->vm->heap.paused);
}

/* A tuple of three, as programs written for generations expect. */
static Value triple(Thread *t, int64_t a, int64_t b, int64_t c) {
    Value items[] = {fixnum(a), fixnum(b), fixnum(c)};
    return object_value(tuple_from(t, items, 3));
}

static Value get_count(Thread *t, Value *args) {
    (void)args;
    return triple(t, (int64_t)(t->vm->heap.bytes_since_step / HEAP_CELL_STEP), 0, 0);
}

static Value get_threshold(Thread *t, Value *args) {
    (void)args;
    const int64_t *n = stdlib_of(t)->gc_thresholds;
    return triple(t, n[0], n[1], n[2]);
}

static Value set_threshold(Thread *t, Value *args) {
    int64_t given[3];
    for (int i = 0; i < 3; i++) {
        given[i] = stdlib_of(t)->gc_thresholds[i];
        if (args[i] != VALUE_UNSET && !arg_int64(t, args[i], &given[i])) return VALUE_ERROR;
    }
    memcpy(stdlib_of(t)->gc_thresholds, given, sizeof given);
    return VALUE_NONE;
}

static Value get_debug(Thread *t, Value *args) {
    (void)args;
    return int_from_int64(t, stdlib_of(t)->gc_debug);
}

static Value set_debug(Thread *t, Value *args) {
    return arg_int64(t, args[0], &stdlib_of(t)->gc_debug) ? VALUE_NONE : VALUE_ERROR;
}

static Value freeze(Thread *t, Value *args) {
    (void)t, (void)args;
    return VALUE_NONE;
}

static Value get_freeze_count(Thread *t, Value *args) {
    (void)t, (void)args;
    return fixnum(0);
}

/* Three dicts, of which the last counts: every cycle is one of everything. */
static Value get_stats(Thread *t, Value *args) {
    (void)args;
    Value *roots = push_roots(t, 1);
    List *all = list_new(t, 3);
    roots[0] = object_value(all);
    for (int i = 0; i < 3; i++) {
        Dict *one = dict_new(t);
        list_append(t, all, object_value(one));
        set_number(t, one, "collections", i == 2 ? (int64_t)t->vm->heap.cycles : 0);
        set_number(t, one, "collected", 0);
        set_number(t, one, "uncollectable", 0);
    }
    return roots[0];
}

/* Can [v] refer to objects? */
static bool has_inside(Thread *t, Value v) {
    if (!is_object(v) || !object_is_traced[object_kind(object_of(v))]) return false;
    if (is_str(v) || is_kind(v, OBJ_BYTES) || is_int(v) || is_float(v)) return false;
    return class_of(t->vm, v) != BUILTIN_CLASS(t, OBJECT) && v != object_value(t->vm->empty_tuple);
}

static Value is_tracked(Thread *t, Value *args) {
    if (!has_inside(t, args[0])) return VALUE_FALSE;
    if (class_of(t->vm, args[0]) != BUILTIN_CLASS(t, DICT)) return VALUE_TRUE;
    uint32_t position = 0;
    Value key, value;
    while (dict_next(DICT(args[0]), &position, &key, &value)) {
        if (has_inside(t, key) || has_inside(t, value)) return VALUE_TRUE;
    }
    return VALUE_FALSE;
}

static Value is_finalized(Thread *t, Value *args) {
    (void)t;
    return bool_value(is_object(args[0]) && (object_of(args[0])->bits & OBJECT_FINALIZED));
}

static const NativeDef functions[] = {
    {"collect", collect, "(generation=2)",
     "Collect everything now; how many objects were finalised."},
    {"enable", enable, "()", "Let the collector run by itself."},
    {"disable", disable, "()", "Only collect() collects from now on."},
    {"isenabled", isenabled, "()", "Whether the collector runs by itself."},
    {"get_count", get_count, "()",
     "Roughly how many objects were made since the collector last ran."},
    {"get_threshold", get_threshold, "()", "What set_threshold was told."},
    {"set_threshold", set_threshold, "(threshold0, threshold1=?, threshold2=?, /)",
     "Kept for programs that tune CPython; the collector paces itself."},
    {"get_debug", get_debug, "()", "What set_debug was told."},
    {"set_debug", set_debug, "(flags, /)", "Kept, and nothing more: --trace shows collections."},
    {"freeze", freeze, "()", "Nothing: there is no place that the collector leaves alone."},
    {"unfreeze", freeze, "()", "Nothing, as freeze()."},
    {"get_freeze_count", get_freeze_count, "()", "Always 0."},
    {"get_stats", get_stats, "()",
     "Three dicts, as for generations; the last counts the cycles of the collector."},
    {"is_tracked", is_tracked, "(obj, /)", "Whether the collector looks inside obj."},
    {"is_finalized", is_finalized, "(obj, /)", "Whether obj has been finalised."},
    {0},
};

static const struct {
    const char *name;
    int value;
} flags[] = {{"DEBUG_STATS", 1},
             {"DEBUG_COLLECTABLE", 2},
             {"DEBUG_UNCOLLECTABLE", 4},
             {"DEBUG_SAVEALL", 32},
             {"DEBUG_LEAK", 38}};

static bool init(Thread *t, Module *module) {
    module_set(t, module, "garbage", object_value(list_new(t, 0)));
    module_set(t, module, "callbacks", object_value(list_new(t, 0)));
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        module_set(t, module, flags[i].name, fixnum(flags[i].value));
    static const int64_t thresholds[3] = {700, 10, 10};
    memcpy(stdlib_of(t)->gc_thresholds, thresholds, sizeof thresholds);
    return true;
}

const NativeModule gc_module = {
    .name = "gc", .doc = "The collector.", .functions = functions, .init = init};
