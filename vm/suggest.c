/* SPDX-License-Identifier: MIT */
/*
 * Suggestions for misspelt names: among the attributes of the object, or the names that were
 * visible where the NameError was raised, or modules, the nearest one by edit distance, with
 * Python's costs and limits (a change of case costs half). Also self.x for x, and imports that were
 * forgotten.
 *
 * Read next: vm/hint.c, vm/traceback.c.
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

/* A word, and the candidate that is nearest to it so far. */
typedef struct Search {
    Str *name;
    Str *best;
    size_t best_distance;
} Search;

static void consider(Search *s, Value candidate) {
    if (!is_str(candidate)) return;
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

/* Among too many names nothing is looked for. */
static void consider_keys(Search *s, const Dict *dict) {
    if (s->best || dict->used >= MOST_CANDIDATES) return;
    uint32_t position = 0;
    Value key, v;
    while (dict_next(dict, &position, &key, &v)) consider(s, key);
}

static void consider_names(Search *s, Str *const *names, size_t count) {
    if (s->best || count >= MOST_CANDIDATES) return;
    for (size_t i = 0; i < count; i++) {
        if (names[i]) consider(s, object_value(names[i]));
    }
}

Str *suggest_among(Str *name, Str *const *names, size_t count) {
    Search search = {.name = name};
    if (name->size <= LONGEST_NAME) consider_names(&search, names, count);
    return search.best;
}

/* ---- attributes ---- */

/* The nearest of dir(object). */
static void search_attributes(Thread *t, Value object, Search *s) {
    if (object == VALUE_UNSET) return;
    Value names = call_method(t, object, NAME_OF(t, __dir__), NULL, 0);
    if (names == VALUE_ERROR) {
        exception_take(t);
        names = is_kind(object, OBJ_CLASS) ? object_value(CLASS(object)->dict) : VALUE_NONE;
    }
    if (is_kind(names, OBJ_DICT)) consider_keys(s, DICT(names));
    if (!is_kind(names, OBJ_LIST) || LIST(names)->size >= MOST_CANDIDATES) return;
    for (size_t i = 0; i < LIST(names)->size; i++) consider(s, LIST(names)->items[i]);
}

/* ---- names ---- */

/* The variable self of the function at [level], when it has an attribute [name]. */
static bool is_attribute_of_self(Thread *t, const Traceback *level, Str *name) {
    const Code *code = level->function->code;
    if (!is_kind(level->registers, OBJ_TUPLE)) return false;
    for (uint32_t i = 0; i < code->nregister_names; i++) {
        Str *variable = code->register_names[i];
        if (!variable || strcmp(variable->data, "self")) continue;
        Value self = TUPLE(level->registers)->items[i];
        if (is_kind(self, OBJ_CELL)) self = CELL(self)->value;
        if (self == VALUE_UNSET) return false;
        Value found = value_getattr_or_unset(t, self, name);
        if (found == VALUE_ERROR) exception_take(t);
        return found != VALUE_ERROR && found != VALUE_UNSET;
    }
    return false;
}

/* sys.stdlib_module_names, or VALUE_UNSET. */
static Value library_names(Thread *t) {
    Value sys = dict_get_str(t, t->vm->modules, NAME_OF(t, sys));
    if (!is_kind(sys, OBJ_MODULE)) return VALUE_UNSET;
    Value names = value_getattr_or_unset(t, sys, str_intern(t->vm, "stdlib_module_names", 19));
    if (names == VALUE_ERROR) exception_take(t);
    return is_kind(names, OBJ_FROZENSET) || is_kind(names, OBJ_TUPLE) ? names : VALUE_UNSET;
}

static bool is_module_name(Thread *t, Str *name) {
    Value names = library_names(t);
    if (is_kind(names, OBJ_FROZENSET)) return set_contains(t, SET(names), object_value(name)) > 0;
    for (size_t i = 0; is_kind(names, OBJ_TUPLE) && i < TUPLE(names)->size; i++) {
        if (is_str(TUPLE(names)->items[i]) && str_equal(STR(TUPLE(names)->items[i]), name))
            return true;
    }
    return false;
}

/* Names visible in the innermost function of the traceback: its locals, globals, built-ins; an
 * attribute of self; a module that was not imported. */
static void suggest_name(Thread *t, Value e, Str *name, Buffer *out) {
    Value at = EXCEPTION(e)->traceback;
    bool module = is_module_name(t, name);
    Search search = {.name = name};
    if (at != VALUE_NONE) {
        while (((Traceback *)object_of(at))->next != VALUE_NONE)
            at = ((Traceback *)object_of(at))->next;
        const Traceback *level = (Traceback *)object_of(at);
        if (is_attribute_of_self(t, level, name)) {
            buffer_printf(out, ". Did you mean: 'self.%s'?", name->data);
            return;
        }
        const Code *code = level->function->code;
        consider_names(&search, code->register_names, code->nregister_names);
        consider_names(&search, code->capture_names, code->ncaptures);
        consider_keys(&search, level->function->globals);
        consider_keys(&search, t->vm->builtins->dict);
    }
    if (search.best) buffer_printf(out, ". Did you mean: '%s'?", search.best->data);
    if (module) {
        buffer_printf(out,
                      search.best ? " Or did you forget to import '%s'?"
                                  : ". Did you forget to import '%s'?",
                      name->data);
    }
}

/* ---- imports ---- */

/* The name that `from module import name` did not find, among those of the module. */
static Str *search_import(Thread *t, Value e, Search *s) {
    Value module = exception_field(e, IMPORT_ERROR_NAME);
    if (!is_str(module)) return NULL;
    Value loaded = dict_get_str(t, t->vm->modules, STR(module));
    if (loaded != VALUE_UNSET) search_attributes(t, loaded, s);
    return s->best;
}

/* The library's module with the name nearest to that of one that was not found. */
static Str *search_module(Thread *t, Search *s) {
    Value names = library_names(t);
    if (is_kind(names, OBJ_TUPLE)) {
        for (size_t i = 0; i < TUPLE(names)->size; i++) consider(s, TUPLE(names)->items[i]);
    }
    uint32_t position = 0;
    Value name;
    while (is_kind(names, OBJ_FROZENSET) && set_next(SET(names), &position, &name))
        consider(s, name);
    return s->best;
}

static void suggest_import(Thread *t, Value e, bool module, Buffer *out) {
    Value name = exception_field(e, module ? IMPORT_ERROR_NAME : IMPORT_ERROR_NAME_FROM);
    if (!is_str(name) || STR(name)->size > LONGEST_NAME) return;
    Search search = {.name = STR(name)};
    Str *best = module ? search_module(t, &search) : search_import(t, e, &search);
    if (best) buffer_printf(out, ". Did you mean: '%s'?", best->data);
}

void suggest_append(Thread *t, Value e, Buffer *out) {
    Class *cls = class_of(t->vm, e);
    if (class_is_subclass(cls, EXCEPTION_CLASS(t, ImportError))) {
        bool module = class_is_subclass(cls, EXCEPTION_CLASS(t, ModuleNotFoundError));
        suggest_import(t, e, module, out);
    } else if (class_is_subclass(cls, EXCEPTION_CLASS(t, NameError))) {
        Value name = exception_field(e, NAME_ERROR_NAME);
        if (is_str(name) && STR(name)->size <= LONGEST_NAME) suggest_name(t, e, STR(name), out);
    } else if (class_is_subclass(cls, EXCEPTION_CLASS(t, AttributeError))) {
        Value name = exception_field(e, ATTRIBUTE_ERROR_NAME);
        if (!is_str(name) || STR(name)->size > LONGEST_NAME) return;
        Search search = {.name = STR(name)};
        search_attributes(t, exception_field(e, ATTRIBUTE_ERROR_OBJ), &search);
        if (search.best) buffer_printf(out, ". Did you mean: '%s'?", search.best->data);
    } else if (cls == EXCEPTION_CLASS(t, TypeError) && is_str(EXCEPTION(e)->value)) {
        buffer_printf(out, ". Did you mean '%s'?", STR(EXCEPTION(e)->value)->data);
    }
}
