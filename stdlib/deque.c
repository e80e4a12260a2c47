/* SPDX-License-Identifier: MIT */
/*
 * The ring buffer of a deque. See stdlib/deque.h for the invariants.
 * Read next: stdlib/deque_class.c.
 */
#include "stdlib/deque.h"

#include <string.h>

#include "vm/container.h"
#include "vm/ops.h"

enum { FIRST_CAPACITY = 8 };

Deque *deque_new(Thread *t, Class *cls, int64_t maxlen) {
    Deque *d = object_new(t, cls, 0);
    d->maxlen = maxlen;
    return d;
}

/* Twice the room, the items from position 0 on. */
static bool grow(Thread *t, Deque *d) {
    size_t capacity = d->capacity ? d->capacity * 2 : FIRST_CAPACITY, old = d->capacity;
    Value *items = heap_realloc(&t->vm->heap, NULL, 0, capacity * sizeof(Value));
    if (!items) {
        raise_error(t, EXC_MemoryError, "");
        return false;
    }
    for (size_t i = 0; i < d->size; i++) items[i] = *deque_at(d, i);
    heap_release(&t->vm->heap, d->items, old * sizeof(Value));
    d->items = items;
    d->capacity = capacity;
    d->head = 0;
    return true;
}

static inline bool make_room(Thread *t, Deque *d) {
    return LIKELY(d->size < d->capacity) || grow(t, d);
}

bool deque_append(Thread *t, Deque *d, Value v) {
    if (d->maxlen == 0) return true;
    if (d->maxlen > 0 && d->size == (size_t)d->maxlen) deque_take_left(t, d);
    if (!make_room(t, d)) return false;
    *deque_at(d, d->size++) = v;
    d->version++;
    return true;
}

bool deque_append_left(Thread *t, Deque *d, Value v) {
    if (d->maxlen == 0) return true;
    if (d->maxlen > 0 && d->size == (size_t)d->maxlen) deque_take(t, d);
    if (!make_room(t, d)) return false;
    d->head = (d->head - 1) & (d->capacity - 1);
    d->items[d->head] = v;
    d->size++;
    d->version++;
    return true;
}

Value deque_take(Thread *t, Deque *d) {
    Value v = *deque_at(d, --d->size);
    heap_forget(&t->vm->heap, v);
    d->version++;
    return v;
}

Value deque_take_left(Thread *t, Deque *d) {
    Value v = d->items[d->head];
    heap_forget(&t->vm->heap, v);
    d->head = (d->head + 1) & (d->capacity - 1);
    d->size--;
    d->version++;
    return v;
}

void deque_rotate(Deque *d, int64_t n) {
    int64_t size = (int64_t)d->size;
    if (size < 2) return;
    n %= size;
    if (n < 0) n += size;
    if (n > size / 2) n -= size;
    size_t mask = d->capacity - 1;
    for (; n > 0; n--) { /* the last becomes the first */
        Value v = *deque_at(d, d->size - 1);
        d->head = (d->head - 1) & mask;
        d->items[d->head] = v;
    }
    for (; n < 0; n++) {
        Value v = d->items[d->head];
        d->head = (d->head + 1) & mask;
        *deque_at(d, d->size - 1) = v;
    }
}

bool deque_insert(Thread *t, Deque *d, size_t i, Value v) {
    if (!make_room(t, d)) return false;
    d->size++;
    for (size_t at = d->size - 1; at > i; at--) *deque_at(d, at) = *deque_at(d, at - 1);
    *deque_at(d, i) = v;
    d->version++;
    return true;
}

Value deque_remove_at(Thread *t, Deque *d, size_t i) {
    Value v = *deque_at(d, i);
    heap_forget(&t->vm->heap, v);
    if (i < d->size / 2) { /* the shorter side moves up */
        for (; i > 0; i--) *deque_at(d, i) = *deque_at(d, i - 1);
        d->head = (d->head + 1) & (d->capacity - 1);
    } else {
        for (; i + 1 < d->size; i++) *deque_at(d, i) = *deque_at(d, i + 1);
    }
    d->size--;
    d->version++;
    return v;
}

void deque_clear(Thread *t, Deque *d) {
    while (d->size) deque_take(t, d);
    heap_release(&t->vm->heap, d->items, d->capacity * sizeof(Value));
    d->items = NULL;
    d->capacity = d->head = 0;
}

typedef struct Extension {
    Deque *deque;
    bool left;
} Extension;

static bool add_item(Thread *t, Value item, void *context) {
    Extension *e = context;
    return e->left ? deque_append_left(t, e->deque, item) : deque_append(t, e->deque, item);
}

bool deque_extend(Thread *t, Deque *d, Value iterable, bool left) {
    Extension extension = {d, left};
    Value *roots = push_roots(t, 2);
    roots[0] = iterable;
    roots[1] = object_value(d);
    bool ok = true;
    if (iterable == object_value(d)) { /* of itself: what is there now */
        List *copy = list_new(t, d->size);
        for (size_t i = 0; ok && i < d->size; i++) ok = list_append(t, copy, *deque_at(d, i));
        roots[0] = object_value(copy);
    }
    ok = ok && value_for_each(t, roots[0], add_item, &extension);
    pop_roots(t, roots);
    return ok;
}

Deque *deque_copy(Thread *t, Deque *like) {
    Deque *d = deque_new(t, object_class(&like->header), like->maxlen);
    for (size_t i = 0; i < like->size; i++) {
        if (!deque_append(t, d, *deque_at(like, i))) return NULL;
    }
    return d;
}
