/* SPDX-License-Identifier: MIT */
/* The class deque and its iterators, for the module that shows them. What they stand on is in
 * stdlib/deque.h. See stdlib/deque_class.c. */
#ifndef TULIP_STDLIB_DEQUE_CLASS_H
#define TULIP_STDLIB_DEQUE_CLASS_H

#include "stdlib/deque.h"

/* Put deque and its iterators into [m]. */
void deque_class_init(Thread *t, Module *m);

#endif
