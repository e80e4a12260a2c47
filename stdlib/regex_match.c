/* SPDX-License-Identifier: MIT */
/*
 * Match objects: what a pattern found, by group.
 *
 * Spans are byte offsets into the subject, which PCRE2 gives and slicing wants. For a str that is
 * not ASCII, start(), end() and span() turn them into code points when asked. The subject may be a
 * bytearray that has shrunk since: slices are cut to what is there.
 *
 * Read next: stdlib/regex_replace.c (expand).
 */
#include "stdlib/regex.h"
#include "vm/chars.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* The group that ended last. Groups in different parts of the pattern end in the order they are
 * written in; inside one part, which may be repeated, the one further to the right ended later. */
static uint32_t last_group(const Pattern *pattern, const Span *spans) {
    uint32_t best = 0, best_part = 0;
    for (uint32_t i = 0; i < pattern->groups; i++) {
        const RegexClosing *closing = &pattern->closing[i];
        uint32_t group = closing->group;
        if (spans[group].start == SIZE_MAX) continue;
        if (best && closing->part == best_part && spans[group].end < spans[best].end) continue;
        best = group;
        best_part = closing->part;
    }
    return best;
}

Value match_new(Thread *t, Value pattern, const Subject *subject, const Span *spans) {
    const Pattern *p = PATTERN(pattern);
    Match *m = object_new(t, stdlib_of(t)->classes[CLASS_MATCH], (p->groups + 1) * sizeof(Span));
    m->pattern = pattern;
    m->string = subject->string;
    m->from = subject->from;
    m->to = subject->to;
    m->groups = p->groups;
    memcpy(m->spans, spans, (p->groups + 1) * sizeof(Span));
    m->last_index = p->groups ? last_group(p, spans) : 0;
    return object_value(m);
}

/* Bytes [from, to) of [string], as far as they are there. */
static Value slice(Thread *t, Value string, size_t from, size_t to) {
    Chars all = chars_of(string);
    if (to > all.size) to = all.size;
    if (from > to) from = to;
    if (is_str(string)) {
        if (to - from == all.size && object_class(object_of(string)) == BUILTIN_CLASS(t, STR))
            return string;
        return chars_new(t, string, all.data + from, to - from);
    }
    if (to - from == all.size && object_class(object_of(string)) == BUILTIN_CLASS(t, BYTES))
        return string;
    return object_value(bytes_new(t, all.data + from, to - from));
}

Value subject_slice(Thread *t, const Subject *subject, size_t from, size_t to) {
    return slice(t, subject->string, from, to);
}

Value match_group(Thread *t, const Match *match, uint32_t number, Value absent) {
    const Span *span = &match->spans[number];
    return span->start == SIZE_MAX ? absent : slice(t, match->string, span->start, span->end);
}

static Value position(Thread *t, const Match *match, size_t offset) {
    if (offset == SIZE_MAX) return fixnum(-1);
    if (is_str(match->string)) offset = str_index_at(STR(match->string), offset);
    return int_from_uint64(t, offset);
}

/* A group by number or name; false raises IndexError. */
static bool group_number(Thread *t, const Match *match, Value key, uint32_t *number) {
    int64_t i = -1;
    if (is_int(key) || (is_object(key) && class_of(t->vm, key)->slots.index && !is_str(key))) {
        if (!arg_clamped(t, key, &i)) return false;
    } else {
        Value found = dict_get(t, DICT(PATTERN(match->pattern)->group_index), key);
        if (found == VALUE_ERROR) exception_take(t);
        else if (is_fixnum(found)) i = fixnum_of(found);
    }
    if (i >= 0 && i <= (int64_t)match->groups) {
        *number = (uint32_t)i;
        return true;
    }
    raise_error(t, EXC_IndexError, "no such group");
    return false;
}

static Value group_by_key(Thread *t, Value self, Value key) {
    uint32_t number;
    if (!group_number(t, MATCH(self), key, &number)) return VALUE_ERROR;
    return match_group(t, MATCH(self), number, VALUE_NONE);
}

/* ---- methods ---- */

static Value group(Thread *t, Value *args) {
    Tuple *keys = TUPLE(args[1]);
    if (keys->size == 0) return match_group(t, MATCH(args[0]), 0, VALUE_NONE);
    if (keys->size == 1) return group_by_key(t, args[0], keys->items[0]);
    Value *roots = push_roots(t, 1);
    Tuple *result = tuple_new(t, keys->size);
    roots[0] = object_value(result);
    for (size_t i = 0; i < keys->size; i++) {
        Value v = group_by_key(t, args[0], keys->items[i]);
        if (v == VALUE_ERROR) {
            result = NULL;
            break;
        }
        result->items[i] = v;
    }
    pop_roots(t, roots);
    return result ? object_value(result) : VALUE_ERROR;
}

static Value groups(Thread *t, Value *args) {
    const Match *match = MATCH(args[0]);
    Tuple *result = tuple_new(t, match->groups);
    for (uint32_t i = 0; i < match->groups; i++)
        result->items[i] = match_group(t, match, i + 1, args[1]);
    return object_value(result);
}

static Value groupdict(Thread *t, Value *args) {
    const Match *match = MATCH(args[0]);
    Dict *result = dict_new(t), *index = DICT(PATTERN(match->pattern)->group_index);
    uint32_t at = 0;
    Value name, number;
    while (dict_next(index, &at, &name, &number)) {
        dict_set_str(t, result, STR(name),
                     match_group(t, match, (uint32_t)fixnum_of(number), args[1]));
    }
    return object_value(result);
}

static Value start(Thread *t, Value *args) {
    uint32_t number;
    if (!group_number(t, MATCH(args[0]), args[1], &number)) return VALUE_ERROR;
    return position(t, MATCH(args[0]), MATCH(args[0])->spans[number].start);
}

static Value end(Thread *t, Value *args) {
    uint32_t number;
    if (!group_number(t, MATCH(args[0]), args[1], &number)) return VALUE_ERROR;
    return position(t, MATCH(args[0]), MATCH(args[0])->spans[number].end);
}

static Value span_pair(Thread *t, const Match *match, uint32_t number) {
    Value pair[2] = {position(t, match, match->spans[number].start),
                     position(t, match, match->spans[number].end)};
    return object_value(tuple_from(t, pair, 2));
}

static Value span(Thread *t, Value *args) {
    uint32_t number;
    if (!group_number(t, MATCH(args[0]), args[1], &number)) return VALUE_ERROR;
    return span_pair(t, MATCH(args[0]), number);
}

static Value itself(Thread *t, Value *args) {
    (void)t;
    return args[0];
}

static Value getitem(Thread *t, Value self, Value key) { return group_by_key(t, self, key); }

static Value repr(Thread *t, Value self) {
    const Match *match = MATCH(self);
    Value *roots = push_roots(t, 1);
    roots[0] = match_group(t, match, 0, VALUE_NONE);
    Value from = position(t, match, match->spans[0].start);
    Value to = position(t, match, match->spans[0].end);
    Str *text = str_format(t, "<re.Match object; span=(%S, %S), match=%R>", from, to, roots[0]);
    pop_roots(t, roots);
    return text ? object_value(text) : VALUE_ERROR;
}

/* ---- fields ---- */

static Value get_string(Thread *t, Value self) { return (void)t, MATCH(self)->string; }
static Value get_re(Thread *t, Value self) { return (void)t, MATCH(self)->pattern; }
static Value get_pos(Thread *t, Value self) { return position(t, MATCH(self), MATCH(self)->from); }
static Value get_endpos(Thread *t, Value self) { return position(t, MATCH(self), MATCH(self)->to); }

static Value get_lastindex(Thread *t, Value self) {
    (void)t;
    return MATCH(self)->last_index ? fixnum(MATCH(self)->last_index) : VALUE_NONE;
}

static Value get_lastgroup(Thread *t, Value self) {
    (void)t;
    Tuple *names = TUPLE(PATTERN(MATCH(self)->pattern)->names);
    return MATCH(self)->last_index ? names->items[MATCH(self)->last_index] : VALUE_NONE;
}

static Value get_regs(Thread *t, Value self) {
    const Match *match = MATCH(self);
    Tuple *regs = tuple_new(t, match->groups + 1);
    for (uint32_t i = 0; i <= match->groups; i++) regs->items[i] = span_pair(t, match, i);
    return object_value(regs);
}

static const NativeDef methods[] = {
    {"group", group, "(self, /, *groups)",
     "group([group1, ...]) -> str or tuple\n\nThe text of a group by number or name; 0, the whole "
     "match, by default. None for a group that took no part."},
    {"groups", groups, "(self, /, default=None)", "The texts of all groups."},
    {"groupdict", groupdict, "(self, /, default=None)", "The texts of the named groups by name."},
    {"start", start, "(self, group=0, /)", "Where a group begins; -1 if it took no part."},
    {"end", end, "(self, group=0, /)", "Where a group ends; -1 if it took no part."},
    {"span", span, "(self, group=0, /)", "(start, end) of a group."},
    {"expand", match_expand, "(self, /, template)",
     "template with its backslashes and references to groups replaced, as sub() does."},
    {"__copy__", itself, "(self, /)", "Matches do not change."},
    {"__deepcopy__", itself, "(self, memo, /)", "Matches do not change."},
    {"@@__class_getitem__", class_getitem_self, "(cls, item, /)", "re.Match[str]"},
    {0},
};
static const FieldDef fields[] = {
    {"string", get_string, NULL, "What was searched."},
    {"re", get_re, NULL, "The pattern that found it."},
    {"pos", get_pos, NULL, "Where the search began."},
    {"endpos", get_endpos, NULL, "Where it had to end."},
    {"lastindex", get_lastindex, NULL, "The number of the group that ended last."},
    {"lastgroup", get_lastgroup, NULL, "Its name."},
    {"regs", get_regs, NULL, "The spans of all groups."},
    {0},
};
static const Slots slots = {.construct = regex_refuse_construct, .repr = repr, .getitem = getitem};

static void trace(Heap *heap, Object *self) {
    heap_shade(heap, ((Match *)self)->pattern);
    heap_shade(heap, ((Match *)self)->string);
}

static const NativeClass match_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "Match",
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "What a pattern has found: its text and position, and those of its groups.",
    .size = sizeof(Match),
    .trace = trace};

void match_class_init(Thread *t, Module *module) {
    stdlib_class(t, CLASS_MATCH, module, &match_class, "re", NULL);
}
