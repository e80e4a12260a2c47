/* SPDX-License-Identifier: MIT */
/*
 * The recording behind `tulip timeline`: what ran, was ready or waited, and since when.
 *
 * A listener of the probe (cli/record_events.c) keeps a *lane* for every thread, loop, task and
 * child process, and appends *spans* to them: at any moment a lane is in one span. *Arrows* lead
 * from who acted to whom it concerned; *marks* are moments. All texts are numbers into one table,
 * so that a million steps of the same loop keep one copy of each. Nothing is written before the
 * program has ended.
 *
 * Times are nanoseconds of the program's own clock since its start, which under virtual time stands
 * still while code runs; therefore a span also carries the numbers of the events it lies between.
 *
 * Invariants: the spans of a lane follow each other without overlap, except SPAN_JOB and
 * SPAN_BLOCKING, which lie over others; text 0 is the empty one; after [limit] events nothing more
 * is recorded and [dropped] counts.
 *
 * Read next: cli/record_events.c, cli/timeline_data.c.
 */
#ifndef TULIP_CLI_RECORD_H
#define TULIP_CLI_RECORD_H

#include "common/buffer.h"
#include "loop/tree.h"
#include "vm/future.h"
#include "vm/probe.h"

typedef enum LaneKind { LANE_THREAD, LANE_LOOP, LANE_TASK, LANE_PROCESS } LaneKind;

typedef enum SpanKind {
    SPAN_RUN,      /* it executes */
    SPAN_READY,    /* it could, and is not at its turn */
    SPAN_PARKED,   /* it waits for something */
    SPAN_OUTSIDE,  /* a thread in a system call */
    SPAN_PASS,     /* a loop: one pass */
    SPAN_IDLE,     /* a loop: it waits for a timer or the outside */
    SPAN_JOB,      /* over others: a thread does a job of an executor */
    SPAN_BLOCKING, /* over others: somebody held the loop while it should have gone on */
    SPAN_MANY,     /* on a page: stands for many that are too short to see; given: its Summary */
    SPAN_KINDS,
} SpanKind;

typedef enum ArrowKind { ARROW_WAKE, ARROW_CANCEL, ARROW_CREATE, ARROW_JOB } ArrowKind;

typedef enum MarkKind {
    MARK_TIMER,
    MARK_IO,
    MARK_ERROR,
    MARK_SIGNAL,
    MARK_DEADLOCK,
    MARK_CALLBACK,
    MARK_DONE,
    MARK_SET, /* a timer is set */
    MARK_KINDS,
} MarkKind;

enum { NOWHERE = UINT32_MAX }; /* no lane, no span */

typedef struct Moment {
    int64_t time;    /* ns since the start */
    uint32_t number; /* of the event */
} Moment;

typedef struct Lane {
    LaneKind kind;
    uint32_t parent;           /* the thread of a loop, the loop or thread of a task, or NOWHERE */
    uint32_t name, work;       /* "Task-1", "download()" */
    uint32_t made, outcome;    /* who made it and where; how it ended */
    uint64_t thread;           /* of a thread or loop: its number */
    uint32_t open, job, chain; /* spans that go on, or NOWHERE; text: where it stands */
    uint32_t value;            /* text: what the next step is given */
    int64_t due; /* when the timer that a task waits for is due; 0: it waits for none */
    Moment begin, end;
    bool ended, woken_by_cancel;
    uint32_t members; /* on a page: how many lanes it stands for; 0: it is one of its own */
} Lane;

typedef struct LaneSpan {
    Moment begin, end;
    uint32_t lane, text;
    uint32_t chain;       /* text: "name TAB file TAB line" of each level, outermost first */
    uint32_t given, wait; /* texts: the value sent into a step; what kind of wait it is */
    SpanKind kind;
} LaneSpan;

typedef struct Arrow {
    Moment from, to;
    uint32_t from_lane, to_lane, text;
    ArrowKind kind;
} Arrow;

typedef struct Mark {
    Moment at;
    uint32_t lane, text;
    MarkKind kind;
} Mark;

/* What a span of kind SPAN_MANY stands for. */
typedef struct Summary {
    uint32_t count[SPAN_KINDS];
    int64_t time[SPAN_KINDS]; /* of all spans of a kind, ns */
    uint32_t marks[MARK_KINDS];
    uint32_t arrows_in, arrows_out;
    LaneSpan longest;
    bool any;
} Summary;

/* Growing arrays of the above. */
typedef struct Lanes {
    Lane *items;
    size_t count, room;
} Lanes;
typedef struct LaneSpans {
    LaneSpan *items;
    size_t count, room;
} LaneSpans;
typedef struct Arrows {
    Arrow *items;
    size_t count, room;
} Arrows;
typedef struct Marks {
    Mark *items;
    size_t count, room;
} Marks;

typedef struct Summaries {
    Summary *items;
    size_t count, room;
} Summaries;

/* Texts by number, each once. */
typedef struct Texts {
    char *bytes; /* all of them, NUL-terminated */
    size_t size, capacity;
    uint32_t *at; /* text n begins at bytes[at[n]] */
    size_t count, room;
    uint32_t *slots; /* a hash table of numbers + 1 */
    size_t slot_count;
} Texts;

/* Which lane (and when) stands for an object of the program: tasks, jobs, threads, loops. */
typedef struct LaneEntry {
    uint64_t key; /* 0: free */
    uint32_t lane;
    Moment at;
} LaneEntry;
typedef struct LaneMap {
    LaneEntry *entries;
    size_t count, room;
} LaneMap;

typedef struct Record {
    ProbeListener listener;
    Vm *vm;
    int64_t start;
    uint64_t limit, dropped;
    Lanes lanes;
    LaneSpans spans;
    Arrows arrows;
    Marks marks;
    Texts texts;
    Summaries summaries; /* of a condensed page (cli/condense.h), and how much it leaves out */
    uint64_t merged_lanes, merged_spans, merged_arrows, merged_marks;
    LaneMap tasks, jobs, threads, loops, processes;
    Moment now;            /* of the event at hand; at the end: the last one */
    bool stuck;            /* a deadlock was found just now */
    uint32_t running;      /* the lane of the thread that has the baton */
    LaneEntry cause;       /* what the callback that runs goes back to; key: the thread's number */
    uint32_t resolved;     /* text of the last future that was resolved, for its arrows */
    uint64_t resolved_key; /* that future */
    void (*write)(struct Record *record); /* called once, when the program has ended */
    const void *options;                  /* of write */
} Record;

/* ---- cli/record.c ---- */

/* The number of a text; the same for equal ones. */
uint32_t text_number(Record *r, const char *text, size_t size);
/* The same for a buffer, which is freed. */
uint32_t text_take(Record *r, Buffer *text);
const char *text_of(const Record *r, uint32_t number);
/* Keeps those texts whose [numbers] are not 0, and puts their new numbers there. */
void texts_keep(Record *r, uint32_t *numbers);

/* A new lane that begins now, in no span. */
uint32_t lane_add(Record *r, LaneKind kind, uint32_t parent);
/* Ends the lane's span; it is in none until span_open. */
void span_close(Record *r, uint32_t lane);
/* The lane goes over into a new span. The pointer is good until the next span. */
LaneSpan *span_open(Record *r, uint32_t lane, SpanKind kind, uint32_t text);
/* A span over others, which has begun already; gives its index. */
uint32_t span_over(Record *r, uint32_t lane, SpanKind kind, uint32_t text, Moment begin);
void arrow_add(Record *r, ArrowKind kind, uint32_t from, Moment at, uint32_t to, uint32_t text);
void mark_add(Record *r, MarkKind kind, uint32_t lane, uint32_t text);

/* Append a copy. */
void lanes_push(Lanes *lanes, const Lane *lane);
void spans_push(LaneSpans *spans, const LaneSpan *span);
void summaries_push(Summaries *summaries, const Summary *summary);
/* By lane, and within it by the event that each begins with. */
void spans_sort(LaneSpans *spans);

LaneEntry *lane_map_find(const LaneMap *map, uint64_t key);
/* From now on [key] is [lane], at the moment [at]. */
void lane_map_set(LaneMap *map, uint64_t key, uint32_t lane, Moment at);

void record_free(Record *r);

/* ---- cli/record_words.c ---- */

/* The number of a text; of a value, behind [before]; of an event, "text of the event TAB
 * file:line". */
uint32_t words(Record *r, const char *text);
uint32_t words_value(Record *r, const char *before, Value v);
uint32_t words_event(Record *r, Thread *t, const ProbeEvent *e, bool placed);
/* What [wait] says, which is freed. */
uint32_t words_wait(Record *r, Wait *wait);
/* What a task waits for, and which kind of wait that is; of one in a very long chain only the
 * awaited object, because the words take a look at every level. */
uint32_t words_task_wait(Record *r, Thread *t, Task *task, Value awaited, uint32_t *kind);
/* Where they stand: a line for each level. */
uint32_t words_task_chain(Record *r, const Task *task);
uint32_t words_thread_chain(Record *r, const Thread *t);

/* ---- cli/record_events.c ---- */

/* Begins to listen; [write] is called when the program has ended, and then all is freed. */
void record_start(Vm *vm, uint64_t limit, void (*write)(Record *), const void *options);

#endif
