/* SPDX-License-Identifier: MIT */
/*
 * Code objects: what the compiler makes of a function, class body, module or comprehension.
 *
 * Instructions are 32-bit words: op | A | B | C, 8 bits each (or op | A | Bx:16), followed by the
 * inline-cache and extra words that their row in opcodes.def asks for. A code that needs more than
 * 250 registers, 65,535 constants or jumps beyond ±32,000 words is *wide*: every word is 64 bits,
 * op:16 | A:16 | B:16 | C:16 (Bx: 32), and the wide copy of the loop runs it. Fields are otherwise
 * the same, so this file, the compiler and the disassembler know of the two widths in one place:
 * the functions below.
 *
 * Registers: parameters first (positional, keyword-only, *args, **kwargs), then locals, then
 * temporaries. A class body or name-mode code has its namespace mapping in register 0.
 *
 * Read next: vm/opcodes.def.
 */
#ifndef TULIP_VM_CODE_H
#define TULIP_VM_CODE_H

#include "vm/native.h"

/* Operand C of the calls. */
enum { CALL_DISCARDS = 1, CALL_ENTERS = 2 };

typedef enum Opcode {
#define OP(NAME, FORMAT, EXTRA, MEANING) OP_##NAME,
#include "vm/opcodes.def"
#undef OP
    OP_COUNT
} Opcode;

enum CodeFlags {
    CODE_GENERATOR = 1,
    CODE_COROUTINE = 2,
    CODE_ASYNC_GENERATOR = 4,
    CODE_VARARGS = 8,
    CODE_VARKW = 16,
    CODE_WIDE = 32,
    CODE_NAME_MODE = 64, /* class body, exec with locals: names are in the mapping in register 0 */
    CODE_HAS_CLEANUP = 128, /* contains try/with: a suspended generator of it wants finalisation */
    CODE_SIMPLE = 256, /* plain function: no *args, **kw, keyword-only; not generator/coroutine;
                          narrow: a call with the exact count pushes a frame at once */
    CODE_ITERABLE_COROUTINE = 512, /* types.coroutine, asyncio.coroutine: may be awaited */
    CODE_CLASS_BODY = 1024,
    CODE_MODULE = 2048,
    CODE_NESTED = 4096,
    CODE_LENDS_HANDLING = 8192, /* delegates inside a handler: its delegates see what it handles */
    CODE_WRAPPED_COROUTINE = 16384, /* of a plain function that asyncio.coroutine has wrapped */
};

/* Protected range [start, end) of instruction indices. When an instruction in it raises, R[exc] =
 * the exception and control goes to target. Inner ranges come first. */
typedef struct Handler {
    uint32_t start, end, target;
    uint16_t exc;
} Handler;

/* From this instruction index on, the source position is … */
typedef struct CodePosition {
    uint32_t pc;
    uint32_t line, end_line;     /* 1-based */
    uint16_t column, end_column; /* 0-based, code points; 65535: unknown */
} CodePosition;

/* Where a closure takes its i-th cell when it is made: register of the enclosing frame (holding the
 * cell), or the enclosing closure's cell. */
typedef struct Capture {
    uint16_t index;
    bool from_register;
} Capture;

struct Code {
    Object header;
    Str *name, *qualname, *filename;
    Value doc;          /* str or VALUE_NONE */
    Tuple *annotations; /* name, text, name, text, …; NULL: none */
    uint32_t flags;
    uint16_t positional, positional_only, keyword_only; /* parameter counts */
    uint16_t nregisters;
    uint16_t parameters;     /* registers they take, *args and **kwargs included */
    uint16_t attribute_hint; /* class bodies: attributes assigned to self in the methods */
    uint16_t ncaptures;
    uint32_t first_line;
    uint32_t size; /* words of code */
    union {
        uint32_t *narrow;
        uint64_t *wide;
    } words;
    uint32_t nconstants, nhandlers, npositions, nregister_names;
    Value *constants;
    Handler *handlers;
    CodePosition *positions;
    Capture *captures;
    Str **capture_names;  /* co_freevars */
    Str **register_names; /* parameters and locals by register; the rest are temporaries */
    Str **cell_names;
    uint16_t ncells;     /* co_cellvars */
    Signature signature; /* names/positional… for binding; defaults come from the function */
};

/* A code object with all arrays NULL; the compiler fills it in (arrays malloc'd, freed with it). */
Code *code_new(Thread *t);
/* A copy with arrays of its own. */
Code *code_copy(Thread *t, const Code *from);
/* Free a dead code's arrays (called by the collector). */
void code_release(Code *code);
/* The pc of a frame whose first instruction comes next: what happens there, at the safepoint of a
 * call, is outside of every try, and on the line of the def. */
#define CODE_NOT_BEGUN UINT32_MAX
/* Source position of the instruction at word [pc], which may be CODE_NOT_BEGUN. */
CodePosition code_position(const Code *code, uint32_t pc);
static inline int code_line(const Code *code, uint32_t pc) {
    return (int)code_position(code, pc).line;
}

/* Is it of the embedded library? Its files are named as they are in the source tree. */
static inline bool code_is_library(const Code *code) {
    return code->filename->size > 7 && memcmp(code->filename->data, "stdlib/", 7) == 0;
}

typedef struct OpcodeInfo {
    const char *name, *format, *meaning;
    uint8_t extra; /* words that follow */
} OpcodeInfo;
extern const OpcodeInfo opcode_info[OP_COUNT];

typedef struct Instruction { /* decoded */
    Opcode op;
    uint32_t a, b, c; /* B and C; bx when the format has it */
    uint32_t bx;
    int32_t sbx, sc; /* signed jump/immediate; sc: signed C */
} Instruction;
/* [pc] is where an instruction begins; the first when it is CODE_NOT_BEGUN. */
Instruction code_decode(const Code *code, uint32_t pc);
/* The instruction that the word at [pc] belongs to, which may be one of its extra words. */
Instruction code_instruction_at(const Code *code, uint32_t pc);
/* Extra word [i] (0-based) of the instruction at [pc]. */
uint64_t code_extra(const Code *code, uint32_t pc, int i);

/* Complete the class of code objects (vm/code_object.c). */
void code_object_init(Thread *t);
/* List a code object and those nested in it: `tulip dis`. Lines come from [source], or, when it is
 * NULL, from where tracebacks get them. */
struct Source;
struct Listing;
void code_disassemble(Thread *t, const Code *code, const struct Source *source,
                      const struct Listing *how, Buffer *out);

#endif
