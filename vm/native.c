/* SPDX-License-Identifier: MIT */
/*
 * Native functions, classes and modules: from the rows of a table to objects.
 *
 * A native's signature text is parsed when the function is made; positional calls of simple ones
 * never see it again. Read next: vm/native.h (the contract), vm/signature.c.
 */
#include "vm/native.h"

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/execute.h"
#include "vm/number.h"
#include "vm/signature.h"
#include "vm/str.h"

/* [s] NULL: parse the signature. */
static Value make(Thread *t, const NativeDef *def, Value self, const char *module, Signature *s) {
    Vm *vm = t->vm;
    Native *n = heap_allocate(&vm->heap, sizeof(Native), OBJ_NATIVE, vm->classes[OBJ_NATIVE]);
    const char *name = def->name;
    while (*name == '@') name++;
    n->fn = def->fn;
    n->def = def;
    n->self = self;
    n->name = object_value(str_intern(vm, name, strlen(name)));
    n->module = module ? object_value(str_intern(vm, module, strlen(module))) : VALUE_NONE;
    n->signature = s = s ? s : signature_parse(t, name, def->signature);
    if (module && strcmp(module, "builtins")) s->owner = module;
    n->parameters = (uint16_t)signature_size(s);
    n->simple = !s->has_varkw;
    for (int i = 0; i < s->keyword_only; i++)
        n->simple &= s->defaults[s->positional + i] != VALUE_ERROR;
    n->most = n->simple && !s->has_varargs ? (int16_t)s->positional : -1;
    n->exact = n->most == n->parameters ? n->most : -1;
    for (int i = 0; i < s->positional; i++) n->required += s->defaults[i] == VALUE_ERROR;
    return object_value(n);
}

Value native_new(Thread *t, const NativeDef *def, Value self, const char *module) {
    return make(t, def, self, module, NULL);
}

Value native_callback(Thread *t, const NativeDef *def, Value self) {
    Signature *s = t->vm->callback_signatures;
    while (s && s->callback != def) s = s->next_callback;
    bool known = s != NULL;
    Value native = make(t, def, self, NULL, s);
    if (known) return native;
    s = ((Native *)object_of(native))->signature;
    s->callback = def;
    s->next_callback = t->vm->callback_signatures;
    t->vm->callback_signatures = s;
    return native;
}

Value raise_wrong_self(Thread *t, const Native *native, const Value *args, int argc) {
    const char *name = STR(native->name)->data, *owner = native->owner->name->data;
    if (object_class(&native->header) == t->vm->wrapper_descriptor) {
        if (!argc)
            return raise_error(t, EXC_TypeError, "descriptor '%s' of '%s' object needs an argument",
                               name, owner);
        return raise_error(t, EXC_TypeError,
                           "descriptor '%s' requires a '%s' object but received a '%T'", name,
                           owner, args[0]);
    }
    if (!argc)
        return raise_error(t, EXC_TypeError, "unbound method %s.%s() needs an argument", owner,
                           name);
    return raise_error(t, EXC_TypeError,
                       "descriptor '%s' for '%s' objects doesn't apply to a '%T' object", name,
                       owner, args[0]);
}

/* A method of a class, called without being bound: its first argument must be of that class. */
static bool self_fits(Thread *t, const Native *native, const Value *args, int argc) {
    if (!native->owner || native->self != VALUE_UNSET || native->def->name[0] == '@') return true;
    if (argc && native_takes(t->vm, native, args[0])) return true;
    raise_wrong_self(t, native, args, argc);
    return false;
}

/* A simple native's registers, from positional arguments alone. */
static inline void bind_by_counting(Thread *t, const Native *native, Value *out, const Value *args,
                                    int argc, bool bound) {
    const Signature *s = native->signature;
    int n = 0, i = 0, parameters = s->positional + s->keyword_only;
    if (bound) out[n++] = native->self;
    while (i < argc && n < s->positional) out[n++] = args[i++];
    for (; n < parameters; n++) out[n] = s->defaults[n];
    if (s->has_varargs) out[n] = object_value(tuple_from(t, args + i, (size_t)(argc - i)));
}

/* With no more than defaults to be added behind the arguments. */
static Value call_with_defaults(Thread *t, const Native *native, const Value *args, int argc) {
    Value *top = t->registers_top;
    int n = 0;
    for (; n < argc; n++) top[n] = args[n];
    for (; n < native->parameters; n++) top[n] = native->signature->defaults[n];
    t->registers_top = top + n;
    Value v = native->fn(t, top);
    t->registers_top = top;
    return v;
}

/* With anything. */
static Value call_binding(Thread *t, const Native *native, Value *args, int argc, Tuple *kwnames) {
    Value *top = t->registers_top;
    bool bound = native->self != VALUE_UNSET && native->owner;
    int parameters = native->parameters, total = argc + bound;
    Value *out = top;
    t->registers_top = top + parameters;
    bool ok = self_fits(t, native, args, argc - (kwnames ? (int)kwnames->size : 0));
    if (UNLIKELY(!ok)) {
    } else if (LIKELY(native->simple && !kwnames && total >= native->required &&
                      (total <= native->signature->positional ||
                       (native->signature->has_varargs && native->signature->positional)))) {
        bind_by_counting(t, native, out, args, argc, bound);
    } else if (!bound) {
        ok = bind_arguments(t, native->signature, out, args, argc, kwnames);
    } else {
        Value *shifted = t->registers_top;
        shifted[0] = native->self;
        for (int i = 0; i < argc; i++) shifted[i + 1] = args[i];
        t->registers_top += total;
        ok = bind_arguments(t, native->signature, out, shifted, total, kwnames);
        t->registers_top = top + parameters;
    }
    Value v = ok ? native->fn(t, out) : VALUE_ERROR;
    t->registers_top = top;
    return v;
}

Value native_call(Thread *t, Native *native, Value *args, int argc, Tuple *kwnames) {
    if (UNLIKELY(t->registers_top + native->parameters + argc + 65 > t->registers_end))
        return raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded");
    bool complete = !kwnames && argc >= native->required && argc <= native->most;
    if (complete && (!native->owner ||
                     (native->self == VALUE_UNSET && argc && native_takes(t->vm, native, args[0]))))
        return call_with_defaults(t, native, args, argc);
    return call_binding(t, native, args, argc, kwnames);
}

/* ---- classes ---- */

static Str *interned(Thread *t, const char *text) { return str_intern(t->vm, text, strlen(text)); }

static void put(Thread *t, Class *cls, const char *name, Value v) {
    dict_set_str(t, cls->dict, interned(t, name), v);
}

static void add_method(Thread *t, Class *cls, const NativeDef *def) {
    Value v = native_new(t, def, VALUE_UNSET, NULL);
    Native *native = (Native *)object_of(v);
    native->owner = cls;
    native->signature->owner = cls->name->data;
    const char *name = def->name;
    if (name[0] != '@') object_set_class(&native->header, t->vm->method_descriptor);
    if (name[0] == '@') {
        v = name[1] == '@' ? classmethod_new(t, v) : staticmethod_new(t, v);
        while (*name == '@') name++;
    }
    put(t, cls, name, v);
}

void native_class_extend(Thread *t, Class *cls, const NativeDef *methods) {
    for (; methods->name; methods++) add_method(t, cls, methods);
}

static void fill_class(Thread *t, Class *cls, const NativeClass *def) {
    cls->flags |= def->flags;
    if (def->trace) cls->trace = def->trace;
    if (def->finalize) cls->finalize = def->finalize;
    if (def->doc) cls->doc = object_value(str_from(t, def->doc));
    for (const NativeDef *m = def->methods; m && m->name; m++) add_method(t, cls, m);
    for (const FieldDef *f = def->fields; f && f->name; f++)
        put(t, cls, f->name, member_new(t, cls, interned(t, f->name), f));
    class_publish_slots(t, cls, def->slots);
}

void native_class_init(Thread *t, const NativeClass *def) {
    static const Slots none;
    Class *cls = t->vm->classes[def->kind];
    slots_merge(&cls->slots, def->slots ? def->slots : &none,
                cls->base ? &cls->base->slots : &none);
    if (cls->base && !cls->trace) cls->trace = cls->base->trace;
    if (cls->base && !cls->finalize) cls->finalize = cls->base->finalize;
    fill_class(t, cls, def);
}

Class *native_class_new(Thread *t, const NativeClass *def, const char *module, Class *base) {
    static const Slots none;
    if (!base) base = BUILTIN_CLASS(t, OBJECT);
    Class *cls = class_new_native(t, def->name, module, base, OBJ_NATIVE_DATA, def->size);
    slots_merge(&cls->slots, def->slots ? def->slots : &none, &base->slots);
    fill_class(t, cls, def);
    if ((cls->flags & CLASS_HAS_ATTRIBUTES) && !cls->root_shape) {
        cls->root_shape = shape_new_root(t->vm, cls);
        instance_dict_publish(t, cls);
    }
    return cls;
}

/* ---- modules ---- */

Module *native_module_new(Thread *t, const NativeModule *def) {
    Value *roots = push_roots(t, 1);
    Module *module = module_new(t, interned(t, def->name));
    roots[0] = object_value(module);
    if (def->doc)
        dict_set_str(t, module->dict, NAME_OF(t, __doc__), object_value(str_from(t, def->doc)));
    for (const NativeDef *f = def->functions; f && f->name; f++) {
        Value v = native_new(t, f, roots[0], def->name);
        dict_set_str(t, module->dict, STR(((Native *)object_of(v))->name), v);
    }
    bool ok = !def->init || def->init(t, module);
    pop_roots(t, roots);
    return ok ? module : NULL;
}

/* ---- arguments ---- */

bool arg_int64(Thread *t, Value v, int64_t *out) {
    if (LIKELY(is_fixnum(v))) {
        *out = fixnum_of(v);
        return true;
    }
    v = value_index(t, v);
    if (v == VALUE_ERROR) return false;
    if (int_to_int64(v, out)) return true;
    raise_error(t, EXC_OverflowError, "Python int too large to convert to C ssize_t");
    return false;
}

bool arg_clamped(Thread *t, Value v, int64_t *out) {
    if (LIKELY(is_fixnum(v))) {
        *out = fixnum_of(v);
        return true;
    }
    v = value_index(t, v);
    if (v == VALUE_ERROR) return false;
    if (!int_to_int64(v, out)) *out = int_sign(v) < 0 ? INT64_MIN : INT64_MAX;
    return true;
}

bool arg_int32(Thread *t, Value v, int64_t *out) {
    if (!arg_clamped(t, v, out)) return false;
    if (*out >= INT32_MIN && *out <= INT32_MAX) return true;
    raise_error(t, EXC_OverflowError, "Python int too large to convert to C int");
    return false;
}

bool arg_double(Thread *t, Value v, double *out) {
    if (is_float(v)) {
        *out = float_of(v);
        return true;
    }
    if (!is_int(v)) {
        Class *cls = class_of(t->vm, v);
        if (cls->slots.to_float) v = float_from_slot(t, v);
        else if (cls->slots.index) v = value_index(t, v);
        else v = raise_error(t, EXC_TypeError, "must be real number, not %T", v);
        if (v == VALUE_ERROR) return false;
        if (is_float(v)) {
            *out = float_of(v);
            return true;
        }
    }
    bool overflow = false;
    *out = int_to_double(t, v, &overflow);
    if (overflow) raise_error(t, EXC_OverflowError, "int too large to convert to float");
    return !overflow;
}

bool arg_str(Thread *t, Value v, const char *what, Str **out) {
    if (!is_str(v)) {
        raise_error(t, EXC_TypeError, "%s must be str, not %N", what, v);
        return false;
    }
    *out = STR(v);
    return true;
}
