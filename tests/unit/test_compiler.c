/* SPDX-License-Identifier: MIT */
/*
 * The compiler, seen through its code objects: which instructions it chooses, that locals need no
 * checks, how loops, handlers and suspensions are laid out, positions, captures, the wide format,
 * and that long spines and ladders compile. What compiled programs do is in tests/golden.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/buffer.h"
#include "compiler/compiler.h"
#include "compiler/unit.h"
#include "tests/unit/vm_fixture.h"
#include "vm/str.h"

static Diagnostic error;

/* ---- helpers ---- */

static Code *try_compile(const char *text, CompileMode mode, bool name_mode) {
    return compile_source(t, text, strlen(text), "test", mode, name_mode, &error);
}

static Code *compile(const char *text) {
    Code *code = try_compile(text, COMPILE_MODULE, false);
    if (!code) fail_msg("%s: %s", text, error.message);
    assert_null(verify_code(code));
    return code;
}

/* The [n]-th code object among the constants of [code]. */
static Code *inner(const Code *code, int n) {
    for (uint32_t i = 0; i < code->nconstants; i++)
        if (is_kind(code->constants[i], OBJ_CODE) && n-- == 0)
            return (Code *)object_of(code->constants[i]);
    fail_msg("no such inner code");
    return NULL;
}

static Code *function(const char *text) {
    Code *code = inner(compile(text), 0);
    assert_null(verify_code(code));
    return code;
}

static int count_ops(const Code *code, Opcode op) {
    int n = 0;
    for (uint32_t pc = 0; pc < code->size;) {
        Instruction i = code_decode(code, pc);
        n += i.op == op;
        pc += 1u + opcode_info[i.op].extra;
    }
    return n;
}

/* The instructions' names, separated by spaces. */
static void assert_ops(const Code *code, const char *expected) {
    Buffer names = {0};
    for (uint32_t pc = 0; pc < code->size;) {
        Instruction i = code_decode(code, pc);
        if (pc) buffer_putc(&names, ' ');
        buffer_puts(&names, opcode_info[i.op].name);
        pc += 1u + opcode_info[i.op].extra;
    }
    assert_string_equal(names.data, expected);
    buffer_free(&names);
}

static void assert_error(const char *text, const char *message, uint32_t line, uint32_t column) {
    assert_null(try_compile(text, COMPILE_MODULE, false));
    assert_string_equal(error.message, message);
    assert_int_equal(error.line, line);
    assert_int_equal(error.column, column);
}

/* ---- tests ---- */

static void operators_write_their_target(void **state) {
    (void)state;
    assert_ops(function("def f(a, b):\n    x = a + b * 2\n    return x\n"), "MULI ADD RETURN");
    assert_ops(function("def f(a):\n    a += 1\n    a -= a\n    return -a\n"),
               "IADDI ISUB NEG RETURN");
    assert_ops(function("def f(a, b):\n    a, b = b, a + b\n    return a\n"),
               "ADD MOVE MOVE RETURN");
}

static void constants_are_folded(void **state) {
    (void)state;
    assert_ops(function("def f():\n    return 2 * 3 + 4\n"), "LOADI RETURN");
    assert_ops(function("def f():\n    return (1, -2, 'x')\n"), "LOADK RETURN");
    assert_ops(function("def f():\n    return 1 / 0\n"), "LOADI LOADI TRUEDIV RETURN");
    assert_ops(function("def f(a):\n    if 0:\n        a()\n    while 1:\n        a = 2\n"),
               "JUMP LOADI JUMP_BACK");
}

static void conditions_jump(void **state) {
    (void)state;
    assert_ops(function("def f(a, b):\n    if a < b and not a == 3:\n        return 1\n"),
               "JLT JEQI LOADI RETURN RETURN_NONE");
    assert_ops(function("def f(a):\n    return 1 if a is None else 2\n"),
               "JNOT_NONE LOADI RETURN LOADI RETURN");
}

static void locals_are_checked_only_in_doubt(void **state) {
    (void)state;
    Code *sure = function("def f(a):\n    x = 1\n    for i in a:\n        x += i\n    return x\n");
    assert_int_equal(count_ops(sure, OP_CHECK_LOCAL), 0);
    Code *doubt = function("def f(a):\n    if a:\n        x = 1\n    return x\n");
    assert_int_equal(count_ops(doubt, OP_CHECK_LOCAL), 1);
    Code *both =
        function("def f(a):\n    if a:\n        x = 1\n    else:\n        x = 2\n    return x\n");
    assert_int_equal(count_ops(both, OP_CHECK_LOCAL), 0);
    Code *deleted = function("def f(x):\n    while x:\n        print(x)\n        del x\n");
    assert_int_equal(count_ops(deleted, OP_CHECK_LOCAL), 2); /* body, second test */
}

static void for_puts_items_in_the_variable(void **state) {
    (void)state;
    assert_ops(function("def f(a):\n    for x in a:\n        pass\n"),
               "GET_ITER FOR_ITER JUMP_BACK RETURN_NONE");
    assert_ops(function("def f(a):\n    for x in a():\n        pass\n"),
               "MOVE CALL GET_ITER_OWNED FOR_ITER JUMP_BACK CLOSE_OWNED RERAISE RETURN_NONE");
    Code *same = function("def f(a):\n    for x in a:\n        for x in x:\n            pass\n");
    assert_int_equal(count_ops(same, OP_MOVE), 1);
}

static void captured_variables_are_cells(void **state) {
    (void)state;
    Code *outer = function("def f(a):\n    b = a\n    return lambda: a + b\n");
    assert_int_equal(outer->ncells, 2);
    assert_int_equal(count_ops(outer, OP_MAKE_CELL), 2);
    Code *lambda = inner(outer, 0);
    assert_int_equal(lambda->ncaptures, 2);
    assert_true(lambda->captures[0].from_register);
    assert_int_equal(lambda->captures[0].index, 0);
    assert_int_equal(count_ops(lambda, OP_LOAD_FREE), 2);
    assert_string_equal(lambda->qualname->data, "f.<locals>.<lambda>");
}

static void methods_count_attributes_and_know_their_class(void **state) {
    (void)state;
    Code *body = function("class A:\n"
                          "    def __init__(self, x):\n"
                          "        super().__init__()\n"
                          "        self.x = self.y = x\n"
                          "    def g(this):\n"
                          "        this.x += 1; this.__z = 2\n");
    assert_int_equal(body->attribute_hint, 3);
    assert_int_equal(count_ops(body, OP_MAKE_CELL), 1);
    assert_string_equal(inner(body, 0)->capture_names[0]->data, "__class__");
}

static void parameters_have_the_first_registers(void **state) {
    (void)state;
    Code *code = function("def f(a, /, b, c=1, *args, d, e=2, **kw): x = 1\n");
    static const char *const names[] = {"a", "b", "c", "d", "e", "args", "kw", "x"};
    for (int i = 0; i < 8; i++) assert_string_equal(code->register_names[i]->data, names[i]);
    assert_int_equal(code->positional, 3);
    assert_int_equal(code->positional_only, 1);
    assert_int_equal(code->keyword_only, 2);
    assert_int_equal(code->parameters, 7);
    assert_false(code->flags & CODE_SIMPLE);
    assert_true(function("def f(a, b): pass\n")->flags & CODE_SIMPLE);
}

static void inner_handlers_come_first(void **state) {
    (void)state;
    Code *code = function("def f():\n"
                          "    try:\n"
                          "        try:\n"
                          "            a()\n"
                          "        except E:\n"
                          "            b()\n"
                          "    finally:\n"
                          "        c()\n");
    assert_true(code->nhandlers >= 3);
    assert_true(code->handlers[0].end - code->handlers[0].start <
                code->handlers[2].end - code->handlers[2].start);
    /* the normal and the exceptional copy of finally */
    int names = 0;
    for (uint32_t pc = 0; pc < code->size; pc += 1u + opcode_info[code_decode(code, pc).op].extra) {
        Instruction i = code_decode(code, pc);
        names += i.op == OP_LOAD_GLOBAL && STR(code->constants[i.bx])->data[0] == 'c';
    }
    assert_int_equal(names, 2);
}

static void suspension_inside_a_handler_leaves_it(void **state) {
    (void)state;
    Code *code = function("def g():\n"
                          "    try:\n"
                          "        pass\n"
                          "    finally:\n"
                          "        a()\n"
                          "    yield 2\n");
    assert_true(code->flags & CODE_GENERATOR);
    assert_false(code->flags & CODE_HAS_CLEANUP);
    code = function("def g():\n    try:\n        a()\n    except E:\n        yield 1\n");
    assert_true(code->flags & CODE_HAS_CLEANUP);
    assert_int_equal(count_ops(code, OP_EXC_ENTER), 3);
    assert_int_equal(count_ops(code, OP_EXC_LEAVE), 4);
}

static void positions_are_those_of_the_expressions(void **state) {
    (void)state;
    Code *code = function("def f(é, b):\n    return é.x + (b\n      [0])\n");
    for (uint32_t pc = 0; pc < code->size; pc += 1u + opcode_info[code_decode(code, pc).op].extra) {
        CodePosition p = code_position(code, pc);
        if (code_decode(code, pc).op == OP_LOAD_ATTR) {
            assert_int_equal(p.line, 2);
            assert_int_equal(p.column, 11);
            assert_int_equal(p.end_column, 14);
        }
        if (code_decode(code, pc).op == OP_GETITEM) {
            assert_int_equal(p.column, 18);
            assert_int_equal(p.end_line, 3);
            assert_int_equal(p.end_column, 9);
        }
    }
    assert_int_equal(code->first_line, 1);
}

static void name_mode_uses_the_mapping(void **state) {
    (void)state;
    Code *code = try_compile("x = y", COMPILE_MODULE, true);
    assert_ops(code, "LOAD_NAME STORE_NAME RETURN_NONE");
    assert_true(code->flags & CODE_NAME_MODE);
    assert_int_equal(code->parameters, 1);
    assert_ops(try_compile("1 + x", COMPILE_EVAL, false), "LOADI LOAD_GLOBAL ADD RETURN");
    assert_ops(try_compile("x", COMPILE_SINGLE, false), "LOAD_GLOBAL PRINT_EXPR RETURN_NONE");
}

static void many_registers_make_it_wide(void **state) {
    (void)state;
    Buffer text = {0};
    buffer_puts(&text, "def f():\n");
    for (int i = 0; i < 400; i++) buffer_printf(&text, "    x%d = %d\n", i, i);
    buffer_puts(&text, "    while x399 < 5:\n        x399 += x0\n    return x399\n");
    Code *code = function(text.data);
    assert_true(code->flags & CODE_WIDE);
    assert_int_equal(count_ops(code, OP_JLTI), 2);
    buffer_free(&text);
}

static void long_chains_compile(void **state) {
    (void)state;
    static const char *const pieces[] = {"+1", "+y", ".a", "()", "[0]", ".a()"};
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
        Buffer text = {0};
        buffer_puts(&text, "x = y");
        for (int i = 0; i < 20000; i++) buffer_puts(&text, pieces[p]);
        assert_true(compile(text.data)->nregisters < 8);
        buffer_free(&text);
    }
    Buffer ladder = {0};
    buffer_puts(&ladder, "if x: pass\n");
    for (int i = 0; i < 20000; i++) buffer_puts(&ladder, "elif y: z = 1\n");
    compile(ladder.data);
    buffer_free(&ladder);
}

static void errors_are_pythons(void **state) {
    (void)state;
    assert_error("return 1", "'return' outside function", 1, 0);
    assert_error("def f(a, a): pass", "duplicate argument 'a' in function definition", 1, 9);
    assert_error("def f():\n    print(x)\n    global x\n",
                 "name 'x' is used prior to global declaration", 3, 4);
    assert_error("def f():\n    nonlocal x\n", "no binding for nonlocal 'x' found", 2, 4);
    assert_error("[(yield x) for x in y]", "'yield' inside list comprehension", 1, 2);
    assert_error("def f():\n    await x\n", "'await' outside async function", 2, 4);
    assert_error("while 1:\n    def f(): break\n", "'break' outside loop", 2, 13);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_write_their_target),
        cmocka_unit_test(constants_are_folded),
        cmocka_unit_test(conditions_jump),
        cmocka_unit_test(locals_are_checked_only_in_doubt),
        cmocka_unit_test(for_puts_items_in_the_variable),
        cmocka_unit_test(captured_variables_are_cells),
        cmocka_unit_test(methods_count_attributes_and_know_their_class),
        cmocka_unit_test(parameters_have_the_first_registers),
        cmocka_unit_test(inner_handlers_come_first),
        cmocka_unit_test(suspension_inside_a_handler_leaves_it),
        cmocka_unit_test(positions_are_those_of_the_expressions),
        cmocka_unit_test(name_mode_uses_the_mapping),
        cmocka_unit_test(many_registers_make_it_wide),
        cmocka_unit_test(long_chains_compile),
        cmocka_unit_test(errors_are_pythons),
    };
    return cmocka_run_group_tests(tests, start_vm, stop_vm);
}
