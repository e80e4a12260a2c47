/* SPDX-License-Identifier: MIT */
/* Numbers: removing underscores, converting floats, and the messages for what is nearly
 * a number. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/notice.h"
#include "lexer/scan.h"

/* The digits from [start] to the cursor in lower case without underscores. */
static const char *clean(Lexer *lexer, const char *start, size_t *size) {
    char *text = arena_alloc(lexer->arena, (size_t)(lexer->cursor - start) + 1);
    size_t n = 0;
    for (const char *p = start; p < lexer->cursor; p++) {
        if (*p != '_') text[n++] = (char)tolower((unsigned char)*p);
    }
    text[n] = '\0';
    *size = n;
    return text;
}

static bool is_name_byte(char c) {
    return c == '_' || isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* True if the text at [p] begins with a keyword that may follow a number at once, as in `1if x
 * else y`. */
static bool keyword_follows(const char *p) {
    static const char *const words[] = {"and", "else", "for", "if", "in", "is", "or", "not"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(p, words[i], strlen(words[i])) == 0) return true;
    }
    return false;
}

static const char *number_sort(const char *start) {
    if (start[0] == '0') {
        switch (start[1]) {
        case 'x':
        case 'X': return "hexadecimal";
        case 'o':
        case 'O': return "octal";
        case 'b':
        case 'B': return "binary";
        }
    }
    return "decimal";
}

/* What is wrong with the number at [start] whose next character cannot belong to it. */
static bool refuse_tail(Lexer *lexer, const char *start) {
    const char *p = lexer->cursor;
    const char *sort = number_sort(start);
    if (p == start + 1 && sort[0] != 'd') p++;
    Span span = lexer_span(lexer, start, lexer->cursor);
    if (isdigit((unsigned char)*p) && (sort[0] == 'o' || sort[0] == 'b')) {
        return lexer_fail(lexer, "SyntaxError", lexer_span(lexer, p, p + 1),
                          "invalid digit '%c' in %s literal", *p, sort);
    }
    return lexer_fail(lexer, "SyntaxError", span, "invalid %s literal", sort);
}

bool lexer_refuse_number(Lexer *lexer, const char *start) {
    if (is_name_byte(*lexer->cursor) && !keyword_follows(lexer->cursor)) {
        return refuse_tail(lexer, start);
    }
    return lexer_fail(
        lexer, "SyntaxError", lexer_span(lexer, start, lexer->cursor),
        "leading zeros in decimal integer literals are not permitted; use an 0o prefix "
        "for octal integers");
}

bool lexer_finish_number(Lexer *lexer, Token *token, TokenKind kind, const char *start) {
    bool prefix_alone = lexer->cursor == start + 1 && number_sort(start)[0] != 'd';
    if (is_name_byte(*lexer->cursor) && (prefix_alone || !keyword_follows(lexer->cursor))) {
        return refuse_tail(lexer, start);
    }
    lexer_finish(lexer, token, kind, start);
    if (is_name_byte(*lexer->cursor)) {
        notice_add(lexer->source, NOTICE_LEXICAL,
                   lexer_span(lexer, lexer->cursor - 1, lexer->cursor - 1), "invalid %s literal",
                   number_sort(start));
    }
    size_t size;
    const char *text = clean(lexer, start, &size);
    if (kind == TK_FLOAT) {
        token->number = strtod(text, NULL);
    } else {
        token->text = text;
        token->size = size;
    }
    return true;
}
