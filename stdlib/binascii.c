/* SPDX-License-Identifier: MIT */
/*
 * binascii: bytes as hexadecimal and base64 text, and back.
 * Read next: stdlib/base64.tul.
 */
#include <string.h>
#include <zlib.h>

#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

static Value fail(Thread *t, const char *message) {
    return raise_class(t, stdlib_of(t)->classes[CLASS_BINASCII_ERROR], "%s", message);
}

/* What is decoded may also be an ASCII str. */
static bool ascii_of(Thread *t, Value v, const uint8_t **data, size_t *size) {
    if (bytes_like(v, data, size)) return true;
    if (!is_str(v)) {
        raise_error(t, EXC_TypeError, "argument should be bytes, buffer or ASCII string, not '%T'",
                    v);
        return false;
    }
    if (!str_is_ascii(STR(v))) {
        raise_error(t, EXC_ValueError, "string argument should contain only ASCII characters");
        return false;
    }
    *data = (const uint8_t *)STR(v)->data;
    *size = STR(v)->size;
    return true;
}

/* ---- hexadecimal ---- */

static Value hexlify(Thread *t, Value *args) {
    if (!is_bytes_like(args[0]))
        return raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", args[0]);
    Value text = call_method(t, args[0], str_intern(t->vm, "hex", 3), args + 1,
                             args[1] == VALUE_UNSET ? 0 : 2);
    if (text == VALUE_ERROR) return VALUE_ERROR;
    return object_value(bytes_new(t, STR(text)->data, STR(text)->size));
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static Value unhexlify(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    if (!ascii_of(t, args[0], &data, &size)) return VALUE_ERROR;
    if (size % 2) return fail(t, "Odd-length string");
    Bytes *out = bytes_allocate(t, size / 2);
    for (size_t i = 0; i < size / 2; i++) {
        int high = hex_value(data[2 * i]), low = hex_value(data[2 * i + 1]);
        if (high < 0 || low < 0) return fail(t, "Non-hexadecimal digit found");
        out->data[i] = (uint8_t)(high << 4 | low);
    }
    return object_value(out);
}

/* ---- base64 ---- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static Value b2a_base64(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    int newline = value_truth(t, args[1]);
    if (newline < 0 || !arg_bytes(t, args[0], &data, &size)) return VALUE_ERROR;
    if (!str_memory_fits(t, size / 3 * 4 + 8)) return VALUE_ERROR;
    Bytes *out = bytes_allocate(t, (size + 2) / 3 * 4 + (size_t)newline);
    uint8_t *p = out->data;
    for (size_t i = 0; i < size; i += 3, p += 4) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)data[i] << 16 | (left > 1 ? (uint32_t)data[i + 1] << 8 : 0) |
                        (left > 2 ? data[i + 2] : 0);
        p[0] = (uint8_t)alphabet[bits >> 18];
        p[1] = (uint8_t)alphabet[bits >> 12 & 63];
        p[2] = left > 1 ? (uint8_t)alphabet[bits >> 6 & 63] : '=';
        p[3] = left > 2 ? (uint8_t)alphabet[bits & 63] : '=';
    }
    if (newline) *p = '\n';
    return object_value(out);
}

/* The place of each byte in the alphabet, 64 for none. */
static void fill_places(uint8_t places[256]) {
    memset(places, 64, 256);
    for (uint8_t i = 0; i < 64; i++) places[(uint8_t)alphabet[i]] = i;
}

/* One base64 text being decoded. */
typedef struct Decoding {
    Buffer out;
    uint32_t bits;
    int digits; /* of the group of four */
    int pads;
    bool padding_started;
} Decoding;

/* The next byte of the text; NULL, or what is wrong with it. [*done]: the end was reached. */
static const char *decode_byte(Decoding *d, uint8_t c, const uint8_t places[256], bool strict,
                               bool last, bool *done) {
    if (c == '=') {
        d->padding_started = true;
        if (strict && !d->digits && !d->out.size) return "Leading padding not allowed";
        if (d->digits >= 2 && d->digits + ++d->pads >= 4) {
            *done = true;
            return strict && !last ? "Excess data after padding" : NULL;
        }
        return NULL;
    }
    if (places[c] == 64) return strict ? "Only base64 data is allowed" : NULL;
    if (strict && d->padding_started) return "Discontinuous padding not allowed";
    d->pads = 0;
    d->bits = d->bits << 6 | places[c];
    switch (d->digits) {
    case 0: d->digits = 1; return NULL;
    case 1: buffer_putc(&d->out, (char)(d->bits >> 4)); break;
    case 2: buffer_putc(&d->out, (char)(d->bits >> 2)); break;
    default: buffer_putc(&d->out, (char)d->bits); break;
    }
    d->digits = (d->digits + 1) % 4;
    return NULL;
}

static Value a2b_base64(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    uint8_t places[256];
    int strict = value_truth(t, args[1]);
    if (strict < 0 || !ascii_of(t, args[0], &data, &size)) return VALUE_ERROR;
    fill_places(places);
    Decoding d = {0};
    const char *wrong = NULL;
    bool done = false;
    for (size_t i = 0; i < size && !wrong && !done; i++)
        wrong = decode_byte(&d, data[i], places, strict, i + 1 == size, &done);
    Str *message = NULL;
    if (!wrong && !done && d.digits == 1)
        message = str_format(t,
                             "Invalid base64-encoded string: number of data characters (%zu) "
                             "cannot be 1 more than a multiple of 4",
                             d.out.size / 3 * 4 + 1);
    else if (!wrong && !done && d.digits) wrong = "Incorrect padding";
    Value result = VALUE_ERROR;
    if (message || wrong) fail(t, message ? message->data : wrong);
    else result = object_value(bytes_new(t, d.out.data, d.out.size));
    buffer_free(&d.out);
    return result;
}

/* ---- checksums ---- */

static Value checksum(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    Value start = value_index(t, args[1]);
    if (start == VALUE_ERROR || !arg_bytes(t, args[0], &data, &size)) return VALUE_ERROR;
    Value low = int_binary(t, BINARY_AND, start, fixnum(0xffffffff));
    return fixnum((int64_t)crc32_z((uLong)fixnum_of(low), data, size));
}

static const NativeDef functions[] = {
    {"hexlify", hexlify, "(data, sep=?, bytes_per_sep=1)", "Two digits for every byte."},
    {"b2a_hex", hexlify, "(data, sep=?, bytes_per_sep=1)", "Two digits for every byte."},
    {"unhexlify", unhexlify, "(hexstr, /)", "The bytes of hexadecimal digits."},
    {"a2b_hex", unhexlify, "(hexstr, /)", "The bytes of hexadecimal digits."},
    {"b2a_base64", b2a_base64, "(data, /, *, newline=True)", "A line of base64."},
    {"a2b_base64", a2b_base64, "(data, /, *, strict_mode=False)", "The bytes of base64 text."},
    {"crc32", checksum, "(data, crc=0, /)", "CRC-32, going on from crc."},
    {0},
};

static bool init(Thread *t, Module *m) {
    return stdlib_error_class(t, CLASS_BINASCII_ERROR, m, "Error", "binascii",
                              EXCEPTION_CLASS(t, ValueError)) &&
           stdlib_error_class(t, CLASS_BINASCII_INCOMPLETE, m, "Incomplete", "binascii",
                              EXCEPTION_CLASS(t, Exception));
}

const NativeModule binascii_module = {.name = "binascii",
                                      .doc = "Bytes as text: hexadecimal and base64.",
                                      .functions = functions,
                                      .init = init};
