/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a pickle: numbers, frames, and the memo.
 *
 * From protocol 4 on the instructions are in frames, so that a reader may read ahead: an opcode,
 * the size in eight bytes, the instructions. A frame is closed once it has 64 KiB; one of fewer
 * than four bytes loses its head. Payloads of 64 KiB and more stand between frames.
 *
 * Read next: stdlib/pickle_save.c.
 */
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "stdlib/pickle_native.h"
#include "vm/container.h"

enum { FRAME_TARGET = 64 * 1024, FRAME_LEAST = 4, FRAME_HEAD = 9 };

/* ---- bytes and frames ---- */

void pickle_open_frame(Pickler *p) {
    if (p->protocol < 4 || p->frame != SIZE_MAX) return;
    buffer_reserve(&p->out, FRAME_HEAD);
    p->frame = p->out.size;
    p->out.size += FRAME_HEAD;
}

void pickle_close_frame(Pickler *p) {
    if (p->frame == SIZE_MAX) return;
    uint8_t *head = (uint8_t *)p->out.data + p->frame;
    size_t size = p->out.size - p->frame - FRAME_HEAD;
    if (size >= FRAME_LEAST) {
        head[0] = PICKLE_FRAME;
        for (int i = 0; i < 8; i++) head[1 + i] = (uint8_t)((uint64_t)size >> (8 * i));
    } else {
        memmove(head, head + FRAME_HEAD, size);
        p->out.size -= FRAME_HEAD;
    }
    p->frame = SIZE_MAX;
}

/* Called where an instruction may begin. */
static void before_instruction(Pickler *p) {
    if (p->protocol < 4) return;
    if (p->frame != SIZE_MAX && p->out.size - p->frame - FRAME_HEAD >= FRAME_TARGET)
        pickle_close_frame(p);
    pickle_open_frame(p);
}

void pickle_put(Pickler *p, PickleOp op) {
    before_instruction(p);
    buffer_putc(&p->out, (char)op);
}

void pickle_put_bytes(Pickler *p, const void *data, size_t size) {
    buffer_append(&p->out, data, size);
}

void pickle_put_number(Pickler *p, uint64_t number, int count) {
    char *bytes = buffer_reserve(&p->out, (size_t)count);
    for (int i = 0; i < count; i++) bytes[i] = (char)(number >> (8 * i));
    p->out.size += (size_t)count;
}

void pickle_put_payload(Pickler *p, const uint8_t *head, size_t head_size, const void *data,
                        size_t size) {
    bool outside = p->protocol >= 4 && size >= FRAME_TARGET;
    if (outside) pickle_close_frame(p);
    else before_instruction(p);
    buffer_append(&p->out, head, head_size);
    buffer_append(&p->out, data, size);
}

/* ---- the memo ---- */

static uint32_t memo_slot(const Pickler *p, Value v) {
    uint32_t at = (uint32_t)((v >> 3) * 0x9e3779b97f4a7c15u >> 32) & p->memo_mask;
    while (p->memo[at].v && p->memo[at].v != v) at = (at + 1) & p->memo_mask;
    return at;
}

static void memo_grow(Pickler *p) {
    MemoEntry *old = p->memo;
    uint32_t size = old ? (p->memo_mask + 1) * 4 : 64, old_size = old ? p->memo_mask + 1 : 0;
    p->memo = calloc(size, sizeof *p->memo);
    if (!p->memo) memory_exhausted(size * sizeof *p->memo);
    p->memo_mask = size - 1;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i].v) p->memo[memo_slot(p, old[i].v)] = old[i];
    }
    free(old);
}

int64_t pickle_memo_find(const Pickler *p, Value v) {
    if (!p->memo) return -1;
    const MemoEntry *entry = &p->memo[memo_slot(p, v)];
    return entry->v ? (int64_t)entry->index : -1;
}

void pickle_memo_add(Thread *t, Pickler *p, Value v, uint32_t index) {
    if (p->memo_used * 3 >= (p->memo ? p->memo_mask + 1 : 0) * 2) memo_grow(p);
    MemoEntry *entry = &p->memo[memo_slot(p, v)];
    if (!entry->v) {
        p->memo_used++;
        if (!list_append(t, LIST(p->kept), v)) return;
    }
    *entry = (MemoEntry){v, index};
}

void pickle_memo_clear(Thread *t, Pickler *p) {
    free(p->memo);
    p->memo = NULL;
    p->memo_used = p->memo_mask = 0;
    heap_set(&t->vm->heap, &p->kept, object_value(list_new(t, 0)));
}

void pickle_put_get(Pickler *p, uint32_t index) {
    if (!p->binary) {
        pickle_put(p, PICKLE_GET);
        buffer_printf(&p->out, "%u\n", index);
    } else if (index < 256) {
        pickle_put(p, PICKLE_BINGET);
        pickle_put_number(p, index, 1);
    } else {
        pickle_put(p, PICKLE_LONG_BINGET);
        pickle_put_number(p, index, 4);
    }
}

void pickle_memoize(Thread *t, Pickler *p, Value v) {
    if (p->fast) return;
    uint32_t index = p->memo_used;
    pickle_memo_add(t, p, v, index);
    if (p->protocol >= 4) {
        pickle_put(p, PICKLE_MEMOIZE);
    } else if (!p->binary) {
        pickle_put(p, PICKLE_PUT);
        buffer_printf(&p->out, "%u\n", index);
    } else if (index < 256) {
        pickle_put(p, PICKLE_BINPUT);
        pickle_put_number(p, index, 1);
    } else {
        pickle_put(p, PICKLE_LONG_BINPUT);
        pickle_put_number(p, index, 4);
    }
}
