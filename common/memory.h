/* SPDX-License-Identifier: MIT */
/* Memory of the system, and what happens when there is no more of it.
 *
 * Most requests are small and cannot sensibly be refused halfway through an operation, so the
 * process keeps a reserve: some address space that nothing uses. A request that fails gives a
 * piece of the reserve back to the system and tries again. Whoever asked goes on; the interpreter,
 * told by the callback, collects garbage at its next safepoint, fills the reserve up again, and
 * raises MemoryError where that cannot be done (vm/vm.c). Only a request beyond the reserve ends
 * the program. What a program's own data can make huge is asked for by functions that may fail
 * (str_memory_fits, fallible buffers, heap_realloc).
 *
 * The reserve is the process's, like the memory itself: any thread may use it.
 *
 * Read next: vm/heap.h.
 */
#ifndef TULIP_COMMON_MEMORY_H
#define TULIP_COMMON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* malloc, calloc(1, size) and realloc that end the program when even the reserve is used up. */
void *memory_alloc(size_t size);
void *memory_alloc_zeroed(size_t size);
void *memory_realloc(void *block, size_t size);

/* Reports on stderr that [size] bytes could not be had and ends the program with status 1. */
_Noreturn void memory_exhausted(size_t size);

/* A request failed: gives back a piece of the reserve. True when trying again may help. */
bool memory_use_reserve(void);

/* Makes the reserve whole. False: there is no memory for it. */
bool memory_fill_reserve(void);

/* Was the reserve used since this was last asked? */
bool memory_was_low(void);

/* From now on [low] is called with [context], by any thread, when a piece of the reserve is used;
 * NULL: nobody is called. */
void memory_set_low_callback(void (*low)(void *context), void *context);

#endif
