/* SPDX-License-Identifier: MIT */
/* yield, yield from, await: where a generator or coroutine is left and entered again.
 *
 * What is being handled belongs to the code that runs.  So inside a handler every suspension
 * restores, innermost first, what was being handled before (EXC_LEAVE), and once resumed installs
 * it again, outermost first (EXC_ENTER).  If it is resumed with an exception, the same happens in a
 * small cleanup that then raises on to the real handlers:
 *
 *           EXC_LEAVE …
 *           YIELD                    protected by K
 *           EXC_ENTER …
 *           JUMP over
 *     K:    EXC_ENTER …; RERAISE     (its C = 1: the exception gets the handled one as its context)
 *     over:
 *
 * `yield From(…)` of trollius may turn out to be a delegation when it runs, so both are emitted.
 *
 * Read next: vm/opcodes.def.
 */
#include "compiler/unit.h"

/* ---- what is being handled ---- */

typedef struct Handling {
    int bases[MAX_BLOCKS + 4]; /* EXC_ENTER's A, innermost first */
    int count;
    bool guarded; /* inside any try or with */
} Handling;

static Handling find_handling(Compiler *c) {
    Handling h = {.count = 0};
    for (Block *b = c->unit->block; b; b = b->outer) {
        if (b->kind != BLOCK_LOOP) h.guarded = true;
        if (b->kind == BLOCK_HANDLER && h.count < MAX_BLOCKS + 4) h.bases[h.count++] = b->base;
    }
    return h;
}

static Handling leave(Compiler *c, Span span) {
    Handling h = find_handling(c);
    if (h.guarded && c->unit->reachable) c->unit->flags |= CODE_HAS_CLEANUP;
    for (int i = 0; i < h.count; i++) emit_span(c, span, OP_EXC_LEAVE, h.bases[i], 0, 0);
    return h;
}

static void enter(Compiler *c, Span span, const Handling *h) {
    for (int i = h->count - 1; i >= 0; i--) emit_span(c, span, OP_EXC_ENTER, h->bases[i], 0, 0);
}

/* Ends a suspension whose instructions began at [start]. */
static void enter_again(Compiler *c, Span span, const Handling *h, int start) {
    if (!h->count) return;
    Unit *u = c->unit;
    int end = u->count, exc = temp_new(c);
    bool reached = start < end;
    Label over = label_new(c), cleanup = label_new(c);
    uint64_t *assigned = assigned_save(c);
    enter(c, span, h);
    emit_jump(c, span, OP_JUMP, 0, 0, 0, over);
    block_protect(c, start, end, cleanup, exc);
    label_place_handler(c, cleanup, reached, assigned);
    enter(c, span, h);
    emit_span(c, span, OP_RERAISE, exc, 0, 1);
    label_place(c, over);
    temp_release(c, exc);
}

/* ---- suspensions ---- */

void suspend_yield(Compiler *c, Span span, Opcode op, int target, int value) {
    Handling h = leave(c, span);
    int start = c->unit->count;
    emit_span(c, span, op, target, value, 0);
    enter_again(c, span, &h, start);
}

void suspend_delegate(Compiler *c, Span span, int base) {
    emit_span(c, span, OP_LOAD_UNSET, base + 1, 0, 0);
    Handling h = leave(c, span);
    if (h.count) c->unit->flags |= CODE_LENDS_HANDLING;
    Label again = label_new(c), exit = label_new(c);
    int start = c->unit->count;
    label_place_back(c, again);
    emit_jump(c, span, OP_SEND, base, 0, 0, exit);
    emit_span(c, span, OP_YIELD_DELEGATED, base, 0, 0);
    emit_jump(c, span, OP_JUMP_BACK, 0, 0, 0, again);
    label_place(c, exit);
    enter_again(c, span, &h, start);
}

void suspend_await(Compiler *c, Span span, int base, int kind) {
    emit_span(c, span, OP_GET_AWAITABLE, base, base, kind);
    suspend_delegate(c, span, base);
}

/* ---- expressions ---- */

/* Two temporaries, [target] being the first of them if it is the topmost one. */
static int pair_at(Compiler *c, int target) {
    int base = is_top(c, target) ? target : temp_new(c);
    temp_new(c);
    return base;
}

static void check_yield(Compiler *c, const Node *node) {
    const Scope *scope = c->unit->scope;
    bool at_prompt = scope->kind == SCOPE_MODULE && scope->is_async && node->kind == NODE_YieldFrom;
    if (!scope_is_function(scope) && !at_prompt)
        compile_error(c, node->span, "'yield' outside function");
}

/* Is it a call of something named From, as in `yield From(f())`? */
static bool is_from_call(const Node *node) {
    if (!node || node->kind != NODE_Call) return false;
    const Node *callee = AST(Call, node)->func;
    const char *name = callee->kind == NODE_Name        ? AST(Name, callee)->id
                       : callee->kind == NODE_Attribute ? AST(Attribute, callee)->attr
                                                        : NULL;
    return name && ast_name_length(name) == 4 && memcmp(name, "From", 4) == 0;
}

/* What was called may be trollius.From, and this a delegation; otherwise it is a plain yield. */
static void yield_from_call(Compiler *c, const AstYield *y, int target) {
    const Node *node = &y->base;
    int base = pair_at(c, target);
    Label plain = label_new(c), over = label_new(c);
    expression_to(c, y->value, base);
    emit_jump(c, node->span, OP_FROM_TARGET, base, 0, 0, plain);
    suspend_delegate(c, node->span, base);
    emit_move(c, node, target, base + 1);
    emit_jump(c, node->span, OP_JUMP, 0, 0, 0, over);
    label_place(c, plain);
    suspend_yield(c, node->span, OP_YIELD, target, base);
    label_place(c, over);
}

void yield_to(Compiler *c, Node *node, int target) {
    AstYield *y = AST(Yield, node);
    int mark = temp_mark(c), value;
    check_yield(c, node);
    if (!c->unit->scope->is_async && is_from_call(y->value)) {
        yield_from_call(c, y, target);
        temp_release(c, mark);
        return;
    }
    if (y->value) {
        value = expression_any(c, y->value);
    } else {
        value = temp_new(c);
        emit(c, node, OP_LOAD_NONE, value, 0, 0);
    }
    suspend_yield(c, node->span, c->unit->scope->is_async ? OP_ASYNC_YIELD : OP_YIELD, target,
                  value);
    temp_release(c, mark);
}

void yield_from_to(Compiler *c, Node *node, int target) {
    int mark = temp_mark(c), base = pair_at(c, target);
    check_yield(c, node);
    if (c->unit->scope->is_async && scope_is_function(c->unit->scope))
        compile_error(c, node->span, "'yield from' inside async function");
    int source = expression_any(c, AST(YieldFrom, node)->value);
    emit(c, node, OP_GET_YIELD_FROM_ITER, base, source, 0);
    suspend_delegate(c, node->span, base);
    emit_move(c, node, target, base + 1);
    temp_release(c, mark);
}

void await_to(Compiler *c, Node *node, int target) {
    const Scope *scope = c->unit->scope;
    int mark = temp_mark(c), base = pair_at(c, target);
    if (!scope_is_function(scope) && !scope->is_async)
        compile_error(c, node->span, "'await' outside function");
    else if (!scope->is_async && scope->kind != SCOPE_COMPREHENSION)
        compile_error(c, node->span, "'await' outside async function");
    int source = expression_any(c, AST(Await, node)->value);
    emit(c, node, OP_GET_AWAITABLE, base, source, 0);
    suspend_delegate(c, node->span, base);
    emit_move(c, node, target, base + 1);
    temp_release(c, mark);
}
