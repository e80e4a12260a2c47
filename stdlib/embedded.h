/* SPDX-License-Identifier: MIT */
/*
 * The library modules that are written in Tulip and carried inside the binary.
 *
 * The build turns every .tul file under stdlib/ into an array of bytes and one row of this table
 * (cmake/EmbedTul.cmake writes the definitions). Carrying the texts keeps the interpreter a
 * single file, and a module is compiled only when it is first imported.
 *
 * Invariants: rows are sorted by name (strcmp order), so a lookup is a binary search; the table
 * ends with a row whose name is NULL; every text is followed by a NUL byte that its size does not
 * count, which is the sentinel the lexer wants.
 *
 * Read next: the importer in stdlib/, which consults this table after sys.modules.
 */
#ifndef TULIP_STDLIB_EMBEDDED_H
#define TULIP_STDLIB_EMBEDDED_H

#include <stdbool.h>
#include <stddef.h>

typedef struct EmbeddedFile {
    const char *name;          /* dotted module name: "asyncio", "asyncio.locks" */
    const unsigned char *text; /* UTF-8 source, NUL after the last byte */
    size_t size;               /* bytes of text without that NUL */
    bool is_package;           /* comes from an __init__.tul: its submodules are "name.…" */
    const char *path;          /* "stdlib/asyncio/locks.tul": what tracebacks show */
} EmbeddedFile;

extern const EmbeddedFile tulip_embedded[];
extern const size_t tulip_embedded_count;

#endif
