/* SPDX-License-Identifier: MIT */
/*
 * Slices of the run, and what of a lane's spans is drawn in each.
 *
 * In a lane of its own a *run* of short spans that begin in the same slice becomes one SPAN_MANY,
 * from the first one's begin to the last one's end; two are left as they are. In a lane that stands
 * for many tasks each slice is one SPAN_MANY, with the time of all tasks in it added up.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/condense.h"
#include "common/memory.h"

enum { FEW = 2, OVERS_KEPT = 2000 };

/* ---- slices ---- */

static bool lies_over(const LaneSpan *s) { return s->kind == SPAN_JOB || s->kind == SPAN_BLOCKING; }

void condense_cut(Condenser *c, size_t count) {
    const Record *r = c->r;
    c->slice_time = r->now.time / (int64_t)count + 1;
    c->slice_events = r->now.number / (uint32_t)count + 1;
    c->bounds = memory_alloc_zeroed((2 * count + 4) * sizeof *c->bounds);
    c->bound_count = 1;
    for (size_t i = 0; i < r->spans.count; i++) {
        Moment last = c->bounds[c->bound_count - 1], at = r->spans.items[i].begin;
        if (lies_over(&r->spans.items[i]) || at.time < last.time || at.number <= last.number)
            continue;
        bool far =
            at.number - last.number >= c->slice_events || at.time - last.time >= c->slice_time;
        if (far && c->bound_count < 2 * count + 4) c->bounds[c->bound_count++] = at;
    }
}

void condense_coarser(Condenser *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->bound_count; i += 2) c->bounds[kept++] = c->bounds[i];
    c->bound_count = kept;
    c->slice_time *= 2;
    c->slice_events *= 2;
}

static size_t slice_of(const Condenser *c, uint32_t number) {
    size_t low = 0, high = c->bound_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (c->bounds[middle].number <= number) low = middle;
        else high = middle;
    }
    return low;
}

/* ---- summaries ---- */

static int64_t length(const LaneSpan *s) { return s->end.time - s->begin.time; }

static void summary_note(Summary *summary, const LaneSpan *s, int64_t time) {
    summary->count[s->kind]++;
    summary->time[s->kind] += time;
    if (!summary->any || length(s) > length(&summary->longest)) summary->longest = *s;
    summary->any = true;
}

static void put_summary(Condenser *c, uint32_t lane, Moment begin, Moment end,
                        const Summary *summary) {
    const LaneSpan *longest = &summary->longest;
    LaneSpan s = {.begin = begin,
                  .end = end,
                  .lane = lane,
                  .kind = SPAN_MANY,
                  .text = longest->text,
                  .chain = longest->chain,
                  .wait = longest->wait,
                  .given = (uint32_t)c->summaries.count};
    summaries_push(&c->summaries, summary);
    spans_push(&c->spans, &s);
}

/* ---- a lane of its own ---- */

typedef struct Run {
    size_t first, count, slice;
    Summary summary;
    Moment end;
} Run;

static void keep_span(Condenser *c, const LaneSpan *s) {
    LaneSpan copy = *s;
    copy.lane = c->lane_of[s->lane];
    spans_push(&c->spans, &copy);
}

static void end_run(Condenser *c, Run *run) {
    const LaneSpan *items = c->r->spans.items;
    if (run->count > FEW) {
        c->merged += run->count;
        put_summary(c, c->lane_of[items[run->first].lane], items[run->first].begin, run->end,
                    &run->summary);
    } else {
        for (size_t i = run->first, left = run->count; left; i++) {
            if (lies_over(&items[i])) continue;
            keep_span(c, &items[i]);
            left--;
        }
    }
    run->count = 0;
}

/* Is the span too short to be seen, and not among those that are kept anyway? */
static bool is_short(const Condenser *c, const LaneSpan *s) {
    return length(s) * 2 <= c->slice_time &&
           (s->end.number - s->begin.number) * 2 <= c->slice_events &&
           !condense_keeps(c, s->begin.number) && !condense_keeps(c, s->end.number);
}

static void add_to_run(Condenser *c, Run *run, size_t i) {
    const LaneSpan *s = &c->r->spans.items[i];
    size_t slice = slice_of(c, s->begin.number);
    if (run->count && slice != run->slice) end_run(c, run);
    if (!run->count) {
        run->first = i;
        run->slice = slice;
        memset(&run->summary, 0, sizeof run->summary);
    }
    run->count++;
    run->end = s->end;
    summary_note(&run->summary, s, length(s));
}

static size_t condense_lane(Condenser *c, size_t i, size_t *overs) {
    const LaneSpans *spans = &c->r->spans;
    uint32_t lane = spans->items[i].lane;
    Run run = {0};
    for (; i < spans->count && spans->items[i].lane == lane; i++) {
        const LaneSpan *s = &spans->items[i];
        if (lies_over(s)) {
            if ((*overs)++ < OVERS_KEPT || !is_short(c, s)) keep_span(c, s);
            else c->merged++;
        } else if (is_short(c, s)) {
            add_to_run(c, &run, i);
        } else {
            end_run(c, &run);
            keep_span(c, s);
        }
    }
    end_run(c, &run);
    return i;
}

/* ---- a lane of many tasks ---- */

static Moment bound(const Condenser *c, size_t slice) {
    return slice < c->bound_count ? c->bounds[slice] : c->r->now;
}

/* Each slice gets the part of the span that lies in it. */
static void spread(const Condenser *c, Summary *cells, const LaneSpan *s) {
    size_t last = slice_of(c, s->end.number);
    for (size_t n = slice_of(c, s->begin.number); n <= last; n++) {
        Moment from = bound(c, n), to = bound(c, n + 1);
        int64_t begin = s->begin.time > from.time ? s->begin.time : from.time;
        int64_t end = s->end.time < to.time ? s->end.time : to.time;
        summary_note(&cells[n], s, end > begin ? end - begin : 0);
    }
}

static void put_groups(Condenser *c, Summary **cells) {
    for (uint32_t lane = 0; lane < c->lanes.count; lane++) {
        for (size_t n = 0; cells[lane] && n < c->bound_count; n++) {
            if (cells[lane][n].any)
                put_summary(c, lane, bound(c, n), bound(c, n + 1), &cells[lane][n]);
        }
        free(cells[lane]);
    }
}

void condense_spans(Condenser *c) {
    Summary **cells = memory_alloc_zeroed(c->lanes.count * sizeof *cells);
    size_t overs = 0;
    c->spans.count = c->summaries.count = 0;
    c->merged = 0;
    for (size_t i = 0; i < c->r->spans.count;) {
        const LaneSpan *s = &c->r->spans.items[i];
        uint32_t lane = c->lane_of[s->lane];
        if (!c->lanes.items[lane].members) {
            i = condense_lane(c, i, &overs);
            continue;
        }
        if (!cells[lane]) cells[lane] = memory_alloc_zeroed(c->bound_count * sizeof **cells);
        if (!lies_over(s)) spread(c, cells[lane], s);
        c->merged++;
        i++;
    }
    put_groups(c, cells);
    free(cells);
}

Summary *condense_summary_at(const Condenser *c, uint32_t lane, uint32_t number) {
    const LaneSpan *items = c->spans.items;
    size_t low = 0, high = c->spans.count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const LaneSpan *s = &items[middle];
        if (s->lane < lane || (s->lane == lane && s->begin.number <= number)) low = middle + 1;
        else high = middle;
    }
    while (low > 0 && items[low - 1].lane == lane && lies_over(&items[low - 1])) low--;
    const LaneSpan *s = low ? &items[low - 1] : NULL;
    bool inside = s && s->lane == lane && s->kind == SPAN_MANY && number <= s->end.number;
    return inside ? &c->summaries.items[s->given] : NULL;
}
