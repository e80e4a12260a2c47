/* SPDX-License-Identifier: MIT */
/* A hash table from 64-bit keys to 64-bit values, in an arena.
 *
 * The compiler keys it by pointers (identifiers of the tree, nodes, interned strings) and by Values
 * (constants), all of which are compared by identity.  A zeroed Map is empty and valid; nothing is
 * ever removed, and the memory goes with the arena.  Key 0 is not allowed: no pointer and no Value
 * is 0.
 */
#ifndef TULIP_COMPILER_MAP_H
#define TULIP_COMPILER_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/arena.h"

typedef struct Map {
    uint64_t *slots;   /* key, value, key, value, …; key 0: empty */
    uint32_t count;    /* keys in the table */
    uint32_t capacity; /* a power of two, or 0 */
} Map;

/* True if [key] is there; its value goes to [value] (which may be NULL). */
bool map_get(const Map *map, uint64_t key, uint64_t *value);

/* Adds [key] or replaces its value. */
void map_set(Arena *arena, Map *map, uint64_t key, uint64_t value);

static inline uint64_t map_key(const void *pointer) { return (uint64_t)(uintptr_t)pointer; }

/* The pointer stored under [key], or NULL. */
static inline void *map_find(const Map *map, const void *key) {
    uint64_t value = 0;
    return map_get(map, map_key(key), &value) ? (void *)(uintptr_t)value : NULL;
}

#endif
