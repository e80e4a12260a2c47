/* SPDX-License-Identifier: MIT */
/* Identifiers beyond ASCII, and characters that begin no token.
 *
 * A character may begin an identifier if it has Unicode's property XID_Start, and continue one
 * with XID_Continue. Both follow from the general category, two short lists of exceptions, and
 * the demand that the NFKC form of the character is of the same sort; utf8proc gives all three.
 * Python compares identifiers in NFKC, so that is what is interned.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/utf8.h"
#include "lexer/scan.h"

/* ID_Start: letters, letter numbers, and the characters Unicode keeps for stability. */
static bool id_start(uint32_t cp) {
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL: return cp != 0x2E2F;
    default:
        return cp == '_' || cp == 0x1885 || cp == 0x1886 || cp == 0x2118 || cp == 0x212E ||
               cp == 0x309B || cp == 0x309C;
    }
}

static bool id_continue(uint32_t cp) {
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return true;
    default:
        return id_start(cp) || cp == 0xB7 || cp == 0x387 || (cp >= 0x1369 && cp <= 0x1371) ||
               cp == 0x19DA;
    }
}

/* The NFKC form of [n] bytes, to be freed; NULL if they are no UTF-8. */
static char *nfkc(const char *text, size_t n) {
    utf8proc_uint8_t *form = NULL;
    utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT;
    utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)n, &form, options);
    return (char *)form;
}

/* XID_Start if [first], else XID_Continue: the property holds for the character and its NFKC
 * form. */
static bool xid(uint32_t cp, bool first) {
    if (cp < 0x80) return cp == '_' || isalpha((int)cp) || (!first && isdigit((int)cp));
    if (!(first ? id_start(cp) : id_continue(cp))) return false;
    char bytes[4];
    char *form = nfkc(bytes, (size_t)utf8_encode(cp, bytes));
    if (!form) return false;
    const char *p = form, *end = form + strlen(form);
    bool ok = p < end;
    while (ok && p < end) {
        uint32_t part;
        int used = utf8_decode(p, end, &part);
        ok = used && (first ? id_start(part) : id_continue(part));
        first = false;
        p += used ? used : 1;
    }
    free(form);
    return ok;
}

static bool printable(uint32_t cp) {
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: return false;
    default: return true;
    }
}

static bool refuse_character(Lexer *lexer, const char *p, uint32_t cp, int used) {
    Span span = lexer_span(lexer, p, p + used);
    if (cp < 0x80 && printable(cp)) {
        lexer->weak = true;
        return lexer_fail(lexer, "SyntaxError", span, "invalid syntax: '%c' begins no token",
                          (int)cp);
    }
    if (!printable(cp)) {
        return lexer_fail(lexer, "SyntaxError", span, "invalid non-printable character U+%04X", cp);
    }
    return lexer_fail(lexer, "SyntaxError", span, "invalid character '%.*s' (U+%04X)", used, p, cp);
}

bool lexer_refuse_character(Lexer *lexer, const char *start) {
    if (memcmp(start, "<>", 2) == 0) {
        return lexer_fail(lexer, "SyntaxError", lexer_span(lexer, start, start + 2),
                          "invalid syntax: '<>' is not an operator, write '!='");
    }
    uint32_t cp = 0;
    int used = utf8_decode(start, lexer->limit, &cp);
    return refuse_character(lexer, start, cp, used ? used : 1);
}

bool lexer_finish_identifier(Lexer *lexer, Token *token, const char *start) {
    size_t n = (size_t)(lexer->cursor - start);
    lexer_finish(lexer, token, TK_NAME, start);
    if (utf8_is_ascii(start, n)) {
        token->text = lexer_intern(lexer, start, n);
        token->size = n;
        return true;
    }
    for (const char *p = start; p < lexer->cursor;) {
        uint32_t cp = 0;
        int used = utf8_decode(p, lexer->cursor, &cp);
        if (!used || !xid(cp, p == start)) return refuse_character(lexer, p, cp, used ? used : 1);
        p += used;
    }
    char *form = nfkc(start, n);
    token->size = form ? strlen(form) : n;
    token->text = lexer_intern(lexer, form ? form : start, token->size);
    free(form);
    return true;
}
