/* SPDX-License-Identifier: MIT */
/* Tokens: kinds, names, and what the lexer hands to the parser.
 *
 * A token knows where it stands twice: as offsets into the source text, for slicing, and as a
 * Span, for the tree. Names are interned and literals decoded already.
 */
#ifndef TULIP_LEXER_TOKEN_H
#define TULIP_LEXER_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/source.h"

typedef enum TokenKind {
    TK_NOTHING, /* 0 ends the parser generator's input; no token has it */
#define TOKEN(kind, text, description) TK_##kind,
#include "lexer/tokens.def"
    TK_COUNT
} TokenKind;

typedef struct Token {
    TokenKind kind;
    uint32_t start, end; /* offsets in the source text */
    Span span;
    union {
        struct {
            const char
                *text;   /* NAME: interned; INT: digits; STRING, BYTES, FSTRING_TEXT: decoded */
            size_t size; /* of text, in bytes */
        };
        double number; /* FLOAT */
    };
} Token;

/* "NAME", "COLON" and so on. */
const char *token_name(TokenKind kind);

/* How the token is spelled, or NULL if it has many spellings. */
const char *token_text(TokenKind kind);

/* What messages call it: "a name", "':'". */
const char *token_description(TokenKind kind);

/* True for keywords, also `async` and `await`. */
bool token_is_keyword(TokenKind kind);

#endif
