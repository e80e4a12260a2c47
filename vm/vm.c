/* SPDX-License-Identifier: MIT */
/*
 * The Vm and its threads: made, completed in the order of init.def, taken down.
 *
 * vm_new leaves a vm that can run compiled code with all built-in types; importing, compiling and
 * loops come through vm->hooks from above. Read next: vm/thread.h, vm/init.def.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "common/memory.h"
#include "vm/baton.h"
#include "vm/container.h"
#include "vm/execute.h"
#include "vm/generator.h"
#include "vm/str.h"

#define INIT(function) void function(Thread *t);
#include "vm/init.def"
#undef INIT

enum {
    FRAME_RATIO = 4,              /* registers reserved per frame header, in bytes of each */
    C_STACK_RESERVE = 192 * 1024, /* natives may not go below this much of the C stack */
};

#define MAIN_REGISTER_BYTES ((size_t)1 << 30)

/* ---- threads ---- */

/* Address space that becomes memory when touched; NULL: the system has none left. */
static void *reserve(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* How large the system lets the first thread's C stack grow. */
static size_t main_stack_size(void) {
    struct rlimit limit;
    size_t size = 8 * 1024 * 1024;
    if (!getrlimit(RLIMIT_STACK, &limit) && limit.rlim_cur != RLIM_INFINITY) size = limit.rlim_cur;
    return size > 64 * 1024 * 1024 ? 64 * 1024 * 1024 : size;
}

void thread_measure_stack(Thread *t, size_t size) {
    t->c_stack_limit = (char *)__builtin_frame_address(0) - size + C_STACK_RESERVE;
}

Thread *thread_new(Vm *vm, size_t register_bytes) {
    Thread *t = calloc(1, sizeof *t);
    if (!t) memory_exhausted(sizeof *t);
    size_t frame_bytes = register_bytes / FRAME_RATIO;
    t->vm = vm;
    t->registers = t->registers_top = reserve(register_bytes);
    t->frames = t->frames_top = reserve(frame_bytes);
    if (!t->registers || !t->frames) {
        if (t->registers) munmap(t->registers, register_bytes);
        if (t->frames) munmap(t->frames, frame_bytes);
        free(t);
        return NULL;
    }
    t->registers_end = t->registers + register_bytes / sizeof(Value) - REGISTER_SLACK;
    t->frames_end = t->frames + frame_bytes / sizeof(Frame);
    t->exception = VALUE_UNSET;
    t->handling = t->done_value = t->parked_on = t->object = t->wait_on = VALUE_NONE;
    t->asyncgen_firstiter = t->asyncgen_finalizer = VALUE_NONE;
    t->number = ++vm->threads_made;
    t->next = vm->threads;
    vm->threads = t;
    vm->thread_count++;
    return t;
}

void thread_free(Thread *t) {
    Thread **link = &t->vm->threads;
    while (*link != t) link = &(*link)->next;
    *link = t->next;
    t->vm->thread_count--;
    size_t registers = (size_t)(t->registers_end + REGISTER_SLACK - t->registers);
    munmap(t->registers, registers * sizeof(Value));
    munmap(t->frames, registers * sizeof(Value) / FRAME_RATIO);
    rendering_free(t);
    free(t);
}

/* The reserve of memory was used: refill it from what is garbage. False: raised. */
static bool recover_memory(Thread *t) {
    if (memory_fill_reserve()) return true;
    heap_collect(t);
    if (memory_fill_reserve()) return true;
    t->vm->heap.cycle_at = 0;
    raise_with(t, EXC_MemoryError, VALUE_UNSET);
    return false;
}

static void on_low_memory(void *vm) { heap_call_attention(&((Vm *)vm)->heap, POLL_COLLECT); }

bool thread_poll_slow(Thread *t) {
    if (thread_poll_bits(t) & POLL_COLLECT) {
        heap_step(t);
        if (memory_was_low() && !recover_memory(t)) return false;
    }
    if (thread_poll_bits(t) & POLL_FINALIZE) heap_run_finalizers(t);
    if (thread_poll_bits(t) & POLL_SWITCH) thread_pass(t);
    if (thread_poll_clear_if(t, POLL_WATCH)) t->vm->hooks.watch(t);
    if (!(thread_poll_bits(t) & POLL_SIGNAL)) return true;
    thread_poll_clear(t, POLL_SIGNAL);
    if (t->vm->hooks.signal) return t->vm->hooks.signal(t);
    raise_error(t, EXC_KeyboardInterrupt, "");
    return false;
}

/* ---- the vm ---- */

static void set_hash_key(Vm *vm) {
    const char *seed = getenv("TULIP_HASH_SEED");
    if (seed) vm->hash_key[0] = strtoull(seed, NULL, 10);
    else if (getrandom(vm->hash_key, sizeof vm->hash_key, GRND_NONBLOCK) < 0)
        vm->hash_key[0] = (uint64_t)(uintptr_t)vm;
}

static void intern_names(Vm *vm) {
#define NAME(ID) vm->names[NAME_##ID] = str_intern(vm, #ID, sizeof #ID - 1);
#include "vm/names.def"
#undef NAME
    vm->empty_str = str_intern(vm, "", 0);
    for (int i = 0; i < 128; i++) {
        char c = (char)i;
        vm->ascii[i] = str_intern(vm, &c, 1);
    }
}

Vm *vm_new(void) {
    Vm *vm = calloc(1, sizeof *vm);
    if (!vm) memory_exhausted(sizeof *vm);
    heap_init(&vm->heap, vm);
    vm->recursion_limit = 1001; /* the entry from C counts as well: sys tells one less */
    vm->int_max_str_digits = 4300;
    set_hash_key(vm);
    Thread *t = vm->main_thread = thread_new(vm, MAIN_REGISTER_BYTES);
    if (!t) memory_exhausted(MAIN_REGISTER_BYTES);
    thread_measure_stack(t, main_stack_size());
    baton_new(vm);
    vm->heap.attention = &t->poll;
    memory_fill_reserve();
    memory_set_low_callback(on_low_memory, vm);
    intern_names(vm);
    vm_bootstrap_classes(t);
    vm->empty_tuple = heap_allocate(&vm->heap, sizeof(Tuple), OBJ_TUPLE, BUILTIN_CLASS(t, TUPLE));
    vm->empty_bytes = bytes_new(t, "", 0);
    vm->modules = dict_new(t);
    vm->builtins = module_new(t, NAME_OF(t, builtins));
#define INIT(function) function(t);
#include "vm/init.def"
#undef INIT
    if (vm->heap.stress || vm->heap.stress_step) thread_poll_raise(t, POLL_COLLECT);
    return vm;
}

void vm_free(Vm *vm) {
    memory_set_low_callback(NULL, NULL);
    baton_free(vm);
    heap_free_all(&vm->heap);
    while (vm->threads) thread_free(vm->threads);
    str_intern_free(vm);
    signatures_free(vm);
    identity_free(vm);
    free(vm->method_cache);
    free(vm);
}
