/* SPDX-License-Identifier: MIT */
/*
 * Small things that many native modules need: classes kept in the Stdlib, OSError, paths, and
 * constructor arguments bound to a signature.
 *
 * Constructors get their raw call (vm/class.h); bind_raw gives them named parameters with CPython's
 * errors. The parsed signature is found again by the address of its text, so that it is parsed once
 * per process.
 *
 * Read next: stdlib/deque.c for a class that uses all of it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "stdlib/stdlib.h"
#include "vm/generic_alias.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/object.h"
#include "vm/ops.h"
#include "vm/signature.h"
#include "vm/str.h"

void module_set(Thread *t, Module *module, const char *name, Value v) {
    dict_set_str(t, module->dict, str_intern(t->vm, name, strlen(name)), v);
}

/* native_class_new, and a __dict__ for the instances when the flags ask for it. */
static Class *new_class(Thread *t, const NativeClass *def, const char *module_name, Class *base) {
    Class *cls = native_class_new(t, def, module_name, base);
    if ((def->flags & CLASS_HAS_ATTRIBUTES) && !cls->root_shape) {
        cls->root_shape = shape_new_root(t->vm, cls);
        instance_dict_publish(t, cls);
    }
    return cls;
}

Class *module_class(Thread *t, Module *module, const NativeClass *def, const char *module_name,
                    Class *base) {
    Class *cls = new_class(t, def, module_name, base);
    if (module) module_set(t, module, def->name, object_value(cls));
    return cls;
}

Class *stdlib_class(Thread *t, StdlibClass id, Module *module, const NativeClass *def,
                    const char *module_name, Class *base) {
    Stdlib *lib = stdlib_of(t);
    if (!lib->classes[id]) lib->classes[id] = new_class(t, def, module_name, base);
    if (module) module_set(t, module, def->name, object_value(lib->classes[id]));
    return lib->classes[id];
}

void module_set_constants(Thread *t, Module *module, const IntConstant *constants, size_t count) {
    for (size_t i = 0; i < count; i++)
        module_set(t, module, constants[i].name, int_from_int64(t, constants[i].value));
}

Class *stdlib_error_class(Thread *t, StdlibClass id, Module *module, const char *name,
                          const char *module_name, Class *base) {
    Stdlib *lib = stdlib_of(t);
    if (!lib->classes[id]) lib->classes[id] = exception_class_new(t, name, module_name, NULL, base);
    if (lib->classes[id]) module_set(t, module, name, object_value(lib->classes[id]));
    return lib->classes[id];
}

bool is_stdlib_instance(const Thread *t, Value v, StdlibClass id) {
    Class *cls = stdlib_of(t)->classes[id];
    if (!cls || !is_object(v)) return false;
    Class *own = object_class(object_of(v));
    return own == cls || class_is_subclass(own, cls);
}

Value raise_os_error(Thread *t, int code, Value filename) {
    Value *args = push_roots(t, 3);
    args[0] = fixnum(code);
    args[1] = object_value(str_from(t, strerror(code)));
    args[2] = filename;
    Value error =
        exception_new(t, EXCEPTION_CLASS(t, OSError), args, filename == VALUE_UNSET ? 2 : 3);
    pop_roots(t, args);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

Value stdlib_iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

void stdlib_trace_values(Heap *heap, Object *self) {
    const Value *values = (const Value *)(self + 1);
    size_t count = (object_class(self)->instance_size - sizeof(Object)) / sizeof(Value);
    for (size_t i = 0; i < count; i++) heap_shade(heap, values[i]);
}

Value class_getitem_self(Thread *t, Value *args) { return generic_alias_class_getitem(t, args); }

/* value.method("utf-8", "surrogateescape") */
static Value convert(Thread *t, Value v, const char *method) {
    Value *roots = push_roots(t, 3);
    roots[0] = v;
    roots[1] = object_value(str_from(t, "utf-8"));
    roots[2] = object_value(str_from(t, "surrogateescape"));
    v = call_method(t, v, str_intern(t->vm, method, strlen(method)), roots + 1, 2);
    pop_roots(t, roots);
    return v;
}

Value system_text(Thread *t, const char *text) {
    size_t size = strlen(text);
    if (utf8_valid(text, size) == size) return object_value(str_new(t, text, size));
    return convert(t, object_value(bytes_new(t, text, size)), "decode");
}

bool arg_path(Thread *t, Value v, Value *holder, const char **path) {
    *holder = v;
    if (!is_str(v) && !is_kind(v, OBJ_BYTES)) {
        Value method = lookup_special(t, v, NAME_OF(t, __fspath__));
        if (method == VALUE_ERROR) return false;
        if (method == VALUE_UNSET) {
            raise_error(t, EXC_TypeError, "expected str, bytes or os.PathLike object, not %T", v);
            return false;
        }
        *holder = call_value(t, method, NULL, 0);
        if (*holder == VALUE_ERROR) return false;
    }
    size_t size;
    if (is_str(*holder) && !str_is_ascii(STR(*holder)) &&
        utf8_valid(STR(*holder)->data, STR(*holder)->size) != STR(*holder)->size) {
        *holder = convert(t, *holder, "encode");
        if (*holder == VALUE_ERROR) return false;
    }
    if (is_str(*holder)) {
        *path = STR(*holder)->data;
        size = STR(*holder)->size;
    } else if (is_kind(*holder, OBJ_BYTES)) {
        *path = (const char *)BYTES(*holder)->data;
        size = BYTES(*holder)->size;
    } else {
        raise_error(t, EXC_TypeError, "expected %T.__fspath__() to return str or bytes, not %T", v,
                    *holder);
        return false;
    }
    if (strlen(*path) == size) return true;
    raise_error(t, EXC_ValueError, "embedded null byte");
    return false;
}

/* The parsed form of [text]; texts are literals, so their address tells them apart. */
static Signature *signature_of(Thread *t, const char *name, const char *text) {
    Stdlib *lib = stdlib_of(t);
    for (SignatureCache *entry = lib->signatures; entry; entry = entry->next) {
        if (entry->text == text && !strcmp(entry->signature->name, name)) return entry->signature;
    }
    SignatureCache *entry = memory_alloc(sizeof *entry);
    *entry = (SignatureCache){text, signature_parse(t, name, text), lib->signatures};
    lib->signatures = entry;
    return entry->signature;
}

bool bind_raw(Thread *t, const char *name, const char *signature, Value *out, const Value *args,
              int argc, Tuple *kwnames) {
    return bind_arguments(t, signature_of(t, name, signature), out, args, argc, kwnames);
}

bool arg_bytes(Thread *t, Value v, const uint8_t **data, size_t *size) {
    if (bytes_like(v, data, size)) return true;
    raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", v);
    return false;
}

void *library_open(const char *const *names) {
    void *library = NULL;
    for (; *names && !library; names++) library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    return library;
}

bool library_function(void *library, const char *name, void *slot) {
    void *function = library ? dlsym(library, name) : NULL;
    memcpy(slot, &function, sizeof function);
    return function != NULL;
}
