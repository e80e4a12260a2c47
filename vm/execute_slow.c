/* SPDX-License-Identifier: MIT */
/*
 * The slow paths of the interpreter loop: name lookup with its errors, unpacking, delegation to
 * arbitrary objects, imports, f-string pieces. One function per instruction that needs one;
 * opcodes.def says what it must do.
 */
#include "vm/execute.h"

#include "common/buffer.h"
#include "vm/exception_fields.h"
#include "vm/generator_methods.h"

bool safepoint(Thread *t) { return thread_poll_slow(t); }

/* ---- names ---- */

Value raise_unbound(Thread *t, const Code *code, uint32_t reg) {
    return raise_error(t, EXC_UnboundLocalError,
                       "cannot access local variable '%S' where it is not associated with a value",
                       object_value(code->register_names[reg]));
}

Value raise_unbound_free(Thread *t, const Code *code, uint32_t index) {
    return raise_error(
        t, EXC_NameError,
        "cannot access free variable '%S' where it is not associated with a value in "
        "enclosing scope",
        object_value(code->capture_names[index]));
}

/* ---- functions ---- */

Function *make_function(Thread *t, Frame *f, Code *code, Value defaults, Value kwdefaults) {
    Function *function = function_new(t, code, f->function->globals);
    if (defaults != VALUE_UNSET) function->defaults = defaults;
    if (kwdefaults != VALUE_UNSET) function->kwdefaults = kwdefaults;
    for (int i = 0; i < code->ncaptures; i++) {
        const Capture *capture = &code->captures[i];
        function->captures[i] = capture->from_register ? CELL(f->registers[capture->index])
                                                       : f->function->captures[capture->index];
    }
    return function;
}

void raise_from_code(Thread *t, Value exception, Value cause) {
    Value *roots = push_roots(t, 2);
    roots[1] = cause;
    Value e = exception_normalize(t, exception);
    if (e != VALUE_ERROR) {
        roots[0] = e;
        if (cause != VALUE_UNSET) {
            Value normal = cause;
            if (cause != VALUE_NONE) {
                if (is_kind(cause, OBJ_CLASS) ? !(CLASS(cause)->flags & CLASS_EXCEPTION)
                                              : !is_kind(cause, OBJ_EXCEPTION)) {
                    raise_error(t, EXC_TypeError,
                                "exception causes must derive from BaseException");
                    pop_roots(t, roots);
                    return;
                }
                normal = exception_normalize(t, cause);
            }
            if (normal == VALUE_ERROR) {
                pop_roots(t, roots);
                return;
            }
            heap_set(&t->vm->heap, &EXCEPTION(e)->cause, normal);
            EXCEPTION(e)->suppress_context = true;
        }
        raise_value(t, e);
    }
    pop_roots(t, roots);
}

/* ---- iteration and unpacking ---- */

static bool raise_unpack_short(Thread *t, int count, int got, bool star) {
    raise_error(t, EXC_ValueError, "not enough values to unpack (expected %s%d, got %d)",
                star ? "at least " : "", count, got);
    return false;
}

static Value unpack_iterator(Thread *t, Value v) {
    Value it = value_iter(t, v);
    if (it == VALUE_ERROR && exception_matches(t, EXC_TypeError) &&
        !class_of(t->vm, v)->slots.iter && !class_of(t->vm, v)->slots.getitem) {
        exception_take(t);
        raise_error(t, EXC_TypeError, "cannot unpack non-iterable %T object", v);
    }
    return it;
}

bool unpack_exact(Thread *t, Value v, Value *out, int count) {
    if (is_kind(v, OBJ_LIST) && object_class(object_of(v)) == BUILTIN_CLASS(t, LIST)) {
        List *list = LIST(v);
        if (list->size < (size_t)count) return raise_unpack_short(t, count, (int)list->size, false);
        if (list->size > (size_t)count) {
            raise_error(t, EXC_ValueError, "too many values to unpack (expected %d)", count);
            return false;
        }
        Value *items = list->items;
        for (int i = 0; i < count; i++) out[i] = items[i];
        return true;
    }
    Value *roots = push_roots(t, 1 + count);
    roots[0] = unpack_iterator(t, v);
    if (roots[0] == VALUE_ERROR) {
        roots[0] = VALUE_UNSET;
        pop_roots(t, roots);
        return false;
    }
    int got = 0;
    Value item = VALUE_DONE;
    while (got < count && (item = value_next(t, roots[0])) != VALUE_ERROR && item != VALUE_DONE)
        roots[1 + got++] = item;
    if (got == count) item = value_next(t, roots[0]);
    else if (item == VALUE_DONE)
        item = raise_unpack_short(t, count, got, false) ? VALUE_DONE : VALUE_ERROR;
    if (item != VALUE_ERROR && item != VALUE_DONE) {
        raise_error(t, EXC_ValueError, "too many values to unpack (expected %d)", count);
        item = VALUE_ERROR;
    }
    if (item == VALUE_DONE) {
        for (int i = 0; i < count; i++) out[i] = roots[1 + i];
    }
    pop_roots(t, roots);
    return item == VALUE_DONE;
}

bool unpack_star(Thread *t, Value v, Value *out, int before, int after) {
    Value *roots = push_roots(t, 2);
    bool ok = false;
    roots[0] = unpack_iterator(t, v);
    if (roots[0] == VALUE_ERROR) {
        roots[0] = VALUE_UNSET;
        goto end;
    }
    List *all = list_new(t, 0);
    roots[1] = object_value(all);
    if (!list_extend(t, all, roots[0])) goto end;
    if (all->size < (size_t)(before + after)) {
        raise_unpack_short(t, before + after, (int)all->size, true);
        goto end;
    }
    size_t middle = all->size - (size_t)(before + after);
    List *rest = list_from(t, all->items + before, middle);
    for (int i = 0; i < before; i++) out[i] = all->items[i];
    out[before] = object_value(rest);
    for (int i = 0; i < after; i++)
        out[before + 1 + i] = all->items[(size_t)before + middle + (size_t)i];
    ok = true;
end:
    pop_roots(t, roots);
    return ok;
}

bool extend_display(Thread *t, List *list, Value iterable) {
    if (list_extend(t, list, iterable)) return true;
    if (exception_matches(t, EXC_TypeError) && !class_of(t->vm, iterable)->slots.iter &&
        !class_of(t->vm, iterable)->slots.getitem) {
        exception_take(t);
        raise_error(t, EXC_TypeError, "Value after * must be an iterable, not %T", iterable);
    }
    return false;
}

bool update_display(Thread *t, Dict *dict, Value mapping) {
    if (is_kind(mapping, OBJ_DICT)) return dict_update(t, dict, mapping);
    Value keys = value_getattr_or_unset(t, mapping, NAME_OF(t, keys));
    if (keys == VALUE_ERROR) return false;
    if (keys == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "'%T' object is not a mapping", mapping);
        return false;
    }
    return dict_update(t, dict, mapping);
}

/* ---- calls ---- */

/* "module.f()" for error messages about a callee, "f()" for a built-in one; what has no qualified
 * name is shown as str() shows it. NULL: raised. */
static Str *callee_text(Thread *t, Value callee) {
    Value *roots = push_roots(t, 2);
    Str *text = NULL;
    roots[0] = value_getattr_or_unset(t, callee, NAME_OF(t, __qualname__));
    if (roots[0] == VALUE_ERROR) goto end;
    if (roots[0] == VALUE_UNSET) {
        text = value_str(t, callee);
        goto end;
    }
    roots[1] = value_getattr_or_unset(t, callee, NAME_OF(t, __module__));
    if (roots[1] == VALUE_ERROR) goto end;
    bool shown = is_str(roots[1]) && strcmp(STR(roots[1])->data, "builtins") != 0;
    text = shown ? str_format(t, "%S.%S()", roots[1], roots[0]) : str_format(t, "%S()", roots[0]);
end:
    pop_roots(t, roots);
    return text;
}

/* Raises TypeError: what the callee is called, and [format] with a %S for that and then [v]. */
static void raise_about_callee(Thread *t, const char *format, Value callee, Value v) {
    Value *roots = push_roots(t, 2);
    roots[0] = callee;
    roots[1] = v;
    Str *text = callee_text(t, callee);
    if (text) raise_error(t, EXC_TypeError, format, object_value(text), v);
    pop_roots(t, roots);
}

bool merge_keywords(Thread *t, Dict *into, Value mapping, Value callee) {
    Value *roots = push_roots(t, 1);
    bool ok = false;
    if (!is_kind(mapping, OBJ_DICT)) {
        Value keys = value_getattr_or_unset(t, mapping, NAME_OF(t, keys));
        if (keys == VALUE_ERROR) goto end;
        if (keys == VALUE_UNSET) {
            raise_about_callee(t, "%S argument after ** must be a mapping, not %T", callee,
                               mapping);
            goto end;
        }
        Dict *copy = dict_new(t);
        roots[0] = object_value(copy);
        if (!dict_update(t, copy, mapping)) goto end;
        mapping = roots[0];
    }
    uint32_t position = 0;
    Value key, v;
    while (dict_next(DICT(mapping), &position, &key, &v)) {
        if (!is_str(key)) {
            raise_error(t, EXC_TypeError, "keywords must be strings");
            goto end;
        }
        if (dict_get_str(t, into, STR(key)) != VALUE_UNSET) {
            raise_about_callee(t, "%S got multiple values for keyword argument '%S'", callee, key);
            goto end;
        }
        dict_set_str(t, into, STR(key), v);
    }
    ok = true;
end:
    pop_roots(t, roots);
    return ok;
}

/* Move the registers of the frame just pushed down to [base], over the arguments it has taken. */
static void lower_frame(Thread *t, Value *base) {
    Frame *frame = t->frames_top - 1;
    size_t count = frame_code(frame)->nregisters;
    memmove(base, frame->registers, count * sizeof(Value));
    frame->registers = base;
    t->registers_top = base + count;
}

/* The argument of a call's only * as a list; NULL raised. */
static List *star_arguments(Thread *t, Value callee, Value arguments) {
    List *list = list_from_iterable(t, arguments);
    Class *cls = class_of(t->vm, arguments);
    if (!list && exception_matches(t, EXC_TypeError) && !cls->slots.iter && !cls->slots.getitem) {
        exception_take(t);
        raise_about_callee(t, "%S argument after * must be an iterable, not %T", callee, arguments);
    }
    return list;
}

/* A list or tuple whose class iterates over it as they do? */
static bool has_plain_items(Thread *t, Value v) {
    if (!is_kind(v, OBJ_LIST) && !is_kind(v, OBJ_TUPLE)) return false;
    Object *object = object_of(v);
    return object_class(object)->slots.iter == t->vm->classes[object_kind(object)]->slots.iter;
}

Value call_ex(Thread *t, Value callee, Value arguments, Value kwargs, CallStart *start) {
    *start = CALL_FAILED;
    if (!has_plain_items(t, arguments)) {
        List *list = star_arguments(t, callee, arguments);
        if (!list) return VALUE_ERROR;
        arguments = object_value(list);
    }
    Value *items = is_kind(arguments, OBJ_LIST) ? LIST(arguments)->items : TUPLE(arguments)->items;
    size_t count = is_kind(arguments, OBJ_LIST) ? LIST(arguments)->size : TUPLE(arguments)->size;
    size_t named = kwargs == VALUE_UNSET ? 0 : DICT(kwargs)->used;
    if (t->registers_top + count + named + 16 > t->registers_end) {
        return raise_error(t, EXC_RecursionError, "too many arguments for the register stack");
    }
    Value *roots = push_roots(t, (int)(count + named) + 1);
    for (size_t i = 0; i < count; i++) roots[1 + i] = items[i];
    Tuple *kwnames = NULL;
    if (named) {
        kwnames = tuple_new(t, named);
        roots[0] = object_value(kwnames);
        uint32_t position = 0;
        Value key, v;
        for (size_t n = 0; dict_next(DICT(kwargs), &position, &key, &v); n++) {
            kwnames->items[n] = object_value(str_intern_value(t->vm, STR(key)));
            roots[1 + count + n] = v;
        }
    }
    Value result = VALUE_ERROR;
    *start = call_begin(t, callee, roots + 1, (int)(count + named), kwnames, &result);
    if (*start == CALL_FRAME || *start == CALL_INIT) lower_frame(t, roots);
    else pop_roots(t, roots);
    return result;
}

/* ---- special methods, formatting ---- */

bool load_special(Thread *t, Value v, Str *name, int which, Value *out) {
    Class *cls = class_of(t->vm, v);
    Value method = class_lookup(t, cls, name);
    if (method == VALUE_UNSET) {
        static const char *const messages[] = {
            "'%T' object does not support the context manager protocol",
            "'%T' object does not support the context manager protocol (missed __exit__ method)",
            "'%T' object does not support the asynchronous context manager protocol",
            "'%T' object does not support the asynchronous context manager protocol (missed "
            "__aexit__ method)"};
        raise_error(t, EXC_TypeError, messages[which], v);
        return false;
    }
    if (is_kind(method, OBJ_FUNCTION) ||
        (is_kind(method, OBJ_NATIVE) && ((Native *)object_of(method))->self == VALUE_UNSET)) {
        out[1] = v;
        out[0] = method;
        return true;
    }
    Value bound = attribute_bind(t, method, v, object_value(cls));
    if (bound == VALUE_ERROR) return false;
    out[0] = VALUE_UNSET;
    out[1] = bound;
    return true;
}

Value format_value(Thread *t, Value v, int conversion, Value spec) {
    Str *text = NULL;
    switch (conversion) {
    case 's': text = value_str(t, v); break;
    case 'r': text = value_repr(t, v); break;
    case 'a': text = value_ascii(t, v); break;
    default:
        if (spec == VALUE_UNSET && is_str(v) && object_class(object_of(v)) == BUILTIN_CLASS(t, STR))
            return v;
        text = value_format(t, v, spec == VALUE_UNSET ? t->vm->empty_str : STR(spec));
        return text ? object_value(text) : VALUE_ERROR;
    }
    if (!text) return VALUE_ERROR;
    if (spec == VALUE_UNSET) return object_value(text);
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(text);
    text = value_format(t, roots[0], STR(spec));
    pop_roots(t, roots);
    return text ? object_value(text) : VALUE_ERROR;
}

Value build_string(Thread *t, const Value *items, int count) {
    Buffer buffer = {.fallible = true};
    for (int i = 0; i < count; i++)
        buffer_append(&buffer, STR(items[i])->data, STR(items[i])->size);
    return object_value(str_from_buffer(t, &buffer));
}

bool print_expression(Thread *t, Value v) {
    Value sys = dict_get_str(t, t->vm->modules, NAME_OF(t, sys));
    if (sys == VALUE_UNSET) {
        raise_error(t, EXC_RuntimeError, "lost sys module");
        return false;
    }
    Value hook = value_getattr(t, sys, NAME_OF(t, displayhook));
    return hook != VALUE_ERROR && call_value(t, hook, &v, 1) != VALUE_ERROR;
}

/* ---- delegation to what is no linked generator ---- */

Value get_yield_from_iter(Thread *t, Value v, const Code *code) {
    if (is_kind(v, OBJ_COROUTINE)) {
        if (code->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE)) return v;
        return raise_error(t, EXC_TypeError,
                           "cannot 'yield from' a coroutine object in a non-coroutine generator");
    }
    if (is_native_coroutine(v) && !native_coroutine_check(t, NATIVE_COROUTINE(v)))
        return VALUE_ERROR;
    if (is_future(v)) return v;
    Value it = value_iter(t, v);
    return it == VALUE_ERROR ? it : generator_unwrapped(it);
}

Value get_awaitable(Thread *t, Value v, int context) {
    if (is_kind(v, OBJ_COROUTINE)) {
        Generator *g = GENERATOR(v);
        if (g->parent || generator_awaiting(g) != VALUE_NONE) {
            return raise_error(t, EXC_RuntimeError, "coroutine is being awaited already");
        }
        return v;
    }
    if (is_native_coroutine(v) && !native_coroutine_check(t, NATIVE_COROUTINE(v)))
        return VALUE_ERROR;
    if (is_future(v)) return v;
    if (is_kind(v, OBJ_GENERATOR) &&
        (frame_code(&GENERATOR(v)->frame)->flags & CODE_ITERABLE_COROUTINE))
        return v;
    Class *cls = class_of(t->vm, v);
    if (!cls->slots.await) {
        static const char *const where[] = {
            "object %T can't be used in 'await' expression",
            "'async with' received an object from __aenter__ that does not implement __await__: %T",
            "'async with' received an object from __aexit__ that does not implement __await__: %T"};
        return raise_error(t, EXC_TypeError, where[context], v);
    }
    Value it = cls->slots.await(t, v);
    if (it == VALUE_ERROR) return it;
    if (is_kind(it, OBJ_COROUTINE))
        return raise_error(t, EXC_TypeError, "__await__() returned a coroutine");
    if (!class_of(t->vm, it)->slots.next && !is_generator_kind(it) && !is_future(it)) {
        return raise_error(t, EXC_TypeError, "__await__() returned non-iterator of type '%T'", it);
    }
    return generator_unwrapped(it); /* linked with it, delegation costs nothing */
}

Value get_aiter(Thread *t, Value v) {
    Class *cls = class_of(t->vm, v);
    if (!cls->slots.aiter) {
        return raise_error(t, EXC_TypeError,
                           "'async for' requires an object with __aiter__ method, got %T", v);
    }
    Value it = cls->slots.aiter(t, v);
    if (it == VALUE_ERROR || class_of(t->vm, it)->slots.anext) return it;
    return raise_error(t, EXC_TypeError,
                       "'async for' received an object from __aiter__ that does not implement "
                       "__anext__: %T",
                       it);
}

Value get_anext(Thread *t, Value iterator) {
    Value awaitable = class_of(t->vm, iterator)->slots.anext(t, iterator);
    if (awaitable == VALUE_ERROR) return awaitable;
    Value *roots = push_roots(t, 1);
    roots[0] = awaitable;
    Value it = get_awaitable(t, awaitable, 0);
    if (it == VALUE_ERROR) {
        Value cause = exception_take(t);
        raise_error(t, EXC_TypeError, "'async for' received an invalid object from __anext__: %T",
                    awaitable);
        heap_set(&t->vm->heap, &EXCEPTION(t->exception)->cause, cause);
        heap_set(&t->vm->heap, &EXCEPTION(t->exception)->context, cause);
        EXCEPTION(t->exception)->suppress_context = true;
    }
    pop_roots(t, roots);
    return it;
}

Value send_to_iterator(Thread *t, Value delegate, Value v) {
    if (v == VALUE_NONE) return value_next(t, delegate);
    Value r = call_method(t, delegate, NAME_OF(t, send), &v, 1);
    if (r != VALUE_ERROR || !exception_matches(t, EXC_StopIteration)) return r;
    Value e = exception_take(t);
    t->done_value = EXCEPTION(e)->value;
    return VALUE_DONE;
}

Value send_generic(Thread *t, Value delegate, Value v) {
    const Generator *self = t->frame->generator;
    Value lent = generator_lent_handling(self);
    if (LIKELY(!lent)) return send_to_iterator(t, delegate, v);
    Value *roots = push_roots(t, 1);
    roots[0] = t->handling;
    t->handling = lent;
    v = send_to_iterator(t, delegate, v);
    t->handling = roots[0];
    pop_roots(t, roots);
    return v;
}

/* ---- imports ---- */

/* The package that relative imports of [f]'s module start from. */
static Value current_package(Thread *t, Function *f) {
    Value package = dict_get_str(t, f->globals, NAME_OF(t, __package__));
    if (package != VALUE_UNSET && package != VALUE_NONE) return package;
    Value name = dict_get_str(t, f->globals, NAME_OF(t, __name__));
    if (name == VALUE_UNSET || !is_str(name)) return VALUE_UNSET;
    if (dict_get_str(t, f->globals, NAME_OF(t, __path__)) != VALUE_UNSET) return name;
    const char *dot = strrchr(STR(name)->data, '.');
    return dot ? object_value(str_new(t, STR(name)->data, (size_t)(dot - STR(name)->data)))
               : VALUE_UNSET;
}

/* The absolute name of a relative import; NULL raised. */
static Str *resolve_relative(Thread *t, Function *f, Str *name, int level) {
    Value package = current_package(t, f);
    if (package == VALUE_UNSET || !is_str(package) || !STR(package)->size) {
        raise_error(t, EXC_ImportError, "attempted relative import with no known parent package");
        return NULL;
    }
    size_t size = STR(package)->size;
    const char *text = STR(package)->data;
    for (int i = 1; i < level; i++) {
        while (size && text[size - 1] != '.') size--;
        if (!size) {
            raise_error(t, EXC_ImportError, "attempted relative import beyond top-level package");
            return NULL;
        }
        size--;
    }
    Buffer buffer = {0};
    buffer_append(&buffer, text, size);
    if (name->size) {
        buffer_putc(&buffer, '.');
        buffer_append(&buffer, name->data, name->size);
    }
    return str_from_buffer(t, &buffer);
}

/* Is the module that was not found this one, and not another that it imports? */
static bool says_missing(Thread *t, const Str *module) {
    Value name = exception_field_or_none(t->exception, IMPORT_ERROR_NAME);
    return is_str(name) && str_equal(STR(name), module);
}

/* For each name in a fromlist that the package has no attribute for, import the submodule of that
 * name. */
static bool import_submodules(Thread *t, Value module, Value fromlist) {
    if (!is_kind(module, OBJ_MODULE)) return true;
    Value path = dict_get_str(t, MODULE(module)->dict, NAME_OF(t, __path__));
    if (path == VALUE_UNSET) return true;
    Tuple *names = TUPLE(fromlist);
    Value *roots = push_roots(t, 2);
    roots[0] = module;
    roots[1] = fromlist;
    bool ok = true;
    for (size_t i = 0; ok && i < names->size; i++) {
        Str *name = STR(names->items[i]);
        if (name->size == 1 && name->data[0] == '*') continue;
        Value found = value_getattr_or_unset(t, module, name);
        if (found == VALUE_ERROR) ok = false;
        if (found != VALUE_UNSET) continue;
        Str *full = str_format(t, "%S.%S", MODULE(module)->name, object_value(name));
        if (t->vm->hooks.import_module(t, full) == VALUE_ERROR) {
            ok = exception_matches(t, EXC_ModuleNotFoundError) && says_missing(t, full);
            if (ok) exception_take(t);
        }
    }
    pop_roots(t, roots);
    return ok;
}

Value import_name(Thread *t, Function *f, Str *name, Value fromlist, int level) {
    Value *roots = push_roots(t, 3);
    roots[0] = fromlist;
    Value module = VALUE_ERROR;
    Str *full = level ? resolve_relative(t, f, name, level) : name;
    if (!full) goto end;
    roots[1] = object_value(full);
    module = t->vm->hooks.import_module(t, full);
    if (module == VALUE_ERROR) goto end;
    roots[2] = module;
    if (fromlist != VALUE_NONE) {
        if (!import_submodules(t, module, fromlist)) module = VALUE_ERROR;
    } else { /* `import a.b.c` binds a */
        const char *dot = memchr(full->data, '.', full->size);
        if (dot)
            module =
                t->vm->hooks.import_module(t, str_new(t, full->data, (size_t)(dot - full->data)));
    }
end:
    pop_roots(t, roots);
    return module;
}

Value import_from(Thread *t, Value module, Str *name) {
    Value v = value_getattr_or_unset(t, module, name);
    if (v != VALUE_UNSET) return v;
    Value module_name = VALUE_UNSET, file = VALUE_UNSET;
    if (is_kind(module, OBJ_MODULE)) {
        module_name = dict_get_str(t, MODULE(module)->dict, NAME_OF(t, __name__));
        file = dict_get_str(t, MODULE(module)->dict, NAME_OF(t, __file__));
    }
    if (module_name == VALUE_UNSET)
        module_name = object_value(str_from(t, "<unknown module name>"));
    if (is_str(module_name)) { /* a submodule that is being imported */
        Str *full = str_format(t, "%S.%S", module_name, object_value(name));
        v = dict_get_str(t, t->vm->modules, full);
        if (v != VALUE_UNSET) return v;
    }
    bool known = file != VALUE_UNSET && is_str(file);
    Value where = known ? file : object_value(str_from(t, "unknown location"));
    bool circular = is_kind(module, OBJ_MODULE) && MODULE(module)->initializing;
    raise_error(t, EXC_ImportError,
                circular ? "cannot import name '%S' from partially initialized module '%S' "
                           "(most likely due to a circular import) (%S)"
                         : "cannot import name '%S' from '%S' (%S)",
                object_value(name), module_name, where);
    exception_set_field(t, t->exception, IMPORT_ERROR_NAME, module_name);
    exception_set_field(t, t->exception, IMPORT_ERROR_PATH,
                        file == VALUE_UNSET ? VALUE_NONE : file);
    exception_set_field(t, t->exception, IMPORT_ERROR_NAME_FROM, object_value(name));
    return VALUE_ERROR;
}

static bool bind_imported(Thread *t, Function *f, Value names, Str *name, Value v) {
    if (names != VALUE_UNSET) return value_setitem(t, names, object_value(name), v);
    dict_set_str(t, f->globals, name, v);
    return true;
}

bool import_star(Thread *t, Function *f, Value names, Value module) {
    Value *roots = push_roots(t, 2);
    roots[0] = module;
    bool ok = false;
    Value all = value_getattr_or_unset(t, module, NAME_OF(t, __all__));
    if (all == VALUE_ERROR) goto end;
    if (all != VALUE_UNSET) {
        List *list = list_from_iterable(t, all);
        if (!list) goto end;
        roots[1] = object_value(list);
        for (size_t i = 0; i < list->size; i++) {
            Value v = is_str(list->items[i])
                          ? value_getattr(t, module, STR(list->items[i]))
                          : raise_error(t, EXC_TypeError, "Item in __all__ must be str, not %T",
                                        list->items[i]);
            if (v == VALUE_ERROR || !bind_imported(t, f, names, STR(list->items[i]), v)) goto end;
        }
    } else if (is_kind(module, OBJ_MODULE)) {
        uint32_t position = 0;
        Value key, v;
        while (dict_next(MODULE(module)->dict, &position, &key, &v)) {
            if (STR(key)->data[0] == '_') continue;
            if (!bind_imported(t, f, names, STR(key), v)) goto end;
        }
    }
    ok = true;
end:
    pop_roots(t, roots);
    return ok;
}
