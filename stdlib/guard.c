/* SPDX-License-Identifier: MIT */
/*
 * Writing above the prompt, and what remains of a line that was not ended: its cells, as a terminal
 * would have them after the carriage returns and backspaces in it, so that it does not grow while
 * a spinner rewrites it. A line with other control sequences is kept as it is.
 *
 * Read next: stdlib/guard.h.
 */
#define _GNU_SOURCE /* memrchr */
#include "stdlib/guard.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/utf8.h"
#include "vm/str.h"

enum { MOST_CELLS = 500, MOST_BYTES = 4000 };

/* ---- the line that was not ended ---- */

typedef struct Cells {
    const char *at[MOST_CELLS];
    size_t size[MOST_CELLS];
    size_t count, cursor;
} Cells;

static bool put_cell(Cells *cells, const char *at, size_t size) {
    if (cells->cursor == MOST_CELLS) return false;
    cells->at[cells->cursor] = at;
    cells->size[cells->cursor++] = size;
    if (cells->cursor > cells->count) cells->count = cells->cursor;
    return true;
}

/* The cells of [line]; false: they cannot be told. */
static bool find_cells(const Buffer *line, Cells *cells) {
    const char *p = line->data, *end = p + line->size;
    while (p < end) {
        uint32_t cp = (unsigned char)*p;
        int used = utf8_decode_wtf8(p, end, &cp);
        if (!used) used = 1;
        if (cp == '\r') cells->cursor = 0;
        else if (cp == '\b') cells->cursor -= cells->cursor > 0;
        else if (cp < ' ' || !put_cell(cells, p, (size_t)used)) return false;
        p += used;
    }
    return true;
}

/* Make [line] as short as it can be. */
static void compress(Buffer *line) {
    Cells cells = {.count = 0};
    if (!find_cells(line, &cells)) {
        if (line->size > MOST_BYTES) line->size = 0;
        return;
    }
    Buffer out = {0};
    for (size_t i = 0; i < cells.count; i++) buffer_append(&out, cells.at[i], cells.size[i]);
    for (size_t i = cells.count; i > cells.cursor; i--) buffer_putc(&out, '\b');
    buffer_free(line);
    *line = out;
}

static void remember(Buffer *line, const char *data, size_t size) {
    const char *newline = memrchr(data, '\n', size);
    if (newline) line->size = 0;
    const char *rest = newline ? newline + 1 : data;
    buffer_append(line, rest, (size_t)(data + size - rest));
    if (line->size) compress(line);
}

/* ---- writing ---- */

static void write_all(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            poll(&wait, 1, 100);
        } else if (n < 0 && errno != EINTR) {
            return;
        }
        if (n > 0) data += n, size -= (size_t)n;
    }
}

static void write_above(Guard *g, int fd, const char *data, size_t size) {
    Buffer out = {0};
    buffer_append(&out, g->erase.data, g->erase.size);
    if (g->unfinished.size) buffer_puts(&out, "\033[A\r\033[J");
    buffer_append(&out, g->unfinished.data, g->unfinished.size);
    buffer_append(&out, data, size);
    remember(&g->unfinished, data, size);
    if (g->unfinished.size) buffer_putc(&out, '\n');
    buffer_append(&out, g->draw.data, g->draw.size);
    write_all(fd, out.data, out.size);
    buffer_free(&out);
}

bool guard_write(Guard *g, FileCore *core) {
    if (core->fd < 1 || core->fd > 2 || !g->watched[core->fd]) return false;
    const char *data = core->out.data + core->out_start;
    size_t size = core->out.size - core->out_start;
    if (!size) return false;
    if (!g->shown) {
        g->middle = data[size - 1] != '\n';
        return false;
    }
    core->out_start = core->out.size = 0;
    write_above(g, core->fd, data, size);
    return true;
}

void guard_write_error(Guard *g, const char *data, size_t size) {
    if (!size) return;
    if (g->shown && g->watched[2]) write_above(g, 2, data, size);
    else write_all(2, data, size);
}

void guard_show(Guard *g, const Str *before, const Str *erase, const Str *draw) {
    Buffer out = {0};
    buffer_append(&out, before->data, before->size);
    buffer_append(&out, draw->data, draw->size);
    write_all(STDOUT_FILENO, out.data, out.size);
    buffer_free(&out);
    g->erase.size = g->draw.size = 0;
    buffer_append(&g->erase, erase->data, erase->size);
    buffer_append(&g->draw, draw->data, draw->size);
    g->shown = true;
}

void guard_free(Guard *g) {
    if (!g) return;
    buffer_free(&g->erase);
    buffer_free(&g->draw);
    buffer_free(&g->unfinished);
    free(g);
}
