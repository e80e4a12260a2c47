/* SPDX-License-Identifier: MIT */
/*
 * _json.make_encoder: values to text, into one buffer.
 *
 * What is being written is in roots on the way down: default() and a subclass's items() run Tulip
 * code. A container that contains itself is found by looking at the containers around it, which are
 * a linked list on the C stack; the recursion limit bounds its length.
 *
 * Read next: stdlib/json/encoder.tul, which has the same in Tulip, a piece of text at a time.
 */
#include <math.h>
#include <stdio.h>

#include "stdlib/json_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Encoder {
    Object header;
    Value markers, fallback, encoder; /* markers: a dict to find circles, or None */
    Value indent;                     /* str or None */
    Value key_separator, item_separator;
    Value sort_keys, skip_keys, allow_nan; /* bools */
} Encoder;

/* A container that is being written, and those around it. */
typedef struct Around {
    Value value;
    struct Around *outer;
} Around;

typedef struct JsonWrite {
    Thread *t;
    Encoder *options;
    Buffer out;
    enum { STRINGS_ASCII, STRINGS_TEXT, STRINGS_CALL } strings;
    int64_t level; /* of indentation */
    Around *around;
} JsonWrite;

static bool write_value(JsonWrite *w, Value v);

/* ---- strings and numbers ---- */

static bool write_string(JsonWrite *w, Value v) {
    if (w->strings != STRINGS_CALL) {
        json_put_string(&w->out, STR(v), w->strings == STRINGS_ASCII);
        return true;
    }
    Value text = call_value(w->t, w->options->encoder, &v, 1);
    if (text == VALUE_ERROR) return false;
    if (!is_str(text)) {
        raise_error(w->t, EXC_TypeError, "encoder() must return a string, not %T", text);
        return false;
    }
    buffer_append(&w->out, STR(text)->data, STR(text)->size);
    return true;
}

static bool write_float(JsonWrite *w, double d) {
    if (isfinite(d)) {
        float_repr_into(&w->out, d);
        return true;
    }
    if (w->options->allow_nan != VALUE_TRUE) {
        raise_error(w->t, EXC_ValueError, "Out of range float values are not JSON compliant");
        return false;
    }
    buffer_puts(&w->out, isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
    return true;
}

static bool write_int(JsonWrite *w, Value v) {
    if (!is_fixnum(v)) return int_to_text(w->t, v, 10, &w->out);
    char digits[24], *p = digits + sizeof digits;
    int64_t i = fixnum_of(v);
    uint64_t left = i < 0 ? -(uint64_t)i : (uint64_t)i;
    do *--p = (char)('0' + left % 10);
    while (left /= 10);
    if (i < 0) *--p = '-';
    buffer_append(&w->out, p, (size_t)(digits + sizeof digits - p));
    return true;
}

/* None, a bool, int or float: 1 written, 0 it is something else, -1 raised. */
static int write_simple(JsonWrite *w, Value v) {
    if (v == VALUE_NONE) return buffer_append(&w->out, "null", 4), 1;
    if (v == VALUE_TRUE) return buffer_append(&w->out, "true", 4), 1;
    if (v == VALUE_FALSE) return buffer_append(&w->out, "false", 5), 1;
    if (is_int(v)) return write_int(w, v) ? 1 : -1;
    if (is_float(v)) return write_float(w, float_of(v)) ? 1 : -1;
    return 0;
}

/* ---- containers ---- */

/* May the container [v] be written inside those around it? Counts it when it may. */
static bool enter(JsonWrite *w, Value v) {
    for (Around *a = w->options->markers == VALUE_NONE ? NULL : w->around; a; a = a->outer) {
        if (a->value != v) continue;
        raise_error(w->t, EXC_ValueError, "Circular reference detected");
        return false;
    }
    return enter_native(w->t, " while encoding a JSON object");
}

static void put(JsonWrite *w, Value text) {
    buffer_append(&w->out, STR(text)->data, STR(text)->size);
}

static void new_line(JsonWrite *w) {
    if (w->options->indent == VALUE_NONE) return;
    buffer_putc(&w->out, '\n');
    for (int64_t i = 0; i < w->level; i++) put(w, w->options->indent);
}

/* What comes before the [index]-th item; the first follows the bracket's own new line. */
static void before_item(JsonWrite *w, size_t index) {
    if (!index) return;
    put(w, w->options->item_separator);
    new_line(w);
}

/* The items of a list or tuple, which default() may change meanwhile. */
static bool write_items(JsonWrite *w, Value v) {
    bool is_list = is_kind(v, OBJ_LIST);
    if (!(is_list ? LIST(v)->size : TUPLE(v)->size)) return buffer_append(&w->out, "[]", 2), true;
    buffer_putc(&w->out, '[');
    w->level++;
    new_line(w);
    Value *root = push_roots(w->t, 1);
    for (size_t i = 0; i < (is_list ? LIST(v)->size : TUPLE(v)->size); i++) {
        before_item(w, i);
        root[0] = is_list ? LIST(v)->items[i] : TUPLE(v)->items[i];
        if (!write_value(w, root[0])) return false;
    }
    pop_roots(w->t, root);
    w->level--;
    new_line(w);
    buffer_putc(&w->out, ']');
    return true;
}

/* A key as a string: 1 written, 0 to be skipped, -1 raised. */
static int write_key(JsonWrite *w, Value key) {
    if (is_str(key)) return write_string(w, key) ? 1 : -1;
    size_t begin = w->out.size;
    int written = write_simple(w, key);
    if (written < 0) return -1;
    if (!written) {
        if (w->options->skip_keys == VALUE_TRUE) return 0;
        raise_error(w->t, EXC_TypeError, "keys must be str, int, float, bool or None, not %T", key);
        return -1;
    }
    Value text = object_value(str_new(w->t, w->out.data + begin, w->out.size - begin));
    w->out.size = begin;
    return write_string(w, text) ? 1 : -1;
}

/* One member, unless its key is to be skipped; [*count] members came before. */
static bool write_member(JsonWrite *w, Value key, Value value, size_t *count) {
    size_t begin = w->out.size;
    before_item(w, *count);
    int written = write_key(w, key);
    if (written < 0) return false;
    if (!written) {
        w->out.size = begin;
        return true;
    }
    ++*count;
    put(w, w->options->key_separator);
    return write_value(w, value);
}

/* The members of an exact dict, in its order. */
static bool write_entries(JsonWrite *w, Dict *dict, size_t *count) {
    Value *roots = push_roots(w->t, 2);
    uint32_t position = 0;
    while (dict_next(dict, &position, &roots[0], &roots[1])) {
        if (!write_member(w, roots[0], roots[1], count)) return false;
    }
    pop_roots(w->t, roots);
    return true;
}

/* The members as a list of pairs, sorted when asked for; VALUE_ERROR raised. */
static Value pairs_of(JsonWrite *w, Value v) {
    Thread *t = w->t;
    Value *roots = push_roots(t, 1);
    roots[0] = call_method(t, v, NAME_OF(t, items), NULL, 0);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    List *list = list_from_iterable(t, roots[0]);
    if (!list) return VALUE_ERROR;
    roots[0] = object_value(list);
    if (w->options->sort_keys == VALUE_TRUE && !list_sort(t, list, VALUE_NONE, false))
        return VALUE_ERROR;
    Value result = roots[0];
    pop_roots(t, roots);
    return result;
}

static bool write_pairs(JsonWrite *w, Value v, size_t *count) {
    Value *roots = push_roots(w->t, 2);
    roots[0] = pairs_of(w, v);
    if (roots[0] == VALUE_ERROR) return false;
    for (size_t i = 0; i < LIST(roots[0])->size; i++) {
        roots[1] = LIST(roots[0])->items[i];
        if (!is_kind(roots[1], OBJ_TUPLE) || TUPLE(roots[1])->size != 2) {
            raise_error(w->t, EXC_ValueError, "items must return 2-tuples");
            return false;
        }
        if (!write_member(w, TUPLE(roots[1])->items[0], TUPLE(roots[1])->items[1], count))
            return false;
    }
    pop_roots(w->t, roots);
    return true;
}

static bool write_dict(JsonWrite *w, Value v) {
    if (!DICT(v)->used) return buffer_append(&w->out, "{}", 2), true;
    buffer_putc(&w->out, '{');
    w->level++;
    new_line(w);
    bool exact = object_class(object_of(v)) == BUILTIN_CLASS(w->t, DICT);
    size_t count = 0;
    bool ok = exact && w->options->sort_keys != VALUE_TRUE ? write_entries(w, DICT(v), &count)
                                                           : write_pairs(w, v, &count);
    if (!ok) return false;
    w->level--;
    new_line(w);
    buffer_putc(&w->out, '}');
    return true;
}

static bool write_fallback(JsonWrite *w, Value v) {
    Value *roots = push_roots(w->t, 1);
    roots[0] = call_value(w->t, w->options->fallback, &v, 1);
    bool ok = roots[0] != VALUE_ERROR && write_value(w, roots[0]);
    pop_roots(w->t, roots);
    return ok;
}

static bool write_container(JsonWrite *w, Value v) {
    if (is_kind(v, OBJ_LIST) || is_kind(v, OBJ_TUPLE)) return write_items(w, v);
    if (is_kind(v, OBJ_DICT)) return write_dict(w, v);
    return write_fallback(w, v);
}

static bool write_value(JsonWrite *w, Value v) {
    if (is_str(v)) return write_string(w, v);
    int written = write_simple(w, v);
    if (written) return written > 0;
    if (!thread_poll(w->t) || !enter(w, v)) return false;
    Around *outer = w->around, here = {v, outer};
    w->around = &here;
    bool ok = write_container(w, v);
    w->around = outer;
    leave_native(w->t);
    return ok;
}

/* ---- the class ---- */

/* Is [v] the native function [fn]? */
static bool is_native(Value v, NativeFn fn) {
    return is_kind(v, OBJ_NATIVE) && ((Native *)object_of(v))->fn == fn;
}

static Value encode(Thread *t, Encoder *options, Value v, int64_t level) {
    JsonWrite w = {
        .t = t, .options = options, .level = level, .strings = STRINGS_CALL, .out.fallible = true};
    if (is_native(options->encoder, json_encode_ascii)) w.strings = STRINGS_ASCII;
    else if (is_native(options->encoder, json_encode_text)) w.strings = STRINGS_TEXT;
    if (!write_value(&w, v)) {
        buffer_free(&w.out);
        return VALUE_ERROR;
    }
    Value text = object_value(str_from_buffer(t, &w.out));
    return text ? object_value(tuple_from(t, &text, 1)) : VALUE_ERROR;
}

static Value call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 3), result = VALUE_ERROR;
    int64_t level;
    roots[2] = self;
    if (bind_raw(t, "_iterencode", "(obj, _current_indent_level)", roots, args, argc, kwnames) &&
        arg_int64(t, roots[1], &level))
        result = encode(t, (Encoder *)object_of(self), roots[0], level);
    pop_roots(t, roots);
    return result;
}

/* The separators and the indent are texts, the options bools. */
static bool check_options(Thread *t, Value *out) {
    if (out[0] != VALUE_NONE && !is_kind(out[0], OBJ_DICT)) {
        raise_error(t, EXC_TypeError, "make_encoder() argument 1 must be dict or None, not %T",
                    out[0]);
        return false;
    }
    for (int i = 3; i < 6; i++) {
        if (is_str(out[i]) || (i == 3 && out[i] == VALUE_NONE)) continue;
        raise_error(t, EXC_TypeError, "make_encoder() argument %d must be str, not %T", i + 1,
                    out[i]);
        return false;
    }
    for (int i = 6; i < 9; i++) {
        int truth = value_truth(t, out[i]);
        if (truth < 0) return false;
        out[i] = bool_value(truth);
    }
    return true;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *out = push_roots(t, 9), result = VALUE_ERROR;
    if (bind_raw(t, "make_encoder",
                 "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, "
                 "skipkeys, allow_nan)",
                 out, args, argc, kwnames) &&
        check_options(t, out)) {
        Encoder *encoder = object_new(t, cls, 0);
        memcpy(&encoder->markers, out, 9 * sizeof(Value));
        result = object_value(encoder);
    }
    pop_roots(t, out);
    return result;
}

static const Slots slots = {.construct = construct, .call = call};
static const NativeClass encoder_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "Encoder",
                                          .slots = &slots,
                                          .doc = "make_encoder(…): encode(obj, indent level).",
                                          .size = sizeof(Encoder),
                                          .flags = CLASS_BASE_ALLOWED,
                                          .trace = stdlib_trace_values};

void json_encoder_init(Thread *t, Module *module) {
    Class *cls = module_class(t, NULL, &encoder_class, "_json", NULL);
    module_set(t, module, "make_encoder", object_value(cls));
}

/* ---- the module ---- */

static const NativeDef functions[] = {
    {"scanstring", json_scanstring, "(string, end, strict=True, /)",
     "The string that begins at end, and the position behind it."},
    {"encode_basestring_ascii", json_encode_ascii, "(string, /)",
     "The string in quotes, with everything beyond ASCII escaped."},
    {"encode_basestring", json_encode_text, "(string, /)", "The string in quotes."},
    {0},
};

static bool init(Thread *t, Module *module) {
    json_scanner_init(t, module);
    json_encoder_init(t, module);
    return true;
}

const NativeModule _json_module = {
    .name = "_json", .doc = "The fast parts of json.", .functions = functions, .init = init};
