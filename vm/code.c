/* SPDX-License-Identifier: MIT */
/*
 * Code objects: making and freeing them, decoding either width, positions, and the disassembly of
 * `tulip dis`. Read next: vm/opcodes.def, compiler/emit.c (who fills them).
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

/* ---- disassembly ---- */

static void put_register(Buffer *out, const Code *code, uint32_t r) {
    if (r < code->nregister_names && code->register_names[r])
        buffer_printf(out, "%s", code->register_names[r]->data);
    else buffer_printf(out, "t%u", r);
}

static void put_constant(Thread *t, Buffer *out, const Code *code, uint64_t n) {
    Value v = n < code->nconstants ? code->constants[n] : VALUE_UNSET;
    if (is_kind(v, OBJ_CODE)) {
        buffer_printf(out, "<code %s>", ((Code *)object_of(v))->qualname->data);
        return;
    }
    Str *text = value_repr(t, v);
    if (text) buffer_append(out, text->data, text->size < 60 ? text->size : 60);
}

/* What the J word or an extra word says, by what the meaning of the opcode mentions. */
static void put_extra(Thread *t, Buffer *out, const Code *code, uint32_t pc,
                      const OpcodeInfo *info) {
    uint64_t word = code_extra(code, pc, 0);
    if (strstr(info->meaning, "go to J word")) {
        int64_t jump = code->flags & CODE_WIDE ? (int64_t)word : (int32_t)word;
        buffer_printf(out, " → %lld", (long long)(pc + 2 + jump));
    } else if (strstr(info->meaning, "K[extra word]") || strchr(info->meaning, 'N')) {
        buffer_puts(out, " ");
        put_constant(t, out, code, word);
    } else {
        buffer_printf(out, " %llu", (unsigned long long)word);
    }
}

static void put_operands(Thread *t, Buffer *out, const Code *code, uint32_t pc) {
    Instruction i = code_decode(code, pc);
    const OpcodeInfo *info = &opcode_info[i.op];
    uint32_t next = pc + 1 + info->extra;
    const char *f = info->format;
    if (!strcmp(f, "sJ")) {
        buffer_printf(out, "→ %d", (int)next + i.sbx);
        return;
    }
    if (f[0] == 'A') put_register(out, code, i.a);
    if (!strcmp(f, "ABx")) {
        buffer_puts(out, " ");
        bool cell = strstr(info->meaning, "captured cell Bx");
        if (cell && i.bx < code->ncaptures)
            buffer_printf(out, "%s", code->capture_names[i.bx]->data);
        else put_constant(t, out, code, i.bx);
    } else if (!strcmp(f, "AsBx")) {
        if (strstr(info->meaning, "go to sBx")) buffer_printf(out, " → %d", (int)next + i.sbx);
        else buffer_printf(out, " %d", i.sbx);
    } else if (!strncmp(f, "AB", 2)) {
        buffer_puts(out, " ");
        bool count =
            strstr(info->meaning, "R[B") == NULL && strstr(info->meaning, "R[A+B]") != NULL;
        if (count || strstr(info->meaning, "B arguments") || strstr(info->meaning, "integer B"))
            buffer_printf(out, "%u", i.b);
        else put_register(out, code, i.b);
        if (!strcmp(f, "ABC")) {
            buffer_puts(out, " ");
            if (strstr(info->meaning, "R[C]")) put_register(out, code, i.c);
            else buffer_printf(out, "%u", i.c);
        } else if (!strcmp(f, "ABsC")) {
            buffer_printf(out, " %d", i.sc);
        }
    }
    if (info->extra) put_extra(t, out, code, pc, info);
}

static void put_handlers(Buffer *out, const Code *code) {
    for (uint32_t i = 0; i < code->nhandlers; i++) {
        const Handler *h = &code->handlers[i];
        buffer_printf(out, "  handler %u..%u → %u, exception in t%u\n", h->start, h->end, h->target,
                      h->exc);
    }
}

void code_disassemble(Thread *t, const Code *code, Buffer *out) {
    buffer_printf(out, "%s: %u registers, %u words%s\n", code->qualname->data, code->nregisters,
                  code->size, code->flags & CODE_WIDE ? ", wide" : "");
    uint32_t line = 0;
    for (uint32_t pc = 0; pc < code->size;) {
        Instruction i = code_decode(code, pc);
        uint32_t here = code_position(code, pc).line;
        if (here != line) buffer_printf(out, "%5u", here);
        else buffer_puts(out, "     ");
        line = here;
        buffer_printf(out, " %5u  %-20s ", pc, opcode_info[i.op].name);
        put_operands(t, out, code, pc);
        buffer_putc(out, '\n');
        pc += 1 + opcode_info[i.op].extra;
    }
    put_handlers(out, code);
    for (uint32_t i = 0; i < code->nconstants; i++) {
        if (!is_kind(code->constants[i], OBJ_CODE)) continue;
        buffer_putc(out, '\n');
        code_disassemble(t, (Code *)object_of(code->constants[i]), out);
    }
}
