/* SPDX-License-Identifier: MIT */
/*
 * Colour for error reports on a terminal. A report is made as plain text first and painted line by
 * line: places in magenta, carets in red, the kind of the error in bold.
 *
 * Colour is wanted when NO_COLOR is not set and either FORCE_COLOR is, or the descriptor is a
 * terminal whose TERM is not "dumb". Read next: common/paint.c.
 */
#ifndef TULIP_COMMON_PAINT_H
#define TULIP_COMMON_PAINT_H

#include <stdbool.h>

#include "common/buffer.h"

/* Do reports to the descriptor [fd] get colour? */
bool paint_wanted(int fd);
/* Append [text], a report, with the escape sequences of its colours. */
void paint_report(Buffer *out, const char *text, size_t size);
/* Write [text], a report, to stderr, in colour if that is wanted. */
void paint_to_stderr(const char *text, size_t size);

#endif
