/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the standard library share: the state that hangs on the vm, and helpers for
 * native modules.
 *
 * A native module's classes are made when it is first imported and kept in Stdlib.classes, so that
 * its functions find them without a global variable. Everything in Stdlib that is a Value is shaded
 * by stdlib_mark.
 *
 * Read next: stdlib/import.c (how a module is found), stdlib/modules.def (which are native).
 */
#ifndef TULIP_STDLIB_STDLIB_H
#define TULIP_STDLIB_STDLIB_H

#include "vm/native.h"

/* The classes of native modules that other C code asks for. */
typedef enum StdlibClass {
    CLASS_TEXT_FILE,
    CLASS_BUFFERED_READER,
    CLASS_BUFFERED_WRITER,
    CLASS_BUFFERED_RANDOM,
    CLASS_MODULE_SPEC,
    CLASS_DEQUE,
    CLASS_DEQUE_ITERATOR,
    CLASS_DEQUE_REVERSE_ITERATOR,
    CLASS_TEE_LINK,
    CLASS_GROUPBY,
    CLASS_GROUPER,
    CLASS_TEE,
    CLASS_CHAIN,
    CLASS_ISLICE,
    CLASS_PARTIAL,
    CLASS_KEY,
    CLASS_LRU_CACHE,
    CLASS_WEAK_REFERENCE,
    CLASS_STAT_RESULT,
    CLASS_UNSUPPORTED,
    CLASS_STRUCT_TIME,
    CLASS_QUEUE,
    CLASS_ANEXT,
    CLASS_LOCK,
    CLASS_RLOCK,
    CLASS_PATTERN,
    CLASS_MATCH,
    CLASS_SCANNER,
    CLASS_MATCH_ITERATOR,
    CLASS_OUT_OF_SCOPE, /* an exception class */
    CLASS_PICKLE_ERROR,
    CLASS_PICKLING_ERROR,
    CLASS_UNPICKLING_ERROR,
    CLASS_PICKLER,
    CLASS_UNPICKLER,
    CLASS_STRUCT,
    CLASS_STRUCT_ERROR,
    CLASS_UNPACK_ITERATOR,
    CLASS_ZLIB_ERROR,
    CLASS_BINASCII_ERROR,
    CLASS_BINASCII_INCOMPLETE,
    CLASS_COMPRESS,
    CLASS_DECOMPRESS,
    CLASS_HASH,
    CLASS_SOCKET,
    CLASS_GAI_ERROR,
    CLASS_HOST_ERROR,
    CLASS_MEMORY_BIO,
    CLASS_SSL_CONTEXT,
    CLASS_SSL_CONNECTION,
    CLASS_SSL_SESSION,
    CLASS_HTTP_MESSAGE,
    STDLIB_CLASS_COUNT
} StdlibClass;

/* A constructor's signature, found again by the address of its text. */
typedef struct SignatureCache {
    const char *text;
    Signature *signature;
    struct SignatureCache *next;
} SignatureCache;

typedef struct SourceText SourceText;
typedef struct WeakTable WeakTable;
typedef struct RegexState RegexState;

typedef struct Stdlib {
    Class *classes[STDLIB_CLASS_COUNT]; /* NULL until the module is imported */
    Module *sys;
    List *exit_calls;            /* atexit: function, args, kwargs, … */
    SourceText *texts;           /* sources that are no files: -c, standard input, prompts */
    SourceText *recent;          /* the file read last for a traceback */
    WeakTable *weak;             /* weak references by what they refer to */
    RegexState *regex;           /* of the module re, NULL until it is imported */
    bool finalizing;             /* the program is ending */
    bool stdout_broken;          /* writing to descriptor 1 met EPIPE */
    void *crypto;                /* libcrypto's functions (stdlib/hashlib_native.c) */
    struct OpenSsl *ssl;         /* OpenSSL's functions (stdlib/openssl.c), NULL until needed */
    struct FileCore *files;      /* open files (stdlib/file_core.c) */
    int64_t gc_thresholds[3];    /* what gc.set_threshold was told */
    int64_t gc_debug;            /* what gc.set_debug was told */
    int64_t socket_timeout;      /* of new sockets, nanoseconds; -1: none */
    struct Importing *importing; /* imports under way (stdlib/import_lock.c) */
    struct ImportWaiter *import_waiters;
    struct Guard *guard;        /* of what is written while a line is typed, or NULL */
    SignatureCache *signatures; /* parsed signatures of native constructors */
} Stdlib;

static inline Stdlib *stdlib_of(const Thread *t) { return t->vm->stdlib_state; }

/* Make Stdlib, sys.modules with builtins and sys, and install the import and source hooks. */
void stdlib_install(Thread *t);
/* Release it, after the last Tulip code has run and before the heap goes. */
void stdlib_release(Vm *vm);

/* ---- helpers for native modules (stdlib/helpers.c) ---- */

/* module.name := v */
void module_set(Thread *t, Module *module, const char *name, Value v);
/* A number of the system or of a library, under the name it has there. */
typedef struct IntConstant {
    const char *name;
    int64_t value;
} IntConstant;
/* The row of a table of them. */
#define INT_CONSTANT(NAME)                                                                         \
    { #NAME, NAME }
void module_set_constants(Thread *t, Module *module, const IntConstant *constants, size_t count);
/* Make a class, keep it in the Stdlib under [id], and put it into [module] (NULL: nowhere) under
 * its name. */
Class *stdlib_class(Thread *t, StdlibClass id, Module *module, const NativeClass *def,
                    const char *module_name, Class *base);
/* The same without an id. */
Class *module_class(Thread *t, Module *module, const NativeClass *def, const char *module_name,
                    Class *base);
/* class [name]([base]) of the module called [module_name], an exception, kept under [id] and put
 * into [module]; NULL raised. */
Class *stdlib_error_class(Thread *t, StdlibClass id, Module *module, const char *name,
                          const char *module_name, Class *base) MUST_CHECK;
/* Is [v] an instance of the class [id]? */
bool is_stdlib_instance(const Thread *t, Value v, StdlibClass id);
/* Raise OSError (or its subclass for [code]) with strerror and, unless VALUE_UNSET, a filename. */
Value raise_os_error(Thread *t, int code, Value filename);
/* A native whose iterator is itself: the iter slot. */
Value stdlib_iter_self(Thread *t, Value self);
/* A `trace` hook for classes whose struct is a header followed by nothing but Values. */
void stdlib_trace_values(Heap *heap, Object *self);
/* cls[item], for classes that are generic only in annotations. */
Value class_getitem_self(Thread *t, Value *args);
/* Text of the system (names of files, arguments, the environment), which need not be UTF-8: bytes
 * that are none become lone surrogates, and arg_path turns them back. */
Value system_text(Thread *t, const char *text) MUST_CHECK;
/* A path argument: str, bytes or __fspath__; false raised. The text is valid as long as [*holder]
 * is rooted. */
bool arg_path(Thread *t, Value v, Value *holder, const char **path) MUST_CHECK;

/* The bytes of a bytes-like argument; false: TypeError raised. */
bool arg_bytes(Thread *t, Value v, const uint8_t **data, size_t *size) MUST_CHECK;
/* The first shared library of [names] (NULL ends them) that can be opened, or NULL. */
void *library_open(const char *const *names);
/* The function [name] of it into [*slot], a function pointer; false: there is none. */
bool library_function(void *library, const char *name, void *slot);

/* Raw constructor arguments bound to the [signature] text (a literal). [out] must be rooted. */
bool bind_raw(Thread *t, const char *name, const char *signature, Value *out, const Value *args,
              int argc, Tuple *kwnames) MUST_CHECK;

/* Release the table of weak references (stdlib/weakref.c). */
void weak_table_free(Vm *vm);
/* Shade and release what the module re keeps (stdlib/regex_code.c). */
void regex_state_mark(Heap *heap, RegexState *state);
void regex_state_free(RegexState *state);
/* Call what atexit registered, the last one first (stdlib/atexit.c). */
void exit_calls_run(Thread *t);

#endif
