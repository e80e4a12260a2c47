/* SPDX-License-Identifier: MIT */
/*
 * _traceback: what the module traceback cannot find out by itself: positions of traceback levels,
 * the carets below a source line, and source lines of any kind (files, embedded modules, -c).
 *
 * Read next: vm/traceback.c (how an uncaught exception is printed), stdlib/traceback.tul.
 */
#include <string.h>

#include "stdlib/import.h"
#include "stdlib/stdlib.h"
#include "vm/caret.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/str.h"

static bool line_text(Thread *t, const char *filename, uint32_t line, Buffer *out) {
    Vm *vm = t->vm;
    return vm->hooks.source_line && vm->hooks.source_line(vm, filename, (int)line, out);
}

static Value column(uint16_t n) { return n == 65535 ? VALUE_NONE : fixnum(n); }

static size_t count_blank(const Buffer *line) {
    size_t n = 0;
    while (n < line->size && strchr(" \t\f", line->data[n])) n++;
    return n;
}

/* The carets below the line of a level without their indentation, or None. */
static Value carets_of(Thread *t, const Code *code, uint32_t pc, uint32_t line_number) {
    Buffer line = {0}, carets = {0};
    Value v = VALUE_NONE;
    if (line_text(t, code->filename->data, line_number, &line)) {
        while (line.size && strchr(" \t\r\n\f", line.data[line.size - 1])) line.size--;
        size_t leading = count_blank(&line);
        if (line.size > leading && caret_line(code, pc, line.data, line.size, leading, &carets)) {
            v = object_value(str_new(t, carets.data, carets.size));
        }
    }
    buffer_free(&line);
    buffer_free(&carets);
    return v;
}

/* (line, end line, column, end column, carets) of a traceback's first level. */
static Value position(Thread *t, Value *args) {
    if (!is_kind(args[0], OBJ_TRACEBACK))
        return raise_error(t, EXC_TypeError, "expected traceback object, got '%T'", args[0]);
    const Traceback *level = (const Traceback *)object_of(args[0]);
    const Code *code = level->function->code;
    CodePosition p = code_position(code, level->pc);
    if (level->line) {
        Value line[] = {fixnum(level->line), VALUE_NONE, VALUE_NONE, VALUE_NONE, VALUE_NONE};
        return object_value(tuple_from(t, line, 5));
    }
    Value items[] = {fixnum(p.line), fixnum(p.end_line), column(p.column), column(p.end_column),
                     carets_of(t, code, level->pc, p.line)};
    return object_value(tuple_from(t, items, 5));
}

/* Line [n] of a source as a str without its line end, or None. */
static Value line_of(Thread *t, Value *args) {
    Str *filename;
    int64_t n;
    if (!arg_str(t, args[0], "source_line() argument 1", &filename) || !arg_int64(t, args[1], &n))
        return VALUE_ERROR;
    Buffer line = {0};
    bool known = n > 0 && n < INT32_MAX && line_text(t, filename->data, (uint32_t)n, &line);
    while (known && line.size && strchr("\r\n", line.data[line.size - 1])) line.size--;
    Value v = known ? object_value(str_new(t, line.data ? line.data : "", line.size)) : VALUE_NONE;
    buffer_free(&line);
    return v;
}

/* All lines of a source with their line ends; empty when it cannot be read. */
static Value source_lines(Thread *t, Value *args) {
    Str *filename;
    if (!arg_str(t, args[0], "source_lines() argument 1", &filename)) return VALUE_ERROR;
    List *lines = list_new(t, 16);
    for (uint32_t n = 1; n < INT32_MAX; n++) {
        Buffer line = {0};
        bool known = line_text(t, filename->data, n, &line);
        while (known && line.size && strchr("\r\n", line.data[line.size - 1])) line.size--;
        if (known) buffer_putc(&line, '\n');
        if (known && !list_append(t, lines, object_value(str_new(t, line.data, line.size))))
            known = false;
        buffer_free(&line);
        if (!known) break;
    }
    if (t->exception != VALUE_UNSET) return VALUE_ERROR;
    if (lines->size && STR(lines->items[lines->size - 1])->size == 1)
        lines->size--; /* after the last line end */
    return object_value(lines);
}

static Value remember_source(Thread *t, Value *args) {
    Str *filename, *text;
    if (!arg_str(t, args[0], "remember_source() argument 1", &filename)) return VALUE_ERROR;
    if (!arg_str(t, args[1], "remember_source() argument 2", &text)) return VALUE_ERROR;
    source_remember(t->vm, filename->data, text->data, text->size);
    return VALUE_NONE;
}

static const NativeDef functions[] = {
    {"position", position, "(tb, /)",
     "(line, end line, column, end column, carets) of a traceback level."},
    {"source_line", line_of, "(filename, line, /)", "A line of a source, or None."},
    {"source_lines", source_lines, "(filename, /)", "All lines of a source with their line ends."},
    {"remember_source", remember_source, "(filename, text, /)",
     "From now on tracebacks find this text under a name that is no file's."},
    {0},
};

const NativeModule _traceback_module = {
    .name = "_traceback", .doc = "Positions and source lines.", .functions = functions};
