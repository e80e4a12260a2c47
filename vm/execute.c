/* SPDX-License-Identifier: MIT */
/*
 * The loop for narrow code, and execute(), which goes back and forth between the narrow and the
 * wide loop. Read next: vm/execute_loop.h.
 */
#include "vm/execute.h"
#include "vm/probe.h"
#include "vm/trollius.h"

typedef uint32_t Word;
#define WIDE_CODE        0
#define LOOP             execute_narrow
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

#include "vm/execute_loop.h"

Value execute(Thread *t, Frame *frame) {
    frame->action = FRAME_ENTRY;
    t->frame = frame;
    for (;;) {
        bool wide = frame_code(t->frame)->flags & CODE_WIDE;
        Value v = wide ? execute_wide(t) : execute_narrow(t);
        if (v != VALUE_SWITCH) return v;
    }
}
