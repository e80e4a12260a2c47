/* SPDX-License-Identifier: MIT */
/*
 * Descriptors with buffers: reading ahead, writing behind, and the system calls underneath.
 *
 * A call interrupted by a signal polls the thread, so Ctrl-C ends a blocked read with
 * KeyboardInterrupt, and is repeated otherwise. A core read and written by turns (mode r+) is kept
 * at one position: writing first gives back what was read ahead, reading first flushes. A call that
 * would block is waited for without the baton; another thread may use the same core meanwhile.
 *
 * Invariant: at most one of the two buffers is non-empty.
 * Read next: stdlib/file.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "stdlib/file.h"
#include "stdlib/guard.h"
#include "vm/outside.h"

enum { READ_SIZE = 65536, WRITE_SIZE = 65536 };

FileCore *core_new(Thread *t, int fd, bool readable, bool writable, bool owned) {
    FileCore *core = memory_alloc(sizeof *core);
    FileCore **first = &stdlib_of(t)->files;
    *core = (FileCore){.fd = fd,
                       .references = 1,
                       .readable = readable,
                       .writable = writable,
                       .owned = owned,
                       .next = *first,
                       .link = first};
    if (*first) (*first)->link = &core->next;
    *first = core;
    return core;
}

/* What a File that nobody closed leaves behind: written as far as it goes, errors have nobody to go
 * to. */
static void write_out(FileCore *core) {
    while (core->out_start < core->out.size) {
        ssize_t n =
            write(core->fd, core->out.data + core->out_start, core->out.size - core->out_start);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break;
        core->out_start += (size_t)n;
    }
    core->out_start = core->out.size = 0;
}

void core_release(FileCore *core) {
    if (--core->references > 0) return;
    if (!core->closed) {
        write_out(core);
        if (core->owned) close(core->fd);
    }
    if (core->link) *core->link = core->next;
    if (core->next) core->next->link = core->link;
    buffer_free(&core->out);
    free(core->in);
    free(core);
}

void files_forget(Stdlib *lib) {
    while (lib->files) {
        FileCore *core = lib->files;
        lib->files = core->next;
        core->next = NULL;
        core->link = NULL;
    }
}

void files_write_out(Vm *vm) {
    Stdlib *lib = vm->stdlib_state;
    for (FileCore *core = lib->files; core; core = core->next) {
        if (!core->closed) write_out(core);
    }
}

/* Did a system call merely meet a signal whose handling raised nothing? */
static bool interrupted(Thread *t) { return errno == EINTR && thread_poll(t); }
static bool fail(Thread *t, const FileCore *core) {
    if (errno == EPIPE && core->fd == STDOUT_FILENO) stdlib_of(t)->stdout_broken = true;
    if (errno != EINTR) raise_os_error(t, errno, VALUE_UNSET);
    return false;
}

bool core_flush(Thread *t, FileCore *core) {
    if (UNLIKELY(guard_of(t) != NULL) && guard_write(guard_of(t), core)) return true;
    while (core->out_start < core->out.size) {
        if (!thread_wait_fd(t, core->fd, POLLOUT)) return false;
        if (core->out_start >= core->out.size) break; /* another thread was faster */
        size_t size = thread_write_size(t, core->fd, core->out.size - core->out_start);
        ssize_t n = write(core->fd, core->out.data + core->out_start, size);
        if (n >= 0) core->out_start += (size_t)n;
        else if (!interrupted(t)) return fail(t, core);
    }
    core->out_start = core->out.size = 0;
    return true;
}

/* Give back what was read ahead. */
static void unread(FileCore *core) {
    if (core->in_start < core->in_end)
        lseek(core->fd, -(off_t)(core->in_end - core->in_start), SEEK_CUR);
    core->in_start = core->in_end = 0;
}

bool core_write(Thread *t, FileCore *core, const char *data, size_t size) {
    unread(core);
    buffer_append(&core->out, data, size);
    if (core->unbuffered || core->out.size >= WRITE_SIZE) return core_flush(t, core);
    if (core->line_buffered && memchr(data, '\n', size)) return core_flush(t, core);
    return true;
}

int64_t core_fill(Thread *t, FileCore *core) {
    if (core->out.size && !core_flush(t, core)) return -1;
    if (!core->in) core->in = memory_alloc(READ_SIZE);
    core->in_start = core->in_end = 0;
    if (core->fd == STDIN_FILENO) {
        t->vm->outside |= OUTSIDE_INPUT;
        if (guard_of(t)) guard_of(t)->middle = false; /* who typed it ended it with Enter */
    }
    for (;;) {
        if (!thread_wait_fd(t, core->fd, POLLIN)) return -1;
        if (core->in_start < core->in_end) /* another thread was faster */
            return (int64_t)(core->in_end - core->in_start);
        ssize_t n = read(core->fd, core->in, READ_SIZE);
        if (n >= 0) {
            core->in_end = (size_t)n;
            return n;
        }
        if (!interrupted(t)) {
            fail(t, core);
            return -1;
        }
    }
}

bool core_read(Thread *t, FileCore *core, int64_t limit, Buffer *out) {
    size_t left = limit < 0 ? SIZE_MAX : (size_t)limit;
    while (left) {
        if (core->in_start == core->in_end) {
            int64_t got = core_fill(t, core);
            if (got <= 0) return got == 0;
        }
        size_t there = core->in_end - core->in_start, n = there < left ? there : left;
        buffer_append(out, core->in + core->in_start, n);
        core->in_start += n;
        left -= n;
    }
    return true;
}

/* Bytes of the read buffer up to and with the first line end, or all of them; [*ended]: there is
 * one. */
static size_t line_part(const FileCore *core, bool lone_cr, bool *ended) {
    const char *start = core->in + core->in_start;
    size_t there = core->in_end - core->in_start;
    const char *newline = memchr(start, '\n', there);
    size_t n = newline ? (size_t)(newline - start) + 1 : there;
    const char *cr = lone_cr ? memchr(start, '\r', n) : NULL;
    if (cr && cr + 1 != newline) {
        *ended = true;
        return (size_t)(cr - start) + 1;
    }
    *ended = newline != NULL;
    return n;
}

/* After a '\r': does a '\n' belong to it? */
static bool take_newline(Thread *t, FileCore *core, Buffer *out) {
    if (core->in_start == core->in_end && core_fill(t, core) < 0) return false;
    if (core->in_start < core->in_end && core->in[core->in_start] == '\n') {
        buffer_putc(out, '\n');
        core->in_start++;
    }
    return true;
}

bool core_read_line(Thread *t, FileCore *core, bool lone_cr, int64_t limit, Buffer *out) {
    size_t left = limit < 0 ? SIZE_MAX : (size_t)limit;
    while (left) {
        if (core->in_start == core->in_end) {
            int64_t got = core_fill(t, core);
            if (got <= 0) return got == 0;
        }
        bool ended;
        size_t n = line_part(core, lone_cr, &ended);
        if (n > left) {
            n = left;
            ended = true;
        }
        buffer_append(out, core->in + core->in_start, n);
        core->in_start += n;
        left -= n;
        if (!ended) continue;
        return out->data[out->size - 1] != '\r' || !left || !lone_cr || take_newline(t, core, out);
    }
    return true;
}

bool core_close(Thread *t, FileCore *core) {
    if (core->closed) return true;
    bool flushed = core_flush(t, core);
    core->closed = true;
    core->in_start = core->in_end = 0;
    core->out_start = core->out.size = 0;
    if (core->owned && close(core->fd) != 0 && flushed && errno != EINTR) return fail(t, core);
    return flushed;
}

int64_t core_seek(Thread *t, FileCore *core, int64_t offset, int whence) {
    if (core->out.size && !core_flush(t, core)) return -1;
    unread(core);
    off_t at = lseek(core->fd, offset, whence);
    if (at < 0) raise_os_error(t, errno, VALUE_UNSET);
    return at;
}

int64_t core_tell(Thread *t, FileCore *core) {
    off_t at = lseek(core->fd, 0, SEEK_CUR);
    if (at < 0) {
        raise_os_error(t, errno, VALUE_UNSET);
        return -1;
    }
    return at + (int64_t)(core->out.size - core->out_start) -
           (int64_t)(core->in_end - core->in_start);
}
