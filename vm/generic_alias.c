/* SPDX-License-Identifier: MIT */
/*
 * types.GenericAlias: `list[int]`. It can be called as the class it was made from, derived from,
 * subscripted again where it has type variables, joined to others with `|`, and gives the class's
 * attributes as its own; isinstance() refuses it.
 *
 * A type variable is what has __typing_subst__; aliases and typing's forms say in __parameters__
 * which they contain.
 *
 * Read next: vm/union_type.c.
 */
#include "vm/generic_alias.h"

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/iterate.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- parts ---- */

static Tuple *args_of(Value self) { return TUPLE(GENERIC_ALIAS(self)->args); }

/* Appends to the list in roots[0] the type variables of roots[1]. */
static bool add_parameters(Thread *t, Value *roots) {
    if (is_kind(roots[1], OBJ_CLASS)) return true;
    Value subst = value_getattr_or_unset(t, roots[1], NAME_OF(t, __typing_subst__));
    if (subst == VALUE_ERROR) return false;
    List *found = LIST(roots[0]);
    if (subst != VALUE_UNSET) {
        for (size_t i = 0; i < found->size; i++) {
            if (found->items[i] == roots[1]) return true;
        }
        return list_append(t, found, roots[1]);
    }
    Value inner = value_getattr_or_unset(t, roots[1], NAME_OF(t, __parameters__));
    if (inner == VALUE_ERROR) return false;
    for (size_t i = 0; is_kind(inner, OBJ_TUPLE) && i < TUPLE(inner)->size; i++) {
        bool known = false;
        for (size_t k = 0; k < found->size; k++) known |= found->items[k] == TUPLE(inner)->items[i];
        if (!known && !list_append(t, found, TUPLE(inner)->items[i])) return false;
    }
    return true;
}

Value generic_alias_parameters(Thread *t, Tuple *args) {
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(list_new(t, 0));
    roots[2] = object_value(args);
    bool ok = true;
    for (size_t i = 0; ok && i < TUPLE(roots[2])->size; i++) {
        roots[1] = TUPLE(roots[2])->items[i];
        ok = add_parameters(t, roots);
    }
    Value made =
        ok ? object_value(tuple_from(t, LIST(roots[0])->items, LIST(roots[0])->size)) : VALUE_ERROR;
    pop_roots(t, roots);
    return made;
}

Value generic_alias_new(Thread *t, Value origin, Value args) {
    if (!is_kind(args, OBJ_TUPLE)) args = object_value(tuple_from(t, &args, 1));
    Value *roots = push_roots(t, 2);
    roots[0] = origin;
    roots[1] = args;
    Value parameters = generic_alias_parameters(t, TUPLE(args));
    GenericAlias *alias = NULL;
    if (parameters != VALUE_ERROR) {
        alias = heap_allocate(&t->vm->heap, sizeof *alias, OBJ_GENERIC_ALIAS,
                              BUILTIN_CLASS(t, GENERIC_ALIAS));
        alias->origin = roots[0];
        alias->args = roots[1];
        alias->parameters = parameters;
        alias->unpacked = VALUE_FALSE;
    }
    pop_roots(t, roots);
    return alias ? object_value(alias) : VALUE_ERROR;
}

Value generic_alias_class_getitem(Thread *t, Value *args) {
    return generic_alias_new(t, args[0], args[1]);
}

/* ---- substitution ---- */

/* [v] with the [items] for the [parameters]. */
static Value substituted(Thread *t, Value v, const Tuple *parameters, const Value *items) {
    for (size_t i = 0; i < parameters->size; i++) {
        if (parameters->items[i] == v) return items[i];
    }
    if (is_kind(v, OBJ_CLASS)) return v;
    Value inner = value_getattr_or_unset(t, v, NAME_OF(t, __parameters__));
    if (inner == VALUE_ERROR) return VALUE_ERROR;
    if (!is_kind(inner, OBJ_TUPLE) || TUPLE(inner)->size == 0) return v;
    Tuple *chosen = tuple_from(t, TUPLE(inner)->items, TUPLE(inner)->size);
    for (size_t i = 0; i < chosen->size; i++) {
        for (size_t k = 0; k < parameters->size; k++) {
            if (parameters->items[k] == chosen->items[i]) {
                chosen->items[i] = items[k];
                break;
            }
        }
    }
    Value *root = push_roots(t, 1);
    root[0] = object_value(chosen);
    Value made = value_getitem(t, v, chosen->size == 1 ? chosen->items[0] : root[0]);
    pop_roots(t, root);
    return made;
}

Value generic_alias_substitute(Thread *t, Value self, Value item) {
    Tuple *parameters = TUPLE(GENERIC_ALIAS(self)->parameters);
    if (parameters->size == 0)
        return raise_error(t, EXC_TypeError, "%R is not a generic class", self);
    Value *roots = push_roots(t, 3);
    roots[0] = self;
    roots[1] = is_kind(item, OBJ_TUPLE) ? item : object_value(tuple_from(t, &item, 1));
    size_t given = TUPLE(roots[1])->size;
    Value result = VALUE_ERROR;
    if (given != parameters->size) {
        raise_error(t, EXC_TypeError, "Too %s arguments for %R; actual %zu, expected %zu",
                    given > parameters->size ? "many" : "few", self, given, parameters->size);
    } else {
        Tuple *made = tuple_from(t, args_of(self)->items, args_of(self)->size);
        roots[2] = result = object_value(made);
        for (size_t i = 0; i < made->size; i++) {
            Value v = substituted(t, made->items[i], parameters, TUPLE(roots[1])->items);
            if (v == VALUE_ERROR) {
                result = VALUE_ERROR;
                break;
            }
            heap_set(&t->vm->heap, &made->items[i], v);
        }
    }
    pop_roots(t, roots);
    return result;
}

static Value alias_getitem(Thread *t, Value self, Value key) {
    Value args = generic_alias_substitute(t, self, key);
    return args == VALUE_ERROR ? VALUE_ERROR
                               : generic_alias_new(t, GENERIC_ALIAS(self)->origin, args);
}

/* ---- text ---- */

static bool put_str(Thread *t, Buffer *out, Value v) {
    Str *text = value_str(t, v);
    if (text) buffer_append(out, text->data, text->size);
    return text != NULL;
}

static bool put_repr(Thread *t, Buffer *out, Value v) {
    Str *text = value_repr(t, v);
    if (text) buffer_append(out, text->data, text->size);
    return text != NULL;
}

/* The class's own name, with its module unless that is builtins. */
static bool put_class_name(Thread *t, Buffer *out, Value v) {
    Value module = value_getattr_or_unset(t, v, NAME_OF(t, __module__));
    if (module == VALUE_ERROR) return false;
    if (is_str(module) && strcmp(STR(module)->data, "builtins") != 0) {
        if (!put_str(t, out, module)) return false;
        buffer_putc(out, '.');
    }
    return put_str(t, out, CLASS(v)->qualname);
}

bool generic_alias_text(Thread *t, Buffer *out, Value v) {
    if (v == VALUE_ELLIPSIS) return buffer_puts(out, "..."), true;
    if (is_kind(v, OBJ_CLASS)) {
        if (CLASS(v) == BUILTIN_CLASS(t, NONE)) return buffer_puts(out, "None"), true;
        return put_class_name(t, out, v);
    }
    if (!is_kind(v, OBJ_LIST)) return put_repr(t, out, v);
    buffer_putc(out, '[');
    for (size_t i = 0; i < LIST(v)->size; i++) {
        if (i) buffer_puts(out, ", ");
        if (!generic_alias_text(t, out, LIST(v)->items[i])) return false;
    }
    buffer_putc(out, ']');
    return true;
}

static bool put_alias(Thread *t, Buffer *out, Value self) {
    const GenericAlias *alias = GENERIC_ALIAS(self);
    if (alias->unpacked == VALUE_TRUE) buffer_putc(out, '*');
    if (!generic_alias_text(t, out, alias->origin)) return false;
    buffer_putc(out, '[');
    Tuple *args = args_of(self);
    if (args->size == 0) buffer_puts(out, "()");
    for (size_t i = 0; i < args->size; i++) {
        if (i) buffer_puts(out, ", ");
        bool none = args->items[i] == object_value(BUILTIN_CLASS(t, NONE));
        if (none) buffer_puts(out, "NoneType");
        else if (!generic_alias_text(t, out, args->items[i])) return false;
    }
    buffer_putc(out, ']');
    return true;
}

static Value alias_repr(Thread *t, Value self) {
    if (!enter_native(t, " while getting the repr of an object")) return VALUE_ERROR;
    Buffer out = {0};
    Value *root = push_roots(t, 1);
    root[0] = self;
    bool ok = put_alias(t, &out, self);
    Value text = ok ? object_value(str_from_buffer(t, &out)) : VALUE_ERROR;
    if (!ok) buffer_free(&out);
    pop_roots(t, root);
    leave_native(t);
    return text;
}

/* ---- as a value ---- */

static bool alias_hash(Thread *t, Value self, int64_t *out) {
    int64_t of_origin, of_args;
    if (!value_hash(t, GENERIC_ALIAS(self)->origin, &of_origin)) return false;
    if (!value_hash(t, GENERIC_ALIAS(self)->args, &of_args)) return false;
    *out = of_origin ^ of_args;
    return true;
}

static Value alias_compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_GENERIC_ALIAS) || (op != COMPARE_EQ && op != COMPARE_NE))
        return VALUE_NOTIMPLEMENTED;
    const GenericAlias *x = GENERIC_ALIAS(a), *y = GENERIC_ALIAS(b);
    int same = x->unpacked == y->unpacked ? value_equal(t, x->origin, y->origin) : 0;
    if (same > 0) same = value_equal(t, x->args, y->args);
    return same < 0 ? VALUE_ERROR : bool_value(same == (op == COMPARE_EQ));
}

static bool is_own_name(const Str *name) {
    static const char *const own[] = {
        "__class__",    "__bases__",         "__origin__",
        "__args__",     "__parameters__",    "__unpacked__",
        "__reduce__",   "__mro_entries__",   "__copy__",
        "__deepcopy__", "__reduce_ex__",     "__typing_unpacked_tuple_args__",
        "__eq__",       "__instancecheck__", "__subclasscheck__",
    };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        if (!strcmp(name->data, own[i])) return true;
    }
    return false;
}

static Value alias_getattr(Thread *t, Value self, Str *name) {
    if (is_own_name(name)) return object_getattr(t, self, name);
    return value_getattr(t, GENERIC_ALIAS(self)->origin, name);
}

/* Instances remember what they were made by, where they can. */
static bool note_class(Thread *t, Value made, Value alias) {
    if (value_setattr(t, made, NAME_OF(t, __orig_class__), alias)) return true;
    if (!exception_matches(t, EXC_AttributeError) && !exception_matches(t, EXC_TypeError))
        return false;
    exception_take(t);
    return true;
}

static Value alias_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    roots[1] = call_keywords(t, GENERIC_ALIAS(self)->origin, args, argc, kwnames);
    Value made = roots[1];
    if (made != VALUE_ERROR && !note_class(t, made, self)) made = VALUE_ERROR;
    pop_roots(t, roots);
    return made;
}

static Value alias_iter(Thread *t, Value self) {
    GenericAlias *starred = heap_allocate(&t->vm->heap, sizeof *starred, OBJ_GENERIC_ALIAS,
                                          BUILTIN_CLASS(t, GENERIC_ALIAS));
    Object header = starred->header;
    *starred = *GENERIC_ALIAS(self);
    starred->header = header;
    starred->unpacked = VALUE_TRUE;
    Value item = object_value(starred);
    return value_iter(t, object_value(tuple_from(t, &item, 1)));
}

static Value alias_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls;
    if (kwnames) return raise_error(t, EXC_TypeError, "GenericAlias() takes no keyword arguments");
    if (argc != 2)
        return raise_error(t, EXC_TypeError, "GenericAlias expected 2 arguments, got %d", argc);
    return generic_alias_new(t, args[0], args[1]);
}

static const Slots slots = {
    .repr = alias_repr,
    .hash = alias_hash,
    .compare = alias_compare,
    .getattr = alias_getattr,
    .getitem = alias_getitem,
    .call = alias_call,
    .iter = alias_iter,
    .construct = alias_construct,
    .binary[BINARY_OR] = union_or,
};

/* ---- fields and methods ---- */

static Value get_origin(Thread *t, Value self) { return (void)t, GENERIC_ALIAS(self)->origin; }
static Value get_args(Thread *t, Value self) { return (void)t, GENERIC_ALIAS(self)->args; }
static Value get_parameters(Thread *t, Value self) {
    return (void)t, GENERIC_ALIAS(self)->parameters;
}
static Value get_unpacked(Thread *t, Value self) { return (void)t, GENERIC_ALIAS(self)->unpacked; }

static const FieldDef fields[] = {
    {"__origin__", get_origin, NULL, NULL},
    {"__args__", get_args, NULL, NULL},
    {"__parameters__", get_parameters, NULL, NULL},
    {"__unpacked__", get_unpacked, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static Value mro_entries(Thread *t, Value *args) {
    return object_value(tuple_from(t, &GENERIC_ALIAS(args[0])->origin, 1));
}

static Value refuse_instance(Thread *t, Value *args) {
    (void)args;
    return raise_error(t, EXC_TypeError,
                       "isinstance() argument 2 cannot be a parameterized generic");
}

static Value refuse_subclass(Thread *t, Value *args) {
    (void)args;
    return raise_error(t, EXC_TypeError,
                       "issubclass() argument 2 cannot be a parameterized generic");
}

static Value reduce(Thread *t, Value *args) {
    Value parts[] = {GENERIC_ALIAS(args[0])->origin, GENERIC_ALIAS(args[0])->args};
    Value pair[] = {object_value(BUILTIN_CLASS(t, GENERIC_ALIAS)),
                    object_value(tuple_from(t, parts, 2))};
    return object_value(tuple_from(t, pair, 2));
}

static const NativeDef methods[] = {
    {"__mro_entries__", mro_entries, "(self, bases, /)", NULL},
    {"__instancecheck__", refuse_instance, "(self, instance, /)", NULL},
    {"__subclasscheck__", refuse_subclass, "(self, cls, /)", NULL},
    {"__reduce__", reduce, "(self, /)", NULL},
    {NULL, NULL, NULL, NULL},
};

static const NativeClass class_def = {
    .kind = OBJ_GENERIC_ALIAS,
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "A class with arguments in brackets, as annotations have it: of list[int], __origin__\n"
           "is list, and __args__ is (int,).",
};

/* Complete the class of aliases. */
void generic_alias_init(Thread *t) {
    native_class_init(t, &class_def);
    BUILTIN_CLASS(t, GENERIC_ALIAS)->module = object_value(str_from(t, "types"));
}
