/* SPDX-License-Identifier: MIT */
/*
 * Instructions for registers, constants, cells, globals and names.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * Which of them a name is was decided by the compiler; a local that may be unbound is checked by an
 * instruction of its own. Read next: compiler/scope.c.
 */

/* clang-format off */

    CASE(NOP) NEXT();
    CASE(GEN_START_CHECK) NEXT();
    CASE(MOVE) {
        RA = RB;
        NEXT();
    }
    CASE(LOADK) {
        RA = CONSTANT(BX(i));
        NEXT();
    }
    CASE(LOADI) {
        RA = fixnum(SBX(i));
        NEXT();
    }
    CASE(LOAD_NONE) {
        RA = VALUE_NONE;
        NEXT();
    }
    CASE(LOAD_TRUE) {
        RA = VALUE_TRUE;
        NEXT();
    }
    CASE(LOAD_FALSE) {
        RA = VALUE_FALSE;
        NEXT();
    }
    CASE(LOAD_UNSET) {
        RA = VALUE_UNSET;
        NEXT();
    }
    CASE(CHECK_LOCAL) {
        if (UNLIKELY(RA == VALUE_UNSET)) goto unbound;
        NEXT();
    }
    CASE(DELETE_LOCAL) {
        if (UNLIKELY(RA == VALUE_UNSET)) goto unbound;
        RA = VALUE_UNSET;
        NEXT();
    }

    /* ---- cells ---- */
    CASE(MAKE_CELL) {
        Cell *cell = heap_allocate_small(&vm->heap, sizeof(Cell), OBJ_CELL, vm->classes[OBJ_CELL]);
        cell->value = RA;
        RA = object_value(cell);
        NEXT();
    }
    CASE(LOAD_CELL) {
        v = CELL(RB)->value;
        if (UNLIKELY(v == VALUE_UNSET)) {
            SAVE();
            raise_unbound(t, frame_code(f), B(i));
            goto raise;
        }
        RA = v;
        NEXT();
    }
    CASE(STORE_CELL) {
        heap_set(&vm->heap, &CELL(RA)->value, RB);
        NEXT();
    }
    CASE(DELETE_CELL) {
        if (UNLIKELY(CELL(RA)->value == VALUE_UNSET)) goto unbound;
        heap_set(&vm->heap, &CELL(RA)->value, VALUE_UNSET);
        NEXT();
    }
    CASE(LOAD_FREE) {
        v = f->function->captures[BX(i)]->value;
        if (UNLIKELY(v == VALUE_UNSET)) goto unbound_free;
        RA = v;
        NEXT();
    }
    CASE(STORE_FREE) {
        heap_set(&vm->heap, &f->function->captures[BX(i)]->value, RA);
        NEXT();
    }
    CASE(DELETE_FREE) {
        Cell *cell = f->function->captures[BX(i)];
        if (UNLIKELY(cell->value == VALUE_UNSET)) goto unbound_free;
        heap_set(&vm->heap, &cell->value, VALUE_UNSET);
        NEXT();
    }
    CASE(LOAD_FREE_CELL) {
        RA = object_value(f->function->captures[BX(i)]);
        NEXT();
    }
    CASE(MAKE_FUNCTION) {
        Value *at = &RA;
        at[0] = object_value(make_function(t, f, (Code *)object_of(CONSTANT(BX(i))), at[0], at[1]));
        NEXT();
    }

    /* ---- globals and names ---- */
    CASE(LOAD_GLOBAL) {
        Dict *globals = f->function->globals;
        Word *cache = (Word *)pc;
        if (LIKELY((uint32_t)cache[0] == globals->layout && cache[0])) {
            if (LIKELY(!cache[1])) {
                RA = globals->entries[cache[2]].value;
                pc += 3;
                NEXT();
            }
            if (LIKELY((uint32_t)cache[1] == vm->builtins->dict->layout)) {
                RA = vm->builtins->dict->entries[cache[2]].value;
                pc += 3;
                NEXT();
            }
        }
        uint32_t layout, builtin_layout, position;
        SET_CHECKED(RA, load_global_slow(t, f->function, NAME_CONSTANT(BX(i)), &layout,
                                         &builtin_layout, &position));
        cache[0] = layout;
        cache[1] = builtin_layout;
        cache[2] = position;
        pc += 3;
        NEXT();
    }
    CASE(STORE_GLOBAL) {
        Dict *globals = f->function->globals;
        Word *cache = (Word *)pc;
        if (LIKELY(cache[0] && (uint32_t)cache[0] == globals->layout)) {
            heap_set(&vm->heap, &globals->entries[cache[1]].value, RA);
        } else {
            Str *name = NAME_CONSTANT(BX(i));
            dict_set_str(t, globals, name, RA);
            dict_watch(vm, globals);
            cache[1] = (Word)dict_find_str(t, globals, name);
            cache[0] = globals->layout;
        }
        pc += 2;
        NEXT();
    }
    CASE(DELETE_GLOBAL) {
        Str *name = NAME_CONSTANT(BX(i));
        SAVE();
        if (!dict_delete_str(t, f->function->globals, name)) {
            raise_error(t, EXC_NameError, "name '%S' is not defined", object_value(name));
            goto raise;
        }
        NEXT();
    }
    CASE(LOAD_NAME) {
        SET_CHECKED(RA, load_name(t, f->function, R[0], NAME_CONSTANT(BX(i))));
        NEXT();
    }
    CASE(STORE_NAME) {
        CHECK(value_setitem(t, R[0], CONSTANT(BX(i)), RA));
        NEXT();
    }
    CASE(DELETE_NAME) {
        CHECK(delete_name(t, R[0], NAME_CONSTANT(BX(i))));
        NEXT();
    }
    CASE(LOAD_NAME_OR_FREE) {
        Cell *cell = f->function->captures[*pc++];
        SET_CHECKED(RA, load_name_or_free(t, R[0], NAME_CONSTANT(BX(i)), cell));
        NEXT();
    }
