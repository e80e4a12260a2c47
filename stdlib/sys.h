/* SPDX-License-Identifier: MIT */
/* What the pieces of sys share, and what the program outside asks of it. */
#ifndef TULIP_STDLIB_SYS_H
#define TULIP_STDLIB_SYS_H

#include "stdlib/stdlib.h"

/* The rarely asked attributes of sys: the value, VALUE_UNSET when there is no such name
 * (stdlib/sys_info.c). */
Value sys_info(Thread *t, const char *name) MUST_CHECK;
/* The same for the functions that watch and steer a program (stdlib/sys_watch.c). */
Value sys_watch(Thread *t, const char *name) MUST_CHECK;
/* Text to sys.stderr, or to descriptor 2 when that does not work; never raises. */
void sys_write_error(Thread *t, const char *text, size_t size);
/* The same for a report of an error: in colour when that is a terminal. */
void sys_write_report(Thread *t, const char *text, size_t size);
/* An exception with its traceback to sys.stderr. */
void sys_print_exception(Thread *t, Value exception);

#endif
