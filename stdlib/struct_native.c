/* SPDX-License-Identifier: MIT */
/*
 * _struct: values packed into bytes by a format, and unpacked.
 *
 * A format is compiled once into a list of items (a code, a count, an offset); a Struct keeps it,
 * and the module's functions keep the ones used last in a dict. Native mode ('@' or nothing) has
 * the machine's sizes and alignment; the others have standard sizes and no padding.
 *
 * Read next: stdlib/struct.tul.
 */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Item {
    char code;
    uint8_t size;   /* of one value */
    uint32_t count; /* of values; of bytes for s, p and x */
    size_t offset;
} Item;

typedef struct Struct {
    Object header;
    Value format; /* str */
    Item *items;
    size_t item_count, values, size;
    bool big, native;
} Struct;

#define STRUCT(v) ((Struct *)(uintptr_t)(v))

/* struct.error */
static Value fail(Thread *t, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Value result =
        raise_class_list(t, stdlib_of(t)->classes[CLASS_STRUCT_ERROR], format, arguments);
    va_end(arguments);
    return result;
}

/* ---- formats ---- */

/* Bytes of one value of [code]; 0: no such code. */
static int size_of(char code, bool native) {
    switch (code) {
    case 'x':
    case 'c':
    case 'b':
    case 'B':
    case '?':
    case 's':
    case 'p': return 1;
    case 'h':
    case 'H':
    case 'e': return 2;
    case 'i':
    case 'I':
    case 'f': return 4;
    case 'l':
    case 'L': return native ? (int)sizeof(long) : 4;
    case 'q':
    case 'Q':
    case 'd': return 8;
    case 'n':
    case 'N':
    case 'P': return native ? (int)sizeof(size_t) : 0;
    default: return 0;
    }
}

/* The count before a code, 1 when there is none; false raised. */
static bool read_count(Thread *t, const char **p, const char *end, int64_t *count, bool *given) {
    *count = 1;
    *given = *p < end && isdigit((unsigned char)**p);
    if (!*given) return true;
    for (*count = 0; *p < end && isdigit((unsigned char)**p); ++*p) {
        *count = *count * 10 + (**p - '0');
        if (*count > INT32_MAX) return fail(t, "overflow in item count"), false;
    }
    if (*p == end) return fail(t, "repeat count given without format specifier"), false;
    return true;
}

static void add_item(Struct *s, Item item) {
    s->items = realloc(s->items, (s->item_count + 1) * sizeof *s->items);
    if (!s->items) memory_exhausted((s->item_count + 1) * sizeof *s->items);
    s->items[s->item_count++] = item;
}

/* The order and sizes that the first character asks for. */
static const char *read_mode(Struct *s, const char *p, const char *end) {
    s->native = true;
    s->big = false;
    if (p == end || !strchr("@=<>!", *p) || !*p) return p;
    s->native = *p == '@';
    s->big = *p == '>' || *p == '!';
    return p + 1;
}

static bool compile_format(Thread *t, Struct *s, const char *p, const char *end) {
    p = read_mode(s, p, end);
    while (p < end) {
        if (isspace((unsigned char)*p)) {
            p++;
            continue;
        }
        int64_t count;
        bool given;
        if (!read_count(t, &p, end, &count, &given)) return false;
        int size = size_of(*p, s->native);
        if (!size) return fail(t, "bad char in struct format"), false;
        if (s->native && size > 1) s->size = (s->size + (size_t)size - 1) & ~((size_t)size - 1);
        Item item = {*p++, (uint8_t)size, (uint32_t)count, s->size};
        s->size += (size_t)size * (size_t)count;
        if (s->size > INT64_MAX / 4) return fail(t, "total struct size too long"), false;
        s->values += item.code == 'x'                       ? 0
                     : item.code == 's' || item.code == 'p' ? 1
                                                            : (size_t)count;
        add_item(s, item);
    }
    return true;
}

/* ---- one value to bytes ---- */

static void put_bytes(uint8_t *at, uint64_t bits, int size, bool big) {
    for (int i = 0; i < size; i++) at[big ? size - 1 - i : i] = (uint8_t)(bits >> (8 * i));
}

static uint64_t take_bytes(const uint8_t *at, int size, bool big) {
    uint64_t bits = 0;
    for (int i = 0; i < size; i++) bits |= (uint64_t)at[big ? size - 1 - i : i] << (8 * i);
    return bits;
}

static bool is_signed_code(char code) { return strchr("bhilqn", code) != NULL; }

/* The words for a number that [item] has no room for; [known]: it fits into an int64 and is [i]. */
static bool out_of_range(Thread *t, const Item *item, bool known, int64_t i) {
    char code = item->code;
    int bits = 8 * item->size;
    bool is_signed = is_signed_code(code);
    long long most = bits < 64 ? (long long)((UINT64_C(1) << (bits - is_signed)) - 1) : 0;
    long long least = is_signed ? -most - 1 : 0;
    const char *kind = bits == 8 ? is_signed ? "byte" : "ubyte" : is_signed ? "short" : "ushort";
    if (!known && code == 'P') fail(t, "int too large to convert");
    else if (!known || bits == 64 || (bits == 32 && !is_signed && i < 0))
        fail(t, "argument out of range");
    else if (bits == 32) fail(t, "'%c' format requires %lld <= number <= %lld", code, least, most);
    else fail(t, "%s format requires %lld <= number <= %lld", kind, least, most);
    return false;
}

static bool pack_int(Thread *t, const Struct *s, const Item *item, Value v, uint8_t *at) {
    if (!is_int(v)) {
        if (!class_of(t->vm, v)->slots.index)
            return fail(t, "required argument is not an integer"), false;
        v = value_index(t, v);
        if (v == VALUE_ERROR) return false;
    }
    bool negative_fits = is_signed_code(item->code);
    int64_t i;
    uint64_t bits;
    if (int_to_int64(v, &i)) {
        bits = (uint64_t)i;
        int shift = 8 * item->size;
        bool fits = item->size == 8 ? negative_fits || i >= 0 || item->code == 'P'
                    : negative_fits
                        ? i >= -(INT64_C(1) << (shift - 1)) && i < INT64_C(1) << (shift - 1)
                        : i >= 0 && i < INT64_C(1) << shift;
        if (!fits) return out_of_range(t, item, true, i);
    } else {
        if (negative_fits || item->size < 8 || int_sign(v) < 0 || int_bit_length(v) > 64)
            return out_of_range(t, item, false, 0);
        mpz_t z;
        mpz_init(z);
        int_to_mpz(v, z);
        bits = mpz_get_ui(z);
        mpz_clear(z);
    }
    put_bytes(at, bits, item->size, s->big);
    return true;
}

/* The nearest half-precision number; false: too large. */
static bool half_bits(double d, uint16_t *out) {
    uint16_t sign = signbit(d) ? 0x8000 : 0;
    d = fabs(d);
    if (isnan(d)) return *out = sign | 0x7e00, true;
    if (isinf(d)) return *out = sign | 0x7c00, true;
    int exponent;
    if (d == 0.0) return *out = sign, true;
    frexp(d, &exponent);
    if (exponent < -13) exponent = -13;
    double units = nearbyint(ldexp(d, 11 - exponent)); /* 2^10 … 2^11, fewer when subnormal */
    if (units == 2048.0) units = 1024.0, exponent++;
    if (exponent > 16) return false;
    uint16_t bits = (uint16_t)units;
    if (bits >= 1024) bits = (uint16_t)((exponent + 14) << 10 | (bits - 1024));
    *out = sign | bits;
    return true;
}

static double half_value(uint16_t bits) {
    int exponent = bits >> 10 & 31;
    double mantissa = bits & 1023, d;
    if (exponent == 31) d = mantissa != 0.0 ? NAN : INFINITY;
    else if (!exponent) d = ldexp(mantissa, -24);
    else d = ldexp(mantissa + 1024.0, exponent - 25);
    return bits & 0x8000 ? -d : d;
}

static bool pack_float(Thread *t, const Struct *s, const Item *item, Value v, uint8_t *at) {
    double d;
    if (!arg_double(t, v, &d)) {
        if (!exception_matches(t, EXC_TypeError)) return false;
        exception_take(t);
        return fail(t, "required argument is not a float"), false;
    }
    uint64_t bits = 0;
    if (item->code == 'd') {
        memcpy(&bits, &d, 8);
    } else if (item->code == 'f') {
        float f = (float)d;
        if (isinf(f) && !isinf(d) && !s->native)
            return raise_error(t, EXC_OverflowError, "float too large to pack with f format"),
                   false;
        memcpy(&bits, &f, 4);
    } else {
        uint16_t half;
        if (!half_bits(d, &half))
            return raise_error(t, EXC_OverflowError, "float too large to pack with e format"),
                   false;
        bits = half;
    }
    put_bytes(at, bits, item->size, s->big);
    return true;
}

/* s, p and c take bytes. */
static bool pack_bytes(Thread *t, const Item *item, Value v, uint8_t *at) {
    const uint8_t *data;
    size_t size;
    if (!bytes_like(v, &data, &size)) {
        if (item->code == 'c') fail(t, "char format requires a bytes object of length 1");
        else fail(t, "argument for '%c' must be a bytes object", item->code);
        return false;
    }
    if (item->code == 'c') {
        if (size != 1) return fail(t, "char format requires a bytes object of length 1"), false;
        *at = data[0];
    } else if (item->code == 's') {
        memcpy(at, data, size < item->count ? size : item->count);
    } else if (item->count) {
        size_t room = item->count - 1;
        size_t n = size < room ? size : room;
        memcpy(at + 1, data, n);
        *at = (uint8_t)(n < 255 ? n : 255);
    }
    return true;
}

static bool pack_value(Thread *t, const Struct *s, const Item *item, Value v, uint8_t *at) {
    switch (item->code) {
    case 'c': return pack_bytes(t, item, v, at);
    case '?': {
        int truth = value_truth(t, v);
        if (truth >= 0) *at = (uint8_t)truth;
        return truth >= 0;
    }
    case 'e':
    case 'f':
    case 'd': return pack_float(t, s, item, v, at);
    default: return pack_int(t, s, item, v, at);
    }
}

/* All [values] (as many as the format has) to [at], which is zeroed. */
static bool pack_all(Thread *t, const Struct *s, const Value *values, uint8_t *at) {
    for (size_t i = 0; i < s->item_count; i++) {
        const Item *item = &s->items[i];
        uint8_t *place = at + item->offset;
        if (item->code == 'x') continue;
        if (item->code == 's' || item->code == 'p') {
            if (!pack_bytes(t, item, *values++, place)) return false;
            continue;
        }
        for (uint32_t n = 0; n < item->count; n++, place += item->size) {
            if (!pack_value(t, s, item, *values++, place)) return false;
        }
    }
    return true;
}

/* ---- bytes to one value ---- */

static Value unpack_value(Thread *t, const Struct *s, const Item *item, const uint8_t *at) {
    uint64_t bits = take_bytes(at, item->size, s->big);
    switch (item->code) {
    case 'c': return object_value(bytes_new(t, at, 1));
    case '?': return bool_value(*at);
    case 'e': return float_new(t, half_value((uint16_t)bits));
    case 'f': {
        float f;
        uint32_t low = (uint32_t)bits;
        memcpy(&f, &low, 4);
        return float_new(t, f);
    }
    case 'd': {
        double d;
        memcpy(&d, &bits, 8);
        return float_new(t, d);
    }
    default: break;
    }
    if (!is_signed_code(item->code)) return int_from_uint64(t, bits);
    int unused = 64 - 8 * item->size;
    return int_from_int64(t, (int64_t)(bits << unused) >> unused);
}

/* A tuple of what is at [at]. Runs no Tulip code. */
static Value unpack_all(Thread *t, const Struct *s, const uint8_t *at) {
    Tuple *values = tuple_new(t, s->values);
    size_t n = 0;
    for (size_t i = 0; i < s->item_count; i++) {
        const Item *item = &s->items[i];
        const uint8_t *place = at + item->offset;
        if (item->code == 'x') continue;
        if (item->code == 's') {
            values->items[n++] = object_value(bytes_new(t, place, item->count));
        } else if (item->code == 'p') {
            size_t size = item->count ? *place : 0;
            if (item->count && size >= item->count) size = item->count - 1;
            values->items[n++] = object_value(bytes_new(t, place + (item->count > 0), size));
        } else {
            for (uint32_t k = 0; k < item->count; k++, place += item->size)
                values->items[n++] = unpack_value(t, s, item, place);
        }
    }
    return object_value(values);
}

/* ---- Struct ---- */

static Value make(Thread *t, Class *cls, Value format) {
    const char *text;
    size_t size;
    const uint8_t *data;
    if (is_str(format) && str_is_ascii(STR(format))) {
        text = STR(format)->data;
        size = STR(format)->size;
    } else if (is_kind(format, OBJ_BYTES)) {
        bytes_like(format, &data, &size);
        text = (const char *)data;
    } else if (is_str(format)) {
        return fail(t, "bad char in struct format");
    } else {
        return raise_error(t, EXC_TypeError,
                           "Struct() argument 1 must be a str or bytes object, not "
                           "%T",
                           format);
    }
    if (strlen(text) != size) return fail(t, "embedded null character");
    Value *roots = push_roots(t, 1);
    Struct *s = object_new(t, cls, 0);
    s->format = VALUE_NONE;
    roots[0] = object_value(s);
    s->format = is_str(format) ? format : object_value(str_new(t, text, size));
    bool ok = compile_format(t, s, text, text + size);
    pop_roots(t, roots);
    return ok ? object_value(s) : VALUE_ERROR;
}

/* The Struct of a format that was used before, or a new one. */
static Struct *struct_for(Thread *t, Value *format) {
    Stdlib *lib = stdlib_of(t);
    if (is_kind(*format, OBJ_NATIVE_DATA) && is_stdlib_instance(t, *format, CLASS_STRUCT))
        return STRUCT(*format);
    Class *cls = lib->classes[CLASS_STRUCT];
    Dict *cache = DICT(dict_get_str(t, cls->dict, str_intern(t->vm, "_cache", 6)));
    bool text = is_str(*format);
    Value known = text ? dict_get_str(t, cache, STR(*format)) : VALUE_UNSET;
    if (known != VALUE_UNSET) {
        *format = known;
        return STRUCT(known);
    }
    Value made = make(t, cls, *format);
    if (made == VALUE_ERROR) return NULL;
    if (cache->used > 100) dict_clear(t, cache);
    if (text) dict_set_str(t, cache, STR(*format), made);
    *format = made;
    return STRUCT(made);
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 1), result = VALUE_ERROR;
    if (bind_raw(t, "Struct", "(format)", roots, args, argc, kwnames))
        result = make(t, cls, roots[0]);
    pop_roots(t, roots);
    return result;
}

static Value pack(Thread *t, Value *args) {
    Struct *s = struct_for(t, &args[0]);
    if (!s) return VALUE_ERROR;
    Tuple *values = TUPLE(args[1]);
    if (values->size != s->values)
        return fail(t, "pack expected %zu items for packing (got %zu)", s->values, values->size);
    if (!str_memory_fits(t, s->size)) return VALUE_ERROR;
    Value *roots = push_roots(t, 1);
    Bytes *out = bytes_allocate(t, s->size);
    roots[0] = object_value(out);
    memset(out->data, 0, s->size);
    bool ok = pack_all(t, s, values->items, out->data);
    pop_roots(t, roots);
    return ok ? object_value(out) : VALUE_ERROR;
}

/* Where [offset], which may count from the end, leaves room for [needed] of [size] bytes. */
static bool place_at(Thread *t, Value v, size_t size, size_t needed, const char *what,
                     size_t *offset) {
    int64_t at;
    if (!arg_int64(t, v, &at)) return false;
    if (at < 0) {
        if (at + (int64_t)needed > 0)
            return fail(t, "%s %zu bytes at offset %lld",
                        strcmp(what, "pack") ? "not enough data to unpack" : "no space to pack",
                        needed, (long long)at),
                   false;
        if (at + (int64_t)size < 0)
            return fail(t, "offset %lld out of range for %zu-byte buffer", (long long)at, size),
                   false;
        at += (int64_t)size;
    }
    if ((uint64_t)at <= size && size - (size_t)at >= needed) {
        *offset = (size_t)at;
        return true;
    }
    bool packing = !strcmp(what, "pack");
    fail(t,
         "%s_%s requires a buffer of at least %zu bytes for %sing %zu bytes at offset %zu "
         "(actual buffer size is %zu)",
         what, packing ? "into" : "from", needed + (size_t)at, what, needed, (size_t)at, size);
    return false;
}

static Value pack_into(Thread *t, Value *args) {
    Struct *s = struct_for(t, &args[0]);
    if (!s) return VALUE_ERROR;
    if (!is_kind(args[1], OBJ_BYTEARRAY))
        return raise_error(t, EXC_TypeError,
                           "pack_into() argument must be read-write bytes-like object, not %T",
                           args[1]);
    Tuple *values = TUPLE(args[3]);
    if (values->size != s->values)
        return fail(t, "pack_into expected %zu items for packing (got %zu)", s->values,
                    values->size);
    size_t at;
    if (!place_at(t, args[2], BYTEARRAY(args[1])->size, s->size, "pack", &at)) return VALUE_ERROR;
    uint8_t *packed = calloc(1, s->size + 1);
    if (!packed) return raise_error(t, EXC_MemoryError, "");
    bool ok = pack_all(t, s, values->items, packed);
    if (ok && at + s->size <= BYTEARRAY(args[1])->size)
        memcpy(BYTEARRAY(args[1])->data + at, packed, s->size);
    free(packed);
    return ok ? VALUE_NONE : VALUE_ERROR;
}

static Value unpack(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    Struct *s = struct_for(t, &args[0]);
    if (!s || !arg_bytes(t, args[1], &data, &size)) return VALUE_ERROR;
    if (size != s->size) return fail(t, "unpack requires a buffer of %zu bytes", s->size);
    return unpack_all(t, s, data);
}

static Value unpack_from(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size, at;
    Struct *s = struct_for(t, &args[0]);
    if (!s || !arg_bytes(t, args[1], &data, &size) ||
        !place_at(t, args[2], size, s->size, "unpack", &at))
        return VALUE_ERROR;
    return unpack_all(t, s, data + at);
}

static Value calcsize(Thread *t, Value *args) {
    Struct *s = struct_for(t, &args[0]);
    return s ? int_from_uint64(t, s->size) : VALUE_ERROR;
}

/* ---- iter_unpack ---- */

typedef struct UnpackIterator {
    Object header;
    Value format, buffer, offset; /* a Struct, bytes-like, an int; buffer VALUE_UNSET at the end */
} UnpackIterator;

static Value iter_unpack(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    Struct *s = struct_for(t, &args[0]);
    if (!s || !arg_bytes(t, args[1], &data, &size)) return VALUE_ERROR;
    if (!s->size) return fail(t, "cannot iteratively unpack with a struct of length 0");
    if (size % s->size)
        return fail(t, "iterative unpacking requires a buffer of a multiple of %zu bytes", s->size);
    UnpackIterator *it = object_new(t, stdlib_of(t)->classes[CLASS_UNPACK_ITERATOR], 0);
    it->format = object_value(s);
    it->buffer = args[1];
    it->offset = fixnum(0);
    return object_value(it);
}

static Value iterator_next(Thread *t, Value self) {
    UnpackIterator *it = (UnpackIterator *)object_of(self);
    const uint8_t *data;
    size_t size, at = (size_t)fixnum_of(it->offset);
    if (it->buffer == VALUE_UNSET) return iter_done(t);
    Struct *s = STRUCT(it->format);
    bytes_like(it->buffer, &data, &size);
    if (at + s->size > size) {
        heap_set(&t->vm->heap, &it->buffer, VALUE_UNSET);
        return iter_done(t);
    }
    it->offset = fixnum((int64_t)(at + s->size));
    return unpack_all(t, s, data + at);
}

static Value iterator_hint(Thread *t, Value *args) {
    UnpackIterator *it = (UnpackIterator *)object_of(args[0]);
    const uint8_t *data;
    size_t size;
    if (it->buffer == VALUE_UNSET || !bytes_like(it->buffer, &data, &size)) return fixnum(0);
    size_t at = (size_t)fixnum_of(it->offset);
    return int_from_uint64(t, at < size ? (size - at) / STRUCT(it->format)->size : 0);
}

static const NativeDef iterator_methods[] = {
    {"__length_hint__", iterator_hint, "(self, /)", "How many tuples are to come."},
    {0},
};
static const Slots iterator_slots = {.iter = stdlib_iter_self, .next = iterator_next};
static const NativeClass iterator_class = {.kind = OBJ_NATIVE_DATA,
                                           .name = "unpack_iterator",
                                           .slots = &iterator_slots,
                                           .methods = iterator_methods,
                                           .size = sizeof(UnpackIterator),
                                           .trace = stdlib_trace_values};

/* ---- tables ---- */

static Value get_format(Thread *t, Value self) { return (void)t, STRUCT(self)->format; }
static Value get_size(Thread *t, Value self) { return int_from_uint64(t, STRUCT(self)->size); }

static const FieldDef fields[] = {
    {"format", get_format, NULL, "The format."},
    {"size", get_size, NULL, "How many bytes it packs into."},
    {0},
};
static const NativeDef methods[] = {
    {"pack", pack, "(self, /, *values)", "The values as bytes."},
    {"pack_into", pack_into, "(self, buffer, offset, /, *values)",
     "Write the values into a bytearray."},
    {"unpack", unpack, "(self, buffer, /)", "The values in bytes of exactly this size."},
    {"unpack_from", unpack_from, "(self, /, buffer, offset=0)", "The values that begin at offset."},
    {"iter_unpack", iter_unpack, "(self, buffer, /)",
     "Tuples of values, one after the other, to the end."},
    {0},
};

static void trace(Heap *heap, Object *self) { heap_shade(heap, ((Struct *)self)->format); }
static void finalize(Heap *heap, Object *self) {
    (void)heap;
    free(((Struct *)self)->items);
}

static const Slots slots = {.construct = construct};
static const NativeClass struct_class = {.kind = OBJ_NATIVE_DATA,
                                         .name = "Struct",
                                         .slots = &slots,
                                         .methods = methods,
                                         .fields = fields,
                                         .doc = "Struct(format): a compiled format.",
                                         .size = sizeof(Struct),
                                         .flags = CLASS_BASE_ALLOWED,
                                         .trace = trace,
                                         .finalize = finalize};

static Value clear_cache(Thread *t, Value *args) {
    (void)args;
    Class *cls = stdlib_of(t)->classes[CLASS_STRUCT];
    dict_clear(t, DICT(dict_get_str(t, cls->dict, str_intern(t->vm, "_cache", 6))));
    return VALUE_NONE;
}

static const NativeDef functions[] = {
    {"calcsize", calcsize, "(format, /)", "How many bytes the format packs into."},
    {"pack", pack, "(format, /, *values)", "The values as bytes."},
    {"pack_into", pack_into, "(format, buffer, offset, /, *values)",
     "Write the values into a bytearray."},
    {"unpack", unpack, "(format, buffer, /)", "The values in bytes of exactly the format's size."},
    {"unpack_from", unpack_from, "(format, /, buffer, offset=0)",
     "The values that begin at offset."},
    {"iter_unpack", iter_unpack, "(format, buffer, /)",
     "Tuples of values, one after the other, to the end."},
    {"_clearcache", clear_cache, "()", "Forget the formats that were used."},
    {0},
};

static bool init(Thread *t, Module *m) {
    Stdlib *lib = stdlib_of(t);
    stdlib_class(t, CLASS_STRUCT, m, &struct_class, "_struct", NULL);
    stdlib_class(t, CLASS_UNPACK_ITERATOR, NULL, &iterator_class, "_struct", NULL);
    dict_set_str(t, lib->classes[CLASS_STRUCT]->dict, str_intern(t->vm, "_cache", 6),
                 object_value(dict_new(t)));
    if (!stdlib_error_class(t, CLASS_STRUCT_ERROR, m, "error", "struct",
                            EXCEPTION_CLASS(t, Exception)))
        return false;
    return true;
}

const NativeModule _struct_module = {
    .name = "_struct", .doc = "Packed bytes.", .functions = functions, .init = init};
