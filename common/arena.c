/* SPDX-License-Identifier: MIT */
/* The bump allocator.
 *
 * Chunks double from 16 KiB to 1 MiB, so a small parse costs little and a large one few mallocs; a
 * request larger than the chunk size gets a chunk to itself.
 */
#include "common/arena.h"

#include <stdlib.h>

#include "common/memory.h"

enum { ALIGNMENT = 16, FIRST_CHUNK = 16 * 1024, LAST_CHUNK = 1024 * 1024 };

struct ArenaChunk {
    ArenaChunk *older;
    size_t size;
};

static void add_chunk(Arena *arena, size_t wanted) {
    size_t size = arena->chunks ? arena->chunks->size * 2 : FIRST_CHUNK;
    if (size > LAST_CHUNK) size = LAST_CHUNK;
    if (size < wanted) size = wanted;
    ArenaChunk *chunk = memory_alloc_zeroed(sizeof *chunk + size);
    chunk->older = arena->chunks;
    chunk->size = size;
    arena->chunks = chunk;
    arena->next = (char *)(chunk + 1);
    arena->limit = arena->next + size;
    arena->total += size;
}

void *arena_alloc(Arena *arena, size_t size) {
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (size > (size_t)(arena->limit - arena->next)) add_chunk(arena, size);
    void *block = arena->next;
    arena->next += size;
    return block;
}

void arena_free_all(Arena *arena) {
    for (ArenaChunk *chunk = arena->chunks; chunk;) {
        ArenaChunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    *arena = (Arena){0};
}
