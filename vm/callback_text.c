/* SPDX-License-Identifier: MIT */
/*
 * How asyncio shows callbacks, coroutines and long values in the reprs of handles, futures and
 * tasks.
 *
 * Values are shortened as Python's reprlib does it: texts to 30 characters with "..." in the
 * middle, containers to their first items (6; dicts 4), six levels deep.
 *
 * Read next: vm/future_class.c, vm/task_class.c (who uses this).
 */
#include "vm/container.h"
#include "vm/future.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { TEXT_LIMIT = 30, NUMBER_LIMIT = 40, ITEM_LIMIT = 6, PAIR_LIMIT = 4, LEVELS = 6 };

static bool shorten(Thread *t, Value v, int level, Buffer *out);

/* The first and last characters of [text], [limit] in all, with dots between; it has enough. */
static void put_ends(Buffer *out, Thread *t, Str *text, size_t limit) {
    size_t before = (limit - 3) / 2, after = limit - 3 - before;
    Str *head = str_slice(t, text, 0, before);
    Str *tail = str_slice(t, text, text->length - after, after);
    buffer_append(out, head->data, head->size);
    buffer_puts(out, "...");
    buffer_append(out, tail->data, tail->size);
}

static void put_middle_cut(Buffer *out, Thread *t, Str *text, size_t limit) {
    if (text->length > limit) put_ends(out, t, text, limit);
    else buffer_append(out, text->data, text->size);
}

static void shorten_str(Thread *t, Str *text, Buffer *out) {
    size_t length = text->length < TEXT_LIMIT ? text->length : TEXT_LIMIT;
    Buffer quoted = {0};
    str_repr_into(&quoted, str_slice(t, text, 0, length));
    Str *shown = str_from_buffer(t, &quoted);
    if (shown->length > TEXT_LIMIT || text->length > TEXT_LIMIT) {
        size_t before = (TEXT_LIMIT - 3) / 2, after = TEXT_LIMIT - 3 - before;
        Buffer joined = {0};
        Str *head = str_slice(t, text, 0, before < text->length ? before : text->length);
        size_t kept = after < text->length ? after : text->length;
        Str *tail = str_slice(t, text, text->length - kept, kept);
        buffer_append(&joined, head->data, head->size);
        buffer_append(&joined, tail->data, tail->size);
        str_repr_into(&quoted, str_from_buffer(t, &joined));
        put_ends(out, t, str_from_buffer(t, &quoted), TEXT_LIMIT);
        return;
    }
    buffer_append(out, shown->data, shown->size);
}

static bool shorten_items(Thread *t, const Value *items, size_t count, int level, Buffer *out) {
    for (size_t i = 0; i < count && i < ITEM_LIMIT; i++) {
        if (i) buffer_puts(out, ", ");
        if (!shorten(t, items[i], level - 1, out)) return false;
    }
    if (count > ITEM_LIMIT) buffer_puts(out, ", ...");
    return true;
}

static bool shorten_sequence(Thread *t, Value v, int level, Buffer *out) {
    bool tuple = is_kind(v, OBJ_TUPLE);
    size_t count = tuple ? TUPLE(v)->size : LIST(v)->size;
    buffer_putc(out, tuple ? '(' : '[');
    if (level <= 0 && count) {
        buffer_puts(out, "...");
    } else if (!shorten_items(t, tuple ? TUPLE(v)->items : LIST(v)->items, count, level, out)) {
        return false;
    }
    buffer_puts(out, tuple ? (count == 1 ? ",)" : ")") : "]");
    return true;
}

static bool shorten_dict(Thread *t, Dict *dict, int level, Buffer *out) {
    uint32_t position = 0, shown = 0;
    Value key, value;
    buffer_putc(out, '{');
    if (level <= 0 && dict->used) {
        buffer_puts(out, "...}");
        return true;
    }
    while (dict_next(dict, &position, &key, &value)) {
        if (shown) buffer_puts(out, ", ");
        if (shown++ == PAIR_LIMIT) {
            buffer_puts(out, "...");
            break;
        }
        if (!shorten(t, key, level - 1, out)) return false;
        buffer_puts(out, ": ");
        if (!shorten(t, value, level - 1, out)) return false;
    }
    buffer_putc(out, '}');
    return true;
}

static bool shorten(Thread *t, Value v, int level, Buffer *out) {
    Class *cls = class_of(t->vm, v);
    if (cls == BUILTIN_CLASS(t, STR)) {
        shorten_str(t, STR(v), out);
        return true;
    }
    if (cls == BUILTIN_CLASS(t, LIST) || cls == BUILTIN_CLASS(t, TUPLE)) {
        return shorten_sequence(t, v, level, out);
    }
    if (cls == BUILTIN_CLASS(t, DICT)) return shorten_dict(t, DICT(v), level, out);
    Str *text = value_repr(t, v);
    if (!text) return false;
    put_middle_cut(out, t, text, cls == BUILTIN_CLASS(t, INT) ? NUMBER_LIMIT : TEXT_LIMIT);
    return true;
}

bool short_repr(Thread *t, Value v, Buffer *out) { return shorten(t, v, LEVELS, out); }

/* ---- callbacks ---- */

static bool put_arguments(Thread *t, const Value *args, size_t argc, Buffer *out) {
    buffer_putc(out, '(');
    for (size_t i = 0; i < argc; i++) {
        if (i) buffer_puts(out, ", ");
        if (!short_repr(t, args[i], out)) return false;
    }
    buffer_putc(out, ')');
    return true;
}

static bool put_str_attribute(Thread *t, Value v, Str *name, Buffer *out, bool *found) {
    Value text = value_getattr_or_unset(t, v, name);
    if (text == VALUE_ERROR) return false;
    *found = text != VALUE_UNSET && is_str(text);
    if (*found) buffer_append(out, STR(text)->data, STR(text)->size);
    return true;
}

static bool put_name(Thread *t, Value callback, Buffer *out) {
    bool found;
    if (!put_str_attribute(t, callback, NAME_OF(t, __qualname__), out, &found)) return false;
    if (found) return true;
    if (!put_str_attribute(t, callback, NAME_OF(t, __name__), out, &found)) return false;
    if (found) return true;
    Str *text = value_repr(t, callback);
    if (!text) return false;
    buffer_append(out, text->data, text->size);
    return true;
}

/* The function that [callback] wraps, through any number of decorators. */
static Value unwrapped(Thread *t, Value callback) {
    for (int i = 0; i < 100 && is_kind(callback, OBJ_FUNCTION); i++) {
        Value inner = instance_get(t, object_of(callback), str_intern(t->vm, "__wrapped__", 11));
        if (inner == VALUE_UNSET) break;
        callback = inner;
    }
    return callback;
}

static void put_source(Thread *t, Value callback, Buffer *out) {
    callback = unwrapped(t, callback);
    if (!is_kind(callback, OBJ_FUNCTION)) return;
    const Code *code = FUNCTION(callback)->code;
    buffer_printf(out, " at %s:%u", code->filename->data, code->first_line);
}

/* functools.partial is shown as its function with both argument lists: 1 done, 0 no partial, -1
 * raised. */
static int put_partial(Thread *t, Value callback, const Value *args, size_t argc, Buffer *out) {
    if (strcmp(class_of(t->vm, callback)->name->data, "partial") != 0) return 0;
    Value *roots = push_roots(t, 2);
    roots[0] = value_getattr_or_unset(t, callback, NAME_OF(t, func));
    roots[1] = value_getattr_or_unset(t, callback, NAME_OF(t, args));
    if (roots[0] == VALUE_ERROR || roots[1] == VALUE_ERROR) return -1;
    int result = 0;
    if (roots[0] != VALUE_UNSET && is_kind(roots[1], OBJ_TUPLE)) {
        Tuple *bound = TUPLE(roots[1]);
        result = put_name(t, roots[0], out) && put_arguments(t, bound->items, bound->size, out) &&
                         put_arguments(t, args, argc, out)
                     ? 1
                     : -1;
        if (result == 1) put_source(t, roots[0], out);
    }
    pop_roots(t, roots);
    return result;
}

bool callback_text(Thread *t, Value callback, const Value *args, size_t argc, Buffer *out) {
    if (is_kind(callback, OBJ_TASK)) { /* a parked task wakes up */
        buffer_puts(out, "Task.task_wakeup()");
        return true;
    }
    int partial = put_partial(t, callback, args, argc, out);
    if (partial) return partial > 0;
    if (!put_name(t, callback, out) || !put_arguments(t, args, argc, out)) return false;
    put_source(t, callback, out);
    return true;
}

bool coroutine_text(Thread *t, Value coroutine, Buffer *out) {
    if (is_native_coroutine(coroutine)) {
        buffer_printf(out, "%s()", NATIVE_COROUTINE(coroutine)->kind->qualname);
        return true;
    }
    if (!is_generator_kind(coroutine)) {
        Str *text = value_repr(t, coroutine);
        if (!text) return false;
        buffer_append(out, text->data, text->size);
        return true;
    }
    Generator *g = GENERATOR(coroutine);
    const Code *code = frame_code(&g->frame);
    bool found;
    if (!put_str_attribute(t, coroutine, NAME_OF(t, __qualname__), out, &found)) return false;
    if (g->state == GEN_CLOSED) {
        buffer_printf(out, "() done, defined at %s:%u", code->filename->data, code->first_line);
    } else {
        int line =
            g->state == GEN_CREATED ? (int)code->first_line : code_line(code, frame_pc(&g->frame));
        buffer_printf(out, "() running at %s:%d", code->filename->data, line);
    }
    return true;
}
