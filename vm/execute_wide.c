/* SPDX-License-Identifier: MIT */
/*
 * The loop for wide code: functions with more than 250 registers, 65,535 constants or 32,000 words.
 * Read next: vm/execute_loop.h.
 */
#include "vm/execute.h"
#include "vm/probe.h"
#include "vm/trollius.h"

typedef uint64_t Word;
#define WIDE_CODE        1
#define LOOP             execute_wide
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

#include "vm/execute_loop.h"
