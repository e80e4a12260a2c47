/* SPDX-License-Identifier: MIT */
/*
 * Instructions that build displays: lists, tuples, dicts, sets, strings, functions.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * Read next: vm/container.h.
 */

/* clang-format off */

    CASE(BUILD_LIST) {
        RA = object_value(list_from(t, &RB, C(i)));
        NEXT();
    }
    CASE(BUILD_TUPLE) {
        RA = object_value(tuple_from(t, &RB, C(i)));
        NEXT();
    }
    CASE(BUILD_SET) {
        Set *set = set_new(t, false);
        uint32_t count = C(i);
        Value *items = &RB, *root = push_roots(t, 1);
        root[0] = object_value(set);
        SAVE();
        for (uint32_t n = 0; n < count; n++) {
            if (UNLIKELY(!set_add(t, set, items[n]))) {
                pop_roots(t, root);
                goto raise;
            }
        }
        pop_roots(t, root);
        RA = object_value(set);
        NEXT();
    }
    CASE(BUILD_DICT) {
        Dict *dict = dict_new_sized(t, C(i));
        uint32_t count = C(i);
        Value *items = &RB, *root = push_roots(t, 1);
        root[0] = object_value(dict);
        SAVE();
        for (uint32_t n = 0; n < count; n++) {
            if (UNLIKELY(!dict_set(t, dict, items[2 * n], items[2 * n + 1]))) {
                pop_roots(t, root);
                goto raise;
            }
        }
        pop_roots(t, root);
        RA = object_value(dict);
        NEXT();
    }
    CASE(BUILD_STRING) {
        SET_CHECKED(RA, build_string(t, &RB, (int)C(i)));
        NEXT();
    }
    CASE(LIST_APPEND) {
        CHECK(list_append(t, LIST(RA), RB));
        NEXT();
    }
    CASE(LIST_EXTEND) {
        CHECK(extend_display(t, LIST(RA), RB));
        NEXT();
    }
    CASE(LIST_TO_TUPLE) {
        List *list = LIST(RB);
        RA = object_value(tuple_from(t, list->items, list->size));
        NEXT();
    }
    CASE(SET_ADD) {
        CHECK(set_add(t, SET(RA), RB));
        NEXT();
    }
    CASE(SET_UPDATE) {
        CHECK(set_update(t, SET(RA), RB));
        NEXT();
    }
    CASE(DICT_SET) {
        CHECK(dict_set(t, DICT(RA), RB, RC));
        NEXT();
    }
    CASE(DICT_UPDATE) {
        CHECK(update_display(t, DICT(RA), RB));
        NEXT();
    }
    CASE(DICT_MERGE) {
        CHECK(merge_keywords(t, DICT(RA), RB, RC));
        NEXT();
    }
    CASE(FORMAT) {
        SET_CHECKED(RA, format_value(t, RB, (int)C(i), RA));
        NEXT();
    }
