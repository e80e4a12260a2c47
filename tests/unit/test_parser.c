/* SPDX-License-Identifier: MIT */
/* The parser: shapes of trees, spans, limits, and the messages for wrong programs.
 *
 * Shapes are compared through a compact print: the dump without field names' line breaks. Whole
 * files are compared with Python's own ast module by tests/tools/compare_ast.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parser/parser.h"

typedef struct Parse {
    Source *source;
    Arena arena;
    Diagnostic error;
    Node *root;
} Parse;

static void parse(Parse *p, const char *text, ParseMode mode) {
    memset(p, 0, sizeof *p);
    p->source = source_new("test", text, strlen(text));
    p->root = parse_source(p->source, mode, &p->arena, &p->error);
}

static void finish(Parse *p) {
    arena_free_all(&p->arena);
    source_free(p->source);
}

/* Removes line breaks and the blanks after them. */
static void squeeze(char *text) {
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from == '\n') {
            while (from[1] == ' ') from++;
            if (to > text && to[-1] == ',' && from[1]) *to++ = ' ';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* The dump of the expression [text] in one line. */
static void expect_expression(const char *text, const char *expected) {
    Parse p;
    parse(&p, text, PARSE_EVAL);
    if (!p.root) fail_msg("%s: %s", text, p.error.message);
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    ast_dump(out, AST(Expression, p.root)->body, NULL, &(Listing){0});
    fclose(out);
    squeeze(data);
    assert_string_equal(data, expected);
    free(data);
    finish(&p);
}

static void expect_statement(const char *text, const char *expected) {
    Parse p;
    parse(&p, text, PARSE_FILE);
    if (!p.root) fail_msg("%s: %s", text, p.error.message);
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    ast_dump(out, AST(Module, p.root)->body.items[0], NULL, &(Listing){0});
    fclose(out);
    squeeze(data);
    assert_string_equal(data, expected);
    free(data);
    finish(&p);
}

static void expect_ok(const char *text) {
    Parse p;
    parse(&p, text, PARSE_FILE);
    if (!p.root) fail_msg("%s: %s", text, p.error.message);
    finish(&p);
}

#define NAME(id) "Name(id='" id "', ctx=Load())"

static void precedence_is_pythons(void **state) {
    (void)state;
    expect_expression("a + b * c", "BinOp(left=" NAME("a") ", op=Add(), right=BinOp(left=" NAME(
                                       "b") ", op=Mult(), right=" NAME("c") "))");
    expect_expression("-a ** -b", "UnaryOp(op=USub(), operand=BinOp(left=" NAME(
                                      "a") ", op=Pow(), right="
                                           "UnaryOp(op=USub(), operand=" NAME("b") ")))");
    expect_expression("a ** b ** c", "BinOp(left=" NAME("a") ", op=Pow(), right=BinOp(left=" NAME(
                                         "b") ", op=Pow(), right=" NAME("c") "))");
    expect_expression("not a == b", "UnaryOp(op=Not(), operand=Compare(left=" NAME(
                                        "a") ", ops=[Eq()], comparators=[" NAME("b") "]))");
    expect_expression("a or b and c or d",
                      "BoolOp(op=Or(), values=[" NAME("a") ", BoolOp(op=And(), values=[" NAME(
                          "b") ", " NAME("c") "]), " NAME("d") "])");
    expect_expression("await a ** b",
                      "BinOp(left=Await(value=" NAME("a") "), op=Pow(), right=" NAME("b") ")");
}

static void comparisons_chain(void **state) {
    (void)state;
    expect_expression(
        "a < b is not c not in d",
        "Compare(left=" NAME("a") ", ops=[Lt(), IsNot(), NotIn()], comparators=[" NAME(
            "b") ", " NAME("c") ", " NAME("d") "])");
    expect_expression("(a < b) < c",
                      "Compare(left=Compare(left=" NAME("a") ", ops=[Lt()], comparators=[" NAME(
                          "b") "]), ops=[Lt()], comparators=[" NAME("c") "])");
}

static void calls_sort_their_arguments(void **state) {
    (void)state;
    expect_expression(
        "f(a, *b, c=1, **d)",
        "Call(func=" NAME("f") ", args=[" NAME("a") ", Starred(value=" NAME(
            "b") ", ctx=Load())], keywords=[keyword(arg='c', value=Constant(value=1)), "
                 "keyword(value=" NAME("d") ")])");
    expect_expression("f(async=1)",
                      "Call(func=" NAME("f") ", args=[], keywords=[keyword(arg='async', "
                                             "value=Constant(value=1))])");
}

static void strings_concatenate(void **state) {
    (void)state;
    expect_expression("'a' \"b\" 'c'", "Constant(value='abc')");
    expect_expression("b'a' b'\\xff'", "Constant(value=b'a\\xff')");
    expect_expression("u'x'", "Constant(value='x', kind='u')");
    expect_expression(
        "'a' f'{b!r:>{w}}' 'c'",
        "JoinedStr(values=[Constant(value='a'), FormattedValue(value=" NAME(
            "b") ", conversion=114, format_spec=JoinedStr(values=[Constant(value='>'), "
                 "FormattedValue(value=" NAME("w") ", conversion=-1)])), "
                                                   "Constant(value='c')])");
    expect_expression("f'{ a = }'",
                      "JoinedStr(values=[Constant(value=' a = '), FormattedValue(value=" NAME(
                          "a") ", conversion=114)])");
    expect_expression("f'{a=:3}'",
                      "JoinedStr(values=[Constant(value='a='), FormattedValue(value=" NAME(
                          "a") ", conversion=-1, "
                               "format_spec=JoinedStr(values=[Constant(value='3')]))])");
}

static void numbers_are_shown_as_python_does(void **state) {
    (void)state;
    expect_expression("0xFF", "Constant(value=255)");
    expect_expression("1e22", "Constant(value=1e+22)");
    expect_expression("0.1", "Constant(value=0.1)");
    expect_expression("100.0", "Constant(value=100.0)");
}

static void targets_get_their_context(void **state) {
    (void)state;
    expect_statement(
        "a, *b.c = d[0] = e",
        "Assign(targets=[Tuple(elts=[Name(id='a', ctx=Store()), "
        "Starred(value=Attribute(value=" NAME(
            "b") ", attr='c', ctx=Store()), "
                 "ctx=Store())], ctx=Store()), Subscript(value=" NAME(
                     "d") ", slice=Constant(value=0), ctx=Store())], value=" NAME("e") ")");
    expect_statement("del (a, b[0])",
                     "Delete(targets=[Tuple(elts=[Name(id='a', ctx=Del()), Subscript(value=" NAME(
                         "b") ", slice=Constant(value=0), ctx=Del())], ctx=Del())])");
}

static void elif_nests_in_orelse(void **state) {
    (void)state;
    expect_statement("if a: pass\nelif b: pass\nelse: c\n",
                     "If(test=" NAME("a") ", body=[Pass()], orelse=[If(test=" NAME(
                         "b") ", body=[Pass()], orelse=[Expr(value=" NAME("c") ")])])");
}

static void parameters_are_sorted(void **state) {
    (void)state;
    expect_statement(
        "def f(a, /, b=1, *c, d, e=2, **g): pass",
        "FunctionDef(name='f', args=arguments(posonlyargs=[arg(arg='a')], args=[arg(arg='b')], "
        "vararg=arg(arg='c'), kwonlyargs=[arg(arg='d'), arg(arg='e')], kw_defaults=[None, "
        "Constant(value=2)], kwarg=arg(arg='g'), defaults=[Constant(value=1)]), body=[Pass()], "
        "decorator_list=[])");
}

static void with_takes_parentheses(void **state) {
    (void)state;
    expect_statement("with (a as b, c): pass",
                     "With(items=[withitem(context_expr=" NAME(
                         "a") ", optional_vars=Name(id='b', ctx=Store())), "
                              "withitem(context_expr=" NAME("c") ")], body=[Pass()])");
    expect_statement("with (a, b) as c: pass",
                     "With(items=[withitem(context_expr=Tuple(elts=[" NAME("a") ", " NAME(
                         "b") "], ctx=Load()), optional_vars=Name(id='c', ctx=Store()))], "
                              "body=[Pass()])");
    expect_statement(
        "with (yield from sem): pass",
        "With(items=[withitem(context_expr=YieldFrom(value=" NAME("sem") "))], body=[Pass()])");
}

static void everything_of_the_language_is_accepted(void **state) {
    (void)state;
    static const char *const programs[] = {
        "",
        "x: int\nx: int = 3\na.b: c\n(y): int = 1\n",
        "x = yield\nx = yield a, b\nx += yield from y\n",
        "async def f():\n async for a in b: pass\n async with c as d, e: pass\n return [x async "
        "for x in y]\n",
        "from m import async\nfrom . import a\nfrom ...b import (c as d, e,)\nimport a.async, b as "
        "c\n",
        "print(*a, **b, c=d)\nlambda *a, b=1, **c: (yield)\n",
        "[x for x in y if a if b for z in w]\n{a: b for c in d}\n{*a, b}\n{**a, 'b': c}\n",
        "if (n := f()) > 1: pass\nx[a:b, ::c, ...]\nx[*a]\nx[n := 1]\n",
        "@d\n@e.f(1)\nclass A(B, metaclass=C): pass\n",
        "try: pass\nexcept (A, B) as e: pass\nexcept: pass\nelse: pass\nfinally: pass\n",
        "for x, in y: pass\nfor x in *a, b: break\nelse: pass\nwhile 1: continue\n",
        "match = case = type = 1\nmatch(x)\nmatch[x]: int\nprint(match, type)\n",
        "x = a if b else lambda: c\nassert a, b\nraise A from b\nglobal a, b\nnonlocal c\n",
        "def f(a, *, b: int = 1) -> 'x': return *a, b\n",
        "if 1:\n  pass; x = 1;\n# end",
    };
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) expect_ok(programs[i]);
}

typedef struct Wrong {
    const char *text, *kind, *message;
    uint32_t line, column;
} Wrong;

static void wrong_programs_are_explained(void **state) {
    (void)state;
    static const char syntax[] = "SyntaxError", indentation[] = "IndentationError";
    static const Wrong cases[] = {
        {"if x\n  pass", syntax, "expected ':'", 1, 4},
        {"if x = 3: pass", syntax, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?",
         1, 3},
        {"if x:\npass", indentation, "expected an indented block after 'if' statement on line 1", 2,
         0},
        {"def f():\n", indentation,
         "expected an indented block after function definition on line 1", 2, 0},
        {"x = 1\n  y = 2", indentation, "unexpected indent", 2, 0},
        {"try:\n  x\ny", syntax, "expected 'except' or 'finally' block", 3, 0},
        {"f() = 1", syntax,
         "cannot assign to function call here. Maybe you meant '==' instead of '='?", 1, 0},
        {"(a, 1) = b", syntax, "cannot assign to literal", 1, 4},
        {"None = 1", syntax, "cannot assign to None", 1, 0},
        {"a < b = c", syntax, "cannot assign to comparison", 1, 0},
        {"f() += 1", syntax, "'function call' is an illegal expression for augmented assignment", 1,
         0},
        {"del f()", syntax, "cannot delete function call", 1, 4},
        {"for f() in x: pass", syntax, "cannot assign to function call", 1, 4},
        {"(a, b): int", syntax, "only single target (not tuple) can be annotated", 1, 0},
        {"*a, *b = c", syntax, "multiple starred expressions in assignment", 1, 4},
        {"x = *y", syntax, "can't use starred expression here", 1, 4},
        {"(*x)", syntax, "cannot use starred expression here", 1, 1},
        {"(a.b := 1)", syntax, "cannot use assignment expressions with attribute", 1, 1},
        {"[x, y for x in z]", syntax, "did you forget parentheses around the comprehension target?",
         1, 1},
        {"[*x for x in y]", syntax, "iterable unpacking cannot be used in comprehension", 1, 1},
        {"{**x for x in y}", syntax, "dict unpacking cannot be used in dict comprehension", 1, 3},
        {"f(a=1, 2)", syntax, "positional argument follows keyword argument", 1, 7},
        {"f(**a, *b)", syntax, "iterable argument unpacking follows keyword argument unpacking", 1,
         7},
        {"f(a=1, b=2, a=3)", syntax, "keyword argument repeated: a", 1, 12},
        {"f(x for x in y, 1)", syntax, "Generator expression must be parenthesized", 1, 2},
        {"f(a.b=1)", syntax, "expression cannot contain assignment, perhaps you meant \"==\"?", 1,
         2},
        {"def f(a=1, b): pass", syntax, "non-default argument follows default argument", 1, 11},
        {"def f(*): pass", syntax, "named arguments must follow bare *", 1, 6},
        {"def f(**k, a): pass", syntax, "arguments cannot follow var-keyword argument", 1, 11},
        {"def f(/, a): pass", syntax, "at least one argument must precede /", 1, 6},
        {"def f(*a=1): pass", syntax, "var-positional argument cannot have default value", 1, 9},
        {"print 'a'", syntax, "Missing parentheses in call to 'print'. Did you mean print(...)?", 1,
         0},
        {"whle x:\n  pass", syntax, "invalid syntax. Did you mean 'while'?", 1, 0},
        {"retrun x", syntax, "invalid syntax. Did you mean 'return'?", 1, 0},
        {"for x im y: pass", syntax, "invalid syntax. Did you mean 'in'?", 1, 6},
        {"imoprt os", syntax, "invalid syntax. Did you mean 'import'?", 1, 0},
        {"try:\n  x\nexept:\n  y", syntax, "invalid syntax. Did you mean 'except'?", 3, 0},
        {"try:\n  x\nfinaly:\n  y", syntax, "invalid syntax. Did you mean 'finally'?", 3, 0},
        {"if x: y\nels: pass", syntax, "invalid syntax. Did you mean 'else'?", 2, 0},
        {"def f():\n  x = yield form g()", syntax, "invalid syntax. Did you mean 'from'?", 2, 12},
        {"f(a b)", syntax, "invalid syntax. Perhaps you forgot a comma?", 1, 2},
        {"x = (1,\ny = 2", syntax, "'(' was never closed", 1, 4},
        {"x = 1 +\n", syntax, "invalid syntax: found the end of the line, expected an expression",
         1, 7},
        {"x = )", syntax, "unmatched ')'", 1, 4},
        {"f(,)", syntax, "invalid syntax: found ',', expected an expression or ')'", 1, 2},
        {"x.class", syntax, "invalid syntax: found 'class', expected a name (it is a keyword)", 1,
         2},
        {"import a.b as", syntax, "invalid syntax: found the end of the line, expected a name", 1,
         13},
        {"from a import b,\n", syntax, "trailing comma not allowed without surrounding parentheses",
         1, 15},
        {"try: pass\nexcept A, B: pass", syntax, "multiple exception types must be parenthesized",
         2, 8},
        {"try: pass\nexcept: pass\nexcept A: pass", syntax, "default 'except:' must be last", 2, 0},
        {"f'{}'", syntax, "f-string: empty expression not allowed", 1, 3},
        {"'a' b'b'", syntax, "cannot mix bytes and nonbytes literals", 1, 0},
        {"a && b", syntax, "invalid syntax: '&&' is not an operator, write 'and'", 1, 2},
        {"x = (a as b)", syntax, "invalid syntax: found 'as', expected ',' or ')'", 1, 7},
        {"match x:\n  case 1: pass", syntax, "'match' statements are not part of Tulip", 1, 0},
        {"match (x):\n  case 1: pass", syntax, "'match' statements are not part of Tulip", 1, 0},
        {"try: pass\nexcept* A: pass", syntax, "'except*' is not part of Tulip", 2, 0},
        {"def f[T](x): pass", syntax, "type parameter syntax is not part of Tulip", 1, 5},
        {"type X = int", syntax, "'type' statements are not part of Tulip", 1, 0},
        {"x = y z\nw = 'abc", syntax, "unterminated string literal (detected at line 2)", 2, 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parse p;
        parse(&p, cases[i].text, PARSE_FILE);
        if (p.root) fail_msg("accepted: %s", cases[i].text);
        assert_string_equal(p.error.message, cases[i].message);
        assert_string_equal(p.error.kind, cases[i].kind);
        if (p.error.line != cases[i].line || p.error.column != cases[i].column) {
            fail_msg("%s: error at %u:%u", cases[i].text, p.error.line, p.error.column);
        }
        finish(&p);
    }
}

static void the_error_is_drawn_under_its_line(void **state) {
    (void)state;
    Parse p;
    Buffer out = {0};
    parse(&p, "def f():\n    if \xC3\xA9 = 3:\n        pass\n", PARSE_FILE);
    assert_null(p.root);
    diagnostic_render(&out, &p.error);
    assert_string_equal(out.data,
                        "  File \"test\", line 2\n"
                        "    if \xC3\xA9 = 3:\n"
                        "       ^^^\n"
                        "SyntaxError: invalid syntax. Maybe you meant '==' or ':=' instead "
                        "of '='?\n");
    buffer_free(&out);
    finish(&p);
}

static void incomplete_input_is_known(void **state) {
    (void)state;
    static const char *const begun[] = {"if x:\n", "x = (1,\n", "try:\n  a\n",
                                        "@d\n",    "'''a\n",    "class A:\n  def f(self):\n",
                                        "a = [\n"};
    static const char *const wrong[] = {"x = \n", "if x\n", "a b\n", "'a\n", "def f(:\n", "(a b\n"};
    Parse p;
    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++) {
        parse(&p, begun[i], PARSE_SINGLE);
        assert_null(p.root);
        if (!p.error.incomplete) fail_msg("complete: %s", begun[i]);
        finish(&p);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        parse(&p, wrong[i], PARSE_SINGLE);
        assert_null(p.root);
        if (p.error.incomplete) fail_msg("incomplete: %s", wrong[i]);
        finish(&p);
    }
}

static void modes_choose_what_is_parsed(void **state) {
    (void)state;
    Parse p;
    parse(&p, "a, b\n\n", PARSE_EVAL);
    assert_int_equal(p.root->kind, NODE_Expression);
    finish(&p);
    parse(&p, "a = 1", PARSE_EVAL);
    assert_null(p.root);
    finish(&p);
    parse(&p, "a; b\n", PARSE_SINGLE);
    assert_int_equal(p.root->kind, NODE_Interactive);
    assert_int_equal(AST(Interactive, p.root)->body.count, 2);
    finish(&p);
    parse(&p, "a\nb\n", PARSE_SINGLE);
    assert_string_equal(p.error.message,
                        "multiple statements found while compiling a single statement");
    finish(&p);
    parse(&p, "# nothing\n", PARSE_SINGLE);
    assert_int_equal(AST(Interactive, p.root)->body.count, 0);
    finish(&p);
}

/* [count] times [piece] between [before] and [after]. */
static char *repeat(const char *before, const char *piece, int count, const char *after) {
    Buffer text = {0};
    buffer_puts(&text, before);
    for (int i = 0; i < count; i++) buffer_puts(&text, piece);
    buffer_puts(&text, after);
    return text.data;
}

static void expect_repeated(const char *before, const char *piece, int count, const char *after,
                            bool ok) {
    Parse p;
    char *text = repeat(before, piece, count, after);
    parse(&p, text, PARSE_FILE);
    if (ok && !p.root) fail_msg("%d times '%s': %s", count, piece, p.error.message);
    if (!ok) {
        assert_null(p.root);
        assert_non_null(strstr(p.error.message, "too many nested"));
        assert_true(p.error.line >= 1);
    }
    if (p.root) assert_true(p.root->depth <= AST_MAX_DEPTH);
    free(text);
    finish(&p);
}

static void chains_have_no_limit(void **state) {
    (void)state;
    expect_repeated("x = 1", "+1", 100000, "\n", true);
    expect_repeated("x", ".a", 100000, "\n", true);
    expect_repeated("x", "()", 100000, "\n", true);
    expect_repeated("if a: pass\n", "elif a: pass\n", 100000, "else: pass\n", true);
    expect_repeated("a", " and a", 100000, "\n", true);
    expect_repeated("a", " < a", 100000, "\n", true);
    expect_repeated("", "'a' ", 100000, "\n", true);
    expect_repeated("[", "a,", 100000, "]\n", true);
    expect_repeated("import a", ".a", 50000, "\n", true);
}

static void nesting_has_a_limit(void **state) {
    (void)state;
    expect_repeated("", "(", 100000, "", false);
    expect_repeated("", "-", 900, "1", true);
    expect_repeated("", "-", 2000, "1", false);
    expect_repeated("", "-", 200000, "1", false);
    expect_repeated("", "not ", 2000, "1", false);
    expect_repeated("", "1 if 2 else ", 2000, "3", false);
    expect_repeated("", "lambda: ", 2000, "3", false);
    expect_repeated("", "2 ** ", 2000, "3", false);
    expect_repeated("", "f'{", 2000, "", false);
}

static void spans_follow_cpython(void **state) {
    (void)state;
    Parse p;
    parse(&p, "(a) + f(b)\nx = (1,\n 2)\n", PARSE_FILE);
    Node *first = AST(Module, p.root)->body.items[0];
    Node *sum = AST(Expr, first)->value;
    assert_int_equal(sum->span.column, 0);
    assert_int_equal(sum->span.end_column, 10);
    assert_int_equal(AST(BinOp, sum)->left->span.column, 1);
    assert_int_equal(AST(BinOp, sum)->right->span.column, 6);
    Node *second = AST(Module, p.root)->body.items[1];
    assert_int_equal(second->span.line, 2);
    assert_int_equal(second->span.end_line, 3);
    assert_int_equal(second->span.end_column, 3);
    finish(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence_is_pythons),
        cmocka_unit_test(comparisons_chain),
        cmocka_unit_test(calls_sort_their_arguments),
        cmocka_unit_test(strings_concatenate),
        cmocka_unit_test(numbers_are_shown_as_python_does),
        cmocka_unit_test(targets_get_their_context),
        cmocka_unit_test(elif_nests_in_orelse),
        cmocka_unit_test(parameters_are_sorted),
        cmocka_unit_test(with_takes_parentheses),
        cmocka_unit_test(everything_of_the_language_is_accepted),
        cmocka_unit_test(wrong_programs_are_explained),
        cmocka_unit_test(the_error_is_drawn_under_its_line),
        cmocka_unit_test(incomplete_input_is_known),
        cmocka_unit_test(modes_choose_what_is_parsed),
        cmocka_unit_test(chains_have_no_limit),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(spans_follow_cpython),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
