/* SPDX-License-Identifier: MIT */
/*
 * The class Pickler: the memo and the callbacks that live as long as it does, and dump().
 *
 * A subclass takes part by the methods persistent_id and reducer_override, and by an attribute
 * dispatch_table. The memo outlives a dump(), so that a second one refers to what the first wrote.
 *
 * Read next: stdlib/pickle_save.c, stdlib/unpickler.c.
 */
#include <stdlib.h>

#include "stdlib/pickle_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* The attribute [name] of [self], VALUE_NONE when there is none. */
static Value optional_attribute(Thread *t, Value self, const char *name) {
    Value v = value_getattr_or_unset(t, self, str_intern(t->vm, name, strlen(name)));
    return v == VALUE_UNSET ? VALUE_NONE : v;
}

Pickler *pickler_new(Thread *t, Class *cls) {
    Pickler *p = object_new(t, cls, 0);
    p->write = p->dispatch_table = p->persistent_id = VALUE_NONE;
    p->reducer_override = p->buffer_callback = p->kept = VALUE_NONE;
    p->kept = object_value(list_new(t, 0));
    p->frame = SIZE_MAX;
    return p;
}

bool pickler_set_protocol(Thread *t, Pickler *p, Value protocol, Value fix_imports) {
    int64_t number = PICKLE_DEFAULT;
    if (protocol != VALUE_NONE && !arg_int64(t, protocol, &number)) return false;
    if (number > PICKLE_HIGHEST) {
        raise_error(t, EXC_ValueError, "pickle protocol must be <= %d", PICKLE_HIGHEST);
        return false;
    }
    int fix = value_truth(t, fix_imports);
    p->protocol = number < 0 ? PICKLE_HIGHEST : (int)number;
    p->binary = p->protocol > 0;
    p->fix_imports = fix > 0 && p->protocol < 3;
    return fix >= 0;
}

bool pickler_run(Thread *t, Pickler *p, Value v) {
    p->out.size = 0;
    p->out.fallible = true;
    p->out.failed = false;
    p->frame = SIZE_MAX;
    if (p->protocol >= 2) {
        const uint8_t head[] = {PICKLE_PROTO, (uint8_t)p->protocol};
        pickle_put_bytes(p, head, 2);
    }
    pickle_open_frame(p);
    if (!pickle_save(t, p, v)) return false;
    pickle_put(p, PICKLE_STOP);
    pickle_close_frame(p);
    return buffer_fits(t, &p->out);
}

/* ---- methods ---- */

static Value dump(Thread *t, Value *args) {
    Pickler *p = PICKLER(args[0]);
    Value *roots = push_roots(t, 1);
    if (p->write == VALUE_NONE)
        return pickle_raise(t, PICKLING_ERROR, "Pickler.__init__() was not called by %T.__init__()",
                            args[0]);
    Value override = optional_attribute(t, args[0], "reducer_override");
    if (override == VALUE_ERROR) return VALUE_ERROR;
    heap_set(&t->vm->heap, &p->reducer_override, override);
    bool ok = pickler_run(t, p, args[1]);
    heap_set(&t->vm->heap, &p->reducer_override, VALUE_NONE);
    if (!ok) return VALUE_ERROR;
    roots[0] = object_value(bytes_new(t, p->out.data, p->out.size));
    buffer_free(&p->out);
    return call_value(t, p->write, roots, 1) == VALUE_ERROR ? VALUE_ERROR : VALUE_NONE;
}

static Value clear_memo(Thread *t, Value *args) {
    pickle_memo_clear(t, PICKLER(args[0]));
    return VALUE_NONE;
}

static const NativeDef methods[] = {
    {"dump", dump, "(self, obj, /)", "Write obj to the file."},
    {"clear_memo", clear_memo, "(self, /)", "Forget what was written already."},
    {0},
};

/* ---- fields ---- */

/* An attribute that is not there until it is set. */
static Value get_optional(Thread *t, Value v, const char *name) {
    if (v != VALUE_NONE) return v;
    return raise_error(t, EXC_AttributeError, "%s", name);
}

static bool set_callable(Thread *t, Value *field, Value v, const char *name) {
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "attribute deletion is not supported");
    } else if (!value_is_callable(t, v)) {
        raise_error(t, EXC_TypeError, "%s must be a callable taking one argument", name);
    } else {
        heap_set(&t->vm->heap, field, v);
        return true;
    }
    return false;
}

static Value get_persistent_id(Thread *t, Value self) {
    return get_optional(t, PICKLER(self)->persistent_id, "persistent_id");
}
static bool set_persistent_id(Thread *t, Value self, Value v) {
    return set_callable(t, &PICKLER(self)->persistent_id, v, "persistent_id");
}
static Value get_dispatch_table(Thread *t, Value self) {
    return get_optional(t, PICKLER(self)->dispatch_table, "dispatch_table");
}
static bool set_dispatch_table(Thread *t, Value self, Value v) {
    heap_set(&t->vm->heap, &PICKLER(self)->dispatch_table, v == VALUE_UNSET ? VALUE_NONE : v);
    return true;
}
static Value get_fast(Thread *t, Value self) { return (void)t, fixnum(PICKLER(self)->fast); }
static bool set_fast(Thread *t, Value self, Value v) {
    int truth = v == VALUE_UNSET ? 0 : value_truth(t, v);
    PICKLER(self)->fast = truth > 0;
    return truth >= 0;
}
static Value get_bin(Thread *t, Value self) { return (void)t, fixnum(PICKLER(self)->binary); }

/* A dict: id → (number, object). */
static Value get_memo(Thread *t, Value self) {
    Pickler *p = PICKLER(self);
    Value *roots = push_roots(t, 2);
    Dict *dict = dict_new(t);
    roots[0] = object_value(dict);
    for (uint32_t i = 0; p->memo && i <= p->memo_mask; i++) {
        if (!p->memo[i].v) continue;
        Value pair[] = {fixnum(p->memo[i].index), p->memo[i].v};
        roots[1] = object_value(tuple_from(t, pair, 2));
        if (!dict_set(t, dict, int_from_uint64(t, value_id(t->vm, p->memo[i].v)), roots[1]))
            return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return object_value(dict);
}

static bool set_memo(Thread *t, Value self, Value v) {
    if (!is_kind(v, OBJ_DICT)) {
        raise_error(t, EXC_TypeError,
                    "'memo' attribute must be a PicklerMemoProxy object or dict, "
                    "not %T",
                    v);
        return false;
    }
    pickle_memo_clear(t, PICKLER(self));
    uint32_t position = 0;
    Value key, pair;
    while (dict_next(DICT(v), &position, &key, &pair)) {
        if (!is_kind(pair, OBJ_TUPLE) || TUPLE(pair)->size != 2 ||
            !is_fixnum(TUPLE(pair)->items[0])) {
            raise_error(t, EXC_TypeError, "'memo' values must be 2-item tuples");
            return false;
        }
        pickle_memo_add(t, PICKLER(self), TUPLE(pair)->items[1],
                        (uint32_t)fixnum_of(TUPLE(pair)->items[0]));
    }
    return true;
}

static const FieldDef fields[] = {
    {"persistent_id", get_persistent_id, set_persistent_id,
     "A function that gives the id of an object that is kept elsewhere, or None."},
    {"dispatch_table", get_dispatch_table, set_dispatch_table,
     "Reducing functions by class, instead of copyreg's."},
    {"fast", get_fast, set_fast, "Whether nothing is remembered: circles then never end."},
    {"bin", get_bin, NULL, "Whether the protocol is a binary one."},
    {"memo", get_memo, set_memo, "What was written: id to (number, object)."},
    {0},
};

/* ---- making ---- */

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return object_value(pickler_new(t, cls));
}

/* roots: file, protocol, fix_imports, buffer_callback, self. */
static bool set_up(Thread *t, Value *roots) {
    Pickler *p = PICKLER(roots[4]);
    if (!pickler_set_protocol(t, p, roots[1], roots[2])) return false;
    if (roots[3] != VALUE_NONE && p->protocol < 5) {
        raise_error(t, EXC_ValueError, "buffer_callback needs protocol >= 5");
        return false;
    }
    Value write = value_getattr_or_unset(t, roots[0], str_intern(t->vm, "write", 5));
    if (write == VALUE_ERROR) return false;
    if (write == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "file must have a 'write' attribute");
        return false;
    }
    heap_set(&t->vm->heap, &p->write, write);
    heap_set(&t->vm->heap, &p->buffer_callback, roots[3]);
    pickle_memo_clear(t, p);
    Value v = optional_attribute(t, roots[4], "persistent_id");
    if (v == VALUE_ERROR) return false;
    heap_set(&t->vm->heap, &p->persistent_id, v);
    v = optional_attribute(t, roots[4], "dispatch_table");
    if (v != VALUE_ERROR) heap_set(&t->vm->heap, &p->dispatch_table, v);
    return v != VALUE_ERROR;
}

static bool init(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 5);
    roots[4] = self;
    bool ok =
        bind_raw(t, "Pickler", "(file, protocol=None, fix_imports=True, buffer_callback=None)",
                 roots, args, argc, kwnames) &&
        set_up(t, roots);
    pop_roots(t, roots);
    return ok;
}

static void trace(Heap *heap, Object *self) {
    Pickler *p = (Pickler *)self;
    const Value held[] = {p->write,           p->dispatch_table,
                          p->persistent_id,   p->reducer_override,
                          p->buffer_callback, p->kept};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) heap_shade(heap, held[i]);
}

static void finalize(Heap *heap, Object *self) {
    (void)heap;
    free(((Pickler *)self)->memo);
    buffer_free(&((Pickler *)self)->out);
}

static const Slots slots = {.construct = construct, .init = init};
static const NativeClass pickler_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "Pickler",
                                          .slots = &slots,
                                          .methods = methods,
                                          .fields = fields,
                                          .doc = "Pickler(file, protocol=None, fix_imports=True, "
                                                 "buffer_callback=None): writes pickles.",
                                          .size = sizeof(Pickler),
                                          .flags = CLASS_BASE_ALLOWED,
                                          .trace = trace,
                                          .finalize = finalize};

void pickler_class_init(Thread *t, Module *module) {
    stdlib_class(t, CLASS_PICKLER, module, &pickler_class, "_pickle", NULL);
}
