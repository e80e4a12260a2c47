/* SPDX-License-Identifier: MIT */
/*
 * The stages of the pipeline, shown: tokens, syntax tree, bytecode. Nothing of the program runs.
 *
 * Read next: lexer/layout.c, parser/dump.c, vm/code.c.
 */
#include "cli/stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static bool show_tree(const Source *source, Diagnostic *error) {
    Arena arena = {0};
    Node *root = parse_source(source, PARSE_FILE, &arena, error);
    if (root) ast_dump(stdout, root);
    arena_free_all(&arena);
    return root != NULL;
}

static bool show_bytecode(const Source *source, Diagnostic *error) {
    Arena arena = {0};
    Node *root = parse_source(source, PARSE_FILE, &arena, error);
    Vm *vm = root ? vm_new() : NULL;
    Code *code =
        root ? compile_ast(vm->main_thread, source, root, COMPILE_MODULE, false, error) : NULL;
    if (code) {
        Buffer out = {0};
        code_disassemble(vm->main_thread, code, &out);
        fwrite(out.data, 1, out.size, stdout);
        buffer_free(&out);
    }
    if (vm) vm_free(vm);
    arena_free_all(&arena);
    return code != NULL;
}

int show_stage(Job job, const char *path) {
    size_t size;
    char *text = file_read_all(path, &size);
    if (!text) {
        complain_unreadable(path);
        return STATUS_USAGE;
    }
    Source *source = source_new(path, text, size);
    free(text);
    Diagnostic error = {0};
    bool ok = job == JOB_TOKENS ? tokens_dump(stdout, source, &error)
              : job == JOB_AST  ? show_tree(source, &error)
                                : show_bytecode(source, &error);
    if (fflush(stdout) != 0) {
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
