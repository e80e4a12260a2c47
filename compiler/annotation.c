/* SPDX-License-Identifier: MIT */
/* Annotations are not evaluated: `__annotations__` maps names to the source text of their
 * annotations, as `from __future__ import annotations` has it.
 *
 * For a class body and a module the dict is made by its first instructions; a function's is made
 * from a tuple in its code when it is asked for (vm/function.c), so that a def costs nothing.
 */
#include "common/arena.h"
#include "compiler/unit.h"
#include "vm/container.h"
#include "vm/str.h"

/* The text of an expression, a line break with the blanks after it as one blank; of a string
 * literal what it says. */
static Value text_of(Compiler *c, Node *annotation) {
    Value literal;
    if (ast_is_literal(annotation, LITERAL_STR) && constant_value(c, annotation, &literal))
        return literal;
    const Span *span = &annotation->span;
    size_t start = source_offset(c->source, span->line, span->column);
    size_t end = source_offset(c->source, span->end_line, span->end_column);
    char *text = arena_alloc(&c->arena, end - start + 1);
    size_t size = 0;
    for (size_t i = start; i < end; i++) {
        char byte = c->source->text[i];
        bool breaks = byte == '\n' || byte == '\r';
        text[size++] = breaks ? ' ' : byte;
        while (breaks && i + 1 < end && strchr(" \t\r\n", c->source->text[i + 1])) i++;
    }
    return object_value(str_new(c->t, text, size));
}

/* ---- classes and modules ---- */

static const char *annotated_name(const Node *node) {
    if (node->kind != NODE_AnnAssign || !AST(AnnAssign, node)->simple) return NULL;
    return AST(Name, AST(AnnAssign, node)->target)->id;
}

void annotations_emit(Compiler *c, Node *at, const NodeList *body) {
    int mark = temp_mark(c), dict = -1;
    for (int i = 0; i < body->count; i++) {
        Node *node = body->items[i];
        const char *id = annotated_name(node);
        if (!id) continue;
        if (dict < 0) {
            dict = temp_new(c);
            emit(c, node, OP_BUILD_DICT, dict, dict, 0);
        }
        int pair = temp_many(c, 2);
        constant_load(c, node, object_value(compiler_name(c, id)), pair);
        constant_load(c, node, text_of(c, AST(AnnAssign, node)->annotation), pair + 1);
        emit(c, node, OP_DICT_SET, dict, pair, pair + 1);
        temp_release(c, pair);
    }
    if (dict >= 0) name_store(c, at, NAME_OF(c->t, __annotations__), dict);
    temp_release(c, mark);
}

/* ---- functions ---- */

static void add(Compiler *c, List *pairs, Str *name, Node *annotation) {
    if (!annotation) return;
    list_append(c->t, pairs, object_value(name));
    list_append(c->t, pairs, text_of(c, annotation));
}

static void add_parameter(Compiler *c, List *pairs, Node *parameter) {
    if (!parameter) return;
    const Astarg *arg = AST(arg, parameter);
    if (arg->annotation) add(c, pairs, compiler_name(c, arg->arg), arg->annotation);
}

static void add_parameters(Compiler *c, List *pairs, const NodeList *list) {
    for (int i = 0; i < list->count; i++) add_parameter(c, pairs, list->items[i]);
}

static bool any_annotated(const NodeList *list) {
    for (int i = 0; i < list->count; i++) {
        if (AST(arg, list->items[i])->annotation) return true;
    }
    return false;
}

static bool is_annotated(const AstFunctionDef *s) {
    const Astarguments *args = AST(arguments, s->args);
    return s->returns || any_annotated(&args->posonlyargs) || any_annotated(&args->args) ||
           any_annotated(&args->kwonlyargs) ||
           (args->vararg && AST(arg, args->vararg)->annotation) ||
           (args->kwarg && AST(arg, args->kwarg)->annotation);
}

Tuple *annotations_of(Compiler *c, const AstFunctionDef *s) {
    if (!is_annotated(s)) return NULL;
    const Astarguments *args = AST(arguments, s->args);
    List *pairs = list_new(c->t, 0);
    add_parameters(c, pairs, &args->args);
    add_parameters(c, pairs, &args->posonlyargs);
    add_parameter(c, pairs, args->vararg);
    add_parameters(c, pairs, &args->kwonlyargs);
    add_parameter(c, pairs, args->kwarg);
    add(c, pairs, str_intern(c->vm, "return", 6), s->returns);
    return tuple_from(c->t, pairs->items, pairs->size);
}
