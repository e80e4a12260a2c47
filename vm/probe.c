/* SPDX-License-Identifier: MIT */
/*
 * Listeners of the probe, and the rendering of values for them.
 *
 * Rendering is bounded and purely in C: it looks at layouts and never calls a method, so it may be
 * used in the middle of anything.
 *
 * Read next: vm/probe.def.
 */
#include "vm/probe.h"

#include <stdlib.h>

#include "vm/code.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/future.h"
#include "vm/number.h"
#include "vm/origin.h"
#include "vm/str.h"

struct Probe {
    ProbeListener *first;
    uint64_t events;
};

static const struct {
    const char *name, *text;
    enum { NOTE, ACT } kind;
} events[] = {
#define PROBE_EVENT(NAME, KIND, TEXT) {#NAME, TEXT, KIND},
#include "vm/probe.def"
#undef PROBE_EVENT
};

const char *probe_event_name(ProbeEventId id) { return events[id].name; }
bool probe_event_is_act(ProbeEventId id) { return events[id].kind == ACT; }

Value probe_actor(const Thread *t) {
    Value loop = t->running_loop;
    return loop && is_kind(loop, OBJ_LOOP) ? EVENT_LOOP(loop)->current_task : VALUE_NONE;
}

void probe_place(const Thread *t, Buffer *out) {
    const Frame *frame = frame_of_program(t->frame);
    if (!frame) frame = t->frame;
    if (!frame) return;
    const Code *code = frame_code(frame);
    buffer_printf(out, "%s:%d", code->filename->data, code_line(code, frame_pc(frame)));
}

void probe_add(Vm *vm, ProbeListener *listener) {
    if (!vm->probe) {
        vm->probe = calloc(1, sizeof *vm->probe);
        if (!vm->probe) abort();
    }
    ProbeListener **end = &vm->probe->first;
    while (*end) end = &(*end)->next;
    listener->next = NULL;
    *end = listener;
}

void probe_remove(Vm *vm, ProbeListener *listener) {
    if (!vm->probe) return;
    for (ProbeListener **at = &vm->probe->first; *at; at = &(*at)->next) {
        if (*at != listener) continue;
        *at = listener->next;
        break;
    }
    if (vm->probe->first) return;
    free(vm->probe);
    vm->probe = NULL;
}

void probe_end(Vm *vm) {
    while (vm->probe) {
        ProbeListener *listener = vm->probe->first;
        probe_remove(vm, listener);
        if (listener->on_end) listener->on_end(listener->context);
    }
}

void probe_emit(Thread *t, ProbeEventId id, Value subject, Value object) {
    struct Probe *probe = t->vm->probe;
    ProbeEvent event = {id, subject, object, ++probe->events};
    for (ProbeListener *at = probe->first; at; at = at->next) at->on_event(at->context, t, &event);
}

/* ---- rendering ---- */

static void render_text(Buffer *out, const Str *text, size_t limit) {
    Buffer whole = {0};
    str_repr_into(&whole, text);
    bool cut = whole.size > limit;
    size_t size = cut ? limit : whole.size;
    while (cut && (whole.data[size] & 0xC0) == 0x80) size--; /* the quote ends it */
    buffer_append(out, whole.data, size);
    if (cut) buffer_puts(out, "…");
    buffer_free(&whole);
}

static void render_items(Vm *vm, Buffer *out, const Value *items, size_t count, size_t limit) {
    size_t begin = out->size;
    for (size_t i = 0; i < count; i++) {
        if (i) buffer_puts(out, ", ");
        if (out->size - begin >= limit) {
            buffer_puts(out, "…");
            return;
        }
        probe_render(vm, items[i], limit / 4, out);
    }
}

static void render_exception(Vm *vm, Buffer *out, const Exception *e, size_t limit) {
    buffer_printf(out, "%s(", object_class(&e->header)->name->data);
    if (e->args) render_items(vm, out, e->args->items, e->args->size, limit);
    buffer_putc(out, ')');
}

static void render_task(Buffer *out, const Task *task) {
    if (is_fixnum(task->name)) {
        buffer_printf(out, "Task-%lld", (long long)fixnum_of(task->name));
    } else if (task->name && is_str(task->name)) {
        buffer_puts(out, STR(task->name)->data);
    } else {
        buffer_puts(out, "Task");
    }
}

static void render_object(Vm *vm, Buffer *out, Value v, size_t limit) {
    Object *o = object_of(v);
    switch (object_kind(o)) {
    case OBJ_STR: render_text(out, STR(v), limit); break;
    case OBJ_FLOAT: float_repr_into(out, float_of(v)); break;
    case OBJ_LIST:
        buffer_putc(out, '[');
        render_items(vm, out, LIST(v)->items, LIST(v)->size, limit);
        buffer_putc(out, ']');
        break;
    case OBJ_TUPLE:
        buffer_putc(out, '(');
        render_items(vm, out, TUPLE(v)->items, TUPLE(v)->size, limit);
        buffer_puts(out, TUPLE(v)->size == 1 ? ",)" : ")");
        break;
    case OBJ_TASK: render_task(out, TASK(v)); break;
    case OBJ_EXCEPTION: render_exception(vm, out, EXCEPTION(v), limit); break;
    case OBJ_FUNCTION: buffer_puts(out, STR(FUNCTION(v)->qualname)->data); break;
    case OBJ_NATIVE: buffer_puts(out, ((Native *)o)->def->name); break;
    case OBJ_METHOD: probe_render(vm, ((Method *)o)->function, limit, out); break;
    case OBJ_GENERATOR:
    case OBJ_COROUTINE:
    case OBJ_ASYNC_GENERATOR:
        buffer_printf(out, "%s()", STR(GENERATOR(v)->frame.function->qualname)->data);
        break;
    case OBJ_NATIVE_COROUTINE: buffer_printf(out, "%s()", NATIVE_COROUTINE(v)->kind->name); break;
    case OBJ_CLASS: buffer_puts(out, CLASS(v)->name->data); break;
    case OBJ_MODULE:
    case OBJ_INT: /* big: its size says enough */
    default: buffer_printf(out, "<%s>", object_class(o)->name->data);
    }
}

void probe_render(Vm *vm, Value v, size_t limit, Buffer *out) {
    if (limit < 8) limit = 8;
    switch (v) {
    case VALUE_ERROR:
    case VALUE_UNSET: buffer_puts(out, "-"); return;
    case VALUE_NONE: buffer_puts(out, "None"); return;
    case VALUE_TRUE: buffer_puts(out, "True"); return;
    case VALUE_FALSE: buffer_puts(out, "False"); return;
    case VALUE_ELLIPSIS: buffer_puts(out, "Ellipsis"); return;
    case VALUE_NOTIMPLEMENTED: buffer_puts(out, "NotImplemented"); return;
    default: break;
    }
    if (is_fixnum(v)) {
        buffer_printf(out, "%lld", (long long)fixnum_of(v));
    } else if (is_flonum(v)) {
        float_repr_into(out, flonum_of(v));
    } else if (is_object(v)) {
        render_object(vm, out, v, limit);
    }
}

void probe_event_render(Vm *vm, const ProbeEvent *event, size_t limit, Buffer *out) {
    for (const char *at = events[event->id].text; *at; at++) {
        if (*at != '%') {
            buffer_putc(out, *at);
            continue;
        }
        Value v = *++at == 'a' ? event->subject : event->object;
        bool waits = event->id == PROBE_THREAD_PARKED && v == VALUE_NONE;
        if (waits) buffer_puts(out, "time or events");
        else probe_render(vm, v, limit, out);
    }
}

/* ---- --trace ---- */

enum { SHOWN = 60 }; /* bytes of a value */

typedef struct Trace {
    ProbeListener listener;
    FILE *out;
} Trace;

/* " (Task-1, main.tul:3)" */
static void put_origin(Thread *t, Buffer *line) {
    Buffer place = {0};
    probe_place(t, &place);
    Value actor = probe_actor(t);
    if (actor != VALUE_NONE || place.size) {
        buffer_puts(line, "  (");
        if (actor != VALUE_NONE) probe_render(t->vm, actor, SHOWN, line);
        if (actor != VALUE_NONE && place.size) buffer_puts(line, ", ");
        buffer_append(line, place.data, place.size);
        buffer_putc(line, ')');
    }
    buffer_free(&place);
}

static void on_trace_event(void *context, Thread *t, const ProbeEvent *event) {
    Trace *trace = context;
    Buffer line = {0};
    buffer_printf(&line, "%6llu  ", (unsigned long long)event->number);
    probe_event_render(t->vm, event, SHOWN, &line);
    if (events[event->id].kind == ACT) put_origin(t, &line);
    buffer_putc(&line, '\n');
    fwrite(line.data, 1, line.size, trace->out);
    buffer_free(&line);
}

static void on_trace_end(void *context) {
    Trace *trace = context;
    if (trace->out == stderr || trace->out == stdout) fflush(trace->out);
    else fclose(trace->out);
    free(trace);
}

void probe_trace_to(Vm *vm, FILE *out) {
    Trace *trace = calloc(1, sizeof *trace);
    if (!trace) abort();
    trace->out = out;
    trace->listener = (ProbeListener){on_trace_event, on_trace_end, trace, NULL};
    probe_add(vm, &trace->listener);
}
