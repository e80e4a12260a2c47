/* SPDX-License-Identifier: MIT */
/*
 * Lists, tuples, dicts, sets, ranges, slices: what other C code needs of them.
 * See vm/list.c, tuple.c, dict.c, set.c, range.c, slice.c.
 */
#ifndef TULIP_VM_CONTAINER_H
#define TULIP_VM_CONTAINER_H

#include "vm/thread.h"

List *list_new(Thread *t, size_t capacity); /* empty */
List *list_from(Thread *t, const Value *items, size_t count);
bool list_append(Thread *t, List *list, Value v); /* false: MemoryError */
bool list_extend(Thread *t, List *list, Value iterable) MUST_CHECK;
List *list_from_iterable(Thread *t, Value iterable) MUST_CHECK;
/* Stable; [key] VALUE_NONE: none. */
bool list_sort(Thread *t, List *list, Value key, bool reverse) MUST_CHECK;

Tuple *tuple_new(Thread *t, size_t size); /* items VALUE_NONE, to be initialised */
Tuple *tuple_from(Thread *t, const Value *items, size_t count);
Tuple *tuple_from_iterable(Thread *t, Value iterable) MUST_CHECK;

Dict *dict_new(Thread *t);
Dict *dict_new_sized(Thread *t, size_t expected);
/* Keys of any hashable type; VALUE_UNSET when absent, VALUE_ERROR raised (unhashable, __eq__
 * raised). */
Value dict_get(Thread *t, Dict *dict, Value key) MUST_CHECK;
bool dict_set(Thread *t, Dict *dict, Value key, Value v) MUST_CHECK;
int dict_delete(Thread *t, Dict *dict, Value key) MUST_CHECK; /* 1 deleted, 0 absent, -1 raised */
/* Keys that are interned or plain strs: never raise. */
Value dict_get_str(Thread *t, Dict *dict, Str *key);
void dict_set_str(Thread *t, Dict *dict, Str *key, Value v);
bool dict_delete_str(Thread *t, Dict *dict, Str *key);
/* Position of a str key in entries, or -1: what inline caches of globals remember with
 * dict->layout. */
int64_t dict_find_str(Thread *t, Dict *dict, Str *key);
/* From now on dict->layout is non-zero and changes when positions may have changed. */
void dict_watch(Vm *vm, Dict *dict);
void dict_clear(Thread *t, Dict *dict);
Dict *dict_copy(Thread *t, Dict *dict);
/* update(): from a mapping (keys()) or an iterable of pairs. */
bool dict_update(Thread *t, Dict *dict, Value other) MUST_CHECK;
/* Iterate by position: *position starts at 0; false at the end. */
bool dict_next(const Dict *dict, uint32_t *position, Value *key, Value *value);

Set *set_new(Thread *t, bool frozen);
bool set_add(Thread *t, Set *set, Value v) MUST_CHECK;
int set_contains(Thread *t, Set *set, Value v) MUST_CHECK;
int set_discard(Thread *t, Set *set, Value v) MUST_CHECK;
bool set_update(Thread *t, Set *set, Value iterable) MUST_CHECK;
bool set_next(const Set *set, uint32_t *position, Value *key);

/* The fields of a slice as numbers (may run code), and those clamped to a length: how many items
 * that selects. What slice_bounds does in one go, for sequences that may change in between. */
bool slice_unpack(Thread *t, Slice *slice, int64_t *start, int64_t *stop, int64_t *step) MUST_CHECK;
int64_t slice_adjust(int64_t length, int64_t *start, int64_t *stop, int64_t step);
/* Bounds of a slice object over [length] items, clamped as Python does: start, stop, step (not 0),
 * count. */
bool slice_bounds(Thread *t, Slice *slice, int64_t length, int64_t *start, int64_t *stop,
                  int64_t *step, int64_t *count) MUST_CHECK;
Value slice_new(Thread *t, Value start, Value stop, Value step);

/* An index argument of a sequence of [length] items, negative counted from the end: false raised
 * (IndexError with
 * "<what> index out of range", TypeError "<what> indices must be integers or slices,
 * not <type>"). */
bool index_in(Thread *t, Value index, int64_t length, const char *what, int64_t *out) MUST_CHECK;

#endif
