/* SPDX-License-Identifier: MIT */
/* The syntax tree: kinds, structs and tables, all made from the rows of parser/ast.def.
 *
 * Every node is a struct Ast<kind> that begins with `Node base`, so a Node * is cast to the
 * struct its kind names: `AST(BinOp, node)->left`. Nodes, lists and identifiers live in the arena
 * of the parse; identifiers are interned there, so within one tree equal names are equal
 * pointers. (The structs carry the prefix because the machine has types named List, Dict, Tuple
 * and so on.)
 *
 * Depth: a tree that parse_source gives is at most AST_MAX_DEPTH deep, so walkers may recurse;
 * but the left spine of BinOp, Call, Attribute and Subscript (their first field) and the chain of
 * `elif` (an If alone in the orelse of an If) do not count and have no limit: walk those with a
 * loop.
 *
 * Read next: parser/grammar.y builds it, parser/dump.c prints it, compiler/ reads it.
 */
#ifndef TULIP_PARSER_AST_H
#define TULIP_PARSER_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/arena.h"
#include "common/listing.h"
#include "common/source.h"

typedef enum NodeKind {
#define NODE(kind, fields) NODE_##kind,
#include "parser/ast.def"
    NODE_KIND_COUNT
} NodeKind;

typedef enum BoolOp {
#define BOOLOP(name, text) BOOLOP_##name,
#include "parser/ast.def"
} BoolOp;

typedef enum BinOp {
#define BINOP(name, text) BINOP_##name,
#include "parser/ast.def"
} BinOp;

typedef enum UnaryOp {
#define UNARYOP(name, text) UNARYOP_##name,
#include "parser/ast.def"
} UnaryOp;

typedef enum CmpOp {
#define CMPOP(name, text) CMPOP_##name,
#include "parser/ast.def"
} CmpOp;

typedef enum ExprContext { CTX_Load, CTX_Store, CTX_Del } ExprContext;

/* Source nests at most 1,000 deep; the rest is room for the nodes around it. */
enum { AST_MAX_DEPTH = 1010 };

/* What every node begins with. */
typedef struct Node {
    uint16_t kind;      /* a NodeKind */
    uint16_t depth;     /* how deep a walker that loops down spines recurses from here */
    bool parenthesized; /* an expression written inside its own parentheses */
    Span span;
} Node;

typedef struct NodeList {
    Node **items;
    int count;
} NodeList;

typedef struct NameList {
    const char **items;
    int count;
} NameList;

typedef struct CmpOpList {
    unsigned char *items; /* CmpOp values */
    int count;
} CmpOpList;

typedef enum LiteralKind {
    LITERAL_NONE,
    LITERAL_TRUE,
    LITERAL_FALSE,
    LITERAL_ELLIPSIS,
    LITERAL_INT,   /* text: digits, perhaps after 0x, 0o or 0b in lower case; no underscores */
    LITERAL_FLOAT, /* number */
    LITERAL_STR,   /* text: UTF-8 that may hold lone surrogates and NULs */
    LITERAL_BYTES  /* text: any bytes */
} LiteralKind;

/* The value of a Constant. */
typedef struct Literal {
    LiteralKind kind;
    bool u_prefix; /* the string was written u"..." */
    union {
        struct {
            const char *text; /* INT, STR, BYTES; NUL-terminated */
            size_t size;
        };
        double number; /* FLOAT */
    };
} Literal;

#define NODE_FIELD(f)    Node *f;
#define OPT_FIELD(f)     Node *f;
#define LIST_FIELD(f)    NodeList f;
#define NAME_FIELD(f)    const char *f;
#define NAMES_FIELD(f)   NameList f;
#define BOOL_FIELD(f)    bool f;
#define INT_FIELD(f)     int f;
#define OP_FIELD(f, T)   T f;
#define CMPS_FIELD(f)    CmpOpList f;
#define CTX_FIELD(f)     ExprContext f;
#define LITERAL_FIELD(f) Literal f;
#define NODE(kind, fields)                                                                         \
    typedef struct Ast##kind {                                                                     \
        Node base;                                                                                 \
        fields                                                                                     \
    } Ast##kind;
#include "parser/ast.def"
#undef NODE_FIELD
#undef OPT_FIELD
#undef LIST_FIELD
#undef NAME_FIELD
#undef NAMES_FIELD
#undef BOOL_FIELD
#undef INT_FIELD
#undef OP_FIELD
#undef CMPS_FIELD
#undef CTX_FIELD
#undef LITERAL_FIELD

/* The struct of a node whose kind is known. */
#define AST(kind, node) ((Ast##kind *)(node))

/* Makes a node: ast_new(arena, BinOp, span, left, op, right), with all fields in the order of the
 * row. */
#define ast_new(arena, kind, span, ...)                                                            \
    ast_add(arena, &(Ast##kind){{NODE_##kind, 0, false, span}, ##__VA_ARGS__}.base,                \
            sizeof(Ast##kind))

/* Copies [node] of [size] bytes into the arena and computes its depth; ast_new calls it. */
Node *ast_add(Arena *arena, const Node *node, size_t size);

/* What a field of a node holds; the letters of the rows in ast.def. */
typedef enum FieldType {
    FIELD_NODE,
    FIELD_OPT,
    FIELD_LIST,
    FIELD_NAME,
    FIELD_NAMES,
    FIELD_BOOL,
    FIELD_INT,
    FIELD_BoolOp,
    FIELD_BinOp,
    FIELD_UnaryOp,
    FIELD_CMPS,
    FIELD_CTX,
    FIELD_LITERAL
} FieldType;

typedef struct FieldInfo {
    const char *name;
    FieldType type;
    size_t offset; /* from the start of the node */
} FieldInfo;

/* The fields of [kind] in the order of its row, ended by one whose name is NULL: for walkers that
 * treat all kinds alike. */
const FieldInfo *ast_fields(NodeKind kind);

/* The name of [kind], as in Python's ast. */
const char *ast_kind_name(NodeKind kind);

/* The length in bytes of an interned identifier. */
uint32_t ast_name_length(const char *name);

/* True if [node] is a Constant of that literal kind. */
bool ast_is_literal(const Node *node, LiteralKind kind);

/* Lists [root] on [out]: as ast.dump(root, indent=2) of Python does, or as how says, with lines of
 * [source]. */
void ast_dump(FILE *out, const Node *root, const Source *source, const Listing *how);

#endif
