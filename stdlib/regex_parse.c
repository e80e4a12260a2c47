/* SPDX-License-Identifier: MIT */
/*
 * From Python's regular expression syntax to a tree (stdlib/regex_syntax.h).
 *
 * A recursive descent: alternatives, sequences, repeats, and what begins with a parenthesis
 * (stdlib/regex_group.c).
 *
 * Nothing here calls back into Tulip code, so nothing needs rooting.
 *
 * Read next: stdlib/regex_escape.c (backslashes and sets), stdlib/regex_emit.c.
 */
#include "stdlib/regex_reader.h"
#include "vm/container.h"
#include "vm/str.h"

#define DEEPEST 480 /* nested parentheses; CPython's own parser ends near there */

/* ---- the tree ---- */

RegexNode *regex_node(RegexReader *r, RegexKind kind) {
    RegexNode *node = arena_alloc(&r->regex->arena, sizeof *node);
    node->kind = kind;
    return node;
}

static uint64_t clamp(uint64_t a, uint64_t most) { return a < most ? a : most; }

void regex_set_width(RegexNode *node, uint64_t narrowest, uint64_t widest) {
    node->narrowest = clamp(narrowest, REGEX_UNBOUNDED - 1);
    node->widest = clamp(widest, REGEX_UNBOUNDED);
}

static void measure_sequence(RegexNode *sequence) {
    uint64_t narrowest = 0, widest = 0;
    for (RegexNode *node = sequence->child; node; node = node->next) {
        narrowest += node->narrowest;
        widest += node->widest;
    }
    regex_set_width(sequence, narrowest, widest);
}

static void measure_branch(RegexNode *branch) {
    uint64_t narrowest = REGEX_UNBOUNDED - 1, widest = 0;
    for (RegexNode *node = branch->child; node; node = node->next) {
        if (node->narrowest < narrowest) narrowest = node->narrowest;
        if (node->widest > widest) widest = node->widest;
    }
    regex_set_width(branch, narrowest, widest);
}

/* ---- repeats ---- */

/* The number written at the reader, if there is one; false failed, or too large ([overflow]). */
static bool read_count(RegexReader *r, bool *given, uint32_t *count) {
    uint64_t n = 0;
    *given = false;
    while (r->token >= '0' && r->token <= '9' && !r->escaped) {
        n = clamp(n * 10 + (r->token - '0'), (uint64_t)REGEX_UNBOUNDED * 2);
        *given = true;
        if (!regex_advance(r)) return false;
    }
    *count = (uint32_t)clamp(n, REGEX_UNBOUNDED);
    return true;
}

static bool too_large(RegexReader *r) {
    r->regex->overflow = true;
    return false;
}

/* What follows a '{', which ends before [here]: 1 a repeat, 0 a literal brace, -1 failed. */
static int read_braces(RegexReader *r, size_t here, uint32_t *minimum, uint32_t *maximum) {
    bool low_given, high_given = false;
    uint32_t low, high = 0;
    if (regex_at(r, '}')) return 0;
    if (!read_count(r, &low_given, &low)) return -1;
    int comma = regex_skip(r, ',');
    if (comma < 0 || (comma && !read_count(r, &high_given, &high))) return -1;
    int closed = regex_skip(r, '}');
    if (closed < 0) return -1;
    if (!closed) return regex_seek(r, here) ? 0 : -1;
    if (!comma) {
        high = low;
        high_given = low_given;
    }
    *minimum = low_given ? low : 0;
    *maximum = high_given ? high : REGEX_UNBOUNDED;
    if (low_given && low == REGEX_UNBOUNDED) return too_large(r) ? 0 : -1;
    if (high_given && high == REGEX_UNBOUNDED) return too_large(r) ? 0 : -1;
    if (*maximum >= *minimum) return 1;
    regex_fail(r, r->at - here, "min repeat greater than max repeat");
    return -1;
}

/* Read the repeat sign [c] (just behind us) for [item], the last of the sequence, and make it a
 * repeat. 1 done, 0: a literal brace, -1 failed. */
static int parse_repeat(RegexReader *r, uint32_t c, RegexNode **item) {
    size_t here = r->at;
    uint32_t minimum = c == '+', maximum = c == '?' ? 1 : REGEX_UNBOUNDED;
    if (c == '{') {
        int kind = read_braces(r, here, &minimum, &maximum);
        if (kind <= 0) return kind;
    }
    if (!item || (*item)->kind == REGEX_AT) {
        regex_fail(r, r->at - here + 1, "nothing to repeat");
        return -1;
    }
    if ((*item)->kind == REGEX_REPEAT) {
        regex_fail(r, r->at - here + 1, "multiple repeat");
        return -1;
    }
    RegexNode *repeat = regex_node(r, REGEX_REPEAT);
    repeat->child = *item;
    repeat->minimum = minimum;
    repeat->maximum = maximum;
    if (regex_at(r, '?') || regex_at(r, '+')) {
        repeat->value = r->token;
        if (!regex_advance(r)) return -1;
    }
    regex_set_width(repeat, (*item)->narrowest * minimum, (*item)->widest * maximum);
    *item = repeat;
    return 1;
}

/* ---- sequences and alternatives ---- */

/* What a verbose pattern may contain for the reader's eyes, just read: skipped if it is such. */
static int skip_blank(RegexReader *r, uint32_t c, bool escaped) {
    if (escaped) return 0;
    if (c == ' ' || (c >= '\t' && c <= '\r')) return 1;
    if (c != '#') return 0;
    for (;;) {
        uint32_t next = r->escaped ? '\\' : r->token;
        if (!regex_advance(r)) return -1;
        if (next == REGEX_END || next == '\n') return 1;
    }
}

/* One item that begins with the token [c], just read. A repeat changes the last one, [last] (NULL:
 * there is none); a new item is left in [*made]. */
static bool parse_item(RegexReader *r, size_t start, uint32_t c, RegexNode **last, bool *verbose,
                       bool first, RegexNode **made) {
    RegexNode *node;
    switch (c) {
    case '*':
    case '+':
    case '?':
    case '{': {
        int done = parse_repeat(r, c, last);
        if (done) return done > 0;
        break;
    }
    case '(': {
        if (r->depth == 0) r->part++;
        if (++r->depth > DEEPEST) {
            r->regex->too_deep = true;
            return false;
        }
        bool ok = regex_read_parenthesis(r, start, verbose, first && !last, made);
        r->depth--;
        return ok;
    }
    case '[':
        *made = node = regex_node(r, REGEX_SET);
        regex_set_width(node, 1, 1);
        return regex_read_set(r, node);
    case '.': *made = node = regex_node(r, REGEX_ANY); break;
    case '^':
    case '$':
        *made = node = regex_node(r, REGEX_AT);
        node->value = c;
        return true;
    default: break;
    }
    if (!*made) {
        *made = regex_node(r, REGEX_LITERAL);
        (*made)->value = c;
    }
    regex_set_width(*made, 1, 1);
    return true;
}

RegexNode *regex_read_sequence(RegexReader *r, bool *verbose, bool first) {
    RegexNode *sequence = regex_node(r, REGEX_SEQUENCE), **last = NULL, **end = &sequence->child;
    while (r->token != REGEX_END && !regex_at(r, '|') && !regex_at(r, ')')) {
        size_t start = r->at;
        uint32_t c = r->token;
        bool escaped = r->escaped;
        if (!regex_advance(r)) return NULL;
        int blank = *verbose ? skip_blank(r, c, escaped) : 0;
        if (blank < 0) return NULL;
        if (blank) continue;
        RegexNode *made = NULL;
        if (escaped) {
            made = regex_node(r, REGEX_LITERAL);
            regex_set_width(made, 1, 1);
            if (!regex_read_escape(r, start, c, made)) return NULL;
        } else if (!parse_item(r, start, c, last, verbose, first, &made)) {
            return NULL;
        }
        if (!made) {
            if (last) end = &(*last)->next;
            continue;
        }
        last = end;
        *end = made;
        end = &made->next;
    }
    measure_sequence(sequence);
    return sequence;
}

RegexNode *regex_read_alternatives(RegexReader *r, bool verbose, bool outermost) {
    RegexNode *branch = regex_node(r, REGEX_BRANCH), **end = &branch->child;
    for (;;) {
        RegexNode *sequence = regex_read_sequence(r, &verbose, outermost && end == &branch->child);
        int more = sequence ? regex_skip(r, '|') : -1;
        if (more < 0) return NULL;
        *end = sequence;
        end = &sequence->next;
        if (!more) break;
        if (outermost) verbose = r->regex->flags & REGEX_VERBOSE;
    }
    if (!branch->child->next) return branch->child;
    measure_branch(branch);
    return branch;
}

/* ---- the whole ---- */

static bool refuse_flags(Regex *regex, const char *message) {
    buffer_puts(&regex->message, message);
    regex->bad_flags = true;
    return false;
}

/* Flags that suit the kind of pattern. */
static bool complete_flags(Regex *regex) {
    int flags = regex->flags;
    if (!regex->is_text) {
        if (flags & REGEX_UNICODE)
            return refuse_flags(regex, "cannot use UNICODE flag with a bytes pattern");
        if ((flags & REGEX_LOCALE) && (flags & REGEX_ASCII))
            return refuse_flags(regex, "ASCII and LOCALE flags are incompatible");
        return true;
    }
    if (flags & REGEX_LOCALE)
        return refuse_flags(regex, "cannot use LOCALE flag with a str pattern");
    if (!(flags & REGEX_ASCII)) regex->flags |= REGEX_UNICODE;
    else if (flags & REGEX_UNICODE)
        return refuse_flags(regex, "ASCII and UNICODE flags are incompatible");
    return true;
}

static bool check_whole(RegexReader *r) {
    Regex *regex = r->regex;
    if (!complete_flags(regex)) return false;
    if (r->token != REGEX_END) return regex_fail(r, 0, "unbalanced parenthesis");
    const RegexForward *first = NULL;
    for (const RegexForward *f = r->forward; f; f = f->next) {
        if (f->number > regex->group_count) first = f;
    }
    if (first) {
        regex_fail(r, 0, "invalid group reference %u", first->number);
        regex->position = (int64_t)first->at;
        return false;
    }
    if (!r->variable_behind) return true;
    regex_fail(r, 0, "look-behind requires fixed-width pattern");
    regex->position = -1;
    return false;
}

static void decode(Regex *regex, Value pattern) {
    size_t size = regex->is_text ? STR(pattern)->length : BYTES(pattern)->size;
    uint32_t *text = arena_alloc(&regex->arena, (size + 1) * sizeof *text);
    const char *p = regex->is_text ? STR(pattern)->data : NULL;
    for (size_t i = 0; i < size; i++) text[i] = p ? str_next(&p) : BYTES(pattern)->data[i];
    regex->text = text;
    regex->size = size;
}

bool regex_parse(Thread *t, Value pattern, int flags, Regex *out) {
    *out = (Regex){.is_text = is_str(pattern), .flags = flags, .position = -1};
    decode(out, pattern);
    RegexReader r = {.t = t, .regex = out};
    if (!regex_begin(&r)) return false;
    out->root = regex_read_alternatives(&r, flags & REGEX_VERBOSE, true);
    return out->root && check_whole(&r);
}

void regex_free(Regex *regex) {
    arena_free_all(&regex->arena);
    buffer_free(&regex->message);
}
