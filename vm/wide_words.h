/* SPDX-License-Identifier: MIT */
/*
 * How wide code is laid out in words, for whoever includes vm/execute_loop.h: the loop itself and
 * the one that tells of each instruction.
 *
 * Read next: vm/execute_loop.h.
 */
#ifndef TULIP_VM_WIDE_WORDS_H
#define TULIP_VM_WIDE_WORDS_H

typedef uint64_t Word;
#define WIDE_CODE        1
#define CODE_WORDS(code) ((code)->words.wide)
#define OPCODE(i)        ((i)&0xffff)
#define A(i)             ((uint32_t)((i) >> 16 & 0xffff))
#define B(i)             ((uint32_t)((i) >> 32 & 0xffff))
#define C(i)             ((uint32_t)((i) >> 48))
#define BX(i)            ((uint32_t)((i) >> 32))
#define SBX(i)           ((int64_t)(i) >> 32)
#define SC(i)            ((int64_t)(i) >> 48)
#define SB(i)            ((int16_t)((i) >> 32))
#define SJ(i)            ((int64_t)(i) >> 16)
#define JWORD(w)         ((int64_t)(w))

#endif
