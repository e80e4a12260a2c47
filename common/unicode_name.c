/* SPDX-License-Identifier: MIT */
/*
 * Names of characters, stored as sequences of words out of one dictionary: half a megabyte
 * instead of the two of the database they come from.
 *
 * A name is found by binary search in by_name, which decodes some sixteen names; the name of a
 * code point by binary search in the runs of consecutive code points. Hangul syllables are spelled
 * by their letters, and ideographs end in their code point: neither is stored.
 *
 * Read next: cmake/unicode_names.py, which writes the tables and says what each holds.
 */
#include "common/unicode_name.h"

#include <stdio.h>
#include <string.h>

typedef struct NameRun {
    uint32_t first, number;
} NameRun;

/* Names that are a prefix and the code point in hexadecimal. [listed]: one by one in the database,
 * and so recognised in any case. */
typedef struct NamePattern {
    uint32_t first, last;
    const char *prefix;
    bool listed;
} NamePattern;

#include "common/unicode_names.inc"

#define COUNT(array) (sizeof(array) / sizeof *(array))

_Static_assert(LONGEST_NAME < UNICODE_NAME_SIZE, "names must fit");

/* ---- stored names ---- */

/* Write name [number] and return its length. */
static size_t stored_name(uint32_t number, char *out) {
    const uint8_t *p = name_bytes + group_at[number / NAME_GROUP];
    for (uint32_t skip = number % NAME_GROUP; skip; skip--) p += *p + 1;
    const uint8_t *end = p + 1 + *p;
    char *start = out;
    for (p++; p < end; p++) {
        uint32_t word = *p;
        if (word >= SHORT_WORDS) word = SHORT_WORDS + (word - SHORT_WORDS) * 256 + *++p;
        size_t size = word_at[word + 1] - word_at[word];
        if (out > start) *out++ = ' ';
        memcpy(out, word_text + word_at[word], size);
        out += size;
    }
    *out = '\0';
    return (size_t)(out - start);
}

/* The last run that begins at or before [key]: a name's number or a code point. */
static const NameRun *run_before(uint32_t key, bool by_number) {
    size_t low = 0, high = COUNT(runs);
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        uint32_t at = by_number ? runs[middle].number : runs[middle].first;
        if (at <= key) low = middle;
        else high = middle;
    }
    return &runs[low];
}

static size_t run_size(const NameRun *run) {
    uint32_t end = run + 1 < runs + COUNT(runs) ? run[1].number : NAMED;
    return end - run->number;
}

static uint32_t code_point_of(uint32_t number) {
    if (number >= NAMED) return alias_of[number - NAMED];
    const NameRun *run = run_before(number, true);
    return run->first + (number - run->number);
}

/* [name] is in capitals. */
static bool find_stored(const char *name, uint32_t *code_point) {
    char other[UNICODE_NAME_SIZE];
    size_t low = 0, high = COUNT(by_name);
    while (low < high) {
        size_t middle = (low + high) / 2;
        stored_name(by_name[middle], other);
        int order = strcmp(name, other);
        if (order == 0) {
            *code_point = code_point_of(by_name[middle]);
            return true;
        }
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return false;
}

/* ---- names that end in their code point ---- */

/* Four or five hexadecimal digits in capitals, and nothing else. */
static bool read_code_point(const char *digits, uint32_t *code_point) {
    static const char hex[] = "0123456789ABCDEF";
    size_t n = strlen(digits);
    if (n != 4 && n != 5) return false;
    *code_point = 0;
    for (; *digits; digits++) {
        const char *digit = strchr(hex, *digits);
        if (!digit) return false;
        *code_point = *code_point << 4 | (uint32_t)(digit - hex);
    }
    return true;
}

/* [name] as it was written, [capitals] what it is in capitals. */
static bool find_pattern(const char *name, const char *capitals, uint32_t *code_point) {
    for (size_t i = 0; i < COUNT(patterns); i++) {
        const NamePattern *pattern = &patterns[i];
        const char *text = pattern->listed ? capitals : name;
        size_t n = strlen(pattern->prefix);
        if (strncmp(text, pattern->prefix, n) != 0) continue;
        if (!read_code_point(text + n, code_point)) continue;
        if (*code_point >= pattern->first && *code_point <= pattern->last) return true;
    }
    return false;
}

/* ---- Hangul syllables: a leading consonant, a vowel, a trailing consonant or none ---- */

enum { HANGUL_FIRST = 0xAC00, LEADS = 19, VOWELS = 21, TRAILS = 28 };

static const char hangul_prefix[] = "HANGUL SYLLABLE ";
static const char *const leads[LEADS] = {"G",  "GG", "N", "D",  "DD", "R", "M", "B", "BB", "S",
                                         "SS", "",   "J", "JJ", "C",  "K", "T", "P", "H"};
static const char *const vowels[VOWELS] = {"A",   "AE", "YA", "YAE", "EO", "E",  "YEO",
                                           "YE",  "O",  "WA", "WAE", "OE", "YO", "U",
                                           "WEO", "WE", "WI", "YU",  "EU", "YI", "I"};
static const char *const trails[TRAILS] = {
    "",   "G",  "GG", "GS", "N",  "NJ", "NH", "D",  "L", "LG", "LM", "LB", "LS", "LT",
    "LP", "LH", "M",  "B",  "BS", "S",  "SS", "NG", "J", "C",  "K",  "T",  "P",  "H"};

/* Move [*p] past the longest of the [count] letters that it begins with; -1 when there is none. */
static int read_letter(const char **p, const char *const *letters, int count) {
    int best = -1;
    size_t size = 0;
    for (int i = 0; i < count; i++) {
        size_t n = strlen(letters[i]);
        if ((best >= 0 && n <= size) || strncmp(*p, letters[i], n) != 0) continue;
        best = i;
        size = n;
    }
    *p += size;
    return best;
}

static bool find_hangul(const char *name, uint32_t *code_point) {
    if (strncmp(name, hangul_prefix, sizeof hangul_prefix - 1) != 0) return false;
    const char *p = name + sizeof hangul_prefix - 1;
    int lead = read_letter(&p, leads, LEADS);
    int vowel = read_letter(&p, vowels, VOWELS);
    int trail = read_letter(&p, trails, TRAILS);
    if (lead < 0 || vowel < 0 || trail < 0 || *p) return false;
    *code_point = (uint32_t)(HANGUL_FIRST + (lead * VOWELS + vowel) * TRAILS + trail);
    return true;
}

static size_t hangul_name(uint32_t syllable, char *name) {
    return (size_t)snprintf(name, UNICODE_NAME_SIZE, "%s%s%s%s", hangul_prefix,
                            leads[syllable / (VOWELS * TRAILS)], vowels[syllable / TRAILS % VOWELS],
                            trails[syllable % TRAILS]);
}

/* ---- the two directions ---- */

bool unicode_name_find(const char *name, size_t n, uint32_t *code_point) {
    char text[UNICODE_NAME_SIZE], capitals[UNICODE_NAME_SIZE];
    if (n == 0 || n >= UNICODE_NAME_SIZE || memchr(name, '\0', n)) return false;
    for (size_t i = 0; i < n; i++) {
        char c = text[i] = name[i];
        capitals[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    text[n] = capitals[n] = '\0';
    return find_hangul(text, code_point) || find_pattern(text, capitals, code_point) ||
           find_stored(capitals, code_point);
}

size_t unicode_name_of(uint32_t code_point, char name[UNICODE_NAME_SIZE]) {
    if (code_point - HANGUL_FIRST < LEADS * VOWELS * TRAILS) {
        return hangul_name(code_point - HANGUL_FIRST, name);
    }
    for (size_t i = 0; i < COUNT(patterns); i++) {
        const NamePattern *pattern = &patterns[i];
        if (code_point < pattern->first || code_point > pattern->last) continue;
        return (size_t)snprintf(name, UNICODE_NAME_SIZE, "%s%04X", pattern->prefix,
                                (unsigned)code_point);
    }
    const NameRun *run = run_before(code_point, false);
    if (code_point < run->first || code_point - run->first >= run_size(run)) return 0;
    return stored_name(run->number + (code_point - run->first), name);
}
