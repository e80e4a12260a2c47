/* SPDX-License-Identifier: MIT */
/*
 * Backslashes and sets of a regular expression.
 *
 * An escape is a character (\n, \x41, \N{EM DASH}, octal), a category (\d \s \w and their
 * opposites), a place (\A \Z \b \B) or a reference to a group (\1 to \99). Inside of a set \b is a
 * backspace and there are no places and references. Any other letter is an error, so that new
 * escapes can be added one day; other characters stand for themselves.
 *
 * Read next: stdlib/regex_parse.c.
 */
#include <string.h>

#include "common/unicode_name.h"
#include "stdlib/regex_reader.h"
#include "vm/container.h"
#include "vm/str.h"

static bool is_octal(uint32_t c) { return c >= '0' && c <= '7'; }
static bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }
static bool is_letter(uint32_t c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

static int hex_value(uint32_t c) {
    if (is_digit(c)) return (int)(c - '0');
    return (c | 32) >= 'a' && (c | 32) <= 'f' ? (int)((c | 32) - 'a' + 10) : -1;
}

/* "MESSAGE \escape" for the escape that begins at [start] and ends at the reader. */
static bool fail_escape(RegexReader *r, size_t start, const char *before, const char *after) {
    return regex_fail(r, r->at - start, "%s %S%s", before,
                      object_value(regex_excerpt(r, start, r->at)), after);
}

static bool bad_escape(RegexReader *r, size_t start) {
    return fail_escape(r, start, "bad escape", "");
}

/* [digits] hexadecimal digits. */
static bool read_hex(RegexReader *r, size_t start, int digits, uint32_t *c) {
    uint64_t value = 0;
    for (int i = 0; i < digits; i++) {
        if (r->escaped || r->token == REGEX_END || hex_value(r->token) < 0)
            return fail_escape(r, start, "incomplete escape", "");
        value = value * 16 + (uint64_t)hex_value(r->token);
        if (!regex_advance(r)) return false;
    }
    if (value > 0x10FFFF) return bad_escape(r, start);
    *c = (uint32_t)value;
    return true;
}

/* Up to [digits] more octal digits behind those that make [value]. */
static bool read_octal(RegexReader *r, int digits, uint32_t *value) {
    for (int i = 0; i < digits && !r->escaped && is_octal(r->token); i++) {
        *value = *value * 8 + (r->token - '0');
        if (!regex_advance(r)) return false;
    }
    return true;
}

static bool check_octal(RegexReader *r, size_t start, uint32_t value) {
    if (value <= 0377) return true;
    return fail_escape(r, start, "octal escape value", " outside of range 0-0o377");
}

/* \N{NAME}, at the brace. */
static bool read_name(RegexReader *r, uint32_t *c) {
    if (!regex_at(r, '{')) return regex_fail(r, 0, "missing {");
    if (!regex_advance(r)) return false;
    Str *name = regex_read_until(r, '}', "character name");
    if (!name) return false;
    if (unicode_name_find(name->data, name->size, c)) return true;
    return regex_fail(r, name->length + 4, "undefined character name %R", object_value(name));
}

/* The escapes that are one character wherever they stand; 1 [*out] is it, 0 no such, -1 failed. */
static int read_character(RegexReader *r, size_t start, uint32_t c, uint32_t *out) {
    static const char letters[] = "afnrtv", values[] = "\a\f\n\r\t\v";
    const char *found = c && c < 0x80 ? strchr(letters, (int)c) : NULL;
    if (found) {
        *out = (uint32_t)values[found - letters];
        return 1;
    }
    bool text = r->regex->is_text;
    if (c == 'x') return read_hex(r, start, 2, out) ? 1 : -1;
    if (c == 'u' && text) return read_hex(r, start, 4, out) ? 1 : -1;
    if (c == 'U' && text) return read_hex(r, start, 8, out) ? 1 : -1;
    if (c == 'N' && text) return read_name(r, out) ? 1 : -1;
    return 0;
}

static bool is_category(uint32_t c) { return c && c < 0x80 && strchr("dDsSwW", (int)c); }

static RegexItem *one_item(RegexReader *r, RegexNode *node) {
    node->kind = REGEX_SET;
    node->items = arena_alloc(&r->regex->arena, sizeof *node->items);
    node->item_count = 1;
    return node->items;
}

/* A backslash and the digit [c] (not 0): an octal escape of three digits, or a reference. */
static bool read_number(RegexReader *r, size_t start, uint32_t c, RegexNode *node) {
    uint32_t number = c - '0';
    if (!r->escaped && is_digit(r->token)) {
        uint32_t second = r->token;
        if (!regex_advance(r)) return false;
        if (is_octal(c) && is_octal(second) && !r->escaped && is_octal(r->token)) {
            node->value = number * 8 + (second - '0');
            if (!read_octal(r, 1, &node->value)) return false;
            return check_octal(r, start, node->value);
        }
        number = number * 10 + (second - '0');
    }
    size_t length = r->at - start;
    if (number <= r->regex->group_count) return regex_backref(r, node, number, length);
    return regex_fail(r, length - 1, "invalid group reference %u", number);
}

bool regex_read_escape(RegexReader *r, size_t start, uint32_t c, RegexNode *node) {
    if (c && c < 0x80 && strchr("AZbB", (int)c)) {
        node->kind = REGEX_AT;
        node->value = c;
        node->narrowest = node->widest = 0;
        return true;
    }
    if (is_category(c)) {
        one_item(r, node)->category = (char)c;
        return true;
    }
    int found = read_character(r, start, c, &node->value);
    if (found) return found > 0;
    if (c == '0') return read_octal(r, 2, &node->value);
    if (is_digit(c)) return read_number(r, start, c, node);
    if (is_letter(c)) return bad_escape(r, start);
    node->value = c;
    return true;
}

bool regex_read_set_escape(RegexReader *r, size_t start, uint32_t c, RegexItem *item) {
    if (is_category(c)) {
        item->category = (char)c;
        return true;
    }
    uint32_t value = 0;
    int found = c == 'b' ? 1 : read_character(r, start, c, &value);
    if (c == 'b') value = '\b';
    if (found < 0) return false;
    if (!found) {
        value = is_octal(c) ? c - '0' : c;
        if (is_octal(c)) {
            if (!read_octal(r, 2, &value) || !check_octal(r, start, value)) return false;
        } else if (is_digit(c) || is_letter(c)) {
            return bad_escape(r, start);
        }
    }
    item->low = item->high = value;
    return true;
}

/* ---- sets ---- */

/* One character or category of a set, whose token [c] was just read. */
static bool read_item(RegexReader *r, size_t start, uint32_t c, bool escaped, RegexItem *item) {
    *item = (RegexItem){.low = c, .high = c};
    return !escaped || regex_read_set_escape(r, start, c, item);
}

static void add_item(RegexReader *r, RegexNode *node, size_t *capacity, RegexItem item) {
    if (node->item_count == *capacity) {
        *capacity = *capacity * 2 + 4;
        RegexItem *more = arena_alloc(&r->regex->arena, *capacity * sizeof *more);
        if (node->item_count) memcpy(more, node->items, node->item_count * sizeof *more);
        node->items = more;
    }
    node->items[node->item_count++] = item;
}

static const char *operation_name(uint32_t c) {
    switch (c) {
    case '-': return "difference";
    case '&': return "intersection";
    case '~': return "symmetric difference";
    default: return "union";
    }
}

static bool unterminated(RegexReader *r, size_t here) {
    return regex_fail(r, r->at - here, "unterminated character set");
}

/* What follows "low-": the end of a range, or the ']' that makes the '-' an ordinary character.
 * 1 goes on, 0 the set has ended, -1 failed. [start] and [middle] are where low and the '-' were.
 */
static int read_range(RegexReader *r, RegexNode *node, size_t *capacity, size_t here, size_t start,
                      RegexItem low) {
    size_t middle = r->at, after = middle;
    uint32_t c = r->token;
    bool escaped = r->escaped;
    RegexItem high;
    if (c == REGEX_END) return unterminated(r, here) ? 1 : -1;
    if (!regex_advance(r)) return -1;
    after = r->at;
    if (c == ']' && !escaped) {
        add_item(r, node, capacity, low);
        add_item(r, node, capacity, (RegexItem){.low = '-', .high = '-'});
        return 0;
    }
    if (!read_item(r, middle, c, escaped, &high)) return -1;
    if (c == '-' && !escaped)
        regex_warn(r, true, "Possible set difference at position %zu", r->at - 2);
    if (!low.category && !high.category && low.low <= high.low) {
        add_item(r, node, capacity, (RegexItem){.low = low.low, .high = high.low});
        return 1;
    }
    size_t first = r->regex->text[start] == '\\' ? 2 : 1;
    Str *from = regex_excerpt(r, start, start + first), *to = regex_excerpt(r, middle, after);
    regex_fail(r, from->length + 1 + to->length, "bad character range %S-%S", object_value(from),
               object_value(to));
    return -1;
}

bool regex_read_set(RegexReader *r, RegexNode *node) {
    size_t here = r->at - 1, capacity = 0;
    if (regex_at(r, '[')) regex_warn(r, true, "Possible nested set at position %zu", r->at);
    if (regex_at(r, '^')) {
        node->negated = true;
        if (!regex_advance(r)) return false;
    }
    for (;;) {
        size_t start = r->at;
        uint32_t c = r->token;
        bool escaped = r->escaped;
        RegexItem item;
        if (c == REGEX_END) return unterminated(r, here);
        if (!regex_advance(r)) return false;
        if (c == ']' && !escaped && node->item_count) return true;
        if (!escaped && node->item_count && c < 0x80 && c && strchr("-&~|", (int)c) &&
            regex_at(r, c))
            regex_warn(r, true, "Possible set %s at position %zu", operation_name(c), r->at - 1);
        if (!read_item(r, start, c, escaped, &item)) return false;
        if (!regex_at(r, '-')) {
            add_item(r, node, &capacity, item);
            continue;
        }
        if (!regex_advance(r)) return false;
        int more = read_range(r, node, &capacity, here, start, item);
        if (more <= 0) return more == 0;
    }
}
