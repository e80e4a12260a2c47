/* SPDX-License-Identifier: MIT */
/*
 * Frame objects and traceback objects as programs see them.
 *
 * A traceback level copies the variables of its frame when the exception leaves it
 * (vm/exception.c), because the frame is gone when somebody asks; the frame object for it is made
 * at the first question. The level of the frame that handles the exception is looked up on the
 * stack then, if its function is still running. sys._getframe copies the whole stack: function,
 * position and variables of every level, linked by f_back. A generator that runs because others
 * delegate to it is followed by its delegators, outermost last, and then by whoever resumed the
 * outermost.
 *
 * Read next: vm/frame.h, vm/generator.h, vm/traceback.c (printing).
 */
#include "vm/frame_object.h"

#include "vm/container.h"
#include "vm/exception_class.h"
#include "vm/execute.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct FrameObject {
    Object header;
    Value function;
    Value generator; /* whose frame it is, asked anew each time; VALUE_NONE: a copy */
    Value registers; /* a copy: the variables (frame_copy_registers) */
    Value locals;    /* the dict made of them, VALUE_NONE until asked */
    Value back;      /* FrameObject or VALUE_NONE */
    uint32_t pc;
    uint32_t line; /* 0: that of pc */
} FrameObject;

#define FRAME_OBJECT(v) ((FrameObject *)(uintptr_t)(v))

static Traceback *traceback_of(Value v) { return (Traceback *)object_of(v); }

/* ---- variables ---- */

Value frame_copy_registers(Thread *t, const Code *code, const Value *registers) {
    uint32_t count = code->nregister_names;
    if (code->flags & CODE_MODULE) return VALUE_NONE;
    if (code->flags & CODE_NAME_MODE) count = 1;
    return count ? object_value(tuple_from(t, registers, count)) : VALUE_NONE;
}

static bool is_cell_name(const Code *code, const Str *name) {
    for (int i = 0; i < code->ncells; i++) {
        if (code->cell_names[i] == name) return true;
    }
    return false;
}

Dict *frame_locals_dict(Thread *t, const Function *function, const Value *registers) {
    const Code *code = function->code;
    Dict *locals = dict_new(t);
    for (uint32_t i = 0; i < code->nregister_names; i++) {
        Str *name = code->register_names[i];
        if (!name) continue;
        Value v = registers[i];
        if (is_kind(v, OBJ_CELL) && is_cell_name(code, name)) v = CELL(v)->value;
        if (v != VALUE_UNSET) dict_set_str(t, locals, name, v);
    }
    for (int i = 0; i < code->ncaptures; i++) {
        Value v = function->captures[i]->value;
        if (v != VALUE_UNSET) dict_set_str(t, locals, code->capture_names[i], v);
    }
    return locals;
}

static Value locals_of(Thread *t, const Function *function, const Value *registers) {
    if (function->code->flags & CODE_NAME_MODE) return registers[0];
    if (function->code->flags & CODE_MODULE) return object_value(function->globals);
    return object_value(frame_locals_dict(t, function, registers));
}

/* ---- making ---- */

static FrameObject *frame_object_new(Thread *t, Function *function, uint32_t pc) {
    FrameObject *f = heap_allocate(&t->vm->heap, sizeof *f, OBJ_FRAME, BUILTIN_CLASS(t, FRAME));
    f->function = object_value(function);
    f->generator = f->registers = f->locals = f->back = VALUE_NONE;
    f->pc = pc;
    return f;
}

Value frame_object_of_generator(Thread *t, Generator *g) {
    FrameObject *f = frame_object_new(t, g->frame.function, 0);
    f->generator = object_value(g);
    g->owned = false;
    return object_value(f);
}

/* The level that called (or delegates to) [frame]; NULL at the bottom. */
static Frame *outer(Frame *frame, Generator **root, Frame **resumer) {
    Generator *g = frame->generator;
    if (g && g->active_root) { /* the leaf of an activation */
        *root = g->active_root;
        *resumer = frame->caller;
    }
    if (!g) return frame->caller;
    if (g == *root || !g->parent) return *resumer;
    return &g->parent->frame;
}

/* Copies of the levels below the running frame: without the first [depth], and without those
 * above the innermost one that runs [function], if it is given. NULL: there are none. */
static FrameObject *copy_stack(Thread *t, int64_t depth, const Function *function) {
    FrameObject *first = NULL, *last = NULL;
    Generator *root = NULL;
    Frame *resumer = NULL;
    for (Frame *frame = t->frame; frame; frame = outer(frame, &root, &resumer)) {
        if (depth-- > 0 || (!first && function && frame->function != function)) continue;
        FrameObject *f = frame_object_new(t, frame->function, frame_pc(frame));
        f->registers = frame_copy_registers(t, frame_code(frame), frame->registers);
        if (!first) first = f;
        else last->back = object_value(f);
        last = f;
    }
    return first;
}

Value frame_object_stack(Thread *t, int64_t depth) {
    FrameObject *first = copy_stack(t, depth, NULL);
    return first ? object_value(first) : VALUE_UNSET;
}

/* ---- frame ---- */

static const Code *code_of(const FrameObject *f) { return FUNCTION(f->function)->code; }

static Value get_code(Thread *t, Value self) {
    (void)t;
    return object_value(FUNCTION(FRAME_OBJECT(self)->function)->code);
}

static int line_of(const FrameObject *f) {
    if (f->line) return (int)f->line;
    if (f->generator == VALUE_NONE) return code_line(code_of(f), f->pc);
    Generator *g = GENERATOR(f->generator);
    if (g->state == GEN_CREATED) return (int)code_of(f)->first_line;
    return code_line(code_of(f), frame_pc(&g->frame));
}

static Value get_line(Thread *t, Value self) {
    (void)t;
    return fixnum(line_of(FRAME_OBJECT(self)));
}

static Value get_lasti(Thread *t, Value self) {
    (void)t;
    const FrameObject *f = FRAME_OBJECT(self);
    const Generator *g = f->generator != VALUE_NONE ? GENERATOR(f->generator) : NULL;
    uint32_t pc = !g ? f->pc : g->state == GEN_CREATED ? CODE_NOT_BEGUN : frame_pc(&g->frame);
    return fixnum(pc == CODE_NOT_BEGUN ? -1 : (int64_t)pc);
}

static Value get_globals(Thread *t, Value self) {
    (void)t;
    return object_value(FUNCTION(FRAME_OBJECT(self)->function)->globals);
}

static Value get_builtins(Thread *t, Value self) {
    return builtins_of(t, FUNCTION(FRAME_OBJECT(self)->function)->globals);
}

static Value get_locals(Thread *t, Value self) {
    FrameObject *f = FRAME_OBJECT(self);
    const Function *function = FUNCTION(f->function);
    if (f->generator != VALUE_NONE)
        return locals_of(t, function, GENERATOR(f->generator)->registers);
    if (f->locals != VALUE_NONE) return f->locals;
    if (f->registers == VALUE_NONE && !(code_of(f)->flags & CODE_MODULE)) {
        heap_set(&t->vm->heap, &f->locals, object_value(dict_new(t)));
        return f->locals;
    }
    const Value *registers = f->registers == VALUE_NONE ? NULL : TUPLE(f->registers)->items;
    heap_set(&t->vm->heap, &f->locals, locals_of(t, function, registers));
    return f->locals;
}

static Value get_back(Thread *t, Value self) {
    (void)t;
    return FRAME_OBJECT(self)->back;
}

static Value get_none(Thread *t, Value self) {
    (void)t;
    (void)self;
    return VALUE_NONE;
}

/* Variables that nobody needs any more are given up. */
static Value clear(Thread *t, Value *args) {
    FrameObject *f = FRAME_OBJECT(args[0]);
    if (f->generator != VALUE_NONE) {
        Generator *g = GENERATOR(f->generator);
        if (generator_is_running(g))
            return raise_error(t, EXC_RuntimeError, "cannot clear an executing frame");
        return generator_close(t, g) ? VALUE_NONE : VALUE_ERROR;
    }
    for (Frame *live = t->frame; live; live = live->caller) {
        if (object_value(live->function) == f->function && frame_pc(live) == f->pc)
            return raise_error(t, EXC_RuntimeError, "cannot clear an executing frame");
    }
    heap_set(&t->vm->heap, &f->registers, VALUE_NONE);
    heap_set(&t->vm->heap, &f->locals, object_value(dict_new(t)));
    return VALUE_NONE;
}

static Value repr(Thread *t, Value self) {
    const FrameObject *f = FRAME_OBJECT(self);
    const Code *code = code_of(f);
    Str *text = str_format(t, "<frame at 0x%llx, file %R, line %d, code %S>",
                           (unsigned long long)value_id(t->vm, self), object_value(code->filename),
                           line_of(f), object_value(code->name));
    return text ? object_value(text) : VALUE_ERROR;
}

static void trace_frame(Heap *heap, Object *o) {
    FrameObject *f = (FrameObject *)o;
    for (Value *v = &f->function; v <= &f->back; v++) heap_shade(heap, *v);
}

static const FieldDef frame_fields[] = {
    {"f_code", get_code, NULL, "The code object."},
    {"f_lineno", get_line, NULL, "The line."},
    {"f_lasti", get_lasti, NULL, "The instruction, as a number."},
    {"f_globals", get_globals, NULL, "The module's names."},
    {"f_builtins", get_builtins, NULL, "The built-in names."},
    {"f_locals", get_locals, NULL, "The variables as they were."},
    {"f_back", get_back, NULL, "The caller's frame, or None."},
    {"f_trace", get_none, NULL, "None: there is no tracing."},
    {NULL, NULL, NULL, NULL},
};
static const NativeDef frame_methods[] = {
    {"clear", clear, "(self, /)", "Give up the variables of a frame that has ended."},
    {NULL, NULL, NULL, NULL},
};

/* ---- traceback ---- */

int traceback_line(const Traceback *level) {
    return level->line ? (int)level->line : code_line(level->function->code, level->pc);
}

static Value get_next(Thread *t, Value self) {
    (void)t;
    return traceback_of(self)->next;
}

static bool set_next_level(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "can't delete tb_next attribute");
        return false;
    }
    if (v != VALUE_NONE && !is_kind(v, OBJ_TRACEBACK)) {
        raise_error(t, EXC_TypeError, "expected traceback object, got '%T'", v);
        return false;
    }
    for (Value level = v; level != VALUE_NONE; level = traceback_of(level)->next) {
        if (level != self) continue;
        raise_error(t, EXC_ValueError, "traceback loop detected");
        return false;
    }
    heap_set(&t->vm->heap, &traceback_of(self)->next, v);
    return true;
}

static Value get_tb_line(Thread *t, Value self) {
    (void)t;
    return fixnum(traceback_line(traceback_of(self)));
}

static Value get_tb_lasti(Thread *t, Value self) {
    (void)t;
    return fixnum(traceback_of(self)->pc);
}

static Value get_tb_frame(Thread *t, Value self) {
    Traceback *level = traceback_of(self);
    if (level->frame != VALUE_NONE) return level->frame;
    FrameObject *f = frame_object_new(t, level->function, level->left);
    f->registers = level->registers;
    FrameObject *live = f->registers == VALUE_NONE ? copy_stack(t, 0, level->function) : NULL;
    if (live) {
        f->registers = live->registers;
        f->back = live->back;
        f->pc = live->pc;
    }
    heap_set(&t->vm->heap, &level->frame, object_value(f));
    return level->frame;
}

/* traceback(tb_next, tb_frame, tb_lasti, tb_lineno) */
static Value traceback_construct(Thread *t, Class *cls, const Value *args, int argc,
                                 Tuple *kwnames) {
    int64_t lasti, line;
    if (argc != 4 || (kwnames && kwnames->size)) {
        static const char *const names[] = {"tb_next", "tb_frame", "tb_lasti", "tb_lineno"};
        if (argc < 4 && !(kwnames && kwnames->size))
            return raise_error(t, EXC_TypeError,
                               "TracebackType() missing required argument '%s' (pos %d)",
                               names[argc], argc + 1);
        return raise_error(t, EXC_TypeError, "TracebackType() takes exactly 4 arguments (%d given)",
                           argc);
    }
    if (args[0] != VALUE_NONE && !is_kind(args[0], OBJ_TRACEBACK))
        return raise_error(t, EXC_TypeError, "expected traceback object or None, got '%T'",
                           args[0]);
    if (!is_kind(args[1], OBJ_FRAME))
        return raise_error(t, EXC_TypeError,
                           "TracebackType() argument 'tb_frame' must be frame, not %T", args[1]);
    if (!arg_int64(t, args[2], &lasti) || !arg_int64(t, args[3], &line)) return VALUE_ERROR;
    Traceback *level = object_new(t, cls, 0);
    const FrameObject *f = FRAME_OBJECT(args[1]);
    level->next = args[0];
    level->function = FUNCTION(f->function);
    level->registers = VALUE_NONE;
    level->frame = args[1];
    level->pc = level->left = lasti >= 0 && lasti < code_of(f)->size ? (uint32_t)lasti : 0;
    level->line = (uint32_t)line;
    return object_value(level);
}

static Value traceback_dir(Thread *t, Value *args) {
    (void)args;
    static const char *const names[] = {"tb_frame", "tb_next", "tb_lasti", "tb_lineno"};
    Value items[4];
    for (int i = 0; i < 4; i++) items[i] = object_value(str_from(t, names[i]));
    return object_value(list_from(t, items, 4));
}

static const FieldDef traceback_fields[] = {
    {"tb_next", get_next, set_next_level, NULL},
    {"tb_lineno", get_tb_line, NULL, NULL},
    {"tb_lasti", get_tb_lasti, NULL, NULL},
    {"tb_frame", get_tb_frame, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
static const NativeDef traceback_methods[] = {
    {"__dir__", traceback_dir, "(self, /)", NULL},
    {NULL, NULL, NULL, NULL},
};

/* Complete the classes frame and traceback. */
void frame_object_init(Thread *t) {
    static const Slots frame_slots = {.repr = repr};
    static const Slots traceback_slots = {.construct = traceback_construct};
    native_class_init(t, &(NativeClass){.kind = OBJ_FRAME,
                                        .slots = &frame_slots,
                                        .fields = frame_fields,
                                        .methods = frame_methods,
                                        .trace = trace_frame});
    native_class_init(t, &(NativeClass){.kind = OBJ_TRACEBACK,
                                        .slots = &traceback_slots,
                                        .fields = traceback_fields,
                                        .methods = traceback_methods});
}
