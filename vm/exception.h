/* SPDX-License-Identifier: MIT */
/* Exception and traceback objects. Raising functions are declared in vm/thread.h. See
 * vm/exception.c. */
#ifndef TULIP_VM_EXCEPTION_H
#define TULIP_VM_EXCEPTION_H

#include "vm/thread.h"

struct Exception {
    Object header;
    Tuple *args;
    Value cause, context; /* exception or VALUE_NONE */
    Value traceback;      /* Traceback or VALUE_NONE */
    Value value; /* StopIteration.value, SystemExit.code; of classes with several fields a tuple of
                    them (vm/exception_fields.h); of a TypeError the keyword that was perhaps
                    meant; VALUE_NONE */
    bool suppress_context;
    /* attributes follow: built-in exceptions have __dict__ too (__notes__ lives there) */
};

/* One level of a traceback, outermost first. */
typedef struct Traceback {
    Object header;
    Value next; /* Traceback or VALUE_NONE: one level in */
    Function *function;
    Value registers; /* its variables when the exception left it: a Tuple (frame_copy_registers), or
                        VALUE_NONE */
    Value frame;     /* the frame object, VALUE_NONE until asked for */
    uint32_t pc;     /* index of the instruction that was running */
    uint32_t left;   /* and of the one at which the exception left the frame */
    uint32_t line;   /* given by the program that made this level; 0: that of pc */
} Traceback;

/* cls(*args) for exception classes whose __new__/__init__ are native; any class otherwise (may run
 * code). */
Value exception_new(Thread *t, Class *cls, const Value *args, int argc) MUST_CHECK;
/* class [name]([base]) of the module called [module], with a docstring unless [doc] is NULL; NULL:
 * raised. */
Class *exception_class_new(Thread *t, const char *name, const char *module, const char *doc,
                           Class *base) MUST_CHECK;
/* Raise [cls], an exception class, with a message as raise_error's. Returns VALUE_ERROR. */
Value raise_class(Thread *t, Class *cls, const char *format, ...);
Value raise_class_list(Thread *t, Class *cls, const char *format, va_list arguments);
/* Turn what `raise` was given (class or instance) into an instance. */
Value exception_normalize(Thread *t, Value raised) MUST_CHECK;
/* Put one more (outer) level before the exception's traceback. */
void exception_add_traceback(Thread *t, Value exception, Function *function, uint32_t pc);
/* The exception leaves [frame]: its level there keeps the position and a copy of the variables. */
void exception_leave_frame(Thread *t, Value exception, const Frame *frame);
/* exception.__cause__ = cause (which also suppresses its context). */
void exception_set_cause(Thread *t, Value exception, Value cause);
/* does [exception] match [pattern] (class or tuple) as in an except clause: 1, 0, -1 raised (not a
 * class) */
int exception_match(Thread *t, Value exception, Value pattern) MUST_CHECK;

#endif
