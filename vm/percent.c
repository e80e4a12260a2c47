/* SPDX-License-Identifier: MIT */
/*
 * The % operator of str and bytes: %[(key)][flags][width][.precision]type.
 *
 * One engine serves both; they differ in what %s takes, in %c and in a few messages. Rendering may
 * run Tulip code: the operands are rooted by the caller, a value got from a mapping is kept in a
 * root register, and pieces are copied into the malloc'd output at once. Read next:
 * vm/format_number.c.
 */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>

#include "vm/chars.h"
#include "vm/format.h"
#include "vm/number.h"
#include "vm/ops.h"

typedef struct Percent {
    Thread *t;
    bool bytes;   /* formatting bytes */
    Value args;   /* the right operand */
    Value single; /* what remains to be used when it is no tuple; VALUE_UNSET: used */
    size_t next;  /* the next item when it is a tuple */
    bool mapping; /* %(key) is possible */
    bool keyed;   /* the current conversion has a key: its value is in [single] */
    Value *root;
    Buffer out;
} Percent;

typedef struct Conversion {
    bool left, plus, space, alternate, zero;
    int64_t width, precision; /* precision -1: not given */
    char type;
} Conversion;

/* ---- arguments ---- */

static Value next_argument(Percent *f) {
    if (!f->keyed && is_kind(f->args, OBJ_TUPLE)) {
        if (f->next < TUPLE(f->args)->size) return TUPLE(f->args)->items[f->next++];
    } else if (f->single != VALUE_UNSET) {
        Value v = f->single;
        f->single = VALUE_UNSET;
        return v;
    }
    return raise_error(f->t, EXC_TypeError, "not enough arguments for format string");
}

static bool all_used(const Percent *f) {
    if (f->mapping) return true;
    return is_kind(f->args, OBJ_TUPLE) ? f->next >= TUPLE(f->args)->size : f->single == VALUE_UNSET;
}

/* (key) at *p: its value becomes the next argument. */
static bool parse_key(Percent *f, const char **p, const char *end) {
    Thread *t = f->t;
    if (!f->mapping) {
        raise_error(t, EXC_TypeError, "format requires a mapping");
        return false;
    }
    const char *start = ++*p;
    int open = 1;
    for (; *p < end; ++*p) {
        open += (**p == '(') - (**p == ')');
        if (!open) break;
    }
    if (*p >= end) {
        raise_error(t, EXC_ValueError, "incomplete format key");
        return false;
    }
    size_t size = (size_t)(*p - start);
    Value key =
        f->bytes ? object_value(bytes_new(t, start, size)) : object_value(str_new(t, start, size));
    ++*p;
    Value v = value_getitem(t, f->args, key);
    if (!v) return false;
    f->keyed = true;
    f->single = *f->root = v;
    return true;
}

/* ---- parsing a conversion ---- */

static const char *parse_flags(const char *p, Conversion *c) {
    for (;; p++) {
        switch (*p) {
        case '-': c->left = true; break;
        case '+': c->plus = true; break;
        case ' ': c->space = true; break;
        case '#': c->alternate = true; break;
        case '0': c->zero = true; break;
        default: return p;
        }
    }
}

/* A number up to [limit], or *, at *p. */
static bool parse_amount(Percent *f, const char **p, const char *what, int64_t limit,
                         int64_t *out) {
    if (**p == '*') {
        ++*p;
        Value v = next_argument(f);
        if (!v) return false;
        if (!is_int(v)) {
            raise_error(f->t, EXC_TypeError, "* wants int");
            return false;
        }
        if (!int_to_int64(v, out) || *out < -INT_MAX || *out > limit) {
            raise_error(f->t, EXC_OverflowError, "Python int too large to convert to C int");
            return false;
        }
        return true;
    }
    int64_t number = 0;
    for (; **p >= '0' && **p <= '9'; ++*p) {
        number = number * 10 + (**p - '0');
        if (number > limit) {
            raise_error(f->t, EXC_ValueError, "%s too big", what);
            return false;
        }
    }
    *out = number;
    return true;
}

static bool parse_conversion(Percent *f, const char **p, const char *end, Conversion *c) {
    *c = (Conversion){.precision = -1};
    f->keyed = false;
    if (**p == '(' && !parse_key(f, p, end)) return false;
    *p = parse_flags(*p, c);
    if (!parse_amount(f, p, "width", PTRDIFF_MAX / 16, &c->width)) return false;
    if (c->width < 0) {
        c->left = true;
        c->width = -c->width;
    }
    if (**p == '.') {
        ++*p;
        if (!parse_amount(f, p, "precision", INT_MAX, &c->precision)) return false;
        if (c->precision < 0) c->precision = 0;
    }
    if (**p == 'h' || **p == 'l' || **p == 'L') ++*p;
    if (*p >= end) {
        raise_error(f->t, EXC_ValueError, "incomplete format");
        return false;
    }
    return true;
}

/* ---- rendering ---- */

/* Text of [length] characters, padded. */
static bool put_padded(Percent *f, const Conversion *c, const char *data, size_t size,
                       size_t length) {
    int64_t lacks = c->width > (int64_t)length ? c->width - (int64_t)length : 0;
    if (!str_memory_fits(f->t, (size_t)lacks + size)) return false;
    if (!c->left) format_fill(&f->out, ' ', lacks);
    buffer_append(&f->out, data, size);
    if (c->left) format_fill(&f->out, ' ', lacks);
    return true;
}

static bool put_number(Percent *f, const Conversion *c, NumberText *number, bool negative) {
    number->sign = negative ? '-' : c->plus ? '+' : c->space ? ' ' : 0;
    FormatSpec spec = {.fill = c->zero && !c->left ? '0' : ' ',
                       .align = c->left   ? '<'
                                : c->zero ? '='
                                          : '>',
                       .width = c->width};
    return format_put_number(f->t, &f->out, number, &spec);
}

/* An int argument as CPython converts it for this letter; VALUE_ERROR raised. */
static Value int_argument(Percent *f, Value v, char type) {
    Thread *t = f->t;
    if (is_int(v)) return v;
    bool exact = type == 'x' || type == 'X' || type == 'o';
    if (is_float(v) && !exact) return int_from_double(t, float_of(v));
    const Slots *slots = &class_of(t->vm, v)->slots;
    Value (*to_int)(Thread *, Value) = exact           ? slots->index
                                       : slots->to_int ? slots->to_int
                                                       : slots->index;
    if (is_float(v) || is_str(v) || is_kind(v, OBJ_BYTES) || is_kind(v, OBJ_BYTEARRAY))
        to_int = NULL;
    Value number = to_int ? to_int(t, v) : VALUE_UNSET;
    if (number == VALUE_ERROR) {
        if (!exception_matches(t, EXC_TypeError)) return VALUE_ERROR;
        exception_take(t);
    } else if (is_int(number)) {
        return number;
    }
    return raise_error(t, EXC_TypeError, "%%%c format: %s is required, not %T",
                       f->bytes && type == 'i' ? 'd' : type, exact ? "an integer" : "a real number",
                       v);
}

static bool put_int(Percent *f, const Conversion *c, Value v) {
    char type = c->type == 'i' || c->type == 'u' ? 'd' : c->type;
    Value number = int_argument(f, v, c->type);
    if (!number) return false;
    int base = type == 'o' ? 8 : type == 'd' ? 10 : 16;
    Buffer text = {0};
    bool ok = int_to_text(f->t, number, base, &text);
    for (size_t i = 0; type == 'X' && i < text.size; i++)
        text.data[i] = (char)toupper((unsigned char)text.data[i]);
    bool negative = ok && text.data[0] == '-';
    Buffer digits = {0};
    if (ok && c->precision > 0) ok = str_memory_fits(f->t, (size_t)c->precision);
    if (ok) {
        format_fill(&digits, '0', c->precision - (int64_t)(text.size - negative));
        buffer_append(&digits, text.data + negative, text.size - negative);
        const char *prefix = !c->alternate || base == 10 ? ""
                             : base == 8                 ? "0o"
                             : type == 'X'               ? "0X"
                                                         : "0x";
        NumberText parts = {
            .prefix = prefix, .digits = digits.data, .digit_count = digits.size, .rest = ""};
        ok = put_number(f, c, &parts, negative);
    }
    buffer_free(&digits);
    buffer_free(&text);
    return ok;
}

static bool float_argument(Percent *f, Value v, double *out) {
    Thread *t = f->t;
    const Slots *slots = &class_of(t->vm, v)->slots;
    if (!is_float(v) && !is_int(v) && !slots->to_float && !slots->index) {
        raise_error(t, EXC_TypeError,
                    f->bytes ? "float argument required, not %T" : "must be real number, not %T",
                    v);
        return false;
    }
    return arg_double(t, v, out);
}

static bool put_float(Percent *f, const Conversion *c, Value v) {
    double d;
    if (!float_argument(f, v, &d)) return false;
    if (c->precision > INT32_MAX - 512) {
        raise_error(f->t, EXC_ValueError, "precision too big");
        return false;
    }
    if (c->precision > 0 && !str_memory_fits(f->t, (size_t)c->precision * 2 + 512)) return false;
    Buffer text = {0};
    format_put_double(&text, d, c->type, c->precision < 0 ? 6 : (int)c->precision, c->alternate,
                      false);
    bool negative = text.data[0] == '-';
    /* infinities are padded with zeros too: all of the text counts as digits */
    NumberText parts = {.prefix = "",
                        .digits = text.data + negative,
                        .digit_count = text.size - negative,
                        .rest = ""};
    bool ok = put_number(f, c, &parts, negative);
    buffer_free(&text);
    return ok;
}

static bool put_str(Percent *f, const Conversion *c, Value v) {
    Str *text = c->type == 's'   ? value_str(f->t, v)
                : c->type == 'r' ? value_repr(f->t, v)
                                 : value_ascii(f->t, v);
    if (!text) return false;
    size_t length = text->length;
    if (c->precision >= 0 && (size_t)c->precision < length) length = (size_t)c->precision;
    return put_padded(f, c, text->data,
                      length == text->length ? text->size : str_byte_offset(text, length), length);
}

/* %s, %b, %r and %a of bytes. */
static bool put_bytes(Percent *f, const Conversion *c, Value v) {
    Thread *t = f->t;
    Chars chars;
    if (c->type == 'r' || c->type == 'a') {
        Str *text = value_ascii(t, v);
        if (!text) return false;
        chars = (Chars){text->data, text->size};
    } else {
        if (!is_kind(v, OBJ_BYTES) && !is_kind(v, OBJ_BYTEARRAY)) {
            Value method = lookup_special(t, v, NAME_OF(t, __bytes__));
            if (!method) return false;
            if (method == VALUE_UNSET) {
                raise_error(t, EXC_TypeError,
                            "%%b requires a bytes-like object, or an object that implements "
                            "__bytes__, not '%T'",
                            v);
                return false;
            }
            Value made = call_value(t, method, NULL, 0);
            if (!made) return false;
            if (!is_kind(made, OBJ_BYTES)) {
                raise_error(t, EXC_TypeError, "__bytes__ returned non-bytes (type %T)", made);
                return false;
            }
            v = made;
        }
        chars = chars_of(v);
    }
    size_t size =
        c->precision >= 0 && (size_t)c->precision < chars.size ? (size_t)c->precision : chars.size;
    return put_padded(f, c, chars.data, size, size);
}

static bool put_character(Percent *f, const Conversion *c, Value v) {
    int64_t number, limit = f->bytes ? 0xFF : 0x10FFFF;
    if (!is_int(v) && class_of(f->t->vm, v)->slots.index) {
        v = value_index(f->t, v);
        if (v == VALUE_ERROR) return false;
    }
    if (is_int(v)) {
        if (!int_to_int64(v, &number) || number < 0 || number > limit) {
            raise_error(f->t, EXC_OverflowError, "%%c arg not in range(%s)",
                        f->bytes ? "256" : "0x110000");
            return false;
        }
        char byte = (char)number;
        if (f->bytes) return put_padded(f, c, &byte, 1, 1);
        Str *one = str_of_codepoint(f->t, (uint32_t)number);
        return put_padded(f, c, one->data, one->size, 1);
    }
    bool text = f->bytes ? is_kind(v, OBJ_BYTES) || is_kind(v, OBJ_BYTEARRAY) : is_str(v);
    if (text && chars_length(v) == 1)
        return put_padded(f, c, chars_of(v).data, chars_of(v).size, 1);
    raise_error(f->t, EXC_TypeError,
                f->bytes ? "%%c requires an integer in range(256) or a single byte"
                         : "%%c requires int or char");
    return false;
}

/* The letter at *p, applied to the next argument; [start] is the format's beginning. */
static bool put_conversion(Percent *f, Conversion *c, const char **p, const char *start) {
    const char *at = *p;
    uint32_t letter = f->bytes ? (uint8_t)(*(*p)++) : str_next(p);
    Value v = next_argument(f);
    if (!v) return false;
    *f->root = v;
    c->type = letter < 0x80 ? (char)letter : 0;
    switch (c->type) {
    case 's':
    case 'r':
    case 'a': return f->bytes ? put_bytes(f, c, v) : put_str(f, c, v);
    case 'c': return put_character(f, c, v);
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X': return put_int(f, c, v);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': return put_float(f, c, v);
    case 'b':
        if (f->bytes) return put_bytes(f, c, v);
        break;
    default: break;
    }
    size_t index = 0;
    for (const char *q = start; q < at; q++) index += f->bytes || ((uint8_t)*q & 0xC0) != 0x80;
    char shown = letter > 31 && letter < 127 ? (char)letter : '?';
    raise_error(f->t, EXC_ValueError, "unsupported format character '%c' (0x%x) at index %zd",
                shown, letter, index);
    return false;
}

static bool run(Percent *f, Chars format) {
    const char *p = format.data, *end = p + format.size;
    while (p < end) {
        const char *mark = memchr(p, '%', (size_t)(end - p));
        buffer_append(&f->out, p, (size_t)((mark ? mark : end) - p));
        if (!mark) break;
        p = mark + 1;
        if (p < end && *p == '%') {
            buffer_putc(&f->out, '%');
            p++;
            continue;
        }
        if (p == end) {
            raise_error(f->t, EXC_ValueError, "incomplete format");
            return false;
        }
        Conversion c;
        if (!parse_conversion(f, &p, end, &c) || !put_conversion(f, &c, &p, format.data) ||
            !buffer_holds(f->t, &f->out))
            return false;
    }
    if (all_used(f)) return true;
    raise_error(f->t, EXC_TypeError, "not all arguments converted during %s formatting",
                f->bytes ? "bytes" : "string");
    return false;
}

static bool apply(Thread *t, Value format, Value args, Buffer *out) {
    Percent f = {.t = t,
                 .bytes = !is_str(format),
                 .args = args,
                 .single = args,
                 .root = push_roots(t, 1),
                 .out.fallible = true};
    bool text = is_str(args);
    bool octets = f.bytes && (is_kind(args, OBJ_BYTES) || is_kind(args, OBJ_BYTEARRAY));
    f.mapping =
        class_of(t->vm, args)->slots.getitem && !is_kind(args, OBJ_TUPLE) && !text && !octets;
    Chars chars = chars_of(format);
    Buffer copy = {0}; /* a bytearray may change under our hands */
    if (is_kind(format, OBJ_BYTEARRAY)) {
        buffer_append(&copy, chars.data, chars.size);
        chars = (Chars){copy.data, copy.size};
    }
    bool ok = run(&f, chars);
    pop_roots(t, f.root);
    buffer_free(&copy);
    *out = f.out;
    if (!ok) buffer_free(out);
    return ok;
}

Str *str_percent(Thread *t, Str *format, Value args) {
    Buffer out;
    return apply(t, object_value(format), args, &out) ? str_from_buffer(t, &out) : NULL;
}

Value bytes_percent(Thread *t, Value format, Value args) {
    Buffer out;
    if (!apply(t, format, args, &out)) return VALUE_ERROR;
    Value result = VALUE_ERROR;
    if (buffer_fits(t, &out)) result = chars_new(t, format, out.data ? out.data : "", out.size);
    buffer_free(&out);
    return result;
}
