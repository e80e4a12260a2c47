/* SPDX-License-Identifier: MIT */
/*
 * _thread._local: an object whose attributes are each thread's own.
 *
 * It has one namespace for every thread that touched it. Before an attribute is looked at, the
 * namespace of the running thread is put in the place of the object's __dict__; a subclass with
 * __init__ has it called for every thread anew, with the arguments of the first call. Namespaces of
 * threads that are gone are dropped when a new one is made.
 *
 * Read next: stdlib/threading.tul.
 */
#include "stdlib/thread.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Local {
    Object header;
    Value namespaces; /* dict: number of a thread → its namespace */
    Value args;       /* tuple of the constructor's values, positional then keyword */
    Value keywords;   /* tuple of the keywords' names, or None */
    uint64_t current; /* the thread whose namespace is in place */
} Local;

#define LOCAL(v) ((Local *)(uintptr_t)(v))

static bool is_alive(const Vm *vm, int64_t number) {
    for (const Thread *t = vm->threads; t; t = t->next) {
        if (t->number == (uint64_t)number) return true;
    }
    return false;
}

/* Forget the namespaces of ended threads, when they are more than those of living ones. */
static bool drop_dead(Thread *t, Value *roots, Dict *namespaces) {
    if (namespaces->used < 2 * t->vm->thread_count) return true;
    Dict *kept = dict_new(t);
    roots[1] = object_value(kept);
    uint32_t position = 0;
    Value key, v;
    while (dict_next(namespaces, &position, &key, &v)) {
        if (is_alive(t->vm, fixnum_of(key)) && !dict_set(t, kept, key, v)) return false;
    }
    heap_set(&t->vm->heap, &LOCAL(roots[0])->namespaces, object_value(kept));
    return true;
}

static bool init_again(Thread *t, Local *local) {
    Class *cls = object_class(&local->header);
    if (!cls->slots.init || local->args == VALUE_UNSET) return true;
    Tuple *args = TUPLE(local->args);
    Tuple *names = local->keywords == VALUE_NONE ? NULL : TUPLE(local->keywords);
    return cls->slots.init(t, object_value(local), args->items, (int)args->size, names);
}

/* A namespace for this thread, empty. */
static bool make_namespace(Thread *t, Value *roots) {
    Dict *namespaces = DICT(LOCAL(roots[0])->namespaces);
    if (!drop_dead(t, roots, namespaces)) return false;
    namespaces = DICT(LOCAL(roots[0])->namespaces);
    roots[1] = object_value(dict_new(t));
    return dict_set(t, namespaces, fixnum((int64_t)t->number), roots[1]);
}

static void put_in_place(Thread *t, Local *local, Value namespace) {
    Attributes *attributes = object_attributes(&local->header);
    if (attributes) shape_set_dict(t->vm, attributes, DICT(namespace));
    local->current = t->number;
}

/* The attributes of [self] are this thread's from now on. False: raised. */
static bool switch_to_thread(Thread *t, Value self) {
    Local *local = LOCAL(self);
    if (local->current == t->number) return true;
    Value key = fixnum((int64_t)t->number), namespace;
    namespace = dict_get(t, DICT(local->namespaces), key);
    if (namespace == VALUE_ERROR) return false;
    if (namespace != VALUE_UNSET) {
        put_in_place(t, local, namespace);
        return true;
    }
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    bool ok = make_namespace(t, roots);
    if (ok) {
        put_in_place(t, local, roots[1]);
        ok = init_again(t, local);
    }
    pop_roots(t, roots);
    return ok;
}

static Value local_getattr(Thread *t, Value self, Str *name) {
    return switch_to_thread(t, self) ? object_getattr(t, self, name) : VALUE_ERROR;
}

static bool local_setattr(Thread *t, Value self, Str *name, Value v) {
    if (name == NAME_OF(t, __dict__)) {
        Class *cls = object_class(object_of(self));
        raise_error(t, EXC_AttributeError, "'%s%s' object attribute '__dict__' is read-only",
                    cls->flags & CLASS_HEAP ? "" : "_thread.", cls->name->data);
        return false;
    }
    return switch_to_thread(t, self) && object_setattr(t, self, name, v);
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    if (argc && cls->slots.init == object_slots.init)
        return raise_error(t, EXC_TypeError, "Initialization arguments are not supported");
    Value *roots = push_roots(t, 2);
    Local *local = object_new(t, cls, 0);
    roots[0] = object_value(local);
    local->args = object_value(tuple_from(t, args, (size_t)argc));
    local->keywords = kwnames ? object_value(kwnames) : VALUE_NONE;
    local->namespaces = object_value(dict_new(t));
    if (!make_namespace(t, roots)) return VALUE_ERROR;
    put_in_place(t, local, roots[1]);
    pop_roots(t, roots);
    return object_value(local);
}

static void trace(Heap *heap, Object *self) {
    Local *local = (Local *)self;
    if (!local->namespaces) return;
    heap_shade(heap, local->namespaces);
    heap_shade(heap, local->args);
    heap_shade(heap, local->keywords);
}

static const Slots slots = {
    .getattr = local_getattr, .setattr = local_setattr, .construct = construct};

void local_install(Thread *t, Module *module) {
    module_class(t, module,
                 &(NativeClass){.kind = OBJ_NATIVE_DATA,
                                .name = "_local",
                                .slots = &slots,
                                .doc = "An object whose attributes are each thread's own.",
                                .size = sizeof(Local),
                                .flags = CLASS_BASE_ALLOWED | CLASS_HAS_ATTRIBUTES,
                                .trace = trace},
                 "_thread", NULL);
}
