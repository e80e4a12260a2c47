/* SPDX-License-Identifier: MIT */
/*
 * The Thread (one stack of registers and frames) and the Vm (everything threads share).
 *
 * Registers live on one stack of Values per thread and frame headers on another; both are reserved
 * once as address space and never move. A generator carries its own frame and registers. Everything
 * between registers and registers_top is a root.
 *
 * Read next: vm/frame.h (what a frame holds), vm/execute.c (the one loop).
 */
#ifndef TULIP_VM_THREAD_H
#define TULIP_VM_THREAD_H

#include <stdarg.h>

#include "common/buffer.h"
#include "vm/class.h"
#include "vm/clock.h"
#include "vm/heap.h"

/* Built-in exception classes: vm->exceptions[EXC_TypeError]. */
typedef enum ExceptionId {
#define EXCEPTION_ROW(NAME, BASE) EXC_##NAME,
#include "vm/exceptions.def"
#undef EXCEPTION_ROW
    EXC_COUNT
} ExceptionId;

/* Strings the VM itself looks up: vm->names[NAME___init__]. */
typedef enum NameId {
#define NAME(ID) NAME_##ID,
#include "vm/names.def"
#undef NAME
    NAME_COUNT
} NameId;

/* What reports say of a lock between threads. */
typedef struct LockFacts {
    uint64_t owner; /* the number of the thread that holds it; 0: it is free */
    const struct Origin *made, *taken;
} LockFacts;

/* What upper layers install so that the vm can reach them without including them. */
typedef struct VmHooks {
    /* import [name] (dotted) and return the module named last; raises ImportError */
    Value (*import_module)(Thread *t, Str *name);
    /* compile source text; mode "exec", "eval" or "single"; returns a function taking no arguments,
     * whose globals are [globals] and (name mode, when locals is not NULL) whose register 0 is
     * expected to be the locals mapping */
    Value (*compile)(Thread *t, Str *source, Str *filename, const char *mode, Dict *globals,
                     bool name_mode);
    /* source line [line] of [filename] for tracebacks: appended to a Buffer; false when unknown */
    bool (*source_line)(Vm *vm, const char *filename, int line, Buffer *out);
    /* a safepoint saw POLL_SIGNAL (already cleared): false raised; NULL: KeyboardInterrupt is
     * raised */
    bool (*signal)(Thread *t);
    /* could a signal handler run Tulip code? Then a wait without end is no deadlock. NULL: no */
    bool (*signals_may_come)(const Vm *vm);
    /* raise tulip.Deadlock: all threads wait, this one for [what] */
    void (*deadlock)(Thread *t, Value what);
    /* who holds [lock], for reports; false: it is no lock. NULL: there are no locks */
    bool (*lock_facts)(Thread *t, Value lock, LockFacts *out);
    /* the descriptor of a socket object, for reports; -1: it is none, or closed. NULL: none */
    int (*descriptor)(Thread *t, Value socket);
    /* the main thread shall see signal [number], as if it had arrived */
    void (*simulate_signal)(Thread *t, int number);
    /* schedule a task's step on its loop (first step and wake-ups) */
    void (*task_schedule)(Thread *t, Value task);
    /* call callback(arg) in the next pass of [loop], in [context] (VALUE_NONE: the current one). A
     * Task as callback is stepped: arg is VALUE_UNSET, the future that woke it, or an exception to
     * throw */
    bool (*call_soon)(Thread *t, Value loop, Value callback, Value arg, Value context);
    /* asyncio.get_event_loop() and get_running_loop() (VALUE_NONE: none) */
    Value (*event_loop)(Thread *t);
    Value (*running_loop)(Thread *t);
    /* complete the native coroutine [sleeper] after [seconds] on its loop */
    bool (*sleep_start)(Thread *t, Value sleeper, double seconds);
    /* an exception nobody retrieved, of a failed future that is being collected */
    void (*lost_error)(Thread *t, Value future);
    /* an event loop is being collected that nobody has closed */
    void (*unclosed_loop)(Thread *t, Value loop);
    /* that timer is not needed any more */
    void (*sleep_stop)(Thread *t, Value sleeper);
    /* an expression statement dropped [v], a generator object or a task */
    void (*unused_result)(Thread *t, Value v);
    /* [v], perhaps an unstarted coroutine, is used as what it is not: [how] says as what */
    void (*misused)(Thread *t, Value v, const char *how);
    /* a safepoint saw POLL_WATCH: a callback may hold its loop for too long */
    void (*watch)(Thread *t);
    /* the coroutine [v] dies unstarted */
    void (*never_awaited)(Thread *t, Value v);
} VmHooks;

/* Room beyond a thread's last register, for the arguments of a call that is about to be refused. */
enum { REGISTER_SLACK = 256 };

struct Thread {
    Vm *vm;
    int poll;     /* a safepoint has something to do (POLL_… bits); thread_poll_bits() */
    Frame *frame; /* running frame; NULL outside execute() */
    Value *registers, *registers_top, *registers_end; /* and REGISTER_SLACK beyond the end */
    Frame *frames, *frames_top, *frames_end;
    Value exception;       /* being raised; VALUE_UNSET when none */
    Value handling;        /* being handled (sys.exc_info), VALUE_NONE when none */
    Value thrown;          /* what throw() put into a generator last; only to be compared with */
    Value done_value;      /* with VALUE_DONE: what the iterator returned */
    Value parked_on;       /* with VALUE_PARKED: the future */
    uint32_t depth;        /* Tulip calls and native re-entries */
    uint32_t native_depth; /* nested execute() activations */
    char *c_stack_limit;   /* lowest address natives may reach */
    Thread *next;          /* all threads of the vm, the newest first */
    uint64_t number;       /* 1 is the main thread; threading.get_ident() */
    Value object;          /* threading's object or VALUE_NONE */
    const Frame *callback_base; /* while a loop runs: what calls its callbacks */
    int delivering;             /* the signal whose handler runs; 0: none */
    struct Seat *seat;          /* its place in the line for the baton (vm/baton.c) */
    int wait_kind;              /* WaitKind: why it does not hold the baton; for reports */
    Value wait_on;              /* with it: the lock …, or VALUE_NONE */
    int64_t wait_deadline;      /* with it: CLOCK_NEVER when there is none */
    int hears_outside;          /* while parked: HearsOutside */
    Value running_loop;  /* the event loop whose run_forever is under way in this thread, 0: none */
    Value event_loop;    /* set_event_loop's, 0: none */
    bool event_loop_set; /* set_event_loop was called */
    Value asyncgen_firstiter, asyncgen_finalizer; /* sys.set_asyncgen_hooks; VALUE_NONE: none */
    uint32_t origin_depth;                        /* sys.set_coroutine_origin_tracking_depth's */
    Value context; /* the current contextvars context, 0: none was needed yet (vm/context.h) */
    struct ReprStack *rendering; /* what repr is at work on (vm/text.c), NULL until used */
};

enum {
    POLL_COLLECT = 1,
    POLL_SIGNAL = 2,
    POLL_SWITCH = 4,
    POLL_FINALIZE = 8,
    POLL_CALLBACK = 16,
    POLL_WATCH = 32
};

/* What comes from outside the program, so that a seed does not make it the same again. */
enum { OUTSIDE_PEERS = 1, OUTSIDE_PROCESSES = 2, OUTSIDE_RANDOM = 4, OUTSIDE_INPUT = 8 };

struct Vm {
    Heap heap;
    Class *classes[OBJ_KIND_COUNT];
    Class *exceptions[EXC_COUNT];
    Class *cancelled_error, *invalid_state_error; /* asyncio's, made by future_init */
    Class *future_iterator;                       /* the class of iter(future) */
    Class *context_classes[3];        /* of contextvars, NULL until it is imported (vm/context.c) */
    Class *from_class, *return_class; /* trollius's, NULL until it is imported (vm/trollius.h) */
    Value foreign_tasks, foreign_current; /* see vm/foreign_tasks.c; VALUE_UNSET until needed */
    uint64_t task_count;                  /* names of tasks: Task-1, Task-2 … */
    Class *method_descriptor, *wrapper_descriptor; /* natives of classes, of slots */
    Class *method_wrapper;                         /* bound ones of slots */
    Str *names[NAME_COUNT];
    Str *ascii[128]; /* one-character strings */
    Str *empty_str;
    Tuple *empty_tuple;
    Bytes *empty_bytes;
    struct InternTable *interned;
    struct MethodCache *method_cache;
    struct Signature *signatures;          /* all that were parsed, see vm/signature.c */
    struct Signature *callback_signatures; /* those of native_callback() */
    struct Signature *task_signature;      /* of Task(), when it was called */
    uint32_t next_key;                     /* for shapes, classes, dict layouts */
    uint64_t next_id;                      /* id() numbers */
    uint64_t hash_key[2];                  /* SipHash */
    Module *builtins;
    Dict *modules; /* sys.modules */
    bool dev_mode; /* -X dev */
    uint32_t recursion_limit;
    uint32_t int_max_str_digits;
    bool out_of_scope; /* compile what is left out of the language to code that raises */
    Thread *threads, *main_thread;
    uint32_t thread_count; /* how many are alive */
    uint64_t threads_made;
    struct Baton *baton; /* who runs (vm/baton.h) */
    Clock clock;
    bool seeded;      /* --seed: what is left to chance is drawn, and always the same */
    uint64_t random;  /* then: what loops draw from */
    uint32_t outside; /* then: OUTSIDE_… bits of what took part that no seed decides */
    VmHooks hooks;
    struct Probe *probe; /* vm/probe.h */
    /* called before the instruction at word [pc], when it was set before the program began; under
     * the rules of a probe's listener */
    void (*on_instruction)(Thread *t, Frame *f, uint32_t pc);
    void *instruction_context;
    struct IdTable *ids;
    void *loop_state;   /* owned by loop/ */
    void *stdlib_state; /* owned by stdlib/ */
};

/* n registers, VALUE_UNSET each, that root what you put there. Released by pop_roots, or by the
 * return of the native in which they were pushed (its caller restores registers_top). */
static inline Value *push_roots(Thread *t, int n) {
    Value *roots = t->registers_top;
    for (int i = 0; i < n; i++) roots[i] = VALUE_UNSET;
    t->registers_top = roots + n;
    return roots;
}
static inline void pop_roots(Thread *t, Value *roots) { t->registers_top = roots; }

/* What a `next` slot returns at the end. */
static inline Value iter_done(Thread *t) {
    t->done_value = VALUE_NONE;
    return VALUE_DONE;
}

/* ---- raising (vm/exception.c) ---- */

/* Raise a built-in exception with a formatted message; returns VALUE_ERROR.
 * Formats: %s %d %ld %lld %u %zu %zd %c %x %% as printf, and with a Value argument:
 * %T its class's name, %R its repr, %S its str. */
Value raise_error(Thread *t, ExceptionId id, const char *format, ...);
/* Raise [exception] (an instance); sets __context__. Returns VALUE_ERROR. */
Value raise_value(Thread *t, Value exception);
/* Raise [cls]([arg]); arg may be VALUE_UNSET. */
Value raise_with(Thread *t, ExceptionId id, Value arg);
/* Is the exception being raised an instance of [id]? */
bool exception_matches(const Thread *t, ExceptionId id);
/* Take the exception off the thread (it is no longer being raised). */
Value exception_take(Thread *t);
/* StopIteration with t->done_value. */
Value raise_stop_iteration(Thread *t);
/* Report an error nobody can receive (finalisers, callbacks): sys.unraisablehook. */
void exception_report_unraisable(Thread *t, const char *where, Value object);
/* An uncaught exception as CPython prints it, into a Buffer. */
void exception_print(Thread *t, Value exception, Buffer *out);

/* ---- calling Tulip code from C (vm/call.c); each may run anything, so root your values ---- */

Value call_value(Thread *t, Value callee, const Value *args, int argc) MUST_CHECK;
/* [argc] counts the keyword values at the end of [args]; kwnames may be NULL. */
Value call_keywords(Thread *t, Value callee, const Value *args, int argc,
                    Tuple *kwnames) MUST_CHECK;
/* self.name(*args); looks the method up on the class only when [special] (as operators do). */
Value call_method(Thread *t, Value self, Str *name, const Value *args, int argc) MUST_CHECK;
/* The special method [name] of self's class, bound, or VALUE_UNSET when there is none; VALUE_ERROR
 * raised. */
Value lookup_special(Thread *t, Value self, Str *name) MUST_CHECK;

/* Enough C stack and recursion depth left? Raises RecursionError otherwise. Pair
 * with leave_native. */
bool enter_native(Thread *t, const char *where) MUST_CHECK;
static inline void leave_native(Thread *t) { t->depth--; }

/* Safepoint for natives that loop (per item of a consumed iterator): collection, Ctrl-C, thread
 * hand-over. False: an exception was raised (KeyboardInterrupt). */
bool thread_poll_slow(Thread *t) MUST_CHECK;
static inline int thread_poll_bits(const Thread *t) {
    return __atomic_load_n(&t->poll, __ATOMIC_RELAXED);
}
static inline MUST_CHECK bool thread_poll(Thread *t) {
    return LIKELY(!thread_poll_bits(t)) || thread_poll_slow(t);
}
/* Set and clear bits; any thread, and signal handlers. The second returns what was there before. */
static inline void thread_poll_raise(Thread *t, int bits) {
    __atomic_fetch_or(&t->poll, bits, __ATOMIC_SEQ_CST);
}
static inline int thread_poll_clear(Thread *t, int bits) {
    return __atomic_fetch_and(&t->poll, ~bits, __ATOMIC_SEQ_CST);
}

/* Was one of [bits] set? Then it is no more. */
static inline bool thread_poll_clear_if(Thread *t, int bits) {
    return (thread_poll_bits(t) & bits) && (thread_poll_clear(t, bits) & bits);
}

/* Free the identity numbers of a vm (vm/object.c) and what repr keeps per thread (vm/text.c). */
void identity_free(Vm *vm);
void rendering_free(Thread *t);

Vm *vm_new(void);
void vm_free(Vm *vm);
/* A thread with its stacks, which does not run yet: vm/baton.h starts it. NULL: the system has no
 * address space left for them. */
Thread *thread_new(Vm *vm, size_t register_bytes);
void thread_free(Thread *t);
/* The calling OS thread is t's and has [size] bytes of C stack: natives stop short of its end. */
void thread_measure_stack(Thread *t, size_t size);
/* POLL_SIGNAL, and out of whatever t waits in; may be called by a signal handler. */
void thread_interrupt(Thread *t);

#define BUILTIN_CLASS(t, KIND)   ((t)->vm->classes[OBJ_##KIND])
#define EXCEPTION_CLASS(t, NAME) ((t)->vm->exceptions[EXC_##NAME])
#define NAME_OF(t, ID)           ((t)->vm->names[NAME_##ID])

#endif
