/* SPDX-License-Identifier: MIT */
/*
 * Futures: finishing them, waiting for them, and what their waiters receive.
 *
 * A future's callbacks are one Value: unset, a single callback, or a List of callback, context
 * pairs. A parked task is its own callback, so waiting allocates nothing. Finishing hands every
 * callback to the loop (hooks.call_soon) in the order in which they were added.
 *
 * A failed future whose exception nobody looks at is reported when it is collected: it registers
 * itself with the collector at the moment it fails, so futures that succeed cost nothing.
 *
 * Read next: vm/future_class.c (the class Future), vm/task.c.
 */
#include "vm/future.h"

#include "vm/container.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/made.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

Future *future_new(Thread *t, Value loop) {
    Future *future =
        heap_allocate_small(&t->vm->heap, sizeof *future, OBJ_FUTURE, BUILTIN_CLASS(t, FUTURE));
    future->state = FUTURE_PENDING;
    future->blocking = future->observed = future->failed = false;
    future->flags = 0;
    future->loop = loop;
    future->result = future->callbacks = VALUE_UNSET;
    future->cancel_message = VALUE_NONE;
    future_note_origin(t, future);
    future_note_stack(t, future, loop);
    return future;
}

void future_note_stack_slow(Thread *t, Future *future) {
    made_note(t, &future->header, MADE_DEPTH);
    future->flags |= FUTURE_NOTED;
}

/* Two fields have nothing to say while a plain future is pending: they say where it was made. */
void future_note_origin(Thread *t, Future *future) {
    const Frame *frame = frame_of_program(t->frame);
    if (!frame) return;
    uint32_t pc = frame_pc(frame);
    future->made_at = pc < UINT16_MAX ? (uint16_t)pc : UINT16_MAX;
    heap_set(&t->vm->heap, &future->result, object_value(frame_code(frame)));
}

Origin future_origin(const Future *future) {
    Origin origin = {VALUE_NONE, VALUE_NONE, future->made_at};
    if (object_kind(&future->header) == OBJ_FUTURE && future->state == FUTURE_PENDING &&
        future->result != VALUE_UNSET)
        origin.code = future->result;
    return origin;
}

void future_trace(Heap *heap, Future *future) {
    Value values[] = {future->loop, future->result, future->callbacks, future->cancel_message};
    for (int i = 0; i < 4; i++) {
        if (values[i]) heap_shade(heap, values[i]);
    }
}

bool is_cancelled_error(const Thread *t, Value exception) {
    return is_object(exception) &&
           class_is_subclass(object_class(object_of(exception)), t->vm->cancelled_error);
}

/* ---- callbacks ---- */

static bool call_soon(Thread *t, Future *future, Value callback, Value context) {
    PROBE(t, CALLBACK_QUEUED, callback, object_value(future));
    return t->vm->hooks.call_soon(t, future->loop, callback, object_value(future), context);
}

bool future_add_callback(Thread *t, Future *future, Value callback, Value context) {
    if (UNLIKELY(t->context) && !is_kind(callback, OBJ_TASK))
        context = context_for_later(t, context);
    if (future->state != FUTURE_PENDING) return call_soon(t, future, callback, context);
    Heap *heap = &t->vm->heap;
    if (future->callbacks == VALUE_UNSET && context == VALUE_NONE) {
        future->callbacks = callback;
        return true;
    }
    if (future->callbacks == VALUE_UNSET || !is_kind(future->callbacks, OBJ_LIST)) {
        List *list = list_new(t, 4);
        if (future->callbacks != VALUE_UNSET) {
            list_append(t, list, future->callbacks);
            list_append(t, list, VALUE_NONE);
        }
        heap_set(heap, &future->callbacks, object_value(list));
    }
    return list_append(t, LIST(future->callbacks), callback) &&
           list_append(t, LIST(future->callbacks), context);
}

bool future_schedule_callbacks(Thread *t, Future *future) {
    Value callbacks = future->callbacks;
    if (callbacks == VALUE_UNSET) return true;
    heap_set(&t->vm->heap, &future->callbacks, VALUE_UNSET);
    if (!is_kind(callbacks, OBJ_LIST)) return call_soon(t, future, callbacks, VALUE_NONE);
    Value *roots = push_roots(t, 2); /* a loop that is no EventLoop runs Tulip code */
    roots[0] = callbacks;
    roots[1] = object_value(future);
    List *list = LIST(callbacks);
    bool ok = true;
    for (size_t i = 0; ok && i + 1 < list->size; i += 2) {
        ok = call_soon(t, future, list->items[i], list->items[i + 1]);
    }
    pop_roots(t, roots);
    return ok;
}

/* ---- finishing ---- */

bool future_set_result(Thread *t, Future *future, Value v) {
    future->state = FUTURE_FINISHED;
    heap_set(&t->vm->heap, &future->result, v);
    PROBE(t, FUTURE_RESOLVED, object_value(future), v);
    return future_schedule_callbacks(t, future);
}

bool future_set_exception(Thread *t, Future *future, Value exception) {
    future->state = FUTURE_FINISHED;
    future->failed = true;
    future->observed = false;
    heap_set(&t->vm->heap, &future->result, exception);
    heap_set(&t->vm->heap, &future->cancel_message, EXCEPTION(exception)->traceback);
    heap_register_finalizable(&t->vm->heap, &future->header);
    PROBE(t, FUTURE_FAILED, object_value(future), exception);
    return future_schedule_callbacks(t, future);
}

int future_cancel_plain(Thread *t, Future *future, Value message) {
    future->observed = true;
    if (future->state != FUTURE_PENDING) return 0;
    future->state = FUTURE_CANCELLED;
    if (object_kind(&future->header) == OBJ_FUTURE)
        heap_set(&t->vm->heap, &future->result, VALUE_UNSET); /* it said where it was made */
    heap_set(&t->vm->heap, &future->cancel_message, message);
    PROBE(t, FUTURE_CANCELLED, object_value(future), VALUE_UNSET);
    return future_schedule_callbacks(t, future) ? 1 : -1;
}

/* Cancel through the method, as a subclass or foreign future wants it. */
static int cancel_by_method(Thread *t, Value future, Value message) {
    Value *roots = push_roots(t, 2);
    roots[0] = future;
    roots[1] = value_getattr(t, future, NAME_OF(t, cancel));
    Value done = VALUE_ERROR;
    if (roots[1] != VALUE_ERROR) {
        Value name = object_value(NAME_OF(t, msg));
        Tuple *names = message == VALUE_NONE ? NULL : tuple_from(t, &name, 1);
        done = call_keywords(t, roots[1], &message, names ? 1 : 0, names);
    }
    int cancelled = done == VALUE_ERROR ? -1 : value_truth(t, done);
    pop_roots(t, roots);
    return cancelled;
}

int future_cancel(Thread *t, Value future, Value message) {
    if (is_future(future)) {
        Class *cls = object_class(object_of(future));
        if (cls == BUILTIN_CLASS(t, FUTURE)) {
            return future_cancel_plain(t, FUTURE(future), message);
        }
        if (cls == BUILTIN_CLASS(t, TASK)) return task_cancel(t, TASK(future), message);
        if (is_native_coroutine(future)) {
            if (FUTURE(future)->flags & FUTURE_WOKEN) return 0;
            if (FUTURE(future)->state == FUTURE_PENDING) {
                native_coroutine_thrown(t, NATIVE_COROUTINE(future));
                heap_set(&t->vm->heap, &FUTURE(future)->result, VALUE_UNSET); /* the kind's own */
            }
            return future_cancel_plain(t, FUTURE(future), message);
        }
    }
    return cancel_by_method(t, future, message);
}

/* ---- what waiters receive ---- */

Value future_cancelled_error(Thread *t, Future *future) {
    if (future->result != VALUE_UNSET) { /* the error with which a task's coroutine ended */
        Value error = future->result;
        heap_set(&t->vm->heap, &future->result, VALUE_UNSET);
        return error;
    }
    Value message = future->cancel_message;
    return exception_new(t, t->vm->cancelled_error, &message, message == VALUE_NONE ? 0 : 1);
}

static __attribute__((noinline)) Value raise_outcome(Thread *t, Future *future) {
    if (future->state == FUTURE_FINISHED) {
        future->observed = true;
        heap_set(&t->vm->heap, &EXCEPTION(future->result)->traceback, future->cancel_message);
        return raise_value(t, future->result);
    }
    if (future->state == FUTURE_PENDING) {
        Value message = object_value(str_from(t, "Result is not set."));
        Value error = exception_new(t, t->vm->invalid_state_error, &message, 1);
        return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
    }
    Value error = future_cancelled_error(t, future);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

Value future_take_result(Thread *t, Future *future) {
    if (LIKELY(future->state == FUTURE_FINISHED && !future->failed)) return future->result;
    return raise_outcome(t, future);
}
