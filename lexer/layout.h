/* SPDX-License-Identifier: MIT */
/* The layout stage: from raw tokens to Python's line structure.
 *
 * It drops the line breaks of blank lines and those inside brackets, and turns indentation into
 * INDENT and DEDENT. Indentation is measured twice, with tabs to multiples of 8 and with tabs as
 * one column; if the two disagree about which of two lines stands deeper, the mixture is a
 * TabError.
 *
 * Read next: parser/driver.c.
 */
#ifndef TULIP_LEXER_LAYOUT_H
#define TULIP_LEXER_LAYOUT_H

#include <stdio.h>

#include "common/listing.h"
#include "lexer/lexer.h"

typedef struct Indent {
    uint32_t column;     /* tabs to multiples of 8 */
    uint32_t alt_column; /* tabs as 1 */
} Indent;

typedef struct Layout {
    Lexer lexer;
    Indent *indents; /* of the enclosing blocks; the outermost, 0, is not stored */
    uint32_t indent_count, indent_capacity;
    const char *line_begin; /* where the current logical line begins */
    bool at_line_start;     /* the indentation of the next line is to be looked at */
    bool empty_line;        /* the text ended where a line would have begun */
    uint32_t dedents;       /* still to be given */
    bool unclosed;          /* the error is a bracket that is open at the end */
} Layout;

/* Starts at the beginning of [source]; as lexer_init. */
void layout_init(Layout *layout, const Source *source, Arena *arena, Diagnostic *error);

/* Releases what it allocated outside the arena. */
void layout_free(Layout *layout);

/* Reads the next token; a NEWLINE and all DEDENTs come before END. False after an error. */
bool layout_next(Layout *layout, Token *token);

/* The error for a bracket that is still open. */
bool layout_fail_unclosed(Layout *layout);

/* Lists the tokens on [out], under each line of source one token per line (position, kind, text),
 * up to the first error, which goes to [error]. False if there was one. */
bool tokens_dump(FILE *out, const Source *source, const Listing *how, Diagnostic *error);

#endif
