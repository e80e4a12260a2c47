/* SPDX-License-Identifier: MIT */
/*
 * The class bytearray: bytes that change in place.
 *
 * The bytes live in a malloc'd buffer that grows by half. Whatever may run Tulip code (an index, an
 * iterable to be assigned) is evaluated before the buffer is looked at, so no pointer into it
 * outlives a call. Invariant: data is NULL only while capacity is 0. Read next: vm/bytes_methods.c.
 */
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/ops.h"

static const char range_error[] = "byte must be in range(0, 256)";

/* ---- making ---- */

/* Room for [size] bytes; false raises MemoryError. */
static bool reserve(Thread *t, Bytearray *b, size_t size) {
    if (size <= b->capacity) return true;
    size_t capacity = b->capacity + b->capacity / 2;
    if (capacity < size) capacity = size < 16 ? 16 : size;
    uint8_t *data = heap_realloc(&t->vm->heap, b->data, b->capacity, capacity);
    if (!data) {
        raise_with(t, EXC_MemoryError, VALUE_UNSET);
        return false;
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

static void fill(Thread *t, Bytearray *b, const void *data, size_t size) {
    if (!size) return;
    b->data = heap_realloc(&t->vm->heap, NULL, 0, size);
    if (!b->data) return;
    b->capacity = b->size = size;
    if (data) memcpy(b->data, data, size);
}

Bytearray *bytearray_new(Thread *t, const void *data, size_t size) {
    Bytearray *b =
        heap_allocate(&t->vm->heap, sizeof(Bytearray), OBJ_BYTEARRAY, BUILTIN_CLASS(t, BYTEARRAY));
    fill(t, b, data, size);
    return b;
}

/* bytearray.__new__ makes an empty one whatever the arguments: they are for __init__. */
static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return object_value(object_new(t, cls, 0));
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Buffer out = {0};
    BYTEARRAY(self)->size = 0;
    bool ok = bytes_gather_call(t, "bytearray", args, argc, kwnames, &out) &&
              reserve(t, BYTEARRAY(self), out.size);
    if (ok && out.size) memcpy(BYTEARRAY(self)->data, out.data, out.size);
    if (ok) BYTEARRAY(self)->size = out.size;
    buffer_free(&out);
    return ok;
}

/* ---- changing ---- */

/* Replace [count] bytes at [at] by [size] others, which do not lie in [b]. */
static bool splice(Thread *t, Bytearray *b, size_t at, size_t count, const void *data,
                   size_t size) {
    if (size > count && !reserve(t, b, b->size - count + size)) return false;
    size_t tail = b->size - at - count;
    if (tail && size != count) memmove(b->data + at + size, b->data + at + count, tail);
    if (size) memcpy(b->data + at, data, size);
    b->size = b->size - count + size;
    return true;
}

static bool set_index(Thread *t, Value self, Value key, Value v) {
    size_t index;
    uint8_t byte = 0;
    if (v != VALUE_UNSET && is_fixnum(key) && !bytes_byte(t, v, range_error, &byte)) return false;
    if (!chars_index(t, self, key, &index)) return false;
    if (v == VALUE_UNSET) return splice(t, BYTEARRAY(self), index, 1, NULL, 0);
    if (!is_fixnum(key)) {
        if (!bytes_byte(t, v, range_error, &byte) || !chars_index(t, self, key, &index))
            return false;
    }
    BYTEARRAY(self)->data[index] = byte;
    return true;
}

/* What is assigned to a slice, in [out]. */
static bool gather_assigned(Thread *t, Value v, Buffer *out) {
    if (v == VALUE_UNSET) return true;
    const Slots *slots = &class_of(t->vm, v)->slots;
    if (is_bytes_like(v)) {
        buffer_append(out, chars_of(v).data, chars_of(v).size);
        return true;
    }
    if (is_str(v) || is_int(v) || (!slots->iter && !slots->getitem)) {
        raise_error(t, EXC_TypeError,
                    "can assign only bytes, buffers, or iterables of ints in range(0, 256)");
        return false;
    }
    return bytes_gather_items(t, v, range_error, out);
}

/* Delete every step-th byte. */
static void delete_stepped(Bytearray *b, int64_t start, int64_t step, int64_t count) {
    if (step < 0) {
        start += (count - 1) * step;
        step = -step;
    }
    size_t to = (size_t)start;
    for (size_t from = to, next = to; from < b->size; from++) {
        if (count && from == next) {
            count--;
            next += (size_t)step;
        } else {
            b->data[to++] = b->data[from];
        }
    }
    b->size = to;
}

static bool assign_slice(Thread *t, Value self, Slice *slice, bool deletes, const Buffer *bytes) {
    int64_t start, stop, step, count;
    Bytearray *b = BYTEARRAY(self);
    if (!slice_bounds(t, slice, (int64_t)b->size, &start, &stop, &step, &count)) return false;
    int64_t size =
        (int64_t)b->size; /* less than slice_bounds saw when an __index__ has shrunk it */
    if (start > size) start = size;
    if (count && (start == size || start + (count - 1) * step >= size))
        count = step == 1 ? size - start : 0;
    if (step == 1) return splice(t, b, (size_t)start, (size_t)count, bytes->data, bytes->size);
    if (deletes || !bytes->size) { /* Python too takes an empty value for a deletion here */
        if (count) delete_stepped(b, start, step, count);
        return true;
    }
    if ((int64_t)bytes->size != count) {
        raise_error(t, EXC_ValueError,
                    "attempt to assign bytes of size %zd to extended slice of size %lld",
                    bytes->size, (long long)count);
        return false;
    }
    for (int64_t i = 0; i < count; i++) b->data[start + i * step] = (uint8_t)bytes->data[i];
    return true;
}

static bool set_item(Thread *t, Value self, Value key, Value v) {
    if (!is_kind(key, OBJ_SLICE)) return set_index(t, self, key, v);
    Buffer bytes = {0};
    bool ok = gather_assigned(t, v, &bytes) &&
              assign_slice(t, self, SLICE(key), v == VALUE_UNSET, &bytes);
    buffer_free(&bytes);
    return ok;
}

static Value add_in_place(Thread *t, Value self, Value other) {
    if (!is_bytes_like(other))
        return raise_error(t, EXC_TypeError, "can't concat %T to bytearray", other);
    Bytearray *b = BYTEARRAY(self);
    size_t size = chars_of(other).size;
    if (!reserve(t, b, b->size + size)) return VALUE_ERROR;
    if (size) memcpy(b->data + b->size, chars_of(other).data, size); /* other may be self, grown */
    b->size += size;
    return self;
}

static Value multiply_in_place(Thread *t, Value self, Value count) {
    Value product = chars_repeat(t, self, count);
    if (!product) return VALUE_ERROR;
    Chars bytes = chars_of(product);
    return splice(t, BYTEARRAY(self), 0, BYTEARRAY(self)->size, bytes.data, bytes.size)
               ? self
               : VALUE_ERROR;
}

/* ---- other slots ---- */

static Value repr(Thread *t, Value self) {
    Buffer out = {.fallible = true};
    Chars chars = chars_of(self);
    Str *name = class_of(t->vm, self)->name;
    buffer_append(&out, name->data, name->size);
    buffer_putc(&out, '(');
    bytes_repr_into(&out, (const uint8_t *)chars.data, chars.size, true);
    buffer_putc(&out, ')');
    return object_value(str_from_buffer(t, &out));
}

static Value iterate(Thread *t, Value self) {
    return chars_iterator(t, self, OBJ_BYTEARRAY_ITERATOR);
}

/* ---- methods ---- */

static Value append(Thread *t, Value *args) {
    uint8_t byte;
    if (!bytes_byte(t, args[1], range_error, &byte)) return VALUE_ERROR;
    Bytearray *b = BYTEARRAY(args[0]);
    return splice(t, b, b->size, 0, &byte, 1) ? VALUE_NONE : VALUE_ERROR;
}

static Value extend(Thread *t, Value *args) {
    Value v = args[1];
    const Slots *slots = &class_of(t->vm, v)->slots;
    if (!is_bytes_like(v) && !slots->iter && !slots->getitem) {
        return raise_error(t, EXC_TypeError, "can't extend bytearray with %T", v);
    }
    Buffer bytes = {0};
    bool ok = true;
    if (is_bytes_like(v)) buffer_append(&bytes, chars_of(v).data, chars_of(v).size);
    else ok = bytes_gather_items(t, v, range_error, &bytes);
    Bytearray *b = BYTEARRAY(args[0]);
    ok = ok && splice(t, b, b->size, 0, bytes.data, bytes.size);
    buffer_free(&bytes);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static Value insert(Thread *t, Value *args) {
    int64_t index;
    uint8_t byte;
    if (!arg_int64(t, args[1], &index) || !bytes_byte(t, args[2], range_error, &byte))
        return VALUE_ERROR;
    Bytearray *b = BYTEARRAY(args[0]);
    if (index < 0) index += (int64_t)b->size;
    if (index < 0) index = 0;
    size_t at = (size_t)index < b->size ? (size_t)index : b->size;
    return splice(t, b, at, 0, &byte, 1) ? VALUE_NONE : VALUE_ERROR;
}

static Value pop(Thread *t, Value *args) {
    int64_t index;
    if (!arg_int64(t, args[1], &index)) return VALUE_ERROR;
    Bytearray *b = BYTEARRAY(args[0]);
    if (!b->size) return raise_error(t, EXC_IndexError, "pop from empty bytearray");
    if (index < 0) index += (int64_t)b->size;
    if (index < 0 || (size_t)index >= b->size)
        return raise_error(t, EXC_IndexError, "pop index out of range");
    uint8_t byte = b->data[index];
    return splice(t, b, (size_t)index, 1, NULL, 0) ? fixnum(byte) : VALUE_ERROR;
}

static Value remove_byte(Thread *t, Value *args) {
    uint8_t byte;
    if (!bytes_byte(t, args[1], range_error, &byte)) return VALUE_ERROR;
    size_t at = chars_find(chars_of(args[0]), (Chars){(char *)&byte, 1});
    if (at == CHARS_ABSENT) return raise_error(t, EXC_ValueError, "value not found in bytearray");
    return splice(t, BYTEARRAY(args[0]), at, 1, NULL, 0) ? VALUE_NONE : VALUE_ERROR;
}

static Value reverse(Thread *t, Value *args) {
    (void)t;
    Bytearray *b = BYTEARRAY(args[0]);
    for (size_t i = 0, j = b->size; i + 1 < j--; i++) {
        uint8_t kept = b->data[i];
        b->data[i] = b->data[j];
        b->data[j] = kept;
    }
    return VALUE_NONE;
}

static Value clear(Thread *t, Value *args) {
    Bytearray *b = BYTEARRAY(args[0]);
    heap_release(&t->vm->heap, b->data, b->capacity);
    b->data = NULL;
    b->size = b->capacity = 0;
    return VALUE_NONE;
}

static Value copy(Thread *t, Value *args) { return chars_same(t, args[0]); }

static Value method_alloc(Thread *t, Value *args) {
    (void)t;
    size_t capacity = BYTEARRAY(args[0])->capacity;
    return fixnum(capacity ? (int64_t)capacity + 1 : 0); /* counting a final NUL, as CPython does */
}

static const NativeDef methods[] = {
    {"__alloc__", method_alloc, "(self, /)", "How many bytes there is room for."},
#define METHOD(NAME, FUNCTION, SIGNATURE, DOC) {#NAME, FUNCTION, SIGNATURE, DOC},
#include "vm/chars_methods.def"
#undef METHOD
    BYTES_METHODS,
    {"append", append, "(self, item, /)", "Add one byte at the end."},
    {"extend", extend, "(self, iterable_of_ints, /)",
     "Add the bytes of bytes or of an iterable of ints at the end."},
    {"insert", insert, "(self, index, item, /)", "Insert one byte before index."},
    {"pop", pop, "(self, index=-1, /)", "Remove the byte at index (the last one) and return it."},
    {"remove", remove_byte, "(self, value, /)",
     "Remove the first byte equal to value; ValueError when there is none."},
    {"reverse", reverse, "(self, /)", "Reverse the order of the bytes in place."},
    {"clear", clear, "(self, /)", "Remove all bytes."},
    {"copy", copy, "(self, /)", "Return a copy."},
    {NULL, NULL, NULL, NULL},
};

static const Slots slots = {
    .repr = repr,
    .str = repr,
    .compare = bytes_compare,
    .length = bytes_length,
    .binary =
        {[BINARY_ADD] = bytes_add, [BINARY_MUL] = bytes_multiply, [BINARY_MOD] = bytes_modulo},
    .inplace = {[BINARY_ADD] = add_in_place, [BINARY_MUL] = multiply_in_place},
    .getitem = bytes_getitem,
    .setitem = set_item,
    .contains = bytes_contains,
    .iter = iterate,
    .construct = construct,
    .init = init,
};

/* Complete the class bytearray and its iterator. */
void bytearray_init(Thread *t) {
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_BYTEARRAY,
                             .slots = &slots,
                             .methods = methods,
                             .flags = CLASS_BASE_ALLOWED | CLASS_JOINS,
                             .doc = "bytearray(iterable of ints), bytearray(str, encoding[, "
                                    "errors]), bytearray(bytes-like), bytearray(count), "
                                    "bytearray()\n\nA mutable sequence of bytes.",
                         });
    bytes_iterator_init(t, OBJ_BYTEARRAY_ITERATOR);
}
