/* SPDX-License-Identifier: MIT */
/* The front door of the parser: from a source text to a syntax tree or one located error.
 *
 * Read next: parser/driver.c, which drives the tokens through the grammar, and parser/grammar.y.
 */
#ifndef TULIP_PARSER_PARSER_H
#define TULIP_PARSER_PARSER_H

#include "common/arena.h"
#include "common/diagnostic.h"
#include "common/source.h"
#include "parser/ast.h"

typedef enum ParseMode {
    PARSE_FILE,  /* gives a Module */
    PARSE_EVAL,  /* one expression: gives an Expression */
    PARSE_SINGLE /* one statement of the prompt: gives an Interactive */
} ParseMode;

/* Parses [source]. The tree lives in [arena]. On an error gives NULL and fills [error]; if the
 * text is the beginning of something valid (an open bracket, a block without its body, an open
 * triple-quoted string), error->incomplete is set. */
Node *parse_source(const Source *source, ParseMode mode, Arena *arena, Diagnostic *error);

#endif
