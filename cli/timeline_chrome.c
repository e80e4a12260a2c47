/* SPDX-License-Identifier: MIT */
/*
 * A recording as Chrome trace events: complete events ("X") for spans, flow events ("s", "f") for
 * arrows, instants ("i") for marks. Each lane is a thread of one process, but for child processes,
 * which are processes. Times are microseconds with three decimals.
 *
 * Read next: cli/timeline.c.
 */
#include <string.h>

#include "cli/timeline.h"

enum { CHUNK = 1 << 16 }; /* bytes that are written at once */

static const char *const span_names[] = {"runs", "ready",      "waits", "in the system",
                                         "pass", "loop waits", "job",   "holds the loop"};
static const char *const arrow_names[] = {"wakes", "cancels", "creates", "job"};
static const char *const mark_names[] = {"timer",    "i/o",      "exception", "signal",
                                         "deadlock", "callback", "done",      "timer set"};

static void put_time(Buffer *out, const char *key, int64_t ns) {
    buffer_printf(out, ",\"%s\":%lld.%03lld", key, (long long)(ns / 1000), (long long)(ns % 1000));
}

/* The program is process 1; a child's number is its lane's and cannot be 1. */
static uint32_t process_of(const Record *r, uint32_t lane) {
    return r->lanes.items[lane].kind == LANE_PROCESS ? lane + 1 : 1;
}

/* Begins an event; its first one has no comma before it. */
static void begin(const Record *r, Buffer *out, const char *name, const char *category, char phase,
                  uint32_t lane) {
    buffer_puts(out, ",\n{\"name\":");
    json_put_text(out, name);
    buffer_printf(out, ",\"cat\":\"%s\",\"ph\":\"%c\",\"pid\":%u,\"tid\":%u", category, phase,
                  process_of(r, lane), lane + 1);
}

static void put_argument(const Record *r, Buffer *out, const char *key, uint32_t text, bool *any) {
    if (!*text_of(r, text)) return;
    buffer_puts(out, *any ? "," : ",\"args\":{");
    *any = true;
    json_put_text(out, key);
    buffer_putc(out, ':');
    timeline_put_text_number(r, text, out);
}

/* Metadata: [what] of a lane, "thread_name" or the like, is the text or the number. */
static void put_metadata(const Record *r, uint32_t lane, const char *what, const char *name,
                         Buffer *out) {
    buffer_printf(out, ",\n{\"name\":\"%s\",\"ph\":\"M\",\"pid\":%u,\"tid\":%u,\"args\":{", what,
                  process_of(r, lane), lane + 1);
    if (name) {
        buffer_puts(out, "\"name\":");
        json_put_text(out, name);
    } else {
        buffer_printf(out, "\"sort_index\":%u", lane);
    }
    buffer_puts(out, "}}");
}

static void put_lane(const Record *r, uint32_t i, Buffer *out) {
    const Lane *l = &r->lanes.items[i];
    Buffer name = {0};
    buffer_printf(&name, "%s %s", text_of(r, l->name), text_of(r, l->work));
    if (l->kind == LANE_PROCESS) put_metadata(r, i, "process_name", name.data, out);
    put_metadata(r, i, "thread_name", name.data, out);
    put_metadata(r, i, "thread_sort_index", NULL, out);
    buffer_free(&name);
}

static void put_span(const Record *r, const LaneSpan *s, Buffer *out) {
    bool any = false, run = s->kind == SPAN_RUN;
    begin(r, out, s->kind == SPAN_JOB ? text_of(r, s->text) : span_names[s->kind], "state", 'X',
          s->lane);
    put_time(out, "ts", s->begin.time);
    put_time(out, "dur", s->end.time - s->begin.time);
    put_argument(r, out, run ? "came to" : "what", s->text, &any);
    put_argument(r, out, "at", s->chain, &any);
    put_argument(r, out, "given", s->given, &any);
    buffer_puts(out, any ? "}}" : "}");
}

static void put_arrow(const Record *r, size_t i, Buffer *out) {
    const Arrow *a = &r->arrows.items[i];
    bool any = false;
    begin(r, out, arrow_names[a->kind], "arrow", 's', a->from_lane);
    put_time(out, "ts", a->from.time);
    buffer_printf(out, ",\"id\":%zu", i + 1);
    put_argument(r, out, "what", a->text, &any);
    buffer_puts(out, any ? "}}" : "}");
    begin(r, out, arrow_names[a->kind], "arrow", 'f', a->to_lane);
    put_time(out, "ts", a->to.time);
    buffer_printf(out, ",\"bp\":\"e\",\"id\":%zu}", i + 1);
}

static void put_mark(const Record *r, const Mark *m, Buffer *out) {
    bool any = false;
    begin(r, out, mark_names[m->kind], "mark", 'i', m->lane);
    put_time(out, "ts", m->at.time);
    buffer_puts(out, ",\"s\":\"t\"");
    put_argument(r, out, "what", m->text, &any);
    buffer_puts(out, any ? "}}" : "}");
}

/* Writes what has come together; at the end all of it, before that only when it is much. */
static bool pass_on(Buffer *out, FILE *file, bool at_end) {
    if (!at_end && out->size < CHUNK) return true;
    bool ok = fwrite(out->data, 1, out->size, file) == out->size;
    out->size = 0;
    return ok;
}

bool timeline_write_chrome(const Record *r, FILE *file) {
    Buffer out = {0};
    bool ok = true;
    buffer_puts(&out, "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
                      "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"tid\":1,\"args\":"
                      "{\"name\":\"tulip\"}}");
    for (uint32_t i = 0; ok && i < r->lanes.count; i++) {
        put_lane(r, i, &out);
        ok = pass_on(&out, file, false);
    }
    for (size_t i = 0; ok && i < r->spans.count; i++) {
        put_span(r, &r->spans.items[i], &out);
        ok = pass_on(&out, file, false);
    }
    for (size_t i = 0; ok && i < r->arrows.count; i++) {
        put_arrow(r, i, &out);
        ok = pass_on(&out, file, false);
    }
    for (size_t i = 0; ok && i < r->marks.count; i++) {
        put_mark(r, &r->marks.items[i], &out);
        ok = pass_on(&out, file, false);
    }
    buffer_puts(&out, "\n]}\n");
    ok = ok && pass_on(&out, file, true);
    buffer_free(&out);
    return ok;
}
