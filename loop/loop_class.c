/* SPDX-License-Identifier: MIT */
/*
 * The class EventLoop: what programs call on a loop.
 *
 * Read next: loop/run.c (what running means), stdlib/asyncio_native.c (asyncio's functions about
 * loops).
 */
#include "loop/loop.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- running ---- */

static Value run_forever(Thread *t, Value *args) {
    return loop_run_forever(t, args[0]) ? VALUE_NONE : VALUE_ERROR;
}

static Value run_until_complete(Thread *t, Value *args) {
    return loop_run_until_complete(t, args[0], args[1]);
}

static Value stop(Thread *t, Value *args) {
    (void)t;
    Loop *loop = loop_of(args[0]);
    if (loop) loop->stopping = true;
    return VALUE_NONE;
}

static Value close_loop(Thread *t, Value *args) {
    Loop *loop = loop_of(args[0]);
    return !loop || loop_close(t, loop) ? VALUE_NONE : VALUE_ERROR;
}

static Value is_running(Thread *t, Value *args) {
    (void)t;
    return bool_value(loop_of(args[0]) && loop_of(args[0])->thread);
}

static Value is_closed(Thread *t, Value *args) {
    (void)t;
    return bool_value(!loop_of(args[0]) || loop_of(args[0])->closed);
}

static Value loop_time(Thread *t, Value *args) {
    (void)args;
    int64_t now = clock_monotonic(&t->vm->clock);
    return float_new(t, clock_to_seconds(now));
}

/* ---- callbacks: args are self, callback (or when), context, *args ---- */

/* A coroutine, or a function whose calls give one: nobody would await it. */
static bool is_of_coroutines(Value v) {
    if (is_generator_kind(v)) return object_kind(object_of(v)) == OBJ_COROUTINE;
    if (is_kind(v, OBJ_METHOD)) v = ((Method *)object_of(v))->function;
    return is_kind(v, OBJ_FUNCTION) &&
           FUNCTION(v)->code->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE);
}

/* What debug mode looks at before a callback is queued; false: raised. */
static bool check_callback(Thread *t, const Loop *loop, Value callback, const char *method) {
    if (LIKELY(!loop->debug)) return true;
    if (is_of_coroutines(callback))
        raise_error(t, EXC_TypeError, "coroutines cannot be used with %s()", method);
    else if (!value_is_callable(t, callback))
        raise_error(t, EXC_TypeError, "a callable object was expected by %s(), got %R", method,
                    callback);
    else return true;
    return false;
}

/* args: self, callback, context, *args */
static Value queue(Thread *t, Loop *loop, const Value *args) {
    Value handle = handle_new_noted(t, loop, args[1], args[3], args[2]);
    ready_push(&loop->ready, handle, VALUE_UNSET);
    return handle;
}

static Value call_soon(Thread *t, Value *args) {
    Loop *loop = loop_to_call(t, args[0]);
    if (!loop || !loop_check_thread(t, loop) || !check_callback(t, loop, args[1], "call_soon"))
        return VALUE_ERROR;
    return queue(t, loop, args);
}

static Value call_soon_threadsafe(Thread *t, Value *args) {
    Loop *loop = loop_to_call(t, args[0]);
    if (!loop || !check_callback(t, loop, args[1], "call_soon_threadsafe")) return VALUE_ERROR;
    Value handle = queue(t, loop, args);
    args[1] = handle;
    if (LIKELY(!loop_of(args[0])->custom)) loop_wake(loop_of(args[0]));
    else if (!custom_wake(t, args[0])) return VALUE_ERROR;
    return handle;
}

/* Python adds the delay to the loop's time: what cannot be added is refused in these words. */
static bool delay_argument(Thread *t, Loop *loop, Value v, double *delay) {
    if (UNLIKELY(!is_int(v) && !is_float(v))) {
        v = value_binary(t, BINARY_ADD, float_new(t, clock_to_seconds(loop_now(loop))), v);
        if (v == VALUE_ERROR || !arg_double(t, v, delay)) return false;
        *delay -= clock_to_seconds(loop_now(loop));
        return true;
    }
    return arg_double(t, v, delay);
}

static Value call_later(Thread *t, Value *args) {
    if (args[1] == VALUE_NONE) return raise_error(t, EXC_TypeError, "delay must not be None");
    double delay;
    Loop *loop = loop_to_call(t, args[0]);
    if (!loop || !delay_argument(t, loop, args[1], &delay) || !loop_check_thread(t, loop) ||
        !check_callback(t, loop, args[2], "call_at"))
        return VALUE_ERROR;
    int64_t now = loop_now(loop);
    if (UNLIKELY(loop->custom)) {
        double time;
        if (!custom_time(t, args[0], &time)) return VALUE_ERROR;
        return custom_call_at(t, args[0], time + delay, args[2], args[3], TUPLE(args[4]));
    }
    return handle_new_timer(t, loop, now + clock_from_seconds(delay), clock_to_seconds(now) + delay,
                            args[2], args[4], args[3]);
}

static Value call_at(Thread *t, Value *args) {
    if (args[1] == VALUE_NONE) return raise_error(t, EXC_TypeError, "when cannot be None");
    double when;
    Loop *loop = loop_to_call(t, args[0]);
    if (!loop || !arg_double(t, args[1], &when) || !loop_check_thread(t, loop) ||
        !check_callback(t, loop, args[2], "call_at"))
        return VALUE_ERROR;
    return handle_new_timer(t, loop, clock_from_seconds(when), when, args[2], args[4], args[3]);
}

/* ---- futures and tasks ---- */

static Value create_future(Thread *t, Value *args) { return object_value(future_new(t, args[0])); }

/* The task that the factory makes. */
static Value make_by_factory(Thread *t, Value factory, Value self, Value coroutine, Value context) {
    Value args[3] = {self, coroutine, context}, name = object_value(NAME_OF(t, context));
    if (context == VALUE_NONE) return call_value(t, factory, args, 2);
    return call_keywords(t, factory, args, 3, tuple_from(t, &name, 1));
}

/* args: self, coro, name, context */
static Value create_task(Thread *t, Value *args) {
    Loop *loop = loop_open(t, args[0]);
    if (!loop) return VALUE_ERROR;
    if (args[2] != VALUE_NONE) {
        Str *name = value_str(t, args[2]);
        if (!name) return VALUE_ERROR;
        args[2] = object_value(name);
    }
    if (LIKELY(loop->task_factory == VALUE_NONE)) {
        return task_new(t, BUILTIN_CLASS(t, TASK), args[1], args[0], args[2], args[3]);
    }
    Value task = make_by_factory(t, loop->task_factory, args[0], args[1], args[3]);
    if (task == VALUE_ERROR || args[2] == VALUE_NONE) return task;
    if (is_kind(task, OBJ_TASK)) heap_set(&t->vm->heap, &TASK(task)->name, args[2]);
    return task;
}

static Value get_task_factory(Thread *t, Value *args) {
    Loop *loop = loop_open(t, args[0]);
    return loop ? loop->task_factory : VALUE_ERROR;
}

static Value set_task_factory(Thread *t, Value *args) {
    Loop *loop = loop_open(t, args[0]);
    if (!loop) return VALUE_ERROR;
    if (args[1] != VALUE_NONE && !value_is_callable(t, args[1])) {
        return raise_error(t, EXC_TypeError, "task factory must be a callable or None");
    }
    heap_set(&t->vm->heap, &loop->task_factory, args[1]);
    return VALUE_NONE;
}

/* ---- errors ---- */

static Value set_exception_handler(Thread *t, Value *args) {
    Loop *loop = loop_open(t, args[0]);
    if (!loop) return VALUE_ERROR;
    if (args[1] != VALUE_NONE && !value_is_callable(t, args[1])) {
        return raise_error(t, EXC_TypeError, "A callable object or None is expected, got %R",
                           args[1]);
    }
    heap_set(&t->vm->heap, &loop->exception_handler, args[1]);
    return VALUE_NONE;
}

static Value get_exception_handler(Thread *t, Value *args) {
    Loop *loop = loop_open(t, args[0]);
    return loop ? loop->exception_handler : VALUE_ERROR;
}

static bool check_context(Thread *t, Value v) {
    if (is_kind(v, OBJ_DICT)) return true;
    raise_error(t, EXC_TypeError, "context must be a dict, not '%T'", v);
    return false;
}

static Value call_exception_handler(Thread *t, Value *args) {
    if (!check_context(t, args[1])) return VALUE_ERROR;
    if (!loop_of(args[0])) return VALUE_NONE;
    return report_to_handler(t, args[0], DICT(args[1])) ? VALUE_NONE : VALUE_ERROR;
}

static Value default_exception_handler(Thread *t, Value *args) {
    if (!check_context(t, args[1])) return VALUE_ERROR;
    return report_default_of(t, args[0], DICT(args[1])) ? VALUE_NONE : VALUE_ERROR;
}

static Value get_debug(Thread *t, Value *args) {
    (void)t;
    return bool_value(loop_of(args[0]) && loop_of(args[0])->debug);
}

static Value set_debug(Thread *t, Value *args) {
    int enabled = value_truth(t, args[1]);
    if (enabled < 0) return VALUE_ERROR;
    if (loop_of(args[0])) loop_set_debug(loop_of(args[0]), enabled);
    return VALUE_NONE;
}

/* ---- shutting down ---- */

static Value shutdown_asyncgens(Thread *t, Value *args) { return asyncgens_shutdown(t, args[0]); }

/* ---- signals ---- */

static bool signal_number(Thread *t, Value v, int64_t *out) {
    if (!is_int(v)) {
        raise_error(t, EXC_TypeError, "sig must be an int, not %R", v);
        return false;
    }
    if (arg_clamped(t, v, out) && *out >= 1 && *out < LOOP_SIGNAL_COUNT) return true;
    raise_error(t, EXC_ValueError, "invalid signal number %R", v);
    return false;
}

/* Whether the loop can handle the signal; false: raised why not. */
static bool may_handle(Thread *t, Value callback, int64_t number) {
    if (is_of_coroutines(callback))
        raise_error(t, EXC_TypeError, "coroutines cannot be used with add_signal_handler()");
    else if (t != t->vm->main_thread)
        raise_error(t, EXC_RuntimeError,
                    "set_wakeup_fd only works in main thread of the main interpreter");
    else if (number == SIGKILL || number == SIGSTOP)
        raise_error(t, EXC_RuntimeError, "sig %lld cannot be caught", (long long)number);
    else return true;
    return false;
}

static Value add_signal_handler(Thread *t, Value *args) {
    int64_t number;
    if (!signal_number(t, args[1], &number) || !may_handle(t, args[2], number)) return VALUE_ERROR;
    Loop *loop = loop_open(t, args[0]);
    if (!loop) return VALUE_ERROR;
    Value handle = handle_new_noted(t, loop, args[2], args[3], VALUE_NONE);
    if (loop->signal_handles[number] == VALUE_UNSET) loop->signal_handle_count++;
    heap_set(&t->vm->heap, &loop->signal_handles[number], handle);
    signals_catch((int)number);
    return VALUE_NONE;
}

static Value remove_signal_handler(Thread *t, Value *args) {
    int64_t number;
    Loop *loop = loop_of(args[0]);
    if (!signal_number(t, args[1], &number)) return VALUE_ERROR;
    if (!loop || loop->signal_handles[number] == VALUE_UNSET) return VALUE_FALSE;
    heap_set(&t->vm->heap, &loop->signal_handles[number], VALUE_UNSET);
    loop->signal_handle_count--;
    signals_set_handler(t, (int)number, VALUE_UNSET);
    return VALUE_TRUE;
}

/* ---- what loops that programs write redefine ---- */

static Value run_once(Thread *t, Value *args) {
    Loop *loop = loop_open(t, args[0]);
    return loop && loop_run_once(t, args[0]) ? VALUE_NONE : VALUE_ERROR;
}

static Value write_to_self(Thread *t, Value *args) {
    (void)t;
    if (loop_of(args[0])) loop_wake(loop_of(args[0]));
    return VALUE_NONE;
}

static Value process_events(Thread *t, Value *args) {
    (void)t, (void)args;
    return VALUE_NONE;
}

static Value check_closed(Thread *t, Value *args) {
    return loop_open(t, args[0]) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- the class ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return loop_new(t, cls);
}

/* A selector may be given, as in Python. It becomes an attribute: loops of classes that programs
 * write wait in it (loop/custom.c), the native one waits in libuv all the same. */
static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    static const char *const names[] = {"selector", NULL};
    if (argc == 0) return true;
    Value *roots = push_roots(t, 2);
    roots[1] = self;
    bool ok = bind_names(t, "_UnixSelectorEventLoop", names, 0, roots, args, argc, kwnames);
    if (ok && roots[0] != VALUE_UNSET && roots[0] != VALUE_NONE)
        ok = value_setattr(t, self, NAME_OF(t, _selector), roots[0]);
    pop_roots(t, roots);
    return ok;
}

static Value repr(Thread *t, Value self) {
    Loop *loop = loop_of(self);
    Str *text = str_format(
        t, "<%s running=%s closed=%s debug=%s>", object_class(object_of(self))->name->data,
        loop && loop->thread ? "True" : "False", !loop || loop->closed ? "True" : "False",
        loop && loop->debug ? "True" : "False");
    return text ? object_value(text) : VALUE_ERROR;
}

static Value get_duration(Thread *t, Value self) {
    Loop *loop = loop_of(self);
    return loop ? loop->slow_callback_duration : float_new(t, 0.1);
}

static bool set_duration(Thread *t, Value self, Value v) {
    Loop *loop = loop_of(self);
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_AttributeError, "slow_callback_duration");
        return false;
    }
    double seconds = 0;
    if (loop) heap_set(&t->vm->heap, &loop->slow_callback_duration, v);
    if (loop && (is_fixnum(v) || is_float(v)) && arg_double(t, v, &seconds))
        __atomic_store_n(&loop->slow, clock_from_seconds(seconds), __ATOMIC_RELAXED);
    return true;
}

/* What is queued, as a list of Handles. */
static Value get_ready(Thread *t, Value self) {
    Value *roots = push_roots(t, 2);
    List *list = list_new(t, 0);
    roots[0] = object_value(list);
    Loop *loop = loop_of(self);
    for (size_t i = 0; loop && i < loop->ready.count; i++) {
        ReadyEntry entry = *ready_at(&loop->ready, i);
        if (!is_kind(entry.what, OBJ_HANDLE))
            entry.what =
                handle_new(t, self, entry.what, handle_arguments(t, entry.arg), VALUE_NONE);
        if (!list_append(t, list, entry.what)) return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return object_value(list);
}

/* The timers that are set, in no order: TimerHandles, and sleepers as they are. */
static Value get_scheduled(Thread *t, Value self) {
    List *list = list_new(t, 0);
    Loop *loop = loop_of(self);
    for (size_t i = 0; loop && i < loop->timers.count; i++) {
        if (!list_append(t, list, loop->timers.timers[i].what)) return VALUE_ERROR;
    }
    return object_value(list);
}

static const Slots slots = {.repr = repr, .construct = construct, .init = init};

static const NativeDef methods[] = {
    {"run_forever", run_forever, "(self, /)", "Run until stop() is called."},
    {"run_until_complete", run_until_complete, "(self, future)",
     "Run until the future (or coroutine) is done; gives its result."},
    {"stop", stop, "(self, /)", "Stop after the pass that is under way."},
    {"close", close_loop, "(self, /)", "Close the loop; what is queued is forgotten."},
    {"is_running", is_running, "(self, /)", "Is it running?"},
    {"is_closed", is_closed, "(self, /)", "Is it closed?"},
    {"time", loop_time, "(self, /)", "Seconds on the loop's clock."},
    {"call_soon", call_soon, "(self, callback, *args, context=None)",
     "Call callback(*args) in the next pass."},
    {"call_soon_threadsafe", call_soon_threadsafe, "(self, callback, *args, context=None)",
     "As call_soon, from any thread."},
    {"call_later", call_later, "(self, delay, callback, *args, context=None)",
     "Call callback(*args) after delay seconds."},
    {"call_at", call_at, "(self, when, callback, *args, context=None)",
     "Call callback(*args) at loop.time() == when."},
    {"create_future", create_future, "(self, /)", "A pending Future of this loop."},
    {"create_task", create_task, "(self, coro, *, name=None, context=None)",
     "A Task that drives the coroutine."},
    {"get_task_factory", get_task_factory, "(self, /)", "What makes tasks, or None."},
    {"set_task_factory", set_task_factory, "(self, factory)",
     "Let factory(loop, coro) make tasks; None: the default."},
    {"get_exception_handler", get_exception_handler, "(self, /)",
     "What receives lost errors, or None."},
    {"set_exception_handler", set_exception_handler, "(self, handler)",
     "Let handler(loop, context) receive lost errors; None: the default."},
    {"call_exception_handler", call_exception_handler, "(self, context)",
     "Hand an error context to the exception handler."},
    {"default_exception_handler", default_exception_handler, "(self, context)",
     "Write an error context to sys.stderr."},
    {"get_debug", get_debug, "(self, /)", "Is debug mode on?"},
    {"set_debug", set_debug, "(self, enabled)", "Turn debug mode on or off."},
    {"shutdown_asyncgens", shutdown_asyncgens, "(self, /)", "Close all running async generators."},
    {"run_in_executor", executor_run, "(self, executor, func, *args)",
     "A future for func(*args), called in executor; None: in the loop's own pool of threads."},
    {"set_default_executor", executor_set, "(self, executor)",
     "Let run_in_executor(None, ...) use executor, a ThreadPoolExecutor."},
    {"shutdown_default_executor", executor_shutdown, "(self, /)", "Wait for the executor's jobs."},
    {"add_signal_handler", add_signal_handler, "(self, sig, callback, *args)",
     "Call callback(*args) in the loop when the signal arrives."},
    {"_run_once", run_once, "(self, /)", "One pass: wait, then run what is ready."},
    {"_write_to_self", write_to_self, "(self, /)", "Wake the loop while it waits."},
    {"_process_events", process_events, "(self, event_list, /)",
     "What came out of waiting in a _selector."},
    {"_check_closed", check_closed, "(self, /)", "RuntimeError when the loop is closed."},
    {"remove_signal_handler", remove_signal_handler, "(self, sig)", "Undo add_signal_handler."},
    {0},
};

static const FieldDef fields[] = {
    {"slow_callback_duration", get_duration, set_duration,
     "A longer callback counts as blocking, seconds."},
    {"_default_executor", executor_get_default, executor_set_default,
     "What run_in_executor(None, ...) uses, or None before it is needed."},
    {"_ready", get_ready, NULL, "What is queued for the next pass: a list of Handles."},
    {"_scheduled", get_scheduled, NULL, "The timers that are set: a list."},
    {"_executor_shutdown_called", executor_get_shut, executor_set_shut,
     "Does the default executor take no more jobs?"},
    {0},
};

void loop_class_install(Thread *t) {
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_LOOP,
                             .slots = &slots,
                             .methods = methods,
                             .fields = fields,
                             .doc = "An event loop.",
                         });
    instance_dict_publish(t, BUILTIN_CLASS(t, LOOP));
    BUILTIN_CLASS(t, LOOP)->module = object_value(str_from(t, "asyncio.unix_events"));
}
