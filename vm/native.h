/* SPDX-License-Identifier: MIT */
/*
 * How C functions become Tulip functions: one table row each.
 *
 *     static Value list_insert(Thread *t, Value *args) { … args[0] is self, args[1] the index,
 * args[2] the object … } { "insert", list_insert, "(self, index, object, /)", "Insert object before
 * index." },
 *
 * The signature is Python text without annotations. Before the call, arguments are bound to it:
 * args[i] is the i-th parameter in the order: positional parameters, keyword-only ones, then *args
 * as a tuple, then **kwargs as a dict (fresh, never NULL). A parameter not given holds its default:
 * None, True, False, an int, a 'string' or () as written, or VALUE_UNSET for `name=?` (shown as
 * optional without a value). Wrong calls raise CPython's TypeError before the native runs.
 *
 * The args are registers: rooted, and the native may overwrite them to root other values. More:
 * push_roots(). The native returns a Value or VALUE_ERROR. It must not keep pointers into args
 * after returning. A native that loops over an iterator calls thread_poll(t) once per item.
 *
 * A native class is a NativeClass: kind, slots, methods and fields, made at start by
 * native_class_init / native_class. Read next: vm/list.c for a complete example; stdlib/ for
 * modules.
 */
#ifndef TULIP_VM_NATIVE_H
#define TULIP_VM_NATIVE_H

#include "vm/thread.h"

typedef Value (*NativeFn)(Thread *t, Value *args);

typedef struct NativeDef {
    const char *name; /* NULL ends a table. Prefix "@" makes a staticmethod, "@@" a classmethod
                         (args[0] is the class) */
    NativeFn fn;
    const char *signature;
    const char *doc;
} NativeDef;

/* A computed attribute: [get] and [set] (NULL: read-only; v VALUE_UNSET deletes). */
typedef struct FieldDef {
    const char *name;
    Value (*get)(Thread *t, Value self);
    bool (*set)(Thread *t, Value self, Value v);
    const char *doc;
} FieldDef;

/* Bound signature, shared by natives and Tulip functions: vm/signature.c binds calls to it. */
typedef struct Signature {
    const char *name;  /* for error messages */
    const char *owner; /* the same: class of a method, module of a function; NULL: built-ins */
    Str **names;       /* positional, then keyword-only */
    Value *defaults;   /* per parameter in names: VALUE_ERROR (0) when required */
    uint16_t positional, positional_only, keyword_only;
    bool has_varargs, has_varkw;
    bool of_slot, wrapper; /* the method of a slot; one that CPython wraps, with words of its own */
    struct Signature *next;    /* all that signature_parse made, freed with the vm */
    const NativeDef *callback; /* of a native that is made over and over: what it is made from */
    struct Signature *next_callback;
} Signature;

/* Natives that resume generators: executed by the loop, so that they do not nest. */
typedef enum NativeIntrinsic {
    INTRINSIC_NONE,
    INTRINSIC_SEND,
    INTRINSIC_THROW,
    INTRINSIC_NEXT
} NativeIntrinsic;

typedef struct Native {
    Object header;
    NativeFn fn;
    const NativeDef *def;
    Signature *signature; /* parsed on first call */
    Value self; /* bound natives (methods looked up on an instance, module functions: the module),
                   or VALUE_UNSET */
    Value name, module;  /* str / str or None */
    Class *owner;        /* class whose method it is, or NULL */
    uint16_t parameters; /* registers its args take */
    uint8_t required;    /* positional parameters without a default */
    bool simple;       /* no **kwargs nor required keyword-only parameters: positional calls bind by
                          counting */
    int16_t exact;     /* positional arguments that fill its registers with nothing to do, or -1 */
    int16_t most;      /* positional arguments it can be called with when defaults are all that is
                          to be added; -1: there is more to binding */
    uint8_t intrinsic; /* NativeIntrinsic: the interpreter loop does it without a C call */
} Native;

/* Fill in a built-in class (vm->classes[kind] exists already): slots, methods, fields, doc. */
typedef struct NativeClass {
    ObjectKind kind;    /* OBJ_NATIVE_DATA for a module's own class */
    const char *name;   /* module's own classes: Python name */
    const Slots *slots; /* merged over the base's */
    const NativeDef *methods;
    const FieldDef *fields;
    const char *doc;
    size_t size;    /* OBJ_NATIVE_DATA: sizeof its struct (first member Object header) */
    uint32_t flags; /* CLASS_BASE_ALLOWED … */
    void (*trace)(Heap *heap, Object *self);
    void (*finalize)(Heap *heap, Object *self);
} NativeClass;

/* Complete vm->classes[def->kind]. */
void native_class_init(Thread *t, const NativeClass *def);
/* Add methods (a table ended by a row without name) to a built-in class that is complete. */
void native_class_extend(Thread *t, Class *cls, const NativeDef *methods);
/* Make a new class for a native module (its __module__ is [module]). [base] NULL: object. */
Class *native_class_new(Thread *t, const NativeClass *def, const char *module, Class *base);
/* A native function object. self VALUE_UNSET when unbound. */
Value native_new(Thread *t, const NativeDef *def, Value self, const char *module);
/* The same for one that is made over and over, such as a done callback: its signature is parsed
 * once. [self] must be rooted. */
Value native_callback(Thread *t, const NativeDef *def, Value self);

/* A module in C: functions and an init that adds the rest (classes, constants). */
typedef struct NativeModule {
    const char *name, *doc;
    const NativeDef *functions;
    bool (*init)(Thread *t, Module *module); /* may be NULL; false: raised */
} NativeModule;
/* An empty module: __name__, __doc__, __package__, __loader__, __spec__ set as CPython does.
 * vm/module.c. */
Module *module_new(Thread *t, Str *name);
Module *native_module_new(Thread *t, const NativeModule *def);

/* Bind a constructor's raw arguments to [names] (NULL-terminated), the first [required] of which
 * must be given; what is not given becomes VALUE_UNSET. False: TypeError raised. */
bool bind_names(Thread *t, const char *function, const char *const *names, int required, Value *out,
                const Value *args, int argc, Tuple *kwnames) MUST_CHECK;

/* For a constructor without keyword parameters: [*argc] becomes the number of positional arguments.
 * Keywords are left to the __init__ of a subclass; where there is none, false: TypeError raised. */
bool keywords_left_to_init(Thread *t, const char *name, const Class *cls, int *argc,
                           Tuple *kwnames) MUST_CHECK;

/* ---- argument helpers; each raises CPython's TypeError/OverflowError/ValueError ---- */

/* Any object with __index__ → int64. False: raised. */
bool arg_int64(Thread *t, Value v, int64_t *out) MUST_CHECK;
/* The same, clamped to the range of int64 instead of overflowing (slice indices, counts). */
bool arg_clamped(Thread *t, Value v, int64_t *out) MUST_CHECK;
/* Any object with __index__ → what CPython keeps in a C int: OverflowError beyond 32 bits. */
bool arg_int32(Thread *t, Value v, int64_t *out) MUST_CHECK;
/* int, float or __float__/__index__ → double. */
bool arg_double(Thread *t, Value v, double *out) MUST_CHECK;
/* A str argument; [what] begins the message: "replace() argument 1". */
bool arg_str(Thread *t, Value v, const char *what, Str **out) MUST_CHECK;

#endif
