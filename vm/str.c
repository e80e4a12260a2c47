/* SPDX-License-Identifier: MIT */
/*
 * The representation of text: making strs, interning, hashing, comparing, and finding the n-th code
 * point.
 *
 * A Str is UTF-8 with its length in code points beside its size in bytes; where the two agree it is
 * ASCII and an index is an offset. Elsewhere every 64th code point's offset is noted in [marks]
 * when an index is first asked for, so that reaching any index costs at most 64 steps. Lone
 * surrogates are kept as three bytes each; a pair of them is never joined, so byte order is code
 * point order and memcmp compares.
 *
 * Invariants: the bytes are valid; data[size] is NUL in strs of less than 4 KiB (longer ones may
 * share their memory, see vm/str_grow.c); a str never changes. Interned strs are roots.
 * Read next: vm/str_grow.c (concatenation), vm/str_class.c (the class str), vm/chars.h (what str
 * shares with bytes), vm/unicode.h.
 */
#include "vm/str.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "vm/ops.h"

enum { MARK_STEP = 64 };

/* ---- making ---- */

bool str_memory_fits(Thread *t, size_t size) {
    const size_t certain = (size_t)1 << 20, absurd = (size_t)1 << 39;
    if (size <= certain) return true;
    void *probe = size > absurd ? NULL : malloc(size);
    free(probe);
    if (!probe) raise_with(t, EXC_MemoryError, VALUE_UNSET);
    return probe != NULL;
}

bool buffer_fits(Thread *t, const Buffer *buffer) {
    if (!buffer->failed) return !buffer->fallible || str_memory_fits(t, buffer->size);
    raise_with(t, EXC_MemoryError, VALUE_UNSET);
    return false;
}

static Str *allocate(Vm *vm, size_t size, size_t length) {
    Str *s = heap_allocate(&vm->heap, sizeof(Str) + size + 1, OBJ_STR, vm->classes[OBJ_STR]);
    s->hash = 0;
    s->size = size;
    s->length = length;
    s->marks = NULL;
    s->data = s->own_text;
    s->data[size] = '\0';
    return s;
}

Str *str_allocate(Thread *t, size_t size, size_t length) { return allocate(t->vm, size, length); }

/* The shared str of no or one ASCII character, made on first use. */
static Str *shared(Vm *vm, const char *text, size_t size) {
    Str **slot = size ? &vm->ascii[(uint8_t)*text] : &vm->empty_str;
    if (!*slot) *slot = str_intern(vm, text, size);
    return *slot;
}

static bool is_shared(const char *text, size_t size) {
    return size == 0 || (size == 1 && (uint8_t)*text < 0x80);
}

static size_t count_points(const char *text, size_t size) {
    return utf8_is_ascii(text, size) ? size : utf8_length(text, size);
}

Str *str_new(Thread *t, const char *utf8, size_t size) {
    if (is_shared(utf8, size)) return shared(t->vm, utf8, size);
    Str *s = allocate(t->vm, size, count_points(utf8, size));
    memcpy(s->data, utf8, size);
    return s;
}

Str *str_new_ascii(Thread *t, const char *text, size_t size) {
    if (size <= 1) return shared(t->vm, text, size);
    Str *s = allocate(t->vm, size, size);
    memcpy(s->data, text, size);
    return s;
}

Str *str_from(Thread *t, const char *text) { return str_new(t, text, strlen(text)); }

Str *str_from_buffer(Thread *t, Buffer *buffer) {
    if (UNLIKELY(!buffer_fits(t, buffer))) {
        buffer_free(buffer);
        return NULL;
    }
    Str *s = str_new(t, buffer->data ? buffer->data : "", buffer->size);
    buffer_free(buffer);
    return s;
}

Str *str_of_codepoint(Thread *t, uint32_t codepoint) {
    char bytes[4];
    int size = utf8_encode(codepoint, bytes);
    if (size == 1) return shared(t->vm, bytes, 1);
    Str *s = allocate(t->vm, (size_t)size, 1);
    memcpy(s->data, bytes, (size_t)size);
    return s;
}

Str *str_of_class(Thread *t, Class *cls, Str *text) {
    if (object_class(&text->header) == cls) return text;
    if (cls == BUILTIN_CLASS(t, STR)) return str_new(t, text->data, text->size);
    Str *s = object_new(t, cls, text->size + 1);
    s->size = text->size;
    s->length = text->length;
    s->data = s->own_text;
    memcpy(s->data, text->data, text->size);
    return s;
}

/* ---- formatted text ---- */

/* One conversion whose argument is a number or a C string, handed on to printf. */
static const char *format_plain(Buffer *out, const char *p, va_list *arguments) {
    char spec[16];
    size_t n = 0;
    int longs = 0;
    bool size_t_wanted = false;
    spec[n++] = '%';
    for (; *p && strchr("-+ #0123456789.lz", *p) && n < sizeof spec - 4; p++) {
        longs += *p == 'l';
        size_t_wanted |= *p == 'z';
        if (*p != 'l' && *p != 'z') spec[n++] = *p;
    }
    char kind = *p;
    if (kind == 's') {
        memcpy(spec + n, "s", 2);
        char *text = va_arg(*arguments, char *);
        char small[512];
        int size = n == 1 ? -1 : snprintf(small, sizeof small, spec, text);
        if (size < 0 || (size_t)size >= sizeof small) buffer_puts(out, text);
        else buffer_append(out, small, (size_t)size);
    } else if (kind == 'c') {
        buffer_put_utf8(out, (uint32_t)va_arg(*arguments, int));
    } else {
        long long number;
        if (longs >= 2) number = va_arg(*arguments, long long);
        else if (longs == 1) number = va_arg(*arguments, long);
        else if (size_t_wanted) number = (long long)va_arg(*arguments, size_t);
        else if (kind == 'd' || kind == 'i') number = va_arg(*arguments, int);
        else number = va_arg(*arguments, unsigned);
        snprintf(spec + n, sizeof spec - n, "ll%c", kind);
        char digits[64];
        int size = snprintf(digits, sizeof digits, spec, number);
        buffer_append(out, digits, (size_t)size);
    }
    return p + 1;
}

/* The name errors call [cls] by: native classes of modules say which, as CPython's do; those of
 * asyncio's submodules are no native ones there. */
static Str *class_full_name(Thread *t, const Class *cls) {
    bool plain = (cls->flags & CLASS_HEAP) || !is_str(cls->module) ||
                 !strcmp(STR(cls->module)->data, "builtins") ||
                 !strncmp(STR(cls->module)->data, "asyncio.", 8);
    if (plain) return cls->name;
    Buffer out = {0};
    buffer_append(&out, STR(cls->module)->data, STR(cls->module)->size);
    buffer_putc(&out, '.');
    buffer_append(&out, cls->name->data, cls->name->size);
    return str_from_buffer(t, &out);
}

bool str_format_into(Thread *t, Buffer *out, const char *format, va_list arguments) {
    va_list rest;
    va_copy(rest, arguments);
    bool ok = true;
    while (ok && *format) {
        size_t literal = strcspn(format, "%");
        buffer_append(out, format, literal);
        format += literal;
        if (!*format) break;
        char kind = format[1];
        if (kind == 'T' || kind == 'N' || kind == 'R' || kind == 'S') {
            Value v = va_arg(rest, Value);
            Str *text = kind == 'N' && v == VALUE_NONE ? str_intern(t->vm, "None", 4)
                        : kind == 'T' || kind == 'N'   ? class_full_name(t, class_of(t->vm, v))
                        : kind == 'R'                  ? value_repr(t, v)
                                                       : value_str(t, v);
            if (text) buffer_append(out, text->data, text->size);
            else ok = false;
            format += 2;
        } else if (kind == '%') {
            buffer_putc(out, '%');
            format += 2;
        } else {
            format = format_plain(out, format + 1, &rest);
        }
    }
    va_end(rest);
    return ok;
}

Str *str_format(Thread *t, const char *format, ...) {
    Buffer out = {0};
    va_list arguments;
    va_start(arguments, format);
    bool ok = str_format_into(t, &out, format, arguments);
    va_end(arguments);
    if (ok) return str_from_buffer(t, &out);
    buffer_free(&out);
    return NULL;
}

/* ---- hashing and interning ---- */

static inline uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

static inline void sip_round(uint64_t v[4]) {
    v[0] += v[1], v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word) {
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/* SipHash with one round per word and three at the end. */
uint64_t hash_bytes(const Vm *vm, const void *data, size_t size) {
    if (!size) return 0;
    uint64_t k0 = vm->hash_key[0], k1 = vm->hash_key[1];
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                     k1 ^ 0x7465646279746573};
    const uint8_t *p = data;
    for (size_t left = size; left >= 8; left -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        sip_word(v, word);
    }
    uint64_t last = (uint64_t)size << 56;
    for (size_t i = 0; i < (size & 7); i++) last |= (uint64_t)p[i] << (8 * i);
    sip_word(v, last);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) sip_round(v);
    uint64_t hash = v[0] ^ v[1] ^ v[2] ^ v[3];
    if (hash == 0) return 1;
    return hash == UINT64_MAX ? UINT64_MAX - 1 : hash; /* Python keeps -1 for errors */
}

uint64_t str_hash(const Vm *vm, Str *str) {
    if (!str->hash) str->hash = hash_bytes(vm, str->data, str->size);
    return str->hash;
}

/* Open addressing with linear probing, at most half full; nothing is ever removed. */
struct InternTable {
    Str **slots;
    size_t count, capacity;
};

static void mark_interned(Heap *heap, void *context) {
    struct InternTable *table = context;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i]) heap_shade_object(heap, &table->slots[i]->header);
    }
}

static struct InternTable *intern_table(Vm *vm) {
    if (vm->interned) return vm->interned;
    struct InternTable *table = calloc(1, sizeof *table);
    if (!table) memory_exhausted(sizeof *table);
    table->capacity = 4096;
    table->slots = calloc(table->capacity, sizeof *table->slots);
    if (!table->slots) memory_exhausted(table->capacity * sizeof *table->slots);
    heap_add_marker(&vm->heap, mark_interned, table);
    return vm->interned = table;
}

/* The slot of the interned str with this text, or the empty slot where it belongs. */
static Str **intern_slot(struct InternTable *table, const char *text, size_t size, uint64_t hash) {
    for (size_t i = hash & (table->capacity - 1);; i = (i + 1) & (table->capacity - 1)) {
        Str *s = table->slots[i];
        if (!s || (s->hash == hash && s->size == size && !memcmp(s->data, text, size))) {
            return &table->slots[i];
        }
    }
}

static void intern_grow(struct InternTable *table) {
    struct InternTable old = *table;
    table->capacity = old.capacity * 2;
    table->slots = calloc(table->capacity, sizeof *table->slots);
    if (!table->slots) memory_exhausted(table->capacity * sizeof *table->slots);
    for (size_t i = 0; i < old.capacity; i++) {
        Str *s = old.slots[i];
        if (s) *intern_slot(table, s->data, s->size, s->hash) = s;
    }
    free(old.slots);
}

static Str *intern_add(Vm *vm, Str **slot, Str *str) {
    struct InternTable *table = vm->interned;
    str->header.bits |= OBJECT_INTERNED;
    *slot = str;
    if (++table->count * 2 > table->capacity) intern_grow(table);
    return str;
}

Str *str_intern(Vm *vm, const char *utf8, size_t size) {
    uint64_t hash = hash_bytes(vm, utf8, size);
    Str **slot = intern_slot(intern_table(vm), utf8, size, hash);
    if (*slot) return *slot;
    Str *s = allocate(vm, size, count_points(utf8, size));
    memcpy(s->data, utf8, size);
    s->hash = hash;
    return intern_add(vm, slot, s);
}

Str *str_intern_value(Vm *vm, Str *str) {
    if (str->header.bits & OBJECT_INTERNED) return str;
    if (object_class(&str->header) != vm->classes[OBJ_STR])
        return str_intern(vm, str->data, str->size);
    uint64_t hash = str_hash(vm, str);
    Str **slot = intern_slot(intern_table(vm), str->data, str->size, hash);
    return *slot ? *slot : intern_add(vm, slot, str);
}

void str_intern_free(Vm *vm) {
    if (!vm->interned) return;
    free(vm->interned->slots);
    free(vm->interned);
    vm->interned = NULL;
}

/* ---- comparing ---- */

bool str_equal(const Str *a, const Str *b) {
    if (a == b) return true;
    if (a->size != b->size) return false;
    if (a->header.bits & b->header.bits & OBJECT_INTERNED) return false;
    if (a->hash && b->hash && a->hash != b->hash) return false;
    return !memcmp(a->data, b->data, a->size);
}

int str_compare(const Str *a, const Str *b) {
    int order = memcmp(a->data, b->data, a->size < b->size ? a->size : b->size);
    if (order) return order;
    return (a->size > b->size) - (a->size < b->size);
}

/* ---- indexing ---- */

/* The byte behind [count] code points. */
static const char *skip(const char *p, size_t count) {
    while (count--) {
        do p++;
        while (((uint8_t)*p & 0xC0) == 0x80);
    }
    return p;
}

/* The first byte of the [count] code points before [p]. */
static const char *skip_back(const char *p, size_t count) {
    while (count--) {
        do p--;
        while (((uint8_t)*p & 0xC0) == 0x80);
    }
    return p;
}

static void make_marks(Str *str) {
    size_t count = str->length / MARK_STEP + 1;
    str->marks = malloc(count * sizeof *str->marks);
    if (!str->marks) memory_exhausted(count * sizeof *str->marks);
    const char *p = str->data;
    for (size_t i = 0;; i++) {
        str->marks[i] = (uint32_t)(p - str->data);
        if (i + 1 == count) return;
        p = skip(p, MARK_STEP);
    }
}

size_t str_byte_offset(Str *str, size_t index) {
    if (str_is_ascii(str)) return index;
    if (index == str->length) return str->size;
    if (str->length <= MARK_STEP || str->size > UINT32_MAX) {
        return (size_t)(skip(str->data, index) - str->data);
    }
    if (!str->marks && str->length - index <= MARK_STEP) {
        return (size_t)(skip_back(str->data + str->size, str->length - index) - str->data);
    }
    if (!str->marks) make_marks(str);
    const char *near = str->data + str->marks[index / MARK_STEP];
    return (size_t)(skip(near, index % MARK_STEP) - str->data);
}

size_t str_index_at(Str *str, size_t offset) {
    if (str_is_ascii(str)) return offset;
    if (offset == str->size) return str->length;
    if (offset <= MARK_STEP || str->size > UINT32_MAX) return utf8_length(str->data, offset);
    if (!str->marks) make_marks(str);
    size_t low = 0, high = str->length / MARK_STEP + 1;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (str->marks[middle] <= offset) low = middle;
        else high = middle;
    }
    return low * MARK_STEP + utf8_length(str->data + str->marks[low], offset - str->marks[low]);
}

uint32_t str_codepoint_at(Str *str, size_t index) {
    const char *p = str->data + str_byte_offset(str, index);
    return str_next(&p);
}

Str *str_slice(Thread *t, Str *str, size_t start, size_t length) {
    if (length == str->length) return str_of_class(t, BUILTIN_CLASS(t, STR), str);
    if (str_is_ascii(str)) return str_new_ascii(t, str->data + start, length);
    size_t from = str_byte_offset(str, start), to = str_byte_offset(str, start + length);
    return str_new(t, str->data + from, to - from);
}

/* ---- putting together ---- */

Str *str_join(Thread *t, const Str *separator, const Value *items, size_t count) {
    if (count == 0) return shared(t->vm, "", 0);
    size_t size = separator->size * (count - 1), length = separator->length * (count - 1);
    for (size_t i = 0; i < count; i++) {
        if (UNLIKELY(!is_str(items[i]))) {
            raise_error(t, EXC_TypeError, "sequence item %zd: expected str instance, %T found", i,
                        items[i]);
            return NULL;
        }
        size += STR(items[i])->size;
        length += STR(items[i])->length;
    }
    if (count == 1) return str_of_class(t, BUILTIN_CLASS(t, STR), STR(items[0]));
    if (size == 0) return shared(t->vm, "", 0);
    if (!str_memory_fits(t, size)) return NULL;
    Str *joined = str_allocate(t, size, length);
    char *p = joined->data;
    for (size_t i = 0; i < count; i++) {
        if (i && separator->size)
            p = (char *)memcpy(p, separator->data, separator->size) + separator->size;
        p = (char *)memcpy(p, STR(items[i])->data, STR(items[i])->size) + STR(items[i])->size;
    }
    return joined;
}
