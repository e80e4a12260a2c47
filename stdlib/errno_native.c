/* SPDX-License-Identifier: MIT */
/* errno: the system's error numbers by name, and errorcode, which leads back. One row
 * per number. */
#include <errno.h>
#include <string.h>

#include "stdlib/stdlib.h"
#include "vm/container.h"
#include "vm/str.h"

#define NUMBER(NAME)                                                                               \
    { #NAME, NAME }
static const struct {
    const char *name;
    int code;
} numbers[] = {
    NUMBER(EPERM),
    NUMBER(ENOENT),
    NUMBER(ESRCH),
    NUMBER(EINTR),
    NUMBER(EIO),
    NUMBER(ENXIO),
    NUMBER(E2BIG),
    NUMBER(ENOEXEC),
    NUMBER(EBADF),
    NUMBER(ECHILD),
    NUMBER(EAGAIN),
    NUMBER(ENOMEM),
    NUMBER(EACCES),
    NUMBER(EFAULT),
    NUMBER(ENOTBLK),
    NUMBER(EBUSY),
    NUMBER(EEXIST),
    NUMBER(EXDEV),
    NUMBER(ENODEV),
    NUMBER(ENOTDIR),
    NUMBER(EISDIR),
    NUMBER(EINVAL),
    NUMBER(ENFILE),
    NUMBER(EMFILE),
    NUMBER(ENOTTY),
    NUMBER(ETXTBSY),
    NUMBER(EFBIG),
    NUMBER(ENOSPC),
    NUMBER(ESPIPE),
    NUMBER(EROFS),
    NUMBER(EMLINK),
    NUMBER(EPIPE),
    NUMBER(EDOM),
    NUMBER(ERANGE),
    NUMBER(EDEADLK),
    NUMBER(ENAMETOOLONG),
    NUMBER(ENOLCK),
    NUMBER(ENOSYS),
    NUMBER(ENOTEMPTY),
    NUMBER(ELOOP),
    NUMBER(ENOMSG),
    NUMBER(EIDRM),
    NUMBER(ENOSTR),
    NUMBER(ENODATA),
    NUMBER(ETIME),
    NUMBER(ENOSR),
    NUMBER(ENOLINK),
    NUMBER(EPROTO),
    NUMBER(EBADMSG),
    NUMBER(EOVERFLOW),
    NUMBER(EILSEQ),
    NUMBER(ENOTSOCK),
    NUMBER(EDESTADDRREQ),
    NUMBER(EMSGSIZE),
    NUMBER(EPROTOTYPE),
    NUMBER(ENOPROTOOPT),
    NUMBER(EPROTONOSUPPORT),
    NUMBER(ESOCKTNOSUPPORT),
    NUMBER(EOPNOTSUPP),
    NUMBER(EPFNOSUPPORT),
    NUMBER(EAFNOSUPPORT),
    NUMBER(EADDRINUSE),
    NUMBER(EADDRNOTAVAIL),
    NUMBER(ENETDOWN),
    NUMBER(ENETUNREACH),
    NUMBER(ENETRESET),
    NUMBER(ECONNABORTED),
    NUMBER(ECONNRESET),
    NUMBER(ENOBUFS),
    NUMBER(EISCONN),
    NUMBER(ENOTCONN),
    NUMBER(ESHUTDOWN),
    NUMBER(ETIMEDOUT),
    NUMBER(ECONNREFUSED),
    NUMBER(EHOSTDOWN),
    NUMBER(EHOSTUNREACH),
    NUMBER(EALREADY),
    NUMBER(EINPROGRESS),
    NUMBER(ESTALE),
    NUMBER(EDQUOT),
    NUMBER(ECANCELED),
    NUMBER(EOWNERDEAD),
    NUMBER(ENOTRECOVERABLE),
};

static bool init(Thread *t, Module *m) {
    Dict *codes = dict_new(t);
    module_set(t, m, "errorcode", object_value(codes));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        Value name = object_value(str_intern(t->vm, numbers[i].name, strlen(numbers[i].name)));
        module_set(t, m, numbers[i].name, fixnum(numbers[i].code));
        if (!dict_set(t, codes, fixnum(numbers[i].code), name)) return false;
    }
    module_set(t, m, "EWOULDBLOCK", fixnum(EWOULDBLOCK));
    module_set(t, m, "ENOTSUP", fixnum(ENOTSUP));
    module_set(t, m, "EDEADLOCK", fixnum(EDEADLOCK));
    return true;
}

const NativeModule errno_module = {
    .name = "errno", .doc = "The system's error numbers.", .init = init};
