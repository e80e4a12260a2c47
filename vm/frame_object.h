/* SPDX-License-Identifier: MIT */
/*
 * Frame objects: what a program sees of an activation. Traceback levels, generators and
 * sys._getframe give them.
 *
 * Frames themselves live on a stack or in a generator and are no objects. An object for one holds
 * a copy of its variables (not for generators, which are asked anew).
 *
 * Read next: vm/frame_object.c, vm/frame.h.
 */
#ifndef TULIP_VM_FRAME_OBJECT_H
#define TULIP_VM_FRAME_OBJECT_H

#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/generator.h"

/* The variables of [code] at [registers] as they are now: a Tuple, or VALUE_NONE when there are
 * none to copy (module code). */
Value frame_copy_registers(Thread *t, const Code *code, const Value *registers);
/* A function's variables that have values, as a new dict; [registers]: its named ones. */
Dict *frame_locals_dict(Thread *t, const Function *function, const Value *registers);
/* The frame of a suspended or running generator. */
Value frame_object_of_generator(Thread *t, Generator *g);
/* A copy of the stack from [depth] levels below the running frame on, linked by f_back;
 * VALUE_UNSET: the stack is not that deep. */
Value frame_object_stack(Thread *t, int64_t depth);
/* The line a traceback level is at. */
int traceback_line(const Traceback *level);

#endif
