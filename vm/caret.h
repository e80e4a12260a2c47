/* SPDX-License-Identifier: MIT */
/* The line of carets under a source line of a traceback. See vm/caret.c. */
#ifndef TULIP_VM_CARET_H
#define TULIP_VM_CARET_H

#include "common/buffer.h"
#include "vm/code.h"

/* Append the carets for the instruction at [pc] (without indentation) below [line], whose first
 * [leading] bytes are blank. False when there is nothing worth marking. */
bool caret_line(const Code *code, uint32_t pc, const char *line, size_t size, size_t leading,
                Buffer *out);

#endif
