/* SPDX-License-Identifier: MIT */
/*
 * The classes of None, Ellipsis and NotImplemented: each has one instance, which calling the class
 * returns.
 */
#include "vm/native.h"
#include "vm/str.h"

static Value repr(Thread *t, Value self) {
    const char *text = self == VALUE_NONE       ? "None"
                       : self == VALUE_ELLIPSIS ? "Ellipsis"
                                                : "NotImplemented";
    return object_value(str_intern(t->vm, text, strlen(text)));
}

static int truth(Thread *t, Value self) {
    (void)t;
    return self != VALUE_NONE;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)kwnames;
    if (argc > 0)
        return raise_error(t, EXC_TypeError, "%S takes no arguments", object_value(cls->name));
    return cls->kind == OBJ_NONE       ? VALUE_NONE
           : cls->kind == OBJ_ELLIPSIS ? VALUE_ELLIPSIS
                                       : VALUE_NOTIMPLEMENTED;
}

static const Slots none_slots = {.repr = repr, .truth = truth, .construct = construct};
static const Slots other_slots = {.repr = repr, .construct = construct};

static Value reduce(Thread *t, Value *args) { return repr(t, args[0]); }

static const NativeDef methods[] = {
    {"__reduce__", reduce, "(self, /)", NULL},
    {NULL, NULL, NULL, NULL},
};

static const NativeClass none_class = {.kind = OBJ_NONE, .slots = &none_slots};
static const NativeClass ellipsis_class = {
    .kind = OBJ_ELLIPSIS, .slots = &other_slots, .methods = methods};
static const NativeClass notimplemented_class = {
    .kind = OBJ_NOTIMPLEMENTED, .slots = &other_slots, .methods = methods};

/* Complete the classes of the constants. */
void constants_init(Thread *t) {
    native_class_init(t, &none_class);
    native_class_init(t, &ellipsis_class);
    native_class_init(t, &notimplemented_class);
}
