/* SPDX-License-Identifier: MIT */
/*
 * The module tulip: Tulip's own window into the machine.
 *
 * Read next: loop/deadlock.c, vm/probe.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "compiler/compiler.h"
#include "lexer/layout.h"
#include "loop/report.h"
#include "loop/tree.h"
#include "parser/parser.h"
#include "stdlib/stdlib.h"
#include "vm/class.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/generator.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value virtual_time(Thread *t, Value *args) {
    (void)args;
    return bool_value(t->vm->clock.is_virtual);
}

static Value lost_errors(Thread *t, Value *args) {
    (void)args;
    return int_from_uint64(t, loop_lost_errors(t->vm));
}

static Value collections(Thread *t, Value *args) {
    (void)args;
    return int_from_uint64(t, t->vm->heap.cycles);
}

static Value tasks(Thread *t, Value *args) {
    (void)args;
    return tree_tasks(t);
}

static Value threads(Thread *t, Value *args) {
    (void)args;
    return tree_threads(t);
}

static Value print_tasks(Thread *t, Value *args) {
    Buffer out = {0};
    tree_put_all(t, &out);
    if (args[0] == VALUE_NONE) {
        report_text(t, out.data, out.size);
        buffer_free(&out);
        return VALUE_NONE;
    }
    Value text = object_value(str_from_buffer(t, &out));
    Value written = call_method(t, args[0], NAME_OF(t, write), &text, 1);
    return written == VALUE_ERROR ? VALUE_ERROR : VALUE_NONE;
}

/* The number of [v] among [names], which end with NULL; -1 raised. */
static int find_name(Thread *t, Value v, const char *(*names)(int), const char *what) {
    int i = 0;
    for (; is_str(v) && names(i); i++) {
        if (!strcmp(STR(v)->data, names(i))) return i;
    }
    raise_error(t, EXC_ValueError, "no such %s: %R", what, v);
    return -1;
}

static Value action_value(Thread *t, int kind) {
    return object_value(str_from(t, report_action_name(loop_state(t)->actions[kind])));
}

static Value reports(Thread *t, Value *args) {
    if (args[0] == VALUE_NONE) {
        Dict *all = dict_new(t);
        for (int kind = 0; report_kind_name(kind); kind++)
            dict_set_str(t, all, str_from(t, report_kind_name(kind)), action_value(t, kind));
        return object_value(all);
    }
    int kind = find_name(t, args[0], report_kind_name, "kind of report");
    if (kind < 0) return VALUE_ERROR;
    Value before = action_value(t, kind);
    if (args[1] == VALUE_NONE) return before;
    int action = find_name(t, args[1], report_action_name, "action");
    if (action < 0) return VALUE_ERROR;
    loop_state(t)->actions[kind] = (ReportAction)action;
    return before;
}

/* ---- the stages ---- */

/* From arguments json, color and a third one. */
static Listing listing_of(const Value *args) {
    return (Listing){.json = args[0] == VALUE_TRUE,
                     .color = args[1] == VALUE_TRUE,
                     .lines = args[2] == VALUE_TRUE,
                     .caches = args[2] == VALUE_TRUE};
}

/* The code object behind a function, method, generator or coroutine; NULL: there is none. */
static const Code *code_behind(Value v) {
    if (is_kind(v, OBJ_METHOD)) v = ((const Method *)object_of(v))->function;
    if (is_generator_kind(v)) v = object_value(GENERATOR(v)->frame.function);
    if (is_kind(v, OBJ_FUNCTION)) return FUNCTION(v)->code;
    return is_kind(v, OBJ_CODE) ? (const Code *)object_of(v) : NULL;
}

static Value disassemble(Thread *t, Value *args) {
    const Code *code = code_behind(args[0]);
    if (!code)
        return raise_error(t, EXC_TypeError,
                           "disassemble() takes a function or a code object, not '%T'", args[0]);
    if (args[4] != VALUE_NONE && !is_str(args[4]))
        return raise_error(t, EXC_TypeError, "source is a text, not '%T'", args[4]);
    Source *source = args[4] == VALUE_NONE
                         ? NULL
                         : source_new("<string>", STR(args[4])->data, STR(args[4])->size);
    Buffer out = {0};
    Listing how = listing_of(args + 1);
    code_disassemble(t, code, source, &how, &out);
    if (source) source_free(source);
    return object_value(str_from_buffer(t, &out));
}

typedef bool (*Show)(FILE *out, const Source *source, const Listing *how, Diagnostic *error);

static bool show_tree(FILE *out, const Source *source, const Listing *how, Diagnostic *error) {
    Arena arena = {0};
    Node *root = parse_source(source, PARSE_FILE, &arena, error);
    if (root) ast_dump(out, root, source, how);
    arena_free_all(&arena);
    return root != NULL;
}

/* What [show] prints of the text args[0]; SyntaxError when it is no program. */
static Value stage_text(Thread *t, const Value *args, Show show) {
    Value text = args[0];
    Listing how = listing_of(args + 1);
    if (!is_str(text)) return raise_error(t, EXC_TypeError, "a text is wanted, not '%T'", text);
    char *data = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&data, &size);
    if (!out) return raise_error(t, EXC_MemoryError, "no room for the text");
    Source *source = source_new("<string>", STR(text)->data, STR(text)->size);
    Diagnostic error = {0};
    bool ok = show(out, source, &how, &error);
    fclose(out);
    Value result = ok ? object_value(str_new(t, data, size)) : compiler_raise(t, &error);
    source_free(source);
    free(data);
    return result;
}

static Value tokens(Thread *t, Value *args) { return stage_text(t, args, tokens_dump); }
static Value ast(Thread *t, Value *args) { return stage_text(t, args, show_tree); }

/* What a construct that is left out becomes in a source that is compiled all the same. */
static Value out_of_scope(Thread *t, Value *args) {
    return raise_class(t, stdlib_of(t)->classes[CLASS_OUT_OF_SCOPE], "%S: not part of Tulip",
                       args[0]);
}

static Class *out_of_scope_class(Thread *t) {
    return exception_class_new(t, "OutOfScope", "tulip",
                               "A construct of Python that Tulip leaves out was met.",
                               EXCEPTION_CLASS(t, Exception));
}

static const NativeDef functions[] = {
    {"virtual_time", virtual_time, "()", "Does the clock jump instead of waiting?"},
    {"lost_errors", lost_errors, "()",
     "How many exceptions of tasks and futures nobody retrieved."},
    {"reports", reports, "(kind=None, action=None)",
     "What becomes of reports of a kind: 'default', 'ignore' or 'error' (the run does not end with "
     "0). Gives the action before, of all kinds in a dict when none is named."},
    {"collections", collections, "()", "How many cycles the collector has completed."},
    {"tasks", tasks, "()",
     "A list with a dict for every pending task, of all loops: task, name, coroutine, made_by "
     "(the\n"
     "name of a task, or None), made_at (file, line), cancel_requests, stack (a list of file, "
     "line,\n"
     "function from the outside in), state (waiting, or what else), kind and waits_for (of the "
     "wait,\n"
     "in a word and in words), what (the thing itself), holder (who must act, if that is known)."},
    {"threads", threads, "()",
     "A list with a dict for every thread: thread, name, ident, stack, state, kind, waits_for, "
     "what,\n"
     "holder, as in tasks()."},
    {"print_tasks", print_tasks, "(file=None)",
     "Print every task, thread and executor to file (default: sys.stderr): where each is, what it\n"
     "waits for, who made it. Ctrl-\\ does the same while a program runs."},
    {"tokens", tokens, "(source, /, *, json=False, color=False, lines=True)",
     "The tokens of a program, as `tulip tokens` shows them."},
    {"ast", ast, "(source, /, *, json=False, color=False, lines=False)",
     "The syntax tree of a program, as `tulip ast` shows it."},
    {"disassemble", disassemble, "(code, /, *, json=False, color=False, caches=False, source=None)",
     "The bytecode of a code object (or the one of a function, method, generator or coroutine) "
     "and\n"
     "of those nested in it, as `tulip dis` shows it. source: the text that it was compiled from,\n"
     "where it is in no file."},
    {"out_of_scope", out_of_scope, "(construct)",
     "Raise OutOfScope: compiled in place of what Tulip leaves out."},
    {0},
};

static bool init(Thread *t, Module *module) {
    module_set(t, module, "Deadlock", object_value(loop_state(t)->deadlock));
    Class *left_out = out_of_scope_class(t);
    if (!left_out) return false;
    stdlib_of(t)->classes[CLASS_OUT_OF_SCOPE] = left_out;
    module_set(t, module, "OutOfScope", object_value(left_out));
    return true;
}

const NativeModule tulip_module = {"tulip", "Tulip's own window into the machine.", functions,
                                   init};
