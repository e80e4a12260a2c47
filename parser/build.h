/* SPDX-License-Identifier: MIT */
/* What the grammar's actions share: the state of one parse, and the functions that build the
 * tree.
 *
 * An expression travels through the grammar as a Piece: its node and the text it covers, which is
 * more than the node's own span when there are parentheses around it. Lists are Items, growing in
 * the arena. An action that finds something wrong calls parser_fail and gives any node; the
 * driver stops after the token.
 *
 * Read next: parser/grammar.y, then targets.c, arguments.c, strings.c, statements.c.
 */
#ifndef TULIP_PARSER_BUILD_H
#define TULIP_PARSER_BUILD_H

#include "common/diagnostic.h"
#include "lexer/layout.h"
#include "parser/ast.h"

typedef struct Piece {
    Node *node;
    Span span;
} Piece;

typedef struct Items {
    NodeList list;
    int capacity;
    Span span;  /* from the first item to the last, or to the trailing comma */
    bool comma; /* ended by a comma */
} Items;

/* `key: value, **mapping` pairs, or the two halves of anything else. */
typedef struct PairItems {
    Items *keys, *values;
} PairItems;

typedef enum ParamKind {
    PARAM_PLAIN,
    PARAM_STAR,
    PARAM_DOUBLE_STAR,
    PARAM_BARE_STAR,
    PARAM_SLASH
} ParamKind;

/* One entry of a parameter list; the pieces have NULL nodes where nothing was written. */
typedef struct Param {
    ParamKind kind;
    Token token; /* the name; `*` or `/` where there is none */
    Piece annotation, value;
} Param;

/* The entries so far, sorted into the lists of an arguments node; see arguments.c. */
typedef struct Params {
    Items *posonlyargs, *args, *kwonlyargs, *kw_defaults, *defaults;
    Node *vararg, *kwarg;
    bool slash, star, bare_star; /* seen; bare_star until a keyword-only parameter follows */
    Span bare_span, span;
} Params;

/* `for target in iter:` up to its block. */
typedef struct ForHeader {
    Token keyword;
    Piece target, iter;
} ForHeader;

typedef enum ArgumentKind {
    ARGUMENT_VALUE,
    ARGUMENT_GENERATOR, /* without parentheses of its own */
    ARGUMENT_KEYWORD,
    ARGUMENT_DOUBLE_STAR
} ArgumentKind;

/* One argument of a call or class. */
typedef struct Argument {
    ArgumentKind kind;
    Piece name;  /* KEYWORD: what stands before `=` */
    Piece value; /* also a Starred */
    Span span;
} Argument;

/* The arguments so far. */
typedef struct Arguments {
    Items *args, *keywords;
    bool keyword, double_star; /* seen */
    Node *generator;           /* the first generator expression without parentheses */
    int count;
} Arguments;

/* The literals of one implicit concatenation, or the parts of one f-string. */
typedef struct StringRun {
    Items *values; /* Constant and FormattedValue; no two Constants in a row */
    char *text;    /* of the Constant that still grows, in the arena; NULL if there is none */
    size_t size, capacity;
    bool bytes, formatted, u_prefix, any;
    Span text_span, span;
} StringRun;

/* A replacement field of an f-string. */
typedef struct Field {
    Token open, debug, conversion, colon, close; /* kind TK_NOTHING where missing */
    Piece value;
    Node *spec; /* may be NULL */
} Field;

typedef struct Parser {
    const Source *source;
    Arena *arena;
    Diagnostic *error;
    Layout layout;
    bool failed;
    bool settled;        /* the error stands whatever the rest of the text holds */
    Node *root;          /* set when the start symbol is complete */
    Node *with_items;    /* parenthesised `(a as b, …)` that no `with` has claimed yet */
    Span with_items_as;  /* where its first `as` stands */
    int with_items_open; /* how many such are unclaimed */
    /* For messages. A logical line's first two tokens; the line is the current token's, or the one
     * before if the current token begins a line. */
    Token current, previous, before_previous;
    Token line_first, line_second, header_first, header_second;
    int line_tokens; /* of the current line, the current one included */
} Parser;

/* Describes a SyntaxError about [span], once. */
void parser_fail(Parser *parser, Span span, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The span from the beginning of [a] to the end of [b]. */
static inline Span span_join(Span a, Span b) {
    return (Span){a.line, a.column, b.end_line, b.end_column};
}

/* [node] and the text it covers. */
static inline Piece piece_of(Node *node) { return (Piece){node, node->span}; }

/* Lists: an empty one; one with [node] (which may be NULL) in it; appending one node that covers
 * [span]; appending all of [more]. tree_items_add and tree_items_concat give [items] back. */
Items *tree_items_new(Parser *parser);
Items *tree_items_one(Parser *parser, Piece piece);
Items *tree_items_add(Parser *parser, Items *items, Piece piece);
Items *tree_items_concat(Parser *parser, Items *items, Items *more);

/* Marks the trailing comma at [comma]. */
Items *tree_items_end(Items *items, Token comma);

/* The list of [items], empty for NULL. */
NodeList tree_items_list(const Items *items);

/* --- expressions (expressions.c) --- */

Piece tree_name(Parser *parser, Token name);
Piece tree_constant(Parser *parser, Token token, LiteralKind kind);
Piece tree_unary(Parser *parser, Token operator, UnaryOp op, Piece operand);
Piece tree_binary(Parser *parser, Piece left, BinOp op, Piece right);

/* `left and right`: joins a run of the same operator. */
Piece tree_bool(Parser *parser, Piece left, BoolOp op, Piece right);

/* `left op right` where [left] is or is no comparison [chained] already. */
Piece tree_compare(Parser *parser, Piece left, bool chained, CmpOp op, Piece right);

Piece tree_walrus(Parser *parser, Piece target, Piece value);
Piece tree_attribute(Parser *parser, Piece value, Token name);
Piece tree_subscript(Parser *parser, Piece value, Items *subscripts, Token close);
Piece tree_starred(Parser *parser, Token star, Piece value);

/* A list of expressions without brackets: the expression itself, or a Tuple. */
Piece tree_list(Parser *parser, Items *items);

/* The same without the check that a starred expression does not stand alone (targets). */
Piece tree_sequence(Parser *parser, Items *items);

/* What stands between parentheses: a group or a Tuple. */
Piece tree_paren(Parser *parser, Token open, Items *items, Token close);

/* One expression (a `yield`) in parentheses. */
Piece tree_group(Token open, Piece piece, Token close);

/* `a as b` between parentheses, which only a `with` may claim. */
Piece tree_with_item(Parser *parser, Piece value, Token as, Piece target);

/* A comprehension: [items] is what stands before the first `for`, which must be one expression. */
Piece tree_comprehension(Parser *parser, NodeKind kind, Span span, Items *items, Items *clauses);
Piece tree_dict_comprehension(Parser *parser, Span span, PairItems pairs, Items *clauses);

/* One `for … in …` clause; the conditions are added to the last clause. */
Piece tree_clause(Parser *parser, Span span, bool is_async, Items *targets, Piece iter);
Items *tree_condition(Parser *parser, Items *clauses, Piece condition);

/* Appends a pair; [key] is NULL for `**value`. */
PairItems tree_pairs_add(Parser *parser, PairItems pairs, Piece key, Piece value);

/* --- targets (targets.c) --- */

typedef enum TargetUse {
    TARGET_ASSIGN, /* `=`, with its hint about `==` */
    TARGET_FOR,
    TARGET_WITH,
    TARGET_DELETE,
    TARGET_PART /* inside a tuple or list, whatever the statement */
} TargetUse;

/* Checks that [node] can be assigned to (or deleted) and sets its context, with all of
 * its parts. */
void tree_target_check(Parser *parser, Node *node, TargetUse use);

/* Checks the target of `x: int` or `x += 1`: a name, attribute or subscript. */
void tree_target_check_annotated(Parser *parser, Node *node);
void tree_target_check_augmented(Parser *parser, Node *node);

/* What messages call an expression: "function call", "literal". */
const char *tree_target_describe(const Node *node);

/* --- calls and parameters (arguments.c) --- */

Arguments *tree_args_new(Parser *parser);

/* Appends an argument, checking the order; gives [arguments] back. */
Arguments *tree_args_add(Parser *parser, Arguments *arguments, Argument argument);

/* Checks what concerns all arguments together; [comma] if they ended with one. */
Arguments *tree_args_end(Parser *parser, Arguments *arguments, bool comma);

/* The name of a keyword argument that the lexer takes for the keyword `async` or `await`. */
Piece tree_args_soft_name(Parser *parser, Token keyword);

Piece tree_call(Parser *parser, Piece func, Token open, Arguments *arguments, Token close);

Params *tree_params_new(Parser *parser);

/* Appends an entry, checking the order; gives [params] back. */
Params *tree_params_add(Parser *parser, Params *params, Param param);

/* Checks what concerns all entries together; gives [params] back. */
Params *tree_params_end(Parser *parser, Params *params);

/* The finished arguments node. */
Node *tree_params_finish(Parser *parser, Params *params);

Piece tree_lambda(Parser *parser, Token keyword, Params *params, Piece body);

/* --- what is left out of the language (left_out.c) --- */

/* The expression that raises tulip.OutOfScope, for a LEFT_OUT token. */
Piece tree_left_out(Parser *parser, Token token);

/* `except*`: an error, or the LEFT_OUT token for it where the source allows that. */
Token left_out_except_star(Parser *parser, Token except, Token star);

/* If [token] begins a `match` statement its tokens are passed over, and it becomes LEFT_OUT. */
bool left_out_match(Parser *parser, Token *token);

/* --- strings (strings.c) --- */

/* Runs in progress: an empty one, appending a literal token, the parts of an f-string, its text.
 * Each gives [run] back. [span] covers what is appended. */
StringRun *tree_string_new(Parser *parser);
StringRun *tree_string_add(Parser *parser, StringRun *run, Token token);
StringRun *tree_string_add_formatted(Parser *parser, StringRun *run, StringRun *parts, Span span);

/* Appends a replacement field. The kinds of [debug] (the `=`), [conversion] (the name after `!`)
 * are TK_NOTHING where they are missing. With `=` the text before it becomes part of the run. */
StringRun *tree_string_add_field(Parser *parser, StringRun *run, Field field);

/* The Constant or JoinedStr of a run. */
Piece tree_string_finish(Parser *parser, StringRun *run);

/* The parts of a format spec as a JoinedStr. */
Node *tree_string_spec(Parser *parser, StringRun *run, Span span);

/* --- statements (statements.c) --- */

Items *tree_stmt_one(Parser *parser, Node *node);
Node *tree_stmt_expression(Parser *parser, Piece value);
Node *tree_stmt_assign(Parser *parser, Items *chain);
Node *tree_stmt_augmented(Parser *parser, Piece target, BinOp op, Piece value);

/* `target: annotation = value`; [value].node may be NULL. */
Node *tree_stmt_annotated(Parser *parser, Piece target, Piece annotation, Piece value);

Node *tree_stmt_delete(Parser *parser, Token del, Items *targets);

/* `import a.b`: one token with the names joined by dots. */
Token tree_stmt_dotted(Parser *parser, Items *names);
Piece tree_stmt_alias(Parser *parser, Token name, Token asname);
Node *tree_stmt_import_from(Parser *parser, Span span, int level, Token module, Items *names);
Node *tree_stmt_names(Parser *parser, Token keyword, NodeKind kind, Items *names);

/* `if`, with its `elif` branches (If nodes) folded into one another. */
Node *tree_stmt_if(Parser *parser, Token keyword, Piece test, Items *body, Items *elifs,
                   Items *orelse);
ForHeader tree_stmt_for_header(Parser *parser, Token keyword, Items *targets, Items *iter);
Node *tree_stmt_for(Parser *parser, ForHeader header, Items *body, Items *orelse);
Node *tree_stmt_while(Parser *parser, Token keyword, Piece test, Items *body, Items *orelse);
Node *tree_stmt_try(Parser *parser, Token keyword, Items *body, Items *handlers, Items *orelse,
                    Items *finalbody);
Piece tree_stmt_handler(Parser *parser, Token keyword, Piece type, Token name, Items *body);

/* The items of a `with` header, those of a parenthesised list unpacked. */
Items *tree_stmt_with_header(Parser *parser, Items *items);
Piece tree_stmt_with_item(Parser *parser, Piece value, Piece target);
Node *tree_stmt_with(Parser *parser, Token keyword, Items *items, Items *body);
Node *tree_stmt_def(Parser *parser, Token keyword, Token name, Params *params, Piece returns,
                    Items *body);
Node *tree_stmt_class(Parser *parser, Token keyword, Token name, Arguments *arguments, Items *body);

/* Marks a def, for or with that `async` at [keyword] precedes. */
Node *tree_stmt_async(Token keyword, Node *node);
Node *tree_stmt_decorated(Items *decorators, Node *node);

#endif
