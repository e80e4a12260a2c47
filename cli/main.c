/* SPDX-License-Identifier: MIT */
/*
 * tulip: where it begins. The command line is parsed, and one of three things happens: a stage of
 * the pipeline is shown, a program is run, or a prompt opens.
 *
 * Read next: cli/run.c (a program's life from the vm to its exit status).
 */
#include <stdio.h>

#include "cli/options.h"
#include "cli/run.h"
#include "cli/stages.h"
#include "common/unicode_name.h"
#include "lexer/lexer.h"

int main(int argc, char **argv) {
    lexer_unicode_name = unicode_name_find;
    Options options = options_parse(argc, argv);
    switch (options.job) {
    case JOB_WRONG: return STATUS_USAGE;
    case JOB_VERSION: puts("Tulip " TULIP_VERSION); return STATUS_OK;
    case JOB_HELP: options_print_help(options.target); return STATUS_OK;
    case JOB_TOKENS:
    case JOB_AST:
    case JOB_DIS: return show_stage(&options);
    default: return run(&options);
    }
}
