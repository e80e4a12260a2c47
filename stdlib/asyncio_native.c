/* SPDX-License-Identifier: MIT */
/*
 * The module _asyncio: what asyncio has in C. Everything else of asyncio is Tulip source in
 * stdlib/asyncio.
 *
 * Read next: stdlib/asyncio/__init__.tul.
 */
#include "stdlib/asyncio_native.h"

#include "loop/watch.h"
#include "vm/cancellation.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- which loop ---- */

static Value get_event_loop(Thread *t, Value *args) {
    (void)args;
    return loop_get_event_loop(t);
}

static Value no_running_loop(Thread *t) {
    return raise_error(t, EXC_RuntimeError, "no running event loop");
}

static Value get_running_loop(Thread *t, Value *args) {
    (void)args;
    Value loop = loop_get_current(t);
    return loop == VALUE_NONE ? no_running_loop(t) : loop;
}

static Value running_or_none(Thread *t, Value *args) {
    (void)args;
    return loop_get_running(t);
}

static void replace_loop(Thread *t, Value *place, Value loop) {
    if (*place) heap_forget(&t->vm->heap, *place);
    *place = loop == VALUE_NONE ? VALUE_ERROR : loop;
}

static Value set_running_loop(Thread *t, Value *args) {
    replace_loop(t, &t->running_loop, args[0]);
    return VALUE_NONE;
}

static Value set_thread_loop(Thread *t, Value *args) {
    replace_loop(t, &t->event_loop, args[0]);
    t->event_loop_set = true;
    return VALUE_NONE;
}

/* (the loop of this thread or None, was it ever set?) */
static Value thread_loop(Thread *t, Value *args) {
    (void)args;
    Value items[2] = {t->event_loop ? t->event_loop : VALUE_NONE, bool_value(t->event_loop_set)};
    return object_value(tuple_from(t, items, 2));
}

static Value set_event_loop(Thread *t, Value *args) {
    Value policy = loop_state(t)->policy;
    if (UNLIKELY(policy != VALUE_NONE)) {
        Str *name = str_intern(t->vm, "set_event_loop", 14);
        Value v = call_method(t, policy, name, args, 1);
        return v == VALUE_ERROR ? VALUE_ERROR : VALUE_NONE;
    }
    if (args[0] != VALUE_NONE && !is_kind(args[0], OBJ_LOOP)) {
        Value events = t->vm->hooks.import_module(t, str_intern(t->vm, "asyncio.events", 14));
        Str *name = str_intern(t->vm, "check_loop", 10);
        if (events == VALUE_ERROR || call_method(t, events, name, args, 1) == VALUE_ERROR)
            return VALUE_ERROR;
    }
    return set_thread_loop(t, args);
}

static Value new_native_loop(Thread *t, Value *args) {
    (void)args;
    return loop_new(t, BUILTIN_CLASS(t, LOOP));
}

static Value new_event_loop(Thread *t, Value *args) {
    Value policy = loop_state(t)->policy;
    if (LIKELY(policy == VALUE_NONE)) return new_native_loop(t, args);
    return call_method(t, policy, str_intern(t->vm, "new_event_loop", 14), NULL, 0);
}

static Value get_policy(Thread *t, Value *args) {
    (void)args;
    return loop_state(t)->policy;
}

/* A policy begins with no current loop. */
static Value set_policy(Thread *t, Value *args) {
    heap_set(&t->vm->heap, &loop_state(t)->policy, args[0]);
    replace_loop(t, &t->event_loop, VALUE_NONE);
    t->event_loop_set = false;
    return VALUE_NONE;
}

/* ---- tasks ---- */

static Value sleep_function(Thread *t, Value *args) { return sleep_new(t, args[0], args[1]); }

/* args: coro, name, context */
static Value create_task(Thread *t, Value *args) {
    Value loop = loop_get_current(t);
    if (loop == VALUE_NONE) return no_running_loop(t);
    if (args[1] != VALUE_NONE) {
        Str *name = value_str(t, args[1]);
        if (!name) return VALUE_ERROR;
        args[1] = object_value(name);
    }
    if (LIKELY(object_class(object_of(loop)) == BUILTIN_CLASS(t, LOOP) &&
               loop_of(loop)->task_factory == VALUE_NONE)) {
        Value task = task_new(t, BUILTIN_CLASS(t, TASK), args[0], loop, VALUE_NONE, args[2]);
        if (args[1] != VALUE_NONE && task != VALUE_ERROR) TASK(task)->name = args[1];
        return task; /* a named task counts, too: Python numbers it first and then renames it */
    }
    Value names[2] = {object_value(NAME_OF(t, name)), object_value(NAME_OF(t, context))};
    int count = args[2] == VALUE_NONE ? 1 : 2;
    Value *roots = push_roots(t, 1);
    roots[0] = value_getattr(t, loop, NAME_OF(t, create_task));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    return call_keywords(t, roots[0], args, 1 + count, tuple_from(t, names, (size_t)count));
}

static Value current_task(Thread *t, Value *args) {
    Value loop = args[0] == VALUE_NONE ? loop_get_current(t) : args[0];
    if (loop == VALUE_NONE) return no_running_loop(t);
    return task_current(t, loop);
}

static Value all_tasks(Thread *t, Value *args) {
    Value loop = args[0] == VALUE_NONE ? loop_get_current(t) : args[0];
    return loop == VALUE_NONE ? no_running_loop(t) : tasks_of_loop(t, loop);
}

/* Who runs where, for reports: the task (when it is to be kept), its name, code and pc. */
static Value here(Thread *t, Value *args) {
    Origin origin;
    origin_clear(&origin);
    origin_note(t, &origin);
    Value task = VALUE_NONE, loop = t->running_loop;
    if (args[0] == VALUE_TRUE && loop && is_kind(loop, OBJ_LOOP))
        task = EVENT_LOOP(loop)->current_task;
    Value facts[4] = {task, origin.by, origin.code, fixnum(origin.pc)};
    return object_value(tuple_from(t, facts, 4));
}

/* args: task, made: the time limit that _here() saw made has cancelled the task. */
static Value blame_timeout(Thread *t, Value *args) {
    const Tuple *made = is_kind(args[1], OBJ_TUPLE) ? TUPLE(args[1]) : NULL;
    if (!is_kind(args[0], OBJ_TASK) || !made || made->size != 4) return VALUE_NONE;
    Value origin = cancellation_note_of(t, "asyncio.timeout()", made->items[2], made->items[3]);
    heap_set(&t->vm->heap, &TASK(args[0])->cancel_origin, origin);
    return VALUE_NONE;
}

static Value register_task(Thread *t, Value *args) {
    if (is_kind(args[0], OBJ_TASK) && is_kind(FUTURE(args[0])->loop, OBJ_LOOP)) return VALUE_NONE;
    return foreign_task_register(t, args[0]) ? VALUE_NONE : VALUE_ERROR;
}

static Value unregister_task(Thread *t, Value *args) {
    return foreign_task_unregister(t, args[0]) ? VALUE_NONE : VALUE_ERROR;
}

static Value enter_task(Thread *t, Value *args) {
    return task_enter(t, args[0], args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value leave_task(Thread *t, Value *args) {
    return task_leave(t, args[0], args[1]) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- what is it ---- */

static Value iscoroutine(Thread *t, Value *args) {
    return bool_value(is_coroutine_like(t, args[0]));
}

static Value isfuture(Thread *t, Value *args) {
    if (is_future(args[0])) return bool_value(!is_native_coroutine(args[0]));
    if (!is_object(args[0])) return VALUE_FALSE;
    Value cls = value_getattr(t, args[0], NAME_OF(t, __class__)); /* a mock pretends to have one */
    if (cls == VALUE_ERROR) return VALUE_ERROR;
    Value blocking = value_getattr_or_unset(t, cls, NAME_OF(t, _asyncio_future_blocking));
    if (blocking == VALUE_ERROR) return VALUE_ERROR;
    if (blocking == VALUE_UNSET) return VALUE_FALSE;
    blocking = value_getattr_or_unset(t, args[0], NAME_OF(t, _asyncio_future_blocking));
    if (blocking == VALUE_ERROR) return VALUE_ERROR;
    return bool_value(blocking != VALUE_UNSET && blocking != VALUE_NONE);
}

/* The function under a bound method and under functools.partial; VALUE_ERROR: raised. */
static Value function_under(Thread *t, Value f) {
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "_functools", 10));
    Value partial = is_kind(module, OBJ_MODULE)
                        ? dict_get_str(t, MODULE(module)->dict, str_intern(t->vm, "partial", 7))
                        : VALUE_UNSET;
    while (is_object(f)) {
        if (is_kind(f, OBJ_METHOD)) f = ((Method *)object_of(f))->function;
        else if (is_kind(partial, OBJ_CLASS) &&
                 class_is_subclass(class_of(t->vm, f), CLASS(partial)))
            f = value_getattr(t, f, str_intern(t->vm, "func", 4));
        else break;
    }
    return f;
}

static Value iscoroutinefunction(Thread *t, Value *args) {
    Value f = function_under(t, args[0]);
    if (f == VALUE_ERROR) return VALUE_ERROR;
    if (is_kind(f, OBJ_FUNCTION)) {
        uint32_t flags = FUNCTION(f)->code->flags;
        if (flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE)) return VALUE_TRUE;
    }
    if (is_kind(f, OBJ_NATIVE)) return bool_value(((Native *)object_of(f))->fn == sleep_function);
    f = args[0];
    if (!is_object(f)) return VALUE_FALSE;
    Value mark = value_getattr_or_unset(t, f, NAME_OF(t, _is_coroutine));
    if (mark == VALUE_ERROR) return VALUE_ERROR;
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "_asyncio", 8));
    if (mark == VALUE_UNSET || !is_kind(module, OBJ_MODULE)) return VALUE_FALSE;
    return bool_value(mark == dict_get_str(t, MODULE(module)->dict, NAME_OF(t, _is_coroutine)));
}

/* Make a generator function an iterable coroutine function: True; anything else works as before:
 * False. */
static Value mark_coroutine(Thread *t, Value *args) {
    (void)t;
    if (!is_kind(args[0], OBJ_FUNCTION)) return VALUE_FALSE;
    Code *code = FUNCTION(args[0])->code;
    if (code->flags & CODE_COROUTINE) return VALUE_TRUE;
    if (!(code->flags & CODE_GENERATOR)) {
        code->flags |= CODE_WRAPPED_COROUTINE; /* for the words of reports */
        return VALUE_FALSE;
    }
    code->flags |= CODE_ITERABLE_COROUTINE;
    return VALUE_TRUE;
}

/* ---- Ctrl-C ---- */

/* Let [handler](signum, frame) have SIGINT, if nobody else has it. */
static Value take_sigint(Thread *t, Value *args) {
    LoopState *state = loop_state(t);
    if (t != t->vm->main_thread || state->signal_handlers[SIGINT] != VALUE_UNSET)
        return VALUE_FALSE;
    signals_set_handler(t, SIGINT, args[0]);
    return VALUE_TRUE;
}

static Value give_back_sigint(Thread *t, Value *args) {
    (void)args;
    signals_set_handler(t, SIGINT, VALUE_UNSET);
    return VALUE_NONE;
}

static Value in_main_thread(Thread *t, Value *args) {
    (void)args;
    return bool_value(t == t->vm->main_thread);
}

static const NativeDef functions[] = {
    {"sleep", sleep_function, "(delay, result=None, *, loop=None)",
     "Coroutine: let other tasks run for delay seconds, then give result."},
    {"get_event_loop", get_event_loop, "()",
     "The running loop, else the current one of this thread."},
    {"get_running_loop", get_running_loop, "()",
     "The running loop; RuntimeError if there is none."},
    {"_get_running_loop", running_or_none, "()", "The running loop or None."},
    {"set_event_loop", set_event_loop, "(loop)", "Make loop the current one of this thread."},
    {"_set_running_loop", set_running_loop, "(loop, /)",
     "Let get_running_loop() give loop (None: none), for loops that programs write."},
    {"thread_loop", thread_loop, "()", "The current loop of this thread, and whether it was set."},
    {"set_thread_loop", set_thread_loop, "(loop, /)", "Set it."},
    {"new_native_loop", new_native_loop, "()", "A new loop of the native class."},
    {"get_policy", get_policy, "()", "What set_policy() was given, or None."},
    {"set_policy", set_policy, "(policy, /)", "Put a policy in force; None: the native one."},
    {"new_event_loop", new_event_loop, "()", "A new event loop."},
    {"create_task", create_task, "(coro, *, name=None, context=None)",
     "A task in the running loop that drives the coroutine."},
    {"current_task", current_task, "(loop=None)", "The task that is running, or None."},
    {"all_tasks", all_tasks, "(loop=None)", "The set of pending tasks."},
    {"_blame_timeout", blame_timeout, "(task, made, /)",
     "For reports: the limit that was made there has cancelled the task."},
    {"_here", here, "(with_task=False, /)",
     "Note, for reports, who runs at which line; with the task itself if wanted."},
    {"_register_task", register_task, "(task)", "all_tasks() shall know of a task not made here."},
    {"_unregister_task", unregister_task, "(task)", "Undo it."},
    {"_enter_task", enter_task, "(loop, task)", "The task begins to run."},
    {"_leave_task", leave_task, "(loop, task)", "The task stops running."},
    {"iscoroutine", iscoroutine, "(obj)", "Is it a coroutine that a task can drive?"},
    {"isfuture", isfuture, "(obj)", "Is it a future?"},
    {"iscoroutinefunction", iscoroutinefunction, "(func)", "Does calling it give a coroutine?"},
    {"mark_coroutine", mark_coroutine, "(func, /)",
     "Make a generator function a coroutine function."},
    {"take_sigint", take_sigint, "(handler, /)", "Handle Ctrl-C, unless somebody does."},
    {"give_back_sigint", give_back_sigint, "()", "Undo take_sigint()."},
    {"in_main_thread", in_main_thread, "()", "Is this the main thread?"},
    {0},
};

static bool init(Thread *t, Module *module) {
    Vm *vm = t->vm;
    Instance *marker = object_new(t, BUILTIN_CLASS(t, OBJECT), 0);
    module_set(t, module, "_is_coroutine", object_value(marker));
    module_set(t, module, "Future", object_value(vm->classes[OBJ_FUTURE]));
    module_set(t, module, "Task", object_value(vm->classes[OBJ_TASK]));
    module_set(t, module, "EventLoop", object_value(vm->classes[OBJ_LOOP]));
    module_set(t, module, "Handle", object_value(vm->classes[OBJ_HANDLE]));
    module_set(t, module, "TimerHandle", object_value(loop_state(t)->timer_handle));
    module_set(t, module, "CancelledError", object_value(vm->cancelled_error));
    module_set(t, module, "InvalidStateError", object_value(vm->invalid_state_error));
    watch_methods_install(t);
    return loop_borrow_methods(t) && asyncio_queue_init(t, module);
}

const NativeModule _asyncio_module = {"_asyncio", "The native part of asyncio.", functions, init};
