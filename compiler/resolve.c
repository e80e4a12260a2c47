/* SPDX-License-Identifier: MIT */
/* Second pass: where every name lives, what every function captures, and which registers locals
 * get.
 *
 * A name that a scope does not bind is looked for in the functions around it; classes are passed
 * over, except that a class provides `__class__` to its methods.  Where it is found it becomes a
 * cell, and all scopes in between carry that cell along.
 *
 * Registers of a function: parameters in the order in which calls bind them (positional,
 * keyword-only, *args, **kwargs), then locals.  A local that is the target of a `for` gets three in
 * a row, [iterator] [variable] [owned generator], so that FOR_ITER puts the item where it belongs.
 * A comprehension has its iterator, the parameter .0, in register 0 and its first variable, if it
 * is a plain one, in register 1 for the same reason.
 *
 * Read next: compiler/function.c, which reads the captures.
 */
#include <stdlib.h>

#include "compiler/unit.h"
#include "vm/str.h"

/* Gives [scope] the cell of [name] from the scope around it. */
static void capture(Compiler *c, Scope *scope, Str *name) {
    Symbol *symbol = scope_symbol(c, scope, name);
    if (symbol->capture >= 0) return;
    scope->captures = array_grow(c, scope->captures, scope->ncaptures, &scope->captures_capacity,
                                 sizeof(Symbol *));
    symbol->capture = scope->ncaptures;
    scope->captures[scope->ncaptures++] = symbol;
}

/* The scope around [scope] that binds [name] in a cell, or NULL: then it is global. */
static Scope *find_binding(Compiler *c, Scope *scope, const Str *name) {
    for (Scope *e = scope->parent; e && e->kind != SCOPE_MODULE; e = e->parent) {
        if (e->kind == SCOPE_CLASS) {
            if (name != NAME_OF(c->t, __class__)) continue;
            e->needs_class_cell = true;
            return e;
        }
        Symbol *symbol = scope_lookup(e, name);
        if (!symbol) continue;
        if (symbol->flags & SYM_GLOBAL) return NULL;
        if (!(symbol->flags & SYM_BOUND) || (symbol->flags & SYM_NONLOCAL)) continue;
        symbol->flags |= SYM_CAPTURED;
        return e;
    }
    return NULL;
}

static bool capture_from_around(Compiler *c, Scope *scope, Symbol *symbol) {
    Scope *binding = find_binding(c, scope, symbol->name);
    if (!binding) return false;
    for (Scope *s = scope; s != binding; s = s->parent) capture(c, s, symbol->name);
    symbol->place = PLACE_FREE;
    return true;
}

static void resolve_nonlocal(Compiler *c, Scope *scope, Symbol *symbol) {
    if (scope->kind == SCOPE_MODULE)
        compile_error(c, symbol->declared, "nonlocal declaration not allowed at module level");
    else if (!capture_from_around(c, scope, symbol))
        compile_error(c, symbol->declared, "no binding for nonlocal '%s' found",
                      symbol->name->data);
}

static void resolve(Compiler *c, Scope *scope, Symbol *symbol) {
    SymbolPlace by_name = c->name_mode && scope->kind == SCOPE_MODULE ? PLACE_NAME : PLACE_GLOBAL;
    if (scope->kind == SCOPE_CLASS) by_name = PLACE_NAME;
    if (symbol->flags & SYM_GLOBAL_INSIDE) by_name = PLACE_GLOBAL;
    if (!symbol->flags) return; /* only carried along */
    if ((symbol->flags & SYM_GLOBAL) && (symbol->flags & SYM_NONLOCAL))
        compile_error(c, symbol->declared, "name '%s' is nonlocal and global", symbol->name->data);
    else if (symbol->flags & SYM_GLOBAL)
        symbol->place =
            scope->kind == SCOPE_MODULE && !symbol->declared.line ? by_name : PLACE_GLOBAL;
    else if (symbol->flags & SYM_NONLOCAL) resolve_nonlocal(c, scope, symbol);
    else if (scope->kind == SCOPE_MODULE) symbol->place = by_name;
    else if (symbol->flags & SYM_BOUND)
        symbol->place = scope->kind == SCOPE_CLASS ? PLACE_NAME : PLACE_LOCAL;
    else if (!capture_from_around(c, scope, symbol)) symbol->place = by_name;
}

static bool is_loop_variable(const Symbol *symbol) {
    return (symbol->flags & SYM_LOOP) && !(symbol->flags & (SYM_CAPTURED | SYM_PARAMETER));
}

static void place_local(Scope *scope, Symbol *symbol) {
    if (symbol->flags & SYM_CAPTURED) symbol->place = PLACE_CELL;
    if (is_loop_variable(symbol)) {
        symbol->flags |= SYM_SPREAD;
        symbol->reg = scope->registers + 1;
        scope->registers += 3;
    } else {
        symbol->reg = scope->registers++;
    }
}

/* The plain variable of a comprehension's first `for`, or NULL. */
static Symbol *first_variable(Compiler *c, Scope *scope) {
    if (scope->kind != SCOPE_COMPREHENSION) return NULL;
    Node *node = scope->node;
    NodeList *generators = node->kind == NODE_ListComp   ? &AST(ListComp, node)->generators
                           : node->kind == NODE_SetComp  ? &AST(SetComp, node)->generators
                           : node->kind == NODE_DictComp ? &AST(DictComp, node)->generators
                                                         : &AST(GeneratorExp, node)->generators;
    Astcomprehension *g = AST(comprehension, generators->items[0]);
    if (g->target->kind != NODE_Name || g->is_async) return NULL;
    Symbol *symbol = scope_lookup(scope, scope_name(c, scope, AST(Name, g->target)->id));
    return symbol && symbol->place == PLACE_LOCAL && !(symbol->flags & SYM_CAPTURED) ? symbol
                                                                                     : NULL;
}

static void place_function(Compiler *c, Scope *scope) {
    Symbol *first = first_variable(c, scope);
    scope->registers = scope->parameters;
    if (first) first->reg = scope->registers++;
    for (int i = 0; i < scope->count; i++) {
        Symbol *symbol = scope->symbols[i];
        if (i < scope->parameters) {
            symbol->reg = i;
            if (symbol->flags & SYM_CAPTURED) symbol->place = PLACE_CELL;
        } else if (symbol->place == PLACE_LOCAL && symbol != first) {
            place_local(scope, symbol);
        }
    }
    if (scope->is_async || scope->has_yield) scope->nfloats = 0; /* suspended frames stay small */
    scope->first_float = scope->registers;
    scope->registers += scope->nfloats;
}

static void place_registers(Compiler *c, Scope *scope) {
    if (scope_is_function(scope)) {
        place_function(c, scope);
        return;
    }
    scope->nfloats = 0;
    if (scope->kind == SCOPE_CLASS) {
        scope->parameters = scope->registers = 1;
        if (scope->needs_class_cell) scope->class_cell = scope->registers++;
    } else {
        scope->parameters = scope->registers = c->name_mode ? 1 : 0;
    }
}

static int by_name(const void *a, const void *b) {
    return str_compare((*(Symbol *const *)a)->name, (*(Symbol *const *)b)->name);
}

/* Captures are numbered in the order of their names, as in CPython's co_freevars. */
static void number_captures(Scope *scope) {
    if (scope->ncaptures > 1)
        qsort(scope->captures, (size_t)scope->ncaptures, sizeof(Symbol *), by_name);
    for (int i = 0; i < scope->ncaptures; i++) scope->captures[i]->capture = i;
}

void scope_resolve(Compiler *c) {
    for (int i = 0; i < c->nscopes; i++) {
        Scope *scope = c->all_scopes[i];
        for (int j = 0; j < scope->count; j++) resolve(c, scope, scope->symbols[j]);
    }
    for (int i = 0; i < c->nscopes; i++) {
        number_captures(c->all_scopes[i]);
        place_registers(c, c->all_scopes[i]);
    }
}
