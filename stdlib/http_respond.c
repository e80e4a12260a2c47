/* SPDX-License-Identifier: MIT */
/*
 * _http.Composer: the bytes of a response, made in one step.
 *
 * A server has one. It keeps the Date header of the second under way. Names and values of headers
 * are checked here, the one place that all of them pass, so that no text of a program can begin
 * another header or another response.
 *
 * Read next: stdlib/aiohttp/web_response.tul.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "stdlib/http_native.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/str.h"

enum { DATE_SIZE = 29 };

typedef struct Composer {
    Object header;
    Value server; /* str */
    int64_t second;
    char date[DATE_SIZE + 1];
} Composer;

#define COMPOSER(v) ((Composer *)(uintptr_t)(v))

/* Which headers the program gave itself. */
typedef struct Given {
    bool date, server, length, coding, connection, type;
} Given;

static const char *current_date(Thread *t, Composer *c) {
    int64_t second = clock_wall(&t->vm->clock) / 1000000000;
    if (second != c->second) {
        static const char days[] = "SunMonTueWedThuFriSat";
        static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
        struct tm tm;
        time_t moment = (time_t)second;
        char text[64];
        gmtime_r(&moment, &tm);
        snprintf(text, sizeof text, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                 days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
                 tm.tm_hour, tm.tm_min, tm.tm_sec);
        memcpy(c->date, text, DATE_SIZE);
        c->second = second;
    }
    return c->date;
}

static void note(Given *given, const Str *name) {
    struct {
        const char *name;
        bool *seen;
    } rows[] = {{"date", &given->date},
                {"server", &given->server},
                {"content-length", &given->length},
                {"transfer-encoding", &given->coding},
                {"connection", &given->connection},
                {"content-type", &given->type}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!strcasecmp(rows[i].name, name->data)) *rows[i].seen = true;
    }
}

/* [text] without the line ends and control characters that would end it; false: raised. */
static bool put_text(Thread *t, Buffer *out, Value text, const char *forbidden, const char *what) {
    if (!is_str(text)) {
        raise_error(t, EXC_TypeError, "%s must be a str, not '%T'", what, text);
        return false;
    }
    const Str *s = STR(text);
    for (size_t i = 0; i < s->size; i++) {
        uint8_t c = (uint8_t)s->data[i];
        bool control = (c < ' ' && c != '\t') || c == 0x7f;
        if (control || (*forbidden && (c >= 0x80 || strchr(forbidden, c)))) {
            raise_error(t, EXC_ValueError, "%R is not allowed in %s", text, what);
            return false;
        }
    }
    buffer_append(out, s->data, s->size);
    return true;
}

static bool put_header(Thread *t, Buffer *out, Value name, Value value) {
    if (is_str(name) && !STR(name)->size) {
        raise_error(t, EXC_ValueError, "a header needs a name");
        return false;
    }
    if (!put_text(t, out, name, ": \t()<>@,;\\\"/[]?={}", "the name of a header")) return false;
    buffer_append(out, ": ", 2);
    if (!put_text(t, out, value, "", "a header")) return false;
    buffer_append(out, "\r\n", 2);
    return true;
}

static bool put_items(Thread *t, Buffer *out, Value items, Given *given) {
    if (items == VALUE_NONE) return true;
    if (!is_kind(items, OBJ_LIST)) {
        raise_error(t, EXC_TypeError, "the headers must be a list, not '%T'", items);
        return false;
    }
    for (size_t i = 0; i < LIST(items)->size; i++) {
        Value pair = LIST(items)->items[i];
        if (!is_kind(pair, OBJ_TUPLE) || TUPLE(pair)->size != 2) {
            raise_error(t, EXC_TypeError, "a header must be a pair, not '%T'", pair);
            return false;
        }
        if (!put_header(t, out, TUPLE(pair)->items[0], TUPLE(pair)->items[1])) return false;
        note(given, STR(TUPLE(pair)->items[0]));
    }
    return true;
}

/* Numbers are written by hand: they are in every response. */
static void put_number(Buffer *out, uint64_t n) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    buffer_append(out, digits + at, sizeof digits - at);
}

static bool put_status(Thread *t, Buffer *out, int64_t minor, int64_t status, Value reason) {
    buffer_append(out, minor ? "HTTP/1.1 " : "HTTP/1.0 ", 9);
    put_number(out, (uint64_t)status);
    buffer_putc(out, ' ');
    if (!put_text(t, out, reason, "", "the reason")) return false;
    buffer_append(out, "\r\n", 2);
    return true;
}

static bool put_rest(Thread *t, Composer *c, Buffer *out, const Given *given) {
    if (!given->date) {
        buffer_append(out, "Date: ", 6);
        buffer_append(out, current_date(t, c), DATE_SIZE);
        buffer_append(out, "\r\n", 2);
    }
    if (given->server || c->server == VALUE_NONE) return true;
    buffer_append(out, "Server: ", 8);
    if (!put_text(t, out, c->server, "", "a header")) return false;
    buffer_append(out, "\r\n", 2);
    return true;
}

static void put_framing(Buffer *out, const Given *given, int64_t length, bool chunked, bool minor,
                        bool keep_alive) {
    if (chunked && !given->coding) buffer_puts(out, "Transfer-Encoding: chunked\r\n");
    if (length >= 0 && !given->length) {
        buffer_append(out, "Content-Length: ", 16);
        put_number(out, (uint64_t)length);
        buffer_append(out, "\r\n", 2);
    }
    if (given->connection || keep_alive == minor) return;
    buffer_puts(out, keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
}

static bool put_head(Thread *t, Buffer *out, Value *args) {
    int64_t minor, status, length = -1;
    Given given = {0};
    if (!arg_int64(t, args[1], &minor) || !arg_int64(t, args[2], &status)) return false;
    if (args[6] != VALUE_NONE && !arg_int64(t, args[6], &length)) return false;
    if (status < 100 || status > 999) {
        raise_error(t, EXC_ValueError, "a status has three digits, not %lld", (long long)status);
        return false;
    }
    if (!put_status(t, out, minor, status, args[3]) || !put_items(t, out, args[5], &given))
        return false;
    if (args[4] != VALUE_NONE && !given.type) {
        buffer_append(out, "Content-Type: ", 14);
        if (!put_text(t, out, args[4], "", "a header")) return false;
        buffer_append(out, "\r\n", 2);
    }
    put_framing(out, &given, length, args[7] == VALUE_TRUE, minor != 0, args[8] == VALUE_TRUE);
    if (!put_rest(t, COMPOSER(args[0]), out, &given)) return false;
    buffer_append(out, "\r\n", 2);
    return true;
}

/* args: self, minor, status, reason, content_type, items, length, chunked, keep_alive, body */
static Value compose(Thread *t, Value *args) {
    const uint8_t *body = NULL;
    size_t size = 0;
    if (args[9] != VALUE_NONE && !arg_bytes(t, args[9], &body, &size)) return VALUE_ERROR;
    Buffer out = {.fallible = true};
    buffer_reserve(&out, 256 + size);
    Value result = VALUE_ERROR;
    if (put_head(t, &out, args)) {
        if (size) buffer_append(&out, body, size);
        if (buffer_fits(t, &out)) result = object_value(bytes_new(t, out.data, out.size));
    }
    buffer_free(&out);
    return result;
}

static Value get_date(Thread *t, Value self) {
    return object_value(str_new_ascii(t, current_date(t, COMPOSER(self)), DATE_SIZE));
}

static Value construct(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    Value *v = push_roots(t, 1);
    if (!bind_raw(t, "Composer", "(server=None)", v, args, argc, kwnames)) return VALUE_ERROR;
    Composer *c = object_new(t, cls, 0);
    c->server = v[0];
    c->second = -1;
    return object_value(c);
}

static void trace(Heap *heap, Object *self) { heap_shade(heap, ((Composer *)self)->server); }

static const NativeDef methods[] = {
    {"compose", compose,
     "(self, minor, status, reason, content_type, items, length, chunked, keep_alive, body, /)",
     "The bytes of a response, or of its head when body is None. items is a list of (name, value) "
     "or None; what it does not have of Content-Type, Content-Length, Transfer-Encoding, "
     "Connection, Date and Server is added."},
    {0},
};
static const FieldDef fields[] = {
    {"date", get_date, NULL, "The time now, as headers have it."},
    {0},
};
static const Slots slots = {.construct = construct};
const NativeClass http_composer_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "Composer",
    .slots = &slots,
    .methods = methods,
    .fields = fields,
    .doc = "Makes the bytes of responses.",
    .size = sizeof(Composer),
    .trace = trace,
};
