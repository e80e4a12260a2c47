/* SPDX-License-Identifier: MIT */
/*
 * Modules: a name and a dict. Attribute access is in vm/attribute.c, importing in stdlib/.
 *
 * Read next: stdlib/import.c.
 */
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

static void fill(Thread *t, Module *module, Value name, Value doc) {
    module->name = name;
    module->dict = dict_new(t);
    dict_set_str(t, module->dict, NAME_OF(t, __name__), name);
    dict_set_str(t, module->dict, NAME_OF(t, __doc__), doc);
    dict_set_str(t, module->dict, NAME_OF(t, __package__), VALUE_NONE);
    dict_set_str(t, module->dict, NAME_OF(t, __loader__), VALUE_NONE);
    dict_set_str(t, module->dict, NAME_OF(t, __spec__), VALUE_NONE);
}

Module *module_new(Thread *t, Str *name) {
    Module *module = object_new(t, BUILTIN_CLASS(t, MODULE), 0);
    fill(t, module, object_value(name), VALUE_NONE);
    return module;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    Module *module = object_new(t, cls, 0);
    module->name = VALUE_NONE;
    module->dict = dict_new(t);
    return object_value(module);
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    static const char *const names[] = {"name", "doc", NULL};
    Value out[2];
    if (!bind_names(t, "module", names, 1, out, args, argc, kwnames)) return false;
    if (!is_str(out[0])) {
        raise_error(t, EXC_TypeError, "module() argument 'name' must be str, not %N", out[0]);
        return false;
    }
    heap_forget(&t->vm->heap, object_value(MODULE(self)->dict));
    fill(t, MODULE(self), out[0], out[1] == VALUE_UNSET ? VALUE_NONE : out[1]);
    return true;
}

static Value repr(Thread *t, Value self) {
    Dict *dict = MODULE(self)->dict;
    Value name = dict_get_str(t, dict, NAME_OF(t, __name__)),
          file = dict_get_str(t, dict, NAME_OF(t, __file__));
    if (!is_str(name)) name = object_value(str_from(t, "?"));
    Str *text;
    if (file != VALUE_UNSET && file != VALUE_NONE) {
        text = str_format(t, "<module %R from %R>", name, file);
    } else {
        Value spec = dict_get_str(t, dict, NAME_OF(t, __spec__));
        bool made_by_hand = spec == VALUE_NONE || spec == VALUE_UNSET;
        text = str_format(t, made_by_hand ? "<module %R>" : "<module %R (built-in)>", name);
    }
    return text ? object_value(text) : VALUE_ERROR;
}

static Value get_dict(Thread *t, Value self) {
    (void)t;
    return object_value(MODULE(self)->dict);
}

static Value module_dir(Thread *t, Value *args) {
    Dict *dict = MODULE(args[0])->dict;
    Value hook = dict_get_str(t, dict, NAME_OF(t, __dir__));
    if (hook != VALUE_UNSET) return call_value(t, hook, NULL, 0);
    List *names = list_from_iterable(t, object_value(dict));
    if (!names || !list_sort(t, names, VALUE_NONE, false)) return VALUE_ERROR;
    return object_value(names);
}

static const Slots slots = {.repr = repr,
                            .construct = construct,
                            .init = init,
                            .getattr = module_getattr,
                            .setattr = module_setattr};
static const NativeDef methods[] = {
    {"__dir__", module_dir, "(self, /)", "__dir__() -> list"},
    {NULL, NULL, NULL, NULL},
};
static const FieldDef fields[] = {
    {"__dict__", get_dict, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeClass module_class = {
    .kind = OBJ_MODULE,
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "Create a module object.\n\nThe name must be a string; the optional docstring can have "
           "any type.",
};

/* Complete the class of modules. */
void module_init(Thread *t) { native_class_init(t, &module_class); }
