/* SPDX-License-Identifier: MIT */
/* Building statements.
 *
 * The span of a compound statement ends with the last statement of its last block. */
#include <string.h>

#include "parser/build.h"

Items *tree_stmt_one(Parser *parser, Node *node) { return tree_items_one(parser, piece_of(node)); }

/* --- simple statements --- */

Node *tree_stmt_expression(Parser *parser, Piece value) {
    return ast_new(parser->arena, Expr, value.span, value.node);
}

Node *tree_stmt_assign(Parser *parser, Items *chain) {
    NodeList targets = chain->list;
    Node *value = targets.items[--targets.count];
    for (int i = 0; i < targets.count; i++) {
        Node *target = targets.items[i];
        if (target->kind == NODE_Yield || target->kind == NODE_YieldFrom) {
            if (!target->parenthesized) {
                parser_fail(parser, target->span, "assignment to yield expression not possible");
            }
        }
        tree_target_check(parser, target, TARGET_ASSIGN);
    }
    return ast_new(parser->arena, Assign, chain->span, targets, value);
}

Node *tree_stmt_augmented(Parser *parser, Piece target, BinOp op, Piece value) {
    tree_target_check_augmented(parser, target.node);
    Span span = span_join(target.span, value.span);
    return ast_new(parser->arena, AugAssign, span, target.node, op, value.node);
}

Node *tree_stmt_annotated(Parser *parser, Piece target, Piece annotation, Piece value) {
    tree_target_check_annotated(parser, target.node);
    bool simple = target.node->kind == NODE_Name && !target.node->parenthesized;
    Span span = span_join(target.span, value.node ? value.span : annotation.span);
    return ast_new(parser->arena, AnnAssign, span, target.node, annotation.node, value.node,
                   simple);
}

Node *tree_stmt_delete(Parser *parser, Token del, Items *targets) {
    for (int i = 0; i < targets->list.count; i++) {
        tree_target_check(parser, targets->list.items[i], TARGET_DELETE);
    }
    return ast_new(parser->arena, Delete, span_join(del.span, targets->span), targets->list);
}

Token tree_stmt_dotted(Parser *parser, Items *names) {
    Buffer joined = {0};
    for (int i = 0; i < names->list.count; i++) {
        const char *name = AST(Name, names->list.items[i])->id;
        if (i) buffer_putc(&joined, '.');
        buffer_append(&joined, name, ast_name_length(name));
    }
    Token token = {.kind = TK_NAME, .span = names->span};
    token.text = lexer_intern(&parser->layout.lexer, joined.data, joined.size);
    token.size = joined.size;
    buffer_free(&joined);
    return token;
}

Piece tree_stmt_alias(Parser *parser, Token name, Token asname) {
    bool renamed = asname.kind != TK_NOTHING;
    Span span = renamed ? span_join(name.span, asname.span) : name.span;
    return piece_of(ast_new(parser->arena, alias, span, name.text, renamed ? asname.text : NULL));
}

Node *tree_stmt_import_from(Parser *parser, Span span, int level, Token module, Items *names) {
    const char *text = module.kind != TK_NOTHING ? module.text : NULL;
    return ast_new(parser->arena, ImportFrom, span_join(span, names->span), text, names->list,
                   level);
}

Node *tree_stmt_names(Parser *parser, Token keyword, NodeKind kind, Items *names) {
    int count = names->list.count;
    NameList list = {arena_alloc(parser->arena, (size_t)count * sizeof *list.items), count};
    for (int i = 0; i < count; i++) list.items[i] = AST(Name, names->list.items[i])->id;
    Span span = span_join(keyword.span, names->span);
    if (kind == NODE_Global) return ast_new(parser->arena, Global, span, list);
    return ast_new(parser->arena, Nonlocal, span, list);
}

/* --- compound statements --- */

/* From [keyword] to the end of the last of the blocks that are there. */
static Span header_span(Token keyword, const Items *first, const Items *second,
                        const Items *third) {
    const Items *last = third && third->list.count     ? third
                        : second && second->list.count ? second
                                                       : first;
    return span_join(keyword.span, last->span);
}

Node *tree_stmt_if(Parser *parser, Token keyword, Piece test, Items *body, Items *elifs,
                   Items *orelse) {
    Items *tail = orelse;
    for (int i = elifs ? elifs->list.count - 1 : -1; i >= 0; i--) {
        AstIf *branch = AST(If, elifs->list.items[i]);
        Span span = tail ? span_join(branch->base.span, tail->span) : branch->base.span;
        tail = tree_stmt_one(parser, ast_new(parser->arena, If, span, branch->test, branch->body,
                                             tree_items_list(tail)));
    }
    Span span = header_span(keyword, body, tail, NULL);
    return ast_new(parser->arena, If, span, test.node, body->list, tree_items_list(tail));
}

ForHeader tree_stmt_for_header(Parser *parser, Token keyword, Items *targets, Items *iter) {
    ForHeader header = {keyword, tree_sequence(parser, targets), tree_list(parser, iter)};
    tree_target_check(parser, header.target.node, TARGET_FOR);
    return header;
}

Node *tree_stmt_for(Parser *parser, ForHeader header, Items *body, Items *orelse) {
    return ast_new(parser->arena, For, header_span(header.keyword, body, orelse, NULL),
                   header.target.node, header.iter.node, body->list, tree_items_list(orelse),
                   false);
}

Node *tree_stmt_while(Parser *parser, Token keyword, Piece test, Items *body, Items *orelse) {
    return ast_new(parser->arena, While, header_span(keyword, body, orelse, NULL), test.node,
                   body->list, tree_items_list(orelse));
}

Node *tree_stmt_try(Parser *parser, Token keyword, Items *body, Items *handlers, Items *orelse,
                    Items *finalbody) {
    for (int i = 0; handlers && i + 1 < handlers->list.count; i++) {
        Node *handler = handlers->list.items[i];
        if (!AST(ExceptHandler, handler)->type) {
            parser_fail(parser, handler->span, "default 'except:' must be last");
        }
    }
    Items *middle = orelse && orelse->list.count ? orelse : handlers;
    return ast_new(parser->arena, Try, header_span(keyword, body, middle, finalbody), body->list,
                   tree_items_list(handlers), tree_items_list(orelse), tree_items_list(finalbody));
}

Piece tree_stmt_handler(Parser *parser, Token keyword, Piece type, Token name, Items *body) {
    const char *text = name.kind != TK_NOTHING ? name.text : NULL;
    Span span = span_join(keyword.span, body->span);
    return piece_of(ast_new(parser->arena, ExceptHandler, span, type.node, text, body->list));
}

Piece tree_stmt_with_item(Parser *parser, Piece value, Piece target) {
    Span span = value.span;
    if (target.node) {
        tree_target_check(parser, target.node, TARGET_WITH);
        span = span_join(span, target.span);
    }
    return piece_of(ast_new(parser->arena, withitem, span, value.node, target.node));
}

/* True if the elements of a parenthesised tuple are the items of a `with` rather than one value. */
static bool unpacks(const Node *node) {
    if (node->kind != NODE_Tuple || !node->parenthesized) return false;
    NodeList parts = AST(Tuple, node)->elts;
    for (int i = 0; i < parts.count; i++) {
        NodeKind kind = parts.items[i]->kind;
        if (kind == NODE_Starred) return false;
        if (kind == NODE_NamedExpr && !parts.items[i]->parenthesized) return false;
    }
    return parts.count > 0;
}

Items *tree_stmt_with_header(Parser *parser, Items *items) {
    Astwithitem *only = AST(withitem, items->list.items[0]);
    Node *value = only->context_expr;
    if (items->list.count != 1 || only->optional_vars || !unpacks(value)) return items;
    if (value == parser->with_items) parser->with_items_open--;
    Items *unpacked = tree_items_new(parser);
    NodeList parts = AST(Tuple, value)->elts;
    for (int i = 0; i < parts.count; i++) {
        Piece part = piece_of(parts.items[i]);
        if (part.node->kind != NODE_withitem) {
            part = piece_of(ast_new(parser->arena, withitem, part.span, part.node, NULL));
        }
        tree_items_add(parser, unpacked, part);
    }
    return unpacked;
}

Node *tree_stmt_with(Parser *parser, Token keyword, Items *items, Items *body) {
    Span span = span_join(keyword.span, body->span);
    return ast_new(parser->arena, With, span, items->list, body->list, false);
}

Node *tree_stmt_def(Parser *parser, Token keyword, Token name, Params *params, Piece returns,
                    Items *body) {
    Span span = span_join(keyword.span, body->span);
    return ast_new(parser->arena, FunctionDef, span, name.text, tree_params_finish(parser, params),
                   body->list, (NodeList){NULL, 0}, returns.node, false);
}

Node *tree_stmt_class(Parser *parser, Token keyword, Token name, Arguments *arguments,
                      Items *body) {
    if (arguments->generator) {
        parser_fail(parser, arguments->generator->span,
                    "invalid syntax: found a generator expression, expected a base class");
    }
    Span span = span_join(keyword.span, body->span);
    return ast_new(parser->arena, ClassDef, span, name.text, arguments->args->list,
                   arguments->keywords->list, body->list, (NodeList){NULL, 0});
}

Node *tree_stmt_async(Token keyword, Node *node) {
    switch (node->kind) {
    case NODE_FunctionDef: AST(FunctionDef, node)->is_async = true; break;
    case NODE_For: AST(For, node)->is_async = true; break;
    default: AST(With, node)->is_async = true; break;
    }
    node->span = span_join(keyword.span, node->span);
    return node;
}

Node *tree_stmt_decorated(Items *decorators, Node *node) {
    for (int i = 0; i < decorators->list.count; i++) {
        unsigned depth = decorators->list.items[i]->depth + 1u;
        if (depth > node->depth) node->depth = (uint16_t)(depth < UINT16_MAX ? depth : UINT16_MAX);
    }
    if (node->kind == NODE_ClassDef) AST(ClassDef, node)->decorator_list = decorators->list;
    else AST(FunctionDef, node)->decorator_list = decorators->list;
    return node;
}
