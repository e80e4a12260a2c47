/* SPDX-License-Identifier: MIT */
/*
 * What the files of the regular expressions' parser share: the reader, which is one token ahead,
 * and the ways down into each other.
 *
 * stdlib/regex_read.c reads tokens and words failures; stdlib/regex_parse.c has alternatives,
 * sequences and repeats, stdlib/regex_group.c what begins with a parenthesis, and
 * stdlib/regex_escape.c backslashes and sets. Read next: stdlib/regex_parse.c.
 */
#ifndef TULIP_STDLIB_REGEX_READER_H
#define TULIP_STDLIB_REGEX_READER_H

#include "stdlib/regex_syntax.h"

/* A condition on a group by number, which may come later. */
typedef struct RegexForward {
    uint32_t number;
    size_t at;
    struct RegexForward *next;
} RegexForward;

/* Reads the pattern a token at a time: a character, or a backslash and the one behind it. */
typedef struct RegexReader {
    Thread *t;
    Regex *regex;
    size_t at;       /* of the next token */
    uint32_t token;  /* its character (the one behind the backslash); REGEX_END at the end */
    bool escaped;    /* it has a backslash */
    uint32_t behind; /* groups below this one may be referred to; 0: not in a look-behind */
    uint32_t depth, part, closed_groups;
    RegexForward *forward; /* conditions on groups by number */
    bool variable_behind;  /* a look-behind whose width varies was met */
} RegexReader;

#define REGEX_END UINT32_MAX

/* Move behind the next token. False: the pattern ends in a backslash. */
bool regex_advance(RegexReader *r) MUST_CHECK;
/* Look at the token where the reader stands, or at [at]. False: the pattern ends in a backslash. */
bool regex_begin(RegexReader *r) MUST_CHECK;
bool regex_seek(RegexReader *r, size_t at) MUST_CHECK;
/* Move behind the next token if it is [c]: 1, 0, or -1 failed. */
int regex_skip(RegexReader *r, uint32_t c);
/* Is the next token [c], without a backslash? */
static inline bool regex_at(const RegexReader *r, uint32_t c) {
    return r->token == c && !r->escaped;
}
/* The failure [format] (as raise_error's) at [offset] characters before the next token; gives
 * false. Text is made ASCII for patterns of bytes. */
bool regex_fail(RegexReader *r, size_t offset, const char *format, ...);
/* The characters from [from] to [to] as a str. */
Str *regex_excerpt(RegexReader *r, size_t from, size_t to);
/* Read up to [terminator] and move behind it: the text between. NULL: failed. [what] names it. */
Str *regex_read_until(RegexReader *r, uint32_t terminator, const char *what) MUST_CHECK;
/* The escape whose token, at [start], was just read. Its meaning goes to [node] (of kind SET for a
 * category) outside of a set, to [item] inside of one. */
bool regex_read_escape(RegexReader *r, size_t start, uint32_t c, RegexNode *node) MUST_CHECK;
bool regex_read_set_escape(RegexReader *r, size_t start, uint32_t c, RegexItem *item) MUST_CHECK;
/* [node] as a reference to a closed group; the name or number just read is [length] characters.
 * NULL: failed. */
RegexNode *regex_backref(RegexReader *r, RegexNode *node, uint32_t number,
                         size_t length) MUST_CHECK;
/* A set whose '[' was just read, into [node]. */
bool regex_read_set(RegexReader *r, RegexNode *node) MUST_CHECK;
/* A warning about the pattern; [future]: a FutureWarning, else a DeprecationWarning. */
void regex_warn(RegexReader *r, bool future, const char *format, ...);
/* May group [number] be referred to from inside a look-behind? */
bool regex_check_behind(RegexReader *r, uint32_t number) MUST_CHECK;

RegexNode *regex_node(RegexReader *r, RegexKind kind);
/* How many characters [node] can take. */
void regex_set_width(RegexNode *node, uint64_t narrowest, uint64_t widest);
/* Alternatives up to a ')' or the end; [outermost]: they are the whole pattern. NULL: failed. */
RegexNode *regex_read_alternatives(RegexReader *r, bool verbose, bool outermost) MUST_CHECK;
/* Items up to a '|', a ')' or the end; flags may stand at its beginning if it is the [first]. */
RegexNode *regex_read_sequence(RegexReader *r, bool *verbose, bool first) MUST_CHECK;
/* What follows a '(' at [start]. [*result] stays NULL for a comment or flags of the whole. */
bool regex_read_parenthesis(RegexReader *r, size_t start, bool *verbose, bool flags_allowed,
                            RegexNode **result) MUST_CHECK;

#endif
