/* SPDX-License-Identifier: MIT */
/* Variables and everything that binds or unbinds: loads, stores and deletions of names, assignment
 * of all kinds, unpacking.
 *
 * A name is accessed as its symbol's place says.  A store into a plain local is the destination of
 * the expression itself: `x = a + b` is one instruction.
 *
 * Read next: compiler/expression.c.
 */
#include "compiler/unit.h"
#include "vm/str.h"

/* `a, b = x, y` with at most this many items needs no tuple. */
#define PARALLEL_LIMIT 16

void check_name(Compiler *c, Span at, const char *id, ExprContext ctx) {
    if (!name_is(id, "__debug__") || ctx == CTX_Load) return;
    compile_error(c, at,
                  ctx == CTX_Store ? "cannot assign to __debug__" : "cannot delete __debug__");
}

/* ---- names ---- */

/* The symbol of [name] and its place; names the compiler brings in have no symbol. */
static SymbolPlace place_of(Compiler *c, Str *name, Symbol **symbol) {
    const Scope *scope = c->unit->scope;
    *symbol = scope_lookup(scope, name);
    if (*symbol) return (*symbol)->place;
    return scope->kind == SCOPE_CLASS || (scope->kind == SCOPE_MODULE && c->name_mode)
               ? PLACE_NAME
               : PLACE_GLOBAL;
}

int name_register(Compiler *c, Str *name) {
    Symbol *symbol;
    return place_of(c, name, &symbol) == PLACE_LOCAL ? symbol->reg : -1;
}

static void check_local(Compiler *c, const Node *at, int reg) {
    if (assigned_is(c, reg)) return;
    emit(c, at, OP_CHECK_LOCAL, reg, 0, 0);
    assigned_mark(c, reg);
}

static int name_constant(Compiler *c, Str *name) {
    return c->unit->reachable ? constant_index(c, object_value(name)) : 0;
}

void name_load(Compiler *c, const Node *at, Str *name, int target) {
    Symbol *symbol;
    switch (place_of(c, name, &symbol)) {
    case PLACE_LOCAL:
        check_local(c, at, symbol->reg);
        emit_move(c, at, target, symbol->reg);
        break;
    case PLACE_CELL: emit(c, at, OP_LOAD_CELL, target, symbol->reg, 0); break;
    case PLACE_FREE:
        if (c->unit->scope->kind == SCOPE_CLASS)
            emit_extra(c, at->span, OP_LOAD_NAME_OR_FREE, target, name_constant(c, name), 0,
                       symbol->capture);
        else emit(c, at, OP_LOAD_FREE, target, symbol->capture, 0);
        break;
    case PLACE_GLOBAL: emit(c, at, OP_LOAD_GLOBAL, target, name_constant(c, name), 0); break;
    case PLACE_NAME: emit(c, at, OP_LOAD_NAME, target, name_constant(c, name), 0); break;
    }
}

void name_store(Compiler *c, const Node *at, Str *name, int reg) {
    Symbol *symbol;
    switch (place_of(c, name, &symbol)) {
    case PLACE_LOCAL:
        emit_move(c, at, symbol->reg, reg);
        assigned_mark(c, symbol->reg);
        break;
    case PLACE_CELL: emit(c, at, OP_STORE_CELL, symbol->reg, reg, 0); break;
    case PLACE_FREE: emit(c, at, OP_STORE_FREE, reg, symbol->capture, 0); break;
    case PLACE_GLOBAL: emit(c, at, OP_STORE_GLOBAL, reg, name_constant(c, name), 0); break;
    case PLACE_NAME: emit(c, at, OP_STORE_NAME, reg, name_constant(c, name), 0); break;
    }
}

void name_delete(Compiler *c, const Node *at, Str *name) {
    Symbol *symbol;
    switch (place_of(c, name, &symbol)) {
    case PLACE_LOCAL:
        emit(c, at, OP_DELETE_LOCAL, symbol->reg, 0, 0);
        assigned_clear(c, symbol->reg);
        break;
    case PLACE_CELL: emit(c, at, OP_DELETE_CELL, symbol->reg, 0, 0); break;
    case PLACE_FREE: emit(c, at, OP_DELETE_FREE, 0, symbol->capture, 0); break;
    case PLACE_GLOBAL: emit(c, at, OP_DELETE_GLOBAL, 0, name_constant(c, name), 0); break;
    case PLACE_NAME: emit(c, at, OP_DELETE_NAME, 0, name_constant(c, name), 0); break;
    }
}

void name_unset(Compiler *c, const Node *at, Str *name) {
    int reg = name_register(c, name);
    if (reg >= 0) {
        emit(c, at, OP_LOAD_UNSET, reg, 0, 0);
        assigned_clear(c, reg);
        return;
    }
    int none = temp_new(c);
    emit(c, at, OP_LOAD_NONE, none, 0, 0);
    name_store(c, at, name, none);
    temp_release(c, none);
    name_delete(c, at, name);
}

/* ---- attributes and items ---- */

/* In a method, counts `self.name = …` for the class's layout. */
static void count_attribute(Compiler *c, AstAttribute *target, Str *name) {
    Unit *u = c->unit;
    if (!u->self_name || target->value->kind != NODE_Name) return;
    if (compiler_name(c, AST(Name, target->value)->id) == u->self_name)
        map_set(&c->arena, &u->parent->attributes, map_key(name), 1);
}

static void store_attribute(Compiler *c, AstAttribute *target, int reg) {
    check_name(c, target->base.span, target->attr, CTX_Store);
    Str *name = compiler_name(c, target->attr);
    int mark = temp_mark(c), object = expression_any(c, target->value);
    count_attribute(c, target, name);
    emit_name(c, attribute_span(&target->base, &target->base), OP_STORE_ATTR, object, reg, 0, name);
    temp_release(c, mark);
}

static void store_item(Compiler *c, AstSubscript *target, int reg) {
    int mark = temp_mark(c), object = expression_any(c, target->value);
    int key = expression_any(c, target->slice);
    emit(c, &target->base, OP_SETITEM, object, key, reg);
    temp_release(c, mark);
}

/* ---- unpacking ---- */

static int starred_index(Compiler *c, const Node *at, const NodeList *items) {
    int found = -1;
    for (int i = 0; i < items->count; i++) {
        if (items->items[i]->kind != NODE_Starred) continue;
        if (found >= 0) compile_error(c, at->span, "multiple starred expressions in assignment");
        found = i;
    }
    return found;
}

static int plain_local(Compiler *c, const Node *node) {
    return node->kind == NODE_Name ? name_register(c, compiler_name(c, AST(Name, node)->id)) : -1;
}

/* `a, b = …` where the targets are plain locals in registers side by side: UNPACK, which stores all
 * or nothing, puts the items there itself. */
static bool unpack_direct(Compiler *c, Node *node, const NodeList *items, int reg) {
    int first = items->count ? plain_local(c, items->items[0]) : -1;
    if (first < 0) return false;
    for (int i = 0; i < items->count; i++)
        if (plain_local(c, items->items[i]) != first + i) return false;
    emit(c, node, OP_UNPACK, first, reg, items->count);
    for (int i = 0; i < items->count; i++) {
        check_name(c, items->items[i]->span, AST(Name, items->items[i])->id, CTX_Store);
        assigned_mark(c, first + i);
    }
    return true;
}

static void unpack(Compiler *c, Node *node, const NodeList *items, int reg) {
    int star = starred_index(c, node, items), n = items->count, mark = temp_mark(c);
    if (unpack_direct(c, node, items, reg)) return;
    int first = temp_many(c, n ? n : 1);
    if (star < 0) emit(c, node, OP_UNPACK, first, reg, n);
    else emit_extra(c, node->span, OP_UNPACK_STAR, first, reg, star, n - star - 1);
    for (int i = 0; i < n; i++) {
        Node *item = items->items[i];
        store_target(c, i == star ? AST(Starred, item)->value : item, first + i);
    }
    temp_release(c, mark);
}

void store_target(Compiler *c, Node *target, int reg) {
    switch (target->kind) {
    case NODE_Name:
        check_name(c, target->span, AST(Name, target)->id, CTX_Store);
        name_store(c, target, compiler_name(c, AST(Name, target)->id), reg);
        break;
    case NODE_Attribute: store_attribute(c, AST(Attribute, target), reg); break;
    case NODE_Subscript: store_item(c, AST(Subscript, target), reg); break;
    case NODE_Tuple: unpack(c, target, &AST(Tuple, target)->elts, reg); break;
    case NODE_List: unpack(c, target, &AST(List, target)->elts, reg); break;
    case NODE_Starred:
        compile_error(c, target->span, "starred assignment target must be in a list or tuple");
        break;
    default: compile_error(c, target->span, "cannot assign to expression"); break;
    }
}

/* ---- assignment ---- */

static const NodeList *sequence_items(const Node *node) {
    if (node->kind == NODE_Tuple) return &AST(Tuple, node)->elts;
    if (node->kind == NODE_List) return &AST(List, node)->elts;
    return NULL;
}

static bool has_starred(const NodeList *items) {
    for (int i = 0; i < items->count; i++)
        if (items->items[i]->kind == NODE_Starred) return true;
    return false;
}

/* True if one of the first [count] targets may store [reg], a local. */
static bool stored_before(Compiler *c, const NodeList *targets, int count, int reg) {
    for (int i = 0; i < count; i++)
        if (sequence_items(targets->items[i]) || plain_local(c, targets->items[i]) == reg)
            return true;
    return false;
}

/* `a, b = x, y`: evaluates all values, then stores them one by one, without a tuple. */
static bool assign_parallel(Compiler *c, Node *target, Node *value) {
    const NodeList *targets = sequence_items(target);
    const NodeList *values = value->kind == NODE_Tuple ? sequence_items(value) : NULL;
    if (!targets || !values || targets->count != values->count) return false;
    if (values->count < 2 || values->count > PARALLEL_LIMIT) return false;
    if (has_starred(targets) || has_starred(values)) return false;
    int mark = temp_mark(c), regs[PARALLEL_LIMIT];
    for (int i = 0; i < values->count; i++) {
        regs[i] = expression_any(c, values->items[i]);
        if (is_temp(c, regs[i]) || !stored_before(c, targets, i, regs[i])) continue;
        int copy = temp_new(c);
        emit_move(c, values->items[i], copy, regs[i]);
        regs[i] = copy;
    }
    for (int i = 0; i < targets->count; i++) store_target(c, targets->items[i], regs[i]);
    temp_release(c, mark);
    return true;
}

static void assign(Compiler *c, Node *target, Node *value) {
    int mark = temp_mark(c), local = plain_local(c, target);
    if (local >= 0) {
        check_name(c, target->span, AST(Name, target)->id, CTX_Store);
        expression_to(c, value, local);
        assigned_mark(c, local);
    } else if (!assign_parallel(c, target, value)) {
        store_target(c, target, expression_any(c, value));
    }
    temp_release(c, mark);
}

void assign_statement(Compiler *c, AstAssign *s) {
    if (s->targets.count == 1) {
        assign(c, s->targets.items[0], s->value);
        return;
    }
    int mark = temp_mark(c), reg = temp_new(c);
    expression_to(c, s->value, reg);
    for (int i = 0; i < s->targets.count; i++) store_target(c, s->targets.items[i], reg);
    temp_release(c, mark);
}

void annotated_statement(Compiler *c, AstAnnAssign *s) {
    if (s->value) {
        assign(c, s->target, s->value);
    } else if (s->target->kind == NODE_Attribute) {
        expression_effect(c, AST(Attribute, s->target)->value);
    } else if (s->target->kind == NODE_Subscript) {
        expression_effect(c, AST(Subscript, s->target)->value);
        expression_effect(c, AST(Subscript, s->target)->slice);
    }
}

/* ---- augmented assignment ---- */

/* R[reg] op= value */
static void inplace(Compiler *c, AstAugAssign *s, int reg) {
    int small;
    if (s->op == BINOP_Add && constant_small(c, s->value, -32768, 32767, &small)) {
        emit(c, &s->base, OP_IADDI, reg, small, 0);
        return;
    }
    int mark = temp_mark(c), value = expression_any(c, s->value);
    if (s->op == BINOP_Add) emit(c, &s->base, OP_IADD, reg, value, 0);
    else if (s->op == BINOP_Sub) emit(c, &s->base, OP_ISUB, reg, value, 0);
    else emit(c, &s->base, OP_INPLACE, reg, value, operator_number(s->op));
    temp_release(c, mark);
}

static void augment_name(Compiler *c, AstAugAssign *s) {
    AstName *target = AST(Name, s->target);
    Str *name = compiler_name(c, target->id);
    check_name(c, target->base.span, target->id, CTX_Store);
    int local = name_register(c, name);
    if (local >= 0 && !c->has_walrus) {
        check_local(c, &target->base, local);
        inplace(c, s, local);
        return;
    }
    int reg = temp_new(c);
    name_load(c, &target->base, name, reg);
    inplace(c, s, reg);
    name_store(c, &target->base, name, reg);
}

static void augment_attribute(Compiler *c, AstAugAssign *s) {
    AstAttribute *target = AST(Attribute, s->target);
    Str *name = compiler_name(c, target->attr);
    check_name(c, target->base.span, target->attr, CTX_Store);
    int object = expression_any(c, target->value), reg = temp_new(c);
    Span span = attribute_span(&target->base, &target->base);
    emit_name(c, span, OP_LOAD_ATTR, reg, object, 0, name);
    inplace(c, s, reg);
    count_attribute(c, target, name);
    emit_name(c, span, OP_STORE_ATTR, object, reg, 0, name);
}

static void augment_item(Compiler *c, AstAugAssign *s) {
    AstSubscript *target = AST(Subscript, s->target);
    int object = expression_any(c, target->value), key = expression_any(c, target->slice);
    int reg = temp_new(c);
    emit(c, &target->base, OP_GETITEM, reg, object, key);
    inplace(c, s, reg);
    emit(c, &target->base, OP_SETITEM, object, key, reg);
}

void augmented_statement(Compiler *c, AstAugAssign *s) {
    int mark = temp_mark(c);
    if (s->target->kind == NODE_Name) augment_name(c, s);
    else if (s->target->kind == NODE_Attribute) augment_attribute(c, s);
    else if (s->target->kind == NODE_Subscript) augment_item(c, s);
    else compile_error(c, s->target->span, "illegal expression for augmented assignment");
    temp_release(c, mark);
}

/* ---- del ---- */

static void delete_target(Compiler *c, Node *target) {
    int mark = temp_mark(c);
    switch (target->kind) {
    case NODE_Name:
        check_name(c, target->span, AST(Name, target)->id, CTX_Del);
        name_delete(c, target, compiler_name(c, AST(Name, target)->id));
        break;
    case NODE_Attribute: {
        AstAttribute *a = AST(Attribute, target);
        check_name(c, target->span, a->attr, CTX_Del);
        int object = expression_any(c, a->value);
        emit_name(c, attribute_span(target, target), OP_DELETE_ATTR, object, 0, 0,
                  compiler_name(c, a->attr));
        break;
    }
    case NODE_Subscript: {
        int object = expression_any(c, AST(Subscript, target)->value);
        emit(c, target, OP_DELITEM, object, expression_any(c, AST(Subscript, target)->slice), 0);
        break;
    }
    case NODE_Tuple:
    case NODE_List: {
        const NodeList *items = sequence_items(target);
        for (int i = 0; i < items->count; i++) delete_target(c, items->items[i]);
        break;
    }
    default: compile_error(c, target->span, "cannot delete expression"); break;
    }
    temp_release(c, mark);
}

void delete_statement(Compiler *c, AstDelete *s) {
    for (int i = 0; i < s->targets.count; i++) delete_target(c, s->targets.items[i]);
    int mark = temp_mark(c);
    emit(c, &s->base, OP_DROP_TEMPORARIES, temp_new(c), 0, 0);
    temp_release(c, mark);
}
