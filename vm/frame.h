/* SPDX-License-Identifier: MIT */
/*
 * A Frame is one activation of Tulip code. Ordinary frames sit on the thread's frame stack and
 * their registers on its register stack; a generator embeds both. The dynamic link [caller] is who
 * gets control back: for a generator it is set at every resume to whoever resumed the root of its
 * delegation chain.
 *
 * Read next: vm/generator.h.
 */
#ifndef TULIP_VM_FRAME_H
#define TULIP_VM_FRAME_H

#include "vm/code.h"

/* What becomes of the value a frame returns (or, for generators, yields). */
typedef enum FrameAction {
    FRAME_RESULT, /* caller's R[dest] := value */
    FRAME_ENTRY,  /* entered from C: execute() returns the value */
    FRAME_INIT,   /* __init__: value must be None; caller's R[dest] is the new object already */
    FRAME_FOR,    /* generator driven by FOR_ITER: yield → R[dest], return → jump to its exit */
    FRAME_SEND,   /* generator driven by an unlinked SEND: → R[dest]; return: jumps as well */
    FRAME_NEXT,   /* a Tulip __next__ called by FOR_ITER: StopIteration → jump to its exit */
    FRAME_CLOSE, /* generator being closed by CLOSE_OWNED: return → go on, yield → RuntimeError */
    FRAME_OTHER_WIDTH = 0x80, /* flag: the caller's code is of the other width */
} FrameAction;

struct Frame {
    Frame *caller;
    const void *pc; /* next instruction to run, valid whenever this frame is not the running one */
    Value *registers;
    Value *constants; /* the code's */
    Function *function;
    Generator *generator; /* NULL for ordinary frames */
    uint16_t dest;
    uint8_t action; /* FrameAction */
    uint8_t flags;
    uint32_t resume; /* suspended generator: the register that takes what is sent */
};

static inline Code *frame_code(const Frame *f) { return f->function->code; }
/* Index of the instruction [f] is at (the one whose call is under way), or CODE_NOT_BEGUN. */
uint32_t frame_pc(const Frame *f);
/* The innermost frame that runs the program's own code and not the library's: [f] itself, one of
 * its callers and delegators, or NULL. */
Frame *frame_of_program(Frame *f);
/* How many levels there are from [f] outward, at most [limit]; the Code and the pc of each of the
 * first [levels], as values, to [out]. */
size_t frames_count(Frame *f, size_t limit);
void frames_copy(Frame *f, size_t levels, Value *out);

/* Push a frame for [function]; its registers from [bound] on are unset, the caller fills those
 * before. NULL: RecursionError. */
Frame *frame_push(Thread *t, Function *function, int bound) MUST_CHECK;
/* Temporaries are a stack: those above the call that a frame is executing are dead. Forget what
 * they still hold, so that an explicit collection finds all that is unreachable. */
void frames_forget_temporaries(Thread *t);
/* Undo frame_push. */
void frame_pop(Thread *t, Frame *frame);

/* Run [frame] (already pushed, action FRAME_ENTRY) until it returns; nested once per native
 * re-entry. */
Value execute(Thread *t, Frame *frame) MUST_CHECK;

/* Make a function object from compiled code. */
Function *function_new(Thread *t, Code *code, Dict *globals);
/* Run a compiled module or name-mode code. [locals] VALUE_UNSET: none. */
Value function_run(Thread *t, Function *function, Value locals) MUST_CHECK;

#endif
