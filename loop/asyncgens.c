/* SPDX-License-Identifier: MIT */
/*
 * Async generators and their loop: one that is dropped before its end is closed by a task of the
 * loop that ran when it was first iterated, made in its next pass, and what is still open when
 * asyncio.run() ends is closed then.
 *
 * While a loop runs, its method `close_dropped` is the thread's finalizer hook
 * (sys.set_asyncgen_hooks). The collector keeps the register of generators that want it, so the
 * loop needs no list of its own.
 *
 * Read next: vm/async_generator.c, stdlib/asyncio/runners.tul (close_async_generators).
 */
#include "loop/loop.h"
#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value close_dropped(Thread *t, Value *args) {
    Loop *loop = loop_of(args[0]);
    if (!loop || loop->closed) return VALUE_NONE;
    Value *roots = push_roots(t, 2);
    roots[1] = async_generator_aclose(t, args[1]);
    Value v = roots[1];
    if (v != VALUE_ERROR) v = roots[0] = value_getattr(t, args[0], NAME_OF(t, create_task));
    if (v != VALUE_ERROR) v = call_method(t, args[0], NAME_OF(t, call_soon), roots, 2);
    pop_roots(t, roots);
    return v;
}

static const NativeDef hook_def = {"_asyncgen_finalizer_hook", close_dropped, "(self, agen, /)",
                                   NULL};

void asyncgens_hook(Thread *t, Value loop) {
    t->asyncgen_firstiter = VALUE_NONE;
    t->asyncgen_finalizer = method_new(t, native_callback(t, &hook_def, VALUE_UNSET), loop);
}

/* Those that were first iterated while [loop] ran and have not ended, as a list. */
static Value open_generators(Thread *t, Value loop) {
    Heap *heap = &t->vm->heap;
    List *list = list_new(t, 0);
    for (size_t i = 0; i < heap->finalizable_count; i++) {
        Object *object = heap->finalizable[i];
        if (object_kind(object) != OBJ_ASYNC_GENERATOR) continue;
        Value hook = async_generator_finalizer((Generator *)object);
        if (!is_kind(hook, OBJ_METHOD) || ((Method *)object_of(hook))->self != loop) continue;
        if (heap->marking) heap_shade_object(heap, object);
        if (!list_append(t, list, object_value(object))) return VALUE_ERROR;
    }
    return object_value(list);
}

Value asyncgens_shutdown(Thread *t, Value loop) {
    Value *roots = push_roots(t, 4);
    roots[0] = loop;
    roots[1] = open_generators(t, loop);
    Str *name = str_intern(t->vm, "asyncio.runners", 15);
    roots[2] = t->vm->hooks.import_module(t, name);
    if (roots[2] != VALUE_ERROR)
        roots[3] = value_getattr(t, roots[2], str_intern(t->vm, "close_async_generators", 22));
    bool ok = roots[1] != VALUE_ERROR && roots[2] != VALUE_ERROR && roots[3] != VALUE_ERROR;
    Value v = ok ? call_value(t, roots[3], roots, 2) : VALUE_ERROR;
    pop_roots(t, roots);
    return v;
}
