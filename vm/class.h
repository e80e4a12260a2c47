/* SPDX-License-Identifier: MIT */
/*
 * Classes, their slots (C functions behind operators), and shapes (the layout of instances).
 *
 * A slot is how the VM asks an object to do something: add, iterate, compare. Native classes fill
 * slots with C functions; a Tulip class inherits its bases' slots, and for every dunder method it
 * defines, the slot becomes the generic function that calls the method (class_update_slots). The
 * other way round, every slot a native class fills is also visible as a method (`list.__len__`)
 * through a generated native (class_publish_slots). Both directions come from one table, slots.def.
 *
 * Inline caches compare one number, the *key* of an object: its shape's key for objects with
 * attributes, its class's key otherwise. Changing a class (or a base of it) gives it and all its
 * shapes new keys, so a key that matches proves that what was cached still holds. Keys are never
 * reused; 0 is never a key.
 *
 * Read next: vm/attribute.c (lookup with and without caches), vm/slots.def.
 */
#ifndef TULIP_VM_CLASS_H
#define TULIP_VM_CLASS_H

#include "vm/object.h"

typedef enum BinaryOp {
    BINARY_ADD,
    BINARY_SUB,
    BINARY_MUL,
    BINARY_TRUEDIV,
    BINARY_FLOORDIV,
    BINARY_MOD,
    BINARY_POW,
    BINARY_LSHIFT,
    BINARY_RSHIFT,
    BINARY_AND,
    BINARY_OR,
    BINARY_XOR,
    BINARY_MATMUL,
    BINARY_DIVMOD,
    BINARY_COUNT
} BinaryOp;
/* (UnaryOp is the syntax tree's.) */
typedef enum UnaryOperation {
    UNARY_NEG,
    UNARY_POS,
    UNARY_INVERT,
    UNARY_ABS,
    UNARY_COUNT
} UnaryOperation;
typedef enum CompareOp {
    COMPARE_LT,
    COMPARE_LE,
    COMPARE_EQ,
    COMPARE_NE,
    COMPARE_GT,
    COMPARE_GE,
    COMPARE_COUNT
} CompareOp;

/* All may raise (VALUE_ERROR, or false/-1 where said). NULL: the class does not support it.
 * [binary] is called for the left operand's class and, reflected, for the right one's, always with
 * the operands in source order; it returns VALUE_NOTIMPLEMENTED for operands it does not know. */
typedef struct Slots {
    Value (*repr)(Thread *t, Value self);
    Value (*str)(Thread *t, Value self);
    bool (*hash)(Thread *t, Value self, int64_t *out);           /* NULL: unhashable */
    Value (*compare)(Thread *t, Value a, Value b, CompareOp op); /* NotImplemented when unknown */
    int (*truth)(Thread *t, Value self);                         /* 1, 0, or -1 raised */
    Value (*binary[BINARY_COUNT])(Thread *t, Value a, Value b);
    Value (*inplace[BINARY_COUNT])(Thread *t, Value a, Value b);
    Value (*unary[UNARY_COUNT])(Thread *t, Value self);
    Value (*power_mod)(Thread *t, Value a, Value b, Value mod);
    Value (*to_int)(Thread *t, Value self);
    Value (*to_float)(Thread *t, Value self);
    Value (*index)(Thread *t, Value self);
    int64_t (*length)(Thread *t, Value self); /* -1 raised */
    Value (*getitem)(Thread *t, Value self, Value key);
    bool (*setitem)(Thread *t, Value self, Value key, Value v); /* v VALUE_UNSET: delete */
    int (*contains)(Thread *t, Value self, Value item);         /* 1, 0, -1 */
    Value (*iter)(Thread *t, Value self);
    Value (*next)(Thread *t, Value self); /* VALUE_DONE via iter_done(t) */
    /* values of the keywords follow the positionals in args; argc counts both */
    Value (*call)(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames);
    Value (*getattr)(Thread *t, Value self, Str *name); /* the whole lookup; NULL: object_getattr */
    /* v VALUE_UNSET: delete; NULL: object_setattr */
    bool (*setattr)(Thread *t, Value self, Str *name, Value v);
    /* instance VALUE_UNSET: via the class */
    Value (*descr_get)(Thread *t, Value self, Value instance, Value owner);
    bool (*descr_set)(Thread *t, Value self, Value instance, Value v); /* v VALUE_UNSET: delete */
    Value (*await)(Thread *t, Value self);
    Value (*aiter)(Thread *t, Value self);
    Value (*anext)(Thread *t, Value self);
    /* __new__ */
    Value (*construct)(Thread *t, Class *cls, const Value *args, int argc, Tuple *kwnames);
    bool (*init)(Thread *t, Value self, const Value *args, int argc, Tuple *kwnames);
} Slots;

enum ClassFlags {
    CLASS_BASE_ALLOWED = 1,   /* may be subclassed */
    CLASS_HAS_ATTRIBUTES = 2, /* instances end in an Attributes part */
    CLASS_HEAP = 4,           /* made by a class statement or type() */
    CLASS_EXCEPTION = 8,      /* derives from BaseException */
    CLASS_HAS_DEL = 16,       /* defines __del__ */
    CLASS_GETATTR_HOOK = 32,  /* defines __getattr__ or __getattribute__ */
    CLASS_SETATTR_HOOK = 64,  /* defines __setattr__ or __delattr__ */
    CLASS_PLAIN_NEW = 128,  /* __new__ is object's: a call may allocate and push __init__'s frame */
    CLASS_METACLASS = 256,  /* derives from type */
    CLASS_ABSTRACT = 512,   /* __abstractmethods__ is not empty */
    CLASS_NO_DICT = 1024,   /* instances have only what __slots__ names (object itself: nothing) */
    CLASS_OWN_SLOTS = 2048, /* its own __slots__ is not empty: a layout that may conflict */
    CLASS_JOINS = 4096,     /* native: its + and * are those of a sequence, see vm/ops.c */
};

struct Class {
    Object header;
    Str *name;
    Value qualname, module; /* str */
    Value doc;
    Tuple *bases, *mro; /* mro[0] is the class itself */
    Dict *dict;
    Class *base;        /* the base whose layout is extended */
    Class **subclasses; /* direct ones, alive: dead ones are taken out when marking ends */
    uint32_t subclass_count, subclass_capacity;
    ObjectKind kind;        /* layout of its instances */
    uint32_t flags;         /* CLASS_… */
    uint32_t key;           /* see above */
    uint16_t instance_size; /* bytes before the Attributes part (fixed-size kinds) */
    uint16_t inline_slots;  /* plain instances: how many attribute slots are inline */
    Shape *root_shape;      /* the empty shape; NULL unless CLASS_HAS_ATTRIBUTES */
    Function *init;    /* while init_key == key: what a call of the class runs after allocating an
                          instance, */
    uint32_t init_key; /* a simple function; see begin_class in vm/call.c */
    Slots slots;
    /* native modules' own kinds of data (OBJ_NATIVE_DATA) */
    void (*trace)(Heap *heap, Object *self);    /* heap_shade every Value it holds */
    void (*finalize)(Heap *heap, Object *self); /* release buffers; no Tulip code */
};

/* Hidden class of instances: a tree per class; each node adds one attribute. */
struct Shape {
    Class *cls;
    Shape *parent;
    Str *name;      /* the attribute this node adds; NULL in the root */
    uint32_t key;   /* what inline caches compare */
    uint16_t count; /* attributes, this one included; slot of [name] is count - 1 */
    uint16_t inline_slots;
    bool is_dict; /* the class's one shape for instances in dict mode */
    Shape **children;
    int child_count;
    Shape *dict_shape; /* of the root: made on demand */
};

/* Every object of kind OBJ_OBJECT has an Attributes part and a shape (object() itself too: its
 * class has CLASS_NO_DICT). Of the other kinds only those whose class has CLASS_HAS_ATTRIBUTES. */
#define SHAPE_MAX_SLOTS 64

/* The class of any Value. */
Class *class_of(const Vm *vm, Value v);
/* Is [cls] [base] or derived from it (by the MRO)? */
bool class_is_subclass(const Class *cls, const Class *base);
/* The attribute [name] along the MRO, or VALUE_UNSET. Never raises, no descriptors
 * applied. Cached. */
Value class_lookup(Thread *t, Class *cls, Str *name);

/* Make a class as `type(name, bases, dict)` does: C3 order, layout conflict checks, __slots__,
 * slots, __set_name__, __init_subclass__(**kwargs). [ns] is copied. [attribute_hint]: how many
 * attributes its methods assign to self, -1 when unknown. NULL when it raises. */
Class *class_create(Thread *t, Class *meta, Str *name, Tuple *bases, Dict *ns,
                    const Value *kwvalues, Tuple *kwnames, int attribute_hint) MUST_CHECK;
/* Set or delete (v VALUE_UNSET) a class attribute, keep slots and keys true. */
bool class_set_attribute(Thread *t, Class *cls, Str *name, Value v) MUST_CHECK;

/* The Attributes part of [o], or NULL when its class has none. */
Attributes *object_attributes(Object *o);
/* The key inline caches compare for [v] (0: do not cache). */
uint32_t value_cache_key(const Vm *vm, Value v);

/* ---- for the collector and for native classes ---- */

/* The bare vm->classes[] and vm->exceptions[], before any <type>_init; names are
 * interned already. */
void vm_bootstrap_classes(Thread *t);
/* A class for a native module, bare: layout of [kind] and [size] bytes; no slots of its own yet. */
Class *class_new_native(Thread *t, const char *name, const char *module, Class *base,
                        ObjectKind kind, size_t size);
/* Give a native class the methods (`list.__len__`) of the slots it fills itself; vm/slots.c. */
void class_publish_slots(Thread *t, Class *cls, const Slots *own);
/* [into]: [own]'s slots, and [base]'s where [own] has none. */
void slots_merge(Slots *into, const Slots *own, const Slots *base);
/* A new cache key (never 0 until 2^31 have been given out, then always 0: nothing is cached any
 * more). */
uint32_t key_new(Vm *vm);
/* [cls] is from now on among the direct subclasses of [base]. */
void class_add_subclass(Class *base, Class *cls);
/* Shade the native classes below [cls], which C code keeps pointers to. */
void class_shade_natives(Heap *heap, Class *cls);
/* Marking has ended: take dead classes out of the lists of the living below [cls]. */
void class_forget_dead(const Heap *heap, Class *cls);
/* Free the shapes of a dead class. */
void class_release(Class *cls);
/* A `trace` hook for objects whose built-in layout is a header followed by nothing but Values. */
void trace_all_values(Heap *heap, Object *o);
/* The empty shape of [cls]. */
Shape *shape_new_root(Vm *vm, Class *cls);
/* New keys for all shapes of the tree. */
void shape_renew_keys(Vm *vm, Shape *root);
void shape_free(Shape *root);
/* [a], whose shape is any of its class, to dict mode with [dict] as its attributes. */
void shape_set_dict(Vm *vm, Attributes *a, Dict *dict);
/* Values that `more` of an instance with this shape has room for. */
static inline uint32_t shape_more_capacity(const Shape *shape) {
    int used = shape->count - shape->inline_slots;
    uint32_t capacity = 4;
    if (used <= 0) return 0;
    while (capacity < (uint32_t)used) capacity *= 2;
    return capacity;
}
/* The slots of `object`, which every class begins with; vm/object.c. */
extern const Slots object_slots;
/* Bring cls->slots and flags in line with the dunders along its MRO; vm/slots.c. */
void class_update_slots(Thread *t, Class *cls);
/* The same for a new class: only what its own dict defines is looked at when it has one base. */
void class_inherit_slots(Thread *t, Class *cls);
/* cls(*args): __new__ and __init__. The `call` slot of type. */
Value class_call(Thread *t, Value cls, const Value *args, int argc, Tuple *kwnames);
/* Assign `__bases__` (VALUE_UNSET: delete, which is refused); vm/class_bases.c. */
bool class_set_bases(Thread *t, Class *cls, Value bases) MUST_CHECK;
/* Which of [bases] is extended; NULL: one is no class or may not be derived from, or their layouts
 * conflict. */
Class *class_best_base(Thread *t, Tuple *bases) MUST_CHECK;
/* Give [cls] its MRO: what its metaclass's mro() says, or the C3 order. */
bool class_set_mro(Thread *t, Class *cls) MUST_CHECK;
/* [cls] has other bases now: new keys and slots for it and its subclasses. */
void class_renew(Thread *t, Class *cls);
/* The C3 order of a class with these [bases], or NULL: raised. */
Tuple *class_linearize(Thread *t, Class *cls, Tuple *bases);
/* Put the `__dict__` field of instances into [cls]'s dict; vm/object.c. */
void instance_dict_publish(Thread *t, Class *cls);
/* Which of [meta] and the bases' metaclasses makes the class; NULL: metaclass conflict raised. */
Class *class_winning_meta(Thread *t, Class *meta, Tuple *bases);

/* Generic attribute access of instances: data descriptor, instance, class attribute (bound),
 * __getattr__. */
Value object_getattr(Thread *t, Value self, Str *name) MUST_CHECK;
/* The same for setting; v VALUE_UNSET: delete. */
bool object_setattr(Thread *t, Value self, Str *name, Value v) MUST_CHECK;
/* The instance's own attribute, or VALUE_UNSET; never raises. */
Value instance_get(Thread *t, Object *o, Str *name);
/* Set the instance's own attribute (v VALUE_UNSET: delete; false when it was not there). */
bool instance_set(Thread *t, Object *o, Str *name, Value v);
/* The same for what __slots__ names, which is no part of __dict__. */
Value instance_get_member(Thread *t, Object *o, Str *name);
bool instance_set_member(Thread *t, Object *o, Str *name, Value v);
/* The instance's __dict__ as a live Dict (moves it to dict mode). */
Dict *instance_dict(Thread *t, Object *o);
/* Slot number of [name] in [shape], -1 when absent. */
int shape_find(const Shape *shape, const Str *name);
/* The shape after adding [name]; NULL: the instance must move to dict mode. */
Shape *shape_add(Vm *vm, Shape *shape, Str *name);

/* A new object of class [cls] whose layout is [cls]->kind, Attributes part initialised; other
 * fields zero. [extra]: bytes of variable-size payload after the fixed struct (str,
 * tuple, bytes). */
void *object_new(Thread *t, Class *cls, size_t extra);
/* Instance of a plain class. */
Instance *instance_new(Thread *t, Class *cls);

#endif
