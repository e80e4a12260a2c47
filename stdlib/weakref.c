/* SPDX-License-Identifier: MIT */
/*
 * _weakref: references that do not keep their object alive.
 *
 * A table from objects to their references lets the end of every marking clear the references whose
 * object is dead (weak_sweep) and queue those with a callback, which the next safepoint runs as it
 * runs finalisers: a queued reference is revived and its __del__ is the callback.
 *
 * Reading a reference while marking is under way shades the object: it may have been reachable from
 * nowhere else. Invariant: the table holds no dead object and no dead reference once a marking has
 * ended. Read next: stdlib/weakref.tul, vm/heap.c.
 */
#include <stdlib.h>

#include "common/memory.h"
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct WeakReference {
    Object header;
    Value target;   /* not traced; VALUE_UNSET when dead */
    Value callback; /* VALUE_NONE: none */
    int64_t hash;
    bool hashed;
    bool called;                /* the callback has run or will not */
    struct WeakReference *next; /* of the same target */
} WeakReference;

#define REFERENCE(v) ((WeakReference *)(uintptr_t)(v))

struct WeakTable {
    WeakReference *
        *slots; /* first reference of each target, by the target's address; open addressing */
    size_t capacity, used;
};

/* ---- the table ---- */

static size_t slot_of(const WeakTable *table, Value target) {
    size_t mask = table->capacity - 1,
           i = (size_t)((target >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;
    while (table->slots[i] && table->slots[i]->target != target) i = (i + 1) & mask;
    return i;
}

static void table_resize(WeakTable *table, size_t capacity) {
    WeakReference **old = table->slots;
    size_t count = table->capacity;
    table->slots = calloc(capacity, sizeof *table->slots);
    if (!table->slots) memory_exhausted(capacity * sizeof *table->slots);
    table->capacity = capacity;
    for (size_t i = 0; i < count; i++) {
        if (old[i]) table->slots[slot_of(table, old[i]->target)] = old[i];
    }
    free(old);
}

/* A plain one comes first in the list of its target, where it is found again. */
static void table_add(WeakTable *table, WeakReference *ref, bool plain) {
    if ((table->used + 1) * 2 > table->capacity)
        table_resize(table, table->capacity ? table->capacity * 2 : 16);
    size_t i = slot_of(table, ref->target);
    if (!table->slots[i]) table->used++;
    WeakReference **place = &table->slots[i];
    bool behind = !plain && *place && (*place)->callback == VALUE_NONE &&
                  !(object_class(&(*place)->header)->flags & CLASS_HEAP);
    if (behind) place = &(*place)->next;
    ref->next = *place;
    *place = ref;
}

static WeakReference *references_to(const WeakTable *table, Value target) {
    return table->capacity ? table->slots[slot_of(table, target)] : NULL;
}

/* The dead reference [ref] with a callback is to be called at the next safepoint. */
static void queue_callback(Heap *heap, WeakReference *ref) {
    if (heap->pending_count == heap->pending_capacity) {
        heap->pending_capacity = heap->pending_capacity ? heap->pending_capacity * 2 : 16;
        heap->pending =
            memory_realloc(heap->pending, heap->pending_capacity * sizeof *heap->pending);
    }
    heap->pending[heap->pending_count++] = &ref->header;
    heap_call_attention(heap, POLL_FINALIZE);
}

/* What is left of a target's references: live ones of a live target. */
static WeakReference *sweep_references(Heap *heap, WeakReference *ref) {
    bool alive = heap_is_live(heap, object_of(ref->target));
    WeakReference *kept = NULL, **end = &kept;
    for (WeakReference *next; ref; ref = next) {
        next = ref->next;
        ref->next = NULL;
        if (!heap_is_live(heap, &ref->header)) continue;
        if (alive) {
            *end = ref;
            end = &ref->next;
            continue;
        }
        ref->target = VALUE_UNSET;
        if (ref->callback != VALUE_NONE && !ref->called) queue_callback(heap, ref);
    }
    return kept;
}

static void sweep(Heap *heap) {
    Stdlib *lib = heap->vm->stdlib_state;
    WeakTable *table = lib->weak;
    WeakReference **old = table->slots;
    size_t count = table->capacity;
    table->slots = calloc(count, sizeof *table->slots);
    if (!table->slots) memory_exhausted(count * sizeof *table->slots);
    table->used = 0;
    for (size_t i = 0; i < count; i++) {
        WeakReference *kept = old[i] ? sweep_references(heap, old[i]) : NULL;
        if (!kept) continue;
        table->slots[slot_of(table, kept->target)] = kept;
        table->used++;
    }
    free(old);
}

static WeakTable *weak_table(Thread *t) {
    Stdlib *lib = stdlib_of(t);
    if (!lib->weak) {
        lib->weak = memory_alloc(sizeof *lib->weak);
        *lib->weak = (WeakTable){0};
        t->vm->heap.weak_sweep = sweep;
    }
    return lib->weak;
}

void weak_table_free(Vm *vm) {
    Stdlib *lib = vm->stdlib_state;
    if (!lib->weak) return;
    vm->heap.weak_sweep = NULL;
    free(lib->weak->slots);
    free(lib->weak);
    lib->weak = NULL;
}

/* ---- references ---- */

/* Do the __slots__ along the MRO of [cls] name __weakref__? */
static bool has_weakref_slot(Thread *t, const Class *cls) {
    for (size_t i = 0; i < cls->mro->size; i++) {
        Value slots =
            dict_get_str(t, CLASS(cls->mro->items[i])->dict, t->vm->names[NAME___slots__]);
        const Value *items = is_kind(slots, OBJ_TUPLE)  ? TUPLE(slots)->items
                             : is_kind(slots, OBJ_LIST) ? LIST(slots)->items
                                                        : &slots;
        size_t count = is_kind(slots, OBJ_TUPLE)  ? TUPLE(slots)->size
                       : is_kind(slots, OBJ_LIST) ? LIST(slots)->size
                                                  : 1;
        for (size_t k = 0; k < count; k++) {
            if (is_str(items[k]) && str_equal(STR(items[k]), t->vm->names[NAME___weakref__]))
                return true;
        }
    }
    return false;
}

/* CPython's rule: instances of classes of programs, and objects with a life of their own, but no
 * plain data. */
static bool may_be_referenced(Thread *t, Value v) {
    if (!is_object(v)) return false;
    const Class *cls = object_class(object_of(v));
    if (cls == t->vm->classes[OBJ_OBJECT]) return false;
    if (is_kind(v, OBJ_CLASS)) return true;
    if (cls->flags & CLASS_HEAP) {
        if (object_kind(object_of(v)) == OBJ_INT || object_kind(object_of(v)) == OBJ_TUPLE)
            return false;
        bool bare = (cls->flags & CLASS_NO_DICT) || !(cls->flags & CLASS_HAS_ATTRIBUTES);
        return !bare || has_weakref_slot(t, cls);
    }
    switch (object_kind(object_of(v))) {
    case OBJ_INT:
    case OBJ_FLOAT:
    case OBJ_STR:
    case OBJ_BYTES:
    case OBJ_BYTEARRAY:
    case OBJ_LIST:
    case OBJ_TUPLE:
    case OBJ_DICT:
    case OBJ_RANGE:
    case OBJ_SLICE:
    case OBJ_CELL:
    case OBJ_EXCEPTION:
    case OBJ_PROPERTY:
    case OBJ_TRACEBACK:
    case OBJ_FRAME: return false;
    default: return true;
    }
}

/* The object, kept alive from now on, or VALUE_NONE. */
static Value load(Thread *t, const WeakReference *ref) {
    if (ref->target == VALUE_UNSET) return VALUE_NONE;
    if (t->vm->heap.marking) heap_shade(&t->vm->heap, ref->target);
    return ref->target;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    int given = argc - (kwnames ? (int)kwnames->size : 0);
    if (given < 1)
        return raise_error(t, EXC_TypeError, "%s expected at least 1 argument, got 0", "ref");
    Value target = args[0], callback = given > 1 ? args[1] : VALUE_NONE;
    if (!may_be_referenced(t, target)) {
        return raise_error(t, EXC_TypeError, "cannot create weak reference to '%T' object", target);
    }
    WeakTable *table = weak_table(t);
    if (callback == VALUE_NONE && cls == stdlib_of(t)->classes[CLASS_WEAK_REFERENCE]) {
        for (WeakReference *ref = references_to(table, target); ref; ref = ref->next) {
            if (ref->callback != VALUE_NONE || object_class(&ref->header) != cls) continue;
            if (t->vm->heap.marking) heap_shade_object(&t->vm->heap, &ref->header);
            return object_value(ref);
        }
    }
    WeakReference *ref = object_new(t, cls, 0);
    ref->target = target;
    ref->callback = callback;
    table_add(table, ref, callback == VALUE_NONE && !(cls->flags & CLASS_HEAP));
    return object_value(ref);
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    (void)self, (void)args;
    if (!(kwnames && kwnames->size) && argc <= 2) return true;
    if (kwnames && kwnames->size) raise_error(t, EXC_TypeError, "ref() takes no keyword arguments");
    else raise_error(t, EXC_TypeError, "__init__ expected at most 2 arguments, got %d", argc);
    return false;
}

static Value call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)kwnames;
    if (argc)
        return raise_error(t, EXC_TypeError,
                           "__call__() takes 0 positional arguments but %d were given", argc);
    return load(t, REFERENCE(self));
}

static bool hash(Thread *t, Value self, int64_t *out) {
    WeakReference *ref = REFERENCE(self);
    if (!ref->hashed) {
        Value *roots = push_roots(t, 1);
        roots[0] = load(t, ref);
        bool alive = ref->target != VALUE_UNSET;
        if (!alive) raise_error(t, EXC_TypeError, "weak object has gone away");
        bool ok = alive && value_hash(t, roots[0], &ref->hash);
        pop_roots(t, roots);
        if (!ok) return false;
        ref->hashed = true;
    }
    *out = ref->hash;
    return true;
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_stdlib_instance(t, b, CLASS_WEAK_REFERENCE))
        return VALUE_NOTIMPLEMENTED;
    if (REFERENCE(a)->target == VALUE_UNSET || REFERENCE(b)->target == VALUE_UNSET) {
        return bool_value((a == b) == (op == COMPARE_EQ));
    }
    Value *roots = push_roots(t, 2);
    roots[0] = load(t, REFERENCE(a));
    roots[1] = load(t, REFERENCE(b));
    Value v = value_compare(t, op, roots[0], roots[1]);
    pop_roots(t, roots);
    return v;
}

static Value repr(Thread *t, Value self) {
    WeakReference *ref = REFERENCE(self);
    unsigned long long id = value_id(t->vm, self);
    Value target = load(t, ref);
    Str *text;
    if (ref->target == VALUE_UNSET) text = str_format(t, "<weakref at 0x%012llx; dead>", id);
    else
        text = str_format(t, "<weakref at 0x%012llx; to '%T' at 0x%012llx>", id, target,
                          (unsigned long long)value_id(t->vm, target));
    return text ? object_value(text) : VALUE_ERROR;
}

/* Runs the callback of a reference whose object is gone; the collector's queue calls it. */
static Value reference_del(Thread *t, Value *args) {
    WeakReference *ref = REFERENCE(args[0]);
    if (ref->target != VALUE_UNSET || ref->called || ref->callback == VALUE_NONE) return VALUE_NONE;
    ref->called = true;
    return call_value(t, ref->callback, args, 1);
}

static Value get_callback(Thread *t, Value self) {
    (void)t;
    return REFERENCE(self)->called ? VALUE_NONE : REFERENCE(self)->callback;
}

static void trace(Heap *heap, Object *self) { heap_shade(heap, ((WeakReference *)self)->callback); }

static const NativeDef methods[] = {
    {"__del__", reference_del, "(self, /)", "Calls the callback when the object is gone."},
    {"@@__class_getitem__", class_getitem_self, "(cls, item, /)", "ref[...] is ref."},
    {0},
};
static const FieldDef fields[] = {
    {"__callback__", get_callback, NULL, "What is called when the object is gone, or None."},
    {0},
};
static const Slots slots = {.construct = construct,
                            .init = init,
                            .call = call,
                            .hash = hash,
                            .compare = compare,
                            .repr = repr};
static const NativeClass reference_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "ReferenceType",
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "ref(object[, callback]) -> a reference that does not keep object alive.",
    .size = sizeof(WeakReference),
    .flags = CLASS_BASE_ALLOWED,
    .trace = trace};

/* ---- the module ---- */

static Value getweakrefcount(Thread *t, Value *args) {
    int64_t count = 0;
    WeakTable *table = weak_table(t);
    if (!is_object(args[0])) return fixnum(0);
    for (WeakReference *ref = references_to(table, args[0]); ref; ref = ref->next) count++;
    return fixnum(count);
}

static Value getweakrefs(Thread *t, Value *args) {
    List *list = list_new(t, 0);
    if (!is_object(args[0])) return object_value(list);
    for (WeakReference *ref = references_to(weak_table(t), args[0]); ref; ref = ref->next) {
        if (t->vm->heap.marking) heap_shade_object(&t->vm->heap, &ref->header);
        if (!list_append(t, list, object_value(ref))) return VALUE_ERROR;
    }
    return object_value(list);
}

static const NativeDef functions[] = {
    {"getweakrefcount", getweakrefcount, "(object, /)", "How many weak references object has."},
    {"getweakrefs", getweakrefs, "(object, /)", "A list of object's weak references."},
    {0},
};

static bool module_init(Thread *t, Module *m) {
    Class *cls = stdlib_class(t, CLASS_WEAK_REFERENCE, m, &reference_class, "weakref", NULL);
    module_set(t, m, "ref", object_value(cls));
    return true;
}

const NativeModule _weakref_module = {
    .name = "_weakref", .doc = "Weak references.", .functions = functions, .init = module_init};
