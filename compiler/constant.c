/* SPDX-License-Identifier: MIT */
/* Constants: the values of literals, folding, and the unit's table.
 *
 * Folded is what CPython folds and what can be seen to be cheap: arithmetic on numbers whose result
 * stays small (at most 128 bits for products and powers), repetition of short strings, and tuples
 * of constants. What would raise is left to run time.
 *
 * Constants are told apart by identity of their Value, in which 1, 1.0 and True differ; equal
 * strings are one object.
 */
#include <stdlib.h>

#include "compiler/unit.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/str.h"

#define INTERN_LIMIT 64   /* bytes; what is interned lives for ever */
#define FOLD_BITS    128  /* of a product or power, as CPython */
#define FOLD_TEXT    4096 /* bytes of a repeated string */
#define EXACT_DOUBLE ((int64_t)1 << 53)

/* ---- literals ---- */

static Value integer_literal(Compiler *c, Node *node, const Literal *l) {
    Value v = int_parse(c->t, l->text, l->size, 0);
    if (v != VALUE_ERROR) return v;
    exception_take(c->t);
    compile_error(
        c, node->span,
        "Exceeds the limit (%u digits) for integer string conversion: value has %zu digits; use "
        "sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge "
        "integer "
        "literals to avoid decimal conversion limits.",
        c->vm->int_max_str_digits, l->size);
    return fixnum(0);
}

static bool is_word(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        char ch = text[i];
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
        if (!letter && !(ch >= '0' && ch <= '9')) return false;
    }
    return true;
}

/* A str constant: words are interned, as they may be names; of others there is one for
 * each text. */
static Value text_constant(Compiler *c, const char *text, size_t size) {
    if (size <= INTERN_LIMIT && is_word(text, size))
        return object_value(str_intern(c->vm, text, size));
    uint64_t hash = size * 2 + 1, known;
    for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
    bool found = map_get(&c->texts, hash | 1, &known);
    if (found && STR(known)->size == size && !memcmp(STR(known)->data, text, size)) return known;
    Value v = object_value(str_new(c->t, text, size));
    if (!found) map_set(&c->arena, &c->texts, hash | 1, v);
    return v;
}

static Value make_literal(Compiler *c, Node *node) {
    const Literal *l = &AST(Constant, node)->value;
    switch (l->kind) {
    case LITERAL_NONE: return VALUE_NONE;
    case LITERAL_TRUE: return VALUE_TRUE;
    case LITERAL_FALSE: return VALUE_FALSE;
    case LITERAL_ELLIPSIS: return VALUE_ELLIPSIS;
    case LITERAL_INT: return integer_literal(c, node, l);
    case LITERAL_FLOAT: return float_new(c->t, l->number);
    case LITERAL_BYTES: return object_value(bytes_new(c->t, l->text, l->size));
    case LITERAL_STR: return text_constant(c, l->text, l->size);
    }
    return VALUE_NONE;
}

static bool remember(Compiler *c, Node *node, Value v) {
    map_set(&c->arena, &c->literals, map_key(node), v);
    return v != VALUE_UNSET;
}

/* ---- folding ---- */

static int bit_length(Value v) {
    int64_t i = fixnum_of(v);
    uint64_t u = i < 0 ? (uint64_t)-i : (uint64_t)i;
    return u ? 64 - __builtin_clzll(u) : 0;
}

static bool foldable_ints(BinOp op, Value a, Value b) {
    if (op == BINOP_Div || op == BINOP_MatMult) return false;
    if (op == BINOP_FloorDiv || op == BINOP_Mod) return b != fixnum(0);
    if (op == BINOP_Mult) return bit_length(a) + bit_length(b) <= FOLD_BITS;
    if (op == BINOP_RShift) return fixnum_of(b) >= 0;
    if (op == BINOP_LShift) return fixnum_of(b) >= 0 && fixnum_of(b) + bit_length(a) <= FOLD_BITS;
    if (op == BINOP_Pow)
        return fixnum_of(b) >= 0 && fixnum_of(b) <= FOLD_BITS &&
               bit_length(a) * fixnum_of(b) <= FOLD_BITS;
    return true;
}

BinaryOp operator_number(BinOp op) {
    static const unsigned char table[] = {
        [BINOP_Add] = BINARY_ADD,           [BINOP_Sub] = BINARY_SUB,
        [BINOP_Mult] = BINARY_MUL,          [BINOP_MatMult] = BINARY_MATMUL,
        [BINOP_Div] = BINARY_TRUEDIV,       [BINOP_Mod] = BINARY_MOD,
        [BINOP_Pow] = BINARY_POW,           [BINOP_LShift] = BINARY_LSHIFT,
        [BINOP_RShift] = BINARY_RSHIFT,     [BINOP_BitOr] = BINARY_OR,
        [BINOP_BitXor] = BINARY_XOR,        [BINOP_BitAnd] = BINARY_AND,
        [BINOP_FloorDiv] = BINARY_FLOORDIV,
    };
    return (BinaryOp)table[op];
}

/* A number as a double, if that is exact. */
static bool exact_double(Value v, double *out) {
    if (is_float(v)) *out = float_of(v);
    else if (is_fixnum(v) && llabs(fixnum_of(v)) <= EXACT_DOUBLE) *out = (double)fixnum_of(v);
    else return false;
    return true;
}

static bool fold_floats(Compiler *c, BinOp op, Value a, Value b, Value *value) {
    double x, y;
    if (!exact_double(a, &x) || !exact_double(b, &y)) return false;
    switch (op) {
    case BINOP_Add: *value = float_new(c->t, x + y); return true;
    case BINOP_Sub: *value = float_new(c->t, x - y); return true;
    case BINOP_Mult: *value = float_new(c->t, x * y); return true;
    case BINOP_Div:
        if (y == 0) return false;
        *value = float_new(c->t, x / y);
        return true;
    default: return false;
    }
}

static bool fold_repeat(Compiler *c, Value text, Value times, Value *value) {
    int64_t n = fixnum_of(times);
    size_t size = STR(text)->size;
    if (n < 0 || n > FOLD_TEXT || size * (size_t)n > FOLD_TEXT) return false;
    char *out = arena_alloc(&c->arena, size * (size_t)n + 1);
    for (int64_t i = 0; i < n; i++) memcpy(out + (size_t)i * size, STR(text)->data, size);
    *value = text_constant(c, out, size * (size_t)n);
    return true;
}

bool constant_binary(Compiler *c, BinOp op, Value a, Value b, Value *value) {
    if (both_fixnums(a, b) && foldable_ints(op, a, b)) {
        *value = int_binary(c->t, operator_number(op), a, b);
        if (*value != VALUE_ERROR) return true;
        exception_take(c->t);
        return false;
    }
    if (op == BINOP_Mult && is_str(a) && is_fixnum(b)) return fold_repeat(c, a, b, value);
    if (both_fixnums(a, b) ? op == BINOP_Div : is_float(a) || is_float(b))
        return fold_floats(c, op, a, b, value);
    return false;
}

static bool fold_unary(Compiler *c, AstUnaryOp *node, Value *value) {
    Value v;
    if (node->op == UNARYOP_Not) {
        int truth = constant_truth(c, node->operand);
        *value = bool_value(truth == 0);
        return truth >= 0;
    }
    if (!constant_value(c, node->operand, &v)) return false;
    if (is_float(v) && node->op != UNARYOP_Invert)
        *value = node->op == UNARYOP_USub ? float_new(c->t, -float_of(v)) : v;
    else if (is_int(v) && node->op == UNARYOP_USub)
        *value = int_binary(c->t, BINARY_SUB, fixnum(0), v);
    else if (is_int(v) && node->op == UNARYOP_UAdd)
        *value = int_binary(c->t, BINARY_ADD, fixnum(0), v);
    else if (is_int(v) && node->op == UNARYOP_Invert)
        *value = int_binary(c->t, BINARY_SUB, fixnum(-1), v);
    else return false;
    return true;
}

/* A spine of binary operators is folded from its leftmost operand up; it has no bound in length. */
static bool fold_spine(Compiler *c, Node *node, Value *value) {
    int base = c->spine_count;
    Node *leaf = node;
    for (; leaf->kind == NODE_BinOp; leaf = AST(BinOp, leaf)->left) {
        c->spine = array_grow(c, c->spine, c->spine_count, &c->spine_capacity, sizeof(Node *));
        c->spine[c->spine_count++] = leaf;
    }
    bool constant = constant_value(c, leaf, value);
    for (int i = c->spine_count - 1; constant && i >= base; i--) {
        AstBinOp *b = AST(BinOp, c->spine[i]);
        Value right;
        constant =
            constant_value(c, b->right, &right) && constant_binary(c, b->op, *value, right, value);
    }
    c->spine_count = base;
    return constant;
}

static bool fold_tuple(Compiler *c, AstTuple *node, Value *value) {
    int n = node->elts.count;
    if (node->ctx != CTX_Load) return false;
    Value *items = arena_alloc(&c->arena, sizeof(Value) * ((size_t)n + 1));
    for (int i = 0; i < n; i++)
        if (!constant_value(c, node->elts.items[i], &items[i])) return false;
    *value =
        n ? object_value(tuple_from(c->t, items, (size_t)n)) : object_value(c->vm->empty_tuple);
    return true;
}

static bool evaluate(Compiler *c, Node *node, Value *value) {
    switch (node->kind) {
    case NODE_Constant: *value = make_literal(c, node); return true;
    case NODE_UnaryOp: return fold_unary(c, AST(UnaryOp, node), value);
    case NODE_BinOp: return fold_spine(c, node, value);
    case NODE_Tuple: return fold_tuple(c, AST(Tuple, node), value);
    default: return false;
    }
}

bool constant_value(Compiler *c, Node *node, Value *value) {
    if (node->kind == NODE_Name && AST(Name, node)->ctx == CTX_Load) {
        *value = VALUE_TRUE;
        return name_is(AST(Name, node)->id, "__debug__");
    }
    if (node->kind != NODE_Constant && node->kind != NODE_UnaryOp && node->kind != NODE_BinOp &&
        node->kind != NODE_Tuple)
        return false;
    if (map_get(&c->literals, map_key(node), value)) return *value != VALUE_UNSET;
    if (!evaluate(c, node, value)) *value = VALUE_UNSET;
    return remember(c, node, *value);
}

static int truth_of(Value v) {
    if (v == VALUE_NONE || v == VALUE_FALSE || v == fixnum(0)) return 0;
    if (is_float(v)) return float_of(v) != 0;
    if (is_str(v)) return STR(v)->size > 0;
    if (is_kind(v, OBJ_BYTES)) return BYTES(v)->size > 0;
    if (is_kind(v, OBJ_TUPLE)) return TUPLE(v)->size > 0;
    return 1;
}

int constant_truth(Compiler *c, Node *node) {
    Value v;
    return constant_value(c, node, &v) ? truth_of(v) : -1;
}

bool constant_small(Compiler *c, Node *node, int low, int high, int *out) {
    Value v;
    if (node->kind != NODE_Constant && node->kind != NODE_UnaryOp) return false;
    if (!constant_value(c, node, &v) || !is_fixnum(v)) return false;
    if (fixnum_of(v) < low || fixnum_of(v) > high) return false;
    *out = (int)fixnum_of(v);
    return true;
}

/* ---- the table ---- */

static int add_constant(Compiler *c, Value v) {
    Unit *u = c->unit;
    u->constants =
        array_grow(c, u->constants, u->nconstants, &u->constants_capacity, sizeof(Value));
    u->constants[u->nconstants] = v;
    return u->nconstants++;
}

int constant_index(Compiler *c, Value v) {
    uint64_t known;
    if (map_get(&c->unit->constant_index, v, &known)) return (int)known;
    int index = add_constant(c, v);
    map_set(&c->arena, &c->unit->constant_index, v, (uint64_t)index);
    return index;
}

int constant_tuple(Compiler *c, const Value *items, int count) {
    Unit *u = c->unit;
    uint64_t hash = (uint64_t)count * 2 + 1, known;
    for (int i = 0; i < count; i++) hash = (hash ^ items[i]) * 0x100000001b3u;
    if (map_get(&u->tuple_index, hash | 1, &known)) {
        const Tuple *tuple = TUPLE(u->constants[known]);
        if (tuple->size == (size_t)count &&
            !memcmp(tuple->items, items, sizeof(Value) * tuple->size))
            return (int)known;
    }
    int index = add_constant(c, object_value(tuple_from(c->t, items, (size_t)count)));
    map_set(&c->arena, &u->tuple_index, hash | 1, (uint64_t)index);
    return index;
}

int constant_register(const Compiler *c, Value v) {
    const Scope *scope = c->unit->scope;
    for (int i = 0; i < scope->nfloats; i++) {
        if (scope->floats[i] == v) return scope->first_float + i;
    }
    return -1;
}

void constant_load(Compiler *c, const Node *at, Value v, int target) {
    if (v == VALUE_NONE) emit(c, at, OP_LOAD_NONE, target, 0, 0);
    else if (v == VALUE_TRUE) emit(c, at, OP_LOAD_TRUE, target, 0, 0);
    else if (v == VALUE_FALSE) emit(c, at, OP_LOAD_FALSE, target, 0, 0);
    else if (is_fixnum(v) && fixnum_of(v) >= -32768 && fixnum_of(v) <= 32767)
        emit(c, at, OP_LOADI, target, (int)fixnum_of(v), 0);
    else if (c->unit->reachable) emit(c, at, OP_LOADK, target, constant_index(c, v), 0);
}
