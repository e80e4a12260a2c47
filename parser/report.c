/* SPDX-License-Identifier: MIT */
/* The message for a token that the grammar does not allow.
 *
 * First come the mistakes people make, each recognised by a small function that looks at the
 * tokens around the error and asks the automaton what it would have taken; they use CPython's
 * words where it has some. What none of them knows is "invalid syntax: found …, expected …", the
 * expectation again from the automaton.
 */
#include <string.h>

#include "parser/machine.h"

typedef struct Rejection {
    Parser *parser;
    const void *machine;
    Token token;
} Rejection;

static bool accepts(const Rejection *r, TokenKind kind) {
    return grammar_accepts(r->machine, kind);
}

/* The text of a token as written. */
static const char *token_source(const Rejection *r, const Token *token, int *size) {
    *size = (int)(token->end - token->start);
    if (*size > 60) *size = 60;
    return r->parser->source->text + token->start;
}

static bool is_text(const Rejection *r, const Token *token, const char *text) {
    size_t size = strlen(text);
    return token->end - token->start == size &&
           memcmp(r->parser->source->text + token->start, text, size) == 0;
}

static bool indentation_error(const Rejection *r, const char *format, const char *what,
                              uint32_t line) {
    if (r->parser->failed) return true;
    r->parser->failed = true;
    diagnostic_set(r->parser->error, r->parser->source, "IndentationError", r->token.span, format,
                   what, line);
    return true;
}

#define REJECT(span, ...) (parser_fail(r->parser, span, __VA_ARGS__), true)

/* --- lines --- */

/* The token begins a logical line. */
static bool begins_line(const Rejection *r) {
    return r->parser->line_tokens == 1 && r->parser->line_first.start == r->token.start &&
           r->token.kind != TK_END && r->token.kind != TK_DEDENT && r->token.kind != TK_INDENT;
}

/* True if the rest of the line, from the token on, has a colon, at its end if [last]. */
static bool line_has_colon(const Rejection *r, bool last) {
    const char *p = r->parser->source->text + r->token.start;
    if (r->parser->previous.kind == TK_COLON && !last) return true;
    if (r->token.kind == TK_NEWLINE) return r->parser->previous.kind == TK_COLON;
    bool colon = false;
    for (; *p && *p != '\n' && *p != '#'; p++) {
        if (*p == ':') colon = true;
        else if (last && *p != ' ' && *p != '\t' && *p != '\f') colon = false;
    }
    return colon;
}

static bool opens_block(TokenKind kind) {
    switch (kind) {
    case TK_IF:
    case TK_ELIF:
    case TK_ELSE:
    case TK_FOR:
    case TK_WHILE:
    case TK_WITH:
    case TK_TRY:
    case TK_EXCEPT:
    case TK_FINALLY:
    case TK_DEF:
    case TK_CLASS:
    case TK_ASYNC: return true;
    default: return false;
    }
}

/* --- mistakes --- */

static bool missing_block(const Rejection *r) {
    if (r->parser->previous.kind != TK_NEWLINE || !accepts(r, TK_INDENT)) return false;
    bool begins = begins_line(r);
    Token header = begins ? r->parser->header_first : r->parser->line_first;
    if (header.kind == TK_ASYNC)
        header = begins ? r->parser->header_second : r->parser->line_second;
    if (header.kind == TK_DEF || header.kind == TK_CLASS) {
        return indentation_error(r, "expected an indented block after %s definition on line %u",
                                 header.kind == TK_DEF ? "function" : "class", header.span.line);
    }
    const char *what = token_text(header.kind);
    return indentation_error(r, "expected an indented block after '%s' statement on line %u",
                             what ? what : "compound", header.span.line);
}

/* True if one letter inserted, left out, replaced, or two neighbours swapped make [a] into [b]. */
static bool one_slip(const char *a, size_t na, const char *b) {
    size_t nb = strlen(b), i = 0;
    if (na == nb && memcmp(a, b, na) == 0) return false;
    if (na > nb + 1 || nb > na + 1) return false;
    while (i < na && i < nb && a[i] == b[i]) i++;
    if (na == nb) {
        if (memcmp(a + i + 1, b + i + 1, na - i - 1) == 0) return true;
        return i + 1 < na && a[i] == b[i + 1] && a[i + 1] == b[i] &&
               memcmp(a + i + 2, b + i + 2, na - i - 2) == 0;
    }
    if (na > nb) return memcmp(a + i + 1, b + i, nb - i) == 0;
    return memcmp(a + i, b + i + 1, na - i) == 0;
}

static bool suggest(const Rejection *r, const Token *word,
                    bool (*fits)(const Rejection *, TokenKind)) {
    if (word->kind != TK_NAME || word->size < 2) return false;
    for (TokenKind kind = TK_AND; kind <= TK_YIELD; kind++) {
        const char *text = token_text(kind);
        if (fits(r, kind) && one_slip(word->text, word->size, text)) {
            return REJECT(word->span, "invalid syntax. Did you mean '%s'?", text);
        }
    }
    return false;
}

static bool wrong_indentation(const Rejection *r) {
    if (accepts(r, TK_EXCEPT) && accepts(r, TK_FINALLY) && !accepts(r, TK_PASS)) {
        if (suggest(r, &r->token, accepts)) return true;
        return REJECT(r->token.span, "expected 'except' or 'finally' block");
    }
    if (r->token.kind != TK_INDENT && r->token.kind != TK_DEDENT) return false;
    r->parser->settled = true;
    bool indent = r->token.kind == TK_INDENT;
    return indentation_error(r, indent ? "unexpected indent" : "unexpected unindent", "", 0);
}

/* Syntax that Python has and Tulip leaves out. */
static bool left_out(const Rejection *r) {
    Parser *parser = r->parser;
    if (r->token.kind == TK_LBRACKET && parser->previous.kind == TK_NAME &&
        (parser->before_previous.kind == TK_DEF || parser->before_previous.kind == TK_CLASS)) {
        return REJECT(r->token.span, "type parameter syntax is not part of Tulip");
    }
    if (begins_line(r) || parser->line_first.kind != TK_NAME) return false;
    if (is_text(r, &parser->line_first, "match") && line_has_colon(r, true)) {
        return REJECT(parser->line_first.span, "'match' statements are not part of Tulip");
    }
    if (is_text(r, &parser->line_first, "type") && parser->line_tokens == 2 &&
        r->token.kind == TK_NAME) {
        return REJECT(parser->line_first.span, "'type' statements are not part of Tulip");
    }
    return false;
}

static bool print_without_parentheses(const Rejection *r) {
    Parser *parser = r->parser;
    if (begins_line(r) || parser->line_tokens != 2 || parser->previous.kind != TK_NAME)
        return false;
    bool print = is_text(r, &parser->previous, "print");
    if (!print && !is_text(r, &parser->previous, "exec")) return false;
    if (r->token.kind == TK_NEWLINE || r->token.kind == TK_EQUAL) return false;
    const char *name = print ? "print" : "exec";
    return REJECT(span_join(parser->previous.span, r->token.span),
                  "Missing parentheses in call to '%s'. Did you mean %s(...)?", name, name);
}

static bool missing_colon(const Rejection *r) {
    TokenKind first = r->parser->line_first.kind;
    if (!accepts(r, TK_COLON) || !opens_block(first) || begins_line(r)) return false;
    if (r->parser->layout.lexer.bracket_count) return false;
    if (first == TK_ELSE && r->token.kind == TK_IF) {
        return REJECT(r->token.span, "expected ':' (a further condition is written 'elif')");
    }
    bool forced = r->token.kind == TK_NEWLINE || first == TK_ELSE || first == TK_TRY ||
                  first == TK_FINALLY || first == TK_DEF || first == TK_CLASS || first == TK_ASYNC;
    if (!forced) return false;
    return REJECT(r->token.span, "expected ':'");
}

/* True if the token ends something that has a value. */
static bool ends_expression(TokenKind kind) {
    switch (kind) {
    case TK_NAME:
    case TK_INT:
    case TK_FLOAT:
    case TK_LEFT_OUT:
    case TK_STRING:
    case TK_BYTES:
    case TK_FSTRING_END:
    case TK_RPAREN:
    case TK_RBRACKET:
    case TK_RBRACE:
    case TK_TRUE:
    case TK_FALSE:
    case TK_NONE:
    case TK_ELLIPSIS: return true;
    default: return false;
    }
}

static bool single_equal(const Rejection *r) {
    if (r->token.kind != TK_EQUAL || !ends_expression(r->parser->previous.kind)) return false;
    TokenKind first = r->parser->line_first.kind;
    bool condition = first == TK_IF || first == TK_ELIF || first == TK_WHILE;
    if (!condition && !accepts(r, TK_EQUAL_EQUAL)) return false;
    if (condition && r->parser->previous.kind == TK_NAME) {
        return REJECT(span_join(r->parser->previous.span, r->token.span),
                      "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    }
    return REJECT(span_join(r->parser->previous.span, r->token.span),
                  "invalid syntax. Maybe you meant '==' instead of '='?");
}

/* Inside a replacement field that begins, or after its conversion. */
static bool formatted_field(const Rejection *r) {
    TokenKind previous = r->parser->previous.kind;
    if (previous == TK_FIELD_BANG) {
        return REJECT(r->token.span,
                      "f-string: invalid conversion character: expected 's', 'r', or 'a'");
    }
    if (r->parser->before_previous.kind == TK_FIELD_BANG)
        return REJECT(r->token.span, "f-string: expecting '}'");
    if (previous != TK_FIELD_OPEN) return false;
    r->parser->settled = true;
    switch (r->token.kind) {
    case TK_FIELD_CLOSE: return REJECT(r->token.span, "f-string: empty expression not allowed");
    case TK_FIELD_BANG: return REJECT(r->token.span, "f-string: expression required before '!'");
    case TK_FIELD_COLON: return REJECT(r->token.span, "f-string: expression required before ':'");
    case TK_EQUAL: return REJECT(r->token.span, "f-string: expression required before '='");
    case TK_STARSTAR:
        return REJECT(r->token.span, "f-string: cannot use double starred expression here");
    default: r->parser->settled = false; return false;
    }
}

/* The quotes that should have closed the f-string begin a string in its field. */
static bool quotes_in_field(const Rejection *r) {
    const Lexer *lexer = &r->parser->layout.lexer;
    bool opens = r->token.kind == TK_FSTRING_START;
    if (r->token.kind != TK_STRING && r->token.kind != TK_BYTES && !opens) return false;
    if (lexer->mode_count < 1u + opens) return false;
    const Mode *field = &lexer->modes[lexer->mode_count - 1 - opens];
    const char *text = r->parser->source->text + r->token.start;
    if (field->kind == MODE_TEXT || text[strcspn(text, "'\"")] != field->quote) return false;
    return REJECT(field->span, "f-string: expecting '}'");
}

static bool import_and_except(const Rejection *r) {
    Parser *parser = r->parser;
    if (begins_line(r)) return false;
    if (parser->line_first.kind == TK_FROM && r->token.kind == TK_NEWLINE &&
        parser->previous.kind == TK_COMMA) {
        return REJECT(parser->previous.span,
                      "trailing comma not allowed without surrounding parentheses");
    }
    if (parser->line_first.kind == TK_EXCEPT && r->token.kind == TK_COMMA &&
        parser->layout.lexer.bracket_count == 0) {
        return REJECT(r->token.span, "multiple exception types must be parenthesized");
    }
    return false;
}

/* Operators of other languages. */
static bool foreign_operator(const Rejection *r) {
    Parser *parser = r->parser;
    bool adjacent = parser->previous.end == r->token.start;
    if (!adjacent || parser->previous.kind != r->token.kind) return false;
    Span span = span_join(parser->previous.span, r->token.span);
    switch (r->token.kind) {
    case TK_AMPERSAND: return REJECT(span, "invalid syntax: '&&' is not an operator, write 'and'");
    case TK_BAR: return REJECT(span, "invalid syntax: '||' is not an operator, write 'or'");
    default: return false;
    }
}

static bool dict_value(const Rejection *r) {
    if (r->token.kind != TK_RBRACE && r->token.kind != TK_COMMA) return false;
    const Lexer *lexer = &r->parser->layout.lexer;
    bool inside = r->token.kind == TK_RBRACE ||
                  (lexer->bracket_count && lexer->brackets[lexer->bracket_count - 1].open == '{');
    if (r->parser->previous.kind == TK_COLON && inside) {
        return REJECT(r->parser->previous.span, "expression expected after dictionary key and ':'");
    }
    if (inside && ends_expression(r->parser->previous.kind) && accepts(r, TK_COLON) &&
        !accepts(r, TK_COMMA)) {
        return REJECT(r->parser->previous.span, "':' expected after dictionary key");
    }
    return false;
}

/* --- misspelt keywords --- */

static bool begins_simple_statement(TokenKind kind) {
    switch (kind) {
    case TK_RETURN:
    case TK_IMPORT:
    case TK_FROM:
    case TK_RAISE:
    case TK_ASSERT:
    case TK_DEL:
    case TK_GLOBAL:
    case TK_NONLOCAL:
    case TK_YIELD:
    case TK_AWAIT:
    case TK_NOT:
    case TK_PASS: return true;
    default: return false;
    }
}

static bool fits_line(const Rejection *r, TokenKind kind) {
    return line_has_colon(r, false) ? opens_block(kind) : begins_simple_statement(kind);
}

static bool fits_prefix(const Rejection *r, TokenKind kind) {
    (void)r;
    return kind == TK_LAMBDA || kind == TK_NOT || kind == TK_AWAIT || kind == TK_YIELD;
}

static bool fits_after_yield(const Rejection *r, TokenKind kind) {
    return kind == TK_FROM && r->parser->before_previous.kind == TK_YIELD;
}

static bool misspelt_keyword(const Rejection *r) {
    Parser *parser = r->parser;
    if (begins_line(r)) return suggest(r, &r->token, accepts);
    bool early =
        parser->line_tokens == 2 || (parser->line_tokens == 3 && parser->previous.kind == TK_COLON);
    if (early && suggest(r, &parser->line_first, fits_line)) return true;
    if (suggest(r, &r->token, accepts)) return true;
    if (suggest(r, &parser->previous, fits_after_yield)) return true;
    return parser->line_tokens > 2 && suggest(r, &parser->previous, fits_prefix);
}

/* --- everything else --- */

static bool begins_expression(TokenKind kind) {
    switch (kind) {
    case TK_NAME:
    case TK_INT:
    case TK_FLOAT:
    case TK_STRING:
    case TK_BYTES:
    case TK_FSTRING_START:
    case TK_LPAREN:
    case TK_LBRACKET:
    case TK_LBRACE:
    case TK_TRUE:
    case TK_FALSE:
    case TK_NONE:
    case TK_ELLIPSIS:
    case TK_LAMBDA:
    case TK_NOT:
    case TK_AWAIT:
    case TK_MINUS:
    case TK_PLUS:
    case TK_TILDE: return true;
    default: return false;
    }
}

static bool forgotten_comma(const Rejection *r) {
    const Lexer *lexer = &r->parser->layout.lexer;
    if (!lexer->bracket_count || !ends_expression(r->parser->previous.kind)) return false;
    if (!ends_expression(r->token.kind) && !begins_expression(r->token.kind)) return false;
    if (!accepts(r, TK_COMMA) || r->token.kind == TK_RPAREN || r->token.kind == TK_RBRACKET ||
        r->token.kind == TK_RBRACE) {
        return false;
    }
    return REJECT(span_join(r->parser->previous.span, r->token.span),
                  "invalid syntax. Perhaps you forgot a comma?");
}

/* What goes on after an expression that could also have ended. */
static bool continues_expression(TokenKind kind) {
    switch (kind) {
    case TK_DOT:
    case TK_LPAREN:
    case TK_LBRACKET:
    case TK_AND:
    case TK_OR:
    case TK_NOT:
    case TK_IS:
    case TK_STRING:
    case TK_BYTES:
    case TK_FSTRING_START:
    case TK_COLON_EQUAL:
    case TK_AT: return true;
    default: return (kind >= TK_PLUS && kind <= TK_STARSTAR_EQUAL);
    }
}

/* Writes what the automaton would take, at most four things; empty if there are more. */
static void describe_expected(const Rejection *r, Buffer *out) {
    const char *things[5];
    int count = 0;
    bool expression = accepts(r, TK_NAME) && accepts(r, TK_LPAREN) && accepts(r, TK_INT);
    bool after = !expression;
    if (accepts(r, TK_PASS)) {
        things[count++] = "a statement";
    } else {
        if (expression) things[count++] = "an expression";
        for (TokenKind kind = TK_END; kind < TK_START_FILE && count < 5; kind++) {
            if (expression && (begins_expression(kind) || kind == TK_STAR || kind == TK_STARSTAR ||
                               kind == TK_YIELD || kind == TK_ASYNC)) {
                continue;
            }
            if (after && continues_expression(kind)) continue;
            if (after && accepts(r, TK_AND) && (kind == TK_IN || kind == TK_IF)) continue;
            if (kind == TK_LEFT_OUT || !accepts(r, kind)) continue;
            const char *thing = token_description(kind);
            if (!count || strcmp(things[count - 1], thing) != 0) things[count++] = thing;
        }
    }
    if (count > 4) return;
    for (int i = 0; i < count; i++) {
        buffer_puts(out, i == 0 ? ", expected " : i + 1 < count ? ", " : " or ");
        buffer_puts(out, things[i]);
    }
}

static void generic(const Rejection *r) {
    Buffer expected = {0};
    describe_expected(r, &expected);
    const char *tail = expected.data ? expected.data : "";
    if (r->token.kind == TK_NAME || token_is_keyword(r->token.kind)) {
        int size;
        const char *text = token_source(r, &r->token, &size);
        bool reserved = token_is_keyword(r->token.kind) && accepts(r, TK_NAME);
        parser_fail(r->parser, r->token.span, "invalid syntax: found '%.*s'%s%s", size, text, tail,
                    reserved ? " (it is a keyword)" : "");
    } else {
        parser_fail(r->parser, r->token.span, "invalid syntax: found %s%s",
                    token_description(r->token.kind), tail);
    }
    buffer_free(&expected);
}

/* A statement was complete and another follows, where the prompt takes one. */
static bool second_statement(const Rejection *r) {
    if (!accepts(r, TK_END) || accepts(r, TK_PASS) || r->parser->previous.kind == TK_START_EVAL) {
        return false;
    }
    if (r->parser->previous.kind != TK_NEWLINE && r->parser->previous.kind != TK_DEDENT)
        return false;
    return REJECT(r->token.span, "multiple statements found while compiling a single statement");
}

void parser_reject(Parser *parser, const void *machine, Token token) {
    static bool (*const mistakes[])(const Rejection *) = {
        missing_block,    wrong_indentation, left_out,          second_statement,
        formatted_field,  quotes_in_field,   import_and_except, print_without_parentheses,
        missing_colon,    single_equal,      dict_value,        foreign_operator,
        misspelt_keyword, forgotten_comma,
    };
    if (parser->failed) return;
    Rejection rejection = {parser, machine, token};
    bool found = false;
    for (size_t i = 0; !found && i < sizeof mistakes / sizeof *mistakes; i++) {
        found = mistakes[i](&rejection);
    }
    if (!found) generic(&rejection);
    bool at_end = token.start == parser->source->size;
    parser->error->incomplete = at_end && (token.kind == TK_END || token.kind == TK_DEDENT);
}
