/* SPDX-License-Identifier: MIT */
/* How any object is taken apart for copying and pickling: the methods of `object` for it.
 * See vm/reduce.c. */
#ifndef TULIP_VM_REDUCE_H
#define TULIP_VM_REDUCE_H

#include "vm/native.h"

/* object.__reduce_ex__(protocol), object.__reduce__() and object.__getstate__(). */
Value object_reduce_ex(Thread *t, Value *args);
Value object_reduce(Thread *t, Value *args);
Value object_getstate(Thread *t, Value *args);

/* [v].__reduce_ex__([protocol]) as `object` has it, without the call. */
Value reduce_default(Thread *t, Value v, int64_t protocol) MUST_CHECK;
/* The class's own reduction is [v]'s too: nothing along its MRO overrides object's. */
bool reduces_by_default(Thread *t, const Class *cls);

/* A fresh dict of the attributes in [o]'s __dict__, or of what its __slots__ hold ([members]); NULL
 * when there are none. vm/shape.c. */
Dict *instance_attributes(Thread *t, Object *o, bool members);

#endif
