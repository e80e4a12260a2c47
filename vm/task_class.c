/* SPDX-License-Identifier: MIT */
/*
 * The class Task (asyncio.Task): construction, methods, repr, the view of its stack.
 *
 * Read next: vm/task.c (what happens to a task), stdlib/asyncio (who makes them).
 */
#include <string.h>

#include "vm/container.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/future_methods.h"
#include "vm/ops.h"
#include "vm/signature.h"
#include "vm/str.h"

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Task *task = object_new(t, cls, 0);
    future_initialise(&task->future, VALUE_NONE);
    task->coroutine = task->waiting_on = task->name = task->context = VALUE_NONE;
    origin_clear(&task->made);
    task->cancel_origin = VALUE_NONE;
    return object_value(task);
}

static Value init_native(Thread *t, Value *args) {
    args[2] = future_loop_argument(t, args[2]);
    if (args[2] == VALUE_ERROR) return VALUE_ERROR;
    if (args[3] != VALUE_NONE) {
        Str *name = value_str(t, args[3]);
        if (!name) return VALUE_ERROR;
        args[3] = object_value(name);
    }
    return task_start(t, TASK(args[0]), args[1], args[2], args[3], args[4]) ? VALUE_NONE
                                                                            : VALUE_ERROR;
}

/* Task(coro, *, loop=None, name=None, context=None) */
static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Signature **signature = &t->vm->task_signature;
    if (!*signature)
        *signature = signature_parse(t, "Task", "(coro, *, loop=None, name=None, context=None)");
    Value *roots = push_roots(t, 5);
    roots[0] = self;
    bool ok = bind_arguments(t, *signature, roots + 1, args, argc, kwnames) &&
              init_native(t, roots) != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}

/* ---- methods ---- */

static Value cancel(Thread *t, Value *args) {
    int cancelled = task_cancel(t, TASK(args[0]), args[1]);
    return cancelled < 0 ? VALUE_ERROR : bool_value(cancelled);
}

static Value cancelling(Thread *t, Value *args) {
    (void)t;
    return fixnum(FUTURE(args[0])->cancel_requests);
}

static Value uncancel(Thread *t, Value *args) {
    (void)t;
    Task *task = TASK(args[0]);
    if (task->future.cancel_requests) task->future.cancel_requests--;
    return fixnum(task->future.cancel_requests);
}

static Value get_name(Thread *t, Value *args) {
    Str *name = task_name(t, TASK(args[0]));
    return name ? object_value(name) : VALUE_ERROR;
}

static Value set_name(Thread *t, Value *args) {
    Str *name = value_str(t, args[1]);
    if (!name) return VALUE_ERROR;
    heap_set(&t->vm->heap, &TASK(args[0])->name, object_value(name));
    return VALUE_NONE;
}

static Value get_coro(Thread *t, Value *args) {
    (void)t;
    return TASK(args[0])->coroutine;
}

/* A task without variables has no context yet: one is made. */
static Value get_context(Thread *t, Value *args) {
    Task *task = TASK(args[0]);
    Value loop = t->running_loop;
    bool runs_now = loop && is_kind(loop, OBJ_LOOP) && EVENT_LOOP(loop)->current_task == args[0];
    if (runs_now) return context_current(t);
    if (task->context == VALUE_NONE) heap_set(&t->vm->heap, &task->context, context_new(t));
    return task->context;
}

static Value refuse_result(Thread *t, Value *args) {
    (void)args;
    return raise_error(t, EXC_RuntimeError, "Task does not support set_result operation");
}

static Value refuse_exception(Thread *t, Value *args) {
    (void)args;
    return raise_error(t, EXC_RuntimeError, "Task does not support set_exception operation");
}

/* A function of the module asyncio.base_tasks, called with the method's own arguments. */
static Value call_base_tasks(Thread *t, const char *name, Value *args, int argc) {
    Value *root = push_roots(t, 1);
    root[0] = t->vm->hooks.import_module(t, str_intern(t->vm, "asyncio.base_tasks", 18));
    if (root[0] == VALUE_ERROR) return VALUE_ERROR;
    Value v = call_method(t, root[0], str_intern(t->vm, name, strlen(name)), args, argc);
    pop_roots(t, root);
    return v;
}

static Value get_stack(Thread *t, Value *args) {
    return call_base_tasks(t, "_task_get_stack", args, 2);
}

static Value print_stack(Thread *t, Value *args) {
    return call_base_tasks(t, "_task_print_stack", args, 3);
}

/* The calls of 2014: on the class, for the given or current loop. */

static Value all_tasks(Thread *t, Value *args) {
    args[1] = future_loop_argument(t, args[1]);
    if (args[1] == VALUE_ERROR) return VALUE_ERROR;
    return tasks_of_loop(t, args[1]);
}

static Value current_task(Thread *t, Value *args) {
    args[1] = future_loop_argument(t, args[1]);
    if (args[1] == VALUE_ERROR) return VALUE_ERROR;
    return task_current(t, args[1]);
}

Value tasks_of_loop(Thread *t, Value loop) {
    Set *set = set_new(t, false);
    Value *root = push_roots(t, 1);
    root[0] = object_value(set);
    if (is_kind(loop, OBJ_LOOP)) {
        for (Task *task = EVENT_LOOP(loop)->first_task; task; task = task->next_task) {
            if (!set_add(t, set, object_value(task))) return VALUE_ERROR;
        }
    }
    if (!foreign_tasks_add(t, loop, set)) return VALUE_ERROR;
    pop_roots(t, root);
    return object_value(set);
}

/* ---- repr ---- */

/* A native coroutine is shown as the future that it contains. */
static bool put_awaited(Thread *t, Value awaited, Buffer *out) {
    if (is_native_coroutine(awaited)) {
        if (!future_repr_into(t, awaited, out) || !future_repr_end(t, awaited, out)) return false;
        buffer_putc(out, '>');
        return true;
    }
    Str *text = value_repr(t, awaited);
    if (text) buffer_append(out, text->data, text->size);
    return text != NULL;
}

static bool describe(Thread *t, Value self, Buffer *out) {
    Task *task = TASK(self);
    Str *name = task_name(t, task);
    if (!name || !future_repr_into(t, self, out)) return false;
    buffer_puts(out, " name=");
    str_repr_into(out, name);
    buffer_puts(out, " coro=<");
    if (!coroutine_text(t, task->coroutine, out)) return false;
    buffer_putc(out, '>');
    if (task->waiting_on != VALUE_NONE && task->future.state == FUTURE_PENDING) {
        buffer_puts(out, " wait_for=");
        if (!put_awaited(t, task->waiting_on, out)) return false;
    }
    return future_repr_end(t, self, out);
}

static Value repr(Thread *t, Value self) {
    bool seen;
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "..."));
    Buffer out = {0};
    bool ok = describe(t, self, &out);
    repr_leave(t, self);
    return future_finish_repr(t, &out, ok);
}

/* ---- fields ---- */

static Value get_waiter(Thread *t, Value self) {
    (void)t;
    return TASK(self)->waiting_on;
}

static Value get_must_cancel(Thread *t, Value self) {
    (void)t;
    return bool_value(FUTURE(self)->flags & TASK_MUST_CANCEL);
}

static Value get_coroutine(Thread *t, Value self) {
    (void)t;
    return TASK(self)->coroutine;
}

static Value get_log_pending(Thread *t, Value self) {
    (void)t;
    return bool_value(!(FUTURE(self)->flags & FUTURE_QUIET));
}

static bool set_log_pending(Thread *t, Value self, Value v) {
    if (future_refuse_delete(t, v)) return false;
    int truth = value_truth(t, v);
    if (truth < 0) return false;
    if (truth) {
        FUTURE(self)->flags &= (uint16_t)~FUTURE_QUIET;
    } else {
        FUTURE(self)->flags |= FUTURE_QUIET;
    }
    return true;
}

static const Slots slots = {.repr = repr, .construct = construct, .init = init};

static const NativeDef methods[] = {
    {"cancel", cancel, "(self, msg=None)",
     "Ask the task to cancel itself: CancelledError is thrown into its coroutine."},
    {"cancelling", cancelling, "(self, /)", "How many requests to cancel are outstanding."},
    {"uncancel", uncancel, "(self, /)", "Take one request to cancel back; gives how many remain."},
    {"get_name", get_name, "(self, /)", "The name of the task."},
    {"set_name", set_name, "(self, value, /)", "Rename the task."},
    {"get_coro", get_coro, "(self, /)", "The coroutine it drives."},
    {"get_context", get_context, "(self, /)", "The context it runs in."},
    {"get_stack", get_stack, "(self, *, limit=None)",
     "The frame of its coroutine, or the frames that its error left."},
    {"print_stack", print_stack, "(self, *, limit=None, file=None)",
     "Print the frames of get_stack() like a traceback, by default on standard error."},
    {"set_result", refuse_result, "(self, result, /)",
     "Tasks take their result from the coroutine."},
    {"set_exception", refuse_exception, "(self, exception, /)",
     "Tasks take their exception from the coroutine."},
    {"@@all_tasks", all_tasks, "(cls, loop=None)", "The set of all pending tasks of a loop."},
    {"@@current_task", current_task, "(cls, loop=None)", "The task that is running, or None."},
    {0},
};

static const FieldDef fields[] = {
    {"_fut_waiter", get_waiter, NULL, "What it waits for, or None."},
    {"_must_cancel", get_must_cancel, NULL, "The next step throws CancelledError."},
    {"_coro", get_coroutine, NULL, "The coroutine it drives."},
    {"_log_destroy_pending", get_log_pending, set_log_pending,
     "Report it when it vanishes pending."},
    {0},
};

/* Complete the class Task. */
void task_init(Thread *t) {
    native_class_init(t,
                      &(NativeClass){
                          .kind = OBJ_TASK,
                          .slots = &slots,
                          .methods = methods,
                          .fields = fields,
                          .doc = "A coroutine driven by an event loop; its result is the task's.",
                      });
    BUILTIN_CLASS(t, TASK)->module = object_value(str_from(t, "_asyncio"));
}
