/* SPDX-License-Identifier: MIT */
/*
 * dropwhile, takewhile, filterfalse, starmap, compress: iterators with a function (or selectors)
 * and one source, which they hold for good: a source that is exhausted says so again.
 */
#include "stdlib/itertools.h"

typedef struct Selecting {
    Object header;
    Value function; /* VALUE_NONE: truth; compress: the selectors' iterator */
    Value source;
    Value turned; /* dropwhile: the first item to give has come; takewhile: the last one has */
} Selecting;

static Value select_construct(Thread *t, Class *cls, const char *name, const Value *args, int argc,
                              Tuple *kwnames) {
    if (!keywords_left_to_init(t, name, cls, &argc, kwnames)) return VALUE_ERROR;
    if (argc != 2)
        return raise_error(t, EXC_TypeError, "%s expected 2 arguments, got %d", name, argc);
    Value source = value_iter(t, args[1]);
    if (source == VALUE_ERROR) return VALUE_ERROR;
    Selecting *s = object_new(t, cls, 0);
    s->function = args[0];
    s->source = source;
    s->turned = VALUE_FALSE;
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
    if (function != object_value(BUILTIN_CLASS(t, BOOL))) {
        answer = call_value(t, function, item, 1);
    }
    int yes = answer == VALUE_ERROR ? -1 : value_truth(t, answer);
    pop_roots(t, roots);
    return yes;
}

static Value dropwhile_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    for (;;) {
        Value item = value_next(t, s->source);
        if (item == VALUE_DONE || item == VALUE_ERROR || s->turned == VALUE_TRUE) return item;
        int drop = ask(t, s->function, &item);
        if (drop < 0) return VALUE_ERROR;
        if (!drop) {
            s->turned = VALUE_TRUE;
            return item;
        }
        if (!thread_poll(t)) return VALUE_ERROR;
    }
}

static Value takewhile_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    if (s->turned == VALUE_TRUE) return iter_done(t);
    Value item = value_next(t, s->source);
    if (item == VALUE_DONE || item == VALUE_ERROR) return item;
    int take = ask(t, s->function, &item);
    if (take < 0) return VALUE_ERROR;
    if (take) return item;
    s->turned = VALUE_TRUE;
    return iter_done(t);
}

static Value filterfalse_next(Thread *t, Value self) {
    Selecting *s = (Selecting *)object_of(self);
    for (;;) {
        Value item = value_next(t, s->source);
        if (item == VALUE_DONE || item == VALUE_ERROR) return item;
        int yes = s->function == VALUE_NONE ? value_truth(t, item) : ask(t, s->function, &item);
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
        s->turned = VALUE_FALSE;
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

/* ---- state ---- */

static Value select_reduce(Thread *t, Value *args) {
    Selecting *s = (Selecting *)object_of(args[0]);
    Value state[] = {s->function, s->source};
    return itertools_reduced(t, args[0], state, 2, VALUE_UNSET);
}

static Value compress_reduce(Thread *t, Value *args) {
    Selecting *s = (Selecting *)object_of(args[0]);
    Value state[] = {s->source, s->function};
    return itertools_reduced(t, args[0], state, 2, VALUE_UNSET);
}

static Value turning_reduce(Thread *t, Value *args) {
    Selecting *s = (Selecting *)object_of(args[0]);
    Value state[] = {s->function, s->source};
    return itertools_reduced(t, args[0], state, 2, fixnum(s->turned == VALUE_TRUE));
}

static Value turning_setstate(Thread *t, Value *args) {
    int turned = value_truth(t, args[1]);
    if (turned < 0) return VALUE_ERROR;
    ((Selecting *)object_of(args[0]))->turned = bool_value(turned);
    return VALUE_NONE;
}

/* ---- classes ---- */

ITERATOR_SLOTS(dropwhile);
ITERATOR_SLOTS(takewhile);
ITERATOR_SLOTS(filterfalse);
ITERATOR_SLOTS(starmap);
ITERATOR_SLOTS(compress);

static const NativeDef select_methods[] = {ITERATOR_REDUCE(select), {0}};
static const NativeDef compress_methods[] = {ITERATOR_REDUCE(compress), {0}};
static const NativeDef turning_methods[] = {
    ITERATOR_REDUCE(turning), ITERATOR_SETSTATE(turning), {0}};

static const NativeClass classes[] = {
    ITERATOR_CLASS("dropwhile", Selecting, dropwhile_slots, turning_methods,
                   "The items from the first that fails the test on."),
    ITERATOR_CLASS("takewhile", Selecting, takewhile_slots, turning_methods,
                   "The items up to the first that fails the test."),
    ITERATOR_CLASS("filterfalse", Selecting, filterfalse_slots, select_methods,
                   "The items that fail the test."),
    ITERATOR_CLASS("starmap", Selecting, starmap_slots, select_methods,
                   "function(*item) for each item."),
    ITERATOR_CLASS("compress", Selecting, compress_slots, compress_methods,
                   "The items whose selector is true."),
};

void itertools_select_init(Thread *t, Module *m) {
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        module_class(t, m, &classes[i], "itertools", NULL);
}
