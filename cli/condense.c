/* SPDX-License-Identifier: MIT */
/*
 * A long recording becomes a small one: the order of the steps, and what becomes of marks and
 * arrows. They stay where their lane is drawn exactly (everyday marks: in windows); elsewhere a
 * summary counts them.
 *
 * Read next: cli/condense_spans.c.
 */
#include "cli/condense.h"

#include <stdlib.h>

#include "common/memory.h"

enum {
    SMALL = 60000,      /* spans, arrows and marks of a page that is left alone */
    MOST_SPANS = 24000, /* otherwise */
    MOST_MARKS = 12000,
    MOST_ARROWS = 10000,
    SLICES = 4096, /* to begin with */
    ENDS = 2000,   /* events at the beginning and at the end that are kept */
    AROUND = 100,  /* events before and after what is remarkable */
    AROUND_ASKED = 2500,
};

/* ---- windows ---- */

static void window_add(Condenser *c, int64_t from, int64_t to) {
    if (c->window_count == MOST_WINDOWS) return;
    c->windows[c->window_count++] =
        (Window){from > 0 ? (uint32_t)from : 0, to < UINT32_MAX ? (uint32_t)to : UINT32_MAX};
}

static bool is_remarkable(MarkKind kind) {
    return kind == MARK_ERROR || kind == MARK_SIGNAL || kind == MARK_DEADLOCK;
}

static void find_windows(Condenser *c, uint64_t detail) {
    const Record *r = c->r;
    window_add(c, 0, ENDS);
    window_add(c, (int64_t)r->now.number - ENDS, r->now.number);
    if (detail) window_add(c, (int64_t)detail - AROUND_ASKED, (int64_t)detail + AROUND_ASKED);
    for (size_t i = 0; i < r->spans.count; i++) {
        const LaneSpan *s = &r->spans.items[i];
        if (s->kind == SPAN_BLOCKING && r->lanes.items[s->lane].kind != LANE_LOOP)
            window_add(c, (int64_t)s->begin.number - AROUND, (int64_t)s->end.number + AROUND);
    }
    int64_t last = -1;
    for (size_t i = 0; i < r->marks.count; i++) {
        const Mark *m = &r->marks.items[i];
        if (!is_remarkable(m->kind) || m->at.number <= last) continue;
        last = m->at.number + AROUND;
        window_add(c, (int64_t)m->at.number - AROUND, last);
    }
}

bool condense_keeps(const Condenser *c, uint32_t number) {
    for (int i = 0; i < c->window_count; i++) {
        if (number >= c->windows[i].from && number <= c->windows[i].to) return true;
    }
    return false;
}

/* ---- marks and arrows ---- */

static void condense_marks(Condenser *c) {
    Marks *marks = &c->r->marks;
    size_t kept = 0, remarkable = 0;
    for (size_t i = 0; i < marks->count; i++) {
        Mark m = marks->items[i];
        m.lane = c->lane_of[m.lane];
        Summary *summary = condense_summary_at(c, m.lane, m.at.number);
        bool special = is_remarkable(m.kind) && remarkable++ < MOST_MARKS / 4;
        bool near = m.kind == MARK_DONE || condense_keeps(c, m.at.number);
        if (special || (!summary && near && kept < MOST_MARKS)) marks->items[kept++] = m;
        else if (summary) summary->marks[m.kind]++;
    }
    c->r->merged_marks = marks->count - kept;
    marks->count = kept;
}

static void condense_arrows(Condenser *c) {
    Arrows *arrows = &c->r->arrows;
    size_t kept = 0, cancels = 0;
    for (size_t i = 0; i < arrows->count; i++) {
        Arrow a = arrows->items[i];
        a.from_lane = c->lane_of[a.from_lane];
        a.to_lane = c->lane_of[a.to_lane];
        Summary *from = condense_summary_at(c, a.from_lane, a.from.number);
        Summary *to = condense_summary_at(c, a.to_lane, a.to.number);
        bool special =
            a.kind == ARROW_CANCEL && a.from_lane != a.to_lane && cancels++ < MOST_ARROWS / 4;
        if (special || (!from && !to && kept < MOST_ARROWS)) {
            arrows->items[kept++] = a;
            continue;
        }
        if (from) from->arrows_out++;
        if (to) to->arrows_in++;
    }
    c->r->merged_arrows = arrows->count - kept;
    arrows->count = kept;
}

/* ---- texts ---- */

typedef void TextVisitor(uint32_t *text, uint32_t *numbers);

static void note_text(uint32_t *text, uint32_t *numbers) { numbers[*text] = 1; }

static void renumber_text(uint32_t *text, uint32_t *numbers) { *text = numbers[*text]; }

static void visit_span(LaneSpan *s, TextVisitor *visit, uint32_t *numbers) {
    visit(&s->text, numbers);
    visit(&s->chain, numbers);
    visit(&s->wait, numbers);
    if (s->kind != SPAN_MANY) visit(&s->given, numbers);
}

static void visit_texts(Record *r, TextVisitor *visit, uint32_t *numbers) {
    for (size_t i = 0; i < r->lanes.count; i++) {
        Lane *l = &r->lanes.items[i];
        uint32_t *all[] = {&l->name, &l->work, &l->made, &l->outcome};
        for (size_t n = 0; n < sizeof all / sizeof *all; n++) visit(all[n], numbers);
    }
    for (size_t i = 0; i < r->spans.count; i++) visit_span(&r->spans.items[i], visit, numbers);
    for (size_t i = 0; i < r->summaries.count; i++)
        visit_span(&r->summaries.items[i].longest, visit, numbers);
    for (size_t i = 0; i < r->arrows.count; i++) visit(&r->arrows.items[i].text, numbers);
    for (size_t i = 0; i < r->marks.count; i++) visit(&r->marks.items[i].text, numbers);
}

/* Forgets the texts that only merged spans had. */
static void condense_texts(Record *r) {
    uint32_t *numbers = memory_alloc_zeroed((r->texts.count + 1) * sizeof *numbers);
    numbers[0] = 1;
    visit_texts(r, note_text, numbers);
    texts_keep(r, numbers);
    visit_texts(r, renumber_text, numbers);
    free(numbers);
}

/* ---- all of it ---- */

static void adopt(Condenser *c) {
    Record *r = c->r;
    r->merged_lanes = r->lanes.count - c->lanes.count;
    r->merged_spans = c->merged;
    free(r->lanes.items);
    free(r->spans.items);
    r->lanes = c->lanes;
    r->spans = c->spans;
    r->summaries = c->summaries;
}

void record_condense(Record *r, uint64_t detail) {
    if (r->spans.count + r->arrows.count + r->marks.count <= SMALL) return;
    Condenser c = {.r = r};
    find_windows(&c, detail);
    condense_lanes(&c);
    condense_cut(&c, SLICES);
    spans_sort(&r->spans);
    for (condense_spans(&c); c.spans.count > MOST_SPANS && c.bound_count > 16;) {
        condense_coarser(&c);
        condense_spans(&c);
    }
    spans_sort(&c.spans);
    condense_marks(&c);
    condense_arrows(&c);
    adopt(&c);
    condense_texts(r);
    free(c.lane_of);
    free(c.bounds);
}
