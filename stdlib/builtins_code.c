/* SPDX-License-Identifier: MIT */
/*
 * Built-in functions that reach the running code: globals, locals; and that run text: compile,
 * eval, exec, __import__.
 *
 * Compiling is a hook (vm->hooks.compile). Text run with locals that are not the globals is
 * compiled in name mode: its names go through the mapping in register 0. Read next:
 * compiler/compiler.h.
 */
#include "stdlib/builtins.h"
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/execute.h"
#include "vm/frame_object.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- names in scope ---- */

static Dict *current_globals(Thread *t) {
    return t->frame ? t->frame->function->globals : t->vm->builtins->dict;
}

Value builtins_locals(Thread *t) {
    if (!t->frame) return object_value(current_globals(t));
    const Code *code = frame_code(t->frame);
    if (code->flags & CODE_NAME_MODE) return t->frame->registers[0];
    if (code->flags & CODE_MODULE) return object_value(t->frame->function->globals);
    return object_value(frame_locals_dict(t, t->frame->function, t->frame->registers));
}

static Value builtin_globals(Thread *t, Value *args) {
    (void)args;
    return object_value(current_globals(t));
}

static Value builtin_locals(Thread *t, Value *args) {
    (void)args;
    return builtins_locals(t);
}

/* ---- eval, exec, compile ---- */

/* Where text is to run. */
typedef struct Scope {
    Dict *globals;
    Value locals;
} Scope;

static bool find_scope(Thread *t, const char *name, Value globals, Value locals, Scope *out) {
    if (globals != VALUE_NONE && !is_kind(globals, OBJ_DICT)) {
        bool mapping = class_of(t->vm, globals)->slots.getitem;
        raise_error(t, EXC_TypeError,
                    !strcmp(name, "exec") ? "exec() globals must be a dict, not %T"
                    : mapping ? "globals must be a real dict; try eval(expr, {}, mapping)"
                              : "globals must be a dict",
                    globals);
        return false;
    }
    if (locals != VALUE_NONE && !class_of(t->vm, locals)->slots.getitem) {
        raise_error(t, EXC_TypeError,
                    !strcmp(name, "exec") ? "locals must be a mapping or None, not %T"
                                          : "locals must be a mapping",
                    locals);
        return false;
    }
    bool own_globals = globals != VALUE_NONE;
    out->globals = own_globals ? DICT(globals) : current_globals(t);
    out->locals = locals != VALUE_NONE ? locals : own_globals ? globals : builtins_locals(t);
    Str *builtins = NAME_OF(t, __builtins__);
    if (dict_get_str(t, out->globals, builtins) == VALUE_UNSET) {
        dict_set_str(t, out->globals, builtins, builtins_of(t, current_globals(t)));
    }
    return true;
}

static Str *plain_text(Thread *t, Value source, const char *name, const char *what) {
    if (is_str(source)) return STR(source);
    const void *data = NULL;
    size_t size = 0;
    if (is_kind(source, OBJ_BYTES)) {
        data = BYTES(source)->data;
        size = BYTES(source)->size;
    } else if (is_kind(source, OBJ_BYTEARRAY)) {
        data = ((Bytearray *)object_of(source))->data;
        size = ((Bytearray *)object_of(source))->size;
    } else {
        raise_error(t, EXC_TypeError, "%s() arg 1 must be a string, bytes or %s object", name,
                    what);
        return NULL;
    }
    return str_new(t, data, size);
}

/* The text to compile; NULL raised. [what]: what else it might have been. */
static Str *source_text(Thread *t, Value source, const char *name, const char *what) {
    Str *text = plain_text(t, source, name, what);
    if (!text || !memchr(text->data, 0, text->size)) return text;
    raise_error(t, EXC_ValueError, "source code string cannot contain null bytes");
    return NULL;
}

static Value compile_text(Thread *t, Str *text, Str *filename, const char *mode, Dict *globals,
                          bool name_mode) {
    if (!t->vm->hooks.compile) return raise_error(t, EXC_RuntimeError, "no compiler is installed");
    return t->vm->hooks.compile(t, text, filename, mode, globals, name_mode);
}

/* Is [closure] what code with so many free variables runs with? VALUE_NONE: none given. */
static bool check_closure(Thread *t, const Code *code, Value closure, const char *name) {
    const char *refusal = NULL;
    if (!code && closure != VALUE_NONE)
        refusal = "closure can only be used when source is a code object";
    else if (code && !code->ncaptures && closure != VALUE_NONE)
        refusal = "cannot use a closure with this code object";
    if (refusal) {
        raise_error(t, EXC_TypeError, "%s", refusal);
        return false;
    }
    if (!code || !code->ncaptures) return true;
    if (!strcmp(name, "eval")) {
        raise_error(t, EXC_TypeError, "code object passed to %s() may not contain free variables",
                    name);
        return false;
    }
    bool fits = is_kind(closure, OBJ_TUPLE) && TUPLE(closure)->size == code->ncaptures;
    for (size_t i = 0; fits && i < code->ncaptures; i++)
        fits = is_kind(TUPLE(closure)->items[i], OBJ_CELL);
    if (!fits)
        raise_error(t, EXC_TypeError, "code object requires a closure of exactly length %d",
                    code->ncaptures);
    return fits;
}

/* The function that runs [source], text or code, in [scope]. */
static Value function_of(Thread *t, const Scope *scope, Value source, Value closure,
                         const char *name) {
    Code *code = is_kind(source, OBJ_CODE) ? (Code *)object_of(source) : NULL;
    if (!check_closure(t, code, closure, name)) return VALUE_ERROR;
    if (code) {
        Function *made = function_new(t, code, scope->globals);
        for (int i = 0; i < code->ncaptures; i++)
            made->captures[i] = (Cell *)object_of(TUPLE(closure)->items[i]);
        return object_value(made);
    }
    Str *text = source_text(t, source, name, "code");
    if (!text) return VALUE_ERROR;
    if (!strcmp(name, "eval")) {
        size_t skip = strspn(text->data, " \t");
        if (skip) text = str_new(t, text->data + skip, text->size - skip);
    }
    bool name_mode = scope->locals != object_value(scope->globals) ||
                     object_class(&scope->globals->header) != BUILTIN_CLASS(t, DICT);
    return compile_text(t, text, str_from(t, "<string>"), name, scope->globals, name_mode);
}

static Value run_text(Thread *t, Value *args, Value closure, const char *name) {
    Scope scope;
    if (!find_scope(t, name, args[1], args[2], &scope)) return VALUE_ERROR;
    Value *roots = push_roots(t, 2);
    roots[0] = scope.locals;
    roots[1] = function_of(t, &scope, args[0], closure, name);
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    const Code *code = FUNCTION(roots[1])->code;
    bool name_mode = code->flags & CODE_NAME_MODE;
    Value result;
    if (!name_mode && code->parameters) /* a function's code: bound to no arguments */
        result = call_value(t, roots[1], NULL, 0);
    else result = function_run(t, FUNCTION(roots[1]), name_mode ? scope.locals : VALUE_UNSET);
    return result == VALUE_ERROR || !strcmp(name, "eval") ? result : VALUE_NONE;
}

static Value builtin_eval(Thread *t, Value *args) { return run_text(t, args, VALUE_NONE, "eval"); }
static Value builtin_exec(Thread *t, Value *args) { return run_text(t, args, args[3], "exec"); }

/* ---- compile ---- */

enum {
    FUTURE_FLAGS = 0x1fe0000, /* one bit for each name in __future__ */
    ONLY_AST = 0x400,
    OTHER_FLAGS = 0x10 | 0x200 | 0x1000 | 0x2000 | 0x4000, /* accepted, without effect here */
};

static bool check_options(Thread *t, Value flags_given, Value optimize_given, const char *mode) {
    int64_t flags, optimize;
    if (!arg_int32(t, flags_given, &flags) || !arg_int32(t, optimize_given, &optimize))
        return false;
    const char *refusal = NULL;
    if (flags & ~(int64_t)(FUTURE_FLAGS | ONLY_AST | OTHER_FLAGS))
        refusal = "compile(): unrecognised flags";
    else if (optimize < -1 || optimize > 2) refusal = "compile(): invalid optimize value";
    else if (flags & ONLY_AST) refusal = "compile(): there are no syntax tree objects to give";
    else if (!strcmp(mode, "func_type"))
        refusal = "compile() mode 'func_type' requires flag PyCF_ONLY_AST";
    else if (strcmp(mode, "exec") && strcmp(mode, "eval") && strcmp(mode, "single"))
        refusal = "compile() mode must be 'exec', 'eval' or 'single'";
    if (refusal) raise_error(t, EXC_ValueError, "%s", refusal);
    return !refusal;
}

/* A path as str, bytes or os.PathLike, as the str that names the code's file; NULL raised. */
static Str *file_name(Thread *t, Value path) {
    if (is_str(path)) {
        if (!memchr(STR(path)->data, 0, STR(path)->size)) return STR(path);
        raise_error(t, EXC_ValueError, "embedded null character");
        return NULL;
    }
    Value holder, text;
    const char *name;
    if (!arg_path(t, path, &holder, &name)) return NULL;
    text = system_text(t, name);
    return text == VALUE_ERROR ? NULL : STR(text);
}

/* Compiled in name mode: which scope it will run in is not known yet. */
static Value builtin_compile(Thread *t, Value *args) {
    Str *filename = file_name(t, args[1]), *mode;
    if (!filename || !arg_str(t, args[2], "compile() argument 'mode'", &mode)) return VALUE_ERROR;
    args[1] = object_value(filename);
    if (!check_options(t, args[3], args[5], mode->data)) return VALUE_ERROR;
    Str *text = source_text(t, args[0], "compile", "AST");
    if (!text) return VALUE_ERROR;
    Value function = compile_text(t, text, filename, mode->data, current_globals(t), true);
    return function == VALUE_ERROR ? function : object_value(FUNCTION(function)->code);
}

/* ---- __import__ ---- */

/* What import_name wants for the fromlist argument: a tuple of strs, or None when it is false;
 * false raised. */
static bool settle_fromlist(Thread *t, Value *fromlist) {
    int given = value_truth(t, *fromlist);
    if (given <= 0) {
        *fromlist = VALUE_NONE;
        return given == 0;
    }
    Tuple *names = tuple_from_iterable(t, *fromlist);
    if (!names) return false;
    *fromlist = object_value(names);
    for (size_t i = 0; i < names->size; i++) {
        if (is_str(names->items[i])) continue;
        raise_error(t, EXC_TypeError, "Item in ``from list'' must be str, not %T", names->items[i]);
        return false;
    }
    return true;
}

static Value builtin_import(Thread *t, Value *args) {
    int64_t level;
    if (!is_str(args[0]))
        return raise_error(t, EXC_TypeError, "__import__() argument 1 must be str, not %T",
                           args[0]);
    if (!arg_int64(t, args[4], &level)) return VALUE_ERROR;
    if (level < 0) return raise_error(t, EXC_ValueError, "level must be >= 0");
    if (STR(args[0])->size == 0 && level == 0)
        return raise_error(t, EXC_ValueError, "Empty module name");
    if (!settle_fromlist(t, &args[3])) return VALUE_ERROR;
    Function *function = t->frame ? t->frame->function : NULL;
    return import_name(t, function, str_intern_value(t->vm, STR(args[0])), args[3], (int)level);
}

const NativeDef builtins_code_functions[] = {
    {"__import__", builtin_import, "(name, globals=None, locals=None, fromlist=(), level=0)",
     "What an import statement calls."},
    {"compile", builtin_compile,
     "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1)",
     "Make a code object, which exec() and eval() run, of a text."},
    {"eval", builtin_eval, "(source, globals=None, locals=None, /)",
     "The value of an expression whose names are in globals and locals."},
    {"exec", builtin_exec, "(source, globals=None, locals=None, /, *, closure=None)",
     "Run a text or code object as statements whose names are in globals and locals."},
    {"globals", builtin_globals, "()", "The dict of the names of this module."},
    {"locals", builtin_locals, "()",
     "A dict of the names of this function, or of the module or class outside one."},
    {NULL, NULL, NULL, NULL},
};
