/* SPDX-License-Identifier: MIT */
/*
 * Jumps, and jumps that compare.
 * Part of the interpreter loop: vm/execute_loop.h includes it inside its one function.
 *
 * A backward jump is a safepoint: see BRANCH. Read next: vm/vm.c (safepoints).
 */

/* clang-format off */

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
