/* SPDX-License-Identifier: MIT */
/*
 * Instructions of `for`, of unpacking and of iterators.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * Ranges, lists and tuples step here; a generator is resumed in this same loop. Read next:
 * vm/iterate.c.
 */

/* clang-format off */

    CASE(GET_ITER) {
        v = RB;
        if (is_kind(v, OBJ_GENERATOR)) RA = v;
        else SET_CHECKED(RA, value_iter(t, v));
        NEXT();
    }
    CASE(GET_ITER_OWNED) {
        v = RB;
        Value *at = &RA;
        /* A generator that the call just before made has that call's end as its mark. */
        bool fresh = is_kind(v, OBJ_GENERATOR) && GENERATOR(v)->state == GEN_CREATED &&
                     (const Word *)GENERATOR(v)->frame.caller == pc - 1;
        at[2] = fresh ? v : VALUE_UNSET;
        if (is_kind(v, OBJ_GENERATOR)) at[0] = v;
        else SET_CHECKED(at[0], value_iter(t, v));
        NEXT();
    }
    CASE(FOR_ITER) {
        Value *at = &RA;
        v = at[0];
        if (UNLIKELY(!is_object(v))) goto for_generic;
        Object *object = object_of(v);
        switch (object_kind(object)) {
        case OBJ_RANGE_ITERATOR: {
            RangeIterator *it = (RangeIterator *)object;
            if (UNLIKELY(it->left == 0)) goto for_exit;
            it->left--;
            at[1] = fixnum(it->next);
            it->next += it->step;
            NEXT();
        }
        case OBJ_LIST_ITERATOR: {
            SequenceIterator *it = (SequenceIterator *)object;
            if (UNLIKELY(it->over == VALUE_UNSET)) goto for_exit;
            List *list = LIST(it->over);
            if (LIKELY(it->index < list->size)) {
                at[1] = list->items[it->index++];
                NEXT();
            }
            heap_set(&vm->heap, &it->over, VALUE_UNSET);
            goto for_exit;
        }
        case OBJ_TUPLE_ITERATOR: {
            SequenceIterator *it = (SequenceIterator *)object;
            if (UNLIKELY(it->over == VALUE_UNSET)) goto for_exit;
            Tuple *tuple = TUPLE(it->over);
            if (LIKELY(it->index < tuple->size)) {
                at[1] = tuple->items[it->index++];
                NEXT();
            }
            heap_set(&vm->heap, &it->over, VALUE_UNSET);
            goto for_exit;
        }
        case OBJ_GENERATOR:
            g = (Generator *)object;
            v = VALUE_NONE;
            dest = A(i) + 1;
            action = FRAME_FOR;
            goto resume;
        case OBJ_OBJECT: {
            Value next = class_lookup(t, object_class(object), NAME_OF(t, __next__));
            if (UNLIKELY(!is_kind(next, OBJ_FUNCTION))) goto for_generic;
            callee = next;
            args = at;
            argc = 1;
            kwnames = NULL;
            dest = A(i) + 1;
            action = FRAME_NEXT;
            SAVE();
            Value item;
            if (LIKELY(call_begin(t, callee, args, argc, NULL, &item) == CALL_FRAME))
                goto start_frame;
            if (t->exception == VALUE_UNSET) at[1] = item;
            else if (!exception_matches(t, EXC_StopIteration)) goto raise;
            else {
                exception_take(t);
                goto for_exit;
            }
            NEXT();
        }
        default: break;
        }
    for_generic:
        SAVE();
        v = value_next(t, at[0]);
        if (UNLIKELY(v == VALUE_ERROR)) goto raise;
        if (v == VALUE_DONE) goto for_exit;
        at[1] = v;
        POLL();
        NEXT();
    for_exit:
        pc += SBX(i);
        NEXT();
    }
    CASE(CLOSE_OWNED) {
        v = RA;
        if (v == VALUE_UNSET) NEXT();
        RA = VALUE_UNSET;
        CHECK(generator_close(t, GENERATOR(v)));
        NEXT();
    }
    CASE(UNPACK) {
        v = RB;
        Value *out = &RA;
        uint32_t count = C(i);
        if (LIKELY(is_object(v))) {
            Object *object = object_of(v);
            if (object_class(object) == vm->classes[OBJ_TUPLE] &&
                ((Tuple *)object)->size == count) {
                for (uint32_t n = 0; n < count; n++) out[n] = ((Tuple *)object)->items[n];
                NEXT();
            }
        }
        CHECK(unpack_exact(t, v, out, (int)count));
        NEXT();
    }
    CASE(UNPACK_STAR) {
        int after = (int)*pc++;
        CHECK(unpack_star(t, RB, &RA, (int)C(i), after));
        NEXT();
    }
