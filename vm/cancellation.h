/* SPDX-License-Identifier: MIT */
/* Who asked for a cancellation, where and when: noted by cancel(), shown with the CancelledError.
 * See vm/cancellation.c. */
#ifndef TULIP_VM_CANCELLATION_H
#define TULIP_VM_CANCELLATION_H

#include "common/buffer.h"
#include "vm/thread.h"

/* Who runs now, where and when: a tuple that a task keeps. */
Value cancellation_note(Thread *t);
/* The same of something that has a name: [words], at the pc of [code]. */
Value cancellation_note_of(Thread *t, const char *words, Value code, Value pc);
/* [exception], a CancelledError, comes from that request. */
void cancellation_mark(Thread *t, Value exception, Value origin);
/* What a CancelledError remembers; VALUE_NONE: nothing. */
Value cancellation_of(const Thread *t, Value exception);
/* "by Task-1 at main.tul:3, 0.5 s ago" */
void cancellation_text(const Thread *t, Value origin, Buffer *out);

#endif
