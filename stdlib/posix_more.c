/* SPDX-License-Identifier: MIT */
/*
 * The rest of posix: times, links, descriptors that are copied and moved, folders read entry by
 * entry. Read next: stdlib/posix.c, stdlib/os.tul.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "loop/wire.h"
#include "stdlib/posix.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value outcome(Thread *t, int result, Value path) {
    return result == 0 ? VALUE_NONE : raise_os_error(t, errno, path);
}

/* The path in args[i]; its holder is kept in args[i] itself. */
static const char *path_of(Thread *t, Value *args, int i) {
    const char *path;
    return arg_path(t, args[i], &args[i], &path) ? path : NULL;
}

Value posix_two_paths_error(Thread *t, int code, Value from, Value to) {
    Value *args = push_roots(t, 5);
    args[0] = fixnum(code);
    args[1] = object_value(str_from(t, strerror(code)));
    args[2] = from;
    args[3] = VALUE_NONE;
    args[4] = to;
    Value error = exception_new(t, EXCEPTION_CLASS(t, OSError), args, 5);
    pop_roots(t, args);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

Value posix_link(Thread *t, Value *args) {
    const char *from = path_of(t, args, 0), *to = from ? path_of(t, args, 1) : NULL;
    if (!to) return VALUE_ERROR;
    return link(from, to) == 0 ? VALUE_NONE : posix_two_paths_error(t, errno, args[0], args[1]);
}

/* ---- times ---- */

/* Seconds as a number, or nanoseconds as an int. */
static bool time_argument(Thread *t, Value v, bool nanoseconds, struct timespec *out) {
    int64_t n;
    double d;
    if (nanoseconds || is_int(v)) {
        if (!arg_int64(t, v, &n)) return false;
        int64_t unit = nanoseconds ? 1000000000 : 1;
        int64_t seconds = n / unit, rest = n % unit;
        if (rest < 0) rest += unit, seconds--;
        *out = (struct timespec){.tv_sec = seconds, .tv_nsec = nanoseconds ? rest : 0};
        return true;
    }
    if (!arg_double(t, v, &d)) return false;
    double whole = floor(d);
    *out = (struct timespec){.tv_sec = (time_t)whole, .tv_nsec = (long)((d - whole) * 1e9)};
    return true;
}

/* args: path or descriptor, times, ns, follow_symlinks. */
Value posix_utime(Thread *t, Value *args) {
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    bool nanoseconds = args[2] != VALUE_UNSET;
    Value pair = nanoseconds ? args[2] : args[1];
    int follow = value_truth(t, args[3]);
    if (follow < 0) return VALUE_ERROR;
    if (nanoseconds && args[1] != VALUE_NONE)
        return raise_error(t, EXC_ValueError,
                           "utime: you may specify either 'times' or 'ns' but not both");
    if (pair != VALUE_NONE) {
        if (!is_kind(pair, OBJ_TUPLE) || TUPLE(pair)->size != 2)
            return raise_error(t, EXC_TypeError,
                               nanoseconds ? "utime: 'ns' must be a tuple of two ints"
                                           : "utime: 'times' must be either a tuple of two ints or "
                                             "None");
        for (int i = 0; i < 2; i++) {
            if (!time_argument(t, TUPLE(pair)->items[i], nanoseconds, &times[i]))
                return VALUE_ERROR;
        }
    }
    int64_t fd;
    if (is_int(args[0])) {
        if (!arg_int64(t, args[0], &fd)) return VALUE_ERROR;
        return outcome(t, futimens((int)fd, times), VALUE_UNSET);
    }
    const char *path = path_of(t, args, 0);
    if (!path) return VALUE_ERROR;
    return outcome(t, utimensat(AT_FDCWD, path, times, follow ? 0 : AT_SYMLINK_NOFOLLOW), args[0]);
}

Value posix_times(Thread *t, Value *args) {
    struct tms used;
    (void)args;
    double tick = (double)sysconf(_SC_CLK_TCK);
    clock_t now = times(&used);
    Value five[] = {float_new(t, (double)used.tms_utime / tick),
                    float_new(t, (double)used.tms_stime / tick),
                    float_new(t, (double)used.tms_cutime / tick),
                    float_new(t, (double)used.tms_cstime / tick), float_new(t, (double)now / tick)};
    return object_value(tuple_from(t, five, 5));
}

Value posix_uname(Thread *t, Value *args) {
    struct utsname names;
    (void)args;
    if (uname(&names) != 0) return raise_os_error(t, errno, VALUE_UNSET);
    const char *const texts[] = {names.sysname, names.nodename, names.release, names.version,
                                 names.machine};
    Value *roots = push_roots(t, 5);
    for (int i = 0; i < 5; i++) roots[i] = object_value(str_from(t, texts[i]));
    Value result = object_value(tuple_from(t, roots, 5));
    pop_roots(t, roots);
    return result;
}

/* ---- descriptors ---- */

/* Up to three int arguments. */
static bool numbers(Thread *t, const Value *args, int count, int64_t *out) {
    for (int i = 0; i < count; i++) {
        if (!arg_int64(t, args[i], &out[i])) return false;
    }
    return true;
}

Value posix_dup(Thread *t, Value *args) {
    int64_t n[1];
    if (!numbers(t, args, 1, n)) return VALUE_ERROR;
    int fd = fcntl((int)n[0], F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return raise_os_error(t, errno, VALUE_UNSET);
    wire_copy(t, (int)n[0], fd);
    return fixnum(fd);
}

Value posix_dup2(Thread *t, Value *args) {
    int64_t n[2];
    int inherit = value_truth(t, args[2]);
    if (inherit < 0 || !numbers(t, args, 2, n)) return VALUE_ERROR;
    int fd = dup2((int)n[0], (int)n[1]);
    if (fd < 0) return raise_os_error(t, errno, VALUE_UNSET);
    if (!inherit) fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (n[0] != n[1]) wire_copy(t, (int)n[0], fd);
    return fixnum(fd);
}

Value posix_lseek(Thread *t, Value *args) {
    int64_t n[3];
    if (!numbers(t, args, 3, n)) return VALUE_ERROR;
    off_t at = lseek((int)n[0], n[1], (int)n[2]);
    return at < 0 ? raise_os_error(t, errno, VALUE_UNSET) : int_from_int64(t, at);
}

Value posix_fsync(Thread *t, Value *args) {
    int64_t n[1];
    return numbers(t, args, 1, n) ? outcome(t, fsync((int)n[0]), VALUE_UNSET) : VALUE_ERROR;
}

Value posix_truncate(Thread *t, Value *args) {
    int64_t size, fd;
    if (!arg_int64(t, args[1], &size)) return VALUE_ERROR;
    if (is_int(args[0])) {
        if (!arg_int64(t, args[0], &fd)) return VALUE_ERROR;
        return outcome(t, ftruncate((int)fd, size), VALUE_UNSET);
    }
    const char *path = path_of(t, args, 0);
    return path ? outcome(t, truncate(path, size), args[0]) : VALUE_ERROR;
}

Value posix_get_inheritable(Thread *t, Value *args) {
    int64_t n[1];
    if (!numbers(t, args, 1, n)) return VALUE_ERROR;
    int flags = fcntl((int)n[0], F_GETFD);
    return flags < 0 ? raise_os_error(t, errno, VALUE_UNSET) : bool_value(!(flags & FD_CLOEXEC));
}

Value posix_set_inheritable(Thread *t, Value *args) {
    int64_t n[2];
    if (!numbers(t, args, 2, n)) return VALUE_ERROR;
    int flags = fcntl((int)n[0], F_GETFD);
    if (flags < 0) return raise_os_error(t, errno, VALUE_UNSET);
    flags = n[1] ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC;
    return outcome(t, fcntl((int)n[0], F_SETFD, flags), VALUE_UNSET);
}

Value posix_umask(Thread *t, Value *args) {
    int64_t n[1];
    return numbers(t, args, 1, n) ? fixnum(umask((mode_t)n[0])) : VALUE_ERROR;
}

Value posix_chown(Thread *t, Value *args) {
    int64_t n[2];
    const char *path = path_of(t, args, 0);
    if (!path || !numbers(t, args + 1, 2, n)) return VALUE_ERROR;
    return outcome(t, chown(path, (uid_t)n[0], (gid_t)n[1]), args[0]);
}

/* ---- folders ---- */

/* A list of (name, kind, inode): kind 1 folder, 2 file, 3 link, 0 anything else, -1 unknown. */
Value posix_entries(Thread *t, Value *args) {
    const char *path = path_of(t, args, 0);
    if (!path) return VALUE_ERROR;
    DIR *folder = opendir(path);
    if (!folder) return raise_os_error(t, errno, args[0]);
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(list_new(t, 0));
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(folder));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        int kind = entry->d_type == DT_DIR       ? 1
                   : entry->d_type == DT_REG     ? 2
                   : entry->d_type == DT_LNK     ? 3
                   : entry->d_type == DT_UNKNOWN ? -1
                                                 : 0;
        roots[1] = is_kind(args[0], OBJ_BYTES)
                       ? object_value(bytes_new(t, entry->d_name, strlen(entry->d_name)))
                       : system_text(t, entry->d_name);
        roots[2] = int_from_uint64(t, entry->d_ino);
        Value three[] = {roots[1], fixnum(kind), roots[2]};
        ok = roots[1] != VALUE_ERROR &&
             list_append(t, LIST(roots[0]), object_value(tuple_from(t, three, 3)));
    }
    closedir(folder);
    return ok ? roots[0] : VALUE_ERROR;
}
