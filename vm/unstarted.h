/* SPDX-License-Identifier: MIT */
/* Coroutines that were called and never awaited: who remembers them until they start, and where
 * each was made. See vm/unstarted.c. */
#ifndef TULIP_VM_UNSTARTED_H
#define TULIP_VM_UNSTARTED_H

#include "vm/place.h"

/* How many bytes [pc] is behind the beginning of [code]; the instruction that ends there. */
static inline uint32_t code_offset(const Code *code, const void *pc) {
    return (uint32_t)((const char *)pc - (const char *)code->words.narrow);
}
uint32_t code_pc_before(const Code *code, uint32_t offset);

/* [object], a coroutine made just now, is reported when it dies unstarted. */
static inline void unstarted_register(Heap *heap, Object *object);
/* Is [v] a coroutine of any kind that has neither been started nor closed? */
bool coroutine_is_unstarted(Value v);
/* The same, and no report has named it. */
bool coroutine_is_news(Value v);
/* Where it was called. */
Place coroutine_creation(Value v);
/* The end of marking: dead ones are revived into the pending list, started ones forgotten. */
void unstarted_revive(Heap *heap);

void unstarted_make_room(Heap *heap);
static inline void unstarted_register(Heap *heap, Object *object) {
    size_t n = heap->unstarted_count;
    if (n && heap->unstarted[n - 1] == object) return; /* a recycled cell */
    if (UNLIKELY(n == heap->unstarted_capacity)) unstarted_make_room(heap);
    heap->unstarted[heap->unstarted_count++] = object;
}

#endif
