/* SPDX-License-Identifier: MIT */
/*
 * The store of a recording: lanes, spans, arrows, marks, texts. Only arrays that grow and two hash
 * tables; what the events mean is in cli/record_events.c.
 *
 * Invariant: indices stay valid for ever, pointers until the next addition.
 */
#include "cli/record.h"

#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

/* Makes room in [array] for one more item. */
#define GROW(array)                                                                                \
    do {                                                                                           \
        size_t size = sizeof *(array)->items;                                                      \
        if ((array)->count < (array)->room) break;                                                 \
        (array)->room = (array)->room ? (array)->room * 2 : 64;                                    \
        (array)->items = memory_realloc((array)->items, (array)->room * size);                     \
    } while (0)

/* ---- texts ---- */

static uint64_t hash_bytes(const char *bytes, size_t size) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++) hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
    return hash ^ hash >> 29;
}

static void texts_rehash(Texts *x) {
    size_t size = x->slot_count ? x->slot_count * 2 : 256;
    free(x->slots);
    x->slots = memory_alloc_zeroed(size * sizeof *x->slots);
    x->slot_count = size;
    for (uint32_t n = 0; n < x->count; n++) {
        const char *text = x->bytes + x->at[n];
        size_t slot = hash_bytes(text, strlen(text)) & (size - 1);
        while (x->slots[slot]) slot = (slot + 1) & (size - 1);
        x->slots[slot] = n + 1;
    }
}

static uint32_t texts_append(Texts *x, const char *text, size_t size) {
    if (x->size + size + 1 > x->capacity) {
        x->capacity = (x->size + size + 1) * 2;
        x->bytes = memory_realloc(x->bytes, x->capacity);
    }
    if (x->count == x->room) {
        x->room = x->room ? x->room * 2 : 64;
        x->at = memory_realloc(x->at, x->room * sizeof *x->at);
    }
    x->at[x->count] = (uint32_t)x->size;
    memcpy(x->bytes + x->size, text, size);
    x->bytes[x->size + size] = '\0';
    x->size += size + 1;
    return (uint32_t)x->count++;
}

uint32_t text_number(Record *r, const char *text, size_t size) {
    Texts *x = &r->texts;
    const char *end = memchr(text ? text : "", '\0', size);
    if (end) size = (size_t)(end - text);
    if (x->count * 2 >= x->slot_count) texts_rehash(x);
    size_t slot = hash_bytes(text, size) & (x->slot_count - 1);
    for (; x->slots[slot]; slot = (slot + 1) & (x->slot_count - 1)) {
        const char *at = x->bytes + x->at[x->slots[slot] - 1];
        if (!strncmp(at, text, size) && !at[size]) return x->slots[slot] - 1;
    }
    if (x->size + size > UINT32_MAX / 2) return 0;
    uint32_t number = texts_append(x, text, size);
    x->slots[slot] = number + 1;
    return number;
}

uint32_t text_take(Record *r, Buffer *text) {
    uint32_t number = text->size ? text_number(r, text->data, text->size) : 0;
    buffer_free(text);
    return number;
}

const char *text_of(const Record *r, uint32_t number) {
    return r->texts.bytes + r->texts.at[number];
}

void texts_keep(Record *r, uint32_t *numbers) {
    Texts *x = &r->texts;
    uint32_t kept = 0;
    for (uint32_t n = 0; n < x->count; n++) {
        if (!numbers[n]) continue;
        x->at[kept] = x->at[n];
        numbers[n] = kept++;
    }
    x->count = kept;
    texts_rehash(x);
}

/* ---- lanes and spans ---- */

uint32_t lane_add(Record *r, LaneKind kind, uint32_t parent) {
    GROW(&r->lanes);
    r->lanes.items[r->lanes.count] = (Lane){.kind = kind,
                                            .parent = parent,
                                            .open = NOWHERE,
                                            .job = NOWHERE,
                                            .begin = r->now,
                                            .end = r->now};
    return (uint32_t)r->lanes.count++;
}

void span_close(Record *r, uint32_t lane) {
    Lane *l = &r->lanes.items[lane];
    if (l->open != NOWHERE) r->spans.items[l->open].end = r->now;
    l->open = NOWHERE;
    l->end = r->now;
}

static uint32_t span_add(Record *r, uint32_t lane, SpanKind kind, uint32_t text, Moment begin) {
    GROW(&r->spans);
    r->spans.items[r->spans.count] =
        (LaneSpan){.begin = begin, .end = r->now, .lane = lane, .text = text, .kind = kind};
    return (uint32_t)r->spans.count++;
}

LaneSpan *span_open(Record *r, uint32_t lane, SpanKind kind, uint32_t text) {
    span_close(r, lane);
    uint32_t index = span_add(r, lane, kind, text, r->now);
    r->lanes.items[lane].open = index;
    return &r->spans.items[index];
}

uint32_t span_over(Record *r, uint32_t lane, SpanKind kind, uint32_t text, Moment begin) {
    return span_add(r, lane, kind, text, begin);
}

void arrow_add(Record *r, ArrowKind kind, uint32_t from, Moment at, uint32_t to, uint32_t text) {
    if (from == NOWHERE || to == NOWHERE || from == to) return;
    GROW(&r->arrows);
    r->arrows.items[r->arrows.count++] = (Arrow){
        .from = at, .to = r->now, .from_lane = from, .to_lane = to, .text = text, .kind = kind};
}

void mark_add(Record *r, MarkKind kind, uint32_t lane, uint32_t text) {
    if (lane == NOWHERE) return;
    GROW(&r->marks);
    r->marks.items[r->marks.count++] =
        (Mark){.at = r->now, .lane = lane, .text = text, .kind = kind};
}

void lanes_push(Lanes *lanes, const Lane *lane) {
    GROW(lanes);
    lanes->items[lanes->count++] = *lane;
}

void spans_push(LaneSpans *spans, const LaneSpan *span) {
    GROW(spans);
    spans->items[spans->count++] = *span;
}

void summaries_push(Summaries *summaries, const Summary *summary) {
    GROW(summaries);
    summaries->items[summaries->count++] = *summary;
}

static int by_lane(const void *a, const void *b) {
    const LaneSpan *x = a, *y = b;
    if (x->lane != y->lane) return x->lane < y->lane ? -1 : 1;
    if (x->begin.number != y->begin.number) return x->begin.number < y->begin.number ? -1 : 1;
    if (x->end.number != y->end.number) return x->end.number < y->end.number ? -1 : 1;
    return x < y ? -1 : x > y;
}

void spans_sort(LaneSpans *spans) {
    qsort(spans->items, spans->count, sizeof *spans->items, by_lane);
}

/* ---- which lane is whose ---- */

static LaneEntry *slot_of(LaneEntry *entries, size_t room, uint64_t key) {
    size_t slot = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (room - 1);
    while (entries[slot].key && entries[slot].key != key) slot = (slot + 1) & (room - 1);
    return &entries[slot];
}

LaneEntry *lane_map_find(const LaneMap *map, uint64_t key) {
    if (!map->room) return NULL;
    LaneEntry *entry = slot_of(map->entries, map->room, key);
    return entry->key ? entry : NULL;
}

static void lane_map_grow(LaneMap *map) {
    size_t room = map->room ? map->room * 2 : 64;
    LaneEntry *entries = memory_alloc_zeroed(room * sizeof *entries);
    for (size_t i = 0; i < map->room; i++) {
        if (map->entries[i].key) *slot_of(entries, room, map->entries[i].key) = map->entries[i];
    }
    free(map->entries);
    map->entries = entries;
    map->room = room;
}

void lane_map_set(LaneMap *map, uint64_t key, uint32_t lane, Moment at) {
    if (map->count * 2 >= map->room) lane_map_grow(map);
    LaneEntry *entry = slot_of(map->entries, map->room, key);
    if (!entry->key) map->count++;
    *entry = (LaneEntry){key, lane, at};
}

void record_free(Record *r) {
    void *blocks[] = {r->lanes.items,      r->spans.items,     r->arrows.items,  r->marks.items,
                      r->texts.bytes,      r->texts.at,        r->texts.slots,   r->tasks.entries,
                      r->jobs.entries,     r->threads.entries, r->loops.entries, r->summaries.items,
                      r->processes.entries};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) free(blocks[i]);
    free(r);
}
