/* SPDX-License-Identifier: MIT */
/*
 * UnicodeEncodeError, UnicodeDecodeError, UnicodeTranslateError: their five (four) arguments become
 * the attributes encoding, object, start, end and reason, and their text is made of them when it is
 * asked for. Read next: vm/codec.h.
 */
#include "vm/codec.h"
#include "vm/exception_class.h"
#include "vm/exception_fields.h"
#include "vm/native.h"
#include "vm/ops.h"

/* ---- construction ---- */

static bool is_class(Thread *t, Value self, ExceptionId id) {
    return class_is_subclass(class_of(t->vm, self), t->vm->exceptions[id]);
}

static bool field_fits(Value v, int i, bool bytes) {
    if (i == 2 || i == 3) return is_int(v);
    if (i == 1 && bytes) return is_kind(v, OBJ_BYTES) || is_kind(v, OBJ_BYTEARRAY);
    return is_str(v);
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Class *base = t->vm->exceptions[EXC_UnicodeError];
    if (base->slots.init && !base->slots.init(t, self, args, argc, kwnames)) return false;
    int first = is_class(t, self, EXC_UnicodeTranslateError);
    bool bytes = is_class(t, self, EXC_UnicodeDecodeError);
    if (argc != 5 - first) {
        raise_error(t, EXC_TypeError, "function takes exactly %d arguments (%d given)", 5 - first,
                    argc);
        return false;
    }
    static const char *const kinds[] = {"str", "str", "int", "int", "str"};
    for (int i = first; i < 5; i++) {
        Value v = args[i - first];
        if (!field_fits(v, i, bytes)) {
            if (i == 1 && bytes) {
                raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", v);
            } else if (i == 2 || i == 3) {
                raise_error(t, EXC_TypeError, "'%T' object cannot be interpreted as an integer", v);
            } else {
                raise_error(t, EXC_TypeError, "argument %d must be %s, not %T", i - first + 1,
                            kinds[i], v);
            }
            return false;
        }
        if (is_kind(v, OBJ_BYTEARRAY)) {
            const uint8_t *data;
            size_t size;
            if (!bytes_like(v, &data, &size)) return false;
            v = object_value(bytes_new(t, data, size));
        }
        exception_set_field(t, self, i, v);
    }
    return true;
}

/* ---- text ---- */

typedef struct Fields {
    Value encoding, object, reason;
    int64_t start, end;
} Fields;

/* Read the attributes back; false when some are missing or of another type. */
static bool read_fields(Thread *t, Value self, Fields *out) {
    Value v[5];
    bool bytes = is_class(t, self, EXC_UnicodeDecodeError);
    for (int i = is_class(t, self, EXC_UnicodeTranslateError); i < 5; i++) {
        v[i] = exception_field(self, i);
        bool any = i == UNICODE_ERROR_ENCODING || i == UNICODE_ERROR_REASON;
        if (v[i] == VALUE_UNSET || (!any && !field_fits(v[i], i, bytes))) return false;
        if ((i == 2 || i == 3) && !is_fixnum(v[i])) return false;
    }
    *out = (Fields){v[0], v[1], v[4], fixnum_of(v[2]), fixnum_of(v[3])};
    return true;
}

static Value text_of_decode(Thread *t, const Fields *f) {
    const uint8_t *data;
    size_t size;
    if (f->end == f->start + 1 && bytes_like(f->object, &data, &size) && f->start >= 0 &&
        (size_t)f->start < size) {
        return object_value(
            str_format(t, "'%S' codec can't decode byte 0x%02x in position %lld: %S", f->encoding,
                       (unsigned)data[f->start], (long long)f->start, f->reason));
    }
    return object_value(str_format(t, "'%S' codec can't decode bytes in position %lld-%lld: %S",
                                   f->encoding, (long long)f->start, (long long)f->end - 1,
                                   f->reason));
}

/* Encode and translate errors: their object is text. [codec] is "'ascii' codec " or nothing. */
static Value text_of_encode(Thread *t, const Fields *f, const char *verb, Str *codec) {
    Value prefix = object_value(codec);
    if (f->end == f->start + 1 && f->start >= 0 && (size_t)f->start < STR(f->object)->length) {
        uint32_t c = str_codepoint_at(STR(f->object), (size_t)f->start);
        const char *format = c < 0x100     ? "%Scan't %s character '\\x%02x' in position %lld: %S"
                             : c < 0x10000 ? "%Scan't %s character '\\u%04x' in position %lld: %S"
                                           : "%Scan't %s character '\\U%08x' in position %lld: %S";
        return object_value(
            str_format(t, format, prefix, verb, (unsigned)c, (long long)f->start, f->reason));
    }
    return object_value(str_format(t, "%Scan't %s characters in position %lld-%lld: %S", prefix,
                                   verb, (long long)f->start, (long long)f->end - 1, f->reason));
}

static Value to_text(Thread *t, Value self) {
    Fields f;
    if (!read_fields(t, self, &f)) return object_value(t->vm->empty_str);
    if (is_class(t, self, EXC_UnicodeDecodeError)) return text_of_decode(t, &f);
    if (is_class(t, self, EXC_UnicodeTranslateError))
        return text_of_encode(t, &f, "translate", str_from(t, ""));
    Str *codec = str_format(t, "'%S' codec ", f.encoding);
    return codec ? text_of_encode(t, &f, "encode", codec) : VALUE_ERROR;
}

/* Complete the three classes; exception_init has run. */
void unicode_error_init(Thread *t) {
    const ExceptionId ids[] = {EXC_UnicodeEncodeError, EXC_UnicodeDecodeError,
                               EXC_UnicodeTranslateError};
    static const Slots own = {.init = init, .str = to_text};
    for (int i = 0; i < 3; i++) {
        Class *cls = t->vm->exceptions[ids[i]];
        cls->slots = cls->base->slots;
        exception_complete(t, cls, &own, NULL, exception_field_defs(ids[i]));
    }
}

/* ---- raising ---- */

static Value raise_unicode(Thread *t, ExceptionId id, const char *encoding, Value object,
                           size_t start, size_t end, const char *reason) {
    Value args[] = {object_value(str_from(t, encoding)), object, fixnum((int64_t)start),
                    fixnum((int64_t)end), object_value(str_from(t, reason))};
    Value exception = exception_new(t, t->vm->exceptions[id], args, 5);
    return exception ? raise_value(t, exception) : VALUE_ERROR;
}

Value unicode_raise_encode(Thread *t, const char *encoding, Str *text, size_t start, size_t end,
                           const char *reason) {
    return raise_unicode(t, EXC_UnicodeEncodeError, encoding, object_value(text), start, end,
                         reason);
}

Value unicode_raise_decode(Thread *t, const char *encoding, const uint8_t *data, size_t size,
                           size_t start, size_t end, const char *reason) {
    Value object = object_value(bytes_new(t, data, size));
    return raise_unicode(t, EXC_UnicodeDecodeError, encoding, object, start, end, reason);
}
