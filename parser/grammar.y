/* SPDX-License-Identifier: MIT */
/* The grammar of Tulip, for lemon: Python's, where `async` is also a name after a dot.
 *
 * It is LALR(1) without conflicts (the build makes one an error) by two devices:
 *
 *   - what is assigned to, the names of keyword arguments, and `(a as b, c as d)` of a `with` are
 *     parsed as expressions and checked by the actions, as no LALR(1) parser can know beforehand
 *     what they are;
 *   - an expression comes in four sizes, each within the next: primary (a name, call,
 *     subscript…), arith (up to `|`), disj (up to `or`), test (conditional expressions and
 *     lambda). `for x in y` needs arith for x, `[… for x in y if z]` disj for y and z. Within a
 *     size precedence decides.
 *
 * The tables are not compressed by default reductions, so at a wrong token the automaton is still
 * where it can be asked what it would have taken (grammar_accepts).
 *
 * Every list of tokens below is in the order of lexer/tokens.def. Read next: parser/driver.c.
 */
%include {
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The generator's skeleton has parameters and variables that this grammar makes no use of. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-variable"

#include "parser/grammar.h"
#include "parser/machine.h"

/* The kinds of lexer/tokens.def and the generator's numbers are the same. */
#define TOKEN(kind, text, description)                                                             \
    _Static_assert((int)TK_##kind == (int)GRAMMAR_##kind, "order of %token: " #kind);
#include "lexer/tokens.def"

static const Piece no_piece = {NULL, {0, 0, 0, 0}};
static const Token no_token;
}

%name grammar
%token_prefix GRAMMAR_
%token_type {Token}
%default_type {Piece}
%extra_context {Parser *parser}
%stack_size 0
%syntax_error { parser_reject(parser, yypParser, yyminor); }
%parse_failure { parser->failed = true; }

%token END NEWLINE INDENT DEDENT NAME INT FLOAT LEFT_OUT STRING BYTES FSTRING_START FSTRING_TEXT
    FSTRING_END FIELD_OPEN FIELD_CLOSE FIELD_BANG FIELD_COLON AND AS ASSERT ASYNC AWAIT BREAK CLASS
    CONTINUE DEF DEL ELIF ELSE EXCEPT FALSE FINALLY FOR FROM GLOBAL IF IMPORT IN IS LAMBDA NONE
    NONLOCAL NOT OR PASS RAISE RETURN TRUE TRY WHILE WITH YIELD LPAREN RPAREN LBRACKET RBRACKET
    LBRACE RBRACE COMMA COLON DOT SEMICOLON AT ARROW ELLIPSIS COLON_EQUAL EQUAL PLUS MINUS STAR
    STARSTAR SLASH SLASHSLASH PERCENT AMPERSAND BAR CARET TILDE LSHIFT RSHIFT LESS GREATER
    LESS_EQUAL GREATER_EQUAL EQUAL_EQUAL NOT_EQUAL PLUS_EQUAL MINUS_EQUAL STAR_EQUAL SLASH_EQUAL
    SLASHSLASH_EQUAL PERCENT_EQUAL AT_EQUAL AMPERSAND_EQUAL BAR_EQUAL CARET_EQUAL LSHIFT_EQUAL
    RSHIFT_EQUAL STARSTAR_EQUAL START_FILE START_EVAL START_SINGLE.

%left OR.
%left AND.
%right NOT.
%left BAR.
%left CARET.
%left AMPERSAND.
%left LSHIFT RSHIFT.
%left PLUS MINUS.
%left STAR AT SLASH PERCENT SLASHSLASH.
%right TILDE.
%right STARSTAR.

/* --- start ------------------------------------------------------------------------------------ */

%start_symbol start

start ::= START_FILE statements(S) END(E). {
    Span span = {1, 0, E.span.line, E.span.column};
    parser->root = ast_new(parser->arena, Module, span, tree_items_list(S));
}
start ::= START_EVAL test_list(L) newlines END. {
    Piece value = tree_list(parser, L);
    parser->root = ast_new(parser->arena, Expression, value.span, value.node);
}
start ::= START_SINGLE(T) END. {
    parser->root = ast_new(parser->arena, Interactive, T.span, tree_items_list(NULL));
}
start ::= START_SINGLE statement(S) END. {
    parser->root = ast_new(parser->arena, Interactive, S->span, tree_items_list(S));
}

newlines ::= .
newlines ::= newlines NEWLINE.

%type test_list {Items *}
test_list(A) ::= test_items(B). { A = B; }
test_list(A) ::= test_items(B) COMMA(T). { A = tree_items_end(B, T); }
%type test_items {Items *}
test_items(A) ::= test(B). { A = tree_items_one(parser, B); }
test_items(A) ::= test_items(B) COMMA test(C). { A = tree_items_add(parser, B, C); }

/* --- statements ------------------------------------------------------------------------------- */

%type statements {Items *}
statements(A) ::= . { A = tree_items_new(parser); }
statements(A) ::= statements(B) statement(C). { A = tree_items_concat(parser, B, C); }

%type statement {Items *}
statement(A) ::= simple_line(B). { A = B; }
statement(A) ::= compound(B). { A = tree_stmt_one(parser, B); }

%type simple_line {Items *}
simple_line(A) ::= simple_list(B) NEWLINE. { A = B; }
simple_line(A) ::= simple_list(B) SEMICOLON NEWLINE. { A = B; }
%type simple_list {Items *}
simple_list(A) ::= simple(B). { A = tree_stmt_one(parser, B); }
simple_list(A) ::= simple_list(B) SEMICOLON simple(C). {
    A = tree_items_add(parser, B, piece_of(C));
}

%type block {Items *}
block(A) ::= simple_line(B). { A = B; }
block(A) ::= NEWLINE INDENT indented(B) DEDENT. { A = B; }
%type indented {Items *}
indented(A) ::= statement(B). { A = B; }
indented(A) ::= indented(B) statement(C). { A = tree_items_concat(parser, B, C); }

/* --- simple statements ------------------------------------------------------------------------ */

%type simple {Node *}
simple(A) ::= value(B). { A = tree_stmt_expression(parser, B); }
simple(A) ::= assign_chain(B). { A = tree_stmt_assign(parser, B); }
simple(A) ::= value(B) augmented(O) value(C). { A = tree_stmt_augmented(parser, B, O, C); }
simple(A) ::= value(B) COLON test(C). { A = tree_stmt_annotated(parser, B, C, no_piece); }
simple(A) ::= value(B) COLON test(C) EQUAL value(D). { A = tree_stmt_annotated(parser, B, C, D); }
simple(A) ::= DEL(T) target_list(B). { A = tree_stmt_delete(parser, T, B); }
simple(A) ::= PASS(T). { A = ast_new(parser->arena, Pass, T.span); }
simple(A) ::= BREAK(T). { A = ast_new(parser->arena, Break, T.span); }
simple(A) ::= CONTINUE(T). { A = ast_new(parser->arena, Continue, T.span); }
simple(A) ::= RETURN(T). { A = ast_new(parser->arena, Return, T.span, NULL); }
simple(A) ::= RETURN(T) star_list(B). {
    Piece value = tree_list(parser, B);
    A = ast_new(parser->arena, Return, span_join(T.span, value.span), value.node);
}
simple(A) ::= RAISE(T). { A = ast_new(parser->arena, Raise, T.span, NULL, NULL); }
simple(A) ::= RAISE(T) test(B). {
    A = ast_new(parser->arena, Raise, span_join(T.span, B.span), B.node, NULL);
}
simple(A) ::= RAISE(T) test(B) FROM test(C). {
    A = ast_new(parser->arena, Raise, span_join(T.span, C.span), B.node, C.node);
}
simple(A) ::= ASSERT(T) test(B). {
    A = ast_new(parser->arena, Assert, span_join(T.span, B.span), B.node, NULL);
}
simple(A) ::= ASSERT(T) test(B) COMMA test(C). {
    A = ast_new(parser->arena, Assert, span_join(T.span, C.span), B.node, C.node);
}
simple(A) ::= GLOBAL(T) names(B). { A = tree_stmt_names(parser, T, NODE_Global, B); }
simple(A) ::= NONLOCAL(T) names(B). { A = tree_stmt_names(parser, T, NODE_Nonlocal, B); }
%type names {Items *}
names(A) ::= NAME(T). { A = tree_items_one(parser, tree_name(parser, T)); }
names(A) ::= names(B) COMMA NAME(T). { A = tree_items_add(parser, B, tree_name(parser, T)); }

/* What may stand on either side of `=`. */
value(A) ::= star_list(B). { A = tree_list(parser, B); }
value(A) ::= yield_expr(B). { A = B; }

%type assign_chain {Items *}
assign_chain(A) ::= value(B) EQUAL value(C). {
    A = tree_items_add(parser, tree_items_one(parser, B), C);
}
assign_chain(A) ::= assign_chain(B) EQUAL value(C). { A = tree_items_add(parser, B, C); }

%type augmented {BinOp}
augmented(A) ::= PLUS_EQUAL. { A = BINOP_Add; }
augmented(A) ::= MINUS_EQUAL. { A = BINOP_Sub; }
augmented(A) ::= STAR_EQUAL. { A = BINOP_Mult; }
augmented(A) ::= SLASH_EQUAL. { A = BINOP_Div; }
augmented(A) ::= SLASHSLASH_EQUAL. { A = BINOP_FloorDiv; }
augmented(A) ::= PERCENT_EQUAL. { A = BINOP_Mod; }
augmented(A) ::= AT_EQUAL. { A = BINOP_MatMult; }
augmented(A) ::= AMPERSAND_EQUAL. { A = BINOP_BitAnd; }
augmented(A) ::= BAR_EQUAL. { A = BINOP_BitOr; }
augmented(A) ::= CARET_EQUAL. { A = BINOP_BitXor; }
augmented(A) ::= LSHIFT_EQUAL. { A = BINOP_LShift; }
augmented(A) ::= RSHIFT_EQUAL. { A = BINOP_RShift; }
augmented(A) ::= STARSTAR_EQUAL. { A = BINOP_Pow; }

/* `async` is a name where a module's function called so is imported. */
simple(A) ::= IMPORT(T) dotted_aliases(B). {
    A = ast_new(parser->arena, Import, span_join(T.span, B->span), tree_items_list(B));
}
simple(A) ::= FROM(T) dotted(M) IMPORT imported(B). {
    A = tree_stmt_import_from(parser, T.span, 0, M, B);
}
simple(A) ::= FROM(T) dots(D) dotted(M) IMPORT imported(B). {
    A = tree_stmt_import_from(parser, T.span, D, M, B);
}
simple(A) ::= FROM(T) dots(D) IMPORT imported(B). {
    A = tree_stmt_import_from(parser, T.span, D, no_token, B);
}
%type dots {int}
dots(A) ::= DOT. { A = 1; }
dots(A) ::= ELLIPSIS. { A = 3; }
dots(A) ::= dots(B) DOT. { A = B + 1; }
dots(A) ::= dots(B) ELLIPSIS. { A = B + 3; }
%type dotted {Token}
dotted(A) ::= dotted_names(B). { A = tree_stmt_dotted(parser, B); }
%type dotted_names {Items *}
dotted_names(A) ::= NAME(T). { A = tree_items_one(parser, tree_name(parser, T)); }
dotted_names(A) ::= dotted_names(B) DOT NAME(T). {
    A = tree_items_add(parser, B, tree_name(parser, T));
}
%type dotted_aliases {Items *}
dotted_aliases(A) ::= dotted_alias(B). { A = tree_items_one(parser, B); }
dotted_aliases(A) ::= dotted_aliases(B) COMMA dotted_alias(C). { A = tree_items_add(parser, B, C); }
dotted_alias(A) ::= dotted(T). { A = tree_stmt_alias(parser, T, no_token); }
dotted_alias(A) ::= dotted(T) AS NAME(N). { A = tree_stmt_alias(parser, T, N); }

%type imported {Items *}
imported(A) ::= STAR(T). {
    T.text = "*";
    A = tree_items_one(parser, tree_stmt_alias(parser, T, no_token));
}
imported(A) ::= aliases(B). { A = B; }
imported(A) ::= LPAREN aliases(B) RPAREN(T). {
    A = B;
    A->span = span_join(A->span, T.span);
}
imported(A) ::= LPAREN aliases(B) COMMA RPAREN(T). {
    A = B;
    A->span = span_join(A->span, T.span);
}
%type aliases {Items *}
aliases(A) ::= alias(B). { A = tree_items_one(parser, B); }
aliases(A) ::= aliases(B) COMMA alias(C). { A = tree_items_add(parser, B, C); }
alias(A) ::= import_name(T). { A = tree_stmt_alias(parser, T, no_token); }
alias(A) ::= import_name(T) AS NAME(N). { A = tree_stmt_alias(parser, T, N); }
%type import_name {Token}
import_name(A) ::= NAME(T). { A = T; }
import_name(A) ::= ASYNC(T). {
    A = T;
    A.text = lexer_intern(&parser->layout.lexer, "async", 5);
}
import_name(A) ::= AWAIT(T). {
    A = T;
    A.text = lexer_intern(&parser->layout.lexer, "await", 5);
}

/* --- compound statements ---------------------------------------------------------------------- */

%type compound {Node *}
compound(A) ::= IF(T) named(B) COLON block(C) elifs(D) else_block(E). {
    A = tree_stmt_if(parser, T, B, C, D, E);
}
compound(A) ::= WHILE(T) named(B) COLON block(C) else_block(D). {
    A = tree_stmt_while(parser, T, B, C, D);
}
compound(A) ::= TRY(T) COLON block(B) handlers(C) else_block(D) finally_block(E). {
    A = tree_stmt_try(parser, T, B, C, D, E);
}
compound(A) ::= TRY(T) COLON block(B) FINALLY COLON block(C). {
    A = tree_stmt_try(parser, T, B, NULL, NULL, C);
}
compound(A) ::= for_stmt(B). { A = B; }
compound(A) ::= with_stmt(B). { A = B; }
compound(A) ::= ASYNC(T) for_stmt(B). { A = tree_stmt_async(T, B); }
compound(A) ::= ASYNC(T) with_stmt(B). { A = tree_stmt_async(T, B); }
compound(A) ::= definition(B). { A = B; }
compound(A) ::= decorators(B) definition(C). { A = tree_stmt_decorated(B, C); }

%type elifs {Items *}
elifs(A) ::= . { A = tree_items_new(parser); }
elifs(A) ::= elifs(B) ELIF(T) named(C) COLON block(D). {
    A = tree_items_add(parser, B, piece_of(tree_stmt_if(parser, T, C, D, NULL, NULL)));
}
%type else_block {Items *}
else_block(A) ::= . { A = NULL; }
else_block(A) ::= ELSE COLON block(B). { A = B; }
%type finally_block {Items *}
finally_block(A) ::= . { A = NULL; }
finally_block(A) ::= FINALLY COLON block(B). { A = B; }

%type handlers {Items *}
handlers(A) ::= handler(B). { A = tree_items_one(parser, B); }
handlers(A) ::= handlers(B) handler(C). { A = tree_items_add(parser, B, C); }
handler(A) ::= EXCEPT(T) COLON block(B). {
    A = tree_stmt_handler(parser, T, no_piece, no_token, B);
}
handler(A) ::= EXCEPT(T) test(E) COLON block(B). {
    A = tree_stmt_handler(parser, T, E, no_token, B);
}
handler(A) ::= except_star(T) test COLON block(B). {
    A = tree_stmt_handler(parser, T, tree_left_out(parser, T), no_token, B);
}
handler(A) ::= except_star(T) test AS NAME(N) COLON block(B). {
    A = tree_stmt_handler(parser, T, tree_left_out(parser, T), N, B);
}
%type except_star {Token}
except_star(A) ::= EXCEPT(T) STAR(S). { A = left_out_except_star(parser, T, S); }
handler(A) ::= EXCEPT(T) test(E) AS NAME(N) COLON block(B). {
    A = tree_stmt_handler(parser, T, E, N, B);
}

%type for_stmt {Node *}
for_stmt(A) ::= for_header(B) block(C) else_block(D). { A = tree_stmt_for(parser, B, C, D); }
%type for_header {ForHeader}
for_header(A) ::= FOR(T) target_list(B) IN star_list(C) COLON. {
    A = tree_stmt_for_header(parser, T, B, C);
}

%type with_stmt {Node *}
with_stmt(A) ::= with_header(B) block(C). {
    A = tree_stmt_with(parser, (Token){.span = B->span}, B, C);
}
%type with_header {Items *}
with_header(A) ::= WITH(T) with_items(B) COLON. {
    A = tree_stmt_with_header(parser, B);
    A->span = T.span;
}
%type with_items {Items *}
with_items(A) ::= with_item(B). { A = tree_items_one(parser, B); }
with_items(A) ::= with_items(B) COMMA with_item(C). { A = tree_items_add(parser, B, C); }
with_item(A) ::= test(B). { A = tree_stmt_with_item(parser, B, no_piece); }
with_item(A) ::= test(B) AS arith(C). { A = tree_stmt_with_item(parser, B, C); }

%type definition {Node *}
definition(A) ::= def(B). { A = B; }
definition(A) ::= ASYNC(T) def(B). { A = tree_stmt_async(T, B); }
definition(A) ::= CLASS(T) NAME(N) COLON block(B). {
    A = tree_stmt_class(parser, T, N, tree_args_new(parser), B);
}
definition(A) ::= CLASS(T) NAME(N) LPAREN arguments(B) RPAREN COLON block(C). {
    A = tree_stmt_class(parser, T, N, B, C);
}
%type def {Node *}
def(A) ::= DEF(T) NAME(N) LPAREN params(P) RPAREN returns(R) COLON block(B). {
    A = tree_stmt_def(parser, T, N, P, R, B);
}
returns(A) ::= . { A = no_piece; }
returns(A) ::= ARROW test(B). { A = B; }

%type decorators {Items *}
decorators(A) ::= AT named(B) NEWLINE. { A = tree_items_one(parser, B); }
decorators(A) ::= decorators(B) AT named(C) NEWLINE. { A = tree_items_add(parser, B, C); }

/* --- parameters ------------------------------------------------------------------------------- */

%type params {Params *}
params(A) ::= . { A = tree_params_new(parser); }
params(A) ::= param_list(B). { A = tree_params_end(parser, B); }
params(A) ::= param_list(B) COMMA. { A = tree_params_end(parser, B); }
%type param_list {Params *}
param_list(A) ::= param(B). { A = tree_params_add(parser, tree_params_new(parser), B); }
param_list(A) ::= param_list(B) COMMA param(C). { A = tree_params_add(parser, B, C); }
%type param {Param}
param(A) ::= NAME(T) annotation(B) default(C). { A = (Param){PARAM_PLAIN, T, B, C}; }
param(A) ::= STAR NAME(T) star_annotation(B) default(C). { A = (Param){PARAM_STAR, T, B, C}; }
param(A) ::= STARSTAR NAME(T) annotation(B) default(C). {
    A = (Param){PARAM_DOUBLE_STAR, T, B, C};
}
param(A) ::= STAR(T). { A = (Param){PARAM_BARE_STAR, T, no_piece, no_piece}; }
param(A) ::= SLASH(T). { A = (Param){PARAM_SLASH, T, no_piece, no_piece}; }
annotation(A) ::= . { A = no_piece; }
annotation(A) ::= COLON test(B). { A = B; }
star_annotation(A) ::= . { A = no_piece; }
star_annotation(A) ::= COLON star_test(B). { A = B; }
default(A) ::= . { A = no_piece; }
default(A) ::= EQUAL test(B). { A = B; }

%type lambda_params {Params *}
lambda_params(A) ::= . { A = tree_params_new(parser); }
lambda_params(A) ::= lambda_list(B). { A = tree_params_end(parser, B); }
lambda_params(A) ::= lambda_list(B) COMMA. { A = tree_params_end(parser, B); }
%type lambda_list {Params *}
lambda_list(A) ::= lambda_param(B). { A = tree_params_add(parser, tree_params_new(parser), B); }
lambda_list(A) ::= lambda_list(B) COMMA lambda_param(C). { A = tree_params_add(parser, B, C); }
%type lambda_param {Param}
lambda_param(A) ::= NAME(T) default(C). { A = (Param){PARAM_PLAIN, T, no_piece, C}; }
lambda_param(A) ::= STAR NAME(T) default(C). { A = (Param){PARAM_STAR, T, no_piece, C}; }
lambda_param(A) ::= STARSTAR NAME(T) default(C). {
    A = (Param){PARAM_DOUBLE_STAR, T, no_piece, C};
}
lambda_param(A) ::= STAR(T). { A = (Param){PARAM_BARE_STAR, T, no_piece, no_piece}; }
lambda_param(A) ::= SLASH(T). { A = (Param){PARAM_SLASH, T, no_piece, no_piece}; }

/* --- expressions, from large to small --------------------------------------------------------- */

yield_expr(A) ::= YIELD(T). { A = piece_of(ast_new(parser->arena, Yield, T.span, NULL)); }
yield_expr(A) ::= YIELD(T) star_list(B). {
    Piece value = tree_list(parser, B);
    A = piece_of(ast_new(parser->arena, Yield, span_join(T.span, value.span), value.node));
}
yield_expr(A) ::= YIELD(T) FROM test(B). {
    A = piece_of(ast_new(parser->arena, YieldFrom, span_join(T.span, B.span), B.node));
}

/* `a, *b, c`: values of a statement. */
%type star_list {Items *}
star_list(A) ::= star_items(B). { A = B; }
star_list(A) ::= star_items(B) COMMA(T). { A = tree_items_end(B, T); }
%type star_items {Items *}
star_items(A) ::= star_test(B). { A = tree_items_one(parser, B); }
star_items(A) ::= star_items(B) COMMA star_test(C). { A = tree_items_add(parser, B, C); }
star_test(A) ::= test(B). { A = B; }
star_test(A) ::= STAR(T) arith(B). { A = tree_starred(parser, T, B); }

/* Targets of `for` and `del`, which end before `in`. */
%type target_list {Items *}
target_list(A) ::= target_items(B). { A = B; }
target_list(A) ::= target_items(B) COMMA(T). { A = tree_items_end(B, T); }
%type target_items {Items *}
target_items(A) ::= target_item(B). { A = tree_items_one(parser, B); }
target_items(A) ::= target_items(B) COMMA target_item(C). { A = tree_items_add(parser, B, C); }
target_item(A) ::= arith(B). { A = B; }
target_item(A) ::= STAR(T) arith(B). { A = tree_starred(parser, T, B); }

/* `a, *b, c := d`: what brackets hold. */
%type star_named_items {Items *}
star_named_items(A) ::= star_named(B). { A = tree_items_one(parser, B); }
star_named_items(A) ::= star_named_items(B) COMMA star_named(C). {
    A = tree_items_add(parser, B, C);
}
star_named(A) ::= named(B). { A = B; }
star_named(A) ::= STAR(T) arith(B). { A = tree_starred(parser, T, B); }

named(A) ::= test(B). { A = B; }
named(A) ::= test(B) COLON_EQUAL test(C). { A = tree_walrus(parser, B, C); }

test(A) ::= disj(B). { A = B; }
test(A) ::= disj(B) IF disj(C) ELSE test(D). {
    A = piece_of(ast_new(parser->arena, IfExp, span_join(B.span, D.span), C.node, B.node, D.node));
}
test(A) ::= LAMBDA(T) lambda_params(P) COLON test(B). { A = tree_lambda(parser, T, P, B); }

disj(A) ::= disj(B) OR disj(C). { A = tree_bool(parser, B, BOOLOP_Or, C); }
disj(A) ::= disj(B) AND disj(C). { A = tree_bool(parser, B, BOOLOP_And, C); }
disj(A) ::= NOT(T) disj(B). { A = tree_unary(parser, T, UNARYOP_Not, B); }
disj(A) ::= comparison(B). { A = B; }
disj(A) ::= arith(B). { A = B; }

comparison(A) ::= arith(B) compare_op(O) arith(C). { A = tree_compare(parser, B, false, O, C); }
comparison(A) ::= comparison(B) compare_op(O) arith(C). { A = tree_compare(parser, B, true, O, C); }
%type compare_op {CmpOp}
compare_op(A) ::= LESS. { A = CMPOP_Lt; }
compare_op(A) ::= GREATER. { A = CMPOP_Gt; }
compare_op(A) ::= LESS_EQUAL. { A = CMPOP_LtE; }
compare_op(A) ::= GREATER_EQUAL. { A = CMPOP_GtE; }
compare_op(A) ::= EQUAL_EQUAL. { A = CMPOP_Eq; }
compare_op(A) ::= NOT_EQUAL. { A = CMPOP_NotEq; }
compare_op(A) ::= IN. { A = CMPOP_In; }
compare_op(A) ::= NOT IN. { A = CMPOP_NotIn; }
compare_op(A) ::= IS. { A = CMPOP_Is; }
compare_op(A) ::= IS NOT. { A = CMPOP_IsNot; }

arith(A) ::= arith(B) BAR arith(C). { A = tree_binary(parser, B, BINOP_BitOr, C); }
arith(A) ::= arith(B) CARET arith(C). { A = tree_binary(parser, B, BINOP_BitXor, C); }
arith(A) ::= arith(B) AMPERSAND arith(C). { A = tree_binary(parser, B, BINOP_BitAnd, C); }
arith(A) ::= arith(B) LSHIFT arith(C). { A = tree_binary(parser, B, BINOP_LShift, C); }
arith(A) ::= arith(B) RSHIFT arith(C). { A = tree_binary(parser, B, BINOP_RShift, C); }
arith(A) ::= arith(B) PLUS arith(C). { A = tree_binary(parser, B, BINOP_Add, C); }
arith(A) ::= arith(B) MINUS arith(C). { A = tree_binary(parser, B, BINOP_Sub, C); }
arith(A) ::= arith(B) STAR arith(C). { A = tree_binary(parser, B, BINOP_Mult, C); }
arith(A) ::= arith(B) AT arith(C). { A = tree_binary(parser, B, BINOP_MatMult, C); }
arith(A) ::= arith(B) SLASH arith(C). { A = tree_binary(parser, B, BINOP_Div, C); }
arith(A) ::= arith(B) PERCENT arith(C). { A = tree_binary(parser, B, BINOP_Mod, C); }
arith(A) ::= arith(B) SLASHSLASH arith(C). { A = tree_binary(parser, B, BINOP_FloorDiv, C); }
arith(A) ::= PLUS(T) arith(B). [TILDE] { A = tree_unary(parser, T, UNARYOP_UAdd, B); }
arith(A) ::= MINUS(T) arith(B). [TILDE] { A = tree_unary(parser, T, UNARYOP_USub, B); }
arith(A) ::= TILDE(T) arith(B). { A = tree_unary(parser, T, UNARYOP_Invert, B); }
arith(A) ::= arith(B) STARSTAR arith(C). { A = tree_binary(parser, B, BINOP_Pow, C); }
arith(A) ::= primary(B). { A = B; }
arith(A) ::= AWAIT(T) primary(B). {
    A = piece_of(ast_new(parser->arena, Await, span_join(T.span, B.span), B.node));
}

primary(A) ::= NAME(T). { A = tree_name(parser, T); }
primary(A) ::= INT(T). { A = tree_constant(parser, T, LITERAL_INT); }
primary(A) ::= FLOAT(T). { A = tree_constant(parser, T, LITERAL_FLOAT); }
primary(A) ::= LEFT_OUT(T). { A = tree_left_out(parser, T); }
primary(A) ::= NONE(T). { A = tree_constant(parser, T, LITERAL_NONE); }
primary(A) ::= TRUE(T). { A = tree_constant(parser, T, LITERAL_TRUE); }
primary(A) ::= FALSE(T). { A = tree_constant(parser, T, LITERAL_FALSE); }
primary(A) ::= ELLIPSIS(T). { A = tree_constant(parser, T, LITERAL_ELLIPSIS); }
primary(A) ::= strings(B). { A = tree_string_finish(parser, B); }
primary(A) ::= primary(B) DOT NAME(T). { A = tree_attribute(parser, B, T); }
primary(A) ::= primary(B) LPAREN(T) arguments(C) RPAREN(U). { A = tree_call(parser, B, T, C, U); }
primary(A) ::= primary(B) LBRACKET subscripts(C) RBRACKET(T). {
    A = tree_subscript(parser, B, C, T);
}

/* --- brackets --------------------------------------------------------------------------------- */

primary(A) ::= LPAREN(T) RPAREN(U). { A = tree_paren(parser, T, NULL, U); }
primary(A) ::= LPAREN(T) yield_expr(B) RPAREN(U). { A = tree_group(T, B, U); }
primary(A) ::= LPAREN(T) paren_items(B) RPAREN(U). { A = tree_paren(parser, T, B, U); }
primary(A) ::= LPAREN(T) paren_items(B) COMMA(C) RPAREN(U). {
    A = tree_paren(parser, T, tree_items_end(B, C), U);
}
primary(A) ::= LPAREN(T) paren_items(B) clauses(C) RPAREN(U). {
    A = tree_comprehension(parser, NODE_GeneratorExp, span_join(T.span, U.span), B, C);
}
%type paren_items {Items *}
paren_items(A) ::= paren_item(B). { A = tree_items_one(parser, B); }
paren_items(A) ::= paren_items(B) COMMA paren_item(C). { A = tree_items_add(parser, B, C); }
paren_item(A) ::= star_named(B). { A = B; }
paren_item(A) ::= test(B) AS(T) arith(C). { A = tree_with_item(parser, B, T, C); }

primary(A) ::= LBRACKET(T) RBRACKET(U). {
    Span span = span_join(T.span, U.span);
    A = piece_of(ast_new(parser->arena, List, span, tree_items_list(NULL), CTX_Load));
}
primary(A) ::= LBRACKET(T) star_named_items(B) RBRACKET(U). {
    Span span = span_join(T.span, U.span);
    A = piece_of(ast_new(parser->arena, List, span, tree_items_list(B), CTX_Load));
}
primary(A) ::= LBRACKET(T) star_named_items(B) COMMA RBRACKET(U). {
    Span span = span_join(T.span, U.span);
    A = piece_of(ast_new(parser->arena, List, span, tree_items_list(B), CTX_Load));
}
primary(A) ::= LBRACKET(T) star_named_items(B) clauses(C) RBRACKET(U). {
    A = tree_comprehension(parser, NODE_ListComp, span_join(T.span, U.span), B, C);
}

primary(A) ::= LBRACE(T) RBRACE(U). {
    Span span = span_join(T.span, U.span);
    A = piece_of(ast_new(parser->arena, Dict, span, tree_items_list(NULL), tree_items_list(NULL)));
}
primary(A) ::= LBRACE(T) star_named_items(B) RBRACE(U). {
    A = piece_of(ast_new(parser->arena, Set, span_join(T.span, U.span), tree_items_list(B)));
}
primary(A) ::= LBRACE(T) star_named_items(B) COMMA RBRACE(U). {
    A = piece_of(ast_new(parser->arena, Set, span_join(T.span, U.span), tree_items_list(B)));
}
primary(A) ::= LBRACE(T) star_named_items(B) clauses(C) RBRACE(U). {
    A = tree_comprehension(parser, NODE_SetComp, span_join(T.span, U.span), B, C);
}
primary(A) ::= LBRACE(T) pairs(B) RBRACE(U). {
    Span span = span_join(T.span, U.span);
    A = piece_of(ast_new(parser->arena, Dict, span, B.keys->list, B.values->list));
}
primary(A) ::= LBRACE(T) pairs(B) COMMA RBRACE(U). {
    Span span = span_join(T.span, U.span);
    A = piece_of(ast_new(parser->arena, Dict, span, B.keys->list, B.values->list));
}
primary(A) ::= LBRACE(T) pairs(B) clauses(C) RBRACE(U). {
    A = tree_dict_comprehension(parser, span_join(T.span, U.span), B, C);
}
%type pairs {PairItems}
pairs(A) ::= test(B) COLON test(C). { A = tree_pairs_add(parser, (PairItems){NULL, NULL}, B, C); }
pairs(A) ::= STARSTAR arith(C). {
    A = tree_pairs_add(parser, (PairItems){NULL, NULL}, no_piece, C);
}
pairs(A) ::= pairs(P) COMMA test(B) COLON test(C). { A = tree_pairs_add(parser, P, B, C); }
pairs(A) ::= pairs(P) COMMA STARSTAR arith(C). { A = tree_pairs_add(parser, P, no_piece, C); }

/* `for … in … if … for …` */
%type clauses {Items *}
clauses(A) ::= clause(B). { A = tree_items_one(parser, B); }
clauses(A) ::= clauses(B) clause(C). { A = tree_items_add(parser, B, C); }
clauses(A) ::= clauses(B) IF disj(C). { A = tree_condition(parser, B, C); }
clause(A) ::= FOR(T) target_list(B) IN disj(C). { A = tree_clause(parser, T.span, false, B, C); }
clause(A) ::= ASYNC(T) FOR target_list(B) IN disj(C). {
    A = tree_clause(parser, T.span, true, B, C);
}

%type subscripts {Items *}
subscripts(A) ::= subscript_items(B). { A = B; }
subscripts(A) ::= subscript_items(B) COMMA(T). { A = tree_items_end(B, T); }
%type subscript_items {Items *}
subscript_items(A) ::= subscript(B). { A = tree_items_one(parser, B); }
subscript_items(A) ::= subscript_items(B) COMMA subscript(C). { A = tree_items_add(parser, B, C); }
subscript(A) ::= star_named(B). { A = B; }
subscript(A) ::= bound(B) COLON(T) bound(C). {
    Span span = span_join(B.node ? B.span : T.span, C.node ? C.span : T.span);
    A = piece_of(ast_new(parser->arena, Slice, span, B.node, C.node, NULL));
}
subscript(A) ::= bound(B) COLON(T) bound(C) COLON(U) bound(D). {
    Span span = span_join(B.node ? B.span : T.span, D.node ? D.span : U.span);
    A = piece_of(ast_new(parser->arena, Slice, span, B.node, C.node, D.node));
}
bound(A) ::= . { A = no_piece; }
bound(A) ::= test(B). { A = B; }

%type arguments {Arguments *}
arguments(A) ::= . { A = tree_args_new(parser); }
arguments(A) ::= argument_list(B). { A = tree_args_end(parser, B, false); }
arguments(A) ::= argument_list(B) COMMA. { A = tree_args_end(parser, B, true); }
%type argument_list {Arguments *}
argument_list(A) ::= argument(B). { A = tree_args_add(parser, tree_args_new(parser), B); }
argument_list(A) ::= argument_list(B) COMMA argument(C). { A = tree_args_add(parser, B, C); }
%type argument {Argument}
argument(A) ::= named(B). { A = (Argument){ARGUMENT_VALUE, no_piece, B, B.span}; }
argument(A) ::= named(B) clauses(C). {
    Span span = span_join(B.span, C->span);
    Piece value =
        tree_comprehension(parser, NODE_GeneratorExp, span, tree_items_one(parser, B), C);
    A = (Argument){ARGUMENT_GENERATOR, no_piece, value, span};
}
argument(A) ::= STAR(T) test(B). {
    Piece value = tree_starred(parser, T, B);
    A = (Argument){ARGUMENT_VALUE, no_piece, value, value.span};
}
argument(A) ::= test(N) EQUAL test(B). {
    A = (Argument){ARGUMENT_KEYWORD, N, B, span_join(N.span, B.span)};
}
argument(A) ::= ASYNC(T) EQUAL test(B). {
    A = (Argument){ARGUMENT_KEYWORD, tree_args_soft_name(parser, T), B, span_join(T.span, B.span)};
}
argument(A) ::= AWAIT(T) EQUAL test(B). {
    A = (Argument){ARGUMENT_KEYWORD, tree_args_soft_name(parser, T), B, span_join(T.span, B.span)};
}
argument(A) ::= STARSTAR(T) test(B). {
    A = (Argument){ARGUMENT_DOUBLE_STAR, no_piece, B, span_join(T.span, B.span)};
}

/* --- strings ---------------------------------------------------------------------------------- */

%type strings {StringRun *}
strings(A) ::= STRING(T). { A = tree_string_add(parser, tree_string_new(parser), T); }
strings(A) ::= BYTES(T). { A = tree_string_add(parser, tree_string_new(parser), T); }
strings(A) ::= FSTRING_START(T) fstring_parts(B) FSTRING_END(U). {
    A = tree_string_add_formatted(parser, tree_string_new(parser), B, span_join(T.span, U.span));
}
strings(A) ::= strings(B) STRING(T). { A = tree_string_add(parser, B, T); }
strings(A) ::= strings(B) BYTES(T). { A = tree_string_add(parser, B, T); }
strings(A) ::= strings(B) FSTRING_START(T) fstring_parts(C) FSTRING_END(U). {
    A = tree_string_add_formatted(parser, B, C, span_join(T.span, U.span));
}
%type fstring_parts {StringRun *}
fstring_parts(A) ::= . { A = tree_string_new(parser); }
fstring_parts(A) ::= fstring_parts(B) FSTRING_TEXT(T). { A = tree_string_add(parser, B, T); }
fstring_parts(A) ::= fstring_parts(B) field(C). { A = tree_string_add_field(parser, B, C); }
%type field {Field}
field(A) ::= FIELD_OPEN(O) value(B) debug(D) conversion(C) FIELD_CLOSE(E). {
    A = (Field){O, D, C, no_token, E, B, NULL};
}
field(A) ::= FIELD_OPEN(O) value(B) debug(D) conversion(C) FIELD_COLON(S) fstring_parts(P)
             FIELD_CLOSE(E). {
    Span span = {S.span.line, S.span.end_column, E.span.line, E.span.column};
    A = (Field){O, D, C, S, E, B, tree_string_spec(parser, P, span)};
}
%type debug {Token}
debug(A) ::= . { A = no_token; }
debug(A) ::= EQUAL(T). { A = T; }
%type conversion {Token}
conversion(A) ::= . { A = no_token; }
conversion(A) ::= FIELD_BANG NAME(T). { A = T; }

/* --- what the driver asks --------------------------------------------------------------------- */

%code {
/* Follows what the automaton would do with [kind], on a copy of the part of the stack that changes:
 * [kept] entries of the real one, then the states in [pushed]. */
bool grammar_accepts(const void *machine, TokenKind kind) {
    const yyParser *p = machine;
    enum { MOST = 100 };
    YYACTIONTYPE pushed[MOST];
    int count = 0;
    const yyStackEntry *kept = p->yytos;
    for (;;) {
        YYACTIONTYPE state = count ? pushed[count - 1] : kept->stateno;
        YYACTIONTYPE action = yy_find_shift_action((YYCODETYPE)kind, state);
        if (action < YY_MIN_REDUCE) {
            return action <= YY_MAX_SHIFTREDUCE || action == YY_ACCEPT_ACTION;
        }
        int rule = action - YY_MIN_REDUCE;
        int popped = -yyRuleInfoNRhs[rule];
        int mine = popped < count ? popped : count;
        count -= mine;
        kept -= popped - mine;
        state = count ? pushed[count - 1] : kept->stateno;
        if (count == MOST) return false;
        pushed[count++] = yy_find_reduce_action(state, (YYCODETYPE)yyRuleInfoLhs[rule]);
    }
}

size_t grammar_depth(const void *machine) {
    const yyParser *p = machine;
    return (size_t)(p->yytos - p->yystack);
}
}
