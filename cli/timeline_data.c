/* SPDX-License-Identifier: MIT */
/*
 * A recording as the page's script reads it: one JSON object of plain arrays. LaneSpans are grouped
 * by lane and their times are differences to the span before, so that an ordinary run stays small;
 * the lines of source that a chain names are carried along.
 *
 * Read next: cli/timeline/data.js (`decode`).
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/timeline.h"
#include "common/memory.h"
#include "vm/thread.h"

/* How many bytes a well-formed UTF-8 character at [s] has; 0: it is none. */
static int character_size(const unsigned char *s) {
    int n = s[0] < 0x80                   ? 1
            : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
            : (s[0] & 0xF0) == 0xE0       ? 3
            : s[0] >= 0xF0 && s[0] < 0xF5 ? 4
                                          : 0;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80) return 0;
    }
    if (n == 3 && ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] >= 0xA0))) return 0;
    if (n == 4 && ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] >= 0x90))) return 0;
    return n;
}

void json_put_text(Buffer *out, const char *text) {
    buffer_putc(out, '"');
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        int n = character_size(at);
        if (n == 0) buffer_puts(out, "\\ufffd");
        else if (*at < 0x20 || *at == '<' || *at == 0x7f) buffer_printf(out, "\\u%04x", *at);
        else {
            if (*at == '"' || *at == '\\') buffer_putc(out, '\\');
            buffer_append(out, at, (size_t)n);
        }
        at += n ? n : 1;
    }
    buffer_putc(out, '"');
}

const char *timeline_file(const char *path) {
    char here[4096];
    if (!getcwd(here, sizeof here)) return path;
    size_t n = strlen(here);
    return !strncmp(path, here, n) && path[n] == '/' ? path + n + 1 : path;
}

static void put_lanes(const Record *r, Buffer *out) {
    buffer_puts(out, "\"lanes\":[");
    for (size_t i = 0; i < r->lanes.count; i++) {
        const Lane *l = &r->lanes.items[i];
        buffer_printf(out, "%s[%d,%d,%u,%u,%u,%u,%lld,%u,%lld,%u,%d,%u]", i ? "," : "", l->kind,
                      l->parent == NOWHERE ? -1 : (int)l->parent, l->name, l->work, l->made,
                      l->outcome, (long long)l->begin.time, l->begin.number, (long long)l->end.time,
                      l->end.number, l->ended, l->members);
    }
    buffer_puts(out, "],\n");
}

/* [lane, then for each span: kind, begin less the last end, length, the same in events, text,
 * chain, given, kind of wait] */
static void put_spans(Record *r, Buffer *out) {
    spans_sort(&r->spans);
    buffer_puts(out, "\"spans\":[");
    for (size_t i = 0; i < r->spans.count;) {
        uint32_t lane = r->spans.items[i].lane;
        int64_t time = 0;
        int64_t number = 0;
        buffer_printf(out, "%s[%u", i ? ",\n" : "", lane);
        for (; i < r->spans.count && r->spans.items[i].lane == lane; i++) {
            const LaneSpan *s = &r->spans.items[i];
            buffer_printf(out, ",%d,%lld,%lld,%lld,%u,%u,%u,%u,%u", s->kind,
                          (long long)(s->begin.time - time),
                          (long long)(s->end.time - s->begin.time),
                          (long long)(s->begin.number - number), s->end.number - s->begin.number,
                          s->text, s->chain, s->given, s->wait);
            time = s->end.time;
            number = s->end.number;
        }
        buffer_putc(out, ']');
    }
    buffer_puts(out, "],\n");
}

/* For each SPAN_MANY: [[kind, count, ns, …], [kind of mark, count, …], arrows in, arrows out, kind
 * of the longest, its length] */
static void put_summary(const Summary *s, Buffer *out) {
    const char *comma = "";
    buffer_puts(out, "[[");
    for (int kind = 0; kind < SPAN_KINDS; kind++) {
        if (!s->count[kind]) continue;
        buffer_printf(out, "%s%d,%u,%lld", comma, kind, s->count[kind], (long long)s->time[kind]);
        comma = ",";
    }
    comma = "";
    buffer_puts(out, "],[");
    for (int kind = 0; kind < MARK_KINDS; kind++) {
        if (!s->marks[kind]) continue;
        buffer_printf(out, "%s%d,%u", comma, kind, s->marks[kind]);
        comma = ",";
    }
    const LaneSpan *longest = &s->longest;
    buffer_printf(out, "],%u,%u,%d,%lld]", s->arrows_in, s->arrows_out, longest->kind,
                  (long long)(longest->end.time - longest->begin.time));
}

static void put_summaries(const Record *r, Buffer *out) {
    buffer_printf(out, "\"merged\":[%llu,%llu,%llu,%llu],\n\"many\":[",
                  (unsigned long long)r->merged_lanes, (unsigned long long)r->merged_spans,
                  (unsigned long long)r->merged_arrows, (unsigned long long)r->merged_marks);
    for (size_t i = 0; i < r->summaries.count; i++) {
        if (i) buffer_putc(out, ',');
        put_summary(&r->summaries.items[i], out);
    }
    buffer_puts(out, "],\n");
}

static void put_arrows(const Record *r, Buffer *out) {
    buffer_puts(out, "\"arrows\":[");
    for (size_t i = 0; i < r->arrows.count; i++) {
        const Arrow *a = &r->arrows.items[i];
        buffer_printf(out, "%s%d,%u,%lld,%u,%u,%lld,%u,%u", i ? "," : "", a->kind, a->from_lane,
                      (long long)a->from.time, a->from.number, a->to_lane, (long long)a->to.time,
                      a->to.number, a->text);
    }
    buffer_puts(out, "],\n\"marks\":[");
    for (size_t i = 0; i < r->marks.count; i++) {
        const Mark *m = &r->marks.items[i];
        buffer_printf(out, "%s%d,%u,%lld,%u,%u", i ? "," : "", m->kind, m->lane,
                      (long long)m->at.time, m->at.number, m->text);
    }
    buffer_puts(out, "],\n");
}

/* ---- source lines ---- */

/* Is [text] a chain? Then its levels have a name, a file and a line between tabs. */
static const char *next_place(const char *at, char *file, size_t size, int *line) {
    const char *end = strchr(at, '\n');
    if (!end) end = at + strlen(at);
    const char *one = memchr(at, '\t', (size_t)(end - at));
    const char *two = one ? memchr(one + 1, '\t', (size_t)(end - one - 1)) : NULL;
    *line = 0;
    if (two && (size_t)(two - one) < size) {
        memcpy(file, one + 1, (size_t)(two - one - 1));
        file[two - one - 1] = '\0';
        *line = atoi(two + 1);
    }
    return *end ? end + 1 : NULL;
}

static void put_line(Record *r, const char *file, int line, LaneMap *seen, Buffer *out) {
    uint64_t key = (uint64_t)text_number(r, file, strlen(file)) << 32 | (uint32_t)line;
    Buffer text = {0};
    if (line <= 0 || lane_map_find(seen, key)) return;
    if (r->vm->hooks.source_line(r->vm, file, line, &text)) {
        buffer_putc(&text, '\0');
        if (seen->count) buffer_putc(out, ',');
        lane_map_set(seen, key, 0, (Moment){0, 0});
        Buffer name = {0};
        buffer_printf(&name, "%s:%d", timeline_file(file), line);
        json_put_text(out, name.data);
        buffer_putc(out, ':');
        json_put_text(out, text.data);
        buffer_free(&name);
    }
    buffer_free(&text);
}

static void put_lines(Record *r, Buffer *out) {
    LaneMap seen = {0};
    size_t count = r->texts.count; /* file names come after these */
    buffer_puts(out, "\"lines\":{");
    for (uint32_t i = 0; i < count; i++) {
        char file[1024];
        int line;
        Buffer text = {0};
        buffer_puts(&text, text_of(r, i));
        buffer_putc(&text, '\0');
        for (const char *at = text.data; at;) {
            at = next_place(at, file, sizeof file, &line);
            if (line) put_line(r, file, line, &seen, out);
        }
        buffer_free(&text);
    }
    buffer_puts(out, "}");
    free(seen.entries);
}

void timeline_put_text_number(const Record *r, uint32_t number, Buffer *out) {
    char here[4096];
    bool has_path = strchr(text_of(r, number), '/') != NULL;
    size_t n = has_path && getcwd(here, sizeof here) ? strlen(here) : 0;
    Buffer text = {0};
    for (const char *at = text_of(r, number); *at;) {
        if (n > 1 && *at == '/' && !strncmp(at, here, n) && at[n] == '/') at += n + 1;
        else buffer_putc(&text, *at++);
    }
    buffer_putc(&text, '\0');
    json_put_text(out, text.data);
    buffer_free(&text);
}

static void put_texts(const Record *r, Buffer *out) {
    buffer_puts(out, "\"texts\":[");
    for (uint32_t i = 0; i < r->texts.count; i++) {
        if (i) buffer_putc(out, ',');
        timeline_put_text_number(r, i, out);
    }
    buffer_puts(out, "],\n");
}

/* ---- what the program says of itself ---- */

/* Is [line] a comment for tools: a licence, an interpreter, "# exit: 3"? */
static bool is_directive(const char *line) {
    static const char *const words[] = {"!",       " SPDX-",    " oracle:", " exit:",   " args:",
                                        " stdin:", " options:", " stderr:", " timeout:"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strncmp(line + 1, words[i], strlen(words[i]))) return true;
    }
    return false;
}

/* Lines are joined; an empty one ends a paragraph. */
static void put_comment(Buffer *about, const char *line) {
    const char *text = line + strspn(line, "# ");
    size_t size = strcspn(text, "\r\n");
    bool begins = !about->size || about->data[about->size - 1] == '\n';
    if (!begins) buffer_putc(about, size ? ' ' : '\n');
    buffer_append(about, text, size);
}

/* The comment that the program begins with, a paragraph a line. */
static void put_about(Record *r, const char *file, Buffer *out) {
    Buffer about = {0};
    bool more = file != NULL;
    for (int n = 1; more && n <= 40; n++) {
        Buffer line = {0};
        more = r->vm->hooks.source_line(r->vm, file, n, &line);
        buffer_putc(&line, '\0');
        const char *text = line.data;
        more = more && *text == '#';
        if (more && !is_directive(text)) put_comment(&about, text);
        buffer_free(&line);
    }
    buffer_putc(&about, '\0');
    buffer_puts(out, ",\"about\":");
    json_put_text(out, about.data);
    buffer_free(&about);
}

void timeline_put_data(Record *r, const char *title, const char *file, Buffer *out) {
    buffer_puts(out, "{\"title\":");
    json_put_text(out, title);
    put_about(r, file, out);
    buffer_printf(out, ",\"virtual\":%s,\"end\":%lld,\"events\":%u,\"dropped\":%llu,\n",
                  r->vm->clock.is_virtual ? "true" : "false", (long long)r->now.time, r->now.number,
                  (unsigned long long)r->dropped);
    put_lanes(r, out);
    put_spans(r, out);
    put_summaries(r, out);
    put_arrows(r, out);
    put_texts(r, out);
    put_lines(r, out);
    buffer_puts(out, "}\n");
}
