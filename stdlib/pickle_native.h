/* SPDX-License-Identifier: MIT */
/*
 * _pickle: objects to bytes and back, protocols 0 to 5 as CPython defines them.
 *
 * A Pickler writes a program for a small stack machine; an Unpickler runs it. Both are objects with
 * the callbacks of their users; dumps() and loads() make one for a single use. The opcodes are in
 * stdlib/pickle_opcodes.def.
 *
 * Writing: stdlib/pickle_write.c (bytes, frames, memo), stdlib/pickle_save.c (built-in kinds),
 * stdlib/pickle_reduce.c (everything else), stdlib/pickler.c (the class).
 * Reading: stdlib/pickle_read.c (input), stdlib/pickle_load.c (the machine), stdlib/pickle_build.c
 * (its instructions that make objects), stdlib/unpickler.c (the class).
 */
#ifndef TULIP_STDLIB_PICKLE_NATIVE_H
#define TULIP_STDLIB_PICKLE_NATIVE_H

#include "common/buffer.h"
#include "stdlib/stdlib.h"

enum { PICKLE_HIGHEST = 5, PICKLE_DEFAULT = 4, PICKLE_BATCH = 1000 };

typedef enum PickleOp {
#define PICKLE_OP(NAME, CODE) PICKLE_##NAME = CODE,
#include "stdlib/pickle_opcodes.def"
#undef PICKLE_OP
} PickleOp;

/* What was written already: object → number, by identity. */
typedef struct MemoEntry {
    Value v; /* 0: free */
    uint32_t index;
} MemoEntry;

typedef struct Pickler {
    Object header;
    Value write;          /* the file's method, VALUE_NONE: dumps() */
    Value dispatch_table; /* or VALUE_NONE: copyreg's */
    Value persistent_id;  /* callables or VALUE_NONE */
    Value reducer_override;
    Value buffer_callback;
    Value kept; /* list of what is in the memo, which keeps it alive */
    int protocol;
    bool binary, fix_imports, fast;
    MemoEntry *memo;
    uint32_t memo_used, memo_mask;
    Buffer out;
    size_t frame; /* where the open frame begins in [out], SIZE_MAX: none is open */
} Pickler;

#define PICKLER(v) ((Pickler *)(uintptr_t)(v))

typedef struct Unpickler {
    Object header;
    Value read, readline, readinto; /* the file's methods; VALUE_NONE: loads() */
    Value source;                   /* bytes that are being read */
    Value find_class;               /* of a subclass, or VALUE_NONE */
    Value persistent_load;          /* callable or VALUE_NONE */
    Value encoding, errors;         /* of protocol 0 … 2 strings */
    Value buffers;                  /* iterator or VALUE_NONE */
    Value stack;                    /* list */
    Value memo;                     /* list; VALUE_UNSET where nothing is */
    Value sparse;                   /* dict of memo entries with large numbers, or VALUE_NONE */
    const uint8_t *data, *end;      /* what is left of [source] */
    Buffer marks;                   /* heights of the stack, size_t each */
    int protocol;
    bool fix_imports;
} Unpickler;

#define UNPICKLER(v) ((Unpickler *)(uintptr_t)(v))

/* ---- errors ---- */

typedef enum PickleError { PICKLE_ERROR, PICKLING_ERROR, UNPICKLING_ERROR } PickleError;
/* Raise one of the module's exceptions with a message in the formats of raise_error. */
Value pickle_raise(Thread *t, PickleError which, const char *format, ...);

/* ---- writing ---- */

void pickle_put(Pickler *p, PickleOp op);
void pickle_put_bytes(Pickler *p, const void *data, size_t size);
/* [count] bytes of [number], the lowest first. */
void pickle_put_number(Pickler *p, uint64_t number, int count);
/* An opcode and its payload; one too large for a frame is written between frames. */
void pickle_put_payload(Pickler *p, const uint8_t *head, size_t head_size, const void *data,
                        size_t size);
void pickle_open_frame(Pickler *p);
void pickle_close_frame(Pickler *p);
/* The number of [v] in the memo, or -1. */
int64_t pickle_memo_find(const Pickler *p, Value v);
/* Write the instruction that remembers the top of the stack, and remember it is [v]. */
void pickle_memoize(Thread *t, Pickler *p, Value v);
/* Write the instruction that pushes entry [index]. */
void pickle_put_get(Pickler *p, uint32_t index);
void pickle_memo_clear(Thread *t, Pickler *p);
void pickle_memo_add(Thread *t, Pickler *p, Value v, uint32_t index);

/* Write the instructions that make [v]. False: raised. */
bool pickle_save(Thread *t, Pickler *p, Value v) MUST_CHECK;
/* The same without asking persistent_id. */
bool pickle_save_object(Thread *t, Pickler *p, Value v) MUST_CHECK;
bool pickle_save_str(Thread *t, Pickler *p, Str *text) MUST_CHECK;
/* Items of an iterator, in batches. */
bool pickle_save_items(Thread *t, Pickler *p, Value iterator) MUST_CHECK;
bool pickle_save_pairs(Thread *t, Pickler *p, Value iterator) MUST_CHECK;
/* Anything but the built-in kinds: by name, by a reducer, by __reduce_ex__. */
bool pickle_save_other(Thread *t, Pickler *p, Value v) MUST_CHECK;
/* The (callable, arguments, …) of a __reduce__; [v] VALUE_UNSET: not remembered. */
bool pickle_save_reduction(Thread *t, Pickler *p, Value reduction, Value v) MUST_CHECK;
/* (callable, arguments) without an object. */
bool pickle_save_call(Thread *t, Pickler *p, Value callable, Value arguments, Value v) MUST_CHECK;
/* [v] by its name in a module; [name] VALUE_UNSET: its own. */
bool pickle_save_global(Thread *t, Pickler *p, Value v, Value name) MUST_CHECK;

Pickler *pickler_new(Thread *t, Class *cls);
bool pickler_set_protocol(Thread *t, Pickler *p, Value protocol, Value fix_imports) MUST_CHECK;
/* Write all of [v], with header and end, into p->out. */
bool pickler_run(Thread *t, Pickler *p, Value v) MUST_CHECK;
void pickler_class_init(Thread *t, Module *module);

/* ---- reading ---- */

/* [size] bytes of input, valid until the next read; NULL raised. */
const uint8_t *unpickle_read(Thread *t, Unpickler *u, uint64_t size) MUST_CHECK;
/* The next opcode; -1 raised (EOFError when there is none). */
int unpickle_opcode(Thread *t, Unpickler *u) MUST_CHECK;
/* A line without its end; NULL raised. */
const uint8_t *unpickle_read_line(Thread *t, Unpickler *u, size_t *size) MUST_CHECK;
/* Read a frame of [size] bytes ahead. */
bool unpickle_read_frame(Thread *t, Unpickler *u, uint64_t size) MUST_CHECK;

void unpickle_push(Thread *t, Unpickler *u, Value v);
/* The same for what making it may have raised: false then. */
bool unpickle_push_made(Thread *t, Unpickler *u, Value v) MUST_CHECK;
/* A str of Python 2: decoded, or kept as bytes when the encoding is 'bytes'. */
bool unpickle_push_old_string(Thread *t, Unpickler *u, const uint8_t *data, size_t size) MUST_CHECK;
/* What persistent_load makes of [id]. */
bool unpickle_push_persistent(Thread *t, Unpickler *u, Value id) MUST_CHECK;
/* Push what is remembered under [index]; remember the top of the stack. */
bool unpickle_memo_get(Thread *t, Unpickler *u, Value index) MUST_CHECK;
bool unpickle_memo_put(Thread *t, Unpickler *u, uint64_t index) MUST_CHECK;
/* The top of the stack, taken off; VALUE_ERROR when there is none above the last mark. */
Value unpickle_pop(Thread *t, Unpickler *u) MUST_CHECK;
/* The height that the last mark remembers, taken off; -1 raised. */
int64_t unpickle_pop_mark(Thread *t, Unpickler *u) MUST_CHECK;
/* How far down the instructions may look. */
size_t unpickle_floor(const Unpickler *u);
/* Forget everything above [height]. */
void unpickle_cut(Thread *t, Unpickler *u, size_t height);
Value unpickle_underflow(Thread *t, Unpickler *u);

/* The whole: VALUE_ERROR raised. */
Value unpickle_run(Thread *t, Unpickler *u) MUST_CHECK;

/* Instructions of stdlib/pickle_build.c; each takes its operands off the stack. */
bool unpickle_global(Thread *t, Unpickler *u, Value module, Value name) MUST_CHECK;
bool unpickle_extension(Thread *t, Unpickler *u, int64_t code) MUST_CHECK;
bool unpickle_reduce(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_newobj(Thread *t, Unpickler *u, bool with_keywords) MUST_CHECK;
bool unpickle_instance(Thread *t, Unpickler *u, size_t mark, Value cls) MUST_CHECK;
bool unpickle_build(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_append(Thread *t, Unpickler *u, size_t from) MUST_CHECK;
bool unpickle_set_items(Thread *t, Unpickler *u, size_t from) MUST_CHECK;
bool unpickle_add_items(Thread *t, Unpickler *u, size_t from) MUST_CHECK;
/* module.name, as find_class of an Unpickler does it. */
Value unpickle_find(Thread *t, Unpickler *u, Value module, Value name) MUST_CHECK;

Unpickler *unpickler_new(Thread *t, Class *cls);
void unpickler_class_init(Thread *t, Module *module);

/* Instructions whose argument is a line (stdlib/pickle_lines.c). */
bool unpickle_int_line(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_long_line(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_float_line(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_unicode_line(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_string_line(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_get_line(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_put_line(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_global_lines(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_inst_lines(Thread *t, Unpickler *u) MUST_CHECK;
bool unpickle_persid_line(Thread *t, Unpickler *u) MUST_CHECK;

#endif
