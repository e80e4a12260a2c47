/* SPDX-License-Identifier: MIT */
/*
 * A recording as text: a row of characters for each lane, one character for a slice of the run.
 * Each shows the state that took most of the slice, except that a moment of running is never lost.
 *
 * Read next: cli/timeline.c.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/timeline.h"
#include "common/memory.h"

enum { LABEL = 30, LISTED = 40, LANES = 60 };

/* By SpanKind: what a state is drawn as, and which wins within one character. */
static const char *const drawn[] = {"█", "▒", "─", "┄", "█", "─", "▀", "▓"};
static const int weight[] = {5, 3, 1, 2, 5, 1, 0, 6};

typedef struct Scale {
    int64_t begin, end;
    bool by_event; /* one step for each event: the run took no time */
    int width;
} Scale;

static int64_t place(const Scale *s, Moment m) { return s->by_event ? m.number : m.time; }

static int column(const Scale *s, Moment m) {
    double part = (double)(place(s, m) - s->begin) / (double)(s->end - s->begin);
    int at = (int)(part * s->width);
    return at >= s->width ? s->width - 1 : at;
}

static void put_row(const Record *r, uint32_t index, const Scale *s, Buffer *out) {
    const Lane *l = &r->lanes.items[index];
    unsigned char *row = memory_alloc_zeroed((size_t)s->width);
    for (size_t i = 0; i < r->spans.count; i++) {
        const LaneSpan *span = &r->spans.items[i];
        if (span->lane != index || span->kind == SPAN_JOB) continue;
        int from = column(s, span->begin), to = column(s, span->end);
        for (int x = from; x <= to; x++) {
            if (x == to && to > from && span->kind != SPAN_RUN) break;
            if (!row[x] || weight[span->kind] > weight[row[x] - 1])
                row[x] = (unsigned char)span->kind + 1;
        }
    }
    Buffer label = {0};
    buffer_printf(&label, "%s%s %s", l->kind == LANE_THREAD ? "" : "  ", text_of(r, l->name),
                  text_of(r, l->work));
    size_t size = label.size;
    if (size > LABEL)
        for (size = LABEL; (label.data[size] & 0xC0) == 0x80;) size--;
    buffer_append(out, label.data, size);
    for (size_t n = size; n < LABEL + 1; n++) buffer_putc(out, ' ');
    int end = s->width;
    while (end > 0 && !row[end - 1]) end--;
    for (int x = 0; x < end; x++) buffer_puts(out, row[x] ? drawn[row[x] - 1] : " ");
    buffer_putc(out, '\n');
    buffer_free(&label);
    free(row);
}

/* Up to the tab: "future … gets 1"; what follows is the place. */
static void put_text(const Record *r, uint32_t text, Buffer *out) {
    const char *at = text_of(r, text), *tab = strchr(at, '\t');
    if (!tab) buffer_puts(out, at);
    else buffer_printf(out, "%.*s", (int)(tab - at), at);
    if (tab && tab[1]) buffer_printf(out, "  (%s)", timeline_file(tab + 1));
}

static void put_held(const Record *r, Buffer *out) {
    for (size_t i = 0; i < r->spans.count; i++) {
        const LaneSpan *span = &r->spans.items[i];
        if (span->kind != SPAN_BLOCKING || r->lanes.items[span->lane].kind != LANE_LOOP) continue;
        buffer_printf(out, "%9.3f  ", (double)span->begin.time / 1e9);
        put_text(r, span->text, out);
        buffer_putc(out, '\n');
    }
}

static void put_arrows(const Record *r, Buffer *out) {
    static const char *const verbs[] = {"wakes", "cancels", "creates", "gives a job to"};
    for (size_t i = 0; i < r->arrows.count && i < LISTED; i++) {
        const Arrow *a = &r->arrows.items[i];
        buffer_printf(out, "%9.3f  %s %s %s: ", (double)a->to.time / 1e9,
                      text_of(r, r->lanes.items[a->from_lane].name), verbs[a->kind],
                      text_of(r, r->lanes.items[a->to_lane].name));
        put_text(r, a->text, out);
        buffer_putc(out, '\n');
    }
    if (r->arrows.count > LISTED)
        buffer_printf(out, "%9s  … and %zu more\n", "", r->arrows.count - LISTED);
}

void timeline_put_text(Record *r, int width, Buffer *out) {
    bool by_event = r->now.time == 0;
    Scale s = {0, by_event ? r->now.number : r->now.time, by_event, width - LABEL - 2};
    if (s.end < 1) s.end = 1;
    buffer_printf(out,
                  "%.3f s%s, %u events   █ runs  ▒ ready  ─ waits  ┄ in the system  "
                  "▓ holds the loop\n",
                  (double)r->now.time / 1e9, r->vm->clock.is_virtual ? " of virtual time" : "",
                  r->now.number);
    for (uint32_t i = 0; i < r->lanes.count && i < LANES; i++) put_row(r, i, &s, out);
    if (r->lanes.count > LANES)
        buffer_printf(out, "… and %zu more lanes\n", r->lanes.count - LANES);
    buffer_putc(out, '\n');
    put_held(r, out);
    put_arrows(r, out);
}
