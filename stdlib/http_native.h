/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1 as bytes: what the module `_http` is made of.
 *
 * A Parser takes the bytes of one connection, in pieces of any size, and gives messages. Heads are
 * collected until they are whole; http_scan_head then decides line by line what is allowed, more
 * strictly than llhttp does, and llhttp decides what the head means (length, chunks, connection)
 * and takes the body apart. Both must agree on every head, so that no other reader of the same
 * bytes is likely to see other messages in them than we do.
 *
 * Invariants: a Message never changes after its end; its spans lie inside its head.
 * Read next: stdlib/http_scan.c, stdlib/http_parser.c, stdlib/http_message.c.
 */
#ifndef TULIP_STDLIB_HTTP_NATIVE_H
#define TULIP_STDLIB_HTTP_NATIVE_H

#include <llhttp.h>

#include "stdlib/stdlib.h"

/* A piece of a head. */
typedef struct HttpSpan {
    uint32_t start, size;
} HttpSpan;

typedef struct HttpField {
    HttpSpan name, value;
} HttpField;

typedef struct HttpLimits {
    uint32_t line;   /* bytes of the first line */
    uint32_t fields; /* how many headers */
    uint32_t field;  /* bytes of one header */
    uint32_t head;   /* bytes of the whole head, and of the trailers */
} HttpLimits;

/* What the scan of a head found. */
typedef struct HttpHead {
    HttpSpan method, target; /* of a request */
    HttpSpan reason;         /* of a response */
    int status;              /* of a response */
    int minor;               /* HTTP/1.minor */
    int error;               /* the status to answer with, 0: none */
    const char *problem;     /* what is wrong, when there is an error */
    bool expects;            /* Expect: 100-continue */
    uint32_t count;
    HttpField *fields; /* [limits.fields] of them, the caller's */
} HttpHead;

typedef struct HttpMessage {
    Object header;
    Value head;           /* bytes */
    Value fields;         /* bytes: HttpField … */
    Value method, target; /* str of a request, otherwise VALUE_NONE */
    Value body;           /* bytes: what had come of it when the message was given out */
    HttpSpan reason;
    uint32_t count;
    int status, minor;
    int64_t length; /* Content-Length, -1: none */
    bool keep_alive, chunked, complete, expects;
} HttpMessage;

#define HTTP_MESSAGE(v) ((HttpMessage *)(uintptr_t)(v))

typedef enum HttpState { HTTP_IN_HEAD, HTTP_IN_BODY, HTTP_DONE } HttpState;

/* Where the bytes of a chunked body are, seen apart from llhttp. */
typedef enum ChunkState {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER,
    CHUNK_TRAILER_LINE,
    CHUNK_TRAILER_LF,
    CHUNK_LAST_LF,
    CHUNK_END,
} ChunkState;

typedef struct HttpChunks {
    ChunkState state;
    uint64_t left;     /* of the chunk */
    uint32_t digits;   /* of its size so far */
    uint32_t overhead; /* bytes of this size line, or of the trailers */
} HttpChunks;

typedef struct HttpParser {
    Object header;
    llhttp_t llhttp;
    bool is_request;
    bool skip_body; /* the next response answers HEAD */
    bool switched;  /* a response was 101: what follows it is no HTTP, and is kept for rest() */
    HttpState state;
    HttpLimits limits;
    HttpChunks chunks;
    Buffer pending;       /* the beginning of a head */
    Buffer body;          /* of the message under way, in this feed */
    HttpMessage *message; /* under way, or NULL */
    List *events;         /* during a feed */
    bool given;           /* the message was given out by an earlier feed */
    Value error;          /* (status, text) or VALUE_NONE */
    size_t scanned;       /* bytes of [pending] known to hold no end of a head */
} HttpParser;

#define HTTP_PARSER(v) ((HttpParser *)(uintptr_t)(v))

/* ---- stdlib/http_scan.c ---- */

/* The size of the head that [data] begins with, its empty line included; 0: it is not whole.
 * [from]: where to begin to look. */
size_t http_head_size(const char *data, size_t size, size_t from);
/* Check a whole head and find its parts in [out]; out->error says whether it may be used. */
void http_scan_head(const char *data, size_t size, bool is_request, const HttpLimits *limits,
                    HttpHead *out);
/* What is wrong already with the beginning of a head, into [out]. */
void http_scan_beginning(const char *data, size_t size, bool is_request, const HttpLimits *limits,
                         HttpHead *out);
/* Follow [size] bytes of a chunked body. NULL: they are well-formed, and [*used] of them belong to
 * it; otherwise what is wrong. */
const char *http_scan_chunks(HttpChunks *chunks, const char *data, size_t size, uint32_t limit,
                             size_t *used);

/* ---- stdlib/http_parser.c, http_message.c, http_respond.c ---- */

extern const NativeClass http_parser_class, http_message_class, http_composer_class;
HttpMessage *http_message_new(Thread *t, const char *data, size_t size, const HttpHead *head,
                              bool is_request);
/* The value of the first header [name] (lower case), or a span of size 0 at 0: there is none. */
HttpSpan http_message_find(const HttpMessage *message, const char *name, size_t size);

#endif
