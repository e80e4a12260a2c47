/* SPDX-License-Identifier: MIT */
/* Displays: lists, tuples, sets, dicts, and f-strings.
 *
 * A short display is built at once from consecutive temporaries; its instruction is the only write
 * to the target.  A long one, or one with stars, is begun from its first items and grows in a
 * temporary.
 */
#include "compiler/unit.h"
#include "vm/container.h"
#include "vm/str.h"

/* A constant sequence at least this long is extended from a tuple in the constants. */
#define CONSTANT_ITEMS 8

/* Evaluates items from the first one on into consecutive temporaries until one is starred or there
 * are [limit]; gives how many. */
static int push_items(Compiler *c, const NodeList *items, int limit) {
    int n = 0;
    while (n < items->count && n < limit && items->items[n]->kind != NODE_Starred)
        expression_to(c, items->items[n++], temp_new(c));
    return n;
}

/* Begins a display of [op] with its first items; the rest are added by [append] and [extend], in a
 * temporary that is given (or in [target] if nothing is left to add). */
static int build(Compiler *c, Node *node, const NodeList *items, int target, Opcode op,
                 Opcode append, Opcode extend) {
    int work = is_top(c, target) ? target : temp_new(c);
    int first = temp_mark(c), n = push_items(c, items, MAX_OPERANDS);
    bool complete = n == items->count;
    emit(c, node, op, complete ? target : work, first, n);
    temp_release(c, first);
    if (complete) return target;
    for (int i = n; i < items->count; i++) {
        Node *item = items->items[i];
        bool starred = item->kind == NODE_Starred;
        int value = expression_any(c, starred ? AST(Starred, item)->value : item);
        emit(c, node, starred ? extend : append, work, value, 0);
        temp_release(c, first);
    }
    return work;
}

/* A long list of constants: one tuple in the constants and one instruction. */
static bool constant_list(Compiler *c, Node *node, const NodeList *items, int target) {
    if (items->count < CONSTANT_ITEMS) return false;
    Value *values = arena_alloc(&c->arena, sizeof(Value) * (size_t)items->count);
    for (int i = 0; i < items->count; i++)
        if (!constant_value(c, items->items[i], &values[i])) return false;
    int work = is_top(c, target) ? target : temp_new(c), tuple = temp_new(c);
    emit(c, node, OP_BUILD_LIST, work, work, 0);
    if (c->unit->reachable)
        emit(c, node, OP_LOADK, tuple, constant_tuple(c, values, items->count), 0);
    emit(c, node, OP_LIST_EXTEND, work, tuple, 0);
    emit_move(c, node, target, work);
    return true;
}

void list_display_to(Compiler *c, Node *node, NodeList *items, int target) {
    int mark = temp_mark(c);
    if (!constant_list(c, node, items, target))
        emit_move(c, node, target,
                  build(c, node, items, target, OP_BUILD_LIST, OP_LIST_APPEND, OP_LIST_EXTEND));
    temp_release(c, mark);
}

static bool is_short(const NodeList *items) {
    if (items->count > MAX_OPERANDS) return false;
    for (int i = 0; i < items->count; i++)
        if (items->items[i]->kind == NODE_Starred) return false;
    return true;
}

void tuple_display_to(Compiler *c, Node *node, NodeList *items, int target) {
    int mark = temp_mark(c);
    if (is_short(items)) {
        int first = temp_mark(c), n = push_items(c, items, MAX_OPERANDS);
        emit(c, node, OP_BUILD_TUPLE, target, first, n);
    } else {
        int list = temp_new(c);
        list_display_to(c, node, items, list);
        emit(c, node, OP_LIST_TO_TUPLE, target, list, 0);
    }
    temp_release(c, mark);
}

void set_display_to(Compiler *c, Node *node, int target) {
    int mark = temp_mark(c);
    emit_move(
        c, node, target,
        build(c, node, &AST(Set, node)->elts, target, OP_BUILD_SET, OP_SET_ADD, OP_SET_UPDATE));
    temp_release(c, mark);
}

/* ---- dicts ---- */

static int push_pairs(Compiler *c, AstDict *d) {
    int n = 0;
    for (; n < d->keys.count && n < MAX_OPERANDS / 2 && d->keys.items[n]; n++) {
        expression_to(c, d->keys.items[n], temp_new(c));
        expression_to(c, d->values.items[n], temp_new(c));
    }
    return n;
}

static void add_pair(Compiler *c, Node *node, Node *key, Node *value, int dict) {
    int mark = temp_mark(c);
    if (key) {
        int k = expression_any(c, key);
        emit(c, node, OP_DICT_SET, dict, k, expression_any(c, value));
    } else {
        emit(c, node, OP_DICT_UPDATE, dict, expression_any(c, value), 0);
    }
    temp_release(c, mark);
}

void dict_display_to(Compiler *c, Node *node, int target) {
    AstDict *d = AST(Dict, node);
    int mark = temp_mark(c), work = is_top(c, target) ? target : temp_new(c);
    int first = temp_mark(c), n = push_pairs(c, d);
    bool complete = n == d->keys.count;
    emit(c, node, OP_BUILD_DICT, complete ? target : work, first, n);
    temp_release(c, first);
    for (int i = n; i < d->keys.count; i++)
        add_pair(c, node, d->keys.items[i], d->values.items[i], work);
    if (!complete) emit_move(c, node, target, work);
    temp_release(c, mark);
}

/* ---- f-strings ---- */

/* One `{value!r:spec}`: the spec goes to [target], which then receives the text. Errors are shown
 * at the whole string, [at]. */
static void formatted_to(Compiler *c, const Node *at, AstFormattedValue *node, int target) {
    int mark = temp_mark(c), work = is_temp(c, target) ? target : temp_new(c);
    int value = expression_any(c, node->value);
    if (node->format_spec) expression_to(c, node->format_spec, work);
    else emit(c, at, OP_LOAD_UNSET, work, 0, 0);
    emit(c, at, OP_FORMAT, work, value, node->conversion < 0 ? 0 : node->conversion);
    emit_move(c, at, target, work);
    temp_release(c, mark);
}

static void part_to(Compiler *c, const Node *at, Node *node, int target) {
    if (node->kind == NODE_FormattedValue) formatted_to(c, at, AST(FormattedValue, node), target);
    else expression_to(c, node, target);
}

void joined_str_to(Compiler *c, Node *node, int target) {
    if (node->kind == NODE_FormattedValue) {
        formatted_to(c, node, AST(FormattedValue, node), target);
        return;
    }
    NodeList *parts = &AST(JoinedStr, node)->values;
    if (parts->count == 1) {
        part_to(c, node, parts->items[0], target);
        return;
    }
    int mark = temp_mark(c), first = temp_mark(c), n = 0;
    for (int i = 0; i < parts->count; i++) {
        part_to(c, node, parts->items[i], temp_new(c));
        if (++n < MAX_OPERANDS) continue;
        emit(c, node, OP_BUILD_STRING, first, first, n);
        temp_release(c, first + 1);
        n = 1;
    }
    emit(c, node, OP_BUILD_STRING, target, first, n);
    temp_release(c, mark);
}
