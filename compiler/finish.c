/* SPDX-License-Identifier: MIT */
/* The code object of a finished unit: names, parameters, captures, constants, flags.
 *
 * Arrays are malloc'd here and freed with the code (vm/code.c).
 */
#include <stdlib.h>

#include "compiler/unit.h"
#include "common/memory.h"
#include "vm/str.h"

#define MOST_REGISTERS 65000

static Value *copy_constants(const Unit *unit) {
    Value *out = memory_alloc(sizeof(Value) * ((size_t)unit->nconstants + 1));
    if (unit->nconstants) memcpy(out, unit->constants, sizeof(Value) * (size_t)unit->nconstants);
    return out;
}

/* ---- names ---- */

static void fill_registers(Code *code, const Scope *scope) {
    size_t n = (size_t)scope->registers;
    code->register_names = memory_alloc(sizeof(Str *) * (n + 1));
    for (size_t i = 0; i <= n; i++) code->register_names[i] = NULL;
    code->nregister_names = (uint32_t)n;
    for (int i = 0; i < scope->count; i++) {
        const Symbol *symbol = scope->symbols[i];
        if (symbol->reg >= 0) code->register_names[symbol->reg] = symbol->name;
    }
}

static int by_text(const void *a, const void *b) {
    return str_compare(*(Str *const *)a, *(Str *const *)b);
}

static void fill_cells(Code *code, const Scope *scope) {
    code->cell_names = memory_alloc(sizeof(Str *) * ((size_t)scope->count + 1));
    code->ncells = 0;
    for (int i = 0; i < scope->count; i++)
        if (scope->symbols[i]->place == PLACE_CELL)
            code->cell_names[code->ncells++] = scope->symbols[i]->name;
    if (code->ncells > 1) qsort(code->cell_names, code->ncells, sizeof(Str *), by_text);
}

/* Where the enclosing frame has the cell of [name]. */
static Capture capture_of(Compiler *c, const Scope *outer, Str *name) {
    if (outer->class_cell >= 0 && name == NAME_OF(c->t, __class__))
        return (Capture){(uint16_t)outer->class_cell, true};
    const Symbol *symbol = scope_lookup(outer, name);
    if (symbol->place == PLACE_CELL) return (Capture){(uint16_t)symbol->reg, true};
    return (Capture){(uint16_t)symbol->capture, false};
}

static void fill_captures(Compiler *c, Code *code, const Scope *scope) {
    size_t n = (size_t)scope->ncaptures;
    code->ncaptures = (uint16_t)n;
    code->captures = memory_alloc(sizeof(Capture) * (n + 1));
    code->capture_names = memory_alloc(sizeof(Str *) * (n + 1));
    for (size_t i = 0; i < n; i++) {
        code->capture_names[i] = scope->captures[i]->name;
        code->captures[i] = capture_of(c, scope->parent, scope->captures[i]->name);
    }
}

/* ---- parameters ---- */

static Astarguments *arguments_of(const Scope *scope) {
    Node *node = scope->node;
    if (node->kind == NODE_FunctionDef) return AST(arguments, AST(FunctionDef, node)->args);
    if (node->kind == NODE_Lambda) return AST(arguments, AST(Lambda, node)->args);
    return NULL;
}

static void fill_parameters(Code *code, const Scope *scope) {
    const Astarguments *a = arguments_of(scope);
    code->parameters = (uint16_t)scope->parameters;
    code->positional = (uint16_t)scope->parameters;
    code->positional_only = (uint16_t)scope->parameters;
    if (a) {
        code->positional_only = (uint16_t)a->posonlyargs.count;
        code->positional = (uint16_t)(a->posonlyargs.count + a->args.count);
        code->keyword_only = (uint16_t)a->kwonlyargs.count;
        if (a->vararg) code->flags |= CODE_VARARGS;
        if (a->kwarg) code->flags |= CODE_VARKW;
    }
}

static void fill_signature(Code *code) {
    Signature *s = &code->signature;
    size_t n = (size_t)code->positional + code->keyword_only;
    s->name = code->qualname->data;
    s->names = memory_alloc(sizeof(Str *) * (n + 1));
    for (size_t i = 0; i < n; i++) s->names[i] = code->register_names[i];
    s->positional = code->positional;
    s->positional_only = code->positional_only;
    s->keyword_only = code->keyword_only;
    s->has_varargs = code->flags & CODE_VARARGS;
    s->has_varkw = code->flags & CODE_VARKW;
}

/* ---- all of it ---- */

static bool is_simple(const Code *code, const Scope *scope) {
    uint32_t not_simple = CODE_VARARGS | CODE_VARKW | CODE_GENERATOR | CODE_COROUTINE |
                          CODE_ASYNC_GENERATOR | CODE_WIDE | CODE_NAME_MODE;
    return scope_is_function(scope) && !(code->flags & not_simple) && !code->keyword_only;
}

static bool check_size(Compiler *c, const Unit *unit) {
    if (unit->registers <= MOST_REGISTERS && unit->scope->ncaptures <= MOST_REGISTERS) return true;
    Span span = {.line = unit->first_line, .end_line = unit->first_line};
    compile_error(c, span, "too many variables, or an expression too large, in one function");
    return false;
}

static void fill_names(Compiler *c, Code *code, const Unit *unit) {
    code->name = unit->name;
    code->qualname = unit->qualname;
    code->filename = c->filename;
    code->doc = unit->doc;
    code->annotations = unit->annotations;
    code->flags = unit->flags;
    code->first_line = unit->first_line;
    code->nregisters = (uint16_t)unit->registers;
    code->attribute_hint = (uint16_t)(unit->attributes.count < 64 ? unit->attributes.count : 64);
    code->constants = copy_constants(unit);
    code->nconstants = (uint32_t)unit->nconstants;
}

Code *encode_unit(Compiler *c, Unit *unit) {
    if (!check_size(c, unit)) return NULL;
    Code *code = code_new(c->t);
    fill_names(c, code, unit);
    fill_registers(code, unit->scope);
    fill_cells(code, unit->scope);
    fill_captures(c, code, unit->scope);
    fill_parameters(code, unit->scope);
    fill_signature(code);
    encode_words(c, unit, code);
    if (is_simple(code, unit->scope)) code->flags |= CODE_SIMPLE;
#ifndef NDEBUG
    const char *violation = verify_code(code);
    if (violation) compile_error(c, unit->instrs[0].span, "internal error: %s", violation);
#endif
    return code;
}
