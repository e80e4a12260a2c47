/* SPDX-License-Identifier: MIT */
/*
 * Objects that a class holds and that say what becomes of them when they are looked up: properties,
 * static and class methods, super, fields and __slots__ members, and the read-only view of a
 * class's dict.
 *
 * Every field after the header is a Value (VALUE_UNSET or VALUE_NONE when absent), except in
 * Member. Read next: vm/descriptor.c, vm/attribute.c.
 */
#ifndef TULIP_VM_DESCRIPTOR_H
#define TULIP_VM_DESCRIPTOR_H

#include "vm/native.h"

typedef struct Property {
    Object header;
    Value get, set, del; /* VALUE_NONE when absent */
    Value doc, name;     /* VALUE_NONE / VALUE_UNSET when unknown */
} Property;

/* staticmethod and classmethod. */
typedef struct MethodWrapper {
    Object header;
    Value function;
} MethodWrapper;

typedef struct Super {
    Object header;
    Value type;      /* the class after which the lookup starts */
    Value self;      /* the object or class it is bound to; VALUE_UNSET when unbound */
    Value self_type; /* the class whose MRO is searched */
} Super;

/* A __slots__ entry (field NULL) or a computed field of a native class. */
typedef struct Member {
    Object header;
    Value name;            /* interned str */
    Value owner;           /* the class */
    const FieldDef *field; /* static */
} Member;

typedef struct MappingProxy {
    Object header;
    Value mapping;
} MappingProxy;

#define PROPERTY(v)       ((Property *)(uintptr_t)(v))
#define METHOD_WRAPPER(v) ((MethodWrapper *)(uintptr_t)(v))
#define SUPER(v)          ((Super *)(uintptr_t)(v))
#define MEMBER(v)         ((Member *)(uintptr_t)(v))

/* The data descriptor of a computed field; native_class_init puts it in the class's dict. */
Value member_new(Thread *t, Class *owner, Str *name, const FieldDef *field);
Value field_new(Thread *t, Class *owner, const FieldDef *field);
Value staticmethod_new(Thread *t, Value function);
Value classmethod_new(Thread *t, Value function);
/* A read-only view of [mapping]. */
Value mappingproxy_new(Thread *t, Value mapping);
/* A module with an empty dict but for its __name__. */
Module *module_new(Thread *t, Str *name);
/* super(type, self), as a call to super does; raises TypeError when [self] does not fit. */
Value super_new(Thread *t, Value type, Value self) MUST_CHECK;

#endif
