/* SPDX-License-Identifier: MIT */
/* Making nodes, and the tables expanded from parser/ast.def.
 *
 * A new node's depth says how deep a walker recurses that loops down the spines: the first field
 * of BinOp, Call, Attribute and Subscript, and an If alone in an If's orelse. The parts that are
 * neither statement nor expression (NODE_comprehension and the kinds after it) add nothing.
 */
#include "parser/ast.h"

#include <string.h>

#include "lexer/lexer.h"

#define FIELD(f, type)   {#f, type, offsetof(Struct, f)},
#define NODE_FIELD(f)    FIELD(f, FIELD_NODE)
#define OPT_FIELD(f)     FIELD(f, FIELD_OPT)
#define LIST_FIELD(f)    FIELD(f, FIELD_LIST)
#define NAME_FIELD(f)    FIELD(f, FIELD_NAME)
#define NAMES_FIELD(f)   FIELD(f, FIELD_NAMES)
#define BOOL_FIELD(f)    FIELD(f, FIELD_BOOL)
#define INT_FIELD(f)     FIELD(f, FIELD_INT)
#define OP_FIELD(f, T)   FIELD(f, FIELD_##T)
#define CMPS_FIELD(f)    FIELD(f, FIELD_CMPS)
#define CTX_FIELD(f)     FIELD(f, FIELD_CTX)
#define LITERAL_FIELD(f) FIELD(f, FIELD_LITERAL)
#define NODE(kind, fields)                                                                         \
    static const FieldInfo *fields_of_##kind(void) {                                               \
        typedef Ast##kind Struct;                                                                  \
        static const FieldInfo table[] = {fields{NULL, FIELD_NODE, sizeof(Struct)}};               \
        return table;                                                                              \
    }
#include "parser/ast.def"

const FieldInfo *ast_fields(NodeKind kind) {
    switch (kind) {
/* clang-format off */
#define NODE(kind, fields) case NODE_##kind: return fields_of_##kind();
#include "parser/ast.def"
    /* clang-format on */
    default: return NULL;
    }
}

const char *ast_kind_name(NodeKind kind) {
    static const char *const names[NODE_KIND_COUNT] = {
#define NODE(kind, fields) #kind,
#include "parser/ast.def"
    };
    return names[kind];
}

uint32_t ast_name_length(const char *name) { return lexer_name_length(name); }

bool ast_is_literal(const Node *node, LiteralKind kind) {
    return node->kind == NODE_Constant && AST(Constant, node)->value.kind == kind;
}

/* What a child in the first field adds to its own depth; other fields of the same nodes add one
 * more. */
static unsigned first_step(NodeKind kind) {
    bool spine =
        kind == NODE_BinOp || kind == NODE_Call || kind == NODE_Attribute || kind == NODE_Subscript;
    return !spine && kind < NODE_comprehension;
}

static unsigned deeper(unsigned depth, const Node *child, unsigned step) {
    return child && child->depth + step > depth ? child->depth + step : depth;
}

static unsigned measure_depth(const Node *node) {
    unsigned depth = 0, step = first_step(node->kind);
    for (const FieldInfo *field = ast_fields(node->kind); field->name; field++) {
        const char *place = (const char *)node + field->offset;
        if (field->type == FIELD_NODE || field->type == FIELD_OPT) {
            depth = deeper(depth, *(Node *const *)place, step);
        } else if (field->type == FIELD_LIST) {
            const NodeList *list = (const NodeList *)place;
            bool elif = node->kind == NODE_If && field->offset == offsetof(AstIf, orelse) &&
                        list->count == 1 && list->items[0]->kind == NODE_If;
            for (int i = 0; i < list->count; i++) {
                depth = deeper(depth, list->items[i], elif ? 0 : step);
            }
        }
        step = node->kind < NODE_comprehension;
    }
    return depth;
}

Node *ast_add(Arena *arena, const Node *node, size_t size) {
    Node *copy = arena_alloc(arena, size);
    memcpy(copy, node, size);
    unsigned depth = measure_depth(copy);
    copy->depth = (uint16_t)(depth < UINT16_MAX ? depth : UINT16_MAX);
    return copy;
}
