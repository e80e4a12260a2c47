/* SPDX-License-Identifier: MIT */
/*
 * Work that others do: jobs of executors, coroutines given to the loop of another thread.
 *
 * Both are waited for through a concurrent.futures.Future. A job that a thread is at is found by
 * the frame of _Job.run, which has the future, one that a process is at by the frame of its pool's
 * manager; work that nobody has begun is noted in the future's
 * `_work`: (crew of the executor, function), or (loop, coroutine or task).
 *
 * Read next: loop/thread_waits.c, loop/children.c, stdlib/concurrent/futures/thread.tul.
 */
#include "loop/tree.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/probe.h"
#include "vm/str.h"

const Frame *library_frame(const Thread *thread, const char *qualname) {
    for (const Frame *f = thread->frame; f; f = f->caller) {
        const Code *code = frame_code(f);
        if (code_is_library(code) && !strcmp(code->qualname->data, qualname)) return f;
    }
    return NULL;
}

Value crew_of(const Thread *thread) {
    const Frame *f = library_frame(thread, "_Crew.work");
    return f ? frame_variable(f, "self") : VALUE_UNSET;
}

static void put_callee(Thread *t, Value function, Buffer *out) {
    probe_render(t->vm, function, 60, out);
    buffer_puts(out, "()");
}

bool put_thread_work(Thread *t, const Thread *thread, Buffer *out) {
    const Frame *job = library_frame(thread, "_Job.run"),
                *run = library_frame(thread, "Thread.run");
    Value self = job   ? frame_variable(job, "self")
                 : run ? frame_variable(run, "self")
                       : VALUE_UNSET;
    Value function = attribute_of(t, self, job ? "fn" : "_target");
    if (function == VALUE_UNSET || function == VALUE_NONE) return false;
    if (!job && frame_of_program(thread->frame)) return false;
    buffer_puts(out, job ? "job " : "");
    put_callee(t, function, out);
    return true;
}

/* The job that a thread is at. False: nobody is. */
static bool put_begun(Thread *t, Value future, Wait *out) {
    for (const Thread *thread = t->vm->threads; thread; thread = thread->next) {
        const Frame *f = library_frame(thread, "_Job.run");
        Value job = f ? frame_variable(f, "self") : VALUE_UNSET;
        if (attribute_of(t, job, "future") != future) continue;
        buffer_puts(&out->text, "job ");
        put_callee(t, attribute_of(t, job, "fn"), &out->text);
        buffer_append(&out->name, out->text.data, out->text.size);
        buffer_puts(&out->text, " in thread ");
        thread_name_into(t, thread, &out->text);
        out->holder = fixnum((int64_t)thread->number);
        return true;
    }
    return false;
}

/* ---- pools of processes: their manager's crew knows the workers by number ---- */

Value crew_of_manager(const Thread *thread) {
    const Frame *f = library_frame(thread, "_Crew.manage");
    return f ? frame_variable(f, "self") : VALUE_UNSET;
}

/* The next worker of a pool of processes: its number, and its job or VALUE_NONE. */
static bool next_worker(Thread *t, Value crew, uint32_t *position, Value *pid, Value *job) {
    Value workers = attribute_of(t, crew, "workers"), worker;
    if (!is_kind(workers, OBJ_DICT)) return false;
    if (!dict_next(DICT(workers), position, pid, &worker)) return false;
    *job = attribute_of(t, worker, "job");
    return true;
}

bool put_job_of_process(Thread *t, int64_t number, Buffer *out) {
    for (const Thread *thread = t->vm->threads; thread; thread = thread->next) {
        uint32_t position = 0;
        Value crew = crew_of_manager(thread), pid, job;
        while (next_worker(t, crew, &position, &pid, &job)) {
            if (pid != fixnum(number)) continue;
            Value function = attribute_of(t, job, "fn");
            buffer_puts(out, "worker of a pool");
            if (function != VALUE_UNSET) {
                buffer_puts(out, ", job ");
                put_callee(t, function, out);
            }
            return true;
        }
    }
    return false;
}

/* The job that a process is at. False: none is. */
static bool put_in_process(Thread *t, Value future, Wait *out) {
    for (const Thread *thread = t->vm->threads; thread; thread = thread->next) {
        uint32_t position = 0;
        Value crew = crew_of_manager(thread), pid, job;
        while (next_worker(t, crew, &position, &pid, &job)) {
            if (attribute_of(t, job, "future") != future) continue;
            buffer_puts(&out->text, "job ");
            put_callee(t, attribute_of(t, job, "fn"), &out->text);
            buffer_append(&out->name, out->text.data, out->text.size);
            buffer_printf(&out->detail, " in process %lld", (long long)fixnum_of(pid));
            return true;
        }
    }
    return false;
}

void put_pool(Thread *t, Value crew, Buffer *out) {
    uint32_t position = 0, workers = 0, idle = 0;
    Value pid, job;
    for (; next_worker(t, crew, &position, &pid, &job); workers++) idle += job == VALUE_NONE;
    buffer_printf(out, "\nexecutor of processes: %u worker%s, %u idle", workers,
                  workers == 1 ? "" : "s", idle);
}

static uint32_t workers_of(Thread *t, Value crew) {
    Value workers = attribute_of(t, crew, "workers");
    return is_kind(workers, OBJ_DICT) ? DICT(workers)->used : 0;
}

/* ---- work that nobody has begun ---- */

/* A job in the queue of an executor's [crew]: the workers have to finish what they are at. */
static void put_queued(Thread *t, Value crew, Value function, Wait *out) {
    uint32_t workers = workers_of(t, crew);
    for (const Thread *thread = t->vm->threads; thread; thread = thread->next) {
        if (crew_of(thread) != crew) continue;
        wait_needs(out, fixnum((int64_t)thread->number));
        workers++;
    }
    buffer_puts(&out->text, "job ");
    put_callee(t, function, &out->text);
    buffer_append(&out->name, out->text.data, out->text.size);
    if (workers == 1)
        buffer_puts(&out->text, ", which the only worker of its executor has not begun");
    else
        buffer_printf(&out->text, ", which none of the %u workers of its executor has begun",
                      workers);
}

/* Work for the loop of another thread. */
static void put_for_loop(Thread *t, Value loop, Value work, Wait *out) {
    const Thread *runner = loop_of(loop) ? loop_of(loop)->thread : NULL;
    probe_render(t->vm, work, 60, &out->name);
    buffer_append(&out->text, out->name.data, out->name.size);
    if (!runner) {
        buffer_puts(&out->text, ", whose event loop nobody runs");
        return;
    }
    bool is_task = is_kind(work, OBJ_TASK), over = is_task && FUTURE(work)->state != FUTURE_PENDING;
    buffer_puts(&out->text, over      ? ", which is done; to say so is up to the loop that "
                            : is_task ? ", a task of the loop that "
                                      : ", not begun by the loop that ");
    thread_name_into(t, runner, &out->text);
    buffer_puts(&out->text, " runs");
    if (is_task && !over) out->holder = work;
    else wait_needs(out, fixnum((int64_t)runner->number));
}

void put_job(Thread *t, Value future, Wait *out) {
    if (put_begun(t, future, out) || put_in_process(t, future, out)) return;
    Value work = attribute_of(t, future, "_work");
    if (!is_kind(work, OBJ_TUPLE) || TUPLE(work)->size != 2) {
        buffer_puts(&out->text, "a job of an executor");
        return;
    }
    const Value *items = TUPLE(work)->items;
    if (is_kind(items[0], OBJ_LOOP)) put_for_loop(t, items[0], items[1], out);
    else put_queued(t, items[0], items[1], out);
}
