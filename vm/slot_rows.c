/* SPDX-License-Identifier: MIT */
/*
 * The two functions of every row of slots.def, and the table that names them.
 *
 *     call___len__     what the slot of a Tulip class becomes: looks `__len__` up and calls it
 *     method___len__   the native published as `list.__len__`: calls the slot of the class that
 * owns it
 *
 * A published native learns its owner through a hidden keyword-only parameter whose default is the
 * class, so `dict.__eq__(ordered, other)` runs dict's slot whatever the class of `ordered`
 * overrides. The hidden argument follows the positional ones.
 *
 * Read next: vm/slots.c (how slots and methods are derived from each other).
 */
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

/* call_dunder for a slot that is only there because the method is. */
static Value call_required(Thread *t, Value self, Str *name, const Value *args, int argc) {
    Value result = call_dunder(t, self, name, args, argc);
    if (result == VALUE_UNSET)
        return raise_error(t, EXC_TypeError, "'%T' object has no %S", self, object_value(name));
    return result;
}

/* ---- checks of published natives ---- */

static bool check_self(Thread *t, Value self, Value owner, const char *name) {
    if (class_is_subclass(class_of(t->vm, self), CLASS(owner))) return true;
    raise_error(t, EXC_TypeError, "descriptor '%s' requires a '%S' object but received a '%T'",
                name, object_value(CLASS(owner)->name), self);
    return false;
}

static Str *attribute_name(Thread *t, Value name) {
    if (is_str(name)) return str_intern_value(t->vm, STR(name));
    raise_error(t, EXC_TypeError, "attribute name must be string, not '%T'", name);
    return NULL;
}

static Value none_or_error(bool ok) { return ok ? VALUE_NONE : VALUE_ERROR; }

/* ---- adaptors: the two functions of each row ---- */

#define BEGIN_METHOD(NAME, OWNER)                                                                  \
    static Value method_##NAME(Thread *t, Value *args) {                                           \
        Value owner = args[OWNER];                                                                 \
        if (!check_self(t, args[0], owner, #NAME)) return VALUE_ERROR;                             \
        const Slots *slots = &CLASS(owner)->slots;

#define DEFINE_unary(NAME, FIELD)                                                                  \
    static Value call_##NAME(Thread *t, Value self) {                                              \
        return call_required(t, self, NAME_OF(t, NAME), NULL, 0);                                  \
    }                                                                                              \
    BEGIN_METHOD(NAME, 1)                                                                          \
    return slots->FIELD(t, args[0]);                                                               \
    }

static bool hash_result(Thread *t, Value result, int64_t *out) {
    if (result == VALUE_ERROR) return false;
    if (!is_int(result)) {
        raise_error(t, EXC_TypeError, "__hash__ method should return an integer");
        return false;
    }
    if (!int_to_int64(result, out)) *out = (int64_t)int_hash(result);
    if (*out == -1) *out = -2;
    return true;
}

#define DEFINE_hash(NAME, FIELD)                                                                   \
    static bool call_##NAME(Thread *t, Value self, int64_t *out) {                                 \
        return hash_result(t, call_required(t, self, NAME_OF(t, NAME), NULL, 0), out);             \
    }                                                                                              \
    BEGIN_METHOD(NAME, 1)                                                                          \
    int64_t hash;                                                                                  \
    return slots->hash(t, args[0], &hash) ? int_from_int64(t, hash) : VALUE_ERROR;                 \
    }

static int truth_result(Thread *t, Value result) {
    if (result == VALUE_ERROR) return -1;
    if (is_bool(result)) return result == VALUE_TRUE;
    raise_error(t, EXC_TypeError, "__bool__ should return bool, returned %T", result);
    return -1;
}

static Value bool_or_error(int truth) { return truth < 0 ? VALUE_ERROR : bool_value(truth); }

#define DEFINE_truth(NAME, FIELD)                                                                  \
    static int call_##NAME(Thread *t, Value self) {                                                \
        return truth_result(t, call_required(t, self, NAME_OF(t, NAME), NULL, 0));                 \
    }                                                                                              \
    BEGIN_METHOD(NAME, 1)                                                                          \
    return bool_or_error(slots->truth(t, args[0]));                                                \
    }

static int64_t length_result(Thread *t, Value result) {
    int64_t length;
    if (result == VALUE_ERROR) return -1;
    Value index = value_index(t, result);
    if (index == VALUE_ERROR) return -1;
    if (!int_to_int64(index, &length)) {
        if (int_sign(index) > 0) {
            raise_error(t, EXC_OverflowError, "cannot fit '%T' into an index-sized integer", index);
            return -1;
        }
        length = -1;
    }
    if (length < 0) raise_error(t, EXC_ValueError, "__len__() should return >= 0");
    return length < 0 ? -1 : length;
}

#define DEFINE_length(NAME, FIELD)                                                                 \
    static int64_t call_##NAME(Thread *t, Value self) {                                            \
        return length_result(t, call_required(t, self, NAME_OF(t, NAME), NULL, 0));                \
    }                                                                                              \
    BEGIN_METHOD(NAME, 1)                                                                          \
    int64_t length = slots->length(t, args[0]);                                                    \
    return length < 0 ? VALUE_ERROR : fixnum(length);                                              \
    }

#define DEFINE_getitem(NAME, FIELD)                                                                \
    static Value call_##NAME(Thread *t, Value self, Value key) {                                   \
        return call_required(t, self, NAME_OF(t, NAME), &key, 1);                                  \
    }                                                                                              \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return slots->getitem(t, args[0], args[1]);                                                    \
    }

static bool call_setitem(Thread *t, Value self, Value key, Value v) {
    Value args[] = {key, v};
    Value result = v == VALUE_UNSET ? call_dunder(t, self, NAME_OF(t, __delitem__), args, 1)
                                    : call_dunder(t, self, NAME_OF(t, __setitem__), args, 2);
    if (result != VALUE_UNSET) return result != VALUE_ERROR;
    raise_error(t, EXC_TypeError,
                v == VALUE_UNSET ? "'%T' object doesn't support item deletion"
                                 : "'%T' object does not support item assignment",
                self);
    return false;
}

#define DEFINE_setitem(NAME, FIELD)                                                                \
    static bool call_##NAME(Thread *t, Value self, Value key, Value v) {                           \
        return call_setitem(t, self, key, v);                                                      \
    }                                                                                              \
    BEGIN_METHOD(NAME, 3)                                                                          \
    return none_or_error(slots->setitem(t, args[0], args[1], args[2]));                            \
    }

#define DEFINE_delitem(NAME, FIELD)                                                                \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return none_or_error(slots->setitem(t, args[0], args[1], VALUE_UNSET));                        \
    }

static int truth_of_result(Thread *t, Value result) {
    return result == VALUE_ERROR ? -1 : value_truth(t, result);
}

#define DEFINE_contains(NAME, FIELD)                                                               \
    static int call_##NAME(Thread *t, Value self, Value item) {                                    \
        return truth_of_result(t, call_required(t, self, NAME_OF(t, NAME), &item, 1));             \
    }                                                                                              \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return bool_or_error(slots->contains(t, args[0], args[1]));                                    \
    }

/* StopIteration from a Tulip __next__ means the end. */
static Value next_result(Thread *t, Value result) {
    if (result != VALUE_ERROR || !exception_matches(t, EXC_StopIteration)) return result;
    t->done_value = EXCEPTION(exception_take(t))->value;
    return VALUE_DONE;
}

#define DEFINE_next(NAME, FIELD)                                                                   \
    static Value call_##NAME(Thread *t, Value self) {                                              \
        return next_result(t, call_required(t, self, NAME_OF(t, NAME), NULL, 0));                  \
    }                                                                                              \
    BEGIN_METHOD(NAME, 1)                                                                          \
    Value item = slots->next(t, args[0]);                                                          \
    return item == VALUE_DONE ? raise_stop_iteration(t) : item;                                    \
    }

static Value call_method_found(Thread *t, Value self, Str *name, const Value *args, int argc,
                               Tuple *kwnames) {
    Class *cls = class_of(t->vm, self);
    Value found = class_lookup(t, cls, name);
    if (slots_is_plain_method(found)) return call_with_self(t, found, self, args, argc, kwnames);
    Value *roots = push_roots(t, argc + 1);
    for (int i = 0; i < argc; i++) roots[i + 1] = args[i];
    roots[0] = attribute_bind(t, found, self, object_value(cls));
    Value result = roots[0] == VALUE_ERROR ? VALUE_ERROR
                                           : call_keywords(t, roots[0], roots + 1, argc, kwnames);
    pop_roots(t, roots);
    return result;
}

/* Arguments of `(self, /, *args, owner, **kwargs)` natives. */
static Value spread_call(Thread *t, Value *args) {
    int argc;
    Tuple *kwnames;
    Value *spread = spread_arguments(t, 0, TUPLE(args[2]), DICT(args[3]), &argc, &kwnames);
    if (!spread) return VALUE_ERROR;
    Value result = CLASS(args[1])->slots.call(t, args[0], spread, argc, kwnames);
    pop_roots(t, spread);
    return result;
}

#define DEFINE_call(NAME, FIELD)                                                                   \
    static Value call_##NAME(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) { \
        return call_method_found(t, self, NAME_OF(t, NAME), args, argc, kwnames);                  \
    }                                                                                              \
    BEGIN_METHOD(NAME, 1)                                                                          \
    (void)slots;                                                                                   \
    return spread_call(t, args);                                                                   \
    }

/* __getattribute__, then __getattr__ if that finds nothing. */
static Value call_getattr(Thread *t, Value self, Str *name) {
    Class *cls = class_of(t->vm, self);
    Value lookup = class_lookup(t, cls, NAME_OF(t, __getattribute__));
    Value hook = class_lookup(t, cls, NAME_OF(t, __getattr__));
    Value argument = object_value(name), found;
    Native *native = is_kind(lookup, OBJ_NATIVE) ? (Native *)object_of(lookup) : NULL;
    if (native && native->owner == BUILTIN_CLASS(t, OBJECT)) {
        found = object_getattr_or_unset(t, self, name);
        if (found == VALUE_UNSET && hook == VALUE_UNSET)
            return raise_attribute_error(t, self, name);
    } else {
        found = call_required(t, self, NAME_OF(t, __getattribute__), &argument, 1);
    }
    if (hook == VALUE_UNSET) return found;
    if (found == VALUE_ERROR) {
        if (!exception_matches(t, EXC_AttributeError)) return VALUE_ERROR;
        exception_take(t);
    } else if (found != VALUE_UNSET) {
        return found;
    }
    return call_required(t, self, NAME_OF(t, __getattr__), &argument, 1);
}

static Value slot_getattr(Thread *t, const Slots *slots, Value self, Value name) {
    Str *interned = attribute_name(t, name);
    if (!interned) return VALUE_ERROR;
    return slots->getattr ? slots->getattr(t, self, interned) : object_getattr(t, self, interned);
}

#define DEFINE_getattr(NAME, FIELD)                                                                \
    static Value call_##NAME(Thread *t, Value self, Str *name) {                                   \
        return call_getattr(t, self, name);                                                        \
    }                                                                                              \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return slot_getattr(t, slots, args[0], args[1]);                                               \
    }

static bool call_setattr(Thread *t, Value self, Str *name, Value v) {
    Value args[] = {object_value(name), v};
    Value result = v == VALUE_UNSET ? call_required(t, self, NAME_OF(t, __delattr__), args, 1)
                                    : call_required(t, self, NAME_OF(t, __setattr__), args, 2);
    return result != VALUE_ERROR;
}

static Value slot_setattr(Thread *t, const Slots *slots, Value self, Value name, Value v) {
    Str *interned = attribute_name(t, name);
    if (!interned) return VALUE_ERROR;
    return none_or_error(slots->setattr ? slots->setattr(t, self, interned, v)
                                        : object_setattr(t, self, interned, v));
}

#define DEFINE_setattr(NAME, FIELD)                                                                \
    static bool call_##NAME(Thread *t, Value self, Str *name, Value v) {                           \
        return call_setattr(t, self, name, v);                                                     \
    }                                                                                              \
    BEGIN_METHOD(NAME, 3)                                                                          \
    return slot_setattr(t, slots, args[0], args[1], args[2]);                                      \
    }

#define DEFINE_delattr(NAME, FIELD)                                                                \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return slot_setattr(t, slots, args[0], args[1], VALUE_UNSET);                                  \
    }

static Value none_for_unset(Value v) { return v == VALUE_UNSET ? VALUE_NONE : v; }

/* Arguments of `(self, instance, owner=None, /)`. */
static Value slot_descr_get(Thread *t, const Slots *slots, Value *args) {
    if (args[1] == VALUE_NONE && args[2] == VALUE_NONE) {
        return raise_error(t, EXC_TypeError, "__get__(None, None) is invalid");
    }
    Value instance = args[1] == VALUE_NONE ? VALUE_UNSET : args[1];
    Value owner = args[2] == VALUE_NONE ? object_value(class_of(t->vm, args[1])) : args[2];
    return slots->descr_get(t, args[0], instance, owner);
}

#define DEFINE_descr_get(NAME, FIELD)                                                              \
    static Value call_##NAME(Thread *t, Value self, Value instance, Value owner) {                 \
        Value args[] = {none_for_unset(instance), owner};                                          \
        return call_required(t, self, NAME_OF(t, NAME), args, 2);                                  \
    }                                                                                              \
    BEGIN_METHOD(NAME, 3)                                                                          \
    return slot_descr_get(t, slots, args);                                                         \
    }

static bool call_descr_set(Thread *t, Value self, Value instance, Value v) {
    Value args[] = {instance, v};
    Str *name = v == VALUE_UNSET ? NAME_OF(t, __delete__) : NAME_OF(t, __set__);
    Value result = call_dunder(t, self, name, args, v == VALUE_UNSET ? 1 : 2);
    if (result == VALUE_UNSET) raise_error(t, EXC_AttributeError, "%S", object_value(name));
    return result != VALUE_ERROR && result != VALUE_UNSET;
}

#define DEFINE_descr_set(NAME, FIELD)                                                              \
    static bool call_##NAME(Thread *t, Value self, Value instance, Value v) {                      \
        return call_descr_set(t, self, instance, v);                                               \
    }                                                                                              \
    BEGIN_METHOD(NAME, 3)                                                                          \
    return none_or_error(slots->descr_set(t, args[0], args[1], args[2]));                          \
    }

#define DEFINE_descr_delete(NAME, FIELD)                                                           \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return none_or_error(slots->descr_set(t, args[0], args[1], VALUE_UNSET));                      \
    }

/* The Tulip __new__ of [cls], called with the class. */
static Value call_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 1);
    roots[0] = attribute_bind(t, class_lookup(t, cls, NAME_OF(t, __new__)), VALUE_UNSET,
                              object_value(cls));
    Value result = roots[0] == VALUE_ERROR
                       ? VALUE_ERROR
                       : call_with_self(t, roots[0], object_value(cls), args, argc, kwnames);
    pop_roots(t, roots);
    return result;
}

/* May [owner].__new__ make an instance of [cls]? */
static bool check_construct(Thread *t, Class *owner, Value cls) {
    Value name = object_value(owner->name);
    if (cls == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "%S.__new__(): not enough arguments", name);
        return false;
    }
    if (!is_kind(cls, OBJ_CLASS)) {
        raise_error(t, EXC_TypeError, "%S.__new__(X): X is not a type object (%T)", name, cls);
        return false;
    }
    Value sub = object_value(CLASS(cls)->name);
    if (!class_is_subclass(CLASS(cls), owner)) {
        raise_error(t, EXC_TypeError, "%S.__new__(%S): %S is not a subtype of %S", name, sub, sub,
                    name);
        return false;
    }
    Class *solid = CLASS(cls);
    while (solid->flags & CLASS_HEAP) solid = solid->base;
    if (solid->slots.construct != owner->slots.construct && solid->kind != owner->kind) {
        Value safe = object_value(solid->name);
        raise_error(t, EXC_TypeError, "%S.__new__(%S) is not safe, use %S.__new__()", name, sub,
                    safe);
        return false;
    }
    return true;
}

static Value method___new__(Thread *t, Value *args) {
    Class *owner = CLASS(args[1]);
    if (!check_construct(t, owner, args[0])) return VALUE_ERROR;
    int argc;
    Tuple *kwnames;
    Value *spread = spread_arguments(t, 0, TUPLE(args[2]), DICT(args[3]), &argc, &kwnames);
    if (!spread) return VALUE_ERROR;
    Value result = owner->slots.construct(t, CLASS(args[0]), spread, argc, kwnames);
    pop_roots(t, spread);
    return result;
}

#define DEFINE_construct(NAME, FIELD)                                                              \
    static Value call_##NAME(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) { \
        return call_construct(t, cls, args, argc, kwnames);                                        \
    }

static bool init_result(Thread *t, Value result) {
    if (result == VALUE_NONE) return true;
    if (result != VALUE_ERROR)
        raise_error(t, EXC_TypeError, "__init__() should return None, not '%T'", result);
    return false;
}

static Value spread_init(Thread *t, Value *args) {
    int argc;
    Tuple *kwnames;
    Value *spread = spread_arguments(t, 0, TUPLE(args[2]), DICT(args[3]), &argc, &kwnames);
    if (!spread) return VALUE_ERROR;
    bool ok = CLASS(args[1])->slots.init(t, args[0], spread, argc, kwnames);
    pop_roots(t, spread);
    return none_or_error(ok);
}

#define DEFINE_init(NAME, FIELD)                                                                   \
    static bool call_##NAME(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {  \
        return init_result(t, call_method_found(t, self, NAME_OF(t, NAME), args, argc, kwnames));  \
    }                                                                                              \
    BEGIN_METHOD(NAME, 1)                                                                          \
    (void)slots;                                                                                   \
    return spread_init(t, args);                                                                   \
    }

#define DEFINE_compare(NAME, OP)                                                                   \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return slots->compare(t, args[0], args[1], OP);                                                \
    }

static Value call_compare(Thread *t, Value a, Value b, CompareOp op) {
    static const NameId names[] = {NAME___lt__, NAME___le__, NAME___eq__,
                                   NAME___ne__, NAME___gt__, NAME___ge__};
    Value result = call_dunder(t, a, t->vm->names[names[op]], &b, 1);
    return result == VALUE_UNSET ? VALUE_NOTIMPLEMENTED : result;
}

/* ---- binary operators ---- */

typedef Value (*BinaryFn)(Thread *t, Value a, Value b);

static Value call_or_unknown(Thread *t, Value self, Str *name, Value other) {
    Value result = call_dunder(t, self, name, &other, 1);
    return result == VALUE_UNSET ? VALUE_NOTIMPLEMENTED : result;
}

/* Does the right operand's class have a reflected method of its own? */
static bool reflected_differs(Thread *t, Value a, Value b, Str *reflected) {
    Value of_b = class_lookup(t, class_of(t->vm, b), reflected);
    return of_b != VALUE_UNSET && of_b != class_lookup(t, class_of(t->vm, a), reflected);
}

/* The slot of a Tulip class for `a op b`: either operand may be the one that defines the method. */
static Value call_binary(Thread *t, BinaryOp op, BinaryFn generic, Str *name, Str *reflected,
                         Value a, Value b) {
    Class *left = class_of(t->vm, a), *right = class_of(t->vm, b);
    bool other = left != right && right->slots.binary[op] == generic;
    if (left->slots.binary[op] == generic) {
        if (other && class_is_subclass(right, left) && reflected_differs(t, a, b, reflected)) {
            Value result = call_or_unknown(t, b, reflected, a);
            if (result != VALUE_NOTIMPLEMENTED) return result;
            other = false;
        }
        Value result = call_or_unknown(t, a, name, b);
        if (result != VALUE_NOTIMPLEMENTED || left == right) return result;
    }
    return other ? call_or_unknown(t, b, reflected, a) : VALUE_NOTIMPLEMENTED;
}

#define SLOT(NAME, FIELD, ADAPTOR, DOC) DEFINE_##ADAPTOR(NAME, FIELD)
#define COMPARE(NAME, OP)               DEFINE_compare(NAME, OP)
#define BINARY(NAME, REFLECTED, INPLACE, OP, SYMBOL)                                               \
    static Value call_##NAME(Thread *t, Value a, Value b) {                                        \
        return call_binary(t, OP, call_##NAME, NAME_OF(t, NAME), NAME_OF(t, REFLECTED), a, b);     \
    }                                                                                              \
    static Value call_##INPLACE(Thread *t, Value a, Value b) {                                     \
        return call_or_unknown(t, a, NAME_OF(t, INPLACE), b);                                      \
    }                                                                                              \
    BEGIN_METHOD(NAME, 2)                                                                          \
    return slots->binary[OP](t, args[0], args[1]);                                                 \
    }                                                                                              \
    BEGIN_METHOD(REFLECTED, 2)                                                                     \
    return slots->binary[OP](t, args[1], args[0]);                                                 \
    }                                                                                              \
    BEGIN_METHOD(INPLACE, 2)                                                                       \
    return slots->inplace[OP](t, args[0], args[1]);                                                \
    }
#include "vm/slots.def"
#undef SLOT
#undef COMPARE
#undef BINARY

/* pow() with three arguments reaches __pow__ as a third operand. */
static Value method_power(Thread *t, Value *args) {
    if (args[2] == VALUE_NONE) {
        Value without[] = {args[0], args[1], args[3]};
        return method___pow__(t, without);
    }
    if (!check_self(t, args[0], args[3], "__pow__")) return VALUE_ERROR;
    const Slots *slots = &CLASS(args[3])->slots;
    return slots->power_mod ? slots->power_mod(t, args[0], args[1], args[2]) : VALUE_NOTIMPLEMENTED;
}

/* ---- the table ---- */

#define SIGNATURE_unary        "(self, /)"
#define SIGNATURE_hash         "(self, /)"
#define SIGNATURE_truth        "(self, /)"
#define SIGNATURE_length       "(self, /)"
#define SIGNATURE_next         "(self, /)"
#define SIGNATURE_getitem      "(self, key, /)"
#define SIGNATURE_setitem      "(self, key, value, /)"
#define SIGNATURE_delitem      "(self, key, /)"
#define SIGNATURE_contains     "(self, key, /)"
#define SIGNATURE_call         "(self, /, *args, **kwargs)"
#define SIGNATURE_getattr      "(self, name, /)"
#define SIGNATURE_setattr      "(self, name, value, /)"
#define SIGNATURE_delattr      "(self, name, /)"
#define SIGNATURE_descr_get    "(self, instance, owner=None, /)"
#define SIGNATURE_descr_set    "(self, instance, value, /)"
#define SIGNATURE_descr_delete "(self, instance, /)"
#define SIGNATURE_construct    "(cls=?, /, *args, **kwargs)"
#define SIGNATURE_init         "(self, /, *args, **kwargs)"

/* Rows whose slot the row before them already names. */
#define call___delitem__ call___setitem__
#define call___delattr__ call___setattr__
#define call___delete__  call___set__

const SlotRow slot_rows[] = {
#define SLOT(NAME, FIELD, ADAPTOR, DOC)                                                            \
    {NAME_##NAME,                                                                                  \
     offsetof(Slots, FIELD),                                                                       \
     (AnyFn)call_##NAME,                                                                           \
     {#NAME, method_##NAME, SIGNATURE_##ADAPTOR, DOC}},
#define COMPARE(NAME, OP)                                                                          \
    {NAME_##NAME,                                                                                  \
     offsetof(Slots, compare),                                                                     \
     (AnyFn)call_compare,                                                                          \
     {#NAME, method_##NAME, "(self, value, /)", NULL}},
#define BINARY(NAME, REFLECTED, INPLACE, OP, SYMBOL)                                               \
    {NAME_##NAME,                                                                                  \
     offsetof(Slots, binary[OP]),                                                                  \
     (AnyFn)call_##NAME,                                                                           \
     {#NAME, method_##NAME, "(self, value, /)", NULL}},                                            \
        {NAME_##REFLECTED,                                                                         \
         offsetof(Slots, binary[OP]),                                                              \
         (AnyFn)call_##NAME,                                                                       \
         {#REFLECTED, method_##REFLECTED, "(self, value, /)", NULL}},                              \
        {NAME_##INPLACE,                                                                           \
         offsetof(Slots, inplace[OP]),                                                             \
         (AnyFn)call_##INPLACE,                                                                    \
         {#INPLACE, method_##INPLACE, "(self, value, /)", NULL}},
#include "vm/slots.def"
#undef SLOT
#undef COMPARE
#undef BINARY
};
const size_t slot_row_count = sizeof slot_rows / sizeof *slot_rows;

const NativeDef slot_construct_def = {"@__new__", method___new__, SIGNATURE_construct, NULL};
const NativeDef slot_power_def = {"__pow__", method_power, "(self, value, mod=None, /)", NULL};
