/* SPDX-License-Identifier: MIT */
/*
 * Names that are no registers: globals, built-in names, and those of a class body or of exec's
 * namespace; and the import statement, which calls what is built in as __import__.
 *
 * Built-in names are those of the builtins module, unless the globals have a `__builtins__` of
 * their own, which is asked instead. LOAD_GLOBAL's cache holds only names of plain globals and of
 * the builtins module: with others, *global_layout stays 0, which no dict has, and every load
 * comes here.
 *
 * Read next: vm/execute_slow.c (the other slow paths of the loop).
 */
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/exception_fields.h"
#include "vm/execute.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value raise_name_error(Thread *t, Str *name) {
    raise_error(t, EXC_NameError, "name '%S' is not defined", object_value(name));
    exception_set_field(t, t->exception, NAME_ERROR_NAME, object_value(name));
    return VALUE_ERROR;
}

static bool is_plain_dict(const Thread *t, Value v) {
    return is_kind(v, OBJ_DICT) && object_class(object_of(v)) == BUILTIN_CLASS(t, DICT);
}

/* names[name] of a class body's or exec's namespace, VALUE_UNSET when it has none. */
static Value lookup_namespace(Thread *t, Value names, Str *name) {
    if (is_plain_dict(t, names)) return dict_get_str(t, DICT(names), name);
    Value v = value_getitem(t, names, object_value(name));
    if (v != VALUE_ERROR || !exception_matches(t, EXC_KeyError)) return v;
    exception_take(t);
    return VALUE_UNSET;
}

/* ---- built-in names ---- */

Value builtins_of(Thread *t, Dict *globals) {
    Value own = dict_get_str(t, globals, NAME_OF(t, __builtins__));
    if (own == VALUE_UNSET) return object_value(t->vm->builtins->dict);
    return is_kind(own, OBJ_MODULE) ? object_value(MODULE(own)->dict) : own;
}

Value load_build_class(Thread *t, Function *f) {
    Value v = lookup_namespace(t, builtins_of(t, f->globals), NAME_OF(t, __build_class__));
    return v != VALUE_UNSET ? v : raise_error(t, EXC_NameError, "__build_class__ not found");
}

/* ---- globals ---- */

static Value lookup_global(Thread *t, Function *f, Str *name) {
    Value v = lookup_namespace(t, object_value(f->globals), name);
    if (v == VALUE_UNSET) v = lookup_namespace(t, builtins_of(t, f->globals), name);
    return v != VALUE_UNSET ? v : raise_name_error(t, name);
}

Value load_global_slow(Thread *t, Function *f, Str *name, uint32_t *global_layout,
                       uint32_t *builtin_layout, uint32_t *position) {
    Dict *globals = f->globals, *builtins = t->vm->builtins->dict;
    *global_layout = *builtin_layout = *position = 0;
    if (!is_plain_dict(t, object_value(globals))) return lookup_global(t, f, name);
    int64_t at = dict_find_str(t, globals, name);
    bool global = at >= 0;
    if (!global) {
        if (builtins_of(t, globals) != object_value(builtins)) return lookup_global(t, f, name);
        at = dict_find_str(t, builtins, name);
        if (at < 0) return raise_name_error(t, name);
        dict_watch(t->vm, builtins);
        *builtin_layout = builtins->layout;
    }
    dict_watch(t->vm, globals);
    *global_layout = globals->layout;
    *position = (uint32_t)at;
    return (global ? globals : builtins)->entries[at].value;
}

/* ---- namespaces ---- */

Value load_name(Thread *t, Function *f, Value names, Str *name) {
    Value v = lookup_namespace(t, names, name);
    return v != VALUE_UNSET ? v : lookup_global(t, f, name);
}

Value load_name_or_free(Thread *t, Value names, Str *name, Cell *cell) {
    Value v = lookup_namespace(t, names, name);
    if (v != VALUE_UNSET) return v;
    if (cell->value != VALUE_UNSET) return cell->value;
    return raise_error(
        t, EXC_NameError,
        "cannot access free variable '%S' where it is not associated with a value in "
        "enclosing scope",
        object_value(name));
}

bool delete_name(Thread *t, Value names, Str *name) {
    if (value_delitem(t, names, object_value(name))) return true;
    if (exception_matches(t, EXC_KeyError)) {
        exception_take(t);
        raise_name_error(t, name);
    }
    return false;
}

/* ---- import ---- */

/* What an __import__ in Tulip gets as its locals. */
static Value import_locals(Frame *f) {
    uint32_t flags = f->function->code->flags;
    if (flags & CODE_NAME_MODE) return f->registers[0];
    return flags & CODE_MODULE ? object_value(f->function->globals) : VALUE_NONE;
}

Value import_statement(Thread *t, Frame *f, Str *name, Value fromlist, int level) {
    Dict *globals = f->function->globals;
    Value import = lookup_namespace(t, builtins_of(t, globals), NAME_OF(t, __import__));
    if (is_kind(import, OBJ_NATIVE)) return import_name(t, f->function, name, fromlist, level);
    if (import == VALUE_ERROR) return VALUE_ERROR;
    if (import == VALUE_UNSET) return raise_error(t, EXC_ImportError, "__import__ not found");
    Value args[] = {object_value(name), object_value(globals), import_locals(f), fromlist,
                    fixnum(level)};
    return call_value(t, import, args, 5);
}
