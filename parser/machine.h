/* SPDX-License-Identifier: MIT */
/* The generated automaton, as the driver sees it.
 *
 * Its code comes out of parser/grammar.y; the last two functions are written at the end of that
 * file, because they need the generator's private tables.
 */
#ifndef TULIP_PARSER_MACHINE_H
#define TULIP_PARSER_MACHINE_H

#include "parser/build.h"

/* Generated: makes, drives and frees an automaton. Token kind 0 ends the input. */
void *grammarAlloc(void *(*allocate)(size_t), Parser *parser);
void grammar(void *machine, int kind, Token token);
void grammarFree(void *machine, void (*release)(void *));

/* True if the automaton would take a token of [kind] now. */
bool grammar_accepts(const void *machine, TokenKind kind);

/* How many symbols are on its stack. */
size_t grammar_depth(const void *machine);

/* Called by the automaton when it cannot take [token]. */
void parser_reject(Parser *parser, const void *machine, Token token);

#endif
