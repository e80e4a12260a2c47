/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean …?" for misspelt names and attributes: computed when the error is shown, not when
 * it is raised, since most errors of this kind are caught. Read next: vm/suggest.c.
 */
#ifndef TULIP_VM_SUGGEST_H
#define TULIP_VM_SUGGEST_H

#include "common/buffer.h"
#include "vm/thread.h"

/* Append ". Did you mean: 'x'?" when [exception] is about a name, an attribute, an import or a
 * keyword argument and a similar one exists. */
void suggest_append(Thread *t, Value exception, Buffer *out);
/* A line that says how to mend the use of an object that should have been waited for, or what was
 * found in place of what in a syntax error; or NULL. */
const char *suggest_hint(Thread *t, Value exception);
/* The one of [names] (NULLs among them are passed over) that [name] may stand for, or NULL. */
Str *suggest_among(Str *name, Str *const *names, size_t count);

#endif
