/* SPDX-License-Identifier: MIT */
/* The tables of token names and texts.
 *
 * One array, made from the rows of lexer/tokens.def, answers every question about a kind. The
 * keywords stand together in it, which token_is_keyword relies on.
 */
#include "lexer/token.h"

typedef struct TokenRow {
    const char *name, *text, *description;
} TokenRow;

static const TokenRow rows[TK_COUNT] = {
    [TK_NOTHING] = {"NOTHING", NULL, "nothing"},
#define TOKEN(kind, text, description) [TK_##kind] = {#kind, text, description},
#include "lexer/tokens.def"
};

const char *token_name(TokenKind kind) { return rows[kind].name; }

const char *token_text(TokenKind kind) { return rows[kind].text; }

const char *token_description(TokenKind kind) { return rows[kind].description; }

bool token_is_keyword(TokenKind kind) { return kind >= TK_AND && kind <= TK_YIELD; }
