/* SPDX-License-Identifier: MIT */
/*
 * The prompt is a program in Tulip, the package _prompt; here it is started, and its end becomes
 * the end of the run.
 *
 * Read next: stdlib/_prompt/session.tul, stdlib/prompt_native.c.
 */
#include "cli/run.h"
#include "stdlib/import.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/ops.h"
#include "vm/str.h"

static const char banner[] = "Tulip " TULIP_VERSION ". :help shows the commands, Ctrl-D ends it.";

Ending prompt(Thread *t, Module *main) {
    Value *roots = push_roots(t, 4);
    roots[0] = object_value(main);
    roots[1] = object_value(main->dict);
    roots[2] = object_value(str_from(t, banner));
    roots[3] = import_module(t, str_intern(t->vm, "_prompt", 7));
    bool ok = roots[3] != VALUE_ERROR &&
              call_method(t, roots[3], str_intern(t->vm, "run", 3), roots + 1, 2) != VALUE_ERROR;
    Ending ending = ok ? (Ending){.status = STATUS_OK} : ending_of_exception(t);
    pop_roots(t, roots);
    return ending;
}
