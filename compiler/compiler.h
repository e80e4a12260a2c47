/* SPDX-License-Identifier: MIT */
/* The front door of the compiler: from a syntax tree to a code object that the vm runs.
 *
 * Three passes: compiler/scope.c collects the names of every scope, compiler/resolve.c decides
 * where each name lives, and the files around compiler/expression.c and compiler/statement.c emit
 * instructions in which every variable and every intermediate value has a register.
 * compiler/encode.c turns them into words.
 *
 * The compiler runs no Tulip code and meets no safepoint, so nothing it makes can be collected
 * before it returns.
 *
 * Read next: compiler/unit.h.
 */
#ifndef TULIP_COMPILER_COMPILER_H
#define TULIP_COMPILER_COMPILER_H

#include "common/diagnostic.h"
#include "common/notice.h"
#include "common/source.h"
#include "parser/ast.h"
#include "vm/code.h"

typedef enum CompileMode {
    COMPILE_MODULE, /* a file */
    COMPILE_EVAL,   /* one expression, whose value the code returns */
    COMPILE_SINGLE, /* one statement: values of expression statements are printed */
    COMPILE_PROMPT  /* the same, with `await` and `yield from` outside functions: code that has one
                       is called, and gives a coroutine of the kind that `yield from` takes, too */
} CompileMode;

/* Compiles the tree [root] of [source]. With [name_mode] the names of the outermost scope go
 * through the mapping in register 0. NULL: [error] says why. */
Code *compile_ast(Thread *t, const Source *source, Node *root, CompileMode mode, bool name_mode,
                  Diagnostic *error);

/* Parses and compiles [text]. NULL: [error] says why; what it borrows of the source is gone, so
 * only its message and positions may be used. Pass a Source to compile_ast to render the line as
 * well. */
Code *compile_source(Thread *t, const char *text, size_t size, const char *filename,
                     CompileMode mode, bool name_mode, Diagnostic *error);

/* Raises [error] as a SyntaxError with CPython's attributes; gives VALUE_ERROR. */
Value compiler_raise(Thread *t, const Diagnostic *error);

/* Gives what source->notices (not NULL) holds to the module warnings; runs Tulip code, so the code
 * compiled must be rooted. False: one is an error, described in [error]; or something else was
 * raised. compiler/warn.c. */
bool compiler_warn(Thread *t, const Source *source, Diagnostic *error) MUST_CHECK;

/* Sets vm->hooks.compile. */
void compiler_install(Vm *vm);

#endif
