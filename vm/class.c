/* SPDX-License-Identifier: MIT */
/*
 * Classes as objects: which class a Value has, lookup along the MRO with a cache in front of it,
 * cache keys, and the bare built-in classes that everything else is filled into.
 *
 * The lookup cache is keyed by (class key, name). A key stands for one state of a class and is
 * never reused, so an entry can only be wrong if its name died and another took its place: interned
 * names do not die.
 *
 * Invariants: mro[0] is the class itself; every class but object has a base; a class's key changes
 * whenever anything along its MRO does. Read next: vm/class_create.c (the class statement),
 * vm/shape.c (instances), vm/slots.c (dunders).
 */
#include <assert.h>
#include <stdlib.h>

#include "common/memory.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/iterate.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

#define METHOD_CACHE_SIZE 4096
#define LAST_KEY          0x7fffffffu

typedef struct MethodCacheEntry {
    uint32_t key;
    Str *name;
    Value value;
} MethodCacheEntry;

struct MethodCache {
    MethodCacheEntry entries[METHOD_CACHE_SIZE];
};

uint32_t key_new(Vm *vm) {
    if (vm->next_key >= LAST_KEY) return 0;
    return ++vm->next_key;
}

/* ---- the class of a value ---- */

static Class *class_of_constant(const Vm *vm, Value v) {
    switch (v) {
    case VALUE_TRUE:
    case VALUE_FALSE: return vm->classes[OBJ_BOOL];
    case VALUE_ELLIPSIS: return vm->classes[OBJ_ELLIPSIS];
    case VALUE_NOTIMPLEMENTED: return vm->classes[OBJ_NOTIMPLEMENTED];
    default: return vm->classes[OBJ_NONE];
    }
}

Class *class_of(const Vm *vm, Value v) {
    if (is_object(v)) return object_class(object_of(v));
    if (is_fixnum(v)) return vm->classes[OBJ_INT];
    if (is_flonum(v)) return vm->classes[OBJ_FLOAT];
    return class_of_constant(vm, v);
}

bool class_is_subclass(const Class *cls, const Class *base) {
    if (cls == base) return true;
    if (!cls->mro) {
        for (const Class *c = cls->base; c; c = c->base) {
            if (c == base) return true;
        }
        return false;
    }
    for (size_t i = 1; i < cls->mro->size; i++) {
        if (CLASS(cls->mro->items[i]) == base) return true;
    }
    return false;
}

/* ---- lookup ---- */

static Value lookup_uncached(Thread *t, Class *cls, Str *name) {
    if (!cls->mro) return VALUE_UNSET;
    for (size_t i = 0; i < cls->mro->size; i++) {
        Value v = dict_get_str(t, CLASS(cls->mro->items[i])->dict, name);
        if (v != VALUE_UNSET) return v;
    }
    return VALUE_UNSET;
}

Value class_lookup(Thread *t, Class *cls, Str *name) {
    if (UNLIKELY(cls->key == 0)) return lookup_uncached(t, cls, name);
    size_t at = ((uintptr_t)name >> 4 ^ (size_t)cls->key * 97) & (METHOD_CACHE_SIZE - 1);
    MethodCacheEntry *entry = &t->vm->method_cache->entries[at];
    if (entry->key == cls->key && entry->name == name) return entry->value;
    Value v = lookup_uncached(t, cls, name);
    *entry = (MethodCacheEntry){cls->key, name, v};
    return v;
}

uint32_t value_cache_key(const Vm *vm, Value v) {
    if (!is_object(v)) return class_of(vm, v)->key;
    Object *o = object_of(v);
    switch (object_kind(o)) {
    case OBJ_OBJECT: return INSTANCE(v)->attributes.shape->key;
    case OBJ_CLASS: return CLASS(v)->key ? CLASS(v)->key | 0x80000000u : 0;
    case OBJ_MODULE: return MODULE(v)->dict->layout;
    case OBJ_FUNCTION: return 0;
    default: break;
    }
    Class *cls = object_class(o);
    if (!(cls->flags & CLASS_HAS_ATTRIBUTES)) return cls->key;
    return object_attributes(o)->shape->key;
}

/* ---- changing a class ---- */

static void renew_keys(Vm *vm, Class *cls) {
    cls->key = key_new(vm);
    if (cls->root_shape) shape_renew_keys(vm, cls->root_shape);
    for (uint32_t i = 0; i < cls->subclass_count; i++) renew_keys(vm, cls->subclasses[i]);
}

/* New keys for every class whose metaclass is [meta] or derived from it, below [cls]. */
static void renew_instances(Vm *vm, Class *cls, Class *meta) {
    if (class_is_subclass(object_class(&cls->header), meta)) cls->key = key_new(vm);
    for (uint32_t i = 0; i < cls->subclass_count; i++)
        renew_instances(vm, cls->subclasses[i], meta);
}

static void update_subclass_slots(Thread *t, Class *cls) {
    class_update_slots(t, cls);
    for (uint32_t i = 0; i < cls->subclass_count; i++) update_subclass_slots(t, cls->subclasses[i]);
}

void class_renew(Thread *t, Class *cls) {
    renew_keys(t->vm, cls);
    if (cls->flags & CLASS_METACLASS) renew_instances(t->vm, BUILTIN_CLASS(t, OBJECT), cls);
    update_subclass_slots(t, cls);
}

static bool is_dunder(const Str *name) {
    return name->size > 4 && name->data[0] == '_' && name->data[1] == '_' &&
           name->data[name->size - 1] == '_' && name->data[name->size - 2] == '_';
}

static void note_abstract(Thread *t, Class *cls, Value names) {
    int truth = names == VALUE_UNSET ? 0 : value_truth(t, names);
    cls->flags &= ~(uint32_t)CLASS_ABSTRACT;
    if (truth > 0) cls->flags |= CLASS_ABSTRACT;
}

bool class_set_attribute(Thread *t, Class *cls, Str *name, Value v) {
    if (v == VALUE_UNSET) {
        if (!dict_delete_str(t, cls->dict, name)) return false;
    } else {
        dict_set_str(t, cls->dict, name, v);
    }
    renew_keys(t->vm, cls);
    if (cls->flags & CLASS_METACLASS) renew_instances(t->vm, BUILTIN_CLASS(t, OBJECT), cls);
    if (name == NAME_OF(t, __abstractmethods__)) note_abstract(t, cls, v);
    if (is_dunder(name)) update_subclass_slots(t, cls);
    return true;
}

/* ---- the bare built-in classes ---- */

/* Bytes before the variable part or the Attributes part. Kinds that only one file knows say their
 * size when they are completed (NativeClass.size). */
static size_t kind_size(ObjectKind kind) {
    switch (kind) {
    case OBJ_OBJECT:
    case OBJ_NATIVE_DATA:
    case OBJ_NAMESPACE: return sizeof(Object);
    case OBJ_CLASS: return sizeof(Class);
    case OBJ_INT:
    case OBJ_BOOL: return sizeof(BigInt);
    case OBJ_FLOAT: return sizeof(Float);
    case OBJ_STR: return offsetof(Str, own_text);
    case OBJ_BYTES: return offsetof(Bytes, data);
    case OBJ_BYTEARRAY: return sizeof(Bytearray);
    case OBJ_LIST: return sizeof(List);
    case OBJ_TUPLE: return sizeof(Tuple);
    case OBJ_DICT: return sizeof(Dict);
    case OBJ_SET:
    case OBJ_FROZENSET: return sizeof(Set);
    case OBJ_RANGE: return sizeof(Range);
    case OBJ_SLICE: return sizeof(Slice);
    case OBJ_CELL: return sizeof(Cell);
    case OBJ_CODE: return sizeof(Code);
    case OBJ_FUNCTION: return sizeof(Function);
    case OBJ_NATIVE: return sizeof(Native);
    case OBJ_METHOD: return sizeof(Method);
    case OBJ_PROPERTY: return sizeof(Property);
    case OBJ_STATICMETHOD:
    case OBJ_CLASSMETHOD: return sizeof(MethodWrapper);
    case OBJ_SUPER: return sizeof(Super);
    case OBJ_MEMBER: return sizeof(Member);
    case OBJ_MODULE: return sizeof(Module);
    case OBJ_EXCEPTION: return sizeof(Exception);
    case OBJ_TRACEBACK: return sizeof(Traceback);
    case OBJ_FUTURE: return sizeof(Future);
    case OBJ_TASK: return sizeof(Task);
    case OBJ_NATIVE_COROUTINE: return sizeof(NativeCoroutine);
    case OBJ_LOOP: return sizeof(EventLoop);
    case OBJ_RANGE_ITERATOR: return sizeof(RangeIterator);
    case OBJ_LIST_ITERATOR:
    case OBJ_LIST_REVERSE_ITERATOR:
    case OBJ_TUPLE_ITERATOR:
    case OBJ_STR_ITERATOR:
    case OBJ_BYTES_ITERATOR:
    case OBJ_BYTEARRAY_ITERATOR:
    case OBJ_SEQUENCE_ITERATOR: return sizeof(SequenceIterator);
    case OBJ_CALLABLE_ITERATOR: return sizeof(CallableIterator);
    case OBJ_REVERSED: return sizeof(Reversed);
    case OBJ_ENUMERATE: return sizeof(Enumerate);
    case OBJ_ZIP: return sizeof(Zip);
    case OBJ_MAP: return sizeof(Map);
    case OBJ_FILTER: return sizeof(Filter);
    case OBJ_MAPPINGPROXY: return sizeof(MappingProxy);
    default: return sizeof(Object);
    }
}

void trace_all_values(Heap *heap, Object *o) {
    const Value *values = (const Value *)(o + 1);
    size_t count = (kind_size(object_kind(o)) - sizeof(Object)) / sizeof(Value);
    assert(count > 0); /* or kind_size() lacks a row */
    for (size_t i = 0; i < count; i++) heap_shade(heap, values[i]);
}

static void make_mro(Thread *t, Class *cls) {
    size_t depth = 0;
    for (Class *c = cls; c; c = c->base) depth++;
    cls->mro = tuple_new(t, depth);
    depth = 0;
    for (Class *c = cls; c; c = c->base) cls->mro->items[depth++] = object_value(c);
    cls->bases = tuple_new(t, cls->base ? 1 : 0);
    if (cls->base) cls->bases->items[0] = object_value(cls->base);
}

/* Flags a class takes over from its base. */
#define INHERITED_FLAGS (CLASS_HAS_ATTRIBUTES | CLASS_EXCEPTION | CLASS_METACLASS | CLASS_NO_DICT)

static void complete_bare(Thread *t, Class *cls, const char *name, Class *base, ObjectKind kind) {
    cls->name = str_intern(t->vm, name, strlen(name));
    cls->qualname = object_value(cls->name);
    cls->module = object_value(str_intern(t->vm, "builtins", 8));
    cls->doc = VALUE_NONE;
    cls->base = base;
    cls->kind = kind;
    cls->dict = dict_new(t);
    cls->key = key_new(t->vm);
    cls->instance_size = (uint16_t)kind_size(kind);
    cls->slots = object_slots;
    if (!base) return;
    cls->flags |= base->flags & INHERITED_FLAGS;
    class_add_subclass(base, cls);
}

/* Attributes parts of the built-in kinds: plain objects (none of their own), exceptions,
 * namespaces, event loops. */
static void settle_attributes(Vm *vm, Class *cls) {
    if (cls->kind == OBJ_OBJECT) {
        cls->flags |= CLASS_HAS_ATTRIBUTES | CLASS_NO_DICT;
    } else if (cls->kind == OBJ_EXCEPTION || cls->kind == OBJ_NAMESPACE || cls->kind == OBJ_LOOP) {
        cls->flags = (cls->flags | CLASS_HAS_ATTRIBUTES) & ~(uint32_t)CLASS_NO_DICT;
    } else {
        cls->flags &= ~(uint32_t)(CLASS_HAS_ATTRIBUTES | CLASS_NO_DICT);
    }
    if (cls->flags & CLASS_HAS_ATTRIBUTES) cls->root_shape = shape_new_root(vm, cls);
}

static Class *allocate_class(Thread *t, Class *meta) {
    return heap_allocate(&t->vm->heap, sizeof(Class), OBJ_CLASS, meta);
}

/* Strings made before their class existed. */
static void adopt_strings(Vm *vm) {
    Class *str = vm->classes[OBJ_STR];
    for (int i = 0; i < NAME_COUNT; i++) {
        if (vm->names[i]) object_set_class(&vm->names[i]->header, str);
    }
    for (int i = 0; i < 128; i++) {
        if (vm->ascii[i]) object_set_class(&vm->ascii[i]->header, str);
    }
    if (vm->empty_str) object_set_class(&vm->empty_str->header, str);
}

static void bootstrap_exceptions(Thread *t) {
    Vm *vm = t->vm;
    static const struct {
        const char *name;
        int base;
    } rows[] = {
#define EXCEPTION_ROW(NAME, BASE) {#NAME, EXC_##BASE},
#include "vm/exceptions.def"
#undef EXCEPTION_ROW
    };
    vm->exceptions[EXC_BaseException] = vm->classes[OBJ_EXCEPTION];
    for (int i = 1; i < EXC_COUNT; i++) {
        Class *cls = vm->exceptions[i] = allocate_class(t, vm->classes[OBJ_CLASS]);
        complete_bare(t, cls, rows[i].name, vm->exceptions[rows[i].base], OBJ_EXCEPTION);
        cls->flags |= CLASS_BASE_ALLOWED | CLASS_EXCEPTION;
        cls->root_shape = shape_new_root(vm, cls);
        make_mro(t, cls);
    }
}

/* ExceptionGroup is both a BaseExceptionGroup and an Exception. */
static void fix_exception_group(Thread *t) {
    Class *group = EXCEPTION_CLASS(t, ExceptionGroup);
    Value bases[] = {object_value(EXCEPTION_CLASS(t, BaseExceptionGroup)),
                     object_value(EXCEPTION_CLASS(t, Exception))};
    Value mro[] = {object_value(group), bases[0], bases[1],
                   object_value(EXCEPTION_CLASS(t, BaseException)),
                   object_value(BUILTIN_CLASS(t, OBJECT))};
    group->bases = tuple_from(t, bases, 2);
    group->mro = tuple_from(t, mro, 5);
    class_add_subclass(EXCEPTION_CLASS(t, Exception), group);
}

/* Natives show four classes though they are of one kind. */
static void bootstrap_native_classes(Thread *t) {
    Vm *vm = t->vm;
    vm->method_descriptor =
        class_new_native(t, "method_descriptor", "builtins", NULL, OBJ_NATIVE, sizeof(Native));
    vm->wrapper_descriptor =
        class_new_native(t, "wrapper_descriptor", "builtins", NULL, OBJ_NATIVE, sizeof(Native));
    vm->method_wrapper =
        class_new_native(t, "method-wrapper", "builtins", NULL, OBJ_NATIVE, sizeof(Native));
}

void vm_bootstrap_classes(Thread *t) {
    static const struct {
        const char *name, *flags;
        ObjectKind base;
    } rows[] = {
        {NULL, NULL, OBJ_FREE},
#define TYPE(KIND, NAME, BASE, FLAGS, TRACED) {NAME, FLAGS, OBJ_##BASE},
#include "vm/types.def"
#undef TYPE
    };
    Vm *vm = t->vm;
    vm->method_cache = calloc(1, sizeof *vm->method_cache);
    for (int i = 1; i < OBJ_KIND_COUNT; i++) vm->classes[i] = allocate_class(t, NULL);
    for (int i = 1; i < OBJ_KIND_COUNT; i++) {
        object_set_class(&vm->classes[i]->header, vm->classes[OBJ_CLASS]);
    }
    adopt_strings(vm);
    for (int i = 1; i < OBJ_KIND_COUNT; i++) {
        Class *cls = vm->classes[i];
        complete_bare(t, cls, rows[i].name, i == OBJ_OBJECT ? NULL : vm->classes[rows[i].base],
                      (ObjectKind)i);
        if (rows[i].flags[0] == 'B') cls->flags |= CLASS_BASE_ALLOWED;
        if (i == OBJ_CLASS) cls->flags |= CLASS_METACLASS;
        if (i == OBJ_EXCEPTION) cls->flags |= CLASS_EXCEPTION;
        if (i == OBJ_OBJECT) cls->flags |= CLASS_PLAIN_NEW;
        settle_attributes(vm, cls);
        make_mro(t, cls);
    }
    bootstrap_exceptions(t);
    fix_exception_group(t);
    bootstrap_native_classes(t);
}

Class *class_new_native(Thread *t, const char *name, const char *module, Class *base,
                        ObjectKind kind, size_t size) {
    if (!base) base = BUILTIN_CLASS(t, OBJECT);
    if (base->kind != OBJ_OBJECT && base->kind != OBJ_NATIVE_DATA) kind = base->kind;
    Class *cls = allocate_class(t, BUILTIN_CLASS(t, CLASS));
    complete_bare(t, cls, name, base, kind);
    cls->module = object_value(str_intern(t->vm, module, strlen(module)));
    cls->instance_size = size ? (uint16_t)size : base->instance_size;
    cls->flags = base->flags & (CLASS_EXCEPTION | CLASS_METACLASS);
    if (kind != OBJ_NATIVE) cls->flags |= base->flags & CLASS_BASE_ALLOWED;
    cls->slots = base->slots;
    cls->trace = base->trace;
    cls->finalize = base->finalize;
    settle_attributes(t->vm, cls);
    make_mro(t, cls);
    return cls;
}

void class_add_subclass(Class *base, Class *cls) {
    if (base->subclass_count == base->subclass_capacity) {
        uint32_t capacity = base->subclass_capacity ? base->subclass_capacity * 2 : 4;
        base->subclasses = memory_realloc(base->subclasses, capacity * sizeof *base->subclasses);
        base->subclass_capacity = capacity;
    }
    base->subclasses[base->subclass_count++] = cls;
}

/* Is [base] the one through which the walk over all classes comes to [cls]? */
static bool is_way_to(const Class *cls, const Class *base) {
    return !cls->bases || cls->bases->size == 0 || CLASS(cls->bases->items[0]) == base;
}

void class_shade_natives(Heap *heap, Class *cls) {
    for (uint32_t i = 0; i < cls->subclass_count; i++) {
        Class *sub = cls->subclasses[i];
        if (!(sub->flags & CLASS_HEAP)) heap_shade_object(heap, &sub->header);
        if (is_way_to(sub, cls)) class_shade_natives(heap, sub);
    }
}

void class_forget_dead(const Heap *heap, Class *cls) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < cls->subclass_count; i++) {
        Class *sub = cls->subclasses[i];
        if (!heap_is_live(heap, &sub->header)) continue;
        cls->subclasses[kept++] = sub;
        if (is_way_to(sub, cls)) class_forget_dead(heap, sub);
    }
    cls->subclass_count = kept;
}

void class_release(Class *cls) {
    free(cls->subclasses);
    cls->subclasses = NULL;
    cls->subclass_count = 0;
    if (cls->root_shape) shape_free(cls->root_shape);
    cls->root_shape = NULL;
}
