/* SPDX-License-Identifier: MIT */
/*
 * sys._getframe: the call stack as objects.
 *
 * The interpreter's frames live on a stack and in generators and are no objects, so this is a copy
 * of what the stack holds now: function, line and local variables of every level, linked by f_back.
 * A generator that runs because others delegate to it is followed by its delegators, outermost
 * last, and then by whoever resumed the outermost.
 *
 * Read next: vm/frame.h, vm/generator.h.
 */
#include "stdlib/sys.h"
#include "vm/container.h"
#include "vm/frame.h"
#include "vm/generator.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct StackView {
    Object header;
    Value function, line, locals, back;
} StackView;

#define VIEW(v) ((StackView *)(uintptr_t)(v))

static void trace(Heap *heap, Object *self) {
    StackView *view = (StackView *)self;
    for (Value *v = &view->function; v <= &view->back; v++) heap_shade(heap, *v);
}

static Value get_code(Thread *t, Value self) {
    (void)t;
    return object_value(FUNCTION(VIEW(self)->function)->code);
}
static Value get_globals(Thread *t, Value self) {
    (void)t;
    return object_value(FUNCTION(VIEW(self)->function)->globals);
}
static Value get_builtins(Thread *t, Value self) {
    (void)self;
    return object_value(t->vm->builtins->dict);
}
static Value get_line(Thread *t, Value self) { return (void)t, VIEW(self)->line; }
static Value get_locals(Thread *t, Value self) { return (void)t, VIEW(self)->locals; }
static Value get_back(Thread *t, Value self) { return (void)t, VIEW(self)->back; }

static Value repr(Thread *t, Value self) {
    const Code *code = FUNCTION(VIEW(self)->function)->code;
    Str *text = str_format(t, "<frame at 0x%llx, file %R, line %S, code %S>",
                           (unsigned long long)value_id(t->vm, self), object_value(code->filename),
                           VIEW(self)->line, object_value(code->name));
    return text ? object_value(text) : VALUE_ERROR;
}

static const FieldDef fields[] = {
    {"f_code", get_code, NULL, "The code object."},
    {"f_globals", get_globals, NULL, "The module's names."},
    {"f_builtins", get_builtins, NULL, "The built-in names."},
    {"f_locals", get_locals, NULL, "The local variables as they were."},
    {"f_lineno", get_line, NULL, "The line."},
    {"f_back", get_back, NULL, "The caller's frame, or None."},
    {0},
};
static const Slots slots = {.repr = repr};
static const NativeClass view_class = {.kind = OBJ_NATIVE_DATA,
                                       .name = "frame",
                                       .slots = &slots,
                                       .fields = fields,
                                       .doc = "One level of the call stack.",
                                       .size = sizeof(StackView),
                                       .trace = trace};

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

static Value locals_of(Thread *t, Frame *frame) {
    const Code *code = frame_code(frame);
    if (code->flags & CODE_MODULE) return object_value(frame->function->globals);
    if (code->flags & CODE_NAME_MODE) return frame->registers[0];
    Dict *locals = dict_new(t);
    for (uint32_t i = 0; i < code->nregister_names; i++) {
        Value v = frame->registers[i];
        if (is_kind(v, OBJ_CELL)) v = CELL(v)->value;
        if (v != VALUE_UNSET && code->register_names[i])
            dict_set_str(t, locals, code->register_names[i], v);
    }
    return object_value(locals);
}

static Value view_new(Thread *t, Frame *frame) {
    StackView *view = object_new(t, stdlib_of(t)->classes[CLASS_STACK_VIEW], 0);
    view->function = object_value(frame->function);
    view->line = fixnum(code_line(frame_code(frame), frame_pc(frame)));
    view->locals = locals_of(t, frame);
    view->back = VALUE_NONE;
    return object_value(view);
}

Value sys_getframe(Thread *t, Value *args) {
    int64_t depth;
    if (!arg_int64(t, args[0], &depth)) return VALUE_ERROR;
    stdlib_class(t, CLASS_STACK_VIEW, NULL, &view_class, "builtins", NULL);
    Value first = VALUE_UNSET, last = VALUE_UNSET;
    Generator *root = NULL;
    Frame *resumer = NULL;
    for (Frame *frame = t->frame; frame; frame = outer(frame, &root, &resumer)) {
        if (depth-- > 0) {
            continue;
        }
        Value view = view_new(t, frame);
        if (first == VALUE_UNSET) first = view;
        else VIEW(last)->back = view;
        last = view;
    }
    if (first == VALUE_UNSET)
        return raise_error(t, EXC_ValueError, "call stack is not deep enough");
    return first;
}
