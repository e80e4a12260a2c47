/* SPDX-License-Identifier: MIT */
/*
 * Code objects: making and freeing them, decoding either width, positions.
 * Read next: vm/opcodes.def, compiler/emit.c (who fills them), vm/disassemble.c.
 */
#include "vm/code.h"

#include <stdlib.h>

#include "common/memory.h"
#include "vm/ops.h"
#include "vm/str.h"

const OpcodeInfo opcode_info[OP_COUNT] = {
#define OP(NAME, FORMAT, EXTRA, MEANING) {#NAME, FORMAT, MEANING, EXTRA},
#include "vm/opcodes.def"
#undef OP
};

Code *code_new(Thread *t) {
    Code *code = heap_allocate(&t->vm->heap, sizeof(Code), OBJ_CODE, BUILTIN_CLASS(t, CODE));
    code->doc = VALUE_NONE;
    return code;
}

void code_release(Code *code) {
    free(code->words.narrow);
    free(code->constants);
    free(code->handlers);
    free(code->positions);
    free(code->captures);
    free(code->capture_names);
    free(code->register_names);
    free(code->cell_names);
    free(code->signature.names);
    free(code->signature.defaults);
}

/* A copy of [size] bytes; NULL of none. */
static void *duplicate(const void *bytes, size_t size) {
    if (!bytes || !size) return NULL;
    void *copy = memory_alloc(size);
    memcpy(copy, bytes, size);
    return copy;
}

Code *code_copy(Thread *t, const Code *from) {
    Code *code = code_new(t);
    Object header = code->header;
    *code = *from;
    code->header = header;
    size_t parameters = (size_t)from->positional + from->keyword_only;
    code->words.narrow =
        duplicate(from->words.narrow, from->size * (from->flags & CODE_WIDE ? 8 : 4));
    code->constants = duplicate(from->constants, from->nconstants * sizeof *from->constants);
    code->handlers = duplicate(from->handlers, from->nhandlers * sizeof *from->handlers);
    code->positions = duplicate(from->positions, from->npositions * sizeof *from->positions);
    code->captures = duplicate(from->captures, from->ncaptures * sizeof *from->captures);
    code->capture_names =
        duplicate(from->capture_names, from->ncaptures * sizeof *from->capture_names);
    code->register_names =
        duplicate(from->register_names, from->nregister_names * sizeof *from->register_names);
    code->cell_names = duplicate(from->cell_names, from->ncells * sizeof *from->cell_names);
    code->signature.names =
        duplicate(from->signature.names, parameters * sizeof *from->signature.names);
    code->signature.defaults =
        duplicate(from->signature.defaults, parameters * sizeof *from->signature.defaults);
    return code;
}

CodePosition code_position(const Code *code, uint32_t pc) {
    if (!code->npositions || pc == CODE_NOT_BEGUN)
        return (CodePosition){.line = code->first_line,
                              .end_line = code->first_line,
                              .column = 65535,
                              .end_column = 65535};
    uint32_t low = 0, high = code->npositions;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (code->positions[middle].pc <= pc) low = middle;
        else high = middle;
    }
    return code->positions[low];
}

static uint64_t word_at(const Code *code, uint32_t pc) {
    return code->flags & CODE_WIDE ? code->words.wide[pc] : code->words.narrow[pc];
}

Instruction code_decode(const Code *code, uint32_t pc) {
    if (pc == CODE_NOT_BEGUN) pc = 0;
    uint64_t w = word_at(code, pc);
    Instruction i;
    if (code->flags & CODE_WIDE) {
        i.op = (Opcode)(w & 0xffff);
        i.a = (uint32_t)(w >> 16 & 0xffff);
        i.b = (uint32_t)(w >> 32 & 0xffff);
        i.c = (uint32_t)(w >> 48);
        i.bx = (uint32_t)(w >> 32);
        i.sbx = (int32_t)(w >> 32);
        i.sc = (int16_t)(w >> 48);
        if (opcode_info[i.op].format[0] == 's') i.sbx = (int32_t)((int64_t)w >> 16);
    } else {
        uint32_t n = (uint32_t)w;
        i.op = (Opcode)(n & 0xff);
        i.a = n >> 8 & 0xff;
        i.b = n >> 16 & 0xff;
        i.c = n >> 24;
        i.bx = n >> 16;
        i.sbx = (int32_t)n >> 16;
        i.sc = (int32_t)n >> 24;
        if (opcode_info[i.op].format[0] == 's') i.sbx = (int32_t)n >> 8;
    }
    return i;
}

Instruction code_instruction_at(const Code *code, uint32_t pc) {
    if (pc == CODE_NOT_BEGUN) return code_decode(code, 0);
    /* Positions begin at instructions. */
    uint32_t at = code->npositions ? code_position(code, pc).pc : 0;
    for (;;) {
        Instruction i = code_decode(code, at);
        at += 1 + opcode_info[i.op].extra;
        if (at > pc) return i;
    }
}

uint64_t code_extra(const Code *code, uint32_t pc, int i) {
    return word_at(code, pc + 1 + (uint32_t)i);
}
