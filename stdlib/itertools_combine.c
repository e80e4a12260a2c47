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
    Value started;
} Choice;

static Value choice_new(Thread *t, Class *cls, Value pool, Value indices, Value cycles) {
    Choice *c = object_new(t, cls, 0);
    c->pool = pool;
    c->indices = indices;
    c->cycles = cycles;
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
    result = choice_new(t, cls, out[2], indices, VALUE_NONE);
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
    Tuple *pool = tuple_from_iterable(t, out[0]);
    if (!pool) return false;
    out[0] = object_value(pool);
    *r = (int64_t)pool->size;
    bool optional = strchr(signature, '=') != NULL;
    if (optional && out[1] != VALUE_NONE && !is_int(out[1])) {
        raise_error(t, EXC_TypeError, "Expected int as r");
        return false;
    }
    if (!(optional && out[1] == VALUE_NONE) && !arg_int64(t, out[1], r)) return false;
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
        result = choice_new(t, cls, out[0], out[1], empty ? VALUE_NONE : fixnums(t, r, n, -1));
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
        result = choice_new(t, cls, out[0], empty ? VALUE_UNSET : fixnums(t, r, 0, 1), VALUE_NONE);
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
        result = choice_new(t, cls, out[0], empty ? VALUE_UNSET : fixnums(t, r, 0, 0), VALUE_NONE);
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

/* ---- classes ---- */

#define SLOTS(NAME)                                                                                \
    static const Slots NAME##_slots = {                                                            \
        .iter = stdlib_iter_self, .next = NAME##_next, .construct = NAME##_construct}
SLOTS(product);
SLOTS(permutations);
SLOTS(combinations);
SLOTS(repeated);

static const NativeClass classes[] = {
    ITERATOR_CLASS("product", Choice, product_slots, NULL,
                   "All tuples with one item of each iterable."),
    ITERATOR_CLASS("permutations", Choice, permutations_slots, NULL,
                   "All orders of r of the items."),
    ITERATOR_CLASS("combinations", Choice, combinations_slots, NULL,
                   "All choices of r of the items."),
    ITERATOR_CLASS("combinations_with_replacement", Choice, repeated_slots, NULL,
                   "All choices of r of the items, each any number of times."),
};

void itertools_combine_init(Thread *t, Module *m) {
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        module_class(t, m, &classes[i], "itertools", NULL);
}
