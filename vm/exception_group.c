/* SPDX-License-Identifier: MIT */
/*
 * BaseExceptionGroup and ExceptionGroup: an exception that carries others. A group of nothing but
 * Exceptions is an ExceptionGroup even when a BaseExceptionGroup was asked for.
 *
 * Read next: vm/traceback.c, which draws groups as trees.
 */
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception_class.h"
#include "vm/exception_fields.h"
#include "vm/generic_alias.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- construction ---- */

/* The exceptions as a tuple; *plain: all are Exceptions. */
static Tuple *check_members(Thread *t, Value sequence, bool *plain) {
    bool is_sequence = class_of(t->vm, sequence)->slots.getitem && !is_kind(sequence, OBJ_DICT);
    if (!is_sequence) {
        raise_error(t, EXC_TypeError, "second argument (exceptions) must be a sequence");
        return NULL;
    }
    Tuple *members = tuple_from_iterable(t, sequence);
    if (members && members->size == 0) {
        raise_error(t, EXC_ValueError, "second argument (exceptions) must be a non-empty sequence");
        return NULL;
    }
    *plain = true;
    for (size_t i = 0; members && i < members->size; i++) {
        if (!is_kind(members->items[i], OBJ_EXCEPTION)) {
            raise_error(t, EXC_ValueError,
                        "Item %zu of second argument (exceptions) is not an exception", i);
            return NULL;
        }
        if (!class_is_subclass(class_of(t->vm, members->items[i]), EXCEPTION_CLASS(t, Exception)))
            *plain = false;
    }
    return members;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    if (argc != 2 || (kwnames && kwnames->size)) {
        return raise_error(t, EXC_TypeError,
                           "BaseExceptionGroup.__new__() takes exactly 2 arguments (%d given)",
                           argc);
    }
    if (!is_str(args[0]))
        return raise_error(t, EXC_TypeError,
                           "BaseExceptionGroup.__new__() argument 1 must be str, not %T", args[0]);
    bool plain;
    Tuple *members = check_members(t, args[1], &plain);
    if (!members) return VALUE_ERROR;
    if (cls == EXCEPTION_CLASS(t, BaseExceptionGroup) && plain)
        cls = EXCEPTION_CLASS(t, ExceptionGroup);
    if (!plain && class_is_subclass(cls, EXCEPTION_CLASS(t, Exception))) {
        return raise_error(t, EXC_TypeError,
                           cls == EXCEPTION_CLASS(t, ExceptionGroup)
                               ? "Cannot nest BaseExceptions in an ExceptionGroup"
                               : "Cannot nest BaseExceptions in '%S'",
                           object_value(cls->name));
    }
    Value self = exception_construct(t, cls, args, argc, kwnames);
    exception_set_field(t, self, GROUP_MESSAGE, args[0]);
    exception_set_field(t, self, GROUP_EXCEPTIONS, object_value(members));
    return self;
}

static Tuple *members_of(Value group) { return TUPLE(exception_field(group, GROUP_EXCEPTIONS)); }

static Value str(Thread *t, Value self) {
    Value message = exception_field(self, GROUP_MESSAGE);
    size_t count = members_of(self)->size;
    Str *text = str_format(t, "%S (%zu sub-exception%s)", message, count, count == 1 ? "" : "s");
    return text ? object_value(text) : VALUE_ERROR;
}

/* ---- splitting ---- */

static bool is_group(Thread *t, Value v) {
    return class_is_subclass(class_of(t->vm, v), EXCEPTION_CLASS(t, BaseExceptionGroup));
}

/* Does [condition] (a class, a tuple of classes or a predicate) hold for [exception]? */
static int holds(Thread *t, Value exception, Value condition) {
    if (is_kind(condition, OBJ_CLASS) || is_kind(condition, OBJ_TUPLE))
        return exception_match(t, exception, condition);
    Value answer = call_value(t, condition, &exception, 1);
    return answer == VALUE_ERROR ? -1 : value_truth(t, answer);
}

/* group.derive(members), with the traceback, cause, context and notes of [group]. */
static Value derive_like(Thread *t, Value group, List *members) {
    Value argument = object_value(members);
    Value *roots = push_roots(t, 1);
    roots[0] = argument;
    Value derived = call_method(t, group, str_intern(t->vm, "derive", 6), roots, 1);
    pop_roots(t, roots);
    if (derived == VALUE_ERROR) return derived;
    if (!is_kind(derived, OBJ_EXCEPTION) || !is_group(t, derived)) {
        return raise_error(t, EXC_TypeError,
                           "derive must return an instance of BaseExceptionGroup");
    }
    Exception *from = EXCEPTION(group), *to = EXCEPTION(derived);
    Heap *heap = &t->vm->heap;
    heap_set(heap, &to->traceback, from->traceback);
    heap_set(heap, &to->cause, from->cause);
    heap_set(heap, &to->context, from->context);
    to->suppress_context = from->suppress_context;
    Value notes = instance_get(t, object_of(group), NAME_OF(t, __notes__));
    if (is_kind(notes, OBJ_LIST)) {
        List *copy = list_from(t, LIST(notes)->items, LIST(notes)->size);
        instance_set(t, object_of(derived), NAME_OF(t, __notes__), object_value(copy));
    }
    return derived;
}

/* out[0]: the part of [v] for which the condition holds, out[1]: the rest; VALUE_NONE
 * when empty. */
static bool split(Thread *t, Value v, Value condition, Value *out) {
    int all = holds(t, v, condition);
    if (all < 0) return false;
    out[0] = all ? v : VALUE_NONE;
    out[1] = all ? VALUE_NONE : v;
    if (all || !is_group(t, v)) return true;
    if (!enter_native(t, " in exceptiongroup_split_recursive")) return false;
    Value *roots = push_roots(t, 4);
    roots[2] = object_value(list_new(t, 4));
    roots[3] = object_value(list_new(t, 4));
    Tuple *members = members_of(v);
    bool ok = true;
    for (size_t i = 0; ok && i < members->size; i++) {
        ok = split(t, members->items[i], condition, roots);
        for (int part = 0; ok && part < 2; part++) {
            if (roots[part] != VALUE_NONE) ok = list_append(t, LIST(roots[2 + part]), roots[part]);
        }
    }
    for (int part = 0; ok && part < 2; part++) {
        List *list = LIST(roots[2 + part]);
        out[part] = list->size ? derive_like(t, v, list) : VALUE_NONE;
        ok = out[part] != VALUE_ERROR;
    }
    pop_roots(t, roots);
    leave_native(t);
    return ok;
}

static bool is_exception_class(Value v) {
    return is_kind(v, OBJ_CLASS) && (CLASS(v)->flags & CLASS_EXCEPTION);
}

/* Is [condition] what split and subgroup take? */
static bool check_condition(Thread *t, Value condition) {
    bool fits = is_exception_class(condition);
    if (is_kind(condition, OBJ_TUPLE)) {
        fits = true;
        for (size_t i = 0; i < TUPLE(condition)->size; i++)
            fits = fits && is_exception_class(TUPLE(condition)->items[i]);
    } else if (!fits) {
        fits = !is_kind(condition, OBJ_CLASS) && value_is_callable(t, condition);
    }
    if (!fits) {
        raise_error(t, EXC_TypeError,
                    "expected a function, exception type or tuple of exception types");
    }
    return fits;
}

static Value method_split(Thread *t, Value *args) {
    Value *out = push_roots(t, 2);
    return check_condition(t, args[1]) && split(t, args[0], args[1], out)
               ? object_value(tuple_from(t, out, 2))
               : VALUE_ERROR;
}

static Value method_subgroup(Thread *t, Value *args) {
    Value *out = push_roots(t, 2);
    return check_condition(t, args[1]) && split(t, args[0], args[1], out) ? out[0] : VALUE_ERROR;
}

static Value method_derive(Thread *t, Value *args) {
    Value arguments[] = {exception_field(args[0], GROUP_MESSAGE), args[1]};
    return exception_new(t, EXCEPTION_CLASS(t, BaseExceptionGroup), arguments, 2);
}

static const NativeDef methods[] = {
    {"derive", method_derive, "(self, excs, /)", NULL},
    {"split", method_split, "(self, condition, /)", NULL},
    {"subgroup", method_subgroup, "(self, condition, /)", NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeDef getitem = {"__class_getitem__", generic_alias_class_getitem,
                                  "(cls, item, /)", NULL};

void exception_group_complete(Thread *t) {
    static const Slots own = {.construct = construct, .str = str};
    Class *cls = EXCEPTION_CLASS(t, BaseExceptionGroup);
    exception_complete(t, cls, &own, methods, exception_field_defs(EXC_BaseExceptionGroup));
    Value native = native_new(t, &getitem, VALUE_UNSET, NULL);
    ((Native *)object_of(native))->owner = cls;
    dict_set_str(t, cls->dict, NAME_OF(t, __class_getitem__), classmethod_new(t, native));
}
