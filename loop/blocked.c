/* SPDX-License-Identifier: MIT */
/*
 * A callback that holds the loop for 100 ms (loop.slow_callback_duration) lets everything else
 * wait. The report names the line that held it when that time had passed, for how long it went on,
 * and how many others were ready.
 *
 * Real time: a watchdog, a small thread that exists once a loop has run, looks every 20 ms whether
 * a loop is still in the entry it was in before. The loop itself only counts its entries: no clock
 * is read. When an entry takes too long the watchdog raises POLL_WATCH; the next safepoint, which
 * is in the loop that computes or right after the call that waits, says where it is. Watching loops
 * that are idle it falls asleep, and is woken by the next entry's loop.
 *
 * Virtual time: computing costs none, but time.sleep or a lock in a callback does. Whoever waits so
 * raises POLL_WATCH itself (vm/baton.c); the clock says for how long.
 *
 * In debug mode every entry is timed, however short loop.slow_callback_duration is, and who uses
 * logging gets Python's sentence from the logger asyncio instead of the report.
 *
 * Each line is reported once, when the callback is over, so that it can be said for how long; one
 * that goes on for LONG times the limit is reported while it runs, because it may never end.
 * Invariants: the watchdog touches no heap object; what it shares with
 * a loop is atomic, and the list of running loops is the mutex's.
 *
 * Read next: loop/run.c (run_entries).
 */
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "common/arena.h"
#include "common/memory.h"
#include "loop/report.h"
#include "vm/number.h"
#include "vm/str.h"
#include "vm/probe.h"

#define TICK (CLOCK_SECOND / 50)

enum {
    IDLE_TICKS = 25, /* without an entry before the watchdog falls asleep */
    LONG = 50,       /* times the limit: reported before its end */
    STACK_BYTES = 1 << 16,
};

struct Watchdog {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_t thread;
    bool started, closed;
    int asleep; /* atomic */
    int idle_ticks;
    Loop *running; /* by Loop.next_running */
    Place reported[REPORT_PLACES];
    int reported_count;
};

static Watchdog *watchdog_of(const Loop *loop) { return loop->state->watchdog; }

/* ---- the watchdog's side ---- */

/* True: the loop is at work. */
static bool look_at(Loop *loop, int64_t now) {
    uint64_t entry = __atomic_load_n(&loop->entry, __ATOMIC_RELAXED);
    if (entry != loop->seen_entry) {
        loop->seen_entry = entry;
        __atomic_store_n(&loop->seen_at, now, __ATOMIC_RELAXED);
        return true;
    }
    if (!(entry & ENTRY_RUNS)) return false;
    int64_t limit = __atomic_load_n(&loop->slow, __ATOMIC_RELAXED);
    if (now - loop->seen_at < limit) return true;
    bool again = loop->poked == entry;
    if (again && now - loop->seen_at < limit * LONG) return true;
    if (again && loop->poked_again == entry) return true;
    if (again) loop->poked_again = entry;
    __atomic_store_n(&loop->poked, entry, __ATOMIC_RELEASE);
    thread_poll_raise(loop->thread, POLL_WATCH);
    return true;
}

static void *watch(void *argument) {
    Watchdog *dog = argument;
    pthread_mutex_lock(&dog->mutex);
    while (!dog->closed) {
        int64_t now = clock_real(), until = now + TICK;
        bool busy = false;
        for (Loop *loop = dog->running; loop; loop = loop->next_running) busy |= look_at(loop, now);
        dog->idle_ticks = busy ? 0 : dog->idle_ticks + 1;
        if (dog->idle_ticks < IDLE_TICKS) {
            struct timespec time = {until / CLOCK_SECOND, until % CLOCK_SECOND};
            pthread_cond_timedwait(&dog->wake, &dog->mutex, &time);
            continue;
        }
        __atomic_store_n(&dog->asleep, 1, __ATOMIC_SEQ_CST);
        pthread_cond_wait(&dog->wake, &dog->mutex);
        __atomic_store_n(&dog->asleep, 0, __ATOMIC_SEQ_CST);
        dog->idle_ticks = 0;
    }
    pthread_mutex_unlock(&dog->mutex);
    return NULL;
}

/* ---- life ---- */

static Watchdog *watchdog_new(void) {
    Watchdog *dog = calloc(1, sizeof *dog);
    if (!dog) memory_exhausted(sizeof *dog);
    pthread_mutex_init(&dog->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&dog->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    return dog;
}

/* Without a thread, which the system may refuse, nothing is watched. */
static void start_thread(Watchdog *dog) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    dog->started = !pthread_create(&dog->thread, &attributes, watch, dog);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

void blocked_begin(Loop *loop) {
    LoopState *state = loop->state;
    if (!state->watchdog) state->watchdog = watchdog_new();
    if (state->vm->clock.is_virtual) return;
    Watchdog *dog = state->watchdog;
    pthread_mutex_lock(&dog->mutex);
    loop->next_running = dog->running;
    dog->running = loop;
    if (!dog->started) start_thread(dog);
    pthread_mutex_unlock(&dog->mutex);
    blocked_wake(loop);
}

void blocked_end(Loop *loop) {
    Watchdog *dog = watchdog_of(loop);
    __atomic_fetch_and(&loop->entry, ~(uint64_t)ENTRY_RUNS, __ATOMIC_RELAXED);
    if (loop->state->vm->clock.is_virtual) return;
    pthread_mutex_lock(&dog->mutex);
    Loop **link = &dog->running;
    while (*link != loop) link = &(*link)->next_running;
    *link = loop->next_running;
    pthread_mutex_unlock(&dog->mutex);
}

void blocked_wake(Loop *loop) {
    Watchdog *dog = watchdog_of(loop);
    if (LIKELY(!__atomic_load_n(&dog->asleep, __ATOMIC_RELAXED))) return;
    pthread_mutex_lock(&dog->mutex);
    pthread_cond_signal(&dog->wake);
    pthread_mutex_unlock(&dog->mutex);
}

void blocked_shade(Heap *heap, const LoopState *state) {
    for (int i = 0; state->watchdog && i < state->watchdog->reported_count; i++) {
        Code *code = state->watchdog->reported[i].code;
        if (code) heap_shade_object(heap, &code->header);
    }
}

void blocked_release(LoopState *state) {
    Watchdog *dog = state->watchdog;
    if (!dog) return;
    pthread_mutex_lock(&dog->mutex);
    dog->closed = true;
    pthread_cond_signal(&dog->wake);
    pthread_mutex_unlock(&dog->mutex);
    if (dog->started) pthread_join(dog->thread, NULL);
    pthread_cond_destroy(&dog->wake);
    pthread_mutex_destroy(&dog->mutex);
    free(dog);
    state->watchdog = NULL;
}

/* ---- the loop's side ---- */

static Loop *loop_run_by(const Thread *t) {
    if (!t->running_loop || !is_kind(t->running_loop, OBJ_LOOP)) return NULL;
    Loop *loop = loop_of(t->running_loop);
    return loop && loop->thread == t ? loop : NULL;
}

/* Is the entry under way too long? */
static bool takes_too_long(const Loop *loop) {
    const Clock *clock = &loop->state->vm->clock;
    if (!(loop->entry & ENTRY_RUNS)) return false;
    if (clock->is_virtual) return clock->elapsed - loop->entry_began >= loop->slow;
    if (UNLIKELY(loop->debug)) return clock_real() - loop->debug_began >= loop->slow;
    return __atomic_load_n(&loop->poked, __ATOMIC_ACQUIRE) == loop->entry;
}

static bool is_reported(Watchdog *dog, Place place) {
    if (!place.code) return false;
    int line = code_line(place.code, place.pc);
    for (int i = 0; i < dog->reported_count; i++) {
        Place other = dog->reported[i];
        if (other.code == place.code && code_line(other.code, other.pc) == line) return true;
    }
    if (dog->reported_count < REPORT_PLACES) dog->reported[dog->reported_count++] = place;
    return false;
}

static size_t due_timers(const Loop *loop) {
    size_t due = 0;
    int64_t now = loop_now(loop);
    for (size_t i = 0; i < loop->timers.count; i++) due += loop->timers.timers[i].deadline <= now;
    return due;
}

static double seconds_held(const Loop *loop) {
    const Clock *clock = &loop->state->vm->clock;
    if (clock->is_virtual) return clock_to_seconds(clock->elapsed - loop->entry_began);
    if (loop->debug) return clock_to_seconds(clock_real() - loop->debug_began);
    return clock_to_seconds(clock_real() - __atomic_load_n(&loop->seen_at, __ATOMIC_RELAXED));
}

static void put_fix(Buffer *out) {
    buffer_puts(out, "  fix: wait with `await` (asyncio.sleep, streams, queues), or hand the work "
                     "to asyncio.to_thread\n");
}

/* The entry under way has lasted very long, and may never end. */
static void report_going_on(Thread *t, Loop *loop) {
    loop->told_entry = loop->entry;
    Place place = place_in_program(t);
    Buffer out = {0};
    if (is_reported(watchdog_of(loop), place) || !report_begin(t, REPORT_BLOCKED_LOOP, &out))
        return;
    size_t others = loop->ready.count + due_timers(loop);
    buffer_printf(&out,
                  "one callback has held the loop for %.1f s and goes on, and %zu other%s ready\n",
                  seconds_held(loop), others, others == 1 ? " is" : "s are");
    report_place(t, place, &out);
    put_fix(&out);
    report_end(t, REPORT_BLOCKED_LOOP, &out);
}

void blocked_look(Thread *t) {
    Loop *loop = loop_run_by(t);
    if (!loop || loop->told_entry == loop->entry || !takes_too_long(loop)) return;
    if (loop->is_held) {
        if (seconds_held(loop) >= clock_to_seconds(loop->slow) * LONG) report_going_on(t, loop);
        return;
    }
    loop->is_held = true;
    loop->held_at = t->frame == t->callback_base ? (Place){0} : place_in_program(t);
    loop->held_ready = loop->ready.count;
}

/* A callback that is no Tulip code. */
static void put_callback(Thread *t, Value what, Value arg, Buffer *out) {
    Buffer text = {0};
    if (handle_text(t, what, arg, &text)) buffer_printf(out, "  in %s\n", text.data);
    else exception_take(t);
    buffer_free(&text);
}

/* Debug mode: the logger asyncio is told, if the program uses logging and somebody listens. */
static bool log_slow(Thread *t, const Loop *loop, Value what, Value arg) {
    if (LIKELY(!loop->debug)) return false;
    Value *roots = push_roots(t, 3);
    Value seconds = float_new(t, seconds_held(loop));
    roots[0] = what;
    if (!is_kind(what, OBJ_HANDLE) && !is_kind(what, OBJ_TASK)) {
        roots[1] = handle_arguments(t, arg);
        roots[0] = handle_new(t, object_value(loop->object), what, roots[1], VALUE_NONE);
    }
    roots[1] = seconds;
    bool logged = report_by_logger(t, "log_slow", roots, 2);
    pop_roots(t, roots);
    return logged;
}

void blocked_report(Thread *t, Loop *loop, Value what, Value arg) {
    if (!loop->is_held && takes_too_long(loop)) { /* it met no safepoint: no line is known */
        loop->is_held = true;
        loop->held_at = (Place){0};
        loop->held_ready = loop->ready.count;
    }
    if (!loop->is_held) return;
    loop->is_held = false;
    PROBE(t, LOOP_BLOCKED, what, float_new(t, seconds_held(loop)));
    Place place = loop->held_at;
    loop->held_at = (Place){0};
    if (loop->told_entry == loop->entry) return;
    Buffer out = {0};
    if (log_slow(t, loop, what, arg)) {
        report_count(t, REPORT_BLOCKED_LOOP);
        return;
    }
    if (is_reported(watchdog_of(loop), place) || !report_begin(t, REPORT_BLOCKED_LOOP, &out))
        return;
    size_t others = loop->held_ready + due_timers(loop);
    buffer_printf(&out, "one callback held the loop for %.1f s, and %zu other%s ready\n",
                  seconds_held(loop), others, others == 1 ? " was" : "s were");
    if (place.code) report_place(t, place, &out);
    else put_callback(t, what, arg, &out);
    put_fix(&out);
    report_end(t, REPORT_BLOCKED_LOOP, &out);
}
