/* SPDX-License-Identifier: MIT */
/*
 * What the classes generator, coroutine and async_generator share: fields, repr, the arguments of
 * throw().
 *
 * All have the layout of struct Generator; the functions are in vm/generator_type.c and go by the
 * object's kind. Read next: vm/generator_type.c, vm/async_generator.c.
 */
#ifndef TULIP_VM_GENERATOR_METHODS_H
#define TULIP_VM_GENERATOR_METHODS_H

#include "vm/generator.h"

/* The exception that throw(type[, value[, tb]]), given in args[1…3], means; VALUE_ERROR raised. */
Value generator_thrown(Thread *t, Value *args) MUST_CHECK;
Value generator_get_name(Thread *t, Value self);
Value generator_get_qualname(Thread *t, Value self);
bool generator_set_name(Thread *t, Value self, Value v);
bool generator_set_qualname(Thread *t, Value self, Value v);
Value generator_get_frame(Thread *t, Value self);
Value generator_get_awaiting(Thread *t, Value self);
Value generator_get_code(Thread *t, Value self);
Value generator_repr(Thread *t, Value self);
/* The coroutine behind what its __await__() returned, if nobody has begun it; otherwise [it]. */
Value generator_unwrapped(Value it);

#endif
