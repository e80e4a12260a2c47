/* SPDX-License-Identifier: MIT */
/*
 * The header every heap object begins with, and the few layouts the whole VM knows.
 *
 * The header is one word: the kind (which C struct this is), the collector's bits, and the class.
 * The kind never changes; a Tulip subclass of a built-in keeps the built-in's kind, so natives go
 * by kind and `exact` checks go by class. An object of a class with attributes ends in an
 * Attributes part, found by object_attributes().
 *
 * Invariant: kind 0 (OBJ_FREE) is a free cell and never reachable from a Value.
 * Read next: vm/heap.h (how objects are made and freed), vm/class.h (classes, shapes, slots).
 */
#ifndef TULIP_VM_OBJECT_H
#define TULIP_VM_OBJECT_H

#include "vm/value.h"

typedef enum ObjectKind {
    OBJ_FREE,
#define TYPE(KIND, NAME, BASE, FLAGS, TRACED) OBJ_##KIND,
#include "vm/types.def"
#undef TYPE
    OBJ_KIND_COUNT
} ObjectKind;

typedef struct Class Class;
typedef struct Shape Shape;
typedef struct Dict Dict;
typedef struct Str Str;
typedef struct Tuple Tuple;
typedef struct List List;
typedef struct Code Code;
typedef struct Frame Frame;
typedef struct Function Function;
typedef struct Generator Generator;
typedef struct Module Module;
typedef struct Exception Exception;
typedef struct Thread Thread;
typedef struct Vm Vm;
typedef struct Heap Heap;

typedef struct Object {
    uint64_t kind : 8; /* ObjectKind */
    uint64_t mark : 4; /* the collector's colour, see heap.h */
    uint64_t bits : 4; /* OBJECT_… bits below */
    uint64_t cls : 48; /* the Class*, see object_class() */
} Object;

enum {
    OBJECT_INTERNED = 1,  /* a Str in the intern table */
    OBJECT_LARGE = 2,     /* malloc'd on its own, not in a size-class block */
    OBJECT_FINALIZED = 4, /* its __del__ or close() has run */
    OBJECT_IMMORTAL = 8,  /* never freed nor traced again (embedded library) */
};

static inline Object *object_of(Value v) { return (Object *)(uintptr_t)v; }
static inline Value object_value(const void *object) { return (Value)(uintptr_t)object; }
static inline ObjectKind object_kind(const Object *o) { return (ObjectKind)o->kind; }
static inline Class *object_class(const Object *o) { return (Class *)(uintptr_t)o->cls; }
static inline void object_set_class(Object *o, const Class *cls) { o->cls = (uintptr_t)cls; }

/* Whether [v] is a heap object of layout [kind] (a subclass of the built-in counts). */
static inline bool is_kind(Value v, ObjectKind kind) {
    return is_object(v) && object_kind(object_of(v)) == kind;
}
/* True for VALUEs that are ints: fixnums, big ints, bools, instances of subclasses of int. */
static inline bool is_int(Value v) { return is_fixnum(v) || is_bool(v) || is_kind(v, OBJ_INT); }
static inline bool is_float(Value v) { return is_flonum(v) || is_kind(v, OBJ_FLOAT); }
static inline bool is_str(Value v) { return is_kind(v, OBJ_STR); }
static inline bool is_generator_kind(Value v) {
    return is_object(v) && (unsigned)(object_kind(object_of(v)) - OBJ_GENERATOR) < 3;
}

/* The trailing part of an object whose class gives instances attributes.
 * Shape mode: slot i of the shape is inline_slots[i] (plain instances only) or more[i - inline
 * count]. Dict mode (shape->is_dict): more points to a Dict. */
typedef struct Attributes {
    Shape *shape;
    union {
        Value *more; /* malloc'd, capacity = shape_more_capacity(slot count) */
        Dict *dict;  /* dict mode */
    };
} Attributes;

/* A plain object: class Foo: … without a built-in base. */
typedef struct Instance {
    Object header;
    Attributes attributes;
    Value slots[]; /* class->inline_slots of them, all initialised (VALUE_UNSET) */
} Instance;

/* An object of a class defined by a native module (deque, count, Random, …): [size] bytes of C data
 * follow the header, traced and freed by the class's hooks (class->trace, class->finalize). */
typedef struct NativeObject {
    Object header;
} NativeObject;

typedef struct Cell {
    Object header;
    Value value;
} Cell;

typedef struct Float {
    Object header;
    double value;
} Float;

struct Tuple {
    Object header;
    size_t size;
    Value items[];
};

struct List {
    Object header;
    size_t size, capacity;
    Value *items;
};

typedef struct Slice {
    Object header;
    Value start, stop, step;
} Slice;

typedef struct Range {
    Object header;
    Value start, stop, step; /* ints of any size; length computed on demand */
} Range;

/* Range over fixnums only. */
typedef struct RangeIterator {
    Object header;
    int64_t next, step;
    uint64_t left;   /* how many are still to come */
    uint64_t length; /* how many there were */
} RangeIterator;

/* Iterators over list, tuple, str, bytes: [over] becomes VALUE_UNSET when exhausted. */
typedef struct SequenceIterator {
    Object header;
    Value over;
    size_t index; /* item index; for str the byte offset */
} SequenceIterator;

/* Text: UTF-8 (lone surrogates allowed, encoded as 3 bytes). ASCII iff size == length. */
struct Str {
    Object header;
    uint64_t hash;   /* 0: not computed */
    size_t size;     /* bytes */
    size_t length;   /* code points */
    uint32_t *marks; /* byte offset of every 64th code point, built lazily; NULL for ASCII */
    char *data;      /* own_text, or a piece of memory shared with longer strs: see vm/str.c */
    char own_text[];
};

typedef struct Bytes {
    Object header;
    uint64_t hash;
    size_t size;
    uint8_t data[]; /* NUL-terminated */
} Bytes;

typedef struct Bytearray {
    Object header;
    size_t size, capacity;
    uint8_t *data;
} Bytearray;

typedef struct DictEntry {
    Value key; /* VALUE_UNSET: deleted */
    Value value;
    uint64_t hash;
} DictEntry;

/* Insertion-ordered compact table: entries in order, and an open-addressing index of
 * entry numbers. */
struct Dict {
    Object header;
    uint32_t used;     /* live entries: len() */
    uint32_t count;    /* entries in use including deleted ones */
    uint32_t capacity; /* of entries */
    uint32_t layout; /* 0: nobody caches positions. Else changes whenever a key is added, removed or
                        moved: inline caches of globals rely on it (see dict_watch) */
    DictEntry *entries;
    int32_t *index; /* 1 << index_bits slots, -1 empty; NULL while capacity <= 8 (linear scan) */
    uint8_t index_bits;
    uint8_t is_default; /* its class may define __missing__ */
    uint32_t first;     /* every entry before it is deleted */
};

/* Sets keep insertion order and share the table's design. */
typedef struct SetEntry {
    Value key;
    uint64_t hash;
} SetEntry;

typedef struct Set { /* OBJ_SET and OBJ_FROZENSET */
    Object header;
    uint32_t used, count, capacity;
    uint8_t index_bits;
    union {
        uint64_t hash;  /* frozenset; 0: not computed */
        uint64_t first; /* set: every entry before it is deleted */
    };
    SetEntry *entries;
    int32_t *index;
} Set;

/* dict.keys(), .values(), .items(): live views; [over] is the dict. */
typedef struct DictView {
    Object header;
    Value over;
} DictView;

/* Iterators over dicts and sets, forwards and backwards: [over] becomes VALUE_UNSET
 * when exhausted. */
typedef struct TableIterator {
    Object header;
    Value over;
    uint32_t position; /* next entry to look at; backwards: one more than it */
    uint32_t used;     /* length of the table when the iteration began */
    uint32_t left;     /* items still to come */
} TableIterator;

/* Range whose values or length leave the fixnum range; all three are ints. */
typedef struct LongRangeIterator {
    Object header;
    Value next, step, left;
} LongRangeIterator;

struct Function {
    Object header;
    Code *code;
    Dict *globals;
    Value defaults;       /* tuple or VALUE_NONE */
    Value kwdefaults;     /* dict or VALUE_NONE */
    Value name, qualname; /* str */
    Value doc, module;
    Value annotations; /* a dict; VALUE_ERROR until it is asked for or set */
    Dict *attributes;  /* __dict__, NULL until used */
    Cell *captures[];  /* code->ncaptures cells */
};

typedef struct Method { /* a bound method */
    Object header;
    Value function, self;
} Method;

struct Module {
    Object header;
    Value name;
    Dict *dict;
    bool initializing; /* its code is still running: an import in a circle may meet it */
};

#define LIST(v)              ((List *)(uintptr_t)(v))
#define TUPLE(v)             ((Tuple *)(uintptr_t)(v))
#define DICT(v)              ((Dict *)(uintptr_t)(v))
#define SET(v)               ((Set *)(uintptr_t)(v))
#define STR(v)               ((Str *)(uintptr_t)(v))
#define BYTES(v)             ((Bytes *)(uintptr_t)(v))
#define CLASS(v)             ((Class *)(uintptr_t)(v))
#define FUNCTION(v)          ((Function *)(uintptr_t)(v))
#define GENERATOR(v)         ((Generator *)(uintptr_t)(v))
#define EXCEPTION(v)         ((Exception *)(uintptr_t)(v))
#define INSTANCE(v)          ((Instance *)(uintptr_t)(v))
#define MODULE(v)            ((Module *)(uintptr_t)(v))
#define CELL(v)              ((Cell *)(uintptr_t)(v))
#define RANGE(v)             ((Range *)(uintptr_t)(v))
#define SLICE(v)             ((Slice *)(uintptr_t)(v))
#define SEQUENCE_ITERATOR(v) ((SequenceIterator *)(uintptr_t)(v))
#define TABLE_ITERATOR(v)    ((TableIterator *)(uintptr_t)(v))
#define DICT_VIEW(v)         ((DictView *)(uintptr_t)(v))

#endif
