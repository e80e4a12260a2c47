/* SPDX-License-Identifier: MIT */
/* How a stage of the pipeline is listed: for people, in colour or not, or as JSON for tools.
 *
 * Tokens, syntax trees and bytecode are listed by the folders that know them; what they share is
 * here: the choice, the colours, the line of source above each group, JSON's strings.
 *
 * Read next: lexer/dump.c, parser/dump.c, vm/disassemble.c.
 */
#ifndef TULIP_COMMON_LISTING_H
#define TULIP_COMMON_LISTING_H

#include <stdbool.h>

#include "common/buffer.h"
#include "common/source.h"

typedef struct Listing {
    bool color, json;
    bool lines;  /* trees: the source line of each statement beside it */
    bool caches; /* bytecode: the words in which instructions remember what they found */
} Listing;

typedef enum Paint { PAINT_LINE, PAINT_NAME, PAINT_VALUE, PAINT_JUMP, PAINT_DIM } Paint;

/* Append [text], painted if that is wanted. */
void listing_put(const Listing *how, Buffer *out, Paint paint, const char *text);
/* Append "[number] │ the line": number and [text] of a source line, ended by '\n'. */
void listing_put_line(const Listing *how, Buffer *out, uint32_t number, const char *text,
                      size_t size);
/* Append [text] as a JSON string; what is no UTF-8 is replaced. */
void listing_put_json(Buffer *out, const char *text, size_t size);

#endif
