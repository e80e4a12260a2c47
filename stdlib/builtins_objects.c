/* SPDX-License-Identifier: MIT */
/*
 * Built-in functions about any object: its attributes, its class, its text, its identity.
 *
 * Read next: vm/attribute.c, vm/text.c.
 */
#include "stdlib/builtins.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

static Value text_or_error(Str *text) { return text ? object_value(text) : VALUE_ERROR; }
static Value bool_or_error(int truth) { return truth < 0 ? VALUE_ERROR : bool_value(truth); }

/* ---- attributes ---- */

static Str *attribute_name(Thread *t, Value name) {
    if (is_str(name)) return str_intern_value(t->vm, STR(name));
    raise_error(t, EXC_TypeError, "attribute name must be string, not '%T'", name);
    return NULL;
}

static Value builtin_getattr(Thread *t, Value *args) {
    Str *name = attribute_name(t, args[1]);
    if (!name) return VALUE_ERROR;
    if (args[2] == VALUE_UNSET) return value_getattr(t, args[0], name);
    Value v = value_getattr_or_unset(t, args[0], name);
    return v == VALUE_UNSET ? args[2] : v;
}

static Value builtin_hasattr(Thread *t, Value *args) {
    Str *name = attribute_name(t, args[1]);
    if (!name) return VALUE_ERROR;
    Value v = value_getattr_or_unset(t, args[0], name);
    return v == VALUE_ERROR ? v : bool_value(v != VALUE_UNSET);
}

static Value builtin_setattr(Thread *t, Value *args) {
    Str *name = attribute_name(t, args[1]);
    return name && value_setattr(t, args[0], name, args[2]) ? VALUE_NONE : VALUE_ERROR;
}

static Value builtin_delattr(Thread *t, Value *args) {
    Str *name = attribute_name(t, args[1]);
    return name && value_setattr(t, args[0], name, VALUE_UNSET) ? VALUE_NONE : VALUE_ERROR;
}

static Value builtin_vars(Thread *t, Value *args) {
    if (args[0] == VALUE_UNSET) return builtins_locals(t);
    Value dict = value_getattr_or_unset(t, args[0], NAME_OF(t, __dict__));
    if (dict == VALUE_UNSET)
        return raise_error(t, EXC_TypeError, "vars() argument must have __dict__ attribute");
    return dict;
}

static Value sorted_list(Thread *t, Value iterable) {
    Value *roots = push_roots(t, 1);
    roots[0] = iterable;
    List *list = list_from_iterable(t, iterable);
    if (list) roots[0] = object_value(list);
    bool ok = list && list_sort(t, list, VALUE_NONE, false);
    pop_roots(t, roots);
    return ok ? object_value(list) : VALUE_ERROR;
}

static Value builtin_dir(Thread *t, Value *args) {
    if (args[0] == VALUE_UNSET) {
        Value locals = builtins_locals(t);
        if (locals != VALUE_ERROR && !is_kind(locals, OBJ_DICT))
            locals = call_method(t, locals, str_intern(t->vm, "keys", 4), NULL, 0);
        return locals == VALUE_ERROR ? locals : sorted_list(t, locals);
    }
    Value names = call_dunder(t, args[0], NAME_OF(t, __dir__), NULL, 0);
    if (names == VALUE_UNSET)
        return raise_error(t, EXC_TypeError, "object does not provide __dir__");
    return names == VALUE_ERROR ? names : sorted_list(t, names);
}

/* ---- classes ---- */

static Value builtin_isinstance(Thread *t, Value *args) {
    return bool_or_error(value_isinstance(t, args[0], args[1]));
}
static Value builtin_issubclass(Thread *t, Value *args) {
    return bool_or_error(value_issubclass(t, args[0], args[1]));
}
static Value builtin_callable(Thread *t, Value *args) {
    return bool_value(value_is_callable(t, args[0]));
}

/* ---- text and identity ---- */

static Value builtin_repr(Thread *t, Value *args) { return text_or_error(value_repr(t, args[0])); }
static Value builtin_ascii(Thread *t, Value *args) {
    return text_or_error(value_ascii(t, args[0]));
}

static Value builtin_format(Thread *t, Value *args) {
    if (!is_str(args[1]))
        return raise_error(t, EXC_TypeError, "format() argument 2 must be str, not %N", args[1]);
    return text_or_error(value_format(t, args[0], STR(args[1])));
}

static Value builtin_id(Thread *t, Value *args) {
    return int_from_uint64(t, value_id(t->vm, args[0]));
}

static Value builtin_hash(Thread *t, Value *args) {
    int64_t hash;
    return value_hash(t, args[0], &hash) ? int_from_int64(t, hash) : VALUE_ERROR;
}

static Value builtin_len(Thread *t, Value *args) {
    int64_t length = value_length(t, args[0]);
    return length < 0 ? VALUE_ERROR : int_from_int64(t, length);
}

static Value builtin_chr(Thread *t, Value *args) {
    int64_t i;
    if (!arg_int32(t, args[0], &i)) return VALUE_ERROR;
    if (i < 0 || i > 0x10ffff)
        return raise_error(t, EXC_ValueError, "chr() arg not in range(0x110000)");
    return object_value(str_of_codepoint(t, (uint32_t)i));
}

static Value builtin_ord(Thread *t, Value *args) {
    Value v = args[0];
    size_t length;
    if (is_str(v)) {
        if (STR(v)->length == 1) return fixnum(str_codepoint_at(STR(v), 0));
        length = STR(v)->length;
    } else if (is_kind(v, OBJ_BYTES)) {
        if (BYTES(v)->size == 1) return fixnum(BYTES(v)->data[0]);
        length = BYTES(v)->size;
    } else if (is_kind(v, OBJ_BYTEARRAY)) {
        const Bytearray *bytes = (Bytearray *)object_of(v);
        if (bytes->size == 1) return fixnum(bytes->data[0]);
        length = bytes->size;
    } else {
        return raise_error(t, EXC_TypeError, "ord() expected string of length 1, but %T found", v);
    }
    return raise_error(t, EXC_TypeError,
                       "ord() expected a character, but string of length %zu found", length);
}

const NativeDef builtins_object_functions[] = {
    {"ascii", builtin_ascii, "(obj, /)", "repr() with escapes for all that is not ASCII."},
    {"callable", builtin_callable, "(obj, /)", "Can the object be called?"},
    {"chr", builtin_chr, "(i, /)", "The character with code point i, which is at most 0x10ffff."},
    {"delattr", builtin_delattr, "(obj, name, /)",
     "Remove an attribute: delattr(x, 'y') is del x.y."},
    {"dir", builtin_dir, "(object=?, /)",
     "The names of an object's attributes, sorted; without one, the local names."},
    {"format", builtin_format, "(value, format_spec='', /)",
     "The value as the format says: what type(value).__format__() returns."},
    {"getattr", builtin_getattr, "(object, name, default=?, /)",
     "An attribute by its name: getattr(x, 'y') is x.y, or default when there is none."},
    {"hasattr", builtin_hasattr, "(obj, name, /)", "Is there an attribute of that name?"},
    {"hash", builtin_hash, "(obj, /)", "A number that is the same for objects that are equal."},
    {"id", builtin_id, "(obj, /)", "A number that no other living object has."},
    {"isinstance", builtin_isinstance, "(obj, class_or_tuple, /)",
     "Is obj of this class, of one below it, or of one of a tuple of classes?"},
    {"issubclass", builtin_issubclass, "(cls, class_or_tuple, /)",
     "Is cls the other class, one below it, or below one of a tuple of classes?"},
    {"len", builtin_len, "(obj, /)", "How many elements obj has."},
    {"ord", builtin_ord, "(c, /)", "The code point of a string with one character."},
    {"repr", builtin_repr, "(obj, /)",
     "The object as text for programmers: what __repr__() returns."},
    {"setattr", builtin_setattr, "(obj, name, value, /)",
     "Set an attribute: setattr(x, 'y', v) is x.y = v."},
    {"vars", builtin_vars, "(object=?, /)", "The __dict__ of object; without one, locals()."},
    {NULL, NULL, NULL, NULL},
};
