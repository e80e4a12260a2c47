/* SPDX-License-Identifier: MIT */
/*
 * Painting reports: what a line is shows in its text. Behind the margin of an exception group's
 * tree come "  File …" lines, source lines (four blanks), lines of carets, and, after one of these
 * or a header, the line that names the error; notes follow it and stay plain.
 *
 * Read next: vm/traceback.c and common/diagnostic.c, which make the reports.
 */
#include "common/paint.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PLACE  "\x1b[35m"
#define KIND   "\x1b[1;35m"
#define CARET  "\x1b[1;31m"
#define BESIDE "\x1b[31m"
#define HINT   "\x1b[36m"
#define PLAIN  "\x1b[0m"

static bool is_set(const char *name) {
    const char *value = getenv(name);
    return value && *value;
}

bool paint_wanted(int fd) {
    const char *term = getenv("TERM");
    if (is_set("NO_COLOR")) return false;
    if (is_set("FORCE_COLOR")) return true;
    return !(term && !strcmp(term, "dumb")) && isatty(fd);
}

typedef struct Line {
    const char *text;
    size_t size;
} Line;

static void put(Buffer *out, const char *colour, const char *text, size_t size) {
    buffer_puts(out, colour);
    buffer_append(out, text, size);
    buffer_puts(out, PLAIN);
}

/* The bytes of a line that belong to the margin of a group's tree. */
static size_t margin(Line line) {
    size_t n = 0;
    while (n < line.size && line.text[n] == ' ') n++;
    return n + 1 < line.size && line.text[n] == '|' && line.text[n + 1] == ' ' ? n + 2 : 0;
}

static bool begins(Line line, const char *text) {
    size_t n = strlen(text);
    return line.size >= n && !memcmp(line.text, text, n);
}

static bool is_carets(Line line) {
    bool marked = false;
    for (size_t i = 0; i < line.size; i++) {
        if (!strchr(" ~^", line.text[i])) return false;
        marked |= line.text[i] != ' ';
    }
    return marked;
}

static void put_carets(Buffer *out, Line line) {
    for (size_t i = 0; i < line.size;) {
        size_t from = i;
        while (i < line.size && line.text[i] == line.text[from]) i++;
        if (line.text[from] == ' ') buffer_append(out, line.text + from, i - from);
        else put(out, line.text[from] == '^' ? CARET : BESIDE, line.text + from, i - from);
    }
}

/* `  File "name", line N, in function`: the three in colour. */
static void put_place(Buffer *out, Line line) {
    static const char *const words[] = {"  File ", ", line ", ", in "};
    const char *p = line.text, *end = line.text + line.size;
    for (int i = 0; i < 3 && p < end; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(end - p) < n || memcmp(p, words[i], n)) break;
        buffer_append(out, p, n);
        p += n;
        const char *stop = p;
        if (i == 0) {
            for (const char *q = p; q + 7 <= end; q++) {
                if (!memcmp(q, words[1], 7)) stop = q;
            }
        } else if (i == 1) {
            while (stop < end && isdigit((unsigned char)*stop)) stop++;
        } else {
            stop = end;
        }
        put(out, PLACE, p, (size_t)(stop - p));
        p = stop;
    }
    buffer_append(out, p, (size_t)(end - p));
}

/* The length of the dotted name that begins an error's line, 0 when it is no such line. */
static size_t kind_length(Line line) {
    size_t n = 0;
    while (n < line.size && (isalnum((unsigned char)line.text[n]) || line.text[n] & 0x80 ||
                             strchr("_.<>", line.text[n])))
        n++;
    return n && (n == line.size || line.text[n] == ':') ? n : 0;
}

/* Does the line, behind its blanks, draw a branch of a group's tree? */
static bool is_branch(Line line) {
    size_t n = 0;
    while (n < line.size && line.text[n] == ' ') n++;
    return n < line.size && line.text[n] == '+';
}

/* One line; [awaited]: the line that names the error is still to come. */
static void put_line(Buffer *out, Line line, bool *awaited) {
    size_t edge = margin(line);
    buffer_append(out, line.text, edge);
    line = (Line){line.text + edge, line.size - edge};
    size_t kind = kind_length(line);
    if (begins(line, "  File \"")) {
        put_place(out, line);
        *awaited = true;
    } else if (begins(line, "    ") && is_carets(line)) {
        put_carets(out, line);
    } else if (begins(line, "hint: ")) {
        put(out, HINT, line.text, line.size);
    } else if (*awaited && kind) {
        put(out, KIND, line.text, kind);
        if (kind < line.size) put(out, PLACE, line.text + kind, line.size - kind);
        *awaited = false;
    } else {
        buffer_append(out, line.text, line.size);
    }
}

void paint_report(Buffer *out, const char *text, size_t size) {
    bool awaited = true;
    const char *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        Line line = {text, (size_t)((stop ? stop : end) - text)};
        if (is_branch(line)) awaited = true;
        put_line(out, line, &awaited);
        if (stop) buffer_putc(out, '\n');
        text = stop ? stop + 1 : end;
    }
}

void paint_to_stderr(const char *text, size_t size) {
    Buffer painted = {0};
    if (paint_wanted(STDERR_FILENO)) {
        paint_report(&painted, text, size);
        text = painted.data;
        size = painted.size;
    }
    if (size) fwrite(text, 1, size, stderr);
    buffer_free(&painted);
}
