/* SPDX-License-Identifier: MIT */
/*
 * Generators, coroutines and async generators: an object that embeds its own frame and registers.
 *
 * Delegation (`yield from`, `await`) to another generator links the two: child->parent and
 * parent->delegate. A chain is resumed at its leaf directly: only a *root* (a generator resumed by
 * somebody who is not its parent) caches its leaf, and every node on the way back is reached by one
 * link when its child returns. So a yield costs the same at any depth.
 *
 * An activation is one resume of a root: [root]->running is true, the leaf's frame.caller is the
 * resumer and the leaf's [active_root] is the root. A generator has one parent; a second delegator
 * drives it like any caller. Resuming a generator that has a parent makes it the root of its own
 * activation and clears the leaf caches of the roots above.
 *
 * Read next: vm/generator.c, vm/execute.c (SEND, YIELD, RETURN).
 */
#ifndef TULIP_VM_GENERATOR_H
#define TULIP_VM_GENERATOR_H

#include "vm/frame.h"

typedef enum GeneratorState {
    GEN_CREATED,
    GEN_SUSPENDED, /* started; whether it runs now is for generator_is_running to say */
    GEN_PARKED,    /* at a SEND whose future was pending: a resume executes the SEND again */
    GEN_CLOSED,
} GeneratorState;

struct Generator {
    Object header;
    Generator *parent;   /* who delegates to me and is linked, or NULL */
    Generator *delegate; /* the linked generator I delegate to, or NULL */
    Generator *leaf;     /* of a root: where a resume enters; NULL: unknown, walk down */
    union {
        Generator *active_root; /* while I am the running leaf: the root of the activation */
        Code *creator;          /* an unstarted coroutine: what called it, or NULL */
    };
    uint8_t state;     /* GeneratorState */
    bool running;      /* I am the root of an activation under way */
    uint8_t epoch;     /* the collection cycle in which my registers were scanned */
    bool parkable : 1; /* resumed by a task's step: a pending future parks instead of being yielded
                        */
    bool noted : 1;    /* the table of vm/made.h has the stack in which I was made */
    bool owned : 1;    /* only my delegator's registers refer to me: recycled when I end */
    union {
        uint32_t depth; /* links above me when I was linked: bounds chains */
        uint32_t
            created_at; /* an unstarted coroutine: where in [creator], in bytes behind the call */
    };
    Value handling; /* what my delegators handle (0: nothing); while I run: what my resumer does */
    Frame frame;
    Value registers[];
};

/* Shade the registers and links of [g] and note that this cycle has seen them (vm/trace.c). */
void generator_scan(Heap *heap, Generator *g);
/* A new generator of [function], its registers unset. The caller binds the arguments. */
Generator *generator_new(Thread *t, Function *function);
/* Resume from C. [v] is what to send (VALUE_NONE to start). Returns what was yielded; VALUE_DONE
 * (t->done_value) when it returned; VALUE_ERROR. */
Value generator_send(Thread *t, Generator *g, Value v) MUST_CHECK;
/* Raise [exception] (an instance) inside. Same results. */
Value generator_throw(Thread *t, Generator *g, Value exception) MUST_CHECK;
/* For the interpreter loop: where a throw of [exception] enters the chain under [g], with the
 * exception set, or NULL when generator_throw_arguments() must see to it (the chain is not simply
 * suspended at a yield, [exception] closes it, or is no instance). */
Generator *generator_throw_directly(Thread *t, Generator *g, Value exception);
/* The same with what throw() was given in [args], which are roots: args[1…3] are type, value and
 * traceback (the last two may be VALUE_UNSET). A delegate that is no generator gets them as they
 * are. */
Value generator_throw_arguments(Thread *t, Generator *g, Value *args) MUST_CHECK;
/* False: raised ("generator ignored GeneratorExit", or what its cleanup raised). */
bool generator_close(Thread *t, Generator *g) MUST_CHECK;
/* One step of a task: as send (exception VALUE_UNSET) or throw, but a pending future under the
 * innermost await parks: VALUE_PARKED with t->parked_on. Only for coroutines and generators. */
Value generator_step(Thread *t, Generator *g, Value v, Value exception) MUST_CHECK;
bool generator_is_running(const Generator *g);
/* "generator", "coroutine" or "async generator". */
const char *generator_kind_name(const Generator *g);
/* gi_yieldfrom / cr_await: the delegate, or VALUE_NONE. */
Value generator_awaiting(const Generator *g);

/* ---- async generators (vm/async_generator.c, vm/anext.c) ---- */

/* anext(iterator[, fallback]): an awaitable. [fallback] may be VALUE_UNSET. */
Value async_next(Thread *t, Value iterator, Value fallback) MUST_CHECK;

/* Was a finalizer hook installed when [g] was first iterated, and has it neither ended nor begun to
 * close since? */
bool async_generator_has_finalizer(const Generator *g);
/* That hook, or VALUE_UNSET. */
Value async_generator_finalizer(Generator *g);
/* g.aclose(): an awaitable. */
Value async_generator_aclose(Thread *t, Value g) MUST_CHECK;
/* What becomes of a dropped one: its finalizer hook is called, or it is closed. False: raised. */
bool async_generator_finalize(Thread *t, Generator *g) MUST_CHECK;

#endif
