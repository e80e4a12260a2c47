/* SPDX-License-Identifier: MIT */
/*
 * What is allowed in the head of a message and between the chunks of a body.
 *
 * Everything that different readers are known to understand differently is refused: lines that end
 * in anything but CR LF, folded lines, space around names, control characters, two lengths, a
 * length beside chunks, codings other than "chunked", two hosts. Fields and targets are found here
 * once, as spans.
 *
 * Read next: stdlib/http_parser.c.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "stdlib/http_native.h"

enum { IS_TOKEN = 1, IS_TARGET = 2, IS_VALUE = 4, IS_HOST = 8 };

/* What each byte may be part of. */
static uint8_t kind_of(uint8_t c) {
    uint8_t kind = 0;
    if (isalnum(c) && c < 0x80) return IS_TOKEN | IS_TARGET | IS_VALUE | IS_HOST;
    if (c == '\t' || c == ' ' || (c > ' ' && c != 0x7f)) kind |= IS_VALUE;
    if (c > ' ' && c < 0x7f) {
        if (strchr("!#$%&'*+-.^_`|~", c)) kind |= IS_TOKEN;
        if (!strchr("#", c)) kind |= IS_TARGET;
        if (strchr("-._~!$&'()*+;=%:[]", c)) kind |= IS_HOST;
    }
    return kind;
}

static bool all_are(const char *p, const char *end, uint8_t kind) {
    for (; p < end; p++) {
        uint8_t c = (uint8_t)*p;
        if (LIKELY((unsigned)(c | 0x20) - 'a' < 26)) continue;
        if (!(kind_of(c) & kind)) return false;
    }
    return true;
}

static void refuse(HttpHead *out, int status, const char *problem) {
    if (out->error) return;
    out->error = status;
    out->problem = problem;
}

size_t http_head_size(const char *data, size_t size, size_t from) {
    const char *p = data + from;
    while ((p = memchr(p, '\n', size - (size_t)(p - data)))) {
        size_t rest = size - (size_t)(p - data);
        if (rest >= 3 && p[1] == '\r' && p[2] == '\n') return (size_t)(p - data) + 3;
        if (rest >= 2 && p[1] == '\n') return (size_t)(p - data) + 2; /* the scan refuses it */
        p++;
    }
    return 0;
}

/* ---- the first line ---- */

static bool is_version(const char *p, size_t size) {
    return size == 8 && !memcmp(p, "HTTP/", 5) && isdigit((uint8_t)p[5]) && p[6] == '.' &&
           isdigit((uint8_t)p[7]);
}

static void scan_version(const char *p, size_t size, HttpHead *out) {
    if (!is_version(p, size)) {
        refuse(out, 400, "Bad HTTP version");
    } else if (p[5] != '1' || p[7] > '1') {
        refuse(out, p[5] == '1' ? 400 : 505, "HTTP version not supported");
    } else {
        out->minor = p[7] - '0';
    }
}

static HttpSpan span(const char *data, const char *start, const char *end) {
    return (HttpSpan){(uint32_t)(start - data), (uint32_t)(end - start)};
}

static bool begins(const char *p, const char *end, const char *text) {
    size_t size = strlen(text);
    return (size_t)(end - p) >= size && !strncasecmp(p, text, size);
}

static void scan_target(const char *method, size_t method_size, const char *p, const char *end,
                        HttpHead *out) {
    bool connect = method_size == 7 && !memcmp(method, "CONNECT", 7);
    if (p == end || !all_are(p, end, IS_TARGET)) {
        refuse(out, 400, "Bad request target");
    } else if (connect ? !all_are(p, end, IS_HOST)
                       : *p != '/' && !begins(p, end, "http://") && !begins(p, end, "https://") &&
                             (end - p != 1 || *p != '*' || method_size != 7 ||
                              memcmp(method, "OPTIONS", 7) != 0)) {
        refuse(out, 400, "Bad request target");
    }
}

/* METHOD SP target SP HTTP/1.x */
static void scan_request_line(const char *data, const char *end, HttpHead *out) {
    const char *space = memchr(data, ' ', (size_t)(end - data));
    if (!space || space == data || !all_are(data, space, IS_TOKEN)) {
        refuse(out, 400, "Bad request line");
        return;
    }
    const char *target = space + 1;
    const char *after = memchr(target, ' ', (size_t)(end - target));
    if (!after) {
        refuse(out, 400, "Bad request line");
        return;
    }
    out->method = span(data, data, space);
    out->target = span(data, target, after);
    scan_target(data, out->method.size, target, after, out);
    scan_version(after + 1, (size_t)(end - after - 1), out);
}

/* HTTP/1.x SP 200 [SP reason] */
static void scan_status_line(const char *data, const char *end, HttpHead *out) {
    size_t size = (size_t)(end - data);
    if (size < 12 || data[8] != ' ' || (size > 12 && data[12] != ' ')) {
        refuse(out, 400, "Bad status line");
        return;
    }
    scan_version(data, 8, out);
    for (int i = 9; i < 12; i++) {
        if (!isdigit((uint8_t)data[i])) refuse(out, 400, "Bad status line");
        out->status = out->status * 10 + (data[i] - '0');
    }
    if (out->status < 100) refuse(out, 400, "Bad status line");
    out->reason = span(data, size > 13 ? data + 13 : end, end);
    if (!all_are(data + 12, end, IS_VALUE)) refuse(out, 400, "Bad status line");
}

static void scan_first_line(const char *data, const char *end, bool is_request, HttpHead *out) {
    if (is_request) scan_request_line(data, end, out);
    else scan_status_line(data, end, out);
}

/* ---- headers ---- */

typedef struct Seen {
    int lengths, codings, hosts, connections;
} Seen;

static bool is_name(const char *name, size_t size, const char *wanted) {
    return size == strlen(wanted) && !strncasecmp(name, wanted, size);
}

static void check_length(const char *value, size_t size, HttpHead *out) {
    if (!size || size > 18) refuse(out, 400, "Bad Content-Length");
    for (size_t i = 0; i < size; i++) {
        if (!isdigit((uint8_t)value[i])) refuse(out, 400, "Bad Content-Length");
    }
}

/* The headers that decide where the message ends, and for whom it is. */
static void check_field(const char *name, size_t name_size, const char *value, size_t size,
                        bool is_request, Seen *seen, HttpHead *out) {
    switch (name_size) {
    case 4:
        if (!is_request || !is_name(name, name_size, "host")) return;
        if (seen->hosts++) refuse(out, 400, "Two Host headers");
        if (!all_are(value, value + size, IS_HOST)) refuse(out, 400, "Bad Host");
        return;
    case 6:
        if (!is_request || !is_name(name, name_size, "expect")) return;
        if (!is_name(value, size, "100-continue")) refuse(out, 417, "Unknown expectation");
        out->expects = true;
        return;
    case 14:
        if (!is_name(name, name_size, "content-length")) return;
        if (seen->lengths++) refuse(out, 400, "Two Content-Length headers");
        check_length(value, size, out);
        return;
    case 17:
        if (!is_name(name, name_size, "transfer-encoding")) return;
        if (seen->codings++) refuse(out, 400, "Two Transfer-Encoding headers");
        if (!is_name(value, size, "chunked")) refuse(out, 400, "Unknown Transfer-Encoding");
        if (!out->minor) refuse(out, 400, "Transfer-Encoding in HTTP/1.0");
        return;
    default: return;
    }
}

/* name ":" OWS value OWS */
static void scan_field(const char *data, const char *line, const char *end, bool is_request,
                       const HttpLimits *limits, Seen *seen, HttpHead *out) {
    if (*line == ' ' || *line == '\t') {
        refuse(out, 400, "Folded header");
        return;
    }
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon || colon == line || !all_are(line, colon, IS_TOKEN)) {
        refuse(out, 400, "Bad header name");
        return;
    }
    if ((size_t)(end - line) > limits->field) refuse(out, 431, "Header too large");
    if (out->count == limits->fields) {
        refuse(out, 431, "Too many headers");
        return;
    }
    const char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t')) value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) end--;
    if (!all_are(value, end, IS_VALUE)) refuse(out, 400, "Bad header value");
    check_field(line, (size_t)(colon - line), value, (size_t)(end - value), is_request, seen, out);
    out->fields[out->count++] = (HttpField){span(data, line, colon), span(data, value, end)};
}

static void check_together(bool is_request, const Seen *seen, HttpHead *out) {
    if (seen->lengths && seen->codings) refuse(out, 400, "Content-Length beside Transfer-Encoding");
    if (is_request && out->minor && !seen->hosts) refuse(out, 400, "No Host header");
}

void http_scan_head(const char *data, size_t size, bool is_request, const HttpLimits *limits,
                    HttpHead *out) {
    const char *end = data + size, *line = data;
    Seen seen = {0};
    while (line < end && !out->error) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline || newline == line || newline[-1] != '\r') {
            refuse(out, 400, "A line does not end in CR LF");
            return;
        }
        const char *stop = newline - 1;
        if (line == data) {
            if ((size_t)(stop - line) > limits->line) refuse(out, 414, "First line too long");
            else scan_first_line(line, stop, is_request, out);
        } else if (stop > line) {
            scan_field(data, line, stop, is_request, limits, &seen, out);
        }
        line = newline + 1;
    }
    check_together(is_request, &seen, out);
}

/* The first line is checked when it is whole; until then only that it could be one. */
void http_scan_beginning(const char *data, size_t size, bool is_request, const HttpLimits *limits,
                         HttpHead *out) {
    const char *newline = memchr(data, '\n', size);
    if (size > limits->line && (!newline || (size_t)(newline - data) > limits->line))
        refuse(out, 414, "First line too long");
    else if (size > limits->head) refuse(out, 431, "Head too large");
    else if (newline && (newline == data || newline[-1] != '\r'))
        refuse(out, 400, "A line does not end in CR LF");
    else if (newline) scan_first_line(data, newline - 1, is_request, out);
    else if (size && !(kind_of((uint8_t)*data) & IS_TOKEN) && *data != '\r')
        refuse(out, 400, is_request ? "Bad request line" : "Bad status line");
}

/* ---- chunks ---- */

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
    return -1;
}

/* What follows the CR LF of a size line. */
static void begin_chunk(HttpChunks *chunks) {
    chunks->state = chunks->left ? CHUNK_DATA : CHUNK_TRAILER;
    chunks->digits = chunks->overhead = 0;
}

static const char *scan_size(HttpChunks *chunks, char c) {
    int digit = hex_digit(c);
    if (digit >= 0) {
        if (++chunks->digits > 15) return "Chunk too large";
        chunks->left = chunks->left * 16 + (uint64_t)digit;
        return NULL;
    }
    if (!chunks->digits) return "Bad chunk size";
    if (c == '\r') chunks->state = CHUNK_SIZE_LF;
    else if (c == ';') chunks->state = CHUNK_EXTENSION;
    else return "Bad chunk size";
    return NULL;
}

static const char *expect(HttpChunks *chunks, char c, char wanted, ChunkState next) {
    chunks->state = next;
    return c == wanted ? NULL : "A chunk does not end in CR LF";
}

/* One byte that is no data. */
static const char *scan_chunk_byte(HttpChunks *chunks, char c) {
    bool may_be = kind_of((uint8_t)c) & IS_VALUE;
    switch (chunks->state) {
    case CHUNK_SIZE: return scan_size(chunks, c);
    case CHUNK_EXTENSION:
        if (c == '\r') chunks->state = CHUNK_SIZE_LF;
        return c == '\r' || may_be ? NULL : "Bad chunk extension";
    case CHUNK_SIZE_LF:
        if (c == '\n') begin_chunk(chunks);
        return c == '\n' ? NULL : "A chunk does not end in CR LF";
    case CHUNK_DATA_CR: return expect(chunks, c, '\r', CHUNK_DATA_LF);
    case CHUNK_DATA_LF: return expect(chunks, c, '\n', CHUNK_SIZE);
    case CHUNK_TRAILER:
        chunks->state = c == '\r' ? CHUNK_LAST_LF : CHUNK_TRAILER_LINE;
        return c == '\r' || kind_of((uint8_t)c) & IS_TOKEN ? NULL : "Bad trailer";
    case CHUNK_TRAILER_LINE:
        if (c == '\r') chunks->state = CHUNK_TRAILER_LF;
        return c == '\r' || may_be ? NULL : "Bad trailer";
    case CHUNK_TRAILER_LF: return expect(chunks, c, '\n', CHUNK_TRAILER);
    default: return expect(chunks, c, '\n', CHUNK_END);
    }
}

const char *http_scan_chunks(HttpChunks *chunks, const char *data, size_t size, uint32_t limit,
                             size_t *used) {
    size_t i = 0;
    while (i < size && chunks->state != CHUNK_END) {
        if (chunks->state == CHUNK_DATA) {
            size_t n = size - i < chunks->left ? size - i : (size_t)chunks->left;
            i += n;
            chunks->left -= n;
            if (!chunks->left) chunks->state = CHUNK_DATA_CR;
            continue;
        }
        if (++chunks->overhead > limit) return "Too much between chunks";
        const char *problem = scan_chunk_byte(chunks, data[i++]);
        if (problem) return problem;
    }
    *used = i;
    return NULL;
}
