/* SPDX-License-Identifier: MIT */
/* Comprehensions and generator expressions: functions of one argument, the iterator over the first
 * iterable, which is evaluated outside.
 *
 * The loops are opened one by one, the element is added in the innermost, and they are closed in
 * reverse. The first loop runs over register 0, the parameter `.0`; a plain first variable has
 * register 1, where FOR_ITER puts the item (compiler/resolve.c).
 *
 * With `await` or `async for` inside, the code is a coroutine that the enclosing one awaits, or,
 * for a generator expression, an async generator.
 */
#include "compiler/unit.h"

typedef struct Loop {
    Label head, next, exit, handler;
    int window;
    bool direct, is_async, reached;
    uint64_t *before;
} Loop;

static NodeList *generators_of(Node *node) {
    switch (node->kind) {
    case NODE_ListComp: return &AST(ListComp, node)->generators;
    case NODE_SetComp: return &AST(SetComp, node)->generators;
    case NODE_DictComp: return &AST(DictComp, node)->generators;
    default: return &AST(GeneratorExp, node)->generators;
    }
}

static const char *function_name(const Node *node) {
    switch (node->kind) {
    case NODE_ListComp: return "<listcomp>";
    case NODE_SetComp: return "<setcomp>";
    case NODE_DictComp: return "<dictcomp>";
    default: return "<genexpr>";
    }
}

/* ---- loops ---- */

/* The first loop's iterator is an argument already. */
static void begin_first(Compiler *c, Astcomprehension *g, Loop *loop) {
    int variable = -1;
    if (g->target->kind == NODE_Name)
        variable = name_register(c, compiler_name(c, AST(Name, g->target)->id));
    if (variable == 1 && !loop->is_async) {
        loop->window = 0;
        loop->direct = true;
        return;
    }
    loop->window = temp_many(c, 4);
    emit(c, g->iter, OP_MOVE, loop->window, 0, 0);
}

static void begin_nested(Compiler *c, Astcomprehension *g, Loop *loop) {
    if (loop->is_async) loop->window = temp_many(c, 4);
    else loop->window = loop_window(c, g->target, &loop->direct);
    int mark = temp_mark(c), iterable = expression_any(c, g->iter);
    emit(c, g->iter, loop->is_async ? OP_GET_AITER : OP_GET_ITER, loop->window, iterable, 0);
    temp_release(c, mark);
}

static void open_loop(Compiler *c, Astcomprehension *g, bool first, Loop *loop) {
    *loop = (Loop){.head = label_new(c),
                   .next = label_new(c),
                   .exit = label_new(c),
                   .handler = label_new(c),
                   .is_async = g->is_async};
    if (first) begin_first(c, g, loop);
    else begin_nested(c, g, loop);
    label_place_back(c, loop->head);
    loop->before = assigned_save(c);
    loop->reached = c->unit->reachable;
    if (loop->is_async) {
        loop_next_async(c, g->iter, loop->window, loop->handler);
        store_target(c, g->target, loop->window + 2);
    } else {
        emit_jump(c, g->iter->span, OP_FOR_ITER, loop->window, 0, 0, loop->exit);
        loop_store(c, g->target, loop->window, loop->direct);
    }
    for (int i = 0; i < g->ifs.count; i++) condition_jump(c, g->ifs.items[i], loop->next, false);
}

static void close_loop(Compiler *c, Astcomprehension *g, Loop *loop) {
    label_place(c, loop->next);
    emit_jump(c, g->iter->span, OP_JUMP_BACK, 0, 0, 0, loop->head);
    if (loop->is_async) {
        label_place_handler(c, loop->handler, loop->reached, loop->before);
        emit_jump(c, g->iter->span, OP_END_ASYNC_FOR, loop->window + 3, 0, 0, loop->exit);
    }
    label_place(c, loop->exit);
}

/* ---- the body ---- */

static void add_pair(Compiler *c, AstDictComp *node, int dict) {
    int key = expression_any(c, node->key);
    emit(c, &node->base, OP_DICT_SET, dict, key, expression_any(c, node->value));
}

static void add_element(Compiler *c, Node *node, int result) {
    int mark = temp_mark(c);
    switch (node->kind) {
    case NODE_ListComp:
        emit(c, node, OP_LIST_APPEND, result, expression_any(c, AST(ListComp, node)->elt), 0);
        break;
    case NODE_SetComp:
        emit(c, node, OP_SET_ADD, result, expression_any(c, AST(SetComp, node)->elt), 0);
        break;
    case NODE_DictComp: add_pair(c, AST(DictComp, node), result); break;
    default: {
        Node *element = AST(GeneratorExp, node)->elt;
        int value = expression_any(c, element);
        bool is_async = c->unit->flags & CODE_ASYNC_GENERATOR;
        suspend_yield(c, element->span, is_async ? OP_ASYNC_YIELD : OP_YIELD, result, value);
        break;
    }
    }
    temp_release(c, mark);
}

static void begin_result(Compiler *c, Node *node, int result) {
    if (node->kind == NODE_ListComp) emit(c, node, OP_BUILD_LIST, result, result, 0);
    if (node->kind == NODE_SetComp) emit(c, node, OP_BUILD_SET, result, result, 0);
    if (node->kind == NODE_DictComp) emit(c, node, OP_BUILD_DICT, result, result, 0);
}

static Code *comprehension_code(Compiler *c, Node *node) {
    NodeList *generators = generators_of(node);
    Loop *loops = arena_alloc(&c->arena, sizeof(Loop) * (size_t)generators->count);
    Unit unit;
    unit_begin(c, &unit, scope_of(c, node), compiler_str(c, function_name(node)), node->span.line);
    int result = temp_new(c);
    begin_result(c, node, result);
    for (int i = 0; i < generators->count; i++)
        open_loop(c, AST(comprehension, generators->items[i]), i == 0, &loops[i]);
    add_element(c, node, result);
    for (int i = generators->count - 1; i >= 0; i--)
        close_loop(c, AST(comprehension, generators->items[i]), &loops[i]);
    if (node->kind == NODE_GeneratorExp) emit(c, node, OP_RETURN_NONE, 0, 0, 0);
    else emit(c, node, OP_RETURN, result, 0, 0);
    return unit_end(c);
}

/* ---- the expression ---- */

static void check_async(Compiler *c, const Node *node) {
    const Scope *scope = c->unit->scope;
    if (!scope->is_async && scope->kind != SCOPE_COMPREHENSION)
        compile_error(c, node->span,
                      "asynchronous comprehension outside of an asynchronous function");
}

void comprehension_to(Compiler *c, Node *node, int target) {
    int mark = temp_mark(c), base = is_top(c, target) ? target : temp_new(c);
    int argument = temp_new(c);
    Astcomprehension *first = AST(comprehension, generators_of(node)->items[0]);
    bool awaited = scope_of(c, node)->has_await && node->kind != NODE_GeneratorExp;
    if (awaited) check_async(c, node);
    Code *code = comprehension_code(c, node);
    emit(c, node, OP_LOAD_UNSET, base, 0, 0);
    emit(c, node, OP_LOAD_UNSET, argument, 0, 0);
    emit_function(c, node, code, base);
    int iterable = expression_any(c, first->iter);
    emit(c, node, first->is_async ? OP_GET_AITER : OP_GET_ITER, argument, iterable, 0);
    emit(c, node, OP_CALL, base, 1, 0);
    if (awaited) suspend_await(c, node->span, base, 0);
    emit_move(c, node, target, awaited ? argument : base);
    temp_release(c, mark);
}
