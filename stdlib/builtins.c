/* SPDX-License-Identifier: MIT */
/*
 * The module builtins: its functions (by topic in the files builtins_*.c), the built-in types under
 * their names, and the exception classes.
 *
 * Read next: stdlib/builtins.h.
 */
#include "stdlib/builtins.h"

#include "vm/container.h"
#include "vm/str.h"

static void put(Thread *t, const char *name, Value v) {
    dict_set_str(t, t->vm->builtins->dict, str_intern(t->vm, name, strlen(name)), v);
}

static void put_functions(Thread *t, const NativeDef *functions) {
    Value module = object_value(t->vm->builtins);
    for (const NativeDef *f = functions; f->name; f++)
        put(t, f->name, native_new(t, f, module, "builtins"));
}

static void put_types(Thread *t) {
    static const ObjectKind kinds[] = {
        OBJ_OBJECT,    OBJ_CLASS,        OBJ_INT,         OBJ_BOOL,   OBJ_FLOAT,
        OBJ_STR,       OBJ_BYTES,        OBJ_BYTEARRAY,   OBJ_LIST,   OBJ_TUPLE,
        OBJ_DICT,      OBJ_SET,          OBJ_FROZENSET,   OBJ_RANGE,  OBJ_SLICE,
        OBJ_PROPERTY,  OBJ_STATICMETHOD, OBJ_CLASSMETHOD, OBJ_SUPER,  OBJ_REVERSED,
        OBJ_ENUMERATE, OBJ_ZIP,          OBJ_MAP,         OBJ_FILTER,
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        Class *cls = t->vm->classes[kinds[i]];
        put(t, cls->name->data, object_value(cls));
    }
}

static void put_exceptions(Thread *t) {
    for (int i = 0; i < EXC_COUNT; i++) {
        put(t, t->vm->exceptions[i]->name->data, object_value(t->vm->exceptions[i]));
    }
    put(t, "EnvironmentError", object_value(EXCEPTION_CLASS(t, OSError)));
    put(t, "IOError", object_value(EXCEPTION_CLASS(t, OSError)));
}

static void put_constants(Thread *t) {
    put(t, "None", VALUE_NONE);
    put(t, "True", VALUE_TRUE);
    put(t, "False", VALUE_FALSE);
    put(t, "Ellipsis", VALUE_ELLIPSIS);
    put(t, "NotImplemented", VALUE_NOTIMPLEMENTED);
    put(t, "__debug__", VALUE_TRUE);
}

void builtins_init(Thread *t) {
    static const NativeDef *const tables[] = {
        builtins_class_functions, builtins_object_functions,    builtins_number_functions,
        builtins_code_functions,  builtins_iteration_functions, builtins_io_functions,
        builtins_anext_functions,
    };
    builtins_iterators_init(t);
    builtins_namespace_init(t);
    put(t, "__doc__",
        object_value(str_from(t, "Built-in functions, types, exceptions, and other objects.")));
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) put_functions(t, tables[i]);
    put_constants(t);
    put_types(t);
    put_exceptions(t);
    Value next = dict_get_str(t, t->vm->builtins->dict, str_intern(t->vm, "next", 4));
    ((Native *)object_of(next))->intrinsic = INTRINSIC_NEXT;
}
