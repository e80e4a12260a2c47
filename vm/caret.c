/* SPDX-License-Identifier: MIT */
/*
 * Which part of a source line an instruction stands for, drawn with carets as Python 3.11 draws it.
 *
 * The position table gives the expression's columns. For a binary operation the operator is marked
 * with ^ and the operands with ~; for a subscript the brackets. Both are found by scanning the
 * expression's text: the instruction says which operator it is, and of equal ones outside brackets
 * and strings the last is the outermost (of ** the first).
 *
 * Read next: vm/traceback.c.
 */
#include "vm/caret.h"

#include <ctype.h>

#include "common/utf8.h"

typedef struct Span {
    size_t start, end;
} Span;

/* The byte offset of code point [column]. */
static size_t byte_at(const char *line, size_t size, unsigned column) {
    size_t at = 0;
    while (at < size && column-- > 0) {
        uint32_t c;
        int n = utf8_decode_wtf8(line + at, line + size, &c);
        at += n > 0 ? (size_t)n : 1;
    }
    return at;
}

static const char *operator_of(Opcode op) {
    switch (op) {
    case OP_ADD:
    case OP_ADDI: return "+";
    case OP_SUB:
    case OP_SUBI: return "-";
    case OP_MUL:
    case OP_MULI: return "*";
    case OP_TRUEDIV: return "/";
    case OP_FLOORDIV:
    case OP_FLOORDIVI: return "//";
    case OP_MOD:
    case OP_MODI: return "%";
    case OP_POW: return "**";
    case OP_LSHIFT: return "<<";
    case OP_RSHIFT: return ">>";
    case OP_AND: return "&";
    case OP_OR: return "|";
    case OP_XOR: return "^";
    case OP_MATMUL: return "@";
    default: return NULL;
    }
}

/* Behind the string literal that begins at [i]. */
static size_t skip_string(const char *text, size_t size, size_t i) {
    char quote = text[i];
    bool triple = i + 2 < size && text[i + 1] == quote && text[i + 2] == quote;
    for (i += triple ? 3 : 1; i < size; i++) {
        if (text[i] == '\\') i++;
        else if (text[i] == quote && !triple) return i + 1;
        else if (text[i] == quote && i + 2 < size && text[i + 1] == quote && text[i + 2] == quote)
            return i + 3;
    }
    return size;
}

static bool ends_operand(char c) {
    return isalnum((unsigned char)c) || (c & 0x80) || strchr("_)]}'\"", c) != NULL;
}

/* Is the operator [symbol] at [i], and neither part of a longer one nor unary? */
static bool is_operator(const char *text, size_t size, size_t i, const char *symbol, char before) {
    size_t n = strlen(symbol);
    if (i + n > size || memcmp(text + i, symbol, n)) return false;
    if (n == 1 && strchr("*/", *symbol) && i + 1 < size && text[i + 1] == *symbol) return false;
    return before && ends_operand(before);
}

static bool find_operator(const char *text, size_t size, const char *symbol, Span *out) {
    int depth = 0;
    char before = 0;
    bool found = false, first = !strcmp(symbol, "**");
    for (size_t i = 0; i < size;) {
        char c = text[i];
        if (c == '\'' || c == '"') {
            i = skip_string(text, size, i);
            before = c;
            continue;
        }
        if (c == '#') break;
        if (strchr("([{", c)) depth++;
        else if (strchr(")]}", c)) depth--;
        size_t n = 1;
        if (depth == 0 && is_operator(text, size, i, symbol, before)) {
            n = strlen(symbol);
            *out = (Span){i, i + n};
            found = true;
            if (first) return true;
        } else if (i + 1 < size && text[i + 1] == c && strchr("*/<>", c)) {
            n = 2;
        }
        if (!isspace((unsigned char)c)) before = c;
        i += n;
    }
    return found;
}

/* The brackets that end the text. */
static bool find_subscript(const char *text, size_t size, Span *out) {
    int depth = 0;
    size_t open = 0;
    bool closed = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '\'' || c == '"') {
            i = skip_string(text, size, i) - 1;
            closed = false;
            continue;
        }
        if (strchr("([{", c) && depth++ == 0) open = i;
        if (strchr(")]}", c)) closed = --depth == 0 && c == ']';
        else if (depth == 0 && !isspace((unsigned char)c)) closed = false;
    }
    if (!closed || open == 0) return false;
    *out = (Span){open, size};
    return true;
}

static bool find_anchor(const Code *code, uint32_t pc, const char *text, size_t size, Span *out) {
    Opcode op = code_instruction_at(code, pc).op;
    if (op == OP_GETITEM || op == OP_SETITEM || op == OP_DELITEM)
        return find_subscript(text, size, out);
    const char *symbol = operator_of(op);
    return symbol && find_operator(text, size, symbol, out);
}

/* One mark per code point of line[from, to). */
static void put_marks(Buffer *out, const char *line, size_t from, size_t to, char mark) {
    for (size_t i = from; i < to; i++) {
        if (((unsigned char)line[i] & 0xc0) != 0x80) buffer_putc(out, mark);
    }
}

bool caret_line(const Code *code, uint32_t pc, const char *line, size_t size, size_t leading,
                Buffer *out) {
    CodePosition p = code_position(code, pc);
    if (p.column == 65535 || p.end_column == 65535) return false;
    bool one_line = p.line == p.end_line;
    Span part = {byte_at(line, size, p.column),
                 one_line ? byte_at(line, size, p.end_column) : size},
         anchor;
    if (part.end <= part.start || part.start < leading) return false;
    bool anchored =
        one_line && find_anchor(code, pc, line + part.start, part.end - part.start, &anchor);
    if (!anchored && part.start == leading && part.end == size) return false;
    put_marks(out, line, leading, part.start, ' ');
    if (!anchored) {
        put_marks(out, line, part.start, part.end, '^');
        return true;
    }
    put_marks(out, line, part.start, part.start + anchor.start, '~');
    put_marks(out, line, part.start + anchor.start, part.start + anchor.end, '^');
    put_marks(out, line, part.start + anchor.end, part.end, '~');
    return true;
}
