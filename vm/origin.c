/* SPDX-License-Identifier: MIT */
/*
 * Noting who runs where, and saying it later.
 *
 * Read next: vm/origin.h.
 */
#include "vm/origin.h"

#include "vm/code.h"
#include "vm/future.h"
#include "vm/str.h"

/* The level that called (or delegates to) [frame]; NULL at the bottom. The leaf of an activation
 * knows its [*root] and who resumed that. */
static Frame *outer(Frame *frame, const Generator **root, Frame **resumer) {
    const Generator *g = frame->generator;
    if (!g) return frame->caller;
    if (g->active_root) {
        *root = g->active_root;
        *resumer = frame->caller;
    }
    if (g == *root || !g->parent) return *resumer;
    return &g->parent->frame;
}

Frame *frame_of_program(Frame *f) {
    if (LIKELY(f && !code_is_library(frame_code(f)))) return f;
    const Generator *root = NULL;
    Frame *resumer = NULL;
    for (; f; f = outer(f, &root, &resumer)) {
        if (!code_is_library(frame_code(f))) return f;
    }
    return NULL;
}

void origin_note(Thread *t, Origin *origin) {
    Heap *heap = &t->vm->heap;
    Value loop = t->running_loop;
    Value task = loop && is_kind(loop, OBJ_LOOP) ? EVENT_LOOP(loop)->current_task : VALUE_NONE;
    heap_set(heap, &origin->by, is_kind(task, OBJ_TASK) ? TASK(task)->name : VALUE_NONE);
    const Frame *frame = frame_of_program(t->frame);
    heap_set(heap, &origin->code, frame ? object_value(frame_code(frame)) : VALUE_NONE);
    origin->pc = frame ? frame_pc(frame) : 0;
}

void origin_trace(Heap *heap, const Origin *origin) {
    heap_shade(heap, origin->by);
    heap_shade(heap, origin->code);
}

bool origin_place(const Origin *origin, Buffer *out) {
    if (!is_kind(origin->code, OBJ_CODE)) return false;
    const Code *code = (const Code *)object_of(origin->code);
    buffer_printf(out, "%s:%d", code->filename->data, code_line(code, origin->pc));
    return true;
}

void origin_actor(const Origin *origin, Buffer *out) {
    if (is_fixnum(origin->by)) buffer_printf(out, " by Task-%lld", (long long)fixnum_of(origin->by));
    else if (is_str(origin->by)) buffer_printf(out, " by %s", STR(origin->by)->data);
}
