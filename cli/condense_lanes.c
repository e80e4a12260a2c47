/* SPDX-License-Identifier: MIT */
/*
 * Which lanes a condensed page has: nobody reads ten thousand of them.
 *
 * Tasks (or threads) of the same function under the same loop become one lane, but for the first
 * and last ones and some of those that failed, were cancelled or held the loop. Where that leaves
 * too many, because every task runs another function, all tasks are one group.
 *
 * Invariant: a lane that others stand below is never merged.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/condense.h"
#include "common/memory.h"

enum {
    FEW = 300,      /* lanes that are left alone */
    AT_ENDS = 20,   /* of a group: the first and the last ones */
    SPECIAL = 40,   /* of a group: those in which something went wrong */
    TOO_MANY = 900, /* then the groups are made larger */
};

typedef struct Group {
    uint32_t count, seen, special, lane;
} Group;

typedef struct Grouping {
    Condenser *c;
    bool *is_parent, *is_special;
    bool coarse;
    LaneMap ids; /* key of a group to its index */
    Group *groups;
} Grouping;

static void note_lanes(Grouping *g) {
    const Record *r = g->c->r;
    for (size_t i = 0; i < r->lanes.count; i++) {
        const Lane *l = &r->lanes.items[i];
        if (l->parent != NOWHERE) g->is_parent[l->parent] = true;
        if (!strncmp(text_of(r, l->outcome), "raised ", 7)) g->is_special[i] = true;
    }
    for (size_t i = 0; i < r->arrows.count; i++) {
        const Arrow *a = &r->arrows.items[i];
        if (a->kind == ARROW_CANCEL) g->is_special[a->to_lane] = true;
    }
    for (size_t i = 0; i < r->spans.count; i++) {
        const LaneSpan *s = &r->spans.items[i];
        if (s->kind == SPAN_BLOCKING) g->is_special[s->lane] = true;
    }
}

static Group *group_of(Grouping *g, const Lane *l) {
    uint64_t key = (uint64_t)l->kind + 1;
    if (!g->coarse) key |= (uint64_t)l->work << 32 | (uint32_t)(l->parent + 1) << 3;
    const LaneEntry *entry = lane_map_find(&g->ids, key);
    if (entry) return &g->groups[entry->lane];
    uint32_t index = (uint32_t)g->ids.count;
    lane_map_set(&g->ids, key, index, (Moment){0, 0});
    g->groups[index] = (Group){.lane = NOWHERE};
    return &g->groups[index];
}

/* Does the lane stay one of its own? Counts it as seen. */
static bool stands_alone(Grouping *g, Group *group, uint32_t lane) {
    uint32_t number = group->seen++;
    if (group->count <= 3 * AT_ENDS) return true;
    if (number < AT_ENDS || number + AT_ENDS >= group->count) return true;
    return g->is_special[lane] && group->special++ < SPECIAL;
}

static uint32_t page_lane(Condenser *c, const Lane *l) {
    lanes_push(&c->lanes, l);
    return (uint32_t)c->lanes.count - 1;
}

static void merge_into(Condenser *c, uint32_t index, const Lane *l) {
    Lane *group = &c->lanes.items[index];
    group->members++;
    group->ended = group->ended && l->ended;
    if (l->end.number > group->end.number) group->end = l->end;
}

static void place_lane(Grouping *g, uint32_t i) {
    Condenser *c = g->c;
    const Lane *l = &c->r->lanes.items[i];
    Group *group = l->kind == LANE_LOOP || g->is_parent[i] ? NULL : group_of(g, l);
    if (!group || stands_alone(g, group, i)) {
        c->lane_of[i] = page_lane(c, l);
        return;
    }
    if (group->lane == NOWHERE) {
        Lane first = *l;
        first.outcome = first.made = 0;
        if (g->coarse) first.work = 0, first.parent = NOWHERE;
        group->lane = page_lane(c, &first);
    }
    merge_into(c, group->lane, l);
    c->lane_of[i] = group->lane;
}

static void name_groups(Condenser *c) {
    static const char *const nouns[] = {"threads", "loops", "tasks", "processes"};
    for (size_t i = 0; i < c->lanes.count; i++) {
        Lane *l = &c->lanes.items[i];
        if (l->parent != NOWHERE) l->parent = c->lane_of[l->parent];
        if (!l->members) continue;
        Buffer name = {0};
        buffer_printf(&name, "%u %s", l->members, nouns[l->kind]);
        l->name = text_take(c->r, &name);
    }
}

static void group_lanes(Grouping *g) {
    const Lanes *lanes = &g->c->r->lanes;
    g->c->lanes.count = 0;
    memset(&g->ids, 0, sizeof g->ids);
    for (size_t i = 0; i < lanes->count; i++) {
        if (lanes->items[i].kind != LANE_LOOP && !g->is_parent[i])
            group_of(g, &lanes->items[i])->count++;
    }
    for (uint32_t i = 0; i < lanes->count; i++) place_lane(g, i);
    free(g->ids.entries);
}

void condense_lanes(Condenser *c) {
    size_t count = c->r->lanes.count;
    c->lane_of = memory_alloc_zeroed(count * sizeof *c->lane_of);
    if (count <= FEW) {
        for (uint32_t i = 0; i < count; i++) c->lane_of[i] = page_lane(c, &c->r->lanes.items[i]);
        return;
    }
    Grouping g = {.c = c,
                  .is_parent = memory_alloc_zeroed(count),
                  .is_special = memory_alloc_zeroed(count),
                  .groups = memory_alloc_zeroed(count * sizeof(Group))};
    note_lanes(&g);
    group_lanes(&g);
    g.coarse = c->lanes.count > TOO_MANY;
    if (g.coarse) group_lanes(&g);
    name_groups(c);
    free(g.is_parent);
    free(g.is_special);
    free(g.groups);
}
