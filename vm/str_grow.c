/* SPDX-License-Identifier: MIT */
/*
 * Concatenation, and long texts that grow at their end without being copied.
 *
 * `s += x` makes a new str and leaves the old one as it was. For a long s and a short x the bytes
 * of the two are nevertheless the same memory: the new str is a header of its own over a Text with
 * room to spare, of which the old str sees a prefix. Only the str that ends where the Text's used
 * part ends can be extended in place; any other is copied first. So n appends cost O(n) bytes, and
 * nobody has to find out whether the old str is still in use.
 *
 * Invariants: a Text is never changed below [used]; it lives as long as one str refers to it. A str
 * that has been extended in place is no longer followed by a NUL; this befalls only strs of
 * SHARED_FROM bytes or more, which no file name or keyword is.
 * Read next: vm/str.c.
 */
#include <stdlib.h>

#include "vm/str.h"

enum {
    SHARED_FROM = 4096, /* shorter results are copied: at most one page, and the NUL stays */
    SHORT_PART = 4,     /* what is appended is at most a quarter of what is there */
};

typedef struct Text {
    size_t references; /* strs that see a piece of it */
    size_t used, capacity;
    char bytes[];
} Text;

static Text *text_of(const Str *s) {
    if (s->data == s->own_text) return NULL;
    return (Text *)(void *)(s->data - offsetof(Text, bytes));
}

void str_release(Heap *heap, Str *s) {
    free(s->marks);
    Text *text = text_of(s);
    if (text && --text->references == 0) heap_release(heap, text, sizeof *text + text->capacity);
}

Str *str_terminated(Thread *t, Str *s) {
    return s->data[s->size] ? str_new(t, s->data, s->size) : s;
}

/* A Text that begins with [s] and has room for as much again as half of [size]; NULL raised. */
static Text *text_new(Thread *t, const Str *s, size_t size) {
    size_t capacity = size + size / 2 + 1;
    Text *text = NULL;
    if (str_memory_fits(t, sizeof *text + capacity))
        text = heap_realloc(&t->vm->heap, NULL, 0, sizeof *text + capacity);
    if (!text) return NULL;
    *text = (Text){.used = s->size, .capacity = capacity};
    memcpy(text->bytes, s->data, s->size);
    return text;
}

/* The str of the first [size] bytes, [length] code points, of [text]. */
static Str *text_str(Thread *t, Text *text, size_t size, size_t length) {
    Str *s = heap_allocate(&t->vm->heap, sizeof(Str), OBJ_STR, BUILTIN_CLASS(t, STR));
    s->hash = 0;
    s->size = size;
    s->length = length;
    s->marks = NULL;
    s->data = text->bytes;
    text->references++;
    return s;
}

/* [a] extended by [b], in place if [a] is what its Text ends with. */
static Str *extend(Thread *t, const Str *a, const Str *b) {
    size_t size = a->size + b->size;
    Text *text = text_of(a);
    if (!text || text->used != a->size || size >= text->capacity) {
        text = text_new(t, a, size);
        if (!text) return NULL;
    }
    memcpy(text->bytes + a->size, b->data, b->size);
    text->bytes[size] = '\0';
    text->used = size;
    return text_str(t, text, size, a->length + b->length);
}

Str *str_concat(Thread *t, const Str *a, const Str *b) {
    Class *plain = BUILTIN_CLASS(t, STR);
    if (!b->size) return str_of_class(t, plain, (Str *)a);
    if (!a->size) return str_of_class(t, plain, (Str *)b);
    size_t size = a->size + b->size;
    if (size >= SHARED_FROM && b->size <= a->size / SHORT_PART) return extend(t, a, b);
    if (!str_memory_fits(t, size)) return NULL;
    Str *s = str_allocate(t, size, a->length + b->length);
    memcpy(s->data, a->data, a->size);
    memcpy(s->data + a->size, b->data, b->size);
    return s;
}
