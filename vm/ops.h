/* SPDX-License-Identifier: MIT */
/*
 * Operations on any Value: what the bytecode's slow paths and the natives share. Each dispatches on
 * the slots of the operands' classes (vm/class.h) and may run Tulip code when a class is written in
 * Tulip.
 *
 * Implemented in vm/ops.c (arithmetic, comparison, items), vm/iterate.c, vm/attribute.c, vm/text.c
 * (repr, str, format).
 */
#ifndef TULIP_VM_OPS_H
#define TULIP_VM_OPS_H

#include "vm/thread.h"

/* a op b, with the reflected method; TypeError "unsupported operand type(s) for …". */
Value value_binary(Thread *t, BinaryOp op, Value a, Value b) MUST_CHECK;
/* a op= b. */
Value value_inplace(Thread *t, BinaryOp op, Value a, Value b) MUST_CHECK;
Value value_unary(Thread *t, UnaryOperation op, Value v) MUST_CHECK;
/* a op b as any value (a Tulip __lt__ may return anything). */
Value value_compare(Thread *t, CompareOp op, Value a, Value b) MUST_CHECK;
/* Identity or ==, as containers compare: 1, 0, -1 raised. */
int value_equal(Thread *t, Value a, Value b) MUST_CHECK;
/* Does what orders a and b (negative: a first; 0: equal; positive: b first) satisfy a op b? */
static inline bool order_satisfies(int order, CompareOp op) {
    switch (op) {
    case COMPARE_LT: return order < 0;
    case COMPARE_LE: return order <= 0;
    case COMPARE_EQ: return order == 0;
    case COMPARE_NE: return order != 0;
    case COMPARE_GT: return order > 0;
    default: return order >= 0;
    }
}
/* a < b for sorting: 1, 0, -1. */
int value_less(Thread *t, Value a, Value b) MUST_CHECK;
int value_contains(Thread *t, Value container, Value item) MUST_CHECK;
/* [v] is used in a way that every object allows and that is never meant of a coroutine nobody has
 * awaited: [how], for the report. */
static inline void note_misuse(Thread *t, Value v, const char *how) {
    bool awaitable = is_object(v) && (unsigned)(object_kind(object_of(v)) - OBJ_GENERATOR) <=
                                         OBJ_NATIVE_COROUTINE - OBJ_GENERATOR;
    if (UNLIKELY(awaitable) && t->vm->hooks.misused) t->vm->hooks.misused(t, v, how);
}
/* Truth: 1, 0, -1 raised. */
int value_truth(Thread *t, Value v) MUST_CHECK;
bool value_hash(Thread *t, Value v, int64_t *out) MUST_CHECK;
/* len(v); -1 raised. */
int64_t value_length(Thread *t, Value v) MUST_CHECK;
Value value_getitem(Thread *t, Value v, Value key) MUST_CHECK;
bool value_setitem(Thread *t, Value v, Value key, Value item) MUST_CHECK;
bool value_delitem(Thread *t, Value v, Value key) MUST_CHECK;
/* DeprecationWarning, with raise_error's formats: false when it was made an error. Runs Tulip
 * code. vm/warn.c. */
bool warn_deprecated(Thread *t, const char *format, ...) MUST_CHECK;
/* A warning in the name of a place in a source text: false when it was made an error. */
bool warn_at(Thread *t, ExceptionId category, const char *message, const char *filename,
             int line) MUST_CHECK;
/* [result], an int that [method] (__int__, __index__) returned, as a plain int: DeprecationWarning
 * if it is of a subclass. VALUE_ERROR when that was made an error. */
Value value_exact_int(Thread *t, Value result, const char *method) MUST_CHECK;
/* v.__index__() as an int Value. */
Value value_index(Thread *t, Value v) MUST_CHECK;

Value value_getattr(Thread *t, Value v, Str *name) MUST_CHECK;
/* The attribute, or VALUE_UNSET instead of an AttributeError. */
Value value_getattr_or_unset(Thread *t, Value v, Str *name) MUST_CHECK;
bool value_setattr(Thread *t, Value v, Str *name, Value x) MUST_CHECK; /* x VALUE_UNSET: delete */

/* iter(v) */
Value value_iter(Thread *t, Value v) MUST_CHECK;
/* next(v): an item, VALUE_DONE at the end, VALUE_ERROR. StopIteration raised by a Tulip __next__
 * becomes VALUE_DONE. */
Value value_next(Thread *t, Value iterator) MUST_CHECK;
/* About how many items [v] will give, by its length or __length_hint__ (which may run code), or
 * [guess]; -1: raised. */
int64_t value_ask_length_hint(Thread *t, Value v, int64_t guess) MUST_CHECK;
/* Call [visit] with every item of an iterable, polling; stops when it returns false (raised or
 * done: [*raised]). */
typedef bool (*ItemVisitor)(Thread *t, Value item, void *context);
bool value_for_each(Thread *t, Value iterable, ItemVisitor visit, void *context) MUST_CHECK;

/* repr/str/ascii as Str; recursion guarded by enter_native. */
Str *value_repr(Thread *t, Value v) MUST_CHECK;
/* Appends the repr to a fallible buffer. False: raised, also when it no longer fits. */
bool value_repr_into(Thread *t, Value v, Buffer *out) MUST_CHECK;
Str *value_str(Thread *t, Value v) MUST_CHECK;
Str *value_ascii(Thread *t, Value v) MUST_CHECK;
/* format(v, spec) */
Str *value_format(Thread *t, Value v, Str *spec) MUST_CHECK;
/* Guard of recursive reprs ("[...]"): true when v is being rendered already. Pair
 * with repr_leave. */
bool repr_enter(Thread *t, Value v, bool *seen) MUST_CHECK;
void repr_leave(Thread *t, Value v);

bool value_is_callable(Thread *t, Value v);
/* [cls]: a class, a tuple of such, or what has __instancecheck__. */
int value_isinstance(Thread *t, Value v, Value cls) MUST_CHECK;
int value_issubclass(Thread *t, Value v, Value cls) MUST_CHECK;
/* id(v): a sequence number. */
uint64_t value_id(Vm *vm, Value v);
/* The hash of what has no other: of its identity. */
uint64_t object_identity_hash(Vm *vm, Value v);
/* `is` (numbers: by value when both are unboxed) */
static inline bool value_is(Value a, Value b) { return a == b; }

#endif
