/* SPDX-License-Identifier: MIT */
/*
 * The probe: one stream of events that every tool reads.
 *
 * The VM and the loop say PROBE(t, EVENT, subject, object) where something happens. Nobody
 * listening costs one predictable branch, because vm->probe is NULL then. A listener is called at
 * once, in the thread where it happened, which holds the baton; it must not run Tulip code,
 * allocate objects or raise, so a run with listeners prints the same as one without.
 *
 * Read next: vm/probe.def (the events), vm/probe.c (listeners, the first one: --trace).
 */
#ifndef TULIP_VM_PROBE_H
#define TULIP_VM_PROBE_H

#include <stdio.h>

#include "vm/thread.h"

typedef enum ProbeEventId {
#define PROBE_EVENT(NAME, KIND, TEXT) PROBE_##NAME,
#include "vm/probe.def"
#undef PROBE_EVENT
    PROBE_EVENT_COUNT
} ProbeEventId;

typedef struct ProbeEvent {
    ProbeEventId id;
    Value subject, object; /* VALUE_UNSET when the event has none */
    uint64_t number;       /* 1, 2, 3 … over the whole run */
} ProbeEvent;

typedef struct ProbeListener {
    void (*on_event)(void *context, Thread *t, const ProbeEvent *event);
    void (*on_end)(void *context); /* the VM ends; may be NULL */
    void *context;
    struct ProbeListener *next; /* the probe's own */
} ProbeListener;

/* From now on [listener] hears every event. It must live until probe_remove or the end of
 * the VM. */
void probe_add(Vm *vm, ProbeListener *listener);
void probe_remove(Vm *vm, ProbeListener *listener);
/* Remove all listeners, telling them that it ends. */
void probe_end(Vm *vm);
void probe_emit(Thread *t, ProbeEventId id, Value subject, Value object);

/* The listener behind --trace: a line per event to [out], which is closed at the end unless it is
 * a standard stream. */
void probe_trace_to(Vm *vm, FILE *out);
/* The name of an event. */
const char *probe_event_name(ProbeEventId id);
/* Is the event something that the program does? Then who and where is worth showing. */
bool probe_event_is_act(ProbeEventId id);
/* Who does what happens now: the running task, or VALUE_NONE: code outside tasks. */
Value probe_actor(const Thread *t);
/* Where: "file:line" of the innermost running function that is the program's own and not the
 * library's; nothing when there is none. */
void probe_place(const Thread *t, Buffer *out);
/* A value in at most about [limit] bytes: built-in types as repr shows them, others as <Class>.
 * Runs no Tulip code. */
void probe_render(Vm *vm, Value v, size_t limit, Buffer *out);
/* The text of an event, with what it is about. */
void probe_event_render(Vm *vm, const ProbeEvent *event, size_t limit, Buffer *out);

#define PROBE(t, EVENT, subject, object)                                                           \
    do {                                                                                           \
        if (UNLIKELY((t)->vm->probe != NULL)) probe_emit(t, PROBE_##EVENT, subject, object);       \
    } while (0)

#endif
