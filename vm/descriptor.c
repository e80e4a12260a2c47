/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: property, staticmethod, classmethod, the fields of native classes and the members of
 * __slots__; and mappingproxy, through which a class shows its dict.
 *
 * Read next: vm/super.c, vm/method.c.
 */
#include "vm/descriptor.h"

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

/* ---- property ---- */

static Value none_if_unset(Value v) { return v == VALUE_UNSET ? VALUE_NONE : v; }

static Value property_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Property *p = object_new(t, cls, 0);
    p->get = p->set = p->del = p->doc = VALUE_NONE;
    p->name = VALUE_UNSET;
    return object_value(p);
}

static bool property_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    static const char *const names[] = {"fget", "fset", "fdel", "doc", NULL};
    Value out[4];
    if (!bind_names(t, "property", names, 0, out, args, argc, kwnames)) return false;
    Property *p = PROPERTY(self);
    Heap *heap = &t->vm->heap;
    heap_set(heap, &p->get, none_if_unset(out[0]));
    heap_set(heap, &p->set, none_if_unset(out[1]));
    heap_set(heap, &p->del, none_if_unset(out[2]));
    Value doc = none_if_unset(out[3]);
    if (doc == VALUE_NONE && p->get != VALUE_NONE) {
        doc = value_getattr_or_unset(t, p->get, NAME_OF(t, __doc__));
        if (doc == VALUE_ERROR) return false;
    }
    heap_set(heap, &p->doc, none_if_unset(doc));
    return true;
}

static Value raise_no_accessor(Thread *t, Property *p, Value instance, const char *what) {
    Value cls = class_of(t->vm, instance)->qualname;
    if (p->name != VALUE_UNSET) {
        return raise_error(t, EXC_AttributeError, "property %R of '%S' object has no %s", p->name,
                           cls, what);
    }
    return raise_error(t, EXC_AttributeError, "property of '%S' object has no %s", cls, what);
}

static Value property_get(Thread *t, Value self, Value instance, Value owner) {
    (void)owner;
    Property *p = PROPERTY(self);
    if (instance == VALUE_UNSET || instance == VALUE_NONE) return self;
    if (p->get == VALUE_NONE) return raise_no_accessor(t, p, instance, "getter");
    return call_value(t, p->get, &instance, 1);
}

static bool property_set(Thread *t, Value self, Value instance, Value v) {
    Property *p = PROPERTY(self);
    Value function = v == VALUE_UNSET ? p->del : p->set;
    if (function == VALUE_NONE) {
        raise_no_accessor(t, p, instance, v == VALUE_UNSET ? "deleter" : "setter");
        return false;
    }
    Value args[] = {instance, v};
    return call_value(t, function, args, v == VALUE_UNSET ? 1 : 2) != VALUE_ERROR;
}

/* A copy with one accessor replaced, of the same class. */
static Value property_copy(Thread *t, Value *args, int which) {
    Property *p = PROPERTY(args[0]);
    Value *roots = push_roots(t, 4);
    roots[0] = p->get;
    roots[1] = p->set;
    roots[2] = p->del;
    roots[3] = which == 0 ? VALUE_NONE : p->doc;
    roots[which] = args[1];
    Value copy = call_value(t, object_value(class_of(t->vm, args[0])), roots, 4);
    if (copy != VALUE_ERROR && is_kind(copy, OBJ_PROPERTY)) PROPERTY(copy)->name = p->name;
    return copy;
}

static Value property_getter(Thread *t, Value *args) { return property_copy(t, args, 0); }
static Value property_setter(Thread *t, Value *args) { return property_copy(t, args, 1); }
static Value property_deleter(Thread *t, Value *args) { return property_copy(t, args, 2); }

static Value property_set_name(Thread *t, Value *args) {
    heap_set(&t->vm->heap, &PROPERTY(args[0])->name, args[2]);
    return VALUE_NONE;
}

static Value property_fget(Thread *t, Value self) {
    (void)t;
    return PROPERTY(self)->get;
}
static Value property_fset(Thread *t, Value self) {
    (void)t;
    return PROPERTY(self)->set;
}
static Value property_fdel(Thread *t, Value self) {
    (void)t;
    return PROPERTY(self)->del;
}
static Value property_doc(Thread *t, Value self) {
    (void)t;
    return PROPERTY(self)->doc;
}

static bool property_set_doc(Thread *t, Value self, Value v) {
    heap_set(&t->vm->heap, &PROPERTY(self)->doc, none_if_unset(v));
    return true;
}

/* The __isabstractmethod__ of what a descriptor wraps, which may be a descriptor again. */
static Value abstract_mark(Thread *t, Value wrapped) {
    if (!enter_native(t, "")) return VALUE_ERROR;
    Value v = value_getattr_or_unset(t, wrapped, NAME_OF(t, __isabstractmethod__));
    leave_native(t);
    return v;
}

/* Is any accessor abstract? */
static Value property_abstract(Thread *t, Value self) {
    Property *p = PROPERTY(self);
    Value accessors[] = {p->get, p->set, p->del};
    for (int i = 0; i < 3; i++) {
        if (accessors[i] == VALUE_NONE) continue;
        Value v = abstract_mark(t, accessors[i]);
        if (v == VALUE_ERROR) return v;
        int truth = v == VALUE_UNSET ? 0 : value_truth(t, v);
        if (truth) return truth < 0 ? VALUE_ERROR : VALUE_TRUE;
    }
    return VALUE_FALSE;
}

static const Slots property_slots = {
    .construct = property_construct,
    .init = property_init,
    .descr_get = property_get,
    .descr_set = property_set,
};
static const NativeDef property_methods[] = {
    {"getter", property_getter, "(self, function, /)", "A copy of the property with this getter."},
    {"setter", property_setter, "(self, function, /)", "A copy of the property with this setter."},
    {"deleter", property_deleter, "(self, function, /)",
     "A copy of the property with this deleter."},
    {"__set_name__", property_set_name, "(self, owner, name, /)",
     "Remember the name that the property has in its class, for messages."},
    {NULL, NULL, NULL, NULL},
};
static const FieldDef property_fields[] = {
    {"fget", property_fget, NULL, NULL},
    {"fset", property_fset, NULL, NULL},
    {"fdel", property_fdel, NULL, NULL},
    {"__doc__", property_doc, property_set_doc, NULL},
    {"__isabstractmethod__", property_abstract, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass property_class = {
    .kind = OBJ_PROPERTY,
    .slots = &property_slots,
    .methods = property_methods,
    .fields = property_fields,
    .doc = "Property attribute.",
    .trace = trace_all_values,
};

/* ---- staticmethod and classmethod ---- */

static Value wrapper_new(Thread *t, ObjectKind kind, Value function) {
    MethodWrapper *w = object_new(t, t->vm->classes[kind], 0);
    w->function = function;
    return object_value(w);
}

Value staticmethod_new(Thread *t, Value function) {
    return wrapper_new(t, OBJ_STATICMETHOD, function);
}
Value classmethod_new(Thread *t, Value function) {
    return wrapper_new(t, OBJ_CLASSMETHOD, function);
}

static Value wrapper_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    MethodWrapper *w = object_new(t, cls, 0);
    w->function = VALUE_NONE;
    return object_value(w);
}

static bool wrapper_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    const char *name = is_kind(self, OBJ_STATICMETHOD) ? "staticmethod" : "classmethod";
    if (kwnames && kwnames->size) {
        raise_error(t, EXC_TypeError, "%s() takes no keyword arguments", name);
        return false;
    }
    if (argc != 1) {
        raise_error(t, EXC_TypeError, "%s expected 1 argument, got %d", name, argc);
        return false;
    }
    heap_set(&t->vm->heap, &METHOD_WRAPPER(self)->function, args[0]);
    return true;
}

static Value staticmethod_get(Thread *t, Value self, Value instance, Value owner) {
    (void)t, (void)instance, (void)owner;
    return METHOD_WRAPPER(self)->function;
}

static Value classmethod_get(Thread *t, Value self, Value instance, Value owner) {
    (void)instance;
    Value function = METHOD_WRAPPER(self)->function;
    bool plain = is_kind(function, OBJ_FUNCTION) || is_kind(function, OBJ_NATIVE);
    Class *cls = class_of(t->vm, function);
    if (plain || !cls->slots.descr_get) return method_new(t, function, owner);
    return cls->slots.descr_get(t, function, owner, object_value(class_of(t->vm, owner)));
}

static Value staticmethod_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    return call_keywords(t, METHOD_WRAPPER(self)->function, args, argc, kwnames);
}

static Value wrapper_repr(Thread *t, Value self) {
    const char *name = is_kind(self, OBJ_STATICMETHOD) ? "staticmethod" : "classmethod";
    Str *text = str_format(t, "<%s(%R)>", name, METHOD_WRAPPER(self)->function);
    return text ? object_value(text) : VALUE_ERROR;
}

/* What the wrapper does not have it shows of the function: its name, doc, … */
static Value wrapper_getattr(Thread *t, Value self, Str *name) {
    static const NameId copied[] = {NAME___name__, NAME___qualname__, NAME___doc__, NAME___module__,
                                    NAME___annotations__};
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        if (name == t->vm->names[copied[i]])
            return value_getattr(t, METHOD_WRAPPER(self)->function, name);
    }
    return object_getattr(t, self, name);
}

static Value wrapper_function(Thread *t, Value self) {
    (void)t;
    return METHOD_WRAPPER(self)->function;
}

static Value wrapper_abstract(Thread *t, Value self) {
    Value v = abstract_mark(t, METHOD_WRAPPER(self)->function);
    return v == VALUE_UNSET ? VALUE_FALSE : v;
}

static const FieldDef wrapper_fields[] = {
    {"__func__", wrapper_function, NULL, NULL},
    {"__wrapped__", wrapper_function, NULL, NULL},
    {"__isabstractmethod__", wrapper_abstract, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const Slots staticmethod_slots = {
    .repr = wrapper_repr,
    .construct = wrapper_construct,
    .init = wrapper_init,
    .getattr = wrapper_getattr,
    .descr_get = staticmethod_get,
    .call = staticmethod_call,
};
static const Slots classmethod_slots = {
    .repr = wrapper_repr,
    .construct = wrapper_construct,
    .init = wrapper_init,
    .getattr = wrapper_getattr,
    .descr_get = classmethod_get,
};
static const NativeClass staticmethod_class = {
    .kind = OBJ_STATICMETHOD,
    .slots = &staticmethod_slots,
    .fields = wrapper_fields,
    .doc = "staticmethod(function) -> method\n\nConvert a function to be a static method.",
    .trace = trace_all_values,
};
static const NativeClass classmethod_class = {
    .kind = OBJ_CLASSMETHOD,
    .slots = &classmethod_slots,
    .fields = wrapper_fields,
    .doc = "classmethod(function) -> method\n\nConvert a function to be a class method.",
    .trace = trace_all_values,
};

/* ---- fields and __slots__ members ---- */

Value member_new(Thread *t, Class *owner, Str *name, const FieldDef *field) {
    Member *m = heap_allocate(&t->vm->heap, sizeof *m, OBJ_MEMBER, BUILTIN_CLASS(t, MEMBER));
    m->name = object_value(name);
    m->owner = object_value(owner);
    m->field = field;
    return object_value(m);
}

Value field_new(Thread *t, Class *owner, const FieldDef *field) {
    return member_new(t, owner, str_intern(t->vm, field->name, strlen(field->name)), field);
}

static bool member_fits(Thread *t, Member *m, Value instance) {
    if (class_is_subclass(class_of(t->vm, instance), CLASS(m->owner))) return true;
    raise_error(t, EXC_TypeError, "descriptor '%S' for '%S' objects doesn't apply to a '%T' object",
                m->name, object_value(CLASS(m->owner)->name), instance);
    return false;
}

static Value member_get(Thread *t, Value self, Value instance, Value owner) {
    (void)owner;
    Member *m = MEMBER(self);
    if (instance == VALUE_UNSET) return self;
    if (!member_fits(t, m, instance)) return VALUE_ERROR;
    if (m->field) return m->field->get(t, instance);
    Value v = instance_get_member(t, object_of(instance), STR(m->name));
    return v == VALUE_UNSET ? raise_attribute_error(t, instance, STR(m->name)) : v;
}

static bool member_set(Thread *t, Value self, Value instance, Value v) {
    Member *m = MEMBER(self);
    if (!member_fits(t, m, instance)) return false;
    if (!m->field) {
        if (instance_set_member(t, object_of(instance), STR(m->name), v)) return true;
        raise_error(t, EXC_AttributeError, "%S", m->name);
        return false;
    }
    if (m->field->set) return m->field->set(t, instance, v);
    raise_error(t, EXC_AttributeError, "attribute '%S' of '%S' objects is not writable", m->name,
                object_value(CLASS(m->owner)->name));
    return false;
}

static Value member_repr(Thread *t, Value self) {
    Member *m = MEMBER(self);
    Str *text = str_format(t, "<%s '%S' of '%S' objects>", m->field ? "attribute" : "member",
                           m->name, object_value(CLASS(m->owner)->name));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value member_name(Thread *t, Value self) {
    (void)t;
    return MEMBER(self)->name;
}
static Value member_owner(Thread *t, Value self) {
    (void)t;
    return MEMBER(self)->owner;
}
static Value member_qualname(Thread *t, Value self) {
    Member *m = MEMBER(self);
    return object_value(str_format(t, "%S.%S", CLASS(m->owner)->qualname, m->name));
}
static Value member_doc(Thread *t, Value self) {
    const FieldDef *field = MEMBER(self)->field;
    return field && field->doc ? object_value(str_from(t, field->doc)) : VALUE_NONE;
}

static void member_trace(Heap *heap, Object *self) {
    heap_shade(heap, ((Member *)self)->name);
    heap_shade(heap, ((Member *)self)->owner);
}

static const FieldDef member_fields[] = {
    {"__name__", member_name, NULL, NULL},
    {"__objclass__", member_owner, NULL, NULL},
    {"__qualname__", member_qualname, NULL, NULL},
    {"__doc__", member_doc, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const Slots member_slots = {
    .repr = member_repr, .descr_get = member_get, .descr_set = member_set};
static const NativeClass member_class = {
    .kind = OBJ_MEMBER, .slots = &member_slots, .fields = member_fields, .trace = member_trace};

/* ---- mappingproxy ---- */

Value mappingproxy_new(Thread *t, Value mapping) {
    MappingProxy *proxy = heap_allocate(&t->vm->heap, sizeof *proxy, OBJ_MAPPINGPROXY,
                                        BUILTIN_CLASS(t, MAPPINGPROXY));
    proxy->mapping = mapping;
    return object_value(proxy);
}

static Value behind(Value proxy) { return ((MappingProxy *)object_of(proxy))->mapping; }

static Value proxy_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    if (argc != 1 || kwnames)
        return raise_error(t, EXC_TypeError, "mappingproxy() takes exactly 1 argument (%d given)",
                           argc);
    Class *of_mapping = class_of(t->vm, args[0]);
    if (of_mapping->slots.getitem && !is_kind(args[0], OBJ_LIST) && !is_kind(args[0], OBJ_TUPLE)) {
        return mappingproxy_new(t, args[0]);
    }
    return raise_error(t, EXC_TypeError, "mappingproxy() argument must be a mapping, not %T",
                       args[0]);
}

static Value proxy_repr(Thread *t, Value self) {
    Str *text = str_format(t, "mappingproxy(%R)", behind(self));
    return text ? object_value(text) : VALUE_ERROR;
}
static Value proxy_str(Thread *t, Value self) {
    Str *text = value_str(t, behind(self));
    return text ? object_value(text) : VALUE_ERROR;
}
static int64_t proxy_length(Thread *t, Value self) { return value_length(t, behind(self)); }
static Value proxy_getitem(Thread *t, Value self, Value key) {
    return value_getitem(t, behind(self), key);
}
static int proxy_contains(Thread *t, Value self, Value key) {
    return value_contains(t, behind(self), key);
}
static Value proxy_iter(Thread *t, Value self) { return value_iter(t, behind(self)); }
static Value proxy_compare(Thread *t, Value a, Value b, CompareOp op) {
    return value_compare(t, op, behind(a), is_kind(b, OBJ_MAPPINGPROXY) ? behind(b) : b);
}
static Value proxy_or(Thread *t, Value a, Value b) {
    if (is_kind(a, OBJ_MAPPINGPROXY)) a = behind(a);
    if (is_kind(b, OBJ_MAPPINGPROXY)) b = behind(b);
    return value_binary(t, BINARY_OR, a, b);
}

static Value forward(Thread *t, Value *args, const char *name, int argc) {
    return call_method(t, behind(args[0]), str_intern(t->vm, name, strlen(name)), args + 1, argc);
}
static Value proxy_keys(Thread *t, Value *args) { return forward(t, args, "keys", 0); }
static Value proxy_values(Thread *t, Value *args) { return forward(t, args, "values", 0); }
static Value proxy_items(Thread *t, Value *args) { return forward(t, args, "items", 0); }
static Value proxy_copy(Thread *t, Value *args) { return forward(t, args, "copy", 0); }
static Value proxy_get(Thread *t, Value *args) { return forward(t, args, "get", 2); }
static Value proxy_reversed(Thread *t, Value *args) { return forward(t, args, "__reversed__", 0); }

static const Slots proxy_slots = {
    .repr = proxy_repr,
    .str = proxy_str,
    .construct = proxy_construct,
    .length = proxy_length,
    .getitem = proxy_getitem,
    .contains = proxy_contains,
    .iter = proxy_iter,
    .compare = proxy_compare,
    .binary[BINARY_OR] = proxy_or,
};
static const NativeDef proxy_methods[] = {
    {"keys", proxy_keys, "(self, /)", NULL},
    {"values", proxy_values, "(self, /)", NULL},
    {"items", proxy_items, "(self, /)", NULL},
    {"copy", proxy_copy, "(self, /)", NULL},
    {"get", proxy_get, "(self, key, default=None, /)", NULL},
    {"__reversed__", proxy_reversed, "(self, /)", NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass proxy_class = {.kind = OBJ_MAPPINGPROXY,
                                        .slots = &proxy_slots,
                                        .methods = proxy_methods,
                                        .trace = trace_all_values};

/* Complete the descriptor classes. */
void descriptor_init(Thread *t) {
    native_class_init(t, &property_class);
    native_class_init(t, &staticmethod_class);
    native_class_init(t, &classmethod_class);
    native_class_init(t, &member_class);
    native_class_init(t, &proxy_class);
}
