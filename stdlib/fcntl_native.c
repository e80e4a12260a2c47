/* SPDX-License-Identifier: MIT */
/*
 * The module fcntl: what can be asked and set of a descriptor, and locks on files.
 *
 * A lock that has to be waited for is waited for without the baton, and a signal that arrives
 * meanwhile is handled.
 *
 * Read next: stdlib/posix.c, vm/baton.h.
 */
#define _GNU_SOURCE /* F_SETPIPE_SZ, DN_ACCESS, LOCK_MAND */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>

#include "stdlib/stdlib.h"
#include "vm/baton.h"
#include "vm/bytes.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { LONGEST = 1024 }; /* bytes of an argument that is a structure */

/* What is passed: a number, or a structure as bytes. */
typedef struct Argument {
    bool is_number;
    int number;
    size_t size;
    char data[LONGEST + 1];
} Argument;

/* An int or what has fileno(). */
static bool descriptor(Thread *t, Value v, int *fd) {
    int64_t number;
    if (!is_int(v)) {
        Value method = value_getattr_or_unset(t, v, NAME_OF(t, fileno));
        if (method == VALUE_ERROR) return false;
        if (method == VALUE_UNSET) {
            raise_error(t, EXC_TypeError, "argument must be an int, or have a fileno() method.");
            return false;
        }
        v = call_value(t, method, NULL, 0);
        if (v == VALUE_ERROR) return false;
        if (!is_int(v)) {
            raise_error(t, EXC_TypeError, "fileno() returned a non-integer");
            return false;
        }
    }
    if (!arg_int32(t, v, &number)) return false;
    if (number < 0) {
        raise_error(t, EXC_ValueError, "file descriptor cannot be a negative integer (%lld)",
                    (long long)number);
        return false;
    }
    *fd = (int)number;
    return true;
}

/* A code of ioctl may need the 32nd bit. */
static bool read_code(Thread *t, Value v, unsigned long *code) {
    int64_t number;
    if (!arg_int64(t, v, &number)) return false;
    *code = (unsigned long)(uint32_t)number;
    return true;
}

static bool read_argument(Thread *t, Value v, const char *call, Argument *out) {
    const uint8_t *data;
    size_t size;
    int64_t number;
    out->is_number = false;
    if (is_kind(v, OBJ_STR)) {
        data = (const uint8_t *)STR(v)->data;
        size = STR(v)->size;
    } else if (!bytes_like(v, &data, &size)) {
        out->is_number = true;
        if (!arg_int64(t, v, &number)) return false;
        out->number = (int)number;
        return true;
    }
    if (size > LONGEST) {
        raise_error(t, EXC_ValueError, "%s string arg too long", call);
        return false;
    }
    memcpy(out->data, data, size);
    out->data[size] = 0;
    out->size = size;
    return true;
}

static Value failed(Thread *t) { return raise_os_error(t, errno, VALUE_UNSET); }

/* args: fd, cmd, arg */
static Value control(Thread *t, Value *args) {
    int fd, result;
    int64_t command;
    Argument argument;
    if (!descriptor(t, args[0], &fd) || !arg_int32(t, args[1], &command) ||
        !read_argument(t, args[2], "fcntl", &argument))
        return VALUE_ERROR;
    do {
        thread_leave(t);
        result = argument.is_number ? fcntl(fd, (int)command, argument.number)
                                    : fcntl(fd, (int)command, argument.data);
        int error = errno;
        thread_return(t);
        errno = error;
        if (result < 0 && error != EINTR) return failed(t);
        if (result < 0 && !thread_poll(t)) return VALUE_ERROR;
    } while (result < 0);
    if (argument.is_number) return fixnum(result);
    return object_value(bytes_new(t, argument.data, argument.size));
}

/* args: fd, request, arg, mutate_flag. A bytearray is changed unless told otherwise. */
static Value device_control(Thread *t, Value *args) {
    int fd;
    unsigned long code;
    Argument argument;
    int mutates = value_truth(t, args[3]);
    if (mutates < 0 || !descriptor(t, args[0], &fd) || !read_code(t, args[1], &code) ||
        !read_argument(t, args[2], "ioctl", &argument))
        return VALUE_ERROR;
    int result =
        argument.is_number ? ioctl(fd, code, argument.number) : ioctl(fd, code, argument.data);
    if (result < 0) return failed(t);
    if (argument.is_number) return fixnum(result);
    if (mutates && is_kind(args[2], OBJ_BYTEARRAY)) { /* nothing ran since it was read */
        memcpy(BYTEARRAY(args[2])->data, argument.data, argument.size);
        return fixnum(result);
    }
    return object_value(bytes_new(t, argument.data, argument.size));
}

/* The call that [lock] stands for, without the baton. */
static Value wait_for_lock(Thread *t, int fd, int operation, struct flock *lock) {
    int command = operation & LOCK_NB ? F_SETLK : F_SETLKW;
    for (;;) {
        thread_leave(t);
        int result = lock ? fcntl(fd, command, lock) : flock(fd, operation), error = errno;
        thread_return(t);
        if (result == 0) return VALUE_NONE;
        if (error != EINTR) return raise_os_error(t, error, VALUE_UNSET);
        if (!thread_poll(t)) return VALUE_ERROR;
    }
}

static Value lock_file(Thread *t, Value *args) {
    int fd;
    int64_t operation;
    if (!descriptor(t, args[0], &fd) || !arg_int32(t, args[1], &operation)) return VALUE_ERROR;
    return wait_for_lock(t, fd, (int)operation, NULL);
}

/* args: fd, cmd, len, start, whence */
static Value lock_region(Thread *t, Value *args) {
    int fd;
    int64_t operation, length, start, whence;
    if (!descriptor(t, args[0], &fd) || !arg_int32(t, args[1], &operation) ||
        !arg_int64(t, args[2], &length) || !arg_int64(t, args[3], &start) ||
        !arg_int32(t, args[4], &whence))
        return VALUE_ERROR;
    struct flock lock = {.l_whence = (short)whence, .l_start = start, .l_len = length};
    if (operation == LOCK_UN) lock.l_type = F_UNLCK;
    else if (operation & LOCK_SH) lock.l_type = F_RDLCK;
    else if (operation & LOCK_EX) lock.l_type = F_WRLCK;
    else return raise_error(t, EXC_ValueError, "unrecognized lockf argument");
    return wait_for_lock(t, fd, (int)operation, &lock);
}

static const NativeDef functions[] = {
    {"fcntl", control, "(fd, cmd, arg=0, /)",
     "Do cmd with a descriptor. With an int gives an int, with bytes the structure afterwards."},
    {"ioctl", device_control, "(fd, request, arg=0, mutate_flag=True, /)",
     "The same for a device. A bytearray is changed in place, unless mutate_flag is false."},
    {"flock", lock_file, "(fd, operation, /)",
     "Lock a whole file: LOCK_SH, LOCK_EX or LOCK_UN, with LOCK_NB without waiting."},
    {"lockf", lock_region, "(fd, cmd, len=0, start=0, whence=0, /)",
     "Lock len bytes of a file from start on (0: to its end); cmd as for flock()."},
    {0},
};

static const IntConstant constants[] = {
    INT_CONSTANT(LOCK_SH),       INT_CONSTANT(LOCK_EX),
    INT_CONSTANT(LOCK_NB),       INT_CONSTANT(LOCK_UN),
    INT_CONSTANT(LOCK_MAND),     INT_CONSTANT(LOCK_READ),
    INT_CONSTANT(LOCK_WRITE),    INT_CONSTANT(LOCK_RW),
    INT_CONSTANT(F_DUPFD),       INT_CONSTANT(F_DUPFD_CLOEXEC),
    INT_CONSTANT(F_GETFD),       INT_CONSTANT(F_SETFD),
    INT_CONSTANT(F_GETFL),       INT_CONSTANT(F_SETFL),
    INT_CONSTANT(F_GETLK),       INT_CONSTANT(F_SETLK),
    INT_CONSTANT(F_SETLKW),      INT_CONSTANT(F_OFD_GETLK),
    INT_CONSTANT(F_OFD_SETLK),   INT_CONSTANT(F_OFD_SETLKW),
    INT_CONSTANT(F_GETOWN),      INT_CONSTANT(F_SETOWN),
    INT_CONSTANT(F_GETSIG),      INT_CONSTANT(F_SETSIG),
    INT_CONSTANT(F_RDLCK),       INT_CONSTANT(F_WRLCK),
    INT_CONSTANT(F_UNLCK),       INT_CONSTANT(F_EXLCK),
    INT_CONSTANT(F_SHLCK),       {"F_GETLK64", F_GETLK},
    {"F_SETLK64", F_SETLK},      {"F_SETLKW64", F_SETLKW},
    INT_CONSTANT(F_SETLEASE),    INT_CONSTANT(F_GETLEASE),
    INT_CONSTANT(F_NOTIFY),      INT_CONSTANT(F_SETPIPE_SZ),
    INT_CONSTANT(F_GETPIPE_SZ),  INT_CONSTANT(F_ADD_SEALS),
    INT_CONSTANT(F_GET_SEALS),   INT_CONSTANT(F_SEAL_SEAL),
    INT_CONSTANT(F_SEAL_SHRINK), INT_CONSTANT(F_SEAL_GROW),
    INT_CONSTANT(F_SEAL_WRITE),  INT_CONSTANT(FD_CLOEXEC),
    INT_CONSTANT(FASYNC),        INT_CONSTANT(DN_ACCESS),
    INT_CONSTANT(DN_MODIFY),     INT_CONSTANT(DN_CREATE),
    INT_CONSTANT(DN_DELETE),     INT_CONSTANT(DN_RENAME),
    INT_CONSTANT(DN_ATTRIB),     {"DN_MULTISHOT", (int64_t)(uint32_t)DN_MULTISHOT},
};

static bool init(Thread *t, Module *module) {
    module_set_constants(t, module, constants, sizeof constants / sizeof *constants);
    return true;
}

const NativeModule fcntl_module = {
    .name = "fcntl",
    .doc = "What can be asked and set of a descriptor, and locks on files.",
    .functions = functions,
    .init = init,
};
