/* SPDX-License-Identifier: MIT */
/* Binding call arguments to parameters, for natives and Tulip functions alike.
 * See vm/signature.c. */
#ifndef TULIP_VM_SIGNATURE_H
#define TULIP_VM_SIGNATURE_H

#include "vm/native.h"

/* Parse "(a, b=None, /, *args, key=None, **kw)"; lives for ever. [name] is for error messages. */
Signature *signature_parse(Thread *t, const char *name, const char *text);
/* Free all of them; when the vm goes. */
void signatures_free(Vm *vm);
/* How many registers the bound arguments take. */
static inline int signature_size(const Signature *s) {
    return s->positional + s->keyword_only + s->has_varargs + s->has_varkw;
}
/* Bind: out[0 … signature_size) := parameters (positional, keyword-only, *args tuple, **kwargs
 * dict). [argc] counts the keyword values at the end of [args], whose names are [kwnames] (NULL:
 * none). Defaults from [s]->defaults; CPython's TypeErrors. [out] must be rooted and may not
 * overlap args. */
bool bind_arguments(Thread *t, const Signature *s, Value *out, const Value *args, int argc,
                    Tuple *kwnames) MUST_CHECK;
/* The same with the defaults of a Tulip function. */
bool bind_function(Thread *t, Function *function, Value *out, const Value *args, int argc,
                   Tuple *kwnames) MUST_CHECK;

#endif
