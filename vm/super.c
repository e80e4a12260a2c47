/* SPDX-License-Identifier: MIT */
/*
 * super: attribute lookup along the MRO of an object's class, starting after a given class. The
 * compiler turns super() without arguments into super(__class__, first parameter), so there is no
 * looking at the caller's frame.
 *
 * Read next: vm/attribute.c.
 */
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

/* The class whose MRO serves super([type], [self]): self itself when it is a class below type, else
 * its class. */
static Class *check_self(Thread *t, Class *type, Value self) {
    if (is_kind(self, OBJ_CLASS) && class_is_subclass(CLASS(self), type)) return CLASS(self);
    Class *cls = class_of(t->vm, self);
    if (class_is_subclass(cls, type)) return cls;
    Value claimed = value_getattr_or_unset(t, self, NAME_OF(t, __class__));
    if (is_kind(claimed, OBJ_CLASS) && class_is_subclass(CLASS(claimed), type))
        return CLASS(claimed);
    if (claimed != VALUE_ERROR) {
        raise_error(t, EXC_TypeError,
                    "super(type, obj): obj must be an instance or subtype of type");
    }
    return NULL;
}

static bool fill(Thread *t, Super *super, Value type, Value self) {
    Heap *heap = &t->vm->heap;
    if (!is_kind(type, OBJ_CLASS)) {
        raise_error(t, EXC_TypeError, "super() argument 1 must be a type, not %T", type);
        return false;
    }
    Class *self_type = NULL;
    if (self != VALUE_UNSET && self != VALUE_NONE) {
        self_type = check_self(t, CLASS(type), self);
        if (!self_type) return false;
    }
    heap_set(heap, &super->type, type);
    heap_set(heap, &super->self, self_type ? self : VALUE_UNSET);
    heap_set(heap, &super->self_type, self_type ? object_value(self_type) : VALUE_UNSET);
    return true;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Super *super = object_new(t, cls, 0);
    super->type = super->self = super->self_type = VALUE_UNSET;
    return object_value(super);
}

Value super_new(Thread *t, Value type, Value self) {
    Value super = construct(t, BUILTIN_CLASS(t, SUPER), NULL, 0, NULL);
    return fill(t, SUPER(super), type, self) ? super : VALUE_ERROR;
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (kwnames && kwnames->size) {
        raise_error(t, EXC_TypeError, "super() takes no keyword arguments");
        return false;
    }
    if (argc == 0) { /* not where the compiler could supply them */
        bool in_method = t->frame && frame_code(t->frame)->positional > 0;
        raise_error(t, EXC_RuntimeError,
                    in_method ? "super(): __class__ cell not found" : "super(): no arguments");
        return false;
    }
    if (argc > 2) {
        raise_error(t, EXC_TypeError, "super() expected at most 2 arguments, got %d", argc);
        return false;
    }
    return fill(t, SUPER(self), args[0], argc == 2 ? args[1] : VALUE_UNSET);
}

/* The attribute along the rest of the MRO, unbound, or VALUE_UNSET. */
static Value find_after(Thread *t, Super *super, Str *name) {
    Tuple *mro = CLASS(super->self_type)->mro;
    bool after = false;
    for (size_t i = 0; i < mro->size; i++) {
        Value v = after ? dict_get_str(t, CLASS(mro->items[i])->dict, name) : VALUE_UNSET;
        if (v != VALUE_UNSET) return v;
        after |= mro->items[i] == super->type;
    }
    return VALUE_UNSET;
}

static Value getattr(Thread *t, Value self, Str *name) {
    Super *super = SUPER(self);
    if (super->self_type == VALUE_UNSET || super->self_type == 0 || name == NAME_OF(t, __class__)) {
        return object_getattr(t, self, name);
    }
    Value found = find_after(t, super, name);
    if (found == VALUE_UNSET) return object_getattr(t, self, name);
    Value instance = super->self == super->self_type ? VALUE_UNSET : super->self;
    return attribute_bind(t, found, instance, super->self_type);
}

static Value repr(Thread *t, Value self) {
    Super *super = SUPER(self);
    Value type =
        is_kind(super->type, OBJ_CLASS) ? object_value(CLASS(super->type)->name) : VALUE_NONE;
    if (!is_kind(super->self_type, OBJ_CLASS))
        return object_value(str_format(t, "<super: <class '%S'>, NULL>", type));
    return object_value(str_format(t, "<super: <class '%S'>, <%S object>>", type,
                                   object_value(CLASS(super->self_type)->name)));
}

/* An unbound super, found on a class, binds to the instance. */
static Value descr_get(Thread *t, Value self, Value instance, Value owner) {
    (void)owner;
    Super *super = SUPER(self);
    if (instance == VALUE_UNSET || instance == VALUE_NONE || super->self != VALUE_UNSET)
        return self;
    return super_new(t, super->type, instance);
}

static Value none_if_unset(Value v) { return v == VALUE_UNSET ? VALUE_NONE : v; }
static Value get_thisclass(Thread *t, Value self) {
    (void)t;
    return none_if_unset(SUPER(self)->type);
}
static Value get_self(Thread *t, Value self) {
    (void)t;
    return none_if_unset(SUPER(self)->self);
}
static Value get_self_class(Thread *t, Value self) {
    (void)t;
    return none_if_unset(SUPER(self)->self_type);
}

static const Slots slots = {
    .repr = repr, .construct = construct, .init = init, .getattr = getattr, .descr_get = descr_get};
static const FieldDef fields[] = {
    {"__thisclass__", get_thisclass, NULL, NULL},
    {"__self__", get_self, NULL, NULL},
    {"__self_class__", get_self_class, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass super_class = {
    .kind = OBJ_SUPER,
    .slots = &slots,
    .fields = fields,
    .doc = "super(type, obj) -> bound super object; requires isinstance(obj, type)",
    .trace = trace_all_values,
};

/* Complete the class super. */
void super_init(Thread *t) { native_class_init(t, &super_class); }
