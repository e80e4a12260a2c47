/* SPDX-License-Identifier: MIT */
/*
 * Async generators, and the awaitables that drive them: what asend(), athrow(), aclose() and
 * __anext__() return.
 *
 * An async generator has two kinds of yields on the one frame: `yield x` hands an item to whoever
 * awaits the step, and an await inside passes a future up to the loop. ASYNC_YIELD marks the first
 * kind: the value that leaves the frame is VALUE_ITEM, and the item waits in thread->done_value.
 * That is where a `next` slot leaves the result of an iterator that has ended, so a step that meets
 * an item is done without another allocation.
 *
 * Invariants: only steps resume an async generator (it has no `next` slot and no await slot),
 * always from C, so VALUE_ITEM never reaches a Tulip register. It is never linked as a delegate.
 * The finalizer hook that was installed when it was first iterated is kept in one register behind
 * the code's own.
 *
 * Read next: vm/generator.c (resuming), vm/finalize.c (what becomes of dropped ones).
 */
#include "vm/execute.h"
#include "vm/generator_methods.h"

/* Bits of an async generator's frame.flags. */
enum {
    ASYNC_RUNNING = 1, /* a step is under way, perhaps waiting for a future */
    ASYNC_CLOSED = 2,  /* aclose() has begun, or it ended by StopAsyncIteration or GeneratorExit */
    ASYNC_HOOKED = 4,  /* the hooks of sys.set_asyncgen_hooks have seen it */
};

typedef enum StepState { STEP_NEW, STEP_STARTED, STEP_CLOSED } StepState;

/* One step of [generator]. Of kind OBJ_ASYNC_GEN_STEP it sends [value] (asend, __anext__); of kind
 * OBJ_ASYNC_GEN_THROW it throws what the tuple [value] describes (athrow), or closes when that is
 * None (aclose). */
typedef struct AsyncStep {
    Object header;
    Value generator, value;
    StepState state;
} AsyncStep;

#define STEP(v) ((AsyncStep *)(uintptr_t)(v))

Value async_item_new(Thread *t, Value v) {
    t->done_value = v;
    return VALUE_ITEM;
}

static bool is_end_of_iteration(Thread *t) {
    return exception_matches(t, EXC_StopAsyncIteration) || exception_matches(t, EXC_GeneratorExit);
}

static Value raise_plain(Thread *t, Class *cls) {
    Value e = exception_new(t, cls, NULL, 0);
    return e == VALUE_ERROR ? e : raise_value(t, e);
}

/* ---- what a resumed generator answers ---- */

/* [v] as the result of a step that sends or throws: an item ends the step, the end of the generator
 * raises. */
static Value step_result(Thread *t, Generator *g, Value v) {
    if (v == VALUE_DONE) v = raise_plain(t, EXCEPTION_CLASS(t, StopAsyncIteration));
    if (v == VALUE_ITEM) {
        g->frame.flags &= (uint8_t)~ASYNC_RUNNING;
        return VALUE_DONE;
    }
    if (v == VALUE_ERROR) {
        if (is_end_of_iteration(t)) g->frame.flags |= ASYNC_CLOSED;
        g->frame.flags &= (uint8_t)~ASYNC_RUNNING;
    }
    return v;
}

/* [v] as the result of a step that closes: the end is what was asked for, an item is wrong. [ends]:
 * the step is over then. */
static Value close_result(Thread *t, AsyncStep *step, Value v, bool ends) {
    Generator *g = GENERATOR(step->generator);
    if (v != VALUE_DONE && v != VALUE_ITEM && v != VALUE_ERROR) return v;
    g->frame.flags &= (uint8_t)~ASYNC_RUNNING;
    if (ends || v == VALUE_ITEM) step->state = STEP_CLOSED;
    if (v == VALUE_ITEM)
        return raise_error(t, EXC_RuntimeError, "async generator ignored GeneratorExit");
    if (v == VALUE_ERROR) {
        if (!is_end_of_iteration(t)) return v;
        exception_take(t);
    }
    return iter_done(t);
}

/* ---- asend() and __anext__() ---- */

static Value send_step(Thread *t, AsyncStep *step, Value v) {
    Generator *g = GENERATOR(step->generator);
    if (step->state == STEP_CLOSED) {
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited __anext__()/asend()");
    }
    if (step->state == STEP_NEW) {
        if (g->frame.flags & ASYNC_RUNNING) {
            return raise_error(t, EXC_RuntimeError,
                               "anext(): asynchronous generator is already running");
        }
        if (v == VALUE_NONE) v = step->value;
        step->state = STEP_STARTED;
    }
    g->frame.flags |= ASYNC_RUNNING;
    v = step_result(t, g, generator_send(t, g, v));
    if (v == VALUE_DONE || v == VALUE_ERROR) step->state = STEP_CLOSED;
    return v;
}

/* ---- athrow() and aclose() ---- */

/* The exception that a throwing step is for, or VALUE_ERROR. */
static Value step_exception(Thread *t, AsyncStep *step) {
    if (step->value == VALUE_NONE)
        return exception_new(t, EXCEPTION_CLASS(t, GeneratorExit), NULL, 0);
    Tuple *given = TUPLE(step->value);
    if (!given->size)
        return raise_error(t, EXC_TypeError, "athrow expected at least 1 argument, got 0");
    if (given->size > 3) {
        return raise_error(t, EXC_TypeError, "athrow expected at most 3 arguments, got %d",
                           (int)given->size);
    }
    Value *args = push_roots(t, 4);
    for (size_t i = 0; i < given->size; i++) args[i + 1] = given->items[i];
    Value e = generator_thrown(t, args);
    pop_roots(t, args);
    return e;
}

static Value start_throw_step(Thread *t, AsyncStep *step, Value sent) {
    Generator *g = GENERATOR(step->generator);
    bool closing = step->value == VALUE_NONE;
    if (g->frame.flags & ASYNC_RUNNING) {
        step->state = STEP_CLOSED;
        return raise_error(t, EXC_RuntimeError, "%s(): asynchronous generator is already running",
                           closing ? "aclose" : "athrow");
    }
    if (g->frame.flags & ASYNC_CLOSED) {
        step->state = STEP_CLOSED;
        return raise_plain(t, EXCEPTION_CLASS(t, StopAsyncIteration));
    }
    if (sent != VALUE_NONE) {
        return raise_error(t, EXC_RuntimeError,
                           "can't send non-None value to a just-started coroutine");
    }
    step->state = STEP_STARTED;
    g->frame.flags |= ASYNC_RUNNING | (closing ? ASYNC_CLOSED : 0);
    Value *roots = push_roots(t, 1);
    Value v = roots[0] = step_exception(t, step);
    if (v != VALUE_ERROR) v = generator_throw(t, g, v);
    pop_roots(t, roots);
    if (closing) return close_result(t, step, v, true);
    v = step_result(t, g, v);
    if (v == VALUE_DONE || v == VALUE_ERROR) step->state = STEP_CLOSED;
    return v;
}

static Value throw_step(Thread *t, AsyncStep *step, Value sent) {
    Generator *g = GENERATOR(step->generator);
    if (step->state == STEP_CLOSED) {
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited aclose()/athrow()");
    }
    if (g->state == GEN_CLOSED) {
        step->state = STEP_CLOSED;
        return iter_done(t);
    }
    if (step->state == STEP_NEW) return start_throw_step(t, step, sent);
    Value v = generator_send(t, g, sent);
    return step->value == VALUE_NONE ? close_result(t, step, v, true) : step_result(t, g, v);
}

/* ---- the awaitables ---- */

static Value step_send(Thread *t, Value self, Value v) {
    AsyncStep *step = STEP(self);
    return step->header.kind == OBJ_ASYNC_GEN_STEP ? send_step(t, step, v) : throw_step(t, step, v);
}
static Value step_next(Thread *t, Value self) { return step_send(t, self, VALUE_NONE); }

static Value stop_or_value(Thread *t, Value v) {
    return v == VALUE_DONE ? raise_stop_iteration(t) : v;
}

static Value step_method_send(Thread *t, Value *args) {
    return stop_or_value(t, step_send(t, args[0], args[1]));
}

static Value step_method_throw(Thread *t, Value *args) {
    AsyncStep *step = STEP(args[0]);
    Generator *g = GENERATOR(step->generator);
    bool sends = step->header.kind == OBJ_ASYNC_GEN_STEP;
    if (step->state == STEP_CLOSED) {
        return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited %s",
                           sends ? "__anext__()/asend()" : "aclose()/athrow()");
    }
    Value v = generator_throw_arguments(t, g, args);
    if (!sends && step->value == VALUE_NONE)
        return stop_or_value(t, close_result(t, step, v, false));
    v = step_result(t, g, v);
    if (sends && (v == VALUE_DONE || v == VALUE_ERROR)) step->state = STEP_CLOSED;
    return stop_or_value(t, v);
}

static Value step_method_close(Thread *t, Value *args) {
    (void)t;
    STEP(args[0])->state = STEP_CLOSED;
    return VALUE_NONE;
}

static Value itself(Thread *t, Value self) {
    (void)t;
    return self;
}

static void step_trace(Heap *heap, Object *o) {
    heap_shade(heap, ((AsyncStep *)o)->generator);
    heap_shade(heap, ((AsyncStep *)o)->value);
}

/* ---- hooks ---- */

/* Where the finalizer is kept that was installed when [g] was first iterated. */
static Value *finalizer_of(Generator *g) {
    return &g->registers[frame_code(&g->frame)->nregisters];
}

/* The first iteration of [self] calls sys.set_asyncgen_hooks' firstiter. False: raised. */
static bool call_first_hook(Thread *t, Value self) {
    Generator *g = GENERATOR(self);
    if (g->frame.flags & ASYNC_HOOKED) return true;
    g->frame.flags |= ASYNC_HOOKED;
    if (t->asyncgen_finalizer != VALUE_NONE) {
        *finalizer_of(g) = t->asyncgen_finalizer;
        if (!(frame_code(&g->frame)->flags & CODE_HAS_CLEANUP))
            heap_register_finalizable(&t->vm->heap, &g->header);
    }
    if (t->asyncgen_firstiter == VALUE_NONE) return true;
    return call_value(t, t->asyncgen_firstiter, &self, 1) != VALUE_ERROR;
}

Value async_generator_finalizer(Generator *g) {
    return async_generator_has_finalizer(g) ? *finalizer_of(g) : VALUE_UNSET;
}

bool async_generator_has_finalizer(const Generator *g) {
    if (g->state == GEN_CLOSED || (g->frame.flags & ASYNC_CLOSED) ||
        !(g->frame.flags & ASYNC_HOOKED))
        return false;
    return *finalizer_of((Generator *)g) != VALUE_UNSET;
}

bool async_generator_finalize(Thread *t, Generator *g) {
    if (!async_generator_has_finalizer(g)) return generator_close(t, g);
    Value self = object_value(g), finalizer = *finalizer_of(g);
    heap_set(&t->vm->heap, finalizer_of(g), VALUE_UNSET);
    return call_value(t, finalizer, &self, 1) != VALUE_ERROR;
}

/* ---- async generators ---- */

static Value step_new(Thread *t, ObjectKind kind, Value self, Value value) {
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    roots[1] = value;
    Value v = VALUE_ERROR;
    if (call_first_hook(t, self)) {
        AsyncStep *step = heap_allocate(&t->vm->heap, sizeof *step, kind, t->vm->classes[kind]);
        step->generator = self;
        step->value = value;
        v = object_value(step);
    }
    pop_roots(t, roots);
    return v;
}

static Value generator_anext(Thread *t, Value self) {
    return step_new(t, OBJ_ASYNC_GEN_STEP, self, VALUE_NONE);
}
static Value method_asend(Thread *t, Value *args) {
    return step_new(t, OBJ_ASYNC_GEN_STEP, args[0], args[1]);
}
static Value method_athrow(Thread *t, Value *args) {
    return step_new(t, OBJ_ASYNC_GEN_THROW, args[0], args[1]);
}
static Value method_aclose(Thread *t, Value *args) {
    return step_new(t, OBJ_ASYNC_GEN_THROW, args[0], VALUE_NONE);
}

static Value get_running(Thread *t, Value self) {
    (void)t;
    return bool_value(GENERATOR(self)->frame.flags & ASYNC_RUNNING);
}

Value async_generator_aclose(Thread *t, Value g) {
    return step_new(t, OBJ_ASYNC_GEN_THROW, g, VALUE_NONE);
}

/* ---- tables ---- */

static const NativeDef generator_methods[] = {
    {"asend", method_asend, "(self, value, /)",
     "Return an awaitable that sends value and gives the next item."},
    {"athrow", method_athrow, "(self, /, *args)",
     "Return an awaitable that raises the exception in the generator."},
    {"aclose", method_aclose, "(self, /)",
     "Return an awaitable that raises GeneratorExit in the generator."},
    {NULL, NULL, NULL, NULL},
};
static const FieldDef generator_fields[] = {
    {"__name__", generator_get_name, generator_set_name, "name of the async generator"},
    {"__qualname__", generator_get_qualname, generator_set_qualname,
     "qualified name of the async generator"},
    {"ag_running", get_running, NULL, "is a step of it under way"},
    {"ag_frame", generator_get_frame, NULL, "its frame, None when it has finished"},
    {"ag_await", generator_get_awaiting, NULL, "what it awaits, or None"},
    {"ag_code", generator_get_code, NULL, "its code"},
    {NULL, NULL, NULL, NULL},
};
static const NativeDef step_methods[] = {
    {"send", step_method_send, "(self, value, /)", "Go on with the step."},
    {"throw", step_method_throw, "(self, type, value=?, traceback=?, /)",
     "Raise the exception in the generator."},
    {"close", step_method_close, "(self, /)", "Give the step up; the generator stays as it is."},
    {NULL, NULL, NULL, NULL},
};

/* Complete the class async_generator and the classes of its steps. */
void async_generator_init(Thread *t) {
    static const Slots generator_slots = {
        .repr = generator_repr, .aiter = itself, .anext = generator_anext};
    static const Slots step_slots = {.iter = itself, .next = step_next, .await = itself};
    native_class_init(t, &(NativeClass){.kind = OBJ_ASYNC_GENERATOR,
                                        .slots = &generator_slots,
                                        .methods = generator_methods,
                                        .fields = generator_fields});
    native_class_init(t, &(NativeClass){.kind = OBJ_ASYNC_GEN_STEP,
                                        .slots = &step_slots,
                                        .methods = step_methods,
                                        .trace = step_trace});
    native_class_init(t, &(NativeClass){.kind = OBJ_ASYNC_GEN_THROW,
                                        .slots = &step_slots,
                                        .methods = step_methods,
                                        .trace = step_trace});
}
