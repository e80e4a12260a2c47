/* SPDX-License-Identifier: MIT */
/*
 * print, input and open; exit and quit.
 *
 * print writes straight into the buffer of a native file and calls write() of anything else.
 * Read next: stdlib/file.h.
 */
#include "stdlib/builtins.h"
#include "stdlib/file.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

/* sys.stdin or sys.stdout; VALUE_ERROR when it is gone. */
static Value standard_file(Thread *t, NameId name) {
    Stdlib *lib = stdlib_of(t);
    Value v = lib && lib->sys ? dict_get_str(t, lib->sys->dict, t->vm->names[name]) : VALUE_UNSET;
    return v != VALUE_UNSET
               ? v
               : raise_error(t, EXC_RuntimeError, "lost sys.%S", object_value(t->vm->names[name]));
}

/* Where text goes: a native file, or any object with a write method. */
typedef struct Sink {
    Value object;
    File *file; /* NULL: call object.write */
} Sink;

static bool write_str(Thread *t, const Sink *sink, Str *text) {
    if (sink->file) return file_write_str(t, sink->file, text);
    Value argument = object_value(text);
    return call_method(t, sink->object, NAME_OF(t, write), &argument, 1) != VALUE_ERROR;
}

static bool write_value(Thread *t, const Sink *sink, Value v) {
    Str *text = value_str(t, v);
    return text && write_str(t, sink, text);
}

static bool flush(Thread *t, const Sink *sink) {
    if (sink->file) return file_flush(t, sink->file);
    return call_method(t, sink->object, NAME_OF(t, flush), NULL, 0) != VALUE_ERROR;
}

static bool check_text(Thread *t, Value v, const char *name) {
    if (v == VALUE_NONE || is_str(v)) return true;
    raise_error(t, EXC_TypeError, "%s must be None or a string, not %T", name, v);
    return false;
}

static bool print_items(Thread *t, const Sink *sink, Value separator, const Tuple *items) {
    for (size_t i = 0; i < items->size; i++) {
        if (i > 0) {
            Str *between = separator == VALUE_NONE ? t->vm->ascii[' '] : STR(separator);
            if (between->size && !write_str(t, sink, between)) return false;
        }
        if (!write_value(t, sink, items->items[i])) return false;
    }
    return true;
}

/* args: sep, end, file, flush, the objects as a tuple. */
static Value builtin_print(Thread *t, Value *args) {
    if (!check_text(t, args[0], "sep") || !check_text(t, args[1], "end")) return VALUE_ERROR;
    if (args[2] == VALUE_NONE) args[2] = standard_file(t, NAME_stdout);
    if (args[2] == VALUE_ERROR) return VALUE_ERROR;
    if (args[2] == VALUE_NONE) return VALUE_NONE;
    Sink sink = {args[2], file_of(t, args[2])};
    if (!print_items(t, &sink, args[0], TUPLE(args[4]))) return VALUE_ERROR;
    Str *end = args[1] == VALUE_NONE ? t->vm->ascii['\n'] : STR(args[1]);
    if (end->size && !write_str(t, &sink, end)) return VALUE_ERROR;
    int wants_flush = value_truth(t, args[3]);
    if (wants_flush < 0 || (wants_flush && !flush(t, &sink))) return VALUE_ERROR;
    return VALUE_NONE;
}

static Value without_newline(Thread *t, Value line) {
    if (!is_str(line))
        return raise_error(t, EXC_TypeError, "object.readline() returned non-string");
    Str *text = STR(line);
    if (text->size == 0) return raise_error(t, EXC_EOFError, "EOF when reading a line");
    if (text->data[text->size - 1] != '\n') return line;
    return object_value(str_new(t, text->data, text->size - 1));
}

static Value builtin_input(Thread *t, Value *args) {
    Value *roots = push_roots(t, 2);
    roots[0] = standard_file(t, NAME_stdin);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[1] = standard_file(t, NAME_stdout);
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    if (roots[0] == VALUE_NONE) return raise_error(t, EXC_RuntimeError, "input(): lost sys.stdin");
    if (roots[1] == VALUE_NONE) return raise_error(t, EXC_RuntimeError, "input(): lost sys.stdout");
    Sink out = {roots[1], file_of(t, roots[1])};
    if (args[0] != VALUE_UNSET && !write_value(t, &out, args[0])) return VALUE_ERROR;
    if (!flush(t, &out)) return VALUE_ERROR;
    File *in = file_of(t, roots[0]);
    if (!in) {
        Value line = call_method(t, roots[0], NAME_OF(t, readline), NULL, 0);
        return line == VALUE_ERROR ? line : without_newline(t, line);
    }
    Str *line = file_read_line(t, in);
    return line ? without_newline(t, object_value(line)) : VALUE_ERROR;
}

static Value builtin_exit(Thread *t, Value *args) { return raise_with(t, EXC_SystemExit, args[0]); }

const NativeDef builtins_io_functions[] = {
    {"exit", builtin_exit, "(code=None)", "End the program: raise SystemExit."},
    {"input", builtin_input, "(prompt=?, /)",
     "Read a string from standard input.  The trailing newline is stripped."},
    {"open", file_open,
     "(file, mode='r', buffering=-1, encoding=None, errors=None, newline=None, closefd=True, "
     "opener=None)",
     "Open file and return a stream.  Raise OSError upon failure."},
    {"print", builtin_print, "(*args, sep=None, end=None, file=None, flush=False)",
     "Write the arguments as text to file (sys.stdout), sep between them and end after them.\n\n"
     "  sep    ' ' unless given\n  end    a line break unless given\n"
     "  file   anything with write()\n  flush  true: what is buffered is written at once"},
    {"quit", builtin_exit, "(code=None)", "End the program: raise SystemExit."},
    {NULL, NULL, NULL, NULL},
};
