/* SPDX-License-Identifier: MIT */
/*
 * What every kind of object refers to (object_trace), what it owns outside its cell
 * (object_finalize), and where tracing begins (heap_shade_roots). One switch per question, so a new
 * kind of object touches each once.
 *
 * Iterators share a few layouts: those are traced by the functions their layouts name.
 * Read next: vm/execute_loop.h.
 */
#include <stdlib.h>

#include "vm/exception.h"
#include "vm/future.h"
#include "vm/number.h"
#include "vm/str.h"
#include "vm/frame.h"

const bool object_is_traced[OBJ_KIND_COUNT] = {
#define TYPE(KIND, NAME, BASE, FLAGS, TRACED) [OBJ_##KIND] = TRACED,
#include "vm/types.def"
#undef TYPE
};

const bool object_needs_finalize[OBJ_KIND_COUNT] = {
    [OBJ_OBJECT] = true,      [OBJ_CLASS] = true,     [OBJ_INT] = true,
    [OBJ_FLOAT] = true,       [OBJ_STR] = true,       [OBJ_BYTES] = true,
    [OBJ_BYTEARRAY] = true,   [OBJ_LIST] = true,      [OBJ_TUPLE] = true,
    [OBJ_DICT] = true,        [OBJ_SET] = true,       [OBJ_FROZENSET] = true,
    [OBJ_CODE] = true,        [OBJ_EXCEPTION] = true, [OBJ_MODULE] = true,
    [OBJ_PROPERTY] = true,    [OBJ_FUTURE] = true,    [OBJ_TASK] = true,
    [OBJ_LOOP] = true,        [OBJ_NAMESPACE] = true, [OBJ_NATIVE_DATA] = true,
    [OBJ_STREAM] = true,      [OBJ_HANDLE] = true,    [OBJ_STATICMETHOD] = true,
    [OBJ_CLASSMETHOD] = true, [OBJ_SUPER] = true,     [OBJ_REVERSED] = true,
    [OBJ_ENUMERATE] = true,   [OBJ_ZIP] = true,       [OBJ_MAP] = true,
    [OBJ_FILTER] = true,
};

/* ---- pieces ---- */

static void shade_values(Heap *heap, const Value *values, size_t count) {
    for (size_t i = 0; i < count; i++) heap_shade(heap, values[i]);
}
static void shade(Heap *heap, const void *object) {
    if (object) heap_shade_object(heap, (Object *)object);
}

static void trace_attributes(Heap *heap, Object *object) {
    Attributes *a = object_attributes(object);
    if (!a || !a->shape) return;
    shade(heap, a->shape->cls);
    if (a->shape->is_dict) {
        shade(heap, a->dict);
        /* the members of __slots__, vm/shape.c */
        if (object->kind == OBJ_OBJECT) heap_shade(heap, ((Instance *)object)->slots[0]);
        return;
    }
    int in_line = a->shape->inline_slots, count = a->shape->count;
    if (object->kind == OBJ_OBJECT) {
        shade_values(heap, ((Instance *)object)->slots,
                     (size_t)(count < in_line ? count : in_line));
    }
    if (count > in_line) shade_values(heap, a->more, (size_t)(count - in_line));
}

/* ---- containers: the large ones are traced in pieces, from the end down, so that items that move
 * down meanwhile (pop, compaction) cannot be missed; what moves them otherwise calls heap_settle
 * first ---- */

enum { LARGE_CONTAINER = 8192 };

static void trace_items(Heap *heap, Object *object, size_t from, size_t to) {
    switch (object_kind(object)) {
    case OBJ_LIST: {
        List *list = (List *)object;
        if (to > list->size) to = list->size;
        if (from < to) shade_values(heap, list->items + from, to - from);
        break;
    }
    case OBJ_DICT: {
        const Dict *dict = (Dict *)object;
        for (size_t i = from; i < to && i < dict->count; i++) {
            if (dict->entries[i].key == VALUE_UNSET) continue;
            heap_shade(heap, dict->entries[i].key);
            heap_shade(heap, dict->entries[i].value);
        }
        break;
    }
    default: {
        const Set *set = (Set *)object;
        for (size_t i = from; i < to && i < set->count; i++) heap_shade(heap, set->entries[i].key);
    }
    }
}

static void trace_container(Heap *heap, Object *object, size_t count) {
    if (count < LARGE_CONTAINER) {
        trace_items(heap, object, 0, count);
        return;
    }
    heap_settle_slow(heap);
    heap->half_traced = object;
    heap->half_left = count;
}

void object_trace_piece(Heap *heap, size_t from) {
    trace_items(heap, heap->half_traced, from, heap->half_left);
}

static void trace_function(Heap *heap, Function *f) {
    shade(heap, f->code);
    shade(heap, f->globals);
    shade(heap, f->attributes);
    Value values[] = {f->defaults, f->kwdefaults, f->name,       f->qualname,
                      f->doc,      f->module,     f->annotations};
    shade_values(heap, values, sizeof values / sizeof *values);
    for (int i = 0; i < f->code->ncaptures; i++) shade(heap, f->captures[i]);
}

static void shade_strs(Heap *heap, Str *const *strs, size_t count) {
    for (size_t i = 0; strs && i < count; i++) shade(heap, strs[i]);
}

static void trace_code(Heap *heap, Code *code) {
    shade(heap, code->name);
    shade(heap, code->qualname);
    shade(heap, code->filename);
    heap_shade(heap, code->doc);
    shade(heap, code->annotations);
    shade_values(heap, code->constants, code->nconstants);
    shade_strs(heap, code->capture_names, code->ncaptures);
    shade_strs(heap, code->register_names, code->nregister_names);
    shade_strs(heap, code->cell_names, code->ncells);
}

static void trace_class(Heap *heap, Class *cls) {
    shade(heap, cls->name);
    Value values[] = {cls->qualname, cls->module, cls->doc};
    for (int i = 0; i < 3; i++) {
        if (values[i]) heap_shade(heap, values[i]);
    }
    shade(heap, cls->bases);
    shade(heap, cls->mro);
    shade(heap, cls->dict);
    shade(heap, cls->base);
}

static void trace_exception(Heap *heap, Exception *e) {
    shade(heap, e->args);
    Value values[] = {e->cause, e->context, e->traceback, e->value};
    for (int i = 0; i < 4; i++) {
        if (values[i]) heap_shade(heap, values[i]);
    }
}

void generator_scan(Heap *heap, Generator *g) {
    g->epoch = heap->epoch;
    shade(heap, g->parent);
    shade(heap, g->delegate);
    if (g->state == GEN_CREATED) shade(heap, g->creator);
    shade(heap, g->frame.function);
    heap_shade(heap, g->handling);
    if (g->state == GEN_CLOSED) return;
    bool async = g->header.kind == OBJ_ASYNC_GENERATOR; /* has one register more */
    shade_values(heap, g->registers, (size_t)frame_code(&g->frame)->nregisters + async);
}

static void trace_future(Heap *heap, Future *f) {
    Value values[] = {f->loop, f->result, f->callbacks, f->cancel_message};
    for (int i = 0; i < 4; i++) {
        if (values[i]) heap_shade(heap, values[i]);
    }
}

static void trace_task(Heap *heap, Task *task) {
    trace_future(heap, &task->future);
    shade(heap, task->next_task);
    Value values[] = {task->coroutine, task->waiting_on, task->name, task->context};
    for (int i = 0; i < 4; i++) {
        if (values[i]) heap_shade(heap, values[i]);
    }
    origin_trace(heap, &task->made);
    if (task->cancel_origin) heap_shade(heap, task->cancel_origin);
}

/* How many Values follow the header of the small fixed layouts; other kinds bring a
 * trace hook. */
static int plain_values(ObjectKind kind) {
    switch (kind) {
    case OBJ_CELL:
    case OBJ_LIST_ITERATOR:
    case OBJ_LIST_REVERSE_ITERATOR:
    case OBJ_TUPLE_ITERATOR:
    case OBJ_STR_ITERATOR:
    case OBJ_BYTES_ITERATOR:
    case OBJ_BYTEARRAY_ITERATOR: return 1;
    case OBJ_METHOD: return 2;
    case OBJ_RANGE:
    case OBJ_SLICE: return 3;
    case OBJ_GENERIC_ALIAS:
    case OBJ_UNION_TYPE: return 4;
    default: return 0;
    }
}

/* Objects that are nothing but [count] Values after the header; zero slots are empty. */
static void trace_plain(Heap *heap, Object *object, int count) {
    Value *values = (Value *)(object + 1);
    for (int i = 0; i < count; i++) {
        if (values[i]) heap_shade(heap, values[i]);
    }
}

static void trace_native(Heap *heap, Native *n) {
    heap_shade(heap, n->self);
    heap_shade(heap, n->name);
    heap_shade(heap, n->module);
    shade(heap, n->owner);
}

void object_trace(Heap *heap, Object *object) {
    Class *cls = object_class(object);
    if (cls->flags & CLASS_HAS_ATTRIBUTES) trace_attributes(heap, object);
    switch (object_kind(object)) {
    case OBJ_LIST: trace_container(heap, object, ((List *)object)->size); break;
    case OBJ_TUPLE: shade_values(heap, ((Tuple *)object)->items, ((Tuple *)object)->size); break;
    case OBJ_DICT: trace_container(heap, object, ((Dict *)object)->count); break;
    case OBJ_SET:
    case OBJ_FROZENSET: trace_container(heap, object, ((Set *)object)->count); break;
    case OBJ_FUNCTION: trace_function(heap, (Function *)object); break;
    case OBJ_CODE: trace_code(heap, (Code *)object); break;
    case OBJ_CLASS: trace_class(heap, (Class *)object); break;
    case OBJ_EXCEPTION: trace_exception(heap, (Exception *)object); break;
    case OBJ_NATIVE: trace_native(heap, (Native *)object); break;
    case OBJ_TRACEBACK:
        heap_shade(heap, ((Traceback *)object)->next);
        shade(heap, ((Traceback *)object)->function);
        heap_shade(heap, ((Traceback *)object)->registers);
        heap_shade(heap, ((Traceback *)object)->frame);
        break;
    case OBJ_GENERATOR:
    case OBJ_COROUTINE:
    case OBJ_ASYNC_GENERATOR:
        if (((Generator *)object)->epoch != heap->epoch) generator_scan(heap, (Generator *)object);
        break;
    case OBJ_MODULE:
        heap_shade(heap, ((Module *)object)->name);
        shade(heap, ((Module *)object)->dict);
        break;
    case OBJ_FUTURE: trace_future(heap, (Future *)object); break;
    case OBJ_TASK: trace_task(heap, (Task *)object); break;
    default:
        if (cls->trace) cls->trace(heap, object);
        else trace_plain(heap, object, plain_values(object_kind(object)));
    }
}

/* ---- finalisation of memory ---- */

static void release_attributes(Heap *heap, Object *object) {
    Attributes *a = object_attributes(object);
    if (!a || !a->shape || a->shape->is_dict) return;
    heap_release(heap, a->more, shape_more_capacity(a->shape) * sizeof(Value));
}

static void release_table(Heap *heap, void *entries, size_t entries_size, void *index,
                          int index_bits) {
    heap_release(heap, entries, entries_size);
    if (index) heap_release(heap, index, (size_t)4 << index_bits);
}

void object_finalize(Heap *heap, Object *object) {
    if (object->kind == OBJ_CLASS) { /* its class may be gone already */
        class_release((Class *)object);
        return;
    }
    Class *cls = object_class(object);
    if (cls->flags & CLASS_HAS_ATTRIBUTES) release_attributes(heap, object);
    switch (object_kind(object)) {
    case OBJ_LIST:
        heap_release(heap, ((List *)object)->items, ((List *)object)->capacity * sizeof(Value));
        break;
    case OBJ_DICT: {
        Dict *d = (Dict *)object;
        release_table(heap, d->entries, d->capacity * sizeof(DictEntry), d->index, d->index_bits);
        break;
    }
    case OBJ_SET:
    case OBJ_FROZENSET: {
        Set *s = (Set *)object;
        release_table(heap, s->entries, s->capacity * sizeof(SetEntry), s->index, s->index_bits);
        break;
    }
    case OBJ_BYTEARRAY:
        heap_release(heap, ((Bytearray *)object)->data, ((Bytearray *)object)->capacity);
        break;
    case OBJ_STR: str_release(heap, (Str *)object); break;
    case OBJ_INT: mpz_clear(((BigInt *)object)->value); break;
    case OBJ_CODE: code_release((Code *)object); break;
    default:
        if (cls->finalize) cls->finalize(heap, object);
    }
}

/* ---- roots ---- */

/* A frame's registers are roots while it may run: on the register stack they are scanned with it,
 * in a generator they are scanned here. */
static void shade_frames(Heap *heap, Frame *frame) {
    for (; frame; frame = frame->caller) {
        shade(heap, frame->function);
        Generator *g = frame->generator;
        if (!g) continue;
        for (Generator *root = g->active_root; root; root = NULL)
            heap_shade_object(heap, &root->header);
        heap_shade_object(heap, &g->header);
        generator_scan(heap, g);
    }
}

static void shade_thread(Heap *heap, Thread *t) {
    shade_values(heap, t->registers, (size_t)(t->registers_top - t->registers));
    shade_frames(heap, t->frame);
    Value values[] = {t->exception, t->handling,           t->done_value,         t->parked_on,
                      t->object,    t->asyncgen_firstiter, t->asyncgen_finalizer, t->wait_on};
    shade_values(heap, values, sizeof values / sizeof *values);
}

void heap_shade_roots(Heap *heap) {
    Vm *vm = heap->vm;
    for (int i = 0; i < OBJ_KIND_COUNT; i++) shade(heap, vm->classes[i]);
    class_shade_natives(heap, vm->classes[OBJ_OBJECT]);
    for (int i = 0; i < EXC_COUNT; i++) shade(heap, vm->exceptions[i]);
    shade(heap, vm->method_descriptor);
    shade(heap, vm->wrapper_descriptor);
    shade(heap, vm->method_wrapper);
    for (int i = 0; i < 128; i++) shade(heap, vm->ascii[i]);
    shade(heap, vm->empty_str);
    shade(heap, vm->empty_tuple);
    shade(heap, vm->empty_bytes);
    shade(heap, vm->builtins);
    shade(heap, vm->modules);
    for (Thread *t = vm->threads; t; t = t->next) shade_thread(heap, t);
}
