/* SPDX-License-Identifier: MIT */
/*
 * The runtime shows itself: every task and thread, where it stands, what it waits for, who made it.
 *
 * Nothing is recorded for this while the program runs except where things were made. What a task
 * waits for is read off the moment it is asked: from the future it is parked on, and from the
 * variables of the library's coroutines between it and that future (the frame of Lock.acquire has
 * the lock in `self`). What the program calls a thing is found among the variables of its frames.
 *
 * No Tulip code runs, so all of this may be called at any safepoint and about any thread.
 *
 * Read next: loop/names.c, loop/waits.c, loop/tree.c, loop/deadlock.c.
 */
#ifndef TULIP_LOOP_TREE_H
#define TULIP_LOOP_TREE_H

#include "loop/loop.h"

enum { SCOPE_FRAMES = 8 };

/* Where names are looked for: the program's own frames of a task or thread, innermost first. */
typedef struct NameScope {
    const Frame *frames[SCOPE_FRAMES];
    int count;
} NameScope;

/* What a task or a thread waits for. */
typedef struct Wait {
    Buffer text;   /* "Lock a, held by Task-2 since main.tul:3" */
    Buffer detail; /* after it, what may differ between equals: ", 1.5 s more" */
    Buffer name;   /* of the thing alone: "Lock a" */
    Value what;    /* the thing itself, or VALUE_NONE */
    Value holder;  /* who must act: a Task, or a thread's number as a fixnum; VALUE_NONE: unknown or
                      several */
    Value *acting; /* all who must act, Tasks that are pending and numbers of threads; malloc'd */
    size_t acting_count, acting_capacity;
    bool holds;       /* [holder] holds the thing, and is not the thing itself */
    bool waiting;     /* false: it runs or could run; [text] says which */
    const char *kind; /* "lock", "task", "timer" … */
} Wait;

/* ---- loop/names.c ---- */

NameScope scope_of_task(const Task *task);
NameScope scope_of_thread(const Thread *thread);
/* What the program calls [v]: "lock", "self.lock", "forks[2]"; false, and nothing, when it does
 * not. */
bool name_in_scope(Thread *t, const NameScope *scope, Value v, Buffer *out);
/* The class of [v] and what the program calls it: "Lock self.lock"; "a Lock" without a name. */
void put_thing(Thread *t, const NameScope *scope, Value v, Buffer *out);
/* The variable [name] of a function's frame, or VALUE_UNSET. */
Value frame_variable(const Frame *frame, const char *name);
/* A variable that a closure holds, or VALUE_UNSET. */
Value closure_variable(const Function *function, const char *name);
/* The attribute [name] of an instance, or VALUE_UNSET. */
Value attribute_of(Thread *t, Value v, const char *name);
/* [before] and "127.0.0.1:80": the other end of the connected socket [fd]; nothing without one. */
void put_peer_address(int fd, const char *before, Buffer *out);
/* The name of a thread: threading's, or "thread 3". */
void thread_name_into(Thread *t, const Thread *thread, Buffer *out);
/* The thread with that number or threading object, or NULL. */
Thread *thread_numbered(const Vm *vm, uint64_t number);
Thread *thread_of_object(const Vm *vm, Value object);

/* ---- loop/waits.c: tasks; loop/thread_waits.c: threads; loop/jobs.c: what others work on ---- */

void wait_of_task(Thread *t, Task *task, Wait *out);
void wait_of_thread(Thread *t, const Thread *thread, Wait *out);
void wait_free(Wait *wait);
/* What is said of a Queue whose join() does not return. */
void put_missing(int64_t count, Buffer *out);
/* [node], a Task or the number of a thread, must act. */
void wait_needs(Wait *wait, Value node);
/* The frame of the library's function [qualname] that [thread] is in, or NULL. */
const Frame *library_frame(const Thread *thread, const char *qualname);
/* The crew that a worker of an executor belongs to, or VALUE_UNSET. */
Value crew_of(const Thread *thread);
/* The crew of a pool of processes that [thread] manages, or VALUE_UNSET. */
Value crew_of_manager(const Thread *thread);
/* What a thread runs that is no function of the program: "job f()" of an executor, or its target;
 * false, and nothing, otherwise. */
bool put_thread_work(Thread *t, const Thread *thread, Buffer *out);
/* The work of an executor or another thread's loop behind the concurrent.futures.Future [future]:
 * "job f() …", and who must act. */
void put_job(Thread *t, Value future, Wait *out);

/* "job f()" of the pool's worker that is the process [pid]; false, and nothing: it has none. */
bool put_job_of_process(Thread *t, int64_t pid, Buffer *out);

/* A line for the pool of processes whose manager has [crew]. */
void put_pool(Thread *t, Value crew, Buffer *out);

/* ---- loop/children.c ---- */

/* "process 1234 (sleep 1)" for the number [pid], if it is one. */
void put_child(Thread *t, Value pid, Buffer *out);
/* A line for each child process. */
void tree_put_children(Thread *t, Buffer *out);

/* ---- loop/circles.c ---- */

/* A line for each circle of tasks and threads that wait for each other. */
void circles_put(Thread *t, Buffer *out);

/* ---- loop/tree.c ---- */

/* All tasks of [loop], equal ones together, at most some. */
void tree_put_tasks(Thread *t, const Loop *loop, int indent, Buffer *out);
void tree_put_thread(Thread *t, const Thread *thread, int indent, Buffer *out);
void tree_put_threads(Thread *t, int indent, Buffer *out);
/* Everything: tasks of all loops, threads, executors. */
void tree_put_all(Thread *t, Buffer *out);
/* A list with a dict for every task; for every thread. */
Value tree_tasks(Thread *t);
Value tree_threads(Thread *t);

#endif
