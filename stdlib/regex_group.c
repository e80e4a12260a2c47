/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions: what begins with a parenthesis. Groups with and without numbers and names,
 * flags, looks ahead and behind, conditions, references by name, comments.
 *
 * A look-behind may refer only to groups that were closed before it began, and a condition to one
 * that comes later. Read next: stdlib/regex_parse.c.
 */
#include <string.h>

#include "stdlib/regex_reader.h"
#include "vm/number.h"
#include "vm/str.h"
#include "vm/unicode.h"

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

/* ---- flags ---- */

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

/* ---- what may stand in parentheses ---- */

/* The ')' of what began at [start]. */
static bool close_parenthesis(RegexReader *r, size_t start) {
    if (regex_at(r, ')')) return regex_advance(r);
    return regex_fail(r, r->at - start, "missing ), unterminated subpattern");
}

static RegexNode *parse_look(RegexReader *r, size_t start, uint32_t c, bool verbose) {
    RegexNode *node = regex_node(r, REGEX_LOOK);
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
    node->child = regex_read_alternatives(r, verbose, false);
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
    RegexNode *node = regex_node(r, REGEX_CONDITION);
    Str *name = regex_read_until(r, ')', "group name");
    if (!name || !condition_group(r, name, &node->value)) return NULL;
    if (!regex_check_behind(r, node->value)) return NULL;
    node->child = regex_read_sequence(r, &verbose, false);
    int more = node->child ? regex_skip(r, '|') : -1;
    if (more < 0) return NULL;
    if (more) {
        node->otherwise = regex_read_sequence(r, &verbose, false);
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
    regex_set_width(node, narrowest, widest);
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
    regex_set_width(node, group_at(r, number)->narrowest, group_at(r, number)->widest);
    return node;
}

static RegexNode *parse_named_backref(RegexReader *r) {
    Str *name = regex_read_until(r, ')', "group name");
    if (!name || !check_name(r, name)) return NULL;
    uint32_t number = group_named(r, name);
    if (number) return regex_backref(r, regex_node(r, REGEX_BACKREF), number, name->length + 1);
    regex_fail(r, name->length + 1, "unknown group name %R", object_value(name));
    return NULL;
}

/* The body of a group, atomic or not, and its ')'. */
static RegexNode *parse_group(RegexReader *r, RegexNode *node, size_t start, bool capture,
                              Value name, bool verbose) {
    if (capture && !group_open(r, name, &node->value)) return NULL;
    verbose =
        (verbose || (node->add_flags & REGEX_VERBOSE)) && !(node->remove_flags & REGEX_VERBOSE);
    node->child = regex_read_alternatives(r, verbose, false);
    if (!node->child || !close_parenthesis(r, start)) return NULL;
    if (capture) group_close(r, node->value, node->child);
    regex_set_width(node, node->child->narrowest, node->child->widest);
    return node;
}

/* (?P…: [node] becomes the group or reference. */
static RegexNode *parse_named(RegexReader *r, RegexNode *node, size_t start, bool verbose) {
    int named = regex_skip(r, '<');
    if (named < 0) return NULL;
    if (named) {
        Str *name = regex_read_until(r, '>', "group name");
        if (!name || !check_name(r, name)) return NULL;
        return parse_group(r, node, start, true, object_value(name), verbose);
    }
    int reference = regex_skip(r, '=');
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

bool regex_read_parenthesis(RegexReader *r, size_t start, bool *verbose, bool flags_allowed,
                            RegexNode **result) {
    RegexNode *node = regex_node(r, REGEX_GROUP);
    int options = regex_skip(r, '?');
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
