/* SPDX-License-Identifier: MIT */
/*
 * A parsed regular expression written out as a PCRE2 pattern.
 *
 * One pattern may be written out in up to three forms (RegexForm). A str that is all ASCII is
 * matched as bytes: there the Unicode meaning of \w or of ignoring case is that of ASCII, bytes are
 * positions, and the machine code is several times as fast. Characters beyond a form's range are
 * left out of sets, and match nowhere.
 *
 * The pattern is for PCRE2's options DOTALL, MULTILINE and ALT_CIRCUMFLEX, so that each Python
 * construct has a spelling of its own: `.` is any character and `\N` any but a newline, `^` is
 * multi-line and `\A` is not. What Python and PCRE2 understand differently is spelled out: white
 * space, characters that are equal when case is ignored, ASCII rules inside a Unicode pattern, \B.
 *
 * Read next: stdlib/regex_code.c.
 */
#include "common/utf8.h"
#include "stdlib/regex_syntax.h"

#define MOST_REPEATS 65535 /* PCRE2's limit of a count */

typedef struct Writer {
    Buffer *out;
    RegexForm form;
    int flags; /* in force here */
} Writer;

static void write_node(Writer *w, const RegexNode *node);

bool regex_caseless(int flags, RegexForm form) {
    if (!(flags & REGEX_IGNORECASE)) return false;
    return form != REGEX_FOR_UTF8 || !(flags & REGEX_ASCII);
}

static uint32_t largest(RegexForm form) {
    return form == REGEX_FOR_ASCII ? 0x7F : form == REGEX_FOR_BYTES ? 0xFF : 0x10FFFF;
}

/* ---- characters ---- */

/* Characters that Python takes for equal when it ignores case and PCRE2 does not, and those of
 * another range than the letters they are equal to. */
static const uint32_t families[][4] = {
    {'i', 'I', 0x130, 0x131},       {'k', 'K', 0x212A, 0x212A},
    {'s', 'S', 0x17F, 0x17F},       {0x390, 0x1FD3, 0x390, 0x1FD3},
    {0x3B0, 0x1FE3, 0x3B0, 0x1FE3}, {0xFB05, 0xFB06, 0xFB05, 0xFB06},
};
#define FAMILY_COUNT (sizeof families / sizeof families[0])

static bool uses_families(const Writer *w) {
    return (w->flags & REGEX_IGNORECASE) && !(w->flags & REGEX_ASCII) && w->form != REGEX_FOR_BYTES;
}

static void write_char(Writer *w, uint32_t c) {
    if (c >= 0x80 && w->form == REGEX_FOR_UTF8) {
        buffer_put_utf8(w->out, c);
    } else if (c < 0x20 || c >= 0x7F) {
        buffer_printf(w->out, "\\x%02x", c);
    } else {
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
        if (!plain) buffer_putc(w->out, '\\');
        buffer_putc(w->out, (char)c);
    }
}

static void write_range(Writer *w, uint32_t low, uint32_t high) {
    if (high > largest(w->form)) high = largest(w->form);
    if (low > high) return;
    write_char(w, low);
    if (low == high) return;
    buffer_putc(w->out, '-');
    write_char(w, high);
}

/* ASCII rules where PCRE2 would apply Unicode's: the letters of a range in their other case. */
static void write_other_case(Writer *w, uint32_t low, uint32_t high) {
    static const uint32_t bounds[2] = {'a', 'A'};
    for (int i = 0; i < 2; i++) {
        uint32_t from = low > bounds[i] ? low : bounds[i];
        uint32_t to = high < bounds[i] + 25 ? high : bounds[i] + 25;
        if (from <= to) write_range(w, from ^ 32, to ^ 32);
    }
}

/* A range of a set with everything it stands for when case is ignored. */
static void write_set_range(Writer *w, uint32_t low, uint32_t high) {
    write_range(w, low, high);
    if (!(w->flags & REGEX_IGNORECASE)) return;
    if (!regex_caseless(w->flags, w->form)) write_other_case(w, low, high);
    if (!uses_families(w)) return;
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        bool meets = false;
        for (int j = 0; j < 4; j++) meets |= families[i][j] >= low && families[i][j] <= high;
        for (int j = 0; meets && j < 4; j++) write_range(w, families[i][j], families[i][j]);
    }
}

static bool needs_set(const Writer *w, uint32_t c) {
    if (c > largest(w->form)) return true;
    if (!(w->flags & REGEX_IGNORECASE)) return false;
    if (!regex_caseless(w->flags, w->form)) return (c | 32) >= 'a' && (c | 32) <= 'z';
    for (size_t i = 0; uses_families(w) && i < FAMILY_COUNT; i++) {
        for (int j = 0; j < 4; j++) {
            if (families[i][j] == c) return true;
        }
    }
    return false;
}

/* ---- categories ---- */

typedef struct CharRange {
    uint32_t low, high;
} CharRange;

static const CharRange digit_ranges[] = {{'0', '9'}, {0, 0}};
static const CharRange word_ranges[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, {0, 0}};
static const CharRange space_ranges[] = {{'\t', '\r'}, {' ', ' '}, {0, 0}};
static const CharRange unicode_space_ranges[] = {{'\t', '\r'},
                                                 {0x1C, ' '},
                                                 {0x85, 0x85},
                                                 {0xA0, 0xA0},
                                                 {0x1680, 0x1680},
                                                 {0x2000, 0x200A},
                                                 {0x2028, 0x2029},
                                                 {0x202F, 0x202F},
                                                 {0x205F, 0x205F},
                                                 {0x3000, 0x3000},
                                                 {0, 0}};

/* The ranges, or what lies between them, as part of a set. */
static void write_ranges(Writer *w, const CharRange *range, bool negated) {
    uint32_t from = 0;
    for (; range->high; range++) {
        if (!negated) write_range(w, range->low, range->high);
        else if (range->low > from) write_range(w, from, range->low - 1);
        from = range->high + 1;
    }
    if (negated) write_range(w, from, largest(w->form));
}

/* A category as part of a set. */
static void write_category(Writer *w, char category) {
    bool ascii = (w->flags & REGEX_ASCII) || w->form == REGEX_FOR_BYTES;
    bool negated = category < 'a';
    switch (category | 32) {
    case 's': write_ranges(w, ascii ? space_ranges : unicode_space_ranges, negated); return;
    case 'd':
        if (ascii || w->form == REGEX_FOR_ASCII) write_ranges(w, digit_ranges, negated);
        else buffer_puts(w->out, negated ? "\\P{Nd}" : "\\p{Nd}");
        return;
    default:
        if (ascii && w->form == REGEX_FOR_UTF8) write_ranges(w, word_ranges, negated);
        else buffer_puts(w->out, negated ? "\\W" : "\\w");
    }
}

/* ---- nodes ---- */

/* [out] so far ends in "[" or "[^": close the set, which PCRE2 does not want to be empty. */
static void close_set(Writer *w, size_t opened, bool negated) {
    if (w->out->size > opened) {
        buffer_putc(w->out, ']');
        return;
    }
    w->out->size -= negated ? 2 : 1;
    buffer_puts(w->out, negated                     ? "."
                        : w->form == REGEX_FOR_UTF8 ? "[^\\x00-\\x{10ffff}]"
                                                    : "[^\\x00-\\xff]");
}

static void write_set(Writer *w, const RegexItem *items, size_t count, bool negated) {
    buffer_puts(w->out, negated ? "[^" : "[");
    size_t opened = w->out->size;
    for (size_t i = 0; i < count; i++) {
        if (items[i].category) write_category(w, items[i].category);
        else write_set_range(w, items[i].low, items[i].high);
    }
    close_set(w, opened, negated);
}

static void write_literal(Writer *w, uint32_t c) {
    RegexItem item = {.low = c, .high = c};
    if (needs_set(w, c)) write_set(w, &item, 1, false);
    else write_char(w, c);
}

/* \b or \B by ASCII's rules, in text that is not ASCII. */
static void write_boundary(Writer *w, bool inside) {
    RegexItem word = {.category = 'w'};
    Buffer set = {0}, *out = w->out;
    w->out = &set;
    write_set(w, &word, 1, false);
    w->out = out;
    buffer_printf(out,
                  inside ? "(?:(?<=%s)(?=%s)|(?<!%s)(?!%s))" : "(?:(?<=%s)(?!%s)|(?<!%s)(?=%s))",
                  set.data, set.data, set.data, set.data);
    buffer_free(&set);
}

static void write_place(Writer *w, uint32_t place) {
    bool own_rules = w->form == REGEX_FOR_UTF8 && (w->flags & REGEX_ASCII);
    switch (place) {
    case '^': buffer_puts(w->out, w->flags & REGEX_MULTILINE ? "^" : "\\A"); return;
    case '$': buffer_puts(w->out, w->flags & REGEX_MULTILINE ? "$" : "\\Z"); return;
    case 'A': buffer_puts(w->out, "\\A"); return;
    case 'Z': buffer_puts(w->out, "\\z"); return;
    case 'B': buffer_puts(w->out, "(?!\\A\\z)"); break;
    default: break;
    }
    if (own_rules) write_boundary(w, place == 'B');
    else buffer_puts(w->out, place == 'B' ? "\\B" : "\\b");
}

static void write_count(Writer *w, uint32_t minimum, uint32_t maximum, uint32_t suffix) {
    if (minimum == 0 && maximum == 1) buffer_putc(w->out, '?');
    else if (minimum == 0 && maximum == REGEX_UNBOUNDED) buffer_putc(w->out, '*');
    else if (minimum == 1 && maximum == REGEX_UNBOUNDED) buffer_putc(w->out, '+');
    else if (maximum == REGEX_UNBOUNDED) buffer_printf(w->out, "{%u,}", minimum);
    else buffer_printf(w->out, "{%u,%u}", minimum, maximum);
    if (suffix) buffer_putc(w->out, (char)suffix);
}

/* One item that a repeat sign can follow. */
static void write_repeatable(Writer *w, const RegexNode *node) {
    bool single = node->kind <= REGEX_SET || node->kind == REGEX_GROUP;
    if (!single) buffer_puts(w->out, "(?:");
    write_node(w, node);
    if (!single) buffer_putc(w->out, ')');
}

/* A repeat of a character whose counts go beyond what PCRE2 allows, as a row of smaller ones. */
static void write_long_repeat(Writer *w, const RegexNode *node) {
    uint32_t minimum = node->minimum, maximum = node->maximum;
    buffer_puts(w->out, node->value == '+' ? "(?>" : "(?:");
    uint32_t suffix = node->value == '?' ? '?' : 0;
    while (minimum > MOST_REPEATS || (maximum > MOST_REPEATS && maximum != REGEX_UNBOUNDED)) {
        uint32_t least = minimum < MOST_REPEATS ? minimum : MOST_REPEATS;
        write_repeatable(w, node->child);
        write_count(w, least, MOST_REPEATS, suffix);
        minimum -= least;
        if (maximum != REGEX_UNBOUNDED) maximum -= MOST_REPEATS;
    }
    write_repeatable(w, node->child);
    write_count(w, minimum, maximum, suffix);
    buffer_putc(w->out, ')');
}

static void write_repeat(Writer *w, const RegexNode *node) {
    bool single = node->child->kind <= REGEX_SET;
    if (single && (node->minimum > MOST_REPEATS ||
                   (node->maximum > MOST_REPEATS && node->maximum != REGEX_UNBOUNDED))) {
        write_long_repeat(w, node);
        return;
    }
    /* PCRE2 10.42's machine code forgets to unset the groups of a possessive repeat that led to
     * nothing; those of an atomic group it does unset. */
    bool atomic = node->value == '+' && !single;
    if (atomic) buffer_puts(w->out, "(?>");
    write_repeatable(w, node->child);
    write_count(w, node->minimum, node->maximum, atomic ? 0 : node->value);
    if (atomic) buffer_putc(w->out, ')');
}

static void write_group(Writer *w, const RegexNode *node) {
    int flags = w->flags;
    if (node->add_flags & REGEX_TYPE_FLAGS) w->flags &= ~REGEX_TYPE_FLAGS;
    w->flags = (w->flags | node->add_flags) & ~node->remove_flags;
    bool before = regex_caseless(flags, w->form), now = regex_caseless(w->flags, w->form);
    if (node->value) buffer_putc(w->out, '(');
    else buffer_puts(w->out, before == now ? "(?:" : now ? "(?i:" : "(?-i:");
    write_node(w, node->child);
    buffer_putc(w->out, ')');
    w->flags = flags;
}

static void write_enclosed(Writer *w, const char *opening, const RegexNode *body) {
    buffer_puts(w->out, opening);
    write_node(w, body);
    buffer_putc(w->out, ')');
}

static void write_look(Writer *w, const RegexNode *node) {
    if (node->value) write_enclosed(w, node->negated ? "(?!" : "(?=", node->child);
    else write_enclosed(w, node->negated ? "(?<!" : "(?<=", node->child);
}

static void write_condition(Writer *w, const RegexNode *node) {
    buffer_printf(w->out, "(?(%u)", node->value);
    write_node(w, node->child);
    if (node->otherwise) {
        buffer_putc(w->out, '|');
        write_node(w, node->otherwise);
    }
    buffer_putc(w->out, ')');
}

static void write_list(Writer *w, const RegexNode *node, bool alternatives) {
    for (const RegexNode *item = node->child; item; item = item->next) {
        if (alternatives && item != node->child) buffer_putc(w->out, '|');
        write_node(w, item);
    }
}

static void write_node(Writer *w, const RegexNode *node) {
    switch (node->kind) {
    case REGEX_LITERAL: write_literal(w, node->value); return;
    case REGEX_ANY: buffer_puts(w->out, w->flags & REGEX_DOTALL ? "." : "\\N"); return;
    case REGEX_SET: write_set(w, node->items, node->item_count, node->negated); return;
    case REGEX_AT: write_place(w, node->value); return;
    case REGEX_REPEAT: write_repeat(w, node); return;
    case REGEX_GROUP: write_group(w, node); return;
    case REGEX_ATOMIC: write_enclosed(w, "(?>", node->child); return;
    case REGEX_LOOK: write_look(w, node); return;
    case REGEX_BACKREF: buffer_printf(w->out, "\\g{%u}", node->value); return;
    case REGEX_CONDITION: write_condition(w, node); return;
    case REGEX_BRANCH: write_list(w, node, true); return;
    case REGEX_SEQUENCE: write_list(w, node, false); return;
    }
}

void regex_emit(const Regex *regex, RegexForm form, Buffer *out) {
    Writer w = {.out = out, .form = form, .flags = regex->flags};
    write_node(&w, regex->root);
}
