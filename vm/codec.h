/* SPDX-License-Identifier: MIT */
/* Encodings: str ↔ bytes. See vm/codec.c (names, error handlers, encoding)
 * and vm/codec_decode.c. */
#ifndef TULIP_VM_CODEC_H
#define TULIP_VM_CODEC_H

#include "vm/str.h"

typedef enum Codec {
    CODEC_UTF_8,
    CODEC_UTF_8_SIG,
    CODEC_ASCII,
    CODEC_LATIN_1,
    CODEC_UTF_16,
    CODEC_UTF_16_LE,
    CODEC_UTF_16_BE,
    CODEC_UTF_32,
    CODEC_UTF_32_LE,
    CODEC_UTF_32_BE,
    CODEC_COUNT
} Codec;

typedef enum ErrorHandler {
    ERRORS_STRICT,
    ERRORS_IGNORE,
    ERRORS_REPLACE,
    ERRORS_BACKSLASHREPLACE,
    ERRORS_XMLCHARREFREPLACE,
    ERRORS_SURROGATEESCAPE,
    ERRORS_SURROGATEPASS,
    ERRORS_UNKNOWN
} ErrorHandler;

/* The codec called [name] in any spelling (utf8, UTF_8; NULL: UTF-8). False: LookupError. */
bool codec_find(Thread *t, const char *name, Codec *out) MUST_CHECK;
/* The name that error messages give the codec. */
const char *codec_name(Codec codec);
/* The handler called [name]; NULL is strict. An unknown name matters only once it is needed. */
ErrorHandler codec_errors(const char *name);

/* [text] encoded; [encoding] and [errors] may be NULL. UnicodeEncodeError, LookupError. */
Bytes *codec_encode(Thread *t, Str *text, const char *encoding, const char *errors) MUST_CHECK;
/* [size] bytes decoded; UnicodeDecodeError, LookupError. */
Str *codec_decode(Thread *t, const uint8_t *data, size_t size, const char *encoding,
                  const char *errors) MUST_CHECK;

/* Raise UnicodeEncodeError / UnicodeDecodeError for [start, end) (code points / bytes). Return
 * VALUE_ERROR. */
Value unicode_raise_encode(Thread *t, const char *encoding, Str *text, size_t start, size_t end,
                           const char *reason);
Value unicode_raise_decode(Thread *t, const char *encoding, const uint8_t *data, size_t size,
                           size_t start, size_t end, const char *reason);
/* LookupError: unknown error handler name. */
Value codec_raise_handler(Thread *t, const char *errors);

#endif
