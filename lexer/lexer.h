/* SPDX-License-Identifier: MIT */
/* The lexer: from source text to raw tokens.
 *
 * lexer_next gives one token after another. "Raw" means that every line break outside of strings
 * is a NEWLINE, also on blank lines and inside brackets; lexer/layout.c makes Python's line
 * structure of it. The rules are in lexer.re; literals are decoded in string.c and
 * number.c, identifiers checked in identifier.c.
 *
 * F-strings are not lexed recursively: a stack of modes says whether the text at the cursor is
 * the literal part of an f-string, the expression of a replacement field, or a format spec, and
 * each kind of text is scanned by its own rules. So quotes and f-strings nest freely (as since
 * Python 3.12).
 *
 * The first error ends the input: it is described in `error`, and lexer_next gives false from
 * then on.
 */
#ifndef TULIP_LEXER_LEXER_H
#define TULIP_LEXER_LEXER_H

#include "common/arena.h"
#include "common/diagnostic.h"
#include "common/source.h"
#include "lexer/token.h"

/* The deepest nesting of brackets (fields of f-strings included) and of indented blocks. */
enum { LEXER_MAX_NESTING = 1000 };

/* Finds the character with the [n] bytes long Unicode name at [name]; false if there is none. */
typedef bool (*UnicodeNameLookup)(const char *name, size_t n, uint32_t *codepoint);

/* How \N{...} finds its character. NULL at first; the program may install a table before it
 * parses its first source and must not change it afterwards. */
extern UnicodeNameLookup lexer_unicode_name;

/* The identifiers met so far: equal names are one pointer. */
typedef struct NameTable {
    const char **slots;
    uint32_t capacity, count;
} NameTable;

typedef struct Bracket {
    char open; /* one of ( [ { */
    Span span;
} Bracket;

typedef enum ModeKind {
    MODE_TEXT,  /* literal part of an f-string */
    MODE_FIELD, /* expression between { and } */
    MODE_SPEC   /* format spec after : */
} ModeKind;

typedef struct Mode {
    ModeKind kind;
    char quote; /* of the f-string, in all three kinds */
    bool triple, raw;
    uint32_t brackets; /* FIELD: depth of brackets just inside its { */
    Span span;         /* the opening quotes of the f-string */
} Mode;

typedef struct Lexer {
    const Source *source;
    Arena *arena;
    Diagnostic *error;
    const char *cursor, *limit; /* limit is the NUL after the text */
    const char *line_start;
    uint32_t line;
    TokenKind previous;
    bool failed;
    bool weak; /* the error yields to one that the parser found before */
    NameTable names;
    Bracket *brackets; /* open ones, outermost first */
    uint32_t bracket_count, bracket_capacity;
    Mode *modes; /* empty outside of f-strings */
    uint32_t mode_count, mode_capacity;
} Lexer;

/* Starts at the beginning of [source]. Tokens' texts live in [arena]; errors go to [error].
 * Checks the text for NUL bytes and invalid UTF-8 (the first lexer_next reports them). */
void lexer_init(Lexer *lexer, const Source *source, Arena *arena, Diagnostic *error);

/* Releases what the lexer allocated outside the arena. */
void lexer_free(Lexer *lexer);

/* Reads the next raw token; END at the end, again and again. False after an error. */
bool lexer_next(Lexer *lexer, Token *token);

/* Describes an error about [span], once: later ones are dropped. Gives false. */
bool lexer_fail(Lexer *lexer, const char *kind, Span span, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Is the text at the cursor in a replacement field of an f-string? */
bool lexer_in_field(const Lexer *lexer);

/* Interns the [n] bytes at [text]: NUL-terminated, preceded by the length in a uint32_t. */
const char *lexer_intern(Lexer *lexer, const char *text, size_t n);

/* The length of an interned name. */
uint32_t lexer_name_length(const char *name);

#endif
