/* SPDX-License-Identifier: MIT */
/*
 * The module _signal: which function handles which signal, and ways to send oneself one.
 *
 * The kernel's half is in loop/signals.c: a signal only sets flags, and the handler runs at the
 * main thread's next safepoint. Read next: stdlib/signal.tul.
 */
#define _GNU_SOURCE /* syscall */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop/loop.h"
#include "stdlib/stdlib.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { DEFAULT = 0, IGNORE = 1 }; /* SIG_DFL, SIG_IGN */

static bool signal_number(Thread *t, Value v, int64_t *number) {
    if (!arg_int64(t, v, number)) return false;
    if (*number >= 1 && *number < LOOP_SIGNAL_COUNT) return true;
    raise_error(t, EXC_ValueError, "signal number out of range");
    return false;
}

/* What programs see of the handler of [number]: a callable, SIG_DFL or SIG_IGN. Unless told
 * otherwise SIGPIPE is ignored, and SIGINT has default_int_handler, which the module keeps. */
static Value shown(Thread *t, int64_t number, Value handler) {
    if (handler == VALUE_NONE) return fixnum(IGNORE);
    if (handler != VALUE_UNSET) return handler;
    if (loop_state(t)->signals_given_back[number]) return fixnum(DEFAULT);
    if (number != SIGINT) return fixnum(number == SIGPIPE ? IGNORE : DEFAULT);
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "_signal", 7));
    return dict_get_str(t, MODULE(module)->dict, str_intern(t->vm, "default_int_handler", 19));
}

static Value default_int_handler(Thread *t, Value *args) {
    (void)args;
    return raise_with(t, EXC_KeyboardInterrupt, VALUE_UNSET);
}

static Value get_signal(Thread *t, Value *args) {
    int64_t number;
    if (!signal_number(t, args[0], &number)) return VALUE_ERROR;
    return shown(t, number, loop_state(t)->signal_handlers[number]);
}

static bool is_default_int_handler(Value v) {
    return is_kind(v, OBJ_NATIVE) && ((Native *)object_of(v))->fn == default_int_handler;
}

static Value set_signal(Thread *t, Value *args) {
    int64_t number;
    if (t != t->vm->main_thread)
        return raise_error(t, EXC_ValueError,
                           "signal only works in main thread of the main interpreter");
    if (!signal_number(t, args[0], &number)) return VALUE_ERROR;
    LoopState *state = loop_state(t);
    Value before = shown(t, number, state->signal_handlers[number]), handler = args[1];
    if (handler == fixnum(DEFAULT) || handler == fixnum(IGNORE)) {
        if (number == SIGKILL || number == SIGSTOP) return raise_os_error(t, EINVAL, VALUE_UNSET);
    } else if (!value_is_callable(t, handler)) {
        return raise_error(t, EXC_TypeError,
                           "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable "
                           "object");
    }
    if (number == SIGKILL || number == SIGSTOP) return raise_os_error(t, EINVAL, VALUE_UNSET);
    Value kept = handler == fixnum(IGNORE)    ? VALUE_NONE
                 : handler == fixnum(DEFAULT) ? VALUE_UNSET
                                              : handler;
    bool gives_back = handler == fixnum(DEFAULT);
    if (number == SIGINT && !gives_back && is_default_int_handler(handler)) kept = VALUE_UNSET;
    state->signals_given_back[number] = gives_back;
    signals_set_handler(t, (int)number, kept);
    if (gives_back) signal((int)number, SIG_DFL);
    return before;
}

/* To the main thread, whichever calls: all others hold back every signal. */
static Value raise_signal(Thread *t, Value *args) {
    int64_t number;
    if (!signal_number(t, args[0], &number)) return VALUE_ERROR;
    if (syscall(SYS_tgkill, getpid(), getpid(), (int)number))
        return raise_os_error(t, errno, VALUE_UNSET);
    return thread_poll(t) ? VALUE_NONE : VALUE_ERROR;
}

static Value set_alarm(Thread *t, Value *args) {
    int64_t seconds;
    if (!arg_int64(t, args[0], &seconds)) return VALUE_ERROR;
    return fixnum(alarm((unsigned)seconds));
}

static struct timeval to_timeval(double seconds) {
    time_t whole = (time_t)seconds;
    return (struct timeval){whole, (suseconds_t)((seconds - (double)whole) * 1e6)};
}

static Value timer_pair(Thread *t, const struct itimerval *timer) {
    Value pair[2] = {
        float_new(t, (double)timer->it_value.tv_sec + (double)timer->it_value.tv_usec / 1e6),
        float_new(t, (double)timer->it_interval.tv_sec + (double)timer->it_interval.tv_usec / 1e6)};
    return object_value(tuple_from(t, pair, 2));
}

static Value set_itimer(Thread *t, Value *args) {
    int64_t which;
    double seconds, interval;
    if (!arg_int64(t, args[0], &which) || !arg_double(t, args[1], &seconds) ||
        !arg_double(t, args[2], &interval))
        return VALUE_ERROR;
    struct itimerval before, timer = {to_timeval(interval), to_timeval(seconds)};
    if (setitimer((__itimer_which_t)which, &timer, &before))
        return raise_os_error(t, errno, VALUE_UNSET);
    return timer_pair(t, &before);
}

static Value get_itimer(Thread *t, Value *args) {
    int64_t which;
    struct itimerval timer;
    if (!arg_int64(t, args[0], &which)) return VALUE_ERROR;
    if (getitimer((__itimer_which_t)which, &timer)) return raise_os_error(t, errno, VALUE_UNSET);
    return timer_pair(t, &timer);
}

/* Must it be written to without waiting? False: raised. */
static bool check_wakeup(Thread *t, int64_t fd) {
    int flags = fcntl((int)fd, F_GETFL);
    if (flags < 0) return raise_os_error(t, errno, VALUE_UNSET), false;
    if (flags & O_NONBLOCK) return true;
    raise_error(t, EXC_ValueError, "the fd %lld must be in non-blocking mode", (long long)fd);
    return false;
}

/* args: fd, whether a full buffer is worth a warning; a byte that does not fit is lost in silence:
 * the bytes before it wake whoever waits. */
static Value set_wakeup_fd(Thread *t, Value *args) {
    int64_t fd;
    if (t != t->vm->main_thread)
        return raise_error(t, EXC_ValueError,
                           "set_wakeup_fd only works in main thread of the main interpreter");
    int warns = value_truth(t, args[1]);
    if (warns < 0 || !arg_int32(t, args[0], &fd)) return VALUE_ERROR;
    if (fd != -1 && !check_wakeup(t, fd)) return VALUE_ERROR;
    return fixnum(signals_tell(fd < 0 ? -1 : (int)fd));
}

/* Only calls of the program's own could be interrupted; all that Tulip makes are repeated. */
static Value set_interrupt(Thread *t, Value *args) {
    int64_t number;
    int flag = value_truth(t, args[1]);
    if (flag < 0 || !signal_number(t, args[0], &number)) return VALUE_ERROR;
    return VALUE_NONE;
}

static Value signal_text(Thread *t, Value *args) {
    int64_t number;
    if (!signal_number(t, args[0], &number)) return VALUE_ERROR;
    const char *text = strsignal((int)number);
    return text && strncmp(text, "Unknown", 7) != 0 ? object_value(str_from(t, text)) : VALUE_NONE;
}

/* Until a signal was handled. */
static Value wait_for_signal(Thread *t, Value *args) {
    (void)args;
    while (!(thread_poll_bits(t) & POLL_SIGNAL)) {
        thread_leave(t);
        usleep(1000);
        thread_return(t);
    }
    return thread_poll(t) ? VALUE_NONE : VALUE_ERROR;
}

static const struct {
    const char *name;
    int number;
} numbers[] = {
    {"SIGABRT", SIGABRT},     {"SIGALRM", SIGALRM}, {"SIGBUS", SIGBUS},   {"SIGCHLD", SIGCHLD},
    {"SIGCONT", SIGCONT},     {"SIGFPE", SIGFPE},   {"SIGHUP", SIGHUP},   {"SIGILL", SIGILL},
    {"SIGINT", SIGINT},       {"SIGIO", SIGIO},     {"SIGKILL", SIGKILL}, {"SIGPIPE", SIGPIPE},
    {"SIGPROF", SIGPROF},     {"SIGPWR", SIGPWR},   {"SIGQUIT", SIGQUIT}, {"SIGSEGV", SIGSEGV},
    {"SIGSTKFLT", SIGSTKFLT}, {"SIGSTOP", SIGSTOP}, {"SIGSYS", SIGSYS},   {"SIGTERM", SIGTERM},
    {"SIGTRAP", SIGTRAP},     {"SIGTSTP", SIGTSTP}, {"SIGTTIN", SIGTTIN}, {"SIGTTOU", SIGTTOU},
    {"SIGURG", SIGURG},       {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGVTALRM", SIGVTALRM},
    {"SIGWINCH", SIGWINCH},   {"SIGXCPU", SIGXCPU}, {"SIGXFSZ", SIGXFSZ},
};

static bool init(Thread *t, Module *module) {
    Dict *all = dict_new(t);
    module_set(t, module, "numbers", object_value(all));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        dict_set_str(t, all, str_intern(t->vm, numbers[i].name, strlen(numbers[i].name)),
                     fixnum(numbers[i].number));
    }
    dict_set_str(t, all, str_intern(t->vm, "SIGRTMIN", 8), fixnum(SIGRTMIN));
    dict_set_str(t, all, str_intern(t->vm, "SIGRTMAX", 8), fixnum(SIGRTMAX));
    module_set(t, module, "NSIG", fixnum(LOOP_SIGNAL_COUNT));
    module_set(t, module, "ITIMER_REAL", fixnum(ITIMER_REAL));
    module_set(t, module, "ITIMER_VIRTUAL", fixnum(ITIMER_VIRTUAL));
    module_set(t, module, "ITIMER_PROF", fixnum(ITIMER_PROF));
    return true;
}

static const NativeDef functions[] = {
    {"signal", set_signal, "(signalnum, handler, /)",
     "Let handler(signum, frame) have the signal; gives the handler before. Main thread only."},
    {"getsignal", get_signal, "(signalnum, /)", "The handler of a signal, SIG_DFL or SIG_IGN."},
    {"default_int_handler", default_int_handler, "(signalnum, frame, /)",
     "What SIGINT does unless told otherwise: raise KeyboardInterrupt."},
    {"raise_signal", raise_signal, "(signalnum, /)", "Send the process a signal."},
    {"alarm", set_alarm, "(seconds, /)",
     "SIGALRM in so many seconds (0: none); gives the seconds that were left of the last."},
    {"setitimer", set_itimer, "(which, seconds, interval=0, /)",
     "A signal after seconds, then every interval; gives the timer before."},
    {"getitimer", get_itimer, "(which, /)", "(seconds left, interval)"},
    {"strsignal", signal_text, "(signalnum, /)", "What the system calls a signal, or None."},
    {"set_wakeup_fd", set_wakeup_fd, "(fd, /, *, warn_on_full_buffer=True)",
     "Write each signal's number as a byte to fd, which must be non-blocking, -1: no longer;\n"
     "gives the descriptor before. A byte for which there is no room is lost."},
    {"siginterrupt", set_interrupt, "(signalnum, flag, /)",
     "Whether the signal interrupts calls of the system; Tulip repeats them either way."},
    {"pause", wait_for_signal, "()", "Wait until a signal was handled."},
    {0},
};

const NativeModule _signal_module = {
    .name = "_signal",
    .doc = "Signals and their handlers.",
    .functions = functions,
    .init = init,
};
