/* SPDX-License-Identifier: MIT */
/*
 * The class `object`: what every object can do unless its class knows better, and the identity
 * numbers behind id().
 *
 * id() and the default hash are sequence numbers given out on first demand, never addresses, so a
 * program prints the same in every run. The table maps an address to its number; an address that is
 * used again keeps its number, as two objects that never live at the same time may share one.
 *
 * Read next: vm/type.c, vm/slots.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/reduce.h"
#include "vm/slots.h"
#include "vm/str.h"

/* ---- identity numbers ---- */

typedef struct IdEntry {
    Value v; /* 0: free */
    uint64_t id;
} IdEntry;

struct IdTable {
    size_t used, mask;
    IdEntry *entries;
};

static size_t id_slot(const struct IdTable *table, Value v) {
    size_t at = (size_t)((v >> 4) * 0x9e3779b97f4a7c15u >> 20) & table->mask;
    while (table->entries[at].v && table->entries[at].v != v) at = (at + 1) & table->mask;
    return at;
}

static void id_table_resize(struct IdTable *table, size_t size) {
    struct IdTable old = *table;
    table->entries = calloc(size, sizeof *table->entries);
    if (!table->entries) memory_exhausted(size * sizeof *table->entries);
    table->mask = size - 1;
    for (size_t i = 0; old.entries && i <= old.mask; i++) {
        if (old.entries[i].v) table->entries[id_slot(table, old.entries[i].v)] = old.entries[i];
    }
    free(old.entries);
}

static uint64_t sequence_number(Vm *vm, Value v) {
    if (!vm->ids) {
        vm->ids = calloc(1, sizeof *vm->ids);
        if (!vm->ids) memory_exhausted(sizeof *vm->ids);
        id_table_resize(vm->ids, 256);
    }
    IdEntry *entry = &vm->ids->entries[id_slot(vm->ids, v)];
    if (entry->v) return entry->id;
    *entry = (IdEntry){v, ++vm->next_id};
    uint64_t id = entry->id;
    if (++vm->ids->used * 2 > vm->ids->mask) id_table_resize(vm->ids, (vm->ids->mask + 1) * 2);
    return id;
}

void identity_free(Vm *vm) {
    if (vm->ids) free(vm->ids->entries);
    free(vm->ids);
    vm->ids = NULL;
}

uint64_t value_id(Vm *vm, Value v) {
    if (!is_object(v)) return v;
    return 0x7f0000000000u + sequence_number(vm, v) * 16;
}

/* ---- slots ---- */

/* "module.Class", without "builtins." */
static Str *full_name(Thread *t, const Class *cls) {
    Value module = cls->module;
    if (!is_str(module) || (STR(module)->size == 8 && !memcmp(STR(module)->data, "builtins", 8))) {
        return STR(cls->qualname);
    }
    return str_format(t, "%S.%S", module, cls->qualname);
}

static Value object_repr(Thread *t, Value self) {
    Str *name = full_name(t, class_of(t->vm, self));
    char id[32];
    snprintf(id, sizeof id, "0x%llx", (unsigned long long)value_id(t->vm, self));
    return object_value(str_format(t, "<%S object at %s>", object_value(name), id));
}

static Value object_str(Thread *t, Value self) {
    note_misuse(t, self, "turned into text");
    Str *text = value_repr(t, self);
    return text ? object_value(text) : VALUE_ERROR;
}

uint64_t object_identity_hash(Vm *vm, Value v) {
    return is_object(v) ? sequence_number(vm, v) : v >> 2;
}

static bool object_hash(Thread *t, Value self, int64_t *out) {
    *out = (int64_t)object_identity_hash(t->vm, self);
    return true;
}

static Value object_compare(Thread *t, Value a, Value b, CompareOp op) {
    if (op == COMPARE_EQ) return a == b ? VALUE_TRUE : VALUE_NOTIMPLEMENTED;
    if (op != COMPARE_NE) return VALUE_NOTIMPLEMENTED;
    Value equal = class_of(t->vm, a)->slots.compare(t, a, b, COMPARE_EQ);
    if (equal == VALUE_ERROR || equal == VALUE_NOTIMPLEMENTED) return equal;
    int truth = value_truth(t, equal);
    return truth < 0 ? VALUE_ERROR : bool_value(!truth);
}

static Value raise_abstract(Thread *t, Class *cls) {
    Value names = dict_get_str(t, cls->dict, NAME_OF(t, __abstractmethods__));
    List *sorted = list_from_iterable(t, names);
    if (!sorted || !list_sort(t, sorted, VALUE_NONE, false)) return VALUE_ERROR;
    Str *joined = str_join(t, str_from(t, ", "), sorted->items, sorted->size);
    if (!joined) return VALUE_ERROR;
    return raise_error(t, EXC_TypeError,
                       "Can't instantiate abstract class %S with abstract method%s %S",
                       object_value(cls->name), sorted->size > 1 ? "s" : "", object_value(joined));
}

static Value object_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames);

/* Is [cls] a module's class whose instances are made as zeros and then filled by __init__? Those of
 * others are made by their own __new__ or not at all. */
static bool starts_empty(const Class *cls) {
    while (cls->flags & CLASS_HEAP && cls->base) cls = cls->base;
    return cls->kind == OBJ_NATIVE_DATA && cls->slots.construct == object_construct &&
           cls->slots.init != object_slots.init;
}

/* object.__new__: arguments are an error unless somebody else (an own __init__) takes them. */
static Value object_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)kwnames;
    if (UNLIKELY(cls->kind != OBJ_OBJECT && cls->kind != OBJ_NAMESPACE && !starts_empty(cls))) {
        return raise_error(t, EXC_TypeError, "cannot create '%S' instances",
                           object_value(cls->name));
    }
    if (argc > 0) {
        if (cls->slots.construct != object_construct) {
            return raise_error(
                t, EXC_TypeError,
                "object.__new__() takes exactly one argument (the type to instantiate)");
        }
        if (cls->slots.init == object_slots.init) {
            return raise_error(t, EXC_TypeError, "%S() takes no arguments",
                               object_value(cls->name));
        }
    }
    if (UNLIKELY(cls->flags & CLASS_ABSTRACT)) return raise_abstract(t, cls);
    return object_value(cls->kind == OBJ_OBJECT ? (void *)instance_new(t, cls)
                                                : object_new(t, cls, 0));
}

static bool object_init_slot(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)kwnames;
    if (argc == 0) return true;
    Class *cls = class_of(t->vm, self);
    if (cls->slots.init != object_init_slot) {
        raise_error(t, EXC_TypeError,
                    "object.__init__() takes exactly one argument (the instance to initialize)");
        return false;
    }
    if (cls->slots.construct != object_construct) return true;
    raise_error(t, EXC_TypeError,
                "%S.__init__() takes exactly one argument (the instance to initialize)",
                object_value(cls->name));
    return false;
}

const Slots object_slots = {
    .repr = object_repr,
    .str = object_str,
    .hash = object_hash,
    .compare = object_compare,
    .getattr = object_getattr,
    .setattr = object_setattr,
    .construct = object_construct,
    .init = object_init_slot,
};

/* ---- methods ---- */

static Value object_format(Thread *t, Value *args) {
    if (!is_str(args[1])) {
        return raise_error(t, EXC_TypeError, "__format__() argument must be str, not %N", args[1]);
    }
    if (STR(args[1])->size > 0) {
        return raise_error(t, EXC_TypeError, "unsupported format string passed to %T.__format__",
                           args[0]);
    }
    Str *text = value_str(t, args[0]);
    return text ? object_value(text) : VALUE_ERROR;
}

static bool add_names_of(Thread *t, Dict *names, Value dict) {
    if (!is_kind(dict, OBJ_DICT)) return true;
    uint32_t position = 0;
    Value key, value;
    while (dict_next(DICT(dict), &position, &key, &value)) {
        if (!dict_set(t, names, key, VALUE_NONE)) return false;
    }
    return true;
}

static Value sorted_keys(Thread *t, Dict *names) {
    List *list = list_from_iterable(t, object_value(names));
    if (!list || !list_sort(t, list, VALUE_NONE, false)) return VALUE_ERROR;
    return object_value(list);
}

static Value object_dir(Thread *t, Value *args) {
    Dict *names = dict_new(t);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(names);
    Value own = value_getattr_or_unset(t, args[0], NAME_OF(t, __dict__));
    if (own == VALUE_ERROR || !add_names_of(t, names, own)) return VALUE_ERROR;
    Tuple *mro = class_of(t->vm, args[0])->mro;
    for (size_t i = 0; i < mro->size; i++) {
        if (!add_names_of(t, names, object_value(CLASS(mro->items[i])->dict))) return VALUE_ERROR;
    }
    return sorted_keys(t, names);
}

static Value object_init_subclass(Thread *t, Value *args) {
    if (DICT(args[1])->used == 0) return VALUE_NONE;
    return raise_error(t, EXC_TypeError, "%S.__init_subclass__() takes no keyword arguments",
                       CLASS(args[0])->qualname);
}

static Value object_subclasshook(Thread *t, Value *args) {
    (void)t, (void)args;
    return VALUE_NOTIMPLEMENTED;
}

static Value object_sizeof(Thread *t, Value *args) {
    (void)t;
    if (!is_object(args[0])) return fixnum(sizeof(Value));
    return fixnum(class_of(t->vm, args[0])->instance_size);
}

static const NativeDef methods[] = {
    {"__format__", object_format, "(self, format_spec, /)", "Default object formatter."},
    {"__dir__", object_dir, "(self, /)", "The names that dir() sorts."},
    {"@@__init_subclass__", object_init_subclass, "(cls, /, **kwargs)",
     "This method is called when a class is subclassed."},
    {"@@__subclasshook__", object_subclasshook, "(cls, subclass, /)",
     "Abstract classes can override this to customize issubclass()."},
    {"__reduce_ex__", object_reduce_ex, "(self, protocol, /)",
     "How to make an equal object, for pickle of a protocol."},
    {"__reduce__", object_reduce, "(self, /)", "How to make an equal object."},
    {"__getstate__", object_getstate, "(self, /)", "The attributes, for copy and pickle."},
    {"__sizeof__", object_sizeof, "(self, /)", "How many bytes it takes in memory."},
    {NULL, NULL, NULL, NULL},
};

/* ---- __class__ and __dict__ ---- */

static Value get_class(Thread *t, Value self) { return object_value(class_of(t->vm, self)); }

/* The nearest class on the way to object that has a layout of its own. */
static const Class *layout_of(const Class *cls) {
    while (cls->base && !(cls->flags & CLASS_OWN_SLOTS)) cls = cls->base;
    return cls;
}

/* Are the members that __slots__ names in [a] those of [b]? */
static bool same_members(Thread *t, const Class *a, const Class *b) {
    uint32_t position = 0;
    int here = 0, there = 0;
    Value name, v;
    while (dict_next(a->dict, &position, &name, &v)) {
        if (!is_kind(v, OBJ_MEMBER) || MEMBER(v)->field) continue;
        here++;
        Value other = dict_get_str(t, b->dict, STR(name));
        there += other != VALUE_UNSET && is_kind(other, OBJ_MEMBER) && !MEMBER(other)->field;
    }
    return here == there;
}

static bool same_layout(Thread *t, const Class *from, const Class *to) {
    if (from->kind != to->kind || from->instance_size != to->instance_size) return false;
    if ((from->flags ^ to->flags) & (CLASS_HAS_ATTRIBUTES | CLASS_NO_DICT)) return false;
    const Class *a = layout_of(from), *b = layout_of(to);
    if (a == b || !a->base || !b->base) return a == b || (!a->base && !b->base);
    return same_members(t, a, b) && same_members(t, b, a) &&
           layout_of(a->base) == layout_of(b->base);
}

/* The attributes go to dict mode, so that the slots of the old class do not matter. */
static void change_class(Thread *t, Object *o, Class *to) {
    if (to->flags & CLASS_HAS_ATTRIBUTES) {
        Dict *dict = instance_dict(t, o);
        Attributes *a = object_attributes(o);
        heap_forget(&t->vm->heap, object_value(dict));
        object_set_class(o, to);
        a->shape = to->root_shape;
        shape_set_dict(t->vm, a, dict);
    } else {
        object_set_class(o, to);
    }
    if (to->flags & CLASS_HAS_DEL) heap_register_finalizable(&t->vm->heap, o);
}

static bool set_class(Thread *t, Value self, Value v) {
    Class *from = class_of(t->vm, self);
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "can't delete __class__ attribute");
    } else if (!is_kind(v, OBJ_CLASS)) {
        raise_error(t, EXC_TypeError, "__class__ must be set to a class, not '%T' object", v);
    } else if (is_kind(self, OBJ_MODULE) && CLASS(v)->kind == OBJ_MODULE) {
        object_set_class(object_of(self), CLASS(v));
        return true;
    } else if (!(from->flags & CLASS_HEAP) || !(CLASS(v)->flags & CLASS_HEAP)) {
        raise_error(
            t, EXC_TypeError,
            "__class__ assignment only supported for mutable types or ModuleType subclasses");
    } else if (!same_layout(t, from, CLASS(v))) {
        raise_error(t, EXC_TypeError, "__class__ assignment: '%S' object layout differs from '%S'",
                    object_value(CLASS(v)->name), object_value(from->name));
    } else {
        change_class(t, object_of(self), CLASS(v));
        return true;
    }
    return false;
}

static const FieldDef fields[] = {
    {"__class__", get_class, set_class, "the object's class"},
    {NULL, NULL, NULL, NULL},
};

static Value get_dict(Thread *t, Value self) {
    return object_value(instance_dict(t, object_of(self)));
}

/* Is its __dict__ that of a native class, and not one that a class statement added? */
static bool has_native_dict(Thread *t, Value self) {
    const Class *cls = class_of(t->vm, self);
    while (cls->flags & CLASS_HEAP) cls = cls->base;
    return (cls->flags & CLASS_HAS_ATTRIBUTES) && !(cls->flags & CLASS_NO_DICT);
}

static bool set_dict(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET && has_native_dict(t, self)) {
        raise_error(t, EXC_TypeError, "cannot delete __dict__");
        return false;
    }
    if (v == VALUE_UNSET) v = object_value(dict_new(t));
    if (!is_kind(v, OBJ_DICT)) {
        raise_error(t, EXC_TypeError, "__dict__ must be set to a dictionary, not a '%T'", v);
        return false;
    }
    Attributes *a = object_attributes(object_of(self));
    heap_forget(&t->vm->heap, object_value(instance_dict(t, object_of(self))));
    a->dict = DICT(v);
    return true;
}

static Value get_weakref(Thread *t, Value self) {
    (void)t, (void)self;
    return VALUE_NONE;
}

static const FieldDef dict_field = {"__dict__", get_dict, set_dict,
                                    "dictionary for instance variables"};
static const FieldDef weakref_field = {"__weakref__", get_weakref, NULL,
                                       "list of weak references to the object"};

void instance_dict_publish(Thread *t, Class *cls) {
    Str *name = NAME_OF(t, __dict__);
    if (dict_get_str(t, cls->dict, name) == VALUE_UNSET) {
        dict_set_str(t, cls->dict, name, member_new(t, cls, name, &dict_field));
    }
    if (!(cls->flags & CLASS_HEAP)) return;
    name = NAME_OF(t, __weakref__);
    dict_set_str(t, cls->dict, name, member_new(t, cls, name, &weakref_field));
}

static const NativeClass object_class_def = {
    .kind = OBJ_OBJECT,
    .slots = &object_slots,
    .methods = methods,
    .fields = fields,
    .doc = "The class that every class has for a base, directly or not.\n\n"
           "object() takes nothing; what it gives has no attributes of its own, and can get none.",
};

/* Complete the class object. */
void object_init(Thread *t) { native_class_init(t, &object_class_def); }
