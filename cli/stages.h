/* SPDX-License-Identifier: MIT */
/* `tulip tokens|ast|dis FILE`: what a stage of the pipeline makes of a file. See cli/stages.c. */
#ifndef TULIP_CLI_STAGES_H
#define TULIP_CLI_STAGES_H

#include "cli/options.h"

/* Prints the stage that the options name to standard output; gives the exit status. */
int show_stage(const Options *options);
/* Says on standard error why a program file cannot be read (errno). */
void complain_unreadable(const char *path);

#endif
