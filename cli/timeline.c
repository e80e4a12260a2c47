/* SPDX-License-Identifier: MIT */
/*
 * `tulip timeline`: the program runs as always, and a recording of it is written when it has ended.
 *
 * Standard output and the exit status stay the program's own; that a file was written is said on
 * standard error, when its name was not given.
 *
 * Read next: cli/record.h, cli/condense.h, cli/timeline/data.js.
 */
#include "cli/timeline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/condense.h"

/* The page's parts, embedded by the build (cmake/EmbedTul.cmake): arrays of bytes that end with
 * NUL. */
#include "cli/timeline_data_js.inc"
#include "cli/timeline_draw_js.inc"
#include "cli/timeline_page_css.inc"
#include "cli/timeline_page_html.inc"
#include "cli/timeline_page_js.inc"

/* What stands in the page for each of its parts. */
static const struct {
    const char *mark;
    const unsigned char *text;
} parts[] = {
    {"<!--css-->", timeline_page_css},
    {"<!--data.js-->", timeline_data_js},
    {"<!--draw.js-->", timeline_draw_js},
    {"<!--page.js-->", timeline_page_js},
};

static void put_page(Record *r, const char *title, const char *file, Buffer *out) {
    for (const char *at = (const char *)timeline_page_html; *at;) {
        const char *mark = strstr(at, "<!--");
        if (!mark) mark = at + strlen(at);
        buffer_append(out, at, (size_t)(mark - at));
        if (!*mark) return;
        if (!strncmp(mark, "<!--data-->", 11)) timeline_put_data(r, title, file, out);
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            if (!strncmp(mark, parts[i].mark, strlen(parts[i].mark)))
                buffer_puts(out, (const char *)parts[i].text);
        }
        at = strstr(mark, "-->") + 3;
    }
}

/* What the program is called: a file, a module, or what is said of a text. */
static const char *name_of(const Options *o) { return o->job == JOB_CODE ? "command" : o->target; }

/* What the page calls it: its path from here, or only its name when it is elsewhere. */
static const char *title_of(const Options *o) {
    const char *path = timeline_file(name_of(o));
    return path[0] == '/' ? strrchr(path, '/') + 1 : path;
}

static int terminal_width(void) {
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 60) return 100;
    return size.ws_col;
}

/* "downloads.timeline.html" for "scripts/timeline/downloads.tul"; malloc'd. */
static char *default_name(const Options *o) {
    const char *target = name_of(o), *slash = strrchr(target, '/');
    const char *base = slash ? slash + 1 : target;
    const char *dot = strrchr(base, '.');
    int size = dot && dot != base ? (int)(dot - base) : (int)strlen(base);
    Buffer out = {0};
    buffer_printf(&out, "%.*s.timeline.%s", size, base, o->form == FORM_JSON ? "json" : "html");
    return out.data;
}

/* The text or the page, which are small. */
static bool write_view(Record *r, FILE *file) {
    const Options *o = r->options;
    Buffer out = {0};
    if (o->form == FORM_TEXT) timeline_put_text(r, terminal_width(), &out);
    else put_page(r, title_of(o), o->job == JOB_FILE ? o->target : NULL, &out);
    bool ok = fwrite(out.data, 1, out.size, file) == out.size;
    buffer_free(&out);
    return ok;
}

static void write_file(Record *r, const char *name) {
    const Options *o = r->options;
    bool standard = !strcmp(name, "-");
    FILE *file = standard ? stdout : fopen(name, "we");
    bool ok = file && (o->form == FORM_JSON ? timeline_write_chrome(r, file) : write_view(r, file));
    if (file && (standard ? fflush(file) : fclose(file))) ok = false;
    if (!ok) fprintf(stderr, "tulip: timeline: %s: %s\n", name, strerror(errno));
}

static void write_record(Record *r) {
    const Options *o = r->options;
    if (o->form == FORM_PAGE) record_condense(r, o->detail);
    char *name = o->output || o->form == FORM_TEXT ? NULL : default_name(o);
    if (o->output || name) write_file(r, name ? name : o->output);
    else write_view(r, stderr);
    if (name) fprintf(stderr, "timeline: %s\n", name);
    if (r->dropped)
        fprintf(stderr, "timeline: recorded the first %llu events; %llu more came (--limit N)\n",
                (unsigned long long)r->limit, (unsigned long long)r->dropped);
    free(name);
}

/* Can the file be written? If not, that is said before the program runs. Nothing is changed. */
static bool can_write(const char *name) {
    bool is_new = access(name, F_OK) != 0;
    int file = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (file >= 0) close(file);
    else fprintf(stderr, "tulip: timeline: %s: %s\n", name, strerror(errno));
    if (file >= 0 && is_new) unlink(name);
    return file >= 0;
}

bool timeline_start(Vm *vm, const Options *o) {
    bool standard = o->output ? !strcmp(o->output, "-") : o->form == FORM_TEXT;
    char *name = o->output ? NULL : default_name(o);
    bool ok = standard || can_write(name ? name : o->output);
    free(name);
    if (ok) record_start(vm, o->limit, write_record, o);
    return ok;
}
