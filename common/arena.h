/* SPDX-License-Identifier: MIT */
/* Bump allocator for things that die together: the tree of one parse, the tables of one
 * compilation.
 *
 * Memory comes in chunks, 16-byte aligned and zeroed, and goes away all at once. A
 * zero-initialised Arena is empty and valid.
 */
#ifndef TULIP_COMMON_ARENA_H
#define TULIP_COMMON_ARENA_H

#include <stddef.h>

#include "common/memory.h"

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    ArenaChunk *chunks; /* the one in use first */
    char *next, *limit; /* free bytes of the chunk in use */
    size_t total;       /* bytes taken from malloc so far */
} Arena;

/* [size] zeroed bytes, aligned to 16, valid until arena_free_all. */
void *arena_alloc(Arena *arena, size_t size);

/* Frees everything and makes the arena empty again. */
void arena_free_all(Arena *arena);

#endif
