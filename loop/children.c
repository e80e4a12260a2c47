/* SPDX-License-Identifier: MIT */
/*
 * Child processes, as reports show them: number, command, and the line that started each.
 *
 * subprocess, asyncio and multiprocessing start theirs through one function, which notes them here;
 * whoever collects a child's status takes it out again. The notes are text, so the collector has
 * nothing to do with them.
 *
 * Read next: loop/jobs.c (jobs of pools of processes), stdlib/process_native.c.
 */
#include <stdlib.h>

#include "common/memory.h"
#include "loop/tree.h"
#include "vm/bytes.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/place.h"
#include "vm/probe.h"

enum { COMMAND_SHOWN = 60, CHILDREN_SHOWN = 20 };

struct Child {
    int64_t pid;
    Buffer command, place; /* "sleep 1"; "main.tul:3", empty: unknown */
    Child *next;           /* started earlier */
};

/* The words of the command, cut; a child that multiprocessing starts says only that. */
static void put_command(Value argv, Buffer *out) {
    size_t count = is_kind(argv, OBJ_TUPLE) ? TUPLE(argv)->size : 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_kind(TUPLE(argv)->items[i], OBJ_BYTES)) continue;
        const Bytes *word = BYTES(TUPLE(argv)->items[i]);
        if (!strcmp((const char *)word->data, "--multiprocessing-fork")) {
            out->size = 0;
            buffer_puts(out, "a process of multiprocessing");
            return;
        }
        if (out->size < COMMAND_SHOWN) buffer_printf(out, "%s%s", i ? " " : "", word->data);
    }
    if (out->size <= COMMAND_SHOWN) return;
    out->size = COMMAND_SHOWN;
    while (out->size && ((unsigned char)out->data[out->size] & 0xC0) == 0x80) out->size--;
    buffer_puts(out, "…");
}

void children_started(Thread *t, int64_t pid, Value argv) {
    LoopState *state = loop_state(t);
    Child *child = memory_alloc(sizeof *child);
    *child = (Child){.pid = pid, .next = state->children};
    put_command(argv, &child->command);
    Place place = place_in_program(t);
    if (place.code && !code_is_library(place.code))
        buffer_printf(&child->place, "%s:%d", place.code->filename->data,
                      code_line(place.code, place.pc));
    state->children = child;
}

static void child_free(Child *child) {
    buffer_free(&child->command);
    buffer_free(&child->place);
    free(child);
}

void children_ended(LoopState *state, int64_t pid) {
    for (Child **at = &state->children; *at; at = &(*at)->next) {
        Child *child = *at;
        if (child->pid != pid) continue;
        *at = child->next;
        child_free(child);
        return;
    }
}

void children_release(LoopState *state) {
    while (state->children) children_ended(state, state->children->pid);
}

void put_child(Thread *t, Value pid, Buffer *out) {
    if (!is_fixnum(pid)) return;
    buffer_printf(out, "process %lld", (long long)fixnum_of(pid));
    for (const Child *child = loop_state(t)->children; child; child = child->next) {
        if (child->pid == fixnum_of(pid) && child->command.size)
            buffer_printf(out, " (%s)", child->command.data);
    }
}

static void put_line(Thread *t, const Child *child, Buffer *out) {
    buffer_printf(out, "\nprocess %lld: ", (long long)child->pid);
    if (!put_job_of_process(t, child->pid, out)) buffer_puts(out, child->command.data);
    if (child->place.size) buffer_printf(out, ", started at %s", child->place.data);
}

/* The oldest first. */
void tree_put_children(Thread *t, Buffer *out) {
    const Child *child = loop_state(t)->children, *line[CHILDREN_SHOWN];
    int count = 0;
    for (; child && count < CHILDREN_SHOWN; child = child->next) line[count++] = child;
    if (child) buffer_puts(out, "\n… and older processes");
    while (count) put_line(t, line[--count], out);
}
