/* SPDX-License-Identifier: MIT */
/*
 * Sets and frozensets: the table of vm/dict.c without values.
 *
 * They keep the order of insertion, so printing a set is deterministic; pop() takes the oldest
 * member. For that a set remembers in [first] how many gaps lie before its first member. A
 * frozenset keeps its hash in the same field.
 *
 * A search that had to call Tulip code checks that the table is still the one it was walking
 * (match_slow).
 * Read next: vm/set_methods.c (the classes).
 */
#include "vm/container.h"
#include "vm/hash_index.h"
#include "vm/sequence.h"
#include "vm/table.h"

static size_t entries_size(uint64_t capacity) { return capacity * sizeof(SetEntry); }
static size_t index_size(uint8_t bits) { return (size_t)4 << bits; }

static bool is_frozen(const Set *s) { return object_kind(&s->header) == OBJ_FROZENSET; }
static uint32_t first_of(const Set *s) { return is_frozen(s) ? 0 : (uint32_t)s->first; }

/* ---- searching ---- */

/* Ask whether entry [i] equals [key]; both have the same hash and are not identical. */
static KeyMatch match_slow(Thread *t, Set *s, uint32_t i, Value key) {
    Value stored = s->entries[i].key;
    Set before = *s;
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(s);
    roots[1] = stored;
    roots[2] = key;
    int equal = value_equal(t, stored, key);
    pop_roots(t, roots);
    if (equal < 0) return KEY_RAISED;
    bool same = s->entries == before.entries && s->index == before.index &&
                s->index_bits == before.index_bits && s->count == before.count &&
                s->entries[i].key == stored;
    return !same ? KEY_TABLE_CHANGED : equal ? KEY_MATCHES : KEY_DIFFERS;
}

static inline KeyMatch match(Thread *t, Set *s, uint32_t i, Value key) {
    Value stored = s->entries[i].key;
    bool equal;
    if (stored == key) return KEY_MATCHES;
    if (stored == VALUE_UNSET) return KEY_DIFFERS;
    if (LIKELY(keys_compare_fast(t, stored, key, &equal))) return equal ? KEY_MATCHES : KEY_DIFFERS;
    return match_slow(t, s, i, key);
}

static KeyMatch find_unindexed(Thread *t, Set *s, Value key, uint64_t hash, uint32_t *at) {
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->entries[i].hash != hash) continue;
        KeyMatch m = match(t, s, i, key);
        *at = i;
        if (m != KEY_DIFFERS) return m;
    }
    return KEY_DIFFERS;
}

static KeyMatch find_indexed(Thread *t, Set *s, Value key, uint64_t hash, uint32_t *at) {
    uint32_t mask = (1u << s->index_bits) - 1;
    for (uint32_t slot = index_home(hash, s->index_bits); s->index[slot] >= 0;
         slot = (slot + 1) & mask) {
        uint32_t i = (uint32_t)s->index[slot];
        if (s->entries[i].hash != hash) continue;
        KeyMatch m = match(t, s, i, key);
        *at = i;
        if (m != KEY_DIFFERS) return m;
    }
    return KEY_DIFFERS;
}

int64_t set_find(Thread *t, Set *s, Value key, uint64_t hash) {
    uint32_t at = 0;
    for (;;) {
        KeyMatch m =
            s->index ? find_indexed(t, s, key, hash, &at) : find_unindexed(t, s, key, hash, &at);
        if (m == KEY_MATCHES) return at;
        if (m == KEY_DIFFERS) return TABLE_ABSENT;
        if (m == KEY_RAISED) return TABLE_RAISED;
    }
}

/* ---- growing ---- */

static void compact(Set *s) {
    uint32_t to = 0;
    for (uint32_t from = 0; from < s->count; from++) {
        if (s->entries[from].key == VALUE_UNSET) continue;
        if (to != from) s->entries[to] = s->entries[from];
        to++;
    }
    s->count = to;
    s->first = 0; /* a frozenset is only changed before its hash is wanted */
}

static void fill_index(Set *s) {
    memset(s->index, -1, index_size(s->index_bits));
    for (uint32_t i = 0; i < s->count; i++)
        index_put(s->index, s->index_bits, s->entries[i].hash, i);
}

/* Give the table room for [capacity] entries (a power of two, not less than it has), without gaps.
 * */
static bool resize(Thread *t, Set *s, uint64_t capacity) {
    Heap *heap = &t->vm->heap;
    uint8_t bits = index_bits_for(capacity);
    if (capacity > TABLE_MAX_ENTRIES) return raise_memory_error(t);
    if (capacity != s->capacity) {
        int32_t *index = bits ? heap_realloc(heap, NULL, 0, index_size(bits)) : NULL;
        if (bits && !index) return raise_memory_error(t);
        SetEntry *entries =
            heap_realloc(heap, s->entries, entries_size(s->capacity), entries_size(capacity));
        if (!entries) {
            if (index) heap_release(heap, index, index_size(bits));
            return raise_memory_error(t);
        }
        if (s->index) heap_release(heap, s->index, index_size(s->index_bits));
        s->entries = entries;
        s->index = index;
        s->index_bits = bits;
        s->capacity = (uint32_t)capacity;
    }
    compact(s);
    if (s->index) fill_index(s);
    return true;
}

/* Add a member that is known to be absent. */
static bool insert(Thread *t, Set *s, Value key, uint64_t hash) {
    if (s->count == s->capacity && !resize(t, s, table_next_capacity(s->used, s->capacity))) {
        return false;
    }
    s->entries[s->count] = (SetEntry){.key = key, .hash = hash};
    if (s->index) index_put(s->index, s->index_bits, hash, s->count);
    s->count++;
    s->used++;
    return true;
}

/* ---- the interface ---- */

Set *set_new(Thread *t, bool frozen) {
    ObjectKind kind = frozen ? OBJ_FROZENSET : OBJ_SET;
    Set *s = heap_allocate_small(&t->vm->heap, sizeof(Set), kind, t->vm->classes[kind]);
    memset((char *)s + sizeof(Object), 0, sizeof(Set) - sizeof(Object));
    return s;
}

bool set_add_hashed(Thread *t, Set *s, Value key, uint64_t hash) {
    Value *roots = push_roots(t, 1);
    roots[0] = key;
    int64_t i = set_find(t, s, key, hash);
    pop_roots(t, roots);
    if (i == TABLE_ABSENT) return insert(t, s, key, hash);
    return i != TABLE_RAISED;
}

bool set_add(Thread *t, Set *set, Value v) {
    uint64_t hash;
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(set);
    roots[1] = v;
    bool ok = key_hash(t, v, &hash) && set_add_hashed(t, set, v, hash);
    pop_roots(t, roots);
    return ok;
}

/* hash(key); a set is looked up as if it were frozen. */
static bool member_hash(Thread *t, Value key, uint64_t *hash) {
    if (!is_kind(key, OBJ_SET)) return key_hash(t, key, hash);
    Class *cls = object_class(object_of(key));
    if (cls->slots.hash != BUILTIN_CLASS(t, SET)->slots.hash) return key_hash(t, key, hash);
    Set *frozen = set_copy(t, SET(key), true);
    return frozen && key_hash(t, object_value(frozen), hash);
}

/* Entry number of [v], TABLE_ABSENT, TABLE_RAISED. */
static int64_t find_member(Thread *t, Set *set, Value v) {
    uint64_t hash = 0;
    if (!member_hash(t, v, &hash)) return TABLE_RAISED;
    return set_find(t, set, v, hash);
}

int set_contains(Thread *t, Set *set, Value v) {
    int64_t i = find_member(t, set, v);
    return i >= 0 ? 1 : i == TABLE_ABSENT ? 0 : -1;
}

void set_remove_at(Thread *t, Set *s, uint32_t i) {
    if (s->index) index_remove(s->index, s->index_bits, i, &s->entries->hash, sizeof(SetEntry));
    heap_forget(&t->vm->heap, s->entries[i].key);
    s->entries[i].key = VALUE_UNSET;
    if (--s->used == 0) {
        s->count = 0;
        s->first = 0;
        return;
    }
    while (s->entries[s->count - 1].key == VALUE_UNSET) s->count--;
    while (s->entries[s->first].key == VALUE_UNSET) s->first++;
}

int set_discard(Thread *t, Set *set, Value v) {
    int64_t i = find_member(t, set, v);
    if (i < 0) return i == TABLE_ABSENT ? 0 : -1;
    set_remove_at(t, set, (uint32_t)i);
    return 1;
}

bool set_next(const Set *set, uint32_t *position, Value *key) {
    uint32_t i = *position > first_of(set) ? *position : first_of(set);
    while (i < set->count && set->entries[i].key == VALUE_UNSET) i++;
    if (i >= set->count) return false;
    *position = i + 1;
    *key = set->entries[i].key;
    return true;
}

void set_clear(Thread *t, Set *s) {
    Heap *heap = &t->vm->heap;
    for (uint32_t i = 0; heap->marking && i < s->count; i++) heap_forget(heap, s->entries[i].key);
    if (s->entries) heap_release(heap, s->entries, entries_size(s->capacity));
    if (s->index) heap_release(heap, s->index, index_size(s->index_bits));
    s->entries = NULL;
    s->index = NULL;
    s->index_bits = 0;
    s->used = s->count = s->capacity = 0;
    s->first = 0;
}

/* ---- from other containers ---- */

/* Add all members of [from] to the empty [s]. */
static bool insert_all(Thread *t, Set *s, const Set *from) {
    uint64_t capacity = 4;
    while (capacity < from->used) capacity *= 2;
    if (capacity > s->capacity && !resize(t, s, capacity)) return false;
    for (uint32_t i = 0; i < from->count; i++) {
        const SetEntry *e = &from->entries[i];
        if (e->key != VALUE_UNSET && !insert(t, s, e->key, e->hash)) return false;
    }
    return true;
}

Set *set_copy(Thread *t, Set *s, bool frozen) {
    Set *copy = set_new(t, frozen);
    if (s->used && !insert_all(t, copy, s)) return NULL;
    return copy;
}

/* Calls [apply] for each member of [other] with its hash, while other stays as it is. */
typedef bool (*MemberVisitor)(Thread *t, Set *s, Value key, uint64_t hash);

static bool for_each_member(Thread *t, Set *s, Set *other, MemberVisitor apply) {
    uint32_t used = other->used;
    for (uint32_t i = 0; i < other->count && other->used == used; i++) {
        SetEntry e = other->entries[i];
        if (e.key != VALUE_UNSET && !apply(t, s, e.key, e.hash)) return false;
    }
    return true;
}

static bool for_each_key(Thread *t, Set *s, Dict *other, MemberVisitor apply) {
    uint32_t used = other->used;
    for (uint32_t i = 0; i < other->count && other->used == used; i++) {
        DictEntry e = other->entries[i];
        if (e.key != VALUE_UNSET && !apply(t, s, e.key, e.hash)) return false;
    }
    return true;
}

typedef struct Application {
    Set *set;
    MemberVisitor apply;
} Application;

static bool hash_and_apply(Thread *t, Value item, void *context) {
    Application *a = context;
    uint64_t hash;
    Value *roots = push_roots(t, 1);
    roots[0] = item;
    bool ok = key_hash(t, item, &hash) && a->apply(t, a->set, item, hash);
    pop_roots(t, roots);
    return ok;
}

/* Does iterating [v] give what its table holds? */
static bool iterates_plainly(const Thread *t, Value v, ObjectKind kind) {
    return object_class(object_of(v))->slots.iter == t->vm->classes[kind]->slots.iter;
}

/* Apply to every item of an iterable; members of sets and dicts keep their hashes. */
static bool for_each(Thread *t, Set *s, Value iterable, MemberVisitor apply) {
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(s);
    roots[1] = iterable;
    bool ok;
    if (is_any_set(iterable) && iterates_plainly(t, iterable, object_kind(object_of(iterable)))) {
        ok = for_each_member(t, s, SET(iterable), apply);
    } else if (is_kind(iterable, OBJ_DICT) && iterates_plainly(t, iterable, OBJ_DICT)) {
        ok = for_each_key(t, s, DICT(iterable), apply);
    } else {
        Application a = {s, apply};
        ok = value_for_each(t, iterable, hash_and_apply, &a);
    }
    pop_roots(t, roots);
    return ok;
}

bool set_update(Thread *t, Set *set, Value iterable) {
    if (iterable == object_value(set)) return true;
    if (set->used == 0 && is_any_set(iterable) &&
        iterates_plainly(t, iterable, object_kind(object_of(iterable)))) {
        return SET(iterable)->used == 0 || insert_all(t, set, SET(iterable));
    }
    return for_each(t, set, iterable, set_add_hashed);
}

Set *set_from_iterable(Thread *t, Value iterable, bool frozen) {
    Set *s = set_new(t, frozen);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(s);
    bool ok = set_update(t, s, iterable);
    pop_roots(t, roots);
    return ok ? s : NULL;
}

/* ---- changing a set by another ---- */

static bool remove_hashed(Thread *t, Set *s, Value key, uint64_t hash) {
    int64_t i = set_find(t, s, key, hash);
    if (i >= 0) set_remove_at(t, s, (uint32_t)i);
    return i != TABLE_RAISED;
}

static bool toggle_hashed(Thread *t, Set *s, Value key, uint64_t hash) {
    int64_t i = set_find(t, s, key, hash);
    if (i >= 0) set_remove_at(t, s, (uint32_t)i);
    return i == TABLE_ABSENT ? insert(t, s, key, hash) : i != TABLE_RAISED;
}

bool set_subtract(Thread *t, Set *s, Value iterable) {
    if (iterable == object_value(s)) {
        set_clear(t, s);
        return true;
    }
    if (s->used == 0 && is_any_set(iterable)) return true;
    return for_each(t, s, iterable, remove_hashed);
}

bool set_toggle(Thread *t, Set *s, Value iterable) {
    if (iterable == object_value(s)) {
        set_clear(t, s);
        return true;
    }
    if (is_any_set(iterable)) return for_each(t, s, iterable, toggle_hashed);
    Value *roots = push_roots(t, 1); /* an item that comes twice counts once */
    Set *other = set_from_iterable(t, iterable, false);
    if (other) roots[0] = object_value(other);
    bool ok = other && for_each_member(t, s, other, toggle_hashed);
    pop_roots(t, roots);
    return ok;
}

/* Move the contents of [from] into [s]; [from] is left empty. */
static void take_table(Thread *t, Set *s, Set *from) {
    Heap *heap = &t->vm->heap;
    set_clear(t, s);
    for (uint32_t i = 0; heap->marking && i < from->count; i++)
        heap_shade(heap, from->entries[i].key);
    s->entries = from->entries;
    s->index = from->index;
    s->index_bits = from->index_bits;
    s->used = from->used;
    s->count = from->count;
    s->capacity = from->capacity;
    s->first = from->first;
    from->entries = NULL;
    from->index = NULL;
    from->index_bits = 0;
    from->used = from->count = from->capacity = 0;
    from->first = 0;
}

/* The members of [s] that come up among the items visited. */
typedef struct Intersection {
    Set *set, *result;
} Intersection;

static bool keep_if_member(Thread *t, Value item, void *context) {
    Intersection *both = context;
    uint64_t hash;
    Value *roots = push_roots(t, 1);
    roots[0] = item;
    int64_t i = key_hash(t, item, &hash) ? set_find(t, both->set, item, hash) : TABLE_RAISED;
    bool ok = i == TABLE_ABSENT || (i >= 0 && set_add_hashed(t, both->result, item, hash));
    pop_roots(t, roots);
    return ok;
}

/* Keep the members of [s] that [other] has too: in the order of s. */
static bool keep_members_of(Thread *t, Set *s, Set *other, Set *result) {
    for (uint32_t i = 0; i < s->count; i++) {
        SetEntry e = s->entries[i];
        if (e.key == VALUE_UNSET) continue;
        int64_t found = set_find(t, other, e.key, e.hash);
        if (found == TABLE_RAISED) return false;
        if (found >= 0 && !set_add_hashed(t, result, e.key, e.hash)) return false;
    }
    return true;
}

bool set_intersect(Thread *t, Set *s, Value iterable) {
    Value *roots = push_roots(t, 2);
    Set *result = set_new(t, false);
    roots[0] = object_value(result);
    roots[1] = object_value(s);
    Intersection both = {s, result};
    bool ok = is_any_set(iterable) ? keep_members_of(t, s, SET(iterable), result)
                                   : value_for_each(t, iterable, keep_if_member, &both);
    if (ok) take_table(t, s, result);
    pop_roots(t, roots);
    return ok;
}

int set_is_subset(Thread *t, Set *a, Set *b) {
    if (a->used > b->used) return 0;
    for (uint32_t i = 0; i < a->count; i++) {
        SetEntry e = a->entries[i];
        if (e.key == VALUE_UNSET) continue;
        Value *roots = push_roots(t, 1);
        roots[0] = e.key;
        int64_t found = set_find(t, b, e.key, e.hash);
        pop_roots(t, roots);
        if (found < 0) return found == TABLE_ABSENT ? 0 : -1;
    }
    return 1;
}
