/* SPDX-License-Identifier: MIT */
/*
 * The module `_http`: parser, messages and the heads of responses.
 *
 * Read next: stdlib/http_native.h, stdlib/aiohttp/web_protocol.tul (the server over it).
 */
#include "stdlib/http_native.h"

static bool init(Thread *t, Module *module) {
    module_class(t, module, &http_parser_class, "_http", NULL);
    stdlib_class(t, CLASS_HTTP_MESSAGE, module, &http_message_class, "_http", NULL);
    module_class(t, module, &http_composer_class, "_http", NULL);
    return true;
}

static const NativeDef functions[] = {{0}};

const NativeModule _http_module = {"_http", "HTTP/1 as bytes: messages taken apart.", functions,
                                   init};
