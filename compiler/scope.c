/* SPDX-License-Identifier: MIT */
/* First pass: walks the tree once, opens a scope for every node that has one and notes how each
 * scope uses its names.
 *
 * What is evaluated outside a scope although it is written inside its node (decorators, defaults,
 * base classes, the first iterable of a comprehension) is walked in the enclosing scope.
 * Annotations are never evaluated and so not walked.  Most nodes are walked by the field tables of
 * the tree; only those that bind names or open scopes are treated by hand.  Left spines and elif
 * ladders are descended by loops.
 *
 * Read next: compiler/resolve.c.
 */
#include "compiler/unit.h"
#include "vm/number.h"
#include "vm/str.h"

static void visit(Compiler *c, Scope *s, Node *node);
static void visit_statement(Compiler *c, Scope *s, Node *node);

/* ---- scopes and symbols ---- */

Scope *scope_of(const Compiler *c, const Node *node) { return map_find(&c->scopes, node); }

static Scope *scope_open(Compiler *c, Scope *parent, ScopeKind kind, Node *node) {
    Scope *s = arena_alloc(&c->arena, sizeof *s);
    s->kind = kind;
    s->parent = parent;
    s->node = node;
    s->class_cell = -1;
    if (parent) {
        s->private_name = parent->private_name;
        s->iterable_depth = parent->iterable_depth;
    }
    map_set(&c->arena, &c->scopes, map_key(node), map_key(s));
    c->all_scopes = array_grow(c, c->all_scopes, c->nscopes, &c->scopes_capacity, sizeof(Scope *));
    c->all_scopes[c->nscopes++] = s;
    return s;
}

Symbol *scope_symbol(Compiler *c, Scope *scope, Str *name) {
    Symbol *symbol = scope_lookup(scope, name);
    if (symbol) return symbol;
    symbol = arena_alloc(&c->arena, sizeof *symbol);
    symbol->name = name;
    symbol->place = PLACE_FREE;
    symbol->capture = -1;
    symbol->reg = -1;
    scope->symbols =
        array_grow(c, scope->symbols, scope->count, &scope->capacity, sizeof(Symbol *));
    scope->symbols[scope->count++] = symbol;
    map_set(&c->arena, &scope->table, map_key(name), map_key(symbol));
    return symbol;
}

static bool is_private(const char *id) {
    if (id[0] != '_' || id[1] != '_') return false;
    size_t length = strlen(id);
    return !(id[length - 1] == '_' && id[length - 2] == '_') && !strchr(id, '.');
}

static Str *mangle(Compiler *c, const Str *class_name, const char *id) {
    const char *stem = class_name->data;
    while (*stem == '_') stem++;
    if (!*stem) return compiler_str(c, id);
    size_t n = strlen(stem), m = strlen(id);
    char *text = arena_alloc(&c->arena, n + m + 2);
    text[0] = '_';
    memcpy(text + 1, stem, n);
    memcpy(text + 1 + n, id, m);
    return str_intern(c->vm, text, n + m + 1);
}

Str *scope_name(Compiler *c, const Scope *scope, const char *id) {
    if (scope->private_name && is_private(id)) return mangle(c, scope->private_name, id);
    uint64_t known;
    if (map_get(&c->names, map_key(id), &known)) return (Str *)(uintptr_t)known;
    Str *name = str_intern(c->vm, id, ast_name_length(id));
    map_set(&c->arena, &c->names, map_key(id), map_key(name));
    return name;
}

static void mark_iteration(Compiler *c, Symbol *symbol, Span at) {
    if (symbol->flags & (SYM_GLOBAL | SYM_NONLOCAL))
        compile_error(c, at,
                      "comprehension inner loop cannot rebind assignment expression target '%s'",
                      symbol->name->data);
    symbol->flags |= SYM_ITERATION;
}

static Symbol *note(Compiler *c, Scope *s, const char *id, uint32_t flags, Span at) {
    Symbol *symbol = scope_symbol(c, s, scope_name(c, s, id));
    if ((flags & SYM_PARAMETER) && (symbol->flags & SYM_PARAMETER))
        compile_error(c, at, "duplicate argument '%s' in function definition", symbol->name->data);
    symbol->flags |= flags;
    if (s->iteration_target && (flags & SYM_ASSIGNED)) mark_iteration(c, symbol, at);
    return symbol;
}

/* ---- lists and parts ---- */

static void visit_list(Compiler *c, Scope *s, const NodeList *list) {
    for (int i = 0; i < list->count; i++)
        if (list->items[i]) visit(c, s, list->items[i]);
}

static void visit_body(Compiler *c, Scope *s, const NodeList *body) {
    for (int i = 0; i < body->count; i++) visit_statement(c, s, body->items[i]);
}

static void visit_optional(Compiler *c, Scope *s, Node *node) {
    if (node) visit(c, s, node);
}

/* Walks all fields of a node that has nothing special about it. */
static void visit_fields(Compiler *c, Scope *s, Node *node) {
    for (const FieldInfo *f = ast_fields(node->kind); f->name; f++) {
        char *field = (char *)node + f->offset;
        if (f->type == FIELD_NODE || f->type == FIELD_OPT) visit_optional(c, s, *(Node **)field);
        if (f->type == FIELD_LIST) visit_list(c, s, (NodeList *)field);
    }
}

/* Annotations are text that nobody runs, so nothing in one can suspend. */
static void check_annotation(Compiler *c, const Node *node) {
    if (!node) return;
    const char *what = node->kind == NODE_Await ? "await" : "yield";
    if (node->kind == NODE_Await || node->kind == NODE_Yield || node->kind == NODE_YieldFrom)
        compile_error(c, node->span, "%s expression cannot be used within an annotation", what);
    for (const FieldInfo *f = ast_fields(node->kind); f->name; f++) {
        const char *field = (const char *)node + f->offset;
        if (f->type == FIELD_NODE || f->type == FIELD_OPT)
            check_annotation(c, *(Node *const *)field);
        if (f->type != FIELD_LIST) continue;
        const NodeList *list = (const NodeList *)field;
        for (int i = 0; i < list->count; i++) check_annotation(c, list->items[i]);
    }
}

static void note_parameter(Compiler *c, Scope *s, Node *node) {
    if (!node) return;
    note(c, s, AST(arg, node)->arg, SYM_PARAMETER, node->span);
    check_annotation(c, AST(arg, node)->annotation);
}

static void note_parameters(Compiler *c, Scope *s, Node *node) {
    Astarguments *a = AST(arguments, node);
    for (int i = 0; i < a->posonlyargs.count; i++) note_parameter(c, s, a->posonlyargs.items[i]);
    for (int i = 0; i < a->args.count; i++) note_parameter(c, s, a->args.items[i]);
    for (int i = 0; i < a->kwonlyargs.count; i++) note_parameter(c, s, a->kwonlyargs.items[i]);
    note_parameter(c, s, a->vararg);
    note_parameter(c, s, a->kwarg);
    s->parameters = s->count;
}

static void visit_defaults(Compiler *c, Scope *s, Node *node) {
    visit_list(c, s, &AST(arguments, node)->defaults);
    visit_list(c, s, &AST(arguments, node)->kw_defaults);
}

/* ---- comprehensions and assignment expressions ---- */

static const char *comprehension_name(const Node *node) {
    switch (node->kind) {
    case NODE_ListComp: return "list comprehension";
    case NODE_SetComp: return "set comprehension";
    case NODE_DictComp: return "dict comprehension";
    default: return "generator expression";
    }
}

static void visit_iterable(Compiler *c, Scope *s, Node *iterable) {
    s->iterable_depth++;
    visit(c, s, iterable);
    s->iterable_depth--;
}

/* `for target in … if …` of a comprehension; the first iterable has been walked outside. */
static void visit_generator(Compiler *c, Scope *s, Node *node, bool first) {
    Astcomprehension *g = AST(comprehension, node);
    s->iteration_target = true;
    visit(c, s, g->target);
    s->iteration_target = false;
    if (!first && g->target->kind == NODE_Name)
        note(c, s, AST(Name, g->target)->id, SYM_LOOP, g->target->span);
    if (!first) visit_iterable(c, s, g->iter);
    visit_list(c, s, &g->ifs);
    if (g->is_async) s->has_await = true;
}

static void visit_comprehension(Compiler *c, Scope *outer, Node *node, NodeList *generators,
                                Node *first, Node *second) {
    visit_iterable(c, outer, AST(comprehension, generators->items[0])->iter);
    Scope *s = scope_open(c, outer, SCOPE_COMPREHENSION, node);
    scope_symbol(c, s, compiler_str(c, ".0"))->flags = SYM_PARAMETER | SYM_USED;
    s->parameters = 1;
    for (int i = 0; i < generators->count; i++) visit_generator(c, s, generators->items[i], i == 0);
    visit_optional(c, s, second);
    visit(c, s, first);
    if (s->has_await && node->kind != NODE_GeneratorExp) outer->has_await = true;
}

/* An assignment expression in a comprehension binds in the scope around it. */
static void extend_walrus(Compiler *c, Scope *s, const char *id, Span at) {
    Scope *e = s;
    for (; e->kind == SCOPE_COMPREHENSION; e = e->parent) {
        Symbol *symbol = scope_lookup(e, scope_name(c, s, id));
        if (symbol && (symbol->flags & SYM_ITERATION))
            compile_error(
                c, at, "assignment expression cannot rebind comprehension iteration variable '%s'",
                symbol->name->data);
    }
    if (e->kind == SCOPE_CLASS) {
        compile_error(
            c, at, "assignment expression within a comprehension cannot be used in a class body");
        return;
    }
    Symbol *target = note(c, e, id, 0, at);
    bool global = e->kind == SCOPE_MODULE || (target->flags & SYM_GLOBAL);
    if (e->kind != SCOPE_MODULE && !global) target->flags |= SYM_ASSIGNED;
    for (Scope *inner = s; inner != e; inner = inner->parent) {
        Symbol *symbol = note(c, inner, id, global ? SYM_GLOBAL : SYM_NONLOCAL, at);
        symbol->declared = at;
    }
    if (e->kind == SCOPE_MODULE) target->flags |= SYM_GLOBAL;
}

static void visit_walrus(Compiler *c, Scope *s, AstNamedExpr *node) {
    if (s->iterable_depth > 0)
        compile_error(
            c, node->base.span,
            "assignment expression cannot be used in a comprehension iterable expression");
    if (c->statement) map_set(&c->arena, &c->walrus, map_key(c->statement), 1);
    if (s->kind == SCOPE_COMPREHENSION && node->target->kind == NODE_Name) {
        extend_walrus(c, s, AST(Name, node->target)->id, node->target->span);
        visit(c, s, node->value);
        return;
    }
    visit(c, s, node->value);
    visit(c, s, node->target);
}

/* ---- expressions ---- */

static void visit_name(Compiler *c, Scope *s, AstName *node) {
    uint32_t flags = SYM_USED;
    if (node->ctx == CTX_Store) flags = SYM_ASSIGNED;
    if (node->ctx == CTX_Del) flags = SYM_ASSIGNED | SYM_DELETED;
    note(c, s, node->id, flags, node->base.span);
    if (flags == SYM_USED && scope_is_function(s) && name_is(node->id, "super"))
        scope_symbol(c, s, NAME_OF(c->t, __class__))->flags |= SYM_USED;
}

static void visit_lambda(Compiler *c, Scope *s, AstLambda *node) {
    visit_defaults(c, s, node->args);
    Scope *inner = scope_open(c, s, SCOPE_LAMBDA, &node->base);
    note_parameters(c, inner, node->args);
    visit(c, inner, node->body);
}

static void visit_yield(Compiler *c, Scope *s, Node *node, Node *value) {
    visit_optional(c, s, value);
    s->has_yield = true;
    if (node->kind == NODE_YieldFrom) s->has_await = true;
    if (s->kind == SCOPE_COMPREHENSION)
        compile_error(c, node->span, "'yield' inside %s", comprehension_name(s->node));
}

/* The node down the left spine of [node] that remains once the rest of [node] is walked,
 * or NULL. */
static Node *visit_right_of(Compiler *c, Scope *s, Node *node) {
    switch (node->kind) {
    case NODE_BinOp: visit(c, s, AST(BinOp, node)->right); return AST(BinOp, node)->left;
    case NODE_Call:
        suspect_call(c, node);
        visit_list(c, s, &AST(Call, node)->args);
        visit_list(c, s, &AST(Call, node)->keywords);
        return AST(Call, node)->func;
    case NODE_Subscript:
        suspect_subscript(c, node);
        visit(c, s, AST(Subscript, node)->slice);
        return AST(Subscript, node)->value;
    case NODE_Attribute: return AST(Attribute, node)->value;
    default: return NULL;
    }
}

/* A float that a loop uses again and again stays in a register. */
static void note_float(Compiler *c, Scope *s, const AstConstant *node) {
    if (node->value.kind != LITERAL_FLOAT || !s->loop_depth || s->nfloats == MAX_RESIDENT) return;
    Value v = float_new(c->t, node->value.number);
    for (int i = 0; i < s->nfloats; i++) {
        if (s->floats[i] == v) return;
    }
    if (is_flonum(v)) s->floats[s->nfloats++] = v;
}

static void visit_expression(Compiler *c, Scope *s, Node *node) {
    switch (node->kind) {
    case NODE_Name: visit_name(c, s, AST(Name, node)); break;
    case NODE_Constant: note_float(c, s, AST(Constant, node)); break;
    case NODE_Compare:
        suspect_compare(c, node);
        visit_fields(c, s, node);
        break;
    case NODE_NamedExpr: visit_walrus(c, s, AST(NamedExpr, node)); break;
    case NODE_Lambda: visit_lambda(c, s, AST(Lambda, node)); break;
    case NODE_ListComp:
        visit_comprehension(c, s, node, &AST(ListComp, node)->generators, AST(ListComp, node)->elt,
                            NULL);
        break;
    case NODE_SetComp:
        visit_comprehension(c, s, node, &AST(SetComp, node)->generators, AST(SetComp, node)->elt,
                            NULL);
        break;
    case NODE_GeneratorExp:
        visit_comprehension(c, s, node, &AST(GeneratorExp, node)->generators,
                            AST(GeneratorExp, node)->elt, NULL);
        break;
    case NODE_DictComp:
        visit_comprehension(c, s, node, &AST(DictComp, node)->generators, AST(DictComp, node)->key,
                            AST(DictComp, node)->value);
        break;
    case NODE_Yield: visit_yield(c, s, node, AST(Yield, node)->value); break;
    case NODE_YieldFrom: visit_yield(c, s, node, AST(YieldFrom, node)->value); break;
    case NODE_Await:
        visit(c, s, AST(Await, node)->value);
        s->has_await = true;
        break;
    default: visit_fields(c, s, node); break;
    }
}

static void visit(Compiler *c, Scope *s, Node *node) {
    for (Node *next; (next = visit_right_of(c, s, node)); node = next) continue;
    visit_expression(c, s, node);
}

/* ---- statements ---- */

static const char *declaration_conflict(uint32_t flags) {
    if (flags & SYM_PARAMETER) return "name '%s' is parameter and %s";
    if (flags & SYM_ANNOTATED) return "annotated name '%s' can't be %s";
    if (flags & SYM_USED) return "name '%s' is used prior to %s declaration";
    if (flags & SYM_ASSIGNED) return "name '%s' is assigned to before %s declaration";
    return NULL;
}

/* In code that has names of its own beside the globals (exec with locals), a `global` statement in
 * a function makes the module's name a global too. */
static void declare_in_module(Compiler *c, Scope *s, Str *name) {
    Scope *module = s;
    while (module->parent) module = module->parent;
    if (c->name_mode && module != s) scope_symbol(c, module, name)->flags |= SYM_GLOBAL_INSIDE;
}

static void visit_declaration(Compiler *c, Scope *s, Node *node, const NameList *names,
                              uint32_t flag) {
    const char *word = flag == SYM_GLOBAL ? "global" : "nonlocal";
    for (int i = 0; i < names->count; i++) {
        Symbol *symbol = scope_symbol(c, s, scope_name(c, s, names->items[i]));
        const char *format = declaration_conflict(symbol->flags);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        if (format) compile_error(c, node->span, format, symbol->name->data, word);
#pragma GCC diagnostic pop
        symbol->flags |= flag;
        if (!symbol->declared.line) symbol->declared = node->span;
        if (flag == SYM_GLOBAL) declare_in_module(c, s, symbol->name);
    }
}

static void visit_function(Compiler *c, Scope *s, AstFunctionDef *f) {
    note(c, s, f->name, SYM_ASSIGNED, f->base.span);
    visit_defaults(c, s, f->args);
    visit_list(c, s, &f->decorator_list);
    Scope *inner = scope_open(c, s, SCOPE_FUNCTION, &f->base);
    inner->is_async = f->is_async;
    note_parameters(c, inner, f->args);
    visit_body(c, inner, &f->body);
}

static void visit_class(Compiler *c, Scope *s, AstClassDef *k) {
    note(c, s, k->name, SYM_ASSIGNED, k->base.span);
    visit_list(c, s, &k->bases);
    visit_list(c, s, &k->keywords);
    visit_list(c, s, &k->decorator_list);
    Scope *inner = scope_open(c, s, SCOPE_CLASS, &k->base);
    inner->private_name = str_intern(c->vm, k->name, ast_name_length(k->name));
    visit_body(c, inner, &k->body);
}

static void visit_alias(Compiler *c, Scope *s, Node *node) {
    Astalias *alias = AST(alias, node);
    const char *id = alias->asname ? alias->asname : alias->name;
    if (name_is(id, "*")) {
        if (s->kind != SCOPE_MODULE)
            compile_error(c, node->span, "import * only allowed at module level");
        return;
    }
    const char *dot = alias->asname ? NULL : strchr(id, '.');
    if (!dot) {
        note(c, s, id, SYM_ASSIGNED, node->span);
        return;
    }
    Str *first = str_intern(c->vm, id, (size_t)(dot - id));
    if (s->private_name && is_private(first->data)) first = mangle(c, s->private_name, first->data);
    scope_symbol(c, s, first)->flags |= SYM_ASSIGNED;
}

static void visit_annotated(Compiler *c, Scope *s, AstAnnAssign *a) {
    if (a->target->kind == NODE_Name) {
        const char *id = AST(Name, a->target)->id;
        Symbol *symbol = scope_symbol(c, s, scope_name(c, s, id));
        if ((symbol->flags & (SYM_GLOBAL | SYM_NONLOCAL)) && s->kind != SCOPE_MODULE && a->simple)
            compile_error(c, a->base.span, "annotated name '%s' can't be %s", symbol->name->data,
                          symbol->flags & SYM_GLOBAL ? "global" : "nonlocal");
        if (a->simple || a->value) note(c, s, id, SYM_ASSIGNED, a->target->span);
        if (a->simple) symbol->flags |= SYM_ANNOTATED;
    } else {
        visit(c, s, a->target);
    }
    visit_optional(c, s, a->value);
}

static void visit_for(Compiler *c, Scope *s, AstFor *f) {
    if (f->is_async) s->has_await = true;
    visit(c, s, f->target);
    if (f->target->kind == NODE_Name && !f->is_async)
        note(c, s, AST(Name, f->target)->id, SYM_LOOP, f->target->span);
    visit(c, s, f->iter);
    s->loop_depth++;
    visit_body(c, s, &f->body);
    s->loop_depth--;
    visit_body(c, s, &f->orelse);
}

static void visit_handler(Compiler *c, Scope *s, Node *node) {
    AstExceptHandler *h = AST(ExceptHandler, node);
    visit_optional(c, s, h->type);
    if (h->name) note(c, s, h->name, SYM_ASSIGNED | SYM_DELETED, node->span);
    visit_body(c, s, &h->body);
}

static void visit_try(Compiler *c, Scope *s, AstTry *t) {
    visit_body(c, s, &t->body);
    visit_body(c, s, &t->orelse);
    for (int i = 0; i < t->handlers.count; i++) visit_handler(c, s, t->handlers.items[i]);
    visit_body(c, s, &t->finalbody);
}

static void visit_with(Compiler *c, Scope *s, AstWith *w) {
    if (w->is_async) s->has_await = true;
    for (int i = 0; i < w->items.count; i++) visit_fields(c, s, w->items.items[i]);
    visit_body(c, s, &w->body);
}

static void visit_if(Compiler *c, Scope *s, AstIf *i) {
    for (;;) {
        visit(c, s, i->test);
        visit_body(c, s, &i->body);
        if (i->orelse.count != 1 || i->orelse.items[0]->kind != NODE_If) break;
        i = AST(If, i->orelse.items[0]);
        c->statement = &i->base;
    }
    visit_body(c, s, &i->orelse);
}

static void visit_while(Compiler *c, Scope *s, AstWhile *w) {
    s->loop_depth++;
    visit(c, s, w->test);
    visit_body(c, s, &w->body);
    s->loop_depth--;
    visit_body(c, s, &w->orelse);
}

static void visit_imports(Compiler *c, Scope *s, const NodeList *names) {
    for (int i = 0; i < names->count; i++) visit_alias(c, s, names->items[i]);
}

static void visit_statement(Compiler *c, Scope *s, Node *node) {
    Node *saved = c->statement;
    c->statement = node;
    switch (node->kind) {
    case NODE_Assert:
        suspect_assert(c, node);
        visit_fields(c, s, node);
        break;
    case NODE_FunctionDef: visit_function(c, s, AST(FunctionDef, node)); break;
    case NODE_ClassDef: visit_class(c, s, AST(ClassDef, node)); break;
    case NODE_Global: visit_declaration(c, s, node, &AST(Global, node)->names, SYM_GLOBAL); break;
    case NODE_Nonlocal:
        visit_declaration(c, s, node, &AST(Nonlocal, node)->names, SYM_NONLOCAL);
        break;
    case NODE_Import: visit_imports(c, s, &AST(Import, node)->names); break;
    case NODE_ImportFrom: visit_imports(c, s, &AST(ImportFrom, node)->names); break;
    case NODE_AnnAssign: visit_annotated(c, s, AST(AnnAssign, node)); break;
    case NODE_For: visit_for(c, s, AST(For, node)); break;
    case NODE_While: visit_while(c, s, AST(While, node)); break;
    case NODE_If: visit_if(c, s, AST(If, node)); break;
    case NODE_Try: visit_try(c, s, AST(Try, node)); break;
    case NODE_With: visit_with(c, s, AST(With, node)); break;
    default: visit_fields(c, s, node); break;
    }
    c->statement = saved;
}

void scope_collect(Compiler *c, Node *root) {
    Scope *s = scope_open(c, NULL, SCOPE_MODULE, root);
    s->is_async = c->mode == COMPILE_PROMPT;
    if (root->kind == NODE_Module) visit_body(c, s, &AST(Module, root)->body);
    if (root->kind == NODE_Interactive) visit_body(c, s, &AST(Interactive, root)->body);
    if (root->kind == NODE_Expression) {
        c->statement = root;
        visit(c, s, AST(Expression, root)->body);
        c->statement = NULL;
    }
}
