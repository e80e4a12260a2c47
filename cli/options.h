/* SPDX-License-Identifier: MIT */
/* What the command line asks for: which of the jobs, on what, with which options of Tulip's own and
 * which arguments for the program. See cli/options.c. */
#ifndef TULIP_CLI_OPTIONS_H
#define TULIP_CLI_OPTIONS_H

#include <stdbool.h>

#include "common/listing.h"

typedef enum Job {
    JOB_FILE,   /* target: a path */
    JOB_CODE,   /* target: source text */
    JOB_MODULE, /* target: a dotted name */
    JOB_STDIN,
    JOB_PROMPT,
    JOB_TOKENS, /* the three stages; target: a path */
    JOB_AST,
    JOB_DIS,
    JOB_VERSION,
    JOB_HELP,  /* target: a verb, or NULL */
    JOB_WRONG, /* a message has been printed: status 2 */
} Job;

/* What is written beside running: by the verbs trace and timeline. */
typedef enum View { VIEW_NONE, VIEW_TRACE, VIEW_TIMELINE } View;
typedef enum Form { FORM_PAGE, FORM_JSON, FORM_TEXT } Form;

enum { SETTING_LIMIT = 16 }; /* of options -X */

typedef struct Options {
    Job job;
    const char *target;
    bool trace, virtual_time, out_of_scope;
    Listing listing;  /* of a stage */
    bool is_text;     /* of a stage: target is the program itself */
    bool interactive; /* a prompt, also after the program and without a terminal */
    View view;
    bool instructions; /* trace: a line for each of them */
    Form form;
    const char *output;                 /* -o; NULL: a name made of the target's */
    const char *function, *task, *kind; /* filters of trace: parts of names, or NULL */
    unsigned long long limit;           /* events to record */
    unsigned long long detail; /* timeline: the event around which nothing is merged, or 0 */
    const char *seed;          /* the digits after --seed, or NULL */
    char **arguments;          /* of the program, without its name; argument_count of them */
    int argument_count;
    char **warnings; /* what each -W says, warning_count of them; points into argv */
    int warning_count;
    const char *settings[SETTING_LIMIT]; /* what each -X says, setting_count of them */
    int setting_count;
} Options;

/* Exit statuses with a meaning (beside those a program chooses). */
enum {
    STATUS_OK = 0,
    STATUS_ERROR = 1,
    STATUS_USAGE = 2,
    STATUS_DEADLOCK = 3,
    STATUS_BROKEN_PIPE = 141
};

Options options_parse(int argc, char **argv);
/* Print the help of a verb; NULL: of the whole command. */
void options_print_help(const char *verb);

#endif
