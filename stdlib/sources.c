/* SPDX-License-Identifier: MIT */
/*
 * Source texts: reading files whole, and finding a line again when a traceback wants to show it.
 *
 * What came from a file is read again from the file (and the last one is kept, because a traceback
 * asks for many lines of few files). What came from elsewhere (-c, standard input, the prompt) is
 * remembered. Embedded modules are looked up in the table of the binary.
 *
 * Read next: stdlib/import.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/memory.h"
#include "stdlib/embedded.h"
#include "stdlib/import.h"

struct SourceText {
    Source *source;
    SourceText *next;
};

static const size_t largest_source = UINT32_MAX - 2;

char *descriptor_read_all(int fd, size_t *size) {
    Buffer text = {0};
    for (;;) {
        char *space = buffer_reserve(&text, 65536);
        ssize_t n = read(fd, space, 65536);
        if (n < 0 && errno == EINTR) continue;
        if (n >= 0) text.size += (size_t)n;
        if (n < 0 || text.size > largest_source) {
            int code = n < 0 ? errno : EFBIG;
            buffer_free(&text);
            errno = code;
            return NULL;
        }
        if (n == 0) break;
    }
    buffer_putc(&text, '\0');
    *size = text.size - 1;
    return text.data;
}

/* A file whose size is known: read in one go. */
static char *read_sized(int fd, size_t expected, size_t *size) {
    char *text = memory_alloc(expected + 1);
    size_t done = 0;
    while (done < expected) {
        ssize_t n = read(fd, text + done, expected - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            free(text);
            return NULL;
        }
        if (n == 0) break;
        done += (size_t)n;
    }
    text[done] = '\0';
    *size = done;
    return text;
}

char *file_read_all(const char *path, size_t *size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return NULL;
    struct stat status;
    char *text = NULL;
    if (fstat(fd, &status) == 0) {
        if (S_ISDIR(status.st_mode)) errno = EISDIR;
        else if (!S_ISREG(status.st_mode)) text = descriptor_read_all(fd, size);
        else if ((size_t)status.st_size > largest_source) errno = EFBIG;
        else text = read_sized(fd, (size_t)status.st_size, size);
    }
    int code = errno;
    close(fd);
    errno = code;
    return text;
}

void source_remember(Vm *vm, const char *name, const char *text, size_t size) {
    Stdlib *lib = vm->stdlib_state;
    for (SourceText *known = lib->texts; known; known = known->next) {
        if (strcmp(known->source->name, name) != 0) continue;
        source_free(known->source);
        known->source = source_new(name, text, size);
        return;
    }
    SourceText *entry = memory_alloc(sizeof *entry);
    *entry = (SourceText){source_new(name, text, size), lib->texts};
    lib->texts = entry;
}

static const Source *find_text(const SourceText *list, const char *name) {
    for (; list; list = list->next) {
        if (!strcmp(list->source->name, name)) return list->source;
    }
    return NULL;
}

static void set_recent(Stdlib *lib, const char *name, const char *text, size_t size) {
    if (!lib->recent) {
        lib->recent = memory_alloc(sizeof *lib->recent);
        *lib->recent = (SourceText){0};
    } else {
        source_free(lib->recent->source);
    }
    lib->recent->source = source_new(name, text, size);
}

static bool load_embedded(Stdlib *lib, const char *name) {
    for (const EmbeddedFile *file = tulip_embedded; file->name; file++) {
        if (strcmp(file->path, name) != 0) continue;
        set_recent(lib, name, (const char *)file->text, file->size);
        return true;
    }
    return false;
}

static bool load_file(Stdlib *lib, const char *name) {
    size_t size;
    char *text = name[0] == '<' ? NULL : file_read_all(name, &size);
    if (!text) return false;
    set_recent(lib, name, text, size);
    free(text);
    return true;
}

bool source_line_of(Vm *vm, const char *filename, int line, Buffer *out) {
    Stdlib *lib = vm->stdlib_state;
    const Source *source = find_text(lib->texts, filename);
    if (!source && lib->recent && !strcmp(lib->recent->source->name, filename))
        source = lib->recent->source;
    if (!source) {
        if (!load_embedded(lib, filename) && !load_file(lib, filename)) return false;
        source = lib->recent->source;
    }
    if (line < 1 || (uint32_t)line > source->line_count) return false;
    size_t length;
    const char *text = source_line_text(source, (uint32_t)line, &length);
    buffer_append(out, text, length);
    return true;
}

void sources_free(Vm *vm) {
    Stdlib *lib = vm->stdlib_state;
    while (lib->texts) {
        SourceText *entry = lib->texts;
        lib->texts = entry->next;
        source_free(entry->source);
        free(entry);
    }
    if (lib->recent) source_free(lib->recent->source);
    free(lib->recent);
    lib->recent = NULL;
}
