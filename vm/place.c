/* SPDX-License-Identifier: MIT */
/*
 * Positions in programs. Reports name the line of the program that is to blame, so levels of the
 * library above it are passed over, and mark the expression in it.
 *
 * Read next: loop/report.c, vm/unstarted.c.
 */
#include "vm/place.h"

#include "common/utf8.h"
#include "vm/frame.h"
#include "vm/str.h"

static Place place_of(const Frame *frame) {
    if (!frame) return (Place){0};
    return (Place){frame_code(frame), frame_pc(frame)};
}

Place place_here(const Thread *t) { return place_of(t->frame); }

Place place_in_program(const Thread *t) {
    const Frame *frame = frame_of_program(t->frame);
    return place_of(frame ? frame : t->frame);
}

/* ---- the source text ---- */

/* Bytes of the first [columns] code points. */
static size_t bytes_of_columns(const char *text, size_t size, unsigned columns) {
    size_t at = 0;
    uint32_t c;
    for (; columns && at < size; columns--) {
        int n = utf8_decode_wtf8(text + at, text + size, &c);
        at += n > 0 ? (size_t)n : 1;
    }
    return at;
}

bool place_source(Thread *t, Place place, Buffer *line, size_t *start, size_t *end) {
    CodePosition at = code_position(place.code, place.pc);
    if (!t->vm->hooks.source_line ||
        !t->vm->hooks.source_line(t->vm, place.code->filename->data, (int)at.line, line))
        return false;
    line->size = strcspn(line->data, "\r\n");
    *start = *end = 0;
    if (at.line != at.end_line || at.end_column == UINT16_MAX || at.column >= at.end_column)
        return true;
    *start = bytes_of_columns(line->data, line->size, at.column);
    *end = bytes_of_columns(line->data, line->size, at.end_column);
    return true;
}

bool place_expression(Thread *t, Place place, Buffer *out) {
    Buffer line = {0};
    size_t start, end = 0;
    if (place.code && place_source(t, place, &line, &start, &end) && end > start)
        buffer_append(out, line.data + start, end - start);
    buffer_free(&line);
    return end > 0;
}
