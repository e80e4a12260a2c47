/* SPDX-License-Identifier: MIT */
/*
 * The machine that runs pickles: one function an instruction.
 *
 * Input is never trusted: every read is checked against what is there, every look at the stack
 * against the last mark, and nothing is allocated by a size that the input does not hold. What a
 * pickle may call is up to find_class.
 *
 * Read next: stdlib/pickle_build.c (instructions that make objects and fill them).
 */
#include <string.h>

#include "common/utf8.h"
#include "stdlib/pickle_native.h"
#include "vm/bytes.h"
#include "vm/codec.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef bool (*Instruction)(Thread *t, Unpickler *u);

bool unpickle_push_made(Thread *t, Unpickler *u, Value v) {
    if (v == VALUE_ERROR) return false;
    unpickle_push(t, u, v);
    return true;
}

/* [size] bytes as a number, the lowest first. */
static bool read_number(Thread *t, Unpickler *u, int size, uint64_t *out) {
    const uint8_t *bytes = unpickle_read(t, u, (uint64_t)size);
    if (!bytes) return false;
    *out = 0;
    for (int i = 0; i < size; i++) *out |= (uint64_t)bytes[i] << (8 * i);
    return true;
}

/* The payload behind a size of [width] bytes. */
static const uint8_t *read_sized(Thread *t, Unpickler *u, int width, const char *what,
                                 size_t *size) {
    uint64_t n;
    if (!read_number(t, u, width, &n)) return NULL;
    *size = n;
    if (n <= INT64_MAX) return unpickle_read(t, u, n);
    raise_error(t, EXC_OverflowError, "%s exceeds system's maximum size of %lld bytes", what,
                (long long)INT64_MAX);
    return NULL;
}

/* ---- constants and numbers ---- */

static bool load_none(Thread *t, Unpickler *u) { return unpickle_push_made(t, u, VALUE_NONE); }
static bool load_true(Thread *t, Unpickler *u) { return unpickle_push_made(t, u, VALUE_TRUE); }
static bool load_false(Thread *t, Unpickler *u) { return unpickle_push_made(t, u, VALUE_FALSE); }

static bool load_binint(Thread *t, Unpickler *u) {
    uint64_t n;
    return read_number(t, u, 4, &n) && unpickle_push_made(t, u, fixnum((int32_t)n));
}
static bool load_binint1(Thread *t, Unpickler *u) {
    uint64_t n;
    return read_number(t, u, 1, &n) && unpickle_push_made(t, u, fixnum((int64_t)n));
}
static bool load_binint2(Thread *t, Unpickler *u) {
    uint64_t n;
    return read_number(t, u, 2, &n) && unpickle_push_made(t, u, fixnum((int64_t)n));
}

/* The int whose two's complement these bytes are. */
static Value long_of(Thread *t, const uint8_t *bytes, size_t size) {
    mpz_t z;
    mpz_init(z);
    mpz_import(z, size, -1, 1, 0, 0, bytes);
    if (size && bytes[size - 1] & 0x80) {
        mpz_t power;
        mpz_init(power);
        mpz_setbit(power, size * 8);
        mpz_sub(z, z, power);
        mpz_clear(power);
    }
    Value v = int_from_mpz(t, z);
    mpz_clear(z);
    return v;
}

static bool load_long1(Thread *t, Unpickler *u) {
    size_t size;
    const uint8_t *bytes = read_sized(t, u, 1, "LONG1", &size);
    return bytes && unpickle_push_made(t, u, long_of(t, bytes, size));
}

static bool load_long4(Thread *t, Unpickler *u) {
    uint64_t size;
    if (!read_number(t, u, 4, &size)) return false;
    if ((int32_t)size < 0)
        return pickle_raise(t, UNPICKLING_ERROR, "LONG pickle has negative byte count"), false;
    const uint8_t *bytes = unpickle_read(t, u, size);
    return bytes && unpickle_push_made(t, u, long_of(t, bytes, size));
}

static bool load_binfloat(Thread *t, Unpickler *u) {
    uint64_t bits;
    double d;
    if (!read_number(t, u, 8, &bits)) return false;
    bits = __builtin_bswap64(bits);
    memcpy(&d, &bits, sizeof d);
    return unpickle_push_made(t, u, float_new(t, d));
}

/* ---- str and bytes ---- */

static Value text_of(Thread *t, const uint8_t *data, size_t size) {
    if (utf8_valid((const char *)data, size) == size)
        return object_value(str_new(t, (const char *)data, size));
    Str *text = codec_decode(t, data, size, "utf-8", "surrogatepass");
    return text ? object_value(text) : VALUE_ERROR;
}

#define LOAD_TEXT(NAME, WIDTH)                                                                     \
    static bool NAME(Thread *t, Unpickler *u) {                                                    \
        size_t size;                                                                               \
        const uint8_t *data = read_sized(t, u, WIDTH, "BINUNICODE", &size);                        \
        return data && unpickle_push_made(t, u, text_of(t, data, size));                           \
    }
LOAD_TEXT(load_short_unicode, 1)
LOAD_TEXT(load_binunicode, 4)
LOAD_TEXT(load_binunicode8, 8)

#define LOAD_BYTES(NAME, WIDTH)                                                                    \
    static bool NAME(Thread *t, Unpickler *u) {                                                    \
        size_t size;                                                                               \
        const uint8_t *data = read_sized(t, u, WIDTH, "BINBYTES", &size);                          \
        return data && unpickle_push_made(t, u, object_value(bytes_new(t, data, size)));           \
    }
LOAD_BYTES(load_short_bytes, 1)
LOAD_BYTES(load_binbytes, 4)
LOAD_BYTES(load_binbytes8, 8)

static bool load_bytearray(Thread *t, Unpickler *u) {
    size_t size;
    const uint8_t *data = read_sized(t, u, 8, "BYTEARRAY8", &size);
    return data && unpickle_push_made(t, u, object_value(bytearray_new(t, data, size)));
}

/* A str of Python 2: decoded, or kept as bytes when the encoding is 'bytes'. */
bool unpickle_push_old_string(Thread *t, Unpickler *u, const uint8_t *data, size_t size) {
    const char *encoding = is_str(u->encoding) ? STR(u->encoding)->data : "ASCII";
    const char *errors = is_str(u->errors) ? STR(u->errors)->data : "strict";
    if (!strcmp(encoding, "bytes"))
        return unpickle_push_made(t, u, object_value(bytes_new(t, data, size)));
    Str *text = codec_decode(t, data, size, encoding, errors);
    return text && unpickle_push_made(t, u, object_value(text));
}

static bool load_binstring(Thread *t, Unpickler *u) {
    uint64_t size;
    if (!read_number(t, u, 4, &size)) return false;
    if ((int32_t)size < 0)
        return pickle_raise(t, UNPICKLING_ERROR, "BINSTRING pickle has negative byte count"), false;
    const uint8_t *data = unpickle_read(t, u, size);
    return data && unpickle_push_old_string(t, u, data, size);
}

static bool load_short_string(Thread *t, Unpickler *u) {
    size_t size;
    const uint8_t *data = read_sized(t, u, 1, "SHORT_BINSTRING", &size);
    return data && unpickle_push_old_string(t, u, data, size);
}

/* ---- containers ---- */

static bool load_mark(Thread *t, Unpickler *u) {
    size_t height = LIST(u->stack)->size;
    (void)t;
    buffer_append(&u->marks, &height, sizeof height);
    return true;
}

static bool load_empty_list(Thread *t, Unpickler *u) {
    return unpickle_push_made(t, u, object_value(list_new(t, 0)));
}
static bool load_empty_dict(Thread *t, Unpickler *u) {
    return unpickle_push_made(t, u, object_value(dict_new(t)));
}
static bool load_empty_set(Thread *t, Unpickler *u) {
    return unpickle_push_made(t, u, object_value(set_new(t, false)));
}
static bool load_empty_tuple(Thread *t, Unpickler *u) {
    return unpickle_push_made(t, u, object_value(t->vm->empty_tuple));
}

/* The [count] things on top become a tuple. */
static bool make_tuple(Thread *t, Unpickler *u, size_t count) {
    List *stack = LIST(u->stack);
    if (stack->size < unpickle_floor(u) + count) return unpickle_underflow(t, u), false;
    size_t from = stack->size - count;
    Value tuple = object_value(tuple_from(t, stack->items + from, count));
    unpickle_cut(t, u, from);
    return unpickle_push_made(t, u, tuple);
}

static bool load_tuple1(Thread *t, Unpickler *u) { return make_tuple(t, u, 1); }
static bool load_tuple2(Thread *t, Unpickler *u) { return make_tuple(t, u, 2); }
static bool load_tuple3(Thread *t, Unpickler *u) { return make_tuple(t, u, 3); }

static bool load_tuple(Thread *t, Unpickler *u) {
    int64_t mark = unpickle_pop_mark(t, u);
    return mark >= 0 && make_tuple(t, u, LIST(u->stack)->size - (size_t)mark);
}

static bool load_list(Thread *t, Unpickler *u) {
    int64_t mark = unpickle_pop_mark(t, u);
    if (mark < 0) return false;
    List *stack = LIST(u->stack);
    Value list = object_value(list_from(t, stack->items + mark, stack->size - (size_t)mark));
    unpickle_cut(t, u, (size_t)mark);
    return unpickle_push_made(t, u, list);
}

/* The container under the things above the mark has been filled with them: only it is left. */
static bool load_dict(Thread *t, Unpickler *u) {
    int64_t mark = unpickle_pop_mark(t, u);
    if (mark < 0) return false;
    List *stack = LIST(u->stack);
    if ((stack->size - (size_t)mark) % 2)
        return pickle_raise(t, UNPICKLING_ERROR, "odd number of items for DICT"), false;
    Value *roots = push_roots(t, 1);
    Dict *dict = dict_new(t);
    roots[0] = object_value(dict);
    for (size_t i = (size_t)mark; i + 1 < LIST(u->stack)->size; i += 2) {
        if (!dict_set(t, dict, LIST(u->stack)->items[i], LIST(u->stack)->items[i + 1]))
            return false;
    }
    unpickle_cut(t, u, (size_t)mark);
    pop_roots(t, roots);
    return unpickle_push_made(t, u, object_value(dict));
}

static bool load_frozenset(Thread *t, Unpickler *u) {
    int64_t mark = unpickle_pop_mark(t, u);
    if (mark < 0) return false;
    Value *roots = push_roots(t, 1);
    Set *set = set_new(t, true);
    roots[0] = object_value(set);
    for (size_t i = (size_t)mark; i < LIST(u->stack)->size; i++) {
        if (!set_add(t, set, LIST(u->stack)->items[i])) return false;
    }
    unpickle_cut(t, u, (size_t)mark);
    pop_roots(t, roots);
    return unpickle_push_made(t, u, object_value(set));
}

/* An instruction that fills the container below what is on top (one thing, or a pair). */
static bool fill_single(Thread *t, Unpickler *u, size_t count,
                        bool (*fill)(Thread *, Unpickler *, size_t)) {
    size_t size = LIST(u->stack)->size;
    if (size < unpickle_floor(u) + count + 1) return unpickle_underflow(t, u), false;
    return fill(t, u, size - count);
}

/* The same for what is above the last mark. */
static bool fill_marked(Thread *t, Unpickler *u, bool (*fill)(Thread *, Unpickler *, size_t)) {
    int64_t mark = unpickle_pop_mark(t, u);
    if (mark < 0) return false;
    if ((size_t)mark <= unpickle_floor(u)) return unpickle_underflow(t, u), false;
    return fill(t, u, (size_t)mark);
}

static bool load_append(Thread *t, Unpickler *u) { return fill_single(t, u, 1, unpickle_append); }
static bool load_appends(Thread *t, Unpickler *u) { return fill_marked(t, u, unpickle_append); }
static bool load_setitem(Thread *t, Unpickler *u) {
    return fill_single(t, u, 2, unpickle_set_items);
}
static bool load_setitems(Thread *t, Unpickler *u) { return fill_marked(t, u, unpickle_set_items); }
static bool load_additems(Thread *t, Unpickler *u) { return fill_marked(t, u, unpickle_add_items); }

/* ---- the stack and the memo ---- */

static bool load_pop(Thread *t, Unpickler *u) {
    if (u->marks.size && unpickle_floor(u) == LIST(u->stack)->size)
        return unpickle_pop_mark(t, u) >= 0;
    return unpickle_pop(t, u) != VALUE_ERROR;
}

static bool load_pop_mark(Thread *t, Unpickler *u) {
    int64_t mark = unpickle_pop_mark(t, u);
    if (mark >= 0) unpickle_cut(t, u, (size_t)mark);
    return mark >= 0;
}

static bool load_dup(Thread *t, Unpickler *u) {
    List *stack = LIST(u->stack);
    if (stack->size <= unpickle_floor(u)) return unpickle_underflow(t, u), false;
    return unpickle_push_made(t, u, stack->items[stack->size - 1]);
}

bool unpickle_memo_get(Thread *t, Unpickler *u, Value index) {
    List *memo = LIST(u->memo);
    Value v = VALUE_UNSET;
    if (is_fixnum(index) && fixnum_of(index) >= 0 && (uint64_t)fixnum_of(index) < memo->size)
        v = memo->items[fixnum_of(index)];
    else if (u->sparse != VALUE_NONE) v = dict_get(t, DICT(u->sparse), index);
    if (v != VALUE_UNSET) return unpickle_push_made(t, u, v);
    pickle_raise(t, UNPICKLING_ERROR, "Memo value not found at index %S", index);
    return false;
}

/* Remember the top of the stack. Numbers far beyond those in use go to a dict. */
bool unpickle_memo_put(Thread *t, Unpickler *u, uint64_t index) {
    List *memo = LIST(u->memo), *stack = LIST(u->stack);
    if (stack->size <= unpickle_floor(u)) return unpickle_underflow(t, u), false;
    Value top = stack->items[stack->size - 1];
    if (index < memo->size) {
        heap_set(&t->vm->heap, &memo->items[index], top);
        return true;
    }
    if (index > memo->size + 1024) {
        if (u->sparse == VALUE_NONE) u->sparse = object_value(dict_new(t));
        return dict_set(t, DICT(u->sparse), int_from_uint64(t, index), top);
    }
    while (memo->size < index) {
        if (!list_append(t, memo, VALUE_UNSET)) return false;
    }
    return list_append(t, memo, top);
}

static bool load_memoize(Thread *t, Unpickler *u) {
    return unpickle_memo_put(t, u, LIST(u->memo)->size);
}

static bool load_binget(Thread *t, Unpickler *u) {
    uint64_t index;
    return read_number(t, u, 1, &index) && unpickle_memo_get(t, u, fixnum((int64_t)index));
}
static bool load_long_binget(Thread *t, Unpickler *u) {
    uint64_t index;
    return read_number(t, u, 4, &index) && unpickle_memo_get(t, u, fixnum((int64_t)index));
}
static bool load_binput(Thread *t, Unpickler *u) {
    uint64_t index;
    return read_number(t, u, 1, &index) && unpickle_memo_put(t, u, index);
}
static bool load_long_binput(Thread *t, Unpickler *u) {
    uint64_t index;
    return read_number(t, u, 4, &index) && unpickle_memo_put(t, u, index);
}

/* ---- objects ---- */

static bool load_stack_global(Thread *t, Unpickler *u) {
    Value *roots = push_roots(t, 2);
    roots[1] = unpickle_pop(t, u);
    if (roots[1] == VALUE_ERROR) return false;
    roots[0] = unpickle_pop(t, u);
    if (roots[0] == VALUE_ERROR) return false;
    if (!is_str(roots[0]) || !is_str(roots[1]))
        return pickle_raise(t, UNPICKLING_ERROR, "STACK_GLOBAL requires str"), false;
    bool ok = unpickle_global(t, u, roots[0], roots[1]);
    pop_roots(t, roots);
    return ok;
}

#define LOAD_EXTENSION(NAME, WIDTH)                                                                \
    static bool NAME(Thread *t, Unpickler *u) {                                                    \
        uint64_t code;                                                                             \
        return read_number(t, u, WIDTH, &code) && unpickle_extension(t, u, (int32_t)code);         \
    }
LOAD_EXTENSION(load_ext1, 1)
LOAD_EXTENSION(load_ext2, 2)
LOAD_EXTENSION(load_ext4, 4)

static bool load_newobj(Thread *t, Unpickler *u) { return unpickle_newobj(t, u, false); }
static bool load_newobj_ex(Thread *t, Unpickler *u) { return unpickle_newobj(t, u, true); }

/* The class is the first thing above the mark. */
static bool load_obj(Thread *t, Unpickler *u) {
    int64_t mark = unpickle_pop_mark(t, u);
    if (mark < 0) return false;
    if (LIST(u->stack)->size <= (size_t)mark) return unpickle_underflow(t, u), false;
    return unpickle_instance(t, u, (size_t)mark, VALUE_UNSET);
}

bool unpickle_push_persistent(Thread *t, Unpickler *u, Value id) {
    if (u->persistent_load == VALUE_NONE) {
        pickle_raise(t, UNPICKLING_ERROR,
                     "A load persistent id instruction was encountered,\nbut no persistent_load "
                     "function was specified.");
        return false;
    }
    return unpickle_push_made(t, u, call_value(t, u->persistent_load, &id, 1));
}

static bool load_binpersid(Thread *t, Unpickler *u) {
    Value *roots = push_roots(t, 1);
    roots[0] = unpickle_pop(t, u);
    bool ok = roots[0] != VALUE_ERROR && unpickle_push_persistent(t, u, roots[0]);
    pop_roots(t, roots);
    return ok;
}

static bool load_next_buffer(Thread *t, Unpickler *u) {
    if (u->buffers == VALUE_NONE) {
        pickle_raise(
            t, UNPICKLING_ERROR,
            "pickle stream refers to out-of-band data but no *buffers* argument was given");
        return false;
    }
    Value v = value_next(t, u->buffers);
    if (v != VALUE_DONE) return unpickle_push_made(t, u, v);
    pickle_raise(t, UNPICKLING_ERROR, "not enough out-of-band buffers");
    return false;
}

static bool load_readonly_buffer(Thread *t, Unpickler *u) {
    if (LIST(u->stack)->size > unpickle_floor(u)) return true;
    return unpickle_underflow(t, u), false;
}

/* ---- framing ---- */

static bool load_proto(Thread *t, Unpickler *u) {
    uint64_t protocol;
    if (!read_number(t, u, 1, &protocol)) return false;
    u->protocol = (int)protocol;
    if (protocol <= PICKLE_HIGHEST) return true;
    raise_error(t, EXC_ValueError, "unsupported pickle protocol: %d", (int)protocol);
    return false;
}

static bool load_frame(Thread *t, Unpickler *u) {
    uint64_t size;
    if (!read_number(t, u, 8, &size)) return false;
    if (size <= INT64_MAX) return unpickle_read_frame(t, u, size);
    raise_error(t, EXC_OverflowError, "FRAME length exceeds system's maximum of %lld bytes",
                (long long)INT64_MAX);
    return false;
}

/* ---- the machine ---- */

static const Instruction instructions[256] = {
    [PICKLE_MARK] = load_mark,
    [PICKLE_POP] = load_pop,
    [PICKLE_POP_MARK] = load_pop_mark,
    [PICKLE_DUP] = load_dup,
    [PICKLE_FLOAT] = unpickle_float_line,
    [PICKLE_INT] = unpickle_int_line,
    [PICKLE_BININT] = load_binint,
    [PICKLE_BININT1] = load_binint1,
    [PICKLE_LONG] = unpickle_long_line,
    [PICKLE_BININT2] = load_binint2,
    [PICKLE_NONE] = load_none,
    [PICKLE_PERSID] = unpickle_persid_line,
    [PICKLE_BINPERSID] = load_binpersid,
    [PICKLE_REDUCE] = unpickle_reduce,
    [PICKLE_STRING] = unpickle_string_line,
    [PICKLE_BINSTRING] = load_binstring,
    [PICKLE_SHORT_BINSTRING] = load_short_string,
    [PICKLE_UNICODE] = unpickle_unicode_line,
    [PICKLE_BINUNICODE] = load_binunicode,
    [PICKLE_APPEND] = load_append,
    [PICKLE_BUILD] = unpickle_build,
    [PICKLE_GLOBAL] = unpickle_global_lines,
    [PICKLE_DICT] = load_dict,
    [PICKLE_EMPTY_DICT] = load_empty_dict,
    [PICKLE_APPENDS] = load_appends,
    [PICKLE_GET] = unpickle_get_line,
    [PICKLE_BINGET] = load_binget,
    [PICKLE_INST] = unpickle_inst_lines,
    [PICKLE_LONG_BINGET] = load_long_binget,
    [PICKLE_LIST] = load_list,
    [PICKLE_EMPTY_LIST] = load_empty_list,
    [PICKLE_OBJ] = load_obj,
    [PICKLE_PUT] = unpickle_put_line,
    [PICKLE_BINPUT] = load_binput,
    [PICKLE_LONG_BINPUT] = load_long_binput,
    [PICKLE_SETITEM] = load_setitem,
    [PICKLE_TUPLE] = load_tuple,
    [PICKLE_EMPTY_TUPLE] = load_empty_tuple,
    [PICKLE_SETITEMS] = load_setitems,
    [PICKLE_BINFLOAT] = load_binfloat,
    [PICKLE_PROTO] = load_proto,
    [PICKLE_NEWOBJ] = load_newobj,
    [PICKLE_EXT1] = load_ext1,
    [PICKLE_EXT2] = load_ext2,
    [PICKLE_EXT4] = load_ext4,
    [PICKLE_TUPLE1] = load_tuple1,
    [PICKLE_TUPLE2] = load_tuple2,
    [PICKLE_TUPLE3] = load_tuple3,
    [PICKLE_NEWTRUE] = load_true,
    [PICKLE_NEWFALSE] = load_false,
    [PICKLE_LONG1] = load_long1,
    [PICKLE_LONG4] = load_long4,
    [PICKLE_BINBYTES] = load_binbytes,
    [PICKLE_SHORT_BINBYTES] = load_short_bytes,
    [PICKLE_SHORT_BINUNICODE] = load_short_unicode,
    [PICKLE_BINUNICODE8] = load_binunicode8,
    [PICKLE_BINBYTES8] = load_binbytes8,
    [PICKLE_EMPTY_SET] = load_empty_set,
    [PICKLE_ADDITEMS] = load_additems,
    [PICKLE_FROZENSET] = load_frozenset,
    [PICKLE_NEWOBJ_EX] = load_newobj_ex,
    [PICKLE_STACK_GLOBAL] = load_stack_global,
    [PICKLE_MEMOIZE] = load_memoize,
    [PICKLE_FRAME] = load_frame,
    [PICKLE_BYTEARRAY8] = load_bytearray,
    [PICKLE_NEXT_BUFFER] = load_next_buffer,
    [PICKLE_READONLY_BUFFER] = load_readonly_buffer,
};

static bool invalid_key(Thread *t, int code) {
    if (code >= 0x20 && code <= 0x7e && code != '\'' && code != '\\')
        pickle_raise(t, UNPICKLING_ERROR, "invalid load key, '%c'.", code);
    else pickle_raise(t, UNPICKLING_ERROR, "invalid load key, '\\x%x%x'.", code >> 4, code & 15);
    return false;
}

/* Run up to the end: false raised. */
static bool run(Thread *t, Unpickler *u) {
    for (;;) {
        int code = unpickle_opcode(t, u);
        if (code < 0) return false;
        if (code == PICKLE_STOP) return true;
        Instruction instruction = instructions[code];
        if (!instruction) return invalid_key(t, code);
        if (!instruction(t, u) || !thread_poll(t)) return false;
    }
}

Value unpickle_run(Thread *t, Unpickler *u) {
    Value *roots = push_roots(t, 1);
    roots[0] = object_value(u);
    heap_set(&t->vm->heap, &u->stack, object_value(list_new(t, 0)));
    u->marks.size = 0;
    u->protocol = 0;
    Value result = run(t, u) ? unpickle_pop(t, u) : VALUE_ERROR;
    unpickle_cut(t, u, 0);
    pop_roots(t, roots);
    return result;
}
