/* SPDX-License-Identifier: MIT */
/*
 * Tasks: driving a coroutine by the loop, one step at a time.
 *
 * A step resumes the coroutine until it parks on a future, yields, returns or raises. Parked, the
 * task puts itself into the future's callbacks; the loop calls task_step again when that future is
 * done. Cancelling a task cancels what it waits for; when it waits for nothing that can be
 * cancelled, must_cancel makes the next step throw.
 *
 * Pending tasks of an EventLoop are linked in creation order. The list keeps them alive, so a task
 * nobody refers to is finished or reported, never silently lost.
 *
 * Read next: vm/task_class.c (the class Task), loop/run.c (who calls task_step).
 */
#include "vm/container.h"
#include "vm/cancellation.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/future_methods.h"
#include "vm/ops.h"
#include "vm/place.h"
#include "vm/probe.h"
#include "vm/str.h"
#include "vm/trollius.h"

/* ---- the loop's list of pending tasks ---- */

static EventLoop *event_loop_of(const Task *task) {
    Value loop = task->future.loop;
    return is_kind(loop, OBJ_LOOP) ? EVENT_LOOP(loop) : NULL;
}

static bool list_task(Thread *t, Task *task) {
    EventLoop *loop = event_loop_of(task);
    if (UNLIKELY(!loop)) return foreign_task_register(t, object_value(task));
    task->future.flags |= TASK_LISTED;
    task->next_task = NULL;
    task->previous_task = loop->last_task;
    if (loop->last_task) {
        loop->last_task->next_task = task;
    } else {
        loop->first_task = task;
    }
    loop->last_task = task;
    loop->tasks++;
    return true;
}

static void unlist_task(Thread *t, Task *task) {
    if (UNLIKELY(!(task->future.flags & TASK_LISTED))) {
        if (!foreign_task_unregister(t, object_value(task))) exception_take(t);
        return;
    }
    task->future.flags &= (uint16_t)~TASK_LISTED;
    EventLoop *loop = event_loop_of(task);
    heap_forget(&t->vm->heap, object_value(task));
    if (task->next_task) heap_forget(&t->vm->heap, object_value(task->next_task));
    if (task->previous_task) {
        task->previous_task->next_task = task->next_task;
    } else {
        loop->first_task = task->next_task;
    }
    if (task->next_task) {
        task->next_task->previous_task = task->previous_task;
    } else {
        loop->last_task = task->previous_task;
    }
    task->next_task = task->previous_task = NULL;
    loop->tasks--;
}

/* ---- creation ---- */

bool is_coroutine_like(Thread *t, Value v) {
    if (is_generator_kind(v)) return object_kind(object_of(v)) != OBJ_ASYNC_GENERATOR;
    if (is_native_coroutine(v)) return true;
    if (!is_object(v)) return false;
    Class *cls = class_of(t->vm, v);
    return class_lookup(t, cls, NAME_OF(t, send)) != VALUE_UNSET &&
           class_lookup(t, cls, NAME_OF(t, throw)) != VALUE_UNSET &&
           class_lookup(t, cls, NAME_OF(t, close)) != VALUE_UNSET &&
           class_lookup(t, cls, NAME_OF(t, __await__)) != VALUE_UNSET;
}

static bool schedule(Thread *t, Task *task, Value why) {
    return t->vm->hooks.call_soon(t, task->future.loop, object_value(task), why, VALUE_NONE);
}

bool task_start(Thread *t, Task *task, Value coroutine, Value loop, Value name, Value context) {
    if (!is_coroutine_like(t, coroutine)) {
        raise_error(t, EXC_TypeError, "a coroutine was expected, got %R", coroutine);
        return false;
    }
    Heap *heap = &t->vm->heap;
    heap_set(heap, &task->future.loop, loop);
    heap_set(heap, &task->coroutine, coroutine);
    heap_set(heap, &task->name, name == VALUE_NONE ? fixnum((int64_t)++t->vm->task_count) : name);
    heap_set(heap, &task->context, context_for_later(t, context));
    origin_note(t, &task->made);
    future_note_stack(t, &task->future, loop);
    if (!list_task(t, task)) return false;
    PROBE(t, TASK_CREATED, object_value(task), coroutine);
    if (LIKELY(schedule(t, task, VALUE_UNSET))) return true;
    unlist_task(t, task);
    return false;
}

Value task_new(Thread *t, Class *cls, Value coroutine, Value loop, Value name, Value context) {
    Task *task = object_new(t, cls, 0);
    task->future.state = FUTURE_PENDING;
    task->future.loop = loop;
    task->future.result = task->future.callbacks = VALUE_UNSET;
    task->future.cancel_message = VALUE_NONE;
    task->coroutine = task->waiting_on = task->name = task->context = VALUE_NONE;
    origin_clear(&task->made);
    task->cancel_origin = VALUE_NONE;
    Value *root = push_roots(t, 1);
    root[0] = object_value(task);
    bool ok = task_start(t, task, coroutine, loop, name, context);
    pop_roots(t, root);
    return ok ? object_value(task) : VALUE_ERROR;
}

Str *task_name(Thread *t, Task *task) {
    if (is_fixnum(task->name)) {
        Str *name = str_format(t, "Task-%lld", (long long)fixnum_of(task->name));
        if (name) heap_set(&t->vm->heap, &task->name, object_value(name));
        return name;
    }
    return is_str(task->name) ? STR(task->name) : t->vm->empty_str;
}

/* ---- the end of a task ---- */

static bool finish_with_value(Thread *t, Task *task, Value v) {
    unlist_task(t, task);
    PROBE(t, TASK_DONE, object_value(task), v);
    if (UNLIKELY(
            (task->future.flags & TASK_MUST_CANCEL))) { /* cancelled by itself in its last step */
        task->future.flags &= (uint16_t)~TASK_MUST_CANCEL;
        return future_cancel_plain(t, &task->future, task->future.cancel_message) >= 0;
    }
    return future_set_result(t, &task->future, v);
}

static bool finish_with_exception(Thread *t, Task *task) {
    unlist_task(t, task);
    Value returned;
    if (UNLIKELY(has_return(t->vm)) && task_takes_return(t, &returned))
        return finish_with_value(t, task, returned);
    Value exception = exception_take(t);
    PROBE(t, TASK_DONE, object_value(task), exception);
    if (is_cancelled_error(t, exception)) {
        heap_set(&t->vm->heap, &task->future.result, exception);
        return future_cancel_plain(t, &task->future, VALUE_NONE) >= 0;
    }
    Class *cls = object_class(object_of(exception));
    bool leaves_loop = class_is_subclass(cls, EXCEPTION_CLASS(t, KeyboardInterrupt)) ||
                       class_is_subclass(cls, EXCEPTION_CLASS(t, SystemExit));
    bool watched = task->future.callbacks != VALUE_UNSET;
    if (!future_set_exception(t, &task->future, exception)) return false;
    if (!leaves_loop) {
        bool unseen = (task->future.flags & FUTURE_DISCARDED) && !watched;
        if (unseen) t->vm->hooks.unused_result(t, object_value(task));
        return true;
    }
    task->future.observed = true; /* by who sees it leave the loop */
    t->exception = exception;
    return false;
}

/* ---- waiting ---- */

/* A mistake in what the coroutine yielded: throw the error that was raised just now into it, in the
 * next pass. */
static bool throw_later(Thread *t, Task *task) {
    Value exception = exception_take(t);
    return schedule(t, task, exception);
}

/* Does its class leave add_done_callback() to us? */
static bool is_plain_future(Thread *t, Value v) {
    Class *cls = object_class(object_of(v));
    if (LIKELY(!(cls->flags & CLASS_HEAP))) return true;
    Str *name = NAME_OF(t, add_done_callback);
    Class *base = is_kind(v, OBJ_TASK) ? BUILTIN_CLASS(t, TASK) : BUILTIN_CLASS(t, FUTURE);
    return class_lookup(t, cls, name) == class_lookup(t, base, name);
}

/* Wait for a future whose class has an add_done_callback() of its own. */
static bool wait_for_own(Thread *t, Task *task, Value awaited) {
    Value *roots = push_roots(t, 2);
    roots[0] = awaited;
    roots[1] = task_wakeup_callable(t, task);
    Value added = call_method(t, awaited, NAME_OF(t, add_done_callback), &roots[1], 1);
    pop_roots(t, roots);
    if (added == VALUE_ERROR) return false;
    heap_set(&t->vm->heap, &task->waiting_on, awaited);
    if (!(task->future.flags & TASK_MUST_CANCEL)) return true;
    int cancelled = future_cancel(t, awaited, task->future.cancel_message);
    if (cancelled > 0) task->future.flags &= (uint16_t)~TASK_MUST_CANCEL;
    return cancelled >= 0;
}

static bool wait_for(Thread *t, Task *task, Value awaited) {
    Future *future = FUTURE(awaited);
    future->blocking = false;
    if (UNLIKELY(future->state == FUTURE_FINISHED && is_native_coroutine(awaited))) {
        return schedule(t, task, VALUE_UNSET); /* sleep(0) */
    }
    if (UNLIKELY(future->loop != task->future.loop)) {
        raise_error(t, EXC_RuntimeError, "Task %R got Future %R attached to a different loop",
                    object_value(task), awaited);
        return throw_later(t, task);
    }
    if (UNLIKELY(awaited == object_value(task))) {
        raise_error(t, EXC_RuntimeError, "Task cannot await on itself: %R", awaited);
        return throw_later(t, task);
    }
    if (UNLIKELY(!is_plain_future(t, awaited))) return wait_for_own(t, task, awaited);
    if (!future_add_callback(t, future, object_value(task), VALUE_NONE)) return false;
    heap_set(&t->vm->heap, &task->waiting_on, awaited);
    PROBE(t, TASK_PARKED, object_value(task), awaited);
    if (UNLIKELY((task->future.flags & TASK_MUST_CANCEL))) {
        int cancelled = future_cancel(t, awaited, task->future.cancel_message);
        if (cancelled < 0) return false;
        if (cancelled) task->future.flags &= (uint16_t)~TASK_MUST_CANCEL;
    }
    return true;
}

/* task._wakeup, for futures and loops that are not native. */
static Value wakeup(Thread *t, Value *args) {
    return task_step(t, TASK(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static const NativeDef wakeup_def = {"task_wakeup", wakeup, "(self, why=?, /)", NULL};

Value task_wakeup_callable(Thread *t, Task *task) {
    Value native = native_callback(t, &wakeup_def, object_value(task));
    /* so that it gets the task first */
    ((Native *)object_of(native))->owner = BUILTIN_CLASS(t, TASK);
    return native;
}

/* An object with _asyncio_future_blocking that is no native future: 1 waited for or refused, 0 no
 * such object, -1 raised: which is the loop's to hear of, not the coroutine's. */
static int wait_for_foreign(Thread *t, Task *task, Value awaited) {
    Value *roots = push_roots(t, 3);
    roots[0] = awaited;
    roots[1] = value_getattr_or_unset(t, awaited, NAME_OF(t, _asyncio_future_blocking));
    if (roots[1] == VALUE_ERROR) return -1;
    if (roots[1] == VALUE_UNSET || roots[1] == VALUE_NONE) {
        pop_roots(t, roots);
        return 0;
    }
    int blocking = value_truth(t, roots[1]);
    if (blocking < 0) return -1;
    if (!blocking) {
        raise_error(t, EXC_RuntimeError, "yield was used instead of yield from in task %R with %R",
                    object_value(task), awaited);
        return throw_later(t, task) ? 1 : -1;
    }
    if (!value_setattr(t, awaited, NAME_OF(t, _asyncio_future_blocking), VALUE_FALSE)) return -1;
    roots[1] = task_wakeup_callable(t, task);
    Value added = call_method(t, awaited, NAME_OF(t, add_done_callback), &roots[1], 1);
    if (added == VALUE_ERROR) return -1;
    heap_set(&t->vm->heap, &task->waiting_on, awaited);
    pop_roots(t, roots);
    if (task->future.flags & TASK_MUST_CANCEL) {
        int cancelled = future_cancel(t, awaited, task->future.cancel_message);
        if (cancelled < 0) return -1;
        if (cancelled) task->future.flags &= (uint16_t)~TASK_MUST_CANCEL;
    }
    return 1;
}

/* The text of the `yield` at which the innermost generator of [task] stands; [*from]: it has a
 * `yield From(…)` somewhere. */
static bool yield_text(Thread *t, const Task *task, Buffer *out, bool *from) {
    Value v = task->coroutine, next = v;
    for (; is_generator_kind(next); next = generator_awaiting(GENERATOR(v))) v = next;
    if (!is_generator_kind(v)) return false;
    const Frame *frame = &GENERATOR(v)->frame;
    Place place = {frame_code(frame), frame_pc(frame)};
    *from = code_uses_from(place.code);
    bool found = place_expression(t, place, out) && !strncmp(out->data, "yield ", 6);
    return found;
}

/* Tell how to mend a yield that should be a delegation. */
static void add_fix(Thread *t, const Task *task, Value yielded) {
    Value exception = t->exception;
    Buffer text = {0};
    bool from = false, known = yield_text(t, task, &text, &from);
    if (is_kind(yielded, OBJ_GENERATOR))
        from |= code_uses_from(frame_code(&GENERATOR(yielded)->frame));
    Str *fix = !known ? str_from(t, "write `yield from …` (or `await …`) to wait for it")
               : from ? str_format(t, "write `yield From(%s)` to wait for it", text.data + 6)
                      : str_format(t, "write `yield from %s` to wait for it", text.data + 6);
    buffer_free(&text);
    Dict *attributes = instance_dict(t, object_of(exception));
    Value note = object_value(fix);
    dict_set_str(t, attributes, NAME_OF(t, __notes__), object_value(list_from(t, &note, 1)));
}

/* The coroutine yielded [v] to the loop. */
static bool take_yielded(Thread *t, Task *task, Value v) {
    if (v == VALUE_NONE) return schedule(t, task, VALUE_UNSET);
    if (is_future(v)) {
        if (FUTURE(v)->blocking) return wait_for(t, task, v);
        raise_error(t, EXC_RuntimeError, "yield was used instead of yield from in task %R with %R",
                    object_value(task), v);
        if (exception_matches(t, EXC_RuntimeError)) add_fix(t, task, v);
        return throw_later(t, task);
    }
    Value *root = push_roots(t, 1);
    root[0] = v;
    int foreign = is_object(v) ? wait_for_foreign(t, task, v) : 0;
    if (foreign) return foreign > 0;
    if (is_generator_kind(v)) {
        raise_error(t, EXC_RuntimeError,
                    "yield was used instead of yield from for generator in task %R with %R",
                    object_value(task), v);
        if (exception_matches(t, EXC_RuntimeError)) add_fix(t, task, v);
    } else {
        raise_error(t, EXC_RuntimeError, "Task got bad yield: %R", v);
    }
    return throw_later(t, task);
}

/* ---- the step ---- */

/* The exception with which a future ended, or VALUE_UNSET; VALUE_ERROR never. */
static Value exception_of(Thread *t, Value why) {
    if (why == VALUE_UNSET) return VALUE_UNSET;
    if (is_future(why)) {
        Future *future = FUTURE(why);
        if (future->state == FUTURE_PENDING) return VALUE_UNSET; /* a woken native coroutine */
        if (LIKELY(future->state == FUTURE_FINISHED && !future->failed)) return VALUE_UNSET;
        Value v = future_take_result(t, future);
        return v == VALUE_ERROR ? exception_take(t) : VALUE_UNSET;
    }
    if (is_kind(why, OBJ_EXCEPTION)) return why;
    Value v = call_method(t, why, NAME_OF(t, result), NULL, 0);
    return v == VALUE_ERROR ? exception_take(t) : VALUE_UNSET;
}

/* An object with send() and throw() that is no generator. */
static Value step_object(Thread *t, Value coroutine, Value exception) {
    if (is_native_coroutine(coroutine)) {
        if (exception == VALUE_UNSET) {
            Value v = native_coroutine_resume(t, NATIVE_COROUTINE(coroutine));
            t->parked_on = coroutine;
            return v;
        }
        native_coroutine_thrown(t, NATIVE_COROUTINE(coroutine));
        return raise_value(t, exception);
    }
    Value none = VALUE_NONE;
    Value v = exception == VALUE_UNSET
                  ? call_method(t, coroutine, NAME_OF(t, send), &none, 1)
                  : call_method(t, coroutine, NAME_OF(t, throw), &exception, 1);
    if (v != VALUE_ERROR || !exception_matches(t, EXC_StopIteration)) return v;
    t->done_value = EXCEPTION(exception_take(t))->value;
    return VALUE_DONE;
}

static bool take_outcome(Thread *t, Task *task, Value outcome) {
    switch (outcome) {
    case VALUE_PARKED: return wait_for(t, task, t->parked_on);
    case VALUE_DONE: return finish_with_value(t, task, t->done_value);
    case VALUE_ERROR: return finish_with_exception(t, task);
    default: return take_yielded(t, task, outcome);
    }
}

/* Throwing reaches a native coroutine at the leaf of the chain: let it undo its waiting. */
static Value prepare_throw(Thread *t, Task *task, Value exception) {
    if (task->future.flags & TASK_MUST_CANCEL) {
        if (exception == VALUE_UNSET || !is_cancelled_error(t, exception)) {
            exception = future_cancelled_error(t, &task->future);
            if (exception == VALUE_ERROR) exception = exception_take(t);
        }
        task->future.flags &= (uint16_t)~TASK_MUST_CANCEL;
    }
    if (exception != VALUE_UNSET && is_native_coroutine(task->waiting_on)) {
        native_coroutine_thrown(t, NATIVE_COROUTINE(task->waiting_on));
    }
    if (task->cancel_origin != VALUE_NONE && is_cancelled_error(t, exception))
        cancellation_mark(t, exception, task->cancel_origin);
    return exception;
}

/* The step on a loop that is no EventLoop is over; the outcome stays what it is. */
static Value leave_foreign(Thread *t, Task *task, Value outcome) {
    Value *roots = push_roots(t, 3);
    roots[0] = outcome == VALUE_ERROR ? exception_take(t) : VALUE_NONE;
    roots[1] = outcome == VALUE_DONE ? t->done_value : VALUE_NONE;
    roots[2] = outcome;
    if (!task_leave(t, task->future.loop, object_value(task))) {
        roots[0] = exception_take(t);
        outcome = VALUE_ERROR;
    }
    if (outcome == VALUE_ERROR) t->exception = roots[0];
    if (outcome == VALUE_DONE) t->done_value = roots[1];
    pop_roots(t, roots);
    return outcome;
}

/* Somebody gave the task a result behind its back, with Future.set_result(task, …). */
static bool raise_already_done(Thread *t, Task *task, Value why) {
    unlist_task(t, task);
    Value exception = is_kind(why, OBJ_EXCEPTION) ? why : VALUE_NONE;
    Str *text = str_format(t, "_step(): already done: %R %R", object_value(task), exception);
    if (text) raise_invalid_state(t, text->data);
    return false;
}

bool task_step(Thread *t, Task *task, Value why) {
    if (UNLIKELY(task->future.state != FUTURE_PENDING)) return raise_already_done(t, task, why);
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(task);
    if (why != VALUE_UNSET) PROBE(t, TASK_WOKEN, object_value(task), why);
    Value exception = exception_of(t, why);
    if (UNLIKELY((task->future.flags & TASK_MUST_CANCEL) || exception != VALUE_UNSET)) {
        roots[1] = exception;
        exception = prepare_throw(t, task, exception);
        roots[1] = exception;
    }
    heap_set(&t->vm->heap, &task->waiting_on, VALUE_NONE);
    EventLoop *loop = event_loop_of(task);
    Value interrupted = VALUE_NONE;
    if (LIKELY(loop != NULL)) {
        interrupted = loop->current_task;
        loop->current_task = object_value(task);
    } else if (!task_enter(t, task->future.loop, object_value(task))) {
        return false;
    }
    PROBE(t, TASK_STEP_BEGIN, object_value(task), VALUE_UNSET);
    Value outer = context_switch(t, task->context);
    if (UNLIKELY(outer)) roots[2] = outer;
    Value outcome = LIKELY(is_generator_kind(task->coroutine))
                        ? generator_step(t, GENERATOR(task->coroutine), VALUE_NONE, exception)
                        : step_object(t, task->coroutine, exception);
    heap_set(&t->vm->heap, &task->context, context_restore(t, outer));
    PROBE(t, TASK_STEP_END, object_value(task), VALUE_UNSET);
    if (LIKELY(loop != NULL)) heap_set(&t->vm->heap, &loop->current_task, interrupted);
    else outcome = leave_foreign(t, task, outcome);
    bool ok = take_outcome(t, task, outcome);
    pop_roots(t, roots);
    return ok;
}

/* ---- cancelling ---- */

/* The task itself that [task] waits for, unless it is done or has a cancel() of its own. */
static Task *next_of_chain(Thread *t, const Task *task) {
    Value on = task->waiting_on;
    bool follows = is_kind(on, OBJ_TASK) && object_class(object_of(on)) == BUILTIN_CLASS(t, TASK) &&
                   FUTURE(on)->state == FUTURE_PENDING;
    return follows ? TASK(on) : NULL;
}

/* Note who asked, in [task] and in all tasks down to the one that waits for no task: the last. It
 * waits for one that was met before, when they stand in a circle. */
static Task *note_cancelling(Thread *t, Task *task, Value message) {
    Value note = cancellation_note(t);
    for (;;) {
        PROBE(t, TASK_CANCEL, object_value(task), message);
        task->future.observed = true;
        task->future.flags |= TASK_CANCELLING;
        heap_set(&t->vm->heap, &task->cancel_origin, note);
        if (task->future.cancel_requests < UINT16_MAX) task->future.cancel_requests++;
        Task *next = next_of_chain(t, task);
        if (!next || next->future.flags & TASK_CANCELLING) return task;
        task = next;
    }
}

/* The next step of [task] throws CancelledError. */
static int cancel_in_step(Thread *t, Task *task, Value message) {
    task->future.flags |= TASK_MUST_CANCEL;
    heap_set(&t->vm->heap, &task->future.cancel_message, message);
    return 1;
}

/* [task] waits for itself in the end: no longer, and the others are cancelled by its end. */
static int open_circle(Thread *t, Task *task, Value message) {
    Value args[2] = {task->waiting_on, object_value(task)};
    if (future_method_remove_done_callback(t, args) == VALUE_ERROR) return -1;
    heap_set(&t->vm->heap, &task->waiting_on, VALUE_NONE);
    cancel_in_step(t, task, message);
    return schedule(t, task, VALUE_UNSET) ? 1 : -1;
}

/* Not by recursion: a hundred thousand tasks may wait for each other. */
int task_cancel(Thread *t, Task *task, Value message) {
    task->future.observed = true;
    if (task->future.state != FUTURE_PENDING) return 0;
    Task *last = note_cancelling(t, task, message);
    for (Task *at = task;; at = TASK(at->waiting_on)) {
        at->future.flags &= (uint16_t)~TASK_CANCELLING;
        if (at == last) break;
    }
    Value *root = push_roots(t, 1);
    *root = object_value(last);
    int cancelled = 0;
    Value on = last->waiting_on;
    if (next_of_chain(t, last)) cancelled = open_circle(t, last, message);
    else if (on != VALUE_NONE) cancelled = future_cancel(t, on, message);
    pop_roots(t, root);
    return cancelled ? cancelled : cancel_in_step(t, last, message);
}
