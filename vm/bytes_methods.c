/* SPDX-License-Identifier: MIT */
/*
 * Operators, methods and construction that bytes and bytearray share; the kind of self decides the
 * kind of results.
 *
 * Construction gathers into a malloc'd Buffer first, because an iterable of ints may run Tulip
 * code. Read next: vm/bytes.c, vm/bytearray.c.
 */
#include "vm/bytes.h"

#include <stdio.h>

#include "vm/codec.h"
#include "vm/container.h"
#include "vm/ops.h"

/* ---- operators ---- */

Value bytes_add(Thread *t, Value a, Value b) {
    if (!is_bytes_like(a)) return VALUE_NOTIMPLEMENTED;
    if (!is_bytes_like(b)) {
        const char *kind = is_kind(a, OBJ_BYTES) ? "bytes" : "bytearray";
        return raise_error(t, EXC_TypeError, "can't concat %T to %s", b, kind);
    }
    char *out;
    size_t size = chars_of(a).size + chars_of(b).size;
    Value sum = chars_allocate(t, a, size, size, &out);
    if (!sum) return VALUE_ERROR;
    Chars x = chars_of(a), y = chars_of(b);
    memcpy(out, x.data, x.size);
    memcpy(out + x.size, y.data, y.size);
    return sum;
}

Value bytes_multiply(Thread *t, Value a, Value b) { return chars_multiply(t, a, b, is_bytes_like); }

Value bytes_modulo(Thread *t, Value a, Value b) {
    return is_bytes_like(a) ? bytes_percent(t, a, b) : VALUE_NOTIMPLEMENTED;
}

Value bytes_compare(Thread *t, Value a, Value b, CompareOp op) {
    (void)t;
    return is_bytes_like(a) && is_bytes_like(b) ? chars_compare(a, b, op) : VALUE_NOTIMPLEMENTED;
}

Value bytes_getitem(Thread *t, Value self, Value key) {
    if (is_kind(key, OBJ_SLICE)) return chars_slice(t, self, SLICE(key));
    size_t index;
    if (!chars_index(t, self, key, &index)) return VALUE_ERROR;
    return fixnum((uint8_t)chars_of(self).data[index]);
}

int bytes_contains(Thread *t, Value self, Value item) {
    if (is_bytes_like(item)) return chars_find(chars_of(self), chars_of(item)) != CHARS_ABSENT;
    if (!is_int(item) && !class_of(t->vm, item)->slots.index) {
        raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", item);
        return -1;
    }
    uint8_t byte;
    if (!bytes_byte(t, item, "byte must be in range(0, 256)", &byte)) return -1;
    return chars_find(chars_of(self), (Chars){(char *)&byte, 1}) != CHARS_ABSENT;
}

int64_t bytes_length(Thread *t, Value self) {
    (void)t;
    return (int64_t)chars_of(self).size;
}

/* ---- text and hexadecimal ---- */

Value bytes_method_decode(Thread *t, Value *args) {
    const char *encoding, *errors;
    if (!chars_name_argument(t, args[1], "decode() argument 'encoding'", &encoding))
        return VALUE_ERROR;
    if (!chars_name_argument(t, args[2], "decode() argument 'errors'", &errors)) return VALUE_ERROR;
    Chars chars = chars_of(args[0]);
    return object_value(codec_decode(t, (const uint8_t *)chars.data, chars.size, encoding, errors));
}

/* The separator argument of hex: one ASCII character, -1 when there is none. */
static bool separator_argument(Thread *t, Value v, int *out) {
    *out = -1;
    if (v == VALUE_UNSET) return true;
    if (!is_str(v) && !is_bytes_like(v)) {
        if (value_length(t, v) >= 0) raise_error(t, EXC_TypeError, "sep must be str or bytes.");
        return false;
    }
    if (chars_length(v) != 1) {
        raise_error(t, EXC_ValueError, "sep must be length 1.");
        return false;
    }
    *out = (uint8_t)chars_of(v).data[0];
    if (*out < 0x80) return true;
    raise_error(t, EXC_ValueError, "sep must be ASCII.");
    return false;
}

Value bytes_method_hex(Thread *t, Value *args) {
    int separator;
    int64_t group;
    if (!arg_int32(t, args[2], &group) || !separator_argument(t, args[1], &separator))
        return VALUE_ERROR;
    Chars chars = chars_of(args[0]);
    Buffer out = {.fallible = true};
    bool from_left = group < 0;
    size_t step = from_left ? -(size_t)group : (size_t)group;
    for (size_t i = 0; i < chars.size; i++) {
        size_t position = from_left ? i : chars.size - i;
        if (separator >= 0 && step && i && position % step == 0) buffer_putc(&out, (char)separator);
        uint8_t byte = (uint8_t)chars.data[i];
        buffer_putc(&out, "0123456789abcdef"[byte >> 4]);
        buffer_putc(&out, "0123456789abcdef"[byte & 15]);
    }
    return object_value(str_from_buffer(t, &out));
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* An instance of [cls] with these bytes; a subclass is called with them. */
static Value of_class(Thread *t, Value cls, Buffer *bytes) {
    bool mutable = CLASS(cls)->kind == OBJ_BYTEARRAY;
    const void *data = bytes->data ? bytes->data : "";
    Value plain = mutable ? object_value(bytearray_new(t, data, bytes->size))
                          : object_value(bytes_new(t, data, bytes->size));
    buffer_free(bytes);
    if (CLASS(cls) == t->vm->classes[CLASS(cls)->kind]) return plain;
    Value *root = push_roots(t, 1);
    *root = plain;
    Value made = call_value(t, cls, root, 1);
    pop_roots(t, root);
    return made;
}

Value bytes_method_fromhex(Thread *t, Value *args) {
    if (!is_str(args[1]))
        return raise_error(t, EXC_TypeError, "fromhex() argument must be str, not %T", args[1]);
    Buffer out = {0};
    const char *start = STR(args[1])->data, *end = start + STR(args[1])->size, *p = start;
    while (p < end) {
        if (*p == ' ' || (*p >= 9 && *p <= 13)) {
            p++;
            continue;
        }
        int high = hex_digit(p[0]);
        int low = high < 0 || p + 1 == end ? -1 : hex_digit(p[1]);
        if (low < 0) {
            size_t at = str_index_at(STR(args[1]), (size_t)(p - start) + (high >= 0));
            buffer_free(&out);
            return raise_error(t, EXC_ValueError,
                               "non-hexadecimal number found in fromhex() arg at position %zd", at);
        }
        buffer_putc(&out, (char)(high << 4 | low));
        p += 2;
    }
    return of_class(t, args[0], &out);
}

/* ---- translate ---- */

static bool table_argument(Thread *t, Value v, Chars *out) {
    if (!is_bytes_like(v)) {
        raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", v);
        return false;
    }
    *out = chars_of(v);
    return true;
}

Value bytes_method_translate(Thread *t, Value *args) {
    Chars table = {0}, removed = {"", 0};
    if (args[1] != VALUE_NONE) {
        if (!table_argument(t, args[1], &table)) return VALUE_ERROR;
        if (table.size != 256)
            return raise_error(t, EXC_ValueError, "translation table must be 256 characters long");
    }
    if (args[2] != VALUE_UNSET && !table_argument(t, args[2], &removed)) return VALUE_ERROR;
    Chars chars = chars_of(args[0]);
    Buffer out = {0};
    for (size_t i = 0; i < chars.size; i++) {
        char c = chars.data[i];
        if (!memchr(removed.data, c, removed.size))
            buffer_putc(&out, table.data ? table.data[(uint8_t)c] : c);
    }
    Value translated = chars_new(t, args[0], out.data ? out.data : "", out.size);
    buffer_free(&out);
    return translated;
}

Value bytes_method_maketrans(Thread *t, Value *args) {
    Chars from, to;
    if (!table_argument(t, args[0], &from) || !table_argument(t, args[1], &to)) return VALUE_ERROR;
    if (from.size != to.size)
        return raise_error(t, EXC_ValueError, "maketrans arguments must have same length");
    Bytes *table = bytes_allocate(t, 256);
    for (int i = 0; i < 256; i++) table->data[i] = (uint8_t)i;
    for (size_t i = 0; i < from.size; i++) table->data[(uint8_t)from.data[i]] = (uint8_t)to.data[i];
    return object_value(table);
}

/* ---- construction ---- */

bool bytes_byte(Thread *t, Value v, const char *message, uint8_t *out) {
    int64_t number;
    if (!is_int(v) && !class_of(t->vm, v)->slots.index) {
        raise_error(t, EXC_TypeError, "'%T' object cannot be interpreted as an integer", v);
        return false;
    }
    if (!arg_clamped(t, v, &number)) return false;
    if (number < 0 || number > 255) {
        raise_error(t, EXC_ValueError, "%s", message);
        return false;
    }
    *out = (uint8_t)number;
    return true;
}

typedef struct Gathering {
    const char *range_error;
    Buffer *out;
    bool failed;
} Gathering;

static bool gather_item(Thread *t, Value item, void *context) {
    Gathering *g = context;
    uint8_t byte;
    g->failed = !bytes_byte(t, item, g->range_error, &byte);
    if (!g->failed) buffer_putc(g->out, (char)byte);
    return !g->failed;
}

bool bytes_gather_items(Thread *t, Value iterable, const char *range_error, Buffer *out) {
    Gathering g = {.range_error = range_error, .out = out};
    return value_for_each(t, iterable, gather_item, &g) && !g.failed;
}

static bool gather_zeros(Thread *t, Value count, Buffer *out) {
    int64_t n;
    if (!arg_int64(t, count, &n)) return false;
    if (n < 0) {
        raise_error(t, EXC_ValueError, "negative count");
        return false;
    }
    if (!str_memory_fits(t, (size_t)n * 2)) return false;
    memset(buffer_reserve(out, (size_t)n), 0, (size_t)n);
    out->size += (size_t)n;
    return true;
}

/* The result of [source].__bytes__(), if it has one: 1 appended, 0 it has none, -1 raised. */
static int gather_method(Thread *t, Value source, Buffer *out) {
    Value method = lookup_special(t, source, NAME_OF(t, __bytes__));
    if (!method) return -1;
    if (method == VALUE_UNSET) return 0;
    Value made = call_value(t, method, NULL, 0);
    if (!made) return -1;
    if (!is_kind(made, OBJ_BYTES)) {
        raise_error(t, EXC_TypeError, "__bytes__ returned non-bytes (type %T)", made);
        return -1;
    }
    buffer_append(out, BYTES(made)->data, BYTES(made)->size);
    return 1;
}

/* Is [v] of the class bytes, bytearray, str or list itself, none of which has a surprise? */
static bool is_own_class(Thread *t, Value v) {
    Class *cls = object_class(object_of(v));
    return cls == BUILTIN_CLASS(t, BYTES) || cls == BUILTIN_CLASS(t, BYTEARRAY) ||
           cls == BUILTIN_CLASS(t, STR) || cls == BUILTIN_CLASS(t, LIST);
}

bool bytes_gather(Thread *t, Value source, const char *kind, Buffer *out) {
    bool immutable = kind[5] == '\0';
    if (immutable && is_object(source) && !is_own_class(t, source)) {
        int found = gather_method(t, source, out);
        if (found) return found > 0;
    }
    if (is_bytes_like(source)) {
        buffer_append(out, chars_of(source).data, chars_of(source).size);
        return true;
    }
    if (is_str(source)) {
        raise_error(t, EXC_TypeError, "string argument without an encoding");
        return false;
    }
    const Slots *slots = &class_of(t->vm, source)->slots;
    if (is_int(source) || slots->index) return gather_zeros(t, source, out);
    if (!slots->iter && !slots->getitem) {
        raise_error(t, EXC_TypeError, "cannot convert '%T' object to %s", source, kind);
        return false;
    }
    return bytes_gather_items(
        t, source, immutable ? "bytes must be in range(0, 256)" : "byte must be in range(0, 256)",
        out);
}

bool bytes_gather_call(Thread *t, const char *kind, const Value *args, int argc, Tuple *kwnames,
                       Buffer *out) {
    Value bound[3];
    const char *encoding, *errors;
    char what[48];
    if (!chars_bind_constructor(t, kind, "source", args, argc, kwnames, bound)) return false;
    snprintf(what, sizeof what, "%s() argument 'encoding'", kind);
    if (!chars_name_argument(t, bound[1], what, &encoding)) return false;
    snprintf(what, sizeof what, "%s() argument 'errors'", kind);
    if (!chars_name_argument(t, bound[2], what, &errors)) return false;
    if (encoding || errors) {
        if (bound[0] == VALUE_UNSET || !is_str(bound[0])) {
            raise_error(t, EXC_TypeError, "%s without a string argument",
                        encoding ? "encoding" : "errors");
            return false;
        }
        if (!encoding) {
            raise_error(t, EXC_TypeError, "string argument without an encoding");
            return false;
        }
        Bytes *encoded = codec_encode(t, STR(bound[0]), encoding, errors);
        if (encoded) buffer_append(out, encoded->data, encoded->size);
        return encoded != NULL;
    }
    return bound[0] == VALUE_UNSET || bytes_gather(t, bound[0], kind, out);
}
