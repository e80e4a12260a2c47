/* SPDX-License-Identifier: MIT */
/* Code that is valid but surely not meant: `x is 'a'`, `assert (x, 'text')`, and `[(1, 2) (3, 4)]`,
 * where a comma was forgotten so that something that is no function is called.
 *
 * The walk that collects names (compiler/scope.c) shows each such node here once. The warnings go
 * to the list of the source.
 * Read next: common/notice.h, compiler/warn.c.
 */
#include "common/notice.h"
#include "compiler/unit.h"

static const char *type_of_literal(const Literal *value) {
    switch (value->kind) {
    case LITERAL_NONE: return "NoneType";
    case LITERAL_TRUE:
    case LITERAL_FALSE: return "bool";
    case LITERAL_ELLIPSIS: return "ellipsis";
    case LITERAL_INT: return "int";
    case LITERAL_FLOAT: return "float";
    case LITERAL_STR: return "str";
    case LITERAL_BYTES: return "bytes";
    }
    return NULL;
}

/* The name of the type that [node] surely has, or NULL. */
static const char *type_of(const Node *node) {
    switch (node->kind) {
    case NODE_Constant: return type_of_literal(&AST(Constant, node)->value);
    case NODE_JoinedStr: return "str";
    case NODE_Tuple: return "tuple";
    case NODE_List:
    case NODE_ListComp: return "list";
    case NODE_Dict:
    case NODE_DictComp: return "dict";
    case NODE_Set:
    case NODE_SetComp: return "set";
    case NODE_GeneratorExp: return "generator";
    case NODE_Lambda: return "function";
    default: return NULL;
    }
}

static bool type_is(const char *type, const char *name) { return type && !strcmp(type, name); }

void suspect_call(Compiler *c, const Node *node) {
    const char *type = type_of(AST(Call, node)->func);
    if (!type || type_is(type, "function")) return;
    notice_add(c->source, NOTICE_SYNTAX, node->span,
               "'%s' object is not callable; perhaps you missed a comma?", type);
}

static bool is_sequence(const char *type) {
    return type_is(type, "str") || type_is(type, "bytes") || type_is(type, "tuple") ||
           type_is(type, "list");
}

void suspect_subscript(Compiler *c, const Node *node) {
    const AstSubscript *s = AST(Subscript, node);
    const char *type = type_of(s->value);
    if (!type || s->ctx != CTX_Load || type_is(type, "dict")) return;
    if (!is_sequence(type)) {
        notice_add(c->source, NOTICE_SYNTAX, node->span,
                   "'%s' object is not subscriptable; perhaps you missed a comma?", type);
        return;
    }
    const char *index = type_of(s->slice);
    if (!index || type_is(index, "int") || type_is(index, "bool")) return;
    notice_add(c->source, NOTICE_SYNTAX, node->span,
               "%s indices must be integers or slices, not %s; perhaps you missed a comma?", type,
               index);
}

/* A constant of which there is not only one object. */
static bool is_plain_literal(Compiler *c, Node *node) {
    Value v;
    if (!constant_value(c, node, &v)) return false;
    return v != VALUE_NONE && v != VALUE_TRUE && v != VALUE_FALSE && v != VALUE_ELLIPSIS;
}

void suspect_compare(Compiler *c, const Node *node) {
    const AstCompare *compare = AST(Compare, node);
    Node *left = compare->left;
    for (int i = 0; i < compare->ops.count; i++) {
        CmpOp op = (CmpOp)compare->ops.items[i];
        Node *right = compare->comparators.items[i];
        bool identity = op == CMPOP_Is || op == CMPOP_IsNot;
        if (identity && (is_plain_literal(c, left) || is_plain_literal(c, right))) {
            notice_add(c->source, NOTICE_SYNTAX, node->span, "\"%s\" with a literal. %s",
                       op == CMPOP_Is ? "is" : "is not",
                       op == CMPOP_Is ? "Did you mean \"==\"?" : "Did you mean \"!=\"?");
            return;
        }
        left = right;
    }
}

void suspect_assert(Compiler *c, const Node *node) {
    const Node *test = AST(Assert, node)->test;
    if (test->kind != NODE_Tuple || !AST(Tuple, test)->elts.count) return;
    notice_add(c->source, NOTICE_SYNTAX, node->span,
               "assertion is always true, perhaps remove parentheses?");
}
