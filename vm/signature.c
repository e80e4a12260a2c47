/* SPDX-License-Identifier: MIT */
/*
 * Binding the arguments of a call to parameters: one algorithm for natives (whose Signature is
 * parsed from its text) and for Tulip functions (whose Signature the compiler makes), with
 * CPython's errors.
 *
 * Parameters are laid out as positional, keyword-only, *args, **kwargs. Unbound ones are
 * VALUE_UNSET until defaults are filled in. Read next: vm/native.h.
 */
#include "vm/signature.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/str.h"
#include "vm/suggest.h"

/* ---- parsing the text of a native's signature ---- */

typedef struct Parser {
    Thread *t;
    const char *p;
    Signature *s;
    int capacity;
} Parser;

static void skip_blanks(Parser *parser) {
    while (*parser->p == ' ') parser->p++;
}

/* A default as written: None, True, False, (), an int, a 'string', or ? for none. */
static Value parse_default(Parser *parser) {
    const char *start = parser->p;
    Vm *vm = parser->t->vm;
    if (*start == '\'') {
        const char *end = strchr(start + 1, '\'');
        parser->p = end + 1;
        return object_value(str_intern(vm, start + 1, (size_t)(end - start - 1)));
    }
    if (start[0] == '(' && start[1] == ')') {
        parser->p += 2;
        return object_value(vm->empty_tuple);
    }
    while (*parser->p && !strchr(",) ", *parser->p)) parser->p++;
    size_t size = (size_t)(parser->p - start);
    if (size == 1 && *start == '?') return VALUE_UNSET;
    if (!strncmp(start, "None", size)) return VALUE_NONE;
    if (!strncmp(start, "True", size)) return VALUE_TRUE;
    if (!strncmp(start, "False", size)) return VALUE_FALSE;
    return fixnum(strtoll(start, NULL, 10));
}

static void add_parameter(Parser *parser, const char *name, size_t size) {
    Signature *s = parser->s;
    int count = s->positional + s->keyword_only;
    if (count == parser->capacity) {
        parser->capacity = parser->capacity ? parser->capacity * 2 : 8;
        s->names = realloc(s->names, (size_t)parser->capacity * sizeof *s->names);
        s->defaults = realloc(s->defaults, (size_t)parser->capacity * sizeof *s->defaults);
        if (!s->names || !s->defaults)
            memory_exhausted((size_t)parser->capacity * sizeof *s->names);
    }
    s->names[count] = str_intern(parser->t->vm, name, size);
    s->defaults[count] = VALUE_ERROR;
    skip_blanks(parser);
    if (*parser->p == '=') {
        parser->p++;
        s->defaults[count] = parse_default(parser);
    }
}

/* One parameter or one of the marks / and *. */
static void parse_item(Parser *parser, bool *keyword_only) {
    Signature *s = parser->s;
    if (*parser->p == '/') {
        parser->p++;
        s->positional_only = s->positional;
        return;
    }
    int stars = 0;
    while (*parser->p == '*') {
        stars++;
        parser->p++;
    }
    const char *name = parser->p;
    while (isalnum((unsigned char)*parser->p) || *parser->p == '_') parser->p++;
    size_t size = (size_t)(parser->p - name);
    if (stars == 2) {
        s->has_varkw = true;
    } else if (stars == 1) {
        *keyword_only = true;
        s->has_varargs = size > 0;
    } else {
        add_parameter(parser, name, size);
        if (*keyword_only) s->keyword_only++;
        else s->positional++;
    }
}

Signature *signature_parse(Thread *t, const char *name, const char *text) {
    Signature *s = calloc(1, sizeof *s);
    if (!s) memory_exhausted(sizeof *s);
    s->name = name;
    s->next = t->vm->signatures;
    t->vm->signatures = s;
    Parser parser = {.t = t, .p = text + 1, .s = s};
    bool keyword_only = false;
    for (skip_blanks(&parser); *parser.p && *parser.p != ')'; skip_blanks(&parser)) {
        parse_item(&parser, &keyword_only);
        skip_blanks(&parser);
        if (*parser.p == ',') parser.p++;
    }
    return s;
}

void signatures_free(Vm *vm) {
    while (vm->signatures) {
        Signature *s = vm->signatures;
        vm->signatures = s->next;
        free(s->names);
        free(s->defaults);
        free(s);
    }
}

/* ---- binding ---- */

typedef struct Call {
    Thread *t;
    const Signature *s;
    const Value *args;
    int given; /* positional arguments */
    Tuple *kwnames;
    const Value *values; /* of the keywords */
    Value *out;
    bool native;
} Call;

static int find_parameter(const Call *c, Str *name, int from) {
    int count = c->s->positional + c->s->keyword_only;
    for (int i = from; i < count; i++) {
        if (c->s->names[i] == name) return i;
    }
    for (int i = from; i < count; i++) {
        if (str_equal(c->s->names[i], name)) return i;
    }
    return -1;
}

static const char *plural(int n) { return n == 1 ? "" : "s"; }

/* Is the first parameter what the method was looked up on? */
static bool has_self(const Signature *s) {
    if (!s->positional || !s->owner) return false;
    const char *first = s->names[0]->data;
    return !strcmp(first, "self") || !strcmp(first, "type") || !strcmp(first, "cls");
}

/* Is it one of the methods with two bounds (find, count, startswith …)? CPython words their errors
 * in another way. */
static bool has_bounds(const Signature *s) {
    return s->positional == 4 && s->positional_only == 4 && !strcmp(s->names[2]->data, "start") &&
           !strcmp(s->names[3]->data, "end");
}

/* The same for the method of a slot. Those that unpack a tuple say so after an empty name. */
static bool raise_wrapper_count(const Call *c, int least, int most, int given) {
    static const char *const sequences[] = {"list", "tuple", "str", "bytes", "bytearray"};
    const char *name = c->s->name, *bound = given < least ? "at least " : "at most ";
    bool unpacks = least != most || !strcmp(name, "__setitem__");
    for (size_t i = 0; strstr(name, "mul__") && i < sizeof sequences / sizeof *sequences; i++)
        unpacks = unpacks || !strcmp(c->s->owner, sequences[i]);
    int limit = given < least ? least : most;
    raise_error(c->t, EXC_TypeError, "%sexpected %s%d argument%s, got %d", unpacks ? " " : "",
                least == most ? "" : bound, limit, plural(limit), given);
    return false;
}

/* Positional-only parameters, then keyword-only ones? sorted() words its errors in another way. */
static bool takes_keywords_only(const Signature *s) {
    return s->keyword_only && !s->of_slot && s->positional_only == s->positional &&
           strcmp(s->name, "sorted") != 0;
}

/* CPython's wording for a native called with the wrong number of positional arguments; self is not
 * counted. */
static bool raise_native_count(const Call *c, int with_defaults) {
    const Signature *s = c->s;
    bool method = has_self(s);
    int most = s->positional - method, least = most - with_defaults, given = c->given - method;
    const char *dot = s->owner ? "." : "", *owner = s->owner ? s->owner : "";
    if (s->wrapper && c->given) return raise_wrapper_count(c, least, most, given);
    if (!most && s->keyword_only) {
        raise_error(c->t, EXC_TypeError, "%s() takes no positional arguments", s->name);
    } else if (!most) {
        raise_error(c->t, EXC_TypeError, "%s%s%s() takes no arguments (%d given)", owner, dot,
                    s->name, given);
    } else if (least == most && most == 1) {
        raise_error(c->t, EXC_TypeError, "%s%s%s() takes exactly one argument (%d given)", owner,
                    dot, s->name, given);
    } else if (has_bounds(s)) {
        int limit = given < least ? least : most;
        raise_error(c->t, EXC_TypeError, "%s() takes at %s %d argument%s (%d given)", s->name,
                    given < least ? "least" : "most", limit, plural(limit), given);
    } else if (takes_keywords_only(s)) {
        int limit = given < least ? least : most;
        raise_error(c->t, EXC_TypeError, "%s() takes %s %d positional argument%s (%d given)",
                    s->name,
                    least == most   ? "exactly"
                    : given < least ? "at least"
                                    : "at most",
                    limit, plural(limit), given);
    } else if (s->positional_only < s->positional) {
        raise_error(c->t, EXC_TypeError, "%s() takes %s %d argument%s (%d given)", s->name,
                    least == most ? "exactly" : "at most", most, plural(most), given);
    } else {
        const char *bound = least == most ? "" : given < least ? "at least " : "at most ";
        int limit = given < least ? least : most;
        raise_error(c->t, EXC_TypeError, "%s expected %s%d argument%s, got %d", s->name, bound,
                    limit, plural(limit), given);
    }
    return false;
}

static bool raise_too_many(const Call *c, int with_defaults) {
    if (c->native) return raise_native_count(c, with_defaults);
    int allowed = c->s->positional, required = allowed - with_defaults, keyword_given = 0;
    for (int i = 0; i < c->s->keyword_only; i++)
        keyword_given += c->out[allowed + i] != VALUE_UNSET;
    char takes[64], also[96] = "";
    if (with_defaults)
        snprintf(takes, sizeof takes, "from %d to %d positional arguments", required, allowed);
    else snprintf(takes, sizeof takes, "%d positional argument%s", allowed, plural(allowed));
    if (keyword_given) {
        snprintf(also, sizeof also, " positional argument%s (and %d keyword-only argument%s)",
                 plural(c->given), keyword_given, plural(keyword_given));
    }
    raise_error(c->t, EXC_TypeError, "%s() takes %s but %d%s %s given", c->s->name, takes, c->given,
                also, c->given == 1 && !keyword_given ? "was" : "were");
    return false;
}

/* "missing 2 required positional arguments: 'a' and 'b'" */
static bool raise_missing(const Call *c, int from, int to, const char *what) {
    Buffer names = {0};
    int count = 0, seen = 0;
    for (int i = from; i < to; i++) count += c->out[i] == VALUE_UNSET;
    for (int i = from; i < to; i++) {
        if (c->out[i] != VALUE_UNSET) continue;
        if (seen) buffer_puts(&names, seen < count - 1 ? ", " : count == 2 ? " and " : ", and ");
        buffer_printf(&names, "'%s'", c->s->names[i]->data);
        seen++;
    }
    raise_error(c->t, EXC_TypeError, "%s() missing %d required %s argument%s: %s", c->s->name,
                count, what, plural(count), names.data);
    buffer_free(&names);
    return false;
}

/* A keyword naming a positional-only parameter, with no **kwargs to take it. */
static bool raise_positional_only(const Call *c) {
    Buffer names = {0};
    for (int i = 0; i < c->s->positional_only; i++) {
        for (size_t k = 0; k < c->kwnames->size; k++) {
            if (!str_equal(c->s->names[i], STR(c->kwnames->items[k]))) continue;
            if (names.size) buffer_puts(&names, ", ");
            buffer_puts(&names, c->s->names[i]->data);
        }
    }
    raise_error(c->t, EXC_TypeError,
                "%s() got some positional-only arguments passed as keyword arguments: '%s'",
                c->s->name, names.data);
    buffer_free(&names);
    return false;
}

static bool raise_unexpected(const Call *c, Str *name) {
    if (c->s->wrapper) {
        raise_error(c->t, EXC_TypeError, "wrapper %s() takes no keyword arguments", c->s->name);
        return false;
    }
    if (c->native &&
        (c->s->of_slot || c->s->positional + c->s->keyword_only == c->s->positional_only)) {
        const char *owner = c->s->owner ? c->s->owner : "";
        raise_error(c->t, EXC_TypeError, "%s%s%s() takes no keyword arguments", owner,
                    *owner ? "." : "", c->s->name);
        return false;
    }
    for (int i = 0; !c->native && i < c->s->positional_only; i++) {
        if (str_equal(c->s->names[i], name)) return raise_positional_only(c);
    }
    if (c->native)
        raise_error(c->t, EXC_TypeError, "'%S' is an invalid keyword argument for %s()",
                    object_value(name), c->s->name);
    else
        raise_error(c->t, EXC_TypeError, "%s() got an unexpected keyword argument '%S'", c->s->name,
                    object_value(name));
    Str *near = suggest_among(name, c->s->names, (size_t)c->s->positional + c->s->keyword_only);
    if (near && exception_matches(c->t, EXC_TypeError))
        EXCEPTION(c->t->exception)->value = object_value(near);
    return false;
}

static bool bind_keywords(Call *c, Dict *varkw) {
    for (size_t k = 0; c->kwnames && k < c->kwnames->size; k++) {
        Str *name = STR(c->kwnames->items[k]);
        int at = find_parameter(c, name, c->s->positional_only);
        if (at >= 0) {
            if (c->out[at] != VALUE_UNSET) {
                raise_error(c->t, EXC_TypeError, "%s() got multiple values for argument '%S'",
                            c->s->name, object_value(name));
                return false;
            }
            c->out[at] = c->values[k];
        } else if (varkw) {
            dict_set_str(c->t, varkw, name, c->values[k]);
        } else {
            return raise_unexpected(c, name);
        }
    }
    return true;
}

static int count_defaults(const Call *c, const Value *defaults) {
    int n = 0;
    for (int i = 0; i < c->s->positional; i++) n += defaults[i] != VALUE_ERROR;
    return n;
}

/* Everything but defaults. [defaults_count]: how many positional parameters have one (for
 * messages). */
static bool bind_given(Call *c, int defaults_count) {
    const Signature *s = c->s;
    int parameters = s->positional + s->keyword_only, size = signature_size(s);
    for (int i = 0; i < size; i++) c->out[i] = VALUE_UNSET;
    int direct = c->given < s->positional ? c->given : s->positional;
    for (int i = 0; i < direct; i++) c->out[i] = c->args[i];
    Dict *varkw = NULL;
    if (s->has_varkw) {
        varkw = dict_new(c->t);
        c->out[parameters + s->has_varargs] = object_value(varkw);
    }
    if (s->has_varargs) {
        c->out[parameters] =
            object_value(tuple_from(c->t, c->args + direct, (size_t)(c->given - direct)));
    }
    if (!bind_keywords(c, varkw)) return false;
    if (c->given > s->positional && !s->has_varargs) return raise_too_many(c, defaults_count);
    return true;
}

/* The first required parameter of a native that was not given: positional-only ones are counted,
 * others named. */
static void raise_native_missing(const Call *c) {
    const Signature *s = c->s;
    int self = has_self(s), parameters = s->positional + s->keyword_only, missing = 0, least = 0;
    while (c->out[missing] != VALUE_UNSET || s->defaults[missing] != VALUE_ERROR) missing++;
    if (c->given < self && s->owner) { /* not even the class to make an instance of */
        raise_error(c->t, EXC_TypeError, "%s.%s(): not enough arguments", s->owner, s->name);
        return;
    }
    if (missing >= s->positional_only) {
        raise_error(c->t, EXC_TypeError, "%s() missing required argument '%s' (pos %d)", s->name,
                    s->names[missing]->data, missing + 1 - self);
        return;
    }
    while (least < s->positional_only && s->defaults[least] == VALUE_ERROR) least++;
    raise_error(c->t, EXC_TypeError, "%s() takes %s %d positional argument%s (%d given)", s->name,
                least < parameters ? "at least" : "exactly", least - self, plural(least - self),
                c->given - self);
}

bool bind_arguments(Thread *t, const Signature *s, Value *out, const Value *args, int argc,
                    Tuple *kwnames) {
    int named = kwnames ? (int)kwnames->size : 0;
    Call c = {.t = t,
              .s = s,
              .args = args,
              .given = argc - named,
              .kwnames = kwnames,
              .values = args + argc - named,
              .out = out,
              .native = true};
    if (!bind_given(&c, count_defaults(&c, s->defaults))) return false;
    int parameters = s->positional + s->keyword_only;
    bool missing = false;
    for (int i = 0; i < parameters; i++) {
        if (out[i] != VALUE_UNSET) continue;
        if (s->defaults[i] == VALUE_ERROR) missing = true;
        else out[i] = s->defaults[i];
    }
    if (!missing) return true;
    if (s->positional_only == s->positional && !s->has_varargs)
        return raise_native_count(&c, count_defaults(&c, s->defaults));
    raise_native_missing(&c);
    return false;
}

bool bind_function(Thread *t, Function *function, Value *out, const Value *args, int argc,
                   Tuple *kwnames) {
    const Signature *s = &function->code->signature;
    int named = kwnames ? (int)kwnames->size : 0;
    Tuple *defaults = function->defaults == VALUE_NONE ? NULL : TUPLE(function->defaults);
    int with_default = defaults ? (int)defaults->size : 0;
    Signature renamed = *s;
    renamed.name = is_str(function->qualname) ? STR(function->qualname)->data : s->name;
    Call c = {.t = t,
              .s = &renamed,
              .args = args,
              .given = argc - named,
              .kwnames = kwnames,
              .values = args + argc - named,
              .out = out};
    if (!bind_given(&c, with_default)) return false;
    int first = s->positional - with_default;
    for (int i = 0; i < first; i++) {
        if (out[i] == VALUE_UNSET) return raise_missing(&c, 0, first, "positional");
    }
    for (int i = first < 0 ? 0 : first; i < s->positional; i++) {
        if (out[i] == VALUE_UNSET) out[i] = defaults->items[i - first];
    }
    for (int i = s->positional; i < s->positional + s->keyword_only; i++) {
        if (out[i] != VALUE_UNSET) continue;
        if (function->kwdefaults != VALUE_NONE)
            out[i] = dict_get_str(t, DICT(function->kwdefaults), s->names[i]);
    }
    for (int i = s->positional; i < s->positional + s->keyword_only; i++) {
        if (out[i] == VALUE_UNSET)
            return raise_missing(&c, s->positional, s->positional + s->keyword_only,
                                 "keyword-only");
    }
    return true;
}
