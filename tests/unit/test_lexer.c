/* SPDX-License-Identifier: MIT */
/* The lexer: kinds of tokens, decoded literals, f-string modes, positions, located errors.
 *
 * Each test lexes a small text and compares the kinds as one line, e.g. "NAME EQUAL INT END";
 * literals are looked at one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lexer/lexer.h"

typedef struct Run {
    Source *source;
    Arena arena;
    Diagnostic error;
    Lexer lexer;
} Run;

static void start(Run *run, const char *text, size_t size) {
    memset(run, 0, sizeof *run);
    run->source = source_new("test", text, size);
    lexer_init(&run->lexer, run->source, &run->arena, &run->error);
}

static void finish(Run *run) {
    lexer_free(&run->lexer);
    arena_free_all(&run->arena);
    source_free(run->source);
}

/* Lexes all of [text] and compares the names of the kinds. */
static void expect_kinds(const char *text, const char *kinds) {
    Run run;
    Token token;
    Buffer got = {0};
    start(&run, text, strlen(text));
    while (lexer_next(&run.lexer, &token)) {
        if (got.size) buffer_putc(&got, ' ');
        buffer_puts(&got, token_name(token.kind));
        if (token.kind == TK_END) break;
    }
    assert_null(run.error.kind);
    assert_string_equal(got.data, kinds);
    buffer_free(&got);
    finish(&run);
}

/* The first token of [text] has this kind and decoded text. */
static void expect_text(const char *text, TokenKind kind, const char *expected, size_t size) {
    Run run;
    Token token;
    start(&run, text, strlen(text));
    assert_true(lexer_next(&run.lexer, &token));
    assert_int_equal(token.kind, kind);
    assert_int_equal(token.size, size);
    assert_memory_equal(token.text, expected, size);
    finish(&run);
}

/* Lexing [text] fails with this message, whose kind is SyntaxError, at [line] and [column]. */
static void expect_error_in(const char *text, size_t size, const char *message, uint32_t line,
                            uint32_t column) {
    Run run;
    Token token;
    start(&run, text, size);
    while (lexer_next(&run.lexer, &token)) assert_int_not_equal(token.kind, TK_END);
    assert_string_equal(run.error.kind, "SyntaxError");
    assert_string_equal(run.error.message, message);
    assert_int_equal(run.error.line, line);
    assert_int_equal(run.error.column, column);
    assert_false(lexer_next(&run.lexer, &token));
    finish(&run);
}

static void expect_error(const char *text, const char *message, uint32_t line, uint32_t column) {
    expect_error_in(text, strlen(text), message, line, column);
}

static void every_fixed_token_lexes_as_itself(void **state) {
    (void)state;
    for (TokenKind kind = TK_AND; kind < TK_START_FILE; kind++) {
        const char *text = token_text(kind);
        if (!text || strchr(")]}", text[0])) continue;
        Run run;
        Token token;
        start(&run, text, strlen(text));
        assert_true(lexer_next(&run.lexer, &token));
        assert_int_equal(token.kind, kind);
        assert_int_equal(token.end, strlen(text));
        finish(&run);
    }
}

static void async_after_a_dot_is_a_name(void **state) {
    (void)state;
    expect_kinds("asyncio.async(await x)", "NAME DOT NAME LPAREN AWAIT NAME RPAREN END");
    expect_kinds("async . await", "ASYNC DOT NAME END");
}

static void integers_lose_underscores_and_keep_their_prefix(void **state) {
    (void)state;
    expect_text("1_000", TK_INT, "1000", 4);
    expect_text("0XFF_ff", TK_INT, "0xffff", 6);
    expect_text("0b1_0", TK_INT, "0b10", 4);
    expect_text("0_0", TK_INT, "00", 2);
    expect_kinds("1if 2else 3", "INT IF INT ELSE INT END");
    expect_kinds("0xfor x", "INT OR NAME END");
}

static void floats_are_converted(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double number;
    } cases[] = {
        {"1.5", 1.5},    {".5", .5},           {"5.", 5.}, {"1e3", 1000.}, {"1_0.2_5E-0_1", 1.025},
        {"012.5", 12.5}, {"1e999", 1e308 * 10}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Run run;
        Token token;
        start(&run, cases[i].text, strlen(cases[i].text));
        assert_true(lexer_next(&run.lexer, &token));
        assert_int_equal(token.kind, TK_FLOAT);
        assert_true(token.number == cases[i].number);
        finish(&run);
    }
}

static void wrong_numbers_are_named(void **state) {
    (void)state;
    expect_error("x = 0777",
                 "leading zeros in decimal integer literals are not permitted; use an 0o "
                 "prefix for octal integers",
                 1, 4);
    expect_error("1__0", "invalid decimal literal", 1, 0);
    expect_error("1abc", "invalid decimal literal", 1, 0);
    expect_error("0b12", "invalid digit '2' in binary literal", 1, 3);
    expect_error("0o8", "invalid digit '8' in octal literal", 1, 2);
    expect_error("0xg", "invalid hexadecimal literal", 1, 0);
    expect_error("0or 1", "invalid octal literal", 1, 0);
    expect_error("2 + 1.5j", "complex numbers are not part of Tulip", 1, 4);
}

static void strings_are_decoded(void **state) {
    (void)state;
    expect_text("'a\\n\\x41\\u00e9\\U0001F40D\\101\\\n'", TK_STRING,
                "a\nA\xC3\xA9\xF0\x9F\x90\x8D"
                "A",
                10);
    expect_text("'\\0'", TK_STRING, "\0", 1);
    expect_text("'\\d'", TK_STRING, "\\d", 2);
    expect_text("r'\\n'", TK_STRING, "\\n", 2);
    expect_text("'\\ud800'", TK_STRING, "\xED\xA0\x80", 3);
    expect_text("'''a'b''c\n'''", TK_STRING, "a'b''c\n", 7);
    expect_text("\"\"\"\\\"\"\"\"", TK_STRING, "\"", 1);
    expect_text("b'\\xff\\777'", TK_BYTES, "\xFF\xFF", 2);
    expect_text("Rb'\\x'", TK_BYTES, "\\x", 2);
    expect_text("u''", TK_STRING, "", 0);
}

static bool name_of_a_snake(const char *name, size_t n, uint32_t *codepoint) {
    *codepoint = 0x1F40D;
    return n == 5 && memcmp(name, "SNAKE", 5) == 0;
}

static void named_characters_come_from_the_table(void **state) {
    (void)state;
    expect_error("'\\N{SNAKE}'",
                 "(unicode error) 'unicodeescape' codec can't decode bytes in position "
                 "0-8: there is no table of character names",
                 1, 1);
    lexer_unicode_name = name_of_a_snake;
    expect_text("'\\N{SNAKE}'", TK_STRING, "\xF0\x9F\x90\x8D", 4);
    expect_error("'\\N{EEL}'",
                 "(unicode error) 'unicodeescape' codec can't decode bytes in position "
                 "0-6: unknown Unicode character name",
                 1, 1);
    expect_kinds("f'\\N{SNAKE}{x}'",
                 "FSTRING_START FSTRING_TEXT FIELD_OPEN NAME FIELD_CLOSE FSTRING_END END");
    lexer_unicode_name = NULL;
}

static void wrong_strings_are_named(void **state) {
    (void)state;
    expect_error("x = 'abc", "unterminated string literal (detected at line 1)", 1, 4);
    expect_error("'''a\nb", "unterminated triple-quoted string literal (detected at line 2)", 1, 0);
    expect_error("'\\x4'",
                 "(unicode error) 'unicodeescape' codec can't decode bytes in position 0-2: "
                 "truncated \\xXX escape",
                 1, 1);
    expect_error("'\\U00110000'",
                 "(unicode error) 'unicodeescape' codec can't decode bytes in "
                 "position 0-9: illegal Unicode character",
                 1, 1);
    expect_error("b'\\x4'", "(value error) invalid \\x escape at position 0", 1, 2);
    expect_error("b'\xC3\xA9'", "bytes can only contain ASCII literal characters", 1, 0);
}

static void formatted_strings_nest(void **state) {
    (void)state;
    expect_kinds(
        "f'a{x!r:>{w}}b'",
        "FSTRING_START FSTRING_TEXT FIELD_OPEN NAME FIELD_BANG NAME FIELD_COLON FSTRING_TEXT "
        "FIELD_OPEN NAME FIELD_CLOSE FIELD_CLOSE FSTRING_TEXT FSTRING_END END");
    expect_kinds("f'{f'{1}'}'", "FSTRING_START FIELD_OPEN FSTRING_START FIELD_OPEN INT FIELD_CLOSE "
                                "FSTRING_END FIELD_CLOSE FSTRING_END END");
    expect_kinds(
        "f'{a:=3}{(b:=3)}{c!=d}'",
        "FSTRING_START FIELD_OPEN NAME FIELD_COLON FSTRING_TEXT FIELD_CLOSE FIELD_OPEN LPAREN "
        "NAME COLON_EQUAL INT RPAREN FIELD_CLOSE FIELD_OPEN NAME NOT_EQUAL NAME FIELD_CLOSE "
        "FSTRING_END END");
    expect_kinds("f'{ {1: 2}[1] }'",
                 "FSTRING_START FIELD_OPEN LBRACE INT COLON INT RBRACE LBRACKET "
                 "INT RBRACKET FIELD_CLOSE FSTRING_END END");
    expect_text("'{{}}'", TK_STRING, "{{}}", 4);
}

/* Skips [skip] tokens of an f-string and compares the text of the next. */
static void expect_part(const char *text, int skip, const char *expected) {
    Run run;
    Token token;
    start(&run, text, strlen(text));
    while (skip-- >= 0) assert_true(lexer_next(&run.lexer, &token));
    assert_int_equal(token.kind, TK_FSTRING_TEXT);
    assert_string_equal(token.text, expected);
    finish(&run);
}

static void formatted_text_is_decoded(void **state) {
    (void)state;
    expect_part("f'{{a}}\\n'", 1, "{a}\n");
    expect_part("rf'\\n{x}'", 1, "\\n");
    expect_part("f'\\{x}'", 1, "\\");
    expect_part("f'''a\n'b''c'''", 1, "a\n'b''c");
}

static void wrong_formatted_strings_are_named(void **state) {
    (void)state;
    expect_error("f'}'", "f-string: single '}' is not allowed", 1, 2);
    expect_error("f'{a:b", "f-string: expecting '}'", 1, 6);
    expect_error("f'{a'", "f-string: expecting '}'", 1, 0);
    expect_error("f'abc", "unterminated f-string literal (detected at line 1)", 1, 0);
    expect_error("f'{(}'",
                 "f-string: closing parenthesis '}' does not match opening parenthesis '('", 1, 4);
}

static void identifiers_are_normalised(void **state) {
    (void)state;
    expect_text("na\xC3\xAFve", TK_NAME, "na\xC3\xAFve", 6);
    expect_text("\xEF\xAC\x81n", TK_NAME, "fin", 3); /* U+FB01, the ligature fi */
    Run run;
    Token first, second;
    start(&run, "caf\xC3\xA9 cafe\xCC\x81", 12);
    assert_true(lexer_next(&run.lexer, &first) && lexer_next(&run.lexer, &second));
    assert_ptr_equal(first.text, second.text);
    assert_int_equal(lexer_name_length(first.text), 5);
    finish(&run);
}

static void foreign_characters_are_named(void **state) {
    (void)state;
    expect_error("x = \xE2\x80\x9C"
                 "a",
                 "invalid character '\xE2\x80\x9C' (U+201C)", 1, 4);
    expect_error("a\xC2\xA0"
                 "b",
                 "invalid non-printable character U+00A0", 1, 1);
    expect_error("x = $", "invalid syntax: '$' begins no token", 1, 4);
    expect_error("a <> b", "invalid syntax: '<>' is not an operator, write '!='", 1, 2);
}

static void brackets_must_match(void **state) {
    (void)state;
    expect_error("x = 1)", "unmatched ')'", 1, 5);
    expect_error("(1]", "closing parenthesis ']' does not match opening parenthesis '('", 1, 2);
    expect_error("(1\n]",
                 "closing parenthesis ']' does not match opening parenthesis '(' on line 1", 2, 0);
    char deep[LEXER_MAX_NESTING + 2];
    memset(deep, '(', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    expect_error(deep, "too many nested parentheses (the limit is 1000)", 1, LEXER_MAX_NESTING);
}

static void bytes_that_are_no_text_are_located(void **state) {
    (void)state;
    expect_error_in("a\nb\0c", 5, "source code cannot contain null bytes", 2, 1);
    expect_error("a\n'\xFF'",
                 "Non-UTF-8 code starting with '\\xff' on line 2 (Tulip reads UTF-8 only)", 2, 1);
}

static void lines_are_joined_by_a_backslash(void **state) {
    (void)state;
    expect_kinds("a \\\n + b", "NAME PLUS NAME END");
    expect_error("a \\ b", "unexpected character after line continuation character", 1, 2);
    expect_error("a \\", "unexpected EOF while parsing", 1, 2);
}

static void positions_count_bytes_and_lines(void **state) {
    (void)state;
    Run run;
    Token token;
    const char *text = "'\xC3\xA9' '''a\nb''' c";
    start(&run, text, strlen(text));
    assert_true(lexer_next(&run.lexer, &token));
    assert_int_equal(token.span.end_column, 4);
    assert_true(lexer_next(&run.lexer, &token));
    assert_int_equal(token.span.line, 1);
    assert_int_equal(token.span.column, 5);
    assert_int_equal(token.span.end_line, 2);
    assert_int_equal(token.span.end_column, 4);
    assert_int_equal(source_column(run.source, 1, 5), 4);
    assert_true(lexer_next(&run.lexer, &token));
    assert_int_equal(token.span.line, 2);
    assert_int_equal(token.span.column, 5);
    finish(&run);
}

static void line_endings_and_the_mark_vanish(void **state) {
    (void)state;
    expect_kinds("\xEF\xBB\xBF"
                 "a\r\nb\rc\n",
                 "NAME NEWLINE NAME NEWLINE NAME NEWLINE END");
    expect_text("'''a\r\nb'''", TK_STRING, "a\nb", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixed_token_lexes_as_itself),
        cmocka_unit_test(async_after_a_dot_is_a_name),
        cmocka_unit_test(integers_lose_underscores_and_keep_their_prefix),
        cmocka_unit_test(floats_are_converted),
        cmocka_unit_test(wrong_numbers_are_named),
        cmocka_unit_test(strings_are_decoded),
        cmocka_unit_test(named_characters_come_from_the_table),
        cmocka_unit_test(wrong_strings_are_named),
        cmocka_unit_test(formatted_strings_nest),
        cmocka_unit_test(formatted_text_is_decoded),
        cmocka_unit_test(wrong_formatted_strings_are_named),
        cmocka_unit_test(identifiers_are_normalised),
        cmocka_unit_test(foreign_characters_are_named),
        cmocka_unit_test(brackets_must_match),
        cmocka_unit_test(bytes_that_are_no_text_are_located),
        cmocka_unit_test(lines_are_joined_by_a_backslash),
        cmocka_unit_test(positions_count_bytes_and_lines),
        cmocka_unit_test(line_endings_and_the_mark_vanish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
