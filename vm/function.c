/* SPDX-License-Identifier: MIT */
/*
 * Functions and cells as a program sees them: names, defaults, closures.
 *
 * Read next: vm/code_object.c, vm/frame.c.
 */
#include <stdio.h>

#include "vm/attribute.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/execute.h"
#include "vm/frame.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Code *code_of(Value v) { return (Code *)object_of(v); }

/* ---- functions ---- */

static Value function_repr(Thread *t, Value self) {
    char id[32];
    snprintf(id, sizeof id, "0x%llx", (unsigned long long)value_id(t->vm, self));
    return object_value(str_format(t, "<function %S at %s>", FUNCTION(self)->qualname, id));
}

static Value function_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    return call_keywords(t, self, args, argc, kwnames);
}

static Value function_get(Thread *t, Value self, Value instance, Value owner) {
    (void)owner;
    return instance == VALUE_UNSET ? self : method_new(t, self, instance);
}

static bool set_text(Thread *t, Value *field, Value v, const char *name) {
    if (is_str(v)) {
        heap_set(&t->vm->heap, field, v);
        return true;
    }
    raise_error(t, EXC_TypeError, "%s must be set to a string object", name);
    return false;
}

static Value get_name(Thread *t, Value self) {
    (void)t;
    return FUNCTION(self)->name;
}
static bool set_name(Thread *t, Value self, Value v) {
    return set_text(t, &FUNCTION(self)->name, v, "__name__");
}
static Value get_qualname(Thread *t, Value self) {
    (void)t;
    return FUNCTION(self)->qualname;
}
static bool set_qualname(Thread *t, Value self, Value v) {
    return set_text(t, &FUNCTION(self)->qualname, v, "__qualname__");
}

static Value get_doc(Thread *t, Value self) {
    (void)t;
    return FUNCTION(self)->doc;
}
static bool set_doc(Thread *t, Value self, Value v) {
    heap_set(&t->vm->heap, &FUNCTION(self)->doc, v == VALUE_UNSET ? VALUE_NONE : v);
    return true;
}

/* Unless it was set: the module whose globals the function has. */
static Value get_module(Thread *t, Value self) {
    Value module = FUNCTION(self)->module;
    if (module != VALUE_UNSET && module != VALUE_ERROR) return module;
    module = dict_get_str(t, FUNCTION(self)->globals, NAME_OF(t, __name__));
    return module == VALUE_UNSET ? VALUE_NONE : module;
}
static bool set_module(Thread *t, Value self, Value v) {
    heap_set(&t->vm->heap, &FUNCTION(self)->module, v == VALUE_UNSET ? VALUE_NONE : v);
    return true;
}

static Value get_dict(Thread *t, Value self) {
    return object_value(instance_dict(t, object_of(self)));
}
static bool set_dict(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "cannot delete __dict__");
        return false;
    }
    if (!is_kind(v, OBJ_DICT)) {
        raise_error(t, EXC_TypeError, "__dict__ must be set to a dictionary, not a '%T'", v);
        return false;
    }
    heap_forget(&t->vm->heap, get_dict(t, self));
    FUNCTION(self)->attributes = DICT(v);
    return true;
}

static Value get_defaults(Thread *t, Value self) {
    (void)t;
    return FUNCTION(self)->defaults;
}
static bool set_defaults(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) v = VALUE_NONE;
    if (v != VALUE_NONE && !is_kind(v, OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError, "__defaults__ must be set to a tuple object");
        return false;
    }
    heap_set(&t->vm->heap, &FUNCTION(self)->defaults, v);
    return true;
}

static Value get_kwdefaults(Thread *t, Value self) {
    (void)t;
    return FUNCTION(self)->kwdefaults;
}
static bool set_kwdefaults(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) v = VALUE_NONE;
    if (v != VALUE_NONE && !is_kind(v, OBJ_DICT)) {
        raise_error(t, EXC_TypeError, "__kwdefaults__ must be set to a dict object");
        return false;
    }
    heap_set(&t->vm->heap, &FUNCTION(self)->kwdefaults, v);
    return true;
}

static Value get_code(Thread *t, Value self) {
    (void)t;
    return object_value(FUNCTION(self)->code);
}
static bool set_code(Thread *t, Value self, Value v) {
    Function *f = FUNCTION(self);
    if (!is_kind(v, OBJ_CODE)) {
        raise_error(t, EXC_TypeError, "__code__ must be set to a code object");
        return false;
    }
    if (code_of(v)->ncaptures != f->code->ncaptures) {
        raise_error(t, EXC_ValueError, "%S() requires a code object with %d free vars, not %d",
                    f->name, f->code->ncaptures, code_of(v)->ncaptures);
        return false;
    }
    heap_forget(&t->vm->heap, object_value(f->code));
    f->code = code_of(v);
    return true;
}

static Value get_globals(Thread *t, Value self) {
    (void)t;
    return object_value(FUNCTION(self)->globals);
}
static Value get_builtins(Thread *t, Value self) { return builtins_of(t, FUNCTION(self)->globals); }

static Value get_closure(Thread *t, Value self) {
    Function *f = FUNCTION(self);
    if (f->code->ncaptures == 0) return VALUE_NONE;
    Tuple *cells = tuple_new(t, f->code->ncaptures);
    for (int i = 0; i < f->code->ncaptures; i++) cells->items[i] = object_value(f->captures[i]);
    return object_value(cells);
}

/* The dict is made of the code's annotations when it is first asked for. */
static Value get_annotations(Thread *t, Value self) {
    Function *f = FUNCTION(self);
    if (f->annotations != VALUE_ERROR) return f->annotations;
    Dict *made = dict_new(t);
    const Tuple *pairs = f->code->annotations;
    for (size_t i = 0; pairs && i < pairs->size; i += 2)
        dict_set_str(t, made, STR(pairs->items[i]), pairs->items[i + 1]);
    f->annotations = object_value(made);
    return f->annotations;
}
static bool set_annotations(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET || v == VALUE_NONE) v = object_value(dict_new(t));
    if (!is_kind(v, OBJ_DICT)) {
        raise_error(t, EXC_TypeError, "__annotations__ must be set to a dict object");
        return false;
    }
    heap_forget(&t->vm->heap, FUNCTION(self)->annotations);
    FUNCTION(self)->annotations = v;
    return true;
}

static bool refuse_set(Thread *t, Value self, Value v) {
    (void)self, (void)v;
    raise_error(t, EXC_AttributeError, "readonly attribute");
    return false;
}

/* ---- FunctionType(code, globals, name=None, argdefs=None, closure=None) ---- */

static bool is_none_or(Value v, ObjectKind kind) {
    return v == VALUE_UNSET || v == VALUE_NONE || is_kind(v, kind);
}

/* Do the [cells] fit the code? */
static bool is_closure(Thread *t, const Code *code, Value cells) {
    bool given = cells != VALUE_UNSET && cells != VALUE_NONE;
    size_t size = given && is_kind(cells, OBJ_TUPLE) ? TUPLE(cells)->size : 0;
    if (given && !is_kind(cells, OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError,
                    code->ncaptures ? "arg 5 (closure) must be tuple"
                                    : "arg 5 (closure) must be None or tuple");
    } else if (!given && code->ncaptures) {
        raise_error(t, EXC_TypeError, "arg 5 (closure) must be tuple");
    } else if (size != code->ncaptures) {
        raise_error(t, EXC_ValueError, "%S requires closure of length %d, not %zu",
                    object_value(code->name), code->ncaptures, size);
    } else {
        for (size_t i = 0; i < size; i++) {
            Value cell = TUPLE(cells)->items[i];
            if (is_kind(cell, OBJ_CELL)) continue;
            raise_error(t, EXC_TypeError, "arg 5 (closure) expected cell, found %T", cell);
            return false;
        }
        return true;
    }
    return false;
}

static bool are_parts(Thread *t, const Value *out) {
    if (!is_kind(out[0], OBJ_CODE)) {
        raise_error(t, EXC_TypeError, "function() argument 'code' must be code, not %T", out[0]);
    } else if (!is_kind(out[1], OBJ_DICT)) {
        raise_error(t, EXC_TypeError, "function() argument 'globals' must be dict, not %T", out[1]);
    } else if (!is_none_or(out[2], OBJ_STR)) {
        raise_error(t, EXC_TypeError, "arg 3 (name) must be None or string");
    } else if (!is_none_or(out[3], OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError, "arg 4 (defaults) must be None or tuple");
    } else {
        return is_closure(t, code_of(out[0]), out[4]);
    }
    return false;
}

static Value function_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    (void)cls;
    static const char *const names[] = {"code", "globals", "name", "argdefs", "closure", NULL};
    Value out[5];
    if (!bind_names(t, "function", names, 2, out, args, argc, kwnames) || !are_parts(t, out))
        return VALUE_ERROR;
    Function *f = function_new(t, code_of(out[0]), DICT(out[1]));
    if (is_str(out[2])) f->name = out[2];
    if (is_kind(out[3], OBJ_TUPLE)) f->defaults = out[3];
    for (int i = 0; i < f->code->ncaptures; i++) f->captures[i] = CELL(TUPLE(out[4])->items[i]);
    return object_value(f);
}

static const Slots function_slots = {.repr = function_repr,
                                     .call = function_call,
                                     .descr_get = function_get,
                                     .construct = function_construct};
static const FieldDef function_fields[] = {
    {"__name__", get_name, set_name, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL},
    {"__doc__", get_doc, set_doc, NULL},
    {"__module__", get_module, set_module, NULL},
    {"__dict__", get_dict, set_dict, NULL},
    {"__defaults__", get_defaults, set_defaults, NULL},
    {"__kwdefaults__", get_kwdefaults, set_kwdefaults, NULL},
    {"__code__", get_code, set_code, NULL},
    {"__globals__", get_globals, refuse_set, NULL},
    {"__builtins__", get_builtins, refuse_set, NULL},
    {"__closure__", get_closure, refuse_set, NULL},
    {"__annotations__", get_annotations, set_annotations, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass function_class = {.kind = OBJ_FUNCTION,
                                           .slots = &function_slots,
                                           .fields = function_fields,
                                           .doc = "Create a function object."};

/* ---- cells ---- */

static Value cell_repr(Thread *t, Value self) {
    char id[32];
    snprintf(id, sizeof id, "0x%llx", (unsigned long long)value_id(t->vm, self));
    Value v = CELL(self)->value;
    if (v == VALUE_UNSET) return object_value(str_format(t, "<cell at %s: empty>", id));
    return object_value(
        str_format(t, "<cell at %s: %T object at 0x%llx>", id, v, (long long)value_id(t->vm, v)));
}

static Value cell_get(Thread *t, Value self) {
    Value v = CELL(self)->value;
    return v == VALUE_UNSET ? raise_error(t, EXC_ValueError, "Cell is empty") : v;
}

static bool cell_set(Thread *t, Value self, Value v) {
    heap_set(&t->vm->heap, &CELL(self)->value, v);
    return true;
}

static Value cell_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    if (argc > 1 || kwnames)
        return raise_error(t, EXC_TypeError, "cell expected at most 1 argument, got %d", argc);
    Cell *cell = object_new(t, cls, 0);
    cell->value = argc ? args[0] : VALUE_UNSET;
    return object_value(cell);
}

static const Slots cell_slots = {.repr = cell_repr, .construct = cell_construct};
static const FieldDef cell_fields[] = {
    {"cell_contents", cell_get, cell_set, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass cell_class = {
    .kind = OBJ_CELL, .slots = &cell_slots, .fields = cell_fields};

/* Complete the classes of functions, code objects and cells. */
void function_init(Thread *t) {
    native_class_init(t, &function_class);
    code_object_init(t);
    native_class_init(t, &cell_class);
}
