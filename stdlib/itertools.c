/* SPDX-License-Identifier: MIT */
/*
 * itertools: iterators that go through others item by item.
 *
 * Each class is a struct of Values, a constructor and a next slot. An exhausted iterator has
 * VALUE_UNSET for its source, so it stays exhausted. Whoever calls next holds the iterator, so its
 * fields are safe across calls into Tulip code; what is only in C variables is put into roots.
 *
 * Read next: stdlib/itertools_select.c (filters), stdlib/itertools_running.c (accumulate and
 * others that go side by side), stdlib/itertools_group.c (groupby, tee),
 * stdlib/itertools_combine.c (product and friends).
 */
#include "stdlib/itertools.h"

Value itertools_source(Thread *t, const char *name, const Class *cls, const Value *args, int argc,
                       Tuple *kwnames) {
    if (!keywords_left_to_init(t, name, cls, &argc, kwnames)) return VALUE_ERROR;
    if (argc != 1)
        return raise_error(t, EXC_TypeError, "%s expected 1 argument, got %d", name, argc);
    return value_iter(t, args[0]);
}

Value itertools_reduced(Thread *t, Value self, const Value *arguments, int count, Value state) {
    Value items[] = {object_value(class_of(t->vm, self)),
                     object_value(tuple_from(t, arguments, (size_t)count)), state};
    return object_value(tuple_from(t, items, state == VALUE_UNSET ? 2 : 3));
}

bool itertools_state(Thread *t, Value state, size_t least, size_t most) {
    if (is_kind(state, OBJ_TUPLE)) {
        size_t size = TUPLE(state)->size;
        if (size >= least && size <= most) return true;
        raise_error(t, EXC_TypeError, "function takes %s %zu argument%s (%zu given)",
                    least == most  ? "exactly"
                    : size < least ? "at least"
                                   : "at most",
                    size < least ? least : most, (size < least ? least : most) == 1 ? "" : "s",
                    size);
        return false;
    }
    raise_error(t, EXC_TypeError, "state is not a tuple");
    return false;
}

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
        for (int i = 0; i < 2; i++) {
            if (is_bool(out[i])) out[i] = fixnum(out[i] == VALUE_TRUE);
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
    Value name = object_value(object_class(&c->header)->name);
    Str *text = c->step == fixnum(1) ? str_format(t, "%S(%R)", name, c->next)
                                     : str_format(t, "%S(%R, %R)", name, c->next, c->step);
    return text ? object_value(text) : VALUE_ERROR;
}

static Value count_reduce(Thread *t, Value *args) {
    Count *c = (Count *)object_of(args[0]);
    Value state[] = {c->next, c->step};
    return itertools_reduced(t, args[0], state, c->step == fixnum(1) ? 1 : 2, VALUE_UNSET);
}

/* ---- cycle ---- */

typedef struct Cycle {
    Object header;
    Value source; /* iterator, VALUE_UNSET once it is exhausted */
    Value saved;  /* list of its items */
    Value index;
    Value repeating; /* True: the source gives again what is saved already */
} Cycle;

static Value cycle_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value source = itertools_source(t, "cycle", cls, args, argc, kwnames);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Cycle *c = object_new(t, cls, 0);
    c->source = source;
    c->saved = object_value(list_new(t, 0));
    c->index = fixnum(0);
    c->repeating = VALUE_FALSE;
    return object_value(c);
}

static Value cycle_next(Thread *t, Value self) {
    Cycle *c = (Cycle *)object_of(self);
    if (c->source != VALUE_UNSET) {
        Value item = value_next(t, c->source);
        if (item == VALUE_ERROR) return VALUE_ERROR;
        if (item != VALUE_DONE) {
            bool saved = c->repeating == VALUE_TRUE || list_append(t, LIST(c->saved), item);
            return saved ? item : VALUE_ERROR;
        }
        set_field(t, &c->source, VALUE_UNSET);
    }
    List *saved = LIST(c->saved);
    if (!saved->size) return iter_done(t);
    size_t i = (size_t)fixnum_of(c->index);
    if (i >= saved->size) i = 0; /* the list is known to whoever asked for the state */
    c->index = fixnum(i + 1 == saved->size ? 0 : (int64_t)i + 1);
    return saved->items[i];
}

/* One that repeats what is saved begins in its middle, with an iterator that is moved there. */
static Value cycle_reduce(Thread *t, Value *args) {
    Cycle *c = (Cycle *)object_of(args[0]);
    Value *roots = push_roots(t, 1);
    roots[0] = c->source;
    bool over = c->source == VALUE_UNSET;
    if (over) {
        roots[0] = value_iter(t, c->saved);
        if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
        SEQUENCE_ITERATOR(roots[0])->index = (size_t)fixnum_of(c->index);
    }
    Value state[] = {c->saved, over ? VALUE_TRUE : c->repeating};
    Value result = itertools_reduced(t, args[0], roots, 1, object_value(tuple_from(t, state, 2)));
    pop_roots(t, roots);
    return result;
}

static Value cycle_setstate(Thread *t, Value *args) {
    Cycle *c = (Cycle *)object_of(args[0]);
    int64_t repeating;
    if (!itertools_state(t, args[1], 2, 2)) return VALUE_ERROR;
    Value saved = TUPLE(args[1])->items[0];
    if (class_of(t->vm, saved) != BUILTIN_CLASS(t, LIST))
        return raise_error(t, EXC_TypeError, "argument 1 must be list, not %T", saved);
    if (!arg_int64(t, TUPLE(args[1])->items[1], &repeating)) return VALUE_ERROR;
    set_field(t, &c->saved, saved);
    c->index = fixnum(0);
    c->repeating = bool_value(repeating != 0);
    return VALUE_NONE;
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
    Value name = object_value(object_class(&r->header)->name);
    Str *text = fixnum_of(r->left) < 0
                    ? str_format(t, "%S(%R)", name, r->object)
                    : str_format(t, "%S(%R, %lld)", name, r->object, (long long)fixnum_of(r->left));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value repeat_length_hint(Thread *t, Value *args) {
    Repeat *r = (Repeat *)object_of(args[0]);
    if (fixnum_of(r->left) < 0) return raise_error(t, EXC_TypeError, "len() of unsized object");
    return r->left;
}

static Value repeat_reduce(Thread *t, Value *args) {
    Repeat *r = (Repeat *)object_of(args[0]);
    Value state[] = {r->object, r->left};
    return itertools_reduced(t, args[0], state, fixnum_of(r->left) < 0 ? 1 : 2, VALUE_UNSET);
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
    if (!keywords_left_to_init(t, "chain", cls, &argc, kwnames)) return VALUE_ERROR;
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

static Value chain_reduce(Thread *t, Value *args) {
    Chain *c = (Chain *)object_of(args[0]);
    if (c->sources == VALUE_UNSET) return itertools_reduced(t, args[0], NULL, 0, VALUE_UNSET);
    Value state[] = {c->sources, c->active};
    Tuple *iterators = tuple_from(t, state, c->active == VALUE_UNSET ? 1 : 2);
    return itertools_reduced(t, args[0], NULL, 0, object_value(iterators));
}

static Value chain_setstate(Thread *t, Value *args) {
    Chain *c = (Chain *)object_of(args[0]);
    if (!itertools_state(t, args[1], 1, 2)) return VALUE_ERROR;
    Tuple *state = TUPLE(args[1]);
    for (size_t i = 0; i < state->size; i++) {
        if (!class_of(t->vm, state->items[i])->slots.next)
            return raise_error(t, EXC_TypeError, "Arguments must be iterators.");
    }
    set_field(t, &c->sources, state->items[0]);
    set_field(t, &c->active, state->size > 1 ? state->items[1] : VALUE_UNSET);
    return VALUE_NONE;
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
        if (!arg_int64(t, v, out)) exception_take(t);
        else if (*out >= 0) {
            if (*out > FIXNUM_MAX) *out = FIXNUM_MAX;
            return true;
        }
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
    if (!keywords_left_to_init(t, "islice", cls, &argc, kwnames)) return VALUE_ERROR;
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

static Value islice_reduce(Thread *t, Value *args) {
    Islice *s = (Islice *)object_of(args[0]);
    Value stop = fixnum_of(s->stop) < 0 ? VALUE_NONE : s->stop;
    Value state[] = {s->source, s->next, stop, s->step};
    if (s->source != VALUE_UNSET) return itertools_reduced(t, args[0], state, 4, s->position);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(list_new(t, 0));
    Value empty[] = {value_iter(t, roots[0]), fixnum(0)};
    pop_roots(t, roots);
    return itertools_reduced(t, args[0], empty, 2, fixnum(0));
}

static Value islice_setstate(Thread *t, Value *args) {
    int64_t position;
    if (!arg_int64(t, args[1], &position)) return VALUE_ERROR;
    if (position >= 0 && position <= FIXNUM_MAX)
        ((Islice *)object_of(args[0]))->position = fixnum(position);
    return VALUE_NONE;
}

/* ---- the module ---- */

ITERATOR_SLOTS(cycle);
ITERATOR_SLOTS(chain);
ITERATOR_SLOTS(islice);
static const Slots count_slots = {
    .iter = stdlib_iter_self, .next = count_next, .construct = count_construct, .repr = count_repr};
static const Slots repeat_slots = {.iter = stdlib_iter_self,
                                   .next = repeat_next,
                                   .construct = repeat_construct,
                                   .repr = repeat_repr};

static const NativeDef count_methods[] = {ITERATOR_REDUCE(count), {0}};
static const NativeDef cycle_methods[] = {ITERATOR_REDUCE(cycle), ITERATOR_SETSTATE(cycle), {0}};
static const NativeDef islice_methods[] = {ITERATOR_REDUCE(islice), ITERATOR_SETSTATE(islice), {0}};
static const NativeDef repeat_methods[] = {
    ITERATOR_REDUCE(repeat),
    {"__length_hint__", repeat_length_hint, "(self, /)", "How many are still to come."},
    {0},
};
static const NativeDef chain_methods[] = {
    ITERATOR_REDUCE(chain),
    ITERATOR_SETSTATE(chain),
    {"@@from_iterable", chain_from_iterable, "(cls, iterable, /)",
     "Chain the items of one iterable of iterables."},
    {"@@__class_getitem__", class_getitem_self, "(cls, item, /)", "chain[...] is chain."},
    {0},
};

static const NativeClass classes[] = {
    ITERATOR_CLASS("count", Count, count_slots, count_methods, "start, start + step, …"),
    ITERATOR_CLASS("cycle", Cycle, cycle_slots, cycle_methods,
                   "The items of an iterable over and over."),
    ITERATOR_CLASS("repeat", Repeat, repeat_slots, repeat_methods,
                   "The object, times over or for ever."),
};
static const NativeClass chain_class =
    ITERATOR_CLASS("chain", Chain, chain_slots, chain_methods,
                   "The items of one iterable after those of another.");
static const NativeClass islice_class =
    ITERATOR_CLASS("islice", Islice, islice_slots, islice_methods, "The items a slice would take.");

static const NativeDef functions[] = {
    {"tee", itertools_tee, "(iterable, n=2, /)", "n independent iterators over one iterable."},
    {0},
};

static bool init(Thread *t, Module *m) {
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        module_class(t, m, &classes[i], "itertools", NULL);
    stdlib_class(t, CLASS_CHAIN, m, &chain_class, "itertools", NULL);
    stdlib_class(t, CLASS_ISLICE, m, &islice_class, "itertools", NULL);
    itertools_select_init(t, m);
    itertools_running_init(t, m);
    itertools_group_init(t, m);
    itertools_combine_init(t, m);
    return true;
}

const NativeModule itertools_module = {.name = "itertools",
                                       .doc = "Iterators made of iterators.",
                                       .functions = functions,
                                       .init = init};
