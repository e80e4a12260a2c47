/* SPDX-License-Identifier: MIT */
/*
 * The class float: construction, operators as slots, methods.
 *
 * Mixed operations with ints convert the int first (OverflowError when it is too large);
 * comparisons are exact.
 *
 * Read next: vm/float.c (the arithmetic).
 */
#include <math.h>

#include "vm/container.h"
#include "vm/native.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* An operand as a double: 1, 0 when it is no number, -1 raised. */
static int operand(Thread *t, Value v, double *out) {
    if (is_float(v)) {
        *out = float_of(v);
        return 1;
    }
    if (!is_int(v)) return 0;
    bool overflow;
    *out = int_to_double(t, v, &overflow);
    if (!overflow) return 1;
    raise_error(t, EXC_OverflowError, "int too large to convert to float");
    return -1;
}

/* Both operands: VALUE_UNSET when they are numbers, otherwise what the slot returns. */
static Value operands(Thread *t, Value a, Value b, double *x, double *y) {
    int left = operand(t, a, x);
    if (left < 0) return VALUE_ERROR;
    int right = operand(t, b, y);
    if (right < 0) return VALUE_ERROR;
    return left && right ? VALUE_UNSET : VALUE_NOTIMPLEMENTED;
}

static Value divide_with_rest(Thread *t, double x, double y) {
    Value both[2] = {float_new(t, float_floordiv(x, y)), float_new(t, float_mod(x, y))};
    return object_value(tuple_from(t, both, 2));
}

static Value divided_by_zero(Thread *t, const char *message) {
    return raise_error(t, EXC_ZeroDivisionError, "%s", message);
}

#define BINARY_SLOT(NAME, EXPRESSION)                                                              \
    static Value NAME(Thread *t, Value a, Value b) {                                               \
        double x, y;                                                                               \
        Value early = operands(t, a, b, &x, &y);                                                   \
        if (early != VALUE_UNSET) return early;                                                    \
        return EXPRESSION;                                                                         \
    }
BINARY_SLOT(add, float_new(t, x + y))
BINARY_SLOT(subtract, float_new(t, x - y))
BINARY_SLOT(multiply, float_new(t, x *y))
BINARY_SLOT(true_divide,
            y == 0.0 ? divided_by_zero(t, "float division by zero") : float_new(t, x / y))
BINARY_SLOT(floor_divide, y == 0.0 ? divided_by_zero(t, "float floor division by zero")
                                   : float_new(t, float_floordiv(x, y)))
BINARY_SLOT(modulo, y == 0.0 ? divided_by_zero(t, "float modulo") : float_new(t, float_mod(x, y)))
BINARY_SLOT(divmod_slot,
            y == 0.0 ? divided_by_zero(t, "float divmod()") : divide_with_rest(t, x, y))
BINARY_SLOT(power, float_power(t, x, y))
#undef BINARY_SLOT

static Value power_mod(Thread *t, Value a, Value b, Value mod) {
    (void)a, (void)b, (void)mod;
    return raise_error(t, EXC_TypeError,
                       "pow() 3rd argument not allowed unless all arguments are integers");
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    (void)t;
    int order;
    if (is_float(b) && (is_float(a) || is_int(a))) {
        order = number_compare(a, b);
    } else if (is_float(a) && is_int(b)) {
        order = number_compare(b, a);
        if (order != 2) order = -order;
    } else {
        return VALUE_NOTIMPLEMENTED;
    }
    if (order == 2) return bool_value(op == COMPARE_NE);
    return bool_value(order_satisfies(order, op));
}

static Value negate(Thread *t, Value self) { return float_new(t, -float_of(self)); }
static Value absolute(Thread *t, Value self) { return float_new(t, fabs(float_of(self))); }
static Value plain(Thread *t, Value self) { return float_new(t, float_of(self)); }
static Value to_int(Thread *t, Value self) { return int_from_double(t, float_of(self)); }

static int truth(Thread *t, Value self) {
    (void)t;
    return float_of(self) != 0.0;
}

static bool hash(Thread *t, Value self, int64_t *out) {
    double d = float_of(self);
    *out = isnan(d) ? (int64_t)object_identity_hash(t->vm, self) : float_hash(d);
    return true;
}

static Value repr(Thread *t, Value self) {
    Buffer out = {0};
    float_repr_into(&out, float_of(self));
    return object_value(str_from_buffer(t, &out));
}

/* ---- construction ---- */

static Value from_text(Thread *t, Value shown, const char *text, size_t size) {
    double d;
    if (float_parse(text, size, &d)) return float_new(t, d);
    return raise_error(t, EXC_ValueError, "could not convert string to float: %R", shown);
}

/* What v.__float__ returned as a plain float: a subclass's instance is deprecated. */
static Value exact_float(Thread *t, Value v, Value converted) {
    if (class_of(t->vm, converted) == BUILTIN_CLASS(t, FLOAT)) return converted;
    Value *root = push_roots(t, 1);
    *root = converted;
    bool ok = warn_deprecated(t,
                              "%T.__float__ returned non-float (type %T).  The ability to return "
                              "an instance of a strict subclass of float is deprecated, and may be "
                              "removed in a future version of Python.",
                              v, converted);
    pop_roots(t, root);
    return ok ? plain(t, converted) : VALUE_ERROR;
}

Value float_from_slot(Thread *t, Value v) {
    Value converted = class_of(t->vm, v)->slots.to_float(t, v);
    if (converted == VALUE_ERROR || is_flonum(converted)) return converted;
    if (is_float(converted)) return exact_float(t, v, converted);
    return raise_error(t, EXC_TypeError, "%T.__float__ returned non-float (type %T)", v, converted);
}

static Value from_object(Thread *t, Value v) {
    Class *cls = class_of(t->vm, v);
    if (cls->slots.to_float) return float_from_slot(t, v);
    if (is_str(v)) return from_text(t, v, STR(v)->data, STR(v)->size);
    if (is_kind(v, OBJ_BYTES)) return from_text(t, v, (char *)BYTES(v)->data, BYTES(v)->size);
    if (is_kind(v, OBJ_BYTEARRAY)) {
        Bytearray *array = (Bytearray *)object_of(v);
        return from_text(t, v, (char *)array->data, array->size);
    }
    if (cls->slots.index) {
        Value index = value_index(t, v);
        double d;
        if (index == VALUE_ERROR || operand(t, index, &d) < 0) return VALUE_ERROR;
        return float_new(t, d);
    }
    return raise_error(t, EXC_TypeError,
                       "float() argument must be a string or a real number, not '%T'", v);
}

static Value subclass_new(Thread *t, Class *cls, double d) {
    Float *boxed = object_new(t, cls, 0);
    boxed->value = d;
    return object_value(boxed);
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    bool own_init = cls->slots.init != BUILTIN_CLASS(t, FLOAT)->slots.init;
    if (kwnames && own_init) argc -= (int)kwnames->size;
    else if (kwnames && kwnames->size) {
        return raise_error(t, EXC_TypeError, "float() takes no keyword arguments");
    }
    if (argc > 1) {
        return raise_error(t, EXC_TypeError, "float expected at most 1 argument, got %d", argc);
    }
    Value v = argc ? from_object(t, args[0]) : FLONUM_ZERO;
    if (v == VALUE_ERROR || cls == BUILTIN_CLASS(t, FLOAT)) return v;
    return subclass_new(t, cls, float_of(v));
}

/* ---- methods ---- */

static Value is_integer(Thread *t, Value *args) {
    (void)t;
    double d = float_of(args[0]);
    return bool_value(isfinite(d) && floor(d) == d);
}

static Value as_integer_ratio(Thread *t, Value *args) {
    Value both[2];
    if (!float_ratio(t, float_of(args[0]), &both[0], &both[1])) return VALUE_ERROR;
    return object_value(tuple_from(t, both, 2));
}

static Value conjugate(Thread *t, Value *args) { return plain(t, args[0]); }
static Value trunc_method(Thread *t, Value *args) { return to_int(t, args[0]); }

static Value floor_method(Thread *t, Value *args) {
    return int_from_double(t, floor(float_of(args[0])));
}

static Value ceil_method(Thread *t, Value *args) {
    return int_from_double(t, ceil(float_of(args[0])));
}

static Value round_method(Thread *t, Value *args) {
    double d = float_of(args[0]);
    if (args[1] == VALUE_NONE) return int_from_double(t, nearbyint(d));
    int64_t digits;
    if (!arg_clamped(t, args[1], &digits)) return VALUE_ERROR;
    return float_round(t, d, digits);
}

static Value hex(Thread *t, Value *args) {
    Buffer out = {0};
    float_hex_into(&out, float_of(args[0]));
    return object_value(str_from_buffer(t, &out));
}

static Value fromhex(Thread *t, Value *args) {
    if (!is_str(args[1]))
        return raise_error(t, EXC_TypeError, "bad argument type for built-in operation");
    Str *text = STR(args[1]);
    double d;
    if (!float_parse_hex(text->data, text->size, &d)) {
        return raise_error(t, EXC_ValueError, "invalid hexadecimal floating-point string");
    }
    if (isinf(d) && !strpbrk(text->data, "iI")) {
        return raise_error(t, EXC_OverflowError,
                           "hexadecimal value too large to represent as a float");
    }
    Value v = float_new(t, d);
    if (args[0] == object_value(BUILTIN_CLASS(t, FLOAT))) return v;
    return call_value(t, args[0], &v, 1);
}

static Value format(Thread *t, Value *args) {
    Str *spec;
    if (!arg_str(t, args[1], "__format__() argument", &spec)) return VALUE_ERROR;
    Str *text = spec->size == 0 ? value_str(t, args[0]) : format_float(t, args[0], spec);
    return text ? object_value(text) : VALUE_ERROR;
}

/* How C's double or float is laid out in memory. */
static Value getformat(Thread *t, Value *args) {
    Str *type;
    if (!arg_str(t, args[1], "__getformat__() argument", &type)) return VALUE_ERROR;
    if (strcmp(type->data, "double") != 0 && strcmp(type->data, "float") != 0) {
        return raise_error(t, EXC_ValueError,
                           "__getformat__() argument 1 must be 'double' or 'float'");
    }
    const uint16_t one = 1;
    bool little = *(const uint8_t *)&one == 1;
    return object_value(str_from(t, little ? "IEEE, little-endian" : "IEEE, big-endian"));
}

static Value getnewargs(Thread *t, Value *args) {
    Value self = plain(t, args[0]);
    return object_value(tuple_from(t, &self, 1));
}

static Value get_zero(Thread *t, Value self) {
    (void)t, (void)self;
    return FLONUM_ZERO;
}

static const Slots float_slots = {
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
               [BINARY_DIVMOD] = divmod_slot},
    .unary = {[UNARY_NEG] = negate, [UNARY_POS] = plain, [UNARY_ABS] = absolute},
    .power_mod = power_mod,
    .to_int = to_int,
    .to_float = plain,
    .construct = construct,
};

static const NativeDef float_methods[] = {
    {"is_integer", is_integer, "(self, /)", "True if the float is an integer."},
    {"as_integer_ratio", as_integer_ratio, "(self, /)",
     "The pair of ints whose ratio is exactly self, the second one positive."},
    {"conjugate", conjugate, "(self, /)", "Returns self."},
    {"__trunc__", trunc_method, "(self, /)", "The int nearest to self between 0 and self."},
    {"__floor__", floor_method, "(self, /)", "The largest int not above self."},
    {"__ceil__", ceil_method, "(self, /)", "The smallest int not below self."},
    {"__round__", round_method, "(self, ndigits=None, /)", "Round half to even."},
    {"hex", hex, "(self, /)", "Hexadecimal text of self."},
    {"@@fromhex", fromhex, "(type, string, /)", "The float of a hexadecimal text."},
    {"__format__", format, "(self, format_spec, /)",
     "The text of self laid out as the format asks."},
    {"@@__getformat__", getformat, "(type, typestr, /)",
     "The layout of 'double' or 'float': IEEE, and which end comes first."},
    {"__getnewargs__", getnewargs, "(self, /)",
     "Arguments with which __new__ makes an equal float."},
    {0},
};

static const FieldDef float_fields[] = {
    {"real", plain, NULL, "the number itself"},
    {"imag", get_zero, NULL, "zero"},
    {0},
};

/* Complete the class float. */
void float_init(Thread *t) {
    native_class_init(
        t, &(NativeClass){
               .kind = OBJ_FLOAT,
               .slots = &float_slots,
               .methods = float_methods,
               .fields = float_fields,
               .doc = "A number of double precision, made from a number or from its digits.",
           });
}
