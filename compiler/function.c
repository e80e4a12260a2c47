/* SPDX-License-Identifier: MIT */
/* Functions: the code of def and lambda, their defaults and decorators, and how any unit begins and
 * ends.
 *
 * A call has bound the parameters to registers before the first instruction.  Variables that inner
 * functions capture get their cells at entry, so the whole body sees one cell per call.
 *
 * Read next: compiler/class.c, compiler/comprehension.c, compiler/finish.c.
 */
#include "compiler/unit.h"
#include "vm/container.h"
#include "vm/str.h"

/* ---- units ---- */

/* A name declared global has no enclosing name in its qualified name. */
static Str *qualified_name(Compiler *c, Unit *parent, Str *name) {
    if (!parent || parent->scope->kind == SCOPE_MODULE) return name;
    Symbol *symbol = scope_lookup(parent->scope, name);
    if (symbol && (symbol->flags & SYM_GLOBAL)) return name;
    const char *joint = parent->scope->kind == SCOPE_CLASS ? "." : ".<locals>.";
    size_t outer = parent->qualname->size, middle = strlen(joint),
           size = outer + middle + name->size;
    char *text = arena_alloc(&c->arena, size + 1);
    memcpy(text, parent->qualname->data, outer);
    memcpy(text + outer, joint, middle);
    memcpy(text + outer + middle, name->data, name->size);
    return str_intern(c->vm, text, size);
}

static void begin_assigned(Compiler *c, Unit *u) {
    const Scope *scope = u->scope;
    u->words = (scope->registers + 63) / 64;
    u->assigned = arena_alloc(&c->arena, sizeof(uint64_t) * (size_t)(u->words + 1));
    u->deletable = arena_alloc(&c->arena, sizeof(uint64_t) * (size_t)(u->words + 1));
    for (int i = 0; i < scope->count; i++) {
        const Symbol *symbol = scope->symbols[i];
        if (symbol->reg < 0) continue;
        uint64_t bit = (uint64_t)1 << symbol->reg % 64;
        if (symbol->flags & SYM_PARAMETER) u->assigned[symbol->reg / 64] |= bit;
        if (symbol->flags & SYM_DELETED) u->deletable[symbol->reg / 64] |= bit;
    }
}

static uint32_t suspendable_flags(const Scope *scope) {
    if (scope->kind == SCOPE_COMPREHENSION) {
        if (scope->node->kind == NODE_GeneratorExp)
            return scope->has_await ? CODE_ASYNC_GENERATOR : CODE_GENERATOR;
        return scope->has_await ? CODE_COROUTINE : 0;
    }
    if (scope->is_async) return scope->has_yield ? CODE_ASYNC_GENERATOR : CODE_COROUTINE;
    return scope->has_yield ? CODE_GENERATOR : 0;
}

/* The first instructions of every unit. */
static void emit_prologue(Compiler *c) {
    const Unit *u = c->unit;
    const Scope *scope = u->scope;
    Span span = {.line = u->first_line, .end_line = u->first_line};
    if (u->flags & (CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR))
        emit_span(c, span, OP_GEN_START_CHECK, 0, 0, 0);
    for (int i = 0; i < scope->count; i++)
        if (scope->symbols[i]->place == PLACE_CELL)
            emit_span(c, span, OP_MAKE_CELL, scope->symbols[i]->reg, 0, 0);
    if (scope->class_cell >= 0) emit_span(c, span, OP_MAKE_CELL, scope->class_cell, 0, 0);
    for (int i = 0; i < scope->nfloats; i++)
        emit_span(c, span, OP_LOADK, scope->first_float + i, constant_index(c, scope->floats[i]),
                  0);
}

void unit_begin(Compiler *c, Unit *unit, Scope *scope, Str *name, uint32_t first_line) {
    *unit = (Unit){.parent = c->unit,
                   .scope = scope,
                   .name = name,
                   .doc = VALUE_NONE,
                   .first_line = first_line,
                   .reachable = true};
    unit->qualname = qualified_name(c, c->unit, name);
    unit->next_temp = unit->registers = scope->registers;
    if (scope_is_function(scope)) unit->flags |= suspendable_flags(scope);
    else if (scope->kind == SCOPE_MODULE && scope->is_async && scope->has_await)
        unit->flags |= CODE_GENERATOR | CODE_ITERABLE_COROUTINE;
    if (scope->kind == SCOPE_CLASS) unit->flags |= CODE_CLASS_BODY | CODE_NAME_MODE;
    if (scope->kind == SCOPE_MODULE)
        unit->flags |= CODE_MODULE | (c->name_mode ? CODE_NAME_MODE : 0);
    if (c->unit && scope_is_function(c->unit->scope)) unit->flags |= CODE_NESTED;
    begin_assigned(c, unit);
    c->unit = unit;
    emit_prologue(c);
}

Code *unit_end(Compiler *c) {
    Unit *unit = c->unit;
    if (unit->reachable) {
        Span span = {.line = unit->first_line, .end_line = unit->first_line};
        if (unit->count) span = unit->instrs[unit->count - 1].span;
        emit_span(c, span, OP_RETURN_NONE, 0, 0, 0);
    }
    Code *code = c->failed ? NULL : encode_unit(c, unit);
    c->unit = unit->parent;
    return code;
}

/* ---- making functions ---- */

void emit_function(Compiler *c, const Node *at, Code *code, int base) {
    if (code && c->unit->reachable)
        emit(c, at, OP_MAKE_FUNCTION, base, constant_index(c, object_value(code)), 0);
}

static void defaults_to(Compiler *c, Node *at, const NodeList *defaults, int target) {
    if (!defaults->count) {
        emit(c, at, OP_LOAD_UNSET, target, 0, 0);
        return;
    }
    Value *values = arena_alloc(&c->arena, sizeof(Value) * (size_t)defaults->count);
    int known = 0;
    while (known < defaults->count && constant_value(c, defaults->items[known], &values[known]))
        known++;
    if (known < defaults->count) tuple_display_to(c, at, (NodeList *)defaults, target);
    else if (c->unit->reachable) emit(c, at, OP_LOADK, target, constant_tuple(c, values, known), 0);
}

static void keyword_defaults_to(Compiler *c, Node *at, Astarguments *args, int target) {
    int n = 0;
    for (int i = 0; i < args->kw_defaults.count; i++) n += args->kw_defaults.items[i] != NULL;
    if (!n) {
        emit(c, at, OP_LOAD_UNSET, target, 0, 0);
        return;
    }
    emit(c, at, OP_BUILD_DICT, target, target, 0);
    for (int i = 0; i < args->kw_defaults.count; i++) {
        if (!args->kw_defaults.items[i]) continue;
        int mark = temp_mark(c), name = temp_new(c);
        Str *parameter = compiler_name(c, AST(arg, args->kwonlyargs.items[i])->arg);
        constant_load(c, at, object_value(parameter), name);
        int value = expression_any(c, args->kw_defaults.items[i]);
        emit(c, at, OP_DICT_SET, target, name, value);
        temp_release(c, mark);
    }
}

static void check_parameters(Compiler *c, const Node *at, const NodeList *list) {
    for (int i = 0; i < list->count; i++)
        check_name(c, at->span, AST(arg, list->items[i])->arg, CTX_Store);
}

/* R[base], R[base + 1] := defaults, keyword defaults */
static void emit_defaults(Compiler *c, Node *at, Astarguments *args, int base) {
    check_parameters(c, at, &args->posonlyargs);
    check_parameters(c, at, &args->args);
    check_parameters(c, at, &args->kwonlyargs);
    if (args->vararg) check_name(c, at->span, AST(arg, args->vararg)->arg, CTX_Store);
    if (args->kwarg) check_name(c, at->span, AST(arg, args->kwarg)->arg, CTX_Store);
    defaults_to(c, at, &args->defaults, base);
    keyword_defaults_to(c, at, args, base + 1);
}

/* ---- def ---- */

Node *body_docstring(const NodeList *body) {
    if (!body->count || body->items[0]->kind != NODE_Expr) return NULL;
    Node *value = AST(Expr, body->items[0])->value;
    return ast_is_literal(value, LITERAL_STR) ? value : NULL;
}

/* Marks a function written in a class body: stores to its first parameter's attributes
 * are counted. */
static void note_method(Unit *unit, const Astarguments *args) {
    const Scope *scope = unit->scope;
    if (unit->parent->scope->kind == SCOPE_CLASS && args->posonlyargs.count + args->args.count > 0)
        unit->self_name = scope->symbols[0]->name;
}

static Code *function_code(Compiler *c, AstFunctionDef *s, Str *name, uint32_t first_line) {
    Unit unit;
    unit_begin(c, &unit, scope_of(c, &s->base), name, first_line);
    note_method(&unit, AST(arguments, s->args));
    Node *doc = body_docstring(&s->body);
    if (doc) constant_value(c, doc, &unit.doc);
    unit.annotations = annotations_of(c, s);
    statement_list(c, &s->body);
    return unit_end(c);
}

int decorators_call(Compiler *c, const NodeList *decorators, int base) {
    for (int i = decorators->count - 1; i >= 0; i--)
        emit(c, decorators->items[i], OP_CALL, --base, 1, 0);
    return base;
}

void function_statement(Compiler *c, AstFunctionDef *s) {
    int mark = temp_mark(c), n = s->decorator_list.count;
    uint32_t first_line = n ? s->decorator_list.items[0]->span.line : s->base.span.line;
    Str *name = compiler_str(c, s->name);
    for (int i = 0; i < n; i++) expression_to(c, s->decorator_list.items[i], temp_new(c));
    int base = temp_many(c, 2);
    emit_defaults(c, &s->base, AST(arguments, s->args), base);
    emit_function(c, &s->base, function_code(c, s, name, first_line), base);
    check_name(c, s->base.span, s->name, CTX_Store);
    name_store(c, &s->base, compiler_name(c, s->name),
               decorators_call(c, &s->decorator_list, base));
    temp_release(c, mark);
}

/* ---- lambda ---- */

static Code *lambda_code(Compiler *c, AstLambda *node) {
    Unit unit;
    unit_begin(c, &unit, scope_of(c, &node->base), compiler_str(c, "<lambda>"),
               node->base.span.line);
    note_method(&unit, AST(arguments, node->args));
    int value = expression_any(c, node->body);
    emit(c, node->body, OP_RETURN, value, 0, 0);
    return unit_end(c);
}

void lambda_to(Compiler *c, Node *node, int target) {
    int mark = temp_mark(c), base = is_top(c, target) ? target : temp_new(c);
    temp_new(c);
    emit_defaults(c, node, AST(arguments, AST(Lambda, node)->args), base);
    emit_function(c, node, lambda_code(c, AST(Lambda, node)), base);
    emit_move(c, node, target, base);
    temp_release(c, mark);
}
