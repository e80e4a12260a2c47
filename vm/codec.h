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
    CODEC_UNICODE_ESCAPE,
    CODEC_RAW_UNICODE_ESCAPE,
    CODEC_CHARMAP, /* + the number of one in vm/charmaps.def */
} Codec;

/* In a charmap's table: the byte has no character. */
#define CHARMAP_NOTHING 0xFFFE
/* The number of the charmap called [name] (in lower case, - for separators); -1: there is none.
 * vm/charmap.c. */
int charmap_find(const char *name);
/* What CPython calls it. */
const char *charmap_name(int number);
/* The characters of its bytes 0x80 to 0xff. */
void charmap_read(int number, uint16_t table[128]);
/* The byte of [c]; -1: it has none. */
int charmap_byte(const uint16_t table[128], uint32_t c);

typedef enum ErrorHandler {
    ERRORS_STRICT,
    ERRORS_IGNORE,
    ERRORS_REPLACE,
    ERRORS_BACKSLASHREPLACE,
    ERRORS_XMLCHARREFREPLACE,
    ERRORS_SURROGATEESCAPE,
    ERRORS_SURROGATEPASS,
    ERRORS_NAMEREPLACE,
    ERRORS_UNKNOWN
} ErrorHandler;

/* The codec called [name] in any spelling (utf8, UTF_8; NULL: UTF-8). False: there is none. */
bool codec_known(const char *name, Codec *out);
/* LookupError: no such encoding. */
Value codec_raise_unknown(Thread *t, const char *name);
/* The name that error messages give the codec. */
const char *codec_name(Codec codec);
/* The handler called [name]; NULL is strict. An unknown name matters only once it is needed. */
ErrorHandler codec_errors(const char *name);

/* By what the program has registered with the module codecs: vm/codec_registered.c. These run
 * Tulip code; LookupError if there is nothing. */
Bytes *codec_encode_registered(Thread *t, Str *text, const char *encoding,
                               const char *errors) MUST_CHECK;
Str *codec_decode_registered(Thread *t, const uint8_t *data, size_t size, const char *encoding,
                             const char *errors) MUST_CHECK;

/* What the error handler registered as [errors] says to [exception], a UnicodeError about [length]
 * items: *replacement (str, or bytes when encoding; the caller roots it) and *position, from which
 * to go on. False: raised. */
bool codec_call_handler(Thread *t, const char *errors, Value exception, size_t length,
                        Value *replacement, size_t *position) MUST_CHECK;

/* [text] encoded; [encoding] and [errors] may be NULL. UnicodeEncodeError, LookupError. */
Bytes *codec_encode(Thread *t, Str *text, const char *encoding, const char *errors) MUST_CHECK;
/* [size] bytes decoded; UnicodeDecodeError, LookupError. */
Str *codec_decode(Thread *t, const uint8_t *data, size_t size, const char *encoding,
                  const char *errors) MUST_CHECK;

/* What decoding is in the middle of. */
typedef struct Decoder {
    Thread *t;
    const uint8_t *data;
    size_t size;
    Codec codec;      /* decides how to read */
    const char *name; /* for messages */
    const char *errors;
    ErrorHandler handler;
    Buffer out;
    uint16_t table[128]; /* of a charmap */
} Decoder;

/* Apply the handler to the [size] bytes at [at], in error for [reason]: how far to go on from [at]
 * (modulo 2^64: registered handlers may go back), 0 raised. vm/codec_decode.c. */
size_t decoder_handle(Decoder *d, size_t at, size_t size, const char *reason) MUST_CHECK;
/* unicode_escape and raw_unicode_escape, both ways: vm/codec_escape.c. False: raised. */
bool codec_decode_escapes(Decoder *d) MUST_CHECK;
void codec_encode_escapes(Buffer *out, const Str *text, bool raw);

/* Raise UnicodeEncodeError / UnicodeDecodeError for [start, end) (code points / bytes). Return
 * VALUE_ERROR. */
Value unicode_raise_encode(Thread *t, const char *encoding, Str *text, size_t start, size_t end,
                           const char *reason);
Value unicode_raise_decode(Thread *t, const char *encoding, const uint8_t *data, size_t size,
                           size_t start, size_t end, const char *reason);
/* LookupError: unknown error handler name. */
Value codec_raise_handler(Thread *t, const char *errors);

#endif
