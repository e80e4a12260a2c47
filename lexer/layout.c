/* SPDX-License-Identifier: MIT */
/* INDENT, DEDENT and NEWLINE.
 *
 * At the beginning of a logical line the blank lines are skipped and the indentation is settled
 * before the first token is lexed, so that an error in the indentation is found before one in
 * that token. The end of the text closes what is open: the last line, then all blocks.
 *
 * Read next: parser/grammar.y.
 */
#include "lexer/layout.h"
#include "common/memory.h"

#include <stdlib.h>
#include <string.h>

enum { TAB_WIDTH = 8 };

void layout_init(Layout *layout, const Source *source, Arena *arena, Diagnostic *error) {
    *layout = (Layout){.at_line_start = true};
    lexer_init(&layout->lexer, source, arena, error);
    layout->line_begin = source->text;
}

void layout_free(Layout *layout) {
    lexer_free(&layout->lexer);
    free(layout->indents);
    layout->indents = NULL;
}

bool layout_fail_unclosed(Layout *layout) {
    Lexer *lexer = &layout->lexer;
    Bracket *bracket = &lexer->brackets[lexer->bracket_count - 1];
    bool at_end = lexer->cursor == lexer->limit;
    layout->unclosed = true;
    lexer_fail(lexer, "SyntaxError", bracket->span, "'%c' was never closed", bracket->open);
    lexer->error->incomplete = at_end;
    return false;
}

/* Skips blanks, comments, empty lines and joined lines, up to the first token of a logical line. */
static void skip_blank_lines(Layout *layout) {
    Lexer *lexer = &layout->lexer;
    layout->line_begin = lexer->cursor;
    for (const char *p = lexer->cursor;; lexer->cursor = p) {
        bool joined = p[0] == '\\' && p[1] == '\n' && p + 2 < lexer->limit;
        if (*p == ' ' || *p == '\t' || *p == '\f') {
            p++;
        } else if (*p == '#') {
            p += strcspn(p, "\n");
        } else if (*p == '\n' || joined) {
            p += joined ? 2 : 1;
            lexer->line++;
            lexer->line_start = p;
            if (!joined) layout->line_begin = p;
        } else {
            return;
        }
    }
}

/* The indentation of the line that begins at line_begin, up to the cursor. If it goes on behind a
 * backslash, what was before the first backslash counts. */
static Indent measure(const Layout *layout) {
    Indent indent = {0, 0};
    for (const char *p = layout->line_begin; p < layout->lexer.cursor; p++) {
        if (*p == ' ') {
            indent.column++;
            indent.alt_column++;
        } else if (*p == '\t') {
            indent.column = (indent.column / TAB_WIDTH + 1) * TAB_WIDTH;
            indent.alt_column++;
        } else if (*p == '\f') {
            indent = (Indent){0, 0};
        } else if (*p == '\\' && indent.column) {
            break;
        }
    }
    return indent;
}

static Indent innermost(const Layout *layout) {
    return layout->indent_count ? layout->indents[layout->indent_count - 1] : (Indent){0, 0};
}

/* From the cursor to the end of its line. */
static Span line_span(const Layout *layout) {
    const Lexer *lexer = &layout->lexer;
    size_t length;
    uint32_t column = (uint32_t)(lexer->cursor - lexer->line_start);
    source_line_text(lexer->source, lexer->line, &length);
    return (Span){lexer->line, column, lexer->line, (uint32_t)length};
}

static bool tab_error(Layout *layout) {
    return lexer_fail(&layout->lexer, "TabError", line_span(layout),
                      "inconsistent use of tabs and spaces in indentation");
}

static bool push_indent(Layout *layout, Indent indent) {
    if (layout->indent_count == LEXER_MAX_NESTING) {
        return lexer_fail(&layout->lexer, "IndentationError", line_span(layout),
                          "too many levels of indentation (the limit is %d)", LEXER_MAX_NESTING);
    }
    if (layout->indent_count == layout->indent_capacity) {
        layout->indent_capacity = layout->indent_capacity ? layout->indent_capacity * 2 : 16;
        layout->indents =
            memory_realloc(layout->indents, layout->indent_capacity * sizeof *layout->indents);
    }
    layout->indents[layout->indent_count++] = indent;
    return true;
}

/* A token at the cursor that covers nothing; an INDENT covers the blanks before it. */
static bool give(Layout *layout, Token *token, TokenKind kind) {
    const Lexer *lexer = &layout->lexer;
    uint32_t column = (uint32_t)(lexer->cursor - lexer->line_start);
    *token = (Token){.kind = kind};
    token->end = (uint32_t)(lexer->cursor - lexer->source->text);
    token->start = kind == TK_INDENT ? token->end - column : token->end;
    token->span = (Span){lexer->line, kind == TK_INDENT ? 0 : column, lexer->line, column};
    return true;
}

/* Closes the blocks that are deeper than the line at the cursor; gives the first DEDENT. */
static bool dedent(Layout *layout, Indent here, Token *token) {
    while (layout->indent_count && here.column < innermost(layout).column) {
        layout->indent_count--;
        layout->dedents++;
    }
    if (here.column != innermost(layout).column) {
        return lexer_fail(&layout->lexer, "IndentationError", line_span(layout),
                          "unindent does not match any outer indentation level");
    }
    if (here.alt_column != innermost(layout).alt_column) return tab_error(layout);
    layout->dedents--;
    return give(layout, token, TK_DEDENT);
}

/* The beginning of a logical line. Gives INDENT or DEDENT through [token] if it stands deeper or
 * less deep than the one before; *[gave] says so. */
static bool begin_line(Layout *layout, Token *token, bool *gave) {
    skip_blank_lines(layout);
    layout->at_line_start = false;
    bool at_end = layout->lexer.cursor == layout->lexer.limit;
    Indent here = at_end ? (Indent){0, 0} : measure(layout);
    Indent outer = innermost(layout);
    *gave = here.column != outer.column;
    layout->empty_line = at_end;
    if (here.column < outer.column) return dedent(layout, here, token);
    if (here.column == outer.column) {
        return here.alt_column == outer.alt_column || tab_error(layout);
    }
    if (here.alt_column <= outer.alt_column) return tab_error(layout);
    return push_indent(layout, here) && give(layout, token, TK_INDENT);
}

bool layout_next(Layout *layout, Token *token) {
    Lexer *lexer = &layout->lexer;
    if (lexer->failed) return false;
    if (layout->dedents) {
        layout->dedents--;
        return give(layout, token, TK_DEDENT);
    }
    if (layout->at_line_start) {
        bool gave;
        if (!begin_line(layout, token, &gave)) return false;
        if (gave) return true;
    }
    do {
        if (!lexer_next(lexer, token)) return false;
    } while (token->kind == TK_NEWLINE && lexer->bracket_count);
    if (token->kind == TK_NEWLINE) {
        layout->at_line_start = true;
    } else if (token->kind == TK_END && !layout->empty_line) {
        if (lexer->bracket_count) return layout_fail_unclosed(layout);
        layout->at_line_start = true;
        return give(layout, token, TK_NEWLINE);
    }
    return true;
}
