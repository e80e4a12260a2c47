/* SPDX-License-Identifier: MIT */
/* Calls: the window of consecutive temporaries that holds callee and arguments, and what replaces
 * it when there are stars or too many arguments.
 *
 *     plain     R[base] callee, R[base+1] … arguments; after LOAD_METHOD one register more
 *     extended  R[base] callee, R[base+1] list of positionals, R[base+2] dict of keywords or unset
 *
 * Python evaluates all positional arguments (starred ones too) before the keywords, whatever their
 * order in the source.
 */
#include "compiler/unit.h"
#include "vm/str.h"

static bool is_starred(const Node *node) { return node->kind == NODE_Starred; }

bool call_is_plain(const NodeList *args, const NodeList *keywords) {
    if (args->count + keywords->count > MAX_OPERANDS) return false;
    for (int i = 0; i < args->count; i++)
        if (is_starred(args->items[i])) return false;
    for (int i = 0; i < keywords->count; i++)
        if (!AST(keyword, keywords->items[i])->arg) return false;
    return true;
}

static void check_keywords(Compiler *c, Span span, const NodeList *keywords) {
    Map seen = {0};
    for (int i = 0; i < keywords->count; i++) {
        Astkeyword *k = AST(keyword, keywords->items[i]);
        if (!k->arg) continue;
        check_name(c, span, k->arg, CTX_Store);
        if (map_get(&seen, map_key(k->arg), NULL))
            compile_error(c, k->base.span, "keyword argument repeated: %s", k->arg);
        if (keywords->count > 1) map_set(&c->arena, &seen, map_key(k->arg), 1);
    }
}

/* Keyword names are never mangled. */
static Value keyword_name(Compiler *c, const Node *node) {
    const char *id = AST(keyword, node)->arg;
    return object_value(str_intern(c->vm, id, ast_name_length(id)));
}

/* ---- plain calls ---- */

static void push_argument(Compiler *c, Node *value) { expression_to(c, value, temp_new(c)); }

static int keyword_names(Compiler *c, const NodeList *keywords) {
    Value names[MAX_OPERANDS];
    for (int i = 0; i < keywords->count; i++) names[i] = keyword_name(c, keywords->items[i]);
    return c->unit->reachable ? constant_tuple(c, names, keywords->count) : 0;
}

static void call_plain(Compiler *c, Span span, int base, int prefix, bool method, NodeList *args,
                       NodeList *keywords, bool discard) {
    int argc = prefix + args->count + keywords->count;
    for (int i = 0; i < args->count; i++) push_argument(c, args->items[i]);
    for (int i = 0; i < keywords->count; i++)
        push_argument(c, AST(keyword, keywords->items[i])->value);
    if (keywords->count)
        emit_extra(c, span, method ? OP_CALL_METHOD_KW : OP_CALL_KW, base, argc, discard,
                   keyword_names(c, keywords));
    else emit_span(c, span, method ? OP_CALL_METHOD : OP_CALL, base, argc, discard);
}

/* ---- extended calls ---- */

/* R[list] := the prefix arguments and [args], some of which may be starred. CALL_EX takes x of
 * f(*x) as it is. */
static void collect_positional(Compiler *c, Span span, int list, int prefix, const NodeList *args) {
    if (!prefix && args->count == 1 && is_starred(args->items[0])) {
        expression_to(c, AST(Starred, args->items[0])->value, list);
        return;
    }
    emit_span(c, span, OP_BUILD_LIST, list, list, prefix);
    for (int i = 0; i < args->count; i++) {
        int mark = temp_mark(c);
        Node *arg = args->items[i];
        if (is_starred(arg)) {
            int items = expression_any(c, AST(Starred, arg)->value);
            emit_span(c, span, OP_LIST_EXTEND, list, items, 0);
        } else {
            int value = expression_any(c, arg);
            emit_span(c, span, OP_LIST_APPEND, list, value, 0);
        }
        temp_release(c, mark);
    }
}

/* Sets a run of named keywords beginning at [i] in the dict [dict]; gives the index after
 * the run. */
static int set_named(Compiler *c, const NodeList *keywords, int i, int dict) {
    for (; i < keywords->count && AST(keyword, keywords->items[i])->arg; i++) {
        int mark = temp_mark(c), name = temp_new(c);
        Node *node = keywords->items[i];
        constant_load(c, node, keyword_name(c, node), name);
        int value = expression_any(c, AST(keyword, node)->value);
        emit(c, node, OP_DICT_SET, dict, name, value);
        temp_release(c, mark);
    }
    return i;
}

static void collect_keywords(Compiler *c, Span span, int base, const NodeList *keywords) {
    int dict = base + 2;
    emit_span(c, span, OP_BUILD_DICT, dict, dict, 0);
    for (int i = set_named(c, keywords, 0, dict); i < keywords->count;) {
        int mark = temp_mark(c), more;
        Astkeyword *k = AST(keyword, keywords->items[i]);
        if (k->arg) {
            more = temp_new(c);
            emit_span(c, span, OP_BUILD_DICT, more, more, 0);
            i = set_named(c, keywords, i, more);
        } else {
            more = expression_any(c, k->value);
            i++;
        }
        emit_span(c, span, OP_DICT_MERGE, dict, more, base);
        temp_release(c, mark);
    }
}

static void call_extended(Compiler *c, Span span, int base, int prefix, NodeList *args,
                          NodeList *keywords, bool discard) {
    if (prefix < 2) temp_many(c, 2 - prefix);
    collect_positional(c, span, base + 1, prefix, args);
    if (keywords->count) collect_keywords(c, span, base, keywords);
    else emit_span(c, span, OP_LOAD_UNSET, base + 2, 0, 0);
    emit_span(c, span, OP_CALL_EX, base, 0, discard);
}

void call_emit(Compiler *c, Span span, int base, int prefix, bool method, NodeList *args,
               NodeList *keywords, bool discard) {
    if (keywords->count) check_keywords(c, span, keywords);
    if (call_is_plain(args, keywords))
        call_plain(c, span, base, prefix, method, args, keywords, discard);
    else call_extended(c, span, base, prefix, args, keywords, discard);
}

/* ---- super() ---- */

/* The class and object that `super()` implies can be given where `__class__` is captured and there
 * is a first parameter; elsewhere the plain call raises Python's RuntimeError. */
bool call_is_super(Compiler *c, const Node *node) {
    const AstCall *call = AST(Call, node);
    const Scope *scope = c->unit->scope;
    if (call->func->kind != NODE_Name || call->args.count || call->keywords.count) return false;
    if (!name_is(AST(Name, call->func)->id, "super") || !scope->parameters) return false;
    if (!scope_is_function(scope)) return false;
    Symbol *super = scope_lookup(scope, NAME_OF(c->t, super));
    Symbol *cell = scope_lookup(scope, NAME_OF(c->t, __class__));
    return super && super->place == PLACE_GLOBAL && cell && cell->place == PLACE_FREE &&
           cell->capture >= 0;
}

void call_emit_super(Compiler *c, Node *node, int base, bool discard) {
    int first = temp_many(c, 2);
    name_load(c, node, NAME_OF(c->t, __class__), first);
    name_load(c, node, c->unit->scope->symbols[0]->name, first + 1);
    emit(c, node, OP_CALL, base, 2, discard);
}
