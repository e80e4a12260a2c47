/* SPDX-License-Identifier: MIT */
/*
 * _json: the parts of json that are C. A Scanner turns text into values, an Encoder values into
 * text; both are objects that json.decoder and json.encoder call.
 *
 * Positions that programs see count characters; inside, everything is an offset in bytes.
 * Read next: stdlib/json_decode.c, stdlib/json_encode.c, stdlib/json_text.c (strings).
 */
#ifndef TULIP_STDLIB_JSON_NATIVE_H
#define TULIP_STDLIB_JSON_NATIVE_H

#include "common/buffer.h"
#include "stdlib/stdlib.h"

enum { JSON_KEY_CACHE = 64 };

/* One scan of one text. What it points to is rooted by whoever began it. */
typedef struct JsonScan {
    Thread *t;
    Str *text;
    const char *end;
    bool strict;
    Buffer scratch;            /* a string with escapes, being put together */
    Str *keys[JSON_KEY_CACHE]; /* keys met, by a hash of their bytes; emptied when others may run */
} JsonScan;

/* JSONDecodeError(message, text, position) for byte [at]. Returns VALUE_ERROR. */
Value json_raise(JsonScan *scan, const char *message, const char *at);
/* The string whose first character (behind the quote) is at [*p], which moves behind its end; NULL
 * raised. As a [key] it may be one that the scan has met. */
Str *json_scan_string(JsonScan *scan, const char **p, bool key) MUST_CHECK;
/* Forget the keys, which a collection may take away. */
void json_forget_keys(JsonScan *scan);

/* Append [text] in quotes; [ascii]: with everything beyond ASCII escaped. */
void json_put_string(Buffer *out, const Str *text, bool ascii);
/* encode_basestring_ascii(), which the encoder knows and does not call. */
Value json_encode_ascii(Thread *t, Value *args);
Value json_encode_text(Thread *t, Value *args);
Value json_scanstring(Thread *t, Value *args);

/* Put the classes into the module. */
void json_scanner_init(Thread *t, Module *module);
void json_encoder_init(Thread *t, Module *module);

#endif
