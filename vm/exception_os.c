/* SPDX-License-Identifier: MIT */
/*
 * OSError: errno, strerror, filename; and the subclass that an error number selects (OSError(2, …)
 * makes a FileNotFoundError).
 *
 * As in Python the arguments are taken by __new__, unless a subclass has an __init__ of its own:
 * then by OSError.__init__.
 */
#include <errno.h>

#include "vm/container.h"
#include "vm/exception_class.h"
#include "vm/exception_fields.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static const struct {
    int number;
    ExceptionId id;
} by_number[] = {
    {EAGAIN, EXC_BlockingIOError},
    {EALREADY, EXC_BlockingIOError},
    {EINPROGRESS, EXC_BlockingIOError},
    {EPIPE, EXC_BrokenPipeError},
    {ESHUTDOWN, EXC_BrokenPipeError},
    {ECHILD, EXC_ChildProcessError},
    {ECONNABORTED, EXC_ConnectionAbortedError},
    {ECONNREFUSED, EXC_ConnectionRefusedError},
    {ECONNRESET, EXC_ConnectionResetError},
    {EEXIST, EXC_FileExistsError},
    {ENOENT, EXC_FileNotFoundError},
    {EISDIR, EXC_IsADirectoryError},
    {ENOTDIR, EXC_NotADirectoryError},
    {EINTR, EXC_InterruptedError},
    {EACCES, EXC_PermissionError},
    {EPERM, EXC_PermissionError},
    {ESRCH, EXC_ProcessLookupError},
    {ETIMEDOUT, EXC_TimeoutError},
};

static Class *class_for(Thread *t, Value number, Class *cls) {
    if (!is_fixnum(number) || cls != EXCEPTION_CLASS(t, OSError)) return cls;
    for (size_t i = 0; i < sizeof by_number / sizeof *by_number; i++) {
        if (fixnum_of(number) == by_number[i].number) return t->vm->exceptions[by_number[i].id];
    }
    return cls;
}

/* OSError(errno, strerror[, filename[, winerror[, filename2]]]); any other number of arguments is a
 * plain message. */
static void take_arguments(Thread *t, Value self, const Value *args, int argc) {
    exception_set_args(t, self, args, argc);
    if (argc < 2 || argc > 5) return;
    exception_set_field(t, self, OS_ERROR_ERRNO, args[0]);
    exception_set_field(t, self, OS_ERROR_STRERROR, args[1]);
    if (argc == 2 || args[2] == VALUE_NONE) return;
    bool blocking = class_is_subclass(class_of(t->vm, self), EXCEPTION_CLASS(t, BlockingIOError));
    if (blocking && is_fixnum(args[2])) {
        exception_set_field(t, self, OS_ERROR_WRITTEN, args[2]);
        return;
    }
    exception_set_field(t, self, OS_ERROR_FILENAME, args[2]);
    if (argc == 5 && args[4] != VALUE_NONE)
        exception_set_field(t, self, OS_ERROR_FILENAME2, args[4]);
    exception_set_args(t, self, args, 2);
}

static bool os_error_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (class_of(t->vm, self)->slots.init == os_error_init) return true;
    if (!exception_init_slot(t, self, args, argc, kwnames)) return false;
    take_arguments(t, self, args, argc);
    return true;
}

static Value os_error_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    bool takes = cls->slots.init == os_error_init;
    if (takes && kwnames && kwnames->size) {
        return raise_error(t, EXC_TypeError, "%S() takes no keyword arguments",
                           object_value(cls->name));
    }
    if (takes && argc >= 2 && argc <= 5) cls = class_for(t, args[0], cls);
    Value self = exception_construct(t, cls, args, takes ? argc : 0, takes ? kwnames : NULL);
    if (takes) take_arguments(t, self, args, argc);
    return self;
}

static Value os_error_str(Thread *t, Value self) {
    bool known = exception_field(self, OS_ERROR_ERRNO) != VALUE_UNSET &&
                 exception_field(self, OS_ERROR_STRERROR) != VALUE_UNSET;
    Value number = exception_field_or_none(self, OS_ERROR_ERRNO),
          text = exception_field_or_none(self, OS_ERROR_STRERROR);
    Value file = exception_field(self, OS_ERROR_FILENAME),
          other = exception_field(self, OS_ERROR_FILENAME2);
    Str *out;
    if (file == VALUE_UNSET) {
        if (!known) return exception_str(t, self);
        out = str_format(t, "[Errno %S] %S", number, text);
    } else if (other == VALUE_UNSET) {
        out = str_format(t, "[Errno %S] %S: %R", number, text, file);
    } else {
        out = str_format(t, "[Errno %S] %S: %R -> %R", number, text, file, other);
    }
    return out ? object_value(out) : VALUE_ERROR;
}

/* The file names, which args lack, are arguments again. */
static Value os_error_reduce(Thread *t, Value *args) {
    Value file = exception_field(args[0], OS_ERROR_FILENAME),
          other = exception_field(args[0], OS_ERROR_FILENAME2);
    Tuple *given = EXCEPTION(args[0])->args;
    if (given->size != 2 || file == VALUE_UNSET) return exception_reduce(t, args[0], given, NULL);
    Value items[] = {given->items[0], given->items[1], file, VALUE_NONE, other};
    return exception_reduce(t, args[0], tuple_from(t, items, other == VALUE_UNSET ? 3 : 5), NULL);
}

static const NativeDef methods[] = {{"__reduce__", os_error_reduce, "(self, /)", NULL},
                                    {NULL, NULL, NULL, NULL}};

void os_error_complete(Thread *t) {
    static const Slots own = {
        .construct = os_error_construct, .init = os_error_init, .str = os_error_str};
    exception_complete(t, EXCEPTION_CLASS(t, OSError), &own, methods,
                       exception_field_defs(EXC_OSError));
}
