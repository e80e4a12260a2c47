/* SPDX-License-Identifier: MIT */
/*
 * The iterators over iterators: enumerate, zip, map, filter, reversed.
 *
 * Read next: vm/iterate.h (their layouts), vm/iterate.c (the protocol).
 */
#include "stdlib/builtins.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/iterate.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

static Value iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

/* (class, arguments[, state]), as __reduce__ gives it. */
static Value reduced(Thread *t, Value self, Tuple *arguments, Value state) {
    Value items[] = {object_value(class_of(t->vm, self)), object_value(arguments), state};
    return object_value(tuple_from(t, items, state == VALUE_UNSET ? 2 : 3));
}

/* iter() of each of [items], as a tuple. [what]: the word in zip's error, or NULL. */
static Tuple *iterators_of(Thread *t, const Value *items, int count, const char *what) {
    Value *roots = push_roots(t, 1);
    Tuple *iterators = tuple_new(t, (size_t)count);
    roots[0] = object_value(iterators);
    for (int i = 0; i < count; i++) {
        Value iterator = value_iter(t, items[i]);
        if (iterator != VALUE_ERROR) {
            iterators->items[i] = iterator;
            continue;
        }
        bool refused =
            what && exception_matches(t, EXC_TypeError) && !class_of(t->vm, items[i])->slots.iter;
        if (refused) {
            exception_take(t);
            raise_error(t, EXC_TypeError, "%s argument #%d must support iteration", what, i + 1);
        }
        iterators = NULL;
        break;
    }
    pop_roots(t, roots);
    return iterators;
}

/* ---- enumerate ---- */

#define ENUMERATE(v) ((Enumerate *)object_of(v))

static Value enumerate_construct(Thread *t, Class *cls, const Value *args, int argc,
                                 Tuple *kwnames) {
    static const char *const names[] = {"iterable", "start", NULL};
    if (argc == 0)
        return raise_error(t, EXC_TypeError, "enumerate() missing required argument 'iterable'");
    Value *out = push_roots(t, 3);
    bool ok = bind_names(t, "enumerate", names, 1, out, args, argc, kwnames);
    out[2] = !ok ? VALUE_ERROR : out[1] == VALUE_UNSET ? fixnum(0) : value_index(t, out[1]);
    ok = out[2] != VALUE_ERROR;
    if (ok) out[0] = value_iter(t, out[0]);
    ok = ok && out[0] != VALUE_ERROR;
    Enumerate *e = ok ? object_new(t, cls, 0) : NULL;
    if (e) {
        e->iterator = out[0];
        e->count = out[2];
    }
    pop_roots(t, out);
    return e ? object_value(e) : VALUE_ERROR;
}

static Value enumerate_next(Thread *t, Value self) {
    Value item = value_next(t, ENUMERATE(self)->iterator);
    if (item == VALUE_ERROR || item == VALUE_DONE) return item == VALUE_DONE ? iter_done(t) : item;
    Tuple *pair = tuple_new(t, 2);
    Enumerate *e = ENUMERATE(self);
    pair->items[0] = e->count;
    pair->items[1] = item;
    Value next = is_fixnum(e->count) && e->count != fixnum(FIXNUM_MAX)
                     ? fixnum(fixnum_of(e->count) + 1)
                     : int_binary(t, BINARY_ADD, e->count, fixnum(1));
    if (next == VALUE_ERROR) return next;
    heap_set(&t->vm->heap, &e->count, next);
    return object_value(pair);
}

static Value class_getitem(Thread *t, Value *args) {
    (void)t;
    return args[0];
}

static Value enumerate_reduce(Thread *t, Value *args) {
    Value state[] = {ENUMERATE(args[0])->iterator, ENUMERATE(args[0])->count};
    return reduced(t, args[0], tuple_from(t, state, 2), VALUE_UNSET);
}

static const NativeDef generic_methods[] = {
    {"__reduce__", enumerate_reduce, "(self, /)", "State for pickle and copy."},
    {"@@__class_getitem__", class_getitem, "(cls, item, /)", NULL},
    {NULL, NULL, NULL, NULL},
};

static const Slots enumerate_slots = {
    .construct = enumerate_construct, .iter = iter_self, .next = enumerate_next};
static const NativeClass enumerate_class = {
    .kind = OBJ_ENUMERATE,
    .slots = &enumerate_slots,
    .methods = generic_methods,
    .doc = "Return an enumerate object: pairs of a count (from start, which defaults to 0) and a "
           "value.",
    .trace = trace_all_values,
};

/* ---- zip ---- */

#define ZIP(v) ((Zip *)object_of(v))

static bool zip_strict(Thread *t, const Value *args, int argc, Tuple *kwnames, Value *strict) {
    *strict = VALUE_FALSE;
    int keywords = kwnames ? (int)kwnames->size : 0;
    for (int i = 0; i < keywords; i++) {
        if (!str_equal(STR(kwnames->items[i]), NAME_OF(t, strict))) {
            raise_error(t, EXC_TypeError, "'%S' is an invalid keyword argument for zip()",
                        kwnames->items[i]);
            return false;
        }
        int truth = value_truth(t, args[argc - keywords + i]);
        if (truth < 0) return false;
        *strict = bool_value(truth);
    }
    return true;
}

static Value zip_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value strict;
    if (!zip_strict(t, args, argc, kwnames, &strict)) return VALUE_ERROR;
    Tuple *iterators = iterators_of(t, args, argc - (kwnames ? (int)kwnames->size : 0), NULL);
    if (!iterators) return VALUE_ERROR;
    Zip *z = object_new(t, cls, 0);
    z->iterators = object_value(iterators);
    z->strict = strict;
    return object_value(z);
}

static Value raise_uneven(Thread *t, size_t i, const char *relation) {
    return raise_error(t, EXC_ValueError, "zip() argument %zu is %s than argument%s%zu", i + 1,
                       relation, i == 1 ? " " : "s 1-", i);
}

/* The i-th iterator is exhausted: with strict, so must be all others. */
static Value zip_check_ends(Thread *t, Tuple *iterators, size_t i) {
    if (i > 0) return raise_uneven(t, i, "shorter");
    for (i = 1; i < iterators->size; i++) {
        Value item = value_next(t, iterators->items[i]);
        if (item == VALUE_ERROR) return item;
        if (item != VALUE_DONE) return raise_uneven(t, i, "longer");
    }
    return iter_done(t);
}

static Value zip_next(Thread *t, Value self) {
    Tuple *iterators = TUPLE(ZIP(self)->iterators);
    if (iterators->size == 0) return iter_done(t);
    Value *roots = push_roots(t, 1);
    Tuple *items = tuple_new(t, iterators->size);
    roots[0] = object_value(items);
    Value result = roots[0];
    for (size_t i = 0; i < iterators->size; i++) {
        Value item = value_next(t, iterators->items[i]);
        if (item == VALUE_ERROR || item == VALUE_DONE) {
            bool strict = item == VALUE_DONE && ZIP(self)->strict == VALUE_TRUE;
            result = strict               ? zip_check_ends(t, iterators, i)
                     : item == VALUE_DONE ? iter_done(t)
                                          : item;
            break;
        }
        items->items[i] = item;
    }
    pop_roots(t, roots);
    return result;
}

static Value zip_reduce(Thread *t, Value *args) {
    Zip *z = ZIP(args[0]);
    return reduced(t, args[0], TUPLE(z->iterators),
                   z->strict == VALUE_TRUE ? VALUE_TRUE : VALUE_UNSET);
}

static Value zip_setstate(Thread *t, Value *args) {
    int strict = value_truth(t, args[1]);
    if (strict < 0) return VALUE_ERROR;
    ZIP(args[0])->strict = bool_value(strict);
    return VALUE_NONE;
}

static const NativeDef zip_methods[] = {
    {"__reduce__", zip_reduce, "(self, /)", "State for pickle and copy."},
    {"__setstate__", zip_setstate, "(self, strict, /)", "Whether the inputs must end together."},
    {NULL, NULL, NULL, NULL},
};
static const Slots zip_slots = {.construct = zip_construct, .iter = iter_self, .next = zip_next};
static const NativeClass zip_class = {
    .kind = OBJ_ZIP,
    .slots = &zip_slots,
    .methods = zip_methods,
    .doc = "zip(*iterables, strict=False) --> Yield tuples until an input is exhausted.",
    .trace = trace_all_values,
};

/* ---- map ---- */

#define MAP(v) ((Map *)object_of(v))

static Value map_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    int count = argc;
    if (!keywords_left_to_init(t, "map", cls, &count, kwnames)) return VALUE_ERROR;
    if (count < 2) return raise_error(t, EXC_TypeError, "map() must have at least two arguments.");
    Tuple *iterators = iterators_of(t, args + 1, count - 1, NULL);
    if (!iterators) return VALUE_ERROR;
    Map *m = object_new(t, cls, 0);
    m->function = args[0];
    m->iterators = object_value(iterators);
    return object_value(m);
}

static Value map_next(Thread *t, Value self) {
    Tuple *iterators = TUPLE(MAP(self)->iterators);
    int count = (int)iterators->size;
    Value *roots = push_roots(t, count);
    Value result = VALUE_UNSET;
    for (int i = 0; i < count && result == VALUE_UNSET; i++) {
        roots[i] = value_next(t, iterators->items[i]);
        if (roots[i] == VALUE_DONE) result = iter_done(t);
        else if (roots[i] == VALUE_ERROR) result = VALUE_ERROR;
    }
    if (result == VALUE_UNSET) result = call_value(t, MAP(self)->function, roots, count);
    pop_roots(t, roots);
    return result;
}

static Value map_reduce(Thread *t, Value *args) {
    Tuple *iterators = TUPLE(MAP(args[0])->iterators);
    Tuple *arguments = tuple_new(t, iterators->size + 1);
    arguments->items[0] = MAP(args[0])->function;
    memcpy(arguments->items + 1, iterators->items, iterators->size * sizeof(Value));
    return reduced(t, args[0], arguments, VALUE_UNSET);
}

static const NativeDef map_methods[] = {
    {"__reduce__", map_reduce, "(self, /)", "State for pickle and copy."},
    {NULL, NULL, NULL, NULL},
};
static const Slots map_slots = {.construct = map_construct, .iter = iter_self, .next = map_next};
static const NativeClass map_class = {
    .kind = OBJ_MAP,
    .slots = &map_slots,
    .methods = map_methods,
    .doc = "map(func, *iterables) --> map object\n\n"
           "Calls func with the next element of every iterable, until one of them has no more.",
    .trace = trace_all_values,
};

/* ---- filter ---- */

#define FILTER(v) ((Filter *)object_of(v))

static Value filter_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    int count = argc;
    if (!keywords_left_to_init(t, "filter", cls, &count, kwnames)) return VALUE_ERROR;
    if (count != 2)
        return raise_error(t, EXC_TypeError, "filter expected 2 arguments, got %d", count);
    Value iterator = value_iter(t, args[1]);
    if (iterator == VALUE_ERROR) return iterator;
    Filter *f = object_new(t, cls, 0);
    f->function = args[0];
    f->iterator = iterator;
    return object_value(f);
}

static int filter_accepts(Thread *t, Value function, Value item) {
    if (function == VALUE_NONE || function == object_value(BUILTIN_CLASS(t, BOOL)))
        return value_truth(t, item);
    Value answer = call_value(t, function, &item, 1);
    return answer == VALUE_ERROR ? -1 : value_truth(t, answer);
}

static Value filter_next(Thread *t, Value self) {
    Value *roots = push_roots(t, 1);
    Value result = VALUE_ERROR;
    while (thread_poll(t)) {
        roots[0] = value_next(t, FILTER(self)->iterator);
        if (roots[0] == VALUE_ERROR) break;
        if (roots[0] == VALUE_DONE) {
            result = iter_done(t);
            break;
        }
        int accepted = filter_accepts(t, FILTER(self)->function, roots[0]);
        if (accepted) {
            if (accepted > 0) result = roots[0];
            break;
        }
    }
    pop_roots(t, roots);
    return result;
}

static Value filter_reduce(Thread *t, Value *args) {
    Value state[] = {FILTER(args[0])->function, FILTER(args[0])->iterator};
    return reduced(t, args[0], tuple_from(t, state, 2), VALUE_UNSET);
}

static const NativeDef filter_methods[] = {
    {"__reduce__", filter_reduce, "(self, /)", "State for pickle and copy."},
    {NULL, NULL, NULL, NULL},
};
static const Slots filter_slots = {
    .construct = filter_construct, .iter = iter_self, .next = filter_next};
static const NativeClass filter_class = {
    .kind = OBJ_FILTER,
    .slots = &filter_slots,
    .methods = filter_methods,
    .doc = "filter(function or None, iterable) --> filter object\n\n"
           "Gives the elements for which function(element) is true;\n"
           "with None, those that are true.",
    .trace = trace_all_values,
};

/* ---- reversed ---- */

#define REVERSED(v) ((Reversed *)object_of(v))

static Value reversed_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    if (!keywords_left_to_init(t, "reversed", cls, &argc, kwnames)) return VALUE_ERROR;
    if (argc != 1)
        return raise_error(t, EXC_TypeError, "reversed expected 1 argument, got %d", argc);
    Class *of_argument = class_of(t->vm, args[0]);
    Value method = class_lookup(t, of_argument, NAME_OF(t, __reversed__));
    if (method == VALUE_NONE)
        return raise_error(t, EXC_TypeError, "'%T' object is not reversible", args[0]);
    if (method != VALUE_UNSET) return call_dunder(t, args[0], NAME_OF(t, __reversed__), NULL, 0);
    bool sequence = of_argument->slots.getitem && !is_kind(args[0], OBJ_DICT);
    if (!sequence) return raise_error(t, EXC_TypeError, "'%T' object is not reversible", args[0]);
    int64_t length = value_length(t, args[0]);
    if (length < 0) return VALUE_ERROR;
    Reversed *r = object_new(t, cls, 0);
    r->sequence = args[0];
    r->index = fixnum(length - 1);
    return object_value(r);
}

static Value reversed_next(Thread *t, Value self) {
    Reversed *r = REVERSED(self);
    int64_t index = fixnum_of(r->index);
    if (r->sequence == VALUE_UNSET || index < 0) return iter_done(t);
    r->index = fixnum(index - 1);
    Value item = value_getitem(t, r->sequence, fixnum(index));
    if (item != VALUE_ERROR) return item;
    if (!exception_matches(t, EXC_IndexError) && !exception_matches(t, EXC_StopIteration))
        return VALUE_ERROR;
    exception_take(t);
    heap_set(&t->vm->heap, &REVERSED(self)->sequence, VALUE_UNSET);
    return iter_done(t);
}

static Value reversed_length_hint(Thread *t, Value *args) {
    Reversed *r = REVERSED(args[0]);
    if (r->sequence == VALUE_UNSET || fixnum_of(r->index) < 0) return fixnum(0);
    int64_t index = fixnum_of(r->index), length = value_length(t, r->sequence);
    if (length < 0) return VALUE_ERROR;
    return fixnum(length <= index ? 0 : index + 1);
}

static Value reversed_reduce(Thread *t, Value *args) {
    Reversed *r = REVERSED(args[0]);
    Value over = r->sequence;
    bool exhausted = over == VALUE_UNSET || fixnum_of(r->index) < 0;
    if (exhausted) over = object_value(t->vm->empty_tuple);
    return reduced(t, args[0], tuple_from(t, &over, 1), exhausted ? VALUE_UNSET : r->index);
}

static Value reversed_setstate(Thread *t, Value *args) {
    Reversed *r = REVERSED(args[0]);
    int64_t index;
    if (!is_int(args[1])) return raise_error(t, EXC_TypeError, "an integer is required");
    if (!arg_int64(t, args[1], &index)) return VALUE_ERROR;
    if (r->sequence == VALUE_UNSET) return VALUE_NONE;
    int64_t length = value_length(t, r->sequence);
    if (length < 0) return VALUE_ERROR;
    if (index < -1) index = -1;
    r->index = fixnum(index < length ? index : length - 1);
    return VALUE_NONE;
}

static const NativeDef reversed_methods[] = {
    {"__length_hint__", reversed_length_hint, "(self, /)", NULL},
    {"__reduce__", reversed_reduce, "(self, /)", "State for pickle and copy."},
    {"__setstate__", reversed_setstate, "(self, state, /)", "Go to an index."},
    {NULL, NULL, NULL, NULL},
};
static const Slots reversed_slots = {
    .construct = reversed_construct, .iter = iter_self, .next = reversed_next};
static const NativeClass reversed_class = {
    .kind = OBJ_REVERSED,
    .slots = &reversed_slots,
    .methods = reversed_methods,
    .doc = "An iterator over a sequence from its end to its beginning.",
    .trace = trace_all_values,
};

void builtins_iterators_init(Thread *t) {
    native_class_init(t, &enumerate_class);
    native_class_init(t, &zip_class);
    native_class_init(t, &map_class);
    native_class_init(t, &filter_class);
    native_class_init(t, &reversed_class);
}
