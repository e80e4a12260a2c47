/* SPDX-License-Identifier: MIT */
/*
 * Calling special methods from C. A class has each of them twice: as an attribute that programs
 * see, and as a slot, a C function that operators call. A class written in C fills the slot and
 * gets the method (method_…); one written in Tulip has the method and gets the slot (call_…).
 *
 * Read next: vm/slots.def (the pairs), vm/slots.c, vm/slot_rows.c.
 */
#ifndef TULIP_VM_SLOTS_H
#define TULIP_VM_SLOTS_H

#include "vm/native.h"

typedef void (*AnyFn)(void);

/* A method and the slot behind it. */
typedef struct SlotRow {
    NameId name;
    uint16_t offset; /* of the slot in Slots */
    AnyFn generic;   /* call_…: the slot of a class that defines the method in Tulip */
    NativeDef def;   /* method_…: the method of a class that fills the slot in C */
} SlotRow;

extern const SlotRow slot_rows[];
extern const size_t slot_row_count;
/* __new__ is a static method; __pow__ takes a third argument. */
extern const NativeDef slot_construct_def, slot_power_def;

/* Does [v], found on a class, take the instance as its first argument without further binding? */
bool slots_is_plain_method(Value v);
/* callable(self, *args) with keywords as in call_keywords. [callable] must be reachable from a
 * class or rooted. */
Value call_with_self(Thread *t, Value callable, Value self, const Value *args, int argc,
                     Tuple *kwnames) MUST_CHECK;
/* self.NAME(*args), looked up on the class as operators do. VALUE_UNSET when the class has no such
 * method; TypeError when it has None. */
Value call_dunder(Thread *t, Value self, Str *name, const Value *args, int argc) MUST_CHECK;
/* [args] tuple and [kwargs] dict (may be NULL) laid out as a call's arguments on the registers,
 * after [head] free places; *argc counts them all (head included), *kwnames is NULL without
 * keywords. Pop with pop_roots(). */
Value *spread_arguments(Thread *t, int head, Tuple *args, Dict *kwargs, int *argc, Tuple **kwnames);

#endif
