/* SPDX-License-Identifier: MIT */
/*
 * The format mini-language: parsing a specification, padding, and text (format_str).
 *
 * The checks and their order are CPython's, because the messages are. A width may be as large as
 * the program likes; memory for it is probed before it is asked for. Read next: vm/format_number.c.
 */
#include "vm/format.h"

#include <stdlib.h>

/* ---- parsing ---- */

static bool is_align(uint32_t c) { return c == '<' || c == '>' || c == '=' || c == '^'; }

/* Digits at *p as a number: false raises when it is too large. *out stays when there are none. */
static bool parse_count(Thread *t, const char **p, int64_t *out) {
    if (**p < '0' || **p > '9') return true;
    int64_t number = 0;
    for (; **p >= '0' && **p <= '9'; ++*p) {
        if (number > (INT64_MAX - 9) / 10) {
            raise_error(t, EXC_ValueError, "Too many decimal digits in format string");
            return false;
        }
        number = number * 10 + (**p - '0');
    }
    *out = number;
    return true;
}

/* [[fill]align][sign][z][#][0] */
static const char *parse_flags(const char *p, const char *end, char default_align,
                               FormatSpec *out) {
    bool filled = false, aligned = false;
    const char *second = p;
    uint32_t first = p < end ? str_next(&second) : 0;
    if (p < end && second < end && is_align((uint8_t)*second)) {
        out->fill = first;
        out->align = *second;
        filled = aligned = true;
        p = second + 1;
    } else if (p < end && is_align(first)) {
        out->align = *p++;
        aligned = true;
    }
    if (*p == '+' || *p == '-' || *p == ' ') out->sign = *p++;
    if (*p == 'z') {
        out->no_minus_zero = true;
        p++;
    }
    if (*p == '#') {
        out->alternate = true;
        p++;
    }
    if (!filled && *p == '0') {
        out->fill = '0';
        if (!aligned && default_align == '>') out->align = '=';
        p++;
    }
    return p;
}

static bool raise_both_groupings(Thread *t) {
    raise_error(t, EXC_ValueError, "Cannot specify both ',' and '_'.");
    return false;
}

static bool parse_grouping(Thread *t, const char **p, FormatSpec *out) {
    if (**p == ',') {
        out->grouping = ',';
        ++*p;
    }
    if (**p == '_') {
        if (out->grouping) return raise_both_groupings(t);
        out->grouping = '_';
        ++*p;
    }
    if (**p == ',' && out->grouping == '_') return raise_both_groupings(t);
    return true;
}

static bool check_grouping(Thread *t, const FormatSpec *spec) {
    if (!spec->grouping || spec->type == 0) return true;
    if (spec->type < 0x80 && strchr("defgEG%F", (int)spec->type)) return true;
    if (spec->grouping == '_' && spec->type < 0x80 && strchr("boxX", (int)spec->type)) return true;
    const char *format = spec->type > 32 && spec->type < 128 ? "Cannot specify '%c' with '%c'."
                                                             : "Cannot specify '%c' with '\\x%x'.";
    raise_error(t, EXC_ValueError, format, spec->grouping, spec->type);
    return false;
}

bool format_parse(Thread *t, Str *spec, const char *type_name, char default_type,
                  char default_align, FormatSpec *out) {
    *out = (FormatSpec){.fill = ' ',
                        .type = (uint8_t)default_type,
                        .align = default_align,
                        .width = -1,
                        .precision = -1};
    const char *end = spec->data + spec->size;
    const char *p = parse_flags(spec->data, end, default_align, out);
    if (!parse_count(t, &p, &out->width) || !parse_grouping(t, &p, out)) return false;
    if (*p == '.') {
        p++;
        if (!parse_count(t, &p, &out->precision)) return false;
        if (out->precision < 0) {
            raise_error(t, EXC_ValueError, "Format specifier missing precision");
            return false;
        }
    }
    if (p < end) out->type = str_next(&p);
    if (p < end) {
        raise_error(t, EXC_ValueError, "Invalid format specifier '%S' for object of type '%s'",
                    object_value(spec), type_name);
        return false;
    }
    return check_grouping(t, out);
}

void format_raise_type(Thread *t, uint32_t type, const char *type_name) {
    const char *format = type > 32 && type < 128
                             ? "Unknown format code '%c' for object of type '%s'"
                             : "Unknown format code '\\x%x' for object of type '%s'";
    raise_error(t, EXC_ValueError, format, type, type_name);
}

/* ---- padding ---- */

void format_fill(Buffer *out, uint32_t c, int64_t count) {
    if (count <= 0) return;
    char some[1024];
    memset(some, (int)(c & 0x7F), sizeof some);
    for (; c < 0x80 && count > 0; count -= (int64_t)sizeof some) {
        buffer_append(out, some, count < (int64_t)sizeof some ? (size_t)count : sizeof some);
    }
    while (count-- > 0) buffer_put_utf8(out, c);
}

/* ---- text ---- */

static bool check_text_spec(Thread *t, const FormatSpec *spec, const char *type_name) {
    if (spec->type != 's') {
        format_raise_type(t, spec->type, type_name);
        return false;
    }
    const char *what =
        spec->sign == ' '     ? "Space not allowed in string format specifier"
        : spec->sign          ? "Sign not allowed in string format specifier"
        : spec->no_minus_zero ? "Negative zero coercion (z) not allowed in string format specifier"
        : spec->alternate     ? "Alternate form (#) not allowed in string format specifier"
        : spec->align == '='  ? "'=' alignment not allowed in string format specifier"
                              : NULL;
    if (what) raise_error(t, EXC_ValueError, "%s", what);
    return !what;
}

Str *format_str(Thread *t, Str *v, Str *spec) {
    if (!spec->size) return str_of_class(t, BUILTIN_CLASS(t, STR), v);
    FormatSpec f;
    const char *type_name = class_of(t->vm, object_value(v))->name->data;
    if (!format_parse(t, spec, type_name, 's', '<', &f) || !check_text_spec(t, &f, type_name))
        return NULL;
    size_t length = v->length, size = v->size;
    if (f.precision >= 0 && (size_t)f.precision < length) {
        length = (size_t)f.precision;
        size = str_byte_offset(v, length);
    }
    int64_t lacks = f.width > (int64_t)length ? f.width - (int64_t)length : 0;
    if (!lacks && size == v->size) return str_of_class(t, BUILTIN_CLASS(t, STR), v);
    if (lacks > PTRDIFF_MAX / 8 || !str_memory_fits(t, (size_t)lacks * 4 + size)) {
        if (lacks > PTRDIFF_MAX / 8) raise_with(t, EXC_MemoryError, VALUE_UNSET);
        return NULL;
    }
    int64_t left = f.align == '>' ? lacks : f.align == '^' ? lacks / 2 : 0;
    Buffer out = {.fallible = true};
    format_fill(&out, f.fill, left);
    buffer_append(&out, v->data, size);
    format_fill(&out, f.fill, lacks - left);
    return str_from_buffer(t, &out);
}
