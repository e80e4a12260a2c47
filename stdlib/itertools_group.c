/* SPDX-License-Identifier: MIT */
/*
 * groupby and tee: two that hand out iterators which share a source.
 *
 * A group of groupby is alive as long as it is the current one: when groupby moves on, older groups
 * are exhausted. The iterators of a tee walk one linked list that grows at its end; what all of
 * them have passed is garbage.
 */
#include "stdlib/itertools.h"

/* ---- groupby ---- */

typedef struct GroupBy {
    Object header;
    Value source, key;
    Value target;  /* key of the group handed out last, VALUE_UNSET before the first */
    Value current; /* key of the item read last, VALUE_UNSET before the first */
    Value item;    /* that item, VALUE_UNSET when a group has given it out */
    Value group;   /* the group that may go on */
} GroupBy;

typedef struct Group {
    Object header;
    Value parent, target;
} Group;

static Value groupby_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    if (bind_raw(t, "groupby", "(iterable, key=None)", out, args, argc, kwnames) &&
        (out[0] = value_iter(t, out[0])) != VALUE_ERROR) {
        GroupBy *g = object_new(t, cls, 0);
        g->source = out[0];
        g->key = out[1];
        g->target = g->current = g->item = g->group = VALUE_UNSET;
        result = object_value(g);
    }
    pop_roots(t, out);
    return result;
}

/* Read one more item and its key: 1, 0 at the end, -1 raised. */
static int groupby_step(Thread *t, GroupBy *g) {
    Value item = value_next(t, g->source);
    if (item == VALUE_ERROR) return -1;
    if (item == VALUE_DONE) return 0;
    Value key = item;
    if (g->key != VALUE_NONE) {
        Value *roots = push_roots(t, 1);
        roots[0] = item;
        key = call_value(t, g->key, &item, 1);
        pop_roots(t, roots);
        if (key == VALUE_ERROR) return -1;
    }
    set_field(t, &g->item, item);
    set_field(t, &g->current, key);
    return 1;
}

static Value groupby_next(Thread *t, Value self) {
    GroupBy *g = (GroupBy *)object_of(self);
    set_field(t, &g->group, VALUE_UNSET);
    for (;;) { /* skip what is left of the last group */
        if (g->current != VALUE_UNSET) {
            if (g->target == VALUE_UNSET) break;
            int same = value_equal(t, g->target, g->current);
            if (same < 0) return VALUE_ERROR;
            if (!same) break;
        }
        int got = groupby_step(t, g);
        if (got <= 0) return got ? VALUE_ERROR : iter_done(t);
        if (!thread_poll(t)) return VALUE_ERROR;
    }
    set_field(t, &g->target, g->current);
    Group *group = object_new(t, stdlib_of(t)->classes[CLASS_GROUPER], 0);
    group->parent = self;
    group->target = g->target;
    set_field(t, &g->group, object_value(group));
    Value pair[] = {g->target, object_value(group)};
    return object_value(tuple_from(t, pair, 2));
}

static Value group_next(Thread *t, Value self) {
    Group *group = (Group *)object_of(self);
    GroupBy *g = (GroupBy *)object_of(group->parent);
    if (g->group != self) return iter_done(t);
    if (g->item == VALUE_UNSET) {
        int got = groupby_step(t, g);
        if (got <= 0) return got ? VALUE_ERROR : iter_done(t);
    }
    int same = value_equal(t, group->target, g->current);
    if (same < 0) return VALUE_ERROR;
    if (!same) return iter_done(t);
    Value item = g->item;
    set_field(t, &g->item, VALUE_UNSET);
    return item;
}

/* ---- tee ---- */

/* One place of the list: the item, when it has been read, and the place after it. */
typedef struct TeeLink {
    Object header;
    Value item, next;
    Value source; /* the shared iterator; False while it is being asked */
} TeeLink;

typedef struct Tee {
    Object header;
    Value link;
} Tee;

static Value link_new(Thread *t, Value source) {
    TeeLink *link = object_new(t, stdlib_of(t)->classes[CLASS_TEE_LINK], 0);
    link->item = link->next = VALUE_UNSET;
    link->source = source;
    return object_value(link);
}

static Value tee_new(Thread *t, Class *cls, Value link) {
    Tee *tee = object_new(t, cls, 0);
    tee->link = link;
    return object_value(tee);
}

/* A tee over any iterable; over a tee it is a copy. */
static Value tee_over(Thread *t, Class *cls, Value iterable) {
    if (is_stdlib_instance(t, iterable, CLASS_TEE))
        return tee_new(t, cls, ((Tee *)object_of(iterable))->link);
    Value source = value_iter(t, iterable);
    return source == VALUE_ERROR ? VALUE_ERROR : tee_new(t, cls, link_new(t, source));
}

static Value tee_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    if ((kwnames && kwnames->size) || argc != 1) {
        return raise_error(t, EXC_TypeError, "_tee expected 1 argument, got %d", argc);
    }
    return tee_over(t, cls, args[0]);
}

static Value tee_next(Thread *t, Value self) {
    Tee *tee = (Tee *)object_of(self);
    TeeLink *link = (TeeLink *)object_of(tee->link);
    if (link->item == VALUE_UNSET) {
        Value source = link->source;
        if (source == VALUE_FALSE)
            return raise_error(t, EXC_RuntimeError, "cannot re-enter the tee iterator");
        Value *roots = push_roots(t, 2);
        roots[0] = source;
        roots[1] = object_value(link);
        link->source = VALUE_FALSE;
        Value item = value_next(t, source);
        link->source = source;
        pop_roots(t, roots);
        if (item == VALUE_ERROR || item == VALUE_DONE) return item;
        set_field(t, &link->item, item);
        set_field(t, &link->next, link_new(t, source));
    }
    set_field(t, &tee->link, link->next);
    return link->item;
}

static Value tee_copy(Thread *t, Value *args) {
    return tee_new(t, object_class(object_of(args[0])), ((Tee *)object_of(args[0]))->link);
}

Value itertools_tee(Thread *t, Value *args) {
    int64_t n;
    if (!arg_int64(t, args[1], &n)) return VALUE_ERROR;
    if (n < 0) return raise_error(t, EXC_ValueError, "n must be >= 0");
    if (n == 0) return object_value(t->vm->empty_tuple);
    Class *cls = stdlib_of(t)->classes[CLASS_TEE];
    Value first = tee_over(t, cls, args[0]);
    if (first == VALUE_ERROR) return VALUE_ERROR;
    Tuple *tees = tuple_new(t, (size_t)n);
    tees->items[0] = first;
    for (int64_t i = 1; i < n; i++)
        tees->items[i] = tee_new(t, cls, ((Tee *)object_of(first))->link);
    return object_value(tees);
}

/* ---- classes ---- */

static const Slots groupby_slots = {
    .iter = stdlib_iter_self, .next = groupby_next, .construct = groupby_construct};
static const Slots group_slots = {.iter = stdlib_iter_self, .next = group_next};
static const Slots tee_slots = {
    .iter = stdlib_iter_self, .next = tee_next, .construct = tee_construct};
static const Slots link_slots = {0};

static const NativeDef tee_methods[] = {
    {"__copy__", tee_copy, "(self, /)", "Another iterator at the same place."},
    {0},
};

static const NativeClass groupby_class = ITERATOR_CLASS(
    "groupby", GroupBy, groupby_slots, NULL, "Runs of items with equal keys: (key, group).");
static const NativeClass group_class =
    ITERATOR_CLASS("_grouper", Group, group_slots, NULL, "One run of groupby.");
static const NativeClass tee_class =
    ITERATOR_CLASS("_tee", Tee, tee_slots, tee_methods, "One of the iterators of tee().");
static const NativeClass link_class =
    ITERATOR_CLASS("_tee_dataobject", TeeLink, link_slots, NULL, "Items that tees share.");

void itertools_group_init(Thread *t, Module *m) {
    module_class(t, m, &groupby_class, "itertools", NULL);
    stdlib_class(t, CLASS_GROUPER, m, &group_class, "itertools", NULL);
    stdlib_class(t, CLASS_TEE, m, &tee_class, "itertools", NULL);
    stdlib_class(t, CLASS_TEE_LINK, m, &link_class, "itertools", NULL);
}
