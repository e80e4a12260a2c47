/* SPDX-License-Identifier: MIT */
/*
 * Pattern objects: making them, searching with them, splitting.
 *
 * All that iterate over matches go by the same rule: the next search begins where the last match
 * ended, and after an empty match the empty text at that place is no match again. Between matches
 * they poll, so that a Ctrl-C is heard; a subject that is a bytearray may then have changed, and is
 * looked at anew.
 *
 * Read next: stdlib/regex_match.c, stdlib/regex_replace.c.
 */
#include <string.h>

#include "stdlib/regex.h"
#include "common/memory.h"
#include "vm/chars.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- making ---- */

static Value raise_syntax_error(Thread *t, const Regex *regex, Value pattern) {
    const Buffer *message = &regex->message;
    if (regex->too_deep)
        return raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded");
    if (regex->overflow)
        return raise_error(t, EXC_OverflowError, "the repetition number is too large");
    if (regex->bad_flags) return raise_error(t, EXC_ValueError, "%s", message->data);
    Value text = object_value(str_new(t, message->data, message->size));
    return regex_raise(t, text, regex->position < 0 ? VALUE_NONE : pattern, regex->position);
}

/* By the order in which the groups end. */
static RegexClosing *closing_order(Thread *t, const Regex *regex) {
    if (!regex->group_count) return NULL;
    size_t size = regex->group_count * sizeof(RegexClosing);
    RegexClosing *closing = heap_realloc(&t->vm->heap, NULL, 0, size);
    if (!closing) memory_exhausted(size);
    for (uint32_t i = 1; i <= regex->group_count; i++) {
        const RegexGroup *group = &regex->groups[i];
        closing[group->closing] = (RegexClosing){i, group->part};
    }
    return closing;
}

static Pattern *pattern_from(Thread *t, const Regex *regex, Value source) {
    Pattern *p = object_new(t, stdlib_of(t)->classes[CLASS_PATTERN], 0);
    Dict *index = dict_new(t);
    Tuple *names = tuple_new(t, regex->group_count + 1);
    for (uint32_t i = 1; i <= regex->group_count; i++) {
        Value name = regex->groups[i].name;
        names->items[i] = name;
        if (name != VALUE_NONE) dict_set_str(t, index, STR(name), fixnum(i));
    }
    p->pattern = source;
    p->group_index = object_value(index);
    p->names = object_value(names);
    p->flags = regex->flags;
    p->groups = regex->group_count;
    p->is_text = regex->is_text;
    p->closing = closing_order(t, regex);
    return p;
}

static bool warn_of_template(Thread *t) {
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(str_from(t, "The re.TEMPLATE/re.T flag is deprecated as it is an "
                                        "undocumented flag without an obvious purpose. Don't use "
                                        "it."));
    roots[1] = VALUE_FALSE;
    Value done = call_value(t, regex_state(t)->warn, roots, 2);
    pop_roots(t, roots);
    return done != VALUE_ERROR;
}

static bool give_warnings(Thread *t, const List *warnings) {
    for (size_t i = 0; i < warnings->size; i++) {
        Tuple *pair = TUPLE(warnings->items[i]);
        if (call_value(t, regex_state(t)->warn, pair->items, 2) == VALUE_ERROR) return false;
    }
    return true;
}

Value pattern_new(Thread *t, Value source, int64_t flags) {
    Regex regex;
    Value *roots = push_roots(t, 3), result = VALUE_ERROR;
    roots[0] = source;
    bool ok = regex_parse(t, source, (int)flags, &regex);
    if (regex.warnings) roots[1] = object_value(regex.warnings);
    if (ok) roots[2] = object_value(pattern_from(t, &regex, source));
    if (!regex.warnings || give_warnings(t, regex.warnings))
        result = ok ? roots[2] : raise_syntax_error(t, &regex, source);
    regex_free(&regex);
    pop_roots(t, roots);
    return result;
}

#define CACHE_SIZE 512

/* Patterns of a plain str or bytes without flags are found by themselves, others by a tuple. */
static Value cache_key(Thread *t, Value pattern, int64_t flags) {
    Class *cls = class_of(t->vm, pattern);
    if (!flags && (cls == BUILTIN_CLASS(t, STR) || cls == BUILTIN_CLASS(t, BYTES))) return pattern;
    Value key[3] = {object_value(cls), pattern, fixnum(flags)};
    return object_value(tuple_from(t, key, 3));
}

static bool cache_add(Thread *t, Value key, Value pattern) {
    Dict *cache = regex_state(t)->cache;
    if (cache->used >= CACHE_SIZE) {
        uint32_t at = 0;
        Value oldest, v;
        if (dict_next(cache, &at, &oldest, &v) && dict_delete(t, cache, oldest) < 0) return false;
    }
    return dict_set(t, cache, key, pattern);
}

Value pattern_compile(Thread *t, Value pattern, Value flags_value) {
    int64_t flags = 0;
    if (is_stdlib_instance(t, pattern, CLASS_PATTERN)) {
        int given = value_truth(t, flags_value);
        if (given <= 0) return given < 0 ? VALUE_ERROR : pattern;
        return raise_error(t, EXC_ValueError,
                           "cannot process flags argument with a compiled pattern");
    }
    if (!is_fixnum(flags_value) && !arg_int64(t, flags_value, &flags)) return VALUE_ERROR;
    if (is_fixnum(flags_value)) flags = fixnum_of(flags_value);
    if (flags != (int)flags)
        return raise_error(t, EXC_OverflowError, "Python int too large to convert to C int");
    Value *roots = push_roots(t, 3), result = VALUE_ERROR;
    roots[0] = pattern;
    roots[1] = cache_key(t, pattern, flags);
    Value found = dict_get(t, regex_state(t)->cache, roots[1]);
    if (found != VALUE_UNSET) {
        result = found;
    } else if (!is_str(pattern) && !is_kind(pattern, OBJ_BYTES)) {
        raise_error(t, EXC_TypeError, "first argument must be string or compiled pattern");
    } else if ((!(flags & REGEX_TEMPLATE) || warn_of_template(t)) &&
               (roots[2] = pattern_new(t, pattern, flags)) != VALUE_ERROR &&
               ((flags & REGEX_DEBUG) || cache_add(t, roots[1], roots[2]))) {
        result = roots[2];
    }
    pop_roots(t, roots);
    return result;
}

/* ---- subjects ---- */

static bool bound(Thread *t, Value v, const Subject *subject, size_t *out) {
    int64_t i;
    if (v == VALUE_UNSET) return true;
    if (!is_int(v) && !class_of(t->vm, v)->slots.index) {
        raise_error(t, EXC_TypeError, "'%T' object cannot be interpreted as an integer", v);
        return false;
    }
    if (!arg_clamped(t, v, &i)) return false;
    size_t length = is_str(subject->string) ? STR(subject->string)->length : subject->size;
    size_t index = i < 0 ? 0 : (uint64_t)i > length ? length : (size_t)i;
    *out = is_str(subject->string) ? str_byte_offset(STR(subject->string), index) : index;
    return true;
}

void subject_renew(Subject *subject) {
    Chars all = chars_of(subject->string);
    subject->data = all.data;
    subject->size = all.size;
    if (subject->to > all.size) subject->to = all.size;
    if (subject->from > all.size) subject->from = all.size;
}

bool subject_init(Thread *t, Pattern *pattern, Value string, Value pos, Value endpos,
                  Subject *out) {
    if (is_str(string)) {
        if (!pattern->is_text) {
            raise_error(t, EXC_TypeError, "cannot use a bytes pattern on a string-like object");
            return false;
        }
        out->form = str_is_ascii(STR(string)) ? REGEX_FOR_ASCII : REGEX_FOR_UTF8;
    } else if (!is_kind(string, OBJ_BYTES) && !is_kind(string, OBJ_BYTEARRAY)) {
        raise_error(t, EXC_TypeError, "expected string or bytes-like object, got '%T'", string);
        return false;
    } else if (pattern->is_text) {
        raise_error(t, EXC_TypeError, "cannot use a string pattern on a bytes-like object");
        return false;
    } else {
        out->form = REGEX_FOR_BYTES;
    }
    Chars all = chars_of(string);
    out->string = string;
    out->from = 0;
    out->to = out->size = all.size;
    if (!bound(t, pos, out, &out->from) || !bound(t, endpos, out, &out->to)) return false;
    subject_renew(out);
    return true;
}

/* ---- single matches ---- */

static Value find(Thread *t, Value *args, RegexMode mode) {
    Subject subject;
    const Span *spans;
    if (!subject_init(t, PATTERN(args[0]), args[1], args[2], args[3], &subject)) return VALUE_ERROR;
    int found = regex_run(t, PATTERN(args[0]), mode, &subject, subject.from, false, &spans);
    if (found <= 0) return found ? VALUE_ERROR : VALUE_NONE;
    return match_new(t, args[0], &subject, spans);
}

Value pattern_match(Thread *t, Value *args) { return find(t, args, REGEX_MATCH); }
Value pattern_fullmatch(Thread *t, Value *args) { return find(t, args, REGEX_FULLMATCH); }
Value pattern_search(Thread *t, Value *args) { return find(t, args, REGEX_SEARCH); }

/* ---- many matches ---- */

/* What findall gives of one match: its text, its group, or a tuple of its groups. */
static Value found_item(Thread *t, const Pattern *pattern, const Subject *subject,
                        const Span *spans) {
    if (pattern->groups == 0) return subject_slice(t, subject, spans[0].start, spans[0].end);
    Tuple *tuple = pattern->groups > 1 ? tuple_new(t, pattern->groups) : NULL;
    for (uint32_t i = 1; i <= pattern->groups; i++) {
        bool absent = spans[i].start == SIZE_MAX;
        Value v = subject_slice(t, subject, absent ? 0 : spans[i].start, absent ? 0 : spans[i].end);
        if (!tuple) return v;
        tuple->items[i - 1] = v;
    }
    return object_value(tuple);
}

Value pattern_findall(Thread *t, Value *args) {
    Subject subject;
    const Span *spans;
    Pattern *pattern = PATTERN(args[0]);
    if (!subject_init(t, pattern, args[1], args[2], args[3], &subject)) return VALUE_ERROR;
    List *list = list_new(t, 0);
    args[2] = object_value(list);
    size_t at = subject.from;
    bool empty = false;
    for (;;) {
        int found = regex_run(t, pattern, REGEX_SEARCH, &subject, at, empty, &spans);
        if (found <= 0) return found ? VALUE_ERROR : object_value(list);
        at = spans[0].end;
        empty = at == spans[0].start;
        if (!list_append(t, list, found_item(t, pattern, &subject, spans))) return VALUE_ERROR;
        if (UNLIKELY(t->poll)) {
            if (!thread_poll(t)) return VALUE_ERROR;
            subject_renew(&subject);
        }
    }
}

static void append_groups(Thread *t, List *list, const Pattern *pattern, const Subject *subject,
                          const Span *spans) {
    for (uint32_t i = 1; i <= pattern->groups; i++) {
        list_append(t, list,
                    spans[i].start == SIZE_MAX
                        ? VALUE_NONE
                        : subject_slice(t, subject, spans[i].start, spans[i].end));
    }
}

Value pattern_split(Thread *t, Value *args) {
    Subject subject;
    const Span *spans;
    Pattern *pattern = PATTERN(args[0]);
    int64_t most;
    if (!arg_int64(t, args[2], &most)) return VALUE_ERROR;
    if (!subject_init(t, pattern, args[1], VALUE_UNSET, VALUE_UNSET, &subject)) return VALUE_ERROR;
    List *list = list_new(t, 0);
    args[2] = object_value(list);
    size_t at = 0;
    bool empty = false;
    for (int64_t n = 0; most == 0 || n < most; n++) {
        int found = regex_run(t, pattern, REGEX_SEARCH, &subject, at, empty, &spans);
        if (found < 0) return VALUE_ERROR;
        if (!found) break;
        list_append(t, list, subject_slice(t, &subject, at, spans[0].start));
        at = spans[0].end;
        empty = at == spans[0].start;
        append_groups(t, list, pattern, &subject, spans);
        if (!thread_poll(t)) return VALUE_ERROR;
        subject_renew(&subject);
    }
    list_append(t, list, subject_slice(t, &subject, at, subject.to));
    return object_value(list);
}

/* ---- scanners: matches one after the other ---- */

typedef struct Scanner {
    Object header;
    Value pattern, string;
    size_t from, to, at; /* at SIZE_MAX: it has ended */
    bool empty;          /* the last match was */
} Scanner;

#define SCANNER(v) ((Scanner *)(uintptr_t)(v))

static Value scanner_new(Thread *t, Value *args, StdlibClass id) {
    Subject subject;
    if (!subject_init(t, PATTERN(args[0]), args[1], args[2], args[3], &subject)) return VALUE_ERROR;
    Scanner *s = object_new(t, stdlib_of(t)->classes[id], 0);
    s->pattern = args[0];
    s->string = args[1];
    s->from = s->at = subject.from;
    s->to = subject.to;
    return object_value(s);
}

static Value scanner_step(Thread *t, Value self, RegexMode mode) {
    Scanner *s = SCANNER(self);
    const Span *spans;
    if (s->at == SIZE_MAX) return VALUE_NONE;
    bool text = is_str(s->string);
    Subject subject = {.string = s->string,
                       .from = s->from,
                       .to = s->to,
                       .form = !text                          ? REGEX_FOR_BYTES
                               : str_is_ascii(STR(s->string)) ? REGEX_FOR_ASCII
                                                              : REGEX_FOR_UTF8};
    subject_renew(&subject);
    int found = regex_run(t, PATTERN(s->pattern), mode, &subject, s->at, s->empty, &spans);
    if (found < 0) return VALUE_ERROR;
    s->at = found ? spans[0].end : SIZE_MAX;
    if (!found) return VALUE_NONE;
    s->empty = spans[0].start == spans[0].end;
    return match_new(t, s->pattern, &subject, spans);
}

static Value scanner_match(Thread *t, Value *args) { return scanner_step(t, args[0], REGEX_MATCH); }
static Value scanner_search(Thread *t, Value *args) {
    return scanner_step(t, args[0], REGEX_SEARCH);
}
static Value scanner_pattern(Thread *t, Value self) { return (void)t, SCANNER(self)->pattern; }

static Value iterator_next(Thread *t, Value self) {
    Value match = scanner_step(t, self, REGEX_SEARCH);
    return match == VALUE_NONE ? iter_done(t) : match;
}

static Value pattern_scanner(Thread *t, Value *args) { return scanner_new(t, args, CLASS_SCANNER); }
Value pattern_finditer(Thread *t, Value *args) {
    return scanner_new(t, args, CLASS_MATCH_ITERATOR);
}

/* ---- the class ---- */

static Value get_pattern(Thread *t, Value self) { return (void)t, PATTERN(self)->pattern; }
static Value get_flags(Thread *t, Value self) { return (void)t, fixnum(PATTERN(self)->flags); }
static Value get_groups(Thread *t, Value self) { return (void)t, fixnum(PATTERN(self)->groups); }

static Value get_group_index(Thread *t, Value self) {
    if (DICT(PATTERN(self)->group_index)->used == 0) return object_value(dict_new(t));
    return mappingproxy_new(t, PATTERN(self)->group_index);
}

static Value itself(Thread *t, Value *args) {
    (void)t;
    return args[0];
}

static Value compare(Thread *t, Value a, Value b, CompareOp op) {
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_stdlib_instance(t, b, CLASS_PATTERN) ||
        !is_stdlib_instance(t, a, CLASS_PATTERN))
        return VALUE_NOTIMPLEMENTED;
    const Pattern *p = PATTERN(a), *q = PATTERN(b);
    if (p == q) return bool_value(op == COMPARE_EQ);
    int same = p->flags == q->flags && p->is_text == q->is_text;
    if (same) same = value_equal(t, p->pattern, q->pattern);
    return same < 0 ? VALUE_ERROR : bool_value(same == (op == COMPARE_EQ));
}

static bool hash(Thread *t, Value self, int64_t *out) {
    if (!value_hash(t, PATTERN(self)->pattern, out)) return false;
    *out ^= PATTERN(self)->flags * 7919;
    if (*out == -1) *out = -2;
    return true;
}

/* re.IGNORECASE|re.MULTILINE, behind a comma. */
static void describe_flags(Buffer *out, int flags) {
    static const struct {
        int flag;
        const char *name;
    } names[] = {
        {REGEX_TEMPLATE, "re.TEMPLATE"}, {REGEX_IGNORECASE, "re.IGNORECASE"},
        {REGEX_LOCALE, "re.LOCALE"},     {REGEX_MULTILINE, "re.MULTILINE"},
        {REGEX_DOTALL, "re.DOTALL"},     {REGEX_UNICODE, "re.UNICODE"},
        {REGEX_VERBOSE, "re.VERBOSE"},   {REGEX_DEBUG, "re.DEBUG"},
        {REGEX_ASCII, "re.ASCII"},
    };
    const char *before = ", ";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(flags & names[i].flag)) continue;
        buffer_puts(out, before);
        buffer_puts(out, names[i].name);
        flags &= ~names[i].flag;
        before = "|";
    }
    if (flags) buffer_printf(out, "%s0x%x", before, (unsigned)flags);
}

static Value repr(Thread *t, Value self) {
    const Pattern *p = PATTERN(self);
    int flags = p->flags;
    Str *shown = value_repr(t, p->pattern);
    if (!shown) return VALUE_ERROR;
    int known = flags & (REGEX_LOCALE | REGEX_UNICODE | REGEX_ASCII);
    if (p->is_text && known == REGEX_UNICODE) flags &= ~REGEX_UNICODE;
    if (shown->length > 200) shown = str_slice(t, shown, 0, 200);
    Buffer text = {0};
    buffer_puts(&text, "re.compile(");
    buffer_append(&text, shown->data, shown->size);
    describe_flags(&text, flags);
    buffer_putc(&text, ')');
    return object_value(str_from_buffer(t, &text));
}

/* pickle: re.compile with what it was given. */
static Value reduce(Thread *t, Value *args) {
    Value *roots = push_roots(t, 1), pair[2];
    Value call[2] = {PATTERN(args[0])->pattern, fixnum(PATTERN(args[0])->flags)};
    roots[0] = object_value(tuple_from(t, call, 2));
    pair[0] = regex_state(t)->compile;
    pair[1] = roots[0];
    pop_roots(t, roots);
    return object_value(tuple_from(t, pair, 2));
}

Value regex_refuse_construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return raise_error(t, EXC_TypeError, "cannot create '%S.%S' instances", cls->module,
                       object_value(cls->name));
}

static const NativeDef methods[] = {
    {"match", pattern_match, "(self, /, string, pos=?, endpos=?)",
     "Match at the beginning of the string; None if it does not."},
    {"fullmatch", pattern_fullmatch, "(self, /, string, pos=?, endpos=?)",
     "Match all of the string; None if it does not."},
    {"search", pattern_search, "(self, /, string, pos=?, endpos=?)",
     "Find the first match anywhere in the string; None if there is none."},
    {"findall", pattern_findall, "(self, /, string, pos=?, endpos=?)",
     "A list of all matches that do not overlap: their texts, or their groups."},
    {"finditer", pattern_finditer, "(self, /, string, pos=?, endpos=?)",
     "An iterator over the matches that do not overlap."},
    {"scanner", pattern_scanner, "(self, /, string, pos=?, endpos=?)",
     "An object whose match() and search() go on where the last one ended."},
    {"split", pattern_split, "(self, /, string, maxsplit=0)",
     "The pieces of the string between matches, with the groups of the matches."},
    {"sub", pattern_sub, "(self, /, repl, string, count=0)",
     "The string with matches replaced by repl, a template or a function of the match."},
    {"subn", pattern_subn, "(self, /, repl, string, count=0)",
     "What sub() gives, and how many matches were replaced."},
    {"__copy__", itself, "(self, /)", "Patterns do not change."},
    {"__deepcopy__", itself, "(self, memo, /)", "Patterns do not change."},
    {"__reduce__", reduce, "(self, /)", "How to make it again, for pickle."},
    {"@@__class_getitem__", class_getitem_self, "(cls, item, /)", "re.Pattern[str]"},
    {0},
};
static const FieldDef fields[] = {
    {"pattern", get_pattern, NULL, "What it was compiled from."},
    {"flags", get_flags, NULL, "Its flags, with those set inside of it."},
    {"groups", get_groups, NULL, "How many capturing groups it has."},
    {"groupindex", get_group_index, NULL, "The numbers of its named groups by name."},
    {0},
};
static const Slots slots = {
    .construct = regex_refuse_construct, .repr = repr, .compare = compare, .hash = hash};

static void trace(Heap *heap, Object *self) {
    heap_shade(heap, ((Pattern *)self)->pattern);
    heap_shade(heap, ((Pattern *)self)->group_index);
    heap_shade(heap, ((Pattern *)self)->names);
}

static void finalize(Heap *heap, Object *self) {
    Pattern *p = (Pattern *)self;
    regex_codes_free(p);
    heap_release(heap, p->closing, p->groups * sizeof(RegexClosing));
}

static const NativeClass pattern_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "Pattern",
                                          .slots = &slots,
                                          .methods = methods,
                                          .fields = fields,
                                          .doc = "A compiled regular expression.",
                                          .size = sizeof(Pattern),
                                          .trace = trace,
                                          .finalize = finalize};

static void scanner_trace(Heap *heap, Object *self) {
    heap_shade(heap, ((Scanner *)self)->pattern);
    heap_shade(heap, ((Scanner *)self)->string);
}

static const NativeDef scanner_methods[] = {
    {"match", scanner_match, "(self, /)", "The match where the last one ended, or None."},
    {"search", scanner_search, "(self, /)", "The next match, or None."},
    {0},
};
static const FieldDef scanner_fields[] = {
    {"pattern", scanner_pattern, NULL, "The pattern that it looks for."},
    {0},
};
static const Slots scanner_slots = {.construct = regex_refuse_construct};
static const NativeClass scanner_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "SRE_Scanner",
                                          .slots = &scanner_slots,
                                          .methods = scanner_methods,
                                          .fields = scanner_fields,
                                          .size = sizeof(Scanner),
                                          .trace = scanner_trace};

static const Slots iterator_slots = {
    .construct = regex_refuse_construct, .iter = stdlib_iter_self, .next = iterator_next};
static const NativeClass iterator_class = {.kind = OBJ_NATIVE_DATA,
                                           .name = "callable_iterator",
                                           .slots = &iterator_slots,
                                           .size = sizeof(Scanner),
                                           .trace = scanner_trace};

void pattern_classes_init(Thread *t, Module *module) {
    stdlib_class(t, CLASS_PATTERN, module, &pattern_class, "re", NULL);
    stdlib_class(t, CLASS_SCANNER, NULL, &scanner_class, "_sre", NULL);
    stdlib_class(t, CLASS_MATCH_ITERATOR, NULL, &iterator_class, "builtins", NULL);
}
