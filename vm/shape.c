/* SPDX-License-Identifier: MIT */
/*
 * Instances: where their attributes are.
 *
 * A shape says which attributes an instance has and in which slots. Adding an attribute moves the
 * instance to the child shape for that name, so instances made by the same __init__ share one shape
 * and inline caches need compare one number. The first slots of a plain instance are inside the
 * object, the rest in a malloc'd array. Past SHAPE_MAX_SLOTS attributes, after a deletion, or once
 * somebody holds its __dict__, an instance moves to *dict mode*: its attributes are a Dict, its
 * shape says only that.
 *
 * Shapes are malloc'd and belong to their class; they hold interned names only, which live as long
 * as the VM. Invariants: a slot below shape->count is never VALUE_UNSET; slots above it are
 * VALUE_UNSET (inline) or unused. Read next: vm/attribute.c.
 */
#include <stdlib.h>

#include "common/memory.h"
#include "vm/attribute.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/reduce.h"
#include "vm/str.h"

/* ---- shapes ---- */

static Shape *shape_new(Vm *vm, Class *cls, Shape *parent, Str *name) {
    Shape *shape = calloc(1, sizeof *shape);
    if (!shape) memory_exhausted(sizeof(Shape));
    shape->cls = cls;
    shape->parent = parent;
    shape->name = name;
    shape->key = key_new(vm);
    shape->count = parent ? parent->count + 1 : 0;
    shape->inline_slots = cls->kind == OBJ_OBJECT ? cls->inline_slots : 0;
    return shape;
}

Shape *shape_new_root(Vm *vm, Class *cls) { return shape_new(vm, cls, NULL, NULL); }

static Shape *dict_shape(Vm *vm, Shape *shape) {
    while (shape->parent) shape = shape->parent;
    if (shape->is_dict) return shape;
    if (!shape->dict_shape) {
        shape->dict_shape = shape_new(vm, shape->cls, NULL, NULL);
        shape->dict_shape->is_dict = true;
        shape->dict_shape->inline_slots = 0;
    }
    return shape->dict_shape;
}

void shape_set_dict(Vm *vm, Attributes *a, Dict *dict) {
    a->shape = dict_shape(vm, a->shape);
    a->dict = dict;
}

void shape_renew_keys(Vm *vm, Shape *root) {
    root->key = key_new(vm);
    if (root->dict_shape) root->dict_shape->key = key_new(vm);
    for (int i = 0; i < root->child_count; i++) shape_renew_keys(vm, root->children[i]);
}

void shape_free(Shape *root) {
    for (int i = 0; i < root->child_count; i++) shape_free(root->children[i]);
    free(root->children);
    free(root->dict_shape);
    free(root);
}

int shape_find(const Shape *shape, const Str *name) {
    for (; shape->parent; shape = shape->parent) {
        if (shape->name == name) return shape->count - 1;
    }
    return -1;
}

Shape *shape_add(Vm *vm, Shape *shape, Str *name) {
    for (int i = 0; i < shape->child_count; i++) {
        if (shape->children[i]->name == name) return shape->children[i];
    }
    if (shape->count >= SHAPE_MAX_SLOTS || shape->is_dict) return NULL;
    Shape *child = shape_new(vm, shape->cls, shape, name);
    int n = shape->child_count;
    if ((n & (n - 1)) == 0) {
        Shape **children = realloc(shape->children, (size_t)(n ? n * 2 : 1) * sizeof *children);
        if (!children) memory_exhausted(sizeof(Shape));
        shape->children = children;
    }
    shape->children[shape->child_count++] = child;
    return child;
}

/* ---- making objects ---- */

static size_t round8(size_t size) { return (size + 7) & ~(size_t)7; }

static void init_attributes(Thread *t, Class *cls, Object *o) {
    object_attributes(o)->shape = cls->root_shape;
    if (cls->kind == OBJ_OBJECT) {
        for (int i = 0; i < cls->inline_slots; i++) ((Instance *)o)->slots[i] = VALUE_UNSET;
    }
    if (cls->flags & CLASS_HAS_DEL) heap_register_finalizable(&t->vm->heap, o);
}

/* The Attributes part of a str, tuple or bytes lies behind its payload, whose size its creator
 * fills in later: it is initialised by the place it is going to be at. */
static Attributes *attributes_at_end(Object *o, size_t size) {
    return (Attributes *)((char *)o + size - sizeof(Attributes));
}

void *object_new(Thread *t, Class *cls, size_t extra) {
    size_t size = round8(cls->instance_size + extra);
    if (cls->kind == OBJ_OBJECT) size += cls->inline_slots * sizeof(Value);
    if (cls->flags & CLASS_HAS_ATTRIBUTES) size += sizeof(Attributes);
    Object *o = heap_allocate(&t->vm->heap, size, cls->kind, cls);
    if (!(cls->flags & CLASS_HAS_ATTRIBUTES)) {
        if (cls->flags & CLASS_HAS_DEL) heap_register_finalizable(&t->vm->heap, o);
    } else if (cls->kind == OBJ_OBJECT) {
        init_attributes(t, cls, o);
    } else {
        attributes_at_end(o, size)->shape = cls->root_shape;
        if (cls->flags & CLASS_HAS_DEL) heap_register_finalizable(&t->vm->heap, o);
    }
    return o;
}

Instance *instance_new(Thread *t, Class *cls) {
    size_t size = sizeof(Instance) + cls->inline_slots * sizeof(Value);
    Instance *instance = heap_allocate_small(&t->vm->heap, size, OBJ_OBJECT, cls);
    instance->attributes.shape = cls->root_shape;
    instance->attributes.more = NULL;
    for (int i = 0; i < cls->inline_slots; i++) instance->slots[i] = VALUE_UNSET;
    if (UNLIKELY(cls->flags & CLASS_HAS_DEL))
        heap_register_finalizable(&t->vm->heap, &instance->header);
    return instance;
}

Attributes *object_attributes(Object *o) {
    Class *cls = object_class(o);
    if (!(cls->flags & CLASS_HAS_ATTRIBUTES)) return NULL;
    size_t size;
    switch (object_kind(o)) {
    case OBJ_OBJECT: return &((Instance *)o)->attributes;
    case OBJ_STR: size = offsetof(Str, own_text) + ((Str *)o)->size + 1; break;
    case OBJ_BYTES: size = offsetof(Bytes, data) + ((Bytes *)o)->size + 1; break;
    case OBJ_TUPLE: size = sizeof(Tuple) + ((Tuple *)o)->size * sizeof(Value); break;
    default: size = cls->instance_size;
    }
    return (Attributes *)((char *)o + round8(size));
}

/* ---- attributes of one object ---- */

static Value *slot_at(Object *o, Attributes *a, int index) {
    int in_line = a->shape->inline_slots;
    return index < in_line ? &((Instance *)o)->slots[index] : &a->more[index - in_line];
}

/* The Dict behind [o] when its attributes are one: functions, modules, dict mode. */
static Dict *own_dict(Object *o) {
    switch (object_kind(o)) {
    case OBJ_FUNCTION: return ((Function *)o)->attributes;
    case OBJ_MODULE: return ((Module *)o)->dict;
    default: break;
    }
    Attributes *a = object_attributes(o);
    return a && a->shape->is_dict ? a->dict : NULL;
}

Value instance_get(Thread *t, Object *o, Str *name) {
    Attributes *a = object_attributes(o);
    if (a && !a->shape->is_dict) {
        int index = shape_find(a->shape, name);
        return index < 0 ? VALUE_UNSET : *slot_at(o, a, index);
    }
    Dict *dict = own_dict(o);
    return dict ? dict_get_str(t, dict, name) : VALUE_UNSET;
}

/* ---- __slots__ members in dict mode ----
 * They are no part of __dict__: a Dict of their own takes the first inline slot, which is otherwise
 * unused then. */

static Value *members_place(Object *o) { return &((Instance *)o)->slots[0]; }

static bool is_member_name(Thread *t, const Object *o, Str *name) {
    if (object_kind(o) != OBJ_OBJECT) return false;
    Value found = class_lookup(t, object_class(o), name);
    return is_kind(found, OBJ_MEMBER) && !MEMBER(found)->field;
}

static bool has_members_dict(Object *o) {
    Attributes *a = object_kind(o) == OBJ_OBJECT ? object_attributes(o) : NULL;
    return a && a->shape->is_dict;
}

static Dict *members_dict(Thread *t, Object *o, bool make) {
    Value *place = members_place(o);
    if (is_kind(*place, OBJ_DICT)) return DICT(*place);
    if (!make) return NULL;
    *place = object_value(dict_new(t));
    return DICT(*place);
}

Value instance_get_member(Thread *t, Object *o, Str *name) {
    if (!has_members_dict(o)) return instance_get(t, o, name);
    Dict *members = members_dict(t, o, false);
    return members ? dict_get_str(t, members, name) : VALUE_UNSET;
}

bool instance_set_member(Thread *t, Object *o, Str *name, Value v) {
    if (!has_members_dict(o) && v == VALUE_UNSET) instance_dict(t, o);
    if (!has_members_dict(o)) return instance_set(t, o, name, v);
    Dict *members = members_dict(t, o, v != VALUE_UNSET);
    if (v == VALUE_UNSET) return members && dict_delete_str(t, members, name);
    dict_set_str(t, members, name, v);
    return true;
}

Dict *instance_attributes(Thread *t, Object *o, bool members) {
    Attributes *a = object_attributes(o);
    if (!a || a->shape->is_dict) {
        Dict *dict = NULL;
        if (!members) dict = own_dict(o);
        else if (has_members_dict(o)) dict = members_dict(t, o, false);
        return dict && dict->used ? dict_copy(t, dict) : NULL;
    }
    Shape *path[SHAPE_MAX_SLOTS + 1], *shape = a->shape;
    int count = shape->count;
    for (int i = count; i > 0; i--, shape = shape->parent) path[i - 1] = shape;
    Dict *dict = NULL;
    for (int i = 0; i < count; i++) {
        if (is_member_name(t, o, path[i]->name) != members) continue;
        if (!dict) dict = dict_new_sized(t, (size_t)count);
        dict_set_str(t, dict, path[i]->name, *slot_at(o, a, i));
    }
    return dict;
}

/* Move [o] to dict mode. The values become invisible to a marker that has yet to scan [o] and will
 * not scan the new dict, so they are shaded as if removed. */
static Dict *to_dict_mode(Thread *t, Object *o, Attributes *a) {
    Heap *heap = &t->vm->heap;
    Shape *path[SHAPE_MAX_SLOTS + 1];
    int count = a->shape->count;
    Shape *shape = a->shape;
    for (int i = count; i > 0; i--, shape = shape->parent) path[i - 1] = shape;
    Dict *dict = dict_new_sized(t, (size_t)count), *members = NULL;
    for (int i = 0; i < count; i++) {
        Value *slot = slot_at(o, a, i);
        bool member = is_member_name(t, o, path[i]->name);
        if (member && !members) members = dict_new(t);
        heap_forget(heap, *slot);
        dict_set_str(t, member ? members : dict, path[i]->name, *slot);
        *slot = VALUE_UNSET;
    }
    if (members) *members_place(o) = object_value(members);
    heap_release(heap, a->more, shape_more_capacity(a->shape) * sizeof(Value));
    a->shape = dict_shape(t->vm, a->shape);
    a->dict = dict;
    return dict;
}

Dict *instance_dict(Thread *t, Object *o) {
    if (object_kind(o) == OBJ_FUNCTION) {
        Function *f = (Function *)o;
        if (!f->attributes) f->attributes = dict_new(t);
        return f->attributes;
    }
    if (object_kind(o) == OBJ_MODULE) return ((Module *)o)->dict;
    Attributes *a = object_attributes(o);
    return a->shape->is_dict ? a->dict : to_dict_mode(t, o, a);
}

static void add_slot(Thread *t, Object *o, Attributes *a, Shape *shape, Value v) {
    uint32_t capacity = shape_more_capacity(a->shape), more_capacity = shape_more_capacity(shape);
    if (more_capacity > capacity) {
        Value *more = heap_realloc(&t->vm->heap, a->more, capacity * sizeof(Value),
                                   more_capacity * sizeof(Value));
        a->more = more;
    }
    a->shape = shape;
    *slot_at(o, a, shape->count - 1) = v;
}

static bool set_in_dict(Thread *t, Dict *dict, Str *name, Value v) {
    if (v == VALUE_UNSET) return dict_delete_str(t, dict, name);
    dict_set_str(t, dict, name, v);
    return true;
}

bool instance_set(Thread *t, Object *o, Str *name, Value v) {
    Attributes *a = object_attributes(o);
    if (!a || a->shape->is_dict) return set_in_dict(t, instance_dict(t, o), name, v);
    int index = shape_find(a->shape, name);
    if (v == VALUE_UNSET) return index >= 0 && dict_delete_str(t, to_dict_mode(t, o, a), name);
    if (index >= 0) {
        heap_set(&t->vm->heap, slot_at(o, a, index), v);
        return true;
    }
    Shape *shape = shape_add(t->vm, a->shape, name);
    if (shape) add_slot(t, o, a, shape, v);
    else dict_set_str(t, to_dict_mode(t, o, a), name, v);
    return true;
}
