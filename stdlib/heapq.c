/* SPDX-License-Identifier: MIT */
/*
 * _heapq: binary heaps in lists. The smallest item is at index 0 and every item is at most its two
 * children.
 *
 * A comparison may run Tulip code that changes the list, so after each one the size is looked at
 * again. The item that is moving is kept in a root and stored where it ends, as the algorithms of
 * the textbooks do. Read next: stdlib/heapq.tul.
 */
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"

/* What is compared: [a] goes above [b] when it is smaller, or larger in a max-heap. 1, 0, -1
 * raised. */
static int above(Thread *t, Value a, Value b, bool largest_first) {
    return largest_first ? value_less(t, b, a) : value_less(t, a, b);
}

static bool check_size(Thread *t, const List *heap, size_t size) {
    if (heap->size == size) return true;
    raise_error(t, EXC_RuntimeError, "list changed size during iteration");
    return false;
}

static void place(Thread *t, List *heap, size_t at, Value item) {
    heap_set(&t->vm->heap, &heap->items[at], item);
}

/* The item at [at] moves towards the root, at most to [top]. */
static bool rise(Thread *t, List *heap, size_t top, size_t at, bool largest_first) {
    size_t size = heap->size;
    Value *roots = push_roots(t, 2);
    roots[0] = heap->items[at];
    while (at > top) {
        size_t parent = (at - 1) / 2;
        roots[1] = heap->items[parent];
        int up = above(t, roots[0], roots[1], largest_first);
        if (up < 0 || !check_size(t, heap, size)) return false;
        if (!up) break;
        Value item = heap->items[at];
        place(t, heap, at, heap->items[parent]);
        place(t, heap, parent, item);
        at = parent;
    }
    pop_roots(t, roots);
    return true;
}

/* The item at [at] sinks to the bottom along the better children and rises from there: one
 * comparison per level. */
static bool sink(Thread *t, List *heap, size_t at, bool largest_first) {
    size_t size = heap->size, top = at;
    Value *roots = push_roots(t, 2);
    while (2 * at + 1 < size) {
        size_t child = 2 * at + 1;
        if (child + 1 < size) {
            roots[0] = heap->items[child];
            roots[1] = heap->items[child + 1];
            int first = above(t, roots[0], roots[1], largest_first);
            if (first < 0 || !check_size(t, heap, size)) return false;
            if (!first) child++;
        }
        Value item = heap->items[at];
        place(t, heap, at, heap->items[child]);
        place(t, heap, child, item);
        at = child;
    }
    pop_roots(t, roots);
    return rise(t, heap, top, at, largest_first);
}

/* [which]: "argument" of functions with one, "argument 1" of the others. */
static List *heap_argument(Thread *t, Value v, const char *function, const char *which) {
    if (is_kind(v, OBJ_LIST)) return LIST(v);
    raise_error(t, EXC_TypeError, "%s() %s must be list, not %T", function, which, v);
    return NULL;
}

static Value pop(Thread *t, Value *args, const char *function, bool largest_first) {
    List *heap = heap_argument(t, args[0], function, "argument");
    if (!heap) return VALUE_ERROR;
    if (!heap->size) return raise_error(t, EXC_IndexError, "index out of range");
    Value *roots = push_roots(t, 1);
    Value last = heap->items[--heap->size];
    heap_forget(&t->vm->heap, last);
    roots[0] = last;
    if (heap->size) {
        roots[0] = heap->items[0];
        place(t, heap, 0, last);
        if (!sink(t, heap, 0, largest_first)) return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return roots[0];
}

static Value replace(Thread *t, Value *args, const char *function, bool largest_first) {
    List *heap = heap_argument(t, args[0], function, "argument 1");
    if (!heap) return VALUE_ERROR;
    if (!heap->size) return raise_error(t, EXC_IndexError, "index out of range");
    Value *roots = push_roots(t, 1);
    roots[0] = heap->items[0];
    place(t, heap, 0, args[1]);
    if (!sink(t, heap, 0, largest_first)) return VALUE_ERROR;
    pop_roots(t, roots);
    return roots[0];
}

static Value make_heap(Thread *t, Value *args, const char *function, bool largest_first) {
    List *heap = heap_argument(t, args[0], function, "argument");
    if (!heap) return VALUE_ERROR;
    size_t size = heap->size;
    for (size_t at = size / 2; at-- > 0;) {
        if (!sink(t, heap, at, largest_first) || !check_size(t, heap, size) || !thread_poll(t))
            return VALUE_ERROR;
    }
    return VALUE_NONE;
}

static Value heappush(Thread *t, Value *args) {
    List *heap = heap_argument(t, args[0], "heappush", "argument 1");
    if (!heap || !list_append(t, heap, args[1])) return VALUE_ERROR;
    return rise(t, heap, 0, heap->size - 1, false) ? VALUE_NONE : VALUE_ERROR;
}

static Value heappushpop(Thread *t, Value *args) {
    List *heap = heap_argument(t, args[0], "heappushpop", "argument 1");
    if (!heap) return VALUE_ERROR;
    if (!heap->size) return args[1];
    Value *roots = push_roots(t, 1);
    roots[0] = heap->items[0];
    int smaller = value_less(t, roots[0], args[1]);
    pop_roots(t, roots);
    if (smaller < 0) return VALUE_ERROR;
    if (!smaller) return args[1];
    return replace(t, args, "heappushpop", false);
}

static Value heappop(Thread *t, Value *args) { return pop(t, args, "heappop", false); }
static Value heapreplace(Thread *t, Value *args) { return replace(t, args, "heapreplace", false); }
static Value heapify(Thread *t, Value *args) { return make_heap(t, args, "heapify", false); }
static Value heappop_max(Thread *t, Value *args) { return pop(t, args, "_heappop_max", true); }
static Value heapreplace_max(Thread *t, Value *args) {
    return replace(t, args, "_heapreplace_max", true);
}
static Value heapify_max(Thread *t, Value *args) {
    return make_heap(t, args, "_heapify_max", true);
}

static const NativeDef functions[] = {
    {"heappush", heappush, "(heap, item, /)", "Add an item where it belongs in the heap."},
    {"heappop", heappop, "(heap, /)", "Remove the smallest item of the heap and return it."},
    {"heappushpop", heappushpop, "(heap, item, /)",
     "Push item on the heap, then pop and return the smallest item."},
    {"heapreplace", heapreplace, "(heap, item, /)",
     "Pop and return the smallest value, and add the new item."},
    {"heapify", heapify, "(heap, /)", "Rearrange a list so that it is a heap, in linear time."},
    {"_heappop_max", heappop_max, "(heap, /)", "heappop() for a heap with the largest item first."},
    {"_heapreplace_max", heapreplace_max, "(heap, item, /)",
     "heapreplace() for one with the largest item first."},
    {"_heapify_max", heapify_max, "(heap, /)", "heapify() with the largest item first."},
    {0},
};

const NativeModule _heapq_module = {
    .name = "_heapq", .doc = "Heaps in lists.", .functions = functions};
