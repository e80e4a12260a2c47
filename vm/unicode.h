/* SPDX-License-Identifier: MIT */
/* Properties and case mappings of characters, as Python's str methods define them. See
 * vm/unicode.c. */
#ifndef TULIP_VM_UNICODE_H
#define TULIP_VM_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

bool unicode_is_alpha(uint32_t c);   /* a letter */
bool unicode_is_decimal(uint32_t c); /* forms decimal numbers */
bool unicode_is_digit(uint32_t c);   /* a decimal or a digit such as ² */
bool unicode_is_numeric(uint32_t c); /* has a numeric value, as ½ and 五 */
bool unicode_is_lower(uint32_t c);
bool unicode_is_upper(uint32_t c);
bool unicode_is_title(uint32_t c); /* of category Lt */
bool unicode_is_space(uint32_t c);
bool unicode_is_line_break(uint32_t c);
bool unicode_is_printable(uint32_t c); /* repr shows it as it is */
bool unicode_is_xid_start(uint32_t c);
bool unicode_is_xid_continue(uint32_t c);
bool unicode_is_cased(uint32_t c);
bool unicode_is_case_ignorable(uint32_t c);

/* The value 0 … 9 of a decimal digit of any script, -1 for other characters. */
int unicode_decimal_value(uint32_t c);

/* The full mapping of [c], one to three code points, in [out]; gives how many. */
int unicode_to_lower(uint32_t c, uint32_t out[3]);
int unicode_to_upper(uint32_t c, uint32_t out[3]);
int unicode_to_title(uint32_t c, uint32_t out[3]);
int unicode_fold(uint32_t c, uint32_t out[3]);

#endif
