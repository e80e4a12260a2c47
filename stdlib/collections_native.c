/* SPDX-License-Identifier: MIT */
/*
 * _collections: what of collections is written in C. deque, the counting loop of Counter, the
 * fields of named tuples. Read next: stdlib/collections/__init__.tul.
 */
#include "stdlib/deque_class.h"
#include "vm/container.h"
#include "vm/hash_index.h"
#include "vm/ops.h"
#include "vm/str.h"
#include "vm/table.h"

typedef struct Counting {
    Dict *dict;
} Counting;

static bool count_item(Thread *t, Value item, void *context) {
    Counting *c = context;
    Value *roots = push_roots(t, 2);
    roots[0] = item;
    Value count = dict_get(t, c->dict, item);
    bool ok = count != VALUE_ERROR;
    if (ok) {
        if (count == VALUE_UNSET) count = fixnum(0);
        roots[1] = is_fixnum(count) ? fixnum(fixnum_of(count) + 1)
                                    : value_binary(t, BINARY_ADD, count, fixnum(1));
        ok = roots[1] != VALUE_ERROR && dict_set(t, c->dict, item, roots[1]);
    }
    pop_roots(t, roots);
    return ok;
}

/* Is [mapping] a dict whose class has not changed what reading and writing an item does? */
static bool counts_as_dict(Thread *t, Value mapping) {
    if (!is_kind(mapping, OBJ_DICT)) return false;
    Str *get = str_intern(t->vm, "get", 3);
    Class *cls = class_of(t->vm, mapping), *dict = BUILTIN_CLASS(t, DICT);
    return class_lookup(t, cls, get) == class_lookup(t, dict, get) &&
           cls->slots.setitem == dict->slots.setitem;
}

typedef struct MethodCounting {
    Value mapping, get; /* its method */
} MethodCounting;

/* mapping[item] = mapping.get(item, 0) + 1 */
static bool count_by_methods(Thread *t, Value item, void *context) {
    MethodCounting *c = context;
    Value *roots = push_roots(t, 2);
    roots[0] = item;
    roots[1] = fixnum(0);
    Value count = call_value(t, c->get, roots, 2);
    bool ok = count != VALUE_ERROR;
    if (ok) roots[1] = value_binary(t, BINARY_ADD, count, fixnum(1));
    ok = ok && roots[1] != VALUE_ERROR && value_setitem(t, c->mapping, item, roots[1]);
    pop_roots(t, roots);
    return ok;
}

static Value count_elements(Thread *t, Value *args) {
    bool ok;
    if (counts_as_dict(t, args[0])) {
        Counting counting = {DICT(args[0])};
        ok = value_for_each(t, args[1], count_item, &counting);
    } else {
        Value *roots = push_roots(t, 1);
        roots[0] = value_getattr(t, args[0], str_intern(t->vm, "get", 3));
        if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
        MethodCounting counting = {args[0], roots[0]};
        ok = value_for_each(t, args[1], count_by_methods, &counting);
        pop_roots(t, roots);
    }
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static Value move_to_end(Thread *t, Value *args) {
    int last = value_truth(t, args[2]);
    if (last < 0) return VALUE_ERROR;
    uint64_t hash;
    if (!key_hash(t, args[1], &hash)) return VALUE_ERROR;
    int64_t i = dict_find(t, DICT(args[0]), args[1], hash);
    if (i == TABLE_ABSENT) return raise_with(t, EXC_KeyError, args[1]);
    if (i == TABLE_RAISED || !dict_move(t, DICT(args[0]), (uint32_t)i, last)) return VALUE_ERROR;
    return VALUE_NONE;
}

/* ---- the fields of named tuples ---- */

typedef struct TupleField {
    Object header;
    Value index, doc;
} TupleField;

#define TUPLE_FIELD(v) ((TupleField *)(uintptr_t)(v))

static Value field_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    int64_t index;
    if (bind_raw(t, "_tuplegetter", "(index, doc, /)", out, args, argc, kwnames) &&
        arg_int64(t, out[0], &index)) {
        TupleField *field = object_new(t, cls, 0);
        field->index = fixnum(index);
        field->doc = out[1];
        result = object_value(field);
    }
    pop_roots(t, out);
    return result;
}

static Value field_get(Thread *t, Value self, Value instance, Value owner) {
    (void)owner;
    if (instance == VALUE_UNSET || instance == VALUE_NONE) return self;
    size_t index = (size_t)fixnum_of(TUPLE_FIELD(self)->index);
    if (!is_kind(instance, OBJ_TUPLE)) {
        return raise_error(
            t, EXC_TypeError,
            "descriptor for index '%zu' for tuple subclasses doesn't apply to '%T' object", index,
            instance);
    }
    if (index >= TUPLE(instance)->size)
        return raise_error(t, EXC_IndexError, "tuple index out of range");
    return TUPLE(instance)->items[index];
}

static bool field_set(Thread *t, Value self, Value instance, Value v) {
    (void)self, (void)instance;
    raise_error(t, EXC_AttributeError,
                v == VALUE_UNSET ? "can't delete attribute" : "can't set attribute");
    return false;
}

static Value field_doc(Thread *t, Value self) { return (void)t, TUPLE_FIELD(self)->doc; }
static bool field_set_doc(Thread *t, Value self, Value v) {
    heap_set(&t->vm->heap, &TUPLE_FIELD(self)->doc, v == VALUE_UNSET ? VALUE_NONE : v);
    return true;
}

static const FieldDef field_fields[] = {
    {"__doc__", field_doc, field_set_doc, "What the field is."},
    {0},
};
static const Slots field_slots = {
    .construct = field_construct, .descr_get = field_get, .descr_set = field_set};
static const NativeClass field_class = {.kind = OBJ_NATIVE_DATA,
                                        .name = "_tuplegetter",
                                        .slots = &field_slots,
                                        .fields = field_fields,
                                        .size = sizeof(TupleField),
                                        .trace = stdlib_trace_values};

static const NativeDef functions[] = {
    {"_count_elements", count_elements, "(mapping, iterable, /)",
     "Add 1 to mapping[item] for every item."},
    {"_move_to_end", move_to_end, "(dict, key, last, /)", "Make an entry the last, or the first."},
    {0},
};

static bool init(Thread *t, Module *m) {
    deque_class_init(t, m);
    module_class(t, m, &field_class, "collections", NULL);
    return true;
}

const NativeModule _collections_module = {.name = "_collections",
                                          .doc = "The parts of collections in C.",
                                          .functions = functions,
                                          .init = init};
