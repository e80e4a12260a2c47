/* SPDX-License-Identifier: MIT */
/*
 * The built-in exception classes: how they are constructed, what they say, and their fields.
 *
 * All share one layout. Fields that only some classes have (name, errno, filename, …) are ordinary
 * attributes of the instance, with None on the class for those that were not given.
 * StopIteration.value and SystemExit.code are in the object. Read next: vm/exception_group.c,
 * vm/exception_os.c.
 */
#include "vm/exception_class.h"

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception_fields.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/slots.h"
#include "vm/str.h"

static Value text_or_error(Str *text) { return text ? object_value(text) : VALUE_ERROR; }

/* ---- BaseException ---- */

Value exception_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    int positional = argc - (kwnames ? (int)kwnames->size : 0);
    Exception *e = object_new(t, cls, 0);
    e->args = positional ? tuple_from(t, args, (size_t)positional) : t->vm->empty_tuple;
    e->cause = e->context = e->traceback = e->value = VALUE_NONE;
    return object_value(e);
}

void exception_set_args(Thread *t, Value self, const Value *args, int argc) {
    Exception *e = EXCEPTION(self);
    heap_forget(&t->vm->heap, object_value(e->args));
    e->args = argc ? tuple_from(t, args, (size_t)argc) : t->vm->empty_tuple;
}

bool exception_init_slot(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (kwnames && kwnames->size) {
        raise_error(t, EXC_TypeError, "%T() takes no keyword arguments", self);
        return false;
    }
    exception_set_args(t, self, args, argc);
    return true;
}

Value exception_str(Thread *t, Value self) {
    Tuple *args = EXCEPTION(self)->args;
    if (args->size == 0) return object_value(t->vm->empty_str);
    return text_or_error(value_str(t, args->size == 1 ? args->items[0] : object_value(args)));
}

static Value exception_repr(Thread *t, Value self) {
    Tuple *args = EXCEPTION(self)->args;
    Value name = object_value(class_of(t->vm, self)->name);
    if (args->size == 1) return text_or_error(str_format(t, "%S(%R)", name, args->items[0]));
    return text_or_error(str_format(t, "%S%R", name, object_value(args)));
}

static const Slots exception_slots = {
    .repr = exception_repr,
    .str = exception_str,
    .construct = exception_construct,
    .init = exception_init_slot,
};

static Value get_args(Thread *t, Value self) {
    (void)t;
    return object_value(EXCEPTION(self)->args);
}

static bool set_args(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "args may not be deleted");
        return false;
    }
    Tuple *args = tuple_from_iterable(t, v);
    if (!args) return false;
    heap_forget(&t->vm->heap, object_value(EXCEPTION(self)->args));
    EXCEPTION(self)->args = args;
    return true;
}

static Value get_cause(Thread *t, Value self) {
    (void)t;
    return EXCEPTION(self)->cause;
}
static Value get_context(Thread *t, Value self) {
    (void)t;
    return EXCEPTION(self)->context;
}
static Value get_suppress(Thread *t, Value self) {
    (void)t;
    return bool_value(EXCEPTION(self)->suppress_context);
}
static Value get_traceback(Thread *t, Value self) {
    (void)t;
    return EXCEPTION(self)->traceback;
}

/* None or an exception? */
static bool check_link(Thread *t, Value v, const char *name) {
    if (v == VALUE_NONE || is_kind(v, OBJ_EXCEPTION)) return true;
    if (v == VALUE_UNSET) raise_error(t, EXC_TypeError, "__%s__ may not be deleted", name);
    else
        raise_error(t, EXC_TypeError, "exception %s must be None or derive from BaseException",
                    name);
    return false;
}

static bool set_cause(Thread *t, Value self, Value v) {
    if (!check_link(t, v, "cause")) return false;
    exception_set_cause(t, self, v);
    return true;
}

static bool set_context(Thread *t, Value self, Value v) {
    if (!check_link(t, v, "context")) return false;
    heap_set(&t->vm->heap, &EXCEPTION(self)->context, v);
    return true;
}

static bool set_suppress(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "can't delete numeric/char attribute");
        return false;
    }
    if (!is_bool(v)) {
        raise_error(t, EXC_TypeError, "attribute value type must be bool");
        return false;
    }
    EXCEPTION(self)->suppress_context = v == VALUE_TRUE;
    return true;
}

static bool set_traceback(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "__traceback__ may not be deleted");
        return false;
    }
    if (v != VALUE_NONE && !is_kind(v, OBJ_TRACEBACK)) {
        raise_error(t, EXC_TypeError, "__traceback__ must be a traceback or None");
        return false;
    }
    heap_set(&t->vm->heap, &EXCEPTION(self)->traceback, v);
    return true;
}

static const FieldDef exception_fields[] = {
    {"args", get_args, set_args, NULL},
    {"__cause__", get_cause, set_cause, "exception cause"},
    {"__context__", get_context, set_context, "exception context"},
    {"__suppress_context__", get_suppress, set_suppress, NULL},
    {"__traceback__", get_traceback, set_traceback, NULL},
    {NULL, NULL, NULL, NULL},
};

static Value with_traceback(Thread *t, Value *args) {
    return set_traceback(t, args[0], args[1]) ? args[0] : VALUE_ERROR;
}

static Value add_note(Thread *t, Value *args) {
    if (!is_str(args[1]))
        return raise_error(t, EXC_TypeError, "note must be a str, not '%T'", args[1]);
    Str *name = NAME_OF(t, __notes__);
    Value notes = value_getattr_or_unset(t, args[0], name);
    if (notes == VALUE_ERROR) return notes;
    if (notes == VALUE_UNSET) {
        notes = object_value(list_new(t, 1));
        if (!value_setattr(t, args[0], name, notes)) return VALUE_ERROR;
    }
    if (!is_kind(notes, OBJ_LIST))
        return raise_error(t, EXC_TypeError, "Cannot add note: __notes__ is not a list");
    return list_append(t, LIST(notes), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

Value exception_reduce(Thread *t, Value self, Tuple *args, Dict *extra) {
    Attributes *a = object_attributes(object_of(self));
    bool has_state = a->shape->is_dict ? a->dict->used > 0 : a->shape->count > 0;
    Dict *state = has_state ? dict_copy(t, instance_dict(t, object_of(self))) : extra;
    if (has_state && extra && !dict_update(t, state, object_value(extra))) return VALUE_ERROR;
    Value items[] = {object_value(class_of(t->vm, self)), object_value(args), VALUE_NONE};
    if (state) items[2] = object_value(state);
    return object_value(tuple_from(t, items, state ? 3 : 2));
}

static Value reduce(Thread *t, Value *args) {
    return exception_reduce(t, args[0], EXCEPTION(args[0])->args, NULL);
}

static Value set_state(Thread *t, Value *args) {
    if (args[1] == VALUE_NONE) return VALUE_NONE;
    if (!is_kind(args[1], OBJ_DICT))
        return raise_error(t, EXC_TypeError, "state is not a dictionary");
    uint32_t position = 0;
    Value key, v;
    while (dict_next(DICT(args[1]), &position, &key, &v)) {
        if (!is_str(key)) continue;
        if (!value_setattr(t, args[0], str_intern_value(t->vm, STR(key)), v)) return VALUE_ERROR;
    }
    return VALUE_NONE;
}

static const NativeDef exception_methods[] = {
    {"with_traceback", with_traceback, "(self, tb, /)",
     "Make tb its __traceback__; the exception itself is returned."},
    {"add_note", add_note, "(self, note, /)",
     "Append a line or more that a traceback shows below the message."},
    {"__reduce__", reduce, "(self, /)", NULL},
    {"__setstate__", set_state, "(self, state, /)", NULL},
    {NULL, NULL, NULL, NULL},
};

/* ---- StopIteration, SystemExit, KeyError ---- */

static bool stop_iteration_init(Thread *t, Value self, const Value *args, int argc,
                                Tuple *kwnames) {
    if (!exception_init_slot(t, self, args, argc, kwnames)) return false;
    heap_set(&t->vm->heap, &EXCEPTION(self)->value, argc ? args[0] : VALUE_NONE);
    return true;
}

static bool system_exit_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (!exception_init_slot(t, self, args, argc, kwnames)) return false;
    Value code = argc == 0 ? VALUE_NONE : argc == 1 ? args[0] : object_value(EXCEPTION(self)->args);
    heap_set(&t->vm->heap, &EXCEPTION(self)->value, code);
    return true;
}

static Value key_error_str(Thread *t, Value self) {
    Tuple *args = EXCEPTION(self)->args;
    return args->size == 1 ? text_or_error(value_repr(t, args->items[0])) : exception_str(t, self);
}

/* ---- ImportError, NameError, AttributeError: keyword fields ---- */

/* Positional arguments to args, the keywords among [allowed] to the fields from [first] on. */
static bool init_with_keywords(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames,
                               const NameId *allowed, int count, int first, const char *cls) {
    int keywords = kwnames ? (int)kwnames->size : 0, positional = argc - keywords;
    exception_set_args(t, self, args, positional);
    for (int i = 0; i < count; i++) exception_set_field(t, self, first + i, VALUE_UNSET);
    for (int k = 0; k < keywords; k++) {
        Str *name = STR(kwnames->items[k]);
        int i = 0;
        while (i < count && !str_equal(t->vm->names[allowed[i]], name)) i++;
        if (i == count) {
            raise_error(t, EXC_TypeError, "'%S' is an invalid keyword argument for %s()",
                        object_value(name), cls);
            return false;
        }
        exception_set_field(t, self, first + i, args[positional + k]);
    }
    return true;
}

static bool import_error_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    static const NameId allowed[] = {NAME_name, NAME_path};
    if (!init_with_keywords(t, self, args, argc, kwnames, allowed, 2, IMPORT_ERROR_NAME,
                            "ImportError"))
        return false;
    Tuple *given = EXCEPTION(self)->args;
    exception_set_field(t, self, IMPORT_ERROR_MSG, VALUE_UNSET);
    if (given->size == 1) exception_set_field(t, self, IMPORT_ERROR_MSG, given->items[0]);
    return true;
}

static Value import_error_str(Thread *t, Value self) {
    Value message = exception_field(self, IMPORT_ERROR_MSG);
    return is_str(message) ? message : exception_str(t, self);
}

static Value import_error_reduce(Thread *t, Value *args) {
    Dict *state = NULL;
    static const NameId names[] = {NAME_name, NAME_path};
    for (int i = 0; i < 2; i++) {
        Value v = exception_field(args[0], IMPORT_ERROR_NAME + i);
        if (v == VALUE_UNSET) continue;
        if (!state) state = dict_new(t);
        dict_set_str(t, state, t->vm->names[names[i]], v);
    }
    return exception_reduce(t, args[0], EXCEPTION(args[0])->args, state);
}

static const NativeDef import_methods[] = {{"__reduce__", import_error_reduce, "(self, /)", NULL},
                                           {NULL, NULL, NULL, NULL}};

static bool name_error_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    static const NameId allowed[] = {NAME_name};
    return init_with_keywords(t, self, args, argc, kwnames, allowed, 1, 0, "NameError");
}

static bool attribute_error_init(Thread *t, Value self, const Value *args, int argc,
                                 Tuple *kwnames) {
    static const NameId allowed[] = {NAME_name, NAME_obj};
    return init_with_keywords(t, self, args, argc, kwnames, allowed, 2, 0, "AttributeError");
}

/* ---- SyntaxError ---- */

/* SyntaxError(message, (filename, line, offset, text[, end line, end offset])) */
static bool syntax_error_init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (!exception_init_slot(t, self, args, argc, kwnames)) return false;
    if (argc > 0) exception_set_field(t, self, SYNTAX_ERROR_MSG, args[0]);
    if (argc != 2) return true;
    Value info = args[1];
    Tuple *items = is_kind(info, OBJ_TUPLE) ? TUPLE(info) : tuple_from_iterable(t, info);
    if (!items) return false;
    if (items->size != 4 && items->size != 6) {
        if (items->size == 5) {
            raise_error(t, EXC_TypeError,
                        "end_offset must be provided when end_lineno is provided");
        } else {
            raise_error(t, EXC_TypeError, "function takes at %s %d arguments (%zu given)",
                        items->size < 4 ? "least" : "most", items->size < 4 ? 4 : 6, items->size);
        }
        return false;
    }
    for (size_t i = 0; i < items->size; i++)
        exception_set_field(t, self, SYNTAX_ERROR_FILENAME + (int)i, items->items[i]);
    return true;
}

static Value syntax_error_str(Thread *t, Value self) {
    Value message = exception_field_or_none(self, SYNTAX_ERROR_MSG);
    Value file = exception_field_or_none(self, SYNTAX_ERROR_FILENAME);
    Value line = exception_field_or_none(self, SYNTAX_ERROR_LINENO);
    bool has_line = is_int(line);
    if (!is_str(file)) {
        return text_or_error(has_line ? str_format(t, "%S (line %S)", message, line)
                                      : value_str(t, message));
    }
    const char *slash = strrchr(STR(file)->data, '/'), *base = slash ? slash + 1 : STR(file)->data;
    return text_or_error(has_line ? str_format(t, "%S (%s, line %S)", message, base, line)
                                  : str_format(t, "%S (%s)", message, base));
}

/* ---- completing the classes ---- */

void exception_complete(Thread *t, Class *cls, const Slots *own, const NativeDef *methods,
                        const FieldDef *fields) {
    slots_merge(&cls->slots, own, &cls->slots);
    for (const FieldDef *f = fields; f && f->name; f++) {
        dict_set_str(t, cls->dict, str_intern(t->vm, f->name, strlen(f->name)),
                     field_new(t, cls, f));
    }
    for (const NativeDef *m = methods; m && m->name; m++) {
        Value native = native_new(t, m, VALUE_UNSET, NULL);
        ((Native *)object_of(native))->owner = cls;
        dict_set_str(t, cls->dict, STR(((Native *)object_of(native))->name), native);
    }
    class_publish_slots(t, cls, own);
}

/* The slots each class adds to those of its base. */
static const struct {
    ExceptionId id;
    Slots own;
    const NativeDef *methods;
} special[] = {
    {EXC_StopIteration, {.init = stop_iteration_init}, NULL},
    {EXC_SystemExit, {.init = system_exit_init}, NULL},
    {EXC_KeyError, {.str = key_error_str}, NULL},
    {EXC_ImportError, {.init = import_error_init, .str = import_error_str}, import_methods},
    {EXC_NameError, {.init = name_error_init}, NULL},
    {EXC_AttributeError, {.init = attribute_error_init}, NULL},
    {EXC_SyntaxError, {.init = syntax_error_init, .str = syntax_error_str}, NULL},
};

static void complete_special(Thread *t, int id) {
    for (size_t i = 0; i < sizeof special / sizeof *special; i++) {
        if ((int)special[i].id != id) continue;
        exception_complete(t, t->vm->exceptions[id], &special[i].own, special[i].methods,
                           exception_field_defs(id));
    }
}

/* Complete the exception classes. */
void exception_init(Thread *t) {
    static const NativeClass base = {.kind = OBJ_EXCEPTION,
                                     .slots = &exception_slots,
                                     .methods = exception_methods,
                                     .fields = exception_fields,
                                     .doc = "Common base class for all exceptions"};
    native_class_init(t, &base);
    instance_dict_publish(t, BUILTIN_CLASS(t, EXCEPTION));
    for (int id = 1; id < EXC_COUNT; id++) {
        Class *cls = t->vm->exceptions[id];
        cls->slots = cls->base->slots;
        const char *doc = exception_doc((ExceptionId)id);
        if (doc) cls->doc = object_value(str_from(t, doc));
        dict_set_str(t, cls->dict, NAME_OF(t, __doc__), cls->doc);
        complete_special(t, id);
        if (id == EXC_OSError) os_error_complete(t);
        if (id == EXC_BaseExceptionGroup) exception_group_complete(t);
    }
}

/* ---- classes of modules ---- */

Class *exception_class_new(Thread *t, const char *name, const char *module, const char *doc,
                           Class *base) {
    Value *roots = push_roots(t, 2);
    Value bases[] = {object_value(base)};
    Dict *ns = dict_new(t);
    roots[0] = object_value(tuple_from(t, bases, 1));
    roots[1] = object_value(ns);
    Str *owner = str_intern(t->vm, module, strlen(module));
    dict_set_str(t, ns, NAME_OF(t, __module__), object_value(owner));
    if (doc) dict_set_str(t, ns, NAME_OF(t, __doc__), object_value(str_from(t, doc)));
    Class *cls = class_create(t, BUILTIN_CLASS(t, CLASS), str_intern(t->vm, name, strlen(name)),
                              TUPLE(roots[0]), ns, NULL, NULL, 0);
    pop_roots(t, roots);
    return cls;
}

Value raise_class_list(Thread *t, Class *cls, const char *format, va_list arguments) {
    Buffer text = {0};
    if (!str_format_into(t, &text, format, arguments)) return buffer_free(&text), VALUE_ERROR;
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(str_from_buffer(t, &text));
    Value error = exception_new(t, cls, roots, 1);
    pop_roots(t, roots);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

Value raise_class(Thread *t, Class *cls, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Value result = raise_class_list(t, cls, format, arguments);
    va_end(arguments);
    return result;
}
