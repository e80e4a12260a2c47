/* SPDX-License-Identifier: MIT */
/* Statements: the simple ones, `if`, imports; the rest is sent to the files that know it.
 *
 * No temporary outlives its statement, so each begins with the stack of temporaries as it found it.
 *
 * Read next: compiler/loop.c, compiler/try.c, compiler/with.c, compiler/function.c.
 */
#include "compiler/unit.h"
#include "vm/str.h"

/* ---- expression statements ---- */

static void expression_statement(Compiler *c, AstExpr *s) {
    int mark = temp_mark(c);
    if (c->mode >= COMPILE_SINGLE && c->unit->scope->kind == SCOPE_MODULE) {
        int reg = expression_any(c, s->value);
        emit(c, &s->base, OP_PRINT_EXPR, reg, 0, 0);
    } else {
        int result = expression_effect(c, s->value);
        if (result >= 0) emit(c, &s->base, OP_UNUSED_RESULT, result, 0, 0);
    }
    temp_release(c, mark);
}

/* ---- if ---- */

static bool is_elif(const NodeList *orelse) {
    return orelse->count == 1 && orelse->items[0]->kind == NODE_If;
}

static void enter_condition(Compiler *c, const Node *statement) {
    c->has_walrus = c->walrus.count && map_get(&c->walrus, map_key(statement), NULL);
}

/* A ladder of `elif` is walked in a loop: it has no limit. */
static void if_statement(Compiler *c, AstIf *s) {
    Label end = label_new(c);
    for (;; s = AST(If, s->orelse.items[0])) {
        Label otherwise = label_new(c);
        enter_condition(c, &s->base);
        condition_jump(c, s->test, otherwise, false);
        statement_list(c, &s->body);
        if (s->orelse.count) emit_jump(c, s->base.span, OP_JUMP, 0, 0, 0, end);
        label_place(c, otherwise);
        if (!is_elif(&s->orelse)) break;
    }
    statement_list(c, &s->orelse);
    label_place(c, end);
}

/* ---- raise and assert ---- */

static void raise_statement(Compiler *c, AstRaise *s) {
    int mark = temp_mark(c);
    if (!s->exc) {
        emit(c, &s->base, OP_RAISE_AGAIN, 0, 0, 0);
    } else {
        int exception = expression_any(c, s->exc);
        if (s->cause) emit(c, &s->base, OP_RAISE_FROM, exception, expression_any(c, s->cause), 0);
        else emit(c, &s->base, OP_RAISE, exception, 0, 0);
    }
    temp_release(c, mark);
}

static void assert_statement(Compiler *c, AstAssert *s) {
    Label passed = label_new(c);
    int mark = temp_mark(c), error = temp_new(c);
    condition_jump(c, s->test, passed, true);
    emit(c, s->test, OP_LOAD_ASSERTION_ERROR, error, 0, 0);
    if (s->msg) {
        expression_to(c, s->msg, temp_new(c));
        emit(c, s->test, OP_CALL, error, 1, 0);
    }
    emit(c, s->test, OP_RAISE, error, 0, 0);
    label_place(c, passed);
    temp_release(c, mark);
}

/* ---- imports ---- */

static Str *piece(Compiler *c, const char *start, size_t length) {
    return str_intern(c->vm, start, length);
}

/* `import a.b.c as m`: from the package a down to its module c. */
static void import_descend(Compiler *c, Node *s, const char *dotted, int reg) {
    for (const char *dot = strchr(dotted, '.'); dot; dot = strchr(dot + 1, '.')) {
        size_t length = strcspn(dot + 1, ".");
        emit_name(c, s->span, OP_IMPORT_FROM, reg, reg, 0, piece(c, dot + 1, length));
    }
}

/* Stores a module or what was found in one under the name [id]. */
static void import_store(Compiler *c, const Node *s, const char *id, int reg) {
    check_name(c, s->span, id, CTX_Store);
    name_store(c, s, compiler_name(c, id), reg);
}

static void import_one(Compiler *c, Node *s, Astalias *alias) {
    int mark = temp_mark(c), reg = temp_new(c);
    emit(c, s, OP_LOAD_NONE, reg, 0, 0);
    emit_name(c, s->span, OP_IMPORT_NAME, reg, 0, 0, compiler_str(c, alias->name));
    if (alias->asname) {
        import_descend(c, s, alias->name, reg);
        import_store(c, s, alias->asname, reg);
    } else if (strchr(alias->name, '.')) {
        Str *first = piece(c, alias->name, strcspn(alias->name, "."));
        name_store(c, s, first, reg);
    } else {
        import_store(c, s, alias->name, reg);
    }
    temp_release(c, mark);
}

static void import_statement(Compiler *c, AstImport *s) {
    for (int i = 0; i < s->names.count; i++) import_one(c, &s->base, AST(alias, s->names.items[i]));
}

/* `from __future__ import …` asks for what this language has anyway. */
static void future_statement(Compiler *c, AstImportFrom *s) {
    static const char *const features[] = {
        "nested_scopes",  "generators",       "division",       "absolute_import", "with_statement",
        "print_function", "unicode_literals", "barry_as_FLUFL", "generator_stop",  "annotations"};
    if (!c->header)
        compile_error(c, s->base.span,
                      "from __future__ imports must occur at the beginning of the file");
    for (int i = 0; i < s->names.count; i++) {
        const char *name = AST(alias, s->names.items[i])->name;
        bool known = false;
        for (size_t j = 0; j < sizeof features / sizeof *features; j++)
            known = known || !strcmp(name, features[j]);
        if (!strcmp(name, "braces")) compile_error(c, s->base.span, "not a chance");
        else if (!known) compile_error(c, s->base.span, "future feature %s is not defined", name);
    }
}

static bool is_future(const Node *node) {
    if (node->kind != NODE_ImportFrom) return false;
    const AstImportFrom *s = AST(ImportFrom, node);
    return !s->level && s->module && name_is(s->module, "__future__");
}

static void import_names(Compiler *c, AstImportFrom *s, int module) {
    for (int i = 0; i < s->names.count; i++) {
        Astalias *alias = AST(alias, s->names.items[i]);
        int mark = temp_mark(c), reg = temp_new(c);
        emit_name(c, s->base.span, OP_IMPORT_FROM, reg, module, 0, compiler_str(c, alias->name));
        import_store(c, &s->base, alias->asname ? alias->asname : alias->name, reg);
        temp_release(c, mark);
    }
}

static void import_from_statement(Compiler *c, AstImportFrom *s) {
    int mark = temp_mark(c), module = temp_new(c), n = s->names.count;
    Value *names = arena_alloc(&c->arena, sizeof(Value) * (size_t)(n ? n : 1));
    for (int i = 0; i < n; i++)
        names[i] = object_value(compiler_str(c, AST(alias, s->names.items[i])->name));
    if (c->unit->reachable) emit(c, &s->base, OP_LOADK, module, constant_tuple(c, names, n), 0);
    emit_name(c, s->base.span, OP_IMPORT_NAME, module, s->level, 0,
              compiler_str(c, s->module ? s->module : ""));
    if (n == 1 && name_is(AST(alias, s->names.items[0])->name, "*"))
        emit(c, &s->base, OP_IMPORT_STAR, module, 0, 0);
    else import_names(c, s, module);
    temp_release(c, mark);
}

/* ---- dispatch ---- */

static bool is_text(const Node *node) {
    return node->kind == NODE_Expr && ast_is_literal(AST(Expr, node)->value, LITERAL_STR);
}

static void dispatch(Compiler *c, Node *node) {
    switch (node->kind) {
    case NODE_FunctionDef: function_statement(c, AST(FunctionDef, node)); break;
    case NODE_ClassDef: class_statement(c, AST(ClassDef, node)); break;
    case NODE_Return: return_statement(c, AST(Return, node)); break;
    case NODE_Delete: delete_statement(c, AST(Delete, node)); break;
    case NODE_Assign: assign_statement(c, AST(Assign, node)); break;
    case NODE_AugAssign: augmented_statement(c, AST(AugAssign, node)); break;
    case NODE_AnnAssign: annotated_statement(c, AST(AnnAssign, node)); break;
    case NODE_For: for_statement(c, AST(For, node)); break;
    case NODE_While: while_statement(c, AST(While, node)); break;
    case NODE_If: if_statement(c, AST(If, node)); break;
    case NODE_With: with_statement(c, AST(With, node)); break;
    case NODE_Raise: raise_statement(c, AST(Raise, node)); break;
    case NODE_Try: try_statement(c, AST(Try, node)); break;
    case NODE_Assert: assert_statement(c, AST(Assert, node)); break;
    case NODE_Import: import_statement(c, AST(Import, node)); break;
    case NODE_ImportFrom:
        if (is_future(node)) future_statement(c, AST(ImportFrom, node));
        else import_from_statement(c, AST(ImportFrom, node));
        break;
    case NODE_Expr: expression_statement(c, AST(Expr, node)); break;
    case NODE_Break: break_statement(c, node); break;
    case NODE_Continue: continue_statement(c, node); break;
    default: break; /* global, nonlocal, pass */
    }
}

void statement_compile(Compiler *c, Node *node) {
    bool saved = c->has_walrus;
    int mark = temp_mark(c);
    if (c->header && !is_future(node) && !is_text(node)) c->header = false;
    enter_condition(c, node);
    dispatch(c, node);
    temp_release(c, mark);
    c->has_walrus = saved;
}

void statement_list(Compiler *c, const NodeList *body) {
    for (int i = 0; i < body->count; i++) statement_compile(c, body->items[i]);
}
