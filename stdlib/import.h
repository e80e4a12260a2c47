/* SPDX-License-Identifier: MIT */
/*
 * Importing: from a dotted name to a module, and from a source text to a compiled function.
 * Read next: stdlib/import.c, stdlib/sources.c.
 */
#ifndef TULIP_STDLIB_IMPORT_H
#define TULIP_STDLIB_IMPORT_H

#include "common/diagnostic.h"
#include "compiler/compiler.h"
#include "stdlib/stdlib.h"
#include "stdlib/wait_queue.h"

/* Import [name] (dotted) with all its parents and return the module named last. The hook of
 * vm/thread.h. */
Value import_module(Thread *t, Str *name) MUST_CHECK;
/* Where -m finds [name]: its path and, for a package, that of its __main__; NULL: raised. The text
 * is in [*text] (file) or embedded. */
typedef struct ModuleSource {
    const char *path; /* what tracebacks show; valid until module_source_free */
    const char *text; /* NUL-terminated */
    size_t size;
    bool is_package;
    bool embedded;
    char *owned_path, *owned_text;
} ModuleSource;
bool module_source_find(Thread *t, Str *name, Value search_path, ModuleSource *out);
void module_source_free(ModuleSource *source);

/* Compile a module's text; NULL: SyntaxError raised, or, when [report] is not NULL, rendered into
 * it instead. */
Function *module_compile(Thread *t, const char *path, const char *text, size_t size,
                         CompileMode mode, Dict *globals, Buffer *report);
/* A module object in sys.modules with __name__, __package__, __file__ … ([path] NULL: no file). */
Module *module_start(Thread *t, Str *name, const char *path, bool is_package);

/* The module written in C of that name, or NULL (stdlib/modules.c). */
const NativeModule *native_module_find(const char *name);
/* The names of all modules of the library, as a tuple of strs. */
Tuple *library_names(Thread *t);

/* ---- stdlib/import_lock.c ---- */

/* An import whose code is running. */
typedef struct Importing {
    Value module;
    const Thread *thread;
    WaitQueue queue; /* other threads that want it */
    struct Importing *next;
} Importing;

typedef struct ImportWaiter ImportWaiter;

/* Thread t runs the code of [module], which the caller roots; until import_end. */
void import_begin(Thread *t, Importing *entry, Value module);
void import_end(Thread *t, Importing *entry);
/* Wait while another thread runs the code of [module]. 1: it was so, look again; 0: nobody does,
 * or waiting would never end; -1: raised. */
int import_wait(Thread *t, Value module) MUST_CHECK;

/* ---- stdlib/sources.c ---- */

/* The whole of a file in malloc'd memory, NUL-terminated; NULL and errno. Directories give EISDIR,
 * files of 4 GiB and more EFBIG. */
char *file_read_all(const char *path, size_t *size);
/* The same from a descriptor. */
char *descriptor_read_all(int fd, size_t *size);
/* Remember the text of something that is no file, for tracebacks. */
void source_remember(Vm *vm, const char *name, const char *text, size_t size);
/* The hook of vm/thread.h. */
bool source_line_of(Vm *vm, const char *filename, int line, Buffer *out);
void sources_free(Vm *vm);

#endif
