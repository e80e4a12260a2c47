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

#endif
