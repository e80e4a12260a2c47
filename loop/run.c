/* SPDX-License-Identifier: MIT */
/*
 * Running a loop: passes, waiting, stopping.
 *
 * Order within a pass is the contract programs see: timers that are due are appended, in the order
 * of their deadlines, to what is ready already; then exactly the entries present run. A task that
 * yields goes to the end of the queue and runs in the next pass, so nobody starves.
 *
 * Nothing ready and nothing that could ever happen is a deadlock, and is said so instead of
 * hanging.
 *
 * Read next: vm/task.c (a step), loop/deadlock.c.
 */
#include <math.h>
#include <poll.h>

#include "loop/loop.h"
#include "loop/stream.h"
#include "loop/watch.h"
#include "loop/wire.h"
#include "vm/container.h"
#include "vm/context.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/probe.h"

#define MILLISECOND  INT64_C(1000000)
#define FLIGHT_TURNS 100 /* milliseconds spent on bytes in flight before doubt wins */

/* ---- entries ---- */

static bool run_entry(Thread *t, Value self, ReadyEntry entry) {
    if (LIKELY(is_object(entry.what))) {
        switch (object_kind(object_of(entry.what))) {
        case OBJ_TASK:
            if (LIKELY(task_step(t, TASK(entry.what), entry.arg))) return true;
            return callback_failed(t, self, entry.what, entry.arg);
        case OBJ_HANDLE: return handle_run(t, HANDLE(entry.what));
        case OBJ_STREAM: return stream_ready(t, entry.what, fixnum_of(entry.arg));
        case OBJ_NATIVE_COROUTINE: return sleep_finish(t, NATIVE_COROUTINE(entry.what));
        default: break;
        }
    }
    PROBE(t, CALLBACK_RUN, entry.what, entry.arg);
    Value v = call_value(t, entry.what, &entry.arg, entry.arg != VALUE_UNSET);
    if (UNLIKELY(v == VALUE_ERROR)) return callback_failed(t, self, entry.what, entry.arg);
    if (UNLIKELY(is_object(v))) report_callback_result(t, "the loop", v);
    return true;
}

/* Run what was ready when the pass began. [roots] holds the entry being run. Each entry begins in
 * an empty context; tasks and handles that have one enter it. In debug mode each is timed. */
static bool run_entries(Thread *t, Loop *loop, Value self, Value *roots) {
    const bool debug = loop->debug;
    if (UNLIKELY(t->vm->seeded) && loop->ready.count > 1) loop_shuffle(loop);
    for (size_t left = loop->ready.count; left > 0; left--) {
        t->context = VALUE_ERROR;
        ReadyEntry entry = ready_pop(&loop->ready);
        roots[1] = entry.what;
        roots[2] = entry.arg;
        blocked_enter(t, loop);
        if (UNLIKELY(debug)) loop->debug_began = clock_real();
        bool ok = run_entry(t, self, entry);
        if (UNLIKELY(debug || loop->is_held || (thread_poll_bits(t) & POLL_WATCH)))
            blocked_report(t, loop, entry.what, entry.arg);
        if (UNLIKELY(!ok)) return false;
        if (UNLIKELY(thread_poll_bits(t)) && !thread_poll(t)) return false;
    }
    return true;
}

static bool run_ready(Thread *t, Loop *loop, Value self, Value *roots) {
    t->callback_base = t->frame;
    Value *outer = push_roots(t, 1);
    Value context = context_switch(t, VALUE_NONE);
    if (context) *outer = context;
    bool ok = run_entries(t, loop, self, roots);
    blocked_leave(loop);
    context_restore(t, context);
    pop_roots(t, outer);
    return ok;
}

/* ---- timers ---- */

/* Cancelled timers at the top, or everywhere when they are many. */
static void drop_dead_timers(TimerHeap *timers) {
    if (timers->cancelled > 100 && timers->cancelled * 2 > timers->count) {
        timers_drop(timers, timer_is_dead);
    }
    while (timers->count && timer_is_dead(timers_first(timers)->what)) {
        timers_pop(timers);
        if (timers->cancelled) timers->cancelled--;
    }
}

static bool append_due_timers(Thread *t, Loop *loop) {
    TimerHeap *timers = &loop->timers;
    int64_t now;
    if (!custom_now(t, loop, &now)) return false;
    while (timers->count && timers_first(timers)->deadline <= now) {
        Timer timer = timers_pop(timers);
        if (timer_is_dead(timer.what)) {
            if (timers->cancelled) timers->cancelled--;
            continue;
        }
        PROBE(t, TIMER_FIRED, timer.what, VALUE_UNSET);
        if (is_kind(timer.what, OBJ_HANDLE)) HANDLE(timer.what)->scheduled = false;
        ready_push(&loop->ready, timer.what, VALUE_UNSET);
    }
    return true;
}

/* ---- waiting ---- */

/* A timer that is due before uv_run gets to its poll must not let it wait there. */
static void on_timer(uv_timer_t *timer) { uv_stop(timer->loop); }
static void on_wakeup(uv_async_t *async) { (void)async; }

void loop_start_uv(Loop *loop) {
    if (loop->uv_started) return;
    uv_loop_init(&loop->uv);
    uv_timer_init(&loop->uv, &loop->timer);
    uv_async_init(&loop->uv, &loop->wakeup, on_wakeup);
    loop->uv.data = loop;
    loop->uv_started = true;
}

void loop_wake(Loop *loop) {
    if (loop->polling) uv_async_send(&loop->wakeup);
    else if (loop->parked) thread_unpark(loop->thread);
}

/* Could anything from outside the program reach the loop? */
static bool can_hear(const Loop *loop) { return loop->io_handles || signals_may_reach(loop); }

static bool tasks_wait(const Loop *loop) {
    return loop->object->tasks > 0 || loop->until != VALUE_NONE;
}

/* One turn of libuv, waiting for the first event. Other threads run meanwhile, so its callbacks,
 * which fill the ready queue, must wait until this one holds the baton again. */
static void poll_uv(Thread *t, Loop *loop) {
    if (thread_is_alone(t)) {
        uv_run(&loop->uv, UV_RUN_ONCE);
        return;
    }
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    if (loop->ready.count || loop->stopping) return;
    struct pollfd backend = {.fd = uv_backend_fd(&loop->uv), .events = POLLIN};
    int timeout = uv_backend_timeout(&loop->uv);
    thread_leave(t);
    poll(&backend, 1, timeout);
    thread_return(t);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

/* On the virtual clock, a wait in libuv takes the time that it takes. (Of a thread that is not
 * alone vm/baton.c knows it.) */
static void poll_uv_timed(Thread *t, Loop *loop, int64_t deadline) {
    Clock *clock = &t->vm->clock;
    if (!clock->is_virtual || !thread_is_alone(t)) {
        poll_uv(t, loop);
        return;
    }
    int64_t began = clock_real();
    poll_uv(t, loop);
    int64_t now = clock->elapsed + (clock_real() - began);
    clock->elapsed = now < deadline ? now : deadline;
}

/* Wait in libuv, at most until [deadline] (CLOCK_NEVER: without end). */
static bool wait_in_uv(Thread *t, Loop *loop, int64_t deadline) {
    loop_start_uv(loop);
    if (deadline != CLOCK_NEVER) {
        int64_t left = deadline - loop_now(loop);
        uv_update_time(&loop->uv);
        uv_timer_start(&loop->timer, on_timer,
                       left > 0 ? (uint64_t)((left + MILLISECOND - 1) / MILLISECOND) : 0, 0);
    }
    signals_set_waiting(t, loop);
    loop->polling = true;
    if (!(thread_poll_bits(t) & POLL_SIGNAL)) poll_uv_timed(t, loop, deadline);
    loop->polling = false;
    signals_set_waiting(t, NULL);
    if (deadline != CLOCK_NEVER) uv_timer_stop(&loop->timer);
    return thread_poll(t);
}

/* Wait for other threads, or for a moment of virtual time. */
static bool park(Thread *t, Loop *loop, int64_t deadline) {
    loop->parked = true;
    t->hears_outside = loop->io_handles > 0;
    ParkResult result = thread_park(t, deadline, WAIT_LOOP, VALUE_NONE);
    t->hears_outside = false;
    loop->parked = false;
    if (result == PARK_ALONE) return wait_in_uv(t, loop, deadline);
    if (result == PARK_DEADLOCK) return deadlock_raise(t, loop);
    return thread_poll(t);
}

/* What the open handles of [loop] wait for, taken together. */
static WireState handles_state(const Loop *loop) {
    WireState worst = WIRE_QUIET;
    for (size_t fd = 0; fd < loop->watch_capacity; fd++) {
        if (!loop->watches[fd]) continue;
        WireState state = wire_state(loop->state, (int)fd, watch_events(loop->watches[fd]));
        if (state > worst) worst = state;
    }
    return worst;
}

/* Bytes that the program has sent to itself arrive at once, and no time passes. False: they did
 * not come. */
static bool catch_flying(Thread *t, Loop *loop) {
    for (int i = 0; i < FLIGHT_TURNS; i++) {
        uv_timer_start(&loop->timer, on_timer, 1, 0);
        uv_run(&loop->uv, UV_RUN_ONCE);
        uv_timer_stop(&loop->timer);
        if (loop->ready.count || thread_poll_bits(t)) return true;
    }
    for (size_t fd = 0; fd < loop->watch_capacity; fd++) {
        if (loop->watches[fd]) wire_give_up(loop->state, (int)fd);
    }
    return false;
}

/* On the virtual clock with handles open: time jumps when nothing is on the way to them and none is
 * foreign. */
static bool wait_virtual(Thread *t, Loop *loop, int64_t deadline) {
    uv_run(&loop->uv, UV_RUN_NOWAIT);
    if (loop->ready.count) return true;
    WireState state = handles_state(loop);
    if (state == WIRE_IN_FLIGHT && catch_flying(t, loop)) return thread_poll(t);
    if (state == WIRE_FOREIGN) t->vm->outside |= OUTSIDE_PEERS;
    return state == WIRE_FOREIGN ? wait_in_uv(t, loop, deadline) : park(t, loop, deadline);
}

/* Nothing is ready: let time pass, or find that it never will. */
static bool wait(Thread *t, Loop *loop) {
    bool is_virtual = t->vm->clock.is_virtual;
    if (loop->timers.count) {
        int64_t now, deadline = timers_first(&loop->timers)->deadline;
        if (!custom_now(t, loop, &now)) return false;
        if (UNLIKELY(loop->custom)) deadline = loop_now(loop) + (deadline - now);
        if (deadline <= loop_now(loop)) {
            if (loop->io_handles) uv_run(&loop->uv, UV_RUN_NOWAIT);
            return true;
        }
        PROBE(t, LOOP_WAIT, float_new(t, clock_to_seconds(deadline - loop_now(loop))), VALUE_UNSET);
        if (!is_virtual) return wait_in_uv(t, loop, deadline);
        return loop->io_handles ? wait_virtual(t, loop, deadline) : park(t, loop, deadline);
    }
    PROBE(t, LOOP_WAIT, float_new(t, INFINITY), VALUE_UNSET);
    if (is_virtual && loop->io_handles) return wait_virtual(t, loop, CLOCK_NEVER);
    if (!can_hear(loop) && (tasks_wait(loop) || !thread_is_alone(t)))
        return park(t, loop, CLOCK_NEVER);
    return wait_in_uv(t, loop, CLOCK_NEVER);
}

/* ---- passes ---- */

static bool run_pass(Thread *t, Loop *loop, Value self, Value *roots) {
    loop->pass++;
    if (loop->timers.count) drop_dead_timers(&loop->timers);
    int selected = UNLIKELY(loop->custom) ? custom_select(t, loop) : 0;
    if (UNLIKELY(selected)) {
        if (selected < 0) return false;
    } else if (!loop->ready.count && !loop->stopping) {
        loop->idle = true;
        bool ok = wait(t, loop);
        loop->idle = loop->unheard = false;
        if (!ok) return false;
        blocked_wake(loop);
    } else if (loop->io_handles) {
        uv_run(&loop->uv, UV_RUN_NOWAIT);
    }
    if (loop->timers.count && !append_due_timers(t, loop)) return false;
    PROBE(t, LOOP_PASS, fixnum((int64_t)loop->pass), fixnum((int64_t)loop->ready.count));
    if (!run_ready(t, loop, self, roots)) return false;
    if (UNLIKELY(loop->state->dropped_count != 0)) return report_pass_end(t);
    return true;
}

bool loop_run_once(Thread *t, Value self) {
    Value *roots = push_roots(t, 3);
    roots[0] = self;
    bool ok = run_pass(t, loop_of(self), self, roots);
    pop_roots(t, roots);
    return ok;
}

static bool check_runnable(Thread *t, Loop *loop) {
    if (loop->thread) {
        raise_error(t, EXC_RuntimeError, "This event loop is already running");
        return false;
    }
    if (loop_get_running(t) != VALUE_NONE) {
        raise_error(t, EXC_RuntimeError, "Cannot run the event loop while another loop is running");
        return false;
    }
    return true;
}

bool loop_run_forever(Thread *t, Value self) {
    Loop *loop = loop_open(t, self);
    if (!loop || !check_runnable(t, loop)) return false;
    Value *roots = push_roots(t, 5);
    roots[0] = self;
    roots[3] = t->asyncgen_firstiter;
    roots[4] = t->asyncgen_finalizer;
    asyncgens_hook(t, self);
    loop_enter(t, loop, roots + 1);
    blocked_begin(loop);
    PROBE(t, LOOP_STARTED, VALUE_UNSET, VALUE_UNSET);
    bool ok;
    do {
        ok = LIKELY(!loop->custom) ? run_pass(t, loop, self, roots) : custom_run_pass(t, self);
    } while (ok && !loop->stopping);
    loop->stopping = false;
    blocked_end(loop);
    loop_leave(t, loop);
    t->asyncgen_firstiter = roots[3];
    t->asyncgen_finalizer = roots[4];
    PROBE(t, LOOP_STOPPED, VALUE_UNSET, VALUE_UNSET);
    pop_roots(t, roots);
    return ok;
}

/* ---- run_until_complete ---- */

/* The done callback: stops the loop, unless the exception leaves it anyway. */
static Value stop_when_done(Thread *t, Value *args) {
    if (is_future(args[1])) {
        Future *future = FUTURE(args[1]);
        if (future->failed) {
            future->observed = true;
            Class *cls = object_class(object_of(future->result));
            if (class_is_subclass(cls, EXCEPTION_CLASS(t, SystemExit)) ||
                class_is_subclass(cls, EXCEPTION_CLASS(t, KeyboardInterrupt))) {
                return VALUE_NONE;
            }
        }
    }
    loop_of(args[0])->stopping = true;
    return VALUE_NONE;
}

static const NativeDef stop_def = {"_run_until_complete_cb", stop_when_done, "(self, fut, /)",
                                   NULL};

/* ensure_future(v, loop=self): [*made] tells whether a task was made. */
static Value ensure_future(Thread *t, Value self, Value v, bool *made) {
    *made = false;
    if (is_future(v) && !is_native_coroutine(v)) {
        if (FUTURE(v)->loop == self) return v;
        return raise_error(
            t, EXC_ValueError,
            "The future belongs to a different loop than the one specified as the loop "
            "argument");
    }
    *made = true;
    if (is_coroutine_like(t, v)) {
        return call_method(t, self, NAME_OF(t, create_task), &v, 1);
    }
    Value blocking = value_getattr_or_unset(t, v, NAME_OF(t, _asyncio_future_blocking));
    if (blocking == VALUE_ERROR) return VALUE_ERROR;
    *made = blocking == VALUE_UNSET;
    if (!*made) return v;
    Value module = t->vm->hooks.import_module(t, NAME_OF(t, asyncio));
    if (module == VALUE_ERROR) return VALUE_ERROR;
    Value args[2] = {v, self}, name = object_value(NAME_OF(t, loop));
    Value *roots = push_roots(t, 2);
    roots[0] = v;
    roots[1] = value_getattr(t, module, NAME_OF(t, ensure_future));
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    Value task = call_keywords(t, roots[1], args, 2, tuple_from(t, &name, 1));
    pop_roots(t, roots);
    return task;
}

static bool add_stop_callback(Thread *t, Value future, Value stop) {
    bool own = object_class(object_of(future))->flags & CLASS_HEAP;
    if (is_future(future) && !own) return future_add_callback(t, FUTURE(future), stop, VALUE_NONE);
    return call_method(t, future, NAME_OF(t, add_done_callback), &stop, 1) != VALUE_ERROR;
}

/* Run until the future is done or the loop was stopped; remove the callback whatever happens. */
static bool run_with_callback(Thread *t, Value self, Value future, Value stop) {
    Loop *loop = loop_of(self);
    loop->until = future;
    bool ok = loop_run_forever(t, self);
    loop->until = VALUE_NONE;
    Value raised = t->exception;
    Value *roots = push_roots(t, 1);
    if (!ok) {
        roots[0] = exception_take(t);
        if (is_future(future) && FUTURE(future)->state == FUTURE_FINISHED)
            FUTURE(future)->observed = true;
    }
    Value removed = call_method(t, future, NAME_OF(t, remove_done_callback), &stop, 1);
    if (removed == VALUE_ERROR && !ok) exception_take(t);
    if (!ok) t->exception = raised;
    pop_roots(t, roots);
    return ok && removed != VALUE_ERROR;
}

Value loop_run_until_complete(Thread *t, Value self, Value v) {
    Loop *loop = loop_open(t, self);
    if (!loop || !check_runnable(t, loop)) return VALUE_ERROR;
    Value *roots = push_roots(t, 3);
    roots[0] = self;
    bool made;
    Value future = roots[1] = ensure_future(t, self, v, &made);
    if (future == VALUE_ERROR) return VALUE_ERROR;
    if (made && is_future(future)) FUTURE(future)->flags |= FUTURE_QUIET;
    Value stop = roots[2] = native_callback(t, &stop_def, self);
    /* so that it gets the loop first */
    ((Native *)object_of(stop))->owner = BUILTIN_CLASS(t, LOOP);
    if (!add_stop_callback(t, future, stop)) return VALUE_ERROR;
    if (!run_with_callback(t, self, future, stop)) return VALUE_ERROR;
    Value result;
    if (is_future(future)) {
        if (FUTURE(future)->state == FUTURE_PENDING) {
            return raise_error(t, EXC_RuntimeError, "Event loop stopped before Future completed.");
        }
        result = future_take_result(t, FUTURE(future));
    } else {
        result = call_method(t, future, NAME_OF(t, result), NULL, 0);
    }
    pop_roots(t, roots);
    return result;
}
