/* SPDX-License-Identifier: MIT */
/*
 * The loop for narrow code, and execute(), which goes back and forth between the narrow and the
 * wide loop. Read next: vm/execute_loop.h.
 */
#include "vm/execute.h"
#include "vm/probe.h"
#include "vm/trollius.h"

#include "vm/narrow_words.h"

#define LOOP execute_narrow
#include "vm/execute_loop.h"

Value execute(Thread *t, Frame *frame) {
    static Value (*const loops[2][2])(Thread *) = {{execute_narrow, execute_wide},
                                                   {execute_narrow_told, execute_wide_told}};
    bool told = t->vm->on_instruction != NULL;
    frame->action = FRAME_ENTRY;
    t->frame = frame;
    for (;;) {
        bool wide = (frame_code(t->frame)->flags & CODE_WIDE) != 0;
        Value v = loops[told][wide](t);
        if (v != VALUE_SWITCH) return v;
    }
}
