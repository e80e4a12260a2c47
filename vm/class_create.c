/* SPDX-License-Identifier: MIT */
/*
 * The making of a class, as `class C(bases): …` and `type(name, bases, dict)` do it: the metaclass
 * that wins, the base whose layout is extended, the C3 order of the bases, __slots__, and the hooks
 * that a new class calls
 * (__set_name__, __init_subclass__).
 *
 * Layouts. A class extends the layout of one base. Two bases go together when the layout of one is
 * the start of the other's; else "multiple bases have instance lay-out conflict". Slots named by
 * __slots__ live among the other attributes of an instance; CLASS_NO_DICT only says that no others
 * are accepted.
 *
 * Read next: vm/type.c (what classes can do once made), stdlib/builtins_class.c (__build_class__).
 */
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception_fields.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"
#include "vm/str_methods.h"

#define MAX_INLINE_SLOTS     24
#define DEFAULT_INLINE_SLOTS 4

/* ---- metaclass and layout ---- */

Class *class_winning_meta(Thread *t, Class *meta, Tuple *bases) {
    for (size_t i = 0; i < bases->size; i++) {
        Class *of_base = class_of(t->vm, bases->items[i]);
        if (class_is_subclass(meta, of_base)) continue;
        if (!class_is_subclass(of_base, meta)) {
            raise_error(
                t, EXC_TypeError,
                "metaclass conflict: the metaclass of a derived class must be a (non-strict) "
                "subclass of the metaclasses of all its bases");
            return NULL;
        }
        meta = of_base;
    }
    return meta;
}

/* The nearest class whose layout is its own. */
static Class *solid_base(Vm *vm, Class *cls) {
    while ((cls->flags & CLASS_HEAP) && !(cls->flags & CLASS_OWN_SLOTS)) cls = cls->base;
    if (cls->flags & CLASS_HEAP) return cls;
    if (cls->kind == OBJ_EXCEPTION) return exception_layout(vm, cls);
    if (cls->kind != OBJ_NATIVE_DATA) return vm->classes[cls->kind];
    while (cls->base->kind == OBJ_NATIVE_DATA && cls->base->instance_size == cls->instance_size)
        cls = cls->base;
    return cls;
}

static bool check_base(Thread *t, Value base) {
    if (!is_kind(base, OBJ_CLASS)) {
        raise_error(t, EXC_TypeError, "bases must be types");
        return false;
    }
    if (CLASS(base)->flags & CLASS_BASE_ALLOWED) return true;
    raise_error(t, EXC_TypeError, "type '%S' is not an acceptable base type",
                object_value(CLASS(base)->name));
    return false;
}

Class *class_best_base(Thread *t, Tuple *bases) {
    Class *winner = NULL, *solid = NULL;
    for (size_t i = 0; i < bases->size; i++) {
        if (!check_base(t, bases->items[i])) return NULL;
        Class *candidate = solid_base(t->vm, CLASS(bases->items[i]));
        if (!winner || (solid != candidate && class_is_subclass(candidate, solid))) {
            winner = CLASS(bases->items[i]);
            solid = candidate;
        } else if (!class_is_subclass(solid, candidate)) {
            raise_error(t, EXC_TypeError, "multiple bases have instance lay-out conflict");
            return NULL;
        }
    }
    return winner;
}

/* ---- C3 ---- */

/* The orders still to be merged: the MRO of each base, then the list of bases; [at] is how far each
 * is used up. */
typedef struct Merge {
    Tuple **orders;
    size_t *at;
    size_t count;
} Merge;

static bool in_a_tail(const Merge *m, Value candidate) {
    for (size_t i = 0; i < m->count; i++) {
        for (size_t j = m->at[i] + 1; j < m->orders[i]->size; j++) {
            if (m->orders[i]->items[j] == candidate) return true;
        }
    }
    return false;
}

/* The first head that is in no tail; VALUE_DONE when all is merged, VALUE_ERROR when there is no
 * such head. */
static Value next_in_order(const Merge *m) {
    bool empty = true;
    for (size_t i = 0; i < m->count; i++) {
        if (m->at[i] >= m->orders[i]->size) continue;
        empty = false;
        Value head = m->orders[i]->items[m->at[i]];
        if (!in_a_tail(m, head)) return head;
    }
    return empty ? VALUE_DONE : VALUE_ERROR;
}

static void drop_head(Merge *m, Value head) {
    for (size_t i = 0; i < m->count; i++) {
        if (m->at[i] < m->orders[i]->size && m->orders[i]->items[m->at[i]] == head) m->at[i]++;
    }
}

static void raise_inconsistent(Thread *t, const Merge *m) {
    Buffer names = {0};
    List *seen = list_new(t, 4);
    for (size_t i = 0; i < m->count; i++) {
        if (m->at[i] >= m->orders[i]->size) continue;
        Value head = m->orders[i]->items[m->at[i]];
        bool known = false;
        for (size_t j = 0; j < seen->size; j++) known |= seen->items[j] == head;
        if (known) continue;
        list_append(t, seen, head);
        if (names.size) buffer_puts(&names, ", ");
        buffer_append(&names, CLASS(head)->name->data, CLASS(head)->name->size);
    }
    raise_error(t, EXC_TypeError,
                "Cannot create a consistent method resolution\norder (MRO) for bases %s",
                names.data);
    buffer_free(&names);
}

static bool has_duplicates(Thread *t, Tuple *bases) {
    for (size_t i = 0; i < bases->size; i++) {
        for (size_t j = i + 1; j < bases->size; j++) {
            if (bases->items[i] != bases->items[j]) continue;
            raise_error(t, EXC_TypeError, "duplicate base class %S",
                        object_value(CLASS(bases->items[i])->name));
            return true;
        }
    }
    return false;
}

Tuple *class_linearize(Thread *t, Class *cls, Tuple *bases) {
    if (has_duplicates(t, bases)) return NULL;
    size_t count = bases->size + 1;
    Tuple *orders[count];
    size_t at[count];
    for (size_t i = 0; i < bases->size; i++) orders[i] = CLASS(bases->items[i])->mro;
    orders[bases->size] = bases;
    memset(at, 0, sizeof at);
    Merge m = {orders, at, count};
    List *result = list_new(t, 8);
    list_append(t, result, object_value(cls));
    for (;;) {
        Value head = next_in_order(&m);
        if (head == VALUE_DONE) return tuple_from(t, result->items, result->size);
        if (head == VALUE_ERROR) {
            raise_inconsistent(t, &m);
            return NULL;
        }
        list_append(t, result, head);
        drop_head(&m, head);
    }
}

/* A metaclass may compute the MRO itself. */
bool class_set_mro(Thread *t, Class *cls) {
    Class *meta = object_class(&cls->header);
    Str *name = NAME_OF(t, mro);
    bool own = meta != BUILTIN_CLASS(t, CLASS) &&
               class_lookup(t, meta, name) != class_lookup(t, BUILTIN_CLASS(t, CLASS), name);
    if (!own) {
        cls->mro = class_linearize(t, cls, cls->bases);
        return cls->mro != NULL;
    }
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(cls);
    roots[1] = call_dunder(t, object_value(cls), name, NULL, 0);
    Tuple *mro = roots[1] == VALUE_ERROR ? NULL : tuple_from_iterable(t, roots[1]);
    pop_roots(t, roots);
    for (size_t i = 0; mro && i < mro->size; i++) {
        if (is_kind(mro->items[i], OBJ_CLASS)) continue;
        raise_error(t, EXC_TypeError, "mro() returned a non-class ('%T')", mro->items[i]);
        return false;
    }
    cls->mro = mro;
    return mro != NULL;
}

/* ---- __slots__ ---- */

static bool is_identifier(Thread *t, Value name) {
    return str_method_isidentifier(t, &name) == VALUE_TRUE;
}

/* __name in class C is _C__name. */
static Str *mangle(Thread *t, Class *cls, Str *name) {
    size_t n = name->size;
    bool private = n > 2 && name->data[0] == '_' && name->data[1] == '_' &&
                   !(name->data[n - 1] == '_' && name->data[n - 2] == '_');
    const char *owner = cls->name->data;
    while (*owner == '_') owner++;
    if (!private || !*owner) return str_intern_value(t->vm, name);
    Str *mangled = str_format(t, "_%s%s", owner, name->data);
    return str_intern_value(t->vm, mangled);
}

static bool add_slot_member(Thread *t, Class *cls, Str *name) {
    Str *slot = mangle(t, cls, name);
    Value there = dict_get_str(t, cls->dict, slot);
    bool named_twice = is_kind(there, OBJ_MEMBER) && MEMBER(there)->owner == object_value(cls);
    if (named_twice) return true;
    if (there != VALUE_UNSET) {
        raise_error(t, EXC_ValueError, "%R in __slots__ conflicts with class variable",
                    object_value(name));
        return false;
    }
    dict_set_str(t, cls->dict, slot, member_new(t, cls, slot, NULL));
    cls->flags |= CLASS_OWN_SLOTS;
    return true;
}

static bool check_slot_name(Thread *t, Class *cls, Value item) {
    if (!is_str(item)) {
        raise_error(t, EXC_TypeError, "__slots__ items must be strings, not '%T'", item);
    } else if (!is_identifier(t, item)) {
        raise_error(t, EXC_TypeError, "__slots__ must be identifiers");
    } else if (cls->kind == OBJ_INT || cls->kind == OBJ_TUPLE || cls->kind == OBJ_BYTES) {
        raise_error(t, EXC_TypeError, "nonempty __slots__ not supported for subtype of '%S'",
                    object_value(cls->base->name));
    } else {
        return true;
    }
    return false;
}

static bool want_dict(Thread *t, bool *wants_dict) {
    if (*wants_dict) raise_error(t, EXC_TypeError, "__dict__ slot disallowed: we already got one");
    bool ok = !*wants_dict;
    *wants_dict = true;
    return ok;
}

/* Members for all names; *wants_dict when '__dict__' is among them. */
static bool add_members(Thread *t, Class *cls, Value slots, bool *wants_dict) {
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(cls);
    Tuple *names = is_str(slots) ? tuple_from(t, &slots, 1) : tuple_from_iterable(t, slots);
    bool ok = names != NULL;
    if (ok) roots[1] = object_value(names);
    for (size_t i = 0; ok && i < names->size; i++) {
        Value item = names->items[i];
        ok = check_slot_name(t, cls, item);
        if (!ok) break;
        Str *name = str_intern_value(t->vm, STR(item));
        if (name == NAME_OF(t, __dict__)) ok = want_dict(t, wants_dict);
        else if (name != NAME_OF(t, __weakref__)) ok = add_slot_member(t, cls, name);
    }
    pop_roots(t, roots);
    return ok;
}

/* Do instances of a base of [cls] have a __dict__? */
static bool base_has_dict(const Class *cls) {
    for (size_t i = 0; i < cls->bases->size; i++) {
        uint32_t flags = CLASS(cls->bases->items[i])->flags;
        if ((flags & CLASS_HAS_ATTRIBUTES) && !(flags & CLASS_NO_DICT)) return true;
    }
    return false;
}

static bool base_has_members(const Class *cls) {
    for (size_t i = 0; i < cls->bases->size; i++) {
        if (CLASS(cls->bases->items[i])->flags & CLASS_HAS_ATTRIBUTES) return true;
    }
    return false;
}

static bool kind_has_attributes(ObjectKind kind) {
    return kind != OBJ_CLASS && kind != OBJ_MODULE && kind != OBJ_FUNCTION;
}

/* Decide whether instances have attributes, and which. */
static bool settle_attributes(Thread *t, Class *cls) {
    Value slots = dict_get_str(t, cls->dict, NAME_OF(t, __slots__));
    bool wants_dict = slots == VALUE_UNSET || base_has_dict(cls);
    if (slots != VALUE_UNSET && !add_members(t, cls, slots, &wants_dict)) return false;
    if (!kind_has_attributes(cls->kind)) return true;
    bool any = wants_dict || cls->kind == OBJ_OBJECT || (cls->flags & CLASS_OWN_SLOTS) ||
               base_has_members(cls);
    if (any) cls->flags |= CLASS_HAS_ATTRIBUTES;
    if (any && !wants_dict) cls->flags |= CLASS_NO_DICT;
    return true;
}

/* ---- the namespace ---- */

static void set_default_module(Thread *t, Class *cls) {
    Value module = dict_get_str(t, cls->dict, NAME_OF(t, __module__));
    if (module == VALUE_UNSET && t->frame) {
        module = dict_get_str(t, t->frame->function->globals, NAME_OF(t, __name__));
        if (module != VALUE_UNSET) dict_set_str(t, cls->dict, NAME_OF(t, __module__), module);
    }
    if (module != VALUE_UNSET) cls->module = module;
}

static bool take_qualname(Thread *t, Class *cls) {
    Value qualname = dict_get_str(t, cls->dict, NAME_OF(t, __qualname__));
    if (qualname == VALUE_UNSET) return true;
    if (!is_str(qualname)) {
        raise_error(t, EXC_TypeError, "type __qualname__ must be a str, not %T", qualname);
        return false;
    }
    cls->qualname = qualname;
    dict_delete_str(t, cls->dict, NAME_OF(t, __qualname__));
    return true;
}

static bool take_classcell(Thread *t, Class *cls) {
    Value cell = dict_get_str(t, cls->dict, NAME_OF(t, __classcell__));
    if (cell == VALUE_UNSET) return true;
    if (!is_kind(cell, OBJ_CELL)) {
        raise_error(t, EXC_TypeError, "__classcell__ must be a nonlocal cell, not %T", cell);
        return false;
    }
    heap_set(&t->vm->heap, &CELL(cell)->value, object_value(cls));
    dict_delete_str(t, cls->dict, NAME_OF(t, __classcell__));
    return true;
}

/* __new__ is a static method and these are class methods without being told. */
static void wrap_implicit_methods(Thread *t, Class *cls) {
    static const NameId class_methods[] = {NAME___init_subclass__, NAME___class_getitem__};
    Value new = dict_get_str(t, cls->dict, NAME_OF(t, __new__));
    if (is_kind(new, OBJ_FUNCTION))
        dict_set_str(t, cls->dict, NAME_OF(t, __new__), staticmethod_new(t, new));
    for (int i = 0; i < 2; i++) {
        Str *name = t->vm->names[class_methods[i]];
        Value v = dict_get_str(t, cls->dict, name);
        if (is_kind(v, OBJ_FUNCTION)) dict_set_str(t, cls->dict, name, classmethod_new(t, v));
    }
}

/* A class that defines __eq__ and no __hash__ is unhashable. */
static void settle_hash(Thread *t, Class *cls) {
    if (dict_get_str(t, cls->dict, NAME_OF(t, __eq__)) == VALUE_UNSET) return;
    if (dict_get_str(t, cls->dict, NAME_OF(t, __hash__)) != VALUE_UNSET) return;
    dict_set_str(t, cls->dict, NAME_OF(t, __hash__), VALUE_NONE);
}

static void add_dict_member(Thread *t, Class *cls) {
    uint32_t flags = cls->flags;
    if (!(flags & CLASS_HAS_ATTRIBUTES) || (flags & CLASS_NO_DICT) || base_has_dict(cls)) return;
    instance_dict_publish(t, cls);
}

static void settle_doc(Thread *t, Class *cls) {
    Value doc = dict_get_str(t, cls->dict, NAME_OF(t, __doc__));
    if (doc == VALUE_UNSET) dict_set_str(t, cls->dict, NAME_OF(t, __doc__), VALUE_NONE);
    cls->doc = doc == VALUE_UNSET ? VALUE_NONE : doc;
}

static bool fill_namespace(Thread *t, Class *cls) {
    set_default_module(t, cls);
    if (!take_qualname(t, cls) || !take_classcell(t, cls)) return false;
    wrap_implicit_methods(t, cls);
    if (!settle_attributes(t, cls)) return false;
    add_dict_member(t, cls);
    settle_doc(t, cls);
    settle_hash(t, cls);
    return true;
}

/* ---- hooks ---- */

static void explain_set_name(Thread *t, Value v, Value name, Class *cls) {
    Value cause = exception_take(t);
    raise_error(t, EXC_RuntimeError, "Error calling __set_name__ on '%T' instance %R in '%S'", v,
                name, object_value(cls->name));
    exception_set_cause(t, t->exception, cause);
    if (is_kind(t->exception, OBJ_EXCEPTION) && t->exception != cause)
        heap_set(&t->vm->heap, &EXCEPTION(t->exception)->context, cause);
}

/* __set_name__ of everything the class body defined. [roots]: 3 free registers. */
static bool call_set_names(Thread *t, Class *cls, Value *roots) {
    Dict *members = dict_copy(t, cls->dict);
    roots[0] = object_value(members);
    uint32_t position = 0;
    Value name, v;
    while (dict_next(members, &position, &name, &v)) {
        if (!is_object(v)) continue;
        Class *of_v = object_class(object_of(v));
        if (class_lookup(t, of_v, NAME_OF(t, __set_name__)) == VALUE_UNSET) continue;
        Value args[] = {object_value(cls), name};
        if (call_dunder(t, v, NAME_OF(t, __set_name__), args, 2) != VALUE_ERROR) continue;
        explain_set_name(t, v, name, cls);
        return false;
    }
    return true;
}

/* super(cls, cls).__init_subclass__(**keywords) */
static bool call_init_subclass(Thread *t, Class *cls, const Value *kwvalues, Tuple *kwnames,
                               Value *roots) {
    Value hook = VALUE_UNSET;
    for (size_t i = 1; hook == VALUE_UNSET && i < cls->mro->size; i++) {
        hook = dict_get_str(t, CLASS(cls->mro->items[i])->dict, NAME_OF(t, __init_subclass__));
    }
    if (hook == VALUE_UNSET) return true;
    Value of_object =
        dict_get_str(t, BUILTIN_CLASS(t, OBJECT)->dict, NAME_OF(t, __init_subclass__));
    int count = kwnames ? (int)kwnames->size : 0;
    if (hook == of_object && count == 0) return true;
    roots[0] = attribute_bind(t, hook, VALUE_UNSET, object_value(cls));
    if (roots[0] == VALUE_ERROR) return false;
    return call_keywords(t, roots[0], kwvalues, count, count ? kwnames : NULL) != VALUE_ERROR;
}

/* ---- all of it ---- */

static int inline_slots_for(const Class *base, int hint) {
    int slots = hint < 0 ? DEFAULT_INLINE_SLOTS : hint;
    if (slots < base->inline_slots) slots = base->inline_slots;
    if (slots == 0) slots = 1;
    return slots > MAX_INLINE_SLOTS ? MAX_INLINE_SLOTS : slots;
}

static Class *new_class(Thread *t, Class *meta, Str *name, Tuple *bases, Class *base, int hint) {
    Class *cls = heap_allocate(&t->vm->heap, sizeof *cls, OBJ_CLASS, meta);
    cls->name = str_intern_value(t->vm, name);
    cls->qualname = object_value(cls->name);
    cls->module = BUILTIN_CLASS(t, OBJECT)->module;
    cls->doc = VALUE_NONE;
    cls->bases = bases;
    cls->base = base;
    cls->kind = base->kind;
    cls->instance_size = base->instance_size;
    cls->inline_slots = base->kind == OBJ_OBJECT ? (uint16_t)inline_slots_for(base, hint) : 0;
    cls->trace = base->trace;
    cls->finalize = base->finalize;
    cls->flags =
        CLASS_HEAP | CLASS_BASE_ALLOWED | (base->flags & (CLASS_EXCEPTION | CLASS_METACLASS));
    cls->key = key_new(t->vm);
    return cls;
}

static void join_bases(Class *cls) {
    for (size_t i = 0; i < cls->bases->size; i++) {
        class_add_subclass(CLASS(cls->bases->items[i]), cls);
    }
}

static bool build(Thread *t, Class *cls, Dict *ns, const Value *kwvalues, Tuple *kwnames,
                  Value *roots) {
    cls->dict = dict_copy(t, ns);
    if (!fill_namespace(t, cls) || !class_set_mro(t, cls)) return false;
    if (cls->flags & CLASS_HAS_ATTRIBUTES) cls->root_shape = shape_new_root(t->vm, cls);
    class_inherit_slots(t, cls);
    join_bases(cls);
    return call_set_names(t, cls, roots) && call_init_subclass(t, cls, kwvalues, kwnames, roots);
}

Class *class_create(Thread *t, Class *meta, Str *name, Tuple *bases, Dict *ns,
                    const Value *kwvalues, Tuple *kwnames, int attribute_hint) {
    Value object = object_value(BUILTIN_CLASS(t, OBJECT));
    if (bases->size == 0) bases = tuple_from(t, &object, 1);
    Class *base = class_best_base(t, bases);
    if (!base) return NULL;
    meta = class_winning_meta(t, meta, bases);
    if (!meta) return NULL;
    Value *roots = push_roots(t, 5);
    roots[1] = object_value(ns);
    roots[2] = object_value(bases);
    Class *cls = new_class(t, meta, name, bases, base, attribute_hint);
    roots[3] = object_value(cls);
    if (kwnames) roots[4] = object_value(kwnames);
    bool ok = build(t, cls, ns, kwvalues, kwnames, roots);
    pop_roots(t, roots);
    return ok ? cls : NULL;
}
