/* SPDX-License-Identifier: MIT */
/*
 * A coroutine that is called and never awaited does nothing, and says nothing. So every coroutine
 * is remembered from its call until it starts, with the place of the call; the collector reports
 * those that die before (vm/finalize.c), and the end of the program the rest.
 *
 * Calls of coroutines are frequent, so remembering must cost next to nothing: the place goes into
 * fields that only a started coroutine needs, and the register is an array that is only appended
 * to. Whoever starts does not leave it; when the array is full, and at the end of each marking,
 * those that have started are dropped. An entry may therefore point at a cell that was recycled and
 * serves another object: what counts is what is found there. It never points at memory that was
 * given back, because a dead object leaves the register before it is swept.
 *
 * Read next: loop/forgotten.c (the report).
 */
#include "vm/unstarted.h"

#include <stdlib.h>

#include "common/memory.h"
#include "vm/future.h"
#include "vm/generator.h"
#include "vm/number.h"
#include "vm/str.h"

enum { FIRST_CAPACITY = 256 };

uint32_t code_pc_before(const Code *code, uint32_t offset) {
    return offset / (code->flags & CODE_WIDE ? sizeof(uint64_t) : sizeof(uint32_t)) - 1;
}

/* ---- coroutines ---- */

static bool is_unstarted(const Object *object) {
    switch (object_kind(object)) {
    case OBJ_COROUTINE: return ((const Generator *)object)->state == GEN_CREATED;
    case OBJ_GENERATOR: {
        const Generator *g = (const Generator *)object;
        return g->state == GEN_CREATED && (frame_code(&g->frame)->flags & CODE_ITERABLE_COROUTINE);
    }
    case OBJ_NATIVE_COROUTINE:
        return !(((const Future *)object)->flags & (FUTURE_STARTED | FUTURE_CLOSED));
    default: return false;
    }
}

bool coroutine_is_unstarted(Value v) { return is_object(v) && is_unstarted(object_of(v)); }

bool coroutine_is_news(Value v) {
    return coroutine_is_unstarted(v) && !(object_of(v)->bits & OBJECT_FINALIZED);
}

Place coroutine_creation(Value v) {
    if (is_native_coroutine(v)) {
        const Future *future = FUTURE(v);
        if (!is_kind(future->loop, OBJ_CODE)) return (Place){0};
        Code *code = (Code *)object_of(future->loop);
        return (Place){code, code_pc_before(code, (uint32_t)fixnum_of(future->cancel_message))};
    }
    const Generator *g = GENERATOR(v);
    return (Place){g->creator, g->creator ? code_pc_before(g->creator, g->created_at) : 0};
}

/* ---- the register ---- */

/* Those that have started go, and second entries for the same cell: OBJECT_INTERNED, which means
 * nothing else in a coroutine, marks the cells seen. */
static void drop_started(Heap *heap) {
    size_t kept = 0;
    for (size_t i = 0; i < heap->unstarted_count; i++) {
        Object *object = heap->unstarted[i];
        if (!is_unstarted(object) || (object->bits & OBJECT_INTERNED)) continue;
        object->bits |= OBJECT_INTERNED;
        heap->unstarted[kept++] = object;
    }
    heap->unstarted_count = kept;
    for (size_t i = 0; i < kept; i++) heap->unstarted[i]->bits &= (uint64_t)~OBJECT_INTERNED & 15;
}

void unstarted_make_room(Heap *heap) {
    drop_started(heap);
    if (heap->unstarted_count * 2 < heap->unstarted_capacity) return;
    heap->unstarted_capacity =
        heap->unstarted_capacity ? heap->unstarted_capacity * 2 : FIRST_CAPACITY;
    size_t size = heap->unstarted_capacity * sizeof *heap->unstarted;
    heap->unstarted = realloc(heap->unstarted, size);
    if (!heap->unstarted) memory_exhausted(size);
}

void unstarted_revive(Heap *heap) {
    size_t kept = 0;
    drop_started(heap);
    for (size_t i = 0; i < heap->unstarted_count; i++) {
        Object *object = heap->unstarted[i];
        if (object->bits & OBJECT_FINALIZED) continue;
        if (heap_is_live(heap, object)) heap->unstarted[kept++] = object;
        else heap_finalize_later(heap, object);
    }
    heap->unstarted_count = kept;
}
