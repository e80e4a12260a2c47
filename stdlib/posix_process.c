/* SPDX-License-Identifier: MIT */
/*
 * The part of posix that is about processes: waiting for children, what their status says, groups
 * and sessions of processes, and becoming another program.
 *
 * Read next: stdlib/process_native.c, stdlib/posix.c (where the table is).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/memory.h"
#include "loop/loop.h"
#include "stdlib/process.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/outside.h"
#include "vm/str.h"
#include "vm/probe.h"

extern char **environ;

#define MILLISECOND INT64_C(1000000)

static Value outcome(Thread *t, int result) {
    return result == 0 ? VALUE_NONE : raise_os_error(t, errno, VALUE_UNSET);
}

static Value number_or_error(Thread *t, int64_t result) {
    return result >= 0 ? int_from_int64(t, result) : raise_os_error(t, errno, VALUE_UNSET);
}

static bool numbers(Thread *t, const Value *args, int count, int64_t *out) {
    for (int i = 0; i < count; i++) {
        if (!arg_int64(t, args[i], &out[i])) return false;
    }
    return true;
}

/* ---- waiting ---- */

int process_open_pidfd(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

pid_t process_reap(pid_t pid, int *status) {
    pid_t got;
    do {
        got = waitpid(pid, status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    return got;
}

static bool has_ended(pid_t pid) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG)) return errno != EINTR;
    return info.si_pid != 0;
}

/* For systems without pidfds, or when there are no descriptors left. */
static int wait_by_looking(Thread *t, pid_t pid, int64_t nanoseconds) {
    int64_t until = nanoseconds == CLOCK_NEVER ? CLOCK_NEVER : clock_real() + nanoseconds;
    for (int64_t pause = MILLISECOND / 2; !has_ended(pid);) {
        int64_t left = until == CLOCK_NEVER ? CLOCK_NEVER : until - clock_real();
        if (left <= 0) return 0;
        if (thread_wait_fds(t, NULL, 0, pause < left ? pause : left) < 0) return -1;
        if (pause < 20 * MILLISECOND) pause *= 2;
    }
    return 1;
}

int process_wait(Thread *t, pid_t pid, int64_t nanoseconds) {
    if (has_ended(pid)) return 1;
    struct pollfd one = {.fd = process_open_pidfd(pid), .events = POLLIN};
    if (one.fd < 0) return wait_by_looking(t, pid, nanoseconds);
    int ready = thread_wait_fds(t, &one, 1, nanoseconds);
    close(one.fd);
    return ready;
}

Value posix_pidfd_open(Thread *t, Value *args) {
    int64_t n[1];
    return numbers(t, args, 1, n) ? number_or_error(t, process_open_pidfd((pid_t)n[0]))
                                  : VALUE_ERROR;
}

/* args: pid, options. Any child (pid ≤ 0) is waited for by looking. */
Value posix_waitpid(Thread *t, Value *args) {
    int64_t n[2];
    int status = 0;
    if (!numbers(t, args, 2, n)) return VALUE_ERROR;
    if (n[0] > 0 && !(n[1] & (WNOHANG | WUNTRACED | WCONTINUED)) &&
        process_wait(t, (pid_t)n[0], CLOCK_NEVER) < 0)
        return VALUE_ERROR;
    pid_t got;
    for (int64_t pause = MILLISECOND / 2;;) {
        got = waitpid((pid_t)n[0], &status, (int)n[1] | WNOHANG);
        if (got < 0 && errno != EINTR) return raise_os_error(t, errno, VALUE_UNSET);
        if (got > 0 || (got == 0 && (n[1] & WNOHANG))) break;
        if (thread_wait_fds(t, NULL, 0, pause) < 0) return VALUE_ERROR;
        if (pause < 20 * MILLISECOND) pause *= 2;
    }
    if (got > 0) {
        PROBE(t, PROCESS_ENDED, fixnum(got), fixnum(status));
        children_ended(loop_state(t), got);
    }
    Value pair[] = {fixnum(got), fixnum(status)};
    return object_value(tuple_from(t, pair, 2));
}

/* ---- what a status says ---- */

Value posix_status_to_code(Thread *t, Value *args) {
    int64_t n[1];
    if (!arg_int32(t, args[0], n)) return VALUE_ERROR;
    int status = (int)n[0];
    if (WIFEXITED(status)) return fixnum(WEXITSTATUS(status));
    if (WIFSIGNALED(status)) return fixnum(-WTERMSIG(status));
    if (WIFSTOPPED(status))
        return raise_error(t, EXC_ValueError, "process stopped by delivery of signal %d",
                           WSTOPSIG(status));
    return raise_error(t, EXC_ValueError, "invalid wait status: %d", status);
}

#define STATUS_TEST(NAME, TEST, RESULT)                                                            \
    Value posix_##NAME(Thread *t, Value *args) {                                                   \
        int64_t n[1];                                                                              \
        if (!arg_int32(t, args[0], n)) return VALUE_ERROR;                                         \
        int status = (int)n[0];                                                                    \
        return RESULT(TEST(status));                                                               \
    }
STATUS_TEST(wifexited, WIFEXITED, bool_value)
STATUS_TEST(wexitstatus, WEXITSTATUS, fixnum)
STATUS_TEST(wifsignaled, WIFSIGNALED, bool_value)
STATUS_TEST(wtermsig, WTERMSIG, fixnum)
STATUS_TEST(wifstopped, WIFSTOPPED, bool_value)
STATUS_TEST(wstopsig, WSTOPSIG, fixnum)
STATUS_TEST(wcoredump, WCOREDUMP, bool_value)

/* ---- sessions, groups, processors ---- */

Value posix_setsid(Thread *t, Value *args) {
    (void)args;
    return outcome(t, setsid() < 0);
}

Value posix_getsid(Thread *t, Value *args) {
    int64_t n[1];
    return numbers(t, args, 1, n) ? number_or_error(t, getsid((pid_t)n[0])) : VALUE_ERROR;
}

Value posix_getpgid(Thread *t, Value *args) {
    int64_t n[1];
    return numbers(t, args, 1, n) ? number_or_error(t, getpgid((pid_t)n[0])) : VALUE_ERROR;
}

Value posix_setpgid(Thread *t, Value *args) {
    int64_t n[2];
    return numbers(t, args, 2, n) ? outcome(t, setpgid((pid_t)n[0], (pid_t)n[1])) : VALUE_ERROR;
}

Value posix_killpg(Thread *t, Value *args) {
    int64_t n[2];
    if (!numbers(t, args, 2, n)) return VALUE_ERROR;
    if (killpg((pid_t)n[0], (int)n[1])) return raise_os_error(t, errno, VALUE_UNSET);
    return thread_poll(t) ? VALUE_NONE : VALUE_ERROR;
}

Value posix_getgroups(Thread *t, Value *args) {
    (void)args;
    int count = getgroups(0, NULL);
    gid_t *groups = memory_alloc(((size_t)(count < 0 ? 0 : count) + 1) * sizeof *groups);
    if (count >= 0) count = getgroups(count, groups);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(list_new(t, 0));
    bool ok = count >= 0;
    for (int i = 0; ok && i < count; i++) ok = list_append(t, LIST(roots[0]), fixnum(groups[i]));
    free(groups);
    if (count < 0) return raise_os_error(t, errno, VALUE_UNSET);
    return ok ? roots[0] : VALUE_ERROR;
}

Value posix_nice(Thread *t, Value *args) {
    int64_t n[1];
    if (!numbers(t, args, 1, n)) return VALUE_ERROR;
    errno = 0;
    int now = nice((int)n[0]);
    return now == -1 && errno ? raise_os_error(t, errno, VALUE_UNSET) : fixnum(now);
}

/* sched_getaffinity(pid): a set of processors. */
Value posix_affinity(Thread *t, Value *args) {
    int64_t n[1];
    cpu_set_t cpus;
    if (!numbers(t, args, 1, n)) return VALUE_ERROR;
    if (sched_getaffinity((pid_t)n[0], sizeof cpus, &cpus))
        return raise_os_error(t, errno, VALUE_UNSET);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(set_new(t, false));
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &cpus) && !set_add(t, SET(roots[0]), fixnum(i))) return VALUE_ERROR;
    }
    return roots[0];
}

/* ---- descriptors ---- */

Value posix_get_blocking(Thread *t, Value *args) {
    int64_t n[1];
    if (!numbers(t, args, 1, n)) return VALUE_ERROR;
    int flags = fcntl((int)n[0], F_GETFL);
    return flags < 0 ? raise_os_error(t, errno, VALUE_UNSET) : bool_value(!(flags & O_NONBLOCK));
}

Value posix_set_blocking(Thread *t, Value *args) {
    int64_t n[1];
    int blocking = value_truth(t, args[1]);
    if (blocking < 0 || !numbers(t, args, 1, n)) return VALUE_ERROR;
    int flags = fcntl((int)n[0], F_GETFL);
    if (flags < 0) return raise_os_error(t, errno, VALUE_UNSET);
    flags = blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    return outcome(t, fcntl((int)n[0], F_SETFL, flags));
}

/* ---- becoming another program ---- */

/* A tuple of paths as malloc'd texts; NULL raised. [v] is replaced by a tuple that keeps them. */
static char **take_texts(Thread *t, Value *v) {
    Tuple *given = tuple_from_iterable(t, *v);
    if (!given) return NULL;
    Tuple *kept = tuple_from(t, given->items, given->size);
    *v = object_value(kept);
    char **texts = memory_alloc((kept->size + 1) * sizeof *texts);
    memset(texts, 0, (kept->size + 1) * sizeof *texts);
    for (size_t i = 0; i < kept->size; i++) {
        const char *path;
        Value holder;
        if (!arg_path(t, kept->items[i], &holder, &path)) {
            free(texts);
            return NULL;
        }
        heap_set(&t->vm->heap, &kept->items[i], holder);
        texts[i] = (char *)path;
    }
    return texts;
}

/* args: path, argv, a tuple of "name=value" or None. Signals are as this process's parent gave
 * them, apart from those that the program ignores. */
Value posix_execve(Thread *t, Value *args) {
    const char *path;
    char **argv = take_texts(t, &args[1]), **env = NULL;
    if (!argv) return VALUE_ERROR;
    if ((args[2] != VALUE_NONE && !(env = take_texts(t, &args[2]))) ||
        !arg_path(t, args[0], &args[0], &path)) {
        free(argv);
        return VALUE_ERROR;
    }
    execve(path, argv, env ? env : environ);
    int code = errno;
    free(argv);
    free(env);
    return raise_os_error(t, code, args[0]);
}

Value posix_abort(Thread *t, Value *args) {
    (void)t, (void)args;
    abort();
}
