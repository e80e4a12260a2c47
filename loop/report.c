/* SPDX-License-Identifier: MIT */
/*
 * What a learner must be told: errors nobody retrieved, coroutines never awaited, tasks destroyed
 * pending.
 *
 * A lost error is reported once, at the earliest of: the end of the pass when the task was dropped
 * by an expression statement and nobody waits for it, the closing of its loop, its collection, the
 * exit. Everything goes through the loop's exception handler, with the keys that asyncio gives it;
 * the default handler writes to sys.stderr.
 *
 * Read next: vm/finalize.c (collection), loop/run.c (the end of a pass).
 */
#include <stdio.h>

#include "common/arena.h"
#include "loop/loop.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

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
        Str *text = value_repr(t, value);
        if (!text) exception_take(t);
        buffer_printf(out, "\n%s: %s", STR(key)->data, text ? text->data : "?");
    }
    pop_roots(t, roots);
}

bool report_default(Thread *t, Dict *context) {
    Buffer out = {0};
    Value message = dict_get_str(t, context, NAME_OF(t, message));
    bool has_message = message != VALUE_UNSET && is_str(message) && STR(message)->size;
    if (has_message) buffer_append(&out, STR(message)->data, STR(message)->size);
    else buffer_puts(&out, "Unhandled exception in event loop");
    put_context(t, context, &out);
    buffer_putc(&out, '\n');
    Value exception = dict_get_str(t, context, NAME_OF(t, exception));
    if (exception != VALUE_UNSET && is_kind(exception, OBJ_EXCEPTION))
        exception_print(t, exception, &out);
    report_text(t, out.data, out.size);
    buffer_free(&out);
    return true;
}

/* The custom handler raised: report that, unless it leaves the loop. */
static bool handler_failed(Thread *t, Dict *context) {
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
    bool ok = report_default(t, report);
    pop_roots(t, roots);
    return ok;
}

bool report_to_loop(Thread *t, Value loop, Dict *context) {
    if (!is_kind(loop, OBJ_LOOP)) {
        Value argument = object_value(context);
        return call_method(t, loop, NAME_OF(t, call_exception_handler), &argument, 1) !=
               VALUE_ERROR;
    }
    Value handler = loop_of(loop)->exception_handler;
    if (handler == VALUE_NONE) return report_default(t, context);
    Value *roots = push_roots(t, 2);
    roots[0] = loop;
    roots[1] = object_value(context);
    bool ok = call_value(t, handler, roots, 2) != VALUE_ERROR || handler_failed(t, context);
    pop_roots(t, roots);
    return ok;
}

/* ---- lost errors ---- */

/* A handler of the program's own counts as observing: the exit status stays. */
static bool has_custom_handler(Value loop) {
    return is_kind(loop, OBJ_LOOP) && loop_of(loop)->exception_handler != VALUE_NONE;
}

void report_lost_error(Thread *t, Value v) {
    Future *future = FUTURE(v);
    if (!future->failed || future->observed || (future->flags & FUTURE_REPORTED)) return;
    future->flags |= FUTURE_REPORTED;
    future->observed = true;
    if (!has_custom_handler(future->loop)) loop_state(t)->lost_errors++;
    PROBE(t, EXCEPTION_LOST, future->result, v);
    Value *roots = push_roots(t, 2);
    roots[0] = v;
    Dict *context = dict_new(t);
    roots[1] = object_value(context);
    Str *message = str_format(t, "%s exception was never retrieved",
                              object_class(&future->header)->name->data);
    dict_set_str(t, context, NAME_OF(t, message), object_value(message));
    dict_set_str(t, context, NAME_OF(t, exception), future->result);
    dict_set_str(t, context, NAME_OF(t, future), v);
    if (!report_to_loop(t, future->loop, context)) exception_report_unraisable(t, NULL, v);
    pop_roots(t, roots);
}

void report_lost_outside_loops(Thread *t, Value text, Value exception) {
    loop_state(t)->lost_errors++;
    PROBE(t, EXCEPTION_LOST, exception, text);
    Buffer out = {0};
    buffer_printf(&out, "Future exception was never retrieved\nfuture: %s\n", STR(text)->data);
    exception_print(t, exception, &out);
    report_text(t, out.data, out.size);
    buffer_free(&out);
}

bool report_lost_errors_of(Thread *t, const Loop *loop) {
    Heap *heap = &t->vm->heap;
    for (size_t i = 0; i < heap->finalizable_count; i++) {
        Object *object = heap->finalizable[i];
        ObjectKind kind = object_kind(object);
        if (kind != OBJ_FUTURE && kind != OBJ_TASK) continue;
        Future *future = (Future *)object;
        if (loop && future->loop != object_value(loop->object)) continue;
        report_lost_error(t, object_value(object));
        if (t->exception != VALUE_UNSET) return false;
    }
    return true;
}

void report_pending_tasks(Thread *t, Loop *loop) {
    Value *roots = push_roots(t, 2);
    for (Task *task = loop->object->first_task; task; task = task->next_task) {
        if (task->future.flags & (FUTURE_QUIET | FUTURE_REPORTED)) continue;
        task->future.flags |= FUTURE_REPORTED;
        roots[0] = object_value(task);
        Dict *context = dict_new(t);
        roots[1] = object_value(context);
        dict_set_str(t, context, NAME_OF(t, message),
                     object_value(str_from(t, "Task was destroyed but it is pending!")));
        dict_set_str(t, context, NAME_OF(t, task), object_value(task));
        if (!report_to_loop(t, object_value(loop->object), context)) exception_take(t);
    }
    pop_roots(t, roots);
}

/* ---- dropped results ---- */

static bool is_unstarted(Value v) {
    if (is_native_coroutine(v)) return !(FUTURE(v)->flags & FUTURE_STARTED);
    return is_generator_kind(v) && GENERATOR(v)->state == GEN_CREATED;
}

static bool is_coroutine(Value v) {
    if (is_native_coroutine(v) || is_kind(v, OBJ_COROUTINE)) return true;
    return is_kind(v, OBJ_GENERATOR) &&
           (frame_code(&GENERATOR(v)->frame)->flags & CODE_ITERABLE_COROUTINE);
}

/* `Return(x)` where `raise Return(x)` was meant: its function goes on and gives None. */
static void report_not_raised(Thread *t, Value v) {
    Value *root = push_roots(t, 1);
    root[0] = v;
    Buffer out = {0}, source = {0};
    if (t->frame) {
        Code *code = frame_code(t->frame);
        int line = code_line(code, frame_pc(t->frame));
        buffer_printf(&out, "%s:%d: ", code->filename->data, line);
        if (t->vm->hooks.source_line)
            t->vm->hooks.source_line(t->vm, code->filename->data, line, &source);
    }
    Str *text = value_repr(t, v);
    if (!text) exception_take(t);
    buffer_printf(&out, "RuntimeWarning: %s was made but not raised\n",
                  text ? text->data : "Return");
    if (source.size) {
        const char *line = source.data + strspn(source.data, " \t");
        buffer_printf(&out, "  %.*s\n", (int)strcspn(line, "\n"), line);
    }
    buffer_puts(&out, "  write `raise Return(…)`\n");
    report_text(t, out.data, out.size);
    buffer_free(&out);
    buffer_free(&source);
    pop_roots(t, root);
}

void report_dropped(Thread *t, Value v) {
    if (is_kind(v, OBJ_EXCEPTION)) {
        report_not_raised(t, v);
        return;
    }
    if (is_kind(v, OBJ_TASK)) {
        FUTURE(v)->flags |= FUTURE_DISCARDED;
        if (!FUTURE(v)->failed) return; /* vm/task.c comes back when it fails */
    } else if (!is_coroutine(v) || !is_unstarted(v)) {
        return;
    }
    LoopState *state = loop_state(t);
    if (state->dropped_count == state->dropped_capacity) {
        state->dropped_capacity = state->dropped_capacity ? state->dropped_capacity * 2 : 8;
        size_t size = state->dropped_capacity * sizeof *state->dropped;
        state->dropped = realloc(state->dropped, size);
        if (!state->dropped) memory_exhausted(size);
    }
    Dropped *dropped = &state->dropped[state->dropped_count++];
    *dropped = (Dropped){v, VALUE_NONE, 0};
    if (!t->frame) return;
    Code *code = frame_code(t->frame);
    dropped->code = object_value(code);
    dropped->line = (uint32_t)code_line(code, frame_pc(t->frame));
}

static void report_never_awaited(Thread *t, const Dropped *dropped) {
    Buffer out = {0}, source = {0};
    Value v = dropped->v;
    const char *name = is_native_coroutine(v) ? NATIVE_COROUTINE(v)->kind->qualname
                                              : STR(GENERATOR(v)->frame.function->qualname)->data;
    if (dropped->code != VALUE_NONE) {
        const char *file = ((Code *)object_of(dropped->code))->filename->data;
        buffer_printf(&out, "%s:%u: ", file, dropped->line);
        if (t->vm->hooks.source_line)
            t->vm->hooks.source_line(t->vm, file, (int)dropped->line, &source);
    }
    buffer_printf(&out, "RuntimeWarning: coroutine '%s' was never awaited\n", name);
    if (source.size) {
        const char *text = source.data + strspn(source.data, " \t");
        buffer_printf(&out, "  %.*s\n", (int)strcspn(text, "\n"), text);
    }
    buffer_puts(&out,
                "  write `await …` or `yield from …` before the call, or make a task of it\n");
    report_text(t, out.data, out.size);
    buffer_free(&out);
    buffer_free(&source);
}

/* A task nobody can ask any more: no callbacks, and its creator dropped it. */
static bool is_lost_task(Value v) {
    const Future *future = FUTURE(v);
    return future->failed && !future->observed && (future->flags & FUTURE_DISCARDED);
}

bool report_pass_end(Thread *t) {
    LoopState *state = loop_state(t);
    for (size_t i = 0; i < state->dropped_count; i++) {
        Dropped dropped = state->dropped[i];
        if (is_kind(dropped.v, OBJ_TASK)) {
            if (is_lost_task(dropped.v)) report_lost_error(t, dropped.v);
        } else if (is_unstarted(dropped.v)) {
            report_never_awaited(t, &dropped);
        }
    }
    state->dropped_count = 0;
    return t->exception == VALUE_UNSET;
}
