/* SPDX-License-Identifier: MIT */
/*
 * The interpreter loop. Included by vm/execute.c (narrow code) and vm/execute_wide.c, and by
 * vm/execute_narrow_told.c and vm/execute_wide_told.c, which tell of each instruction. They
 * define Word, the field macros (OPCODE A B C BX SBX SC SB SJ JWORD), WIDE_CODE and the function's
 * name LOOP.
 *
 * A Tulip function calling another, and everything that resumes a generator (for, next, send, yield
 * from), relink the current frame and go on in this loop; only natives that call back nest. Slow
 * paths are functions (vm/execute_slow.c), so that each case stays short.
 *
 * Registers R[x] of the running frame need no barrier: stacks are scanned when a cycle starts and a
 * suspended generator's registers before its first resume in a cycle.
 *
 * Read next: vm/opcodes.def (what each instruction means), vm/generator.h (delegation).
 */

/* clang-format takes a label before a block for something else. */
/* clang-format off */

#ifndef BEFORE_INSTRUCTION
#define BEFORE_INSTRUCTION() (void)0
#endif
#define SAVE()     (f->pc = pc)
#define CASE(NAME) L_##NAME:
#define NEXT()                                                                                     \
    do {                                                                                           \
        BEFORE_INSTRUCTION();                                                                      \
        i = *pc++;                                                                                 \
        goto *labels[OPCODE(i)];                                                                   \
    } while (0)
#define RA               R[A(i)]
#define RB               R[B(i)]
#define RC               R[C(i)]
#define CONSTANT(n)      (f->constants[n])
#define NAME_CONSTANT(n) STR(CONSTANT(n))
/* R[a] := the value of [expr], which may raise. */
#define SET_CHECKED(target, expr)                                                                  \
    do {                                                                                           \
        SAVE();                                                                                    \
        v = (expr);                                                                                \
        if (UNLIKELY(v == VALUE_ERROR)) goto raise;                                                \
        (target) = v;                                                                              \
    } while (0)
#define CHECK(expr)                                                                                \
    do {                                                                                           \
        SAVE();                                                                                    \
        if (UNLIKELY(!(expr))) goto raise;                                                         \
    } while (0)
#define ENTER(next_frame)                                                                          \
    do {                                                                                           \
        f = (next_frame);                                                                          \
        t->frame = f;                                                                              \
        pc = f->pc;                                                                                \
        R = f->registers;                                                                          \
    } while (0)
#define POLL()                                                                                     \
    do {                                                                                           \
        if (UNLIKELY(thread_poll_bits(t))) CHECK(safepoint(t));                                    \
    } while (0)
/* A call of a native is a safepoint, except where a `with` statement enters: what was taken must
 * not be lost before its block begins. */
#define POLL_AFTER_NATIVE()                                                                        \
    do {                                                                                           \
        if (UNLIKELY(thread_poll_bits(t)) && C(i) != CALL_ENTERS) CHECK(safepoint(t));             \
    } while (0)
/* Take a conditional jump; a backward one is a safepoint. */
#define BRANCH(jump)                                                                               \
    do {                                                                                           \
        if (UNLIKELY(thread_poll_bits(t)) && (jump) < 0) CHECK(safepoint(t));                      \
        pc += (jump);                                                                              \
    } while (0)
#define ARITHMETIC(NAME, BINARY, FIXNUM_CASE, FLOAT_EXPRESSION)                                    \
    CASE(NAME) {                                                                                   \
        Value b = RB, c = RC;                                                                      \
        if (LIKELY(both_fixnums(b, c))) {                                                          \
            FIXNUM_CASE                                                                            \
        } else {                                                                                   \
            double x, y;                                                                           \
            if (float_operands(b, c, &x, &y) && flonum_try(FLOAT_EXPRESSION, &v)) {                \
                RA = v;                                                                            \
                NEXT();                                                                            \
            }                                                                                      \
        }                                                                                          \
        SET_CHECKED(RA, value_binary(t, BINARY, b, c));                                            \
        NEXT();                                                                                    \
    }
#define INTEGER_ONLY(NAME, BINARY, ...)                                                            \
    CASE(NAME) {                                                                                   \
        Value b = RB, c = RC;                                                                      \
        if (LIKELY(both_fixnums(b, c))) {                                                          \
            __VA_ARGS__                                                                            \
        }                                                                                          \
        SET_CHECKED(RA, value_binary(t, BINARY, b, c));                                            \
        NEXT();                                                                                    \
    }
#define COMPARISON(NAME, COMPARE, OPERATOR)                                                        \
    CASE(NAME) {                                                                                   \
        Value b = RB, c = RC;                                                                      \
        double x, y;                                                                               \
        if (LIKELY(both_fixnums(b, c))) RA = bool_value((int64_t)b OPERATOR(int64_t) c);           \
        else if (float_operands(b, c, &x, &y)) RA = bool_value(x OPERATOR y);                      \
        else SET_CHECKED(RA, value_compare(t, COMPARE, b, c));                                     \
        NEXT();                                                                                    \
    }
#define COMPARE_JUMP(NAME, COMPARE, OPERATOR)                                                      \
    CASE(NAME) {                                                                                   \
        Value b = RA, c = RB;                                                                      \
        double x, y;                                                                               \
        int truth;                                                                                 \
        if (LIKELY(both_fixnums(b, c))) truth = (int64_t)b OPERATOR(int64_t) c;                    \
        else if (float_operands(b, c, &x, &y)) truth = x OPERATOR y;                               \
        else {                                                                                     \
            SAVE();                                                                                \
            truth = compare_truth(t, COMPARE, b, c);                                               \
            if (UNLIKELY(truth < 0)) goto raise;                                                   \
        }                                                                                          \
        int32_t jump = (int32_t)JWORD(*pc++);                                                      \
        if (truth == (int)C(i)) BRANCH(jump);                                                      \
        NEXT();                                                                                    \
    }
#define COMPARE_JUMP_IMMEDIATE(NAME, COMPARE, OPERATOR)                                            \
    CASE(NAME) {                                                                                   \
        Value b = RA;                                                                              \
        int64_t c = SB(i);                                                                         \
        int truth;                                                                                 \
        if (LIKELY(is_fixnum(b))) truth = (int64_t)b OPERATOR(int64_t) fixnum(c);                  \
        else {                                                                                     \
            SAVE();                                                                                \
            truth = compare_truth(t, COMPARE, b, fixnum(c));                                       \
            if (UNLIKELY(truth < 0)) goto raise;                                                   \
        }                                                                                          \
        int32_t jump = (int32_t)JWORD(*pc++);                                                      \
        if (truth == (int)C(i)) BRANCH(jump);                                                      \
        NEXT();                                                                                    \
    }

/* The words after an attribute instruction: name, key, kind and index, pointer in two halves. */
#define CACHE_KIND(cache)    ((AttributeKind)((uint32_t)(cache)[2] >> 24))
#define CACHE_INDEX(cache)   ((uint32_t)(cache)[2] & 0xffffff)
#define CACHE_POINTER(cache) ((uint64_t)(cache)[3] | (uint64_t)(cache)[4] << 32)

static void fill_cache(Word *cache, const AttributeCache *found, uint64_t pointer) {
    if (found->index > 0xffffff) return;
    cache[1] = found->key;
    cache[2] = (Word)((uint32_t)found->kind << 24 | found->index);
    cache[3] = (uint32_t)pointer;
    cache[4] = (uint32_t)(pointer >> 32);
}

static Value load_attribute_and_cache(Thread *t, Value o, Str *name, Word *cache) {
    AttributeCache found;
    if (attribute_cache_load(t, o, name, &found) && found.kind != ATTR_CLASSMETHOD)
        fill_cache(cache, &found, found.value);
    return value_getattr(t, o, name);
}

static bool store_attribute_and_cache(Thread *t, Value o, Str *name, Value v, Word *cache) {
    AttributeCache found;
    if (attribute_cache_store(t, o, name, &found))
        fill_cache(cache, &found, found.shape ? (uintptr_t)found.shape : found.value);
    return value_setattr(t, o, name, v);
}

static bool load_method_and_cache(Thread *t, Value o, Str *name, Word *cache, Value *at) {
    AttributeCache found;
    if (attribute_cache_load(t, o, name, &found)) {
        if (found.kind != ATTR_PROPERTY) fill_cache(cache, &found, found.value);
        if (found.kind == ATTR_METHOD) {
            at[1] = o;
            at[0] = found.value;
            return true;
        }
    }
    Value v = value_getattr(t, o, name);
    if (v == VALUE_ERROR) return false;
    at[1] = v;
    at[0] = VALUE_UNSET;
    return true;
}

/* Run t->frame until the frame with action FRAME_ENTRY below it is left. */
Value LOOP(Thread *t) {
    static const void *const labels[] = {
#define OP(NAME, FORMAT, EXTRA, MEANING) &&L_##NAME,
#include "vm/opcodes.def"
#undef OP
    };
    Vm *const vm = t->vm;
    Frame *f;
    const Word *pc;
    Value *R;
    Word i;
    Value v;
    /* a call under way */
    Value callee, *args;
    Value operands[2]; /* of an operator whose method is called */
    int argc;
    Tuple *kwnames;
    /* a resume under way */
    Generator *g, *leaf;
    uint32_t dest;
    uint8_t action;

    ENTER(t->frame);
    if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
    NEXT();

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

    /* ---- attributes ---- */
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

    /* ---- items ---- */
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

    /* ---- operators ---- */
    CASE(NEG) {
        v = RB;
        if (LIKELY(is_fixnum(v) && fixnum_of(v) != FIXNUM_MIN)) RA = fixnum(-fixnum_of(v));
        else SET_CHECKED(RA, value_unary(t, UNARY_NEG, v));
        NEXT();
    }
    CASE(POS) {
        SET_CHECKED(RA, value_unary(t, UNARY_POS, RB));
        NEXT();
    }
    CASE(INVERT) {
        SET_CHECKED(RA, value_unary(t, UNARY_INVERT, RB));
        NEXT();
    }
    CASE(NOT) {
        v = RB;
        if (is_bool(v)) {
            RA = v ^ 8;
        } else {
            SAVE();
            int truth = quick_truth(t, v);
            if (UNLIKELY(truth < 0)) goto raise;
            RA = bool_value(!truth);
        }
        NEXT();
    }
    ARITHMETIC(
        ADD, BINARY_ADD,
        {
            int64_t r;
            if (LIKELY(!__builtin_add_overflow((int64_t)b, (int64_t)c - 1, &r))) {
                RA = (Value)r;
                NEXT();
            }
        },
        x + y)
    ARITHMETIC(
        SUB, BINARY_SUB,
        {
            int64_t r;
            if (LIKELY(!__builtin_sub_overflow((int64_t)b, (int64_t)c - 1, &r))) {
                RA = (Value)r;
                NEXT();
            }
        },
        x - y)
    ARITHMETIC(
        MUL, BINARY_MUL,
        {
            int64_t r;
            if (LIKELY(!__builtin_mul_overflow(fixnum_of(b), (int64_t)c - 1, &r))) {
                RA = (Value)r | 1;
                NEXT();
            }
        },
        x * y)
    CASE(TRUEDIV) {
        Value b = RB, c = RC;
        double x, y;
        if (LIKELY(division_operands(b, c, &x, &y) && y != 0 && flonum_try(x / y, &v))) RA = v;
        else SET_CHECKED(RA, value_binary(t, BINARY_TRUEDIV, b, c));
        NEXT();
    }
    INTEGER_ONLY(FLOORDIV, BINARY_FLOORDIV, {
        if (fixnum_floordiv(fixnum_of(b), fixnum_of(c), &RA)) NEXT();
    })
    INTEGER_ONLY(MOD, BINARY_MOD, {
        if (fixnum_mod(fixnum_of(b), fixnum_of(c), &RA)) NEXT();
    })
    CASE(POW) {
        SET_CHECKED(RA, value_binary(t, BINARY_POW, RB, RC));
        NEXT();
    }
    INTEGER_ONLY(LSHIFT, BINARY_LSHIFT, {
        int64_t by = fixnum_of(c), x = fixnum_of(b);
        if (LIKELY((uint64_t)by < 62)) {
            int64_t r = (int64_t)((uint64_t)x << by);
            if (LIKELY(r >> by == x && fixnum_fits(r))) {
                RA = fixnum(r);
                NEXT();
            }
        }
    })
    INTEGER_ONLY(RSHIFT, BINARY_RSHIFT, {
        int64_t by = fixnum_of(c);
        if (LIKELY(by >= 0)) {
            RA = fixnum(fixnum_of(b) >> (by > 63 ? 63 : by));
            NEXT();
        }
    })
    INTEGER_ONLY(AND, BINARY_AND, {
        RA = b & c;
        NEXT();
    })
    INTEGER_ONLY(OR, BINARY_OR, {
        RA = b | c;
        NEXT();
    })
    INTEGER_ONLY(XOR, BINARY_XOR, {
        RA = (b ^ c) | 1;
        NEXT();
    })
    CASE(MATMUL) {
        SET_CHECKED(RA, value_binary(t, BINARY_MATMUL, RB, RC));
        NEXT();
    }
    CASE(ADDI) {
        v = RB;
        int64_t r;
        if (LIKELY(is_fixnum(v) && !__builtin_add_overflow((int64_t)v, SC(i) * 2, &r)))
            RA = (Value)r;
        else if (is_flonum(v) && flonum_try(flonum_of(v) + (double)SC(i), &v)) RA = v;
        else SET_CHECKED(RA, value_binary(t, BINARY_ADD, RB, fixnum(SC(i))));
        NEXT();
    }
    CASE(SUBI) {
        v = RB;
        int64_t r;
        if (LIKELY(is_fixnum(v) && !__builtin_sub_overflow((int64_t)v, SC(i) * 2, &r)))
            RA = (Value)r;
        else if (is_flonum(v) && flonum_try(flonum_of(v) - (double)SC(i), &v)) RA = v;
        else SET_CHECKED(RA, value_binary(t, BINARY_SUB, RB, fixnum(SC(i))));
        NEXT();
    }
    CASE(MULI) {
        v = RB;
        int64_t r;
        if (LIKELY(is_fixnum(v) && !__builtin_mul_overflow(fixnum_of(v), (int64_t)SC(i) * 2, &r)))
            RA = (Value)r | 1;
        else if (is_flonum(v) && flonum_try(flonum_of(v) * (double)SC(i), &v)) RA = v;
        else SET_CHECKED(RA, value_binary(t, BINARY_MUL, RB, fixnum(SC(i))));
        NEXT();
    }
    CASE(MODI) {
        v = RB;
        if (LIKELY(is_fixnum(v) && fixnum_mod(fixnum_of(v), SC(i), &RA))) NEXT();
        SET_CHECKED(RA, value_binary(t, BINARY_MOD, v, fixnum(SC(i))));
        NEXT();
    }
    CASE(FLOORDIVI) {
        v = RB;
        if (LIKELY(is_fixnum(v) && fixnum_floordiv(fixnum_of(v), SC(i), &RA))) NEXT();
        SET_CHECKED(RA, value_binary(t, BINARY_FLOORDIV, v, fixnum(SC(i))));
        NEXT();
    }
    CASE(INPLACE) {
        SET_CHECKED(RA, value_inplace(t, (BinaryOp)C(i), RA, RB));
        NEXT();
    }
    CASE(IADD) {
        Value b = RA, c = RB;
        double x, y;
        int64_t r;
        if (LIKELY(both_fixnums(b, c) && !__builtin_add_overflow((int64_t)b, (int64_t)c - 1, &r)))
            RA = (Value)r;
        else if (float_operands(b, c, &x, &y) && flonum_try(x + y, &v)) RA = v;
        else SET_CHECKED(RA, value_inplace(t, BINARY_ADD, b, c));
        NEXT();
    }
    CASE(ISUB) {
        Value b = RA, c = RB;
        double x, y;
        int64_t r;
        if (LIKELY(both_fixnums(b, c) && !__builtin_sub_overflow((int64_t)b, (int64_t)c - 1, &r)))
            RA = (Value)r;
        else if (float_operands(b, c, &x, &y) && flonum_try(x - y, &v)) RA = v;
        else SET_CHECKED(RA, value_inplace(t, BINARY_SUB, b, c));
        NEXT();
    }
    CASE(IADDI) {
        v = RA;
        int64_t r;
        if (LIKELY(is_fixnum(v) && !__builtin_add_overflow((int64_t)v, (int64_t)SBX(i) * 2, &r)))
            RA = (Value)r;
        else SET_CHECKED(RA, value_inplace(t, BINARY_ADD, v, fixnum(SBX(i))));
        NEXT();
    }
    COMPARISON(LT, COMPARE_LT, <)
    COMPARISON(LE, COMPARE_LE, <=)
    COMPARISON(GT, COMPARE_GT, >)
    COMPARISON(GE, COMPARE_GE, >=)
    COMPARISON(EQ, COMPARE_EQ, ==)
    COMPARISON(NE, COMPARE_NE, !=)
    CASE(IS) {
        RA = bool_value(value_is(RB, RC));
        NEXT();
    }
    CASE(IS_NOT) {
        RA = bool_value(!value_is(RB, RC));
        NEXT();
    }
    CASE(IN) {
        SAVE();
        int found = value_contains(t, RC, RB);
        if (UNLIKELY(found < 0)) goto raise;
        RA = bool_value(found);
        NEXT();
    }
    CASE(NOT_IN) {
        SAVE();
        int found = value_contains(t, RC, RB);
        if (UNLIKELY(found < 0)) goto raise;
        RA = bool_value(!found);
        NEXT();
    }

    /* ---- jumps ---- */
    CASE(JUMP) {
        pc += SJ(i);
        NEXT();
    }
    CASE(JUMP_BACK) {
        POLL(); /* first: what it raises belongs to this loop, not to what stands before it */
        pc += SJ(i);
        NEXT();
    }
    CASE(JTRUE) {
        v = RA;
        if (v == VALUE_TRUE) {
            BRANCH(SBX(i));
        } else if (v != VALUE_FALSE) {
            SAVE();
            int truth = quick_truth(t, v);
            if (UNLIKELY(truth < 0)) goto raise;
            if (truth) BRANCH(SBX(i));
        }
        NEXT();
    }
    CASE(JFALSE) {
        v = RA;
        if (v == VALUE_FALSE) {
            BRANCH(SBX(i));
        } else if (v != VALUE_TRUE) {
            SAVE();
            int truth = quick_truth(t, v);
            if (UNLIKELY(truth < 0)) goto raise;
            if (!truth) BRANCH(SBX(i));
        }
        NEXT();
    }
    COMPARE_JUMP(JLT, COMPARE_LT, <)
    COMPARE_JUMP(JLE, COMPARE_LE, <=)
    COMPARE_JUMP(JGT, COMPARE_GT, >)
    COMPARE_JUMP(JGE, COMPARE_GE, >=)
    COMPARE_JUMP(JEQ, COMPARE_EQ, ==)
    COMPARE_JUMP(JNE, COMPARE_NE, !=)
    COMPARE_JUMP_IMMEDIATE(JLTI, COMPARE_LT, <)
    COMPARE_JUMP_IMMEDIATE(JLEI, COMPARE_LE, <=)
    COMPARE_JUMP_IMMEDIATE(JGTI, COMPARE_GT, >)
    COMPARE_JUMP_IMMEDIATE(JGEI, COMPARE_GE, >=)
    COMPARE_JUMP_IMMEDIATE(JEQI, COMPARE_EQ, ==)
    COMPARE_JUMP_IMMEDIATE(JNEI, COMPARE_NE, !=)
    CASE(JNONE) {
        if (RA == VALUE_NONE) BRANCH(SBX(i));
        NEXT();
    }
    CASE(JNOT_NONE) {
        if (RA != VALUE_NONE) BRANCH(SBX(i));
        NEXT();
    }
    CASE(JIN) {
        SAVE();
        int found = value_contains(t, RB, RA);
        if (UNLIKELY(found < 0)) goto raise;
        int32_t jump = (int32_t)JWORD(*pc++);
        if (found == (int)C(i)) BRANCH(jump);
        NEXT();
    }

    /* ---- iteration ---- */
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

    /* ---- building ---- */
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

    /* ---- calls ---- */
    CASE(CALL) {
        args = &RA;
        callee = *args++;
        argc = (int)B(i);
        goto call;
    }
    CASE(CALL_METHOD) {
        args = &RA;
        callee = *args++;
        argc = (int)B(i) + 1;
        if (UNLIKELY(callee == VALUE_UNSET)) {
            callee = *args++;
            argc--;
        }
    }
call:
    if (LIKELY(is_object(callee))) {
        Object *object = object_of(callee);
        if (LIKELY(object_kind(object) == OBJ_FUNCTION)) {
            Function *function = (Function *)object;
            Code *code = function->code;
            Value *base = t->registers_top;
            int registers = code->nregisters;
            if (LIKELY(!WIDE_CODE && (code->flags & CODE_SIMPLE) && code->positional == argc &&
                       t->depth < vm->recursion_limit && base + registers <= t->registers_end &&
                       t->frames_top != t->frames_end)) {
                t->depth++;
                SAVE();
                Frame *frame = t->frames_top++;
                frame->caller = f;
                frame->registers = base;
                frame->constants = code->constants;
                frame->function = function;
                frame->generator = NULL;
                frame->dest = (uint16_t)A(i);
                frame->action = FRAME_RESULT;
                t->registers_top = base + registers;
                int n = 0;
                for (; n < argc; n++) base[n] = args[n];
                for (; n < registers; n++) base[n] = VALUE_UNSET;
                f = frame;
                t->frame = frame;
                pc = (const Word *)code->words.narrow;
                R = base;
                POLL();
                NEXT();
            }
            if ((code->flags & (CODE_GENERATOR | CODE_COROUTINE)) && code->positional == argc &&
                !code->keyword_only && !(code->flags & (CODE_VARARGS | CODE_VARKW))) {
                SAVE();
                g = generator_new(t, function);
                for (int n = 0; n < argc; n++) g->registers[n] = args[n];
                g->frame.caller = (Frame *)(uintptr_t)pc; /* see GET_ITER_OWNED */
                RA = object_value(g);
                NEXT();
            }
        } else if (object_kind(object) == OBJ_CLASS) {
            Class *cls = (Class *)object;
            Value *base = t->registers_top;
            if (LIKELY(!WIDE_CODE && cls->init_key == cls->key && cls->init_key &&
                       cls->init->code->positional == argc + 1 && t->depth < vm->recursion_limit &&
                       base + cls->init->code->nregisters <= t->registers_end)) {
                /* allocate, and run __init__ with the new object and the arguments */
                Function *function = cls->init;
                int registers = function->code->nregisters, n = 0;
                SAVE();
                Frame *frame = frame_push(t, function, registers);
                if (UNLIKELY(!frame)) goto raise;
                RA = base[0] = object_value(instance_new(t, cls));
                for (; n < argc; n++) base[n + 1] = args[n];
                for (n++; n < registers; n++) base[n] = VALUE_UNSET;
                frame->dest = (uint16_t)A(i);
                frame->action = FRAME_INIT;
                ENTER(frame);
                POLL();
                NEXT();
            }
        } else if (object_kind(object) == OBJ_METHOD) {
            Method *method = (Method *)object;
            if (is_kind(method->function, OBJ_FUNCTION)) {
                /* self and the arguments go where the new frame's registers will be: at the
                 * very end, into the slack */
                Value *base = t->registers_top;
                Code *code = FUNCTION(method->function)->code;
                if (LIKELY((code->flags & CODE_SIMPLE) && code->positional == argc + 1 &&
                           !WIDE_CODE)) {
                    base[0] = method->self;
                    for (int n = 0; n < argc; n++) base[n + 1] = args[n];
                    callee = method->function;
                    args = base;
                    argc++;
                    goto call;
                }
            }
        } else if (object_kind(object) == OBJ_NATIVE) {
            Native *native = (Native *)object;
            if (native->intrinsic == INTRINSIC_SEND) {
                bool bound = native->self != VALUE_UNSET;
                Value self = bound ? native->self : args[0];
                if (argc == 2 - bound && is_generator_kind(self) &&
                    native->owner == object_class(object_of(self))) {
                    g = GENERATOR(self);
                    v = args[argc - 1];
                    goto resume_by_call;
                }
            } else if (native->intrinsic == INTRINSIC_THROW) {
                bool bound = native->self != VALUE_UNSET;
                Value self = bound ? native->self : args[0];
                if (argc == 2 - bound && is_generator_kind(self) &&
                    native->owner == object_class(object_of(self)) &&
                    t->depth < vm->recursion_limit) {
                    g = GENERATOR(self);
                    leaf = generator_throw_directly(t, g, args[argc - 1]);
                    if (LIKELY(leaf)) {
                        dest = A(i);
                        action = FRAME_RESULT;
                        SAVE();
                        goto resume_leaf;
                    }
                }
            } else if (native->intrinsic == INTRINSIC_NEXT && argc == 1 &&
                       is_kind(args[0], OBJ_GENERATOR)) {
                g = GENERATOR(args[0]);
                v = VALUE_NONE;
                goto resume_by_call;
            }
            SAVE();
            if (LIKELY(native->exact == argc && native->self == VALUE_UNSET &&
                       (argc == 0 || native_takes(vm, native, args[0])))) {
                Value *top = t->registers_top;
                v = native->fn(t, args);
                t->registers_top = top;
            } else {
                v = native_call(t, native, args, argc, NULL);
            }
            if (UNLIKELY(v == VALUE_ERROR)) goto raise;
            RA = v;
            POLL_AFTER_NATIVE();
            NEXT();
        }
    }
call_slow:
    kwnames = NULL;
call_general: {
    Value result;
    SAVE();
    CallStart start = call_begin(t, callee, args, argc, kwnames, &result);
    dest = A(i);
    switch (start) {
    case CALL_FAILED: goto raise;
    case CALL_FRAME: action = FRAME_RESULT; goto start_frame;
    case CALL_INIT:
        action = FRAME_INIT;
        RA = result;
        goto start_frame;
    default:
        RA = result;
        if (made_generator(callee, result))
            GENERATOR(result)->frame.caller = (Frame *)(uintptr_t)pc;
        POLL_AFTER_NATIVE();
        NEXT();
    }
}
start_frame: { /* enter the frame on top of the frame stack: its result goes by [action], [dest] */
    Frame *frame = t->frames_top - 1;
    frame->caller = f;
    frame->dest = (uint16_t)dest;
    frame->action = action;
    if (UNLIKELY(!!(frame_code(frame)->flags & CODE_WIDE) != WIDE_CODE)) {
        frame->action |= FRAME_OTHER_WIDTH;
        t->frame = frame;
        return VALUE_SWITCH;
    }
    ENTER(frame);
    POLL();
    NEXT();
}
    CASE(CALL_KW) {
        kwnames = TUPLE(CONSTANT(*pc++));
        args = &RA;
        callee = *args++;
        argc = (int)B(i);
        goto call_general;
    }
    CASE(CALL_METHOD_KW) {
        kwnames = TUPLE(CONSTANT(*pc++));
        args = &RA;
        callee = *args++;
        argc = (int)B(i) + 1;
        if (callee == VALUE_UNSET) {
            callee = *args++;
            argc--;
        }
        goto call_general;
    }
    CASE(CALL_EX) {
        Value *at = &RA;
        CallStart start;
        SAVE();
        v = call_ex(t, at[0], at[1], at[2], &start);
        dest = A(i);
        switch (start) {
        case CALL_FAILED: goto raise;
        case CALL_FRAME: action = FRAME_RESULT; goto start_frame;
        case CALL_INIT:
            action = FRAME_INIT;
            RA = v;
            goto start_frame;
        default: RA = v; NEXT();
        }
    }
    CASE(RETURN_NONE) {
        v = VALUE_NONE;
        goto leave;
    }
    CASE(RETURN) v = RA;
leave: {
    Generator *generator = f->generator;
    Frame *caller = f->caller;
    if (LIKELY(!generator)) {
        t->registers_top = R;
        t->frames_top = f;
        t->depth--;
        if (LIKELY(f->action == FRAME_RESULT)) {
            caller->registers[f->dest] = v;
            ENTER(caller);
            NEXT();
        }
        action = f->action;
        t->frame = caller;
        switch (action & ~FRAME_OTHER_WIDTH) {
        case FRAME_ENTRY: return v;
        case FRAME_INIT:
            if (UNLIKELY(v != VALUE_NONE)) {
                raise_error(t, EXC_TypeError, "__init__() should return None, not '%T'", v);
            }
            break;
        default: caller->registers[f->dest] = v;
        }
        goto back_in_caller;
    }
    generator->state = GEN_CLOSED;
    if (UNLIKELY(generator->handling)) generator_exchange_handling(t, generator);
    if (generator->active_root != generator) { /* on to the parent that delegated to it */
        Generator *parent = generator->parent;
        bool same_width = generator_pop(t, generator, parent);
        t->frame = &parent->frame;
        if (UNLIKELY(!same_width)) {
            generator_finish_delegation(parent, v);
            return VALUE_SWITCH;
        }
        ENTER(&parent->frame);
        i = pc[-1]; /* its SEND */
        RA = VALUE_UNSET;
        recycle_delegate(&vm->heap, generator);
        R[A(i) + 1] = v;
        pc += SBX(i);
        NEXT();
    }
    generator->running = false;
    generator->leaf = generator; /* the last delegate may be collected */
    t->depth--;
    t->frame = caller;
    action = f->action;
    switch (action & ~FRAME_OTHER_WIDTH) {
    case FRAME_ENTRY: t->done_value = v; return VALUE_DONE;
    case FRAME_FOR: frame_branch(caller); break;
    case FRAME_SEND:
        caller->registers[f->dest] = v;
        frame_branch(caller);
        break;
    default: t->done_value = v; raise_stop_iteration(t);
    }
}
back_in_caller: /* t->frame is the caller, [action] of the frame left; an exception may be set */
    if (UNLIKELY(action & FRAME_OTHER_WIDTH)) return VALUE_SWITCH;
    ENTER(t->frame);
    if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
    NEXT();

    /* ---- generators ---- */
resume_by_call:
    dest = A(i);
    action = FRAME_RESULT;
resume: /* resume g with v: what it yields goes to R[dest] of this frame */
    leaf = g->leaf;
    SAVE();
    if (UNLIKELY(t->depth >= vm->recursion_limit) && g->state != GEN_CLOSED &&
        !generator_is_running(g)) {
        generator_abandon(g);
        raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded");
        goto raise;
    }
    if (LIKELY(leaf && !g->running && leaf->state == GEN_SUSPENDED && !g->parent)) {
        leaf->registers[leaf->frame.resume] = v;
    } else {
        leaf = generator_prepare(t, g, v);
        if (UNLIKELY(!leaf)) { /* closed already, or may not be resumed */
            if (t->exception != VALUE_UNSET) goto raise;
            if (action == FRAME_RESULT) {
                t->done_value = VALUE_NONE;
                raise_stop_iteration(t);
                goto raise;
            }
            if (action == FRAME_SEND) R[dest] = VALUE_NONE;
            pc += SBX(i);
            NEXT();
        }
    }
resume_leaf: /* of g: with the value it has been given, or with an exception */
    t->depth++;
    leaf->frame.caller = f;
    leaf->frame.dest = (uint16_t)dest;
    leaf->frame.action = action;
    leaf->active_root = g;
    g->running = true;
    if (UNLIKELY(vm->heap.marking) && leaf->epoch != vm->heap.epoch)
        generator_scan(&vm->heap, leaf);
    if (UNLIKELY(leaf->handling)) generator_exchange_handling(t, leaf);
    if (UNLIKELY(!!(frame_code(&leaf->frame)->flags & CODE_WIDE) != WIDE_CODE)) {
        leaf->frame.action |= FRAME_OTHER_WIDTH;
        t->frame = &leaf->frame;
        return VALUE_SWITCH;
    }
    ENTER(&leaf->frame);
    if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
    POLL();
    NEXT();
    CASE(YIELD) {
        v = RB;
        f->resume = A(i);
        goto yield_value;
    }
    CASE(YIELD_DELEGATED) {
        v = R[A(i) + 1];
        f->resume = A(i) + 1;
        goto yield_value;
    }
    CASE(ASYNC_YIELD) {
        f->resume = A(i);
        v = async_item_new(t, RB);
    }
yield_value: {
    leaf = f->generator;
    Generator *root = leaf->active_root;
    Frame *caller = f->caller;
    SAVE();
    root->running = false;
    root->leaf = leaf;
    t->depth--;
    t->frame = caller;
    if (UNLIKELY(leaf->handling)) generator_exchange_handling(t, leaf);
    action = f->action;
    if (LIKELY(action == FRAME_FOR || action == FRAME_RESULT || action == FRAME_SEND)) {
        caller->registers[f->dest] = v;
        ENTER(caller);
        NEXT();
    }
    if ((action & ~FRAME_OTHER_WIDTH) == FRAME_ENTRY) return v;
    caller->registers[f->dest] = v;
    goto back_in_caller;
}
    CASE(GET_YIELD_FROM_ITER) {
        v = RB;
        if (LIKELY(is_kind(v, OBJ_GENERATOR))) {
            own_fresh_delegate(v, pc - 1);
            if (GENERATOR(v)->owned) RB = VALUE_UNSET;
            RA = v;
        } else {
            SET_CHECKED(RA, get_yield_from_iter(t, v, frame_code(f)));
        }
        NEXT();
    }
    CASE(GET_AWAITABLE) {
        v = RB;
        if (LIKELY(is_kind(v, OBJ_COROUTINE) && GENERATOR(v)->state == GEN_CREATED)) {
            own_fresh_delegate(v, pc - 1);
            if (GENERATOR(v)->owned) RB = VALUE_UNSET;
            RA = v;
        } else {
            SET_CHECKED(RA, get_awaitable(t, v, (int)C(i)));
        }
        NEXT();
    }
    CASE(FROM_TARGET) {
        v = VALUE_UNSET;
        if (UNLIKELY(vm->from_class && is_object(RA))) SET_CHECKED(v, from_target(t, RA));
        if (v == VALUE_UNSET || v == VALUE_NONE) pc += SBX(i);
        if (v != VALUE_UNSET) RA = v;
        NEXT();
    }
    CASE(SEND) {
        Value delegate = RA, sent = R[A(i) + 1];
        Generator *self = f->generator;
        if (LIKELY(is_generator_kind(delegate))) {
            g = GENERATOR(delegate);
            if (LIKELY(!g->parent && !g->running && g->state != GEN_CLOSED)) {
                SAVE();
                leaf = generator_link(t, self, g, sent);
                if (UNLIKELY(!leaf)) goto raise;
                if (UNLIKELY((frame_code(&leaf->frame)->flags ^ frame_code(f)->flags) &
                             CODE_WIDE)) {
                    t->frame = &leaf->frame;
                    return VALUE_SWITCH;
                }
                ENTER(&leaf->frame);
                if (UNLIKELY(t->exception != VALUE_UNSET)) goto raise;
                POLL();
                NEXT();
            }
            v = sent == VALUE_UNSET ? VALUE_NONE : sent;
            dest = A(i) + 1;
            action = FRAME_SEND;
            goto resume;
        }
        SAVE();
        if (LIKELY(is_future(delegate))) {
            Future *future = FUTURE(delegate);
            if (LIKELY(future->state != FUTURE_PENDING)) {
                if (is_native_coroutine(delegate)) future->flags |= FUTURE_CLOSED;
                SET_CHECKED(R[A(i) + 1], future_take_result(t, future));
                pc += SBX(i);
                NEXT();
            }
            v = VALUE_PARKED;
            if (is_native_coroutine(delegate)) {
                v = native_coroutine_resume(t, NATIVE_COROUTINE(delegate));
                if (UNLIKELY(v == VALUE_ERROR)) goto raise;
                if (v == VALUE_DONE) {
                    R[A(i) + 1] = t->done_value;
                    pc += SBX(i);
                    NEXT();
                }
            } else if (UNLIKELY(sent != VALUE_UNSET)) {
                raise_error(t, EXC_RuntimeError, "await wasn't used with future");
                goto raise;
            }
            Generator *root = self->active_root;
            if (LIKELY(root->parkable)) {
                self->state = GEN_PARKED;
                f->resume = A(i) + 1;
                root->running = false;
                root->leaf = self;
                t->depth--;
                t->frame = f->caller;
                if (UNLIKELY(self->handling)) generator_exchange_handling(t, self);
                t->parked_on = delegate;
                return VALUE_PARKED;
            }
            future->blocking = v == VALUE_PARKED;
            R[A(i) + 1] = v == VALUE_PARKED ? delegate : v;
            NEXT();
        }
        v = send_generic(t, delegate, sent == VALUE_UNSET ? VALUE_NONE : sent);
        if (UNLIKELY(v == VALUE_ERROR)) goto raise;
        if (v == VALUE_DONE) {
            v = t->done_value;
            pc += SBX(i);
        }
        R[A(i) + 1] = v;
        NEXT();
    }
    CASE(GET_AITER) {
        SET_CHECKED(RA, get_aiter(t, RB));
        NEXT();
    }
    CASE(GET_ANEXT) {
        SET_CHECKED(RA, get_anext(t, RB));
        NEXT();
    }
    CASE(END_ASYNC_FOR) {
        v = RA;
        SAVE();
        if (class_is_subclass(object_class(object_of(v)), EXCEPTION_CLASS(t, StopAsyncIteration))) {
            pc += SBX(i);
            NEXT();
        }
        t->exception = v;
        goto unwind;
    }

    /* ---- exceptions ---- */
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

    /* ---- imports, classes, the rest ---- */
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

    /* ---- raising ---- */
unbound:
    SAVE();
    raise_unbound(t, frame_code(f), A(i));
    goto raise;
unbound_free:
    SAVE();
    raise_unbound_free(t, frame_code(f), BX(i));
raise: /* t->exception was raised by the instruction before pc */
    SAVE();
    exception_add_traceback(t, t->exception, f->function, frame_pc(f));
unwind: {
    const Code *code = frame_code(f);
    uint32_t at = frame_pc(f);
    for (uint32_t n = 0; n < code->nhandlers; n++) {
        const Handler *handler = &code->handlers[n];
        if (at < handler->start || at >= handler->end) continue;
        R[handler->exc] = t->exception;
        PROBE(t, EXCEPTION_HANDLER, t->exception, object_value(f->function));
        t->exception = VALUE_UNSET;
        pc = CODE_WORDS(code) + handler->target;
        NEXT();
    }
    exception_leave_frame(t, t->exception, f);
    Generator *generator = f->generator;
    action = f->action;
    Frame *caller = f->caller;
    if (!generator) {
        frame_pop(t, f);
    } else {
        if (UNLIKELY(has_return(vm)) && generator_takes_return(t, generator, &v)) goto leave;
        generator_convert_stop(t, code);
        generator->state = GEN_CLOSED;
        if (UNLIKELY(generator->handling)) generator_exchange_handling(t, generator);
        if (generator->active_root != generator) { /* raise in the parent that delegated to it */
            Generator *parent = generator->parent;
            bool same_width = generator_pop(t, generator, parent);
            t->frame = &parent->frame;
            if (UNLIKELY(!same_width)) return VALUE_SWITCH;
            ENTER(&parent->frame);
            i = pc[-1]; /* its SEND */
            RA = VALUE_UNSET;
            recycle_delegate(&vm->heap, generator);
            goto raise;
        }
        generator->running = false;
        generator->leaf = generator;
        t->depth--;
    }
    t->frame = caller;
    switch (action & ~FRAME_OTHER_WIDTH) {
    case FRAME_ENTRY: return VALUE_ERROR;
    case FRAME_NEXT:
        if (exception_matches(t, EXC_StopIteration)) {
            exception_take(t);
            frame_branch(caller);
        }
        break;
    default: break;
    }
    goto back_in_caller;
}
}
