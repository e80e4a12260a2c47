/* SPDX-License-Identifier: MIT */
/*
 * posix: the system calls under the module os. Each function takes a path or a descriptor, makes
 * one call and raises OSError (of the class its number asks for) with the path in it.
 *
 * Read next: stdlib/os.tul, stdlib/posixpath.tul.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop/wire.h"
#include "stdlib/posix.h"
#include "stdlib/process.h"
#include "stdlib/record.h"
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/outside.h"
#include "vm/str.h"

extern char **environ;

/* ---- paths ---- */

/* The path in args[i]; its holder is kept in args[i] itself. */
static const char *path_of(Thread *t, Value *args, int i) {
    const char *path;
    return arg_path(t, args[i], &args[i], &path) ? path : NULL;
}

static Value outcome(Thread *t, int result, Value path) {
    return result == 0 ? VALUE_NONE : raise_os_error(t, errno, path);
}

#define ONE_PATH(NAME, CALL)                                                                       \
    static Value posix_##NAME(Thread *t, Value *args) {                                            \
        const char *path = path_of(t, args, 0);                                                    \
        return path ? outcome(t, CALL(path), args[0]) : VALUE_ERROR;                               \
    }
ONE_PATH(chdir, chdir)
ONE_PATH(rmdir, rmdir)
ONE_PATH(remove, unlink)

static Value posix_rename(Thread *t, Value *args) {
    const char *from = path_of(t, args, 0), *to = from ? path_of(t, args, 1) : NULL;
    if (!to) return VALUE_ERROR;
    return rename(from, to) == 0 ? VALUE_NONE : posix_two_paths_error(t, errno, args[0], args[1]);
}

static Value posix_mkdir(Thread *t, Value *args) {
    const char *path = path_of(t, args, 0);
    int64_t mode;
    if (!path || !arg_int64(t, args[1], &mode)) return VALUE_ERROR;
    return outcome(t, mkdir(path, (mode_t)mode), args[0]);
}

static Value posix_chmod(Thread *t, Value *args) {
    const char *path = path_of(t, args, 0);
    int64_t mode;
    if (!path || !arg_int64(t, args[1], &mode)) return VALUE_ERROR;
    return outcome(t, chmod(path, (mode_t)mode), args[0]);
}

static Value posix_access(Thread *t, Value *args) {
    const char *path = path_of(t, args, 0);
    int64_t mode;
    if (!path || !arg_int64(t, args[1], &mode)) return VALUE_ERROR;
    return bool_value(access(path, (int)mode) == 0);
}

static Value posix_getcwd(Thread *t, Value *args) {
    (void)args;
    char *here = getcwd(NULL, 0);
    if (!here) return raise_os_error(t, errno, VALUE_UNSET);
    Value v = system_text(t, here);
    free(here);
    return v;
}

static Value posix_listdir(Thread *t, Value *args) {
    const char *path = path_of(t, args, 0);
    if (!path) return VALUE_ERROR;
    DIR *folder = opendir(path);
    if (!folder) return raise_os_error(t, errno, args[0]);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(list_new(t, 0));
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        Value name = system_text(t, entry->d_name);
        ok = name != VALUE_ERROR && list_append(t, LIST(roots[0]), name);
    }
    closedir(folder);
    return ok ? roots[0] : VALUE_ERROR;
}

static Value posix_readlink(Thread *t, Value *args) {
    const char *path = path_of(t, args, 0);
    char target[4097];
    if (!path) return VALUE_ERROR;
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0) return raise_os_error(t, errno, args[0]);
    target[n] = '\0';
    return system_text(t, target);
}

static Value posix_symlink(Thread *t, Value *args) {
    const char *target = path_of(t, args, 0), *path = target ? path_of(t, args, 1) : NULL;
    if (!path) return VALUE_ERROR;
    return symlink(target, path) == 0 ? VALUE_NONE
                                      : posix_two_paths_error(t, errno, args[0], args[1]);
}

/* ---- stat ---- */

static Value time_of(Thread *t, struct timespec time) {
    return float_new(t, (double)time.tv_sec + 1e-9 * (double)time.tv_nsec);
}

static Value stat_result(Thread *t, const struct stat *s) {
    static const char *const fields[] = {
        "st_mode",     "st_ino",      "st_dev",      "st_nlink", "st_uid",     "st_gid",
        "st_size",     "st_atime",    "st_mtime",    "st_ctime", "st_blksize", "st_blocks",
        "st_mtime_ns", "st_atime_ns", "st_ctime_ns", "st_rdev",  NULL};
    Stdlib *lib = stdlib_of(t);
    Class *cls = lib->classes[CLASS_STAT_RESULT];
    if (!cls)
        cls = lib->classes[CLASS_STAT_RESULT] =
            record_class(t, "os", "stat_result", "os.stat_result", fields);
    if (!cls) return VALUE_ERROR;
    Value *items = push_roots(t, 16);
    const int64_t numbers[] = {
        s->st_mode, (int64_t)s->st_ino, (int64_t)s->st_dev, (int64_t)s->st_nlink,
        s->st_uid,  s->st_gid,          s->st_size};
    for (int i = 0; i < 7; i++) items[i] = int_from_int64(t, numbers[i]);
    items[7] = time_of(t, s->st_atim);
    items[8] = time_of(t, s->st_mtim);
    items[9] = time_of(t, s->st_ctim);
    items[10] = fixnum(s->st_blksize);
    items[11] = fixnum(s->st_blocks);
    const struct timespec *const times[] = {&s->st_mtim, &s->st_atim, &s->st_ctim};
    for (int i = 0; i < 3; i++)
        items[12 + i] =
            int_from_int64(t, times[i]->tv_sec * INT64_C(1000000000) + times[i]->tv_nsec);
    items[15] = int_from_int64(t, (int64_t)s->st_rdev);
    Value record = record_new(t, cls, items, 16);
    pop_roots(t, items);
    return record;
}

static Value posix_stat(Thread *t, Value *args) {
    struct stat status;
    int64_t fd;
    int result;
    int follow = value_truth(t, args[1]);
    if (follow < 0) return VALUE_ERROR;
    if (is_int(args[0])) {
        if (!arg_int64(t, args[0], &fd)) return VALUE_ERROR;
        result = fstat((int)fd, &status);
    } else {
        if (is_float(args[0]) || args[0] == VALUE_NONE)
            return raise_error(t, EXC_TypeError,
                               "stat: path should be string, bytes, os.PathLike or integer, not %T",
                               args[0]);
        const char *path = path_of(t, args, 0);
        if (!path) return VALUE_ERROR;
        result = follow ? stat(path, &status) : lstat(path, &status);
    }
    return result == 0 ? stat_result(t, &status) : raise_os_error(t, errno, args[0]);
}

/* ---- descriptors ---- */

static Value posix_open(Thread *t, Value *args) {
    const char *path = path_of(t, args, 0);
    int64_t flags, mode;
    if (!path || !arg_int64(t, args[1], &flags) || !arg_int64(t, args[2], &mode))
        return VALUE_ERROR;
    int fd = open(path, (int)flags | O_CLOEXEC, (mode_t)mode);
    return fd >= 0 ? fixnum(fd) : raise_os_error(t, errno, args[0]);
}

static Value posix_close(Thread *t, Value *args) {
    int64_t fd;
    if (!arg_int64(t, args[0], &fd)) return VALUE_ERROR;
    wire_close(t, (int)fd);
    return outcome(t, close((int)fd), VALUE_UNSET);
}

/* read(2) when it does not block any more; -1: errno, which is EINTR when a handler raised. */
static ssize_t read_some(Thread *t, int fd, char *data, size_t size) {
    ssize_t n;
    do {
        errno = EINTR;
        if (!thread_wait_fd(t, fd, POLLIN)) return -1;
        n = read(fd, data, size);
    } while (n < 0 && errno == EINTR && thread_poll(t));
    return n;
}

static Value posix_read(Thread *t, Value *args) {
    int64_t fd, size;
    if (!arg_int64(t, args[0], &fd) || !arg_int64(t, args[1], &size)) return VALUE_ERROR;
    if (size < 0) return raise_os_error(t, EINVAL, VALUE_UNSET);
    if (!str_memory_fits(t, (size_t)size)) return VALUE_ERROR;
    char *data = malloc((size_t)size + 1);
    if (!data) return raise_error(t, EXC_MemoryError, "");
    ssize_t n = read_some(t, (int)fd, data, (size_t)size);
    Value v = VALUE_ERROR;
    if (n >= 0) v = object_value(bytes_new(t, data, (size_t)n));
    else if (t->exception == VALUE_UNSET) raise_os_error(t, errno, VALUE_UNSET);
    free(data);
    return v;
}

static Value posix_write(Thread *t, Value *args) {
    int64_t fd;
    const uint8_t *data;
    size_t size;
    if (!arg_int64(t, args[0], &fd)) return VALUE_ERROR;
    ssize_t n;
    do {
        if (!thread_wait_fd(t, (int)fd, POLLOUT)) return VALUE_ERROR;
        if (!bytes_like(args[1], &data, &size))
            return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'",
                               args[1]);
        n = write((int)fd, data, thread_write_size(t, (int)fd, size));
    } while (n < 0 && errno == EINTR && thread_poll(t));
    if (n >= 0) return int_from_int64(t, n);
    return errno == EINTR ? VALUE_ERROR : raise_os_error(t, errno, VALUE_UNSET);
}

static Value posix_pipe(Thread *t, Value *args) {
    (void)args;
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return raise_os_error(t, errno, VALUE_UNSET);
    Value pair[] = {fixnum(fds[0]), fixnum(fds[1])};
    return object_value(tuple_from(t, pair, 2));
}

static Value posix_isatty(Thread *t, Value *args) {
    int64_t fd;
    return arg_int64(t, args[0], &fd) ? bool_value(isatty((int)fd)) : VALUE_ERROR;
}

static Value posix_terminal_size(Thread *t, Value *args) {
    int64_t fd;
    struct winsize size;
    if (!arg_int64(t, args[0], &fd)) return VALUE_ERROR;
    if (ioctl((int)fd, TIOCGWINSZ, &size) != 0) return raise_os_error(t, errno, VALUE_UNSET);
    Value pair[] = {fixnum(size.ws_col), fixnum(size.ws_row)};
    return object_value(tuple_from(t, pair, 2));
}

/* ---- the process ---- */

#define NUMBER_OF(NAME)                                                                            \
    static Value posix_##NAME(Thread *t, Value *args) {                                            \
        (void)t, (void)args;                                                                       \
        return fixnum(NAME());                                                                     \
    }
NUMBER_OF(getpid)
NUMBER_OF(getppid)
NUMBER_OF(getuid)
NUMBER_OF(geteuid)
NUMBER_OF(getgid)
NUMBER_OF(getegid)
NUMBER_OF(getpgrp)

static Value posix_cpu_count(Thread *t, Value *args) {
    (void)t, (void)args;
    return fixnum(get_nprocs());
}

static Value posix_kill(Thread *t, Value *args) {
    int64_t pid, number;
    if (!arg_int64(t, args[0], &pid) || !arg_int64(t, args[1], &number)) return VALUE_ERROR;
    if (kill((pid_t)pid, (int)number) != 0) return raise_os_error(t, errno, VALUE_UNSET);
    return thread_poll(t) ? VALUE_NONE : VALUE_ERROR;
}

static Value posix_exit(Thread *t, Value *args) {
    int64_t status;
    if (!arg_int64(t, args[0], &status)) return VALUE_ERROR;
    _exit((int)status);
}

static Value posix_strerror(Thread *t, Value *args) {
    int64_t code;
    return arg_int64(t, args[0], &code) ? object_value(str_from(t, strerror((int)code)))
                                        : VALUE_ERROR;
}

static Value posix_environ(Thread *t, Value *args) {
    Dict *dict = dict_new(t);
    (void)args;
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(dict);
    for (char **entry = environ; *entry; entry++) {
        const char *equals = strchr(*entry, '=');
        if (!equals) continue;
        char *name = strndup(*entry, (size_t)(equals - *entry));
        roots[1] = system_text(t, name);
        free(name);
        roots[2] = system_text(t, equals + 1);
        if (roots[1] == VALUE_ERROR || roots[2] == VALUE_ERROR ||
            !dict_set(t, dict, roots[1], roots[2]))
            return VALUE_ERROR;
    }
    return roots[0];
}

static Value posix_putenv(Thread *t, Value *args) {
    const char *name = path_of(t, args, 0), *v = name ? path_of(t, args, 1) : NULL;
    return v ? outcome(t, setenv(name, v, 1), VALUE_UNSET) : VALUE_ERROR;
}

static Value posix_unsetenv(Thread *t, Value *args) {
    const char *name = path_of(t, args, 0);
    return name ? outcome(t, unsetenv(name), VALUE_UNSET) : VALUE_ERROR;
}

static const NativeDef functions[] = {
    {"getcwd", posix_getcwd, "()", "The working folder."},
    {"chdir", posix_chdir, "(path)", "Change the working folder."},
    {"listdir", posix_listdir, "(path='.')", "The names in a folder."},
    {"mkdir", posix_mkdir, "(path, mode=511)", "Make a folder."},
    {"rmdir", posix_rmdir, "(path)", "Remove an empty folder."},
    {"remove", posix_remove, "(path)", "Remove a file."},
    {"unlink", posix_remove, "(path)", "Remove a file."},
    {"rename", posix_rename, "(src, dst)", "Rename a file or folder."},
    {"replace", posix_rename, "(src, dst)", "Rename, also over a file that is there."},
    {"chmod", posix_chmod, "(path, mode)", "Change the permissions."},
    {"access", posix_access, "(path, mode)", "Whether the file may be used so."},
    {"readlink", posix_readlink, "(path)", "Where a symbolic link leads."},
    {"symlink", posix_symlink, "(src, dst)", "Make a symbolic link."},
    {"stat", posix_stat, "(path, *, follow_symlinks=True)", "What the system knows about a file."},
    {"open", posix_open, "(path, flags, mode=511)", "A new descriptor."},
    {"close", posix_close, "(fd)", "Close a descriptor."},
    {"read", posix_read, "(fd, length, /)", "Up to length bytes from a descriptor."},
    {"write", posix_write, "(fd, data, /)", "Write bytes to a descriptor; gives how many."},
    {"pipe", posix_pipe, "()", "The two ends of a pipe."},
    {"isatty", posix_isatty, "(fd, /)", "Whether a descriptor is a terminal."},
    {"_terminal_size", posix_terminal_size, "(fd, /)", "Columns and lines of a terminal."},
    {"getpid", posix_getpid, "()", "The number of this process."},
    {"getppid", posix_getppid, "()", "The number of its parent."},
    {"getuid", posix_getuid, "()", "The user's number."},
    {"geteuid", posix_geteuid, "()", "The effective user's number."},
    {"getgid", posix_getgid, "()", "The group's number."},
    {"cpu_count", posix_cpu_count, "()", "How many processors there are."},
    {"kill", posix_kill, "(pid, signal, /)", "Send a signal to a process."},
    {"killpg", posix_killpg, "(pgid, signal, /)", "Send a signal to a process group."},
    {"waitpid", posix_waitpid, "(pid, options, /)", "Wait for a child: its number and status."},
    {"pidfd_open", posix_pidfd_open, "(pid, flags=0)", "A descriptor for a process."},
    {"waitstatus_to_exitcode", posix_status_to_code, "(status)",
     "What a child exited with; minus the signal that ended it."},
    {"WIFEXITED", posix_wifexited, "(status)", "Whether the child exited by itself."},
    {"WEXITSTATUS", posix_wexitstatus, "(status)", "What it exited with."},
    {"WIFSIGNALED", posix_wifsignaled, "(status)", "Whether a signal ended it."},
    {"WTERMSIG", posix_wtermsig, "(status)", "Which one."},
    {"WIFSTOPPED", posix_wifstopped, "(status)", "Whether a signal stopped it."},
    {"WSTOPSIG", posix_wstopsig, "(status)", "Which one."},
    {"WCOREDUMP", posix_wcoredump, "(status, /)", "Whether it left a core dump."},
    {"setsid", posix_setsid, "()", "Begin a session of one's own."},
    {"getsid", posix_getsid, "(pid, /)", "The session of a process."},
    {"getpgid", posix_getpgid, "(pid)", "The process group of a process."},
    {"setpgid", posix_setpgid, "(pid, pgrp, /)", "Move a process to a group."},
    {"getgroups", posix_getgroups, "()", "The further groups of the user."},
    {"nice", posix_nice, "(increment, /)", "Be nicer to other processes; gives how nice."},
    {"sched_getaffinity", posix_affinity, "(pid, /)", "The processors that a process may use."},
    {"get_blocking", posix_get_blocking, "(fd, /)", "Whether reading and writing wait."},
    {"set_blocking", posix_set_blocking, "(fd, blocking, /)", "Say whether they do."},
    {"_execve", posix_execve, "(path, argv, env, /)", "Become another program."},
    {"abort", posix_abort, "()", "End at once with SIGABRT."},
    {"_exit", posix_exit, "(status)", "End at once, without cleaning up."},
    {"link", posix_link, "(src, dst, *, follow_symlinks=True)", "Another name for a file."},
    {"utime", posix_utime, "(path, times=None, *, ns=?, follow_symlinks=True)",
     "Set the times of access and change."},
    {"_times", posix_times, "()", "Seconds of the processor used, and since some point."},
    {"_uname", posix_uname, "()", "The names of the system."},
    {"dup", posix_dup, "(fd, /)", "Another descriptor for the same file."},
    {"dup2", posix_dup2, "(fd, fd2, inheritable=True)", "The same, with a given number."},
    {"lseek", posix_lseek, "(fd, position, whence, /)", "Move a descriptor's position."},
    {"fsync", posix_fsync, "(fd)", "Wait until what was written is on the disk."},
    {"fdatasync", posix_fsync, "(fd)", "Wait until what was written is on the disk."},
    {"truncate", posix_truncate, "(path, length)", "Cut a file to a length."},
    {"ftruncate", posix_truncate, "(fd, length, /)", "Cut a file to a length."},
    {"get_inheritable", posix_get_inheritable, "(fd, /)", "Whether child processes get it."},
    {"set_inheritable", posix_set_inheritable, "(fd, inheritable, /)",
     "Say whether child processes get it."},
    {"umask", posix_umask, "(mask, /)", "Set the mask of new files' permissions; gives the old."},
    {"chown", posix_chown, "(path, uid, gid)", "Change a file's owner."},
    {"_entries", posix_entries, "(path='.')", "(name, kind, inode) of what is in a folder."},
    {"getegid", posix_getegid, "()", "The effective group's number."},
    {"getpgrp", posix_getpgrp, "()", "The number of the process group."},
    {"strerror", posix_strerror, "(code, /)", "The message of an error number."},
    {"_environ", posix_environ, "()", "The environment as a dict."},
    {"putenv", posix_putenv, "(name, value, /)", "Set an environment variable of the process."},
    {"unsetenv", posix_unsetenv, "(name, /)", "Remove one."},
    {0},
};

static const IntConstant constants[] = {
    INT_CONSTANT(O_RDONLY),
    INT_CONSTANT(O_WRONLY),
    INT_CONSTANT(O_RDWR),
    INT_CONSTANT(O_CREAT),
    INT_CONSTANT(O_EXCL),
    INT_CONSTANT(O_TRUNC),
    INT_CONSTANT(O_APPEND),
    INT_CONSTANT(O_NONBLOCK),
    INT_CONSTANT(O_CLOEXEC),
    INT_CONSTANT(F_OK),
    INT_CONSTANT(R_OK),
    INT_CONSTANT(W_OK),
    INT_CONSTANT(X_OK),
    INT_CONSTANT(O_SYNC),
    INT_CONSTANT(O_NOFOLLOW),
    INT_CONSTANT(O_DIRECTORY),
    {"EX_OK", 0},
    INT_CONSTANT(WNOHANG),
    INT_CONSTANT(WUNTRACED),
    INT_CONSTANT(WCONTINUED),
};

static bool init(Thread *t, Module *m) {
    module_set_constants(t, m, constants, sizeof constants / sizeof *constants);
    return true;
}

const NativeModule posix_module = {
    .name = "posix", .doc = "System calls.", .functions = functions, .init = init};
