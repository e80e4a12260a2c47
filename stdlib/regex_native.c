/* SPDX-License-Identifier: MIT */
/*
 * _re: the part of re in C. The functions of the module find their compiled pattern in a cache and
 * go on as the method of the same name.
 *
 * Read next: stdlib/re.tul, stdlib/regex_pattern.c.
 */
#include "stdlib/regex.h"
#include "vm/container.h"
#include "vm/str.h"

/* args[0] := the compiled pattern. */
static bool compile_first(Thread *t, Value *args, Value flags) {
    if (flags == fixnum(0) && is_str(args[0])) {
        Value found = dict_get(t, regex_state(t)->cache, args[0]);
        if (LIKELY(found != VALUE_UNSET && found != VALUE_ERROR)) {
            args[0] = found;
            return true;
        }
        if (found == VALUE_ERROR) return false;
    }
    args[0] = pattern_compile(t, args[0], flags);
    return args[0] != VALUE_ERROR;
}

/* args: pattern, string, flags, and room for a fourth. */
static Value run(Thread *t, Value *args, Value (*method)(Thread *t, Value *args)) {
    Value *own = push_roots(t, 4), result = VALUE_ERROR;
    own[0] = args[0];
    if (compile_first(t, own, args[2])) {
        own[1] = args[1];
        result = method(t, own);
    }
    pop_roots(t, own);
    return result;
}

static Value match(Thread *t, Value *args) { return run(t, args, pattern_match); }
static Value fullmatch(Thread *t, Value *args) { return run(t, args, pattern_fullmatch); }
static Value search(Thread *t, Value *args) { return run(t, args, pattern_search); }
static Value findall(Thread *t, Value *args) { return run(t, args, pattern_findall); }
static Value finditer(Thread *t, Value *args) { return run(t, args, pattern_finditer); }

static Value split(Thread *t, Value *args) {
    return compile_first(t, args, args[3]) ? pattern_split(t, args) : VALUE_ERROR;
}
static Value sub(Thread *t, Value *args) {
    return compile_first(t, args, args[4]) ? pattern_sub(t, args) : VALUE_ERROR;
}
static Value subn(Thread *t, Value *args) {
    return compile_first(t, args, args[4]) ? pattern_subn(t, args) : VALUE_ERROR;
}
static Value compile(Thread *t, Value *args) { return pattern_compile(t, args[0], args[1]); }

static Value purge(Thread *t, Value *args) {
    (void)args;
    dict_clear(t, regex_state(t)->cache);
    return VALUE_NONE;
}

static Value install(Thread *t, Value *args) {
    RegexState *state = regex_state(t);
    heap_set(&t->vm->heap, &state->error, args[0]);
    heap_set(&t->vm->heap, &state->warn, args[1]);
    heap_set(&t->vm->heap, &state->compile, args[2]);
    return VALUE_NONE;
}

static const NativeDef functions[] = {
    {"match", match, "(pattern, string, flags=0)",
     "Match at the beginning of the string: a Match, or None."},
    {"fullmatch", fullmatch, "(pattern, string, flags=0)",
     "Match all of the string: a Match, or None."},
    {"search", search, "(pattern, string, flags=0)",
     "Find the first match in the string: a Match, or None."},
    {"sub", sub, "(pattern, repl, string, count=0, flags=0)",
     "The string with matches replaced by repl: a template, in which \\1 and \\g<name> stand for "
     "groups, or a function that is given the Match. At most count of them, unless it is 0."},
    {"subn", subn, "(pattern, repl, string, count=0, flags=0)",
     "(new string, number of replacements): see sub()."},
    {"split", split, "(pattern, string, maxsplit=0, flags=0)",
     "The pieces of the string between matches, with the groups of the matches; at most maxsplit "
     "cuts unless it is 0."},
    {"findall", findall, "(pattern, string, flags=0)",
     "A list of the matches that do not overlap: their texts, or the texts of their groups."},
    {"finditer", finditer, "(pattern, string, flags=0)",
     "An iterator over the matches that do not overlap."},
    {"compile", compile, "(pattern, flags=0)", "A Pattern, for patterns that are used often."},
    {"_compile", compile, "(pattern, flags, /)", "compile(), as pickles call it."},
    {"purge", purge, "()", "Forget the patterns that were compiled."},
    {"_install", install, "(error, warn, compile, /)", "What the C part calls."},
    {0},
};

static bool init(Thread *t, Module *m) {
    RegexState *state = regex_state_make(t);
    state->cache = dict_new(t);
    pattern_classes_init(t, m);
    match_class_init(t, m);
    return true;
}

const NativeModule _re_module = {
    .name = "_re", .doc = "Regular expressions on PCRE2.", .functions = functions, .init = init};
