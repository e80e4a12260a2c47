/* SPDX-License-Identifier: MIT */
/*
 * The class bytes, and the iterators over bytes and bytearrays.
 * Read next: vm/bytes_methods.c (shared with bytearray), vm/bytearray.c.
 */
#include "vm/bytes.h"

#include "vm/container.h"
#include "vm/iterate.h"
#include "vm/ops.h"

/* ---- making ---- */

static Bytes *allocate(Thread *t, Class *cls, size_t size) {
    Bytes *b = cls == BUILTIN_CLASS(t, BYTES)
                   ? heap_allocate(&t->vm->heap, sizeof(Bytes) + size + 1, OBJ_BYTES, cls)
                   : object_new(t, cls, size + 1);
    b->hash = 0;
    b->size = size;
    b->data[size] = 0;
    return b;
}

Bytes *bytes_allocate(Thread *t, size_t size) { return allocate(t, BUILTIN_CLASS(t, BYTES), size); }

Bytes *bytes_new(Thread *t, const void *data, size_t size) {
    if (size == 0 && t->vm->empty_bytes) return t->vm->empty_bytes;
    Bytes *b = bytes_allocate(t, size);
    if (size) memcpy(b->data, data, size);
    return b;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    bool plain = cls == BUILTIN_CLASS(t, BYTES);
    if (plain && argc == 1 && !kwnames && is_object(args[0]) &&
        object_class(object_of(args[0])) == cls)
        return args[0];
    Buffer out = {0};
    Value made = VALUE_ERROR;
    if (bytes_gather_call(t, "bytes", args, argc, kwnames, &out)) {
        Bytes *b = plain ? bytes_new(t, out.data, out.size) : allocate(t, cls, out.size);
        if (!plain && out.size) memcpy(b->data, out.data, out.size);
        made = object_value(b);
    }
    buffer_free(&out);
    return made;
}

/* ---- slots ---- */

static bool hash(Thread *t, Value self, int64_t *out) {
    Bytes *b = BYTES(self);
    if (!b->hash) b->hash = hash_bytes(t->vm, b->data, b->size);
    *out = (int64_t)b->hash;
    return true;
}

static Value repr(Thread *t, Value self) {
    Buffer out = {.fallible = true};
    bytes_repr_into(&out, BYTES(self)->data, BYTES(self)->size, false);
    return object_value(str_from_buffer(t, &out));
}

static Value iterate(Thread *t, Value self) { return chars_iterator(t, self, OBJ_BYTES_ITERATOR); }

/* ---- methods ---- */

static Value as_bytes(Thread *t, Value *args) { return chars_same(t, args[0]); }

static const NativeDef methods[] = {
#define METHOD(NAME, FUNCTION, SIGNATURE, DOC) {#NAME, FUNCTION, SIGNATURE, DOC},
#include "vm/chars_methods.def"
#undef METHOD
    BYTES_METHODS,
    {"__bytes__", as_bytes, "(self, /)", "Return it as plain bytes."},
    {"__getnewargs__", chars_new_arguments, "(self, /)", "Arguments that make equal bytes."},
    {NULL, NULL, NULL, NULL},
};

static const Slots slots = {
    .repr = repr,
    .str = repr,
    .hash = hash,
    .compare = bytes_compare,
    .length = bytes_length,
    .binary =
        {[BINARY_ADD] = bytes_add, [BINARY_MUL] = bytes_multiply, [BINARY_MOD] = bytes_modulo},
    .getitem = bytes_getitem,
    .contains = bytes_contains,
    .iter = iterate,
    .construct = construct,
};

/* ---- iterators ---- */

static Value iterator_self(Thread *t, Value self) {
    (void)t;
    return self;
}

static Value iterator_next(Thread *t, Value self) {
    SequenceIterator *it = (SequenceIterator *)(uintptr_t)self;
    if (it->over == VALUE_UNSET) return iter_done(t);
    Chars chars = chars_of(it->over);
    if (it->index < chars.size) return fixnum((uint8_t)chars.data[it->index++]);
    heap_set(&t->vm->heap, &it->over, VALUE_UNSET);
    return iter_done(t);
}

static Value iterator_length_hint(Thread *t, Value *args) {
    (void)t;
    SequenceIterator *it = (SequenceIterator *)(uintptr_t)args[0];
    if (it->over == VALUE_UNSET) return fixnum(0);
    size_t size = chars_of(it->over).size;
    return fixnum(size > it->index ? (int64_t)(size - it->index) : 0);
}

static const NativeDef iterator_methods[] = {
    {"__length_hint__", iterator_length_hint, "(self, /)", "How many bytes are still to come."},
    SEQUENCE_ITERATOR_STATE,
    {NULL, NULL, NULL, NULL},
};

static const Slots iterator_slots = {.iter = iterator_self, .next = iterator_next};

void bytes_iterator_init(Thread *t, ObjectKind kind) {
    native_class_init(
        t, &(NativeClass){.kind = kind, .slots = &iterator_slots, .methods = iterator_methods});
}

/* Complete the class bytes and its iterator. */
void bytes_init(Thread *t) {
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_BYTES,
                             .slots = &slots,
                             .methods = methods,
                             .flags = CLASS_BASE_ALLOWED | CLASS_JOINS,
                             .doc = "bytes(iterable of ints), bytes(str, encoding[, errors]), "
                                    "bytes(bytes-like), bytes(count), bytes()\n\n"
                                    "An immutable sequence of bytes.",
                         });
    bytes_iterator_init(t, OBJ_BYTES_ITERATOR);
}
