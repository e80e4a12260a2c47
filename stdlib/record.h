/* SPDX-License-Identifier: MIT */
/* Records: tuples whose items also have names, such as sys.version_info. See stdlib/record.c. */
#ifndef TULIP_STDLIB_RECORD_H
#define TULIP_STDLIB_RECORD_H

#include "vm/native.h"

/* A subclass of tuple with these [fields] (ended by NULL) as read-only properties. Its repr is
 * "name(field=…)", with [shown] as the name. NULL: raised. */
Class *record_class(Thread *t, const char *module, const char *name, const char *shown,
                    const char *const *fields) MUST_CHECK;
/* An instance of such a class with [count] items. */
Value record_new(Thread *t, Class *cls, const Value *items, size_t count);

#endif
