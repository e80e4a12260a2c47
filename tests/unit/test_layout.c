/* SPDX-License-Identifier: MIT */
/* The layout stage: NEWLINE, INDENT and DEDENT, joined lines, and the errors of indentation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lexer/layout.h"

/* Lays out [text] and writes one letter per token: n NEWLINE, > INDENT, < DEDENT, . END, x others.
 * Gives false on an error, described in [error], whose source is released. */
static bool sketch(const char *text, Buffer *out, Diagnostic *error) {
    Source *source = source_new("test", text, strlen(text));
    Arena arena = {0};
    Layout layout;
    Token token;
    bool ok;
    layout_init(&layout, source, &arena, error);
    while ((ok = layout_next(&layout, &token))) {
        char letter = token.kind == TK_NEWLINE  ? 'n'
                      : token.kind == TK_INDENT ? '>'
                      : token.kind == TK_DEDENT ? '<'
                      : token.kind == TK_END    ? '.'
                                                : 'x';
        buffer_putc(out, letter);
        if (token.kind == TK_END) break;
    }
    layout_free(&layout);
    arena_free_all(&arena);
    source_free(source);
    return ok;
}

static void expect(const char *text, const char *letters) {
    Buffer got = {0};
    Diagnostic error = {0};
    assert_true(sketch(text, &got, &error));
    assert_string_equal(got.data, letters);
    buffer_free(&got);
}

static void expect_error(const char *text, const char *kind, const char *message, uint32_t line) {
    Buffer got = {0};
    Diagnostic error = {0};
    assert_false(sketch(text, &got, &error));
    assert_string_equal(error.kind, kind);
    assert_string_equal(error.message, message);
    assert_int_equal(error.line, line);
    buffer_free(&got);
}

static void lines_end_with_newline(void **state) {
    (void)state;
    expect("", ".");
    expect("\n\n# only\n   # comments\n", ".");
    expect("a", "xn.");
    expect("a\n", "xn.");
    expect("a\n\n\n  \nb # c\n", "xnxn.");
}

static void blocks_open_and_close(void **state) {
    (void)state;
    expect("if a:\n  b\n  c\nd\n", "xxxn>xnxn<xn.");
    expect("a:\n b:\n  c", "xxn>xxn>xn<<.");
    expect("a:\n b:\n  c\n d\ne", "xxn>xxn>xn<xn<xn.");
    expect("a:\n  b\n# comment\n\n  c\n", "xxn>xnxn<.");
    expect("a:\n\tb\n\tc\n", "xxn>xnxn<.");
    expect("a:\n  \fb\n", "xxnxn.");
}

static void brackets_join_lines(void **state) {
    (void)state;
    expect("(a,\n        b\n # c\n)\nd", "xxxxxnxn.");
    expect("f'''{\na\n}'''\n", "xxxxxn.");
    expect("'''a\n  b'''\nc", "xnxn.");
    expect("a \\\n    b\n", "xxn.");
    expect("if a:\n  \\\n      b\n  c\n", "xxxn>xnxn<.");
}

static void indentation_must_agree(void **state) {
    (void)state;
    expect_error("a:\n    b\n  c\n", "IndentationError",
                 "unindent does not match any outer indentation level", 3);
    expect_error("a:\n        b\n\tc\n", "TabError",
                 "inconsistent use of tabs and spaces in indentation", 3);
    expect_error("a:\n\tb:\n        c\n", "TabError",
                 "inconsistent use of tabs and spaces in indentation", 3);
    expect_error("a:\n    b\n  $\n", "IndentationError",
                 "unindent does not match any outer indentation level", 3);
}

static void an_open_bracket_is_incomplete(void **state) {
    (void)state;
    Buffer got = {0};
    Diagnostic error = {0};
    assert_false(sketch("a\n(b, [c\n\n", &got, &error));
    assert_string_equal(error.message, "'[' was never closed");
    assert_int_equal(error.line, 2);
    assert_int_equal(error.column, 4);
    assert_true(error.incomplete);
    buffer_free(&got);
}

static void nesting_is_limited(void **state) {
    (void)state;
    Buffer text = {0};
    for (int i = 0; i <= LEXER_MAX_NESTING + 1; i++) {
        for (int k = 0; k < i; k++) buffer_putc(&text, ' ');
        buffer_puts(&text, "a:\n");
    }
    expect_error(text.data, "IndentationError",
                 "too many levels of indentation (the limit is 1000)", LEXER_MAX_NESTING + 2);
    buffer_free(&text);
}

static void the_dump_shows_positions_and_text(void **state) {
    (void)state;
    const char *text = "if \xC3\xA9:\n    x = 'a'\n";
    Source *source = source_new("test", text, strlen(text));
    Diagnostic error = {0};
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    assert_true(tokens_dump(out, source, &(Listing){0}, &error));
    fclose(out);
    assert_string_equal(data, "    1 \xE2\x94\x82 if \xC3\xA9:\n"
                              "        1:0-1:2             IF               if\n"
                              "        1:3-1:4             NAME             \xC3\xA9\n"
                              "        1:4-1:5             COLON            :\n"
                              "        1:5-1:6             NEWLINE          \\n\n"
                              "    2 \xE2\x94\x82     x = 'a'\n"
                              "        2:0-2:4             INDENT               \n"
                              "        2:4-2:5             NAME             x\n"
                              "        2:6-2:7             EQUAL            =\n"
                              "        2:8-2:11            STRING           'a'\n"
                              "        2:11-2:12           NEWLINE          \\n\n"
                              "        3:0-3:0             DEDENT\n"
                              "        3:0-3:0             END\n");
    free(data);
    source_free(source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_with_newline),
        cmocka_unit_test(blocks_open_and_close),
        cmocka_unit_test(brackets_join_lines),
        cmocka_unit_test(indentation_must_agree),
        cmocka_unit_test(an_open_bracket_is_incomplete),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(the_dump_shows_positions_and_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
