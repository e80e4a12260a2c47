/* SPDX-License-Identifier: MIT */
/* The arguments of calls and the parameters of functions: sorting them into the lists of the
 * tree, and checking their order with CPython's messages. */
#include <stdlib.h>
#include <string.h>

#include "parser/build.h"
#include "common/memory.h"

/* --- arguments --- */

Arguments *tree_args_new(Parser *parser) {
    Arguments *arguments = arena_alloc(parser->arena, sizeof *arguments);
    arguments->args = tree_items_new(parser);
    arguments->keywords = tree_items_new(parser);
    return arguments;
}

Piece tree_args_soft_name(Parser *parser, Token keyword) {
    const char *text = token_text(keyword.kind);
    keyword.text = lexer_intern(&parser->layout.lexer, text, strlen(text));
    return tree_name(parser, keyword);
}

static void add_keyword(Parser *parser, Arguments *arguments, Argument argument) {
    Node *name = argument.name.node;
    const char *text = "";
    if (name->kind == NODE_Name && !name->parenthesized) {
        text = AST(Name, name)->id;
        if (strcmp(text, "__debug__") == 0) {
            parser_fail(parser, name->span, "cannot assign to __debug__");
        }
    } else if (ast_is_literal(name, LITERAL_NONE) || ast_is_literal(name, LITERAL_TRUE) ||
               ast_is_literal(name, LITERAL_FALSE)) {
        parser_fail(parser, argument.span, "cannot assign to %s", tree_target_describe(name));
    } else {
        parser_fail(parser, argument.span,
                    "expression cannot contain assignment, perhaps you meant \"==\"?");
    }
    Node *node = ast_new(parser->arena, keyword, argument.span, text, argument.value.node);
    tree_items_add(parser, arguments->keywords, piece_of(node));
    arguments->keyword = true;
}

static void add_positional(Parser *parser, Arguments *arguments, Argument argument) {
    bool star = argument.value.node->kind == NODE_Starred;
    if (arguments->double_star) {
        parser_fail(parser, argument.span,
                    star ? "iterable argument unpacking follows keyword argument unpacking"
                         : "positional argument follows keyword argument unpacking");
    } else if (arguments->keyword && !star) {
        parser_fail(parser, argument.span, "positional argument follows keyword argument");
    }
    tree_items_add(parser, arguments->args, argument.value);
}

Arguments *tree_args_add(Parser *parser, Arguments *arguments, Argument argument) {
    arguments->count++;
    switch (argument.kind) {
    case ARGUMENT_GENERATOR:
        if (!arguments->generator) arguments->generator = argument.value.node;
        add_positional(parser, arguments, argument);
        break;
    case ARGUMENT_VALUE: add_positional(parser, arguments, argument); break;
    case ARGUMENT_KEYWORD: add_keyword(parser, arguments, argument); break;
    case ARGUMENT_DOUBLE_STAR: {
        Node *node = ast_new(parser->arena, keyword, argument.span, NULL, argument.value.node);
        tree_items_add(parser, arguments->keywords, piece_of(node));
        arguments->double_star = true;
        break;
    }
    }
    return arguments;
}

/* By name, then by place, so that equal names are neighbours and the later one comes second. */
static int compare_keywords(const void *a, const void *b) {
    const Node *left = *(Node *const *)a, *right = *(Node *const *)b;
    uintptr_t l = (uintptr_t)AST(keyword, left)->arg, r = (uintptr_t)AST(keyword, right)->arg;
    if (l != r) return l < r ? -1 : 1;
    if (left->span.line != right->span.line) return left->span.line < right->span.line ? -1 : 1;
    return left->span.column < right->span.column ? -1 : 1;
}

static void check_repeated(Parser *parser, NodeList keywords) {
    if (keywords.count < 2) return;
    size_t size = (size_t)keywords.count * sizeof(Node *);
    Node **sorted = memcpy(memory_alloc(size), keywords.items, size);
    qsort(sorted, (size_t)keywords.count, sizeof *sorted, compare_keywords);
    for (int i = 1; i < keywords.count; i++) {
        const char *name = AST(keyword, sorted[i])->arg;
        if (name && name == AST(keyword, sorted[i - 1])->arg) {
            parser_fail(parser, sorted[i]->span, "keyword argument repeated: %s", name);
        }
    }
    free(sorted);
}

Arguments *tree_args_end(Parser *parser, Arguments *arguments, bool comma) {
    if (arguments->generator && (arguments->count > 1 || comma)) {
        parser_fail(parser, arguments->generator->span,
                    "Generator expression must be parenthesized");
    }
    check_repeated(parser, arguments->keywords->list);
    return arguments;
}

Piece tree_call(Parser *parser, Piece func, Token open, Arguments *arguments, Token close) {
    if (arguments->generator) arguments->generator->span = span_join(open.span, close.span);
    Span span = span_join(func.span, close.span);
    return piece_of(ast_new(parser->arena, Call, span, func.node, arguments->args->list,
                            arguments->keywords->list));
}

/* --- parameters --- */

Params *tree_params_new(Parser *parser) {
    Params *params = arena_alloc(parser->arena, sizeof *params);
    params->posonlyargs = tree_items_new(parser);
    params->args = tree_items_new(parser);
    params->kwonlyargs = tree_items_new(parser);
    params->kw_defaults = tree_items_new(parser);
    params->defaults = tree_items_new(parser);
    return params;
}

static Span param_span(Param param) {
    Span span = param.token.span;
    return param.annotation.node ? span_join(span, param.annotation.span) : span;
}

static Node *param_node(Parser *parser, Param param) {
    if (strcmp(param.token.text, "__debug__") == 0) {
        parser_fail(parser, param.token.span, "cannot assign to __debug__");
    }
    return ast_new(parser->arena, arg, param_span(param), param.token.text, param.annotation.node);
}

static void add_plain(Parser *parser, Params *params, Param param) {
    Piece node = piece_of(param_node(parser, param));
    if (params->star) {
        tree_items_add(parser, params->kwonlyargs, node);
        tree_items_add(parser, params->kw_defaults, param.value);
        params->bare_star = false;
        return;
    }
    tree_items_add(parser, params->args, node);
    if (param.value.node) {
        tree_items_add(parser, params->defaults, param.value);
    } else if (params->defaults->list.count) {
        parser_fail(parser, param.token.span, "non-default argument follows default argument");
    }
}

static void add_slash(Parser *parser, Params *params, Param param) {
    Span span = param.token.span;
    if (params->star) {
        parser_fail(parser, span, "/ must be ahead of *");
    } else if (params->slash) {
        parser_fail(parser, span, "/ may appear only once");
    } else if (!params->args->list.count) {
        parser_fail(parser, span, "at least one argument must precede /");
    }
    params->slash = true;
    params->posonlyargs = params->args;
    params->args = tree_items_new(parser);
}

static void add_star(Parser *parser, Params *params, Param param) {
    if (params->star) {
        parser_fail(parser, param.token.span, "* argument may appear only once");
    }
    params->star = true;
    if (param.kind == PARAM_BARE_STAR) {
        params->bare_star = true;
        params->bare_span = param.token.span;
        return;
    }
    if (param.value.node) {
        parser_fail(parser, param.value.span, "var-positional argument cannot have default value");
    }
    params->vararg = param_node(parser, param);
}

static void add_double_star(Parser *parser, Params *params, Param param) {
    if (param.value.node) {
        parser_fail(parser, param.value.span, "var-keyword argument cannot have default value");
    }
    params->kwarg = param_node(parser, param);
}

Params *tree_params_add(Parser *parser, Params *params, Param param) {
    if (params->kwarg) {
        parser_fail(parser, param.token.span, "arguments cannot follow var-keyword argument");
    }
    Span span = param_span(param);
    if (param.value.node) span = span_join(span, param.value.span);
    params->span = params->span.line ? span_join(params->span, span) : span;
    switch (param.kind) {
    case PARAM_PLAIN: add_plain(parser, params, param); break;
    case PARAM_SLASH: add_slash(parser, params, param); break;
    case PARAM_STAR:
    case PARAM_BARE_STAR: add_star(parser, params, param); break;
    case PARAM_DOUBLE_STAR: add_double_star(parser, params, param); break;
    }
    return params;
}

Params *tree_params_end(Parser *parser, Params *params) {
    if (params->bare_star) {
        parser_fail(parser, params->bare_span, "named arguments must follow bare *");
    }
    return params;
}

Node *tree_params_finish(Parser *parser, Params *params) {
    return ast_new(parser->arena, arguments, params->span, params->posonlyargs->list,
                   params->args->list, params->vararg, params->kwonlyargs->list,
                   params->kw_defaults->list, params->kwarg, params->defaults->list);
}
