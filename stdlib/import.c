/* SPDX-License-Identifier: MIT */
/*
 * The importer. A dotted name is imported part by part; each part is looked for in sys.modules,
 * then
 *
 *     at top level:  modules in C  →  the folders of sys.path  →  modules embedded in the binary
 *     in a package:  the package's own embedded modules  →  the folders of its __path__
 *
 * so that, as in Python, a module beside the script hides one of the library unless that is written
 * in C. In a folder `name/__init__.tul`, `name/__init__.py`, `name.tul`, `name.py` are tried in
 * this order. When all that finds nothing, folders called `name` make a package without code.
 *
 * A module is in sys.modules while its code runs (so imports may go in circles) and is taken out if
 * that raises. Its __spec__ says that it is being initialised, which the messages of a circular
 * import look at.
 *
 * Read next: stdlib/sources.c (reading files), vm/execute_slow.c (relative names, `from` lists).
 */
#include "stdlib/import.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parser/parser.h"
#include "stdlib/embedded.h"
#include "vm/container.h"
#include "vm/exception_fields.h"
#include "vm/frame.h"
#include "vm/ops.h"
#include "vm/str.h"

static const EmbeddedFile *find_embedded(const char *name) {
    size_t low = 0, high = tulip_embedded_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(name, tulip_embedded[middle].name);
        if (order == 0) return &tulip_embedded[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

/* ---- module objects ---- */

typedef struct ModuleSpec {
    Object header;
    Value name, origin, parent, loader, locations; /* locations: list for packages, else None */
    Value initializing;
} ModuleSpec;

static void spec_trace(Heap *heap, Object *self) {
    ModuleSpec *spec = (ModuleSpec *)self;
    for (Value *v = &spec->name; v <= &spec->initializing; v++) heap_shade(heap, *v);
}

#define SPEC_FIELD(FIELD)                                                                          \
    static Value spec_##FIELD(Thread *t, Value self) {                                             \
        (void)t;                                                                                   \
        return ((ModuleSpec *)(uintptr_t)self)->FIELD;                                             \
    }
SPEC_FIELD(name)
SPEC_FIELD(origin)
SPEC_FIELD(parent)
SPEC_FIELD(loader)
SPEC_FIELD(locations)
SPEC_FIELD(initializing)

static const FieldDef spec_fields[] = {
    {"name", spec_name, NULL, "The module's full name."},
    {"origin", spec_origin, NULL, "Where it comes from."},
    {"parent", spec_parent, NULL, "The package it belongs to."},
    {"loader", spec_loader, NULL, "None."},
    {"submodule_search_locations", spec_locations, NULL, "For a package: its __path__."},
    {"_initializing", spec_initializing, NULL, "Whether its code is still running."},
    {0},
};

static Value spec_repr(Thread *t, Value self) {
    ModuleSpec *spec = (ModuleSpec *)(uintptr_t)self;
    Str *text =
        str_format(t, "ModuleSpec(name=%R, loader=None, origin=%R)", spec->name, spec->origin);
    return text ? object_value(text) : VALUE_ERROR;
}

static const Slots spec_slots = {.repr = spec_repr};
static const NativeClass spec_class = {
    .kind = OBJ_NATIVE_DATA,
    .name = "ModuleSpec",
    .slots = &spec_slots,
    .fields = spec_fields,
    .doc = "Where a module was found.",
    .size = sizeof(ModuleSpec),
    .trace = spec_trace,
};

static Value text_value(Thread *t, const char *text) { return object_value(str_from(t, text)); }

/* The part of a dotted name before its last dot ("" when it has none). */
static Str *parent_name(Thread *t, const Str *name) {
    const char *dot = strrchr(name->data, '.');
    return str_intern(t->vm, name->data, dot ? (size_t)(dot - name->data) : 0);
}

static void set_attribute(Thread *t, Module *m, NameId id, Value v) {
    dict_set_str(t, m->dict, t->vm->names[id], v);
}

static ModuleSpec *spec_new(Thread *t, Str *name, Value origin, Value parent, Value locations) {
    Class *cls = stdlib_class(t, CLASS_MODULE_SPEC, NULL, &spec_class, "_frozen_importlib", NULL);
    ModuleSpec *spec = object_new(t, cls, 0);
    spec->name = object_value(name);
    spec->origin = origin;
    spec->parent = parent;
    spec->loader = VALUE_NONE;
    spec->locations = locations;
    spec->initializing = VALUE_TRUE;
    return spec;
}

/* The folder of a path as a str. */
static Value folder_of(Thread *t, const char *path) {
    const char *slash = strrchr(path, '/');
    return object_value(str_new(t, path, slash ? (size_t)(slash - path) : 0));
}

Module *module_start(Thread *t, Str *name, const char *path, bool is_package) {
    Module *m = object_new(t, BUILTIN_CLASS(t, MODULE), 0);
    m->name = object_value(str_intern_value(t->vm, name));
    m->dict = dict_new(t);
    m->initializing = true;
    Value package = object_value(is_package ? name : parent_name(t, name)), locations = VALUE_NONE;
    set_attribute(t, m, NAME___name__, m->name);
    set_attribute(t, m, NAME___doc__, VALUE_NONE);
    set_attribute(t, m, NAME___package__, package);
    set_attribute(t, m, NAME___loader__, VALUE_NONE);
    if (is_package) {
        Value folder = folder_of(t, path);
        locations = object_value(list_from(t, &folder, 1));
        set_attribute(t, m, NAME___path__, locations);
    }
    Value origin = path ? text_value(t, path) : text_value(t, "built-in");
    set_attribute(t, m, NAME___spec__,
                  object_value(spec_new(t, STR(m->name), origin, package, locations)));
    if (path) set_attribute(t, m, NAME___file__, origin);
    dict_set_str(t, t->vm->modules, STR(m->name), object_value(m));
    return m;
}

static void initialized(Thread *t, Value module) {
    MODULE(module)->initializing = false;
    Value spec = dict_get_str(t, MODULE(module)->dict, NAME_OF(t, __spec__));
    if (is_stdlib_instance(t, spec, CLASS_MODULE_SPEC))
        ((ModuleSpec *)(uintptr_t)spec)->initializing = VALUE_FALSE;
}

/* ---- compiling ---- */

static Node *parse(const Source *source, CompileMode mode, Arena *arena, Diagnostic *error) {
    static const ParseMode modes[] = {[COMPILE_MODULE] = PARSE_FILE,
                                      [COMPILE_EVAL] = PARSE_EVAL,
                                      [COMPILE_SINGLE] = PARSE_SINGLE,
                                      [COMPILE_PROMPT] = PARSE_SINGLE};
    return parse_source(source, modes[mode], arena, error);
}

Function *module_compile(Thread *t, const char *path, const char *text, size_t size,
                         CompileMode mode, Dict *globals, Buffer *report) {
    Source *source = source_new(path, text, size);
    NoticeList notices = {0};
    source->out_of_scope = t->vm->out_of_scope;
    source->notices = &notices;
    Arena arena = {0};
    Diagnostic error = {0};
    Node *root = parse(source, mode, &arena, &error);
    Code *code = root ? compile_ast(t, source, root, mode, false, &error) : NULL;
    Value *function = push_roots(t, 1);
    if (code) *function = object_value(function_new(t, code, globals));
    bool ok = code && (!notices.count || compiler_warn(t, source, &error));
    if (error.kind && report) diagnostic_render(report, &error);
    else if (error.kind) compiler_raise(t, &error);
    arena_free_all(&arena);
    notices_free(&notices);
    source_free(source);
    Function *made = ok ? FUNCTION(*function) : NULL;
    pop_roots(t, function);
    return made;
}

/* ---- finding ---- */

void module_source_free(ModuleSource *source) {
    free(source->owned_path);
    free(source->owned_text);
    source->owned_path = source->owned_text = NULL;
}

static bool take_embedded(const char *name, ModuleSource *out) {
    const EmbeddedFile *file = find_embedded(name);
    if (!file) return false;
    *out = (ModuleSource){.path = file->path,
                          .text = (const char *)file->text,
                          .size = file->size,
                          .is_package = file->is_package,
                          .embedded = true};
    return true;
}

static bool is_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}
static bool is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Try [stem] + [suffix]; reading it may fail, which is not "absent": 1, 0, -1 raised. */
static int try_file(Thread *t, const Buffer *stem, const char *suffix, bool is_package,
                    ModuleSource *out) {
    Buffer path = {0};
    buffer_append(&path, stem->data, stem->size);
    buffer_puts(&path, suffix);
    if (!is_file(path.data)) {
        buffer_free(&path);
        return 0;
    }
    *out = (ModuleSource){.is_package = is_package, .owned_path = path.data, .path = path.data};
    out->owned_text = file_read_all(path.data, &out->size);
    out->text = out->owned_text;
    if (out->text) return 1;
    raise_os_error(t, errno, text_value(t, path.data));
    module_source_free(out);
    return -1;
}

/* Writes [folder]/[leaf]; the folder "" is the current one. */
static void put_stem(Buffer *stem, const Str *folder, const char *leaf) {
    if (folder->size) {
        buffer_append(stem, folder->data, folder->size);
        if (folder->data[folder->size - 1] != '/') buffer_putc(stem, '/');
    } else {
        char *here = getcwd(NULL, 0);
        buffer_printf(stem, "%s/", here ? here : ".");
        free(here);
    }
    buffer_puts(stem, leaf);
}

/* [folder]/[leaf] as a package or a module: 1, 0, -1 raised. */
static int find_in_folder(Thread *t, const Str *folder, const char *leaf, ModuleSource *out) {
    Buffer stem = {0};
    put_stem(&stem, folder, leaf);
    int found = 0;
    if (is_folder(stem.data)) {
        found = try_file(t, &stem, "/__init__.tul", true, out);
        if (!found) found = try_file(t, &stem, "/__init__.py", true, out);
    }
    if (!found) found = try_file(t, &stem, ".tul", false, out);
    if (!found) found = try_file(t, &stem, ".py", false, out);
    buffer_free(&stem);
    return found;
}

/* Along a list of folders. The list may be any sequence of strs; other items are passed over, as
 * CPython does. */
static int find_along(Thread *t, Value folders, const char *leaf, ModuleSource *out) {
    if (!is_kind(folders, OBJ_LIST) && !is_kind(folders, OBJ_TUPLE)) return 0;
    for (size_t i = 0;; i++) {
        bool list = is_kind(folders, OBJ_LIST);
        if (i >= (list ? LIST(folders)->size : TUPLE(folders)->size)) return 0;
        Value folder = list ? LIST(folders)->items[i] : TUPLE(folders)->items[i];
        if (!is_str(folder)) continue;
        int found = find_in_folder(t, STR(folder), leaf, out);
        if (found) return found;
    }
}

bool module_source_find(Thread *t, Str *name, Value search_path, ModuleSource *out) {
    const char *dot = strrchr(name->data, '.');
    const char *leaf = dot ? dot + 1 : name->data;
    if (dot && take_embedded(name->data, out)) {
        /* a library package's own module: its parent is the embedded one unless the user's
         * hides it */
        Value parent = dict_get_str(t, t->vm->modules, parent_name(t, name));
        const EmbeddedFile *home = find_embedded(parent_name(t, name)->data);
        Value file = is_kind(parent, OBJ_MODULE)
                         ? dict_get_str(t, MODULE(parent)->dict, NAME_OF(t, __file__))
                         : VALUE_UNSET;
        if (home && file != VALUE_UNSET && is_str(file) && !strcmp(STR(file)->data, home->path))
            return true;
    }
    int found = find_along(t, search_path, leaf, out);
    if (found) return found > 0;
    return !dot && take_embedded(name->data, out);
}

/* ---- importing ---- */

static Value raise_not_found(Thread *t, Str *name, const char *format) {
    raise_error(t, EXC_ModuleNotFoundError, format, object_value(name),
                object_value(parent_name(t, name)));
    if (exception_matches(t, EXC_ModuleNotFoundError))
        exception_set_field(t, t->exception, IMPORT_ERROR_NAME, object_value(name));
    return VALUE_ERROR;
}

/* Run a module's code; it leaves sys.modules when that raises. Gives what sys.modules
 * then holds. */
static Value run_module(Thread *t, Str *name, Function *code) {
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(name);
    roots[1] = object_value(code);
    roots[2] = dict_get_str(t, t->vm->modules, name);
    bool ok = function_run(t, code, VALUE_UNSET) != VALUE_ERROR;
    initialized(t, roots[2]);
    Value module = VALUE_ERROR;
    if (ok) {
        module = dict_get_str(t, t->vm->modules, name);
        if (module == VALUE_UNSET) module = roots[2];
    } else {
        dict_delete_str(t, t->vm->modules, name);
    }
    pop_roots(t, roots);
    return module;
}

static Value load_source(Thread *t, Str *name, ModuleSource *source) {
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(name);
    Module *m = module_start(t, name, source->path, source->is_package);
    roots[1] = object_value(m);
    Importing entry;
    import_begin(t, &entry, roots[1]);
    Function *code =
        module_compile(t, source->path, source->text, source->size, COMPILE_MODULE, m->dict, NULL);
    module_source_free(source);
    Value v = VALUE_ERROR;
    if (code) v = run_module(t, name, code);
    else dict_delete_str(t, t->vm->modules, name);
    import_end(t, &entry);
    pop_roots(t, roots);
    return v;
}

static Value load_native(Thread *t, Str *name, const NativeModule *def) {
    Module *m = native_module_new(t, def);
    if (!m) return VALUE_ERROR;
    Value parent = object_value(parent_name(t, name));
    set_attribute(t, m, NAME___name__, object_value(name));
    set_attribute(t, m, NAME___package__, parent);
    set_attribute(t, m, NAME___loader__, VALUE_NONE);
    ModuleSpec *spec = spec_new(t, name, text_value(t, "built-in"), parent, VALUE_NONE);
    spec->initializing = VALUE_FALSE;
    set_attribute(t, m, NAME___spec__, object_value(spec));
    dict_set_str(t, t->vm->modules, name, object_value(m));
    return object_value(m);
}

/* The folders called [leaf] along a search path: the __path__ of a package without code. */
static List *folders_called(Thread *t, Value search_path, const char *leaf) {
    List *found = list_new(t, 0);
    if (!is_kind(search_path, OBJ_LIST)) return found;
    for (size_t i = 0; i < LIST(search_path)->size; i++) {
        Value folder = LIST(search_path)->items[i];
        if (!is_str(folder)) continue;
        Buffer stem = {0};
        put_stem(&stem, STR(folder), leaf);
        if (is_folder(stem.data)) list_append(t, found, text_value(t, stem.data));
        buffer_free(&stem);
    }
    return found;
}

/* A package that is only a folder: no code, no __file__. VALUE_UNSET: there is no such folder. */
static Value load_bare_folder(Thread *t, Str *name, Value search_path) {
    const char *dot = strrchr(name->data, '.');
    List *folders = folders_called(t, search_path, dot ? dot + 1 : name->data);
    if (!folders->size) return VALUE_UNSET;
    Module *m = module_start(t, name, NULL, false);
    Value locations = object_value(folders), own = object_value(name);
    set_attribute(t, m, NAME___path__, locations);
    set_attribute(t, m, NAME___package__, own);
    set_attribute(t, m, NAME___file__, VALUE_NONE);
    ModuleSpec *spec = spec_new(t, name, VALUE_NONE, own, locations);
    set_attribute(t, m, NAME___spec__, object_value(spec));
    initialized(t, object_value(m));
    return object_value(m);
}

/* Find and load [name], whose parent (VALUE_UNSET at top level) is imported. [name] is rooted. */
static Value load(Thread *t, Str *name, Value parent) {
    Value path;
    if (parent == VALUE_UNSET) {
        const NativeModule *def = native_module_find(name->data);
        if (def) return load_native(t, name, def);
        path = stdlib_of(t)->sys ? dict_get_str(t, stdlib_of(t)->sys->dict, NAME_OF(t, path))
                                 : VALUE_NONE;
    } else {
        path = value_getattr_or_unset(t, parent, NAME_OF(t, __path__));
        if (path == VALUE_ERROR) return VALUE_ERROR;
        if (path == VALUE_UNSET)
            return raise_not_found(t, name, "No module named %R; %R is not a package");
        const NativeModule *def = native_module_find(name->data);
        if (def) return load_native(t, name, def);
    }
    ModuleSource source = {0};
    if (module_source_find(t, name, path, &source)) return load_source(t, name, &source);
    if (t->exception != VALUE_UNSET) return VALUE_ERROR;
    Value folder = load_bare_folder(t, name, path);
    return folder != VALUE_UNSET ? folder : raise_not_found(t, name, "No module named %R");
}

static bool is_half_made(Value module) {
    return is_kind(module, OBJ_MODULE) && MODULE(module)->initializing;
}

/* The next part of a dotted name: sys.modules or load it, and bind it in its parent. */
static Value import_part(Thread *t, Str *name, Value parent) {
    Value module = dict_get_str(t, t->vm->modules, name);
    if (module == VALUE_NONE)
        return raise_not_found(t, name, "import of %S halted; None in sys.modules");
    Value *roots = push_roots(t, 3);
    roots[0] = object_value(name);
    roots[1] = parent;
    int waited = 0;
    while (is_half_made(module) && (waited = import_wait(t, module)) > 0)
        module = dict_get_str(t, t->vm->modules, name);
    if (waited < 0 || (module != VALUE_UNSET && module != VALUE_NONE)) {
        pop_roots(t, roots);
        return waited < 0 ? VALUE_ERROR : module;
    }
    module = load(t, name, parent);
    roots[2] = module;
    const char *dot = strrchr(name->data, '.');
    if (module != VALUE_ERROR && parent != VALUE_UNSET && dot) {
        Str *leaf = str_intern(t->vm, dot + 1, name->size - (size_t)(dot + 1 - name->data));
        if (!value_setattr(t, parent, leaf, module)) module = VALUE_ERROR;
    }
    pop_roots(t, roots);
    return module;
}

Value import_module(Thread *t, Str *name) {
    if (!name->size) return raise_error(t, EXC_ValueError, "Empty module name");
    Value found = dict_get_str(t, t->vm->modules, name);
    if (found != VALUE_UNSET && found != VALUE_NONE && !is_half_made(found)) return found;
    if (!enter_native(t, " while importing a module")) return VALUE_ERROR;
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(name);
    Value module = VALUE_UNSET;
    for (size_t i = 0; i <= name->size && module != VALUE_ERROR; i++) {
        if (i < name->size && name->data[i] != '.') continue;
        Str *part = str_intern(t->vm, name->data, i);
        module = import_part(t, part, module);
        roots[1] = module;
    }
    pop_roots(t, roots);
    leave_native(t);
    return module;
}
