/* SPDX-License-Identifier: MIT */
/* What may be assigned to: checks, contexts, and CPython's words for what may not. */
#include "parser/build.h"

static const char *describe_constant(const AstConstant *constant) {
    switch (constant->value.kind) {
    case LITERAL_NONE: return "None";
    case LITERAL_TRUE: return "True";
    case LITERAL_FALSE: return "False";
    case LITERAL_ELLIPSIS: return "ellipsis";
    default: return "literal";
    }
}

const char *tree_target_describe(const Node *node) {
    switch (node->kind) {
    case NODE_Attribute: return "attribute";
    case NODE_Subscript: return "subscript";
    case NODE_Starred: return "starred";
    case NODE_Name: return "name";
    case NODE_List: return "list";
    case NODE_Tuple: return "tuple";
    case NODE_Lambda: return "lambda";
    case NODE_Call: return "function call";
    case NODE_BoolOp:
    case NODE_BinOp:
    case NODE_UnaryOp: return "expression";
    case NODE_GeneratorExp: return "generator expression";
    case NODE_Yield:
    case NODE_YieldFrom: return "yield expression";
    case NODE_Await: return "await expression";
    case NODE_ListComp: return "list comprehension";
    case NODE_SetComp: return "set comprehension";
    case NODE_DictComp: return "dict comprehension";
    case NODE_Dict: return "dict literal";
    case NODE_Set: return "set display";
    case NODE_JoinedStr:
    case NODE_FormattedValue: return "f-string expression";
    case NODE_Constant: return describe_constant(AST(Constant, node));
    case NODE_Compare: return "comparison";
    case NODE_IfExp: return "conditional expression";
    case NODE_NamedExpr: return "named expression";
    default: return "expression";
    }
}

/* True for what stands before a `=` that was probably meant to be `==`. */
static bool may_mean_equal(const Node *node) {
    if (node->parenthesized) return true;
    switch (node->kind) {
    case NODE_Compare:
    case NODE_BoolOp:
    case NODE_IfExp:
    case NODE_Lambda:
    case NODE_Yield:
    case NODE_YieldFrom:
    case NODE_GeneratorExp:
    case NODE_Starred: return false;
    case NODE_UnaryOp: return AST(UnaryOp, node)->op != UNARYOP_Not;
    case NODE_Constant: {
        LiteralKind kind = AST(Constant, node)->value.kind;
        return kind != LITERAL_NONE && kind != LITERAL_TRUE && kind != LITERAL_FALSE;
    }
    default: return true;
    }
}

static void refuse(Parser *parser, const Node *node, TargetUse use) {
    const char *what = tree_target_describe(node);
    if (use == TARGET_DELETE) {
        parser_fail(parser, node->span, "cannot delete %s", what);
    } else if (use == TARGET_ASSIGN && may_mean_equal(node)) {
        parser_fail(parser, node->span,
                    "cannot assign to %s here. Maybe you meant '==' instead of '='?", what);
    } else {
        parser_fail(parser, node->span, "cannot assign to %s", what);
    }
}

static bool is_debug(const char *name) {
    static const char word[] = "__debug__";
    for (size_t i = 0; i < sizeof word; i++) {
        if (name[i] != word[i]) return false;
    }
    return true;
}

static void check_name(Parser *parser, const Node *node, const char *name, TargetUse use) {
    if (is_debug(name)) {
        parser_fail(parser, node->span, "cannot %s __debug__",
                    use == TARGET_DELETE ? "delete" : "assign to");
    }
}

static void check_parts(Parser *parser, NodeList parts, TargetUse use) {
    int stars = 0;
    for (int i = 0; i < parts.count; i++) {
        Node *part = parts.items[i];
        if (part->kind == NODE_Starred && use != TARGET_DELETE) {
            if (stars++) {
                parser_fail(parser, part->span, "multiple starred expressions in assignment");
            }
            AST(Starred, part)->ctx = CTX_Store;
            part = AST(Starred, part)->value;
        }
        tree_target_check(parser, part, use == TARGET_DELETE ? use : TARGET_PART);
    }
}

void tree_target_check(Parser *parser, Node *node, TargetUse use) {
    ExprContext ctx = use == TARGET_DELETE ? CTX_Del : CTX_Store;
    switch (node->kind) {
    case NODE_Name:
        check_name(parser, node, AST(Name, node)->id, use);
        AST(Name, node)->ctx = ctx;
        break;
    case NODE_Attribute:
        check_name(parser, node, AST(Attribute, node)->attr, use);
        AST(Attribute, node)->ctx = ctx;
        break;
    case NODE_Subscript: AST(Subscript, node)->ctx = ctx; break;
    case NODE_Tuple:
        AST(Tuple, node)->ctx = ctx;
        check_parts(parser, AST(Tuple, node)->elts, use);
        break;
    case NODE_List:
        AST(List, node)->ctx = ctx;
        check_parts(parser, AST(List, node)->elts, use);
        break;
    case NODE_Starred:
        if (use == TARGET_DELETE) {
            parser_fail(parser, node->span, "cannot delete starred");
        } else {
            parser_fail(parser, node->span, "starred assignment target must be in a list or tuple");
        }
        break;
    default: refuse(parser, node, use);
    }
}

void tree_target_check_annotated(Parser *parser, Node *node) {
    switch (node->kind) {
    case NODE_Name:
    case NODE_Attribute:
    case NODE_Subscript: tree_target_check(parser, node, TARGET_PART); break;
    case NODE_Tuple:
    case NODE_List:
        parser_fail(parser, node->span, "only single target (not %s) can be annotated",
                    tree_target_describe(node));
        break;
    default: parser_fail(parser, node->span, "illegal target for annotation");
    }
}

void tree_target_check_augmented(Parser *parser, Node *node) {
    if (node->kind == NODE_Name || node->kind == NODE_Attribute || node->kind == NODE_Subscript) {
        tree_target_check(parser, node, TARGET_PART);
    } else {
        parser_fail(parser, node->span, "'%s' is an illegal expression for augmented assignment",
                    tree_target_describe(node));
    }
}
