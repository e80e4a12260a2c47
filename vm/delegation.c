/* SPDX-License-Identifier: MIT */
/*
 * Chains of delegating generators: linking, resuming at the leaf, popping.
 *
 * A chain is root → … → leaf by [delegate], and back by [parent]. The interpreter loop does the
 * common cases itself; this file does what needs thought: the first resume, a chain whose middle
 * somebody else has resumed or closed, a delegate that runs already.
 *
 * Invariants: child->parent == p exactly while p->delegate == child, p is suspended at its SEND,
 * and the child was linked by that SEND. Only a root's leaf cache is used; it is NULL when unknown.
 * Read next: vm/generator.c.
 */
#include "vm/execute.h"

enum { MAX_CHAIN = 2000000 }; /* links; a deeper chain is a RecursionError */

bool generator_is_running(const Generator *g) {
    for (; g; g = g->parent) {
        if (g->running) return true;
    }
    return false;
}

/* Register A of the SEND at which [g] is suspended. */
static uint32_t send_register(const Generator *g) {
    const Code *code = frame_code(&g->frame);
    return code_decode(code, frame_pc(&g->frame)).a;
}

void frame_branch(Frame *frame) {
    const Code *code = frame_code(frame);
    int32_t jump = code_decode(code, frame_pc(frame)).sbx;
    if (code->flags & CODE_WIDE) frame->pc = (const uint64_t *)frame->pc + jump;
    else frame->pc = (const uint32_t *)frame->pc + jump;
}

void generator_finish_delegation(Generator *parent, Value v) {
    parent->registers[send_register(parent) + 1] = v;
    frame_branch(&parent->frame);
}

void generator_unlink(Generator *child) {
    if (!child->parent) return;
    child->parent->delegate = NULL;
    child->parent = NULL;
    child->handling = VALUE_ERROR;
}

/* ---- what is being handled ---- */

/* The instructions after a suspension in a handler that an exception goes to first: EXC_ENTER …,
 * RERAISE with C = 1. The last EXC_ENTER installs what is handled innermost. */
Value generator_lent_handling(const Generator *self) {
    const Code *code = frame_code(&self->frame);
    if (LIKELY(!(code->flags & CODE_LENDS_HANDLING))) return VALUE_ERROR;
    uint32_t at = frame_pc(&self->frame);
    for (uint32_t n = 0; n < code->nhandlers; n++) {
        const Handler *handler = &code->handlers[n];
        if (at < handler->start || at >= handler->end) continue;
        uint32_t pc = handler->target, inner = 0;
        Instruction i = code_decode(code, pc);
        for (; i.op == OP_EXC_ENTER; i = code_decode(code, ++pc)) inner = i.a;
        return i.op == OP_RERAISE && i.c == 1 ? self->registers[inner + 1] : VALUE_ERROR;
    }
    return VALUE_ERROR;
}

void generator_chain_context(Thread *t, Value exception) {
    if (exception == t->thrown && EXCEPTION(exception)->context == VALUE_NONE)
        raise_value(t, exception);
}

/* The chain from [leaf] up to [child] is about to run for [self], which gives up the activation. */
static void pass_handling(Thread *t, Generator *self, Generator *child, Generator *leaf) {
    if (self->handling) generator_exchange_handling(t, self);
    Value seen = generator_lent_handling(self);
    if (!seen) seen = self->handling;
    for (Generator *g = leaf; seen; g = g->parent) {
        if (!g->handling) heap_set(&t->vm->heap, &g->handling, seen);
        if (g == child) break;
    }
    if (leaf->handling) generator_exchange_handling(t, leaf);
}

static void forget_leaves_above(Generator *g) {
    for (Generator *n = g->parent; n; n = n->parent) n->leaf = NULL;
}

/* From [g] down to where a resume enters. A generator that was closed meanwhile counts as having
 * returned None; a coroutine that was, and a delegate that runs, raise in their parent. *entered:
 * nothing is to be sent there any more. */
static Generator *walk_down(Thread *t, Generator *g, bool *entered) {
    *entered = false;
    while (g->delegate) {
        Generator *child = g->delegate;
        if (child->state == GEN_CLOSED) {
            generator_unlink(child);
            if (child->header.kind == OBJ_COROUTINE)
                raise_error(t, EXC_RuntimeError, "cannot reuse already awaited coroutine");
            else generator_finish_delegation(g, VALUE_NONE);
            *entered = true;
            return g;
        }
        if (child->running) {
            generator_unlink(child);
            raise_error(t, EXC_ValueError, "%s already executing", generator_kind_name(child));
            *entered = true;
            return g;
        }
        /* may be out of date, and is not looked at before child is a root again */
        child->leaf = NULL;
        g = child;
    }
    return g;
}

void generator_abandon(Generator *g) {
    forget_leaves_above(g);
    if (g->delegate) generator_unlink(g->delegate);
    g->leaf = g;
    g->state = GEN_CLOSED;
}

const char *generator_kind_name(const Generator *g) {
    switch (object_kind(&g->header)) {
    case OBJ_COROUTINE: return "coroutine";
    case OBJ_ASYNC_GENERATOR: return "async generator";
    default: return "generator";
    }
}

/* Start a created generator, or put [sent] where the leaf expects it. */
static Generator *deliver(Thread *t, Generator *leaf, Value sent) {
    switch ((GeneratorState)leaf->state) {
    case GEN_CREATED:
        if (sent != VALUE_NONE) {
            raise_error(t, EXC_TypeError, "can't send non-None value to a just-started %s",
                        generator_kind_name(leaf));
            return NULL;
        }
        leaf->state = GEN_SUSPENDED;
        leaf->depth = 0;
        return leaf;
    case GEN_PARKED: { /* execute the SEND again */
        bool wide = frame_code(&leaf->frame)->flags & CODE_WIDE;
        leaf->frame.pc =
            (const char *)leaf->frame.pc - (wide ? sizeof(uint64_t) : sizeof(uint32_t));
        leaf->state = GEN_SUSPENDED;
        leaf->registers[leaf->frame.resume] = sent;
        return leaf;
    }
    default: leaf->registers[leaf->frame.resume] = sent; return leaf;
    }
}

Generator *generator_prepare(Thread *t, Generator *g, Value sent) {
    if (generator_is_running(g)) {
        raise_error(t, EXC_ValueError, "%s already executing", generator_kind_name(g));
        return NULL;
    }
    if (g->state == GEN_CLOSED) {
        if (g->header.kind == OBJ_COROUTINE)
            raise_error(t, EXC_RuntimeError, "cannot reuse already awaited coroutine");
        return NULL;
    }
    forget_leaves_above(g);
    Generator *leaf = g->leaf;
    bool entered = false;
    if (!leaf || leaf->state == GEN_CLOSED) leaf = walk_down(t, g, &entered);
    return entered ? leaf : deliver(t, leaf, sent);
}

Generator *generator_link(Thread *t, Generator *self, Generator *child, Value sent) {
    if (UNLIKELY(self->depth >= MAX_CHAIN)) {
        raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded in yield from");
        return NULL;
    }
    Generator *leaf = child->leaf;
    bool entered = false;
    if (!leaf || leaf->state == GEN_CLOSED) leaf = walk_down(t, child, &entered);
    if (!entered && !deliver(t, leaf, sent == VALUE_UNSET ? VALUE_NONE : sent)) return NULL;
    child->leaf = NULL;
    child->parent = self;
    child->depth = self->depth + 1;
    self->delegate = child;
    Frame *from = &self->frame, *to = &leaf->frame;
    to->caller = from->caller;
    to->dest = from->dest;
    to->action = from->action;
    if ((frame_code(from)->flags ^ frame_code(to)->flags) & CODE_WIDE)
        to->action ^= FRAME_OTHER_WIDTH;
    leaf->active_root = self->active_root;
    Heap *heap = &t->vm->heap;
    if (UNLIKELY(heap->marking) && leaf->epoch != heap->epoch) generator_scan(heap, leaf);
    if (UNLIKELY(self->handling || leaf->handling ||
                 frame_code(from)->flags & CODE_LENDS_HANDLING)) {
        pass_handling(t, self, child, leaf);
    }
    return leaf;
}

bool generator_pop(Thread *t, Generator *child, Generator *parent) {
    child->parent = NULL;
    parent->delegate = NULL;
    Frame *from = &child->frame, *to = &parent->frame;
    to->caller = from->caller;
    to->dest = from->dest;
    to->action = from->action;
    parent->active_root = child->active_root;
    Heap *heap = &t->vm->heap;
    if (UNLIKELY(heap->marking) && parent->epoch != heap->epoch) generator_scan(heap, parent);
    if (UNLIKELY(parent->handling)) generator_exchange_handling(t, parent);
    bool same_width = !((frame_code(from)->flags ^ frame_code(to)->flags) & CODE_WIDE);
    if (!same_width) to->action ^= FRAME_OTHER_WIDTH;
    return same_width;
}
