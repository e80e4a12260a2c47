/* SPDX-License-Identifier: MIT */
/*
 * The heap: where objects come from, and the collector that takes them back.
 *
 * Small objects live in size-class cells of 64 KiB blocks; larger ones are malloc'd; buffers (list
 * items, dict tables) are malloc'd and accounted. The collector is mark-sweep and incremental:
 * marking starts when enough was allocated since the last cycle and proceeds in bounded steps at
 * safepoints; sweeping is lazy, a block at a time, when its size class runs dry.
 *
 * Rules for everybody:
 *   1. Collection happens only at safepoints of the interpreter loop, never inside an allocation.
 *      A C local stays valid until its function calls back into Tulip code or polls. Across those,
 *      keep values in registers obtained by push_roots() (vm/thread.h) or in the argument
 *      registers.
 *   2. Snapshot at the beginning: while marking, a Value that is overwritten in or removed from a
 *      heap object must be shaded first. Overwrite with heap_set(), remove with heap_forget().
 *      Initialising stores into an object that no Value refers to yet need nothing. New objects
 *      are born marked.
 *   3. A malloc'd buffer owned by an object is (re)allocated and freed with heap_realloc and
 *      heap_release, so that the pacer knows of it.
 *
 * With TULIP_MALLOC_HEAP every object is malloc'd on its own, so that ASan and valgrind see each.
 * Read next: vm/trace.c (what each kind of object refers to).
 */
#ifndef TULIP_VM_HEAP_H
#define TULIP_VM_HEAP_H

#include "vm/object.h"

#define HEAP_CLASS_COUNT  32 /* cells of 16, 32, … 512 bytes */
#define HEAP_CELL_STEP    16
#define HEAP_LARGEST_CELL (HEAP_CLASS_COUNT * HEAP_CELL_STEP)
#define HEAP_BLOCK_SIZE   65536

typedef struct FreeCell {
    Object header; /* kind OBJ_FREE */
    struct FreeCell *next;
} FreeCell;

typedef struct Block Block;
typedef struct LargeObject LargeObject;
typedef struct HeapArena HeapArena;

/* Called at the start of a cycle to shade what an upper layer holds: heap_shade each Value. */
typedef void (*RootMarker)(Heap *heap, void *context);

struct Heap {
    Vm *vm;
    FreeCell *free[HEAP_CLASS_COUNT]; /* allocation takes from here */
    Block *unswept[HEAP_CLASS_COUNT]; /* blocks still to sweep in this cycle */
    Block *partial[HEAP_CLASS_COUNT]; /* swept blocks with free cells */
    Block *full[HEAP_CLASS_COUNT];    /* every other block */
    Block *spare;                     /* empty blocks of no class */
    HeapArena *arenas;                /* the memory that blocks are cut from */
    size_t arena_bytes;
    LargeObject *large, *large_unswept;
    int unswept_classes; /* size classes that may still hold unswept blocks: sweeping is not over */
    uint8_t live_mark;   /* the colour that means live, 1 or 2; new objects get it */
    bool marking;        /* between the start of a cycle and its sweep: barriers are on */
    bool finalizing;     /* heap_run_finalizers is under way */
    bool paused;         /* no cycle starts by itself (gc.disable) */
    uint8_t epoch;       /* low bits of cycles: which cycle a generator's frame was scanned in */
    Object **gray;       /* the mark stack */
    size_t gray_count, gray_capacity;
    Object *half_traced;     /* a large container that is traced a piece at a time, from its end */
    size_t half_left;        /* its items below this index are still to be traced */
    size_t bytes_since_step; /* allocated since the collector last did something */
    size_t object_bytes, buffer_bytes; /* allocated now */
    size_t cycle_at;                   /* a cycle starts when their sum passes it */
    uint64_t cycles;                   /* begun so far */
    uint32_t stress; /* TULIP_STRESS_GC=N: a full collection at every N-th safepoint */
    uint32_t stress_count;
    uint32_t stress_step; /* TULIP_STRESS_STEP=N: N objects are marked at every safepoint */
    Object *verified;     /* whose references are being checked at the end of such a cycle */
    Object **finalizable; /* generators with cleanup, objects with __del__, in creation order */
    size_t finalizable_count, finalizable_capacity;
    Object **unstarted; /* coroutines that may not have been started (vm/unstarted.c) */
    size_t unstarted_count, unstarted_capacity;
    struct Made *made; /* the stacks in which objects were made (vm/made.h) */
    size_t made_count, made_capacity;
    Object **pending; /* found dead, to be finalised at the next safepoint */
    size_t pending_count, pending_capacity, pending_next;
    struct {
        RootMarker mark;
        void *context;
    } markers[8];
    int marker_count;
    void (*weak_sweep)(Heap *heap); /* weak references: clear those to unmarked objects */
    int *attention;                 /* the running thread's poll word */
};

/* A new object of [size] bytes (header included), its other bytes zero. Never fails: when memory is
 * out the program ends with a message and status 1. */
void *heap_allocate(Heap *heap, size_t size, ObjectKind kind, Class *cls);
/* The same, with the fast path inlined; [size] must be a compile-time constant ≤ HEAP_LARGEST_CELL.
 * Not zeroed beyond the header. */
static inline void *heap_allocate_small(Heap *heap, size_t size, ObjectKind kind, Class *cls);

/* Give back at once the cell of [object], which nobody refers to any more and which owns no
 * buffers. Declines while the collector may know of the object. */
static inline void heap_recycle(Heap *heap, Object *object, size_t size);

/* malloc/realloc/free of buffers owned by objects. heap_realloc returns NULL when the system has no
 * memory and the request is above 1 MiB (raise MemoryError then); smaller failures end
 * the program. */
void *heap_realloc(Heap *heap, void *buffer, size_t old_size, size_t new_size) MUST_CHECK;
void heap_release(Heap *heap, void *buffer, size_t size);

/* Mark [object] gray if it is white. */
void heap_shade_object(Heap *heap, Object *object);
static inline void heap_shade(Heap *heap, Value v) {
    if (v && is_object(v)) heap_shade_object(heap, object_of(v));
}

/* Overwrite a Value in a heap object. */
static inline void heap_set(Heap *heap, Value *slot, Value v) {
    if (UNLIKELY(heap->marking)) heap_shade(heap, *slot);
    *slot = v;
}
/* A Value has been or is about to be removed from a heap object. */
static inline void heap_forget(Heap *heap, Value old) {
    if (UNLIKELY(heap->marking)) heap_shade(heap, old);
}

/* The items of [container] are about to change places other than by moving down: trace what is left
 * of it. */
void heap_settle_slow(Heap *heap);
static inline void heap_settle(Heap *heap, void *container) {
    if (UNLIKELY(heap->half_traced == (Object *)container)) heap_settle_slow(heap);
}

/* Is the collector due? Called by safepoints (thread->poll was raised). Does a bounded step. */
void heap_step(Thread *t);
/* A full collection now; finalisers queued by it have run when it returns. Only at a safepoint. */
void heap_collect(Thread *t);
/* Whether cycles start by themselves; one under way goes on to its end. */
void heap_set_paused(Heap *heap, bool paused);

void heap_init(Heap *heap, Vm *vm);
void heap_free_all(Heap *heap);
void heap_add_marker(Heap *heap, RootMarker mark, void *context);
/* [object] wants finalisation (vm/finalize.c): considered at the end of each marking. */
void heap_register_finalizable(Heap *heap, Object *object);
/* At the end of marking: the dead [object] is revived, and finalised at the next safepoint. */
void heap_finalize_later(Heap *heap, Object *object);
/* Let the running thread's next safepoint look at the heap: POLL_COLLECT or POLL_FINALIZE. */
void heap_call_attention(Heap *heap, int bits);
/* Run the finalisers that a collection has queued. Called by safepoints, never inside a native. */
void heap_run_finalizers(Thread *t);
/* At exit: finalise everything that still wants it, in creation order. */
void heap_finalize_at_exit(Thread *t);

/* Slow path of heap_allocate_small: a list of free cells, by sweeping or from a new block. */
FreeCell *heap_refill(Heap *heap, int size_class);
/* Is [object] marked in the cycle whose marking has just ended? For weak_sweep. */
static inline bool heap_is_live(const Heap *heap, const Object *object) {
    return object->mark == heap->live_mark;
}

/* ---- vm/trace.c ---- */

/* Shade everything [object] refers to; a large list, dict or set only becomes heap->half_traced. */
void object_trace(Heap *heap, Object *object);
/* Shade the items of heap->half_traced from index [from] up to heap->half_left. */
void object_trace_piece(Heap *heap, size_t from);
/* Release what [object] owns outside its cell. */
void object_finalize(Heap *heap, Object *object);
extern const bool object_needs_finalize[OBJ_KIND_COUNT], object_is_traced[OBJ_KIND_COUNT];
/* Shade everything the vm and its threads refer to. */
void heap_shade_roots(Heap *heap);
/* Run one pending finaliser (a generator's close or an object's __del__). */
void object_run_finalizer(Thread *t, Object *object);
/* Does [object], found unreachable, want finalisation? */
bool object_wants_finalizer(const Object *object);

#ifdef TULIP_MALLOC_HEAP
static inline void *heap_allocate_small(Heap *heap, size_t size, ObjectKind kind, Class *cls) {
    return heap_allocate(heap, size, kind, cls);
}
/* No cell is handed out again; but whoever still uses the object shows. */
static inline void heap_recycle(Heap *heap, Object *object, size_t size) {
    if (heap->marking) return;
    memset(object + 1, 0xdb, size - sizeof(Object));
    object->kind = OBJ_FREE;
}
#else
static inline int heap_size_class(size_t size) {
    return (int)((size + HEAP_CELL_STEP - 1) / HEAP_CELL_STEP) - 1;
}

static inline void *heap_allocate_small(Heap *heap, size_t size, ObjectKind kind, Class *cls) {
    int size_class = heap_size_class(size);
    FreeCell *cell = heap->free[size_class];
    if (UNLIKELY(!cell)) cell = heap_refill(heap, size_class);
    heap->free[size_class] = cell->next;
    cell->header = (Object){.kind = kind, .mark = heap->live_mark, .cls = (uintptr_t)cls};
    return cell;
}

static inline void heap_recycle(Heap *heap, Object *object, size_t size) {
    if (size > HEAP_LARGEST_CELL || heap->marking) return;
    int size_class = heap_size_class(size);
    if (heap->unswept[size_class])
        return; /* its block may still be swept, and would list the cell twice */
    if (UNLIKELY(heap->stress)) memset(object + 1, 0xdb, size - sizeof(Object));
    FreeCell *cell = (FreeCell *)object;
    cell->header = (Object){.kind = OBJ_FREE};
    cell->next = heap->free[size_class];
    heap->free[size_class] = cell;
}
#endif

#endif
