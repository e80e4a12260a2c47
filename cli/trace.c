/* SPDX-License-Identifier: MIT */
/*
 * `tulip trace`: the events of the probe as lines, for eyes or, with --json, for tools.
 *
 *     time  who              what happens                        where
 *
 * Filters are parts of names: --kind of the event ("TASK"), --task of who does it or whom it
 * concerns, --function of the program's function that runs.
 *
 * As every listener, it runs no Tulip code.
 *
 * Read next: vm/probe.h.
 */
#include "cli/trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/timeline.h"
#include "common/memory.h"
#include "loop/tree.h"
#include "vm/clock.h"
#include "vm/code.h"
#include "vm/frame.h"
#include "vm/probe.h"
#include "vm/str.h"

enum { SHOWN = 80, WHO = 16 };

typedef struct Trace {
    ProbeListener listener;
    Vm *vm;
    const Options *options;
    FILE *out;
    int64_t start;
} Trace;

/* ---- who and where ---- */

static void put_actor(Thread *t, Buffer *out) {
    Value task = probe_actor(t);
    if (task != VALUE_NONE) probe_render(t->vm, task, SHOWN, out);
    else if (t == t->vm->main_thread) buffer_puts(out, "main");
    else thread_name_into(t, t, out);
}

static const char *function_name(Thread *t) {
    const Frame *frame = frame_of_program(t->frame);
    Value name = frame ? frame->function->qualname : VALUE_NONE;
    return is_kind(name, OBJ_STR) ? STR(name)->data : "";
}

static void put_place(Thread *t, Buffer *out) {
    Buffer place = {0};
    probe_place(t, &place);
    if (place.size) {
        buffer_putc(&place, '\0');
        buffer_puts(out, timeline_file(place.data));
    }
    buffer_free(&place);
}

/* Does [text] contain the first [size] bytes of [word]? */
static bool contains(const char *text, const char *word, size_t size) {
    for (; size; text++) {
        if (!strncasecmp(text, word, size)) return true;
        if (!*text) return false;
    }
    return false;
}

bool trace_matches(const char *filter, const char *text) {
    for (size_t size; *filter; filter += size + (filter[size] == ',')) {
        size = strcspn(filter, ",");
        if (contains(text, filter, size)) return true;
    }
    return false;
}

static bool has(const Buffer *text, const char *filter) {
    return text->size && trace_matches(filter, text->data);
}

/* Does a value, in words, pass [filter]? */
static bool names(Vm *vm, Value v, const char *filter) {
    Buffer out = {0};
    if (is_kind(v, OBJ_TASK)) probe_render(vm, v, SHOWN, &out);
    if (out.size) buffer_putc(&out, '\0');
    bool found = has(&out, filter);
    buffer_free(&out);
    return found;
}

static bool is_wanted(const Trace *trace, Thread *t, const ProbeEvent *e, const Buffer *actor) {
    const Options *o = trace->options;
    if (o->kind && !trace_matches(o->kind, probe_event_name(e->id))) return false;
    if (o->function && !trace_matches(o->function, function_name(t))) return false;
    if (!o->task) return true;
    return has(actor, o->task) || names(t->vm, e->subject, o->task) ||
           names(t->vm, e->object, o->task);
}

/* ---- lines ---- */

static void put_field(Buffer *line, const char *key, Buffer *value) {
    buffer_printf(line, ",\"%s\":", key);
    buffer_putc(value, '\0');
    json_put_text(line, value->data);
}

static void put_line(const Trace *trace, Thread *t, const ProbeEvent *e, Buffer *actor,
                     Buffer *line) {
    int64_t ns = clock_monotonic(&trace->vm->clock) - trace->start;
    Buffer place = {0}, text = {0};
    if (probe_event_is_act(e->id)) put_place(t, &place);
    probe_event_render(t->vm, e, SHOWN, &text);
    if (trace->options->form == FORM_JSON) {
        buffer_printf(line, "{\"number\":%llu,\"ns\":%lld,\"event\":\"%s\",\"thread\":%llu",
                      (unsigned long long)e->number, (long long)ns, probe_event_name(e->id),
                      (unsigned long long)t->number);
        put_field(line, "who", actor);
        put_field(line, "text", &text);
        if (place.size) put_field(line, "where", &place);
        buffer_puts(line, "}\n");
    } else {
        buffer_printf(line, "%12.6f  %-*.*s %.*s", (double)ns / 1e9, WHO, (int)actor->size,
                      actor->data, (int)text.size, text.data);
        if (place.size) buffer_printf(line, "  (%.*s)", (int)place.size, place.data);
        buffer_putc(line, '\n');
    }
    buffer_free(&place);
    buffer_free(&text);
}

static void on_event(void *context, Thread *t, const ProbeEvent *e) {
    Trace *trace = context;
    Buffer actor = {0}, line = {0};
    put_actor(t, &actor);
    buffer_putc(&actor, '\0');
    actor.size--;
    if (is_wanted(trace, t, e, &actor)) put_line(trace, t, e, &actor, &line);
    if (line.size) fwrite(line.data, 1, line.size, trace->out);
    buffer_free(&line);
    buffer_free(&actor);
}

/* ---- beginning and end ---- */

static void on_end(void *context) {
    Trace *trace = context;
    bool standard = trace->out == stderr || trace->out == stdout;
    if (standard ? fflush(trace->out) : fclose(trace->out))
        fprintf(stderr, "tulip: trace: %s\n", strerror(errno));
    free(trace);
}

/* Is there an event, or an instruction, that --kind lets through? */
static bool kind_exists(const Options *o) {
    int count = o->instructions ? (int)OP_COUNT : (int)PROBE_EVENT_COUNT;
    for (int i = 0; i < count; i++) {
        const char *name =
            o->instructions ? opcode_info[i].name : probe_event_name((ProbeEventId)i);
        if (trace_matches(o->kind, name)) return true;
    }
    fprintf(stderr, "tulip: trace: no %s has '%s' in its name (%s lists them)\n",
            o->instructions ? "instruction" : "event", o->kind,
            o->instructions ? "docs/bytecode.md" : "docs/probe.md");
    return false;
}

bool trace_start(Vm *vm, const Options *o) {
    if (o->kind && !kind_exists(o)) return false;
    FILE *out = !o->output ? stderr : !strcmp(o->output, "-") ? stdout : fopen(o->output, "we");
    if (!out) {
        fprintf(stderr, "tulip: trace: %s: %s\n", o->output, strerror(errno));
        return false;
    }
    if (o->instructions) {
        trace_instructions(vm, o, out);
        return true;
    }
    Trace *trace = memory_alloc_zeroed(sizeof *trace);
    trace->vm = vm;
    trace->options = o;
    trace->out = out;
    trace->start = clock_monotonic(&vm->clock);
    trace->listener = (ProbeListener){on_event, on_end, trace, NULL};
    probe_add(vm, &trace->listener);
    return true;
}
