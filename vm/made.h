/* SPDX-License-Identifier: MIT */
/*
 * The stacks in which futures, tasks, handles and coroutines were made, when somebody wants to
 * know: a loop in debug mode, or sys.set_coroutine_origin_tracking_depth().
 *
 * They are kept beside the objects, in a table that keeps none of them alive, so that an object
 * without a note has no room for one and pays nothing. Each kind has a bit that says whether there
 * is one. A stack is a tuple of Code, pc, Code, pc …, the innermost level first; files and lines
 * are looked up when it is shown.
 *
 * Read next: vm/made.c, vm/origin.h (the one line that is always known).
 */
#ifndef TULIP_VM_MADE_H
#define TULIP_VM_MADE_H

#include "vm/frame.h"
#include "vm/thread.h"

/* How many levels debug mode keeps. */
enum { MADE_DEPTH = 10 };

typedef struct Made {
    Object *object;
    Value stack;
    Value summary; /* the traceback.StackSummary for it, or VALUE_UNSET before it is needed */
} Made;

/* [object] is made now: note the [depth] innermost levels. The caller sets the object's bit. */
void made_note(Thread *t, Object *object, uint32_t depth);
/* The noted stack of [object], or VALUE_UNSET. */
Value made_stack(const Heap *heap, const Object *object);
/* The same as cr_origin: ((file, line, name), …), the innermost level first; None: no note. */
Value made_origin(Thread *t, const Object *object) MUST_CHECK;
/* The same as _source_traceback: a traceback.StackSummary that ends in the program's own code, the
 * same one each time; None: no note. [object] is rooted by the caller. */
Value made_summary(Thread *t, Object *object) MUST_CHECK;
/* " created at FILE:LINE", the last line of that; nothing without a note. */
void made_text(const Heap *heap, const Object *object, Buffer *out);
/* "  File …" and the source line for each level, the outermost first, as tracebacks have them. */
void made_put_levels(Thread *t, const Object *object, Buffer *out);

/* For the collector: shade the stacks; forget those of dead objects; give the table back. */
void made_shade(Heap *heap);
void made_forget_dead(Heap *heap);
void made_free(Heap *heap);

#endif
