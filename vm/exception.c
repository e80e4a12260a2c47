/* SPDX-License-Identifier: MIT */
/*
 * Raising. The exception being raised is on the thread, and every function on the way out returns a
 * failure marker. Here are the ways to put it there, the chaining of contexts, and the matching of
 * except clauses.
 *
 * Invariant: contexts never form a cycle: before an exception gets the one being handled as its
 * context, it is cut out of that one's chain. Read next: vm/exception_class.c (the classes),
 * vm/traceback.c (printing).
 */
#include "vm/exception.h"

#include <stdio.h>

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/frame_object.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

static bool is_exception(Value v) { return is_kind(v, OBJ_EXCEPTION); }

/* ---- making ---- */

/* An instance of a class whose construction is native throughout, made without a call. */
static Value exception_plain(Thread *t, Class *cls, Tuple *args) {
    Exception *e = object_new(t, cls, 0);
    e->args = args;
    e->cause = e->context = e->traceback = e->value = VALUE_NONE;
    return object_value(e);
}

Value exception_new(Thread *t, Class *cls, const Value *args, int argc) {
    return call_value(t, object_value(cls), args, argc);
}

Value exception_normalize(Thread *t, Value raised) {
    if (is_exception(raised)) return raised;
    if (!is_kind(raised, OBJ_CLASS) || !(CLASS(raised)->flags & CLASS_EXCEPTION)) {
        return raise_error(t, EXC_TypeError, "exceptions must derive from BaseException");
    }
    Value made = call_value(t, raised, NULL, 0);
    if (made == VALUE_ERROR || is_exception(made)) return made;
    return raise_error(t, EXC_TypeError,
                       "calling %R should have returned an instance of BaseException, not %R",
                       raised, object_value(class_of(t->vm, made)));
}

/* ---- raising ---- */

/* Cut [exception] out of the chain of contexts that begins at [handled]. */
static void cut_from_chain(Thread *t, Value handled, Value exception) {
    Exception *slow = EXCEPTION(handled);
    bool step = false;
    for (Exception *e = EXCEPTION(handled); is_exception(e->context); e = EXCEPTION(e->context)) {
        if (e->context == exception) {
            heap_set(&t->vm->heap, &e->context, VALUE_NONE);
            return;
        }
        if (step) slow = EXCEPTION(slow->context);
        step = !step;
        if (slow == EXCEPTION(e->context)) return;
    }
}

Value raise_value(Thread *t, Value exception) {
    Value handled = t->handling;
    if (is_exception(handled) && handled != exception) {
        cut_from_chain(t, handled, exception);
        heap_set(&t->vm->heap, &EXCEPTION(exception)->context, handled);
    }
    t->exception = exception;
    return VALUE_ERROR;
}

static Value raise_message(Thread *t, ExceptionId id, Str *message) {
    Tuple *args = tuple_new(t, 1);
    args->items[0] = object_value(message);
    return raise_value(t, exception_plain(t, t->vm->exceptions[id], args));
}

Value raise_error(Thread *t, ExceptionId id, const char *format, ...) {
    Buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    bool ok = str_format_into(t, &text, format, arguments);
    va_end(arguments);
    if (!ok) {
        buffer_free(&text);
        return VALUE_ERROR;
    }
    return raise_message(t, id, str_from_buffer(t, &text));
}

Value raise_with(Thread *t, ExceptionId id, Value arg) {
    if (id == EXC_SystemExit && arg == VALUE_NONE) arg = VALUE_UNSET;
    Tuple *args = arg == VALUE_UNSET ? t->vm->empty_tuple : tuple_from(t, &arg, 1);
    Value exception = exception_plain(t, t->vm->exceptions[id], args);
    if ((id == EXC_StopIteration || id == EXC_SystemExit) && arg != VALUE_UNSET)
        EXCEPTION(exception)->value = arg;
    return raise_value(t, exception);
}

Value raise_stop_iteration(Thread *t) {
    Value v = t->done_value;
    return raise_with(t, EXC_StopIteration, v == VALUE_NONE || v == VALUE_ERROR ? VALUE_UNSET : v);
}

bool exception_matches(const Thread *t, ExceptionId id) {
    return is_object(t->exception) &&
           class_is_subclass(class_of(t->vm, t->exception), t->vm->exceptions[id]);
}

Value exception_take(Thread *t) {
    Value exception = t->exception;
    t->exception = VALUE_UNSET;
    return exception;
}

void exception_set_cause(Thread *t, Value exception, Value cause) {
    Exception *e = EXCEPTION(exception);
    heap_set(&t->vm->heap, &e->cause, cause);
    e->suppress_context = true;
}

void exception_add_traceback(Thread *t, Value exception, Function *function, uint32_t pc) {
    if (!is_exception(exception)) return;
    Traceback *level = heap_allocate_small(&t->vm->heap, sizeof *level, OBJ_TRACEBACK,
                                           BUILTIN_CLASS(t, TRACEBACK));
    Exception *e = EXCEPTION(exception);
    level->next = e->traceback;
    level->function = function;
    level->pc = level->left = pc;
    level->registers = level->frame = VALUE_NONE;
    level->line = 0;
    heap_set(&t->vm->heap, &e->traceback, object_value(level));
    if (level->next == VALUE_NONE) PROBE(t, EXCEPTION_RAISED, exception, VALUE_UNSET);
}

void exception_leave_frame(Thread *t, Value exception, const Frame *frame) {
    if (!is_exception(exception) || EXCEPTION(exception)->traceback == VALUE_NONE) return;
    Traceback *level = (Traceback *)object_of(EXCEPTION(exception)->traceback);
    if (level->function != frame->function || level->registers != VALUE_NONE) return;
    level->registers = frame_copy_registers(t, frame_code(frame), frame->registers);
    Instruction last = code_instruction_at(frame_code(frame), frame_pc(frame));
    if (last.op == OP_RERAISE && last.c == 2) level->left = frame_pc(frame);
}

/* ---- except clauses ---- */

static int match_class(Thread *t, Value exception, Value pattern) {
    if (!is_kind(pattern, OBJ_CLASS) || !(CLASS(pattern)->flags & CLASS_EXCEPTION)) {
        raise_error(t, EXC_TypeError,
                    "catching classes that do not inherit from BaseException is not allowed");
        return -1;
    }
    return class_is_subclass(class_of(t->vm, exception), CLASS(pattern));
}

static int match_classes(Thread *t, Value exception, Value pattern) {
    if (!is_kind(pattern, OBJ_TUPLE)) return match_class(t, exception, pattern);
    Tuple *classes = TUPLE(pattern);
    int found = 0;
    for (size_t i = 0; i < classes->size; i++) {
        int match = match_class(t, exception, classes->items[i]);
        if (match < 0) return -1;
        found |= match;
    }
    return found;
}

int exception_match(Thread *t, Value exception, Value pattern) {
    int match = match_classes(t, exception, pattern);
    if (match > 0) PROBE(t, EXCEPTION_CAUGHT, exception, pattern);
    return match;
}

/* ---- errors nobody can receive ---- */

static Value unraisable_arguments(Thread *t, Value exception, const char *where, Value object) {
    Value args = object_value(object_new(t, BUILTIN_CLASS(t, NAMESPACE), 0));
    const char *names[] = {"exc_type", "exc_value", "exc_traceback", "err_msg", "object"};
    Value message = where ? object_value(str_from(t, where)) : VALUE_NONE;
    Value values[] = {object_value(class_of(t->vm, exception)), exception,
                      EXCEPTION(exception)->traceback, message,
                      object == VALUE_UNSET ? VALUE_NONE : object};
    for (int i = 0; i < 5; i++) {
        instance_set(t, object_of(args), str_intern(t->vm, names[i], strlen(names[i])), values[i]);
    }
    return args;
}

static void print_unraisable(Thread *t, Value exception, const char *where, Value object) {
    Buffer out = {0};
    buffer_puts(&out, where ? where : "Exception ignored in");
    if (object != VALUE_UNSET && object != VALUE_NONE) {
        Str *text = value_repr(t, object);
        if (!text) exception_take(t);
        buffer_puts(&out, ": ");
        buffer_puts(&out, text ? text->data : "<object repr() failed>");
    }
    buffer_putc(&out, '\n');
    exception_print(t, exception, &out);
    fflush(stdout);
    fwrite(out.data, 1, out.size, stderr);
    buffer_free(&out);
}

/* What the program has put into sys.unraisablehook; VALUE_UNSET: nothing, the function there is
 * native. */
static Value unraisable_hook(Thread *t) {
    Value sys = dict_get_str(t, t->vm->modules, NAME_OF(t, sys));
    if (!is_kind(sys, OBJ_MODULE)) return VALUE_UNSET;
    Value hook = dict_get_str(t, MODULE(sys)->dict, NAME_OF(t, unraisablehook));
    return is_kind(hook, OBJ_NATIVE) || hook == VALUE_NONE ? VALUE_UNSET : hook;
}

void exception_report_unraisable(Thread *t, const char *where, Value object) {
    Value *roots = push_roots(t, 3);
    roots[0] = exception_take(t);
    roots[1] = object;
    Value hook = unraisable_hook(t);
    if (hook != VALUE_UNSET) {
        roots[2] = unraisable_arguments(t, roots[0], where, object);
        if (call_value(t, hook, roots + 2, 1) != VALUE_ERROR) {
            pop_roots(t, roots);
            return;
        }
        roots[0] = exception_take(t);
        roots[1] = hook;
        where = "Exception ignored in sys.unraisablehook";
    }
    print_unraisable(t, roots[0], where, roots[1]);
    pop_roots(t, roots);
}
