/* SPDX-License-Identifier: MIT */
/* The reserve of memory: a few pieces that nobody touches, so that no pages are behind them.
 *
 * They come from malloc, because what the collector frees often goes back to malloc and not to the
 * system. The pieces grow, and the largest is given back first, so that the last ones remain for
 * getting out of the trouble. The contract is in common/memory.h.
 */
#include "common/memory.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECES = 3, LARGE = 1 << 20 };
#define PIECE_SIZE(i) ((size_t)(8 << 20) << 2 * (i)) /* 8, 32 and 128 MiB */

static struct {
    pthread_mutex_t mutex;
    void *pieces[PIECES];
    atomic_bool was_low;
    void (*low)(void *context);
    void *context;
} reserve = {.mutex = PTHREAD_MUTEX_INITIALIZER};

_Noreturn void memory_exhausted(size_t size) {
    fprintf(stderr, "tulip: out of memory (%zu bytes were asked for)\n", size);
    exit(1);
}

bool memory_use_reserve(void) {
    pthread_mutex_lock(&reserve.mutex);
    int i = PIECES - 1;
    while (i >= 0 && !reserve.pieces[i]) i--;
    if (i >= 0) {
        free(reserve.pieces[i]);
        reserve.pieces[i] = NULL;
        atomic_store(&reserve.was_low, true);
        mallopt(M_MMAP_THRESHOLD, LARGE); /* from now on the system gets large blocks back */
        if (reserve.low) reserve.low(reserve.context);
    }
    pthread_mutex_unlock(&reserve.mutex);
    return i >= 0;
}

bool memory_fill_reserve(void) {
    pthread_mutex_lock(&reserve.mutex);
    bool whole = true;
    for (int i = 0; i < PIECES && whole; i++) {
        if (reserve.pieces[i]) continue;
        reserve.pieces[i] = malloc(PIECE_SIZE(i));
        whole = reserve.pieces[i] != NULL;
    }
    pthread_mutex_unlock(&reserve.mutex);
    return whole;
}

bool memory_was_low(void) {
    return atomic_load_explicit(&reserve.was_low, memory_order_relaxed) &&
           atomic_exchange(&reserve.was_low, false);
}

void memory_set_low_callback(void (*low)(void *context), void *context) {
    pthread_mutex_lock(&reserve.mutex);
    reserve.low = low;
    reserve.context = context;
    pthread_mutex_unlock(&reserve.mutex);
}

void *memory_alloc(size_t size) {
    void *block;
    while (!(block = malloc(size ? size : 1)))
        if (!memory_use_reserve()) memory_exhausted(size);
    return block;
}

void *memory_alloc_zeroed(size_t size) {
    void *block;
    while (!(block = calloc(1, size ? size : 1)))
        if (!memory_use_reserve()) memory_exhausted(size);
    return block;
}

void *memory_realloc(void *block, size_t size) {
    void *moved;
    while (!(moved = realloc(block, size ? size : 1)))
        if (!memory_use_reserve()) memory_exhausted(size);
    return moved;
}
