/* SPDX-License-Identifier: MIT */
/*
 * gc: the collector as a program sees it.
 *
 * Tulip's collector traces; there are no reference counts and no generations. collect() is always a
 * full collection and finalises what it found before it returns; disable() keeps the collector from
 * starting by itself. Read next: vm/heap.h.
 */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/exception.h"

static Value collect(Thread *t, Value *args) {
    int64_t generation;
    if (!arg_int64(t, args[0], &generation)) return VALUE_ERROR;
    if (generation < 0 || generation > 2)
        return raise_error(t, EXC_ValueError, "invalid generation");
    Heap *heap = &t->vm->heap;
    size_t before = heap->finalizable_count;
    heap_collect(t);
    size_t after = heap->finalizable_count;
    return fixnum(before > after ? (int64_t)(before - after) : 0);
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
    return triple(t, 700, 10, 10);
}

static Value set_threshold(Thread *t, Value *args) {
    int64_t ignored;
    for (int i = 0; i < 3; i++) {
        if (args[i] != VALUE_UNSET && !arg_int64(t, args[i], &ignored)) return VALUE_ERROR;
    }
    return VALUE_NONE;
}

static Value is_tracked(Thread *t, Value *args) {
    (void)t;
    return bool_value(is_object(args[0]) && object_is_traced[object_kind(object_of(args[0]))]);
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
    {"get_threshold", get_threshold, "()",
     "CPython's default thresholds; the collector paces itself."},
    {"set_threshold", set_threshold, "(threshold0, threshold1=?, threshold2=?, /)",
     "Accepted for programs that tune CPython; the collector paces itself."},
    {"is_tracked", is_tracked, "(obj, /)", "Whether the collector looks inside obj."},
    {"is_finalized", is_finalized, "(obj, /)", "Whether obj has been finalised."},
    {0},
};

static bool init(Thread *t, Module *module) {
    module_set(t, module, "garbage", object_value(list_new(t, 0)));
    module_set(t, module, "callbacks", object_value(list_new(t, 0)));
    return true;
}

const NativeModule gc_module = {
    .name = "gc", .doc = "The collector.", .functions = functions, .init = init};
