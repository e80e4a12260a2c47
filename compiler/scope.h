/* SPDX-License-Identifier: MIT */
/* Scopes and their symbols: which names a module, class, function or comprehension has, and where
 * each of them lives.
 *
 * compiler/scope.c walks the tree once and notes how every scope uses its names (the SYM_ flags);
 * compiler/resolve.c then gives each symbol its place.  Both refuse what Python refuses, in its
 * words. Symbols are keyed by interned strings, already mangled inside classes.  After resolving,
 * scopes are only read: the same body may be compiled several times (the copies of a `finally`).
 */
#ifndef TULIP_COMPILER_SCOPE_H
#define TULIP_COMPILER_SCOPE_H

#include "common/source.h"
#include "compiler/map.h"
#include "parser/ast.h"
#include "vm/object.h"

typedef struct Compiler Compiler;

typedef enum ScopeKind {
    SCOPE_MODULE,
    SCOPE_CLASS,
    SCOPE_FUNCTION,
    SCOPE_LAMBDA,
    SCOPE_COMPREHENSION
} ScopeKind;

enum SymbolFlags {
    SYM_USED = 1,
    SYM_ASSIGNED = 2,
    SYM_PARAMETER = 4,
    SYM_GLOBAL = 8,    /* declared global */
    SYM_NONLOCAL = 16, /* declared nonlocal */
    SYM_ANNOTATED = 32,
    SYM_ITERATION = 64, /* iteration variable of a comprehension */
    SYM_DELETED = 128,  /* `del` or the end of an except clause unsets it somewhere */
    SYM_LOOP = 256,     /* target of a `for`: gets registers for the iterator beside its own */
    SYM_CAPTURED = 512, /* a scope inside refers to it */
    SYM_SPREAD = 1024,  /* has the registers for an iterator on both sides of its own */
    SYM_GLOBAL_INSIDE = 2048, /* of the outermost scope: declared global further inside */
    SYM_BOUND = SYM_ASSIGNED | SYM_PARAMETER,
};

typedef enum SymbolPlace {
    PLACE_LOCAL,  /* register */
    PLACE_CELL,   /* a cell in a register */
    PLACE_FREE,   /* captured cell */
    PLACE_GLOBAL, /* globals, then built-ins */
    PLACE_NAME    /* the mapping in register 0 first */
} SymbolPlace;

typedef struct Symbol {
    Str *name;
    uint32_t flags; /* SYM_… */
    SymbolPlace place;
    int reg;       /* PLACE_LOCAL and PLACE_CELL */
    int capture;   /* index among the scope's captures, or -1; a class may capture a name it also
                      assigns, for the functions inside it */
    Span declared; /* the global or nonlocal statement */
} Symbol;

/* A function with more float constants in its loops loads the others where they are used. */
#define MAX_RESIDENT 6

typedef struct Scope Scope;
struct Scope {
    ScopeKind kind;
    Scope *parent;
    Node *node;
    Str *private_name; /* the class whose private names are mangled here, or NULL */
    Map table;         /* Str * → Symbol * */
    Symbol **symbols;  /* in order of appearance */
    int count, capacity;
    Symbol **captures; /* cells the scope's function carries */
    int ncaptures, captures_capacity;
    bool is_async; /* async def, or a statement of the prompt */
    bool has_yield;
    bool has_await;        /* of a comprehension or a statement of the prompt: it suspends */
    bool needs_class_cell; /* a class whose methods refer to __class__ */
    bool iteration_target; /* while walking: names stored now are iteration variables */
    int iterable_depth;    /* while walking: inside the iterable of a comprehension */
    int loop_depth;        /* while walking: loops around here */
    Value
        floats[MAX_RESIDENT]; /* float constants in loops: loaded once, at the function's start, */
    int nfloats, first_float; /* into the registers from first_float on */
    int class_cell;           /* the register of __class__'s cell */
    int parameters;           /* registers that parameters take */
    int registers;            /* registers of parameters and locals: temporaries begin here */
};

/* Walks [root] and makes the scope of every node that has one. */
void scope_collect(Compiler *c, Node *root);

/* Decides the place of every symbol, the captures and the registers of locals. */
void scope_resolve(Compiler *c);

/* The scope that [node] opened. */
Scope *scope_of(const Compiler *c, const Node *node);

/* The symbol of [name], or NULL. */
static inline Symbol *scope_lookup(const Scope *scope, const Str *name) {
    return map_find(&scope->table, name);
}

/* The symbol of [name], added if need be. */
Symbol *scope_symbol(Compiler *c, Scope *scope, Str *name);

/* The interned string of the identifier [id], mangled if [scope] is inside a class and [id] is
 * private. */
Str *scope_name(Compiler *c, const Scope *scope, const char *id);

/* True for def, async def, lambda and comprehensions. */
static inline bool scope_is_function(const Scope *scope) { return scope->kind >= SCOPE_FUNCTION; }

#endif
