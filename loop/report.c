/* SPDX-License-Identifier: MIT */
/*
 * The form of reports, what becomes of each kind, the exception handlers of loops, and what a pass
 * has to report when it ends.
 *
 * What an expression statement drops is looked at when the pass ends, not at once: a task may still
 * fail in it, and a coroutine that somebody else holds may still be started.
 *
 * Read next: loop/lost.c, loop/forgotten.c, loop/run.c (the end of a pass).
 */
#include <stdio.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "loop/report.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/made.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- the form ---- */

static const char *const kind_names[] = {"lost-error",    "never-awaited", "not-raised",
                                         "pending-task",  "blocked-loop",  "not-threadsafe",
                                         "not-repeatable"};
static const char *const action_names[] = {"default", "ignore", "error"};

const char *report_kind_name(int kind) {
    return kind < REPORT_KIND_COUNT ? kind_names[kind] : NULL;
}

const char *report_action_name(int action) {
    return action <= REPORT_ERROR ? action_names[action] : NULL;
}

bool report_option(LoopState *state, const char *text) {
    for (int action = 0; action <= REPORT_ERROR; action++) {
        size_t n = strlen(action_names[action]);
        if (strncmp(text, action_names[action], n) != 0 || text[n] != ':') continue;
        for (int kind = 0; kind < REPORT_KIND_COUNT; kind++) {
            if (strcmp(text + n + 1, kind_names[kind]) != 0) continue;
            state->actions[kind] = (ReportAction)action;
            return true;
        }
    }
    return false;
}

bool report_begin(Thread *t, ReportKind kind, Buffer *out) {
    if (loop_state(t)->actions[kind] == REPORT_IGNORE) return false;
    buffer_printf(out, "tulip: %s: ", kind_names[kind]);
    return true;
}

void report_count(Thread *t, ReportKind kind) {
    LoopState *state = loop_state(t);
    ReportAction action = state->actions[kind];
    if (action == REPORT_ERROR || (action == REPORT_BY_DEFAULT && kind == REPORT_LOST_ERROR))
        state->errors++;
}

void report_end(Thread *t, ReportKind kind, Buffer *out) {
    report_count(t, kind);
    report_text(t, out->data, out->size);
    buffer_free(out);
}

/* ---- places ---- */

static void put_source(Thread *t, Place place, Buffer *out) {
    Buffer line = {0};
    size_t start, end;
    if (!place_source(t, place, &line, &start, &end)) return;
    size_t leading = strspn(line.data, " \t\f");
    buffer_puts(out, "    ");
    buffer_append(out, line.data + leading, line.size - leading);
    buffer_putc(out, '\n');
    if (end > start && start >= leading) {
        size_t before = utf8_length(line.data + leading, start - leading);
        buffer_printf(out, "    %*s", (int)before, "");
        for (size_t n = utf8_length(line.data + start, end - start); n; n--) buffer_putc(out, '^');
        buffer_putc(out, '\n');
    }
    buffer_free(&line);
}

void report_place(Thread *t, Place place, Buffer *out) {
    if (!place.code) return;
    buffer_printf(out, "  File \"%s\", line %d, in %s\n", place.code->filename->data,
                  code_line(place.code, place.pc), place.code->name->data);
    put_source(t, place, out);
}

/* ---- text to sys.stderr ---- */

void report_text(Thread *t, const char *text, size_t size) {
    Value *roots = push_roots(t, 3);
    roots[0] = t->exception;
    t->exception = VALUE_UNSET;
    Value sys = dict_get_str(t, t->vm->modules, NAME_OF(t, sys));
    Value stream = sys != VALUE_UNSET && is_kind(sys, OBJ_MODULE)
                       ? dict_get_str(t, MODULE(sys)->dict, NAME_OF(t, stderr))
                       : VALUE_UNSET;
    bool written = false;
    if (stream != VALUE_UNSET && stream != VALUE_NONE) {
        roots[1] = stream;
        roots[2] = object_value(str_new(t, text, size));
        written = call_method(t, stream, NAME_OF(t, write), &roots[2], 1) != VALUE_ERROR;
        if (!written) exception_take(t);
    }
    if (!written) fwrite(text, 1, size, stderr);
    t->exception = roots[0];
    pop_roots(t, roots);
}

static bool is_text(Value v, const char *text) {
    return is_str(v) && strcmp(STR(v)->data, text) == 0;
}

void report_add_stack(Thread *t, Dict *context, Object *object) {
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(context);
    roots[1] = object_value(object);
    Value stack = made_summary(t, object);
    if (stack == VALUE_ERROR) exception_take(t);
    else if (stack != VALUE_NONE)
        dict_set_str(t, context, str_intern(t->vm, "source_traceback", 16), stack);
    pop_roots(t, roots);
}

/* In debug mode an error that does not say where its object was made is told with the stack of the
 * handle that runs. */
static void add_handle_stack(Thread *t, Value loop, Dict *context) {
    const Loop *inner = is_kind(loop, OBJ_LOOP) ? loop_of(loop) : NULL;
    if (LIKELY(!inner || !inner->debug || !inner->running)) return;
    Value handle = inner->running[0];
    Str *source = str_intern(t->vm, "source_traceback", 16);
    if (!is_kind(handle, OBJ_HANDLE) || !HANDLE(handle)->noted ||
        dict_get_str(t, context, source) != VALUE_UNSET)
        return;
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(context);
    roots[1] = handle;
    Value stack = made_summary(t, object_of(handle));
    if (stack == VALUE_ERROR) exception_take(t);
    else dict_set_str(t, context, str_intern(t->vm, "handle_traceback", 16), stack);
    pop_roots(t, roots);
}

/* What a stack in a context is that of; NULL: it is none. */
static const char *owner_of_stack(Value key) {
    if (is_text(key, "source_traceback")) return "Object";
    return is_text(key, "handle_traceback") ? "Handle" : NULL;
}

/* "source_traceback: Object created at (most recent call last):" and the stack; false: it is no
 * stack. */
static bool put_stack(Thread *t, Value key, Value stack, Buffer *out) {
    const char *owner = owner_of_stack(key);
    if (!owner || !is_kind(stack, OBJ_LIST)) return false;
    Value *roots = push_roots(t, 1);
    Value lines = roots[0] = call_method(t, stack, str_intern(t->vm, "format", 6), NULL, 0);
    if (lines == VALUE_ERROR) exception_take(t);
    buffer_printf(out, "\n%s: %s created at (most recent call last):\n", STR(key)->data, owner);
    for (size_t i = 0; is_kind(lines, OBJ_LIST) && i < LIST(lines)->size; i++) {
        Value line = LIST(lines)->items[i];
        if (is_str(line)) buffer_append(out, STR(line)->data, STR(line)->size);
    }
    while (out->size && out->data[out->size - 1] == '\n') out->data[--out->size] = '\0';
    pop_roots(t, roots);
    return true;
}

/* "future: <Task …>" for every key but the two that are shown otherwise. */
static void put_context(Thread *t, Dict *context, Buffer *out) {
    Value *roots = push_roots(t, 1);
    List *keys = list_new(t, context->used);
    roots[0] = object_value(keys);
    uint32_t position = 0;
    Value key, value;
    while (dict_next(context, &position, &key, &value)) list_append(t, keys, key);
    if (!list_sort(t, keys, VALUE_NONE, false)) exception_take(t);
    for (size_t i = 0; i < keys->size; i++) {
        key = keys->items[i];
        if (is_text(key, "message") || is_text(key, "exception") || !is_str(key)) continue;
        value = dict_get(t, context, key);
        if (put_stack(t, key, value, out)) continue;
        Str *text = value_repr(t, value);
        if (!text) exception_take(t);
        buffer_printf(out, "\n%s: %s", STR(key)->data, text ? text->data : "?");
    }
    pop_roots(t, roots);
}

void report_put_context(Thread *t, Dict *context, Buffer *out) {
    Value message = dict_get_str(t, context, NAME_OF(t, message));
    bool has_message = message != VALUE_UNSET && is_str(message) && STR(message)->size;
    if (has_message) buffer_append(out, STR(message)->data, STR(message)->size);
    else buffer_puts(out, "Unhandled exception in event loop");
    put_context(t, context, out);
    buffer_putc(out, '\n');
    Value exception = dict_get_str(t, context, NAME_OF(t, exception));
    if (exception != VALUE_UNSET && is_kind(exception, OBJ_EXCEPTION))
        exception_print(t, exception, out);
}

bool report_by_logger(Thread *t, const char *function, const Value *args, int argc) {
    if (dict_get_str(t, t->vm->modules, str_intern(t->vm, "logging", 7)) == VALUE_UNSET)
        return false;
    Value *roots = push_roots(t, argc + 1);
    for (int i = 0; i < argc; i++) roots[i] = args[i];
    roots[argc] = t->exception;
    t->exception = VALUE_UNSET;
    Value base = t->vm->hooks.import_module(t, str_intern(t->vm, "asyncio.base_events", 19));
    Str *name = str_intern(t->vm, function, strlen(function));
    Value done = base == VALUE_ERROR ? VALUE_ERROR : call_method(t, base, name, roots, argc);
    int logged = done == VALUE_ERROR ? -1 : value_truth(t, done);
    if (logged < 0) exception_take(t);
    t->exception = roots[argc];
    pop_roots(t, roots);
    return logged > 0;
}

bool report_logged(Thread *t, Dict *context) {
    Value argument = object_value(context);
    return report_by_logger(t, "log_report", &argument, 1);
}

bool report_default(Thread *t, Dict *context) {
    if (report_logged(t, context)) return true;
    Buffer out = {0};
    report_put_context(t, context, &out);
    report_text(t, out.data, out.size);
    buffer_free(&out);
    return true;
}

bool report_default_of(Thread *t, Value loop, Dict *context) {
    add_handle_stack(t, loop, context);
    return report_default(t, context);
}

/* An exception handler raised: say so in the words of [message], unless it leaves the loop. */
static bool tell_of_broken(Thread *t, const char *message) {
    if (exception_matches(t, EXC_SystemExit) || exception_matches(t, EXC_KeyboardInterrupt))
        return false;
    Value *roots = push_roots(t, 2);
    roots[1] = exception_take(t);
    roots[0] = object_value(str_from(t, message));
    if (!report_by_logger(t, "log_failure", roots, 2)) {
        Buffer out = {0};
        buffer_printf(&out, "%s\n", message);
        exception_print(t, roots[1], &out);
        report_text(t, out.data, out.size);
        buffer_free(&out);
    }
    pop_roots(t, roots);
    return true;
}

/* loop.default_exception_handler(context), which a class of the program's may define anew. */
static bool call_default(Thread *t, Value loop, Dict *context, const char *broken) {
    if (LIKELY(!loop_of(loop)->custom)) return report_default_of(t, loop, context);
    Value argument = object_value(context);
    Str *name = str_intern(t->vm, "default_exception_handler", 25);
    return call_method(t, loop, name, &argument, 1) != VALUE_ERROR || tell_of_broken(t, broken);
}

/* The custom handler raised: report that, unless it leaves the loop. */
static bool handler_failed(Thread *t, Value loop, Dict *context) {
    if (exception_matches(t, EXC_SystemExit) || exception_matches(t, EXC_KeyboardInterrupt))
        return false;
    Value *roots = push_roots(t, 2);
    roots[0] = exception_take(t);
    Dict *report = dict_new(t);
    roots[1] = object_value(report);
    dict_set_str(t, report, NAME_OF(t, message),
                 object_value(str_from(t, "Unhandled error in exception handler")));
    dict_set_str(t, report, NAME_OF(t, exception), roots[0]);
    dict_set_str(t, report, NAME_OF(t, context), object_value(context));
    bool ok = call_default(t, loop, report,
                           "Exception in default exception handler while handling an unexpected "
                           "error in custom exception handler");
    pop_roots(t, roots);
    return ok;
}

bool report_to_loop(Thread *t, Value loop, Dict *context) {
    if (is_kind(loop, OBJ_LOOP) && !(loop_of(loop) && loop_of(loop)->custom))
        return report_to_handler(t, loop, context);
    Value argument = object_value(context);
    return call_method(t, loop, NAME_OF(t, call_exception_handler), &argument, 1) != VALUE_ERROR;
}

bool report_to_handler(Thread *t, Value loop, Dict *context) {
    Value handler = loop_of(loop)->exception_handler;
    if (handler == VALUE_NONE)
        return call_default(t, loop, context, "Exception in default exception handler");
    Value *roots = push_roots(t, 2);
    roots[0] = loop;
    roots[1] = object_value(context);
    bool ok = call_value(t, handler, roots, 2) != VALUE_ERROR || handler_failed(t, loop, context);
    pop_roots(t, roots);
    return ok;
}

/* ---- the end of a pass ---- */

/* A pass that drops one coroutine after the other may have no end. */
enum { MANY_DROPPED = 1000 };

/* Report the coroutines that this pass has dropped so far. */
static void tell_forgotten(Thread *t, LoopState *state) {
    if (state->telling) return;
    state->telling = true;
    size_t kept = 0;
    for (size_t i = 0; i < state->dropped_count; i++) {
        Dropped dropped = state->dropped[i];
        if (is_kind(dropped.v, OBJ_TASK)) state->dropped[kept++] = dropped;
        else report_statement(t, dropped.v, dropped.place);
    }
    state->dropped_count = kept;
    state->telling = false;
}

void report_dropped(Thread *t, Value v) {
    if (is_kind(v, OBJ_EXCEPTION)) {
        report_not_raised(t, v, place_here(t));
        return;
    }
    if (is_kind(v, OBJ_TASK)) {
        FUTURE(v)->flags |= FUTURE_DISCARDED;
        if (!FUTURE(v)->failed) return; /* vm/task.c comes back when it fails */
    } else if (!coroutine_is_news(v)) {
        return;
    }
    Place place = place_here(t);
    if (place.code && code_is_library(place.code) && !is_kind(v, OBJ_TASK)) {
        bool thread = !strcmp(place.code->filename->data, "stdlib/threading.tul");
        report_callback_result(t, thread ? "a thread" : "the library", v);
        return;
    }
    LoopState *state = loop_state(t);
    if (!is_kind(v, OBJ_TASK) && report_is_told(state, coroutine_creation(v))) {
        report_statement(t, v, place);
        return;
    }
    if (state->dropped_count == state->dropped_capacity) {
        state->dropped_capacity = state->dropped_capacity ? state->dropped_capacity * 2 : 8;
        size_t size = state->dropped_capacity * sizeof *state->dropped;
        state->dropped = realloc(state->dropped, size);
        if (!state->dropped) memory_exhausted(size);
    }
    state->dropped[state->dropped_count++] = (Dropped){v, place};
    if (state->dropped_count >= MANY_DROPPED) tell_forgotten(t, state);
}

/* A task nobody can ask any more: no callbacks, and its creator dropped it. */
static bool is_lost_task(Value v) {
    const Future *future = FUTURE(v);
    return future->failed && !future->observed && (future->flags & FUTURE_DISCARDED);
}

/* Reports run Tulip code, which may drop more. */
bool report_pass_end(Thread *t) {
    LoopState *state = loop_state(t);
    state->telling = true;
    for (size_t i = 0; i < state->dropped_count; i++) {
        Dropped dropped = state->dropped[i];
        if (!is_kind(dropped.v, OBJ_TASK)) report_statement(t, dropped.v, dropped.place);
        else if (is_lost_task(dropped.v)) report_lost_error(t, dropped.v);
    }
    state->dropped_count = 0;
    state->telling = false;
    return t->exception == VALUE_UNSET;
}
