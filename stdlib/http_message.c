/* SPDX-License-Identifier: MIT */
/*
 * _http.Message: one head, and what had come of its body when it was given out.
 *
 * A message keeps its head as the bytes that came and says where in them each header is; texts are
 * made when they are asked for, since most requests are answered without a look at their headers.
 * Bytes that are no UTF-8 become lone surrogates, as with "surrogateescape".
 *
 * Read next: stdlib/multidict.tul (what headers become), stdlib/http_parser.c.
 */
#include <string.h>
#include <strings.h>

#include "common/utf8.h"
#include "stdlib/http_native.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/str.h"

static const HttpField *fields_of(const HttpMessage *m) {
    return (const HttpField *)BYTES(m->fields)->data;
}

static const char *text_at(const HttpMessage *m, HttpSpan span) {
    return (const char *)BYTES(m->head)->data + span.start;
}

static Value text_of(Thread *t, const char *data, size_t size) {
    size_t good = utf8_valid(data, size);
    if (good == size) return object_value(str_new(t, data, size));
    Buffer out = {0};
    while (size) {
        buffer_append(&out, data, good);
        data += good;
        size -= good;
        if (!size) break;
        buffer_put_utf8(&out, 0xdc00 + (uint8_t)*data);
        data++;
        size--;
        good = utf8_valid(data, size);
    }
    return object_value(str_from_buffer(t, &out));
}

static Value span_text(Thread *t, const HttpMessage *m, HttpSpan span) {
    return text_of(t, text_at(m, span), span.size);
}

HttpMessage *http_message_new(Thread *t, const char *data, size_t size, const HttpHead *head,
                              bool is_request) {
    HttpMessage *m = object_new(t, stdlib_of(t)->classes[CLASS_HTTP_MESSAGE], 0);
    m->head = m->fields = m->method = m->target = m->body = VALUE_NONE;
    m->head = object_value(bytes_new(t, data, size));
    m->fields = object_value(bytes_new(t, head->fields, head->count * sizeof(HttpField)));
    m->body = object_value(t->vm->empty_bytes);
    if (is_request) {
        m->method = object_value(str_intern(t->vm, data + head->method.start, head->method.size));
        m->target = object_value(str_new_ascii(t, data + head->target.start, head->target.size));
    }
    m->reason = head->reason;
    m->count = head->count;
    m->status = head->status;
    m->minor = head->minor;
    m->expects = head->expects;
    m->length = -1;
    return m;
}

HttpSpan http_message_find(const HttpMessage *m, const char *name, size_t size) {
    const HttpField *fields = fields_of(m);
    for (uint32_t i = 0; i < m->count; i++) {
        if (fields[i].name.size == size && !strncasecmp(text_at(m, fields[i].name), name, size))
            return fields[i].value;
    }
    return (HttpSpan){0};
}

/* ---- methods ---- */

/* args: self, name, default */
static Value get(Thread *t, Value *args) {
    Str *name;
    if (!arg_str(t, args[1], "get() argument 1", &name)) return VALUE_ERROR;
    HttpSpan span = http_message_find(HTTP_MESSAGE(args[0]), name->data, name->size);
    return span.start ? span_text(t, HTTP_MESSAGE(args[0]), span) : args[2];
}

static Value repr(Thread *t, Value self) {
    const HttpMessage *m = HTTP_MESSAGE(self);
    Str *out = m->method == VALUE_NONE ? str_format(t, "<Message %d>", m->status)
                                       : str_format(t, "<Message %S %S>", m->method, m->target);
    return out ? object_value(out) : VALUE_ERROR;
}

/* ---- fields ---- */

/* A list of (name, value). */
static Value get_headers(Thread *t, Value self) {
    const HttpMessage *m = HTTP_MESSAGE(self);
    List *out = list_new(t, m->count);
    for (uint32_t i = 0; i < m->count; i++) {
        Value pair[2] = {span_text(t, m, fields_of(m)[i].name),
                         span_text(t, m, fields_of(m)[i].value)};
        if (!list_append(t, out, object_value(tuple_from(t, pair, 2)))) return VALUE_ERROR;
    }
    return object_value(out);
}

/* A tuple of (name, value) in bytes. */
static Value get_raw_headers(Thread *t, Value self) {
    const HttpMessage *m = HTTP_MESSAGE(self);
    Tuple *out = tuple_new(t, m->count);
    for (uint32_t i = 0; i < m->count; i++) {
        const HttpField *field = fields_of(m) + i;
        Value pair[2] = {object_value(bytes_new(t, text_at(m, field->name), field->name.size)),
                         object_value(bytes_new(t, text_at(m, field->value), field->value.size))};
        out->items[i] = object_value(tuple_from(t, pair, 2));
    }
    return object_value(out);
}

static Value get_version(Thread *t, Value self) {
    Value pair[2] = {fixnum(1), fixnum(HTTP_MESSAGE(self)->minor)};
    return object_value(tuple_from(t, pair, 2));
}

static Value get_reason(Thread *t, Value self) {
    return span_text(t, HTTP_MESSAGE(self), HTTP_MESSAGE(self)->reason);
}

/* Where the path of the target begins, and in [*size] how long it is without the query. */
static const char *path_of(const HttpMessage *m, size_t *size) {
    const Str *target = STR(m->target);
    const char *p = target->data, *end = p + target->size;
    const char *scheme = *p == '/' ? NULL : strstr(p, "://");
    if (scheme) {
        const char *slash = scheme + 3 + strcspn(scheme + 3, "/?");
        p = slash;
    }
    const char *query = memchr(p, '?', (size_t)(end - p));
    *size = (size_t)((query ? query : end) - p);
    return p;
}

static int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* The path with its %XX decoded; what is no UTF-8 then becomes U+FFFD. */
static Value decode_path(Thread *t, const char *p, size_t size) {
    Buffer raw = {0}, out = {0};
    for (size_t i = 0; i < size; i++) {
        bool escaped =
            p[i] == '%' && size - i > 2 && hex_value(p[i + 1]) >= 0 && hex_value(p[i + 2]) >= 0;
        buffer_putc(&raw, escaped ? (char)(hex_value(p[i + 1]) * 16 + hex_value(p[i + 2])) : p[i]);
        if (escaped) i += 2;
    }
    for (size_t at = 0; at < raw.size;) {
        size_t good = utf8_valid(raw.data + at, raw.size - at);
        buffer_append(&out, raw.data + at, good);
        at += good;
        if (at < raw.size) {
            buffer_put_utf8(&out, 0xfffd);
            at++;
        }
    }
    buffer_free(&raw);
    return object_value(str_from_buffer(t, &out));
}

/* The decoded path of a request, without the query. */
static Value get_path(Thread *t, Value self) {
    const HttpMessage *m = HTTP_MESSAGE(self);
    if (m->target == VALUE_NONE) return VALUE_NONE;
    size_t size;
    const char *p = path_of(m, &size);
    if (!size) return object_value(str_from(t, "/"));
    if (memchr(p, '%', size)) return decode_path(t, p, size);
    if (size == STR(m->target)->size) return m->target;
    return object_value(str_new_ascii(t, p, size));
}

/* What follows the first "?" of the target. */
static Value get_query(Thread *t, Value self) {
    const HttpMessage *m = HTTP_MESSAGE(self);
    if (m->target == VALUE_NONE) return VALUE_NONE;
    const char *query = memchr(STR(m->target)->data, '?', STR(m->target)->size);
    return object_value(query ? str_from(t, query + 1) : t->vm->empty_str);
}

#define GETTER(NAME, EXPRESSION)                                                                   \
    static Value get_##NAME(Thread *t, Value self) {                                               \
        const HttpMessage *m = HTTP_MESSAGE(self);                                                 \
        (void)t;                                                                                   \
        return EXPRESSION;                                                                         \
    }

GETTER(method, m->method)
GETTER(target, m->target)
GETTER(body, m->body)
GETTER(status, fixnum(m->status))
GETTER(keep_alive, bool_value(m->keep_alive))
GETTER(chunked, bool_value(m->chunked))
GETTER(complete, bool_value(m->complete))
GETTER(expects_continue, bool_value(m->expects))
GETTER(content_length, m->length < 0 ? VALUE_NONE : fixnum(m->length))

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)cls, (void)args, (void)argc, (void)kwnames;
    return raise_error(t, EXC_TypeError, "messages come out of a Parser");
}

static void trace(Heap *heap, Object *self) {
    HttpMessage *m = (HttpMessage *)self;
    heap_shade(heap, m->head);
    heap_shade(heap, m->fields);
    heap_shade(heap, m->method);
    heap_shade(heap, m->target);
    heap_shade(heap, m->body);
}

static const NativeDef methods[] = {
    {"get", get, "(self, name, default=None)", "The value of the first header of that name."},
    {0},
};
static const FieldDef fields[] = {
    {"method", get_method, NULL, "Of a request."},
    {"target", get_target, NULL, "Of a request: path and query, as they came."},
    {"path", get_path, NULL, "Of a request: the decoded path, without the query."},
    {"query", get_query, NULL, "Of a request: what follows the question mark, as it came."},
    {"status", get_status, NULL, "Of a response; 0 in a request."},
    {"reason", get_reason, NULL, "Of a response."},
    {"version", get_version, NULL, "(1, 0) or (1, 1)."},
    {"headers", get_headers, NULL, "A list of (name, value), as they came."},
    {"raw_headers", get_raw_headers, NULL, "A tuple of (name, value) in bytes."},
    {"keep_alive", get_keep_alive, NULL, "Whether the connection goes on after this message."},
    {"chunked", get_chunked, NULL, "Whether the body comes in chunks."},
    {"content_length", get_content_length, NULL, "The announced length, or None."},
    {"expects_continue", get_expects_continue, NULL, "Whether 100 Continue is waited for."},
    {"body", get_body, NULL, "What had come of the body when the message was given out."},
    {"complete", get_complete, NULL, "Whether all of the message has come."},
    {0},
};
static const Slots slots = {.construct = construct, .repr = repr};
const NativeClass http_message_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "Message",
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "The head of a request or a response, and what came with it.",
    .size = sizeof(HttpMessage),
    .trace = trace,
};
