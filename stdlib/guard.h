/* SPDX-License-Identifier: MIT */
/*
 * The guard of the prompt: what tasks print while a line is being typed appears above the line.
 *
 * The editor (stdlib/_prompt/editor.tul) leaves two texts here whenever it has drawn: the one that
 * erases what it drew, and the one that draws it again. Whoever flushes standard output or error
 * meanwhile writes the first text, his own, and the second, in one system call; so nothing is torn
 * and no Tulip code runs. A line that he did not end stands above the prompt and is continued by
 * what comes next, so that a spinner spins there.
 *
 * Read next: stdlib/guard.c, stdlib/file_core.c.
 */
#ifndef TULIP_STDLIB_GUARD_H
#define TULIP_STDLIB_GUARD_H

#include "stdlib/file.h"

typedef struct Guard {
    bool watched[3]; /* is the descriptor a terminal? */
    bool shown;      /* a line is being typed */
    bool middle;     /* what was written last did not end its line */
    Buffer erase, draw;
    Buffer unfinished; /* the line above the prompt that was not ended */
} Guard;

/* The guard of the vm, or NULL when there is no prompt on a terminal. */
static inline Guard *guard_of(const Thread *t) { return stdlib_of(t)->guard; }

/* What flushing [core] does when its descriptor is guarded: true, all is written. False: it is not
 * guarded now. */
bool guard_write(Guard *guard, FileCore *core);
/* Write [data] to standard error as if it were flushed. */
void guard_write_error(Guard *guard, const char *data, size_t size);
/* Write [before], which erases what was drawn last, and [draw]; from now on output appears above.
 * In one step, so that no other thread writes in between. */
void guard_show(Guard *guard, const Str *before, const Str *erase, const Str *draw);
/* Release it. */
void guard_free(Guard *guard);

#endif
