/* SPDX-License-Identifier: MIT */
/*
 * What the Unicode Character Database says of a character beyond the properties that str's methods
 * use: its numeric value, its East Asian width, what it decomposes into; and the sequences of
 * characters that have a name. For the module unicodedata.
 *
 * The tables are made at build time and are constants.
 * Read next: common/unicode_data.c; vm/unicode.h for the other properties.
 */
#ifndef TULIP_COMMON_UNICODE_DATA_H
#define TULIP_COMMON_UNICODE_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The numeric value of [c]; false when it has none. [digit]: it is a digit, of value 0 to 9. */
bool unicode_number(uint32_t c, double *value, bool *digit);

/* The East Asian width: "A", "F", "H", "N", "Na" or "W". */
const char *unicode_width(uint32_t c);

/* What [c] decomposes into, as the database says it: the code points, how many, and in [*tag] "" or
 * a kind such as "<compat>". 0 when it does not decompose. */
size_t unicode_decomposition(uint32_t c, const char **tag, const uint32_t **points);

/* The text, in UTF-8, of the sequence whose name is the [n] bytes at [name], in capitals; NULL when
 * there is none. */
const char *unicode_sequence_find(const char *name, size_t n);

#endif
