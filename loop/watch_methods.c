/* SPDX-License-Identifier: MIT */
/*
 * loop.add_reader, add_writer, remove_reader, remove_writer.
 *
 * Each has a form with an underscore, which gives the Handle and does not ask whether a transport
 * owns the descriptor; the library uses those. They join the class when _asyncio is imported.
 *
 * Read next: loop/watch.c.
 */
#include "loop/watch.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value invalid_file(Thread *t, Value file) {
    return raise_error(t, EXC_ValueError, "Invalid file object: %R", file);
}

/* fileno() of [file], or [file] itself when it is an int. */
static bool descriptor_of(Thread *t, Value file, int *out) {
    int64_t fd;
    if (is_int(file)) {
        if (!arg_int32(t, file, &fd)) return false;
    } else {
        Value *roots = push_roots(t, 1);
        roots[0] = file;
        Value v = call_method(t, file, str_intern(t->vm, "fileno", 6), NULL, 0);
        pop_roots(t, roots);
        if (v == VALUE_ERROR) {
            if (!exception_matches(t, EXC_AttributeError) && !exception_matches(t, EXC_TypeError) &&
                !exception_matches(t, EXC_ValueError))
                return false;
            exception_take(t);
            return invalid_file(t, file), false;
        }
        if (!is_int(v)) return invalid_file(t, file), false;
        if (!arg_int32(t, v, &fd)) return false;
    }
    if (fd < 0) {
        raise_error(t, EXC_ValueError, "Invalid file descriptor: %lld", (long long)fd);
        return false;
    }
    *out = (int)fd;
    return true;
}

/* A transport that is not closing owns [fd]: RuntimeError. */
static bool is_free(Thread *t, Loop *loop, Value file, int fd) {
    Value owner = watch_owner(loop, fd);
    if (owner == VALUE_UNSET) return true;
    raise_error(t, EXC_RuntimeError, "File descriptor %R is used by transport %R", file, owner);
    return false;
}

/* args: self, fd, callback, *args */
static Value add(Thread *t, Value *args, WatchSide side, bool checked) {
    int fd;
    if (!descriptor_of(t, args[1], &fd)) return VALUE_ERROR;
    Loop *loop = loop_open(t, args[0]);
    if (!loop || (checked && !is_free(t, loop, args[1], fd))) return VALUE_ERROR;
    Value handle = handle_new_noted(t, loop, args[2], args[3], VALUE_NONE);
    if (!watch_set(t, loop, fd, side, handle)) return VALUE_ERROR;
    return checked ? VALUE_NONE : handle;
}

static Value remove_side(Thread *t, Value *args, WatchSide side, bool checked) {
    int fd;
    if (!descriptor_of(t, args[1], &fd)) return VALUE_ERROR;
    Loop *loop = loop_of(args[0]);
    if (!loop || loop->closed) return VALUE_FALSE;
    if (checked && !is_free(t, loop, args[1], fd)) return VALUE_ERROR;
    return bool_value(watch_clear(t, loop, fd, side));
}

static Value ensure_free(Thread *t, Value *args) {
    int fd;
    if (!descriptor_of(t, args[1], &fd)) return VALUE_ERROR;
    Loop *loop = loop_open(t, args[0]);
    return loop && is_free(t, loop, args[1], fd) ? VALUE_NONE : VALUE_ERROR;
}

static Value add_reader(Thread *t, Value *args) { return add(t, args, WATCH_READ, true); }
static Value add_writer(Thread *t, Value *args) { return add(t, args, WATCH_WRITE, true); }
static Value add_reader_handle(Thread *t, Value *args) { return add(t, args, WATCH_READ, false); }
static Value add_writer_handle(Thread *t, Value *args) { return add(t, args, WATCH_WRITE, false); }

static Value remove_reader(Thread *t, Value *args) {
    return remove_side(t, args, WATCH_READ, true);
}
static Value remove_writer(Thread *t, Value *args) {
    return remove_side(t, args, WATCH_WRITE, true);
}
static Value drop_reader(Thread *t, Value *args) { return remove_side(t, args, WATCH_READ, false); }
static Value drop_writer(Thread *t, Value *args) {
    return remove_side(t, args, WATCH_WRITE, false);
}

static const NativeDef methods[] = {
    {"add_reader", add_reader, "(self, fd, callback, *args)",
     "Call callback(*args) in every pass in which fd (a number or a file) can be read."},
    {"add_writer", add_writer, "(self, fd, callback, *args)",
     "Call callback(*args) in every pass in which fd (a number or a file) can be written."},
    {"remove_reader", remove_reader, "(self, fd)", "Undo add_reader; False: there was none."},
    {"remove_writer", remove_writer, "(self, fd)", "Undo add_writer; False: there was none."},
    {"_add_reader", add_reader_handle, "(self, fd, callback, *args)",
     "As add_reader, also for descriptors of transports; gives the Handle."},
    {"_add_writer", add_writer_handle, "(self, fd, callback, *args)",
     "As add_writer, also for descriptors of transports; gives the Handle."},
    {"_ensure_fd_no_transport", ensure_free, "(self, fd, /)",
     "RuntimeError when a transport uses fd."},
    {"_remove_reader", drop_reader, "(self, fd)", "Undo _add_reader."},
    {"_remove_writer", drop_writer, "(self, fd)", "Undo _add_writer."},
    {0},
};

void watch_methods_install(Thread *t) { native_class_extend(t, BUILTIN_CLASS(t, LOOP), methods); }
