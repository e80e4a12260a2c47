/* SPDX-License-Identifier: MIT */
/* The lexer's own data: position, brackets, modes, interned names, the first error.
 *
 * Brackets are kept here rather than in the layout stage because an f-string needs to know
 * whether a `}` or `:` belongs to it; the layout stage asks for their number only.
 */
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"
#include "common/memory.h"
#include "lexer/scan.h"

UnicodeNameLookup lexer_unicode_name = NULL;

static void check_text(Lexer *lexer) {
    const Source *source = lexer->source;
    const char *nul = memchr(source->text, '\0', source->size);
    size_t limit = nul ? (size_t)(nul - source->text) : source->size;
    size_t bad = utf8_valid(source->text, limit);
    if (bad < limit) {
        Span span = source_span(source, bad, bad + 1);
        lexer_fail(lexer, "SyntaxError", span,
                   "Non-UTF-8 code starting with '\\x%02x' on line %u (Tulip reads UTF-8 only)",
                   (unsigned char)source->text[bad], span.line);
    } else if (nul) {
        lexer_fail(lexer, "SyntaxError", source_span(source, limit, limit + 1),
                   "source code cannot contain null bytes");
    }
}

void lexer_init(Lexer *lexer, const Source *source, Arena *arena, Diagnostic *error) {
    *lexer = (Lexer){.source = source, .arena = arena, .error = error, .line = 1};
    lexer->cursor = lexer->line_start = source->text;
    lexer->limit = source->text + source->size;
    check_text(lexer);
}

void lexer_free(Lexer *lexer) {
    free(lexer->names.slots);
    free(lexer->brackets);
    free(lexer->modes);
    lexer->names = (NameTable){0};
    lexer->brackets = NULL;
    lexer->modes = NULL;
}

bool lexer_fail(Lexer *lexer, const char *kind, Span span, const char *format, ...) {
    if (lexer->failed) return false;
    lexer->failed = true;
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vset(lexer->error, lexer->source, kind, span, format, arguments);
    va_end(arguments);
    if (!strncmp(format, "invalid syntax", 14) && lexer_in_field(lexer))
        diagnostic_begin(lexer->error, "f-string");
    return false;
}

bool lexer_in_field(const Lexer *lexer) {
    return lexer->mode_count && lexer->modes[lexer->mode_count - 1].kind != MODE_TEXT;
}

Span lexer_span(const Lexer *lexer, const char *start, const char *end) {
    uint32_t column = (uint32_t)(start - lexer->line_start);
    return (Span){lexer->line, column, lexer->line, column + (uint32_t)(end - start)};
}

void lexer_finish(Lexer *lexer, Token *token, TokenKind kind, const char *start) {
    const char *end = lexer->cursor;
    token->kind = kind;
    token->start = (uint32_t)(start - lexer->source->text);
    token->end = (uint32_t)(end - lexer->source->text);
    token->span.line = lexer->line;
    token->span.column = (uint32_t)(start - lexer->line_start);
    if (kind == TK_NEWLINE || kind == TK_STRING || kind == TK_BYTES || kind == TK_FSTRING_TEXT) {
        const char *p = start;
        while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
            lexer->line++;
            lexer->line_start = ++p;
        }
    }
    token->span.end_line = lexer->line;
    token->span.end_column = (uint32_t)(end - lexer->line_start);
    if (kind == TK_NEWLINE) {
        token->span.end_line = token->span.line;
        token->span.end_column = token->span.column + 1;
    }
}

bool lexer_open(Lexer *lexer, char open) {
    Span span = lexer_span(lexer, lexer->cursor - 1, lexer->cursor);
    if (lexer->bracket_count == LEXER_MAX_NESTING) {
        return lexer_fail(lexer, "SyntaxError", span,
                          "too many nested parentheses (the limit is %d)", LEXER_MAX_NESTING);
    }
    if (lexer->bracket_count == lexer->bracket_capacity) {
        lexer->bracket_capacity = lexer->bracket_capacity ? lexer->bracket_capacity * 2 : 16;
        lexer->brackets =
            memory_realloc(lexer->brackets, lexer->bracket_capacity * sizeof *lexer->brackets);
    }
    lexer->brackets[lexer->bracket_count++] = (Bracket){open, span};
    return true;
}

static bool matches(char open, char close) {
    return (open == '(' && close == ')') || (open == '[' && close == ']') ||
           (open == '{' && close == '}');
}

bool lexer_close(Lexer *lexer, char close) {
    Span span = lexer_span(lexer, lexer->cursor - 1, lexer->cursor);
    bool field = lexer_in_field(lexer);
    const char *where = field ? "f-string: " : "";
    bool none = lexer->bracket_count == 0 ||
                (field && close != '}' &&
                 lexer->bracket_count == lexer->modes[lexer->mode_count - 1].brackets);
    if (none) return lexer_fail(lexer, "SyntaxError", span, "%sunmatched '%c'", where, close);
    Bracket *bracket = &lexer->brackets[lexer->bracket_count - 1];
    if (!matches(bracket->open, close)) {
        if (bracket->span.line == span.line) {
            return lexer_fail(lexer, "SyntaxError", span,
                              "%sclosing parenthesis '%c' does not match opening parenthesis '%c'",
                              where, close, bracket->open);
        }
        return lexer_fail(
            lexer, "SyntaxError", span,
            "%sclosing parenthesis '%c' does not match opening parenthesis '%c' on line %u", where,
            close, bracket->open, bracket->span.line);
    }
    lexer->bracket_count--;
    return true;
}

Mode *lexer_push_mode(Lexer *lexer, ModeKind kind) {
    if (lexer->mode_count == lexer->mode_capacity) {
        lexer->mode_capacity = lexer->mode_capacity ? lexer->mode_capacity * 2 : 8;
        lexer->modes = memory_realloc(lexer->modes, lexer->mode_capacity * sizeof *lexer->modes);
    }
    Mode *mode = &lexer->modes[lexer->mode_count++];
    *mode = (Mode){.kind = kind};
    return mode;
}

static uint32_t hash_bytes(const char *text, size_t n) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < n; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

uint32_t lexer_name_length(const char *name) {
    uint32_t length;
    memcpy(&length, name - sizeof length, sizeof length);
    return length;
}

static const char **find_slot(NameTable *names, const char *text, size_t n) {
    uint32_t mask = names->capacity - 1;
    uint32_t i = hash_bytes(text, n) & mask;
    for (; names->slots[i]; i = (i + 1) & mask) {
        const char *name = names->slots[i];
        if (lexer_name_length(name) == n && memcmp(name, text, n) == 0) break;
    }
    return &names->slots[i];
}

static void grow_names(NameTable *names) {
    NameTable bigger = {.capacity = names->capacity ? names->capacity * 2 : 256,
                        .count = names->count};
    bigger.slots = memory_alloc(bigger.capacity * sizeof *bigger.slots);
    memset(bigger.slots, 0, bigger.capacity * sizeof *bigger.slots);
    for (uint32_t i = 0; i < names->capacity; i++) {
        const char *name = names->slots[i];
        if (name) *find_slot(&bigger, name, lexer_name_length(name)) = name;
    }
    free(names->slots);
    *names = bigger;
}

const char *lexer_intern(Lexer *lexer, const char *text, size_t n) {
    NameTable *names = &lexer->names;
    if (names->count * 2 >= names->capacity) grow_names(names);
    const char **slot = find_slot(names, text, n);
    if (*slot) return *slot;
    uint32_t length = (uint32_t)n;
    char *copy = arena_alloc(lexer->arena, sizeof length + n + 1);
    memcpy(copy, &length, sizeof length);
    memcpy(copy + sizeof length, text, n);
    names->count++;
    return *slot = copy + sizeof length;
}
