/* SPDX-License-Identifier: MIT */
/*
 * Patterns that are too large for PCRE2's 8-bit library, which can address 64 KiB of compiled
 * pattern: an alternation of some thousands of words is beyond that. The 32-bit library has no such
 * limit. It wants a subject of 32-bit characters, so the text is widened first; the last text that
 * was is kept, so that finding all matches widens it once. Offsets are characters here, and are
 * turned into bytes for everybody else.
 *
 * Read next: stdlib/regex_code.c.
 */
#define PCRE2_CODE_UNIT_WIDTH 32
#include <pcre2.h>
#include <stdlib.h>

#include "common/memory.h"
#include "stdlib/regex.h"
#include "vm/str.h"

#define JIT_STACK_MIN (64 * 1024)
#define JIT_STACK_MAX (192 * 1024 * 1024)

struct RegexWide {
    pcre2_compile_context *compile_context;
    pcre2_match_context *match_context;
    pcre2_jit_stack *jit_stack;
    pcre2_match_data *match_data;
    uint32_t match_groups;
    Span *spans;   /* of the last match; match_groups + 1 */
    Value subject; /* the str or bytes whose characters [text] has, or VALUE_UNSET */
    uint32_t *text;
    size_t size;
};

static RegexWide *wide_state(Thread *t) {
    RegexState *state = regex_state(t);
    if (state->wide) return state->wide;
    RegexWide *wide = memory_alloc(sizeof *wide);
    *wide = (RegexWide){.subject = VALUE_UNSET};
    wide->compile_context = pcre2_compile_context_create(NULL);
    wide->match_context = pcre2_match_context_create(NULL);
    wide->jit_stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (!wide->compile_context || !wide->match_context) memory_exhausted(sizeof *wide);
    pcre2_set_newline(wide->compile_context, PCRE2_NEWLINE_LF);
    pcre2_set_parens_nest_limit(wide->compile_context, REGEX_DEEPEST_GROUPS);
    pcre2_set_match_limit(wide->match_context, REGEX_MATCH_LIMIT);
    pcre2_set_heap_limit(wide->match_context, REGEX_HEAP_LIMIT);
    pcre2_set_depth_limit(wide->match_context, UINT32_MAX);
    pcre2_jit_stack_assign(wide->match_context, NULL, wide->jit_stack);
    state->wide = wide;
    return wide;
}

void regex_wide_mark(Heap *heap, RegexWide *wide) { heap_shade(heap, wide->subject); }

void regex_wide_free(RegexWide *wide) {
    pcre2_match_data_free(wide->match_data);
    pcre2_compile_context_free(wide->compile_context);
    pcre2_match_context_free(wide->match_context);
    pcre2_jit_stack_free(wide->jit_stack);
    free(wide->spans);
    free(wide->text);
    free(wide);
}

void regex_wide_code_free(struct pcre2_real_code_32 *code) { pcre2_code_free(code); }

/* [size] bytes as characters: UTF-8, or each byte one. The caller frees them. */
static uint32_t *widen(const char *data, size_t size, bool utf8, size_t *length) {
    uint32_t *text = memory_alloc((size + 1) * sizeof *text);
    const char *p = data, *end = data + size;
    size_t n = 0;
    while (p < end) text[n++] = utf8 ? str_next(&p) : (uint8_t)*p++;
    *length = n;
    return text;
}

struct pcre2_real_code_32 *regex_wide_compile(Thread *t, const Buffer *text, RegexForm form,
                                              uint32_t options, int *error) {
    size_t length, at;
    uint32_t *pattern = widen(text->data, text->size, form == REGEX_FOR_UTF8, &length);
    pcre2_code *code =
        pcre2_compile(pattern, length, options, error, &at, wide_state(t)->compile_context);
    free(pattern);
    if (code) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    return code;
}

/* Have the characters of [subject] in wide->text. */
static void take_subject(Thread *t, RegexWide *wide, const Subject *subject) {
    bool changes = is_kind(subject->string, OBJ_BYTEARRAY);
    if (!changes && wide->subject == subject->string) return;
    free(wide->text);
    wide->text = widen(subject->data, subject->size, subject->form == REGEX_FOR_UTF8, &wide->size);
    heap_set(&t->vm->heap, &wide->subject, changes ? VALUE_UNSET : subject->string);
}

static pcre2_match_data *match_data_for(RegexWide *wide, uint32_t groups) {
    if (wide->match_data && wide->match_groups >= groups) return wide->match_data;
    pcre2_match_data_free(wide->match_data);
    free(wide->spans);
    wide->match_groups = groups;
    wide->match_data = pcre2_match_data_create(groups + 1, NULL);
    wide->spans = memory_alloc((groups + 1) * sizeof(Span));
    if (!wide->match_data) memory_exhausted(groups * sizeof(Span));
    return wide->match_data;
}

static size_t to_bytes(const Subject *subject, size_t index) {
    if (subject->form != REGEX_FOR_UTF8) return index;
    return str_byte_offset(STR(subject->string), index);
}

static size_t to_index(const Subject *subject, size_t offset) {
    if (subject->form != REGEX_FOR_UTF8) return offset;
    return str_index_at(STR(subject->string), offset);
}

int regex_wide_run(Thread *t, Pattern *pattern, RegexMode mode, const Subject *subject,
                   size_t start, uint32_t options, const Span **spans) {
    RegexWide *wide = wide_state(t);
    pcre2_code *code = pattern->wide_codes[subject->form][mode];
    take_subject(t, wide, subject);
    pcre2_match_data *data = match_data_for(wide, pattern->groups);
    size_t end = to_index(subject, subject->to), at = to_index(subject, start);
    int count = pcre2_match(code, wide->text, end, at, options, data, wide->match_context);
    if (count == PCRE2_ERROR_JIT_STACKLIMIT)
        count = pcre2_match(code, wide->text, end, at, options | PCRE2_NO_JIT, data,
                            wide->match_context);
    if (count < 0) return count;
    const size_t *offsets = pcre2_get_ovector_pointer(data);
    for (uint32_t i = 0; i <= pattern->groups; i++) {
        bool absent = i >= (uint32_t)count || offsets[2 * i] == PCRE2_UNSET;
        wide->spans[i].start = absent ? SIZE_MAX : to_bytes(subject, offsets[2 * i]);
        wide->spans[i].end = absent ? SIZE_MAX : to_bytes(subject, offsets[2 * i + 1]);
    }
    *spans = wide->spans;
    return count;
}
