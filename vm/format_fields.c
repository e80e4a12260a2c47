/* SPDX-License-Identifier: MIT */
/*
 * str.format and str.format_map: literal text with replacement fields {name!conversion:spec}, where
 * the spec may hold fields itself (one level).
 *
 * A field runs Tulip code (attributes, items, __format__), so the object at hand is kept in a root
 * register and every rendered piece is copied into the malloc'd output at once. Messages are
 * CPython's. Read next: vm/format.c.
 */
#include "vm/container.h"
#include "vm/format.h"
#include "vm/native.h"
#include "vm/ops.h"
#include "vm/str_methods.h"

typedef enum Numbering { NUMBERING_UNKNOWN, NUMBERING_AUTOMATIC, NUMBERING_MANUAL } Numbering;

typedef struct Formatter {
    Thread *t;
    Value *roots;  /* [0] the object of a field, by depth, [1] its spec … */
    Tuple *args;   /* NULL: format_map */
    Value mapping; /* kwargs, or format_map's argument */
    Numbering numbering;
    int64_t next; /* automatic number */
} Formatter;

enum { FORMAT_DEPTH = 2, ROOTS_PER_LEVEL = 2 };

/* A piece of the format string. */
typedef struct Part {
    const char *start, *end;
} Part;

typedef struct Field {
    Part name, spec;
    uint32_t conversion; /* 0: none */
    bool nested;         /* the spec holds fields */
} Field;

static bool build(Formatter *f, Part text, int depth, Buffer *out);

static bool fail(Formatter *f, const char *message) {
    raise_error(f->t, EXC_ValueError, "%s", message);
    return false;
}

/* ---- parsing a field ---- */

/* !c, with *p behind the !. *more: a spec follows. */
static bool parse_conversion(Formatter *f, const char **p, const char *end, Field *out,
                             bool *more) {
    if (*p >= end) return fail(f, "end of string while looking for conversion specifier");
    out->conversion = str_next(p);
    *more = true;
    if (*p >= end) return true;
    char c = *(*p)++;
    if (c == '}') *more = false;
    else if (c != ':') return fail(f, "expected ':' after conversion specifier");
    return true;
}

static bool parse_spec(Formatter *f, const char **p, const char *end, Field *out) {
    int open = 1;
    out->spec.start = *p;
    while (*p < end) {
        char c = *(*p)++;
        if (c == '{') {
            out->nested = true;
            open++;
        } else if (c == '}' && --open == 0) {
            out->spec.end = *p - 1;
            return true;
        }
    }
    return fail(f, "unmatched '{' in format spec");
}

/* The field whose { is just before *p; *p moves behind its }. */
static bool parse_field(Formatter *f, const char **p, const char *end, Field *out) {
    *out = (Field){.name = {*p, *p}, .spec = {*p, *p}};
    char c = 0;
    while (*p < end) {
        c = *(*p)++;
        if (c == '{') return fail(f, "unexpected '{' in field name");
        if (c == '}' || c == ':' || c == '!') break;
        while (c == '[' && *p < end && **p != ']') ++*p;
    }
    out->name.end = *p - 1;
    if (c == '}') return true;
    if (c != ':' && c != '!') return fail(f, "expected '}' before end of string");
    bool more = true;
    if (c == '!' && !parse_conversion(f, p, end, out, &more)) return false;
    return !more || parse_spec(f, p, end, out);
}

/* ---- the object of a field ---- */

/* [part] as an index: -1 when it is no number, -2 raised. */
static int64_t parse_index(Formatter *f, Part part) {
    int64_t number = 0;
    if (part.start == part.end) return -1;
    for (const char *p = part.start; p < part.end; p++) {
        if (*p < '0' || *p > '9') return -1;
        if (number > (INT64_MAX - 9) / 10) {
            fail(f, "Too many decimal digits in format string");
            return -2;
        }
        number = number * 10 + (*p - '0');
    }
    return number;
}

static bool settle_numbering(Formatter *f, Numbering wanted) {
    if (f->numbering == NUMBERING_UNKNOWN) f->numbering = wanted;
    if (f->numbering == wanted) return true;
    return fail(f,
                wanted == NUMBERING_AUTOMATIC
                    ? "cannot switch from manual field specification to automatic field numbering"
                    : "cannot switch from automatic field numbering to manual field specification");
}

static Value positional(Formatter *f, int64_t index) {
    if (!f->args) {
        fail(f, "Format string contains positional fields");
        return VALUE_ERROR;
    }
    if ((size_t)index < f->args->size) return f->args->items[index];
    return raise_error(f->t, EXC_IndexError,
                       "Replacement index %lld out of range for positional args tuple",
                       (long long)index);
}

static Value keyword(Formatter *f, Part name) {
    Value key = object_value(str_new(f->t, name.start, (size_t)(name.end - name.start)));
    if (!f->args) return value_getitem(f->t, f->mapping, key);
    Value found = dict_get(f->t, DICT(f->mapping), key);
    return found == VALUE_UNSET ? raise_with(f->t, EXC_KeyError, key) : found;
}

/* The argument that the first part of a field name means. */
static Value first_object(Formatter *f, Part first) {
    int64_t index = parse_index(f, first);
    if (index == -2) return VALUE_ERROR;
    bool empty = first.start == first.end;
    if (empty || index >= 0) {
        if (!settle_numbering(f, empty ? NUMBERING_AUTOMATIC : NUMBERING_MANUAL))
            return VALUE_ERROR;
        if (empty) index = f->next++;
        return positional(f, index);
    }
    return keyword(f, first);
}

/* .name or [index] at *p, applied to [v]. */
static Value follow(Formatter *f, Value v, const char **p, const char *end) {
    Thread *t = f->t;
    bool item = *(*p)++ == '[';
    Part name = {*p, *p};
    if (item) {
        while (*p < end && **p != ']') ++*p;
        name.end = *p;
        if (*p == end) return raise_error(t, EXC_ValueError, "Missing ']' in format string");
        ++*p;
    } else {
        while (*p < end && **p != '.' && **p != '[') ++*p;
        name.end = *p;
    }
    int64_t index = item ? parse_index(f, name) : -1;
    if (index == -2) return VALUE_ERROR;
    if (name.start == name.end)
        return raise_error(t, EXC_ValueError, "Empty attribute in format string");
    size_t size = (size_t)(name.end - name.start);
    if (!item) return value_getattr(t, v, str_intern(t->vm, name.start, size));
    return value_getitem(t, v,
                         index >= 0 ? fixnum(index) : object_value(str_new(t, name.start, size)));
}

static Value field_object(Formatter *f, Part name, Value *root) {
    const char *p = name.start;
    while (p < name.end && *p != '.' && *p != '[') p++;
    Value v = *root = first_object(f, (Part){name.start, p});
    while (v && p < name.end) {
        if (*p != '.' && *p != '[') {
            return raise_error(f->t, EXC_ValueError,
                               "Only '.' or '[' may follow ']' in format field specifier");
        }
        v = follow(f, v, &p, name.end);
        if (v) *root = v;
    }
    return v;
}

/* ---- rendering ---- */

static Value convert(Formatter *f, Value v, uint32_t conversion) {
    switch (conversion) {
    case 0: return v;
    case 'r': return object_value(value_repr(f->t, v));
    case 's': return object_value(value_str(f->t, v));
    case 'a': return object_value(value_ascii(f->t, v));
    default: break;
    }
    const char *format = conversion > 32 && conversion < 127 ? "Unknown conversion specifier %c"
                                                             : "Unknown conversion specifier \\x%x";
    return raise_error(f->t, EXC_ValueError, format, conversion);
}

static Str *spec_of(Formatter *f, const Field *field, int depth) {
    Part spec = field->spec;
    if (!field->nested) return str_new(f->t, spec.start, (size_t)(spec.end - spec.start));
    Buffer expanded = {.fallible = true};
    if (build(f, spec, depth - 1, &expanded)) return str_from_buffer(f->t, &expanded);
    buffer_free(&expanded);
    return NULL;
}

static bool put_field(Formatter *f, const Field *field, int depth, Buffer *out) {
    Value *roots = f->roots + (FORMAT_DEPTH - depth) * ROOTS_PER_LEVEL;
    Value v = field_object(f, field->name, &roots[0]);
    if (v) v = convert(f, v, field->conversion);
    if (!v) {
        roots[0] = VALUE_UNSET;
        return false;
    }
    roots[0] = v;
    Str *spec = spec_of(f, field, depth);
    if (!spec) return false;
    roots[1] = object_value(spec);
    Str *text = value_format(f->t, v, spec);
    if (!text) return false;
    buffer_append(out, text->data, text->size);
    return true;
}

/* Append [text] with its fields replaced. */
static bool build(Formatter *f, Part text, int depth, Buffer *out) {
    if (depth <= 0) return fail(f, "Max string recursion exceeded");
    for (const char *p = text.start; p < text.end;) {
        const char *start = p;
        while (p < text.end && *p != '{' && *p != '}') p++;
        buffer_append(out, start, (size_t)(p - start));
        if (p == text.end) break;
        char c = *p++;
        if (p < text.end && *p == c) {
            buffer_putc(out, c);
            p++;
            continue;
        }
        if (c == '}') return fail(f, "Single '}' encountered in format string");
        if (p == text.end) return fail(f, "Single '{' encountered in format string");
        Field field;
        if (!parse_field(f, &p, text.end, &field) || !put_field(f, &field, depth, out))
            return false;
    }
    return true;
}

static Value format(Thread *t, Value self, Tuple *args, Value mapping) {
    Formatter f = {.t = t, .args = args, .mapping = mapping};
    f.roots = push_roots(t, FORMAT_DEPTH * ROOTS_PER_LEVEL);
    Part text = {STR(self)->data, STR(self)->data + STR(self)->size};
    Buffer out = {.fallible = true};
    bool ok = build(&f, text, FORMAT_DEPTH, &out);
    pop_roots(t, f.roots);
    if (ok) return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return VALUE_ERROR;
}

Value str_method_format(Thread *t, Value *args) {
    return format(t, args[0], TUPLE(args[1]), args[2]);
}
Value str_method_format_map(Thread *t, Value *args) { return format(t, args[0], NULL, args[1]); }
