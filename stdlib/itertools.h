/* SPDX-License-Identifier: MIT */
/*
 * What the files of itertools share. Every iterator is a header followed by Values only, so one
 * function traces them all; numbers among them are fixnums.
 */
#ifndef TULIP_STDLIB_ITERTOOLS_H
#define TULIP_STDLIB_ITERTOOLS_H

#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* A row of a class table: an iterator class with a constructor. */
#define ITERATOR_CLASS(NAME, STRUCT, SLOTS, METHODS, DOC)                                          \
    {                                                                                              \
        .kind = OBJ_NATIVE_DATA, .name = NAME, .slots = &SLOTS, .methods = METHODS, .doc = DOC,    \
        .size = sizeof(STRUCT), .flags = CLASS_BASE_ALLOWED, .trace = stdlib_trace_values          \
    }

/* Store into a field of an iterator that the collector may have seen. */
static inline void set_field(Thread *t, Value *field, Value v) { heap_set(&t->vm->heap, field, v); }
/* Mark an iterator as exhausted: its source goes, and so does what next returns. */
static inline Value finish_iterator(Thread *t, Value *source) {
    set_field(t, source, VALUE_UNSET);
    return iter_done(t);
}

/* The one argument that is to be iterated: its iterator, or VALUE_ERROR. */
Value itertools_source(Thread *t, const char *name, const Class *cls, const Value *args, int argc,
                       Tuple *kwnames) MUST_CHECK;
/* What __reduce__ gives: (class of self, arguments[, state]); [state] VALUE_UNSET: none. */
Value itertools_reduced(Thread *t, Value self, const Value *arguments, int count, Value state);
/* The state that __setstate__ was given must be a tuple of [least] to [most] items: false raised.
 */
bool itertools_state(Thread *t, Value state, size_t least, size_t most) MUST_CHECK;

#define ITERATOR_REDUCE(NAME)                                                                      \
    { "__reduce__", NAME##_reduce, "(self, /)", "State for pickle and copy." }
#define ITERATOR_SETSTATE(NAME)                                                                    \
    { "__setstate__", NAME##_setstate, "(self, state, /)", "Go to where __reduce__ was called." }
/* The slots of a class whose functions are NAME_construct and NAME_next. */
#define ITERATOR_SLOTS(NAME)                                                                       \
    static const Slots NAME##_slots = {                                                            \
        .iter = stdlib_iter_self, .next = NAME##_next, .construct = NAME##_construct}

/* Put the classes of the other files into the module. */
void itertools_select_init(Thread *t, Module *m);
void itertools_running_init(Thread *t, Module *m);
void itertools_group_init(Thread *t, Module *m);
void itertools_combine_init(Thread *t, Module *m);
/* itertools.tee */
Value itertools_tee(Thread *t, Value *args);

#endif
