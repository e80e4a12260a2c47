/* SPDX-License-Identifier: MIT */
/* What the files of the native module _functools share: each puts its own classes into the module.
 * See stdlib/functools_native.c and stdlib/lru_cache.c. */
#ifndef TULIP_STDLIB_FUNCTOOLS_NATIVE_H
#define TULIP_STDLIB_FUNCTOOLS_NATIVE_H

#include "stdlib/stdlib.h"

/* Put the class of cached functions into [m] (stdlib/lru_cache.c). */
void lru_cache_init(Thread *t, Module *m);

#endif
