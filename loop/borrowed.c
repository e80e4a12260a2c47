/* SPDX-License-Identifier: MIT */
/*
 * Methods of event loops that are written in Tulip (loop/methods.def).
 *
 * The class holds a descriptor for each. When one is first looked up, it imports the module, puts
 * the function in its own place in the class, and from then on the method is an ordinary one. The
 * descriptors are made when _asyncio is imported, since nobody has a loop before.
 *
 * Read next: loop/loop_class.c (the methods in C).
 */
#include "loop/loop.h"
#include "vm/container.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Borrowed {
    Object header;
    Str *name;
    const char *module;
} Borrowed;

typedef struct BorrowedRow {
    const char *name, *module;
} BorrowedRow;

static const BorrowedRow rows[] = {
#define METHOD(NAME, MODULE) {#NAME, MODULE},
#include "loop/methods.def"
#undef METHOD
    {0},
};

/* The function, which takes the place of [borrowed] in the class. */
static Value fetch(Thread *t, const Borrowed *borrowed) {
    Value *roots = push_roots(t, 2);
    roots[1] = object_value(borrowed);
    Value module = t->vm->hooks.import_module(t, str_from(t, borrowed->module));
    if (module == VALUE_ERROR) return VALUE_ERROR;
    roots[0] = value_getattr(t, module, borrowed->name);
    Value function = roots[0];
    if (function == VALUE_ERROR) return VALUE_ERROR;
    Class *loop = BUILTIN_CLASS(t, LOOP);
    Value present = dict_get_str(t, loop->dict, borrowed->name);
    pop_roots(t, roots);
    if (present == object_value(borrowed) &&
        !class_set_attribute(t, loop, borrowed->name, function))
        return VALUE_ERROR;
    return function;
}

static Value descr_get(Thread *t, Value self, Value instance, Value owner) {
    Value *roots = push_roots(t, 2);
    roots[0] = instance;
    roots[1] = owner;
    Value function = fetch(t, (Borrowed *)object_of(self));
    pop_roots(t, roots);
    if (function == VALUE_ERROR || !is_object(function)) return function;
    const Slots *of = &class_of(t->vm, function)->slots;
    return of->descr_get ? of->descr_get(t, function, instance, owner) : function;
}

static Value repr(Thread *t, Value self) {
    const Borrowed *borrowed = (Borrowed *)object_of(self);
    Str *text = str_format(t, "<method '%s' of event loops>", borrowed->name->data);
    return text ? object_value(text) : VALUE_ERROR;
}

static void trace(Heap *heap, Object *self) {
    heap_shade_object(heap, &((Borrowed *)self)->name->header);
}

static const Slots slots = {.repr = repr, .descr_get = descr_get};

bool loop_borrow_methods(Thread *t) {
    Class *cls = native_class_new(t,
                                  &(NativeClass){
                                      .kind = OBJ_NATIVE_DATA,
                                      .name = "borrowed_method",
                                      .slots = &slots,
                                      .doc = "A method whose module is not imported yet.",
                                      .size = sizeof(Borrowed),
                                      .trace = trace,
                                  },
                                  "_asyncio", NULL);
    Class *loop = BUILTIN_CLASS(t, LOOP);
    for (const BorrowedRow *row = rows; row->name; row++) {
        Borrowed *borrowed = object_new(t, cls, 0);
        borrowed->name = str_intern(t->vm, row->name, strlen(row->name));
        borrowed->module = row->module;
        if (!class_set_attribute(t, loop, borrowed->name, object_value(borrowed))) return false;
    }
    return true;
}
