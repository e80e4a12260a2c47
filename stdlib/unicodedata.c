/* SPDX-License-Identifier: MIT */
/*
 * The module unicodedata: what the Unicode Character Database says of a character, its names, and
 * normal forms.
 *
 * Category, bidirectional class, combining class and the composition of characters come from
 * utf8proc, the rest from the tables of common/unicode_data.c and common/unicode_name.c: both are
 * of Unicode 15. CPython 3.11 has Unicode 14, 3.12 has 15.
 * Read next: common/unicode_data.h, vm/unicode.h.
 */
#include <stdlib.h>
#include <utf8proc.h>

#include "common/memory.h"
#include "common/unicode_data.h"
#include "common/unicode_name.h"
#include "common/utf8.h"
#include "stdlib/stdlib.h"
#include "vm/codec.h"
#include "vm/number.h"
#include "vm/str.h"
#include "vm/unicode.h"

/* ---- arguments ---- */

/* The one character of [v], an argument of [function]; its number is named when it has several. */
static bool character(Thread *t, Value v, const char *function, bool several, uint32_t *out) {
    if (is_str(v) && STR(v)->length == 1) {
        *out = str_codepoint_at(STR(v), 0);
        return true;
    }
    raise_error(t, EXC_TypeError, "%s() argument%s must be a unicode character, not %N", function,
                several ? " 1" : "", v);
    return false;
}

static const utf8proc_property_t *property(uint32_t c) {
    return utf8proc_get_property((utf8proc_int32_t)c);
}

/* ---- classes of characters ---- */

static Value category(Thread *t, Value *args) {
    uint32_t c;
    if (!character(t, args[0], "category", false, &c)) return VALUE_ERROR;
    return object_value(str_from(t, utf8proc_category_string((utf8proc_int32_t)c)));
}

static Value bidirectional(Thread *t, Value *args) {
    static const char *const names[] = {"",    "L",  "LRE", "LRO", "R",   "AL",  "RLE", "RLO",
                                        "PDF", "EN", "ES",  "ET",  "AN",  "CS",  "NSM", "BN",
                                        "B",   "S",  "WS",  "ON",  "LRI", "RLI", "FSI", "PDI"};
    uint32_t c;
    if (!character(t, args[0], "bidirectional", false, &c)) return VALUE_ERROR;
    return object_value(str_from(t, names[property(c)->bidi_class]));
}

static Value combining(Thread *t, Value *args) {
    uint32_t c;
    if (!character(t, args[0], "combining", false, &c)) return VALUE_ERROR;
    return fixnum(property(c)->combining_class);
}

static Value mirrored(Thread *t, Value *args) {
    uint32_t c;
    if (!character(t, args[0], "mirrored", false, &c)) return VALUE_ERROR;
    return fixnum(property(c)->bidi_mirrored);
}

static Value east_asian_width(Thread *t, Value *args) {
    uint32_t c;
    if (!character(t, args[0], "east_asian_width", false, &c)) return VALUE_ERROR;
    return object_value(str_from(t, unicode_width(c)));
}

static Value decomposition(Thread *t, Value *args) {
    uint32_t c;
    const uint32_t *points;
    const char *tag = "";
    if (!character(t, args[0], "decomposition", false, &c)) return VALUE_ERROR;
    size_t count = unicode_decomposition(c, &tag, &points);
    Buffer out = {0};
    buffer_puts(&out, tag);
    for (size_t i = 0; i < count; i++)
        buffer_printf(&out, "%s%04X", out.size ? " " : "", (unsigned)points[i]);
    return object_value(str_from_buffer(t, &out));
}

/* ---- numbers ---- */

/* [fallback], the second argument, if it was given; otherwise ValueError. */
static Value absent(Thread *t, Value fallback, const char *message) {
    if (fallback != VALUE_UNSET) return fallback;
    return raise_error(t, EXC_ValueError, "%s", message);
}

static Value decimal(Thread *t, Value *args) {
    uint32_t c;
    if (!character(t, args[0], "decimal", true, &c)) return VALUE_ERROR;
    int value = unicode_decimal_value(c);
    return value < 0 ? absent(t, args[1], "not a decimal") : fixnum(value);
}

static Value digit(Thread *t, Value *args) {
    uint32_t c;
    double value;
    bool is_digit;
    if (!character(t, args[0], "digit", true, &c)) return VALUE_ERROR;
    if (unicode_number(c, &value, &is_digit) && is_digit) return fixnum((int64_t)value);
    return absent(t, args[1], "not a digit");
}

static Value numeric(Thread *t, Value *args) {
    uint32_t c;
    double value;
    bool is_digit;
    if (!character(t, args[0], "numeric", true, &c)) return VALUE_ERROR;
    if (unicode_number(c, &value, &is_digit)) return float_new(t, value);
    return absent(t, args[1], "not a numeric character");
}

/* ---- names ---- */

static Value name(Thread *t, Value *args) {
    char text[UNICODE_NAME_SIZE];
    uint32_t c;
    if (!character(t, args[0], "name", true, &c)) return VALUE_ERROR;
    size_t size = unicode_name_of(c, text);
    return size ? object_value(str_new(t, text, size)) : absent(t, args[1], "no such name");
}

/* The text of the sequence of characters with this name, in any case. */
static const char *named_sequence(const char *name, size_t size) {
    char capitals[UNICODE_NAME_SIZE];
    if (size >= sizeof capitals) return NULL;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        capitals[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return unicode_sequence_find(capitals, size);
}

enum { LONGEST_LOOKUP = 256 }; /* longer names are refused unseen, as CPython does */

static Value lookup(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    if (is_str(args[0])) {
        data = (const uint8_t *)STR(args[0])->data;
        size = STR(args[0])->size;
    } else if (!bytes_like(args[0], &data, &size)) {
        return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", args[0]);
    }
    if (size > LONGEST_LOOKUP) return raise_error(t, EXC_KeyError, "name too long");
    uint32_t c;
    if (unicode_name_find((const char *)data, size, &c))
        return object_value(str_of_codepoint(t, c));
    const char *sequence = named_sequence((const char *)data, size);
    if (sequence) return object_value(str_from(t, sequence));
    Str *shown = codec_decode(t, data, size, "utf-8", "replace");
    if (!shown) return VALUE_ERROR;
    return raise_error(t, EXC_KeyError, "undefined character name '%S'", object_value(shown));
}

/* ---- normal forms ---- */

typedef struct Points {
    utf8proc_int32_t *items;
    size_t count, capacity;
} Points;

static void points_reserve(Points *points, size_t more) {
    if (points->count + more <= points->capacity) return;
    points->capacity = (points->count + more) * 2;
    size_t size = points->capacity * sizeof *points->items;
    points->items = realloc(points->items, size);
    if (!points->items) memory_exhausted(size);
}

static bool is_surrogate(uint32_t c) { return c >= 0xD800 && c < 0xE000; }

/* Append what [c] becomes when nothing in it can be taken apart further. */
static void decompose(Points *points, uint32_t c, utf8proc_option_t options) {
    enum { LONGEST = 18 }; /* U+FDFA */
    int boundary = 0;
    points_reserve(points, LONGEST);
    utf8proc_int32_t *at = points->items + points->count;
    utf8proc_ssize_t n = is_surrogate(c) ? 0
                                         : utf8proc_decompose_char((utf8proc_int32_t)c, at, LONGEST,
                                                                   options, &boundary);
    if (n < 1 || n > LONGEST) {
        *at = (utf8proc_int32_t)c;
        n = 1;
    }
    points->count += (size_t)n;
}

static int combining_class(utf8proc_int32_t c) { return property((uint32_t)c)->combining_class; }

static int compare_keys(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Order [count] marks by combining class, those of a class as they stand. */
static void order_marks(utf8proc_int32_t *marks, size_t count) {
    uint64_t few[32], *keys = few;
    if (count > sizeof few / sizeof *few) keys = malloc(count * sizeof *keys);
    if (!keys) memory_exhausted(count * sizeof *keys);
    for (size_t i = 0; i < count; i++) {
        keys[i] =
            (uint64_t)combining_class(marks[i]) << 56 | (uint64_t)i << 24 | (uint32_t)marks[i];
    }
    qsort(keys, count, sizeof *keys, compare_keys);
    for (size_t i = 0; i < count; i++) marks[i] = (utf8proc_int32_t)(keys[i] & 0xFFFFFF);
    if (keys != few) free(keys);
}

static void order_all_marks(Points *points) {
    for (size_t i = 0; i < points->count;) {
        size_t start = i;
        while (i < points->count && combining_class(points->items[i])) i++;
        if (i - start > 1) order_marks(points->items + start, i - start);
        if (i == start) i++;
    }
}

/* Put together what belongs together. Piece by piece: utf8proc would take U+11A7, which looks like
 * a trailing consonant, for the absence of one. */
static void compose(Points *points, utf8proc_option_t options) {
    size_t done = 0;
    for (size_t i = 0; i < points->count;) {
        size_t end = i + 1;
        while (end < points->count && points->items[end] != 0x11A7) end++;
        utf8proc_ssize_t n =
            utf8proc_normalize_utf32(points->items + i, (utf8proc_ssize_t)(end - i), options);
        memmove(points->items + done, points->items + i, (size_t)n * sizeof *points->items);
        done += (size_t)n;
        i = end;
    }
    points->count = done;
}

/* [text] in the form that [options] ask for. */
static Value normal_form(Thread *t, Str *text, utf8proc_option_t options) {
    Points points = {0};
    const char *end = text->data + text->size;
    for (const char *p = text->data; p < end;) decompose(&points, str_next(&p), options);
    order_all_marks(&points);
    if (options & UTF8PROC_COMPOSE) compose(&points, options);
    Buffer out = {0};
    for (size_t i = 0; i < points.count; i++) buffer_put_utf8(&out, (uint32_t)points.items[i]);
    free(points.items);
    if (out.size != text->size || memcmp(out.data, text->data, out.size) != 0)
        return object_value(str_from_buffer(t, &out));
    buffer_free(&out);
    return object_value(str_of_class(t, BUILTIN_CLASS(t, STR), text));
}

/* The arguments (form, text) of [function] and the text in that form. */
static Value normalized(Thread *t, Value *args, const char *function) {
    static const struct {
        const char *name;
        utf8proc_option_t options;
    } forms[] = {
        {"NFC", UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPOSE},
        {"NFKC", UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT},
        {"NFD", UTF8PROC_STABLE | UTF8PROC_DECOMPOSE},
        {"NFKD", UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT},
    };
    for (int i = 0; i < 2; i++) {
        if (is_str(args[i])) continue;
        return raise_error(t, EXC_TypeError, "%s() argument %d must be str, not %N", function,
                           i + 1, args[i]);
    }
    Str *text = STR(args[1]);
    if (!text->size) return object_value(str_of_class(t, BUILTIN_CLASS(t, STR), text));
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(STR(args[0])->data, forms[i].name) != 0) continue;
        if (str_is_ascii(text)) return object_value(str_of_class(t, BUILTIN_CLASS(t, STR), text));
        return normal_form(t, text, forms[i].options);
    }
    return raise_error(t, EXC_ValueError, "invalid normalization form");
}

static Value normalize(Thread *t, Value *args) { return normalized(t, args, "normalize"); }

static Value is_normalized(Thread *t, Value *args) {
    Value form = normalized(t, args, "is_normalized");
    return form == VALUE_ERROR ? form : bool_value(str_equal(STR(form), STR(args[1])));
}

/* ---- the module ---- */

static const NativeDef functions[] = {
    {"name", name, "(chr, default=?, /)",
     "The name of a character; default, or ValueError, if it has none."},
    {"lookup", lookup, "(name, /)",
     "The character, or sequence of characters, of that name or alias; KeyError if there is none."},
    {"category", category, "(chr, /)", "The general category, in two letters."},
    {"bidirectional", bidirectional, "(chr, /)", "The bidirectional class; '' if there is none."},
    {"combining", combining, "(chr, /)", "The canonical combining class, 0 if there is none."},
    {"mirrored", mirrored, "(chr, /)", "1 if it is mirrored in text from right to left, else 0."},
    {"east_asian_width", east_asian_width, "(chr, /)",
     "How wide East Asian text shows it: F, H, W, Na, A or N."},
    {"decomposition", decomposition, "(chr, /)",
     "What it decomposes into, in hexadecimal, with the kind in angle brackets; '' if it does "
     "not."},
    {"decimal", decimal, "(chr, default=?, /)",
     "The value of a decimal digit as an int; default, or ValueError, if it is none."},
    {"digit", digit, "(chr, default=?, /)",
     "The value of a digit as an int; default, or ValueError, if it is none."},
    {"numeric", numeric, "(chr, default=?, /)",
     "The numeric value as a float; default, or ValueError, if it has none."},
    {"normalize", normalize, "(form, unistr, /)",
     "A text in the normal form 'NFC', 'NFKC', 'NFD' or 'NFKD'."},
    {"is_normalized", is_normalized, "(form, unistr, /)",
     "Whether a text is in that form already."},
    {0},
};

static bool init(Thread *t, Module *module) {
    module_set(t, module, "unidata_version", object_value(str_from(t, "15.0.0")));
    return true;
}

const NativeModule unicodedata_module = {
    .name = "unicodedata",
    .doc = "Properties, names and normal forms of characters, as of Unicode 15.",
    .functions = functions,
    .init = init};
