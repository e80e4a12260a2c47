/* SPDX-License-Identifier: MIT */
/*
 * Coroutines written in C: the object, its class, and the first of them, sleep.
 *
 * To Tulip code such an object is a coroutine: it is awaited once, has send, throw and close. To a
 * task it is a future that it can park on, so awaiting it costs one small object and no frame. Its
 * kind's [resume] is asked at every SEND.
 *
 * sleep(0) finishes at once but yields one pass, as `await asyncio.sleep(0)` does in Python; a
 * longer sleep sets a timer in the running loop when it is first awaited.
 *
 * Read next: loop/timers.h (who wakes sleepers), stdlib/asyncio_queue.c (another user).
 */
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/future_methods.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"
#include "vm/made.h"
#include "vm/unstarted.h"

NativeCoroutine *native_coroutine_new(Thread *t, const NativeCoroutineKind *kind, Value payload) {
    NativeCoroutine *c = heap_allocate_small(&t->vm->heap, sizeof *c, OBJ_NATIVE_COROUTINE,
                                             BUILTIN_CLASS(t, NATIVE_COROUTINE));
    c->future.state = FUTURE_PENDING;
    c->future.blocking = c->future.observed = c->future.failed = false;
    c->future.flags = 0;
    c->future.result = c->future.callbacks = VALUE_UNSET;
    c->kind = kind;
    c->payload = payload;
    /* until it starts it needs no loop and no message: they say where it was made */
    const Code *code = t->frame ? frame_code(t->frame) : NULL;
    c->future.loop = code ? object_value(code) : VALUE_NONE;
    c->future.cancel_message = fixnum(code ? code_offset(code, t->frame->pc) : 0);
    unstarted_register(&t->vm->heap, &c->future.header);
    if (UNLIKELY(t->origin_depth)) {
        made_note(t, &c->future.header, t->origin_depth);
        c->future.flags |= FUTURE_NOTED;
    }
    return c;
}

static void start(NativeCoroutine *c, Value loop) {
    c->future.flags |= FUTURE_STARTED;
    c->future.loop = loop;
    c->future.cancel_message = VALUE_NONE;
}

static void trace(Heap *heap, Object *self) {
    NativeCoroutine *c = (NativeCoroutine *)self;
    future_trace(heap, &c->future);
    if (c->payload) heap_shade(heap, c->payload);
}

bool native_coroutine_check(Thread *t, const NativeCoroutine *c) {
    if (LIKELY(!(c->future.flags & FUTURE_STARTED))) return true;
    if (c->future.flags & FUTURE_CLOSED || c->future.state != FUTURE_PENDING) {
        raise_error(t, EXC_RuntimeError, "cannot reuse already awaited coroutine");
    } else {
        raise_error(t, EXC_RuntimeError, "coroutine is being awaited already");
    }
    return false;
}

Value native_coroutine_resume(Thread *t, NativeCoroutine *c) {
    if (UNLIKELY(c->future.flags & FUTURE_CLOSED)) {
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited coroutine");
    }
    if (c->future.state != FUTURE_PENDING) {
        c->future.flags |= FUTURE_CLOSED;
        t->done_value = future_take_result(t, &c->future);
        return t->done_value == VALUE_ERROR ? VALUE_ERROR : VALUE_DONE;
    }
    if (!(c->future.flags & FUTURE_STARTED)) {
        Value loop = t->vm->hooks.running_loop(t);
        if (loop == VALUE_NONE) return raise_error(t, EXC_RuntimeError, "no running event loop");
        start(c, loop);
    }
    c->future.flags &= (uint16_t)~FUTURE_WOKEN;
    Value v = c->kind->resume(t, c);
    if (v == VALUE_DONE || v == VALUE_ERROR) c->future.flags |= FUTURE_CLOSED;
    return v;
}

void native_coroutine_thrown(Thread *t, NativeCoroutine *c) {
    uint32_t started = c->future.flags & FUTURE_STARTED;
    bool closed = c->future.flags & FUTURE_CLOSED;
    if (!started) start(c, VALUE_NONE);
    c->future.flags |= FUTURE_CLOSED;
    if (started && !closed && c->kind->thrown) c->kind->thrown(t, c);
}

bool native_coroutine_wake(Thread *t, NativeCoroutine *c) {
    c->future.flags |= FUTURE_WOKEN;
    return future_schedule_callbacks(t, &c->future);
}

/* ---- sleep ---- */

static Value sleep_resume(Thread *t, NativeCoroutine *c) {
    if (c->future.flags & FUTURE_TIMED) return VALUE_PARKED;
    double seconds = 0.0;
    if (is_fixnum(c->payload)) {
        seconds = (double)fixnum_of(c->payload);
    } else if (is_float(c->payload)) {
        seconds = float_of(c->payload);
    }
    if (seconds <= 0.0) {
        c->future.state = FUTURE_FINISHED;
        return VALUE_NONE;
    }
    c->future.flags |= FUTURE_TIMED;
    PROBE(t, TIMER_ARMED, object_value(c), c->payload);
    return t->vm->hooks.sleep_start(t, object_value(c), seconds) ? VALUE_PARKED : VALUE_ERROR;
}

static void sleep_thrown(Thread *t, NativeCoroutine *c) {
    if (c->future.flags & FUTURE_TIMED) t->vm->hooks.sleep_stop(t, object_value(c));
}

static const NativeCoroutineKind sleep_kind = {"sleep", "sleep", sleep_resume, sleep_thrown, NULL};

/* The delay is looked at when the coroutine first runs, as in Python; here it only becomes a
 * number. */
Value sleep_new(Thread *t, Value delay, Value result) {
    if (UNLIKELY(!is_fixnum(delay) && !is_float(delay))) {
        double seconds;
        if (value_compare(t, COMPARE_LE, delay, fixnum(0)) == VALUE_ERROR ||
            !arg_double(t, delay, &seconds))
            return VALUE_ERROR;
        delay = float_new(t, seconds);
    }
    NativeCoroutine *c = native_coroutine_new(t, &sleep_kind, delay);
    c->future.result = result;
    return object_value(c);
}

bool sleep_finish(Thread *t, NativeCoroutine *c) {
    if (c->future.state != FUTURE_PENDING || c->future.flags & FUTURE_CLOSED) return true;
    c->future.state = FUTURE_FINISHED;
    return future_schedule_callbacks(t, &c->future);
}

/* ---- the class ---- */

/* What send() gives to code that drives the coroutine by hand. */
static Value step(Thread *t, Value self) {
    NativeCoroutine *c = NATIVE_COROUTINE(self);
    Value v = native_coroutine_resume(t, c);
    if (v != VALUE_PARKED) return v;
    c->future.blocking = true;
    return self;
}

static Value send(Thread *t, Value *args) {
    NativeCoroutine *c = NATIVE_COROUTINE(args[0]);
    if (args[1] != VALUE_NONE && !(c->future.flags & FUTURE_STARTED)) {
        return raise_error(t, EXC_TypeError,
                           "can't send non-None value to a just-started coroutine");
    }
    Value v = step(t, args[0]);
    return v == VALUE_DONE ? raise_stop_iteration(t) : v;
}

static Value throw(Thread * t, Value *args) {
    native_coroutine_thrown(t, NATIVE_COROUTINE(args[0]));
    Value raised = args[2] != VALUE_UNSET && args[2] != VALUE_NONE ? args[2] : args[1];
    Value exception = exception_normalize(t, raised);
    return exception == VALUE_ERROR ? VALUE_ERROR : raise_value(t, exception);
}

static Value close(Thread *t, Value *args) {
    native_coroutine_thrown(t, NATIVE_COROUTINE(args[0]));
    return VALUE_NONE;
}

static Value return_self(Thread *t, Value self) {
    (void)t;
    return self;
}

static Value repr(Thread *t, Value self) {
    Str *text = str_format(t, "<coroutine object %s at 0x%x>",
                           NATIVE_COROUTINE(self)->kind->qualname, (unsigned)value_id(t->vm, self));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value get_name(Thread *t, Value self) {
    return object_value(str_from(t, NATIVE_COROUTINE(self)->kind->name));
}

static Value get_qualname(Thread *t, Value self) {
    return object_value(str_from(t, NATIVE_COROUTINE(self)->kind->qualname));
}

static Value get_none(Thread *t, Value self) {
    (void)t, (void)self;
    return VALUE_NONE;
}

static Value get_false(Thread *t, Value self) {
    (void)t, (void)self;
    return VALUE_FALSE;
}

static Value get_suspended(Thread *t, Value self) {
    (void)t;
    uint32_t flags = NATIVE_COROUTINE(self)->future.flags;
    return bool_value((flags & FUTURE_STARTED) && !(flags & FUTURE_CLOSED));
}

static const Slots slots = {
    .repr = repr,
    .await = return_self,
    .iter = return_self,
    .next = step,
};

static const NativeDef methods[] = {
    {"send", send, "(self, arg, /)", "Resume the coroutine."},
    {"throw", throw, "(self, type, value=?, traceback=?, /)",
     "Raise an exception in the coroutine."},
    {"close", close, "(self, /)", "Give the coroutine up."},
    {0},
};

static const FieldDef fields[] = {
    {"__name__", get_name, NULL, "name of the coroutine"},
    {"__qualname__", get_qualname, NULL, "qualified name of the coroutine"},
    {"cr_await", get_none, NULL, "object being awaited on, or None"},
    {"cr_frame", get_none, NULL, "None: there is no Tulip frame"},
    {"cr_code", get_none, NULL, "None: it is written in C"},
    {"cr_origin", get_none, NULL, "None"},
    {"cr_running", get_false, NULL, "False"},
    {"cr_suspended", get_suspended, NULL, "started and not finished"},
    {"_asyncio_future_blocking", future_field_blocking, future_set_field_blocking,
     "Yielded to a task that has not taken it."},
    {0},
};

/* Complete the class of native coroutines. */
void native_coroutine_init(Thread *t) {
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_NATIVE_COROUTINE,
                             .slots = &slots,
                             .methods = methods,
                             .fields = fields,
                             .doc = "A coroutine that is written in C.",
                             .trace = trace,
                         });
}
