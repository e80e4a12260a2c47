/* SPDX-License-Identifier: MIT */
/*
 * Instructions of single statements: import, class, expression statements.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * Read next: vm/names.c.
 */

/* clang-format off */

    CASE(IMPORT_NAME) {
        Str *name = NAME_CONSTANT(*pc++);
        SET_CHECKED(RA, import_statement(t, f, name, RA, (int)B(i)));
        NEXT();
    }
    CASE(IMPORT_FROM) {
        Str *name = NAME_CONSTANT(*pc++);
        SET_CHECKED(RA, import_from(t, RB, name));
        NEXT();
    }
    CASE(IMPORT_STAR) {
        CHECK(import_star(t, f->function,
                          frame_code(f)->flags & CODE_NAME_MODE ? R[0] : VALUE_UNSET, RA));
        NEXT();
    }
    CASE(LOAD_BUILD_CLASS) {
        SET_CHECKED(RA, load_build_class(t, f->function));
        NEXT();
    }
    CASE(DROP_TEMPORARIES) {
        for (Value *at = &RA, *end = R + frame_code(f)->nregisters; at < end; at++)
            *at = VALUE_UNSET;
        NEXT();
    }
    CASE(PRINT_EXPR) {
        CHECK(print_expression(t, RA));
        NEXT();
    }
    CASE(UNUSED_RESULT) {
        v = RA;
        if (is_object(v) &&
            ((unsigned)(object_kind(object_of(v)) - OBJ_GENERATOR) <=
                 OBJ_NATIVE_COROUTINE - OBJ_GENERATOR ||
             (UNLIKELY(has_return(vm)) && is_return(vm, v))) &&
            t->vm->hooks.unused_result) {
            SAVE();
            t->vm->hooks.unused_result(t, v);
        }
        NEXT();
    }
