/* SPDX-License-Identifier: MIT */
/* The end of a unit: instructions become words, labels offsets, spans the position table.
 *
 * Operands that do not fit the narrow format (8-bit registers, 16-bit constants and conditional
 * jumps) make the whole code wide.  Offsets count words and are the same in both formats, so only
 * the last step differs.
 *
 * Jumps to jumps are shortened on the way: a jump to JUMP goes where that goes, and a JUMP to
 * JUMP_BACK becomes one.
 *
 * Read next: compiler/finish.c, vm/code.c (the way back).
 */
#include "common/utf8.h"
#include "common/memory.h"
#include "compiler/unit.h"

#define NARROW_JUMP    32000
#define UNKNOWN_COLUMN 65535
/* Bytes into a line that is not ASCII behind which columns are not counted. */
#define COLUMN_LIMIT 65536

typedef struct Encoder {
    Compiler *c;
    Unit *u;
    uint32_t *offsets; /* of every instruction, and of the end */
    Code *code;
} Encoder;

typedef enum OperandFormat {
    FORMAT_ABC,
    FORMAT_ABX,
    FORMAT_ASBX,
    FORMAT_ABSC,
    FORMAT_SJ
} OperandFormat;

static OperandFormat format_of(int op) {
    const char *f = opcode_info[op].format;
    if (f[0] == 's') return FORMAT_SJ;
    if (f[0] == 'A' && f[1] == 'B' && f[2] == 'x') return FORMAT_ABX;
    if (f[0] == 'A' && f[1] == 's') return FORMAT_ASBX;
    if (f[0] == 'A' && f[1] == 'B' && f[2] == 's') return FORMAT_ABSC;
    return FORMAT_ABC;
}

static bool has_immediate_b(int op) { return op >= OP_JLTI && op <= OP_JNEI; }

/* ---- jumps ---- */

static Instr *target_of(Unit *u, const Instr *i) { return &u->instrs[u->labels[i->label].at]; }

static void shorten_jumps(Unit *u) {
    for (int n = 0; n < u->count; n++) {
        Instr *i = &u->instrs[n];
        if (i->label < 0 || i->op == OP_JUMP_BACK) continue;
        for (int hops = 0; hops < 8; hops++) {
            Instr *to = target_of(u, i);
            if (to->op != OP_JUMP || to <= i || to->label == i->label) break;
            i->label = to->label;
        }
        Instr *to = target_of(u, i);
        if (i->op == OP_JUMP && to->op == OP_JUMP_BACK && u->labels[to->label].at <= n) {
            i->op = OP_JUMP_BACK;
            i->label = to->label;
        }
    }
}

static void place_words(Encoder *e) {
    uint32_t offset = 0;
    for (int n = 0; n < e->u->count; n++) {
        e->offsets[n] = offset;
        offset += 1u + opcode_info[e->u->instrs[n].op].extra;
    }
    e->offsets[e->u->count] = offset;
}

static int64_t distance(const Encoder *e, int n) {
    const Instr *i = &e->u->instrs[n];
    return (int64_t)e->offsets[e->u->labels[i->label].at] - e->offsets[n + 1];
}

/* ---- words ---- */

static bool within(int64_t v, int64_t low, int64_t high) { return v >= low && v <= high; }

static bool fits_narrow(const Encoder *e, int n) {
    const Instr *i = &e->u->instrs[n];
    if (!within(i->a, 0, 255) || !within(i->c, -128, 255)) return false;
    switch (format_of(i->op)) {
    case FORMAT_SJ: return within(distance(e, n), -(1 << 23) + 1, (1 << 23) - 1);
    case FORMAT_ABX: return within(i->b, 0, 65534);
    case FORMAT_ASBX:
        if (i->label >= 0) return within(distance(e, n), -NARROW_JUMP, NARROW_JUMP);
        return within(i->b, -32768, 32767);
    case FORMAT_ABSC: return within(i->b, 0, 255) && within(i->c, -128, 127);
    default: return has_immediate_b(i->op) ? within(i->b, -128, 127) : within(i->b, 0, 255);
    }
}

static bool all_fit_narrow(const Encoder *e) {
    for (int n = 0; n < e->u->count; n++)
        if (!fits_narrow(e, n)) return false;
    return true;
}

static uint32_t narrow_word(const Encoder *e, int n) {
    const Instr *i = &e->u->instrs[n];
    uint32_t op = i->op, a = (uint32_t)i->a & 0xff;
    switch (format_of(i->op)) {
    case FORMAT_SJ: return op | (uint32_t)distance(e, n) << 8;
    case FORMAT_ABX: return op | a << 8 | (uint32_t)i->b << 16;
    case FORMAT_ASBX: return op | a << 8 | (uint32_t)(i->label >= 0 ? distance(e, n) : i->b) << 16;
    default: return op | a << 8 | ((uint32_t)i->b & 0xff) << 16 | (uint32_t)i->c << 24;
    }
}

static uint64_t wide_word(const Encoder *e, int n) {
    const Instr *i = &e->u->instrs[n];
    uint64_t op = i->op, a = (uint64_t)(uint32_t)i->a & 0xffff;
    switch (format_of(i->op)) {
    case FORMAT_SJ: return op | (uint64_t)distance(e, n) << 16;
    case FORMAT_ABX: return op | a << 16 | (uint64_t)(uint32_t)i->b << 32;
    case FORMAT_ASBX: return op | a << 16 | (uint64_t)(i->label >= 0 ? distance(e, n) : i->b) << 32;
    default:
        return op | a << 16 | ((uint64_t)(uint32_t)i->b & 0xffff) << 32 |
               (uint64_t)(uint32_t)i->c << 48;
    }
}

/* The first extra word: a jump of the formats without room for one, else what the
 * instruction has. */
static int64_t extra_word(const Encoder *e, int n) {
    const Instr *i = &e->u->instrs[n];
    OperandFormat format = format_of(i->op);
    bool jump = i->label >= 0 && format != FORMAT_SJ && format != FORMAT_ASBX;
    return jump ? distance(e, n) : i->extra;
}

static void write_words(Encoder *e) {
    Unit *u = e->u;
    Code *code = e->code;
    bool wide = !all_fit_narrow(e);
    size_t size = code->size = e->offsets[u->count];
    if (wide) code->words.wide = memory_alloc(sizeof(uint64_t) * (size + 1));
    else code->words.narrow = memory_alloc(sizeof(uint32_t) * (size + 1));
    for (int n = 0; n < u->count; n++) {
        uint32_t at = e->offsets[n], end = e->offsets[n + 1];
        for (uint32_t w = at + 1; w < end; w++) {
            int64_t word = w == at + 1 ? extra_word(e, n) : 0;
            if (wide) code->words.wide[w] = (uint64_t)word;
            else code->words.narrow[w] = (uint32_t)word;
        }
        if (wide) code->words.wide[at] = wide_word(e, n);
        else code->words.narrow[at] = narrow_word(e, n);
    }
    if (wide) code->flags |= CODE_WIDE;
}

/* ---- positions and handlers ---- */

/* Byte [bytes] of [line] in code points, counted from the last column converted if that is to the
 * left. */
static uint16_t column_of(Compiler *c, uint32_t line, uint32_t bytes) {
    if (!c->ascii && bytes) {
        if (bytes > COLUMN_LIMIT) return UNKNOWN_COLUMN;
        bool ahead = c->last_column.line == line && c->last_column.bytes <= bytes;
        uint32_t from = ahead ? c->last_column.bytes : 0,
                 column = ahead ? c->last_column.column : 0;
        size_t length;
        const char *text = source_line_text(c->source, line, &length);
        if (bytes > length) bytes = (uint32_t)length;
        if (from < bytes) column += (uint32_t)utf8_length(text + from, bytes - from);
        bytes = column;
    }
    return bytes < UNKNOWN_COLUMN ? (uint16_t)bytes : UNKNOWN_COLUMN;
}

/* Where the spans of the instructions to come begin is rarely to the left of where this
 * one does. */
static uint16_t start_column(Compiler *c, const Span *span) {
    uint16_t column = column_of(c, span->line, span->column);
    if (column == UNKNOWN_COLUMN) return column;
    c->last_column.line = span->line;
    c->last_column.bytes = span->column;
    c->last_column.column = column;
    return column;
}

static bool same_span(const Span *a, const Span *b) {
    return a->line == b->line && a->column == b->column && a->end_line == b->end_line &&
           a->end_column == b->end_column;
}

static void write_positions(Encoder *e) {
    Unit *u = e->u;
    uint32_t count = 0;
    CodePosition *out = memory_alloc(sizeof(CodePosition) * ((size_t)u->count + 1));
    for (int n = 0; n < u->count; n++) {
        const Span *span = &u->instrs[n].span;
        if (n && same_span(span, &u->instrs[n - 1].span)) continue;
        out[count++] =
            (CodePosition){.pc = e->offsets[n],
                           .line = span->line,
                           .end_line = span->end_line,
                           .column = start_column(e->c, span),
                           .end_column = column_of(e->c, span->end_line, span->end_column)};
    }
    e->code->positions = memory_realloc(out, sizeof(CodePosition) * ((size_t)count + 1));
    e->code->npositions = count;
}

static void write_handlers(Encoder *e) {
    Unit *u = e->u;
    uint32_t count = 0;
    Handler *out = memory_alloc(sizeof(Handler) * ((size_t)u->nhandlers + 1));
    for (int i = 0; i < u->nhandlers; i++) {
        const Protection *p = &u->handlers[i];
        if (p->start >= p->end) continue;
        out[count++] = (Handler){.start = e->offsets[p->start],
                                 .end = e->offsets[p->end],
                                 .target = e->offsets[u->labels[p->handler].at],
                                 .exc = (uint16_t)p->exc};
    }
    e->code->handlers = out;
    e->code->nhandlers = count;
}

void encode_words(Compiler *c, Unit *unit, Code *code) {
    Encoder e = {.c = c, .u = unit, .code = code};
    e.offsets = arena_alloc(&c->arena, sizeof(uint32_t) * ((size_t)unit->count + 1));
    shorten_jumps(unit);
    place_words(&e);
    write_words(&e);
    write_positions(&e);
    write_handlers(&e);
}
