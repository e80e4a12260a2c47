/* SPDX-License-Identifier: MIT */
/*
 * The attributes of sys that are made when somebody asks: versions, and facts about numbers and
 * hashes.
 *
 * version_info is that of the Python whose language this is, so that programs take the right
 * branch; the version of Tulip itself is in sys.implementation.
 */
#include <fcntl.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stdlib/import.h"
#include "stdlib/record.h"
#include "stdlib/sys.h"
#include "vm/container.h"
#include "vm/number.h"
#include "vm/str.h"

static Value text(Thread *t, const char *s) { return object_value(str_from(t, s)); }

/* A record of a class made for it. */
static Value record(Thread *t, const char *name, const char *shown, const char *const *fields,
                    const Value *items, size_t count) {
    Class *cls = record_class(t, "sys", name, shown, fields);
    return cls ? record_new(t, cls, items, count) : VALUE_ERROR;
}

static Value version_info(Thread *t) {
    static const char *const fields[] = {"major", "minor", "micro", "releaselevel", "serial", NULL};
    Value *items = push_roots(t, 5);
    items[0] = fixnum(3);
    items[1] = fixnum(11);
    items[2] = fixnum(2);
    items[3] = text(t, "final");
    items[4] = fixnum(0);
    return record(t, "version_info", "sys.version_info", fields, items, 5);
}

static Value float_info(Thread *t) {
    static const char *const fields[] = {"max",     "max_exp",    "max_10_exp", "min",
                                         "min_exp", "min_10_exp", "dig",        "mant_dig",
                                         "epsilon", "radix",      "rounds",     NULL};
    Value *items = push_roots(t, 11);
    items[0] = float_new(t, DBL_MAX);
    items[1] = fixnum(DBL_MAX_EXP);
    items[2] = fixnum(DBL_MAX_10_EXP);
    items[3] = float_new(t, DBL_MIN);
    items[4] = fixnum(DBL_MIN_EXP);
    items[5] = fixnum(DBL_MIN_10_EXP);
    items[6] = fixnum(DBL_DIG);
    items[7] = fixnum(DBL_MANT_DIG);
    items[8] = float_new(t, DBL_EPSILON);
    items[9] = fixnum(FLT_RADIX);
    items[10] = fixnum(1);
    return record(t, "float_info", "sys.float_info", fields, items, 11);
}

static Value int_info(Thread *t) {
    static const char *const fields[] = {"bits_per_digit", "sizeof_digit", "default_max_str_digits",
                                         "str_digits_check_threshold", NULL};
    Value items[] = {fixnum(30), fixnum(4), fixnum(4300), fixnum(640)};
    return record(t, "int_info", "sys.int_info", fields, items, 4);
}

static Value hash_info(Thread *t) {
    static const char *const fields[] = {"width",     "modulus",   "inf",       "nan",    "imag",
                                         "algorithm", "hash_bits", "seed_bits", "cutoff", NULL};
    Value *items = push_roots(t, 9);
    items[0] = fixnum(64);
    items[1] = fixnum(((int64_t)1 << 61) - 1);
    items[2] = fixnum(314159);
    items[3] = fixnum(0);
    items[4] = fixnum(1000003);
    items[5] = text(t, "siphash13");
    items[6] = fixnum(64);
    items[7] = fixnum(128);
    items[8] = fixnum(0);
    return record(t, "hash_info", "sys.hash_info", fields, items, 9);
}

static Value thread_info(Thread *t) {
    static const char *const fields[] = {"name", "lock", "version", NULL};
    Value *items = push_roots(t, 3);
    items[0] = text(t, "pthread");
    items[1] = text(t, "mutex+cond");
    items[2] = VALUE_NONE;
    return record(t, "thread_info", "sys.thread_info", fields, items, 3);
}

static Value flags(Thread *t) {
    static const char *const fields[] = {"debug",
                                         "inspect",
                                         "interactive",
                                         "optimize",
                                         "dont_write_bytecode",
                                         "no_user_site",
                                         "no_site",
                                         "ignore_environment",
                                         "verbose",
                                         "bytes_warning",
                                         "quiet",
                                         "hash_randomization",
                                         "isolated",
                                         "dev_mode",
                                         "utf8_mode",
                                         "warn_default_encoding",
                                         "safe_path",
                                         "int_max_str_digits",
                                         NULL};
    Value items[18];
    for (int i = 0; i < 18; i++) items[i] = fixnum(0);
    items[4] = fixnum(1);
    items[13] = bool_value(t->vm->dev_mode);
    items[16] = VALUE_FALSE;
    items[17] = fixnum(t->vm->int_max_str_digits);
    return record(t, "flags", "sys.flags", fields, items, 18);
}

/* Tulip's own version as (0, 1, 0). */
static Value own_version(Thread *t) {
    Value numbers[3] = {fixnum(0), fixnum(0), fixnum(0)};
    const char *p = TULIP_VERSION;
    for (int i = 0; i < 3 && *p; i++) {
        int n = 0;
        while (*p >= '0' && *p <= '9') n = n * 10 + (*p++ - '0');
        numbers[i] = fixnum(n);
        while (*p && (*p < '0' || *p > '9')) p++;
    }
    return object_value(tuple_from(t, numbers, 3));
}

static Value implementation(Thread *t) {
    Value *values = push_roots(t, 5);
    values[0] = text(t, "tulip");
    values[1] = own_version(t);
    values[2] = fixnum(0x030b02f0);
    values[3] = VALUE_NONE;
    static const char *const fields[] = {"name", "version", "hexversion", "cache_tag"};
    Tuple *names = tuple_new(t, 4);
    values[4] = object_value(names);
    for (int i = 0; i < 4; i++)
        names->items[i] = object_value(str_intern(t->vm, fields[i], strlen(fields[i])));
    return call_keywords(t, object_value(BUILTIN_CLASS(t, NAMESPACE)), values, 4, names);
}

static Value executable(Thread *t) {
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    return object_value(str_new(t, path, n > 0 ? (size_t)n : 0));
}

static Value library(Thread *t) { return object_value(library_names(t)); }
static Value library_set(Thread *t) {
    Value *roots = push_roots(t, 2);
    roots[0] = library(t);
    Set *names = set_new(t, true);
    roots[1] = object_value(names);
    return set_update(t, names, roots[0]) ? roots[1] : VALUE_ERROR;
}
/* The command line as the system has it. */
static Value orig_argv(Thread *t) {
    Value *roots = push_roots(t, 1);
    List *words = list_new(t, 4);
    roots[0] = object_value(words);
    size_t size;
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    char *line = fd < 0 ? NULL : descriptor_read_all(fd, &size);
    if (fd >= 0) close(fd);
    for (size_t i = 0; line && i < size; i += strlen(line + i) + 1) {
        Value word = system_text(t, line + i);
        if (word == VALUE_ERROR) break;
        list_append(t, words, word);
    }
    free(line);
    return t->exception == VALUE_UNSET ? roots[0] : VALUE_ERROR;
}
static Value version(Thread *t) { return text(t, "3.11.2 (Tulip " TULIP_VERSION ")"); }
static Value hexversion(Thread *t) { return (void)t, fixnum(0x030b02f0); }
static Value copyright(Thread *t) {
    return text(t, "Tulip is free software under the MIT licence.");
}
static Value api_version(Thread *t) { return (void)t, fixnum(1013); }
static Value float_repr_style(Thread *t) { return text(t, "short"); }
static Value empty_text(Thread *t) { return object_value(t->vm->empty_str); }
static Value none(Thread *t) { return (void)t, VALUE_NONE; }
static Value empty_dict(Thread *t) { return object_value(dict_new(t)); }
static Value empty_list(Thread *t) { return object_value(list_new(t, 0)); }
static Value root_folder(Thread *t) { return text(t, "/usr"); }

static const struct {
    const char *name;
    Value (*make)(Thread *t);
} infos[] = {
    {"version_info", version_info},
    {"version", version},
    {"hexversion", hexversion},
    {"implementation", implementation},
    {"float_info", float_info},
    {"int_info", int_info},
    {"hash_info", hash_info},
    {"thread_info", thread_info},
    {"flags", flags},
    {"executable", executable},
    {"builtin_module_names", library},
    {"copyright", copyright},
    {"api_version", api_version},
    {"float_repr_style", float_repr_style},
    {"orig_argv", orig_argv},
    {"platlibdir", empty_text},
    {"abiflags", empty_text},
    {"_framework", empty_text},
    {"pycache_prefix", none},
    {"_xoptions", empty_dict},
    {"warnoptions", empty_list},
    {"meta_path", empty_list},
    {"path_hooks", empty_list},
    {"path_importer_cache", empty_dict},
    {"prefix", root_folder},
    {"exec_prefix", root_folder},
    {"base_prefix", root_folder},
    {"base_exec_prefix", root_folder},
    {"stdlib_module_names", library_set},
};

Value sys_info(Thread *t, const char *name) {
    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++) {
        if (!strcmp(infos[i].name, name)) return infos[i].make(t);
    }
    return VALUE_UNSET;
}
