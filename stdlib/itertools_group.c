/* SPDX-License-Identifier: MIT */
/*
 * groupby and tee: two that hand out iterators which share a source.
 *
 * A group of groupby is alive as long as it is the current one: when groupby moves on, older groups
 * are exhausted. The iterators of a tee walk one linked list of stretches of items that grows at
 * its end; the stretches that all of them have passed are garbage.
 */
#include "stdlib/itertools.h"
#include "vm/iterate.h"

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

static Value group_new(Thread *t, Class *cls, Value parent, Value target) {
    Group *group = object_new(t, cls, 0);
    group->parent = parent;
    group->target = target;
    set_field(t, &((GroupBy *)object_of(parent))->group, object_value(group));
    return object_value(group);
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
    Value group = group_new(t, stdlib_of(t)->classes[CLASS_GROUPER], self, g->target);
    Value pair[] = {g->target, group};
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

/* Where it stands: source and key, and what was read last unless a group has given it out. */
static Value groupby_reduce(Thread *t, Value *args) {
    GroupBy *g = (GroupBy *)object_of(args[0]);
    Value arguments[] = {g->source, g->key}, state = VALUE_UNSET;
    bool amid = g->target != VALUE_UNSET && g->current != VALUE_UNSET && g->item != VALUE_UNSET;
    if (amid) {
        Value items[] = {g->item, g->target, g->current};
        state = object_value(tuple_from(t, items, 3));
    }
    return itertools_reduced(t, args[0], arguments, 2, state);
}

static Value groupby_setstate(Thread *t, Value *args) {
    GroupBy *g = (GroupBy *)object_of(args[0]);
    if (!itertools_state(t, args[1], 3, 3)) return VALUE_ERROR;
    set_field(t, &g->item, TUPLE(args[1])->items[0]);
    set_field(t, &g->target, TUPLE(args[1])->items[1]);
    set_field(t, &g->current, TUPLE(args[1])->items[2]);
    return VALUE_NONE;
}

static Value group_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    if (bind_raw(t, "_grouper", "(parent, tgtkey, /)", out, args, argc, kwnames)) {
        if (is_stdlib_instance(t, out[0], CLASS_GROUPBY))
            result = group_new(t, cls, out[0], out[1]);
        else
            raise_error(t, EXC_TypeError, "_grouper() argument 1 must be itertools.groupby, not %T",
                        out[0]);
    }
    pop_roots(t, out);
    return result;
}

/* A group whose turn is over is made again as an empty iterator. */
static Value group_reduce(Thread *t, Value *args) {
    Group *group = (Group *)object_of(args[0]);
    Value arguments[] = {group->parent, group->target};
    if (((GroupBy *)object_of(group->parent))->group == args[0])
        return itertools_reduced(t, args[0], arguments, 2, VALUE_UNSET);
    Value empty = object_value(t->vm->empty_tuple);
    Value maker = iterator_maker(t, "iter");
    return maker == VALUE_ERROR ? maker
                                : iterator_reduced(t, maker, tuple_from(t, &empty, 1), VALUE_UNSET);
}

/* ---- tee ---- */

#define TEE_ITEMS 56

/* A stretch of the list: items as they were read, and the stretch after a full one. */
typedef struct TeeLink {
    Object header;
    Value source; /* the shared iterator */
    Value asking; /* True while it is being asked */
    Value next;   /* TeeLink, or VALUE_UNSET */
    Value count;  /* how many of the items are there */
    Value items[TEE_ITEMS];
} TeeLink;

typedef struct Tee {
    Object header;
    Value link, index; /* where the next item is */
} Tee;

static TeeLink *link_new(Thread *t, Value source) {
    TeeLink *link = object_new(t, stdlib_of(t)->classes[CLASS_TEE_LINK], 0);
    link->source = source;
    link->asking = VALUE_FALSE;
    link->next = VALUE_UNSET;
    link->count = fixnum(0);
    for (int i = 0; i < TEE_ITEMS; i++) link->items[i] = VALUE_UNSET;
    return link;
}

static Value tee_new(Thread *t, Class *cls, Value link, Value index) {
    Tee *tee = object_new(t, cls, 0);
    tee->link = link;
    tee->index = index;
    return object_value(tee);
}

static Value tee_copy(Thread *t, Value *args) {
    Tee *tee = (Tee *)object_of(args[0]);
    return tee_new(t, object_class(object_of(args[0])), tee->link, tee->index);
}

/* A tee over any iterable; over a tee it is a copy. */
static Value tee_over(Thread *t, Class *cls, Value iterable) {
    if (is_stdlib_instance(t, iterable, CLASS_TEE)) return tee_copy(t, &iterable);
    Value source = value_iter(t, iterable);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    return tee_new(t, cls, object_value(link_new(t, source)), fixnum(0));
}

static Value tee_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    if ((kwnames && kwnames->size) || argc != 1) {
        return raise_error(t, EXC_TypeError, "_tee expected 1 argument, got %d", argc);
    }
    return tee_over(t, cls, args[0]);
}

/* Read one more item into [link], which the tee of the caller holds. */
static Value link_read(Thread *t, TeeLink *link) {
    if (link->asking == VALUE_TRUE)
        return raise_error(t, EXC_RuntimeError, "cannot re-enter the tee iterator");
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(link);
    link->asking = VALUE_TRUE;
    Value item = value_next(t, link->source);
    link->asking = VALUE_FALSE;
    pop_roots(t, roots);
    if (item == VALUE_ERROR || item == VALUE_DONE) return item;
    int64_t count = fixnum_of(link->count);
    link->items[count] = item;
    link->count = fixnum(count + 1);
    return item;
}

static Value tee_next(Thread *t, Value self) {
    Tee *tee = (Tee *)object_of(self);
    TeeLink *link = (TeeLink *)object_of(tee->link);
    int64_t index = fixnum_of(tee->index);
    if (index == TEE_ITEMS) {
        if (link->next == VALUE_UNSET)
            set_field(t, &link->next, object_value(link_new(t, link->source)));
        set_field(t, &tee->link, link->next);
        link = (TeeLink *)object_of(link->next);
        index = 0;
        tee->index = fixnum(0);
    }
    if (index >= fixnum_of(link->count)) {
        Value item = link_read(t, link);
        if (item == VALUE_ERROR || item == VALUE_DONE) return item;
    }
    tee->index = fixnum(index + 1);
    return link->items[index];
}

Value itertools_tee(Thread *t, Value *args) {
    int64_t n;
    if (!arg_int64(t, args[1], &n)) return VALUE_ERROR;
    if (n < 0) return raise_error(t, EXC_ValueError, "n must be >= 0");
    if (n == 0) return object_value(t->vm->empty_tuple);
    if (n > FIXNUM_MAX / 16) return raise_with(t, EXC_MemoryError, VALUE_UNSET);
    Value *roots = push_roots(t, 3);
    Value iterator = roots[0] = value_iter(t, args[0]);
    if (iterator == VALUE_ERROR) return VALUE_ERROR;
    Value copy = roots[1] = value_getattr_or_unset(t, iterator, NAME_OF(t, __copy__));
    if (copy == VALUE_ERROR) return VALUE_ERROR;
    if (copy == VALUE_UNSET) {
        roots[0] = tee_over(t, stdlib_of(t)->classes[CLASS_TEE], iterator);
        if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
        roots[1] = value_getattr(t, roots[0], NAME_OF(t, __copy__));
        if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    }
    if (!str_memory_fits(t, (size_t)n * sizeof(Value))) return VALUE_ERROR;
    Tuple *tees = tuple_new(t, (size_t)n);
    roots[2] = object_value(tees);
    tees->items[0] = roots[0];
    for (int64_t i = 1; i < n; i++) {
        Value one = call_value(t, roots[1], NULL, 0);
        if (one == VALUE_ERROR) return VALUE_ERROR;
        heap_set(&t->vm->heap, &tees->items[i], one);
    }
    return object_value(tees);
}

static Value tee_reduce(Thread *t, Value *args) {
    Tee *tee = (Tee *)object_of(args[0]);
    Value empty = object_value(t->vm->empty_tuple), state[] = {tee->link, tee->index};
    return itertools_reduced(t, args[0], &empty, 1, object_value(tuple_from(t, state, 2)));
}

static Value tee_setstate(Thread *t, Value *args) {
    Tee *tee = (Tee *)object_of(args[0]);
    int64_t index;
    if (!itertools_state(t, args[1], 2, 2)) return VALUE_ERROR;
    Value link = TUPLE(args[1])->items[0];
    if (!is_stdlib_instance(t, link, CLASS_TEE_LINK)) {
        return raise_error(t, EXC_TypeError, "argument 1 must be itertools._tee_dataobject, not %T",
                           link);
    }
    if (!arg_int64(t, TUPLE(args[1])->items[1], &index)) return VALUE_ERROR;
    if (index < 0 || index > fixnum_of(((TeeLink *)object_of(link))->count))
        return raise_error(t, EXC_ValueError, "Index out of range");
    set_field(t, &tee->link, link);
    tee->index = fixnum(index);
    return VALUE_NONE;
}

static Value link_reduce(Thread *t, Value *args) {
    TeeLink *link = (TeeLink *)object_of(args[0]);
    List *items = list_from(t, link->items, (size_t)fixnum_of(link->count));
    Value state[] = {link->source, object_value(items),
                     link->next == VALUE_UNSET ? VALUE_NONE : link->next};
    return itertools_reduced(t, args[0], state, 3, VALUE_UNSET);
}

/* _tee_dataobject(source, list of items, the next one or None), as link_reduce gives them. */
static Value link_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    Value *out = push_roots(t, 3);
    if (!bind_raw(t, "_tee_dataobject", "(it, values, next, /)", out, args, argc, kwnames))
        return VALUE_ERROR;
    bool known = out[2] == VALUE_NONE || is_stdlib_instance(t, out[2], CLASS_TEE_LINK);
    size_t count = is_kind(out[1], OBJ_LIST) ? LIST(out[1])->size : SIZE_MAX;
    if (!known || count > TEE_ITEMS || (out[2] != VALUE_NONE && count < TEE_ITEMS))
        return raise_error(t, EXC_ValueError, "Invalid arguments");
    if (!class_of(t->vm, out[0])->slots.next)
        return raise_error(t, EXC_TypeError, "'%T' object is not an iterator", out[0]);
    TeeLink *link = link_new(t, out[0]);
    if (count) memcpy(link->items, LIST(out[1])->items, count * sizeof(Value));
    link->count = fixnum((int64_t)count);
    link->next = out[2] == VALUE_NONE ? VALUE_UNSET : out[2];
    return object_value(link);
}

/* ---- classes ---- */

ITERATOR_SLOTS(groupby);
ITERATOR_SLOTS(group);
ITERATOR_SLOTS(tee);
static const Slots link_slots = {.construct = link_construct};

static const NativeDef groupby_methods[] = {
    ITERATOR_REDUCE(groupby), ITERATOR_SETSTATE(groupby), {0}};
static const NativeDef group_methods[] = {ITERATOR_REDUCE(group), {0}};
static const NativeDef link_methods[] = {ITERATOR_REDUCE(link), {0}};
static const NativeDef tee_methods[] = {
    {"__copy__", tee_copy, "(self, /)", "Another iterator at the same place."},
    ITERATOR_REDUCE(tee),
    ITERATOR_SETSTATE(tee),
    {0},
};

static const NativeClass groupby_class =
    ITERATOR_CLASS("groupby", GroupBy, groupby_slots, groupby_methods,
                   "Runs of items with equal keys: (key, group).");
static const NativeClass group_class =
    ITERATOR_CLASS("_grouper", Group, group_slots, group_methods, "One run of groupby.");
static const NativeClass tee_class =
    ITERATOR_CLASS("_tee", Tee, tee_slots, tee_methods, "One of the iterators of tee().");
static const NativeClass link_class =
    ITERATOR_CLASS("_tee_dataobject", TeeLink, link_slots, link_methods, "Items that tees share.");

void itertools_group_init(Thread *t, Module *m) {
    stdlib_class(t, CLASS_GROUPBY, m, &groupby_class, "itertools", NULL);
    stdlib_class(t, CLASS_GROUPER, m, &group_class, "itertools", NULL);
    stdlib_class(t, CLASS_TEE, m, &tee_class, "itertools", NULL);
    stdlib_class(t, CLASS_TEE_LINK, m, &link_class, "itertools", NULL);
}
