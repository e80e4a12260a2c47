/* SPDX-License-Identifier: MIT */
/*
 * The module tulip: Tulip's own window into the machine.
 *
 * Read next: loop/deadlock.c, vm/probe.h.
 */
#include "loop/loop.h"
#include "stdlib/stdlib.h"
#include "vm/number.h"

static Value virtual_time(Thread *t, Value *args) {
    (void)args;
    return bool_value(t->vm->clock.is_virtual);
}

static Value lost_errors(Thread *t, Value *args) {
    (void)args;
    return int_from_uint64(t, loop_lost_errors(t->vm));
}

static Value collections(Thread *t, Value *args) {
    (void)args;
    return int_from_uint64(t, t->vm->heap.cycles);
}

static const NativeDef functions[] = {
    {"virtual_time", virtual_time, "()", "Does the clock jump instead of waiting?"},
    {"lost_errors", lost_errors, "()",
     "How many exceptions of tasks and futures nobody retrieved."},
    {"collections", collections, "()", "How many cycles the collector has completed."},
    {0},
};

static bool init(Thread *t, Module *module) {
    module_set(t, module, "Deadlock", object_value(loop_state(t)->deadlock));
    return true;
}

const NativeModule tulip_module = {"tulip", "Tulip's own window into the machine.", functions,
                                   init};
