/* SPDX-License-Identifier: MIT */
/*
 * Attribute lookup, as Python defines it: a data descriptor of the class first, then the object's
 * own attribute, then whatever else the class has, bound by its __get__. Classes and modules differ
 * in where "own" is.
 *
 * The usual case never comes here: instructions cache the outcome (vm/attribute_cache.c).
 * Invariant: attribute names are interned, so shapes and caches compare pointers.
 * Read next: vm/descriptor.c, vm/attribute_cache.c.
 */
#include "vm/attribute.h"

#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception_fields.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- errors ---- */

static Value raise_about(Thread *t, Value v, Str *name, const char *format, Value subject) {
    raise_error(t, EXC_AttributeError, format, subject, object_value(name));
    if (is_kind(t->exception, OBJ_EXCEPTION)) {
        exception_set_field(t, t->exception, ATTRIBUTE_ERROR_NAME, object_value(name));
        exception_set_field(t, t->exception, ATTRIBUTE_ERROR_OBJ, v);
    }
    return VALUE_ERROR;
}

Value raise_attribute_error(Thread *t, Value v, Str *name) {
    if (is_kind(v, OBJ_CLASS)) {
        return raise_about(t, v, name, "type object '%S' has no attribute '%S'",
                           object_value(CLASS(v)->name));
    }
    if (is_kind(v, OBJ_MODULE) && is_str(MODULE(v)->name)) {
        return raise_about(t, v, name,
                           MODULE(v)->initializing
                               ? "partially initialized module '%S' has no attribute '%S' (most "
                                 "likely due to a circular import)"
                               : "module '%S' has no attribute '%S'",
                           MODULE(v)->name);
    }
    return raise_about(t, v, name, "'%T' object has no attribute '%S'", v);
}

/* ---- descriptors ---- */

/* A native that becomes a method when it is looked up on an instance. */
static bool is_native_method(Value v) {
    if (!is_kind(v, OBJ_NATIVE)) return false;
    Native *native = (Native *)object_of(v);
    return native->owner && native->self == VALUE_UNSET;
}

/* Natives carry their self themselves. */
static Value bind_native(Thread *t, const Native *native, Value self) {
    bool of_slot = object_class(&native->header) == t->vm->wrapper_descriptor;
    Class *cls = of_slot ? t->vm->method_wrapper : BUILTIN_CLASS(t, NATIVE);
    Native *bound = heap_allocate_small(&t->vm->heap, sizeof *bound, OBJ_NATIVE, cls);
    memcpy((char *)bound + sizeof(Object), (const char *)native + sizeof(Object),
           sizeof *bound - sizeof(Object));
    bound->self = self;
    return object_value(bound);
}

Value method_new(Thread *t, Value function, Value self) {
    if (is_native_method(function)) return bind_native(t, (Native *)object_of(function), self);
    Method *method =
        heap_allocate_small(&t->vm->heap, sizeof *method, OBJ_METHOD, BUILTIN_CLASS(t, METHOD));
    method->function = function;
    method->self = self;
    return object_value(method);
}

bool is_data_descriptor(const Vm *vm, Value v) {
    return is_object(v) && class_of(vm, v)->slots.descr_set != NULL;
}

Value attribute_bind(Thread *t, Value v, Value instance, Value owner) {
    if (!is_object(v)) return v;
    switch (object_kind(object_of(v))) {
    case OBJ_FUNCTION: return instance == VALUE_UNSET ? v : method_new(t, v, instance);
    case OBJ_NATIVE:
        return instance != VALUE_UNSET && is_native_method(v) ? method_new(t, v, instance) : v;
    default: break;
    }
    Class *cls = object_class(object_of(v));
    return cls->slots.descr_get ? cls->slots.descr_get(t, v, instance, owner) : v;
}

static bool has_own_attributes(Value v) {
    if (!is_object(v)) return false;
    Object *o = object_of(v);
    return object_kind(o) == OBJ_FUNCTION || object_kind(o) == OBJ_MODULE ||
           (object_class(o)->flags & CLASS_HAS_ATTRIBUTES);
}

/* ---- instances ---- */

Value object_getattr_or_unset(Thread *t, Value self, Str *name) {
    Class *cls = class_of(t->vm, self);
    Value found = class_lookup(t, cls, name);
    if (found != VALUE_UNSET && is_data_descriptor(t->vm, found) &&
        class_of(t->vm, found)->slots.descr_get) {
        return attribute_bind(t, found, self, object_value(cls));
    }
    if (has_own_attributes(self)) {
        Value own = instance_get(t, object_of(self), name);
        if (own != VALUE_UNSET) return own;
    }
    if (found == VALUE_UNSET) return VALUE_UNSET;
    return attribute_bind(t, found, self, object_value(cls));
}

Value object_getattr(Thread *t, Value self, Str *name) {
    Value v = object_getattr_or_unset(t, self, name);
    return v == VALUE_UNSET ? raise_attribute_error(t, self, name) : v;
}

/* May [self] get an attribute that no descriptor takes? */
static bool accepts_attributes(Value self) {
    if (!has_own_attributes(self)) return false;
    ObjectKind kind = object_kind(object_of(self));
    if (kind == OBJ_FUNCTION || kind == OBJ_MODULE) return true;
    return !(object_class(object_of(self))->flags & CLASS_NO_DICT);
}

bool object_setattr(Thread *t, Value self, Str *name, Value v) {
    Class *cls = class_of(t->vm, self);
    Value found = class_lookup(t, cls, name);
    if (found != VALUE_UNSET && is_data_descriptor(t->vm, found)) {
        return class_of(t->vm, found)->slots.descr_set(t, found, self, v);
    }
    if (accepts_attributes(self)) {
        if (instance_set(t, object_of(self), name, v)) return true;
        if (is_kind(self, OBJ_MODULE))
            raise_about(t, self, name, "'%T' object has no attribute '%S'", self);
        else raise_attribute_error(t, self, name);
        return false;
    }
    if (found == VALUE_UNSET) {
        raise_attribute_error(t, self, name);
    } else {
        raise_about(t, self, name, "'%T' object attribute '%S' is read-only", self);
    }
    return false;
}

/* ---- classes ---- */

static Value class_getattr_or_unset(Thread *t, Value self, Str *name) {
    Class *meta = object_class(object_of(self));
    Value of_meta = class_lookup(t, meta, name);
    if (of_meta != VALUE_UNSET && is_data_descriptor(t->vm, of_meta)) {
        return attribute_bind(t, of_meta, self, object_value(meta));
    }
    Value found = class_lookup(t, CLASS(self), name);
    if (found != VALUE_UNSET) return attribute_bind(t, found, VALUE_UNSET, self);
    if (of_meta == VALUE_UNSET) return VALUE_UNSET;
    return attribute_bind(t, of_meta, self, object_value(meta));
}

Value class_getattr(Thread *t, Value cls, Str *name) {
    Value v = class_getattr_or_unset(t, cls, name);
    return v == VALUE_UNSET ? raise_attribute_error(t, cls, name) : v;
}

bool class_setattr(Thread *t, Value self, Str *name, Value v) {
    Class *cls = CLASS(self);
    if (!(cls->flags & CLASS_HEAP)) {
        raise_error(t, EXC_TypeError, "cannot set '%S' attribute of immutable type '%S'",
                    object_value(name), object_value(cls->name));
        return false;
    }
    Value of_meta = class_lookup(t, object_class(&cls->header), name);
    if (of_meta != VALUE_UNSET && is_data_descriptor(t->vm, of_meta)) {
        return class_of(t->vm, of_meta)->slots.descr_set(t, of_meta, self, v);
    }
    if (class_set_attribute(t, cls, name, v)) return true;
    raise_attribute_error(t, self, name);
    return false;
}

/* ---- modules ---- */

static Value module_getattr_or_unset(Thread *t, Value self, Str *name) {
    Value v = object_getattr_or_unset(t, self, name);
    if (v != VALUE_UNSET) return v;
    Value hook = dict_get_str(t, MODULE(self)->dict, NAME_OF(t, __getattr__));
    if (hook == VALUE_UNSET) return VALUE_UNSET;
    Value argument = object_value(name);
    return call_value(t, hook, &argument, 1);
}

Value module_getattr(Thread *t, Value module, Str *name) {
    Value v = module_getattr_or_unset(t, module, name);
    return v == VALUE_UNSET ? raise_attribute_error(t, module, name) : v;
}

bool module_setattr(Thread *t, Value module, Str *name, Value v) {
    return object_setattr(t, module, name, v);
}

/* ---- any value ---- */

/* An AttributeError that does not say what it is about gets name and object. */
static Value complete_error(Thread *t, Value v, Str *name) {
    if (!exception_matches(t, EXC_AttributeError)) return VALUE_ERROR;
    Value e = t->exception;
    if (exception_field(e, ATTRIBUTE_ERROR_NAME) == VALUE_UNSET &&
        exception_field(e, ATTRIBUTE_ERROR_OBJ) == VALUE_UNSET) {
        exception_set_field(t, e, ATTRIBUTE_ERROR_NAME, object_value(name));
        exception_set_field(t, e, ATTRIBUTE_ERROR_OBJ, v);
    }
    return VALUE_ERROR;
}

Value value_getattr(Thread *t, Value v, Str *name) {
    Class *cls = class_of(t->vm, v);
    Value *roots = push_roots(t, 1);
    roots[0] = v;
    Value found = cls->slots.getattr ? cls->slots.getattr(t, v, name) : object_getattr(t, v, name);
    pop_roots(t, roots);
    return LIKELY(found != VALUE_ERROR) ? found : complete_error(t, v, name);
}

Value value_getattr_or_unset(Thread *t, Value v, Str *name) {
    Value (*getattr)(Thread *, Value, Str *) = class_of(t->vm, v)->slots.getattr;
    Value found;
    if (!getattr || getattr == object_getattr) found = object_getattr_or_unset(t, v, name);
    else if (getattr == class_getattr) found = class_getattr_or_unset(t, v, name);
    else if (getattr == module_getattr) found = module_getattr_or_unset(t, v, name);
    else found = getattr(t, v, name);
    if (found == VALUE_ERROR && exception_matches(t, EXC_AttributeError)) {
        exception_take(t);
        return VALUE_UNSET;
    }
    return found;
}

bool value_setattr(Thread *t, Value v, Str *name, Value x) {
    Class *cls = class_of(t->vm, v);
    return cls->slots.setattr ? cls->slots.setattr(t, v, name, x) : object_setattr(t, v, name, x);
}
