/* SPDX-License-Identifier: MIT */
/*
 * Warnings from C: the module warnings decides what becomes of them, and is imported only then.
 *
 * A warning that the program has made an error is raised, so a caller must look at the result; and
 * because it runs Tulip code, its Values must be rooted. Read next: stdlib/warnings.tul.
 */
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* The module warnings; VALUE_ERROR raised. */
static Value import_warnings(Thread *t) {
    Vm *vm = t->vm;
    Value name = object_value(str_intern(vm, "warnings", 8));
    Value loaded = dict_get_str(t, vm->modules, STR(name));
    if (loaded != VALUE_UNSET && loaded != VALUE_NONE) return loaded;
    Value import = dict_get_str(t, vm->builtins->dict, str_intern(vm, "__import__", 10));
    return call_value(t, import, &name, 1);
}

Value value_exact_int(Thread *t, Value result, const char *method) {
    Class *cls = class_of(t->vm, result);
    if (cls == BUILTIN_CLASS(t, INT)) return result;
    Value *root = push_roots(t, 1);
    *root = result;
    bool ok = warn_deprecated(t,
                              "%s returned non-int (type %T).  The ability to return an instance "
                              "of a strict subclass of int is deprecated, and may be removed in a "
                              "future version of Python.",
                              method, result);
    pop_roots(t, root);
    return ok ? int_binary(t, BINARY_ADD, result, fixnum(0)) : VALUE_ERROR;
}

bool warn_deprecated(Thread *t, const char *format, ...) {
    Buffer out = {0};
    va_list arguments;
    va_start(arguments, format);
    bool ok = str_format_into(t, &out, format, arguments);
    va_end(arguments);
    if (!ok) {
        buffer_free(&out);
        return false;
    }
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(str_from_buffer(t, &out));
    roots[1] = object_value(t->vm->exceptions[EXC_DeprecationWarning]);
    roots[2] = import_warnings(t);
    ok = roots[2] != VALUE_ERROR &&
         call_method(t, roots[2], str_intern(t->vm, "warn", 4), roots, 2) != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}

bool warn_at(Thread *t, ExceptionId category, const char *message, const char *filename, int line) {
    Value *roots = push_roots(t, 5);
    roots[0] = object_value(str_from(t, message));
    roots[1] = object_value(t->vm->exceptions[category]);
    roots[2] = object_value(str_from(t, filename));
    roots[3] = fixnum(line);
    roots[4] = import_warnings(t);
    Str *name = str_intern(t->vm, "warn_explicit", 13);
    bool ok = roots[4] != VALUE_ERROR && call_method(t, roots[4], name, roots, 4) != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}
