/* SPDX-License-Identifier: MIT */
/*
 * The loop for narrow code once more, with a call of vm->on_instruction before each instruction. It
 * is entered instead of the other one when somebody asked for that, so that the other one has
 * nothing to look at. Read next: vm/execute_loop.h.
 */
#include "vm/execute.h"
#include "vm/probe.h"
#include "vm/trollius.h"

#include "vm/narrow_words.h"

#define LOOP                 execute_narrow_told
#define BEFORE_INSTRUCTION() t->vm->on_instruction(t, f, (uint32_t)(pc - CODE_WORDS(frame_code(f))))

#include "vm/execute_loop.h"
