/* SPDX-License-Identifier: MIT */
/*
 * itertools: iterators that go through others item by item.
 *
 * Each class is a struct of Values, a constructor and a next slot. An exhausted iterator has
 * VALUE_UNSET for its source, so it stays exhausted. Whoever calls next holds the iterator, so its
 * fields are safe across calls into Tulip code; what is only in C variables is put into roots.
 *
 * Read next: stdlib/itertools_group.c (groupby, tee), stdlib/itertools_combine.c (product and
 * friends).
 */
#include "stdlib/itertools.h"

/* ---- count ---- */

typedef struct Count {
    Object header;
    Value next, step;
} Count;

static Value count_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    if (bind_raw(t, "count", "(start=0, step=1)", out, args, argc, kwnames)) {
        bool numbers = true;
        for (int i = 0; i < 2; i++) {
            const Slots *slots = &class_of(t->vm, out[i])->slots;
            if (!slots->to_float && !slots->index && !is_int(out[i]) && !is_float(out[i]))
                numbers = false;
        }
        if (numbers) {
            Count *c = object_new(t, cls, 0);
            c->next = out[0];
            c->step = out[1];
            result = object_value(c);
        } else {
            raise_error(t, EXC_TypeError, "a number is required");
        }
    }
    pop_roots(t, out);
    return result;
}

static Value count_next(Thread *t, Value self) {
    Count *c = (Count *)object_of(self);
    Value now = c->next;
    int64_t sum;
    if (both_fixnums(now, c->step) &&
        !__builtin_add_overflow((int64_t)now, (int64_t)c->step - 1, &sum)) {
        c->next = (Value)sum;
        return now;
    }
    Value *roots = push_roots(t, 1);
    roots[0] = now;
    Value next = value_binary(t, BINARY_ADD, now, c->step);
    pop_roots(t, roots);
    if (next == VALUE_ERROR) return VALUE_ERROR;
    set_field(t, &c->next, next);
    return now;
}

static Value count_repr(Thread *t, Value self) {
    Count *c = (Count *)object_of(self);
    Str *text = c->step == fixnum(1) ? str_format(t, "%T(%R)", self, c->next)
                                     : str_format(t, "%T(%R, %R)", self, c->next, c->step);
    return text ? object_value(text) : VALUE_ERROR;
}

/* ---- cycle ---- */

typedef struct Cycle {
    Object header;
    Value source; /* iterator, VALUE_UNSET once it is exhausted */
    Value saved;  /* list of its items */
    Value index;
} Cycle;

/* The argument that is to be iterated: its iterator, or VALUE_ERROR. */
static Value construct_over(Thread *t, const char *name, const Value *args, int argc,
                            Tuple *kwnames) {
    if (kwnames && kwnames->size)
        return raise_error(t, EXC_TypeError, "%s() takes no keyword arguments", name);
    if (argc != 1)
        return raise_error(t, EXC_TypeError, "%s expected 1 argument, got %d", name, argc);
    return value_iter(t, args[0]);
}

static Value cycle_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value source = construct_over(t, "cycle", args, argc, kwnames);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Cycle *c = object_new(t, cls, 0);
    c->source = source;
    c->saved = object_value(list_new(t, 0));
    c->index = fixnum(0);
    return object_value(c);
}

static Value cycle_next(Thread *t, Value self) {
    Cycle *c = (Cycle *)object_of(self);
    if (c->source != VALUE_UNSET) {
        Value item = value_next(t, c->source);
        if (item == VALUE_ERROR) return VALUE_ERROR;
        if (item != VALUE_DONE) return list_append(t, LIST(c->saved), item) ? item : VALUE_ERROR;
        set_field(t, &c->source, VALUE_UNSET);
    }
    List *saved = LIST(c->saved);
    if (!saved->size) return iter_done(t);
    size_t i = (size_t)fixnum_of(c->index);
    c->index = fixnum(i + 1 == saved->size ? 0 : (int64_t)i + 1);
    return saved->items[i];
}

/* ---- repeat ---- */

typedef struct Repeat {
    Object header;
    Value object, left; /* left: a fixnum, negative: for ever */
} Repeat;

static Value repeat_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    int64_t times = -1;
    if (bind_raw(t, "repeat", "(object, times=?)", out, args, argc, kwnames) &&
        (out[1] == VALUE_UNSET || arg_int64(t, out[1], &times))) {
        if (out[1] != VALUE_UNSET && times < 0) times = 0;
        Repeat *r = object_new(t, cls, 0);
        r->object = out[0];
        r->left = fixnum(times > FIXNUM_MAX ? FIXNUM_MAX : times);
        result = object_value(r);
    }
    pop_roots(t, out);
    return result;
}

static Value repeat_next(Thread *t, Value self) {
    Repeat *r = (Repeat *)object_of(self);
    int64_t left = fixnum_of(r->left);
    if (left == 0) return iter_done(t);
    if (left > 0) r->left = fixnum(left - 1);
    return r->object;
}

static Value repeat_repr(Thread *t, Value self) {
    Repeat *r = (Repeat *)object_of(self);
    Str *text = fixnum_of(r->left) < 0
                    ? str_format(t, "%T(%R)", self, r->object)
                    : str_format(t, "%T(%R, %lld)", self, r->object, (long long)fixnum_of(r->left));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value repeat_length_hint(Thread *t, Value *args) {
    Repeat *r = (Repeat *)object_of(args[0]);
    if (fixnum_of(r->left) < 0) return raise_error(t, EXC_TypeError, "len() of unsized object");
    return r->left;
}

/* ---- chain ---- */

typedef struct Chain {
    Object header;
    Value sources; /* iterator over iterables, VALUE_UNSET at the end */
    Value active;  /* iterator, or VALUE_UNSET */
} Chain;

static Value chain_new(Thread *t, Class *cls, Value iterables) {
    Value sources = value_iter(t, iterables);
    if (sources == VALUE_ERROR) return VALUE_ERROR;
    Chain *c = object_new(t, cls, 0);
    c->sources = sources;
    c->active = VALUE_UNSET;
    return object_value(c);
}

static Value chain_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    if (kwnames && kwnames->size)
        return raise_error(t, EXC_TypeError, "chain() takes no keyword arguments");
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(tuple_from(t, args, (size_t)argc));
    Value c = chain_new(t, cls, roots[0]);
    pop_roots(t, roots);
    return c;
}

static Value chain_from_iterable(Thread *t, Value *args) {
    return chain_new(t, CLASS(args[0]), args[1]);
}

static Value chain_next(Thread *t, Value self) {
    Chain *c = (Chain *)object_of(self);
    while (c->sources != VALUE_UNSET) {
        if (c->active == VALUE_UNSET) {
            Value iterable = value_next(t, c->sources);
            if (iterable == VALUE_DONE) break;
            if (iterable == VALUE_ERROR) {
                set_field(t, &c->sources, VALUE_UNSET);
                return VALUE_ERROR;
            }
            Value *roots = push_roots(t, 1);
            roots[0] = iterable;
            Value active = value_iter(t, iterable);
            pop_roots(t, roots);
            if (active == VALUE_ERROR) {
                set_field(t, &c->sources, VALUE_UNSET);
                return VALUE_ERROR;
            }
            set_field(t, &c->active, active);
        }
        Value item = value_next(t, c->active);
        if (item != VALUE_DONE) return item;
        set_field(t, &c->active, VALUE_UNSET);
        if (!thread_poll(t)) return VALUE_ERROR;
    }
    return finish_iterator(t, &c->sources);
}

/* ---- those with a function or selector and a source ---- */

typedef struct Selecting {
    Object header;
    Value function; /* VALUE_NONE: truth; compress: the selectors' iterator */
    Value source;
    Value started; /* dropwhile: has it met the first item to give */
} Selecting;

static Value select_construct(Thread *t, Class *cls, const char *name, const Value *args, int argc,
                              Tuple *kwnames) {
    if (kwnames && kwnames->size)
        return raise_error(t, EXC_TypeError, "%s() takes no keyword arguments", name);
    if (argc != 2)
        return raise_error(t, EXC_TypeError, "%s expected 2 arguments, got %d", name, argc);
    Value source = value_iter(t, args[1]);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Selecting *s = object_new(t, cls, 0);
    s->function = args[0];
    s->source = source;
    s->started = VALUE_FALSE;
    return object_value(s);
}

#define SELECT_CONSTRUCT(NAME)                                                                     \
    static Value NAME##_construct(Thread *t, Class *cls, const Value *args, int argc,              \
                                  Tuple *kwnames) {                                                \
        return select_construct(t, cls, #NAME, args, argc, kwnames);                               \
    }
SELECT_CONSTRUCT(dropwhile)
SELECT_CONSTRUCT(takewhile)
SELECT_CONSTRUCT(filterfalse)
SELECT_CONSTRUCT(starmap)

/* Does the function say yes to *[item] (which it keeps rooted): 1, 0, -1. */
static int ask(Thread *t, Value function, Value *item) {
    Value *roots = push_roots(t, 1);
    roots[0] = *item;
    Value answer = *item;
    if (function != VALUE_NONE && function != object_value(BUILTIN_CLASS(t, BOOL))) {
        answer = call_value(t, function, item, 1);
    }
    int yes = answer == VALUE_ERROR ? -1 : value_truth(t, answer);
    pop_roots(t, roots);
    return yes;
}

static Value dropwhile_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    for (;;) {
        if (s->source == VALUE_UNSET) return iter_done(t);
        Value item = value_next(t, s->source);
        if (item == VALUE_DONE || item == VALUE_ERROR || s->started == VALUE_TRUE) return item;
        int drop = ask(t, s->function, &item);
        if (drop < 0) return VALUE_ERROR;
        if (!drop) {
            s->started = VALUE_TRUE;
            return item;
        }
        if (!thread_poll(t)) return VALUE_ERROR;
    }
}

static Value takewhile_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    if (s->source == VALUE_UNSET) return iter_done(t);
    Value item = value_next(t, s->source);
    if (item == VALUE_DONE || item == VALUE_ERROR) return item;
    int take = ask(t, s->function, &item);
    if (take < 0) return VALUE_ERROR;
    return take ? item : finish_iterator(t, &s->source);
}

static Value filterfalse_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    for (;;) {
        Value item = value_next(t, s->source);
        if (item == VALUE_DONE || item == VALUE_ERROR) return item;
        int yes = ask(t, s->function, &item);
        if (yes < 0) return VALUE_ERROR;
        if (!yes) return item;
        if (!thread_poll(t)) return VALUE_ERROR;
    }
}

static Value starmap_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    Value item = value_next(t, s->source);
    if (item == VALUE_DONE || item == VALUE_ERROR) return item;
    Value *roots = push_roots(t, 1);
    roots[0] = item;
    Tuple *args = is_kind(item, OBJ_TUPLE) ? TUPLE(item) : tuple_from_iterable(t, item);
    Value result = VALUE_ERROR;
    if (args) {
        roots[0] = object_value(args);
        result = call_value(t, s->function, args->items, (int)args->size);
    }
    pop_roots(t, roots);
    return result;
}

static Value compress_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    if (bind_raw(t, "compress", "(data, selectors)", out, args, argc, kwnames) &&
        (out[0] = value_iter(t, out[0])) != VALUE_ERROR &&
        (out[1] = value_iter(t, out[1])) != VALUE_ERROR) {
        Selecting *s = object_new(t, cls, 0);
        s->function = out[1];
        s->source = out[0];
        s->started = VALUE_FALSE;
        result = object_value(s);
    }
    pop_roots(t, out);
    return result;
}

static Value compress_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    Value *roots = push_roots(t, 1);
    Value result;
    for (;;) {
        result = roots[0] = value_next(t, s->source);
        if (result == VALUE_DONE || result == VALUE_ERROR) break;
        Value selector = value_next(t, s->function);
        if (selector == VALUE_DONE || selector == VALUE_ERROR) {
            result = selector;
            break;
        }
        int yes = value_truth(t, selector);
        if (yes) {
            if (yes < 0) result = VALUE_ERROR;
            break;
        }
        if (!thread_poll(t)) {
            result = VALUE_ERROR;
            break;
        }
    }
    pop_roots(t, roots);
    return result;
}

/* ---- islice ---- */

typedef struct Islice {
    Object header;
    Value source;
    Value position, next, stop, step; /* fixnums; stop -1: none */
} Islice;

/* A bound of islice: None is [otherwise]. False: raised with [message]. */
static bool slice_bound(Thread *t, Value v, int64_t otherwise, const char *message, int64_t *out) {
    *out = otherwise;
    if (v == VALUE_NONE) return true;
    if (is_int(v) || class_of(t->vm, v)->slots.index) {
        if (!arg_clamped(t, v, out)) return false;
        if (*out >= 0 && *out <= FIXNUM_MAX) return true;
    }
    raise_error(t, EXC_ValueError, message);
    return false;
}

static Value islice_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    static const char stops[] =
        "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    static const char indices[] =
        "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
    static const char steps[] = "Step for islice() must be a positive integer or None.";
    if (kwnames && kwnames->size)
        return raise_error(t, EXC_TypeError, "islice() takes no keyword arguments");
    if (argc < 2)
        return raise_error(t, EXC_TypeError, "islice expected at least 2 arguments, got %d", argc);
    if (argc > 4)
        return raise_error(t, EXC_TypeError, "islice expected at most 4 arguments, got %d", argc);
    int64_t start = 0, stop, step = 1;
    if (argc == 2) {
        if (!slice_bound(t, args[1], -1, stops, &stop)) return VALUE_ERROR;
    } else {
        if (!slice_bound(t, args[2], -1, stops, &stop) ||
            !slice_bound(t, args[1], 0, indices, &start))
            return VALUE_ERROR;
        if (argc == 4 && !slice_bound(t, args[3], 1, steps, &step)) return VALUE_ERROR;
        if (step < 1) return raise_error(t, EXC_ValueError, steps);
    }
    Value source = value_iter(t, args[0]);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Islice *s = object_new(t, cls, 0);
    s->source = source;
    s->position = fixnum(0);
    s->next = fixnum(start);
    s->stop = fixnum(stop);
    s->step = fixnum(step);
    return object_value(s);
}

static Value islice_next(Thread *t, Value self) {
    Islice *s = (Islice *)object_of(self);
    if (s->source == VALUE_UNSET) return iter_done(t);
    int64_t stop = fixnum_of(s->stop), next = fixnum_of(s->next);
    while (fixnum_of(s->position) < next) {
        Value skipped = value_next(t, s->source);
        if (skipped == VALUE_ERROR) return VALUE_ERROR;
        if (skipped == VALUE_DONE) return finish_iterator(t, &s->source);
        s->position = fixnum(fixnum_of(s->position) + 1);
        if (!thread_poll(t)) return VALUE_ERROR;
    }
    if (stop >= 0 && fixnum_of(s->position) >= stop) return finish_iterator(t, &s->source);
    Value item = value_next(t, s->source);
    if (item == VALUE_ERROR) return VALUE_ERROR;
    if (item == VALUE_DONE) return finish_iterator(t, &s->source);
    s->position = fixnum(fixnum_of(s->position) + 1);
    int64_t following;
    if (__builtin_add_overflow(next, fixnum_of(s->step), &following) ||
        (stop >= 0 && following > stop))
        following = stop;
    s->next = fixnum(following < 0 ? FIXNUM_MAX : following);
    return item;
}

/* ---- pairwise ---- */

typedef struct Pairwise {
    Object header;
    Value source, previous;
} Pairwise;

static Value pairwise_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    Value source = construct_over(t, "pairwise", args, argc, kwnames);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Pairwise *p = object_new(t, cls, 0);
    p->source = source;
    p->previous = VALUE_UNSET;
    return object_value(p);
}

static Value pairwise_next(Thread *t, Value self) {
    Pairwise *p = (Pairwise *)object_of(self);
    if (p->source == VALUE_UNSET) return iter_done(t);
    if (p->previous == VALUE_UNSET) {
        Value first = value_next(t, p->source);
        if (first == VALUE_ERROR) return VALUE_ERROR;
        if (first == VALUE_DONE) return finish_iterator(t, &p->source);
        set_field(t, &p->previous, first);
    }
    Value item = value_next(t, p->source);
    if (item == VALUE_ERROR) return VALUE_ERROR;
    if (item == VALUE_DONE) {
        set_field(t, &p->previous, VALUE_UNSET);
        return finish_iterator(t, &p->source);
    }
    Value items[] = {p->previous, item};
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

/* ---- the module ---- */

#define SLOTS(NAME)                                                                                \
    static const Slots NAME##_slots = {                                                            \
        .iter = stdlib_iter_self, .next = NAME##_next, .construct = NAME##_construct}
SLOTS(cycle);
SLOTS(chain);
SLOTS(dropwhile);
SLOTS(takewhile);
SLOTS(filterfalse);
SLOTS(starmap);
SLOTS(compress);
SLOTS(islice);
SLOTS(pairwise);
SLOTS(accumulate);
SLOTS(zip_longest);
static const Slots count_slots = {
    .iter = stdlib_iter_self, .next = count_next, .construct = count_construct, .repr = count_repr};
static const Slots repeat_slots = {.iter = stdlib_iter_self,
                                   .next = repeat_next,
                                   .construct = repeat_construct,
                                   .repr = repeat_repr};

static const NativeDef repeat_methods[] = {
    {"__length_hint__", repeat_length_hint, "(self, /)", "How many are still to come."},
    {0},
};
static const NativeDef chain_methods[] = {
    {"@@from_iterable", chain_from_iterable, "(cls, iterable, /)",
     "Chain the items of one iterable of iterables."},
    {"@@__class_getitem__", class_getitem_self, "(cls, item, /)", "chain[...] is chain."},
    {0},
};

static const NativeClass classes[] = {
    ITERATOR_CLASS("count", Count, count_slots, NULL, "start, start + step, …"),
    ITERATOR_CLASS("cycle", Cycle, cycle_slots, NULL, "The items of an iterable over and over."),
    ITERATOR_CLASS("repeat", Repeat, repeat_slots, repeat_methods,
                   "The object, times over or for ever."),
    ITERATOR_CLASS("chain", Chain, chain_slots, chain_methods,
                   "The items of one iterable after those of another."),
    ITERATOR_CLASS("dropwhile", Selecting, dropwhile_slots, NULL,
                   "The items from the first that fails the test on."),
    ITERATOR_CLASS("takewhile", Selecting, takewhile_slots, NULL,
                   "The items up to the first that fails the test."),
    ITERATOR_CLASS("filterfalse", Selecting, filterfalse_slots, NULL,
                   "The items that fail the test."),
    ITERATOR_CLASS("starmap", Selecting, starmap_slots, NULL, "function(*item) for each item."),
    ITERATOR_CLASS("compress", Selecting, compress_slots, NULL,
                   "The items whose selector is true."),
    ITERATOR_CLASS("islice", Islice, islice_slots, NULL, "The items a slice would take."),
    ITERATOR_CLASS("pairwise", Pairwise, pairwise_slots, NULL, "Each item with the one after it."),
    ITERATOR_CLASS("accumulate", Accumulate, accumulate_slots, NULL, "Running totals."),
    ITERATOR_CLASS("zip_longest", ZipLongest, zip_longest_slots, NULL,
                   "zip that fills up the shorter ones."),
};

static const NativeDef functions[] = {
    {"tee", itertools_tee, "(iterable, n=2, /)", "n independent iterators over one iterable."},
    {0},
};

static bool init(Thread *t, Module *m) {
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        module_class(t, m, &classes[i], "itertools", NULL);
    itertools_group_init(t, m);
    itertools_combine_init(t, m);
    return true;
}

const NativeModule itertools_module = {.name = "itertools",
                                       .doc = "Iterators made of iterators.",
                                       .functions = functions,
                                       .init = init};
