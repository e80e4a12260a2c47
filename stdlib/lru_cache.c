/* SPDX-License-Identifier: MIT */
/*
 * The callable that lru_cache and cache return: a function in front of which a dict of results
 * stands.
 *
 * Dicts keep the order of insertion, so the least recently used result is the first one if a hit
 * takes its entry out and puts it in again. The key of a call is its one argument when that is an
 * int or str, otherwise the tuple of all arguments (with a mark before the keywords, and the types
 * when asked for).
 *
 * Read next: stdlib/functools.tul (lru_cache).
 */
#include <string.h>

#include "stdlib/functools_native.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"
#include "vm/hash_index.h"
#include "vm/table.h"

typedef struct LruCache {
    Object header;
    Value function;
    Value results;    /* dict */
    Value info_class; /* the named tuple CacheInfo */
    Value mark;       /* stands before keywords in keys */
    int64_t maxsize;  /* -1: no bound */
    bool typed;
    uint64_t hits, misses;
} LruCache;

#define CACHE(v) ((LruCache *)(uintptr_t)(v))

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 4), result = VALUE_ERROR;
    int64_t maxsize = -1;
    if (!bind_raw(t, "lru_cache", "(user_function, maxsize, typed, cache_info_type)", out, args,
                  argc, kwnames))
        goto end;
    if (!value_is_callable(t, out[0])) {
        raise_error(t, EXC_TypeError, "the first argument must be callable");
        goto end;
    }
    if (out[1] != VALUE_NONE && !arg_int64(t, out[1], &maxsize)) goto end;
    if (out[1] != VALUE_NONE && maxsize < 0) maxsize = 0;
    int typed = value_truth(t, out[2]);
    if (typed < 0) goto end;
    LruCache *c = object_new(t, cls, 0);
    c->function = out[0];
    c->results = object_value(dict_new(t));
    c->info_class = out[3];
    c->mark = object_value(instance_new(t, BUILTIN_CLASS(t, OBJECT)));
    c->maxsize = maxsize;
    c->typed = typed;
    result = object_value(c);
end:
    pop_roots(t, out);
    return result;
}

static bool is_its_own_key(const Thread *t, Value v) {
    return is_fixnum(v) || class_of(t->vm, v) == t->vm->classes[OBJ_STR] ||
           class_of(t->vm, v) == t->vm->classes[OBJ_INT];
}

static Value make_key(Thread *t, const LruCache *c, const Value *args, int argc, Tuple *kwnames) {
    int named = kwnames ? (int)kwnames->size : 0, positional = argc - named;
    if (!named && !c->typed && argc == 1 && is_its_own_key(t, args[0])) return args[0];
    size_t size =
        (size_t)positional + (named ? 1 + 2 * (size_t)named : 0) + (c->typed ? (size_t)argc : 0);
    Tuple *key = tuple_new(t, size);
    size_t n = 0;
    for (int i = 0; i < positional; i++) key->items[n++] = args[i];
    if (named) key->items[n++] = c->mark;
    for (int i = 0; i < named; i++) {
        key->items[n++] = kwnames->items[i];
        key->items[n++] = args[positional + i];
    }
    for (int i = 0; c->typed && i < argc; i++)
        key->items[n++] = object_value(class_of(t->vm, args[i]));
    return object_value(key);
}

/* Make entry [at] the one used last. The dict stays as it is when it is already: a search in it
 * that a key's __eq__ interrupts by calling the function does not begin again for ever. */
static bool refresh(Thread *t, LruCache *c, uint32_t at) {
    Dict *results = DICT(c->results);
    if (c->maxsize < 0 || at + 1 == results->count) return true;
    DictEntry entry = results->entries[at];
    dict_remove_at(t, results, at);
    return dict_add_absent(t, results, entry.key, entry.hash, entry.value);
}

static bool store(Thread *t, LruCache *c, Value key, uint64_t hash, Value result) {
    Dict *results = DICT(c->results);
    int64_t at = dict_find(t, results, key, hash);
    if (at >= 0) return true; /* the function has called itself with these arguments */
    if (at == TABLE_RAISED) return false;
    if (c->maxsize >= 0 && results->used >= (uint64_t)c->maxsize)
        dict_remove_at(t, results, results->first);
    return dict_add_absent(t, results, key, hash, result);
}

/* [roots]: the key, a free register, the cache. */
static Value call_with_key(Thread *t, Value *roots, const Value *args, int argc, Tuple *kwnames) {
    LruCache *c = CACHE(roots[2]);
    int64_t hash;
    if (!value_hash(t, roots[0], &hash)) return VALUE_ERROR;
    int64_t at = dict_find(t, DICT(c->results), roots[0], (uint64_t)hash);
    if (at == TABLE_RAISED) return VALUE_ERROR;
    if (at != TABLE_ABSENT) {
        c->hits++;
        Value result = DICT(c->results)->entries[at].value;
        return refresh(t, c, (uint32_t)at) ? result : VALUE_ERROR;
    }
    c->misses++;
    Value result = roots[1] = call_keywords(t, c->function, args, argc, kwnames);
    if (result == VALUE_ERROR) return VALUE_ERROR;
    return store(t, c, roots[0], (uint64_t)hash, result) ? result : VALUE_ERROR;
}

static Value call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    LruCache *c = CACHE(self);
    if (c->maxsize == 0) {
        c->misses++;
        return call_keywords(t, c->function, args, argc, kwnames);
    }
    Value *roots = push_roots(t, 3);
    roots[0] = make_key(t, c, args, argc, kwnames);
    roots[2] = self;
    Value result = call_with_key(t, roots, args, argc, kwnames);
    pop_roots(t, roots);
    return result;
}

static Value descr_get(Thread *t, Value self, Value instance, Value owner) {
    (void)owner;
    return instance == VALUE_UNSET || instance == VALUE_NONE ? self : method_new(t, self, instance);
}

static Value cache_info(Thread *t, Value *args) {
    LruCache *c = CACHE(args[0]);
    Value values[] = {int_from_uint64(t, c->hits), int_from_uint64(t, c->misses),
                      c->maxsize < 0 ? VALUE_NONE : fixnum(c->maxsize),
                      fixnum(DICT(c->results)->used)};
    return call_value(t, c->info_class, values, 4);
}

static Value cache_clear(Thread *t, Value *args) {
    LruCache *c = CACHE(args[0]);
    c->hits = c->misses = 0;
    dict_clear(t, DICT(c->results));
    return VALUE_NONE;
}

static Value copy(Thread *t, Value *args) {
    (void)t;
    return args[0];
}

/* pickle finds it by its name. */
static Value reduce(Thread *t, Value *args) {
    return value_getattr(t, args[0], str_intern(t->vm, "__qualname__", 12));
}

static const NativeDef methods[] = {
    {"__reduce__", reduce, "(self, /)", "The name of the function."},
    {"cache_info", cache_info, "(self, /)", "Hits, misses, bound and size."},
    {"cache_clear", cache_clear, "(self, /)", "Forget all results."},
    {"__copy__", copy, "(self, /)", "The function itself."},
    {"__deepcopy__", copy, "(self, memo, /)", "The function itself."},
    {0},
};

static void trace(Heap *heap, Object *self) {
    LruCache *c = (LruCache *)self;
    heap_shade(heap, c->function);
    heap_shade(heap, c->results);
    heap_shade(heap, c->info_class);
    heap_shade(heap, c->mark);
}

static const Slots slots = {.construct = construct, .call = call, .descr_get = descr_get};
static const NativeClass cache_class = {.kind = OBJ_NATIVE_DATA,
                                        .name = "_lru_cache_wrapper",
                                        .slots = &slots,
                                        .methods = methods,
                                        .doc = "A function with a cache of its results.",
                                        .size = sizeof(LruCache),
                                        .flags = CLASS_BASE_ALLOWED | CLASS_HAS_ATTRIBUTES,
                                        .trace = trace};

void lru_cache_init(Thread *t, Module *m) {
    stdlib_class(t, CLASS_LRU_CACHE, m, &cache_class, "functools", NULL);
}
