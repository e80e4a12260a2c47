/* SPDX-License-Identifier: MIT */
/*
 * Character properties. The general category and the simple case mappings come from utf8proc; what
 * Python's methods need beyond them (properties that are no category, mappings to several
 * characters) stands in unicode_ranges.def and unicode_cases.def and is found by binary search.
 *
 * Read next: vm/chars_case.c, which uses the mappings.
 */
#include "vm/unicode.h"

#include <stddef.h>
#include <utf8proc.h>

typedef struct Range {
    uint32_t first, last;
} Range;

#define RANGE(FIRST, LAST)  {FIRST, LAST},
#define RANGES(TABLE, LIST) static const Range TABLE[] = {LIST};
#include "vm/unicode_ranges.def"
#undef RANGES
#undef RANGE

typedef struct SpecialCase {
    uint32_t code, upper[3], title[3];
} SpecialCase;

static const SpecialCase special_cases[] = {
#define SPECIAL_CASE(C, U0, U1, U2, T0, T1, T2) {C, {U0, U1, U2}, {T0, T1, T2}},
#include "vm/unicode_cases.def"
#undef SPECIAL_CASE
};

#define COUNT(TABLE) (sizeof(TABLE) / sizeof(TABLE)[0])
#define IN(TABLE, C) range_holds(TABLE, COUNT(TABLE), C)

/* The last range that begins at or before [c], or NULL. */
static const Range *range_before(const Range *table, size_t count, uint32_t c) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table[middle].first <= c) low = middle + 1;
        else high = middle;
    }
    return low ? &table[low - 1] : NULL;
}

static bool range_holds(const Range *table, size_t count, uint32_t c) {
    const Range *range = range_before(table, count, c);
    return range && c <= range->last;
}

static utf8proc_category_t category(uint32_t c) { return utf8proc_category((utf8proc_int32_t)c); }

static bool is_letter(utf8proc_category_t k) {
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

bool unicode_is_alpha(uint32_t c) { return is_letter(category(c)); }
bool unicode_is_decimal(uint32_t c) { return category(c) == UTF8PROC_CATEGORY_ND; }
bool unicode_is_digit(uint32_t c) { return unicode_is_decimal(c) || IN(other_digit, c); }

bool unicode_is_numeric(uint32_t c) {
    utf8proc_category_t k = category(c);
    return (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO) || IN(other_numeric, c);
}

bool unicode_is_lower(uint32_t c) {
    return category(c) == UTF8PROC_CATEGORY_LL || IN(other_lowercase, c);
}

bool unicode_is_upper(uint32_t c) {
    return category(c) == UTF8PROC_CATEGORY_LU || IN(other_uppercase, c);
}

bool unicode_is_title(uint32_t c) { return category(c) == UTF8PROC_CATEGORY_LT; }

bool unicode_is_space(uint32_t c) {
    if (c < 0x80) return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20);
    return c == 0x85 || category(c) == UTF8PROC_CATEGORY_ZS || c == 0x2028 || c == 0x2029;
}

bool unicode_is_line_break(uint32_t c) {
    return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

bool unicode_is_printable(uint32_t c) {
    if (c < 0x7F) return c >= 0x20;
    switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: return false;
    default: return true;
    }
}

/* The tables hold the characters for which the rule by category gives the wrong answer. */
bool unicode_is_xid_start(uint32_t c) {
    utf8proc_category_t k = category(c);
    return (is_letter(k) || k == UTF8PROC_CATEGORY_NL) != IN(xid_start_exceptions, c);
}

bool unicode_is_xid_continue(uint32_t c) {
    utf8proc_category_t k = category(c);
    bool by_category = is_letter(k) || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_MN ||
                       k == UTF8PROC_CATEGORY_MC || k == UTF8PROC_CATEGORY_ND ||
                       k == UTF8PROC_CATEGORY_PC;
    return by_category != IN(xid_continue_exceptions, c);
}

bool unicode_is_cased(uint32_t c) {
    return unicode_is_lower(c) || unicode_is_upper(c) || unicode_is_title(c);
}

/* Marks, formats, modifiers, and the punctuation that words break around: ' . : · and
 * their like. */
bool unicode_is_case_ignorable(uint32_t c) {
    switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: break;
    }
    return c == '\'' || c == '.' || c == ':' || c == 0xB7 || c == 0x387 || c == 0x55F ||
           c == 0x5F4 || c == 0x2018 || c == 0x2019 || c == 0x2024 || c == 0x2027 || c == 0xFE13 ||
           c == 0xFE52 || c == 0xFE55 || c == 0xFF07 || c == 0xFF0E || c == 0xFF1A;
}

int unicode_decimal_value(uint32_t c) {
    if (c < 0x80) return c >= '0' && c <= '9' ? (int)(c - '0') : -1;
    const Range *zero = range_before(decimal_zeros, COUNT(decimal_zeros), c);
    return c - zero->first < 10 ? (int)(c - zero->first) : -1;
}

/* ---- case ---- */

static const SpecialCase *special_case(uint32_t c) {
    size_t low = 0, high = COUNT(special_cases);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (special_cases[middle].code == c) return &special_cases[middle];
        if (special_cases[middle].code < c) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

static int copy_mapping(const uint32_t from[3], uint32_t out[3]) {
    int n = 0;
    for (; n < 3 && from[n]; n++) out[n] = from[n];
    return n;
}

int unicode_to_lower(uint32_t c, uint32_t out[3]) {
    if (c == 0x130) {
        out[0] = 'i', out[1] = 0x307;
        return 2;
    }
    out[0] = (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
    return 1;
}

int unicode_to_upper(uint32_t c, uint32_t out[3]) {
    const SpecialCase *special = c < 0x80 ? NULL : special_case(c);
    if (special) return copy_mapping(special->upper, out);
    out[0] = (uint32_t)utf8proc_toupper((utf8proc_int32_t)c);
    return 1;
}

int unicode_to_title(uint32_t c, uint32_t out[3]) {
    const SpecialCase *special = c < 0x80 ? NULL : special_case(c);
    if (special && special->title[0]) return copy_mapping(special->title, out);
    out[0] = (uint32_t)utf8proc_totitle((utf8proc_int32_t)c);
    return 1;
}

int unicode_fold(uint32_t c, uint32_t out[3]) {
    utf8proc_int32_t folded[8];
    int boundary = 0;
    utf8proc_ssize_t n =
        c >= 0xD800 && c < 0xE000
            ? 0
            : utf8proc_decompose_char((utf8proc_int32_t)c, folded, 8, UTF8PROC_CASEFOLD, &boundary);
    if (n < 1 || n > 3) {
        out[0] = c;
        return 1;
    }
    for (int i = 0; i < n; i++) out[i] = (uint32_t)folded[i];
    return (int)n;
}
