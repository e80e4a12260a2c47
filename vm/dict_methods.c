/* SPDX-License-Identifier: MIT */
/*
 * The class dict: construction, operators and methods, over the table of vm/dict.c.
 *
 * A key that is looked up may run Tulip code (__hash__, __eq__); the arguments of a native are
 * rooted, and so is the dict among them, so only what a method holds beside them needs roots.
 *
 * Read next: vm/dict_views.c (keys, values, items and the iterators).
 */
#include "vm/container.h"
#include "vm/generic_alias.h"
#include "vm/hash_index.h"
#include "vm/native.h"
#include "vm/sequence.h"
#include "vm/table.h"

/* ---- construction ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    if (cls == BUILTIN_CLASS(t, DICT)) return object_value(dict_new(t));
    Dict *d = object_new(t, cls, 0);
    d->is_default = true;
    return object_value(d);
}

/* update() with raw arguments; [name] is for the message. */
static bool update_arguments(Thread *t, const char *name, Dict *d, const Value *args, int argc,
                             Tuple *kwnames) {
    int nkeywords = kwnames ? (int)kwnames->size : 0, npositional = argc - nkeywords;
    if (!arguments_at_most(t, name, 1, npositional, NULL)) return false;
    if (npositional == 1 && !dict_update(t, d, args[0])) return false;
    for (int i = 0; i < nkeywords; i++) {
        dict_set_str(t, d, STR(kwnames->items[i]), args[npositional + i]);
    }
    return true;
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 1);
    roots[0] = self;
    bool ok = update_arguments(t, "dict", DICT(self), args, argc, kwnames);
    pop_roots(t, roots);
    return ok;
}

/* ---- operators ---- */

static bool repr_entry(Thread *t, Buffer *out, Value key, Value v) {
    Value *roots = push_roots(t, 1);
    roots[0] = v;
    bool ok = value_repr_into(t, key, out);
    buffer_append(out, ": ", 2);
    ok = ok && value_repr_into(t, v, out);
    pop_roots(t, roots);
    return ok;
}

static bool repr_entries(Thread *t, Dict *d, Buffer *out) {
    uint32_t position = 0;
    Value key, v;
    for (bool first = true; dict_next(d, &position, &key, &v); first = false) {
        if (!first) buffer_append(out, ", ", 2);
        if (!repr_entry(t, out, key, v)) return false;
    }
    return true;
}

static Value repr(Thread *t, Value self) {
    bool seen;
    if (DICT(self)->used == 0) return object_value(str_from(t, "{}"));
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "{...}"));
    Buffer out = {.fallible = true};
    buffer_putc(&out, '{');
    bool ok = repr_entries(t, DICT(self), &out);
    repr_leave(t, self);
    buffer_putc(&out, '}');
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

/* Has [b] the key of an entry of [a], with an equal value? 1, 0, -1. */
static int has_equal_entry(Thread *t, Dict *b, DictEntry e) {
    Value *roots = push_roots(t, 3);
    roots[0] = e.key;
    roots[1] = e.value;
    int64_t i = dict_find(t, b, e.key, e.hash);
    int equal = i == TABLE_ABSENT ? 0 : -1;
    if (i >= 0) {
        roots[2] = b->entries[i].value;
        equal = value_equal(t, e.value, roots[2]);
    }
    pop_roots(t, roots);
    return equal;
}

static int dicts_equal(Thread *t, Dict *a, Dict *b) {
    if (a->used != b->used) return 0;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->entries[i].key == VALUE_UNSET) continue;
        int equal = has_equal_entry(t, b, a->entries[i]);
        if (equal <= 0) return equal;
    }
    return 1;
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_DICT) || (op != COMPARE_EQ && op != COMPARE_NE))
        return VALUE_NOTIMPLEMENTED;
    int equal = dicts_equal(t, DICT(a), DICT(b));
    if (equal < 0) return VALUE_ERROR;
    return bool_value(equal == (op == COMPARE_EQ));
}

static int64_t length(Thread *t, Value self) {
    (void)t;
    return DICT(self)->used;
}

static Value missing(Thread *t, Value self, Value key) {
    if (DICT(self)->is_default) {
        Value method = lookup_special(t, self, NAME_OF(t, __missing__));
        if (method == VALUE_ERROR) return VALUE_ERROR;
        if (method != VALUE_UNSET) return call_value(t, method, &key, 1);
    }
    return raise_with(t, EXC_KeyError, key);
}

static Value getitem(Thread *t, Value self, Value key) {
    Value v = dict_get(t, DICT(self), key);
    return LIKELY(v != VALUE_UNSET) ? v : missing(t, self, key);
}

static bool setitem(Thread *t, Value self, Value key, Value v) {
    if (v != VALUE_UNSET) return dict_set(t, DICT(self), key, v);
    int deleted = dict_delete(t, DICT(self), key);
    if (deleted == 0) raise_with(t, EXC_KeyError, key);
    return deleted > 0;
}

static int contains(Thread *t, Value self, Value key) {
    Value v = dict_get(t, DICT(self), key);
    return v == VALUE_ERROR ? -1 : v != VALUE_UNSET;
}

static Value binary_or(Thread *t, Value a, Value b) {
    if (!is_kind(a, OBJ_DICT) || !is_kind(b, OBJ_DICT)) return VALUE_NOTIMPLEMENTED;
    Value *roots = push_roots(t, 1);
    Dict *d = dict_copy(t, DICT(a));
    if (d) roots[0] = object_value(d);
    bool ok = d && dict_update(t, d, b);
    pop_roots(t, roots);
    return ok ? object_value(d) : VALUE_ERROR;
}

static Value inplace_or(Thread *t, Value a, Value b) {
    return dict_update(t, DICT(a), b) ? a : VALUE_ERROR;
}

/* ---- methods ---- */

static Value method_get(Thread *t, Value *args) {
    Value v = dict_get(t, DICT(args[0]), args[1]);
    return v == VALUE_UNSET ? args[2] : v;
}

static Value method_setdefault(Thread *t, Value *args) {
    Dict *d = DICT(args[0]);
    uint64_t hash;
    if (!key_hash(t, args[1], &hash)) return VALUE_ERROR;
    int64_t i = dict_find(t, d, args[1], hash);
    if (i >= 0) return d->entries[i].value;
    if (i == TABLE_RAISED || !dict_add_absent(t, d, args[1], hash, args[2])) return VALUE_ERROR;
    return args[2];
}

static Value method_pop(Thread *t, Value *args) {
    Dict *d = DICT(args[0]);
    uint64_t hash;
    if (d->used == 0)
        return args[2] != VALUE_UNSET ? args[2] : raise_with(t, EXC_KeyError, args[1]);
    if (!key_hash(t, args[1], &hash)) return VALUE_ERROR;
    int64_t i = dict_find(t, d, args[1], hash);
    if (i == TABLE_RAISED) return VALUE_ERROR;
    if (i == TABLE_ABSENT) {
        return args[2] != VALUE_UNSET ? args[2] : raise_with(t, EXC_KeyError, args[1]);
    }
    Value v = d->entries[i].value;
    dict_remove_at(t, d, (uint32_t)i);
    return v;
}

static Value method_popitem(Thread *t, Value *args) {
    Dict *d = DICT(args[0]);
    if (d->used == 0) return raise_error(t, EXC_KeyError, "popitem(): dictionary is empty");
    while (d->entries[d->count - 1].key == VALUE_UNSET) d->count--;
    const DictEntry *last = &d->entries[d->count - 1];
    Tuple *pair = tuple_from(t, (Value[]){last->key, last->value}, 2);
    dict_remove_at(t, d, --d->count);
    if (d->first > d->count) d->first = d->count;
    return object_value(pair);
}

static Value method_update(Thread *t, Value *args) {
    Tuple *positional = TUPLE(args[1]);
    if (!update_arguments(t, "update", DICT(args[0]), positional->items, (int)positional->size,
                          NULL)) {
        return VALUE_ERROR;
    }
    return dict_merge(t, DICT(args[0]), DICT(args[2])) ? VALUE_NONE : VALUE_ERROR;
}

static Value method_clear(Thread *t, Value *args) {
    dict_clear(t, DICT(args[0]));
    return VALUE_NONE;
}

static Value method_copy(Thread *t, Value *args) {
    Dict *d = dict_copy(t, DICT(args[0]));
    return d ? object_value(d) : VALUE_ERROR;
}

static Value method_keys(Thread *t, Value *args) {
    return dict_view_new(t, args[0], OBJ_DICT_KEYS);
}
static Value method_values(Thread *t, Value *args) {
    return dict_view_new(t, args[0], OBJ_DICT_VALUES);
}
static Value method_items(Thread *t, Value *args) {
    return dict_view_new(t, args[0], OBJ_DICT_ITEMS);
}
static Value method_reversed(Thread *t, Value *args) { return dict_reversed(t, args[0]); }

typedef struct FromKeys {
    Value dict, value;
    bool plain;
} FromKeys;

static bool add_key(Thread *t, Value key, void *context) {
    FromKeys *from = context;
    if (from->plain) return dict_set(t, DICT(from->dict), key, from->value);
    return value_setitem(t, from->dict, key, from->value);
}

/* The members of a set are distinct, and their hashes known. */
static bool add_members(Thread *t, Dict *d, const Set *s, Value v) {
    for (uint32_t i = 0; i < s->count; i++) {
        SetEntry e = s->entries[i];
        if (e.key != VALUE_UNSET && !dict_add_absent(t, d, e.key, e.hash, v)) return false;
    }
    return true;
}

static Value method_fromkeys(Thread *t, Value *args) {
    Value *roots = push_roots(t, 1);
    Value d = roots[0] = call_value(t, args[0], NULL, 0);
    if (d == VALUE_ERROR) return VALUE_ERROR;
    FromKeys from = {d, args[2], class_of(t->vm, d) == BUILTIN_CLASS(t, DICT)};
    bool hashed = from.plain && DICT(d)->used == 0 && is_any_set(args[1]) &&
                  class_of(t->vm, args[1])->slots.iter == BUILTIN_CLASS(t, SET)->slots.iter;
    bool ok = hashed ? add_members(t, DICT(d), SET(args[1]), args[2])
                     : value_for_each(t, args[1], add_key, &from);
    return ok ? d : VALUE_ERROR;
}

static const NativeDef methods[] = {
    {"get", method_get, "(self, key, default=None, /)",
     "The value for key if key is in the dictionary, else default."},
    {"setdefault", method_setdefault, "(self, key, default=None, /)",
     "Insert key with default if it is absent; return its value."},
    {"pop", method_pop, "(self, key, default=?, /)",
     "Remove key and return its value, or default; KeyError when there is neither."},
    {"popitem", method_popitem, "(self, /)", "Remove and return the pair that was inserted last."},
    {"update", method_update, "(self, /, *args, **kwargs)",
     "Take over the entries of a mapping or an iterable of pairs, then the keywords."},
    {"clear", method_clear, "(self, /)", "Remove all entries."},
    {"copy", method_copy, "(self, /)", "A shallow copy."},
    {"keys", method_keys, "(self, /)", "A live view of the keys."},
    {"values", method_values, "(self, /)", "A live view of the values."},
    {"items", method_items, "(self, /)", "A live view of the (key, value) pairs."},
    {"__reversed__", method_reversed, "(self, /)", "An iterator over the keys, last first."},
    {"@@fromkeys", method_fromkeys, "(cls, iterable, value=None, /)",
     "A new dictionary with the keys of iterable, all with the same value."},
    {"@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",
     "dict[str, int] and the like, for annotations."},
    {0},
};

static const Slots slots = {
    .repr = repr,
    .compare = compare,
    .binary[BINARY_OR] = binary_or,
    .inplace[BINARY_OR] = inplace_or,
    .length = length,
    .getitem = getitem,
    .setitem = setitem,
    .contains = contains,
    .iter = dict_iter,
    .construct = construct,
    .init = init,
};

static const NativeClass dict_class = {
    .kind = OBJ_DICT,
    .slots = &slots,
    .methods = methods,
    .doc = "dict() -> new empty dictionary\n"
           "dict(mapping) -> a copy of the mapping\n"
           "dict(iterable) -> from an iterable of (key, value) pairs\n"
           "dict(**kwargs) -> with the keywords as keys",
    .flags = CLASS_BASE_ALLOWED,
};

/* Complete the class dict. */
void dict_init(Thread *t) { native_class_init(t, &dict_class); }
