/* SPDX-License-Identifier: MIT */
/* Building expressions, and the lists that grow under them.
 *
 * Spans follow CPython: a group is the node inside, but the operation around it begins at the
 * parenthesis; a Tuple without brackets ends at its last item or its trailing comma.
 */
#include <string.h>

#include "parser/build.h"

/* --- lists --- */

Items *tree_items_new(Parser *parser) { return arena_alloc(parser->arena, sizeof(Items)); }

/* Makes room for one more in the arena; the smaller array is left behind there. */
static void tree_items_grow(Parser *parser, Items *items) {
    int capacity = items->capacity ? items->capacity * 2 : 2;
    Node **bigger = arena_alloc(parser->arena, (size_t)capacity * sizeof *bigger);
    if (items->list.count) {
        memcpy(bigger, items->list.items, (size_t)items->list.count * sizeof *bigger);
    }
    items->list.items = bigger;
    items->capacity = capacity;
}

Items *tree_items_add(Parser *parser, Items *items, Piece piece) {
    items->span = items->list.count ? span_join(items->span, piece.span) : piece.span;
    if (items->list.count == items->capacity) tree_items_grow(parser, items);
    items->list.items[items->list.count++] = piece.node;
    return items;
}

Items *tree_items_one(Parser *parser, Piece piece) {
    return tree_items_add(parser, tree_items_new(parser), piece);
}

Items *tree_items_concat(Parser *parser, Items *items, Items *more) {
    for (int i = 0; i < more->list.count; i++) {
        tree_items_add(parser, items, piece_of(more->list.items[i]));
    }
    return items;
}

Items *tree_items_end(Items *items, Token comma) {
    items->comma = true;
    items->span = span_join(items->span, comma.span);
    return items;
}

NodeList tree_items_list(const Items *items) { return items ? items->list : (NodeList){NULL, 0}; }

/* --- atoms and operators --- */

Piece tree_name(Parser *parser, Token name) {
    return piece_of(ast_new(parser->arena, Name, name.span, name.text, CTX_Load));
}

Piece tree_constant(Parser *parser, Token token, LiteralKind kind) {
    Literal value = {.kind = kind};
    if (kind == LITERAL_FLOAT) {
        value.number = token.number;
    } else if (kind == LITERAL_INT) {
        value.text = token.text;
        value.size = token.size;
    }
    return piece_of(ast_new(parser->arena, Constant, token.span, value));
}

Piece tree_unary(Parser *parser, Token operator, UnaryOp op, Piece operand) {
    Span span = span_join(operator.span, operand.span);
    return piece_of(ast_new(parser->arena, UnaryOp, span, op, operand.node));
}

Piece tree_binary(Parser *parser, Piece left, BinOp op, Piece right) {
    Span span = span_join(left.span, right.span);
    return piece_of(ast_new(parser->arena, BinOp, span, left.node, op, right.node));
}

/* Appends to a list whose capacity is the power of two at or above its length. */
static void list_append(Parser *parser, NodeList *list, Node *node) {
    if ((list->count & (list->count - 1)) == 0) {
        size_t capacity = list->count ? (size_t)list->count * 2 : 1;
        Node **bigger = arena_alloc(parser->arena, capacity * sizeof *bigger);
        if (list->count) memcpy(bigger, list->items, (size_t)list->count * sizeof *bigger);
        list->items = bigger;
    }
    list->items[list->count++] = node;
}

/* The depth of a node that gained a child. */
static void deepen(Node *node, const Node *child) {
    if (child->depth + 1 > node->depth && node->depth < UINT16_MAX) {
        node->depth = (uint16_t)(child->depth + 1);
    }
}

Piece tree_bool(Parser *parser, Piece left, BoolOp op, Piece right) {
    Span span = span_join(left.span, right.span);
    AstBoolOp *run = AST(BoolOp, left.node);
    if (left.node->kind == NODE_BoolOp && run->op == op && !left.node->parenthesized) {
        list_append(parser, &run->values, right.node);
        run->base.span = span;
        deepen(left.node, right.node);
        return piece_of(left.node);
    }
    NodeList values = {NULL, 0};
    list_append(parser, &values, left.node);
    list_append(parser, &values, right.node);
    return piece_of(ast_new(parser->arena, BoolOp, span, op, values));
}

static void append_operator(Parser *parser, CmpOpList *ops, CmpOp op) {
    if ((ops->count & (ops->count - 1)) == 0) {
        size_t capacity = ops->count ? (size_t)ops->count * 2 : 1;
        unsigned char *bigger = arena_alloc(parser->arena, capacity);
        if (ops->count) memcpy(bigger, ops->items, (size_t)ops->count);
        ops->items = bigger;
    }
    ops->items[ops->count++] = (unsigned char)op;
}

Piece tree_compare(Parser *parser, Piece left, bool chained, CmpOp op, Piece right) {
    Span span = span_join(left.span, right.span);
    if (!chained) {
        left.node = ast_new(parser->arena, Compare, span, left.node, (CmpOpList){NULL, 0},
                            (NodeList){NULL, 0});
    }
    AstCompare *compare = AST(Compare, left.node);
    append_operator(parser, &compare->ops, op);
    list_append(parser, &compare->comparators, right.node);
    compare->base.span = span;
    deepen(left.node, right.node);
    return piece_of(left.node);
}

Piece tree_walrus(Parser *parser, Piece target, Piece value) {
    Node *node = target.node;
    if (node->kind != NODE_Name) {
        parser_fail(parser, target.span, "cannot use assignment expressions with %s",
                    tree_target_describe(node));
    } else if (node->parenthesized) {
        parser_fail(parser, target.span,
                    "invalid syntax: the name before ':=' must stand without parentheses");
    } else {
        tree_target_check(parser, node, TARGET_PART);
    }
    Span span = span_join(target.span, value.span);
    return piece_of(ast_new(parser->arena, NamedExpr, span, node, value.node));
}

Piece tree_attribute(Parser *parser, Piece value, Token name) {
    Span span = span_join(value.span, name.span);
    return piece_of(ast_new(parser->arena, Attribute, span, value.node, name.text, CTX_Load));
}

Piece tree_starred(Parser *parser, Token star, Piece value) {
    Span span = span_join(star.span, value.span);
    return piece_of(ast_new(parser->arena, Starred, span, value.node, CTX_Load));
}

Piece tree_lambda(Parser *parser, Token keyword, Params *params, Piece body) {
    Span span = span_join(keyword.span, body.span);
    Node *arguments = tree_params_finish(parser, params);
    return piece_of(ast_new(parser->arena, Lambda, span, arguments, body.node));
}

/* --- lists without and with brackets --- */

Piece tree_sequence(Parser *parser, Items *items) {
    if (items->list.count == 1 && !items->comma) {
        return (Piece){items->list.items[0], items->span};
    }
    return piece_of(ast_new(parser->arena, Tuple, items->span, items->list, CTX_Load));
}

Piece tree_list(Parser *parser, Items *items) {
    Node *first = items->list.items[0];
    if (first->kind == NODE_Starred && items->list.count == 1 && !items->comma) {
        parser_fail(parser, items->span,
                    parser->current.kind == TK_EQUAL
                        ? "starred assignment target must be in a list or tuple"
                    : lexer_in_field(&parser->layout.lexer) ||
                            parser->current.kind == TK_FIELD_CLOSE
                        ? "f-string: cannot use starred expression here"
                        : "can't use starred expression here");
    }
    return tree_sequence(parser, items);
}

Piece tree_subscript(Parser *parser, Piece value, Items *subscripts, Token close) {
    Node *slice = subscripts->list.items[0];
    if (subscripts->list.count > 1 || subscripts->comma || slice->kind == NODE_Starred) {
        slice = ast_new(parser->arena, Tuple, subscripts->span, subscripts->list, CTX_Load);
    }
    Span span = span_join(value.span, close.span);
    return piece_of(ast_new(parser->arena, Subscript, span, value.node, slice, CTX_Load));
}

Piece tree_group(Token open, Piece piece, Token close) {
    piece.node->parenthesized = true;
    return (Piece){piece.node, span_join(open.span, close.span)};
}

static bool holds_with_items(const Items *items) {
    for (int i = 0; items && i < items->list.count; i++) {
        if (items->list.items[i]->kind == NODE_withitem) return true;
    }
    return false;
}

Piece tree_paren(Parser *parser, Token open, Items *items, Token close) {
    Span span = span_join(open.span, close.span);
    bool with = holds_with_items(items);
    if (items && items->list.count == 1 && !items->comma && !with) {
        Piece inner = {items->list.items[0], items->span};
        if (inner.node->kind == NODE_Starred) {
            parser_fail(parser, inner.span, "cannot use starred expression here");
        }
        return tree_group(open, inner, close);
    }
    Node *tuple = ast_new(parser->arena, Tuple, span, tree_items_list(items), CTX_Load);
    tuple->parenthesized = true;
    if (with) {
        parser->with_items = tuple;
        parser->with_items_open++;
    }
    return piece_of(tuple);
}

Piece tree_with_item(Parser *parser, Piece value, Token as, Piece target) {
    if (!parser->with_items_open) parser->with_items_as = as.span;
    tree_target_check(parser, target.node, TARGET_WITH);
    Span span = span_join(value.span, target.span);
    return piece_of(ast_new(parser->arena, withitem, span, value.node, target.node));
}

/* --- comprehensions and dicts --- */

/* The single expression in front of `for`. */
static Node *comprehension_element(Parser *parser, NodeKind kind, Items *items) {
    Node *element = items->list.items[0];
    if (items->list.count > 1) {
        Span last = items->list.items[items->list.count - 1]->span;
        parser_fail(parser, span_join(items->span, last),
                    "did you forget parentheses around the comprehension target?");
    } else if (element->kind == NODE_Starred) {
        parser_fail(parser, items->span, "iterable unpacking cannot be used in comprehension");
    } else if (element->kind == NODE_withitem) {
        parser_fail(parser, parser->with_items_as, "invalid syntax: found 'as' in a %s",
                    kind == NODE_GeneratorExp ? "generator expression" : "comprehension");
    }
    return element;
}

Piece tree_comprehension(Parser *parser, NodeKind kind, Span span, Items *items, Items *clauses) {
    Node *element = comprehension_element(parser, kind, items);
    NodeList generators = clauses->list;
    Node *node;
    if (kind == NODE_ListComp) {
        node = ast_new(parser->arena, ListComp, span, element, generators);
    } else if (kind == NODE_SetComp) {
        node = ast_new(parser->arena, SetComp, span, element, generators);
    } else {
        node = ast_new(parser->arena, GeneratorExp, span, element, generators);
    }
    return piece_of(node);
}

Piece tree_dict_comprehension(Parser *parser, Span span, PairItems pairs, Items *clauses) {
    Node *key = pairs.keys->list.items[0], *value = pairs.values->list.items[0];
    if (!key) {
        parser_fail(parser, value->span, "dict unpacking cannot be used in dict comprehension");
        key = value;
    } else if (pairs.keys->list.count > 1) {
        parser_fail(
            parser, clauses->span,
            "invalid syntax: found 'for', expected ',' or '}' (a dict comprehension has one "
            "pair before its 'for')");
    }
    return piece_of(ast_new(parser->arena, DictComp, span, key, value, clauses->list));
}

Piece tree_clause(Parser *parser, Span span, bool is_async, Items *targets, Piece iter) {
    Piece target = tree_sequence(parser, targets);
    tree_target_check(parser, target.node, TARGET_FOR);
    span = span_join(span, iter.span);
    return piece_of(ast_new(parser->arena, comprehension, span, target.node, iter.node,
                            (NodeList){NULL, 0}, is_async));
}

Items *tree_condition(Parser *parser, Items *clauses, Piece condition) {
    Node *last = clauses->list.items[clauses->list.count - 1];
    list_append(parser, &AST(comprehension, last)->ifs, condition.node);
    if (condition.node->depth > last->depth) last->depth = condition.node->depth;
    last->span = span_join(last->span, condition.span);
    clauses->span = span_join(clauses->span, condition.span);
    return clauses;
}

PairItems tree_pairs_add(Parser *parser, PairItems pairs, Piece key, Piece value) {
    if (!pairs.keys) pairs = (PairItems){tree_items_new(parser), tree_items_new(parser)};
    tree_items_add(parser, pairs.keys, key);
    tree_items_add(parser, pairs.values, value);
    return pairs;
}
