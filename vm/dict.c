/* SPDX-License-Identifier: MIT */
/*
 * The dict: an insertion-ordered table of entries and an index into it.
 *
 * Entries lie in the order of insertion; a deleted one stays as a gap (key VALUE_UNSET) until the
 * table is full and is then squeezed out: an iterator that has passed the place never meets a new
 * key there. Up to eight entries are searched one by one; beyond that vm/hash_index.h finds them.
 *
 * Comparing keys may run Tulip code, which may change this very dict. So a search that had to ask
 * an object checks that the table is still the one it was walking, and starts again otherwise
 * (match_slow).
 *
 * Invariants: used <= count <= capacity; capacity is 0 or a power of two >= 4; the index holds
 * exactly the live entries; entries before [first] are gaps. When [layout] is not 0, every change
 * of which key lies where gives it a new number; storing a value under an existing key does not.
 *
 * Read next: vm/dict_methods.c (the class), vm/dict_views.c.
 */
#include "common/memory.h"
#include "vm/container.h"
#include "vm/hash_index.h"
#include "vm/sequence.h"
#include "vm/table.h"

static size_t entries_size(uint64_t capacity) { return capacity * sizeof(DictEntry); }
static size_t index_size(uint8_t bits) { return (size_t)4 << bits; }

/* Positions change: inline caches must look again. */
static inline void touch(Thread *t, Dict *d) {
    if (UNLIKELY(d->layout != 0)) d->layout = ++t->vm->next_key;
}

void dict_watch(Vm *vm, Dict *dict) {
    if (dict->layout == 0) dict->layout = ++vm->next_key;
}

/* ---- searching ---- */

/* Ask whether entry [i] equals [key]; both have the same hash and are not identical. */
static KeyMatch match_slow(Thread *t, Dict *d, uint32_t i, Value key) {
    Value stored = d->entries[i].key;
    Dict before = *d;
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(d);
    roots[1] = stored;
    roots[2] = key;
    int equal = value_equal(t, stored, key);
    pop_roots(t, roots);
    if (equal < 0) return KEY_RAISED;
    bool same = d->entries == before.entries && d->index == before.index &&
                d->index_bits == before.index_bits && d->count == before.count &&
                d->entries[i].key == stored;
    return !same ? KEY_TABLE_CHANGED : equal ? KEY_MATCHES : KEY_DIFFERS;
}

/* The entry has the hash looked for: is it the key? */
static inline KeyMatch match(Thread *t, Dict *d, uint32_t i, Value key) {
    Value stored = d->entries[i].key;
    bool equal;
    if (stored == key) return KEY_MATCHES;
    if (stored == VALUE_UNSET) return KEY_DIFFERS;
    if (LIKELY(keys_compare_fast(t, stored, key, &equal))) return equal ? KEY_MATCHES : KEY_DIFFERS;
    return match_slow(t, d, i, key);
}

static KeyMatch find_unindexed(Thread *t, Dict *d, Value key, uint64_t hash, uint32_t *at) {
    for (uint32_t i = d->first; i < d->count; i++) {
        if (d->entries[i].hash != hash) continue;
        KeyMatch m = match(t, d, i, key);
        *at = i;
        if (m != KEY_DIFFERS) return m;
    }
    return KEY_DIFFERS;
}

static KeyMatch find_indexed(Thread *t, Dict *d, Value key, uint64_t hash, uint32_t *at) {
    uint32_t mask = (1u << d->index_bits) - 1;
    for (uint32_t slot = index_home(hash, d->index_bits); d->index[slot] >= 0;
         slot = (slot + 1) & mask) {
        uint32_t i = (uint32_t)d->index[slot];
        if (d->entries[i].hash != hash) continue;
        KeyMatch m = match(t, d, i, key);
        *at = i;
        if (m != KEY_DIFFERS) return m;
    }
    return KEY_DIFFERS;
}

int64_t dict_find(Thread *t, Dict *d, Value key, uint64_t hash) {
    uint32_t at = 0;
    for (;;) {
        KeyMatch m =
            d->index ? find_indexed(t, d, key, hash, &at) : find_unindexed(t, d, key, hash, &at);
        if (m == KEY_MATCHES) return at;
        if (m == KEY_DIFFERS) return TABLE_ABSENT;
        if (m == KEY_RAISED) return TABLE_RAISED;
    }
}

static inline bool same_text(Value stored, const Str *key) {
    if (stored == object_value(key)) return true;
    return is_str(stored) && str_equal(STR(stored), key);
}

int64_t dict_find_str(Thread *t, Dict *d, Str *key) {
    uint64_t hash = LIKELY(key->hash != 0) ? key->hash : str_hash(t->vm, key);
    if (!d->index) {
        for (uint32_t i = d->first; i < d->count; i++) {
            const DictEntry *e = &d->entries[i];
            if (e->hash == hash && e->key != VALUE_UNSET && same_text(e->key, key)) return i;
        }
        return TABLE_ABSENT;
    }
    uint32_t mask = (1u << d->index_bits) - 1;
    for (uint32_t slot = index_home(hash, d->index_bits); d->index[slot] >= 0;
         slot = (slot + 1) & mask) {
        const DictEntry *e = &d->entries[d->index[slot]];
        if (e->hash == hash && same_text(e->key, key)) return d->index[slot];
    }
    return TABLE_ABSENT;
}

/* ---- growing ---- */

/* Squeeze the gaps out. */
static void compact(Dict *d) {
    uint32_t to = 0;
    for (uint32_t from = 0; from < d->count; from++) {
        if (d->entries[from].key == VALUE_UNSET) continue;
        if (to != from) d->entries[to] = d->entries[from];
        to++;
    }
    d->count = to;
    d->first = 0;
}

static void fill_index(Dict *d) {
    memset(d->index, -1, index_size(d->index_bits));
    for (uint32_t i = d->first; i < d->count; i++)
        index_put(d->index, d->index_bits, d->entries[i].hash, i);
}

/* Give the table room for [capacity] entries (a power of two, not less than it has), without gaps.
 * */
static bool resize(Thread *t, Dict *d, uint64_t capacity) {
    Heap *heap = &t->vm->heap;
    uint8_t bits = index_bits_for(capacity);
    if (capacity > TABLE_MAX_ENTRIES) return raise_memory_error(t);
    if (capacity != d->capacity) {
        int32_t *index = bits ? heap_realloc(heap, NULL, 0, index_size(bits)) : NULL;
        if (bits && !index) return raise_memory_error(t);
        DictEntry *entries =
            heap_realloc(heap, d->entries, entries_size(d->capacity), entries_size(capacity));
        if (!entries) {
            if (index) heap_release(heap, index, index_size(bits));
            return raise_memory_error(t);
        }
        if (d->index) heap_release(heap, d->index, index_size(d->index_bits));
        d->entries = entries;
        d->index = index;
        d->index_bits = bits;
        d->capacity = (uint32_t)capacity;
    }
    compact(d);
    if (d->index) fill_index(d);
    return true;
}

/* Add a key that is known to be absent. */
static inline bool insert(Thread *t, Dict *d, Value key, uint64_t hash, Value v) {
    if (d->count == d->capacity && !resize(t, d, table_next_capacity(d->used, d->capacity))) {
        return false;
    }
    d->entries[d->count] = (DictEntry){.key = key, .value = v, .hash = hash};
    if (d->index) index_put(d->index, d->index_bits, hash, d->count);
    d->count++;
    d->used++;
    touch(t, d);
    return true;
}

/* ---- the interface ---- */

Dict *dict_new(Thread *t) {
    Dict *d = heap_allocate_small(&t->vm->heap, sizeof(Dict), OBJ_DICT, BUILTIN_CLASS(t, DICT));
    memset((char *)d + sizeof(Object), 0, sizeof(Dict) - sizeof(Object));
    return d;
}

Dict *dict_new_sized(Thread *t, size_t expected) {
    Dict *d = dict_new(t);
    uint64_t capacity = 4;
    while (capacity < expected && capacity < TABLE_MAX_ENTRIES) capacity *= 2;
    if (expected && !resize(t, d, capacity)) exception_take(t); /* then it grows step by step */
    return d;
}

Value dict_get(Thread *t, Dict *dict, Value key) {
    uint64_t hash;
    if (!key_hash(t, key, &hash)) return VALUE_ERROR;
    int64_t i = dict_find(t, dict, key, hash);
    if (i >= 0) return dict->entries[i].value;
    return i == TABLE_ABSENT ? VALUE_UNSET : VALUE_ERROR;
}

bool dict_add_absent(Thread *t, Dict *d, Value key, uint64_t hash, Value v) {
    return insert(t, d, key, hash, v);
}

bool dict_set_hashed(Thread *t, Dict *d, Value key, uint64_t hash, Value v) {
    int64_t i;
    if (is_fixnum(key) || is_exact_str(t, key)) {
        i = dict_find(t, d, key, hash);
    } else {
        Value *roots = push_roots(t, 2);
        roots[0] = key;
        roots[1] = v;
        i = dict_find(t, d, key, hash);
        pop_roots(t, roots);
    }
    if (i == TABLE_ABSENT) return insert(t, d, key, hash, v);
    if (i == TABLE_RAISED) return false;
    heap_set(&t->vm->heap, &d->entries[i].value, v);
    return true;
}

bool dict_set(Thread *t, Dict *dict, Value key, Value v) {
    uint64_t hash;
    if (is_fixnum(key) || is_exact_str(t, key)) {
        if (!key_hash(t, key, &hash)) return false;
        return dict_set_hashed(t, dict, key, hash, v);
    }
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(dict);
    roots[1] = key;
    roots[2] = v;
    bool ok = key_hash(t, key, &hash) && dict_set_hashed(t, dict, key, hash, v);
    pop_roots(t, roots);
    return ok;
}

void dict_remove_at(Thread *t, Dict *d, uint32_t i) {
    Heap *heap = &t->vm->heap;
    DictEntry *e = &d->entries[i];
    if (d->index) index_remove(d->index, d->index_bits, i, &d->entries->hash, sizeof(DictEntry));
    heap_forget(heap, e->key);
    heap_forget(heap, e->value);
    e->key = e->value = VALUE_UNSET;
    d->used--;
    while (d->first < d->count && d->entries[d->first].key == VALUE_UNSET) d->first++;
    touch(t, d);
}

/* Leave gaps before the entries, as many as behind them, in a table that has room for twice as
 * many. */
static bool make_room_in_front(Thread *t, Dict *d) {
    uint64_t capacity = d->capacity;
    while (capacity < 2 * (uint64_t)d->used + 4) capacity *= 2;
    heap_settle(&t->vm->heap, d);
    if (!resize(t, d, capacity)) return false;
    uint32_t gap = (d->capacity - d->used) / 2;
    memmove(d->entries + gap, d->entries, entries_size(d->count));
    for (uint32_t i = 0; i < gap; i++)
        d->entries[i] = (DictEntry){.key = VALUE_UNSET, .value = VALUE_UNSET};
    d->count += gap;
    d->first = gap;
    if (d->index) fill_index(d);
    return true;
}

bool dict_move(Thread *t, Dict *d, uint32_t i, bool last) {
    DictEntry e = d->entries[i];
    dict_remove_at(t, d, i);
    if (last) return insert(t, d, e.key, e.hash, e.value);
    if (d->first == 0 && !make_room_in_front(t, d)) return false;
    heap_settle(&t->vm->heap, d);
    d->entries[--d->first] = e;
    if (d->index) index_put(d->index, d->index_bits, e.hash, d->first);
    d->used++;
    touch(t, d);
    return true;
}

int dict_delete(Thread *t, Dict *dict, Value key) {
    uint64_t hash;
    if (!key_hash(t, key, &hash)) return -1;
    int64_t i = dict_find(t, dict, key, hash);
    if (i < 0) return i == TABLE_ABSENT ? 0 : -1;
    dict_remove_at(t, dict, (uint32_t)i);
    return 1;
}

Value dict_get_str(Thread *t, Dict *dict, Str *key) {
    int64_t i = dict_find_str(t, dict, key);
    return i < 0 ? VALUE_UNSET : dict->entries[i].value;
}

void dict_set_str(Thread *t, Dict *dict, Str *key, Value v) {
    int64_t i = dict_find_str(t, dict, key);
    if (i >= 0) heap_set(&t->vm->heap, &dict->entries[i].value, v);
    else if (!insert(t, dict, object_value(key), str_hash(t->vm, key), v)) {
        memory_exhausted(entries_size((uint64_t)dict->capacity * 2));
    }
}

bool dict_delete_str(Thread *t, Dict *dict, Str *key) {
    int64_t i = dict_find_str(t, dict, key);
    if (i >= 0) dict_remove_at(t, dict, (uint32_t)i);
    return i >= 0;
}

void dict_clear(Thread *t, Dict *d) {
    Heap *heap = &t->vm->heap;
    for (uint32_t i = d->first; heap->marking && i < d->count; i++) {
        heap_forget(heap, d->entries[i].key);
        heap_forget(heap, d->entries[i].value);
    }
    if (d->entries) heap_release(heap, d->entries, entries_size(d->capacity));
    if (d->index) heap_release(heap, d->index, index_size(d->index_bits));
    d->entries = NULL;
    d->index = NULL;
    d->index_bits = 0;
    d->used = d->count = d->capacity = d->first = 0;
    touch(t, d);
}

bool dict_next(const Dict *dict, uint32_t *position, Value *key, Value *value) {
    uint32_t i = *position > dict->first ? *position : dict->first;
    while (i < dict->count && dict->entries[i].key == VALUE_UNSET) i++;
    if (i >= dict->count) return false;
    *position = i + 1;
    *key = dict->entries[i].key;
    *value = dict->entries[i].value;
    return true;
}

/* ---- copying and merging ---- */

/* Add all of [from] to the empty [d]. */
static bool insert_all(Thread *t, Dict *d, const Dict *from) {
    uint64_t capacity = 4;
    while (capacity < from->used) capacity *= 2;
    if (capacity > d->capacity && !resize(t, d, capacity)) return false;
    for (uint32_t i = from->first; i < from->count; i++) {
        const DictEntry *e = &from->entries[i];
        if (e->key != VALUE_UNSET && !insert(t, d, e->key, e->hash, e->value)) return false;
    }
    return true;
}

Dict *dict_copy(Thread *t, Dict *dict) {
    Dict *d = dict_new(t);
    if (dict->used && !insert_all(t, d, dict)) return NULL;
    return d;
}

bool dict_merge(Thread *t, Dict *d, Dict *from) {
    if (d == from || from->used == 0) return true;
    if (d->used == 0) return insert_all(t, d, from);
    uint32_t used = from->used;
    for (uint32_t i = from->first; i < from->count; i++) {
        DictEntry e = from->entries[i];
        if (e.key == VALUE_UNSET) continue;
        if (!dict_set_hashed(t, d, e.key, e.hash, e.value)) return false;
        if (from->used == used) continue;
        raise_error(t, EXC_RuntimeError, "dict mutated during update");
        return false;
    }
    return true;
}

/* d[key] := other[key] for every key of other.keys(). */
typedef struct MappingUpdate {
    Dict *dict;
    Value other;
} MappingUpdate;

static bool add_from_mapping(Thread *t, Value key, void *context) {
    MappingUpdate *update = context;
    Value *roots = push_roots(t, 1);
    roots[0] = key;
    Value v = value_getitem(t, update->other, key);
    bool ok = v != VALUE_ERROR && dict_set(t, update->dict, key, v);
    pop_roots(t, roots);
    return ok;
}

static bool update_from_mapping(Thread *t, Dict *d, Value other) {
    MappingUpdate update = {d, other};
    Value *roots = push_roots(t, 1);
    roots[0] = call_method(t, other, NAME_OF(t, keys), NULL, 0);
    bool ok = roots[0] != VALUE_ERROR && value_for_each(t, roots[0], add_from_mapping, &update);
    pop_roots(t, roots);
    return ok;
}

/* Entries from an iterable of pairs. */
typedef struct PairsUpdate {
    Dict *dict;
    size_t count;
} PairsUpdate;

/* [pair] as a list or tuple; VALUE_ERROR raised. */
static Value pair_items(Thread *t, Value pair, size_t number) {
    if (is_kind(pair, OBJ_TUPLE) || is_kind(pair, OBJ_LIST)) return pair;
    Tuple *items = tuple_from_iterable(t, pair);
    if (items) return object_value(items);
    if (exception_matches(t, EXC_TypeError)) {
        exception_take(t);
        raise_error(t, EXC_TypeError,
                    "cannot convert dictionary update sequence element #%zu to a sequence", number);
    }
    return VALUE_ERROR;
}

static bool add_pair(Thread *t, Value pair, void *context) {
    PairsUpdate *update = context;
    Value *roots = push_roots(t, 1);
    roots[0] = pair;
    size_t n = 0;
    Value items = roots[0] = pair_items(t, pair, update->count);
    const Value *pointer = items == VALUE_ERROR ? NULL : sequence_items(items, &n);
    bool ok = pointer && n == 2 && dict_set(t, update->dict, pointer[0], pointer[1]);
    pop_roots(t, roots);
    if (pointer && n != 2) {
        raise_error(t, EXC_ValueError,
                    "dictionary update sequence element #%zu has length %zu; 2 is required",
                    update->count, n);
    }
    update->count++;
    return ok;
}

static bool update_from(Thread *t, Dict *d, Value other) {
    if (is_kind(other, OBJ_DICT)) {
        Class *cls = object_class(object_of(other));
        if (cls->slots.iter == BUILTIN_CLASS(t, DICT)->slots.iter)
            return dict_merge(t, d, DICT(other));
    }
    Value keys = value_getattr_or_unset(t, other, NAME_OF(t, keys));
    if (keys == VALUE_ERROR) return false;
    if (keys != VALUE_UNSET) return update_from_mapping(t, d, other);
    PairsUpdate update = {d, 0};
    return value_for_each(t, other, add_pair, &update);
}

bool dict_update(Thread *t, Dict *dict, Value other) {
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(dict);
    roots[1] = other;
    bool ok = update_from(t, dict, other);
    pop_roots(t, roots);
    return ok;
}
