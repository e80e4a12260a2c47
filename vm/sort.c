/* SPDX-License-Identifier: MIT */
/*
 * list.sort(): a stable merge sort that starts from the runs it finds.
 *
 * The list is cut into ascending runs (descending ones are reversed, short ones are brought to
 * length by binary insertion), and runs are merged in the order that powersort's merge tree gives.
 * A list that is sorted already costs n - 1 comparisons.
 *
 * When all keys are small ints, floats, or strs, no comparison can run Tulip code: the list is
 * sorted where it is. Otherwise the list is emptied while it is being sorted, as in Python; its
 * items wait in a list of our own that nobody sees (so they are rooted, in their old order), and
 * what is permuted is a copy. Whenever a comparison raises, the copy holds all items in some order.
 *
 * Read next: vm/sequence.c.
 */
#include "vm/container.h"
#include "vm/hash_index.h"
#include "vm/list.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/sequence.h"
#include "vm/str.h"

#define INLINE static inline __attribute__((always_inline))

/* a < b: 1, 0, -1 raised. */
typedef int (*Less)(Thread *t, Value a, Value b);

typedef struct Run {
    size_t base, length;
    int power; /* depth, in the merge tree, of the node between this run and the next */
} Run;

/* values move along with their keys; NULL when the keys are the items themselves. */
typedef struct Sorter {
    Thread *t;
    Value *keys, *values;
    Value *spare_keys, *spare_values; /* room for half of them */
    size_t count;
    Run runs[96]; /* powers increase: at most 64 */
    int run_count;
} Sorter;

/* ---- moving ---- */

INLINE void move_one(Sorter *s, size_t to, size_t from) {
    s->keys[to] = s->keys[from];
    if (s->values) s->values[to] = s->values[from];
}

static void reverse_part(Value *items, size_t start, size_t stop) {
    while (start + 1 < stop) {
        Value v = items[start];
        items[start++] = items[--stop];
        items[stop] = v;
    }
}

static void reverse_range(Sorter *s, size_t start, size_t stop) {
    reverse_part(s->keys, start, stop);
    if (s->values) reverse_part(s->values, start, stop);
}

/* Copy [n] items to the spare room, or from it. */
static void save(Sorter *s, size_t from, size_t n) {
    memcpy(s->spare_keys, s->keys + from, n * sizeof(Value));
    if (s->values) memcpy(s->spare_values, s->values + from, n * sizeof(Value));
}
static void restore(Sorter *s, size_t to, size_t from, size_t n) {
    memcpy(s->keys + to, s->spare_keys + from, n * sizeof(Value));
    if (s->values) memcpy(s->values + to, s->spare_values + from, n * sizeof(Value));
}
INLINE void restore_one(Sorter *s, size_t to, size_t from) {
    s->keys[to] = s->spare_keys[from];
    if (s->values) s->values[to] = s->spare_values[from];
}

/* ---- runs ---- */

/* Bring [start, stop) into order; [start, sorted) already is. */
INLINE bool insertion_sort(Sorter *s, Less less, size_t start, size_t sorted, size_t stop) {
    for (size_t i = sorted; i < stop; i++) {
        Value pivot = s->keys[i];
        size_t low = start, high = i;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            int smaller = less(s->t, pivot, s->keys[middle]);
            if (smaller < 0) return false;
            if (smaller) high = middle;
            else low = middle + 1;
        }
        memmove(s->keys + low + 1, s->keys + low, (i - low) * sizeof(Value));
        s->keys[low] = pivot;
        if (!s->values) continue;
        Value v = s->values[i];
        memmove(s->values + low + 1, s->values + low, (i - low) * sizeof(Value));
        s->values[low] = v;
    }
    return true;
}

/* Length of the run at [start], made ascending; 0 raised. Only strictly descending ones are
 * reversed: that is stable. */
INLINE size_t find_run(Sorter *s, Less less, size_t start) {
    size_t i = start + 1;
    if (i >= s->count) return 1;
    int descending = less(s->t, s->keys[i], s->keys[start]);
    if (descending < 0) return 0;
    for (i++; i < s->count; i++) {
        int smaller = less(s->t, s->keys[i], s->keys[i - 1]);
        if (smaller < 0) return 0;
        if (smaller != descending) break;
    }
    if (descending) reverse_range(s, start, i);
    return i - start;
}

/* The length short runs are brought to: n / 2^k between 32 and 64. */
static size_t shortest_run(size_t n) {
    size_t carry = 0;
    while (n >= 64) {
        carry |= n & 1;
        n >>= 1;
    }
    return n + carry;
}

/* ---- merging ---- */

/* First index in [low, high) whose key is greater than [key] ([or_equal]: or equal); SIZE_MAX
 * raised. */
INLINE size_t search(Sorter *s, Less less, Value key, size_t low, size_t high, bool or_equal) {
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int answer = or_equal ? less(s->t, s->keys[middle], key) : less(s->t, key, s->keys[middle]);
        if (answer < 0) return SIZE_MAX;
        if (answer == (int)or_equal) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Merge neighbours; the left one, not longer, is in the spare room. */
INLINE bool merge_upwards(Sorter *s, Less less, size_t a, size_t na, size_t b, size_t nb) {
    size_t left = 0, to = a, end = b + nb;
    save(s, a, na);
    bool ok = true;
    while (left < na && b < end) {
        int smaller = less(s->t, s->keys[b], s->spare_keys[left]);
        if (UNLIKELY(smaller < 0)) {
            ok = false;
            break;
        }
        if (smaller) move_one(s, to++, b++);
        else restore_one(s, to++, left++);
    }
    restore(s, to, left, na - left);
    return ok;
}

/* Merge neighbours; the right one, shorter, is in the spare room. */
INLINE bool merge_downwards(Sorter *s, Less less, size_t a, size_t na, size_t b, size_t nb) {
    size_t right = nb, from = a + na, to = b + nb;
    save(s, b, nb);
    bool ok = true;
    while (right > 0 && from > a) {
        int smaller = less(s->t, s->spare_keys[right - 1], s->keys[from - 1]);
        if (UNLIKELY(smaller < 0)) {
            ok = false;
            break;
        }
        if (smaller) move_one(s, --to, --from);
        else restore_one(s, --to, --right);
    }
    restore(s, to - right, 0, right);
    return ok;
}

/* Merge the two runs on top of the stack. */
INLINE bool merge_top(Sorter *s, Less less) {
    Run *x = &s->runs[s->run_count - 2], *y = x + 1;
    size_t a = x->base, b = y->base, end = b + y->length;
    x->length += y->length;
    s->run_count--;
    a = search(s, less, s->keys[b], a, b, false); /* what is before stays */
    if (a == SIZE_MAX) return false;
    if (a == b) return true;
    end = search(s, less, s->keys[b - 1], b, end, true); /* what is behind stays */
    if (end == SIZE_MAX) return false;
    if (end == b) return true;
    if (b - a <= end - b) return merge_upwards(s, less, a, b - a, b, end - b);
    return merge_downwards(s, less, a, b - a, b, end - b);
}

/* Depth of the node of the merge tree that joins run [a] and the next, of [length]: the first
 * binary digit in which their middles, as fractions of the whole, differ. */
static int power_between(const Sorter *s, const Run *a, size_t length) {
    __uint128_t left = (__uint128_t)(2 * a->base + a->length) << 62;
    __uint128_t right = (__uint128_t)(2 * (a->base + a->length) + length) << 62;
    uint64_t x = (uint64_t)(left / s->count), y = (uint64_t)(right / s->count);
    return x == y ? 64 : __builtin_clzll(x ^ y);
}

INLINE bool push_run(Sorter *s, Less less, size_t base, size_t length) {
    if (s->run_count > 0) {
        int power = power_between(s, &s->runs[s->run_count - 1], length);
        while (s->run_count > 1 && s->runs[s->run_count - 2].power > power) {
            if (!merge_top(s, less)) return false;
        }
        s->runs[s->run_count - 1].power = power;
    }
    s->runs[s->run_count++] = (Run){base, length, 0};
    return true;
}

INLINE bool sort_with(Sorter *s, Less less) {
    size_t minimum = shortest_run(s->count);
    for (size_t start = 0; start < s->count;) {
        size_t length = find_run(s, less, start), left = s->count - start;
        if (length == 0) return false;
        if (length < minimum) {
            size_t wanted = left < minimum ? left : minimum;
            if (!insertion_sort(s, less, start, start + length, start + wanted)) return false;
            length = wanted;
        }
        if (!push_run(s, less, start, length)) return false;
        start += length;
    }
    while (s->run_count > 1) {
        if (!merge_top(s, less)) return false;
    }
    return true;
}

/* ---- comparing ---- */

static inline int less_fixnum(Thread *t, Value a, Value b) {
    (void)t;
    return (int64_t)a < (int64_t)b;
}
static int less_float(Thread *t, Value a, Value b) {
    (void)t;
    return float_of(a) < float_of(b);
}
static int less_str(Thread *t, Value a, Value b) {
    (void)t;
    return str_compare(STR(a), STR(b)) < 0;
}

/* Exact tuples, decided without running code as long as the items allow it. */
static int less_tuple(Thread *t, Value a, Value b) {
    Tuple *x = TUPLE(a), *y = TUPLE(b);
    size_t n = x->size < y->size ? x->size : y->size;
    for (size_t i = 0; i < n; i++) {
        Value p = x->items[i], q = y->items[i];
        if (p == q) continue;
        if (both_fixnums(p, q)) return (int64_t)p < (int64_t)q;
        if (!is_exact_str(t, p) || !is_exact_str(t, q)) return value_less(t, a, b);
        int order = str_compare(STR(p), STR(q));
        if (order) return order < 0;
    }
    return x->size < y->size;
}

static bool is_exact(const Thread *t, Value v, ObjectKind kind) {
    return is_kind(v, kind) && object_class(object_of(v)) == t->vm->classes[kind];
}

/* The comparison for keys of one simple type, or value_less. */
static Less pick_less(const Thread *t, const Value *keys, size_t n) {
    size_t i = 0;
    Class *floats = BUILTIN_CLASS(t, FLOAT);
    if (is_fixnum(keys[0])) {
        while (i < n && is_fixnum(keys[i])) i++;
        return i == n ? less_fixnum : value_less;
    }
    if (is_float(keys[0])) {
        while (i < n && is_float(keys[i]) && class_of(t->vm, keys[i]) == floats) i++;
        return i == n ? less_float : value_less;
    }
    if (is_exact_str(t, keys[0])) {
        while (i < n && is_exact_str(t, keys[i])) i++;
        return i == n ? less_str : value_less;
    }
    while (i < n && is_exact(t, keys[i], OBJ_TUPLE)) i++;
    return i == n ? less_tuple : value_less;
}

static bool runs_code(Less less) { return less == value_less || less == less_tuple; }

static bool sort_fixnums(Sorter *s) { return sort_with(s, less_fixnum); }
static bool sort_any(Sorter *s, Less less) { return sort_with(s, less); }

/* ---- the whole ---- */

static bool run_sorter(Sorter *s, Less less, bool reverse) {
    Heap *heap = &s->t->vm->heap;
    size_t bytes = (s->count / 2 + 1) * sizeof(Value);
    s->spare_keys = heap_realloc(heap, NULL, 0, bytes);
    s->spare_values = s->values ? heap_realloc(heap, NULL, 0, bytes) : NULL;
    bool ok = s->spare_keys && (!s->values || s->spare_values);
    if (!ok) raise_memory_error(s->t);
    if (ok) {
        if (reverse) reverse_range(s, 0, s->count); /* twice: equal items keep their order */
        ok = less == less_fixnum ? sort_fixnums(s) : sort_any(s, less);
        if (reverse) reverse_range(s, 0, s->count);
    }
    if (s->spare_keys) heap_release(heap, s->spare_keys, bytes);
    if (s->spare_values) heap_release(heap, s->spare_values, bytes);
    return ok;
}

/* Hand the items of [from] to the empty [to]. */
static void move_items(Thread *t, List *to, List *from) {
    Heap *heap = &t->vm->heap;
    for (size_t i = 0; heap->marking && i < from->size; i++) heap_shade(heap, from->items[i]);
    to->items = from->items;
    to->size = from->size;
    to->capacity = from->capacity;
    from->items = NULL;
    from->size = from->capacity = 0;
}

static List *compute_keys(Thread *t, List *items, Value key, Value *root) {
    List *keys = list_new(t, items->size);
    *root = object_value(keys);
    for (size_t i = 0; i < items->size; i++) {
        Value v = call_value(t, key, &items->items[i], 1);
        if (v == VALUE_ERROR || !list_append(t, keys, v)) return NULL;
    }
    return keys;
}

/* Sort copies of what [items] (and [keys], if not NULL) hold, and put the result into items. */
static bool sort_copies(Thread *t, List *items, List *keys, bool reverse) {
    Heap *heap = &t->vm->heap;
    size_t bytes = items->size * sizeof(Value);
    Sorter s = {.t = t, .count = items->size};
    const Value *order_by = keys ? keys->items : items->items;
    s.keys = heap_realloc(heap, NULL, 0, bytes);
    s.values = keys ? heap_realloc(heap, NULL, 0, bytes) : NULL;
    bool ok = s.keys && (!keys || s.values);
    if (!ok) raise_memory_error(t);
    if (ok) {
        memcpy(s.keys, order_by, bytes);
        if (keys) memcpy(s.values, items->items, bytes);
        ok = run_sorter(&s, pick_less(t, order_by, s.count), reverse);
        heap_settle(heap, items);
        memcpy(items->items, keys ? s.values : s.keys, bytes);
    }
    if (s.keys) heap_release(heap, s.keys, bytes);
    if (s.values) heap_release(heap, s.values, bytes);
    return ok;
}

/* While it is sorted a list is empty, with room for an item that is VALUE_UNSET: whatever changes
 * the list overwrites that or replaces the array. */
static bool leave_marked(Thread *t, List *list) {
    if (!list_reserve(t, list, 1)) return false;
    list->items[0] = VALUE_UNSET;
    return true;
}

static bool was_changed(const List *list, const Value *marked) {
    return list->items != marked || list->size || marked[0] != VALUE_UNSET;
}

/* Sort with code that may run in between: the list is empty meanwhile. */
static bool sort_detached(Thread *t, List *list, Value key, bool reverse) {
    Value *roots = push_roots(t, 4);
    List *items = list_new(t, 0), *keys = NULL;
    roots[0] = object_value(list);
    roots[1] = object_value(items);
    roots[2] = key;
    move_items(t, items, list);
    if (!leave_marked(t, list)) return false;
    const Value *marked = list->items;
    if (key != VALUE_NONE) keys = compute_keys(t, items, key, &roots[3]);
    bool ok = (key == VALUE_NONE || keys) && sort_copies(t, items, keys, reverse);
    bool modified = was_changed(list, marked);
    list_clear(t, list);
    move_items(t, list, items);
    pop_roots(t, roots);
    if (ok && modified) {
        raise_error(t, EXC_ValueError, "list modified during sort");
        ok = false;
    }
    return ok;
}

bool list_sort(Thread *t, List *list, Value key, bool reverse) {
    if (list->size == 0) return true;
    heap_settle(&t->vm->heap, list);
    if (key != VALUE_NONE) return sort_detached(t, list, key, reverse);
    if (list->size == 1) return true;
    Less less = pick_less(t, list->items, list->size);
    if (runs_code(less)) return sort_detached(t, list, key, reverse);
    Sorter s = {.t = t, .keys = list->items, .count = list->size};
    return run_sorter(&s, less, reverse);
}
