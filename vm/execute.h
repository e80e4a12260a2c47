/* SPDX-License-Identifier: MIT */
/*
 * What the interpreter loop shares with the functions behind its slow paths (vm/execute_slow.c).
 *
 * The loop exists twice, for narrow and for wide code (vm/code.h): vm/execute.c and
 * vm/execute_wide.c define the instruction fields and include vm/execute_loop.h. Each returns
 * VALUE_SWITCH when the frame to run next is of the other width.
 */
#ifndef TULIP_VM_EXECUTE_H
#define TULIP_VM_EXECUTE_H

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/signature.h"
#include "vm/str.h"

#define VALUE_SWITCH ((Value)0x44)

Value execute_narrow(Thread *t);
Value execute_wide(Thread *t);
/* The same, with a call of vm->on_instruction before each instruction. */
Value execute_narrow_told(Thread *t);
Value execute_wide_told(Thread *t);

/* How a call begins: a value at once, a pushed frame to run, or an exception. */
typedef enum CallStart { CALL_FAILED, CALL_DONE, CALL_FRAME, CALL_INIT, CALL_RESUME } CallStart;

/* Begin callee(args…): [argc] counts keyword values, [kwnames] may be NULL. CALL_DONE: *result.
 * CALL_FRAME: a frame is on top of the frame stack, not entered yet. CALL_INIT: the same for
 * __init__ of the new object in *result. [args] may lie in the caller's registers and is
 * used up. */
CallStart call_begin(Thread *t, Value callee, Value *args, int argc, Tuple *kwnames,
                     Value *result) MUST_CHECK;
/* TypeError: [native], a method of its owner class, was called with something else as self. */
Value raise_wrong_self(Thread *t, const Native *native, const Value *args, int argc);
/* Call a native with args at [args], a register area it may overwrite. */
Value native_call(Thread *t, Native *native, Value *args, int argc, Tuple *kwnames) MUST_CHECK;
/* A new generator/coroutine with its arguments bound, or VALUE_ERROR. */
Value generator_from_call(Thread *t, Function *f, const Value *args, int argc,
                          Tuple *kwnames) MUST_CHECK;

/* ---- small things inlined into the loop ---- */

/* The key inline caches compare (value_cache_key with its common cases inlined). */
static inline uint32_t value_key(const Vm *vm, Value v) {
    if (LIKELY(is_object(v))) {
        Object *o = object_of(v);
        Class *cls = object_class(o);
        if (LIKELY(object_kind(o) == OBJ_OBJECT)) return INSTANCE(v)->attributes.shape->key;
        if (object_kind(o) == OBJ_LIST || object_kind(o) == OBJ_GENERATOR ||
            object_kind(o) == OBJ_COROUTINE) {
            if (!(cls->flags & CLASS_HAS_ATTRIBUTES)) return cls->key;
        }
    }
    return value_cache_key(vm, v);
}

/* Is [o] an instance whose shape has the cached [key], and [where] (kind and index) a slot inside
 * it? */
static inline bool is_cached_slot(Value o, uint32_t key, uint32_t where) {
    return is_object(o) && object_kind(object_of(o)) == OBJ_OBJECT &&
           INSTANCE(o)->attributes.shape->key == key && where >> 24 == ATTR_SLOT;
}

static inline bool both_flonums(Value b, Value c) { return (((b ^ 2) | (c ^ 2)) & 3) == 0; }

/* A fixnum that a double holds exactly; a larger one compares with floats by its own digits. */
static inline bool is_exact_fixnum(Value v) {
    return is_fixnum(v) && (uint64_t)fixnum_of(v) + ((uint64_t)1 << 53) <= (uint64_t)1 << 54;
}

/* Both as doubles when one is a flonum and the other a flonum or fixnum, not too large. */
static inline bool float_operands(Value b, Value c, double *x, double *y) {
    if (LIKELY(both_flonums(b, c))) {
        *x = flonum_of(b);
        *y = flonum_of(c);
        return true;
    }
    if (is_flonum(b) && is_exact_fixnum(c)) {
        *x = flonum_of(b);
        *y = (double)fixnum_of(c);
        return true;
    }
    if (!is_exact_fixnum(b) || !is_flonum(c)) return false;
    *x = (double)fixnum_of(b);
    *y = flonum_of(c);
    return true;
}

/* The same for true division, where two fixnums small enough to be exact doubles will do. */
static inline bool division_operands(Value b, Value c, double *x, double *y) {
    if (!both_fixnums(b, c)) return float_operands(b, c, x, y);
    int64_t m = fixnum_of(b), n = fixnum_of(c), exact = (int64_t)1 << 53;
    if (m > exact || m < -exact || n > exact || n < -exact) return false;
    *x = (double)m;
    *y = (double)n;
    return true;
}

/* Python's // and % of fixnums; false when the divisor is 0 or the result is no fixnum. */
static inline bool fixnum_floordiv(int64_t a, int64_t b, Value *out) {
    if (UNLIKELY(b == 0 || (b == -1 && a == FIXNUM_MIN))) return false;
    int64_t q = a / b;
    if (a % b != 0 && (a < 0) != (b < 0)) q--;
    *out = fixnum(q);
    return true;
}
static inline bool fixnum_mod(int64_t a, int64_t b, Value *out) {
    if (UNLIKELY(b == 0 || b == -1)) return false;
    int64_t r = a % b;
    if (r && (r < 0) != (b < 0)) r += b;
    *out = fixnum(r);
    return true;
}

/* May [native], an unbound method of its owner class, be called with [self]? */
static inline bool native_takes(const Vm *vm, const Native *native, Value self) {
    if (!native->owner) return true;
    if (LIKELY(is_object(self) && object_class(object_of(self)) == native->owner)) return true;
    return class_is_subclass(class_of(vm, self), native->owner);
}

/* Did the call of [callee] that gave [v] make it, a generator of that function? */
static inline bool made_generator(Value callee, Value v) {
    if (!is_generator_kind(v) || GENERATOR(v)->state != GEN_CREATED) return false;
    if (is_kind(callee, OBJ_METHOD)) callee = ((Method *)object_of(callee))->function;
    return object_value(GENERATOR(v)->frame.function) == callee;
}

/* A delegate's register is about to take [v]: note when the CALL just before made it, so that
 * nothing else refers to it. [mark] is that CALL's end. Generators with cleanup code are registered
 * with the collector, which must not lose them. */
static inline void own_fresh_delegate(Value v, const void *mark) {
    Generator *g = GENERATOR(v);
    if (g->state == GEN_CREATED && (const void *)g->frame.caller == mark &&
        !(frame_code(&g->frame)->flags & CODE_HAS_CLEANUP)) {
        g->owned = true;
    }
}

/* [g] has ended and its delegator has forgotten it. */
static inline void recycle_delegate(Heap *heap, Generator *g) {
    if (g->owned)
        heap_recycle(heap, &g->header,
                     sizeof(Generator) + frame_code(&g->frame)->nregisters * sizeof(Value));
}

/* Truth of any value: 1, 0, -1 raised. */
static inline int quick_truth(Thread *t, Value v) {
    if (is_bool(v)) return v == VALUE_TRUE;
    if (is_fixnum(v)) return v != fixnum(0);
    if (v == VALUE_NONE) return 0;
    return value_truth(t, v);
}

/* Truth of a comparison: 1, 0, -1 raised. */
static inline int compare_truth(Thread *t, CompareOp op, Value a, Value b) {
    if (op == COMPARE_EQ && is_str(a) && is_str(b)) return a == b || str_equal(STR(a), STR(b));
    Value v = value_compare(t, op, a, b);
    return v == VALUE_ERROR ? -1 : quick_truth(t, v);
}

/* Safepoint: collection, finalisers, signals, hand-over. False: raised. */
bool safepoint(Thread *t) MUST_CHECK;

/* Slow paths, by instruction. All return VALUE_ERROR / false / -1 when they raise. */
Value load_global_slow(Thread *t, Function *f, Str *name, uint32_t *global_layout,
                       uint32_t *builtin_layout, uint32_t *position) MUST_CHECK;
Value load_name(Thread *t, Function *f, Value names, Str *name) MUST_CHECK;
Value load_name_or_free(Thread *t, Value names, Str *name, Cell *cell) MUST_CHECK;
Value raise_unbound(Thread *t, const Code *code, uint32_t reg);
Value raise_unbound_free(Thread *t, const Code *code, uint32_t index);
/* The generator's start of a delegation; results as the opcode says. */
Value get_yield_from_iter(Thread *t, Value v, const Code *code) MUST_CHECK;
Value get_awaitable(Thread *t, Value v, int context) MUST_CHECK;
Value get_anext(Thread *t, Value iterator) MUST_CHECK;
Value get_aiter(Thread *t, Value v) MUST_CHECK;
/* Send to a delegate that is no linked generator: VALUE_DONE with done_value, an item, or
 * VALUE_ERROR. */
Value send_to_iterator(Thread *t, Value delegate, Value v) MUST_CHECK;
/* The same for the SEND of the generator that runs, with what that is handling. */
Value send_generic(Thread *t, Value delegate, Value v) MUST_CHECK;
bool unpack_exact(Thread *t, Value v, Value *out, int count) MUST_CHECK;
bool unpack_star(Thread *t, Value v, Value *out, int before, int after) MUST_CHECK;
bool load_special(Thread *t, Value v, Str *name, int which, Value *out) MUST_CHECK;
Value format_value(Thread *t, Value v, int conversion, Value spec) MUST_CHECK;
bool merge_keywords(Thread *t, Dict *into, Value mapping, Value callee) MUST_CHECK;
Value import_name(Thread *t, Function *f, Str *name, Value fromlist, int level) MUST_CHECK;
Value import_from(Thread *t, Value module, Str *name) MUST_CHECK;
bool import_star(Thread *t, Function *f, Value names, Value module) MUST_CHECK;
Value call_ex(Thread *t, Value callee, Value args, Value kwargs, CallStart *start) MUST_CHECK;
Function *make_function(Thread *t, Frame *f, Code *code, Value defaults, Value kwdefaults);
void raise_from_code(Thread *t, Value exception, Value cause); /* cause VALUE_UNSET: none given */
bool delete_name(Thread *t, Value names, Str *name) MUST_CHECK;
bool extend_display(Thread *t, List *list, Value iterable) MUST_CHECK;
bool update_display(Thread *t, Dict *dict, Value mapping) MUST_CHECK;
/* What has the built-in names of code with these globals: nearly always the builtins' dict. */
Value builtins_of(Thread *t, Dict *globals);
Value load_build_class(Thread *t, Function *f) MUST_CHECK;
/* `import name` in the code of [f], by the __import__ that its built-in names have. */
Value import_statement(Thread *t, Frame *f, Str *name, Value fromlist, int level) MUST_CHECK;
bool print_expression(Thread *t, Value v) MUST_CHECK;
Value build_string(Thread *t, const Value *items, int count) MUST_CHECK;
/* ---- generators (vm/generator.c, vm/delegation.c) ---- */

/* PEP 479: a StopIteration being raised must not leave a generator's code. */
void generator_convert_stop(Thread *t, const Code *code);
/* An exception has met [t]'s generator suspended in a handler. If it was thrown in, what that
 * handles becomes its context, unless it has one; one that was raised has what it shall have. */
void generator_chain_context(Thread *t, Value exception);
/* Exchange what is being handled with what [g] keeps, as it begins and ends to run for a delegator
 * that handles something. */
static inline void generator_exchange_handling(Thread *t, Generator *g) {
    Value handling = t->handling;
    t->handling = g->handling;
    g->handling = handling;
}
/* What the generator [self], at a SEND, handles and its delegate sees; 0: nothing. */
Value generator_lent_handling(const Generator *self);
/* Where a resume of [g] with [sent] enters, everything but the activation prepared. NULL: with an
 * exception set, it may not be resumed; without, it is closed. An exception set and a generator
 * returned: raise it there. */
Generator *generator_prepare(Thread *t, Generator *g, Value sent);
/* There is no room to resume [g], which is suspended: it ends without its cleanup, as
 * in CPython. */
void generator_abandon(Generator *g);
/* Link the delegate [child] under the running leaf [self] and hand the activation to its leaf,
 * which is returned. NULL: raised. */
Generator *generator_link(Thread *t, Generator *self, Generator *child, Value sent) MUST_CHECK;
/* [child] is no delegate any more, without having ended. */
void generator_unlink(Generator *child);
/* [child] has ended: hand its activation to [parent]; false when the parent's code is of the other
 * width. */
bool generator_pop(Thread *t, Generator *child, Generator *parent);
/* [parent], suspended at its SEND, gets [v] as the value of the delegation and goes on
 * behind it. */
void generator_finish_delegation(Generator *parent, Value v);
/* [frame] is suspended after an instruction with a jump field: take the jump. */
void frame_branch(Frame *frame);
/* What an async generator's yield hands to its driver: [v], marked as an item. */
Value async_item_new(Thread *t, Value v);

#endif
