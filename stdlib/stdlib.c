/* SPDX-License-Identifier: MIT */
/*
 * The standard library's place in the vm: its state, what the collector must see of it, and the
 * hooks through which the vm imports modules and finds source lines.
 *
 * Read next: stdlib/import.c.
 */
#include "stdlib/stdlib.h"

#include <stdlib.h>

#include "common/memory.h"
#include "stdlib/builtins.h"
#include "stdlib/file.h"
#include "stdlib/guard.h"
#include "stdlib/import.h"
#include "vm/container.h"
#include "vm/str.h"

static void mark(Heap *heap, void *context) {
    Stdlib *lib = context;
    for (int i = 0; i < STDLIB_CLASS_COUNT; i++) {
        if (lib->classes[i]) heap_shade_object(heap, &lib->classes[i]->header);
    }
    if (lib->sys) heap_shade_object(heap, &lib->sys->header);
    if (lib->exit_calls) heap_shade_object(heap, &lib->exit_calls->header);
    if (lib->regex) regex_state_mark(heap, lib->regex);
}

void stdlib_install(Thread *t) {
    Vm *vm = t->vm;
    Stdlib *lib = memory_alloc(sizeof *lib);
    *lib = (Stdlib){0};
    vm->stdlib_state = lib;
    heap_add_marker(&vm->heap, mark, lib);
    vm->hooks.import_module = import_module;
    vm->hooks.source_line = source_line_of;
    lib->exit_calls = list_new(t, 0);
    dict_set_str(t, vm->modules, NAME_OF(t, builtins), object_value(vm->builtins));
    builtins_init(t);
    if (import_module(t, NAME_OF(t, sys)) == VALUE_ERROR) abort();
}

void stdlib_release(Vm *vm) {
    Stdlib *lib = vm->stdlib_state;
    sources_free(vm);
    weak_table_free(vm);
    guard_free(lib->guard);
    free(lib->crypto);
    free(lib->ssl);
    regex_state_free(lib->regex);
    while (lib->signatures) {
        SignatureCache *entry = lib->signatures;
        lib->signatures = entry->next;
        free(entry);
    }
    files_forget(lib);
    free(lib);
    vm->stdlib_state = NULL;
}
