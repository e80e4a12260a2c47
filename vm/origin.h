/* SPDX-License-Identifier: MIT */
/*
 * Where something was made or asked for, and by whom: three words noted at the time, which become a
 * file and a line only when somebody wants to read them.
 *
 * By whom is a task's name, not the task, so that noting it keeps nothing alive. Where is the
 * innermost function of the program: frames of the library are skipped, so that gather() is noted
 * at the line that called it.
 *
 * Read next: vm/future.h (tasks have one), loop/tree.c (who shows them).
 */
#ifndef TULIP_VM_ORIGIN_H
#define TULIP_VM_ORIGIN_H

#include "vm/frame.h"
#include "vm/thread.h"

typedef struct Origin {
    Value by;   /* the name of a task (str, or fixnum n for Task-n); VALUE_NONE: outside tasks */
    Value code; /* the Code that ran, or VALUE_NONE */
    uint32_t pc;
} Origin;

/* Fields that hold nothing yet. */
static inline void origin_clear(Origin *origin) {
    origin->by = origin->code = VALUE_NONE;
    origin->pc = 0;
}
/* Note who runs now, and where; [origin] is inside a heap object. */
void origin_note(Thread *t, Origin *origin);
void origin_trace(Heap *heap, const Origin *origin);
/* "main.tul:3"; false, and nothing, when it is not known. */
bool origin_place(const Origin *origin, Buffer *out);
/* " by Task-1", or nothing. */
void origin_actor(const Origin *origin, Buffer *out);

#endif
