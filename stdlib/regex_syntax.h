/* SPDX-License-Identifier: MIT */
/*
 * A regular expression as a tree, and what is known of it before anything is matched.
 *
 * Python's syntax is parsed by ourselves, for three reasons: its errors have messages and positions
 * that programs show, its details differ from PCRE2's (`$`, `\Z`, `{,n}`, flags, the classes of
 * characters), and `groupindex` or a look-behind's width are asked for anyway. The tree is then
 * written out as a PCRE2 pattern (stdlib/regex_emit.c) in which nothing is left to interpretation:
 * all options of the syntax are spelled out.
 *
 * The tree lives in an arena and is thrown away after each use: parsing takes a few microseconds,
 * and most patterns need only one of the forms they can be written out in.
 *
 * Read next: stdlib/regex_parse.c, stdlib/regex_emit.c.
 */
#ifndef TULIP_STDLIB_REGEX_SYNTAX_H
#define TULIP_STDLIB_REGEX_SYNTAX_H

#include "common/arena.h"
#include "common/buffer.h"
#include "vm/thread.h"

enum RegexFlags {
    REGEX_TEMPLATE = 1,
    REGEX_IGNORECASE = 2,
    REGEX_LOCALE = 4,
    REGEX_MULTILINE = 8,
    REGEX_DOTALL = 16,
    REGEX_UNICODE = 32,
    REGEX_VERBOSE = 64,
    REGEX_DEBUG = 128,
    REGEX_ASCII = 256,
    REGEX_TYPE_FLAGS = REGEX_ASCII | REGEX_LOCALE | REGEX_UNICODE,
    REGEX_GLOBAL_FLAGS = REGEX_DEBUG | REGEX_TEMPLATE,
};

#define REGEX_UNBOUNDED  UINT32_MAX
#define REGEX_MAX_GROUPS 1073741823

typedef enum RegexKind {
    REGEX_LITERAL,   /* the character [value] */
    REGEX_ANY,       /* . */
    REGEX_SET,       /* one character of [items], or of none of them when [negated] */
    REGEX_AT,        /* a place: [value] is one of ^ $ A Z b B */
    REGEX_REPEAT,    /* [child], [minimum] to [maximum] times; [value] is 0, '?' or '+' */
    REGEX_GROUP,     /* [child], with the group number [value] or 0, and flags changed */
    REGEX_ATOMIC,    /* [child], never entered again */
    REGEX_LOOK,      /* [child] is ahead ([value] 1) or behind (0), or is not when [negated] */
    REGEX_BACKREF,   /* what group [value] has matched */
    REGEX_CONDITION, /* [child] if group [value] has matched, else [otherwise] (may be NULL) */
    REGEX_BRANCH,    /* one of the sequences that begin at [child] */
    REGEX_SEQUENCE,  /* the nodes that begin at [child] */
} RegexKind;

/* A range of characters, or, when [category] is not 0, one of d D s S w W. */
typedef struct RegexItem {
    uint32_t low, high;
    char category;
} RegexItem;

typedef struct RegexNode RegexNode;
struct RegexNode {
    RegexKind kind;
    bool negated;
    uint32_t value, minimum, maximum;
    int add_flags, remove_flags;
    RegexNode *next; /* in the sequence, or the next alternative */
    RegexNode *child, *otherwise;
    RegexItem *items;
    size_t item_count;
    uint64_t narrowest, widest; /* how many characters it can take */
};

/* What is known of one capturing group. */
typedef struct RegexGroup {
    bool closed;
    uint32_t part;    /* which of the outermost parentheses it is in */
    uint32_t closing; /* how many groups end before it does */
    uint64_t narrowest, widest;
    Value name; /* str or VALUE_NONE */
} RegexGroup;

/* The result of parsing; the caller frees it with regex_free whether parsing succeeded or not. */
typedef struct Regex {
    Arena arena;
    const uint32_t *text; /* the pattern, by character */
    size_t size;
    bool is_text;       /* a str, not bytes */
    int flags;          /* with those that the pattern itself sets */
    RegexNode *root;    /* BRANCH or SEQUENCE */
    RegexGroup *groups; /* [0] is unused */
    uint32_t group_count, group_capacity;
    List *warnings; /* pairs: message, True for a FutureWarning; NULL: none */
    /* why it failed */
    Buffer message;
    int64_t position; /* -1: none */
    bool overflow;    /* an OverflowError instead */
    bool too_deep;    /* a RecursionError instead */
    bool bad_flags;   /* a ValueError instead */
} Regex;

/* Parse [pattern], a str or bytes. False: nothing is raised, [out] says why. */
bool regex_parse(Thread *t, Value pattern, int flags, Regex *out) MUST_CHECK;
void regex_free(Regex *regex);

/* The subjects a pattern can be written out for. */
typedef enum RegexForm {
    REGEX_FOR_ASCII, /* a str of ASCII only: bytes are characters */
    REGEX_FOR_UTF8,  /* any other str */
    REGEX_FOR_BYTES,
    REGEX_FORMS
} RegexForm;

/* The PCRE2 pattern that matches [form] as [regex] does. */
void regex_emit(const Regex *regex, RegexForm form, Buffer *out);
/* Whether PCRE2 is to ignore case in a part of the pattern with these flags. */
bool regex_caseless(int flags, RegexForm form);

/* ---- between stdlib/regex_parse.c and stdlib/regex_escape.c ---- */

/* Reads the pattern a token at a time: a character, or a backslash and the one behind it. */
typedef struct RegexReader {
    Thread *t;
    Regex *regex;
    size_t at;       /* of the next token */
    uint32_t token;  /* its character (the one behind the backslash); REGEX_END at the end */
    bool escaped;    /* it has a backslash */
    uint32_t behind; /* groups below this one may be referred to; 0: not in a look-behind */
    uint32_t depth, part, closed_groups;
    struct RegexForward *forward; /* conditions on groups by number */
    bool variable_behind;         /* a look-behind whose width varies was met */
} RegexReader;

#define REGEX_END UINT32_MAX

/* Move behind the next token. False: the pattern ends in a backslash. */
bool regex_advance(RegexReader *r) MUST_CHECK;
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

#endif
