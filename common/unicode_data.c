/* SPDX-License-Identifier: MIT */
/*
 * Properties of characters, in sorted tables that are searched by halving.
 *
 * Read next: cmake/unicode_data.py, which writes the tables and says what each holds.
 */
#include "common/unicode_data.h"

#include <string.h>

typedef struct WidthRange {
    uint32_t first, last;
    uint8_t width;
} WidthRange;

typedef struct NumberRun {
    uint32_t first, count;
    double value;
    bool digits;
} NumberRun;

typedef struct Decomposition {
    uint32_t code;
    uint16_t tag, count;
    uint32_t start;
} Decomposition;

typedef struct NamedSequence {
    const char *name, *text;
} NamedSequence;

#include "common/unicode_data.inc"

#define COUNT(TABLE) (sizeof(TABLE) / sizeof *(TABLE))

/* The last row of [table] whose first member, a code point, is at most [c]; NULL: none. */
static const void *row_before(const void *table, size_t count, size_t row_size, uint32_t c) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        uint32_t first;
        memcpy(&first, (const char *)table + middle * row_size, sizeof first);
        if (first <= c) low = middle + 1;
        else high = middle;
    }
    return low ? (const char *)table + (low - 1) * row_size : NULL;
}

#define ROW_BEFORE(TABLE, C) row_before(TABLE, COUNT(TABLE), sizeof *(TABLE), C)

bool unicode_number(uint32_t c, double *value, bool *digit) {
    const NumberRun *run = ROW_BEFORE(number_runs, c);
    if (!run || c - run->first >= run->count) return false;
    *value = run->value + (c - run->first);
    *digit = run->digits;
    return true;
}

const char *unicode_width(uint32_t c) {
    const WidthRange *range = ROW_BEFORE(widths, c);
    return width_names[range && c <= range->last ? range->width : 0];
}

size_t unicode_decomposition(uint32_t c, const char **tag, const uint32_t **points) {
    const Decomposition *row = ROW_BEFORE(decompositions, c);
    if (!row || row->code != c) return 0;
    *tag = decomposition_tags[row->tag];
    *points = decomposition_points + row->start;
    return row->count;
}

const char *unicode_sequence_find(const char *name, size_t n) {
    size_t low = 0, high = COUNT(sequences);
    while (low < high) {
        size_t middle = (low + high) / 2;
        const char *other = sequences[middle].name;
        int order = strncmp(name, other, n);
        if (order == 0 && other[n]) order = -1;
        if (order == 0) return sequences[middle].text;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}
