/* SPDX-License-Identifier: MIT */
/*
 * The file classes: TextIOWrapper and the three binary ones, which differ only in their names.
 *
 * All share one table of methods; each method begins with usable(), which refuses a closed file.
 *
 * Read next: stdlib/file_text.c (characters and lines), stdlib/file_open.c (open and its modes),
 * stdlib/file_core.c (buffers).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stdlib/file.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

File *file_of(const Thread *t, Value v) {
    if (!is_kind(v, OBJ_NATIVE_DATA)) return NULL;
    const Class *cls = object_class(object_of(v));
    Class *const *classes = stdlib_of(t)->classes;
    for (int id = CLASS_TEXT_FILE; id <= CLASS_BUFFERED_RANDOM; id++) {
        if (cls == classes[id]) return FILE_OF(v);
    }
    return NULL;
}

/* ---- checks ---- */

static File *usable_for(Thread *t, Value self, const char *doing) {
    File *file = FILE_OF(self);
    if (file->core && !file->core->closed) return file;
    if (!file->core) raise_error(t, EXC_ValueError, "underlying buffer has been detached");
    else if (doing && !file->text) raise_error(t, EXC_ValueError, "%s closed file", doing);
    else raise_error(t, EXC_ValueError, "I/O operation on closed file.");
    return NULL;
}
static File *usable(Thread *t, Value self) { return usable_for(t, self, NULL); }

Class *file_unsupported_class(Thread *t) {
    Stdlib *lib = stdlib_of(t);
    if (lib->classes[CLASS_UNSUPPORTED]) return lib->classes[CLASS_UNSUPPORTED];
    Value *roots = push_roots(t, 3);
    Value bases[] = {object_value(EXCEPTION_CLASS(t, OSError)),
                     object_value(EXCEPTION_CLASS(t, ValueError))};
    Str *name = str_intern(t->vm, "UnsupportedOperation", 20);
    Dict *ns = dict_new(t);
    roots[0] = object_value(tuple_from(t, bases, 2));
    roots[1] = object_value(ns);
    dict_set_str(t, ns, NAME_OF(t, __module__), object_value(str_intern(t->vm, "io", 2)));
    Class *cls = class_create(t, BUILTIN_CLASS(t, CLASS), name, TUPLE(roots[0]), ns, NULL, NULL, 0);
    lib->classes[CLASS_UNSUPPORTED] = cls;
    pop_roots(t, roots);
    return cls;
}

Value file_raise_unsupported(Thread *t, const char *message) {
    Class *cls = file_unsupported_class(t);
    return cls ? raise_class(t, cls, "%s", message) : VALUE_ERROR;
}

static File *readable(Thread *t, Value self) {
    File *file = usable_for(t, self, "read of");
    if (file && !file->core->readable)
        return file_raise_unsupported(t, file->text ? "not readable" : "read"), NULL;
    return file;
}
static File *writable(Thread *t, Value self) {
    File *file = usable_for(t, self, "write to");
    if (file && !file->core->writable)
        return file_raise_unsupported(t, file->text ? "not writable" : "write"), NULL;
    return file;
}

/* ---- for print(), input() and sys ---- */

bool file_write_str(Thread *t, File *file, Str *text) {
    if (!usable(t, object_value(file)) || !writable(t, object_value(file))) return false;
    return text_write_str(t, file, text);
}

bool file_flush(Thread *t, File *file) {
    return usable(t, object_value(file)) && core_flush(t, file->core);
}

Str *file_read_line(Thread *t, File *file) {
    return readable(t, object_value(file)) ? text_read_line(t, file, -1) : NULL;
}

/* ---- methods ---- */

static Value bytes_from_buffer(Thread *t, Buffer *raw) {
    Bytes *bytes = bytes_new(t, raw->data ? raw->data : "", raw->size);
    buffer_free(raw);
    return object_value(bytes);
}

static bool size_argument(Thread *t, Value v, int64_t *size) {
    *size = -1;
    if (v == VALUE_NONE) return true;
    return arg_clamped(t, v, size);
}

static Value method_read(Thread *t, Value *args) {
    File *file = readable(t, args[0]);
    int64_t size;
    if (!file || !size_argument(t, args[1], &size)) return VALUE_ERROR;
    if (file->text && size >= 0) {
        Str *text = text_read(t, file, size);
        return text ? object_value(text) : VALUE_ERROR;
    }
    Buffer raw = {0};
    if (!core_read(t, file->core, size, &raw)) {
        buffer_free(&raw);
        return VALUE_ERROR;
    }
    if (!file->text) return bytes_from_buffer(t, &raw);
    Str *text = text_decode(t, file, &raw);
    return text ? object_value(text) : VALUE_ERROR;
}

static Value read_line(Thread *t, File *file, int64_t limit) {
    if (file->text) {
        Str *text = text_read_line(t, file, limit);
        return text ? object_value(text) : VALUE_ERROR;
    }
    Buffer raw = {0};
    if (core_read_line(t, file->core, false, limit, &raw)) return bytes_from_buffer(t, &raw);
    buffer_free(&raw);
    return VALUE_ERROR;
}

static Value method_readline(Thread *t, Value *args) {
    File *file = readable(t, args[0]);
    int64_t limit;
    if (!file || !size_argument(t, args[1], &limit)) return VALUE_ERROR;
    return read_line(t, file, limit);
}

static size_t line_size(Value line) { return is_str(line) ? STR(line)->size : BYTES(line)->size; }

static Value next(Thread *t, Value self) {
    File *file = readable(t, self);
    if (!file) return VALUE_ERROR;
    Value line = read_line(t, file, -1);
    if (line == VALUE_ERROR || line_size(line)) return line;
    return iter_done(t);
}

static Value iter(Thread *t, Value self) { return usable(t, self) ? self : VALUE_ERROR; }

static Value method_readlines(Thread *t, Value *args) {
    File *file = readable(t, args[0]);
    int64_t hint, total = 0;
    if (!file || !size_argument(t, args[1], &hint)) return VALUE_ERROR;
    args[1] = object_value(list_new(t, 0));
    for (;;) {
        Value line = read_line(t, file, -1);
        if (line == VALUE_ERROR) return VALUE_ERROR;
        if (!line_size(line)) return args[1];
        if (!list_append(t, LIST(args[1]), line)) return VALUE_ERROR;
        total += (int64_t)line_size(line);
        if (hint > 0 && total >= hint) return args[1];
        if (!thread_poll(t)) return VALUE_ERROR;
    }
}

static Value method_write(Thread *t, Value *args) {
    File *file = usable_for(t, args[0], "write to");
    if (!file) return VALUE_ERROR;
    if (file->text) {
        if (!is_str(args[1]))
            return raise_error(t, EXC_TypeError, "write() argument must be str, not %T", args[1]);
        size_t length = STR(args[1])->length;
        return file_write_str(t, file, STR(args[1])) ? int_from_uint64(t, length) : VALUE_ERROR;
    }
    const uint8_t *data;
    size_t size;
    if (!bytes_like(args[1], &data, &size)) {
        return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", args[1]);
    }
    if (!writable(t, args[0])) return VALUE_ERROR;
    return core_write(t, file->core, (const char *)data, size) ? int_from_uint64(t, size)
                                                               : VALUE_ERROR;
}

static bool write_item(Thread *t, Value item, void *context) {
    Value *args = push_roots(t, 2);
    args[0] = *(Value *)context;
    args[1] = item;
    bool ok = method_write(t, args) != VALUE_ERROR;
    pop_roots(t, args);
    return ok;
}

static Value method_writelines(Thread *t, Value *args) {
    return value_for_each(t, args[1], write_item, &args[0]) ? VALUE_NONE : VALUE_ERROR;
}

static Value method_flush(Thread *t, Value *args) {
    return file_flush(t, FILE_OF(args[0])) ? VALUE_NONE : VALUE_ERROR;
}

static Value method_close(Thread *t, Value *args) {
    FileCore *core = FILE_OF(args[0])->core;
    return !core || core_close(t, core) ? VALUE_NONE : VALUE_ERROR;
}

static Value method_fileno(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    return file ? fixnum(file->core->fd) : VALUE_ERROR;
}

static Value method_isatty(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    return file ? bool_value(isatty(file->core->fd)) : VALUE_ERROR;
}

static Value method_readable(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    return file ? bool_value(file->core->readable) : VALUE_ERROR;
}

static Value method_writable(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    return file ? bool_value(file->core->writable) : VALUE_ERROR;
}

static Value method_seekable(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    return file ? bool_value(lseek(file->core->fd, 0, SEEK_CUR) >= 0) : VALUE_ERROR;
}

static Value method_seek(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    int64_t offset, whence;
    if (!file || !arg_int64(t, args[1], &offset) || !arg_int64(t, args[2], &whence))
        return VALUE_ERROR;
    if (whence < 0 || whence > 2) {
        return raise_error(t, EXC_ValueError, "invalid whence (%lld, should be 0, 1 or 2)",
                           (long long)whence);
    }
    if (file->text && whence && offset) {
        return raise_error(t, EXC_OSError, "can't do nonzero %s-relative seeks",
                           whence == 1 ? "cur" : "end");
    }
    if (whence == SEEK_CUR) {
        int64_t at = core_tell(t, file->core);
        if (at < 0) return VALUE_ERROR;
        offset += at;
        whence = SEEK_SET;
    }
    if (whence == SEEK_SET && offset < 0) {
        return raise_error(t, EXC_ValueError, "negative seek position %lld", (long long)offset);
    }
    int64_t at = core_seek(t, file->core, offset, (int)whence);
    return at < 0 ? VALUE_ERROR : int_from_int64(t, at);
}

static Value method_tell(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    int64_t at = file ? core_tell(t, file->core) : -1;
    return at < 0 ? VALUE_ERROR : int_from_int64(t, at);
}

static Value method_truncate(Thread *t, Value *args) {
    File *file = writable(t, args[0]);
    int64_t size;
    if (!file || !core_flush(t, file->core)) return VALUE_ERROR;
    if (args[1] == VALUE_NONE) size = core_tell(t, file->core);
    else if (!arg_int64(t, args[1], &size)) return VALUE_ERROR;
    if (size < 0) return VALUE_ERROR;
    if (ftruncate(file->core->fd, size) != 0) return raise_os_error(t, errno, VALUE_UNSET);
    return int_from_int64(t, size);
}

static Value method_enter(Thread *t, Value *args) {
    return usable(t, args[0]) ? args[0] : VALUE_ERROR;
}

static Value method_exit(Thread *t, Value *args) { return method_close(t, args); }

static Value method_reconfigure(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    if (!file || !core_flush(t, file->core)) return VALUE_ERROR;
    Heap *heap = &t->vm->heap;
    if (is_str(args[1])) {
        heap_set(heap, &file->encoding, args[1]);
        file->utf8 = file_is_utf8(STR(args[1]));
    }
    if (is_str(args[2])) heap_set(heap, &file->errors, args[2]);
    int flag = args[4] == VALUE_NONE ? file->core->line_buffered : value_truth(t, args[4]);
    if (flag < 0) return VALUE_ERROR;
    file->core->line_buffered = flag;
    if (args[5] == VALUE_NONE) return VALUE_NONE;
    flag = value_truth(t, args[5]);
    if (flag < 0) return VALUE_ERROR;
    file->core->unbuffered = flag;
    return VALUE_NONE;
}

/* ---- fields ---- */

static Value get_closed(Thread *t, Value self) {
    (void)t;
    return bool_value(!FILE_OF(self)->core || FILE_OF(self)->core->closed);
}
#define VALUE_FIELD(FIELD)                                                                         \
    static Value get_##FIELD(Thread *t, Value self) {                                              \
        (void)t;                                                                                   \
        return FILE_OF(self)->FIELD;                                                               \
    }
VALUE_FIELD(name)
VALUE_FIELD(mode)
VALUE_FIELD(encoding)
VALUE_FIELD(errors)

static Value get_newlines(Thread *t, Value self) {
    (void)t, (void)self;
    return VALUE_NONE;
}
static Value get_line_buffering(Thread *t, Value self) {
    (void)t;
    return bool_value(FILE_OF(self)->core && FILE_OF(self)->core->line_buffered);
}

static StdlibClass binary_class(const FileCore *core) {
    if (core->readable && core->writable) return CLASS_BUFFERED_RANDOM;
    return core->readable ? CLASS_BUFFERED_READER : CLASS_BUFFERED_WRITER;
}

static Value get_buffer(Thread *t, Value self) {
    File *file = FILE_OF(self);
    if (file->buffer != VALUE_NONE) return file->buffer;
    File *binary = object_new(t, stdlib_of(t)->classes[binary_class(file->core)], 0);
    binary->core = file->core;
    binary->core->references++;
    binary->name = file->name;
    Buffer mode = {0};
    for (const char *p = STR(file->mode)->data; *p; p++) {
        if (*p != 't') buffer_putc(&mode, *p);
    }
    buffer_putc(&mode, 'b');
    binary->mode = object_value(str_from_buffer(t, &mode));
    binary->encoding = binary->errors = binary->newline = binary->write_newline = binary->buffer =
        VALUE_NONE;
    heap_set(&t->vm->heap, &file->buffer, object_value(binary));
    return file->buffer;
}

static Value get_write_through(Thread *t, Value self) {
    (void)t;
    return bool_value(FILE_OF(self)->core && FILE_OF(self)->core->unbuffered);
}

static Value get_file_buffer(Thread *t, Value self) {
    return usable(t, self) ? get_buffer(t, self) : VALUE_ERROR;
}

/* The raw file under a binary one: an io.FileIO that leaves the descriptor open. */
static Value get_raw(Thread *t, Value self) {
    File *file = usable(t, self);
    if (!file) return VALUE_ERROR;
    Value *roots = push_roots(t, 4);
    roots[0] = t->vm->hooks.import_module(t, str_intern(t->vm, "io", 2));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[0] = value_getattr(t, roots[0], str_intern(t->vm, "FileIO", 6));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    const FileCore *core = file->core;
    const char *mode = core->readable ? core->writable ? "r+" : "r" : "w";
    roots[1] = fixnum(core->fd);
    roots[2] = object_value(str_from(t, mode));
    roots[3] = VALUE_FALSE;
    Value raw = call_value(t, roots[0], roots + 1, 3);
    pop_roots(t, roots);
    return raw;
}

/* ---- methods of text or binary files only ---- */

/* The binary file, which takes over the descriptor. */
static Value method_detach(Thread *t, Value *args) {
    File *file = usable(t, args[0]);
    if (!file || !core_flush(t, file->core)) return VALUE_ERROR;
    Value buffer = get_buffer(t, args[0]);
    core_release(file->core);
    file->core = NULL;
    return buffer;
}

/* Up to [size] bytes by at most one read: what is in the buffer, or what one call gives. */
static Value read_once(Thread *t, File *file, int64_t size, bool keep) {
    FileCore *core = file->core;
    if (core->in_start == core->in_end && size && core_fill(t, core) < 0) return VALUE_ERROR;
    size_t there = core->in_end - core->in_start;
    size_t n = size < 0 || (size_t)size > there ? there : (size_t)size;
    Value v = object_value(bytes_new(t, there ? core->in + core->in_start : "", n));
    if (!keep) core->in_start += n;
    return v;
}

static Value method_read1(Thread *t, Value *args) {
    File *file = readable(t, args[0]);
    int64_t size;
    if (!file || !size_argument(t, args[1], &size)) return VALUE_ERROR;
    return read_once(t, file, size, false);
}

static Value method_peek(Thread *t, Value *args) {
    File *file = readable(t, args[0]);
    return file ? read_once(t, file, -1, true) : VALUE_ERROR;
}

/* [data] into the bytearray [v]; gives how many bytes that is. */
static Value fill(Thread *t, Value v, Value data) {
    if (data == VALUE_ERROR) return VALUE_ERROR;
    size_t size = BYTES(data)->size;
    if (size > BYTEARRAY(v)->size) size = BYTEARRAY(v)->size;
    if (size) memcpy(BYTEARRAY(v)->data, BYTES(data)->data, size);
    return int_from_uint64(t, size);
}

static bool bytearray_argument(Thread *t, Value v, const char *method) {
    if (is_kind(v, OBJ_BYTEARRAY)) return true;
    raise_error(t, EXC_TypeError, "%s() argument must be read-write bytes-like object, not %T",
                method, v);
    return false;
}

static Value method_readinto(Thread *t, Value *args) {
    File *file = readable(t, args[0]);
    if (!file || !bytearray_argument(t, args[1], "readinto")) return VALUE_ERROR;
    Buffer raw = {0};
    if (!core_read(t, file->core, (int64_t)BYTEARRAY(args[1])->size, &raw)) {
        buffer_free(&raw);
        return VALUE_ERROR;
    }
    return fill(t, args[1], bytes_from_buffer(t, &raw));
}

static Value method_readinto1(Thread *t, Value *args) {
    File *file = readable(t, args[0]);
    if (!file || !bytearray_argument(t, args[1], "readinto1")) return VALUE_ERROR;
    return fill(t, args[1], read_once(t, file, (int64_t)BYTEARRAY(args[1])->size, false));
}

static Value repr(Thread *t, Value self) {
    File *file = FILE_OF(self);
    Str *text;
    if (file->text) {
        text = str_format(t, "<_io.TextIOWrapper name=%R mode=%R encoding=%R>", file->name,
                          file->mode, file->encoding);
    } else {
        text = str_format(t, "<_io.%S name=%R>", object_value(object_class(object_of(self))->name),
                          file->name);
    }
    return text ? object_value(text) : VALUE_ERROR;
}

/* ---- classes ---- */

static void trace(Heap *heap, Object *self) {
    File *file = (File *)self;
    Value values[] = {file->name,    file->mode,          file->encoding, file->errors,
                      file->newline, file->write_newline, file->buffer};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (values[i]) heap_shade(heap, values[i]);
    }
}

static void finalize(Heap *heap, Object *self) {
    (void)heap;
    File *file = (File *)self;
    if (file->core) core_release(file->core);
    file->core = NULL;
}

#define METHODS                                                                                    \
    {"read", method_read, "(self, size=-1, /)",                                                    \
     "Read size characters or bytes, or all there are."},                                          \
        {"readline", method_readline, "(self, size=-1, /)",                                        \
         "Read one line with its end; empty at the end of the file."},                             \
        {"readlines", method_readlines, "(self, hint=-1, /)", "A list of the lines."},             \
        {"write", method_write, "(self, text, /)", "Write; returns how much."},                    \
        {"writelines", method_writelines, "(self, lines, /)",                                      \
         "Write every item; no line ends are added."},                                             \
        {"flush", method_flush, "(self, /)", "Give what was written to the system."},              \
        {"close", method_close, "(self, /)",                                                       \
         "Flush and close; nothing happens when it is closed."},                                   \
        {"fileno", method_fileno, "(self, /)", "The descriptor."},                                 \
        {"isatty", method_isatty, "(self, /)", "Whether it is a terminal."},                       \
        {"readable", method_readable, "(self, /)", "Whether it can be read."},                     \
        {"writable", method_writable, "(self, /)", "Whether it can be written."},                  \
        {"seekable", method_seekable, "(self, /)", "Whether seek() works."},                       \
        {"seek", method_seek, "(self, offset, whence=0, /)", "Move to a byte position."},          \
        {"tell", method_tell, "(self, /)", "The byte position."},                                  \
        {"truncate", method_truncate, "(self, size=None, /)", "Cut the file to size bytes."},      \
        {"__enter__", method_enter, "(self, /)", "The file itself."}, {                            \
        "__exit__", method_exit, "(self, /, *error)", "Close it."                                  \
    }

static const NativeDef text_methods[] = {
    METHODS,
    {"reconfigure", method_reconfigure,
     "(self, /, *, encoding=None, errors=None, newline=None, line_buffering=None, "
     "write_through=None)",
     "Change how text is written."},
    {"detach", method_detach, "(self, /)", "The binary file, which this one gives up."},
    {0},
};
static const NativeDef binary_methods[] = {
    METHODS,
    {"read1", method_read1, "(self, size=-1, /)", "At most size bytes, by at most one read."},
    {"peek", method_peek, "(self, size=0, /)", "Bytes that are to come, which stay."},
    {"readinto", method_readinto, "(self, buffer, /)", "Fill a bytearray; gives how much."},
    {"readinto1", method_readinto1, "(self, buffer, /)",
     "Fill a bytearray by at most one read; gives how much."},
    {0},
};

#define FIELDS                                                                                     \
    {"closed", get_closed, NULL, "Whether it is closed."},                                         \
        {"name", get_name, NULL, "What open() was given."}, {                                      \
        "mode", get_mode, NULL, "The mode it was opened in."                                       \
    }

static const FieldDef text_fields[] = {
    FIELDS,
    {"encoding", get_encoding, NULL, "Name of the encoding."},
    {"errors", get_errors, NULL, "What happens to what cannot be encoded or decoded."},
    {"newlines", get_newlines, NULL, "None."},
    {"line_buffering", get_line_buffering, NULL, "Whether a newline flushes."},
    {"buffer", get_file_buffer, NULL, "The same file for bytes."},
    {"write_through", get_write_through, NULL, "Whether nothing is kept back."},
    {0},
};
static const FieldDef binary_fields[] = {
    FIELDS,
    {"raw", get_raw, NULL, "The file without the buffer."},
    {0},
};

static const Slots slots = {.repr = repr, .iter = iter, .next = next};

#define FILE_CLASS(NAME, KIND)                                                                     \
    {                                                                                              \
        .kind = OBJ_NATIVE_DATA, .name = NAME, .slots = &slots, .methods = KIND##_methods,         \
        .fields = KIND##_fields, .doc = "A file object; made by open().", .size = sizeof(File),    \
        .flags = 0, .trace = trace, .finalize = finalize                                           \
    }

static const NativeClass file_classes[] = {
    FILE_CLASS("TextIOWrapper", text),
    FILE_CLASS("BufferedReader", binary),
    FILE_CLASS("BufferedWriter", binary),
    FILE_CLASS("BufferedRandom", binary),
};

void file_classes_init(Thread *t, Module *module) {
    for (int i = 0; i < 4; i++)
        stdlib_class(t, CLASS_TEXT_FILE + i, module, &file_classes[i], "_io", NULL);
}
