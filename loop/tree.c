/* SPDX-License-Identifier: MIT */
/*
 * Tasks, threads and executors as text and as data.
 *
 * A task is shown as: its name, its coroutine, where and by whom it was made; the program's own
 * functions in its await stack, outermost first, each with its source line; what it waits for.
 * Tasks that differ in nothing but the name are shown together, so that a hundred thousand of them
 * are a few lines.
 *
 * Read next: loop/waits.c, loop/deadlock.c.
 */
#include <stdlib.h>

#include "loop/tree.h"
#include "common/arena.h"
#include "common/memory.h"
#include "vm/cancellation.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/probe.h"
#include "vm/str.h"

enum {
    LINKS_SHOWN = 8,   /* of an await stack: half of them from either end */
    GROUPS_SHOWN = 20, /* of tasks that differ, and of threads */
    NAMES_SHOWN = 3,   /* of a group */
};

static void put_indent(Buffer *out, int indent) {
    buffer_putc(out, '\n');
    for (int i = 0; i < indent; i++) buffer_putc(out, ' ');
}

/* ---- where ---- */

static int line_of(const Frame *frame) {
    const Code *code = frame_code(frame);
    const Generator *g = frame->generator;
    if (g && g->state == GEN_CREATED) return (int)code->first_line;
    return code_line(code, frame_pc(frame));
}

/* The source line, without the blanks around it. */
static void put_source(Thread *t, const Frame *frame, int indent, Buffer *out) {
    Buffer line = {0};
    if (t->vm->hooks.source_line &&
        t->vm->hooks.source_line(t->vm, frame_code(frame)->filename->data, line_of(frame), &line)) {
        size_t begin = 0, end = line.size;
        while (begin < end && strchr(" \t\r\n\f", line.data[begin])) begin++;
        while (end > begin && strchr(" \t\r\n\f", line.data[end - 1])) end--;
        if (end > begin) {
            put_indent(out, indent);
            buffer_append(out, line.data + begin, end - begin);
        }
    }
    buffer_free(&line);
}

static void put_frame(Thread *t, const Frame *frame, int indent, bool source, Buffer *out) {
    const Code *code = frame_code(frame);
    put_indent(out, indent);
    buffer_printf(out, "%s:%d in %s", code->filename->data, line_of(frame), code->qualname->data);
    if (source) put_source(t, frame, indent + 4, out);
}

/* The frames of a task's await stack, outermost first: the program's own, or all when there are
 * none. They stay where they are until the task runs. */
typedef struct Stack {
    const Frame **frames;
    size_t count, capacity;
} Stack;

static void stack_push(Stack *stack, const Frame *frame) {
    if (stack->count == stack->capacity) {
        stack->capacity = stack->capacity ? stack->capacity * 2 : 16;
        stack->frames = realloc(stack->frames, stack->capacity * sizeof *stack->frames);
        if (!stack->frames) memory_exhausted(stack->capacity * sizeof *stack->frames);
    }
    stack->frames[stack->count++] = frame;
}

static void fill_stack(Stack *stack, const Task *task, bool library) {
    Value at = task->coroutine;
    while (is_generator_kind(at) && GENERATOR(at)->state != GEN_CLOSED) {
        const Frame *frame = &GENERATOR(at)->frame;
        if (library || !code_is_library(frame_code(frame))) stack_push(stack, frame);
        at = generator_awaiting(GENERATOR(at));
    }
}

static Stack stack_of_task(const Task *task) {
    Stack stack = {0};
    fill_stack(&stack, task, false);
    if (!stack.count) fill_stack(&stack, task, true);
    return stack;
}

static void put_stack(Thread *t, const Stack *stack, int indent, bool source, Buffer *out) {
    for (size_t i = 0; i < stack->count; i++) {
        if (stack->count > LINKS_SHOWN && i == LINKS_SHOWN / 2) {
            size_t left_out = stack->count - LINKS_SHOWN;
            put_indent(out, indent);
            buffer_printf(out, "… %zu more", left_out);
            i += left_out;
        }
        put_frame(t, stack->frames[i], indent, source, out);
    }
}

/* ---- tasks ---- */

static void put_origin(Thread *t, const Task *task, Buffer *out) {
    Buffer place = {0};
    if (origin_place(&task->made, &place)) {
        buffer_printf(out, ", made at %s", place.data);
        origin_actor(&task->made, out);
    }
    buffer_free(&place);
    unsigned requests = task->future.cancel_requests;
    if (requests) buffer_puts(out, ", asked to cancel");
    if (requests > 1) buffer_printf(out, " %u times", requests);
    if (requests && task->cancel_origin != VALUE_NONE) {
        buffer_putc(out, ' ');
        cancellation_text(t, task->cancel_origin, out);
    }
}

static void put_wait(const Wait *wait, bool detail, Buffer *out) {
    if (wait->waiting) buffer_puts(out, "waits for ");
    buffer_append(out, wait->text.data, wait->text.size);
    if (detail) buffer_append(out, wait->detail.data, wait->detail.size);
}

/* All that is said of a task after its name; without [source], what equals have in common. */
static void put_body(Thread *t, Task *task, int indent, bool source, Buffer *out) {
    buffer_puts(out, ": ");
    probe_render(t->vm, task->coroutine, 200, out);
    put_origin(t, task, out);
    Stack stack = stack_of_task(task);
    put_stack(t, &stack, indent + 4, source, out);
    free(stack.frames);
    Wait wait;
    wait_of_task(t, task, &wait);
    put_indent(out, indent + 4);
    put_wait(&wait, source, out);
    wait_free(&wait);
}

/* Tasks that are shown as one. */
typedef struct Group {
    Buffer body; /* of all of them, without source lines */
    Task *tasks[NAMES_SHOWN];
    uint64_t count;
} Group;

/* Sort the task into a group. False: there are too many. */
static bool group_task(Group *groups, int *count, Task *task, Buffer *body) {
    int i = 0;
    while (i < *count && (groups[i].body.size != body->size ||
                          memcmp(groups[i].body.data, body->data, body->size) != 0))
        i++;
    if (i == GROUPS_SHOWN) return false;
    Group *group = &groups[i];
    if (i == *count) {
        *group = (Group){.body = *body};
        *body = (Buffer){0};
        ++*count;
    }
    if (group->count < NAMES_SHOWN) group->tasks[group->count] = task;
    group->count++;
    return true;
}

static void put_group(Thread *t, const Group *group, int indent, Buffer *out) {
    put_indent(out, indent);
    for (uint64_t i = 0; i < group->count && i < NAMES_SHOWN; i++) {
        if (i) buffer_puts(out, ", ");
        probe_render(t->vm, object_value(group->tasks[i]), 60, out);
    }
    if (group->count > NAMES_SHOWN)
        buffer_printf(out, " and %llu more", (unsigned long long)(group->count - NAMES_SHOWN));
    put_body(t, group->tasks[0], indent, true, out);
}

void tree_put_tasks(Thread *t, const Loop *loop, int indent, Buffer *out) {
    Group groups[GROUPS_SHOWN];
    int count = 0;
    uint64_t left_out = 0;
    for (Task *task = loop->object->first_task; task; task = task->next_task) {
        Buffer body = {0};
        put_body(t, task, indent, false, &body);
        if (!group_task(groups, &count, task, &body)) left_out++;
        buffer_free(&body);
    }
    for (int i = 0; i < count; i++) {
        put_group(t, &groups[i], indent, out);
        buffer_free(&groups[i].body);
    }
    if (!left_out) return;
    put_indent(out, indent);
    buffer_printf(out, "… and %llu more tasks", (unsigned long long)left_out);
}

/* ---- threads ---- */

/* The innermost function of the program itself. */
static const Frame *place_of_thread(const Thread *thread) {
    const Frame *frame = frame_of_program(thread->frame);
    return frame ? frame : thread->frame;
}

void tree_put_thread(Thread *t, const Thread *thread, int indent, Buffer *out) {
    put_indent(out, indent);
    thread_name_into(t, thread, out);
    buffer_putc(out, ':');
    Buffer work = {0};
    bool named = put_thread_work(t, thread, &work);
    if (named) buffer_printf(out, " %s", work.data);
    buffer_free(&work);
    const Frame *frame = place_of_thread(thread);
    if (frame && !(named && code_is_library(frame_code(frame))))
        put_frame(t, frame, indent + 4, true, out);
    Wait wait;
    wait_of_thread(t, thread, &wait);
    put_indent(out, indent + 4);
    put_wait(&wait, true, out);
    wait_free(&wait);
}

/* The threads, oldest first; malloc'd. */
static const Thread **threads_in_order(const Vm *vm, uint32_t *count) {
    const Thread **threads = calloc(vm->thread_count, sizeof *threads);
    if (!threads) memory_exhausted(vm->thread_count * sizeof *threads);
    uint32_t at = *count = vm->thread_count;
    for (const Thread *thread = vm->threads; thread && at; thread = thread->next)
        threads[--at] = thread;
    return threads;
}

void tree_put_threads(Thread *t, int indent, Buffer *out) {
    uint32_t count;
    const Thread **threads = threads_in_order(t->vm, &count);
    for (uint32_t i = 0; i < count && i < GROUPS_SHOWN; i++)
        tree_put_thread(t, threads[i], indent, out);
    if (count > GROUPS_SHOWN) {
        put_indent(out, indent);
        buffer_printf(out, "… and %u more threads", count - GROUPS_SHOWN);
    }
    free(threads);
}

/* ---- executors ---- */

static long long number_of(Thread *t, Value v, const char *name) {
    Value number = attribute_of(t, v, name);
    return is_fixnum(number) ? (long long)fixnum_of(number) : 0;
}

/* The worker's name without its number. */
static void put_executor_name(Thread *t, const Thread *worker, Buffer *out) {
    size_t begin = out->size;
    thread_name_into(t, worker, out);
    size_t end = out->size;
    while (end > begin && out->data[end - 1] != '_') end--;
    if (end > begin) out->size = end - 1;
}

static void put_executors(Thread *t, Buffer *out) {
    uint32_t count;
    const Thread **threads = threads_in_order(t->vm, &count);
    for (uint32_t i = 0; i < count; i++) {
        Value crew = crew_of(threads[i]);
        if (is_object(crew_of_manager(threads[i]))) put_pool(t, crew_of_manager(threads[i]), out);
        uint32_t workers = 0, first = i;
        for (uint32_t j = 0; j < count && is_object(crew); j++) {
            if (crew_of(threads[j]) != crew) continue;
            if (j < first) first = j;
            workers++;
        }
        if (!workers || first != i) continue;
        buffer_puts(out, "\nexecutor ");
        put_executor_name(t, threads[i], out);
        long long idle = number_of(t, crew, "idle"), queued = number_of(t, crew, "promised");
        buffer_printf(out, ": %u worker%s, %lld idle, %lld job%s in its queue", workers,
                      workers == 1 ? "" : "s", idle, queued, queued == 1 ? "" : "s");
    }
    free(threads);
}

/* ---- everything ---- */

static const char *plural(uint64_t n) { return n == 1 ? "" : "s"; }

void tree_put_all(Thread *t, Buffer *out) {
    uint64_t tasks = 0;
    for (const Loop *loop = loop_state(t)->loops; loop; loop = loop->next) {
        if (loop->object) tasks += loop->object->tasks;
    }
    uint32_t threads = t->vm->thread_count;
    buffer_printf(out, "%llu task%s, %u thread%s", (unsigned long long)tasks, plural(tasks),
                  threads, plural(threads));
    for (const Loop *loop = loop_state(t)->loops; loop; loop = loop->next) {
        if (loop->object && loop->object->tasks) tree_put_tasks(t, loop, 0, out);
    }
    tree_put_threads(t, 0, out);
    put_executors(t, out);
    tree_put_children(t, out);
    buffer_putc(out, '\n');
}

/* ---- as data ---- */

static void set(Thread *t, Value dict, const char *name, Value v) {
    dict_set_str(t, DICT(dict), str_intern(t->vm, name, strlen(name)), v);
}

static Value text_of(Thread *t, Buffer *text) { return object_value(str_from_buffer(t, text)); }

/* (file, line, function) */
static Value place_tuple(Thread *t, const Frame *frame) {
    const Code *code = frame_code(frame);
    Value items[3] = {object_value(code->filename), fixnum(line_of(frame)),
                      object_value(code->qualname)};
    return object_value(tuple_from(t, items, 3));
}

/* (file, line), or None. */
static Value origin_tuple(Thread *t, const Origin *origin) {
    if (!is_kind(origin->code, OBJ_CODE)) return VALUE_NONE;
    const Code *code = (const Code *)object_of(origin->code);
    Value items[2] = {object_value(code->filename), fixnum(code_line(code, origin->pc))};
    return object_value(tuple_from(t, items, 2));
}

static Value task_name_value(Thread *t, Value name) {
    if (!is_fixnum(name)) return name;
    return object_value(str_format(t, "Task-%lld", (long long)fixnum_of(name)));
}

static Value holder_value(Thread *t, Value holder) {
    if (!is_fixnum(holder)) return holder;
    const Thread *thread = thread_numbered(t->vm, (uint64_t)fixnum_of(holder));
    return thread ? thread->object : VALUE_NONE;
}

static void set_wait(Thread *t, Value dict, Wait *wait) {
    buffer_append(&wait->text, wait->detail.data, wait->detail.size);
    set(t, dict, "state", object_value(str_from(t, wait->waiting ? "waiting" : wait->text.data)));
    set(t, dict, "kind", wait->waiting ? object_value(str_from(t, wait->kind)) : VALUE_NONE);
    set(t, dict, "waits_for", wait->waiting ? text_of(t, &wait->text) : VALUE_NONE);
    set(t, dict, "what", wait->what);
    set(t, dict, "holder", holder_value(t, wait->holder));
    wait_free(wait);
}

static Value stack_list(Thread *t, const Stack *stack) {
    List *list = list_new(t, stack->count);
    for (size_t i = 0; i < stack->count; i++)
        list_append(t, list, place_tuple(t, stack->frames[i]));
    return object_value(list);
}

static Value task_dict(Thread *t, Task *task) {
    Value dict = object_value(dict_new(t));
    Buffer coroutine = {0};
    probe_render(t->vm, task->coroutine, 200, &coroutine);
    set(t, dict, "task", object_value(task));
    set(t, dict, "name", task_name_value(t, task->name));
    set(t, dict, "coroutine", text_of(t, &coroutine));
    set(t, dict, "made_by", task_name_value(t, task->made.by));
    set(t, dict, "made_at", origin_tuple(t, &task->made));
    set(t, dict, "cancel_requests", fixnum(task->future.cancel_requests));
    Stack stack = {0};
    fill_stack(&stack, task, true);
    set(t, dict, "stack", stack_list(t, &stack));
    free(stack.frames);
    Wait wait;
    wait_of_task(t, task, &wait);
    set_wait(t, dict, &wait);
    return dict;
}

Value tree_tasks(Thread *t) {
    List *list = list_new(t, 8);
    for (const Loop *loop = loop_state(t)->loops; loop; loop = loop->next) {
        if (!loop->object) continue;
        for (Task *task = loop->object->first_task; task; task = task->next_task)
            list_append(t, list, task_dict(t, task));
    }
    return object_value(list);
}

static Value thread_dict(Thread *t, const Thread *thread) {
    Value dict = object_value(dict_new(t));
    Buffer name = {0};
    thread_name_into(t, thread, &name);
    set(t, dict, "thread", thread->object);
    set(t, dict, "name", text_of(t, &name));
    set(t, dict, "ident", fixnum((int64_t)thread->number));
    Stack stack = {0};
    for (const Frame *f = thread->frame; f; f = f->caller) stack_push(&stack, f);
    for (size_t i = 0; i < stack.count / 2; i++) {
        const Frame *swapped = stack.frames[i];
        stack.frames[i] = stack.frames[stack.count - 1 - i];
        stack.frames[stack.count - 1 - i] = swapped;
    }
    set(t, dict, "stack", stack_list(t, &stack));
    free(stack.frames);
    Wait wait;
    wait_of_thread(t, thread, &wait);
    set_wait(t, dict, &wait);
    return dict;
}

Value tree_threads(Thread *t) {
    List *list = list_new(t, 4);
    uint32_t count;
    const Thread **threads = threads_in_order(t->vm, &count);
    for (uint32_t i = 0; i < count; i++) list_append(t, list, thread_dict(t, threads[i]));
    free(threads);
    return object_value(list);
}
