/* SPDX-License-Identifier: MIT */
/*
 * Dunder methods and slots, both ways: the slots a native class fills become methods
 * (class_publish_slots), the methods a Tulip class defines become slots (class_update_slots).
 *
 * class_update_slots derives a class's slots from what lookup along its MRO finds: published
 * natives stand for their owner's slot, anything else for the generic function. Where several
 * methods share a slot (__lt__ … __ge__,
 * __setitem__ and __delitem__) and disagree, the generic function serves, because it looks each up
 * by name.
 *
 * Read next: vm/slots.def, vm/slot_rows.c (the functions of each row), vm/ops.c (who calls slots).
 */
#include "vm/slots.h"

#include <stdlib.h>

#include "common/memory.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/signature.h"
#include "vm/str.h"

/* ---- calling ---- */

static bool registers_left(Thread *t, size_t count) {
    if (t->registers_top + count + 64 < t->registers_end) return true;
    raise_error(t, EXC_MemoryError, "too many arguments");
    return false;
}

Value call_with_self(Thread *t, Value callable, Value self, const Value *args, int argc,
                     Tuple *kwnames) {
    if (!registers_left(t, (size_t)argc + 1)) return VALUE_ERROR;
    Value *roots = push_roots(t, argc + 1);
    roots[0] = self;
    if (argc) memcpy(roots + 1, args, (size_t)argc * sizeof *args);
    Value result = kwnames ? call_keywords(t, callable, roots, argc + 1, kwnames)
                           : call_value(t, callable, roots, argc + 1);
    pop_roots(t, roots);
    return result;
}

/* Does [v], found on a class, take the instance as its first argument without further binding? */
bool slots_is_plain_method(Value v) {
    if (is_kind(v, OBJ_FUNCTION)) return true;
    if (!is_kind(v, OBJ_NATIVE)) return false;
    Native *native = (Native *)object_of(v);
    return native->owner && native->self == VALUE_UNSET;
}

/* Raise what a method that is None stands for. */
static Value raise_refused(Thread *t, Value self, Str *name) {
    const char *format = "'NoneType' object is not callable";
    if (name == NAME_OF(t, __iter__)) format = "'%T' object is not iterable";
    if (name == NAME_OF(t, __contains__)) format = "'%T' object is not a container";
    return raise_error(t, EXC_TypeError, format, self);
}

Value call_dunder(Thread *t, Value self, Str *name, const Value *args, int argc) {
    Class *cls = class_of(t->vm, self);
    Value found = class_lookup(t, cls, name);
    if (found == VALUE_UNSET) return VALUE_UNSET;
    if (found == VALUE_NONE) return raise_refused(t, self, name);
    if (LIKELY(slots_is_plain_method(found)))
        return call_with_self(t, found, self, args, argc, NULL);
    Value *roots = push_roots(t, argc + 1);
    for (int i = 0; i < argc; i++) roots[i + 1] = args[i];
    roots[0] = attribute_bind(t, found, self, object_value(cls));
    Value result = roots[0] == VALUE_ERROR ? VALUE_ERROR : call_value(t, roots[0], roots + 1, argc);
    pop_roots(t, roots);
    return result;
}

Value *spread_arguments(Thread *t, int head, Tuple *args, Dict *kwargs, int *argc,
                        Tuple **kwnames) {
    size_t keywords = kwargs ? kwargs->used : 0, count = (size_t)head + args->size + keywords;
    if (!registers_left(t, count + 1)) return NULL;
    Value *roots = push_roots(t, (int)count + 1);
    memcpy(roots + head, args->items, args->size * sizeof(Value));
    *argc = (int)count;
    *kwnames = NULL;
    if (!keywords) return roots;
    *kwnames = tuple_new(t, keywords);
    roots[count] = object_value(*kwnames);
    uint32_t position = 0;
    Value key, value;
    for (size_t i = 0; dict_next(kwargs, &position, &key, &value); i++) {
        (*kwnames)->items[i] = key;
        roots[(size_t)head + args->size + i] = value;
    }
    return roots;
}

/* ---- slots by offset ---- */

static AnyFn slot_get(const Slots *slots, size_t offset) {
    AnyFn fn;
    memcpy(&fn, (const char *)slots + offset, sizeof fn);
    return fn;
}

static void slot_put(Slots *slots, size_t offset, AnyFn fn) {
    memcpy((char *)slots + offset, &fn, sizeof fn);
}

void slots_merge(Slots *into, const Slots *own, const Slots *base) {
    Slots merged = *base;
    for (size_t offset = 0; own && offset < sizeof(Slots); offset += sizeof(AnyFn)) {
        AnyFn fn = slot_get(own, offset);
        if (fn) slot_put(&merged, offset, fn);
    }
    if (own && own->compare && !own->hash) merged.hash = NULL;
    *into = merged;
}

/* ---- slots as methods ---- */

/* Give a freshly parsed signature a keyword-only parameter whose default is [owner]. */
static void add_owner(Thread *t, Signature *s, Class *owner) {
    size_t count = s->positional;
    s->names = realloc(s->names, (count + 1) * sizeof *s->names);
    s->defaults = realloc(s->defaults, (count + 1) * sizeof *s->defaults);
    if (!s->names || !s->defaults) memory_exhausted(count * sizeof *s->names);
    s->names[count] = str_intern(t->vm, " owner", 6);
    s->defaults[count] = object_value(owner);
    s->keyword_only = 1;
    s->owner = owner->name->data;
    s->of_slot = true;
}

/* Slots that CPython has as ordinary methods besides, for speed. */
static bool is_plain_method(const Thread *t, const Class *cls, const SlotRow *row) {
    bool dict = cls == BUILTIN_CLASS(t, DICT);
    if (row->name == NAME___getitem__) return dict || cls == BUILTIN_CLASS(t, LIST);
    if (row->name != NAME___contains__) return false;
    return dict || cls == BUILTIN_CLASS(t, SET) || cls == BUILTIN_CLASS(t, FROZENSET);
}

static bool makes_power(const SlotRow *row) { return row->name == NAME___pow__; }

static void publish(Thread *t, Class *cls, const SlotRow *row) {
    Str *name = t->vm->names[row->name];
    if (dict_get_str(t, cls->dict, name) != VALUE_UNSET) return;
    bool constructs = row->name == NAME___new__;
    const NativeDef *def = makes_power(row) ? &slot_power_def
                           : constructs     ? &slot_construct_def
                                            : &row->def;
    Value native = native_new(t, def, VALUE_UNSET, NULL);
    Native *n = (Native *)object_of(native);
    n->owner = cls;
    bool wrapper = !constructs && !is_plain_method(t, cls, row);
    if (wrapper) object_set_class(&n->header, t->vm->wrapper_descriptor);
    add_owner(t, n->signature, cls);
    n->signature->wrapper = wrapper;
    n->parameters = (uint16_t)signature_size(n->signature);
    n->simple = false;
    n->exact = n->most = -1;
    dict_set_str(t, cls->dict, name, constructs ? staticmethod_new(t, native) : native);
}

/* Sequences have __add__ but, as in Python, no __radd__. */
static bool is_unpublished(const Slots *own, const SlotRow *row) {
    return row->name == NAME___getattr__ || (row->name == NAME___radd__ && own->getitem);
}

void class_publish_slots(Thread *t, Class *cls, const Slots *own) {
    if (dict_get_str(t, cls->dict, NAME_OF(t, __doc__)) == VALUE_UNSET) {
        dict_set_str(t, cls->dict, NAME_OF(t, __doc__), cls->doc);
    }
    if (!own) return;
    for (size_t i = 0; i < slot_row_count; i++) {
        if (slot_get(own, slot_rows[i].offset) && !is_unpublished(own, &slot_rows[i]))
            publish(t, cls, &slot_rows[i]);
    }
    if (!own->compare || own->hash) return;
    cls->slots.hash = NULL;
    dict_set_str(t, cls->dict, NAME_OF(t, __hash__), VALUE_NONE);
}

/* ---- methods as slots ---- */

/* The class whose slot the native found for [row] calls, or NULL when it is any other object, one
 * that is bound, or the method of a class that [cls] does not derive from. */
static Class *published_owner(const Class *cls, Value found, const SlotRow *row) {
    if (is_kind(found, OBJ_STATICMETHOD)) found = METHOD_WRAPPER(found)->function;
    if (!is_kind(found, OBJ_NATIVE)) return NULL;
    Native *native = (Native *)object_of(found);
    bool same = native->fn == row->def.fn || (makes_power(row) && native->fn == slot_power_def.fn);
    if (!same || native->self != VALUE_UNSET || !native->owner) return NULL;
    return class_is_subclass(cls, native->owner) ? native->owner : NULL;
}

static AnyFn slot_from_method(const Class *cls, Value found, const SlotRow *row) {
    Class *owner = published_owner(cls, found, row);
    return owner ? slot_get(&owner->slots, row->offset) : row->generic;
}

/* What one more method found for a slot makes of it: methods that disagree leave the generic
 * function. */
static AnyFn combine(const Class *cls, AnyFn slot, Value found, const SlotRow *row) {
    if (found == VALUE_UNSET) return slot;
    if (found == VALUE_NONE) /* no hash; else the generic function says that None is no method */
        return row->name == NAME___hash__ ? slot : row->generic;
    AnyFn fn = slot_from_method(cls, found, row);
    return !slot || slot == fn ? fn : row->generic;
}

static AnyFn derive_slot(Thread *t, Class *cls, size_t offset) {
    AnyFn slot = NULL;
    for (size_t i = 0; i < slot_row_count; i++) {
        const SlotRow *row = &slot_rows[i];
        if (row->offset != offset) continue;
        slot = combine(cls, slot, class_lookup(t, cls, t->vm->names[row->name]), row);
    }
    return slot;
}

static bool looks_up(Thread *t, Class *cls, NameId name) {
    return class_lookup(t, cls, t->vm->names[name]) != VALUE_UNSET;
}

static void set_flag(Class *cls, uint32_t flag, bool on) {
    if (on) cls->flags |= flag;
    else cls->flags &= ~flag;
}

/* Is the slot of the method [name] the function that calls the method? */
static bool is_generic(const Class *cls, NameId name) {
    for (size_t i = 0; i < slot_row_count; i++) {
        if (slot_rows[i].name != name) continue;
        return slot_get(&cls->slots, slot_rows[i].offset) == slot_rows[i].generic;
    }
    return false;
}

static void update_flags(Thread *t, Class *cls) {
    set_flag(cls, CLASS_HAS_DEL, looks_up(t, cls, NAME___del__));
    set_flag(cls, CLASS_GETATTR_HOOK,
             is_generic(cls, NAME___getattribute__) || is_generic(cls, NAME___getattr__));
    set_flag(cls, CLASS_SETATTR_HOOK, is_generic(cls, NAME___setattr__));
    set_flag(cls, CLASS_PLAIN_NEW,
             cls->slots.construct == object_slots.construct && cls->kind == OBJ_OBJECT);
}

/* All slots from scratch, one pass over the rows. */
static void derive_all(Thread *t, Class *cls) {
    Slots slots = {.power_mod = cls->base ? cls->base->slots.power_mod : NULL};
    for (size_t i = 0; i < slot_row_count; i++) {
        const SlotRow *row = &slot_rows[i];
        Value found = class_lookup(t, cls, t->vm->names[row->name]);
        slot_put(&slots, row->offset, combine(cls, slot_get(&slots, row->offset), found, row));
    }
    cls->slots = slots;
}

void class_update_slots(Thread *t, Class *cls) {
    derive_all(t, cls);
    update_flags(t, cls);
}

void class_inherit_slots(Thread *t, Class *cls) {
    if (cls->bases->size > 1) {
        class_update_slots(t, cls);
        return;
    }
    cls->slots = cls->base->slots;
    for (size_t i = 0; i < slot_row_count; i++) {
        const SlotRow *row = &slot_rows[i];
        if (dict_get_str(t, cls->dict, t->vm->names[row->name]) == VALUE_UNSET) continue;
        slot_put(&cls->slots, row->offset, derive_slot(t, cls, row->offset));
    }
    update_flags(t, cls);
}
