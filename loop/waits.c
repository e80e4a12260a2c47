/* SPDX-License-Identifier: MIT */
/*
 * What a task waits for, in words, and who must act.
 *
 * First the library's coroutines between the program's own code and the future are looked at, the
 * outermost first: each row of `rows` names one and says what its variables mean. A wait that goes
 * through none of them is described by the future itself.
 *
 * Read next: loop/tree.h, loop/thread_waits.c.
 */
#include <stdlib.h>

#include "common/memory.h"
#include "loop/stream.h"
#include "loop/tree.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/probe.h"
#include "vm/str.h"

enum { NAMED = 5 }; /* tasks that one line names */

/* What a row's function works with. */
typedef struct Look {
    Thread *t;
    Task *task;
    NameScope scope;
    const Frame *frame; /* of the library's coroutine */
    Wait *wait;
} Look;

void wait_free(Wait *wait) {
    buffer_free(&wait->text);
    buffer_free(&wait->detail);
    buffer_free(&wait->name);
    free(wait->acting);
}

void wait_needs(Wait *wait, Value node) {
    if (!is_fixnum(node) && FUTURE(node)->state != FUTURE_PENDING) return;
    if (wait->acting_count == wait->acting_capacity) {
        wait->acting_capacity = wait->acting_capacity ? wait->acting_capacity * 2 : 4;
        size_t size = wait->acting_capacity * sizeof *wait->acting;
        wait->acting = realloc(wait->acting, size);
        if (!wait->acting) memory_exhausted(size);
    }
    wait->acting[wait->acting_count++] = node;
}

/* ---- things ---- */

static void show_thing(const Look *look, Value v) {
    Wait *wait = look->wait;
    wait->what = v;
    put_thing(look->t, &look->scope, v, &wait->name);
    buffer_append(&wait->text, wait->name.data, wait->name.size);
}

/* What _asyncio.here() noted: a tuple of task (or None), task name, code, pc. */
static bool read_place(Value noted, Value *task, Origin *origin) {
    if (!is_kind(noted, OBJ_TUPLE) || TUPLE(noted)->size != 4) return false;
    const Value *items = TUPLE(noted)->items;
    *task = items[0];
    *origin = (Origin){items[1], items[2], is_fixnum(items[3]) ? (uint32_t)fixnum_of(items[3]) : 0};
    return true;
}

static void put_place(Buffer *out, const char *before, const Origin *origin) {
    Buffer place = {0};
    if (origin_place(origin, &place)) buffer_printf(out, "%s%s", before, place.data);
    buffer_free(&place);
}

static void put_made(const Look *look, Value thing) {
    Value task;
    Origin origin;
    if (read_place(attribute_of(look->t, thing, "_made"), &task, &origin))
        put_place(&look->wait->text, ", made at ", &origin);
}

static int64_t number_attribute(Thread *t, Value v, const char *name) {
    Value number = attribute_of(t, v, name);
    return is_fixnum(number) ? fixnum_of(number) : 0;
}

/* ---- futures and tasks ---- */

static bool is_pending(Value v) { return is_future(v) && FUTURE(v)->state == FUTURE_PENDING; }

/* "Task-2, Task-3 and 8 more" of those in [items] that are pending. */
static void put_pending(Thread *t, const Value *items, size_t count, Buffer *out) {
    size_t pending = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_pending(items[i])) continue;
        if (++pending > NAMED) continue;
        if (pending > 1) buffer_puts(out, ", ");
        if (is_kind(items[i], OBJ_TASK)) probe_render(t->vm, items[i], 60, out);
        else buffer_puts(out, "a future");
    }
    if (pending > NAMED) buffer_printf(out, " and %zu more", pending - NAMED);
}

/* Several futures: "gather() of Task-2, Task-3 (1 of 3 is done)" */
static void put_several(const Look *look, const char *what, const Value *items, size_t count) {
    Buffer *out = &look->wait->text;
    size_t pending = 0;
    for (size_t i = 0; i < count; i++) pending += is_pending(items[i]);
    buffer_puts(out, what);
    if (pending) buffer_puts(out, ": ");
    put_pending(look->t, items, count, out);
    if (pending < count) buffer_printf(out, " (%zu of %zu done)", count - pending, count);
    for (size_t i = 0; i < count; i++) {
        if (!is_pending(items[i]) || !is_kind(items[i], OBJ_TASK)) continue;
        wait_needs(look->wait, items[i]);
        if (pending == 1) look->wait->holder = items[i];
    }
}

static void put_list(const Look *look, const char *what, Value list) {
    if (is_kind(list, OBJ_LIST)) put_several(look, what, LIST(list)->items, LIST(list)->size);
    else if (is_kind(list, OBJ_TUPLE))
        put_several(look, what, TUPLE(list)->items, TUPLE(list)->size);
    else buffer_puts(&look->wait->text, what);
}

/* ", at most 1.5 s more": the time that a TimerHandle has left. */
static void put_limit(const Look *look, Value timer) {
    if (!is_kind(timer, OBJ_HANDLE) || HANDLE(timer)->cancelled || !HANDLE(timer)->is_timer) return;
    double now = clock_to_seconds(clock_monotonic(&look->t->vm->clock));
    Value when = HANDLE(timer)->when;
    if (is_float(when))
        buffer_printf(&look->wait->detail, ", at most %.3g s more", float_of(when) - now);
}

static void put_task(const Look *look, Value task) {
    look->wait->kind = "task";
    look->wait->what = look->wait->holder = task;
    probe_render(look->t->vm, task, 60, &look->wait->name);
    buffer_append(&look->wait->text, look->wait->name.data, look->wait->name.size);
}

/* ---- the library's coroutines ---- */

static void put_awaited(Look *look, Value awaited);

/* ", held by Task-2 since main.tul:3"; no task may have been there. */
static void put_task_at(const Look *look, const char *done, Value task, const char *at,
                        const Origin *origin) {
    Buffer *out = &look->wait->text;
    buffer_puts(out, done);
    if (is_kind(task, OBJ_TASK)) {
        buffer_puts(out, " by ");
        probe_render(look->t->vm, task, 60, out);
        if (!is_pending(task)) buffer_puts(out, " (which has ended)");
    }
    put_place(out, at, origin);
}

static void in_lock(Look *look, Value self) {
    Value task = VALUE_NONE;
    Origin origin;
    show_thing(look, self);
    put_made(look, self);
    if (!read_place(attribute_of(look->t, self, "_holder"), &task, &origin)) return;
    put_task_at(look, ", held", task, " since ", &origin);
    if (is_kind(task, OBJ_TASK)) look->wait->holder = task;
    look->wait->holds = true;
}

static void in_semaphore(Look *look, Value self) {
    show_thing(look, self);
    put_made(look, self);
    buffer_printf(&look->wait->text, ", whose value is %lld",
                  (long long)number_attribute(look->t, self, "_value"));
    Value task = VALUE_NONE;
    Origin origin;
    if (!read_place(attribute_of(look->t, self, "_taker"), &task, &origin)) return;
    put_task_at(look, ", last taken", task, " at ", &origin);
    if (is_kind(task, OBJ_TASK)) look->wait->holder = task;
    look->wait->holds = true;
}

static void in_event(Look *look, Value self) {
    show_thing(look, self);
    put_made(look, self);
    buffer_puts(&look->wait->text, ", which is not set");
}

static void in_condition(Look *look, Value self) {
    buffer_puts(&look->wait->text, "a notification of ");
    show_thing(look, self);
    put_made(look, self);
}

static void in_barrier(Look *look, Value self) {
    show_thing(look, self);
    buffer_printf(&look->wait->text, ", where %lld of %lld have come",
                  (long long)number_attribute(look->t, self, "_count"),
                  (long long)number_attribute(look->t, self, "_parties"));
}

static void in_wait(Look *look, Value self) {
    (void)self;
    put_list(look, "wait() of", frame_variable(look->frame, "futures"));
    put_limit(look, frame_variable(look->frame, "timer"));
}

static void in_wait_for(Look *look, Value self) {
    (void)self;
    Value future = frame_variable(look->frame, "fut");
    if (is_object(future)) put_awaited(look, future);
    put_limit(look, frame_variable(look->frame, "timer"));
}

static void in_cancelling(Look *look, Value self) {
    (void)self;
    Value future = frame_variable(look->frame, "future");
    buffer_puts(&look->wait->text, "the end of the cancelled ");
    if (is_kind(future, OBJ_TASK)) put_task(look, future);
    else buffer_puts(&look->wait->text, "future");
}

static void put_set(const Look *look, const char *what, Value tasks) {
    List *list = list_new(look->t, 8);
    uint32_t position = 0;
    Value task;
    while (is_kind(tasks, OBJ_SET) && set_next((const Set *)object_of(tasks), &position, &task))
        list_append(look->t, list, task);
    put_several(look, what, list->items, list->size);
}

static void in_as_completed(Look *look, Value self) {
    (void)self;
    put_set(look, "the next that as_completed() gives", frame_variable(look->frame, "todo"));
}

static void in_group(Look *look, Value self) {
    put_set(look, "the tasks of its TaskGroup", attribute_of(look->t, self, "_tasks"));
}

static void in_executor_shutdown(Look *look, Value self) {
    (void)self;
    buffer_puts(&look->wait->text, "the end of the loop's executor");
}

/* Who is at the other end of the stream behind a reader, a writer or their protocol. */
static void put_peer(const Look *look, Value owner) {
    Value transport = attribute_of(look->t, owner, "_transport");
    if (!is_kind(transport, OBJ_STREAM)) return;
    put_peer_address(STREAM(transport)->fd, " with ", &look->wait->detail);
}

static void in_reader(Look *look, Value self) {
    buffer_puts(&look->wait->text, "bytes from ");
    show_thing(look, self);
    put_peer(look, self);
}

static void in_writer(Look *look, Value self) {
    buffer_puts(&look->wait->text, "room to send in ");
    show_thing(look, self);
    put_peer(look, self);
}

static void in_socket(Look *look, Value self) {
    (void)self;
    Value sock = frame_variable(look->frame, "sock");
    if (!is_object(sock)) return;
    const char *call = frame_code(look->frame)->name->data;
    buffer_puts(&look->wait->text, !strncmp(call, "sock_recv", 9)   ? "bytes from "
                                   : !strncmp(call, "sock_send", 9) ? "room to send in "
                                   : !strcmp(call, "sock_accept")   ? "a connection to "
                                                                    : "the connection of ");
    show_thing(look, sock);
    int fd = look->t->vm->hooks.descriptor ? look->t->vm->hooks.descriptor(look->t, sock) : -1;
    put_peer_address(fd, " with ", &look->wait->detail);
}

static void in_server(Look *look, Value self) {
    buffer_puts(&look->wait->text, "the end of ");
    show_thing(look, self);
}

static void in_connecting(Look *look, Value self) {
    (void)self;
    Value host = frame_variable(look->frame, "host"), port = frame_variable(look->frame, "port");
    buffer_puts(&look->wait->text, "a connection to ");
    probe_render(look->t->vm, host, 60, &look->wait->text);
    buffer_puts(&look->wait->text, " port ");
    probe_render(look->t->vm, port, 60, &look->wait->text);
}

static void in_process(Look *look, Value self) {
    buffer_puts(&look->wait->text, "the end of ");
    show_thing(look, self);
    Value pid = attribute_of(look->t, self, "pid");
    if (is_fixnum(pid)) buffer_puts(&look->wait->detail, ", ");
    put_child(look->t, pid, &look->wait->detail);
}

/* The coroutines that say more than the future they wait for. A name that ends with a dot means
 * every method of the class. */
static const struct {
    const char *qualname, *kind;
    void (*describe)(Look *look, Value self);
} rows[] = {
    {"Lock.acquire", "lock", in_lock},
    {"Semaphore.acquire", "semaphore", in_semaphore},
    {"Event.wait", "event", in_event},
    {"Barrier.wait", "barrier", in_barrier},
    {"Condition.wait", "condition", in_condition},
    {"wait", "tasks", in_wait},
    {"_wait", "tasks", in_wait},
    {"_cancel_and_wait", "task", in_cancelling},
    {"wait_for", "task", in_wait_for},
    {"as_completed.<locals>._wait_for_one", "tasks", in_as_completed},
    {"TaskGroup._wait_for_tasks", "tasks", in_group},
    {"shutdown_default_executor", "executor", in_executor_shutdown},
    {"StreamReader.", "stream", in_reader},
    {"StreamWriter.", "stream", in_writer},
    {"Process.wait", "process", in_process},
    {"Process.communicate", "process", in_process},
    {"open_connection", "connection", in_connecting},
    {"create_connection", "connection", in_connecting},
    {"Server.serve_forever", "server", in_server},
    {"Server.wait_closed", "server", in_server},
    {"sock_accept", "socket", in_socket},
    {"sock_connect", "socket", in_socket},
    {"sock_recv", "socket", in_socket},
    {"sock_recv_into", "socket", in_socket},
    {"sock_recvfrom", "socket", in_socket},
    {"sock_recvfrom_into", "socket", in_socket},
    {"sock_sendall", "socket", in_socket},
    {"sock_sendto", "socket", in_socket},
};

static int find_row(const char *qualname) {
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
        size_t n = strlen(rows[i].qualname);
        bool prefix = rows[i].qualname[n - 1] == '.';
        if (prefix ? !strncmp(rows[i].qualname, qualname, n) : !strcmp(rows[i].qualname, qualname))
            return i;
    }
    return -1;
}

/* The row of the outermost of the library's coroutines below the program's innermost one; a lock at
 * the end of the chain is what is waited for, whatever it is part of. */
static int row_of(Task *task, const Frame **frame) {
    int found = -1;
    Value at = task->coroutine;
    while (is_generator_kind(at) && GENERATOR(at)->state != GEN_CLOSED) {
        const Generator *g = GENERATOR(at);
        at = generator_awaiting(g);
        if (!code_is_library(frame_code(&g->frame))) {
            found = -1;
            continue;
        }
        int row = find_row(frame_code(&g->frame)->qualname->data);
        bool is_lock = row == 0 && !is_generator_kind(at);
        if (row < 0 || (found >= 0 && !is_lock && rows[row].describe != in_cancelling)) continue;
        found = row;
        *frame = &g->frame;
    }
    return found;
}

/* ---- the future alone ---- */

/* The variable [name] of a library's closure among a future's callbacks. */
static Value callback_variable(const Future *future, const char *name) {
    Value callbacks = future->callbacks;
    size_t count = is_kind(callbacks, OBJ_LIST) ? LIST(callbacks)->size : 1;
    const Value *items = is_kind(callbacks, OBJ_LIST) ? LIST(callbacks)->items : &callbacks;
    for (size_t i = 0; i < count && i < 64; i++) {
        if (!is_kind(items[i], OBJ_FUNCTION)) continue;
        const Function *f = FUNCTION(items[i]);
        Value v = code_is_library(f->code) ? closure_variable(f, name) : VALUE_UNSET;
        if (v != VALUE_UNSET) return v;
    }
    return VALUE_UNSET;
}

static void put_future(Look *look, Value v) {
    Thread *t = look->t;
    Value children = attribute_of(t, v, "_children");
    Value source = callback_variable(FUTURE(v), "source");
    Value inner = callback_variable(FUTURE(v), "inner");
    Buffer *out = &look->wait->text;
    look->wait->kind = "future";
    look->wait->what = v;
    if (children != VALUE_UNSET) {
        look->wait->kind = "tasks";
        put_list(look, "gather() of", children);
    } else if (source != VALUE_UNSET) {
        look->wait->kind = "job";
        put_job(t, source, look->wait);
    } else if (is_kind(inner, OBJ_TASK)) {
        buffer_puts(out, "shield() of ");
        put_task(look, inner);
    } else {
        show_thing(look, v);
        Origin origin = future_origin(FUTURE(v));
        put_place(out, ", made at ", &origin);
        buffer_puts(out, ", that nobody has finished");
    }
}

/* Native coroutines whose payload says what they wait for. */
static const struct {
    const char *qualname, *kind, *text;
} natives[] = {
    {"Queue.get", "queue", "an item of "},
    {"Queue.put", "queue", "room in "},
    {"Queue.join", "queue", "the end of the work on "},
};

void put_missing(int64_t count, Buffer *out) {
    buffer_printf(out, ": task_done() is missing for %lld item%s", (long long)count,
                  count == 1 ? "" : "s");
}

static bool put_payload(Look *look, const NativeCoroutine *c) {
    for (size_t i = 0; i < sizeof natives / sizeof *natives; i++) {
        if (strcmp(c->kind->qualname, natives[i].qualname) != 0 || !is_object(c->payload)) continue;
        look->wait->kind = natives[i].kind;
        buffer_puts(&look->wait->text, natives[i].text);
        show_thing(look, c->payload);
        if (c->kind->missing) put_missing(c->kind->missing(c), &look->wait->text);
        return true;
    }
    return false;
}

static void put_native(Look *look, Value v) {
    const NativeCoroutine *c = NATIVE_COROUTINE(v);
    Buffer *out = &look->wait->text;
    if (c->future.flags & FUTURE_TIMED) {
        look->wait->kind = "timer";
        buffer_puts(out, "a timer");
        Value loop = c->future.loop; /* which notes the deadline in the payload */
        if (!is_kind(loop, OBJ_LOOP) || loop_of(loop)->custom || !is_fixnum(c->payload)) return;
        double left = clock_to_seconds(fixnum_of(c->payload) - loop_now(loop_of(loop)));
        buffer_printf(&look->wait->detail, ", %.3g s more", left > 0 ? left : 0);
    } else if (!put_payload(look, c)) {
        look->wait->kind = "call";
        buffer_printf(out, "%s()", c->kind->qualname);
    }
}

static void put_awaited(Look *look, Value awaited) {
    if (is_kind(awaited, OBJ_TASK)) put_task(look, awaited);
    else if (is_native_coroutine(awaited)) put_native(look, awaited);
    else if (is_future(awaited)) put_future(look, awaited);
    else show_thing(look, awaited);
}

/* Running, ready or not begun; false: it waits. */
static bool put_idle(Task *task, Wait *wait) {
    Value loop = task->future.loop;
    bool current = is_kind(loop, OBJ_LOOP) && EVENT_LOOP(loop)->current_task == object_value(task);
    Value on = task->waiting_on;
    bool waits = !current && is_object(on) &&
                 (!is_future(on) || (is_pending(on) && !(FUTURE(on)->flags & FUTURE_WOKEN)));
    if (waits) return false;
    Value coroutine = task->coroutine;
    bool begun = is_generator_kind(coroutine)     ? GENERATOR(coroutine)->state != GEN_CREATED
                 : is_native_coroutine(coroutine) ? FUTURE(coroutine)->flags & FUTURE_STARTED
                                                  : true;
    buffer_puts(&wait->text, current ? "runs" : begun ? "is ready to go on" : "is ready to begin");
    const Thread *runner = is_kind(loop, OBJ_LOOP) && loop_of(loop) ? loop_of(loop)->thread : NULL;
    if (current && runner && runner->wait_kind != WAIT_NOTHING)
        buffer_puts(&wait->text, ", but its thread waits");
    if (!current && runner && loop_of(loop)->idle && loop_of(loop)->unheard)
        buffer_puts(&wait->text, ", but nobody has woken its loop: call_soon_threadsafe() does");
    return true;
}

void wait_of_task(Thread *t, Task *task, Wait *out) {
    *out = (Wait){.what = VALUE_NONE, .holder = VALUE_NONE, .kind = "nothing"};
    if (put_idle(task, out)) return;
    out->waiting = true;
    Look look = {t, task, scope_of_task(task), NULL, out};
    int row = row_of(task, &look.frame);
    if (row >= 0) {
        out->kind = rows[row].kind;
        Value self = frame_variable(look.frame, "self");
        rows[row].describe(&look, is_object(self) ? self : VALUE_NONE);
    }
    if (!out->text.size) put_awaited(&look, task->waiting_on);
    if (out->holder != VALUE_NONE && !out->acting_count) wait_needs(out, out->holder);
}
