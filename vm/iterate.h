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

#include "vm/native.h"

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

/* The built-in function or class [name], for iterator_reduced. Finding it may run code. */
Value iterator_maker(Thread *t, const char *name) MUST_CHECK;
/* What __reduce__ of an iterator gives: (maker, arguments[, state]); [state] VALUE_UNSET: none. */
Value iterator_reduced(Thread *t, Value maker, Tuple *arguments, Value state);
/* The same for an iterator that is made again from a list of the items of [rest]. */
Value iterator_reduced_rest(Thread *t, Value rest);

/* __reduce__ and __setstate__ of every SequenceIterator, whatever it goes over. */
Value sequence_iterator_reduce(Thread *t, Value *args);
Value sequence_iterator_setstate(Thread *t, Value *args);
#define SEQUENCE_ITERATOR_STATE                                                                    \
    {"__reduce__", sequence_iterator_reduce, "(self, /)", "State for pickle and copy."}, {         \
        "__setstate__", sequence_iterator_setstate, "(self, state, /)", "Go to an index."          \
    }

#endif
