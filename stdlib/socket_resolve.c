/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts and services to numbers and back, and the notations of addresses.
 *
 * The resolver may take seconds, so it is asked outside, with copies of the names.
 * Read next: stdlib/socket_address.c.
 */
#define _GNU_SOURCE /* gethostby…_r */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "stdlib/resolve_rules.h"
#include "stdlib/socket_native.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* The resolver may take long, so others run meanwhile. On the virtual clock asking is computing and
 * takes no time, so that names of the program's own hosts leave its order alone. */
static void leave_to_ask(Thread *t) {
    if (!t->vm->clock.is_virtual) thread_leave(t);
}

/* ---- errors ---- */

static Value raise_numbered(Thread *t, StdlibClass cls, int code, const char *text) {
    Value *args = push_roots(t, 2);
    args[0] = fixnum(code);
    args[1] = object_value(str_from(t, text));
    Value error = exception_new(t, stdlib_of(t)->classes[cls], args, 2);
    pop_roots(t, args);
    return error == VALUE_ERROR ? VALUE_ERROR : raise_value(t, error);
}

Value raise_gaierror(Thread *t, int code) {
    if (code == EAI_SYSTEM) return raise_os_error(t, errno, VALUE_UNSET);
    return raise_numbered(t, CLASS_GAI_ERROR, code, gai_strerror(code));
}

/* ---- getaddrinfo, getnameinfo ---- */

/* A host or service: None gives NULL. The text is a copy for free(). */
static bool copy_name(Thread *t, Value *v, char **out) {
    *out = NULL;
    if (*v == VALUE_NONE) return true;
    const char *text = host_text(t, v);
    if (text) *out = strdup(text);
    return text != NULL;
}

static bool copy_service(Thread *t, Value *v, char **out) {
    if (is_int(*v)) {
        Str *text = value_str(t, *v);
        if (!text) return false;
        *v = object_value(text);
    } else if (!is_str(*v) && !is_kind(*v, OBJ_BYTES) && *v != VALUE_NONE) {
        raise_error(t, EXC_OSError, "Int or String expected");
        return false;
    }
    return copy_name(t, v, out);
}

/* (family, type, proto, canonical name, address) for each. */
static Value info_list(Thread *t, const struct addrinfo *info) {
    Value *roots = push_roots(t, 6);
    List *list = list_new(t, 4);
    roots[5] = object_value(list);
    for (; info; info = info->ai_next) {
        struct sockaddr_storage address = {0};
        memcpy(&address, info->ai_addr, info->ai_addrlen);
        roots[0] = fixnum(info->ai_family);
        roots[1] = fixnum(info->ai_socktype);
        roots[2] = fixnum(info->ai_protocol);
        roots[3] = object_value(str_from(t, info->ai_canonname ? info->ai_canonname : ""));
        roots[4] = address_value(t, &address, info->ai_addrlen);
        if (roots[4] == VALUE_ERROR || !list_append(t, list, object_value(tuple_from(t, roots, 5))))
            return VALUE_ERROR;
    }
    pop_roots(t, roots);
    return roots[5];
}

/* The number of a port given in digits or by name; -1: it is none. */
static int port_number(const char *service) {
    if (service[0] && !service[strspn(service, "0123456789")]) return atoi(service);
    struct servent *entry = getservbyname(service, NULL);
    return entry ? ntohs((uint16_t)entry->s_port) : -1;
}

/* A rule about the name, if there is one, replaces host and port; both are copies for free(). */
static void follow_rules(char **host, char **service) {
    ResolvedName found;
    char digits[16];
    if (!*host || !*service || !getenv(RESOLVE_VARIABLE)) return;
    if (!resolve_rule_find(*host, port_number(*service), &found)) return;
    snprintf(digits, sizeof digits, "%d", found.port);
    char *new_host = strdup(found.host), *new_service = strdup(digits);
    if (!new_host || !new_service) return free(new_host), free(new_service);
    free(*host);
    free(*service);
    *host = new_host;
    *service = new_service;
}

/* args: host, port, family, type, proto, flags */
static Value resolve_getaddrinfo(Thread *t, Value *args) {
    int64_t numbers[4];
    for (int i = 0; i < 4; i++) {
        if (!arg_int32(t, args[2 + i], &numbers[i])) return VALUE_ERROR;
    }
    if (args[0] != VALUE_NONE && !is_str(args[0]) && !is_kind(args[0], OBJ_BYTES))
        return raise_error(t, EXC_TypeError, "getaddrinfo() argument 1 must be string or None");
    char *host, *service;
    if (!copy_name(t, &args[0], &host)) return VALUE_ERROR;
    if (!copy_service(t, &args[1], &service)) return free(host), VALUE_ERROR;
    follow_rules(&host, &service);
    struct addrinfo hints = {.ai_family = (int)numbers[0],
                             .ai_socktype = (int)numbers[1],
                             .ai_protocol = (int)numbers[2],
                             .ai_flags = (int)numbers[3]};
    struct addrinfo *found = NULL;
    leave_to_ask(t);
    int error = getaddrinfo(host, service, &hints, &found), number = errno;
    thread_return(t);
    free(host);
    free(service);
    errno = number;
    if (error) return raise_gaierror(t, error);
    Value list = info_list(t, found);
    freeaddrinfo(found);
    return list;
}

/* The numeric address of getnameinfo's tuple. */
static struct addrinfo *numeric_info(Thread *t, Tuple *items, int64_t *rest) {
    char service[16];
    if (items->size < 2 || items->size > 4 || !is_str(items->items[0])) {
        raise_error(t, EXC_TypeError, "getnameinfo(): illegal sockaddr argument");
        return NULL;
    }
    for (size_t i = 1; i < items->size; i++) {
        if (!arg_int32(t, items->items[i], &rest[i - 1])) return NULL;
    }
    if (rest[1] < 0 || rest[1] > 0xfffff) {
        raise_error(t, EXC_OverflowError, "getnameinfo(): flowinfo must be 0-1048575.");
        return NULL;
    }
    snprintf(service, sizeof service, "%lld", (long long)rest[0]);
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(STR(items->items[0])->data, service, &hints, &found);
    if (error) raise_gaierror(t, error);
    return error ? NULL : found;
}

static Value resolve_getnameinfo(Thread *t, Value *args) {
    int64_t flags, rest[3] = {0};
    if (!is_kind(args[0], OBJ_TUPLE))
        return raise_error(t, EXC_TypeError, "getnameinfo() argument 1 must be a tuple");
    if (!arg_int32(t, args[1], &flags)) return VALUE_ERROR;
    struct addrinfo *info = numeric_info(t, TUPLE(args[0]), rest);
    if (!info) return VALUE_ERROR;
    if (info->ai_family == AF_INET && TUPLE(args[0])->size != 2) {
        freeaddrinfo(info);
        return raise_error(t, EXC_OSError, "IPv4 sockaddr must be 2 tuple");
    }
    struct sockaddr_storage address = {0};
    socklen_t size = info->ai_addrlen;
    memcpy(&address, info->ai_addr, size);
    freeaddrinfo(info);
    if (address.ss_family == AF_INET6) {
        ((struct sockaddr_in6 *)&address)->sin6_flowinfo = htonl((uint32_t)rest[1]);
        ((struct sockaddr_in6 *)&address)->sin6_scope_id = (uint32_t)rest[2];
    }
    char host[NI_MAXHOST], service[NI_MAXSERV];
    leave_to_ask(t);
    int error = getnameinfo((struct sockaddr *)&address, size, host, sizeof host, service,
                            sizeof service, (int)flags);
    thread_return(t);
    if (error) return raise_gaierror(t, error);
    Value *pair = push_roots(t, 2);
    pair[0] = object_value(str_from(t, host));
    pair[1] = object_value(str_from(t, service));
    return object_value(tuple_from(t, pair, 2));
}

/* ---- hosts by name and address ---- */

static Value resolve_gethostbyname(Thread *t, Value *args) {
    struct sockaddr_storage address;
    socklen_t size;
    const char *host = host_text(t, &args[0]);
    if (!host || !host_resolve(t, host, AF_INET, &address, &size)) return VALUE_ERROR;
    return address_host(t, (struct sockaddr *)&address, size);
}

/* Text of every entry of a NULL-terminated table; [length] 0: names, else addresses. */
static Value text_list(Thread *t, char **table, int family, int length) {
    Value *root = push_roots(t, 1);
    List *list = list_new(t, 2);
    *root = object_value(list);
    for (; table && *table; table++) {
        char text[INET6_ADDRSTRLEN];
        const char *shown = length ? inet_ntop(family, *table, text, sizeof text) : *table;
        if (!list_append(t, list, object_value(str_from(t, shown)))) return VALUE_ERROR;
    }
    pop_roots(t, root);
    return *root;
}

/* (name, aliases, addresses), or socket.herror. */
static Value host_entry(Thread *t, const struct hostent *entry, int code) {
    if (!entry) return raise_numbered(t, CLASS_HOST_ERROR, code, hstrerror(code));
    Value *items = push_roots(t, 3);
    items[0] = object_value(str_from(t, entry->h_name));
    items[1] = text_list(t, entry->h_aliases, 0, 0);
    items[2] = text_list(t, entry->h_addr_list, entry->h_addrtype, entry->h_length);
    return object_value(tuple_from(t, items, 3));
}

enum { HOST_ROOM = 16384 };

static Value resolve_gethostbyname_ex(Thread *t, Value *args) {
    struct sockaddr_storage address;
    socklen_t size;
    const char *host = host_text(t, &args[0]);
    if (!host || !host_resolve(t, host, AF_INET, &address, &size)) return VALUE_ERROR;
    char room[HOST_ROOM], *name = strdup(host_text(t, &args[0]));
    struct hostent entry, *found = NULL;
    int code = 0;
    leave_to_ask(t);
    gethostbyname_r(name, &entry, room, sizeof room, &found, &code);
    thread_return(t);
    free(name);
    return host_entry(t, found, code);
}

static Value resolve_gethostbyaddr(Thread *t, Value *args) {
    struct sockaddr_storage address;
    socklen_t size;
    const char *host = host_text(t, &args[0]);
    if (!host || !host_resolve(t, host, AF_UNSPEC, &address, &size)) return VALUE_ERROR;
    bool six = address.ss_family == AF_INET6;
    const void *number = six ? (void *)&((struct sockaddr_in6 *)&address)->sin6_addr
                             : (void *)&((struct sockaddr_in *)&address)->sin_addr;
    char room[HOST_ROOM];
    struct hostent entry, *found = NULL;
    int code = 0;
    leave_to_ask(t);
    gethostbyaddr_r(number, six ? 16 : 4, address.ss_family, &entry, room, sizeof room, &found,
                    &code);
    thread_return(t);
    return host_entry(t, found, code);
}

static Value resolve_gethostname(Thread *t, Value *args) {
    char name[1025];
    (void)args;
    if (gethostname(name, sizeof name - 1) != 0) return raise_os_error(t, errno, VALUE_UNSET);
    return system_text(t, name);
}

/* ---- services and protocols ---- */

/* A str, or NULL: TypeError raised; [v] unset gives "" (any). */
static const char *name_argument(Thread *t, Value v, const char *what) {
    Str *text;
    if (v == VALUE_UNSET) return "";
    return arg_str(t, v, what, &text) ? text->data : NULL;
}

static Value resolve_getservbyname(Thread *t, Value *args) {
    const char *name = name_argument(t, args[0], "getservbyname() argument 1");
    const char *protocol = name ? name_argument(t, args[1], "getservbyname() argument 2") : NULL;
    if (!protocol) return VALUE_ERROR;
    struct servent *entry = getservbyname(name, *protocol ? protocol : NULL);
    return entry ? fixnum(ntohs((uint16_t)entry->s_port))
                 : raise_error(t, EXC_OSError, "service/proto not found");
}

static Value resolve_getservbyport(Thread *t, Value *args) {
    int64_t port;
    const char *protocol = name_argument(t, args[1], "getservbyport() argument 2");
    if (!protocol || !arg_int32(t, args[0], &port)) return VALUE_ERROR;
    if (port < 0 || port > 65535)
        return raise_error(t, EXC_OverflowError, "getservbyport: port must be 0-65535.");
    struct servent *entry = getservbyport(htons((uint16_t)port), *protocol ? protocol : NULL);
    return entry ? object_value(str_from(t, entry->s_name))
                 : raise_error(t, EXC_OSError, "port/proto not found");
}

static Value resolve_getprotobyname(Thread *t, Value *args) {
    const char *name = name_argument(t, args[0], "getprotobyname() argument 1");
    if (!name) return VALUE_ERROR;
    struct protoent *entry = getprotobyname(name);
    return entry ? fixnum(entry->p_proto) : raise_error(t, EXC_OSError, "protocol not found");
}

/* ---- notations ---- */

static Value resolve_inet_aton(Thread *t, Value *args) {
    struct in_addr number;
    const char *text = name_argument(t, args[0], "inet_aton() argument 1");
    if (!text) return VALUE_ERROR;
    if (!inet_aton(text, &number))
        return raise_error(t, EXC_OSError, "illegal IP address string passed to inet_aton");
    return object_value(bytes_new(t, &number, sizeof number));
}

static bool packed_argument(Thread *t, Value v, const uint8_t **data, size_t *size) {
    if (bytes_like(v, data, size)) return true;
    raise_error(t, EXC_TypeError, "a bytes-like object is required, not '%T'", v);
    return false;
}

static Value resolve_inet_ntoa(Thread *t, Value *args) {
    const uint8_t *data;
    size_t size;
    char text[INET_ADDRSTRLEN];
    if (!packed_argument(t, args[0], &data, &size)) return VALUE_ERROR;
    if (size != 4) return raise_error(t, EXC_OSError, "packed IP wrong length for inet_ntoa");
    return object_value(str_from(t, inet_ntop(AF_INET, data, text, sizeof text)));
}

static Value resolve_inet_pton(Thread *t, Value *args) {
    int64_t family;
    uint8_t number[16];
    if (!arg_int32(t, args[0], &family)) return VALUE_ERROR;
    const char *text = name_argument(t, args[1], "inet_pton() argument 2");
    if (!text) return VALUE_ERROR;
    int result = inet_pton((int)family, text, number);
    if (result < 0) return raise_os_error(t, errno, VALUE_UNSET);
    if (!result)
        return raise_error(t, EXC_OSError, "illegal IP address string passed to inet_pton");
    return object_value(bytes_new(t, number, family == AF_INET6 ? 16 : 4));
}

static Value resolve_inet_ntop(Thread *t, Value *args) {
    int64_t family;
    const uint8_t *data;
    size_t size;
    char text[INET6_ADDRSTRLEN];
    if (!arg_int32(t, args[0], &family) || !packed_argument(t, args[1], &data, &size))
        return VALUE_ERROR;
    if (family != AF_INET && family != AF_INET6)
        return raise_error(t, EXC_ValueError, "unknown address family %d", (int)family);
    if (size != (family == AF_INET6 ? 16 : 4))
        return raise_error(t, EXC_ValueError, "invalid length of packed IP address string");
    return object_value(str_from(t, inet_ntop((int)family, data, text, sizeof text)));
}

/* ---- byte order ---- */

/* Swap 16 bits of args[0] for [name]. */
static Value swap_short(Thread *t, Value *args, const char *name) {
    int64_t number;
    if (!arg_int32(t, args[0], &number)) return VALUE_ERROR;
    if (number < 0)
        return raise_error(t, EXC_OverflowError,
                           "%s: can't convert negative Python int to C 16-bit unsigned integer",
                           name);
    if (number > 65535)
        return raise_error(t, EXC_OverflowError,
                           "%s: Python int too large to convert to C 16-bit unsigned integer",
                           name);
    return fixnum(htons((uint16_t)number));
}

static Value swap_long(Thread *t, Value *args) {
    int64_t number;
    if (!is_int(args[0])) return raise_error(t, EXC_TypeError, "expected int, %T found", args[0]);
    if (!arg_clamped(t, args[0], &number)) return VALUE_ERROR;
    if (number < 0)
        return raise_error(t, EXC_OverflowError, "can't convert negative value to unsigned int");
    int64_t exact;
    if (!int_to_int64(args[0], &exact))
        return raise_error(t, EXC_OverflowError,
                           "Python int too large to convert to C unsigned long");
    if (number > UINT32_MAX) return raise_error(t, EXC_OverflowError, "int larger than 32 bits");
    return fixnum(htonl((uint32_t)number));
}

static Value resolve_htons(Thread *t, Value *args) { return swap_short(t, args, "htons"); }
static Value resolve_ntohs(Thread *t, Value *args) { return swap_short(t, args, "ntohs"); }

/* ---- interfaces ---- */

static Value resolve_if_nameindex(Thread *t, Value *args) {
    (void)args;
    struct if_nameindex *all = if_nameindex();
    if (!all) return raise_os_error(t, errno, VALUE_UNSET);
    Value *roots = push_roots(t, 3);
    List *list = list_new(t, 4);
    roots[2] = object_value(list);
    for (struct if_nameindex *one = all; one->if_index; one++) {
        roots[0] = fixnum(one->if_index);
        roots[1] = system_text(t, one->if_name);
        if (roots[1] == VALUE_ERROR || !list_append(t, list, object_value(tuple_from(t, roots, 2))))
            break;
    }
    if_freenameindex(all);
    return roots[1] == VALUE_ERROR ? VALUE_ERROR : roots[2];
}

static Value resolve_if_nametoindex(Thread *t, Value *args) {
    const char *name = name_argument(t, args[0], "if_nametoindex() argument 1");
    unsigned number = name ? if_nametoindex(name) : 0;
    if (!name || number) return name ? fixnum(number) : VALUE_ERROR;
    return raise_error(t, EXC_OSError, "no interface with this name");
}

static Value resolve_if_indextoname(Thread *t, Value *args) {
    int64_t number;
    char name[IF_NAMESIZE + 1];
    if (!arg_int32(t, args[0], &number)) return VALUE_ERROR;
    if (!if_indextoname((unsigned)number, name)) return raise_os_error(t, errno, VALUE_UNSET);
    return system_text(t, name);
}

const NativeDef socket_resolve_functions[] = {
    {"getaddrinfo", resolve_getaddrinfo, "(host, port, family=0, type=0, proto=0, flags=0)",
     "A list of (family, type, proto, canonical name, address)."},
    {"getnameinfo", resolve_getnameinfo, "(sockaddr, flags, /)", "(host, service) of an address."},
    {"gethostbyname", resolve_gethostbyname, "(host, /)", "The IPv4 address of a host."},
    {"gethostbyname_ex", resolve_gethostbyname_ex, "(host, /)", "(name, aliases, addresses)."},
    {"gethostbyaddr", resolve_gethostbyaddr, "(host, /)", "(name, aliases, addresses)."},
    {"gethostname", resolve_gethostname, "()", "The name of this host."},
    {"getservbyname", resolve_getservbyname, "(servicename, protocolname=?, /)",
     "The port of a service."},
    {"getservbyport", resolve_getservbyport, "(port, protocolname=?, /)", "The service of a port."},
    {"getprotobyname", resolve_getprotobyname, "(name, /)", "The number of a protocol."},
    {"inet_aton", resolve_inet_aton, "(ip_addr, /)", "The 4 bytes of '127.0.0.1'."},
    {"inet_ntoa", resolve_inet_ntoa, "(packed_ip, /)", "'127.0.0.1' of 4 bytes."},
    {"inet_pton", resolve_inet_pton, "(af, ip, /)", "The bytes of an address as text."},
    {"inet_ntop", resolve_inet_ntop, "(af, packed_ip, /)", "The text of an address as bytes."},
    {"htons", resolve_htons, "(x, /)", "16 bits from the host's to the network's order."},
    {"ntohs", resolve_ntohs, "(x, /)", "16 bits from the network's to the host's order."},
    {"htonl", swap_long, "(x, /)", "32 bits from the host's to the network's order."},
    {"ntohl", swap_long, "(x, /)", "32 bits from the network's to the host's order."},
    {"if_nameindex", resolve_if_nameindex, "()", "(number, name) of the interfaces."},
    {"if_nametoindex", resolve_if_nametoindex, "(if_name, /)", "The number of an interface."},
    {"if_indextoname", resolve_if_indextoname, "(if_index, /)", "The name of an interface."},
    {0},
};
