/* SPDX-License-Identifier: MIT */
/*
 * The module _asyncio_net: what asyncio's connections have in C. It is imported with the first
 * transport, so that programs without one do not pay for it.
 *
 * Read next: loop/stream.h, stdlib/asyncio/_socket_transport.tul.
 */
#include "loop/stream.h"
#include "stdlib/asyncio_native.h"

static bool init(Thread *t, Module *module) {
    stream_class_install(t);
    module_set(t, module, "SelectorTransport", object_value(BUILTIN_CLASS(t, STREAM)));
    return true;
}

static const NativeDef functions[] = {{0}};

const NativeModule _asyncio_net_module = {
    "_asyncio_net", "The native part of asyncio's transports.", functions, init};
