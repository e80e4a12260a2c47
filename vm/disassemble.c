/* SPDX-License-Identifier: MIT */
/*
 * The disassembly: `tulip dis`, dis.dis(), `:dis`.
 *
 * What an operand is (a register, a constant, a number, a jump) is read off the opcode's format and
 * meaning in vm/opcodes.def, so a new opcode needs nothing here. Registers of variables go by the
 * variable's name, the others are t0, t1 …; `»` marks where something jumps to.
 *
 * Read next: vm/opcodes.def, docs/bytecode.md.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/listing.h"
#include "common/memory.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Dis {
    Thread *t;
    const Code *code;
    const Source *source;
    const Listing *how;
    uint8_t *targets; /* by word: something jumps here */
    Buffer *out;
} Dis;

enum { MOST_OPERANDS = 5, LONGEST_CONSTANT = 60 };

typedef struct Operands {
    Buffer text[MOST_OPERANDS];
    Paint paint[MOST_OPERANDS];
    int count;
    int64_t jump;    /* -1: none */
    uint32_t cached; /* the first word of its cache, counted from the opcode; 0: none */
} Operands;

/* ---- operands ---- */

static Buffer *operand(Operands *o, Paint paint) {
    o->paint[o->count] = paint;
    return &o->text[o->count++];
}

static void put_register_name(Buffer *out, const Code *code, uint32_t r) {
    if (r < code->nregister_names && code->register_names[r])
        buffer_puts(out, code->register_names[r]->data);
    else buffer_printf(out, "t%u", r);
}

static void add_register(const Dis *d, Operands *o, uint32_t r) {
    put_register_name(operand(o, PAINT_NAME), d->code, r);
}

static void add_number(Operands *o, long long n) {
    buffer_printf(operand(o, PAINT_VALUE), "%lld", n);
}

static void add_jump(Operands *o, int64_t target) {
    o->jump = target;
    buffer_printf(operand(o, PAINT_JUMP), "→ %lld", (long long)target);
}

/* [text] up to [limit] bytes, without half a character. */
static void put_cut(Buffer *out, const Str *text, size_t limit) {
    size_t size = text->size;
    if (size > limit) {
        size = limit;
        while (size && ((unsigned char)text->data[size] & 0xC0) == 0x80) size--;
    }
    buffer_append(out, text->data, size);
    if (size < text->size) buffer_puts(out, "…");
}

static void add_constant(const Dis *d, Operands *o, uint64_t n) {
    Buffer *out = operand(o, PAINT_VALUE);
    Value v = n < d->code->nconstants ? d->code->constants[n] : VALUE_UNSET;
    if (is_kind(v, OBJ_CODE)) {
        buffer_printf(out, "<code %s>", ((Code *)object_of(v))->qualname->data);
        return;
    }
    Str *text = v == VALUE_UNSET ? NULL : value_repr(d->t, v);
    if (text) put_cut(out, text, LONGEST_CONSTANT);
    else buffer_puts(out, "?");
    if (!text && v != VALUE_UNSET) exception_take(d->t);
}

static bool says(const OpcodeInfo *info, const char *words) {
    return strstr(info->meaning, words) != NULL;
}

/* Does the meaning speak of N, the name in the first extra word? */
static bool has_name(const OpcodeInfo *info) {
    for (const char *p = info->meaning; (p = strchr(p, 'N')); p++) {
        bool begins = p == info->meaning || p[-1] == ' ' || p[-1] == '.';
        char next = p[1];
        if (begins && (!next || strchr(" ,;", next))) return true;
    }
    return false;
}

/* The words that follow: a jump, a name, a constant, a number; the rest is a cache. */
static void add_extra(const Dis *d, Operands *o, uint32_t pc, const OpcodeInfo *info) {
    uint64_t word = code_extra(d->code, pc, 0);
    bool used = true;
    if (says(info, "go to J word"))
        add_jump(o, pc + 1 + info->extra +
                        (d->code->flags & CODE_WIDE ? (int64_t)word : (int32_t)word));
    else if (says(info, "captured cell J word") && word < d->code->ncaptures)
        buffer_puts(operand(o, PAINT_NAME), d->code->capture_names[word]->data);
    else if (says(info, "K[extra word]") || has_name(info)) add_constant(d, o, word);
    else if (says(info, "cache")) used = false;
    else add_number(o, (long long)word);
    if (info->extra > used) o->cached = 1 + used;
}

static void add_long_field(const Dis *d, Operands *o, const Instruction *i,
                           const OpcodeInfo *info) {
    if (says(info, "captured cell Bx") && i->bx < d->code->ncaptures)
        buffer_puts(operand(o, PAINT_NAME), d->code->capture_names[i->bx]->data);
    else add_constant(d, o, i->bx);
}

/* B is a register when the meaning says R[B…]; an integer or a count when it speaks of it
 * otherwise; else unused. */
static void add_b(const Dis *d, Operands *o, const Instruction *i, const OpcodeInfo *info) {
    if (says(info, "signed integer B"))
        add_number(o, d->code->flags & CODE_WIDE ? (int16_t)i->b : (int8_t)i->b);
    else if (says(info, "integer B")) add_number(o, i->b);
    else if (says(info, "R[B")) add_register(d, o, i->b);
    else if (strchr(info->meaning, 'B')) add_number(o, i->b);
}

static void find_operands(const Dis *d, uint32_t pc, Operands *o) {
    Instruction i = code_decode(d->code, pc);
    const OpcodeInfo *info = &opcode_info[i.op];
    int64_t next = (int64_t)pc + 1 + info->extra;
    const char *f = info->format;
    *o = (Operands){.jump = -1};
    if (!strcmp(f, "sJ")) add_jump(o, next + i.sbx);
    if (f[0] == 'A') add_register(d, o, i.a);
    if (!strcmp(f, "ABx")) add_long_field(d, o, &i, info);
    else if (!strcmp(f, "AsBx") && says(info, "go to sBx")) add_jump(o, next + i.sbx);
    else if (!strcmp(f, "AsBx")) add_number(o, i.sbx);
    else if (!strncmp(f, "AB", 2)) add_b(d, o, &i, info);
    if (!strcmp(f, "ABC") && says(info, "R[C]")) add_register(d, o, i.c);
    else if (!strcmp(f, "ABC")) add_number(o, i.c);
    else if (!strcmp(f, "ABsC")) add_number(o, i.sc);
    if (info->extra) add_extra(d, o, pc, info);
}

static void free_operands(Operands *o) {
    for (int i = 0; i < o->count; i++) buffer_free(&o->text[i]);
}

/* ---- where something jumps to ---- */

static void mark(Dis *d, int64_t target) {
    if (target >= 0 && target < (int64_t)d->code->size) d->targets[target] = 1;
}

static void find_targets(Dis *d) {
    d->targets = calloc(d->code->size + 1, 1);
    if (!d->targets) memory_exhausted(d->code->size);
    for (uint32_t pc = 0; pc < d->code->size;) {
        Operands o;
        find_operands(d, pc, &o);
        mark(d, o.jump);
        free_operands(&o);
        pc += 1 + opcode_info[code_decode(d->code, pc).op].extra;
    }
    for (uint32_t i = 0; i < d->code->nhandlers; i++) mark(d, d->code->handlers[i].target);
}

/* ---- for people ---- */

static const char *kind_of(const Code *code) {
    if (code->flags & CODE_ASYNC_GENERATOR) return "async generator";
    if (code->flags & CODE_COROUTINE) return "coroutine";
    if (code->flags & CODE_GENERATOR) return "generator";
    if (code->flags & CODE_CLASS_BODY) return "class body";
    return code->flags & CODE_MODULE ? "module" : "function";
}

static void put_names(const Dis *d, const char *title, Str *const *names, uint32_t count) {
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!names[i]) continue;
        buffer_puts(d->out, any ? ", " : title);
        listing_put(d->how, d->out, PAINT_NAME, names[i]->data);
        any = true;
    }
    if (any) buffer_putc(d->out, '\n');
}

static void put_header(const Dis *d) {
    const Code *code = d->code;
    listing_put(d->how, d->out, PAINT_NAME, code->qualname->data);
    buffer_printf(d->out, ": %s, %u register%s, %u words%s\n", kind_of(code), code->nregisters,
                  code->nregisters == 1 ? "" : "s", code->size,
                  code->flags & CODE_WIDE ? ", wide" : "");
    put_names(d, "  variables: ", code->register_names, code->nregister_names);
    put_names(d, "  cells: ", code->cell_names, code->ncells);
    put_names(d, "  captured: ", code->capture_names, code->ncaptures);
}

static void put_source_line(const Dis *d, uint32_t line) {
    Buffer text = {0};
    size_t size = 0;
    const char *start = "";
    if (d->source) {
        start = source_line_text(d->source, line, &size);
    } else if (d->t->vm->hooks.source_line &&
               d->t->vm->hooks.source_line(d->t->vm, d->code->filename->data, (int)line, &text)) {
        start = text.data;
        size = text.size;
        while (size && start[size - 1] == '\n') size--;
    }
    listing_put_line(d->how, d->out, line, start ? start : "", size);
    buffer_free(&text);
}

static void put_caches(const Dis *d, uint32_t pc, const Operands *o) {
    uint32_t extra = opcode_info[code_decode(d->code, pc).op].extra;
    if (!d->how->caches || !o->cached) return;
    Buffer text = {0};
    buffer_puts(&text, "  cache");
    for (uint32_t i = o->cached; i <= extra; i++)
        buffer_printf(&text, " %llx", (unsigned long long)code_extra(d->code, pc, (int)i - 1));
    listing_put(d->how, d->out, PAINT_DIM, text.data);
    buffer_free(&text);
}

static void put_instruction(const Dis *d, uint32_t pc) {
    Operands o;
    char where[32], name[32];
    find_operands(d, pc, &o);
    const char *opcode = opcode_info[code_decode(d->code, pc).op].name;
    if (d->targets[pc]) snprintf(where, sizeof where, "     » %5u  ", pc);
    else snprintf(where, sizeof where, "       %5u  ", pc);
    listing_put(d->how, d->out, d->targets[pc] ? PAINT_JUMP : PAINT_DIM, where);
    snprintf(name, sizeof name, o.count ? "%-20s" : "%s", opcode);
    listing_put(d->how, d->out, PAINT_NAME, name);
    for (int i = 0; i < o.count; i++) {
        buffer_putc(d->out, ' ');
        const char *text = o.text[i].data ? o.text[i].data : "";
        if (o.paint[i] == PAINT_NAME) buffer_puts(d->out, text);
        else listing_put(d->how, d->out, o.paint[i], text);
    }
    put_caches(d, pc, &o);
    buffer_putc(d->out, '\n');
    free_operands(&o);
}

static void put_handlers(const Dis *d) {
    const Code *code = d->code;
    if (code->nhandlers) buffer_puts(d->out, "  exceptions:\n");
    for (uint32_t i = 0; i < code->nhandlers; i++) {
        const Handler *h = &code->handlers[i];
        buffer_printf(d->out, "       %5u to %u → %u, in ", h->start, h->end - 1, h->target);
        put_register_name(d->out, code, h->exc);
        buffer_putc(d->out, '\n');
    }
}

static void put_body(const Dis *d) {
    uint32_t line = 0;
    for (uint32_t pc = 0; pc < d->code->size;) {
        uint32_t here = code_position(d->code, pc).line;
        if (here != line) put_source_line(d, here);
        line = here;
        put_instruction(d, pc);
        pc += 1 + opcode_info[code_decode(d->code, pc).op].extra;
    }
    put_handlers(d);
}

/* ---- for tools ---- */

static void put_json_str(Buffer *out, const Str *text) {
    listing_put_json(out, text->data, text->size);
}

static void put_json_names(const Dis *d, const char *key, Str *const *names, uint32_t count) {
    buffer_printf(d->out, ", \"%s\": [", key);
    for (uint32_t i = 0; i < count; i++) {
        if (i) buffer_puts(d->out, ", ");
        if (names[i]) put_json_str(d->out, names[i]);
        else buffer_puts(d->out, "null");
    }
    buffer_putc(d->out, ']');
}

static void put_json_header(const Dis *d) {
    const Code *code = d->code;
    buffer_puts(d->out, "{\"name\": ");
    put_json_str(d->out, code->name);
    buffer_puts(d->out, ", \"qualname\": ");
    put_json_str(d->out, code->qualname);
    buffer_puts(d->out, ", \"filename\": ");
    put_json_str(d->out, code->filename);
    buffer_printf(d->out,
                  ", \"kind\": \"%s\", \"line\": %u, \"registers\": %u, \"words\": %u, "
                  "\"wide\": %s",
                  kind_of(code), code->first_line, code->nregisters, code->size,
                  code->flags & CODE_WIDE ? "true" : "false");
    put_json_names(d, "variables", code->register_names, code->nregister_names);
    put_json_names(d, "cells", code->cell_names, code->ncells);
    put_json_names(d, "captured", code->capture_names, code->ncaptures);
}

static void put_json_instruction(const Dis *d, uint32_t pc) {
    static const char *const kinds[] = {
        [PAINT_NAME] = "name", [PAINT_VALUE] = "value", [PAINT_JUMP] = "jump"};
    Operands o;
    find_operands(d, pc, &o);
    const OpcodeInfo *info = &opcode_info[code_decode(d->code, pc).op];
    CodePosition p = code_position(d->code, pc);
    buffer_printf(d->out,
                  "{\"at\": %u, \"opcode\": \"%s\", \"line\": %u, \"end_line\": %u, "
                  "\"column\": %d, \"end_column\": %d, \"is_target\": %s, \"operands\": [",
                  pc, info->name, p.line, p.end_line, p.column == 65535 ? -1 : p.column,
                  p.end_column == 65535 ? -1 : p.end_column, d->targets[pc] ? "true" : "false");
    for (int i = 0; i < o.count; i++) {
        const Buffer *text = &o.text[i];
        bool jump = o.paint[i] == PAINT_JUMP;
        buffer_printf(d->out, "%s{\"%s\": ", i ? ", " : "", kinds[o.paint[i]]);
        if (jump) buffer_printf(d->out, "%lld}", (long long)o.jump);
        else listing_put_json(d->out, text->data ? text->data : "", text->size);
        if (!jump) buffer_putc(d->out, '}');
    }
    buffer_putc(d->out, ']');
    for (uint32_t i = o.cached; d->how->caches && o.cached && i <= info->extra; i++)
        buffer_printf(d->out, "%s%llu%s", i == o.cached ? ", \"cache\": [" : ", ",
                      (unsigned long long)code_extra(d->code, pc, (int)i - 1),
                      i == info->extra ? "]" : "");
    buffer_putc(d->out, '}');
    free_operands(&o);
}

static void put_json(const Dis *d) {
    const Code *code = d->code;
    put_json_header(d);
    buffer_puts(d->out, ",\n \"instructions\": [");
    for (uint32_t pc = 0; pc < code->size;) {
        buffer_puts(d->out, pc ? ",\n  " : "\n  ");
        put_json_instruction(d, pc);
        pc += 1 + opcode_info[code_decode(code, pc).op].extra;
    }
    buffer_puts(d->out, "],\n \"exceptions\": [");
    for (uint32_t i = 0; i < code->nhandlers; i++) {
        const Handler *h = &code->handlers[i];
        buffer_printf(d->out, "%s{\"start\": %u, \"end\": %u, \"target\": %u, \"register\": \"",
                      i ? ", " : "", h->start, h->end, h->target);
        put_register_name(d->out, code, h->exc);
        buffer_puts(d->out, "\"}");
    }
    buffer_puts(d->out, "],\n \"codes\": [");
}

/* ---- both ---- */

void code_disassemble(Thread *t, const Code *code, const Source *source, const Listing *how,
                      Buffer *out) {
    Dis d = {.t = t, .code = code, .source = source, .how = how, .out = out};
    find_targets(&d);
    if (how->json) {
        put_json(&d);
    } else {
        put_header(&d);
        put_body(&d);
    }
    free(d.targets);
    bool any = false;
    for (uint32_t i = 0; i < code->nconstants; i++) {
        if (!is_kind(code->constants[i], OBJ_CODE)) continue;
        buffer_puts(out, how->json && any ? ",\n" : "\n");
        code_disassemble(t, (Code *)object_of(code->constants[i]), source, how, out);
        any = true;
    }
    if (how->json) buffer_puts(out, "]}");
}
