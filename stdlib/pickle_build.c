/* SPDX-License-Identifier: MIT */
/*
 * The instructions that find objects by name, call what makes objects, and fill these.
 *
 * They run Tulip code, so operands stay on the stack, or in roots, until they are used.
 * Read next: stdlib/unpickler.c.
 */
#include <string.h>

#include "stdlib/pickle_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

static Value from_module(Thread *t, const char *module, const char *name) {
    Value v = t->vm->hooks.import_module(t, str_intern(t->vm, module, strlen(module)));
    if (v == VALUE_ERROR) return VALUE_ERROR;
    return value_getattr(t, v, str_intern(t->vm, name, strlen(name)));
}

static bool push(Thread *t, Unpickler *u, Value v) {
    if (v == VALUE_ERROR) return false;
    unpickle_push(t, u, v);
    return true;
}

/* ---- by name ---- */

/* path is "a.b.c", looked up from [v] on. */
static Value dotted(Thread *t, Value v, Str *path) {
    Value *roots = push_roots(t, 2);
    roots[0] = v;
    roots[1] = from_module(t, "pickle", "_find_in");
    Value args[] = {roots[0], object_value(path)};
    Value result = roots[1] == VALUE_ERROR ? VALUE_ERROR : call_value(t, roots[1], args, 2);
    pop_roots(t, roots);
    return result;
}

Value unpickle_find(Thread *t, Unpickler *u, Value module, Value name) {
    Value *roots = push_roots(t, 4);
    roots[0] = module;
    roots[1] = name;
    if (u->protocol < 3 && u->fix_imports) {
        Value mapper = from_module(t, "pickle", "_new_name");
        Value pair = mapper == VALUE_ERROR ? VALUE_ERROR : call_value(t, mapper, roots, 2);
        if (pair == VALUE_ERROR) return VALUE_ERROR;
        roots[0] = TUPLE(pair)->items[0];
        roots[1] = TUPLE(pair)->items[1];
    }
    if (!is_str(roots[0]) || !is_str(roots[1]))
        return raise_error(t, EXC_TypeError, "module and name must be str");
    roots[2] = dict_get_str(t, t->vm->modules, STR(roots[0]));
    if (roots[2] == VALUE_UNSET) roots[2] = t->vm->hooks.import_module(t, STR(roots[0]));
    if (roots[2] == VALUE_ERROR) return VALUE_ERROR;
    Value result;
    if (u->protocol >= 4 && memchr(STR(roots[1])->data, '.', STR(roots[1])->size))
        result = dotted(t, roots[2], STR(roots[1]));
    else {
        result = value_getattr_or_unset(t, roots[2], str_intern_value(t->vm, STR(roots[1])));
        if (result == VALUE_UNSET)
            result = raise_error(t, EXC_AttributeError, "Can't get attribute %R on %R", roots[1],
                                 roots[2]);
    }
    pop_roots(t, roots);
    return result;
}

bool unpickle_global(Thread *t, Unpickler *u, Value module, Value name) {
    Value pair[] = {module, name};
    if (u->find_class == VALUE_NONE) return push(t, u, unpickle_find(t, u, module, name));
    return push(t, u, call_value(t, u->find_class, pair, 2));
}

bool unpickle_extension(Thread *t, Unpickler *u, int64_t code) {
    Value *roots = push_roots(t, 3);
    if (code <= 0) return pickle_raise(t, UNPICKLING_ERROR, "EXT specifies code <= 0"), false;
    roots[0] = from_module(t, "copyreg", "_inverted_registry");
    roots[1] = fixnum(code);
    if (roots[0] == VALUE_ERROR) return false;
    roots[2] = is_kind(roots[0], OBJ_DICT) ? dict_get(t, DICT(roots[0]), roots[1]) : VALUE_UNSET;
    if (roots[2] == VALUE_ERROR) return false;
    if (roots[2] == VALUE_UNSET) {
        raise_error(t, EXC_ValueError, "unregistered extension code %lld", (long long)code);
        return false;
    }
    if (!is_kind(roots[2], OBJ_TUPLE) || TUPLE(roots[2])->size != 2 ||
        !is_str(TUPLE(roots[2])->items[0]) || !is_str(TUPLE(roots[2])->items[1])) {
        raise_error(t, EXC_ValueError, "_inverted_registry[%lld] isn't a 2-tuple of strings",
                    (long long)code);
        return false;
    }
    bool ok = unpickle_global(t, u, TUPLE(roots[2])->items[0], TUPLE(roots[2])->items[1]);
    pop_roots(t, roots);
    return ok;
}

/* ---- calls ---- */

/* callable(*arguments) */
static Value call_tuple(Thread *t, Value callable, Value arguments) {
    Value *roots = push_roots(t, 2);
    roots[0] = callable;
    roots[1] = arguments;
    Value result = call_value(t, callable, TUPLE(arguments)->items, (int)TUPLE(arguments)->size);
    pop_roots(t, roots);
    return result;
}

bool unpickle_reduce(Thread *t, Unpickler *u) {
    Value *roots = push_roots(t, 2);
    roots[1] = unpickle_pop(t, u);
    if (roots[1] == VALUE_ERROR) return false;
    roots[0] = unpickle_pop(t, u);
    if (roots[0] == VALUE_ERROR) return false;
    if (!is_kind(roots[1], OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError, "argument list must be a tuple, not %T", roots[1]);
        return false;
    }
    bool ok = push(t, u, call_tuple(t, roots[0], roots[1]));
    pop_roots(t, roots);
    return ok;
}

/* cls.__new__(cls, *arguments, **keywords); [keywords] may be NULL. */
static Value make(Thread *t, Value cls, Value arguments, Dict *keywords) {
    Value *roots = push_roots(t, 2);
    roots[0] = cls;
    Class *made = CLASS(cls);
    if (!keywords && made->kind == OBJ_OBJECT && (made->flags & CLASS_PLAIN_NEW) &&
        !(made->flags & CLASS_ABSTRACT) && !TUPLE(arguments)->size && made->root_shape) {
        pop_roots(t, roots);
        return object_value(instance_new(t, made));
    }
    roots[1] = value_getattr(t, cls, NAME_OF(t, __new__));
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    int argc;
    Tuple *names;
    Value *args = spread_arguments(t, 1, TUPLE(arguments), keywords, &argc, &names);
    if (!args) return VALUE_ERROR;
    args[0] = cls;
    Value result = call_keywords(t, roots[1], args, argc, names);
    pop_roots(t, roots);
    return result;
}

/* Are these what NEWOBJ and NEWOBJ_EX want? */
static bool check_new(Thread *t, Value cls, Value arguments, Value keywords, const char *name) {
    if (!is_kind(cls, OBJ_CLASS)) {
        pickle_raise(t, UNPICKLING_ERROR, "%s class argument must be a type, not %T", name, cls);
    } else if (!is_kind(arguments, OBJ_TUPLE)) {
        pickle_raise(t, UNPICKLING_ERROR, "%s args argument must be a tuple, not %T", name,
                     arguments);
    } else if (keywords != VALUE_UNSET && !is_kind(keywords, OBJ_DICT)) {
        pickle_raise(t, UNPICKLING_ERROR, "%s kwargs argument must be a dict, not %T", name,
                     keywords);
    } else {
        return true;
    }
    return false;
}

bool unpickle_newobj(Thread *t, Unpickler *u, bool with_keywords) {
    Value *roots = push_roots(t, 3);
    if (with_keywords && (roots[2] = unpickle_pop(t, u)) == VALUE_ERROR) return false;
    roots[1] = unpickle_pop(t, u);
    if (roots[1] == VALUE_ERROR) return false;
    roots[0] = unpickle_pop(t, u);
    if (roots[0] == VALUE_ERROR) return false;
    const char *name = with_keywords ? "NEWOBJ_EX" : "NEWOBJ";
    if (!check_new(t, roots[0], roots[1], roots[2], name)) return false;
    bool ok = push(t, u, make(t, roots[0], roots[1], with_keywords ? DICT(roots[2]) : NULL));
    pop_roots(t, roots);
    return ok;
}

/* OBJ and INST: cls(*what is above the mark); the class is above it too when [cls] is VALUE_UNSET.
 */
bool unpickle_instance(Thread *t, Unpickler *u, size_t mark, Value cls) {
    List *stack = LIST(u->stack);
    size_t from = mark + (cls == VALUE_UNSET);
    Value *roots = push_roots(t, 2);
    roots[0] = cls == VALUE_UNSET ? stack->items[mark] : cls;
    roots[1] = object_value(tuple_from(t, stack->items + from, stack->size - from));
    unpickle_cut(t, u, mark);
    Value made;
    Value arguments = value_getattr_or_unset(t, roots[0], str_intern(t->vm, "__getinitargs__", 15));
    if (arguments == VALUE_ERROR) return false;
    if (is_kind(roots[0], OBJ_CLASS) && !TUPLE(roots[1])->size && arguments == VALUE_UNSET)
        made = make(t, roots[0], roots[1], NULL);
    else made = call_tuple(t, roots[0], roots[1]);
    bool ok = push(t, u, made);
    pop_roots(t, roots);
    return ok;
}

/* ---- filling ---- */

/* container.name(item) for everything from [from] on. */
static bool call_each(Thread *t, Unpickler *u, size_t from, const char *name) {
    Value *roots = push_roots(t, 1);
    roots[0] =
        value_getattr(t, LIST(u->stack)->items[from - 1], str_intern(t->vm, name, strlen(name)));
    if (roots[0] == VALUE_ERROR) return false;
    for (size_t i = from; i < LIST(u->stack)->size; i++) {
        Value item = LIST(u->stack)->items[i];
        if (call_value(t, roots[0], &item, 1) == VALUE_ERROR) return false;
    }
    pop_roots(t, roots);
    return true;
}

/* container.extend(items), for those that have it. 1, 0: it has none, -1 raised. */
static int extend(Thread *t, Unpickler *u, size_t from) {
    Value *roots = push_roots(t, 2);
    List *stack = LIST(u->stack);
    roots[0] = value_getattr_or_unset(t, stack->items[from - 1], str_intern(t->vm, "extend", 6));
    if (roots[0] == VALUE_ERROR) return -1;
    if (roots[0] == VALUE_UNSET) return pop_roots(t, roots), 0;
    stack = LIST(u->stack);
    if (stack->size < from) return unpickle_underflow(t, u), -1;
    roots[1] = object_value(list_from(t, stack->items + from, stack->size - from));
    Value result = call_value(t, roots[0], roots + 1, 1);
    pop_roots(t, roots);
    return result == VALUE_ERROR ? -1 : 1;
}

bool unpickle_append(Thread *t, Unpickler *u, size_t from) {
    List *stack = LIST(u->stack);
    Value container = stack->items[from - 1];
    if (is_kind(container, OBJ_LIST) &&
        object_class(object_of(container)) == BUILTIN_CLASS(t, LIST)) {
        for (size_t i = from; i < stack->size; i++) {
            if (!list_append(t, LIST(container), stack->items[i])) return false;
        }
    } else {
        int extended = extend(t, u, from);
        if (extended < 0 || (!extended && !call_each(t, u, from, "append"))) return false;
    }
    unpickle_cut(t, u, from);
    return true;
}

bool unpickle_set_items(Thread *t, Unpickler *u, size_t from) {
    Value *roots = push_roots(t, 1);
    if ((LIST(u->stack)->size - from) % 2)
        return pickle_raise(t, UNPICKLING_ERROR, "odd number of items for SETITEMS"), false;
    roots[0] = LIST(u->stack)->items[from - 1];
    bool exact =
        is_kind(roots[0], OBJ_DICT) && object_class(object_of(roots[0])) == BUILTIN_CLASS(t, DICT);
    for (size_t i = from; i + 1 < LIST(u->stack)->size; i += 2) {
        Value key = LIST(u->stack)->items[i], value = LIST(u->stack)->items[i + 1];
        bool ok = exact ? dict_set(t, DICT(roots[0]), key, value)
                        : value_setitem(t, roots[0], key, value);
        if (!ok) return false;
    }
    unpickle_cut(t, u, from);
    pop_roots(t, roots);
    return true;
}

bool unpickle_add_items(Thread *t, Unpickler *u, size_t from) {
    Value *roots = push_roots(t, 1);
    roots[0] = LIST(u->stack)->items[from - 1];
    bool exact =
        is_kind(roots[0], OBJ_SET) && object_class(object_of(roots[0])) == BUILTIN_CLASS(t, SET);
    for (size_t i = from; exact && i < LIST(u->stack)->size; i++) {
        if (!set_add(t, SET(roots[0]), LIST(u->stack)->items[i])) return false;
    }
    if (!exact && !call_each(t, u, from, "add")) return false;
    unpickle_cut(t, u, from);
    pop_roots(t, roots);
    return true;
}

/* ---- state ---- */

/* May attributes be put straight into instances of [cls]? Not if some are __slots__ members. */
static bool has_plain_attributes(const Class *cls) {
    if (cls->kind != OBJ_OBJECT || !(cls->flags & CLASS_HAS_ATTRIBUTES)) return false;
    for (size_t i = 0; i < cls->mro->size; i++) {
        if (CLASS(cls->mro->items[i])->flags & CLASS_OWN_SLOTS) return false;
    }
    return !(cls->flags & CLASS_NO_DICT);
}

/* v.__dict__.update(state) */
static bool set_attributes(Thread *t, Value v, Value state) {
    if (!is_kind(state, OBJ_DICT))
        return pickle_raise(t, UNPICKLING_ERROR, "state is not a dictionary"), false;
    Value *roots = push_roots(t, 3);
    bool plain = is_object(v) && has_plain_attributes(object_class(object_of(v)));
    roots[0] = plain ? VALUE_NONE : value_getattr(t, v, NAME_OF(t, __dict__));
    if (roots[0] == VALUE_ERROR) return false;
    uint32_t position = 0;
    while (dict_next(DICT(state), &position, &roots[1], &roots[2])) {
        bool text = is_str(roots[1]) && object_class(object_of(roots[1])) == BUILTIN_CLASS(t, STR);
        if (text) roots[1] = object_value(str_intern_value(t->vm, STR(roots[1])));
        if (plain && text) instance_set(t, object_of(v), STR(roots[1]), roots[2]);
        else {
            if (plain) roots[0] = object_value(instance_dict(t, object_of(v))), plain = false;
            if (!value_setitem(t, roots[0], roots[1], roots[2])) return false;
        }
    }
    pop_roots(t, roots);
    return true;
}

/* setattr(v, name, value) for what __slots__ names. */
static bool set_members(Thread *t, Value v, Value state) {
    if (!is_kind(state, OBJ_DICT))
        return pickle_raise(t, UNPICKLING_ERROR, "slot state is not a dictionary"), false;
    Value *roots = push_roots(t, 2);
    uint32_t position = 0;
    while (dict_next(DICT(state), &position, &roots[0], &roots[1])) {
        if (!is_str(roots[0])) {
            raise_error(t, EXC_TypeError, "attribute name must be string, not '%T'", roots[0]);
            return false;
        }
        if (!value_setattr(t, v, str_intern_value(t->vm, STR(roots[0])), roots[1])) return false;
    }
    pop_roots(t, roots);
    return true;
}

static bool build(Thread *t, Value v, Value state) {
    Value setter = value_getattr_or_unset(t, v, str_intern(t->vm, "__setstate__", 12));
    if (setter == VALUE_ERROR) return false;
    if (setter != VALUE_UNSET) return call_value(t, setter, &state, 1) != VALUE_ERROR;
    Value members = VALUE_NONE;
    if (is_kind(state, OBJ_TUPLE) && TUPLE(state)->size == 2) {
        members = TUPLE(state)->items[1];
        state = TUPLE(state)->items[0];
    }
    return (state == VALUE_NONE || set_attributes(t, v, state)) &&
           (members == VALUE_NONE || set_members(t, v, members));
}

bool unpickle_build(Thread *t, Unpickler *u) {
    List *stack = LIST(u->stack);
    if (stack->size < unpickle_floor(u) + 2) return unpickle_underflow(t, u), false;
    Value *roots = push_roots(t, 2);
    roots[0] = stack->items[stack->size - 2];
    roots[1] = unpickle_pop(t, u);
    bool ok = build(t, roots[0], roots[1]);
    pop_roots(t, roots);
    return ok;
}
