/* SPDX-License-Identifier: MIT */
/*
 * The classes set and frozenset: construction, operators and methods, over the table of vm/set.c.
 *
 * The operators want sets on both sides and give the plain class of the left one; the methods take
 * any iterables. A frozenset that is being made is changed like a set until it is handed out, then
 * never again.
 */
#include "vm/container.h"
#include "vm/generic_alias.h"
#include "vm/hash_index.h"
#include "vm/native.h"
#include "vm/sequence.h"
#include "vm/table.h"

/* ---- construction ---- */

static Value construct_set(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    if (cls == BUILTIN_CLASS(t, SET)) return object_value(set_new(t, false));
    return object_value(object_new(t, cls, 0));
}

static bool init_set(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (!arguments_at_most(t, "set", 1, argc, kwnames)) return false;
    if (SET(self)->used) set_clear(t, SET(self));
    if (argc == 0) return true;
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    roots[1] = args[0];
    bool ok = set_update(t, SET(self), args[0]);
    pop_roots(t, roots);
    return ok;
}

static Value construct_frozenset(Thread *t, Class *cls, const Value *args, int argc,
                                 Tuple *kwnames) {
    bool exact = cls == BUILTIN_CLASS(t, FROZENSET);
    if (!keywords_left_to_init(t, "frozenset", cls, &argc, kwnames) ||
        !arguments_at_most(t, "frozenset", 1, argc, NULL))
        return VALUE_ERROR;
    if (exact && argc == 1 && class_of(t->vm, args[0]) == cls) return args[0];
    Set *s = exact ? set_new(t, true) : object_new(t, cls, 0);
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(s);
    bool ok = true;
    if (argc > 0) {
        roots[1] = args[0];
        ok = set_update(t, s, args[0]);
    }
    pop_roots(t, roots);
    return ok ? object_value(s) : VALUE_ERROR;
}

/* ---- common operators ---- */

static bool repr_members(Thread *t, Set *s, Buffer *out) {
    uint32_t position = 0;
    Value key;
    for (bool first = true; set_next(s, &position, &key); first = false) {
        if (!first) buffer_append(out, ", ", 2);
        if (!value_repr_into(t, key, out)) return false;
    }
    return true;
}

static Value repr(Thread *t, Value self) {
    bool seen;
    const char *name = class_of(t->vm, self)->name->data;
    Buffer out = {.fallible = true};
    buffer_puts(&out, name);
    if (SET(self)->used == 0) {
        buffer_puts(&out, "()");
        return object_value(str_from_buffer(t, &out));
    }
    bool ok = repr_enter(t, self, &seen);
    if (ok && seen) {
        buffer_puts(&out, "(...)");
        return object_value(str_from_buffer(t, &out));
    }
    if (ok) {
        bool plain = class_of(t->vm, self) == BUILTIN_CLASS(t, SET);
        if (plain) out.size = 0;
        buffer_puts(&out, plain ? "{" : "({");
        ok = repr_members(t, SET(self), &out);
        repr_leave(t, self);
        buffer_puts(&out, plain ? "}" : "})");
    }
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

static int64_t length(Thread *t, Value self) {
    (void)t;
    return SET(self)->used;
}

static int contains(Thread *t, Value self, Value v) { return set_contains(t, SET(self), v); }

static bool hash_frozenset(Thread *t, Value self, int64_t *out) {
    (void)t;
    Set *s = SET(self);
    if (s->hash == 0) {
        uint64_t h = 0;
        for (uint32_t i = 0; i < s->count; i++) {
            if (s->entries[i].key == VALUE_UNSET) continue;
            uint64_t e = s->entries[i].hash;
            h ^= ((e ^ 89869747u) ^ (e << 16)) * 3644798167u;
        }
        h ^= ((uint64_t)s->used + 1) * 1927868237u;
        h ^= (h >> 11) ^ (h >> 25);
        h = h * 69069u + 907133923u;
        s->hash = h == UINT64_MAX ? 590923713u : h;
    }
    *out = (int64_t)s->hash;
    return true;
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_any_set(b)) return VALUE_NOTIMPLEMENTED;
    Set *x = SET(a), *y = SET(b);
    int answer;
    switch (op) {
    case COMPARE_EQ:
    case COMPARE_NE: answer = x->used == y->used ? set_is_subset(t, x, y) : 0; break;
    case COMPARE_LT: answer = x->used < y->used ? set_is_subset(t, x, y) : 0; break;
    case COMPARE_LE: answer = set_is_subset(t, x, y); break;
    case COMPARE_GT: answer = y->used < x->used ? set_is_subset(t, y, x) : 0; break;
    default: answer = set_is_subset(t, y, x);
    }
    if (answer < 0) return VALUE_ERROR;
    return bool_value(op == COMPARE_NE ? !answer : answer);
}

typedef bool (*SetChange)(Thread *t, Set *s, Value iterable);

/* A plain copy of [self], changed by each of [others] in turn. */
static Value changed_copy(Thread *t, Value self, const Value *others, size_t count,
                          SetChange change) {
    Value *roots = push_roots(t, 1);
    Set *s = set_copy(t, SET(self), is_kind(self, OBJ_FROZENSET));
    if (s) roots[0] = object_value(s);
    bool ok = s != NULL;
    for (size_t i = 0; ok && i < count; i++) ok = change(t, s, others[i]);
    if (s && is_kind(self, OBJ_FROZENSET)) s->hash = 0;
    pop_roots(t, roots);
    return ok ? object_value(s) : VALUE_ERROR;
}

static Value operate(Thread *t, Value a, Value b, SetChange change) {
    if (!is_any_set(a) || !is_any_set(b)) return VALUE_NOTIMPLEMENTED;
    return changed_copy(t, a, &b, 1, change);
}

static Value binary_or(Thread *t, Value a, Value b) { return operate(t, a, b, set_update); }
static Value binary_and(Thread *t, Value a, Value b) { return operate(t, a, b, set_intersect); }
static Value binary_sub(Thread *t, Value a, Value b) { return operate(t, a, b, set_subtract); }
static Value binary_xor(Thread *t, Value a, Value b) { return operate(t, a, b, set_toggle); }

static Value operate_inplace(Thread *t, Value a, Value b, SetChange change) {
    if (!is_any_set(b)) return VALUE_NOTIMPLEMENTED;
    return change(t, SET(a), b) ? a : VALUE_ERROR;
}

static Value inplace_or(Thread *t, Value a, Value b) {
    return operate_inplace(t, a, b, set_update);
}
static Value inplace_and(Thread *t, Value a, Value b) {
    return operate_inplace(t, a, b, set_intersect);
}
static Value inplace_sub(Thread *t, Value a, Value b) {
    return operate_inplace(t, a, b, set_subtract);
}
static Value inplace_xor(Thread *t, Value a, Value b) {
    return operate_inplace(t, a, b, set_toggle);
}

/* ---- iteration ---- */

static Value iter(Thread *t, Value self) {
    return table_iterator_new(t, self, OBJ_SET_ITERATOR, 0, SET(self)->used);
}

static Value iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

static Value next(Thread *t, Value self) {
    TableIterator *it = TABLE_ITERATOR(self);
    if (it->over == VALUE_UNSET) return iter_done(t);
    Set *s = SET(it->over);
    if (it->used != s->used) {
        it->used = UINT32_MAX;
        return raise_error(t, EXC_RuntimeError, "Set changed size during iteration");
    }
    Value key;
    if (set_next(s, &it->position, &key)) {
        if (it->left > 0) it->left--;
        return key;
    }
    heap_set(&t->vm->heap, &it->over, VALUE_UNSET);
    return iter_done(t);
}

/* ---- methods of both ---- */

static Value method_copy(Thread *t, Value *args) {
    if (class_of(t->vm, args[0]) == BUILTIN_CLASS(t, FROZENSET)) return args[0];
    return changed_copy(t, args[0], NULL, 0, NULL);
}

static Value copy_changed_by_all(Thread *t, Value *args, SetChange change) {
    Tuple *others = TUPLE(args[1]);
    return changed_copy(t, args[0], others->items, others->size, change);
}

static Value method_union(Thread *t, Value *args) {
    return copy_changed_by_all(t, args, set_update);
}
static Value method_intersection(Thread *t, Value *args) {
    return copy_changed_by_all(t, args, set_intersect);
}
static Value method_difference(Thread *t, Value *args) {
    return copy_changed_by_all(t, args, set_subtract);
}
static Value method_symmetric_difference(Thread *t, Value *args) {
    return changed_copy(t, args[0], &args[1], 1, set_toggle);
}

/* args[1] as a set, rooted there. */
static Set *other_set(Thread *t, Value *args) {
    if (is_any_set(args[1])) return SET(args[1]);
    Set *s = set_from_iterable(t, args[1], false);
    if (s) args[1] = object_value(s);
    return s;
}

static Value method_issubset(Thread *t, Value *args) {
    Set *other = other_set(t, args);
    int answer = other ? set_is_subset(t, SET(args[0]), other) : -1;
    return answer < 0 ? VALUE_ERROR : bool_value(answer);
}

static Value method_issuperset(Thread *t, Value *args) {
    Set *other = other_set(t, args);
    int answer = other ? set_is_subset(t, other, SET(args[0])) : -1;
    return answer < 0 ? VALUE_ERROR : bool_value(answer);
}

typedef struct Disjoint {
    Set *set;
    int found; /* -1 raised */
} Disjoint;

static bool visit_disjoint(Thread *t, Value item, void *context) {
    Disjoint *d = context;
    uint64_t hash;
    Value *roots = push_roots(t, 1);
    roots[0] = item;
    int64_t i = key_hash(t, item, &hash) ? set_find(t, d->set, item, hash) : TABLE_RAISED;
    pop_roots(t, roots);
    d->found = i == TABLE_RAISED ? -1 : i >= 0;
    return d->found == 0;
}

static Value method_isdisjoint(Thread *t, Value *args) {
    Disjoint d = {SET(args[0]), 0};
    if (!value_for_each(t, args[1], visit_disjoint, &d) && d.found <= 0) return VALUE_ERROR;
    return bool_value(d.found == 0);
}

/* What pickle and copy make an equal set from. */
static Value method_reduce(Thread *t, Value *args) {
    Value *roots = push_roots(t, 2);
    List *items = list_from_iterable(t, args[0]);
    if (!items) return VALUE_ERROR;
    roots[0] = object_value(items);
    roots[1] = call_method(t, args[0], NAME_OF(t, __getstate__), NULL, 0);
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    Value made[] = {object_value(class_of(t->vm, args[0])), object_value(tuple_from(t, roots, 1)),
                    roots[1]};
    return object_value(tuple_from(t, made, 3));
}

/* ---- methods of set ---- */

static Value method_add(Thread *t, Value *args) {
    return set_add(t, SET(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value method_discard(Thread *t, Value *args) {
    return set_discard(t, SET(args[0]), args[1]) < 0 ? VALUE_ERROR : VALUE_NONE;
}

static Value method_remove(Thread *t, Value *args) {
    int found = set_discard(t, SET(args[0]), args[1]);
    if (found == 0) return raise_with(t, EXC_KeyError, args[1]);
    return found < 0 ? VALUE_ERROR : VALUE_NONE;
}

static Value method_pop(Thread *t, Value *args) {
    Set *s = SET(args[0]);
    if (s->used == 0) return raise_error(t, EXC_KeyError, "pop from an empty set");
    uint32_t first = (uint32_t)s->first;
    Value v = s->entries[first].key;
    set_remove_at(t, s, first);
    return v;
}

static Value method_clear(Thread *t, Value *args) {
    set_clear(t, SET(args[0]));
    return VALUE_NONE;
}

static Value change_by_all(Thread *t, Value *args, SetChange change) {
    Tuple *others = TUPLE(args[1]);
    for (size_t i = 0; i < others->size; i++) {
        if (!change(t, SET(args[0]), others->items[i])) return VALUE_ERROR;
    }
    return VALUE_NONE;
}

static Value method_update(Thread *t, Value *args) { return change_by_all(t, args, set_update); }
static Value method_intersection_update(Thread *t, Value *args) {
    return change_by_all(t, args, set_intersect);
}
static Value method_difference_update(Thread *t, Value *args) {
    return change_by_all(t, args, set_subtract);
}
static Value method_symmetric_difference_update(Thread *t, Value *args) {
    return set_toggle(t, SET(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- tables ---- */

#define COMMON_METHODS                                                                             \
    {"copy", method_copy, "(self, /)", "A shallow copy."},                                         \
        {"__reduce__", method_reduce, "(self, /)", "State for pickle and copy."},                  \
        {"union", method_union, "(self, /, *others)", "All members of the set and the others."},   \
        {"intersection", method_intersection, "(self, /, *others)", "The members that all have."}, \
        {"difference", method_difference, "(self, /, *others)", "The members no other one has."},  \
        {"symmetric_difference", method_symmetric_difference, "(self, other, /)",                  \
         "What is in exactly one of the two."},                                                    \
        {"issubset", method_issubset, "(self, other, /)", "Whether other has every member."},      \
        {"issuperset", method_issuperset, "(self, other, /)",                                      \
         "Whether this has every item of other."},                                                 \
        {"isdisjoint", method_isdisjoint, "(self, other, /)", "Whether no member is in both."}, {  \
        "@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",                      \
            "set[int] and the like, for annotations."                                              \
    }

static const NativeDef frozenset_methods[] = {COMMON_METHODS, {0}};

static const NativeDef set_methods[] = {
    COMMON_METHODS,
    {"add", method_add, "(self, item, /)", "Add a member; nothing happens when it is there."},
    {"discard", method_discard, "(self, item, /)", "Remove a member if it is there."},
    {"remove", method_remove, "(self, item, /)", "Remove a member; KeyError when it is not there."},
    {"pop", method_pop, "(self, /)", "Remove and return the member added first."},
    {"clear", method_clear, "(self, /)", "Remove all members."},
    {"update", method_update, "(self, /, *others)", "Add the items of all others."},
    {"intersection_update", method_intersection_update, "(self, /, *others)",
     "Keep the members that all others have."},
    {"difference_update", method_difference_update, "(self, /, *others)",
     "Remove the items of all others."},
    {"symmetric_difference_update", method_symmetric_difference_update, "(self, other, /)",
     "Keep what is in exactly one of the two."},
    {0},
};

static const NativeDef iterator_methods[] = {
    {"__reduce__", table_iterator_reduce, "(self, /)", "State for pickle and copy."},
    {"__length_hint__", table_iterator_length_hint, "(self, /)", "How many items are to come."},
    {0},
};

#define COMMON_SLOTS                                                                               \
    .repr = repr, .compare = compare, .length = length, .contains = contains, .iter = iter,        \
    .binary[BINARY_OR] = binary_or, .binary[BINARY_AND] = binary_and,                              \
    .binary[BINARY_SUB] = binary_sub, .binary[BINARY_XOR] = binary_xor

static const Slots frozenset_slots = {
    COMMON_SLOTS,
    .hash = hash_frozenset,
    .construct = construct_frozenset,
};

static const Slots set_slots = {
    COMMON_SLOTS,
    .inplace[BINARY_OR] = inplace_or,
    .inplace[BINARY_AND] = inplace_and,
    .inplace[BINARY_SUB] = inplace_sub,
    .inplace[BINARY_XOR] = inplace_xor,
    .construct = construct_set,
    .init = init_set,
};

static const Slots iterator_slots = {.iter = iter_self, .next = next};

static const NativeClass set_class = {
    .kind = OBJ_SET,
    .slots = &set_slots,
    .methods = set_methods,
    .doc = "set() -> new empty set\nset(iterable) -> new set of the items of iterable",
    .flags = CLASS_BASE_ALLOWED,
};
static const NativeClass frozenset_class = {
    .kind = OBJ_FROZENSET,
    .slots = &frozenset_slots,
    .methods = frozenset_methods,
    .doc = "frozenset() -> empty frozenset\nfrozenset(iterable) -> set that never changes",
    .flags = CLASS_BASE_ALLOWED,
};
static const NativeClass iterator_class = {
    .kind = OBJ_SET_ITERATOR,
    .slots = &iterator_slots,
    .methods = iterator_methods,
    .trace = table_iterator_trace,
};

/* Complete the classes set, frozenset and their iterator. */
void set_init(Thread *t) {
    native_class_init(t, &set_class);
    native_class_init(t, &frozenset_class);
    native_class_init(t, &iterator_class);
}
