/* SPDX-License-Identifier: MIT */
/*
 * Iterators over lists (both ways) and tuples: the object and an index. An exhausted one forgets
 * the object, so that it stays exhausted when a list grows afterwards.
 *
 * Forwards [index] is the next item's; backwards it is one more than that.
 */
#include "vm/iterate.h"
#include "vm/list.h"
#include "vm/sequence.h"

static Value iterator_new(Thread *t, Value over, ObjectKind kind, size_t index) {
    SequenceIterator *it =
        heap_allocate_small(&t->vm->heap, sizeof(SequenceIterator), kind, t->vm->classes[kind]);
    it->over = over;
    it->index = index;
    return object_value(it);
}

Value list_iter(Thread *t, Value list) { return iterator_new(t, list, OBJ_LIST_ITERATOR, 0); }

Value list_reversed(Thread *t, Value list) {
    return iterator_new(t, list, OBJ_LIST_REVERSE_ITERATOR, LIST(list)->size);
}

static Value iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

static Value exhausted(Thread *t, SequenceIterator *it) {
    heap_set(&t->vm->heap, &it->over, VALUE_UNSET);
    return iter_done(t);
}

static Value next_item(Thread *t, Value self) {
    SequenceIterator *it = SEQUENCE_ITERATOR(self);
    size_t size;
    if (it->over == VALUE_UNSET) return iter_done(t);
    const Value *items = sequence_items(it->over, &size);
    return it->index < size ? items[it->index++] : exhausted(t, it);
}

static Value previous_item(Thread *t, Value self) {
    SequenceIterator *it = SEQUENCE_ITERATOR(self);
    if (it->over == VALUE_UNSET) return iter_done(t);
    List *list = LIST(it->over);
    if (it->index == 0 || it->index > list->size) return exhausted(t, it);
    return list->items[--it->index];
}

static Value left_forwards(Thread *t, Value *args) {
    (void)t;
    SequenceIterator *it = SEQUENCE_ITERATOR(args[0]);
    size_t size = 0;
    if (it->over != VALUE_UNSET) sequence_items(it->over, &size);
    return fixnum(size > it->index ? (int64_t)(size - it->index) : 0);
}

static Value left_backwards(Thread *t, Value *args) {
    (void)t;
    SequenceIterator *it = SEQUENCE_ITERATOR(args[0]);
    bool alive = it->over != VALUE_UNSET && it->index <= LIST(it->over)->size;
    return fixnum(alive ? (int64_t)it->index : 0);
}

static const NativeDef forward_methods[] = {
    {"__length_hint__", left_forwards, "(self, /)", "How many items are to come."},
    SEQUENCE_ITERATOR_STATE,
    {0},
};
static const NativeDef backward_methods[] = {
    {"__length_hint__", left_backwards, "(self, /)", "How many items are to come."},
    SEQUENCE_ITERATOR_STATE,
    {0},
};
static const Slots forward_slots = {.iter = iter_self, .next = next_item};
static const Slots backward_slots = {.iter = iter_self, .next = previous_item};

/* Complete the iterator classes of list and tuple. */
void list_iterators_init(Thread *t) {
    static const NativeClass defs[] = {
        {.kind = OBJ_LIST_ITERATOR, .slots = &forward_slots, .methods = forward_methods},
        {.kind = OBJ_TUPLE_ITERATOR, .slots = &forward_slots, .methods = forward_methods},
        {.kind = OBJ_LIST_REVERSE_ITERATOR, .slots = &backward_slots, .methods = backward_methods},
    };
    for (size_t i = 0; i < sizeof defs / sizeof *defs; i++) native_class_init(t, &defs[i]);
}
