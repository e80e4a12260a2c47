/* SPDX-License-Identifier: MIT */
/*
 * The fields that some built-in exception classes have beside those of BaseException: by number, in
 * a tuple that Exception.value holds.
 *
 * The tuple is made when the first field is set, so that an exception without details costs none.
 * Two classes with different fields are never bases of one class (exception_layout), hence a
 * number always means the same in one object.
 *
 * Read next: vm/exception_fields.c, vm/exception_class.c.
 */
#ifndef TULIP_VM_EXCEPTION_FIELDS_H
#define TULIP_VM_EXCEPTION_FIELDS_H

#include "vm/exception.h"
#include "vm/native.h"

enum { NAME_ERROR_NAME };
enum { ATTRIBUTE_ERROR_NAME, ATTRIBUTE_ERROR_OBJ };
enum { IMPORT_ERROR_MSG, IMPORT_ERROR_NAME, IMPORT_ERROR_PATH, IMPORT_ERROR_NAME_FROM };
enum { OS_ERROR_ERRNO, OS_ERROR_STRERROR, OS_ERROR_FILENAME, OS_ERROR_FILENAME2, OS_ERROR_WRITTEN };
enum {
    SYNTAX_ERROR_MSG,
    SYNTAX_ERROR_FILENAME,
    SYNTAX_ERROR_LINENO,
    SYNTAX_ERROR_OFFSET,
    SYNTAX_ERROR_TEXT,
    SYNTAX_ERROR_END_LINENO,
    SYNTAX_ERROR_END_OFFSET,
    SYNTAX_ERROR_PRINT,
    SYNTAX_ERROR_HINT /* a line for whoever reads the report; no attribute */
};
enum {
    UNICODE_ERROR_ENCODING,
    UNICODE_ERROR_OBJECT,
    UNICODE_ERROR_START,
    UNICODE_ERROR_END,
    UNICODE_ERROR_REASON
};
enum { GROUP_MESSAGE, GROUP_EXCEPTIONS };

/* Field [i] of [exception], VALUE_UNSET when it was never set. */
Value exception_field(Value exception, int i);
/* The same with None for what was never set. */
Value exception_field_or_none(Value exception, int i);
/* Set field [i]; v VALUE_UNSET: it is as if never set. */
void exception_set_field(Thread *t, Value exception, int i, Value v);
/* The class whose fields instances of [cls], a built-in exception class, have. */
Class *exception_layout(Vm *vm, Class *cls);
/* The descriptors of the fields of [id], ended by an empty row; NULL: it adds none. */
const FieldDef *exception_field_defs(ExceptionId id);

#endif
