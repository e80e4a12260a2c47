/* SPDX-License-Identifier: MIT */
/*
 * Records (CPython's struct sequences): the class is made as a class statement would make it, with
 * one property per field. Each property's getter is the same native, bound to the number of its
 * field.
 *
 * Read next: stdlib/sys_info.c, which uses them.
 */
#include "stdlib/record.h"

#include <string.h>

#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value get_field(Thread *t, Value *args) {
    int64_t i = fixnum_of(args[0]);
    if (!is_kind(args[1], OBJ_TUPLE) || (size_t)i >= TUPLE(args[1])->size) {
        return raise_error(t, EXC_TypeError, "a record is expected, not %T", args[1]);
    }
    return TUPLE(args[1])->items[i];
}

static const NativeDef getter = {"get", get_field, "(index, self, /)", NULL};

/* Where the class keeps the tuple (shown name, field names…). */
static Str *names_key(Thread *t) { return str_intern(t->vm, "__record__", 10); }

static Value record_repr(Thread *t, Value *args) {
    Tuple *names = TUPLE(class_lookup(t, class_of(t->vm, args[0]), names_key(t)));
    Buffer out = {0};
    buffer_puts(&out, STR(names->items[0])->data);
    buffer_putc(&out, '(');
    for (size_t i = 0; i + 1 < names->size && i < TUPLE(args[0])->size; i++) {
        Str *text = value_repr(t, TUPLE(args[0])->items[i]);
        if (!text) {
            buffer_free(&out);
            return VALUE_ERROR;
        }
        buffer_printf(&out, "%s%s=%s", i ? ", " : "", STR(names->items[i + 1])->data, text->data);
    }
    buffer_putc(&out, ')');
    return object_value(str_from_buffer(t, &out));
}

static const NativeDef repr_method = {"__repr__", record_repr, "(self, /)", NULL};

static Value interned_text(Thread *t, const char *text) {
    return object_value(str_intern(t->vm, text, strlen(text)));
}

/* Put the property of field [i] into the namespace. */
static bool add_field(Thread *t, Dict *ns, int i, const char *name) {
    Value *roots = push_roots(t, 1);
    roots[0] = native_new(t, &getter, fixnum(i), NULL);
    /* so that it gets the number first */
    ((Native *)object_of(roots[0]))->owner = BUILTIN_CLASS(t, TUPLE);
    Value property = call_value(t, object_value(BUILTIN_CLASS(t, PROPERTY)), roots, 1);
    pop_roots(t, roots);
    if (property == VALUE_ERROR) return false;
    dict_set_str(t, ns, STR(interned_text(t, name)), property);
    return true;
}

Class *record_class(Thread *t, const char *module, const char *name, const char *shown,
                    const char *const *fields) {
    Value *roots = push_roots(t, 3);
    Dict *ns = dict_new(t);
    roots[0] = object_value(ns);
    int count = 0;
    while (fields[count]) count++;
    Tuple *names = tuple_new(t, (size_t)count + 1);
    roots[1] = object_value(names);
    names->items[0] = interned_text(t, shown);
    Class *cls = NULL;
    for (int i = 0; i < count; i++) {
        names->items[i + 1] = interned_text(t, fields[i]);
        if (!add_field(t, ns, i, fields[i])) goto end;
    }
    dict_set_str(t, ns, NAME_OF(t, __module__), interned_text(t, module));
    dict_set_str(t, ns, NAME_OF(t, __slots__), object_value(t->vm->empty_tuple));
    dict_set_str(t, ns, STR(interned_text(t, "n_fields")), fixnum(count));
    dict_set_str(t, ns, names_key(t), roots[1]);
    Value base = object_value(BUILTIN_CLASS(t, TUPLE));
    roots[2] = object_value(tuple_from(t, &base, 1));
    cls = class_create(t, BUILTIN_CLASS(t, CLASS), STR(interned_text(t, name)), TUPLE(roots[2]), ns,
                       NULL, NULL, 0);
    if (!cls) goto end;
    roots[2] = object_value(cls);
    Value repr = native_new(t, &repr_method, VALUE_UNSET, NULL);
    ((Native *)object_of(repr))->owner = cls;
    if (!class_set_attribute(t, cls, NAME_OF(t, __repr__), repr)) cls = NULL;
end:
    pop_roots(t, roots);
    return cls;
}

Value record_new(Thread *t, Class *cls, const Value *items, size_t count) {
    Tuple *record = object_new(t, cls, count * sizeof(Value));
    record->size = count;
    memcpy(record->items, items, count * sizeof(Value));
    return object_value(record);
}
