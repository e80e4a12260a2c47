/* SPDX-License-Identifier: MIT */
/*
 * Future and Task, native: a result that will be there later, and a coroutine driven by a loop
 * until it returns.
 *
 * `await future` and `yield from future` compile to SEND with the future itself as the delegate.
 * When a task's step reaches a pending future, the chain is parked: execute() returns VALUE_PARKED,
 * the task adds itself to the future's callbacks, and nothing else is allocated. Being woken means
 * being resumed at the same SEND, which then finds the future finished.
 *
 * A NativeCoroutine is a coroutine written in C (sleep, Queue.get). It begins with a Future, so
 * that a task parks on it in the same way; its [resume] is asked at every SEND whether it is done.
 *
 * Callbacks never run inside set_result(): they are queued for the loop's next pass through
 * vm->hooks.call_soon.
 *
 * Read next: vm/future.c, vm/task.c, loop/loop.c (who runs callbacks).
 */
#ifndef TULIP_VM_FUTURE_H
#define TULIP_VM_FUTURE_H

#include "vm/generator.h"
#include "vm/native.h"
#include "vm/origin.h"

typedef enum FutureState { FUTURE_PENDING, FUTURE_CANCELLED, FUTURE_FINISHED } FutureState;

enum FutureFlags {
    FUTURE_DISCARDED = 1,   /* a task whose creating expression statement dropped it */
    FUTURE_QUIET = 2,       /* a pending task that may vanish without a note */
    FUTURE_TIMED = 4,       /* a sleeper that has a timer in its loop's heap */
    FUTURE_STARTED = 8,     /* a native coroutine that was resumed once */
    FUTURE_CLOSED = 16,     /* a native coroutine that has returned or raised */
    FUTURE_WOKEN = 32,      /* a native coroutine whose waiter is queued and will resume it */
    FUTURE_REPORTED = 64,   /* its lost exception has been reported */
    TASK_MUST_CANCEL = 128, /* the next step throws CancelledError */
    TASK_LISTED = 256,      /* in its loop's list of pending tasks */
    TASK_CANCELLING = 512,  /* task_cancel is on its way along the tasks that wait for each other */
    FUTURE_NOTED = 1024,    /* the table of vm/made.h has the stack in which it was made */
};

typedef struct Future {
    Object header;
    uint8_t state;  /* FutureState */
    bool blocking;  /* _asyncio_future_blocking: yielded to a task that has not taken it yet */
    bool observed;  /* its exception was retrieved */
    bool failed;    /* finished with an exception, in [result] */
    uint16_t flags; /* FutureFlags */
    union {
        uint16_t cancel_requests; /* of a task: cancel() less uncancel() */
        uint16_t made_at; /* of a pending plain future: pc in the code that made it, or the limit */
    };
    Value loop;
    Value result;    /* result, exception, CancelledError of a cancelled task, or VALUE_UNSET. Of a
                        pending plain future: the Code that made it, or VALUE_UNSET */
    Value callbacks; /* VALUE_UNSET; a List of callback, context, …; else one callback (a Task: wake
                        it) */
    Value cancel_message; /* or VALUE_NONE. Of a failed one: the traceback that its exception had
                             then, from which every waiter's begins */
} Future;

typedef struct Task {
    Future future;
    Value coroutine;  /* a generator, coroutine, native coroutine, or an object with send() and
                         throw() */
    Value waiting_on; /* the future that will wake it, or VALUE_NONE */
    Value name;       /* str or fixnum n for Task-n */
    Value context;
    Origin made;
    Value cancel_origin; /* who asked last to cancel, where and when (vm/cancellation.c), or NONE */
    struct Task *next_task, *previous_task; /* pending tasks of an EventLoop, in creation order */
} Task;

typedef struct NativeCoroutine NativeCoroutine;

/* What a native coroutine is: one constant per function written in C. */
typedef struct NativeCoroutineKind {
    const char *name, *qualname;
    /* Go on: VALUE_DONE (done_value), VALUE_ERROR, VALUE_PARKED (the coroutine itself is the future
     * to wait for; the waker calls native_coroutine_wake), or VALUE_NONE (a bare yield: again in
     * the next pass). */
    Value (*resume)(Thread *t, NativeCoroutine *c);
    /* An exception is thrown into it, or its waiting is cancelled: undo what resume set up. May be
     * NULL. */
    void (*thrown)(Thread *t, NativeCoroutine *c);
    /* For reports: how many calls of task_done() it waits for. May be NULL. */
    int64_t (*missing)(const NativeCoroutine *c);
} NativeCoroutineKind;

struct NativeCoroutine {
    Future future; /* its result field is the kind's own while pending */
    const NativeCoroutineKind *kind;
    Value payload; /* the kind's own */
};

/* The object behind an event loop: what tasks need to know of it. loop/ owns the rest. */
typedef struct EventLoop {
    Object header;
    Task *first_task, *last_task; /* pending, in creation order */
    Value current_task;           /* VALUE_NONE between steps */
    uint64_t tasks;               /* how many are pending */
    struct Loop *loop;            /* loop/loop.h */
    bool open;                    /* close() was not called */
    bool debug;                   /* set_debug(): note the stacks in which things are made */
} EventLoop;

#define FUTURE(v)           ((Future *)(uintptr_t)(v))
#define TASK(v)             ((Task *)(uintptr_t)(v))
#define NATIVE_COROUTINE(v) ((NativeCoroutine *)(uintptr_t)(v))
#define EVENT_LOOP(v)       ((EventLoop *)(uintptr_t)(v))

/* What SEND can park on: futures, tasks, native coroutines. */
static inline bool is_future(Value v) {
    return is_object(v) && (unsigned)(object_kind(object_of(v)) - OBJ_FUTURE) < 3;
}
static inline bool is_native_coroutine(Value v) { return is_kind(v, OBJ_NATIVE_COROUTINE); }

/* ---- futures (vm/future.c) ---- */

/* A pending Future of class Future. */
Future *future_new(Thread *t, Value loop);
/* [future], just made, belongs to [loop]: note the stack, if that is in debug mode. */
static inline void future_note_stack(Thread *t, Future *future, Value loop);
void future_note_stack_slow(Thread *t, Future *future);
/* Note where a plain future is made. */
void future_note_origin(Thread *t, Future *future);
/* The origin of a pending plain future (by whom is not noted). */
Origin future_origin(const Future *future);
/* What an await of a finished future gives: its result, or VALUE_ERROR with its exception (or
 * CancelledError) raised. */
Value future_take_result(Thread *t, Future *future) MUST_CHECK;
/* Finish a pending future; its callbacks are queued. False: raised (by a loop that is no
 * EventLoop). */
bool future_set_result(Thread *t, Future *future, Value v) MUST_CHECK;
bool future_set_exception(Thread *t, Future *future, Value exception) MUST_CHECK;
/* Hand the callbacks to the loop without finishing. */
bool future_schedule_callbacks(Thread *t, Future *future) MUST_CHECK;
/* Cancel without the indirections of a task: 1, 0 when it is done already, -1 raised. */
int future_cancel_plain(Thread *t, Future *future, Value message) MUST_CHECK;
/* fut.cancel(msg) of whatever is waited for: a future, task, native coroutine, or any object with
 * cancel(). */
int future_cancel(Thread *t, Value future, Value message) MUST_CHECK;
/* Call [callback] with the future when it is done; a Task as callback is woken. */
bool future_add_callback(Thread *t, Future *future, Value callback, Value context) MUST_CHECK;
/* A CancelledError with the future's message; takes the one that ended a task. */
Value future_cancelled_error(Thread *t, Future *future) MUST_CHECK;
/* The object behind iter(future) and future.__await__(). */
Value future_iterator(Thread *t, Value future);
void future_trace(Heap *heap, Future *future);
/* "<Future pending …>" up to and without ">" : class, state, [middle], callbacks, result. */
bool future_repr_into(Thread *t, Value future, Buffer *out) MUST_CHECK;
bool future_repr_end(Thread *t, Value future, Buffer *out) MUST_CHECK;
/* Is the exception an asyncio.CancelledError? */
bool is_cancelled_error(const Thread *t, Value exception);

static inline void future_note_stack(Thread *t, Future *future, Value loop) {
    if (UNLIKELY(is_kind(loop, OBJ_LOOP) && EVENT_LOOP(loop)->debug))
        future_note_stack_slow(t, future);
}

/* ---- tasks (vm/task.c) ---- */

/* A task for [coroutine] (a generator, coroutine, native coroutine or object like one), its first
 * step queued. name VALUE_NONE: Task-n. VALUE_ERROR: not a coroutine. */
Value task_new(Thread *t, Class *cls, Value coroutine, Value loop, Value name,
               Value context) MUST_CHECK;
/* Fill in an instance of Task or a subclass. */
bool task_start(Thread *t, Task *task, Value coroutine, Value loop, Value name,
                Value context) MUST_CHECK;
/* One step, called by the loop. [why]: VALUE_UNSET, the future that woke it, or an exception to
 * throw in. False: an exception leaves the loop (KeyboardInterrupt, SystemExit). */
bool task_step(Thread *t, Task *task, Value why) MUST_CHECK;
/* A callable that steps the task, for loops that are no EventLoop; it is called as task_step. */
Value task_wakeup_callable(Thread *t, Task *task);
int task_cancel(Thread *t, Task *task, Value message) MUST_CHECK;
/* Is [v] something a Task can drive? */
bool is_coroutine_like(Thread *t, Value v);
/* The set of all pending tasks of [loop]. */
Value tasks_of_loop(Thread *t, Value loop) MUST_CHECK;
/* "Task-7" or the given name. */
Str *task_name(Thread *t, Task *task);

/* ---- tasks of other loops than EventLoops (vm/foreign_tasks.c) ---- */

/* Keep [task], a Task or any object like one, among those that all_tasks() asks; forget it. */
bool foreign_task_register(Thread *t, Value task) MUST_CHECK;
bool foreign_task_unregister(Thread *t, Value task) MUST_CHECK;
/* Add the pending ones of [loop] to [tasks]. */
bool foreign_tasks_add(Thread *t, Value loop, Set *tasks) MUST_CHECK;
/* The task that runs in a loop of any kind, or VALUE_NONE; VALUE_ERROR raised. */
Value task_current(Thread *t, Value loop) MUST_CHECK;
/* It begins to run, it stops. RuntimeError when another one runs. */
bool task_enter(Thread *t, Value loop, Value task) MUST_CHECK;
bool task_leave(Thread *t, Value loop, Value task) MUST_CHECK;

/* ---- native coroutines (vm/native_coroutine.c) ---- */

NativeCoroutine *native_coroutine_new(Thread *t, const NativeCoroutineKind *kind, Value payload);
/* At a SEND whose delegate is [c]: as NativeCoroutineKind.resume; binds it to the running loop
 * first. */
Value native_coroutine_resume(Thread *t, NativeCoroutine *c) MUST_CHECK;
/* [exception] is thrown into it: undoes its waiting. The caller raises. */
void native_coroutine_thrown(Thread *t, NativeCoroutine *c);
/* May `await` or a task take it? RuntimeError when it has been awaited before. */
bool native_coroutine_check(Thread *t, const NativeCoroutine *c) MUST_CHECK;
/* Wake whoever is parked on it; it will be resumed in the next pass. */
bool native_coroutine_wake(Thread *t, NativeCoroutine *c) MUST_CHECK;
/* asyncio.sleep(delay, result) */
Value sleep_new(Thread *t, Value delay, Value result) MUST_CHECK;
/* The timer of a sleeper is due. */
bool sleep_finish(Thread *t, NativeCoroutine *c) MUST_CHECK;

/* ---- text (vm/callback_text.c) ---- */

/* A callback as asyncio shows it: "print(1, 'x')", "f() at a.py:3". */
bool callback_text(Thread *t, Value callback, const Value *args, size_t argc,
                   Buffer *out) MUST_CHECK;
/* repr shortened as reprlib does (containers to 6 items, texts to 30 characters). */
bool short_repr(Thread *t, Value v, Buffer *out) MUST_CHECK;
/* A coroutine as asyncio shows it: "f() running at a.py:3". */
bool coroutine_text(Thread *t, Value coroutine, Buffer *out) MUST_CHECK;

#endif
