/* SPDX-License-Identifier: MIT */
/* The rules of the lexer, for re2c.
 *
 * The whole text is in memory and ends with a NUL, so there is no buffer to fill. The longest
 * match wins, then the first rule; beside each rule for a string stands one for its unterminated
 * form, which can only be longer where the proper one does not match. Identifiers are bytes here:
 * those above 0x7F are looked at in identifier.c.
 *
 * Two functions hold rules: scan_code for programs and the expressions in f-strings, scan_text
 * for the literal parts and format specs of f-strings. lexer_next chooses by the mode on top of
 * the stack.
 *
 * Read next: lexer/layout.c.
 */
#include "lexer/lexer.h"

#include <stdlib.h>
#include <string.h>

#include "lexer/scan.h"

/*!re2c
    re2c:define:YYCTYPE = "unsigned char";
    re2c:define:YYCURSOR = "lexer->cursor";
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable = 0;

    end = "\x00";
    digit = [0-9];
    digits = digit ("_"? digit)*;
    zeros = "0" ("_"? "0")*;
    decimal = [1-9] ("_"? digit)*;
    hexadecimal = "0" [xX] ("_"? [0-9a-fA-F])+;
    octal = "0" [oO] ("_"? [0-7])+;
    binary = "0" [bB] ("_"? [01])+;
    point = digits? "." digits | digits ".";
    float = point | (digits | point) [eE] [+-]? digits;
    name = [a-zA-Z_\x80-\xFF] [a-zA-Z_0-9\x80-\xFF]*;
    prefix = [rRbBuU]? | [bB] [rR] | [rR] [bB];
    fprefix = [fF] | [fF] [rR] | [rR] [fF];
    pair = "\\" [^\x00];
    single = ([^'\\\n\x00] | pair)*;
    double = ([^"\\\n\x00] | pair)*;
    triple_single = (("'" | "''")? ([^'\\\x00] | pair))*;
    triple_double = (("\"" | "\"\"")? ([^"\\\x00] | pair))*;
*/

static Mode *top_mode(Lexer *lexer) {
    return lexer->mode_count ? &lexer->modes[lexer->mode_count - 1] : NULL;
}

/* True if the cursor is directly inside the braces of a replacement field, where `:` and `!` end
 * the expression. */
static bool at_field_level(Lexer *lexer) {
    Mode *mode = top_mode(lexer);
    return mode && mode->kind == MODE_FIELD && mode->brackets == lexer->bracket_count;
}

/* A literal that is not part of Tulip, for a source in which that raises when it is reached. */
static bool give_left_out(Lexer *lexer, Token *token, const char *start) {
    lexer_finish(lexer, token, TK_LEFT_OUT, start);
    token->text = "complex numbers";
    token->size = strlen(token->text);
    return true;
}

static bool give(Lexer *lexer, Token *token, TokenKind kind, const char *start) {
    lexer_finish(lexer, token, kind, start);
    return true;
}

static bool open_bracket(Lexer *lexer, Token *token, TokenKind kind, const char *start) {
    return lexer_open(lexer, *start) && give(lexer, token, kind, start);
}

static bool close_bracket(Lexer *lexer, Token *token, TokenKind kind, const char *start) {
    if (*start == '}' && at_field_level(lexer)) {
        lexer->mode_count--;
        kind = TK_FIELD_CLOSE;
    }
    return lexer_close(lexer, *start) && give(lexer, token, kind, start);
}

/* `:` where it ends the expression of a field: what follows is a format spec. */
static bool open_spec(Lexer *lexer, Token *token, const char *start) {
    lexer->cursor = start + 1;
    Mode field = *top_mode(lexer);
    Mode *spec = lexer_push_mode(lexer, MODE_SPEC);
    spec->quote = field.quote;
    spec->triple = field.triple;
    spec->raw = field.raw;
    spec->span = field.span;
    return give(lexer, token, TK_FIELD_COLON, start);
}

static bool open_fstring(Lexer *lexer, Token *token, const char *start, bool triple) {
    Span span = lexer_span(lexer, start, lexer->cursor);
    Mode *mode = lexer_push_mode(lexer, MODE_TEXT);
    mode->quote = lexer->cursor[-1];
    mode->triple = triple;
    for (const char *p = start; *p != mode->quote; p++) mode->raw |= *p == 'r' || *p == 'R';
    mode->span = span;
    return give(lexer, token, TK_FSTRING_START, start);
}

/* async and await are plain names after a dot, so that `asyncio.async(f)` can be written. */
static bool soft_keyword(Lexer *lexer, Token *token, TokenKind kind, const char *start) {
    if (lexer->previous == TK_DOT) return lexer_finish_identifier(lexer, token, start);
    return give(lexer, token, kind, start);
}

/* Goes on to the next line after a backslash; the text must not end there. */
static bool join_line(Lexer *lexer) {
    lexer->line++;
    lexer->line_start = lexer->cursor;
    if (lexer->cursor < lexer->limit) return true;
    lexer_fail(lexer, "SyntaxError", lexer_span(lexer, lexer->cursor, lexer->cursor),
               "unexpected EOF while parsing");
    lexer->error->incomplete = true;
    return false;
}

static bool unterminated(Lexer *lexer, const char *start, bool triple) {
    uint32_t line = lexer->line;
    const char *end = lexer->cursor;
    for (const char *p = start; p + 1 < end; p++) line += *p == '\n';
    bool at_end = end == lexer->limit;
    Span span = lexer_span(lexer, start, start + 1);
    Mode *mode = top_mode(lexer);
    if (!triple && mode && !mode->triple) {
        bool closes = start[strcspn(start, "'\"")] == mode->quote;
        return lexer_fail(lexer, "SyntaxError", closes ? mode->span : span,
                          closes ? "f-string: expecting '}'" : "f-string: unterminated string");
    }
    lexer_fail(lexer, "SyntaxError", span, "unterminated %sstring literal (detected at line %u)",
               triple ? "triple-quoted " : "", line);
    if (triple && at_end) lexer->error->incomplete = true;
    return false;
}

/* Reads one token of a program, or of an expression inside an f-string. */
static bool scan_code(Lexer *lexer, Token *token) {
    const char *marker;
    const char *start;
    for (;;) {
        start = lexer->cursor;
        /*!re2c
            [ \t\f]+ { continue; }
            "#" [^\n\x00]* {
                bool swallows_end = lexer_in_field(lexer) && !top_mode(lexer)->triple &&
                                    top_mode(lexer)->span.line == lexer->line;
                if (!swallows_end) continue;
                return lexer_fail(lexer, "SyntaxError", lexer_span(lexer, start, start + 1),
                                  "f-string expression part cannot include '#'");
            }
            "\\\n" { if (join_line(lexer)) continue; return false; }
            "\\" {
                lexer->weak = !lexer_in_field(lexer);
                if (!lexer->weak)
                    return lexer_fail(lexer, "SyntaxError", lexer_span(lexer, start, start + 1),
                                      "f-string expression part cannot include a backslash");
                return lexer_fail(lexer, "SyntaxError", lexer_span(lexer, start, start + 1),
                                  lexer->cursor == lexer->limit
                                      ? "unexpected EOF while parsing"
                                      : "unexpected character after line continuation character");
            }
            end { lexer->cursor = start; return give(lexer, token, TK_END, start); }
            "\n" { return give(lexer, token, TK_NEWLINE, start); }

            "and" { return give(lexer, token, TK_AND, start); }
            "as" { return give(lexer, token, TK_AS, start); }
            "assert" { return give(lexer, token, TK_ASSERT, start); }
            "async" { return soft_keyword(lexer, token, TK_ASYNC, start); }
            "await" { return soft_keyword(lexer, token, TK_AWAIT, start); }
            "break" { return give(lexer, token, TK_BREAK, start); }
            "class" { return give(lexer, token, TK_CLASS, start); }
            "continue" { return give(lexer, token, TK_CONTINUE, start); }
            "def" { return give(lexer, token, TK_DEF, start); }
            "del" { return give(lexer, token, TK_DEL, start); }
            "elif" { return give(lexer, token, TK_ELIF, start); }
            "else" { return give(lexer, token, TK_ELSE, start); }
            "except" { return give(lexer, token, TK_EXCEPT, start); }
            "False" { return give(lexer, token, TK_FALSE, start); }
            "finally" { return give(lexer, token, TK_FINALLY, start); }
            "for" { return give(lexer, token, TK_FOR, start); }
            "from" { return give(lexer, token, TK_FROM, start); }
            "global" { return give(lexer, token, TK_GLOBAL, start); }
            "if" { return give(lexer, token, TK_IF, start); }
            "import" { return give(lexer, token, TK_IMPORT, start); }
            "in" { return give(lexer, token, TK_IN, start); }
            "is" { return give(lexer, token, TK_IS, start); }
            "lambda" { return give(lexer, token, TK_LAMBDA, start); }
            "None" { return give(lexer, token, TK_NONE, start); }
            "nonlocal" { return give(lexer, token, TK_NONLOCAL, start); }
            "not" { return give(lexer, token, TK_NOT, start); }
            "or" { return give(lexer, token, TK_OR, start); }
            "pass" { return give(lexer, token, TK_PASS, start); }
            "raise" { return give(lexer, token, TK_RAISE, start); }
            "return" { return give(lexer, token, TK_RETURN, start); }
            "True" { return give(lexer, token, TK_TRUE, start); }
            "try" { return give(lexer, token, TK_TRY, start); }
            "while" { return give(lexer, token, TK_WHILE, start); }
            "with" { return give(lexer, token, TK_WITH, start); }
            "yield" { return give(lexer, token, TK_YIELD, start); }
            name { return lexer_finish_identifier(lexer, token, start); }

            zeros { return lexer_finish_number(lexer, token, TK_INT, start); }
            decimal { return lexer_finish_number(lexer, token, TK_INT, start); }
            hexadecimal { return lexer_finish_number(lexer, token, TK_INT, start); }
            octal { return lexer_finish_number(lexer, token, TK_INT, start); }
            binary { return lexer_finish_number(lexer, token, TK_INT, start); }
            float { return lexer_finish_number(lexer, token, TK_FLOAT, start); }
            digits { return lexer_refuse_number(lexer, start); }
            (digits | float) [jJ] {
                if (lexer->source->out_of_scope) return give_left_out(lexer, token, start);
                return lexer_fail(lexer, "SyntaxError", lexer_span(lexer, start, lexer->cursor),
                                  "complex numbers are not part of Tulip");
            }

            prefix "'" single "'" { return lexer_finish_string(lexer, token, start); }
            prefix "'" single { return unterminated(lexer, start, false); }
            prefix "\"" double "\"" { return lexer_finish_string(lexer, token, start); }
            prefix "\"" double { return unterminated(lexer, start, false); }
            prefix "'''" triple_single "'''" { return lexer_finish_string(lexer, token, start); }
            prefix "'''" triple_single "'"? "'"? { return unterminated(lexer, start, true); }
            prefix "\"\"\"" triple_double "\"\"\"" {
                return lexer_finish_string(lexer, token, start);
            }
            prefix "\"\"\"" triple_double "\""? "\""? { return unterminated(lexer, start, true); }
            fprefix ['"] { return open_fstring(lexer, token, start, false); }
            fprefix ("'''" | "\"\"\"") { return open_fstring(lexer, token, start, true); }

            "(" { return open_bracket(lexer, token, TK_LPAREN, start); }
            "[" { return open_bracket(lexer, token, TK_LBRACKET, start); }
            "{" { return open_bracket(lexer, token, TK_LBRACE, start); }
            ")" { return close_bracket(lexer, token, TK_RPAREN, start); }
            "]" { return close_bracket(lexer, token, TK_RBRACKET, start); }
            "}" { return close_bracket(lexer, token, TK_RBRACE, start); }
            ":" {
                if (at_field_level(lexer)) return open_spec(lexer, token, start);
                return give(lexer, token, TK_COLON, start);
            }
            ":=" {
                if (at_field_level(lexer)) return open_spec(lexer, token, start);
                return give(lexer, token, TK_COLON_EQUAL, start);
            }
            "!" {
                if (at_field_level(lexer)) return give(lexer, token, TK_FIELD_BANG, start);
                return lexer_refuse_character(lexer, start);
            }
            "," { return give(lexer, token, TK_COMMA, start); }
            "." { return give(lexer, token, TK_DOT, start); }
            ";" { return give(lexer, token, TK_SEMICOLON, start); }
            "@" { return give(lexer, token, TK_AT, start); }
            "->" { return give(lexer, token, TK_ARROW, start); }
            "..." { return give(lexer, token, TK_ELLIPSIS, start); }
            "=" { return give(lexer, token, TK_EQUAL, start); }
            "+" { return give(lexer, token, TK_PLUS, start); }
            "-" { return give(lexer, token, TK_MINUS, start); }
            "*" { return give(lexer, token, TK_STAR, start); }
            "**" { return give(lexer, token, TK_STARSTAR, start); }
            "/" { return give(lexer, token, TK_SLASH, start); }
            "//" { return give(lexer, token, TK_SLASHSLASH, start); }
            "%" { return give(lexer, token, TK_PERCENT, start); }
            "&" { return give(lexer, token, TK_AMPERSAND, start); }
            "|" { return give(lexer, token, TK_BAR, start); }
            "^" { return give(lexer, token, TK_CARET, start); }
            "~" { return give(lexer, token, TK_TILDE, start); }
            "<<" { return give(lexer, token, TK_LSHIFT, start); }
            ">>" { return give(lexer, token, TK_RSHIFT, start); }
            "<" { return give(lexer, token, TK_LESS, start); }
            ">" { return give(lexer, token, TK_GREATER, start); }
            "<=" { return give(lexer, token, TK_LESS_EQUAL, start); }
            ">=" { return give(lexer, token, TK_GREATER_EQUAL, start); }
            "==" { return give(lexer, token, TK_EQUAL_EQUAL, start); }
            "!=" | "<>" {
                if (*start == '<') return lexer_refuse_character(lexer, start);
                return give(lexer, token, TK_NOT_EQUAL, start);
            }
            "+=" { return give(lexer, token, TK_PLUS_EQUAL, start); }
            "-=" { return give(lexer, token, TK_MINUS_EQUAL, start); }
            "*=" { return give(lexer, token, TK_STAR_EQUAL, start); }
            "/=" { return give(lexer, token, TK_SLASH_EQUAL, start); }
            "//=" { return give(lexer, token, TK_SLASHSLASH_EQUAL, start); }
            "%=" { return give(lexer, token, TK_PERCENT_EQUAL, start); }
            "@=" { return give(lexer, token, TK_AT_EQUAL, start); }
            "&=" { return give(lexer, token, TK_AMPERSAND_EQUAL, start); }
            "|=" { return give(lexer, token, TK_BAR_EQUAL, start); }
            "^=" { return give(lexer, token, TK_CARET_EQUAL, start); }
            "<<=" { return give(lexer, token, TK_LSHIFT_EQUAL, start); }
            ">>=" { return give(lexer, token, TK_RSHIFT_EQUAL, start); }
            "**=" { return give(lexer, token, TK_STARSTAR_EQUAL, start); }
            * { return lexer_refuse_character(lexer, start); }
        */
    }
}

static bool open_field(Lexer *lexer, Token *token, const char *start) {
    if (!lexer_open(lexer, '{')) return false;
    Mode text = *top_mode(lexer);
    Mode *field = lexer_push_mode(lexer, MODE_FIELD);
    field->quote = text.quote;
    field->triple = text.triple;
    field->raw = text.raw;
    field->span = text.span;
    field->brackets = lexer->bracket_count;
    return give(lexer, token, TK_FIELD_OPEN, start);
}

/* `}` in a format spec ends the spec and its field. */
static bool close_field(Lexer *lexer, Token *token, const char *start) {
    lexer->mode_count -= 2;
    return lexer_close(lexer, '}') && give(lexer, token, TK_FIELD_CLOSE, start);
}

/* The end of the line or of the text, where the closing quotes should have been. */
static bool unterminated_fstring(Lexer *lexer) {
    Mode *mode = top_mode(lexer);
    if (mode->kind == MODE_SPEC) {
        lexer_fail(lexer, "SyntaxError", lexer_span(lexer, lexer->cursor, lexer->cursor),
                   "f-string: expecting '}'");
    } else {
        lexer_fail(lexer, "SyntaxError", mode->span,
                   "unterminated %sf-string literal (detected at line %u)",
                   mode->triple ? "triple-quoted " : "", lexer->line);
    }
    if (mode->triple && lexer->cursor == lexer->limit) lexer->error->incomplete = true;
    return false;
}

/* Gives the literal text from [start] to the cursor, which is in front of what ended it. */
static bool give_text(Lexer *lexer, Token *token, const char *start) {
    Mode mode = *top_mode(lexer);
    if (!lexer_decode_text(lexer, token, start, lexer->cursor, mode.raw, mode.kind == MODE_TEXT)) {
        return false;
    }
    return give(lexer, token, TK_FSTRING_TEXT, start);
}

/* Reads one token of an f-string's literal part or format spec. */
static bool scan_text(Lexer *lexer, Token *token) {
    const char *marker;
    const char *start = lexer->cursor;
    Mode *mode = top_mode(lexer);
    bool spec = mode->kind == MODE_SPEC;
    for (;;) {
        const char *piece = lexer->cursor;
        /*!re2c
            [^{}\\'"\n\x00]+ { continue; }
            "{{" | "}}" {
                if (!spec) continue;
                lexer->cursor = piece + 1;
                goto brace;
            }
            [{}] { goto brace; }
            "\\N{" [^{}\n\x00'"]* "}" { if (mode->raw) lexer->cursor = piece + 2; continue; }
            "\\" [{}] {
                lexer->cursor = piece + 1;
                continue;
            }
            pair { continue; }
            "\\" { continue; }
            "'''" | "\"\"\"" {
                if (*piece != mode->quote) { continue; }
                if (mode->triple) goto quotes;
                lexer->cursor = piece + 1;
                goto quotes;
            }
            ['"] {
                if (*piece == mode->quote && !mode->triple) goto quotes;
                continue;
            }
            "\n" {
                if (mode->triple) continue;
                lexer->cursor = piece;
                return unterminated_fstring(lexer);
            }
            end {
                lexer->cursor = piece;
                return unterminated_fstring(lexer);
            }
        */
    brace:
        if (piece > start) {
            lexer->cursor = piece;
            return give_text(lexer, token, start);
        }
        if (*piece == '{') return open_field(lexer, token, piece);
        if (spec) return close_field(lexer, token, piece);
        return lexer_fail(lexer, "SyntaxError", lexer_span(lexer, piece, piece + 1),
                          "f-string: single '}' is not allowed");
    quotes:
        if (spec) {
            lexer->cursor = piece;
            return unterminated_fstring(lexer);
        }
        if (piece > start) {
            lexer->cursor = piece;
            return give_text(lexer, token, start);
        }
        lexer->mode_count--;
        return give(lexer, token, TK_FSTRING_END, piece);
    }
}

bool lexer_next(Lexer *lexer, Token *token) {
    if (lexer->failed) return false;
    Mode *mode = top_mode(lexer);
    bool ok = !mode || mode->kind == MODE_FIELD ? scan_code(lexer, token) : scan_text(lexer, token);
    if (!ok) {
        lexer->failed = true;
        return false;
    }
    lexer->previous = token->kind;
    return true;
}
