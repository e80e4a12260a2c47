/* SPDX-License-Identifier: MIT */
/*
 * The names of Unicode characters: from a name to its code point and back. For \N{…} in string
 * literals and for the module unicodedata.
 *
 * The tables are made at build time out of the Unicode Character Database and are constants: they
 * cost nothing until a name is looked up.
 * Read next: common/unicode_name.c.
 */
#ifndef TULIP_COMMON_UNICODE_NAME_H
#define TULIP_COMMON_UNICODE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room that every name fits into, its final NUL included. */
#define UNICODE_NAME_SIZE 128

/* The character whose name or formal alias is the [n] bytes at [name], whatever their case; false
 * when there is none. The names of ideographs and Hangul syllables that follow a rule are
 * recognised in capital letters only, as Python does. */
bool unicode_name_find(const char *name, size_t n, uint32_t *code_point);

/* Write the name of [code_point] with a final NUL to [name] and return its length; 0 when it has
 * none (control characters, private use, unassigned). */
size_t unicode_name_of(uint32_t code_point, char name[UNICODE_NAME_SIZE]);

#endif
