/* SPDX-License-Identifier: MIT */
/*
 * Parametrised classes as values: `list[int]` (types.GenericAlias) and `int | None`
 * (types.UnionType). See vm/generic_alias.c and vm/union_type.c.
 */
#ifndef TULIP_VM_GENERIC_ALIAS_H
#define TULIP_VM_GENERIC_ALIAS_H

#include "common/buffer.h"
#include "vm/native.h"

/* Every field after the header is a Value. */
typedef struct GenericAlias {
    Object header;
    Value origin;     /* the class; unused in a union */
    Value args;       /* tuple: what is in the brackets, or the members of the union */
    Value parameters; /* tuple: the type variables in args */
    Value unpacked;   /* VALUE_TRUE: *list[int] */
} GenericAlias;

#define GENERIC_ALIAS(v) ((GenericAlias *)(uintptr_t)(v))

/* origin[args]; [args] is made a tuple when it is none. */
Value generic_alias_new(Thread *t, Value origin, Value args) MUST_CHECK;
/* `__class_getitem__` of built-in classes: args[0][args[1]]. */
Value generic_alias_class_getitem(Thread *t, Value *args);
/* The type variables in [args], each once; VALUE_ERROR raised. */
Value generic_alias_parameters(Thread *t, Tuple *args) MUST_CHECK;
/* [alias]'s args with [item] (or its items) in the place of its type variables; VALUE_ERROR: wrong
 * number of them. */
Value generic_alias_substitute(Thread *t, Value alias, Value item) MUST_CHECK;
/* What stands for [v] in the text of an alias, appended; false raised. */
bool generic_alias_text(Thread *t, Buffer *out, Value v) MUST_CHECK;

/* a | b for classes, None, aliases and unions; NotImplemented for anything else. */
Value union_or(Thread *t, Value a, Value b) MUST_CHECK;

#endif
