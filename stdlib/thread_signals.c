/* SPDX-License-Identifier: MIT */
/*
 * What threads tell each other: the native halves of threading's Event, Semaphore and Condition.
 *
 * Each is a queue of waiting threads and a little state. Looking at the state and queueing up
 * cannot be torn apart, because no other thread runs in between; so none of them needs a lock
 * inside, and a report can say what a thread waits for: the event, not the lock within it.
 *
 * Condition.wait() queues up before it gives the lock back, so a notification in between reaches
 * it. Read next: stdlib/wait_queue.h, stdlib/threading.tul.
 */
#include "stdlib/thread.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value construct_zeroed(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return object_value(object_new(t, cls, 0));
}

static Value as_bool(int woken) { return woken < 0 ? VALUE_ERROR : bool_value(woken); }

/* ---- Event ---- */

typedef struct Event {
    Object header;
    WaitQueue queue;
    Value shown; /* in reports instead of the event, or VALUE_ERROR (0) */
    bool flag;
} Event;

#define EVENT(v) ((Event *)(uintptr_t)(v))

static Value event_is_set(Thread *t, Value *args) {
    (void)t;
    return bool_value(EVENT(args[0])->flag);
}

static Value event_set(Thread *t, Value *args) {
    (void)t;
    EVENT(args[0])->flag = true;
    wait_queue_wake(&EVENT(args[0])->queue, INT64_MAX);
    return VALUE_NONE;
}

static Value event_clear(Thread *t, Value *args) {
    (void)t;
    EVENT(args[0])->flag = false;
    return VALUE_NONE;
}

static Value event_wait(Thread *t, Value *args) {
    Event *event = EVENT(args[0]);
    int64_t deadline;
    if (!deadline_read(t, args[1], &deadline)) return VALUE_ERROR;
    if (event->flag || !deadline) return bool_value(event->flag);
    Waiter waiter;
    wait_queue_join(&event->queue, &waiter, t, false);
    Value what = event->shown ? event->shown : args[0];
    return as_bool(wait_queue_wait(t, &event->queue, &waiter, deadline, what));
}

static Value event_show(Thread *t, Value *args) {
    heap_set(&t->vm->heap, &EVENT(args[0])->shown, args[1]);
    return VALUE_NONE;
}

static void event_trace(Heap *heap, Object *self) {
    if (((Event *)self)->shown) heap_shade(heap, ((Event *)self)->shown);
}

static const Slots plain_slots = {.construct = construct_zeroed};
static const NativeDef event_methods[] = {
    {"is_set", event_is_set, "(self, /)", "Is the flag set?"},
    {"set", event_set, "(self, /)", "Set the flag and wake all that wait."},
    {"clear", event_clear, "(self, /)", "Clear the flag."},
    {"wait", event_wait, "(self, timeout=None)",
     "Wait until the flag is set, at most timeout seconds; gives the flag."},
    {"_show", event_show, "(self, thing, /)", "Reports show thing as what is waited for."},
    {0},
};

/* ---- Semaphore ---- */

typedef struct Semaphore {
    Object header;
    WaitQueue queue;
    int64_t value;
} Semaphore;

#define SEMAPHORE(v) ((Semaphore *)(uintptr_t)(v))

/* Lower the counter; who was woken and finds that somebody was faster is first again. */
static int semaphore_take(Thread *t, Value self, int64_t deadline) {
    Semaphore *s = SEMAPHORE(self);
    for (bool again = false; s->value <= 0; again = true) {
        if (!deadline) return 0;
        Waiter waiter;
        wait_queue_join(&s->queue, &waiter, t, again);
        int woken = wait_queue_wait(t, &s->queue, &waiter, deadline, self);
        if (woken < 0) return -1;
        if (!woken && s->value <= 0) return 0;
    }
    s->value--;
    return 1;
}

static Value semaphore_acquire(Thread *t, Value *args) {
    int wait = value_truth(t, args[1]);
    if (wait < 0) return VALUE_ERROR;
    if (!wait && args[2] != VALUE_NONE)
        return raise_error(t, EXC_ValueError, "can't specify timeout for non-blocking acquire");
    int64_t deadline;
    if (!deadline_read(t, args[2], &deadline)) return VALUE_ERROR;
    return as_bool(semaphore_take(t, args[0], wait ? deadline : 0));
}

static bool read_count(Thread *t, Value v, int64_t *n) {
    if (!arg_int64(t, v, n)) return false;
    if (*n >= 1) return true;
    raise_error(t, EXC_ValueError, "n must be one or more");
    return false;
}

static Value semaphore_release(Thread *t, Value *args) {
    int64_t n;
    if (!read_count(t, args[1], &n)) return VALUE_ERROR;
    Semaphore *s = SEMAPHORE(args[0]);
    if (__builtin_add_overflow(s->value, n, &s->value)) s->value = INT64_MAX;
    wait_queue_wake(&s->queue, n);
    return VALUE_NONE;
}

static Value get_value(Thread *t, Value self) { return int_from_int64(t, SEMAPHORE(self)->value); }

static bool set_value(Thread *t, Value self, Value v) {
    if (v != VALUE_UNSET) return arg_int64(t, v, &SEMAPHORE(self)->value);
    raise_error(t, EXC_AttributeError, "_value");
    return false;
}

static const NativeDef semaphore_methods[] = {
    {"acquire", semaphore_acquire, "(self, blocking=True, timeout=None)",
     "Lower the counter; wait while it is zero, if blocking, at most timeout seconds.\n"
     "True when it was lowered."},
    {"__enter__", semaphore_acquire, "(self, blocking=True, timeout=None)", "acquire()"},
    {"release", semaphore_release, "(self, n=1)", "Raise the counter by n and wake as many."},
    {0},
};
static const FieldDef semaphore_fields[] = {{"_value", get_value, set_value, "The counter."}, {0}};

/* ---- Condition ---- */

typedef struct Condition {
    Object header;
    WaitQueue queue;
} Condition;

#define CONDITION(v) ((Condition *)(uintptr_t)(v))

/* args: self, the lock's _release_save, its _acquire_restore, timeout. The lock is taken back
 * whatever happens. */
static Value condition_wait(Thread *t, Value *args) {
    Condition *condition = CONDITION(args[0]);
    int64_t deadline;
    if (!deadline_read(t, args[3], &deadline)) return VALUE_ERROR;
    Value *roots = push_roots(t, 2);
    Waiter waiter;
    wait_queue_join(&condition->queue, &waiter, t, false);
    roots[0] = call_value(t, args[1], NULL, 0);
    if (roots[0] == VALUE_ERROR) {
        roots[0] = VALUE_UNSET;
        wait_queue_leave(&condition->queue, &waiter);
        return VALUE_ERROR;
    }
    int woken;
    if (deadline) {
        woken = wait_queue_wait(t, &condition->queue, &waiter, deadline, args[0]);
    } else {
        woken = waiter.woken;
        wait_queue_leave(&condition->queue, &waiter);
    }
    if (woken < 0) roots[1] = exception_take(t);
    if (call_value(t, args[2], roots, 1) == VALUE_ERROR) return VALUE_ERROR;
    if (woken < 0) return raise_value(t, roots[1]);
    return bool_value(woken);
}

static Value condition_wake(Thread *t, Value *args) {
    int64_t n;
    if (!arg_clamped(t, args[1], &n)) return VALUE_ERROR;
    wait_queue_wake(&CONDITION(args[0])->queue, n);
    return VALUE_NONE;
}

static Value condition_length(Thread *t, Value *args) {
    return int_from_int64(t, wait_queue_length(&CONDITION(args[0])->queue));
}

static const NativeDef condition_methods[] = {
    {"_wait", condition_wait, "(self, release, restore, timeout, /)",
     "Queue up, call release(), wait, call restore(what release gave). True: woken."},
    {"_wake", condition_wake, "(self, n, /)", "Wake the first n that wait."},
    {"_waiting", condition_length, "(self, /)", "How many wait."},
    {0},
};

/* ---- the classes ---- */

void thread_signals_install(Thread *t, Module *module) {
    module_class(t, module,
                 &(NativeClass){.kind = OBJ_NATIVE_DATA,
                                .name = "_Event",
                                .slots = &plain_slots,
                                .methods = event_methods,
                                .doc = "A flag to wait for.",
                                .size = sizeof(Event),
                                .flags = CLASS_BASE_ALLOWED,
                                .trace = event_trace},
                 "_thread", NULL);
    module_class(t, module,
                 &(NativeClass){.kind = OBJ_NATIVE_DATA,
                                .name = "_Semaphore",
                                .slots = &plain_slots,
                                .methods = semaphore_methods,
                                .fields = semaphore_fields,
                                .doc = "A counter that is waited for while it is zero.",
                                .size = sizeof(Semaphore),
                                .flags = CLASS_BASE_ALLOWED},
                 "_thread", NULL);
    module_class(t, module,
                 &(NativeClass){.kind = OBJ_NATIVE_DATA,
                                .name = "_Condition",
                                .slots = &plain_slots,
                                .methods = condition_methods,
                                .doc = "A queue of threads that gave a lock back to wait.",
                                .size = sizeof(Condition),
                                .flags = CLASS_BASE_ALLOWED},
                 "_thread", NULL);
}
