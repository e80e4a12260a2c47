/* SPDX-License-Identifier: MIT */
/* Running programs: from the options to an exit status, and what the prompt and the end of a
 * program need of each other. See cli/run.c, cli/finish.c, cli/prompt.c. */
#ifndef TULIP_CLI_RUN_H
#define TULIP_CLI_RUN_H

#include "cli/options.h"
#include "vm/thread.h"

/* Runs what the options name, from a new vm to its end; gives the exit status (or dies
 * of SIGINT). */
int run(const Options *options);

/* How a program has ended, as far as it is known. */
typedef struct Ending {
    int status;
    bool interrupted; /* by Ctrl-C: die of SIGINT after cleaning up */
} Ending;

/* The uncaught exception on the thread: reports it, gives the status. (cli/finish.c) */
Ending ending_of_exception(Thread *t);
/* Exit calls, loops, finalisers, streams. Gives the status that is left. */
int finish(Thread *t, Ending ending);

/* The prompt: reads and runs statements until the input ends. (cli/prompt.c) */
Ending prompt(Thread *t, Module *main);

#endif
