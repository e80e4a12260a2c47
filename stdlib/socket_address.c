/* SPDX-License-Identifier: MIT */
/*
 * Addresses: (host, port), (host, port, flowinfo, scope), and paths of Unix sockets, to and from
 * the system's structures.
 *
 * Looking up a host name asks the resolver, outside, so other threads run meanwhile; numbers are
 * taken as they are. Read next: stdlib/socket_resolve.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/un.h>

#include "stdlib/resolve_rules.h"
#include "stdlib/socket_native.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- from the system ---- */

Value address_host(Thread *t, const struct sockaddr *address, socklen_t size) {
    char host[NI_MAXHOST];
    int error = getnameinfo(address, size, host, sizeof host, NULL, 0, NI_NUMERICHOST);
    return error ? raise_gaierror(t, error) : object_value(str_from(t, host));
}

static Value internet_value(Thread *t, const struct sockaddr_storage *address) {
    Value *items = push_roots(t, 4);
    bool six = address->ss_family == AF_INET6;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    items[0] = address_host(t, (const struct sockaddr *)address, six ? sizeof *in6 : sizeof *in);
    if (items[0] == VALUE_ERROR) return VALUE_ERROR;
    items[1] = fixnum(ntohs(six ? in6->sin6_port : in->sin_port));
    if (six) {
        items[2] = fixnum(ntohl(in6->sin6_flowinfo));
        items[3] = fixnum(in6->sin6_scope_id);
    }
    Value v = object_value(tuple_from(t, items, six ? 4 : 2));
    pop_roots(t, items);
    return v;
}

/* A path as text; a name of Linux' abstract space, which begins with a NUL, as bytes. */
static Value unix_value(Thread *t, const struct sockaddr_un *address, socklen_t size) {
    size_t start = offsetof(struct sockaddr_un, sun_path);
    if (size <= start) return object_value(str_from(t, ""));
    if (!address->sun_path[0]) return object_value(bytes_new(t, address->sun_path, size - start));
    char path[sizeof address->sun_path + 1] = {0};
    memcpy(path, address->sun_path, size - start < sizeof path ? size - start : sizeof path - 1);
    return system_text(t, path);
}

Value address_value(Thread *t, const struct sockaddr_storage *address, socklen_t size) {
    if (size == 0) return VALUE_NONE;
    switch (address->ss_family) {
    case AF_INET:
    case AF_INET6: return internet_value(t, address);
    case AF_UNIX: return unix_value(t, (const struct sockaddr_un *)address, size);
    default: break;
    }
    Value *items = push_roots(t, 2);
    items[0] = fixnum(address->ss_family);
    items[1] = object_value(bytes_new(t, (const char *)address + sizeof(sa_family_t),
                                      sizeof(struct sockaddr) - sizeof(sa_family_t)));
    Value v = object_value(tuple_from(t, items, 2));
    pop_roots(t, items);
    return v;
}

/* ---- hosts ---- */

const char *host_text(Thread *t, Value *v) {
    if (is_str(*v) && !str_is_ascii(STR(*v))) {
        Value encoding = object_value(str_from(t, "idna"));
        *v = call_method(t, *v, str_intern(t->vm, "encode", 6), &encoding, 1);
        if (*v == VALUE_ERROR) return NULL;
    }
    const uint8_t *data;
    size_t size;
    if (is_str(*v)) {
        data = (const uint8_t *)STR(*v)->data;
        size = STR(*v)->size;
    } else if (is_kind(*v, OBJ_BYTEARRAY)) {
        bytes_like(*v, &data, &size);
        *v = object_value(bytes_new(t, data, size));
        data = BYTES(*v)->data;
    } else if (!bytes_like(*v, &data, &size)) {
        raise_error(t, EXC_TypeError, "str, bytes or bytearray expected, not %T", *v);
        return NULL;
    }
    if (strlen((const char *)data) == size) return (const char *)data;
    raise_error(t, EXC_TypeError, "host name must not contain null character");
    return NULL;
}

static bool set_ipv4(struct sockaddr_storage *address, socklen_t *size, struct in_addr number) {
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    memset(in, 0, sizeof *in);
    in->sin_family = AF_INET;
    in->sin_addr = number;
    *size = sizeof *in;
    return true;
}

/* An address written in digits. */
static bool numeric_host(const char *host, int family, struct sockaddr_storage *address,
                         socklen_t *size) {
    struct in_addr four;
    if (family != AF_INET6 && inet_pton(AF_INET, host, &four) == 1)
        return set_ipv4(address, size, four);
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
    memset(in6, 0, sizeof *in6);
    if (family == AF_INET || strchr(host, '%') || inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
        return false;
    in6->sin6_family = AF_INET6;
    *size = sizeof *in6;
    return true;
}

/* The first that the resolver finds. */
static bool ask_resolver(Thread *t, const char *host, const char *port, int family, int flags,
                         struct sockaddr_storage *address, socklen_t *size) {
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = flags};
    struct addrinfo *found = NULL;
    thread_leave(t);
    int error = getaddrinfo(host, port, &hints, &found);
    thread_return(t);
    if (error) return raise_gaierror(t, error), false;
    bool several = flags && found->ai_next;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *size = found->ai_addrlen;
    freeaddrinfo(found);
    if (several) raise_error(t, EXC_OSError, "wildcard resolved to multiple address");
    return !several;
}

bool host_resolve(Thread *t, const char *host, int family, struct sockaddr_storage *address,
                  socklen_t *size) {
    if (!*host) return ask_resolver(t, NULL, "0", family, AI_PASSIVE, address, size);
    if (!strcmp(host, "<broadcast>") || !strcmp(host, "255.255.255.255")) {
        if (family == AF_INET || family == AF_UNSPEC)
            return set_ipv4(address, size, (struct in_addr){htonl(INADDR_BROADCAST)});
        raise_error(t, EXC_OSError, "address family mismatched");
        return false;
    }
    if (numeric_host(host, family, address, size)) return true;
    char *name = strdup(host); /* the text may go while others run */
    if (!name) return raise_error(t, EXC_MemoryError, ""), false;
    bool ok = ask_resolver(t, name, NULL, family, 0, address, size);
    free(name);
    return ok;
}

/* ---- to the system ---- */

/* A number from 0 to [most] at [items][i]. */
static bool small_number(Thread *t, Value v, int64_t most, const char *call, const char *what,
                         uint32_t *out) {
    int64_t number;
    if (!is_int(v) && is_float(v))
        return raise_error(t, EXC_TypeError, "integer argument expected, got float"), false;
    if (!arg_int32(t, v, &number)) return false;
    if (number < 0 || number > most) {
        raise_error(t, EXC_OverflowError, "%s(): %s must be 0-%lld%s", call, what, (long long)most,
                    ".");
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

static bool internet_from(Thread *t, int family, Value *v, const char *call,
                          struct sockaddr_storage *address, socklen_t *size) {
    bool six = family == AF_INET6;
    if (!is_kind(*v, OBJ_TUPLE)) {
        raise_error(t, EXC_TypeError, "%s(): %s address must be tuple, not %T", call,
                    six ? "AF_INET6" : "AF_INET", *v);
        return false;
    }
    Tuple *items = TUPLE(*v);
    if (items->size < 2 || items->size > (six ? 4 : 2)) {
        raise_error(t, EXC_TypeError, "%s",
                    six ? "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])"
                        : "AF_INET address must be a pair (host, port)");
        return false;
    }
    Value *host = push_roots(t, 1);
    uint32_t port, flow = 0, scope = 0;
    *host = items->items[0];
    const char *text = host_text(t, host);
    if (!text || !small_number(t, items->items[1], 65535, call, "port", &port)) return false;
    if (items->size > 2 && !small_number(t, items->items[2], 1048575, call, "flowinfo", &flow))
        return false;
    if (items->size > 3 && !small_number(t, items->items[3], UINT32_MAX, call, "scope", &scope))
        return false;
    ResolvedName rule;
    if (!strncmp(call, "connect", 7) && resolve_rule_find(text, (int)port, &rule)) {
        text = rule.host;
        port = (uint32_t)rule.port;
    }
    if (!host_resolve(t, text, family, address, size)) return false;
    pop_roots(t, host);
    if (six) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
        in6->sin6_port = htons((uint16_t)port);
        in6->sin6_flowinfo = htonl(flow);
        if (scope) in6->sin6_scope_id = scope;
    } else {
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
    }
    return true;
}

static bool unix_from(Thread *t, Value *v, struct sockaddr_storage *address, socklen_t *size) {
    struct sockaddr_un *un = (struct sockaddr_un *)address;
    const uint8_t *data;
    size_t length;
    const char *path;
    Value *holder = push_roots(t, 1);
    bool text = is_str(*v) && !memchr(STR(*v)->data, 0, STR(*v)->size);
    if (text) {
        if (!arg_path(t, *v, holder, &path)) return false;
        data = (const uint8_t *)path;
        length = strlen(path);
    } else if (is_str(*v)) {
        data = (const uint8_t *)STR(*v)->data;
        length = STR(*v)->size;
    } else if (!bytes_like(*v, &data, &length)) {
        raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", *v);
        return false;
    }
    bool abstract = length == 0 || !data[0]; /* of no length: the system chooses a name */
    if (length + !abstract > sizeof un->sun_path)
        return raise_error(t, EXC_OSError, "AF_UNIX path too long"), false;
    memset(un, 0, sizeof *un);
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, data, length);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + !abstract);
    pop_roots(t, holder);
    return true;
}

bool address_from(Thread *t, int family, Value *v, const char *call,
                  struct sockaddr_storage *address, socklen_t *size) {
    memset(address, 0, sizeof *address);
    switch (family) {
    case AF_INET:
    case AF_INET6: return internet_from(t, family, v, call, address, size);
    case AF_UNIX: return unix_from(t, v, address, size);
    default: raise_error(t, EXC_OSError, "%s(): bad family", call); return false;
    }
}
