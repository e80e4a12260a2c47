/* SPDX-License-Identifier: MIT */
/*
 * A forgotten `await` or `yield from`: a coroutine that was called and never started.
 *
 * It is reported at the first sign: when it is the value of an expression statement (at the end of
 * the pass, if it has not been started by then); when it is tested for truth, compared or turned
 * into text; when call_soon, a thread or an executor drops it; otherwise when it is collected, or
 * at the end of the program. Each coroutine is reported once: OBJECT_FINALIZED marks it; and each
 * call, however often it is made.
 *
 * A Return of trollius that is made and not raised is forgotten in the same way.
 *
 * What to write instead depends on the function around the call: `await` in a coroutine function,
 * `yield from` in a generator; in a plain function neither is possible, and somebody has to run it.
 *
 * Read next: vm/unstarted.c (who remembers them).
 */
#include "loop/report.h"
#include "vm/made.h"
#include "vm/ops.h"
#include "vm/str.h"
#include "vm/trollius.h"

static const char *name_of(Value v) {
    return is_native_coroutine(v) ? NATIVE_COROUTINE(v)->kind->qualname
                                  : STR(GENERATOR(v)->frame.function->qualname)->data;
}

/* The last part of a dotted name. */
static const char *short_name(Value v) {
    const char *dot = strrchr(name_of(v), '.');
    return dot ? dot + 1 : name_of(v);
}

/* Does [text] call [name] or, as a property, end with it? */
static bool is_call_of(const char *text, const char *name) {
    size_t n = strlen(name);
    for (const char *at = strstr(text, name); at; at = strstr(at + 1, name)) {
        if (at[n] == '(' || at[n] == '\0') return true;
    }
    return false;
}

/* The text of its call; false: [out] is the text of a call that calls it, or nothing is known. */
static bool put_call(Thread *t, Value v, Place place, Buffer *out) {
    bool known = place_expression(t, place, out) && !code_is_library(place.code);
    if (known && is_call_of(out->data, short_name(v))) return true;
    if (!known) out->size = 0;
    return false;
}

/* Python itself calls methods like __len__, and what sorted() or filter() is given: such a function
 * cannot be a coroutine function. */
static bool put_fix_of_called(Value v, const Buffer *caller, Buffer *out) {
    const char *name = short_name(v);
    size_t n = strlen(name);
    if (n > 4 && !strncmp(name, "__", 2) && !strcmp(name + n - 2, "__"))
        buffer_printf(
            out, "  fix: write %s as a plain `def`: Python calls it, and awaits nothing\n", name);
    else if (caller->size)
        buffer_printf(out, "  fix: write %s as a plain `def`: `%s` calls it, and awaits nothing\n",
                      name, caller->data);
    else return false;
    return true;
}

/* `yield From(…)`: the function around the call, or the called one, is written so. */
static bool is_trollius(Value v, Place place) {
    return code_uses_from(place.code) ||
           (is_kind(v, OBJ_GENERATOR) && code_uses_from(frame_code(&GENERATOR(v)->frame)));
}

static void put_fix_in_generator(Value v, Place place, const char *call, Buffer *out) {
    bool delegates = is_kind(v, OBJ_GENERATOR) ||
                     place.code->flags & (CODE_ITERABLE_COROUTINE | CODE_WRAPPED_COROUTINE);
    if (is_trollius(v, place)) buffer_printf(out, "  fix: write `yield From(%s)`\n", call);
    else if (place.code->name->data[0] == '<')
        buffer_printf(out, "  fix: write `await %s`, in a list: [await … for …]\n", call);
    else if (delegates) buffer_printf(out, "  fix: write `yield from %s`\n", call);
    else
        buffer_printf(out,
                      "  fix: write `await %s` and make %s an `async def`, or decorate it with "
                      "@types.coroutine and write `yield from %s`\n",
                      call, place.code->name->data, call);
}

static void put_fix_in_function(Thread *t, Value v, const char *call, Buffer *out) {
    if (loop_get_running(t) != VALUE_NONE)
        buffer_printf(out, "  fix: `await %s` in an `async def`, or asyncio.ensure_future(%s)\n",
                      call, call);
    else if (is_kind(v, OBJ_GENERATOR))
        buffer_printf(out,
                      "  fix: `yield from %s` in a coroutine, or "
                      "loop.run_until_complete(%s)\n",
                      call, call);
    else
        buffer_printf(out, "  fix: `await %s` in an `async def`, or asyncio.run(%s)\n", call, call);
}

static void put_fix(Thread *t, Value v, Place place, Buffer *out) {
    Buffer call = {0};
    bool known = put_call(t, v, place, &call);
    if (known || !put_fix_of_called(v, &call, out)) {
        if (!known) buffer_printf(&call, "%s(…)", short_name(v));
        uint32_t flags = place.code ? place.code->flags : 0;
        if (flags & (CODE_COROUTINE | CODE_ASYNC_GENERATOR))
            buffer_printf(out, "  fix: write `await %s`\n", call.data);
        else if (flags & (CODE_GENERATOR | CODE_WRAPPED_COROUTINE))
            put_fix_in_generator(v, place, call.data, out);
        else put_fix_in_function(t, v, call.data, out);
    }
    buffer_free(&call);
}

void report_not_raised(Thread *t, Value v, Place place) {
    Value *roots = push_roots(t, 2);
    Buffer out = {0};
    roots[0] = v;
    if (place.code) roots[1] = object_value(place.code);
    if (report_begin(t, REPORT_NOT_RAISED, &out)) {
        Str *text = value_repr(t, v);
        if (!text) exception_take(t);
        buffer_printf(&out, "%s was made and dropped\n", text ? text->data : "a Return");
        report_place(t, place, &out);
        Buffer call = {0};
        if (!place_expression(t, place, &call)) buffer_puts(&call, "Return(…)");
        buffer_printf(&out, "  fix: write `raise %s`\n", call.data);
        buffer_free(&call);
        report_end(t, REPORT_NOT_RAISED, &out);
    }
    pop_roots(t, roots);
}

static bool same_place(Place a, Place b) { return a.code == b.code && a.pc == b.pc; }

static bool same_line(Place a, Place b) {
    return a.code == b.code && code_line(a.code, a.pc) == code_line(b.code, b.pc);
}

/* The stack of the call, when somebody asked that such be noted. */
static void put_stack(Thread *t, Value v, Buffer *out) {
    bool noted = is_native_coroutine(v) ? FUTURE(v)->flags & FUTURE_NOTED : GENERATOR(v)->noted;
    if (!noted) return;
    buffer_puts(out, "  Coroutine created at (most recent call last)\n");
    made_put_levels(t, object_of(v), out);
}

bool report_is_told(const LoopState *state, Place place) {
    for (int i = 0; i < state->told_count; i++) {
        if (same_place(state->told[i], place)) return true;
    }
    return false;
}

/* Was it said already, of the call that made [v]? Then it is only counted. */
static bool tell_once(Thread *t, Value v) {
    LoopState *state = loop_state(t);
    Place made = coroutine_creation(v);
    object_of(v)->bits |= OBJECT_FINALIZED;
    if (!made.code) return true;
    if (report_is_told(state, made)) {
        report_count(t, REPORT_NEVER_AWAITED);
        return false;
    }
    if (state->told_count < REPORT_PLACES) state->told[state->told_count++] = made;
    return true;
}

/* "coroutine 'f' WHAT", at [place] if that is known, made at another. */
static void report(Thread *t, Value v, const char *what, Place place) {
    if (!tell_once(t, v)) return;
    Buffer out = {0};
    Value *roots = push_roots(t, 3);
    roots[0] = v;
    Place made = coroutine_creation(v);
    if (made.code) roots[1] = object_value(made.code);
    if (place.code) roots[2] = object_value(place.code);
    if (report_begin(t, REPORT_NEVER_AWAITED, &out)) {
        buffer_printf(&out, "coroutine '%s' %s\n", name_of(v), what);
        report_place(t, place, &out);
        if (made.code && place.code && !same_line(made, place)) {
            buffer_puts(&out, "  it was called here:\n");
            report_place(t, made, &out);
        }
        put_stack(t, v, &out);
        put_fix(t, v, made, &out);
        report_end(t, REPORT_NEVER_AWAITED, &out);
    }
    pop_roots(t, roots);
}

void report_statement(Thread *t, Value v, Place place) {
    if (!coroutine_is_news(v)) return;
    if (place.code && code_is_library(place.code)) place = (Place){0};
    report(t, v, "was never awaited", place);
}

/* Does a task hold it, and will start it? */
static bool is_of_task(Thread *t, Value v) {
    for (const Loop *loop = loop_state(t)->loops; loop; loop = loop->next) {
        if (!loop->object) continue;
        for (const Task *task = loop->object->first_task; task; task = task->next_task) {
            if (task->coroutine == v) return true;
        }
    }
    return false;
}

void report_misused(Thread *t, Value v, const char *how) {
    if (!coroutine_is_news(v) || is_of_task(t, v)) return;
    char what[80];
    snprintf(what, sizeof what, "was never awaited, but is %s", how);
    report(t, v, what, place_in_program(t));
}

/* Where the function of a coroutine is defined. */
static void put_definition(Thread *t, Value v, Buffer *out) {
    if (is_native_coroutine(v)) return;
    const Code *code = frame_code(&GENERATOR(v)->frame);
    int line = (int)code->first_line;
    buffer_printf(out, "  File \"%s\", line %d, in %s\n", code->filename->data, line,
                  code->name->data);
    Buffer source = {0};
    if (t->vm->hooks.source_line &&
        t->vm->hooks.source_line(t->vm, code->filename->data, line, &source)) {
        const char *text = source.data + strspn(source.data, " \t");
        buffer_printf(out, "    %.*s\n", (int)strcspn(text, "\r\n"), text);
    }
    buffer_free(&source);
}

void report_callback_result(Thread *t, const char *who, Value v) {
    if (!coroutine_is_news(v)) return;
    Buffer out = {0};
    Value *root = push_roots(t, 1);
    *root = v;
    object_of(v)->bits |= OBJECT_FINALIZED;
    if (report_begin(t, REPORT_NEVER_AWAITED, &out)) {
        const char *name = name_of(v);
        buffer_printf(&out, "coroutine '%s' was never awaited: %s called it like a function\n",
                      name, who);
        put_definition(t, v, &out);
        bool in_loop = loop_get_running(t) != VALUE_NONE;
        buffer_printf(&out, "  fix: %s(%s(…))\n", in_loop ? "asyncio.ensure_future" : "asyncio.run",
                      name);
        report_end(t, REPORT_NEVER_AWAITED, &out);
    }
    pop_roots(t, root);
}

void report_collected(Thread *t, Value v) {
    if (!coroutine_is_news(v)) return;
    report(t, v, "was never awaited", coroutine_creation(v));
}

/* Mark those from index [from] on that [place] has made, and count them. */
static size_t hide_others(const Heap *heap, size_t from, Place place) {
    size_t count = 0;
    for (size_t i = from; i < heap->unstarted_count; i++) {
        Value v = object_value(heap->unstarted[i]);
        if (!coroutine_is_news(v) || !same_place(coroutine_creation(v), place)) continue;
        object_of(v)->bits |= OBJECT_FINALIZED;
        count++;
    }
    return count;
}

/* A report runs Tulip code, and may so collect, which moves the entries. */
void report_all_unstarted(Thread *t) {
    Heap *heap = &t->vm->heap;
    for (size_t i = 0; i < heap->unstarted_count; i++) {
        Value v = object_value(heap->unstarted[i]);
        if (!coroutine_is_news(v)) continue;
        Place made = coroutine_creation(v);
        size_t others = made.code ? hide_others(heap, i + 1, made) : 0;
        char what[80] = "was never awaited";
        if (others) snprintf(what, sizeof what, "and %zu more of it were never awaited", others);
        uint64_t cycles = heap->cycles;
        report(t, v, what, made);
        if (heap->cycles != cycles) i = (size_t)-1;
    }
}
