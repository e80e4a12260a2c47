/* SPDX-License-Identifier: MIT */
/* Drives tokens from the layout stage through the generated automaton.
 *
 * The first error wins, with two exceptions taken from CPython: after an error of the grammar the
 * rest of the text is still lexed, and an error of the lexer there is reported instead; so is a
 * bracket that was opened on an earlier line and never closed, because it usually is the cause.
 *
 * Read next: parser/report.c for the messages, compiler/ for what becomes of the tree.
 */
#include "parser/parser.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "parser/machine.h"

/* A stack this deep is made by prefixes (`- - - …`, `a ** a ** …`) whose tree would be refused
 * for its depth anyway. */
enum { MAX_STACK = 50000 };

/* The memory a syntax tree may take. */
#define MAX_TREE ((size_t)1 << 30)

void parser_fail(Parser *parser, Span span, const char *format, ...) {
    if (parser->failed) return;
    parser->failed = true;
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vset(parser->error, parser->source, "SyntaxError", span, format, arguments);
    va_end(arguments);
    bool field = lexer_in_field(&parser->layout.lexer) || parser->current.kind == TK_FIELD_CLOSE;
    if (field) diagnostic_begin(parser->error, "f-string");
}

/* Keeps the tokens that messages look back at. */
static void note_token(Parser *parser, const Token *token) {
    parser->before_previous = parser->previous;
    parser->previous = parser->current;
    parser->current = *token;
    if (token->kind == TK_INDENT || token->kind == TK_DEDENT || token->kind == TK_END) return;
    if (parser->previous.kind == TK_NEWLINE || parser->previous.kind == TK_INDENT ||
        parser->previous.kind == TK_DEDENT || parser->line_tokens == 0) {
        parser->line_tokens = 0;
        parser->header_first = parser->line_first;
        parser->header_second = parser->line_second;
        parser->line_first = *token;
    }
    if (++parser->line_tokens == 2) parser->line_second = *token;
}

static void check_limits(Parser *parser, const void *machine, const Token *token) {
    if (grammar_depth(machine) > MAX_STACK) {
        parser_fail(parser, token->span, "too many nested expressions (the limit is %d)",
                    LEXER_MAX_NESTING);
    } else if (parser->arena->total > MAX_TREE) {
        parser_fail(parser, token->span,
                    "the source is too large: its syntax tree takes more than 1 GiB");
    } else if (token->kind == TK_NEWLINE && parser->with_items_open) {
        parser_fail(parser, parser->with_items_as,
                    "invalid syntax: found 'as', expected ',' or ')'");
    }
}

/* The node where the tree becomes too deep: down the deepest children. */
static const Node *find_deepest(const Node *node, unsigned depth) {
    while (node->depth > depth) {
        const Node *best = NULL;
        for (const FieldInfo *field = ast_fields(node->kind); field->name; field++) {
            const char *place = (const char *)node + field->offset;
            NodeList list = {NULL, 0};
            Node *single;
            if (field->type == FIELD_LIST) {
                list = *(const NodeList *)place;
            } else if (field->type == FIELD_NODE || field->type == FIELD_OPT) {
                single = *(Node *const *)place;
                list = (NodeList){&single, single != NULL};
            }
            for (int i = 0; i < list.count; i++) {
                const Node *child = list.items[i];
                if (child && (!best || child->depth > best->depth)) best = child;
            }
        }
        if (!best) break;
        node = best;
    }
    return node;
}

static void check_depth(Parser *parser) {
    if (!parser->root || parser->root->depth <= AST_MAX_DEPTH) return;
    const Node *place = find_deepest(parser->root, parser->root->depth - AST_MAX_DEPTH);
    parser_fail(parser, place->span, "too many nested statements or expressions (the limit is %d)",
                LEXER_MAX_NESTING);
}

/* Lexes what is left and lets an error there take the place of the parser's. */
static void check_rest(Parser *parser) {
    Layout *layout = &parser->layout;
    if (layout->lexer.failed || parser->settled) return;
    Diagnostic rest = {0};
    layout->lexer.error = &rest;
    uint32_t error_line = parser->current.span.line;
    Token token;
    while (layout_next(layout, &token)) {
        if (token.kind == TK_END) return;
    }
    if (layout->lexer.weak || strcmp(rest.kind, "SyntaxError") != 0) return;
    if (layout->unclosed && rest.line >= error_line) return;
    bool incomplete = parser->error->incomplete;
    *parser->error = rest;
    parser->error->incomplete = incomplete;
}

static void feed(Parser *parser, void *machine) {
    Token token;
    while (!parser->failed && layout_next(&parser->layout, &token)) {
        note_token(parser, &token);
        if (parser->source->out_of_scope && left_out_match(parser, &token)) {
            grammar(machine, TK_LEFT_OUT, token);
            token.kind = TK_NEWLINE;
        }
        grammar(machine, (int)token.kind, token);
        check_limits(parser, machine, &token);
        if (token.kind == TK_END && !parser->failed) {
            grammar(machine, 0, token);
            check_depth(parser);
            break;
        }
    }
    if (parser->layout.lexer.failed) {
        parser->failed = true;
    } else if (parser->failed) {
        check_rest(parser);
    }
}

Node *parse_source(const Source *source, ParseMode mode, Arena *arena, Diagnostic *error) {
    static const TokenKind starts[] = {TK_START_FILE, TK_START_EVAL, TK_START_SINGLE};
    Parser *parser = memory_alloc(sizeof *parser);
    memset(parser, 0, sizeof *parser);
    parser->source = source;
    parser->arena = arena;
    parser->error = error;
    *error = (Diagnostic){0};
    layout_init(&parser->layout, source, arena, error);
    void *machine = grammarAlloc(memory_alloc, parser);
    Token start = {.kind = starts[mode], .span = {1, 0, 1, 0}};
    parser->current = start;
    grammar(machine, (int)start.kind, start);
    feed(parser, machine);
    grammarFree(machine, free);
    layout_free(&parser->layout);
    Node *root = parser->failed ? NULL : parser->root;
    free(parser);
    return root;
}
