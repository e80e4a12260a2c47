/* SPDX-License-Identifier: MIT */
/*
 * Writing objects that are no built-in containers: classes and functions by name, the rest as a
 * call that makes them.
 *
 * The call comes from the pickler's reducer_override, a dispatch table, or __reduce_ex__, in this
 * order. Names are looked up again before they are written: what is found must be the object.
 *
 * Read next: stdlib/pickler.c, vm/reduce.c.
 */
#include <string.h>

#include "stdlib/pickle_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/reduce.h"
#include "vm/str.h"

static Str *intern(Thread *t, const char *text) { return str_intern(t->vm, text, strlen(text)); }

static Value import(Thread *t, const char *module) {
    return t->vm->hooks.import_module(t, intern(t, module));
}

static Value from_module(Thread *t, const char *module, const char *name) {
    Value v = import(t, module);
    return v == VALUE_ERROR ? VALUE_ERROR : value_getattr(t, v, intern(t, name));
}

/* ---- by name ---- */

/* pickle._name_of(obj, name): (module name, qualified name, last name, parent), checked. */
static Value checked_name(Thread *t, Value v, Value name) {
    Value *roots = push_roots(t, 3);
    roots[0] = v;
    roots[1] = name == VALUE_UNSET ? VALUE_NONE : name;
    roots[2] = from_module(t, "pickle", "_name_of");
    Value result = roots[2] == VALUE_ERROR ? VALUE_ERROR : call_value(t, roots[2], roots, 2);
    pop_roots(t, roots);
    return result;
}

/* The number registered for module.name: 0 none, -1 raised. */
static int64_t extension_code(Thread *t, Value module, Value name) {
    Value *roots = push_roots(t, 2);
    Value pair[] = {module, name};
    int64_t code = 0;
    roots[0] = from_module(t, "copyreg", "_extension_registry");
    if (roots[0] == VALUE_ERROR) return -1;
    if (is_kind(roots[0], OBJ_DICT) && DICT(roots[0])->used) {
        roots[1] = object_value(tuple_from(t, pair, 2));
        Value found = dict_get(t, DICT(roots[0]), roots[1]);
        if (found == VALUE_ERROR) return -1;
        if (found != VALUE_UNSET && !arg_int64(t, found, &code)) return -1;
    }
    pop_roots(t, roots);
    return code;
}

static bool put_extension(Thread *t, Pickler *p, Value v, int64_t code) {
    if (code <= 0 || code > INT32_MAX) {
        pickle_raise(t, PICKLING_ERROR, "Can't pickle %R: extension code %lld is out of range", v,
                     (long long)code);
        return false;
    }
    pickle_put(p, code < 256 ? PICKLE_EXT1 : code < 65536 ? PICKLE_EXT2 : PICKLE_EXT4);
    pickle_put_number(p, (uint64_t)code, code < 256 ? 1 : code < 65536 ? 2 : 4);
    return true;
}

/* Before protocol 4: two lines, with the module's name of Python 2 when that is wanted. */
static bool put_global_lines(Thread *t, Pickler *p, Value v, Value *names) {
    if (p->protocol < 3 && p->fix_imports) {
        Value mapper = from_module(t, "pickle", "_old_name");
        if (mapper == VALUE_ERROR) return false;
        Value pair = call_value(t, mapper, names, 2);
        if (pair == VALUE_ERROR) return false;
        names[0] = TUPLE(pair)->items[0];
        names[1] = TUPLE(pair)->items[1];
    }
    if (p->protocol < 3 && !(str_is_ascii(STR(names[0])) && str_is_ascii(STR(names[1])))) {
        pickle_raise(t, PICKLING_ERROR,
                     "can't pickle global identifier '%S.%S' using pickle protocol %d", names[0],
                     names[1], p->protocol);
        return false;
    }
    pickle_put(p, PICKLE_GLOBAL);
    for (int i = 0; i < 2; i++) {
        pickle_put_bytes(p, STR(names[i])->data, STR(names[i])->size);
        pickle_put_bytes(p, "\n", 1);
    }
    pickle_memoize(t, p, v);
    return true;
}

/* getattr(parent, name): what is inside a class, before protocol 4. */
static bool save_inner(Thread *t, Pickler *p, Value v, Value parent, Value name) {
    Value *roots = push_roots(t, 4);
    roots[0] = parent;
    roots[1] = name;
    roots[2] = object_value(tuple_from(t, roots, 2));
    roots[3] = from_module(t, "builtins", "getattr");
    bool ok = roots[3] != VALUE_ERROR && pickle_save_call(t, p, roots[3], roots[2], v);
    pop_roots(t, roots);
    return ok;
}

bool pickle_save_global(Thread *t, Pickler *p, Value v, Value name) {
    Value *roots = push_roots(t, 6);
    roots[5] = v;
    roots[0] = checked_name(t, v, name);
    if (roots[0] == VALUE_ERROR) return false;
    for (int i = 0; i < 4; i++) roots[1 + i] = TUPLE(roots[0])->items[i];
    int64_t code = p->protocol >= 2 ? extension_code(t, roots[1], roots[2]) : 0;
    bool ok;
    if (code) {
        ok = code > 0 && put_extension(t, p, v, code);
    } else if (p->protocol >= 4) {
        ok = pickle_save(t, p, roots[1]) && pickle_save(t, p, roots[2]);
        if (ok) pickle_put(p, PICKLE_STACK_GLOBAL), pickle_memoize(t, p, v);
    } else if (roots[4] != VALUE_NONE) {
        ok = save_inner(t, p, v, roots[4], roots[3]);
    } else {
        ok = put_global_lines(t, p, v, roots + 1);
    }
    pop_roots(t, roots);
    return ok;
}

/* ---- by a call ---- */

bool pickle_save_call(Thread *t, Pickler *p, Value callable, Value arguments, Value v) {
    Value pair[] = {callable, arguments};
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(tuple_from(t, pair, 2));
    bool ok = pickle_save_reduction(t, p, roots[0], v);
    pop_roots(t, roots);
    return ok;
}

static const char *const item_names[] = {"first", "second", "third", "fourth", "fifth", "sixth"};

/* The parts of a reduction into [parts] (six of them; None where there is none). */
static bool take_apart(Thread *t, Value reduction, Value *parts) {
    Tuple *tuple = TUPLE(reduction);
    if (tuple->size < 2 || tuple->size > 6) {
        pickle_raise(t, PICKLING_ERROR,
                     "tuple returned by __reduce__ must contain 2 through 6 elements");
        return false;
    }
    for (size_t i = 0; i < 6; i++) parts[i] = i < tuple->size ? tuple->items[i] : VALUE_NONE;
    if (!value_is_callable(t, parts[0])) {
        pickle_raise(t, PICKLING_ERROR,
                     "first item of the tuple returned by __reduce__ must be callable");
    } else if (!is_kind(parts[1], OBJ_TUPLE)) {
        pickle_raise(t, PICKLING_ERROR,
                     "second item of the tuple returned by __reduce__ must be a tuple");
    } else if (parts[5] != VALUE_NONE && !value_is_callable(t, parts[5])) {
        pickle_raise(t, PICKLING_ERROR,
                     "sixth element of the tuple returned by __reduce__ must be a function, not "
                     "%T",
                     parts[5]);
    } else {
        for (int i = 3; i < 5; i++) {
            if (parts[i] == VALUE_NONE || class_of(t->vm, parts[i])->slots.next) continue;
            pickle_raise(t, PICKLING_ERROR,
                         "%s element of the tuple returned by __reduce__ must be an iterator, not "
                         "%T",
                         item_names[i], parts[i]);
            return false;
        }
        return true;
    }
    return false;
}

/* Is [callable] called [name]? -1 raised. */
static int is_named(Thread *t, Value callable, const char *name) {
    Value own = value_getattr_or_unset(t, callable, NAME_OF(t, __name__));
    if (own == VALUE_ERROR) return -1;
    return is_str(own) && !strcmp(STR(own)->data, name);
}

/* partial(cls.__new__, cls, *args, **kwargs)(), before protocol 4. */
static bool save_partial_new(Thread *t, Pickler *p, Value *parts) {
    Value *roots = push_roots(t, 2);
    roots[0] = from_module(t, "pickle", "_partial_new");
    if (roots[0] == VALUE_ERROR) return false;
    roots[1] = call_value(t, roots[0], TUPLE(parts[1])->items, 3);
    if (roots[1] == VALUE_ERROR || !pickle_save(t, p, roots[1]) ||
        !pickle_save(t, p, object_value(t->vm->empty_tuple)))
        return false;
    pickle_put(p, PICKLE_REDUCE);
    pop_roots(t, roots);
    return true;
}

static bool save_newobj_ex(Thread *t, Pickler *p, Value *parts) {
    Tuple *arguments = TUPLE(parts[1]);
    if (arguments->size != 3) {
        pickle_raise(t, PICKLING_ERROR,
                     "length of the NEWOBJ_EX argument tuple must be exactly 3, not %zu",
                     arguments->size);
        return false;
    }
    if (!is_kind(arguments->items[1], OBJ_TUPLE) || !is_kind(arguments->items[2], OBJ_DICT)) {
        bool second = !is_kind(arguments->items[1], OBJ_TUPLE);
        pickle_raise(t, PICKLING_ERROR,
                     "%s item from NEWOBJ_EX argument tuple must be a %s, not %T",
                     second ? "second" : "third", second ? "tuple" : "dict",
                     arguments->items[second ? 1 : 2]);
        return false;
    }
    if (p->protocol < 4) return save_partial_new(t, p, parts);
    for (int i = 0; i < 3; i++) {
        if (!pickle_save(t, p, TUPLE(parts[1])->items[i])) return false;
    }
    pickle_put(p, PICKLE_NEWOBJ_EX);
    return true;
}

/* cls.__new__(cls, *rest), where cls must be [v]'s class. */
static bool save_newobj(Thread *t, Pickler *p, Value *parts, Value v) {
    Tuple *arguments = TUPLE(parts[1]);
    if (!arguments->size) {
        pickle_raise(t, PICKLING_ERROR, "__newobj__ arglist is empty");
        return false;
    }
    Value cls = arguments->items[0];
    Value new = value_getattr_or_unset(t, cls, NAME_OF(t, __new__));
    if (new == VALUE_ERROR) return false;
    if (new == VALUE_UNSET) {
        pickle_raise(t, PICKLING_ERROR, "args[0] from __newobj__ args has no __new__");
        return false;
    }
    if (v != VALUE_UNSET) {
        Value own = value_getattr_or_unset(t, v, NAME_OF(t, __class__));
        if (own == VALUE_ERROR) return false;
        if (own != cls) {
            pickle_raise(t, PICKLING_ERROR, "args[0] from __newobj__ args has the wrong class");
            return false;
        }
    }
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(tuple_from(t, arguments->items + 1, arguments->size - 1));
    if (!pickle_save(t, p, cls) || !pickle_save(t, p, roots[0])) return false;
    pickle_put(p, PICKLE_NEWOBJ);
    pop_roots(t, roots);
    return true;
}

/* What makes the object: 1, 0 raised. */
static bool save_making(Thread *t, Pickler *p, Value *parts, Value v) {
    if (p->protocol >= 2) {
        int named = is_named(t, parts[0], "__newobj_ex__");
        if (named) return named > 0 && save_newobj_ex(t, p, parts);
        named = is_named(t, parts[0], "__newobj__");
        if (named) return named > 0 && save_newobj(t, p, parts, v);
    }
    if (!pickle_save(t, p, parts[0]) || !pickle_save(t, p, parts[1])) return false;
    pickle_put(p, PICKLE_REDUCE);
    return true;
}

/* The state: set by __setstate__ and the like, or by the reduction's own setter. */
static bool save_state(Thread *t, Pickler *p, Value *parts, Value v) {
    if (parts[2] == VALUE_NONE) return true;
    if (parts[5] == VALUE_NONE) {
        if (!pickle_save(t, p, parts[2])) return false;
        pickle_put(p, PICKLE_BUILD);
        return true;
    }
    if (!pickle_save(t, p, parts[5]) || !pickle_save(t, p, v) || !pickle_save(t, p, parts[2]))
        return false;
    pickle_put(p, PICKLE_TUPLE2);
    pickle_put(p, PICKLE_REDUCE);
    pickle_put(p, PICKLE_POP);
    return true;
}

bool pickle_save_reduction(Thread *t, Pickler *p, Value reduction, Value v) {
    Value *parts = push_roots(t, 8);
    parts[6] = reduction;
    parts[7] = v;
    if (!take_apart(t, reduction, parts) || !save_making(t, p, parts, v)) return false;
    if (v != VALUE_UNSET) {
        int64_t known = pickle_memo_find(p, v);
        if (known >= 0) { /* it was written while its arguments were */
            pickle_put(p, PICKLE_POP);
            pickle_put_get(p, (uint32_t)known);
        } else {
            pickle_memoize(t, p, v);
        }
    }
    bool ok = (parts[3] == VALUE_NONE || pickle_save_items(t, p, parts[3])) &&
              (parts[4] == VALUE_NONE || pickle_save_pairs(t, p, parts[4])) &&
              save_state(t, p, parts, v);
    pop_roots(t, parts);
    return ok;
}

/* ---- which way ---- */

/* The function for [cls] in a dispatch table; VALUE_UNSET none, VALUE_ERROR raised. */
static Value dispatched(Thread *t, Pickler *p, Value cls) {
    Value *roots = push_roots(t, 1);
    Value found;
    if (p->dispatch_table == VALUE_NONE) {
        roots[0] = from_module(t, "copyreg", "dispatch_table");
        if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
        found = is_kind(roots[0], OBJ_DICT) ? dict_get(t, DICT(roots[0]), cls) : VALUE_UNSET;
    } else {
        found = value_getitem(t, p->dispatch_table, cls);
        if (found == VALUE_ERROR && exception_matches(t, EXC_LookupError)) {
            exception_take(t);
            found = VALUE_UNSET;
        }
    }
    pop_roots(t, roots);
    return found;
}

/* type(None) and its like: type(the constant). */
static bool save_type(Thread *t, Pickler *p, Value v) {
    Value constant = v == object_value(BUILTIN_CLASS(t, NONE))             ? VALUE_NONE
                     : v == object_value(BUILTIN_CLASS(t, ELLIPSIS))       ? VALUE_ELLIPSIS
                     : v == object_value(BUILTIN_CLASS(t, NOTIMPLEMENTED)) ? VALUE_NOTIMPLEMENTED
                                                                           : VALUE_UNSET;
    if (constant == VALUE_UNSET) return pickle_save_global(t, p, v, VALUE_UNSET);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(tuple_from(t, &constant, 1));
    bool ok = pickle_save_call(t, p, object_value(BUILTIN_CLASS(t, CLASS)), roots[0], v);
    pop_roots(t, roots);
    return ok;
}

/* v.__reduce_ex__(protocol), or v.__reduce__(). */
static Value reduce(Thread *t, Pickler *p, Value v) {
    if (reduces_by_default(t, class_of(t->vm, v))) return reduce_default(t, v, p->protocol);
    Value protocol = fixnum(p->protocol);
    Value method = value_getattr_or_unset(t, v, NAME_OF(t, __reduce_ex__));
    if (method == VALUE_ERROR) return VALUE_ERROR;
    if (method != VALUE_UNSET) return call_value(t, method, &protocol, 1);
    method = value_getattr_or_unset(t, v, NAME_OF(t, __reduce__));
    if (method == VALUE_ERROR) return VALUE_ERROR;
    if (method != VALUE_UNSET) return call_value(t, method, NULL, 0);
    return pickle_raise(t, PICKLING_ERROR, "can't pickle '%T' object: %R", v, v);
}

/* Write what a reducer returned for [v]. */
static bool save_reduced(Thread *t, Pickler *p, Value reduced, Value v) {
    if (reduced == VALUE_ERROR) return false;
    Value *roots = push_roots(t, 2);
    roots[0] = reduced;
    roots[1] = v;
    bool ok = false;
    if (is_str(reduced)) ok = pickle_save_global(t, p, v, reduced);
    else if (is_kind(reduced, OBJ_TUPLE)) ok = pickle_save_reduction(t, p, reduced, v);
    else pickle_raise(t, PICKLING_ERROR, "__reduce__ must return a string or tuple");
    pop_roots(t, roots);
    return ok;
}

bool pickle_save_other(Thread *t, Pickler *p, Value v) {
    if (p->reducer_override != VALUE_NONE) {
        Value reduced = call_value(t, p->reducer_override, &v, 1);
        if (reduced != VALUE_NOTIMPLEMENTED) return save_reduced(t, p, reduced, v);
    }
    Class *cls = class_of(t->vm, v);
    if (cls == BUILTIN_CLASS(t, CLASS)) return save_type(t, p, v);
    if (cls == BUILTIN_CLASS(t, FUNCTION)) return pickle_save_global(t, p, v, VALUE_UNSET);
    Value *roots = push_roots(t, 1);
    roots[0] = dispatched(t, p, object_value(cls));
    if (roots[0] == VALUE_ERROR) return false;
    bool ok = roots[0] != VALUE_UNSET ? save_reduced(t, p, call_value(t, roots[0], &v, 1), v)
              : is_kind(v, OBJ_CLASS) ? pickle_save_global(t, p, v, VALUE_UNSET)
                                      : save_reduced(t, p, reduce(t, p, v), v);
    pop_roots(t, roots);
    return ok;
}
