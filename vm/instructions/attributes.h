/* SPDX-License-Identifier: MIT */
/*
 * Instructions that load, store and delete attributes.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * Five words after the instruction remember how the last object was answered; one with the same
 * key is answered again without a lookup. Read next: vm/attribute.h (the kinds, and what keys are).
 */

/* clang-format off */

/* The words after an attribute instruction: name, key, kind and index, pointer in two halves. */
#define CACHE_KIND(cache)    ((AttributeKind)((uint32_t)(cache)[2] >> 24))
#define CACHE_INDEX(cache)   ((uint32_t)(cache)[2] & 0xffffff)
#define CACHE_POINTER(cache) ((uint64_t)(cache)[3] | (uint64_t)(cache)[4] << 32)

    CASE(LOAD_ATTR) {
        Word *cache = (Word *)pc;
        Value o = RB;
        pc += 5;
        if (LIKELY(is_cached_slot(o, (uint32_t)cache[1], (uint32_t)cache[2]))) {
            RA = INSTANCE(o)->slots[CACHE_INDEX(cache)];
            NEXT();
        }
        uint32_t key = value_key(vm, o);
        if (UNLIKELY((uint32_t)cache[1] != key || !key)) {
            SAVE();
            v = load_attribute_and_cache(t, o, NAME_CONSTANT(cache[0]), cache);
            if (UNLIKELY(v == VALUE_ERROR)) goto raise;
            RA = v;
            NEXT();
        }
        uint32_t index = CACHE_INDEX(cache);
        switch (CACHE_KIND(cache)) {
        case ATTR_SLOT: v = INSTANCE(o)->slots[index]; break;
        case ATTR_MORE: v = object_attributes(object_of(o))->more[index]; break;
        case ATTR_MODULE: v = MODULE(o)->dict->entries[index].value; break;
        case ATTR_CLASS_VALUE:
        case ATTR_CLASS_ATTRIBUTE: v = CACHE_POINTER(cache); break;
        case ATTR_METHOD: v = method_new(t, CACHE_POINTER(cache), o); break;
        case ATTR_FIELD:
            SET_CHECKED(v, MEMBER(CACHE_POINTER(cache))->field->get(t, o));
            break;
        case ATTR_PROPERTY:
            callee = CACHE_POINTER(cache);
            args = &RB;
            argc = 1;
            goto call_slow;
        default: SET_CHECKED(v, value_getattr(t, o, NAME_CONSTANT(cache[0])));
        }
        RA = v;
        NEXT();
    }
    CASE(STORE_ATTR) {
        Word *cache = (Word *)pc;
        Value o = RA;
        pc += 5;
        if (LIKELY(is_cached_slot(o, (uint32_t)cache[1], (uint32_t)cache[2]))) {
            heap_set(&vm->heap, &INSTANCE(o)->slots[CACHE_INDEX(cache)], RB);
            NEXT();
        }
        uint32_t key = value_key(vm, o);
        if (UNLIKELY((uint32_t)cache[1] != key || !key)) {
            CHECK(store_attribute_and_cache(t, o, NAME_CONSTANT(cache[0]), RB, cache));
            NEXT();
        }
        uint32_t index = CACHE_INDEX(cache);
        switch (CACHE_KIND(cache)) {
        case ATTR_SLOT: heap_set(&vm->heap, &INSTANCE(o)->slots[index], RB); break;
        case ATTR_MORE:
            heap_set(&vm->heap, &object_attributes(object_of(o))->more[index], RB);
            break;
        case ATTR_ADD_SLOT:
            INSTANCE(o)->slots[index] = RB;
            INSTANCE(o)->attributes.shape = (Shape *)(uintptr_t)CACHE_POINTER(cache);
            break;
        case ATTR_ADD_MORE: {
            Attributes *a = object_attributes(object_of(o));
            a->more[index] = RB;
            a->shape = (Shape *)(uintptr_t)CACHE_POINTER(cache);
            break;
        }
        case ATTR_FIELD:
            CHECK(MEMBER(CACHE_POINTER(cache))->field->set(t, o, RB));
            break;
        default: CHECK(value_setattr(t, o, NAME_CONSTANT(cache[0]), RB));
        }
        NEXT();
    }
    CASE(DELETE_ATTR) {
        Str *name = NAME_CONSTANT(*pc++);
        CHECK(value_setattr(t, RA, name, VALUE_UNSET));
        NEXT();
    }
    CASE(LOAD_METHOD) {
        Word *cache = (Word *)pc;
        Value o = RB, *at = &RA;
        pc += 5;
        uint32_t key = value_key(vm, o);
        if (UNLIKELY((uint32_t)cache[1] != key || !key)) {
            CHECK(load_method_and_cache(t, o, NAME_CONSTANT(cache[0]), cache, at));
            NEXT();
        }
        uint32_t index = CACHE_INDEX(cache);
        switch (CACHE_KIND(cache)) {
        case ATTR_METHOD:
            at[1] = o;
            at[0] = CACHE_POINTER(cache);
            NEXT();
        case ATTR_CLASSMETHOD:
            at[1] = is_kind(o, OBJ_CLASS) ? o : object_value(class_of(vm, o));
            at[0] = CACHE_POINTER(cache);
            NEXT();
        case ATTR_SLOT: v = INSTANCE(o)->slots[index]; break;
        case ATTR_MORE: v = object_attributes(object_of(o))->more[index]; break;
        case ATTR_MODULE: v = MODULE(o)->dict->entries[index].value; break;
        case ATTR_CLASS_VALUE:
        case ATTR_CLASS_ATTRIBUTE: v = CACHE_POINTER(cache); break;
        default: SET_CHECKED(v, value_getattr(t, o, NAME_CONSTANT(cache[0])));
        }
        at[1] = v;
        at[0] = VALUE_UNSET;
        NEXT();
    }
    CASE(LOAD_SPECIAL) {
        Str *name = NAME_CONSTANT(*pc++);
        CHECK(load_special(t, RB, name, (int)C(i), &RA));
        NEXT();
    }
