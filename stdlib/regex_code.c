/* SPDX-License-Identifier: MIT */
/*
 * Regular expressions meet PCRE2: compiling, running, and the limits of both.
 *
 * A match that would take too long ends with an error: steps are limited (REGEX_MATCH_LIMIT, a few
 * seconds' worth), and so is the memory for what may have to be tried again. The machine code has a
 * stack of its own; a match for which that is too small is run again by PCRE2's interpreter, whose
 * memory is the heap's. There is one block of match data for all patterns: its contents are valid
 * until the next match, and matches do not nest.
 *
 * Read next: stdlib/regex_emit.c (the pattern PCRE2 sees).
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "common/memory.h"
#include "stdlib/regex.h"
#include "vm/exception.h"
#include "vm/str.h"

#define JIT_STACK_MIN (64 * 1024)
#define JIT_STACK_MAX (192 * 1024 * 1024)

RegexState *regex_state_make(Thread *t) {
    Stdlib *lib = stdlib_of(t);
    if (lib->regex) return lib->regex;
    RegexState *state = memory_alloc(sizeof *state);
    *state = (RegexState){0};
    state->compile_context = pcre2_compile_context_create(NULL);
    state->match_context = pcre2_match_context_create(NULL);
    if (!state->compile_context || !state->match_context) memory_exhausted(sizeof *state);
    pcre2_set_newline(state->compile_context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(state->compile_context, REGEX_DEEPEST_GROUPS);
    pcre2_set_match_limit(state->match_context, REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(state->match_context, REGEX_HEAP_LIMIT);
    pcre2_set_depth_limit(state->match_context, UINT32_MAX);
    lib->regex = state;
    return state;
}

void regex_state_mark(Heap *heap, RegexState *state) {
    heap_shade(heap, state->error);
    heap_shade(heap, state->compile);
    heap_shade(heap, state->warn);
    if (state->cache) heap_shade_object(heap, &state->cache->header);
    if (state->wide) regex_wide_mark(heap, state->wide);
}

void regex_state_free(RegexState *state) {
    if (!state) return;
    pcre2_match_data_free(state->match_data);
    pcre2_compile_context_free(state->compile_context);
    pcre2_match_context_free(state->match_context);
    pcre2_jit_stack_free(state->jit_stack);
    if (state->wide) regex_wide_free(state->wide);
    free(state);
}

void regex_codes_free(Pattern *pattern) {
    for (int form = 0; form < REGEX_FORMS; form++) {
        for (int mode = 0; mode < REGEX_MODES; mode++) {
            pcre2_code_free(pattern->codes[form][mode]);
            if (pattern->wide_codes[form][mode])
                regex_wide_code_free(pattern->wide_codes[form][mode]);
        }
    }
}

Value regex_raise(Thread *t, Value message, Value pattern, int64_t position) {
    Value *roots = push_roots(t, 4), error = VALUE_ERROR;
    roots[0] = regex_state(t)->error;
    roots[1] = message;
    roots[2] = pattern;
    roots[3] = position < 0 ? VALUE_NONE : fixnum(position);
    error = call_value(t, roots[0], roots + 1, 3);
    pop_roots(t, roots);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

/* ---- compiling ---- */

/* Can [node] begin with a look-ahead? */
static bool begins_with_look(const RegexNode *node) {
    switch (node->kind) {
    case REGEX_LOOK: return node->value && !node->negated;
    case REGEX_SEQUENCE:
        for (const RegexNode *item = node->child; item; item = item->next) {
            if (begins_with_look(item)) return true;
            if (item->narrowest > 0) return false;
        }
        return false;
    case REGEX_BRANCH:
        for (const RegexNode *item = node->child; item; item = item->next) {
            if (begins_with_look(item)) return true;
        }
        return false;
    case REGEX_GROUP:
    case REGEX_ATOMIC:
    case REGEX_CONDITION:
    case REGEX_REPEAT: return begins_with_look(node->child);
    default: return false;
    }
}

static uint32_t options_for(const Regex *regex, RegexForm form, RegexMode mode) {
    uint32_t options = PCRE2_DOTALL | PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX;
    if (form == REGEX_FOR_UTF8) options |= PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK;
    if (regex_caseless(regex->flags, form)) options |= PCRE2_CASELESS;
    if (mode != REGEX_SEARCH) options |= PCRE2_ANCHORED;
    /* PCRE2 10.42 would look for the letters that (?=a).*?a needs behind the one that is ahead. */
    if (begins_with_look(regex->root)) options |= PCRE2_NO_START_OPTIMIZE;
    if (mode == REGEX_FULLMATCH) options |= PCRE2_ENDANCHORED;
    return options;
}

static Value raise_compile_error(Thread *t, const Pattern *pattern, int code) {
    PCRE2_UCHAR text[256];
    if (pcre2_get_error_message(code, text, sizeof text) < 0) text[0] = 0;
    Value message = object_value(str_from(t, (const char *)text));
    return regex_raise(t, message, pattern->pattern, -1);
}

/* Fill in codes[form][mode], or wide_codes[form][mode]; false raised. */
static bool compile(Thread *t, Pattern *pattern, RegexForm form, RegexMode mode) {
    Regex regex;
    Buffer text = {0};
    pcre2_code *code = NULL;
    int error = 0;
    PCRE2_SIZE at;
    if (regex_parse(t, pattern->pattern, pattern->flags, &regex)) {
        uint32_t options = options_for(&regex, form, mode);
        regex_emit(&regex, form, &text);
        code = pcre2_compile((PCRE2_SPTR)(text.data ? text.data : ""), text.size, options, &error,
                             &at, regex_state(t)->compile_context);
        if (!code && error == PCRE2_ERROR_PATTERN_TOO_LARGE)
            pattern->wide_codes[form][mode] = regex_wide_compile(t, &text, form, options, &error);
    }
    buffer_free(&text);
    regex_free(&regex);
    if (!code && !pattern->wide_codes[form][mode]) {
        raise_compile_error(t, pattern, error);
        return false;
    }
    pattern->codes[form][mode] = code;
    if (code)
        pattern->has_machine_code[form][mode] = pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0;
    return true;
}

/* ---- running ---- */

static pcre2_match_data *match_data_for(RegexState *state, uint32_t groups) {
    if (!state->jit_stack) {
        state->jit_stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
        pcre2_jit_stack_assign(state->match_context, NULL, state->jit_stack);
    }
    if (state->match_data && state->match_groups >= groups) return state->match_data;
    pcre2_match_data_free(state->match_data);
    state->match_groups = groups < 16 ? 16 : groups;
    state->match_data = pcre2_match_data_create(state->match_groups + 1, NULL);
    if (!state->match_data) memory_exhausted(groups * sizeof(Span));
    return state->match_data;
}

static int raise_match_error(Thread *t, int code) {
    switch (code) {
    case PCRE2_ERROR_MATCHLIMIT:
        raise_error(t, EXC_RuntimeError,
                    "the pattern was given up after %d steps: too many ways to match it",
                    REGEX_MATCH_LIMIT);
        break;
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_NOMEMORY:
        raise_error(t, EXC_MemoryError, "the pattern needs more than %d MiB to match",
                    REGEX_HEAP_LIMIT / 1024);
        break;
    default: {
        PCRE2_UCHAR text[256];
        if (pcre2_get_error_message(code, text, sizeof text) < 0) text[0] = 0;
        raise_error(t, EXC_RuntimeError, "%s", (const char *)text);
    }
    }
    return -1;
}

/* What regex_run does with a pattern that is too large for the 8-bit library. */
static int run_wide(Thread *t, Pattern *pattern, RegexMode mode, const Subject *subject,
                    size_t start, uint32_t options, const Span **spans) {
    if (!pattern->wide_codes[subject->form][mode]) {
        if (!compile(t, pattern, subject->form, mode)) return -1;
        if (pattern->codes[subject->form][mode])
            return regex_run(t, pattern, mode, subject, start, options & PCRE2_NOTEMPTY_ATSTART,
                             spans);
    }
    int count = regex_wide_run(t, pattern, mode, subject, start, options, spans);
    if (count == PCRE2_ERROR_NOMATCH) return 0;
    return count < 0 ? raise_match_error(t, count) : 1;
}

int regex_run(Thread *t, Pattern *pattern, RegexMode mode, const Subject *subject, size_t start,
              bool advance, const Span **spans) {
    RegexState *state = regex_state(t);
    pcre2_code *code = pattern->codes[subject->form][mode];
    uint32_t options = PCRE2_NO_UTF_CHECK | (advance ? PCRE2_NOTEMPTY_ATSTART : 0);
    if (start > subject->to) return 0;
    if (UNLIKELY(!code)) return run_wide(t, pattern, mode, subject, start, options, spans);
    pcre2_match_data *data = match_data_for(state, pattern->groups);
    PCRE2_SPTR text = (PCRE2_SPTR)subject->data;
    int count = PCRE2_ERROR_JIT_STACKLIMIT;
    if (pattern->has_machine_code[subject->form][mode])
        count =
            pcre2_jit_match(code, text, subject->to, start, options, data, state->match_context);
    if (UNLIKELY(count == PCRE2_ERROR_JIT_STACKLIMIT))
        count = pcre2_match(code, text, subject->to, start, options | PCRE2_NO_JIT, data,
                            state->match_context);
    if (count == PCRE2_ERROR_NOMATCH) return 0;
    if (count < 0) return raise_match_error(t, count);
    size_t *offsets = pcre2_get_ovector_pointer(data);
    for (uint32_t i = (uint32_t)count; i <= pattern->groups; i++)
        offsets[2 * i] = offsets[2 * i + 1] = PCRE2_UNSET;
    *spans = (const Span *)offsets;
    return 1;
}
