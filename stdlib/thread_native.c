/* SPDX-License-Identifier: MIT */
/*
 * The module _thread: threads at their barest. threading is built on it.
 *
 * A new thread begins with the function, its arguments and nothing else: an exception that leaves
 * the function is printed and ends the thread only.
 *
 * Read next: vm/baton.c (who runs), stdlib/lock.c, stdlib/threading.tul.
 */
#include <signal.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "loop/loop.h"
#include "stdlib/thread.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/probe.h"

/* Address space for the registers of a thread; memory only as far as it is used. */
#define REGISTER_BYTES ((size_t)16 << 20)

/* What a new thread runs: its first registers hold the function, the arguments, the keywords. */
static void run_function(Thread *t, void *argument) {
    Value *given = argument;
    Tuple *positional = TUPLE(given[1]);
    Dict *keywords = given[2] == VALUE_NONE ? NULL : DICT(given[2]);
    size_t named = keywords ? keywords->used : 0;
    Value *roots = push_roots(t, (int)(positional->size + named) + 1), *out = roots + 1;
    for (size_t i = 0; i < positional->size; i++) *out++ = positional->items[i];
    Tuple *names = tuple_new(t, named);
    roots[0] = object_value(names);
    uint32_t position = 0;
    Value key, v;
    for (size_t i = 0; named && dict_next(keywords, &position, &key, &v); i++) {
        names->items[i] = key;
        *out++ = v;
    }
    Value result = call_keywords(t, given[0], roots + 1, (int)(positional->size + named), names);
    if (result != VALUE_ERROR) return;
    if (exception_matches(t, EXC_SystemExit)) exception_take(t);
    else exception_report_unraisable(t, "Exception ignored in thread started by", given[0]);
}

static bool check_start(Thread *t, const Value *args) {
    const char *wrong = !value_is_callable(t, args[0]) ? "first arg must be callable"
                        : !is_kind(args[1], OBJ_TUPLE) ? "2nd arg must be a tuple"
                        : args[2] != VALUE_NONE && !is_kind(args[2], OBJ_DICT)
                            ? "optional 3rd arg must be a dictionary"
                            : NULL;
    if (wrong) raise_error(t, EXC_TypeError, "%s", wrong);
    return !wrong;
}

static Value start_new_thread(Thread *t, Value *args) {
    if (!check_start(t, args)) return VALUE_ERROR;
    Thread *made = thread_new(t->vm, REGISTER_BYTES);
    if (!made) return raise_error(t, EXC_RuntimeError, "can't start new thread");
    Value *given = push_roots(made, 3);
    for (int i = 0; i < 3; i++) given[i] = args[i];
    int64_t number = (int64_t)made->number;
    if (!thread_start(t, made, run_function, given))
        return raise_error(t, EXC_RuntimeError, "can't start new thread");
    return fixnum(number);
}

static Value allocate_lock(Thread *t, Value *args) {
    (void)args;
    return lock_new(t);
}

static Value get_ident(Thread *t, Value *args) {
    (void)args;
    return fixnum((int64_t)t->number);
}

static Value get_native_id(Thread *t, Value *args) {
    (void)t, (void)args;
    return fixnum(syscall(SYS_gettid));
}

static Value count(Thread *t, Value *args) {
    (void)args;
    return fixnum((int64_t)t->vm->thread_count - 1);
}

static Value stack_size(Thread *t, Value *args) {
    int64_t size;
    if (!arg_int64(t, args[0], &size)) return VALUE_ERROR;
    if (size < 0) return raise_error(t, EXC_ValueError, "size must be 0 or a positive value");
    if (size && size < 32768)
        return raise_error(t, EXC_ValueError, "size not valid: %lld bytes", (long long)size);
    int64_t before = (int64_t)baton_stack_size(t->vm);
    baton_set_stack_size(t->vm, (size_t)size);
    return fixnum(before);
}

static Value interrupt_main(Thread *t, Value *args) {
    int64_t number;
    (void)t;
    if (!arg_int64(t, args[0], &number)) return VALUE_ERROR;
    if (number < 1 || number >= NSIG)
        return raise_error(t, EXC_ValueError, "signal number out of range");
    t->vm->hooks.simulate_signal(t, (int)number);
    return VALUE_NONE;
}

static Value set_object(Thread *t, Value *args) {
    heap_set(&t->vm->heap, &t->object, args[0]);
    return VALUE_NONE;
}

static Value set_main_object(Thread *t, Value *args) {
    heap_set(&t->vm->heap, &t->vm->main_thread->object, args[0]);
    return VALUE_NONE;
}

static Value get_object(Thread *t, Value *args) {
    (void)args;
    return t->object;
}

static Value report_lost(Thread *t, Value *args) {
    if (!is_str(args[0]) || !is_kind(args[1], OBJ_EXCEPTION))
        return raise_error(t, EXC_TypeError, "a str and an exception are required");
    Place made = {0};
    if (is_kind(args[2], OBJ_TUPLE) && TUPLE(args[2])->size == 2) {
        const Value *items = TUPLE(args[2])->items;
        if (is_kind(items[0], OBJ_CODE) && is_fixnum(items[1]))
            made = (Place){(Code *)object_of(items[0]), (uint32_t)fixnum_of(items[1])};
    }
    report_lost_outside_loops(t, args[0], args[1], made);
    return VALUE_NONE;
}

/* What a job of an executor returned: never meant to be a coroutine. */
static Value check_result(Thread *t, Value *args) {
    if (UNLIKELY(is_object(args[0]))) report_callback_result(t, "an executor", args[0]);
    return VALUE_NONE;
}

/* Stage 0 gives the place that handed the job over, for reports: (code, pc), or None. */
static Value note_job(Thread *t, Value *args) {
    if (args[0] == fixnum(0)) {
        PROBE(t, JOB_QUEUED, args[1], args[2]);
        Place place = place_in_program(t);
        if (!place.code || code_is_library(place.code)) return VALUE_NONE;
        Value pair[2] = {object_value(place.code), fixnum(place.pc)};
        return object_value(tuple_from(t, pair, 2));
    }
    if (args[0] == fixnum(1)) PROBE(t, JOB_BEGUN, args[1], args[2]);
    else PROBE(t, JOB_DONE, args[1], args[2]);
    return VALUE_NONE;
}

static Value thread_exit(Thread *t, Value *args) {
    (void)args;
    return raise_with(t, EXC_SystemExit, VALUE_UNSET);
}

static bool init(Thread *t, Module *module) {
    module_set(t, module, "error", object_value(EXCEPTION_CLASS(t, RuntimeError)));
    lock_install(t, module);
    thread_signals_install(t, module);
    local_install(t, module);
    return true;
}

static const NativeDef functions[] = {
    {"start_new_thread", start_new_thread, "(function, args, kwargs=None, /)",
     "Run function(*args, **kwargs) in a new thread; gives its identifier."},
    {"allocate_lock", allocate_lock, "()", "A new lock, free."},
    {"start_new", start_new_thread, "(function, args, kwargs=None, /)",
     "The old name of start_new_thread()."},
    {"allocate", allocate_lock, "()", "The old name of allocate_lock()."},
    {"exit_thread", thread_exit, "()", "The old name of exit()."},
    {"get_ident", get_ident, "()", "The identifier of this thread: 1 is the main thread."},
    {"get_native_id", get_native_id, "()", "The operating system's number for this thread."},
    {"_count", count, "()", "How many threads there are beside the main thread."},
    {"stack_size", stack_size, "(size=0, /)",
     "The C stack of threads made from now on, in bytes (0: the default); gives the size before."},
    {"interrupt_main", interrupt_main, "(signum=2, /)",
     "Let the main thread handle a signal as if it had arrived."},
    {"exit", thread_exit, "()", "End this thread: raises SystemExit."},
    {"_set_object", set_object, "(thread, /)", "This thread's threading.Thread is that one."},
    {"_set_main_object", set_main_object, "(thread, /)",
     "The main thread's threading.Thread is that one."},
    {"_check_result", check_result, "(result, /)",
     "Report a coroutine that a job of an executor made, and that nobody will await."},
    {"_report_lost_error", report_lost, "(future, exception, made, /)",
     "Say that nobody asked for the exception of a future, of which future is the repr; made is\n"
     "what _note_job() gave."},
    {"_note_job", note_job, "(stage, call, future, /)",
     "Tell the probe that a job of an executor is queued (0), begins (1) or is done (2). In a\n"
     "pool of processes [future] is from then on (future, number of the process)."},
    {"_get_object", get_object, "()", "This thread's threading.Thread, or None."},
    {0},
};

const NativeModule _thread_module = {
    .name = "_thread",
    .doc = "Threads at their barest: start one, locks, attributes of one's own.",
    .functions = functions,
    .init = init,
};
