/* SPDX-License-Identifier: MIT */
/*
 * The fields of the built-in exception classes as descriptors: which class has which, and how each
 * is read and written. Most hold any object and read as None until they are set; the numbers of
 * the Unicode errors and OSError.characters_written are checked.
 *
 * Invariant: Exception.value of a class listed in `layouts` (except StopIteration and SystemExit)
 * is None or a tuple of FEW or MANY items that no program sees.
 * Read next: vm/exception_class.c.
 */
#include "vm/exception_fields.h"

#include "vm/container.h"
#include "vm/number.h"
#include "vm/ops.h"

enum { FEW = 3, MANY = 9 };

Value exception_field(Value exception, int i) {
    Value fields = EXCEPTION(exception)->value;
    if (!is_kind(fields, OBJ_TUPLE) || (size_t)i >= TUPLE(fields)->size) return VALUE_UNSET;
    return TUPLE(fields)->items[i];
}

Value exception_field_or_none(Value exception, int i) {
    Value v = exception_field(exception, i);
    return v == VALUE_UNSET ? VALUE_NONE : v;
}

void exception_set_field(Thread *t, Value exception, int i, Value v) {
    Exception *e = EXCEPTION(exception);
    size_t had = is_kind(e->value, OBJ_TUPLE) ? TUPLE(e->value)->size : 0;
    if (v == VALUE_UNSET && (size_t)i >= had) return;
    if ((size_t)i >= had) {
        Tuple *fields = tuple_new(t, i < FEW ? FEW : MANY);
        for (size_t k = 0; k < fields->size; k++)
            fields->items[k] = k < had ? TUPLE(e->value)->items[k] : VALUE_UNSET;
        heap_set(&t->vm->heap, &e->value, object_value(fields));
    }
    heap_set(&t->vm->heap, &TUPLE(e->value)->items[i], v);
}

/* ---- fields that hold anything ---- */

#define FIELD(I)                                                                                   \
    static Value get_##I(Thread *t, Value self) {                                                  \
        (void)t;                                                                                   \
        return exception_field_or_none(self, I);                                                   \
    }                                                                                              \
    static bool set_##I(Thread *t, Value self, Value v) {                                          \
        exception_set_field(t, self, I, v);                                                        \
        return true;                                                                               \
    }
FIELD(0)
FIELD(1)
FIELD(2)
FIELD(3)
FIELD(4)
FIELD(5)
FIELD(6)
FIELD(7)

static bool refuse(Thread *t, Value self, Value v) {
    (void)self;
    (void)v;
    raise_error(t, EXC_AttributeError, "readonly attribute");
    return false;
}

/* ---- numbers ---- */

static bool set_number(Thread *t, Value self, int i, Value v) {
    int64_t number;
    if (v == VALUE_UNSET) {
        raise_error(t, EXC_TypeError, "can't delete numeric/char attribute");
        return false;
    }
    if (!is_int(v)) {
        raise_error(t, EXC_TypeError, "an integer is required");
        return false;
    }
    if (!arg_int64(t, v, &number)) return false;
    exception_set_field(t, self, i, int_from_int64(t, number));
    return true;
}

static Value get_number(Value self, int i) {
    Value v = exception_field(self, i);
    return v == VALUE_UNSET ? fixnum(0) : v;
}

static Value get_start(Thread *t, Value self) {
    (void)t;
    return get_number(self, UNICODE_ERROR_START);
}
static Value get_end(Thread *t, Value self) {
    (void)t;
    return get_number(self, UNICODE_ERROR_END);
}
static bool set_start(Thread *t, Value self, Value v) {
    return set_number(t, self, UNICODE_ERROR_START, v);
}
static bool set_end(Thread *t, Value self, Value v) {
    return set_number(t, self, UNICODE_ERROR_END, v);
}

static Value get_written(Thread *t, Value self) {
    Value v = exception_field(self, OS_ERROR_WRITTEN);
    return v == VALUE_UNSET ? raise_error(t, EXC_AttributeError, "characters_written") : v;
}

static bool set_written(Thread *t, Value self, Value v) {
    if (v == VALUE_UNSET) {
        if (exception_field(self, OS_ERROR_WRITTEN) == VALUE_UNSET) {
            raise_error(t, EXC_AttributeError, "characters_written");
            return false;
        }
        exception_set_field(t, self, OS_ERROR_WRITTEN, VALUE_UNSET);
        return true;
    }
    return set_number(t, self, OS_ERROR_WRITTEN, v);
}

/* ---- which class has which ---- */

static Value get_value(Thread *t, Value self) {
    (void)t;
    return EXCEPTION(self)->value;
}
static bool set_value(Thread *t, Value self, Value v) {
    heap_set(&t->vm->heap, &EXCEPTION(self)->value, v == VALUE_UNSET ? VALUE_NONE : v);
    return true;
}

#define END_OF_FIELDS                                                                              \
    { NULL, NULL, NULL, NULL }

static const FieldDef stop_fields[] = {{"value", get_value, set_value, "generator return value"},
                                       END_OF_FIELDS};
static const FieldDef exit_fields[] = {{"code", get_value, set_value, "exception code"},
                                       END_OF_FIELDS};
static const FieldDef name_fields[] = {{"name", get_0, set_0, "name"}, END_OF_FIELDS};
static const FieldDef attribute_fields[] = {
    {"name", get_0, set_0, "attribute name"}, {"obj", get_1, set_1, "object"}, END_OF_FIELDS};
static const FieldDef import_fields[] = {{"msg", get_0, set_0, "exception message"},
                                         {"name", get_1, set_1, "module name"},
                                         {"path", get_2, set_2, "module path"},
                                         END_OF_FIELDS};
static const FieldDef os_fields[] = {
    {"errno", get_0, set_0, "POSIX exception code"},
    {"strerror", get_1, set_1, "exception strerror"},
    {"filename", get_2, set_2, "exception filename"},
    {"filename2", get_3, set_3, "second exception filename"},
    {"characters_written", get_written, set_written, "how much was written before it blocked"},
    END_OF_FIELDS};
static const FieldDef syntax_fields[] = {
    {"msg", get_0, set_0, "exception msg"},
    {"filename", get_1, set_1, "exception filename"},
    {"lineno", get_2, set_2, "exception lineno"},
    {"offset", get_3, set_3, "exception offset"},
    {"text", get_4, set_4, "exception text"},
    {"end_lineno", get_5, set_5, "exception end lineno"},
    {"end_offset", get_6, set_6, "exception end offset"},
    {"print_file_and_line", get_7, set_7, "exception print_file_and_line"},
    END_OF_FIELDS};
static const FieldDef unicode_fields[] = {{"encoding", get_0, set_0, "exception encoding"},
                                          {"object", get_1, set_1, "exception object"},
                                          {"start", get_start, set_start, "exception start"},
                                          {"end", get_end, set_end, "exception end"},
                                          {"reason", get_4, set_4, "exception reason"},
                                          END_OF_FIELDS};
static const FieldDef group_fields[] = {{"message", get_0, refuse, "exception message"},
                                        {"exceptions", get_1, refuse, "nested exceptions"},
                                        END_OF_FIELDS};

static const struct {
    ExceptionId id;
    const FieldDef *fields;
} layouts[] = {
    {EXC_StopIteration, stop_fields},
    {EXC_SystemExit, exit_fields},
    {EXC_NameError, name_fields},
    {EXC_AttributeError, attribute_fields},
    {EXC_ImportError, import_fields},
    {EXC_OSError, os_fields},
    {EXC_SyntaxError, syntax_fields},
    {EXC_UnicodeEncodeError, unicode_fields},
    {EXC_UnicodeDecodeError, unicode_fields},
    {EXC_UnicodeTranslateError, unicode_fields},
    {EXC_BaseExceptionGroup, group_fields},
};

const FieldDef *exception_field_defs(ExceptionId id) {
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        if (layouts[i].id == id) return layouts[i].fields;
    }
    return NULL;
}

Class *exception_layout(Vm *vm, Class *cls) {
    for (; cls != vm->exceptions[EXC_BaseException]; cls = cls->base) {
        for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
            if (cls == vm->exceptions[layouts[i].id]) return cls;
        }
    }
    return cls;
}
