/* SPDX-License-Identifier: MIT */
/* Positions in programs, for reports: where a thread is, and what the source says there. */
#ifndef TULIP_VM_PLACE_H
#define TULIP_VM_PLACE_H

#include "vm/code.h"
#include "vm/thread.h"

/* A position in a program: NULL code when it is not known. */
typedef struct Place {
    Code *code;
    uint32_t pc;
} Place;

/* Where the running thread is. */
Place place_here(const Thread *t);
/* The innermost level of the running thread that is the program's own and not the library's; where
 * there is none, the innermost. */
Place place_in_program(const Thread *t);

/* The line of [place], and where the expression begins and ends in it, in bytes; *end is 0 when it
 * is not on one line. False: the line is not known. */
bool place_source(Thread *t, Place place, Buffer *line, size_t *start, size_t *end) MUST_CHECK;
/* The text of the expression at [place]; false when it is not on one line or not known. */
bool place_expression(Thread *t, Place place, Buffer *out);

#endif
