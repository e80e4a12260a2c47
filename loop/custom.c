/* SPDX-License-Identifier: MIT */
/*
 * Loops that programs write: of a class derived from asyncio.BaseEventLoop, or none of ours at all.
 *
 * What such a loop redefines is called as the method it is: time(), call_at(), call_soon(),
 * _run_once() and _write_to_self(); and when it has a _selector, that one waits instead of libuv,
 * and what it gives goes to _process_events(). The native loop's own methods of these names are
 * what a redefinition calls through super(). Loops of the native class itself never come here.
 *
 * Read next: loop/run.c (a pass), loop/loop_class.c (the methods).
 */
#include "loop/loop.h"
#include "vm/container.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

bool custom_now(Thread *t, Loop *loop, int64_t *now) {
    if (LIKELY(!loop->custom)) {
        *now = loop_now(loop);
        return true;
    }
    double seconds;
    if (!custom_time(t, object_value(loop->object), &seconds)) return false;
    *now = clock_from_seconds(seconds);
    return true;
}

bool custom_time(Thread *t, Value loop, double *seconds) {
    Value v = call_method(t, loop, NAME_OF(t, time), NULL, 0);
    return v != VALUE_ERROR && arg_double(t, v, seconds);
}

/* Loops that are none of ours expect a context: the task's, or an empty one. */
static Value context_for(Thread *t, Value callback) {
    if (!is_kind(callback, OBJ_TASK)) return context_new(t);
    Task *task = TASK(callback);
    if (task->context == VALUE_NONE) {
        Value context = context_new(t);
        heap_set(&t->vm->heap, &task->context, context);
    }
    return task->context;
}

bool custom_call_soon(Thread *t, Value loop, Value callback, Value arg, Value context) {
    if (loop == VALUE_NONE) {
        raise_error(t, EXC_RuntimeError, "Future object is not initialized.");
        return false;
    }
    Value *roots = push_roots(t, 4);
    roots[0] = callback;
    roots[1] = arg;
    roots[2] = context;
    if (context == VALUE_NONE && !is_kind(loop, OBJ_LOOP))
        roots[2] = context = context_for(t, callback);
    if (is_kind(callback, OBJ_TASK)) roots[0] = task_wakeup_callable(t, TASK(callback));
    roots[3] =
        roots[0] == VALUE_ERROR ? VALUE_ERROR : value_getattr(t, loop, NAME_OF(t, call_soon));
    Value called = VALUE_ERROR;
    if (roots[3] != VALUE_ERROR) {
        Value name = object_value(NAME_OF(t, context));
        bool has_arg = arg != VALUE_UNSET;
        if (!has_arg) roots[1] = roots[2];
        called = context == VALUE_NONE
                     ? call_value(t, roots[3], roots, has_arg ? 2 : 1)
                     : call_keywords(t, roots[3], roots, has_arg ? 3 : 2, tuple_from(t, &name, 1));
    }
    pop_roots(t, roots);
    return called != VALUE_ERROR;
}

Value custom_call_at(Thread *t, Value loop, double when, Value callback, Value context,
                     const Tuple *rest) {
    size_t count = rest ? rest->size : 0;
    Value *roots = push_roots(t, (int)count + 4);
    roots[0] = float_new(t, when);
    roots[1] = callback;
    for (size_t i = 0; i < count; i++) roots[2 + i] = rest->items[i];
    roots[2 + count] = context;
    roots[3 + count] = value_getattr(t, loop, NAME_OF(t, call_at));
    Value name = object_value(NAME_OF(t, context));
    Value handle = VALUE_ERROR;
    if (roots[3 + count] != VALUE_ERROR)
        handle = context == VALUE_NONE ? call_value(t, roots[3 + count], roots, (int)count + 2)
                                       : call_keywords(t, roots[3 + count], roots, (int)count + 3,
                                                       tuple_from(t, &name, 1));
    pop_roots(t, roots);
    return handle;
}

/* The callback of a sleeper's timer. */
static Value finish_sleep(Thread *t, Value *args) {
    return sleep_finish(t, NATIVE_COROUTINE(args[0])) ? VALUE_NONE : VALUE_ERROR;
}

static const NativeDef finish_def = {"_set_result_unless_cancelled", finish_sleep, "(self, /)",
                                     NULL};

bool custom_sleep_start(Thread *t, Value sleeper, double seconds) {
    Value *roots = push_roots(t, 3);
    roots[2] = sleeper;
    roots[0] = float_new(t, seconds);
    Value native = roots[1] = native_callback(t, &finish_def, sleeper);
    ((Native *)object_of(native))->owner = BUILTIN_CLASS(t, NATIVE_COROUTINE);
    Value handle = call_method(t, FUTURE(sleeper)->loop, NAME_OF(t, call_later), roots, 2);
    if (handle != VALUE_ERROR) heap_set(&t->vm->heap, &NATIVE_COROUTINE(sleeper)->payload, handle);
    pop_roots(t, roots);
    return handle != VALUE_ERROR;
}

void custom_sleep_stop(Thread *t, Value sleeper) {
    Value handle = NATIVE_COROUTINE(sleeper)->payload;
    if (handle == VALUE_NONE || is_fixnum(handle) || is_float(handle)) return;
    if (call_method(t, handle, NAME_OF(t, cancel), NULL, 0) == VALUE_ERROR) exception_take(t);
}

bool custom_run_pass(Thread *t, Value self) {
    return call_method(t, self, NAME_OF(t, _run_once), NULL, 0) != VALUE_ERROR;
}

bool custom_wake(Thread *t, Value self) {
    return call_method(t, self, NAME_OF(t, _write_to_self), NULL, 0) != VALUE_ERROR;
}

/* Seconds until the first timer; VALUE_NONE: none is set. */
static Value timeout_of(Thread *t, Loop *loop) {
    if (loop->ready.count || loop->stopping) return fixnum(0);
    if (!loop->timers.count) return VALUE_NONE;
    int64_t now;
    if (!custom_now(t, loop, &now)) return VALUE_ERROR;
    int64_t left = timers_first(&loop->timers)->deadline - now;
    return float_new(t, left > 0 ? clock_to_seconds(left) : 0.0);
}

int custom_select(Thread *t, Loop *loop) {
    Value self = object_value(loop->object);
    Value *roots = push_roots(t, 2);
    roots[0] = value_getattr_or_unset(t, self, NAME_OF(t, _selector));
    int done = roots[0] == VALUE_ERROR ? -1 : roots[0] != VALUE_UNSET && roots[0] != VALUE_NONE;
    if (done == 1) {
        done = -1;
        roots[1] = timeout_of(t, loop);
        if (roots[1] != VALUE_ERROR)
            roots[1] = call_method(t, roots[0], NAME_OF(t, select), &roots[1], 1);
        if (roots[1] != VALUE_ERROR)
            roots[1] = call_method(t, self, NAME_OF(t, _process_events), &roots[1], 1);
        if (roots[1] != VALUE_ERROR && thread_poll(t)) done = 1;
    }
    pop_roots(t, roots);
    return done;
}
