/* SPDX-License-Identifier: MIT */
/*
 * What Tulip programs see of generators and coroutines: send, throw, close, __next__, the gi_… and
 * cr_… fields, and the frame objects that gi_frame and tracebacks show.
 *
 * send, throw and next on a generator are intrinsics: the interpreter loop resumes without calling
 * these functions; they serve calls from C and the uncommon cases. Read next: vm/generator.c.
 */
#include <stdio.h>

#include "vm/execute.h"
#include "vm/frame_object.h"
#include "vm/generator_methods.h"
#include "vm/made.h"

/* ---- resuming ---- */

/* The value for a caller of send/throw/__next__: a return becomes StopIteration. */
static Value stop_or_value(Thread *t, Value v) {
    return v == VALUE_DONE ? raise_stop_iteration(t) : v;
}

Value generator_method_send(Thread *t, Value *args) {
    return stop_or_value(t, generator_send(t, GENERATOR(args[0]), args[1]));
}

static Value generator_next(Thread *t, Value self) {
    return generator_send(t, GENERATOR(self), VALUE_NONE);
}

Value generator_thrown(Thread *t, Value *args) {
    Value type = args[1], value = args[2], traceback = args[3];
    if (traceback == VALUE_NONE) traceback = VALUE_UNSET;
    if (traceback != VALUE_UNSET && !is_kind(traceback, OBJ_TRACEBACK)) {
        return raise_error(t, EXC_TypeError, "throw() third argument must be a traceback object");
    }
    Value e;
    if (is_kind(type, OBJ_CLASS) && (CLASS(type)->flags & CLASS_EXCEPTION)) {
        if (value != VALUE_UNSET && is_kind(value, OBJ_EXCEPTION) &&
            class_is_subclass(object_class(object_of(value)), CLASS(type))) {
            e = value;
        } else if (value == VALUE_UNSET || value == VALUE_NONE) {
            e = call_value(t, type, NULL, 0);
        } else if (is_kind(value, OBJ_TUPLE)) {
            e = call_value(t, type, TUPLE(value)->items, (int)TUPLE(value)->size);
        } else {
            e = call_value(t, type, &value, 1);
        }
    } else if (is_kind(type, OBJ_EXCEPTION)) {
        if (value != VALUE_UNSET && value != VALUE_NONE) {
            return raise_error(t, EXC_TypeError,
                               "instance exception may not have a separate value");
        }
        e = type;
    } else {
        return raise_error(
            t, EXC_TypeError,
            "exceptions must be classes or instances deriving from BaseException, not %T", type);
    }
    if (e != VALUE_ERROR && !is_kind(e, OBJ_EXCEPTION)) {
        e = raise_error(t, EXC_TypeError,
                        "calling %R should have returned an instance of BaseException, not %T",
                        type, e);
    }
    if (e == VALUE_ERROR) return exception_take(t); /* what went wrong is thrown instead */
    if (e != VALUE_ERROR && traceback != VALUE_UNSET)
        heap_set(&t->vm->heap, &EXCEPTION(e)->traceback, traceback);
    return e;
}

static Value generator_method_throw(Thread *t, Value *args) {
    return stop_or_value(t, generator_throw_arguments(t, GENERATOR(args[0]), args));
}

static Value generator_method_close(Thread *t, Value *args) {
    return generator_close(t, GENERATOR(args[0])) ? VALUE_NONE : VALUE_ERROR;
}

/* ---- fields ---- */

Value generator_get_name(Thread *t, Value self) {
    (void)t;
    return GENERATOR(self)->frame.function->name;
}
Value generator_get_qualname(Thread *t, Value self) {
    (void)t;
    return GENERATOR(self)->frame.function->qualname;
}

/* Names belong to the function; giving a generator its own copies the function. */
static bool set_name_of(Thread *t, Value self, Value v, const char *what, bool qualified) {
    if (!is_str(v)) {
        raise_error(t, EXC_TypeError, "%s must be set to a string object", what);
        return false;
    }
    Frame *frame = &GENERATOR(self)->frame;
    Code *code = frame->function->code;
    Function *copy = function_new(t, code, frame->function->globals);
    for (int i = 0; i < code->ncaptures; i++) copy->captures[i] = frame->function->captures[i];
    copy->name = qualified ? frame->function->name : v;
    copy->qualname = qualified ? v : frame->function->qualname;
    heap_forget(&t->vm->heap, object_value(frame->function));
    frame->function = copy;
    return true;
}
bool generator_set_name(Thread *t, Value self, Value v) {
    return set_name_of(t, self, v, "__name__", false);
}
bool generator_set_qualname(Thread *t, Value self, Value v) {
    return set_name_of(t, self, v, "__qualname__", true);
}

static Value get_running(Thread *t, Value self) {
    (void)t;
    return bool_value(generator_is_running(GENERATOR(self)));
}
static Value get_suspended(Thread *t, Value self) {
    (void)t;
    Generator *g = GENERATOR(self);
    return bool_value((g->state == GEN_SUSPENDED || g->state == GEN_PARKED) &&
                      !generator_is_running(g));
}
Value generator_get_awaiting(Thread *t, Value self) {
    (void)t;
    return generator_awaiting(GENERATOR(self));
}
Value generator_get_code(Thread *t, Value self) {
    (void)t;
    return object_value(GENERATOR(self)->frame.function->code);
}

static Value get_origin(Thread *t, Value self) {
    Generator *g = GENERATOR(self);
    return g->noted ? made_origin(t, &g->header) : VALUE_NONE;
}

Value generator_get_frame(Thread *t, Value self) {
    Generator *g = GENERATOR(self);
    return g->state == GEN_CLOSED ? VALUE_NONE : frame_object_of_generator(t, g);
}

/* ---- the wrapper that coroutine.__await__ returns ---- */

typedef struct CoroutineWrapper {
    Object header;
    Value coroutine;
} CoroutineWrapper;

static Value coroutine_await(Thread *t, Value self) {
    CoroutineWrapper *w = heap_allocate(&t->vm->heap, sizeof *w, OBJ_COROUTINE_WRAPPER,
                                        BUILTIN_CLASS(t, COROUTINE_WRAPPER));
    w->coroutine = self;
    return object_value(w);
}
static Value wrapped(Value wrapper) { return ((CoroutineWrapper *)object_of(wrapper))->coroutine; }
Value generator_unwrapped(Value it) {
    if (!is_kind(it, OBJ_COROUTINE_WRAPPER)) return it;
    return GENERATOR(wrapped(it))->state == GEN_CREATED ? wrapped(it) : it;
}
static Value wrapper_next(Thread *t, Value self) {
    return generator_send(t, GENERATOR(wrapped(self)), VALUE_NONE);
}
static Value wrapper_send(Thread *t, Value *args) {
    args[0] = wrapped(args[0]);
    return generator_method_send(t, args);
}
static Value wrapper_throw(Thread *t, Value *args) {
    args[0] = wrapped(args[0]);
    return generator_method_throw(t, args);
}
static Value wrapper_close(Thread *t, Value *args) {
    args[0] = wrapped(args[0]);
    return generator_method_close(t, args);
}
static void wrapper_trace(Heap *heap, Object *o) {
    heap_shade(heap, ((CoroutineWrapper *)o)->coroutine);
}

/* ---- tables ---- */

static Value iter_self(Thread *t, Value self) {
    (void)t;
    return self;
}

Value generator_repr(Thread *t, Value self) {
    Generator *g = GENERATOR(self);
    const char *kind = g->header.kind == OBJ_COROUTINE   ? "coroutine"
                       : g->header.kind == OBJ_GENERATOR ? "generator"
                                                         : "async_generator";
    char id[32];
    snprintf(id, sizeof id, "0x%012llx", (unsigned long long)value_id(t->vm, self));
    Str *s = str_format(t, "<%s object %S at %s>", kind, g->frame.function->qualname, id);
    return s ? object_value(s) : VALUE_ERROR;
}

static const NativeDef generator_methods[] = {
    {"send", generator_method_send, "(self, value, /)",
     "Resume with value as the result of the yield; return the next yielded value or raise "
     "StopIteration."},
    {"throw", generator_method_throw, "(self, type, value=?, traceback=?, /)",
     "Raise the exception at the yield; return the next yielded value or raise StopIteration."},
    {"close", generator_method_close, "(self, /)",
     "Raise GeneratorExit at the yield, so that cleanup runs."},
    {NULL, NULL, NULL, NULL},
};
static const NativeDef coroutine_methods[] = {
    {"send", generator_method_send, "(self, value, /)",
     "Send value into coroutine: go on with it as the result of the await that waits."},
    {"throw", generator_method_throw, "(self, type, value=?, traceback=?, /)",
     "Raise the exception in coroutine, at the await that waits."},
    {"close", generator_method_close, "(self, /)",
     "Raise GeneratorExit inside coroutine, so that cleanup runs."},
    {NULL, NULL, NULL, NULL},
};
static const FieldDef generator_fields[] = {
    {"__name__", generator_get_name, generator_set_name, "name of the generator"},
    {"__qualname__", generator_get_qualname, generator_set_qualname,
     "qualified name of the generator"},
    {"gi_running", get_running, NULL, "is it executing, or delegating to one that is"},
    {"gi_suspended", get_suspended, NULL, "has it started and is it waiting for a resume"},
    {"gi_frame", generator_get_frame, NULL, "its frame, None when it has finished"},
    {"gi_yieldfrom", generator_get_awaiting, NULL, "what it delegates to, or None"},
    {"gi_code", generator_get_code, NULL, "its code"},
    {NULL, NULL, NULL, NULL},
};
static const FieldDef coroutine_fields[] = {
    {"__name__", generator_get_name, generator_set_name, "name of the coroutine"},
    {"__qualname__", generator_get_qualname, generator_set_qualname,
     "qualified name of the coroutine"},
    {"cr_running", get_running, NULL, "is it executing, or awaiting one that is"},
    {"cr_suspended", get_suspended, NULL, "has it started and is it waiting for a resume"},
    {"cr_frame", generator_get_frame, NULL, "its frame, None when it has finished"},
    {"cr_await", generator_get_awaiting, NULL, "what it awaits, or None"},
    {"cr_code", generator_get_code, NULL, "its code"},
    {"cr_origin", get_origin, NULL, "where it was called, if sys was asked to track that, or None"},
    {NULL, NULL, NULL, NULL},
};
static const NativeDef wrapper_methods[] = {
    {"send", wrapper_send, "(self, value, /)", "Send into the coroutine."},
    {"throw", wrapper_throw, "(self, type, value=?, traceback=?, /)", "Throw into the coroutine."},
    {"close", wrapper_close, "(self, /)", "Close the coroutine."},
    {NULL, NULL, NULL, NULL},
};

static void mark_intrinsics(Thread *t, ObjectKind kind) {
    Dict *methods = t->vm->classes[kind]->dict;
    ((Native *)object_of(dict_get_str(t, methods, NAME_OF(t, send))))->intrinsic = INTRINSIC_SEND;
    ((Native *)object_of(dict_get_str(t, methods, NAME_OF(t, throw))))->intrinsic = INTRINSIC_THROW;
}

void generator_init(Thread *t) {
    static const Slots generator_slots = {
        .repr = generator_repr, .iter = iter_self, .next = generator_next};
    static const Slots coroutine_slots = {.repr = generator_repr, .await = coroutine_await};
    static const Slots wrapper_slots = {.iter = iter_self, .next = wrapper_next};
    native_class_init(t, &(NativeClass){.kind = OBJ_GENERATOR,
                                        .slots = &generator_slots,
                                        .methods = generator_methods,
                                        .fields = generator_fields});
    native_class_init(t, &(NativeClass){.kind = OBJ_COROUTINE,
                                        .slots = &coroutine_slots,
                                        .methods = coroutine_methods,
                                        .fields = coroutine_fields});
    native_class_init(t, &(NativeClass){.kind = OBJ_COROUTINE_WRAPPER,
                                        .slots = &wrapper_slots,
                                        .methods = wrapper_methods,
                                        .trace = wrapper_trace});
    mark_intrinsics(t, OBJ_GENERATOR);
    mark_intrinsics(t, OBJ_COROUTINE);
}
