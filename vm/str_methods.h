/* SPDX-License-Identifier: MIT */
/* The natives behind str's own methods (those that bytes lacks), for the method table in
 * vm/str_class.c. */
#ifndef TULIP_VM_STR_METHODS_H
#define TULIP_VM_STR_METHODS_H

#include "vm/str.h"

/* vm/chars_case.c */
Value str_method_casefold(Thread *t, Value *args);
Value str_method_isdecimal(Thread *t, Value *args);
Value str_method_isnumeric(Thread *t, Value *args);
Value str_method_isprintable(Thread *t, Value *args);
Value str_method_isidentifier(Thread *t, Value *args);
/* vm/str_translate.c */
Value str_method_translate(Thread *t, Value *args);
Value str_method_maketrans(Thread *t, Value *args);
/* vm/format_fields.c */
Value str_method_format(Thread *t, Value *args);
Value str_method_format_map(Thread *t, Value *args);

#endif
