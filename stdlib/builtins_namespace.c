/* SPDX-License-Identifier: MIT */
/*
 * SimpleNamespace: attributes from keywords, compared and printed by them.
 *
 * Its attributes live where those of every instance live, so reading one goes through the same
 * inline caches. Read next: vm/attribute.h.
 */
#include "stdlib/builtins.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    int keywords = kwnames ? (int)kwnames->size : 0;
    if (argc > keywords) {
        raise_error(t, EXC_TypeError, "no positional arguments expected");
        return false;
    }
    for (int i = 0; i < keywords; i++) {
        instance_set(t, object_of(self), str_intern_value(t->vm, STR(kwnames->items[i])), args[i]);
    }
    return true;
}

static bool repr_attributes(Thread *t, Dict *dict, Buffer *out) {
    uint32_t position = 0;
    Value key, value;
    bool first = true;
    while (dict_next(dict, &position, &key, &value)) {
        Str *text = value_repr(t, value);
        if (!text) return false;
        if (!first) buffer_puts(out, ", ");
        first = false;
        if (is_str(key)) buffer_append(out, STR(key)->data, STR(key)->size);
        buffer_putc(out, '=');
        buffer_append(out, text->data, text->size);
    }
    return true;
}

static Value repr(Thread *t, Value self) {
    bool seen;
    if (!repr_enter(t, self, &seen)) return VALUE_ERROR;
    Class *cls = class_of(t->vm, self);
    const char *name = cls == BUILTIN_CLASS(t, NAMESPACE) ? "namespace" : cls->name->data;
    if (seen) return object_value(str_format(t, "%s(...)", name));
    Buffer out = {0};
    buffer_printf(&out, "%s(", name);
    bool ok = repr_attributes(t, instance_dict(t, object_of(self)), &out);
    repr_leave(t, self);
    buffer_putc(&out, ')');
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_NAMESPACE) || (op != COMPARE_EQ && op != COMPARE_NE))
        return VALUE_NOTIMPLEMENTED;
    return value_compare(t, op, object_value(instance_dict(t, object_of(a))),
                         object_value(instance_dict(t, object_of(b))));
}

static const Slots slots = {.init = init, .repr = repr, .compare = compare};
static const NativeClass namespace_class = {
    .kind = OBJ_NAMESPACE,
    .slots = &slots,
    .doc = "SimpleNamespace(**kwargs): an object with these attributes;\n"
           "others may be added.",
};

void builtins_namespace_init(Thread *t) {
    Class *cls = BUILTIN_CLASS(t, NAMESPACE);
    native_class_init(t, &namespace_class);
    instance_dict_publish(t, cls);
    cls->module = object_value(str_intern(t->vm, "types", 5));
}
