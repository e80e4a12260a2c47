/* SPDX-License-Identifier: MIT */
/*
 * Suggestions for misspelt names: among the attributes of the object, or the names that were
 * visible where the NameError was raised, the nearest one by edit distance, with Python's costs and
 * limits (a change of case costs half).
 *
 * Read next: vm/traceback.c.
 */
#include "vm/suggest.h"

#include <ctype.h>

#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception_fields.h"
#include "vm/ops.h"
#include "vm/str.h"

enum { LONGEST_NAME = 40, MOST_CANDIDATES = 750, MOVE_COST = 2, CASE_COST = 1 };

static size_t substitution_cost(char a, char b) {
    if ((a & 31) != (b & 31)) return MOVE_COST;
    if (a == b) return 0;
    return tolower((unsigned char)a) == tolower((unsigned char)b) ? CASE_COST : MOVE_COST;
}

/* The cost of turning [a] into [b]; anything above [limit] is just more than [limit]. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size, size_t limit) {
    while (a_size && b_size && *a == *b) a++, b++, a_size--, b_size--;
    while (a_size && b_size && a[a_size - 1] == b[b_size - 1]) a_size--, b_size--;
    if (!a_size || !b_size) return (a_size + b_size) * MOVE_COST;
    if (a_size > LONGEST_NAME || b_size > LONGEST_NAME) return limit + 1;
    size_t row[LONGEST_NAME];
    for (size_t i = 0; i < a_size; i++) row[i] = (i + 1) * MOVE_COST;
    size_t result = 0;
    for (size_t j = 0; j < b_size; j++) {
        size_t diagonal = result = j * MOVE_COST, minimum = SIZE_MAX;
        for (size_t i = 0; i < a_size; i++) {
            size_t substitute = diagonal + substitution_cost(b[j], a[i]);
            diagonal = row[i];
            size_t insert_delete = (result < diagonal ? result : diagonal) + MOVE_COST;
            result = insert_delete < substitute ? insert_delete : substitute;
            row[i] = result;
            if (result < minimum) minimum = result;
        }
        if (minimum > limit) return limit + 1;
    }
    return result;
}

/* The best candidate so far. */
typedef struct Search {
    Str *name;
    Str *best;
    size_t best_distance;
    size_t seen;
} Search;

static void consider(Search *s, Value candidate) {
    if (!is_str(candidate) || s->seen++ >= MOST_CANDIDATES) return;
    Str *item = STR(candidate);
    if (str_equal(item, s->name)) return;
    size_t limit = (s->name->size + item->size + 3) * MOVE_COST / 6;
    if (s->best && limit > s->best_distance - 1) limit = s->best_distance - 1;
    size_t d = distance(s->name->data, s->name->size, item->data, item->size, limit);
    if (d > limit) return;
    if (!s->best || d < s->best_distance) {
        s->best = item;
        s->best_distance = d;
    }
}

static void consider_keys(Search *s, const Dict *dict) {
    uint32_t position = 0;
    Value key, v;
    while (dict_next(dict, &position, &key, &v)) consider(s, key);
}

static bool search_attributes(Thread *t, Value e, Search *s) {
    Value object = exception_field(e, ATTRIBUTE_ERROR_OBJ);
    if (object == VALUE_UNSET) return false;
    Value names = call_method(t, object, NAME_OF(t, __dir__), NULL, 0);
    if (names == VALUE_ERROR && is_kind(object, OBJ_CLASS)) {
        exception_take(t);
        names = object_value(CLASS(object)->dict);
    }
    if (names == VALUE_ERROR) {
        exception_take(t);
        return false;
    }
    if (is_kind(names, OBJ_DICT)) consider_keys(s, DICT(names));
    for (size_t i = 0; is_kind(names, OBJ_LIST) && i < LIST(names)->size; i++)
        consider(s, LIST(names)->items[i]);
    return true;
}

/* Names visible in the innermost function of the traceback: its locals, globals, built-ins. */
static bool search_names(Thread *t, Value e, Search *s) {
    Value level = EXCEPTION(e)->traceback;
    if (level == VALUE_NONE) return false;
    while (((Traceback *)object_of(level))->next != VALUE_NONE)
        level = ((Traceback *)object_of(level))->next;
    Function *function = ((Traceback *)object_of(level))->function;
    const Code *code = function->code;
    for (uint32_t i = 0; i < code->nregister_names; i++) {
        if (code->register_names[i]) consider(s, object_value(code->register_names[i]));
    }
    for (int i = 0; i < code->ncaptures; i++) consider(s, object_value(code->capture_names[i]));
    consider_keys(s, function->globals);
    consider_keys(s, t->vm->builtins->dict);
    return true;
}

void suggest_append(Thread *t, Value e, Buffer *out) {
    Class *cls = class_of(t->vm, e);
    bool names = class_is_subclass(cls, EXCEPTION_CLASS(t, NameError));
    if (!names && !class_is_subclass(cls, EXCEPTION_CLASS(t, AttributeError))) return;
    Value name = exception_field(e, names ? NAME_ERROR_NAME : ATTRIBUTE_ERROR_NAME);
    if (!is_str(name) || STR(name)->size > LONGEST_NAME) return;
    Search search = {.name = STR(name)};
    if (!(names ? search_names(t, e, &search) : search_attributes(t, e, &search)) || !search.best)
        return;
    buffer_printf(out, ". Did you mean: '%s'?", search.best->data);
}
