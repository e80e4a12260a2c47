/* SPDX-License-Identifier: MIT */
/* One error in a source text: what, where, and how it is shown.
 *
 * Lexer, parser and compiler stop at their first error and describe it in a Diagnostic that their
 * caller owns; nothing in it is allocated. It borrows the Source, so it is rendered (or made into
 * a SyntaxError object) while the source lives.
 *
 * Read next: lexer/lexer.h, lexer/lexer.re.
 */
#ifndef TULIP_COMMON_DIAGNOSTIC_H
#define TULIP_COMMON_DIAGNOSTIC_H

#include <stdarg.h>
#include <stdbool.h>

#include "common/buffer.h"
#include "common/source.h"

typedef struct Diagnostic {
    const char *kind;     /* "SyntaxError", "IndentationError", "TabError"; NULL: no error */
    char message[512];    /* without the kind */
    const char *file;     /* the source's name */
    const Source *source; /* borrowed; NULL if there is no text to show */
    uint32_t line;        /* from 1 */
    uint32_t column;      /* from 0, in code points: CPython's `offset` is column + 1 */
    uint32_t end_line, end_column;
    bool incomplete; /* more input could make it valid: the REPL asks for another line */
} Diagnostic;

/* Fills [error] for the piece [span] of [source]; [kind] must be a literal. */
void diagnostic_set(Diagnostic *error, const Source *source, const char *kind, Span span,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* As diagnostic_set, with the arguments in [arguments]. */
void diagnostic_vset(Diagnostic *error, const Source *source, const char *kind, Span span,
                     const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

/* Puts "[where]: " in front of the message, unless it begins with [where] already. */
void diagnostic_begin(Diagnostic *error, const char *where);

/* Appends the error as CPython prints it: file and line, the line itself, carets under the piece,
 * kind and message, each line ended by '\n'. Very long lines are cut around the carets. */
void diagnostic_render(Buffer *out, const Diagnostic *error);

/* Appends only the two lines with the source text and the carets (nothing if there is no text). */
void diagnostic_render_text(Buffer *out, const Diagnostic *error);

#endif
