/* SPDX-License-Identifier: MIT */
/*
 * Calling anything: from the interpreter loop (call_begin, which leaves Tulip functions to the
 * loop) and from C (call_value and friends, which run them to their end).
 *
 * Read next: vm/signature.c (how arguments meet parameters), vm/instructions/calls.h (the fast
 * paths).
 */
#include <stdlib.h>

#include "vm/execute.h"

enum { SMALL_CALL = 32 };

static CallStart done(Value v, Value *result) {
    *result = v;
    return v == VALUE_ERROR ? CALL_FAILED : CALL_DONE;
}

/* The code of a class body, or of exec() in a function of its own: the argument is the namespace of
 * its names, the globals if there is none. */
static CallStart begin_body(Thread *t, Function *f, const Value *args, int argc, Tuple *kwnames) {
    if (argc > 1 || kwnames) {
        raise_error(t, EXC_TypeError, "%S() takes no arguments (%d given)", f->name, argc);
        return CALL_FAILED;
    }
    Frame *frame = frame_push(t, f, 0);
    if (!frame) return CALL_FAILED;
    frame->registers[0] = argc ? args[0] : object_value(f->globals);
    return CALL_FRAME;
}

static CallStart begin_function(Thread *t, Function *f, Value *args, int argc, Tuple *kwnames,
                                Value *result) {
    Code *code = f->code;
    if (code->flags & (CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR)) {
        return done(generator_from_call(t, f, args, argc, kwnames), result);
    }
    if (UNLIKELY(code->flags & CODE_NAME_MODE)) return begin_body(t, f, args, argc, kwnames);
    Frame *frame = frame_push(t, f, 0);
    if (!frame) return CALL_FAILED;
    if (!kwnames && argc == code->positional && !code->keyword_only &&
        !(code->flags & (CODE_VARARGS | CODE_VARKW))) {
        for (int i = 0; i < argc; i++) frame->registers[i] = args[i];
    } else if (!bind_function(t, f, frame->registers, args, argc, kwnames)) {
        frame_pop(t, frame);
        return CALL_FAILED;
    }
    return CALL_FRAME;
}

/* callee(self, args…): self is put before the arguments. */
static CallStart begin_with_self(Thread *t, Value callee, Value self, const Value *args, int argc,
                                 Tuple *kwnames, Value *result) {
    Value small[SMALL_CALL];
    Value *shifted = argc < SMALL_CALL ? small : malloc(((size_t)argc + 1) * sizeof(Value));
    if (!shifted) return done(raise_error(t, EXC_MemoryError, "too many arguments"), result);
    shifted[0] = self;
    for (int i = 0; i < argc; i++) shifted[i + 1] = args[i];
    CallStart start;
    if (is_kind(callee, OBJ_FUNCTION))
        start = begin_function(t, FUNCTION(callee), shifted, argc + 1, kwnames, result);
    else if (is_kind(callee, OBJ_NATIVE))
        start =
            done(native_call(t, (Native *)object_of(callee), shifted, argc + 1, kwnames), result);
    else start = done(call_keywords(t, callee, shifted, argc + 1, kwnames), result);
    if (shifted != small) free(shifted);
    return start;
}

/* A plain Tulip class with a Tulip __init__: allocate, and let the loop run __init__. */
static CallStart begin_class(Thread *t, Class *cls, Value *args, int argc, Tuple *kwnames,
                             Value *result) {
    bool plain = (cls->flags & CLASS_PLAIN_NEW) && !(cls->flags & CLASS_ABSTRACT) &&
                 cls->kind == OBJ_OBJECT &&
                 object_class(&cls->header)->slots.call == BUILTIN_CLASS(t, CLASS)->slots.call;
    if (plain) {
        Value init = class_lookup(t, cls, NAME_OF(t, __init__));
        if (is_kind(init, OBJ_FUNCTION) &&
            !(FUNCTION(init)->code->flags &
              (CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR))) {
            if (FUNCTION(init)->code->flags & CODE_SIMPLE) { /* from now on the loop does it */
                cls->init = FUNCTION(init);
                cls->init_key = cls->key;
            }
            Value self = object_value(instance_new(t, cls));
            CallStart start = begin_with_self(t, init, self, args, argc, kwnames, result);
            *result = self;
            return start == CALL_FRAME ? CALL_INIT : start;
        }
    }
    return done(object_class(&cls->header)->slots.call(t, object_value(cls), args, argc, kwnames),
                result);
}

CallStart call_begin(Thread *t, Value callee, Value *args, int argc, Tuple *kwnames,
                     Value *result) {
    if (!is_object(callee)) goto generic;
    Object *object = object_of(callee);
    switch (object_kind(object)) {
    case OBJ_FUNCTION: return begin_function(t, (Function *)object, args, argc, kwnames, result);
    case OBJ_NATIVE: return done(native_call(t, (Native *)object, args, argc, kwnames), result);
    case OBJ_METHOD: {
        Method *method = (Method *)object;
        return begin_with_self(t, method->function, method->self, args, argc, kwnames, result);
    }
    case OBJ_CLASS: return begin_class(t, (Class *)object, args, argc, kwnames, result);
    case OBJ_OBJECT: { /* instances with a Tulip __call__ run in the loop too */
        Value method = class_lookup(t, object_class(object), NAME_OF(t, __call__));
        if (is_kind(method, OBJ_FUNCTION))
            return begin_with_self(t, method, callee, args, argc, kwnames, result);
        break;
    }
    default: break;
    }
generic:;
    Class *cls = class_of(t->vm, callee);
    if (!cls->slots.call)
        return done(raise_error(t, EXC_TypeError, "'%T' object is not callable", callee), result);
    return done(cls->slots.call(t, callee, args, argc, kwnames), result);
}

/* ---- from C ---- */

bool enter_native(Thread *t, const char *where) {
    char here;
    if (UNLIKELY(t->depth >= t->vm->recursion_limit || &here < t->c_stack_limit)) {
        raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded%s", where);
        return false;
    }
    t->depth++;
    return true;
}

/* Are there C stack and registers for what calls on without entering a frame: methods of methods
 * (each adds an argument), static methods of static methods? Depth is counted by what they end
 * at. */
static bool stacks_remain(Thread *t, int argc) {
    char here;
    if (LIKELY(&here >= t->c_stack_limit && t->registers_end - t->registers_top > argc + 64))
        return true;
    raise_error(t, EXC_RecursionError,
                "maximum recursion depth exceeded while calling a Python object");
    return false;
}

/* A bound method in C, given as many arguments as it wants: what the loop calls most. */
static Value call_bound_native(Thread *t, const Native *native, const Value *args, int argc) {
    Value *roots = push_roots(t, argc + 2);
    roots[0] = object_value(native);
    roots[1] = native->self;
    for (int i = 0; i < argc; i++) roots[i + 2] = args[i];
    Value v = native->fn(t, roots + 1);
    pop_roots(t, roots);
    return v;
}

Value call_keywords(Thread *t, Value callee, const Value *args, int argc, Tuple *kwnames) {
    if (UNLIKELY(!stacks_remain(t, argc))) return VALUE_ERROR;
    if (is_kind(callee, OBJ_NATIVE) && !kwnames) {
        const Native *native = (const Native *)object_of(callee);
        if (native->owner && native->self != VALUE_UNSET && native->exact == argc + 1)
            return call_bound_native(t, native, args, argc);
    }
    Value *top = t->registers_top;
    Value *roots = push_roots(t, argc + 2);
    roots[0] = callee;
    roots[1] = kwnames ? object_value(kwnames) : VALUE_UNSET;
    for (int i = 0; i < argc; i++) roots[i + 2] = args[i];
    Value result;
    CallStart start = call_begin(t, callee, roots + 2, argc, kwnames, &result);
    if (start == CALL_INIT) roots[0] = result;
    if (start == CALL_FRAME || start == CALL_INIT) {
        Frame *frame = t->frames_top - 1;
        if (!enter_native(t, "")) {
            frame_pop(t, frame);
            t->registers_top = top;
            return VALUE_ERROR;
        }
        frame->caller = t->frame;
        Value v = execute(t, frame);
        leave_native(t);
        if (start == CALL_FRAME || v == VALUE_ERROR) {
            result = v;
        } else if (v != VALUE_NONE) {
            result = raise_error(t, EXC_TypeError, "__init__() should return None, not '%T'", v);
        } else {
            result = roots[0];
        }
    }
    t->registers_top = top;
    return start == CALL_FAILED ? VALUE_ERROR : result;
}

Value call_value(Thread *t, Value callee, const Value *args, int argc) {
    return call_keywords(t, callee, args, argc, NULL);
}

Value call_method(Thread *t, Value self, Str *name, const Value *args, int argc) {
    Value *roots = push_roots(t, 2);
    roots[0] = self;
    Value method = value_getattr(t, self, name);
    Value v = VALUE_ERROR;
    if (method != VALUE_ERROR) {
        roots[1] = method;
        v = call_value(t, method, args, argc);
    }
    pop_roots(t, roots);
    return v;
}

Value lookup_special(Thread *t, Value self, Str *name) {
    Class *cls = class_of(t->vm, self);
    Value method = class_lookup(t, cls, name);
    if (method == VALUE_UNSET) return method;
    return attribute_bind(t, method, self, object_value(cls));
}
