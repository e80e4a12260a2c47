/* SPDX-License-Identifier: MIT */
/*
 * contextvars: variables with one value per task. The classes are the vm's, because tasks and
 * callbacks carry contexts.
 *
 * Read next: vm/context.c.
 */
#include "vm/context.h"

static Value copy_context(Thread *t, Value *args) {
    (void)args;
    return context_copy(t);
}

static const NativeDef functions[] = {
    {"copy_context", copy_context, "()", "A copy of the current context."},
    {0},
};

static bool init(Thread *t, Module *module) {
    context_publish(t, module);
    return true;
}

const NativeModule contextvars_module = {
    .name = "contextvars", .doc = "Context variables.", .functions = functions, .init = init};
