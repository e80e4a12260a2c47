/* SPDX-License-Identifier: MIT */
/*
 * Objects as text: repr, str, ascii and format of any value, and the guard against endless
 * recursion in the reprs of containers that hold themselves.
 *
 * Read next: vm/str.c, vm/format.c (the format mini-language).
 */
#include <stdlib.h>

#include "common/memory.h"
#include "common/utf8.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

/* What is being rendered, innermost last. */
struct ReprStack {
    size_t count, capacity;
    Value *values;
};

static Str *check_str(Thread *t, Value text, const char *method) {
    if (text == VALUE_ERROR) return NULL;
    if (is_str(text)) return STR(text);
    raise_error(t, EXC_TypeError, "%s returned non-string (type %T)", method, text);
    return NULL;
}

/* The slot of a class that has set the method to None. */
static Value not_callable(Thread *t) {
    return raise_error(t, EXC_TypeError, "'NoneType' object is not callable");
}

Str *value_repr(Thread *t, Value v) {
    if (!enter_native(t, " while getting the repr of an object")) return NULL;
    Value (*repr)(Thread *, Value) = class_of(t->vm, v)->slots.repr;
    Str *text = check_str(t, repr ? repr(t, v) : not_callable(t), "__repr__");
    leave_native(t);
    return text ? str_terminated(t, text) : NULL;
}

bool value_repr_into(Thread *t, Value v, Buffer *out) {
    if (class_of(t->vm, v) == BUILTIN_CLASS(t, STR)) {
        str_repr_into(out, STR(v));
    } else {
        Str *text = value_repr(t, v);
        if (!text) return false;
        buffer_append(out, text->data, text->size);
    }
    return buffer_holds(t, out);
}

Str *value_str(Thread *t, Value v) {
    Class *cls = class_of(t->vm, v);
    if (cls == BUILTIN_CLASS(t, STR)) return STR(v);
    if (!enter_native(t, " while getting the str of an object")) return NULL;
    Value made = cls->slots.str ? cls->slots.str(t, v) : not_callable(t);
    Str *text = check_str(t, made, "__str__");
    leave_native(t);
    return text;
}

Str *value_ascii(Thread *t, Value v) {
    Str *text = value_repr(t, v);
    if (!text || str_is_ascii(text)) return text;
    Buffer out = {.fallible = true};
    const char *p = text->data, *end = p + text->size;
    while (p < end) {
        uint32_t c;
        int n = utf8_decode_wtf8(p, end, &c);
        if (c < 0x80) buffer_putc(&out, (char)c);
        else buffer_put_escape(&out, c);
        p += n;
    }
    return str_from_buffer(t, &out);
}

static Str *call_format(Thread *t, Value v, Str *spec) {
    Value argument = object_value(spec);
    Value text = call_dunder(t, v, NAME_OF(t, __format__), &argument, 1);
    if (text == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "Type %T doesn't define __format__", v);
        return NULL;
    }
    if (text == VALUE_ERROR || is_str(text)) return text == VALUE_ERROR ? NULL : STR(text);
    raise_error(t, EXC_TypeError, "__format__ must return a str, not %T", text);
    return NULL;
}

Str *value_format(Thread *t, Value v, Str *spec) {
    Class *cls = class_of(t->vm, v);
    if (cls == BUILTIN_CLASS(t, STR)) return spec->size ? format_str(t, STR(v), spec) : STR(v);
    if (cls == BUILTIN_CLASS(t, INT)) return spec->size ? format_int(t, v, spec) : value_str(t, v);
    if (cls == BUILTIN_CLASS(t, FLOAT)) return format_float(t, v, spec);
    return call_format(t, v, spec);
}

/* ---- recursion guard ---- */

bool repr_enter(Thread *t, Value v, bool *seen) {
    struct ReprStack *stack = t->rendering;
    if (!stack) {
        stack = t->rendering = calloc(1, sizeof *stack);
        if (!stack) memory_exhausted(sizeof *stack);
    }
    *seen = false;
    for (size_t i = 0; i < stack->count; i++) {
        if (stack->values[i] == v) *seen = true;
    }
    if (*seen) return true;
    if (stack->count == stack->capacity) {
        stack->capacity = stack->capacity ? stack->capacity * 2 : 16;
        stack->values = realloc(stack->values, stack->capacity * sizeof(Value));
        if (!stack->values) memory_exhausted(stack->capacity * sizeof(Value));
    }
    stack->values[stack->count++] = v;
    return true;
}

void repr_leave(Thread *t, Value v) {
    struct ReprStack *stack = t->rendering;
    while (stack->count > 0 && stack->values[--stack->count] != v) continue;
}

void rendering_free(Thread *t) {
    if (t->rendering) free(t->rendering->values);
    free(t->rendering);
    t->rendering = NULL;
}
