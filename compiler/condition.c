/* SPDX-License-Identifier: MIT */
/* Conditions and comparisons.
 *
 * A condition jumps without making a truth value: `and`, `or` and `not` become jumps, comparisons
 * fuse with theirs.  condition_jump(node, label, when) goes to [label] if the truth of [node] is
 * [when] and falls through otherwise.  In a chain `a < b < c` every middle operand is evaluated
 * once and kept in its register.
 */
#include "compiler/unit.h"

/* ---- comparisons ---- */

static Opcode compare_opcode(CmpOp op) {
    static const unsigned char table[] = {
        [CMPOP_Eq] = OP_EQ,        [CMPOP_NotEq] = OP_NE,     [CMPOP_Lt] = OP_LT,
        [CMPOP_LtE] = OP_LE,       [CMPOP_Gt] = OP_GT,        [CMPOP_GtE] = OP_GE,
        [CMPOP_Is] = OP_IS,        [CMPOP_IsNot] = OP_IS_NOT, [CMPOP_In] = OP_IN,
        [CMPOP_NotIn] = OP_NOT_IN,
    };
    return (Opcode)table[op];
}

/* The jumps of the ordering operators, with a register and with a small integer on the right. */
static bool fused_opcodes(CmpOp op, Opcode *with_register, Opcode *with_integer) {
    static const unsigned char table[][2] = {
        [CMPOP_Eq] = {OP_JEQ, OP_JEQI}, [CMPOP_NotEq] = {OP_JNE, OP_JNEI},
        [CMPOP_Lt] = {OP_JLT, OP_JLTI}, [CMPOP_LtE] = {OP_JLE, OP_JLEI},
        [CMPOP_Gt] = {OP_JGT, OP_JGTI}, [CMPOP_GtE] = {OP_JGE, OP_JGEI},
    };
    if (op > CMPOP_GtE) return false;
    *with_register = (Opcode)table[op][0];
    *with_integer = (Opcode)table[op][1];
    return true;
}

/* Evaluates the next operand of a chain. Two temporaries, [pair] and the next, hold the operands in
 * turn; [left] is in use. */
static int next_operand(Compiler *c, Node *node, int pair, int left) {
    if (pair < 0) return expression_any(c, node);
    int mark = temp_mark(c), reg = expression_any(c, node);
    if (is_temp(c, reg)) {
        int to = left == pair ? pair + 1 : pair;
        emit_move(c, node, to, reg);
        reg = to;
    }
    temp_release(c, mark);
    return reg;
}

/* The pair for next_operand, if the chain is long enough to need it. */
static int operand_pair(Compiler *c, int count) {
    return count > MAX_OPERANDS ? temp_many(c, 2) : -1;
}

/* Jumps to [label] if the truth of `R[left] op right` is [when]; gives the register of [right] if
 * it has one. */
static int jump_comparison(Compiler *c, const Node *at, CmpOp op, int left, Node *right, int pair,
                           bool keep, Label label, bool when) {
    Opcode with_register, with_integer;
    int small;
    bool ordering = fused_opcodes(op, &with_register, &with_integer);
    if (ordering && !keep && constant_small(c, right, -128, 127, &small)) {
        emit_jump(c, at->span, with_integer, left, small, when, label);
        return -1;
    }
    if ((op == CMPOP_Is || op == CMPOP_IsNot) && !keep && ast_is_literal(right, LITERAL_NONE)) {
        bool none = (op == CMPOP_Is) == when;
        emit_jump(c, at->span, none ? OP_JNONE : OP_JNOT_NONE, left, 0, 0, label);
        return -1;
    }
    int reg = next_operand(c, right, pair, left);
    if (ordering) {
        emit_jump(c, at->span, with_register, left, reg, when, label);
    } else if (op == CMPOP_In || op == CMPOP_NotIn) {
        emit_jump(c, at->span, OP_JIN, left, reg, (op == CMPOP_In) == when, label);
    } else {
        int truth = temp_new(c);
        emit(c, at, compare_opcode(op), truth, left, reg);
        emit_jump(c, at->span, when ? OP_JTRUE : OP_JFALSE, truth, 0, 0, label);
        temp_release(c, truth);
    }
    return reg;
}

static void jump_compare(Compiler *c, AstCompare *node, Label label, bool when) {
    int mark = temp_mark(c), n = node->ops.count, pair = operand_pair(c, n);
    int left = expression_any(c, node->left);
    Label skip = when && n > 1 ? label_new(c) : label;
    for (int i = 0; i < n; i++) {
        bool last = i == n - 1;
        left = jump_comparison(c, &node->base, (CmpOp)node->ops.items[i], left,
                               node->comparators.items[i], pair, !last, last ? label : skip,
                               last ? when : false);
    }
    if (skip != label) label_place(c, skip);
    temp_release(c, mark);
}

void compare_to(Compiler *c, Node *at, int target) {
    AstCompare *node = AST(Compare, at);
    int mark = temp_mark(c), n = node->ops.count;
    int work = n == 1 || is_temp(c, target) ? target : temp_new(c);
    int pair = operand_pair(c, n), left = expression_any(c, node->left);
    Label end = label_new(c);
    for (int i = 0; i < n; i++) {
        int right = next_operand(c, node->comparators.items[i], pair, left);
        emit(c, at, compare_opcode((CmpOp)node->ops.items[i]), work, left, right);
        if (i < n - 1) emit_jump(c, at->span, OP_JFALSE, work, 0, 0, end);
        left = right;
    }
    label_place(c, end);
    emit_move(c, at, target, work);
    temp_release(c, mark);
}

/* ---- and, or, not ---- */

/* Jumps out of `a and b and …` or `a or b or …`: on the operand that decides to where its value
 * leads. */
static void jump_boolean(Compiler *c, AstBoolOp *node, Label label, bool when) {
    bool decides = node->op == BOOLOP_Or; /* the truth that ends the evaluation */
    int n = node->values.count;
    Label skip = decides == when ? label : label_new(c);
    for (int i = 0; i < n - 1; i++) condition_jump(c, node->values.items[i], skip, decides);
    condition_jump(c, node->values.items[n - 1], label, when);
    if (skip != label) label_place(c, skip);
}

void condition_jump(Compiler *c, Node *node, Label label, bool when) {
    int truth = constant_truth(c, node);
    if (truth >= 0) {
        if (truth == when) emit_jump(c, node->span, OP_JUMP, 0, 0, 0, label);
        return;
    }
    if (node->kind == NODE_BoolOp) {
        jump_boolean(c, AST(BoolOp, node), label, when);
        return;
    }
    if (node->kind == NODE_UnaryOp && AST(UnaryOp, node)->op == UNARYOP_Not) {
        condition_jump(c, AST(UnaryOp, node)->operand, label, !when);
        return;
    }
    if (node->kind == NODE_Compare) {
        jump_compare(c, AST(Compare, node), label, when);
        return;
    }
    int mark = temp_mark(c), reg = expression_any(c, node);
    emit_jump(c, node->span, when ? OP_JTRUE : OP_JFALSE, reg, 0, 0, label);
    temp_release(c, mark);
}
