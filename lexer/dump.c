/* SPDX-License-Identifier: MIT */
/* Printing tokens for people: `tulip tokens FILE`.
 *
 * One line per token: where it begins and ends (line:column, columns from 0 in code points as in
 * Python's tokenize), its kind, its source text. Text is shown as written, with line breaks and
 * other control characters escaped.
 */
#include <inttypes.h>

#include "common/utf8.h"
#include "lexer/layout.h"

static void put_escaped(Buffer *out, const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n') buffer_puts(out, "\\n");
        else if (c == '\t') buffer_puts(out, "\\t");
        else if (c < 0x20 || c == 0x7F) buffer_printf(out, "\\x%02x", c);
        else buffer_putc(out, (char)c);
    }
}

/* The last position that was converted: columns of one line are counted on from there, so that a
 * line of megabytes costs one pass. */
typedef struct Position {
    const Source *source;
    uint32_t line, byte, column;
} Position;

static uint32_t column_of(Position *last, uint32_t line, uint32_t byte) {
    if (line != last->line || byte < last->byte) {
        last->line = line;
        last->byte = last->column = 0;
    }
    const char *text = last->source->text + source_offset(last->source, line, last->byte);
    last->column += (uint32_t)utf8_length(text, byte - last->byte);
    last->byte = byte;
    return last->column;
}

static void print_token(FILE *out, Position *last, const Token *token) {
    const Source *source = last->source;
    const Span *span = &token->span;
    char where[64];
    uint32_t column = column_of(last, span->line, span->column);
    uint32_t end_column = column_of(last, span->end_line, span->end_column);
    snprintf(where, sizeof where, "%" PRIu32 ":%" PRIu32 "-%" PRIu32 ":%" PRIu32, span->line,
             column, span->end_line, end_column);
    if (token->end == token->start) {
        fprintf(out, "%-19s %s\n", where, token_name(token->kind));
        return;
    }
    Buffer text = {0};
    put_escaped(&text, source->text + token->start, token->end - token->start);
    fprintf(out, "%-19s %-16s %s\n", where, token_name(token->kind), text.data);
    buffer_free(&text);
}

bool tokens_dump(FILE *out, const Source *source, Diagnostic *error) {
    Arena arena = {0};
    Layout layout;
    Token token;
    Position last = {.source = source};
    layout_init(&layout, source, &arena, error);
    bool ok;
    while ((ok = layout_next(&layout, &token))) {
        print_token(out, &last, &token);
        if (token.kind == TK_END) break;
    }
    layout_free(&layout);
    arena_free_all(&arena);
    return ok;
}
