/* SPDX-License-Identifier: MIT */
/*
 * How narrow code is laid out in words, for whoever includes vm/execute_loop.h: the loop itself and
 * the one that tells of each instruction.
 *
 * Read next: vm/execute_loop.h.
 */
#ifndef TULIP_VM_NARROW_WORDS_H
#define TULIP_VM_NARROW_WORDS_H

typedef uint32_t Word;
#define WIDE_CODE        0
#define CODE_WORDS(code) ((code)->words.narrow)
#define OPCODE(i)        ((i)&0xff)
#define A(i)             ((i) >> 8 & 0xff)
#define B(i)             ((i) >> 16 & 0xff)
#define C(i)             ((i) >> 24)
#define BX(i)            ((i) >> 16)
#define SBX(i)           ((int32_t)(i) >> 16)
#define SC(i)            ((int32_t)(i) >> 24)
#define SB(i)            ((int8_t)((i) >> 16))
#define SJ(i)            ((int32_t)(i) >> 8)
#define JWORD(w)         ((int32_t)(w))

#endif
