/* SPDX-License-Identifier: MIT */
/*
 * object.__reduce_ex__: (copyreg.__newobj__, (class, *arguments), state, items, pairs), from which
 * copy and pickle make an equal object.
 *
 * The arguments come from __getnewargs_ex__ or __getnewargs__, the state from __getstate__, items
 * and pairs are iterators when it is a list or dict. The state is a fresh dict, so that reading it
 * leaves the instance's attributes in their slots (vm/shape.c). A native object whose contents no
 * state shows is refused.
 *
 * Read next: stdlib/copyreg.tul, stdlib/pickle_save.c.
 */
#include "vm/reduce.h"

#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- the state ---- */

/* Has [v] contents that its attributes do not show? */
static bool has_native_contents(Value v) {
    if (!is_object(v)) return true;
    switch (object_kind(object_of(v))) {
    case OBJ_OBJECT:
    case OBJ_LIST:
    case OBJ_DICT: return false;
    case OBJ_NATIVE_DATA: return object_class(object_of(v))->instance_size > sizeof(NativeObject);
    default: return true;
    }
}

static Value default_state(Thread *t, Value v) {
    if (!is_object(v)) return VALUE_NONE;
    Value *roots = push_roots(t, 2);
    Dict *attributes = instance_attributes(t, object_of(v), false);
    roots[0] = attributes ? object_value(attributes) : VALUE_NONE;
    Dict *members = instance_attributes(t, object_of(v), true);
    Value state = roots[0];
    if (members) {
        roots[1] = object_value(members);
        state = object_value(tuple_from(t, roots, 2));
    }
    pop_roots(t, roots);
    return state;
}

Value object_getstate(Thread *t, Value *args) { return default_state(t, args[0]); }

/* v.__getstate__(); [required]: the state must be all there is to know. */
static Value state_of(Thread *t, Value v, bool required) {
    Value getter = class_lookup(t, class_of(t->vm, v), NAME_OF(t, __getstate__));
    bool own = !is_kind(getter, OBJ_NATIVE) || ((Native *)object_of(getter))->fn != object_getstate;
    if (own) return call_method(t, v, NAME_OF(t, __getstate__), NULL, 0);
    if (required && has_native_contents(v))
        return raise_error(t, EXC_TypeError, "cannot pickle '%T' object", v);
    return default_state(t, v);
}

/* ---- the arguments of __new__ ---- */

static bool check_new_arguments(Thread *t, Value given) {
    if (!is_kind(given, OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError, "__getnewargs_ex__ should return a tuple, not '%T'", given);
    } else if (TUPLE(given)->size != 2) {
        raise_error(t, EXC_ValueError,
                    "__getnewargs_ex__ should return a tuple of length 2, not %zu",
                    TUPLE(given)->size);
    } else if (!is_kind(TUPLE(given)->items[0], OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError,
                    "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not "
                    "'%T'",
                    TUPLE(given)->items[0]);
    } else if (!is_kind(TUPLE(given)->items[1], OBJ_DICT)) {
        raise_error(t, EXC_TypeError,
                    "second item of the tuple returned by __getnewargs_ex__ must be a dict, not "
                    "'%T'",
                    TUPLE(given)->items[1]);
    } else {
        return true;
    }
    return false;
}

/* roots[0]: the positional arguments (a tuple, or VALUE_UNSET when the class has nothing to say),
 * roots[1]: keyword arguments (a dict) or VALUE_UNSET. */
static bool new_arguments(Thread *t, Value v, Value *roots) {
    Value getter = lookup_special(t, v, str_intern(t->vm, "__getnewargs_ex__", 17));
    if (getter == VALUE_ERROR) return false;
    if (getter != VALUE_UNSET) {
        roots[0] = call_value(t, getter, NULL, 0);
        if (roots[0] == VALUE_ERROR || !check_new_arguments(t, roots[0])) return false;
        roots[1] = TUPLE(roots[0])->items[1];
        roots[0] = TUPLE(roots[0])->items[0];
        return true;
    }
    getter = lookup_special(t, v, str_intern(t->vm, "__getnewargs__", 14));
    if (getter == VALUE_ERROR || getter == VALUE_UNSET) return getter == VALUE_UNSET;
    roots[0] = call_value(t, getter, NULL, 0);
    if (roots[0] == VALUE_ERROR) return false;
    if (is_kind(roots[0], OBJ_TUPLE)) return true;
    raise_error(t, EXC_TypeError, "__getnewargs__ should return a tuple, not '%T'", roots[0]);
    return false;
}

/* ---- the whole ---- */

static Value from_copyreg(Thread *t, const char *name) {
    Value module = t->vm->hooks.import_module(t, str_intern(t->vm, "copyreg", 7));
    if (module == VALUE_ERROR) return VALUE_ERROR;
    return value_getattr(t, module, str_intern(t->vm, name, strlen(name)));
}

/* (class, *arguments) */
static Value with_class(Thread *t, Class *cls, Value arguments) {
    size_t n = arguments == VALUE_UNSET ? 0 : TUPLE(arguments)->size;
    Tuple *all = tuple_new(t, n + 1);
    all->items[0] = object_value(cls);
    for (size_t i = 0; i < n; i++) all->items[i + 1] = TUPLE(arguments)->items[i];
    return object_value(all);
}

/* What makes the object: items[0] a function of copyreg, items[1] its arguments. */
static bool maker(Thread *t, Value v, Value arguments, Value keywords, Value *items) {
    Class *cls = class_of(t->vm, v);
    if (keywords == VALUE_UNSET || !DICT(keywords)->used) {
        items[0] = from_copyreg(t, "__newobj__");
        items[1] = with_class(t, cls, arguments);
    } else {
        Value three[] = {object_value(cls), arguments, keywords};
        items[1] = object_value(tuple_from(t, three, 3));
        items[0] = from_copyreg(t, "__newobj_ex__");
    }
    return items[0] != VALUE_ERROR;
}

/* items[3] and items[4]: iterators over what a list or dict holds. */
static bool contents(Thread *t, Value v, Value *items) {
    items[3] = items[4] = VALUE_NONE;
    if (is_kind(v, OBJ_LIST)) items[3] = value_iter(t, v);
    if (items[3] == VALUE_ERROR) return false;
    if (!is_kind(v, OBJ_DICT)) return true;
    items[4] = call_method(t, v, NAME_OF(t, items), NULL, 0);
    if (items[4] != VALUE_ERROR) items[4] = value_iter(t, items[4]);
    return items[4] != VALUE_ERROR;
}

static Value reduce_new(Thread *t, Value v) {
    Value *roots = push_roots(t, 8), result = VALUE_ERROR;
    Value *items = roots + 2;
    roots[7] = v;
    if (new_arguments(t, v, roots) && maker(t, v, roots[0], roots[1], items)) {
        bool required = roots[0] == VALUE_UNSET;
        items[2] = state_of(t, v, required);
        if (items[2] != VALUE_ERROR && contents(t, v, items))
            result = object_value(tuple_from(t, items, 5));
    }
    pop_roots(t, roots);
    return result;
}

Value reduce_default(Thread *t, Value v, int64_t protocol) {
    if (protocol >= 2) return reduce_new(t, v);
    Value *roots = push_roots(t, 3);
    roots[0] = v;
    roots[1] = fixnum(protocol);
    roots[2] = from_copyreg(t, "_reduce_ex");
    Value result = roots[2] == VALUE_ERROR ? VALUE_ERROR : call_value(t, roots[2], roots, 2);
    pop_roots(t, roots);
    return result;
}

/* Does [cls] find [name] to be the native [fn]? */
static bool finds(Thread *t, const Class *cls, Str *name, NativeFn fn) {
    Value found = class_lookup(t, (Class *)cls, name);
    return is_kind(found, OBJ_NATIVE) && ((Native *)object_of(found))->fn == fn;
}

bool reduces_by_default(Thread *t, const Class *cls) {
    return finds(t, cls, NAME_OF(t, __reduce_ex__), object_reduce_ex) &&
           finds(t, cls, NAME_OF(t, __reduce__), object_reduce);
}

Value object_reduce_ex(Thread *t, Value *args) {
    int64_t protocol;
    if (!arg_int64(t, args[1], &protocol)) return VALUE_ERROR;
    if (!finds(t, class_of(t->vm, args[0]), NAME_OF(t, __reduce__), object_reduce))
        return call_method(t, args[0], NAME_OF(t, __reduce__), NULL, 0);
    return reduce_default(t, args[0], protocol);
}

Value object_reduce(Thread *t, Value *args) { return reduce_default(t, args[0], 0); }
