/* SPDX-License-Identifier: MIT */
/*
 * Instructions for o[i]: load, store, delete, slices.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * Lists, dicts and tuples are looked into here; a __getitem__ written in the language gets a frame.
 * Read next: vm/sequence.c.
 */

/* clang-format off */

    CASE(GETITEM) {
        Value o = RB, key = RC;
        if (LIKELY(is_object(o))) {
            Object *object = object_of(o);
            if (object_class(object) == vm->classes[OBJ_LIST] && is_fixnum(key)) {
                List *list = (List *)object;
                int64_t n = fixnum_of(key);
                if (n < 0) n += (int64_t)list->size;
                if (LIKELY((uint64_t)n < list->size)) {
                    RA = list->items[n];
                    NEXT();
                }
            } else if (object_class(object) == vm->classes[OBJ_DICT]) {
                SAVE();
                v = is_str(key) ? dict_get_str(t, (Dict *)object, STR(key))
                                : dict_get(t, (Dict *)object, key);
                if (LIKELY(v != VALUE_UNSET)) {
                    if (UNLIKELY(v == VALUE_ERROR)) goto raise;
                    RA = v;
                    NEXT();
                }
            } else if (object_class(object) == vm->classes[OBJ_TUPLE] && is_fixnum(key)) {
                Tuple *tuple = (Tuple *)object;
                int64_t n = fixnum_of(key);
                if (n < 0) n += (int64_t)tuple->size;
                if (LIKELY((uint64_t)n < tuple->size)) {
                    RA = tuple->items[n];
                    NEXT();
                }
            } else if (object_kind(object) == OBJ_OBJECT) { /* a Tulip __getitem__ runs here */
                callee = class_lookup(t, object_class(object), NAME_OF(t, __getitem__));
                if (LIKELY(is_kind(callee, OBJ_FUNCTION))) {
                    operands[0] = o;
                    operands[1] = key;
                    args = operands;
                    argc = 2;
                    goto call_slow;
                }
            }
        }
        SET_CHECKED(RA, value_getitem(t, o, key));
        NEXT();
    }
    CASE(SETITEM) {
        Value o = RA, key = RB;
        if (LIKELY(is_object(o))) {
            Object *object = object_of(o);
            if (object_class(object) == vm->classes[OBJ_LIST] && is_fixnum(key)) {
                List *list = (List *)object;
                int64_t n = fixnum_of(key);
                if (n < 0) n += (int64_t)list->size;
                if (LIKELY((uint64_t)n < list->size)) {
                    heap_set(&vm->heap, &list->items[n], RC);
                    NEXT();
                }
            } else if (object_class(object) == vm->classes[OBJ_DICT]) {
                CHECK(dict_set(t, (Dict *)object, key, RC));
                NEXT();
            }
        }
        CHECK(value_setitem(t, o, key, RC));
        NEXT();
    }
    CASE(DELITEM) {
        CHECK(value_delitem(t, RA, RB));
        NEXT();
    }
    CASE(BUILD_SLICE) {
        Value *at = &RB;
        RA = slice_new(t, at[0], at[1], at[2]);
        NEXT();
    }
