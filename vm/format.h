/* SPDX-License-Identifier: MIT */
/*
 * The format mini-language: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
 * Parsing and padding are in vm/format.c, numbers in vm/format_number.c, str.format in
 * vm/format_fields.c, the % operator in vm/percent.c. What other code calls is declared in
 * vm/str.h.
 */
#ifndef TULIP_VM_FORMAT_H
#define TULIP_VM_FORMAT_H

#include "vm/str.h"

typedef struct FormatSpec {
    uint32_t fill;
    uint32_t type;      /* the presentation type, or the default one */
    char align;         /* < > = ^ */
    char sign;          /* + - space, 0: not given */
    char grouping;      /* , or _, 0: none */
    bool alternate;     /* # */
    bool no_minus_zero; /* z */
    int64_t width;      /* -1: not given */
    int64_t precision;  /* -1: not given */
} FormatSpec;

/* Parse [spec]; [type_name] is for messages. False raises ValueError. */
bool format_parse(Thread *t, Str *spec, const char *type_name, char default_type,
                  char default_align, FormatSpec *out) MUST_CHECK;
/* ValueError: the type letter is not known for this class. */
void format_raise_type(Thread *t, uint32_t type, const char *type_name);

/* A number taken apart: sign and prefix, digits that may be grouped, what follows them. */
typedef struct NumberText {
    char sign;          /* 0: none */
    const char *prefix; /* 0x, 0b, 0o or empty */
    const char *digits;
    size_t digit_count;
    const char *rest; /* point, fraction, exponent, % */
    size_t rest_size;
} NumberText;

/* Append [number], grouped and padded as [spec] says. False: MemoryError. */
bool format_put_number(Thread *t, Buffer *out, const NumberText *number,
                       const FormatSpec *spec) MUST_CHECK;
/* [count] copies of the character [c]. */
void format_fill(Buffer *out, uint32_t c, int64_t count);

/* Append [d] as %e %f %g do ([type] e E f F g G), or as repr with type r; correctly rounded.
 * [alternate]: keep the point and trailing zeros. [point_zero]: like repr, always a point or an
 * exponent. */
void format_put_double(Buffer *out, double d, char type, int precision, bool alternate,
                       bool point_zero);

#endif
