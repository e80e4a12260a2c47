/* SPDX-License-Identifier: MIT */
/*
 * The event loop: a ready queue, timers, one libuv loop when something outside must be waited for.
 *
 * Two structures: EventLoop (vm/future.h) is the heap object that programs hold; Loop is its
 * malloc'd part, which libuv points into and which therefore dies only when libuv is done with it.
 * LoopState hangs on the vm and is shared by all loops: the clock, signals, reports.
 *
 * A pass: poll, append I/O callbacks, append due timers, run the entries that are ready now. What
 * is queued meanwhile waits for the next pass. libuv is started only when there is something to
 * wait for: with work ready and no handle open, a pass makes no system call.
 *
 * What loops hold in malloc'd memory is marked as a root at the start of every collection.
 * Read next: loop/run.c (the pass), loop/loop.c (life of a loop), loop/loop_class.c (its methods).
 */
#ifndef TULIP_LOOP_LOOP_H
#define TULIP_LOOP_LOOP_H

#include <signal.h>
#include <uv.h>

#include "loop/ready.h"
#include "loop/timers.h"
#include "vm/baton.h"
#include "vm/future.h"
#include "vm/unstarted.h"

#define LOOP_SIGNAL_COUNT 65

typedef struct Loop Loop;
typedef struct Watchdog Watchdog; /* loop/blocked.c */
typedef struct Watch Watch;       /* loop/watch.h */
typedef struct Wire Wire;         /* loop/wire.c */
typedef struct WireWaiter WireWaiter;
typedef struct Child Child;

/* What an expression statement dropped, and where. */
typedef struct Dropped {
    Value v; /* an unstarted coroutine, or a failed task */
    Place place;
} Dropped;

/* What is reported on standard error (loop/report.h), and what becomes of it. */
typedef enum ReportKind {
    REPORT_LOST_ERROR,     /* an exception that nobody retrieved */
    REPORT_NEVER_AWAITED,  /* a coroutine that nobody started */
    REPORT_NOT_RAISED,     /* a Return of trollius that was made and dropped */
    REPORT_PENDING_TASK,   /* a task that the end of its loop cut off */
    REPORT_BLOCKED_LOOP,   /* a callback that let all others wait */
    REPORT_NOT_THREADSAFE, /* a call into the loop of another thread */
    REPORT_NOT_REPEATABLE, /* --seed, and something from outside the program took part */
    REPORT_KIND_COUNT
} ReportKind;

/* How many places are remembered in which something was reported. */
enum { REPORT_PLACES = 32 };

typedef enum ReportAction { REPORT_BY_DEFAULT, REPORT_IGNORE, REPORT_ERROR } ReportAction;

/* asyncio.Handle and TimerHandle. */
typedef struct Handle {
    Object header;
    Value callback; /* VALUE_NONE when cancelled */
    Value args;     /* a tuple, or VALUE_NONE */
    Value context;
    Value loop;
    Value when; /* timers: loop.time() of the call */
    Value text; /* cancelled in debug mode: what its repr was just then; else VALUE_NONE */
    bool cancelled, is_timer;
    bool scheduled; /* in the timers of its loop */
    bool noted;     /* the table of vm/made.h has the stack in which it was made */
} Handle;

#define HANDLE(v) ((Handle *)(uintptr_t)(v))

typedef struct LoopState {
    Vm *vm;
    Loop *loops;          /* all that are not freed */
    Class *timer_handle;  /* the class TimerHandle */
    Class *deadlock;      /* tulip.Deadlock */
    uint64_t lost_errors; /* reported so far */
    uint64_t errors;      /* reports that are errors: such a run does not end with 0 */
    ReportAction actions[REPORT_KIND_COUNT];
    Watchdog *watchdog; /* NULL until a loop runs */
    Dropped *dropped;   /* in this pass */
    size_t dropped_count, dropped_capacity;
    bool telling;              /* what was dropped is being reported */
    Place told[REPORT_PLACES]; /* where a coroutine was forgotten and it was said */
    int told_count;
    bool signals_installed;
    bool signals_given_back[LOOP_SIGNAL_COUNT]; /* SIG_DFL was asked for: SIGINT and SIGPIPE */
    Value prompt_loop; /* get_running_loop()'s at the prompt, where none runs; or VALUE_NONE */
    Value policy;      /* asyncio.set_event_loop_policy's, or VALUE_NONE */
    bool interrupted;  /* a SIGINT became a KeyboardInterrupt: pending tasks at exit are no news */
    Value signal_handlers[LOOP_SIGNAL_COUNT]; /* signal.signal's, VALUE_UNSET: the default */
    Wire **wires;                             /* by descriptor, NULL: not known */
    size_t wire_capacity;
    WireWaiter *wire_waiters; /* threads parked in wire_wait */
    Child *children;          /* processes that run, the youngest first */
} LoopState;

enum { ENTRY_RUNS = 1 };

struct Loop {
    EventLoop *object; /* the heap object; cleared when that is collected */
    LoopState *state;
    Loop *next;
    ReadyQueue ready;
    TimerHeap timers;
    Thread *thread; /* running it, or NULL */
    bool stopping, closed, debug;
    bool over;   /* closed by the end of the program: what is called soon is silently not called */
    bool tracks; /* runs in debug mode: the thread's origin_depth is ours, not [outer_depth] */
    uint32_t outer_depth;
    const Value *running; /* while it runs: the entry that does, and its argument */
    bool custom;          /* of a class that is not the native one: see loop/custom.c */
    bool uv_started;      /* uv, timer and wakeup are initialised */
    bool polling;         /* waits in libuv with nothing ready: others must wake it */
    bool idle;            /* nothing was ready: it waits, or handles what ended the wait */
    bool parked;          /* waits for other threads or a virtual moment */
    bool unheard;         /* another thread has made something ready without waking it */
    uint32_t io_handles;  /* open handles that can bring events */
    Watch **watches;      /* by descriptor, NULL: none */
    size_t watch_capacity;
    uint8_t *read_buffer; /* of STREAM_READ_SIZE bytes, NULL until a stream reads */
    uint64_t pass;        /* number of passes begun */
    bool executor_shut;   /* the default executor takes no more jobs */
    Value exception_handler, task_factory, default_executor; /* VALUE_NONE */
    Value slow_callback_duration;
    int64_t slow;         /* the same in nanoseconds; atomic */
    uint64_t entry;       /* twice the number of the last one, and ENTRY_RUNS; atomic */
    int64_t entry_began;  /* on the virtual clock */
    int64_t debug_began;  /* in debug mode: the same, on the real clock */
    uint64_t seen_entry;  /* the watchdog's last look */
    int64_t seen_at;      /* when it first saw that entry; atomic */
    uint64_t poked;       /* the entry that it found too long; atomic */
    uint64_t poked_again; /* and found so again, much later; the watchdog's */
    bool is_held;         /* a safepoint of that entry has noted … */
    Place held_at;        /* … where it was, and … */
    size_t held_ready;    /* … how many were ready */
    uint64_t told_entry;  /* the entry that was reported while it went on */
    Loop *next_running;   /* in the watchdog's list */
    Value until;          /* the future run_until_complete waits for, or VALUE_NONE */
    Value signal_handles[LOOP_SIGNAL_COUNT]; /* add_signal_handler's Handles, VALUE_UNSET: none */
    uint32_t signal_handle_count;
    uv_loop_t uv;
    uv_timer_t timer;
    uv_async_t wakeup;
};

static inline LoopState *loop_state(const Thread *t) { return t->vm->loop_state; }

/* ---- loop/loop.c ---- */

/* Make LoopState, its classes and hooks. Once, after vm_new. */
void loop_install(Thread *t, bool virtual_time);
/* At exit: report what was lost, close all loops. */
void loop_shutdown(Thread *t);
/* Release LoopState, after the last Tulip code has run. */
void loop_release(Vm *vm);
/* How many lost errors were reported. */
uint64_t loop_lost_errors(const Vm *vm);
/* How many reports were errors: such a run does not end with 0. */
uint64_t loop_error_reports(const Vm *vm);
/* A new EventLoop of class [cls]. */
Value loop_new(Thread *t, Class *cls);
/* The Loop of [self], which must be open; NULL raised ("Event loop is closed"). */
Loop *loop_open(Thread *t, Value self) MUST_CHECK;
/* The same for what takes a callback, which may also be a loop that is over. */
Loop *loop_to_call(Thread *t, Value self) MUST_CHECK;
/* Whether [t] may call into [loop], which runs in one thread only: if not it is reported; in debug
 * mode it is raised, false. */
bool loop_check_thread(Thread *t, Loop *loop) MUST_CHECK;
static inline Loop *loop_of(Value self) { return EVENT_LOOP(self)->loop; }
/* Debug mode on or off; a running loop's thread tracks the origins of coroutines meanwhile. */
void loop_set_debug(Loop *loop, bool debug);
/* [t] runs it from now on, with what it is at work on in [running]; it has stopped. */
void loop_enter(Thread *t, Loop *loop, const Value *running);
void loop_leave(Thread *t, Loop *loop);
/* Close it: what is queued is forgotten, pending tasks are reported. False: raised. */
bool loop_close(Thread *t, Loop *loop) MUST_CHECK;
int64_t loop_now(const Loop *loop);
/* asyncio.get_event_loop(); asyncio._get_running_loop() (VALUE_NONE: none). */
Value loop_get_event_loop(Thread *t) MUST_CHECK;
Value loop_get_running(Thread *t);
/* asyncio.get_running_loop(): the running one, or that of the prompt. */
Value loop_get_current(Thread *t);

/* Raise OSError, or its subclass for [code]. */
Value loop_raise_errno(Thread *t, int code);

/* ---- loop/children.c ---- */

/* The program has started the process [pid] by the command [argv], a tuple of bytes; its status was
 * collected; none is remembered any more. */
void children_started(Thread *t, int64_t pid, Value argv);
void children_ended(LoopState *state, int64_t pid);
void children_release(LoopState *state);

/* ---- loop/custom.c ---- */

/* loop.time() of any loop, as nanoseconds; as seconds. False: raised. */
bool custom_now(Thread *t, Loop *loop, int64_t *now) MUST_CHECK;
bool custom_time(Thread *t, Value loop, double *seconds) MUST_CHECK;
/* loop.call_soon(callback, arg, context=context); a Task as callback is stepped. */
bool custom_call_soon(Thread *t, Value loop, Value callback, Value arg, Value context) MUST_CHECK;
/* loop.call_at(when, callback, *rest, context=context) */
Value custom_call_at(Thread *t, Value loop, double when, Value callback, Value context,
                     const Tuple *rest) MUST_CHECK;
/* A sleeper's timer, by loop.call_later(); it is not needed any more. */
bool custom_sleep_start(Thread *t, Value sleeper, double seconds) MUST_CHECK;
void custom_sleep_stop(Thread *t, Value sleeper);
/* loop._run_once(), loop._write_to_self() */
bool custom_run_pass(Thread *t, Value self) MUST_CHECK;
bool custom_wake(Thread *t, Value self) MUST_CHECK;
/* Wait in loop._selector: 1 done, 0 it has none, -1 raised. */
int custom_select(Thread *t, Loop *loop) MUST_CHECK;

/* ---- loop/asyncgens.c ---- */

/* From now on async generators that are first iterated on this thread are closed by [loop] when
 * they are dropped. */
void asyncgens_hook(Thread *t, Value loop);
/* loop.shutdown_asyncgens(): a coroutine that closes those that are still open. */
Value asyncgens_shutdown(Thread *t, Value loop) MUST_CHECK;

/* ---- loop/executor.c ---- */

/* loop.run_in_executor(executor, func, *args), set_default_executor, shutdown_default_executor. */
Value executor_run(Thread *t, Value *args) MUST_CHECK;
Value executor_set(Thread *t, Value *args) MUST_CHECK;
Value executor_shutdown(Thread *t, Value *args) MUST_CHECK;
/* The loop closes: its executor takes no more jobs. Nobody waits. False: raised. */
bool executor_drop(Thread *t, Loop *loop) MUST_CHECK;
/* loop._default_executor, loop._executor_shutdown_called. */
Value executor_get_default(Thread *t, Value self) MUST_CHECK;
bool executor_set_default(Thread *t, Value self, Value v) MUST_CHECK;
Value executor_get_shut(Thread *t, Value self) MUST_CHECK;
bool executor_set_shut(Thread *t, Value self, Value v) MUST_CHECK;

/* ---- loop/run.c ---- */

/* Until stop(), an exception that leaves the loop, or deadlock. False: raised. */
bool loop_run_forever(Thread *t, Value self) MUST_CHECK;
/* Until [future] is done (a coroutine becomes a task); its result. */
Value loop_run_until_complete(Thread *t, Value self, Value future) MUST_CHECK;
/* One pass: wait, collect what is due, run what is ready. */
bool loop_run_once(Thread *t, Value self) MUST_CHECK;
/* Make a waiting loop look at its ready queue; any thread, or a signal handler. */
void loop_wake(Loop *loop);
/* uv, timer and wakeup are initialised from now on. */
void loop_start_uv(Loop *loop);

/* ---- loop/handle.c ---- */

/* A Handle for callback(*args); [args] is a tuple or None. */
Value handle_new(Thread *t, Value loop, Value callback, Value args, Value context);
/* [args] of handle_new for what is called with [arg], or with nothing (VALUE_UNSET). */
Value handle_arguments(Thread *t, Value arg);
/* What call_soon() and its kin give: the same, but debug mode notes the stack. */
Value handle_new_noted(Thread *t, Loop *loop, Value callback, Value args, Value context);
/* A TimerHandle, put into the loop's timers. */
Value handle_new_timer(Thread *t, Loop *loop, int64_t deadline, double when, Value callback,
                       Value args, Value context);
/* Call it. False: an exception leaves the loop. */
bool handle_run(Thread *t, Handle *handle) MUST_CHECK;
void handle_cancel(Thread *t, Handle *handle);
/* A timer in the heap of [loop] was cancelled: such timers are counted. */
void handle_timer_cancelled(Value loop);
/* Is a timer's owner cancelled or done? */
bool timer_is_dead(Value what);
/* What runs when an entry of the ready queue does: "print(1)". False: raised. */
bool handle_text(Thread *t, Value what, Value arg, Buffer *out) MUST_CHECK;
/* [what](arg) raised: SystemExit and KeyboardInterrupt leave the loop (false), others go to the
 * exception handler. */
bool callback_failed(Thread *t, Value loop, Value what, Value arg) MUST_CHECK;

/* ---- loop/handle_class.c ---- */

/* Make the classes Handle and TimerHandle. */
void handle_install(Thread *t, LoopState *state);

/* ---- loop/loop_class.c ---- */

/* Complete the class EventLoop. */
void loop_class_install(Thread *t);

/* ---- loop/borrowed.c ---- */

/* Give EventLoop the methods of loop/methods.def, when _asyncio is imported. False: raised. */
bool loop_borrow_methods(Thread *t) MUST_CHECK;

/* ---- loop/report.c ---- */

/* loop.call_exception_handler(context) */
bool report_to_loop(Thread *t, Value loop, Dict *context) MUST_CHECK;
/* loop.default_exception_handler(context): the report on sys.stderr. */
bool report_default(Thread *t, Dict *context) MUST_CHECK;
/* The same for [loop]: in debug mode with the stack of the handle that runs. */
bool report_default_of(Thread *t, Value loop, Dict *context) MUST_CHECK;
/* The handler of a loop of ours gets it, or the default one. */
bool report_to_handler(Thread *t, Value loop, Dict *context) MUST_CHECK;
/* Give it to the logger `asyncio`, if the program uses logging and somebody listens. */
bool report_logged(Thread *t, Dict *context);
/* asyncio.base_events.[function](args…), if the program uses logging; whether that logged it. */
bool report_by_logger(Thread *t, const char *function, const Value *args, int argc);
/* Text to sys.stderr. */
void report_text(Thread *t, const char *text, size_t size);
/* The end of a pass: coroutines never awaited, tasks that failed unseen. */
bool report_pass_end(Thread *t) MUST_CHECK;
/* An expression statement dropped [v] (hook). */
void report_dropped(Thread *t, Value v);

/* ---- loop/lost.c ---- */

/* [future] failed and nobody looked: tell its loop's exception handler, once. */
void report_lost_error(Thread *t, Value future);
/* The same for a future that belongs to no loop, shown as [text] (a str): nobody looked at
 * [exception]. The work was handed over at [made], if that is known. */
void report_lost_outside_loops(Thread *t, Value text, Value exception, Place made);
/* Failed, unobserved futures of [loop] (NULL: of all). */
bool report_lost_errors_of(Thread *t, const Loop *loop) MUST_CHECK;
/* The tasks of [loop] that are still pending, when it is closed. */
void report_pending_tasks(Thread *t, Loop *loop);

/* ---- loop/forgotten.c ---- */

/* The coroutine [v], still unstarted, was the value of an expression statement at [place]. */
void report_statement(Thread *t, Value v, Place place);
/* [v], which may be an unstarted coroutine, is used as what it is not (hook): [how] says as what.
 */
void report_misused(Thread *t, Value v, const char *how);
/* The callback [who] returned [v]: an unstarted coroutine is dropped now. */
void report_callback_result(Thread *t, const char *who, Value v);
/* The unstarted coroutine [v] was collected (hook). */
void report_collected(Thread *t, Value v);
/* All that are still unstarted at the end of the program. */
void report_all_unstarted(Thread *t);

/* ---- loop/shuffle.c ---- */

/* From now on tasks that are woken at once run in an order that [seed] decides, and threads too. */
void loop_seed(Thread *t, uint64_t seed);
/* The tasks among what is ready change places. */
void loop_shuffle(Loop *loop);
/* With a seed: name what took part that it does not decide. */
void report_outside(Thread *t);

/* ---- loop/blocked.c ---- */

/* [loop] runs from now on; it has ended. */
void blocked_begin(Loop *loop);
void blocked_end(Loop *loop);
/* [loop] has waited, and is at work again. */
void blocked_wake(Loop *loop);
/* A safepoint saw POLL_WATCH: note where the callback is that takes too long (hook). */
void blocked_look(Thread *t);
/* The entry [what] ([arg]) has ended, and may have taken too long. */
void blocked_report(Thread *t, Loop *loop, Value what, Value arg);
void blocked_shade(Heap *heap, const LoopState *state);
/* End the watchdog. */
void blocked_release(LoopState *state);
static inline void blocked_enter(const Thread *t, Loop *loop) {
    __atomic_store_n(&loop->entry, (loop->entry + 2) | ENTRY_RUNS, __ATOMIC_RELAXED);
    loop->entry_began = t->vm->clock.elapsed;
}
static inline void blocked_leave(Loop *loop) {
    __atomic_store_n(&loop->entry, loop->entry & ~(uint64_t)ENTRY_RUNS, __ATOMIC_RELAXED);
}

/* ---- loop/deadlock.c ---- */

/* Raise tulip.Deadlock with a drawing of who waits for what; returns false. */
bool deadlock_raise(Thread *t, Loop *loop);
/* The same for a thread that waits for [what], a lock (hook). */
void deadlock_of_threads(Thread *t, Value what);

/* ---- loop/signals.c ---- */

void signals_install(LoopState *state);
void signals_restore(LoopState *state);
/* Which loop a signal must wake while the main thread waits in it. */
void signals_set_waiting(const Thread *t, Loop *loop);
/* As if signal [number] had arrived; not when it is ignored or has no handler (hook). */
void signals_simulate(Thread *t, int number);
/* Run the handlers of arrived signals (hook). False: raised. */
bool signals_deliver(Thread *t) MUST_CHECK;
/* signal.signal: [handler] VALUE_UNSET restores the default; VALUE_NONE ignores. Returns the
 * previous one. */
Value signals_set_handler(Thread *t, int number, Value handler);
/* Deliver [number] to the main thread's safepoints. */
void signals_catch(int number);
/* From now on the number of each signal is written to [fd] as a byte (-1: no longer), which must
 * not block; gives the descriptor before. */
int signals_tell(int fd);
/* Is there a handler that a signal could run? Of [loop]; of the program. */
bool signals_may_reach(const Loop *loop);
bool signals_may_come(const Vm *vm);

#endif
