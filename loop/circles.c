/* SPDX-License-Identifier: MIT */
/*
 * Circles: tasks and threads that wait for each other.
 *
 * Everything that waits is a node, and leads to those who must act before it can go on: a task to
 * the tasks that it awaits or gathers, to the holder of its lock or to the thread that does its
 * job; a thread to the one that it joins or that holds its lock. A task that waits for nobody in
 * particular needs its event loop, so when a callback of that loop waits, it leads to that thread.
 *
 * The search goes in depth: each node is looked at once, and a way that comes back to a node on
 * itself is a circle. At most NODES nodes are looked at, at most CIRCLES are shown.
 *
 * Read next: loop/waits.c and loop/thread_waits.c (who must act).
 */
#include <stdlib.h>

#include "common/memory.h"
#include "loop/tree.h"
#include "vm/probe.h"

enum {
    NODES = 1 << 17,
    CIRCLES = 5,
    SHOWN = 8, /* nodes of a circle: half of them from either end */
};

typedef enum NodeState { NODE_NEW, NODE_ON_WAY, NODE_DONE } NodeState;

typedef struct Node {
    Value value;     /* a Task, or the number of a thread */
    Value *acting;   /* who must act; malloc'd */
    size_t count;    /* of [acting] */
    size_t followed; /* of these */
    NodeState state;
    bool shown; /* in a circle */
} Node;

typedef struct Search {
    Thread *t;
    Node *nodes;
    size_t count, capacity;
    int32_t *index; /* of nodes by value, -1: free; a power of two slots, half of them free */
    size_t slots;
    size_t *way; /* nodes from the start to the one that is looked at; room for all */
    size_t length;
    int circles;
    Buffer *out;
} Search;

/* ---- nodes ---- */

static size_t slot_of(const Search *s, Value v) {
    size_t slot = (size_t)(v * 0x9E3779B97F4A7C15u >> 20) & (s->slots - 1);
    while (s->index[slot] >= 0 && s->nodes[s->index[slot]].value != v)
        slot = (slot + 1) & (s->slots - 1);
    return slot;
}

static void *enlarge(void *old, size_t size) {
    void *larger = realloc(old, size);
    if (!larger) memory_exhausted(size);
    return larger;
}

static void grow(Search *s) {
    s->capacity = s->capacity ? s->capacity * 2 : 64;
    s->slots = s->capacity * 2;
    s->nodes = enlarge(s->nodes, s->capacity * sizeof *s->nodes);
    s->way = enlarge(s->way, s->capacity * sizeof *s->way);
    s->index = enlarge(s->index, s->slots * sizeof *s->index);
    memset(s->index, -1, s->slots * sizeof *s->index);
    for (size_t i = 0; i < s->count; i++) s->index[slot_of(s, s->nodes[i].value)] = (int32_t)i;
}

/* The node of [v], or NULL: there are too many. */
static Node *node_of(Search *s, Value v) {
    if (s->count == s->capacity) grow(s);
    size_t slot = slot_of(s, v);
    if (s->index[slot] >= 0) return &s->nodes[s->index[slot]];
    if (s->count == NODES) return NULL;
    s->index[slot] = (int32_t)s->count;
    s->nodes[s->count] = (Node){.value = v};
    return &s->nodes[s->count++];
}

/* The thread whose callback keeps the loop of [task] from going on, or NULL. */
static const Thread *keeper_of(const Task *task) {
    Value v = task->future.loop;
    const Loop *loop = is_kind(v, OBJ_LOOP) ? loop_of(v) : NULL;
    return loop && !loop->idle ? loop->thread : NULL;
}

static void wait_of_node(Thread *t, Value node, Wait *out) {
    if (is_fixnum(node)) {
        const Thread *thread = thread_numbered(t->vm, (uint64_t)fixnum_of(node));
        if (thread) wait_of_thread(t, thread, out);
        else *out = (Wait){.what = VALUE_NONE, .holder = VALUE_NONE};
        return;
    }
    wait_of_task(t, TASK(node), out);
    const Thread *keeper = keeper_of(TASK(node));
    if (keeper && !out->acting_count) wait_needs(out, fixnum((int64_t)keeper->number));
}

static void go_to(Search *s, Node *node) {
    Wait wait;
    wait_of_node(s->t, node->value, &wait);
    node->acting = wait.acting;
    node->count = wait.acting_count;
    node->state = NODE_ON_WAY;
    wait.acting = NULL;
    wait_free(&wait);
    s->way[s->length++] = (size_t)(node - s->nodes);
}

/* ---- the text ---- */

static void put_node(Thread *t, Value node, Buffer *out) {
    if (!is_fixnum(node)) probe_render(t->vm, node, 60, out);
    else thread_name_into(t, thread_numbered(t->vm, (uint64_t)fixnum_of(node)), out);
}

/* What [node] itself calls the thing that it holds. */
static void put_held(Thread *t, Value node, Value held, Buffer *out) {
    const Thread *thread =
        is_fixnum(node) ? thread_numbered(t->vm, (uint64_t)fixnum_of(node)) : NULL;
    NameScope scope = thread ? scope_of_thread(thread) : scope_of_task(TASK(node));
    put_thing(t, &scope, held, out);
}

/* "waits for Lock y", "waits for job f(), which worker has to do", "needs MainThread" */
static void put_need(Thread *t, const Wait *wait, Value node, Value after, Buffer *out) {
    bool is_work = wait->kind && !strcmp(wait->kind, "job") && wait->name.size && is_fixnum(after);
    buffer_puts(out, wait->waiting ? " waits for " : " needs ");
    if (wait->name.size) buffer_append(out, wait->name.data, wait->name.size);
    else put_node(t, after, out);
    if (is_work) {
        buffer_puts(out, ", which ");
        put_node(t, after, out);
        buffer_puts(out, " has to run");
    }
    if (after == node) buffer_puts(out, " itself");
}

/* "a holds Lock x and waits for Lock y" */
static void put_link(Thread *t, Value before, Value node, Value after, Buffer *out) {
    Wait wait;
    put_node(t, node, out);
    wait_of_node(t, before, &wait);
    if (wait.holds) {
        buffer_puts(out, " holds ");
        put_held(t, node, wait.what, out);
        buffer_puts(out, " and");
    }
    wait_free(&wait);
    wait_of_node(t, node, &wait);
    put_need(t, &wait, node, after, out);
    wait_free(&wait);
}

/* The circle is the way from [from] on. */
static void put_circle(Search *s, size_t from) {
    size_t n = s->length - from;
    const size_t *way = s->way + from;
    buffer_puts(s->out, "\na circle: ");
    for (size_t i = 0; i < n; i++) {
        s->nodes[way[i]].shown = true;
        if (n > SHOWN && i >= SHOWN / 2 && i < n - SHOWN / 2) {
            if (i == SHOWN / 2) buffer_printf(s->out, "; … %zu more", n - SHOWN);
            continue;
        }
        if (i) buffer_puts(s->out, "; ");
        put_link(s->t, s->nodes[way[(i + n - 1) % n]].value, s->nodes[way[i]].value,
                 s->nodes[way[(i + 1) % n]].value, s->out);
    }
}

/* The way leads back to [node], which is on it: a circle, unless others have shown all of it. */
static void found(Search *s, const Node *node) {
    size_t from = s->length;
    bool is_news = false;
    do {
        from--;
        is_news |= !s->nodes[s->way[from]].shown;
    } while (&s->nodes[s->way[from]] != node);
    if (!is_news || s->circles == CIRCLES) return;
    s->circles++;
    put_circle(s, from);
}

/* ---- the search ---- */

static void look_from(Search *s, Value start) {
    Node *node = node_of(s, start);
    if (!node || node->state != NODE_NEW) return;
    go_to(s, node);
    while (s->length) {
        node = &s->nodes[s->way[s->length - 1]];
        if (node->followed == node->count) {
            node->state = NODE_DONE;
            s->length--;
            continue;
        }
        Node *next = node_of(s, node->acting[node->followed]);
        s->nodes[s->way[s->length - 1]].followed++; /* [node] may have moved */
        if (!next) continue;
        if (next->state == NODE_NEW) go_to(s, next);
        else if (next->state == NODE_ON_WAY) found(s, next);
    }
}

void circles_put(Thread *t, Buffer *out) {
    Search s = {.t = t, .out = out};
    for (const Loop *loop = loop_state(t)->loops; loop; loop = loop->next) {
        Task *task = loop->object ? loop->object->first_task : NULL;
        for (; task; task = task->next_task) look_from(&s, object_value(task));
    }
    for (uint64_t number = 1; number <= t->vm->threads_made; number++) {
        if (thread_numbered(t->vm, number)) look_from(&s, fixnum((int64_t)number));
    }
    for (size_t i = 0; i < s.count; i++) free(s.nodes[i].acting);
    free(s.nodes);
    free(s.index);
    free(s.way);
}
