/* SPDX-License-Identifier: MIT */
/*
 * Contexts: the values of context variables, one set of them per task.
 *
 * thread->context is the context in which the thread runs, or 0 while no variable was ever set in
 * it: programs that use no context variables never make one. For the same reason a task or callback
 * whose context is VALUE_NONE runs in an empty context, which is kept only if a variable is set.
 *
 * Read next: vm/context.c, vm/task.c.
 */
#ifndef TULIP_VM_CONTEXT_H
#define TULIP_VM_CONTEXT_H

#include "vm/native.h"

/* The classes of contexts, variables and tokens, by name, into [module]. */
void context_publish(Thread *t, Module *module);
/* The thread's current context, made if there is none yet. */
Value context_current(Thread *t);
/* A new context with the same values as the thread's current one. */
Value context_copy(Thread *t);
/* A new empty one. */
Value context_new(Thread *t);

/* The context for something that is to run later: [context], or when that is VALUE_NONE a copy of
 * the current one (VALUE_NONE when that is empty). */
static inline Value context_for_later(Thread *t, Value context) {
    return LIKELY(!t->context) || context != VALUE_NONE ? context : context_copy(t);
}

/* Make [context] the thread's current one (VALUE_NONE: none); returns the one before, which the
 * caller roots. */
static inline Value context_switch(Thread *t, Value context) {
    Value before = t->context;
    t->context = context == VALUE_NONE ? VALUE_ERROR : context;
    return before;
}
/* Go back to [before]; returns the context that was current until now, VALUE_NONE: none. */
static inline Value context_restore(Thread *t, Value before) {
    Value now = t->context ? t->context : VALUE_NONE;
    t->context = before;
    return now;
}

#endif
