/* SPDX-License-Identifier: MIT */
/*
 * The input of an Unpickler and its stack.
 *
 * Input is a stretch of bytes that is used up; a file is asked for more when it runs out, for no
 * more than is needed, so that what follows the pickle stays in the file. Frames are read whole.
 * The stack is a list; marks are heights of it, and instructions do not look below the last one.
 *
 * Read next: stdlib/pickle_load.c.
 */
#include <string.h>

#include "stdlib/pickle_native.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- input ---- */

/* Make [bytes] the input. */
static const uint8_t *use(Thread *t, Unpickler *u, Value bytes) {
    heap_set(&t->vm->heap, &u->source, bytes);
    u->data = BYTES(bytes)->data;
    u->end = u->data + BYTES(bytes)->size;
    return u->data;
}

static Value truncated(Thread *t) {
    return pickle_raise(t, UNPICKLING_ERROR, "pickle data was truncated");
}

/* What file.read(size) gives, as bytes. */
static Value file_read(Thread *t, Unpickler *u, uint64_t size) {
    Value wanted = int_from_uint64(t, size);
    Value got = call_value(t, u->read, &wanted, 1);
    if (got == VALUE_ERROR || is_kind(got, OBJ_BYTES)) return got;
    const uint8_t *data;
    size_t n;
    if (!bytes_like(got, &data, &n))
        return raise_error(t, EXC_ValueError, "read() returned non-bytes object (%T)", got);
    return object_value(bytes_new(t, data, n));
}

/* [size] bytes of which [u->end - u->data] are there. */
static const uint8_t *read_more(Thread *t, Unpickler *u, uint64_t size) {
    size_t there = (size_t)(u->end - u->data);
    if (u->read == VALUE_NONE) return truncated(t), NULL;
    Value got = file_read(t, u, size - there);
    if (got == VALUE_ERROR) return NULL;
    if (BYTES(got)->size < size - there) return truncated(t), NULL;
    if (!there) return use(t, u, got);
    Bytes *joined = bytes_allocate(t, size);
    memcpy(joined->data, u->data, there);
    memcpy(joined->data + there, BYTES(got)->data, size - there);
    return use(t, u, object_value(joined));
}

const uint8_t *unpickle_read(Thread *t, Unpickler *u, uint64_t size) {
    if (UNLIKELY((uint64_t)(u->end - u->data) < size) && !read_more(t, u, size)) return NULL;
    const uint8_t *data = u->data;
    u->data += size;
    return data;
}

int unpickle_opcode(Thread *t, Unpickler *u) {
    if (LIKELY(u->data < u->end)) return *u->data++;
    Value got = u->read == VALUE_NONE ? object_value(t->vm->empty_bytes) : file_read(t, u, 1);
    if (got == VALUE_ERROR) return -1;
    if (!BYTES(got)->size) return raise_error(t, EXC_EOFError, "Ran out of input"), -1;
    use(t, u, got);
    return *u->data++;
}

bool unpickle_read_frame(Thread *t, Unpickler *u, uint64_t size) {
    if ((uint64_t)(u->end - u->data) >= size) return true;
    return read_more(t, u, size) != NULL;
}

const uint8_t *unpickle_read_line(Thread *t, Unpickler *u, size_t *size) {
    const uint8_t *end =
        memchr(u->data ? u->data : (const uint8_t *)"", '\n', (size_t)(u->end - u->data));
    if (!end && u->readline != VALUE_NONE && u->data == u->end) {
        Value got = call_value(t, u->readline, NULL, 0);
        if (got == VALUE_ERROR) return NULL;
        if (!is_kind(got, OBJ_BYTES)) {
            raise_error(t, EXC_ValueError, "readline() returned non-bytes object (%T)", got);
            return NULL;
        }
        use(t, u, got);
        end = memchr(u->data, '\n', (size_t)(u->end - u->data));
    }
    if (!end) return truncated(t), NULL;
    const uint8_t *data = u->data;
    *size = (size_t)(end - data);
    u->data = end + 1;
    return data;
}

/* ---- the stack ---- */

size_t unpickle_floor(const Unpickler *u) {
    size_t height = 0;
    if (u->marks.size)
        memcpy(&height, u->marks.data + u->marks.size - sizeof height, sizeof height);
    return height;
}

Value unpickle_underflow(Thread *t, Unpickler *u) {
    return pickle_raise(t, UNPICKLING_ERROR,
                        u->marks.size ? "unexpected MARK found" : "unpickling stack underflow");
}

void unpickle_push(Thread *t, Unpickler *u, Value v) {
    if (!list_append(t, LIST(u->stack), v)) exception_take(t);
}

Value unpickle_pop(Thread *t, Unpickler *u) {
    List *stack = LIST(u->stack);
    if (stack->size <= unpickle_floor(u)) return unpickle_underflow(t, u);
    Value v = stack->items[--stack->size];
    heap_forget(&t->vm->heap, v);
    return v;
}

int64_t unpickle_pop_mark(Thread *t, Unpickler *u) {
    if (!u->marks.size) return pickle_raise(t, UNPICKLING_ERROR, "could not find MARK"), -1;
    size_t height = unpickle_floor(u);
    u->marks.size -= sizeof height;
    if (height > LIST(u->stack)->size) return unpickle_underflow(t, u), -1;
    return (int64_t)height;
}

void unpickle_cut(Thread *t, Unpickler *u, size_t height) {
    List *stack = LIST(u->stack);
    while (stack->size > height) heap_forget(&t->vm->heap, stack->items[--stack->size]);
}
