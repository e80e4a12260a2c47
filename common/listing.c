/* SPDX-License-Identifier: MIT */
/*
 * Colours are the basic ones, which every terminal has in shades that fit its background.
 *
 * Read next: common/listing.h.
 */
#include "common/listing.h"

#include <inttypes.h>

#include "common/utf8.h"

static const char *const styles[] = {
    [PAINT_LINE] = "\x1b[36m", [PAINT_NAME] = "\x1b[1m", [PAINT_VALUE] = "\x1b[32m",
    [PAINT_JUMP] = "\x1b[35m", [PAINT_DIM] = "\x1b[2m",
};

void listing_put(const Listing *how, Buffer *out, Paint paint, const char *text) {
    if (how->color) buffer_puts(out, styles[paint]);
    buffer_puts(out, text);
    if (how->color) buffer_puts(out, "\x1b[0m");
}

void listing_put_line(const Listing *how, Buffer *out, uint32_t number, const char *text,
                      size_t size) {
    if (how->color) buffer_puts(out, styles[PAINT_LINE]);
    buffer_printf(out, "%5" PRIu32 " │ ", number);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F) buffer_putc(out, '?');
        else buffer_putc(out, (char)c);
    }
    if (how->color) buffer_puts(out, "\x1b[0m");
    buffer_putc(out, '\n');
}

void listing_put_json(Buffer *out, const char *text, size_t size) {
    buffer_putc(out, '"');
    for (const char *p = text, *end = text + size; p < end;) {
        uint32_t cp = 0;
        int used = utf8_decode(p, end, &cp);
        if (!used) buffer_puts(out, "\\ufffd");
        else if (cp == '"' || cp == '\\') buffer_printf(out, "\\%c", (char)cp);
        else if (cp < 0x20 || cp == 0x7F) buffer_printf(out, "\\u%04x", cp);
        else buffer_append(out, p, (size_t)used);
        p += used ? used : 1;
    }
    buffer_putc(out, '"');
}
