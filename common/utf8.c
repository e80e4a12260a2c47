/* SPDX-License-Identifier: MIT */
/* UTF-8, one decoder for both the strict and the surrogate-tolerant functions. ASCII, which is
 * nearly everything, is tested eight bytes at a time. */
#include "common/utf8.h"

#include <string.h>

static bool continues(unsigned char byte) { return (byte & 0xC0) == 0x80; }

static int decode(const char *text, const char *end, uint32_t *cp, bool surrogates) {
    const unsigned char *p = (const unsigned char *)text;
    ptrdiff_t left = end - text;
    if (left < 1) return 0;
    if (p[0] < 0x80) {
        *cp = p[0];
        return 1;
    }
    if (p[0] < 0xC2) return 0;
    if (p[0] < 0xE0) {
        if (left < 2 || !continues(p[1])) return 0;
        *cp = (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
        return 2;
    }
    if (p[0] < 0xF0) {
        if (left < 3 || !continues(p[1]) || !continues(p[2])) return 0;
        *cp = (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
        if (*cp < 0x800) return 0;
        return *cp >= 0xD800 && *cp < 0xE000 && !surrogates ? 0 : 3;
    }
    if (p[0] > 0xF4 || left < 4 || !continues(p[1]) || !continues(p[2]) || !continues(p[3]))
        return 0;
    *cp = (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    return *cp < 0x10000 || *cp > 0x10FFFF ? 0 : 4;
}

int utf8_decode(const char *p, const char *end, uint32_t *cp) { return decode(p, end, cp, false); }

int utf8_decode_wtf8(const char *p, const char *end, uint32_t *cp) {
    return decode(p, end, cp, true);
}

int utf8_encode(uint32_t cp, char out[4]) {
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

size_t utf8_length(const char *p, size_t n) {
    const uint64_t ones = UINT64_C(0x0101010101010101);
    size_t count = n, i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        uint64_t inner = word >> 7 & ~(word >> 6) & ones; /* a 1 for every continuation byte */
        count -= inner * ones >> 56;
    }
    for (; i < n; i++) count -= continues((unsigned char)p[i]);
    return count;
}

/* The number of leading bytes, a multiple of eight, that are all ASCII. */
static size_t ascii_prefix(const char *p, size_t n) {
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, p + i, 8);
        if (word & UINT64_C(0x8080808080808080)) break;
    }
    return i;
}

/* The number of leading bytes that are whole characters of two or three bytes. */
static size_t short_prefix(const char *text, size_t n) {
    const unsigned char *p = (const unsigned char *)text;
    size_t i = 0;
    while (i + 3 <= n) {
        if (p[i] >= 0xC2 && p[i] < 0xE0) {
            if (!continues(p[i + 1])) break;
            i += 2;
            continue;
        }
        if ((p[i] & 0xF0) != 0xE0 || !continues(p[i + 1]) || !continues(p[i + 2])) break;
        unsigned lead = (p[i] & 0x0Fu) << 8 | p[i + 1];
        if (lead < 0x0A0 || (lead >= 0xDA0 && lead < 0xE00)) break;
        i += 3;
    }
    return i;
}

size_t utf8_valid(const char *p, size_t n) {
    size_t i = 0;
    while (i < n) {
        if (!(p[i] & 0x80)) i += ascii_prefix(p + i, n - i);
        for (int steps = 0; steps < 8 && i < n; steps++) {
            i += short_prefix(p + i, n - i);
            uint32_t cp;
            int used = i < n ? decode(p + i, p + n, &cp, false) : 0;
            if (!used) return i;
            i += (size_t)used;
        }
    }
    return n;
}

bool utf8_is_ascii(const char *p, size_t n) {
    size_t i = ascii_prefix(p, n);
    while (i < n && (unsigned char)p[i] < 0x80) i++;
    return i == n;
}
