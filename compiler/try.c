/* SPDX-License-Identifier: MIT */
/* try, except, else, finally.
 *
 * A handler owns three registers from E on: R[E] the exception handled before (EXC_ENTER saves it
 * there, EXC_LEAVE restores it), R[E+1] the exception, R[E+2] one that is raised while this one is
 * handled.
 *
 *           body                     protected by H
 *           else                     (try … except only)
 *           finally                  the copy for the normal way out
 *           JUMP end
 *     H:    EXC_ENTER E
 *           handlers, or the copy of finally      protected by C
 *           EXC_LEAVE E; RERAISE E+1              nothing matched, or the end of finally
 *     C:    EXC_LEAVE E; RERAISE E+2
 *     end:
 *
 * `return`, `break` and `continue` bring further copies of finally with them (compiler/block.c).
 */
#include "compiler/unit.h"

/* Where the registers of the next handler begin. */
static int handler_base(const Compiler *c) { return temp_mark(c); }

/* C: what was raised while an exception was handled replaces it. */
static void emit_cleanup(Compiler *c, const Node *at, Label cleanup, bool covered,
                         const uint64_t *assigned, int base) {
    label_place_handler(c, cleanup, covered, assigned);
    emit(c, at, OP_EXC_LEAVE, base, 0, 0);
    emit(c, at, OP_RERAISE, base + 2, 0, 0);
}

/* H, whose body is compiled between handling_begin and handling_end. */
typedef struct HandlerPart {
    Block block;
    Label cleanup;
    uint64_t *before;
    int base;
} HandlerPart;

static void handling_begin(Compiler *c, HandlerPart *h, Node *node) {
    int base = h->base = temp_many(c, 3);
    h->cleanup = label_new(c);
    emit(c, node, OP_EXC_ENTER, base, 0, 0);
    h->before = assigned_save(c);
    h->block = (Block){
        .kind = BLOCK_HANDLER, .handler = h->cleanup, .exc = base + 2, .base = base, .node = node};
    block_push(c, &h->block);
}

static void handling_end(Compiler *c, HandlerPart *h, const Node *node) {
    bool covered = block_pop(c, &h->block);
    emit(c, node, OP_EXC_LEAVE, h->base, 0, 0);
    emit(c, node, OP_RERAISE, h->base + 1, 0, 2);
    emit_cleanup(c, node, h->cleanup, covered, h->before, h->base);
    temp_release(c, h->base);
}

/* ---- finally ---- */

static void try_except(Compiler *c, AstTry *s);

static void emit_finally_handler(Compiler *c, AstTry *s) {
    HandlerPart part;
    handling_begin(c, &part, &s->base);
    block_finally_copy(c, &s->base, &s->finalbody);
    handling_end(c, &part, s->finalbody.items[s->finalbody.count - 1]);
}

static void try_finally(Compiler *c, AstTry *s) {
    Label handler = label_new(c), end = label_new(c);
    uint64_t *before = assigned_save(c);
    Block block = {.kind = BLOCK_FINALLY,
                   .handler = handler,
                   .exc = handler_base(c) + 1,
                   .body = &s->finalbody,
                   .node = &s->base};
    block_push(c, &block);
    if (s->handlers.count) try_except(c, s);
    else statement_list(c, &s->body);
    bool covered = block_pop(c, &block);
    block_finally_copy(c, &s->base, &s->finalbody);
    emit_jump(c, s->base.span, OP_JUMP, 0, 0, 0, end);
    label_place_handler(c, handler, covered, before);
    emit_finally_handler(c, s);
    label_place(c, end);
}

/* ---- except ---- */

/* A handler with a name: the name is unset whatever happens. */
static void named_body(Compiler *c, AstExceptHandler *h, int base, Label end) {
    Label cleanup = label_new(c);
    Str *name = compiler_name(c, h->name);
    check_name(c, h->base.span, h->name, CTX_Store);
    name_store(c, &h->base, name, base + 1);
    uint64_t *before = assigned_save(c);
    Block named = {
        .kind = BLOCK_NAMED, .handler = cleanup, .exc = base + 2, .name = name, .node = &h->base};
    block_push(c, &named);
    statement_list(c, &h->body);
    bool covered = block_pop(c, &named);
    name_unset(c, &h->base, name);
    emit(c, &h->base, OP_EXC_LEAVE, base, 0, 0);
    emit_jump(c, h->base.span, OP_JUMP, 0, 0, 0, end);
    label_place_handler(c, cleanup, covered, before);
    name_unset(c, &h->base, name);
    emit(c, &h->base, OP_RERAISE, base + 2, 0, 0);
}

static void handler_body(Compiler *c, AstExceptHandler *h, int base, Label end) {
    if (h->name) {
        named_body(c, h, base, end);
        return;
    }
    statement_list(c, &h->body);
    emit(c, &h->base, OP_EXC_LEAVE, base, 0, 0);
    emit_jump(c, h->base.span, OP_JUMP, 0, 0, 0, end);
}

static void emit_handler(Compiler *c, AstExceptHandler *h, bool last, int base, Label end) {
    Label next = label_new(c);
    if (h->type) {
        int mark = temp_mark(c), type = expression_any(c, h->type), match = temp_new(c);
        emit(c, &h->base, OP_EXC_MATCH, match, base + 1, type);
        emit_jump(c, h->base.span, OP_JFALSE, match, 0, 0, next);
        temp_release(c, mark);
    } else if (!last) {
        compile_error(c, h->base.span, "default 'except:' must be last");
    }
    handler_body(c, h, base, end);
    label_place(c, next);
}

static void emit_handlers(Compiler *c, AstTry *s, Label end) {
    HandlerPart part;
    handling_begin(c, &part, &s->base);
    for (int i = 0; i < s->handlers.count; i++)
        emit_handler(c, AST(ExceptHandler, s->handlers.items[i]), i == s->handlers.count - 1,
                     part.base, end);
    handling_end(c, &part, s->handlers.items[s->handlers.count - 1]);
}

static void try_except(Compiler *c, AstTry *s) {
    Label handler = label_new(c), end = label_new(c);
    uint64_t *before = assigned_save(c);
    Block block = {
        .kind = BLOCK_TRY, .handler = handler, .exc = handler_base(c) + 1, .node = &s->base};
    block_push(c, &block);
    statement_list(c, &s->body);
    bool covered = block_pop(c, &block);
    statement_list(c, &s->orelse);
    emit_jump(c, s->base.span, OP_JUMP, 0, 0, 0, end);
    label_place_handler(c, handler, covered, before);
    emit_handlers(c, s, end);
    label_place(c, end);
}

void try_statement(Compiler *c, AstTry *s) {
    if (s->finalbody.count) try_finally(c, s);
    else try_except(c, s);
}
