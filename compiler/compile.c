/* SPDX-License-Identifier: MIT */
/* Entry: one compilation from its tree to the outermost code object, its errors, and the hook
 * through which the vm compiles.
 *
 * Read next: compiler/scope.c.
 */
#include "compiler/compiler.h"

#include "compiler/unit.h"
#include "parser/parser.h"
#include "vm/container.h"
#include "vm/exception_fields.h"
#include "vm/frame.h"
#include "vm/str.h"

/* ---- what all files use ---- */

void compile_error(Compiler *c, Span at, const char *format, ...) {
    if (c->failed) return;
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vset(c->error, c->source, "SyntaxError", at, format, arguments);
    va_end(arguments);
    c->failed = true;
}

Str *compiler_str(Compiler *c, const char *text) { return str_intern(c->vm, text, strlen(text)); }

Str *compiler_name(Compiler *c, const char *id) { return scope_name(c, c->unit->scope, id); }

bool name_is(const char *id, const char *text) { return !strcmp(id, text); }

/* ---- outermost code ---- */

static void module_body(Compiler *c, const NodeList *body) {
    Node *doc = c->mode == COMPILE_MODULE ? body_docstring(body) : NULL;
    c->header = true;
    Value text;
    if (doc && constant_value(c, doc, &text)) {
        int reg = temp_new(c);
        c->unit->doc = text;
        constant_load(c, doc, text, reg);
        name_store(c, doc, NAME_OF(c->t, __doc__), reg);
        temp_release(c, reg);
    }
    if (c->mode == COMPILE_MODULE && body->count) annotations_emit(c, body->items[0], body);
    statement_list(c, body);
}

static void expression_body(Compiler *c, Node *root) {
    Node *body = AST(Expression, root)->body;
    c->has_walrus = map_get(&c->walrus, map_key(root), NULL);
    int reg = expression_any(c, body);
    emit(c, body, OP_RETURN, reg, 0, 0);
}

static Code *compile_root(Compiler *c, Node *root) {
    Unit unit;
    scope_collect(c, root);
    if (!c->failed) scope_resolve(c);
    if (c->failed) return NULL;
    unit_begin(c, &unit, scope_of(c, root), compiler_str(c, "<module>"), 1);
    if (root->kind == NODE_Module) module_body(c, &AST(Module, root)->body);
    else if (root->kind == NODE_Interactive) module_body(c, &AST(Interactive, root)->body);
    else expression_body(c, root);
    Code *code = unit_end(c);
    return c->failed ? NULL : code;
}

static bool is_ascii(const Source *source) {
    for (size_t i = 0; i < source->size; i++)
        if ((unsigned char)source->text[i] >= 0x80) return false;
    return true;
}

Code *compile_ast(Thread *t, const Source *source, Node *root, CompileMode mode, bool name_mode,
                  Diagnostic *error) {
    Compiler c = {.t = t,
                  .vm = t->vm,
                  .source = source,
                  .error = error,
                  .mode = mode,
                  .name_mode = name_mode};
    c.ascii = is_ascii(source);
    c.filename = str_intern(t->vm, source->name, strlen(source->name));
    Code *code = compile_root(&c, root);
    arena_free_all(&c.arena);
    return code;
}

static ParseMode parse_mode(CompileMode mode) {
    if (mode == COMPILE_EVAL) return PARSE_EVAL;
    return mode == COMPILE_MODULE ? PARSE_FILE : PARSE_SINGLE;
}

static Code *parse_and_compile(Thread *t, const Source *source, CompileMode mode, bool name_mode,
                               Diagnostic *error) {
    Arena arena = {0};
    *error = (Diagnostic){0};
    Node *root = parse_source(source, parse_mode(mode), &arena, error);
    Code *code = root ? compile_ast(t, source, root, mode, name_mode, error) : NULL;
    arena_free_all(&arena);
    return code;
}

Code *compile_source(Thread *t, const char *text, size_t size, const char *filename,
                     CompileMode mode, bool name_mode, Diagnostic *error) {
    Source *source = source_new(filename, text, size);
    Code *code = parse_and_compile(t, source, mode, name_mode, error);
    if (!code) error->source = NULL;
    error->file = filename;
    source_free(source);
    return code;
}

/* ---- errors as exceptions ---- */

static ExceptionId exception_of(const char *kind) {
    if (!strcmp(kind, "IndentationError")) return EXC_IndentationError;
    if (!strcmp(kind, "TabError")) return EXC_TabError;
    return EXC_SyntaxError;
}

/* The line of the error with its end of line, as CPython's `text`. */
static Value error_text(Thread *t, const Diagnostic *error) {
    if (!error->source || !error->line) return VALUE_NONE;
    size_t length;
    const char *line = source_line_text(error->source, error->line, &length);
    Buffer text = {0};
    buffer_append(&text, line, length);
    if (error->line < error->source->line_count) buffer_putc(&text, '\n');
    return object_value(str_from_buffer(t, &text));
}

/* "invalid syntax", as CPython says; what was found and expected comes as a hint. */
static Str *split_message(Thread *t, const char *message, Value *hint) {
    static const char plain[] = "invalid syntax: ";
    *hint = VALUE_UNSET;
    if (strncmp(message, plain, sizeof plain - 1)) return str_from(t, message);
    *hint = object_value(str_format(t, "%s", message + sizeof plain - 1));
    return str_new(t, plain, sizeof plain - 3);
}

Value compiler_raise(Thread *t, const Diagnostic *error) {
    Value details[6] = {
        error->file ? object_value(str_from(t, error->file)) : VALUE_NONE,
        fixnum(error->line),
        fixnum((int64_t)error->column + 1),
        error_text(t, error),
        fixnum(error->end_line),
        fixnum((int64_t)error->end_column + 1),
    };
    Value *hint = push_roots(t, 1);
    Value args[2] = {object_value(split_message(t, error->message, hint)),
                     object_value(tuple_from(t, details, 6))};
    Value exception = exception_new(t, t->vm->exceptions[exception_of(error->kind)], args, 2);
    if (exception == VALUE_ERROR) return VALUE_ERROR;
    exception_set_field(t, exception, SYNTAX_ERROR_HINT, *hint);
    pop_roots(t, hint);
    return raise_value(t, exception);
}

/* ---- the hook ---- */

static CompileMode mode_of(const char *mode) {
    if (!strcmp(mode, "eval")) return COMPILE_EVAL;
    return strcmp(mode, "single") ? COMPILE_MODULE : COMPILE_SINGLE;
}

static Value compile_hook(Thread *t, Str *text, Str *filename, const char *mode, Dict *globals,
                          bool name_mode) {
    Diagnostic error;
    NoticeList notices = {0};
    Source *source = source_new(filename->data, text->data, text->size);
    source->out_of_scope = t->vm->out_of_scope;
    source->notices = &notices;
    Code *code = parse_and_compile(t, source, mode_of(mode), name_mode, &error);
    Value *result = push_roots(t, 1);
    if (code) *result = object_value(function_new(t, code, globals));
    if (!code || (notices.count && !compiler_warn(t, source, &error)))
        *result = error.kind ? compiler_raise(t, &error) : VALUE_ERROR;
    notices_free(&notices);
    source_free(source);
    Value given = *result;
    pop_roots(t, result);
    return given;
}

void compiler_install(Vm *vm) { vm->hooks.compile = compile_hook; }
