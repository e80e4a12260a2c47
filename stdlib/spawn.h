/* SPDX-License-Identifier: MIT */
/*
 * Starting another program: the one way in which child processes come into being.
 *
 * The child shares our memory until it executes (vfork), so that a large heap costs nothing, and
 * this thread sleeps until then. In between it only makes system calls, of which the first that
 * fails is told through a pipe. All signals are blocked around it; the child gets back the default
 * handlers and the mask with which the program was started.
 *
 * Every descriptor that Tulip opens is closed by execution, so a child has what it is given.
 * Read next: stdlib/process_native.c.
 */
#ifndef TULIP_STDLIB_SPAWN_H
#define TULIP_STDLIB_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct SpawnRequest {
    char *const *programs; /* paths to try one after the other; NULL ends them */
    char *const *args;
    char *const *env; /* NULL: ours */
    const char *cwd;  /* NULL: ours */
    int standard[3];  /* what becomes 0, 1 and 2; -1: ours */
    const int *kept;  /* further descriptors for the child, ascending, each above 2 */
    int kept_count;
    bool close_others;    /* also those that are inheritable */
    bool restore_signals; /* SIGPIPE and SIGXFSZ do again what they do by default */
    bool new_session;
    pid_t group;     /* process group; -1: ours */
    int umask;       /* -1: ours */
    long uid, gid;   /* -1: ours */
    int group_count; /* -1: our groups */
    const gid_t *groups;
    bool other_thread; /* the caller is not the main thread, whose mask is the program's */
} SpawnRequest;

/* Why there is no child. */
typedef enum SpawnFailure { SPAWN_NO_PROCESS, SPAWN_SETUP, SPAWN_CHDIR, SPAWN_EXEC } SpawnFailure;

/* The new process's number, or -1: errno, and at which step. */
pid_t spawn_process(const SpawnRequest *request, SpawnFailure *failure);

#endif
