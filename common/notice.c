/* SPDX-License-Identifier: MIT */
/* The list of warnings about a source text. It stays short, so it is kept in order by insertion.
 */
#include "common/notice.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/memory.h"

static bool comes_before(const Notice *a, const Notice *b) {
    if (a->kind != NOTICE_SYNTAX || b->kind != NOTICE_SYNTAX) return false;
    if (a->span.line != b->span.line) return a->span.line < b->span.line;
    return a->span.column < b->span.column;
}

void notice_add(const Source *source, NoticeKind kind, Span span, const char *format, ...) {
    NoticeList *list = source->notices;
    if (!list) return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 4;
        list->items = memory_realloc(list->items, (size_t)list->capacity * sizeof *list->items);
    }
    Notice notice = {.kind = kind, .span = span};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(notice.message, sizeof notice.message, format, arguments);
    va_end(arguments);
    int at = list->count++;
    for (; at > 0 && comes_before(&notice, &list->items[at - 1]); at--)
        list->items[at] = list->items[at - 1];
    list->items[at] = notice;
}

void notices_free(NoticeList *list) {
    free(list->items);
    *list = (NoticeList){0};
}
