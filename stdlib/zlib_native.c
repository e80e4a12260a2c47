/* SPDX-License-Identifier: MIT */
/*
 * zlib: compressed data, on the library of that name.
 *
 * wbits chooses the wrapping: 9 … 15 zlib, the negatives none, 25 … 31 gzip, 41 … 47 (reading only)
 * whichever it is. Read next: stdlib/gzip.tul.
 */
#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "stdlib/stdlib.h"
#include "vm/bytes.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Stream {
    Object header;
    z_stream z;
    bool open, compressing, eof;
    Value unused, tail, dictionary; /* bytes */
} Stream;

#define STREAM(v) ((Stream *)(uintptr_t)(v))

/* zlib.error: "Error -3 while decompressing data: incorrect header check" */
static Value fail(Thread *t, const char *doing, int code, const char *message) {
    Class *error = stdlib_of(t)->classes[CLASS_ZLIB_ERROR];
    if (!message) message = code == Z_BUF_ERROR ? "incomplete or truncated stream" : NULL;
    return message ? raise_class(t, error, "Error %d %s: %s", code, doing, message)
                   : raise_class(t, error, "Error %d %s", code, doing);
}

static Value fail_plainly(Thread *t, const char *message) {
    return raise_class(t, stdlib_of(t)->classes[CLASS_ZLIB_ERROR], "%s", message);
}

/* ---- running a stream ---- */

/* Give zlib the next stretch of what is left of the input. */
static void feed(z_stream *z, const uint8_t **data, size_t *left) {
    if (z->avail_in || !*left) return;
    z->avail_in = *left > UINT_MAX ? UINT_MAX : (uInt)*left;
    z->next_in = (Bytef *)*data;
    *data += z->avail_in;
    *left -= z->avail_in;
}

/* Put all of [data] through, appending to [out], at most [limit] bytes unless that is 0. Returns
 * zlib's last status; *rest is what was not used. */
static int run(z_stream *z, bool compressing, const uint8_t *data, size_t size, int flush,
               size_t limit, Buffer *out, size_t *rest) {
    int status = Z_OK;
    z->avail_in = 0;
    for (;;) {
        feed(z, &data, &size);
        size_t room = 16384 + out->size / 2, before;
        if (limit && limit - out->size < room) room = limit - out->size;
        if (!room) break;
        if (room > UINT_MAX) room = UINT_MAX;
        z->next_out = (Bytef *)buffer_reserve(out, room);
        z->avail_out = (uInt)room;
        before = out->size;
        status = compressing ? deflate(z, size ? Z_NO_FLUSH : flush)
                             : inflate(z, size || flush == Z_NO_FLUSH ? Z_SYNC_FLUSH : flush);
        out->size = before + (room - z->avail_out);
        if (status != Z_OK && status != Z_BUF_ERROR) break;
        if (z->avail_out && !z->avail_in && !size) break;
        if (status == Z_BUF_ERROR && z->avail_out) break;
    }
    *rest = size + z->avail_in;
    return status;
}

static Value bytes_of(Thread *t, Buffer *out) {
    Value v = object_value(bytes_new(t, out->data, out->size));
    buffer_free(out);
    return v;
}

/* ---- in one go ---- */

static Value compress_all(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size, rest;
    int64_t level, wbits;
    if (!arg_bytes(t, args[0], &data, &size) || !arg_int64(t, args[1], &level) ||
        !arg_int64(t, args[2], &wbits))
        return VALUE_ERROR;
    z_stream z = {0};
    int status = deflateInit2(&z, (int)level, Z_DEFLATED, (int)wbits, 8, Z_DEFAULT_STRATEGY);
    if (status == Z_STREAM_ERROR) return fail_plainly(t, "Bad compression level");
    if (status != Z_OK) return fail(t, "while compressing data", status, z.msg);
    Buffer out = {0};
    status = run(&z, true, data, size, Z_FINISH, 0, &out, &rest);
    deflateEnd(&z);
    if (status == Z_STREAM_END) return bytes_of(t, &out);
    buffer_free(&out);
    return fail(t, "while compressing data", status, z.msg);
}

static Value decompress_all(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size, rest;
    int64_t wbits, room;
    if (!arg_bytes(t, args[0], &data, &size) || !arg_int64(t, args[1], &wbits) ||
        !arg_int64(t, args[2], &room))
        return VALUE_ERROR;
    if (room < 0) return raise_error(t, EXC_ValueError, "bufsize must be non-negative");
    z_stream z = {0};
    int status = inflateInit2(&z, (int)wbits);
    if (status != Z_OK) return fail(t, "while preparing to decompress data", status, z.msg);
    Buffer out = {0};
    status = run(&z, false, data, size, Z_FINISH, 0, &out, &rest);
    Value result = VALUE_ERROR;
    if (status == Z_STREAM_END) result = bytes_of(t, &out);
    else
        fail(t, "while decompressing data", status == Z_OK ? Z_BUF_ERROR : status,
             status == Z_BUF_ERROR || status == Z_OK ? NULL : z.msg);
    inflateEnd(&z);
    buffer_free(&out);
    return result;
}

/* ---- piece by piece ---- */

static Stream *stream_new(Thread *t, StdlibClass cls) {
    Stream *s = object_new(t, stdlib_of(t)->classes[cls], 0);
    s->unused = s->tail = object_value(t->vm->empty_bytes);
    s->dictionary = VALUE_NONE;
    s->compressing = cls == CLASS_COMPRESS;
    return s;
}

/* args: level, method, wbits, memLevel, strategy, zdict. */
static Value compressobj(Thread *t, Value *args) {
    int64_t n[5];
    const uint8_t *dictionary = NULL;
    size_t size = 0;
    for (int i = 0; i < 5; i++) {
        if (!arg_int64(t, args[i], &n[i])) return VALUE_ERROR;
    }
    if (args[5] != VALUE_NONE && !arg_bytes(t, args[5], &dictionary, &size)) return VALUE_ERROR;
    Stream *s = stream_new(t, CLASS_COMPRESS);
    int status = deflateInit2(&s->z, (int)n[0], (int)n[1], (int)n[2], (int)n[3], (int)n[4]);
    if (status == Z_STREAM_ERROR)
        return raise_error(t, EXC_ValueError, "Invalid initialization option");
    if (status != Z_OK) return fail(t, "while creating compression object", status, s->z.msg);
    s->open = true;
    if (dictionary && deflateSetDictionary(&s->z, dictionary, (uInt)size) != Z_OK)
        return raise_error(t, EXC_ValueError, "Invalid dictionary");
    return object_value(s);
}

static Value decompressobj(Thread *t, Value *args) {
    int64_t wbits;
    const uint8_t *dictionary;
    size_t size;
    if (!arg_int64(t, args[0], &wbits)) return VALUE_ERROR;
    if (args[1] != VALUE_NONE && !arg_bytes(t, args[1], &dictionary, &size)) return VALUE_ERROR;
    Stream *s = stream_new(t, CLASS_DECOMPRESS);
    if (inflateInit2(&s->z, (int)wbits) != Z_OK)
        return raise_error(t, EXC_ValueError, "Invalid initialization option");
    s->open = true;
    s->dictionary = args[1];
    return object_value(s);
}

static Value compress_piece(Thread *t, Value *args) {
    Stream *s = STREAM(args[0]);
    const uint8_t *data;
    size_t size, rest;
    if (!arg_bytes(t, args[1], &data, &size)) return VALUE_ERROR;
    Buffer out = {0};
    int status = run(&s->z, true, data, size, Z_NO_FLUSH, 0, &out, &rest);
    if (status == Z_OK || status == Z_BUF_ERROR) return bytes_of(t, &out);
    buffer_free(&out);
    return fail(t, "while compressing data", status, s->z.msg);
}

static Value flush_compressed(Thread *t, Value *args) {
    Stream *s = STREAM(args[0]);
    int64_t mode;
    size_t rest;
    if (!arg_int64(t, args[1], &mode)) return VALUE_ERROR;
    if (mode == Z_NO_FLUSH) return object_value(t->vm->empty_bytes);
    Buffer out = {0};
    int status = run(&s->z, true, NULL, 0, (int)mode, 0, &out, &rest);
    if (status == Z_STREAM_END || status == Z_OK || status == Z_BUF_ERROR) return bytes_of(t, &out);
    buffer_free(&out);
    return fail(t, "while flushing", status, s->z.msg);
}

/* Decompress [data]; what lies behind the end of the stream is unused_data, what did not fit under
 * [limit] unconsumed_tail. */
static Value inflate_piece(Thread *t, Stream *s, const uint8_t *data, size_t size, size_t limit,
                           int flush) {
    Buffer out = {0};
    size_t rest = 0;
    int status = run(&s->z, false, data, size, flush, limit, &out, &rest);
    const uint8_t *dictionary;
    size_t dictionary_size;
    if (status == Z_NEED_DICT && s->dictionary != VALUE_NONE &&
        bytes_like(s->dictionary, &dictionary, &dictionary_size) &&
        inflateSetDictionary(&s->z, dictionary, (uInt)dictionary_size) == Z_OK)
        status = run(&s->z, false, data + (size - rest), rest, flush, limit, &out, &rest);
    if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END) {
        buffer_free(&out);
        return fail(t, "while decompressing data", status, s->z.msg);
    }
    Heap *heap = &t->vm->heap;
    const uint8_t *left = data + (size - rest);
    if (status == Z_STREAM_END) {
        Bytes *unused = bytes_allocate(t, BYTES(s->unused)->size + rest);
        memcpy(unused->data, BYTES(s->unused)->data, BYTES(s->unused)->size);
        if (rest) memcpy(unused->data + BYTES(s->unused)->size, left, rest);
        heap_set(heap, &s->unused, object_value(unused));
        s->eof = true;
    }
    heap_set(heap, &s->tail, object_value(bytes_new(t, rest ? left : (uint8_t *)"", rest)));
    return bytes_of(t, &out);
}

static Value decompress_piece(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    int64_t limit;
    if (!arg_bytes(t, args[1], &data, &size) || !arg_int64(t, args[2], &limit)) return VALUE_ERROR;
    if (limit < 0) return raise_error(t, EXC_ValueError, "max_length must be non-negative");
    return inflate_piece(t, STREAM(args[0]), data, size, (size_t)limit, Z_NO_FLUSH);
}

static Value flush_decompressed(Thread *t, Value *args) {
    int64_t length;
    if (!arg_int64(t, args[1], &length)) return VALUE_ERROR;
    if (length <= 0) return raise_error(t, EXC_ValueError, "length must be greater than zero");
    Stream *s = STREAM(args[0]);
    if (s->eof) return object_value(t->vm->empty_bytes);
    Value *roots = push_roots(t, 1);
    roots[0] = s->tail;
    return inflate_piece(t, s, BYTES(roots[0])->data, BYTES(roots[0])->size, 0, Z_FINISH);
}

static Value copy_stream(Thread *t, Value *args) {
    Stream *s = STREAM(args[0]);
    Stream *copy = stream_new(t, s->compressing ? CLASS_COMPRESS : CLASS_DECOMPRESS);
    int status = s->compressing ? deflateCopy(&copy->z, &s->z) : inflateCopy(&copy->z, &s->z);
    if (status != Z_OK) return raise_error(t, EXC_ValueError, "Inconsistent stream state");
    copy->open = true;
    copy->eof = s->eof;
    copy->unused = s->unused;
    copy->tail = s->tail;
    copy->dictionary = s->dictionary;
    return object_value(copy);
}

static Value get_unused(Thread *t, Value self) { return (void)t, STREAM(self)->unused; }
static Value get_tail(Thread *t, Value self) { return (void)t, STREAM(self)->tail; }
static Value get_eof(Thread *t, Value self) { return (void)t, bool_value(STREAM(self)->eof); }

static const NativeDef compress_methods[] = {
    {"compress", compress_piece, "(self, data, /)", "What data becomes, as far as it is ready."},
    {"flush", flush_compressed, "(self, mode=4, /)", "The rest."},
    {"copy", copy_stream, "(self, /)", "Another one in the same state."},
    {"__copy__", copy_stream, "(self, /)", "Another one in the same state."},
    {"__deepcopy__", copy_stream, "(self, memo, /)", "Another one in the same state."},
    {0},
};
static const NativeDef decompress_methods[] = {
    {"decompress", decompress_piece, "(self, data, /, max_length=0)",
     "What data was, at most max_length bytes of it."},
    {"flush", flush_decompressed, "(self, length=16384, /)", "The rest."},
    {"copy", copy_stream, "(self, /)", "Another one in the same state."},
    {"__copy__", copy_stream, "(self, /)", "Another one in the same state."},
    {"__deepcopy__", copy_stream, "(self, memo, /)", "Another one in the same state."},
    {0},
};
static const FieldDef decompress_fields[] = {
    {"unused_data", get_unused, NULL, "What lies behind the end of the compressed data."},
    {"unconsumed_tail", get_tail, NULL, "What max_length left over."},
    {"eof", get_eof, NULL, "Whether the end of the compressed data was reached."},
    {0},
};

static void trace(Heap *heap, Object *self) {
    heap_shade(heap, ((Stream *)self)->unused);
    heap_shade(heap, ((Stream *)self)->tail);
    heap_shade(heap, ((Stream *)self)->dictionary);
}

static void finalize(Heap *heap, Object *self) {
    Stream *s = (Stream *)self;
    (void)heap;
    if (!s->open) return;
    if (s->compressing) deflateEnd(&s->z);
    else inflateEnd(&s->z);
}

static Value refuse(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames) {
    (void)args, (void)argc, (void)kwnames;
    return raise_error(t, EXC_TypeError, "cannot create 'zlib.%S' instances",
                       object_value(cls->name));
}

static const Slots slots = {.construct = refuse};
static const NativeClass compress_class = {.kind = OBJ_NATIVE_DATA,
                                           .name = "Compress",
                                           .slots = &slots,
                                           .methods = compress_methods,
                                           .size = sizeof(Stream),
                                           .trace = trace,
                                           .finalize = finalize};
static const NativeClass decompress_class = {.kind = OBJ_NATIVE_DATA,
                                             .name = "Decompress",
                                             .slots = &slots,
                                             .methods = decompress_methods,
                                             .fields = decompress_fields,
                                             .size = sizeof(Stream),
                                             .trace = trace,
                                             .finalize = finalize};

/* ---- checksums ---- */

static bool checksum_start(Thread *t, Value v, uLong *out) {
    Value start = value_index(t, v);
    if (start == VALUE_ERROR) return false;
    *out = (uLong)fixnum_of(int_binary(t, BINARY_AND, start, fixnum(0xffffffff)));
    return true;
}

static Value zlib_crc32(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    uLong start;
    if (!arg_bytes(t, args[0], &data, &size) || !checksum_start(t, args[1], &start))
        return VALUE_ERROR;
    return fixnum((int64_t)crc32_z(start, data, size));
}

static Value zlib_adler32(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    uLong start;
    if (!arg_bytes(t, args[0], &data, &size) || !checksum_start(t, args[1], &start))
        return VALUE_ERROR;
    return fixnum((int64_t)adler32_z(start, data, size));
}

/* ---- the module ---- */

static const NativeDef functions[] = {
    {"compress", compress_all, "(data, /, level=-1, wbits=15)", "data, compressed."},
    {"decompress", decompress_all, "(data, /, wbits=15, bufsize=16384)", "What was compressed."},
    {"compressobj", compressobj,
     "(level=-1, method=8, wbits=15, memLevel=8, strategy=0, zdict=None)",
     "An object that compresses piece by piece."},
    {"decompressobj", decompressobj, "(wbits=15, zdict=None)",
     "An object that decompresses piece by piece."},
    {"crc32", zlib_crc32, "(data, value=0, /)", "CRC-32, going on from value."},
    {"adler32", zlib_adler32, "(data, value=1, /)", "Adler-32, going on from value."},
    {0},
};

static bool init(Thread *t, Module *m) {
    static const IntConstant constants[] = {INT_CONSTANT(Z_NO_COMPRESSION),
                                            INT_CONSTANT(Z_BEST_SPEED),
                                            INT_CONSTANT(Z_BEST_COMPRESSION),
                                            INT_CONSTANT(Z_FILTERED),
                                            INT_CONSTANT(Z_HUFFMAN_ONLY),
                                            INT_CONSTANT(Z_RLE),
                                            INT_CONSTANT(Z_FIXED),
                                            INT_CONSTANT(Z_DEFAULT_STRATEGY),
                                            INT_CONSTANT(Z_NO_FLUSH),
                                            INT_CONSTANT(Z_PARTIAL_FLUSH),
                                            INT_CONSTANT(Z_SYNC_FLUSH),
                                            INT_CONSTANT(Z_FULL_FLUSH),
                                            INT_CONSTANT(Z_FINISH),
                                            INT_CONSTANT(Z_BLOCK),
                                            INT_CONSTANT(Z_TREES),
                                            INT_CONSTANT(MAX_WBITS),
                                            {"DEFLATED", Z_DEFLATED},
                                            {"DEF_MEM_LEVEL", 8},
                                            {"DEF_BUF_SIZE", 16384},
                                            {"Z_DEFAULT_COMPRESSION", -1}};
    module_set_constants(t, m, constants, sizeof constants / sizeof *constants);
    module_set(t, m, "ZLIB_VERSION", object_value(str_from(t, ZLIB_VERSION)));
    module_set(t, m, "ZLIB_RUNTIME_VERSION", object_value(str_from(t, zlibVersion())));
    stdlib_class(t, CLASS_COMPRESS, NULL, &compress_class, "zlib", NULL);
    stdlib_class(t, CLASS_DECOMPRESS, NULL, &decompress_class, "zlib", NULL);
    return stdlib_error_class(t, CLASS_ZLIB_ERROR, m, "error", "zlib",
                              EXCEPTION_CLASS(t, Exception)) != NULL;
}

const NativeModule zlib_module = {
    .name = "zlib", .doc = "Compressed data.", .functions = functions, .init = init};
