/* SPDX-License-Identifier: MIT */
/*
 * The class `type`: what classes can do. Calling one makes an instance (__new__, then __init__);
 * `type(x)` asks for a class and `type(name, bases, dict)` makes one.
 *
 * Read next: vm/class_create.c.
 */
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception.h"
#include "vm/generic_alias.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

/* ---- calling ---- */

static Value construct_and_init(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    if (!cls->slots.construct) {
        return raise_error(t, EXC_TypeError, "cannot create '%S' instances",
                           object_value(cls->name));
    }
    Value *roots = push_roots(t, 1);
    roots[0] = cls->slots.construct(t, cls, args, argc, kwnames);
    Value made = roots[0];
    bool ok = made != VALUE_ERROR;
    if (ok && class_is_subclass(class_of(t->vm, made), cls)) {
        Class *of_made = class_of(t->vm, made);
        ok = !of_made->slots.init || of_made->slots.init(t, made, args, argc, kwnames);
    }
    pop_roots(t, roots);
    return ok ? made : VALUE_ERROR;
}

Value class_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (CLASS(self) == BUILTIN_CLASS(t, CLASS)) {
        if (argc == 1 && !kwnames) return object_value(class_of(t->vm, args[0]));
        if (argc - (kwnames ? (int)kwnames->size : 0) != 3) {
            return raise_error(t, EXC_TypeError, "type() takes 1 or 3 arguments");
        }
    }
    return construct_and_init(t, CLASS(self), args, argc, kwnames);
}

static bool is_type_name(Thread *t, const Str *name) {
    if (!memchr(name->data, 0, name->size)) return true;
    raise_error(t, EXC_ValueError, "type name must not contain null characters");
    return false;
}

/* type.__new__(meta, name, bases, dict, **keywords) */
static Value type_construct(Thread *t, Class *meta, const Value *args, int argc, Tuple *kwnames) {
    int positional = argc - (kwnames ? (int)kwnames->size : 0);
    if (positional != 3) {
        return raise_error(t, EXC_TypeError, "type.__new__() takes exactly 3 arguments (%d given)",
                           positional);
    }
    static const char *const expected[] = {"str", "tuple", "dict"};
    static const ObjectKind kinds[] = {OBJ_STR, OBJ_TUPLE, OBJ_DICT};
    for (int i = 0; i < 3; i++) {
        if (is_kind(args[i], kinds[i])) continue;
        return raise_error(t, EXC_TypeError, "type.__new__() argument %d must be %s, not %T", i + 1,
                           expected[i], args[i]);
    }
    if (!is_type_name(t, STR(args[0]))) return VALUE_ERROR;
    Class *winner = class_winning_meta(t, meta, TUPLE(args[1]));
    if (!winner) return VALUE_ERROR;
    if (winner != meta && winner->slots.construct != type_construct) {
        return winner->slots.construct(t, winner, args, argc, kwnames);
    }
    Class *cls =
        class_create(t, winner, STR(args[0]), TUPLE(args[1]), DICT(args[2]), args + 3, kwnames, -1);
    return cls ? object_value(cls) : VALUE_ERROR;
}

static bool type_init_slot(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    (void)self, (void)args;
    int positional = argc - (kwnames ? (int)kwnames->size : 0);
    if (positional == 1 || positional == 3) return true;
    raise_error(t, EXC_TypeError, "type.__init__() takes 1 or 3 arguments");
    return false;
}

static Value get_module(Thread *t, Value self) {
    Value own = dict_get_str(t, CLASS(self)->dict, NAME_OF(t, __module__));
    return own == VALUE_UNSET || !(CLASS(self)->flags & CLASS_HEAP) ? CLASS(self)->module : own;
}

static Value type_repr(Thread *t, Value self) {
    Class *cls = CLASS(self);
    Value module = get_module(t, self);
    bool plain =
        !is_str(module) || (STR(module)->size == 8 && !memcmp(STR(module)->data, "builtins", 8));
    if (plain) return object_value(str_format(t, "<class '%S'>", cls->qualname));
    return object_value(str_format(t, "<class '%S.%S'>", module, cls->qualname));
}

static const Slots type_slots = {
    .repr = type_repr,
    .call = class_call,
    .getattr = class_getattr,
    .setattr = class_setattr,
    .construct = type_construct,
    .init = type_init_slot,
    .binary[BINARY_OR] = union_or,
};

/* ---- fields ---- */

static bool is_changeable(Thread *t, Value self, Value v, const char *name) {
    if (!(CLASS(self)->flags & CLASS_HEAP)) {
        raise_error(t, EXC_TypeError, "cannot set '%s' attribute of immutable type '%S'", name,
                    object_value(CLASS(self)->name));
        return false;
    }
    if (v != VALUE_UNSET) return true;
    raise_error(t, EXC_TypeError, "cannot delete '%s' attribute of immutable type '%S'", name,
                object_value(CLASS(self)->name));
    return false;
}

static bool wants_str(Thread *t, Value self, Value v, const char *name) {
    if (!is_changeable(t, self, v, name)) return false;
    if (is_str(v)) return true;
    raise_error(t, EXC_TypeError, "can only assign string to %S.%s, not '%T'",
                object_value(CLASS(self)->name), name, v);
    return false;
}

static Value get_name(Thread *t, Value self) {
    (void)t;
    return object_value(CLASS(self)->name);
}

static bool set_name(Thread *t, Value self, Value v) {
    if (!wants_str(t, self, v, "__name__") || !is_type_name(t, STR(v))) return false;
    heap_forget(&t->vm->heap, object_value(CLASS(self)->name));
    CLASS(self)->name = str_intern_value(t->vm, STR(v));
    return true;
}

static Value get_qualname(Thread *t, Value self) {
    (void)t;
    return CLASS(self)->qualname;
}

static bool set_qualname(Thread *t, Value self, Value v) {
    if (!wants_str(t, self, v, "__qualname__")) return false;
    heap_set(&t->vm->heap, &CLASS(self)->qualname, v);
    return true;
}

static bool set_module(Thread *t, Value self, Value v) {
    if (!is_changeable(t, self, v, "__module__")) return false;
    heap_set(&t->vm->heap, &CLASS(self)->module, v);
    return class_set_attribute(t, CLASS(self), NAME_OF(t, __module__), v);
}

static Value get_doc(Thread *t, Value self) {
    Value doc = dict_get_str(t, CLASS(self)->dict, NAME_OF(t, __doc__));
    if (doc == VALUE_UNSET || is_kind(doc, OBJ_MEMBER)) return CLASS(self)->doc;
    return attribute_bind(t, doc, VALUE_UNSET, self);
}

static bool set_doc(Thread *t, Value self, Value v) {
    if (!is_changeable(t, self, v, "__doc__")) return false;
    return class_set_attribute(t, CLASS(self), NAME_OF(t, __doc__), v);
}

static Value get_bases(Thread *t, Value self) {
    (void)t;
    return object_value(CLASS(self)->bases);
}

static bool set_bases(Thread *t, Value self, Value v) { return class_set_bases(t, CLASS(self), v); }

static Value get_base(Thread *t, Value self) {
    (void)t;
    return CLASS(self)->base ? object_value(CLASS(self)->base) : VALUE_NONE;
}

static Value get_mro(Thread *t, Value self) {
    (void)t;
    return object_value(CLASS(self)->mro);
}

static Value get_dict(Thread *t, Value self) {
    return mappingproxy_new(t, object_value(CLASS(self)->dict));
}

static Value get_abstract(Thread *t, Value self) {
    Value names = dict_get_str(t, CLASS(self)->dict, NAME_OF(t, __abstractmethods__));
    if (names != VALUE_UNSET && CLASS(self) != BUILTIN_CLASS(t, CLASS)) return names;
    return raise_error(t, EXC_AttributeError, "__abstractmethods__");
}

static bool set_abstract(Thread *t, Value self, Value v) {
    if (class_set_attribute(t, CLASS(self), NAME_OF(t, __abstractmethods__), v)) return true;
    raise_error(t, EXC_AttributeError, "__abstractmethods__");
    return false;
}

static Value get_flags(Thread *t, Value self) {
    (void)t;
    uint32_t flags = CLASS(self)->flags;
    return fixnum(((flags & CLASS_HEAP) ? 1 << 9 : 0) |
                  ((flags & CLASS_BASE_ALLOWED) ? 1 << 10 : 0) |
                  ((flags & CLASS_ABSTRACT) ? 1 << 20 : 0));
}

static Value get_basic_size(Thread *t, Value self) {
    return int_from_uint64(t, CLASS(self)->instance_size);
}

/* Bytes that an instance takes for each of its items, when they follow its header. */
static Value get_item_size(Thread *t, Value self) {
    (void)t;
    switch (CLASS(self)->kind) {
    case OBJ_TUPLE: return fixnum(sizeof(Value));
    case OBJ_INT: return fixnum(8);
    case OBJ_BYTES: return fixnum(1);
    default: return fixnum(0);
    }
}

static const FieldDef fields[] = {
    {"__basicsize__", get_basic_size, NULL, NULL},
    {"__itemsize__", get_item_size, NULL, NULL},
    {"__name__", get_name, set_name, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL},
    {"__module__", get_module, set_module, NULL},
    {"__doc__", get_doc, set_doc, NULL},
    {"__bases__", get_bases, set_bases, NULL},
    {"__base__", get_base, NULL, NULL},
    {"__mro__", get_mro, NULL, NULL},
    {"__dict__", get_dict, NULL, NULL},
    {"__abstractmethods__", get_abstract, set_abstract, NULL},
    {"__flags__", get_flags, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

/* ---- methods ---- */

static Value type_mro(Thread *t, Value *args) {
    Tuple *mro = class_linearize(t, CLASS(args[0]), CLASS(args[0])->bases);
    return mro ? object_value(list_from(t, mro->items, mro->size)) : VALUE_ERROR;
}

static Value type_subclasses(Thread *t, Value *args) {
    const Class *cls = CLASS(args[0]);
    List *list = list_new(t, cls->subclass_count);
    for (uint32_t i = 0; i < cls->subclass_count; i++) {
        Value sub = object_value(cls->subclasses[i]);
        heap_forget(&t->vm->heap, sub); /* it may be on its way out of the heap: keep it */
        list_append(t, list, sub);
    }
    return object_value(list);
}

static Value type_instancecheck(Thread *t, Value *args) {
    return bool_value(class_is_subclass(class_of(t->vm, args[1]), CLASS(args[0])));
}

static Value type_subclasscheck(Thread *t, Value *args) {
    if (is_kind(args[1], OBJ_CLASS))
        return bool_value(class_is_subclass(CLASS(args[1]), CLASS(args[0])));
    return raise_error(t, EXC_TypeError, "issubclass() arg 1 must be a class");
}

static Value type_prepare(Thread *t, Value *args) {
    (void)args;
    return object_value(dict_new(t));
}

/* The names of a class, its bases' included, without the metaclass's. */
static Value type_dir(Thread *t, Value *args) {
    Dict *names = dict_new(t);
    Tuple *mro = CLASS(args[0])->mro;
    for (size_t i = 0; i < mro->size; i++) {
        uint32_t position = 0;
        Value key, value;
        while (dict_next(CLASS(mro->items[i])->dict, &position, &key, &value)) {
            dict_set_str(t, names, STR(key), VALUE_NONE);
        }
    }
    List *list = list_from_iterable(t, object_value(names));
    if (!list || !list_sort(t, list, VALUE_NONE, false)) return VALUE_ERROR;
    return object_value(list);
}

static const NativeDef methods[] = {
    {"mro", type_mro, "(self, /)",
     "The classes in which attributes are looked up, in their order, newly computed."},
    {"__subclasses__", type_subclasses, "(self, /)",
     "The classes that have this one among their bases."},
    {"__instancecheck__", type_instancecheck, "(self, instance, /)", "What isinstance() asks."},
    {"__subclasscheck__", type_subclasscheck, "(self, subclass, /)", "What issubclass() asks."},
    {"@@__prepare__", type_prepare, "(cls, /, *args, **kwargs)",
     "used to create the namespace for the class statement"},
    {"__dir__", type_dir, "(self, /)", "The names in the class and its bases."},
    {NULL, NULL, NULL, NULL},
};

static const NativeClass type_class_def = {
    .kind = OBJ_CLASS,
    .slots = &type_slots,
    .methods = methods,
    .fields = fields,
    .doc = "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
};

/* Complete the class type. */
void type_init(Thread *t) { native_class_init(t, &type_class_def); }
