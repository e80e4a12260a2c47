/* SPDX-License-Identifier: MIT */
/* Implicit concatenation and f-strings.
 *
 * A StringRun collects the literals of one concatenation, or the parts of one f-string, and joins
 * neighbouring texts, so the tree never holds two Constants in a row. The text that still grows
 * lives in the arena with doubled capacity; `'a' 'b' …` of any length costs linear time.
 */
#include <string.h>

#include "parser/build.h"

StringRun *tree_string_new(Parser *parser) {
    StringRun *run = arena_alloc(parser->arena, sizeof *run);
    run->values = tree_items_new(parser);
    return run;
}

/* Notes that a piece covering [span] joins the run. */
static void extend(StringRun *run, Span span) {
    run->span = run->any ? span_join(run->span, span) : span;
    run->any = true;
}

static void append_text(Parser *parser, StringRun *run, const char *text, size_t size, Span span) {
    size_t needed = run->size + size + 1;
    if (!run->text || needed > run->capacity) {
        size_t capacity = run->text ? run->capacity * 2 : needed;
        if (capacity < needed) capacity = needed;
        char *bigger = arena_alloc(parser->arena, capacity);
        if (run->text) memcpy(bigger, run->text, run->size);
        else run->text_span = span;
        run->text = bigger;
        run->capacity = capacity;
    }
    if (size) memcpy(run->text + run->size, text, size);
    run->size += size;
    run->text[run->size] = '\0';
    run->text_span = span_join(run->text_span, span);
}

static Node *text_node(Parser *parser, const StringRun *run, Span span) {
    Literal value = {.kind = run->bytes ? LITERAL_BYTES : LITERAL_STR, .u_prefix = run->u_prefix};
    value.text = run->text;
    value.size = run->size;
    return ast_new(parser->arena, Constant, span, value);
}

/* Ends the growing text; an empty one leaves nothing. */
static void flush_text(Parser *parser, StringRun *run) {
    if (run->text && run->size) {
        tree_items_add(parser, run->values, piece_of(text_node(parser, run, run->text_span)));
    }
    run->text = NULL;
    run->size = run->capacity = 0;
}

static void check_mixture(Parser *parser, StringRun *run, bool bytes, Span span) {
    if (run->any && run->bytes != bytes) {
        parser_fail(parser, span_join(run->span, span), "cannot mix bytes and nonbytes literals");
    }
    run->bytes = bytes;
}

StringRun *tree_string_add(Parser *parser, StringRun *run, Token token) {
    check_mixture(parser, run, token.kind == TK_BYTES, token.span);
    char first = parser->source->text[token.start];
    if (!run->any && token.kind == TK_STRING) run->u_prefix = first == 'u' || first == 'U';
    extend(run, token.span);
    append_text(parser, run, token.text, token.size, token.span);
    return run;
}

StringRun *tree_string_add_formatted(Parser *parser, StringRun *run, StringRun *parts, Span span) {
    check_mixture(parser, run, false, span);
    extend(run, span);
    run->formatted = true;
    for (int i = 0; i < parts->values->list.count; i++) {
        Node *part = parts->values->list.items[i];
        if (part->kind == NODE_Constant) {
            Literal *value = &AST(Constant, part)->value;
            append_text(parser, run, value->text, value->size, part->span);
        } else {
            flush_text(parser, run);
            tree_items_add(parser, run->values, piece_of(part));
        }
    }
    if (parts->text) append_text(parser, run, parts->text, parts->size, parts->text_span);
    return run;
}

static int conversion_of(Parser *parser, const Field *field) {
    if (field->conversion.kind == TK_NOTHING) {
        bool repr = field->debug.kind != TK_NOTHING && field->colon.kind == TK_NOTHING;
        return repr ? 'r' : -1;
    }
    const char *name = field->conversion.text;
    if (parser->source->text[field->conversion.start - 1] != '!') {
        parser_fail(parser, field->conversion.span,
                    "f-string: invalid conversion character: expected 's', 'r', or 'a'");
        return -1;
    }
    if (strlen(name) == 1 && strchr("sra", name[0])) return name[0];
    if (strchr("sra", name[0])) {
        parser_fail(parser, field->conversion.span, "f-string: expecting '}'");
        return -1;
    }
    parser_fail(parser, field->conversion.span,
                "f-string: invalid conversion character: expected 's', 'r', or 'a'");
    return -1;
}

/* The text of `{value = }` between the brace and what ends the expression, as written. */
static void append_debug_text(Parser *parser, StringRun *run, const Field *field) {
    const char *text = parser->source->text;
    uint32_t start = field->open.end, end = field->debug.end;
    while (text[end] == ' ' || text[end] == '\t' || text[end] == '\n') end++;
    Span span = source_span(parser->source, start, end);
    append_text(parser, run, text + start, end - start, span);
}

StringRun *tree_string_add_field(Parser *parser, StringRun *run, Field field) {
    if (field.debug.kind != TK_NOTHING) append_debug_text(parser, run, &field);
    flush_text(parser, run);
    Span span = span_join(field.open.span, field.close.span);
    Node *node = ast_new(parser->arena, FormattedValue, span, field.value.node,
                         conversion_of(parser, &field), field.spec);
    tree_items_add(parser, run->values, piece_of(node));
    return run;
}

Node *tree_string_spec(Parser *parser, StringRun *run, Span span) {
    flush_text(parser, run);
    return ast_new(parser->arena, JoinedStr, span, run->values->list);
}

Piece tree_string_finish(Parser *parser, StringRun *run) {
    if (!run->formatted) return piece_of(text_node(parser, run, run->span));
    flush_text(parser, run);
    return piece_of(ast_new(parser->arena, JoinedStr, run->span, run->values->list));
}
