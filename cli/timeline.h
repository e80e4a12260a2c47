/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a recording: a page, a table of Chrome trace events, lines for a terminal. See
 * cli/timeline.c.
 */
#ifndef TULIP_CLI_TIMELINE_H
#define TULIP_CLI_TIMELINE_H

#include <stdio.h>

#include "cli/options.h"
#include "cli/record.h"
#include "cli/trace.h"

/* Records from now on; at the program's end the options' form is written to their file. False: it
 * cannot be opened, and that has been said. */
bool timeline_start(Vm *vm, const Options *options);

/* ---- cli/timeline_data.c ---- */

/* A file's name as it is shown: relative to the current folder where it lies in it. */
const char *timeline_file(const char *path);
/* A text of the recording as JSON, the paths in it relative to the current folder. */
void timeline_put_text_number(const Record *r, uint32_t number, Buffer *out);
/* All of the recording as the page's script reads it (cli/timeline/data.js says how); [file]: the
 * program, or NULL. */
void timeline_put_data(Record *r, const char *title, const char *file, Buffer *out);

/* ---- cli/timeline_chrome.c, cli/timeline_text.c ---- */

/* In the trace-event form that Perfetto and chrome://tracing open, bit by bit: this one leaves
 * nothing out and may be large. False: writing failed. */
bool timeline_write_chrome(const Record *r, FILE *file);
/* Lanes as rows of characters, [width] of them for the whole run, then arrows and blocked spans. */
void timeline_put_text(Record *r, int width, Buffer *out);

#endif
