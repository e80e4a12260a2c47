/* SPDX-License-Identifier: MIT */
/* Expressions: each compiled into the register its consumer chose.
 *
 * Operators, calls, attributes and subscripts lean left without bound (`1+1+…`, `a.b().c()…`). Such
 * a spine is collected on a stack of nodes and compiled from its leftmost operand up, the value so
 * far living in one register: the *accumulator*, a constant, a local, or the temporary [work] in
 * which calls have their window.
 *
 * Rules 1 and 2 of compiler/unit.h are kept here: everything that takes several writes works in a
 * temporary.
 *
 * Read next: compiler/call.c, compiler/condition.c, compiler/display.c.
 */
#include "compiler/unit.h"
#include "vm/str.h"

/* ---- spines ---- */

typedef struct Accumulator {
    bool constant;
    Value value; /* if constant */
    int reg;     /* else */
} Accumulator;

static Node *down_spine(Node *node) {
    switch (node->kind) {
    case NODE_BinOp: return AST(BinOp, node)->left;
    case NODE_Call: return AST(Call, node)->func;
    case NODE_Attribute: return AST(Attribute, node)->value;
    case NODE_Subscript: return AST(Subscript, node)->value;
    default: return NULL;
    }
}

Span attribute_span(const Node *node, const Node *attribute) {
    Span span = node->span;
    if (span.line == attribute->span.end_line) return span;
    uint32_t length = ast_name_length(AST(Attribute, attribute)->attr);
    span.line = attribute->span.end_line;
    if (length <= attribute->span.end_column) span.column = attribute->span.end_column - length;
    return span;
}

/* The register of the accumulator; a constant is loaded into [work]. */
static int materialize(Compiler *c, const Node *at, Accumulator *acc, int work) {
    if (acc->constant) {
        int resident = constant_register(c, acc->value);
        if (resident < 0) constant_load(c, at, acc->value, work);
        *acc = (Accumulator){.reg = resident < 0 ? work : resident};
    }
    return acc->reg;
}

static Opcode binary_opcode(BinOp op) {
    static const unsigned char table[] = {
        [BINOP_Add] = OP_ADD,           [BINOP_Sub] = OP_SUB,       [BINOP_Mult] = OP_MUL,
        [BINOP_MatMult] = OP_MATMUL,    [BINOP_Div] = OP_TRUEDIV,   [BINOP_Mod] = OP_MOD,
        [BINOP_Pow] = OP_POW,           [BINOP_LShift] = OP_LSHIFT, [BINOP_RShift] = OP_RSHIFT,
        [BINOP_BitOr] = OP_OR,          [BINOP_BitXor] = OP_XOR,    [BINOP_BitAnd] = OP_AND,
        [BINOP_FloorDiv] = OP_FLOORDIV,
    };
    return (Opcode)table[op];
}

/* The variant of [op] with a small integer on the right, or NOP. */
static Opcode immediate_opcode(BinOp op) {
    switch (op) {
    case BINOP_Add: return OP_ADDI;
    case BINOP_Sub: return OP_SUBI;
    case BINOP_Mult: return OP_MULI;
    case BINOP_Mod: return OP_MODI;
    case BINOP_FloorDiv: return OP_FLOORDIVI;
    default: return OP_NOP;
    }
}

static void step_binary(Compiler *c, AstBinOp *node, Accumulator *acc, int work, int target) {
    Value right;
    int small;
    if (acc->constant && constant_value(c, node->right, &right) &&
        constant_binary(c, node->op, acc->value, right, &acc->value))
        return;
    int mark = temp_mark(c), left = materialize(c, &node->base, acc, work);
    Opcode immediate = immediate_opcode(node->op);
    if (immediate != OP_NOP && constant_small(c, node->right, -128, 127, &small))
        emit(c, &node->base, immediate, target, left, small);
    else
        emit(c, &node->base, binary_opcode(node->op), target, left, expression_any(c, node->right));
    temp_release(c, mark);
    acc->reg = target;
}

static void step_attribute(Compiler *c, AstAttribute *node, Accumulator *acc, int work,
                           int target) {
    int object = materialize(c, node->value, acc, work);
    emit_name(c, attribute_span(&node->base, &node->base), OP_LOAD_ATTR, target, object, 0,
              compiler_name(c, node->attr));
    acc->reg = target;
}

static void step_subscript(Compiler *c, AstSubscript *node, Accumulator *acc, int work,
                           int target) {
    int mark = temp_mark(c), object = materialize(c, node->value, acc, work);
    int key = expression_any(c, node->slice);
    emit(c, &node->base, OP_GETITEM, target, object, key);
    temp_release(c, mark);
    acc->reg = target;
}

static void step_call(Compiler *c, AstCall *node, Accumulator *acc, int work, bool discard) {
    int mark = temp_mark(c), callee = materialize(c, node->func, acc, work);
    emit_move(c, node->func, work, callee);
    if (call_is_super(c, &node->base)) call_emit_super(c, &node->base, work, discard);
    else call_emit(c, node->base.span, work, 0, false, &node->args, &node->keywords, discard);
    temp_release(c, mark);
    acc->reg = work;
}

static void step_method(Compiler *c, AstAttribute *method, AstCall *call, Accumulator *acc,
                        int work, bool discard) {
    int mark = temp_mark(c), object = materialize(c, method->value, acc, work);
    Span span = attribute_span(&call->base, &method->base);
    temp_new(c);
    emit_name(c, attribute_span(&method->base, &method->base), OP_LOAD_METHOD, work, object, 0,
              compiler_name(c, method->attr));
    call_emit(c, span, work, 0, true, &call->args, &call->keywords, discard);
    temp_release(c, mark);
    acc->reg = work;
}

static bool is_method_call(const Node *attribute, const Node *parent) {
    return parent->kind == NODE_Call && AST(Call, parent)->func == attribute &&
           call_is_plain(&AST(Call, parent)->args, &AST(Call, parent)->keywords);
}

/* Compiles the node at [*index] of the spine stack (or it and its call) onto the accumulator. */
static void step(Compiler *c, int base, int *index, Accumulator *acc, int work, int target,
                 bool discard) {
    Node *node = c->spine[*index];
    bool last = *index == base;
    int to = last ? target : work;
    switch (node->kind) {
    case NODE_BinOp: step_binary(c, AST(BinOp, node), acc, work, to); break;
    case NODE_Subscript: step_subscript(c, AST(Subscript, node), acc, work, to); break;
    case NODE_Call: step_call(c, AST(Call, node), acc, work, last && discard); break;
    default:
        if (last || !is_method_call(node, c->spine[*index - 1])) {
            step_attribute(c, AST(Attribute, node), acc, work, to);
            break;
        }
        --*index;
        step_method(c, AST(Attribute, node), AST(Call, c->spine[*index]), acc, work,
                    *index == base && discard);
        break;
    }
}

static int push_spine(Compiler *c, Node *node, Node **leaf) {
    int base = c->spine_count;
    for (Node *next; (next = down_spine(node)); node = next) {
        c->spine = array_grow(c, c->spine, c->spine_count, &c->spine_capacity, sizeof(Node *));
        c->spine[c->spine_count++] = node;
    }
    *leaf = node;
    return base;
}

/* The leftmost operand: a constant, a local where it lies, or anything in [work]. */
static Accumulator start_spine(Compiler *c, Node *leaf, int work) {
    Accumulator acc = {.reg = work};
    if (constant_value(c, leaf, &acc.value)) {
        acc.constant = true;
    } else if (leaf->kind == NODE_Name) {
        int mark = temp_mark(c);
        int local = name_register(c, compiler_name(c, AST(Name, leaf)->id));
        if (local >= 0 && !c->has_walrus) acc.reg = expression_any(c, leaf);
        else expression_to(c, leaf, work);
        temp_release(c, mark);
    } else {
        expression_to(c, leaf, work);
    }
    return acc;
}

static int spine_to(Compiler *c, Node *node, int target, bool discard) {
    int mark = temp_mark(c), work = is_top(c, target) ? target : temp_new(c);
    Node *leaf;
    int base = push_spine(c, node, &leaf);
    Accumulator acc = start_spine(c, leaf, work);
    for (int i = c->spine_count - 1; i >= base; i--) {
        c->spine_count = i + 1;
        step(c, base, &i, &acc, work, target, discard);
    }
    c->spine_count = base;
    if (acc.constant) constant_load(c, node, acc.value, target);
    else if (!discard) emit_move(c, node, target, acc.reg);
    temp_release(c, mark);
    return acc.reg;
}

/* ---- the other operators ---- */

static void unary_to(Compiler *c, AstUnaryOp *node, int target) {
    static const unsigned char table[] = {[UNARYOP_Invert] = OP_INVERT,
                                          [UNARYOP_Not] = OP_NOT,
                                          [UNARYOP_UAdd] = OP_POS,
                                          [UNARYOP_USub] = OP_NEG};
    int mark = temp_mark(c), operand = expression_any(c, node->operand);
    emit(c, &node->base, (Opcode)table[node->op], target, operand, 0);
    temp_release(c, mark);
}

static void boolean_to(Compiler *c, AstBoolOp *node, int target) {
    int mark = temp_mark(c), work = is_temp(c, target) ? target : temp_new(c);
    Label end = label_new(c);
    for (int i = 0; i < node->values.count; i++) {
        Node *value = node->values.items[i];
        expression_to(c, value, work);
        if (i == node->values.count - 1) break;
        emit_jump(c, value->span, node->op == BOOLOP_And ? OP_JFALSE : OP_JTRUE, work, 0, 0, end);
    }
    label_place(c, end);
    emit_move(c, &node->base, target, work);
    temp_release(c, mark);
}

static void conditional_to(Compiler *c, AstIfExp *node, int target) {
    Label otherwise = label_new(c), end = label_new(c);
    condition_jump(c, node->test, otherwise, false);
    expression_to(c, node->body, target);
    emit_jump(c, node->base.span, OP_JUMP, 0, 0, 0, end);
    label_place(c, otherwise);
    expression_to(c, node->orelse, target);
    label_place(c, end);
}

static void walrus_to(Compiler *c, AstNamedExpr *node, int target) {
    int mark = temp_mark(c), work = is_temp(c, target) ? target : temp_new(c);
    expression_to(c, node->value, work);
    store_target(c, node->target, work);
    emit_move(c, &node->base, target, work);
    temp_release(c, mark);
}

static void slice_to(Compiler *c, AstSlice *node, int target) {
    int mark = temp_mark(c), first = temp_many(c, 3);
    Node *parts[] = {node->lower, node->upper, node->step};
    for (int i = 0; i < 3; i++) {
        if (parts[i]) expression_to(c, parts[i], first + i);
        else emit(c, &node->base, OP_LOAD_NONE, first + i, 0, 0);
    }
    emit(c, &node->base, OP_BUILD_SLICE, target, first, 0);
    temp_release(c, mark);
}

static void name_to(Compiler *c, AstName *node, int target) {
    name_load(c, &node->base, compiler_name(c, node->id), target);
}

/* Expressions that are neither constants nor spines. */
static void other_to(Compiler *c, Node *node, int target) {
    switch (node->kind) {
    case NODE_Name: name_to(c, AST(Name, node), target); break;
    case NODE_BoolOp: boolean_to(c, AST(BoolOp, node), target); break;
    case NODE_NamedExpr: walrus_to(c, AST(NamedExpr, node), target); break;
    case NODE_UnaryOp: unary_to(c, AST(UnaryOp, node), target); break;
    case NODE_Lambda: lambda_to(c, node, target); break;
    case NODE_IfExp: conditional_to(c, AST(IfExp, node), target); break;
    case NODE_Dict: dict_display_to(c, node, target); break;
    case NODE_Set: set_display_to(c, node, target); break;
    case NODE_List: list_display_to(c, node, &AST(List, node)->elts, target); break;
    case NODE_Tuple: tuple_display_to(c, node, &AST(Tuple, node)->elts, target); break;
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_DictComp:
    case NODE_GeneratorExp: comprehension_to(c, node, target); break;
    case NODE_Await: await_to(c, node, target); break;
    case NODE_Yield: yield_to(c, node, target); break;
    case NODE_YieldFrom: yield_from_to(c, node, target); break;
    case NODE_Compare: compare_to(c, node, target); break;
    case NODE_JoinedStr:
    case NODE_FormattedValue: joined_str_to(c, node, target); break;
    case NODE_Slice: slice_to(c, AST(Slice, node), target); break;
    default: compile_error(c, node->span, "can't use starred expression here"); break;
    }
}

void expression_to(Compiler *c, Node *node, int target) {
    Value value;
    if (down_spine(node)) spine_to(c, node, target, false);
    else if (constant_value(c, node, &value)) constant_load(c, node, value, target);
    else other_to(c, node, target);
}

int expression_any(Compiler *c, Node *node) {
    if (node->kind == NODE_Name && !c->has_walrus) {
        Str *name = compiler_name(c, AST(Name, node)->id);
        int local = name_register(c, name);
        if (local >= 0) {
            name_load(c, node, name, local);
            return local;
        }
    }
    Value value;
    if (node->kind == NODE_Constant && constant_value(c, node, &value)) {
        int resident = constant_register(c, value);
        if (resident >= 0) return resident;
    }
    int reg = temp_new(c);
    expression_to(c, node, reg);
    return reg;
}

int expression_effect(Compiler *c, Node *node) {
    int mark = temp_mark(c), reg = temp_new(c), result = -1;
    Value value;
    if (node->kind == NODE_Call) result = spine_to(c, node, reg, true);
    else if (!constant_value(c, node, &value)) expression_any(c, node);
    temp_release(c, mark);
    return result;
}
