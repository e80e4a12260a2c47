/* SPDX-License-Identifier: MIT */
/*
 * The command line. Options of Tulip come first; from the program's name on, everything belongs to
 * the program. Without a program, a terminal gets a prompt and anything else is read as a script.
 *
 * Read next: cli/main.c, cli/help.c.
 */
#include "cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stdlib/resolve_rules.h"

enum { DEFAULT_LIMIT = 4000000 }; /* events of a recording: some 150 MB at most */

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

/* Takes -X NAME[=VALUE] or -XNAME[=VALUE]; gives how many words that is. */
static int take_setting(int argc, char **argv, int i, Options *o) {
    if (strncmp(argv[i], "-X", 2) != 0 || o->setting_count == SETTING_LIMIT) return 0;
    bool apart = !argv[i][2];
    if (apart && i + 1 == argc) return 0;
    o->settings[o->setting_count++] = apart ? argv[i + 1] : argv[i] + 2;
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

/* Takes an option that has a value; gives how many words that is. */
static int take_with_value(int argc, char **argv, int i, Options *o) {
    int n = take_seed(argc, argv, i, o);
    if (!n) n = take_resolve(argc, argv, i);
    if (!n) n = take_setting(argc, argv, i, o);
    return n ? n : take_warning(argc, argv, i, o);
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
        return (Options){.job = JOB_HELP, .target = verb};
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

static const char *const text_options[] = {"-o",     "--function", "--task",
                                           "--kind", "--limit",    "--detail"};

/* A number above 0. */
static bool set_count(unsigned long long *count, const char *value) {
    char *end = NULL;
    *count = strtoull(value, &end, 10);
    return *value >= '1' && *value <= '9' && !*end;
}

static bool set_text_option(Options *o, const char *word, const char *value) {
    switch (word[2]) {
    case '\0': o->output = value; return true;
    case 'f': o->function = value; return true;
    case 't': o->task = value; return true;
    case 'k': o->kind = value; return true;
    case 'd': return set_count(&o->detail, value);
    default: return set_count(&o->limit, value);
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
    else if (!strcmp(word, "--instructions") && o->view == VIEW_TRACE) o->instructions = true;
    else if (!strcmp(word, "--text") && o->view == VIEW_TIMELINE) o->form = FORM_TEXT;
    else return 0;
    return 1;
}

/* The program of a view at argv[i]: a file, -c CODE, -m MODULE or - (standard input). Right behind
 * it -o is ours as well. */
static Options viewed(Options o, Job job, int argc, char **argv, int i) {
    const char *target = job == JOB_STDIN ? "stdin" : argv[i++];
    if (i + 1 < argc && !strcmp(argv[i], "-o")) {
        o.output = argv[i + 1];
        i += 2;
    }
    return program(o, job, target, argc, argv, i);
}

/* What kind of program [word] begins in front of a target. */
static Job job_of_word(const char *word) {
    if (!strcmp(word, "-c")) return JOB_CODE;
    if (!strcmp(word, "-m")) return JOB_MODULE;
    return !strcmp(word, "-") ? JOB_STDIN : JOB_FILE;
}

/* `timeline [OPTION…] FILE [-o OUT] [ARGUMENT…]` */
static Options view(Options o, View which, int argc, char **argv, int i) {
    const char *verb = argv[i++];
    o.view = which;
    o.limit = DEFAULT_LIMIT;
    for (int n = 1; n && i < argc; i += n) {
        n = take_view_option(argc, argv, i, &o);
        if (!n && is_flag(argv[i], &o)) n = 1;
        if (!n) n = take_with_value(argc, argv, i, &o);
        if (n < 0) return wrong("'%s' wants a value", argv[i]);
    }
    Job job = i < argc ? job_of_word(argv[i]) : JOB_FILE;
    if (i < argc && (job != JOB_FILE || !strcmp(argv[i], "--"))) i++;
    else if (i < argc && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")))
        return (Options){.job = JOB_HELP, .target = verb};
    else if (i < argc && argv[i][0] == '-')
        return wrong("no such option of this verb: %s", argv[i]);
    if (i >= argc && job != JOB_STDIN) return wrong("'%s' wants a program", verb);
    return viewed(o, job, argc, argv, i);
}

Options options_parse(int argc, char **argv) {
    Options o = {0};
    int i = 1;
    for (int n = 1; n && i < argc; i += n)
        n = is_flag(argv[i], &o) ? 1 : take_with_value(argc, argv, i, &o);
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
    if (!strcmp(word, "-W")) return wrong("'%s' wants a filter", word);
    if (!strcmp(word, "-X")) return wrong("'%s' wants a name", word);
    if (word[0] == '-') return wrong("no such option: %s", word);
    return program(o, JOB_FILE, word, argc, argv, i + 1);
}
