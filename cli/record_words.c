/* SPDX-License-Identifier: MIT */
/*
 * The words of a recording: values, events, what somebody waits for, and chains: where a task or a
 * thread stands, a line for each level, "name TAB file TAB line", the outermost one first.
 *
 * As everything a listener does, this runs no Tulip code.
 *
 * Read next: loop/waits.c (what somebody waits for).
 */
#include <string.h>

#include "cli/record.h"
#include "loop/tree.h"
#include "vm/code.h"
#include "vm/frame.h"
#include "vm/generator.h"
#include "vm/str.h"

enum {
    SHOWN = 80,   /* bytes of a value */
    LEVELS = 16,  /* of a chain */
    WALKED = 300, /* levels of a chain that are looked at */
};

uint32_t words(Record *r, const char *text) { return text_number(r, text, strlen(text)); }

uint32_t words_value(Record *r, const char *before, Value v) {
    Buffer out = {0};
    buffer_puts(&out, before);
    probe_render(r->vm, v, SHOWN, &out);
    return text_take(r, &out);
}

uint32_t words_event(Record *r, Thread *t, const ProbeEvent *e, bool placed) {
    Buffer out = {0};
    probe_event_render(r->vm, e, SHOWN, &out);
    if (placed) {
        buffer_puts(&out, "\t");
        probe_place(t, &out);
    }
    return text_take(r, &out);
}

static void put_level(Buffer *out, const char *name, const Frame *frame) {
    if (out->size) buffer_putc(out, '\n');
    const Code *code = frame ? frame_code(frame) : NULL;
    buffer_printf(out, "%s\t%s\t%d", name, code ? code->filename->data : "",
                  code ? code_line(code, frame_pc(frame)) : 0);
}

uint32_t words_wait(Record *r, Wait *wait) {
    Buffer out = {0};
    buffer_append(&out, wait->text.data, wait->text.size);
    buffer_append(&out, wait->detail.data, wait->detail.size);
    wait_free(wait);
    return text_take(r, &out);
}

/* Where a suspended task stands, the outermost level first; of a long chain both ends. Gives the
 * number of levels, at most WALKED. */
static int put_chain(Buffer *out, const Task *task) {
    const Generator *levels[WALKED];
    int count = 0;
    Value at = task->coroutine;
    while (count < WALKED && is_generator_kind(at) && GENERATOR(at)->state != GEN_CLOSED) {
        levels[count++] = GENERATOR(at);
        at = generator_awaiting(GENERATOR(at));
    }
    for (int n = 0; n < count; n++) {
        if (count > LEVELS && n == LEVELS / 2) {
            buffer_printf(out, "\n… %d levels", count - LEVELS);
            n = count - LEVELS / 2;
        }
        const Frame *frame = &levels[n]->frame;
        put_level(out, STR(frame->function->qualname)->data, frame);
    }
    if (is_native_coroutine(at)) put_level(out, NATIVE_COROUTINE(at)->kind->qualname, NULL);
    return count;
}

uint32_t words_task_chain(Record *r, const Task *task) {
    Buffer out = {0};
    put_chain(&out, task);
    return text_take(r, &out);
}

uint32_t words_task_wait(Record *r, Thread *t, Task *task, Value awaited, uint32_t *kind) {
    Buffer chain = {0};
    bool long_chain = put_chain(&chain, task) == WALKED;
    buffer_free(&chain);
    if (long_chain) {
        *kind = words(r, "future");
        return words_value(r, "", awaited);
    }
    Wait wait;
    wait_of_task(t, task, &wait);
    *kind = words(r, wait.kind);
    return words_wait(r, &wait);
}

uint32_t words_thread_chain(Record *r, const Thread *t) {
    const Frame *frames[LEVELS];
    int count = 0;
    for (const Frame *f = t->frame; f && count < LEVELS; f = f->caller) frames[count++] = f;
    Buffer out = {0};
    while (count--) {
        Value name = frames[count]->function->qualname;
        put_level(&out, is_str(name) ? STR(name)->data : "", frames[count]);
    }
    return text_take(r, &out);
}
