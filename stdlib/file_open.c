/* SPDX-License-Identifier: MIT */
/*
 * open(): modes, buffering and newlines, with CPython's complaints about each; and the standard
 * streams.
 *
 * Read next: stdlib/file.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stdlib/file.h"
#include "vm/codec.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

typedef struct Mode {
    bool reading, writing, appending, creating, updating, text, binary;
} Mode;

enum {
    ARG_PATH,
    ARG_MODE,
    ARG_BUFFERING,
    ARG_ENCODING,
    ARG_ERRORS,
    ARG_NEWLINE,
    ARG_CLOSEFD,
    ARG_OPENER
};

static bool set_once(bool *flag) {
    bool first = !*flag;
    *flag = true;
    return first;
}

static bool parse_letters(const char *text, Mode *mode) {
    for (; *text; text++) {
        bool ok = false;
        switch (*text) {
        case 'r': ok = set_once(&mode->reading); break;
        case 'w': ok = set_once(&mode->writing); break;
        case 'a': ok = set_once(&mode->appending); break;
        case 'x': ok = set_once(&mode->creating); break;
        case '+': ok = set_once(&mode->updating); break;
        case 't': ok = set_once(&mode->text); break;
        case 'b': ok = set_once(&mode->binary); break;
        default: break;
        }
        if (!ok) return false;
    }
    return true;
}

static bool parse_mode(Thread *t, Value v, Mode *mode) {
    Str *text;
    if (!arg_str(t, v, "open() argument 'mode'", &text)) return false;
    if (!parse_letters(text->data, mode)) {
        raise_error(t, EXC_ValueError, "invalid mode: %R", v);
        return false;
    }
    if (mode->text && mode->binary) {
        raise_error(t, EXC_ValueError, "can't have text and binary mode at once");
        return false;
    }
    int kinds = mode->reading + mode->writing + mode->appending + mode->creating;
    if (kinds != 1) {
        raise_error(
            t, EXC_ValueError,
            kinds ? "must have exactly one of create/read/write/append mode"
                  : "Must have exactly one of create/read/write/append mode and at most one plus");
        return false;
    }
    return true;
}

static int open_flags(const Mode *mode) {
    int flags = O_CLOEXEC;
    if (mode->updating) flags |= O_RDWR;
    else flags |= mode->reading ? O_RDONLY : O_WRONLY;
    if (mode->writing) flags |= O_CREAT | O_TRUNC;
    if (mode->appending) flags |= O_CREAT | O_APPEND;
    if (mode->creating) flags |= O_CREAT | O_EXCL;
    return flags;
}

/* The descriptor that opener(path, flags) gives; -1 raised. */
static int open_by(Thread *t, Value *args, const Mode *mode) {
    Value pair[] = {args[ARG_PATH], fixnum(open_flags(mode))};
    Value fd = call_value(t, args[ARG_OPENER], pair, 2);
    int64_t number;
    if (fd == VALUE_ERROR) return -1;
    if (!is_int(fd)) return raise_error(t, EXC_TypeError, "expected integer from opener"), -1;
    if (!arg_int64(t, fd, &number)) return -1;
    if (number >= 0) return (int)number;
    return raise_error(t, EXC_ValueError, "opener returned %lld", (long long)number), -1;
}

/* Opens a path; -1 raised. A directory is refused as CPython refuses it. */
static int open_path(Thread *t, Value *args, const Mode *mode) {
    const char *path;
    Value *holder = push_roots(t, 1);
    if (!arg_path(t, args[ARG_PATH], holder, &path)) return -1;
    if (!is_str(args[ARG_PATH]) && !is_kind(args[ARG_PATH], OBJ_BYTES))
        args[ARG_PATH] = *holder; /* an os.PathLike: the file's name is its text */
    int fd;
    do {
        fd = open(path, open_flags(mode), 0666);
    } while (fd < 0 && errno == EINTR && thread_poll(t));
    struct stat status;
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        close(fd);
        fd = -1;
        errno = EISDIR;
    }
    if (fd < 0 && errno != EINTR) raise_os_error(t, errno, args[ARG_PATH]);
    pop_roots(t, holder);
    return fd;
}

static int open_descriptor(Thread *t, Value *args, const Mode *mode) {
    if (!is_int(args[ARG_PATH]) && args[ARG_CLOSEFD] == VALUE_FALSE)
        return raise_error(t, EXC_ValueError, "Cannot use closefd=False with file name"), -1;
    if (!is_int(args[ARG_PATH]))
        return args[ARG_OPENER] != VALUE_NONE ? open_by(t, args, mode) : open_path(t, args, mode);
    int64_t fd;
    if (!arg_int64(t, args[ARG_PATH], &fd)) return -1;
    if (fd < 0) {
        raise_error(t, EXC_ValueError, "negative file descriptor");
        return -1;
    }
    if (fcntl((int)fd, F_GETFD) >= 0) return (int)fd;
    raise_os_error(t, errno, VALUE_UNSET);
    return -1;
}

/* What the newline argument of open() means. */
static bool set_newline(Thread *t, File *file, Value newline) {
    file->newline = newline;
    if (newline == VALUE_NONE) {
        file->translate_in = file->lone_cr = true;
        return true;
    }
    Str *text;
    if (!arg_str(t, newline, "open() argument 'newline'", &text)) return false;
    if (!strcmp(text->data, "")) file->lone_cr = true;
    else if (!strcmp(text->data, "\r") || !strcmp(text->data, "\r\n"))
        file->write_newline = newline;
    else if (strcmp(text->data, "\n") != 0) {
        raise_error(t, EXC_ValueError, "illegal newline value: %S", newline);
        return false;
    }
    if (!strcmp(text->data, "\r")) file->lone_cr = true;
    return true;
}

bool file_is_utf8(const Str *name) {
    static const char *const spellings[] = {"utf-8", "utf8", "UTF-8", "UTF8", "utf_8", "U8"};
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        if (!strcmp(name->data, spellings[i])) return true;
    }
    return false;
}

static File *new_file(Thread *t, StdlibClass cls, FileCore *core) {
    File *file = object_new(t, stdlib_of(t)->classes[cls], 0);
    file->core = core;
    file->text = cls == CLASS_TEXT_FILE;
    file->name = file->mode = file->encoding = file->errors = VALUE_NONE;
    file->newline = file->write_newline = file->buffer = VALUE_NONE;
    return file;
}

static bool check_arguments(Thread *t, Value *args, const Mode *mode) {
    if (!mode->binary) {
        if (args[ARG_BUFFERING] != fixnum(0)) return true;
        raise_error(t, EXC_ValueError, "can't have unbuffered text I/O");
        return false;
    }
    const char *refused = args[ARG_ENCODING] != VALUE_NONE  ? "an encoding"
                          : args[ARG_ERRORS] != VALUE_NONE  ? "an errors"
                          : args[ARG_NEWLINE] != VALUE_NONE ? "a newline"
                                                            : NULL;
    if (refused) raise_error(t, EXC_ValueError, "binary mode doesn't take %s argument", refused);
    return !refused;
}

static bool check_codec(Thread *t, Value *args) {
    Str *text;
    if (args[ARG_ENCODING] != VALUE_NONE &&
        !arg_str(t, args[ARG_ENCODING], "open() argument 'encoding'", &text))
        return false;
    return args[ARG_ERRORS] == VALUE_NONE ||
           arg_str(t, args[ARG_ERRORS], "open() argument 'errors'", &text);
}

/* io.NAME(*args), for what the native files do not do. */
static Value call_io(Thread *t, const char *name, const Value *args, int argc) {
    Value *roots = push_roots(t, 1);
    Value module = t->vm->hooks.import_module(t, str_intern(t->vm, "io", 2));
    if (module == VALUE_ERROR) return VALUE_ERROR;
    roots[0] = value_getattr(t, module, str_intern(t->vm, name, strlen(name)));
    Value result = roots[0] == VALUE_ERROR ? VALUE_ERROR : call_value(t, roots[0], args, argc);
    pop_roots(t, roots);
    return result;
}

/* Can native files decode it: one byte a character, or UTF-8 without a mark? */
static bool is_native_encoding(Value encoding) {
    Codec codec;
    if (encoding == VALUE_NONE || !strcmp(STR(encoding)->data, "locale")) return true;
    return codec_known(STR(encoding)->data, &codec) &&
           (codec == CODEC_UTF_8 || codec == CODEC_ASCII || codec == CODEC_LATIN_1);
}

/* Do lines end in '\r' or '\r\n', and in nothing else? */
static bool ends_in_return(Value newline) {
    return is_str(newline) && STR(newline)->data[0] == '\r';
}

/* A text file in another encoding: an io.TextIOWrapper around a binary one. */
static Value open_wrapped(Thread *t, Value *args) {
    Value *roots = push_roots(t, 13);
    Buffer mode = {0};
    for (const char *p = STR(args[ARG_MODE])->data; *p; p++) {
        if (*p != 't') buffer_putc(&mode, *p);
    }
    buffer_putc(&mode, 'b');
    memcpy(roots, args, 8 * sizeof(Value));
    roots[ARG_MODE] = object_value(str_from_buffer(t, &mode));
    bool lines = roots[ARG_BUFFERING] == fixnum(1);
    if (lines) roots[ARG_BUFFERING] = fixnum(-1);
    roots[ARG_ENCODING] = roots[ARG_ERRORS] = roots[ARG_NEWLINE] = VALUE_NONE;
    roots[8] = file_open(t, roots);
    if (roots[8] == VALUE_ERROR) return VALUE_ERROR;
    roots[9] = args[ARG_ENCODING];
    roots[10] = args[ARG_ERRORS];
    roots[11] = args[ARG_NEWLINE];
    roots[12] = bool_value(lines);
    Value text = roots[0] = call_io(t, "TextIOWrapper", roots + 8, 5);
    if (text != VALUE_ERROR &&
        !value_setattr(t, text, str_intern(t->vm, "mode", 4), args[ARG_MODE]))
        text = VALUE_ERROR;
    pop_roots(t, roots);
    return text;
}

/* A binary file without a buffer. */
static Value open_raw(Thread *t, Value *args) {
    Value four[] = {args[ARG_PATH], args[ARG_MODE], args[ARG_CLOSEFD], args[ARG_OPENER]};
    return call_io(t, "FileIO", four, 4);
}

Value file_open(Thread *t, Value *args) {
    Mode mode = {0};
    int64_t buffering;
    if (!parse_mode(t, args[ARG_MODE], &mode) || !arg_int64(t, args[ARG_BUFFERING], &buffering))
        return VALUE_ERROR;
    if (!check_arguments(t, args, &mode) || !check_codec(t, args)) return VALUE_ERROR;
    if (mode.binary && buffering == 0) return open_raw(t, args);
    bool reads = mode.reading || mode.updating, writes = !mode.reading || mode.updating;
    if (!mode.binary &&
        (!is_native_encoding(args[ARG_ENCODING]) || (reads && ends_in_return(args[ARG_NEWLINE]))))
        return open_wrapped(t, args);
    file_classes_init(t, NULL);
    int fd = open_descriptor(t, args, &mode);
    if (fd < 0) return VALUE_ERROR;
    FileCore *core =
        core_new(t, fd, reads, writes, !is_int(args[ARG_PATH]) || args[ARG_CLOSEFD] != VALUE_FALSE);
    core->appending = mode.appending;
    core->unbuffered = buffering == 0;
    core->line_buffered = !mode.binary && (buffering == 1 || (buffering < 0 && isatty(fd)));
    StdlibClass cls = CLASS_TEXT_FILE;
    if (mode.binary)
        cls = reads && writes ? CLASS_BUFFERED_RANDOM
              : reads         ? CLASS_BUFFERED_READER
                              : CLASS_BUFFERED_WRITER;
    File *file = new_file(t, cls, core);
    file->name = args[ARG_PATH];
    file->mode = args[ARG_MODE];
    if (mode.appending) lseek(fd, 0, SEEK_END);
    if (mode.binary) return object_value(file);
    file->encoding = args[ARG_ENCODING] == VALUE_NONE ? object_value(str_intern(t->vm, "utf-8", 5))
                                                      : args[ARG_ENCODING];
    file->utf8 = file_is_utf8(STR(file->encoding));
    file->errors = args[ARG_ERRORS] == VALUE_NONE ? object_value(str_intern(t->vm, "strict", 6))
                                                  : args[ARG_ERRORS];
    return set_newline(t, file, args[ARG_NEWLINE]) ? object_value(file) : VALUE_ERROR;
}

Value file_standard(Thread *t, int fd, const char *name, bool writable) {
    file_classes_init(t, NULL);
    if (fcntl(fd, F_GETFD) < 0) return VALUE_NONE; /* closed by who started the program */
    FileCore *core = core_new(t, fd, !writable, writable, false);
    core->line_buffered = writable && (fd == STDERR_FILENO || isatty(fd));
    File *file = new_file(t, CLASS_TEXT_FILE, core);
    file->name = object_value(str_from(t, name));
    file->mode = object_value(str_intern(t->vm, writable ? "w" : "r", 1));
    file->encoding = object_value(str_intern(t->vm, "utf-8", 5));
    file->utf8 = true;
    const char *errors = fd == STDERR_FILENO ? "backslashreplace" : "strict";
    file->errors = object_value(str_intern(t->vm, errors, strlen(errors)));
    file->translate_in = file->lone_cr = !writable;
    return object_value(file);
}
