/* SPDX-License-Identifier: MIT */
/*
 * The parts of the native module _asyncio, on which the package stdlib/asyncio, written in Tulip,
 * stands: the classes Future, Task and Queue, and the functions of the loop.
 *
 * Read next: stdlib/asyncio_native.c, stdlib/asyncio_queue.c.
 */
#ifndef TULIP_STDLIB_ASYNCIO_NATIVE_H
#define TULIP_STDLIB_ASYNCIO_NATIVE_H

#include "loop/loop.h"
#include "stdlib/stdlib.h"

/* Add the class Queue, QueueEmpty and QueueFull to the module (stdlib/asyncio_queue.c). */
bool asyncio_queue_init(Thread *t, Module *module);

#endif
