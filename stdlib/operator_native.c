/* SPDX-License-Identifier: MIT */
/*
 * operator: the operators as functions, and itemgetter, attrgetter, methodcaller.
 *
 * Read next: vm/ops.c.
 */
#include <string.h>

#include "stdlib/import.h"
#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- operators ---- */

#define BINARY_OP(NAME, OP)                                                                        \
    static Value op_##NAME(Thread *t, Value *args) {                                               \
        return value_binary(t, OP, args[0], args[1]);                                              \
    }                                                                                              \
    static Value op_i##NAME(Thread *t, Value *args) {                                              \
        return value_inplace(t, OP, args[0], args[1]);                                             \
    }
BINARY_OP(add, BINARY_ADD)
BINARY_OP(sub, BINARY_SUB)
BINARY_OP(mul, BINARY_MUL)
BINARY_OP(truediv, BINARY_TRUEDIV)
BINARY_OP(floordiv, BINARY_FLOORDIV)
BINARY_OP(mod, BINARY_MOD)
BINARY_OP(pow, BINARY_POW)
BINARY_OP(lshift, BINARY_LSHIFT)
BINARY_OP(rshift, BINARY_RSHIFT)
BINARY_OP(and, BINARY_AND)
BINARY_OP(or, BINARY_OR)
BINARY_OP(xor, BINARY_XOR)
BINARY_OP(matmul, BINARY_MATMUL)

#define COMPARE_OP(NAME, OP)                                                                       \
    static Value op_##NAME(Thread *t, Value *args) {                                               \
        return value_compare(t, OP, args[0], args[1]);                                             \
    }
COMPARE_OP(lt, COMPARE_LT)
COMPARE_OP(le, COMPARE_LE)
COMPARE_OP(eq, COMPARE_EQ)
COMPARE_OP(ne, COMPARE_NE)
COMPARE_OP(gt, COMPARE_GT)
COMPARE_OP(ge, COMPARE_GE)

#define UNARY_OP(NAME, OP)                                                                         \
    static Value op_##NAME(Thread *t, Value *args) { return value_unary(t, OP, args[0]); }
UNARY_OP(neg, UNARY_NEG)
UNARY_OP(pos, UNARY_POS)
UNARY_OP(invert, UNARY_INVERT)
UNARY_OP(abs, UNARY_ABS)

static Value op_not(Thread *t, Value *args) {
    int truth = value_truth(t, args[0]);
    return truth < 0 ? VALUE_ERROR : bool_value(!truth);
}
static Value op_truth(Thread *t, Value *args) {
    int truth = value_truth(t, args[0]);
    return truth < 0 ? VALUE_ERROR : bool_value(truth);
}
static Value op_is(Thread *t, Value *args) {
    return (void)t, bool_value(value_is(args[0], args[1]));
}
static Value op_is_not(Thread *t, Value *args) {
    return (void)t, bool_value(!value_is(args[0], args[1]));
}
static Value op_index(Thread *t, Value *args) { return value_index(t, args[0]); }
static Value op_getitem(Thread *t, Value *args) { return value_getitem(t, args[0], args[1]); }
static Value op_setitem(Thread *t, Value *args) {
    return value_setitem(t, args[0], args[1], args[2]) ? VALUE_NONE : VALUE_ERROR;
}
static Value op_delitem(Thread *t, Value *args) {
    return value_delitem(t, args[0], args[1]) ? VALUE_NONE : VALUE_ERROR;
}
static Value op_contains(Thread *t, Value *args) {
    int found = value_contains(t, args[0], args[1]);
    return found < 0 ? VALUE_ERROR : bool_value(found);
}

static bool is_sequence(const Thread *t, Value v) {
    return class_of(t->vm, v)->slots.getitem != NULL;
}

static Value op_concat(Thread *t, Value *args) {
    if (!is_sequence(t, args[0]))
        return raise_error(t, EXC_TypeError, "'%T' object can't be concatenated", args[0]);
    return value_binary(t, BINARY_ADD, args[0], args[1]);
}
static Value op_iconcat(Thread *t, Value *args) {
    if (!is_sequence(t, args[0]))
        return raise_error(t, EXC_TypeError, "'%T' object can't be concatenated", args[0]);
    return value_inplace(t, BINARY_ADD, args[0], args[1]);
}

typedef struct Search {
    Value wanted;
    int64_t index, count;
    bool stop_at_first, found;
} Search;

static bool search_item(Thread *t, Value item, void *context) {
    Search *search = context;
    int same = value_equal(t, item, search->wanted);
    if (same < 0) return false;
    if (same) {
        search->count++;
        search->found = true;
        if (search->stop_at_first) return false;
    }
    search->index++;
    return true;
}

static Value op_count_of(Thread *t, Value *args) {
    Search search = {.wanted = args[1]};
    return value_for_each(t, args[0], search_item, &search) ? fixnum(search.count) : VALUE_ERROR;
}

static Value op_index_of(Thread *t, Value *args) {
    Search search = {.wanted = args[1], .stop_at_first = true};
    bool ended = value_for_each(t, args[0], search_item, &search);
    if (search.found) return fixnum(search.index);
    return ended ? raise_error(t, EXC_ValueError, "sequence.index(x): x not in sequence")
                 : VALUE_ERROR;
}

static Value op_length_hint(Thread *t, Value *args) {
    if (!is_int(args[1])) {
        return raise_error(t, EXC_TypeError, "'%T' object cannot be interpreted as an integer",
                           args[1]);
    }
    int64_t guess;
    if (!arg_int64(t, args[1], &guess)) return VALUE_ERROR;
    int64_t hint = value_ask_length_hint(t, args[0], guess);
    return hint < 0 && t->exception != VALUE_UNSET ? VALUE_ERROR : int_from_int64(t, hint);
}

static Value op_call(Thread *t, Value *args) {
    Tuple *rest = TUPLE(args[1]);
    Dict *keywords = DICT(args[2]);
    Value *out = push_roots(t, (int)rest->size + (int)keywords->used + 1);
    memcpy(out, rest->items, rest->size * sizeof(Value));
    Tuple *names = tuple_new(t, keywords->used);
    out[rest->size + keywords->used] = object_value(names);
    uint32_t position = 0;
    size_t n = rest->size, i = 0;
    Value key, v;
    while (dict_next(keywords, &position, &key, &v)) {
        names->items[i++] = key;
        out[n++] = v;
    }
    return call_keywords(t, args[0], out, (int)n, names->size ? names : NULL);
}

/* ---- getters ---- */

typedef struct Getter {
    Object header;
    Value items;    /* tuple: keys; attribute paths (tuples of interned strs); method name and
                       arguments */
    Value keywords; /* methodcaller: dict */
} Getter;

#define GETTER(v) ((Getter *)(uintptr_t)(v))

static Value getter_new(Thread *t, Class *cls, Value items, Value keywords) {
    Getter *g = object_new(t, cls, 0);
    g->items = items;
    g->keywords = keywords;
    return object_value(g);
}

/* The one positional argument of a getter's call. */
static bool one_argument(Thread *t, const char *name, int argc, Tuple *kwnames) {
    if (kwnames && kwnames->size)
        raise_error(t, EXC_TypeError, "%s() takes no keyword arguments", name);
    else if (argc != 1) raise_error(t, EXC_TypeError, "%s expected 1 argument, got %d", name, argc);
    else return true;
    return false;
}

static Value itemgetter_construct(Thread *t, Class *cls, const Value *args, int argc,
                                  Tuple *kwnames) {
    if (kwnames && kwnames->size)
        return raise_error(t, EXC_TypeError, "itemgetter() takes no keyword arguments");
    if (argc < 1) return raise_error(t, EXC_TypeError, "itemgetter expected 1 argument, got 0");
    return getter_new(t, cls, object_value(tuple_from(t, args, (size_t)argc)), VALUE_NONE);
}

static Value itemgetter_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (!one_argument(t, "itemgetter", argc, kwnames)) return VALUE_ERROR;
    Tuple *keys = TUPLE(GETTER(self)->items);
    if (keys->size == 1) return value_getitem(t, args[0], keys->items[0]);
    Value *roots = push_roots(t, 2);
    roots[0] = args[0];
    Tuple *result = tuple_new(t, keys->size);
    roots[1] = object_value(result);
    bool ok = true;
    for (size_t i = 0; ok && i < keys->size; i++) {
        Value v = value_getitem(t, roots[0], keys->items[i]);
        ok = v != VALUE_ERROR;
        if (ok) heap_set(&t->vm->heap, &result->items[i], v);
    }
    pop_roots(t, roots);
    return ok ? object_value(result) : VALUE_ERROR;
}

/* "a.b.c" as a tuple of interned names. */
static Value attribute_path(Thread *t, Str *text) {
    List *names = list_new(t, 1);
    const char *start = text->data;
    for (;;) {
        const char *dot = strchr(start, '.');
        size_t size = dot ? (size_t)(dot - start) : strlen(start);
        list_append(t, names, object_value(str_intern(t->vm, start, size)));
        if (!dot) break;
        start = dot + 1;
    }
    return object_value(tuple_from(t, names->items, names->size));
}

static Value attrgetter_construct(Thread *t, Class *cls, const Value *args, int argc,
                                  Tuple *kwnames) {
    if (kwnames && kwnames->size)
        return raise_error(t, EXC_TypeError, "attrgetter() takes no keyword arguments");
    if (argc < 1) return raise_error(t, EXC_TypeError, "attrgetter expected 1 argument, got 0");
    Tuple *paths = tuple_new(t, (size_t)argc);
    for (int i = 0; i < argc; i++) {
        if (!is_str(args[i]))
            return raise_error(t, EXC_TypeError, "attribute name must be a string");
        paths->items[i] = attribute_path(t, STR(args[i]));
    }
    return getter_new(t, cls, object_value(paths), VALUE_NONE);
}

static Value follow(Thread *t, Value v, Tuple *path) {
    Value *roots = push_roots(t, 1);
    for (size_t i = 0; v != VALUE_ERROR && i < path->size; i++) {
        roots[0] = v;
        v = value_getattr(t, v, STR(path->items[i]));
    }
    pop_roots(t, roots);
    return v;
}

static Value attrgetter_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (!one_argument(t, "attrgetter", argc, kwnames)) return VALUE_ERROR;
    Tuple *paths = TUPLE(GETTER(self)->items);
    if (paths->size == 1) return follow(t, args[0], TUPLE(paths->items[0]));
    Value *roots = push_roots(t, 2);
    roots[0] = args[0];
    Tuple *result = tuple_new(t, paths->size);
    roots[1] = object_value(result);
    bool ok = true;
    for (size_t i = 0; ok && i < paths->size; i++) {
        Value v = follow(t, roots[0], TUPLE(paths->items[i]));
        ok = v != VALUE_ERROR;
        if (ok) heap_set(&t->vm->heap, &result->items[i], v);
    }
    pop_roots(t, roots);
    return ok ? object_value(result) : VALUE_ERROR;
}

static Value methodcaller_construct(Thread *t, Class *cls, const Value *args, int argc,
                                    Tuple *kwnames) {
    int named = kwnames ? (int)kwnames->size : 0, positional = argc - named;
    if (positional < 1)
        return raise_error(t, EXC_TypeError,
                           "methodcaller needs at least one argument, the method name");
    if (!is_str(args[0])) return raise_error(t, EXC_TypeError, "method name must be a string");
    Tuple *items = tuple_from(t, args, (size_t)positional);
    items->items[0] = object_value(str_intern_value(t->vm, STR(args[0])));
    Dict *keywords = dict_new(t);
    for (int i = 0; i < named; i++)
        dict_set_str(t, keywords, STR(kwnames->items[i]), args[positional + i]);
    return getter_new(t, cls, object_value(items), object_value(keywords));
}

static Value methodcaller_call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    if (!one_argument(t, "methodcaller", argc, kwnames)) return VALUE_ERROR;
    Tuple *items = TUPLE(GETTER(self)->items);
    Value *out = push_roots(t, 3);
    out[0] = value_getattr(t, args[0], STR(items->items[0]));
    Value v = VALUE_ERROR;
    if (out[0] != VALUE_ERROR) {
        out[1] = object_value(tuple_from(t, items->items + 1, items->size - 1));
        out[2] = GETTER(self)->keywords;
        v = op_call(t, out);
    }
    pop_roots(t, out);
    return v;
}

static bool is_attrgetter(const Getter *g) {
    for (Class *cls = object_class(&g->header); cls; cls = cls->base) {
        if (!(cls->flags & CLASS_HEAP)) return !strcmp(cls->name->data, "attrgetter");
    }
    return false;
}

/* An attribute path put together again. */
static Value joined_path(Thread *t, Value path) {
    return object_value(str_join(t, t->vm->ascii['.'], TUPLE(path)->items, TUPLE(path)->size));
}

/* (functools.partial(cls, name, **keywords), arguments) */
static Value reduce_partial(Thread *t, Getter *g, Value cls) {
    Value *roots = push_roots(t, 3);
    roots[0] = import_module(t, str_intern(t->vm, "functools", 9));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    roots[0] = value_getattr(t, roots[0], str_intern(t->vm, "partial", 7));
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    Value first[] = {cls, TUPLE(g->items)->items[0]};
    roots[1] = object_value(tuple_from(t, first, 2));
    roots[2] = g->keywords;
    roots[0] = op_call(t, roots);
    if (roots[0] == VALUE_ERROR) return VALUE_ERROR;
    Tuple *items = TUPLE(g->items);
    Value made[] = {roots[0], object_value(tuple_from(t, items->items + 1, items->size - 1))};
    pop_roots(t, roots);
    return object_value(tuple_from(t, made, 2));
}

/* operator.itemgetter(1, 'a') and so on; attribute paths are put together again. */
static Value getter_repr(Thread *t, Value self) {
    Getter *g = GETTER(self);
    Buffer out = {0};
    bool paths = is_attrgetter(g), ok = true;
    buffer_printf(&out, "operator.%s(", object_class(&g->header)->name->data);
    for (size_t i = 0; ok && i < TUPLE(g->items)->size; i++) {
        Value item = TUPLE(g->items)->items[i];
        if (paths) item = joined_path(t, item);
        Str *text = value_repr(t, item);
        ok = text != NULL;
        if (ok) buffer_printf(&out, "%s%s", i ? ", " : "", text->data);
    }
    uint32_t position = 0;
    Value key, v;
    while (ok && g->keywords != VALUE_NONE && dict_next(DICT(g->keywords), &position, &key, &v)) {
        Str *text = value_repr(t, v);
        ok = text != NULL;
        if (ok) buffer_printf(&out, ", %s=%s", STR(key)->data, text->data);
    }
    buffer_putc(&out, ')');
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

/* (class, the arguments it was made with); a methodcaller's keywords go into a partial. */
static Value getter_reduce(Thread *t, Value *args) {
    Getter *g = GETTER(args[0]);
    Value cls = object_value(class_of(t->vm, args[0]));
    Tuple *items = TUPLE(g->items);
    if (g->keywords != VALUE_NONE && DICT(g->keywords)->used) return reduce_partial(t, g, cls);
    Value *roots = push_roots(t, 1);
    Tuple *arguments = tuple_new(t, items->size);
    roots[0] = object_value(arguments);
    bool paths = is_attrgetter(g);
    for (size_t i = 0; i < items->size; i++) {
        Value item = items->items[i];
        arguments->items[i] = paths ? joined_path(t, item) : item;
    }
    Value made[] = {cls, roots[0]};
    pop_roots(t, roots);
    return object_value(tuple_from(t, made, 2));
}

static const NativeDef getter_methods[] = {
    {"__reduce__", getter_reduce, "(self, /)", "State for pickle and copy."},
    {0},
};

#define GETTER_CLASS(NAME, DOC)                                                                    \
    static const Slots NAME##_slots = {                                                            \
        .construct = NAME##_construct, .call = NAME##_call, .repr = getter_repr};                  \
    static const NativeClass NAME##_class = {.kind = OBJ_NATIVE_DATA,                              \
                                             .name = #NAME,                                        \
                                             .slots = &NAME##_slots,                               \
                                             .methods = getter_methods,                            \
                                             .doc = DOC,                                           \
                                             .size = sizeof(Getter),                               \
                                             .flags = CLASS_BASE_ALLOWED,                          \
                                             .trace = stdlib_trace_values}
GETTER_CLASS(itemgetter, "itemgetter(k)(x) is x[k]; with more keys a tuple.");
GETTER_CLASS(attrgetter, "attrgetter('a.b')(x) is x.a.b; with more names a tuple.");
GETTER_CLASS(methodcaller, "methodcaller('m', 1)(x) is x.m(1).");

#define TWO(NAME, FUNCTION, DOC)                                                                   \
    { NAME, op_##FUNCTION, "(a, b, /)", DOC }
#define TWO_(NAME, FUNCTION, DOC)                                                                  \
    { NAME "_", op_##FUNCTION, "(a, b, /)", DOC }
#define ONE(NAME, FUNCTION, DOC)                                                                   \
    { NAME, op_##FUNCTION, "(a, /)", DOC }

static const NativeDef functions[] = {
    TWO("add", add, "a + b"),
    TWO("sub", sub, "a - b"),
    TWO("mul", mul, "a * b"),
    TWO("truediv", truediv, "a / b"),
    TWO("floordiv", floordiv, "a // b"),
    TWO("mod", mod, "a % b"),
    TWO("pow", pow, "a ** b"),
    TWO("lshift", lshift, "a << b"),
    TWO("rshift", rshift, "a >> b"),
    TWO_("and", and, "a & b"),
    TWO_("or", or, "a | b"),
    TWO("xor", xor, "a ^ b"),
    TWO("matmul", matmul, "a @ b"),
    TWO("iadd", iadd, "a += b"),
    TWO("isub", isub, "a -= b"),
    TWO("imul", imul, "a *= b"),
    TWO("itruediv", itruediv, "a /= b"),
    TWO("ifloordiv", ifloordiv, "a //= b"),
    TWO("imod", imod, "a %= b"),
    TWO("ipow", ipow, "a **= b"),
    TWO("ilshift", ilshift, "a <<= b"),
    TWO("irshift", irshift, "a >>= b"),
    TWO("iand", iand, "a &= b"),
    TWO("ior", ior, "a |= b"),
    TWO("ixor", ixor, "a ^= b"),
    TWO("imatmul", imatmul, "a @= b"),
    TWO("lt", lt, "a < b"),
    TWO("le", le, "a <= b"),
    TWO("eq", eq, "a == b"),
    TWO("ne", ne, "a != b"),
    TWO("gt", gt, "a > b"),
    TWO("ge", ge, "a >= b"),
    ONE("neg", neg, "-a"),
    ONE("pos", pos, "+a"),
    ONE("invert", invert, "~a"),
    ONE("inv", invert, "~a"),
    ONE("abs", abs, "abs(a)"),
    ONE("index", index, "a.__index__()"),
    {"not_", op_not, "(a, /)", "not a"},
    {"truth", op_truth, "(a, /)", "Whether a is true."},
    {"is_", op_is, "(a, b, /)", "a is b"},
    {"is_not", op_is_not, "(a, b, /)", "a is not b"},
    TWO("concat", concat, "a + b, of sequences"),
    TWO("iconcat", iconcat, "a += b, of sequences"),
    TWO("contains", contains, "b in a"),
    TWO("getitem", getitem, "a[b]"),
    TWO("delitem", delitem, "del a[b]"),
    {"setitem", op_setitem, "(a, b, c, /)", "a[b] = c"},
    {"countOf", op_count_of, "(a, b, /)", "How often b occurs in a."},
    {"indexOf", op_index_of, "(a, b, /)", "Position of the first b in a."},
    {"length_hint", op_length_hint, "(obj, default=0, /)", "About how many items obj will give."},
    {"call", op_call, "(obj, /, *args, **kwargs)", "obj(*args, **kwargs)"},
    {0},
};

/* Every operator is also there by the name of its method. */
static bool is_operator(const char *name) {
    static const char *const others[] = {"truth",   "is_",     "is_not",
                                         "countOf", "indexOf", "length_hint"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!strcmp(name, others[i])) return false;
    }
    return true;
}

static void add_dunders(Thread *t, Module *m) {
    for (const NativeDef *def = functions; def->name; def++) {
        if (!is_operator(def->name)) continue;
        size_t size = strlen(def->name);
        Buffer dunder = {0};
        buffer_printf(&dunder, "__%.*s__", (int)(size - (def->name[size - 1] == '_')), def->name);
        module_set(t, m, dunder.data, dict_get_str(t, m->dict, str_intern(t->vm, def->name, size)));
        buffer_free(&dunder);
    }
}

/* __all__: the names that do not begin with an underscore. */
static bool set_all(Thread *t, Module *m) {
    List *all = list_new(t, 64);
    uint32_t position = 0;
    Value name, v;
    while (dict_next(m->dict, &position, &name, &v)) {
        if (STR(name)->data[0] != '_' && !list_append(t, all, name)) return false;
    }
    module_set(t, m, "__all__", object_value(all));
    return true;
}

static bool init(Thread *t, Module *m) {
    module_class(t, m, &itemgetter_class, "operator", NULL);
    module_class(t, m, &attrgetter_class, "operator", NULL);
    module_class(t, m, &methodcaller_class, "operator", NULL);
    add_dunders(t, m);
    return set_all(t, m);
}

const NativeModule operator_module = {
    .name = "operator", .doc = "The operators as functions.", .functions = functions, .init = init};
/* The name under which CPython pickles the functions. */
const NativeModule _operator_module = {.name = "_operator",
                                       .doc = "The operators as functions.",
                                       .functions = functions,
                                       .init = init};
