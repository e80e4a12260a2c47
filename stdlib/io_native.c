/* SPDX-License-Identifier: MIT */
/*
 * _io: StringIO and BytesIO, the file classes under their names, and open().
 *
 * The two classes share their methods: what differs is what is written and in which units positions
 * count. Read next: stdlib/io.tul.
 */
#include "stdlib/io_native.h"

#include <stdio.h>
#include <string.h>

#include "stdlib/file.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static MemoryFile *usable(Thread *t, Value self) {
    MemoryFile *file = MEMORY_FILE(self);
    if (!file->closed) return file;
    raise_error(t, EXC_ValueError, "I/O operation on closed file%s", file->text ? "" : ".");
    return NULL;
}

/* ---- writing ---- */

/* '\r\n' and '\r' as '\n'. */
static bool write_translated(Thread *t, MemoryFile *file, const Str *text) {
    Buffer out = {.fallible = true};
    size_t chars = text->length;
    for (size_t i = 0; i < text->size; i++) {
        char c = text->data[i];
        if (c == '\r') {
            if (text->data[i + 1] == '\n') {
                i++;
                chars--;
            }
            c = '\n';
        }
        buffer_putc(&out, c);
    }
    bool ok = buffer_fits(t, &out) && memory_write(t, file, out.data, out.size, chars);
    buffer_free(&out);
    return ok;
}

/* '\n' as the file's own end of line. */
static bool write_ended(Thread *t, MemoryFile *file, const Str *text) {
    Buffer out = {.fallible = true};
    size_t chars = text->length;
    for (size_t i = 0; i < text->size; i++) {
        if (text->data[i] != '\n') {
            buffer_putc(&out, text->data[i]);
            continue;
        }
        buffer_puts(&out, file->end);
        chars += strlen(file->end) - 1;
    }
    bool ok = buffer_fits(t, &out) && memory_write(t, file, out.data, out.size, chars);
    buffer_free(&out);
    return ok;
}

static bool write_value(Thread *t, MemoryFile *file, Value v) {
    if (file->text) {
        if (!is_str(v)) {
            raise_error(t, EXC_TypeError, "string argument expected, got '%T'", v);
            return false;
        }
        if (file->translate && memchr(STR(v)->data, '\r', STR(v)->size))
            return write_translated(t, file, STR(v));
        if (file->end[0] == '\r' && memchr(STR(v)->data, '\n', STR(v)->size))
            return write_ended(t, file, STR(v));
        return memory_write(t, file, STR(v)->data, STR(v)->size, STR(v)->length);
    }
    const uint8_t *data;
    size_t size;
    if (!arg_bytes(t, v, &data, &size)) return false;
    return memory_write(t, file, (const char *)data, size, size);
}

static Value method_write(Thread *t, Value *args) {
    MemoryFile *file = usable(t, args[0]);
    if (!file || !write_value(t, file, args[1])) return VALUE_ERROR;
    const uint8_t *data;
    size_t size = file->text ? STR(args[1])->length : 0;
    if (!file->text) bytes_like(args[1], &data, &size);
    return int_from_uint64(t, size);
}

static bool write_item(Thread *t, Value item, void *context) {
    MemoryFile *file = usable(t, *(Value *)context);
    return file && write_value(t, file, item);
}

static Value method_writelines(Thread *t, Value *args) {
    if (!usable(t, args[0])) return VALUE_ERROR;
    return value_for_each(t, args[1], write_item, &args[0]) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- reading ---- */

static Value take(Thread *t, MemoryFile *file, size_t size) {
    const char *start = size ? file->data.data + file->at : "";
    Value v = file->text ? object_value(str_new(t, start, size))
                         : object_value(bytes_new(t, start, size));
    if (size) memory_advance(file, size);
    return v;
}

static Value read_some(Thread *t, Value *args, bool line) {
    MemoryFile *file = usable(t, args[0]);
    int64_t limit = -1;
    if (!file || (args[1] != VALUE_NONE && !arg_clamped(t, args[1], &limit))) return VALUE_ERROR;
    return take(t, file, memory_span(file, limit, line));
}

static Value method_read(Thread *t, Value *args) { return read_some(t, args, false); }
static Value method_readline(Thread *t, Value *args) { return read_some(t, args, true); }

static Value method_readinto(Thread *t, Value *args) {
    MemoryFile *file = usable(t, args[0]);
    if (!file) return VALUE_ERROR;
    if (!is_kind(args[1], OBJ_BYTEARRAY))
        return raise_error(t, EXC_TypeError,
                           "readinto() argument must be read-write bytes-like object, not %T",
                           args[1]);
    size_t size = memory_span(file, (int64_t)BYTEARRAY(args[1])->size, false);
    if (size) {
        memcpy(BYTEARRAY(args[1])->data, file->data.data + file->at, size);
        memory_advance(file, size);
    }
    return int_from_uint64(t, size);
}

static Value next(Thread *t, Value self) {
    MemoryFile *file = usable(t, self);
    if (!file) return VALUE_ERROR;
    size_t size = memory_span(file, -1, true);
    return size ? take(t, file, size) : iter_done(t);
}

static Value iter(Thread *t, Value self) { return usable(t, self) ? self : VALUE_ERROR; }

static Value method_readlines(Thread *t, Value *args) {
    MemoryFile *file = usable(t, args[0]);
    int64_t hint = -1, total = 0;
    if (!file || (args[1] != VALUE_NONE && !arg_clamped(t, args[1], &hint))) return VALUE_ERROR;
    List *lines = list_new(t, 0);
    for (size_t size; (size = memory_span(file, -1, true)) && (hint <= 0 || total < hint);
         total += (int64_t)size) {
        if (!list_append(t, lines, take(t, file, size))) return VALUE_ERROR;
    }
    return object_value(lines);
}

static Value method_getvalue(Thread *t, Value *args) {
    MemoryFile *file = usable(t, args[0]);
    if (!file) return VALUE_ERROR;
    const char *data = file->data.size ? file->data.data : "";
    if (!str_memory_fits(t, file->data.size)) return VALUE_ERROR;
    return file->text ? object_value(str_new(t, data, file->data.size))
                      : object_value(bytes_new(t, data, file->data.size));
}

/* ---- positions ---- */

static size_t position(const MemoryFile *file) { return file->text ? file->at_char : file->at; }

static Value method_tell(Thread *t, Value *args) {
    MemoryFile *file = usable(t, args[0]);
    return file ? int_from_uint64(t, position(file)) : VALUE_ERROR;
}

static Value method_seek(Thread *t, Value *args) {
    MemoryFile *file = usable(t, args[0]);
    int64_t offset, whence;
    if (!file || !arg_int64(t, args[1], &offset) || !arg_int64(t, args[2], &whence))
        return VALUE_ERROR;
    if (whence < 0 || whence > 2) {
        return raise_error(t, EXC_ValueError,
                           file->text ? "Invalid whence (%lld, should be 0, 1 or 2)"
                                      : "invalid whence (%lld, should be 0, 1 or 2)",
                           (long long)whence);
    }
    if (whence == 0 && offset < 0) {
        return raise_error(t, EXC_ValueError,
                           file->text ? "Negative seek position %lld" : "negative seek value %lld",
                           (long long)offset);
    }
    if (file->text && whence && offset)
        return raise_error(t, EXC_OSError, "Can't do nonzero cur-relative seeks");
    if (whence == 1) offset += (int64_t)position(file);
    if (whence == 2) offset += (int64_t)memory_length(file);
    memory_seek(file, offset < 0 ? 0 : (size_t)offset);
    return int_from_uint64(t, position(file));
}

static Value method_truncate(Thread *t, Value *args) {
    MemoryFile *file = usable(t, args[0]);
    if (!file) return VALUE_ERROR;
    int64_t size = (int64_t)position(file);
    if (args[1] != VALUE_NONE && !arg_int64(t, args[1], &size)) return VALUE_ERROR;
    if (size < 0)
        return raise_error(t, EXC_ValueError,
                           file->text ? "Negative size value %lld" : "negative size value %lld",
                           (long long)size);
    if ((size_t)size < memory_length(file)) {
        size_t at = file->at, at_char = file->at_char;
        memory_seek(file, (size_t)size);
        file->data.size = file->at;
        file->at = at;
        file->at_char = at_char;
    }
    return int_from_int64(t, size);
}

/* ---- the rest of a file ---- */

static Value method_close(Thread *t, Value *args) {
    (void)t;
    MemoryFile *file = MEMORY_FILE(args[0]);
    buffer_free(&file->data);
    file->closed = true;
    return VALUE_NONE;
}
static Value method_true(Thread *t, Value *args) {
    return usable(t, args[0]) ? VALUE_TRUE : VALUE_ERROR;
}
static Value method_false(Thread *t, Value *args) {
    return usable(t, args[0]) ? VALUE_FALSE : VALUE_ERROR;
}
static Value method_flush(Thread *t, Value *args) {
    return usable(t, args[0]) ? VALUE_NONE : VALUE_ERROR;
}
static Value method_enter(Thread *t, Value *args) {
    return usable(t, args[0]) ? args[0] : VALUE_ERROR;
}
static Value method_fileno(Thread *t, Value *args) {
    (void)args;
    return file_raise_unsupported(t, "fileno");
}

static Value get_closed(Thread *t, Value self) {
    return (void)t, bool_value(MEMORY_FILE(self)->closed);
}
static Value get_none(Thread *t, Value self) { return (void)t, (void)self, VALUE_NONE; }
static Value get_false(Thread *t, Value self) { return (void)t, (void)self, VALUE_FALSE; }

/* ---- making ---- */

static Value text_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    MemoryFile *file = object_new(t, cls, 0);
    file->text = true;
    file->newline = VALUE_NONE;
    return object_value(file);
}

static Value bytes_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    MemoryFile *file = object_new(t, cls, 0);
    file->newline = VALUE_NONE;
    return object_value(file);
}

/* Fill with the initial value, position at the beginning. */
static bool fill(Thread *t, Value self, Value initial) {
    MemoryFile *file = MEMORY_FILE(self);
    buffer_free(&file->data);
    file->closed = false;
    file->at = file->at_char = 0;
    if (initial != VALUE_NONE && !write_value(t, file, initial)) return false;
    file->at = file->at_char = 0;
    return true;
}

/* The newline argument of StringIO. */
static bool set_newline(Thread *t, MemoryFile *file, Value newline) {
    static const char *const known[] = {"", "\n", "\r", "\r\n"};
    file->translate = newline == VALUE_NONE;
    file->universal = false;
    strcpy(file->end, "\n");
    if (newline == VALUE_NONE) return true;
    if (!is_str(newline)) {
        raise_error(t, EXC_TypeError, "newline must be str or None, not %T", newline);
        return false;
    }
    for (int i = 0; i < 4; i++) {
        if (strcmp(STR(newline)->data, known[i])) continue;
        file->universal = i == 0;
        if (i) strcpy(file->end, known[i]);
        return true;
    }
    raise_error(t, EXC_ValueError, "illegal newline value: %R", newline);
    return false;
}

static bool text_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 2);
    bool ok =
        bind_raw(t, "StringIO", "(initial_value='', newline='\n')", out, args, argc, kwnames) &&
        set_newline(t, MEMORY_FILE(self), out[1]);
    if (ok && out[0] != VALUE_NONE && !is_str(out[0])) {
        raise_error(t, EXC_TypeError, "initial_value must be str or None, not %T", out[0]);
        ok = false;
    }
    if (ok) ok = fill(t, self, out[0]);
    pop_roots(t, out);
    return ok;
}

static bool bytes_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 1);
    bool ok = bind_raw(t, "BytesIO", "(initial_bytes=None)", out, args, argc, kwnames) &&
              fill(t, self, out[0]);
    pop_roots(t, out);
    return ok;
}

static void finalize(Heap *heap, Object *self) {
    (void)heap;
    buffer_free(&((MemoryFile *)self)->data);
}
static void trace(Heap *heap, Object *self) { heap_shade(heap, ((MemoryFile *)self)->newline); }

#define METHODS                                                                                    \
    {"write", method_write, "(self, data, /)", "Write at the position; gives how much."},          \
        {"writelines", method_writelines, "(self, lines, /)", "Write every item."},                \
        {"read", method_read, "(self, size=-1, /)", "Read size units, or all that are left."},     \
        {"readline", method_readline, "(self, size=-1, /)", "Read to the end of the line."},       \
        {"readlines", method_readlines, "(self, hint=-1, /)",                                      \
         "A list of the lines that are left."},                                                    \
        {"getvalue", method_getvalue, "(self, /)", "The whole contents."},                         \
        {"tell", method_tell, "(self, /)", "The position."},                                       \
        {"seek", method_seek, "(self, offset, whence=0, /)", "Move the position."},                \
        {"truncate", method_truncate, "(self, size=None, /)", "Cut off what is behind size."},     \
        {"flush", method_flush, "(self, /)", "Nothing."},                                          \
        {"close", method_close, "(self, /)", "Give the memory back; nothing works afterwards."},   \
        {"fileno", method_fileno, "(self, /)", "Not supported."},                                  \
        {"isatty", method_false, "(self, /)", "False."},                                           \
        {"readable", method_true, "(self, /)", "True."},                                           \
        {"writable", method_true, "(self, /)", "True."},                                           \
        {"seekable", method_true, "(self, /)", "True."},                                           \
        {"__enter__", method_enter, "(self, /)", "The file itself."}, {                            \
        "__exit__", method_close, "(self, /, *error)", "Close it."                                 \
    }

static const NativeDef text_methods[] = {METHODS, {0}};
static const NativeDef bytes_methods[] = {
    METHODS,
    {"read1", method_read, "(self, size=-1, /)", "read()."},
    {"readinto", method_readinto, "(self, buffer, /)", "Fill a bytearray; gives how much."},
    {"readinto1", method_readinto, "(self, buffer, /)", "readinto()."},
    {0},
};
static const FieldDef text_fields[] = {
    {"closed", get_closed, NULL, "Whether it is closed."},
    {"encoding", get_none, NULL, "None."},
    {"errors", get_none, NULL, "None."},
    {"newlines", get_none, NULL, "None."},
    {"line_buffering", get_false, NULL, "False."},
    {0},
};
static const FieldDef bytes_fields[] = {
    {"closed", get_closed, NULL, "Whether it is closed."},
    {0},
};
static const Slots text_slots = {
    .construct = text_construct, .init = text_init, .iter = iter, .next = next};
static const Slots bytes_slots = {
    .construct = bytes_construct, .init = bytes_init, .iter = iter, .next = next};

#define MEMORY_CLASS(NAME, KIND, DOC)                                                              \
    {                                                                                              \
        .kind = OBJ_NATIVE_DATA, .name = NAME, .slots = &KIND##_slots, .methods = KIND##_methods,  \
        .fields = KIND##_fields, .doc = DOC, .size = sizeof(MemoryFile),                           \
        .flags = CLASS_BASE_ALLOWED | CLASS_HAS_ATTRIBUTES, .trace = trace, .finalize = finalize   \
    }
static const NativeClass text_class = MEMORY_CLASS("StringIO", text, "A text file in memory.");
static const NativeClass bytes_class = MEMORY_CLASS("BytesIO", bytes, "A binary file in memory.");

static const NativeDef functions[] = {
    {"open", file_open,
     "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, "
     "opener=None)",
     "Open a file."},
    {0},
};

static bool init(Thread *t, Module *m) {
    file_classes_init(t, m);
    module_class(t, m, &text_class, "_io", NULL);
    module_class(t, m, &bytes_class, "_io", NULL);
    Class *unsupported = file_unsupported_class(t);
    if (!unsupported) return false;
    module_set(t, m, "UnsupportedOperation", object_value(unsupported));
    return true;
}

const NativeModule _io_module = {
    .name = "_io", .doc = "Files.", .functions = functions, .init = init};
