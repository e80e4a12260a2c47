/* SPDX-License-Identifier: MIT */
/*
 * The command line. Options of Tulip come first; from the program's name on, everything belongs to
 * the program. Without a program, a terminal gets a prompt and anything else is read as a script.
 *
 * Read next: cli/main.c.
 */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stdlib/resolve_rules.h"

enum { DEFAULT_LIMIT = 4000000 }; /* events of a recording: some 150 MB at most */

static const char help[] =
    "usage: tulip [OPTION…] FILE [ARGUMENT…]     run a program (.tul or .py)\n"
    "       tulip [OPTION…] -c CODE [ARGUMENT…]  run the text CODE\n"
    "       tulip [OPTION…] -m MODULE [ARG…]     run a module as a program\n"
    "       tulip [OPTION…] - [ARGUMENT…]        run what standard input says\n"
    "       tulip [OPTION…]                      a prompt (on a terminal)\n"
    "       tulip timeline [-o OUT] [--json|--text] [--limit N] FILE [ARGUMENT…]\n"
    "                                            run, and draw what ran, waited and woke: a page\n"
    "       tulip trace [-o OUT] [--json] [--function NAME] [--task NAME]\n"
    "             [--kind NAME] FILE [ARGUMENT…] run, a line for every event\n"
    "       tulip test [OPTION…] [PATH…]         run scripts, compare what they print (--help)\n"
    "       tulip tokens|ast|dis FILE            show a stage: tokens, syntax tree, bytecode\n"
    "                                            (--help after the verb says more)\n"
    "\n"
    "  -i              a prompt after the program, with its names; without a program, a prompt\n"
    "                  even when standard input is no terminal\n"
    "  -W FILTER       what happens to warnings: ACTION[:MESSAGE[:CATEGORY[:MODULE[:LINE]]]];\n"
    "                  the actions are default, ignore, error, always, module and once;\n"
    "                  default, ignore or error of a kind of report: error:never-awaited\n"
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

void options_print_help(Job job) {
    fputs(job == JOB_TOKENS ? tokens_help
          : job == JOB_AST  ? ast_help
          : job == JOB_DIS  ? dis_help
                            : help,
          stdout);
}

static Options wrong(const char *format, const char *what) {
    fputs("tulip: ", stderr);
    fprintf(stderr, format, what);
    fputs("\nTry: tulip --help\n", stderr);
    return (Options){.job = JOB_WRONG};
}

static bool job_of_verb(const char *word, Job *job) {
    if (!strcmp(word, "tokens")) *job = JOB_TOKENS;
    else if (!strcmp(word, "ast")) *job = JOB_AST;
    else if (!strcmp(word, "dis")) *job = JOB_DIS;
    else return false;
    return true;
}

/* Is [word] one of Tulip's own flags? Then it is noted. */
static bool is_flag(const char *word, Options *o) {
    if (!strcmp(word, "--trace")) o->trace = true;
    else if (!strcmp(word, "--virtual-time")) o->virtual_time = true;
    else if (!strcmp(word, "--out-of-scope")) o->out_of_scope = true;
    else if (!strcmp(word, "-i")) o->interactive = true;
    else return false;
    return true;
}

/* Takes --seed N; gives how many words that is. */
static int take_seed(int argc, char **argv, int i, Options *o) {
    if (strcmp(argv[i], "--seed") != 0 || i + 1 == argc) return 0;
    const char *digits = argv[i + 1];
    if (!*digits || strlen(digits) > 18 || digits[strspn(digits, "0123456789")]) return 0;
    o->seed = digits;
    o->virtual_time = true;
    return 2;
}

/* Takes -W FILTER or -WFILTER; gives how many words that is. The filters are kept at the front of
 * argv, whose words have been read. */
static int take_warning(int argc, char **argv, int i, Options *o) {
    if (strncmp(argv[i], "-W", 2) != 0) return 0;
    bool apart = !argv[i][2];
    if (apart && i + 1 == argc) return 0;
    if (!o->warnings) o->warnings = argv;
    o->warnings[o->warning_count++] = apart ? argv[i + 1] : argv[i] + 2;
    return apart ? 2 : 1;
}

/* Takes --resolve RULE; gives how many words that is. The rule goes into the environment, before
 * those that are there; of several options the last one's comes first. */
static int take_resolve(int argc, char **argv, int i) {
    if (strcmp(argv[i], "--resolve") != 0 || i + 1 == argc) return 0;
    if (!resolve_rule_valid(argv[i + 1])) return 0;
    resolve_rule_add(argv[i + 1]);
    return 2;
}

/* Is [word] an option of the stage [job]? Then it is noted. */
static bool is_stage_flag(const char *word, Options *o) {
    if (!strcmp(word, "--json")) o->listing.json = true;
    else if (!strcmp(word, "--lines") && o->job == JOB_AST) o->listing.lines = true;
    else if (!strcmp(word, "--caches") && o->job == JOB_DIS) o->listing.caches = true;
    else return false;
    return true;
}

static Options stage(Options o, Job job, int argc, char **argv, int i) {
    const char *verb = argv[i++];
    o.job = job;
    while (i < argc && is_stage_flag(argv[i], &o)) i++;
    if (i < argc && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")))
        return (Options){.job = JOB_HELP, .job_of_help = job};
    if (i < argc && !strcmp(argv[i], "-c")) {
        o.is_text = true;
        i++;
    }
    if (i >= argc) return wrong(o.is_text ? "'%s -c' wants a text" : "'%s' wants a file", verb);
    if (!o.is_text && argv[i][0] == '-' && argv[i][1]) return wrong("no such option: %s", argv[i]);
    if (i + 1 < argc) return wrong("'%s' takes one file", verb);
    o.target = argv[i];
    return o;
}

static Options program(Options o, Job job, const char *target, int argc, char **argv, int rest) {
    o.job = job;
    o.target = target;
    o.arguments = argv + rest;
    o.argument_count = argc - rest;
    return o;
}

/* ---- the verbs that run a program and write something beside it ---- */

static const char *const text_options[] = {"-o", "--function", "--task", "--kind", "--limit"};

static bool set_text_option(Options *o, const char *word, const char *value) {
    char *end = NULL;
    switch (word[2]) {
    case '\0': o->output = value; return true;
    case 'f': o->function = value; return true;
    case 't': o->task = value; return true;
    case 'k': o->kind = value; return true;
    default: o->limit = strtoull(value, &end, 10); return *value >= '1' && *value <= '9' && !*end;
    }
}

/* An option of trace or timeline at argv[i]: how many words it takes; 0: it is none, -1: wrong. */
static int take_view_option(int argc, char **argv, int i, Options *o) {
    const char *word = argv[i];
    for (size_t n = 0; n < sizeof text_options / sizeof *text_options; n++) {
        if (strcmp(word, text_options[n])) continue;
        return i + 1 < argc && set_text_option(o, word, argv[i + 1]) ? 2 : -1;
    }
    if (!strcmp(word, "--json")) o->form = FORM_JSON;
    else if (!strcmp(word, "--text") && o->view == VIEW_TIMELINE) o->form = FORM_TEXT;
    else return 0;
    return 1;
}

/* `timeline [OPTION…] FILE [-o OUT] [ARGUMENT…]`: right behind FILE, -o is ours as well. */
static Options view(Options o, View which, int argc, char **argv, int i) {
    const char *verb = argv[i++];
    o.view = which;
    o.limit = DEFAULT_LIMIT;
    for (int n = 1; n && i < argc; i += n) {
        n = take_view_option(argc, argv, i, &o);
        if (!n && is_flag(argv[i], &o)) n = 1;
        if (!n) n = take_seed(argc, argv, i, &o);
        if (!n) n = take_resolve(argc, argv, i) ? 2 : 0;
        if (n < 0) return wrong("'%s' wants a value", argv[i]);
    }
    if (i < argc && !strcmp(argv[i], "--")) i++;
    else if (i < argc && argv[i][0] == '-')
        return wrong("no such option of this verb: %s", argv[i]);
    if (i >= argc) return wrong("'%s' wants a file", verb);
    const char *file = argv[i++];
    if (i + 1 < argc && !strcmp(argv[i], "-o")) {
        o.output = argv[i + 1];
        i += 2;
    }
    return program(o, JOB_FILE, file, argc, argv, i);
}

Options options_parse(int argc, char **argv) {
    Options o = {0};
    int i = 1;
    for (int n = 1; n && i < argc; i += n)
        n = is_flag(argv[i], &o)           ? 1
            : take_seed(argc, argv, i, &o) ? 2
            : take_resolve(argc, argv, i)  ? 2
                                           : take_warning(argc, argv, i, &o);
    if (i == argc) {
        bool prompt = o.interactive || isatty(STDIN_FILENO);
        return program(o, prompt ? JOB_PROMPT : JOB_STDIN, NULL, argc, argv, argc);
    }
    const char *word = argv[i];
    Job job;
    if (!strcmp(word, "timeline")) return view(o, VIEW_TIMELINE, argc, argv, i);
    if (!strcmp(word, "trace")) return view(o, VIEW_TRACE, argc, argv, i);
    if (!strcmp(word, "test")) return program(o, JOB_MODULE, "_golden", argc, argv, i + 1);
    if (job_of_verb(word, &job)) return stage(o, job, argc, argv, i);
    if (!strcmp(word, "--version") || !strcmp(word, "-V"))
        return program(o, JOB_VERSION, NULL, argc, argv, argc);
    if (!strcmp(word, "--help") || !strcmp(word, "-h"))
        return program(o, JOB_HELP, NULL, argc, argv, argc);
    if (!strcmp(word, "-")) return program(o, JOB_STDIN, NULL, argc, argv, i + 1);
    if (!strcmp(word, "-c") || !strcmp(word, "-m")) {
        bool code = word[1] == 'c';
        if (i + 1 == argc)
            return wrong(code ? "'%s' wants a program text" : "'%s' wants a module", word);
        return program(o, code ? JOB_CODE : JOB_MODULE, argv[i + 1], argc, argv, i + 2);
    }
    if (!strcmp(word, "--") && i + 1 < argc)
        return program(o, JOB_FILE, argv[i + 1], argc, argv, i + 2);
    if (!strcmp(word, "--seed")) return wrong("'%s' wants a number, from 0 up", word);
    if (!strcmp(word, "--resolve")) return wrong("'%s' wants HOST:PORT:ADDR[:PORT2]", word);
    if (word[0] == '-') return wrong("no such option: %s", word);
    return program(o, JOB_FILE, word, argc, argv, i + 1);
}
