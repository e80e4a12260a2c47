/* SPDX-License-Identifier: MIT */
/*
 * product, permutations, combinations: each holds its pool of items and a list of indices into it,
 * which one step of next moves on to the next choice in lexicographic order.
 *
 * Indices are fixnums, so overwriting them needs no barrier.
 */
#include "stdlib/itertools.h"

typedef struct Choice {
    Object header;
    Value pool;    /* tuple of items; product: tuple of such tuples */
    Value indices; /* list of fixnums; VALUE_UNSET when exhausted */
    Value cycles;  /* permutations: list of fixnums, how long until index i turns over */
    Value r;       /* how many are chosen */
    Value started;
} Choice;

static Value choice_new(Thread *t, Class *cls, Value pool, int64_t r, Value indices, Value cycles) {
    Choice *c = object_new(t, cls, 0);
    c->pool = pool;
    c->indices = indices;
    c->cycles = cycles;
    c->r = fixnum(r);
    c->started = VALUE_FALSE;
    return object_value(c);
}

/* [count] fixnums: first, first + step, … */
static Value fixnums(Thread *t, int64_t count, int64_t first, int64_t step) {
    List *list = list_new(t, (size_t)count);
    for (int64_t i = 0; i < count; i++) list_append(t, list, fixnum(first + i * step));
    return object_value(list);
}

/* The items that the indices choose from the pool. */
static Value chosen(Thread *t, Choice *c) {
    List *indices = LIST(c->indices);
    Tuple *result = tuple_new(t, indices->size);
    for (size_t i = 0; i < indices->size; i++) {
        result->items[i] = TUPLE(c->pool)->items[fixnum_of(indices->items[i])];
    }
    return object_value(result);
}

/* ---- product ---- */

static Value product_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 3), result = VALUE_ERROR;
    int64_t repeat;
    if (!bind_raw(t, "product", "(*iterables, repeat=1)", out, args, argc, kwnames)) goto end;
    if (!arg_int64(t, out[0], &repeat)) goto end;
    if (repeat < 0) {
        raise_error(t, EXC_ValueError, "repeat argument cannot be negative");
        goto end;
    }
    size_t n = TUPLE(out[1])->size;
    if (n && (uint64_t)repeat > (1u << 28) / n) {
        raise_error(t, EXC_OverflowError, "repeat argument too large");
        goto end;
    }
    if (!n) repeat = 0;
    out[2] = object_value(tuple_new(t, n * (size_t)repeat));
    bool empty = false;
    for (size_t i = 0; i < n && repeat; i++) {
        Tuple *pool = tuple_from_iterable(t, TUPLE(out[1])->items[i]);
        if (!pool) goto end;
        for (int64_t r = 0; r < repeat; r++)
            TUPLE(out[2])->items[(size_t)r * n + i] = object_value(pool);
        if (!pool->size) empty = true;
    }
    Value indices = empty ? VALUE_UNSET : fixnums(t, (int64_t)TUPLE(out[2])->size, 0, 0);
    result = choice_new(t, cls, out[2], 0, indices, VALUE_NONE);
end:
    pop_roots(t, out);
    return result;
}

/* Move the last index that can move; false when none can. */
static bool product_advance(Choice *c) {
    List *indices = LIST(c->indices);
    for (size_t i = indices->size; i-- > 0;) {
        int64_t next = fixnum_of(indices->items[i]) + 1;
        if ((size_t)next < TUPLE(TUPLE(c->pool)->items[i])->size) {
            indices->items[i] = fixnum(next);
            return true;
        }
        indices->items[i] = fixnum(0);
    }
    return false;
}

static Value product_next(Thread *t, Value self) {
    Choice *c = (Choice *)object_of(self);
    if (c->indices == VALUE_UNSET) return iter_done(t);
    if (c->started == VALUE_TRUE && !product_advance(c)) return finish_iterator(t, &c->indices);
    c->started = VALUE_TRUE;
    List *indices = LIST(c->indices);
    Tuple *result = tuple_new(t, indices->size);
    for (size_t i = 0; i < indices->size; i++) {
        result->items[i] = TUPLE(TUPLE(c->pool)->items[i])->items[fixnum_of(indices->items[i])];
    }
    return object_value(result);
}

/* ---- r of a pool ---- */

/* Binds (iterable, r): the pool in out[0], r in [*r]. */
static bool bind_choice(Thread *t, const char *name, const char *signature, Value *out,
                        const Value *args, int argc, Tuple *kwnames, int64_t *r) {
    if (!bind_raw(t, name, signature, out, args, argc, kwnames)) return false;
    bool optional = strchr(signature, '=') != NULL;
    if (!optional && !arg_int64(t, out[1], r)) return false;
    Tuple *pool = tuple_from_iterable(t, out[0]);
    if (!pool) return false;
    out[0] = object_value(pool);
    if (optional) {
        *r = (int64_t)pool->size;
        if (out[1] != VALUE_NONE && !is_int(out[1])) {
            raise_error(t, EXC_TypeError, "Expected int as r");
            return false;
        }
        if (out[1] != VALUE_NONE && !arg_int64(t, out[1], r)) return false;
    }
    if (*r >= 0) return true;
    raise_error(t, EXC_ValueError, "r must be non-negative");
    return false;
}

static Value permutations_construct(Thread *t, Class *cls, const Value *args, int argc,
                                    Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    int64_t r;
    if (bind_choice(t, "permutations", "(iterable, r=None)", out, args, argc, kwnames, &r)) {
        int64_t n = (int64_t)TUPLE(out[0])->size;
        bool empty = r > n;
        out[1] = empty ? VALUE_UNSET : fixnums(t, n, 0, 1);
        result = choice_new(t, cls, out[0], r, out[1], empty ? VALUE_NONE : fixnums(t, r, n, -1));
    }
    pop_roots(t, out);
    return result;
}

/* Turn the rightmost place whose cycle has not ended; false when all have. */
static bool permutations_advance(Choice *c) {
    List *indices = LIST(c->indices), *cycles = LIST(c->cycles);
    size_t n = indices->size, r = cycles->size;
    for (size_t i = r; i-- > 0;) {
        int64_t left = fixnum_of(cycles->items[i]) - 1;
        if (left > 0) {
            cycles->items[i] = fixnum(left);
            size_t j = n - (size_t)left;
            Value swap = indices->items[i];
            indices->items[i] = indices->items[j];
            indices->items[j] = swap;
            return true;
        }
        Value first = indices->items[i];
        memmove(&indices->items[i], &indices->items[i + 1], (n - i - 1) * sizeof(Value));
        indices->items[n - 1] = first;
        cycles->items[i] = fixnum((int64_t)(n - i));
    }
    return false;
}

static Value permutations_next(Thread *t, Value self) {
    Choice *c = (Choice *)object_of(self);
    if (c->indices == VALUE_UNSET) return iter_done(t);
    if (c->started == VALUE_TRUE && !permutations_advance(c))
        return finish_iterator(t, &c->indices);
    c->started = VALUE_TRUE;
    size_t r = LIST(c->cycles)->size;
    Tuple *result = tuple_new(t, r);
    for (size_t i = 0; i < r; i++)
        result->items[i] = TUPLE(c->pool)->items[fixnum_of(LIST(c->indices)->items[i])];
    return object_value(result);
}

static Value combinations_construct(Thread *t, Class *cls, const Value *args, int argc,
                                    Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    int64_t r;
    if (bind_choice(t, "combinations", "(iterable, r)", out, args, argc, kwnames, &r)) {
        bool empty = r > (int64_t)TUPLE(out[0])->size;
        result =
            choice_new(t, cls, out[0], r, empty ? VALUE_UNSET : fixnums(t, r, 0, 1), VALUE_NONE);
    }
    pop_roots(t, out);
    return result;
}

static bool combinations_advance(Choice *c) {
    List *indices = LIST(c->indices);
    int64_t n = (int64_t)TUPLE(c->pool)->size, r = (int64_t)indices->size, i = r - 1;
    while (i >= 0 && fixnum_of(indices->items[i]) == i + n - r) i--;
    if (i < 0) return false;
    int64_t at = fixnum_of(indices->items[i]) + 1;
    for (; i < r; i++) indices->items[i] = fixnum(at++);
    return true;
}

static Value repeated_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    Value *out = push_roots(t, 2), result = VALUE_ERROR;
    int64_t r;
    if (bind_choice(t, "combinations_with_replacement", "(iterable, r)", out, args, argc, kwnames,
                    &r)) {
        bool empty = !TUPLE(out[0])->size && r > 0;
        result =
            choice_new(t, cls, out[0], r, empty ? VALUE_UNSET : fixnums(t, r, 0, 0), VALUE_NONE);
    }
    pop_roots(t, out);
    return result;
}

static bool repeated_advance(Choice *c) {
    List *indices = LIST(c->indices);
    int64_t n = (int64_t)TUPLE(c->pool)->size, r = (int64_t)indices->size, i = r - 1;
    while (i >= 0 && fixnum_of(indices->items[i]) == n - 1) i--;
    if (i < 0) return false;
    int64_t at = fixnum_of(indices->items[i]) + 1;
    for (; i < r; i++) indices->items[i] = fixnum(at);
    return true;
}

static Value choice_next(Thread *t, Choice *c, bool (*advance)(Choice *)) {
    if (c->indices == VALUE_UNSET) return iter_done(t);
    if (c->started == VALUE_TRUE && !advance(c)) return finish_iterator(t, &c->indices);
    c->started = VALUE_TRUE;
    return chosen(t, c);
}

static Value combinations_next(Thread *t, Value self) {
    return choice_next(t, (Choice *)object_of(self), combinations_advance);
}
static Value repeated_next(Thread *t, Value self) {
    return choice_next(t, (Choice *)object_of(self), repeated_advance);
}

/* ---- state ---- */

/* (class, ((), r)) when all choices have been given. */
static Value reduced_end(Thread *t, Value self, bool with_r) {
    Value arguments[] = {object_value(t->vm->empty_tuple), ((Choice *)object_of(self))->r};
    return itertools_reduced(t, self, arguments, with_r ? 2 : 1, VALUE_UNSET);
}

static Value tuple_of_list(Thread *t, Value list) {
    return object_value(tuple_from(t, LIST(list)->items, LIST(list)->size));
}

static Value product_reduce(Thread *t, Value *args) {
    Choice *c = (Choice *)object_of(args[0]);
    if (c->indices == VALUE_UNSET) return reduced_end(t, args[0], false);
    Value state = c->started == VALUE_TRUE ? tuple_of_list(t, c->indices) : VALUE_UNSET;
    return itertools_reduced(t, args[0], TUPLE(c->pool)->items, (int)TUPLE(c->pool)->size, state);
}

static Value combinations_reduce(Thread *t, Value *args) {
    Choice *c = (Choice *)object_of(args[0]);
    Value arguments[] = {c->pool, c->r}, state = VALUE_UNSET;
    if (c->started == VALUE_TRUE) {
        if (c->indices == VALUE_UNSET) return reduced_end(t, args[0], true);
        state = tuple_of_list(t, c->indices);
    }
    return itertools_reduced(t, args[0], arguments, 2, state);
}

static Value repeated_reduce(Thread *t, Value *args) { return combinations_reduce(t, args); }

static Value permutations_reduce(Thread *t, Value *args) {
    Choice *c = (Choice *)object_of(args[0]);
    Value made = combinations_reduce(t, args);
    if (TUPLE(made)->size < 3) return made;
    Value state[] = {TUPLE(made)->items[2], tuple_of_list(t, c->cycles)};
    TUPLE(made)->items[2] = object_value(tuple_from(t, state, 2));
    return made;
}

/* [count] numbers from a tuple of as many, each between 0 and what [limit] says of its place, into
 * a new list. VALUE_ERROR: raised. */
static Value numbers_from(Thread *t, Choice *c, Value state, size_t count,
                          int64_t (*limit)(const Choice *c, size_t i)) {
    if (!is_kind(state, OBJ_TUPLE) || TUPLE(state)->size != count)
        return raise_error(t, EXC_ValueError, "invalid arguments");
    Value *roots = push_roots(t, 1);
    Value list = roots[0] = fixnums(t, (int64_t)count, 0, 0);
    for (size_t i = 0; i < count; i++) {
        int64_t n, most = limit(c, i);
        if (!arg_int64(t, TUPLE(state)->items[i], &n)) return VALUE_ERROR;
        LIST(list)->items[i] = fixnum(n < 0 ? 0 : n > most ? most : n);
    }
    pop_roots(t, roots);
    return list;
}

/* Take the indices of [state], and say that they are those of the choice given last. */
static Value restore(Thread *t, Value *args, int64_t (*limit)(const Choice *c, size_t i)) {
    Choice *c = (Choice *)object_of(args[0]);
    size_t count = c->indices == VALUE_UNSET ? (size_t)fixnum_of(c->r) : LIST(c->indices)->size;
    Value indices = numbers_from(t, c, args[1], count, limit);
    if (indices == VALUE_ERROR) return VALUE_ERROR;
    if (c->indices != VALUE_UNSET) set_field(t, &c->indices, indices);
    c->started = VALUE_TRUE;
    return VALUE_NONE;
}

static int64_t product_limit(const Choice *c, size_t i) {
    return (int64_t)TUPLE(TUPLE(c->pool)->items[i])->size - 1;
}

static Value product_setstate(Thread *t, Value *args) {
    Choice *c = (Choice *)object_of(args[0]);
    if (!is_kind(args[1], OBJ_TUPLE) || TUPLE(args[1])->size != TUPLE(c->pool)->size)
        return raise_error(t, EXC_ValueError, "invalid arguments");
    return c->indices == VALUE_UNSET ? VALUE_NONE : restore(t, args, product_limit);
}

static int64_t combinations_limit(const Choice *c, size_t i) {
    int64_t most = (int64_t)i + (int64_t)TUPLE(c->pool)->size - fixnum_of(c->r);
    return most < 0 ? 0 : most;
}

static Value combinations_setstate(Thread *t, Value *args) {
    return restore(t, args, combinations_limit);
}

static int64_t pool_limit(const Choice *c, size_t i) {
    (void)i;
    return TUPLE(c->pool)->size ? (int64_t)TUPLE(c->pool)->size - 1 : 0;
}

static Value repeated_setstate(Thread *t, Value *args) { return restore(t, args, pool_limit); }

static int64_t cycle_limit(const Choice *c, size_t i) {
    return (int64_t)TUPLE(c->pool)->size - (int64_t)i;
}

static Value permutations_setstate(Thread *t, Value *args) {
    Choice *c = (Choice *)object_of(args[0]);
    if (!itertools_state(t, args[1], 2, 2)) return VALUE_ERROR;
    Value *roots = push_roots(t, 2);
    Tuple *state = TUPLE(args[1]);
    if (c->indices == VALUE_UNSET) return raise_error(t, EXC_ValueError, "invalid arguments");
    roots[0] = numbers_from(t, c, state->items[0], LIST(c->indices)->size, pool_limit);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[1] = numbers_from(t, c, state->items[1], LIST(c->cycles)->size, cycle_limit);
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    for (size_t i = 0; i < LIST(roots[1])->size; i++) {
        if (LIST(roots[1])->items[i] == fixnum(0)) LIST(roots[1])->items[i] = fixnum(1);
    }
    set_field(t, &c->indices, roots[0]);
    set_field(t, &c->cycles, roots[1]);
    c->started = VALUE_TRUE;
    pop_roots(t, roots);
    return VALUE_NONE;
}

/* ---- classes ---- */

ITERATOR_SLOTS(product);
ITERATOR_SLOTS(permutations);
ITERATOR_SLOTS(combinations);
ITERATOR_SLOTS(repeated);
#define METHODS(NAME)                                                                              \
    static const NativeDef NAME##_methods[] = {ITERATOR_REDUCE(NAME), ITERATOR_SETSTATE(NAME), {0}}
METHODS(product);
METHODS(permutations);
METHODS(combinations);
METHODS(repeated);

static const NativeClass classes[] = {
    ITERATOR_CLASS("product", Choice, product_slots, product_methods,
                   "All tuples with one item of each iterable."),
    ITERATOR_CLASS("permutations", Choice, permutations_slots, permutations_methods,
                   "All orders of r of the items."),
    ITERATOR_CLASS("combinations", Choice, combinations_slots, combinations_methods,
                   "All choices of r of the items."),
    ITERATOR_CLASS("combinations_with_replacement", Choice, repeated_slots, repeated_methods,
                   "All choices of r of the items, each any number of times."),
};

void itertools_combine_init(Thread *t, Module *m) {
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        module_class(t, m, &classes[i], "itertools", NULL);
}
