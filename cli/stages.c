/* SPDX-License-Identifier: MIT */
/*
 * The stages of the pipeline, shown: tokens, syntax tree, bytecode. Nothing of the program runs.
 *
 * Read next: lexer/dump.c, parser/dump.c, vm/disassemble.c.
 */
#include "cli/stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/paint.h"
#include "compiler/compiler.h"
#include "lexer/layout.h"
#include "parser/parser.h"
#include "stdlib/import.h"
#include "vm/thread.h"

void complain_unreadable(const char *path) {
    if (errno == EISDIR) fprintf(stderr, "tulip: '%s' is a directory, not a program\n", path);
    else if (errno == EFBIG)
        fprintf(stderr, "tulip: '%s' is too large for a program (4 GiB and more)\n", path);
    else
        fprintf(stderr, "tulip: can't open file '%s': [Errno %d] %s\n", path, errno,
                strerror(errno));
}

static bool show_tree(const Source *source, const Listing *how, Diagnostic *error) {
    Arena arena = {0};
    Node *root = parse_source(source, PARSE_FILE, &arena, error);
    if (root) ast_dump(stdout, root, source, how);
    arena_free_all(&arena);
    return root != NULL;
}

static bool show_bytecode(const Source *source, const Listing *how, Diagnostic *error) {
    Arena arena = {0};
    Node *root = parse_source(source, PARSE_FILE, &arena, error);
    Vm *vm = root ? vm_new() : NULL;
    Code *code =
        root ? compile_ast(vm->main_thread, source, root, COMPILE_MODULE, false, error) : NULL;
    if (code) {
        Buffer out = {0};
        code_disassemble(vm->main_thread, code, source, how, &out);
        if (how->json) buffer_putc(&out, '\n');
        fwrite(out.data, 1, out.size, stdout);
        buffer_free(&out);
    }
    if (vm) vm_free(vm);
    arena_free_all(&arena);
    return code != NULL;
}

static bool show(const Options *o, const Source *source, Diagnostic *error) {
    Listing how = o->listing;
    how.color = !how.json && paint_wanted(STDOUT_FILENO);
    switch (o->job) {
    case JOB_TOKENS: return tokens_dump(stdout, source, &how, error);
    case JOB_AST: return show_tree(source, &how, error);
    default: return show_bytecode(source, &how, error);
    }
}

static Source *stage_source(const Options *o) {
    if (o->is_text) return source_new("<command>", o->target, strlen(o->target));
    size_t size;
    bool input = !strcmp(o->target, "-");
    char *text = input ? descriptor_read_all(STDIN_FILENO, &size) : file_read_all(o->target, &size);
    if (!text) {
        complain_unreadable(o->target);
        return NULL;
    }
    Source *source = source_new(input ? "<stdin>" : o->target, text, size);
    free(text);
    return source;
}

int show_stage(const Options *o) {
    Source *source = stage_source(o);
    if (!source) return STATUS_USAGE;
    Diagnostic error = {0};
    bool ok = show(o, source, &error);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "tulip: writing: %s\n", strerror(errno));
        return STATUS_ERROR;
    }
    if (!ok) {
        Buffer report = {0};
        diagnostic_render(&report, &error);
        paint_to_stderr(report.data, report.size);
        buffer_free(&report);
    }
    source_free(source);
    return ok ? STATUS_OK : STATUS_USAGE;
}
