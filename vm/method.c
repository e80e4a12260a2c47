/* SPDX-License-Identifier: MIT */
/*
 * Bound methods and native functions as objects: their names, what they are bound to, how they
 * print.
 *
 * A bound method is a function and a self; calls take it apart (vm/call.c), so it is only made when
 * a program keeps it. A native looked up on an instance is bound in the same way and prints as
 * Python's built-in methods do. Read next: vm/native.c, vm/function.c.
 */
#include <stdio.h>

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Method *method_of(Value v) { return (Method *)object_of(v); }
static Native *native_of(Value v) { return (Native *)object_of(v); }

static Str *address(Thread *t, Value v) {
    char text[32];
    int size = snprintf(text, sizeof text, "0x%llx", (unsigned long long)value_id(t->vm, v));
    return str_new(t, text, (size_t)size);
}

static Value text_or_error(Str *text) { return text ? object_value(text) : VALUE_ERROR; }

/* ---- methods ---- */

static Value method_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    if (argc != 2 || kwnames)
        return raise_error(t, EXC_TypeError, "method expected 2 arguments, got %d", argc);
    if (!value_is_callable(t, args[0]))
        return raise_error(t, EXC_TypeError, "first argument must be callable");
    if (args[1] == VALUE_NONE) return raise_error(t, EXC_TypeError, "instance must not be None");
    return method_new(t, args[0], args[1]);
}

static Value method_repr(Thread *t, Value self) {
    Method *m = method_of(self);
    Value name = value_getattr_or_unset(t, m->function, NAME_OF(t, __qualname__));
    if (name == VALUE_UNSET) name = value_getattr_or_unset(t, m->function, NAME_OF(t, __name__));
    if (name == VALUE_ERROR) return name;
    if (!is_str(name)) name = object_value(str_from(t, "?"));
    Value *roots = push_roots(t, 1);
    roots[0] = name;
    Value text = text_or_error(str_format(t, "<bound method %S of %R>", name, m->self));
    pop_roots(t, roots);
    return text;
}

static bool method_hash(Thread *t, Value self, int64_t *out) {
    int64_t of_function;
    if (!value_hash(t, method_of(self)->function, &of_function)) return false;
    *out = of_function ^ (int64_t)(value_id(t->vm, method_of(self)->self) >> 4);
    return true;
}

static Value method_compare(Thread *t, Value a, Value b, CompareOp op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_kind(b, OBJ_METHOD))
        return VALUE_NOTIMPLEMENTED;
    bool same = method_of(a)->self == method_of(b)->self;
    int equal = same ? value_equal(t, method_of(a)->function, method_of(b)->function) : 0;
    return equal < 0 ? VALUE_ERROR : bool_value((op == COMPARE_EQ) == (equal != 0));
}

static Value method_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    return call_keywords(t, self, args, argc, kwnames);
}

/* Names, docs and whatever else a method has are its function's. */
static Value method_getattr(Thread *t, Value self, Str *name) {
    Value own = class_lookup(t, BUILTIN_CLASS(t, METHOD), name);
    if (own != VALUE_UNSET && name != NAME_OF(t, __doc__)) {
        return attribute_bind(t, own, self, object_value(BUILTIN_CLASS(t, METHOD)));
    }
    return value_getattr(t, method_of(self)->function, name);
}

static bool method_setattr(Thread *t, Value self, Str *name, Value v) {
    (void)v;
    raise_attribute_error(t, self, name);
    return false;
}

static Value method_function(Thread *t, Value self) {
    (void)t;
    return method_of(self)->function;
}
static Value method_self(Thread *t, Value self) {
    (void)t;
    return method_of(self)->self;
}

static const Slots method_slots = {
    .repr = method_repr,
    .hash = method_hash,
    .compare = method_compare,
    .call = method_call,
    .construct = method_construct,
    .getattr = method_getattr,
    .setattr = method_setattr,
};
static const FieldDef method_fields[] = {
    {"__func__", method_function, NULL, "what is called"},
    {"__self__", method_self, NULL, "the object that is its first argument"},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass method_class = {
    .kind = OBJ_METHOD, .slots = &method_slots, .fields = method_fields};

/* ---- natives ---- */

static Value native_repr(Thread *t, Value self) {
    Native *n = native_of(self);
    if (n->owner && n->self == VALUE_UNSET) {
        return text_or_error(str_format(
            t, "<%s '%S' of '%S' objects>",
            class_of(t->vm, self) == t->vm->wrapper_descriptor ? "slot wrapper" : "method", n->name,
            object_value(n->owner->name)));
    }
    if (n->self == VALUE_UNSET || is_kind(n->self, OBJ_MODULE)) {
        return text_or_error(str_format(t, "<built-in function %S>", n->name));
    }
    Str *where = address(t, n->self);
    const char *format = class_of(t->vm, self) == t->vm->method_wrapper
                             ? "<method-wrapper %R of %T object at %S>"
                             : "<built-in method %S of %T object at %S>";
    return text_or_error(str_format(t, format, n->name, n->self, object_value(where)));
}

static Value native_call_slot(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    return call_keywords(t, self, args, argc, kwnames);
}

static Value native_get(Thread *t, Value self, Value instance, Value owner) {
    const Native *n = native_of(self);
    if (n->owner && n->self == VALUE_UNSET && instance != VALUE_UNSET && instance != VALUE_NONE &&
        n->def->name[0] != '@' && !class_is_subclass(class_of(t->vm, instance), n->owner)) {
        return raise_error(t, EXC_TypeError,
                           "descriptor '%S' for '%S' objects doesn't apply to a '%T' object",
                           n->name, object_value(n->owner->name), instance);
    }
    return attribute_bind(t, self, instance, owner);
}

static Value native_name(Thread *t, Value self) {
    (void)t;
    return native_of(self)->name;
}

static Value native_qualname(Thread *t, Value self) {
    Native *n = native_of(self);
    if (!n->owner) return n->name;
    return text_or_error(str_format(t, "%S.%S", n->owner->qualname, n->name));
}

static Value native_doc(Thread *t, Value self) {
    const NativeDef *def = native_of(self)->def;
    return def && def->doc ? object_value(str_from(t, def->doc)) : VALUE_NONE;
}

static Value native_module(Thread *t, Value self) {
    (void)t;
    return native_of(self)->module;
}

static Value native_self(Thread *t, Value self) {
    (void)t;
    Value bound = native_of(self)->self;
    return bound == VALUE_UNSET ? VALUE_NONE : bound;
}

static Value native_objclass(Thread *t, Value self) {
    const Native *n = native_of(self);
    if (n->owner) return object_value(n->owner);
    return raise_error(t, EXC_AttributeError, "'%T' object has no attribute '__objclass__'", self);
}

static Value native_signature(Thread *t, Value self) {
    const NativeDef *def = native_of(self)->def;
    return def && def->signature ? object_value(str_from(t, def->signature)) : VALUE_NONE;
}

/* Bound natives are equal when they are the same function of the same object. */
static Value native_compare(Thread *t, Value a, Value b, CompareOp op) {
    (void)t;
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_kind(b, OBJ_NATIVE))
        return VALUE_NOTIMPLEMENTED;
    const Native *x = native_of(a), *y = native_of(b);
    bool same = a == b || (x->def == y->def && x->self == y->self && x->owner == y->owner &&
                           x->self != VALUE_UNSET);
    return bool_value(same == (op == COMPARE_EQ));
}

static bool native_hash(Thread *t, Value self, int64_t *out) {
    const Native *n = native_of(self);
    bool bound = n->self != VALUE_UNSET;
    *out = (int64_t)(value_id(t->vm, bound ? n->self : self) >> 4 ^
                     (bound ? (uintptr_t)n->def >> 3 : 0));
    return true;
}

static const Slots native_slots = {
    .repr = native_repr,
    .hash = native_hash,
    .compare = native_compare,
    .call = native_call_slot,
    .descr_get = native_get,
};
static const FieldDef native_fields[] = {
    {"__name__", native_name, NULL, NULL},
    {"__qualname__", native_qualname, NULL, NULL},
    {"__doc__", native_doc, NULL, NULL},
    {"__module__", native_module, NULL, NULL},
    {"__self__", native_self, NULL, NULL},
    {"__text_signature__", native_signature, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass native_class = {
    .kind = OBJ_NATIVE, .slots = &native_slots, .fields = native_fields};

/* Complete the classes of bound methods and of native functions. */
void method_init(Thread *t) {
    native_class_init(t, &method_class);
    native_class_init(t, &native_class);
    Class *shown[] = {t->vm->method_descriptor, t->vm->wrapper_descriptor, t->vm->method_wrapper};
    static const FieldDef objclass = {"__objclass__", native_objclass, NULL, NULL};
    for (int i = 0; i < 3; i++) {
        shown[i]->slots = BUILTIN_CLASS(t, NATIVE)->slots;
        dict_set_str(t, shown[i]->dict, str_intern(t->vm, "__objclass__", 12),
                     field_new(t, shown[i], &objclass));
        for (const FieldDef *f = native_fields; f->name; f++) {
            dict_set_str(t, shown[i]->dict, str_intern(t->vm, f->name, strlen(f->name)),
                         field_new(t, shown[i], f));
        }
        class_publish_slots(t, shown[i], &native_slots);
    }
}
