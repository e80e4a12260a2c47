/* SPDX-License-Identifier: MIT */
/*
 * Locks between threads: _thread.lock and _thread.RLock.
 *
 * A lock is an owner and a queue of waiting threads; since only the holder of the baton touches it,
 * it needs no atomic operation. Releasing wakes the first in the queue, which then takes the lock
 * if nobody was faster: a thread that releases and takes again at once goes on without a switch.
 *
 * Read next: stdlib/wait_queue.h, stdlib/thread_signals.c.
 */
#include <math.h>

#include "stdlib/thread.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- take and free ---- */

int lock_take(Thread *t, Lock *lock, int64_t deadline) {
    for (bool again = false; lock->owner; again = true) {
        Waiter waiter;
        wait_queue_join(&lock->queue, &waiter, t, again);
        int woken = wait_queue_wait(t, &lock->queue, &waiter, deadline, object_value(lock));
        if (woken < 0) return -1;
        if (!woken && lock->owner) return 0;
    }
    lock->owner = t->number;
    origin_note(t, &lock->taken);
    return 1;
}

void lock_free(Lock *lock) {
    lock->owner = 0;
    lock->count = 0;
    wait_queue_wake(&lock->queue, 1);
}

static Value make(Thread *t, Class *cls) {
    Lock *lock = object_new(t, cls, 0);
    origin_clear(&lock->made);
    origin_clear(&lock->taken);
    origin_note(t, &lock->made);
    return object_value(lock);
}

Value lock_new(Thread *t) { return make(t, stdlib_of(t)->classes[CLASS_LOCK]); }

static void trace(Heap *heap, Object *self) {
    origin_trace(heap, &((Lock *)self)->made);
    origin_trace(heap, &((Lock *)self)->taken);
}

/* ---- arguments of acquire ---- */

/* [*deadline] 0: do not wait. */
static bool read_timeout(Thread *t, Value blocking, Value timeout, int64_t *deadline) {
    int wait = value_truth(t, blocking);
    if (wait < 0) return false;
    double seconds;
    if (!arg_double(t, timeout, &seconds)) return false;
    if (isnan(seconds)) {
        raise_error(t, EXC_ValueError, "Invalid value NaN (not a number)");
        return false;
    }
    bool given = seconds != -1;
    if (!wait && given) {
        raise_error(t, EXC_ValueError, "can't specify a timeout for a non-blocking call");
        return false;
    }
    if (given && seconds < 0) {
        raise_error(t, EXC_ValueError, "timeout value must be positive");
        return false;
    }
    if (!timeout_fits(t, seconds)) return false;
    *deadline = !wait   ? 0
                : given ? clock_monotonic(&t->vm->clock) + clock_from_seconds(seconds)
                        : CLOCK_NEVER;
    return true;
}

/* Without waiting when [deadline] is 0. */
static int try_or_take(Thread *t, Lock *lock, int64_t deadline) {
    if (lock->owner && !deadline) return 0;
    return lock_take(t, lock, deadline);
}

/* ---- lock ---- */

static Value acquire(Thread *t, Value *args) {
    int64_t deadline;
    if (!read_timeout(t, args[1], args[2], &deadline)) return VALUE_ERROR;
    int taken = try_or_take(t, LOCK(args[0]), deadline);
    return taken < 0 ? VALUE_ERROR : bool_value(taken);
}

static Value release(Thread *t, Value *args) {
    if (!LOCK(args[0])->owner) return raise_error(t, EXC_RuntimeError, "release unlocked lock");
    lock_free(LOCK(args[0]));
    return VALUE_NONE;
}

static Value leave(Thread *t, Value *args) { return release(t, args); }

static Value locked(Thread *t, Value *args) {
    (void)t;
    return bool_value(LOCK(args[0])->owner != 0);
}

static Value repr(Thread *t, Value self) {
    Str *text =
        str_format(t, "<%s %T object at 0x%012llx>", LOCK(self)->owner ? "locked" : "unlocked",
                   self, (unsigned long long)value_id(t->vm, self));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return raise_error(t, EXC_TypeError, "cannot create '_thread.%s' instances", cls->name->data);
}

static const Slots lock_slots = {.repr = repr, .construct = construct};
#define ACQUIRE "(self, /, blocking=True, timeout=-1)"
static const NativeDef lock_methods[] = {
    {"acquire", acquire, ACQUIRE,
     "Take the lock; wait for it if blocking, at most timeout seconds (-1: without limit).\n"
     "True when it was taken."},
    {"acquire_lock", acquire, ACQUIRE, "The same as acquire()."},
    {"release", release, "(self, /)", "Free the lock; any thread may."},
    {"release_lock", release, "(self, /)", "The same as release()."},
    {"locked", locked, "(self, /)", "Does somebody hold it?"},
    {"locked_lock", locked, "(self, /)", "The same as locked()."},
    {"__enter__", acquire, ACQUIRE, "Take the lock."},
    {"__exit__", leave, "(self, /, *args)", "Free the lock."},
    {0},
};

/* ---- RLock ---- */

static bool is_mine(const Thread *t, const Lock *lock) { return lock->owner == t->number; }

static Value reacquire(Thread *t, Value *args) {
    Lock *lock = LOCK(args[0]);
    int64_t deadline;
    if (!read_timeout(t, args[1], args[2], &deadline)) return VALUE_ERROR;
    if (is_mine(t, lock)) {
        lock->count++;
        return VALUE_TRUE;
    }
    int taken = try_or_take(t, lock, deadline);
    if (taken > 0) lock->count = 1;
    return taken < 0 ? VALUE_ERROR : bool_value(taken);
}

static Value rerelease(Thread *t, Value *args) {
    Lock *lock = LOCK(args[0]);
    if (!is_mine(t, lock))
        return raise_error(t, EXC_RuntimeError, "cannot release un-acquired lock");
    if (--lock->count == 0) lock_free(lock);
    return VALUE_NONE;
}

static Value is_owned(Thread *t, Value *args) { return bool_value(is_mine(t, LOCK(args[0]))); }

static Value recursion_count(Thread *t, Value *args) {
    return fixnum(is_mine(t, LOCK(args[0])) ? LOCK(args[0])->count : 0);
}

/* Give it up whole, for Condition.wait(): the state that _acquire_restore() takes. */
static Value release_save(Thread *t, Value *args) {
    Lock *lock = LOCK(args[0]);
    if (!is_mine(t, lock))
        return raise_error(t, EXC_RuntimeError, "cannot release un-acquired lock");
    Value state[2] = {fixnum(lock->count), fixnum((int64_t)lock->owner)};
    lock_free(lock);
    return object_value(tuple_from(t, state, 2));
}

static Value acquire_restore(Thread *t, Value *args) {
    Lock *lock = LOCK(args[0]);
    int64_t count;
    if (!is_kind(args[1], OBJ_TUPLE) || TUPLE(args[1])->size != 2)
        return raise_error(t, EXC_TypeError, "_acquire_restore() takes a tuple of two ints");
    if (!arg_int64(t, TUPLE(args[1])->items[0], &count)) return VALUE_ERROR;
    if (lock_take(t, lock, CLOCK_NEVER) < 0) return VALUE_ERROR;
    lock->count = count;
    return VALUE_NONE;
}

static Value rlock_repr(Thread *t, Value self) {
    Lock *lock = LOCK(self);
    Str *text = str_format(t, "<%s %s object owner=%llu count=%lld at 0x%012llx>",
                           lock->owner ? "locked" : "unlocked",
                           object_class(&lock->header) == stdlib_of(t)->classes[CLASS_RLOCK]
                               ? "_thread.RLock"
                               : object_class(&lock->header)->name->data,
                           (unsigned long long)lock->owner, (long long)lock->count,
                           (unsigned long long)value_id(t->vm, self));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value rlock_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return make(t, cls);
}

static const Slots rlock_slots = {.repr = rlock_repr, .construct = rlock_construct};
static const NativeDef rlock_methods[] = {
    {"acquire", reacquire, ACQUIRE,
     "Take the lock, once more if this thread has it already.\n"
     "blocking and timeout are those of lock.acquire(). True when it was taken."},
    {"release", rerelease, "(self, /)", "Undo one acquire(); only the thread that has it may."},
    {"__enter__", reacquire, ACQUIRE, "Take the lock."},
    {"__exit__", rerelease, "(self, /, *args)", "Undo one acquire()."},
    {"_is_owned", is_owned, "(self, /)", "Does this thread have it?"},
    {"_recursion_count", recursion_count, "(self, /)", "How often this thread took it."},
    {"_release_save", release_save, "(self, /)", "For Condition: give it up whole."},
    {"_acquire_restore", acquire_restore, "(self, state, /)", "For Condition: take it back."},
    {0},
};

/* Who holds [v], for reports (hook). */
static bool lock_facts(Thread *t, Value v, LockFacts *out) {
    bool is_lock = is_stdlib_instance(t, v, CLASS_LOCK) || is_stdlib_instance(t, v, CLASS_RLOCK);
    if (is_lock) *out = (LockFacts){LOCK(v)->owner, &LOCK(v)->made, &LOCK(v)->taken};
    return is_lock;
}

void lock_install(Thread *t, Module *module) {
    t->vm->hooks.lock_facts = lock_facts;
    Class *lock = stdlib_class(t, CLASS_LOCK, module,
                               &(NativeClass){.kind = OBJ_NATIVE_DATA,
                                              .name = "lock",
                                              .slots = &lock_slots,
                                              .methods = lock_methods,
                                              .doc = "A lock that one thread at a time can hold.",
                                              .size = sizeof(Lock),
                                              .trace = trace},
                               "_thread", NULL);
    module_set(t, module, "LockType", object_value(lock));
    stdlib_class(t, CLASS_RLOCK, module,
                 &(NativeClass){.kind = OBJ_NATIVE_DATA,
                                .name = "RLock",
                                .slots = &rlock_slots,
                                .methods = rlock_methods,
                                .doc = "A lock that the thread which holds it can take again.",
                                .size = sizeof(Lock),
                                .trace = trace,
                                .flags = CLASS_BASE_ALLOWED},
                 "_thread", NULL);
    module_set(t, module, "TIMEOUT_MAX", float_new(t, THREAD_TIMEOUT_MAX));
}
