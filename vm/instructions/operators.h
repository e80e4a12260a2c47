/* SPDX-License-Identifier: MIT */
/*
 * Instructions of the operators: arithmetic, comparing, testing.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * Small integers and floats are computed here, everything else is vm/ops.c's. Read next: vm/value.h
 * (how numbers are packed), vm/ops.c.
 */

/* clang-format off */

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
