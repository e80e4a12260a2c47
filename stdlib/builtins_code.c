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
        raise_error(t, EXC_TypeError,
                    !strcmp(name, "exec") ? "exec() globals must be a dict, not %T"
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
        dict_set_str(t, out->globals, builtins, object_value(t->vm->builtins));
    }
    return true;
}

static Str *source_text(Thread *t, Value source, const char *name) {
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
        raise_error(t, EXC_TypeError, "%s() arg 1 must be a string, bytes or code object", name);
        return NULL;
    }
    return str_new(t, data, size);
}

static Value compile_text(Thread *t, Str *text, Str *filename, const char *mode, Dict *globals,
                          bool name_mode) {
    if (!t->vm->hooks.compile) return raise_error(t, EXC_RuntimeError, "no compiler is installed");
    return t->vm->hooks.compile(t, text, filename, mode, globals, name_mode);
}

static Value run_text(Thread *t, Value *args, const char *name) {
    Scope scope;
    if (!find_scope(t, name, args[1], args[2], &scope)) return VALUE_ERROR;
    Value *roots = push_roots(t, 2);
    roots[0] = scope.locals;
    bool eval = !strcmp(name, "eval");
    if (is_kind(args[0], OBJ_CODE)) {
        Code *code = (Code *)object_of(args[0]);
        if (code->ncaptures) {
            return raise_error(t, EXC_TypeError,
                               "code object passed to %s() may not contain free variables", name);
        }
        roots[1] = object_value(function_new(t, code, scope.globals));
    } else {
        Str *text = source_text(t, args[0], name);
        if (!text) return VALUE_ERROR;
        if (eval) {
            size_t skip = strspn(text->data, " \t");
            if (skip) text = str_new(t, text->data + skip, text->size - skip);
        }
        bool name_mode = scope.locals != object_value(scope.globals);
        roots[1] = compile_text(t, text, str_from(t, "<string>"), name, scope.globals, name_mode);
    }
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    bool name_mode = FUNCTION(roots[1])->code->flags & CODE_NAME_MODE;
    if (!name_mode &&
        FUNCTION(roots[1])->code->parameters) { /* a function's code: bound to no arguments */
        Value result = call_value(t, roots[1], NULL, 0);
        return result == VALUE_ERROR || eval ? result : VALUE_NONE;
    }
    Value result = function_run(t, FUNCTION(roots[1]), name_mode ? scope.locals : VALUE_UNSET);
    return result == VALUE_ERROR || eval ? result : VALUE_NONE;
}

static Value builtin_eval(Thread *t, Value *args) { return run_text(t, args, "eval"); }
static Value builtin_exec(Thread *t, Value *args) { return run_text(t, args, "exec"); }

/* Compiled in name mode: which scope it will run in is not known yet. */
static Value builtin_compile(Thread *t, Value *args) {
    Str *text = source_text(t, args[0], "compile"), *filename, *mode;
    if (!text || !arg_str(t, args[1], "compile() argument 'filename'", &filename))
        return VALUE_ERROR;
    if (!arg_str(t, args[2], "compile() argument 'mode'", &mode)) return VALUE_ERROR;
    if (strcmp(mode->data, "exec") && strcmp(mode->data, "eval") && strcmp(mode->data, "single")) {
        return raise_error(t, EXC_ValueError, "compile() mode must be 'exec', 'eval' or 'single'");
    }
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
     "Import a module."},
    {"compile", builtin_compile,
     "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1)",
     "Compile source into a code object that can be executed by exec() or eval()."},
    {"eval", builtin_eval, "(source, globals=None, locals=None, /)",
     "Evaluate the given source in the context of globals and locals."},
    {"exec", builtin_exec, "(source, globals=None, locals=None, /)",
     "Execute the given source in the context of globals and locals."},
    {"globals", builtin_globals, "()",
     "Return the dictionary containing the current scope's global variables."},
    {"locals", builtin_locals, "()",
     "Return a dictionary containing the current scope's local variables."},
    {NULL, NULL, NULL, NULL},
};
