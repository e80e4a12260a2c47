/* SPDX-License-Identifier: MIT */
/*
 * The shared methods about letters: case mappings and the is… predicates.
 *
 * ASCII text and bytes take one path, a byte at a time; other strs are mapped code point by code
 * point with the full mappings (one may become three) and the one rule that looks around itself: a
 * capital sigma at the end of a word becomes ς. Read next: vm/unicode.h.
 */
#include "common/utf8.h"
#include "vm/chars.h"
#include "vm/unicode.h"

static bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }
static bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_letter(uint8_t c) { return is_lower(c | 0x20) && c < 0x80; }
static bool is_number(uint8_t c) { return c >= '0' && c <= '9'; }
static char to_lower(uint8_t c) { return (char)(is_upper(c) ? c + 32 : c); }
static char to_upper(uint8_t c) { return (char)(is_lower(c) ? c - 32 : c); }
static char swap_case(uint8_t c) { return (char)(is_letter(c) ? c ^ 32 : c); }

/* Text beyond ASCII? Bytes never are. */
static bool beyond_ascii(Value self) { return is_str(self) && !str_is_ascii(STR(self)); }

/* ---- mapping bytes ---- */

static Value map_bytes(Thread *t, Value self, char (*map)(uint8_t c)) {
    Chars text = chars_of(self);
    char *out;
    Value mapped = chars_allocate(t, self, text.size, text.size, &out);
    for (size_t i = 0; mapped && i < text.size; i++) out[i] = map((uint8_t)text.data[i]);
    return mapped;
}

static Value title_bytes(Thread *t, Value self, bool only_first) {
    Chars text = chars_of(self);
    char *out;
    Value mapped = chars_allocate(t, self, text.size, text.size, &out);
    bool inside = false; /* of a word */
    for (size_t i = 0; mapped && i < text.size; i++) {
        uint8_t c = (uint8_t)text.data[i];
        out[i] = inside ? to_lower(c) : to_upper(c);
        inside = only_first || is_letter(c);
    }
    return mapped;
}

/* ---- mapping code points ---- */

enum { SIGMA = 0x3A3, FINAL_SIGMA = 0x3C2, SMALL_SIGMA = 0x3C3 };

/* Is the sigma at [at] the last letter of a word: a cased character before it, none after? */
static bool is_final_sigma(const Str *s, const char *at) {
    const char *p = at, *end = s->data + s->size;
    bool cased = false;
    while (p > s->data) {
        uint32_t c = str_previous(&p);
        if (unicode_is_case_ignorable(c)) continue;
        cased = unicode_is_cased(c);
        break;
    }
    if (!cased) return false;
    p = at;
    str_next(&p);
    while (p < end) {
        uint32_t c = str_next(&p);
        if (!unicode_is_case_ignorable(c)) return !unicode_is_cased(c);
    }
    return true;
}

static int lower_at(const Str *s, const char *at, uint32_t c, uint32_t out[3]) {
    if (c != SIGMA) return unicode_to_lower(c, out);
    out[0] = is_final_sigma(s, at) ? FINAL_SIGMA : SMALL_SIGMA;
    return 1;
}

static int swap_at(const Str *s, const char *at, uint32_t c, uint32_t out[3]) {
    if (unicode_is_upper(c)) return lower_at(s, at, c, out);
    if (unicode_is_lower(c)) return unicode_to_upper(c, out);
    out[0] = c;
    return 1;
}

static int upper_at(const Str *s, const char *at, uint32_t c, uint32_t out[3]) {
    (void)s, (void)at;
    return unicode_to_upper(c, out);
}

static int fold_at(const Str *s, const char *at, uint32_t c, uint32_t out[3]) {
    (void)s, (void)at;
    return unicode_fold(c, out);
}

typedef int (*Mapping)(const Str *s, const char *at, uint32_t c, uint32_t out[3]);

static void put_points(Buffer *out, const uint32_t *points, int count) {
    for (int i = 0; i < count; i++) buffer_put_utf8(out, points[i]);
}

static Value map_points(Thread *t, const Str *s, Mapping map) {
    Buffer out = {.fallible = true};
    uint32_t mapped[3];
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        const char *at = p;
        put_points(&out, mapped, map(s, at, str_next(&p), mapped));
    }
    return object_value(str_from_buffer(t, &out));
}

static Value title_points(Thread *t, const Str *s, bool only_first) {
    Buffer out = {.fallible = true};
    uint32_t mapped[3];
    bool inside = false;
    for (const char *p = s->data, *end = p + s->size; p < end;) {
        const char *at = p;
        uint32_t c = str_next(&p);
        put_points(&out, mapped, inside ? lower_at(s, at, c, mapped) : unicode_to_title(c, mapped));
        inside = only_first || unicode_is_cased(c);
    }
    return object_value(str_from_buffer(t, &out));
}

Value chars_method_lower(Thread *t, Value *args) {
    return beyond_ascii(args[0]) ? map_points(t, STR(args[0]), lower_at)
                                 : map_bytes(t, args[0], to_lower);
}
Value chars_method_upper(Thread *t, Value *args) {
    return beyond_ascii(args[0]) ? map_points(t, STR(args[0]), upper_at)
                                 : map_bytes(t, args[0], to_upper);
}
Value chars_method_swapcase(Thread *t, Value *args) {
    return beyond_ascii(args[0]) ? map_points(t, STR(args[0]), swap_at)
                                 : map_bytes(t, args[0], swap_case);
}
Value chars_method_title(Thread *t, Value *args) {
    return beyond_ascii(args[0]) ? title_points(t, STR(args[0]), false)
                                 : title_bytes(t, args[0], false);
}
Value chars_method_capitalize(Thread *t, Value *args) {
    return beyond_ascii(args[0]) ? title_points(t, STR(args[0]), true)
                                 : title_bytes(t, args[0], true);
}
Value str_method_casefold(Thread *t, Value *args) {
    return beyond_ascii(args[0]) ? map_points(t, STR(args[0]), fold_at)
                                 : map_bytes(t, args[0], to_lower);
}

/* ---- predicates ---- */

/* Whether every character satisfies the predicate for its kind, and there is one. */
static Value all_characters(Value self, bool (*byte)(uint8_t c), bool (*point)(uint32_t c)) {
    Chars text = chars_of(self);
    bool wide = beyond_ascii(self);
    for (const char *p = text.data, *end = p + text.size; p < end;) {
        uint8_t c = (uint8_t)*p;
        bool ok = wide && c >= 0x80 ? point(str_next(&p)) : (p++, byte(c));
        if (!ok) return VALUE_FALSE;
    }
    return bool_value(text.size > 0);
}

static bool is_alnum(uint8_t c) { return is_letter(c) || is_number(c); }
static bool is_alnum_point(uint32_t c) { return unicode_is_alpha(c) || unicode_is_numeric(c); }
static bool is_byte_space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }
static bool is_text_space(uint8_t c) { return is_byte_space(c) || (c >= 0x1C && c <= 0x1F); }

Value chars_method_isalnum(Thread *t, Value *args) {
    (void)t;
    return all_characters(args[0], is_alnum, is_alnum_point);
}
Value chars_method_isalpha(Thread *t, Value *args) {
    (void)t;
    return all_characters(args[0], is_letter, unicode_is_alpha);
}
Value chars_method_isdigit(Thread *t, Value *args) {
    (void)t;
    return all_characters(args[0], is_number, unicode_is_digit);
}
Value chars_method_isspace(Thread *t, Value *args) {
    (void)t;
    return all_characters(args[0], is_str(args[0]) ? is_text_space : is_byte_space,
                          unicode_is_space);
}
Value str_method_isdecimal(Thread *t, Value *args) {
    (void)t;
    return all_characters(args[0], is_number, unicode_is_decimal);
}
Value str_method_isnumeric(Thread *t, Value *args) {
    (void)t;
    return all_characters(args[0], is_number, unicode_is_numeric);
}

Value chars_method_isascii(Thread *t, Value *args) {
    (void)t;
    Chars text = chars_of(args[0]);
    return bool_value(utf8_is_ascii(text.data, text.size));
}

Value str_method_isprintable(Thread *t, Value *args) {
    (void)t;
    for (const char *p = STR(args[0])->data, *end = p + STR(args[0])->size; p < end;) {
        if (!unicode_is_printable(str_next(&p))) return VALUE_FALSE;
    }
    return VALUE_TRUE;
}

Value str_method_isidentifier(Thread *t, Value *args) {
    (void)t;
    const char *p = STR(args[0])->data, *end = p + STR(args[0])->size;
    if (p == end || !unicode_is_xid_start(str_next(&p))) return VALUE_FALSE;
    while (p < end) {
        if (!unicode_is_xid_continue(str_next(&p))) return VALUE_FALSE;
    }
    return VALUE_TRUE;
}

/* What a character is for islower, isupper and istitle. */
typedef enum CaseKind { UNCASED, LOWER, UPPER, TITLE } CaseKind;

static CaseKind next_case(bool wide, const char **p) {
    uint8_t c = (uint8_t) * *p;
    if (!wide || c < 0x80) {
        ++*p;
        return is_lower(c) ? LOWER : is_upper(c) ? UPPER : UNCASED;
    }
    uint32_t point = str_next(p);
    if (unicode_is_lower(point)) return LOWER;
    if (unicode_is_upper(point)) return UPPER;
    return unicode_is_title(point) ? TITLE : UNCASED;
}

static Value all_cased_are(Value self, CaseKind wanted) {
    Chars text = chars_of(self);
    bool wide = beyond_ascii(self), found = false;
    for (const char *p = text.data, *end = p + text.size; p < end;) {
        CaseKind kind = next_case(wide, &p);
        if (kind != UNCASED && kind != wanted) return VALUE_FALSE;
        found |= kind == wanted;
    }
    return bool_value(found);
}

Value chars_method_islower(Thread *t, Value *args) {
    (void)t;
    return all_cased_are(args[0], LOWER);
}
Value chars_method_isupper(Thread *t, Value *args) {
    (void)t;
    return all_cased_are(args[0], UPPER);
}

Value chars_method_istitle(Thread *t, Value *args) {
    (void)t;
    Chars text = chars_of(args[0]);
    bool wide = beyond_ascii(args[0]), found = false, inside = false;
    for (const char *p = text.data, *end = p + text.size; p < end;) {
        CaseKind kind = next_case(wide, &p);
        if (kind != UNCASED && inside != (kind == LOWER)) return VALUE_FALSE;
        inside = kind != UNCASED;
        found |= inside;
    }
    return bool_value(found);
}
