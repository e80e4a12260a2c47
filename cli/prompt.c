/* SPDX-License-Identifier: MIT */
/*
 * The prompt: a statement is read line by line until the parser says that it is whole, run, and its
 * value shown.
 *
 * Whether more is needed is the parser's word: an error it calls incomplete asks for another line,
 * and a compound statement goes on until an empty line. Each input is remembered under a name of
 * its own, so that tracebacks show the right lines also of functions that were defined long ago.
 *
 * Read next: parser/driver.c (incomplete input), stdlib/file.c.
 */
#include <stdio.h>
#include <string.h>

#include "cli/run.h"
#include "parser/parser.h"
#include "stdlib/file.h"
#include "stdlib/import.h"
#include "stdlib/sys.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef enum Need { NEED_NOTHING, NEED_A_LINE, NEED_AN_EMPTY_LINE } Need;

static bool is_compound(const Node *node) {
    switch (node->kind) {
    case NODE_FunctionDef:
    case NODE_ClassDef:
    case NODE_If:
    case NODE_For:
    case NODE_While:
    case NODE_With:
    case NODE_Try: return true;
    default: return false;
    }
}

static Need what_is_missing(const Buffer *input) {
    Source *source = source_new("<input>", input->data, input->size);
    Arena arena = {0};
    Diagnostic error = {0};
    Node *root = parse_source(source, PARSE_SINGLE, &arena, &error);
    Need need = NEED_NOTHING;
    if (!root && error.incomplete) need = NEED_A_LINE;
    if (root && AST(Interactive, root)->body.count > 0) {
        const NodeList *body = &AST(Interactive, root)->body;
        if (is_compound(body->items[body->count - 1])) need = NEED_AN_EMPTY_LINE;
    }
    arena_free_all(&arena);
    source_free(source);
    return need;
}

static bool is_blank(const char *line) { return line[strspn(line, " \t\n\f")] == '\0'; }

/* Does [input], whose last line was [line], make a whole? */
static bool is_whole(const Buffer *input, const char *line) {
    bool blank = is_blank(line);
    if (blank && input->size == strlen(line)) return true;
    Need need = what_is_missing(input);
    return need == NEED_NOTHING || (need == NEED_AN_EMPTY_LINE && blank);
}

/* sys.ps1 or ps2, or what they are when nobody has set them. */
static void show_prompt(Thread *t, bool first) {
    Value v = dict_get_str(t, stdlib_of(t)->sys->dict, first ? NAME_OF(t, ps1) : NAME_OF(t, ps2));
    Str *text = v == VALUE_UNSET ? NULL : value_str(t, v);
    if (!text && t->exception != VALUE_UNSET) exception_take(t);
    fputs(text ? text->data : first ? ">>> " : "... ", stdout);
    fflush(stdout);
}

/* One more line of standard input; NULL at its end or when reading raised. */
static Str *read_line(Thread *t) {
    File *in = file_of(t, dict_get_str(t, stdlib_of(t)->sys->dict, NAME_OF(t, stdin)));
    if (!in) {
        raise_error(t, EXC_RuntimeError, "lost sys.stdin");
        return NULL;
    }
    Str *line = file_read_line(t, in);
    return line && line->size ? line : NULL;
}

static void flush_output(Thread *t) {
    File *out = file_of(t, dict_get_str(t, stdlib_of(t)->sys->dict, NAME_OF(t, stdout)));
    if (out && !file_flush(t, out)) exception_take(t);
}

/* A whole statement; false at the end of the input. An interrupted one is dropped. */
static bool read_statement(Thread *t, Buffer *input) {
    input->size = 0;
    for (;;) {
        show_prompt(t, input->size == 0);
        Str *line = read_line(t);
        if (!line) {
            if (t->exception == VALUE_UNSET) return false;
            exception_take(t);
            fputs("\nKeyboardInterrupt\n", stdout);
            input->size = 0;
            continue;
        }
        buffer_append(input, line->data, line->size);
        if (is_whole(input, line->data)) return true;
    }
}

/* Runs it; false when the program is to end. */
static bool run_statement(Thread *t, Module *main, const Buffer *input, int number) {
    char name[32];
    snprintf(name, sizeof name, "<input-%d>", number);
    source_remember(t->vm, name, input->data, input->size);
    Buffer report = {0};
    Function *code =
        module_compile(t, name, input->data, input->size, COMPILE_SINGLE, main->dict, &report);
    if (!code && t->exception != VALUE_UNSET) {
        ending_of_exception(t);
        return true;
    }
    if (!code) {
        sys_write_report(t, report.data, report.size);
        buffer_free(&report);
        return true;
    }
    bool ok = function_run(t, code, VALUE_UNSET) != VALUE_ERROR;
    flush_output(t);
    if (ok) return true;
    if (exception_matches(t, EXC_SystemExit)) return false;
    ending_of_exception(t);
    return true;
}

Ending prompt(Thread *t, Module *main) {
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(main);
    printf("Tulip %s. Python's language, with coroutines in the machine. Ctrl-D ends it.\n",
           TULIP_VERSION);
    Buffer input = {0};
    Ending ending = {.status = STATUS_OK};
    for (int number = 1; read_statement(t, &input); number++) {
        if (is_blank(input.data)) continue;
        if (!run_statement(t, main, &input, number)) {
            ending = ending_of_exception(t);
            break;
        }
    }
    if (t->exception == VALUE_UNSET && ending.status == STATUS_OK) fputs("\n", stdout);
    fflush(stdout);
    buffer_free(&input);
    pop_roots(t, roots);
    return ending;
}
