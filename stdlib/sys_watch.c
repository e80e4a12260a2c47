/* SPDX-License-Identifier: MIT */
/*
 * The functions of sys that steer or watch how a program is run: time slices of threads, and the
 * hooks of tracers and profilers, which Tulip refuses because its probe does their work.
 *
 * They are rarely asked for, so sys.__getattr__ makes each at the first question.
 * Read next: vm/baton.h, stdlib/sys.c.
 */
#include <string.h>

#include "stdlib/sys.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"

#define LEAST_SLICE 1e-6 /* seconds; what CPython counts in */
#define MOST_SLICE  1e9

static Value getswitchinterval(Thread *t, Value *args) {
    (void)args;
    return float_new(t, baton_slice(t->vm));
}

static Value setswitchinterval(Thread *t, Value *args) {
    double seconds;
    if (!arg_double(t, args[0], &seconds)) return VALUE_ERROR;
    if (seconds <= 0)
        return raise_error(t, EXC_ValueError, "switch interval must be strictly positive");
    if (!(seconds < MOST_SLICE)) seconds = MOST_SLICE;
    baton_set_slice(t->vm, seconds < LEAST_SLICE ? LEAST_SLICE : seconds);
    return VALUE_NONE;
}

static Value refuse(Thread *t, Value hook, const char *name) {
    if (hook == VALUE_NONE) return VALUE_NONE;
    return raise_error(t, EXC_RuntimeError,
                       "%s is not part of Tulip; watch the program with its probe", name);
}

static Value settrace(Thread *t, Value *args) { return refuse(t, args[0], "settrace"); }
static Value setprofile(Thread *t, Value *args) { return refuse(t, args[0], "setprofile"); }

static Value no_hook(Thread *t, Value *args) {
    (void)t, (void)args;
    return VALUE_NONE;
}

static Value getallocatedblocks(Thread *t, Value *args) {
    (void)args;
    return int_from_uint64(t, t->vm->heap.object_bytes / HEAP_CELL_STEP);
}

static const NativeDef functions[] = {
    {"getswitchinterval", getswitchinterval, "()",
     "The longest time, in seconds, that a thread runs while others are in line."},
    {"setswitchinterval", setswitchinterval, "(interval, /)", "Set that time."},
    {"settrace", settrace, "(function, /)",
     "Refuses everything but None: a program is watched through the probe (--trace)."},
    {"setprofile", setprofile, "(function, /)", "Refuses everything but None, as settrace does."},
    {"gettrace", no_hook, "()", "None: nothing traces this thread."},
    {"getprofile", no_hook, "()", "None: nothing profiles this thread."},
    {"getallocatedblocks", getallocatedblocks, "()",
     "How many cells of 16 bytes the objects of the heap take."},
    {0},
};

Value sys_watch(Thread *t, const char *name) {
    for (const NativeDef *def = functions; def->name; def++) {
        if (!strcmp(def->name, name))
            return native_new(t, def, object_value(stdlib_of(t)->sys), "sys");
    }
    return VALUE_UNSET;
}
