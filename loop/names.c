/* SPDX-License-Identifier: MIT */
/*
 * What the program calls a thing: found by identity among the variables of its frames.
 *
 * A global comes first, because its name means the same everywhere; then locals and what a closure
 * holds, and then one step deeper: an attribute of `self`, an item of a list, tuple or dict.
 * Looking is bounded: containers larger than SEARCHED are not searched.
 *
 * Read next: loop/tree.h.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "loop/tree.h"
#include "vm/code.h"
#include "vm/container.h"
#include "vm/reduce.h"
#include "vm/str.h"

enum { SEARCHED = 1000 };

/* ---- variables ---- */

static Value open_cell(Value v) {
    if (!v) return VALUE_UNSET;
    return is_kind(v, OBJ_CELL) ? ((Cell *)object_of(v))->value : v;
}

Value closure_variable(const Function *function, const char *name) {
    const Code *code = function->code;
    for (int i = 0; i < code->ncaptures; i++) {
        if (!strcmp(code->capture_names[i]->data, name)) return function->captures[i]->value;
    }
    return VALUE_UNSET;
}

Value frame_variable(const Frame *frame, const char *name) {
    const Code *code = frame_code(frame);
    if (code->flags & (CODE_NAME_MODE | CODE_MODULE)) return VALUE_UNSET;
    for (uint32_t i = 0; i < code->nregister_names; i++) {
        const Str *at = code->register_names[i];
        if (at && !strcmp(at->data, name)) return open_cell(frame->registers[i]);
    }
    return closure_variable(frame->function, name);
}

Value attribute_of(Thread *t, Value v, const char *name) {
    if (!v || !is_object(v)) return VALUE_UNSET;
    return instance_get(t, object_of(v), str_intern(t->vm, name, strlen(name)));
}

/* ---- scopes ---- */

NameScope scope_of_task(const Task *task) {
    NameScope scope = {.count = 0};
    Value at = task->coroutine;
    while (is_generator_kind(at) && GENERATOR(at)->state != GEN_CLOSED) {
        const Generator *g = GENERATOR(at);
        if (!code_is_library(frame_code(&g->frame))) {
            memmove(scope.frames + 1, scope.frames, sizeof scope.frames - sizeof scope.frames[0]);
            scope.frames[0] = &g->frame;
            if (scope.count < SCOPE_FRAMES) scope.count++;
        }
        at = generator_awaiting(g);
    }
    return scope;
}

NameScope scope_of_thread(const Thread *thread) {
    NameScope scope = {.count = 0};
    for (const Frame *f = thread->frame; f && scope.count < SCOPE_FRAMES; f = f->caller) {
        if (!code_is_library(frame_code(f))) scope.frames[scope.count++] = f;
    }
    return scope;
}

/* ---- looking ---- */

static bool item_name(const Value *items, size_t count, Value v, const char *name, Buffer *out) {
    for (size_t i = 0; i < count && count <= SEARCHED; i++) {
        if (items[i] != v) continue;
        buffer_printf(out, "%s[%zu]", name, i);
        return true;
    }
    return false;
}

static bool value_name(const Dict *dict, Value v, const char *name, Buffer *out) {
    uint32_t position = 0;
    Value key, value;
    if (dict->used > SEARCHED) return false;
    while (dict_next(dict, &position, &key, &value)) {
        if (value != v) continue;
        if (is_str(key)) buffer_printf(out, "%s['%s']", name, STR(key)->data);
        else if (is_fixnum(key)) buffer_printf(out, "%s[%lld]", name, (long long)fixnum_of(key));
        else continue;
        return true;
    }
    return false;
}

/* The lock of a Condition. */
static bool lock_name(Thread *t, Value holder, Value v, const char *name, Buffer *out) {
    if (strcmp(object_class(object_of(holder))->name->data, "Condition") != 0) return false;
    if (attribute_of(t, holder, "_lock") != v) return false;
    buffer_printf(out, "of Condition %s", name);
    return true;
}

/* Is [v] what the variable [name] holds, or in it? */
static bool is_in(Thread *t, Value holder, const char *name, Value v, Buffer *out) {
    if (holder == v) {
        buffer_puts(out, name);
        return true;
    }
    if (!holder || !is_object(holder)) return false;
    switch (object_kind(object_of(holder))) {
    case OBJ_LIST: return item_name(LIST(holder)->items, LIST(holder)->size, v, name, out);
    case OBJ_TUPLE: return item_name(TUPLE(holder)->items, TUPLE(holder)->size, v, name, out);
    case OBJ_DICT: return value_name(DICT(holder), v, name, out);
    case OBJ_OBJECT: return lock_name(t, holder, v, name, out);
    default: return false;
    }
}

static bool attribute_name(Thread *t, Value self, Value v, Buffer *out) {
    if (!is_kind(self, OBJ_OBJECT)) return false;
    Dict *attributes = instance_attributes(t, object_of(self), false);
    uint32_t position = 0;
    Value key, value;
    while (attributes && dict_next(attributes, &position, &key, &value)) {
        Buffer name = {0};
        if (is_str(key)) buffer_printf(&name, "self.%s", STR(key)->data);
        bool found = name.size && is_in(t, value, name.data, v, out);
        buffer_free(&name);
        if (found) return true;
    }
    return false;
}

static bool local_name(Thread *t, const Frame *frame, Value v, Buffer *out) {
    const Code *code = frame_code(frame);
    if (code->flags & (CODE_NAME_MODE | CODE_MODULE)) return false;
    for (uint32_t i = 0; i < code->nregister_names; i++) {
        const Str *name = code->register_names[i];
        Value at = open_cell(frame->registers[i]);
        if (!name) continue;
        if (is_in(t, at, name->data, v, out)) return true;
        if (!strcmp(name->data, "self") && attribute_name(t, at, v, out)) return true;
    }
    const Function *function = frame->function;
    for (int i = 0; i < code->ncaptures; i++) {
        Value held = function->captures[i]->value;
        if (is_in(t, held, code->capture_names[i]->data, v, out)) return true;
    }
    return false;
}

/* [deep]: only in what a global holds; otherwise only itself. */
static bool global_name(Thread *t, const Frame *frame, Value v, bool deep, Buffer *out) {
    const Dict *globals = frame->function->globals;
    uint32_t position = 0;
    Value key, value;
    if (!globals || globals->used > SEARCHED) return false;
    while (dict_next(globals, &position, &key, &value)) {
        if (!is_str(key) || STR(key)->data[0] == '_' || (value == v) == deep) continue;
        if ((deep || value == v) && is_in(t, value, STR(key)->data, v, out)) return true;
    }
    return false;
}

bool name_in_scope(Thread *t, const NameScope *scope, Value v, Buffer *out) {
    if (!is_object(v)) return false;
    for (int i = 0; i < scope->count; i++) {
        if (global_name(t, scope->frames[i], v, false, out)) return true;
    }
    for (int i = 0; i < scope->count; i++) {
        if (local_name(t, scope->frames[i], v, out)) return true;
    }
    for (int i = 0; i < scope->count; i++) {
        if (global_name(t, scope->frames[i], v, true, out)) return true;
    }
    return false;
}

void put_thing(Thread *t, const NameScope *scope, Value v, Buffer *out) {
    const char *what = object_class(object_of(v))->name->data;
    if (!strcmp(what, "lock")) what = "Lock";
    while (*what == '_') what++;
    Buffer name = {0};
    if (name_in_scope(t, scope, v, &name)) buffer_printf(out, "%s %s", what, name.data);
    else buffer_printf(out, "%s %s", strchr("AEIOU", what[0]) ? "an" : "a", what);
    buffer_free(&name);
}

/* ---- addresses ---- */

void put_peer_address(int fd, const char *before, Buffer *out) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
        struct sockaddr_storage room;
    } peer = {0};
    socklen_t size = sizeof peer;
    char text[INET6_ADDRSTRLEN] = "";
    if (fd < 0 || getpeername(fd, &peer.any, &size)) return;
    if (peer.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &peer.v4.sin_addr, text, sizeof text);
        buffer_printf(out, "%s%s:%d", before, text, ntohs(peer.v4.sin_port));
    } else if (peer.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &peer.v6.sin6_addr, text, sizeof text);
        buffer_printf(out, "%s[%s]:%d", before, text, ntohs(peer.v6.sin6_port));
    } else if (peer.any.sa_family == AF_UNIX && size > sizeof(sa_family_t) &&
               peer.local.sun_path[0]) {
        buffer_printf(out, "%s%.*s", before, (int)sizeof peer.local.sun_path, peer.local.sun_path);
    }
}

/* ---- threads ---- */

void thread_name_into(Thread *t, const Thread *thread, Buffer *out) {
    Value name = attribute_of(t, thread->object, "_name");
    if (is_str(name)) buffer_puts(out, STR(name)->data);
    else if (thread == t->vm->main_thread) buffer_puts(out, "MainThread");
    else buffer_printf(out, "thread %llu", (unsigned long long)thread->number);
}

Thread *thread_numbered(const Vm *vm, uint64_t number) {
    for (Thread *thread = vm->threads; thread; thread = thread->next) {
        if (thread->number == number) return thread;
    }
    return NULL;
}

Thread *thread_of_object(const Vm *vm, Value object) {
    for (Thread *thread = vm->threads; thread; thread = thread->next) {
        if (thread->object == object && object != VALUE_NONE) return thread;
    }
    return NULL;
}
