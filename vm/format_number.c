/* SPDX-License-Identifier: MIT */
/*
 * Formatting ints and floats.
 *
 * A number is first turned into plain text, then taken apart (sign, prefix, digits, rest), then
 * grouped and padded. Zero padding (fill 0, align =) counts as digits, so it is grouped too. Floats
 * go through the C library's printf, which rounds correctly at any precision; repr's shortest
 * digits come from float_repr_into. Read next: vm/format_fields.c, vm/percent.c.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm/format.h"
#include "vm/number.h"
#include "vm/ops.h"

/* ---- grouping and padding ---- */

/* Digits with a separator before every [group] of them from the right, zeros added up to [least]
 * characters. */
static void put_grouped(Buffer *out, const NumberText *number, char separator, int group,
                        int64_t least) {
    int64_t left = (int64_t)number->digit_count;
    Buffer reversed = {0};
    for (bool first = true;; first = false) {
        if (!first) buffer_putc(&reversed, separator);
        int64_t size = left > least ? left : least;
        if (size < 1) size = 1;
        if (size > group) size = group;
        for (int64_t i = 0; i < size; i++)
            buffer_putc(&reversed, left > 0 ? number->digits[--left] : '0');
        least -= size;
        if (left <= 0 && least <= 0) break;
        least--;
    }
    while (reversed.size) buffer_putc(out, reversed.data[--reversed.size]);
    buffer_free(&reversed);
}

static int group_size(const FormatSpec *spec) {
    return spec->type < 0x80 && spec->type && strchr("boxX", (int)spec->type) ? 4 : 3;
}

bool format_put_number(Thread *t, Buffer *out, const NumberText *number, const FormatSpec *spec) {
    int64_t fixed =
        (number->sign != 0) + (int64_t)strlen(number->prefix) + (int64_t)number->rest_size;
    if (spec->width > PTRDIFF_MAX / 16) {
        raise_with(t, EXC_MemoryError, VALUE_UNSET);
        return false;
    }
    if (spec->width > 0 && !str_memory_fits(t, (size_t)spec->width * 4)) return false;
    Buffer digits = {0};
    bool zeros = spec->fill == '0' && spec->align == '=';
    if (number->digit_count && spec->grouping) {
        put_grouped(&digits, number, spec->grouping, group_size(spec),
                    zeros ? spec->width - fixed : 0);
    } else {
        if (zeros && number->digit_count)
            format_fill(&digits, '0', spec->width - fixed - (int64_t)number->digit_count);
        buffer_append(&digits, number->digits, number->digit_count);
    }
    int64_t lacks = spec->width - fixed - (int64_t)digits.size;
    if (lacks < 0) lacks = 0;
    int64_t left = spec->align == '>' ? lacks : spec->align == '^' ? lacks / 2 : 0;
    int64_t middle = spec->align == '=' ? lacks : 0;
    format_fill(out, spec->fill, left);
    if (number->sign) buffer_putc(out, number->sign);
    buffer_puts(out, number->prefix);
    format_fill(out, spec->fill, middle);
    buffer_append(out, digits.data, digits.size);
    buffer_append(out, number->rest, number->rest_size);
    format_fill(out, spec->fill, lacks - left - middle);
    buffer_free(&digits);
    return true;
}

static char sign_to_show(bool negative, char wanted) {
    if (negative) return '-';
    return wanted == '+' || wanted == ' ' ? wanted : 0;
}

/* ---- floats ---- */

static void put_printf(Buffer *out, double d, char type, int precision, bool alternate) {
    char format[8];
    snprintf(format, sizeof format, alternate ? "%%#.*%c" : "%%.*%c", type);
    int size = snprintf(NULL, 0, format, precision, d);
    char *at = buffer_reserve(out, (size_t)size + 1);
    snprintf(at, (size_t)size + 1, format, precision, d);
    out->size += (size_t)size;
}

/* The decimal exponent of [d] rounded to [precision] digits. */
static int exponent_of(double d, int precision) {
    char text[32];
    snprintf(text, sizeof text, "%.*e", precision - 1 > 17 ? 17 : precision - 1, d);
    return atoi(strchr(text, 'e') + 1);
}

/* %#g: the C library's loses zeros where rounding adds a digit (999999.5). */
static void put_general_full(Buffer *out, double d, char type, int precision) {
    int exponent = exponent_of(d, precision);
    if (exponent < -4 || exponent >= precision)
        put_printf(out, d, type == 'G' ? 'E' : 'e', precision - 1, true);
    else put_printf(out, d, 'f', precision - 1 - exponent, true);
}

/* %g that never looks like an int: an exponent already from 10**(precision - 1) on, otherwise a
 * point. */
static void put_general(Buffer *out, double d, char type, int precision, bool alternate) {
    int exponent = exponent_of(d, precision);
    if (exponent < -4 || exponent + 1 > precision - 1) {
        size_t start = out->size;
        put_printf(out, d, type == 'G' ? 'E' : 'e', precision - 1, alternate);
        if (alternate) return;
        char *mark = strpbrk(out->data + start, "eE");
        char *last = mark;
        if (memchr(out->data + start, '.', (size_t)(mark - out->data) - start)) {
            while (last[-1] == '0') last--;
            if (last[-1] == '.') last--;
        }
        size_t tail = strlen(mark);
        memmove(last, mark, tail + 1);
        out->size = (size_t)(last - out->data) + tail;
        return;
    }
    put_printf(out, d, 'f', precision - 1 - exponent, alternate);
    if (alternate) return;
    while (out->data[out->size - 1] == '0' && out->data[out->size - 2] != '.')
        out->data[--out->size] = '\0';
}

/* repr with a point even before an exponent. */
static void put_repr(Buffer *out, double d, bool alternate) {
    size_t start = out->size;
    float_repr_into(out, d);
    if (!alternate || memchr(out->data + start, '.', out->size - start)) return;
    char *mark = memchr(out->data + start, 'e', out->size - start);
    if (!mark) return;
    Buffer tail = {0};
    buffer_append(&tail, mark, (size_t)(out->data + out->size - mark));
    out->size -= tail.size;
    buffer_putc(out, '.');
    buffer_append(out, tail.data, tail.size);
    buffer_free(&tail);
}

void format_put_double(Buffer *out, double d, char type, int precision, bool alternate,
                       bool point_zero) {
    bool upper = type == 'E' || type == 'F' || type == 'G';
    if (isnan(d)) buffer_puts(out, upper ? "NAN" : "nan");
    else if (isinf(d))
        buffer_puts(out, upper ? (d < 0 ? "-INF" : "INF") : (d < 0 ? "-inf" : "inf"));
    else if (type == 'r') put_repr(out, d, alternate);
    else if (type != 'g' && type != 'G') put_printf(out, d, type, precision, alternate);
    else if (!point_zero && alternate) put_general_full(out, d, type, precision ? precision : 1);
    else if (!point_zero) put_printf(out, d, type, precision ? precision : 1, alternate);
    else put_general(out, d, type, precision ? precision : 1, alternate);
}

/* Is the text a zero at the precision it was rounded to? */
static bool shows_zero(const char *text) {
    for (; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text >= '1' && *text <= '9') return false;
    }
    return true;
}

static bool put_float(Thread *t, Buffer *out, double d, const FormatSpec *spec) {
    char type = (char)spec->type;
    int64_t precision = spec->precision;
    bool percent = type == '%', point_zero = type == 0;
    if (precision > INT32_MAX - 512) {
        raise_error(t, EXC_ValueError, "precision too big");
        return false;
    }
    if (precision > 0 && !str_memory_fits(t, (size_t)precision * 2 + 512)) return false;
    if (percent) d *= 100;
    if (type == 0) type = precision < 0 ? 'r' : 'g';
    if (type == 'n') type = 'g';
    if (percent) type = 'f';
    Buffer text = {0};
    format_put_double(&text, d, type, precision < 0 ? 6 : (int)precision, spec->alternate,
                      point_zero);
    if (percent) buffer_putc(&text, '%');
    bool negative = text.data[0] == '-';
    const char *body = text.data + negative;
    if (spec->no_minus_zero && negative && isfinite(d) && shows_zero(body)) negative = false;
    size_t digits = strspn(body, "0123456789");
    NumberText number = {.sign = sign_to_show(negative, spec->sign),
                         .prefix = "",
                         .digits = body,
                         .digit_count = digits,
                         .rest = body + digits,
                         .rest_size = strlen(body + digits)};
    bool ok = format_put_number(t, out, &number, spec);
    buffer_free(&text);
    return ok;
}

static Str *finish(Thread *t, Buffer *out, bool ok) {
    if (ok) return str_from_buffer(t, out);
    buffer_free(out);
    return NULL;
}

static bool is_float_type(uint32_t type) {
    return type && type < 0x80 && strchr("eEfFgG%", (int)type);
}

Str *format_float(Thread *t, Value v, Str *spec) {
    Buffer out = {0};
    double d = float_of(v);
    if (!spec->size) {
        float_repr_into(&out, d);
        return str_from_buffer(t, &out);
    }
    FormatSpec f;
    const char *type_name = class_of(t->vm, v)->name->data;
    if (!format_parse(t, spec, type_name, '\0', '>', &f)) return NULL;
    if (f.type && f.type != 'n' && !is_float_type(f.type)) {
        format_raise_type(t, f.type, type_name);
        return NULL;
    }
    return finish(t, &out, put_float(t, &out, d, &f));
}

/* ---- ints ---- */

static bool check_int_spec(Thread *t, const FormatSpec *spec) {
    bool character = spec->type == 'c';
    const char *what =
        spec->precision >= 0  ? "Precision not allowed in integer format specifier"
        : spec->no_minus_zero ? "Negative zero coercion (z) not allowed in integer format specifier"
        : character && spec->sign ? "Sign not allowed with integer format specifier 'c'"
        : character && spec->alternate
            ? "Alternate form (#) not allowed with integer format specifier 'c'"
            : NULL;
    if (what) raise_error(t, EXC_ValueError, "%s", what);
    return !what;
}

static bool put_character(Thread *t, Buffer *out, Value v, const FormatSpec *spec) {
    int64_t c;
    bool fits = int_to_int64(v, &c);
    if (!fits || c < 0 || c > 0x10FFFF) {
        raise_error(t, EXC_OverflowError,
                    fits ? "%%c arg not in range(0x110000)"
                         : "Python int too large to convert to C long");
        return false;
    }
    char bytes[8];
    Buffer one = {0};
    buffer_put_utf8(&one, (uint32_t)c);
    memcpy(bytes, one.data, one.size);
    FormatSpec adjusted = *spec;
    if (adjusted.width > 0)
        adjusted.width += (int64_t)one.size - 1; /* the rest is counted in bytes */
    NumberText number = {.prefix = "", .digits = "", .rest = bytes, .rest_size = one.size};
    buffer_free(&one);
    return format_put_number(t, out, &number, &adjusted);
}

static bool put_int(Thread *t, Buffer *out, Value v, const FormatSpec *spec) {
    if (!check_int_spec(t, spec)) return false;
    if (spec->type == 'c') return put_character(t, out, v, spec);
    char type = (char)spec->type;
    int base = type == 'b' ? 2 : type == 'o' ? 8 : type == 'x' || type == 'X' ? 16 : 10;
    static const char *const prefixes[] = {['b'] = "0b", ['o'] = "0o", ['x'] = "0x", ['X'] = "0X"};
    Buffer text = {0};
    if (!int_to_text(t, v, base, &text)) {
        buffer_free(&text);
        return false;
    }
    for (size_t i = 0; type == 'X' && i < text.size; i++) {
        if (text.data[i] >= 'a') text.data[i] -= 32;
    }
    bool negative = text.data[0] == '-';
    NumberText number = {.sign = sign_to_show(negative, spec->sign),
                         .prefix = spec->alternate && base != 10 ? prefixes[(int)type] : "",
                         .digits = text.data + negative,
                         .digit_count = text.size - negative,
                         .rest = ""};
    bool ok = format_put_number(t, out, &number, spec);
    buffer_free(&text);
    return ok;
}

Str *format_int(Thread *t, Value v, Str *spec) {
    if (!spec->size) return value_str(t, v);
    FormatSpec f;
    const char *type_name = class_of(t->vm, v)->name->data;
    if (!format_parse(t, spec, type_name, 'd', '>', &f)) return NULL;
    Buffer out = {0};
    if (f.type && f.type < 0x80 && strchr("bcdoxXn", (int)f.type))
        return finish(t, &out, put_int(t, &out, v, &f));
    if (!is_float_type(f.type)) {
        format_raise_type(t, f.type, type_name);
        return NULL;
    }
    bool overflow = false;
    double d = int_to_double(t, v, &overflow);
    if (overflow) {
        raise_error(t, EXC_OverflowError, "int too large to convert to float");
        return NULL;
    }
    return finish(t, &out, put_float(t, &out, d, &f));
}
