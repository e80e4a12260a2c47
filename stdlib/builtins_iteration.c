/* SPDX-License-Identifier: MIT */
/*
 * Built-in functions that consume iterables: all, any, iter, next, max, min, sorted, sum; and their
 * asynchronous kin.
 *
 * Each polls once per item, so a long run can be interrupted and collected under.
 * Read next: vm/iterate.c, stdlib/builtins_iterators.c.
 */
#include "stdlib/builtins.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/generator.h"
#include "vm/iterate.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

/* ---- all, any ---- */

typedef struct Quantifier {
    int stop_at, outcome;
} Quantifier;

static bool visit_truth(Thread *t, Value item, void *context) {
    Quantifier *q = context;
    int truth = value_truth(t, item);
    if (truth == 1 - q->stop_at) return true;
    q->outcome = truth;
    return false;
}

static Value quantify(Thread *t, Value iterable, int stop_at) {
    Quantifier q = {stop_at, 1 - stop_at};
    if (!value_for_each(t, iterable, visit_truth, &q) &&
        (q.outcome == 1 - stop_at || q.outcome < 0))
        return VALUE_ERROR;
    return bool_value(q.outcome);
}

static Value builtin_all(Thread *t, Value *args) { return quantify(t, args[0], 0); }
static Value builtin_any(Thread *t, Value *args) { return quantify(t, args[0], 1); }

/* ---- iter, next ---- */

static Value builtin_iter(Thread *t, Value *args) {
    if (args[1] == VALUE_UNSET) return value_iter(t, args[0]);
    if (!value_is_callable(t, args[0]))
        return raise_error(t, EXC_TypeError, "iter(v, w): v must be callable");
    CallableIterator *it = object_new(t, BUILTIN_CLASS(t, CALLABLE_ITERATOR), 0);
    it->callable = args[0];
    it->sentinel = args[1];
    return object_value(it);
}

static Value builtin_next(Thread *t, Value *args) {
    Value item = value_next(t, args[0]);
    if (item == VALUE_DONE) return args[1] == VALUE_UNSET ? raise_stop_iteration(t) : args[1];
    if (item != VALUE_ERROR || args[1] == VALUE_UNSET || !exception_matches(t, EXC_StopIteration))
        return item;
    exception_take(t);
    return args[1];
}

static Value builtin_anext(Thread *t, Value *args) { return async_next(t, args[0], args[1]); }

static Value builtin_aiter(Thread *t, Value *args) {
    Class *cls = class_of(t->vm, args[0]);
    if (!cls->slots.aiter)
        return raise_error(t, EXC_TypeError, "'%T' object is not an async iterable", args[0]);
    Value iterator = cls->slots.aiter(t, args[0]);
    if (iterator == VALUE_ERROR || class_of(t->vm, iterator)->slots.anext) return iterator;
    return raise_error(t, EXC_TypeError, "aiter() returned not an async iterator of type '%T'",
                       iterator);
}

/* ---- sorted ---- */

static Value builtin_sorted(Thread *t, Value *args) {
    int reverse = value_truth(t, args[2]);
    if (reverse < 0) return VALUE_ERROR;
    List *list = list_from_iterable(t, args[0]);
    if (!list) return VALUE_ERROR;
    args[0] = object_value(list);
    return list_sort(t, list, args[1], reverse) ? args[0] : VALUE_ERROR;
}

/* ---- min, max ---- */

/* The best item so far and its key, in registers. */
typedef struct Selection {
    Value *best; /* item, key */
    Value key;   /* function or VALUE_NONE */
    CompareOp op;
} Selection;

static int beats(Thread *t, CompareOp op, Value key, Value best) {
    if (both_fixnums(key, best)) {
        return op == COMPARE_LT ? fixnum_of(key) < fixnum_of(best)
                                : fixnum_of(key) > fixnum_of(best);
    }
    Value better = value_compare(t, op, key, best);
    return better == VALUE_ERROR ? -1 : value_truth(t, better);
}

static bool visit_extreme(Thread *t, Value item, void *context) {
    Selection *s = context;
    Value *roots = push_roots(t, 2);
    roots[0] = item;
    roots[1] = s->key == VALUE_NONE ? item : call_value(t, s->key, &item, 1);
    bool ok = roots[1] != VALUE_ERROR;
    if (ok && s->best[0] == VALUE_UNSET) {
        s->best[0] = item;
        s->best[1] = roots[1];
    } else if (ok) {
        int truth = beats(t, s->op, roots[1], s->best[1]);
        if (truth > 0) {
            s->best[0] = item;
            s->best[1] = roots[1];
        }
        ok = truth >= 0;
    }
    pop_roots(t, roots);
    return ok;
}

/* args: key, default, the positional arguments as a tuple. */
static Value extreme(Thread *t, Value *args, CompareOp op, const char *name) {
    Tuple *given = TUPLE(args[2]);
    if (given->size == 0)
        return raise_error(t, EXC_TypeError, "%s expected at least 1 argument, got 0", name);
    if (given->size > 1 && args[1] != VALUE_UNSET) {
        return raise_error(t, EXC_TypeError,
                           "Cannot specify a default for %s() with multiple positional arguments",
                           name);
    }
    Selection s = {push_roots(t, 2), args[0], op};
    Value iterable = given->size > 1 ? args[2] : given->items[0];
    if (!value_for_each(t, iterable, visit_extreme, &s)) return VALUE_ERROR;
    if (s.best[0] != VALUE_UNSET) return s.best[0];
    if (args[1] != VALUE_UNSET) return args[1];
    return raise_error(t, EXC_ValueError, "%s() arg is an empty sequence", name);
}

static Value builtin_max(Thread *t, Value *args) { return extreme(t, args, COMPARE_GT, "max"); }
static Value builtin_min(Thread *t, Value *args) { return extreme(t, args, COMPARE_LT, "min"); }

/* ---- sum ---- */

static bool visit_sum(Thread *t, Value item, void *context) {
    Value *total = context;
    int64_t sum;
    if (both_fixnums(*total, item) &&
        !__builtin_add_overflow(fixnum_of(*total), fixnum_of(item), &sum) && fixnum_fits(sum)) {
        *total = fixnum(sum);
        return true;
    }
    Value next = is_float(*total) && is_float(item)
                     ? float_new(t, float_of(*total) + float_of(item))
                     : value_binary(t, BINARY_ADD, *total, item);
    if (next != VALUE_ERROR) *total = next;
    return next != VALUE_ERROR;
}

static Value builtin_sum(Thread *t, Value *args) {
    if (is_str(args[1]))
        return raise_error(t, EXC_TypeError, "sum() can't sum strings [use ''.join(seq) instead]");
    if (is_kind(args[1], OBJ_BYTES)) {
        return raise_error(t, EXC_TypeError, "sum() can't sum bytes [use b''.join(seq) instead]");
    }
    if (is_kind(args[1], OBJ_BYTEARRAY)) {
        return raise_error(t, EXC_TypeError,
                           "sum() can't sum bytearray [use b''.join(seq) instead]");
    }
    return value_for_each(t, args[0], visit_sum, &args[1]) ? args[1] : VALUE_ERROR;
}

const NativeDef builtins_iteration_functions[] = {
    {"anext", builtin_anext, "(async_iterator, default=?, /)",
     "To be awaited: the next element, or default when there is none."},
    {"aiter", builtin_aiter, "(async_iterable, /)",
     "What __aiter__() of the object returns: it has __anext__()."},
    {"all", builtin_all, "(iterable, /)", "Are all elements true? With none, they are."},
    {"any", builtin_any, "(iterable, /)", "Is one of the elements true?"},
    {"iter", builtin_iter, "(object, sentinel=?, /)",
     "An iterator over object, or one that calls it until it returns sentinel."},
    {"max", builtin_max, "(*args, key=None, default=?)",
     "max(iterable, *[, default=obj, key=func]) -> value\n"
     "max(arg1, arg2, *args, *[, key=func]) -> value\n\n"
     "The largest item of an iterable or of the arguments."},
    {"min", builtin_min, "(*args, key=None, default=?)",
     "min(iterable, *[, default=obj, key=func]) -> value\n"
     "min(arg1, arg2, *args, *[, key=func]) -> value\n\n"
     "The smallest item of an iterable or of the arguments."},
    {"next", builtin_next, "(iterator, default=?, /)",
     "The next element, or default when there is none."},
    {"sorted", builtin_sorted, "(iterable, /, *, key=None, reverse=False)",
     "A list of the elements from the smallest on; key says what is compared."},
    {"sum", builtin_sum, "(iterable, /, start=0)", "start and the numbers of iterable, added up."},
    {NULL, NULL, NULL, NULL},
};
