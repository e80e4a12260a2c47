/* SPDX-License-Identifier: MIT */
/* Functions of the module posix that stand in stdlib/posix_more.c; the table is in
 * stdlib/posix.c. */
#ifndef TULIP_STDLIB_POSIX_H
#define TULIP_STDLIB_POSIX_H

#include "stdlib/stdlib.h"

/* OSError with two paths, as rename() raises it. */
Value posix_two_paths_error(Thread *t, int code, Value from, Value to);

Value posix_link(Thread *t, Value *args);
Value posix_utime(Thread *t, Value *args);
Value posix_times(Thread *t, Value *args);
Value posix_uname(Thread *t, Value *args);
Value posix_dup(Thread *t, Value *args);
Value posix_dup2(Thread *t, Value *args);
Value posix_lseek(Thread *t, Value *args);
Value posix_fsync(Thread *t, Value *args);
Value posix_truncate(Thread *t, Value *args);
Value posix_get_inheritable(Thread *t, Value *args);
Value posix_set_inheritable(Thread *t, Value *args);
Value posix_umask(Thread *t, Value *args);
Value posix_chown(Thread *t, Value *args);
Value posix_entries(Thread *t, Value *args);

#endif
