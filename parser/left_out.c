/* SPDX-License-Identifier: MIT */
/* Constructs that Python has and Tulip leaves out, in a source that is read all the same.
 *
 * Usually the first of them ends the compilation with a message. Running test files written for
 * CPython needs something finer, so that one test is lost and not its file: in a source marked
 * `out_of_scope` such a construct becomes the expression
 *
 *     __import__('tulip').out_of_scope('complex numbers')
 *
 * whose evaluation raises tulip.OutOfScope. A `match` statement becomes that as a whole; in
 * `except* E:` it takes the place of E.
 *
 * Read next: parser/driver.c, stdlib/tulip.c.
 */
#include <string.h>

#include "parser/build.h"

static Node *text_node(Parser *parser, Span span, const char *text) {
    Literal value = {.kind = LITERAL_STR, .text = text, .size = strlen(text)};
    return ast_new(parser->arena, Constant, span, value);
}

static Node *call_node(Parser *parser, Span span, Node *function, Node *argument) {
    Node **items = arena_alloc(parser->arena, sizeof *items);
    items[0] = argument;
    return ast_new(parser->arena, Call, span, function, ((NodeList){items, 1}),
                   ((NodeList){NULL, 0}));
}

Piece tree_left_out(Parser *parser, Token token) {
    Span span = token.span;
    Lexer *lexer = &parser->layout.lexer;
    Node *import =
        ast_new(parser->arena, Name, span, lexer_intern(lexer, "__import__", 10), CTX_Load);
    Node *module = call_node(parser, span, import, text_node(parser, span, "tulip"));
    Node *raise = ast_new(parser->arena, Attribute, span, module,
                          lexer_intern(lexer, "out_of_scope", 12), CTX_Load);
    Node *call = call_node(parser, span, raise, text_node(parser, span, token.text));
    return (Piece){call, span};
}

Token left_out_except_star(Parser *parser, Token except, Token star) {
    Token token = except;
    token.text = "'except*'";
    if (!parser->source->out_of_scope) {
        parser_fail(parser, span_join(except.span, star.span), "'except*' is not part of Tulip");
    }
    return token;
}

/* Do the lines from [text] on read `match …:` and `case …`? */
static bool is_match(const char *text) {
    const char *line_end = strchr(text, '\n');
    if (strncmp(text, "match", 5) != 0 || !line_end) return false;
    if (text[5] != ' ' && text[5] != '(' && text[5] != '[') return false;
    const char *last = line_end - 1;
    while (*last == ' ') last--;
    const char *next = line_end + strspn(line_end, "\n ");
    return *last == ':' && strncmp(next, "case", 4) == 0;
}

bool left_out_match(Parser *parser, Token *token) {
    if (token->kind != TK_NAME || parser->line_tokens != 1) return false;
    if (!is_match(parser->source->text + token->start)) return false;
    Token rest;
    int depth = 0;
    while (layout_next(&parser->layout, &rest) && rest.kind != TK_END) {
        depth += (rest.kind == TK_INDENT) - (rest.kind == TK_DEDENT);
        if (rest.kind == TK_DEDENT && depth == 0) break;
    }
    token->kind = TK_LEFT_OUT;
    token->text = "'match' statements";
    return true;
}
