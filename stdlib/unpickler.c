/* SPDX-License-Identifier: MIT */
/*
 * The class Unpickler: the file it reads, and the callbacks of its user.
 *
 * A subclass takes part by the methods find_class and persistent_load. The memo outlives a load(),
 * as that of the Pickler does.
 *
 * Read next: stdlib/pickle_load.c.
 */
#include <string.h>

#include "stdlib/pickle_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Str *intern(Thread *t, const char *text) { return str_intern(t->vm, text, strlen(text)); }

Unpickler *unpickler_new(Thread *t, Class *cls) {
    Unpickler *u = object_new(t, cls, 0);
    u->read = u->readline = u->readinto = u->source = u->find_class = VALUE_NONE;
    u->persistent_load = u->encoding = u->errors = u->buffers = VALUE_NONE;
    u->stack = u->memo = u->sparse = VALUE_NONE;
    u->stack = object_value(list_new(t, 0));
    u->memo = object_value(list_new(t, 0));
    u->fix_imports = true;
    return u;
}

/* ---- methods ---- */

static Value load(Thread *t, Value *args) {
    Unpickler *u = UNPICKLER(args[0]);
    if (u->read == VALUE_NONE)
        return pickle_raise(t, UNPICKLING_ERROR,
                            "Unpickler.__init__() was not called by %T.__init__()", args[0]);
    return unpickle_run(t, u);
}

static Value find_class(Thread *t, Value *args) {
    return unpickle_find(t, UNPICKLER(args[0]), args[1], args[2]);
}

static const NativeDef methods[] = {
    {"load", load, "(self, /)", "The object of the next pickle in the file."},
    {"find_class", find_class, "(self, module_name, global_name, /)",
     "The object that a pickle refers to by these names."},
    {0},
};

static Value get_persistent_load(Thread *t, Value self) {
    Value v = UNPICKLER(self)->persistent_load;
    return v != VALUE_NONE ? v : raise_error(t, EXC_AttributeError, "persistent_load");
}

static bool set_persistent_load(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "attribute deletion is not supported");
    } else if (!value_is_callable(t, v)) {
        raise_error(t, EXC_TypeError, "persistent_load must be a callable taking one argument");
    } else {
        heap_set(&t->vm->heap, &UNPICKLER(self)->persistent_load, v);
        return true;
    }
    return false;
}

/* A dict: number → object. */
static Value get_memo(Thread *t, Value self) {
    Value *roots = push_roots(t, 1);
    Unpickler *u = UNPICKLER(self);
    Dict *dict = u->sparse == VALUE_NONE ? dict_new(t) : dict_copy(t, DICT(u->sparse));
    if (!dict) return VALUE_ERROR;
    roots[0] = object_value(dict);
    for (size_t i = 0; i < LIST(u->memo)->size; i++) {
        Value v = LIST(u->memo)->items[i];
        if (v != VALUE_UNSET && !dict_set(t, dict, fixnum((int64_t)i), v)) return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return object_value(dict);
}

static bool set_memo(Thread *t, Value self, Value v) {
    if (!is_kind(v, OBJ_DICT)) {
        raise_error(t, EXC_TypeError,
                    "'memo' attribute must be an UnpicklerMemoProxy object or dict, not '%T'", v);
        return false;
    }
    uint32_t position = 0;
    Value key, value;
    while (dict_next(DICT(v), &position, &key, &value)) {
        if (is_fixnum(key) && fixnum_of(key) >= 0) continue;
        raise_error(t, is_fixnum(key) ? EXC_ValueError : EXC_TypeError,
                    is_fixnum(key) ? "memo key must be positive integers."
                                   : "memo key must be integers");
        return false;
    }
    Dict *copy = dict_copy(t, DICT(v));
    heap_set(&t->vm->heap, &UNPICKLER(self)->sparse, object_value(copy));
    heap_set(&t->vm->heap, &UNPICKLER(self)->memo, object_value(list_new(t, 0)));
    return true;
}

static const FieldDef fields[] = {
    {"persistent_load", get_persistent_load, set_persistent_load,
     "A function that finds the object for an id of Pickler.persistent_id."},
    {"memo", get_memo, set_memo, "What was read: number to object."},
    {0},
};

/* ---- making ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return object_value(unpickler_new(t, cls));
}

/* The methods of the file. */
static bool use_file(Thread *t, Unpickler *u, Value file) {
    Value *roots = push_roots(t, 2);
    roots[0] = value_getattr_or_unset(t, file, intern(t, "read"));
    if (roots[0] == VALUE_ERROR) return false;
    roots[1] = value_getattr_or_unset(t, file, intern(t, "readline"));
    if (roots[1] == VALUE_ERROR) return false;
    if (roots[0] == VALUE_UNSET || roots[1] == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "file must have 'read' and 'readline' attributes");
        return false;
    }
    heap_set(&t->vm->heap, &u->read, roots[0]);
    heap_set(&t->vm->heap, &u->readline, roots[1]);
    pop_roots(t, roots);
    return true;
}

/* roots: file, fix_imports, encoding, errors, buffers, self. */
static bool set_up(Thread *t, Value *roots) {
    Unpickler *u = UNPICKLER(roots[5]);
    Heap *heap = &t->vm->heap;
    int fix = value_truth(t, roots[1]);
    if (fix < 0 || !use_file(t, u, roots[0])) return false;
    u->fix_imports = fix;
    heap_set(heap, &u->encoding, roots[2]);
    heap_set(heap, &u->errors, roots[3]);
    if (roots[4] != VALUE_NONE) {
        Value buffers = value_iter(t, roots[4]);
        if (buffers == VALUE_ERROR) return false;
        heap_set(heap, &u->buffers, buffers);
    }
    heap_set(heap, &u->memo, object_value(list_new(t, 0)));
    heap_set(heap, &u->sparse, VALUE_NONE);
    Value v = value_getattr_or_unset(t, roots[5], intern(t, "persistent_load"));
    if (v == VALUE_ERROR) return false;
    heap_set(heap, &u->persistent_load, v == VALUE_UNSET ? VALUE_NONE : v);
    v = value_getattr(t, roots[5], intern(t, "find_class"));
    if (v == VALUE_ERROR) return false;
    bool own = !is_kind(v, OBJ_NATIVE) || ((Native *)object_of(v))->fn != find_class;
    heap_set(heap, &u->find_class, own ? v : VALUE_NONE);
    return true;
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 6);
    roots[5] = self;
    bool ok = bind_raw(t, "Unpickler",
                       "(file, *, fix_imports=True, encoding='ASCII', errors='strict', "
                       "buffers=())",
                       roots, args, argc, kwnames);
    if (ok && is_kind(roots[4], OBJ_TUPLE) && !TUPLE(roots[4])->size) roots[4] = VALUE_NONE;
    ok = ok && set_up(t, roots);
    pop_roots(t, roots);
    return ok;
}

static void trace(Heap *heap, Object *self) {
    Unpickler *u = (Unpickler *)self;
    const Value held[] = {u->read,       u->readline,        u->readinto, u->source,
                          u->find_class, u->persistent_load, u->encoding, u->errors,
                          u->buffers,    u->stack,           u->memo,     u->sparse};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) heap_shade(heap, held[i]);
}

static void finalize(Heap *heap, Object *self) {
    (void)heap;
    buffer_free(&((Unpickler *)self)->marks);
}

static const Slots slots = {.construct = construct, .init = init};
static const NativeClass unpickler_class = {.kind = OBJ_NATIVE_DATA,
                                            .name = "Unpickler",
                                            .slots = &slots,
                                            .methods = methods,
                                            .fields = fields,
                                            .doc = "Unpickler(file, *, fix_imports=True, "
                                                   "encoding='ASCII', errors='strict', "
                                                   "buffers=()): reads pickles.",
                                            .size = sizeof(Unpickler),
                                            .flags = CLASS_BASE_ALLOWED,
                                            .trace = trace,
                                            .finalize = finalize};

void unpickler_class_init(Thread *t, Module *module) {
    stdlib_class(t, CLASS_UNPICKLER, module, &unpickler_class, "_pickle", NULL);
}
