/* SPDX-License-Identifier: MIT */
/* What the files of the compiler share: the Compiler (one compilation) and the Unit (one code
 * object under way), registers, labels, constants and blocks.
 *
 * Registers.  Parameters and locals have fixed registers; temporaries are a stack above them.  An
 * expression is compiled *into* a register the caller chooses (expression_to) or into whichever
 * suits (expression_any, which gives a local its own register).  Two rules keep that sound:
 *   1. expression_to writes a target that is no temporary with its last instruction only, so that
 *      `x = f(x)` and an exception half-way both see the old x.
 *   2. A local is read where it lies, unless the statement contains an assignment expression, which
 *      alone can change a plain local between two operands; then it is copied.
 *
 * Reachability.  Code behind a return, raise or jump is compiled, for its errors, but emits
 * nothing: emit() drops everything until a label that something jumps to is placed.  Labels also
 * carry which locals are certainly assigned, so that reading those needs no check.
 *
 * Errors.  The first one is kept in the Diagnostic and compilation carries on; the result is then
 * dropped.
 *
 * Read next: compiler/emit.c, compiler/expression.c, compiler/block.c.
 */
#ifndef TULIP_COMPILER_UNIT_H
#define TULIP_COMPILER_UNIT_H

#include "compiler/compiler.h"
#include "compiler/map.h"
#include "compiler/scope.h"
#include "vm/class.h"

/* More operands than this are collected in a list or dict first. */
#define MAX_OPERANDS 64
/* How deep loops, try and with may nest, as in CPython. */
#define MAX_BLOCKS 20
/* Finally clauses in finally clauses are copied again and again: how deep, and how often in all. */
#define MAX_COPY_DEPTH    12
#define MAX_NESTED_COPIES 20000

typedef int Label;

/* An instruction before encoding. */
typedef struct Instr {
    uint16_t op;
    int32_t a, b, c;
    int32_t extra; /* the first extra word, unless it is a jump */
    Label label;   /* where it jumps, or -1 */
    Span span;
} Instr;

typedef struct LabelState {
    int at;             /* index of the instruction it stands before, -1: not placed */
    bool used;          /* something reachable jumps here */
    uint64_t *assigned; /* locals that are assigned on every way here so far; NULL: none came yet */
} LabelState;

/* A protected range, in indices of instructions. */
typedef struct Protection {
    int start, end;
    Label handler;
    int exc; /* register the handler finds the exception in */
} Protection;

typedef enum BlockKind {
    BLOCK_LOOP,    /* break and continue end here */
    BLOCK_TRY,     /* a try body: leaving it costs nothing, but its handlers end */
    BLOCK_FINALLY, /* a body whose finally clause is copied into every way out */
    BLOCK_HANDLER, /* code that handles an exception: leaving it restores the one before */
    BLOCK_NAMED,   /* a handler with a name, which is unset on every way out */
    BLOCK_WITH     /* leaving it calls __exit__ */
} BlockKind;

/* One construct around the code being compiled; lives on the C stack or, for `with`, in
 * the arena. */
typedef struct Block Block;
struct Block {
    Block *outer;
    BlockKind kind;
    Label handler; /* -1: an exception passes by */
    int exc;
    int open_at;        /* where the current range began */
    Protection *ranges; /* those ended so far */
    int nranges, ranges_capacity;
    Label on_break, on_continue; /* BLOCK_LOOP */
    int owned;                   /* BLOCK_LOOP: register for CLOSE_OWNED, or -1 */
    int base;      /* BLOCK_HANDLER: EXC_ENTER's A; BLOCK_WITH: the pair of __exit__ */
    bool is_async; /* BLOCK_WITH */
    Node *node;
    NodeList *body; /* BLOCK_FINALLY: the finally clause */
    Str *name;      /* BLOCK_NAMED */
};

typedef struct Unit Unit;
struct Unit {
    Unit *parent;
    Scope *scope;
    Str *name, *qualname;
    Value doc;
    Tuple *annotations; /* see Code */
    uint32_t flags;     /* CODE_… */
    uint32_t first_line;
    Str *self_name; /* the first parameter of a method: its attributes are counted */
    Map attributes; /* of a class: attributes that its methods assign to self */
    Instr *instrs;
    int count, capacity;
    LabelState *labels;
    int nlabels, labels_capacity;
    Protection *handlers; /* inner ones first */
    int nhandlers, handlers_capacity;
    Value *constants;
    int nconstants, constants_capacity;
    Map constant_index;       /* Value → index */
    Map tuple_index;          /* hash of a tuple's items → index */
    int next_temp, registers; /* the first free temporary; the most registers in use so far */
    Block *block;
    int depth; /* of blocks */
    bool reachable;
    uint64_t *assigned;  /* bit per local register: certainly assigned here */
    uint64_t *deletable; /* locals that something unsets */
    int words;           /* in those two */
    Map busy;            /* loop variables whose iterator registers are in use */
};

struct Compiler {
    Thread *t;
    Vm *vm;
    const Source *source;
    bool ascii; /* the source: byte columns are columns */
    Diagnostic *error;
    bool failed;
    Arena arena;
    CompileMode mode;
    bool name_mode;
    Str *filename;
    Map names;          /* identifiers of the tree → Str * */
    Map scopes;         /* nodes → Scope * */
    Map walrus;         /* statements that contain an assignment expression */
    Map texts;          /* hashes of str constants that are no words → their Value */
    Map literals;       /* nodes → their constant, or VALUE_UNSET: not constant */
    Scope **all_scopes; /* outer before inner */
    int nscopes, scopes_capacity;
    Node *statement; /* being walked or compiled */
    bool has_walrus; /* the statement being compiled is in [walrus] */
    bool header;     /* nothing but a docstring and future imports came yet */
    int copy_depth;  /* finally clauses being copied into each other */
    int nested_copies;
    Unit *unit;
    Node **spine; /* stack of nodes on left spines, see expression.c */
    int spine_count, spine_capacity;
    struct {
        uint32_t line, bytes, column;
    } last_column; /* encode.c: memory of a conversion */
};

/* Notes a SyntaxError at [at] unless there is one already. */
void compile_error(Compiler *c, Span at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes room for one more item of [size] bytes in the array *[items] of [count], kept in
 * the arena. */
void *array_grow(Compiler *c, void *items, int count, int *capacity, size_t size);

/* The interned string of a C string. */
Str *compiler_str(Compiler *c, const char *text);
/* The interned string of an identifier, mangled as the unit's scope asks. */
Str *compiler_name(Compiler *c, const char *id);
/* "True" if the identifier [id] is [text]. */
bool name_is(const char *id, const char *text);

/* ---- emit.c: instructions, labels, temporaries ---- */

/* Appends an instruction at [span]; its index, or -1 when nothing gets here. */
int emit_span(Compiler *c, Span span, Opcode op, int a, int b, int third);
/* The same at the position of [at]. */
int emit(Compiler *c, const Node *at, Opcode op, int a, int b, int third);
/* With [extra] in the first extra word. */
int emit_extra(Compiler *c, Span span, Opcode op, int a, int b, int third, int extra);
/* An instruction whose first extra word names [name]. */
int emit_name(Compiler *c, Span span, Opcode op, int a, int b, int third, Str *name);
/* An instruction that may jump to [label]; JUMP and JUMP_BACK end reachability. */
int emit_jump(Compiler *c, Span span, Opcode op, int a, int b, int third, Label label);
/* MOVE, unless both are the same. */
void emit_move(Compiler *c, const Node *at, int to, int from);

Label label_new(Compiler *c);
/* Puts [label] here; what is certain about locals is what holds on all ways that lead here. */
void label_place(Compiler *c, Label label);
/* Puts the head of a loop here: ways back may have unset what `del` can unset. */
void label_place_back(Compiler *c, Label label);
/* Puts a handler here, reached if [reached]; [assigned]: what was certain before the protected
 * code. */
void label_place_handler(Compiler *c, Label label, bool reached, const uint64_t *assigned);
/* A copy of what is certain about locals now. */
uint64_t *assigned_save(Compiler *c);

void assigned_mark(Compiler *c, int reg);
void assigned_clear(Compiler *c, int reg);
bool assigned_is(const Compiler *c, int reg);

/* The next temporary; [n] consecutive ones, the first is given. */
int temp_new(Compiler *c);
int temp_many(Compiler *c, int n);
/* Frees all temporaries from [mark] on. */
void temp_release(Compiler *c, int mark);
static inline int temp_mark(const Compiler *c) { return c->unit->next_temp; }
static inline bool is_temp(const Compiler *c, int reg) { return reg >= c->unit->scope->registers; }
/* True if [reg] is the topmost temporary in use: a call's window may begin there. */
static inline bool is_top(const Compiler *c, int reg) {
    return is_temp(c, reg) && reg == c->unit->next_temp - 1;
}

/* ---- constant.c ---- */

/* The index of [v] among the unit's constants. */
int constant_index(Compiler *c, Value v);
/* The same for the tuple of [count] values. */
int constant_tuple(Compiler *c, const Value *items, int count);
/* The register that holds [v] throughout the function, or -1. */
int constant_register(const Compiler *c, Value v);
/* Loads a constant in the shortest way. */
void constant_load(Compiler *c, const Node *at, Value v, int target);
/* True if [node] has a value known now, which goes to [value]. */
bool constant_value(Compiler *c, Node *node, Value *value);
/* The number by which the vm knows an operator. */
BinaryOp operator_number(BinOp op);
/* Folds a binary operator on two constants, as far as CPython would. */
bool constant_binary(Compiler *c, BinOp op, Value a, Value b, Value *value);
/* The truth of [node] when it is known: 1, 0, or -1. */
int constant_truth(Compiler *c, Node *node);
/* True if [node] is an integer literal (perhaps negative) within [low] … [high]. */
bool constant_small(Compiler *c, Node *node, int low, int high, int *out);

/* ---- expression.c and its neighbours ---- */

/* Compiles [node] so that its value is in [target]. */
void expression_to(Compiler *c, Node *node, int target);
/* Compiles [node] into a register that suits: a local's own or a new temporary. */
int expression_any(Compiler *c, Node *node);
/* Compiles [node] for its effect; gives the register of a call's result, or -1. */
int expression_effect(Compiler *c, Node *node);
/* Jumps to [label] if the truth of [node] is [when]; falls through otherwise (condition.c). */
void condition_jump(Compiler *c, Node *node, Label label, bool when);
/* Compiles a comparison for its value (condition.c). */
void compare_to(Compiler *c, Node *node, int target);
/* Displays, f-strings (display.c). */
void list_display_to(Compiler *c, Node *node, NodeList *items, int target);
void tuple_display_to(Compiler *c, Node *node, NodeList *items, int target);
void set_display_to(Compiler *c, Node *node, int target);
void dict_display_to(Compiler *c, Node *node, int target);
void joined_str_to(Compiler *c, Node *node, int target);

/* Compiles the arguments behind the callee in [base] and the call (call.c): [prefix] arguments are
 * in place already; [method]: LOAD_METHOD has filled two registers. The result is in [base]. */
void call_emit(Compiler *c, Span span, int base, int prefix, bool method, NodeList *args,
               NodeList *keywords, bool discard);
/* True if the arguments can be passed in registers. */
bool call_is_plain(const NodeList *args, const NodeList *keywords);
/* True if [node] is `super()` that must be given its class and object. */
bool call_is_super(Compiler *c, const Node *node);
/* The same with the arguments that `super()` implies. */
void call_emit_super(Compiler *c, Node *node, int base, bool discard);
/* Where an attribute access or method call on several lines is said to be. */
Span attribute_span(const Node *node, const Node *attribute);

/* ---- assign.c: names, stores, deletions ---- */

/* Loads the variable [name] (interned, mangled). */
void name_load(Compiler *c, const Node *at, Str *name, int target);
/* Stores [reg] in the variable [name]. */
void name_store(Compiler *c, const Node *at, Str *name, int reg);
/* Deletes the variable [name]. */
void name_delete(Compiler *c, const Node *at, Str *name);
/* `name = None; del name`: the end of a handler with a name. */
void name_unset(Compiler *c, const Node *at, Str *name);
/* The register of the variable [name] if it is a plain local, else -1. */
int name_register(Compiler *c, Str *name);
/* Stores [reg] in any target. */
void store_target(Compiler *c, Node *target, int reg);
void assign_statement(Compiler *c, AstAssign *s);
void augmented_statement(Compiler *c, AstAugAssign *s);
void annotated_statement(Compiler *c, AstAnnAssign *s);
void delete_statement(Compiler *c, AstDelete *s);
/* Refuses `__debug__` as a name that is bound. */
void check_name(Compiler *c, Span at, const char *id, ExprContext ctx);

/* ---- statement.c ---- */
void statement_list(Compiler *c, const NodeList *body);
void statement_compile(Compiler *c, Node *node);

/* ---- block.c ---- */

/* Compiles one copy of a finally clause. */
void block_finally_copy(Compiler *c, const Node *at, const NodeList *body);
/* Opens [block], whose kind, handler, exc and details are filled in. */
void block_push(Compiler *c, Block *block);
/* Closes it; its protected ranges are entered in the unit's table. True if they are not empty. */
bool block_pop(Compiler *c, Block *block);
/* Protects the instructions from [start] to [end] with [handler]. */
void block_protect(Compiler *c, int start, int end, Label handler, int exc);
/* Emits what leaving all blocks inside [until] takes; they are closed until block_resume. Gives
 * what block_resume needs. */
Block *block_unwind(Compiler *c, const Node *at, Block *until);
void block_resume(Compiler *c, Block *innermost, Block *until);
/* The innermost loop, or NULL. */
Block *block_loop(Compiler *c);
/* True if leaving the blocks inside [until] runs code. */
bool block_has_exits(Compiler *c, Block *until);
void return_statement(Compiler *c, AstReturn *s);
void break_statement(Compiler *c, Node *s);
void continue_statement(Compiler *c, Node *s);

/* ---- loop.c, try.c, with.c ---- */
/* The register for the iterator of a loop over [target]; the item comes to the next one.  That is
 * the variable itself if it is a plain local with room around it: then *direct. */
int loop_window(Compiler *c, Node *target, bool *direct);
/* Ends the use of a window. */
void loop_window_free(Compiler *c, int window);
/* Stores the item of the loop at [window] in its target. */
void loop_store(Compiler *c, Node *target, int window, bool direct);
/* Awaits the next item of the asynchronous iterator in [window]; it comes to [window] + 2. What it
 * raises goes to [handler], in [window] + 3. */
void loop_next_async(Compiler *c, const Node *at, int window, Label handler);
void while_statement(Compiler *c, AstWhile *s);
void for_statement(Compiler *c, AstFor *s);
void try_statement(Compiler *c, AstTry *s);
void with_statement(Compiler *c, AstWith *s);
/* Calls __exit__(None, None, None) of the with block [block] (for ways out without
 * an exception). */
void with_exit(Compiler *c, const Node *at, Block *block);

/* ---- suspect.c ---- */

/* Notes a warning when this call, subscript, comparison or assertion cannot be meant. */
void suspect_call(Compiler *c, const Node *node);
void suspect_subscript(Compiler *c, const Node *node);
void suspect_compare(Compiler *c, const Node *node);
void suspect_assert(Compiler *c, const Node *node);

/* ---- suspend.c ---- */
void yield_to(Compiler *c, Node *node, int target);
void yield_from_to(Compiler *c, Node *node, int target);
void await_to(Compiler *c, Node *node, int target);
/* Awaits the object in [base]; [base] + 1 must be free and receives the result. [kind] as
 * GET_AWAITABLE's C. */
void suspend_await(Compiler *c, Span span, int base, int kind);
/* Runs the SEND loop for the delegate in [base]; the result is in [base] + 1. */
void suspend_delegate(Compiler *c, Span span, int base);
/* Yields the register [value] with [op]; what is sent goes to [target]. */
void suspend_yield(Compiler *c, Span span, Opcode op, int target, int value);

/* ---- function.c, class.c, comprehension.c ---- */

/* Begins the code of [scope]. */
void unit_begin(Compiler *c, Unit *unit, Scope *scope, Str *name, uint32_t first_line);
/* Ends it and encodes it. */
Code *unit_end(Compiler *c);
/* Makes a function of [code], whose defaults (if any) are in R[base] and R[base + 1],
 * in R[base]. */
void emit_function(Compiler *c, const Node *at, Code *code, int base);
void function_statement(Compiler *c, AstFunctionDef *s);
void lambda_to(Compiler *c, Node *node, int target);
void class_statement(Compiler *c, AstClassDef *s);
void comprehension_to(Compiler *c, Node *node, int target);
/* Calls the decorators, which lie before [base], on R[base]; gives the result's register. */
int decorators_call(Compiler *c, const NodeList *decorators, int base);
/* annotation.c: stores `__annotations__` of a class or module with this body, if it has any. */
void annotations_emit(Compiler *c, Node *at, const NodeList *body);
/* Names and texts, in turns, of a function's annotations; NULL: none. */
Tuple *annotations_of(Compiler *c, const AstFunctionDef *s);
/* The docstring of a body, or NULL. */
Node *body_docstring(const NodeList *body);

/* ---- finish.c, encode.c, verify.c ---- */

/* Writes the instructions, positions and handlers of [unit] into [code]. */
void encode_words(Compiler *c, Unit *unit, Code *code);
/* Makes the code object of a finished unit. */
Code *encode_unit(Compiler *c, Unit *unit);
/* Checks that [code] is well formed; the text of the first violation, or NULL. */
const char *verify_code(const Code *code);

#endif
