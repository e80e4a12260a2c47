/* SPDX-License-Identifier: MIT */
/*
 * __reduce__ of functions in C, bound methods, members of classes, and bytearray.
 *
 * They stand together here, and not with their types, because their tables are shared by several
 * classes (vm/method.c). Containers and iterators have theirs at home.
 *
 * Read next: vm/reduce.c.
 */
#include <string.h>

#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/descriptor.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/reduce.h"
#include "vm/str.h"

/* The built-in function or class called [name]. */
static Value builtin(Thread *t, const char *name) {
    Value v = dict_get_str(t, t->vm->builtins->dict, str_intern(t->vm, name, strlen(name)));
    return v == VALUE_UNSET ? raise_error(t, EXC_NameError, "name '%s' is not defined", name) : v;
}

/* (callable, (arguments…)) or, unless [state] is VALUE_UNSET, (callable, (arguments…), state).
 * Nothing here runs Tulip code. */
static Value call_of(Thread *t, Value callable, const Value *arguments, size_t count, Value state) {
    if (callable == VALUE_ERROR) return VALUE_ERROR;
    Value parts[] = {callable, object_value(tuple_from(t, arguments, count)), state};
    return object_value(tuple_from(t, parts, state == VALUE_UNSET ? 2 : 3));
}

static Value call_builtin(Thread *t, const char *name, const Value *arguments, size_t count,
                          Value state) {
    return call_of(t, builtin(t, name), arguments, count, state);
}

/* ---- functions ---- */

/* A function of a module is its name; a method is looked up in what it belongs to. */
static Value reduce_native(Thread *t, Value *args) {
    Native *native = (Native *)object_of(args[0]);
    Value pair[] = {native->self, native->name};
    if (native->self == VALUE_UNSET || is_kind(native->self, OBJ_MODULE)) {
        if (!native->owner) return native->name;
        pair[0] = object_value(native->owner);
    }
    return call_builtin(t, "getattr", pair, 2, VALUE_UNSET);
}

static Value reduce_method(Thread *t, Value *args) {
    Method *method = (Method *)object_of(args[0]);
    Value name = value_getattr(t, method->function, NAME_OF(t, __name__));
    if (name == VALUE_ERROR) return VALUE_ERROR;
    Value pair[] = {method->self, name};
    return call_builtin(t, "getattr", pair, 2, VALUE_UNSET);
}

static Value reduce_member(Thread *t, Value *args) {
    Member *member = MEMBER(args[0]);
    Value pair[] = {member->owner, member->name};
    return call_builtin(t, "getattr", pair, 2, VALUE_UNSET);
}

/* ---- bytearray ---- */

/* self.__getstate__() */
static Value state_of(Thread *t, Value self) {
    return call_method(t, self, NAME_OF(t, __getstate__), NULL, 0);
}

/* Before protocol 3: text and its encoding. */
static Value reduce_bytearray(Thread *t, Value *args) {
    int64_t protocol = 0;
    if (args[1] != VALUE_UNSET && !arg_int64(t, args[1], &protocol)) return VALUE_ERROR;
    Value state = state_of(t, args[0]);
    if (state == VALUE_ERROR) return VALUE_ERROR;
    Value cls = object_value(class_of(t->vm, args[0]));
    const uint8_t *data = BYTEARRAY(args[0])->data;
    size_t size = BYTEARRAY(args[0])->size;
    if (!size) return call_of(t, cls, NULL, 0, state);
    if (protocol >= 3) {
        Value bytes = object_value(bytes_new(t, data, size));
        return call_of(t, cls, &bytes, 1, state);
    }
    Buffer text = {0};
    for (size_t i = 0; i < size; i++) buffer_put_utf8(&text, data[i]);
    Value pair[] = {object_value(str_from_buffer(t, &text)),
                    object_value(str_intern(t->vm, "latin-1", 7))};
    return call_of(t, cls, pair, 2, state);
}

/* ---- the tables ---- */

#define REDUCE(NAME)                                                                               \
    static const NativeDef NAME##_methods[] = {                                                    \
        {"__reduce__", NAME, "(self, /)", "How to make an equal object."}, {0}};
REDUCE(reduce_native)
REDUCE(reduce_method)
REDUCE(reduce_member)

static const NativeDef reduce_bytearray_methods[] = {
    {"__reduce__", reduce_bytearray, "(self, protocol=?, /)", "How to make an equal object."},
    {"__reduce_ex__", reduce_bytearray, "(self, protocol=0, /)",
     "How to make an equal object, for pickle of a protocol."},
    {0},
};

/* Give these classes their __reduce__. */
void reduce_builtins_init(Thread *t) {
    native_class_extend(t, BUILTIN_CLASS(t, METHOD), reduce_method_methods);
    native_class_extend(t, BUILTIN_CLASS(t, MEMBER), reduce_member_methods);
    native_class_extend(t, BUILTIN_CLASS(t, BYTEARRAY), reduce_bytearray_methods);
    Class *natives[] = {BUILTIN_CLASS(t, NATIVE), t->vm->method_descriptor,
                        t->vm->wrapper_descriptor, t->vm->method_wrapper};
    for (int i = 0; i < 4; i++) native_class_extend(t, natives[i], reduce_native_methods);
}
