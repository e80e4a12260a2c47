/* SPDX-License-Identifier: MIT */
/*
 * The numbers of the module socket: families, kinds, protocols, options, flags and errors of the
 * resolver, as this system has them.
 *
 * Rows of other than Internet and Unix sockets are left out. Read next: stdlib/socket.tul, which
 * makes enumerations of some.
 */
#define _GNU_SOURCE
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include "stdlib/socket_native.h"
#include "vm/number.h"

/* Headers of some systems lack it. */
#ifndef SOL_UDP
#define SOL_UDP 17
#endif

static const IntConstant constants[] = {
#define CONSTANT(NAME) {#NAME, (int64_t)NAME},
#include "stdlib/socket_constants.def"
#undef CONSTANT
};

void socket_constants_install(Thread *t, Module *module) {
    module_set_constants(t, module, constants, sizeof constants / sizeof *constants);
    module_set(t, module, "has_ipv6", VALUE_TRUE);
}
