/* SPDX-License-Identifier: MIT */
/*
 * Writing objects of the built-in kinds.
 *
 * Containers are remembered before their items are written, so that a circle refers back; a tuple
 * cannot be, and when one turns out to be inside itself what was written for it is dropped again.
 * What is being written is rooted by its container, or by the caller.
 *
 * Read next: stdlib/pickle_reduce.c.
 */
#include <string.h>

#include "common/utf8.h"
#include "stdlib/pickle_native.h"
#include "vm/bytes.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/number.h"
#include "vm/ops.h"
#include "vm/str.h"

/* ---- numbers ---- */

static bool save_bool(Pickler *p, bool value) {
    if (p->protocol >= 2) {
        pickle_put(p, value ? PICKLE_NEWTRUE : PICKLE_NEWFALSE);
    } else {
        pickle_put(p, PICKLE_INT);
        pickle_put_bytes(p, value ? "01\n" : "00\n", 3);
    }
    return true;
}

static bool save_decimal(Thread *t, Pickler *p, Value v, bool small) {
    pickle_put(p, small ? PICKLE_INT : PICKLE_LONG);
    if (!int_to_text(t, v, 10, &p->out)) return false;
    pickle_put_bytes(p, small ? "\n" : "L\n", small ? 1 : 2);
    return true;
}

/* Two's complement, the lowest byte first, as few as keep the sign. */
static void save_long(Pickler *p, Value v) {
    mpz_t z;
    mpz_init(z);
    int_to_mpz(v, z);
    bool negative = mpz_sgn(z) < 0;
    if (negative) mpz_com(z, z);
    size_t size = mpz_sgn(z) ? mpz_sizeinbase(z, 2) / 8 + 1 : 1;
    Buffer bytes = {0};
    char *data = memset(buffer_reserve(&bytes, size + 8), 0, size + 8);
    mpz_export(data, NULL, -1, 1, 0, 0, z);
    for (size_t i = 0; negative && i < size; i++) data[i] = (char)~data[i];
    pickle_put(p, size < 256 ? PICKLE_LONG1 : PICKLE_LONG4);
    pickle_put_number(p, size, size < 256 ? 1 : 4);
    pickle_put_bytes(p, data, size);
    buffer_free(&bytes);
    mpz_clear(z);
}

static bool save_int(Thread *t, Pickler *p, Value v) {
    int64_t i = 0;
    bool small = int_to_int64(v, &i) && i >= INT32_MIN && i <= INT32_MAX;
    if (!p->binary || (!small && p->protocol < 2)) return save_decimal(t, p, v, small);
    if (!small) {
        save_long(p, v);
        return true;
    }
    int size = i >= 0 && i < 256 ? 1 : i >= 0 && i < 65536 ? 2 : 4;
    pickle_put(p, size == 1 ? PICKLE_BININT1 : size == 2 ? PICKLE_BININT2 : PICKLE_BININT);
    pickle_put_number(p, (uint64_t)i, size);
    return true;
}

static bool save_float(Pickler *p, double d) {
    if (!p->binary) {
        pickle_put(p, PICKLE_FLOAT);
        float_repr_into(&p->out, d);
        pickle_put_bytes(p, "\n", 1);
        return true;
    }
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    pickle_put(p, PICKLE_BINFLOAT);
    pickle_put_number(p, __builtin_bswap64(bits), 8);
    return true;
}

/* ---- str and bytes ---- */

/* [op] and a size of [width] bytes, in front of a payload. */
static void put_sized(Pickler *p, PickleOp op, int width, const void *data, size_t size) {
    uint8_t head[9] = {(uint8_t)op};
    for (int i = 0; i < width; i++) head[1 + i] = (uint8_t)((uint64_t)size >> (8 * i));
    pickle_put_payload(p, head, (size_t)width + 1, data, size);
}

/* Protocol 0: one line, with what is beyond Latin-1 and the line's own ends escaped. */
static void put_raw_unicode(Pickler *p, const Str *text) {
    pickle_put(p, PICKLE_UNICODE);
    for (const char *at = text->data, *end = at + text->size; at < end;) {
        uint32_t c = str_next(&at);
        if (c >= 0x10000) buffer_printf(&p->out, "\\U%08x", c);
        else if (c >= 256 || !c || strchr("\\\n\r\x1a", (int)c))
            buffer_printf(&p->out, "\\u%04x", c);
        else buffer_putc(&p->out, (char)c);
    }
    buffer_putc(&p->out, '\n');
}

bool pickle_save_str(Thread *t, Pickler *p, Str *text) {
    if (!p->binary) put_raw_unicode(p, text);
    else if (text->size < 256 && p->protocol >= 4)
        put_sized(p, PICKLE_SHORT_BINUNICODE, 1, text->data, text->size);
    else if (text->size <= UINT32_MAX) put_sized(p, PICKLE_BINUNICODE, 4, text->data, text->size);
    else if (p->protocol >= 4) put_sized(p, PICKLE_BINUNICODE8, 8, text->data, text->size);
    else
        return raise_error(t, EXC_OverflowError,
                           "serializing a string larger than 4 GiB requires "
                           "pickle protocol 4 or higher"),
               false;
    pickle_memoize(t, p, object_value(text));
    return true;
}

static Value attribute_of_module(Thread *t, const char *module, const char *name) {
    Value v = t->vm->hooks.import_module(t, str_intern(t->vm, module, strlen(module)));
    if (v == VALUE_ERROR) return VALUE_ERROR;
    return value_getattr(t, v, str_intern(t->vm, name, strlen(name)));
}

/* Before protocol 3 there are no bytes: _codecs.encode(text, 'latin1'), or bytes(). */
static bool save_old_bytes(Thread *t, Pickler *p, Value v) {
    Value *roots = push_roots(t, 4);
    roots[0] = object_value(BUILTIN_CLASS(t, BYTES));
    roots[1] = object_value(t->vm->empty_tuple);
    if (BYTES(v)->size) {
        Buffer text = {0};
        for (size_t i = 0; i < BYTES(v)->size; i++) buffer_put_utf8(&text, BYTES(v)->data[i]);
        roots[2] = object_value(str_from_buffer(t, &text));
        roots[3] = object_value(str_intern(t->vm, "latin1", 6));
        roots[1] = object_value(tuple_from(t, roots + 2, 2));
        roots[0] = attribute_of_module(t, "_codecs", "encode");
        if (roots[0] == VALUE_ERROR) return false;
    }
    bool ok = pickle_save_call(t, p, roots[0], roots[1], v);
    pop_roots(t, roots);
    return ok;
}

static bool save_bytes(Thread *t, Pickler *p, Value v) {
    if (p->protocol < 3) return save_old_bytes(t, p, v);
    const uint8_t *data = BYTES(v)->data;
    size_t size = BYTES(v)->size;
    if (size < 256) put_sized(p, PICKLE_SHORT_BINBYTES, 1, data, size);
    else if (size <= UINT32_MAX) put_sized(p, PICKLE_BINBYTES, 4, data, size);
    else if (p->protocol >= 4) put_sized(p, PICKLE_BINBYTES8, 8, data, size);
    else
        return raise_error(t, EXC_OverflowError,
                           "serializing a bytes object larger than 4 GiB "
                           "requires pickle protocol 4 or higher"),
               false;
    pickle_memoize(t, p, v);
    return true;
}

static bool save_bytearray(Thread *t, Pickler *p, Value v) {
    if (p->protocol >= 5) {
        put_sized(p, PICKLE_BYTEARRAY8, 8, BYTEARRAY(v)->data, BYTEARRAY(v)->size);
        pickle_memoize(t, p, v);
        return true;
    }
    Value *roots = push_roots(t, 2);
    roots[0] = object_value(t->vm->empty_tuple);
    if (BYTEARRAY(v)->size) {
        roots[1] = object_value(bytes_new(t, BYTEARRAY(v)->data, BYTEARRAY(v)->size));
        roots[0] = object_value(tuple_from(t, roots + 1, 1));
    }
    bool ok = pickle_save_call(t, p, object_value(BUILTIN_CLASS(t, BYTEARRAY)), roots[0], v);
    pop_roots(t, roots);
    return ok;
}

/* ---- tuples ---- */

static bool save_tuple_items(Thread *t, Pickler *p, Value v) {
    for (size_t i = 0; i < TUPLE(v)->size; i++) {
        if (!pickle_save(t, p, TUPLE(v)->items[i])) return false;
    }
    return true;
}

/* The tuple was written while its items were: drop the [pops] things on the stack and refer to it.
 */
static bool drop_for(Pickler *p, uint32_t index, size_t pops) {
    for (size_t i = 0; i < pops; i++) pickle_put(p, PICKLE_POP);
    pickle_put_get(p, index);
    return true;
}

static bool save_tuple(Thread *t, Pickler *p, Value v) {
    size_t size = TUPLE(v)->size;
    static const PickleOp small[] = {PICKLE_EMPTY_TUPLE, PICKLE_TUPLE1, PICKLE_TUPLE2,
                                     PICKLE_TUPLE3};
    if (!size) {
        if (!p->binary) pickle_put(p, PICKLE_MARK);
        pickle_put(p, p->binary ? PICKLE_EMPTY_TUPLE : PICKLE_TUPLE);
        return true;
    }
    bool marked = size > 3 || p->protocol < 2;
    if (marked) pickle_put(p, PICKLE_MARK);
    if (!save_tuple_items(t, p, v)) return false;
    int64_t known = pickle_memo_find(p, v);
    if (known >= 0 && marked && p->binary) {
        pickle_put(p, PICKLE_POP_MARK);
        return drop_for(p, (uint32_t)known, 0);
    }
    if (known >= 0) return drop_for(p, (uint32_t)known, size + marked);
    pickle_put(p, marked ? PICKLE_TUPLE : small[size]);
    pickle_memoize(t, p, v);
    return true;
}

/* ---- lists and dicts ---- */

/* Begin an empty container and remember it. */
static void put_empty(Thread *t, Pickler *p, PickleOp binary, PickleOp text, Value v) {
    if (!p->binary) pickle_put(p, PICKLE_MARK);
    pickle_put(p, p->binary ? binary : text);
    pickle_memoize(t, p, v);
}

static bool save_list(Thread *t, Pickler *p, Value v) {
    put_empty(t, p, PICKLE_EMPTY_LIST, PICKLE_LIST, v);
    List *list = LIST(v);
    Value *root = push_roots(t, 1);
    bool single = list->size == 1 || !p->binary, ok = true;
    for (size_t i = 0; ok && i < list->size;) {
        if (!single) pickle_put(p, PICKLE_MARK);
        size_t end = single ? i + 1 : i + PICKLE_BATCH;
        for (; ok && i < end && i < list->size; i++) {
            root[0] = list->items[i];
            ok = pickle_save(t, p, root[0]);
        }
        if (ok) pickle_put(p, single ? PICKLE_APPEND : PICKLE_APPENDS);
    }
    pop_roots(t, root);
    return ok;
}

static bool save_dict(Thread *t, Pickler *p, Value v) {
    put_empty(t, p, PICKLE_EMPTY_DICT, PICKLE_DICT, v);
    Dict *dict = DICT(v);
    Value *roots = push_roots(t, 2);
    bool single = dict->used == 1 || !p->binary, ok = true, more = true;
    uint32_t position = 0, used = dict->used;
    more = dict_next(dict, &position, &roots[0], &roots[1]);
    while (ok && more) {
        if (!single) pickle_put(p, PICKLE_MARK);
        for (int n = 0; ok && more && n < (single ? 1 : PICKLE_BATCH); n++) {
            ok = pickle_save(t, p, roots[0]) && pickle_save(t, p, roots[1]);
            if (ok && dict->used != used) {
                raise_error(t, EXC_RuntimeError, "dictionary changed size during iteration");
                ok = false;
            }
            more = ok && dict_next(dict, &position, &roots[0], &roots[1]);
        }
        if (ok) pickle_put(p, single ? PICKLE_SETITEM : PICKLE_SETITEMS);
    }
    pop_roots(t, roots);
    return ok;
}

/* ---- sets ---- */

/* Before protocol 4: set([items]). */
static bool save_old_set(Thread *t, Pickler *p, Value v) {
    Value *roots = push_roots(t, 2);
    List *items = list_from_iterable(t, v);
    bool ok = items != NULL;
    if (ok) {
        roots[0] = object_value(items);
        roots[1] = object_value(tuple_from(t, roots, 1));
        ok = pickle_save_call(t, p, object_value(class_of(t->vm, v)), roots[1], v);
    }
    pop_roots(t, roots);
    return ok;
}

/* Up to [limit] items from *[position] on; [*more]: there may be others. */
static bool save_set_items(Thread *t, Pickler *p, Set *set, uint32_t *position, int limit,
                           bool *more) {
    uint32_t used = set->used;
    Value *root = push_roots(t, 1);
    bool ok = true;
    *more = true;
    for (int n = 0; ok && n < limit; n++) {
        *more = set_next(set, position, root);
        if (!*more) break;
        ok = pickle_save(t, p, root[0]);
        if (ok && set->used != used) {
            raise_error(t, EXC_RuntimeError, "set changed size during iteration");
            ok = false;
        }
    }
    pop_roots(t, root);
    return ok;
}

static bool save_set(Thread *t, Pickler *p, Value v) {
    if (p->protocol < 4) return save_old_set(t, p, v);
    pickle_put(p, PICKLE_EMPTY_SET);
    pickle_memoize(t, p, v);
    uint32_t position = 0;
    for (uint32_t left = SET(v)->used; left;) {
        bool more;
        pickle_put(p, PICKLE_MARK);
        if (!save_set_items(t, p, SET(v), &position, PICKLE_BATCH, &more)) return false;
        pickle_put(p, PICKLE_ADDITEMS);
        left = more && left > PICKLE_BATCH ? left - PICKLE_BATCH : 0;
    }
    return true;
}

static bool save_frozenset(Thread *t, Pickler *p, Value v) {
    if (p->protocol < 4) return save_old_set(t, p, v);
    uint32_t position = 0;
    bool more;
    pickle_put(p, PICKLE_MARK);
    if (!save_set_items(t, p, SET(v), &position, INT32_MAX, &more)) return false;
    int64_t known = pickle_memo_find(p, v);
    if (known >= 0) {
        pickle_put(p, PICKLE_POP_MARK);
        return drop_for(p, (uint32_t)known, 0);
    }
    pickle_put(p, PICKLE_FROZENSET);
    pickle_memoize(t, p, v);
    return true;
}

/* ---- items that a reduction gives ---- */

/* Up to a batch of what [iterator] gives, in [items] (a list): 1, 0 at the end, -1 raised. */
static int next_batch(Thread *t, Value iterator, List *items, size_t limit) {
    while (items->size < limit) {
        Value v = value_next(t, iterator);
        if (v == VALUE_DONE) return 0;
        if (v == VALUE_ERROR || !list_append(t, items, v) || !thread_poll(t)) return -1;
    }
    return 1;
}

static bool save_batch(Thread *t, Pickler *p, List *batch, bool pairs) {
    for (size_t i = 0; i < batch->size; i++) {
        Value item = batch->items[i];
        if (!pairs) {
            if (!pickle_save(t, p, item)) return false;
            continue;
        }
        if (!is_kind(item, OBJ_TUPLE) || TUPLE(item)->size != 2) {
            raise_error(t, EXC_TypeError, "dict items iterator must return 2-tuples");
            return false;
        }
        if (!pickle_save(t, p, TUPLE(item)->items[0]) || !pickle_save(t, p, TUPLE(item)->items[1]))
            return false;
    }
    return true;
}

static bool save_batches(Thread *t, Pickler *p, Value iterator, bool pairs) {
    Value *roots = push_roots(t, 2);
    roots[0] = iterator;
    int more = 1;
    while (more > 0) {
        List *batch = list_new(t, 0);
        roots[1] = object_value(batch);
        more = next_batch(t, iterator, batch, p->binary ? PICKLE_BATCH : 1);
        if (more < 0) return false;
        if (!batch->size) break;
        bool single = batch->size == 1;
        if (!single) pickle_put(p, PICKLE_MARK);
        if (!save_batch(t, p, batch, pairs)) return false;
        if (pairs) pickle_put(p, single ? PICKLE_SETITEM : PICKLE_SETITEMS);
        else pickle_put(p, single ? PICKLE_APPEND : PICKLE_APPENDS);
    }
    pop_roots(t, roots);
    return true;
}

bool pickle_save_items(Thread *t, Pickler *p, Value iterator) {
    return save_batches(t, p, iterator, false);
}

bool pickle_save_pairs(Thread *t, Pickler *p, Value iterator) {
    return save_batches(t, p, iterator, true);
}

/* ---- any object ---- */

/* What is written in one instruction and not remembered: 1 written, 0 something else, -1 raised. */
static int save_atom(Thread *t, Pickler *p, Value v) {
    if (v == VALUE_NONE) return pickle_put(p, PICKLE_NONE), 1;
    if (is_bool(v)) return save_bool(p, v == VALUE_TRUE);
    if (is_fixnum(v)) return save_int(t, p, v) ? 1 : -1;
    if (is_flonum(v)) return save_float(p, flonum_of(v));
    if (!is_object(v)) return 0;
    const Class *cls = object_class(object_of(v));
    if (cls == BUILTIN_CLASS(t, INT)) return save_int(t, p, v) ? 1 : -1;
    if (cls == BUILTIN_CLASS(t, FLOAT)) return save_float(p, float_of(v));
    return 0;
}

typedef bool (*Saver)(Thread *t, Pickler *p, Value v);

/* How exact instances of built-in containers are written. */
static Saver saver_of(ObjectKind kind) {
    switch (kind) {
    case OBJ_DICT: return save_dict;
    case OBJ_SET: return save_set;
    case OBJ_FROZENSET: return save_frozenset;
    case OBJ_LIST: return save_list;
    case OBJ_TUPLE: return save_tuple;
    case OBJ_BYTEARRAY: return save_bytearray;
    default: return pickle_save_other;
    }
}

bool pickle_save_object(Thread *t, Pickler *p, Value v) {
    int atom = save_atom(t, p, v);
    if (atom) return atom > 0;
    int64_t known = pickle_memo_find(p, v);
    if (known >= 0) {
        pickle_put_get(p, (uint32_t)known);
        return true;
    }
    ObjectKind kind = is_object(v) ? object_kind(object_of(v)) : OBJ_OBJECT;
    bool exact = is_object(v) && object_class(object_of(v)) == t->vm->classes[kind];
    if (exact && kind == OBJ_BYTES) return save_bytes(t, p, v);
    if (exact && kind == OBJ_STR) return pickle_save_str(t, p, STR(v));
    if (!thread_poll(t) || !enter_native(t, " while pickling an object")) return false;
    bool ok = (exact ? saver_of(kind) : pickle_save_other)(t, p, v);
    leave_native(t);
    return ok;
}

/* The id of [v] for which somebody else keeps it: 1 written, 0 None was answered, -1 raised. */
static int save_persistent(Thread *t, Pickler *p, Value v) {
    Value *roots = push_roots(t, 1);
    roots[0] = call_value(t, p->persistent_id, &v, 1);
    if (roots[0] == VALUE_ERROR) return -1;
    if (roots[0] == VALUE_NONE) return pop_roots(t, roots), 0;
    if (p->binary) {
        if (!pickle_save_object(t, p, roots[0])) return -1;
        pickle_put(p, PICKLE_BINPERSID);
    } else {
        Str *text = value_str(t, roots[0]);
        if (!text) return -1;
        if (!str_is_ascii(text))
            return pickle_raise(t, PICKLING_ERROR,
                                "persistent IDs in protocol 0 must be ASCII strings"),
                   -1;
        pickle_put(p, PICKLE_PERSID);
        pickle_put_bytes(p, text->data, text->size);
        pickle_put_bytes(p, "\n", 1);
    }
    pop_roots(t, roots);
    return 1;
}

bool pickle_save(Thread *t, Pickler *p, Value v) {
    if (UNLIKELY(p->persistent_id != VALUE_NONE)) {
        int saved = save_persistent(t, p, v);
        if (saved) return saved > 0;
    }
    return pickle_save_object(t, p, v);
}
