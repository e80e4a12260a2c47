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
    exception_put(t, self, NAME_OF(t, errno), args[0]);
    exception_put(t, self, NAME_OF(t, strerror), args[1]);
    if (argc == 2 || args[2] == VALUE_NONE) return;
    exception_put(t, self, NAME_OF(t, filename), args[2]);
    if (argc == 5) exception_put(t, self, NAME_OF(t, filename2), args[4]);
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
    Value self = exception_construct(t, cls, args, argc, kwnames);
    if (takes) take_arguments(t, self, args, argc);
    return self;
}

static Value os_error_str(Thread *t, Value self) {
    Object *o = object_of(self);
    Value number = instance_get(t, o, NAME_OF(t, errno)),
          text = instance_get(t, o, NAME_OF(t, strerror));
    Value file = instance_get(t, o, NAME_OF(t, filename)),
          other = instance_get(t, o, NAME_OF(t, filename2));
    if (number == VALUE_UNSET || text == VALUE_UNSET) return exception_str(t, self);
    Str *out;
    if (file == VALUE_UNSET || file == VALUE_NONE)
        out = str_format(t, "[Errno %S] %S", number, text);
    else if (other == VALUE_UNSET || other == VALUE_NONE)
        out = str_format(t, "[Errno %S] %S: %R", number, text, file);
    else out = str_format(t, "[Errno %S] %S: %R -> %R", number, text, file, other);
    return out ? object_value(out) : VALUE_ERROR;
}

void os_error_complete(Thread *t) {
    static const Slots own = {
        .construct = os_error_construct, .init = os_error_init, .str = os_error_str};
    static const NameId names[] = {NAME_errno, NAME_strerror, NAME_filename, NAME_filename2};
    Class *cls = EXCEPTION_CLASS(t, OSError);
    exception_complete(t, cls, &own, NULL, NULL);
    for (int i = 0; i < 4; i++) dict_set_str(t, cls->dict, t->vm->names[names[i]], VALUE_NONE);
}
