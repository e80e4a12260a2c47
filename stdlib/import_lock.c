/* SPDX-License-Identifier: MIT */
/*
 * Imports in several threads: who meets a module whose code another thread is still running waits
 * until it is complete.
 *
 * Each import under way is an entry on the C stack of the thread that runs it. Two threads that
 * import in a circle would wait for each other for ever; the one that notices goes on with the
 * half-made module, as a circle within one thread does.
 *
 * Read next: stdlib/import.c.
 */
#include "stdlib/import.h"

/* A thread that waits for the end of an import. */
struct ImportWaiter {
    const Thread *thread;
    const Importing *entry;
    ImportWaiter *next;
};

void import_begin(Thread *t, Importing *entry, Value module) {
    Stdlib *lib = stdlib_of(t);
    *entry = (Importing){.module = module, .thread = t, .next = lib->importing};
    lib->importing = entry;
}

void import_end(Thread *t, Importing *entry) {
    Importing **link = &stdlib_of(t)->importing;
    while (*link != entry) link = &(*link)->next;
    *link = entry->next;
    wait_queue_wake(&entry->queue, INT64_MAX);
}

static const Importing *awaited_by(const Stdlib *lib, const Thread *thread) {
    for (const ImportWaiter *waiter = lib->import_waiters; waiter; waiter = waiter->next) {
        if (waiter->thread == thread) return waiter->entry;
    }
    return NULL;
}

/* Does the thread of [entry] wait, perhaps by way of others, for one of t's? */
static bool is_circle(const Thread *t, const Importing *entry) {
    for (; entry; entry = awaited_by(stdlib_of(t), entry->thread)) {
        if (entry->thread == t) return true;
    }
    return false;
}

static bool wait_for(Thread *t, Importing *entry) {
    Stdlib *lib = stdlib_of(t);
    ImportWaiter self = {t, entry, lib->import_waiters};
    lib->import_waiters = &self;
    Waiter waiter;
    wait_queue_join(&entry->queue, &waiter, t, false);
    int result = wait_queue_wait(t, &entry->queue, &waiter, CLOCK_NEVER, entry->module);
    ImportWaiter **link = &lib->import_waiters;
    while (*link != &self) link = &(*link)->next;
    *link = self.next;
    return result > 0;
}

int import_wait(Thread *t, Value module) {
    Importing *entry = stdlib_of(t)->importing;
    while (entry && entry->module != module) entry = entry->next;
    if (!entry || is_circle(t, entry)) return 0;
    return wait_for(t, entry) ? 1 : -1;
}
