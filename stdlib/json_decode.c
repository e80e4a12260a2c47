/* SPDX-License-Identifier: MIT */
/*
 * _json.make_scanner: recursive descent over the text of a document.
 *
 * Containers under construction are in roots, because object hooks and parse_… functions run Tulip
 * code, and because every container is a safepoint. Short integers and floats are converted here;
 * the rest goes to int_parse and strtod's equal.
 *
 * Read next: stdlib/json_text.c (strings), stdlib/json/decoder.tul.
 */
#include <string.h>

#include "stdlib/json_native.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Scanner {
    Object header;
    Value strict;                         /* bool */
    Value object_hook, object_pairs_hook; /* callables or None */
    Value parse_float, parse_int, parse_constant;
} Scanner;

#define SCANNER(v) ((Scanner *)(uintptr_t)(v))

static Value scan_value(JsonScan *scan, Scanner *options, const char **p);

static const char *skip_space(const char *p, const char *end) {
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r')) p++;
    return p;
}

/* StopIteration(position): no value begins at [at]. */
static Value no_value(JsonScan *scan, const char *at) {
    scan->t->done_value =
        fixnum((int64_t)str_index_at(scan->text, (size_t)(at - scan->text->data)));
    return raise_stop_iteration(scan->t);
}

static Value call_hook(JsonScan *scan, Value hook, Value argument) {
    Value *roots = push_roots(scan->t, 1);
    roots[0] = argument;
    json_forget_keys(scan);
    Value result = call_value(scan->t, hook, roots, 1);
    pop_roots(scan->t, roots);
    return result;
}

/* A safepoint between containers. */
static bool poll(JsonScan *scan) {
    if (LIKELY(!scan->t->poll)) return true;
    json_forget_keys(scan);
    return thread_poll(scan->t);
}

/* ---- numbers ---- */

/* The double whose decimal digits (at most 19) are [digits], times 10 to the [exponent], when one
 * multiplication or division is exact. */
static bool small_double(uint64_t digits, int64_t exponent, double *out) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits > (uint64_t)1 << 53 || exponent < -22 || exponent > 22) return false;
    *out = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
    return true;
}

static bool is_digit(const char *p, const char *end) { return p < end && *p >= '0' && *p <= '9'; }

/* What is at [p], piece by piece. */
typedef struct Number {
    const char *end;
    uint64_t digits;  /* of mantissa, when there are no more than 18 */
    int64_t exponent; /* of ten */
    int count;        /* digits of the mantissa */
    bool negative, is_float;
} Number;

static const char *gather_digits(Number *n, const char *p, const char *end) {
    for (; is_digit(p, end); p++) {
        if (n->count < 18) n->digits = n->digits * 10 + (uint64_t)(*p - '0');
        n->count++;
    }
    return p;
}

/* The longest number at [p]; false when there is none. */
static bool read_number(Number *n, const char *p, const char *end) {
    *n = (Number){.negative = *p == '-'};
    if (n->negative) p++;
    if (!is_digit(p, end)) return false;
    if (*p == '0') p++, n->count = 1;
    else p = gather_digits(n, p, end);
    n->end = p;
    if (p < end && *p == '.' && is_digit(p + 1, end)) {
        n->end = gather_digits(n, p + 1, end);
        n->exponent = -(n->end - (p + 1));
        n->is_float = true;
    }
    p = n->end;
    if (p < end && (*p | 32) == 'e') {
        p++;
        bool minus = p < end && *p == '-';
        if (p < end && (*p == '-' || *p == '+')) p++;
        if (!is_digit(p, end)) return true;
        int64_t exponent = 0;
        for (; is_digit(p, end); p++) {
            if (exponent < 100000) exponent = exponent * 10 + (*p - '0');
        }
        n->exponent += minus ? -exponent : exponent;
        n->is_float = true;
        n->end = p;
    }
    return true;
}

static Value make_float(JsonScan *scan, Scanner *options, const Number *n, const char *begin) {
    Thread *t = scan->t;
    size_t size = (size_t)(n->end - begin);
    if (options->parse_float != object_value(BUILTIN_CLASS(t, FLOAT)))
        return call_hook(scan, options->parse_float, object_value(str_new_ascii(t, begin, size)));
    double d;
    if (n->count > 18 || !small_double(n->digits, n->exponent, &d)) {
        if (!float_parse(begin, size, &d)) return no_value(scan, begin);
    } else if (n->negative) {
        d = -d;
    }
    return float_new(t, d);
}

static Value scan_number(JsonScan *scan, Scanner *options, const char **p) {
    Thread *t = scan->t;
    const char *begin = *p;
    Number n;
    if (!read_number(&n, begin, scan->end)) return no_value(scan, begin);
    *p = n.end;
    if (n.is_float) return make_float(scan, options, &n, begin);
    size_t size = (size_t)(n.end - begin);
    if (options->parse_int != object_value(BUILTIN_CLASS(t, INT)))
        return call_hook(scan, options->parse_int, object_value(str_new_ascii(t, begin, size)));
    if (n.count <= 18) return fixnum(n.negative ? -(int64_t)n.digits : (int64_t)n.digits);
    return int_parse(t, begin, size, 10);
}

/* ---- words ---- */

static bool starts(JsonScan *scan, const char *p, const char *word) {
    size_t size = strlen(word);
    return (size_t)(scan->end - p) >= size && !memcmp(p, word, size);
}

static Value scan_constant(JsonScan *scan, Scanner *options, const char **p, const char *word) {
    *p += strlen(word);
    return call_hook(scan, options->parse_constant, object_value(str_from(scan->t, word)));
}

static Value scan_word(JsonScan *scan, Scanner *options, const char **p) {
    static const struct {
        const char *text;
        Value value;
    } words[] = {{"null", VALUE_NONE}, {"true", VALUE_TRUE}, {"false", VALUE_FALSE}};
    for (size_t i = 0; i < 3; i++) {
        if (!starts(scan, *p, words[i].text)) continue;
        *p += strlen(words[i].text);
        return words[i].value;
    }
    if (starts(scan, *p, "NaN")) return scan_constant(scan, options, p, "NaN");
    if (starts(scan, *p, "Infinity")) return scan_constant(scan, options, p, "Infinity");
    return no_value(scan, *p);
}

/* ---- containers ---- */

/* The items of an array, into [list]; [p] is behind the bracket. */
static bool scan_items(JsonScan *scan, Scanner *options, const char **p, List *list) {
    const char *at = skip_space(*p, scan->end);
    if (at < scan->end && *at == ']') {
        *p = at + 1;
        return true;
    }
    for (;;) {
        Value item = scan_value(scan, options, &at);
        if (item == VALUE_ERROR || !list_append(scan->t, list, item)) return false;
        at = skip_space(at, scan->end);
        if (at < scan->end && *at == ']') break;
        if (at >= scan->end || *at != ',')
            return json_raise(scan, "Expecting ',' delimiter", at), false;
        at = skip_space(at + 1, scan->end);
    }
    *p = at + 1;
    return true;
}

static Value scan_array(JsonScan *scan, Scanner *options, const char **p) {
    Value *roots = push_roots(scan->t, 1);
    List *list = list_new(scan->t, 0);
    roots[0] = object_value(list);
    bool ok = poll(scan) && scan_items(scan, options, p, list);
    Value result = ok ? roots[0] : VALUE_ERROR;
    pop_roots(scan->t, roots);
    return result;
}

/* One "key": value at [*p], into roots[1] and roots[2]. */
static bool scan_member(JsonScan *scan, Scanner *options, const char **p, Value *roots) {
    const char *at = *p;
    if (at >= scan->end || *at != '"')
        return json_raise(scan, "Expecting property name enclosed in double quotes", at), false;
    at++;
    Str *key = json_scan_string(scan, &at, true);
    if (!key) return false;
    roots[1] = object_value(key);
    at = skip_space(at, scan->end);
    if (at >= scan->end || *at != ':')
        return json_raise(scan, "Expecting ':' delimiter", at), false;
    at = skip_space(at + 1, scan->end);
    roots[2] = scan_value(scan, options, &at);
    *p = at;
    return roots[2] != VALUE_ERROR;
}

static void keep_member(Thread *t, Value *roots, bool pairs) {
    if (pairs) {
        Value pair = object_value(tuple_from(t, roots + 1, 2));
        if (!list_append(t, LIST(roots[0]), pair)) return;
    } else {
        dict_set_str(t, DICT(roots[0]), STR(roots[1]), roots[2]);
    }
}

/* The members of an object, into roots[0], a dict or a list of pairs; [p] is behind the brace. */
static bool scan_members(JsonScan *scan, Scanner *options, const char **p, Value *roots,
                         bool pairs) {
    const char *at = skip_space(*p, scan->end);
    if (at < scan->end && *at == '}') {
        *p = at + 1;
        return true;
    }
    for (;;) {
        if (!scan_member(scan, options, &at, roots)) return false;
        keep_member(scan->t, roots, pairs);
        at = skip_space(at, scan->end);
        if (at < scan->end && *at == '}') break;
        if (at >= scan->end || *at != ',')
            return json_raise(scan, "Expecting ',' delimiter", at), false;
        at = skip_space(at + 1, scan->end);
    }
    *p = at + 1;
    return true;
}

static Value scan_object(JsonScan *scan, Scanner *options, const char **p) {
    Thread *t = scan->t;
    Value *roots = push_roots(t, 3);
    bool pairs = options->object_pairs_hook != VALUE_NONE;
    roots[0] = pairs ? object_value(list_new(t, 0)) : object_value(dict_new(t));
    Value result = VALUE_ERROR;
    if (poll(scan) && scan_members(scan, options, p, roots, pairs)) {
        result = roots[0];
        if (pairs) result = call_hook(scan, options->object_pairs_hook, result);
        else if (options->object_hook != VALUE_NONE)
            result = call_hook(scan, options->object_hook, result);
    }
    pop_roots(t, roots);
    return result;
}

static Value scan_container(JsonScan *scan, Scanner *options, const char **p) {
    bool object = *(*p)++ == '{';
    if (!enter_native(scan->t, object ? " while decoding a JSON object from a unicode string"
                                      : " while decoding a JSON array from a unicode string"))
        return VALUE_ERROR;
    Value result = object ? scan_object(scan, options, p) : scan_array(scan, options, p);
    leave_native(scan->t);
    return result;
}

/* The value at [*p], which moves behind it. */
static Value scan_value(JsonScan *scan, Scanner *options, const char **p) {
    if (*p >= scan->end) return no_value(scan, *p);
    switch (**p) {
    case '"': {
        ++*p;
        Str *text = json_scan_string(scan, p, false);
        return text ? object_value(text) : VALUE_ERROR;
    }
    case '{':
    case '[': return scan_container(scan, options, p);
    case '-':
        if (starts(scan, *p, "-Infinity")) return scan_constant(scan, options, p, "-Infinity");
        return scan_number(scan, options, p);
    default:
        if (is_digit(*p, scan->end)) return scan_number(scan, options, p);
        return scan_word(scan, options, p);
    }
}

/* ---- the class ---- */

/* scan_once(string, idx): (value, end). [roots] holds both arguments. */
static Value scan_once(Thread *t, Scanner *options, Value *roots) {
    int64_t at;
    if (!is_str(roots[0]))
        return raise_error(t, EXC_TypeError, "first argument must be a string, not %T", roots[0]);
    if (!arg_int64(t, roots[1], &at)) return VALUE_ERROR;
    if (at < 0) return raise_error(t, EXC_ValueError, "idx cannot be negative");
    Str *text = STR(roots[0]);
    if ((size_t)at > text->length) {
        t->done_value = fixnum(at);
        return raise_stop_iteration(t);
    }
    JsonScan scan = {.t = t,
                     .text = text,
                     .end = text->data + text->size,
                     .strict = options->strict == VALUE_TRUE};
    const char *p = text->data + str_byte_offset(text, (size_t)at);
    roots[1] = scan_value(&scan, options, &p);
    buffer_free(&scan.scratch);
    if (roots[1] == VALUE_ERROR) return VALUE_ERROR;
    Value pair[] = {roots[1], fixnum((int64_t)str_index_at(text, (size_t)(p - text->data)))};
    return object_value(tuple_from(t, pair, 2));
}

static Value call(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 3), result = VALUE_ERROR;
    roots[2] = self;
    if (bind_raw(t, "scan_once", "(string, idx)", roots, args, argc, kwnames))
        result = scan_once(t, SCANNER(self), roots);
    pop_roots(t, roots);
    return result;
}

/* The options are read from the attributes of [context], a JSONDecoder. */
static bool read_options(Thread *t, Value context, Value *out) {
    static const char *const names[] = {"strict",      "object_hook", "object_pairs_hook",
                                        "parse_float", "parse_int",   "parse_constant"};
    for (int i = 0; i < 6; i++) {
        out[i] = value_getattr(t, context, str_intern(t->vm, names[i], strlen(names[i])));
        if (out[i] == VALUE_ERROR) return false;
    }
    int strict = value_truth(t, out[0]);
    out[0] = bool_value(strict > 0);
    return strict >= 0;
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *roots = push_roots(t, 7), result = VALUE_ERROR;
    if (bind_raw(t, "make_scanner", "(context)", roots, args, argc, kwnames) &&
        read_options(t, roots[0], roots + 1)) {
        Scanner *scanner = object_new(t, cls, 0);
        memcpy(&scanner->strict, roots + 1, 6 * sizeof(Value));
        result = object_value(scanner);
    }
    pop_roots(t, roots);
    return result;
}

#define OPTION(NAME)                                                                               \
    static Value get_##NAME(Thread *t, Value self) { return (void)t, SCANNER(self)->NAME; }
OPTION(strict)
OPTION(object_hook)
OPTION(object_pairs_hook)
OPTION(parse_float)
OPTION(parse_int)
OPTION(parse_constant)

static const FieldDef fields[] = {
    {"strict", get_strict, NULL, "Whether control characters in strings are errors."},
    {"object_hook", get_object_hook, NULL, "Called with every dict."},
    {"object_pairs_hook", get_object_pairs_hook, NULL, "Called with the pairs of every object."},
    {"parse_float", get_parse_float, NULL, "Makes a number of the text of a float."},
    {"parse_int", get_parse_int, NULL, "Makes a number of the text of an integer."},
    {"parse_constant", get_parse_constant, NULL, "Called with NaN, Infinity and -Infinity."},
    {0},
};
static const Slots slots = {.construct = construct, .call = call};
static const NativeClass scanner_class = {.kind = OBJ_NATIVE_DATA,
                                          .name = "Scanner",
                                          .slots = &slots,
                                          .fields = fields,
                                          .doc = "make_scanner(context): scan_once(string, idx).",
                                          .size = sizeof(Scanner),
                                          .flags = CLASS_BASE_ALLOWED,
                                          .trace = stdlib_trace_values};

void json_scanner_init(Thread *t, Module *module) {
    Class *cls = module_class(t, NULL, &scanner_class, "_json", NULL);
    module_set(t, module, "make_scanner", object_value(cls));
}
