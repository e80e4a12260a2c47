/* SPDX-License-Identifier: MIT */
/*
 * The module _pickle: its exceptions, dump(), dumps(), load() and loads().
 * Read next: stdlib/pickle.tul.
 */
#include <string.h>

#include "stdlib/pickle_native.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- exceptions ---- */

static Class *error_class(Thread *t, PickleError which) {
    return stdlib_of(t)->classes[CLASS_PICKLE_ERROR + (int)which];
}

Value pickle_raise(Thread *t, PickleError which, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Value result = raise_class_list(t, error_class(t, which), format, arguments);
    va_end(arguments);
    return result;
}

static bool make_error(Thread *t, Module *module, StdlibClass id, const char *name, Class *base) {
    return stdlib_error_class(t, id, module, name, "_pickle", base) != NULL;
}

/* ---- functions ---- */

/* A Pickler for one object: its bytes. */
static Value pickled(Thread *t, Value v, Value protocol, Value fix_imports, Value callback) {
    Value *roots = push_roots(t, 2);
    Pickler *p = pickler_new(t, stdlib_of(t)->classes[CLASS_PICKLER]);
    roots[0] = object_value(p);
    if (!pickler_set_protocol(t, p, protocol, fix_imports)) return VALUE_ERROR;
    if (callback != VALUE_NONE && p->protocol < 5)
        return raise_error(t, EXC_ValueError, "buffer_callback needs protocol >= 5");
    if (!pickler_run(t, p, v)) return VALUE_ERROR;
    Value result = object_value(bytes_new(t, p->out.data, p->out.size));
    pop_roots(t, roots);
    return result;
}

static Value dumps(Thread *t, Value *args) {
    return pickled(t, args[0], args[1], args[2], args[3]);
}

static Value dump(Thread *t, Value *args) {
    Value write = value_getattr_or_unset(t, args[1], str_intern(t->vm, "write", 5));
    if (write == VALUE_ERROR) return VALUE_ERROR;
    if (write == VALUE_UNSET)
        return raise_error(t, EXC_TypeError, "file must have a 'write' attribute");
    args[1] = write;
    args[0] = pickled(t, args[0], args[2], args[3], args[4]);
    if (args[0] == VALUE_ERROR) return VALUE_ERROR;
    return call_value(t, args[1], args, 1) == VALUE_ERROR ? VALUE_ERROR : VALUE_NONE;
}

/* args: data, fix_imports, encoding, errors, buffers. */
static Value loads(Thread *t, Value *args) {
    if (!is_bytes_like(args[0]))
        return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", args[0]);
    Value *roots = push_roots(t, 1);
    Unpickler *u = unpickler_new(t, stdlib_of(t)->classes[CLASS_UNPICKLER]);
    roots[0] = object_value(u);
    const uint8_t *data;
    size_t size;
    bytes_like(args[0], &data, &size);
    u->source = is_kind(args[0], OBJ_BYTES) ? args[0] : object_value(bytes_new(t, data, size));
    u->data = BYTES(u->source)->data;
    u->end = u->data + size;
    int fix = value_truth(t, args[1]);
    if (fix < 0) return VALUE_ERROR;
    u->fix_imports = fix;
    u->encoding = args[2];
    u->errors = args[3];
    if (args[4] != VALUE_NONE) {
        Value buffers = value_iter(t, args[4]);
        if (buffers == VALUE_ERROR) return VALUE_ERROR;
        u->buffers = buffers;
    }
    Value result = unpickle_run(t, u);
    pop_roots(t, roots);
    return result;
}

/* args: file, fix_imports, encoding, errors, buffers. */
static Value load(Thread *t, Value *args) {
    static const char *const names[] = {"fix_imports", "encoding", "errors", "buffers"};
    Value *roots = push_roots(t, 2);
    Tuple *keywords = tuple_new(t, 4);
    roots[0] = object_value(keywords);
    for (int i = 0; i < 4; i++)
        keywords->items[i] = object_value(str_intern(t->vm, names[i], strlen(names[i])));
    roots[1] =
        call_keywords(t, object_value(stdlib_of(t)->classes[CLASS_UNPICKLER]), args, 5, keywords);
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    return unpickle_run(t, UNPICKLER(roots[1]));
}

static const NativeDef functions[] = {
    {"dump", dump, "(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)",
     "Write a pickle of obj to file."},
    {"dumps", dumps, "(obj, protocol=None, *, fix_imports=True, buffer_callback=None)",
     "A pickle of obj, as bytes."},
    {"load", load, "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None)",
     "The object of the pickle that file holds."},
    {"loads", loads,
     "(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=None)",
     "The object of the pickle in data."},
    {0},
};

static bool init(Thread *t, Module *m) {
    Class *exception = EXCEPTION_CLASS(t, Exception);
    if (!make_error(t, m, CLASS_PICKLE_ERROR, "PickleError", exception)) return false;
    Class *base = error_class(t, PICKLE_ERROR);
    if (!make_error(t, m, CLASS_PICKLING_ERROR, "PicklingError", base) ||
        !make_error(t, m, CLASS_UNPICKLING_ERROR, "UnpicklingError", base))
        return false;
    pickler_class_init(t, m);
    unpickler_class_init(t, m);
    return true;
}

const NativeModule _pickle_module = {
    .name = "_pickle", .doc = "The work of pickle.", .functions = functions, .init = init};
