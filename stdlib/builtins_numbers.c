/* SPDX-License-Identifier: MIT */
/* Built-in functions on numbers: abs, bin, divmod, hex, oct, pow, round. Read next: vm/int.c,
 * vm/float.c. */
#include "stdlib/builtins.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

static Value builtin_abs(Thread *t, Value *args) { return value_unary(t, UNARY_ABS, args[0]); }
static Value builtin_divmod(Thread *t, Value *args) {
    return value_binary(t, BINARY_DIVMOD, args[0], args[1]);
}

/* An int in [base] with a prefix behind its sign. */
static Value in_base(Thread *t, Value v, int base, char letter) {
    Value index = value_index(t, v);
    if (index == VALUE_ERROR) return VALUE_ERROR;
    Buffer digits = {0}, out = {0};
    if (!int_to_text(t, index, base, &digits)) return VALUE_ERROR;
    size_t sign = digits.data[0] == '-';
    if (sign) buffer_putc(&out, '-');
    buffer_putc(&out, '0');
    buffer_putc(&out, letter);
    buffer_append(&out, digits.data + sign, digits.size - sign);
    buffer_free(&digits);
    return object_value(str_from_buffer(t, &out));
}

static Value builtin_bin(Thread *t, Value *args) { return in_base(t, args[0], 2, 'b'); }
static Value builtin_oct(Thread *t, Value *args) { return in_base(t, args[0], 8, 'o'); }
static Value builtin_hex(Thread *t, Value *args) { return in_base(t, args[0], 16, 'x'); }

/* pow(base, exp, mod): a slot of its own for ints, __pow__ with three arguments for
 * Tulip classes. */
static Value power_modulo(Thread *t, Value base, Value exponent, Value modulus) {
    Class *cls = class_of(t->vm, base);
    Value (*slot)(Thread *, Value, Value, Value) = cls->slots.power_mod;
    Value method = class_lookup(t, cls, NAME_OF(t, __pow__));
    bool own = (cls->flags & CLASS_HEAP) && (is_kind(method, OBJ_FUNCTION) || method == VALUE_NONE);
    Value result = VALUE_NOTIMPLEMENTED;
    if (own) {
        Value args[] = {exponent, modulus};
        result = call_dunder(t, base, NAME_OF(t, __pow__), args, 2);
    } else if (slot) {
        result = slot(t, base, exponent, modulus);
    }
    if (result != VALUE_NOTIMPLEMENTED && result != VALUE_UNSET) return result;
    return raise_error(t, EXC_TypeError,
                       "unsupported operand type(s) for ** or pow(): '%T', '%T', '%T'", base,
                       exponent, modulus);
}

static Value builtin_pow(Thread *t, Value *args) {
    if (args[2] == VALUE_NONE) return value_binary(t, BINARY_POW, args[0], args[1]);
    return power_modulo(t, args[0], args[1], args[2]);
}

static Value builtin_round(Thread *t, Value *args) {
    bool with_digits = args[1] != VALUE_NONE;
    Value result = call_dunder(t, args[0], NAME_OF(t, __round__), args + 1, with_digits);
    if (result != VALUE_UNSET) return result;
    return raise_error(t, EXC_TypeError, "type %T doesn't define __round__ method", args[0]);
}

const NativeDef builtins_number_functions[] = {
    {"abs", builtin_abs, "(x, /)", "How far x is from zero."},
    {"bin", builtin_bin, "(number, /)", "An integer in binary digits, after 0b."},
    {"divmod", builtin_divmod, "(x, y, /)", "Quotient and remainder: (x // y, x % y)."},
    {"hex", builtin_hex, "(number, /)", "An integer in hexadecimal digits, after 0x."},
    {"oct", builtin_oct, "(number, /)", "An integer in octal digits, after 0o."},
    {"pow", builtin_pow, "(base, exp, mod=None)",
     "base ** exp, or its remainder when divided by mod."},
    {"round", builtin_round, "(number, ndigits=None)",
     "A number rounded to ndigits places; to an int without them."},
    {NULL, NULL, NULL, NULL},
};
