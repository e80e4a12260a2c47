/* SPDX-License-Identifier: MIT */
/*
 * The class str: its slots, its constructor, its iterator and its table of methods.
 *
 * Operators return NotImplemented only where the other operand could still know better; everything
 * else is refused here, in CPython's words. Read next: vm/chars.h (the methods shared with bytes),
 * vm/format.h.
 */
#include "vm/chars.h"
#include "vm/codec.h"
#include "vm/container.h"
#include "vm/iterate.h"
#include "vm/ops.h"
#include "vm/str_methods.h"

/* ---- operators ---- */

static Value add(Thread *t, Value a, Value b) {
    if (!is_str(a)) return VALUE_NOTIMPLEMENTED;
    if (LIKELY(is_str(b))) return object_value(str_concat(t, STR(a), STR(b)));
    return raise_error(t, EXC_TypeError, "can only concatenate str (not \"%T\") to str", b);
}

static Value multiply(Thread *t, Value a, Value b) { return chars_multiply(t, a, b, is_str); }

static Value percent(Thread *t, Value a, Value b) {
    if (!is_str(a)) return VALUE_NOTIMPLEMENTED;
    return object_value(str_percent(t, STR(a), b));
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    (void)t;
    if (!is_str(a) || !is_str(b)) return VALUE_NOTIMPLEMENTED;
    if (op == COMPARE_EQ) return bool_value(str_equal(STR(a), STR(b)));
    if (op == COMPARE_NE) return bool_value(!str_equal(STR(a), STR(b)));
    return chars_compare(a, b, op);
}

static bool hash(Thread *t, Value self, int64_t *out) {
    *out = (int64_t)str_hash(t->vm, STR(self));
    return true;
}

static int64_t length(Thread *t, Value self) {
    (void)t;
    return (int64_t)STR(self)->length;
}

static Value get_item(Thread *t, Value self, Value key) {
    if (is_kind(key, OBJ_SLICE)) return chars_slice(t, self, SLICE(key));
    size_t index;
    if (!chars_index(t, self, key, &index)) return VALUE_ERROR;
    if (str_is_ascii(STR(self))) return object_value(str_new_ascii(t, STR(self)->data + index, 1));
    return object_value(str_of_codepoint(t, str_codepoint_at(STR(self), index)));
}

static int contains(Thread *t, Value self, Value item) {
    if (!is_str(item)) {
        raise_error(t, EXC_TypeError, "'in <string>' requires string as left operand, not %T",
                    item);
        return -1;
    }
    return chars_find(chars_of(self), chars_of(item)) != CHARS_ABSENT;
}

static Value repr(Thread *t, Value self) {
    Buffer out = {.fallible = true};
    str_repr_into(&out, STR(self));
    return object_value(str_from_buffer(t, &out));
}

static Value to_str(Thread *t, Value self) { return chars_same(t, self); }

/* ---- iteration ---- */

static Value iterate(Thread *t, Value self) { return chars_iterator(t, self, OBJ_STR_ITERATOR); }

static Value iterator_self(Thread *t, Value self) {
    (void)t;
    return self;
}

static Value iterator_next(Thread *t, Value self) {
    SequenceIterator *it = (SequenceIterator *)(uintptr_t)self;
    if (it->over == VALUE_UNSET) return iter_done(t);
    Str *s = STR(it->over);
    if (it->index >= s->size) {
        heap_set(&t->vm->heap, &it->over, VALUE_UNSET);
        return iter_done(t);
    }
    const char *p = s->data + it->index;
    uint32_t c = str_next(&p);
    it->index = (size_t)(p - s->data);
    return object_value(str_of_codepoint(t, c));
}

static Value iterator_length_hint(Thread *t, Value *args) {
    (void)t;
    SequenceIterator *it = (SequenceIterator *)(uintptr_t)args[0];
    if (it->over == VALUE_UNSET) return fixnum(0);
    Str *s = STR(it->over);
    return fixnum((int64_t)(s->length - str_index_at(s, it->index)));
}

/* ---- construction ---- */

static Str *decode_object(Thread *t, const Value bound[3]) {
    const char *encoding, *errors;
    const uint8_t *data;
    size_t size;
    if (!chars_name_argument(t, bound[1], "str() argument 'encoding'", &encoding)) return NULL;
    if (!chars_name_argument(t, bound[2], "str() argument 'errors'", &errors)) return NULL;
    if (is_str(bound[0])) {
        raise_error(t, EXC_TypeError, "decoding str is not supported");
        return NULL;
    }
    if (bytes_like(bound[0], &data, &size)) return codec_decode(t, data, size, encoding, errors);
    raise_error(t, EXC_TypeError, "decoding to str: need a bytes-like object, %T found", bound[0]);
    return NULL;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value bound[3];
    if (!chars_bind_constructor(t, "str", "object", args, argc, kwnames, bound)) return VALUE_ERROR;
    Str *text;
    if (bound[0] == VALUE_UNSET) text = str_new(t, "", 0);
    else if (bound[1] == VALUE_UNSET && bound[2] == VALUE_UNSET) text = value_str(t, bound[0]);
    else text = decode_object(t, bound);
    if (!text) return VALUE_ERROR;
    if (cls == BUILTIN_CLASS(t, STR) && bound[1] == VALUE_UNSET) return object_value(text);
    return object_value(str_of_class(t, cls, text));
}

/* ---- methods ---- */

static Value encode(Thread *t, Value *args) {
    const char *encoding, *errors;
    if (!chars_name_argument(t, args[1], "encode() argument 'encoding'", &encoding))
        return VALUE_ERROR;
    if (!chars_name_argument(t, args[2], "encode() argument 'errors'", &errors)) return VALUE_ERROR;
    return object_value(codec_encode(t, STR(args[0]), encoding, errors));
}

static Value format_method(Thread *t, Value *args) {
    if (!is_str(args[1])) {
        return raise_error(t, EXC_TypeError, "__format__() argument must be str, not %N", args[1]);
    }
    if (STR(args[1])->size == 0 && class_of(t->vm, args[0]) != BUILTIN_CLASS(t, STR)) {
        Str *text = value_str(t, args[0]); /* a subclass may have a __str__ of its own */
        return text ? object_value(text) : VALUE_ERROR;
    }
    return object_value(format_str(t, STR(args[0]), STR(args[1])));
}

static const NativeDef methods[] = {
#define METHOD(NAME, FUNCTION, SIGNATURE, DOC) {#NAME, FUNCTION, SIGNATURE, DOC},
#include "vm/chars_methods.def"
#undef METHOD
    {"casefold", str_method_casefold, "(self, /)",
     "Return a copy suitable for comparisons that ignore case."},
    {"isdecimal", str_method_isdecimal, "(self, /)",
     "Whether all characters are decimals, and there is one."},
    {"isnumeric", str_method_isnumeric, "(self, /)",
     "Whether all characters have a numeric value, and there is one."},
    {"isprintable", str_method_isprintable, "(self, /)",
     "Whether repr() would show all characters as they are."},
    {"isidentifier", str_method_isidentifier, "(self, /)", "Whether it is a valid name."},
    {"encode", encode, "(self, encoding=?, errors=?)",
     "Return its bytes in encoding ('utf-8'). errors says what to do with characters it cannot "
     "express: 'strict', "
     "'ignore', 'replace', 'backslashreplace', 'xmlcharrefreplace', 'surrogateescape' or "
     "'surrogatepass'."},
    {"format", str_method_format, "(self, /, *args, **kwargs)",
     "Return a copy with the replacement fields in braces filled from the arguments."},
    {"format_map", str_method_format_map, "(self, mapping, /)",
     "Like format(**mapping), without copying the mapping."},
    {"translate", str_method_translate, "(self, table, /)",
     "Return a copy with each character replaced by table[code point]: a code point, a str, or "
     "None to remove it."},
    {"@maketrans", str_method_maketrans, "(x, y=?, z=?, /)",
     "Return a table for translate: from a dict, or mapping the characters of x to those of y and "
     "those of z to None."},
    {"__format__", format_method, "(self, format_spec, /)",
     "Return it formatted as format_spec says."},
    {"__getnewargs__", chars_new_arguments, "(self, /)", "Arguments that make an equal str."},
    {NULL, NULL, NULL, NULL},
};

static const NativeDef iterator_methods[] = {
    {"__length_hint__", iterator_length_hint, "(self, /)",
     "How many characters are still to come."},
    SEQUENCE_ITERATOR_STATE,
    {NULL, NULL, NULL, NULL},
};

static const Slots slots = {
    .repr = repr,
    .str = to_str,
    .hash = hash,
    .compare = compare,
    .length = length,
    .binary = {[BINARY_ADD] = add, [BINARY_MUL] = multiply, [BINARY_MOD] = percent},
    .getitem = get_item,
    .contains = contains,
    .iter = iterate,
    .construct = construct,
};

static const Slots iterator_slots = {.iter = iterator_self, .next = iterator_next};

/* Complete the class str, its iterator and the shared strs of one character. */
void str_init(Thread *t) {
    for (int c = 0; c < 128; c++) str_of_codepoint(t, (uint32_t)c);
    str_new(t, "", 0);
    native_class_init(t, &(NativeClass){
                             .kind = OBJ_STR,
                             .slots = &slots,
                             .methods = methods,
                             .flags = CLASS_BASE_ALLOWED | CLASS_JOINS,
                             .doc = "str(object='') -> str\nstr(bytes, encoding[, errors]) -> "
                                    "str\n\nText: an immutable sequence of characters.",
                         });
    native_class_init(t, &(NativeClass){.kind = OBJ_STR_ITERATOR,
                                        .slots = &iterator_slots,
                                        .methods = iterator_methods});
}
