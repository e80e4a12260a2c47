/* SPDX-License-Identifier: MIT */
/*
 * _trollius: From, and the function that tells the machine which class is Return.
 *
 * Read next: vm/trollius.c, stdlib/trollius.tul.
 */
#include "vm/trollius.h"

static const NativeDef functions[] = {
    {"set_return_class", set_return_class, "(cls, /)",
     "Exceptions of that class end coroutines, with a result."},
    {0},
};

const NativeModule _trollius_module = {
    .name = "_trollius",
    .doc = "The native part of trollius.",
    .functions = functions,
    .init = trollius_init,
};
