/* SPDX-License-Identifier: MIT */
/*
 * __build_class__: what a class statement calls. It finds the metaclass, lets it prepare the
 * namespace, runs the class body in it, and calls the metaclass; a plain class goes straight to
 * class_create.
 *
 * Read next: vm/class_create.c.
 */
#include "stdlib/builtins.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

/* Registers of one class statement. */
enum { BASES, META, NAMESPACE, CELL_RESULT, NAME, KWNAMES, ROOTS };

/* Objects with __mro_entries__ among the bases stand for other bases. */
static Tuple *resolve_bases(Thread *t, Tuple *given) {
    Value *roots = push_roots(t, 3);
    List *bases = list_new(t, given->size);
    roots[0] = object_value(bases);
    bool changed = false;
    for (size_t i = 0; i < given->size; i++) {
        Value base = given->items[i];
        Value entries =
            is_kind(base, OBJ_CLASS)
                ? VALUE_UNSET
                : value_getattr_or_unset(t, base, str_intern(t->vm, "__mro_entries__", 15));
        if (entries == VALUE_ERROR) return NULL;
        if (entries == VALUE_UNSET) {
            list_append(t, bases, base);
            continue;
        }
        roots[1] = entries;
        roots[2] = object_value(given);
        roots[1] = call_value(t, entries, roots + 2, 1);
        if (roots[1] == VALUE_ERROR) return NULL;
        if (!is_kind(roots[1], OBJ_TUPLE)) {
            raise_error(t, EXC_TypeError, "__mro_entries__ must return a tuple");
            return NULL;
        }
        for (size_t j = 0; j < TUPLE(roots[1])->size; j++)
            list_append(t, bases, TUPLE(roots[1])->items[j]);
        changed = true;
    }
    Tuple *result = changed ? tuple_from(t, bases->items, bases->size) : given;
    pop_roots(t, roots);
    return result;
}

/* The metaclass keyword (taken out of [keywords]) or what the bases ask for. */
static Value find_meta(Thread *t, Dict *keywords, Tuple *bases) {
    Value meta = dict_get_str(t, keywords, NAME_OF(t, metaclass));
    if (meta != VALUE_UNSET) dict_delete_str(t, keywords, NAME_OF(t, metaclass));
    else if (bases->size) meta = object_value(class_of(t->vm, bases->items[0]));
    else meta = object_value(BUILTIN_CLASS(t, CLASS));
    if (!is_kind(meta, OBJ_CLASS)) return meta;
    Class *winner = class_winning_meta(t, CLASS(meta), bases);
    return winner ? object_value(winner) : VALUE_ERROR;
}

/* (name, bases, **keywords) on the registers, after which [extra] more positional places are free
 * at index 2. */
static Value *lay_out_call(Thread *t, Value *roots, Dict *keywords, int positional, int *argc,
                           Tuple **kwnames) {
    Value *args = spread_arguments(t, positional, t->vm->empty_tuple, keywords, argc, kwnames);
    if (!args) return NULL;
    args[0] = roots[NAME];
    args[1] = roots[BASES];
    if (positional > 2) args[2] = roots[NAMESPACE];
    return args;
}

static bool prepare_namespace(Thread *t, Value *roots, Dict *keywords) {
    Value meta = roots[META];
    roots[NAMESPACE] = VALUE_UNSET;
    Value prepare = VALUE_UNSET;
    if (meta != object_value(BUILTIN_CLASS(t, CLASS)))
        prepare = value_getattr_or_unset(t, meta, NAME_OF(t, __prepare__));
    if (prepare == VALUE_ERROR) return false;
    if (prepare == VALUE_UNSET) {
        roots[NAMESPACE] = object_value(dict_new(t));
        return true;
    }
    int argc;
    Tuple *kwnames;
    roots[CELL_RESULT] = prepare;
    Value *args = lay_out_call(t, roots, keywords, 2, &argc, &kwnames);
    if (!args) return false;
    roots[NAMESPACE] = call_keywords(t, prepare, args, argc, kwnames);
    pop_roots(t, args);
    if (roots[NAMESPACE] == VALUE_ERROR) return false;
    if (class_of(t->vm, roots[NAMESPACE])->slots.getitem) return true;
    raise_error(t, EXC_TypeError, "%s.__prepare__() must return a mapping, not %T",
                is_kind(meta, OBJ_CLASS) ? CLASS(meta)->name->data : "<metaclass>",
                roots[NAMESPACE]);
    return false;
}

static bool run_body(Thread *t, Value body, Value *roots) {
    roots[CELL_RESULT] = call_value(t, body, &roots[NAMESPACE], 1);
    if (roots[CELL_RESULT] == VALUE_ERROR) return false;
    if (!is_kind(roots[CELL_RESULT], OBJ_CELL)) return true;
    return value_setitem(t, roots[NAMESPACE], object_value(NAME_OF(t, __classcell__)),
                         roots[CELL_RESULT]);
}

/* Nothing of the metaclass is its own: the class can be made without calling it. */
static bool is_plain_meta(Thread *t, Value meta) {
    return meta == object_value(BUILTIN_CLASS(t, CLASS));
}

static Value make_class(Thread *t, Value *roots, Dict *keywords, int hint) {
    int argc;
    Tuple *kwnames;
    Value *args = lay_out_call(t, roots, keywords, 3, &argc, &kwnames);
    if (!args) return VALUE_ERROR;
    Value made;
    if (is_plain_meta(t, roots[META]) && is_kind(roots[NAMESPACE], OBJ_DICT)) {
        Class *cls = class_create(t, CLASS(roots[META]), STR(args[0]), TUPLE(args[1]),
                                  DICT(args[2]), args + 3, kwnames, hint);
        made = cls ? object_value(cls) : VALUE_ERROR;
    } else {
        made = call_keywords(t, roots[META], args, argc, kwnames);
    }
    pop_roots(t, args);
    return made;
}

static Value check_cell(Thread *t, Value made, Value cell, Value name) {
    if (made == VALUE_ERROR || !is_kind(made, OBJ_CLASS) || !is_kind(cell, OBJ_CELL)) return made;
    if (CELL(cell)->value == made) return made;
    if (CELL(cell)->value == VALUE_UNSET) {
        return raise_error(
            t, EXC_RuntimeError,
            "__class__ not set defining %R as %R. Was __classcell__ propagated to type.__new__?",
            name, made);
    }
    return raise_error(t, EXC_TypeError, "__class__ set to %R defining %R as %R", CELL(cell)->value,
                       name, made);
}

/* args: func, name, *bases as a tuple, **keywords as a dict. */
static Value build_class(Thread *t, Value *args) {
    if (!is_kind(args[0], OBJ_FUNCTION))
        return raise_error(t, EXC_TypeError, "__build_class__: func must be a function");
    if (!is_str(args[1]))
        return raise_error(t, EXC_TypeError, "__build_class__: name is not a string");
    Dict *keywords = DICT(args[3]);
    Value *roots = push_roots(t, ROOTS);
    roots[NAME] = args[1];
    Tuple *bases = resolve_bases(t, TUPLE(args[2]));
    if (!bases) return VALUE_ERROR;
    roots[BASES] = object_value(bases);
    roots[META] = find_meta(t, keywords, bases);
    if (roots[META] == VALUE_ERROR || !prepare_namespace(t, roots, keywords)) return VALUE_ERROR;
    if (!run_body(t, args[0], roots)) return VALUE_ERROR;
    if (roots[BASES] != args[2]) {
        Value original = object_value(str_intern(t->vm, "__orig_bases__", 14));
        if (!value_setitem(t, roots[NAMESPACE], original, args[2])) return VALUE_ERROR;
    }
    Value made = make_class(t, roots, keywords, FUNCTION(args[0])->code->attribute_hint);
    return check_cell(t, made, roots[CELL_RESULT], roots[NAME]);
}

const NativeDef builtins_class_functions[] = {
    {"__build_class__", build_class, "(func, name, /, *bases, **kwds)",
     "What a class statement calls to make the class."},
    {NULL, NULL, NULL, NULL},
};
