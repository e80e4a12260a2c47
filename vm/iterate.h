/* SPDX-License-Identifier: MIT */
/*
 * The iterators that are made of other iterators: iter(f, sentinel), reversed, enumerate, zip, map,
 * filter.
 *
 * Every field after the header is a Value. Exhausted iterators hold VALUE_UNSET.
 * Read next: vm/iterate.c (the protocol), stdlib/builtins_iterators.c (these types).
 */
#ifndef TULIP_VM_ITERATE_H
#define TULIP_VM_ITERATE_H

#include "vm/object.h"

typedef struct CallableIterator {
    Object header;
    Value callable, sentinel;
} CallableIterator;

typedef struct Reversed {
    Object header;
    Value sequence, index; /* index of the next item, an int */
} Reversed;

typedef struct Enumerate {
    Object header;
    Value iterator, count;
} Enumerate;

typedef struct Zip {
    Object header;
    Value iterators; /* tuple */
    Value strict;    /* bool */
} Zip;

typedef struct Map {
    Object header;
    Value function, iterators; /* a tuple */
} Map;

typedef struct Filter {
    Object header;
    Value function, iterator; /* function VALUE_NONE: truth */
} Filter;

#endif
