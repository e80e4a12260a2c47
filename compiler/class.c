/* SPDX-License-Identifier: MIT */
/* Class statements: a call of __build_class__ with the body as a function.
 *
 *     R[b] __build_class__   R[b+1] body function   R[b+2] name   R[b+3] … bases and keywords
 *
 * The body runs with its namespace in register 0, into which every name goes.  If a method refers
 * to `__class__` (or to `super`), the body makes its cell and returns it, and __build_class__ puts
 * the class in.
 *
 * Read next: compiler/annotation.c (`__annotations__`).
 */
#include "compiler/unit.h"
#include "vm/str.h"

static void store_constant(Compiler *c, Node *at, Str *name, Value v) {
    int reg = temp_new(c);
    constant_load(c, at, v, reg);
    name_store(c, at, name, reg);
    temp_release(c, reg);
}

static void emit_header(Compiler *c, AstClassDef *s) {
    int reg = temp_new(c);
    Node *doc = body_docstring(&s->body);
    name_load(c, &s->base, NAME_OF(c->t, __name__), reg);
    name_store(c, &s->base, NAME_OF(c->t, __module__), reg);
    temp_release(c, reg);
    store_constant(c, &s->base, NAME_OF(c->t, __qualname__), object_value(c->unit->qualname));
    Value text;
    if (doc && constant_value(c, doc, &text)) {
        c->unit->doc = text;
        store_constant(c, doc, NAME_OF(c->t, __doc__), text);
    }
}

/* ---- the statement ---- */

static Code *class_code(Compiler *c, AstClassDef *s, uint32_t first_line) {
    Unit unit;
    unit_begin(c, &unit, scope_of(c, &s->base), compiler_str(c, s->name), first_line);
    emit_header(c, s);
    annotations_emit(c, &s->base, &s->body);
    statement_list(c, &s->body);
    if (unit.scope->class_cell >= 0) emit(c, &s->base, OP_RETURN, unit.scope->class_cell, 0, 0);
    return unit_end(c);
}

void class_statement(Compiler *c, AstClassDef *s) {
    int mark = temp_mark(c), n = s->decorator_list.count;
    uint32_t first_line = n ? s->decorator_list.items[0]->span.line : s->base.span.line;
    for (int i = 0; i < n; i++) expression_to(c, s->decorator_list.items[i], temp_new(c));
    int base = temp_new(c), function = temp_many(c, 2);
    emit(c, &s->base, OP_LOAD_BUILD_CLASS, base, 0, 0);
    emit(c, &s->base, OP_LOAD_UNSET, function, 0, 0);
    emit(c, &s->base, OP_LOAD_UNSET, function + 1, 0, 0);
    emit_function(c, &s->base, class_code(c, s, first_line), function);
    constant_load(c, &s->base, object_value(compiler_str(c, s->name)), function + 1);
    call_emit(c, s->base.span, base, 2, false, &s->bases, &s->keywords, false);
    check_name(c, s->base.span, s->name, CTX_Store);
    name_store(c, &s->base, compiler_name(c, s->name),
               decorators_call(c, &s->decorator_list, base));
    temp_release(c, mark);
}
