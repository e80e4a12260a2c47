/* SPDX-License-Identifier: MIT */
/* Printing a syntax tree as Python's ast.dump(tree, indent=2) does: `tulip ast FILE`.
 *
 * A node whose fields are all plain goes on one line, every other field on a line of its own. The
 * walk keeps its own stack, because a long sum is a tree as deep as the sum is long; beyond
 * MAX_INDENT levels the indentation stays where it is, or the output would grow with the square
 * of the depth.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "common/buffer.h"
#include "common/listing.h"
#include "common/memory.h"
#include "common/utf8.h"
#include "parser/ast.h"

enum { MAX_INDENT = 60 };

/* A node being printed: the field it is in, and the item if that is a list. */
typedef struct Frame {
    const Node *node;
    const FieldInfo *field;
    int item;   /* of a list field; -1 before its bracket */
    bool any;   /* a field was printed */
    bool plain; /* on one line */
} Frame;

typedef struct Dump {
    Frame *frames;
    size_t count, capacity;
    size_t level; /* of indentation */
    const Listing *how;
    const Source *source; /* with how->lines; NULL: its lines are not shown */
    Buffer out;
    FILE *file;
} Dump;

static void new_line(Dump *d) {
    buffer_putc(&d->out, '\n');
    for (size_t i = 0; i < d->level && i < MAX_INDENT; i++) buffer_puts(&d->out, "  ");
    if (d->out.size > 1 << 16) {
        fwrite(d->out.data, 1, d->out.size, d->file);
        d->out.size = 0;
    }
}

/* --- literals --- */

static bool printable(uint32_t cp) {
    if (cp < 0x7F) return cp >= 0x20;
    const char *category = utf8proc_category_string((utf8proc_int32_t)cp);
    return category[0] != 'C' && category[0] != 'Z';
}

static void put_escape(Buffer *out, uint32_t cp) {
    switch (cp) {
    case '\n': buffer_puts(out, "\\n"); break;
    case '\r': buffer_puts(out, "\\r"); break;
    case '\t': buffer_puts(out, "\\t"); break;
    default: buffer_printf(out, cp < 0x100 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
    }
}

/* The repr of a str or bytes. */
static void put_string(Buffer *out, const char *text, size_t size, bool bytes) {
    bool single = memchr(text, '\'', size) != NULL,
         both = single && memchr(text, '"', size) != NULL;
    char quote = single && !both ? '"' : '\'';
    if (bytes) buffer_putc(out, 'b');
    buffer_putc(out, quote);
    for (const char *p = text, *end = text + size; p < end;) {
        uint32_t cp = (unsigned char)*p;
        int used = bytes ? 1 : utf8_decode_wtf8(p, end, &cp);
        if (!used) used = 1;
        if (cp == (unsigned char)quote || cp == '\\') {
            buffer_putc(out, '\\');
            buffer_putc(out, (char)cp);
        } else if (bytes ? cp >= 0x20 && cp < 0x7F : printable(cp)) {
            buffer_append(out, p, (size_t)used);
        } else {
            put_escape(out, cp);
        }
        p += used;
    }
    buffer_putc(out, quote);
}

/* The shortest text that reads back as [number], in Python's form. */
static void put_float(Buffer *out, double number) {
    char text[40];
    int precision = 0;
    if (isinf(number)) {
        buffer_puts(out, "inf");
        return;
    }
    do snprintf(text, sizeof text, "%.*e", precision, number);
    while (strtod(text, NULL) != number && precision++ < 17);
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent >= -4 && exponent < 16) {
        int digits = precision - exponent;
        snprintf(text, sizeof text, "%.*f", digits < 1 ? 1 : digits, number);
    }
    buffer_puts(out, text);
}

/* Decimal if it fits 64 bits, else as written. */
static void put_int(Buffer *out, const char *text, size_t size) {
    static const char letters[] = "xob";
    static const int bases[] = {16, 8, 2};
    const char *letter = size > 2 && text[0] == '0' ? strchr(letters, text[1]) : NULL;
    if (!letter || !*letter) {
        while (size > 1 && *text == '0') text++, size--;
        buffer_append(out, text, size);
        return;
    }
    errno = 0;
    unsigned long long value = strtoull(text + 2, NULL, bases[letter - letters]);
    if (errno == ERANGE) buffer_append(out, text, size);
    else buffer_printf(out, "%llu", value);
}

static void put_literal(Buffer *out, const Literal *value) {
    switch (value->kind) {
    case LITERAL_NONE: buffer_puts(out, "None"); break;
    case LITERAL_TRUE: buffer_puts(out, "True"); break;
    case LITERAL_FALSE: buffer_puts(out, "False"); break;
    case LITERAL_ELLIPSIS: buffer_puts(out, "Ellipsis"); break;
    case LITERAL_INT: put_int(out, value->text, value->size); break;
    case LITERAL_FLOAT: put_float(out, value->number); break;
    case LITERAL_STR: put_string(out, value->text, value->size, false); break;
    case LITERAL_BYTES: put_string(out, value->text, value->size, true); break;
    }
    if (value->u_prefix) buffer_puts(out, ", kind='u'");
}

/* --- fields --- */

static const char *const boolop_names[] = {
#define BOOLOP(name, text) #name "()",
#include "parser/ast.def"
};
static const char *const binop_names[] = {
#define BINOP(name, text) #name "()",
#include "parser/ast.def"
};
static const char *const unaryop_names[] = {
#define UNARYOP(name, text) #name "()",
#include "parser/ast.def"
};
static const char *const cmpop_names[] = {
#define CMPOP(name, text) #name "()",
#include "parser/ast.def"
};
static const char *const ctx_names[] = {"Load()", "Store()", "Del()"};

static const void *place(const Node *node, const FieldInfo *field) {
    return (const char *)node + field->offset;
}

/* In Python an async statement is a kind of its own. */
static bool is_async(const Node *node) {
    switch (node->kind) {
    case NODE_FunctionDef: return AST(FunctionDef, node)->is_async;
    case NODE_For: return AST(For, node)->is_async;
    case NODE_With: return AST(With, node)->is_async;
    default: return false;
    }
}

/* Fields that Python's dump does not print. */
static bool is_absent(const Node *node, const FieldInfo *field) {
    switch (field->type) {
    case FIELD_OPT: return *(Node *const *)place(node, field) == NULL;
    case FIELD_NAME: return *(const char *const *)place(node, field) == NULL;
    case FIELD_BOOL: return node->kind != NODE_comprehension && node->kind != NODE_AnnAssign;
    default: return false;
    }
}

/* True for `Yield()` and the like: nothing between the parentheses. */
static bool is_empty(const Node *node) {
    const FieldInfo *field = ast_fields(node->kind);
    while (field->name && is_absent(node, field)) field++;
    return !field->name;
}

static bool is_plain(const Node *node) {
    int count = 0;
    for (const FieldInfo *field = ast_fields(node->kind); field->name; field++) {
        if (is_absent(node, field)) continue;
        count++;
        if (field->type == FIELD_CMPS || field->type == FIELD_NAMES) return false;
        if (field->type == FIELD_NODE || field->type == FIELD_OPT) {
            if (!is_empty(*(Node *const *)place(node, field))) return false;
        }
        if (field->type == FIELD_LIST && ((const NodeList *)place(node, field))->count)
            return false;
    }
    return count <= 3;
}

static void put_list_of_names(Dump *d, const NameList *names) {
    buffer_putc(&d->out, '[');
    d->level++;
    for (int i = 0; i < names->count; i++) {
        if (i) buffer_putc(&d->out, ',');
        new_line(d);
        put_string(&d->out, names->items[i], ast_name_length(names->items[i]), false);
    }
    d->level--;
    buffer_putc(&d->out, ']');
}

static void put_operators(Dump *d, const CmpOpList *ops) {
    buffer_putc(&d->out, '[');
    d->level++;
    for (int i = 0; i < ops->count; i++) {
        if (i) buffer_putc(&d->out, ',');
        new_line(d);
        buffer_puts(&d->out, cmpop_names[ops->items[i]]);
    }
    d->level--;
    buffer_putc(&d->out, ']');
}

/* Prints a field that holds no nodes. */
static void put_plain_field(Dump *d, const Node *node, const FieldInfo *field) {
    const void *p = place(node, field);
    switch (field->type) {
    case FIELD_NAME: {
        const char *name = *(const char *const *)p;
        put_string(&d->out, name, strlen(name), false);
        break;
    }
    case FIELD_NAMES: put_list_of_names(d, p); break;
    case FIELD_BOOL: buffer_putc(&d->out, *(const bool *)p ? '1' : '0'); break;
    case FIELD_INT: buffer_printf(&d->out, "%d", *(const int *)p); break;
    case FIELD_BoolOp: buffer_puts(&d->out, boolop_names[*(const BoolOp *)p]); break;
    case FIELD_BinOp: buffer_puts(&d->out, binop_names[*(const BinOp *)p]); break;
    case FIELD_UnaryOp: buffer_puts(&d->out, unaryop_names[*(const UnaryOp *)p]); break;
    case FIELD_CMPS: put_operators(d, p); break;
    case FIELD_CTX: buffer_puts(&d->out, ctx_names[*(const ExprContext *)p]); break;
    case FIELD_LITERAL: {
        Buffer text = {0};
        put_literal(&text, p);
        buffer_putc(&text, '\0');
        listing_put(d->how, &d->out, PAINT_VALUE, text.data);
        buffer_free(&text);
        break;
    }
    default: break;
    }
}

/* --- JSON --- */

/* An integer's digits, or the text of any other literal, always as a string: JSON's numbers are
 * floats to many. */
static void put_json_literal(Buffer *out, const Literal *value) {
    static const char *const kinds[] = {
        [LITERAL_NONE] = "None",         [LITERAL_TRUE] = "True",   [LITERAL_FALSE] = "False",
        [LITERAL_ELLIPSIS] = "Ellipsis", [LITERAL_INT] = "int",     [LITERAL_FLOAT] = "float",
        [LITERAL_STR] = "str",           [LITERAL_BYTES] = "bytes",
    };
    Buffer text = {0};
    bool plain = value->kind == LITERAL_STR;
    if (plain) buffer_append(&text, value->text, value->size);
    else put_literal(&text, value);
    buffer_printf(out, "{\"kind\": \"%s\", \"value\": ", kinds[value->kind]);
    listing_put_json(out, text.data ? text.data : "", text.size);
    buffer_putc(out, '}');
    buffer_free(&text);
}

static void put_json_operator(Buffer *out, const char *name) {
    buffer_printf(out, "\"%.*s\"", (int)strcspn(name, "("), name);
}

/* A field that holds no nodes. */
static void put_json_field(Dump *d, const Node *node, const FieldInfo *field) {
    const void *p = place(node, field);
    Buffer *out = &d->out;
    switch (field->type) {
    case FIELD_NAME: {
        const char *name = *(const char *const *)p;
        listing_put_json(out, name, ast_name_length(name));
        break;
    }
    case FIELD_NAMES: {
        const NameList *names = p;
        for (int i = 0; i < names->count; i++) {
            buffer_puts(out, i ? ", " : "[");
            listing_put_json(out, names->items[i], ast_name_length(names->items[i]));
        }
        buffer_puts(out, names->count ? "]" : "[]");
        break;
    }
    case FIELD_BOOL: buffer_puts(out, *(const bool *)p ? "true" : "false"); break;
    case FIELD_INT: buffer_printf(out, "%d", *(const int *)p); break;
    case FIELD_BoolOp: put_json_operator(out, boolop_names[*(const BoolOp *)p]); break;
    case FIELD_BinOp: put_json_operator(out, binop_names[*(const BinOp *)p]); break;
    case FIELD_UnaryOp: put_json_operator(out, unaryop_names[*(const UnaryOp *)p]); break;
    case FIELD_CMPS: {
        const CmpOpList *ops = p;
        for (int i = 0; i < ops->count; i++) {
            buffer_puts(out, i ? ", " : "[");
            put_json_operator(out, cmpop_names[ops->items[i]]);
        }
        buffer_putc(out, ']');
        break;
    }
    case FIELD_CTX: put_json_operator(out, ctx_names[*(const ExprContext *)p]); break;
    case FIELD_LITERAL: put_json_literal(out, p); break;
    default: break;
    }
}

/* --- the walk --- */

static bool is_statement(const Node *node) {
    return node->kind >= NODE_FunctionDef && node->kind <= NODE_Continue;
}

/* "# 4: return n" above a statement. */
static void put_source(Dump *d, const Node *node) {
    if (!d->source || !is_statement(node)) return;
    size_t size;
    const char *text = source_line_text(d->source, node->span.line, &size);
    size_t skip = 0;
    while (skip < size && (text[skip] == ' ' || text[skip] == '\t')) skip++;
    Buffer note = {0};
    buffer_printf(&note, "# %u: ", node->span.line);
    buffer_append(&note, text + skip, size - skip);
    buffer_putc(&note, '\0');
    listing_put(d->how, &d->out, PAINT_LINE, note.data);
    buffer_free(&note);
    new_line(d);
}

static void put_json_head(Dump *d, const Node *node) {
    const Span *span = &node->span;
    buffer_printf(&d->out,
                  "{\"kind\": \"%s%s\", \"line\": %u, \"column\": %u, \"end_line\": %u, "
                  "\"end_column\": %u",
                  is_async(node) ? "Async" : "", ast_kind_name(node->kind), span->line,
                  span->column, span->end_line, span->end_column);
}

static void enter(Dump *d, const Node *node) {
    if (!node) {
        buffer_puts(&d->out, d->how->json ? "null" : "None");
        return;
    }
    if (d->count == d->capacity) {
        d->capacity = d->capacity ? d->capacity * 2 : 64;
        d->frames = memory_realloc(d->frames, d->capacity * sizeof *d->frames);
    }
    if (d->how->json) {
        put_json_head(d, node);
    } else {
        put_source(d, node);
        if (is_async(node)) listing_put(d->how, &d->out, PAINT_NAME, "Async");
        listing_put(d->how, &d->out, PAINT_NAME, ast_kind_name(node->kind));
        buffer_putc(&d->out, '(');
    }
    d->frames[d->count++] = (Frame){node, ast_fields(node->kind), -1, false, is_plain(node)};
    d->level++;
}

/* The name of the frame's field, on its own line or not. */
static void put_field_name(Dump *d, Frame *frame) {
    if (d->how->json) {
        buffer_putc(&d->out, ',');
        new_line(d);
        buffer_printf(&d->out, "\"%s\": ", frame->field->name);
        return;
    }
    if (frame->any) buffer_putc(&d->out, ',');
    if (!frame->plain) new_line(d);
    else if (frame->any) buffer_putc(&d->out, ' ');
    frame->any = true;
    buffer_printf(&d->out, "%s=", frame->field->name);
}

/* Goes on with a list field: its bracket, or its next item. */
static void step_list(Dump *d, Frame *frame) {
    const NodeList *list = place(frame->node, frame->field);
    if (frame->item < 0) {
        put_field_name(d, frame);
        buffer_putc(&d->out, '[');
        frame->item = 0;
        d->level++;
    }
    if (frame->item == list->count) {
        buffer_putc(&d->out, ']');
        d->level--;
        frame->item = -1;
        frame->field++;
        return;
    }
    if (frame->item) buffer_putc(&d->out, ',');
    new_line(d);
    const Node *item = list->items[frame->item++];
    enter(d, item);
}

static void step(Dump *d) {
    Frame *frame = &d->frames[d->count - 1];
    const FieldInfo *field = frame->field;
    if (!field->name) {
        buffer_putc(&d->out, d->how->json ? '}' : ')');
        d->level--;
        d->count--;
    } else if (is_absent(frame->node, field)) {
        frame->field++;
    } else if (field->type == FIELD_LIST) {
        step_list(d, frame);
    } else {
        put_field_name(d, frame);
        frame->field++;
        if (field->type == FIELD_NODE || field->type == FIELD_OPT) {
            enter(d, *(Node *const *)place(frame->node, field));
        } else if (d->how->json) {
            put_json_field(d, frame->node, field);
        } else {
            put_plain_field(d, frame->node, field);
        }
    }
}

void ast_dump(FILE *out, const Node *root, const Source *source, const Listing *how) {
    Dump d = {.file = out, .how = how, .source = how->lines && !how->json ? source : NULL};
    enter(&d, root);
    while (d.count) step(&d);
    buffer_putc(&d.out, '\n');
    fwrite(d.out.data, 1, d.out.size, out);
    buffer_free(&d.out);
    free(d.frames);
}
