/* SPDX-License-Identifier: MIT */
/*
 * Encodings that the machine does not know: those registered with the module codecs, if the program
 * has imported it. Its functions _encode and _decode look for them and call them.
 *
 * This runs Tulip code, but only where LookupError would be raised otherwise.
 * Read next: stdlib/codecs.tul.
 */
#include "vm/codec.h"
#include "vm/container.h"
#include "vm/ops.h"

/* codecs.[function](object, encoding, errors), which must be of [kind]; VALUE_UNSET when codecs is
 * not imported. */
static Value ask(Thread *t, const char *function, Value object, const char *encoding,
                 const char *errors, ObjectKind kind) {
    Value module = dict_get_str(t, t->vm->modules, str_intern(t->vm, "codecs", 6));
    if (module == VALUE_UNSET || !is_kind(module, OBJ_MODULE)) return VALUE_UNSET;
    Str *name = str_intern(t->vm, function, strlen(function));
    Value callee = dict_get_str(t, ((Module *)object_of(module))->dict, name);
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
