/* SPDX-License-Identifier: MIT */
/*
 * Other orders, on demand: with --seed N, tasks that are ready in the same pass run in an order
 * that N decides, and so do threads (vm/baton.c). A race between tasks that the usual order hides
 * shows under some seed, and shows again under the same one.
 *
 * Callbacks keep their places: call_soon promises first in, first out. Only tasks change places
 * with each other, because no program may rely on who of two woken tasks runs first.
 *
 * The same seed gives the same run as long as nothing takes part that the program does not decide.
 * Whoever lets something in sets a bit in vm->outside; the end of the run names it.
 *
 * Read next: loop/run.c, vm/draw.h.
 */
#include "loop/report.h"

#include "common/memory.h"
#include "vm/draw.h"

void loop_seed(Thread *t, uint64_t seed) {
    t->vm->seeded = true;
    t->vm->random = ~seed; /* not the sequence of the baton */
    baton_seed(t->vm, seed);
}

void loop_shuffle(Loop *loop) {
    ReadyQueue *ready = &loop->ready;
    size_t *tasks = malloc((ready->count + 1) * sizeof *tasks), count = 0;
    if (!tasks) memory_exhausted(ready->count * sizeof *tasks);
    for (size_t i = 0; i < ready->count; i++) {
        if (is_kind(ready_at(ready, i)->what, OBJ_TASK)) tasks[count++] = i;
    }
    for (size_t left = count; left > 1; left--) {
        size_t drawn = draw_next(&loop->state->vm->random) % left;
        ReadyEntry *a = ready_at(ready, tasks[drawn]), *b = ready_at(ready, tasks[left - 1]);
        ReadyEntry kept = *a;
        *a = *b;
        *b = kept;
    }
    free(tasks);
}

void report_outside(Thread *t) {
    static const char *const names[] = {"connections to others", "other processes",
                                        "random numbers of the system", "standard input"};
    Vm *vm = t->vm;
    Buffer out = {0};
    if (!vm->seeded || !vm->outside || !report_begin(t, REPORT_NOT_REPEATABLE, &out)) return;
    buffer_puts(&out, "the seed does not decide what comes from outside the program: ");
    const char *separator = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(vm->outside & (1u << i))) continue;
        buffer_printf(&out, "%s%s", separator, names[i]);
        separator = ", ";
    }
    buffer_puts(&out, "\n  fix: leave that out, or do not expect the same run again\n");
    report_end(t, REPORT_NOT_REPEATABLE, &out);
}
