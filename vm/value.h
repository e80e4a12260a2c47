/* SPDX-License-Identifier: MIT */
/*
 * A Value is 8 bytes: a small integer, a float, a constant, or a pointer to a heap object.
 *
 *     …………1     fixnum: a 63-bit integer, shifted left once
 *     …………10    flonum: a double of ordinary size, 2^-256 to 2^255 (nearly all are), or 0.0; see
 * flonum_of …………000   pointer to an Object (8-aligned) …………100   a constant: unset, None, False,
 * True, …
 *
 * Doubles outside the flonum range, and -0.0, are boxed (OBJ_FLOAT). Integers outside 63 bits are
 * boxed (OBJ_INT, GMP). There is no other tagging anywhere.
 *
 * VALUE_ERROR (0) is what every function that can raise returns; the exception is then on the
 * thread. VALUE_DONE is what a `next` slot returns when the iterator is exhausted (see iter_done in
 * vm/thread.h).
 *
 * Read next: vm/object.h (what a pointer points to).
 */
#ifndef TULIP_VM_VALUE_H
#define TULIP_VM_VALUE_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint64_t Value;

#define VALUE_ERROR          ((Value)0x00)
#define VALUE_UNSET          ((Value)0x04) /* an unbound local, a parameter not given, … */
#define VALUE_NONE           ((Value)0x0c)
#define VALUE_FALSE          ((Value)0x14)
#define VALUE_TRUE           ((Value)0x1c)
#define VALUE_ELLIPSIS       ((Value)0x24)
#define VALUE_NOTIMPLEMENTED ((Value)0x2c)
#define VALUE_DONE           ((Value)0x34) /* exhausted; thread->done_value is what returned */
#define VALUE_PARKED         ((Value)0x3c) /* a task's coroutine waits for thread->parked_on */
#define VALUE_ITEM           ((Value)0x4c) /* an async generator yielded thread->done_value */

/* Callers must look at the result: it may be VALUE_ERROR. */
#define MUST_CHECK  __attribute__((warn_unused_result))
#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define FIXNUM_MAX (((int64_t)1 << 62) - 1)
#define FIXNUM_MIN (-((int64_t)1 << 62))

static inline bool is_fixnum(Value v) { return v & 1; }
static inline bool both_fixnums(Value a, Value b) { return a & b & 1; }
static inline int64_t fixnum_of(Value v) { return (int64_t)v >> 1; }
static inline Value fixnum(int64_t i) { return ((uint64_t)i << 1) | 1; }
static inline bool fixnum_fits(int64_t i) { return i >= FIXNUM_MIN && i <= FIXNUM_MAX; }

static inline Value bool_value(bool b) { return b ? VALUE_TRUE : VALUE_FALSE; }
static inline bool is_bool(Value v) { return (v | 8) == VALUE_TRUE; }

static inline bool is_flonum(Value v) { return (v & 3) == 2; }
/* A flonum is a double with its sign moved to the lowest bit and its exponent rebased, so that the
 * exponents of 2^-256 to 2^255 leave the two top bits free for the tag. 0.0 takes the place of
 * 2^-256, which is boxed. */
#define FLONUM_ZERO   ((Value)2)
#define FLONUM_REBASE ((uint64_t)767 << 53)

/* The double in a flonum. */
static inline double flonum_of(Value v) {
    double d = 0.0;
    if (LIKELY(v != FLONUM_ZERO)) {
        uint64_t bits = (v >> 2) + FLONUM_REBASE;
        bits = (bits >> 1) | (bits << 63);
        memcpy(&d, &bits, sizeof d);
    }
    return d;
}

/* [*out] = [d] as a flonum; false when [d] must be boxed. */
static inline bool flonum_try(double d, Value *out) {
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    uint64_t rebased = ((bits << 1) | (bits >> 63)) - FLONUM_REBASE;
    if (LIKELY(rebased - 1 < ((uint64_t)1 << 62) - 1)) {
        *out = rebased << 2 | 2;
        return true;
    }
    if (bits == 0) {
        *out = FLONUM_ZERO;
        return true;
    }
    *out = VALUE_ERROR;
    return false;
}

static inline bool is_object(Value v) { return (v & 7) == 0; } /* v must not be VALUE_ERROR */

#endif
