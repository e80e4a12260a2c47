/* SPDX-License-Identifier: MIT */
/* Warnings about a source text: what is valid but probably not meant.
 *
 * Lexer and compiler run no program, so they only note them in the list that the Source carries;
 * who asked for the compilation gives them to the module warnings afterwards. A Source without a
 * list drops them.
 *
 * Read next: compiler/suspect.c, compiler/warn.c.
 */
#ifndef TULIP_COMMON_NOTICE_H
#define TULIP_COMMON_NOTICE_H

#include <stdarg.h>
#include <stdbool.h>

#include "common/source.h"

typedef enum NoticeKind {
    NOTICE_ESCAPE,  /* an escape sequence without a meaning: DeprecationWarning */
    NOTICE_LEXICAL, /* SyntaxWarning of the lexer */
    NOTICE_SYNTAX   /* SyntaxWarning of the compiler */
} NoticeKind;

typedef struct Notice {
    NoticeKind kind;
    Span span;
    char message[160];
} Notice;

struct NoticeList {
    Notice *items;
    int count, capacity;
};

/* Notes a warning about the piece [span] of [source]. Those of the compiler stand behind those of
 * the lexer and in the order of the text. */
void notice_add(const Source *source, NoticeKind kind, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Releases the items. */
void notices_free(NoticeList *list);

#endif
