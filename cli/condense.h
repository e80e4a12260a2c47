/* SPDX-License-Identifier: MIT */
/*
 * Makes a long recording small enough for a page: neighbours that are too short to see become one
 * span that says how many and what they were.
 *
 * The run is cut into *slices*, of equal length by time or by events, whichever is shorter. Short
 * spans of a lane in one slice become a span of kind SPAN_MANY with a Summary. A program with very
 * many tasks gets one lane for those of the same function, but for the first and last ones and
 * those in which something went wrong. *Windows* of events stay as they are: the beginning, the
 * end, what is remarkable, and where the user asks for it. When the result is still too large the
 * slices are doubled.
 *
 * What is left out is counted where it was (Summary) and in all (Record.merged_*): the page says
 * so.
 *
 * Read next: cli/condense.c, then cli/condense_lanes.c and cli/condense_spans.c.
 */
#ifndef TULIP_CLI_CONDENSE_H
#define TULIP_CLI_CONDENSE_H

#include "cli/record.h"

enum { MOST_WINDOWS = 24 };

typedef struct Window {
    uint32_t from, to; /* numbers of events, both included */
} Window;

typedef struct Condenser {
    Record *r;
    Window windows[MOST_WINDOWS];
    int window_count;
    uint32_t *lane_of; /* for each lane of the recording, its lane on the page */
    Moment *bounds;    /* where slices begin */
    size_t bound_count;
    int64_t slice_time; /* a slice is no longer than these, but for one long span */
    uint32_t slice_events;
    Lanes lanes; /* those of the page */
    LaneSpans spans;
    Summaries summaries;
    uint64_t merged;
} Condenser;

/* Does nothing to a recording that is small as it is. [detail]: the number of an event around
 * which all is kept, or 0. */
void record_condense(Record *r, uint64_t detail);

/* ---- cli/condense_lanes.c ---- */

/* Decides which lanes the page has. */
void condense_lanes(Condenser *c);

/* ---- cli/condense_spans.c ---- */

/* Cuts the run into about [count] slices. The spans are still in the order of events. */
void condense_cut(Condenser *c, size_t count);
/* Makes the slices twice as long. */
void condense_coarser(Condenser *c);
/* The spans of the page, from those of the recording sorted by lane. */
void condense_spans(Condenser *c);
/* The summary that stands for what happened in a lane of the page at an event; NULL: it is there
 * itself. The spans are sorted. */
Summary *condense_summary_at(const Condenser *c, uint32_t lane, uint32_t number);
bool condense_keeps(const Condenser *c, uint32_t number);

#endif
