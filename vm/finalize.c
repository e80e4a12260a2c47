/* SPDX-License-Identifier: MIT */
/*
 * Finalisation: what dead objects still want to do, and doing it.
 *
 * A suspended generator inside try or with wants its cleanup run (close); an object whose class has
 * __del__ wants that, once; a future whose error nobody retrieved wants it reported, as does a
 * coroutine that was never started. The collector
 * revives such objects and a safepoint calls object_run_finalizer for each, in creation order.
 * Errors go to sys.unraisablehook. Read next: vm/heap.c (revive_finalizable).
 */
#include "vm/execute.h"
#include "vm/future.h"
#include "vm/unstarted.h"

/* Is the suspended [g] inside a protected range? */
static bool has_pending_cleanup(const Generator *g) {
    if (g->state != GEN_SUSPENDED && g->state != GEN_PARKED) return false;
    const Code *code = frame_code(&g->frame);
    uint32_t at = frame_pc(&g->frame);
    for (uint32_t i = 0; i < code->nhandlers; i++) {
        if (at >= code->handlers[i].start && at < code->handlers[i].end) return true;
    }
    return false;
}

static bool has_lost_error(const Future *future) {
    return future->failed && !future->observed && !(future->flags & FUTURE_REPORTED);
}

bool object_wants_finalizer(const Object *object) {
    switch (object_kind(object)) {
    case OBJ_FUTURE:
    case OBJ_TASK:
        if (has_lost_error((const Future *)object)) return true;
        break;
    case OBJ_LOOP:
        if (((const EventLoop *)object)->open) return true;
        break;
    case OBJ_GENERATOR:
    case OBJ_COROUTINE: return has_pending_cleanup((const Generator *)object);
    case OBJ_ASYNC_GENERATOR: {
        const Generator *g = (const Generator *)object;
        return has_pending_cleanup(g) || async_generator_has_finalizer(g);
    }
    default: break;
    }
    return (object_class(object)->flags & CLASS_HAS_DEL) && !(object->bits & OBJECT_FINALIZED);
}

static bool run_del(Thread *t, Object *object) {
    object->bits |= OBJECT_FINALIZED;
    Value del = lookup_special(t, object_value(object), NAME_OF(t, __del__));
    return del == VALUE_UNSET || (del != VALUE_ERROR && call_value(t, del, NULL, 0) != VALUE_ERROR);
}

/* A future reports its lost error, a loop that it was not closed; a subclass may have __del__ as
 * well. False: raised. */
static bool finalize_of_asyncio(Thread *t, Object *object) {
    VmHooks *hooks = &t->vm->hooks;
    if (object_kind(object) == OBJ_LOOP) {
        if (((EventLoop *)object)->open) hooks->unclosed_loop(t, object_value(object));
    } else if (has_lost_error((const Future *)object) && hooks->lost_error) {
        hooks->lost_error(t, object_value(object));
    }
    if (t->exception != VALUE_UNSET) return false;
    bool wants_del =
        (object_class(object)->flags & CLASS_HAS_DEL) && !(object->bits & OBJECT_FINALIZED);
    return !wants_del || run_del(t, object);
}

/* A coroutine that never ran is reported. False: raised. */
static bool finalize_unstarted(Thread *t, Object *object) {
    if (t->vm->hooks.never_awaited) t->vm->hooks.never_awaited(t, object_value(object));
    return t->exception == VALUE_UNSET;
}

/* What the dead [object] wants done. False: raised. */
static bool finalize(Thread *t, Object *object) {
    switch (object_kind(object)) {
    case OBJ_FUTURE:
    case OBJ_TASK:
    case OBJ_LOOP: return finalize_of_asyncio(t, object);
    case OBJ_NATIVE_COROUTINE: return finalize_unstarted(t, object);
    case OBJ_GENERATOR:
    case OBJ_COROUTINE:
        if (coroutine_is_unstarted(object_value(object))) return finalize_unstarted(t, object);
        return generator_close(t, (Generator *)object);
    case OBJ_ASYNC_GENERATOR: return async_generator_finalize(t, (Generator *)object);
    default: return run_del(t, object);
    }
}

void object_run_finalizer(Thread *t, Object *object) {
    Value handling = t->handling, done = t->done_value, *roots = push_roots(t, 2);
    roots[0] = handling;
    roots[1] = done;
    t->handling = VALUE_NONE;
    if (!finalize(t, object)) {
        Value del = class_lookup(t, object_class(object), NAME_OF(t, __del__));
        exception_report_unraisable(t, "Exception ignored in",
                                    del == VALUE_UNSET ? object_value(object) : del);
    }
    t->handling = handling;
    t->done_value = done;
    pop_roots(t, roots);
}
