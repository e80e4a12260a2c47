/* SPDX-License-Identifier: MIT */
/*
 * Waiting for child processes, for other C code; and what stdlib/posix_process.c adds to posix.
 * Read next: stdlib/posix_process.c.
 */
#ifndef TULIP_STDLIB_PROCESS_H
#define TULIP_STDLIB_PROCESS_H

#include <sys/types.h>

#include "stdlib/stdlib.h"

/* Wait outside the baton until child [pid] has ended, [nanoseconds] at most (CLOCK_NEVER: without
 * end); it stays to be reaped. 1 ended (or no child of ours), 0 not, -1 raised. */
int process_wait(Thread *t, pid_t pid, int64_t nanoseconds) MUST_CHECK;
/* waitpid(2) without waiting: [pid] and its status, 0 when it is still alive, -1 with errno. */
pid_t process_reap(pid_t pid, int *status);
/* pidfd_open(2), closed by execution; -1 with errno. */
int process_open_pidfd(pid_t pid);

/* Functions of the module posix. */
Value posix_waitpid(Thread *t, Value *args);
Value posix_pidfd_open(Thread *t, Value *args);
Value posix_status_to_code(Thread *t, Value *args);
Value posix_wifexited(Thread *t, Value *args);
Value posix_wexitstatus(Thread *t, Value *args);
Value posix_wifsignaled(Thread *t, Value *args);
Value posix_wtermsig(Thread *t, Value *args);
Value posix_wifstopped(Thread *t, Value *args);
Value posix_wstopsig(Thread *t, Value *args);
Value posix_wcoredump(Thread *t, Value *args);
Value posix_setsid(Thread *t, Value *args);
Value posix_getsid(Thread *t, Value *args);
Value posix_getpgid(Thread *t, Value *args);
Value posix_setpgid(Thread *t, Value *args);
Value posix_killpg(Thread *t, Value *args);
Value posix_getgroups(Thread *t, Value *args);
Value posix_nice(Thread *t, Value *args);
Value posix_affinity(Thread *t, Value *args);
Value posix_get_blocking(Thread *t, Value *args);
Value posix_set_blocking(Thread *t, Value *args);
Value posix_execve(Thread *t, Value *args);
Value posix_abort(Thread *t, Value *args);

#endif
