/* SPDX-License-Identifier: MIT */
/*
 * `tulip trace --instructions`: a line for each instruction of the program's own code, with the
 * registers that it changed.
 *
 * What an instruction changed is known when the next one begins, so a line is written then: the
 * registers are compared with a copy taken before. An instruction after which another
 * function of the program runs, a call or a return, shows none.
 *
 * Invariant: the copies are only compared, never looked into, so they need no roots.
 *
 * Read next: vm/execute_narrow_told.c, cli/trace.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/timeline.h"
#include "common/memory.h"
#include "vm/code.h"
#include "vm/frame.h"
#include "vm/str.h"

enum { SHOWN = 60 };

/* The instruction under way: its line is not written yet. */
typedef struct Pending {
    const Thread *thread; /* NULL: there is none */
    const Frame *frame;
    Code *code;
    uint32_t pc;
    Value *before; /* the registers, [room] of them */
    size_t room;
} Pending;

typedef struct Instructions {
    ProbeListener listener; /* for the end */
    Vm *vm;
    const Options *options;
    FILE *out;
    Pending pending;
} Instructions;

static bool is_wanted(const Options *o, Thread *t, const Frame *f, uint32_t pc) {
    const Code *code = frame_code(f);
    if (o->function && !trace_matches(o->function, code->qualname->data)) return false;
    if (!o->function && code_is_library(code)) return false;
    if (o->kind && !trace_matches(o->kind, opcode_info[code_decode(code, pc).op].name))
        return false;
    if (!o->task) return true;
    Buffer actor = {0};
    probe_render(t->vm, probe_actor(t), SHOWN, &actor);
    buffer_putc(&actor, '\0');
    bool found = trace_matches(o->task, actor.data);
    buffer_free(&actor);
    return found;
}

static void put_name(Buffer *out, const Code *code, uint32_t r) {
    const Str *name = r < code->nregister_names ? code->register_names[r] : NULL;
    if (name) buffer_puts(out, name->data);
    else buffer_printf(out, "t%u", r);
}

/* "name = value" or, in JSON, "name":"value" for each register that changed. */
static void put_changes(const Instructions *x, Thread *t, const Frame *f, Buffer *out) {
    const Pending *p = &x->pending;
    bool json = x->options->form == FORM_JSON, any = false;
    for (uint32_t r = 0; r < p->code->nregisters; r++) {
        if (f->registers[r] == p->before[r]) continue;
        Buffer name = {0}, value = {0};
        put_name(&name, p->code, r);
        probe_render(t->vm, f->registers[r], SHOWN, &value);
        buffer_putc(&name, '\0');
        buffer_putc(&value, '\0');
        if (any) buffer_puts(out, json ? "," : "  ");
        if (json) {
            json_put_text(out, name.data);
            buffer_putc(out, ':');
            json_put_text(out, value.data);
        } else {
            buffer_printf(out, "%s = %s", name.data, value.data);
        }
        any = true;
        buffer_free(&name);
        buffer_free(&value);
    }
}

static void put_line(const Instructions *x, const Buffer *changes, Buffer *line) {
    const Pending *p = &x->pending;
    const char *op = opcode_info[code_decode(p->code, p->pc).op].name;
    const char *file = timeline_file(p->code->filename->data);
    int at = code_line(p->code, p->pc);
    if (x->options->form == FORM_JSON) {
        buffer_puts(line, "{\"file\":");
        json_put_text(line, file);
        buffer_printf(line, ",\"line\":%d,\"function\":", at);
        json_put_text(line, p->code->qualname->data);
        buffer_printf(line, ",\"pc\":%u,\"instruction\":\"%s\",\"set\":{%.*s}}\n", p->pc, op,
                      (int)changes->size, changes->size ? changes->data : "");
    } else {
        buffer_printf(line, "%s:%-4d %-20s %4u  %-22s", file, at, p->code->qualname->data, p->pc,
                      op);
        buffer_append(line, changes->data, changes->size);
        while (line->data[line->size - 1] == ' ') line->size--;
        buffer_putc(line, '\n');
    }
}

/* Writes the pending line; [f], unless NULL, is where its thread goes on. */
static void flush(Instructions *x, Thread *t, const Frame *f) {
    if (!x->pending.thread) return;
    Pending *p = &x->pending;
    bool same = f == p->frame && t == p->thread && frame_code(f) == p->code &&
                code_decode(p->code, p->pc).op != OP_RETURN;
    Buffer changes = {0}, line = {0};
    if (same) put_changes(x, t, f, &changes);
    put_line(x, &changes, &line);
    fwrite(line.data, 1, line.size, x->out);
    buffer_free(&changes);
    buffer_free(&line);
    x->pending.thread = NULL;
}

static void on_instruction(Thread *t, Frame *f, uint32_t pc) {
    Instructions *x = t->vm->instruction_context;
    if (!x) return;
    Pending *p = &x->pending;
    bool wanted = is_wanted(x->options, t, f, pc);
    if (wanted || (t == p->thread && f == p->frame)) flush(x, t, f);
    if (!wanted) return;
    size_t count = frame_code(f)->nregisters;
    if (count > p->room) {
        p->room = count * 2;
        p->before = memory_realloc(p->before, p->room * sizeof *p->before);
    }
    memcpy(p->before, f->registers, count * sizeof *p->before);
    p->thread = t;
    p->frame = f;
    p->code = frame_code(f);
    p->pc = pc;
}

static void on_event(void *context, Thread *t, const ProbeEvent *e) {
    (void)context, (void)t, (void)e;
}

static void on_end(void *context) {
    Instructions *x = context;
    flush(x, NULL, NULL);
    if (x->out == stderr || x->out == stdout) fflush(x->out);
    else fclose(x->out);
    free(x->pending.before);
    x->vm->instruction_context = NULL;
    free(x);
}

void trace_instructions(Vm *vm, const Options *o, FILE *out) {
    Instructions *x = memory_alloc_zeroed(sizeof *x);
    x->vm = vm;
    x->options = o;
    x->out = out;
    x->listener = (ProbeListener){on_event, on_end, x, NULL};
    vm->instruction_context = x;
    vm->on_instruction = on_instruction;
    probe_add(vm, &x->listener);
}
