/* SPDX-License-Identifier: MIT */
/*
 * Arguments of native constructors, which get the raw call: positionals and keywords against a list
 * of names.
 *
 * Read next: vm/signature.c, for functions with a signature text.
 */
#include "vm/native.h"
#include "vm/str.h"

static int find_name(const char *const *names, const Str *name) {
    for (int i = 0; names[i]; i++) {
        if (!strcmp(names[i], name->data)) return i;
    }
    return -1;
}

static bool bind_keyword(Thread *t, const char *function, const char *const *names, Value *out,
                         Str *name, Value v) {
    int at = find_name(names, name);
    if (at >= 0 && out[at] == VALUE_UNSET) {
        out[at] = v;
        return true;
    }
    if (at < 0) {
        raise_error(t, EXC_TypeError, "'%S' is an invalid keyword argument for %s()",
                    object_value(name), function);
    } else {
        raise_error(t, EXC_TypeError, "argument for %s() given by name ('%S') and position (%d)",
                    function, object_value(name), at + 1);
    }
    return false;
}

bool keywords_left_to_init(Thread *t, const char *name, const Class *cls, int *argc,
                           Tuple *kwnames) {
    if (!kwnames || !kwnames->size) return true;
    *argc -= (int)kwnames->size;
    if (cls->slots.init != object_slots.init) return true;
    raise_error(t, EXC_TypeError, "%s() takes no keyword arguments", name);
    return false;
}

bool bind_names(Thread *t, const char *function, const char *const *names, int required, Value *out,
                const Value *args, int argc, Tuple *kwnames) {
    int count = 0, keywords = kwnames ? (int)kwnames->size : 0, given = argc - keywords;
    while (names[count]) out[count++] = VALUE_UNSET;
    if (given > count) {
        raise_error(t, EXC_TypeError, "%s() takes at most %d argument%s (%d given)", function,
                    count, count == 1 ? "" : "s", argc);
        return false;
    }
    for (int i = 0; i < given; i++) out[i] = args[i];
    for (int i = 0; i < keywords; i++) {
        if (!bind_keyword(t, function, names, out, STR(kwnames->items[i]), args[given + i]))
            return false;
    }
    for (int i = 0; i < required; i++) {
        if (out[i] != VALUE_UNSET) continue;
        raise_error(t, EXC_TypeError, "%s() missing required argument '%s' (pos %d)", function,
                    names[i], i + 1);
        return false;
    }
    return true;
}
