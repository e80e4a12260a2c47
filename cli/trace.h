/* SPDX-License-Identifier: MIT */
/* `tulip trace`: a line for every event, or for every instruction, of a run. See cli/trace.c. */
#ifndef TULIP_CLI_TRACE_H
#define TULIP_CLI_TRACE_H

#include "cli/options.h"
#include "vm/thread.h"

/* Writes from now on to the options' file. False: it cannot be opened, and that has been said. */
bool trace_start(Vm *vm, const Options *options);

/* Text between quotes as JSON wants it (cli/timeline_data.c). */
void json_put_text(Buffer *out, const char *text);

#endif
