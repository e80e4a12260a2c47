/* SPDX-License-Identifier: MIT */
/*
 * Hints: a line under an uncaught exception that says what is usually meant, if the message has to
 * do with waiting: a coroutine that nobody awaited, `await` before what cannot be awaited, `for`
 * where `async for` is needed, a loop in the wrong place. Messages are Python's, so a hint is found
 * by their words; the first row that fits counts.
 *
 * Read next: vm/traceback.c (who shows them), loop/forgotten.c (coroutines that were dropped).
 */
#include "vm/code.h"
#include "vm/exception.h"
#include "vm/exception_fields.h"
#include "vm/str.h"
#include "vm/suggest.h"

#define NOT_RUN    "the call made a coroutine and did not run it: "
#define AWAIT      NOT_RUN "write `await …` or `yield from …` before the call"
#define BESIDE     "around the call makes a task, which runs beside and has this"
#define TASK       NOT_RUN "`asyncio.create_task(…)` " BESIDE
#define CALL       "call the function: what can run is the coroutine that the call gives"
#define ASYNC_FOR  "write `async for … in …`, or `[x async for x in …]` for a list"
#define GATHER     "to wait for all of them, write `await asyncio.gather(*…)`"
#define ASYNC_WITH "write `async with`"
#define OTHER_LOOP                                                                                 \
    "it belongs to the loop in which it was made or first waited for; make it in the coroutine "   \
    "that asyncio.run() runs"

/* Words of a message, and the hint. */
static const struct {
    const char *words, *hint;
} rows[] = {
    {"of futures, not coroutine", "put it into a list; to wait for it alone, write `await …`"},
    {"__init__() should return None, not 'coroutine'", "write __init__ as a plain `def`"},
    {"'coroutine' object has no attribute 'cancel", TASK},
    {"'coroutine' object has no attribute 'done'", TASK},
    {"'coroutine' object has no attribute 'result'", TASK},
    {"'coroutine' object has no attribute 'exception'", TASK},
    {"'coroutine' object has no attribute 'add_done_callback'", TASK},
    {"'coroutine' object does not support", AWAIT},
    {"non-iterable coroutine object", AWAIT},
    {"of type 'coroutine'", AWAIT},
    {", not coroutine", AWAIT},
    {"not 'coroutine'", AWAIT},
    {"got coroutine", AWAIT},
    {"coroutine found", AWAIT},
    {"a coroutine was expected, got <function", CALL},
    {"a coroutine was expected, got <bound method", CALL},
    {"a coroutine was expected, got <async_generator",
     "a function with `yield` gives values one by one: " ASYNC_FOR " in a coroutine"},
    {"object function can't be used in 'await'", CALL},
    {"object method can't be used in 'await'", CALL},
    {"object async_generator can't be used in 'await'", ASYNC_FOR},
    {"object list can't be used in 'await'", GATHER},
    {"object tuple can't be used in 'await'", GATHER},
    {"object set can't be used in 'await'", GATHER},
    {"object generator can't be used in 'await'",
     "make its function an `async def`, or decorate it with @types.coroutine"},
    {"can't be used in 'await' expression",
     "what stands there is a result already: leave `await` away"},
    {"An asyncio.Future, a coroutine or an awaitable is required",
     "give the coroutine itself, `f()`: not the function `f`, nor its result by `await f()`"},
    {"'async_generator' object is not iterable", ASYNC_FOR},
    {"'async for' requires an object with __aiter__", "it is an ordinary iterable: write `for`"},
    {"does not support the asynchronous context manager protocol",
     "if it is an ordinary context manager, write `with`"},
    {"'Lock' object does not support the context manager protocol", ASYNC_WITH},
    {"'Condition' object does not support the context manager protocol", ASYNC_WITH},
    {"Semaphore' object does not support the context manager protocol", ASYNC_WITH},
    {"'TaskGroup' object does not support the context manager protocol", ASYNC_WITH},
    {"'Timeout' object does not support the context manager protocol", ASYNC_WITH},
    {"'_AsyncGeneratorContextManager' object does not support the context", ASYNC_WITH},
    {"cannot 'yield from' a coroutine object in a non-coroutine generator",
     "make the function an `async def` and write `await`, or decorate it with @types.coroutine"},
    {"There is no current event loop in thread",
     "asyncio.run(…) makes a loop for this thread, asyncio.run_coroutine_threadsafe(…, loop) uses "
     "that of another one"},
    {"no running event loop", "call it in a coroutine that asyncio.run(…) runs"},
    {"asyncio.run() cannot be called from a running event loop",
     "the loop runs already: write `await …` instead"},
    {"This event loop is already running", "write `await …` instead"},
    {"is bound to a different event loop", OTHER_LOOP},
    {"attached to a different loop", OTHER_LOOP},
    {"cannot reuse already awaited coroutine",
     "each call can be awaited once: call the function again, or await a task that "
     "asyncio.create_task(…) made"},
    {"coroutine raised StopIteration",
     "catch StopIteration where next() is called, or write next(…, None)"},
    {"Result is not set.", "`await` it first: the result is not there yet"},
};

/* Does the message say that an object of class [name] cannot do something? */
static bool is_about(const char *message, const char *name) {
    size_t n = strlen(name);
    for (const char *p = strchr(message, '\''); p; p = strchr(p + 1, '\'')) {
        if (strncmp(p + 1, name, n) || p[n + 1] != '\'') continue;
        bool operand = strstr(message, "unsupported operand type") || strstr(message, "'<' not") ||
                       strstr(message, "not supported between");
        if (operand || !strncmp(p + n + 2, " object", 7)) return true;
    }
    return false;
}

static bool is_about_future(const char *message) {
    return is_about(message, "_asyncio.Future") || is_about(message, "_asyncio.Task") ||
           is_about(message, "Future") || is_about(message, "Task");
}

/* Was it raised in the library's function [name]? */
static bool is_raised_in(Value e, const char *name) {
    Value at = EXCEPTION(e)->traceback;
    const Code *code = NULL;
    while (is_kind(at, OBJ_TRACEBACK)) {
        const Traceback *level = (const Traceback *)object_of(at);
        code = level->function->code;
        at = level->next;
    }
    return code && code_is_library(code) && !strcmp(code->name->data, name);
}

static const char *hint_of(Value e, const char *message) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strstr(message, rows[i].words)) return rows[i].hint;
    }
    if (is_about(message, "coroutine")) return AWAIT;
    if (is_about_future(message))
        return "the result is not there yet: write `await …` or `yield from …` to wait for it";
    if (is_about(message, "generator"))
        return "the call made a generator: its result comes by `yield from …`, what it yields by a "
               "loop over it";
    if (!strcmp(message, "unhashable type: 'list'") && is_raised_in(e, "gather"))
        return "gather() takes them one by one: write `gather(*…)`";
    return NULL;
}

/* Exceptions whose messages the rows know. */
static bool has_hints(Thread *t, const Class *cls) {
    return cls == EXCEPTION_CLASS(t, TypeError) || cls == EXCEPTION_CLASS(t, AttributeError) ||
           cls == EXCEPTION_CLASS(t, RuntimeError) || cls == EXCEPTION_CLASS(t, ValueError) ||
           cls == t->vm->invalid_state_error;
}

const char *suggest_hint(Thread *t, Value e) {
    Class *cls = class_of(t->vm, e);
    if (class_is_subclass(cls, EXCEPTION_CLASS(t, SyntaxError))) {
        Value hint = exception_field(e, SYNTAX_ERROR_HINT);
        return is_str(hint) ? STR(hint)->data : NULL;
    }
    const Tuple *args = EXCEPTION(e)->args;
    if (!has_hints(t, cls) || args->size != 1 || !is_str(args->items[0])) return NULL;
    return hint_of(e, STR(args->items[0])->data);
}
