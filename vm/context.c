/* SPDX-License-Identifier: MIT */
/*
 * Context variables (PEP 567): ContextVar, Context, Token.
 *
 * A context holds a dict from variables to values. Copies share the dict until one of them sets a
 * variable, so that making a task costs the same however many variables there are. A dict that is
 * shared is never written to again.
 *
 * Read next: vm/context.h.
 */
#include "vm/context.h"

#include <string.h>

#include "vm/container.h"
#include "vm/exception.h"
#include "vm/generic_alias.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Context {
    Object header;
    Dict *values; /* NULL: empty */
    bool shared;  /* another context refers to the same dict */
    bool entered; /* run() is under way */
} Context;

typedef struct ContextVar {
    Object header;
    Value name, fallback; /* fallback VALUE_UNSET: none */
} ContextVar;

typedef struct Token {
    Object header;
    Value variable, context, old; /* old VALUE_UNSET: there was none */
    bool used;
} Token;

#define CONTEXT(v)     ((Context *)(uintptr_t)(v))
#define CONTEXT_VAR(v) ((ContextVar *)(uintptr_t)(v))
#define TOKEN(v)       ((Token *)(uintptr_t)(v))

enum { CLASS_CONTEXT, CLASS_VARIABLE, CLASS_TOKEN };

static bool is_a(const Thread *t, Value v, int which) {
    return is_object(v) && object_class(object_of(v)) == t->vm->context_classes[which];
}

/* ---- contexts ---- */

static void make_classes(Thread *t);

Value context_new(Thread *t) {
    if (!t->vm->context_classes[CLASS_CONTEXT]) make_classes(t);
    return object_value(object_new(t, t->vm->context_classes[CLASS_CONTEXT], 0));
}

Value context_current(Thread *t) {
    if (!t->context) t->context = context_new(t);
    return t->context;
}

static Value copy_of(Thread *t, Context *from) {
    Value copy = context_new(t);
    CONTEXT(copy)->values = from->values;
    CONTEXT(copy)->shared = from->shared = from->values != NULL;
    return copy;
}

Value context_copy(Thread *t) {
    return t->context ? copy_of(t, CONTEXT(t->context)) : context_new(t);
}

static Value value_in(Thread *t, const Context *context, Value variable) {
    if (!context->values) return VALUE_UNSET;
    return dict_get(t, context->values, variable);
}

/* The dict of [context], its own from now on. */
static Dict *writable(Thread *t, Context *context) {
    if (context->values && !context->shared) return context->values;
    Dict *own = context->values ? dict_copy(t, context->values) : dict_new(t);
    if (context->values) heap_forget(&t->vm->heap, object_value(context->values));
    context->values = own;
    context->shared = false;
    return own;
}

static Value context_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls, (void)args, (void)kwnames;
    if (argc) return raise_error(t, EXC_TypeError, "Context() does not accept any arguments");
    return context_new(t);
}

static Value run(Thread *t, Value *args) {
    if (args[1] == VALUE_UNSET)
        return raise_error(t, EXC_TypeError, "run() missing 1 required positional argument");
    Context *context = CONTEXT(args[0]);
    if (context->entered || t->context == args[0])
        return raise_error(t, EXC_RuntimeError, "cannot enter context: %R is already entered",
                           args[0]);
    Tuple *positional = TUPLE(args[2]);
    Dict *named = DICT(args[3]);
    Value *roots = push_roots(t, (int)positional->size + (int)named->used + 2), *out = roots + 2;
    memcpy(out, positional->items, positional->size * sizeof(Value));
    Tuple *names = tuple_new(t, named->used);
    roots[0] = object_value(names);
    uint32_t position = 0;
    Value key, v;
    for (size_t i = 0; dict_next(named, &position, &key, &v); i++) {
        names->items[i] = key;
        out[positional->size + i] = v;
    }
    Value before = context_switch(t, args[0]);
    if (before) roots[1] = before;
    context->entered = true;
    Value result = call_keywords(t, args[1], out, (int)(positional->size + names->size),
                                 names->size ? names : NULL);
    context->entered = false;
    context_restore(t, before);
    pop_roots(t, roots);
    return result;
}

static Value copy_method(Thread *t, Value *args) { return copy_of(t, CONTEXT(args[0])); }

static bool check_key(Thread *t, Value key) {
    if (is_a(t, key, CLASS_VARIABLE)) return true;
    raise_error(t, EXC_TypeError, "a ContextVar key was expected, got %R", key);
    return false;
}

static Value get_method(Thread *t, Value *args) {
    if (!check_key(t, args[1])) return VALUE_ERROR;
    Value v = value_in(t, CONTEXT(args[0]), args[1]);
    return v == VALUE_UNSET ? args[2] : v;
}

static Value context_getitem(Thread *t, Value self, Value key) {
    if (!check_key(t, key)) return VALUE_ERROR;
    Value v = value_in(t, CONTEXT(self), key);
    return v == VALUE_UNSET ? raise_with(t, EXC_KeyError, key) : v;
}

static int context_contains(Thread *t, Value self, Value key) {
    if (!check_key(t, key)) return -1;
    Value v = value_in(t, CONTEXT(self), key);
    return v == VALUE_ERROR ? -1 : v != VALUE_UNSET;
}

static int64_t context_length(Thread *t, Value self) {
    (void)t;
    return CONTEXT(self)->values ? CONTEXT(self)->values->used : 0;
}

/* The values as a dict that may be iterated. */
static Value dict_of(Thread *t, Value self) {
    Dict *values = CONTEXT(self)->values;
    return object_value(values ? dict_copy(t, values) : dict_new(t));
}

static Value context_iter(Thread *t, Value self) { return value_iter(t, dict_of(t, self)); }

static Value view(Thread *t, Value *args, const char *name) {
    args[0] = dict_of(t, args[0]);
    return call_method(t, args[0], str_intern(t->vm, name, strlen(name)), NULL, 0);
}
static Value keys_method(Thread *t, Value *args) { return view(t, args, "keys"); }
static Value values_method(Thread *t, Value *args) { return view(t, args, "values"); }
static Value items_method(Thread *t, Value *args) { return view(t, args, "items"); }

static Value context_compare(Thread *t, Value a, Value b, CompareOp op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_a(t, b, CLASS_CONTEXT))
        return VALUE_NOTIMPLEMENTED;
    Value *roots = push_roots(t, 2);
    roots[0] = dict_of(t, a);
    roots[1] = dict_of(t, b);
    Value v = value_compare(t, op, roots[0], roots[1]);
    pop_roots(t, roots);
    return v;
}

static void context_trace(Heap *heap, Object *self) {
    Dict *values = ((Context *)self)->values;
    if (values) heap_shade_object(heap, &values->header);
}

static const Slots context_slots = {.construct = context_construct,
                                    .getitem = context_getitem,
                                    .contains = context_contains,
                                    .length = context_length,
                                    .iter = context_iter,
                                    .compare = context_compare};
static const NativeDef context_methods[] = {
    {"run", run, "(self, callable=?, /, *args, **kwargs)",
     "Call callable(*args, **kwargs) in this context."},
    {"copy", copy_method, "(self, /)", "A new context with the same values."},
    {"get", get_method, "(self, key, default=None, /)", "The value of a variable, or default."},
    {"keys", keys_method, "(self, /)", "All variables that have a value."},
    {"values", values_method, "(self, /)", "Their values."},
    {"items", items_method, "(self, /)", "Pairs of both."},
    {0},
};
static const NativeClass context_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "Context",
                                          .slots = &context_slots,
                                          .methods = context_methods,
                                          .doc = "The values of context variables.",
                                          .size = sizeof(Context),
                                          .trace = context_trace};

/* ---- tokens ---- */

static Value token_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls, (void)args, (void)argc, (void)kwnames;
    return raise_error(t, EXC_RuntimeError, "Tokens can only be created by ContextVars");
}

static Value token_repr(Thread *t, Value self) {
    Token *token = TOKEN(self);
    Str *text = str_format(t, "<Token%s var=%R at 0x%llx>", token->used ? " used" : "",
                           token->variable, (unsigned long long)value_id(t->vm, self));
    return text ? object_value(text) : VALUE_ERROR;
}

static Value token_var(Thread *t, Value self) { return (void)t, TOKEN(self)->variable; }

static Value missing_of(Thread *t) {
    Class *cls = t->vm->context_classes[CLASS_TOKEN];
    return dict_get_str(t, cls->dict, str_intern(t->vm, "MISSING", 7));
}

static Value token_old(Thread *t, Value self) {
    Value old = TOKEN(self)->old;
    return old == VALUE_UNSET ? missing_of(t) : old;
}

static void token_trace(Heap *heap, Object *self) {
    Token *token = (Token *)self;
    heap_shade(heap, token->variable);
    heap_shade(heap, token->context);
    heap_shade(heap, token->old);
}

static const Slots token_slots = {.construct = token_construct, .repr = token_repr};
static const NativeDef token_methods[] = {
    {"@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",
     "Token[T], for annotations."},
    {0},
};
static const FieldDef token_fields[] = {
    {"var", token_var, NULL, "The variable that was set."},
    {"old_value", token_old, NULL, "Its value before, or Token.MISSING."},
    {0},
};
static const NativeClass token_class = {.kind = OBJ_NATIVE_DATA,
                                        .name = "Token",
                                        .slots = &token_slots,
                                        .methods = token_methods,
                                        .fields = token_fields,
                                        .doc = "What ContextVar.set returns, for reset.",
                                        .size = sizeof(Token),
                                        .trace = token_trace};

/* ---- variables ---- */

static Value variable_construct(Thread *t, Class *cls, const Value *args, int argc,
                                Tuple *kwnames) {
    static const char *const names[] = {"name", "default", NULL};
    Value bound[2];
    int positional = argc - (kwnames ? (int)kwnames->size : 0);
    if (positional > 1) {
        return raise_error(t, EXC_TypeError,
                           "ContextVar() takes at most 1 positional argument (%d given)",
                           positional);
    }
    if (!positional) {
        return raise_error(t, EXC_TypeError,
                           "ContextVar() takes exactly 1 positional argument (0 given)");
    }
    if (!bind_names(t, "ContextVar", names, 1, bound, args, argc, kwnames)) return VALUE_ERROR;
    if (!is_str(bound[0]))
        return raise_error(t, EXC_TypeError, "context variable name must be a str");
    ContextVar *variable = object_new(t, cls, 0);
    variable->name = bound[0];
    variable->fallback = bound[1];
    return object_value(variable);
}

static Value variable_repr(Thread *t, Value self) {
    ContextVar *variable = CONTEXT_VAR(self);
    unsigned long long id = value_id(t->vm, self);
    Str *text = variable->fallback == VALUE_UNSET
                    ? str_format(t, "<ContextVar name=%R at 0x%llx>", variable->name, id)
                    : str_format(t, "<ContextVar name=%R default=%R at 0x%llx>", variable->name,
                                 variable->fallback, id);
    return text ? object_value(text) : VALUE_ERROR;
}

static Value variable_get(Thread *t, Value *args) {
    Value v = t->context ? value_in(t, CONTEXT(t->context), args[0]) : VALUE_UNSET;
    if (v != VALUE_UNSET) return v;
    if (args[1] != VALUE_UNSET) return args[1];
    v = CONTEXT_VAR(args[0])->fallback;
    return v == VALUE_UNSET ? raise_with(t, EXC_LookupError, args[0]) : v;
}

static Value variable_set(Thread *t, Value *args) {
    Value current = context_current(t);
    Token *token = object_new(t, t->vm->context_classes[CLASS_TOKEN], 0);
    token->variable = args[0];
    token->context = current;
    token->old = value_in(t, CONTEXT(current), args[0]);
    Dict *values = writable(t, CONTEXT(current));
    return dict_set(t, values, args[0], args[1]) ? object_value(token) : VALUE_ERROR;
}

static Value variable_reset(Thread *t, Value *args) {
    if (!is_a(t, args[1], CLASS_TOKEN)) {
        return raise_error(t, EXC_TypeError, "expected an instance of Token, got %R", args[1]);
    }
    Token *token = TOKEN(args[1]);
    if (token->used)
        return raise_error(t, EXC_RuntimeError, "%R has already been used once", args[1]);
    if (token->variable != args[0]) {
        return raise_error(t, EXC_ValueError, "%R was created by a different ContextVar", args[1]);
    }
    if (token->context != context_current(t)) {
        return raise_error(t, EXC_ValueError, "%R was created in a different Context", args[1]);
    }
    token->used = true;
    Dict *values = writable(t, CONTEXT(t->context));
    if (token->old != VALUE_UNSET)
        return dict_set(t, values, args[0], token->old) ? VALUE_NONE : VALUE_ERROR;
    return dict_delete(t, values, args[0]) < 0 ? VALUE_ERROR : VALUE_NONE;
}

static Value variable_name(Thread *t, Value self) { return (void)t, CONTEXT_VAR(self)->name; }

static void variable_trace(Heap *heap, Object *self) {
    heap_shade(heap, ((ContextVar *)self)->name);
    heap_shade(heap, ((ContextVar *)self)->fallback);
}

static const Slots variable_slots = {.construct = variable_construct, .repr = variable_repr};
static const NativeDef variable_methods[] = {
    {"get", variable_get, "(self, default=?, /)", "The value in the current context."},
    {"set", variable_set, "(self, value, /)",
     "Give it a value in the current context; returns a Token for reset."},
    {"reset", variable_reset, "(self, token, /)", "Undo the set that returned token."},
    {"@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",
     "ContextVar[T], for annotations."},
    {0},
};
static const FieldDef variable_fields[] = {
    {"name", variable_name, NULL, "Its name."},
    {0},
};
static const NativeClass variable_class = {.kind = OBJ_NATIVE_DATA,
                                           .name = "ContextVar",
                                           .slots = &variable_slots,
                                           .methods = variable_methods,
                                           .fields = variable_fields,
                                           .doc = "A variable with one value per context.",
                                           .size = sizeof(ContextVar),
                                           .trace = variable_trace};

/* The type of Token.MISSING. */
static Value missing_repr(Thread *t, Value self) {
    return (void)self, object_value(str_from(t, "<Token.MISSING>"));
}
static const Slots missing_slots = {.repr = missing_repr};
static const NativeClass missing_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "Token.MISSING",
                                          .slots = &missing_slots,
                                          .size = sizeof(NativeObject)};

/* ---- roots and classes ---- */

static void shade_contexts(Heap *heap, void *data) {
    const Vm *vm = data;
    for (int i = 0; i < 3; i++) {
        if (vm->context_classes[i]) heap_shade_object(heap, &vm->context_classes[i]->header);
    }
    for (const Thread *t = vm->threads; t; t = t->next) heap_shade(heap, t->context);
}

/* Make the classes when they are first needed. */
static void make_classes(Thread *t) {
    static const NativeClass *const defs[] = {&context_class, &variable_class, &token_class};
    for (int i = 0; i < 3; i++) {
        t->vm->context_classes[i] = native_class_new(t, defs[i], "_contextvars", NULL);
        t->vm->context_classes[i]->flags &= ~(uint32_t)CLASS_BASE_ALLOWED;
    }
    Class *missing = native_class_new(t, &missing_class, "_contextvars", NULL);
    Value object = object_value(object_new(t, missing, 0));
    dict_set_str(t, t->vm->context_classes[CLASS_TOKEN]->dict, str_intern(t->vm, "MISSING", 7),
                 object);
    heap_add_marker(&t->vm->heap, shade_contexts, t->vm);
}

void context_publish(Thread *t, Module *module) {
    if (!t->vm->context_classes[CLASS_CONTEXT]) make_classes(t);
    for (int i = 0; i < 3; i++) {
        Class *cls = t->vm->context_classes[i];
        dict_set_str(t, module->dict, cls->name, object_value(cls));
    }
}
