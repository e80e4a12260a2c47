/* SPDX-License-Identifier: MIT */
/*
 * From and Return.
 *
 * A Return ends the coroutine whose code raised it. Which code is a coroutine's? A generator of a
 * function that @coroutine marked, and one that such a generator delegates to. In any other
 * generator a Return is an exception that passes, so that a @contextmanager around
 * `raise Return(x)` neither swallows it nor ends early. An `async def` has `return`: a Return that
 * leaves it is an error.
 *
 * Read next: vm/execute_loop.h (unwind), vm/task.c (finish_with_exception).
 */
#include "vm/trollius.h"

#include "vm/container.h"
#include "vm/execute.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct From {
    Object header;
    Value awaited; /* no From */
} From;

#define FROM(v) ((From *)(uintptr_t)(v))

static bool is_from(const Vm *vm, Value v) {
    return vm->from_class && is_object(v) && object_class(object_of(v)) == vm->from_class;
}

/* ---- yield From(…) ---- */

static Value target_of(Thread *t, Value awaited) {
    if (awaited == VALUE_NONE || is_kind(awaited, OBJ_GENERATOR)) return awaited;
    bool waitable = is_object(awaited) && (is_future(awaited) || is_kind(awaited, OBJ_COROUTINE) ||
                                           class_of(t->vm, awaited)->slots.await);
    if (waitable) return get_awaitable(t, awaited, 0);
    return raise_error(t, EXC_RuntimeError, "Task got bad yield: %R", awaited);
}

Value from_target(Thread *t, Value v) {
    return is_from(t->vm, v) ? target_of(t, FROM(v)->awaited) : VALUE_UNSET;
}

bool code_uses_from(const Code *code) {
    for (uint32_t pc = 0; pc < code->size;) {
        Instruction i = code_decode(code, pc);
        if (i.op == OP_FROM_TARGET) return true;
        pc += 1u + opcode_info[i.op].extra;
    }
    return false;
}

/* `yield from From(x)` and `await From(x)` */
static Value from_iter(Thread *t, Value self) {
    Value target = target_of(t, FROM(self)->awaited);
    if (target == VALUE_NONE) return value_iter(t, object_value(tuple_from(t, &target, 1)));
    if (target == VALUE_ERROR || is_generator_kind(target)) return target;
    return value_iter(t, target);
}

static Value from_repr(Thread *t, Value self) {
    Str *awaited = value_repr(t, FROM(self)->awaited);
    return awaited ? object_value(str_format(t, "From(%s)", awaited->data)) : VALUE_ERROR;
}

static Value from_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    static const char *const names[] = {"obj", NULL};
    Value *root = push_roots(t, 1);
    if (!bind_names(t, "From", names, 1, root, args, argc, kwnames)) return VALUE_ERROR;
    From *from = object_new(t, cls, 0);
    from->awaited = is_from(t->vm, root[0]) ? FROM(root[0])->awaited : root[0];
    pop_roots(t, root);
    return object_value(from);
}

static void from_trace(Heap *heap, Object *self) { heap_shade(heap, ((From *)self)->awaited); }

static Value get_obj(Thread *t, Value self) {
    (void)t;
    return FROM(self)->awaited;
}

static const FieldDef from_fields[] = {
    {"obj", get_obj, NULL, "What is waited for."},
    {0},
};

static const Slots from_slots = {
    .construct = from_construct, .repr = from_repr, .iter = from_iter, .await = from_iter};

/* ---- raise Return(…) ---- */

bool is_return(const Vm *vm, Value v) {
    return vm->return_class && is_kind(v, OBJ_EXCEPTION) &&
           class_is_subclass(object_class(object_of(v)), vm->return_class);
}

/* Return() gives None, Return(x) x, Return(x, y) a tuple. */
bool task_takes_return(Thread *t, Value *v) {
    if (!is_return(t->vm, t->exception)) return false;
    Tuple *args = EXCEPTION(exception_take(t))->args;
    *v = !args->size ? VALUE_NONE : args->size == 1 ? args->items[0] : object_value(args);
    return true;
}

static bool is_marked(const Generator *g) {
    return frame_code(&g->frame)->flags & CODE_ITERABLE_COROUTINE;
}

/* As a StopIteration would: an `async def` returns with `return`. */
static void refuse_return(Thread *t) {
    Value cause = exception_take(t);
    raise_error(t, EXC_RuntimeError, "coroutine raised Return");
    Exception *e = EXCEPTION(t->exception);
    heap_set(&t->vm->heap, &e->cause, cause);
    heap_set(&t->vm->heap, &e->context, cause);
    e->suppress_context = true;
}

bool generator_takes_return(Thread *t, const Generator *g, Value *v) {
    ObjectKind kind = object_kind(&g->header);
    if (kind == OBJ_COROUTINE && is_return(t->vm, t->exception)) refuse_return(t);
    if (kind != OBJ_GENERATOR) return false;
    if (!is_marked(g) && !(g->parent && is_marked(g->parent))) return false;
    return task_takes_return(t, v);
}

Value set_return_class(Thread *t, Value *args) {
    if (!is_kind(args[0], OBJ_CLASS) ||
        !class_is_subclass((Class *)object_of(args[0]), EXCEPTION_CLASS(t, BaseException)))
        return raise_error(t, EXC_TypeError, "an exception class is required");
    if (t->vm->return_class) heap_forget(&t->vm->heap, object_value(t->vm->return_class));
    t->vm->return_class = (Class *)object_of(args[0]);
    return VALUE_NONE;
}

/* ---- the module's part ---- */

static void shade_classes(Heap *heap, void *context) {
    Vm *vm = context;
    heap_shade_object(heap, &vm->from_class->header);
    if (vm->return_class) heap_shade_object(heap, &vm->return_class->header);
}

bool trollius_init(Thread *t, Module *module) {
    Vm *vm = t->vm;
    if (!vm->from_class) {
        vm->from_class = native_class_new(
            t,
            &(NativeClass){.kind = OBJ_NATIVE_DATA,
                           .name = "From",
                           .slots = &from_slots,
                           .fields = from_fields,
                           .doc = "`yield From(x)` waits for x: a coroutine or a future. "
                                  "`yield From(None)` lets others run.",
                           .size = sizeof(From),
                           .trace = from_trace},
            "trollius", NULL);
        vm->from_class->flags &= ~(uint32_t)CLASS_BASE_ALLOWED;
        heap_add_marker(&vm->heap, shade_classes, vm);
    }
    dict_set_str(t, module->dict, vm->from_class->name, object_value(vm->from_class));
    return true;
}
