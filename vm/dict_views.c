/* SPDX-License-Identifier: MIT */
/*
 * Live views of dicts (keys, values, items) and the iterators over dicts, forwards and backwards.
 *
 * A view is one pointer to its dict. An iterator remembers the next entry and how long the dict was
 * when the iteration began: a change of length raises RuntimeError at the next step; a dict that
 * was changed without changing its length is iterated as it is, and never for more steps than it
 * had keys.
 *
 * The keys and items views behave like sets; their results are sets.
 * Read next: vm/set.c.
 */
#include "vm/container.h"
#include "vm/hash_index.h"
#include "vm/iterate.h"
#include "vm/native.h"
#include "vm/table.h"

/* ---- iterators ---- */

Value table_iterator_new(Thread *t, Value over, ObjectKind kind, uint32_t position, uint32_t used) {
    TableIterator *it =
        heap_allocate_small(&t->vm->heap, sizeof(TableIterator), kind, t->vm->classes[kind]);
    it->over = over;
    it->position = position;
    it->used = it->left = used;
    return object_value(it);
}

void table_iterator_trace(Heap *heap, Object *self) {
    heap_shade(heap, ((TableIterator *)self)->over);
}

static Value iterate(Thread *t, Value dict, ObjectKind kind) {
    return table_iterator_new(t, dict, kind, 0, DICT(dict)->used);
}

static Value iterate_backwards(Thread *t, Value dict, ObjectKind kind) {
    return table_iterator_new(t, dict, kind, DICT(dict)->count, DICT(dict)->used);
}

Value dict_iter(Thread *t, Value dict) { return iterate(t, dict, OBJ_DICT_KEY_ITERATOR); }
Value dict_reversed(Thread *t, Value dict) {
    return iterate_backwards(t, dict, OBJ_DICT_REVERSE_ITERATOR);
}

static int64_t iteration_over(Thread *t, TableIterator *it, const char *error) {
    if (error) raise_error(t, EXC_RuntimeError, "%s", error);
    else heap_set(&t->vm->heap, &it->over, VALUE_UNSET);
    return error ? TABLE_RAISED : TABLE_ABSENT;
}

/* Entry number of the next live entry, or TABLE_ABSENT. */
static int64_t next_live(const Dict *d, uint32_t position, bool backwards) {
    if (backwards) {
        int64_t i = (int64_t)(position < d->count ? position : d->count) - 1;
        while (i >= 0 && d->entries[i].key == VALUE_UNSET) i--;
        return i;
    }
    uint32_t i = position > d->first ? position : d->first;
    while (i < d->count && d->entries[i].key == VALUE_UNSET) i++;
    return i < d->count ? (int64_t)i : TABLE_ABSENT;
}

int64_t dict_iterator_step(Thread *t, TableIterator *it, bool backwards) {
    if (it->over == VALUE_UNSET) return TABLE_ABSENT;
    Dict *d = DICT(it->over);
    if (it->used != d->used) {
        it->used = UINT32_MAX;
        return iteration_over(t, it, "dictionary changed size during iteration");
    }
    int64_t i = next_live(d, it->position, backwards);
    if (i < 0) return iteration_over(t, it, NULL);
    if (it->left == 0) return iteration_over(t, it, "dictionary keys changed during iteration");
    it->left--;
    it->position = (uint32_t)(backwards ? i : i + 1);
    return i;
}

/* What an iterator of this kind gives for an entry. */
static Value entry_item(Thread *t, const DictEntry *e, ObjectKind kind) {
    switch (kind) {
    case OBJ_DICT_KEY_ITERATOR:
    case OBJ_DICT_REVERSE_ITERATOR: return e->key;
    case OBJ_DICT_VALUE_ITERATOR:
    case OBJ_DICT_REVERSE_VALUE_ITERATOR: return e->value;
    default: return object_value(tuple_from(t, (Value[]){e->key, e->value}, 2));
    }
}

static Value step(Thread *t, Value self, bool backwards) {
    TableIterator *it = TABLE_ITERATOR(self);
    Dict *d = it->over == VALUE_UNSET ? NULL : DICT(it->over);
    int64_t i = dict_iterator_step(t, it, backwards);
    if (i >= 0) return entry_item(t, &d->entries[i], object_kind(&it->header));
    return i == TABLE_ABSENT ? iter_done(t) : VALUE_ERROR;
}

static Value next_forwards(Thread *t, Value self) { return step(t, self, false); }
static Value next_backwards(Thread *t, Value self) { return step(t, self, true); }

static Value iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

Value table_iterator_length_hint(Thread *t, Value *args) {
    (void)t;
    TableIterator *it = TABLE_ITERATOR(args[0]);
    if (it->over == VALUE_UNSET) return fixnum(0);
    uint32_t used = is_kind(it->over, OBJ_DICT) ? DICT(it->over)->used : SET(it->over)->used;
    return fixnum(used == it->used ? it->left : 0);
}

Value table_iterator_reduce(Thread *t, Value *args) {
    TableIterator *it = TABLE_ITERATOR(args[0]);
    ObjectKind kind = object_kind(&it->header);
    Value rest = table_iterator_new(t, it->over, kind, it->position, it->used);
    TABLE_ITERATOR(rest)->left = it->left;
    return iterator_reduced_rest(t, rest);
}

static const NativeDef iterator_methods[] = {
    {"__reduce__", table_iterator_reduce, "(self, /)", "State for pickle and copy."},
    {"__length_hint__", table_iterator_length_hint, "(self, /)", "How many items are to come."},
    {0},
};
static const Slots forward_slots = {.iter = iter_self, .next = next_forwards};
static const Slots backward_slots = {.iter = iter_self, .next = next_backwards};

/* ---- views ---- */

Value dict_view_new(Thread *t, Value dict, ObjectKind kind) {
    DictView *view =
        heap_allocate_small(&t->vm->heap, sizeof(DictView), kind, t->vm->classes[kind]);
    view->over = dict;
    return object_value(view);
}

static void view_trace(Heap *heap, Object *self) { heap_shade(heap, ((DictView *)self)->over); }

static Dict *viewed(Value view) { return DICT(DICT_VIEW(view)->over); }

static int64_t view_length(Thread *t, Value self) {
    (void)t;
    return viewed(self)->used;
}

static Value keys_iter(Thread *t, Value self) {
    return iterate(t, DICT_VIEW(self)->over, OBJ_DICT_KEY_ITERATOR);
}
static Value values_iter(Thread *t, Value self) {
    return iterate(t, DICT_VIEW(self)->over, OBJ_DICT_VALUE_ITERATOR);
}
static Value items_iter(Thread *t, Value self) {
    return iterate(t, DICT_VIEW(self)->over, OBJ_DICT_ITEM_ITERATOR);
}
static Value keys_reversed(Thread *t, Value *args) {
    return iterate_backwards(t, DICT_VIEW(args[0])->over, OBJ_DICT_REVERSE_ITERATOR);
}
static Value values_reversed(Thread *t, Value *args) {
    return iterate_backwards(t, DICT_VIEW(args[0])->over, OBJ_DICT_REVERSE_VALUE_ITERATOR);
}
static Value items_reversed(Thread *t, Value *args) {
    return iterate_backwards(t, DICT_VIEW(args[0])->over, OBJ_DICT_REVERSE_ITEM_ITERATOR);
}

static Value view_repr(Thread *t, Value self) {
    bool seen;
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    if (seen) return object_value(str_from(t, "..."));
    Value *roots = push_roots(t, 1);
    List *items = list_from_iterable(t, self);
    Str *text = NULL;
    if (items) {
        roots[0] = object_value(items);
        text = str_format(t, "%s(%R)", class_of(t->vm, self)->name->data, roots[0]);
    }
    repr_leave(t, self);
    pop_roots(t, roots);
    return text ? object_value(text) : VALUE_ERROR;
}

static int keys_contains(Thread *t, Value self, Value key) {
    Value v = dict_get(t, viewed(self), key);
    return v == VALUE_ERROR ? -1 : v != VALUE_UNSET;
}

static int items_contains(Thread *t, Value self, Value item) {
    if (!is_kind(item, OBJ_TUPLE) || TUPLE(item)->size != 2) return 0;
    Value v = dict_get(t, viewed(self), TUPLE(item)->items[0]);
    if (v == VALUE_UNSET) return 0;
    if (v == VALUE_ERROR) return -1;
    Value *roots = push_roots(t, 1);
    roots[0] = v;
    int equal = value_equal(t, v, TUPLE(item)->items[1]);
    pop_roots(t, roots);
    return equal;
}

/* ---- views as sets ---- */

static bool is_set_view(Value v) { return is_kind(v, OBJ_DICT_KEYS) || is_kind(v, OBJ_DICT_ITEMS); }

/* Stop at the first item that is not in the container. */
typedef struct AllContained {
    Value container;
    int answer; /* 1 until an item is missing, -1 raised */
} AllContained;

static bool visit_contained(Thread *t, Value item, void *context) {
    AllContained *all = context;
    Value *roots = push_roots(t, 1);
    roots[0] = item;
    all->answer = value_contains(t, all->container, item);
    pop_roots(t, roots);
    return all->answer > 0;
}

/* Is every item of [a] in [b]: 1, 0, -1. */
static int all_contained_in(Thread *t, Value a, Value b) {
    AllContained all = {b, 1};
    if (!value_for_each(t, a, visit_contained, &all) && all.answer > 0) return -1;
    return all.answer;
}

static Value view_compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_any_set(b) && !is_set_view(b)) return VALUE_NOTIMPLEMENTED;
    int64_t na = viewed(a)->used, nb = value_length(t, b);
    if (nb < 0) return VALUE_ERROR;
    int answer = 0;
    switch (op) {
    case COMPARE_EQ:
    case COMPARE_NE: answer = na == nb ? all_contained_in(t, a, b) : 0; break;
    case COMPARE_LT: answer = na < nb ? all_contained_in(t, a, b) : 0; break;
    case COMPARE_LE: answer = na <= nb ? all_contained_in(t, a, b) : 0; break;
    case COMPARE_GT: answer = na > nb ? all_contained_in(t, b, a) : 0; break;
    default: answer = na >= nb ? all_contained_in(t, b, a) : 0;
    }
    if (answer < 0) return VALUE_ERROR;
    return bool_value(op == COMPARE_NE ? !answer : answer);
}

typedef bool (*SetChange)(Thread *t, Set *s, Value iterable);

/* set(a), changed by b. */
static Value as_set(Thread *t, Value a, Value b, SetChange change) {
    Value *roots = push_roots(t, 1);
    Set *s = set_from_iterable(t, a, false);
    if (s) roots[0] = object_value(s);
    bool ok = s && change(t, s, b);
    pop_roots(t, roots);
    return ok ? object_value(s) : VALUE_ERROR;
}

static Value view_or(Thread *t, Value a, Value b) { return as_set(t, a, b, set_update); }
static Value view_and(Thread *t, Value a, Value b) { return as_set(t, a, b, set_intersect); }
static Value view_sub(Thread *t, Value a, Value b) { return as_set(t, a, b, set_subtract); }
static Value view_xor(Thread *t, Value a, Value b) { return as_set(t, a, b, set_toggle); }

static bool visit_disjoint(Thread *t, Value item, void *context) {
    AllContained *all = context;
    Value *roots = push_roots(t, 1);
    roots[0] = item;
    int found = value_contains(t, all->container, item);
    pop_roots(t, roots);
    all->answer = found < 0 ? -1 : !found;
    return all->answer > 0;
}

static Value view_isdisjoint(Thread *t, Value *args) {
    AllContained all = {args[0], 1};
    if (args[0] == args[1]) return bool_value(viewed(args[0])->used == 0);
    if (!value_for_each(t, args[1], visit_disjoint, &all) && all.answer != 0) return VALUE_ERROR;
    return bool_value(all.answer);
}

static Value view_mapping(Thread *t, Value self) {
    return call_value(t, object_value(BUILTIN_CLASS(t, MAPPINGPROXY)), &DICT_VIEW(self)->over, 1);
}

#define SET_OPERATORS                                                                              \
    .compare = view_compare, .binary[BINARY_OR] = view_or, .binary[BINARY_AND] = view_and,         \
    .binary[BINARY_SUB] = view_sub, .binary[BINARY_XOR] = view_xor

static const Slots keys_slots = {
    .repr = view_repr,
    .length = view_length,
    .iter = keys_iter,
    .contains = keys_contains,
    SET_OPERATORS,
};
static const Slots items_slots = {
    .repr = view_repr,
    .length = view_length,
    .iter = items_iter,
    .contains = items_contains,
    SET_OPERATORS,
};
static const Slots values_slots = {.repr = view_repr, .length = view_length, .iter = values_iter};

static const NativeDef keys_methods[] = {
    {"isdisjoint", view_isdisjoint, "(self, other, /)", "Whether no item is in both."},
    {"__reversed__", keys_reversed, "(self, /)", "An iterator over the keys, last first."},
    {0},
};
static const NativeDef items_methods[] = {
    {"isdisjoint", view_isdisjoint, "(self, other, /)", "Whether no item is in both."},
    {"__reversed__", items_reversed, "(self, /)", "An iterator over the pairs, last first."},
    {0},
};
static const NativeDef values_methods[] = {
    {"__reversed__", values_reversed, "(self, /)", "An iterator over the values, last first."},
    {0},
};
static const FieldDef view_fields[] = {
    {"mapping", view_mapping, NULL, "The dictionary, read-only."},
    {0},
};

static void init_iterator(Thread *t, ObjectKind kind, const Slots *slots) {
    NativeClass def = {
        .kind = kind, .slots = slots, .methods = iterator_methods, .trace = table_iterator_trace};
    native_class_init(t, &def);
}

static void init_view(Thread *t, ObjectKind kind, const Slots *slots, const NativeDef *methods) {
    NativeClass def = {.kind = kind,
                       .slots = slots,
                       .methods = methods,
                       .fields = view_fields,
                       .trace = view_trace};
    native_class_init(t, &def);
}

/* Complete the classes of views and dict iterators. */
void dict_views_init(Thread *t) {
    init_view(t, OBJ_DICT_KEYS, &keys_slots, keys_methods);
    init_view(t, OBJ_DICT_VALUES, &values_slots, values_methods);
    init_view(t, OBJ_DICT_ITEMS, &items_slots, items_methods);
    init_iterator(t, OBJ_DICT_KEY_ITERATOR, &forward_slots);
    init_iterator(t, OBJ_DICT_VALUE_ITERATOR, &forward_slots);
    init_iterator(t, OBJ_DICT_ITEM_ITERATOR, &forward_slots);
    init_iterator(t, OBJ_DICT_REVERSE_ITERATOR, &backward_slots);
    init_iterator(t, OBJ_DICT_REVERSE_VALUE_ITERATOR, &backward_slots);
    init_iterator(t, OBJ_DICT_REVERSE_ITEM_ITERATOR, &backward_slots);
}
