/* SPDX-License-Identifier: MIT */
/* The built-in functions, by file. Each takes its bound arguments; the table is in
 * stdlib/builtins.c. */
#ifndef TULIP_STDLIB_BUILTINS_H
#define TULIP_STDLIB_BUILTINS_H

#include "vm/native.h"

/* Fill the module builtins and complete the iterator types that live in this folder. */
void builtins_init(Thread *t);
/* enumerate, zip, map, filter, reversed (stdlib/builtins_iterators.c). */
void builtins_iterators_init(Thread *t);
/* SimpleNamespace (stdlib/builtins_namespace.c). */
void builtins_namespace_init(Thread *t);

extern const NativeDef builtins_object_functions[];    /* stdlib/builtins_objects.c */
extern const NativeDef builtins_number_functions[];    /* stdlib/builtins_numbers.c */
extern const NativeDef builtins_iteration_functions[]; /* stdlib/builtins_iteration.c */
extern const NativeDef builtins_code_functions[];      /* stdlib/builtins_code.c */
extern const NativeDef builtins_class_functions[];     /* stdlib/builtins_class.c */
extern const NativeDef builtins_anext_functions[];     /* stdlib/builtins_anext.c */
extern const NativeDef builtins_io_functions[];        /* stdlib/builtins_io.c */

/* What locals() returns in the running function. */
Value builtins_locals(Thread *t);

#endif
