/* SPDX-License-Identifier: MIT */
/*
 * The natives that the classes Future and Task share. Task is a subclass of Future; its table
 * names them again, because a task answers some of the others (set_result, cancel) differently.
 *
 * Read next: vm/future_class.c, vm/task_class.c.
 */
#ifndef TULIP_VM_FUTURE_METHODS_H
#define TULIP_VM_FUTURE_METHODS_H

#include "vm/future.h"

Value future_method_result(Thread *t, Value *args);
Value future_method_exception(Thread *t, Value *args);
Value future_method_done(Thread *t, Value *args);
Value future_method_cancelled(Thread *t, Value *args);
Value future_method_add_done_callback(Thread *t, Value *args);
Value future_method_remove_done_callback(Thread *t, Value *args);
Value future_method_get_loop(Thread *t, Value *args);
Value future_method_make_cancelled_error(Thread *t, Value *args);

/* The field _asyncio_future_blocking; also of native coroutines, which begin with a Future. */
Value future_field_blocking(Thread *t, Value self);
bool future_set_field_blocking(Thread *t, Value self, Value v) MUST_CHECK;

/* Is this the deletion of a field? Then AttributeError is raised. */
bool future_refuse_delete(Thread *t, Value v);
/* Raise asyncio.InvalidStateError. */
Value raise_invalid_state(Thread *t, const char *message);
/* The loop= argument, or the current event loop when it is None. */
Value future_loop_argument(Thread *t, Value loop) MUST_CHECK;
/* Set the fields of a fresh future to those of a pending one. */
void future_initialise(Future *future, Value loop);
/* Close the "<Future …" in [out] and make it a str; frees it when not [ok]. */
Value future_finish_repr(Thread *t, Buffer *out, bool ok);

#endif
