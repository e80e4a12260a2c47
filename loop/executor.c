/* SPDX-License-Identifier: MIT */
/*
 * A loop's default executor: the pool of threads behind run_in_executor(None, …) and to_thread().
 *
 * The loop holds it and knows whether it may still be used; what is done with it is written in
 * Tulip, and loaded by the first program that asks, because most never do.
 *
 * Read next: stdlib/asyncio/threads.tul, stdlib/concurrent/futures/thread.tul.
 */
#include "loop/loop.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

/* asyncio.threads.[name](*args); what they do is in that module. */
static Value call_module(Thread *t, const char *name, const Value *args, int argc) {
    Value *roots = push_roots(t, 1);
    Value module = t->vm->hooks.import_module(t, str_intern(t->vm, "asyncio.threads", 15));
    if (module == VALUE_ERROR) return VALUE_ERROR;
    roots[0] = value_getattr(t, module, str_intern(t->vm, name, strlen(name)));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    Value v = call_value(t, roots[0], args, argc);
    pop_roots(t, roots);
    return v;
}

Value executor_run(Thread *t, Value *args) {
    return loop_open(t, args[0]) ? call_module(t, "run_in_executor", args, 4) : VALUE_ERROR;
}

Value executor_set(Thread *t, Value *args) {
    return loop_open(t, args[0]) ? call_module(t, "set_default_executor", args, 2) : VALUE_ERROR;
}

/* Without an executor there is nothing to wait for. */
static Value finish_at_once(Thread *t, NativeCoroutine *c) {
    Loop *loop = loop_of(c->future.loop);
    if (loop) loop->executor_shut = true;
    t->done_value = VALUE_NONE;
    return VALUE_DONE;
}

static const NativeCoroutineKind nothing_kind = {"shutdown_default_executor",
                                                 "BaseEventLoop.shutdown_default_executor",
                                                 finish_at_once, NULL, NULL};

Value executor_shutdown(Thread *t, Value *args) {
    Loop *loop = loop_of(args[0]);
    if (!loop || loop->default_executor == VALUE_NONE)
        return object_value(native_coroutine_new(t, &nothing_kind, VALUE_NONE));
    return call_module(t, "shutdown_default_executor", args, 1);
}

bool executor_drop(Thread *t, Loop *loop) {
    loop->executor_shut = true;
    if (loop->default_executor == VALUE_NONE) return true;
    Value *roots = push_roots(t, 2), wait = VALUE_FALSE;
    roots[0] = object_value(loop->object);
    roots[1] = loop->default_executor;
    heap_set(&t->vm->heap, &loop->default_executor, VALUE_NONE);
    bool ok = call_method(t, roots[1], str_intern(t->vm, "shutdown", 8), &wait, 1) != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}

/* ---- what asyncio.threads sees ---- */

Value executor_get_default(Thread *t, Value self) {
    (void)t;
    Loop *loop = loop_of(self);
    return loop ? loop->default_executor : VALUE_NONE;
}

bool executor_set_default(Thread *t, Value self, Value v) {
    Loop *loop = loop_of(self);
    if (loop) heap_set(&t->vm->heap, &loop->default_executor, v == VALUE_UNSET ? VALUE_NONE : v);
    return true;
}

Value executor_get_shut(Thread *t, Value self) {
    (void)t;
    Loop *loop = loop_of(self);
    return bool_value(!loop || loop->executor_shut);
}

bool executor_set_shut(Thread *t, Value self, Value v) {
    int shut = v == VALUE_UNSET ? 0 : value_truth(t, v);
    if (shut < 0) return false;
    if (loop_of(self)) loop_of(self)->executor_shut = shut;
    return true;
}
