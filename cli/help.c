/* SPDX-License-Identifier: MIT */
/*
 * What --help prints, of the command and of each verb. docs/tulip.1.in says the same at length;
 * tests/cli/test_options.py checks that no option is missing there. (The verb test is a program in
 * Tulip and prints its own.)
 *
 * Read next: cli/options.c.
 */
#include <stdio.h>
#include <string.h>

#include "cli/options.h"

static const char help[] =
    "usage: tulip [OPTION…] FILE [ARGUMENT…]     run a program (.tul or .py)\n"
    "       tulip [OPTION…] -c CODE [ARGUMENT…]  run the text CODE\n"
    "       tulip [OPTION…] -m MODULE [ARG…]     run a module as a program\n"
    "       tulip [OPTION…] - [ARGUMENT…]        run what standard input says\n"
    "       tulip [OPTION…]                      a prompt (on a terminal)\n"
    "       tulip timeline [-o OUT] [--json|--text] [--limit N] FILE [ARGUMENT…]\n"
    "                                            run, and draw what ran, waited and woke: a page\n"
    "       tulip trace [-o OUT] [--json] [--instructions] [--function NAME] [--task NAME]\n"
    "             [--kind NAME] FILE [ARGUMENT…] run, a line for every event or instruction\n"
    "       tulip test [OPTION…] [PATH…]         run scripts, compare what they print (--help)\n"
    "       tulip tokens|ast|dis FILE            show a stage: tokens, syntax tree, bytecode\n"
    "                                            (--help after the verb says more)\n"
    "\n"
    "  -i              a prompt after the program, with its names; without a program, a prompt\n"
    "                  even when standard input is no terminal\n"
    "  -W FILTER       what happens to warnings: ACTION[:MESSAGE[:CATEGORY[:MODULE[:LINE]]]];\n"
    "                  the actions are default, ignore, error, always, module and once;\n"
    "                  default, ignore or error of a kind of report: error:never-awaited\n"
    "  -X dev          development mode: event loops begin in debug mode, all warnings are shown\n"
    "  -X NAME[=VALUE] for sys._xoptions; int_max_str_digits=N is heeded\n"
    "  --trace         print every event of tasks, futures and the loop to standard error\n"
    "  --virtual-time  waiting costs no time: the clock jumps to the next deadline\n"
    "  --seed N        virtual time, and N decides who of several tasks or threads runs first:\n"
    "                  the same N gives the same run\n"
    "  --resolve HOST:PORT:ADDR[:PORT2]\n"
    "                  who connects to HOST and PORT gets to ADDR (and PORT2); may be repeated,\n"
    "                  and TULIP_RESOLVE has such rules too, separated by commas\n"
    "  --out-of-scope  what Tulip leaves out of Python raises when it is reached, not at once\n"
    "  --version       print the version\n"
    "  --help          print this\n"
    "\n"
    "Ctrl-\\ shows every task and thread of a running program, which goes on; Ctrl-C ends it.\n"
    "A file whose name is a verb is run as ./tokens. TULIPPATH lists folders to import from.\n"
    "Status: 0 good, 1 uncaught exception, 2 wrong usage or a program that cannot be read or\n"
    "compiled, 3 deadlock, 130 Ctrl-C, 141 the reader of standard output went away.\n";

static const char tokens_help[] =
    "usage: tulip tokens [--json] FILE | -c CODE | -\n"
    "\n"
    "Shows the tokens of a program: under each line of source where each begins and ends\n"
    "(line:column), its kind, its text. INDENT, DEDENT and NEWLINE come from the layout.\n"
    "\n"
    "  --json   a list of objects for tools\n";

static const char ast_help[] =
    "usage: tulip ast [--lines] [--json] FILE | -c CODE | -\n"
    "\n"
    "Shows the syntax tree of a program as ast.dump(tree, indent=2) of Python does.\n"
    "\n"
    "  --lines  the first source line of each statement above it\n"
    "  --json   nested objects for tools, with lines and columns\n";

static const char dis_help[] =
    "usage: tulip dis [--caches] [--json] FILE | -c CODE | -\n"
    "\n"
    "Shows the bytecode of a program: under each line of source its instructions. Registers go by\n"
    "the names of their variables, temporaries are t0, t1 …; » marks where something jumps to;\n"
    "functions and classes follow. docs/bytecode.md says what each instruction does.\n"
    "\n"
    "  --caches  the words in which instructions remember what they found\n"
    "  --json    an object for tools\n";

static const char trace_help[] =
    "usage: tulip trace [OPTION…] FILE | -c CODE | -m MODULE | - [ARGUMENT…]\n"
    "\n"
    "Runs a program and writes a line for every event of tasks, futures, timers, threads and the\n"
    "loop to standard error. docs/probe.md lists the events.\n"
    "\n"
    "  -o OUT            write to the file OUT instead\n"
    "  --json            an object a line, for tools\n"
    "  --instructions    a line for each instruction, with the registers that it changed\n"
    "  --function NAME   only what happens in functions with NAME in their name\n"
    "  --task NAME       only what concerns tasks with NAME in theirs\n"
    "  --kind NAME       only events, or instructions, with NAME in their kind, as in TASK\n"
    "                    (each NAME may be several, as in TASK,FUTURE; case does not matter)\n"
    "  --virtual-time, --seed N, --resolve RULE   as without a verb\n";

static const char timeline_help[] =
    "usage: tulip timeline [OPTION…] FILE | -c CODE | -m MODULE | - [-o OUT] [ARGUMENT…]\n"
    "\n"
    "Runs a program and writes a page that shows what ran, waited and woke, for a browser.\n"
    "\n"
    "  -o OUT     the file to write (NAME.timeline.html; - is standard output)\n"
    "  --json     Chrome's trace events, which Perfetto opens\n"
    "  --text     a drawing for the terminal, on standard error\n"
    "  --limit N  how many events are recorded; more are counted\n"
    "  --detail N in a page of a long run, whose short steps are merged: event number N with\n"
    "             its neighbours is shown step by step\n"
    "  --virtual-time, --seed N, --resolve RULE   as without a verb\n";

void options_print_help(const char *verb) {
    static const struct {
        const char *verb, *text;
    } verbs[] = {
        {"tokens", tokens_help}, {"ast", ast_help},           {"dis", dis_help},
        {"trace", trace_help},   {"timeline", timeline_help},
    };
    const char *text = help;
    for (size_t i = 0; verb && i < sizeof verbs / sizeof *verbs; i++) {
        if (!strcmp(verb, verbs[i].verb)) text = verbs[i].text;
    }
    fputs(text, stdout);
}
