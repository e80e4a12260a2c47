/* SPDX-License-Identifier: MIT */
/*
 * pairwise, accumulate, zip_longest: iterators that keep something of one step for the next, or go
 * through several sources at once.
 */
#include "stdlib/itertools.h"

/* ---- pairwise ---- */

typedef struct Pairwise {
    Object header;
    Value source, previous;
} Pairwise;

static Value pairwise_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    Value source = itertools_source(t, "pairwise", cls, args, argc, kwnames);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Pairwise *p = object_new(t, cls, 0);
    p->source = source;
    p->previous = VALUE_UNSET;
    return object_value(p);
}

/* Asking the source may come back here: what is the previous item is settled before it is asked. */
static Value pairwise_next(Thread *t, Value self) {
    Pairwise *p = (Pairwise *)object_of(self);
    if (p->source == VALUE_UNSET) return iter_done(t);
    Value *roots = push_roots(t, 2), item = VALUE_DONE;
    if (p->previous == VALUE_UNSET) {
        item = value_next(t, p->source);
        set_field(t, &p->previous, item == VALUE_ERROR || item == VALUE_DONE ? VALUE_UNSET : item);
    }
    bool started = p->previous != VALUE_UNSET && p->source != VALUE_UNSET;
    if (started) {
        roots[0] = p->previous;
        roots[1] = p->source;
        item = value_next(t, p->source);
    }
    pop_roots(t, roots);
    if (!started || item == VALUE_ERROR || item == VALUE_DONE) {
        set_field(t, &p->previous, VALUE_UNSET);
        set_field(t, &p->source, VALUE_UNSET);
        return item == VALUE_ERROR ? VALUE_ERROR : iter_done(t);
    }
    Value items[] = {roots[0], item};
    set_field(t, &p->previous, item);
    return object_value(tuple_from(t, items, 2));
}

/* ---- accumulate ---- */

typedef struct Accumulate {
    Object header;
    Value source, function;
    Value total;   /* VALUE_UNSET before the first */
    Value initial; /* VALUE_UNSET when given out */
} Accumulate;

static Value accumulate_construct(Thread *t, Class *cls, const Value *args, int argc,
                                  Tuple *kwnames) {
    Value *out = push_roots(t, 3), result = VALUE_ERROR;
    if (bind_raw(t, "accumulate", "(iterable, func=None, *, initial=None)", out, args, argc,
                 kwnames) &&
        (out[0] = value_iter(t, out[0])) != VALUE_ERROR) {
        Accumulate *a = object_new(t, cls, 0);
        a->source = out[0];
        a->function = out[1];
        a->total = VALUE_UNSET;
        a->initial = out[2] == VALUE_NONE ? VALUE_UNSET : out[2];
        result = object_value(a);
    }
    pop_roots(t, out);
    return result;
}

static Value accumulate_next(Thread *t, Value self) {
    Accumulate *a = (Accumulate *)object_of(self);
    if (a->initial != VALUE_UNSET) {
        Value initial = a->initial;
        set_field(t, &a->initial, VALUE_UNSET);
        set_field(t, &a->total, initial);
        return initial;
    }
    Value item = value_next(t, a->source);
    if (item == VALUE_DONE || item == VALUE_ERROR) return item;
    if (a->total != VALUE_UNSET) {
        Value pair[] = {a->total, item};
        Value *roots = push_roots(t, 1);
        roots[0] = item;
        item = a->function == VALUE_NONE ? value_binary(t, BINARY_ADD, pair[0], item)
                                         : call_value(t, a->function, pair, 2);
        pop_roots(t, roots);
        if (item == VALUE_ERROR) return VALUE_ERROR;
    }
    set_field(t, &a->total, item);
    return item;
}

/* chain((v,), source) */
static Value put_before(Thread *t, Value v, Value source) {
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(tuple_from(t, &v, 1));
    roots[1] = source;
    Value chain = call_value(t, object_value(stdlib_of(t)->classes[CLASS_CHAIN]), roots, 2);
    pop_roots(t, roots);
    return chain;
}

/* A total of None is no state: it goes before the source, and what comes of that is skipped. */
static Value reduce_none(Thread *t, Value self) {
    Accumulate *a = (Accumulate *)object_of(self);
    Value *roots = push_roots(t, 3);
    roots[0] = put_before(t, VALUE_NONE, a->source);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[1] = a->function;
    roots[0] = call_value(t, object_value(class_of(t->vm, self)), roots, 2);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[1] = fixnum(1);
    roots[2] = VALUE_NONE;
    Value made[] = {object_value(stdlib_of(t)->classes[CLASS_ISLICE]),
                    object_value(tuple_from(t, roots, 3))};
    pop_roots(t, roots);
    return object_value(tuple_from(t, made, 2));
}

/* The initial value, when not yet given out, goes before the source. */
static Value accumulate_reduce(Thread *t, Value *args) {
    Accumulate *a = (Accumulate *)object_of(args[0]);
    if (a->total == VALUE_NONE) return reduce_none(t, args[0]);
    Value source = a->initial == VALUE_UNSET ? a->source : put_before(t, a->initial, a->source);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Value arguments[] = {source, a->function};
    return itertools_reduced(t, args[0], arguments, 2,
                             a->total == VALUE_UNSET ? VALUE_NONE : a->total);
}

static Value accumulate_setstate(Thread *t, Value *args) {
    Value total = args[1] == VALUE_NONE ? VALUE_UNSET : args[1];
    set_field(t, &((Accumulate *)object_of(args[0]))->total, total);
    return VALUE_NONE;
}

/* ---- zip_longest ---- */

typedef struct ZipLongest {
    Object header;
    Value iterators; /* list; None for the exhausted */
    Value fill, active;
} ZipLongest;

static Value zip_longest_construct(Thread *t, Class *cls, const Value *args, int argc,
                                   Tuple *kwnames) {
    Value *out = push_roots(t, 4), result = VALUE_ERROR;
    for (size_t i = 0; kwnames && i < kwnames->size; i++) {
        if (!strcmp(STR(kwnames->items[i])->data, "fillvalue")) continue;
        raise_error(t, EXC_TypeError, "zip_longest() got an unexpected keyword argument");
        goto end;
    }
    if (!bind_raw(t, "zip_longest", "(*iterables, fillvalue=None)", out, args, argc, kwnames))
        goto end;
    Tuple *iterables = TUPLE(out[1]);
    out[2] = object_value(list_new(t, iterables->size));
    for (size_t i = 0; i < iterables->size; i++) {
        out[3] = value_iter(t, iterables->items[i]);
        if (out[3] == VALUE_ERROR || !list_append(t, LIST(out[2]), out[3])) goto end;
    }
    ZipLongest *z = object_new(t, cls, 0);
    z->iterators = out[2];
    z->fill = out[0];
    z->active = fixnum((int64_t)iterables->size);
    result = object_value(z);
end:
    pop_roots(t, out);
    return result;
}

/* The next item of iterator [i], or the fill value; VALUE_DONE when it was the last one going. */
static Value zip_longest_item(Thread *t, ZipLongest *z, size_t i) {
    Value iterator = LIST(z->iterators)->items[i];
    if (iterator == VALUE_NONE) return z->fill;
    Value item = value_next(t, iterator);
    if (item == VALUE_ERROR) {
        z->active = fixnum(0);
        return VALUE_ERROR;
    }
    if (item != VALUE_DONE) return item;
    z->active = fixnum(fixnum_of(z->active) - 1);
    if (fixnum_of(z->active) == 0) return VALUE_DONE;
    set_field(t, &LIST(z->iterators)->items[i], VALUE_NONE);
    return z->fill;
}

static Value zip_longest_next(Thread *t, Value self) {
    ZipLongest *z = (ZipLongest *)object_of(self);
    if (fixnum_of(z->active) == 0) return iter_done(t);
    Value *roots = push_roots(t, 1), result;
    size_t count = LIST(z->iterators)->size;
    Tuple *row = tuple_new(t, count);
    result = roots[0] = object_value(row);
    for (size_t i = 0; i < count; i++) {
        Value item = zip_longest_item(t, z, i);
        if (item == VALUE_ERROR || item == VALUE_DONE) {
            result = item == VALUE_DONE ? iter_done(t) : item;
            break;
        }
        heap_set(&t->vm->heap, &row->items[i], item);
    }
    pop_roots(t, roots);
    return result;
}

/* Exhausted sources are empty tuples. */
static Value zip_longest_reduce(Thread *t, Value *args) {
    ZipLongest *z = (ZipLongest *)object_of(args[0]);
    List *iterators = LIST(z->iterators);
    Value *roots = push_roots(t, 1);
    List *sources = list_from(t, iterators->items, iterators->size);
    roots[0] = object_value(sources);
    for (size_t i = 0; i < sources->size; i++) {
        if (sources->items[i] == VALUE_NONE) sources->items[i] = object_value(t->vm->empty_tuple);
    }
    Value made = itertools_reduced(t, args[0], sources->items, (int)sources->size, z->fill);
    pop_roots(t, roots);
    return made;
}

static Value zip_longest_setstate(Thread *t, Value *args) {
    set_field(t, &((ZipLongest *)object_of(args[0]))->fill, args[1]);
    return VALUE_NONE;
}

/* ---- classes ---- */

ITERATOR_SLOTS(pairwise);
ITERATOR_SLOTS(accumulate);
ITERATOR_SLOTS(zip_longest);

static const NativeDef accumulate_methods[] = {
    ITERATOR_REDUCE(accumulate), ITERATOR_SETSTATE(accumulate), {0}};
static const NativeDef zip_longest_methods[] = {
    ITERATOR_REDUCE(zip_longest), ITERATOR_SETSTATE(zip_longest), {0}};

static const NativeClass classes[] = {
    ITERATOR_CLASS("pairwise", Pairwise, pairwise_slots, NULL, "Each item with the one after it."),
    ITERATOR_CLASS("accumulate", Accumulate, accumulate_slots, accumulate_methods,
                   "Running totals."),
    ITERATOR_CLASS("zip_longest", ZipLongest, zip_longest_slots, zip_longest_methods,
                   "zip that fills up the shorter ones."),
};

void itertools_running_init(Thread *t, Module *m) {
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        module_class(t, m, &classes[i], "itertools", NULL);
}
