/* SPDX-License-Identifier: MIT */
/*
 * The interpreter loop. Included by vm/execute.c (narrow code) and vm/execute_wide.c, and by
 * vm/execute_narrow_told.c and vm/execute_wide_told.c, which tell of each instruction. They
 * define Word, the field macros (OPCODE A B C BX SBX SC SB SJ JWORD), WIDE_CODE and the function's
 * name LOOP.
 *
 * A Tulip function calling another, and everything that resumes a generator (for, next, send, yield
 * from), relink the current frame and go on in this loop; only natives that call back nest. Slow
 * paths are functions (vm/execute_slow.c), so that each case stays short.
 *
 * The instructions stand by subject in vm/instructions/, whose files are included inside the one
 * function below and use its variables; here are the macros they share, the entry, and what happens
 * when something raises.
 *
 * Registers R[x] of the running frame need no barrier: stacks are scanned when a cycle starts and a
 * suspended generator's registers before its first resume in a cycle.
 *
 * Read next: vm/opcodes.def (what each instruction means), vm/generator.h (delegation).
 */

/* clang-format takes a label before a block for something else. */
/* clang-format off */

#ifndef BEFORE_INSTRUCTION
#define BEFORE_INSTRUCTION() (void)0
#endif
#define SAVE()     (f->pc = pc)
#define CASE(NAME) L_##NAME:
#define NEXT()                                                                                     \
    do {                                                                                           \
        BEFORE_INSTRUCTION();                                                                      \
        i = *pc++;                                                                                 \
        goto *labels[OPCODE(i)];                                                                   \
    } while (0)
#define RA               R[A(i)]
#define RB               R[B(i)]
#define RC               R[C(i)]
#define CONSTANT(n)      (f->constants[n])
#define NAME_CONSTANT(n) STR(CONSTANT(n))
/* R[a] := the value of [expr], which may raise. */
#define SET_CHECKED(target, expr)                                                                  \
    do {                                                                                           \
        SAVE();                                                                                    \
        v = (expr);                                                                                \
        if (UNLIKELY(v == VALUE_ERROR)) goto raise;                                                \
        (target) = v;                                                                              \
    } while (0)
#define CHECK(expr)                                                                                \
    do {                                                                                           \
        SAVE();                                                                                    \
        if (UNLIKELY(!(expr))) goto raise;                                                         \
    } while (0)
#define ENTER(next_frame)                                                                          \
    do {                                                                                           \
        f = (next_frame);                                                                          \
        t->frame = f;                                                                              \
        pc = f->pc;                                                                                \
        R = f->registers;                                                                          \
    } while (0)
#define POLL()                                                                                     \
    do {                                                                                           \
        if (UNLIKELY(thread_poll_bits(t))) CHECK(safepoint(t));                                    \
    } while (0)
/* A call of a native is a safepoint, except where a `with` statement enters: what was taken must
 * not be lost before its block begins. */
#define POLL_AFTER_NATIVE()                                                                        \
    do {                                                                                           \
        if (UNLIKELY(thread_poll_bits(t)) && C(i) != CALL_ENTERS) CHECK(safepoint(t));             \
    } while (0)
/* Take a conditional jump; a backward one is a safepoint. */
#define BRANCH(jump)                                                                               \
    do {                                                                                           \
        if (UNLIKELY(thread_poll_bits(t)) && (jump) < 0) CHECK(safepoint(t));                      \
        pc += (jump);                                                                              \
    } while (0)
static void fill_cache(Word *cache, const AttributeCache *found, uint64_t pointer) {
    if (found->index > 0xffffff) return;
    cache[1] = found->key;
    cache[2] = (Word)((uint32_t)found->kind << 24 | found->index);
    cache[3] = (uint32_t)pointer;
    cache[4] = (uint32_t)(pointer >> 32);
}

static Value load_attribute_and_cache(Thread *t, Value o, Str *name, Word *cache) {
    AttributeCache found;
    if (attribute_cache_load(t, o, name, &found) && found.kind != ATTR_CLASSMETHOD)
        fill_cache(cache, &found, found.value);
    return value_getattr(t, o, name);
}

static bool store_attribute_and_cache(Thread *t, Value o, Str *name, Value v, Word *cache) {
    AttributeCache found;
    if (attribute_cache_store(t, o, name, &found))
        fill_cache(cache, &found, found.shape ? (uintptr_t)found.shape : found.value);
    return value_setattr(t, o, name, v);
}

static bool load_method_and_cache(Thread *t, Value o, Str *name, Word *cache, Value *at) {
    AttributeCache found;
    if (attribute_cache_load(t, o, name, &found)) {
        if (found.kind != ATTR_PROPERTY) fill_cache(cache, &found, found.value);
        if (found.kind == ATTR_METHOD) {
            at[1] = o;
            at[0] = found.value;
            return true;
        }
    }
    Value v = value_getattr(t, o, name);
    if (v == VALUE_ERROR) return false;
    at[1] = v;
    at[0] = VALUE_UNSET;
    return true;
}

/* Run t->frame until the frame with action FRAME_ENTRY below it is left. */
Value LOOP(Thread *t) {
    static const void *const labels[] = {
#define OP(NAME, FORMAT, EXTRA, MEANING) &&L_##NAME,
#include "vm/opcodes.def"
#undef OP
    };
    Vm *const vm = t->vm;
    Frame *f;
    const Word *pc;
    Value *R;
    Word i;
    Value v;
    /* a call under way */
    Value callee, *args;
    Value operands[2]; /* of an operator whose method is called */
    int argc;
    Tuple *kwnames;
    /* a resume under way */
    Generator *g, *leaf;
    uint32_t dest;
    uint8_t action;

    ENTER(t->frame);
    if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
    NEXT();


#include "vm/instructions/variables.h"
#include "vm/instructions/attributes.h"
#include "vm/instructions/items.h"
#include "vm/instructions/operators.h"
#include "vm/instructions/jumps.h"
#include "vm/instructions/iteration.h"
#include "vm/instructions/building.h"
#include "vm/instructions/calls.h"
#include "vm/instructions/generators.h"
#include "vm/instructions/exceptions.h"
#include "vm/instructions/statements.h"

    /* ---- raising ---- */
unbound:
    SAVE();
    raise_unbound(t, frame_code(f), A(i));
    goto raise;
unbound_free:
    SAVE();
    raise_unbound_free(t, frame_code(f), BX(i));
raise: /* t->exception was raised by the instruction before pc */
    SAVE();
    exception_add_traceback(t, t->exception, f->function, frame_pc(f));
unwind: {
    const Code *code = frame_code(f);
    uint32_t at = frame_pc(f);
    for (uint32_t n = 0; n < code->nhandlers; n++) {
        const Handler *handler = &code->handlers[n];
        if (at < handler->start || at >= handler->end) continue;
        R[handler->exc] = t->exception;
        PROBE(t, EXCEPTION_HANDLER, t->exception, object_value(f->function));
        t->exception = VALUE_UNSET;
        pc = CODE_WORDS(code) + handler->target;
        NEXT();
    }
    exception_leave_frame(t, t->exception, f);
    Generator *generator = f->generator;
    action = f->action;
    Frame *caller = f->caller;
    if (!generator) {
        frame_pop(t, f);
    } else {
        if (UNLIKELY(has_return(vm)) && generator_takes_return(t, generator, &v)) goto leave;
        generator_convert_stop(t, code);
        generator->state = GEN_CLOSED;
        if (UNLIKELY(generator->handling)) generator_exchange_handling(t, generator);
        if (generator->active_root != generator) { /* raise in the parent that delegated to it */
            Generator *parent = generator->parent;
            bool same_width = generator_pop(t, generator, parent);
            t->frame = &parent->frame;
            if (UNLIKELY(!same_width)) return VALUE_SWITCH;
            ENTER(&parent->frame);
            i = pc[-1]; /* its SEND */
            RA = VALUE_UNSET;
            recycle_delegate(&vm->heap, generator);
            goto raise;
        }
        generator->running = false;
        generator->leaf = generator;
        t->depth--;
    }
    t->frame = caller;
    switch (action & ~FRAME_OTHER_WIDTH) {
    case FRAME_ENTRY: return VALUE_ERROR;
    case FRAME_NEXT:
        if (exception_matches(t, EXC_StopIteration)) {
            exception_take(t);
            frame_branch(caller);
        }
        break;
    default: break;
    }
    goto back_in_caller;
}
}
