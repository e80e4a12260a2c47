/* SPDX-License-Identifier: MIT */
/*
 * The classes int and bool: construction, operators as slots, methods.
 *
 * bool is a subclass of int with two constant instances; only its text and & | ^ differ.
 *
 * Read next: vm/int.c (the arithmetic), vm/float_class.c.
 */
#include <math.h>
#include <stdlib.h>

#include "common/memory.h"
#include "vm/container.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- operators ---- */

#define BINARY_SLOT(NAME, OP)                                                                      \
    static Value NAME(Thread *t, Value a, Value b) {                                               \
        if (!is_int(a) || !is_int(b)) return VALUE_NOTIMPLEMENTED;                                 \
        return int_binary(t, OP, a, b);                                                            \
    }
BINARY_SLOT(add, BINARY_ADD)
BINARY_SLOT(subtract, BINARY_SUB)
BINARY_SLOT(multiply, BINARY_MUL)
BINARY_SLOT(true_divide, BINARY_TRUEDIV)
BINARY_SLOT(floor_divide, BINARY_FLOORDIV)
BINARY_SLOT(modulo, BINARY_MOD)
BINARY_SLOT(power, BINARY_POW)
BINARY_SLOT(shift_left, BINARY_LSHIFT)
BINARY_SLOT(shift_right, BINARY_RSHIFT)
BINARY_SLOT(bit_and, BINARY_AND)
BINARY_SLOT(bit_or, BINARY_OR)
BINARY_SLOT(bit_xor, BINARY_XOR)
BINARY_SLOT(divide_with_rest, BINARY_DIVMOD)
#undef BINARY_SLOT

static Value plain(Thread *t, Value self) {
    return is_fixnum(self) ? self : int_binary(t, BINARY_ADD, self, fixnum(0));
}

static Value negate(Thread *t, Value self) { return int_negate(t, self); }

static Value invert(Thread *t, Value self) { return int_binary(t, BINARY_SUB, fixnum(-1), self); }

static Value absolute(Thread *t, Value self) {
    return int_sign(self) < 0 ? int_negate(t, self) : plain(t, self);
}

static Value power_mod(Thread *t, Value a, Value b, Value mod) {
    if (is_float(b) || is_float(mod)) {
        return raise_error(t, EXC_TypeError,
                           "pow() 3rd argument not allowed unless all arguments are integers");
    }
    if (!is_int(a) || !is_int(b) || !is_int(mod)) return VALUE_NOTIMPLEMENTED;
    return int_power_mod(t, a, b, mod);
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    (void)t;
    if (!is_int(a) || !is_int(b)) return VALUE_NOTIMPLEMENTED;
    return bool_value(order_satisfies(int_compare(a, b), op));
}

static bool hash(Thread *t, Value self, int64_t *out) {
    (void)t;
    *out = (int64_t)int_hash(self);
    return true;
}

static int truth(Thread *t, Value self) {
    (void)t;
    return int_sign(self) != 0;
}

/* The decimal digits of [i], written to the end of [room]; where they begin. */
static const char *small_digits(int64_t i, char room[24]) {
    uint64_t rest = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    char *p = room + 24;
    do *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (i < 0) *--p = '-';
    return p;
}

static Value repr(Thread *t, Value self) {
    if (is_fixnum(self)) {
        char room[24];
        const char *digits = small_digits(fixnum_of(self), room);
        return object_value(str_new_ascii(t, digits, (size_t)(room + 24 - digits)));
    }
    Buffer out = {0};
    if (!int_to_text(t, self, 10, &out)) {
        buffer_free(&out);
        return VALUE_ERROR;
    }
    return object_value(str_from_buffer(t, &out));
}

static Value to_float(Thread *t, Value self) {
    bool overflow;
    double d = int_to_double(t, self, &overflow);
    if (overflow) return raise_error(t, EXC_OverflowError, "int too large to convert to float");
    return float_new(t, d);
}

/* ---- construction ---- */

typedef Value (*Conversion)(Thread *t, Value self);

/* Run __int__, __index__ or __trunc__, whose result must be an int; it is made a plain one. */
static Value convert(Thread *t, Value v, Conversion slot, const char *name) {
    Value converted = slot(t, v);
    if (converted == VALUE_ERROR) return VALUE_ERROR;
    if (!is_int(converted)) {
        return raise_error(t, EXC_TypeError, "%s returned non-int (type %T)", name, converted);
    }
    converted = value_exact_int(t, converted, name);
    return converted == VALUE_ERROR ? VALUE_ERROR : plain(t, converted);
}

static Value from_number_or_text(Thread *t, Value v) {
    if (is_fixnum(v)) return v;
    Class *cls = class_of(t->vm, v);
    if (cls->slots.to_int) return convert(t, v, cls->slots.to_int, "__int__");
    if (cls->slots.index) return convert(t, v, cls->slots.index, "__index__");
    Value trunc = class_lookup(t, cls, NAME_OF(t, __trunc__));
    if (trunc != VALUE_UNSET) {
        if (!warn_deprecated(t, "The delegation of int() to __trunc__ is deprecated."))
            return VALUE_ERROR;
        Value converted = call_value(t, trunc, &v, 1);
        if (converted == VALUE_ERROR) return VALUE_ERROR;
        if (is_int(converted)) return plain(t, converted);
        if (class_of(t->vm, converted)->slots.index) {
            converted = value_index(t, converted);
            return converted == VALUE_ERROR ? VALUE_ERROR : plain(t, converted);
        }
        return raise_error(t, EXC_TypeError, "__trunc__ returned non-Integral (type %T)",
                           converted);
    }
    if (is_str(v)) return int_from_text(t, STR(v)->data, STR(v)->size, 10, v);
    if (is_kind(v, OBJ_BYTES)) {
        return int_from_text(t, (char *)BYTES(v)->data, BYTES(v)->size, 10, v);
    }
    if (is_kind(v, OBJ_BYTEARRAY)) {
        Bytearray *array = (Bytearray *)object_of(v);
        return int_from_text(t, (char *)array->data, array->size, 10, v);
    }
    return raise_error(
        t, EXC_TypeError,
        "int() argument must be a string, a bytes-like object or a real number, not '%T'", v);
}

static Value from_text_in_base(Thread *t, Value v, Value base_value) {
    Value index = value_index(t, base_value);
    if (index == VALUE_ERROR) return VALUE_ERROR;
    int64_t base;
    if (!int_to_int64(index, &base)) base = -1;
    if (base != 0 && (base < 2 || base > 36)) {
        return raise_error(t, EXC_ValueError, "int() base must be >= 2 and <= 36, or 0");
    }
    if (is_str(v)) return int_from_text(t, STR(v)->data, STR(v)->size, (int)base, v);
    if (is_kind(v, OBJ_BYTES)) {
        return int_from_text(t, (char *)BYTES(v)->data, BYTES(v)->size, (int)base, v);
    }
    if (is_kind(v, OBJ_BYTEARRAY)) {
        Bytearray *array = (Bytearray *)object_of(v);
        return int_from_text(t, (char *)array->data, array->size, (int)base, v);
    }
    return raise_error(t, EXC_TypeError, "int() can't convert non-string with explicit base");
}

/* int(x, /, base=…): finds x and base among the arguments of the call. */
static bool read_arguments(Thread *t, const Value *args, int argc, Tuple *kwnames, Value *x,
                           Value *base) {
    int named = kwnames ? (int)kwnames->size : 0, given = argc - named;
    *x = given > 0 ? args[0] : VALUE_UNSET;
    *base = given > 1 ? args[1] : VALUE_UNSET;
    if (argc > 2) {
        raise_error(t, EXC_TypeError, "int() takes at most 2 arguments (%d given)", argc);
        return false;
    }
    for (int i = 0; i < named; i++) {
        if (strcmp(STR(kwnames->items[i])->data, "base") != 0) {
            raise_error(t, EXC_TypeError, "'%S' is an invalid keyword argument for int()",
                        kwnames->items[i]);
            return false;
        }
        *base = args[given + i];
    }
    if (*x == VALUE_UNSET && *base != VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "int() missing string argument");
        return false;
    }
    return true;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value x, base;
    if (!read_arguments(t, args, argc, kwnames, &x, &base)) return VALUE_ERROR;
    Value v = x == VALUE_UNSET      ? fixnum(0)
              : base == VALUE_UNSET ? from_number_or_text(t, x)
                                    : from_text_in_base(t, x, base);
    if (v == VALUE_ERROR || cls == BUILTIN_CLASS(t, INT)) return v;
    return int_subclass_new(t, cls, v);
}

/* ---- methods ---- */

static Value bit_length(Thread *t, Value *args) {
    return int_from_uint64(t, int_bit_length(args[0]));
}

static Value bit_count(Thread *t, Value *args) {
    return int_from_uint64(t, int_bit_count(args[0]));
}

static Value conjugate(Thread *t, Value *args) { return plain(t, args[0]); }

static Value as_integer_ratio(Thread *t, Value *args) {
    return object_value(tuple_from(t, (Value[]){plain(t, args[0]), fixnum(1)}, 2));
}

static Value round_method(Thread *t, Value *args) {
    if (args[1] == VALUE_UNSET) return plain(t, args[0]);
    Value digits = value_index(t, args[1]);
    return digits == VALUE_ERROR ? VALUE_ERROR : int_round(t, args[0], digits);
}

static Value format(Thread *t, Value *args) {
    Str *spec;
    if (!arg_str(t, args[1], "__format__() argument", &spec)) return VALUE_ERROR;
    if (spec->size == 0) {
        Str *text = value_str(t, args[0]);
        return text ? object_value(text) : VALUE_ERROR;
    }
    Str *text = format_int(t, args[0], spec);
    return text ? object_value(text) : VALUE_ERROR;
}

static Value getnewargs(Thread *t, Value *args) {
    Value self = plain(t, args[0]);
    return object_value(tuple_from(t, &self, 1));
}

/* The byteorder argument: is it "little"? -1 raised, with a message that begins with [what]. */
static int is_little(Thread *t, Value order, const char *what) {
    Str *text;
    if (!arg_str(t, order, what, &text)) return -1;
    if (strcmp(text->data, "little") == 0) return 1;
    if (strcmp(text->data, "big") == 0) return 0;
    raise_error(t, EXC_ValueError, "byteorder must be either 'little' or 'big'");
    return -1;
}

static void reverse_bytes(uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size / 2; i++) {
        uint8_t byte = bytes[i];
        bytes[i] = bytes[size - 1 - i];
        bytes[size - 1 - i] = byte;
    }
}

/* [bytes] := the two's complement of [z], least significant byte first. False: does not fit. */
static bool export_bytes(const mpz_t z, bool is_signed, uint8_t *bytes, size_t size) {
    mpz_t rest;
    mpz_init_set(rest, z);
    bool negative = mpz_sgn(z) < 0;
    if (negative) mpz_add_ui(rest, rest, 1); /* -z - 1, then inverted */
    bool fits = mpz_sgn(rest) == 0 || mpz_sizeinbase(rest, 2) + (is_signed ? 1 : 0) <= size * 8;
    if (fits) {
        memset(bytes, 0, size);
        mpz_export(bytes, NULL, -1, 1, 0, 0, rest);
        for (size_t i = 0; negative && i < size; i++) bytes[i] = (uint8_t)~bytes[i];
    }
    mpz_clear(rest);
    return fits;
}

static Value to_bytes(Thread *t, Value *args) {
    int64_t size;
    int little = is_little(t, args[2], "to_bytes() argument 'byteorder'");
    if (little < 0 || !arg_int64(t, args[1], &size)) return VALUE_ERROR;
    int is_signed = value_truth(t, args[3]);
    if (is_signed < 0) return VALUE_ERROR;
    if (size < 0) return raise_error(t, EXC_ValueError, "length argument must be non-negative");
    if (int_sign(args[0]) < 0 && !is_signed) {
        return raise_error(t, EXC_OverflowError, "can't convert negative int to unsigned");
    }
    uint8_t *bytes = malloc((size_t)size + 1);
    if (!bytes) return raise_with(t, EXC_MemoryError, VALUE_UNSET);
    mpz_t z;
    mpz_init(z);
    int_to_mpz(args[0], z);
    bool fits = export_bytes(z, is_signed, bytes, (size_t)size);
    mpz_clear(z);
    if (fits && !little) reverse_bytes(bytes, (size_t)size);
    Value result = fits ? object_value(bytes_new(t, bytes, (size_t)size))
                        : raise_error(t, EXC_OverflowError, "int too big to convert");
    free(bytes);
    return result;
}

static Value import_bytes(Thread *t, const uint8_t *bytes, size_t size, bool little,
                          bool is_signed) {
    mpz_t z;
    mpz_init(z);
    mpz_import(z, size, little ? -1 : 1, 1, 0, 0, bytes);
    bool top = size && (bytes[little ? size - 1 : 0] & 0x80);
    if (is_signed && top) {
        mpz_t modulus;
        mpz_init(modulus);
        mpz_setbit(modulus, size * 8);
        mpz_sub(z, z, modulus);
        mpz_clear(modulus);
    }
    Value v = int_from_mpz(t, z);
    mpz_clear(z);
    return v;
}

/* The items of an iterable of ints in range(256) as bytes. */
static Value bytes_of_items(Thread *t, Value iterable) {
    if (is_str(iterable) || is_int(iterable) || is_float(iterable)) {
        return raise_error(t, EXC_TypeError, "cannot convert '%T' object to bytes", iterable);
    }
    return call_value(t, object_value(BUILTIN_CLASS(t, BYTES)), &iterable, 1);
}

static Value from_bytes(Thread *t, Value *args) {
    int little = is_little(t, args[2], "from_bytes() argument 'byteorder'");
    if (little < 0) return VALUE_ERROR;
    int is_signed = value_truth(t, args[3]);
    if (is_signed < 0) return VALUE_ERROR;
    if (!is_kind(args[1], OBJ_BYTES) && !is_kind(args[1], OBJ_BYTEARRAY)) {
        args[1] = bytes_of_items(t, args[1]);
        if (args[1] == VALUE_ERROR) return VALUE_ERROR;
    }
    bool array = is_kind(args[1], OBJ_BYTEARRAY);
    const uint8_t *data = array ? ((Bytearray *)object_of(args[1]))->data : BYTES(args[1])->data;
    size_t size = array ? ((Bytearray *)object_of(args[1]))->size : BYTES(args[1])->size;
    Value v = import_bytes(t, data, size, little, is_signed);
    if (args[0] == object_value(BUILTIN_CLASS(t, INT))) return v;
    return call_value(t, args[0], &v, 1);
}

static Value get_zero(Thread *t, Value self) {
    (void)t, (void)self;
    return fixnum(0);
}

static Value get_one(Thread *t, Value self) {
    (void)t, (void)self;
    return fixnum(1);
}

static const Slots int_slots = {
    .repr = repr,
    .hash = hash,
    .compare = compare,
    .truth = truth,
    .binary = {[BINARY_ADD] = add,
               [BINARY_SUB] = subtract,
               [BINARY_MUL] = multiply,
               [BINARY_TRUEDIV] = true_divide,
               [BINARY_FLOORDIV] = floor_divide,
               [BINARY_MOD] = modulo,
               [BINARY_POW] = power,
               [BINARY_LSHIFT] = shift_left,
               [BINARY_RSHIFT] = shift_right,
               [BINARY_AND] = bit_and,
               [BINARY_OR] = bit_or,
               [BINARY_XOR] = bit_xor,
               [BINARY_DIVMOD] = divide_with_rest},
    .unary = {[UNARY_NEG] = negate,
              [UNARY_POS] = plain,
              [UNARY_INVERT] = invert,
              [UNARY_ABS] = absolute},
    .power_mod = power_mod,
    .to_int = plain,
    .to_float = to_float,
    .index = plain,
    .construct = construct,
};

static const NativeDef int_methods[] = {
    {"bit_length", bit_length, "(self, /)",
     "Number of bits necessary to represent self in binary."},
    {"bit_count", bit_count, "(self, /)", "Number of ones in the binary representation of |self|."},
    {"conjugate", conjugate, "(self, /)", "Returns self."},
    {"as_integer_ratio", as_integer_ratio, "(self, /)", "The pair (self, 1)."},
    {"__round__", round_method, "(self, ndigits=?, /)", "Round to a power of ten, half to even."},
    {"__trunc__", conjugate, "(self, /)", "Returns self."},
    {"__floor__", conjugate, "(self, /)", "Returns self."},
    {"__ceil__", conjugate, "(self, /)", "Returns self."},
    {"__format__", format, "(self, format_spec, /)",
     "The text of self laid out as the format asks."},
    {"__getnewargs__", getnewargs, "(self, /)", "Arguments with which __new__ makes an equal int."},
    {"to_bytes", to_bytes, "(self, length=1, byteorder='big', *, signed=False)",
     "The bytes of self in the given order; two's complement when signed."},
    {"@@from_bytes", from_bytes, "(type, bytes, byteorder='big', *, signed=False)",
     "The int whose bytes these are."},
    {0},
};

static const FieldDef int_fields[] = {
    {"real", plain, NULL, "the number itself"},
    {"imag", get_zero, NULL, "zero"},
    {"numerator", plain, NULL, "the number itself, as a fraction over 1"},
    {"denominator", get_one, NULL, "1"},
    {0},
};

/* ---- bool ---- */

static Value bool_repr(Thread *t, Value self) {
    return object_value(self == VALUE_TRUE ? str_intern(t->vm, "True", 4)
                                           : str_intern(t->vm, "False", 5));
}

static Value bool_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    if (kwnames && kwnames->size) {
        return raise_error(t, EXC_TypeError, "bool() takes no keyword arguments");
    }
    if (argc > 1) {
        return raise_error(t, EXC_TypeError, "bool expected at most 1 argument, got %d", argc);
    }
    int truth = argc ? value_truth(t, args[0]) : 0;
    return truth < 0 ? VALUE_ERROR : bool_value(truth);
}

#define BOOL_SLOT(NAME, OPERATOR, FALLBACK)                                                        \
    static Value NAME(Thread *t, Value a, Value b) {                                               \
        if (!is_bool(a) || !is_bool(b)) return FALLBACK(t, a, b);                                  \
        return bool_value((a == VALUE_TRUE) OPERATOR(b == VALUE_TRUE));                            \
    }
BOOL_SLOT(bool_and, &, bit_and)
BOOL_SLOT(bool_or, |, bit_or)
BOOL_SLOT(bool_xor, ^, bit_xor)
#undef BOOL_SLOT

static const Slots bool_slots = {
    .repr = bool_repr,
    .binary = {[BINARY_AND] = bool_and, [BINARY_OR] = bool_or, [BINARY_XOR] = bool_xor},
    .construct = bool_construct,
};

/* GMP ends the program when it gets no memory: it gets what the rest gets. */
static void *gmp_resize(void *block, size_t old_size, size_t new_size) {
    (void)old_size;
    return memory_realloc(block, new_size);
}

static void gmp_release(void *block, size_t size) {
    (void)size;
    free(block);
}

/* Complete the classes int and bool. */
void int_init(Thread *t) {
    mp_set_memory_functions(memory_alloc, gmp_resize, gmp_release);
    native_class_init(t,
                      &(NativeClass){
                          .kind = OBJ_INT,
                          .slots = &int_slots,
                          .methods = int_methods,
                          .fields = int_fields,
                          .doc = "int([x]) -> integer\nint(x, base=10) -> integer\n\n"
                                 "A whole number of any size, made from a number or from digits.",
                      });
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_BOOL,
                             .slots = &bool_slots,
                             .doc = "bool(x) -> bool\n\nTrue when x is true, False otherwise.",
                         });
}
