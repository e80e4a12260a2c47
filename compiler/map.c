/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing, at most three quarters full; see map.h for what it holds.
 *
 * Keys are pointers or tagged values, whose low bits hardly vary, so they are multiplied by an odd
 * constant and the upper bits choose the slot.
 */
#include "compiler/map.h"

static uint32_t slot_of(const Map *map, uint64_t key) {
    return (uint32_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (map->capacity - 1);
}

/* The index of the slot that holds [key], or of the empty one where it belongs. */
static uint32_t probe(const Map *map, uint64_t key) {
    uint32_t i = slot_of(map, key);
    while (map->slots[2 * i] && map->slots[2 * i] != key) i = (i + 1) & (map->capacity - 1);
    return i;
}

static void grow(Arena *arena, Map *map) {
    Map larger = {.capacity = map->capacity ? map->capacity * 2 : 8, .count = map->count};
    larger.slots = arena_alloc(arena, sizeof(uint64_t) * 2 * larger.capacity);
    for (uint32_t i = 0; i < map->capacity; i++) {
        if (!map->slots[2 * i]) continue;
        uint32_t to = probe(&larger, map->slots[2 * i]);
        larger.slots[2 * to] = map->slots[2 * i];
        larger.slots[2 * to + 1] = map->slots[2 * i + 1];
    }
    *map = larger;
}

bool map_get(const Map *map, uint64_t key, uint64_t *value) {
    if (!map->count) return false;
    uint32_t i = probe(map, key);
    if (!map->slots[2 * i]) return false;
    if (value) *value = map->slots[2 * i + 1];
    return true;
}

void map_set(Arena *arena, Map *map, uint64_t key, uint64_t value) {
    if (map->count * 4 >= map->capacity * 3) grow(arena, map);
    uint32_t i = probe(map, key);
    if (!map->slots[2 * i]) map->count++;
    map->slots[2 * i] = key;
    map->slots[2 * i + 1] = value;
}
