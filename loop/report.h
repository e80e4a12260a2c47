/* SPDX-License-Identifier: MIT */
/*
 * Reports: what a program is told on standard error about mistakes that Python passes over.
 *
 * All have one form: `tulip: KIND: what happened`, then where (the line of the program, with the
 * expression marked), then what to write instead. Of each kind the user says what becomes of it:
 * it is written; it is ignored; or it is an error, so that a run that would have ended with 0 ends
 * with 1. Lost errors are errors unless somebody says otherwise.
 *
 * Read next: loop/report.c (the form), loop/lost.c, loop/forgotten.c, loop/blocked.c.
 */
#ifndef TULIP_LOOP_REPORT_H
#define TULIP_LOOP_REPORT_H

#include "loop/loop.h"
#include "vm/unstarted.h"

/* The name of a kind or an action; NULL beyond the last. */
const char *report_kind_name(int kind);
const char *report_action_name(int action);
/* -W ACTION:KIND, [text] being that. False: it means something else, a filter of warnings. */
bool report_option(LoopState *state, const char *text);

/* What the default exception handler says of [context]: message, keys, exception. */
void report_put_context(Thread *t, Dict *context, Buffer *out);

/* context["source_traceback"]: the stack in which [object], which has a note, was made. */
void report_add_stack(Thread *t, Dict *context, Object *object);
/* Begin a report of [kind]: `tulip: KIND: ` is in [out]. False: it is to be ignored. */
bool report_begin(Thread *t, ReportKind kind, Buffer *out) MUST_CHECK;
/* One of [kind] was made: is it an error? */
void report_count(Thread *t, ReportKind kind);
/* Write what is in [out], free it, and count it. */
void report_end(Thread *t, ReportKind kind, Buffer *out);
/* Was it reported that what was called at [place] is never awaited? */
bool report_is_told(const LoopState *state, Place place);
/* `Return(x)` at [place] where `raise Return(x)` was meant. */
void report_not_raised(Thread *t, Value v, Place place);
/* [t], which does not run [loop], has made something ready for it. */
void report_unheard(Thread *t, Loop *loop);
/* Two or three lines: file, line and function; the source line; what is meant in it. */
void report_place(Thread *t, Place place, Buffer *out);

#endif
