/* SPDX-License-Identifier: MIT */
/* Dicts and sets from the inside: what vm/dict*.c and vm/set*.c need of each other. Everybody else
 * uses vm/container.h. */
#ifndef TULIP_VM_TABLE_H
#define TULIP_VM_TABLE_H

#include "vm/thread.h"

/* Entry number of a key whose hash is known; TABLE_ABSENT, TABLE_RAISED. */
int64_t dict_find(Thread *t, Dict *d, Value key, uint64_t hash) MUST_CHECK;
bool dict_set_hashed(Thread *t, Dict *d, Value key, uint64_t hash, Value v) MUST_CHECK;
/* Make entry [i] the last one, or the first. In constant time, but for a rebuilding now and then.
 */
bool dict_move(Thread *t, Dict *d, uint32_t i, bool last) MUST_CHECK;
/* The same as dict_set_hashed for a key that a search just now has not found. */
bool dict_add_absent(Thread *t, Dict *d, Value key, uint64_t hash, Value v) MUST_CHECK;
/* Delete the live entry [i]. */
void dict_remove_at(Thread *t, Dict *d, uint32_t i);
/* update() from another dict. */
bool dict_merge(Thread *t, Dict *d, Dict *from) MUST_CHECK;

/* A new view ([kind]: OBJ_DICT_KEYS …) of a dict. */
Value dict_view_new(Thread *t, Value dict, ObjectKind kind);
/* A new iterator of [kind] over a dict or set of [used] items, from entry [position]. */
Value table_iterator_new(Thread *t, Value over, ObjectKind kind, uint32_t position, uint32_t used);
/* iter(dict), reversed(dict) */
Value dict_iter(Thread *t, Value dict);
Value dict_reversed(Thread *t, Value dict);
/* The next entry of a forward (or backward) iteration over a dict: its number, TABLE_ABSENT at the
 * end, TABLE_RAISED. */
int64_t dict_iterator_step(Thread *t, TableIterator *it, bool backwards) MUST_CHECK;
/* What the iterator types share: how many items are still to come, and what the collector must see.
 * */
Value table_iterator_length_hint(Thread *t, Value *args);
/* __reduce__ of both: made again from a list of what is still to come. */
Value table_iterator_reduce(Thread *t, Value *args);
void table_iterator_trace(Heap *heap, Object *self);

int64_t set_find(Thread *t, Set *s, Value key, uint64_t hash) MUST_CHECK;
bool set_add_hashed(Thread *t, Set *s, Value key, uint64_t hash) MUST_CHECK;
void set_remove_at(Thread *t, Set *s, uint32_t i);
/* Empty it and give its table back. */
void set_clear(Thread *t, Set *s);
Set *set_copy(Thread *t, Set *s, bool frozen);
/* A new set of the items of any iterable. */
Set *set_from_iterable(Thread *t, Value iterable, bool frozen) MUST_CHECK;
/* In place, with the items of any iterable. */
bool set_intersect(Thread *t, Set *s, Value iterable) MUST_CHECK;
bool set_subtract(Thread *t, Set *s, Value iterable) MUST_CHECK;
bool set_toggle(Thread *t, Set *s, Value iterable) MUST_CHECK; /* symmetric difference */
/* Is every item of [a] in [b]: 1, 0, -1. */
int set_is_subset(Thread *t, Set *a, Set *b) MUST_CHECK;

static inline bool is_any_set(Value v) { return is_kind(v, OBJ_SET) || is_kind(v, OBJ_FROZENSET); }

#endif
