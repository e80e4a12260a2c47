/* SPDX-License-Identifier: MIT */
/* Loops.
 *
 * A `for` has a window of registers: R[w] the iterator, R[w+1] the item, R[w+2] the generator that
 * the loop owns.  Where the variable is a plain local, the window lies around the variable's own
 * register, and FOR_ITER puts the item right there.
 *
 * Ownership: a generator that the call (or generator expression) in the loop's header has just made
 * dies with the loop. The end of iteration needs nothing; break, return and exceptions close it.
 *
 *     for:   GET_ITER w                      while:  if not test go to exit
 *      head: FOR_ITER w → exit                 body: body
 *            body                             again: if test go back to body
 *            JUMP_BACK head                    exit: else
 *      exit: else
 *
 * A `while` whose test is constant or large has it once, at the top, and JUMP_BACK at the bottom.
 */
#include "compiler/unit.h"

/* ---- windows ---- */

int loop_window(Compiler *c, Node *target, bool *direct) {
    *direct = false;
    if (target->kind == NODE_Name) {
        Symbol *symbol = scope_lookup(c->unit->scope, compiler_name(c, AST(Name, target)->id));
        uint64_t busy = 0;
        if (symbol && symbol->place == PLACE_LOCAL && (symbol->flags & SYM_SPREAD)) {
            map_get(&c->unit->busy, (uint64_t)symbol->reg, &busy);
            *direct = !busy;
        }
        if (*direct) {
            map_set(&c->arena, &c->unit->busy, (uint64_t)symbol->reg, 1);
            return symbol->reg - 1;
        }
    }
    return temp_many(c, 3);
}

void loop_window_free(Compiler *c, int window) {
    if (!is_temp(c, window)) map_set(&c->arena, &c->unit->busy, (uint64_t)window + 1, 0);
}

void loop_store(Compiler *c, Node *target, int window, bool direct) {
    if (direct) assigned_mark(c, window + 1);
    else store_target(c, target, window + 1);
}

/* ---- while ---- */

/* May the test be compiled twice? Names, literals and what little operators make of them. */
static bool is_small_test(const Node *node, int *budget) {
    if (--*budget < 0) return false;
    switch (node->kind) {
    case NODE_Name:
    case NODE_Constant: return true;
    case NODE_Attribute: return is_small_test(AST(Attribute, node)->value, budget);
    case NODE_UnaryOp: return is_small_test(AST(UnaryOp, node)->operand, budget);
    case NODE_BinOp:
        return is_small_test(AST(BinOp, node)->left, budget) &&
               is_small_test(AST(BinOp, node)->right, budget);
    case NODE_Compare:
        return AST(Compare, node)->ops.count == 1 &&
               is_small_test(AST(Compare, node)->left, budget) &&
               is_small_test(AST(Compare, node)->comparators.items[0], budget);
    default: return false;
    }
}

static void while_twice(Compiler *c, AstWhile *s) {
    Label body = label_new(c), again = label_new(c), exit = label_new(c), end = label_new(c);
    Block loop = {.kind = BLOCK_LOOP,
                  .handler = -1,
                  .on_break = end,
                  .on_continue = again,
                  .owned = -1,
                  .node = &s->base};
    condition_jump(c, s->test, exit, false);
    label_place_back(c, body);
    block_push(c, &loop);
    statement_list(c, &s->body);
    block_pop(c, &loop);
    label_place(c, again);
    condition_jump(c, s->test, body, true);
    label_place(c, exit);
    statement_list(c, &s->orelse);
    label_place(c, end);
}

void while_statement(Compiler *c, AstWhile *s) {
    int budget = 8;
    if (constant_truth(c, s->test) < 0 && is_small_test(s->test, &budget)) {
        while_twice(c, s);
        return;
    }
    Label head = label_new(c), exit = label_new(c), end = label_new(c);
    Block loop = {.kind = BLOCK_LOOP,
                  .handler = -1,
                  .on_break = end,
                  .on_continue = head,
                  .owned = -1,
                  .node = &s->base};
    label_place_back(c, head);
    condition_jump(c, s->test, exit, false);
    block_push(c, &loop);
    statement_list(c, &s->body);
    block_pop(c, &loop);
    emit_jump(c, s->base.span, OP_JUMP_BACK, 0, 0, 0, head);
    label_place(c, exit);
    statement_list(c, &s->orelse);
    label_place(c, end);
}

/* ---- for ---- */

static bool may_own(const Node *iter) {
    return iter->kind == NODE_Call || iter->kind == NODE_GeneratorExp;
}

static void begin_iteration(Compiler *c, AstFor *s, int window) {
    int mark = temp_mark(c);
    if (may_own(s->iter)) {
        int made = temp_new(c);
        expression_to(c, s->iter, made);
        emit(c, &s->base, OP_GET_ITER_OWNED, window, made, 0);
    } else {
        emit(c, &s->base, OP_GET_ITER, window, expression_any(c, s->iter), 0);
    }
    temp_release(c, mark);
}

static void for_plain(Compiler *c, AstFor *s) {
    Label head = label_new(c), exit = label_new(c), end = label_new(c), cleanup = label_new(c);
    bool direct, owns = may_own(s->iter);
    int window = loop_window(c, s->target, &direct);
    begin_iteration(c, s, window);
    Block loop = {.kind = BLOCK_LOOP,
                  .handler = owns ? cleanup : -1,
                  .exc = temp_mark(c),
                  .on_break = end,
                  .on_continue = head,
                  .owned = owns ? window + 2 : -1,
                  .node = &s->base};
    label_place_back(c, head);
    uint64_t *before = assigned_save(c);
    emit_jump(c, s->base.span, OP_FOR_ITER, window, 0, 0, exit);
    block_push(c, &loop);
    loop_store(c, s->target, window, direct);
    statement_list(c, &s->body);
    emit_jump(c, s->base.span, OP_JUMP_BACK, 0, 0, 0, head);
    bool covered = block_pop(c, &loop);
    if (owns) {
        label_place_handler(c, cleanup, covered, before);
        emit(c, &s->base, OP_CLOSE_OWNED, window + 2, 0, 0);
        emit(c, &s->base, OP_RERAISE, loop.exc, 0, 0);
    }
    loop_window_free(c, window);
    label_place(c, exit);
    statement_list(c, &s->orelse);
    label_place(c, end);
}

/* ---- async for ---- */

void loop_next_async(Compiler *c, const Node *at, int window, Label handler) {
    int start = c->unit->count;
    emit(c, at, OP_GET_ANEXT, window + 1, window, 0);
    suspend_delegate(c, at->span, window + 1);
    block_protect(c, start, c->unit->count, handler, window + 3);
}

static void for_async(Compiler *c, AstFor *s) {
    Label head = label_new(c), exit = label_new(c), end = label_new(c), handler = label_new(c);
    int window = temp_new(c);
    if (!c->unit->scope->is_async)
        compile_error(c, s->base.span, "'async for' outside async function");
    expression_to(c, s->iter, window);
    emit(c, &s->base, OP_GET_AITER, window, window, 0);
    temp_many(c, 3);
    Block loop = {.kind = BLOCK_LOOP,
                  .handler = -1,
                  .on_break = end,
                  .on_continue = head,
                  .owned = -1,
                  .node = &s->base};
    label_place_back(c, head);
    uint64_t *before = assigned_save(c);
    bool reached = c->unit->reachable;
    block_push(c, &loop);
    loop_next_async(c, s->iter, window, handler);
    store_target(c, s->target, window + 2);
    statement_list(c, &s->body);
    block_pop(c, &loop);
    emit_jump(c, s->base.span, OP_JUMP_BACK, 0, 0, 0, head);
    label_place_handler(c, handler, reached, before);
    emit_jump(c, s->iter->span, OP_END_ASYNC_FOR, window + 3, 0, 0, exit);
    label_place(c, exit);
    statement_list(c, &s->orelse);
    label_place(c, end);
    /* so that the iterator can be collected */
    emit(c, &s->base, OP_LOAD_UNSET, window, 0, 0);
    emit(c, &s->base, OP_LOAD_UNSET, window + 1, 0, 0);
}

void for_statement(Compiler *c, AstFor *s) {
    if (s->is_async) for_async(c, s);
    else for_plain(c, s);
}
