/* SPDX-License-Identifier: MIT */
/*
 * Instructions that raise, and those of handlers.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * How an exception finds its handler stands at the end of the loop (`unwind:`). Read next:
 * vm/exception.c.
 */

/* clang-format off */

    CASE(RAISE) {
        SAVE();
        raise_from_code(t, RA, VALUE_UNSET);
        goto raise;
    }
    CASE(RAISE_FROM) {
        SAVE();
        raise_from_code(t, RA, RB);
        goto raise;
    }
    CASE(RERAISE) {
        SAVE();
        if (C(i) == 1) generator_chain_context(t, RA);
        t->exception = RA;
        goto unwind;
    }
    CASE(RAISE_AGAIN) {
        SAVE();
        if (t->handling == VALUE_NONE) {
            raise_error(t, EXC_RuntimeError, "No active exception to reraise");
            goto raise;
        }
        t->exception = t->handling;
        goto unwind;
    }
    CASE(EXC_ENTER) {
        Value *at = &RA;
        at[0] = t->handling;
        t->handling = at[1];
        NEXT();
    }
    CASE(EXC_LEAVE) {
        t->handling = RA;
        NEXT();
    }
    CASE(EXC_MATCH) {
        SAVE();
        int match = exception_match(t, RB, RC);
        if (UNLIKELY(match < 0)) goto raise;
        RA = bool_value(match);
        NEXT();
    }
    CASE(WITH_EXC_ARGS) {
        Exception *e = EXCEPTION(RB);
        Value *at = &RA;
        at[2] = e->traceback;
        at[1] = object_value(e);
        at[0] = object_value(object_class(&e->header));
        NEXT();
    }
    CASE(LOAD_ASSERTION_ERROR) {
        RA = object_value(EXCEPTION_CLASS(t, AssertionError));
        NEXT();
    }
