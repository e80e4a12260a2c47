/* SPDX-License-Identifier: MIT */
/* What the files of the lexer share and nobody else needs.
 *
 * The rules of lexer.re find where a token ends; the functions named lexer_finish_… decode it and
 * fill it in, those named lexer_refuse_… say what is wrong with it. Both kinds of function take the
 * beginning of the token and find its end at the cursor.
 */
#ifndef TULIP_LEXER_SCAN_H
#define TULIP_LEXER_SCAN_H

#include "lexer/lexer.h"

/* The span of the text from [start] to [end], which both lie on the line the lexer is in. */
Span lexer_span(const Lexer *lexer, const char *start, const char *end);

/* Completes [token], which begins at [start] and ends at the cursor, perhaps some lines further;
 * moves the lexer's line along. */
void lexer_finish(Lexer *lexer, Token *token, TokenKind kind, const char *start);

/* Opens a bracket whose character is the last before the cursor. False if that is one too many. */
bool lexer_open(Lexer *lexer, char open);

/* Closes the innermost bracket, which [close] must match. */
bool lexer_close(Lexer *lexer, char close);

/* Pushes a mode, whose fields the caller then sets. */
Mode *lexer_push_mode(Lexer *lexer, ModeKind kind);

/* Checks and interns the identifier from [start] to the cursor: its characters, and NFKC if it is
 * not ASCII. */
bool lexer_finish_identifier(Lexer *lexer, Token *token, const char *start);

/* The messages for a character that begins no token. */
bool lexer_refuse_character(Lexer *lexer, const char *start);

/* Decodes the integer or float from [start] to the cursor. [kind] is TK_INT or TK_FLOAT; what
 * follows the number must not be glued to it. */
bool lexer_finish_number(Lexer *lexer, Token *token, TokenKind kind, const char *start);

/* The message for digits that make no number. */
bool lexer_refuse_number(Lexer *lexer, const char *start);

/* Decodes the string or bytes literal, prefix and quotes included, from [start] to the cursor. */
bool lexer_finish_string(Lexer *lexer, Token *token, const char *start);

/* Decodes literal text of an f-string from [start] to [end]; `{{` and `}}` stand for one brace
 * each if [braces]. */
bool lexer_decode_text(Lexer *lexer, Token *token, const char *start, const char *end, bool raw,
                       bool braces);

#endif
