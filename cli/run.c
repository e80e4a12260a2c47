/* SPDX-License-Identifier: MIT */
/*
 * A program's life: a vm, the layers above it installed from below upwards, the main module filled
 * in, its code compiled and run, and the end, which cli/finish.c puts in order.
 *
 * Read next: cli/finish.c, stdlib/import.c.
 */
#include "cli/run.h"

#include <limits.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/stages.h"
#include "cli/timeline.h"
#include "cli/trace.h"
#include "common/paint.h"
#include "compiler/compiler.h"
#include "loop/report.h"
#include "stdlib/import.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/probe.h"
#include "vm/str.h"

/* A text of the command line or the environment. */
static Value argument_value(Thread *t, const char *text) {
    Value v = system_text(t, text);
    return v == VALUE_ERROR ? object_value(t->vm->empty_str) : v;
}

/* ---- the situation of the main module ---- */

static void set_arguments(Thread *t, const Options *o, const char *name) {
    List *argv = list_new(t, (size_t)o->argument_count + 1);
    module_set(t, stdlib_of(t)->sys, "argv", object_value(argv));
    list_append(t, argv, argument_value(t, name));
    for (int i = 0; i < o->argument_count; i++)
        list_append(t, argv, argument_value(t, o->arguments[i]));
}

/* sys.path: [first], then the folders of TULIPPATH. */
static void set_path(Thread *t, const char *first) {
    List *path = list_new(t, 4);
    module_set(t, stdlib_of(t)->sys, "path", object_value(path));
    list_append(t, path, argument_value(t, first));
    const char *extra = getenv("TULIPPATH");
    while (extra && *extra) {
        size_t n = strcspn(extra, ":");
        if (n) {
            char *folder = strndup(extra, n), *whole = realpath(folder, NULL);
            list_append(t, path, argument_value(t, whole ? whole : folder));
            free(whole);
            free(folder);
        }
        extra += n + (extra[n] == ':');
    }
}

/* -X int_max_str_digits=N; false: said that it is no such limit. */
static bool set_digits(Vm *vm, const char *text) {
    char *end = NULL;
    unsigned long digits = text ? strtoul(text, &end, 10) : 1;
    if (text && *text >= '0' && *text <= '9' && !*end && (!digits || digits >= 640) &&
        digits <= INT32_MAX) {
        vm->int_max_str_digits = (uint32_t)digits;
        return true;
    }
    fputs("tulip: -X int_max_str_digits: invalid limit; must be >= 640 or 0 for unlimited.\n",
          stderr);
    return false;
}

/* What -X says: sys._xoptions, and what is heeded of it. False: wrong usage. */
static bool set_settings(Thread *t, const Options *o) {
    const char *dev = getenv("PYTHONDEVMODE");
    t->vm->dev_mode = dev && *dev;
    Dict *all = dict_new(t);
    if (o->setting_count) module_set(t, stdlib_of(t)->sys, "_xoptions", object_value(all));
    for (int i = 0; i < o->setting_count; i++) {
        const char *text = o->settings[i], *value = strchr(text, '=');
        Str *name = str_intern(t->vm, text, value ? (size_t)(value - text) : strlen(text));
        dict_set_str(t, all, name, value ? argument_value(t, value + 1) : VALUE_TRUE);
        if (!strcmp(name->data, "dev")) t->vm->dev_mode = true;
        if (!strcmp(name->data, "int_max_str_digits") &&
            !set_digits(t->vm, value ? value + 1 : NULL))
            return false;
    }
    return true;
}

/* What -W says of reports, and sys.warnoptions; the module warnings reads them when it is imported,
 * which is now. */
static void set_warnings(Thread *t, const Options *o) {
    if (!o->warning_count && !t->vm->dev_mode) return;
    List *words = list_new(t, (size_t)o->warning_count);
    module_set(t, stdlib_of(t)->sys, "warnoptions", object_value(words));
    if (t->vm->dev_mode) list_append(t, words, object_value(str_from(t, "default")));
    for (int i = 0; i < o->warning_count; i++) {
        if (!report_option(loop_state(t), o->warnings[i]))
            list_append(t, words, argument_value(t, o->warnings[i]));
    }
    if (!words->size) return;
    if (import_module(t, str_intern(t->vm, "warnings", 8)) == VALUE_ERROR) exception_take(t);
}

static Module *main_module(Thread *t, const char *path) {
    Module *m = module_start(t, NAME_OF(t, __main__), path, false);
    m->initializing = false; /* as in Python, nobody calls the main module half done */
    dict_set_str(t, m->dict, NAME_OF(t, __spec__), VALUE_NONE);
    dict_set_str(t, m->dict, NAME_OF(t, __package__), VALUE_NONE);
    dict_set_str(t, m->dict, NAME_OF(t, __builtins__), object_value(t->vm->builtins));
    dict_set_str(t, m->dict, str_intern(t->vm, "__annotations__", 15), object_value(dict_new(t)));
    return m;
}

/* The absolute form of a script's name, without resolving links; malloc'd. */
static char *absolute(const char *path) {
    if (path[0] == '/') return strdup(path);
    char *here = getcwd(NULL, 0);
    Buffer out = {0};
    if (path[0] == '.' && path[1] == '/') path += 2;
    buffer_printf(&out, "%s/%s", here ? here : "", path);
    free(here);
    return out.data;
}

/* The folder of the real file, where its own modules are. */
static void set_path_of_script(Thread *t, const char *path) {
    char *real = realpath(path, NULL);
    char *slash = real ? strrchr(real, '/') : NULL;
    if (slash) slash[slash == real] = '\0';
    set_path(t, real ? real : "");
    free(real);
}

/* ---- running ---- */

/* Only now that there is a program: of one that cannot be read or compiled there is no timeline. */
static bool start_view(Thread *t, const Options *o) {
    if (o->view == VIEW_TIMELINE) return timeline_start(t->vm, o);
    return o->view != VIEW_TRACE || trace_start(t->vm, o);
}

static Ending run_text(Thread *t, const Options *o, Module *m, const char *name, const char *text,
                       size_t size) {
    Buffer report = {0};
    Function *code = module_compile(t, name, text, size, COMPILE_MODULE, m->dict, &report);
    if (!code && t->exception != VALUE_UNSET) return ending_of_exception(t);
    if (!code) {
        paint_to_stderr(report.data, report.size);
        buffer_free(&report);
        return (Ending){.status = STATUS_USAGE};
    }
    if (!start_view(t, o)) return (Ending){.status = STATUS_USAGE};
    if (function_run(t, code, VALUE_UNSET) == VALUE_ERROR) return ending_of_exception(t);
    return (Ending){.status = STATUS_OK};
}

static Ending run_file(Thread *t, const Options *o) {
    char *path = absolute(o->target);
    size_t size;
    char *text = file_read_all(path, &size);
    Ending ending = {.status = STATUS_USAGE};
    if (text) {
        set_arguments(t, o, o->target);
        set_path_of_script(t, path);
        ending = run_text(t, o, main_module(t, path), path, text, size);
    } else {
        complain_unreadable(path);
    }
    free(text);
    free(path);
    return ending;
}

/* Text that is no file: tracebacks find it under [name]. */
static Ending run_remembered(Thread *t, const Options *o, const char *argv0, const char *name,
                             const char *text, size_t size) {
    set_arguments(t, o, argv0);
    set_path(t, "");
    source_remember(t->vm, name, text, size);
    return run_text(t, o, main_module(t, NULL), name, text, size);
}

static Ending run_stdin(Thread *t, const Options *o) {
    size_t size;
    char *text = descriptor_read_all(STDIN_FILENO, &size);
    if (!text) {
        complain_unreadable("<stdin>");
        return (Ending){.status = STATUS_USAGE};
    }
    Ending ending = run_remembered(t, o, "-", "<stdin>", text, size);
    free(text);
    return ending;
}

/* Find the source that -m means; a package means its __main__. False: said why. */
static bool find_module(Thread *t, Str *name, ModuleSource *source, Value *package) {
    Value path = dict_get_str(t, stdlib_of(t)->sys->dict, NAME_OF(t, path));
    const char *dot = strrchr(name->data, '.');
    *package = object_value(str_new(t, name->data, dot ? (size_t)(dot - name->data) : 0));
    if (dot) {
        Value parent = import_module(t, STR(*package));
        if (parent == VALUE_ERROR) return false;
        path = value_getattr_or_unset(t, parent, NAME_OF(t, __path__));
        if (path == VALUE_ERROR) return false;
    }
    if (!module_source_find(t, name, path, source)) {
        if (t->exception == VALUE_UNSET)
            raise_error(t, EXC_ModuleNotFoundError, "No module named %S", object_value(name));
        return false;
    }
    if (!source->is_package) return true;
    module_source_free(source);
    Str *main = str_format(t, "%S.__main__", object_value(name));
    Value module = import_module(t, name);
    if (module == VALUE_ERROR) return false;
    path = value_getattr_or_unset(t, module, NAME_OF(t, __path__));
    *package = object_value(name);
    if (module_source_find(t, main, path, source)) return true;
    raise_error(t, EXC_ModuleNotFoundError,
                "No module named %S; %R is a package and cannot be directly executed",
                object_value(main), object_value(name));
    return false;
}

static Ending run_module(Thread *t, const Options *o) {
    Value *roots = push_roots(t, 2);
    char *here = getcwd(NULL, 0);
    set_path(t, here ? here : "");
    free(here);
    set_arguments(t, o, "-m");
    roots[0] = argument_value(t, o->target);
    ModuleSource source = {0};
    if (!find_module(t, STR(roots[0]), &source, &roots[1])) {
        if (!exception_matches(t, EXC_ModuleNotFoundError)) return ending_of_exception(t);
        Str *message = value_str(t, exception_take(t));
        fprintf(stderr, "tulip: %.*s\n", message ? (int)message->size : 1000,
                message ? message->data : o->target);
        return (Ending){.status = STATUS_ERROR};
    }
    char *path = source.embedded ? strdup(source.path) : absolute(source.path);
    set_arguments(t, o, path);
    Module *m = main_module(t, path);
    dict_set_str(t, m->dict, NAME_OF(t, __package__), roots[1]);
    Ending ending = run_text(t, o, m, path, source.text, source.size);
    module_source_free(&source);
    free(path);
    return ending;
}

static Ending run_prompt(Thread *t, const Options *o) {
    set_arguments(t, o, "");
    set_path(t, "");
    return prompt(t, main_module(t, NULL));
}

static Ending run_job(Thread *t, const Options *o) {
    switch (o->job) {
    case JOB_FILE: return run_file(t, o);
    case JOB_CODE: return run_remembered(t, o, "-c", "<command>", o->target, strlen(o->target));
    case JOB_MODULE: return run_module(t, o);
    case JOB_STDIN: return run_stdin(t, o);
    default: return run_prompt(t, o);
    }
}

/* TULIP_PROBE names a file that gets a line per event. */
static void trace_to_file(Vm *vm) {
    const char *name = getenv("TULIP_PROBE");
    if (!name || !*name) return;
    FILE *out = fopen(name, "ae");
    if (out) probe_trace_to(vm, out);
    else fprintf(stderr, "tulip: TULIP_PROBE: %s: %s\n", name, strerror(errno));
}

/* With -i a prompt follows, which has the names of the program. */
static Ending run_all(Thread *t, const Options *o) {
    if (!set_settings(t, o)) return (Ending){.status = STATUS_USAGE};
    set_warnings(t, o);
    Ending ending = run_job(t, o);
    if (!o->interactive || o->job == JOB_PROMPT || ending.status == STATUS_USAGE) return ending;
    Value main = dict_get_str(t, t->vm->modules, NAME_OF(t, __main__));
    return is_kind(main, OBJ_MODULE) ? prompt(t, MODULE(main)) : ending;
}

int run(const Options *o) {
    signal(SIGPIPE, SIG_IGN);
    if (o->seed) setenv("TULIP_HASH_SEED", o->seed, 0);
    Vm *vm = vm_new();
    Thread *t = vm->main_thread;
    compiler_install(vm);
    stdlib_install(t);
    loop_install(t, o->virtual_time);
    if (o->seed) loop_seed(t, strtoull(o->seed, NULL, 10));
    vm->out_of_scope = o->out_of_scope;
    if (o->trace) probe_trace_to(vm, stderr);
    trace_to_file(vm);
    return finish(t, run_all(t, o));
}
