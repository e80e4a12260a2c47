/* SPDX-License-Identifier: MIT */
/*
 * What the tests that need a whole vm share: one vm for all tests of a program, made by start_vm
 * and freed by stop_vm, the group's set-up and tear-down. The hash seed is fixed, so that a table
 * that once failed fails again.
 *
 * Include it after cmocka. Read next: vm/thread.h.
 */
#ifndef TULIP_TESTS_UNIT_VM_FIXTURE_H
#define TULIP_TESTS_UNIT_VM_FIXTURE_H

#include <stdlib.h>

#include "vm/thread.h"

static Vm *vm;
static Thread *t;

static int start_vm(void **state) {
    (void)state;
    setenv("TULIP_HASH_SEED", "0", 1);
    vm = vm_new();
    t = vm->main_thread;
    return 0;
}

static int stop_vm(void **state) {
    (void)state;
    vm_free(vm);
    return 0;
}

#endif
