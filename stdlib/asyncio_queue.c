/* SPDX-License-Identifier: MIT */
/*
 * asyncio.Queue, native: tasks hand items to each other.
 *
 * get() and put() are native coroutines. One that must wait stands in the queue's line of getters
 * or putters and is woken by the other side; woken, it looks again, because another task may have
 * been faster, and stands in line again if so. The number of passes each call takes is Python's.
 *
 * A subclass that overrides _get or _put (PriorityQueue does) keeps its items in self._queue and is
 * asked through its methods.
 *
 * Read next: vm/native_coroutine.c, stdlib/asyncio/queues.tul.
 */
#include <math.h>

#include "common/memory.h"
#include "stdlib/asyncio_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/generic_alias.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* A ring of Values; capacity is 0 or a power of two. */
typedef struct Ring {
    Value *values;
    size_t capacity, head, count;
} Ring;

typedef struct Queue {
    Object header;
    Value maxsize;
    Value loop;                     /* the loop in which somebody waited first, or VALUE_NONE */
    Ring items;                     /* unless [custom] */
    Ring getters, putters, joiners; /* native coroutines that wait */
    int64_t limit;                  /* maxsize as a number; <= 0: none */
    int64_t unfinished;             /* put and not task_done() */
    bool custom;                    /* _get, _put are overridden: the items are in self._queue */
} Queue;

#define QUEUE(v) ((Queue *)(uintptr_t)(v))

/* ---- rings ---- */

static Value *ring_at(const Ring *ring, size_t i) {
    return &ring->values[(ring->head + i) & (ring->capacity - 1)];
}

static void ring_push(Heap *heap, Ring *ring, Value v) {
    if (UNLIKELY(ring->count == ring->capacity)) {
        size_t capacity = ring->capacity ? ring->capacity * 2 : 8;
        Value *values = heap_realloc(heap, NULL, 0, capacity * sizeof *values);
        if (!values) memory_exhausted(capacity * sizeof *values);
        for (size_t i = 0; i < ring->count; i++) values[i] = *ring_at(ring, i);
        heap_release(heap, ring->values, ring->capacity * sizeof *values);
        ring->values = values;
        ring->capacity = capacity;
        ring->head = 0;
    }
    ring->count++;
    *ring_at(ring, ring->count - 1) = v;
}

static Value ring_pop(Heap *heap, Ring *ring) {
    Value v = *ring_at(ring, 0);
    heap_forget(heap, v);
    ring->head = (ring->head + 1) & (ring->capacity - 1);
    ring->count--;
    return v;
}

/* [v] is in it at most once. The shorter side moves up: waiters often leave in the order in which
 * they came. */
static void ring_remove(Heap *heap, Ring *ring, Value v) {
    size_t i = 0;
    while (i < ring->count && *ring_at(ring, i) != v) i++;
    if (i == ring->count) return;
    heap_forget(heap, v);
    if (i < ring->count / 2) {
        for (; i > 0; i--) *ring_at(ring, i) = *ring_at(ring, i - 1);
        ring->head = (ring->head + 1) & (ring->capacity - 1);
    } else {
        for (; i + 1 < ring->count; i++) *ring_at(ring, i) = *ring_at(ring, i + 1);
    }
    ring->count--;
}

static void ring_shade(Heap *heap, const Ring *ring) {
    for (size_t i = 0; i < ring->count; i++) heap_shade(heap, *ring_at(ring, i));
}

static void ring_release(Heap *heap, Ring *ring) {
    heap_release(heap, ring->values, ring->capacity * sizeof(Value));
    *ring = (Ring){0};
}

/* ---- the items ---- */

/* How many; -1 raised. */
static int64_t size_of(Thread *t, Queue *queue) {
    if (LIKELY(!queue->custom)) return (int64_t)queue->items.count;
    Value items = value_getattr(t, object_value(queue), NAME_OF(t, _queue));
    return items == VALUE_ERROR ? -1 : value_length(t, items);
}

static bool take_item(Thread *t, Queue *queue, Value *out) {
    *out = LIKELY(!queue->custom) ? ring_pop(&t->vm->heap, &queue->items)
                                  : call_method(t, object_value(queue), NAME_OF(t, _get), NULL, 0);
    return *out != VALUE_ERROR;
}

static bool store_item(Thread *t, Queue *queue, Value v) {
    if (LIKELY(!queue->custom)) {
        ring_push(&t->vm->heap, &queue->items, v);
        return true;
    }
    return call_method(t, object_value(queue), NAME_OF(t, _put), &v, 1) != VALUE_ERROR;
}

/* ---- waiting ---- */

/* Wake the first in line who still waits. */
static bool wake_next(Thread *t, Ring *line) {
    while (line->count) {
        NativeCoroutine *c = NATIVE_COROUTINE(ring_pop(&t->vm->heap, line));
        if (c->future.state != FUTURE_PENDING ||
            (c->future.flags & (FUTURE_CLOSED | FUTURE_WOKEN))) {
            continue;
        }
        return native_coroutine_wake(t, c);
    }
    return true;
}

static Value stand_in_line(Thread *t, Queue *queue, Ring *line, NativeCoroutine *c) {
    if (UNLIKELY(queue->loop != c->future.loop)) {
        if (queue->loop != VALUE_NONE) {
            return raise_error(t, EXC_RuntimeError, "%R is bound to a different event loop",
                               object_value(queue));
        }
        heap_set(&t->vm->heap, &queue->loop, c->future.loop);
    }
    ring_push(&t->vm->heap, line, object_value(c));
    return VALUE_PARKED;
}

/* A waiter got an exception: out of the line; when it had been woken already, let the next one have
 * the chance. */
static void leave_line(Thread *t, Ring *line, NativeCoroutine *c, bool chance) {
    if (c->future.flags & FUTURE_WOKEN) {
        if (chance && !wake_next(t, line)) exception_report_unraisable(t, NULL, object_value(c));
    } else {
        ring_remove(&t->vm->heap, line, object_value(c));
    }
}

static bool is_full(const Queue *queue, int64_t size) {
    return queue->limit > 0 && size >= queue->limit;
}

/* ---- get ---- */

static bool get_now(Thread *t, Queue *queue, Value *out) {
    Value *roots = push_roots(t, 1);
    if (!take_item(t, queue, out)) return false;
    roots[0] = *out;
    bool ok = wake_next(t, &queue->putters);
    pop_roots(t, roots);
    return ok;
}

static Value get_resume(Thread *t, NativeCoroutine *c) {
    Queue *queue = QUEUE(c->payload);
    int64_t size = size_of(t, queue);
    if (size < 0) return VALUE_ERROR;
    if (size == 0) return stand_in_line(t, queue, &queue->getters, c);
    return get_now(t, queue, &t->done_value) ? VALUE_DONE : VALUE_ERROR;
}

static void get_thrown(Thread *t, NativeCoroutine *c) {
    Queue *queue = QUEUE(c->payload);
    leave_line(t, &queue->getters, c, size_of(t, queue) > 0);
}

static const NativeCoroutineKind get_kind = {"get", "Queue.get", get_resume, get_thrown, NULL};

static Value get(Thread *t, Value *args) {
    return object_value(native_coroutine_new(t, &get_kind, args[0]));
}

/* ---- put ---- */

static bool put_now(Thread *t, Queue *queue, Value v) {
    if (!store_item(t, queue, v)) return false;
    queue->unfinished++;
    return wake_next(t, &queue->getters);
}

static Value put_resume(Thread *t, NativeCoroutine *c) {
    Queue *queue = QUEUE(c->payload);
    int64_t size = queue->limit > 0 ? size_of(t, queue) : 0;
    if (size < 0) return VALUE_ERROR;
    if (is_full(queue, size)) return stand_in_line(t, queue, &queue->putters, c);
    t->done_value = VALUE_NONE;
    return put_now(t, queue, c->future.result) ? (t->done_value = VALUE_NONE, VALUE_DONE)
                                               : VALUE_ERROR;
}

static void put_thrown(Thread *t, NativeCoroutine *c) {
    Queue *queue = QUEUE(c->payload);
    int64_t size = size_of(t, queue);
    leave_line(t, &queue->putters, c, size >= 0 && !is_full(queue, size));
}

static const NativeCoroutineKind put_kind = {"put", "Queue.put", put_resume, put_thrown, NULL};

static Value put(Thread *t, Value *args) {
    NativeCoroutine *c = native_coroutine_new(t, &put_kind, args[0]);
    c->future.result = args[1];
    return object_value(c);
}

/* ---- join ---- */

static Value join_resume(Thread *t, NativeCoroutine *c) {
    Queue *queue = QUEUE(c->payload);
    t->done_value = VALUE_NONE;
    bool first = c->future.callbacks == VALUE_UNSET && c->future.result == VALUE_UNSET;
    if (!first || queue->unfinished <= 0) return VALUE_DONE;
    c->future.result = VALUE_NONE; /* it has waited */
    return stand_in_line(t, queue, &queue->joiners, c);
}

static void join_thrown(Thread *t, NativeCoroutine *c) {
    leave_line(t, &QUEUE(c->payload)->joiners, c, false);
}

static int64_t join_missing(const NativeCoroutine *c) { return QUEUE(c->payload)->unfinished; }

static const NativeCoroutineKind join_kind = {"join", "Queue.join", join_resume, join_thrown,
                                              join_missing};

static Value join(Thread *t, Value *args) {
    return object_value(native_coroutine_new(t, &join_kind, args[0]));
}

static Value task_done(Thread *t, Value *args) {
    Queue *queue = QUEUE(args[0]);
    if (queue->unfinished <= 0)
        return raise_error(t, EXC_ValueError, "task_done() called too many times");
    if (--queue->unfinished > 0) return VALUE_NONE;
    while (queue->joiners.count) {
        if (!wake_next(t, &queue->joiners)) return VALUE_ERROR;
    }
    return VALUE_NONE;
}

/* ---- without waiting ---- */

/* Raise the module's QueueEmpty or QueueFull, looked up in the class's own module dict. */
static Value raise_named(Thread *t, const char *name) {
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "_asyncio", 8));
    Value cls = dict_get_str(t, MODULE(module)->dict, str_intern(t->vm, name, strlen(name)));
    Value exception = exception_new(t, CLASS(cls), NULL, 0);
    return exception == VALUE_ERROR ? VALUE_ERROR : raise_value(t, exception);
}

static Value get_nowait(Thread *t, Value *args) {
    Queue *queue = QUEUE(args[0]);
    int64_t size = size_of(t, queue);
    if (size < 0) return VALUE_ERROR;
    if (size == 0) return raise_named(t, "QueueEmpty");
    Value v;
    return get_now(t, queue, &v) ? v : VALUE_ERROR;
}

static Value put_nowait(Thread *t, Value *args) {
    Queue *queue = QUEUE(args[0]);
    int64_t size = queue->limit > 0 ? size_of(t, queue) : 0;
    if (size < 0) return VALUE_ERROR;
    if (is_full(queue, size)) return raise_named(t, "QueueFull");
    return put_now(t, queue, args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value qsize(Thread *t, Value *args) {
    int64_t size = size_of(t, QUEUE(args[0]));
    return size < 0 ? VALUE_ERROR : fixnum(size);
}

static Value empty(Thread *t, Value *args) {
    int64_t size = size_of(t, QUEUE(args[0]));
    return size < 0 ? VALUE_ERROR : bool_value(size == 0);
}

static Value full(Thread *t, Value *args) {
    int64_t size = size_of(t, QUEUE(args[0]));
    return size < 0 ? VALUE_ERROR : bool_value(is_full(QUEUE(args[0]), size));
}

static Value default_init(Thread *t, Value *args) {
    (void)t, (void)args;
    return VALUE_NONE;
}

static Value default_get(Thread *t, Value *args) {
    Queue *queue = QUEUE(args[0]);
    if (queue->items.count == 0) return raise_error(t, EXC_IndexError, "pop from an empty deque");
    return ring_pop(&t->vm->heap, &queue->items);
}

static Value default_put(Thread *t, Value *args) {
    ring_push(&t->vm->heap, &QUEUE(args[0])->items, args[1]);
    return VALUE_NONE;
}

/* ---- the class ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Queue *queue = object_new(t, cls, 0);
    queue->maxsize = fixnum(0);
    queue->loop = VALUE_NONE;
    return object_value(queue);
}

/* The least size at which a queue is full; <= 0: never. */
static bool limit_of(Thread *t, Value maxsize, int64_t *limit) {
    if (!is_float(maxsize)) return arg_clamped(t, maxsize, limit);
    double size = ceil(float_of(maxsize));
    *limit = size > 0 ? size < 1e18 ? (int64_t)size : INT64_MAX : 0;
    return true;
}

static bool is_overridden(Thread *t, Class *cls, Str *name) {
    Class *base = stdlib_of(t)->classes[CLASS_QUEUE];
    return cls != base && class_lookup(t, cls, name) != class_lookup(t, base, name);
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 3);
    roots[2] = self;
    bool ok = bind_raw(t, "Queue", "(maxsize=0, *, loop=None)", roots, args, argc, kwnames);
    Queue *queue = QUEUE(self);
    if (ok) {
        heap_set(&t->vm->heap, &queue->maxsize, roots[0]);
        ok = limit_of(t, roots[0], &queue->limit);
        Class *cls = object_class(&queue->header);
        queue->custom =
            is_overridden(t, cls, NAME_OF(t, _get)) || is_overridden(t, cls, NAME_OF(t, _put));
        if (ok && is_overridden(t, cls, NAME_OF(t, _init))) {
            ok = call_method(t, self, NAME_OF(t, _init), roots, 1) != VALUE_ERROR;
        }
    }
    pop_roots(t, roots);
    return ok;
}

static Value items_list(Thread *t, Queue *queue) {
    if (queue->custom) {
        Value items = value_getattr(t, object_value(queue), NAME_OF(t, _queue));
        if (items == VALUE_ERROR) return VALUE_ERROR;
        List *list = list_from_iterable(t, items);
        return list ? object_value(list) : VALUE_ERROR;
    }
    List *list = list_new(t, queue->items.count);
    for (size_t i = 0; i < queue->items.count; i++)
        list_append(t, list, *ring_at(&queue->items, i));
    return object_value(list);
}

static bool describe(Thread *t, Queue *queue, Buffer *out) {
    Str *maxsize = value_repr(t, queue->maxsize);
    if (!maxsize) return false;
    buffer_printf(out, "maxsize=%s", maxsize->data);
    Value items = items_list(t, queue);
    if (items == VALUE_ERROR) return false;
    if (LIST(items)->size) {
        Str *text = value_repr(t, items);
        if (!text) return false;
        buffer_printf(out, " _queue=%s", text->data);
    }
    if (queue->getters.count) buffer_printf(out, " _getters[%zu]", queue->getters.count);
    if (queue->putters.count) buffer_printf(out, " _putters[%zu]", queue->putters.count);
    if (queue->unfinished) buffer_printf(out, " tasks=%lld", (long long)queue->unfinished);
    return true;
}

static Value text(Thread *t, Value self, bool with_id) {
    Buffer out = {0};
    buffer_printf(&out, "<%s ", object_class(object_of(self))->name->data);
    if (with_id) buffer_printf(&out, "at 0x%llx ", (unsigned long long)value_id(t->vm, self));
    if (!describe(t, QUEUE(self), &out)) {
        buffer_free(&out);
        return VALUE_ERROR;
    }
    buffer_putc(&out, '>');
    return object_value(str_from_buffer(t, &out));
}

static Value repr(Thread *t, Value self) { return text(t, self, true); }

static Value format(Thread *t, Value *args) {
    Buffer out = {0};
    if (describe(t, QUEUE(args[0]), &out)) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

static Value line_list(Thread *t, const Ring *line) {
    List *list = list_new(t, line->count);
    for (size_t i = 0; i < line->count; i++) list_append(t, list, *ring_at(line, i));
    return object_value(list);
}

static Value get_getters(Thread *t, Value self) { return line_list(t, &QUEUE(self)->getters); }
static Value get_putters(Thread *t, Value self) { return line_list(t, &QUEUE(self)->putters); }
static Value str(Thread *t, Value self) { return text(t, self, false); }

static Value get_maxsize(Thread *t, Value self) {
    (void)t;
    return QUEUE(self)->maxsize;
}

static bool set_unfinished(Thread *t, Value self, Value v) {
    if (v != VALUE_UNSET) return arg_clamped(t, v, &QUEUE(self)->unfinished);
    raise_error(t, EXC_AttributeError, "_unfinished_tasks");
    return false;
}

static Value get_unfinished(Thread *t, Value self) {
    (void)t;
    return fixnum(QUEUE(self)->unfinished);
}

static void trace(Heap *heap, Object *self) {
    Queue *queue = (Queue *)self;
    heap_shade(heap, queue->maxsize);
    heap_shade(heap, queue->loop);
    ring_shade(heap, &queue->items);
    ring_shade(heap, &queue->getters);
    ring_shade(heap, &queue->putters);
    ring_shade(heap, &queue->joiners);
}

static void finalize(Heap *heap, Object *self) {
    Queue *queue = (Queue *)self;
    ring_release(heap, &queue->items);
    ring_release(heap, &queue->getters);
    ring_release(heap, &queue->putters);
    ring_release(heap, &queue->joiners);
}

static const Slots slots = {.repr = repr, .str = str, .construct = construct, .init = init};

static const NativeDef methods[] = {
    {"get", get, "(self, /)",
     "Coroutine: remove and give an item, waiting for one if there is none."},
    {"put", put, "(self, item)", "Coroutine: add an item, waiting for room if the queue is full."},
    {"get_nowait", get_nowait, "(self, /)", "Remove and give an item, or raise QueueEmpty."},
    {"put_nowait", put_nowait, "(self, item)", "Add an item, or raise QueueFull."},
    {"qsize", qsize, "(self, /)", "How many items are in the queue."},
    {"empty", empty, "(self, /)", "Is it empty?"},
    {"full", full, "(self, /)", "Are maxsize items in it?"},
    {"task_done", task_done, "(self, /)", "An item taken earlier has been worked on."},
    {"join", join, "(self, /)", "Coroutine: wait until every item has been worked on."},
    {"_init", default_init, "(self, maxsize)", "For subclasses: make self._queue."},
    {"_get", default_get, "(self, /)", "For subclasses: take an item from self._queue."},
    {"_put", default_put, "(self, item)", "For subclasses: put an item into self._queue."},
    {"_format", format, "(self, /)", "What repr() says of its state."},
    {"@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",
     "Queue[T], for annotations."},
    {0},
};

static const FieldDef fields[] = {
    {"maxsize", get_maxsize, NULL, "How many items may be in it; 0: any number."},
    {"_maxsize", get_maxsize, NULL, "The same."},
    {"_getters", get_getters, NULL, "Who waits for items: a list."},
    {"_putters", get_putters, NULL, "Who waits for room: a list."},
    {"_unfinished_tasks", get_unfinished, set_unfinished,
     "Items that were put and not reported by task_done()."},
    {0},
};

static bool add_exception(Thread *t, Module *module, const char *name) {
    Class *cls =
        exception_class_new(t, name, "asyncio.queues", NULL, EXCEPTION_CLASS(t, Exception));
    if (cls) module_set(t, module, name, object_value(cls));
    return cls != NULL;
}

bool asyncio_queue_init(Thread *t, Module *module) {
    stdlib_class(t, CLASS_QUEUE, module,
                 &(NativeClass){
                     .kind = OBJ_NATIVE_DATA,
                     .name = "Queue",
                     .slots = &slots,
                     .methods = methods,
                     .fields = fields,
                     .doc = "A first in, first out queue between tasks.",
                     .size = sizeof(Queue),
                     .flags = CLASS_BASE_ALLOWED | CLASS_HAS_ATTRIBUTES,
                     .trace = trace,
                     .finalize = finalize,
                 },
                 "asyncio.queues", NULL);
    return add_exception(t, module, "QueueEmpty") && add_exception(t, module, "QueueFull");
}
