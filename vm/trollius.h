/* SPDX-License-Identifier: MIT */
/*
 * The coroutines of 2013: `x = yield From(f())`, and `raise Return(x)` at the end.
 *
 * They were written for a Python that had no `yield from` and no `return x` in generators. Here
 * they are the same thing as the later forms: `yield From(…)` compiles to a delegation that is
 * taken when the value turns out to be a From (vm/opcodes.def, FROM_TARGET), and a Return that
 * leaves a coroutine's code becomes its result where exceptions leave frames. So the three eras
 * delegate to one another in one chain, with one traceback and at one price.
 *
 * Both classes exist only once the module trollius was imported.
 *
 * Read next: vm/trollius.c, compiler/suspend.c, stdlib/trollius.tul.
 */
#ifndef TULIP_VM_TROLLIUS_H
#define TULIP_VM_TROLLIUS_H

#include "vm/generator.h"
#include "vm/native.h"

/* Make the class From, if it is not there yet, and put it into [module]. */
bool trollius_init(Thread *t, Module *module);
/* The native _set_return_class(cls): exceptions of that class end coroutines, with a result. */
Value set_return_class(Thread *t, Value *args);
/* What `yield v` delegates to if v is a From; VALUE_UNSET: it is none; VALUE_NONE: From(None), a
 * bare yield; VALUE_ERROR: raised, it cannot be waited for. */
Value from_target(Thread *t, Value v) MUST_CHECK;
/* Does a `yield From(…)` stand in that code? */
bool code_uses_from(const Code *code);
/* Is [v] an exception of the class Return? */
bool is_return(const Vm *vm, Value v);
/* The exception being raised leaves the code of [g] and is a Return: it is taken, and *v is what
 * the generator returns. (Leaving an `async def`, it becomes a RuntimeError.) */
bool generator_takes_return(Thread *t, const Generator *g, Value *v);
/* The same for a task that drives a plain generator. */
bool task_takes_return(Thread *t, Value *v);

/* Does an exception that leaves a generator need a look? */
static inline bool has_return(const Vm *vm) { return vm->return_class != NULL; }

#endif
