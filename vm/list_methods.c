/* SPDX-License-Identifier: MIT */
/*
 * The methods of list: one function per row of the table at the end.
 * Read next: vm/sort.c.
 */
#include "vm/container.h"
#include "vm/generic_alias.h"
#include "vm/list.h"
#include "vm/ops.h"
#include "vm/sequence.h"

static Value append(Thread *t, Value *args) {
    return list_append(t, LIST(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value clear(Thread *t, Value *args) {
    if (LIST(args[0])->size) list_clear(t, LIST(args[0]));
    return VALUE_NONE;
}

static Value copy(Thread *t, Value *args) {
    List *list = list_from(t, LIST(args[0])->items, LIST(args[0])->size);
    return list ? object_value(list) : VALUE_ERROR;
}

static Value count(Thread *t, Value *args) { return sequence_count(t, args[0], args[1]); }

static Value extend(Thread *t, Value *args) {
    return list_extend(t, LIST(args[0]), args[1]) ? VALUE_NONE : VALUE_ERROR;
}

static Value index_of(Thread *t, Value *args) {
    size_t from, to;
    if (!sequence_range(t, args[2], args[3], LIST(args[0])->size, &from, &to)) return VALUE_ERROR;
    int64_t i = sequence_find(t, args[0], args[1], from, to);
    if (i == -1) return raise_error(t, EXC_ValueError, "%R is not in list", args[1]);
    return i < 0 ? VALUE_ERROR : fixnum(i);
}

static Value insert(Thread *t, Value *args) {
    List *list = LIST(args[0]);
    int64_t i;
    if (!arg_int64(t, args[1], &i)) return VALUE_ERROR;
    int64_t size = (int64_t)list->size;
    if (i < 0) i = i + size < 0 ? 0 : i + size;
    if (i > size) i = size;
    if (!list_append(t, list, VALUE_NONE)) return VALUE_ERROR;
    heap_settle(&t->vm->heap, list);
    memmove(list->items + i + 1, list->items + i, (size_t)(size - i) * sizeof(Value));
    list->items[i] = args[2];
    return VALUE_NONE;
}

static Value pop(Thread *t, Value *args) {
    List *list = LIST(args[0]);
    int64_t i;
    if (!arg_int64(t, args[1], &i)) return VALUE_ERROR;
    if (list->size == 0) return raise_error(t, EXC_IndexError, "pop from empty list");
    if (i < 0) i += (int64_t)list->size;
    if (i < 0 || i >= (int64_t)list->size) {
        return raise_error(t, EXC_IndexError, "pop index out of range");
    }
    return list_remove_at(t, list, (size_t)i);
}

static Value remove_item(Thread *t, Value *args) {
    List *list = LIST(args[0]);
    int64_t i = sequence_find(t, args[0], args[1], 0, SIZE_MAX);
    if (i == -1) return raise_error(t, EXC_ValueError, "list.remove(x): x not in list");
    if (i < 0) return VALUE_ERROR;
    if ((size_t)i < list->size) list_remove_at(t, list, (size_t)i);
    return VALUE_NONE;
}

static Value reverse(Thread *t, Value *args) {
    List *list = LIST(args[0]);
    heap_settle(&t->vm->heap, list);
    for (size_t i = 0, j = list->size; i + 1 < j; i++) {
        Value v = list->items[--j];
        list->items[j] = list->items[i];
        list->items[i] = v;
    }
    return VALUE_NONE;
}

static Value sort(Thread *t, Value *args) {
    int64_t backwards;
    if (!arg_int64(t, args[2], &backwards)) return VALUE_ERROR;
    return list_sort(t, LIST(args[0]), args[1], backwards != 0) ? VALUE_NONE : VALUE_ERROR;
}

static Value reversed(Thread *t, Value *args) { return list_reversed(t, args[0]); }

const NativeDef list_methods[] = {
    {"append", append, "(self, object, /)", "Append object at the end."},
    {"clear", clear, "(self, /)", "Remove all items."},
    {"copy", copy, "(self, /)", "A shallow copy."},
    {"count", count, "(self, value, /)", "How many items equal value."},
    {"extend", extend, "(self, iterable, /)", "Append the items of iterable."},
    {"index", index_of, "(self, value, start=0, stop=?, /)",
     "The first index of value; ValueError when it is not there."},
    {"insert", insert, "(self, index, object, /)", "Put object before the element at index."},
    {"pop", pop, "(self, index=-1, /)", "Remove and return the item at index (the last one)."},
    {"remove", remove_item, "(self, value, /)",
     "Remove the first item equal to value; ValueError when there is none."},
    {"reverse", reverse, "(self, /)", "Reverse in place."},
    {"sort", sort, "(self, /, *, key=None, reverse=False)",
     "Sort in place, stably: ascending, or descending when reverse is true; by key(item) if "
     "given."},
    {"__reversed__", reversed, "(self, /)", "An iterator over the items, last first."},
    {"@@__class_getitem__", generic_alias_class_getitem, "(cls, item, /)",
     "list[int] and the like, for annotations."},
    {0},
};
