/* SPDX-License-Identifier: MIT */
/*
 * Traceback objects, and an uncaught exception printed as Python prints it: the chain of causes and
 * contexts, oldest first; per level the source line, with carets under the expression that failed;
 * the exception, its notes.
 *
 * Carets follow Python 3.11: none when the expression is the whole line; `~~^~~` around the
 * operator of a binary operation and around the brackets of a subscript, found by scanning the
 * expression's text (vm/caret.c). Read next: vm/suggest.c ("Did you mean …?").
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/utf8.h"
#include "vm/cancellation.h"
#include "vm/caret.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception_class.h"
#include "vm/exception_fields.h"
#include "vm/frame_object.h"
#include "vm/generator.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"
#include "vm/suggest.h"

enum {
    LEVEL_LIMIT = 1000,
    REPEATS_SHOWN = 3,
    CHAIN_LIMIT = 2000,
    GROUP_WIDTH = 15,
    GROUP_DEPTH = 10
};

static Traceback *traceback_of(Value v) { return (Traceback *)object_of(v); }

/* What is printed once in all: exceptions already shown, and whether the innermost group's box is
 * still open. */
typedef struct Shown {
    Set *seen;
    bool open;
} Shown;

/* Where output goes, and what each line begins with (the margin of a group's tree). */
typedef struct Printer {
    Thread *t;
    Buffer *out;
    Shown *shown;
    int indent; /* of a group's tree; 0 outside */
    bool in_group;
} Printer;

static void begin_line(Printer *p) {
    for (int i = 0; i < p->indent; i++) buffer_putc(p->out, ' ');
    if (p->in_group) buffer_puts(p->out, "| ");
}

/* ---- levels ---- */

static void strip(Buffer *line, size_t *leading) {
    while (line->size && strchr(" \t\r\n\f", line->data[line->size - 1])) line->size--;
    size_t n = 0;
    while (n < line->size && strchr(" \t\f", line->data[n])) n++;
    *leading = n;
}

static void print_source(Printer *p, const Traceback *level) {
    const Code *code = level->function->code;
    Buffer line = {0};
    Vm *vm = p->t->vm;
    if (!vm->hooks.source_line ||
        !vm->hooks.source_line(vm, code->filename->data, traceback_line(level), &line)) {
        buffer_free(&line);
        return;
    }
    size_t leading;
    strip(&line, &leading);
    if (line.size > leading) {
        begin_line(p);
        buffer_puts(p->out, "    ");
        buffer_append(p->out, line.data + leading, line.size - leading);
        buffer_putc(p->out, '\n');
        Buffer carets = {0};
        if (!level->line && caret_line(code, level->pc, line.data, line.size, leading, &carets)) {
            begin_line(p);
            buffer_puts(p->out, "    ");
            buffer_append(p->out, carets.data, carets.size);
            buffer_putc(p->out, '\n');
        }
        buffer_free(&carets);
    }
    buffer_free(&line);
}

static void print_level(Printer *p, const Traceback *level) {
    const Code *code = level->function->code;
    begin_line(p);
    buffer_printf(p->out, "  File \"%s\", line %d, in %s\n", code->filename->data,
                  traceback_line(level), code->name->data);
    print_source(p, level);
}

static bool same_place(const Traceback *a, const Traceback *b) {
    return a && a->function->code == b->function->code && traceback_line(a) == traceback_line(b);
}

static void print_repeats(Printer *p, int count) {
    if (count <= REPEATS_SHOWN) return;
    int more = count - REPEATS_SHOWN;
    begin_line(p);
    buffer_printf(p->out, "  [Previous line repeated %d more time%s]\n", more, more > 1 ? "s" : "");
}

static void print_levels(Printer *p, Value traceback) {
    int total = 0, repeated = 0;
    for (Value v = traceback; v != VALUE_NONE; v = traceback_of(v)->next) total++;
    const Traceback *last = NULL;
    for (; traceback != VALUE_NONE; traceback = last->next) {
        const Traceback *level = traceback_of(traceback);
        if (total-- > LEVEL_LIMIT) {
            last = level;
            continue;
        }
        if (!same_place(last, level)) {
            print_repeats(p, repeated);
            repeated = 0;
        }
        last = level;
        if (++repeated <= REPEATS_SHOWN) print_level(p, level);
    }
    print_repeats(p, repeated);
}

/* ---- SyntaxError ---- */

static int number_of(Value v, int otherwise) {
    return is_fixnum(v) ? (int)fixnum_of(v) : otherwise;
}

/* The text of the error's line with carets from its offset to its end. */
static void print_syntax_text(Printer *p, Value e) {
    Str *text = STR(exception_field_or_none(e, SYNTAX_ERROR_TEXT));
    Buffer line = {0};
    size_t leading;
    buffer_append(&line, text->data, text->size);
    strip(&line, &leading);
    begin_line(p);
    buffer_puts(p->out, "    ");
    if (line.size > leading) buffer_append(p->out, line.data + leading, line.size - leading);
    buffer_putc(p->out, '\n');
    int line_end = (int)utf8_length(line.data, line.size) + 1;
    buffer_free(&line);
    int offset = number_of(exception_field_or_none(e, SYNTAX_ERROR_OFFSET), -1);
    if (offset < 1) return;
    int end = number_of(exception_field_or_none(e, SYNTAX_ERROR_END_OFFSET), -1);
    int end_line = number_of(exception_field_or_none(e, SYNTAX_ERROR_END_LINENO), 0),
        line_number = number_of(exception_field_or_none(e, SYNTAX_ERROR_LINENO), 0);
    if (end_line > line_number || end > line_end) end = line_end;
    if (end <= offset) end = offset + 1;
    begin_line(p);
    buffer_puts(p->out, "    ");
    for (int i = (int)leading + 1; i < offset; i++) buffer_putc(p->out, ' ');
    for (int i = offset > (int)leading ? offset : (int)leading + 1; i < end; i++)
        buffer_putc(p->out, '^');
    buffer_putc(p->out, '\n');
}

static void print_syntax_place(Printer *p, Value e) {
    Value file = exception_field_or_none(e, SYNTAX_ERROR_FILENAME),
          line = exception_field_or_none(e, SYNTAX_ERROR_LINENO);
    if (!is_int(line)) return;
    begin_line(p);
    buffer_printf(p->out, "  File \"%s\", line %d\n", is_str(file) ? STR(file)->data : "<string>",
                  number_of(line, 0));
    if (is_str(exception_field_or_none(e, SYNTAX_ERROR_TEXT))) print_syntax_text(p, e);
}

/* ---- the exception itself ---- */

static void print_class(Printer *p, const Class *cls) {
    Value module = cls->module;
    bool plain = !is_str(module) || !strcmp(STR(module)->data, "builtins") ||
                 !strcmp(STR(module)->data, "__main__");
    if (!plain) buffer_printf(p->out, "%s.", STR(module)->data);
    buffer_puts(p->out, is_str(cls->qualname) ? STR(cls->qualname)->data : cls->name->data);
}

/* Text that may have several lines: each gets the margin. */
static void print_text(Printer *p, const char *data, size_t size) {
    for (size_t i = 0; i < size; i++) {
        buffer_putc(p->out, data[i]);
        if (data[i] == '\n') begin_line(p);
    }
}

static void print_message(Printer *p, Value e) {
    Thread *t = p->t;
    bool syntax = class_is_subclass(class_of(t->vm, e), EXCEPTION_CLASS(t, SyntaxError));
    Value message = syntax ? exception_field_or_none(e, SYNTAX_ERROR_MSG) : e;
    Str *text = value_str(t, message);
    if (!text) exception_take(t);
    if (text && text->size == 0) return;
    buffer_puts(p->out, ": ");
    if (text) print_text(p, text->data, text->size);
    else buffer_puts(p->out, "<exception str() failed>");
}

static void print_note(Printer *p, Value note) {
    Str *text = value_str(p->t, note);
    if (!text) exception_take(p->t);
    begin_line(p);
    if (text) print_text(p, text->data, text->size);
    else buffer_puts(p->out, "<note str() failed>");
    buffer_putc(p->out, '\n');
}

/* Who asked for a CancelledError. */
static void print_cancellation(Printer *p, Value e) {
    Value origin = cancellation_of(p->t, e);
    if (origin == VALUE_NONE) return;
    begin_line(p);
    buffer_puts(p->out, "  cancelled ");
    cancellation_text(p->t, origin, p->out);
    buffer_putc(p->out, '\n');
}

static void print_notes(Printer *p, Value e) {
    Value notes = instance_get(p->t, object_of(e), NAME_OF(p->t, __notes__));
    if (!is_kind(notes, OBJ_LIST)) return;
    for (size_t i = 0; i < LIST(notes)->size; i++) print_note(p, LIST(notes)->items[i]);
}

static void print_one(Printer *p, Value e) {
    Thread *t = p->t;
    Class *cls = class_of(t->vm, e);
    Value traceback = EXCEPTION(e)->traceback;
    bool group = class_is_subclass(cls, EXCEPTION_CLASS(t, BaseExceptionGroup));
    if (traceback != VALUE_NONE) {
        if (group && !p->in_group) buffer_puts(p->out, "  + ");
        else begin_line(p);
        buffer_printf(p->out, "%sTraceback (most recent call last):\n",
                      group ? "Exception Group " : "");
        if (group && !p->in_group) {
            p->in_group = true;
            p->indent = 2;
        }
        print_levels(p, traceback);
    }
    if (class_is_subclass(cls, EXCEPTION_CLASS(t, SyntaxError))) print_syntax_place(p, e);
    begin_line(p);
    print_class(p, cls);
    print_message(p, e);
    suggest_append(t, e, p->out);
    buffer_putc(p->out, '\n');
    print_notes(p, e);
    print_cancellation(p, e);
    const char *hint = suggest_hint(t, e);
    if (!hint) return;
    begin_line(p);
    buffer_printf(p->out, "hint: %s\n", hint);
}

/* ---- chains and groups ---- */

static void print_chain(Printer *p, Value e);

static void print_rule(Printer *p, bool first, const char *title) {
    for (int i = 0; i < p->indent; i++) buffer_putc(p->out, ' ');
    buffer_puts(p->out, first ? "+-" : "  ");
    buffer_printf(p->out, "+---------------- %s ----------------\n", title);
}

static void print_members(Printer *p, Value group) {
    Thread *t = p->t;
    Value members = exception_field(group, GROUP_EXCEPTIONS);
    if (!is_kind(members, OBJ_TUPLE) || p->indent / 2 > GROUP_DEPTH) return;
    size_t count = TUPLE(members)->size, shown = count > GROUP_WIDTH ? GROUP_WIDTH : count;
    Printer inner = {t, p->out, p->shown, p->indent + 2, true};
    for (size_t i = 0; i < shown; i++) {
        char title[32];
        snprintf(title, sizeof title, "%zu", i + 1);
        print_rule(p, i == 0, title);
        p->shown->open = true;
        print_chain(&inner, TUPLE(members)->items[i]);
    }
    if (shown < count) {
        print_rule(p, false, "...");
        begin_line(&inner);
        buffer_printf(p->out, "and %zu more exception%s\n", count - shown,
                      count - shown > 1 ? "s" : "");
    }
    if (!p->shown->open) return; /* closed by a group that ends with this one */
    for (int i = 0; i < inner.indent; i++) buffer_putc(p->out, ' ');
    buffer_puts(p->out, "+------------------------------------\n");
    p->shown->open = false;
}

static void print_with_members(Printer *p, Value e) {
    print_one(p, e);
    if (!class_is_subclass(class_of(p->t->vm, e), EXCEPTION_CLASS(p->t, BaseExceptionGroup)))
        return;
    if (!enter_native(p->t, "")) {
        exception_take(p->t);
        return;
    }
    print_members(p, e);
    leave_native(p->t);
}

/* The exception that [e] is shown after, and what the two have to do with each other. */
static Value predecessor(Value e, const char **relation) {
    Exception *exception = EXCEPTION(e);
    *relation = "The above exception was the direct cause of the following exception:";
    if (exception->cause != VALUE_NONE) return exception->cause;
    *relation = "During handling of the above exception, another exception occurred:";
    return exception->suppress_context ? VALUE_NONE : exception->context;
}

/* Identity numbers are what the set holds, so that no __eq__ of an exception is asked. */
static bool first_time(Printer *p, Value e) {
    Value id = int_from_uint64(p->t, value_id(p->t->vm, e));
    if (set_contains(p->t, p->shown->seen, id) != 0) return false;
    return set_add(p->t, p->shown->seen, id);
}

static void print_chain(Printer *p, Value e) {
    Value *chain = malloc(CHAIN_LIMIT * sizeof *chain);
    const char **relations = malloc(CHAIN_LIMIT * sizeof *relations);
    int count = 0;
    while (chain && relations && e != VALUE_NONE && count < CHAIN_LIMIT && first_time(p, e)) {
        chain[count] = e;
        e = predecessor(e, &relations[count++]);
    }
    bool in_group = p->in_group;
    int indent = p->indent;
    for (int i = count - 1; i >= 0; i--) {
        p->in_group = in_group;
        p->indent = indent;
        print_with_members(p, chain[i]);
        if (i == 0) break;
        p->in_group = in_group;
        p->indent = indent;
        begin_line(p);
        buffer_putc(p->out, '\n');
        begin_line(p);
        buffer_printf(p->out, "%s\n", relations[i - 1]);
        begin_line(p);
        buffer_putc(p->out, '\n');
    }
    free(chain);
    free(relations);
}

void exception_print(Thread *t, Value exception, Buffer *out) {
    Value *roots = push_roots(t, 3);
    Shown shown = {.seen = set_new(t, false)};
    roots[0] = exception;
    roots[1] = t->exception;
    roots[2] = object_value(shown.seen);
    t->exception = VALUE_UNSET;
    Printer printer = {t, out, &shown, 0, false};
    print_chain(&printer, exception);
    t->exception = roots[1];
    pop_roots(t, roots);
}
