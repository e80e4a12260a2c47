/* SPDX-License-Identifier: MIT */
/*
 * The table of modules written in C, made from the rows of stdlib/modules.def.
 * Read next: stdlib/import.c.
 */
#include <string.h>

#include "stdlib/embedded.h"
#include "stdlib/import.h"
#include "vm/container.h"
#include "vm/str.h"

#undef MODULE
#define MODULE(name) extern const NativeModule name##_module;
#include "stdlib/modules.def"
#undef MODULE

static const NativeModule *const native_modules[] = {
#define MODULE(name) &name##_module,
#include "stdlib/modules.def"
#undef MODULE
};

enum { NATIVE_MODULE_COUNT = sizeof native_modules / sizeof *native_modules };

const NativeModule *native_module_find(const char *name) {
    for (int i = 0; i < NATIVE_MODULE_COUNT; i++) {
        if (!strcmp(native_modules[i]->name, name)) return native_modules[i];
    }
    return NULL;
}

Tuple *library_names(Thread *t) {
    Tuple *names = tuple_new(t, NATIVE_MODULE_COUNT + tulip_embedded_count + 1);
    size_t n = 0;
    names->items[n++] = object_value(str_from(t, "builtins"));
    for (int i = 0; i < NATIVE_MODULE_COUNT; i++)
        names->items[n++] = object_value(str_from(t, native_modules[i]->name));
    for (size_t i = 0; i < tulip_embedded_count; i++)
        names->items[n++] = object_value(str_from(t, tulip_embedded[i].name));
    return names;
}
