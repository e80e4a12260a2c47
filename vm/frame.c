/* SPDX-License-Identifier: MIT */
/*
 * Pushing and popping ordinary frames, and entering Tulip code from C.
 *
 * Invariant: t->registers_top is the end of the running frame's registers, or of what natives
 * pushed above it; t->frames_top is the first free frame header. Read next: vm/execute_loop.h (the
 * loop that runs them), vm/call.c (who pushes from C).
 */
#include "vm/frame.h"

#include "vm/generator.h"

uint32_t frame_pc(const Frame *f) {
    const Code *code = frame_code(f);
    if (code->flags & CODE_WIDE) return (uint32_t)((const uint64_t *)f->pc - code->words.wide - 1);
    return (uint32_t)((const uint32_t *)f->pc - code->words.narrow - 1);
}

/* The level that called (or delegates to) [frame]; NULL at the bottom. The leaf of an activation
 * knows its [*root] and who resumed that. */
static Frame *outer(Frame *frame, const Generator **root, Frame **resumer) {
    const Generator *g = frame->generator;
    if (!g) return frame->caller;
    if (g->active_root) {
        *root = g->active_root;
        *resumer = frame->caller;
    }
    if (g == *root || !g->parent) return *resumer;
    return &g->parent->frame;
}

Frame *frame_of_program(Frame *f) {
    if (LIKELY(f && !code_is_library(frame_code(f)))) return f;
    const Generator *root = NULL;
    Frame *resumer = NULL;
    for (; f; f = outer(f, &root, &resumer)) {
        if (!code_is_library(frame_code(f))) return f;
    }
    return NULL;
}

size_t frames_count(Frame *f, size_t limit) {
    const Generator *root = NULL;
    Frame *resumer = NULL;
    size_t levels = 0;
    for (; f && levels < limit; f = outer(f, &root, &resumer)) levels++;
    return levels;
}

void frames_copy(Frame *f, size_t levels, Value *out) {
    const Generator *root = NULL;
    Frame *resumer = NULL;
    for (; levels > 0; levels--, f = outer(f, &root, &resumer)) {
        *out++ = object_value(frame_code(f));
        *out++ = fixnum(frame_pc(f));
    }
}

Frame *frame_push(Thread *t, Function *function, int bound) {
    Code *code = function->code;
    Value *registers = t->registers_top;
    if (UNLIKELY(t->depth >= t->vm->recursion_limit ||
                 registers + code->nregisters > t->registers_end ||
                 t->frames_top == t->frames_end)) {
        raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded");
        return NULL;
    }
    t->depth++;
    Frame *frame = t->frames_top++;
    *frame = (Frame){.caller = t->frame,
                     .pc = code->words.narrow,
                     .registers = registers,
                     .constants = code->constants,
                     .function = function,
                     .action = FRAME_ENTRY};
    for (int i = bound; i < code->nregisters; i++) registers[i] = VALUE_UNSET;
    t->registers_top = registers + code->nregisters;
    return frame;
}

void frame_pop(Thread *t, Frame *frame) {
    t->registers_top = frame->registers;
    t->frames_top = frame;
    t->depth--;
}

/* First register above the window of the call that [f] is executing; nregisters when it is
 * no call. */
static uint32_t first_dead_register(const Frame *f) {
    const Code *code = frame_code(f);
    if (frame_pc(f) == CODE_NOT_BEGUN) return code->nregisters;
    Instruction i = code_instruction_at(code, frame_pc(f));
    switch (i.op) {
    case OP_CALL: return i.a + 1 + i.b;
    case OP_CALL_METHOD: return i.a + 2 + i.b;
    case OP_CALL_EX: return i.a + 3;
    default: return code->nregisters;
    }
}

void frames_forget_temporaries(Thread *t) {
    for (Frame *f = t->frame; f; f = f->caller) {
        uint32_t count = frame_code(f)->nregisters;
        for (uint32_t i = first_dead_register(f); i < count; i++) f->registers[i] = VALUE_UNSET;
    }
}

Function *function_new(Thread *t, Code *code, Dict *globals) {
    size_t size = sizeof(Function) + code->ncaptures * sizeof(Cell *);
    Function *f = heap_allocate(&t->vm->heap, size, OBJ_FUNCTION, BUILTIN_CLASS(t, FUNCTION));
    f->code = code;
    f->globals = globals;
    f->defaults = f->kwdefaults = VALUE_NONE;
    f->name = object_value(code->name);
    f->qualname = object_value(code->qualname);
    f->doc = code->doc ? code->doc : VALUE_NONE;
    f->module = VALUE_UNSET; /* globals['__name__'] until set */
    return f;
}

Value function_run(Thread *t, Function *function, Value locals) {
    Frame *frame = frame_push(t, function, 0);
    if (!frame) return VALUE_ERROR;
    if (locals != VALUE_UNSET) frame->registers[0] = locals;
    if (!enter_native(t, "")) {
        frame_pop(t, frame);
        return VALUE_ERROR;
    }
    Value v = execute(t, frame);
    leave_native(t);
    return v;
}
