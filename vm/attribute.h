/* SPDX-License-Identifier: MIT */
/*
 * Attribute access, and how inline caches answer it without a lookup.
 *
 * An instruction that loads or stores an attribute asks once how objects with this key can be
 * answered, and keeps the answer in its cache words. As long as value_cache_key() of the object
 * equals the cached key the answer holds: classes and shapes get new keys whenever anything that
 * could change it changes.
 *
 * Keys. Instances with attributes: their shape's key. Classes as values: their own key with the top
 * bit set. Modules: the layout number of their dict. Everything else: the key of its class. Key 0
 * is never cached, and ATTR_NONE is 0, so cache words that are still zero answer nothing.
 *
 * Read next: vm/attribute.c, vm/shape.c.
 */
#ifndef TULIP_VM_ATTRIBUTE_H
#define TULIP_VM_ATTRIBUTE_H

#include "vm/descriptor.h"

/* How an attribute of objects with the cached key is found. */
typedef enum AttributeKind {
    ATTR_NONE,   /* not cacheable: use value_getattr / value_setattr */
    ATTR_SLOT,   /* INSTANCE(v)->slots[index] (kind OBJ_OBJECT only); store: not empty before */
    ATTR_MORE,   /* object_attributes(o)->more[index] */
    ATTR_METHOD, /* [value], a Function or an unbound Native of the class: LOAD_METHOD gives (value,
                    v); LOAD_ATTR must bind (method_new) */
    ATTR_CLASS_VALUE,     /* [value] as it is */
    ATTR_PROPERTY,        /* call [value], a Tulip Function, with v */
    ATTR_FIELD,           /* [value], a Member: its field's get; store: its set */
    ATTR_MODULE,          /* MODULE(v)->dict->entries[index].value */
    ATTR_CLASS_ATTRIBUTE, /* v is a class: [value] as it is */
    ATTR_CLASSMETHOD,     /* [value] (a Function or Native) bound to the class: v itself when v is a
                             class, else v's class */
    ATTR_ADD_SLOT,        /* store: slots[index] := x (it is VALUE_UNSET), then attributes.shape
                             := [shape] */
    ATTR_ADD_MORE,        /* store: more[index] := x (there is room), then shape := [shape] */
} AttributeKind;

typedef struct AttributeCache {
    AttributeKind kind;
    uint32_t key; /* value_cache_key() of the objects it holds for */
    uint32_t index;
    Value value;  /* kept alive by the class as long as the key matches */
    Shape *shape; /* ATTR_ADD_…: the shape afterwards */
} AttributeCache;

/* How to load [name] from objects like [v]; false (and kind ATTR_NONE) when it cannot be cached.
 * Never raises. */
bool attribute_cache_load(Thread *t, Value v, Str *name, AttributeCache *out);
/* The same for storing. */
bool attribute_cache_store(Thread *t, Value v, Str *name, AttributeCache *out);

/* A bound method. */
Value method_new(Thread *t, Value function, Value self);
/* [v], found on a class, as an attribute of [instance] (VALUE_UNSET: of the class [owner] itself):
 * descriptors applied. */
Value attribute_bind(Thread *t, Value v, Value instance, Value owner) MUST_CHECK;
/* Does [v]'s class have __set__ or __delete__? */
bool is_data_descriptor(const Vm *vm, Value v);
/* Raises AttributeError "'T' object has no attribute 'name'" with name and obj set. */
Value raise_attribute_error(Thread *t, Value v, Str *name);
/* The getattr / setattr slots of classes and modules. */
Value class_getattr(Thread *t, Value cls, Str *name) MUST_CHECK;
bool class_setattr(Thread *t, Value cls, Str *name, Value v) MUST_CHECK;
Value module_getattr(Thread *t, Value module, Str *name) MUST_CHECK;
bool module_setattr(Thread *t, Value module, Str *name, Value v) MUST_CHECK;
/* object_getattr without the error: VALUE_UNSET when there is none. */
Value object_getattr_or_unset(Thread *t, Value self, Str *name) MUST_CHECK;

#endif
