/* SPDX-License-Identifier: MIT */
/*
 * sub, subn and expand: templates and the texts made of them.
 *
 * A template is read once per call into pieces: literal text and references to groups. Most have
 * no backslash and are one piece. Its errors are re.error with positions in the template. A
 * function as replacement may do anything, also search with the same pattern or change a bytearray:
 * before it is called everything needed is in a Match, and the subject is looked at anew after it.
 *
 * Read next: stdlib/regex_parse.c, for the reader of patterns that this one resembles.
 */
#include <stdlib.h>
#include <string.h>

#include "stdlib/regex.h"
#include "vm/chars.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"
#include "vm/unicode.h"

/* Literal text followed by a group; group UINT32_MAX: by nothing. */
typedef struct Piece {
    size_t start, size; /* in Template.text */
    uint32_t group;
} Piece;

typedef struct Template {
    Buffer text;    /* all literals */
    Buffer pieces;  /* Piece after Piece */
    size_t pending; /* where in text the next piece begins */
} Template;

#define NO_GROUP UINT32_MAX

/* Reading position in the template's source. */
typedef struct Reader {
    Thread *t;
    const Pattern *pattern;
    Value source; /* str or bytes */
    const char *data, *p, *end;
    Template *out;
} Reader;

static void template_free(Template *template) {
    buffer_free(&template->text);
    buffer_free(&template->pieces);
}

static void add_piece(Template *out, uint32_t group) {
    Piece piece = {out->pending, out->text.size - out->pending, group};
    buffer_append(&out->pieces, &piece, sizeof piece);
    out->pending = out->text.size;
}

static int64_t index_of(const Reader *r, const char *p) {
    size_t offset = (size_t)(p - r->data);
    return (int64_t)(is_str(r->source) ? str_index_at(STR(r->source), offset) : offset);
}

/* Raise re.error at [at]; gives false. */
static bool fail(const Reader *r, const char *at, const char *format, ...) {
    va_list arguments;
    Buffer text = {0};
    va_start(arguments, format);
    bool ok = str_format_into(r->t, &text, format, arguments);
    va_end(arguments);
    Value message = object_value(str_from_buffer(r->t, &text));
    if (ok) regex_raise(r->t, message, r->source, index_of(r, at));
    return false;
}

static bool is_octal(const Reader *r) { return r->p < r->end && *r->p >= '0' && *r->p <= '7'; }
static bool is_digit(const Reader *r) { return r->p < r->end && *r->p >= '0' && *r->p <= '9'; }

static void put_char(Reader *r, uint32_t c) {
    if (is_str(r->source)) buffer_put_utf8(&r->out->text, c);
    else buffer_putc(&r->out->text, (char)c);
}

static bool add_group(Reader *r, int64_t group, const char *at) {
    if (group > r->pattern->groups)
        return fail(r, at, "invalid group reference %lld", (long long)group);
    add_piece(r->out, (uint32_t)group);
    return true;
}

static Str *text_between(Reader *r, const char *from, const char *to) {
    if (is_str(r->source)) return str_new(r->t, from, (size_t)(to - from));
    Buffer text = {0};
    for (const char *p = from; p < to; p++) buffer_put_utf8(&text, (uint8_t)*p);
    return str_from_buffer(r->t, &text);
}

static bool is_name(Thread *t, Str *name) {
    Value v = object_value(name);
    v = call_method(t, v, str_intern(t->vm, "isidentifier", 12), NULL, 0);
    return v == VALUE_TRUE;
}

static bool warn_of_name(Reader *r, Str *name, const char *at) {
    Buffer shown = {0};
    Value *roots = push_roots(r->t, 2);
    if (is_str(r->source)) str_repr_into(&shown, name);
    else str_ascii_into(&shown, name);
    roots[0] = object_value(str_format(r->t, "bad character in group name %s at position %lld",
                                       shown.data, (long long)index_of(r, at)));
    roots[1] = VALUE_FALSE;
    buffer_free(&shown);
    Value warned = call_value(r->t, regex_state(r->t)->warn, roots, 2);
    pop_roots(r->t, roots);
    return warned != VALUE_ERROR;
}

/* The group that \g<name> names. */
static bool read_group_name(Reader *r, Str *name, const char *at) {
    Value shown = object_value(name);
    if (is_name(r->t, name)) {
        if (!is_str(r->source) && !str_is_ascii(name) && !warn_of_name(r, name, at)) return false;
        Value number = dict_get_str(r->t, DICT(r->pattern->group_index), name);
        if (number != VALUE_UNSET) return add_group(r, fixnum_of(number), at);
        raise_error(r->t, EXC_IndexError, "unknown group name %R", shown);
        return false;
    }
    Value n = int_from_text(r->t, name->data, name->size, 10, shown);
    if (n == VALUE_ERROR) exception_take(r->t);
    if (n == VALUE_ERROR || int_sign(n) < 0)
        return fail(r, at, "bad character in group name %R", shown);
    if (!is_fixnum(n) || fixnum_of(n) >= REGEX_MAX_GROUPS)
        return fail(r, at, "invalid group reference %S", n);
    if (name->data[strspn(name->data, "0123456789")] && !warn_of_name(r, name, at)) return false;
    return add_group(r, fixnum_of(n), at);
}

/* \g<…>, behind the g. */
static bool read_named(Reader *r) {
    if (r->p >= r->end || *r->p != '<') return fail(r, r->p, "missing <");
    const char *from = ++r->p;
    while (r->p < r->end && *r->p != '>') r->p++;
    if (r->p >= r->end) {
        if (r->p == from) return fail(r, r->p, "missing group name");
        return fail(r, from, "missing >, unterminated name");
    }
    if (r->p == from) return fail(r, from, "missing group name");
    Str *name = text_between(r, from, r->p++);
    return read_group_name(r, name, from);
}

/* A backslash at [at] and a digit, which is next. */
static bool read_number(Reader *r, const char *at) {
    const char *digits = r->p;
    uint32_t value = (uint32_t)(*r->p++ - '0');
    if (*digits == '0') {
        for (int i = 0; i < 2 && is_octal(r); i++) value = value * 8 + (uint32_t)(*r->p++ - '0');
        put_char(r, value & 0xFF);
        return true;
    }
    if (!is_digit(r)) return add_group(r, value, digits);
    bool octal = *digits <= '7' && is_octal(r);
    uint32_t second = (uint32_t)(*r->p++ - '0');
    if (!octal || !is_octal(r)) return add_group(r, value * 10 + second, digits);
    value = value * 64 + second * 8 + (uint32_t)(*r->p++ - '0');
    if (value > 0377) {
        return fail(r, at, "octal escape value %S outside of range 0-0o377",
                    object_value(text_between(r, at, r->p)));
    }
    put_char(r, value);
    return true;
}

/* What follows the backslash at [at]. */
static bool read_escape(Reader *r, const char *at) {
    static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    if (r->p >= r->end) return fail(r, at, "bad escape (end of pattern)");
    if (is_digit(r)) return read_number(r, at);
    char c = *r->p;
    const char *found = c ? strchr(letters, c) : NULL;
    if (c == 'g') {
        r->p++;
        return read_named(r);
    }
    if (found) {
        r->p++;
        buffer_putc(&r->out->text, values[found - letters]);
        return true;
    }
    if ((c | 32) >= 'a' && (c | 32) <= 'z') return fail(r, at, "bad escape \\%c", c);
    buffer_putc(&r->out->text, '\\');
    return true;
}

/* [source], a str or bytes, as pieces. Freed by the caller in any case. */
static bool template_read(Thread *t, const Pattern *pattern, Value source, Template *out) {
    Chars all = chars_of(source);
    Reader r = {t, pattern, source, all.data, all.data, all.data + all.size, out};
    while (r.p < r.end) {
        const char *at = memchr(r.p, '\\', (size_t)(r.end - r.p));
        buffer_append(&out->text, r.p, (size_t)((at ? at : r.end) - r.p));
        if (!at) break;
        r.p = at + 1;
        if (!read_escape(&r, at)) return false;
    }
    if (out->text.size > out->pending) add_piece(out, NO_GROUP);
    return true;
}

static void template_apply(const Template *template, const char *data, size_t size,
                           const Span *spans, Buffer *out) {
    const Piece *pieces = (const Piece *)template->pieces.data;
    size_t count = template->pieces.size / sizeof(Piece);
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].size)
            buffer_append(out, template->text.data + pieces[i].start, pieces[i].size);
        if (pieces[i].group == NO_GROUP) continue;
        Span span = spans[pieces[i].group];
        if (span.start == SIZE_MAX || span.end > size || span.end == span.start) continue;
        buffer_append(out, data + span.start, span.end - span.start);
    }
}

static Value text_result(Thread *t, bool text, Buffer *out) {
    if (text) return object_value(str_from_buffer(t, out));
    Value v = VALUE_ERROR;
    if (buffer_fits(t, out)) v = object_value(bytes_new(t, out->data ? out->data : "", out->size));
    buffer_free(out);
    return v;
}

/* ---- sub ---- */

/* One call of sub. args[0] to args[3] stay rooted: pattern, replacement, string, and scratch. */
typedef struct Substitution {
    Thread *t;
    Value *args;
    Subject subject;
    Template template;
    bool callable;
    Buffer out;
    size_t at;      /* what is behind was copied */
    int64_t pieces; /* of the result so far, as joining them would count */
    int64_t count;  /* of replacements */
} Substitution;

static bool wrong_piece(Substitution *s, Value v) {
    if (s->subject.form == REGEX_FOR_BYTES)
        raise_error(s->t, EXC_TypeError,
                    "sequence item %lld: expected a bytes-like object, %T found",
                    (long long)s->pieces, v);
    else
        raise_error(s->t, EXC_TypeError, "sequence item %lld: expected str instance, %T found",
                    (long long)s->pieces, v);
    return false;
}

/* Append what a replacement function returned, or a literal replacement. */
static bool append_value(Substitution *s, Value v) {
    bool bytes = s->subject.form == REGEX_FOR_BYTES;
    if (v == VALUE_NONE) return true;
    if (bytes ? !is_kind(v, OBJ_BYTES) && !is_kind(v, OBJ_BYTEARRAY) : !is_str(v))
        return wrong_piece(s, v);
    Chars all = chars_of(v);
    buffer_append(&s->out, all.data, all.size);
    s->pieces++;
    return true;
}

static bool call_replacement(Substitution *s, const Span *spans) {
    s->args[3] = match_new(s->t, s->args[0], &s->subject, spans);
    Value v = call_value(s->t, s->args[1], &s->args[3], 1);
    if (v == VALUE_ERROR) return false;
    if (s->subject.form == REGEX_FOR_BYTES) subject_renew(&s->subject);
    return append_value(s, v);
}

static bool replace_one(Substitution *s, const Span *spans) {
    Span whole = spans[0];
    if (whole.start > s->at) {
        buffer_append(&s->out, s->subject.data + s->at, whole.start - s->at);
        s->pieces++;
    }
    s->at = whole.end;
    s->count++;
    if (s->callable) return call_replacement(s, spans);
    template_apply(&s->template, s->subject.data, s->subject.to, spans, &s->out);
    s->pieces++;
    return true;
}

static bool replace_all(Substitution *s, int64_t most) {
    Thread *t = s->t;
    const Span *spans;
    bool empty = false;
    for (size_t at = 0; most == 0 || s->count < most;) {
        int found = regex_run(t, PATTERN(s->args[0]), REGEX_SEARCH, &s->subject, at, empty, &spans);
        if (found <= 0) return found == 0;
        at = spans[0].end;
        empty = at == spans[0].start;
        if (!replace_one(s, spans)) return false;
        if (UNLIKELY(t->poll)) {
            if (!thread_poll(t)) return false;
            subject_renew(&s->subject);
        }
    }
    return true;
}

/* What to put in: a function, or a template of the pattern's kind. */
static bool prepare(Substitution *s) {
    Value replacement = s->args[1];
    bool text = is_str(replacement);
    s->callable = !text && value_is_callable(s->t, replacement);
    if (s->callable) return true;
    if (!text && !is_kind(replacement, OBJ_BYTES) && !is_kind(replacement, OBJ_BYTEARRAY)) {
        raise_error(s->t, EXC_TypeError, "decoding to str: need a bytes-like object, %T found",
                    replacement);
        return false;
    }
    return template_read(s->t, PATTERN(s->args[0]), replacement, &s->template);
}

/* A template of the other kind (text for bytes): an error once there is something to replace. */
static bool check_kind(Substitution *s) {
    bool bytes = s->subject.form == REGEX_FOR_BYTES;
    if (s->callable || is_str(s->args[1]) != bytes) return true;
    const Span *spans;
    int found = regex_run(s->t, PATTERN(s->args[0]), REGEX_SEARCH, &s->subject, 0, false, &spans);
    if (found <= 0) return found == 0;
    s->pieces = spans[0].start > 0;
    Value kind = bytes ? object_value(s->t->vm->empty_str) : object_value(s->t->vm->empty_bytes);
    return wrong_piece(s, kind);
}

static Value substitute(Thread *t, Value *args, int64_t *count) {
    Substitution s = {.t = t, .args = args, .out.fallible = true};
    int64_t most;
    if (!arg_int64(t, args[3], &most)) return VALUE_ERROR;
    if (!subject_init(t, PATTERN(args[0]), args[2], VALUE_UNSET, VALUE_UNSET, &s.subject))
        return VALUE_ERROR;
    Value result = VALUE_ERROR;
    if (prepare(&s)) {
        if (s.subject.form == REGEX_FOR_BYTES) subject_renew(&s.subject);
        if (check_kind(&s) && replace_all(&s, most)) {
            if (s.at < s.subject.to)
                buffer_append(&s.out, s.subject.data + s.at, s.subject.to - s.at);
            result = s.count ? text_result(t, s.subject.form != REGEX_FOR_BYTES, &s.out)
                             : subject_slice(t, &s.subject, 0, s.subject.to);
        }
    }
    *count = s.count;
    template_free(&s.template);
    buffer_free(&s.out);
    return result;
}

Value pattern_sub(Thread *t, Value *args) {
    int64_t count;
    return substitute(t, args, &count);
}

Value pattern_subn(Thread *t, Value *args) {
    int64_t count;
    Value pair[2] = {substitute(t, args, &count), VALUE_NONE};
    if (pair[0] == VALUE_ERROR) return VALUE_ERROR;
    pair[1] = int_from_int64(t, count);
    return object_value(tuple_from(t, pair, 2));
}

Value match_expand(Thread *t, Value *args) {
    const Match *match = MATCH(args[0]);
    Template template = {0};
    Buffer out = {.fallible = true};
    bool text = is_str(match->string);
    if (!is_str(args[1]) && !is_kind(args[1], OBJ_BYTES) && !is_kind(args[1], OBJ_BYTEARRAY))
        return raise_error(t, EXC_TypeError, "decoding to str: need a bytes-like object, %T found",
                           args[1]);
    if (is_str(args[1]) != text) {
        return raise_error(t, EXC_TypeError,
                           text ? "sequence item 0: expected str instance, bytes found"
                                : "sequence item 0: expected a bytes-like object, str found");
    }
    Value result = VALUE_ERROR;
    if (template_read(t, PATTERN(match->pattern), args[1], &template)) {
        Chars all = chars_of(match->string);
        template_apply(&template, all.data, all.size, match->spans, &out);
        result = text_result(t, text, &out);
    }
    template_free(&template);
    return result;
}
