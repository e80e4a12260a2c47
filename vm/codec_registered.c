/* SPDX-License-Identifier: MIT */
/*
 * Encodings and error handlers that the machine does not know: those registered with the module
 * codecs, if the program has imported it. Its functions _encode, _decode and _handle look for them
 * and call them.
 *
 * This runs Tulip code, but only where LookupError would be raised otherwise.
 * Read next: stdlib/codecs.tul.
 */
#include "vm/codec.h"
#include "vm/container.h"
#include "vm/native.h"
#include "vm/ops.h"

/* codecs.[function], or VALUE_UNSET when codecs is not imported. */
static Value find(Thread *t, const char *function) {
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "codecs", 6));
    if (module == VALUE_UNSET || !is_kind(module, OBJ_MODULE)) return VALUE_UNSET;
    Str *name = str_intern(t->vm, function, strlen(function));
    return dict_get_str(t, ((Module *)object_of(module))->dict, name);
}

/* codecs.[function](object, encoding, errors), which must be of [kind]; VALUE_UNSET when codecs is
 * not imported. */
static Value ask(Thread *t, const char *function, Value object, const char *encoding,
                 const char *errors, ObjectKind kind) {
    Value callee = find(t, function);
    if (callee == VALUE_UNSET) return VALUE_UNSET;
    Value *roots = push_roots(t, 4);
    roots[3] = callee;
    roots[0] = object;
    roots[1] = object_value(str_from(t, encoding));
    roots[2] = object_value(str_from(t, errors ? errors : "strict"));
    Value result = call_value(t, callee, roots, 3);
    pop_roots(t, roots);
    if (result == VALUE_ERROR || is_kind(result, kind)) return result;
    return raise_error(t, EXC_TypeError, "a codec returned '%T'", result);
}

Bytes *codec_encode_registered(Thread *t, Str *text, const char *encoding, const char *errors) {
    Value v = ask(t, "_encode", object_value(text), encoding, errors, OBJ_BYTES);
    if (v == VALUE_UNSET) v = codec_raise_unknown(t, encoding);
    return v == VALUE_ERROR ? NULL : BYTES(v);
}

Str *codec_decode_registered(Thread *t, const uint8_t *data, size_t size, const char *encoding,
                             const char *errors) {
    Value bytes = object_value(bytes_new(t, data, size));
    Value v = ask(t, "_decode", bytes, encoding, errors, OBJ_STR);
    if (v == VALUE_UNSET) v = codec_raise_unknown(t, encoding);
    return v == VALUE_ERROR ? NULL : STR(v);
}

/* The (replacement, position) of a handler, taken apart; false: raised. */
static bool take_apart(Thread *t, Value answer, bool encoding, size_t length, Value *replacement,
                       size_t *position) {
    const char *kind = encoding ? "encoding" : "decoding";
    const char *what = encoding ? "str/bytes" : "str";
    bool fits = is_kind(answer, OBJ_TUPLE) && TUPLE(answer)->size == 2 &&
                is_int(TUPLE(answer)->items[1]) &&
                (is_str(TUPLE(answer)->items[0]) ||
                 (encoding && is_kind(TUPLE(answer)->items[0], OBJ_BYTES)));
    if (!fits) {
        raise_error(t, EXC_TypeError, "%s error handler must return (%s, int) tuple", kind, what);
        return false;
    }
    int64_t at;
    *replacement = TUPLE(answer)->items[0];
    if (!arg_int64(t, TUPLE(answer)->items[1], &at)) return false;
    if (at < 0) at += (int64_t)length;
    if (at < 0 || at > (int64_t)length) {
        raise_error(t, EXC_IndexError, "position %lld from error handler out of bounds",
                    (long long)at);
        return false;
    }
    *position = (size_t)at;
    return true;
}

bool codec_call_handler(Thread *t, const char *errors, Value exception, size_t length,
                        Value *replacement, size_t *position) {
    Value *roots = push_roots(t, 4);
    roots[2] = exception;
    roots[3] = find(t, "_handler");
    if (roots[3] != VALUE_UNSET) {
        roots[0] = object_value(str_from(t, errors));
        roots[3] = call_value(t, roots[3], roots, 1);
        if (roots[3] == VALUE_ERROR) return false;
    }
    if (roots[3] == VALUE_UNSET || roots[3] == VALUE_NONE) {
        codec_raise_handler(t, errors);
        return false;
    }
    Value answer = call_value(t, roots[3], roots + 2, 1);
    if (answer == VALUE_ERROR) return false;
    roots[1] = answer;
    bool encoding = class_is_subclass(object_class(object_of(exception)),
                                      t->vm->exceptions[EXC_UnicodeEncodeError]);
    bool ok = take_apart(t, answer, encoding, length, replacement, position);
    pop_roots(t, roots);
    return ok;
}
