/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean …?" for misspelt names and attributes: computed when the error is shown, not when
 * it is raised, since most errors of this kind are caught. Read next: vm/suggest.c.
 */
#ifndef TULIP_VM_SUGGEST_H
#define TULIP_VM_SUGGEST_H

#include "common/buffer.h"
#include "vm/thread.h"

/* Append ". Did you mean: 'x'?" when [exception] is a NameError or AttributeError and a similar
 * name exists. */
void suggest_append(Thread *t, Value exception, Buffer *out);

#endif
