/* SPDX-License-Identifier: MIT */
/*
 * What inline caches may remember about an attribute: for objects with this key, where the answer
 * is.
 *
 * A key that matches proves that the class, its bases and the shape are as they were, so whatever
 * follows from those alone may be cached. What depends on one object (dict mode, functions' own
 * attributes) may not. Read next: vm/attribute.h lists the kinds;
 * vm/instructions/attributes.h uses them.
 */
#include "vm/attribute.h"

#include "vm/code.h"
#include "vm/container.h"
#include "vm/descriptor.h"

static bool answer(AttributeCache *out, AttributeKind kind, Value value) {
    out->kind = kind;
    out->value = value;
    return true;
}

static bool answer_slot(AttributeCache *out, const Shape *shape, int index) {
    out->kind = index < shape->inline_slots ? ATTR_SLOT : ATTR_MORE;
    out->index = (uint32_t)(index < shape->inline_slots ? index : index - shape->inline_slots);
    return true;
}

static bool is_callable_function(Value v) {
    return is_kind(v, OBJ_FUNCTION) || is_kind(v, OBJ_NATIVE);
}

static bool is_unbound_native(Value v) {
    return is_kind(v, OBJ_NATIVE) && ((Native *)object_of(v))->self == VALUE_UNSET;
}

/* [found] on the class of an instance that has no attribute of its own of that name. */
static bool load_class_attribute(Thread *t, Value found, AttributeCache *out) {
    if (!is_object(found)) return answer(out, ATTR_CLASS_VALUE, found);
    switch (object_kind(object_of(found))) {
    case OBJ_FUNCTION: return answer(out, ATTR_METHOD, found);
    case OBJ_NATIVE:
        if (is_unbound_native(found) && ((Native *)object_of(found))->owner) {
            return answer(out, ATTR_METHOD, found);
        }
        return answer(out, ATTR_CLASS_VALUE, found);
    case OBJ_STATICMETHOD: return answer(out, ATTR_CLASS_VALUE, METHOD_WRAPPER(found)->function);
    case OBJ_CLASSMETHOD:
        if (!is_callable_function(METHOD_WRAPPER(found)->function)) return false;
        return answer(out, ATTR_CLASSMETHOD, METHOD_WRAPPER(found)->function);
    default: break;
    }
    if (class_of(t->vm, found)->slots.descr_get) return false;
    return answer(out, ATTR_CLASS_VALUE, found);
}

static bool load_from_class(Thread *t, Value v, Str *name, AttributeCache *out) {
    Class *meta = object_class(object_of(v));
    if (meta->slots.getattr != class_getattr) return false;
    Value of_meta = class_lookup(t, meta, name);
    if (of_meta != VALUE_UNSET && is_data_descriptor(t->vm, of_meta)) return false;
    Value found = class_lookup(t, CLASS(v), name);
    if (found == VALUE_UNSET) return false;
    if (!is_object(found)) return answer(out, ATTR_CLASS_ATTRIBUTE, found);
    ObjectKind kind = object_kind(object_of(found));
    if (kind == OBJ_FUNCTION || kind == OBJ_NATIVE) return answer(out, ATTR_CLASS_ATTRIBUTE, found);
    if (kind == OBJ_STATICMETHOD) {
        return answer(out, ATTR_CLASS_ATTRIBUTE, METHOD_WRAPPER(found)->function);
    }
    if (kind == OBJ_CLASSMETHOD && is_callable_function(METHOD_WRAPPER(found)->function)) {
        return answer(out, ATTR_CLASSMETHOD, METHOD_WRAPPER(found)->function);
    }
    if (class_of(t->vm, found)->slots.descr_get) return false;
    return answer(out, ATTR_CLASS_ATTRIBUTE, found);
}

static bool load_from_module(Thread *t, Value v, Str *name, AttributeCache *out) {
    Class *cls = object_class(object_of(v));
    if (cls->slots.getattr != module_getattr) return false;
    Value found = class_lookup(t, cls, name);
    if (found != VALUE_UNSET && is_data_descriptor(t->vm, found)) return false;
    Dict *dict = MODULE(v)->dict;
    dict_watch(t->vm, dict);
    int64_t position = dict_find_str(t, dict, name);
    if (position < 0) return false;
    out->index = (uint32_t)position;
    return answer(out, ATTR_MODULE, VALUE_UNSET);
}

/* Is [found] a field, implemented in C, of objects like [v]? */
static bool is_field_of(Thread *t, Value v, Value found) {
    return is_kind(found, OBJ_MEMBER) && MEMBER(found)->field &&
           class_is_subclass(class_of(t->vm, v), CLASS(MEMBER(found)->owner));
}

/* A data descriptor decides before the instance is asked. */
static bool load_data_descriptor(Thread *t, Value v, Str *name, Value found, const Shape *shape,
                                 AttributeCache *out) {
    if (is_kind(found, OBJ_MEMBER) && !MEMBER(found)->field && shape) {
        int index = shape_find(shape, name);
        return index >= 0 && answer_slot(out, shape, index);
    }
    if (is_field_of(t, v, found)) return answer(out, ATTR_FIELD, found);
    if (!is_kind(found, OBJ_PROPERTY) || !is_kind(PROPERTY(found)->get, OBJ_FUNCTION)) return false;
    if (object_class(object_of(found))->flags & CLASS_HEAP) return false;
    return answer(out, ATTR_PROPERTY, PROPERTY(found)->get);
}

static bool load_from_instance(Thread *t, Value v, Str *name, AttributeCache *out) {
    Class *cls = class_of(t->vm, v);
    if (cls->slots.getattr && cls->slots.getattr != object_getattr) return false;
    if (is_kind(v, OBJ_FUNCTION)) return false;
    Value found = class_lookup(t, cls, name);
    Attributes *a = is_object(v) ? object_attributes(object_of(v)) : NULL;
    if (a && a->shape->is_dict) return false;
    if (found != VALUE_UNSET && is_data_descriptor(t->vm, found)) {
        return load_data_descriptor(t, v, name, found, a ? a->shape : NULL, out);
    }
    int index = a ? shape_find(a->shape, name) : -1;
    if (index >= 0) return answer_slot(out, a->shape, index);
    return found != VALUE_UNSET && load_class_attribute(t, found, out);
}

bool attribute_cache_load(Thread *t, Value v, Str *name, AttributeCache *out) {
    *out = (AttributeCache){.kind = ATTR_NONE, .value = VALUE_UNSET};
    bool found;
    if (is_kind(v, OBJ_CLASS)) found = load_from_class(t, v, name, out);
    else if (is_kind(v, OBJ_MODULE)) found = load_from_module(t, v, name, out);
    else found = load_from_instance(t, v, name, out);
    out->key = found ? value_cache_key(t->vm, v) : 0;
    if (out->key == 0) out->kind = ATTR_NONE;
    return out->kind != ATTR_NONE;
}

/* ---- stores ---- */

static bool store_new_slot(Thread *t, const Attributes *a, Str *name, AttributeCache *out) {
    Shape *shape = shape_add(t->vm, a->shape, name);
    if (!shape) return false;
    int index = shape->count - 1;
    if (index < shape->inline_slots) {
        out->index = (uint32_t)index;
        out->kind = ATTR_ADD_SLOT;
    } else {
        if (shape_more_capacity(a->shape) != shape_more_capacity(shape)) return false;
        out->index = (uint32_t)(index - shape->inline_slots);
        out->kind = ATTR_ADD_MORE;
    }
    out->shape = shape;
    return true;
}

static bool store_cacheable(Thread *t, Value v, Str *name, AttributeCache *out) {
    if (!is_object(v)) return false;
    Class *cls = object_class(object_of(v));
    if (cls->slots.setattr && cls->slots.setattr != object_setattr) return false;
    ObjectKind kind = object_kind(object_of(v));
    if (kind == OBJ_CLASS || kind == OBJ_MODULE || kind == OBJ_FUNCTION) return false;
    Value found = class_lookup(t, cls, name);
    if (is_field_of(t, v, found))
        return MEMBER(found)->field->set && answer(out, ATTR_FIELD, found);
    Attributes *a = object_attributes(object_of(v));
    if (!a || a->shape->is_dict) return false;
    bool member = is_kind(found, OBJ_MEMBER) && !MEMBER(found)->field;
    if (!member && (cls->flags & CLASS_NO_DICT)) return false;
    if (!member && found != VALUE_UNSET && is_data_descriptor(t->vm, found)) return false;
    int index = shape_find(a->shape, name);
    return index >= 0 ? answer_slot(out, a->shape, index) : store_new_slot(t, a, name, out);
}

bool attribute_cache_store(Thread *t, Value v, Str *name, AttributeCache *out) {
    *out = (AttributeCache){.kind = ATTR_NONE, .value = VALUE_UNSET};
    if (store_cacheable(t, v, name, out)) out->key = value_cache_key(t->vm, v);
    if (out->key == 0) out->kind = ATTR_NONE;
    return out->kind != ATTR_NONE;
}
