/* SPDX-License-Identifier: MIT */
/*
 * The module _process: starting child processes and waiting for them.
 *
 * A child is waited for through its pidfd, outside the baton; where the system has none, by looking
 * again and again. Waiting and collecting the status (reap) are two things: only the second makes
 * the number of the process free for others.
 *
 * Read next: stdlib/spawn.h, stdlib/subprocess.tul.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/memory.h"
#include "loop/loop.h"
#include "stdlib/process.h"
#include "stdlib/spawn.h"
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/outside.h"
#include "vm/str.h"
#include "vm/probe.h"

/* ---- spawn ---- */

/* What spawn() takes, in this order. */
enum {
    PROGRAMS,
    ARGS,
    ENV,
    CWD,
    STANDARD,
    KEPT,
    CLOSE_OTHERS,
    RESTORE_SIGNALS,
    NEW_SESSION,
    GROUP,
    UMASK,
    UID,
    GID,
    GROUPS,
    SHOWN,
};

static bool text_of(Thread *t, Value v, char **out) {
    if (!is_kind(v, OBJ_BYTES)) {
        raise_error(t, EXC_TypeError, "expected bytes, not %T", v);
        return false;
    }
    *out = (char *)BYTES(v)->data;
    if (strlen(*out) == BYTES(v)->size) return true;
    raise_error(t, EXC_ValueError, "embedded null byte");
    return false;
}

static bool is_tuple(Thread *t, Value v) {
    if (is_kind(v, OBJ_TUPLE)) return true;
    raise_error(t, EXC_TypeError, "expected a tuple, not %T", v);
    return false;
}

/* A tuple of bytes as malloc'd pointers into them, ended by NULL; NULL raised. */
static char **texts_of(Thread *t, Value v) {
    if (!is_tuple(t, v)) return NULL;
    size_t count = TUPLE(v)->size;
    char **texts = memory_alloc((count + 1) * sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        if (text_of(t, TUPLE(v)->items[i], &texts[i])) continue;
        free(texts);
        return NULL;
    }
    texts[count] = NULL;
    return texts;
}

/* A tuple of ints, malloc'd; NULL raised. */
static int *ints_of(Thread *t, Value v, int *count) {
    if (!is_tuple(t, v)) return NULL;
    *count = (int)TUPLE(v)->size;
    int *ints = memory_alloc(((size_t)*count + 1) * sizeof *ints);
    for (int i = 0; i < *count; i++) {
        int64_t n;
        if (arg_int32(t, TUPLE(v)->items[i], &n)) {
            ints[i] = (int)n;
            continue;
        }
        free(ints);
        return NULL;
    }
    return ints;
}

/* The memory that a request refers to besides heap objects. */
typedef struct SpawnMemory {
    char **programs, **args, **env;
    int *standard, *kept, *groups;
} SpawnMemory;

static bool fill_numbers(Thread *t, const Value *args, SpawnRequest *r) {
    int64_t group, umask, uid, gid;
    if (!arg_int64(t, args[GROUP], &group) || !arg_int64(t, args[UMASK], &umask) ||
        !arg_int64(t, args[UID], &uid) || !arg_int64(t, args[GID], &gid))
        return false;
    r->group = (pid_t)group;
    r->umask = (int)umask;
    r->uid = (long)uid;
    r->gid = (long)gid;
    r->close_others = args[CLOSE_OTHERS] == VALUE_TRUE;
    r->restore_signals = args[RESTORE_SIGNALS] == VALUE_TRUE;
    r->new_session = args[NEW_SESSION] == VALUE_TRUE;
    r->other_thread = t != t->vm->main_thread;
    return true;
}

static bool fill_request(Thread *t, const Value *args, SpawnRequest *r, SpawnMemory *m) {
    char *cwd = NULL;
    int count = 0;
    if (!(m->programs = texts_of(t, args[PROGRAMS])) || !(m->args = texts_of(t, args[ARGS])) ||
        (args[ENV] != VALUE_NONE && !(m->env = texts_of(t, args[ENV]))) ||
        (args[CWD] != VALUE_NONE && !text_of(t, args[CWD], &cwd)) ||
        !(m->standard = ints_of(t, args[STANDARD], &count)) ||
        !(m->kept = ints_of(t, args[KEPT], &r->kept_count)))
        return false;
    if (count != 3) {
        raise_error(t, EXC_ValueError, "three standard descriptors are expected");
        return false;
    }
    r->group_count = -1;
    if (args[GROUPS] != VALUE_NONE && !(m->groups = ints_of(t, args[GROUPS], &r->group_count)))
        return false;
    r->programs = m->programs;
    r->args = m->args;
    r->env = m->env;
    r->cwd = cwd;
    memcpy(r->standard, m->standard, sizeof r->standard);
    r->kept = m->kept;
    r->groups = (const gid_t *)m->groups;
    return fill_numbers(t, args, r);
}

static void free_memory(const SpawnMemory *m) {
    free(m->programs);
    free(m->args);
    free(m->env);
    free(m->standard);
    free(m->kept);
    free(m->groups);
}

static Value spawn(Thread *t, Value *args) {
    t->vm->outside |= OUTSIDE_PROCESSES;
    SpawnRequest request = {0};
    SpawnMemory memory = {0};
    SpawnFailure failure = SPAWN_NO_PROCESS;
    bool ok = fill_request(t, args, &request, &memory);
    pid_t pid = ok ? spawn_process(&request, &failure) : -1;
    int code = errno;
    free_memory(&memory);
    if (pid >= 0) {
        PROBE(t, PROCESS_STARTED, fixnum(pid), args[SHOWN]);
        children_started(t, pid, args[ARGS]);
        return fixnum(pid);
    }
    if (!ok) return VALUE_ERROR;
    Value named = VALUE_UNSET;
    if (failure == SPAWN_CHDIR) named = system_text(t, (char *)BYTES(args[CWD])->data);
    if (failure == SPAWN_EXEC) named = args[SHOWN];
    return named == VALUE_ERROR ? VALUE_ERROR : raise_os_error(t, code, named);
}

/* ---- waiting ---- */

/* Seconds, None for ever. */
static bool duration_of(Thread *t, Value v, int64_t *nanoseconds) {
    double seconds;
    *nanoseconds = CLOCK_NEVER;
    if (v == VALUE_NONE) return true;
    if (!arg_double(t, v, &seconds)) return false;
    *nanoseconds = seconds > 0 ? clock_from_seconds(seconds) : 0;
    return true;
}

static Value wait_for_exit(Thread *t, Value *args) {
    int64_t pid, nanoseconds;
    if (!arg_int64(t, args[0], &pid) || !duration_of(t, args[1], &nanoseconds)) return VALUE_ERROR;
    int ended = process_wait(t, (pid_t)pid, nanoseconds);
    return ended < 0 ? VALUE_ERROR : bool_value(ended);
}

static Value reap(Thread *t, Value *args) {
    int64_t pid;
    int status;
    if (!arg_int64(t, args[0], &pid)) return VALUE_ERROR;
    pid_t got = process_reap((pid_t)pid, &status);
    if (got > 0) {
        PROBE(t, PROCESS_ENDED, fixnum(got), fixnum(status));
        children_ended(loop_state(t), got);
    }
    if (got < 0) return raise_os_error(t, errno, VALUE_UNSET);
    return got ? fixnum(status) : VALUE_NONE;
}

/* A sequence of (descriptor, events), as poll(2) wants it. */
static bool fill_polled(Thread *t, const Tuple *pairs, struct pollfd *fds) {
    for (size_t i = 0; i < pairs->size; i++) {
        Value pair = pairs->items[i];
        int64_t fd, events;
        if (!is_tuple(t, pair)) return false;
        if (TUPLE(pair)->size != 2) {
            raise_error(t, EXC_ValueError, "expected pairs of a descriptor and events");
            return false;
        }
        if (!arg_int32(t, TUPLE(pair)->items[0], &fd) ||
            !arg_int32(t, TUPLE(pair)->items[1], &events))
            return false;
        fds[i] = (struct pollfd){.fd = (int)fd, .events = (short)events};
    }
    return true;
}

static Value ready_pairs(Thread *t, const struct pollfd *fds, size_t count) {
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(list_new(t, 0));
    for (size_t i = 0; i < count; i++) {
        if (!fds[i].revents) continue;
        Value pair[] = {fixnum(fds[i].fd), fixnum((uint16_t)fds[i].revents)};
        if (!list_append(t, LIST(roots[0]), object_value(tuple_from(t, pair, 2))))
            return VALUE_ERROR;
    }
    return roots[0];
}

static Value poll_descriptors(Thread *t, Value *args) {
    int64_t nanoseconds;
    Tuple *pairs = tuple_from_iterable(t, args[0]);
    if (!pairs) return VALUE_ERROR;
    args[0] = object_value(pairs);
    if (!duration_of(t, args[1], &nanoseconds)) return VALUE_ERROR;
    struct pollfd *fds = memory_alloc((pairs->size + 1) * sizeof *fds);
    Value result = VALUE_ERROR;
    if (fill_polled(t, pairs, fds) &&
        thread_wait_fds(t, fds, (nfds_t)pairs->size, nanoseconds) >= 0)
        result = ready_pairs(t, fds, pairs->size);
    free(fds);
    return result;
}

/* ---- what pipes between processes need ---- */

static Value socket_pair(Thread *t, Value *args) {
    (void)args;
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
        return raise_os_error(t, errno, VALUE_UNSET);
    Value pair[] = {fixnum(fds[0]), fixnum(fds[1])};
    return object_value(tuple_from(t, pair, 2));
}

static Value readable_bytes(Thread *t, Value *args) {
    int64_t fd;
    int count;
    if (!arg_int64(t, args[0], &fd)) return VALUE_ERROR;
    if (ioctl((int)fd, FIONREAD, &count)) return raise_os_error(t, errno, VALUE_UNSET);
    return fixnum(count);
}

static const NativeDef functions[] = {
    {"spawn", spawn,
     "(programs, args, env, cwd, standard, kept, close_others, restore_signals, new_session, "
     "group, umask, uid, gid, groups, shown, /)",
     "Start the first of the programs that there is; gives the number of the process.\n\n"
     "Texts are bytes. standard: three descriptors, -1 for those of this process; kept: further "
     "ones, ascending. shown: the filename of the OSError when none can be executed."},
    {"wait", wait_for_exit, "(pid, seconds, /)",
     "Wait until a child has ended, without collecting its status; False when the time is over."},
    {"reap", reap, "(pid, /)", "The status of a child that has ended, or None; never waits."},
    {"poll", poll_descriptors, "(pairs, seconds, /)",
     "Wait until one of several descriptors is ready; pairs of a descriptor and events."},
    {"socketpair", socket_pair, "()", "Two descriptors that are connected with each other."},
    {"readable_bytes", readable_bytes, "(fd, /)", "How many bytes could be read at once."},
    {0},
};

static bool init(Thread *t, Module *m) {
    module_set(t, m, "POLLIN", fixnum(POLLIN));
    module_set(t, m, "POLLOUT", fixnum(POLLOUT));
    module_set(t, m, "PIPE_BUF", fixnum(4096));
    return true;
}

const NativeModule _process_module = {
    .name = "_process", .doc = "Child processes.", .functions = functions, .init = init};
