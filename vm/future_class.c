/* SPDX-License-Identifier: MIT */
/*
 * The class Future (asyncio.Future) and the iterator that `iter(future)` gives to code which drives
 * it by hand.
 *
 * The methods are shared with Task where Python shares them. SEND never comes here: it meets a
 * future's fields directly.
 *
 * Read next: vm/task_class.c.
 */
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/future_methods.h"
#include "vm/generator_methods.h"
#include "vm/generic_alias.h"
#include "vm/made.h"
#include "vm/ops.h"
#include "vm/signature.h"
#include "vm/str.h"

/* ---- errors ---- */

Value raise_invalid_state(Thread *t, const char *message) {
    Value text = object_value(str_from(t, message));
    Value error = exception_new(t, t->vm->invalid_state_error, &text, 1);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

/* InvalidStateError, with [message] unless its class forgot to call Future.__init__. */
static Value raise_not_done(Thread *t, const Future *future, const char *message) {
    if (future->loop == VALUE_NONE) message = "Future object is not initialized.";
    return raise_invalid_state(t, message);
}

/* Did its class forget to call Future.__init__? */
static bool check_initialised(Thread *t, const Future *future) {
    if (LIKELY(future->loop != VALUE_NONE)) return true;
    raise_error(t, EXC_RuntimeError, "Future object is not initialized.");
    return false;
}

static bool check_pending(Thread *t, const Future *future) {
    if (!check_initialised(t, future)) return false;
    if (LIKELY(future->state == FUTURE_PENDING)) return true;
    raise_invalid_state(t, "invalid state");
    return false;
}

/* ---- construction ---- */

Value future_loop_argument(Thread *t, Value loop) {
    return loop == VALUE_NONE || loop == VALUE_UNSET ? t->vm->hooks.event_loop(t) : loop;
}

void future_initialise(Future *future, Value loop) {
    future->state = FUTURE_PENDING;
    future->loop = loop;
    future->result = future->callbacks = VALUE_UNSET;
    future->cancel_message = VALUE_NONE;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Future *future = object_new(t, cls, 0);
    future_initialise(future, VALUE_NONE);
    return object_value(future);
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    int named = kwnames ? (int)kwnames->size : 0;
    Value loop = VALUE_NONE;
    if (argc > named) {
        raise_error(t, EXC_TypeError, "Future() takes at most 0 positional arguments (%d given)",
                    argc - named);
        return false;
    }
    for (int i = 0; i < named; i++) {
        if (kwnames->items[i] != object_value(NAME_OF(t, loop))) {
            raise_error(t, EXC_TypeError, "'%S' is an invalid keyword argument for Future()",
                        kwnames->items[i]);
            return false;
        }
        loop = args[i];
    }
    Value *root = push_roots(t, 1);
    root[0] = self;
    loop = future_loop_argument(t, loop);
    pop_roots(t, root);
    if (loop == VALUE_ERROR) return false;
    heap_set(&t->vm->heap, &FUTURE(self)->loop, loop);
    if (FUTURE(self)->state == FUTURE_PENDING) future_note_origin(t, FUTURE(self));
    future_note_stack(t, FUTURE(self), loop);
    return true;
}

/* ---- methods shared with Task ---- */

Value future_method_result(Thread *t, Value *args) {
    Future *future = FUTURE(args[0]);
    if (future->state == FUTURE_PENDING) return raise_not_done(t, future, "Result is not set.");
    return future_take_result(t, future);
}

Value future_method_exception(Thread *t, Value *args) {
    Future *future = FUTURE(args[0]);
    if (future->state == FUTURE_PENDING) return raise_not_done(t, future, "Exception is not set.");
    if (future->state == FUTURE_CANCELLED) return future_take_result(t, future);
    if (!future->failed) return VALUE_NONE;
    future->observed = true;
    return future->result;
}

Value future_method_done(Thread *t, Value *args) {
    (void)t;
    return bool_value(FUTURE(args[0])->state != FUTURE_PENDING);
}

Value future_method_cancelled(Thread *t, Value *args) {
    (void)t;
    return bool_value(FUTURE(args[0])->state == FUTURE_CANCELLED);
}

Value future_method_add_done_callback(Thread *t, Value *args) {
    if (FUTURE(args[0])->loop == VALUE_NONE)
        return raise_error(t, EXC_RuntimeError, "uninitialized Future object");
    return future_add_callback(t, FUTURE(args[0]), args[1], args[2]) ? VALUE_NONE : VALUE_ERROR;
}

/* remove_done_callback of the single callback: 1 removed, 0 not equal, -1 raised. */
static int remove_single(Thread *t, Future *future, Value callback) {
    int equal = value_equal(t, future->callbacks, callback);
    if (equal > 0) heap_set(&t->vm->heap, &future->callbacks, VALUE_UNSET);
    return equal;
}

Value future_method_remove_done_callback(Thread *t, Value *args) {
    Future *future = FUTURE(args[0]);
    if (!check_initialised(t, future)) return VALUE_ERROR;
    if (future->callbacks == VALUE_UNSET) return fixnum(0);
    if (!is_kind(future->callbacks, OBJ_LIST)) {
        int removed = remove_single(t, future, args[1]);
        return removed < 0 ? VALUE_ERROR : fixnum(removed);
    }
    Value *roots = push_roots(t, 2);
    List *old = LIST(roots[0] = future->callbacks);
    List *kept = list_new(t, old->size);
    roots[1] = object_value(kept);
    int removed = 0;
    for (size_t i = 0; i + 1 < old->size; i += 2) {
        int equal = value_equal(t, old->items[i], args[1]);
        if (equal < 0) return VALUE_ERROR;
        removed += equal;
        if (equal) continue;
        list_append(t, kept, old->items[i]);
        list_append(t, kept, old->items[i + 1]);
    }
    heap_set(&t->vm->heap, &future->callbacks, kept->size ? object_value(kept) : VALUE_UNSET);
    pop_roots(t, roots);
    return fixnum(removed);
}

Value future_method_get_loop(Thread *t, Value *args) {
    return check_initialised(t, FUTURE(args[0])) ? FUTURE(args[0])->loop : VALUE_ERROR;
}

Value future_method_make_cancelled_error(Thread *t, Value *args) {
    return future_cancelled_error(t, FUTURE(args[0]));
}

/* ---- methods of Future alone ---- */

static Value set_result(Thread *t, Value *args) {
    Future *future = FUTURE(args[0]);
    if (!check_pending(t, future)) return VALUE_ERROR;
    return future_set_result(t, future, args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value set_exception(Thread *t, Value *args) {
    Future *future = FUTURE(args[0]);
    if (!check_pending(t, future)) return VALUE_ERROR;
    if (is_kind(args[1], OBJ_CLASS) && (CLASS(args[1])->flags & CLASS_EXCEPTION)) {
        args[1] = call_value(t, args[1], NULL, 0);
        if (args[1] == VALUE_ERROR) return VALUE_ERROR;
    }
    if (!is_kind(args[1], OBJ_EXCEPTION)) {
        return raise_error(t, EXC_TypeError, "invalid exception object");
    }
    if (object_class(object_of(args[1])) == EXCEPTION_CLASS(t, StopIteration)) {
        return raise_error(
            t, EXC_TypeError,
            "StopIteration interacts badly with generators and cannot be raised into a "
            "Future");
    }
    return future_set_exception(t, FUTURE(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value cancel(Thread *t, Value *args) {
    if (!check_initialised(t, FUTURE(args[0]))) return VALUE_ERROR;
    int cancelled = future_cancel_plain(t, FUTURE(args[0]), args[1]);
    return cancelled < 0 ? VALUE_ERROR : bool_value(cancelled);
}

/* ---- repr ---- */

static bool callbacks_into(Thread *t, Value callbacks, Buffer *out) {
    if (callbacks == VALUE_UNSET) return true;
    buffer_puts(out, " cb=[");
    if (!is_kind(callbacks, OBJ_LIST)) {
        if (!callback_text(t, callbacks, NULL, 0, out)) return false;
    } else {
        size_t count = LIST(callbacks)->size / 2;
        if (!callback_text(t, LIST(callbacks)->items[0], NULL, 0, out)) return false;
        if (count > 2) buffer_printf(out, ", <%zu more>", count - 2);
        if (count > 1) buffer_puts(out, ", ");
        if (count > 1 && !callback_text(t, LIST(callbacks)->items[2 * count - 2], NULL, 0, out)) {
            return false;
        }
    }
    buffer_putc(out, ']');
    return true;
}

bool future_repr_into(Thread *t, Value v, Buffer *out) {
    (void)t;
    static const char *const states[] = {"pending", "cancelled", "finished"};
    Future *future = FUTURE(v);
    const char *state = states[future->state];
    if (object_kind(&future->header) == OBJ_TASK && future->state == FUTURE_PENDING &&
        future->cancel_requests) {
        state = "cancelling";
    }
    const char *name =
        is_native_coroutine(v) ? "Future" : object_class(&future->header)->name->data;
    buffer_printf(out, "<%s %s", name, state);
    return true;
}

static bool result_into(Thread *t, const Future *future, Buffer *out) {
    if (future->state != FUTURE_FINISHED) return true;
    if (!future->failed) {
        buffer_puts(out, " result=");
        return short_repr(t, future->result, out);
    }
    Str *text = value_repr(t, future->result);
    if (!text) return false;
    buffer_puts(out, " exception=");
    buffer_append(out, text->data, text->size);
    return true;
}

/* The result, the callbacks, and in debug mode where it was made. */
bool future_repr_end(Thread *t, Value v, Buffer *out) {
    Future *future = FUTURE(v);
    if (!result_into(t, future, out) || !callbacks_into(t, future->callbacks, out)) return false;
    if (future->flags & FUTURE_NOTED) made_text(&t->vm->heap, &future->header, out);
    return true;
}

Value future_finish_repr(Thread *t, Buffer *out, bool ok) {
    if (!ok) {
        buffer_free(out);
        return VALUE_ERROR;
    }
    buffer_putc(out, '>');
    return object_value(str_from_buffer(t, out));
}

static Value repr(Thread *t, Value self) {
    bool seen;
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "..."));
    Buffer out = {0};
    bool ok = future_repr_into(t, self, &out) && future_repr_end(t, self, &out);
    repr_leave(t, self);
    return future_finish_repr(t, &out, ok);
}

/* ---- the iterator ---- */

typedef struct FutureIterator {
    Object header;
    Value future; /* VALUE_UNSET when exhausted */
} FutureIterator;

static void iterator_trace(Heap *heap, Object *self) {
    heap_shade(heap, ((FutureIterator *)self)->future);
}

Value future_iterator(Thread *t, Value future) {
    FutureIterator *iterator = object_new(t, t->vm->future_iterator, 0);
    iterator->future = future;
    return object_value(iterator);
}

static Value iterator_next(Thread *t, Value self) {
    FutureIterator *iterator = (FutureIterator *)object_of(self);
    if (iterator->future == VALUE_UNSET) return iter_done(t);
    Future *future = FUTURE(iterator->future);
    if (future->state == FUTURE_PENDING) {
        if (future->blocking) {
            return raise_error(t, EXC_RuntimeError, "await wasn't used with future");
        }
        future->blocking = true;
        return iterator->future;
    }
    heap_set(&t->vm->heap, &iterator->future, VALUE_UNSET);
    t->done_value = future_take_result(t, future);
    return t->done_value == VALUE_ERROR ? VALUE_ERROR : VALUE_DONE;
}

static Value iterator_send(Thread *t, Value *args) {
    Value v = iterator_next(t, args[0]);
    return v == VALUE_DONE ? raise_stop_iteration(t) : v;
}

static Value iterator_throw(Thread *t, Value *args) {
    heap_set(&t->vm->heap, &((FutureIterator *)object_of(args[0]))->future, VALUE_UNSET);
    Value exception = generator_thrown(t, args);
    return exception == VALUE_ERROR ? VALUE_ERROR : raise_value(t, exception);
}

static Value iterator_close(Thread *t, Value *args) {
    heap_set(&t->vm->heap, &((FutureIterator *)object_of(args[0]))->future, VALUE_UNSET);
    return VALUE_NONE;
}

static Value return_self(Thread *t, Value self) {
    (void)t;
    return self;
}

static const Slots iterator_slots = {.iter = return_self, .next = iterator_next};
static const NativeDef iterator_methods[] = {
    {"send", iterator_send, "(self, value, /)", "Resume; the value is ignored."},
    {"throw", iterator_throw, "(self, type, value=?, traceback=?, /)",
     "Raise in place of the result."},
    {"close", iterator_close, "(self, /)", "Forget the future."},
    {0},
};
static const NativeClass iterator_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "FutureIter",
    .slots = &iterator_slots,
    .methods = iterator_methods,
    .size = sizeof(FutureIterator),
    .trace = iterator_trace,
};

/* ---- fields ---- */

Value future_field_blocking(Thread *t, Value self) {
    (void)t;
    return bool_value(FUTURE(self)->blocking);
}

bool future_refuse_delete(Thread *t, Value v) {
    if (LIKELY(v != VALUE_UNSET)) return false;
    raise_error(t, EXC_AttributeError, "cannot delete attribute");
    return true;
}

bool future_set_field_blocking(Thread *t, Value self, Value v) {
    if (future_refuse_delete(t, v)) return false;
    int truth = value_truth(t, v);
    if (truth < 0) return false;
    FUTURE(self)->blocking = truth;
    return true;
}

static Value get_source_traceback(Thread *t, Value self) {
    Future *future = FUTURE(self);
    if (LIKELY(!(future->flags & FUTURE_NOTED))) return VALUE_NONE;
    Value *root = push_roots(t, 1);
    *root = self;
    Value summary = made_summary(t, &future->header);
    pop_roots(t, root);
    return summary;
}

static Value get_log_traceback(Thread *t, Value self) {
    (void)t;
    return bool_value(FUTURE(self)->failed && !FUTURE(self)->observed);
}

static bool set_log_traceback(Thread *t, Value self, Value v) {
    if (future_refuse_delete(t, v)) return false;
    int truth = value_truth(t, v);
    if (truth < 0) return false;
    if (truth) {
        raise_error(t, EXC_ValueError, "_log_traceback can only be set to False");
        return false;
    }
    FUTURE(self)->observed = true;
    return true;
}

static Value get_state(Thread *t, Value self) {
    static const char *const states[] = {"PENDING", "CANCELLED", "FINISHED"};
    return object_value(str_from(t, states[FUTURE(self)->state]));
}

static Value get_loop_field(Thread *t, Value self) {
    (void)t;
    return FUTURE(self)->loop;
}

static Value get_result_field(Thread *t, Value self) {
    (void)t;
    Future *future = FUTURE(self);
    return future->state == FUTURE_FINISHED && !future->failed ? future->result : VALUE_NONE;
}

static Value get_exception_field(Thread *t, Value self) {
    (void)t;
    return FUTURE(self)->failed ? FUTURE(self)->result : VALUE_NONE;
}

static Value get_cancel_message(Thread *t, Value self) {
    (void)t;
    return FUTURE(self)->failed ? VALUE_NONE : FUTURE(self)->cancel_message;
}

static bool set_cancel_message(Thread *t, Value self, Value v) {
    if (FUTURE(self)->failed) return true;
    heap_set(&t->vm->heap, &FUTURE(self)->cancel_message, v == VALUE_UNSET ? VALUE_NONE : v);
    return true;
}

/* None, or the list of (callback, context) pairs. */
static Value get_callbacks(Thread *t, Value self) {
    Value callbacks = FUTURE(self)->callbacks;
    if (callbacks == VALUE_UNSET) return VALUE_NONE;
    List *list = list_new(t, 1);
    if (!is_kind(callbacks, OBJ_LIST)) {
        list_append(t, list, object_value(tuple_from(t, (Value[]){callbacks, VALUE_NONE}, 2)));
        return object_value(list);
    }
    for (size_t i = 0; i + 1 < LIST(callbacks)->size; i += 2) {
        list_append(t, list, object_value(tuple_from(t, LIST(callbacks)->items + i, 2)));
    }
    return object_value(list);
}

static const Slots future_slots = {
    .repr = repr,
    .iter = future_iterator,
    .await = future_iterator,
    .construct = construct,
    .init = init,
};

static const NativeDef future_methods[] = {
    {"result", future_method_result, "(self, /)",
     "The result; raises the exception the future failed with, CancelledError when it was "
     "cancelled, "
     "InvalidStateError when it is pending."},
    {"exception", future_method_exception, "(self, /)", "The exception it failed with, or None."},
    {"set_result", set_result, "(self, result, /)", "Finish with a result."},
    {"set_exception", set_exception, "(self, exception, /)", "Finish with an exception."},
    {"cancel", cancel, "(self, msg=None)", "Cancel; False when it is done already."},
    {"cancelled", future_method_cancelled, "(self, /)", "Was it cancelled?"},
    {"done", future_method_done, "(self, /)", "Is it finished or cancelled?"},
    {"add_done_callback", future_method_add_done_callback, "(self, fn, /, *, context=None)",
     "Call fn(future) in the loop when the future is done."},
    {"remove_done_callback", future_method_remove_done_callback, "(self, fn, /)",
     "Remove all callbacks equal to fn; gives how many."},
    {"get_loop", future_method_get_loop, "(self, /)", "The event loop it belongs to."},
    {"_make_cancelled_error", future_method_make_cancelled_error, "(self, /)",
     "The CancelledError that a waiter receives."},
    {"@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",
     "Future[T], for annotations."},
    {0},
};

static const FieldDef future_fields[] = {
    {"_asyncio_future_blocking", future_field_blocking, future_set_field_blocking,
     "Yielded to a task that has not taken it."},
    {"_state", get_state, NULL, "PENDING, CANCELLED or FINISHED."},
    {"_loop", get_loop_field, NULL, "The event loop."},
    {"_result", get_result_field, NULL, "The result or None."},
    {"_exception", get_exception_field, NULL, "The exception or None."},
    {"_callbacks", get_callbacks, NULL, "None or the callbacks with their contexts."},
    {"_cancel_message", get_cancel_message, set_cancel_message, "What cancel() was given."},
    {"_source_traceback", get_source_traceback, NULL,
     "In debug mode the stack in which it was made, else None."},
    {"_log_traceback", get_log_traceback, set_log_traceback, "Failed, and nobody has looked."},
    {0},
};

static void shade_classes(Heap *heap, void *context) {
    Vm *vm = context;
    heap_shade_object(heap, &vm->cancelled_error->header);
    heap_shade_object(heap, &vm->invalid_state_error->header);
    heap_shade_object(heap, &vm->future_iterator->header);
    heap_shade(heap, vm->foreign_tasks);
    heap_shade(heap, vm->foreign_current);
}

/* Complete the class Future; make asyncio's exceptions. */
void future_init(Thread *t) {
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_FUTURE,
                             .slots = &future_slots,
                             .methods = future_methods,
                             .fields = future_fields,
                             .doc = "A result that will be there later, in an event loop.",
                         });
    Vm *vm = t->vm;
    vm->foreign_tasks = vm->foreign_current = VALUE_UNSET;
    vm->future_iterator = native_class_new(t, &iterator_class, "_asyncio", NULL);
    vm->cancelled_error = exception_class_new(t, "CancelledError", "asyncio.exceptions", NULL,
                                              EXCEPTION_CLASS(t, BaseException));
    vm->invalid_state_error = exception_class_new(t, "InvalidStateError", "asyncio.exceptions",
                                                  NULL, EXCEPTION_CLASS(t, Exception));
    heap_add_marker(&vm->heap, shade_classes, vm);
    BUILTIN_CLASS(t, FUTURE)->module = object_value(str_from(t, "_asyncio"));
}
