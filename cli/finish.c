/* SPDX-License-Identifier: MIT */
/*
 * How a program ends. An uncaught exception is reported and becomes a status; then, whatever
 * happened, come the calls registered with atexit, what the loops have to say, the finalisers (of
 * what only the main module held first), and the standard streams.
 *
 * Statuses: 0, 1 uncaught exception (or a lost error in a run that would have ended with 0), 3
 * deadlock, 141 BrokenPipeError on standard output, sys.exit's own; Ctrl-C ends by the signal, so
 * that a shell sees it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/run.h"
#include "loop/loop.h"
#include "stdlib/file.h"
#include "stdlib/stdlib.h"
#include "stdlib/sys.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

/* ---- uncaught exceptions ---- */

static Value sys_attribute(Thread *t, NameId id) {
    return dict_get_str(t, stdlib_of(t)->sys->dict, t->vm->names[id]);
}

static bool is_a(const Exception *e, const Class *cls) {
    return cls && class_is_subclass(object_class(&e->header), cls);
}

/* The status sys.exit(code) asks for; anything but an int or None is a message. */
static int status_of_code(Thread *t, Value code) {
    if (code == VALUE_NONE) return STATUS_OK;
    if (is_int(code)) {
        int64_t n;
        return int_to_int64(code, &n) ? (int)(n & 0xff) : 255;
    }
    Str *text = value_str(t, code);
    if (text) {
        Buffer line = {0};
        buffer_append(&line, text->data, text->size);
        buffer_putc(&line, '\n');
        sys_write_error(t, line.data, line.size);
        buffer_free(&line);
    } else {
        exception_take(t);
    }
    return STATUS_ERROR;
}

/* Through sys.excepthook when the program has set one. */
static void report(Thread *t, Value exception) {
    Value *roots = push_roots(t, 5);
    roots[0] = exception;
    Value hook = sys_attribute(t, NAME_excepthook);
    if (hook == VALUE_UNSET || is_kind(hook, OBJ_NATIVE)) {
        sys_print_exception(t, exception);
    } else {
        roots[1] = hook;
        roots[2] = object_value(class_of(t->vm, exception));
        roots[3] = exception;
        roots[4] = EXCEPTION(exception)->traceback;
        if (call_value(t, hook, roots + 2, 3) == VALUE_ERROR) {
            roots[1] = exception_take(t);
            sys_write_error(t, "Error in sys.excepthook:\n", 25);
            sys_print_exception(t, roots[1]);
            sys_write_error(t, "\nOriginal exception was:\n", 25);
            sys_print_exception(t, exception);
        }
    }
    pop_roots(t, roots);
}

Ending ending_of_exception(Thread *t) {
    Value *roots = push_roots(t, 1);
    Exception *e = EXCEPTION(exception_take(t));
    roots[0] = object_value(e);
    Ending ending = {.status = STATUS_ERROR};
    if (is_a(e, EXCEPTION_CLASS(t, SystemExit))) {
        ending.status = status_of_code(t, e->value);
    } else if (is_a(e, EXCEPTION_CLASS(t, BrokenPipeError)) && stdlib_of(t)->stdout_broken) {
        ending.status = STATUS_BROKEN_PIPE;
    } else {
        report(t, roots[0]);
        ending.interrupted = is_a(e, EXCEPTION_CLASS(t, KeyboardInterrupt));
        if (is_a(e, loop_state(t)->deadlock)) ending.status = STATUS_DEADLOCK;
    }
    pop_roots(t, roots);
    return ending;
}

/* ---- the end ---- */

/* Flush a standard stream; false when that fails. */
static bool flush_stream(Thread *t, NameId id) {
    Value stream = sys_attribute(t, id);
    if (stream == VALUE_UNSET || stream == VALUE_NONE) return true;
    File *file = file_of(t, stream);
    if (file) return file->core->closed || core_flush(t, file->core);
    Value *roots = push_roots(t, 1);
    roots[0] = stream;
    bool ok = call_method(t, stream, NAME_OF(t, flush), NULL, 0) != VALUE_ERROR;
    pop_roots(t, roots);
    return ok;
}

static void flush_streams(Thread *t, Ending *ending) {
    if (!flush_stream(t, NAME_stdout)) {
        bool broken = exception_matches(t, EXC_BrokenPipeError) && stdlib_of(t)->stdout_broken;
        Value error = exception_take(t);
        if (broken) {
            ending->status = STATUS_BROKEN_PIPE;
        } else {
            sys_write_error(t,
                            "Exception ignored in: <_io.TextIOWrapper name='<stdout>' mode='w' "
                            "encoding='utf-8'>\n",
                            84);
            sys_print_exception(t, error);
            if (ending->status == STATUS_OK) ending->status = 120;
        }
        File *file = file_of(t, sys_attribute(t, NAME_stdout));
        if (file) file->core->out.size = 0;
    }
    if (!flush_stream(t, NAME_stderr)) exception_take(t);
}

/* What only the main module held is finalised first, while its names still work; then everything
 * else. With nothing that wants to be finalised, there is no need to look for it. */
static void finalize(Thread *t) {
    stdlib_of(t)->finalizing = true;
    dict_delete_str(t, t->vm->modules, NAME_OF(t, __main__));
    t->handling = VALUE_NONE;
    Heap *heap = &t->vm->heap;
    if (!heap->finalizable_count && !heap->pending_count && !heap->weak_sweep) return;
    heap_collect(t);
    heap_finalize_at_exit(t);
}

/* In builds that look for leaks everything is given back; others leave that to the system. */
static void release(Thread *t) {
    Vm *vm = t->vm;
    loop_release(vm);
    probe_end(vm);
#if defined(TULIP_MALLOC_HEAP) || !defined(NDEBUG)
    stdlib_release(vm);
    vm_free(vm);
#endif
}

static void die_of_interrupt(void) {
    signal(SIGINT, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(SIGINT);
}

/* Wait for the threads that are no daemons, if the program ever made any. */
static void wait_for_threads(Thread *t, Ending *ending) {
    Value threading = dict_get_str(t, t->vm->modules, NAME_OF(t, threading));
    if (!is_kind(threading, OBJ_MODULE)) return;
    if (call_method(t, threading, NAME_OF(t, _shutdown), NULL, 0) != VALUE_ERROR) return;
    Ending other = ending_of_exception(t);
    if (ending->status == STATUS_OK) *ending = other;
}

int finish(Thread *t, Ending ending) {
    if (ending.status != STATUS_DEADLOCK) wait_for_threads(t, &ending);
    exit_calls_run(t);
    flush_streams(t, &ending);
    loop_shutdown(t);
    bool alone = baton_close(t->vm);
    finalize(t);
    flush_streams(t, &ending);
    files_write_out(t->vm);
    if (ending.status == STATUS_OK && loop_error_reports(t->vm) > 0) ending.status = STATUS_ERROR;
    if (alone) {
        release(t);
    } else if (!ending.interrupted) {
        probe_end(t->vm);
        fflush(NULL);
        _exit(ending.status); /* daemon threads may still be in a system call */
    }
    if (ending.interrupted && !alone) probe_end(t->vm);
    if (ending.interrupted) die_of_interrupt();
    return ending.status;
}
