/* SPDX-License-Identifier: MIT */
/*
 * Who runs: the line for the baton, parking, leaving, time slices, the jump of virtual time.
 *
 * One mutex guards the line and the states of all threads; each thread sleeps on a semaphore of its
 * own, because a signal handler may post one. A thread that wakes looks at its state and sleeps on
 * unless it is RUNNING, so a post too many does no harm.
 *
 * Slices. Real time: the ticker, a small thread that sleeps while the line is empty, raises
 * POLL_SWITCH on a holder that has not changed for a slice. Virtual time: every safepoint counts,
 * so that the same program always switches at the same places.
 *
 * Read next: vm/baton.h.
 */
#define _GNU_SOURCE /* sem_clockwait, pthread_getattr_np */
#include "vm/baton.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "common/memory.h"
#include "vm/draw.h"
#include "vm/probe.h"

enum {
    SLICE_SAFEPOINTS = 20000, /* under virtual time */
    SLICE_LENGTHS = 15,       /* with a seed: up to 2^0, 2^1 … 2^14 */
    C_STACK_BYTES = 8 << 20,  /* of a new thread */
    TICKER_STACK_BYTES = 1 << 16,
};

typedef enum ThreadState { RUNNING, IN_LINE, PARKED, OUTSIDE } ThreadState;

/* A Thread's part of the baton's business. */
typedef struct Seat {
    Thread *thread;
    ThreadState state;
    ParkResult result;
    int64_t deadline;
    uint64_t order; /* of parking */
    struct Seat *next_in_line;
    sem_t wake;
    size_t stack_size;
    pthread_t os_thread;
    void (*body)(Thread *t, void *argument);
    void *argument;
    struct Seat *next_ended;
} Seat;

typedef struct Baton {
    Vm *vm;
    pthread_mutex_t mutex;
    Seat *holder; /* NULL: everybody waits */
    Seat *first_in_line, *last_in_line;
    uint32_t line_length, outside;
    uint64_t parkings, turns;
    int carried;        /* poll bits about the heap, from the last holder to the next */
    int64_t slice;      /* nanoseconds */
    int32_t slice_left; /* safepoints, under virtual time */
    int64_t idle_since; /* real time; 0: somebody runs, or nobody is outside */
    bool seeded, closed;
    uint64_t random;
    size_t stack_size; /* 0: C_STACK_BYTES */
    Seat *ended;       /* their OS threads are to be joined */
    bool ticker_started, ticker_asleep;
    pthread_t ticker;
    pthread_cond_t tick;
} Baton;

static Baton *baton_of(const Thread *t) { return t->vm->baton; }
static Clock *clock_of(const Baton *b) { return &b->vm->clock; }

/* ---- small tools ---- */

static void wait_for_post(sem_t *wake) {
    while (sem_wait(wake) && errno == EINTR) {}
}

/* False: [until] (real time) came first. */
static bool wait_for_post_until(sem_t *wake, int64_t until) {
    struct timespec time = {until / CLOCK_SECOND, until % CLOCK_SECOND};
    while (sem_clockwait(wake, CLOCK_MONOTONIC, &time)) {
        if (errno == ETIMEDOUT) return false;
    }
    return true;
}

static uint64_t draw_number(Baton *b) { return draw_next(&b->random); }

/* ---- the line ---- */

static void append_to_line(Baton *b, Seat *seat) {
    seat->state = IN_LINE;
    seat->next_in_line = NULL;
    if (b->last_in_line) b->last_in_line->next_in_line = seat;
    else b->first_in_line = seat;
    b->last_in_line = seat;
    b->line_length++;
}

/* The next in line, removed; with a seed, any in line. The line is not empty. */
static Seat *take_from_line(Baton *b) {
    uint64_t skip = b->seeded ? draw_number(b) % b->line_length : 0;
    Seat *before = NULL, *seat = b->first_in_line;
    for (; skip; skip--) {
        before = seat;
        seat = seat->next_in_line;
    }
    if (before) before->next_in_line = seat->next_in_line;
    else b->first_in_line = seat->next_in_line;
    if (b->last_in_line == seat) b->last_in_line = before;
    b->line_length--;
    return seat;
}

/* ---- nobody runs ---- */

/* The parked one whose deadline comes first; NULL: no parked thread has one. */
static Seat *earliest(const Baton *b) {
    Seat *found = NULL;
    for (Thread *t = b->vm->threads; t; t = t->next) {
        Seat *seat = t->seat;
        if (seat->state != PARKED || seat->deadline == CLOCK_NEVER) continue;
        if (!found || seat->deadline < found->deadline ||
            (seat->deadline == found->deadline && seat->order < found->order))
            found = seat;
    }
    return found;
}

static void end_park(Baton *b, Seat *seat, ParkResult result) {
    seat->result = result;
    append_to_line(b, seat);
}

/* The virtual clock jumps to the first deadline; all who waited for that moment get in line, in
 * the order in which they parked. */
static void jump(Baton *b, const Seat *first) {
    int64_t moment = first->deadline;
    if (clock_of(b)->elapsed < moment) clock_of(b)->elapsed = moment;
    for (;;) {
        Seat *due = earliest(b);
        if (!due || due->deadline > moment) return;
        end_park(b, due, PARK_TIMED_OUT);
    }
}

/* Those who can hear the outside go and listen; [at_last]: all of them. False: nobody can. */
static bool send_listeners(Baton *b, bool at_last) {
    bool sent = false;
    for (Thread *t = b->vm->threads; t; t = t->next) {
        if (t->seat->state != PARKED || t->hears_outside == HEARS_NOTHING) continue;
        if (!at_last && t->hears_outside == HEARS_AT_LAST) continue;
        end_park(b, t->seat, PARK_ALONE);
        sent = true;
    }
    return sent;
}

static void nobody_in_line(Baton *b) {
    Seat *first = earliest(b);
    if (b->outside) {
        if (send_listeners(b, false) || !clock_of(b)->is_virtual) return;
        b->idle_since = clock_real(); /* the clock runs at real pace until somebody returns */
        if (first) sem_post(&first->wake);
        return;
    }
    if (first) {
        if (clock_of(b)->is_virtual) jump(b, first);
        return;
    }
    if (send_listeners(b, true)) return;
    Seat *main_seat = b->vm->main_thread->seat;
    bool signals = b->vm->hooks.signals_may_come && b->vm->hooks.signals_may_come(b->vm);
    if (main_seat->state == PARKED && !signals) end_park(b, main_seat, PARK_DEADLOCK);
}

/* Under the virtual clock, time that passed while everybody waited for the outside. */
static void end_idleness(Baton *b) {
    if (!b->idle_since) return;
    int64_t now = clock_of(b)->elapsed + (clock_real() - b->idle_since);
    Seat *first = earliest(b);
    if (first && first->deadline < now) now = first->deadline;
    if (now > clock_of(b)->elapsed) clock_of(b)->elapsed = now;
    b->idle_since = 0;
}

/* ---- handing over; the mutex is held ---- */

static void start_next(Baton *b) {
    b->holder = NULL;
    if (!b->line_length) nobody_in_line(b);
    if (!b->line_length) return;
    Seat *next = take_from_line(b);
    b->holder = next;
    b->turns++;
    next->state = RUNNING;
    sem_post(&next->wake);
}

static void wake_ticker(Baton *b);

/* [seat] wants to run. */
static void get_in_line(Baton *b, Seat *seat) {
    append_to_line(b, seat);
    if (!b->holder) {
        end_idleness(b);
        start_next(b);
    } else {
        wake_ticker(b);
    }
}

static void carry_poll_bits(Baton *b, Thread *t) {
    b->carried |= thread_poll_clear(t, POLL_COLLECT | POLL_FINALIZE | POLL_SWITCH) &
                  (POLL_COLLECT | POLL_FINALIZE);
}

/* Long and short ones are equally likely: a race may need a switch at a certain instruction. */
static int32_t drawn_slice(Baton *b) {
    uint64_t limit = UINT64_C(1) << (draw_number(b) % SLICE_LENGTHS);
    return 1 + (int32_t)(draw_number(b) % limit);
}

static void begin_slice(Baton *b, Thread *t) {
    if (!clock_of(b)->is_virtual || b->vm->thread_count == 1) return;
    b->slice_left = b->seeded ? drawn_slice(b) : SLICE_SAFEPOINTS;
    thread_poll_raise(t, POLL_SWITCH);
}

/* [t] holds the baton now. */
static void begin_turn(Baton *b, Thread *t) {
    Heap *heap = &b->vm->heap;
    heap->attention = &t->poll;
    int bits = b->carried;
    b->carried = 0;
    if (heap->stress || heap->stress_step) bits |= POLL_COLLECT;
    if (bits) thread_poll_raise(t, bits);
    begin_slice(b, t);
    PROBE(t, THREAD_RUNS, fixnum((int64_t)t->number), VALUE_UNSET);
}

/* Until when [seat] sleeps at most, in real time. */
static int64_t sleep_until(const Baton *b, const Seat *seat) {
    if (seat->state != PARKED || seat->deadline == CLOCK_NEVER) return CLOCK_NEVER;
    if (!clock_of(b)->is_virtual) return seat->deadline;
    if (!b->idle_since) return CLOCK_NEVER;
    return b->idle_since + (seat->deadline - clock_of(b)->elapsed);
}

/* The deadline of a parked thread may have passed. */
static void check_deadline(Baton *b, Seat *seat) {
    if (seat->state != PARKED) return;
    if (clock_of(b)->is_virtual) {
        if (!b->idle_since) return;
        end_idleness(b);
        if (clock_of(b)->elapsed < seat->deadline) {
            b->idle_since = clock_real();
            return;
        }
    } else if (clock_real() < seat->deadline) {
        return;
    }
    seat->result = PARK_TIMED_OUT;
    get_in_line(b, seat);
}

/* Sleep until it is [seat]'s turn. The mutex is held, before and after. */
static void wait_for_turn(Baton *b, Seat *seat) {
    bool is_main = seat->thread == b->vm->main_thread;
    while (seat->state != RUNNING) {
        if (is_main && seat->state == PARKED && (thread_poll_bits(seat->thread) & POLL_SIGNAL)) {
            seat->result = PARK_SIGNAL;
            get_in_line(b, seat);
            continue;
        }
        int64_t until = sleep_until(b, seat);
        pthread_mutex_unlock(&b->mutex);
        bool posted = true;
        if (until == CLOCK_NEVER) wait_for_post(&seat->wake);
        else posted = wait_for_post_until(&seat->wake, until);
        pthread_mutex_lock(&b->mutex);
        if (!posted) check_deadline(b, seat);
    }
}

/* ---- parking and leaving ---- */

/* The program ends, and the others never run again. */
static ParkResult park_alone(Baton *b, Thread *t, int64_t deadline) {
    if (deadline == CLOCK_NEVER) return t->hears_outside ? PARK_ALONE : PARK_DEADLOCK;
    if (clock_of(b)->is_virtual) {
        if (clock_of(b)->elapsed < deadline) clock_of(b)->elapsed = deadline;
    } else if (!(thread_poll_bits(t) & POLL_SIGNAL) &&
               wait_for_post_until(&t->seat->wake, deadline)) {
        return thread_poll_bits(t) & POLL_SIGNAL ? PARK_SIGNAL : PARK_WOKEN;
    }
    return thread_poll_bits(t) & POLL_SIGNAL ? PARK_SIGNAL : PARK_TIMED_OUT;
}

ParkResult thread_park(Thread *t, int64_t deadline, WaitKind kind, Value what) {
    Baton *b = baton_of(t);
    if (b->closed) return park_alone(b, t, deadline);
    Seat *seat = t->seat;
    t->wait_kind = kind;
    t->wait_on = what;
    t->wait_deadline = deadline;
    PROBE(t, THREAD_PARKED, fixnum((int64_t)t->number), what);
    pthread_mutex_lock(&b->mutex);
    carry_poll_bits(b, t);
    seat->deadline = deadline;
    seat->order = b->parkings++;
    seat->result = PARK_WOKEN;
    seat->state = PARKED;
    if (t == b->vm->main_thread && (thread_poll_bits(t) & POLL_SIGNAL)) {
        seat->result = PARK_SIGNAL;
        append_to_line(b, seat);
    }
    start_next(b);
    wait_for_turn(b, seat);
    pthread_mutex_unlock(&b->mutex);
    begin_turn(b, t);
    if (seat->result != PARK_SIGNAL || kind == WAIT_OUTSIDE) { /* else kept, for Ctrl-\ to show */
        t->wait_kind = WAIT_NOTHING;
        t->wait_on = VALUE_NONE;
    }
    bool watched = t->running_loop && kind != WAIT_LOOP && t->vm->hooks.watch;
    if (watched && clock_of(b)->is_virtual) thread_poll_raise(t, POLL_WATCH);
    return seat->result;
}

void thread_unpark(Thread *other) {
    Baton *b = baton_of(other);
    Seat *seat = other->seat;
    pthread_mutex_lock(&b->mutex);
    bool woken = seat->state == PARKED;
    Seat *by = b->holder;
    if (woken) {
        seat->result = PARK_WOKEN;
        get_in_line(b, seat);
    }
    pthread_mutex_unlock(&b->mutex);
    if (woken && by && by != seat)
        PROBE(by->thread, THREAD_WOKEN, fixnum((int64_t)other->number), VALUE_UNSET);
}

bool thread_sleep_until(Thread *t, int64_t deadline) {
    while (clock_monotonic(&t->vm->clock) < deadline) {
        thread_park(t, deadline, WAIT_TIME, VALUE_NONE);
        if (!thread_poll(t)) return false;
    }
    return true;
}

void thread_leave(Thread *t) {
    Baton *b = baton_of(t);
    if (thread_is_alone(t) || b->closed) return;
    Seat *seat = t->seat;
    t->wait_kind = WAIT_OUTSIDE;
    PROBE(t, THREAD_LEFT, fixnum((int64_t)t->number), VALUE_UNSET);
    pthread_mutex_lock(&b->mutex);
    carry_poll_bits(b, t);
    seat->state = OUTSIDE;
    b->outside++;
    start_next(b);
    pthread_mutex_unlock(&b->mutex);
}

void thread_return(Thread *t) {
    Baton *b = baton_of(t);
    if (t->wait_kind != WAIT_OUTSIDE) return;
    Seat *seat = t->seat;
    pthread_mutex_lock(&b->mutex);
    b->outside--;
    get_in_line(b, seat);
    wait_for_turn(b, seat);
    pthread_mutex_unlock(&b->mutex);
    t->wait_kind = WAIT_NOTHING;
    begin_turn(b, t);
}

void thread_pass(Thread *t) {
    Baton *b = baton_of(t);
    if (clock_of(b)->is_virtual && !b->closed && --b->slice_left > 0) return;
    thread_poll_clear(t, POLL_SWITCH);
    if (b->closed) return;
    pthread_mutex_lock(&b->mutex);
    if (b->line_length) {
        carry_poll_bits(b, t);
        append_to_line(b, t->seat);
        start_next(b);
        wait_for_turn(b, t->seat);
    }
    pthread_mutex_unlock(&b->mutex);
    begin_turn(b, t);
}

/* ---- the ticker ---- */

static void *run_ticker(void *argument) {
    Baton *b = argument;
    pthread_mutex_lock(&b->mutex);
    while (!b->closed) {
        if (!b->line_length) {
            b->ticker_asleep = true;
            pthread_cond_wait(&b->tick, &b->mutex);
            b->ticker_asleep = false;
            continue;
        }
        uint64_t turn = b->turns;
        int64_t until = clock_real() + b->slice;
        struct timespec time = {until / CLOCK_SECOND, until % CLOCK_SECOND};
        pthread_cond_timedwait(&b->tick, &b->mutex, &time);
        if (b->turns == turn && b->line_length && b->holder && clock_real() >= until)
            thread_poll_raise(b->holder->thread, POLL_SWITCH);
    }
    pthread_mutex_unlock(&b->mutex);
    return NULL;
}

static void wake_ticker(Baton *b) {
    if (b->ticker_asleep) pthread_cond_signal(&b->tick);
}

/* pthread_create of a thread that no signal is delivered to. */
static int create_os_thread(pthread_t *out, size_t stack, void *(*run)(void *), void *argument) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(out, &attributes, run, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static void start_ticker(Baton *b) {
    if (b->ticker_started || clock_of(b)->is_virtual) return;
    b->ticker_started = !create_os_thread(&b->ticker, TICKER_STACK_BYTES, run_ticker, b);
}

/* ---- threads ---- */

static Seat *seat_new(Thread *t) {
    Seat *seat = calloc(1, sizeof *seat);
    if (!seat) memory_exhausted(sizeof *seat);
    seat->thread = t;
    seat->state = IN_LINE;
    seat->deadline = CLOCK_NEVER;
    sem_init(&seat->wake, 0, 0);
    t->seat = seat;
    return seat;
}

static void seat_free(Seat *seat) {
    sem_destroy(&seat->wake);
    free(seat);
}

/* Wait for the OS threads whose Tulip threads have ended, and forget them. */
static void join_ended(Baton *b) {
    pthread_mutex_lock(&b->mutex);
    Seat *seat = b->ended;
    b->ended = NULL;
    pthread_mutex_unlock(&b->mutex);
    while (seat) {
        Seat *next = seat->next_ended;
        pthread_join(seat->os_thread, NULL);
        seat_free(seat);
        seat = next;
    }
}

/* The last act of a thread: it leaves the vm and hands over. */
static void end_thread(Thread *t) {
    Baton *b = baton_of(t);
    Seat *seat = t->seat;
    PROBE(t, THREAD_ENDED, fixnum((int64_t)t->number), VALUE_UNSET);
    carry_poll_bits(b, t);
    pthread_mutex_lock(&b->mutex);
    thread_free(t);
    seat->thread = NULL;
    seat->next_ended = b->ended;
    b->ended = seat;
    start_next(b);
    pthread_mutex_unlock(&b->mutex);
}

/* How much of this thread's C stack is left below the caller; the system keeps some at its top. */
static size_t stack_left(size_t otherwise) {
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes)) return otherwise;
    void *start;
    size_t size;
    bool known = !pthread_attr_getstack(&attributes, &start, &size);
    pthread_attr_destroy(&attributes);
    return known ? (size_t)((char *)__builtin_frame_address(0) - (char *)start) : otherwise;
}

static void *run_thread(void *argument) {
    Seat *seat = argument;
    Thread *t = seat->thread;
    Baton *b = baton_of(t);
    thread_measure_stack(t, stack_left(seat->stack_size));
    pthread_mutex_lock(&b->mutex);
    wait_for_turn(b, seat);
    pthread_mutex_unlock(&b->mutex);
    begin_turn(b, t);
    seat->body(t, seat->argument);
    end_thread(t);
    return NULL;
}

bool thread_start(Thread *t, Thread *made, void (*body)(Thread *t, void *argument),
                  void *argument) {
    Baton *b = baton_of(t);
    join_ended(b);
    start_ticker(b);
    Seat *seat = seat_new(made);
    seat->body = body;
    seat->argument = argument;
    seat->stack_size = b->stack_size > C_STACK_BYTES ? b->stack_size : C_STACK_BYTES;
    if (create_os_thread(&seat->os_thread, seat->stack_size, run_thread, seat)) {
        thread_free(made);
        seat_free(seat);
        return false;
    }
    PROBE(t, THREAD_STARTED, fixnum((int64_t)made->number), VALUE_UNSET);
    pthread_mutex_lock(&b->mutex);
    get_in_line(b, seat);
    pthread_mutex_unlock(&b->mutex);
    begin_slice(b, t);
    return true;
}

/* ---- the baton itself ---- */

void baton_new(Vm *vm) {
    Baton *b = calloc(1, sizeof *b);
    if (!b) memory_exhausted(sizeof *b);
    b->vm = vm;
    b->slice = CLOCK_SECOND / 200;
    pthread_mutex_init(&b->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&b->tick, &attributes);
    pthread_condattr_destroy(&attributes);
    b->holder = seat_new(vm->main_thread);
    b->holder->state = RUNNING;
    vm->baton = b;
}

bool baton_close(Vm *vm) {
    Baton *b = vm->baton;
    pthread_mutex_lock(&b->mutex);
    b->closed = true;
    pthread_cond_signal(&b->tick);
    pthread_mutex_unlock(&b->mutex);
    if (b->ticker_started) pthread_join(b->ticker, NULL);
    b->ticker_started = false;
    join_ended(b);
    return vm->thread_count == 1;
}

void baton_free(Vm *vm) {
    Baton *b = vm->baton;
    if (!b->closed) baton_close(vm);
    seat_free(vm->main_thread->seat);
    pthread_cond_destroy(&b->tick);
    pthread_mutex_destroy(&b->mutex);
    free(b);
    vm->baton = NULL;
}

void thread_interrupt(Thread *t) {
    thread_poll_raise(t, POLL_SIGNAL);
    sem_post(&t->seat->wake);
}

size_t baton_stack_size(const Vm *vm) { return vm->baton->stack_size; }
void baton_set_stack_size(Vm *vm, size_t size) { vm->baton->stack_size = size; }

double baton_slice(const Vm *vm) { return clock_to_seconds(vm->baton->slice); }
void baton_set_slice(Vm *vm, double seconds) { vm->baton->slice = clock_from_seconds(seconds); }

void baton_seed(Vm *vm, uint64_t seed) {
    vm->baton->seeded = true;
    vm->baton->random = seed;
}
