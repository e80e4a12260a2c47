/* SPDX-License-Identifier: MIT */
/* Printing tokens for people: `tulip tokens FILE`.
 *
 * Under each line of source one line per token: where it begins and ends (line:column, columns from
 * 0 in code points as in Python's tokenize), its kind, its source text. Text is shown as written,
 * with line breaks and other control characters escaped.
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

typedef struct Dump {
    const Listing *how;
    Position last;
    uint32_t shown; /* the last line of source that was listed */
    bool any;       /* JSON: a token was listed */
    Buffer out;
    FILE *file;
} Dump;

static void write_out(Dump *d) {
    fwrite(d->out.data, 1, d->out.size, d->file);
    d->out.size = 0;
}

/* The lines of source up to [line] that have not been listed; blank ones are left out. */
static void put_lines(Dump *d, uint32_t line) {
    while (d->shown < line) {
        size_t size;
        const char *text = source_line_text(d->last.source, ++d->shown, &size);
        if (size) listing_put_line(d->how, &d->out, d->shown, text, size);
    }
}

static void put_text(Dump *d, const Token *token, const char *where) {
    const Source *source = d->last.source;
    char kind[32];
    put_lines(d, token->span.line);
    bool empty = token->end == token->start;
    snprintf(kind, sizeof kind, empty ? "%s" : "%-16s ", token_name(token->kind));
    buffer_printf(&d->out, "        %-19s ", where);
    listing_put(d->how, &d->out, PAINT_NAME, kind);
    Buffer text = {0};
    put_escaped(&text, source->text + token->start, token->end - token->start);
    if (!empty) listing_put(d->how, &d->out, PAINT_VALUE, text.data);
    buffer_free(&text);
    buffer_putc(&d->out, '\n');
    if (token->span.end_line > d->shown) d->shown = token->span.end_line;
}

static void put_token(Dump *d, const Token *token) {
    const Source *source = d->last.source;
    const Span *span = &token->span;
    char where[128];
    uint32_t column = column_of(&d->last, span->line, span->column);
    uint32_t end_column = column_of(&d->last, span->end_line, span->end_column);
    snprintf(where, sizeof where,
             d->how->json ? "\"line\": %" PRIu32 ", \"column\": %" PRIu32 ", \"end_line\": %" PRIu32
                            ", \"end_column\": %" PRIu32
                          : "%" PRIu32 ":%" PRIu32 "-%" PRIu32 ":%" PRIu32,
             span->line, column, span->end_line, end_column);
    if (d->how->json) {
        buffer_printf(&d->out, "%s\n  {\"kind\": \"%s\", %s, \"text\": ", d->any ? "," : "",
                      token_name(token->kind), where);
        listing_put_json(&d->out, source->text + token->start, token->end - token->start);
        buffer_putc(&d->out, '}');
        d->any = true;
    } else {
        put_text(d, token, where);
    }
}

bool tokens_dump(FILE *out, const Source *source, const Listing *how, Diagnostic *error) {
    Arena arena = {0};
    Layout layout;
    Token token;
    Dump d = {.how = how, .last = {.source = source}, .file = out};
    layout_init(&layout, source, &arena, error);
    if (how->json) buffer_putc(&d.out, '[');
    bool ok;
    while ((ok = layout_next(&layout, &token))) {
        put_token(&d, &token);
        write_out(&d);
        if (token.kind == TK_END) break;
    }
    if (how->json) fputs("\n]\n", out);
    buffer_free(&d.out);
    layout_free(&layout);
    arena_free_all(&arena);
    return ok;
}
