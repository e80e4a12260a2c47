/* SPDX-License-Identifier: MIT */
/*
 * Assignment to `__bases__`: a class leaves its bases for others, whose instances must be laid out
 * alike. Its MRO and those of all its subclasses are computed anew; if one of them has none, all
 * is as before.
 *
 * Read next: vm/class_create.c (how the bases of a new class are chosen).
 */
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"

/* ---- may it be? ---- */

static bool is_allowed(Thread *t, Class *cls, Value v) {
    Value name = object_value(cls->name);
    if (!(cls->flags & CLASS_HEAP) || v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "cannot %s '__bases__' attribute of immutable type '%S'",
                    v == VALUE_UNSET ? "delete" : "set", name);
    } else if (!is_kind(v, OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError, "can only assign tuple to %S.__bases__, not %T", name, v);
    } else if (TUPLE(v)->size == 0) {
        raise_error(t, EXC_TypeError, "can only assign non-empty tuple to %S.__bases__, not ()",
                    name);
    } else {
        return true;
    }
    return false;
}

static bool are_bases(Thread *t, Class *cls, Tuple *bases) {
    for (size_t i = 0; i < bases->size; i++) {
        Value base = bases->items[i];
        if (!is_kind(base, OBJ_CLASS)) {
            raise_error(t, EXC_TypeError, "%S.__bases__ must be tuple of classes, not '%T'",
                        object_value(cls->name), base);
            return false;
        }
        if (class_is_subclass(CLASS(base), cls)) {
            raise_error(t, EXC_TypeError, "a __bases__ item causes an inheritance cycle");
            return false;
        }
    }
    return true;
}

/* Does [base] make instances as the present one does? */
static bool is_alike(Thread *t, const Class *cls, const Class *base) {
    const Class *old = cls->base;
    uint32_t same = CLASS_HEAP | CLASS_METACLASS | CLASS_EXCEPTION;
    const char *what = NULL;
    if (old->kind != base->kind || (old->flags & same) != (base->flags & same)) {
        what = "deallocator";
    } else if (old->instance_size != base->instance_size ||
               (old->flags ^ base->flags) & (CLASS_HAS_ATTRIBUTES | CLASS_NO_DICT)) {
        what = "object layout";
    }
    if (!what) return true;
    raise_error(t, EXC_TypeError, "__bases__ assignment: '%S' %s differs from '%S'",
                object_value(base->name), what, object_value(old->name));
    return false;
}

/* ---- doing it ---- */

static void leave_base(Class *base, const Class *cls) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < base->subclass_count; i++) {
        if (base->subclasses[i] != cls) base->subclasses[kept++] = base->subclasses[i];
    }
    base->subclass_count = kept;
}

static void set_tuple(Thread *t, Tuple **slot, Tuple *tuple) {
    if (*slot) heap_forget(&t->vm->heap, object_value(*slot));
    *slot = tuple;
}

/* New orders for [cls] and its subclasses; what they had goes to the list [old]: class, MRO, … */
static bool order_anew(Thread *t, Class *cls, List *old) {
    Value had[] = {object_value(cls), object_value(cls->mro)};
    if (!list_append(t, old, had[0]) || !list_append(t, old, had[1])) return false;
    if (!class_set_mro(t, cls)) {
        cls->mro = TUPLE(had[1]);
        return false;
    }
    heap_forget(&t->vm->heap, had[1]);
    for (uint32_t i = 0; i < cls->subclass_count; i++) {
        if (!order_anew(t, cls->subclasses[i], old)) return false;
    }
    return true;
}

static void restore_orders(Thread *t, const List *old) {
    for (size_t i = old->size; i >= 2; i -= 2)
        set_tuple(t, &CLASS(old->items[i - 2])->mro, TUPLE(old->items[i - 1]));
}

bool class_set_bases(Thread *t, Class *cls, Value v) {
    if (!is_allowed(t, cls, v) || !are_bases(t, cls, TUPLE(v))) return false;
    Class *base = class_best_base(t, TUPLE(v));
    if (!base || !is_alike(t, cls, base)) return false;
    Value *roots = push_roots(t, 3);
    Tuple *before = cls->bases;
    List *old = list_new(t, 2);
    roots[0] = object_value(old);
    roots[1] = object_value(before);
    roots[2] = v;
    set_tuple(t, &cls->bases, TUPLE(v));
    bool ok = order_anew(t, cls, old);
    if (ok) {
        for (size_t i = 0; i < before->size; i++) leave_base(CLASS(before->items[i]), cls);
        for (size_t i = 0; i < TUPLE(v)->size; i++)
            class_add_subclass(CLASS(TUPLE(v)->items[i]), cls);
        heap_forget(&t->vm->heap, object_value(cls->base));
        cls->base = base;
        class_renew(t, cls);
    } else {
        restore_orders(t, old);
        set_tuple(t, &cls->bases, before);
    }
    pop_roots(t, roots);
    return ok;
}
