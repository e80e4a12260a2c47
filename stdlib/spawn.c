/* SPDX-License-Identifier: MIT */
/*
 * Starting another program. See stdlib/spawn.h.
 *
 * What runs in the child may touch nothing that this process relies on: it shares our memory.
 */
#define _GNU_SOURCE
#include "stdlib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What the child tells when it could not execute. */
typedef struct SpawnReport {
    int code; /* errno */
    SpawnFailure failure;
} SpawnReport;

/* ---- in the child ---- */

/* Handlers that are ours must not run in the child: they would set flags in our memory. */
static void reset_signals(const SpawnRequest *r, const sigset_t *mask) {
    struct sigaction action, plain = {.sa_handler = SIG_DFL};
    sigemptyset(&plain.sa_mask);
    for (int i = 1; i < NSIG; i++) {
        if (sigaction(i, NULL, &action)) continue;
        bool ours = action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN;
        if (ours || (r->restore_signals && (i == SIGPIPE || i == SIGXFSZ)))
            sigaction(i, &plain, NULL);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
}

/* Put the three standard descriptors into their places. */
static bool place_standard(const SpawnRequest *r) {
    int from[3];
    for (int i = 0; i < 3; i++) {
        from[i] = r->standard[i];
        if (from[i] < 0 || from[i] > 2 || from[i] == i) continue;
        from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 3); /* out of the others' way */
        if (from[i] < 0) return false;
    }
    for (int i = 0; i < 3; i++) {
        if (from[i] < 0) continue;
        if (from[i] == i ? fcntl(i, F_SETFD, 0) < 0 : dup2(from[i], i) < 0) return false;
    }
    return true;
}

static void close_range_of(unsigned first, unsigned last) {
    if (first > last || syscall(SYS_close_range, first, last, 0) == 0) return;
    long limit = sysconf(_SC_OPEN_MAX);
    for (unsigned fd = first; fd <= last && (long)fd < limit; fd++) close((int)fd);
}

/* Close what the child is not to have. The reporting end of the pipe stays until execution. */
static void close_others(const SpawnRequest *r, int report) {
    unsigned first = 3;
    bool report_passed = false;
    for (int i = 0; i <= r->kept_count; i++) {
        int keep = i < r->kept_count ? r->kept[i] : -1;
        if (!report_passed && (keep < 0 || keep > report)) {
            close_range_of(first, (unsigned)report - 1);
            first = (unsigned)report + 1;
            report_passed = true;
        }
        if (keep < 0) break;
        close_range_of(first, (unsigned)keep - 1);
        first = (unsigned)keep + 1;
    }
    close_range_of(first, UINT_MAX);
}

static bool change_user(const SpawnRequest *r) {
    if (r->group_count >= 0 && setgroups((size_t)r->group_count, r->groups)) return false;
    if (r->gid >= 0 && setregid((gid_t)r->gid, (gid_t)r->gid)) return false;
    return r->uid < 0 || setreuid((uid_t)r->uid, (uid_t)r->uid) == 0;
}

static bool set_up(const SpawnRequest *r) {
    for (int i = 0; i < r->kept_count; i++) {
        if (fcntl(r->kept[i], F_SETFD, 0) < 0) return false;
    }
    if (!place_standard(r)) return false;
    if (r->umask >= 0) umask((mode_t)r->umask);
    if (r->new_session) setsid();
    if (r->group >= 0 && setpgid(0, r->group)) return false;
    return change_user(r);
}

/* Returns only when none of the programs can be executed; the first error that says more than that
 * there is no such file counts. */
static void execute_one(const SpawnRequest *r) {
    int code = 0;
    for (int i = 0; r->programs[i]; i++) {
        execve(r->programs[i], r->args, r->env ? r->env : environ);
        if (!code && errno != ENOENT && errno != ENOTDIR) code = errno;
    }
    if (code) errno = code;
}

static void __attribute__((noreturn))
run_child(const SpawnRequest *r, const sigset_t *mask, int report) {
    SpawnReport why = {.failure = SPAWN_CHDIR};
    if (r->cwd && chdir(r->cwd)) {
        why.code = errno;
    } else {
        why.failure = SPAWN_SETUP;
        reset_signals(r, mask);
        if (set_up(r)) {
            why.failure = SPAWN_EXEC;
            if (r->close_others) close_others(r, report);
            execute_one(r);
        }
        why.code = errno;
    }
    if (write(report, &why, sizeof why) < 0) _exit(254);
    _exit(255);
}

/* ---- here ---- */

/* A pipe whose ends are above 2, so that the child's standard descriptors do not meet them. */
static bool open_report(int fds[2]) {
    int low[2];
    if (pipe2(low, O_CLOEXEC)) return false;
    bool ok = true;
    for (int i = 0; i < 2; i++) {
        fds[i] = low[i] > 2 ? low[i] : fcntl(low[i], F_DUPFD_CLOEXEC, 3);
        if (fds[i] < 0) ok = false;
    }
    int code = errno;
    for (int i = 0; i < 2; i++) {
        if (fds[i] != low[i]) close(low[i]);
        if (!ok && fds[i] >= 0) close(fds[i]);
    }
    errno = code;
    return ok;
}

/* vfork in a function of its own: the child leaves it by execution or _exit only. */
static pid_t __attribute__((noinline))
divide(const SpawnRequest *r, const sigset_t *mask, int report) {
    pid_t pid = vfork();
    if (pid == 0) run_child(r, mask, report);
    return pid;
}

/* What the child says; nothing when it executes. */
static bool read_report(int fd, SpawnReport *why) {
    ssize_t n;
    do {
        n = read(fd, why, sizeof *why);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof *why;
}

pid_t spawn_process(const SpawnRequest *r, SpawnFailure *failure) {
    int report[2];
    sigset_t all, before, mask;
    *failure = SPAWN_NO_PROCESS;
    if (!open_report(report)) return -1;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    mask = before;
    if (r->other_thread) sigemptyset(&mask); /* such a thread blocks all */
    pid_t pid = divide(r, &mask, report[1]);
    int code = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    SpawnReport why;
    if (pid >= 0 && read_report(report[0], &why)) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        code = why.code;
        *failure = why.failure;
        pid = -1;
    }
    close(report[0]);
    errno = code;
    return pid;
}
