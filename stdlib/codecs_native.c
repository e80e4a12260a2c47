/* SPDX-License-Identifier: MIT */
/*
 * _codecs: encoding and decoding by name, as functions.
 *
 * The encodings themselves are the vm's (vm/codec.h); str.encode and bytes.decode are the same
 * things as methods. Read next: stdlib/codecs.tul.
 */
#include <string.h>

#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/codec.h"
#include "vm/exception.h"
#include "vm/str.h"

/* An optional str argument as C text: NULL when it was not given; false raised. */
static bool optional_text(Thread *t, Value v, const char *what, const char **out) {
    Str *text;
    *out = NULL;
    if (v == VALUE_UNSET || v == VALUE_NONE) return true;
    if (!arg_str(t, v, what, &text)) return false;
    *out = text->data;
    return true;
}

static Value encode(Thread *t, Value *args) {
    const char *encoding, *errors;
    if (!optional_text(t, args[1], "encode() argument 'encoding'", &encoding) ||
        !optional_text(t, args[2], "encode() argument 'errors'", &errors))
        return VALUE_ERROR;
    if (!is_str(args[0]))
        return raise_error(t, EXC_TypeError, "encode() argument 1 must be str, not %T", args[0]);
    Bytes *bytes = codec_encode(t, STR(args[0]), encoding, errors);
    return bytes ? object_value(bytes) : VALUE_ERROR;
}

static Value decode(Thread *t, Value *args) {
    const char *encoding, *errors;
    const uint8_t *data;
    size_t size;
    if (!optional_text(t, args[1], "decode() argument 'encoding'", &encoding) ||
        !optional_text(t, args[2], "decode() argument 'errors'", &errors))
        return VALUE_ERROR;
    if (!bytes_like(args[0], &data, &size))
        return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", args[0]);
    Str *text = codec_decode(t, data, size, encoding, errors);
    return text ? object_value(text) : VALUE_ERROR;
}

static Value is_known(Thread *t, Value *args) {
    Str *name;
    Codec codec;
    if (!arg_str(t, args[0], "lookup() argument", &name)) return VALUE_ERROR;
    return bool_value(codec_known(name->data, &codec));
}

static Value name_of_charmap(Thread *t, Value *args) {
    Str *name;
    Codec codec;
    if (!arg_str(t, args[0], "lookup() argument", &name)) return VALUE_ERROR;
    if (!codec_known(name->data, &codec) || codec < CODEC_CHARMAP) return VALUE_NONE;
    return object_value(str_from(t, charmap_name((int)(codec - CODEC_CHARMAP))));
}

static const NativeDef functions[] = {
    {"is_known", is_known, "(encoding, /)", "Whether it is one of the machine's encodings."},
    {"name_of_charmap", name_of_charmap, "(encoding, /)", "The plain name of cp1252 and others."},
    {"encode", encode, "(obj, encoding=?, errors=?)", "The bytes of a str in an encoding."},
    {"decode", decode, "(obj, encoding=?, errors=?)", "The str that bytes in an encoding are."},
    {0},
};

const NativeModule _codecs_module = {
    .name = "_codecs", .doc = "Encodings.", .functions = functions};
