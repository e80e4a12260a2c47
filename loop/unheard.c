/* SPDX-License-Identifier: MIT */
/*
 * Calls into a loop from a thread that does not run it: `loop.call_soon()`, `items.put_nowait()` or
 * `future.set_result()` of what a task waits for. A loop that sleeps does not hear of them; in
 * Python it goes on when something else wakes it, or never. Tulip does the same, and says so at the
 * line that did it. (In debug mode it is a RuntimeError, as in Python.)
 *
 * Read next: loop/loop.c (loop_check_thread), loop/report.c (the form).
 */
#include "loop/report.h"
#include "loop/tree.h"
#include "vm/code.h"
#include "vm/exception.h"
#include "vm/str.h"

/* `loop.call_soon_threadsafe(future.set_result, 3)` for `future.set_result(3)`. */
static void put_safe_call(const char *call, Buffer *out) {
    size_t callee = strcspn(call, "("), size = strlen(call);
    bool is_call = callee < size && callee > 0 && call[size - 1] == ')';
    const char *inside = call + callee + 1;
    int inside_size = is_call ? (int)(size - callee - 2) : 0;
    if (!is_call || memchr(call, ' ', callee)) {
        buffer_puts(out, "loop.call_soon_threadsafe(…)");
    } else if (callee > 10 && !strncmp(call + callee - 10, ".call_soon", 10)) {
        buffer_printf(out, "%.*s_threadsafe(%.*s)", (int)callee, call, inside_size, inside);
    } else if (strstr(call, "create_task(") || strstr(call, "ensure_future(")) {
        buffer_printf(out, "asyncio.run_coroutine_threadsafe(%.*s, loop)", inside_size, inside);
    } else {
        buffer_printf(out, "loop.call_soon_threadsafe(%.*s%s%.*s)", (int)callee, call,
                      inside_size ? ", " : "", inside_size, inside);
    }
}

static void put_report(Thread *t, const Loop *loop, Place place, Buffer *out) {
    thread_name_into(t, t, out);
    buffer_puts(out, " calls into the event loop that ");
    thread_name_into(t, loop->thread, out);
    buffer_printf(out, " runs%s\n", loop->idle ? ", which sleeps and does not hear of it" : "");
    report_place(t, place, out);
    Buffer call = {0};
    buffer_puts(out, "  fix: write `");
    bool known = !code_is_library(place.code) && place_expression(t, place, &call);
    put_safe_call(known ? call.data : "", out);
    buffer_puts(out, "`\n");
    buffer_free(&call);
}

void report_unheard(Thread *t, Loop *loop) {
    LoopState *state = loop_state(t);
    Place place = place_in_program(t);
    Buffer out = {0};
    if (loop->idle) loop->unheard = true;
    if (!place.code || report_is_told(state, place)) return;
    if (state->told_count < REPORT_PLACES) state->told[state->told_count++] = place;
    if (!report_begin(t, REPORT_NOT_THREADSAFE, &out)) return;
    put_report(t, loop, place, &out);
    report_end(t, REPORT_NOT_THREADSAFE, &out);
}
