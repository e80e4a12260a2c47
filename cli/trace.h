/* SPDX-License-Identifier: MIT */
/* `tulip trace`: a line for every event, or for every instruction, of a run. See cli/trace.c. */
#ifndef TULIP_CLI_TRACE_H
#define TULIP_CLI_TRACE_H

#include <stdio.h>

#include "cli/options.h"
#include "vm/thread.h"

/* Writes from now on to the options' file. False: it cannot be opened, and that has been said. */
bool trace_start(Vm *vm, const Options *options);

/* Does [text] contain one of the words of [filter], which stand between commas? Upper and lower
 * case count as the same. */
bool trace_matches(const char *filter, const char *text);

/* A line for each instruction to [out], which is closed at the end unless it is a standard stream.
 * (cli/trace_instructions.c) */
void trace_instructions(Vm *vm, const Options *options, FILE *out);

/* Text between quotes as JSON wants it (cli/timeline_data.c). */
void json_put_text(Buffer *out, const char *text);

#endif
