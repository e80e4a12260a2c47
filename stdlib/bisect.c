/* SPDX-License-Identifier: MIT */
/*
 * bisect: where an item belongs in a sorted sequence, found by halving.
 *
 * With a key function the items of the sequence are compared by their keys; the item looked for is
 * compared as it is by bisect and by its own key by insort, as in Python. Read next:
 * stdlib/heapq.c.
 */
#include <string.h>

#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* Arguments in the order of their signature. */
enum { SEQUENCE, ITEM, LOW, HIGH, KEY };

static bool bounds(Thread *t, const Value *args, int64_t *low, int64_t *high) {
    if (!arg_int64(t, args[LOW], low)) return false;
    if (*low < 0) {
        raise_error(t, EXC_ValueError, "lo must be non-negative");
        return false;
    }
    if (args[HIGH] != VALUE_NONE) return arg_int64(t, args[HIGH], high);
    *high = value_length(t, args[SEQUENCE]);
    return *high >= 0;
}

/* sequence[i] or its key; rooted in root[0]. */
static bool item_at(Thread *t, const Value *args, int64_t i, Value *root) {
    root[0] = value_getitem(t, args[SEQUENCE], int_from_int64(t, i));
    if (root[0] != VALUE_ERROR && args[KEY] != VALUE_NONE)
        root[0] = call_value(t, args[KEY], root, 1);
    return root[0] != VALUE_ERROR;
}

/* The place for [needle]: after ([right]) or before the items that equal it. -1 raised. */
static int64_t search(Thread *t, const Value *args, Value needle, bool right) {
    int64_t low, high = 0;
    if (!bounds(t, args, &low, &high)) return -1;
    Value *roots = push_roots(t, 2);
    roots[1] = needle;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (!item_at(t, args, middle, roots)) return -1;
        int less = right ? value_less(t, needle, roots[0]) : value_less(t, roots[0], needle);
        if (less < 0 || !thread_poll(t)) return -1;
        if (right ? less : !less) high = middle;
        else low = middle + 1;
    }
    pop_roots(t, roots);
    return low;
}

static Value find(Thread *t, Value *args, bool right) {
    int64_t at = search(t, args, args[ITEM], right);
    return at < 0 ? VALUE_ERROR : int_from_int64(t, at);
}

static Value insert(Thread *t, Value *args, bool right) {
    Value *roots = push_roots(t, 2);
    roots[0] = args[ITEM];
    if (args[KEY] != VALUE_NONE) roots[0] = call_value(t, args[KEY], &args[ITEM], 1);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    int64_t at = search(t, args, roots[0], right);
    if (at < 0) return VALUE_ERROR;
    roots[0] = int_from_int64(t, at);
    roots[1] = args[ITEM];
    Str *name = str_intern(t->vm, "insert", 6);
    Value done = call_method(t, args[SEQUENCE], name, roots, 2);
    pop_roots(t, roots);
    return done == VALUE_ERROR ? VALUE_ERROR : VALUE_NONE;
}

static Value bisect_right(Thread *t, Value *args) { return find(t, args, true); }
static Value bisect_left(Thread *t, Value *args) { return find(t, args, false); }
static Value insort_right(Thread *t, Value *args) { return insert(t, args, true); }
static Value insort_left(Thread *t, Value *args) { return insert(t, args, false); }

#define SIGNATURE "(a, x, lo=0, hi=None, *, key=None)"
static const NativeDef functions[] = {
    {"bisect_right", bisect_right, SIGNATURE,
     "Where to insert x in the sorted a: after the items that equal it."},
    {"bisect_left", bisect_left, SIGNATURE,
     "Where to insert x in the sorted a: before the items that equal it."},
    {"insort_right", insort_right, SIGNATURE, "Insert x where bisect_right says."},
    {"insort_left", insort_left, SIGNATURE, "Insert x where bisect_left says."},
    {0},
};

/* A second name for a function of the module. */
static void alias(Thread *t, Module *module, const char *name, const char *old) {
    module_set(t, module, name, dict_get_str(t, module->dict, str_intern(t->vm, old, strlen(old))));
}

static bool init(Thread *t, Module *module) {
    alias(t, module, "bisect", "bisect_right");
    alias(t, module, "insort", "insort_right");
    return true;
}

const NativeModule bisect_module = {
    .name = "bisect", .doc = "Search in sorted sequences.", .functions = functions, .init = init};
/* The name under which CPython pickles the functions. */
const NativeModule _bisect_module = {
    .name = "_bisect", .doc = "Search in sorted sequences.", .functions = functions, .init = init};
