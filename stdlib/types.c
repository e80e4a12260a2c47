/* SPDX-License-Identifier: MIT */
/*
 * _types: the built-in classes that have no name among the built-ins, and the mark of
 * generator-based coroutines.
 *
 * Read next: stdlib/types.tul.
 */
#include <string.h>

#include "stdlib/stdlib.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/exception.h"

typedef struct NamedKind {
    const char *name;
    ObjectKind kind;
} NamedKind;

static const NamedKind kinds[] = {
    {"FunctionType", OBJ_FUNCTION},
    {"LambdaType", OBJ_FUNCTION},
    {"CodeType", OBJ_CODE},
    {"MappingProxyType", OBJ_MAPPINGPROXY},
    {"SimpleNamespace", OBJ_NAMESPACE},
    {"CellType", OBJ_CELL},
    {"GeneratorType", OBJ_GENERATOR},
    {"CoroutineType", OBJ_COROUTINE},
    {"AsyncGeneratorType", OBJ_ASYNC_GENERATOR},
    {"MethodType", OBJ_METHOD},
    {"BuiltinFunctionType", OBJ_NATIVE},
    {"BuiltinMethodType", OBJ_NATIVE},
    {"ModuleType", OBJ_MODULE},
    {"TracebackType", OBJ_TRACEBACK},
    {"FrameType", OBJ_FRAME},
    {"GetSetDescriptorType", OBJ_MEMBER},
    {"MemberDescriptorType", OBJ_MEMBER},
    {"NoneType", OBJ_NONE},
    {"EllipsisType", OBJ_ELLIPSIS},
    {"NotImplementedType", OBJ_NOTIMPLEMENTED},
};

/* [code] with one more flag: its own arrays, so that each is freed once. */
static Code *code_with_flag(Thread *t, const Code *code, uint32_t flag) {
    Code *copy = code_copy(t, code);
    copy->flags |= flag;
    return copy;
}

/* Make the generator function args[0] one whose generators `await` accepts. Only this function
 * object changes, not others made by the same def statement. True when that was possible or it is a
 * coroutine function already. */
static Value mark_coroutine(Thread *t, Value *args) {
    if (!is_kind(args[0], OBJ_FUNCTION)) return VALUE_FALSE;
    Function *f = FUNCTION(args[0]);
    if (f->code->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE)) return VALUE_TRUE;
    if (!(f->code->flags & CODE_GENERATOR)) return VALUE_FALSE;
    Code *copy = code_with_flag(t, f->code, CODE_ITERABLE_COROUTINE);
    heap_forget(&t->vm->heap, object_value(f->code));
    f->code = copy;
    return VALUE_TRUE;
}

static const NativeDef functions[] = {
    {"mark_coroutine", mark_coroutine, "(function, /)",
     "Let await accept the generators of a generator function."},
    {0},
};

static bool init(Thread *t, Module *module) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        module_set(t, module, kinds[i].name, object_value(t->vm->classes[kinds[i].kind]));
    }
    return true;
}

const NativeModule _types_module = {
    .name = "_types", .doc = "Built-in classes by name.", .functions = functions, .init = init};
