/* SPDX-License-Identifier: MIT */
/*
 * Generator and coroutine objects: creation, resuming from C, throw and close, and their
 * Tulip-visible methods.
 *
 * throw(E) enters a chain at its leaf. GeneratorExit closes a chain innermost first, one level
 * after the other, without recursion (close_chain). A delegate that is no generator hangs on the
 * leaf, and gets throw and close by its own methods, as PEP 380 says.
 *
 * Read next: vm/delegation.c (chains), vm/instructions/generators.h (YIELD, SEND,
 * resume).
 */
#include "vm/generator.h"

#include "vm/execute.h"
#include "vm/generator_methods.h"
#include "vm/made.h"
#include "vm/unstarted.h"

static ObjectKind kind_of_code(const Code *code) {
    if (code->flags & CODE_COROUTINE) return OBJ_COROUTINE;
    return code->flags & CODE_ASYNC_GENERATOR ? OBJ_ASYNC_GENERATOR : OBJ_GENERATOR;
}

Generator *generator_new(Thread *t, Function *function) {
    Code *code = function->code;
    ObjectKind kind = kind_of_code(code);
    Heap *heap = &t->vm->heap;
    /* one more for the finalizer hook */
    int registers = code->nregisters + (kind == OBJ_ASYNC_GENERATOR);
    size_t size = sizeof(Generator) + (size_t)registers * sizeof(Value);
    Class *cls = t->vm->classes[kind];
    Generator *g = LIKELY(size <= HEAP_LARGEST_CELL) ? heap_allocate_small(heap, size, kind, cls)
                                                     : heap_allocate(heap, size, kind, cls);
    g->parent = g->delegate = g->active_root = NULL;
    g->handling = VALUE_ERROR;
    g->leaf = g;
    g->state = GEN_CREATED;
    g->running = g->parkable = g->owned = g->noted = false;
    g->epoch = heap->epoch;
    g->depth = 0;
    g->frame = (Frame){.pc = code->words.narrow,
                       .registers = g->registers,
                       .constants = code->constants,
                       .function = function,
                       .generator = g};
    for (int i = 0; i < registers; i++) g->registers[i] = VALUE_UNSET;
    if (code->flags & CODE_HAS_CLEANUP) heap_register_finalizable(heap, &g->header);
    if (code->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE)) {
        g->creator = t->frame ? frame_code(t->frame) : NULL;
        if (g->creator) g->created_at = code_offset(g->creator, t->frame->pc);
        unstarted_register(heap, &g->header);
        if (UNLIKELY(t->origin_depth)) {
            made_note(t, &g->header, t->origin_depth);
            g->noted = true;
        }
    }
    return g;
}

Value generator_from_call(Thread *t, Function *f, const Value *args, int argc, Tuple *kwnames) {
    Generator *g = generator_new(t, f);
    Code *code = f->code;
    bool simple = !kwnames && argc == code->positional && !code->keyword_only &&
                  !(code->flags & (CODE_VARARGS | CODE_VARKW));
    if (simple) {
        for (int i = 0; i < argc; i++) g->registers[i] = args[i];
    } else if (!bind_function(t, f, g->registers, args, argc, kwnames)) {
        g->state = GEN_CLOSED;
        return VALUE_ERROR;
    }
    return object_value(g);
}

void generator_convert_stop(Thread *t, const Code *code) {
    bool async_generator = code->flags & CODE_ASYNC_GENERATOR;
    const char *what = code->flags & CODE_COROUTINE ? "coroutine"
                       : async_generator            ? "async generator"
                                                    : "generator";
    const char *stop = "StopIteration";
    if (!exception_matches(t, EXC_StopIteration)) {
        if (!async_generator || !exception_matches(t, EXC_StopAsyncIteration)) return;
        stop = "StopAsyncIteration";
    }
    Value cause = exception_take(t);
    raise_error(t, EXC_RuntimeError, "%s raised %s", what, stop);
    Exception *e = EXCEPTION(t->exception);
    heap_set(&t->vm->heap, &e->cause, cause);
    heap_set(&t->vm->heap, &e->context, cause);
    e->suppress_context = true;
}

/* ---- resuming from C ---- */

/* Is there room to resume [g]? Pair with leave_native. */
static bool enter_generator(Thread *t, Generator *g) {
    if (LIKELY(enter_native(t, " while calling a Python object"))) return true;
    generator_abandon(g);
    return false;
}

/* Run the activation of [root] that begins at [leaf]. */
static Value run_activation(Thread *t, Generator *root, Generator *leaf) {
    Heap *heap = &t->vm->heap;
    if (heap->marking && leaf->epoch != heap->epoch) generator_scan(heap, leaf);
    if (leaf->handling) generator_exchange_handling(t, leaf);
    leaf->frame.caller = t->frame;
    leaf->active_root = root;
    root->running = true;
    t->depth++; /* given back by the loop when the activation ends */
    return execute(t, &leaf->frame);
}

Value generator_send(Thread *t, Generator *g, Value v) {
    bool resumable = g->state != GEN_CLOSED && !generator_is_running(g);
    if (resumable && !enter_generator(t, g)) return VALUE_ERROR;
    Generator *leaf = generator_prepare(t, g, v);
    if (leaf) v = run_activation(t, g, leaf);
    else v = t->exception != VALUE_UNSET ? VALUE_ERROR : iter_done(t);
    if (resumable) leave_native(t);
    return v;
}

/* Let [exception] be raised as it is: what the caller handles does not become its context. */
static Value raise_as_it_is(Thread *t, Value exception) {
    t->exception = t->thrown = exception;
    return VALUE_ERROR;
}

/* Raise [exception] at [leaf], as an activation of [root]. */
static Value throw_at(Thread *t, Generator *root, Generator *leaf, Value exception) {
    raise_as_it_is(t, exception);
    if (leaf->state == GEN_CREATED) { /* the exception passes through its first line */
        leaf->state = GEN_CLOSED;
        exception_add_traceback(t, exception, leaf->frame.function, 0);
        generator_convert_stop(t, frame_code(&leaf->frame));
        return VALUE_ERROR;
    }
    leaf->state = GEN_SUSPENDED;
    return run_activation(t, root, leaf);
}

/* The delegate of [leaf] when it is no linked generator: what its YIELD_DELEGATED or parked SEND
 * works for. */
static Value plain_delegate(const Generator *leaf) {
    if (leaf->state == GEN_CREATED || leaf->state == GEN_CLOSED) return VALUE_UNSET;
    const Code *code = frame_code(&leaf->frame);
    Instruction i = code_decode(code, frame_pc(&leaf->frame));
    if (i.op != OP_YIELD_DELEGATED && i.op != OP_SEND) return VALUE_UNSET;
    return leaf->registers[i.a];
}

/* delegate.close(), as closing its delegator asks for. False: raised. */
static bool close_delegate(Thread *t, Value delegate) {
    if (is_generator_kind(delegate)) return generator_close(t, GENERATOR(delegate));
    Value close = value_getattr_or_unset(t, delegate, NAME_OF(t, close));
    if (close == VALUE_ERROR) {
        exception_report_unraisable(t, "Exception ignored in", delegate);
        return true;
    }
    return close == VALUE_UNSET || call_value(t, close, NULL, 0) != VALUE_ERROR;
}

/* The delegate answered a throw with [v] (as value_next does): let [leaf] go on accordingly. */
static Value after_delegate_throw(Thread *t, Generator *root, Generator *leaf, Value v) {
    if (v != VALUE_ERROR && v != VALUE_DONE) return v; /* yielded: the chain stays suspended */
    if (v == VALUE_ERROR && !exception_matches(t, EXC_StopIteration)) {
        t->thrown = t->exception;
        return run_activation(t, root, leaf);
    }
    Value result = t->done_value;
    if (v == VALUE_ERROR) {
        result = EXCEPTION(t->exception)->value;
        exception_take(t);
    }
    /* back to the SEND that YIELD_DELEGATED's loop jumps to, and out of it with the value */
    Code *code = frame_code(&leaf->frame);
    uint32_t pc = frame_pc(&leaf->frame);
    while (code_decode(code, pc).op != OP_SEND) pc--;
    if (code->flags & CODE_WIDE) leaf->frame.pc = code->words.wide + pc + 1;
    else leaf->frame.pc = code->words.narrow + pc + 1;
    generator_finish_delegation(leaf, result);
    leaf->state = GEN_SUSPENDED;
    return run_activation(t, root, leaf);
}

/* The innermost of the chain under [g]: where a throw enters. A delegate that has ended meanwhile
 * is none any more, and one that runs cannot be entered. */
static Generator *chain_leaf(Generator *g) {
    if (g->leaf && (g->leaf->state == GEN_SUSPENDED || g->leaf->state == GEN_PARKED))
        return g->leaf;
    while (g->delegate && !g->delegate->running) {
        Generator *child = g->delegate;
        if (child->state == GEN_CLOSED) {
            generator_unlink(child);
            break;
        }
        g = child;
    }
    return g;
}

static bool is_generator_exit(Thread *t, Value thrown) {
    if (is_kind(thrown, OBJ_EXCEPTION)) thrown = object_value(object_class(object_of(thrown)));
    return is_kind(thrown, OBJ_CLASS) &&
           class_is_subclass(CLASS(thrown), EXCEPTION_CLASS(t, GeneratorExit));
}

/* Hand the throw to [delegate], which is no linked generator: as value_next does, or VALUE_UNSET
 * when it has no throw(). *broken: looking for that raised. */
static Value throw_to_delegate(Thread *t, Value delegate, Value *args, bool *broken) {
    if (is_generator_kind(delegate)) return generator_throw_arguments(t, GENERATOR(delegate), args);
    if (is_native_coroutine(delegate)) native_coroutine_thrown(t, NATIVE_COROUTINE(delegate));
    if (is_future(delegate)) return VALUE_UNSET;
    Value method = value_getattr_or_unset(t, delegate, NAME_OF(t, throw));
    *broken = method == VALUE_ERROR;
    if (method == VALUE_ERROR || method == VALUE_UNSET) return method;
    int argc = args[3] != VALUE_UNSET ? 3 : args[2] != VALUE_UNSET ? 2 : 1;
    Value *roots = push_roots(t, 1);
    roots[0] = method;
    Value v = call_value(t, method, args + 1, argc);
    pop_roots(t, roots);
    return v;
}

/* What throw() was given is no exception: its leaf does not notice, but who delegates to
 * that does. */
static Value refuse_throw(Thread *t, Generator *g) {
    Generator *leaf = chain_leaf(g), *parent = leaf->parent;
    if (leaf == g) return VALUE_ERROR;
    generator_unlink(leaf);
    return run_activation(t, g, parent);
}

/* May [g] be thrown into? What it answers otherwise is in *answer. */
static bool can_throw(Thread *t, Generator *g, Value exception, Value *answer) {
    *answer = VALUE_ERROR;
    if (generator_is_running(g)) {
        raise_error(t, EXC_ValueError, "%s already executing", generator_kind_name(g));
    } else if (g->state != GEN_CLOSED) {
        return true;
    } else if (g->header.kind == OBJ_COROUTINE) {
        raise_error(t, EXC_RuntimeError, "cannot reuse already awaited coroutine");
    } else if (exception != VALUE_UNSET) {
        *answer = raise_as_it_is(t, exception);
    } else {
        return true;
    }
    return false;
}

/* An exception to close a generator with, in *root; false raised. */
static bool new_exit(Thread *t, Value *root) {
    *root = exception_new(t, EXCEPTION_CLASS(t, GeneratorExit), NULL, 0);
    return *root != VALUE_ERROR;
}

/* The delegator [node] of a closed chain has answered [v]. What goes on to its own delegator is
 * left in *error. */
static void after_close(Thread *t, Generator *node, Value v, Value *error) {
    *error = VALUE_UNSET;
    if (v == VALUE_DONE) return;
    if (v == VALUE_ERROR) {
        bool ended =
            exception_matches(t, EXC_GeneratorExit) || exception_matches(t, EXC_StopIteration);
        Value e = exception_take(t);
        if (!ended) *error = e;
        return;
    }
    raise_error(t, EXC_RuntimeError, "%s ignored GeneratorExit", generator_kind_name(node));
    *error = exception_take(t);
}

/* Close the chain under [g] by a GeneratorExit for each, innermost first; what that raises in the
 * end, or else [exception], is thrown into [g] itself, and what [g] does is the result, as of a
 * throw. */
static Value close_chain(Thread *t, Generator *g, Value exception) {
    Value *roots = push_roots(t, 4);
    roots[0] = object_value(g);
    roots[1] = exception;
    Value *error = &roots[2], v;
    Generator *node = chain_leaf(g);
    g->leaf = NULL;
    Value delegate = plain_delegate(node);
    if (is_native_coroutine(delegate)) native_coroutine_thrown(t, NATIVE_COROUTINE(delegate));
    if (delegate != VALUE_UNSET && !is_future(delegate)) {
        g->running = true;
        if (!close_delegate(t, delegate)) *error = exception_take(t);
        g->running = false;
    }
    while (node != g) {
        Generator *parent = node->parent;
        roots[3] = object_value(node);
        if (*error == VALUE_UNSET && !new_exit(t, error)) *error = exception_take(t);
        node->leaf = node;
        g->running = true;
        v = throw_at(t, node, node, *error);
        g->running = false;
        if (node->parent == parent) generator_unlink(node);
        after_close(t, node, v, error);
        node = parent;
    }
    g->leaf = g;
    v = throw_at(t, g, g, *error != VALUE_UNSET ? *error : exception);
    pop_roots(t, roots);
    return v;
}

static Value throw_into(Thread *t, Generator *g, Value *args) {
    Value answer;
    for (Generator *n = g->parent; n; n = n->parent) n->leaf = NULL;
    bool closing = is_generator_exit(t, args[1]);
    if (!closing && g->state != GEN_CLOSED) {
        Generator *leaf = chain_leaf(g);
        Value delegate = plain_delegate(leaf);
        if (delegate != VALUE_UNSET && leaf->state == GEN_SUSPENDED) {
            g->leaf = leaf;
            bool broken = false;
            g->running = true;
            Value v = throw_to_delegate(t, delegate, args, &broken);
            g->running = false;
            if (broken) return v;
            if (v != VALUE_UNSET) return after_delegate_throw(t, g, leaf, v);
        } else if (is_native_coroutine(delegate)) {
            native_coroutine_thrown(t, NATIVE_COROUTINE(delegate));
        }
    }
    Value e = generator_thrown(t, args);
    if (e == VALUE_ERROR)
        return closing || generator_is_running(g) || g->state == GEN_CLOSED ? e
                                                                            : refuse_throw(t, g);
    args[1] = e;
    args[2] = args[3] = VALUE_UNSET;
    if (!can_throw(t, g, e, &answer)) return answer; /* making it may have run anything */
    return closing ? close_chain(t, g, e) : throw_at(t, g, chain_leaf(g), e);
}

/* Is [f], which is suspended, at a plain yield? */
static bool at_yield(const Frame *f) {
    bool wide = frame_code(f)->flags & CODE_WIDE;
    uint64_t opcode =
        wide ? ((const uint64_t *)f->pc)[-1] & 0xffff : ((const uint32_t *)f->pc)[-1] & 0xff;
    return opcode == OP_YIELD;
}

Generator *generator_throw_directly(Thread *t, Generator *g, Value exception) {
    Generator *leaf = g->leaf;
    if (!leaf || leaf->state != GEN_SUSPENDED || g->running || g->parent) return NULL;
    if (!is_kind(exception, OBJ_EXCEPTION) || is_generator_exit(t, exception)) return NULL;
    if (!at_yield(&leaf->frame)) return NULL;
    raise_as_it_is(t, exception);
    return leaf;
}

Value generator_throw_arguments(Thread *t, Generator *g, Value *args) {
    Value v;
    if (!can_throw(t, g, VALUE_UNSET, &v)) return v;
    if (!enter_generator(t, g)) return VALUE_ERROR;
    v = throw_into(t, g, args);
    leave_native(t);
    return v;
}

Value generator_throw(Thread *t, Generator *g, Value exception) {
    Value *args = push_roots(t, 4);
    args[1] = exception;
    Value v = generator_throw_arguments(t, g, args);
    pop_roots(t, args);
    return v;
}

bool generator_close(Thread *t, Generator *g) {
    if (generator_is_running(g)) {
        raise_error(t, EXC_ValueError, "%s already executing", generator_kind_name(g));
        return false;
    }
    if (g->state == GEN_CREATED) g->state = GEN_CLOSED;
    if (g->state == GEN_CLOSED) return true;
    if (!enter_generator(t, g)) return false;
    for (Generator *n = g->parent; n; n = n->parent) n->leaf = NULL;
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(g);
    bool ok = new_exit(t, &roots[1]);
    if (ok) {
        after_close(t, g, close_chain(t, g, roots[1]), &roots[1]);
        ok = roots[1] == VALUE_UNSET;
        if (!ok) raise_as_it_is(t, roots[1]);
    }
    pop_roots(t, roots);
    leave_native(t);
    return ok;
}

Value generator_step(Thread *t, Generator *g, Value v, Value exception) {
    g->parkable = true;
    Value result =
        exception == VALUE_UNSET ? generator_send(t, g, v) : generator_throw(t, g, exception);
    g->parkable = false;
    return result;
}

Value generator_awaiting(const Generator *g) {
    if (generator_is_running(g)) return VALUE_NONE;
    if (g->delegate) {
        g->delegate->owned = false;
        return object_value(g->delegate);
    }
    Value v = plain_delegate(g);
    return v == VALUE_UNSET ? VALUE_NONE : v;
}
