/* SPDX-License-Identifier: MIT */
/* Blocks: the loops, try and with statements around the code being compiled, and how `break`,
 * `continue` and `return` get out of them.
 *
 * A way out runs what each block it leaves asks for: a copy of the finally clause, the call of
 * __exit__, the restoring of the exception handled before, the closing of a generator that the loop
 * owns.  While that code is emitted the blocks already left are off the stack and their protected
 * ranges are interrupted, so that an exception in it goes to the handlers further out, as Python
 * has it.
 *
 * The ranges of a block are entered in the unit's table when it is closed.  Inner blocks close
 * first, so the table is in the order in which the vm searches it.
 */
#include "compiler/unit.h"

void block_push(Compiler *c, Block *block) {
    Unit *u = c->unit;
    if (++u->depth > MAX_BLOCKS && block->node)
        compile_error(c, block->node->span, "too many statically nested blocks");
    block->outer = u->block;
    block->open_at = u->count;
    u->block = block;
}

static void interrupt(Compiler *c, Block *block) {
    Unit *u = c->unit;
    if (block->handler < 0 || u->count <= block->open_at) return;
    block->ranges =
        array_grow(c, block->ranges, block->nranges, &block->ranges_capacity, sizeof(Protection));
    block->ranges[block->nranges++] =
        (Protection){block->open_at, u->count, block->handler, block->exc};
}

void block_protect(Compiler *c, int start, int end, Label handler, int exc) {
    Unit *u = c->unit;
    if (start >= end) return;
    u->handlers =
        array_grow(c, u->handlers, u->nhandlers, &u->handlers_capacity, sizeof(Protection));
    u->handlers[u->nhandlers++] = (Protection){start, end, handler, exc};
    if (exc >= u->registers) u->registers = exc + 1;
}

bool block_pop(Compiler *c, Block *block) {
    interrupt(c, block);
    for (int i = 0; i < block->nranges; i++)
        block_protect(c, block->ranges[i].start, block->ranges[i].end, block->handler, block->exc);
    c->unit->block = block->outer;
    c->unit->depth--;
    return block->nranges > 0;
}

void block_finally_copy(Compiler *c, const Node *at, const NodeList *body) {
    c->copy_depth++;
    c->nested_copies += c->copy_depth > 1;
    if (c->copy_depth > MAX_COPY_DEPTH || c->nested_copies > MAX_NESTED_COPIES)
        compile_error(c, at->span, "too many statically nested blocks");
    else if (!c->failed) statement_list(c, body);
    c->copy_depth--;
}

/* What leaving [block] takes. */
static void emit_exit(Compiler *c, const Node *at, Block *block) {
    switch (block->kind) {
    case BLOCK_LOOP:
        if (block->owned >= 0) emit(c, at, OP_CLOSE_OWNED, block->owned, 0, 0);
        break;
    case BLOCK_TRY: break;
    case BLOCK_FINALLY: block_finally_copy(c, at, block->body); break;
    case BLOCK_HANDLER: emit(c, at, OP_EXC_LEAVE, block->base, 0, 0); break;
    case BLOCK_NAMED: name_unset(c, at, block->name); break;
    case BLOCK_WITH: with_exit(c, at, block); break;
    }
}

Block *block_unwind(Compiler *c, const Node *at, Block *until) {
    Block *innermost = c->unit->block;
    for (Block *b = innermost; b != until; b = b->outer) {
        interrupt(c, b);
        c->unit->block = b->outer;
        c->unit->depth--;
        emit_exit(c, at, b);
    }
    return innermost;
}

void block_resume(Compiler *c, Block *innermost, Block *until) {
    c->unit->block = innermost;
    for (Block *b = innermost; b != until; b = b->outer) {
        b->open_at = c->unit->count;
        c->unit->depth++;
    }
}

Block *block_loop(Compiler *c) {
    Block *b = c->unit->block;
    while (b && b->kind != BLOCK_LOOP) b = b->outer;
    return b;
}

bool block_has_exits(Compiler *c, Block *until) {
    for (Block *b = c->unit->block; b != until; b = b->outer) {
        if (b->kind == BLOCK_TRY || b->kind == BLOCK_HANDLER) continue;
        if (b->kind == BLOCK_LOOP && b->owned < 0) continue;
        return true;
    }
    return false;
}

/* ---- the statements that leave ---- */

static void check_return(Compiler *c, AstReturn *s) {
    const Scope *scope = c->unit->scope;
    if (!scope_is_function(scope)) compile_error(c, s->base.span, "'return' outside function");
    else if (s->value && scope->is_async && scope->has_yield)
        compile_error(c, s->base.span, "'return' with value in async generator");
}

/* Evaluates what is returned; a copy, if code that could change the variable runs before. */
static int return_value(Compiler *c, Node *value) {
    if (!block_has_exits(c, NULL)) return expression_any(c, value);
    int reg = temp_new(c);
    expression_to(c, value, reg);
    return reg;
}

/* `return a if t else b`: each branch returns by itself. */
static void return_either(Compiler *c, AstReturn *s, Node *value) {
    int mark = temp_mark(c);
    if (value->kind == NODE_IfExp) {
        AstIfExp *either = AST(IfExp, value);
        Label otherwise = label_new(c);
        condition_jump(c, either->test, otherwise, false);
        return_either(c, s, either->body);
        label_place(c, otherwise);
        return_either(c, s, either->orelse);
        return;
    }
    emit(c, &s->base, OP_RETURN, expression_any(c, value), 0, 0);
    temp_release(c, mark);
}

void return_statement(Compiler *c, AstReturn *s) {
    int mark = temp_mark(c), reg = -1;
    check_return(c, s);
    if (s->value && s->value->kind == NODE_IfExp && !block_has_exits(c, NULL)) {
        return_either(c, s, s->value);
        return;
    }
    if (s->value && !ast_is_literal(s->value, LITERAL_NONE)) reg = return_value(c, s->value);
    Block *innermost = block_unwind(c, &s->base, NULL);
    if (reg >= 0) emit(c, &s->base, OP_RETURN, reg, 0, 0);
    else emit(c, &s->base, OP_RETURN_NONE, 0, 0, 0);
    block_resume(c, innermost, NULL);
    temp_release(c, mark);
}

void break_statement(Compiler *c, Node *s) {
    Block *loop = block_loop(c);
    if (!loop) {
        compile_error(c, s->span, "'break' outside loop");
        return;
    }
    Block *innermost = block_unwind(c, s, loop->outer);
    emit_jump(c, s->span, OP_JUMP, 0, 0, 0, loop->on_break);
    block_resume(c, innermost, loop->outer);
}

void continue_statement(Compiler *c, Node *s) {
    Block *loop = block_loop(c);
    if (!loop) {
        compile_error(c, s->span, "'continue' not properly in loop");
        return;
    }
    Block *innermost = block_unwind(c, s, loop);
    emit_jump(c, s->span, OP_JUMP_BACK, 0, 0, 0, loop->on_continue);
    block_resume(c, innermost, loop);
}
