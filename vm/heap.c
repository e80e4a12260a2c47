/* SPDX-License-Identifier: MIT */
/*
 * The allocator and the incremental mark-sweep collector. The rules it imposes on everybody are in
 * heap.h.
 *
 * A cycle: start (sweep what the last one left, flip the live colour, shade the roots) → marking
 * steps (trace gray objects, a bounded number per safepoint) → end of marking (finalisable objects
 * that are dead are revived into the pending list; weak references are cleared) → sweeping, by
 * allocation as it needs cells and by the safepoints in between.
 *
 * Invariants: while marking, everything reachable when the cycle began is marked, gray, or
 * reachable from a gray object through references that existed then (deletions are shaded). A cell
 * on a free list has kind OBJ_FREE. object_bytes counts cells handed to free lists as allocated.
 *
 * Read next: vm/trace.c.
 */
#include "vm/heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/memory.h"
#include "vm/frame.h"
#include "vm/str.h"
#include "vm/made.h"
#include "vm/unstarted.h"

enum {
    STEP_BYTES = 64 * 1024, /* allocation between two steps */
    STEP_OBJECTS = 6000,    /* objects traced in one step: about a millisecond at most */
    PIECE = 1024,           /* items of a large container traced at a time */
    STEP_BLOCKS = 6,        /* blocks swept in one step */
    STEP_LARGE = 500,       /* large objects swept in one step */
    FIRST_CYCLE = 3 * 1024 * 1024,
    SMALL_ARENA = 4 * HEAP_BLOCK_SIZE,   /* a short program needs no more */
    LARGE_ARENA = 2 * 1024 * 1024,       /* one huge page */
    LARGE_ARENAS_FROM = 4 * 1024 * 1024, /* heap size from which arenas are large */
};

struct Block {
    Block *next;
    FreeCell *free; /* while on the partial list */
    uint32_t size_class;
    uint32_t free_count;
};

/* Memory that blocks are cut from; kept until the end. The record is malloc'd apart from it. */
struct HeapArena {
    HeapArena *next;
    void *start;
    size_t size;
};

struct LargeObject {
    LargeObject *next;
    size_t size;
    Object object[];
};

#define BLOCK_HEADER 64

static size_t cell_size(int size_class) { return (size_t)(size_class + 1) * HEAP_CELL_STEP; }
static uint32_t cells_in_block(int size_class) {
    return (uint32_t)((HEAP_BLOCK_SIZE - BLOCK_HEADER) / cell_size(size_class));
}

/* ---- accounting ---- */

void heap_call_attention(Heap *heap, int bits) {
    if (!heap->attention || (__atomic_load_n(heap->attention, __ATOMIC_RELAXED) & bits) == bits)
        return;
    __atomic_fetch_or(heap->attention, bits, __ATOMIC_SEQ_CST);
}

static void note_allocation(Heap *heap, size_t bytes) {
    heap->bytes_since_step += bytes;
    if (heap->bytes_since_step >= STEP_BYTES) heap_call_attention(heap, POLL_COLLECT);
}

void *heap_realloc(Heap *heap, void *buffer, size_t old_size, size_t new_size) {
    void *p = new_size > 1024 * 1024 ? realloc(buffer, new_size) : memory_realloc(buffer, new_size);
    if (!p) return NULL;
    heap->buffer_bytes += new_size - old_size;
    if (new_size > old_size) note_allocation(heap, new_size - old_size);
    return p;
}

void heap_release(Heap *heap, void *buffer, size_t size) {
    if (!buffer) return;
    heap->buffer_bytes -= size;
    free(buffer);
}

/* ---- sweeping ---- */

/* Quick answer for the most frequent kinds: nothing outside the cell? */
static bool owns_nothing(const Heap *heap, const Object *object) {
    switch (object_kind(object)) {
    case OBJ_OBJECT: return !((const Instance *)object)->attributes.more;
    case OBJ_STR:
        return object_class(object) == heap->vm->classes[OBJ_STR] &&
               str_owns_nothing((const Str *)object);
    case OBJ_TUPLE: return object_class(object) == heap->vm->classes[OBJ_TUPLE];
    default: return !object_needs_finalize[object->kind];
    }
}

static void free_cell(Heap *heap, Object *object, size_t size) {
    if (!owns_nothing(heap, object)) object_finalize(heap, object);
    if (heap->stress || heap->stress_step)
        memset((char *)object + sizeof(Object), 0xdb, size - sizeof(Object));
    object->kind = OBJ_FREE;
    object->mark = 0;
}

/* A dead class outlives its instances by one cycle: their finalisation reads it. True: keep it this
 * once. */
static bool condemn_class(Heap *heap, Object *object) {
    if (object->kind != OBJ_CLASS || (object->bits & OBJECT_FINALIZED)) return false;
    object->bits |= OBJECT_FINALIZED;
    object->mark = heap->live_mark;
    return true;
}

/* Free the dead cells of [block]; afterwards block->free lists every free cell. */
static void sweep_block(Heap *heap, Block *block) {
    size_t size = cell_size((int)block->size_class);
    uint32_t cells = cells_in_block((int)block->size_class), free_count = 0;
    char *p = (char *)block + BLOCK_HEADER;
    FreeCell *list = NULL, **tail = &list;
    for (uint32_t i = 0; i < cells; i++, p += size) {
        Object *object = (Object *)p;
        if (object->mark == heap->live_mark || condemn_class(heap, object)) continue;
        if (object->kind != OBJ_FREE) free_cell(heap, object, size);
        *tail = (FreeCell *)object;
        tail = &((FreeCell *)object)->next;
        free_count++;
    }
    *tail = NULL;
    block->free = list;
    block->free_count = free_count;
    heap->object_bytes -= (size_t)free_count * size;
}

static void put_spare(Heap *heap, Block *block) {
    block->next = heap->spare;
    heap->spare = block;
}

/* Sweep one block of [size_class] and file it; false when none was left. */
static bool sweep_one(Heap *heap, int size_class) {
    Block *block = heap->unswept[size_class];
    if (!block) return false;
    heap->unswept[size_class] = block->next;
    sweep_block(heap, block);
    if (block->free_count == cells_in_block(size_class)) {
        put_spare(heap, block);
    } else if (block->free) {
        block->next = heap->partial[size_class];
        heap->partial[size_class] = block;
    } else {
        block->next = heap->full[size_class];
        heap->full[size_class] = block;
    }
    return true;
}

static void sweep_large(Heap *heap, int budget) {
    while (heap->large_unswept && budget-- > 0) {
        LargeObject *large = heap->large_unswept;
        heap->large_unswept = large->next;
        if (large->object->mark == heap->live_mark || condemn_class(heap, large->object)) {
            large->next = heap->large;
            heap->large = large;
            continue;
        }
        heap->object_bytes -= large->size;
        free_cell(heap, large->object, large->size - sizeof(LargeObject));
        free(large);
    }
}

static void sweep_some(Heap *heap, int blocks, int large) {
    sweep_large(heap, large);
    while (blocks > 0 && heap->unswept_classes > 0) {
        if (sweep_one(heap, heap->unswept_classes - 1)) blocks--;
        else heap->unswept_classes--;
    }
}

static bool is_sweeping(const Heap *heap) {
    return heap->unswept_classes > 0 || heap->large_unswept;
}

static void sweep_everything(Heap *heap) {
    while (is_sweeping(heap)) sweep_some(heap, 1 << 30, 1 << 30);
}

/* ---- allocation ---- */

/* More spare blocks: from a small arena first, so that start-up touches little, then from huge
 * pages. */
static void new_arena(Heap *heap) {
    size_t size = heap->arena_bytes < LARGE_ARENAS_FROM ? SMALL_ARENA : LARGE_ARENA;
    HeapArena *arena = memory_alloc(sizeof *arena);
    char *start;
    while ((start = mmap(NULL, 2 * size, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)) == MAP_FAILED)
        if (!memory_use_reserve()) memory_exhausted(size);
    char *aligned = (char *)(((uintptr_t)start + size - 1) & ~(uintptr_t)(size - 1));
    if (aligned > start) munmap(start, (size_t)(aligned - start));
    munmap(aligned + size, (size_t)(start + 2 * size - (aligned + size)));
    if (size == LARGE_ARENA) madvise(aligned, size, MADV_HUGEPAGE);
    *arena = (HeapArena){.next = heap->arenas, .start = aligned, .size = size};
    heap->arenas = arena;
    heap->arena_bytes += size;
    for (char *p = aligned + size; p > aligned; p -= HEAP_BLOCK_SIZE)
        put_spare(heap, (Block *)(p - HEAP_BLOCK_SIZE));
}

static Block *new_block(Heap *heap, int size_class) {
    if (!heap->spare) new_arena(heap);
    Block *block = heap->spare;
    heap->spare = block->next;
    block->size_class = (uint32_t)size_class;
    size_t size = cell_size(size_class);
    uint32_t cells = cells_in_block(size_class);
    char *p = (char *)block + BLOCK_HEADER;
    block->free = (FreeCell *)p;
    for (uint32_t i = 0; i < cells; i++, p += size) {
        *(Object *)p = (Object){.kind = OBJ_FREE};
        ((FreeCell *)p)->next = i + 1 < cells ? (FreeCell *)(p + size) : NULL;
    }
    block->free_count = cells;
    return block;
}

FreeCell *heap_refill(Heap *heap, int size_class) {
    while (!heap->partial[size_class] && sweep_one(heap, size_class)) {}
    Block *block = heap->partial[size_class];
    if (block) heap->partial[size_class] = block->next;
    else block = new_block(heap, size_class);
    block->next = heap->full[size_class];
    heap->full[size_class] = block;
    size_t bytes = (size_t)block->free_count * cell_size(size_class);
    heap->object_bytes += bytes;
    note_allocation(heap, bytes);
    FreeCell *cells = block->free;
    block->free = NULL;
    return cells;
}

static void *allocate_large(Heap *heap, size_t size, ObjectKind kind, Class *cls) {
    LargeObject *large = memory_alloc_zeroed(sizeof(LargeObject) + size);
    large->size = sizeof(LargeObject) + size;
    large->next = heap->large;
    heap->large = large;
    heap->object_bytes += large->size;
    note_allocation(heap, large->size);
    *large->object = (Object){
        .kind = kind, .mark = heap->live_mark, .bits = OBJECT_LARGE, .cls = (uintptr_t)cls};
    return large->object;
}

#ifdef TULIP_MALLOC_HEAP
void *heap_allocate(Heap *heap, size_t size, ObjectKind kind, Class *cls) {
    return allocate_large(heap, size, kind, cls);
}
#else
void *heap_allocate(Heap *heap, size_t size, ObjectKind kind, Class *cls) {
    if (size > HEAP_LARGEST_CELL) return allocate_large(heap, size, kind, cls);
    Object *object = heap_allocate_small(heap, size, kind, cls);
    memset(object + 1, 0, size - sizeof(Object));
    return object;
}
#endif

/* ---- marking ---- */

static void push_pointer(Object ***stack, size_t *count, size_t *capacity, Object *object) {
    if (*count == *capacity) {
        *capacity = *capacity ? *capacity * 2 : 1024;
        *stack = memory_realloc(*stack, *capacity * sizeof **stack);
    }
    (*stack)[(*count)++] = object;
}

/* An object was lost: say which, for whoever looks for the missing barrier. */
static _Noreturn void report_missed(const Heap *heap, const Object *object) {
    fprintf(stderr, "tulip: unmarked %s (kind %d) in marked %s (kind %d)\n",
            object_class(object)->name->data, object->kind,
            object_class(heap->verified)->name->data, heap->verified->kind);
    abort();
}

void heap_shade_object(Heap *heap, Object *object) {
    assert(object->kind != OBJ_FREE);
    if (object->mark == heap->live_mark) return;
    if (UNLIKELY(heap->verified != NULL)) report_missed(heap, object);
    object->mark = heap->live_mark;
    if (object_is_traced[object->kind])
        push_pointer(&heap->gray, &heap->gray_count, &heap->gray_capacity, object);
    else heap_shade_object(heap, (Object *)object_class(object));
}

/* Trace the next items of the large container under way. */
static void trace_piece(Heap *heap) {
    size_t left = heap->half_left, from = left > PIECE ? left - PIECE : 0;
    object_trace_piece(heap, from);
    heap->half_left = from;
    if (!from) heap->half_traced = NULL;
}

void heap_settle_slow(Heap *heap) {
    while (heap->half_traced) trace_piece(heap);
}

/* Trace gray objects until about [budget] of them, or items of large containers, are done. */
static void mark_some(Heap *heap, size_t budget) {
    for (size_t done = 0; done < budget; done++) {
        if (heap->half_traced) {
            trace_piece(heap);
            done += PIECE / 2;
        } else if (heap->gray_count) {
            Object *object = heap->gray[--heap->gray_count];
            heap_shade_object(heap, (Object *)object_class(object));
            object_trace(heap, object);
        } else {
            return;
        }
    }
}

static void start_cycle(Heap *heap) {
    sweep_everything(heap);
    heap->live_mark ^= 3;
    heap->cycles++;
    heap->epoch = (uint8_t)heap->cycles;
    heap->marking = true;
    heap_shade_roots(heap);
    made_shade(heap);
    for (int i = 0; i < heap->marker_count; i++)
        heap->markers[i].mark(heap, heap->markers[i].context);
    for (size_t i = heap->pending_next; i < heap->pending_count; i++)
        heap_shade_object(heap, heap->pending[i]);
}

/* Dead objects that want finalisation are revived into the pending list; the others leave the
 * register. */
static void revive_finalizable(Heap *heap) {
    size_t kept = 0;
    for (size_t i = 0; i < heap->finalizable_count; i++) {
        Object *object = heap->finalizable[i];
        if (object->mark == heap->live_mark) {
            heap->finalizable[kept++] = object;
        } else if (object_wants_finalizer(object)) {
            heap_finalize_later(heap, object);
        }
    }
    heap->finalizable_count = kept;
    unstarted_revive(heap);
    for (size_t i = heap->pending_next; i < heap->pending_count; i++)
        heap_shade_object(heap, heap->pending[i]);
    mark_some(heap, SIZE_MAX);
    if (heap->pending_next < heap->pending_count) heap_call_attention(heap, POLL_FINALIZE);
}

static void finish_marking(Heap *heap) {
    revive_finalizable(heap);
    if (heap->weak_sweep) heap->weak_sweep(heap);
    made_forget_dead(heap);
    class_forget_dead(heap, heap->vm->classes[OBJ_OBJECT]);
    heap->marking = false;
    for (int i = 0; i < HEAP_CLASS_COUNT; i++) {
        heap->free[i] = NULL;
        Block **tail = &heap->partial[i];
        while (*tail) tail = &(*tail)->next; /* unswept := partial + full */
        *tail = heap->full[i];
        heap->unswept[i] = heap->partial[i];
        heap->partial[i] = heap->full[i] = NULL;
        for (Block *b = heap->unswept[i]; b; b = b->next) {
            if (b->free) heap->object_bytes += (size_t)b->free_count * cell_size(i);
            b->free = NULL;
        }
    }
    heap->unswept_classes = HEAP_CLASS_COUNT;
    heap->large_unswept = heap->large;
    heap->large = NULL;
}

/* Sweeping is over: how much may be allocated before the next cycle. A quarter of what lives,
 * because memory touched for the first time costs more than tracing what is there: a million
 * sleepers, ten times over, stay flat at 1.5 times their size. */
static void plan_next_cycle(Heap *heap) {
    size_t live = heap->object_bytes + heap->buffer_bytes;
    memory_fill_reserve();
    heap->cycle_at =
        heap->paused ? SIZE_MAX : live + (live / 4 > FIRST_CYCLE ? live / 4 : FIRST_CYCLE);
}

void heap_set_paused(Heap *heap, bool paused) {
    heap->paused = paused;
    plan_next_cycle(heap);
}

static void stress_collect(Thread *t) {
    Heap *heap = &t->vm->heap;
    thread_poll_raise(t, POLL_COLLECT); /* every safepoint looks */
    if (++heap->stress_count < heap->stress) return;
    heap->stress_count = 0;
    if (!heap->marking) start_cycle(heap);
    mark_some(heap, SIZE_MAX);
    finish_marking(heap);
    sweep_everything(heap);
}

/* Trace [object] again: everything it refers to must be marked by now. */
static void verify_object(Heap *heap, Object *object) {
    if (object->kind == OBJ_FREE || object->mark != heap->live_mark ||
        !object_is_traced[object->kind])
        return;
    heap->verified = object;
    object_trace(heap, object);
}

/* Marking has ended: no marked object may refer to an unmarked one, whatever was overwritten
 * meanwhile. */
static void verify_marking(Heap *heap) {
    heap->epoch = (uint8_t)++heap->cycles; /* so that generators are scanned again */
    for (int i = 0; i < HEAP_CLASS_COUNT; i++) {
        size_t size = cell_size(i);
        for (int list = 0; list < 2; list++) {
            for (Block *block = list ? heap->full[i] : heap->partial[i]; block;
                 block = block->next) {
                char *p = (char *)block + BLOCK_HEADER;
                for (uint32_t n = cells_in_block(i); n; n--, p += size)
                    verify_object(heap, (Object *)p);
            }
        }
    }
    for (LargeObject *large = heap->large; large; large = large->next)
        verify_object(heap, large->object);
    heap->verified = &heap->vm->builtins->header; /* stands for the roots */
    heap_shade_roots(heap);
    for (int i = 0; i < heap->marker_count; i++)
        heap->markers[i].mark(heap, heap->markers[i].context);
    heap->verified = NULL;
}

/* A cycle is always under way and goes on by a few objects: the program runs with barriers on, and
 * what one of them misses is found at the cycle's end. */
static void stress_mark(Thread *t) {
    Heap *heap = &t->vm->heap;
    thread_poll_raise(t, POLL_COLLECT);
    if (heap->marking) {
        mark_some(heap, heap->stress_step);
        if (heap->gray_count) return;
        verify_marking(heap);
        finish_marking(heap);
        sweep_everything(heap);
    }
    start_cycle(heap);
}

void heap_step(Thread *t) {
    Heap *heap = &t->vm->heap;
    heap->bytes_since_step = 0;
    thread_poll_clear(t, POLL_COLLECT);
    if (heap->stress) {
        stress_collect(t);
    } else if (heap->stress_step) {
        stress_mark(t);
    } else if (heap->marking) {
        mark_some(heap, STEP_OBJECTS);
        if (!heap->gray_count && !heap->half_traced) finish_marking(heap);
    } else if (is_sweeping(heap)) {
        sweep_some(heap, STEP_BLOCKS, STEP_LARGE);
        if (!is_sweeping(heap)) plan_next_cycle(heap);
    } else if (heap->object_bytes + heap->buffer_bytes >= heap->cycle_at) {
        start_cycle(heap);
    }
}

static void complete_cycle(Heap *heap) {
    if (!heap->marking) start_cycle(heap);
    mark_some(heap, SIZE_MAX);
    finish_marking(heap);
    sweep_everything(heap);
    plan_next_cycle(heap);
}

void heap_collect(Thread *t) {
    Heap *heap = &t->vm->heap;
    frames_forget_temporaries(t);
    if (heap->marking) complete_cycle(heap);
    complete_cycle(heap);
    heap_run_finalizers(t);
    complete_cycle(heap);
}

/* ---- finalisation ---- */

void heap_register_finalizable(Heap *heap, Object *object) {
    push_pointer(&heap->finalizable, &heap->finalizable_count, &heap->finalizable_capacity, object);
}

void heap_finalize_later(Heap *heap, Object *object) {
    push_pointer(&heap->pending, &heap->pending_count, &heap->pending_capacity, object);
}

void heap_run_finalizers(Thread *t) {
    Heap *heap = &t->vm->heap;
    thread_poll_clear(t, POLL_FINALIZE);
    if (heap->finalizing) return;
    heap->finalizing = true;
    while (heap->pending_next < heap->pending_count) {
        Value *root = push_roots(t, 1);
        Object *object = heap->pending[heap->pending_next++];
        root[0] = object_value(object);
        object_run_finalizer(t, object);
        pop_roots(t, root);
    }
    heap->pending_next = heap->pending_count = 0;
    heap->finalizing = false;
}

void heap_finalize_at_exit(Thread *t) {
    Heap *heap = &t->vm->heap;
    heap_run_finalizers(t);
    for (size_t i = 0; i < heap->finalizable_count; i++) {
        Object *object = heap->finalizable[i];
        if (!object_wants_finalizer(object)) continue;
        heap_finalize_later(heap, object);
    }
    heap->finalizable_count = 0;
    heap_run_finalizers(t);
}

/* ---- life ---- */

static uint32_t number_in_environment(const char *name) {
    const char *text = getenv(name);
    return text ? (uint32_t)strtoul(text, NULL, 10) : 0;
}

void heap_init(Heap *heap, Vm *vm) {
    *heap = (Heap){.vm = vm, .live_mark = 1, .cycle_at = FIRST_CYCLE};
    heap->stress = number_in_environment("TULIP_STRESS_GC");
    heap->stress_step = number_in_environment("TULIP_STRESS_STEP");
}

void heap_add_marker(Heap *heap, RootMarker mark, void *context) {
    assert(heap->marker_count < (int)(sizeof heap->markers / sizeof *heap->markers));
    heap->markers[heap->marker_count].mark = mark;
    heap->markers[heap->marker_count++].context = context;
}

/* Sweep with a colour that no object has: every object dies, classes in the second round. */
static void free_unmarked(Heap *heap, uint8_t unused_mark) {
    finish_marking(heap);
    heap->live_mark = unused_mark;
    sweep_everything(heap);
}

void heap_free_all(Heap *heap) {
    sweep_everything(heap);
    heap->finalizable_count = heap->pending_count = heap->pending_next = 0;
    heap->weak_sweep = NULL;
    made_free(heap);
    heap->vm->classes[OBJ_OBJECT]->subclass_count = 0; /* no walk over classes that are going */
    free_unmarked(heap, 3);
    free_unmarked(heap, 4);
    while (heap->arenas) {
        HeapArena *arena = heap->arenas;
        heap->arenas = arena->next;
        munmap(arena->start, arena->size);
        free(arena);
    }
    free(heap->gray);
    free(heap->finalizable);
    free(heap->unstarted);
    free(heap->pending);
}
