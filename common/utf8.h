/* SPDX-License-Identifier: MIT */
/* Encoding and decoding UTF-8.
 *
 * The strict functions follow the Unicode standard: no overlong forms, no surrogates, nothing above
 * U+10FFFF.  The `_wtf8` variants also let lone surrogates pass, because a Python str may hold them
 * and Tulip keeps its strings in UTF-8.
 */
#ifndef TULIP_COMMON_UTF8_H
#define TULIP_COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes the code point at [p] (which ends before [end]) into [cp]; gives the bytes used, 0 if
 * they are no valid UTF-8. */
int utf8_decode(const char *p, const char *end, uint32_t *cp);

/* As utf8_decode, and lone surrogates are accepted. */
int utf8_decode_wtf8(const char *p, const char *end, uint32_t *cp);

/* Writes [cp] (at most U+10FFFF; surrogates are written too) to [out] and gives the bytes used. */
int utf8_encode(uint32_t cp, char out[4]);

/* The number of code points in [n] bytes of valid UTF-8 at [p]. */
size_t utf8_length(const char *p, size_t n);

/* The offset of the first byte that does not belong to valid UTF-8, or [n] if there is none. */
size_t utf8_valid(const char *p, size_t n);

/* True if all [n] bytes are below 0x80. */
bool utf8_is_ascii(const char *p, size_t n);

#endif
