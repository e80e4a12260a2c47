/* SPDX-License-Identifier: MIT */
/*
 * From Python's regular expression syntax to a tree (stdlib/regex_syntax.h).
 *
 * A recursive descent: alternatives, sequences, and what begins with a parenthesis. Errors carry
 * CPython's words and positions; a position is where the parser stands, less the length of what it
 * has just read, so the order in which tokens are read is part of the behaviour. The reader looks
 * one token ahead, and a pattern that ends in a backslash fails as soon as that is seen.
 *
 * Nothing here calls back into Tulip code, so nothing needs rooting.
 *
 * Read next: stdlib/regex_escape.c (backslashes and sets), stdlib/regex_emit.c.
 */
#include <string.h>

#include "stdlib/regex_syntax.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/str.h"
#include "vm/unicode.h"

#define DEEPEST 480 /* nested parentheses; CPython's own parser ends near there */

typedef struct RegexForward {
    uint32_t number;
    size_t at;
    struct RegexForward *next;
} RegexForward;

static RegexNode *parse_alternatives(RegexReader *r, bool verbose, bool outermost);
static RegexNode *parse_sequence(RegexReader *r, bool *verbose, bool first);

/* ---- reading ---- */

static bool look(RegexReader *r) {
    const Regex *regex = r->regex;
    r->escaped = false;
    if (r->at >= regex->size) {
        r->token = REGEX_END;
        return true;
    }
    r->token = regex->text[r->at];
    if (r->token != '\\') return true;
    if (r->at + 1 < regex->size) {
        r->token = regex->text[r->at + 1];
        r->escaped = true;
        return true;
    }
    buffer_puts(&r->regex->message, "bad escape (end of pattern)");
    r->regex->position = (int64_t)regex->size - 1;
    return false;
}

bool regex_advance(RegexReader *r) {
    if (r->token != REGEX_END) r->at += r->escaped ? 2 : 1;
    return look(r);
}

static bool seek(RegexReader *r, size_t at) {
    r->at = at;
    return look(r);
}

/* Move behind the next token if it is [c]: 1, 0, or -1 failed. */
static int skip(RegexReader *r, uint32_t c) {
    if (!regex_at(r, c)) return 0;
    return regex_advance(r) ? 1 : -1;
}

static bool fail_list(RegexReader *r, size_t offset, const char *format, va_list arguments) {
    Regex *regex = r->regex;
    Buffer text = {0};
    if (!str_format_into(r->t, &text, format, arguments)) exception_take(r->t);
    if (regex->is_text) {
        buffer_append(&regex->message, text.data, text.size);
    } else {
        const char *p = text.data, *end = p + text.size;
        while (p < end) {
            uint32_t c = str_next(&p);
            if (c < 0x80) buffer_putc(&regex->message, (char)c);
            else buffer_printf(&regex->message, "\\x%02x", c);
        }
    }
    buffer_free(&text);
    regex->position = (int64_t)r->at - (int64_t)offset;
    return false;
}

bool regex_fail(RegexReader *r, size_t offset, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fail_list(r, offset, format, arguments);
    va_end(arguments);
    return false;
}

void regex_warn(RegexReader *r, bool future, const char *format, ...) {
    Buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    if (!str_format_into(r->t, &text, format, arguments)) exception_take(r->t);
    va_end(arguments);
    if (!r->regex->warnings) r->regex->warnings = list_new(r->t, 2);
    Tuple *pair = tuple_new(r->t, 2);
    pair->items[0] = object_value(str_from_buffer(r->t, &text));
    pair->items[1] = bool_value(future);
    list_append(r->t, r->regex->warnings, object_value(pair));
}

Str *regex_excerpt(RegexReader *r, size_t from, size_t to) {
    Buffer text = {0};
    for (size_t i = from; i < to; i++) buffer_put_utf8(&text, r->regex->text[i]);
    return str_from_buffer(r->t, &text);
}

Str *regex_read_until(RegexReader *r, uint32_t terminator, const char *what) {
    size_t start = r->at;
    while (!regex_at(r, terminator)) {
        size_t length = r->at - start;
        if (r->token == REGEX_END) {
            if (length) regex_fail(r, length, "missing %c, unterminated name", (int)terminator);
            else regex_fail(r, 0, "missing %s", what);
            return NULL;
        }
        if (!regex_advance(r)) return NULL;
    }
    size_t end = r->at;
    if (!regex_advance(r)) return NULL;
    if (end > start) return regex_excerpt(r, start, end);
    regex_fail(r, 1, "missing %s", what);
    return NULL;
}

/* ---- the tree ---- */

static RegexNode *node_new(RegexReader *r, RegexKind kind) {
    RegexNode *node = arena_alloc(&r->regex->arena, sizeof *node);
    node->kind = kind;
    return node;
}

static uint64_t clamp(uint64_t a, uint64_t most) { return a < most ? a : most; }

static void set_width(RegexNode *node, uint64_t narrowest, uint64_t widest) {
    node->narrowest = clamp(narrowest, REGEX_UNBOUNDED - 1);
    node->widest = clamp(widest, REGEX_UNBOUNDED);
}

static void measure_sequence(RegexNode *sequence) {
    uint64_t narrowest = 0, widest = 0;
    for (RegexNode *node = sequence->child; node; node = node->next) {
        narrowest += node->narrowest;
        widest += node->widest;
    }
    set_width(sequence, narrowest, widest);
}

static void measure_branch(RegexNode *branch) {
    uint64_t narrowest = REGEX_UNBOUNDED - 1, widest = 0;
    for (RegexNode *node = branch->child; node; node = node->next) {
        if (node->narrowest < narrowest) narrowest = node->narrowest;
        if (node->widest > widest) widest = node->widest;
    }
    set_width(branch, narrowest, widest);
}

/* ---- groups ---- */

static RegexGroup *group_at(RegexReader *r, uint32_t number) { return &r->regex->groups[number]; }

static bool group_open(RegexReader *r, Value name, uint32_t *number) {
    Regex *regex = r->regex;
    for (uint32_t i = 1; i <= regex->group_count && name != VALUE_NONE; i++) {
        Value other = regex->groups[i].name;
        if (other == VALUE_NONE || !str_equal(STR(other), STR(name))) continue;
        return regex_fail(r, STR(name)->length + 1,
                          "redefinition of group name %R as group %u; was group %u", name,
                          regex->group_count + 1, i);
    }
    if (++regex->group_count >= regex->group_capacity) {
        uint32_t capacity = regex->group_capacity * 2 + 8;
        RegexGroup *more = arena_alloc(&regex->arena, capacity * sizeof *more);
        if (regex->groups) memcpy(more, regex->groups, regex->group_count * sizeof *more);
        regex->groups = more;
        regex->group_capacity = capacity;
    }
    *number = regex->group_count;
    *group_at(r, *number) = (RegexGroup){.name = name, .part = r->part};
    return true;
}

static void group_close(RegexReader *r, uint32_t number, const RegexNode *body) {
    RegexGroup *group = group_at(r, number);
    group->closed = true;
    group->closing = r->closed_groups++;
    group->narrowest = body->narrowest;
    group->widest = body->widest;
}

static bool is_closed(RegexReader *r, uint32_t number) {
    return number <= r->regex->group_count && group_at(r, number)->closed;
}

/* The number of the group called [name], 0 when there is none. */
static uint32_t group_named(RegexReader *r, Str *name) {
    for (uint32_t i = 1; i <= r->regex->group_count; i++) {
        Value other = group_at(r, i)->name;
        if (other != VALUE_NONE && str_equal(STR(other), name)) return i;
    }
    return 0;
}

bool regex_check_behind(RegexReader *r, uint32_t number) {
    if (!r->behind) return true;
    if (!is_closed(r, number)) return regex_fail(r, 0, "cannot refer to an open group");
    if (number < r->behind) return true;
    return regex_fail(r, 0, "cannot refer to group defined in the same lookbehind subpattern");
}

static bool is_identifier(const Str *name) {
    const char *p = name->data, *end = p + name->size;
    uint32_t c = p < end ? str_next(&p) : 0;
    if (c != '_' && !unicode_is_xid_start(c)) return false;
    while (p < end) {
        if (!unicode_is_xid_continue(str_next(&p))) return false;
    }
    return true;
}

static bool check_name(RegexReader *r, Str *name) {
    if (!is_identifier(name)) {
        return regex_fail(r, name->length + 1, "bad character in group name %R",
                          object_value(name));
    }
    if (r->regex->is_text || str_is_ascii(name)) return true;
    Buffer shown = {0};
    str_ascii_into(&shown, name);
    regex_warn(r, false, "bad character in group name %s at position %zu", shown.data,
               r->at - name->length - 1);
    buffer_free(&shown);
    return true;
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
    int comma = skip(r, ',');
    if (comma < 0 || (comma && !read_count(r, &high_given, &high))) return -1;
    int closed = skip(r, '}');
    if (closed < 0) return -1;
    if (!closed) return seek(r, here) ? 0 : -1;
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
    RegexNode *repeat = node_new(r, REGEX_REPEAT);
    repeat->child = *item;
    repeat->minimum = minimum;
    repeat->maximum = maximum;
    if (regex_at(r, '?') || regex_at(r, '+')) {
        repeat->value = r->token;
        if (!regex_advance(r)) return -1;
    }
    set_width(repeat, (*item)->narrowest * minimum, (*item)->widest * maximum);
    *item = repeat;
    return 1;
}

/* ---- what begins with a parenthesis ---- */

static int flag_of(uint32_t c) {
    switch (c) {
    case 'i': return REGEX_IGNORECASE;
    case 'L': return REGEX_LOCALE;
    case 'm': return REGEX_MULTILINE;
    case 's': return REGEX_DOTALL;
    case 'x': return REGEX_VERBOSE;
    case 'a': return REGEX_ASCII;
    case 't': return REGEX_TEMPLATE;
    case 'u': return REGEX_UNICODE;
    default: return 0;
    }
}

/* The next letter of a list of flags, which must be one or one of [ends]; [missing] says what is
 * expected. */
static bool next_flag(RegexReader *r, const char *ends, const char *missing, uint32_t *c) {
    if (r->token == REGEX_END) return regex_fail(r, 0, "%s", missing);
    size_t length = r->escaped ? 2 : 1;
    *c = r->escaped ? '\\' : r->token;
    if (!regex_advance(r)) return false;
    if (*c < 0x80 && *c && strchr(ends, (int)*c)) return true;
    if (*c != '\\' && flag_of(*c)) return true;
    return regex_fail(r, length, *c != '\\' && unicode_is_alpha(*c) ? "unknown flag" : "%s",
                      missing);
}

static bool read_added_flags(RegexReader *r, uint32_t *c, int *added) {
    while (*c != ')' && *c != '-' && *c != ':') {
        int flag = flag_of(*c);
        if (r->regex->is_text && *c == 'L')
            return regex_fail(r, 0, "bad inline flags: cannot use 'L' flag with a str pattern");
        if (!r->regex->is_text && *c == 'u')
            return regex_fail(r, 0, "bad inline flags: cannot use 'u' flag with a bytes pattern");
        *added |= flag;
        if ((flag & REGEX_TYPE_FLAGS) && (*added & REGEX_TYPE_FLAGS) != flag)
            return regex_fail(r, 0, "bad inline flags: flags 'a', 'u' and 'L' are incompatible");
        if (!next_flag(r, ")-:", "missing -, : or )", c)) return false;
    }
    return true;
}

static bool read_removed_flags(RegexReader *r, int *removed) {
    uint32_t c;
    if (!next_flag(r, "", "missing flag", &c)) return false;
    while (c != ':') {
        if (flag_of(c) & REGEX_TYPE_FLAGS)
            return regex_fail(r, 0, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
        *removed |= flag_of(c);
        if (!next_flag(r, ":", "missing :", &c)) return false;
    }
    return true;
}

/* Flags, the first of which [c] was just read: 1 for a group, 0 for the whole, -1 failed. */
static int parse_flags(RegexReader *r, uint32_t c, int *added, int *removed) {
    if (!read_added_flags(r, &c, added)) return -1;
    if (c == ')') {
        r->regex->flags |= *added;
        return 0;
    }
    if (*added & REGEX_GLOBAL_FLAGS) {
        regex_fail(r, 1, "bad inline flags: cannot turn on global flag");
        return -1;
    }
    if (c == '-' && !read_removed_flags(r, removed)) return -1;
    if (*removed & REGEX_GLOBAL_FLAGS) {
        regex_fail(r, 1, "bad inline flags: cannot turn off global flag");
        return -1;
    }
    if (!(*added & *removed)) return 1;
    regex_fail(r, 1, "bad inline flags: flag turned on and off");
    return -1;
}

/* The ')' of what began at [start]. */
static bool close_parenthesis(RegexReader *r, size_t start) {
    if (regex_at(r, ')')) return regex_advance(r);
    return regex_fail(r, r->at - start, "missing ), unterminated subpattern");
}

static RegexNode *parse_look(RegexReader *r, size_t start, uint32_t c, bool verbose) {
    RegexNode *node = node_new(r, REGEX_LOOK);
    uint32_t behind = r->behind;
    node->value = c != '<';
    if (c == '<') {
        if (r->token == REGEX_END) {
            regex_fail(r, 0, "unexpected end of pattern");
            return NULL;
        }
        Str *sign = regex_excerpt(r, r->at, r->at + (r->escaped ? 2 : 1));
        c = r->escaped ? '\\' : r->token;
        if (!regex_advance(r)) return NULL;
        if (c != '=' && c != '!') {
            regex_fail(r, sign->length + 2, "unknown extension ?<%S", object_value(sign));
            return NULL;
        }
        if (!behind) r->behind = r->regex->group_count + 1;
    }
    node->negated = c == '!';
    node->child = parse_alternatives(r, verbose, false);
    r->behind = behind;
    if (!node->child || !close_parenthesis(r, start)) return NULL;
    if (!node->value && node->child->narrowest != node->child->widest) r->variable_behind = true;
    return node;
}

/* The group that a condition names, as its number. */
static bool condition_group(RegexReader *r, Str *name, uint32_t *number) {
    size_t offset = name->length + 1;
    if (is_identifier(name)) {
        if (!check_name(r, name)) return false;
        *number = group_named(r, name);
        return *number || regex_fail(r, offset, "unknown group name %R", object_value(name));
    }
    Value n = int_from_text(r->t, name->data, name->size, 10, object_value(name));
    if (n == VALUE_ERROR) exception_take(r->t);
    if (n == VALUE_ERROR || int_sign(n) < 0)
        return regex_fail(r, offset, "bad character in group name %R", object_value(name));
    if (n == fixnum(0)) return regex_fail(r, offset, "bad group number");
    if (!is_fixnum(n) || fixnum_of(n) >= REGEX_MAX_GROUPS)
        return regex_fail(r, offset, "invalid group reference %S", n);
    *number = (uint32_t)fixnum_of(n);
    if (name->data[strspn(name->data, "0123456789")])
        regex_warn(r, false, "bad character in group name %R at position %zu", object_value(name),
                   r->at - offset);
    RegexForward *forward = arena_alloc(&r->regex->arena, sizeof *forward);
    *forward = (RegexForward){*number, r->at - offset, r->forward};
    r->forward = forward;
    return true;
}

static RegexNode *parse_condition(RegexReader *r, size_t start, bool verbose) {
    RegexNode *node = node_new(r, REGEX_CONDITION);
    Str *name = regex_read_until(r, ')', "group name");
    if (!name || !condition_group(r, name, &node->value)) return NULL;
    if (!regex_check_behind(r, node->value)) return NULL;
    node->child = parse_sequence(r, &verbose, false);
    int more = node->child ? skip(r, '|') : -1;
    if (more < 0) return NULL;
    if (more) {
        node->otherwise = parse_sequence(r, &verbose, false);
        if (!node->otherwise) return NULL;
        if (regex_at(r, '|')) {
            regex_fail(r, 0, "conditional backref with more than two branches");
            return NULL;
        }
    }
    if (!close_parenthesis(r, start)) return NULL;
    uint64_t narrowest = node->otherwise ? node->otherwise->narrowest : 0;
    uint64_t widest = node->otherwise ? node->otherwise->widest : 0;
    if (node->child->narrowest < narrowest) narrowest = node->child->narrowest;
    if (node->child->widest > widest) widest = node->child->widest;
    set_width(node, narrowest, widest);
    return node;
}

/* A reference to a closed group; the name or number that was read is [length] long. */
RegexNode *regex_backref(RegexReader *r, RegexNode *node, uint32_t number, size_t length) {
    if (!is_closed(r, number)) {
        regex_fail(r, length, "cannot refer to an open group");
        return NULL;
    }
    if (!regex_check_behind(r, number)) return NULL;
    node->kind = REGEX_BACKREF;
    node->value = number;
    set_width(node, group_at(r, number)->narrowest, group_at(r, number)->widest);
    return node;
}

static RegexNode *parse_named_backref(RegexReader *r) {
    Str *name = regex_read_until(r, ')', "group name");
    if (!name || !check_name(r, name)) return NULL;
    uint32_t number = group_named(r, name);
    if (number) return regex_backref(r, node_new(r, REGEX_BACKREF), number, name->length + 1);
    regex_fail(r, name->length + 1, "unknown group name %R", object_value(name));
    return NULL;
}

/* The body of a group, atomic or not, and its ')'. */
static RegexNode *parse_group(RegexReader *r, RegexNode *node, size_t start, bool capture,
                              Value name, bool verbose) {
    if (capture && !group_open(r, name, &node->value)) return NULL;
    verbose =
        (verbose || (node->add_flags & REGEX_VERBOSE)) && !(node->remove_flags & REGEX_VERBOSE);
    node->child = parse_alternatives(r, verbose, false);
    if (!node->child || !close_parenthesis(r, start)) return NULL;
    if (capture) group_close(r, node->value, node->child);
    set_width(node, node->child->narrowest, node->child->widest);
    return node;
}

/* (?P…: [node] becomes the group or reference. */
static RegexNode *parse_named(RegexReader *r, RegexNode *node, size_t start, bool verbose) {
    int named = skip(r, '<');
    if (named < 0) return NULL;
    if (named) {
        Str *name = regex_read_until(r, '>', "group name");
        if (!name || !check_name(r, name)) return NULL;
        return parse_group(r, node, start, true, object_value(name), verbose);
    }
    int reference = skip(r, '=');
    if (reference) return reference < 0 ? NULL : parse_named_backref(r);
    if (r->token == REGEX_END) {
        regex_fail(r, 0, "unexpected end of pattern");
        return NULL;
    }
    Str *sign = regex_excerpt(r, r->at, r->at + (r->escaped ? 2 : 1));
    if (regex_advance(r))
        regex_fail(r, sign->length + 2, "unknown extension ?P%S", object_value(sign));
    return NULL;
}

static bool skip_comment(RegexReader *r, size_t start) {
    while (!regex_at(r, ')')) {
        if (r->token == REGEX_END)
            return regex_fail(r, r->at - start, "missing ), unterminated comment");
        if (!regex_advance(r)) return false;
    }
    return regex_advance(r);
}

/* What follows a '(' at [start]. [*result] stays NULL for a comment or flags of the whole. */
static bool parse_parenthesis(RegexReader *r, size_t start, bool *verbose, bool flags_allowed,
                              RegexNode **result) {
    RegexNode *node = node_new(r, REGEX_GROUP);
    int options = skip(r, '?');
    if (options < 0) return false;
    if (!options) {
        *result = parse_group(r, node, start, true, VALUE_NONE, *verbose);
        return *result;
    }
    if (r->token == REGEX_END) return regex_fail(r, 0, "unexpected end of pattern");
    Str *sign = regex_excerpt(r, r->at, r->at + (r->escaped ? 2 : 1));
    uint32_t c = r->escaped ? '\\' : r->token;
    if (!regex_advance(r)) return false;
    switch (c) {
    case 'P': *result = parse_named(r, node, start, *verbose); return *result;
    case '#': return skip_comment(r, start);
    case '=':
    case '!':
    case '<': *result = parse_look(r, start, c, *verbose); return *result;
    case '(': *result = parse_condition(r, start, *verbose); return *result;
    case '>': node->kind = REGEX_ATOMIC; break;
    case ':': break;
    default:
        if (c != '-' && !flag_of(c))
            return regex_fail(r, sign->length + 1, "unknown extension ?%S", object_value(sign));
        int kind = parse_flags(r, c, &node->add_flags, &node->remove_flags);
        if (kind < 0) return false;
        if (kind > 0) break;
        if (!flags_allowed)
            return regex_fail(r, r->at - start, "global flags not at the start of the expression");
        *verbose = r->regex->flags & REGEX_VERBOSE;
        return true;
    }
    *result = parse_group(r, node, start, false, VALUE_NONE, *verbose);
    return *result;
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
        bool ok = parse_parenthesis(r, start, verbose, first && !last, made);
        r->depth--;
        return ok;
    }
    case '[':
        *made = node = node_new(r, REGEX_SET);
        set_width(node, 1, 1);
        return regex_read_set(r, node);
    case '.': *made = node = node_new(r, REGEX_ANY); break;
    case '^':
    case '$':
        *made = node = node_new(r, REGEX_AT);
        node->value = c;
        return true;
    default: break;
    }
    if (!*made) {
        *made = node_new(r, REGEX_LITERAL);
        (*made)->value = c;
    }
    set_width(*made, 1, 1);
    return true;
}

static RegexNode *parse_sequence(RegexReader *r, bool *verbose, bool first) {
    RegexNode *sequence = node_new(r, REGEX_SEQUENCE), **last = NULL, **end = &sequence->child;
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
            made = node_new(r, REGEX_LITERAL);
            set_width(made, 1, 1);
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

static RegexNode *parse_alternatives(RegexReader *r, bool verbose, bool outermost) {
    RegexNode *branch = node_new(r, REGEX_BRANCH), **end = &branch->child;
    for (;;) {
        RegexNode *sequence = parse_sequence(r, &verbose, outermost && end == &branch->child);
        int more = sequence ? skip(r, '|') : -1;
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
    if (!look(&r)) return false;
    out->root = parse_alternatives(&r, flags & REGEX_VERBOSE, true);
    return out->root && check_whole(&r);
}

void regex_free(Regex *regex) {
    arena_free_all(&regex->arena);
    buffer_free(&regex->message);
}
