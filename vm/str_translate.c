/* SPDX-License-Identifier: MIT */
/*
 * str.translate and str.maketrans.
 *
 * The table may be any object with __getitem__, so translate may run Tulip code for each character;
 * the result grows in a malloc'd Buffer and the str stays rooted in the argument registers. Read
 * next: vm/str_class.c.
 */
#include "vm/container.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/str_methods.h"

/* What [table] has for [c]: VALUE_UNSET when it has nothing, VALUE_ERROR raised. */
static Value look_up(Thread *t, Value table, uint32_t c) {
    if (is_kind(table, OBJ_DICT) && object_class(object_of(table)) == BUILTIN_CLASS(t, DICT)) {
        return dict_get(t, DICT(table), fixnum(c));
    }
    Value found = value_getitem(t, table, fixnum(c));
    if (!found && exception_matches(t, EXC_LookupError)) {
        exception_take(t);
        return VALUE_UNSET;
    }
    return found;
}

static bool put_translation(Thread *t, Buffer *out, uint32_t c, Value found) {
    if (found == VALUE_UNSET) {
        buffer_put_utf8(out, c);
    } else if (is_str(found)) {
        buffer_append(out, STR(found)->data, STR(found)->size);
    } else if (is_int(found)) {
        if (!is_fixnum(found) && !is_bool(found)) found = fixnum(-1);
        int64_t point = is_bool(found) ? found == VALUE_TRUE : fixnum_of(found);
        if (point < 0 || point > 0x10FFFF) {
            raise_error(t, EXC_ValueError, "character mapping must be in range(0x110000)");
            return false;
        }
        buffer_put_utf8(out, (uint32_t)point);
    } else if (found != VALUE_NONE) {
        raise_error(t, EXC_TypeError, "character mapping must return integer, None or str");
        return false;
    }
    return true;
}

Value str_method_translate(Thread *t, Value *args) {
    Buffer out = {.fallible = true};
    Str *s = STR(args[0]);
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        uint32_t c = str_next(&p);
        Value found = look_up(t, args[1], c);
        if (!found || !put_translation(t, &out, c, found)) {
            buffer_free(&out);
            return VALUE_ERROR;
        }
    }
    return object_value(str_from_buffer(t, &out));
}

/* ---- maketrans ---- */

static Value table_from_strs(Thread *t, Value from, Value to, Value removed) {
    if (!is_str(from)) {
        return raise_error(
            t, EXC_TypeError,
            "first maketrans argument must be a string if there is a second argument");
    }
    if (!is_str(to))
        return raise_error(t, EXC_TypeError, "maketrans() argument 2 must be str, not %N", to);
    if (removed != VALUE_UNSET && !is_str(removed)) {
        return raise_error(t, EXC_TypeError, "maketrans() argument 3 must be str, not %N", removed);
    }
    if (STR(from)->length != STR(to)->length) {
        return raise_error(t, EXC_ValueError,
                           "the first two maketrans arguments must have equal length");
    }
    Dict *table = dict_new(t);
    const char *p = STR(from)->data, *q = STR(to)->data;
    for (size_t n = STR(from)->length; n; n--) {
        Value key = fixnum(str_next(&p)), v = fixnum(str_next(&q));
        if (!dict_set(t, table, key, v)) return VALUE_ERROR;
    }
    if (removed != VALUE_UNSET) {
        p = STR(removed)->data;
        for (size_t n = STR(removed)->length; n; n--) {
            if (!dict_set(t, table, fixnum(str_next(&p)), VALUE_NONE)) return VALUE_ERROR;
        }
    }
    return object_value(table);
}

static Value table_from_dict(Thread *t, Value from) {
    if (!is_kind(from, OBJ_DICT)) {
        return raise_error(t, EXC_TypeError,
                           "if you give only one argument to maketrans it must be a dict");
    }
    Dict *table = dict_new(t);
    uint32_t position = 0;
    Value key, v;
    while (dict_next(DICT(from), &position, &key, &v)) {
        if (is_str(key)) {
            if (STR(key)->length != 1) {
                return raise_error(t, EXC_ValueError,
                                   "string keys in translate table must be of length 1");
            }
            key = fixnum(str_codepoint_at(STR(key), 0));
        } else if (!is_int(key)) {
            return raise_error(t, EXC_TypeError,
                               "keys in translate table must be strings or integers");
        }
        if (!dict_set(t, table, key, v)) return VALUE_ERROR;
    }
    return object_value(table);
}

Value str_method_maketrans(Thread *t, Value *args) {
    return args[1] == VALUE_UNSET ? table_from_dict(t, args[0])
                                  : table_from_strs(t, args[0], args[1], args[2]);
}
