/* SPDX-License-Identifier: MIT */
/* with and async with.
 *
 * Each item keeps a pair of registers with its __exit__ as LOAD_SPECIAL left it.  The body is
 * protected by a handler that calls it with the exception and swallows that if the answer is true;
 * every other way out calls it with three Nones (compiler/block.c asks with_exit for that).  The
 * registers of the handler are as in compiler/try.c.
 *
 * Several items are as many nested statements; they are opened and closed by loops.
 */
#include "compiler/unit.h"
#include "vm/str.h"

/* LOAD_SPECIAL's C */
enum { SPECIAL_ENTER, SPECIAL_EXIT, SPECIAL_AENTER, SPECIAL_AEXIT };

/* GET_AWAITABLE's C */
enum { AWAIT_ENTER = 1, AWAIT_EXIT = 2 };

static void load_special(Compiler *c, Node *at, int to, int object, int which) {
    static const NameId names[] = {NAME___enter__, NAME___exit__, NAME___aenter__, NAME___aexit__};
    emit_name(c, at->span, OP_LOAD_SPECIAL, to, object, which, c->vm->names[names[which]]);
}

/* Copies the pair of __exit__ to a window for the call. */
static int begin_exit(Compiler *c, const Node *at, int pair) {
    int window = temp_many(c, 5);
    emit_move(c, at, window, pair);
    emit_move(c, at, window + 1, pair + 1);
    return window;
}

/* Calls it; gives the register of the answer. */
static int end_exit(Compiler *c, const Node *at, int window, bool is_async, bool discard) {
    emit(c, at, OP_CALL_METHOD, window, 3, discard && !is_async);
    if (!is_async) return window;
    suspend_await(c, at->span, window, AWAIT_EXIT);
    return window + 1;
}

void with_exit(Compiler *c, const Node *at, Block *block) {
    (void)at;
    const Node *s = block->node;
    int window = begin_exit(c, s, block->base);
    for (int i = 2; i < 5; i++) emit(c, s, OP_LOAD_NONE, window + i, 0, 0);
    end_exit(c, s, window, block->is_async, true);
    temp_release(c, window);
}

static void open_item(Compiler *c, AstWith *s, Astwithitem *item, Block *block) {
    int pair = temp_many(c, 2), enter = temp_many(c, 2);
    int manager = expression_any(c, item->context_expr);
    load_special(c, &s->base, enter, manager, s->is_async ? SPECIAL_AENTER : SPECIAL_ENTER);
    load_special(c, &s->base, pair, manager, s->is_async ? SPECIAL_AEXIT : SPECIAL_EXIT);
    temp_release(c, enter + 2);
    emit(c, &s->base, OP_CALL_METHOD, enter, 0, CALL_ENTERS);
    if (s->is_async) suspend_await(c, s->base.span, enter, AWAIT_ENTER);
    *block = (Block){.kind = BLOCK_WITH,
                     .handler = label_new(c),
                     .exc = pair + 3,
                     .base = pair,
                     .is_async = s->is_async,
                     .node = &s->base};
    block_push(c, block);
    if (item->optional_vars) store_target(c, item->optional_vars, enter + s->is_async);
    temp_release(c, enter);
}

/* Calls __exit__ with the exception in [base] + 1; goes to [swallow] if the answer is true. */
static bool exit_with_exception(Compiler *c, AstWith *s, int pair, int base, Label cleanup,
                                Label swallow) {
    Block handling = {
        .kind = BLOCK_HANDLER, .handler = cleanup, .exc = base + 2, .base = base, .node = &s->base};
    block_push(c, &handling);
    int window = begin_exit(c, &s->base, pair);
    emit(c, &s->base, OP_WITH_EXC_ARGS, window + 2, base + 1, 0);
    int answer = end_exit(c, &s->base, window, s->is_async, false);
    emit_jump(c, s->base.span, OP_JTRUE, answer, 0, 0, swallow);
    temp_release(c, window);
    return block_pop(c, &handling);
}

static void close_item(Compiler *c, AstWith *s, Block *block, const uint64_t *before) {
    Label end = label_new(c), cleanup = label_new(c), swallow = label_new(c);
    bool covered = block_pop(c, block);
    with_exit(c, &s->base, block);
    emit_jump(c, s->base.span, OP_JUMP, 0, 0, 0, end);
    label_place_handler(c, block->handler, covered, before);
    int base = temp_many(c, 3);
    emit(c, &s->base, OP_EXC_ENTER, base, 0, 0);
    bool raises = exit_with_exception(c, s, block->base, base, cleanup, swallow);
    emit(c, &s->base, OP_EXC_LEAVE, base, 0, 0);
    emit(c, &s->base, OP_RERAISE, base + 1, 0, 0);
    label_place_handler(c, cleanup, raises, before);
    emit(c, &s->base, OP_EXC_LEAVE, base, 0, 0);
    emit(c, &s->base, OP_RERAISE, base + 2, 0, 0);
    label_place(c, swallow);
    emit(c, &s->base, OP_EXC_LEAVE, base, 0, 0);
    temp_release(c, base);
    label_place(c, end);
}

void with_statement(Compiler *c, AstWith *s) {
    int n = s->items.count, mark = temp_mark(c);
    Block *blocks = arena_alloc(&c->arena, sizeof(Block) * (size_t)n);
    uint64_t **before = arena_alloc(&c->arena, sizeof(uint64_t *) * (size_t)n);
    if (s->is_async && !c->unit->scope->is_async)
        compile_error(c, s->base.span, "'async with' outside async function");
    for (int i = 0; i < n; i++) {
        before[i] = assigned_save(c);
        open_item(c, s, AST(withitem, s->items.items[i]), &blocks[i]);
    }
    statement_list(c, &s->body);
    for (int i = n - 1; i >= 0; i--) {
        temp_release(c, blocks[i].base + 2);
        close_item(c, s, &blocks[i], before[i]);
    }
    temp_release(c, mark);
}
