/* SPDX-License-Identifier: MIT */
/* The instruction buffer of a unit: instructions, labels, the stack of temporaries, and what is
 * certain about locals.
 *
 * Everything is indexed by instruction here; words come into being in compiler/encode.c.  An
 * instruction that nothing reaches is not appended, so callers need not care.
 *
 * `assigned` has one bit per local register.  Each jump intersects it into its label, each label
 * that is placed takes the intersection of all ways that lead there.
 *
 * Read next: compiler/encode.c.
 */
#include "compiler/unit.h"

void *array_grow(Compiler *c, void *items, int count, int *capacity, size_t size) {
    if (count < *capacity) return items;
    int larger = *capacity ? *capacity * 2 : 8;
    void *copy = arena_alloc(&c->arena, size * (size_t)larger);
    if (count) memcpy(copy, items, size * (size_t)count);
    *capacity = larger;
    return copy;
}

/* ---- instructions ---- */

static Instr *append(Compiler *c, Span span, Opcode op) {
    Unit *u = c->unit;
    u->instrs = array_grow(c, u->instrs, u->count, &u->capacity, sizeof(Instr));
    Instr *i = &u->instrs[u->count++];
    *i = (Instr){.op = (uint16_t)op, .label = -1, .span = span};
    return i;
}

int emit_extra(Compiler *c, Span span, Opcode op, int a, int b, int third, int extra) {
    if (!c->unit->reachable) return -1;
    Instr *i = append(c, span, op);
    i->a = a;
    i->b = b;
    i->c = third;
    i->extra = extra;
    if (op == OP_RETURN || op == OP_RETURN_NONE || op == OP_RAISE || op == OP_RAISE_FROM ||
        op == OP_RERAISE || op == OP_RAISE_AGAIN)
        c->unit->reachable = false;
    return c->unit->count - 1;
}

int emit_span(Compiler *c, Span span, Opcode op, int a, int b, int third) {
    return emit_extra(c, span, op, a, b, third, 0);
}

int emit(Compiler *c, const Node *at, Opcode op, int a, int b, int third) {
    return emit_extra(c, at->span, op, a, b, third, 0);
}

int emit_name(Compiler *c, Span span, Opcode op, int a, int b, int third, Str *name) {
    if (!c->unit->reachable) return -1;
    return emit_extra(c, span, op, a, b, third, constant_index(c, object_value(name)));
}

void emit_move(Compiler *c, const Node *at, int to, int from) {
    if (to != from) emit(c, at, OP_MOVE, to, from, 0);
}

/* ---- labels ---- */

static void merge_assigned(Compiler *c, LabelState *label) {
    Unit *u = c->unit;
    if (!label->assigned) {
        label->assigned = assigned_save(c);
        return;
    }
    for (int i = 0; i < u->words; i++) label->assigned[i] &= u->assigned[i];
}

int emit_jump(Compiler *c, Span span, Opcode op, int a, int b, int third, Label label) {
    Unit *u = c->unit;
    if (!u->reachable) return -1;
    int at = emit_span(c, span, op, a, b, third);
    u->instrs[at].label = label;
    u->labels[label].used = true;
    if (u->labels[label].at < 0) merge_assigned(c, &u->labels[label]);
    if (op == OP_JUMP || op == OP_JUMP_BACK || op == OP_END_ASYNC_FOR) u->reachable = false;
    return at;
}

Label label_new(Compiler *c) {
    Unit *u = c->unit;
    u->labels = array_grow(c, u->labels, u->nlabels, &u->labels_capacity, sizeof(LabelState));
    u->labels[u->nlabels] = (LabelState){.at = -1};
    return u->nlabels++;
}

void label_place(Compiler *c, Label label) {
    Unit *u = c->unit;
    LabelState *l = &u->labels[label];
    l->at = u->count;
    if (!l->used) return;
    if (u->reachable) merge_assigned(c, l);
    if (u->words) memcpy(u->assigned, l->assigned, sizeof(uint64_t) * (size_t)u->words);
    u->reachable = true;
}

void label_place_back(Compiler *c, Label label) {
    Unit *u = c->unit;
    u->labels[label].at = u->count;
    for (int i = 0; i < u->words; i++) u->assigned[i] &= ~u->deletable[i];
}

void label_place_handler(Compiler *c, Label label, bool reached, const uint64_t *assigned) {
    Unit *u = c->unit;
    u->labels[label].at = u->count;
    u->labels[label].used = reached;
    for (int i = 0; i < u->words; i++) u->assigned[i] = assigned[i] & ~u->deletable[i];
    u->reachable = reached;
}

/* ---- what is certain about locals ---- */

uint64_t *assigned_save(Compiler *c) {
    size_t size = sizeof(uint64_t) * (size_t)c->unit->words;
    uint64_t *copy = arena_alloc(&c->arena, size ? size : sizeof(uint64_t));
    if (size) memcpy(copy, c->unit->assigned, size);
    return copy;
}

void assigned_mark(Compiler *c, int reg) { c->unit->assigned[reg / 64] |= (uint64_t)1 << reg % 64; }

void assigned_clear(Compiler *c, int reg) {
    c->unit->assigned[reg / 64] &= ~((uint64_t)1 << reg % 64);
}

bool assigned_is(const Compiler *c, int reg) { return c->unit->assigned[reg / 64] >> reg % 64 & 1; }

/* ---- temporaries ---- */

int temp_many(Compiler *c, int n) {
    Unit *u = c->unit;
    int first = u->next_temp;
    u->next_temp += n;
    if (u->next_temp > u->registers) u->registers = u->next_temp;
    return first;
}

int temp_new(Compiler *c) { return temp_many(c, 1); }

void temp_release(Compiler *c, int mark) { c->unit->next_temp = mark; }
