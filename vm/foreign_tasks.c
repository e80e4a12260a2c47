/* SPDX-License-Identifier: MIT */
/*
 * Tasks that the list of an EventLoop cannot hold: tasks of loops that programs write, and objects
 * that programs register as tasks (asyncio._register_task).
 *
 * Both tables are made when they are first needed: a set of the registered tasks, and a dict from a
 * loop to the task that runs in it. A Task leaves the set when it ends; anything else when
 * it is unregistered. Tasks of an EventLoop never come here.
 *
 * Read next: vm/task.c, stdlib/asyncio_native.c.
 */
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/future.h"
#include "vm/ops.h"

bool foreign_task_register(Thread *t, Value task) {
    Vm *vm = t->vm;
    if (vm->foreign_tasks == VALUE_UNSET) {
        Value set = object_value(set_new(t, false));
        heap_set(&vm->heap, &vm->foreign_tasks, set);
    }
    return set_add(t, SET(vm->foreign_tasks), task);
}

bool foreign_task_unregister(Thread *t, Value task) {
    Value set = t->vm->foreign_tasks;
    return set == VALUE_UNSET || set_discard(t, SET(set), task) >= 0;
}

Value task_current(Thread *t, Value loop) {
    if (is_kind(loop, OBJ_LOOP)) return EVENT_LOOP(loop)->current_task;
    Value table = t->vm->foreign_current;
    if (table == VALUE_UNSET) return VALUE_NONE;
    Value task = dict_get(t, DICT(table), loop);
    return task == VALUE_UNSET ? VALUE_NONE : task;
}

static bool set_current(Thread *t, Value loop, Value task) {
    Vm *vm = t->vm;
    if (is_kind(loop, OBJ_LOOP)) {
        heap_set(&vm->heap, &EVENT_LOOP(loop)->current_task, task);
        return true;
    }
    if (vm->foreign_current == VALUE_UNSET) {
        Value table = object_value(dict_new(t));
        heap_set(&vm->heap, &vm->foreign_current, table);
    }
    if (task != VALUE_NONE) return dict_set(t, DICT(vm->foreign_current), loop, task);
    return dict_delete(t, DICT(vm->foreign_current), loop) >= 0;
}

bool task_enter(Thread *t, Value loop, Value task) {
    Value current = task_current(t, loop);
    if (current == VALUE_ERROR) return false;
    if (current == VALUE_NONE) return set_current(t, loop, task);
    raise_error(t, EXC_RuntimeError,
                "Cannot enter into task %R while another task %R is being executed.", task,
                current);
    return false;
}

bool task_leave(Thread *t, Value loop, Value task) {
    Value current = task_current(t, loop);
    if (current == VALUE_ERROR) return false;
    if (current == task) return set_current(t, loop, VALUE_NONE);
    raise_error(t, EXC_RuntimeError, "Leaving task %R does not match the current task %R.", task,
                current);
    return false;
}

/* task.get_loop() of an object that was registered; older ones have a field _loop. */
static Value loop_of_registered(Thread *t, Value task) {
    if (is_kind(task, OBJ_TASK)) return FUTURE(task)->loop;
    Value get_loop = value_getattr_or_unset(t, task, NAME_OF(t, get_loop));
    if (get_loop == VALUE_ERROR) return VALUE_ERROR;
    if (get_loop == VALUE_UNSET) return value_getattr(t, task, NAME_OF(t, _loop));
    return call_value(t, get_loop, NULL, 0);
}

static int is_done(Thread *t, Value task) {
    if (is_kind(task, OBJ_TASK)) return FUTURE(task)->state != FUTURE_PENDING;
    Value done = call_method(t, task, NAME_OF(t, done), NULL, 0);
    return done == VALUE_ERROR ? -1 : value_truth(t, done);
}

bool foreign_tasks_add(Thread *t, Value loop, Set *tasks) {
    if (LIKELY(t->vm->foreign_tasks == VALUE_UNSET)) return true;
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(tasks);
    List *all = list_from_iterable(t, t->vm->foreign_tasks);
    bool ok = all != NULL;
    roots[1] = ok ? object_value(all) : VALUE_NONE;
    for (size_t i = 0; ok && i < all->size; i++) {
        Value task = all->items[i], its_loop = loop_of_registered(t, task);
        if (its_loop == VALUE_ERROR) ok = false;
        if (!ok || its_loop != loop) continue;
        int done = is_done(t, task);
        ok = done >= 0 && (done || set_add(t, tasks, task));
    }
    pop_roots(t, roots);
    return ok;
}
