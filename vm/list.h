/* SPDX-License-Identifier: MIT */
/* Lists from the inside, for vm/list*.c and vm/sort.c; everybody else uses vm/container.h. */
#ifndef TULIP_VM_LIST_H
#define TULIP_VM_LIST_H

#include "vm/native.h"

/* Room for [size] items in all. */
bool list_reserve(Thread *t, List *list, size_t size) MUST_CHECK;
/* Put [n] items, which are not the list's own, in place of those in [start, stop). */
bool list_replace(Thread *t, List *list, size_t start, size_t stop, const Value *items,
                  size_t n) MUST_CHECK;
/* Take item [i] out. */
Value list_remove_at(Thread *t, List *list, size_t i);
/* Empty it and give its array back. */
void list_clear(Thread *t, List *list);
/* iter(list), reversed(list) */
Value list_iter(Thread *t, Value list);
Value list_reversed(Thread *t, Value list);

extern const NativeDef list_methods[];

#endif
