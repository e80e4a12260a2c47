/* SPDX-License-Identifier: MIT */
/*
 * Encodings of one byte a character whose lower half is ASCII (cp1252, koi8-r, …): their names, and
 * the upper half of each as a table, which is read from its text when the encoding is used.
 *
 * Read next: vm/codec.c, vm/charmaps.def.
 */
#include <stdlib.h>

#include "vm/codec.h"

typedef struct CharmapText {
    const char *name, *aliases, *points;
} CharmapText;

static const CharmapText charmaps[] = {
#define CHARMAP(NAME, ALIASES, POINTS) {NAME, ALIASES, POINTS},
#include "vm/charmaps.def"
#undef CHARMAP
};

enum { CHARMAP_COUNT = sizeof charmaps / sizeof *charmaps };

/* Is [word] one of the words of [text]? */
static bool has_word(const char *text, const char *word) {
    size_t size = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += size) {
        if ((at == text || at[-1] == ' ') && (!at[size] || at[size] == ' ')) return true;
    }
    return false;
}

int charmap_find(const char *name) {
    if (!*name || strchr(name, ' ')) return -1;
    for (int i = 0; i < CHARMAP_COUNT; i++) {
        if (!strcmp(charmaps[i].name, name) || has_word(charmaps[i].aliases, name)) return i;
    }
    return -1;
}

const char *charmap_name(int number) { return charmaps[number].name; }

void charmap_read(int number, uint16_t table[128]) {
    size_t n = 0;
    char *p = (char *)charmaps[number].points;
    while (n < 128) {
        if (*p == '_') {
            long count = 1;
            if (*++p && *p != ' ') count = strtol(p, &p, 10);
            for (; count; count--) table[n++] = CHARMAP_NOTHING;
        } else {
            unsigned long first = strtoul(p, &p, 16), last = first;
            if (*p == '-') last = strtoul(p + 1, &p, 16);
            for (; first <= last; first++) table[n++] = (uint16_t)first;
        }
        while (*p == ' ') p++;
    }
}

int charmap_byte(const uint16_t table[128], uint32_t c) {
    if (c < 0x80) return (int)c;
    for (int i = 0; i < 128 && c < CHARMAP_NOTHING; i++) {
        if (table[i] == c) return i + 0x80;
    }
    return -1;
}
