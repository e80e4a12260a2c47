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

/* Put the classes of itertools_group.c and itertools_combine.c into the module. */
void itertools_group_init(Thread *t, Module *m);
void itertools_combine_init(Thread *t, Module *m);
/* itertools.tee */
Value itertools_tee(Thread *t, Value *args);

#endif
