/* SPDX-License-Identifier: MIT */
/*
 * Signals, Ctrl-C first: from the kernel to a safepoint of the main thread.
 *
 * The signal handler only sets flags: which signal, and the main thread's poll word, which the next
 * safepoint looks at. A loop that waits in libuv is woken through its async handle. At the
 * safepoint the Tulip handler runs; without one SIGINT becomes KeyboardInterrupt.
 *
 * A second Ctrl-C kills the process only when the first has not been looked at for a second: a C
 * function that never reaches a safepoint must not make the program unstoppable.
 *
 * Ctrl-\ (SIGQUIT) prints the task tree and the program goes on, unless the program has a handler
 * of its own or asked for SIG_DFL.
 *
 * The one static variable of the loop is here: a signal handler has no argument to find its state
 * by. Read next: loop/run.c.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "loop/tree.h"
#include "vm/frame_object.h"
#include "vm/ops.h"
#include "vm/probe.h"

static struct {
    Thread *main_thread;
    _Atomic(Loop *) waiting;
    atomic_bool pending[LOOP_SIGNAL_COUNT];
    atomic_llong interrupted_at; /* nanoseconds; 0: no undelivered SIGINT */
    atomic_int told;             /* 1 + the descriptor that gets each signal's number; 0: none */
} arrived;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * CLOCK_SECOND + time.tv_nsec;
}

/* Write the number to the descriptor that the program waits for (signal.set_wakeup_fd). */
static void tell(int number) {
    int fd = atomic_load(&arrived.told) - 1, before = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t written = fd >= 0 ? write(fd, &byte, 1) : 0;
    (void)written; /* there are bytes enough in a pipe that is full */
    errno = before;
}

int signals_tell(int fd) { return atomic_exchange(&arrived.told, fd + 1) - 1; }

static void on_signal(int number) {
    if (number == SIGINT) {
        int64_t before = atomic_load(&arrived.interrupted_at), time = now();
        if (before && time - before > CLOCK_SECOND) {
            signal(SIGINT, SIG_DFL);
            raise(SIGINT);
        }
        if (!before) atomic_store(&arrived.interrupted_at, time);
    }
    atomic_store(&arrived.pending[number], true);
    tell(number);
    if (!arrived.main_thread) return;
    thread_interrupt(arrived.main_thread);
    Loop *loop = atomic_load(&arrived.waiting);
    if (loop) uv_async_send(&loop->wakeup);
}

void signals_catch(int number) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

void signals_install(LoopState *state) {
    arrived.main_thread = state->vm->main_thread;
    for (int i = 0; i < LOOP_SIGNAL_COUNT; i++) state->signal_handlers[i] = VALUE_UNSET;
    struct sigaction inherited;
    sigaction(SIGINT, NULL, &inherited);
    if (inherited.sa_handler == SIG_IGN)
        state->signal_handlers[SIGINT] = VALUE_NONE; /* a background job */
    else signals_catch(SIGINT);
    sigaction(SIGQUIT, NULL, &inherited);
    if (inherited.sa_handler == SIG_DFL) signals_catch(SIGQUIT);
    signal(SIGPIPE, SIG_IGN);
    state->signals_installed = true;
}

void signals_restore(LoopState *state) {
    if (!state->signals_installed) return;
    signal(SIGINT, SIG_DFL);
    struct sigaction quit;
    sigaction(SIGQUIT, NULL, &quit);
    if (quit.sa_handler == on_signal) signal(SIGQUIT, SIG_IGN); /* too late for a tree */
    arrived.main_thread = NULL;
    state->signals_installed = false;
}

void signals_set_waiting(const Thread *t, Loop *loop) {
    if (t == t->vm->main_thread) atomic_store(&arrived.waiting, loop);
}

bool signals_may_come(const Vm *vm) {
    const LoopState *state = vm->loop_state;
    for (int i = 1; i < LOOP_SIGNAL_COUNT; i++) {
        Value handler = state->signal_handlers[i];
        if (i != SIGINT && handler != VALUE_UNSET && handler != VALUE_NONE) return true;
    }
    return false;
}

void signals_simulate(Thread *t, int number) {
    LoopState *state = loop_state(t);
    Value handler = state->signal_handlers[number];
    if (handler == VALUE_NONE || state->signals_given_back[number]) return;
    if (handler == VALUE_UNSET && number != SIGINT) return;
    atomic_store(&arrived.pending[number], true);
    thread_interrupt(t->vm->main_thread);
}

bool signals_may_reach(const Loop *loop) {
    return loop->signal_handle_count || signals_may_come(loop->state->vm);
}

Value signals_set_handler(Thread *t, int number, Value handler) {
    LoopState *state = loop_state(t);
    Value previous = state->signal_handlers[number];
    heap_forget(&t->vm->heap, previous);
    state->signal_handlers[number] = handler;
    if (handler == VALUE_NONE) {
        signal(number, SIG_IGN);
    } else if (handler != VALUE_UNSET || number == SIGINT || number == SIGQUIT) {
        signals_catch(number);
    } else {
        signal(number, number == SIGPIPE ? SIG_IGN : SIG_DFL);
    }
    return previous;
}

/* The loop whose add_signal_handler() was called for [number], the running one before others;
 * NULL: none. */
static Loop *loop_that_handles(Thread *t, int number) {
    Value running = loop_get_running(t);
    if (is_kind(running, OBJ_LOOP) && loop_of(running)->signal_handles[number] != VALUE_UNSET)
        return loop_of(running);
    for (Loop *loop = loop_state(t)->loops; loop; loop = loop->next) {
        if (!loop->closed && loop->signal_handles[number] != VALUE_UNSET) return loop;
    }
    return NULL;
}

/* add_signal_handler's callbacks go to the ready queue of their loop, even while it is at rest. */
static bool queue_on_loop(Thread *t, int number) {
    Loop *loop = loop_that_handles(t, number);
    if (!loop) return false;
    ready_push(&loop->ready, loop->signal_handles[number], VALUE_UNSET);
    return true;
}

/* Everything that there is, straight to the standard error. */
static void print_tree(Thread *t) {
    Buffer out = {0};
    buffer_putc(&out, '\n');
    tree_put_all(t, &out);
    fwrite(out.data, 1, out.size, stderr);
    fflush(stderr);
    buffer_free(&out);
}

/* Has the program no handler for SIGQUIT? */
static bool prints_tree(Thread *t) {
    return !loop_that_handles(t, SIGQUIT) && loop_state(t)->signal_handlers[SIGQUIT] == VALUE_UNSET;
}

static bool deliver(Thread *t, int number) {
    PROBE(t, SIGNAL, fixnum(number), VALUE_UNSET);
    if (number == SIGINT) atomic_store(&arrived.interrupted_at, 0);
    if (queue_on_loop(t, number)) return true;
    Value handler = loop_state(t)->signal_handlers[number];
    if (handler == VALUE_NONE) return true;
    if (handler == VALUE_UNSET) {
        if (number != SIGINT) return true;
        loop_state(t)->interrupted = true;
        raise_with(t, EXC_KeyboardInterrupt, VALUE_UNSET);
        return false;
    }
    Value frame = frame_object_stack(t, 0);
    Value args[2] = {fixnum(number), frame != VALUE_UNSET ? frame : VALUE_NONE};
    int outer = t->delivering;
    t->delivering = number;
    bool ok = call_value(t, handler, args, 2) != VALUE_ERROR;
    t->delivering = outer;
    return ok;
}

bool signals_deliver(Thread *t) {
    if (t != t->vm->main_thread) return true;
    if (atomic_load(&arrived.pending[SIGQUIT]) && prints_tree(t)) print_tree(t);
    t->wait_kind = WAIT_NOTHING; /* the signal had ended a wait: see thread_park */
    t->wait_on = VALUE_NONE;
    for (int i = 1; i < LOOP_SIGNAL_COUNT; i++) {
        if (!atomic_exchange(&arrived.pending[i], false)) continue;
        if (!deliver(t, i)) return false;
    }
    return true;
}
