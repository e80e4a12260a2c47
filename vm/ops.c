/* SPDX-License-Identifier: MIT */
/*
 * Operators on any values: which operand's slot is asked first, what happens when neither knows the
 * other, and Python's messages when nobody does.
 *
 * Binary operators and comparisons ask the left operand's class first, unless the right one's is a
 * subclass of it. Slots answer VALUE_NOTIMPLEMENTED for operands they do not know. Read next:
 * vm/slots.c (slots of Tulip classes), vm/iterate.c, vm/text.c.
 */
#include "vm/ops.h"

#include "vm/attribute.h"
#include "vm/container.h"
#include "vm/exception.h"
#include "vm/generic_alias.h"
#include "vm/number.h"
#include "vm/slots.h"
#include "vm/str.h"

/* ---- arithmetic ---- */

static const char *const binary_symbols[BINARY_COUNT] = {
#define SLOT(NAME, FIELD, ADAPTOR, DOC)
#define COMPARE(NAME, OP)
#define BINARY(NAME, REFLECTED, INPLACE, OP, SYMBOL) [OP] = SYMBOL,
#include "vm/slots.def"
#undef SLOT
#undef COMPARE
#undef BINARY
};

/* Is [slot] of [cls] the + or * of a native sequence? Python has these outside the number protocol:
 * they are asked when no number knows, the left operand's first, and raise their own errors. */
static bool joins(const Class *cls, BinaryOp op, Value (*slot)(Thread *, Value, Value)) {
    if (op != BINARY_ADD && op != BINARY_MUL) return false;
    while (cls->flags & CLASS_HEAP) cls = cls->base;
    return (cls->flags & CLASS_JOINS) && slot &&
           (slot == cls->slots.binary[op] || slot == cls->slots.inplace[op]);
}

/* The operands' slots in order; VALUE_NOTIMPLEMENTED when none knows. */
static Value ask_both(Thread *t, BinaryOp op, Value a, Value b) {
    Class *left = class_of(t->vm, a), *right = class_of(t->vm, b);
    Value (*of_left)(Thread *, Value, Value) = left->slots.binary[op];
    Value (*of_right)(Thread *, Value, Value) = right->slots.binary[op];
    if (left == right || of_right == of_left) of_right = NULL;
    if (of_left) {
        bool right_first = of_right && (class_is_subclass(right, left) ||
                                        (joins(left, op, of_left) && !joins(right, op, of_right)));
        if (right_first) {
            Value result = of_right(t, a, b);
            if (result != VALUE_NOTIMPLEMENTED) return result;
            of_right = NULL;
        }
        Value result = of_left(t, a, b);
        if (result != VALUE_NOTIMPLEMENTED) return result;
    }
    return of_right ? of_right(t, a, b) : VALUE_NOTIMPLEMENTED;
}

/* ask_both when the operands may be collected in between: between two Tulip calls they must be
 * rooted. */
static Value ask_rooted(Thread *t, BinaryOp op, Value a, Value b) {
    Value *roots = push_roots(t, 2);
    roots[0] = a;
    roots[1] = b;
    Value result = ask_both(t, op, a, b);
    pop_roots(t, roots);
    return result;
}

static bool is_printer(Thread *t, Value a) {
    if (!is_kind(a, OBJ_NATIVE)) return false;
    Native *native = (Native *)object_of(a);
    (void)t;
    return is_str(native->name) && !strcmp(STR(native->name)->data, "print");
}

static Value raise_unsupported(Thread *t, BinaryOp op, Value a, Value b) {
    if (op == BINARY_RSHIFT && is_printer(t, a)) {
        return raise_error(t, EXC_TypeError,
                           "unsupported operand type(s) for >>: '%T' and '%T'. Did you mean "
                           "\"print(<message>, file=<output_stream>)\"?",
                           a, b);
    }
    return raise_error(t, EXC_TypeError, "unsupported operand type(s) for %s: '%T' and '%T'",
                       binary_symbols[op], a, b);
}

Value value_binary(Thread *t, BinaryOp op, Value a, Value b) {
    Value result = ask_rooted(t, op, a, b);
    return result == VALUE_NOTIMPLEMENTED ? raise_unsupported(t, op, a, b) : result;
}

static const char *inplace_symbol(BinaryOp op) {
    static const char *const symbols[BINARY_COUNT] = {
        "+=",  "-=",  "*=", "/=", "//=", "%=", "**=",
        "<<=", ">>=", "&=", "|=", "^=",  "@=", "divmod()"};
    return symbols[op];
}

/* May `a *= b` repeat b? Only when a has nothing of a container, as CPython has it. */
static bool may_repeat_other(BinaryOp op, const Class *left, const Class *right) {
    bool container = left->slots.length || left->slots.contains || left->slots.getitem;
    bool heap = left->flags & CLASS_HEAP;
    return (!container && !heap) || !joins(right, op, right->slots.binary[op]);
}

static Value ask_inplace(Thread *t, BinaryOp op, Value a, Value b) {
    Class *left = class_of(t->vm, a), *right = class_of(t->vm, b);
    Value (*slot)(Thread *, Value, Value) = left->slots.inplace[op];
    Value (*of_right)(Thread *, Value, Value) = right->slots.binary[op];
    Value result = VALUE_NOTIMPLEMENTED;
    bool joining = joins(left, op, slot);
    if (joining && of_right && left != right && !joins(right, op, of_right))
        result = of_right(t, a, b);
    if (result == VALUE_NOTIMPLEMENTED && slot) result = slot(t, a, b);
    if (result != VALUE_NOTIMPLEMENTED || joining) return result;
    if (!left->slots.binary[op] && !may_repeat_other(op, left, right)) return result;
    return ask_both(t, op, a, b);
}

Value value_inplace(Thread *t, BinaryOp op, Value a, Value b) {
    Value *roots = push_roots(t, 2);
    roots[0] = a;
    roots[1] = b;
    Value result = ask_inplace(t, op, a, b);
    pop_roots(t, roots);
    if (result != VALUE_NOTIMPLEMENTED) return result;
    return raise_error(t, EXC_TypeError, "unsupported operand type(s) for %s: '%T' and '%T'",
                       inplace_symbol(op), a, b);
}

Value value_unary(Thread *t, UnaryOperation op, Value v) {
    static const char *const names[] = {"unary -", "unary +", "unary ~", "abs()"};
    Value (*slot)(Thread *, Value) = class_of(t->vm, v)->slots.unary[op];
    if (slot) return slot(t, v);
    return raise_error(t, EXC_TypeError, "bad operand type for %s: '%T'", names[op], v);
}

Value value_index(Thread *t, Value v) {
    if (is_fixnum(v)) return v;
    if (is_int(v)) {
        Class *cls = class_of(t->vm, v);
        if (cls == BUILTIN_CLASS(t, INT)) return v;
        int64_t small;
        if (int_to_int64(v, &small)) return int_from_int64(t, small);
        return v;
    }
    Value (*slot)(Thread *, Value) = class_of(t->vm, v)->slots.index;
    if (!slot)
        return raise_error(t, EXC_TypeError, "'%T' object cannot be interpreted as an integer", v);
    Value result = slot(t, v);
    if (result == VALUE_ERROR || is_fixnum(result)) return result;
    if (is_int(result)) return value_exact_int(t, result, "__index__");
    return raise_error(t, EXC_TypeError, "__index__ returned non-int (type %T)", result);
}

/* ---- comparison ---- */

static const CompareOp swapped[] = {COMPARE_GT, COMPARE_GE, COMPARE_EQ,
                                    COMPARE_NE, COMPARE_LT, COMPARE_LE};

static Value compare_slots(Thread *t, CompareOp op, Value a, Value b) {
    Class *left = class_of(t->vm, a), *right = class_of(t->vm, b);
    bool asked_right = false;
    if (left != right && right->slots.compare && class_is_subclass(right, left)) {
        asked_right = true;
        Value result = right->slots.compare(t, b, a, swapped[op]);
        if (result != VALUE_NOTIMPLEMENTED) return result;
    }
    if (left->slots.compare) {
        Value result = left->slots.compare(t, a, b, op);
        if (result != VALUE_NOTIMPLEMENTED) return result;
    }
    if (asked_right || !right->slots.compare) return VALUE_NOTIMPLEMENTED;
    return right->slots.compare(t, b, a, swapped[op]);
}

static Value compare_default(Thread *t, CompareOp op, Value a, Value b) {
    static const char *const symbols[] = {"<", "<=", "==", "!=", ">", ">="};
    note_misuse(t, a, "compared");
    note_misuse(t, b, "compared");
    if (op == COMPARE_EQ) return bool_value(a == b);
    if (op == COMPARE_NE) return bool_value(a != b);
    return raise_error(t, EXC_TypeError, "'%s' not supported between instances of '%T' and '%T'",
                       symbols[op], a, b);
}

Value value_compare(Thread *t, CompareOp op, Value a, Value b) {
    if (!enter_native(t, " in comparison")) return VALUE_ERROR;
    Value *roots = push_roots(t, 2);
    roots[0] = a;
    roots[1] = b;
    Value result = compare_slots(t, op, a, b);
    if (result == VALUE_NOTIMPLEMENTED) result = compare_default(t, op, a, b);
    pop_roots(t, roots);
    leave_native(t);
    return result;
}

static int truth_or_error(Thread *t, Value v) {
    if (v == VALUE_TRUE) return 1;
    if (v == VALUE_FALSE) return 0;
    return v == VALUE_ERROR ? -1 : value_truth(t, v);
}

int value_equal(Thread *t, Value a, Value b) {
    if (a == b) return 1;
    if (both_fixnums(a, b)) return 0;
    if (is_str(a) && is_str(b)) {
        Class *str = BUILTIN_CLASS(t, STR);
        if (object_class(object_of(a)) == str && object_class(object_of(b)) == str)
            return str_equal(STR(a), STR(b));
    }
    return truth_or_error(t, value_compare(t, COMPARE_EQ, a, b));
}

int value_less(Thread *t, Value a, Value b) {
    if (both_fixnums(a, b)) return fixnum_of(a) < fixnum_of(b);
    return truth_or_error(t, value_compare(t, COMPARE_LT, a, b));
}

int value_truth(Thread *t, Value v) {
    if (v == VALUE_TRUE) return 1;
    if (v == VALUE_FALSE || v == VALUE_NONE) return 0;
    if (is_fixnum(v)) return v != fixnum(0);
    Class *cls = class_of(t->vm, v);
    if (cls->slots.truth) return cls->slots.truth(t, v);
    if (!cls->slots.length) {
        note_misuse(t, v, "used as a truth value");
        return 1;
    }
    int64_t length = cls->slots.length(t, v);
    return length < 0 ? -1 : length != 0;
}

bool value_hash(Thread *t, Value v, int64_t *out) {
    Class *cls = class_of(t->vm, v);
    if (cls->slots.hash) return cls->slots.hash(t, v, out);
    raise_error(t, EXC_TypeError, "unhashable type: '%T'", v);
    return false;
}

/* ---- containers ---- */

int64_t value_length(Thread *t, Value v) {
    Class *cls = class_of(t->vm, v);
    if (cls->slots.length) return cls->slots.length(t, v);
    raise_error(t, EXC_TypeError, "object of type '%T' has no len()", v);
    return -1;
}

/* cls[key] */
static Value class_getitem(Thread *t, Value cls, Value key) {
    if (CLASS(cls) == BUILTIN_CLASS(t, CLASS)) return generic_alias_new(t, cls, key);
    Value method = value_getattr_or_unset(t, cls, NAME_OF(t, __class_getitem__));
    if (method == VALUE_ERROR) return VALUE_ERROR;
    if (method == VALUE_UNSET || method == VALUE_NONE) {
        return raise_error(t, EXC_TypeError, "type '%S' is not subscriptable",
                           object_value(CLASS(cls)->name));
    }
    Value *roots = push_roots(t, 2);
    roots[0] = method;
    roots[1] = key;
    Value result = call_value(t, method, roots + 1, 1);
    pop_roots(t, roots);
    return result;
}

Value value_getitem(Thread *t, Value v, Value key) {
    Class *cls = class_of(t->vm, v);
    if (cls->slots.getitem) return cls->slots.getitem(t, v, key);
    if (is_kind(v, OBJ_CLASS)) return class_getitem(t, v, key);
    return raise_error(t, EXC_TypeError, "'%T' object is not subscriptable", v);
}

bool value_setitem(Thread *t, Value v, Value key, Value item) {
    Class *cls = class_of(t->vm, v);
    if (cls->slots.setitem) return cls->slots.setitem(t, v, key, item);
    raise_error(t, EXC_TypeError, "'%T' object does not support item assignment", v);
    return false;
}

bool value_delitem(Thread *t, Value v, Value key) {
    Class *cls = class_of(t->vm, v);
    if (cls->slots.setitem) return cls->slots.setitem(t, v, key, VALUE_UNSET);
    raise_error(t, EXC_TypeError, "'%T' object doesn't support item deletion", v);
    return false;
}

/* item in iterable, by looking at every item. [roots]: container, item, iterator. */
static int contains_by_iteration(Thread *t, Value container, Value *roots) {
    roots[2] = value_iter(t, container);
    if (roots[2] == VALUE_ERROR) {
        if (!exception_matches(t, EXC_TypeError)) return -1;
        exception_take(t);
        raise_error(t, EXC_TypeError, "argument of type '%T' is not iterable", container);
        return -1;
    }
    for (;;) {
        Value item = value_next(t, roots[2]);
        if (item == VALUE_DONE) return 0;
        if (item == VALUE_ERROR) return -1;
        int equal = value_equal(t, item, roots[1]);
        if (equal) return equal;
        if (!thread_poll(t)) return -1;
    }
}

int value_contains(Thread *t, Value container, Value item) {
    Class *cls = class_of(t->vm, container);
    if (cls->slots.contains) return cls->slots.contains(t, container, item);
    Value *roots = push_roots(t, 3);
    roots[0] = container;
    roots[1] = item;
    int result = contains_by_iteration(t, container, roots);
    pop_roots(t, roots);
    return result;
}

/* ---- classes of values ---- */

bool value_is_callable(Thread *t, Value v) {
    if (!is_object(v)) return false;
    switch (object_kind(object_of(v))) {
    case OBJ_FUNCTION:
    case OBJ_NATIVE:
    case OBJ_METHOD:
    case OBJ_CLASS: return true;
    default: return class_of(t->vm, v)->slots.call != NULL;
    }
}

static int check_tuple(Thread *t, Value v, Tuple *classes, int (*check)(Thread *, Value, Value)) {
    if (!enter_native(t, " in __instancecheck__")) return -1;
    int result = 0;
    for (size_t i = 0; result == 0 && i < classes->size; i++)
        result = check(t, v, classes->items[i]);
    leave_native(t);
    return result;
}

/* The hook of [cls]'s metaclass, when it is not type's own: 1, 0, -1; -2: no hook. */
static int call_check_hook(Thread *t, Value v, Value cls, Str *name) {
    Class *meta = class_of(t->vm, cls);
    Value hook = class_lookup(t, meta, name);
    if (hook == VALUE_UNSET || hook == class_lookup(t, BUILTIN_CLASS(t, CLASS), name)) return -2;
    return truth_or_error(t, call_dunder(t, cls, name, &v, 1));
}

static int instance_by_class_attribute(Thread *t, Value v, Class *cls) {
    if (!(class_of(t->vm, v)->flags & CLASS_GETATTR_HOOK) && is_object(v)) {
        Value own = class_lookup(t, class_of(t->vm, v), NAME_OF(t, __class__));
        if (is_kind(own, OBJ_MEMBER)) return 0;
    }
    Value claimed = value_getattr_or_unset(t, v, NAME_OF(t, __class__));
    if (claimed == VALUE_ERROR) return -1;
    return is_kind(claimed, OBJ_CLASS) && class_is_subclass(CLASS(claimed), cls);
}

int value_isinstance(Thread *t, Value v, Value cls) {
    if (is_kind(cls, OBJ_CLASS) && class_of(t->vm, v) == CLASS(cls)) return 1;
    if (is_kind(cls, OBJ_TUPLE)) return check_tuple(t, v, TUPLE(cls), value_isinstance);
    int hooked = call_check_hook(t, v, cls, NAME_OF(t, __instancecheck__));
    if (hooked != -2) return hooked;
    if (!is_kind(cls, OBJ_CLASS)) {
        raise_error(t, EXC_TypeError,
                    "isinstance() arg 2 must be a type, a tuple of types, or a union");
        return -1;
    }
    if (class_is_subclass(class_of(t->vm, v), CLASS(cls))) return 1;
    return instance_by_class_attribute(t, v, CLASS(cls));
}

int value_issubclass(Thread *t, Value v, Value cls) {
    if (is_kind(cls, OBJ_TUPLE)) return check_tuple(t, v, TUPLE(cls), value_issubclass);
    int hooked = call_check_hook(t, v, cls, NAME_OF(t, __subclasscheck__));
    if (hooked != -2) return hooked;
    if (!is_kind(v, OBJ_CLASS)) {
        raise_error(t, EXC_TypeError, "issubclass() arg 1 must be a class");
        return -1;
    }
    if (!is_kind(cls, OBJ_CLASS)) {
        raise_error(t, EXC_TypeError,
                    "issubclass() arg 2 must be a class, a tuple of classes, or a union");
        return -1;
    }
    return class_is_subclass(CLASS(v), CLASS(cls));
}
