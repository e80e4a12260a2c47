/* SPDX-License-Identifier: MIT */
/*
 * Integers as text: reading digits in any base, writing them, and the 4,300-digit limit.
 *
 * The limit (vm->int_max_str_digits, 0: none) exists because decimal conversion of huge numbers is
 * slow; it therefore does not apply to bases that are powers of two.
 *
 * Read next: vm/int_class.c (who calls this), vm/float_text.c (floats).
 */
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "vm/number.h"
#include "vm/str.h"
#include <utf8proc.h>

#define LONGEST_SMALL_TEXT 18 /* decimal digits that always fit 62 bits */

static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'z') return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
    return 36;
}

static int base_of_prefix(char c) {
    switch (c | 32) {
    case 'x': return 16;
    case 'o': return 8;
    case 'b': return 2;
    default: return 0;
    }
}

/* Digits of a literal without underscores and prefix, or false when malformed. */
static bool clean_digits(const char *text, size_t size, int *base, bool *negative, Buffer *out) {
    const char *at = text, *end = text + size;
    *negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+')) at++;
    bool underscore_allowed = false, leading_zero = false;
    if (end - at > 1 && *at == '0' && base_of_prefix(at[1]) &&
        (*base == 0 || *base == base_of_prefix(at[1]))) {
        *base = base_of_prefix(at[1]);
        at += 2;
        underscore_allowed = true;
    } else if (*base == 0) {
        *base = 10;
        leading_zero = at < end && *at == '0';
    }
    bool last_underscore = !underscore_allowed;
    bool nonzero = false;
    if (at == end) return false;
    for (; at < end; at++) {
        if (*at == '_') {
            if (last_underscore) return false;
            last_underscore = true;
            continue;
        }
        if (digit_value(*at) >= *base) return false;
        nonzero |= *at != '0';
        last_underscore = false;
        buffer_putc(out, *at);
    }
    return !last_underscore && !(leading_zero && nonzero);
}

static bool power_of_two(int base) { return (base & (base - 1)) == 0; }

static Value value_of_digits(Thread *t, Buffer *digits, int base, bool negative) {
    if (digits->size <= LONGEST_SMALL_TEXT && base <= 10) {
        int64_t i = 0;
        for (size_t k = 0; k < digits->size; k++) i = i * base + (digits->data[k] - '0');
        return fixnum(negative ? -i : i);
    }
    uint32_t limit = t->vm->int_max_str_digits;
    if (limit && digits->size > limit && !power_of_two(base)) {
        return raise_error(
            t, EXC_ValueError,
            "Exceeds the limit (%u digits) for integer string conversion: value has %zu "
            "digits; use sys.set_int_max_str_digits() to increase the limit",
            limit, digits->size);
    }
    mpz_t z;
    mpz_init_set_str(z, digits->data, base);
    if (negative) mpz_neg(z, z);
    Value v = int_from_mpz(t, z);
    mpz_clear(z);
    return v;
}

/* VALUE_UNSET when malformed. */
static Value parse(Thread *t, const char *text, size_t size, int base) {
    Buffer digits = {0};
    bool negative;
    Value v = VALUE_UNSET;
    if (clean_digits(text, size, &base, &negative, &digits)) {
        v = value_of_digits(t, &digits, base, negative);
    }
    buffer_free(&digits);
    return v;
}

static Value malformed(Thread *t, int base, Value shown) {
    return raise_error(t, EXC_ValueError, "invalid literal for int() with base %d: %R", base,
                       shown);
}

Value int_parse(Thread *t, const char *text, size_t size, int base) {
    Value v = parse(t, text, size, base);
    return v == VALUE_UNSET ? malformed(t, base, object_value(str_new(t, text, size))) : v;
}

/* The decimal value of a digit of any script, or -1. Digits of a script are ten code points in a
 * row. */
static int decimal_value(uint32_t codepoint) {
    if (codepoint < 128) return codepoint >= '0' && codepoint <= '9' ? (int)codepoint - '0' : -1;
    if (utf8proc_category((utf8proc_int32_t)codepoint) != UTF8PROC_CATEGORY_ND) return -1;
    if (codepoint >= 0x1D7CE && codepoint <= 0x1D7FF) return (int)(codepoint - 0x1D7CE) % 10;
    bool from_zero =
        utf8proc_category((utf8proc_int32_t)(codepoint & ~15u)) == UTF8PROC_CATEGORY_ND;
    return (int)(codepoint & 15) - (from_zero ? 0 : 6);
}

static bool is_space(uint32_t c) {
    if (c < 128) return c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
    return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static uint32_t decode(const char **at, const char *end) {
    utf8proc_int32_t codepoint;
    utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)*at, end - *at, &codepoint);
    if (n <= 0) {
        (*at)++;
        return 0xFFFD;
    }
    *at += n;
    return (uint32_t)codepoint;
}

void number_text_to_ascii(const char *text, size_t size, Buffer *out) {
    const char *at = text, *end = text + size;
    bool leading = true;
    size_t kept = 0;
    buffer_reserve(out, size + 1);
    out->data[0] = '\0';
    while (at < end) {
        uint32_t c = decode(&at, end);
        bool space = is_space(c);
        if (leading && space) continue;
        leading = false;
        int digit = decimal_value(c);
        buffer_putc(out, digit >= 0 ? (char)('0' + digit) : space ? ' ' : c < 128 ? (char)c : '?');
        if (!space) kept = out->size;
    }
    out->size = kept;
    out->data[kept] = '\0';
}

Value int_from_text(Thread *t, const char *text, size_t size, int base, Value shown) {
    Buffer ascii = {0};
    number_text_to_ascii(text, size, &ascii);
    Value v = parse(t, ascii.data, ascii.size, base);
    buffer_free(&ascii);
    return v == VALUE_UNSET ? malformed(t, base, shown) : v;
}

static void small_to_text(int64_t i, int base, Buffer *out) {
    char digits[72];
    int at = sizeof digits;
    uint64_t rest = i < 0 ? -(uint64_t)i : (uint64_t)i;
    do {
        digits[--at] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % (unsigned)base];
        rest /= (unsigned)base;
    } while (rest);
    if (i < 0) digits[--at] = '-';
    buffer_append(out, digits + at, sizeof digits - (size_t)at);
}

bool int_to_text(Thread *t, Value v, int base, Buffer *out) {
    int64_t small;
    if (int_to_int64(v, &small)) {
        small_to_text(small, base, out);
        return true;
    }
    mpz_srcptr z = ((BigInt *)(uintptr_t)v)->value;
    size_t size = mpz_sizeinbase(z, base);
    uint32_t limit = t->vm->int_max_str_digits;
    bool limited = limit && !power_of_two(base);
    /* sizeinbase may be one too many: the exact count decides at the limit */
    if (!limited || size <= (size_t)limit + 1) {
        char *text = buffer_reserve(out, size + 2);
        mpz_get_str(text, base, z);
        size_t written = strlen(text);
        if (!limited || written - (*text == '-') <= limit) {
            out->size += written;
            return true;
        }
        *text = '\0';
    }
    raise_error(t, EXC_ValueError,
                "Exceeds the limit (%u digits) for integer string conversion; "
                "use sys.set_int_max_str_digits() to increase the limit",
                limit);
    return false;
}
