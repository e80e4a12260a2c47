/* SPDX-License-Identifier: MIT */
/*
 * The module _signal_masks: signals that are held back, looked at and waited for.
 *
 * Only the main thread takes signals: all others hold back every one (vm/baton.c), so its mask
 * decides for the whole process, and sigwait() in any thread gets what the main thread blocks.
 * A signal that a mask lets through is handled before the call returns.
 *
 * Read next: stdlib/signal.tul, loop/signals.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "loop/loop.h"
#include "loop/tree.h"
#include "stdlib/stdlib.h"
#include "vm/baton.h"
#include "vm/clock.h"
#include "vm/container.h"
#include "vm/number.h"

/* An iterable of numbers as a mask. */
static bool read_mask(Thread *t, Value v, sigset_t *mask) {
    sigemptyset(mask);
    Tuple *numbers = tuple_from_iterable(t, v);
    if (!numbers) return false;
    for (size_t i = 0; i < numbers->size; i++) {
        int64_t number;
        if (!arg_clamped(t, numbers->items[i], &number)) return false;
        if (number < 1 || number >= LOOP_SIGNAL_COUNT) {
            bool huge = number == INT64_MAX || number == INT64_MIN; /* no number of C's */
            raise_error(t, EXC_ValueError, "signal number %lld out of range [1; %d]",
                        huge ? -1 : (long long)number, LOOP_SIGNAL_COUNT - 1);
            return false;
        }
        sigaddset(mask, (int)number); /* the two that the system keeps for itself stay out */
    }
    return true;
}

static Value mask_list(Thread *t, const sigset_t *mask) {
    List *numbers = list_new(t, 0);
    for (int number = 1; number < LOOP_SIGNAL_COUNT; number++) {
        if (sigismember(mask, number) == 1) list_append(t, numbers, fixnum(number));
    }
    return object_value(numbers);
}

static Value set_mask(Thread *t, Value *args) {
    int64_t how;
    sigset_t mask, before;
    if (!arg_int64(t, args[0], &how) || !read_mask(t, args[1], &mask)) return VALUE_ERROR;
    int error = pthread_sigmask((int)how, &mask, &before);
    if (error) return raise_os_error(t, error, VALUE_UNSET);
    return thread_poll(t) ? mask_list(t, &before) : VALUE_ERROR;
}

static Value pending(Thread *t, Value *args) {
    (void)args;
    sigset_t mask;
    if (sigpending(&mask)) return raise_os_error(t, errno, VALUE_UNSET);
    return mask_list(t, &mask);
}

/* One of the signals; another one that arrives meanwhile is handled, and the wait goes on. */
static Value wait_for_one(Thread *t, Value *args) {
    sigset_t mask;
    if (!read_mask(t, args[0], &mask)) return VALUE_ERROR;
    for (;;) {
        thread_leave(t);
        int number = sigwaitinfo(&mask, NULL), error = errno;
        thread_return(t);
        if (number > 0) return fixnum(number);
        if (error != EINTR) return raise_os_error(t, error, VALUE_UNSET);
        if (!thread_poll(t)) return VALUE_ERROR;
    }
}

static Value information(Thread *t, const siginfo_t *info) {
    const int64_t numbers[] = {info->si_signo, info->si_code,   info->si_errno,        info->si_pid,
                               info->si_uid,   info->si_status, (int64_t)info->si_band};
    Value items[7];
    for (int i = 0; i < 7; i++) items[i] = int_from_int64(t, numbers[i]);
    return object_value(tuple_from(t, items, 7));
}

/* args: signals, seconds or None. What is known of the first that arrives; None: none did. The
 * seconds are of the real clock. */
static Value wait_for_information(Thread *t, Value *args) {
    sigset_t mask;
    double seconds = 0;
    if (!read_mask(t, args[0], &mask)) return VALUE_ERROR;
    bool timed = args[1] != VALUE_NONE;
    if (timed && !arg_double(t, args[1], &seconds)) return VALUE_ERROR;
    if (timed && !(seconds >= 0))
        return raise_error(t, EXC_ValueError, "timeout must be non-negative");
    int64_t end = seconds < 9e9 ? clock_real() + clock_from_seconds(seconds) : INT64_MAX;
    for (;;) {
        siginfo_t info;
        int64_t left = end - clock_real();
        if (left < 0) left = 0;
        struct timespec wait = {left / CLOCK_SECOND, left % CLOCK_SECOND};
        thread_leave(t);
        int number = sigtimedwait(&mask, &info, timed ? &wait : NULL), error = errno;
        thread_return(t);
        if (number > 0) return information(t, &info);
        if (error == EAGAIN) return VALUE_NONE;
        if (error != EINTR) return raise_os_error(t, error, VALUE_UNSET);
        if (!thread_poll(t)) return VALUE_ERROR;
    }
}

/* By a descriptor of the process, which cannot be taken for another one. */
static Value send_to_pidfd(Thread *t, Value *args) {
    int64_t fd, number, flags;
    if (!arg_int32(t, args[0], &fd) || !arg_int32(t, args[1], &number) ||
        !arg_int32(t, args[3], &flags))
        return VALUE_ERROR;
    if (args[2] != VALUE_NONE) return raise_error(t, EXC_TypeError, "siginfo must be None");
    if (syscall(SYS_pidfd_send_signal, (int)fd, (int)number, NULL, (unsigned)flags))
        return raise_os_error(t, errno, VALUE_UNSET);
    return thread_poll(t) ? VALUE_NONE : VALUE_ERROR;
}

/* Handlers run in the main thread whichever is meant, so that one gets the signal. */
static Value kill_thread(Thread *t, Value *args) {
    int64_t thread, number;
    if (!arg_int64(t, args[0], &thread) || !arg_int64(t, args[1], &number)) return VALUE_ERROR;
    if (!thread_numbered(t->vm, (uint64_t)thread)) return raise_os_error(t, ESRCH, VALUE_UNSET);
    if (syscall(SYS_tgkill, getpid(), getpid(), (int)number))
        return raise_os_error(t, errno, VALUE_UNSET);
    return thread_poll(t) ? VALUE_NONE : VALUE_ERROR;
}

static const NativeDef functions[] = {
    {"pthread_sigmask", set_mask, "(how, mask, /)", "Change what is held back; gives what was."},
    {"sigpending", pending, "()", "The signals that have arrived and are held back."},
    {"sigwait", wait_for_one, "(sigset, /)", "Wait for one of the signals; gives its number."},
    {"sigtimedwait", wait_for_information, "(sigset, timeout=None, /)",
     "Wait for one of the signals: a tuple of what is known of it; None: it took too long."},
    {"pidfd_send_signal", send_to_pidfd, "(pidfd, signalnum, siginfo=None, flags=0, /)",
     "Send a signal to the process that the descriptor stands for."},
    {"pthread_kill", kill_thread, "(thread_id, signalnum, /)", "Send a signal to a thread."},
    {0},
};

static bool init(Thread *t, Module *module) {
    module_set(t, module, "SIG_BLOCK", fixnum(SIG_BLOCK));
    module_set(t, module, "SIG_UNBLOCK", fixnum(SIG_UNBLOCK));
    module_set(t, module, "SIG_SETMASK", fixnum(SIG_SETMASK));
    return true;
}

const NativeModule _signal_masks_module = {
    .name = "_signal_masks",
    .doc = "Signals that are held back.",
    .functions = functions,
    .init = init,
};
