/* SPDX-License-Identifier: MIT */
/*
 * types.UnionType: `int | None`. Its members are classes and aliases, each once, unions taken
 * apart; a union of one is that one. isinstance() and issubclass() accept it.
 *
 * Read first: vm/generic_alias.h.
 */
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/generic_alias.h"
#include "vm/ops.h"
#include "vm/str.h"

static Tuple *members(Value self) { return TUPLE(GENERIC_ALIAS(self)->args); }

static bool is_unionable(Value v) {
    return v == VALUE_NONE || is_kind(v, OBJ_CLASS) || is_kind(v, OBJ_GENERIC_ALIAS) ||
           is_kind(v, OBJ_UNION_TYPE);
}

/* ---- making ---- */

/* Is [v] in [list] already? Aliases are compared, classes are one object. */
static int contains(Thread *t, const List *list, Value v) {
    for (size_t i = 0; i < list->size; i++) {
        if (list->items[i] == v) return 1;
        if (is_kind(v, OBJ_CLASS) || is_kind(list->items[i], OBJ_CLASS)) continue;
        int same = value_equal(t, list->items[i], v);
        if (same) return same;
    }
    return 0;
}

static bool add(Thread *t, List *list, Value v) {
    if (v == VALUE_NONE) v = object_value(BUILTIN_CLASS(t, NONE));
    if (is_kind(v, OBJ_UNION_TYPE)) {
        for (size_t i = 0; i < members(v)->size; i++) {
            if (!add(t, list, members(v)->items[i])) return false;
        }
        return true;
    }
    int known = contains(t, list, v);
    return known < 0 ? false : known || list_append(t, list, v);
}

/* The union of the items of the list in roots[0]. */
static Value union_of(Thread *t, Value *roots) {
    List *list = LIST(roots[0]);
    if (list->size == 1) return list->items[0];
    Tuple *args = tuple_from(t, list->items, list->size);
    roots[0] = object_value(args);
    Value parameters = generic_alias_parameters(t, args);
    if (parameters == VALUE_ERROR) return VALUE_ERROR;
    GenericAlias *made =
        heap_allocate(&t->vm->heap, sizeof *made, OBJ_UNION_TYPE, BUILTIN_CLASS(t, UNION_TYPE));
    made->origin = VALUE_NONE;
    made->args = roots[0];
    made->parameters = parameters;
    made->unpacked = VALUE_FALSE;
    return object_value(made);
}

Value union_or(Thread *t, Value a, Value b) {
    if (!is_unionable(a) || !is_unionable(b)) return VALUE_NOTIMPLEMENTED;
    Value *roots = push_roots(t, 3);
    List *list = list_new(t, 2);
    roots[0] = object_value(list);
    roots[1] = a;
    roots[2] = b;
    bool ok = add(t, list, a) && add(t, list, b);
    Value made = ok ? union_of(t, roots) : VALUE_ERROR;
    pop_roots(t, roots);
    return made;
}

/* Members may be anything that can be joined once type variables are replaced. */
static Value getitem(Thread *t, Value self, Value key) {
    Value *roots = push_roots(t, 2);
    roots[0] = generic_alias_substitute(t, self, key);
    Value made = roots[0];
    if (made != VALUE_ERROR) {
        made = roots[1] = TUPLE(roots[0])->items[0];
        for (size_t i = 1; made != VALUE_ERROR && i < TUPLE(roots[0])->size; i++)
            made = roots[1] = value_binary(t, BINARY_OR, made, TUPLE(roots[0])->items[i]);
    }
    pop_roots(t, roots);
    return made;
}

/* ---- as a value ---- */

static Value repr(Thread *t, Value self) {
    if (!enter_native(t, " while getting the repr of an object")) return VALUE_ERROR;
    Buffer out = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < members(self)->size; i++) {
        if (i) buffer_puts(&out, " | ");
        ok = generic_alias_text(t, &out, members(self)->items[i]);
    }
    Value text = ok ? object_value(str_from_buffer(t, &out)) : VALUE_ERROR;
    if (!ok) buffer_free(&out);
    leave_native(t);
    return text;
}

static bool hash(Thread *t, Value self, int64_t *out) {
    Value *root = push_roots(t, 1);
    Set *set = set_new(t, true);
    root[0] = object_value(set);
    bool ok = set_update(t, set, GENERIC_ALIAS(self)->args) && value_hash(t, root[0], out);
    pop_roots(t, root);
    return ok;
}

/* Are all members of [a] in [b]? */
static int is_within(Thread *t, Value a, Value b) {
    for (size_t i = 0; i < members(a)->size; i++) {
        int found = value_contains(t, GENERIC_ALIAS(b)->args, members(a)->items[i]);
        if (found <= 0) return found;
    }
    return 1;
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if (!is_kind(b, OBJ_UNION_TYPE) || (op != COMPARE_EQ && op != COMPARE_NE))
        return VALUE_NOTIMPLEMENTED;
    int same = is_within(t, a, b);
    if (same > 0) same = is_within(t, b, a);
    return same < 0 ? VALUE_ERROR : bool_value(same == (op == COMPARE_EQ));
}

static const Slots slots = {
    .repr = repr,
    .hash = hash,
    .compare = compare,
    .getitem = getitem,
    .binary[BINARY_OR] = union_or,
};

/* ---- fields and methods ---- */

static Value get_args(Thread *t, Value self) { return (void)t, GENERIC_ALIAS(self)->args; }
static Value get_parameters(Thread *t, Value self) {
    return (void)t, GENERIC_ALIAS(self)->parameters;
}

static const FieldDef fields[] = {
    {"__args__", get_args, NULL, NULL},
    {"__parameters__", get_parameters, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static bool has_alias(Thread *t, Value self, const char *function) {
    for (size_t i = 0; i < members(self)->size; i++) {
        if (!is_kind(members(self)->items[i], OBJ_GENERIC_ALIAS)) continue;
        raise_error(t, EXC_TypeError, "%s() argument 2 cannot be a parameterized generic",
                    function);
        return true;
    }
    return false;
}

static Value instancecheck(Thread *t, Value *args) {
    if (has_alias(t, args[0], "isinstance")) return VALUE_ERROR;
    int found = value_isinstance(t, args[1], GENERIC_ALIAS(args[0])->args);
    return found < 0 ? VALUE_ERROR : bool_value(found);
}

static Value subclasscheck(Thread *t, Value *args) {
    if (!is_kind(args[1], OBJ_CLASS))
        return raise_error(t, EXC_TypeError, "issubclass() arg 1 must be a class");
    if (has_alias(t, args[0], "issubclass")) return VALUE_ERROR;
    int found = value_issubclass(t, args[1], GENERIC_ALIAS(args[0])->args);
    return found < 0 ? VALUE_ERROR : bool_value(found);
}

static const NativeDef methods[] = {
    {"__instancecheck__", instancecheck, "(self, instance, /)", NULL},
    {"__subclasscheck__", subclasscheck, "(self, cls, /)", NULL},
    {NULL, NULL, NULL, NULL},
};

static const NativeClass class_def = {
    .kind = OBJ_UNION_TYPE,
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "Several types in an annotation, as in int | str.",
};

/* Complete the class of unions. */
void union_type_init(Thread *t) {
    native_class_init(t, &class_def);
    BUILTIN_CLASS(t, UNION_TYPE)->module = object_value(str_from(t, "types"));
}
