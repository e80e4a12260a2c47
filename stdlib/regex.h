/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the module re share: compiled patterns, matches, and the state of the module.
 *
 * A Pattern is compiled by PCRE2 when it first meets a subject, separately for each form of subject
 * (stdlib/regex_syntax.h) and for each of search, match and fullmatch, because PCRE2's machine code
 * knows anchoring only as a property of the pattern. A module full of patterns therefore costs what
 * the patterns that are used cost.
 *
 * A Match keeps byte offsets; they become positions in code points when somebody asks.
 *
 * Read next: stdlib/regex_code.c, stdlib/regex_match.c, stdlib/regex_pattern.c,
 * stdlib/regex_replace.c, stdlib/regex_native.c.
 */
#ifndef TULIP_STDLIB_REGEX_H
#define TULIP_STDLIB_REGEX_H

#include "stdlib/regex_syntax.h"
#include "stdlib/stdlib.h"

typedef enum RegexMode { REGEX_SEARCH, REGEX_MATCH, REGEX_FULLMATCH, REGEX_MODES } RegexMode;

/* How the last of a match's groups is found: groups in the order in which they end. */
typedef struct RegexClosing {
    uint32_t group, part;
} RegexClosing;

typedef struct Pattern {
    Object header;
    Value pattern;     /* str or bytes */
    Value group_index; /* dict: name -> number */
    Value names;       /* tuple: the name of each group or None, [0] unused */
    int flags;
    uint32_t groups;
    bool is_text;
    RegexClosing *closing;                                     /* [groups] of them */
    struct pcre2_real_code_8 *codes[REGEX_FORMS][REGEX_MODES]; /* NULL until needed */
    bool has_machine_code[REGEX_FORMS][REGEX_MODES];
    struct pcre2_real_code_32 *wide_codes[REGEX_FORMS][REGEX_MODES]; /* if it is too large */
} Pattern;

/* Bytes [start, end) of the subject; start is SIZE_MAX for a group that did not take part. */
typedef struct Span {
    size_t start, end;
} Span;

typedef struct Match {
    Object header;
    Value pattern, string;
    size_t from, to;     /* pos and endpos, in bytes */
    uint32_t last_index; /* 0: None */
    uint32_t groups;
    Span spans[]; /* groups + 1 */
} Match;

/* What is being searched. [data] is valid while [string] is rooted and nothing else runs. */
typedef struct Subject {
    Value string;
    const char *data;
    size_t size, from, to; /* bytes */
    RegexForm form;
} Subject;

typedef struct RegexWide RegexWide;

/* The limits of a match: steps, and KiB of what may have to be tried again. */
#define REGEX_MATCH_LIMIT    200000000
#define REGEX_HEAP_LIMIT     (1024 * 1024)
#define REGEX_DEEPEST_GROUPS 2000

/* The module's state; Stdlib.regex, NULL until it is imported. */
typedef struct RegexState {
    Value error;   /* the class re.error */
    Value compile; /* re._compile, for pickle */
    Value warn;    /* called with a message and whether it is a FutureWarning */
    Dict *cache;   /* compiled patterns by what compile() was given */
    struct pcre2_real_match_data_8 *match_data;
    uint32_t match_groups; /* which it has room for */
    struct pcre2_real_compile_context_8 *compile_context;
    struct pcre2_real_match_context_8 *match_context;
    struct pcre2_real_jit_stack_8 *jit_stack;
    RegexWide *wide; /* NULL until a pattern is too large */
} RegexState;

#define PATTERN(v) ((Pattern *)(uintptr_t)(v))
#define MATCH(v)   ((Match *)(uintptr_t)(v))

static inline RegexState *regex_state(const Thread *t) { return stdlib_of(t)->regex; }

/* ---- stdlib/regex_code.c ---- */

/* The state, made when it is first asked for. (Marking and freeing it: stdlib/stdlib.h.) */
RegexState *regex_state_make(Thread *t);
void regex_codes_free(Pattern *pattern);
/* [pattern] in [subject] from byte [start] on; when [advance], not as the empty text at [start].
 * 1: [*spans] has the groups until the next match of any pattern; 0: no match; -1 raised. */
int regex_run(Thread *t, Pattern *pattern, RegexMode mode, const Subject *subject, size_t start,
              bool advance, const Span **spans) MUST_CHECK;
/* Raise re.error(message[, pattern, position]). */
Value regex_raise(Thread *t, Value message, Value pattern, int64_t position);

/* ---- stdlib/regex_wide.c ---- */

/* [text], written out for [form], compiled by the 32-bit library; NULL with PCRE2's [*error]. */
struct pcre2_real_code_32 *regex_wide_compile(Thread *t, const Buffer *text, RegexForm form,
                                              uint32_t options, int *error);
void regex_wide_code_free(struct pcre2_real_code_32 *code);
/* pcre2_match with such a code: its result, and the groups' bytes in [*spans]. */
int regex_wide_run(Thread *t, Pattern *pattern, RegexMode mode, const Subject *subject,
                   size_t start, uint32_t options, const Span **spans);
void regex_wide_mark(Heap *heap, RegexWide *wide);
void regex_wide_free(RegexWide *wide);

/* ---- stdlib/regex_pattern.c ---- */

/* A new pattern from a str or bytes. May run code (a warning). */
Value pattern_new(Thread *t, Value pattern, int64_t flags) MUST_CHECK;
/* [string] between [pos] and [endpos] (VALUE_UNSET: all of it) as a subject of [pattern]; false
 * raised. */
bool subject_init(Thread *t, Pattern *pattern, Value string, Value pos, Value endpos,
                  Subject *out) MUST_CHECK;
/* The same object's data again, after Tulip code has run (a bytearray may have moved). */
void subject_renew(Subject *subject);
/* Bytes [from, to) of the subject: a plain str or bytes, the subject itself when that is all. */
Value subject_slice(Thread *t, const Subject *subject, size_t from, size_t to);
/* The pattern for what the functions of the module take: compiled, or a str or bytes. */
Value pattern_compile(Thread *t, Value pattern, Value flags) MUST_CHECK;
/* Methods of patterns as natives, args[0] being the pattern. */
Value pattern_match(Thread *t, Value *args);
Value pattern_fullmatch(Thread *t, Value *args);
Value pattern_search(Thread *t, Value *args);
Value pattern_findall(Thread *t, Value *args);
Value pattern_finditer(Thread *t, Value *args);
Value pattern_split(Thread *t, Value *args);
/* The construct slot of classes that only searching makes instances of. */
Value regex_refuse_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames);
void pattern_classes_init(Thread *t, Module *module);

/* ---- stdlib/regex_match.c ---- */

Value match_new(Thread *t, Value pattern, const Subject *subject, const Span *spans);
/* Text of group [number]; [absent] when it did not take part. */
Value match_group(Thread *t, const Match *match, uint32_t number, Value absent);
void match_class_init(Thread *t, Module *module);

/* ---- stdlib/regex_replace.c ---- */

/* Methods of patterns: args are pattern, repl, string, count. */
Value pattern_sub(Thread *t, Value *args);
Value pattern_subn(Thread *t, Value *args);
/* match.expand(template). */
Value match_expand(Thread *t, Value *args);

#endif
