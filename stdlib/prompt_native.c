/* SPDX-License-Identifier: MIT */
/*
 * The module _prompt_native: what the prompt (stdlib/_prompt) needs of the machine: what the parser
 * says of a text, code that may await outside functions, the loop that tasks made at the prompt
 * belong to, events as they happen.
 *
 * Whether a text is whole is the parser's word: an error that it calls incomplete asks for another
 * line.
 *
 * Read next: stdlib/_prompt/session.tul, parser/driver.c (incomplete input).
 */
#define _GNU_SOURCE /* fopencookie */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "loop/loop.h"
#include "parser/parser.h"
#include "stdlib/guard.h"
#include "stdlib/import.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

/* ---- the parser's word ---- */

static bool is_compound(const Node *node) {
    switch (node->kind) {
    case NODE_FunctionDef:
    case NODE_ClassDef:
    case NODE_If:
    case NODE_For:
    case NODE_While:
    case NODE_With:
    case NODE_Try: return true;
    default: return false;
    }
}

/* [(first line, last line, is it compound?), …]: statements on one line are one, and the lines
 * before a statement (decorators, comments) belong to it. */
static Value pieces(Thread *t, const NodeList *body) {
    List *out = list_new(t, (size_t)body->count);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(out);
    uint32_t done = 0;
    for (int i = 0; i < body->count; i++) {
        uint32_t last = body->items[i]->span.end_line;
        while (i + 1 < body->count && body->items[i + 1]->span.line <= last)
            last = body->items[++i]->span.end_line;
        Value piece[3] = {fixnum(done + 1), fixnum(last), bool_value(is_compound(body->items[i]))};
        list_append(t, out, object_value(tuple_from(t, piece, 3)));
        done = last;
    }
    pop_roots(t, roots);
    return object_value(out);
}

static Value statements(Thread *t, Value *args) {
    if (!is_str(args[0])) return raise_error(t, EXC_TypeError, "a text is wanted");
    Source *source = source_new("<input>", STR(args[0])->data, STR(args[0])->size);
    Arena arena = {0};
    Diagnostic error = {0};
    Node *root = parse_source(source, PARSE_FILE, &arena, &error);
    Value result = VALUE_NONE;
    if (root) result = pieces(t, &AST(Module, root)->body);
    else if (!error.incomplete) result = object_value(list_new(t, 0));
    arena_free_all(&arena);
    source_free(source);
    return result;
}

/* ---- code ---- */

static Value compile(Thread *t, Value *args) {
    if (!is_str(args[0]) || !is_str(args[1]) || !is_kind(args[2], OBJ_DICT))
        return raise_error(t, EXC_TypeError, "a text, a name and a dict are wanted");
    const Str *text = STR(args[0]);
    Function *made = module_compile(t, STR(args[1])->data, text->data, text->size, COMPILE_PROMPT,
                                    DICT(args[2]), NULL);
    return made ? object_value(made) : VALUE_ERROR;
}

static Value run(Thread *t, Value *args) {
    if (!is_kind(args[0], OBJ_FUNCTION)) return raise_error(t, EXC_TypeError, "no function");
    Function *function = FUNCTION(args[0]);
    if (function->code->flags & CODE_GENERATOR) return call_value(t, args[0], NULL, 0);
    return function_run(t, function, VALUE_UNSET) == VALUE_ERROR ? VALUE_ERROR : VALUE_NONE;
}

static Value remember(Thread *t, Value *args) {
    if (!is_str(args[0]) || !is_str(args[1])) return raise_error(t, EXC_TypeError, "not texts");
    source_remember(t->vm, STR(args[0])->data, STR(args[1])->data, STR(args[1])->size);
    return VALUE_NONE;
}

/* ---- the loop ---- */

static Value set_loop(Thread *t, Value *args) {
    LoopState *state = loop_state(t);
    heap_forget(&t->vm->heap, state->prompt_loop);
    state->prompt_loop = args[0];
    return VALUE_NONE;
}

static Value forgive(Thread *t, Value *args) {
    (void)args;
    loop_state(t)->errors = 0;
    return VALUE_NONE;
}

static Value has_buffered(Thread *t, Value *args) {
    const File *file = file_of(t, args[0]);
    return bool_value(file && file->core && file->core->in_start < file->core->in_end);
}

/* ---- events ---- */

/* Where :trace writes: above the prompt, without what the prompt itself makes the loop do. A line
 * about the loop's turns is held back until something else follows in that turn; a turn that only
 * brought a key is never seen. */
typedef struct PromptTrace {
    Guard *guard;
    Buffer held;
    bool shown; /* what came last: the wait that follows it is of interest */
} PromptTrace;

static bool follows(const char *line, const char *word) {
    line += strspn(line, " 0123456789");
    return !strncmp(line, word, strlen(word));
}

static void trace_line(PromptTrace *trace, const char *line, size_t size) {
    bool waits = follows(line, "loop waits");
    if (follows(line, "pass ") || follows(line, "loop starts")) trace->held.size = 0;
    if ((waits && !trace->shown) || follows(line, "pass ") || (follows(line, "loop ") && !waits)) {
        buffer_append(&trace->held, line, size);
        return;
    }
    if (memmem(line, size, " Editor.", 8)) {
        trace->held.size = 0;
        return;
    }
    buffer_append(&trace->held, line, size);
    guard_write_error(trace->guard, trace->held.data, trace->held.size);
    trace->held.size = 0;
    trace->shown = !waits;
}

static ssize_t write_trace(void *cookie, const char *data, size_t size) {
    const char *end = data + size;
    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        if (!newline) { /* longer than the buffer: it goes as it is */
            guard_write_error(((PromptTrace *)cookie)->guard, data, (size_t)(end - data));
            break;
        }
        trace_line(cookie, data, (size_t)(newline + 1 - data));
        data = newline + 1;
    }
    return (ssize_t)size;
}

static int close_trace(void *cookie) {
    PromptTrace *trace = cookie;
    buffer_free(&trace->held);
    free(trace);
    return 0;
}

static Value trace(Thread *t, Value *args) {
    Vm *vm = t->vm;
    if (args[0] == VALUE_FALSE) {
        probe_end(vm);
        return VALUE_NONE;
    }
    if (vm->probe) return VALUE_NONE;
    FILE *out = stderr;
    if (guard_of(t)) {
        PromptTrace *trace = memory_alloc_zeroed(sizeof *trace);
        trace->guard = guard_of(t);
        out = fopencookie(trace, "w",
                          (cookie_io_functions_t){.write = write_trace, .close = close_trace});
        if (!out) {
            free(trace);
            return raise_os_error(t, errno, VALUE_UNSET);
        }
        setvbuf(out, NULL, _IOLBF, BUFSIZ);
    }
    probe_trace_to(vm, out);
    return VALUE_NONE;
}

static const NativeDef functions[] = {
    {"statements", statements, "(text, /)",
     "The statements of text as a list of (first line, last line, is it compound?); None when more "
     "must come; an empty list when there are none or it is no program."},
    {"compile", compile, "(text, name, namespace, /)",
     "A function that runs the one statement in text, which may await."},
    {"run", run, "(function, /)", "Run it; or a coroutine, if it awaits."},
    {"remember", remember, "(name, text, /)", "Tracebacks find the lines of name in text."},
    {"set_loop", set_loop, "(loop, /)",
     "Let get_running_loop() and create_task() of this thread use loop while none runs."},
    {"forgive", forgive, "()", "Reports so far do not make the run fail."},
    {"has_buffered", has_buffered, "(file, /)", "Has the file read more than it gave?"},
    {"trace", trace, "(on, /)", "Print every event to standard error, or do not any more."},
    {0},
};

const NativeModule _prompt_native_module = {
    "_prompt_native", "What the prompt needs of the machine.", functions, NULL};
