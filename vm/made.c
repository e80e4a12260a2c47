/* SPDX-License-Identifier: MIT */
/*
 * The table of stacks: entries in the order in which they were noted.
 *
 * The newest entry for an object counts: the cell of a coroutine that was recycled may hold an
 * older one's. At the end of each marking the entries of dead objects and all but the newest of the
 * others leave, so that none ever points at memory that was given back.
 *
 * Read next: vm/made.h.
 */
#include "vm/made.h"

#include <stdlib.h>

#include "common/memory.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/future.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { FIRST_CAPACITY = 64 };

/* ---- noting ---- */

static void make_room(Heap *heap) {
    if (heap->made_count < heap->made_capacity) return;
    heap->made_capacity = heap->made_capacity ? heap->made_capacity * 2 : FIRST_CAPACITY;
    size_t size = heap->made_capacity * sizeof *heap->made;
    heap->made = realloc(heap->made, size);
    if (!heap->made) memory_exhausted(size);
}

void made_note(Thread *t, Object *object, uint32_t depth) {
    size_t levels = frames_count(t->frame, depth);
    Tuple *stack = tuple_new(t, levels * 2);
    frames_copy(t->frame, levels, stack->items);
    make_room(&t->vm->heap);
    t->vm->heap.made[t->vm->heap.made_count++] = (Made){object, object_value(stack), VALUE_UNSET};
}

/* ---- looking up ---- */

static Made *find(const Heap *heap, const Object *object) {
    for (size_t i = heap->made_count; i-- > 0;) {
        if (heap->made[i].object == object) return &heap->made[i];
    }
    return NULL;
}

Value made_stack(const Heap *heap, const Object *object) {
    const Made *made = find(heap, object);
    return made ? made->stack : VALUE_UNSET;
}

static Code *code_at(const Tuple *stack, size_t level) {
    return (Code *)object_of(stack->items[level * 2]);
}

static int line_at(const Tuple *stack, size_t level) {
    return code_line(code_at(stack, level), (uint32_t)fixnum_of(stack->items[level * 2 + 1]));
}

/* The innermost level that is the program's own; 0 when there is none. */
static size_t first_of_program(const Tuple *stack) {
    for (size_t i = 0; i * 2 < stack->size; i++) {
        if (!code_is_library(code_at(stack, i))) return i;
    }
    return 0;
}

static Value row_at(Thread *t, const Tuple *stack, size_t level) {
    const Code *code = code_at(stack, level);
    Value row[3] = {object_value(code->filename), fixnum(line_at(stack, level)),
                    object_value(code->name)};
    return object_value(tuple_from(t, row, 3));
}

Value made_origin(Thread *t, const Object *object) {
    Value v = made_stack(&t->vm->heap, object);
    if (v == VALUE_UNSET) return VALUE_NONE;
    Tuple *rows = tuple_new(t, TUPLE(v)->size / 2);
    for (size_t i = 0; i < rows->size; i++) rows->items[i] = row_at(t, TUPLE(v), i);
    return object_value(rows);
}

Value made_summary(Thread *t, Object *object) {
    Made *made = find(&t->vm->heap, object);
    if (!made) return VALUE_NONE;
    if (made->summary != VALUE_UNSET) return made->summary;
    Value *roots = push_roots(t, 2);
    const Tuple *stack = TUPLE(made->stack);
    List *rows = list_new(t, stack->size / 2);
    roots[0] = object_value(rows);
    for (size_t i = stack->size / 2, first = first_of_program(stack); i-- > first;) {
        if (!list_append(t, rows, row_at(t, stack, i))) return VALUE_ERROR;
    }
    roots[1] = t->vm->hooks.import_module(t, str_intern(t->vm, "asyncio.format_helpers", 22));
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    Value summary = call_method(t, roots[1], str_intern(t->vm, "_summary_of", 11), roots, 1);
    if (summary == VALUE_ERROR) return VALUE_ERROR;
    pop_roots(t, roots);
    made = find(&t->vm->heap, object);
    if (made) made->summary = summary;
    return summary;
}

void made_text(const Heap *heap, const Object *object, Buffer *out) {
    Value v = made_stack(heap, object);
    if (v == VALUE_UNSET || !TUPLE(v)->size) return;
    size_t level = first_of_program(TUPLE(v));
    buffer_printf(out, " created at %s:%d", code_at(TUPLE(v), level)->filename->data,
                  line_at(TUPLE(v), level));
}

void made_put_levels(Thread *t, const Object *object, Buffer *out) {
    Value v = made_stack(&t->vm->heap, object);
    for (size_t i = v == VALUE_UNSET ? 0 : TUPLE(v)->size / 2; i-- > 0;) {
        const Code *code = code_at(TUPLE(v), i);
        int line = line_at(TUPLE(v), i);
        buffer_printf(out, "  File \"%s\", line %d, in %s\n", code->filename->data, line,
                      code->name->data);
        Buffer source = {0};
        if (t->vm->hooks.source_line &&
            t->vm->hooks.source_line(t->vm, code->filename->data, line, &source)) {
            const char *text = source.data + strspn(source.data, " \t\f");
            buffer_printf(out, "    %.*s\n", (int)strcspn(text, "\r\n"), text);
        }
        buffer_free(&source);
    }
}

/* ---- the collector ---- */

void made_shade(Heap *heap) {
    for (size_t i = 0; i < heap->made_count; i++) {
        heap_shade(heap, heap->made[i].stack);
        heap_shade(heap, heap->made[i].summary);
    }
}

/* Is it one that has notes, and not the cell of one that was recycled? */
static bool has_notes(const Object *object) {
    switch (object_kind(object)) {
    case OBJ_GENERATOR:
    case OBJ_COROUTINE:
    case OBJ_NATIVE_COROUTINE:
    case OBJ_FUTURE:
    case OBJ_TASK:
    case OBJ_HANDLE: return true;
    default: return false;
    }
}

/* OBJECT_INTERNED, which means nothing else in these objects, marks those seen. */
void made_forget_dead(Heap *heap) {
    size_t first = heap->made_count;
    for (size_t i = heap->made_count; i-- > 0;) {
        Object *object = heap->made[i].object;
        if (!has_notes(object) || !heap_is_live(heap, object) || (object->bits & OBJECT_INTERNED))
            continue;
        object->bits |= OBJECT_INTERNED;
        heap->made[--first] = heap->made[i];
    }
    heap->made_count -= first;
    for (size_t i = 0; i < heap->made_count; i++) {
        heap->made[i] = heap->made[first + i];
        heap->made[i].object->bits &= (uint64_t)~OBJECT_INTERNED & 15;
    }
}

void made_free(Heap *heap) {
    free(heap->made);
    heap->made = NULL;
    heap->made_count = heap->made_capacity = 0;
}
