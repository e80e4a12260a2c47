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
    if (is_fixnum(origin->by))
        buffer_printf(out, " by Task-%lld", (long long)fixnum_of(origin->by));
    else if (is_str(origin->by)) buffer_printf(out, " by %s", STR(origin->by)->data);
}
