/* SPDX-License-Identifier: MIT */
/*
 * The module sys: the program's own situation, the standard streams, and the hooks that report
 * errors.
 *
 * What is rarely asked for (version_info, float_info, …) is made by the module's __getattr__ at the
 * first question and kept (stdlib/sys_info.c), so that starting up does not pay for it.
 *
 * Read next: stdlib/sys_info.c, vm/frame_object.c (sys._getframe).
 */
#include "stdlib/sys.h"

#include <string.h>
#include <unistd.h>

#include "common/paint.h"
#include "stdlib/file.h"
#include "stdlib/import.h"
#include "stdlib/record.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/frame_object.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value sys_get(Thread *t, NameId id) {
    return dict_get_str(t, stdlib_of(t)->sys->dict, t->vm->names[id]);
}

/* ---- leaving and limits ---- */

static Value sys_exit(Thread *t, Value *args) { return raise_with(t, EXC_SystemExit, args[0]); }

static Value sys_getrecursionlimit(Thread *t, Value *args) {
    (void)args;
    return fixnum((int64_t)t->vm->recursion_limit - 1);
}

static Value sys_setrecursionlimit(Thread *t, Value *args) {
    int64_t limit;
    if (!arg_int64(t, args[0], &limit)) return VALUE_ERROR;
    if (limit < 1)
        return raise_error(t, EXC_ValueError, "recursion limit must be greater or equal than 1");
    if (limit >= INT32_MAX)
        return raise_error(t, EXC_OverflowError, "Python int too large to convert to C int");
    if (t->depth > limit) {
        return raise_error(t, EXC_RecursionError,
                           "cannot set the recursion limit to %lld at the recursion depth %u: the "
                           "limit is too low",
                           (long long)limit, t->depth - 1);
    }
    t->vm->recursion_limit = (uint32_t)limit + 1;
    return VALUE_NONE;
}

static Value sys_get_int_max_str_digits(Thread *t, Value *args) {
    (void)args;
    return fixnum(t->vm->int_max_str_digits);
}

static Value sys_set_int_max_str_digits(Thread *t, Value *args) {
    int64_t digits;
    if (!arg_int64(t, args[0], &digits)) return VALUE_ERROR;
    if (digits != 0 && (digits < 640 || digits > INT32_MAX)) {
        return raise_error(t, EXC_ValueError, "maxdigits must be 0 or larger than 640");
    }
    t->vm->int_max_str_digits = (uint32_t)digits;
    return VALUE_NONE;
}

/* ---- async generators ---- */

static Value sys_get_asyncgen_hooks(Thread *t, Value *args) {
    (void)args;
    static const char *const fields[] = {"firstiter", "finalizer", NULL};
    Value *items = push_roots(t, 2);
    items[0] = t->asyncgen_firstiter;
    items[1] = t->asyncgen_finalizer;
    Class *cls = record_class(t, "sys", "asyncgen_hooks", "asyncgen_hooks", fields);
    return cls ? record_new(t, cls, items, 2) : VALUE_ERROR;
}

static bool is_hook(Thread *t, Value v, const char *name) {
    if (v == VALUE_UNSET || v == VALUE_NONE || value_is_callable(t, v)) return true;
    raise_error(t, EXC_TypeError, "callable %s expected, got %T", name, v);
    return false;
}

static Value sys_set_asyncgen_hooks(Thread *t, Value *args) {
    if (!is_hook(t, args[1], "finalizer") || !is_hook(t, args[0], "firstiter")) return VALUE_ERROR;
    if (args[0] != VALUE_UNSET) t->asyncgen_firstiter = args[0];
    if (args[1] != VALUE_UNSET) t->asyncgen_finalizer = args[1];
    return VALUE_NONE;
}

/* ---- coroutines ---- */

static Value sys_get_origin_depth(Thread *t, Value *args) {
    (void)args;
    return fixnum(t->origin_depth);
}

static Value sys_set_origin_depth(Thread *t, Value *args) {
    int64_t depth;
    if (!arg_int32(t, args[0], &depth)) return VALUE_ERROR;
    if (depth < 0) return raise_error(t, EXC_ValueError, "depth must be >= 0");
    t->origin_depth = (uint32_t)depth;
    return VALUE_NONE;
}

/* ---- what is being handled ---- */

static Value sys_exception(Thread *t, Value *args) {
    (void)args;
    return t->handling;
}

static Value sys_exc_info(Thread *t, Value *args) {
    (void)args;
    Value items[3] = {VALUE_NONE, VALUE_NONE, VALUE_NONE};
    if (t->handling != VALUE_NONE) {
        items[0] = object_value(class_of(t->vm, t->handling));
        items[1] = t->handling;
        items[2] = EXCEPTION(t->handling)->traceback;
    }
    return object_value(tuple_from(t, items, 3));
}

/* ---- hooks ---- */

/* Text to sys.stderr; when that is gone, to the descriptor. */
void sys_write_error(Thread *t, const char *text, size_t size) {
    Value *roots = push_roots(t, 2);
    roots[0] = sys_get(t, NAME_stderr);
    roots[1] = object_value(str_new(t, text, size));
    bool ok = false;
    File *file = file_of(t, roots[0]);
    if (file && file->core && !file->core->closed) {
        ok = file_write_str(t, file, STR(roots[1])) && file_flush(t, file);
    } else if (roots[0] != VALUE_NONE && roots[0] != VALUE_UNSET && !file) {
        ok = call_method(t, roots[0], NAME_OF(t, write), roots + 1, 1) != VALUE_ERROR;
    }
    if (!ok) {
        if (t->exception != VALUE_UNSET) exception_take(t);
        if (roots[0] != VALUE_NONE && write(STDERR_FILENO, text, size) < 0) ok = false;
    }
    pop_roots(t, roots);
}

void sys_write_report(Thread *t, const char *text, size_t size) {
    File *file = file_of(t, sys_get(t, NAME_stderr));
    bool standard = file && file->core && file->core->fd == STDERR_FILENO;
    Buffer painted = {0};
    if (standard && paint_wanted(STDERR_FILENO)) {
        paint_report(&painted, text, size);
        sys_write_error(t, painted.data, painted.size);
    } else {
        sys_write_error(t, text, size);
    }
    buffer_free(&painted);
}

void sys_print_exception(Thread *t, Value exception) {
    Value *roots = push_roots(t, 1);
    roots[0] = exception;
    Buffer out = {0};
    exception_print(t, exception, &out);
    if (out.size) sys_write_report(t, out.data, out.size);
    buffer_free(&out);
    pop_roots(t, roots);
}

static Value sys_excepthook(Thread *t, Value *args) {
    if (!is_kind(args[1], OBJ_EXCEPTION)) {
        return raise_error(t, EXC_TypeError,
                           "print_exception(): Exception expected for value, %T found", args[1]);
    }
    sys_print_exception(t, args[1]);
    return VALUE_NONE;
}

static Value sys_displayhook(Thread *t, Value *args) {
    if (args[0] == VALUE_NONE) return VALUE_NONE;
    dict_set_str(t, t->vm->builtins->dict, NAME_OF(t, _), VALUE_NONE);
    Str *text = value_repr(t, args[0]);
    if (!text) return VALUE_ERROR;
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(str_concat(t, text, str_from(t, "\n")));
    Value out = sys_get(t, NAME_stdout);
    if (out == VALUE_UNSET || out == VALUE_NONE)
        return raise_error(t, EXC_RuntimeError, "lost sys.stdout");
    if (call_method(t, out, NAME_OF(t, write), roots, 1) == VALUE_ERROR) return VALUE_ERROR;
    dict_set_str(t, t->vm->builtins->dict, NAME_OF(t, _), args[0]);
    return VALUE_NONE;
}

static Value attribute(Thread *t, Value v, const char *name) {
    return value_getattr_or_unset(t, v, str_intern(t->vm, name, strlen(name)));
}

/* The default sys.unraisablehook: "Exception ignored in: <object>" and the traceback. */
static Value sys_unraisablehook(Thread *t, Value *args) {
    Value *roots = push_roots(t, 3);
    roots[0] = attribute(t, args[0], "exc_value");
    roots[1] = attribute(t, args[0], "err_msg");
    roots[2] = attribute(t, args[0], "object");
    for (int i = 0; i < 3; i++) {
        if (roots[i] == VALUE_ERROR) return VALUE_ERROR;
    }
    Buffer out = {0};
    bool has_object = roots[2] != VALUE_UNSET && roots[2] != VALUE_NONE;
    if (is_str(roots[1])) buffer_append(&out, STR(roots[1])->data, STR(roots[1])->size);
    else buffer_puts(&out, "Exception ignored in");
    if (has_object) {
        Str *text = value_repr(t, roots[2]);
        if (!text) exception_take(t);
        buffer_printf(&out, ": %s", text ? text->data : "<object repr() failed>");
    } else {
        buffer_puts(&out, ":");
    }
    buffer_puts(&out, "\n");
    if (is_kind(roots[0], OBJ_EXCEPTION)) exception_print(t, roots[0], &out);
    sys_write_error(t, out.data, out.size);
    buffer_free(&out);
    return VALUE_NONE;
}

/* ---- small facts ---- */

static Value sys_getframe(Thread *t, Value *args) {
    int64_t depth;
    if (!arg_int64(t, args[0], &depth)) return VALUE_ERROR;
    Value frame = frame_object_stack(t, depth);
    return frame != VALUE_UNSET ? frame
                                : raise_error(t, EXC_ValueError, "call stack is not deep enough");
}

static Value sys_intern(Thread *t, Value *args) {
    Str *text;
    if (!arg_str(t, args[0], "intern() argument", &text)) return VALUE_ERROR;
    if (object_class(&text->header) != BUILTIN_CLASS(t, STR))
        return raise_error(t, EXC_TypeError, "can't intern %T", args[0]);
    return object_value(str_intern_value(t->vm, text));
}

/* The bytes an object takes with its own buffers: Tulip's sizes, not CPython's. */
static size_t size_of(Value v) {
    if (!is_object(v)) return sizeof(Value);
    Object *o = object_of(v);
    switch (object_kind(o)) {
    case OBJ_STR: return sizeof(Str) + STR(v)->size + 1;
    case OBJ_BYTES: return sizeof(Bytes) + BYTES(v)->size + 1;
    case OBJ_BYTEARRAY: return sizeof(Bytearray) + ((Bytearray *)o)->capacity;
    case OBJ_LIST: return sizeof(List) + LIST(v)->capacity * sizeof(Value);
    case OBJ_TUPLE: return sizeof(Tuple) + TUPLE(v)->size * sizeof(Value);
    case OBJ_DICT:
        return sizeof(Dict) + DICT(v)->capacity * sizeof(DictEntry) +
               (DICT(v)->index ? sizeof(int32_t) << DICT(v)->index_bits : 0);
    case OBJ_SET:
    case OBJ_FROZENSET:
        return sizeof(Set) + SET(v)->capacity * sizeof(SetEntry) +
               (SET(v)->index ? sizeof(int32_t) << SET(v)->index_bits : 0);
    case OBJ_INT: return sizeof(BigInt) + ((BigInt *)o)->value->_mp_alloc * sizeof(mp_limb_t);
    case OBJ_CLASS: return sizeof(Class);
    default: return object_class(o)->instance_size;
    }
}

/* What a __sizeof__ that is written in Tulip says; VALUE_UNSET: the object has none. */
static Value own_size(Thread *t, Value v) {
    if (!is_object(v) || !(class_of(t->vm, v)->flags & CLASS_HEAP)) return VALUE_UNSET;
    Value method = lookup_special(t, v, NAME_OF(t, __sizeof__));
    if (method == VALUE_ERROR || method == VALUE_UNSET) return method;
    Value function = is_kind(method, OBJ_METHOD) ? ((Method *)object_of(method))->function : method;
    if (is_kind(function, OBJ_NATIVE)) return VALUE_UNSET;
    Value size = call_value(t, method, NULL, 0);
    if (size == VALUE_ERROR) return size;
    if (!is_int(size)) return raise_error(t, EXC_TypeError, "an integer is required");
    if (int_sign(size) < 0)
        return raise_error(t, EXC_ValueError, "__sizeof__() should return >= 0");
    return size;
}

static Value sys_getsizeof(Thread *t, Value *args) {
    Value size = own_size(t, args[0]);
    if (size == VALUE_UNSET) return int_from_uint64(t, size_of(args[0]));
    if (size != VALUE_ERROR || args[1] == VALUE_UNSET) return size;
    if (!exception_matches(t, EXC_TypeError)) return VALUE_ERROR;
    exception_take(t);
    return args[1];
}

static Value sys_getdefaultencoding(Thread *t, Value *args) {
    (void)args;
    return object_value(str_from(t, "utf-8"));
}

static Value sys_getfilesystemencodeerrors(Thread *t, Value *args) {
    (void)args;
    return object_value(str_from(t, "surrogateescape"));
}

static Value sys_is_finalizing(Thread *t, Value *args) {
    (void)args;
    return bool_value(stdlib_of(t)->finalizing);
}

static Value sys_getrefcount(Thread *t, Value *args) {
    (void)t, (void)args;
    return fixnum(2);
}

static Value sys_getattr(Thread *t, Value *args) {
    if (!is_str(args[0]))
        return raise_error(t, EXC_TypeError, "attribute name must be string, not '%T'", args[0]);
    Value v = sys_info(t, STR(args[0])->data);
    if (v == VALUE_ERROR) return VALUE_ERROR;
    if (v == VALUE_UNSET) v = sys_watch(t, STR(args[0])->data);
    if (v == VALUE_UNSET) {
        return raise_error(t, EXC_AttributeError, "module 'sys' has no attribute '%S'", args[0]);
    }
    dict_set_str(t, stdlib_of(t)->sys->dict, STR(args[0]), v);
    return v;
}

static const NativeDef functions[] = {
    {"exit", sys_exit, "(status=None, /)", "Leave the program by raising SystemExit(status)."},
    {"get_asyncgen_hooks", sys_get_asyncgen_hooks, "()",
     "What is called for async generators of this thread."},
    {"set_asyncgen_hooks", sys_set_asyncgen_hooks, "(firstiter=?, finalizer=?)",
     "Set what is called with an async generator when it is first iterated, and when it is dropped "
     "before its end."},
    {"get_coroutine_origin_tracking_depth", sys_get_origin_depth, "()",
     "How many levels of the stack a coroutine of this thread notes in cr_origin."},
    {"set_coroutine_origin_tracking_depth", sys_set_origin_depth, "(depth)",
     "Set that number; 0: none, which costs nothing."},
    {"getrecursionlimit", sys_getrecursionlimit, "()", "How deep calls may nest."},
    {"setrecursionlimit", sys_setrecursionlimit, "(limit, /)", "Set how deep calls may nest."},
    {"get_int_max_str_digits", sys_get_int_max_str_digits, "()",
     "Most digits of an int that is converted from or to text."},
    {"set_int_max_str_digits", sys_set_int_max_str_digits, "(maxdigits)",
     "Set that limit; 0 removes it."},
    {"exception", sys_exception, "()", "The exception being handled, or None."},
    {"exc_info", sys_exc_info, "()", "The exception being handled as (type, value, traceback)."},
    {"excepthook", sys_excepthook, "(exctype, value, traceback, /)",
     "Print an uncaught exception to sys.stderr."},
    {"displayhook", sys_displayhook, "(object, /)",
     "Print an object to sys.stdout and keep it in builtins._."},
    {"unraisablehook", sys_unraisablehook, "(unraisable, /)",
     "Print an exception that nobody can receive."},
    {"intern", sys_intern, "(string, /)", "The one interned string with this text."},
    {"getsizeof", sys_getsizeof, "(object, default=?)",
     "The bytes an object takes (Tulip's, not CPython's)."},
    {"getrefcount", sys_getrefcount, "(object, /)", "Always 2: Tulip counts no references."},
    {"getdefaultencoding", sys_getdefaultencoding, "()", "'utf-8'."},
    {"getfilesystemencoding", sys_getdefaultencoding, "()", "'utf-8'."},
    {"getfilesystemencodeerrors", sys_getfilesystemencodeerrors, "()", "'surrogateescape'."},
    {"is_finalizing", sys_is_finalizing, "()", "Whether the program is ending."},
    {"_getframe", sys_getframe, "(depth=0, /)", "A view of the call stack as it is now."},
    {"__getattr__", sys_getattr, "(name, /)", NULL},
    {0},
};

static const char *const kept_hooks[] = {"excepthook", "displayhook", "unraisablehook"};

static bool init(Thread *t, Module *m) {
    stdlib_of(t)->sys = m;
    module_set(t, m, "modules", object_value(t->vm->modules));
    module_set(t, m, "path", object_value(list_new(t, 0)));
    module_set(t, m, "argv", object_value(list_new(t, 0)));
    module_set(t, m, "stdin", file_standard(t, STDIN_FILENO, "<stdin>", false));
    module_set(t, m, "stdout", file_standard(t, STDOUT_FILENO, "<stdout>", true));
    module_set(t, m, "stderr", file_standard(t, STDERR_FILENO, "<stderr>", true));
    static const char *const streams[] = {"stdin", "stdout", "stderr"};
    for (int i = 0; i < 3; i++) {
        Buffer kept = {0};
        buffer_printf(&kept, "__%s__", streams[i]);
        module_set(t, m, kept.data,
                   dict_get_str(t, m->dict, str_intern(t->vm, streams[i], strlen(streams[i]))));
        buffer_free(&kept);
    }
    for (int i = 0; i < 3; i++) {
        Buffer kept = {0};
        buffer_printf(&kept, "__%s__", kept_hooks[i]);
        module_set(
            t, m, kept.data,
            dict_get_str(t, m->dict, str_intern(t->vm, kept_hooks[i], strlen(kept_hooks[i]))));
        buffer_free(&kept);
    }
    module_set(t, m, "maxsize", int_from_int64(t, INT64_MAX));
    module_set(t, m, "maxunicode", fixnum(0x10FFFF));
    module_set(t, m, "platform", object_value(str_from(t, "linux")));
    module_set(t, m, "byteorder", object_value(str_from(t, "little")));
    module_set(t, m, "dont_write_bytecode", VALUE_TRUE);
    return true;
}

const NativeModule sys_module = {.name = "sys",
                                 .doc = "The program, its streams, its limits.",
                                 .functions = functions,
                                 .init = init};
