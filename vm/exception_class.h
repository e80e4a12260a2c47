/* SPDX-License-Identifier: MIT */
/*
 * What the files that define exception classes share: the slots of BaseException, which most
 * classes keep, and the function that completes those with fields of their own (OSError,
 * SystemExit, …). The classes themselves are rows of vm/exceptions.def.
 *
 * Read next: vm/exception_class.c, vm/exception_os.c, vm/exception_group.c.
 */
#ifndef TULIP_VM_EXCEPTION_CLASS_H
#define TULIP_VM_EXCEPTION_CLASS_H

#include "vm/exception.h"
#include "vm/native.h"

Value exception_construct(Thread *t, Class *cls, const Value *args, int argc,
                          Tuple *kwnames) MUST_CHECK;
/* BaseException.__init__: positional arguments become args, keywords are refused. */
bool exception_init_slot(Thread *t, Value self, const Value *args, int argc,
                         Tuple *kwnames) MUST_CHECK;
Value exception_str(Thread *t, Value self) MUST_CHECK;
void exception_set_args(Thread *t, Value self, const Value *args, int argc);
/* The (class, args[, state]) of __reduce__; the state is [extra] (a fresh dict or NULL) and the
 * instance's attributes. */
Value exception_reduce(Thread *t, Value self, Tuple *args, Dict *extra) MUST_CHECK;
/* Give a built-in exception class its slots, methods and fields. */
void exception_complete(Thread *t, Class *cls, const Slots *own, const NativeDef *methods,
                        const FieldDef *fields);

void os_error_complete(Thread *t);
void exception_group_complete(Thread *t);

/* The docstring of a built-in class other than BaseException; NULL: it has none. */
const char *exception_doc(ExceptionId id);

#endif
