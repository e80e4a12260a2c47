/* SPDX-License-Identifier: MIT */
/*
 * atexit: functions to call when the program ends, the last registered first.
 *
 * The register is a list of triples (function, args tuple, kwargs dict). An error in one is printed
 * and the rest are still called. Read next: cli/finish.c, which runs them.
 */
#include "stdlib/stdlib.h"
#include "stdlib/sys.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"

static Value atexit_register(Thread *t, Value *args) {
    if (!value_is_callable(t, args[0]))
        return raise_error(t, EXC_TypeError, "the first argument must be callable");
    List *calls = stdlib_of(t)->exit_calls;
    bool ok = list_append(t, calls, args[0]) && list_append(t, calls, args[1]) &&
              list_append(t, calls, args[2]);
    return ok ? args[0] : VALUE_ERROR;
}

/* Remove triple [i]. */
static void forget(Thread *t, List *calls, size_t i) {
    for (int k = 0; k < 3; k++) heap_forget(&t->vm->heap, calls->items[i * 3 + (size_t)k]);
    for (size_t at = i * 3; at + 3 < calls->size; at++) calls->items[at] = calls->items[at + 3];
    calls->size -= 3;
}

static Value atexit_unregister(Thread *t, Value *args) {
    List *calls = stdlib_of(t)->exit_calls;
    for (size_t i = calls->size / 3; i-- > 0;) {
        if (i * 3 >= calls->size) continue;
        int same = value_equal(t, args[0], calls->items[i * 3]);
        if (same < 0) return VALUE_ERROR;
        if (same) forget(t, calls, i);
    }
    return VALUE_NONE;
}

static Value atexit_clear(Thread *t, Value *args) {
    (void)args;
    List *calls = stdlib_of(t)->exit_calls;
    while (calls->size) forget(t, calls, calls->size / 3 - 1);
    return VALUE_NONE;
}

static Value atexit_ncallbacks(Thread *t, Value *args) {
    (void)args;
    return fixnum((int64_t)stdlib_of(t)->exit_calls->size / 3);
}

/* function(*args, **kwargs) */
static bool call_registered(Thread *t, Value function, Tuple *args, Dict *kwargs) {
    Value *roots = push_roots(t, (int)args->size + (int)kwargs->used + 1), *out = roots + 1;
    int argc = 0;
    for (size_t i = 0; i < args->size; i++) out[argc++] = args->items[i];
    Tuple *names = tuple_new(t, kwargs->used);
    roots[0] = object_value(names);
    uint32_t position = 0;
    Value key, v;
    for (size_t i = 0; dict_next(kwargs, &position, &key, &v); i++) {
        names->items[i] = key;
        out[argc++] = v;
    }
    bool ok = call_keywords(t, function, out, argc, names) != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}

void exit_calls_run(Thread *t) {
    List *calls = stdlib_of(t)->exit_calls;
    while (calls->size) {
        size_t i = calls->size / 3 - 1;
        Value *roots = push_roots(t, 3);
        for (int k = 0; k < 3; k++) roots[k] = calls->items[i * 3 + (size_t)k];
        forget(t, calls, i);
        if (!call_registered(t, roots[0], TUPLE(roots[1]), DICT(roots[2]))) {
            exception_report_unraisable(t, "Exception ignored in atexit callback", roots[0]);
        }
        pop_roots(t, roots);
    }
}

static Value atexit_run(Thread *t, Value *args) {
    (void)args;
    exit_calls_run(t);
    return VALUE_NONE;
}

static const NativeDef functions[] = {
    {"register", atexit_register, "(func, /, *args, **kwargs)",
     "Call func(*args, **kwargs) when the program ends."},
    {"unregister", atexit_unregister, "(func, /)", "Forget func."},
    {"_clear", atexit_clear, "()", "Forget all."},
    {"_run_exitfuncs", atexit_run, "()", "Call all now."},
    {"_ncallbacks", atexit_ncallbacks, "()", "How many are registered."},
    {0},
};

const NativeModule atexit_module = {
    .name = "atexit", .doc = "Functions to call when the program ends.", .functions = functions};
