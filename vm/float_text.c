/* SPDX-License-Identifier: MIT */
/*
 * Floats as text: the shortest decimal that reads back as the same double, what float() accepts,
 * and the hexadecimal form.
 *
 * The C library's printf and strtod are exact, so the shortest form is found by asking for more and
 * more digits until the text reads back. Most doubles need 15 or 17 digits; only subnormals may
 * need fewer than their 15-digit form shows.
 *
 * Read next: vm/float_class.c.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "vm/number.h"

/* [text] is "D.DDDDe±XX". Above a power of two doubles lie twice as far apart as below it, so there
 * the next decimal up may read back as [d] where the nearest one does not: try it. */
static bool round_up(char *text, size_t size, double d) {
    int exponent;
    if (frexp(d, &exponent) != 0.5) return false;
    char *e = strchr(text, 'e');
    uint64_t digits = 0;
    int decimals = 0;
    for (char *at = text; at < e; at++) {
        if (*at == '.') continue;
        digits = digits * 10 + (uint64_t)(*at - '0');
        decimals++;
    }
    char next[40];
    snprintf(next, sizeof next, "%llue%d", (unsigned long long)digits + 1,
             atoi(e + 1) - (decimals - 1));
    if (strtod(next, NULL) != d) return false;
    snprintf(text, size, "%.*e", decimals - 1, (double)(digits + 1));
    e = strchr(text, 'e');
    int shift = atoi(e + 1) - (decimals - 1);
    snprintf(e, size - (size_t)(e - text), "e%d",
             atoi(strchr(next, 'e') + 1) + decimals - 1 + shift);
    return true;
}

/* Write a number so that it ends before [end]; where it begins. */
static char *put_decimal(char *end, uint64_t number) {
    do *--end = (char)('0' + number % 10);
    while (number /= 10);
    return end;
}

/* Is digits * 10**exponent nearer to [d], a positive number, than to any other double? */
static bool reads_back(uint64_t digits, int exponent, double d) {
    char text[32], *p = text + sizeof text;
    *--p = '\0';
    p = put_decimal(p, (uint64_t)abs(exponent));
    *--p = exponent < 0 ? '-' : '+';
    *--p = 'e';
    return strtod(put_decimal(p, digits), NULL) == d;
}

/* The shortest digits that read back as [d], from its 17 nearest ones: *digits * 10**(*exponent).
 * Rounded to 15 digits, these are what [d] itself is, because a 15-digit decimal that reads back
 * lies within 11 units of the 17th; to 16 digits, unless the last is a 5. False: somebody else must
 * look, as where doubles change their distance. */
static bool shorten(double d, uint64_t *digits, int *exponent) {
    int binary;
    if (d < DBL_MIN * 1e10 || frexp(d, &binary) == 0.5) return false;
    char text[40];
    snprintf(text, sizeof text, "%.16e", d);
    uint64_t all = (uint64_t)(text[0] - '0');
    for (int i = 2; i < 18; i++) all = all * 10 + (uint64_t)(text[i] - '0');
    *exponent = atoi(text + 19) - 16;
    *digits = (all + 50) / 100;
    if (reads_back(*digits, *exponent + 2, d)) {
        *exponent += 2;
        return true;
    }
    if (all % 10 == 5) return false;
    *digits = (all + 5) / 10;
    if (reads_back(*digits, *exponent + 1, d)) *exponent += 1;
    else *digits = all;
    return true;
}

/* The digits of |d| and its decimal exponent (d = 0.DIGITS * 10**point), shortest that
 * reads back. */
static void shortest_digits(double d, char digits[20], int *point) {
    char text[40];
    uint64_t number;
    if (shorten(fabs(d), &number, point)) {
        while (number % 10 == 0) number /= 10, ++*point;
        char room[24], *first = put_decimal(room + sizeof room, number);
        size_t count = (size_t)(room + sizeof room - first);
        memcpy(digits, first, count);
        digits[count] = '\0';
        *point += (int)count;
        return;
    }
    int first = fabs(d) < DBL_MIN * 1e10 ? 1 : 15;
    for (int precision = first; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, fabs(d));
        if (strtod(text, NULL) == fabs(d)) break;
        if (precision == 16 && round_up(text, sizeof text, fabs(d))) break;
    }
    char *exponent = strchr(text, 'e');
    *point = atoi(exponent + 1) + 1;
    int count = 0;
    for (char *at = text; at < exponent; at++) {
        if (*at != '.') digits[count++] = *at;
    }
    while (count > 1 && digits[count - 1] == '0') count--;
    digits[count] = '\0';
}

static void put_zeros(Buffer *out, int count) {
    while (count-- > 0) buffer_putc(out, '0');
}

void float_repr_into(Buffer *out, double d) {
    if (isnan(d)) {
        buffer_puts(out, "nan");
        return;
    }
    if (signbit(d)) buffer_putc(out, '-');
    if (isinf(d)) {
        buffer_puts(out, "inf");
        return;
    }
    if (fabs(d) < 1e15 && d == (double)(int64_t)d) {
        buffer_printf(out, "%lld.0", (long long)fabs(d));
        return;
    }
    char digits[20];
    int point;
    shortest_digits(d, digits, &point);
    int count = (int)strlen(digits);
    if (point > 16 || point < -3) {
        buffer_putc(out, digits[0]);
        if (count > 1) buffer_printf(out, ".%s", digits + 1);
        buffer_printf(out, "e%c%02d", point > 0 ? '+' : '-', abs(point - 1));
    } else if (point <= 0) {
        buffer_puts(out, "0.");
        put_zeros(out, -point);
        buffer_puts(out, digits);
    } else if (count <= point) {
        buffer_puts(out, digits);
        put_zeros(out, point - count);
        buffer_puts(out, ".0");
    } else {
        buffer_printf(out, "%.*s.%s", point, digits, digits + point);
    }
}

/* "inf", "infinity" or "nan" without sign, any case. */
static bool parse_special(const char *text, double *out) {
    if (strcasecmp(text, "inf") == 0 || strcasecmp(text, "infinity") == 0) {
        *out = INFINITY;
        return true;
    }
    if (strcasecmp(text, "nan") == 0) {
        *out = NAN;
        return true;
    }
    return false;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* A decimal floating literal without sign; [text] ends with NUL. */
static bool well_formed(const char *text) {
    int digits = 0;
    while (is_digit(*text)) text++, digits++;
    if (*text == '.') {
        text++;
        while (is_digit(*text)) text++, digits++;
    }
    if (!digits) return false;
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-') text++;
        if (!is_digit(*text)) return false;
        while (is_digit(*text)) text++;
    }
    return *text == '\0';
}

/* [out] := text without underscores; false when one is not between digits. */
static bool drop_underscores(const char *text, size_t size, Buffer *out) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0') return false;
        if (text[i] != '_') {
            buffer_putc(out, text[i]);
        } else if (i == 0 || i + 1 == size || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
            return false;
        }
    }
    return out->size > 0;
}

static bool parse_clean(const char *text, double *out) {
    bool negative = *text == '-';
    if (*text == '-' || *text == '+') text++;
    if (!parse_special(text, out)) {
        if (!well_formed(text)) return false;
        *out = strtod(text, NULL);
    }
    if (negative) *out = -*out;
    return true;
}

bool float_parse(const char *text, size_t size, double *out) {
    Buffer ascii = {0}, clean = {0};
    number_text_to_ascii(text, size, &ascii);
    bool ok = drop_underscores(ascii.data, ascii.size, &clean) && parse_clean(clean.data, out);
    buffer_free(&ascii);
    buffer_free(&clean);
    return ok;
}

void float_hex_into(Buffer *out, double d) {
    if (!isfinite(d)) {
        float_repr_into(out, d);
        return;
    }
    if (d == 0.0) {
        buffer_puts(out, signbit(d) ? "-0x0.0p+0" : "0x0.0p+0");
        return;
    }
    int exponent;
    double mantissa = frexp(fabs(d), &exponent) * 2.0;
    exponent--;
    if (exponent < -1022) {
        mantissa = ldexp(mantissa, exponent + 1022);
        exponent = -1022;
    }
    uint64_t bits = (uint64_t)ldexp(mantissa, 52);
    buffer_printf(out, "%s0x%c.%013llxp%c%d", d < 0 ? "-" : "", (bits >> 52) ? '1' : '0',
                  (unsigned long long)(bits & (((uint64_t)1 << 52) - 1)), exponent < 0 ? '-' : '+',
                  abs(exponent));
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_hex_digit(char c) { return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f'); }

/* A number read from hexadecimal digits: mantissa * 2**exponent, and a little more if [sticky]. */
typedef struct HexNumber {
    uint64_t mantissa;
    int64_t exponent;
    bool sticky;
} HexNumber;

static int hex_value(char c) { return is_digit(c) ? c - '0' : (c | 32) - 'a' + 10; }

/* Take one digit in: the first 15 that matter are kept. */
static void hex_digit(HexNumber *n, char c, bool fraction) {
    bool room = n->mantissa >> 60 == 0;
    if (room) n->mantissa = n->mantissa << 4 | (uint64_t)hex_value(c);
    else n->sticky |= c != '0';
    n->exponent += room ? (fraction ? -4 : 0) : (fraction ? 0 : 4);
}

/* A power after p, kept within what int64 sums bear. */
static int64_t hex_power(const char **p) {
    bool negative = **p == '-';
    int64_t power = 0;
    if (**p == '-' || **p == '+') ++*p;
    for (; is_digit(**p); ++*p) {
        if (power < INT64_MAX / 100) power = power * 10 + (**p - '0');
    }
    return negative ? -power : power;
}

/* Hexadecimal digits with an optional point and power; [text] ends with NUL. False: malformed. */
static bool read_hex(const char *text, HexNumber *n) {
    int digits = 0;
    *n = (HexNumber){0};
    for (; is_hex_digit(*text); text++, digits++) hex_digit(n, *text, false);
    if (*text == '.') {
        for (text++; is_hex_digit(*text); text++, digits++) hex_digit(n, *text, true);
    }
    if (!digits) return false;
    if (*text == 'p' || *text == 'P') {
        const char *power = text + 1;
        if (!is_digit(power[*power == '+' || *power == '-'])) return false;
        n->exponent += hex_power(&power);
        text = power;
    }
    return *text == '\0';
}

/* The nearest double, half to even; infinite when there is none. */
static double hex_to_double(const HexNumber *n) {
    if (!n->mantissa) return 0.0;
    int bits = 64 - __builtin_clzll(n->mantissa);
    int64_t top = n->exponent + bits; /* 2**(top - 1) <= value < 2**top */
    if (top > 1024) return HUGE_VAL;
    if (top < -1074) return 0.0;
    int64_t last = top - 53 < -1074 ? -1074 : top - 53; /* exponent of the last bit that is kept */
    int64_t drop = last - n->exponent;
    if (drop <= 0) return ldexp((double)n->mantissa, (int)n->exponent);
    uint64_t kept = drop > 63 ? 0 : n->mantissa >> drop;
    uint64_t rest = drop > 63 ? n->mantissa : n->mantissa & (((uint64_t)1 << drop) - 1);
    uint64_t half = (uint64_t)1 << (drop - 1); /* drop is at most bits */
    if (rest > half || (rest == half && (n->sticky || (kept & 1)))) kept++;
    return ldexp((double)kept, (int)last);
}

bool float_parse_hex(const char *text, size_t size, double *out) {
    const char *end = text + size;
    while (text < end && is_blank(*text)) text++;
    while (end > text && is_blank(end[-1])) end--;
    if (memchr(text, '\0', (size_t)(end - text))) return false;
    Buffer number = {0};
    buffer_append(&number, text, (size_t)(end - text));
    const char *at = number.data ? number.data : "";
    bool negative = *at == '-';
    if (*at == '-' || *at == '+') at++;
    HexNumber hex;
    bool ok = true;
    if (!parse_special(at, out)) {
        if (at[0] == '0' && (at[1] | 32) == 'x') at += 2;
        ok = read_hex(at, &hex);
        if (ok) *out = hex_to_double(&hex);
    }
    if (ok && negative) *out = -*out;
    buffer_free(&number);
    return ok;
}
