/* SPDX-License-Identifier: MIT */
/*
 * _functools: the parts of functools that are called often. partial, reduce and the comparison keys
 * of cmp_to_key are here; the cache behind lru_cache is in stdlib/lru_cache.c.
 *
 * Read next: stdlib/functools.tul.
 */
#include "stdlib/functools_native.h"

#include <string.h>

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- reduce ---- */

typedef struct Reduction {
    Value function;
    Value *total; /* rooted; VALUE_UNSET before the first item */
} Reduction;

static bool reduce_item(Thread *t, Value item, void *context) {
    Reduction *r = context;
    if (*r->total == VALUE_UNSET) {
        *r->total = item;
        return true;
    }
    Value pair[] = {*r->total, item};
    Value v = call_value(t, r->function, pair, 2);
    if (v == VALUE_ERROR) return false;
    *r->total = v;
    return true;
}

static Value functools_reduce(Thread *t, Value *args) {
    Reduction r = {args[0], &args[2]};
    if (!is_object(args[1]) ||
        (!class_of(t->vm, args[1])->slots.iter && !class_of(t->vm, args[1])->slots.getitem)) {
        return raise_error(t, EXC_TypeError, "reduce() arg 2 must support iteration");
    }
    if (!value_for_each(t, args[1], reduce_item, &r)) return VALUE_ERROR;
    if (args[2] == VALUE_UNSET) {
        return raise_error(t, EXC_TypeError, "reduce() of empty iterable with no initial value");
    }
    return args[2];
}

/* ---- partial ---- */

typedef struct Partial {
    Object header;
    Value function;
    Value args;     /* tuple */
    Value keywords; /* dict */
} Partial;

#define PARTIAL(v) ((Partial *)(uintptr_t)(v))

/* [a] followed by [count] values. */
static Tuple *tuple_with(Thread *t, Tuple *a, const Value *values, size_t count) {
    Tuple *whole = tuple_new(t, a->size + count);
    memcpy(whole->items, a->items, a->size * sizeof(Value));
    memcpy(whole->items + a->size, values, count * sizeof(Value));
    return whole;
}

static Value partial_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    int named = kwnames ? (int)kwnames->size : 0, positional = argc - named;
    if (positional < 1)
        return raise_error(t, EXC_TypeError, "type 'partial' takes at least one argument");
    if (!value_is_callable(t, args[0]))
        return raise_error(t, EXC_TypeError, "the first argument must be callable");
    Partial *p = object_new(t, cls, 0);
    Value function = args[0];
    bool nested = is_stdlib_instance(t, function, CLASS_PARTIAL) &&
                  object_class(object_of(function)) == stdlib_of(t)->classes[CLASS_PARTIAL];
    Tuple *first = nested ? TUPLE(PARTIAL(function)->args) : t->vm->empty_tuple;
    Dict *keywords = nested ? dict_copy(t, DICT(PARTIAL(function)->keywords)) : dict_new(t);
    p->function = nested ? PARTIAL(function)->function : function;
    p->args = object_value(tuple_with(t, first, args + 1, (size_t)positional - 1));
    for (int i = 0; i < named; i++)
        dict_set_str(t, keywords, STR(kwnames->items[i]), args[positional + i]);
    p->keywords = object_value(keywords);
    return object_value(p);
}

/* The call with the kept arguments before and the kept keywords under the given ones. */
static Value call_with_keywords(Thread *t, Partial *p, const Value *args, int argc,
                                Tuple *kwnames) {
    int named = kwnames ? (int)kwnames->size : 0, positional = argc - named;
    size_t kept = TUPLE(p->args)->size;
    Value *roots = push_roots(t, 1);
    Dict *keywords = dict_copy(t, DICT(p->keywords));
    for (int i = 0; i < named; i++)
        dict_set_str(t, keywords, STR(kwnames->items[i]), args[positional + i]);
    Value *out = push_roots(t, (int)(kept + (size_t)positional + keywords->used));
    memcpy(out, TUPLE(p->args)->items, kept * sizeof(Value));
    memcpy(out + kept, args, (size_t)positional * sizeof(Value));
    Tuple *names = tuple_new(t, keywords->used);
    roots[0] = object_value(names);
    uint32_t position = 0;
    size_t n = kept + (size_t)positional, i = 0;
    Value key, v;
    while (dict_next(keywords, &position, &key, &v)) {
        if (!is_str(key)) {
            pop_roots(t, roots);
            return raise_error(t, EXC_TypeError, "keywords must be strings");
        }
        names->items[i++] = key;
        out[n++] = v;
    }
    Value result = call_keywords(t, p->function, out, (int)n, names->size ? names : NULL);
    pop_roots(t, roots);
    return result;
}

static Value partial_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Partial *p = PARTIAL(self);
    if (DICT(p->keywords)->used) return call_with_keywords(t, p, args, argc, kwnames);
    size_t kept = TUPLE(p->args)->size;
    Value *out = push_roots(t, (int)kept + argc);
    memcpy(out, TUPLE(p->args)->items, kept * sizeof(Value));
    memcpy(out + kept, args, (size_t)argc * sizeof(Value));
    Value result = call_keywords(t, p->function, out, (int)kept + argc, kwnames);
    pop_roots(t, out);
    return result;
}

/* Appends ", " and the repr of [v] (after "name=" when there is a [name]) to [out]. */
static bool put_argument(Thread *t, Buffer *out, Value name, Value v) {
    Str *text = name == VALUE_UNSET ? NULL : value_str(t, name);
    if (name != VALUE_UNSET && !text) return false;
    buffer_puts(out, ", ");
    if (text) buffer_printf(out, "%s=", text->data);
    text = value_repr(t, v);
    if (text) buffer_append(out, text->data, text->size);
    return text != NULL;
}

/* [roots]: the partial, its function, arguments and a copy of its keywords, which its reprs may
 * change. */
static bool put_partial(Thread *t, Buffer *out, Value *roots) {
    Class *cls = object_class(object_of(roots[0]));
    bool own = cls == stdlib_of(t)->classes[CLASS_PARTIAL];
    buffer_printf(out, "%s%s(", own ? "functools." : "",
                  own ? cls->name->data : STR(cls->qualname)->data);
    Str *text = value_repr(t, roots[1]);
    if (!text) return false;
    buffer_append(out, text->data, text->size);
    for (size_t i = 0; i < TUPLE(roots[2])->size; i++) {
        if (!put_argument(t, out, VALUE_UNSET, TUPLE(roots[2])->items[i])) return false;
    }
    uint32_t position = 0;
    Value key, v;
    while (dict_next(DICT(roots[3]), &position, &key, &v)) {
        if (!put_argument(t, out, key, v)) return false;
    }
    buffer_putc(out, ')');
    return true;
}

static Value partial_repr(Thread *t, Value self) {
    bool seen;
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "..."));
    Value *roots = push_roots(t, 4);
    roots[0] = self;
    roots[1] = PARTIAL(self)->function;
    roots[2] = PARTIAL(self)->args;
    roots[3] = object_value(dict_copy(t, DICT(PARTIAL(self)->keywords)));
    Buffer out = {0};
    bool ok = put_partial(t, &out, roots);
    pop_roots(t, roots);
    repr_leave(t, self);
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

/* ---- pickling ---- */

static Value partial_reduce(Thread *t, Value *args) {
    Partial *p = PARTIAL(args[0]);
    Dict *own = instance_dict(t, &p->header);
    Value state[] = {p->function, p->args, p->keywords,
                     own && own->used ? object_value(own) : VALUE_NONE};
    Value parts[] = {object_value(object_class(&p->header)),
                     object_value(tuple_from(t, &p->function, 1)),
                     object_value(tuple_from(t, state, 4))};
    return object_value(tuple_from(t, parts, 3));
}

static bool is_partial_state(Thread *t, Value state) {
    if (!is_kind(state, OBJ_TUPLE) || TUPLE(state)->size != 4) return false;
    const Value *items = TUPLE(state)->items;
    return value_is_callable(t, items[0]) && is_kind(items[1], OBJ_TUPLE) &&
           (items[2] == VALUE_NONE || is_kind(items[2], OBJ_DICT));
}

/* What a subclass of the built-in one is given is copied to one of that itself. */
static Value plain_tuple(Thread *t, Value v) {
    if (class_of(t->vm, v) == BUILTIN_CLASS(t, TUPLE)) return v;
    return object_value(tuple_from(t, TUPLE(v)->items, TUPLE(v)->size));
}

static Value plain_dict(Thread *t, Value v) {
    if (v == VALUE_NONE) return object_value(dict_new(t));
    return class_of(t->vm, v) == BUILTIN_CLASS(t, DICT) ? v : object_value(dict_copy(t, DICT(v)));
}

static Value partial_setstate(Thread *t, Value *args) {
    if (!is_partial_state(t, args[1]))
        return raise_error(t, EXC_TypeError, "invalid partial state");
    Partial *p = PARTIAL(args[0]);
    const Value *items = TUPLE(args[1])->items;
    heap_set(&t->vm->heap, &p->function, items[0]);
    heap_set(&t->vm->heap, &p->args, plain_tuple(t, items[1]));
    heap_set(&t->vm->heap, &p->keywords, plain_dict(t, items[2]));
    if (items[3] == VALUE_NONE) dict_clear(t, instance_dict(t, &p->header));
    else if (!value_setattr(t, args[0], NAME_OF(t, __dict__), items[3])) return VALUE_ERROR;
    return VALUE_NONE;
}

#define PARTIAL_FIELD(NAME, FIELD)                                                                 \
    static Value partial_##NAME(Thread *t, Value self) {                                           \
        (void)t;                                                                                   \
        return PARTIAL(self)->FIELD;                                                               \
    }
PARTIAL_FIELD(func, function)
PARTIAL_FIELD(args, args)
PARTIAL_FIELD(keywords, keywords)

static const FieldDef partial_fields[] = {
    {"func", partial_func, NULL, "The function to call."},
    {"args", partial_args, NULL, "Its first arguments."},
    {"keywords", partial_keywords, NULL, "Its keyword arguments."},
    {0},
};
static const NativeDef partial_methods[] = {
    {"@@__class_getitem__", class_getitem_self, "(cls, item, /)", "partial[T], for annotations."},
    {"__reduce__", partial_reduce, "(self, /)", "What pickle makes an equal one of."},
    {"__setstate__", partial_setstate, "(self, state, /)", "Take over a pickled state."},
    {0},
};
static void partial_trace(Heap *heap, Object *self) {
    Partial *p = (Partial *)self;
    heap_shade(heap, p->function);
    heap_shade(heap, p->args);
    heap_shade(heap, p->keywords);
}
static const Slots partial_slots = {
    .construct = partial_construct, .call = partial_call, .repr = partial_repr};
static const NativeClass partial_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "partial",
    .slots = &partial_slots,
    .methods = partial_methods,
    .fields = partial_fields,
    .doc = "partial(func, *args, **keywords) -> func with these arguments given.",
    .size = sizeof(Partial),
    .flags = CLASS_BASE_ALLOWED | CLASS_HAS_ATTRIBUTES,
    .trace = partial_trace};

/* ---- cmp_to_key ---- */

typedef struct Key {
    Object header;
    Value compare, object; /* object VALUE_UNSET: the function that makes keys */
} Key;

#define KEY(v) ((Key *)(uintptr_t)(v))

static Value key_new_object(Thread *t, Value compare, Value object) {
    Key *key = object_new(t, stdlib_of(t)->classes[CLASS_KEY], 0);
    key->compare = compare;
    key->object = object;
    return object_value(key);
}

static Value functools_cmp_to_key(Thread *t, Value *args) {
    return key_new_object(t, args[0], VALUE_UNSET);
}

static Value key_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 1);
    bool ok = bind_raw(t, "K", "(obj)", out, args, argc, kwnames);
    pop_roots(t, out);
    return ok ? key_new_object(t, KEY(self)->compare, out[0]) : VALUE_ERROR;
}

static Value key_compare(Thread *t, Value a, Value b, CompareOp op) {
    Class *cls = stdlib_of(t)->classes[CLASS_KEY];
    if (class_of(t->vm, a) != cls || class_of(t->vm, b) != cls) {
        return raise_error(t, EXC_TypeError, "other argument must be K instance");
    }
    if (KEY(a)->object == VALUE_UNSET || KEY(b)->object == VALUE_UNSET)
        return raise_error(t, EXC_AttributeError, "object");
    Value pair[] = {KEY(a)->object, KEY(b)->object};
    Value order = call_value(t, KEY(a)->compare, pair, 2);
    return order == VALUE_ERROR ? VALUE_ERROR : value_compare(t, op, order, fixnum(0));
}

static Value key_object(Thread *t, Value self) {
    if (KEY(self)->object == VALUE_UNSET) return raise_error(t, EXC_AttributeError, "object");
    return KEY(self)->object;
}

static const FieldDef key_fields[] = {
    {"obj", key_object, NULL, "The value the key stands for."},
    {0},
};
static const Slots key_slots = {.call = key_call, .compare = key_compare};
static const NativeClass key_class = {.kind = OBJ_NATIVE_DATA,
                                      .name = "KeyWrapper",
                                      .slots = &key_slots,
                                      .fields = key_fields,
                                      .size = sizeof(Key),
                                      .trace = stdlib_trace_values};

static const NativeDef functions[] = {
    {"reduce", functools_reduce, "(function, iterable, initial=?, /)",
     "function(… function(function(a, b), c) …)."},
    {"cmp_to_key", functools_cmp_to_key, "(mycmp)",
     "A key function out of one that compares two values."},
    {0},
};

static bool init(Thread *t, Module *m) {
    stdlib_class(t, CLASS_PARTIAL, m, &partial_class, "functools", NULL);
    stdlib_class(t, CLASS_KEY, NULL, &key_class, "functools", NULL);
    lru_cache_init(t, m);
    return true;
}

const NativeModule _functools_module = {.name = "_functools",
                                        .doc = "The parts of functools in C.",
                                        .functions = functions,
                                        .init = init};
